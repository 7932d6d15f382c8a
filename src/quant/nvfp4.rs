//! NVFP4: E2M1 elements, an E4M3 scale for every 16 of them, and one FP32 scale for the tensor.
//!
//! `value = q S G` with `G = absmax of the tensor / (448 * 6)`, so that the block with the largest value gets `S = 448`, and
//! `S = e4m3(absmax of the block / 6 / G)`. A block scale that would round to 0 becomes the smallest positive one. An
//! array of zeros gets `G` = 1; NaN and infinities as in [`super::mx`].
//!
//! Sources: NVIDIA's TransformerEngine on NVFP4, torchao `nvfp4_tensor`.

use super::{
    float::{FloatFormat, Overflow},
    mx::{Element, Rounder},
};
use crate::kernel::abs_max;

/// Elements of a block.
pub const BLOCK: usize = 16;

/// The scale of one tensor, `G`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nvfp4 {
    pub tensor_scale: f32,
}

impl Nvfp4 {
    /// Bits for each value with the scales of blocks; the tensor has 32 more.
    pub const BPW: f64 = 4.5;

    /// For a tensor with this largest magnitude.
    pub fn of(abs_max: f32) -> Self {
        let (element, block) = (FloatFormat::E2M1.max(), FloatFormat::E4M3.max());
        let tensor_scale = if abs_max > 0.0 { (abs_max / (element * block)).max(f32::MIN_POSITIVE) } else { 1.0 };
        Self { tensor_scale }
    }

    /// `S` of a block with this largest magnitude: a positive number of E4M3.
    pub fn block_scale(&self, abs_max: f32) -> f32 {
        let format = FloatFormat::E4M3;
        let wanted = abs_max / FloatFormat::E2M1.max() / self.tensor_scale;
        format.decode(format.encode(wanted, Overflow::Saturate)).max(format.min_positive())
    }

    /// What the levels of a block with this largest magnitude are multiplied with: `S G`.
    pub fn scale(&self, abs_max: f32) -> f32 {
        (self.block_scale(abs_max) * self.tensor_scale).max(f32::MIN_POSITIVE)
    }

    /// Writes what a block comes back as and returns its scale `S G`; equally long.
    pub fn round_block(&self, src: &[f32], dst: &mut [f32]) -> f32 {
        let scale = self.scale(abs_max(src));
        Rounder::of(Element::E2M1).scaled(scale, src, dst);
        scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_block_beside_a_huge_one_keeps_the_smallest_scale() {
        let nvfp4 = Nvfp4::of(1000.0);
        assert_eq!(nvfp4.block_scale(1000.0), 448.0);
        assert_eq!(nvfp4.block_scale(1.0e-9), 2f32.powi(-9));
        assert_eq!(nvfp4.block_scale(0.0), 2f32.powi(-9));
    }

    #[test]
    fn odd_values_have_a_defined_result() {
        for values in
            [[0.0; 4], [f32::NAN, f32::INFINITY, -1.0, 2.0], [f32::MAX, f32::MIN, 1.0, 0.0], [1.0e-45, 0.0, 0.0, 1.0e-44]]
        {
            let mut back = [f32::NAN; 4];
            let scale = Nvfp4::of(abs_max(&values)).round_block(&values, &mut back);
            assert!(scale > 0.0 && back.iter().all(|y| y.is_finite()), "{values:?}: {back:?}");
            assert!(values.iter().zip(&back).all(|(x, y)| !x.is_nan() || *y == 0.0));
        }
    }
}
