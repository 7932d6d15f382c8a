//! Exact optima for two densities on integer grids: what any calibration can reach at best.
//!
//! The mean squared error of a grid is a sum over its cells of the density's moments (Max 1960), so nothing is sampled.

use super::{
    Scheme,
    density::{Density, Moments},
    minimum::golden,
};
use crate::kernel::CodeRange;

/// A uniform quantizer on a density of variance 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UniformOptimum {
    /// Distance of neighbouring levels, in standard deviations.
    pub step: f64,
    /// `step * qmax` of a grid through 0, half the width of all cells of a mid-rise quantizer.
    pub clip: f64,
    /// Mean squared error; the signal has power 1.
    pub mse: f64,
}

impl UniformOptimum {
    /// Signal over noise in dB.
    pub fn sqnr_db(&self) -> f64 {
        -10.0 * self.mse.log10()
    }
}

/// Mean squared error of rounding a density to `step * q` for the codes of `range`; the density has variance 1. As many
/// evaluations of `erfc` or `exp` as there are codes.
pub fn grid_mse(density: Density, step: f64, range: CodeRange) -> f64 {
    levels_mse(density, (range.qmin..=range.qmax).map(|q| step * f64::from(q)), step)
}

/// Mean squared error of ascending levels `step` apart.
fn levels_mse(density: Density, levels: impl Iterator<Item = f64>, step: f64) -> f64 {
    let mut levels = levels.peekable();
    let mut lo = f64::NEG_INFINITY;
    // The integral of (x - l)² with that of x², which is 1 over all cells, taken out.
    let mut noise = 1.0;
    while let Some(level) = levels.next() {
        let hi = if levels.peek().is_some() { level + 0.5 * step } else { f64::INFINITY };
        let Moments { mass, first } = density.moments(lo, hi);
        noise += level * (level * mass - 2.0 * first);
        lo = hi;
    }
    noise.max(0.0)
}

/// The best symmetric integer grid through 0: restricted to `-qmax..=qmax`, or with the code `-qmax - 1` (full range).
/// Panics with the affine scheme, whose zero point a symmetric density does not need.
pub fn best_grid(density: Density, bits: u32, scheme: Scheme) -> UniformOptimum {
    assert!(scheme != Scheme::Affine, "a grid through 0 has no zero point");
    let range = scheme.range(bits);
    let qmax = f64::from(range.qmax);
    let clip = best_clip(|clip| grid_mse(density, clip / qmax, range));
    UniformOptimum { step: clip / qmax, clip, mse: grid_mse(density, clip / qmax, range) }
}

/// The best mid-rise quantizer with `n_levels` levels, an even number: they stand at odd multiples of half a step.
pub fn best_mid_rise(density: Density, n_levels: u32) -> UniformOptimum {
    let mse = |clip: f64| mid_rise_mse(density, 2.0 * clip / f64::from(n_levels), n_levels);
    let clip = best_clip(mse);
    UniformOptimum { step: 2.0 * clip / f64::from(n_levels), clip, mse: mse(clip) }
}

fn mid_rise_mse(density: Density, step: f64, n_levels: u32) -> f64 {
    let first = -0.5 * f64::from(n_levels - 1);
    levels_mse(density, (0..n_levels).map(|k| step * (first + f64::from(k))), step)
}

/// The clip between a half and 24 standard deviations with the smallest error; there is one valley.
fn best_clip(mse: impl Fn(f64) -> f64) -> f64 {
    const STEPS: usize = 40;
    golden(0.5, 24.0, STEPS, mse)
}

/// SQNR in dB of values `gain` times as large as those that the clip was chosen for, in standard deviations: what a
/// static range gives when the data drift.
pub fn drifted_sqnr_db(density: Density, clip: f64, range: CodeRange, gain: f64) -> f64 {
    -10.0 * grid_mse(density, clip / f64::from(range.qmax) / gain, range).log10()
}

/// The mean of the largest square among `n` standard normal values: what the step² of absmax quantization comes to, in
/// qmax². Integrated; good to about 1e-6.
pub fn expected_max_square(n: u64) -> f64 {
    expected_max(n, |t| 2.0 * t)
}

/// The mean of the largest magnitude among `n` standard normal values.
pub fn expected_max_magnitude(n: u64) -> f64 {
    expected_max(n, |_| 1.0)
}

/// The integral of the chance that the largest magnitude exceeds `t`, weighted by the slope of what is averaged.
fn expected_max(n: u64, slope: fn(f64) -> f64) -> f64 {
    const PIECES: u32 = 4000;
    const END: f64 = 16.0;
    let width = END / f64::from(PIECES);
    let at = |i: u32| {
        let t = f64::from(i) * width;
        let outside = 2.0 * Density::Gaussian.above(t);
        slope(t) * -(n as f64 * (-outside).ln_1p()).exp_m1()
    };
    // Simpson's rule: ends once, odd places four times, even ones twice.
    let weight = |i: u32| if i == 0 || i == PIECES { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
    (0..=PIECES).map(|i| weight(i) * at(i)).sum::<f64>() * width / 3.0
}

/// SQNR in dB of Gaussian groups of `n` values, each scaled by its own largest: `10 log10(12 qmax² / E[max²])`.
pub fn absmax_sqnr_db(n: u64, qmax: i32) -> f64 {
    10.0 * (12.0 * f64::from(qmax).powi(2) / expected_max_square(n)).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_grid_is_the_integral_of_the_squared_distance() {
        let range = CodeRange { qmin: -4, qmax: 3 };
        for density in [Density::Gaussian, Density::Laplace] {
            let piece = 1e-4;
            let pieces = (-200_000..200_000).map(|i| (f64::from(i) + 0.5) * piece);
            let sum: f64 = pieces.map(|x| (x - 0.7 * (x / 0.7).round().clamp(-4.0, 3.0)).powi(2) * density.at(x) * piece).sum();
            assert!((grid_mse(density, 0.7, range) - sum).abs() < 1e-7, "{density:?}: {sum}");
        }
    }

    #[test]
    fn one_value_is_its_own_largest() {
        assert!((expected_max_square(1) - 1.0).abs() < 1e-6);
        assert!((expected_max_magnitude(1) - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-6);
    }
}
