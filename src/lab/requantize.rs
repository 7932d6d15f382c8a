//! Lesson 7: a sum in int32 back to 8 bits, with a multiplication of integers and a shift.

mod figures;
mod rule;
mod steps;

use super::{
    Better, Choice, Ctx, Figure, Lab, LabError, MetricSpec, ParamSpec, Params, Report,
    row::{SEED, choice, count, decades, doubling, int, metric, option, value},
};
use crate::{
    kernel::CodeRange,
    quant::fixed_point::{Multiplier, Output},
};
use rule::{Rule, Tally};

pub(super) const LAB: Lab = Lab {
    id: "requantize",
    title: "Fixed-point dial",
    summary: "Multiply an accumulator by a real number with integers alone, and see what rounding twice costs.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice(
        "from",
        "multiplier from",
        &[option("dial", "the dial"), option("scales", "three scales")],
        "dial",
        "set M itself, or let it follow from the scales of both operands and of the output",
    ),
    decades(
        "multiplier",
        "M",
        (1e-5, 2.0, 0.02),
        0.007_247_427_341_846,
        "what one step of the accumulator is in steps of the output",
    )
    .when(|p| p.choice("from") == "dial"),
    decades("a_scale", "scale of a", (1e-4, 1.0, 0.1), 0.02, "of the activations").when(is_from_scales),
    decades("b_scale", "scale of b", (1e-4, 1.0, 0.1), 0.005, "of the weights").when(is_from_scales),
    decades("y_scale", "scale of y", (1e-3, 10.0, 0.1), 0.03, "of the output")
        .when(|p| is_from_scales(p) || p.choice("activation") == "relu6"),
    int("acc", "accumulator", (-1_000_000, 1_000_000, 1), 1000, "the sum that is followed step by step"),
    choice("rounding", "rounding", ROUNDINGS, "twice", "how the product becomes a whole number"),
    int("zero_point", "zero point of y", (-128, 127, 1), -10, "the code of real 0 in the output"),
    choice(
        "activation",
        "activation",
        &[option("none", "none"), option("relu", "ReLU"), option("relu6", "ReLU6")],
        "none",
        "an activation function that is folded into the output's clamp",
    ),
    doubling("reach", "random up to", (1000, 1 << 24), 17_000, "the largest magnitude of the random accumulators"),
    SEED,
    doubling("n", "accumulators", (1024, 1 << 17), 10_000, "how many random accumulators are checked"),
];

const ROUNDINGS: &[Choice] = &[
    option("twice", "twice, SRDHM"),
    option("once", "once"),
    option("float", "in float32"),
    option("shift", "none: only shifted"),
];

fn is_from_scales(params: &Params) -> bool {
    params.choice("from") == "scales"
}

const METRICS: &[MetricSpec] = &[
    metric("mantissa", "M0 in Q31", "", Better::Neither, 0, "M0 times 2^31, a whole number of 31 bits"),
    metric("shift", "shift", "bit", Better::Neither, 0, "to the right; negative where M is 1 or more"),
    metric("exact", "acc times M", "", Better::Neither, 4, "the product as a real number"),
    metric("twice", "rounded twice", "", Better::Neither, 0, "SRDHM, then RDBPOT"),
    metric("once", "rounded once", "", Better::Neither, 0, "the whole product of 64 bits, then one rounding shift"),
    metric(
        "mismatches",
        "mismatches",
        "",
        Better::Lower,
        0,
        "random accumulators that the chosen rounding does not bring to the nearest whole number",
    ),
    metric("mismatches_twice", "rounding twice", "", Better::Lower, 0, "mismatches of SRDHM and RDBPOT"),
    metric("code", "code of y", "", Better::Neither, 0, "of the accumulator, with zero point and clamp"),
    metric("mismatches_once", "rounding once", "", Better::Lower, 0, "mismatches of a single rounding"),
    metric("mean_error", "mean error", "code", Better::Neither, 4, "of the chosen rounding against the real product"),
    metric(
        "worst_error",
        "largest error",
        "code",
        Better::Lower,
        3,
        "of the chosen rounding against the real product; 0.5 is the least possible",
    ),
    metric("clamped_share", "clamped", "%", Better::Neither, 2, "random accumulators whose code the clamp decides"),
];

const INT8: CodeRange = CodeRange { qmin: -128, qmax: 127 };

/// What all views of a run share.
struct Dial {
    /// The real multiplier, and the one in fixed point.
    real: f64,
    by: Multiplier,
    acc: i32,
    rule: Rule,
    output: Output,
    accs: Vec<i32>,
}

impl Dial {
    fn of(params: &Params, ctx: &Ctx) -> Result<Self, LabError> {
        let real = match params.choice("from") {
            "scales" => params.float("a_scale") * params.float("b_scale") / params.float("y_scale"),
            _ => params.float("multiplier"),
        };
        let by = Multiplier::of(real).map_err(|error| LabError::Other(error.to_string()))?;
        let zero_point = params.int("zero_point") as i32;
        let output = match params.choice("activation") {
            "relu" => Output::relu(zero_point, INT8),
            "relu6" => Output::relu6(zero_point, params.float("y_scale"), INT8),
            _ => Output::plain(zero_point, INT8),
        };
        Ok(Self { real, by, acc: params.int("acc") as i32, rule: Rule::of(params), output, accs: rule::random(params, ctx)? })
    }

    fn exact(&self) -> f64 {
        f64::from(self.acc) * self.real
    }

    fn apply(&self, rule: Rule, acc: i32) -> i32 {
        rule.apply(acc, self.real, self.by)
    }
}

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    ctx.step(0, 1)?;
    let dial = Dial::of(params, ctx)?;
    let tallies = Rule::ALL.map(|rule| Tally::of(rule, &dial));
    let of = |rule: Rule| &tallies[rule as usize];
    let chosen = of(dial.rule);
    let acc = |rule| f64::from(dial.apply(rule, dial.acc));
    Ok(Report {
        metrics: vec![
            value("mantissa", f64::from(dial.by.mantissa)),
            value("shift", f64::from(dial.by.shift)),
            value("exact", dial.exact()),
            value("twice", acc(Rule::Twice)),
            value("once", acc(Rule::Once)),
            value("mismatches", chosen.mismatches as f64),
            value("mismatches_twice", of(Rule::Twice).mismatches as f64),
            value("code", f64::from(dial.output.code(dial.apply(dial.rule, dial.acc).into()))),
            value("mismatches_once", of(Rule::Once).mismatches as f64),
            value("mean_error", chosen.mean_error),
            value("worst_error", chosen.worst_error),
            value("clamped_share", rule::clamped_share(&dial)),
        ],
        figures: vec![
            Figure::Table(figures::accumulators(&dial)),
            Figure::Lines(figures::stairs(&dial)),
            Figure::Bars(figures::mismatches(&dial, &tallies)),
            Figure::Lines(figures::output(&dial)),
        ],
        trace: Some(steps::trace(&dial)),
        notes: notes(&dial, chosen),
        arrays: vec![],
    })
}

fn notes(dial: &Dial, chosen: &Tally) -> Vec<String> {
    let mut notes = vec![format!(
        "{} of {} random accumulators come to another code than the nearest.",
        count(chosen.mismatches, "result"),
        count(dial.accs.len() as u64, "value")
    )];
    if chosen.ties > 0 {
        notes.push(format!(
            "{} stood in the middle between two codes, where both are nearest: they are no mismatches.",
            count(chosen.ties, "product")
        ));
    }
    if dial.by.mantissa == 0 {
        notes.push("M is below 2^-32: every accumulator becomes 0.".into());
    }
    if dial.by.shift < 0 {
        notes.push(format!("M is 1 or more: the accumulator is first shifted to the left by {}.", -dial.by.shift));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    fn got(set: &[(&str, &str)], name: &str) -> f64 {
        run_with(&LAB, set).metric(name).expect("always defined")
    }

    /// O-20: the multiplier of the course, and 1000 / 3.
    #[test]
    fn the_dial_has_the_numbers_of_the_course() {
        assert_eq!(got(&[], "mantissa"), 1_992_157_658.0);
        assert_eq!(got(&[], "shift"), 7.0);
        let third = [("multiplier", "0.3333333333333333"), ("acc", "1000")];
        assert_eq!((got(&third, "twice"), got(&third, "once")), (334.0, 333.0));
        assert!((got(&third, "exact") - 333.333_333).abs() < 1e-5);
    }

    #[test]
    fn only_rounding_twice_misses_the_nearest_code_now_and_then() {
        for seed in ["1", "2", "3"] {
            let at = |rounding| [("seed", seed), ("rounding", rounding)];
            // One product in 128 falls next to the middle of two codes; half of these are carried across it.
            let twice = got(&at("twice"), "mismatches");
            assert!((15.0..70.0).contains(&twice), "{seed}: {twice}");
            assert!(got(&at("twice"), "worst_error") < 0.51, "{seed}");
            assert_eq!(got(&at("once"), "mismatches"), 0.0, "{seed}");
            assert!(got(&at("shift"), "mismatches") > 4000.0, "{seed}");
            assert!((got(&at("shift"), "mean_error") + 0.5).abs() < 0.02, "{seed}");
        }
    }

    #[test]
    fn ties_are_no_mismatches() {
        for rounding in ["twice", "once", "float"] {
            assert_eq!(got(&[("multiplier", "0.5"), ("rounding", rounding)], "mismatches"), 0.0, "{rounding}");
        }
    }

    #[test]
    fn a_relu_is_part_of_the_clamp() {
        let below = [("acc", "-5000"), ("activation", "relu")];
        assert_eq!(got(&below, "code"), -10.0);
        assert_eq!(got(&[("acc", "-5000")], "code"), -46.0);
        let six = [("acc", "1000000"), ("activation", "relu6"), ("y_scale", "0.1")];
        assert_eq!(got(&six, "code"), 50.0);
    }

    #[test]
    fn three_scales_make_the_multiplier() {
        let set = [("from", "scales"), ("a_scale", "0.5"), ("b_scale", "0.5"), ("y_scale", "0.5"), ("acc", "10")];
        assert_eq!((got(&set, "mantissa"), got(&set, "shift")), (1_073_741_824.0, 0.0));
        assert_eq!(got(&set, "exact"), 5.0);
    }
}
