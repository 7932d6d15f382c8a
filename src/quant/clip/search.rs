//! The range with the smallest mean squared error.
//!
//! Small groups are tried out exactly. For large ones candidates are judged on a fine histogram, and the winner is
//! compared with the whole range exactly; the minimum is flat, so what the histogram misses is far below 0.05 dB.

mod binned;

use std::borrow::Cow;

use super::{Config, ScaleFormat, Scheme};
use crate::{kernel::squared_error, quant::minimum};
use binned::Binned;

/// Up to this many values a candidate is judged exactly.
const EXACT: usize = 4096;
/// Candidates for each halving of the range in the first look.
const PER_OCTAVE: f64 = 4.0;
/// Of two neighbours: `2^(1 / PER_OCTAVE)`.
const SPREAD: f64 = 1.189_207_115_002_721;
/// Steps of the golden-section search; each keeps 0.618 of the interval.
const GOLDEN_STEPS: usize = 8;

/// A search among the ranges of one array, for any number of configurations.
pub struct RangeSearch<'a> {
    values: &'a [f32],
    /// The extremes of the values.
    whole: (f64, f64),
    data: Data<'a>,
}

impl<'a> RangeSearch<'a> {
    /// `whole` are the extremes of the finite values.
    pub fn new(values: &'a [f32], whole: (f64, f64)) -> Self {
        Self { values, whole, data: Data::of(values, whole.0, whole.1) }
    }

    /// The range whose codes, rounded to the nearest, have the smallest squared error. Never worse than the whole
    /// range. Symmetric schemes look for one clip value; affine ones then move each end by itself.
    pub fn best(&self, config: &Config) -> (f64, f64) {
        self.best_below(config, self.exact(self.whole, config)).0
    }

    /// The same with its squared error, for a caller who knows that of the whole range.
    pub fn best_below(&self, config: &Config, of_whole: f64) -> ((f64, f64), f64) {
        let best = self.candidate(config);
        let error = self.exact(best, config);
        if error < of_whole { (best, error) } else { (self.whole, of_whole) }
    }

    fn exact(&self, (lo, hi): (f64, f64), config: &Config) -> f64 {
        squared_error(self.values, config.affine(lo, hi), config.range())
    }

    fn candidate(&self, config: &Config) -> (f64, f64) {
        let (lo, hi) = self.whole;
        let peak = hi.max(-lo);
        if peak <= 0.0 {
            return (lo, hi);
        }
        // The minimum is flat: whether the scale is rounded to FP16 makes no difference for where it lies.
        let config = Config { scale_format: ScaleFormat::F32, ..*config };
        let cost = |ends: (f64, f64)| self.data.cost(ends, &config);
        let inside = |c: f64| (lo.max(-c), hi.min(c));

        let n_candidates = (PER_OCTAVE * n_octaves(self.values.len())) as usize + 1;
        let candidates = std::iter::successors(Some(peak), |c| Some(c / SPREAD)).take(n_candidates);
        let coarse = smallest(candidates, |c| cost(inside(c)));
        let c = golden(coarse / SPREAD, (coarse * SPREAD).min(peak), |c| cost(inside(c)));
        let mut best = inside(c);
        if config.scheme == Scheme::Affine {
            best.1 = golden(best.1 * 0.7, (best.1 * 1.3).min(hi.max(0.0)), |end| cost((best.0, end)));
            best.0 = -golden(-best.0 * 0.7, (-best.0 * 1.3).min((-lo).max(0.0)), |end| cost((-end, best.1)));
        }
        best
    }
}

/// How far below the largest magnitude the best clip can lie: rarely below a few RMS, and the RMS of `n` values is at
/// least the largest over the root of `n`.
fn n_octaves(n: usize) -> f64 {
    2.0 + 0.5 * (n.max(1) as f64).log2()
}

/// The values themselves, or a histogram of them.
enum Data<'a> {
    /// All of them finite.
    Exact(Cow<'a, [f32]>),
    Binned(Binned),
}

impl<'a> Data<'a> {
    fn of(values: &'a [f32], lo: f64, hi: f64) -> Self {
        if values.len() <= EXACT {
            let finite = |r: &f32| r.abs() <= f32::MAX;
            let all = values.iter().all(finite);
            return Self::Exact(if all { values.into() } else { values.iter().copied().filter(finite).collect() });
        }
        Self::Binned(Binned::of(values, lo, hi))
    }

    fn cost(&self, (lo, hi): (f64, f64), config: &Config) -> f64 {
        match self {
            Self::Exact(values) => tried_error(values, &Steps::of(lo, hi, config)),
            Self::Binned(binned) => binned.error(config.affine(lo, hi), config.range()),
        }
    }
}

/// A grid as a candidate is judged by it: groups of eight values are tried millions of times, so the zero point is
/// rounded without libm and nothing is divided twice.
struct Steps {
    scale: f64,
    per_scale: f32,
    /// The first and the last code, counted from real 0.
    first: f32,
    last: f32,
}

impl Steps {
    /// The grid of [`super::affine_of`] for a range that holds 0 and is not 0 alone.
    fn of(lo: f64, hi: f64, config: &Config) -> Self {
        let range = config.range();
        let (qmin, qmax) = (f64::from(range.qmin), f64::from(range.qmax));
        let (lo, hi) = (lo.min(0.0), hi.max(0.0));
        let (scale, zero_point) = match config.scheme {
            Scheme::Symmetric => (hi.max(-lo) / qmax, 0.0),
            Scheme::SymmetricFull => (2.0 * hi.max(-lo) / (qmax - qmin), 0.0),
            Scheme::Affine => {
                let scale = (hi - lo) / (qmax - qmin);
                (scale, ((qmin - lo / scale + WHOLE) - WHOLE).clamp(qmin, qmax))
            }
            // Rare in a search of small groups: the plain way.
            _ => {
                let by = config.affine(lo, hi);
                (f64::from(by.scale), f64::from(by.zero_point))
            }
        };
        // The scale of the largest magnitude with its sign may be negative.
        let scale = scale.abs().max(f64::from(f32::MIN_POSITIVE)).copysign(scale);
        let (first, last) = ((qmin - zero_point) as f32, (qmax - zero_point) as f32);
        Self { scale, per_scale: (1.0 / scale) as f32, first, last }
    }
}

/// Squared error of finite values, in f32 steps: good enough to choose between candidates.
fn tried_error(values: &[f32], by: &Steps) -> f64 {
    const LANES: usize = 8;
    // Adding and taking away 1.5 * 2^23 rounds what lies between two codes.
    const WHOLE: f32 = 12_582_912.0;
    let squared = |r: f32| {
        let x = r * by.per_scale;
        let above = if x > by.first { x } else { by.first };
        let held = if above < by.last { above } else { by.last };
        let error = x - ((held + WHOLE) - WHOLE);
        error * error
    };
    let (blocks, rest) = values.as_chunks::<LANES>();
    // Short sums keep the rounding of f32 additions far below that of the errors themselves.
    let in_blocks = |blocks: &[[f32; LANES]]| {
        let mut sums = [0.0f32; LANES];
        for block in blocks {
            for (sum, &r) in sums.iter_mut().zip(block) {
                *sum += squared(r);
            }
        }
        sums.iter().map(|&sum| f64::from(sum)).sum::<f64>()
    };
    let steps = blocks.chunks(64).map(in_blocks).sum::<f64>() + rest.iter().map(|&r| f64::from(squared(r))).sum::<f64>();
    steps * by.scale * by.scale
}

/// Adding and taking away 1.5 * 2^52 rounds to the nearest whole number.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// The candidate with the smallest cost; the first of equals.
fn smallest(candidates: impl Iterator<Item = f64>, cost: impl Fn(f64) -> f64) -> f64 {
    let best = candidates.map(|c| (c, cost(c))).reduce(|a, b| if b.1 < a.1 { b } else { a });
    best.map_or(0.0, |(c, _)| c)
}

fn golden(a: f64, b: f64, cost: impl Fn(f64) -> f64) -> f64 {
    minimum::golden(a, b, GOLDEN_STEPS, cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{Rounding, min_max},
        quant::{Clip, Granularity, percentile_range},
    };

    /// Quantiles of a distribution with heavy tails, so that no random numbers are needed.
    fn heavy(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| {
                let p = (i as f64 + 0.5) / n as f64 * 2.0 - 1.0;
                (p.signum() * -(1.0 - p.abs()).ln()) as f32
            })
            .collect()
    }

    fn config(bits: u32, scheme: Scheme) -> Config {
        Config {
            bits,
            scheme,
            granularity: Granularity::Tensor,
            clip: Clip::Mse,
            rounding: Rounding::Even,
            scale_format: ScaleFormat::F32,
        }
    }

    #[test]
    fn the_best_range_beats_every_percentile() {
        for n in [50, 3_000, 60_000] {
            let mut values = heavy(n);
            values[0] = 40.0;
            let (lo, hi) = min_max(&values).map(|(lo, hi)| (f64::from(lo), f64::from(hi))).expect("not empty");
            for scheme in [Scheme::Symmetric, Scheme::SymmetricFull, Scheme::Affine] {
                for bits in [2, 4, 8, 12] {
                    let config = config(bits, scheme);
                    let cost = |(lo, hi)| squared_error(&values, config.affine(lo, hi), config.range());
                    let best = cost(RangeSearch::new(&values, (lo, hi)).best(&config));
                    for tenth in 900..=1000 {
                        let other = cost(percentile_range(&values, f64::from(tenth) / 10.0, scheme));
                        assert!(best <= other * 1.01, "{n} {scheme:?} {bits} bits: {best}, percentile {tenth}: {other}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_candidate_is_judged_as_the_kernel_would() {
        for (n, lo, hi) in [(8, -1.3, 0.4), (3, 0.0, 2.0), (700, -0.2, 3.1)] {
            let values = heavy(n);
            for scheme in [Scheme::Symmetric, Scheme::SymmetricFull, Scheme::Affine] {
                for bits in [2, 4, 8] {
                    let config = config(bits, scheme);
                    let exact = squared_error(&values, config.affine(lo, hi), config.range());
                    let tried = tried_error(&values, &Steps::of(lo, hi, &config));
                    assert!((tried - exact).abs() <= 1e-3 * exact, "{n} {scheme:?} {bits} bits: {tried} {exact}");
                }
            }
        }
    }

    #[test]
    fn the_histogram_finds_what_trying_out_finds() {
        let values = heavy(30_000);
        let (lo, hi) = min_max(&values).map(|(lo, hi)| (f64::from(lo), f64::from(hi))).expect("not empty");
        for bits in 2..=10 {
            let config = config(bits, Scheme::Symmetric);
            let cost = |c: f64| squared_error(&values, config.affine(-c, c), config.range());
            let tried = (1..=400).map(|k| cost(hi * f64::from(k) / 400.0)).fold(f64::INFINITY, f64::min);
            let (a, b) = RangeSearch::new(&values, (lo, hi)).best(&config);
            assert!(cost(b.max(-a)) <= tried * 1.005, "{bits} bits");
        }
    }
}
