//! What a whole tensor comes to: reductions, counts, histograms.

use rhai::Dynamic;

use crate::script::{
    format::number,
    host::{BLOCK, Trouble, trouble},
    prelude::scalar,
    tensor::{self, DType, Data, Filled, Reduction, Tensor, reduce_axis},
    value::{Answer, Call, Operand, type_in_words},
};

/// Bins of a histogram at most.
const MAX_BINS: usize = 1 << 20;

/// A reduction of a tensor or a list of numbers, along an axis where one is named.
fn reduced(call: &Call, how: Reduction) -> Answer {
    let t = values(call)?;
    if call.has(1) {
        return reduce_axis(call.host, &t, how, call.int(1)?).map(Dynamic::from);
    }
    let x = tensor::reduce(call.host, &t, how)?;
    Ok(if matches!(how, Reduction::Mean | Reduction::Std) { Dynamic::from(x) } else { scalar(&t, x) })
}

fn values(call: &Call) -> Result<Tensor, Trouble> {
    if call.dynamic(0).is_array() { tensor::of_list(call.host, &call.list(0)?) } else { call.tensor(0) }
}

pub(super) fn sum(call: &mut Call) -> Answer {
    reduced(call, Reduction::Sum)
}

pub(super) fn mean(call: &mut Call) -> Answer {
    reduced(call, Reduction::Mean)
}

pub(super) fn std(call: &mut Call) -> Answer {
    reduced(call, Reduction::Std)
}

pub(super) fn absmax(call: &mut Call) -> Answer {
    reduced(call, Reduction::AbsMax)
}

pub(super) fn min(call: &mut Call) -> Answer {
    extreme(call, Reduction::Min)
}

pub(super) fn max(call: &mut Call) -> Answer {
    extreme(call, Reduction::Max)
}

/// Of a tensor, or of numbers side by side.
fn extreme(call: &Call, how: Reduction) -> Answer {
    let is_many = |value: &Dynamic| value.is_array() || value.is::<Tensor>();
    if is_many(call.dynamic(0)) && call.n_args() <= 2 {
        if call.has(1) && is_many(call.dynamic(1)) {
            let name = if how == Reduction::Min { "minimum" } else { "maximum" };
            return Err(trouble(format!("`{}` reduces one tensor; `{name}(a, b)` compares two element by element", call.name)));
        }
        return reduced(call, how);
    }
    let mut best = call.operand(0)?;
    for idx in 0..call.n_args() {
        let next = call.operand(idx)?;
        let (Some(x), Some(y)) = (next.number(), best.number()) else {
            let got = type_in_words(call.dynamic(idx));
            return Err(trouble(format!("`{}` compares numbers, and one of them is {got}", call.name)));
        };
        let is_better = if how == Reduction::Min { x < y } else { x > y };
        if is_better || x.is_nan() {
            best = next;
        }
    }
    Ok(best.into_dynamic())
}

/// The nearest rank, as the labs have it, over finite values.
pub(super) fn percentile(call: &mut Call) -> Answer {
    let (t, percent) = (values(call)?, call.number(1)?);
    if !(0.0..=100.0).contains(&percent) {
        return Err(trouble(format!("`percentile` needs a percentage from 0 to 100, not {}", number(percent))));
    }
    let mut sorted = Vec::with_capacity(finite(call, &t)?);
    sorted.extend((0..t.len()).map(|i| t.get(i)).filter(|x| x.is_finite()));
    sorted.sort_unstable_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return Err(trouble("there are no values, so they have no percentile"));
    };
    // The sum of rounding errors in the share must not lift an exact rank to the next.
    let rank = (percent / 100.0 * sorted.len() as f64 - 1e-6).ceil() as usize;
    Ok(scalar(&t, sorted[rank.saturating_sub(1).min(last)]))
}

/// Charges for a walk over all values with a sort, and gives room for them.
fn finite(call: &Call, t: &Tensor) -> Result<usize, Trouble> {
    // A sort is about twenty passes.
    call.host.charge(t.len().saturating_mul(20))?;
    let _room = call.host.lease(8 * t.len() as u64)?;
    Ok(t.len())
}

/// Every NaN counts as the same value, as does every zero.
pub(super) fn distinct(call: &mut Call) -> Answer {
    let t = values(call)?;
    let mut bits: Vec<u64> = Vec::with_capacity(finite(call, &t)?);
    let key = |x: f64| if x.is_nan() { f64::NAN.to_bits() } else { (x + 0.0).to_bits() };
    bits.extend((0..t.len()).map(|i| key(t.get(i))));
    bits.sort_unstable();
    bits.dedup();
    Ok(Dynamic::from(bits.len() as i64))
}

pub(super) fn all(call: &mut Call) -> Answer {
    let t = values(call)?;
    call.host.charge(t.len())?;
    Ok(Dynamic::from((0..t.len()).all(|i| t.get(i) != 0.0)))
}

pub(super) fn any(call: &mut Call) -> Answer {
    let t = values(call)?;
    call.host.charge(t.len())?;
    Ok(Dynamic::from((0..t.len()).any(|i| t.get(i) != 0.0)))
}

pub(super) fn histogram(call: &mut Call) -> Answer {
    let (t, n_bins) = (values(call)?, call.count(1)?);
    if !(1..=MAX_BINS).contains(&n_bins) {
        return Err(trouble(format!("`histogram` takes from 1 to {MAX_BINS} bins, not {n_bins}")));
    }
    if call.n_args() == 3 {
        return Err(trouble("`histogram` takes both ends of its range, or none: histogram(t, n, lo, hi)"));
    }
    let range = if call.has(2) { Some((call.number(2)?, call.number(3)?)) } else { None };
    let found = bins(call, &t, n_bins, range)?;
    let mut out = Filled::with_capacity(call.host, n_bins)?;
    out.items.extend(found.counts.iter().map(|&n| i32::try_from(n).unwrap_or(i32::MAX)));
    Ok(Dynamic::from(Tensor::whole(&[n_bins], DType::I32, out)))
}

/// Counts of values in bins of equal width; the last one holds its upper end.
pub(super) struct Bins {
    pub(super) lo: f64,
    pub(super) hi: f64,
    pub(super) counts: Vec<u32>,
}

/// Values outside of the range, and those that are no numbers, are left out. Without a range it is that of the finite
/// values; where they are all equal it is one wide around them.
pub(super) fn bins(call: &Call, t: &Tensor, n_bins: usize, range: Option<(f64, f64)>) -> Result<Bins, Trouble> {
    call.host.charge(t.len().saturating_add(n_bins))?;
    let (lo, hi) = range.unwrap_or_else(|| extent(t));
    if !(lo.is_finite() && hi.is_finite() && lo < hi) {
        return Err(trouble(format!("a histogram from {} to {} has no width", number(lo), number(hi))));
    }
    let mut counts = vec![0u32; n_bins];
    let per_unit = n_bins as f64 / (hi - lo);
    let mut count = |x: f64| {
        if (lo..=hi).contains(&x) {
            let bin = ((x - lo) * per_unit) as usize;
            counts[bin.min(n_bins - 1)] += 1;
        }
    };
    match t.data() {
        Data::Floats(items) => {
            for block in items.chunks(BLOCK) {
                call.host.poll()?;
                block.iter().for_each(|&x| count(x.into()));
            }
        }
        Data::Whole(items) => {
            for block in items.chunks(BLOCK) {
                call.host.poll()?;
                block.iter().for_each(|&q| count(q.into()));
            }
        }
    }
    Ok(Bins { lo, hi, counts })
}

fn extent(t: &Tensor) -> (f64, f64) {
    let found = match t.data() {
        Data::Floats(items) => crate::kernel::min_max(items).map(|(lo, hi)| (f64::from(lo), f64::from(hi))),
        Data::Whole(items) => items.iter().min().zip(items.iter().max()).map(|(lo, hi)| (f64::from(*lo), f64::from(*hi))),
    };
    match found {
        Some((lo, hi)) if lo < hi => (lo, hi),
        Some((lo, _)) => (lo - 0.5, lo + 0.5),
        None => (0.0, 1.0),
    }
}

impl Operand {
    /// The value of a number; `None` of a tensor.
    pub(in crate::script) fn number(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(*i as f64),
            Self::Float(x) => Some(*x),
            Self::Tensor(_) => None,
        }
    }

    pub(in crate::script) fn into_dynamic(self) -> Dynamic {
        match self {
            Self::Int(i) => Dynamic::from(i),
            Self::Float(x) => Dynamic::from(x),
            Self::Tensor(t) => Dynamic::from(t),
        }
    }
}
