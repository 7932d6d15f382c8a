//! What the labs on the digits nets share: their parameters, the net in hand, and how its answers are judged.

mod widths;

use std::sync::Arc;

use super::{
    Ctx, LabError, ParamSpec, Params,
    row::{SCHEMES, choice, doubling, granularity, int, option, scheme},
};
use crate::{
    kernel::{Errors, Isa, Rounding},
    nn::{Arch, Dense, Digits, Layer, Net, Set},
    quant::{Clip, Config, Granularity, ScaleFormat, Scheme},
    tensor::Tensor,
};

pub(super) use widths::{Mix, Outcome, Scan, WIDTHS, outcomes, scan};

pub(super) const NET: ParamSpec = choice(
    "net",
    "net",
    &[option("mlp", "MLP 64-32-32-10"), option("conv", "conv net")],
    "mlp",
    "which net is quantized; its batch norm is folded first",
);

pub(super) const TRAINING: ParamSpec =
    int("seed", "training seed", (1, 999, 1), 1, "1 to 5 come with the program; another seed trains the net here, in seconds");

pub(super) const GRANULARITY: ParamSpec = choice(
    "granularity",
    "one scale for",
    &[option("tensor", "a tensor"), option("row", "an output channel"), option("group", "a group")],
    "tensor",
    "which weights share a scale; groups lie along the sum, so their codes cannot be multiplied as they are",
);

pub(super) const GROUP: ParamSpec = doubling("group", "group size", (8, 64), 16, "neighbours of a row that share a scale");

pub(super) const SCHEME: ParamSpec =
    choice("scheme", "scheme", SCHEMES, "symmetric", "codes of the weights; with a zero point they are only stored as codes");

pub(super) const CLIP: ParamSpec = choice(
    "clip",
    "weight range",
    &[option("abs_max", "largest magnitude"), option("mse", "least error")],
    "abs_max",
    "which part of the weights the codes cover",
);

/// How weights of a width are quantized, by the controls that a lab has: symmetric where it has no scheme.
pub(super) fn config(params: &Params, bits: u32) -> Config {
    Config {
        bits,
        scheme: if params.index("scheme").is_some() { scheme(params) } else { Scheme::Symmetric },
        granularity: granularity(params),
        clip: if params.choice("clip") == "mse" { Clip::Mse } else { Clip::AbsMax },
        rounding: Rounding::Even,
        scale_format: ScaleFormat::F16,
    }
}

/// A trained net without batch norm, the images, and what it says of them in FP32.
pub(super) struct Subject {
    pub arch: Arch,
    pub seed: u64,
    pub net: Net,
    pub digits: Arc<Digits>,
    pub isa: Isa,
    /// `[n, 10]` on the test images.
    pub scores: Arc<[f32]>,
    pub float: Verdict,
}

/// Answers to the test images.
pub(super) struct Verdict {
    pub classes: Vec<u8>,
    /// Percent.
    pub accuracy: f64,
    /// Images with the answer of the FP32 net, in percent.
    pub agreement: f64,
    /// Of the scores against those of the FP32 net.
    pub sqnr_db: f64,
}

pub(super) const N_CLASSES: usize = 10;

impl Subject {
    pub(super) fn new(params: &Params, ctx: &Ctx) -> Result<Self, LabError> {
        let arch = if params.choice("net") == "conv" { Arch::Conv } else { Arch::Mlp };
        Self::of(arch, params.int("seed") as u64, ctx)
    }

    pub(super) fn of(arch: Arch, seed: u64, ctx: &Ctx) -> Result<Self, LabError> {
        ctx.step(0, 1)?;
        let net = ctx.sources.net(arch, seed, &mut |done, total| ctx.step(done, total))?.folded();
        let digits = ctx.sources.digits();
        let isa = ctx.machine.isa;
        let scores = float_scores(arch, seed, &net, ctx)?;
        let float = judged(&scores, &scores, &digits.test);
        Ok(Self { arch, seed, net, digits, isa, scores, float })
    }

    pub(super) fn test(&self) -> &Set {
        &self.digits.test
    }

    pub(super) fn judge(&self, scores: &[f32]) -> Verdict {
        judged(scores, &self.scores, &self.digits.test)
    }

    /// The matrix of a layer, from 0.
    pub(super) fn dense(&self, layer: usize) -> &Dense {
        self.net.dense_layers().nth(layer).expect("either net has three matrices").1
    }

    /// What the net takes in FP32: weights and biases.
    pub(super) fn float_bytes(&self) -> u64 {
        self.net.dense_layers().map(|(_, dense)| 4 * (dense.weight.len() + dense.bias.len()) as u64).sum()
    }
}

/// The scores of a net on the test images in FP32; computed once.
fn float_scores(arch: Arch, seed: u64, net: &Net, ctx: &Ctx) -> Result<Arc<[f32]>, LabError> {
    let made = ctx.sources.made(format!("scores {arch:?} {seed} {}", ctx.machine.isa.name()), || {
        let data = net.scores_on(ctx.machine.isa, &ctx.sources.digits().test.images);
        Ok::<_, LabError>(Tensor { data: Arc::from(data), cols: N_CLASSES })
    });
    Ok(Arc::clone(&made?.data))
}

fn judged(scores: &[f32], float: &[f32], test: &Set) -> Verdict {
    let (classes, answers) = (classes(scores), classes(float));
    let share = |same: usize| 100.0 * same as f64 / test.len().max(1) as f64;
    let right = classes.iter().zip(&test.labels).filter(|(got, label)| got == label).count();
    let same = classes.iter().zip(&answers).filter(|(a, b)| a == b).count();
    Verdict { classes, accuracy: share(right), agreement: share(same), sqnr_db: Errors::between(float, scores).sqnr_db() }
}

/// The class with the highest score of each image; the first of equals.
pub(super) fn classes(scores: &[f32]) -> Vec<u8> {
    scores.chunks_exact(N_CLASSES).map(crate::nn::best).collect()
}

/// Bits of a layer's codes with their scales and zero points.
pub(super) fn stored_bits(subject: &Subject, layer: usize, config: &Config) -> u64 {
    let dense = subject.dense(layer);
    let n_groups = match config.granularity {
        Granularity::Row => dense.n_out,
        Granularity::Group(size) => dense.n_out * dense.n_in.div_ceil(size),
        _ => 1,
    };
    u64::from(config.bits) * dense.weight.len() as u64 + u64::from(config.meta_bits()) * n_groups as u64
}

/// Bytes of a stored net: each layer's codes and scales in whole bytes, and biases of 4 bytes.
pub(super) fn stored_bytes(subject: &Subject, configs: &[Config; Arch::N_MATRICES]) -> u64 {
    let layer = |(layer, config): (usize, &Config)| {
        stored_bits(subject, layer, config).div_ceil(8) + 4 * subject.dense(layer).bias.len() as u64
    };
    configs.iter().enumerate().map(layer).sum()
}

/// "1 linear 32 x 64": the places of a net's matrices in words.
pub(super) fn layer_name(net: &Net, layer: usize) -> String {
    let (idx, dense) = net.dense_layers().nth(layer).expect("either net has three matrices");
    let kind = if matches!(net.layers[idx], Layer::Conv(_)) { "conv" } else { "linear" };
    format!("{} {kind} {} x {}", layer + 1, dense.n_out, dense.n_in)
}
