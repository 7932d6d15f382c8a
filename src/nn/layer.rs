//! What a net is made of. Activations are `[image, row, column, channel]`, so that a convolution is a matrix product
//! over patches and its output needs no reordering.

/// The shape of one image's activations; a vector is `1 x 1 x n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub rows: usize,
    pub cols: usize,
    pub channels: usize,
}

impl Shape {
    /// Values of one image.
    pub fn len(self) -> usize {
        self.rows * self.cols * self.channels
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Rows times columns.
    pub fn n_places(self) -> usize {
        self.rows * self.cols
    }
}

/// A weight matrix with its bias: `y = W x + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Row-major `[n_out, n_in]`: a row is an output channel.
    pub weight: Vec<f32>,
    /// `[n_out]`.
    pub bias: Vec<f32>,
    pub n_in: usize,
    pub n_out: usize,
}

/// Batch norm over channels, as it runs after training: `gamma (x - mean) / sqrt(var + EPS) + beta`.
///
/// Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
    pub mean: Vec<f32>,
    pub var: Vec<f32>,
}

impl Norm {
    /// Keeps the division away from 0.
    pub const EPS: f32 = 1e-5;

    /// Factor and offset of a channel: the norm is `factor * x + offset`.
    pub fn line(&self, channel: usize) -> (f32, f32) {
        let factor = self.gamma[channel] / (self.var[channel] + Self::EPS).sqrt();
        (factor, self.beta[channel] - self.mean[channel] * factor)
    }
}

/// One layer of a [`super::Net`].
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// All values of an image in, `n_out` values out.
    Linear(Dense),
    /// 3 x 3 patches with a border of zeros, stride 1; `n_in` is 9 times the channels, patch rows first.
    Conv(Dense),
    Norm(Norm),
    Relu,
    /// The largest of each 2 x 2 patch.
    MaxPool,
}

impl Layer {
    /// The shape behind the layer. Panics where the layer does not fit `shape`.
    pub fn output(&self, shape: Shape) -> Shape {
        match self {
            Self::Linear(dense) => {
                assert_eq!(dense.n_in, shape.len(), "a linear layer takes all values of an image");
                Shape { rows: 1, cols: 1, channels: dense.n_out }
            }
            Self::Conv(dense) => {
                assert_eq!(dense.n_in, 9 * shape.channels, "a convolution takes 3 x 3 patches of all channels");
                Shape { channels: dense.n_out, ..shape }
            }
            Self::Norm(norm) => {
                assert_eq!(norm.gamma.len(), shape.channels, "a norm has one line for each channel");
                shape
            }
            Self::Relu => shape,
            Self::MaxPool => Shape { rows: shape.rows / 2, cols: shape.cols / 2, ..shape },
        }
    }

    /// The weights, where the layer has a matrix.
    pub fn dense(&self) -> Option<&Dense> {
        match self {
            Self::Linear(dense) | Self::Conv(dense) => Some(dense),
            _ => None,
        }
    }

    pub fn dense_mut(&mut self) -> Option<&mut Dense> {
        match self {
            Self::Linear(dense) | Self::Conv(dense) => Some(dense),
            _ => None,
        }
    }
}
