//! The int8 contract of TFLite: which scales, zero points and codes its operators accept, as data with a checker.
//!
//! `real = (code - zero_point) * scale`. Weights are symmetric in -127..=127, activations affine in -128..=127, a bias is
//! int32 at the product of its factors' scales. Source: TFLite's specification of 8-bit quantization.

use crate::kernel::CodeRange;

/// What a tensor is to its operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Input or output: int8, one scale, any zero point.
    Activation,
    /// int8 in -127..=127, zero point 0, one scale or one for each channel of the operator's axis.
    Weight,
    /// int32, zero point 0, scale = input scale * weight scale, for each channel where weights have channels.
    Bias,
}

/// What an operator asks of its tensors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Op {
    /// As TFLite writes it: "CONV_2D".
    pub name: &'static str,
    /// The dimension of the weights that may have a scale for each index.
    pub weight_axis: Option<usize>,
    /// Whether weights and bias come along.
    pub has_weights: bool,
    /// Inputs and output have one scale and one zero point.
    pub same_scale: bool,
    /// Scale and zero point that the output always has.
    pub fixed_output: Option<(f64, i32)>,
}

const fn op(name: &'static str) -> Op {
    Op { name, weight_axis: None, has_weights: false, same_scale: false, fixed_output: None }
}

const fn weighted(name: &'static str, weight_axis: Option<usize>) -> Op {
    Op { weight_axis, has_weights: true, ..op(name) }
}

const fn same(name: &'static str) -> Op {
    Op { same_scale: true, ..op(name) }
}

const fn fixed(name: &'static str, scale: f64, zero_point: i32) -> Op {
    Op { fixed_output: Some((scale, zero_point)), ..op(name) }
}

/// The operators of the contract; those that are not here have free scales.
pub static OPS: &[Op] = &[
    op("ADD"),
    same("AVERAGE_POOL_2D"),
    same("BATCH_TO_SPACE_ND"),
    same("CONCATENATION"),
    weighted("CONV_2D", Some(0)),
    weighted("DEPTHWISE_CONV_2D", Some(3)),
    // An older text of the specification has one scale here.
    weighted("FULLY_CONNECTED", Some(0)),
    same("GATHER"),
    fixed("L2_NORMALIZATION", 1.0 / 128.0, 0),
    fixed("LOGISTIC", 1.0 / 256.0, -128),
    fixed("LOG_SOFTMAX", 16.0 / 256.0, 127),
    same("MAXIMUM"),
    same("MAX_POOL_2D"),
    same("MINIMUM"),
    op("MUL"),
    same("PAD"),
    same("RESHAPE"),
    same("RESIZE_BILINEAR"),
    same("SLICE"),
    fixed("SOFTMAX", 1.0 / 256.0, -128),
    same("SPACE_TO_BATCH_ND"),
    same("SPACE_TO_DEPTH"),
    same("SQUEEZE"),
    op("SUB"),
    fixed("TANH", 1.0 / 128.0, 0),
    same("TRANSPOSE"),
];

/// The operator of this name.
pub fn find(name: &str) -> Option<&'static Op> {
    OPS.iter().find(|op| op.name == name)
}

/// One tensor as a model stores it.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSpec {
    /// For messages: "input", "weights".
    pub name: String,
    /// 8 or 32.
    pub bits: u32,
    /// One, or one for each channel.
    pub scales: Vec<f64>,
    pub zero_points: Vec<i32>,
    /// The dimension that has a scale for each index.
    pub axis: Option<usize>,
    /// Smallest and largest code that occurs, where the codes are known.
    pub codes: Option<(i32, i32)>,
}

/// An operator with its tensors.
#[derive(Clone, Debug)]
pub struct Use<'a> {
    pub op: &'a Op,
    pub inputs: Vec<TensorSpec>,
    pub weights: Option<TensorSpec>,
    pub bias: Option<TensorSpec>,
    pub output: TensorSpec,
}

/// A broken rule. The words say which tensor, what stands there and what the contract wants.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Violation {
    #[error("`{tensor}` has {got} bits; its role takes {wanted}")]
    Bits { tensor: String, got: u32, wanted: u32 },
    #[error("`{tensor}` has {scales} scales and {zero_points} zero points; it needs as many of both, at least one")]
    Counts { tensor: String, scales: usize, zero_points: usize },
    #[error("`{tensor}` has the scale {got}; a scale is positive and finite")]
    Scale { tensor: String, got: f64 },
    #[error("`{tensor}` has the zero point {got}; allowed is {allowed}")]
    ZeroPoint { tensor: String, got: i32, allowed: &'static str },
    #[error("`{tensor}` has a scale for each channel; {allowed}")]
    PerChannel { tensor: String, allowed: String },
    #[error("`{tensor}` holds codes from {} to {}; its role allows {} to {}", got.0, got.1, range.qmin, range.qmax)]
    Codes { tensor: String, got: (i32, i32), range: CodeRange },
    #[error("`{tensor}` has the scale {got} in channel {channel}; a bias has input scale times weight scale, {wanted}")]
    BiasScale { tensor: String, channel: usize, got: f64, wanted: f64 },
    #[error("`{tensor}` has scale {} and zero point {}; {op} keeps those of its input, {} and {}", got.0, got.1, wanted.0, wanted.1)]
    NotSame { tensor: String, op: &'static str, got: (f64, i32), wanted: (f64, i32) },
    #[error("`{tensor}` has scale {} and zero point {}; the output of {op} always has {} and {}", got.0, got.1, wanted.0, wanted.1)]
    NotFixed { tensor: String, op: &'static str, got: (f64, i32), wanted: (f64, i32) },
}

/// The codes of a role.
pub fn codes_of(role: Role) -> CodeRange {
    match role {
        Role::Activation => CodeRange { qmin: -128, qmax: 127 },
        Role::Weight => CodeRange { qmin: -127, qmax: 127 },
        Role::Bias => CodeRange { qmin: i32::MIN, qmax: i32::MAX },
    }
}

/// Every rule that a use of an operator breaks, in the order inputs, weights, bias, output.
pub fn check(of: &Use) -> Vec<Violation> {
    let mut found = Vec::new();
    of.inputs.iter().for_each(|input| check_tensor(input, Role::Activation, of.op, &mut found));
    if let Some(weights) = &of.weights {
        check_tensor(weights, Role::Weight, of.op, &mut found);
    }
    if let Some(bias) = &of.bias {
        check_tensor(bias, Role::Bias, of.op, &mut found);
        check_bias_scale(bias, of, &mut found);
    }
    check_tensor(&of.output, Role::Activation, of.op, &mut found);
    check_output(of, &mut found);
    found
}

fn check_tensor(tensor: &TensorSpec, role: Role, op: &Op, found: &mut Vec<Violation>) {
    let name = || tensor.name.clone();
    let wanted = if role == Role::Bias { 32 } else { 8 };
    if tensor.bits != wanted {
        found.push(Violation::Bits { tensor: name(), got: tensor.bits, wanted });
    }
    let (scales, zero_points) = (tensor.scales.len(), tensor.zero_points.len());
    if scales == 0 || scales != zero_points {
        found.push(Violation::Counts { tensor: name(), scales, zero_points });
    }
    if let Some(&got) = tensor.scales.iter().find(|s| !(**s > 0.0 && s.is_finite())) {
        found.push(Violation::Scale { tensor: name(), got });
    }
    let allowed = if role == Role::Activation { -128..=127 } else { 0..=0 };
    if let Some(&got) = tensor.zero_points.iter().find(|z| !allowed.contains(*z)) {
        let allowed = if role == Role::Activation { "-128 to 127" } else { "0 alone" };
        found.push(Violation::ZeroPoint { tensor: name(), got, allowed });
    }
    if let Some(allowed) = refused_channels(tensor, role, op) {
        found.push(Violation::PerChannel { tensor: name(), allowed });
    }
    let range = codes_of(role);
    if let Some(got) = tensor.codes.filter(|&(lo, hi)| lo < range.qmin || hi > range.qmax) {
        found.push(Violation::Codes { tensor: name(), got, range });
    }
}

/// What is allowed, where scales for each channel stand in a place that does not take them.
fn refused_channels(tensor: &TensorSpec, role: Role, op: &Op) -> Option<String> {
    if tensor.scales.len() <= 1 {
        return None;
    }
    match (role, op.weight_axis) {
        (Role::Activation, _) => Some("activations have one".into()),
        (_, None) => Some(format!("{} takes one for its weights", op.name)),
        (Role::Weight, Some(axis)) if tensor.axis != Some(axis) => Some(format!("{} has channels in dimension {axis}", op.name)),
        _ => None,
    }
}

/// A bias stands at the scale of the accumulator; within the precision of an f32, in which models store scales.
fn check_bias_scale(bias: &TensorSpec, of: &Use, found: &mut Vec<Violation>) {
    let (Some(input), Some(weights)) = (of.inputs.first().and_then(|input| input.scales.first()), &of.weights) else { return };
    let n = weights.scales.len().max(bias.scales.len());
    let pick = |scales: &[f64], channel: usize| if scales.len() == 1 { scales.first() } else { scales.get(channel) }.copied();
    for channel in 0..n {
        let (Some(got), Some(weight)) = (pick(&bias.scales, channel), pick(&weights.scales, channel)) else {
            let (scales, zero_points) = (bias.scales.len(), weights.scales.len());
            return found.push(Violation::Counts { tensor: bias.name.clone(), scales, zero_points });
        };
        let wanted = input * weight;
        if (got - wanted).abs() > wanted.abs() * f64::from(f32::EPSILON) {
            return found.push(Violation::BiasScale { tensor: bias.name.clone(), channel, got, wanted });
        }
    }
}

fn check_output(of: &Use, found: &mut Vec<Violation>) {
    let pair = |tensor: &TensorSpec| Some((*tensor.scales.first()?, *tensor.zero_points.first()?));
    let Some(got) = pair(&of.output) else { return };
    let (tensor, op) = (|| of.output.name.clone(), of.op.name);
    if of.op.same_scale {
        for wanted in of.inputs.iter().filter_map(pair).filter(|wanted| *wanted != got) {
            found.push(Violation::NotSame { tensor: tensor(), op, got, wanted });
        }
    }
    if let Some(wanted) = of.op.fixed_output.filter(|wanted| *wanted != got) {
        found.push(Violation::NotFixed { tensor: tensor(), op, got, wanted });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, bits: u32, scales: &[f64], zero: i32) -> TensorSpec {
        let zero_points = vec![zero; scales.len()];
        TensorSpec { name: name.into(), bits, scales: scales.to_vec(), zero_points, axis: None, codes: None }
    }

    fn conv() -> Use<'static> {
        Use {
            op: find("CONV_2D").expect("stands in the table"),
            inputs: vec![tensor("input", 8, &[0.5], -3)],
            weights: Some(TensorSpec { axis: Some(0), ..tensor("weights", 8, &[0.25, 0.125], 0) }),
            bias: Some(tensor("bias", 32, &[0.125, 0.0625], 0)),
            output: tensor("output", 8, &[2.0], 127),
        }
    }

    fn words(of: &Use) -> Vec<String> {
        check(of).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_sound_convolution_breaks_no_rule() {
        assert_eq!(check(&conv()), []);
    }

    #[test]
    fn every_rule_is_named_when_it_is_broken() {
        let broken = |change: &dyn Fn(&mut Use)| {
            let mut of = conv();
            change(&mut of);
            words(&of)
        };
        let weights = |of: &mut Use, change: fn(&mut TensorSpec)| change(of.weights.as_mut().expect("has weights"));
        assert_eq!(broken(&|of| weights(of, |w| w.zero_points[1] = 2)), ["`weights` has the zero point 2; allowed is 0 alone"]);
        assert_eq!(
            broken(&|of| weights(of, |w| w.codes = Some((-128, 127)))),
            ["`weights` holds codes from -128 to 127; its role allows -127 to 127"]
        );
        assert_eq!(
            broken(&|of| weights(of, |w| w.axis = Some(3))),
            ["`weights` has a scale for each channel; CONV_2D has channels in dimension 0"]
        );
        assert_eq!(broken(&|of| of.inputs[0].zero_points[0] = 200), ["`input` has the zero point 200; allowed is -128 to 127"]);
        assert!(broken(&|of| of.bias.as_mut().expect("has a bias").scales[1] = 0.1)[0].contains("channel 1"));
        assert!(broken(&|of| of.bias.as_mut().expect("has a bias").bits = 8)[0].contains("8 bits"));
        assert!(broken(&|of| of.output.scales.clear())[0].contains("0 scales"));
        assert!(broken(&|of| of.output.scales[0] = f64::NAN)[0].contains("NaN"));
    }

    #[test]
    fn some_outputs_are_fixed_and_some_keep_their_input() {
        let of = |name, output| Use {
            op: find(name).expect("stands in the table"),
            inputs: vec![tensor("input", 8, &[0.5], -3)],
            weights: None,
            bias: None,
            output,
        };
        assert_eq!(words(&of("SOFTMAX", tensor("output", 8, &[1.0 / 256.0], -128))), [""; 0]);
        assert_eq!(
            words(&of("SOFTMAX", tensor("output", 8, &[0.5], -128))),
            ["`output` has scale 0.5 and zero point -128; the output of SOFTMAX always has 0.00390625 and -128"]
        );
        assert_eq!(
            words(&of("MAX_POOL_2D", tensor("output", 8, &[0.5], 0))),
            ["`output` has scale 0.5 and zero point 0; MAX_POOL_2D keeps those of its input, 0.5 and -3"]
        );
    }

    #[test]
    fn operators_stand_once_and_in_order() {
        assert!(OPS.is_sorted_by(|a, b| a.name < b.name));
    }
}
