//! Weights and activations of one layer with their grids.

use super::{Bench, Ctx, LabError};
use crate::{
    kernel::{Affines, CodeHistogram, Errors, Rounding, min_max, quantize},
    lab::{
        Mirror,
        figure::{Look, grid, histogram, mirror},
    },
    nn::{Grid, Mode},
    quant::{Granularity, Matrix, calibrate},
};

pub(super) struct View {
    pub weights: Mirror,
    pub weight_db: f64,
    /// Of the test images, in front of the layer; `None` where they stay FP32.
    pub activations: Option<Mirror>,
    pub activation_db: Option<f64>,
}

impl View {
    pub(super) fn of(bench: &Bench, layer: usize, ctx: &Ctx) -> Result<Self, LabError> {
        let (weights, weight_db) = weights(bench, layer, ctx)?;
        let found = grid_of(bench, layer).map(|(grid, values)| activations(grid, &values));
        let (activations, activation_db) = found.unzip();
        Ok(Self { weights, weight_db, activations, activation_db })
    }
}

fn weights(bench: &Bench, layer: usize, ctx: &Ctx) -> Result<(Mirror, f64), LabError> {
    let dense = bench.subject.dense(layer);
    let config = bench.plan.weights[layer].expect("a plan of this lab leaves no layer out");
    let matrix = Matrix::new(&dense.weight, dense.n_in);
    let step = &mut |done, total| ctx.step(done, total);
    let found = calibrate(matrix, &config, step)?;
    let mut counts = histogram(config.range(), found.reach, config.rounding);
    let quantized = found.apply(matrix, Some(&mut counts), step)?;
    let x_is_code = config.granularity != Granularity::Tensor;
    let look = Look { view: "weights", x_is_code, noun: "weight", linear_first: true };
    Ok((mirror(&counts, grid(config.range(), found.per_tensor()), look), quantized.errors().sqnr_db()))
}

/// The grid in front of a layer, and the test images' values there in FP32.
fn grid_of(bench: &Bench, layer: usize) -> Option<(Grid, Vec<f32>)> {
    let net = &bench.chosen().0;
    if net.mode() == Mode::WeightOnly {
        return None;
    }
    let (idx, _) = bench.subject.net.dense_layers().nth(layer)?;
    let values = bench.subject.net.part_on(bench.subject.isa, 0..idx, &bench.subject.test().images);
    let grid = match net.grids().get(layer) {
        Some(grid) => *grid,
        None => Grid::of_batch(&values, bench.plan.activation_bits),
    };
    Some((grid, values))
}

fn activations(by: Grid, values: &[f32]) -> (Mirror, f64) {
    let at = |r: f32| r / by.by.scale + by.by.zero_point as f32;
    let reach = min_max(values).map(|(lo, hi)| (at(lo), at(hi)));
    let mut counts: CodeHistogram = histogram(by.range, reach, Rounding::Even);
    let mut codes = vec![0; values.len()];
    quantize(values, Affines::One(by.by), by.range, Rounding::Even, 0, &mut codes);
    counts.add(values, Affines::One(by.by), &codes);
    let rebuilt: Vec<f32> = by.codes(values).into_iter().map(|q| by.real(q)).collect();
    let look = Look { view: "activations", x_is_code: false, noun: "activation", linear_first: false };
    (mirror(&counts, grid(by.range, Some(by.by)), look), Errors::between(values, &rebuilt).sqnr_db())
}
