//! The layer: what each mode computes, and what it costs.

use std::sync::Arc;

use super::{Ctx, LabError, Mode, Params};
use crate::{
    kernel::{Affine, Affines, CodeRange, Errors, Rounding, abs_max, dequantize, quantize, sum_of_squares},
    lab::row::tensor,
    quant::{
        Scheme,
        observer::{Method, Observer},
    },
    tensor::{SAMPLED_COLS, Source, Tensor},
};

/// Tokens whose outputs are computed; activations are judged on all.
const N_PROBED: usize = 64;

pub(super) struct Layer {
    /// Tokens of `n_inputs` channels at gain 1.
    activations: Arc<Tensor>,
    /// Rows of `n_inputs`, one for each output.
    weights: Vec<f32>,
    pub n_inputs: usize,
    pub n_outputs: usize,
    pub bits: u32,
    per_row: bool,
    /// Sums of the first tokens at gain 1, in float.
    exact: Vec<f32>,
}

/// What came of a run.
pub(super) struct Run {
    pub batches: Vec<Batch>,
    pub weight_db: f64,
    /// The fixed range of the activations, if there is one, in their root mean squares.
    pub clip_sigma: Option<f64>,
}

pub(super) struct Batch {
    pub gain: f64,
    pub activation_db: f64,
    pub output_db: f64,
}

/// What a batch costs.
pub(super) struct Cost {
    pub weight_bytes: f64,
    /// The activations as the layer before hands them over.
    pub between_bytes: f64,
    pub int_macs: f64,
    pub float_macs: f64,
    pub range_passes: f64,
}

impl Layer {
    pub(super) fn new(params: &Params, ctx: &Ctx) -> Result<Self, LabError> {
        ctx.step(0, 1)?;
        let n_outputs = params.int("outputs") as usize;
        // A seed beside those that the control reaches, so that weights and activations never agree.
        let seed = params.int("seed") as u64 + 1_000_000;
        let (activations, weights) = if params.choice("layer") == "minilm" {
            (ctx.sources.get(Source::Activations, 0, 0), ctx.sources.get(Source::IntermediateDense, 0, 0))
        } else {
            (tensor(params, Source::Gaussian, ctx)?, ctx.sources.get(Source::Gaussian, n_outputs * SAMPLED_COLS, seed))
        };
        let n_inputs = activations.cols;
        let weights = weights.data[..n_outputs * n_inputs].to_vec();
        let exact = sums(probed(&activations), &weights, n_inputs, ctx)?;
        let (bits, per_row) = (params.int("bits") as u32, params.choice("weights") == "row");
        Ok(Self { activations, weights, n_inputs, n_outputs, bits, per_row, exact })
    }

    pub(super) fn n_tokens(&self) -> usize {
        self.activations.n_rows()
    }

    /// Scales of the weights.
    pub(super) fn n_scales(&self) -> usize {
        if self.per_row { self.n_outputs } else { 1 }
    }

    fn range(&self) -> CodeRange {
        Scheme::Symmetric.range(self.bits)
    }

    pub(super) fn run(&self, params: &Params, mode: Mode, ctx: &Ctx) -> Result<Run, LabError> {
        let group = if self.per_row { self.n_inputs } else { self.weights.len() };
        let weights = rounded(&self.weights, group, None, self.range());
        let weight_db = Errors::between(&self.weights, &weights).sqnr_db();
        let clip = mode.has_fixed_range().then(|| self.calibrated(params));
        let n_batches = params.int("batches") as usize;
        let mut batches = Vec::with_capacity(n_batches);
        for idx in 0..n_batches {
            ctx.step(idx as u64, n_batches as u64)?;
            let gain = 1.0 + idx as f64 / (n_batches - 1) as f64 * (params.float("drift") - 1.0);
            let inputs: Vec<f32> = self.activations.data.iter().map(|x| x * gain as f32).collect();
            let group = if params.choice("activations") == "token" { self.n_inputs } else { inputs.len() };
            let codes = match mode {
                Mode::WeightOnly => inputs.clone(),
                Mode::Dynamic => rounded(&inputs, group, None, self.range()),
                Mode::Static | Mode::FakeQuant => rounded(&inputs, inputs.len(), clip, self.range()),
            };
            let n_probed = probed(&self.activations).len();
            let outputs = sums(&codes[..n_probed], &weights, self.n_inputs, ctx)?;
            let exact: Vec<f32> = self.exact.iter().map(|y| y * gain as f32).collect();
            batches.push(Batch {
                gain,
                activation_db: Errors::between(&inputs, &codes).sqnr_db(),
                output_db: Errors::between(&exact, &outputs).sqnr_db(),
            });
        }
        let rms = (sum_of_squares(&self.activations.data) / self.activations.data.len() as f64).sqrt();
        Ok(Run { batches, weight_db, clip_sigma: clip.map(|clip| clip / rms) })
    }

    /// The range that an observer reads from the calibration data.
    fn calibrated(&self, params: &Params) -> f64 {
        let gain = params.float("calibration_gain");
        let mut observer = Observer::default();
        observer.observe(&self.activations.data);
        let method = match params.choice("observer") {
            "min_max" => Method::MinMax,
            "percentile" => Method::Percentile(99.99),
            "entropy" => Method::Entropy,
            _ => Method::Mse,
        };
        // Every observer's range grows with the data.
        gain * observer.clip(method, self.bits)
    }

    pub(super) fn cost(&self, mode: Mode) -> Cost {
        let (tokens, inputs, outputs) = (self.n_tokens() as f64, self.n_inputs as f64, self.n_outputs as f64);
        let macs = tokens * inputs * outputs;
        let code = f64::from(self.bits) / 8.0;
        let in_codes =
            if mode.stores_codes() { code * inputs * outputs + 4.0 * self.n_scales() as f64 } else { 4.0 * inputs * outputs };
        Cost {
            weight_bytes: in_codes,
            between_bytes: tokens * inputs * if mode.passes_codes() { code } else { 4.0 },
            int_macs: if mode.in_integers() { macs } else { 0.0 },
            float_macs: if mode.in_integers() { 0.0 } else { macs },
            range_passes: if mode == Mode::Dynamic { 1.0 } else { 0.0 },
        }
    }
}

/// The tokens whose outputs are computed.
fn probed(activations: &Tensor) -> &[f32] {
    &activations.data[..activations.cols * N_PROBED.min(activations.n_rows())]
}

/// Codes and back, symmetric: each `group` of neighbours by its own largest magnitude, or all by one `clip`.
fn rounded(values: &[f32], group: usize, clip: Option<f64>, range: CodeRange) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    let mut codes = vec![0; group];
    for (values, out) in values.chunks(group.max(1)).zip(out.chunks_mut(group.max(1))) {
        let reach = clip.unwrap_or_else(|| abs_max(values).into());
        let scale = (reach / f64::from(range.qmax)) as f32;
        let by = Affines::One(Affine { scale: if scale > 0.0 { scale } else { 1.0 }, zero_point: 0 });
        let codes = &mut codes[..values.len()];
        quantize(values, by, range, Rounding::Even, 0, codes);
        dequantize(codes, by, out);
    }
    out
}

/// Each token times each row of weights. What integers would sum exactly is summed here in f32 over values that went
/// through codes: its rounding lies far below that of the codes.
fn sums(tokens: &[f32], weights: &[f32], n_inputs: usize, ctx: &Ctx) -> Result<Vec<f32>, LabError> {
    let n_tokens = tokens.len() / n_inputs;
    let mut out = Vec::with_capacity(n_tokens * weights.len() / n_inputs);
    for (idx, token) in tokens.chunks(n_inputs).enumerate() {
        ctx.step(idx as u64, n_tokens as u64)?;
        out.extend(weights.chunks(n_inputs).map(|row| dot(token, row)));
    }
    Ok(out)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0f32; LANES];
    let ((xs, x_rest), (ys, y_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (x, y) in xs.iter().zip(ys) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum::<f32>()
}
