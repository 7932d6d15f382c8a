//! Lesson 6: a product of codes, term by term, in the register that holds it, and in a whole matrix.

mod operands;
mod product;
mod stress;
mod terms;

use super::{
    Better, Choice, Ctx, Figure, Lab, LabError, MetricSpec, ParamSpec, Params, Report,
    row::{SEED, choice, doubling, flag, float, int, metric, option, value, vector},
};
use operands::{Dot, Kind};
use product::Product;
use stress::Worst;

pub(super) const LAB: Lab = Lab {
    id: "dot",
    title: "Four-term dot product",
    summary: "A dot product of codes step by step, the int32 register that holds it, and what a whole product loses.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice("part", "part", PARTS, "dot", "one dot product step by step, the longest sums, or a whole product of matrices"),
    choice("data", "codes", DATA, "own", "where the codes of the dot product come from").when(is_dot),
    choice("a_type", "a", TYPES, "u8", "the type of the activations' codes").when(has_types),
    choice("b_type", "b", TYPES, "s8_127", "the type of the weights' codes").when(has_types),
    int("a_zero", "zero point of a", (-128, 255, 1), 128, "the code of real 0 among the activations, inside their type")
        .when(is_own),
    int("b_zero", "zero point of b", (-128, 255, 1), 0, "the code of real 0 among the weights, inside their type").when(is_own),
    vector(
        "a",
        "codes of a",
        CODES,
        &[130.0, 200.0, 128.0, 64.0, 255.0, 12.0, 140.0, 128.0],
        "eight activations, inside their type",
    )
    .when(is_own),
    vector("b", "codes of b", CODES, &[12.0, -7.0, 100.0, -55.0, 31.0, -127.0, 64.0, 3.0], "eight weights, inside their type")
        .when(is_own),
    int("row", "row", (0, 3, 1), 0, "of the example's first matrix").when(is_onnx),
    int("column", "column", (0, 1, 1), 0, "of the example's second matrix").when(is_onnx),
    int("token", "token", (0, 255, 1), 252, "whose activations are taken, of 256").when(is_minilm),
    int("output", "output", (0, 1535, 1), 0, "whose weights are taken, of 1536").when(is_minilm),
    int("channels", "from channel", (0, 376, 8), 112, "the first of eight of the 384 input channels").when(is_minilm),
    float("bias", "bias", (-2.0, 2.0, 0.05), 0.0, "a real number that is added as an int32 code").when(is_minilm),
    flag("precompute", "precompute", false, "fold what only the weights decide into one constant, before any input comes")
        .when(is_dot),
    doubling("k", "K", (1, 1 << 20), 8, "how many products of the largest size are added").when(|p| p.choice("part") == "stress"),
    choice(
        "source",
        "matrices",
        &[option("gaussian", "Gaussian"), option("minilm", "MiniLM")],
        "gaussian",
        "random activations and weights, or real ones",
    )
    .when(is_gemm),
    int("a_bits", "bits of a", (2, 8, 1), 8, "width of an activation's code").when(is_gemm),
    int("b_bits", "bits of b", (2, 8, 1), 8, "width of a weight's code").when(is_gemm),
    choice(
        "scales",
        "scales",
        &[option("row", "one a row, one a column"), option("tensor", "one a matrix")],
        "row",
        "how many scales the two matrices have",
    )
    .when(is_gemm),
    doubling("inner", "K", (64, 1024), 1024, "products that each output sums").when(is_random),
    SEED.when(is_random),
    doubling("n", "outputs", (1024, 65_536), 16_384, "how many values of the product are computed").when(is_gemm),
];

/// Codes of all three types, one apart.
const CODES: (f64, f64, f64) = (-128.0, 255.0, 1.0);

const PARTS: &[Choice] =
    &[option("dot", "one dot product"), option("stress", "the longest sums"), option("gemm", "a whole product")];

const DATA: &[Choice] = &[option("own", "own"), option("minilm", "MiniLM"), option("onnx", "ONNX's example")];

const TYPES: &[Choice] = &[option("u8", "uint8"), option("s8", "int8"), option("s8_127", "int8, -127 to 127")];

fn is_dot(params: &Params) -> bool {
    params.choice("part") == "dot"
}

fn is_gemm(params: &Params) -> bool {
    params.choice("part") == "gemm"
}

fn is_random(params: &Params) -> bool {
    is_gemm(params) && params.choice("source") == "gaussian"
}

fn is_own(params: &Params) -> bool {
    is_dot(params) && params.choice("data") == "own"
}

fn is_minilm(params: &Params) -> bool {
    is_dot(params) && params.choice("data") == "minilm"
}

fn is_onnx(params: &Params) -> bool {
    is_dot(params) && params.choice("data") == "onnx"
}

/// The example brings its types.
fn has_types(params: &Params) -> bool {
    params.choice("part") == "stress" || is_own(params) || is_minilm(params)
}

const METRICS: &[MetricSpec] = &[
    metric("acc", "int32 result", "", Better::Neither, 0, "the sum of (qa - za)(qb - zb), and the bias where there is one"),
    metric(
        "extra_ops",
        "extra operations",
        "",
        Better::Lower,
        0,
        "additions and multiplications at run time beside the K products",
    ),
    metric("products", "sum of qa qb", "", Better::Neither, 0, "the codes multiplied as they are"),
    metric("b_zero_term", "-zb sum qa", "", Better::Neither, 0, "what the zero point of b takes away: it needs the input"),
    metric(
        "k_overflow",
        "K that can overflow",
        "",
        Better::Higher,
        0,
        "the fewest products of codes of these types whose sum can leave int32",
    ),
    metric("overflows", "int32 overflows", "", Better::Lower, 0, "1 where K of the largest products leave int32, otherwise 0"),
    metric("predicted_db", "product, predicted", "dB", Better::Neither, 2, "from the SQNR of a and of b: their noises add"),
    metric(
        "measured_db",
        "product, measured",
        "dB",
        Better::Higher,
        2,
        "SQNR of the outputs of the whole product, summed in int32",
    ),
    metric("a_db", "matrix a alone", "dB", Better::Higher, 2, "SQNR of the activations of the whole product"),
    metric("b_db", "matrix b alone", "dB", Better::Higher, 2, "SQNR of the weights of the whole product"),
    metric("a_zero_term", "-za sum qb", "", Better::Neither, 0, "what the zero point of a takes away: the weights decide it"),
    metric("constant_term", "K za zb", "", Better::Neither, 0, "what both took away twice"),
    metric("bias_code", "bias code", "", Better::Neither, 0, "round(bias / (sa sb)) in int32; 0 where the codes have no scales"),
    metric("real_result", "result", "", Better::Neither, 4, "sa sb times the int32 result"),
    metric("float_result", "result in float", "", Better::Neither, 4, "the same values multiplied before they were quantized"),
    metric("worst_sum", "largest sum", "", Better::Neither, 0, "K of the largest products, exactly"),
    metric("register", "in int32", "", Better::Neither, 0, "what an int32 register holds of that sum: it wraps around"),
];

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    ctx.step(0, 1)?;
    let dot = Dot::of(params, ctx);
    let precompute = params.bool("precompute");
    let worst = Worst::of(Kind::of(params, "a_type"), Kind::of(params, "b_type"), params.int("k"));
    let product = is_gemm(params).then(|| Product::of(params, ctx)).transpose()?;
    let terms = dot.terms();
    let (figures, trace) = match (&product, params.choice("part")) {
        (Some(product), _) => (vec![Figure::Bars(product.noise()), Figure::Lines(product::by_bits(params, ctx)?)], None),
        (None, "stress") => {
            (vec![Figure::Bits(worst.bits()), Figure::Lines(worst.growth()), Figure::Table(stress::types())], None)
        }
        _ => (terms::figures(&dot, precompute), Some(terms::trace(&dot, precompute))),
    };
    let of_product = |of: fn(&Product) -> f64| product.as_ref().map(of);
    let number = |x: i32| f64::from(x);
    Ok(Report {
        metrics: vec![
            value("acc", number(terms.result())),
            value("extra_ops", terms::extra_ops(&dot, precompute) as f64),
            value("products", number(terms.products)),
            value("b_zero_term", number(terms.b_zero)),
            value("k_overflow", worst.first_overflow() as f64),
            value("overflows", f64::from(u8::from(worst.overflows()))),
            value("predicted_db", of_product(Product::predicted_db)),
            value("measured_db", of_product(Product::measured_db)),
            value("a_db", of_product(Product::a_db)),
            value("b_db", of_product(Product::b_db)),
            value("a_zero_term", number(terms.a_zero)),
            value("constant_term", number(terms.constant)),
            value("bias_code", number(terms.bias)),
            value("real_result", dot.real_result()),
            value("float_result", dot.float_result()),
            value("worst_sum", worst.sum() as f64),
            value("register", number(worst.register())),
        ],
        figures,
        trace,
        notes: notes(params, &dot, &worst, product.as_ref()),
        arrays: vec![],
    })
}

fn notes(params: &Params, dot: &Dot, worst: &Worst, product: Option<&Product>) -> Vec<String> {
    let mut notes = Vec::new();
    if dot.real_result().is_none() {
        notes.push("real_result and float_result are absent: these codes have no scales.".into());
    }
    match product {
        Some(product) => notes.push(product.note()),
        None => notes
            .push("predicted_db, measured_db, a_db and b_db are absent: they belong to the part with a whole product.".into()),
    }
    match params.choice("part") {
        "stress" => notes.push(worst.note()),
        "dot" => {
            notes.extend(dot.clamped.iter().cloned());
            if dot.b.zero == 0 {
                notes.push("The zero point of b is 0: no term needs a sum over the input.".into());
            }
        }
        _ => {}
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    fn got(set: &[(&str, &str)], name: &str) -> f64 {
        run_with(&LAB, set).metric(name).unwrap_or_else(|| panic!("{name} is defined for {set:?}"))
    }

    /// O-16, the example of ONNX's MatMulInteger.
    #[test]
    fn the_example_of_onnx_has_its_results() {
        for (row, expected) in [[-38.0, -83.0], [-44.0, -98.0], [-50.0, -113.0], [-56.0, -128.0]].into_iter().enumerate() {
            for (column, expected) in expected.into_iter().enumerate() {
                let (row, column) = (row.to_string(), column.to_string());
                let set = [("data", "onnx"), ("row", row.as_str()), ("column", column.as_str())];
                assert_eq!(got(&set, "acc"), expected, "{set:?}");
            }
        }
    }

    /// O-19, and the register on both sides of the first overflow.
    #[test]
    fn sums_overflow_at_the_depth_of_their_types() {
        let pairs = [
            ("u8", "s8", 65_794),
            ("u8", "s8_127", 66_312),
            ("s8_127", "s8_127", 133_145),
            ("s8", "s8", 131_072),
            ("u8", "u8", 33_026),
        ];
        for (a, b, k) in pairs {
            let at = |k: i64| run_with(&LAB, &[("part", "stress"), ("a_type", a), ("b_type", b), ("k", &k.to_string())]);
            let (before, after) = (at(k - 1), at(k));
            assert_eq!(after.metric("k_overflow"), Some(k as f64), "{a} {b}");
            assert_eq!((before.metric("overflows"), after.metric("overflows")), (Some(0.0), Some(1.0)), "{a} {b}");
            assert_eq!(before.metric("register"), before.metric("worst_sum"), "{a} {b}");
            assert_ne!(after.metric("register"), after.metric("worst_sum"), "{a} {b}");
        }
    }

    /// O-34: the noises of the operands add up.
    #[test]
    fn the_noise_of_a_product_is_that_of_its_operands() {
        for (bits, tolerance) in [("8", 0.1), ("4", 0.15)] {
            for (inner, n) in [("256", "65536"), ("1024", "16384")] {
                let set = [("part", "gemm"), ("a_bits", bits), ("b_bits", bits), ("inner", inner), ("n", n)];
                let off = got(&set, "predicted_db") - got(&set, "measured_db");
                assert!(off.abs() <= tolerance, "{bits} bits, K = {inner}: {off}");
            }
        }
        // The figures of the course: 42.14 and 42.08 dB are predicted to give 39.10.
        let default = run_with(&LAB, &[("part", "gemm")]);
        for (name, expected) in [("a_db", 42.14), ("b_db", 42.08), ("predicted_db", 39.10), ("measured_db", 39.08)] {
            let found = default.metric(name).expect("always defined");
            assert!((found - expected).abs() < 0.15, "{name}: {found}");
        }
    }

    #[test]
    fn every_way_through_the_trace_ends_on_the_result() {
        for (a, b) in [("u8", "s8_127"), ("u8", "u8"), ("s8", "s8"), ("s8", "u8")] {
            for data in ["own", "minilm"] {
                for precompute in ["true", "false"] {
                    let set = [
                        ("data", data),
                        ("a_type", a),
                        ("b_type", b),
                        ("b_zero", "9"),
                        ("bias", "0.3"),
                        ("precompute", precompute),
                    ];
                    let report = run_with(&LAB, &set);
                    let acc = report.metric("acc").expect("always defined");
                    let trace = report.trace.expect("the part has one");
                    let last = &trace.steps[trace.steps.len() - 1].caption;
                    assert!(last.contains(&crate::lab::row::signed(acc as i64)), "{set:?}: {acc} in {last}");
                }
            }
        }
    }

    #[test]
    fn real_codes_come_back_near_the_float_result() {
        for token in ["0", "77", "255"] {
            let set = [("data", "minilm"), ("token", token), ("bias", "0.5")];
            let (real, float) = (got(&set, "real_result"), got(&set, "float_result"));
            // Eight products, each off by half a step of either side at most.
            assert!((real - float).abs() < 0.03, "{token}: {real} and {float}");
        }
    }

    #[test]
    fn a_zero_point_of_0_and_precomputed_weights_leave_one_addition() {
        assert_eq!(got(&[("precompute", "true")], "extra_ops"), 1.0);
        assert_eq!(got(&[("precompute", "true"), ("a_zero", "0")], "extra_ops"), 0.0);
        assert!(got(&[("precompute", "true"), ("b_zero", "3")], "extra_ops") > 8.0);
    }
}
