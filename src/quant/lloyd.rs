//! The levels with the smallest mean squared error: on a density exactly, on samples step by step.
//!
//! Two conditions hold at the optimum (Lloyd 1957, Max 1960): a threshold lies midway between its levels, and a level is
//! the mean of what lies between its thresholds. Lloyd's method takes turns with them; on a density, where 256 levels
//! would take it 100,000 turns, Newton's method solves them at once.

use super::density::Density;

mod samples;

pub use samples::{Samples, Turn};

/// A scalar quantizer on a density.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantizer {
    /// Ascending.
    pub levels: Vec<f64>,
    /// Mean squared error; the density has variance 1.
    pub mse: f64,
    /// Bits that the codes take on average with an ideal entropy code.
    pub entropy: f64,
}

impl Quantizer {
    /// Measures ascending levels on a density, values going to the nearest.
    pub fn of(density: Density, levels: Vec<f64>) -> Self {
        let (mut noise, mut entropy) = (1.0, 0.0);
        for (idx, &level) in levels.iter().enumerate() {
            let (lo, hi) = cell(&levels, idx);
            let moments = density.moments(lo, hi);
            // The integral of (x - l)² with the one of x², which is 1 over all cells, taken out.
            noise += level * (level * moments.mass - 2.0 * moments.first);
            if moments.mass > 0.0 {
                entropy -= moments.mass * moments.mass.log2();
            }
        }
        Self { levels, mse: noise, entropy }
    }

    /// Signal over noise in dB; the signal has power 1.
    pub fn sqnr_db(&self) -> f64 {
        -10.0 * self.mse.log10()
    }
}

/// The interval that goes to a level.
fn cell(levels: &[f64], idx: usize) -> (f64, f64) {
    let between = |a: f64, b: f64| 0.5 * (a + b);
    let lo = if idx == 0 { f64::NEG_INFINITY } else { between(levels[idx - 1], levels[idx]) };
    let hi = levels.get(idx + 1).map_or(f64::INFINITY, |&next| between(levels[idx], next));
    (lo, hi)
}

/// The best quantizer with `n` levels, at least 1. Both densities are log-concave, so there is only one.
pub fn lloyd_max(density: Density, n: usize) -> Quantizer {
    let mut levels = companded(density, n);
    (0..MAX_STEPS).take_while(|_| newton(density, &mut levels) > STILL).count();
    Quantizer::of(density, levels)
}

/// Far more than it ever takes: once near, the error squares with each step.
const MAX_STEPS: usize = 200;

/// The move that counts as none: the levels are about 1, and their means good to a few last places.
const STILL: f64 = 1e-12;

/// Where the best levels lie when there are many: quantiles of the cube root of the density (Panter and Dite 1951).
fn companded(density: Density, n: usize) -> Vec<f64> {
    let spread = match density {
        Density::Gaussian => 3f64.sqrt(),
        Density::Laplace => 3.0,
    };
    (0..n).map(|i| spread * density.quantile((i as f64 + 0.5) / n as f64)).collect()
}

/// One step of Newton's method on `mean of the cell - level = 0`; the largest move. Far from the optimum the step is
/// shortened, so that no level comes nearer than half way to another.
fn newton(density: Density, levels: &mut [f64]) -> f64 {
    let n = levels.len();
    let (mut below, mut diagonal, mut above, mut gap) = (vec![0.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    for i in 0..n {
        let (lo, hi) = cell(levels, i);
        let moments = density.moments(lo, hi);
        let mean = moments.first / moments.mass;
        // How the mean follows a threshold, which moves half as far as a level.
        let pull = |t: f64| if t.is_finite() { 0.5 * density.at(t) * (t - mean).abs() / moments.mass } else { 0.0 };
        (below[i], above[i], gap[i]) = (-pull(lo), -pull(hi), mean - levels[i]);
        diagonal[i] = 1.0 + below[i] + above[i];
    }
    let step = solve(&below, diagonal, &above, gap);
    // The best levels mirror each other. Without this, a shift of them all would be free on the Laplace density, which
    // looks the same from every threshold on its side.
    let step: Vec<f64> = (0..n).map(|i| 0.5 * (step[i] - step[n - 1 - i])).collect();
    let room = |i: usize| 0.4 * if i + 1 < n { levels[i + 1] - levels[i] } else { f64::INFINITY };
    let narrow = |i: usize| if i > 0 { room(i).min(room(i - 1)) } else { room(i) };
    let share = (0..n).fold(1.0f64, |share, i| share.min(narrow(i) / step[i].abs().max(f64::MIN_POSITIVE)));
    levels.iter_mut().zip(&step).for_each(|(l, s)| *l += share * s);
    step.iter().fold(0.0, |max, s| max.max(s.abs()))
}

/// Solves the system with these three diagonals by elimination.
fn solve(below: &[f64], mut diagonal: Vec<f64>, above: &[f64], mut right: Vec<f64>) -> Vec<f64> {
    for i in 1..diagonal.len() {
        let factor = below[i] / diagonal[i - 1];
        diagonal[i] -= factor * above[i - 1];
        right[i] -= factor * right[i - 1];
    }
    for i in (0..diagonal.len()).rev() {
        let next = right.get(i + 1).map_or(0.0, |r| r * above[i]);
        right[i] = (right[i] - next) / diagonal[i];
    }
    right
}

/// The best of the quantizers with `n` levels one step apart and a threshold at 0 (mid-rise, `n` even), and its step.
/// The last level stands half a step inside the loading, `n step / 2`.
pub fn best_uniform(density: Density, n: usize) -> (f64, Quantizer) {
    let at = |step: f64| Quantizer::of(density, (0..n).map(|i| (i as f64 + 0.5 - 0.5 * n as f64) * step).collect());
    // One minimum between a step that loads far too little and one that loads far too much.
    let (mut a, mut b) = (1.0 / n as f64, 24.0 / n as f64);
    while b - a > 1e-9 * b {
        let (left, right) = (a + 0.382 * (b - a), a + 0.618 * (b - a));
        if at(left).mse <= at(right).mse { b = right } else { a = left }
    }
    let step = 0.5 * (a + b);
    (step, at(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_conditions_of_the_optimum_hold() {
        for density in [Density::Gaussian, Density::Laplace] {
            for n in [1, 2, 3, 5, 16, 100, 256] {
                let best = lloyd_max(density, n);
                for (idx, level) in best.levels.iter().enumerate() {
                    let (lo, hi) = cell(&best.levels, idx);
                    let moments = density.moments(lo, hi);
                    assert!((level - moments.first / moments.mass).abs() < 1e-9, "{density:?} {n} levels: {level}");
                }
            }
        }
    }

    #[test]
    fn it_takes_few_steps() {
        for density in [Density::Gaussian, Density::Laplace] {
            for n in 1..=256 {
                let mut levels = companded(density, n);
                let n_steps = (0..MAX_STEPS).take_while(|_| newton(density, &mut levels) > STILL).count();
                assert!(n_steps < 40, "{density:?} {n}: {n_steps}");
            }
        }
    }

    #[test]
    fn no_uniform_quantizer_beats_the_best_one() {
        for n in [2, 4, 16, 64] {
            for density in [Density::Gaussian, Density::Laplace] {
                assert!(best_uniform(density, n).1.mse >= lloyd_max(density, n).mse - 1e-12, "{density:?} {n}");
            }
        }
    }
}
