//! The stream: Gaussian batches with a few values far out, or real activations; either may grow.

use std::sync::Arc;

use super::{Ctx, LabError, Params};
use crate::{
    kernel::{Affine, Errors, squared_error, sum_of_squares},
    lab::row::{source, tensor},
    quant::Scheme,
    tensor::Tensor,
};

pub(super) struct Stream {
    inliers: Arc<Tensor>,
    pub n_batches: usize,
    /// Outliers of each batch, in the order of the stream.
    n_outliers: Vec<usize>,
    size: f32,
    drift: f64,
    /// From a seed, with outliers added; real values come as they are.
    pub drawn: bool,
}

impl Stream {
    pub(super) fn new(params: &Params, ctx: &Ctx) -> Result<Self, LabError> {
        let source = source(params, "source");
        let drawn = source.is_sampled();
        let inliers = tensor(params, source, ctx)?;
        let n_batches = params.int("batches") as usize;
        let rate = if drawn { params.int("rate") as f64 / 1e6 } else { 0.0 };
        let n = (rate * inliers.data.len() as f64).round() as usize;
        let n = if rate > 0.0 { n.max(1) } else { 0 };
        // Spread over the stream, the last one in the last batch.
        let upto = |batch: usize| batch * n / n_batches;
        let n_outliers = (0..n_batches).map(|batch| upto(batch + 1) - upto(batch)).collect();
        Ok(Self { inliers, n_batches, n_outliers, size: params.float("size") as f32, drift: params.float("drift"), drawn })
    }

    pub(super) fn n_outliers(&self) -> usize {
        self.n_outliers.iter().sum()
    }

    pub(super) fn gain_of_last(&self) -> f64 {
        self.drift
    }

    /// From 1 for the first batch evenly to the drift for the last.
    fn gain(&self, batch: usize) -> f32 {
        let t = batch as f64 / (self.n_batches.max(2) - 1) as f64;
        (1.0 + t * (self.drift - 1.0)) as f32
    }

    fn inliers_of(&self, batch: usize) -> impl Iterator<Item = f32> {
        let n = self.inliers.data.len();
        let (first, last) = (batch * n / self.n_batches, (batch + 1) * n / self.n_batches);
        let gain = self.gain(batch);
        self.inliers.data[first..last].iter().map(move |r| r * gain)
    }

    /// Outliers stand behind the others, with signs in turn.
    pub(super) fn batch(&self, batch: usize) -> Vec<f32> {
        let before: usize = self.n_outliers[..batch].iter().sum();
        let outlier = |idx: usize| if (before + idx).is_multiple_of(2) { self.size } else { -self.size };
        self.inliers_of(batch).chain((0..self.n_outliers[batch]).map(outlier)).collect()
    }

    /// All inliers, and behind them all outliers.
    pub(super) fn all(&self) -> Vec<f32> {
        let outliers = (0..self.n_outliers()).map(|idx| if idx.is_multiple_of(2) { self.size } else { -self.size });
        (0..self.n_batches).flat_map(|batch| self.inliers_of(batch)).chain(outliers).collect()
    }
}

/// A range and what it costs.
pub(super) struct Judged {
    pub name: &'static str,
    pub clip: f64,
    pub inliers: Errors,
    pub whole: Errors,
    /// Values beyond it.
    pub n_beyond: u64,
}

impl Judged {
    pub(super) fn new(name: &'static str, clip: f64, stream: &Stream, all: &[f32], bits: u32) -> Self {
        let range = Scheme::Symmetric.range(bits);
        let scale = (clip / f64::from(range.qmax)) as f32;
        let by = Affine { scale: if scale > 0.0 { scale } else { 1.0 }, zero_point: 0 };
        let errors = |values: &[f32]| Errors {
            n: values.len() as u64,
            signal: sum_of_squares(values),
            noise: squared_error(values, by, range),
            ..Errors::default()
        };
        let (inliers, outliers) = all.split_at(all.len() - stream.n_outliers());
        let inliers = errors(inliers);
        let n_beyond = all.iter().filter(|r| f64::from(r.abs()) > clip).count() as u64;
        Self { name, clip, inliers, whole: inliers.plus(errors(outliers)), n_beyond }
    }
}
