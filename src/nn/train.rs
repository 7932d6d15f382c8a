//! Training from a seed: Adam on the cross-entropy of softmax, mini-batches, no regularisation.

mod backward;

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use super::{
    Digits, Set,
    layer::{Dense, Layer, Norm, Shape},
    net::Net,
};
use backward::Gradients;

/// How a net is made and trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Passes over the training set.
    pub n_epochs: usize,
    pub batch: usize,
    /// Adam's step size; it falls to 0 along a half cosine.
    pub rate: f32,
    /// Share of each weight that a step of size 1 takes away (Loshchilov and Hutter 2019, arXiv:1711.05101).
    pub decay: f32,
    pub seed: u64,
}

impl Recipe {
    /// For [`Net::mlp`]: about 97 % of the test images.
    pub fn mlp(seed: u64) -> Self {
        Self { n_epochs: 60, batch: 64, rate: 5e-3, decay: 0.1, seed }
    }

    /// For [`Net::conv`]: about 98 % of the test images.
    pub fn conv(seed: u64) -> Self {
        Self { n_epochs: 20, batch: 32, rate: 1e-2, decay: 0.0, seed }
    }
}

/// Where training stands, told after every epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Epochs done.
    pub epoch: usize,
    /// Mean cross-entropy over the epoch, in nats.
    pub loss: f64,
}

impl Net {
    /// The perceptron 64-32-32-10 with weights drawn from a seed (He et al. 2015, arXiv:1502.01852).
    pub fn mlp(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let layers = vec![
            Layer::Linear(Dense::drawn(64, 32, &mut rng)),
            Layer::Relu,
            Layer::Linear(Dense::drawn(32, 32, &mut rng)),
            Layer::Relu,
            Layer::Linear(Dense::drawn(32, 10, &mut rng)),
        ];
        Self { input: Shape { rows: 1, cols: 1, channels: Digits::PIXELS }, layers }
    }

    /// The convolutional net: two convolutions with batch norm (8 and 16 channels), each halved by a pool, and a linear
    /// layer.
    pub fn conv(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let layers = vec![
            Layer::Conv(Dense::drawn(9, 8, &mut rng)),
            Layer::Norm(Norm::identity(8)),
            Layer::Relu,
            Layer::MaxPool,
            Layer::Conv(Dense::drawn(72, 16, &mut rng)),
            Layer::Norm(Norm::identity(16)),
            Layer::Relu,
            Layer::MaxPool,
            Layer::Linear(Dense::drawn(64, 10, &mut rng)),
        ];
        Self { input: Shape { rows: 8, cols: 8, channels: 1 }, layers }
    }
}

impl Dense {
    /// Gaussian weights of variance 2 / n_in, bias 0.
    fn drawn(n_in: usize, n_out: usize, rng: &mut ChaCha8Rng) -> Self {
        let normal = Normal::new(0.0, libm::sqrtf(2.0 / n_in as f32)).expect("the deviation is positive and finite");
        let weight = (0..n_in * n_out).map(|_| normal.sample(rng)).collect();
        Self { weight, bias: vec![0.0; n_out], n_in, n_out }
    }
}

/// Trains a net in place. `step` hears of every epoch and ends the training with its error; the net is then as the last
/// batch left it.
pub fn train<E>(net: &mut Net, set: &Set, recipe: &Recipe, step: &mut dyn FnMut(Progress) -> Result<(), E>) -> Result<(), E> {
    let mut rng = ChaCha8Rng::seed_from_u64(recipe.seed);
    let mut order: Vec<usize> = (0..set.len()).collect();
    let mut adam = Adam::of(net);
    let n_batches = set.len().div_ceil(recipe.batch).max(1);
    let n_steps = (recipe.n_epochs * n_batches) as f32;
    for epoch in 0..recipe.n_epochs {
        order.shuffle(&mut rng);
        let mut loss = 0.0;
        for (idx, batch) in order.chunks(recipe.batch).enumerate() {
            let images: Vec<f32> = batch.iter().flat_map(|&i| set.image(i)).copied().collect();
            let labels: Vec<u8> = batch.iter().map(|&i| set.labels[i]).collect();
            let (gradients, batch_loss) = Gradients::of(net, &images, &labels);
            let at = (epoch * n_batches + idx) as f32 / n_steps;
            let rate = recipe.rate * 0.5 * (1.0 + libm::cosf(std::f32::consts::PI * at));
            adam.apply(net, &gradients, rate, recipe.decay);
            loss += batch_loss * batch.len() as f64;
        }
        step(Progress { epoch: epoch + 1, loss: loss / set.len().max(1) as f64 })?;
    }
    Ok(())
}

/// Kingma and Ba 2015, arXiv:1412.6980, with its usual constants.
struct Adam {
    /// First and second moments, for each parameter slice of the net.
    moments: Vec<(Vec<f32>, Vec<f32>)>,
    /// `BETA_1^t`, `BETA_2^t`.
    powers: (f32, f32),
}

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPS: f32 = 1e-8;

impl Adam {
    fn of(net: &mut Net) -> Self {
        Self { moments: net.parameters().iter().map(|p| (vec![0.0; p.len()], vec![0.0; p.len()])).collect(), powers: (1.0, 1.0) }
    }

    fn apply(&mut self, net: &mut Net, gradients: &Gradients, rate: f32, decay: f32) {
        self.powers = (self.powers.0 * BETA_1, self.powers.1 * BETA_2);
        let keep = 1.0 - rate * decay;
        let rate = rate * libm::sqrtf(1.0 - self.powers.1) / (1.0 - self.powers.0);
        for ((parameters, gradient), (m, v)) in net.parameters().into_iter().zip(&gradients.slices).zip(&mut self.moments) {
            for (((p, g), m), v) in parameters.iter_mut().zip(gradient).zip(m).zip(v) {
                *m += (1.0 - BETA_1) * (g - *m);
                *v += (1.0 - BETA_2) * (g * g - *v);
                *p = *p * keep - rate * *m / (v.sqrt() + EPS);
            }
        }
    }
}

impl Net {
    /// What training moves, layer by layer: weights and biases, factors and offsets of norms.
    pub(super) fn parameters(&mut self) -> Vec<&mut [f32]> {
        let mut out: Vec<&mut [f32]> = Vec::new();
        for layer in &mut self.layers {
            match layer {
                Layer::Linear(dense) | Layer::Conv(dense) => out.extend([&mut dense.weight[..], &mut dense.bias[..]]),
                Layer::Norm(norm) => out.extend([&mut norm.gamma[..], &mut norm.beta[..]]),
                Layer::Relu | Layer::MaxPool => {}
            }
        }
        out
    }
}
