//! Double quantization: the scales of blocks stored in eight bits themselves.
//!
//! As bitsandbytes does it: the mean of all scales is taken off (one FP32 number for the tensor), then 256 scales at a
//! time are divided by their largest magnitude (FP32) and go to the nearest of 256 levels, whose spacing grows by
//! decades ("dynamic" eight-bit floats).

use crate::kernel::abs_max;

/// Scales that share one FP32 number.
const GROUP: usize = 256;

/// Bits for each value of NF4 with blocks of 64 and doubly quantized scales: `4 + 8/64 + 32/(64 * 256)`. The tensor has
/// 32 more, for the mean of its scales.
pub const DOUBLE_BPW: f64 = 4.0 + 8.0 / 64.0 + 32.0 / (64.0 * GROUP as f64);

/// The 256 levels, ascending, in -1..=1.
#[derive(Clone, Debug)]
pub struct DoubleScales {
    levels: [f32; 256],
}

impl Default for DoubleScales {
    fn default() -> Self {
        // Decade by decade up to 1, each with twice as many levels as the one below, in the middle of even steps from a
        // tenth of the decade's end to its end; and 0 and 1.
        let mut levels = [0.0; 256];
        let mut n = 0;
        for decade in 0..7 {
            let (steps, end) = (1 << decade, 10f64.powi(decade - 6));
            for i in 0..steps {
                let middle = (0.1 + 0.9 * (f64::from(i) + 0.5) / f64::from(steps)) * end;
                levels[n] = middle as f32;
                levels[n + 1] = -middle as f32;
                n += 2;
            }
        }
        levels[n] = 1.0;
        levels.sort_by(f32::total_cmp);
        Self { levels }
    }
}

impl DoubleScales {
    /// The levels, ascending.
    pub fn levels(&self) -> &[f32; 256] {
        &self.levels
    }

    /// Replaces scales by what they come back as; none below 0. Returns the bits that they take in all.
    pub fn round(&self, scales: &mut [f32]) -> u64 {
        if scales.is_empty() {
            return 0;
        }
        let mean = (scales.iter().map(|&s| f64::from(s)).sum::<f64>() / scales.len() as f64) as f32;
        for group in scales.chunks_mut(GROUP) {
            group.iter_mut().for_each(|s| *s -= mean);
            let peak = abs_max(group);
            let inverse = if peak > 0.0 { 1.0 / peak } else { 0.0 };
            for s in group {
                *s = (self.nearest(*s * inverse) * peak + mean).clamp(0.0, f32::MAX);
            }
        }
        scales.len() as u64 * 8 + scales.len().div_ceil(GROUP) as u64 * 32 + 32
    }

    fn nearest(&self, u: f32) -> f32 {
        let at = self.levels.partition_point(|&l| l < u);
        let (below, above) = (self.levels[at.saturating_sub(1)], self.levels[at.min(255)]);
        if u - below <= above - u { below } else { above }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_256_levels_and_zero_is_one() {
        let levels = DoubleScales::default().levels;
        assert!(levels.is_sorted_by(|a, b| a < b));
        assert!(levels.contains(&0.0) && levels[255] == 1.0 && levels[0] > -1.0);
    }

    #[test]
    fn a_scale_comes_back_within_a_hundredth_of_the_spread() {
        let mut scales: Vec<f32> = (0..1000).map(|i| 2.0 + (i as f32 * 0.7).sin()).collect();
        let before = scales.clone();
        assert_eq!(DoubleScales::default().round(&mut scales), 8000 + 4 * 32 + 32);
        assert!(before.iter().zip(&scales).all(|(a, b)| (a - b).abs() < 0.01));
    }

    #[test]
    fn few_or_equal_scales_come_back_as_they_are() {
        for mut scales in [vec![], vec![3.5], vec![0.25; 300], vec![0.0; 3]] {
            let before = scales.clone();
            DoubleScales::default().round(&mut scales);
            assert_eq!(scales, before);
        }
    }
}
