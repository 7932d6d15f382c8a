//! Moving scale between layers, and taking the mean out of the error.
//!
//! Nagel et al., "Data-free quantization through weight equalization and bias correction" (arXiv:1906.04721); the scales
//! as AIMET computes them.

use crate::quant::density::Density;

/// The factor of each channel between two layers: row i of the first is divided by `s_i`, column i of the second
/// multiplied, which a ReLU between them does not notice. `s_i = sqrt(r1_i r2_i) / r2_i`; afterwards both ranges are
/// `sqrt(r1_i r2_i)`. A channel without a range (0, or not finite) on either side keeps the factor 1.
pub fn scales(r1: &[f64], r2: &[f64]) -> Vec<f64> {
    assert_eq!(r1.len(), r2.len());
    let sound = |r: f64| r > 0.0 && r.is_finite();
    let one = |(&r1, &r2): (&f64, &f64)| if sound(r1) && sound(r2) { (r1 / r2).sqrt() } else { 1.0 };
    r1.iter().zip(r2).map(one).collect()
}

/// `b - (Ŵ - W) E[x]` of each output: what the error of the weights does to the mean is taken off the bias. `weights`
/// and `quantized` are rows of `mean_input.len()`.
pub fn corrected_bias(bias: &[f64], weights: &[f64], quantized: &[f64], mean_input: &[f64]) -> Vec<f64> {
    let n = mean_input.len().max(1);
    let rows = weights.chunks_exact(n).zip(quantized.chunks_exact(n));
    let shift = |(w, q): (&[f64], &[f64])| w.iter().zip(q).zip(mean_input).map(|((w, q), x)| (q - w) * x).sum::<f64>();
    bias.iter().zip(rows).map(|(b, row)| b - shift(row)).collect()
}

/// The mean of `max(0, x)` for a Gaussian x: `sigma phi(mu / sigma) + mu Phi(mu / sigma)`; `max(0, mu)` without a spread.
pub fn relu_mean(mu: f64, sigma: f64) -> f64 {
    if sigma > 0.0 {
        let x = mu / sigma;
        sigma * Density::Gaussian.at(x) + mu * Density::Gaussian.above(-x)
    } else {
        mu.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_channel_keeps_its_scale() {
        assert_eq!(scales(&[0.0, 4.0, f64::INFINITY], &[1.0, 0.0, 1.0]), [1.0, 1.0, 1.0]);
        assert_eq!((relu_mean(2.0, 0.0), relu_mean(-2.0, 0.0)), (2.0, 0.0));
    }

    #[test]
    fn a_corrected_bias_has_the_mean_of_the_float_layer() {
        let (w, q, x) = ([0.4, -0.3], [0.0, 0.0], [2.0, 1.0]);
        let corrected = corrected_bias(&[1.0], &w, &q, &x);
        let mean = |w: &[f64], b: f64| w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + b;
        assert!((mean(&q, corrected[0]) - mean(&w, 1.0)).abs() < 1e-12);
    }
}
