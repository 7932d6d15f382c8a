//! A fine histogram that knows the squared error of any grid without walking over its bins.

use crate::kernel::{Affine, CodeRange};

const N_BINS: usize = 16_384;

/// Sums over the bins from the first one on, `N_BINS + 1` of each: what a run of bins holds is a difference of two.
/// Zeros are left out: they have no error.
pub(super) struct Binned {
    lo: f64,
    hi: f64,
    width: f64,
    sums: Vec<Sums>,
}

/// Count, sum and sum of squares, each value at the centre of its bin.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    first: f64,
    second: f64,
}

impl Binned {
    /// `lo` and `hi` are the extremes of the finite values.
    pub(super) fn of(values: &[f32], lo: f64, hi: f64) -> Self {
        let width = ((hi - lo) / N_BINS as f64).max(f64::MIN_POSITIVE);
        let (first, per_width) = (lo as f32, (1.0 / width).min(f64::from(f32::MAX)) as f32);
        let mut counts = vec![0u32; N_BINS];
        for &r in values {
            if r != 0.0 && r.abs() <= f32::MAX {
                counts[(((r - first) * per_width) as usize).min(N_BINS - 1)] += 1;
            }
        }
        let mut sum = Sums::default();
        let mut sums = Vec::with_capacity(N_BINS + 1);
        sums.push(sum);
        for (bin, &n) in counts.iter().enumerate() {
            let (n, centre) = (f64::from(n), lo + (bin as f64 + 0.5) * width);
            sum = Sums { n: sum.n + n, first: sum.first + n * centre, second: sum.second + n * centre * centre };
            sums.push(sum);
        }
        Self { lo, hi, width, sums }
    }

    /// The sums of the bins whose centre lies below a value.
    fn below(&self, x: f64) -> Sums {
        // A cast holds what lies outside, and NaN, at the ends.
        self.sums[(((x - self.lo) / self.width - 0.5).ceil() as usize).min(N_BINS)]
    }

    /// Squared error of rounding to the nearest code. Where a step is wide, each bin counts at its centre; where it is as
    /// fine as the bins that would alias, and the rounding error is uniform: `scale² / 12` for each value inside.
    pub(super) fn error(&self, by: Affine, range: CodeRange) -> f64 {
        let scale = f64::from(by.scale);
        let level = |q: i64| scale * (q - i64::from(by.zero_point)) as f64;
        // A negative scale turns the codes around: the level of the lowest value comes first.
        let (first, last) = if scale < 0.0 { (range.qmax, range.qmin) } else { (range.qmin, range.qmax) };
        let (low, high) = (level(first.into()), level(last.into()));
        if scale.abs() > 8.0 * self.width {
            // Codes far beyond the data hold nothing; one on each side takes what lies beyond its cell.
            let code_of = |x: f64| (x / scale.abs()).round();
            let (n_low, n_high) = ((low / scale.abs()).round(), (high / scale.abs()).round());
            let from = code_of(self.lo).clamp(n_low, n_high) as i64;
            let to = code_of(self.hi).clamp(n_low, n_high) as i64;
            return self.cells((from..=to).map(|k| scale.abs() * k as f64), 0.5 * scale.abs());
        }
        let inside = minus(self.below(high), self.below(low)).n;
        let tails = [(minus(self.below(low), self.sums[0]), low), (minus(self.sums[N_BINS], self.below(high)), high)];
        inside * scale * scale / 12.0 + tails.into_iter().map(|(sums, level)| sums.about(level)).sum::<f64>()
    }

    /// Squared error about ascending levels, each with the values up to half a step above it; the last with all others.
    fn cells(&self, levels: impl Iterator<Item = f64>, half: f64) -> f64 {
        let mut levels = levels.peekable();
        let (mut before, mut error) = (self.sums[0], 0.0);
        while let Some(level) = levels.next() {
            let up_to = if levels.peek().is_some() { self.below(level + half) } else { self.sums[N_BINS] };
            error += minus(up_to, before).about(level);
            before = up_to;
        }
        error
    }
}

fn minus(a: Sums, b: Sums) -> Sums {
    Sums { n: a.n - b.n, first: a.first - b.first, second: a.second - b.second }
}

impl Sums {
    /// The sum of squared distances from a level. Differences of large sums may leave a hair below 0.
    fn about(self, level: f64) -> f64 {
        (self.second - 2.0 * level * self.first + level * level * self.n).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::squared_error;

    /// As many values of a slope as there are, with one far out.
    fn values() -> Vec<f32> {
        let mut values: Vec<f32> = (0..50_000).map(|i| ((i as f32 * 0.618_034).fract() - 0.3) * 2.0).collect();
        values[7] = 5.0;
        values
    }

    #[test]
    fn the_error_of_a_grid_is_that_of_every_value() {
        let values = values();
        let (lo, hi) = (-0.6, 5.0);
        let binned = Binned::of(&values, lo, hi);
        let range = |bits: u32| CodeRange { qmin: -(1 << (bits - 1)), qmax: (1 << (bits - 1)) - 1 };
        for bits in [2, 3, 4, 6, 8, 10, 12] {
            for clip in [0.3, 0.9, 1.7, 5.0] {
                for zero_point in [0, range(bits).qmin, 1] {
                    let by = Affine { scale: (clip / f64::from(range(bits).qmax)) as f32, zero_point };
                    let (exact, found) = (squared_error(&values, by, range(bits)), binned.error(by, range(bits)));
                    // A bin hides where its values lie: that much of a wide step, and nothing of a fine one.
                    assert!((found - exact).abs() <= 0.03 * exact, "{bits} bits, {clip}, {zero_point}: {found} {exact}");
                }
            }
        }
    }

    #[test]
    fn a_negative_scale_is_the_same_grid_turned_around() {
        let binned = Binned::of(&values(), -0.6, 5.0);
        let range = CodeRange { qmin: -8, qmax: 7 };
        let turned = CodeRange { qmin: -7, qmax: 8 };
        let by = |scale| Affine { scale, zero_point: 0 };
        let (minus, plus) = (binned.error(by(-0.1), range), binned.error(by(0.1), turned));
        assert!((minus - plus).abs() <= 1e-9 * plus, "{minus} {plus}");
    }
}
