//! A net whose weights, and in two modes activations, are codes.

mod integer;

use std::convert::Infallible;

use super::{
    Set,
    layer::{Dense, Layer, Shape},
    net::{Net, accuracy, best},
    ops::{max_pool, patches},
    plan::{Mode, Plan, PlanError},
};
use crate::{
    kernel::{Affines, Isa, Mat, PackedI8, min_max, quantize},
    quant::{Affine, CodeRange, Config, Granularity, Matrix, Rounding, ScaleFormat, Scheme, affine_of, calibrate},
};

/// A net quantized by a plan.
#[derive(Clone, Debug)]
pub struct QuantNet {
    /// The net that was quantized, without batch norm.
    float: Net,
    /// The same with the weights that the codes stand for.
    rebuilt: Net,
    mode: Mode,
    activation_bits: u32,
    /// The instruction set that its products use; all give the same codes.
    isa: Isa,
    /// One for each layer that has a matrix.
    weights: Vec<Weights>,
    /// Grids in front of each layer with a matrix and behind the last one; only a static net has them.
    grids: Vec<Grid>,
}

/// The weights of one layer, as they are stored.
#[derive(Clone, Debug)]
pub struct Weights {
    /// `None`: FP32.
    pub config: Option<Config>,
    /// Row-major `[n_out, n_in]`; empty in FP32.
    pub codes: Vec<i8>,
    /// Scale and zero point of the tensor, each row, or each group.
    pub affines: Vec<Affine>,
    /// Bits of codes, scales and zero points together.
    pub n_bits: u64,
    /// The codes as the products take them, `[n_in, n_out]`.
    packed: Option<PackedI8>,
}

/// The codes of one activation tensor: unsigned, `0..=2^bits - 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    pub by: Affine,
    pub range: CodeRange,
}

impl QuantNet {
    /// Quantizes a net that has no batch norm left. Static ranges come from `calibration`; dynamic ones from each batch.
    pub fn of(isa: Isa, net: &Net, plan: &Plan, calibration: &Set) -> Result<Self, PlanError> {
        check(net, plan, calibration)?;
        let mut rebuilt = net.clone();
        let mut weights = Vec::with_capacity(plan.weights.len());
        for (dense, config) in rebuilt.layers.iter_mut().filter_map(Layer::dense_mut).zip(&plan.weights) {
            let (mut stored, reals) = quantize_weights(dense, *config);
            if plan.mode != Mode::WeightOnly {
                stored.packed = Some(packed(isa, &stored.codes, dense));
            }
            dense.weight = reals;
            weights.push(stored);
        }
        let (mode, activation_bits) = (plan.mode, plan.activation_bits);
        let mut out = Self { float: net.clone(), rebuilt, mode, activation_bits, isa, weights, grids: Vec::new() };
        if plan.mode == Mode::Static {
            out.grids = grids_of(net, plan, calibration);
        }
        Ok(out)
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The weights of each layer that has a matrix, as they are stored.
    pub fn weights(&self) -> &[Weights] {
        &self.weights
    }

    /// The net with the weights that the codes stand for, in FP32.
    pub fn rebuilt(&self) -> &Net {
        &self.rebuilt
    }

    /// Grids in front of each layer with a matrix and behind the last one; empty unless the net is static.
    pub fn grids(&self) -> &[Grid] {
        &self.grids
    }

    /// Scores `[n, classes]`. A static net's are the values of its last codes.
    pub fn scores(&self, images: &[f32]) -> Vec<f32> {
        match self.mode {
            Mode::WeightOnly => self.rebuilt.scores_on(self.isa, images),
            Mode::Dynamic => self.dynamic(images),
            Mode::Static => {
                let last = self.grids[self.grids.len() - 1];
                let codes = self.codes(images).pop().expect("a net has a layer with weights; the plan was checked");
                codes.iter().map(|&q| last.real(q)).collect()
            }
        }
    }

    /// The class with the highest score for each image; the first of equals.
    pub fn classes(&self, images: &[f32]) -> Vec<u8> {
        let n_classes = self.float.shapes().last().map_or(1, |shape| shape.len());
        self.scores(images).chunks_exact(n_classes).map(best).collect()
    }

    /// Share of a set that the net reads right, in percent.
    pub fn accuracy(&self, set: &Set) -> f64 {
        accuracy(&self.classes(&set.images), &set.labels)
    }

    /// A static net's codes behind each layer with a matrix (and its ReLU), computed in integers. Panics in another mode.
    pub fn codes(&self, images: &[f32]) -> Vec<Vec<u8>> {
        assert_eq!(self.mode, Mode::Static, "only a static net computes in codes from end to end");
        self.walk(images, |at, rows| integer::product(self, at, rows))
    }

    /// The same codes from a simulation: codes, weights and biases back to FP32, a product in FP32, and rounding to the
    /// next grid: what a graph with QuantizeLinear and DequantizeLinear computes. Panics in another mode.
    pub fn simulated(&self, images: &[f32]) -> Vec<Vec<u8>> {
        assert_eq!(self.mode, Mode::Static, "only a static net has grids to simulate");
        self.walk(images, |at, rows| {
            let (from, to) = (self.grids[at], self.grids[at + 1]);
            let reals: Vec<f32> = rows.iter().map(|&q| from.real(q)).collect();
            let y = self.with_bias_codes(at).apply_on(self.isa, &reals);
            let y = if self.has_relu(at) { y.iter().map(|y| y.max(0.0)).collect() } else { y };
            to.codes(&y)
        })
    }

    /// Bits per weight with scales and zero points; biases and activations are not counted.
    pub fn bits_per_weight(&self) -> f64 {
        let n: usize = self.float.dense_layers().map(|(_, dense)| dense.weight.len()).sum();
        self.weights.iter().map(|w| w.n_bits).sum::<u64>() as f64 / n as f64
    }

    /// Bytes of the stored net: codes (packed), scales, zero points, and biases of 4 bytes each.
    pub fn bytes(&self) -> u64 {
        let bias: u64 = self.float.dense_layers().map(|(_, dense)| 4 * dense.bias.len() as u64).sum();
        self.weights.iter().map(|w| w.n_bits.div_ceil(8)).sum::<u64>() + bias
    }

    /// Codes through all layers; `product` takes rows of codes in front of a matrix (patches of a convolution).
    fn walk(&self, images: &[f32], product: impl Fn(usize, &[u8]) -> Vec<u8>) -> Vec<Vec<u8>> {
        let mut out: Vec<Vec<u8>> = Vec::new();
        let mut codes = self.grids[0].codes(images);
        let mut shape = self.float.input;
        let mut at = 0;
        for layer in &self.float.layers {
            codes = match layer {
                Layer::Linear(_) => product(at, &codes),
                // A border of real 0 is a border of zero points.
                Layer::Conv(_) => product(at, &patches(&codes, shape, self.grids[at].zero())),
                Layer::MaxPool => max_pool(&codes, shape),
                // The product before it ended at the zero point.
                Layer::Relu | Layer::Norm(_) => codes,
            };
            if layer.dense().is_some() {
                at += 1;
                out.push(codes.clone());
            }
            shape = layer.output(shape);
        }
        out
    }

    /// Products of codes with ranges of each batch, FP32 in between.
    fn dynamic(&self, images: &[f32]) -> Vec<f32> {
        let mut x = images.to_vec();
        let mut shape = self.float.input;
        let mut at = 0;
        for layer in &self.float.layers {
            x = match layer {
                Layer::Linear(_) => self.dynamic_product(at, &x, None),
                Layer::Conv(_) => self.dynamic_product(at, &x, Some(shape)),
                Layer::Relu => x.iter().map(|x| x.max(0.0)).collect(),
                Layer::MaxPool => max_pool(&x, shape),
                Layer::Norm(_) => x,
            };
            at += usize::from(layer.dense().is_some());
            shape = layer.output(shape);
        }
        x
    }

    fn dynamic_product(&self, at: usize, x: &[f32], patches_of: Option<Shape>) -> Vec<f32> {
        let grid = Grid::of_batch(x, self.activation_bits);
        let mut codes = grid.codes(x);
        if let Some(shape) = patches_of {
            codes = patches(&codes, shape, grid.zero());
        }
        integer::dequantized(self, at, grid, &codes)
    }

    /// The layer of the `at`-th matrix, with the weights that its codes stand for.
    fn dense(&self, at: usize) -> &Dense {
        self.rebuilt.dense_layers().nth(at).expect("grids and weights were made for these layers").1
    }

    /// The layer of the `at`-th matrix with a bias in whole steps of `s_x s_w`, as int32 stores it.
    fn with_bias_codes(&self, at: usize) -> Dense {
        let mut dense = self.dense(at).clone();
        for (channel, bias) in dense.bias.iter_mut().enumerate() {
            let scale = integer::sum_scale(self, at, channel);
            *bias = (f64::from(integer::bias_code(*bias, scale)) * scale) as f32;
        }
        dense
    }

    fn has_relu(&self, at: usize) -> bool {
        let (idx, _) = self.float.dense_layers().nth(at).expect("grids and weights were made for these layers");
        matches!(self.float.layers.get(idx + 1), Some(Layer::Relu))
    }
}

impl Grid {
    /// The grid of a batch by its smallest and largest value, as ONNX DynamicQuantizeLinear has it.
    pub fn of_batch(values: &[f32], bits: u32) -> Self {
        let (lo, hi) = min_max(values).unwrap_or((0.0, 0.0));
        grid_for((lo.into(), hi.into()), bits)
    }

    /// The code of each value, rounded to the nearest even.
    pub fn codes(self, values: &[f32]) -> Vec<u8> {
        let mut codes = vec![0; values.len()];
        quantize(values, Affines::One(self.by), self.range, Rounding::Even, 0, &mut codes);
        codes.iter().map(|&q| byte(q)).collect()
    }

    /// The value of a code.
    pub fn real(self, code: u8) -> f32 {
        self.by.scale * (i32::from(code) - self.by.zero_point) as f32
    }

    /// The code of real 0.
    pub fn zero(self) -> u8 {
        byte(self.by.zero_point)
    }
}

/// A code of an unsigned grid of at most 8 bits.
fn byte(code: i32) -> u8 {
    u8::try_from(code).expect("an activation's codes are 0 to 255")
}

fn check(net: &Net, plan: &Plan, calibration: &Set) -> Result<(), PlanError> {
    let expected = net.dense_layers().count();
    if plan.weights.len() != expected {
        return Err(PlanError::Layers { got: plan.weights.len(), expected });
    }
    if !(2..=8).contains(&plan.activation_bits) {
        return Err(PlanError::ActivationBits { bits: plan.activation_bits });
    }
    if net.layers.iter().any(|layer| matches!(layer, Layer::Norm(_))) {
        return Err(PlanError::Unfolded);
    }
    if plan.mode == Mode::Static && calibration.is_empty() {
        return Err(PlanError::NoCalibration);
    }
    for (layer, config) in plan.weights.iter().enumerate() {
        let refuse = |what, needs| Err(PlanError::Weights { layer, what, needs });
        match config {
            None if plan.mode != Mode::WeightOnly => return Err(PlanError::Float { layer }),
            Some(config) if config.bits > 8 => return refuse("more than 8 bits", "2 to 8"),
            Some(_) if plan.mode == Mode::WeightOnly => {}
            Some(config) if config.scheme == Scheme::Affine => return refuse("a zero point", "a symmetric scheme"),
            Some(config) if !matches!(config.granularity, Granularity::Tensor | Granularity::Row) => {
                return refuse("scales along the sum", "one scale for the tensor or each output channel");
            }
            _ => {}
        }
    }
    Ok(())
}

fn quantize_weights(dense: &Dense, config: Option<Config>) -> (Weights, Vec<f32>) {
    let Some(config) = config else {
        let n_bits = 32 * dense.weight.len() as u64;
        return (Weights { config, codes: vec![], affines: vec![], n_bits, packed: None }, dense.weight.clone());
    };
    let matrix = Matrix::new(&dense.weight, dense.n_in);
    let Ok(found) = calibrate(matrix, &config, &mut |_, _| Ok::<(), Infallible>(()));
    let Ok(quantized) = found.apply(matrix, None, &mut |_, _| Ok::<(), Infallible>(()));
    let codes = quantized.codes.iter().map(|&q| i8::try_from(q).expect("codes of at most 8 bits are -128 to 127")).collect();
    let n_bits = u64::from(config.bits) * dense.weight.len() as u64 + u64::from(config.meta_bits()) * found.affines.len() as u64;
    let weights = Weights { config: Some(config), codes, affines: found.affines, n_bits, packed: None };
    (weights, quantized.dequantized.to_vec())
}

/// Columns are output channels, as the right side of a product has them.
fn packed(isa: Isa, codes: &[i8], dense: &Dense) -> PackedI8 {
    let columns: Vec<i8> = (0..dense.n_in).flat_map(|i| codes.iter().skip(i).step_by(dense.n_in)).copied().collect();
    PackedI8::new(isa, Mat::new(&columns, dense.n_in, dense.n_out))
}

/// An affine grid of unsigned codes; the scale stays in FP32, there is one for a whole tensor.
fn activation_range(bits: u32) -> CodeRange {
    CodeRange { qmin: 0, qmax: (1 << bits) - 1 }
}

/// The grid that a range of values asks for.
fn grid_for((lo, hi): (f64, f64), bits: u32) -> Grid {
    let range = activation_range(bits);
    Grid { by: affine_of(lo, hi, Scheme::Affine, range, ScaleFormat::F32), range }
}

/// Runs the calibration images through the FP32 net and finds a grid for the input and for what each matrix (with its
/// ReLU) gives.
fn grids_of(net: &Net, plan: &Plan, calibration: &Set) -> Vec<Grid> {
    let activations = net.activations(&calibration.images);
    let config = Config {
        bits: plan.activation_bits,
        scheme: Scheme::Affine,
        granularity: Granularity::Tensor,
        clip: plan.range.clip(),
        rounding: Rounding::Even,
        scale_format: ScaleFormat::F32,
    };
    let grid = |values: &[f32]| {
        let extremes = min_max(values).map_or((0.0, 0.0), |(lo, hi)| (f64::from(lo), f64::from(hi)));
        grid_for(config.clipped(values, extremes), plan.activation_bits)
    };
    let behind = net.dense_layers().map(|(idx, _)| {
        let has_relu = matches!(net.layers.get(idx + 1), Some(Layer::Relu));
        &activations[idx + 1 + usize::from(has_relu)]
    });
    std::iter::once(&activations[0]).chain(behind).map(|values| grid(values)).collect()
}

#[cfg(test)]
mod tests;
