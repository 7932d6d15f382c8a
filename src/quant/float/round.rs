//! Rounding whole slices to the values of a format, without their codes.

use super::{FloatFormat, Overflow, Specials, pow2};
use crate::kernel::Rounding;

impl FloatFormat {
    /// `dst[i]` is the value of `src[i]` in this format, as encoding and decoding would give it; equally long.
    /// `first_idx` is the place of `src[0]` in the whole array; only stochastic rounding looks at it.
    pub fn round_slice(&self, src: &[f32], rounding: Rounding, first_idx: u64, overflow: Overflow, dst: &mut [f32]) {
        assert_eq!(src.len(), dst.len());
        if self.n_mantissa == 23 {
            return dst.copy_from_slice(src);
        }
        if rounding == Rounding::Even && self.is_signed {
            let grid = Grid::of(self, overflow);
            return src.iter().zip(dst).for_each(|(&x, y)| *y = grid.nearest(x));
        }
        for (i, (&x, y)) in src.iter().zip(dst).enumerate() {
            *y = self.decode(self.encode_by(x, rounding, first_idx + i as u64, overflow));
        }
    }
}

/// What the loop needs of a format.
struct Grid {
    /// Bits of an f32 mantissa beyond those of the format.
    n_dropped: u32,
    min_normal: f32,
    /// A number whose last mantissa bit is worth the smallest subnormal: adding it rounds to that grid.
    magic: f32,
    max: f32,
    /// What a finite value beyond the largest, an infinity and a NaN become.
    beyond: f32,
    infinite: f32,
    nan: f32,
    keeps_negative_zero: bool,
}

impl Grid {
    fn of(format: &FloatFormat, overflow: Overflow) -> Self {
        let value = |x: f32| format.decode(format.encode(x, overflow));
        Self {
            n_dropped: 23 - format.n_mantissa,
            min_normal: format.min_normal(),
            magic: pow2(format.min_exponent() - format.n_mantissa as i32 + 23) as f32,
            max: format.max(),
            // Infinite where the format has an infinity; formats without any special value saturate.
            beyond: if overflow == Overflow::Saturate { format.max() } else { value(f32::INFINITY) },
            infinite: value(f32::INFINITY),
            nan: value(f32::NAN),
            keeps_negative_zero: format.specials != Specials::NegativeZero,
        }
    }

    #[inline(always)]
    fn nearest(&self, x: f32) -> f32 {
        let magnitude = x.abs();
        let bits = magnitude.to_bits();
        let odd = (bits >> self.n_dropped) & 1;
        let up = bits.wrapping_add((1 << (self.n_dropped - 1)) - 1 + odd);
        let normal = f32::from_bits(up >> self.n_dropped << self.n_dropped);
        let subnormal = (magnitude + self.magic) - self.magic;
        let rounded = if magnitude < self.min_normal { subnormal } else { normal };
        let held = if rounded > self.max { self.beyond } else { rounded };
        let finite = if magnitude == f32::INFINITY { self.infinite } else { held };
        let signed = finite.copysign(x);
        let signed = if self.keeps_negative_zero || signed != 0.0 { signed } else { 0.0 };
        if magnitude.is_nan() { self.nan } else { signed }
    }
}
