//! Sums and extremes over slices; values that are not finite are left out.

use super::convert::{Affine, CodeRange, position};
use super::isa::Isa;
use super::level::{self, Body, Target};

/// Independent accumulators: floating-point sums may not be reordered, so a loop with one would run at the latency of
/// an addition.
const LANES: usize = 8;

/// More of them where the order does not matter.
const WIDE: usize = 32;

/// Smallest and largest finite value; `None` where there is none.
pub fn min_max(values: &[f32]) -> Option<(f32, f32)> {
    min_max_on(Isa::chosen(), values)
}

/// [`min_max`] with the instructions of `isa`; every level gives the same bits.
pub fn min_max_on(isa: Isa, values: &[f32]) -> Option<(f32, f32)> {
    level::on(isa, MinMax(values))
}

/// Largest magnitude of the finite values; 0 where there is none.
pub fn abs_max(values: &[f32]) -> f32 {
    abs_max_on(Isa::chosen(), values)
}

/// [`abs_max`] with the instructions of `isa`; every level gives the same bits.
pub fn abs_max_on(isa: Isa, values: &[f32]) -> f32 {
    min_max_on(isa, values).map_or(0.0, |(low, high)| low.abs().max(high.abs()))
}

/// Sum of squares of the finite values, in f64.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    sum_of_squares_on(Isa::chosen(), values)
}

/// [`sum_of_squares`] with the instructions of `isa`; every level adds in the same order, so gives the same bits.
pub fn sum_of_squares_on(isa: Isa, values: &[f32]) -> f64 {
    level::on(isa, SumOfSquares(values))
}

/// Sum of squared errors if `values` were rounded to the nearest code: what a search for a range asks again and again.
/// Reckoned in steps and in f32 (relative error about 1e-5 at 8 bits, 1e-2 at 16); infinite where a value lies more than
/// 1e19 steps beyond the range.
pub fn squared_error(values: &[f32], by: Affine, range: CodeRange) -> f64 {
    squared_error_on(Isa::chosen(), values, by, range)
}

/// [`squared_error`] with the instructions of `isa`; every level adds in the same order, so gives the same bits.
pub fn squared_error_on(isa: Isa, values: &[f32], by: Affine, range: CodeRange) -> f64 {
    level::on(isa, SquaredError { values, by, range })
}

/// What the error metrics are made of. Sums over disjoint slices add up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Errors {
    /// Finite originals.
    pub n: u64,
    /// Sum of squares of the originals, of the errors, of the reconstructed values, and of original times reconstructed.
    pub signal: f64,
    pub noise: f64,
    pub energy: f64,
    pub dot: f64,
    pub max_abs_error: f64,
    /// Largest magnitude of the originals.
    pub abs_max: f64,
}

impl Errors {
    /// Compares originals with what was reconstructed from their codes; equally long.
    pub fn between(originals: &[f32], reconstructed: &[f32]) -> Self {
        Self::between_on(Isa::chosen(), originals, reconstructed)
    }

    /// [`Errors::between`] with the instructions of `isa`; every level adds in the same order, so gives the same bits.
    pub fn between_on(isa: Isa, originals: &[f32], reconstructed: &[f32]) -> Self {
        assert_eq!(originals.len(), reconstructed.len());
        level::on(isa, Between { originals, reconstructed })
    }

    /// The sums over both arrays.
    #[must_use]
    #[inline]
    pub fn plus(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            signal: self.signal + other.signal,
            noise: self.noise + other.noise,
            energy: self.energy + other.energy,
            dot: self.dot + other.dot,
            max_abs_error: self.max_abs_error.max(other.max_abs_error),
            abs_max: self.abs_max.max(other.abs_max),
        }
    }

    /// Mean squared error; `None` of nothing.
    pub fn mse(&self) -> Option<f64> {
        (self.n > 0).then(|| self.noise / self.n as f64)
    }

    /// `10 log10(signal / noise)`; infinite where there is no error at all, also of nothing and of zeros.
    pub fn sqnr_db(&self) -> f64 {
        if self.noise == 0.0 { f64::INFINITY } else { 10.0 * (self.signal / self.noise).log10() }
    }

    /// Cosine of the angle between originals and reconstructed values; `None` where one of them is all zeros.
    pub fn cosine(&self) -> Option<f64> {
        let norms = self.signal.sqrt() * self.energy.sqrt();
        (norms > 0.0).then(|| (self.dot / norms).clamp(-1.0, 1.0))
    }
}

struct MinMax<'a>(&'a [f32]);

impl Body for MinMax<'_> {
    type Out = Option<(f32, f32)>;

    #[inline(always)]
    fn run<T: Target>(self) -> Self::Out {
        match extremes::<false>(self.0) {
            // There is an infinity among them, which is rare enough for a second look.
            (low, high) if low == f32::NEG_INFINITY || high == f32::INFINITY => some(extremes::<true>(self.0)),
            found => some(found),
        }
    }
}

/// `None` for what is left when nothing was compared.
#[inline(always)]
fn some((low, high): (f32, f32)) -> Option<(f32, f32)> {
    (low <= high).then_some((low, high))
}

/// Smallest and largest value, of the finite ones alone or of all that are numbers.
#[inline(always)]
fn extremes<const FINITE: bool>(values: &[f32]) -> (f32, f32) {
    let mut lows = [f32::INFINITY; WIDE];
    let mut highs = [f32::NEG_INFINITY; WIDE];
    let mut visit = |lane: usize, r: f32| {
        let kept = !FINITE || r.abs() <= f32::MAX;
        let (low, high) = if kept { (r, r) } else { (f32::INFINITY, f32::NEG_INFINITY) };
        // A NaN is neither below nor above.
        lows[lane] = if low < lows[lane] { low } else { lows[lane] };
        highs[lane] = if high > highs[lane] { high } else { highs[lane] };
    };
    // Four streams side by side: long ones are what the memory reads fastest.
    let (blocks, tail) = values.as_chunks::<WIDE>();
    let n = blocks.len() / 4;
    let ((a, b), (c, d)) = (blocks[..2 * n].split_at(n), blocks[2 * n..4 * n].split_at(n));
    for four in a.iter().zip(b).zip(c.iter().zip(d)).map(|((a, b), (c, d))| [a, b, c, d]) {
        for block in four {
            for (lane, &r) in block.iter().enumerate() {
                visit(lane, r);
            }
        }
    }
    by_lane::<WIDE>(blocks[4 * n..].as_flattened(), &mut visit);
    by_lane::<WIDE>(tail, visit);
    (lows.into_iter().fold(f32::INFINITY, f32::min), highs.into_iter().fold(f32::NEG_INFINITY, f32::max))
}

struct SumOfSquares<'a>(&'a [f32]);

impl Body for SumOfSquares<'_> {
    type Out = f64;

    #[inline(always)]
    fn run<T: Target>(self) -> f64 {
        let mut sums = [0.0; LANES];
        by_lane::<LANES>(self.0, |lane, r| {
            let r = f64::from(if r.abs() <= f32::MAX { r } else { 0.0 });
            sums[lane] += r * r;
        });
        sums.iter().sum()
    }
}

struct SquaredError<'a> {
    values: &'a [f32],
    by: Affine,
    range: CodeRange,
}

impl Body for SquaredError<'_> {
    type Out = f64;

    #[inline(always)]
    fn run<T: Target>(self) -> f64 {
        let Self { values, by, range } = self;
        let (first, last) = ((range.qmin - by.zero_point) as f32, (range.qmax - by.zero_point) as f32);
        let mut steps = 0.0;
        // Short sums keep the rounding of f32 additions far below that of the errors themselves.
        for block in values.chunks(512) {
            let mut sums = [0.0f32; LANES];
            by_lane::<LANES>(block, |lane, r| {
                let x = position(r, by);
                let whole = T::round_even(x);
                let above = if whole > first { whole } else { first };
                let held = if above < last { above } else { last };
                let error = if r.abs() <= f32::MAX { x - held } else { 0.0 };
                sums[lane] += error * error;
            });
            steps += sums.iter().map(|&sum| f64::from(sum)).sum::<f64>();
        }
        steps * f64::from(by.scale) * f64::from(by.scale)
    }
}

struct Between<'a> {
    originals: &'a [f32],
    reconstructed: &'a [f32],
}

impl Body for Between<'_> {
    type Out = Errors;

    #[inline(always)]
    fn run<T: Target>(self) -> Errors {
        let mut all = Errors::default();
        for (xs, ys) in self.originals.chunks(SHORT).zip(self.reconstructed.chunks(SHORT)) {
            all = all.plus(errors_of(xs, ys));
        }
        all
    }
}

/// Values that are looked at several times while they are in the nearest cache: the compiler vectorises a loop with one
/// sum, but not one with six.
const SHORT: usize = 512;

/// [`Errors::between`] of at most [`SHORT`] values.
#[inline(always)]
fn errors_of(originals: &[f32], reconstructed: &[f32]) -> Errors {
    let (mut xs, mut ys) = ([0f32; SHORT], [0f32; SHORT]);
    let mut n = 0u32;
    for (((&r, &y), x), kept) in originals.iter().zip(reconstructed).zip(&mut xs).zip(&mut ys) {
        let finite = r.abs() <= f32::MAX;
        (*x, *kept) = if finite { (r, y) } else { (0.0, 0.0) };
        n += u32::from(finite);
    }
    let n_blocks = originals.len().div_ceil(LANES);
    let (xs, ys) = (&xs.as_chunks().0[..n_blocks], &ys.as_chunks().0[..n_blocks]);
    Errors {
        n: n.into(),
        signal: sum(xs, ys, |x, _| x * x),
        noise: sum(xs, ys, |x, y| (y - x) * (y - x)),
        energy: sum(xs, ys, |_, y| y * y),
        dot: sum(xs, ys, |x, y| x * y),
        max_abs_error: largest(xs, ys, |x, y| (y - x).abs()),
        abs_max: largest(xs, ys, |x, _| x.abs()),
    }
}

#[inline(always)]
fn sum(xs: &[[f32; LANES]], ys: &[[f32; LANES]], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut sums = [0f64; LANES];
    for (xs, ys) in xs.iter().zip(ys) {
        for i in 0..LANES {
            sums[i] += term(xs[i].into(), ys[i].into());
        }
    }
    sums.iter().sum()
}

/// The largest term, at least 0.
#[inline(always)]
fn largest(xs: &[[f32; LANES]], ys: &[[f32; LANES]], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut found = [0f64; LANES];
    for (xs, ys) in xs.iter().zip(ys) {
        for i in 0..LANES {
            let term = term(xs[i].into(), ys[i].into());
            found[i] = if term > found[i] { term } else { found[i] };
        }
    }
    found.into_iter().fold(0.0, f64::max)
}

#[inline(always)]
fn by_lane<const N: usize>(values: &[f32], mut visit: impl FnMut(usize, f32)) {
    let (blocks, tail) = values.as_chunks::<N>();
    for block in blocks {
        for (lane, &r) in block.iter().enumerate() {
            visit(lane, r);
        }
    }
    for &r in tail {
        visit(0, r);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::{Affines, Rounding, dequantize, quantize};

    proptest! {
        #[test]
        fn reductions_agree_with_one_plain_loop(bits in prop::collection::vec(any::<u32>(), 0..50)) {
            let values: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
            let finite: Vec<f32> = values.iter().copied().filter(|r| r.is_finite()).collect();
            let plain = finite.iter().copied().reduce(f32::min).zip(finite.iter().copied().reduce(f32::max));
            prop_assert_eq!(min_max(&values), plain);
            let squares: f64 = finite.iter().map(|&r| f64::from(r) * f64::from(r)).sum();
            prop_assert!((sum_of_squares(&values) - squares).abs() <= 1e-12 * squares);
        }

        #[test]
        fn a_search_sees_the_error_that_quantizing_makes(
            values in prop::collection::vec(-3.0f32..3.0, 0..70),
            zero_point in -8i32..8,
        ) {
            let (a, range) = (Affine { scale: 0.2, zero_point }, CodeRange { qmin: -8, qmax: 7 });
            let mut codes = vec![0; values.len()];
            let mut reals = vec![0.0; values.len()];
            quantize(&values, Affines::One(a), range, Rounding::Even, 0, &mut codes);
            dequantize(&codes, Affines::One(a), &mut reals);
            let noise = Errors::between(&values, &reals).noise;
            prop_assert!((squared_error(&values, a, range) - noise).abs() <= 1e-5 * (1.0 + noise));
        }
    }

    #[test]
    fn nothing_and_zeros_have_no_error() {
        let nothing = Errors::between(&[], &[]);
        assert_eq!((nothing.mse(), nothing.sqnr_db(), nothing.cosine()), (None, f64::INFINITY, None));
        let zeros = Errors::between(&[0.0; 9], &[0.0; 9]);
        assert_eq!((zeros.mse(), zeros.sqnr_db(), zeros.cosine()), (Some(0.0), f64::INFINITY, None));
    }

    #[test]
    fn what_is_not_finite_counts_neither_as_value_nor_as_error() {
        let errors = Errors::between(&[1.0, f32::NAN, f32::INFINITY], &[0.5, 0.0, 2.0]);
        assert_eq!((errors.n, errors.noise, errors.max_abs_error), (1, 0.25, 0.5));
    }
}
