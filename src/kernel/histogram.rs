//! Where originals lie between the codes, where their codes are, and how large the errors are: one pass.

use super::convert::{Affine, Affines, CodeRange, position};
use super::isa::Isa;
use super::level::{self, Body, Target};

/// Bins of the error histogram for one step.
pub const ERROR_BINS_PER_STEP: usize = 120;

/// A code axis: `n_codes` cells of one step each from code `first_code` on, each cut into `sub` bins (odd, so that
/// every code stands in the middle of a bin).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    pub first_code: i32,
    pub n_codes: usize,
    pub sub: usize,
}

/// Counts over a code axis, filled by [`CodeHistogram::add`].
#[derive(Clone, Debug)]
pub struct CodeHistogram {
    axis: Axis,
    /// One bin before the axis, its bins, one behind it, and one for what is not finite: then no value needs a branch.
    original: Vec<u32>,
    sq_error: Vec<f32>,
    quantized: Vec<u32>,
    /// One bin for what lies outside, then those of the axis.
    errors: Vec<u32>,
    error_reach: f32,
}

impl CodeHistogram {
    /// An empty one. `error_reach` in steps: 1/2 where rounding goes to the nearest code, else 1.
    pub fn new(axis: Axis, error_reach: f32) -> Self {
        let n_bins = axis.n_codes * axis.sub;
        let n_error_bins = (2.0 * error_reach * ERROR_BINS_PER_STEP as f32).round() as usize;
        Self {
            axis,
            original: vec![0; n_bins + 3],
            sq_error: vec![0.0; n_bins + 3],
            quantized: vec![0; axis.n_codes],
            errors: vec![0; n_error_bins + 1],
            error_reach,
        }
    }

    /// The axis that was counted on.
    pub fn axis(&self) -> Axis {
        self.axis
    }

    fn n_bins(&self) -> usize {
        self.axis.n_codes * self.axis.sub
    }

    /// Originals by `r / scale + zero_point`, `n_codes * sub`.
    pub fn original(&self) -> &[u32] {
        &self.original[1..=self.n_bins()]
    }

    /// Sum of squared errors in step² at the place of the original, `n_codes * sub`.
    pub fn sq_error(&self) -> &[f32] {
        &self.sq_error[1..=self.n_bins()]
    }

    /// Codes, `n_codes`.
    pub fn quantized(&self) -> &[u32] {
        &self.quantized
    }

    /// Originals left of the axis.
    pub fn below(&self) -> u64 {
        self.original[0].into()
    }

    /// Originals right of the axis.
    pub fn above(&self) -> u64 {
        self.original[self.n_bins() + 1].into()
    }

    /// Errors (reconstructed minus original) in steps, from `-error_reach` to `error_reach`; of finite originals.
    pub fn errors(&self) -> &[u32] {
        &self.errors[1..]
    }

    /// How far the bins of [`errors`](Self::errors) reach to either side, in steps.
    pub fn error_reach(&self) -> f32 {
        self.error_reach
    }

    /// Errors beyond it.
    pub fn outside(&self) -> u64 {
        let n_not_finite = self.original[self.n_bins() + 2];
        u64::from(self.errors[0] - n_not_finite)
    }

    /// Codes of `range`, which lies on the axis, that occur.
    pub fn n_distinct(&self, range: CodeRange) -> usize {
        self.counts_of(range).iter().filter(|&&n| n > 0).count()
    }

    /// The counts of the codes of `range`, which lies on the axis.
    pub fn counts_of(&self, range: CodeRange) -> &[u32] {
        let first = (range.qmin - self.axis.first_code) as usize;
        &self.quantized[first..first + range.n_codes()]
    }

    /// Adds values and their codes; equally long, the codes on the axis. A value that is not finite is counted by its
    /// code alone.
    pub fn add(&mut self, src: &[f32], by: Affines, codes: &[i32]) {
        self.add_on(Isa::chosen(), src, by, codes);
    }

    /// [`CodeHistogram::add`] with the instructions of `isa`; every level counts the same.
    pub fn add_on(&mut self, isa: Isa, src: &[f32], by: Affines, codes: &[i32]) {
        assert_eq!(src.len(), codes.len());
        level::on(isa, Add { to: self, src, by, codes });
    }

    /// Where values and errors belong: this part of the work has no dependencies, so it runs in vector registers.
    #[inline(always)]
    fn spots(&self, src: &[f32], codes: &[i32], by: impl Fn(usize) -> Affine) -> [Spot; BLOCK] {
        let (first, sub, behind) = (self.axis.first_code as f32, self.axis.sub as f32, (self.n_bins() + 1) as f32);
        let (reach, last_error) = (self.error_reach, (self.errors.len() - 1) as f32);
        let mut spots = [Spot::default(); BLOCK];
        for (i, (spot, (&r, &q))) in spots.iter_mut().zip(src.iter().zip(codes)).enumerate() {
            let a = by(i);
            let x = position(r, a);
            let finite = r.abs() <= f32::MAX;
            let at = (x + (a.zero_point as f32 - first + 0.5)) * sub + 1.0;
            let bin = held(at, behind);
            spot.bin = if finite { bin } else { behind + 1.0 } as u32;
            let error = if finite { (q - a.zero_point) as f32 - x } else { 0.0 };
            // A tie may lie a few ulp past its end, because f32 rounds the quotient; it still counts as half a step.
            const SLACK: f32 = 1.0e-3;
            let error_bin = held((error + reach) * ERROR_BINS_PER_STEP as f32, last_error - 1.0) + 1.0;
            spot.error_bin = if finite & (error.abs() <= reach + SLACK) { error_bin } else { 0.0 } as u32;
            spot.error = error;
        }
        spots
    }

    #[inline(always)]
    fn count(&mut self, spots: &[Spot], codes: &[i32]) {
        for (spot, &code) in spots.iter().zip(codes) {
            self.original[spot.bin as usize] += 1;
            self.sq_error[spot.bin as usize] += spot.error * spot.error;
            self.errors[spot.error_bin as usize] += 1;
            self.quantized[(code - self.axis.first_code) as usize] += 1;
        }
    }
}

const BLOCK: usize = 256;

struct Add<'a> {
    to: &'a mut CodeHistogram,
    src: &'a [f32],
    by: Affines<'a>,
    codes: &'a [i32],
}

impl Body for Add<'_> {
    type Out = ();

    #[inline(always)]
    fn run<T: Target>(self) {
        let Self { to, src, by, codes } = self;
        for (idx, (src, codes)) in src.chunks(BLOCK).zip(codes.chunks(BLOCK)).enumerate() {
            let first = idx * BLOCK;
            let spots = match by {
                Affines::One(a) => to.spots(src, codes, |_| a),
                Affines::Each(each) => {
                    let each = &each[first..][..src.len()];
                    to.spots(src, codes, |i| each[i])
                }
                Affines::Groups { size, of } => to.spots(src, codes, |i| of[(first + i) / size]),
            };
            to.count(&spots[..src.len()], codes);
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Spot {
    bin: u32,
    error_bin: u32,
    error: f32,
}

/// `x` inside `0..=last`.
#[inline(always)]
fn held(x: f32, last: f32) -> f32 {
    let above = if x > 0.0 { x } else { 0.0 };
    if above < last { above } else { last }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::{Rounding, quantize};

    const RANGE: CodeRange = CodeRange { qmin: -8, qmax: 7 };

    proptest! {
        #[test]
        fn every_value_is_counted_once_on_each_side(values in prop::collection::vec(-30.0f32..30.0, 0..200)) {
            let a = Affine { scale: 1.0, zero_point: 0 };
            let mut codes = vec![0; values.len()];
            quantize(&values, Affines::One(a), RANGE, Rounding::Even, 0, &mut codes);
            let mut histogram = CodeHistogram::new(Axis { first_code: -10, n_codes: 20, sub: 3 }, 0.5);
            histogram.add(&values, Affines::One(a), &codes);
            let sum = |counts: &[u32]| counts.iter().map(|&n| u64::from(n)).sum::<u64>();
            prop_assert_eq!(sum(histogram.original()) + histogram.below() + histogram.above(), values.len() as u64);
            prop_assert_eq!(sum(histogram.quantized()), values.len() as u64);
            prop_assert_eq!(sum(histogram.errors()) + histogram.outside(), values.len() as u64);
            for (cell, &n) in histogram.quantized().iter().enumerate() {
                prop_assert_eq!(n as usize, codes.iter().filter(|&&q| q == cell as i32 - 10).count());
            }
        }
    }

    #[test]
    fn a_code_stands_in_the_middle_of_its_cell() {
        let a = Affine { scale: 0.5, zero_point: 1 };
        let mut histogram = CodeHistogram::new(Axis { first_code: -8, n_codes: 16, sub: 3 }, 0.5);
        histogram.add(&[0.0, 0.24, f32::NAN], Affines::One(a), &[1, 1, 1]);
        let cell = 9 * 3;
        assert_eq!(histogram.original()[cell..cell + 3], [0, 1, 1]);
        assert_eq!(histogram.quantized()[9], 3, "a NaN has a code");
        assert!((histogram.sq_error()[cell + 2] - 0.48f32.powi(2)).abs() < 1e-6);
    }
}
