//! Every number format as one table: what it costs, and what an array comes back as.
//!
//! | family | formats | reference | test |
//! |---|---|---|---|
//! | integer | INT2 to INT8 with a scale for each tensor or group | ONNX QuantizeLinear, curriculum 2.6 | `oracles`, O-27 |
//! | float | FP16, BF16, E4M3, E5M2 | ml_dtypes, IEEE 754 | `quant::float`, O-27 |
//! | ggml | Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, TQ1_0, TQ2_0: bit for bit; IQ4_NL: decoded bit for bit | gguf 0.19 | golden vectors, O-36 |
//! | microscaling | MXFP4, MXFP6, MXFP8, MXINT8, NVFP4 | OCP MX 1.0, torchao, TransformerEngine | O-27, O-37 to O-39 |
//! | codebook | NF4, doubly quantized NF4, bitsandbytes fp4 | bitsandbytes | O-27, O-28, O-40 |
//!
//! A block lies inside a row, the last one of a row may be shorter; one that is longer than a row runs on into the next
//! rows. NaN and infinities as in [`super`].

mod apply;
mod ladder;

use super::{
    clip::{Clip, Config, Granularity},
    codebook::{Codebook, DOUBLE_BPW},
    float::FloatFormat,
    ggml::BlockType,
    mx::{self, Element, Mx, ScaleRule},
    nvfp4::{self, Nvfp4},
    scheme::{ScaleFormat, Scheme},
};
use crate::kernel::Rounding;
pub use apply::{Applied, Unit};
pub use ladder::Ladder;

/// What kind of levels a format has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Integer,
    Float,
    Ggml,
    Microscaling,
    Codebook,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Stable, snake_case: `--set format=mxfp4_even`.
    pub id: &'static str,
    /// As tables write it: "MXFP4 EVEN".
    pub name: &'static str,
    pub family: Family,
    /// One line: elements and scales.
    pub summary: &'static str,
    /// Who defines it.
    pub reference: &'static str,
    method: Method,
}

#[derive(Clone, Copy, Debug)]
enum Method {
    /// A scale for each group, or one for the tensor.
    Int {
        bits: u32,
        scheme: Scheme,
        group: Option<usize>,
        scale_format: ScaleFormat,
    },
    /// Each value to the nearest of the format, without a scale.
    Cast(FloatFormat),
    /// The largest magnitude of the tensor becomes the largest value of the format.
    Scaled(FloatFormat),
    Block(BlockType),
    Mx(Mx),
    Nvfp4,
    /// Blocks of 64 divided by their largest magnitude, an FP32 number.
    Codebook(fn() -> Codebook),
    /// The same with doubly quantized scales.
    Double(fn() -> Codebook),
}

/// Values that share a scale in bitsandbytes.
const CODEBOOK_BLOCK: usize = 64;

impl Format {
    /// The format of this id.
    pub fn find(id: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.id == id)
    }

    /// An MX format with any of the four rules; its row stands in the table where one has the same element and rule.
    pub fn microscaled(element: Element, rule: ScaleRule) -> Self {
        let method = Mx { element, rule };
        let is_same = |format: &&Self| matches!(format.method, Method::Mx(mx) if mx == method);
        let with_element = |format: &&Self| matches!(format.method, Method::Mx(mx) if mx.element == element);
        let same = FORMATS.iter().find(is_same).or_else(|| FORMATS.iter().find(with_element));
        Self { method: Method::Mx(method), ..*same.expect("every element has a row") }
    }

    /// What the values of a microscaling format are before they are scaled.
    pub fn element(&self) -> Option<Element> {
        match self.method {
            Method::Mx(mx) => Some(mx.element),
            Method::Nvfp4 => Some(Element::E2M1),
            _ => None,
        }
    }

    /// Values that share a scale; `None` where the tensor has one or there is none.
    pub fn block(&self) -> Option<usize> {
        match self.method {
            Method::Int { group, .. } => group,
            Method::Cast(_) | Method::Scaled(_) => None,
            Method::Block(block) => Some(block.spec().n_values),
            Method::Mx(_) => Some(mx::BLOCK),
            Method::Nvfp4 => Some(nvfp4::BLOCK),
            Method::Codebook(_) | Method::Double(_) => Some(CODEBOOK_BLOCK),
        }
    }

    /// Bits for each value with scales, minima and zero points. What a tensor has once is left out here; the bits of
    /// [`Applied`] count it too.
    pub fn bpw(&self) -> f64 {
        match self.method {
            Method::Int { bits, group, .. } => {
                let meta = |config: Config| group.map_or(0.0, |group| f64::from(config.meta_bits()) / group as f64);
                f64::from(bits) + self.config().map_or(0.0, meta)
            }
            Method::Cast(format) | Method::Scaled(format) => f64::from(format.n_bits()),
            Method::Block(block) => block.spec().bpw(),
            Method::Mx(mx) => mx.bpw(),
            Method::Nvfp4 => Nvfp4::BPW,
            Method::Codebook(_) => 4.0 + 32.0 / CODEBOOK_BLOCK as f64,
            Method::Double(_) => DOUBLE_BPW,
        }
    }

    /// The configuration of an integer format.
    fn config(&self) -> Option<Config> {
        let Method::Int { bits, scheme, group, scale_format } = self.method else { return None };
        let granularity = group.map_or(Granularity::Tensor, Granularity::Group);
        Some(Config { bits, scheme, granularity, clip: Clip::AbsMax, rounding: Rounding::Even, scale_format })
    }

    /// The values that codes stand for before a [`Unit`] scales them.
    pub fn ladder(&self) -> Ladder {
        let whole = |first: i32, last: i32| Ladder::even(first, (last - first) as usize + 1);
        match self.method {
            Method::Int { bits, scheme, .. } => whole(scheme.range(bits).qmin, scheme.range(bits).qmax),
            Method::Cast(format) | Method::Scaled(format) => Ladder::new(format.values()),
            Method::Block(block) => match block {
                BlockType::Q4_0 => whole(-8, 7),
                BlockType::Q4_1 => whole(0, 15),
                BlockType::Q5_0 => whole(-16, 15),
                BlockType::Q5_1 => whole(0, 31),
                BlockType::TQ1_0 | BlockType::TQ2_0 => whole(-1, 1),
                BlockType::IQ4_NL => Ladder::new(super::ggml::IQ4_NL_LEVELS.map(f32::from).to_vec()),
                // Q8_0, the only other type in the table.
                _ => whole(-127, 127),
            },
            Method::Mx(mx) => Ladder::new(mx.element.values()),
            Method::Nvfp4 => Ladder::new(Element::E2M1.values()),
            Method::Codebook(book) | Method::Double(book) => Ladder::new(book().levels().to_vec()),
        }
    }
}

/// Integers with `absmax / qmax`, or over the whole range of the data.
const fn int(bits: u32, scheme: Scheme, group: Option<usize>) -> Method {
    let scale_format = if group.is_some() { ScaleFormat::F16 } else { ScaleFormat::F32 };
    Method::Int { bits, scheme, group, scale_format }
}

const fn mx(element: Element, rule: ScaleRule) -> Method {
    Method::Mx(Mx { element, rule })
}

const fn row(
    id: &'static str,
    name: &'static str,
    family: Family,
    method: Method,
    summary: &'static str,
    reference: &'static str,
) -> Format {
    Format { id, name, family, summary, reference, method }
}

const ONNX: &str = "ONNX QuantizeLinear";
const GGUF: &str = "gguf 0.19, ggml-quants.c";
const OCP: &str = "OCP MX 1.0";
const TORCHAO: &str = "torchao mx_formats";
const BNB: &str = "bitsandbytes";

/// Every format, the widest first within its family.
pub const FORMATS: &[Format] = &[
    row("int8_tensor", "INT8 per tensor", Family::Integer, int(8, Scheme::Symmetric, None), "-127 to 127, one FP32 scale", ONNX),
    row(
        "int8_g4096",
        "INT8 g=4096",
        Family::Integer,
        int(8, Scheme::Symmetric, Some(4096)),
        "-127 to 127, FP16 scale for 4096",
        ONNX,
    ),
    row("int4_g32", "INT4 g=32", Family::Integer, int(4, Scheme::Symmetric, Some(32)), "-7 to 7, FP16 scale for 32", ONNX),
    row("int4_g128", "INT4 g=128", Family::Integer, int(4, Scheme::Symmetric, Some(128)), "-7 to 7, FP16 scale for 128", ONNX),
    row(
        "int4_asym_g128",
        "INT4 asym g=128",
        Family::Integer,
        int(4, Scheme::Affine, Some(128)),
        "16 codes over the range of 128 values, FP16 scale and a zero point",
        ONNX,
    ),
    row("int4_tensor", "INT4 per tensor", Family::Integer, int(4, Scheme::Symmetric, None), "-7 to 7, one FP32 scale", ONNX),
    row("int3_g32", "INT3 g=32", Family::Integer, int(3, Scheme::Symmetric, Some(32)), "-3 to 3, FP16 scale for 32", ONNX),
    row("int2_g32", "INT2 g=32", Family::Integer, int(2, Scheme::Symmetric, Some(32)), "-1, 0, 1, FP16 scale for 32", ONNX),
    row(
        "int2_asym_g32",
        "INT2 asym g=32",
        Family::Integer,
        int(2, Scheme::Affine, Some(32)),
        "4 codes over the range of 32 values, FP16 scale and a zero point",
        ONNX,
    ),
    row("fp16", "FP16", Family::Float, Method::Cast(FloatFormat::FP16), "a cast, no scale", "IEEE 754"),
    row("bf16", "BF16", Family::Float, Method::Cast(FloatFormat::BF16), "a cast, no scale", "ml_dtypes"),
    row(
        "e4m3_tensor",
        "E4M3 per tensor",
        Family::Float,
        Method::Scaled(FloatFormat::E4M3),
        "E4M3, one FP32 scale: absmax becomes 448",
        "ONNX float8",
    ),
    row(
        "e5m2_tensor",
        "E5M2 per tensor",
        Family::Float,
        Method::Scaled(FloatFormat::E5M2),
        "E5M2, one FP32 scale: absmax becomes 57344",
        "ONNX float8",
    ),
    row("q8_0", "Q8_0", Family::Ggml, Method::Block(BlockType::Q8_0), "int8, FP16 scale for 32", GGUF),
    row(
        "q5_1",
        "Q5_1",
        Family::Ggml,
        Method::Block(BlockType::Q5_1),
        "5 bits from the minimum, FP16 scale and minimum for 32",
        GGUF,
    ),
    row("q5_0", "Q5_0", Family::Ggml, Method::Block(BlockType::Q5_0), "5 bits, signed FP16 scale for 32", GGUF),
    row(
        "q4_1",
        "Q4_1",
        Family::Ggml,
        Method::Block(BlockType::Q4_1),
        "4 bits from the minimum, FP16 scale and minimum for 32",
        GGUF,
    ),
    row("q4_0", "Q4_0", Family::Ggml, Method::Block(BlockType::Q4_0), "4 bits, signed FP16 scale for 32", GGUF),
    row(
        "iq4_nl",
        "IQ4_NL",
        Family::Ggml,
        Method::Block(BlockType::IQ4_NL),
        "16 uneven levels, signed FP16 scale for 32, chosen without a search",
        GGUF,
    ),
    row("tq2_0", "TQ2_0", Family::Ggml, Method::Block(BlockType::TQ2_0), "-1, 0, 1 in two bits, FP16 scale for 256", GGUF),
    row("tq1_0", "TQ1_0", Family::Ggml, Method::Block(BlockType::TQ1_0), "-1, 0, 1 five to a byte, FP16 scale for 256", GGUF),
    row("mxint8", "MXINT8", Family::Microscaling, mx(Element::Int8, ScaleRule::Floor), "int8 / 64, power of two for 32", OCP),
    row(
        "mxfp8_e4m3",
        "MXFP8 E4M3",
        Family::Microscaling,
        mx(Element::E4M3, ScaleRule::Floor),
        "E4M3, power of two for 32, FLOOR",
        OCP,
    ),
    row(
        "mxfp8_e5m2",
        "MXFP8 E5M2",
        Family::Microscaling,
        mx(Element::E5M2, ScaleRule::Floor),
        "E5M2, power of two for 32, FLOOR",
        OCP,
    ),
    row(
        "mxfp6_e2m3",
        "MXFP6 E2M3",
        Family::Microscaling,
        mx(Element::E2M3, ScaleRule::Floor),
        "E2M3, power of two for 32, FLOOR",
        OCP,
    ),
    row(
        "mxfp6_e3m2",
        "MXFP6 E3M2",
        Family::Microscaling,
        mx(Element::E3M2, ScaleRule::Floor),
        "E3M2, power of two for 32, FLOOR",
        OCP,
    ),
    row(
        "mxfp4_floor",
        "MXFP4 FLOOR",
        Family::Microscaling,
        mx(Element::E2M1, ScaleRule::Floor),
        "E2M1, power of two for 32, FLOOR",
        OCP,
    ),
    row(
        "mxfp4_even",
        "MXFP4 EVEN",
        Family::Microscaling,
        mx(Element::E2M1, ScaleRule::Even),
        "E2M1, power of two for 32, EVEN",
        TORCHAO,
    ),
    row(
        "mxfp4_rceil",
        "MXFP4 RCEIL",
        Family::Microscaling,
        mx(Element::E2M1, ScaleRule::Rceil),
        "E2M1, power of two for 32, RCEIL",
        TORCHAO,
    ),
    row(
        "mxfp4_ceil",
        "MXFP4 CEIL",
        Family::Microscaling,
        mx(Element::E2M1, ScaleRule::Ceil),
        "E2M1, power of two for 32, CEIL",
        TORCHAO,
    ),
    row(
        "nvfp4",
        "NVFP4",
        Family::Microscaling,
        Method::Nvfp4,
        "E2M1, E4M3 scale for 16, FP32 scale for the tensor",
        "TransformerEngine",
    ),
    row("nf4", "NF4", Family::Codebook, Method::Codebook(Codebook::nf4), "16 normal quantiles, FP32 scale for 64", BNB),
    row(
        "nf4_double",
        "NF4 double",
        Family::Codebook,
        Method::Double(Codebook::nf4),
        "NF4 with 8-bit scales, FP32 for 256 of them",
        BNB,
    ),
    row("fp4_bnb", "fp4 (bitsandbytes)", Family::Codebook, Method::Codebook(Codebook::fp4), "15 levels, FP32 scale for 64", BNB),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_unique() {
        for (idx, format) in FORMATS.iter().enumerate() {
            assert!(FORMATS[..idx].iter().all(|f| f.id != format.id && f.name != format.name), "{}", format.id);
            assert_eq!(Format::find(format.id).map(|f| f.name), Some(format.name));
            assert!(!format.summary.is_empty() && !format.reference.is_empty());
        }
    }
}
