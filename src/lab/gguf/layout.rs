//! Where things stand in a block: its fields, and the bits of a code.

use half::f16;

use super::N;
use crate::{
    lab::SeriesRole,
    quant::ggml::{BlockSpec, BlockType, IQ4_NL_LEVELS},
};

/// What a run of bytes holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// FP16, low byte first.
    Scale,
    Minimum,
    /// A power of two: E8M0.
    Exponent,
    /// The fifth bits, element j in bit j of a little-endian word.
    High,
    /// Element j in the low half of byte j, element j + 16 in its high half.
    Nibbles,
    /// One signed byte an element.
    Bytes,
}

impl What {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Scale => "d, FP16",
            Self::Minimum => "m, FP16",
            Self::Exponent => "scale, E8M0",
            Self::High => "fifth bits",
            Self::Nibbles => "nibbles",
            Self::Bytes => "int8 codes",
        }
    }

    pub(super) fn role(self) -> SeriesRole {
        match self {
            Self::Scale | Self::Exponent => SeriesRole::A,
            Self::Minimum => SeriesRole::Grid,
            Self::High => SeriesRole::Error,
            Self::Nibbles | Self::Bytes => SeriesRole::B,
        }
    }
}

/// A run of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub what: What,
    pub at: usize,
    pub len: usize,
}

/// The fields of a type in the order of its bytes.
pub(super) struct Layout {
    pub block: BlockType,
    pub fields: Vec<Field>,
}

impl Layout {
    pub(super) fn of(spec: &BlockSpec) -> Self {
        let parts: &[(What, usize)] = match spec.block {
            BlockType::Q4_1 => &[(What::Scale, 2), (What::Minimum, 2), (What::Nibbles, 16)],
            BlockType::Q5_0 => &[(What::Scale, 2), (What::High, 4), (What::Nibbles, 16)],
            BlockType::Q5_1 => &[(What::Scale, 2), (What::Minimum, 2), (What::High, 4), (What::Nibbles, 16)],
            BlockType::Q8_0 => &[(What::Scale, 2), (What::Bytes, N)],
            BlockType::MXFP4 => &[(What::Exponent, 1), (What::Nibbles, 16)],
            // Q4_0 and IQ4_NL.
            _ => &[(What::Scale, 2), (What::Nibbles, 16)],
        };
        let place = |at: &mut usize, &(what, len): &(What, usize)| {
            *at += len;
            Some(Field { what, at: *at - len, len })
        };
        Self { block: spec.block, fields: parts.iter().scan(0, place).collect() }
    }

    pub(super) fn field(&self, what: What) -> Option<Field> {
        self.fields.iter().copied().find(|f| f.what == what)
    }

    fn half(&self, bytes: &[u8], what: What) -> Option<f32> {
        let at = self.field(what)?.at;
        Some(f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32())
    }

    /// What a level is multiplied with.
    pub(super) fn scale(&self, bytes: &[u8]) -> f32 {
        match self.field(What::Exponent) {
            Some(field) => 2f32.powi(i32::from(bytes[field.at]) - 127),
            None => self.half(bytes, What::Scale).unwrap_or(1.0),
        }
    }

    pub(super) fn minimum(&self, bytes: &[u8]) -> Option<f32> {
        self.half(bytes, What::Minimum)
    }

    /// The byte that holds the code of an element, or its low bits, and the part of it.
    pub(super) fn code_byte(&self, element: usize) -> (usize, Part) {
        match (self.field(What::Nibbles), self.field(What::Bytes)) {
            (Some(field), _) if element < N / 2 => (field.at + element, Part::Low),
            (Some(field), _) => (field.at + element - N / 2, Part::High),
            (None, Some(field)) => (field.at + element, Part::Whole),
            (None, None) => (0, Part::Whole),
        }
    }

    /// The byte with the fifth bit of an element, and the bit.
    pub(super) fn high_bit(&self, element: usize) -> Option<(usize, usize)> {
        self.field(What::High).map(|field| (field.at + element / 8, element % 8))
    }

    /// The code as it is stored.
    pub(super) fn code(&self, bytes: &[u8], element: usize) -> i32 {
        let (at, part) = self.code_byte(element);
        let low = match part {
            Part::Low => i32::from(bytes[at] & 15),
            Part::High => i32::from(bytes[at] >> 4),
            Part::Whole => i32::from(bytes[at].cast_signed()),
        };
        let fifth = self.high_bit(element).map_or(0, |(at, bit)| i32::from(bytes[at] >> bit & 1));
        low | fifth << 4
    }

    /// What a code stands for before it is scaled.
    pub(super) fn level(&self, code: i32) -> f32 {
        const E2M1: [f32; 8] = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0];
        let at = code as usize & 15;
        match self.block {
            BlockType::Q4_0 => (code - 8) as f32,
            BlockType::Q5_0 => (code - 16) as f32,
            BlockType::IQ4_NL => IQ4_NL_LEVELS[at].into(),
            BlockType::MXFP4 => E2M1[at & 7] * if at < 8 { 1.0 } else { -1.0 },
            _ => code as f32,
        }
    }
}

/// The part of a byte that an element has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Low,
    High,
    Whole,
}

impl Part {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
            Self::Whole => "all",
        }
    }
}
