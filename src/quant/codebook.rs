//! Sixteen levels that need not be evenly spaced: NF4 and its relatives.
//!
//! A block is divided by its largest magnitude and each quotient goes to the nearest level; a tie goes to the lower one.
//! Levels stand in ascending order here and a code is a place in that order, whatever order a file stores.
//!
//! Sources: QLoRA (Dettmers et al. 2023); bitsandbytes, `functional.py` and `kernels.cu`; ggml's `kvalues_iq4nl`.

mod double;

use super::{density::normal_quantile, ggml::IQ4_NL_LEVELS};
pub use double::{DOUBLE_BPW, DoubleScales};

/// Levels of a codebook here.
pub const N: usize = 16;

/// NF4 as bitsandbytes stores it.
pub const NF4: [f32; N] = [
    -1.0,
    -0.696_192_8,
    -0.525_073_05,
    -0.394_917_5,
    -0.284_441_38,
    -0.184_773_43,
    -0.091_050_036,
    0.0,
    0.079_580_3,
    0.160_930_2,
    0.246_112_3,
    0.337_915_24,
    0.440_709_83,
    0.562_617,
    0.722_956_84,
    1.0,
];

/// "fp4" of bitsandbytes, in twelfths, by code 0 to 7; codes 8 to 15 are their negatives. It is not E2M1.
pub const FP4_TWELFTHS: [f32; 8] = [0.0, 0.0625, 8.0, 12.0, 4.0, 6.0, 2.0, 3.0];

/// Sixteen levels in ascending order with the thresholds between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Codebook {
    levels: [f32; N],
    thresholds: [f32; N - 1],
}

impl Codebook {
    /// Levels in any order; they must be finite.
    pub fn new(mut levels: [f32; N]) -> Self {
        levels.sort_by(f32::total_cmp);
        let mut thresholds = [0.0; N - 1];
        for (t, pair) in thresholds.iter_mut().zip(levels.windows(2)) {
            *t = (0.5 * (f64::from(pair[0]) + f64::from(pair[1]))) as f32;
        }
        Self { levels, thresholds }
    }

    /// NF4, the table of bitsandbytes.
    pub fn nf4() -> Self {
        Self::new(NF4)
    }

    /// The fp4 of bitsandbytes. Zero has two codes, so there are fifteen different levels.
    pub fn fp4() -> Self {
        let twelfth = |code: usize| FP4_TWELFTHS[code % 8] / 12.0 * if code < 8 { 1.0 } else { -1.0 };
        Self::new(std::array::from_fn(twelfth))
    }

    /// The levels of IQ4_NL as parts of the largest, -127.
    pub fn iq4_nl() -> Self {
        Self::new(IQ4_NL_LEVELS.map(|level| f32::from(level) / 127.0))
    }

    /// Four-bit integers with `absmax / 7`: -8/7 to 1 in sevenths, of which a block never reaches the first.
    pub fn int4() -> Self {
        Self::new(std::array::from_fn(|i| (i as f32 - 8.0) / 7.0))
    }

    /// The levels, ascending.
    pub fn levels(&self) -> &[f32; N] {
        &self.levels
    }

    /// Midpoints of neighbouring levels.
    pub fn thresholds(&self) -> &[f32; N - 1] {
        &self.thresholds
    }

    /// The place of the level nearest to `u`; 0 for a NaN.
    #[inline]
    pub fn code(&self, u: f32) -> usize {
        // No branch: fifteen comparisons cost less than a bisection that a processor cannot foresee.
        self.thresholds.iter().map(|&t| u32::from(u > t)).sum::<u32>() as usize
    }

    /// The level nearest to `u`.
    #[inline]
    pub fn nearest(&self, u: f32) -> f32 {
        self.levels[self.code(u)]
    }

    /// Writes what a block comes back as with this scale; equally long. A NaN is taken as 0, an infinity goes to the
    /// last level of its side. A scale of 0 gives zeros.
    pub fn round_block(&self, scale: f32, src: &[f32], dst: &mut [f32]) {
        // A product with the reciprocal, as bitsandbytes does; a block so small that it overflows counts as zeros.
        let inverse = 1.0 / scale;
        if !inverse.is_finite() {
            return dst.fill(0.0);
        }
        for (&x, y) in src.iter().zip(dst) {
            let u = if x.is_nan() { 0.0 } else { x * inverse };
            *y = (self.nearest(u) * scale).clamp(f32::MIN, f32::MAX);
        }
    }
}

/// NF4 from its definition: quantiles of the normal distribution at even steps of probability from `o` to 1/2, eight above
/// 0 and seven below, and 0 itself, all divided by the largest. `o` lies midway between leaving 1/32 and 1/30 outside.
pub fn nf4_from_quantiles() -> [f64; N] {
    let o = 0.5 * ((1.0 - 1.0 / 32.0) + (1.0 - 1.0 / 30.0));
    // Every quantile of n steps from o to 1/2 but the last, which would be 0.
    let quantile = |i: usize, n: usize| normal_quantile(o + (0.5 - o) * i as f64 / n as f64);
    let largest = quantile(0, 8);
    std::array::from_fn(|code| match code {
        0..=6 => -quantile(code, 7) / largest,
        7 => 0.0,
        _ => quantile(15 - code, 8) / largest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_level_is_nearest() {
        for book in [Codebook::nf4(), Codebook::fp4(), Codebook::iq4_nl(), Codebook::int4()] {
            for k in -1300..=1300 {
                let u = k as f32 / 1000.0;
                let least = book.levels.iter().map(|l| (u - l).abs()).fold(f32::INFINITY, f32::min);
                assert!((u - book.nearest(u)).abs() <= least + 1e-7, "{u} {book:?}");
            }
        }
    }

    #[test]
    fn the_fp4_of_bitsandbytes_has_its_fifteen_levels() {
        let positive = [1.0 / 192.0, 1.0 / 6.0, 0.25, 1.0 / 3.0, 0.5, 2.0 / 3.0, 1.0];
        let levels = *Codebook::fp4().levels();
        assert_eq!(levels[9..], positive.map(|x: f64| x as f32));
        assert!((0..N).all(|i| levels[i] == -levels[N - 1 - i]));
    }

    #[test]
    fn odd_values_have_a_defined_result() {
        let book = Codebook::nf4();
        let mut back = [f32::NAN; 5];
        book.round_block(2.0, &[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0e-44, -0.0], &mut back);
        assert_eq!(back, [0.0, 2.0, -2.0, 0.0, 0.0]);
        book.round_block(0.0, &[0.0; 5], &mut back);
        assert_eq!(back, [0.0; 5]);
        book.round_block(f32::MAX, &[f32::MAX, f32::MIN, 0.0, 1.0, f32::NAN], &mut back);
        assert_eq!(back, [f32::MAX, f32::MIN, 0.0, 0.0, 0.0]);
    }
}
