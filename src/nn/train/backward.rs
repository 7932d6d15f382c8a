//! Gradients of the mean cross-entropy over a batch.

use crate::nn::{
    layer::{Dense, Layer, Norm, Shape},
    net::Net,
    ops::{add_patches, axpy, max_pool_places, patches},
};

/// How far a batch moves the running mean and variance of a norm.
const MOMENTUM: f32 = 0.1;

/// One slice for each of the net's parameter slices, in their order.
pub(super) struct Gradients {
    pub(super) slices: Vec<Vec<f32>>,
}

/// What a layer keeps of the way forward for the way back.
enum Kept {
    /// The rows that were multiplied: inputs, or patches.
    Rows(Vec<f32>),
    /// The normalised values, and 1 / sqrt(var + eps) of each channel.
    Norm(Vec<f32>, Vec<f32>),
    /// Where the output is positive.
    Positive(Vec<bool>),
    /// Where each output came from.
    From(Vec<usize>),
}

impl Gradients {
    /// Runs a batch forward (norms by the statistics of the batch, which also move the running ones) and back; also gives
    /// the mean loss in nats.
    pub(super) fn of(net: &mut Net, images: &[f32], labels: &[u8]) -> (Self, f64) {
        let shapes = net.shapes();
        let mut x = images.to_vec();
        let mut kept = Vec::with_capacity(net.layers.len());
        for (layer, shape) in net.layers.iter_mut().zip(&shapes) {
            let (y, keep) = forward(layer, *shape, x);
            x = y;
            kept.push(keep);
        }
        let (mut gradient, loss) = cross_entropy(&x, labels);
        let mut slices = Vec::new();
        for ((layer, shape), keep) in net.layers.iter().zip(&shapes).zip(kept).rev() {
            let (back, parameters) = backward(layer, *shape, keep, &gradient);
            gradient = back;
            slices.extend(parameters.into_iter().rev());
        }
        slices.reverse();
        (Self { slices }, loss)
    }
}

fn forward(layer: &mut Layer, shape: Shape, x: Vec<f32>) -> (Vec<f32>, Kept) {
    match layer {
        Layer::Linear(dense) => (dense.apply(&x), Kept::Rows(x)),
        Layer::Conv(dense) => {
            let rows = patches(&x, shape, 0.0);
            (dense.apply(&rows), Kept::Rows(rows))
        }
        Layer::Norm(norm) => normalise(norm, &x),
        Layer::Relu => {
            let positive: Vec<bool> = x.iter().map(|x| *x > 0.0).collect();
            (x.iter().map(|x| x.max(0.0)).collect(), Kept::Positive(positive))
        }
        Layer::MaxPool => {
            let (values, from) = max_pool_places(&x, shape);
            (values, Kept::From(from))
        }
    }
}

/// By mean and variance of the batch, channel by channel.
fn normalise(norm: &mut Norm, x: &[f32]) -> (Vec<f32>, Kept) {
    let n_channels = norm.gamma.len();
    let n = (x.len() / n_channels) as f32;
    let mut mean = vec![0.0; n_channels];
    x.chunks_exact(n_channels).for_each(|row| axpy(1.0 / n, row, &mut mean));
    let mut var = vec![0.0; n_channels];
    for row in x.chunks_exact(n_channels) {
        for ((v, x), m) in var.iter_mut().zip(row).zip(&mean) {
            *v += (x - m) * (x - m) / n;
        }
    }
    let inverse: Vec<f32> = var.iter().map(|v| 1.0 / (v + Norm::EPS).sqrt()).collect();
    let mut hat = Vec::with_capacity(x.len());
    for row in x.chunks_exact(n_channels) {
        hat.extend(row.iter().zip(&mean).zip(&inverse).map(|((x, m), i)| (x - m) * i));
    }
    let line = norm.gamma.iter().zip(&norm.beta);
    let y = hat.iter().zip(line.cycle()).map(|(h, (gamma, beta))| gamma * h + beta).collect();
    for (running, batch) in [(&mut norm.mean, &mean), (&mut norm.var, &var)] {
        running.iter_mut().zip(batch).for_each(|(r, b)| *r += MOMENTUM * (b - *r));
    }
    (y, Kept::Norm(hat, inverse))
}

/// Gradient of the scores `[n, 10]`, and the mean loss.
fn cross_entropy(scores: &[f32], labels: &[u8]) -> (Vec<f32>, f64) {
    let n_classes = scores.len() / labels.len();
    let mut gradient = Vec::with_capacity(scores.len());
    let mut loss = 0.0;
    for (scores, &label) in scores.chunks_exact(n_classes).zip(labels) {
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exps: Vec<f32> = scores.iter().map(|s| libm::expf(s - highest)).collect();
        let sum: f32 = exps.iter().sum();
        loss += f64::from(libm::logf(sum) - (scores[usize::from(label)] - highest));
        gradient.extend(exps.iter().enumerate().map(|(class, e)| {
            let target = if class == usize::from(label) { 1.0 } else { 0.0 };
            (e / sum - target) / labels.len() as f32
        }));
    }
    (gradient, loss / labels.len() as f64)
}

/// Gradient of the layer's input, and of its parameters.
fn backward(layer: &Layer, shape: Shape, kept: Kept, gradient: &[f32]) -> (Vec<f32>, Vec<Vec<f32>>) {
    match (layer, kept) {
        (Layer::Linear(dense), Kept::Rows(rows)) => dense_backward(dense, &rows, gradient),
        (Layer::Conv(dense), Kept::Rows(rows)) => {
            let (back, parameters) = dense_backward(dense, &rows, gradient);
            let mut x = vec![0.0; rows.len() / 9];
            add_patches(&back, shape, &mut x);
            (x, parameters)
        }
        (Layer::Norm(norm), Kept::Norm(hat, inverse)) => norm_backward(norm, &hat, &inverse, gradient),
        (_, Kept::Positive(positive)) => {
            (gradient.iter().zip(positive).map(|(g, positive)| if positive { *g } else { 0.0 }).collect(), vec![])
        }
        (_, Kept::From(from)) => {
            let mut x = vec![0.0; gradient.len() * 4];
            from.iter().zip(gradient).for_each(|(&at, g)| x[at] += g);
            (x, vec![])
        }
        (layer, _) => unreachable!("{layer:?} keeps what its own way forward made"),
    }
}

fn dense_backward(dense: &Dense, rows: &[f32], gradient: &[f32]) -> (Vec<f32>, Vec<Vec<f32>>) {
    let (mut weight, mut bias) = (vec![0.0; dense.weight.len()], vec![0.0; dense.bias.len()]);
    let mut back = vec![0.0; rows.len()];
    for ((x, g), back) in
        rows.chunks_exact(dense.n_in).zip(gradient.chunks_exact(dense.n_out)).zip(back.chunks_exact_mut(dense.n_in))
    {
        axpy(1.0, g, &mut bias);
        for ((g, dw), w) in g.iter().zip(weight.chunks_exact_mut(dense.n_in)).zip(dense.weight.chunks_exact(dense.n_in)) {
            axpy(*g, x, dw);
            axpy(*g, w, back);
        }
    }
    (back, vec![weight, bias])
}

/// The batch's own mean and variance depend on every value: `dx = gamma inverse (g - mean(g) - hat mean(g hat))`.
fn norm_backward(norm: &Norm, hat: &[f32], inverse: &[f32], gradient: &[f32]) -> (Vec<f32>, Vec<Vec<f32>>) {
    let n_channels = norm.gamma.len();
    let n = (hat.len() / n_channels) as f32;
    let (mut d_gamma, mut d_beta) = (vec![0.0; n_channels], vec![0.0; n_channels]);
    for (g, h) in gradient.chunks_exact(n_channels).zip(hat.chunks_exact(n_channels)) {
        axpy(1.0, g, &mut d_beta);
        d_gamma.iter_mut().zip(g.iter().zip(h)).for_each(|(d, (g, h))| *d += g * h);
    }
    let mut back = Vec::with_capacity(hat.len());
    for (g, h) in gradient.chunks_exact(n_channels).zip(hat.chunks_exact(n_channels)) {
        back.extend((0..n_channels).map(|c| norm.gamma[c] * inverse[c] * (g[c] - d_beta[c] / n - h[c] * d_gamma[c] / n)));
    }
    (back, vec![d_gamma, d_beta])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Digits, train::Recipe, train::train};

    /// Against central differences, for a few parameters of every slice of both nets.
    #[test]
    fn gradients_are_those_of_the_loss() {
        let set = Digits::embedded().train.first(6);
        for mut net in [Net::mlp(3), Net::conv(3)] {
            let (gradients, _) = Gradients::of(&mut net, &set.images, &set.labels);
            for slice in 0..gradients.slices.len() {
                let n = gradients.slices[slice].len();
                for at in [0, n / 2, n - 1] {
                    let loss = |by: f32| {
                        let mut moved = net.clone();
                        moved.parameters()[slice][at] += by;
                        Gradients::of(&mut moved, &set.images, &set.labels).1
                    };
                    let (step, expected) = (2e-3, f64::from(gradients.slices[slice][at]));
                    let slope = (loss(step) - loss(-step)) / (2.0 * f64::from(step));
                    // A ReLU or a pool that switches inside the step bends the loss a little.
                    assert!(
                        (slope - expected).abs() < 0.1 * expected.abs().max(0.05),
                        "slice {slice} at {at}: {slope} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn training_stops_when_it_is_told_to() {
        let set = Digits::embedded().calibration;
        let recipe = Recipe { n_epochs: 5, batch: 32, rate: 1e-2, decay: 0.0, seed: 1 };
        let mut epochs = 0;
        let stopped = train(&mut Net::mlp(1), &set, &recipe, &mut |_| {
            epochs += 1;
            if epochs == 2 { Err("enough") } else { Ok(()) }
        });
        assert_eq!((stopped, epochs), (Err("enough"), 2));
    }
}
