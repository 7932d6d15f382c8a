//! The first values of a source: enough to measure with, few enough to answer at once.

use std::sync::Arc;

use super::{Ctx, LabError, Params};
use crate::{
    quant::Matrix,
    tensor::{Source, Tensor},
};

/// Whole rows from the start of a tensor.
pub(super) struct Few {
    tensor: Arc<Tensor>,
    n: usize,
}

impl Few {
    /// At most `n` values, but one row at least.
    pub(super) fn of(source: Source, n: usize, seed: u64, ctx: &Ctx) -> Result<Self, LabError> {
        let tensor = ctx.sources.get_with(source, n, seed, &mut |done, total| ctx.step(done, total))?;
        let rows = (n / tensor.cols).clamp(1, tensor.n_rows().max(1));
        Ok(Self { n: (rows * tensor.cols).min(tensor.data.len()), tensor })
    }

    /// As many as the lab's `n` says, at most `most`.
    pub(super) fn at_most(source: Source, most: usize, params: &Params, ctx: &Ctx) -> Result<Self, LabError> {
        Self::of(source, (params.int("n") as usize).min(most), params.int("seed") as u64, ctx)
    }

    pub(super) fn data(&self) -> &[f32] {
        &self.tensor.data[..self.n]
    }

    pub(super) fn matrix(&self) -> Matrix<'_> {
        Matrix::new(self.data(), self.tensor.cols)
    }

    /// At most `n` of them, in whole rows.
    pub(super) fn first(&self, n: usize) -> Matrix<'_> {
        let rows = (n / self.tensor.cols).max(1);
        Matrix::new(&self.data()[..(rows * self.tensor.cols).min(self.n)], self.tensor.cols)
    }
}

/// "20.73", "inf" where nothing is lost.
pub(super) fn db(x: f64) -> String {
    if x.is_finite() { format!("{x:.2}") } else { "inf".into() }
}
