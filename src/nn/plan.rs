//! How a net is quantized: the mode, the weights of each layer, the ranges of activations.

use crate::quant::{Clip, Config, Granularity, Rounding, ScaleFormat, Scheme};

/// Who is quantized, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Weights are stored as codes and turned back before a product in FP32.
    WeightOnly,
    /// Activations get a range for each batch at run time; products of codes, FP32 in between.
    Dynamic,
    /// Ranges were found before; integers from the first layer to the last.
    Static,
}

/// How ranges of activations are found from calibration images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// The smallest and the largest value seen.
    MinMax,
    /// This percentage of the values.
    Percentile(f64),
    /// What makes the mean squared error smallest.
    Mse,
}

impl Range {
    pub(super) fn clip(self) -> Clip {
        match self {
            Self::MinMax => Clip::AbsMax,
            Self::Percentile(percent) => Clip::Percentile(percent),
            Self::Mse => Clip::Mse,
        }
    }
}

/// A plan for a whole net.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub mode: Mode,
    /// One for each layer that has a matrix; `None` leaves its weights in FP32, which only weight-only can.
    pub weights: Vec<Option<Config>>,
    /// Width of an activation's code, 2 to 8.
    pub activation_bits: u32,
    pub range: Range,
}

/// Why a net cannot be quantized as planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("the plan has {got} rows for {expected} layers with weights")]
    Layers { got: usize, expected: usize },
    #[error("weights of layer {layer} stay in FP32: only weight-only quantization can leave a layer out")]
    Float { layer: usize },
    #[error("weights of layer {layer} have {what}: products of codes need {needs}")]
    Weights { layer: usize, what: &'static str, needs: &'static str },
    #[error("activations of {bits} bits: allowed is 2 to 8")]
    ActivationBits { bits: u32 },
    #[error("there is a batch norm left: fold it first")]
    Unfolded,
    #[error("there are no calibration images, and a static range must come from some")]
    NoCalibration,
}

impl Plan {
    /// Every layer's weights alike: symmetric codes of `bits`, 8-bit activations by minimum and maximum.
    pub fn uniform(mode: Mode, n_layers: usize, bits: u32, granularity: Granularity) -> Self {
        Self {
            mode,
            weights: vec![Some(symmetric(bits, granularity, Clip::AbsMax)); n_layers],
            activation_bits: 8,
            range: Range::MinMax,
        }
    }
}

/// Symmetric codes `-qmax..=qmax` with FP16 scales, rounded to the nearest even.
pub fn symmetric(bits: u32, granularity: Granularity, clip: Clip) -> Config {
    Config { bits, scheme: Scheme::Symmetric, granularity, clip, rounding: Rounding::Even, scale_format: ScaleFormat::F16 }
}
