//! Blocks, codebooks and small floats: the bytes of the `gguf` package, the vectors of specifications.

use quantlearn::quant::{
    Matrix,
    codebook::{Codebook, DOUBLE_BPW, nf4_from_quantiles},
    density::Density,
    format::Format,
    ggml::{BLOCKS, BlockType},
    lloyd::{Quantizer, best_uniform, lloyd_max},
    mx::{Element, Mx, ScaleRule},
    nvfp4::Nvfp4,
};
use quantlearn::tensor::{Source, Sources};
use serde_json::Value;

use crate::{list, near, number, oracles};

fn golden() -> Value {
    serde_json::from_str(include_str!("../fixtures/ggml/golden.json")).expect("the vectors are JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn floats(value: &Value) -> Vec<f32> {
    list(value).iter().map(|x| number(x) as f32).collect()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = text(hex);
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex")).collect()
}

/// Little-endian FP32 in hex.
fn words(hex: &Value) -> Vec<f32> {
    bytes(hex).as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encoded(block: BlockType, values: &[f32]) -> Vec<u8> {
    let spec = block.spec();
    let mut bytes = vec![0; spec.n_bytes];
    spec.encode.expect("the type has an encoder")(values, &mut bytes);
    bytes
}

fn decoded(block: BlockType, bytes: &[u8]) -> Vec<f32> {
    let spec = block.spec();
    let mut values = vec![f32::NAN; spec.n_values];
    spec.decode.expect("the type has a decoder")(bytes, &mut values);
    values
}

/// Equal as numbers, bit for bit but for the sign of 0, which the package's arithmetic does not keep either.
#[track_caller]
fn same(got: &[f32], expected: &[f32], what: &str) {
    let differs = got.iter().zip(expected).position(|(a, b)| a.to_bits() != b.to_bits() && !(*a == 0.0 && *b == 0.0));
    assert_eq!(got.len(), expected.len(), "{what}");
    assert!(differs.is_none(), "{what}: place {differs:?} of\n{got:?}\n{expected:?}");
}

#[test]
fn blocks_are_encoded_and_decoded_as_the_gguf_package_does() {
    let golden = golden();
    let mut seen = std::collections::BTreeSet::new();
    for (idx, row) in list(&golden["blocks"]).iter().enumerate() {
        let name = text(&row["type"]);
        let block = BlockType::find(name).expect("a type of the table");
        let (stored, what) = (bytes(&row["bytes"]), format!("{name}, vector {idx}"));
        if !row["values"].is_null() {
            assert_eq!(hex(&encoded(block, &words(&row["values"]))), hex(&stored), "{what}");
            seen.insert(format!("{name} encoded"));
        }
        same(&decoded(block, &stored), &words(&row["back"]), &what);
        seen.insert(name.to_owned());
    }
    // Every decoder has met a vector, and every encoder but that of IQ4_NL, for which the package has none.
    for spec in &BLOCKS {
        assert_eq!(spec.decode.is_some(), seen.contains(spec.name), "{}", spec.name);
        let is_seen = seen.contains(&format!("{} encoded", spec.name));
        assert_eq!(spec.encode.is_some(), is_seen || spec.block == BlockType::IQ4_NL, "{}", spec.name);
    }
}

#[test]
fn o_35_blocks_have_the_sizes_of_the_package() {
    let golden = golden();
    let mut n_seen = 0;
    for row in list(&golden["sizes"]) {
        let Some(block) = BlockType::find(text(&row[0])) else { continue };
        n_seen += 1;
        // The package's table still counts two FP32 numbers in Q8_1; the C struct has two FP16 numbers, 36 bytes.
        let n_bytes = if block == BlockType::Q8_1 { 36 } else { row[2].as_u64().expect("a size") as usize };
        let spec = block.spec();
        assert_eq!((spec.n_values as u64, spec.n_bytes), (row[1].as_u64().expect("a size"), n_bytes), "{}", spec.name);
    }
    assert_eq!(n_seen, BLOCKS.len());
    let bpw = [
        ("Q4_0", 4.5),
        ("Q4_1", 5.0),
        ("Q5_0", 5.5),
        ("Q5_1", 6.0),
        ("Q8_0", 8.5),
        ("Q8_1", 9.0),
        ("Q2_K", 2.625),
        ("Q3_K", 3.4375),
        ("Q4_K", 4.5),
        ("Q5_K", 5.5),
        ("Q6_K", 6.5625),
        ("Q8_K", 9.125),
        ("IQ1_S", 1.5625),
        ("IQ1_M", 1.75),
        ("IQ2_XXS", 2.0625),
        ("IQ2_XS", 2.3125),
        ("IQ2_S", 2.5625),
        ("IQ3_XXS", 3.0625),
        ("IQ3_S", 3.4375),
        ("IQ4_NL", 4.5),
        ("IQ4_XS", 4.25),
        ("TQ1_0", 1.6875),
        ("TQ2_0", 2.0625),
        ("MXFP4", 4.25),
        ("NVFP4", 4.5),
        ("Q1_0", 1.125),
    ];
    for (name, expected) in bpw {
        assert_eq!(BlockType::find(name).expect("a type of the table").spec().bpw(), expected, "{name}");
    }
}

#[test]
fn o_36_the_block_of_the_course_has_its_bytes() {
    let table = &oracles()["ggml_blocks"];
    let values = floats(&table["input"]);
    let formula: Vec<f32> = (0..32).map(|i| ((7 * i % 32) as f32 - 13.0) / 8.0).collect();
    assert_eq!(values, formula);
    for name in ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "MXFP4"] {
        let block = BlockType::find(name).expect("a type of the table");
        let stored = encoded(block, &values);
        assert_eq!(hex(&stored), text(&table[name]["hex"]), "{name}");
        same(&decoded(block, &stored), &floats(&table[name]["dequant"]), name);
    }
}

#[track_caller]
fn as_in_the_table(found: &Quantizer, row: &Value, what: &str) {
    let mse = number(&row["mse"]);
    near(found.mse, mse, 1e-4 * mse, what);
    near(found.sqnr_db(), number(&row["sqnr_db"]), 1e-3, what);
}

#[test]
fn o_23_lloyd_max_has_its_published_errors_and_levels() {
    let table = &oracles()["scalar"];
    for (density, key) in [(Density::Gaussian, "gauss_lloyd"), (Density::Laplace, "laplace_lloyd")] {
        let rows = list(&table[key]);
        assert_eq!(rows.len(), 8);
        for row in rows {
            let bits = number(&row["bits"]) as u32;
            let (found, what) = (lloyd_max(density, 1 << bits), format!("{key} {bits} bits"));
            as_in_the_table(&found, row, &what);
            near(found.entropy, number(&row["entropy"]), 1e-4, &what);
            let positive = found.levels.iter().filter(|l| **l > 0.0);
            for (got, expected) in positive.zip(row["levels_pos"].as_array().into_iter().flatten()) {
                near(*got, number(expected), 1e-5, &what);
            }
        }
    }
}

#[test]
fn o_23_the_best_uniform_quantizers_have_their_step() {
    let table = &oracles()["scalar"];
    for (density, key) in [(Density::Gaussian, "gauss_uniform_midrise"), (Density::Laplace, "laplace_uniform_midrise")] {
        for row in list(&table[key]) {
            let n = 1 << number(&row["bits"]) as u32;
            let (step, found) = best_uniform(density, n);
            as_in_the_table(&found, row, key);
            // The minimum is flat.
            near(step, number(&row["step"]), 1e-3 * step, key);
            near(0.5 * n as f64 * step, number(&row["clip_half_range"]), 1e-3 * n as f64 * step, key);
        }
    }
}

/// The mean square of the largest of n normals, by the distribution of the largest magnitude: P(max <= x) = (1 - 2 Q(x))^n.
#[test]
fn o_26_the_largest_of_n_normals_has_its_mean_square() {
    for row in list(&oracles()["absmax_gauss"]) {
        let n = number(&row[0]);
        let width = 1e-3;
        let (mean, square) = (0..9000).map(|i| (f64::from(i) + 0.5) * width).fold((0.0, 0.0), |(mean, square), x| {
            let beyond = 1.0 - (n * (-2.0 * Density::Gaussian.above(x)).ln_1p()).exp();
            (mean + beyond * width, square + 2.0 * x * beyond * width)
        });
        near(mean, number(&row[1]), 5e-3 * mean, "mean");
        near(square, number(&row[2]), 5e-3 * square, "mean square");
    }
}

#[test]
fn o_28_nf4_comes_from_normal_quantiles() {
    let table = &oracles()["nf4"];
    let book = Codebook::nf4();
    for ((built, stored), expected) in nf4_from_quantiles().iter().zip(book.levels()).zip(list(&table["levels"])) {
        near(f64::from(*stored), number(expected), 0.0, "the table");
        near(*built, number(expected), 2e-7, "the quantiles");
    }
    for (threshold, expected) in book.thresholds().iter().zip(list(&table["midpoints"])) {
        near(f64::from(*threshold), number(expected), 2e-7, "midpoint");
    }
    assert_eq!(book.levels().iter().filter(|l| **l > 0.0).count(), 8);
}

#[test]
fn o_37_the_largest_value_of_an_mxfp4_block_has_its_scale() {
    for (rule, scales, largest) in [
        (ScaleRule::Floor, [1.0, 1.0, 1.0, 2.0], [6.0, 6.0, 6.0, 8.0]),
        (ScaleRule::Rceil, [1.0, 2.0, 2.0, 2.0], [6.0, 6.0, 8.0, 8.0]),
    ] {
        let mx = Mx { element: Element::E2M1, rule };
        for ((absmax, scale), largest) in [6.0, 6.5, 7.9, 8.0].into_iter().zip(scales).zip(largest) {
            let mut back = [0.0; 2];
            assert_eq!(mx.round_block(&[0.0, absmax], &mut back), scale, "{rule:?} {absmax}");
            assert_eq!(back, [0.0, largest], "{rule:?} {absmax}");
        }
    }
}

#[test]
fn o_38_an_mxfp8_block_saturates_below_the_next_scale() {
    let mx = Mx { element: Element::E4M3, rule: ScaleRule::Floor };
    for (absmax, scale, largest) in [(500.0, 1.0, 448.0), (512.0, 2.0, 512.0)] {
        let mut back = [0.0];
        assert_eq!((mx.round_block(&[absmax], &mut back), back), (scale, [largest]));
    }
}

#[test]
fn o_39_nvfp4_scales_the_tensor_and_then_the_block() {
    let nvfp4 = Nvfp4::of(10.0);
    near(nvfp4.tensor_scale.into(), 10.0 / 2688.0, 1e-9, "tensor scale");
    near(nvfp4.tensor_scale.into(), 0.003_720_238_1, 1e-9, "tensor scale");
    assert_eq!(nvfp4.block_scale(10.0), 448.0);
}

#[test]
fn o_40_bits_for_each_weight_count_everything() {
    assert_eq!(Mx { element: Element::E4M3, rule: ScaleRule::Floor }.bpw(), 8.25);
    assert_eq!(Mx { element: Element::E2M1, rule: ScaleRule::Even }.bpw(), 4.25);
    assert_eq!(Mx { element: Element::E3M2, rule: ScaleRule::Even }.bpw(), 6.25);
    near(DOUBLE_BPW, 4.126_953, 1e-6, "double quantization");
    near(32.0 / 64.0 - (DOUBLE_BPW - 4.0), 0.373, 1e-3, "what it saves");
}

/// The rows of the shoot-out, by the names that the table of oracles has.
const SHOOT_OUT: [(&str, &str); 29] = [
    ("int8_tensor", "INT8 absmax per-tensor(4M)"),
    ("int8_g4096", "INT8 absmax g=4096 (row)"),
    ("q8_0", "Q8_0"),
    ("mxint8", "MXINT8"),
    ("e4m3_tensor", "FP8 E4M3 per-tensor absmax->448"),
    ("e5m2_tensor", "FP8 E5M2 per-tensor absmax->57344"),
    ("mxfp8_e4m3", "MXFP8 E4M3 floor"),
    ("mxfp8_e5m2", "MXFP8 E5M2 floor"),
    ("mxfp6_e2m3", "MXFP6 E2M3 floor"),
    ("mxfp6_e3m2", "MXFP6 E3M2 floor"),
    ("q5_1", "Q5_1"),
    ("q5_0", "Q5_0"),
    ("q4_1", "Q4_1"),
    ("q4_0", "Q4_0"),
    ("nf4", "NF4 g=64 f32"),
    ("nvfp4", "NVFP4 two-level"),
    ("int4_g32", "INT4 absmax g=32 f16"),
    ("mxfp4_floor", "MXFP4 floor"),
    ("mxfp4_even", "MXFP4 even"),
    ("mxfp4_rceil", "MXFP4 rceil"),
    ("mxfp4_ceil", "MXFP4 ceil"),
    ("int4_g128", "INT4 absmax g=128 f16"),
    ("int4_asym_g128", "INT4 asym g=128"),
    ("int4_tensor", "INT4 absmax per-tensor(4M)"),
    ("int3_g32", "INT3 absmax g=32"),
    ("int2_g32", "INT2 absmax g=32"),
    ("int2_asym_g32", "INT2 asym g=32"),
    ("bf16", "BF16 raw"),
    ("fp16", "FP16 raw"),
];

/// A scale for the whole tensor follows the one largest value, and that of 4 194 304 samples differs by a decibel from
/// draw to draw. So the samples are given the largest value that the table's own draw had: it follows from the noise of
/// INT8, a step squared over 12.
fn with_largest(data: &[f32], int8_db: f64) -> Vec<f32> {
    let power = data.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / data.len() as f64;
    let largest = 127.0 * (12.0 * power / 10f64.powf(int8_db / 10.0)).sqrt() as f32;
    let mut data: Vec<f32> = data.iter().map(|&x| if x.abs() < largest { x } else { 0.0 }).collect();
    data[0] = largest;
    data
}

/// 2^20 samples, 2^22 when thorough. The sampling error of a cell is below 0.1 dB, with outliers 0.2 dB: there are about
/// a thousand of them, and they are a third of the power.
#[test]
fn o_27_every_cell_of_the_shoot_out() {
    let table = &oracles()["shootout_db"];
    let is_thorough = std::env::var("QUANTLEARN_THOROUGH").is_ok_and(|level| level == "release");
    let n = if is_thorough { 1 << 22 } else { 1 << 20 };
    let columns = [
        (Source::Gaussian, "gauss", 0.1),
        (Source::Laplace, "laplace", 0.1),
        (Source::Uniform, "uniform", 0.1),
        (Source::Outliers, "gauss+0.1%x20", 0.3),
    ];
    for (source, column, tolerance) in columns {
        let data = Sources::default().get(source, n, 1).data.to_vec();
        let whole = with_largest(&data, number(&table[SHOOT_OUT[0].1][column]));
        for (id, key) in SHOOT_OUT {
            let format = Format::find(id).expect("a format of the table");
            let data = if format.block().is_none() { &whole } else { &data };
            let Ok(applied) = format.apply(Matrix::new(data, 256), &mut |_, _| Ok::<(), std::convert::Infallible>(()));
            near(applied.errors(data).sqnr_db(), number(&table[key][column]), tolerance, &format!("{id}, {column}"));
            // What the table has once for the tensor, and FP16 scales of 4096 values, it leaves out.
            near(format.bpw(), number(&table[key]["bpw"]), 0.004, id);
        }
    }
}

#[test]
fn o_40_formats_have_the_bits_that_they_say() {
    for (id, bpw) in
        [("int4_g128", 4.125), ("int4_asym_g128", 4.15625), ("nf4", 4.5), ("nf4_double", 4.126_953_125), ("mxfp8_e4m3", 8.25)]
    {
        assert_eq!(Format::find(id).expect("a format of the table").bpw(), bpw, "{id}");
    }
}
