//! Folding batch norm into the layer before it.

use super::{
    layer::{Layer, Norm},
    net::Net,
};

impl Net {
    /// The same function without batch norm: `W' = factor W`, `b' = factor b + offset` with the line of each channel, so
    /// that `W' = gamma W / sqrt(var + eps)` and `b' = beta + (b - mean) gamma / sqrt(var + eps)`.
    ///
    /// A norm that follows no matrix stays as it is. Source: Jacob et al. 2018, arXiv:1712.05877, section 3.2.
    pub fn folded(&self) -> Self {
        let mut layers: Vec<Layer> = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            match (layer, layers.last_mut().and_then(Layer::dense_mut)) {
                (Layer::Norm(norm), Some(dense)) => {
                    for (channel, row) in dense.weight.chunks_exact_mut(dense.n_in).enumerate() {
                        let (factor, offset) = norm.line(channel);
                        row.iter_mut().for_each(|w| *w *= factor);
                        dense.bias[channel] = dense.bias[channel] * factor + offset;
                    }
                }
                _ => layers.push(layer.clone()),
            }
        }
        Self { input: self.input, layers }
    }
}

impl Norm {
    /// The norm that changes nothing, of so many channels.
    pub fn identity(n: usize) -> Self {
        Self { gamma: vec![1.0; n], beta: vec![0.0; n], mean: vec![0.0; n], var: vec![1.0; n] }
    }
}
