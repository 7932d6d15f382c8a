//! Rounding whole slices to the values of a format, without their codes.

use super::{FloatFormat, Overflow, Specials, pow2};
use crate::kernel::{FloatGrid, Rounding, round_floats};

impl FloatFormat {
    /// `dst[i]` is the value of `src[i]` in this format, as encoding and decoding would give it; equally long.
    /// `first_idx` is the place of `src[0]` in the whole array; only stochastic rounding looks at it.
    pub fn round_slice(&self, src: &[f32], rounding: Rounding, first_idx: u64, overflow: Overflow, dst: &mut [f32]) {
        assert_eq!(src.len(), dst.len());
        if self.n_mantissa == 23 {
            return dst.copy_from_slice(src);
        }
        if rounding == Rounding::Even && self.is_signed {
            return round_floats(&self.grid(overflow), src, dst);
        }
        for (i, (&x, y)) in src.iter().zip(dst).enumerate() {
            *y = self.decode(self.encode_by(x, rounding, first_idx + i as u64, overflow));
        }
    }

    /// What loops need to round to this format, which is signed and narrower than f32.
    pub(in crate::quant) fn grid(&self, overflow: Overflow) -> FloatGrid {
        let value = |x: f32| self.decode(self.encode(x, overflow));
        FloatGrid {
            n_dropped: 23 - self.n_mantissa,
            min_normal: self.min_normal(),
            magic: pow2(self.min_exponent() - self.n_mantissa as i32 + 23) as f32,
            max: self.max(),
            // Infinite where the format has an infinity; formats without any special value saturate.
            beyond: if overflow == Overflow::Saturate { self.max() } else { value(f32::INFINITY) },
            infinite: value(f32::INFINITY),
            nan: value(f32::NAN),
            keeps_negative_zero: self.specials != Specials::NegativeZero,
        }
    }
}
