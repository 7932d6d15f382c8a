//! Lesson 4: predict the noise, then look.

mod best;
mod stairs;
mod theory;

use super::{
    Better, Ctx, Figure, Lab, LabError, MetricSpec, ParamSpec, Params, Report,
    figure::{error_histogram, histogram},
    row::{SEED, choice, count, float, int, metric, n_values, option, source, sources, tensor, value},
};
use crate::{
    kernel::sum_of_squares,
    quant::{Affine, Clip, CodeRange, Config, Granularity, Quantized, Rounding, ScaleFormat, Scheme, calibrate, covered},
    tensor::Source,
};
use best::BestClip;
use stairs::Stairs;

pub(super) const LAB: Lab = Lab {
    id: "noise",
    title: "Predict, then reveal",
    summary: "How much noise rounding and clipping add, beside what the theory says.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice(
        "source",
        "source",
        &sources([Source::Uniform, Source::Gaussian, Source::Laplace, Source::IntermediateDense]),
        "gaussian",
        "where the values come from",
    ),
    int("bits", "bits", (2, 12, 1), 8, "width of a code"),
    choice(
        "scheme",
        "scheme",
        &[option("symmetric", "symmetric"), option("affine", "affine")],
        "symmetric",
        "whether real 0 stands in the middle of the codes",
    ),
    choice(
        "clip",
        "clip",
        &[option("absmax", "none (absmax)"), option("sigma", "so many sigma"), option("best", "best for the error")],
        "absmax",
        "how much of the data the codes cover",
    ),
    float("sigma", "clip at", (1.0, 8.0, 0.05), 4.0, "in standard deviations").when(|p| p.choice("clip") == "sigma"),
    SEED.when(|p| source(p, "source").is_sampled()),
    n_values(1 << 20).when(|p| source(p, "source").is_sampled()),
];

const METRICS: &[MetricSpec] = &[
    metric("sqnr_db", "SQNR", "dB", Better::Higher, 2, "signal over quantization noise, 10 log10 of the ratio of powers"),
    metric("theory_db", "theory", "dB", Better::Neither, 2, "step² / 12 inside the range plus the clipped tail"),
    metric("rounding_db", "rounding alone", "dB", Better::Higher, 2, "SQNR if only values inside the range had an error"),
    metric("clipping_db", "clipping alone", "dB", Better::Higher, 2, "SQNR if only clipped values had an error"),
    metric("mse", "mean squared error", "", Better::Lower, 8, "in the unit of the data, squared"),
    metric("step", "step", "", Better::Lower, 6, "real distance of neighbouring codes: the scale"),
    metric("clip_sigma", "range", "sigma", Better::Neither, 2, "the larger end of the range in standard deviations"),
    metric("cosine", "cosine", "", Better::Higher, 6, "of the angle between the data before and after"),
    metric("cosine_predicted", "cosine predicted", "", Better::Neither, 6, "1 / sqrt(1 + 10^(-SQNR / 10))"),
    metric("best_db", "with the best clip", "dB", Better::Higher, 2, "SQNR of the range with the smallest error"),
    metric("absmax_loss_db", "lost by absmax", "dB", Better::Lower, 2, "SQNR of the best clip minus that without a clip"),
];

const ALL_BITS: std::ops::RangeInclusive<u32> = 2..=12;

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let source = source(params, "source");
    let data = tensor(params, source, ctx)?;
    let matrix = data.matrix();
    let sigma = standard_deviation(matrix.data);
    let config = config(params, sigma);
    let range = config.range();
    let step = &mut |done, total| ctx.step(done, total);
    let found = calibrate(matrix, &config, step)?;
    let mut counts = histogram(range, found.reach, config.rounding);
    let quantized = found.apply(matrix, Some(&mut counts), step)?;
    let by = found.affines[0];
    let errors = quantized.errors();
    let clipping = clipping_noise(matrix.data, &quantized, by, range);
    let db = |noise: f64| decibels(errors.signal, noise);
    let sqnr = errors.sqnr_db();
    let theory = theory::sqnr_db(source, by, range, config.clip != Clip::AbsMax);
    let ends = covered(by, range);
    let stairs = Stairs::of(source, matrix.data, &config, ctx)?;
    let best = BestClip::of(matrix.data, &config, ctx)?;
    Ok(Report {
        metrics: vec![
            value("sqnr_db", sqnr),
            value("theory_db", theory),
            value("rounding_db", db(errors.noise - clipping)),
            value("clipping_db", db(clipping)),
            value("mse", errors.mse()),
            value("step", f64::from(by.scale)),
            value("clip_sigma", ends.1.max(-ends.0) / sigma),
            value("cosine", errors.cosine()),
            value("cosine_predicted", 1.0 / (1.0 + 10f64.powf(-sqnr / 10.0)).sqrt()),
            value("best_db", best.at(config.bits).best_db),
            value("absmax_loss_db", best.at(config.bits).lost()),
        ],
        figures: vec![
            Figure::ErrorHistogram(error_histogram(&counts)),
            Figure::Lines(stairs.figure((config.bits, sqnr))),
            Figure::Lines(stairs::side_by_side(params, (source, &stairs), ctx)?),
            Figure::Table(best.table(sigma, config.bits)),
        ],
        trace: None,
        notes: notes(source, &config, theory, sqnr, (matrix.data.len(), quantized.n_clipped), best.at(config.bits).lost()),
        arrays: vec![],
    })
}

fn config(params: &Params, sigma: f64) -> Config {
    Config {
        bits: params.int("bits") as u32,
        scheme: if params.choice("scheme") == "affine" { Scheme::Affine } else { Scheme::Symmetric },
        granularity: Granularity::Tensor,
        clip: match params.choice("clip") {
            "sigma" => Clip::Manual(params.float("sigma") * sigma),
            "best" => Clip::Mse,
            _ => Clip::AbsMax,
        },
        rounding: Rounding::Even,
        scale_format: ScaleFormat::F32,
    }
}

fn standard_deviation(values: &[f32]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().map(|&r| f64::from(r)).sum::<f64>() / n;
    (sum_of_squares(values) / n - mean * mean).max(0.0).sqrt()
}

/// The squared error of clipped values: those on an end code that lie further off than rounding to the nearest can err.
fn clipping_noise(originals: &[f32], quantized: &Quantized, by: Affine, range: CodeRange) -> f64 {
    let reach = f64::from(by.scale) * 0.500_1;
    let pairs = originals.iter().zip(&*quantized.dequantized).zip(&*quantized.codes);
    let on_end = pairs.filter(|&(_, &q)| q == range.qmin || q == range.qmax);
    let errors = on_end.map(|((&x, &y), _)| f64::from(y) - f64::from(x));
    errors.filter(|e| e.abs() > reach).map(|e| e * e).sum()
}

/// Signal over noise; infinite without noise.
fn decibels(signal: f64, noise: f64) -> f64 {
    if noise > 0.0 { 10.0 * (signal / noise).log10() } else { f64::INFINITY }
}

fn notes(
    source: Source,
    config: &Config,
    theory: Option<f64>,
    sqnr: f64,
    (n, n_clipped): (usize, u64),
    lost: f64,
) -> Vec<String> {
    let mut notes = Vec::new();
    if n > stairs::FEW {
        let few = count(stairs::FEW as u64, "value");
        notes.push(format!("In the view `sources` the sampled ones that are not chosen have {few} each, so smaller extremes."));
    }
    match theory {
        None => notes.push(format!("theory_db is absent: the density of {} has no closed form.", source.spec().label)),
        Some(db) if (db - sqnr).abs() > 0.5 => {
            let gap = (db - sqnr).abs();
            let why = if config.bits < 5 {
                "a step is too wide for the error to spread evenly"
            } else {
                "few values are clipped, and theirs is most of the noise"
            };
            notes.push(format!("Theory and measurement lie {gap:.1} dB apart: {why}."));
        }
        Some(_) => notes.push("The error spreads evenly over a step, so the theory holds.".into()),
    }
    match n_clipped {
        0 => notes.push("Nothing is clipped, so clipping_db is infinite: all noise is rounding.".into()),
        n => notes.push(format!("Clipped: {}.", count(n, "value"))),
    }
    if config.clip == Clip::AbsMax && lost > 0.05 {
        notes.push(format!("The largest value alone sets the step; the best clip would give {lost:.1} dB more."));
    }
    notes
}
