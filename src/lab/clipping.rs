//! Lesson 8: rounding noise against clipping noise.

use super::{
    Better, Ctx, Figure, Lab, LabError, Lines, Mark, MetricSpec, ParamSpec, Params, Report, Series, SeriesRole,
    figure::{Look, grid, histogram, mirror},
    row::{SEED, choice, count, float, int, metric, n_values, option, percent, source, sources, tensor, value},
    spread::columns,
};
use crate::{
    kernel::{abs_max, sum_of_squares},
    quant::{
        Clip, Config, Granularity, Matrix, Rounding, ScaleFormat, Scheme, aciq, calibrate, density::Density,
        histogram::MagnitudeHistogram, optimum,
    },
    tensor::Source,
};

pub(super) const LAB: Lab = Lab {
    id: "clipping",
    title: "Find the valley",
    summary: "Rounding noise falls and clipping noise rises as the clip moves in; between them lies the best one.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice(
        "source",
        "source",
        &sources([
            Source::Gaussian,
            Source::Laplace,
            Source::Uniform,
            Source::StudentT,
            Source::Relu,
            Source::IntermediateDense,
            Source::OutputDense,
            Source::Activations,
        ]),
        "gaussian",
        "where the values come from",
    ),
    int("bits", "bits", (2, 8, 1), 4, "width of a code"),
    choice(
        "clip",
        "clip",
        &[
            option("sigma", "so many sigma"),
            option("absmax", "none (absmax)"),
            option("best", "best for the error"),
            option("aciq_gaussian", "ACIQ, Gaussian"),
            option("aciq_laplace", "ACIQ, Laplace"),
        ],
        "sigma",
        "how much of the data the codes cover",
    ),
    float("sigma", "clip at", (0.05, 20.0, 0.05), 4.0, "in standard deviations about 0").when(|p| p.choice("clip") == "sigma"),
    SEED.when(|p| source(p, "source").is_sampled()),
    n_values(1 << 20).when(|p| source(p, "source").is_sampled()),
];

const METRICS: &[MetricSpec] = &[
    metric("sqnr_db", "SQNR", "dB", Better::Higher, 2, "signal over quantization noise at this clip"),
    metric("rounding_db", "rounding alone", "dB", Better::Higher, 2, "SQNR if only values inside the range had an error"),
    metric("clipping_db", "clipping alone", "dB", Better::Higher, 2, "SQNR if only clipped values had an error"),
    metric("clip_sigma", "clip", "sigma", Better::Neither, 3, "where the last code stands, in standard deviations about 0"),
    metric("best_sigma", "best clip", "sigma", Better::Neither, 3, "the clip with the smallest error on these values"),
    metric("best_db", "best SQNR", "dB", Better::Neither, 2, "the SQNR at the best clip"),
    metric("lost_db", "below the best", "dB", Better::Lower, 2, "how far this clip stays behind the best one"),
    metric("absmax_sigma", "absmax", "sigma", Better::Neither, 3, "the largest magnitude"),
    metric("absmax_db", "SQNR of absmax", "dB", Better::Neither, 2, "what not clipping at all gives"),
    metric("exact_sigma", "exact optimum", "sigma", Better::Neither, 3, "the best clip of the density itself, from its moments"),
    metric(
        "aciq_sigma",
        "ACIQ",
        "sigma",
        Better::Neither,
        3,
        "the clip of the closed form for this density (Gaussian where there is none)",
    ),
    metric("clipped_share", "clipped", "%", Better::Lower, 3, "values whose code had to be held in the range"),
    metric("mse", "mean squared error", "", Better::Lower, 8, "in the unit of the data, squared"),
];

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let source = source(params, "source");
    let data = tensor(params, source, ctx)?;
    let step = &mut |done, total| ctx.step(done, total);
    step(0, 1)?;
    let mut view = View::new(source, data.matrix(), params.int("bits") as u32);
    let clip = view.chosen(params);
    let config = view.config(clip);
    let found = calibrate(view.matrix, &config, step)?;
    let mut counts = histogram(config.range(), found.reach, config.rounding);
    let quantized = found.apply(view.matrix, Some(&mut counts), step)?;
    let errors = quantized.errors();
    let sqnr = errors.sqnr_db();
    let [rounding, clipping] = view.parts(clip);
    let absmax_db = view.measured_db(view.absmax, step)?;
    let best_db = view.settle_best([(clip, sqnr), (view.absmax, absmax_db)], step)?;
    // Of two infinite ones nothing is lost.
    let lost_db = (best_db - sqnr).max(0.0);
    let look = Look { view: "values", x_is_code: false, noun: source.noun(), linear_first: source.is_sampled() };
    let exact = view.exact();
    Ok(Report {
        metrics: vec![
            value("sqnr_db", sqnr),
            value("rounding_db", view.db(rounding)),
            value("clipping_db", view.db(clipping)),
            value("clip_sigma", clip / view.sigma),
            value("best_sigma", view.best / view.sigma),
            value("best_db", best_db),
            value("lost_db", lost_db),
            value("absmax_sigma", view.absmax / view.sigma),
            value("absmax_db", absmax_db),
            value("exact_sigma", exact),
            value("aciq_sigma", view.aciq(view.density.unwrap_or(Density::Gaussian)) / view.sigma),
            value("clipped_share", percent(quantized.n_clipped, errors.n)),
            value("mse", errors.mse()),
        ],
        figures: vec![
            Figure::Lines(valley(&view, (clip, sqnr), best_db)),
            Figure::Lines(spread(&view, clip)),
            Figure::Mirror(mirror(&counts, grid(config.range(), found.per_tensor()), look)),
        ],
        trace: None,
        notes: notes(&view, clip, lost_db, quantized.n_clipped, exact),
        arrays: vec![],
    })
}

/// The data and what is known about their clips.
struct View<'a> {
    source: Source,
    matrix: Matrix<'a>,
    bits: u32,
    magnitudes: MagnitudeHistogram,
    /// Root of the mean square: the standard deviation about 0.
    sigma: f64,
    absmax: f64,
    best: f64,
    density: Option<Density>,
}

impl<'a> View<'a> {
    fn new(source: Source, matrix: Matrix<'a>, bits: u32) -> Self {
        let mut magnitudes = MagnitudeHistogram::default();
        magnitudes.add(matrix.data);
        let sigma = (sum_of_squares(matrix.data) / matrix.data.len() as f64).sqrt();
        let absmax = f64::from(abs_max(matrix.data));
        let density = match source {
            Source::Gaussian => Some(Density::Gaussian),
            Source::Laplace => Some(Density::Laplace),
            _ => None,
        };
        let mut view = Self { source, matrix, bits, magnitudes, sigma, absmax, best: absmax, density };
        view.best = view.magnitudes.best_clip(view.n_steps()).min(absmax);
        view
    }

    /// Values on one side of 0 get all codes, in an affine range from 0 on.
    fn one_sided(&self) -> bool {
        self.source == Source::Relu
    }

    /// Codes between 0 and the clip.
    fn n_steps(&self) -> u32 {
        if self.one_sided() { (1 << self.bits) - 1 } else { (1 << (self.bits - 1)) - 1 }
    }

    fn config(&self, clip: f64) -> Config {
        Config {
            bits: self.bits,
            scheme: if self.one_sided() { Scheme::Affine } else { Scheme::Symmetric },
            granularity: Granularity::Tensor,
            clip: Clip::Manual(clip),
            rounding: Rounding::Even,
            scale_format: ScaleFormat::F32,
        }
    }

    fn chosen(&self, params: &Params) -> f64 {
        match params.choice("clip") {
            "absmax" => self.absmax,
            "best" => self.best,
            "aciq_gaussian" => self.aciq(Density::Gaussian),
            "aciq_laplace" => self.aciq(Density::Laplace),
            _ => params.float("sigma") * self.sigma,
        }
    }

    /// Of one-sided data the model's density has two sides, one of which was cut off: its power is twice theirs.
    fn aciq(&self, density: Density) -> f64 {
        if self.one_sided() {
            let unit = if density == Density::Gaussian { self.sigma * 2f64.sqrt() } else { self.sigma };
            unit * aciq::one_sided_clip(density, self.bits)
        } else {
            aciq::clip_of(self.matrix.data, density, self.bits)
        }
    }

    fn exact(&self) -> Option<f64> {
        self.density.map(|density| optimum::best_grid(density, self.bits, Scheme::Symmetric).clip)
    }

    /// Mean squared error of rounding and of clipping.
    fn parts(&self, clip: f64) -> [f64; 2] {
        self.magnitudes.error_parts(clip, self.n_steps())
    }

    fn db(&self, noise: f64) -> f64 {
        if noise > 0.0 { 10.0 * (self.sigma * self.sigma / noise).log10() } else { f64::INFINITY }
    }

    /// What the codes of this clip give.
    fn measured_db(&self, clip: f64, step: &mut impl FnMut(u64, u64) -> Result<(), LabError>) -> Result<f64, LabError> {
        let found = calibrate(self.matrix, &self.config(clip), step)?;
        Ok(found.apply(self.matrix, None, step)?.errors().sqnr_db())
    }

    /// The search sees a histogram: where one of the `others`, measured, is better by a hair, that one is the best.
    fn settle_best(
        &mut self,
        others: [(f64, f64); 2],
        step: &mut impl FnMut(u64, u64) -> Result<(), LabError>,
    ) -> Result<f64, LabError> {
        let found = (self.best, self.measured_db(self.best, step)?);
        let best = others.into_iter().fold(found, |best, other| if other.1 > best.1 { other } else { best });
        self.best = best.0;
        Ok(best.1)
    }

    /// From the histogram, quick enough for a curve.
    fn sqnr_db(&self, clip: f64) -> f64 {
        self.db(self.parts(clip).iter().sum())
    }
}

/// The three curves: noise over signal in dB, so that the best clip is a valley.
fn valley(view: &View, (clip, sqnr): (f64, f64), best_db: f64) -> Lines {
    const N_POINTS: i32 = 96;
    /// Noise so far below the bottom of the valley is not drawn: it would press the valley flat.
    const BELOW_DB: f64 = 20.0;
    let floor_db = -view.sqnr_db(view.best) - BELOW_DB;
    let x_log = view.absmax > 12.0 * view.sigma;
    let end = (1.1 * view.absmax).max(1.1 * clip);
    let begin = if x_log { 0.25 * view.sigma } else { end / f64::from(N_POINTS) };
    let at = |k: i32| {
        let t = f64::from(k) / f64::from(N_POINTS - 1);
        if x_log { begin * (end / begin).powf(t) } else { begin + t * (end - begin) }
    };
    let curve = |part: &dyn Fn([f64; 2]) -> f64| {
        let points = (0..N_POINTS).map(at).map(|c| (c / view.sigma, -view.db(part(view.parts(c)))));
        points.filter(|(_, db)| *db > floor_db).collect::<Vec<_>>()
    };
    let mark = |x: f64, label: &str, role| Mark { x: x / view.sigma, label: label.into(), role };
    Lines {
        view: "valley",
        heading: format!(
            "{sqnr:.2} dB with the clip at {:.2} sigma; best {best_db:.2} dB at {:.2}",
            clip / view.sigma,
            view.best / view.sigma
        ),
        x_label: "clip",
        x_unit: "sigma",
        y_label: "noise over signal",
        y_unit: "dB",
        x_log,
        series: vec![
            // Where two curves lie on each other the first one shows.
            Series::line("total", SeriesRole::B, curve(&|[rounding, clipping]| rounding + clipping)),
            Series::line("rounding", SeriesRole::A, curve(&|[rounding, _]| rounding)),
            Series::line("clipping", SeriesRole::Error, curve(&|[_, clipping]| clipping)),
        ],
        marks: vec![
            mark(clip, "clip", SeriesRole::B),
            mark(view.absmax, "absmax", SeriesRole::Grid),
            mark(view.best, "best", SeriesRole::A),
            mark(view.aciq(view.density.unwrap_or(Density::Gaussian)), "ACIQ", SeriesRole::Grid),
        ],
        here: sqnr.is_finite().then_some((clip / view.sigma, -sqnr)),
        x_metric: "best_sigma",
        ..Lines::default()
    }
}

/// The values with the two ends of the range.
fn spread(view: &View, clip: f64) -> Lines {
    let sides: &[f64] = if view.one_sided() { &[1.0] } else { &[-1.0, 1.0] };
    let beyond = view.matrix.data.iter().filter(|r| f64::from(r.abs()) > clip).count() as u64;
    Lines {
        view: "histogram",
        heading: format!("{} beyond the clip at {:.2} sigma", count(beyond, view.source.noun()), clip / view.sigma),
        x_label: view.source.noun(),
        x_unit: "sigma",
        y_label: "values",
        y_log: true,
        series: vec![columns("values", view.matrix.data, view.absmax.max(clip), view.sigma, view.one_sided())],
        marks: sides.iter().map(|s| Mark { x: s * clip / view.sigma, label: "clip".into(), role: SeriesRole::B }).collect(),
        ..Lines::default()
    }
}

fn notes(view: &View, clip: f64, lost: f64, n_clipped: u64, exact: Option<f64>) -> Vec<String> {
    let mut notes = Vec::new();
    if lost < 0.05 {
        notes.push("This clip lies in the valley: rounding and clipping are in balance.".into());
    } else if clip > view.best {
        notes.push(format!("The clip lies outside the valley: coarse steps cost {lost:.2} dB."));
    } else {
        notes.push(format!("The clip lies inside the valley: cut-off values cost {lost:.2} dB."));
    }
    if n_clipped == 0 {
        notes.push("No code is held at an end, so what clipping_db counts is next to nothing.".into());
    }
    if exact.is_none() {
        notes.push(format!("exact_sigma is absent: the density of {} is not one with a table.", view.source.spec().label));
    }
    if view.one_sided() {
        notes.push("All values lie on one side of 0, so all codes do: one bit is gained.".into());
    }
    notes
}

#[cfg(test)]
mod tests {
    use crate::lab::tests::run_with;

    #[test]
    fn the_best_is_never_worse_than_what_is_shown() {
        let sets: [&[(&str, &str)]; 4] = [
            &[("source", "relu"), ("bits", "5"), ("sigma", "4.11")],
            &[("clip", "best")],
            &[("bits", "8"), ("clip", "absmax")],
            &[("source", "laplace"), ("sigma", "3.4")],
        ];
        for set in sets {
            let report = run_with(&super::LAB, set);
            let metric = |name: &str| report.metric(name).expect("it is defined");
            assert!(metric("best_db") >= metric("sqnr_db").max(metric("absmax_db")), "{set:?}");
            if set.contains(&("clip", "absmax")) {
                assert_eq!(metric("absmax_db"), metric("sqnr_db"));
            }
        }
    }

    #[test]
    fn four_bits_of_a_gaussian_have_their_valley_where_the_lesson_says() {
        let at = |set: &[(&str, &str)]| run_with(&super::LAB, set);
        let best = at(&[("clip", "best")]);
        let near = |name: &str, expected: f64, tolerance: f64| {
            let got = best.metric(name).expect("it is defined");
            assert!((got - expected).abs() <= tolerance, "{name}: {got}");
        };
        near("sqnr_db", 18.90, 0.05);
        near("best_sigma", 2.474, 0.06);
        near("exact_sigma", 2.47388, 1e-3);
        near("aciq_sigma", 2.559, 0.01);
        near("absmax_db", 13.7, 0.5);
        for (sigma, db) in [("3", 18.05), ("4", 15.65)] {
            let got = at(&[("sigma", sigma)]).metric("sqnr_db").expect("it is defined");
            assert!((got - db).abs() < 0.05, "{sigma} sigma: {got}");
        }
        for sigma in ["2.35", "2.6"] {
            assert!(at(&[("sigma", sigma)]).metric("sqnr_db").is_some_and(|db| db >= 18.80), "{sigma} sigma");
        }
    }
}
