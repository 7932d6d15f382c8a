//! GPTQ: quantize a column, then let the columns to come make up for its error.
//!
//! Frantar et al., "GPTQ" (arXiv:2210.17323), after Optimal Brain Quantization (arXiv:2208.11580); the Cholesky form of
//! the reference code (`gptq.py`). With `H = 2 Xᵀ X`, `H⁻¹ = Uᵀ U` and U upper triangular, column i leaves the error
//! `e = (w_i - q_i) / U_ii`, and every later column j takes `w_j <- w_j - e U_ij`.

/// The matrix of the inputs is singular: the columns depend on each other, and damping would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the inputs of this layer depend on each other, so their matrix has no inverse; add damping")]
pub struct Singular;

/// Which column comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they stand.
    AsIs,
    /// The columns with the loudest inputs first (act-order): the largest diagonal of H.
    Loudest,
}

/// `H = 2 Xᵀ X` of inputs `x`, rows of `n` channels: `n * n` numbers.
pub fn hessian(x: &[f64], n: usize) -> Vec<f64> {
    let mut h = vec![0.0; n * n];
    for row in x.chunks_exact(n) {
        for (i, &a) in row.iter().enumerate() {
            for (sum, &b) in h[i * n..(i + 1) * n].iter_mut().zip(row) {
                *sum += 2.0 * a * b;
            }
        }
    }
    h
}

/// A layer on its way: columns before the next are frozen, those behind it hold what is left to make up for.
#[derive(Clone, Debug)]
pub struct Gptq {
    n: usize,
    /// Rows of `n`, by channel.
    weights: Vec<f64>,
    /// Upper triangular, `n * n`, in the order of freezing.
    upper: Vec<f64>,
    order: Vec<usize>,
    next: usize,
}

impl Gptq {
    /// `weights`: rows (output channels) of `n` input channels; `hessian`: `n * n`; `damping`: this share of the mean
    /// diagonal is added to it (0.01 in the paper). A channel that no input reaches is set to 0, as in the reference.
    pub fn new(weights: &[f64], hessian: &[f64], n: usize, damping: f64, order: Order) -> Result<Self, Singular> {
        assert!(n > 0 && weights.len().is_multiple_of(n) && hessian.len() == n * n, "a layer of {n} channels");
        let (mut h, mut weights) = (hessian.to_vec(), weights.to_vec());
        for i in (0..n).filter(|i| hessian[i * n + i] == 0.0) {
            h[i * n + i] = 1.0;
            weights.iter_mut().skip(i).step_by(n).for_each(|w| *w = 0.0);
        }
        let mean = (0..n).map(|i| h[i * n + i]).sum::<f64>() / n as f64;
        (0..n).for_each(|i| h[i * n + i] += damping * mean);
        let mut channels: Vec<usize> = (0..n).collect();
        if order == Order::Loudest {
            channels.sort_by(|&a, &b| h[b * n + b].total_cmp(&h[a * n + a]));
        }
        let sorted: Vec<f64> =
            channels.iter().flat_map(|&i| channels.iter().map(move |&j| (i, j))).map(|(i, j)| h[i * n + j]).collect();
        Ok(Self { n, weights, upper: inverse_factor(&sorted, n).ok_or(Singular)?, order: channels, next: 0 })
    }

    /// Freezes the next column: `quantize(row, weight)` gives the value that each row keeps. The channel that was frozen;
    /// `None` when all are.
    pub fn freeze(&mut self, mut quantize: impl FnMut(usize, f64) -> f64) -> Option<usize> {
        let (i, n) = (self.next, self.n);
        let channel = *self.order.get(i)?;
        let u = &self.upper[i * n..(i + 1) * n];
        for (row_idx, row) in self.weights.chunks_exact_mut(n).enumerate() {
            let kept = quantize(row_idx, row[channel]);
            let error = (row[channel] - kept) / u[i];
            row[channel] = kept;
            for (&later, &factor) in self.order[i + 1..].iter().zip(&u[i + 1..]) {
                row[later] -= error * factor;
            }
        }
        self.next += 1;
        Some(channel)
    }

    /// Freezes all that is left.
    pub fn finish(mut self, mut quantize: impl FnMut(usize, f64) -> f64) -> Vec<f64> {
        while self.freeze(&mut quantize).is_some() {}
        self.weights
    }

    /// Frozen columns hold what they keep, the others what they have become; by channel.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Channels in the order of freezing.
    pub fn order(&self) -> &[usize] {
        &self.order
    }
}

/// `‖(Ŵ - W) Xᵀ‖²`: the squared error of all outputs on the calibration inputs.
pub fn output_loss(weights: &[f64], quantized: &[f64], x: &[f64], n: usize) -> f64 {
    let one_row = |(w, q): (&[f64], &[f64])| {
        let output = |row: &[f64]| row.iter().zip(w.iter().zip(q)).map(|(&x, (&w, &q))| (q - w) * x).sum::<f64>();
        x.chunks_exact(n).map(|row| output(row).powi(2)).sum::<f64>()
    };
    weights.chunks_exact(n).zip(quantized.chunks_exact(n)).map(one_row).sum()
}

/// Upper triangular U with `H⁻¹ = Uᵀ U`, so `H = U⁻¹ U⁻ᵀ`: H is factored from its last row up as `H = R Rᵀ` with R upper
/// triangular, and U is the inverse of R. `None` where H is not positive definite.
fn inverse_factor(h: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut r = vec![0.0; n * n];
    for j in (0..n).rev() {
        let dot = |r: &[f64], i: usize| (j + 1..n).map(|k| r[i * n + k] * r[j * n + k]).sum::<f64>();
        let pivot = h[j * n + j] - dot(&r, j);
        // What is left of a diagonal that only rounding keeps above 0 is no inverse either.
        if pivot.is_nan() || pivot <= 1e-12 * h[j * n + j] {
            return None;
        }
        r[j * n + j] = pivot.sqrt();
        for i in 0..j {
            r[i * n + j] = (h[i * n + j] - dot(&r, i)) / r[j * n + j];
        }
    }
    let mut u = vec![0.0; n * n];
    for j in 0..n {
        u[j * n + j] = 1.0 / r[j * n + j];
        for i in (0..j).rev() {
            let sum: f64 = (i + 1..=j).map(|k| r[i * n + k] * u[k * n + j]).sum();
            u[i * n + j] = -sum / r[i * n + i];
        }
    }
    Some(u)
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 12] = [1.0, 0.9, 0.0, 1.0, 1.1, 0.3, 0.5, -0.5, 1.0, 0.2, 0.1, 1.0];

    #[test]
    fn the_factor_is_that_of_the_inverse() {
        let h = hessian(&X, 3);
        let u = inverse_factor(&h, 3).expect("the columns differ");
        // H Uᵀ U is the identity.
        let inverse = |i: usize, j: usize| (0..3).map(|k| u[k * 3 + i] * u[k * 3 + j]).sum::<f64>();
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| h[i * 3 + k] * inverse(k, j)).sum();
                assert!((product - if i == j { 1.0 } else { 0.0 }).abs() < 1e-12, "{i} {j}: {product}");
            }
        }
    }

    /// The definition: after each column the others move to where the output error is smallest.
    #[test]
    fn what_is_left_moves_to_the_least_output_error() {
        let weights = [0.4, -1.3, 0.7];
        let mut layer = Gptq::new(&weights, &hessian(&X, 3), 3, 0.0, Order::AsIs).expect("the columns differ");
        layer.freeze(|_, w| w.round());
        let least = output_loss(&weights, layer.weights(), &X, 3);
        for (idx, by) in [(1, 1e-3), (1, -1e-3), (2, 1e-3), (2, -1e-3)] {
            let mut moved = layer.weights().to_vec();
            moved[idx] += by;
            assert!(output_loss(&weights, &moved, &X, 3) > least, "channel {idx} by {by}");
        }
    }

    #[test]
    fn inputs_that_depend_on_each_other_need_damping() {
        let twins = [1.0, 1.0, 2.0, 2.0];
        let new = |damping| Gptq::new(&[0.3, 0.3], &hessian(&twins, 2), 2, damping, Order::AsIs);
        assert_eq!(new(0.0).err(), Some(Singular));
        assert!(new(0.01).is_ok());
    }

    #[test]
    fn a_channel_that_no_input_reaches_becomes_zero_and_the_loudest_goes_first() {
        let x = [0.0, 1.0, 5.0, 0.0, -1.0, 4.0];
        let layer = Gptq::new(&[0.3, 0.3, 0.3], &hessian(&x, 3), 3, 0.01, Order::Loudest).expect("damped");
        assert_eq!(layer.order(), [2, 1, 0]);
        assert_eq!(layer.finish(|_, w| w)[0], 0.0);
    }
}
