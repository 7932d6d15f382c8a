//! Lesson 5: two rulers, the real one and the codes that stand on it.

mod padding;

use std::sync::Arc;

use super::{
    Better, Ctx, Figure, Lab, LabError, MetricSpec, ParamSpec, Params, Report, Ruler,
    figure::{Look, error_histogram, grid, histogram, mirror},
    row::{SCHEMES, SEED, choice, flag, float, int, metric, n_values, percent, scheme, source, sources, tensor, value},
};
use crate::{
    kernel::{Errors, code_of, min_max},
    quant::{Affine, Calibration, Clip, CodeRange, Config, Granularity, Matrix, Rounding, ScaleFormat, Scheme, covered},
    tensor::Source,
};
use padding::Padded;

pub(super) const LAB: Lab = Lab {
    id: "affine",
    title: "Two rulers",
    summary: "Choose a real range and see scale, zero point and what they cost.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice(
        "data",
        "data",
        &sources([Source::Relu, Source::Gaussian, Source::Uniform, Source::Laplace, Source::Shifted]),
        "relu",
        "where the values come from",
    ),
    float("lo", "range low", (-10.0, 10.0, 0.05), -1.0, "low end of the real range"),
    float("hi", "range high", (-10.0, 10.0, 0.05), 1.0, "high end of the real range"),
    int("bits", "bits", (2, 8, 1), 8, "width of a code"),
    choice("scheme", "scheme", SCHEMES, "affine", "whether real 0 stands in the middle of the codes"),
    flag("zero_exact", "zero exact", true, "widen the range to hold 0 and give real 0 a code of its own")
        .when(|p| p.choice("scheme") == "affine"),
    int("padding", "padding", (0, 8, 1), 1, "zeros on each side of a moving average, which is twice as wide and one more"),
    SEED,
    n_values(1 << 18),
];

const METRICS: &[MetricSpec] = &[
    metric("scale", "scale", "", Better::Neither, 10, "real distance of neighbouring codes"),
    metric("zero_point", "zero point", "code", Better::Neither, 2, "the code of real 0; not whole where zero is not exact"),
    metric("lo_covered", "covered from", "", Better::Neither, 6, "the value of the first code"),
    metric("hi_covered", "covered to", "", Better::Neither, 6, "the value of the last code"),
    metric("sqnr_db", "SQNR", "dB", Better::Higher, 2, "signal over quantization noise, 10 log10 of the ratio of powers"),
    metric("zero_error", "real 0 becomes", "", Better::Neither, 6, "the reconstructed value of real 0"),
    metric("distinct_codes", "codes used", "", Better::Higher, 0, "different codes that occur"),
    metric("unused_codes", "codes unused", "", Better::Lower, 0, "codes that no value takes"),
    metric("clipped_share", "clipped", "%", Better::Lower, 3, "values beyond the first or last code"),
    metric("max_abs_error", "largest error", "", Better::Lower, 6, "over all values"),
    metric("border_error", "error at the border", "", Better::Lower, 6, "of a moving average where it reads padding, at most"),
    metric("inner_error", "error inside", "", Better::Lower, 6, "of a moving average where it reads values alone, at most"),
];

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let source = source(params, "data");
    let data = tensor(params, source, ctx)?;
    let asked = in_order(params);
    let map = Map::of(params, asked);
    let moved: Arc<[f32]> = match map.offset {
        0.0 => Arc::clone(&data.data),
        offset => data.data.iter().map(|r| (f64::from(*r) - offset) as f32).collect(),
    };
    let matrix = Matrix::new(&moved, data.cols);
    let extremes = min_max(&data.data).map(|(lo, hi)| (f64::from(lo), f64::from(hi)));
    let reach = extremes.map(|(lo, hi)| (map.position(lo) as f32, map.position(hi) as f32));
    let mut counts = histogram(map.range, reach, Rounding::Even);
    let fixed = Calibration { config: map.config, affines: vec![map.by], reach };
    let quantized = fixed.apply(matrix, Some(&mut counts), &mut |done, total| ctx.step(done, total))?;
    let reals: Vec<f32> = quantized.dequantized.iter().map(|y| (f64::from(*y) + map.offset) as f32).collect();
    let errors = Errors::between(&data.data, &reals);
    let padded = Padded::of(&data.data, &reals, map.reconstructed_zero(), params.int("padding") as usize);
    let distinct = counts.n_distinct(map.range);
    let clipped = percent(quantized.n_clipped, errors.n);
    let (lo_covered, hi_covered) = map.covered();
    // The figures need a whole zero point; it is off by less than half a code where zero is not exact.
    let codes = grid(map.range, Some(Affine { zero_point: map.zero_point().round() as i32, ..map.by }));
    let look = Look { view: "values", x_is_code: false, noun: "value", linear_first: true };
    let ruler = Ruler {
        heading: format!("covers {lo_covered:.4} to {hi_covered:.4} in steps of {:.5}", map.by.scale),
        grid: codes,
        asked,
        covered: (lo_covered, hi_covered),
        data: extremes,
    };
    Ok(Report {
        metrics: vec![
            value("scale", f64::from(map.by.scale)),
            value("zero_point", map.zero_point()),
            value("lo_covered", lo_covered),
            value("hi_covered", hi_covered),
            value("sqnr_db", errors.sqnr_db()),
            value("zero_error", map.reconstructed_zero()),
            value("distinct_codes", distinct as f64),
            value("unused_codes", (map.range.n_codes() - distinct) as f64),
            value("clipped_share", clipped),
            value("max_abs_error", errors.max_abs_error),
            value("border_error", padded.border_error()),
            value("inner_error", padded.inner_error()),
        ],
        figures: vec![
            Figure::Ruler(ruler),
            Figure::Mirror(mirror(&counts, codes, look)),
            Figure::ErrorHistogram(error_histogram(&counts)),
            Figure::Lines(padded.figure()),
        ],
        trace: None,
        notes: notes(params, &map, map.range.n_codes() - distinct, clipped).into_iter().chain(padded.notes()).collect(),
        arrays: vec![],
    })
}

/// The range that the controls ask for, its ends in order.
fn in_order(params: &Params) -> (f64, f64) {
    let (lo, hi) = (params.float("lo"), params.float("hi"));
    (lo.min(hi), lo.max(hi))
}

/// From real values to codes: `code = round((r - offset) / scale) + zero_point`.
struct Map {
    config: Config,
    range: CodeRange,
    by: Affine,
    /// 0 where real 0 has a code. Otherwise the low end, which the first code then stands for.
    offset: f64,
}

impl Map {
    fn of(params: &Params, (lo, hi): (f64, f64)) -> Self {
        let scheme = scheme(params);
        let config = Config {
            bits: params.int("bits") as u32,
            scheme,
            granularity: Granularity::Tensor,
            clip: Clip::AbsMax,
            rounding: Rounding::Even,
            scale_format: ScaleFormat::F32,
        };
        let range = config.range();
        if scheme == Scheme::Affine && !params.bool("zero_exact") {
            // The same range moved to start at 0: its zero point is the first code.
            return Self { config, range, by: config.affine(0.0, hi - lo), offset: lo };
        }
        Self { config, range, by: config.affine(lo, hi), offset: 0.0 }
    }

    /// Where a real value stands among the codes.
    fn position(&self, r: f64) -> f64 {
        (r - self.offset) / f64::from(self.by.scale) + f64::from(self.by.zero_point)
    }

    fn zero_point(&self) -> f64 {
        self.position(0.0)
    }

    fn covered(&self) -> (f64, f64) {
        let (lo, hi) = covered(self.by, self.range);
        (lo + self.offset, hi + self.offset)
    }

    fn reconstructed_zero(&self) -> f64 {
        let code = code_of(-self.offset as f32, self.by, self.range);
        f64::from(self.by.scale) * f64::from(code - self.by.zero_point) + self.offset
    }
}

fn notes(params: &Params, map: &Map, n_unused: usize, clipped: f64) -> Vec<String> {
    let (lo, hi) = in_order(params);
    let mut notes = Vec::new();
    if params.float("lo") > params.float("hi") {
        notes.push("The low end lies above the high end; they were swapped.".into());
    }
    if lo == hi && map.by.scale == 1.0 {
        notes.push("The range holds a single value, so the scale is 1.".into());
    }
    if map.config.scheme == Scheme::Affine && map.offset == 0.0 && (lo > 0.0 || hi < 0.0) {
        notes.push("The range was widened to hold 0, so that 0 has a code.".into());
    }
    if map.offset != 0.0 && map.reconstructed_zero() != 0.0 {
        let zero = map.reconstructed_zero();
        notes.push(format!("Real 0 comes back as {zero:.5}, wherever a zero is meant: padding, a masked word."));
    }
    if n_unused > 0 {
        notes.push(format!("Codes that no value takes: {n_unused}."));
    }
    if clipped > 0.0 {
        notes.push(format!("{clipped:.3} % of the values lie beyond the first or last code and were moved to it."));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    #[test]
    fn the_border_of_a_convolution_drifts_where_zero_has_no_code() {
        let set = [("data", "shifted"), ("lo", "0.5"), ("hi", "3"), ("n", "4096")];
        let metric = |zero_exact: &str, name: &str| {
            let set: Vec<_> = set.iter().copied().chain([("zero_exact", zero_exact)]).collect();
            run_with(&LAB, &set).metric(name).expect("it is defined")
        };
        let step = metric("false", "scale");
        // Real 0 comes back as 0.5, and one tap of three reads it.
        assert!((metric("false", "border_error") - 0.5 / 3.0).abs() < step, "{}", metric("false", "border_error"));
        assert!(metric("false", "inner_error") <= 0.5 * step);
        assert!(metric("true", "border_error") <= 0.5 * metric("true", "scale"));
    }

    #[test]
    fn without_padding_the_border_is_absent_and_says_so() {
        let report = run_with(&LAB, &[("padding", "0"), ("n", "4096")]);
        assert_eq!(report.metric("border_error"), None);
        assert!(report.notes.iter().any(|note| note.contains("border_error")));
    }
}
