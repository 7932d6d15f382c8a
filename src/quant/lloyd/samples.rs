//! Lloyd's method on samples: k-means in one dimension.
//!
//! The samples are sorted once and their sums kept as running sums, so that a turn looks at thresholds only: it costs
//! as many bisections as there are levels, whatever the number of samples.

/// Sorted samples with weights.
#[derive(Clone, Debug)]
pub struct Samples {
    values: Vec<f32>,
    /// Sums of weight, weight times value, weight times its square over all samples before each place.
    sums: Vec<[f64; 3]>,
}

/// Where Lloyd's method stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Ascending.
    pub levels: Vec<f64>,
    /// Weighted mean squared error of these levels.
    pub mse: f64,
}

impl Samples {
    /// Samples with weights that are not negative; what is not finite, and what has no weight, is left out.
    pub fn new(mut samples: Vec<(f32, f32)>) -> Self {
        samples.retain(|(x, w)| x.is_finite() && w.is_finite() && *w > 0.0);
        samples.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut sums = Vec::with_capacity(samples.len() + 1);
        let mut sum = [0.0; 3];
        sums.push(sum);
        for &(x, w) in &samples {
            let (x, w) = (f64::from(x), f64::from(w));
            sum = [sum[0] + w, sum[1] + w * x, sum[2] + w * x * x];
            sums.push(sum);
        }
        Self { values: samples.into_iter().map(|(x, _)| x).collect(), sums }
    }

    /// How many there are.
    pub fn n(&self) -> usize {
        self.values.len()
    }

    /// The values, ascending.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// How many samples go to each of these ascending levels: to the nearest, a tie to the lower.
    pub fn counts(&self, levels: &[f64]) -> Vec<u64> {
        self.places(levels).windows(2).map(|ends| (ends[1] - ends[0]) as u64).collect()
    }

    /// Weighted mean squared error of ascending levels; 0 of no samples.
    pub fn mse(&self, levels: &[f64]) -> f64 {
        let total = self.sums[self.n()][0];
        let noise: f64 = self.cells(levels).zip(levels).map(|([w, wx, wxx], l)| wxx - l * (2.0 * wx - l * w)).sum();
        // Rounding may leave a hair below 0 where every sample is a level.
        if total > 0.0 { (noise / total).max(0.0) } else { 0.0 }
    }

    /// One turn of Lloyd's method: each level moves to the mean of the samples nearest to it. One that has none stays.
    pub fn moved(&self, levels: &[f64]) -> Vec<f64> {
        let mean = |([w, wx, _], &level): ([f64; 3], &f64)| if w > 0.0 { wx / w } else { level };
        self.cells(levels).zip(levels).map(mean).collect()
    }

    /// The turns of Lloyd's method from `levels` on, the start included, until no level moves by more than `least` or
    /// there were `n_turns` moves.
    pub fn lloyd(&self, levels: &[f64], n_turns: usize, least: f64) -> Vec<Turn> {
        let turn = |levels: Vec<f64>| Turn { mse: self.mse(&levels), levels };
        let mut turns = vec![turn(levels.to_vec())];
        for _ in 0..n_turns {
            let before = &turns[turns.len() - 1].levels;
            let after = self.moved(before);
            let is_still = before.iter().zip(&after).all(|(a, b)| (a - b).abs() <= least);
            turns.push(turn(after));
            if is_still {
                break;
            }
        }
        turns
    }

    /// The levels that Lloyd's method tends to from `levels` on, sooner: every level goes nearly twice as far as to the
    /// mean of its samples, and no further than the mean where that would not make the error smaller.
    pub fn settled(&self, levels: &[f64], n_turns: usize) -> Vec<f64> {
        const FURTHER: f64 = 1.9;
        let mut at = levels.to_vec();
        let mut mse = self.mse(&at);
        for _ in 0..n_turns {
            let means = self.moved(&at);
            let far: Vec<f64> = at.iter().zip(&means).map(|(l, m)| l + FURTHER * (m - l)).collect();
            let far_mse = if far.is_sorted() { self.mse(&far) } else { f64::INFINITY };
            (at, mse) = if far_mse < mse { (far, far_mse) } else { (means.clone(), self.mse(&means)) };
        }
        at
    }

    /// Sums over the samples of each level.
    fn cells(&self, levels: &[f64]) -> impl Iterator<Item = [f64; 3]> {
        let places = self.places(levels);
        (1..places.len()).map(move |i| {
            let (from, to) = (self.sums[places[i - 1]], self.sums[places[i]]);
            [to[0] - from[0], to[1] - from[1], to[2] - from[2]]
        })
    }

    /// Where the samples of each level begin, and the end.
    fn places(&self, levels: &[f64]) -> Vec<usize> {
        let thresholds = levels.windows(2).map(|pair| 0.5 * (pair[0] + pair[1]));
        let begin = thresholds.map(|t| self.values.partition_point(|&x| f64::from(x) <= t));
        let ends = (!levels.is_empty()).then_some(self.n());
        std::iter::once(0).chain(begin).chain(ends).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Samples {
        Samples::new((0..997).map(|i| (((i * 577) % 997) as f32 / 500.0 - 1.0, 1.0 + (i % 3) as f32)).collect())
    }

    #[test]
    fn a_turn_never_makes_the_error_larger() {
        let turns = samples().lloyd(&[-0.9, -0.8, 0.0, 0.95], 50, 1e-9);
        assert!(turns.len() > 3);
        assert!(turns.windows(2).all(|pair| pair[1].mse <= pair[0].mse + 1e-15));
    }

    #[test]
    fn settling_ends_where_lloyd_ends() {
        let start = [-0.9, -0.8, 0.0, 0.95];
        let turns = samples().lloyd(&start, 500, 1e-9);
        let settled = samples().settled(&start, 60);
        assert!(samples().mse(&settled) <= turns[turns.len() - 1].mse * 1.001);
    }

    #[test]
    fn running_sums_give_what_a_loop_over_the_samples_gives() {
        let pairs: Vec<(f32, f32)> = (0..300).map(|i| ((i as f32 * 0.37).sin(), 0.5 + (i % 7) as f32)).collect();
        let levels = [-0.8, -0.1, 0.3, 0.9];
        let (mut noise, mut weight, mut counts) = (0.0, 0.0, [0; 4]);
        for &(x, w) in &pairs {
            let (x, w) = (f64::from(x), f64::from(w));
            let nearest = (0..4).min_by(|&a, &b| (x - levels[a]).abs().total_cmp(&(x - levels[b]).abs())).expect("four");
            noise += w * (x - levels[nearest]).powi(2);
            weight += w;
            counts[nearest] += 1;
        }
        let samples = Samples::new(pairs);
        assert!((samples.mse(&levels) - noise / weight).abs() < 1e-12);
        assert_eq!(samples.counts(&levels), counts);
    }

    #[test]
    fn nothing_and_odd_samples_have_a_defined_result() {
        let nothing = Samples::new(vec![(f32::NAN, 1.0), (1.0, 0.0), (f32::INFINITY, 1.0), (0.5, f32::NAN)]);
        assert_eq!((nothing.n(), nothing.mse(&[0.0]), nothing.moved(&[0.3])), (0, 0.0, vec![0.3]));
        assert_eq!(nothing.counts(&[-1.0, 1.0]), [0, 0]);
        let same = Samples::new(vec![(0.7, 1.0); 5]);
        assert_eq!(same.lloyd(&[0.0, 1.0], 9, 0.0).last().map(|turn| turn.mse), Some(0.0));
        assert_eq!(same.counts(&[]), [] as [u64; 0]);
    }
}
