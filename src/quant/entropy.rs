//! Entropy (KL) calibration: the clip whose quantized image tells least from the clipped distribution.
//!
//! The loop is that of NVIDIA's pytorch-quantization (`calib/histogram.py`): for each number of bins kept, the reference
//! P is the kept bins with all that lies beyond added to the last of them, and Q the kept bins *without* that mass,
//! merged into as many groups as there are levels and spread back evenly over the bins of a group that hold something.
//! Kept is what makes `sum P ln(P / Q)` smallest, the last of equals.
//!
//! From sums over the first bins a candidate costs one logarithm a level, not one a bin.

use super::histogram::MagnitudeHistogram;

/// Levels of the magnitudes of `bits`-bit signed codes, as the method counts them: 128 for 8 bits.
pub fn n_levels(bits: u32) -> usize {
    1 << (bits - 1)
}

/// What keeping the first `n_kept` bins costs, in nats; infinite where mass falls on a bin that Q leaves empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    pub n_kept: usize,
    pub nats: f64,
}

/// The search over one histogram.
#[derive(Clone, Debug)]
pub struct EntropySearch {
    /// Counts, with bin 0 as full as bin 1: the zeros behind a ReLU say nothing about the range.
    counts: Vec<u64>,
    /// Sums over the first `i` bins: of counts, of bins that hold something, of `c ln c`.
    below: Vec<u64>,
    filled: Vec<u32>,
    c_ln_c: Vec<f64>,
    width: f64,
    n_levels: usize,
}

impl EntropySearch {
    /// `n_levels` at least 1.
    pub fn new(histogram: &MagnitudeHistogram, n_levels: usize) -> Self {
        assert!(n_levels > 0, "a quantizer has a level");
        let mut counts = histogram.counts().to_vec();
        if let [first, second, ..] = &mut counts[..] {
            *first = *second;
        }
        let (mut below, mut filled, mut c_ln_c) = (vec![0], vec![0], vec![0.0]);
        let (mut n, mut n_filled, mut sum) = (0, 0, 0.0);
        for &c in &counts {
            n += c;
            n_filled += u32::from(c > 0);
            sum += x_ln_x(c as f64);
            below.push(n);
            filled.push(n_filled);
            c_ln_c.push(sum);
        }
        Self { counts, below, filled, c_ln_c, width: histogram.width(), n_levels }
    }

    /// The numbers of bins that are tried: from one a level to all.
    pub fn candidates(&self) -> std::ops::RangeInclusive<usize> {
        self.n_levels..=self.counts.len()
    }

    /// The divergence of the first `n_kept` bins, at least 1; not below 0.
    pub fn divergence(&self, n_kept: usize) -> Divergence {
        let total = *self.below.last().unwrap_or(&0);
        let kept = self.below[n_kept];
        let tail = total - kept;
        let last = self.counts[n_kept - 1];
        if kept == 0 || (last == 0 && tail > 0) {
            return Divergence { n_kept, nats: f64::INFINITY };
        }
        // sum p ln p, the last bin with the tail on top.
        let p_ln_p = self.c_ln_c[n_kept] - x_ln_x(last as f64) + x_ln_x((last + tail) as f64);
        let cross: f64 = self.groups(n_kept).map(|g| (g.mass + if g.is_last { tail } else { 0 }) as f64 * g.height().ln()).sum();
        let nats = (p_ln_p - cross) / total as f64 + (kept as f64 / total as f64).ln();
        Divergence { n_kept, nats: nats.max(0.0) }
    }

    /// Q by bin: the kept bins after merging and spreading back, as counts.
    pub fn image(&self, n_kept: usize) -> Vec<f64> {
        let mut image = vec![0.0; n_kept];
        for group in self.groups(n_kept) {
            for idx in group.bins.clone().filter(|&idx| self.counts[idx] > 0) {
                image[idx] = group.height();
            }
        }
        image
    }

    /// P by bin: the kept bins, all that lies beyond on the last.
    pub fn reference(&self, n_kept: usize) -> Vec<f64> {
        let mut reference: Vec<f64> = self.counts[..n_kept].iter().map(|&n| n as f64).collect();
        if let (Some(last), Some(&total)) = (reference.last_mut(), self.below.last()) {
            *last += (total - self.below[n_kept]) as f64;
        }
        reference
    }

    /// Every candidate.
    pub fn curve(&self) -> Vec<Divergence> {
        self.candidates().map(|n_kept| self.divergence(n_kept)).collect()
    }

    /// The best candidate, the last of equals; `None` where there are fewer bins than levels.
    pub fn best(&self) -> Option<Divergence> {
        self.candidates().map(|n_kept| self.divergence(n_kept)).reduce(|a, b| if b.nats <= a.nats { b } else { a })
    }

    /// The upper edge of the kept bins.
    pub fn threshold(&self, of: Divergence) -> f64 {
        self.width * of.n_kept as f64
    }

    /// The groups that hold something. Group `g` of `L` holds the bins `j` with `floor(j L / n) = g`.
    fn groups(&self, n_kept: usize) -> impl Iterator<Item = Group> {
        let first = move |g: usize| (g * n_kept).div_ceil(self.n_levels);
        (0..self.n_levels).filter_map(move |g| {
            let bins = first(g)..first(g + 1);
            let mass = self.below[bins.end] - self.below[bins.start];
            let n_filled = self.filled[bins.end] - self.filled[bins.start];
            let is_last = bins.end == n_kept && !bins.is_empty();
            (n_filled > 0).then_some(Group { bins, mass, n_filled, is_last })
        })
    }
}

/// Bins that one level stands for.
struct Group {
    bins: std::ops::Range<usize>,
    mass: u64,
    n_filled: u32,
    /// Whether it holds the last kept bin.
    is_last: bool,
}

impl Group {
    /// What each of its bins that hold something gets back.
    fn height(&self) -> f64 {
        self.mass as f64 / f64::from(self.n_filled)
    }
}

fn x_ln_x(x: f64) -> f64 {
    if x > 0.0 { x * x.ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, bin by bin.
    fn twin(counts: &[u64], n_kept: usize, n_levels: usize) -> f64 {
        let mut counts = counts.to_vec();
        counts[0] = counts[1];
        let mut p: Vec<f64> = counts[..n_kept].iter().map(|&n| n as f64).collect();
        p[n_kept - 1] += counts[n_kept..].iter().sum::<u64>() as f64;
        let mut q = vec![0.0; n_kept];
        for level in 0..n_levels {
            let of_level = |j: &usize| j * n_levels / n_kept == level && counts[*j] > 0;
            let bins: Vec<usize> = (0..n_kept).filter(of_level).collect();
            let mass: u64 = bins.iter().map(|&j| counts[j]).sum();
            bins.iter().for_each(|&j| q[j] = mass as f64 / bins.len() as f64);
        }
        let (sum_p, sum_q) = (p.iter().sum::<f64>(), q.iter().sum::<f64>());
        let one = |(&p, &q): (&f64, &f64)| if p > 0.0 { p / sum_p * ((p / sum_p) / (q / sum_q)).ln() } else { 0.0 };
        p.iter().zip(&q).map(one).sum()
    }

    proptest! {
        #[test]
        fn sums_over_the_first_bins_give_the_divergence_of_the_definition(
            counts in prop::collection::vec(prop_oneof![1 => Just(0u64), 3 => 1u64..50], 20..80),
            n_levels in 1usize..16,
        ) {
            let search = EntropySearch::new(&MagnitudeHistogram::from_counts(counts.clone(), 0.5), n_levels);
            for n_kept in search.candidates() {
                let (got, expected) = (search.divergence(n_kept).nats, twin(&counts, n_kept, n_levels));
                if expected.is_finite() {
                    prop_assert!((got - expected).abs() < 1e-10, "{n_kept}: {got} {expected}");
                } else {
                    prop_assert!(got.is_infinite());
                }
                let (p, q) = (search.reference(n_kept), search.image(n_kept));
                prop_assert_eq!((p.len(), q.len()), (n_kept, n_kept));
            }
        }
    }

    #[test]
    fn too_few_bins_have_no_best() {
        assert_eq!(EntropySearch::new(&MagnitudeHistogram::default(), 128).best(), None);
    }
}
