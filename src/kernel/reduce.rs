//! Sums and extremes over slices; values that are not finite are left out.

use super::convert::{Affine, CodeRange, position};
use super::round::round_even;

/// Independent accumulators: floating-point sums may not be reordered, so a loop with one would run at the latency of
/// an addition.
const LANES: usize = 8;

/// Smallest and largest finite value; `None` where there is none.
pub fn min_max(values: &[f32]) -> Option<(f32, f32)> {
    let mut lows = [f32::INFINITY; LANES];
    let mut highs = [f32::NEG_INFINITY; LANES];
    by_lane(values, |lane, r| {
        let finite = r.abs() <= f32::MAX;
        lows[lane] = if finite & (r < lows[lane]) { r } else { lows[lane] };
        highs[lane] = if finite & (r > highs[lane]) { r } else { highs[lane] };
    });
    let low = lows.into_iter().fold(f32::INFINITY, f32::min);
    let high = highs.into_iter().fold(f32::NEG_INFINITY, f32::max);
    (low <= high).then_some((low, high))
}

/// Largest magnitude of the finite values; 0 where there is none.
pub fn abs_max(values: &[f32]) -> f32 {
    min_max(values).map_or(0.0, |(low, high)| low.abs().max(high.abs()))
}

/// Sum of squares of the finite values, in f64.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    let mut sums = [0.0; LANES];
    by_lane(values, |lane, r| {
        let r = f64::from(if r.abs() <= f32::MAX { r } else { 0.0 });
        sums[lane] += r * r;
    });
    sums.iter().sum()
}

/// Sum of squared errors if `values` were rounded to the nearest code: what a search for a range asks again and again.
/// Reckoned in steps and in f32 (relative error about 1e-5 at 8 bits, 1e-2 at 16); infinite where a value lies more than
/// 1e19 steps beyond the range.
pub fn squared_error(values: &[f32], by: Affine, range: CodeRange) -> f64 {
    let (first, last) = ((range.qmin - by.zero_point) as f32, (range.qmax - by.zero_point) as f32);
    let in_block = |block: &[f32]| {
        let mut sums = [0.0f32; LANES];
        by_lane(block, |lane, r| {
            let x = position(r, by);
            let whole = round_even(x);
            let above = if whole > first { whole } else { first };
            let held = if above < last { above } else { last };
            let error = if r.abs() <= f32::MAX { x - held } else { 0.0 };
            sums[lane] += error * error;
        });
        sums.iter().map(|&sum| f64::from(sum)).sum::<f64>()
    };
    // Short sums keep the rounding of f32 additions far below that of the errors themselves.
    let steps: f64 = values.chunks(512).map(in_block).sum();
    steps * f64::from(by.scale) * f64::from(by.scale)
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
        assert_eq!(originals.len(), reconstructed.len());
        let mut sums = Sums::default();
        let (xs, x_tail) = originals.as_chunks::<NARROW>();
        let (ys, y_tail) = reconstructed.as_chunks::<NARROW>();
        for (xs, ys) in xs.iter().zip(ys) {
            for lane in 0..NARROW {
                sums.push(lane, xs[lane], ys[lane]);
            }
        }
        for (&x, &y) in x_tail.iter().zip(y_tail) {
            sums.push(0, x, y);
        }
        sums.total()
    }

    /// The sums over both arrays.
    #[must_use]
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

/// Fewer lanes where every one needs many registers.
const NARROW: usize = 4;

/// [`Errors`] by lane.
#[derive(Default)]
struct Sums {
    n: [u64; NARROW],
    signal: [f64; NARROW],
    noise: [f64; NARROW],
    energy: [f64; NARROW],
    dot: [f64; NARROW],
    max_abs_error: [f64; NARROW],
    abs_max: [f32; NARROW],
}

impl Sums {
    #[inline(always)]
    fn push(&mut self, lane: usize, x: f32, y: f32) {
        let finite = x.abs() <= f32::MAX;
        let (x, y) = if finite { (x, y) } else { (0.0, 0.0) };
        self.abs_max[lane] = if x.abs() > self.abs_max[lane] { x.abs() } else { self.abs_max[lane] };
        let (x, y) = (f64::from(x), f64::from(y));
        let error = (y - x).abs();
        self.n[lane] += u64::from(finite);
        self.signal[lane] += x * x;
        self.noise[lane] += error * error;
        self.energy[lane] += y * y;
        self.dot[lane] += x * y;
        self.max_abs_error[lane] = if error > self.max_abs_error[lane] { error } else { self.max_abs_error[lane] };
    }

    fn total(self) -> Errors {
        Errors {
            n: self.n.iter().sum(),
            signal: self.signal.iter().sum(),
            noise: self.noise.iter().sum(),
            energy: self.energy.iter().sum(),
            dot: self.dot.iter().sum(),
            max_abs_error: self.max_abs_error.into_iter().fold(0.0, f64::max),
            abs_max: self.abs_max.into_iter().fold(0.0, f32::max).into(),
        }
    }
}

#[inline(always)]
fn by_lane(values: &[f32], mut visit: impl FnMut(usize, f32)) {
    let (blocks, tail) = values.as_chunks::<LANES>();
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
