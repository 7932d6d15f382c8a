//! Rounding to the values of a small float, by moving bits: no code is made on the way, and no value needs a branch.

use super::isa::Isa;
use super::level::{self, Body, Target};

/// The values of a signed float format with at most 22 mantissa bits, as the loop needs them.
#[derive(Clone, Copy, Debug)]
pub struct FloatGrid {
    /// Bits of an f32 mantissa beyond those of the format.
    pub n_dropped: u32,
    /// The smallest number with a full mantissa.
    pub min_normal: f32,
    /// A number whose last mantissa bit is worth the smallest subnormal: adding it rounds to that grid.
    pub magic: f32,
    /// The largest number.
    pub max: f32,
    /// What a finite value beyond the largest, an infinity and a NaN become.
    pub beyond: f32,
    pub infinite: f32,
    pub nan: f32,
    pub keeps_negative_zero: bool,
}

impl FloatGrid {
    /// The nearest number, ties to the even mantissa.
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

/// `dst[i]` is the number of the grid nearest to `src[i]`; equally long.
pub fn round_floats(grid: &FloatGrid, src: &[f32], dst: &mut [f32]) {
    round_floats_on(Isa::chosen(), grid, src, dst);
}

/// [`round_floats`] with the instructions of `isa`; every level gives the same bits.
pub fn round_floats_on(isa: Isa, grid: &FloatGrid, src: &[f32], dst: &mut [f32]) {
    assert_eq!(src.len(), dst.len());
    level::on(isa, Round { grid: *grid, src, dst });
}

/// `dst[i]` is `scale` times the number nearest to `src[i] / scale`, held inside the finite f32s, and 0 of a NaN; equally
/// long. The quotient is a division, because scales need not be powers of two; for those that are it is exact too.
pub fn round_scaled_floats(grid: &FloatGrid, scale: f32, src: &[f32], dst: &mut [f32]) {
    round_scaled_floats_on(Isa::chosen(), grid, scale, src, dst);
}

/// [`round_scaled_floats`] with the instructions of `isa`; every level gives the same bits.
pub fn round_scaled_floats_on(isa: Isa, grid: &FloatGrid, scale: f32, src: &[f32], dst: &mut [f32]) {
    assert_eq!(src.len(), dst.len());
    level::on(isa, RoundScaled { grid: *grid, scale, src, dst });
}

struct Round<'a> {
    grid: FloatGrid,
    src: &'a [f32],
    dst: &'a mut [f32],
}

impl Body for Round<'_> {
    type Out = ();

    #[inline(always)]
    fn run<T: Target>(self) {
        let Self { grid, src, dst } = self;
        src.iter().zip(dst).for_each(|(&x, y)| *y = grid.nearest(x));
    }
}

struct RoundScaled<'a> {
    grid: FloatGrid,
    scale: f32,
    src: &'a [f32],
    dst: &'a mut [f32],
}

impl Body for RoundScaled<'_> {
    type Out = ();

    #[inline(always)]
    fn run<T: Target>(self) {
        let Self { grid, scale, src, dst } = self;
        for (&x, y) in src.iter().zip(dst) {
            let number = if x.is_nan() { 0.0 } else { x / scale };
            *y = (grid.nearest(number) * scale).clamp(f32::MIN, f32::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// E2M1: 0, 0.5, 1, 1.5, 2, 3, 4, 6.
    const E2M1: FloatGrid = FloatGrid {
        n_dropped: 22,
        min_normal: 1.0,
        magic: 4_194_304.0,
        max: 6.0,
        beyond: 6.0,
        infinite: 6.0,
        nan: 6.0,
        keeps_negative_zero: true,
    };
    /// E4M3 with NaN beyond 448.
    const E4M3: FloatGrid = FloatGrid {
        n_dropped: 20,
        min_normal: 1.0 / 64.0,
        magic: 16_384.0,
        max: 448.0,
        beyond: f32::NAN,
        infinite: f32::NAN,
        nan: f32::NAN,
        keeps_negative_zero: true,
    };

    #[test]
    fn ties_go_to_the_even_mantissa_and_what_is_beyond_where_the_format_says() {
        let src = [0.25, 0.75, 1.25, 2.5, 3.5, 5.0, -5.1, 7.0, f32::INFINITY, -0.1, 0.26];
        let mut dst = [0.0; 11];
        round_floats(&E2M1, &src, &mut dst);
        assert_eq!(dst, [0.0, 1.0, 1.0, 2.0, 4.0, 4.0, -6.0, 6.0, 6.0, -0.0, 0.5]);
        let mut dst = [0.0; 3];
        round_floats(&E4M3, &[464.0, 465.0, 1.0 / 1024.0], &mut dst);
        assert!(dst[0] == 448.0 && dst[1].is_nan() && dst[2] == 0.0, "{dst:?}");
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|x| x.to_bits()).collect()
    }

    proptest! {
        #[test]
        fn every_level_rounds_to_the_same_bits(
            patterns in prop::collection::vec(any::<u32>(), 0..70),
            scale in prop::sample::select(vec![1.0f32, 0.37, 2f32.powi(-127), 3e30, 1e-40]),
        ) {
            let src: Vec<f32> = patterns.into_iter().map(f32::from_bits).collect();
            for grid in [E2M1, E4M3] {
                let (mut plain, mut scaled) = (src.clone(), src.clone());
                round_floats_on(Isa::SCALAR, &grid, &src, &mut plain);
                round_scaled_floats_on(Isa::SCALAR, &grid, scale, &src, &mut scaled);
                for isa in Isa::available() {
                    let (mut other, mut other_scaled) = (src.clone(), src.clone());
                    round_floats_on(isa, &grid, &src, &mut other);
                    round_scaled_floats_on(isa, &grid, scale, &src, &mut other_scaled);
                    prop_assert_eq!(bits(&other), bits(&plain), "{:?}", isa);
                    prop_assert_eq!(bits(&other_scaled), bits(&scaled), "{:?}", isa);
                }
            }
        }
    }
}
