//! Constants of the literature, vectors of specifications, and figures of the real weights.

use proptest::prelude::*;
use quantlearn::{
    kernel::{Affine, Affines, CodeRange, Rounding, dequantize, quantize},
    quant::{ScaleFormat, Scheme, affine_of, covered},
    tensor::Sources,
};

use crate::{list, metric, near, number, numbers, oracles, run};

/// How many times more cases than by default.
fn thorough() -> u32 {
    if std::env::var("QUANTLEARN_THOROUGH").is_ok_and(|level| level == "release") { 8 } else { 1 }
}

#[test]
fn o_01_rust_casts_saturate_floats_and_wrap_integers() {
    let (not_a_number, wide) = (f32::NAN, 300i32);
    assert_eq!([2.5f32 as i8, -1.7f32 as i8, 300.0f32 as i8, -300.0f32 as i8, not_a_number as i8], [2, -1, 127, -128, 0]);
    assert_eq!(wide as i8, 44);
    assert_eq!([2.5f32, -1.7].map(|x| Rounding::Truncate.apply(x, 0)), [2.0, -1.0], "truncating is what a cast does");
}

#[test]
fn o_02_ties_go_where_their_mode_says() {
    assert_eq!([2.5f32, -2.5].map(f32::round), [3.0, -3.0]);
    assert_eq!([2.5f32, 3.5].map(f32::round_ties_even), [2.0, 4.0]);
    assert_eq!([2.5, -2.5].map(|x| Rounding::Away.apply(x, 0)), [3.0, -3.0]);
    assert_eq!([2.5, 3.5, -2.5].map(|x| Rounding::Even.apply(x, 0)), [2.0, 4.0, -2.0]);
    assert_eq!([2.5, -2.5].map(|x| Rounding::HalfUp.apply(x, 0)), [3.0, -2.0]);
}

#[test]
fn o_03_truncation_costs_four_times_the_error_of_rounding() {
    let sources = Sources::default();
    let table = &oracles()["seed_cast"];
    for (rounding, key, n_codes) in [("truncate", "trunc", 254.0), ("even", "rne", 256.0)] {
        let report = run(&sources, "rounding", &[("rounding", rounding)]);
        let mse = number(&table[key]["mse"]);
        near(metric(&report, "mse"), mse, 0.01 * mse, rounding);
        let share = 100.0 * number(&table[key]["code0"]);
        // About 4000 or 8000 values of a million: four standard deviations.
        near(metric(&report, "zero_share"), share, 4.0 * (share * 100.0 / 1_048_576.0).sqrt(), rounding);
        assert_eq!(metric(&report, "distinct_codes"), n_codes, "{rounding}");
    }
    let report = run(&sources, "rounding", &[]);
    near(metric(&report, "bias_negative"), number(&table["trunc"]["bias_neg"]), 0.005, "below 0");
    near(metric(&report, "bias_positive"), number(&table["trunc"]["bias_pos"]), 0.005, "above 0");
}

#[test]
fn o_04_stochastic_rounding_is_unbiased_at_twice_the_error() {
    let report = run(&Sources::default(), "rounding", &[("rounding", "stochastic")]);
    near(metric(&report, "mse"), 1.0 / 6.0, 0.01 / 6.0, "error");
    near(metric(&report, "bias"), 0.0, 2e-3, "bias");
}

#[test]
fn o_12_ranges_have_their_scale_and_zero_point() {
    let sources = Sources::default();
    let range = Scheme::Affine.range(8);
    for row in list(&oracles()["affine_ranges"]) {
        let ends = numbers(&row["range"]);
        let by = affine_of(ends[0], ends[1], Scheme::Affine, range, ScaleFormat::F32);
        near(by.scale.into(), number(&row["s"]), 1e-8, "scale");
        assert_eq!(f64::from(by.zero_point), number(&row["z"]));
        let report = run(&sources, "affine", &[("lo", &ends[0].to_string()), ("hi", &ends[1].to_string())]);
        assert_eq!(metric(&report, "zero_point"), number(&row["z"]), "the lab says the same");
        if !row["nudged"].is_null() {
            let (nudged, (lo, hi)) = (numbers(&row["nudged"]), covered(by, range));
            near(lo, nudged[0], 1e-6, "low end");
            near(hi, nudged[1], 1e-6, "high end");
        }
    }
}

#[test]
fn o_13_quantize_linear_of_onnx() {
    let vector = &oracles()["onnx"]["quantize_linear_u8"];
    let src: Vec<f32> = numbers(&vector["x"]).iter().map(|&x| x as f32).collect();
    let by = Affine { scale: number(&vector["scale"]) as f32, zero_point: number(&vector["zp"]) as i32 };
    let mut codes = vec![0; src.len()];
    quantize(&src, Affines::One(by), CodeRange { qmin: 0, qmax: 255 }, Rounding::Even, 0, &mut codes);
    assert_eq!(codes.iter().map(|&q| f64::from(q)).collect::<Vec<_>>(), numbers(&vector["y"]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000 * thorough()))]

    #[test]
    fn o_18_a_value_in_range_errs_by_half_a_step_and_codes_survive(
        lo in -100.0f64..1.0,
        hi in 0.0f64..100.0,
        at in 0.0f64..=1.0,
        bits in 2u32..=16,
        scheme in prop_oneof![Just(Scheme::Symmetric), Just(Scheme::SymmetricFull), Just(Scheme::Affine)],
        format in prop_oneof![Just(ScaleFormat::F16), Just(ScaleFormat::F32)],
    ) {
        let range = scheme.range(bits);
        let by = affine_of(lo, hi, scheme, range, format);
        let through = |r: f32| {
            let (mut code, mut back) = ([0], [0.0]);
            quantize(&[r], Affines::One(by), range, Rounding::Even, 0, &mut code);
            dequantize(&code, Affines::One(by), &mut back);
            (code[0], back[0])
        };
        let (first, last) = covered(by, range);
        let r = (first + at * (last - first)) as f32;
        let error = (f64::from(r) - f64::from(through(r).1)).abs();
        // f32 rounds the quotient and the product, each by at most half an ulp of the value.
        let slack = f64::from(r.abs()) * f64::from(f32::EPSILON);
        prop_assert!(error <= f64::from(by.scale) / 2.0 * (1.0 + 1e-6) + slack, "{r} errs by {error}, step {}", by.scale);
        prop_assert_eq!(through(0.0).1, 0.0);
        let code = range.qmin + (at * (range.n_codes() - 1) as f64) as i32;
        let mut real = [0.0];
        dequantize(&[code], Affines::One(by), &mut real);
        prop_assert_eq!(through(real[0]).0, code);
    }
}

#[test]
fn o_22_uniform_data_reach_the_textbook_ratio() {
    let sources = Sources::default();
    for (scheme, bits, expected) in
        [("symmetric", "8", 48.0967), ("affine", "8", 48.1308), ("symmetric", "4", 22.9226), ("affine", "4", 23.5218)]
    {
        let report = run(&sources, "noise", &[("source", "uniform"), ("bits", bits), ("scheme", scheme)]);
        near(metric(&report, "sqnr_db"), expected, 0.05, &format!("{scheme}, {bits} bits"));
        near(metric(&report, "theory_db"), expected, 0.001, &format!("{scheme}, {bits} bits, theory"));
    }
}

#[test]
fn o_23_the_best_clip_is_that_of_the_integrals() {
    let sources = Sources::default();
    let table = &oracles()["scalar"];
    for source in ["gauss", "laplace"] {
        // At 8 bits the clipping noise of a million Laplace values comes from about fifty of them, and differs from seed to
        // seed by a tenth of a decibel and more.
        let (name, tolerance) = if source == "gauss" { ("gaussian", 0.05) } else { (source, 0.4) };
        for row in list(&table[format!("{source}_int_restricted")]) {
            let bits = row["bits"].to_string();
            let report = run(&sources, "noise", &[("source", name), ("bits", &bits), ("clip", "best")]);
            near(metric(&report, "sqnr_db"), number(&row["sqnr_db"]), tolerance, &format!("{name}, {bits} bits"));
            let clip = number(&row["alpha_qmax"]);
            near(metric(&report, "clip_sigma"), clip, 0.03 * clip, &format!("{name}, {bits} bits, clip"));
        }
        for row in list(&table[format!("{source}_int_full")]) {
            let bits = row["bits"].to_string();
            let set = [("source", name), ("bits", bits.as_str()), ("clip", "mse"), ("scheme", "symmetric_full")];
            let report = run(&sources, "quantize", &set);
            near(metric(&report, "sqnr_db"), number(&row["sqnr_db"]), tolerance, &format!("{name}, {bits} bits, full range"));
        }
    }
}

#[test]
fn o_27_groups_of_integers_reach_their_ratio() {
    let sources = Sources::default();
    let rows = [
        ("INT4 absmax g=128 f16", "4", "128", "symmetric", "f16"),
        ("INT4 absmax g=32 f16", "4", "32", "symmetric", "f16"),
        ("INT8 absmax g=128 f32", "8", "128", "symmetric", "f32"),
        ("INT4 full-range sym 2a/15 g=32", "4", "32", "symmetric_full", "f32"),
        ("INT4 asym g=32", "4", "32", "affine", "f32"),
        ("INT2 asym g=32", "2", "32", "affine", "f32"),
    ];
    for (key, bits, group, scheme, scale_format) in rows {
        for (name, column, tolerance) in [
            ("gaussian", "gauss", 0.1),
            ("laplace", "laplace", 0.1),
            ("uniform", "uniform", 0.1),
            ("outliers", "gauss+0.1%x20", 0.3),
        ] {
            let set = [
                ("source", name),
                ("bits", bits),
                ("granularity", "group"),
                ("group", group),
                ("scheme", scheme),
                ("scale_format", scale_format),
            ];
            let report = run(&sources, "quantize", &set);
            near(
                metric(&report, "sqnr_db"),
                number(&oracles()["shootout_db"][key][column]),
                tolerance,
                &format!("{key}, {name}"),
            );
        }
    }
}

/// The figures that `assets/check_minilm_ffn.py` found with NumPy.
const FIGURES: &str = include_str!("../../assets/FIGURES.txt");

/// The lines of a matrix's section.
fn section(matrix: &str) -> impl Iterator<Item = &'static str> {
    let heading = format!("# {matrix}.weight");
    FIGURES.lines().skip_while(move |line| *line != heading).skip(1).take_while(|line| !line.starts_with('#'))
}

#[test]
fn real_weights_in_all_bits_are_as_numpy_found_them() {
    let sources = Sources::default();
    for matrix in ["intermediate.dense", "output.dense"] {
        let source = format!("minilm.{matrix}");
        // bits qmax | scale f32, SQNR, codes used, share, zeros, nonzero | scale f16, SQNR, clamped
        let table = section(matrix).skip_while(|line| !line.starts_with("bits")).skip(1).take_while(|line| !line.is_empty());
        let mut n_rows = 0;
        for line in table {
            let fields: Vec<&str> = line.split_whitespace().filter(|field| *field != "|").collect();
            let field = |idx: usize| fields[idx].parse::<f64>().expect("a number");
            for (format, scale, sqnr) in [("f32", field(2), field(3)), ("f16", field(8), field(9))] {
                let report = run(&sources, "quantize", &[("source", &source), ("bits", fields[0]), ("scale_format", format)]);
                let what = format!("{source}, {} bits, {format}", fields[0]);
                near(metric(&report, "scale"), scale, 1e-6 * scale, &what);
                near(metric(&report, "sqnr_db"), sqnr, 0.006, &what);
                if format == "f32" {
                    assert_eq!(metric(&report, "distinct_codes"), field(4), "{what}");
                } else {
                    let n_clipped = metric(&report, "clipped_share") / 100.0 * 589_824.0;
                    near(n_clipped, field(10), 1e-6, &what);
                }
            }
            n_rows += 1;
        }
        assert_eq!(n_rows, 15, "{matrix}: 2 to 16 bits");
    }
}

#[test]
fn real_weights_at_every_granularity_are_as_numpy_found_them() {
    let sources = Sources::default();
    for matrix in ["intermediate.dense", "output.dense"] {
        let source = format!("minilm.{matrix}");
        // granularity, scales | 8 bits f32 / f16 | 4 bits f32 / f16
        let table =
            section(matrix).skip_while(|line| !line.starts_with("granularity")).skip(1).take_while(|line| !line.is_empty());
        let mut n_rows = 0;
        for line in table {
            let fields: Vec<&str> = line.split_whitespace().filter(|field| *field != "/").collect();
            let (granularity, group) = match fields[0].strip_prefix("g=") {
                Some(group) => ("group", group),
                None => (fields[0].trim_start_matches("per-"), "128"),
            };
            for (at, bits, format) in [(2, "8", "f32"), (3, "8", "f16"), (4, "4", "f32"), (5, "4", "f16")] {
                let set = [
                    ("source", source.as_str()),
                    ("bits", bits),
                    ("granularity", granularity),
                    ("group", group),
                    ("scale_format", format),
                ];
                let report = run(&sources, "quantize", &set);
                let expected = fields[at].parse().expect("a number");
                near(metric(&report, "sqnr_db"), expected, 0.006, &format!("{source}, {granularity}, {bits} bits, {format}"));
                let meta = f64::from(if format == "f16" { 16 } else { 32 }) * fields[1].parse::<f64>().expect("a number");
                near(metric(&report, "bpw"), bits.parse::<f64>().expect("a number") + meta / 589_824.0, 1e-9, "bits per weight");
            }
            n_rows += 1;
        }
        assert_eq!(n_rows, 5, "{matrix}");
    }
}

/// Lesson 5: after a ReLU a symmetric grid wastes half of its codes.
#[test]
fn relu_gains_six_decibels_from_a_zero_point() {
    let sources = Sources::default();
    let set = |scheme, bits| [("source", "relu"), ("scheme", scheme), ("bits", bits), ("scale_format", "f32")];
    for (bits, symmetric, affine) in [("8", 39.0, 45.05), ("4", 13.8, 20.4)] {
        let db = |scheme| metric(&run(&sources, "quantize", &set(scheme, bits)), "sqnr_db");
        // The largest of a million values differs from seed to seed.
        near(db("symmetric"), symmetric, 0.3, bits);
        near(db("affine"), affine, 0.3, bits);
    }
}

/// The table in the documentation of `quant` says who holds what; nobody in it may be gone.
#[test]
fn every_test_that_the_table_of_references_names_is_there() {
    let doc = include_str!("../../src/quant.rs");
    let rows: Vec<&str> = doc.lines().filter_map(|line| line.strip_prefix("//! | ")).collect();
    let named: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert!(rows.len() > 40 && named.len() > 40, "{} rows, {} tests", rows.len(), named.len());
    let tests = ["blocks", "calibration", "constants", "formats"];
    let read = |name| std::fs::read_to_string(format!("tests/oracles/{name}.rs")).expect("it is beside this one");
    let tests = tests.map(read).concat();
    for name in named {
        let source = match name.rsplit_once("::tests::") {
            None => tests.clone(),
            Some((module, _)) => {
                let path = format!("src/quant/{}", module.replace("::", "/"));
                let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
                [read(format!("{path}.rs")), read(format!("{path}/tests.rs"))].concat()
            }
        };
        let function = name.rsplit("::").next().expect("a name has a last part");
        assert!(source.contains(&format!("fn {function}(")), "{name} is no test");
    }
}
