//! Lesson 14: one weight on its way from float bits through a byte of a SIMD lane to the result.

mod dot;
mod product;
mod steps;

use super::{
    Better, Choice, Ctx, Figure, Lab, LabError, Lines, MetricSpec, ParamSpec, Params, Report, Series, SeriesRole, Table,
    row::{choice, count, int, metric, option, value},
};
use product::{Instruction, N_INPUTS, N_OUTPUTS, Product};

pub(super) const LAB: Lab = Lab {
    id: "lanes",
    title: "Byte-to-lane microscope",
    summary: "Follow one weight: float bits, code, byte of the packed panel, SIMD lane, int32 sum, result.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice("instruction", "instruction", INSTRUCTIONS, "vpdpbusd", "what multiplies the bytes"),
    choice(
        "data",
        "data",
        &[option("minilm", "MiniLM layer"), option("worst", "worst case")],
        "minilm",
        "real weights and activations, or the largest code everywhere",
    ),
    int("weight_bits", "weight bits", (7, 8, 1), 8, "width of a weight's code: 8 gives -127 to 127, 7 gives -63 to 63"),
    int("activation_bits", "activation bits", (7, 8, 1), 8, "width of an activation's code"),
    choice(
        "activations",
        "activations",
        &[option("u8", "with zero point"), option("s8", "symmetric")],
        "u8",
        "how activations are coded before the instruction reads them",
    ),
    int("input", "input", (0, N_INPUTS as i64 - 1, 1), 42, "which input channel the weight belongs to: its row of B"),
    int("output", "output", (0, N_OUTPUTS as i64 - 1, 1), 37, "which output channel: its column of B"),
    int("token", "token", (0, 255, 1), 7, "which row of activations is multiplied").when(|p| p.choice("data") == "minilm"),
];

const INSTRUCTIONS: &[Choice] = &[
    option("vpdpbusd", "vpdpbusd (VNNI)"),
    option("vpmaddubsw", "vpmaddubsw (AVX2)"),
    option("vpmaddwd", "vpmaddwd (AVX2)"),
    option("sdot", "sdot (ARM)"),
];

const METRICS: &[MetricSpec] = &[
    metric("code", "code", "", Better::Neither, 0, "of the weight"),
    metric("place", "place", "", Better::Neither, 0, "of its byte in the packed weights, from 0"),
    metric("lane", "lane", "", Better::Neither, 0, "32-bit lane of the register that its byte is loaded into, from 0"),
    metric("group_exact", "group, exact", "", Better::Neither, 0, "products that one instruction adds in this lane"),
    metric("group_sum", "group", "", Better::Neither, 0, "the same as the instruction adds them"),
    metric("sum_exact", "sum, exact", "", Better::Neither, 0, "of all products of this output in int32"),
    metric("sum", "sum", "", Better::Neither, 0, "the same as the instruction adds them"),
    metric("saturated_pairs", "held pairs", "", Better::Lower, 0, "pairs of this sum that did not fit into int16"),
    metric("mismatches", "mismatches", "", Better::Lower, 0, "outputs, of 128, whose sum is not the exact one"),
    metric("result", "result", "", Better::Neither, 4, "the sum as a real number again"),
    metric("float_result", "FP32 result", "", Better::Neither, 4, "the same output from the floats"),
    metric("sqnr_db", "SQNR", "dB", Better::Higher, 2, "of the 128 outputs against those from the floats"),
];

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    ctx.step(0, 1)?;
    let product = Product::new(params, ctx)?;
    let sums = product.sums();
    let (j, group) = (product.output, product.group());
    let errors = product.errors(&sums);
    let held = if product.instruction == Instruction::Vpmaddubsw { product.n_held(j) } else { 0 };
    let mismatches = product.mismatches(&sums);
    Ok(Report {
        metrics: vec![
            value("code", f64::from(product.code())),
            value("place", product.place() as f64),
            value("lane", product.lane() as f64),
            value("group_exact", f64::from(product.exact(j, group.clone()))),
            value("group_sum", f64::from(product.added(j, group))),
            value("sum_exact", f64::from(product.exact(j, 0..N_INPUTS))),
            value("sum", f64::from(sums[j])),
            value("saturated_pairs", held as f64),
            value("mismatches", mismatches as f64),
            value("result", f64::from(product.result(j, sums[j]))),
            value("float_result", f64::from(product.float_result(j))),
            value("sqnr_db", errors.sqnr_db()),
        ],
        figures: vec![Figure::Lines(sums_over_groups(&product)), Figure::Table(outputs(&product, &sums))],
        trace: Some(steps::trace(&product, sums[j])),
        notes: notes(&product, held, mismatches, errors.sqnr_db()),
        arrays: vec![],
    })
}

/// The accumulator of the lane, instruction after instruction.
fn sums_over_groups(product: &Product) -> Lines {
    let (j, step) = (product.output, product.instruction.group());
    let running = |add: &dyn Fn(std::ops::Range<usize>) -> i32| {
        let mut sum = 0;
        (0..N_INPUTS)
            .step_by(step)
            .map(|k| {
                sum += add(k..k + step);
                ((k / step + 1) as f64, f64::from(sum))
            })
            .collect::<Vec<_>>()
    };
    let exact = running(&|ks| product.exact(j, ks));
    let added = running(&|ks| product.added(j, ks));
    let end = |points: &[(f64, f64)]| points.last().map_or(0.0, |point| point.1);
    let heading = if exact == added {
        format!("output {j}: the sum ends at {}", end(&added))
    } else {
        format!("output {j}: the sum ends at {}, exact is {}", end(&added), end(&exact))
    };
    Lines {
        view: "sums",
        heading,
        x_label: "instruction",
        y_label: "int32 sum",
        series: vec![Series::line("exact", SeriesRole::A, exact), Series::line(product.instruction.name(), SeriesRole::B, added)],
        here: None,
        ..Lines::default()
    }
}

/// The outputs beside the chosen one.
fn outputs(product: &Product, sums: &[i32]) -> Table {
    const SHOWN: usize = 8;
    let first = product.output / SHOWN * SHOWN;
    let row = |j: usize| {
        let exact = product.exact(j, 0..N_INPUTS);
        vec![
            j.to_string(),
            exact.to_string(),
            sums[j].to_string(),
            (sums[j] - exact).to_string(),
            format!("{:.4}", product.result(j, sums[j])),
            format!("{:.4}", product.float_result(j)),
        ]
    };
    Table {
        view: "outputs",
        heading: format!("{} of {N_OUTPUTS} sums differ from the exact ones", product.mismatches(sums)),
        columns: vec!["output", "exact sum", "sum", "difference", "result", "FP32 result"],
        rows: (first..first + SHOWN).map(row).collect(),
    }
}

fn notes(product: &Product, held: usize, mismatches: usize, sqnr_db: f64) -> Vec<String> {
    let mut notes = vec![match product.instruction {
        Instruction::Vpdpbusd => "vpdpbusd adds four products to an int32 in one instruction; nothing is held on the way.".into(),
        Instruction::Sdot => "sdot adds four products of signed bytes to an int32; nothing is held on the way.".into(),
        Instruction::Vpmaddwd => {
            "Widened to 16 bits before they meet, two products always fit into int32: exact, but an instruction multiplies half as many."
                .into()
        }
        Instruction::Vpmaddubsw if mismatches == 0 => {
            let (a, b) = product.largest_codes();
            format!("No pair of this token was held. The largest bytes possible here, {a} and {b}, would give {}.", 2 * a * b)
        }
        Instruction::Vpmaddubsw => format!(
            "{} of this sum did not fit into int16 and stopped at its end; over all outputs of this token {mismatches} of {N_OUTPUTS} sums are wrong.",
            count(held as u64, "pair")
        ),
    }];
    if product.shift != 0 {
        let (kind, shift) = if product.shift > 0 { ("unsigned", "128 was added to") } else { ("signed", "128 was taken from") };
        notes.push(format!(
            "{} wants activations {kind}: {shift} every one of them, and the zero point moves along, so the result is the same.",
            product.instruction.name()
        ));
    }
    if sqnr_db.is_infinite() {
        notes.push("Every output is the float one, so sqnr_db is infinite.".into());
    }
    notes.push(format!(
        "Computed, not timed: the figures are the same on every CPU. The first {N_OUTPUTS} outputs of a layer with {N_INPUTS} inputs; {}.",
        if product.is_worst { "all floats are 1" } else { "weights have one scale an output" }
    ));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    fn get(set: &[(&str, &str)], name: &str) -> f64 {
        run_with(&LAB, set).metric(name).expect("always defined")
    }

    #[test]
    fn the_worst_pair_stops_at_the_end_of_int16_and_only_there() {
        let worst = |instruction| [("data", "worst"), ("instruction", instruction)];
        assert_eq!(get(&worst("vpmaddubsw"), "group_exact"), 4.0 * 255.0 * 127.0);
        assert_eq!(get(&worst("vpmaddubsw"), "group_sum"), 2.0 * 32_767.0);
        assert_eq!(get(&worst("vpmaddubsw"), "saturated_pairs"), 192.0);
        assert_eq!(get(&worst("vpmaddubsw"), "mismatches"), 128.0);
        for exact in ["vpdpbusd", "vpmaddwd", "sdot"] {
            assert_eq!(get(&worst(exact), "mismatches"), 0.0, "{exact}");
            assert!((get(&worst(exact), "result") - 384.0).abs() < 1e-3, "{exact}");
        }
    }

    #[test]
    fn one_bit_less_on_one_side_cures_it_unless_the_bit_comes_back_with_the_shift() {
        let wrong = |weights, activations, coded| {
            get(
                &[
                    ("data", "worst"),
                    ("instruction", "vpmaddubsw"),
                    ("weight_bits", weights),
                    ("activation_bits", activations),
                    ("activations", coded),
                ],
                "mismatches",
            )
        };
        assert_eq!((wrong("7", "8", "u8"), wrong("8", "7", "u8")), (0.0, 0.0));
        assert_eq!((wrong("7", "8", "s8"), wrong("8", "7", "s8")), (0.0, 128.0));
    }

    #[test]
    fn signed_activations_give_the_same_result_with_or_without_the_shift() {
        let result = |instruction| get(&[("activations", "s8"), ("instruction", instruction)], "result");
        assert_eq!(result("vpdpbusd"), result("vpmaddwd"));
        assert_eq!(result("vpdpbusd"), result("sdot"));
    }
}
