//! Formats that bring their own levels and scales. The axis of codes is the ladder of their levels: a value stands where
//! its part of the scale falls between them, so that every threshold lies half way between two codes.

use std::sync::Arc;

use super::{arrays, shoot_out, worst};
use crate::{
    kernel::{Affine, Affines, CodeHistogram, Errors, Rounding},
    lab::{
        Ctx, Figure, LabError, Report,
        figure::{Look, error_histogram, grid, histogram, mirror, rows},
        row::{count, percent, value},
    },
    quant::{
        CodeRange,
        format::{Applied, Format, Ladder},
    },
    tensor::{Source, Tensor},
};

pub(super) fn run(format: &Format, source: Source, data: &Tensor, ctx: &Ctx) -> Result<Report, LabError> {
    let applied = format.apply(data.matrix(), &mut |done, total| ctx.step(done, total))?;
    let by_row = applied.rows(data.matrix());
    let errors = by_row.iter().copied().fold(Errors::default(), Errors::plus);
    let ladder = format.ladder();
    let placed = Placed::of(data, &applied, &ladder, ctx)?;
    let range = placed.range;
    let scale = (format.block().is_none() && applied.units.len() == 1).then(|| f64::from(applied.units[0].scale));
    let n_clipped = placed.n_clipped();
    let bpw = applied.bpw();
    let look = Look { view: "codes", x_is_code: true, noun: source.noun(), linear_first: false };
    Ok(Report {
        metrics: vec![
            value("scale", scale),
            value("zero_point", None),
            value("mse", errors.mse()),
            value("sqnr_db", errors.sqnr_db()),
            value("worst_row_sqnr_db", worst(&by_row)),
            value("max_abs_error", errors.max_abs_error),
            value("cosine", errors.cosine()),
            value("distinct_codes", placed.counts.n_distinct(range) as f64),
            value("clipped_share", percent(n_clipped, errors.n)),
            value("bytes", applied.bits.div_ceil(8) as f64),
            value("bpw", bpw),
            value("ratio_fp32", 32.0 / bpw),
            value("ratio_bf16", 16.0 / bpw),
        ],
        figures: vec![
            Figure::Mirror(mirror(&placed.counts, grid(range, None), look)),
            Figure::ErrorHistogram(error_histogram(&placed.counts)),
            Figure::Rows(rows(&by_row)),
            Figure::Table(shoot_out::table(data, source, ctx)?),
        ],
        trace: None,
        notes: notes(format, &errors, scale.is_some(), n_clipped),
        arrays: arrays(data, placed.codes, applied.values),
    })
}

/// Where values and codes stand on the ladder.
struct Placed {
    positions: Vec<f32>,
    codes: Arc<[i32]>,
    range: CodeRange,
    counts: CodeHistogram,
}

/// Values between two looks at whether to go on; as many as stay in the nearest cache.
const STEP: usize = 1 << 12;

impl Placed {
    fn of(data: &Tensor, applied: &Applied, ladder: &Ladder, ctx: &Ctx) -> Result<Self, LabError> {
        let n = data.data.len();
        let (mut positions, mut codes) = (Vec::with_capacity(n), Vec::with_capacity(n));
        // Blocks are short, the loops over the ladder want more at once.
        let (mut wanted, mut given) = (Vec::with_capacity(2 * STEP), Vec::with_capacity(2 * STEP));
        let blocks = applied.blocks(&data.data).zip(applied.blocks(&applied.values)).zip(&applied.units);
        for ((originals, values), unit) in blocks {
            for (originals, values) in originals.chunks(STEP).zip(values.chunks(STEP)) {
                wanted.extend(originals.iter().map(|&x| unit.level(x)));
                given.extend(values.iter().map(|&y| unit.level(y)));
                if wanted.len() >= STEP {
                    ctx.step(positions.len() as u64, n as u64)?;
                    ladder.positions(&wanted, &mut positions);
                    ladder.codes(&given, &mut codes);
                    wanted.clear();
                    given.clear();
                }
            }
        }
        ladder.positions(&wanted, &mut positions);
        ladder.codes(&given, &mut codes);
        let qmin = ladder.first_code();
        let range = CodeRange { qmin, qmax: qmin + ladder.levels().len() as i32 - 1 };
        let reach = crate::kernel::min_max(&positions);
        let mut counts = histogram(range, reach, Rounding::Even);
        counts.add(&positions, Affines::One(Affine { scale: 1.0, zero_point: 0 }), &codes);
        Ok(Self { positions, codes: codes.into(), range, counts })
    }

    /// Values beyond the cell of the first or the last code.
    fn n_clipped(&self) -> u64 {
        let (lo, hi) = (self.range.qmin as f32 - 0.5, self.range.qmax as f32 + 0.5);
        self.positions.iter().filter(|&&p| p < lo || p > hi).count() as u64
    }
}

fn notes(format: &Format, errors: &Errors, has_scale: bool, n_clipped: u64) -> Vec<String> {
    let mut notes = vec![format!("{} ({}): {}.", format.name, format.reference, format.summary)];
    let absent = if has_scale { "zero_point is absent" } else { "scale and zero_point are absent" };
    let why = match format.block() {
        Some(block) => format!("every block of {block} has its own scale"),
        None if has_scale => "the levels have no offset".into(),
        None => "the format has none".into(),
    };
    notes.push(format!("{absent}: {why}. Figures count in codes, the levels of the format in ascending order."));
    if n_clipped > 0 {
        notes.push(format!("Clipped: {}, beyond the cell of the first or last level.", count(n_clipped, "value")));
    }
    if errors.cosine().is_none() {
        notes.push("cosine is absent: everything was rounded to 0.".into());
    }
    if errors.noise == 0.0 {
        notes.push("Nothing was lost, so the SQNR is infinite.".into());
    }
    notes
}

#[cfg(test)]
mod tests {
    use crate::lab::{quantize::LAB, tests::run_with};

    #[test]
    fn formats_have_their_known_errors() {
        for (format, expected) in [("nf4", 20.73), ("nvfp4", 20.44), ("q4_0", 21.32), ("mxfp4_even", 19.03), ("bf16", 55.60)] {
            let report = run_with(&LAB, &[("format", format), ("n", "262144")]);
            let sqnr = report.metric("sqnr_db").expect("always defined");
            assert!((sqnr - expected).abs() < 0.1, "{format}: {sqnr}");
        }
    }

    #[test]
    fn q4_0_uses_all_sixteen_codes_and_int4_fifteen() {
        let codes = |set: &[(&str, &str)]| run_with(&LAB, set).metric("distinct_codes");
        assert_eq!(codes(&[("format", "q4_0"), ("n", "65536")]), Some(16.0));
        assert_eq!(codes(&[("format", "int4_g32"), ("n", "65536")]), Some(15.0));
    }
}
