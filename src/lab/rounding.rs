//! Lesson 3: repair the cast `(u * 255 - 128)` to int8.

use super::{
    Better, Ctx, Figure, Grid, Lab, LabError, MetricSpec, ParamSpec, Params, Report,
    figure::{self, Look, error_histogram, mirror},
    row::{SEED, choice, count, metric, n_values, option, percent, source, sources, tensor, value},
};
use crate::{
    kernel::{Affine, Affines, CodeHistogram, CodeRange, Rounding, min_max, quantize},
    tensor::Source,
};

pub(super) const LAB: Lab = Lab {
    id: "rounding",
    title: "Repair the cast",
    summary: "Cast u * 255 - 128 to int8 with six ways to round and two ways to overflow.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice(
        "data",
        "data",
        &sources([Source::UnitUniform, Source::WideUniform, Source::UnitNormal]),
        "uniform01",
        "where u comes from; int8 holds u from 0 to 1",
    ),
    choice(
        "rounding",
        "rounding",
        &[
            option("truncate", "truncate (a cast)"),
            option("floor", "floor"),
            option("half_away", "nearest, ties away from 0"),
            option("half_up", "nearest, ties up"),
            option("even", "nearest, ties to even"),
            option("stochastic", "stochastic"),
        ],
        "truncate",
        "how a value between two codes becomes one of them",
    ),
    choice(
        "overflow",
        "overflow",
        &[option("wrap", "wrap around"), option("saturate", "saturate")],
        "wrap",
        "what becomes of a code that int8 does not hold",
    ),
    SEED,
    n_values(1 << 20),
];

const METRICS: &[MetricSpec] = &[
    metric("mse", "mean squared error", "step²", Better::Lower, 4, "of the values that int8 holds"),
    metric("bias", "bias", "step", Better::Neither, 4, "mean error, code minus value, of the values that int8 holds"),
    metric("bias_negative", "bias below 0", "step", Better::Neither, 4, "mean error of the negative ones"),
    metric("bias_positive", "bias above 0", "step", Better::Neither, 4, "mean error of the positive ones"),
    metric("distinct_codes", "codes used", "", Better::Higher, 0, "different codes that occur, of 256"),
    metric("zero_share", "share of code 0", "%", Better::Neither, 3, "an even share is 100 / 256 = 0.391"),
    metric("wrapped", "wrapped values", "", Better::Lower, 0, "values that came out at the other end"),
    metric("wrapped_wide", "wrapped, wide data", "", Better::Lower, 0, "the same settings on u from -0.5 to 1.5"),
    metric("clipped_share", "clipped", "%", Better::Lower, 2, "values held at the first or last code"),
    metric("max_abs_error", "largest error", "step", Better::Lower, 3, "over all values"),
];

const INT8: CodeRange = CodeRange { qmin: -128, qmax: 127 };

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let cast = Cast::of(params);
    let data = tensor(params, source(params, "data"), ctx)?;
    let tally = Tally::of(&data.data, cast, ctx)?;
    let wrapped_wide = match cast.wraps {
        true => n_outside(&tensor(params, Source::WideUniform, ctx)?.data, cast, ctx)?,
        false => 0,
    };
    let n = data.data.len() as u64;
    let histogram = &tally.histogram;
    let distinct = histogram.n_distinct(INT8);
    let n_zero = histogram.counts_of(INT8)[-INT8.qmin as usize];
    let grid = Grid { qmin: INT8.qmin, qmax: INT8.qmax, scale: Some(1.0 / 255.0), zero_point: INT8.qmin };
    let look = Look { view: "codes", x_is_code: true, noun: "value", linear_first: true };
    Ok(Report {
        metrics: vec![
            value("mse", tally.negative.plus(tally.positive).mse()),
            value("bias", tally.negative.plus(tally.positive).bias()),
            value("bias_negative", tally.negative.bias()),
            value("bias_positive", tally.positive.bias()),
            value("distinct_codes", distinct as f64),
            value("zero_share", percent(n_zero.into(), n)),
            value("wrapped", tally.n_wrapped as f64),
            value("wrapped_wide", wrapped_wide as f64),
            value("clipped_share", percent(tally.n_clipped, n)),
            value("max_abs_error", f64::from(tally.max_abs_error)),
        ],
        figures: vec![Figure::Mirror(mirror(histogram, grid, look)), Figure::ErrorHistogram(error_histogram(histogram))],
        trace: None,
        notes: notes(cast, &tally, distinct, wrapped_wide),
        arrays: vec![],
    })
}

#[derive(Clone, Copy)]
struct Cast {
    rounding: Rounding,
    wraps: bool,
}

impl Cast {
    fn of(params: &Params) -> Self {
        let rounding = match params.choice("rounding") {
            "floor" => Rounding::Floor,
            "half_away" => Rounding::Away,
            "half_up" => Rounding::HalfUp,
            "even" => Rounding::Even,
            "stochastic" => Rounding::Stochastic { seed: params.int("seed") as u64 },
            _ => Rounding::Truncate,
        };
        Self { rounding, wraps: params.choice("overflow") == "wrap" }
    }
}

/// Errors of some values, in steps.
#[derive(Clone, Copy, Default)]
struct Moments {
    n: u64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn push(&mut self, error: f32) {
        self.n += 1;
        self.sum += f64::from(error);
        self.squares += f64::from(error) * f64::from(error);
    }

    fn plus(self, other: Self) -> Self {
        Self { n: self.n + other.n, sum: self.sum + other.sum, squares: self.squares + other.squares }
    }

    fn mse(&self) -> Option<f64> {
        (self.n > 0).then(|| self.squares / self.n as f64)
    }

    fn bias(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }
}

/// What the cast did to an array.
struct Tally {
    histogram: CodeHistogram,
    /// Values that int8 holds, by the sign of `u * 255 - 128`.
    negative: Moments,
    positive: Moments,
    n_wrapped: u64,
    n_clipped: u64,
    max_abs_error: f32,
}

impl Tally {
    fn of(data: &[f32], cast: Cast, ctx: &Ctx) -> Result<Self, LabError> {
        let reach = min_max(data).map(|(lo, hi)| (lo * 255.0 - 128.0, hi * 255.0 - 128.0));
        let mut tally = Self {
            histogram: CodeHistogram::new(figure::axis(INT8, reach), 1.0),
            negative: Moments::default(),
            positive: Moments::default(),
            n_wrapped: 0,
            n_clipped: 0,
            max_abs_error: 0.0,
        };
        each_block(data, cast, ctx, |values, codes| tally.add(values, codes, cast.wraps))?;
        Ok(tally)
    }

    fn add(&mut self, values: &[f32], codes: &mut [i32], wraps: bool) {
        // By sign: an index, because a branch on random signs is mispredicted half of the time.
        let mut moments = [self.negative, self.positive];
        let mut n_outside = 0;
        for (&x, code) in values.iter().zip(&mut *codes) {
            if !holds(*code) {
                n_outside += 1;
                *code = if wraps { i32::from(*code as i8) } else { (*code).clamp(INT8.qmin, INT8.qmax) };
            }
            let error = *code as f32 - x;
            self.max_abs_error = self.max_abs_error.max(error.abs());
            if (INT8.qmin as f32..=INT8.qmax as f32).contains(&x) {
                moments[usize::from(x >= 0.0)].push(error);
            }
        }
        [self.negative, self.positive] = moments;
        *(if wraps { &mut self.n_wrapped } else { &mut self.n_clipped }) += n_outside;
        self.histogram.add(values, Affines::One(STEPS), codes);
    }
}

/// How many codes int8 does not hold.
fn n_outside(data: &[f32], cast: Cast, ctx: &Ctx) -> Result<u64, LabError> {
    let mut n = 0;
    each_block(data, cast, ctx, |_, codes| n += codes.iter().filter(|&&code| !holds(code)).count() as u64)?;
    Ok(n)
}

fn holds(code: i32) -> bool {
    (INT8.qmin..=INT8.qmax).contains(&code)
}

const STEPS: Affine = Affine { scale: 1.0, zero_point: 0 };

/// Hands out `u * 255 - 128` and its rounded codes, which int8 need not hold.
fn each_block(data: &[f32], cast: Cast, ctx: &Ctx, mut visit: impl FnMut(&[f32], &mut [i32])) -> Result<(), LabError> {
    const BLOCK: usize = 1 << 12;
    const WIDE: CodeRange = CodeRange { qmin: -(1 << 20), qmax: 1 << 20 };
    let (mut values, mut codes) = (Vec::with_capacity(BLOCK), vec![0; BLOCK]);
    for (idx, block) in data.chunks(BLOCK).enumerate() {
        let first_idx = (idx * BLOCK) as u64;
        ctx.step(first_idx, data.len() as u64)?;
        values.clear();
        values.extend(block.iter().map(|u| u * 255.0 - 128.0));
        let codes = &mut codes[..block.len()];
        quantize(&values, Affines::One(STEPS), WIDE, cast.rounding, first_idx, codes);
        visit(&values, codes);
    }
    Ok(())
}

fn notes(cast: Cast, tally: &Tally, distinct: usize, wrapped_wide: u64) -> Vec<String> {
    let mut notes = Vec::new();
    match cast.rounding {
        Rounding::Truncate => {
            notes.push("Everything between -1 and 1 becomes 0, so code 0 gets twice its share: a dead zone.".into());
            notes.push("The error leans towards 0: up for negative values, down for positive ones.".into());
        }
        Rounding::Floor => notes.push("Every value moves down by half a step on average.".into()),
        Rounding::Stochastic { .. } => {
            notes.push("No bias, but twice the squared error of rounding to the nearest code.".into());
        }
        _ => notes.push("Rounding to the nearest code: 1/12 step², without bias.".into()),
    }
    if distinct < INT8.n_codes() {
        notes.push(format!("Codes of int8 that never occur here: {}.", INT8.n_codes() - distinct));
    }
    if tally.n_wrapped > 0 {
        notes.push(format!("{} wrapped: too large came out negative, or too small positive.", count(tally.n_wrapped, "value")));
    } else if wrapped_wide > 0 {
        notes.push(format!("Nothing wraps here, but {} would, if u ran from -0.5 to 1.5.", count(wrapped_wide, "value")));
    }
    if tally.n_clipped > 0 {
        notes.push(format!("{} outside int8 went to its nearest end.", count(tally.n_clipped, "value")));
    }
    notes
}
