//! The blocks of ggml, as GGUF files store them.
//!
//! One row of [`BLOCKS`] for each type: how many values share how many bytes, and where this program can do it, how a
//! block is encoded and decoded. Both agree bit for bit with the `gguf` package 0.19 (`gguf.quants`) wherever that
//! defines a result; `tests/fixtures/ggml` holds its bytes.
//!
//! Beyond it, in an encoder: a NaN is taken as 0 and an infinity gets the last code of its side; ranges look at finite
//! values only. A scale or minimum that FP16 cannot hold becomes its largest finite number (the package stores an
//! infinity), and one so small that its reciprocal overflows counts as 0.
//!
//! Sources: ggml-common.h and ggml-quants.c of llama.cpp, gguf-py/gguf/quants.py.

mod basic;
mod superblock;
mod table;
mod ternary;

use half::f16;

pub use table::IQ4_NL_LEVELS;

/// A block type, by the name that GGUF files use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(non_camel_case_types, reason = "the names are those of the file format")]
pub enum BlockType {
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q8_1,
    Q1_0,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
    Q8_K,
    IQ1_S,
    IQ1_M,
    IQ2_XXS,
    IQ2_XS,
    IQ2_S,
    IQ3_XXS,
    IQ3_S,
    IQ4_NL,
    IQ4_XS,
    TQ1_0,
    TQ2_0,
    MXFP4,
    NVFP4,
}

/// One block: `n_values` values to `n_bytes` bytes.
pub type Encode = fn(&[f32], &mut [u8]);
/// One block: `n_bytes` bytes to `n_values` values.
pub type Decode = fn(&[u8], &mut [f32]);

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct BlockSpec {
    pub block: BlockType,
    /// As in files: "Q4_0".
    pub name: &'static str,
    pub n_values: usize,
    pub n_bytes: usize,
    /// What the bytes hold, in their order.
    pub content: &'static str,
    /// `None` where choosing the codes takes a search that this program does not do.
    pub encode: Option<Encode>,
    /// `None` for types that only ever stand between two kernels, and for those that need a table of lattice points.
    pub decode: Option<Decode>,
}

impl BlockSpec {
    /// Bits for each value, scales and minima included.
    pub fn bpw(&self) -> f64 {
        (self.n_bytes * 8) as f64 / self.n_values as f64
    }
}

const fn row(block: BlockType, name: &'static str, n_values: usize, n_bytes: usize, content: &'static str) -> BlockSpec {
    BlockSpec { block, name, n_values, n_bytes, content, encode: None, decode: None }
}

impl BlockSpec {
    const fn decoded(self, decode: Decode) -> Self {
        Self { decode: Some(decode), ..self }
    }

    const fn encoded(self, encode: Encode) -> Self {
        Self { encode: Some(encode), ..self }
    }
}

impl BlockType {
    /// Its row.
    pub fn spec(self) -> &'static BlockSpec {
        &BLOCKS[self as usize]
    }

    /// The type of this name; `None` where there is none.
    pub fn find(name: &str) -> Option<Self> {
        BLOCKS.iter().find(|spec| spec.name == name).map(|spec| spec.block)
    }
}

/// Every type, in the order of [`BlockType`].
pub static BLOCKS: [BlockSpec; 26] = [
    row(BlockType::Q4_0, "Q4_0", 32, 18, "FP16 d, 32 nibbles q: d (q - 8)")
        .encoded(basic::encode_q4_0)
        .decoded(basic::decode_q4_0),
    row(BlockType::Q4_1, "Q4_1", 32, 20, "FP16 d, FP16 m, 32 nibbles q: d q + m")
        .encoded(basic::encode_q4_1)
        .decoded(basic::decode_q4_1),
    row(BlockType::Q5_0, "Q5_0", 32, 22, "FP16 d, 32 high bits, 32 nibbles: d (q - 16)")
        .encoded(basic::encode_q5_0)
        .decoded(basic::decode_q5_0),
    row(BlockType::Q5_1, "Q5_1", 32, 24, "FP16 d, FP16 m, 32 high bits, 32 nibbles: d q + m")
        .encoded(basic::encode_q5_1)
        .decoded(basic::decode_q5_1),
    row(BlockType::Q8_0, "Q8_0", 32, 34, "FP16 d, 32 int8 q: d q").encoded(basic::encode_q8_0).decoded(basic::decode_q8_0),
    row(BlockType::Q8_1, "Q8_1", 32, 36, "FP16 d, FP16 d times the sum of q, 32 int8 (between kernels; one table says 40)"),
    row(BlockType::Q1_0, "Q1_0", 128, 18, "FP16 d, 128 signs"),
    row(BlockType::Q2_K, "Q2_K", 256, 84, "16 bytes of 4-bit scale and minimum, 256 crumbs, FP16 d, FP16 dmin")
        .decoded(superblock::decode_q2_k),
    row(BlockType::Q3_K, "Q3_K", 256, 110, "256 high bits, 256 crumbs, 16 scales of 6 bits, FP16 d")
        .decoded(superblock::decode_q3_k),
    row(BlockType::Q4_K, "Q4_K", 256, 144, "FP16 d, FP16 dmin, 8 scales and minima of 6 bits, 256 nibbles")
        .decoded(superblock::decode_q4_k),
    row(BlockType::Q5_K, "Q5_K", 256, 176, "FP16 d, FP16 dmin, 8 scales and minima of 6 bits, 256 high bits, 256 nibbles")
        .decoded(superblock::decode_q5_k),
    row(BlockType::Q6_K, "Q6_K", 256, 210, "256 nibbles, 256 high crumbs, 16 int8 scales, FP16 d")
        .decoded(superblock::decode_q6_k),
    row(BlockType::Q8_K, "Q8_K", 256, 292, "FP32 d, 256 int8, 16 int16 sums (between kernels)"),
    row(BlockType::IQ1_S, "IQ1_S", 256, 50, "FP16 d, indices into a grid of 8 values each"),
    row(BlockType::IQ1_M, "IQ1_M", 256, 56, "indices into a grid of 8 values each, 4-bit scales"),
    row(BlockType::IQ2_XXS, "IQ2_XXS", 256, 66, "FP16 d, lattice indices, signs, 4-bit scales"),
    row(BlockType::IQ2_XS, "IQ2_XS", 256, 74, "FP16 d, lattice indices with signs, 4-bit scales"),
    row(BlockType::IQ2_S, "IQ2_S", 256, 82, "FP16 d, lattice indices, signs, 4-bit scales"),
    row(BlockType::IQ3_XXS, "IQ3_XXS", 256, 98, "FP16 d, lattice indices, signs, 4-bit scales"),
    row(BlockType::IQ3_S, "IQ3_S", 256, 110, "FP16 d, lattice indices, high bits, signs, 4-bit scales"),
    row(BlockType::IQ4_NL, "IQ4_NL", 32, 18, "FP16 d, 32 nibbles into a table of 16 levels")
        .encoded(table::encode_iq4_nl)
        .decoded(table::decode_iq4_nl),
    row(BlockType::IQ4_XS, "IQ4_XS", 256, 136, "FP16 d, 8 scales of 6 bits, 256 nibbles into the same table")
        .decoded(table::decode_iq4_xs),
    row(BlockType::TQ1_0, "TQ1_0", 256, 54, "five ternary digits a byte, FP16 d")
        .encoded(ternary::encode_tq1_0)
        .decoded(ternary::decode_tq1_0),
    row(BlockType::TQ2_0, "TQ2_0", 256, 66, "four ternary digits a byte, FP16 d")
        .encoded(ternary::encode_tq2_0)
        .decoded(ternary::decode_tq2_0),
    row(BlockType::MXFP4, "MXFP4", 32, 17, "E8M0 scale, 32 nibbles of E2M1")
        .encoded(table::encode_mxfp4)
        .decoded(table::decode_mxfp4),
    row(BlockType::NVFP4, "NVFP4", 64, 36, "four unsigned E4M3 scales of 16 values each, 64 nibbles of E2M1")
        .decoded(table::decode_nvfp4),
];

/// What whole files come to, on Llama-2-7B: a recipe mixes types. Source: the README of llama.cpp's quantize tool.
pub const RECIPES: [(&str, f64); 6] =
    [("Q2_K", 3.35), ("Q3_K_M", 3.91), ("Q4_K_S", 4.58), ("Q4_K_M", 4.84), ("Q5_K_M", 5.68), ("Q6_K", 6.56)];

/// The FP16 number at a byte.
fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

/// Writes a number as FP16, held inside its finite numbers.
fn put_half(bytes: &mut [u8], at: usize, x: f32) {
    let held = f16::from_f32(x.clamp(f16::MIN.to_f32(), f16::MAX.to_f32()));
    bytes[at..at + 2].copy_from_slice(&held.to_le_bytes());
}

/// `1 / d`, and 0 where that is not finite.
fn reciprocal(d: f32) -> f32 {
    let inverse = 1.0 / d;
    if inverse.is_finite() { inverse } else { 0.0 }
}

/// The value itself; 0 for a NaN.
fn number(x: f32) -> f32 {
    if x.is_nan() { 0.0 } else { x }
}

/// The value of largest magnitude with its sign, the first of equals; finite values only, 0 of none.
pub fn signed_max(values: &[f32]) -> f32 {
    values.iter().fold(0.0f32, |max, &x| if x.is_finite() && x.abs() > max.abs() { x } else { max })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_stands_in_its_own_row() {
        for (idx, spec) in BLOCKS.iter().enumerate() {
            assert_eq!(spec.block as usize, idx);
            assert_eq!(BlockType::find(spec.name), Some(spec.block));
            assert_eq!(format!("{:?}", spec.block), spec.name);
        }
    }

    #[test]
    fn odd_values_have_a_defined_result() {
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0e-41, -0.0, 1.0, f32::MAX, f32::MIN];
        for spec in BLOCKS.iter() {
            let (Some(encode), Some(decode)) = (spec.encode, spec.decode) else { continue };
            for fill in [vec![0.0; 1], vec![f32::NAN], vec![1.0e-41], vec![f32::MAX], vec![7.5], odd.to_vec(), odd[..6].to_vec()]
            {
                let values: Vec<f32> = fill.iter().copied().cycle().take(spec.n_values).collect();
                let (mut bytes, mut back) = (vec![0xa5; spec.n_bytes], vec![f32::NAN; spec.n_values]);
                encode(&values, &mut bytes);
                decode(&bytes, &mut back);
                assert!(back.iter().all(|y| y.is_finite()), "{} of {fill:?}: {back:?}", spec.name);
            }
        }
    }

    #[test]
    fn a_nan_is_taken_as_zero_and_an_infinity_as_the_last_code() {
        for block in [BlockType::Q4_0, BlockType::Q4_1, BlockType::Q5_0, BlockType::Q5_1, BlockType::Q8_0, BlockType::MXFP4] {
            let spec = block.spec();
            let (encode, decode) = (spec.encode.expect("has one"), spec.decode.expect("has one"));
            let mut values: Vec<f32> = (0..32).map(|i| i as f32 / 4.0 - 4.0).collect();
            values[3] = f32::NAN;
            values[9] = f32::INFINITY;
            values[20] = f32::NEG_INFINITY;
            let (mut bytes, mut back) = (vec![0; spec.n_bytes], vec![0.0; 32]);
            encode(&values, &mut bytes);
            decode(&bytes, &mut back);
            assert!(back[3].abs() < 0.3, "{block:?}: {back:?}");
            assert!(back.iter().all(|&y| back[20] <= y && y <= back[9]), "{block:?}: {back:?}");
        }
    }
}
