//! How large the magnitudes of a stream are: equal bins from 0 on, and more of them when a later batch is larger.

/// Bins of a histogram's first range.
pub const N_BINS: usize = 2048;
/// Beyond so many bins, neighbours are put together: a stream that begins with tiny values must not fill the memory.
const MAX_BINS: usize = 16 * N_BINS;

/// Counts of `|x|` in bins of equal width that begin at 0.
///
/// The first batch that holds anything but zeros sets the width, a 2048th of its largest magnitude; a larger value later
/// on adds bins of the same width (the rule of NVIDIA's pytorch-quantization). Past 32,768 bins, neighbours are put
/// together and the width doubles. Values that are not finite are left out. An edge belongs to the bin above it, the last
/// edge to the last bin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MagnitudeHistogram {
    counts: Vec<u64>,
    /// Of one bin; 0 as long as nothing but zeros was seen.
    width: f64,
    /// Zeros that came before the width was known.
    early_zeros: u64,
}

impl MagnitudeHistogram {
    /// A histogram that was counted elsewhere. Panics unless `width` is positive and finite.
    pub fn from_counts(counts: Vec<u64>, width: f64) -> Self {
        assert!(width > 0.0 && width.is_finite(), "bins of width {width}");
        Self { counts, width, early_zeros: 0 }
    }

    /// Adds a batch.
    pub fn add(&mut self, values: &[f32]) {
        let largest = f64::from(crate::kernel::abs_max(values));
        if self.width == 0.0 {
            if largest == 0.0 {
                self.early_zeros += values.iter().filter(|r| r.is_finite()).count() as u64;
                return;
            }
            self.width = (largest / N_BINS as f64).max(f64::MIN_POSITIVE);
            self.counts = vec![0; N_BINS];
            self.counts[0] = self.early_zeros;
        }
        self.reach(largest);
        self.count(values);
    }

    /// Makes room for a magnitude.
    fn reach(&mut self, largest: f64) {
        while largest > self.width * MAX_BINS as f64 {
            let pairs = self.counts.chunks(2).map(|pair| pair.iter().sum());
            self.counts = pairs.collect();
            self.width *= 2.0;
        }
        let needed = (largest / self.width).ceil() as usize;
        if needed > self.counts.len() {
            self.counts.resize(needed.min(MAX_BINS), 0);
        }
    }

    fn count(&mut self, values: &[f32]) {
        // Two halves, so that neighbours in one bin do not wait for each other.
        let last = self.counts.len() - 1;
        let mut other = vec![0u32; self.counts.len()];
        let per_width = 1.0 / self.width;
        let bin = |r: f32| ((f64::from(r.abs()) * per_width) as usize).min(last);
        let (pairs, rest) = values.as_chunks::<2>();
        // A `u32` holds the counts of one block.
        for block in pairs.chunks(1 << 20) {
            for &[a, b] in block {
                self.counts[bin(a)] += u64::from(a.is_finite());
                other[bin(b)] += u32::from(b.is_finite());
            }
            for (sum, n) in self.counts.iter_mut().zip(&mut other) {
                *sum += u64::from(std::mem::take(n));
            }
        }
        for &r in rest {
            self.counts[bin(r)] += u64::from(r.is_finite());
        }
    }

    /// Counts by bin; bin `i` holds magnitudes from `i * width` on. Empty of nothing and of zeros alone.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Width of a bin; 0 as long as nothing but zeros was seen.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// The upper end of the first `n` bins.
    pub fn edge(&self, n: usize) -> f64 {
        self.width * n as f64
    }

    /// Values that were counted.
    pub fn n(&self) -> u64 {
        if self.counts.is_empty() { self.early_zeros } else { self.counts.iter().sum() }
    }

    /// The smallest edge with at least `percent` of the values below it; 0 of nothing and of zeros alone.
    pub fn percentile(&self, percent: f64) -> f64 {
        let wanted = percent / 100.0 * self.n() as f64;
        let mut below = 0;
        for (idx, n) in self.counts.iter().enumerate() {
            below += n;
            if below as f64 >= wanted {
                return self.edge(idx + 1);
            }
        }
        self.edge(self.counts.len())
    }

    /// Mean squared error of rounding to `n_steps` steps on each side of 0, the last one at `clip`, as far as the bins
    /// know: values count as spread evenly over their bin. Judged at the centres of the bins, as pytorch-quantization
    /// does, steps as fine as the bins would alias with them. 0 of nothing.
    pub fn squared_error(&self, clip: f64, n_steps: u32) -> f64 {
        let [rounding, clipping] = self.error_parts(clip, n_steps);
        rounding + clipping
    }

    /// [`squared_error`](Self::squared_error) in its parts: of values within half a step of a code, and of those beyond
    /// the last.
    pub fn error_parts(&self, clip: f64, n_steps: u32) -> [f64; 2] {
        let step = clip / f64::from(n_steps);
        if self.counts.is_empty() || step <= 0.0 {
            return [0.0; 2];
        }
        let (width, last) = (self.width / step, f64::from(n_steps));
        let mut sums = [0.0; 2];
        for (idx, n) in self.filled() {
            let (lo, hi) = (idx as f64 * width, (idx + 1) as f64 * width);
            sums[0] += n * (rounding_up_to(hi, last) - rounding_up_to(lo, last));
            sums[1] += n * (clipping_up_to(hi, last) - clipping_up_to(lo, last));
        }
        sums.map(|sum| sum / width * step * step / self.n().max(1) as f64)
    }

    /// The bins that hold something: a stream with outliers leaves most of them empty.
    fn filled(&self) -> impl Iterator<Item = (usize, f64)> {
        self.counts.iter().enumerate().filter(|&(_, &n)| n > 0).map(|(idx, &n)| (idx, n as f64))
    }

    /// The clip with the smallest [`squared_error`](Self::squared_error): a first look at four clips an octave, then
    /// golden sections. 0 of nothing and of zeros alone.
    pub fn best_clip(&self, n_steps: u32) -> f64 {
        const PER_OCTAVE: i32 = 4;
        const OCTAVES: i32 = 12;
        let top = self.edge(self.counts.iter().rposition(|&n| n > 0).map_or(0, |idx| idx + 1));
        let cost = |clip: f64| self.squared_error(clip, n_steps);
        let clip = |k: i32| top * (-f64::from(k) / f64::from(PER_OCTAVE)).exp2();
        let looks = (0..=OCTAVES * PER_OCTAVE).map(|k| (clip(k), cost(clip(k))));
        let best = looks.reduce(|a, b| if b.1 < a.1 { b } else { a }).map_or(0.0, |(clip, _)| clip);
        let spread = (1.0 / f64::from(PER_OCTAVE)).exp2();
        super::minimum::golden(best / spread, (best * spread).min(top), 24, cost)
    }
}

/// The integral from 0 to `x`, in steps, of the squared distance to the nearest whole number, up to half a step behind
/// `last`.
fn rounding_up_to(x: f64, last: f64) -> f64 {
    let x = x.min(last + 0.5);
    let whole = (x + 0.5).floor().min(last);
    whole / 12.0 + (x - whole).powi(3) / 3.0
}

/// The integral of the squared distance to `last` from half a step behind it.
fn clipping_up_to(x: f64, last: f64) -> f64 {
    let beyond = (x - last).max(0.5);
    (beyond.powi(3) - 0.125) / 3.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_larger_batch_adds_bins_of_the_same_width() {
        let mut histogram = MagnitudeHistogram::default();
        histogram.add(&[0.0, 0.0]);
        assert_eq!((histogram.n(), histogram.counts().len(), histogram.width()), (2, 0, 0.0));
        histogram.add(&[-2048.0, 0.5]);
        assert_eq!((histogram.width(), histogram.counts().len()), (1.0, 2048));
        histogram.add(&[3000.5]);
        assert_eq!((histogram.width(), histogram.counts().len(), histogram.n()), (1.0, 3001, 5));
        assert_eq!((histogram.counts()[0], histogram.counts()[2047], histogram.counts()[3000]), (3, 1, 1));
    }

    #[test]
    fn a_tiny_first_batch_does_not_fill_the_memory() {
        let mut histogram = MagnitudeHistogram::default();
        histogram.add(&[1.0e-40, f32::NAN]);
        histogram.add(&[f32::MAX, f32::INFINITY, -1.0]);
        assert!(histogram.counts().len() <= MAX_BINS);
        assert_eq!(histogram.n(), 3);
        assert!(histogram.edge(histogram.counts().len()) >= f64::from(f32::MAX));
    }

    #[test]
    fn nothing_has_an_answer_to_every_question() {
        let nothing = MagnitudeHistogram::default();
        assert_eq!(
            (nothing.n(), nothing.percentile(99.0), nothing.best_clip(127), nothing.squared_error(1.0, 7)),
            (0, 0.0, 0.0, 0.0)
        );
    }

    #[test]
    fn the_integral_of_the_error_is_that_of_small_pieces() {
        let (last, piece) = (3.0f64, 1e-4);
        let mut sum = 0.0;
        for i in 0..60_000 {
            let x = (f64::from(i) + 0.5) * piece;
            sum += (x - x.round().min(last)).powi(2) * piece;
            let end = f64::from(i + 1) * piece;
            let expected = rounding_up_to(end, last) + clipping_up_to(end, last);
            assert!((sum - expected).abs() < 1e-6, "{x}: {sum} {expected}");
        }
    }

    proptest! {
        #[test]
        fn batches_add_up_to_the_whole(values in prop::collection::vec(-9.0f32..9.0, 1..200), cut in 0usize..200) {
            let mut whole = MagnitudeHistogram::default();
            whole.add(&[9.0]);
            let mut parts = whole.clone();
            whole.add(&values);
            let (left, right) = values.split_at(cut.min(values.len()));
            parts.add(left);
            parts.add(right);
            prop_assert_eq!(whole, parts);
        }
    }
}
