//! Observers: what a stream of batches leaves behind, and the ranges that methods read from it.

use super::{
    aciq,
    density::Density,
    entropy::{EntropySearch, n_levels},
    histogram::MagnitudeHistogram,
};
use crate::kernel::{min_max, sum_of_squares};

/// How a range is read from what was observed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// The extremes of all batches.
    MinMax,
    /// Moving averages of the extremes of each batch.
    Ema,
    /// The smallest magnitude with so many percent at or below it.
    Percentile(f64),
    /// The smallest mean squared error, judged on the histogram.
    Mse,
    /// The smallest divergence of the clipped distribution from its quantized image.
    Entropy,
    /// ACIQ's closed form for a density.
    Aciq(Density),
}

/// What is kept of a stream: extremes, their moving averages, and the histogram of magnitudes. Memory does not grow with
/// the stream.
#[derive(Clone, Debug)]
pub struct Observer {
    /// Weight of a new batch in the moving averages.
    weight: f64,
    extremes: Option<(f64, f64)>,
    averages: Option<(f64, f64)>,
    histogram: MagnitudeHistogram,
    sum_of_squares: f64,
    sum_of_magnitudes: f64,
}

impl Default for Observer {
    /// With a new batch's weight as PyTorch has it.
    fn default() -> Self {
        Self::new(Self::PYTORCH_WEIGHT)
    }
}

impl Observer {
    /// `averaging_constant` of PyTorch's MovingAverageMinMaxObserver.
    pub const PYTORCH_WEIGHT: f64 = 0.01;

    /// `weight` of a new batch in the moving averages: `m <- (1 - weight) m + weight x`; the first batch sets them.
    pub fn new(weight: f64) -> Self {
        Self {
            weight,
            extremes: None,
            averages: None,
            histogram: MagnitudeHistogram::default(),
            sum_of_squares: 0.0,
            sum_of_magnitudes: 0.0,
        }
    }

    /// Looks at a batch. Values that are not finite are left out; a batch without any other changes nothing.
    pub fn observe(&mut self, batch: &[f32]) {
        let Some((lo, hi)) = min_max(batch).map(|(lo, hi)| (f64::from(lo), f64::from(hi))) else { return };
        let (low, high) = self.extremes.unwrap_or((lo, hi));
        self.extremes = Some((low.min(lo), high.max(hi)));
        let averaged = |old: f64, new: f64| (1.0 - self.weight) * old + self.weight * new;
        self.averages = Some(self.averages.map_or((lo, hi), |(low, high)| (averaged(low, lo), averaged(high, hi))));
        self.sum_of_squares += sum_of_squares(batch);
        self.sum_of_magnitudes += batch.iter().filter(|r| r.is_finite()).map(|&r| f64::from(r.abs())).sum::<f64>();
        self.histogram.add(batch);
    }

    /// Magnitudes so far.
    pub fn histogram(&self) -> &MagnitudeHistogram {
        &self.histogram
    }

    /// Smallest and largest value so far, or their moving averages; `None` of nothing.
    pub fn range(&self, averaged: bool) -> Option<(f64, f64)> {
        if averaged { self.averages } else { self.extremes }
    }

    /// The magnitude up to which the codes of `bits` bits are to reach, symmetric and restricted: code `qmax` stands
    /// there. 0 of nothing and of zeros alone.
    pub fn clip(&self, method: Method, bits: u32) -> f64 {
        let larger = |range: Option<(f64, f64)>| range.map_or(0.0, |(lo, hi)| hi.max(-lo).max(0.0));
        match method {
            Method::MinMax => larger(self.extremes),
            Method::Ema => larger(self.averages),
            Method::Percentile(percent) => self.histogram.percentile(percent),
            Method::Mse => self.histogram.best_clip(steps(bits)),
            Method::Entropy => {
                let search = EntropySearch::new(&self.histogram, n_levels(bits));
                let whole = || self.histogram.edge(self.histogram.counts().len());
                search.best().map_or_else(whole, |best| search.threshold(best))
            }
            Method::Aciq(density) => {
                let n = self.histogram.n().max(1) as f64;
                let unit = match density {
                    Density::Gaussian => (self.sum_of_squares / n).sqrt(),
                    Density::Laplace => self.sum_of_magnitudes / n,
                };
                unit * aciq::clip(density, bits)
            }
        }
    }
}

/// Codes on each side of 0.
fn steps(bits: u32) -> u32 {
    ((1 << (bits - 1)) - 1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: [Method; 7] = [
        Method::MinMax,
        Method::Ema,
        Method::Percentile(99.9),
        Method::Mse,
        Method::Entropy,
        Method::Aciq(Density::Gaussian),
        Method::Aciq(Density::Laplace),
    ];

    #[test]
    fn a_moving_average_still_remembers_its_first_batch() {
        let mut observer = Observer::default();
        observer.observe(&[-1.0, 10.0]);
        for _ in 0..10 {
            observer.observe(&[-1.0, 1.0]);
        }
        let expected = 1.0 + 9.0 * 0.99f64.powi(10);
        assert!((observer.clip(Method::Ema, 8) - expected).abs() < 1e-12);
        assert_eq!(observer.range(true).map(|r| r.0), Some(-1.0));
        assert_eq!(observer.clip(Method::MinMax, 8), 10.0);
    }

    #[test]
    fn hostile_batches_have_a_defined_clip() {
        let hostile: [&[f32]; 7] = [
            &[],
            &[f32::NAN; 3],
            &[f32::INFINITY, f32::NEG_INFINITY],
            &[0.0; 5],
            &[7.0],
            &[1.0e-45, -1.0e-45],
            &[f32::MAX, 1.0e-45],
        ];
        for batch in hostile {
            let mut observer = Observer::default();
            (0..3).for_each(|_| observer.observe(batch));
            for method in METHODS {
                for bits in [2, 4, 8] {
                    let clip = observer.clip(method, bits);
                    assert!(clip >= 0.0 && clip.is_finite(), "{batch:?} {method:?}: {clip}");
                    assert!(clip > 0.0 || batch.iter().all(|r| *r == 0.0 || !r.is_finite()), "{batch:?} {method:?}");
                }
            }
        }
    }

    #[test]
    fn a_constant_keeps_its_value() {
        let mut observer = Observer::default();
        observer.observe(&[-3.0; 40]);
        for method in [Method::MinMax, Method::Ema, Method::Percentile(99.0)] {
            assert_eq!(observer.clip(method, 8), 3.0, "{method:?}");
        }
    }
}
