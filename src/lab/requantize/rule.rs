//! Ways to round a product, and what each does to many accumulators.

use super::{Ctx, Dial, LabError, Params};
use crate::{
    lab::row::percent,
    quant::fixed_point::{Multiplier, exact_product},
    tensor::Source,
};

/// How the product becomes a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Twice,
    Once,
    Float,
    Shift,
}

impl Rule {
    /// In the order of their numbers.
    pub(super) const ALL: [Self; 4] = [Self::Twice, Self::Once, Self::Float, Self::Shift];

    pub(super) fn of(params: &Params) -> Self {
        match params.choice("rounding") {
            "once" => Self::Once,
            "float" => Self::Float,
            "shift" => Self::Shift,
            _ => Self::Twice,
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Twice => "twice",
            Self::Once => "once",
            Self::Float => "in float32",
            Self::Shift => "only shifted",
        }
    }

    pub(super) fn apply(self, acc: i32, real: f64, by: Multiplier) -> i32 {
        match self {
            Self::Twice => by.apply_twice(acc),
            Self::Once => by.apply_once(acc),
            // The cast holds what int32 cannot.
            Self::Float => (acc as f32 * real as f32).round_ties_even() as i32,
            Self::Shift => {
                let product = i128::from(acc) * i128::from(by.mantissa);
                (product >> (31 + by.shift)).clamp(i32::MIN.into(), i32::MAX.into()) as i32
            }
        }
    }
}

/// Random accumulators, evenly spread to both sides.
pub(super) fn random(params: &Params, ctx: &Ctx) -> Result<Vec<i32>, LabError> {
    let (n, seed) = (params.int("n") as usize, params.int("seed") as u64);
    // Whole rows are drawn, so one more than needed.
    let drawn = ctx.sources.get_with(Source::Uniform, n.next_multiple_of(256), seed, &mut |done, total| ctx.step(done, total))?;
    let reach = params.int("reach") as f64;
    Ok(drawn.data[..n].iter().map(|&u| (f64::from(u) * reach).round() as i32).collect())
}

/// Whether a result is a nearest whole number: of a tie both are.
pub(super) fn is_nearest(acc: i32, real: f64, result: i32) -> bool {
    let exact = exact_product(acc, real);
    let product = f64::from(acc) * real;
    i64::from(result) == exact.nearest || exact.is_tie && (f64::from(result) - product).abs() == 0.5
}

/// What a rule did to the random accumulators.
pub(super) struct Tally {
    pub rule: Rule,
    pub mismatches: u64,
    pub ties: u64,
    /// Result less real product.
    pub mean_error: f64,
    pub worst_error: f64,
}

impl Tally {
    pub(super) fn of(rule: Rule, dial: &Dial) -> Self {
        let (mut mismatches, mut ties, mut sum, mut worst) = (0, 0, 0.0, 0.0f64);
        for &acc in &dial.accs {
            let result = dial.apply(rule, acc);
            let error = f64::from(result) - f64::from(acc) * dial.real;
            mismatches += u64::from(!is_nearest(acc, dial.real, result));
            ties += u64::from(exact_product(acc, dial.real).is_tie);
            sum += error;
            worst = worst.max(error.abs());
        }
        Self { rule, mismatches, ties, mean_error: sum / dial.accs.len() as f64, worst_error: worst }
    }
}

/// Random accumulators whose code the output's clamp decides, in percent.
pub(super) fn clamped_share(dial: &Dial) -> f64 {
    let is_clamped = |&&acc: &&i32| {
        let free = i64::from(dial.apply(dial.rule, acc)) + i64::from(dial.output.zero_point);
        !(i64::from(dial.output.range.qmin)..=i64::from(dial.output.range.qmax)).contains(&free)
    };
    percent(dial.accs.iter().filter(is_clamped).count() as u64, dial.accs.len() as u64)
}
