//! A net in FP32.

use std::ops::Range;

use super::{
    Set,
    layer::{Dense, Layer, Shape},
    ops::{dot, max_pool, patches},
};
use crate::kernel::{Gemm, Isa, Mat, MatMut};

/// Layers in the order of execution. The last one gives a score for each class.
#[derive(Clone, Debug, PartialEq)]
pub struct Net {
    pub input: Shape,
    pub layers: Vec<Layer>,
}

impl Net {
    /// The shape in front of each layer, and behind the last. Panics where a layer does not fit the one before it.
    pub fn shapes(&self) -> Vec<Shape> {
        let mut shapes = vec![self.input];
        for layer in &self.layers {
            shapes.push(layer.output(shapes[shapes.len() - 1]));
        }
        shapes
    }

    /// Scores `[n, classes]` of `n` images `[n, input]`. Sums are added in an order that depends on the instruction set.
    pub fn scores_on(&self, isa: Isa, images: &[f32]) -> Vec<f32> {
        self.part_on(isa, 0..self.layers.len(), images)
    }

    /// What some layers make of the activations in front of the first of them, as [`Net::scores_on`] computes it. Panics
    /// beyond the last layer.
    pub fn part_on(&self, isa: Isa, layers: Range<usize>, x: &[f32]) -> Vec<f32> {
        let shapes = self.shapes();
        layers
            .fold(x.to_vec(), |x, idx| forward(&self.layers[idx], shapes[idx], &x, &mut |dense, rows| dense.apply_on(isa, rows)))
    }

    /// The activations in front of each layer and behind the last, each `[n, shape]`; the same on every machine.
    pub fn activations(&self, images: &[f32]) -> Vec<Vec<f32>> {
        let mut out = vec![images.to_vec()];
        for (layer, shape) in self.layers.iter().zip(self.shapes()) {
            out.push(forward(layer, shape, &out[out.len() - 1], &mut Dense::apply));
        }
        out
    }

    /// The class with the highest score for each image; the first of equals.
    pub fn classes_on(&self, isa: Isa, images: &[f32]) -> Vec<u8> {
        let n_classes = self.shapes().last().map_or(1, |shape| shape.len());
        self.scores_on(isa, images).chunks_exact(n_classes).map(best).collect()
    }

    /// Share of a set that the net reads right, in percent.
    pub fn accuracy_on(&self, isa: Isa, set: &Set) -> f64 {
        accuracy(&self.classes_on(isa, &set.images), &set.labels)
    }

    /// The layers that have a weight matrix, in order, with their place in [`Net::layers`].
    pub fn dense_layers(&self) -> impl Iterator<Item = (usize, &Dense)> {
        self.layers.iter().enumerate().filter_map(|(idx, layer)| Some((idx, layer.dense()?)))
    }
}

/// The place of the highest score; the first of equals.
pub fn best<T: Copy + PartialOrd>(scores: &[T]) -> u8 {
    let best = scores.iter().enumerate().fold(0, |b, (i, s)| if *s > scores[b] { i } else { b });
    u8::try_from(best).unwrap_or(u8::MAX)
}

/// Equal places of two lists in percent; 0 of nothing.
pub(super) fn accuracy(got: &[u8], labels: &[u8]) -> f64 {
    let right = got.iter().zip(labels).filter(|(got, label)| got == label).count();
    100.0 * right as f64 / labels.len().max(1) as f64
}

/// A matrix times rows of values.
type Product<'a> = &'a mut dyn FnMut(&Dense, &[f32]) -> Vec<f32>;

fn forward(layer: &Layer, shape: Shape, x: &[f32], product: Product) -> Vec<f32> {
    match layer {
        Layer::Linear(dense) => product(dense, x),
        Layer::Conv(dense) => product(dense, &patches(x, shape, 0.0)),
        Layer::Norm(norm) => {
            let lines: Vec<(f32, f32)> = (0..shape.channels).map(|c| norm.line(c)).collect();
            x.iter().zip(lines.iter().cycle()).map(|(x, (factor, offset))| factor * x + offset).collect()
        }
        Layer::Relu => x.iter().map(|x| x.max(0.0)).collect(),
        Layer::MaxPool => max_pool(x, shape),
    }
}

impl Dense {
    /// `W x + b` for rows of `n_in` values; the same on every machine.
    pub fn apply(&self, x: &[f32]) -> Vec<f32> {
        let mut y = Vec::with_capacity(x.len() / self.n_in * self.n_out);
        for x in x.chunks_exact(self.n_in) {
            y.extend(self.weight.chunks_exact(self.n_in).zip(&self.bias).map(|(w, b)| dot(w, x) + b));
        }
        y
    }

    /// The same through the kernels of an instruction set.
    pub fn apply_on(&self, isa: Isa, x: &[f32]) -> Vec<f32> {
        let n_rows = x.len() / self.n_in;
        let columns: Vec<f32> = (0..self.n_in).flat_map(|i| self.weight.iter().skip(i).step_by(self.n_in)).copied().collect();
        let mut y = vec![0.0; n_rows * self.n_out];
        let weights = Mat::new(&columns, self.n_in, self.n_out);
        Gemm::new(isa).f32(Mat::new(x, n_rows, self.n_in), weights, MatMut::new(&mut y, n_rows, self.n_out));
        y.chunks_exact_mut(self.n_out).for_each(|row| row.iter_mut().zip(&self.bias).for_each(|(y, b)| *y += b));
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Norm;

    /// A convolution of one channel with the kernel that keeps the middle, then a pool: by hand.
    #[test]
    fn a_net_computes_what_its_layers_say() {
        let mut kernel = vec![0.0; 9];
        kernel[4] = 2.0;
        let net = Net {
            input: Shape { rows: 2, cols: 2, channels: 1 },
            layers: vec![
                Layer::Conv(Dense { weight: kernel, bias: vec![-3.0], n_in: 9, n_out: 1 }),
                Layer::Norm(Norm { gamma: vec![1.0], beta: vec![0.5], mean: vec![0.0], var: vec![1.0 - Norm::EPS] }),
                Layer::Relu,
                Layer::MaxPool,
                Layer::Linear(Dense { weight: vec![1.0, -1.0], bias: vec![0.0, 10.0], n_in: 1, n_out: 2 }),
            ],
        };
        for isa in Isa::available() {
            assert_eq!(net.scores_on(isa, &[1.0, 2.0, 3.0, 0.0]), [3.5, 6.5], "{}", isa.name());
        }
        assert_eq!(net.activations(&[1.0, 2.0, 3.0, 0.0])[5], [3.5, 6.5]);
        assert_eq!(net.classes_on(Isa::SCALAR, &[1.0, 2.0, 3.0, 0.0, 9.0, 0.0, 0.0, 0.0]), [1, 0]);
    }
}
