//! Products of codes: int32 sums, then back to the next grid in integers, or to FP32.

use super::{Grid, QuantNet, Weights};
use crate::{
    kernel::{Each, Gemm, Isa, Mat, MatMut, Out, ProductI8},
    nn::layer::Dense,
    quant::fixed_point::{Multiplier, Output},
};

/// A static layer: `y = clamp(z_y + M_c (sum (q_x - z_x) q_w + bias_c))` with `M_c = s_x s_w / s_y` in fixed point, rounded
/// once, and a ReLU folded into the lower limit. The bias is an integer of scale `s_x s_w`.
///
/// Source: Jacob et al. 2018, arXiv:1712.05877, sections 2.2 to 2.4.
pub(super) fn product(net: &QuantNet, at: usize, rows: &[u8]) -> Vec<u8> {
    let (dense, weights) = (net.dense(at), &net.weights[at]);
    let (from, to) = (net.grids[at], net.grids[at + 1]);
    let output = if net.has_relu(at) { Output::relu } else { Output::plain }(to.by.zero_point, to.range);
    let channels: Vec<(i32, Multiplier)> = (0..dense.n_out)
        .map(|c| {
            let scale = sum_scale(net, at, c);
            (bias_code(dense.bias[c], scale), multiplier(scale / f64::from(to.by.scale)))
        })
        .collect();
    let sums = sums(net.isa, weights, dense, from.by.zero_point, rows);
    let mut codes = vec![0; sums.len()];
    for (codes, sums) in codes.chunks_exact_mut(dense.n_out).zip(sums.chunks_exact(dense.n_out)) {
        for ((code, sum), (bias, by)) in codes.iter_mut().zip(sums).zip(&channels) {
            *code = super::byte(output.code(by.apply_once(sum.saturating_add(*bias)).into()));
        }
    }
    codes
}

/// A dynamic layer: `y = s_x s_w sum (q_x - z_x) q_w + b` in FP32.
pub(super) fn dequantized(net: &QuantNet, at: usize, from: Grid, rows: &[u8]) -> Vec<f32> {
    let (dense, weights) = (net.dense(at), &net.weights[at]);
    let scales: Vec<f32> = (0..dense.n_out).map(|c| weights.scale(c)).collect();
    let n_rows = rows.len() / dense.n_in;
    let mut y = vec![0.0; n_rows * dense.n_out];
    let out = Out::F32 {
        c: MatMut::new(&mut y, n_rows, dense.n_out),
        a_scales: Each::One(from.by.scale),
        b_scales: Each::Each(&scales),
        bias: Some(&dense.bias),
    };
    multiply(net.isa, weights, dense, from.by.zero_point, rows, out);
    y
}

/// The value of one step of a channel's sum: `s_x s_w`.
pub(super) fn sum_scale(net: &QuantNet, at: usize, channel: usize) -> f64 {
    f64::from(net.grids[at].by.scale) * f64::from(net.weights[at].scale(channel))
}

/// The bias as an integer of the given scale; where it does not fit, the nearest that does.
pub(super) fn bias_code(bias: f32, scale: f64) -> i32 {
    // A cast from float saturates.
    (f64::from(bias) / scale).round_ties_even() as i32
}

impl Weights {
    /// The scale of an output channel.
    fn scale(&self, channel: usize) -> f32 {
        self.affines[if self.affines.len() == 1 { 0 } else { channel }].scale
    }
}

/// A multiplier out of the range of fixed point (all weights of a channel are 0, or a range of a few denormals) becomes
/// the nearest one that it has: the channel then gives the lowest or the highest code, as rounding would.
fn multiplier(real: f64) -> Multiplier {
    Multiplier::of(real.clamp(f64::MIN_POSITIVE, f64::from((1 << 30) - 1))).expect("the number was moved into the range")
}

/// `sum (q_x - z_x) q_w` for each row of codes and each output channel, `[rows, n_out]`.
fn sums(isa: Isa, weights: &Weights, dense: &Dense, zero_point: i32, rows: &[u8]) -> Vec<i32> {
    let n_rows = rows.len() / dense.n_in;
    let mut sums = vec![0; n_rows * dense.n_out];
    multiply(isa, weights, dense, zero_point, rows, Out::I32(MatMut::new(&mut sums, n_rows, dense.n_out)));
    sums
}

fn multiply(isa: Isa, weights: &Weights, dense: &Dense, zero_point: i32, rows: &[u8], out: Out) {
    let packed = weights.packed.as_ref().expect("the plan was checked: a net that multiplies codes has codes in every layer");
    let product = ProductI8 {
        a_zeros: Each::One(zero_point),
        ..ProductI8::new(Mat::new(rows, rows.len() / dense.n_in, dense.n_in), packed)
    };
    Gemm::new(isa).i8(&product, out);
}
