//! From f32 to codes.

use super::{Class, FloatFormat, Specials, exponent_of, pow2};
use crate::kernel::Rounding;

/// What becomes of a value beyond the largest finite one, after rounding.
///
/// As ONNX has it: saturating, it becomes the largest value with its sign, an infinity too, except that the FNUZ formats
/// turn infinities into NaN. Otherwise it becomes infinity where the format has one, else NaN. A format without any
/// special pattern (E3M2, E2M3, E2M1) always saturates, and there a NaN becomes the largest positive value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    Saturate,
    Special,
}

impl FloatFormat {
    /// The code of a value, rounded to the nearest, ties to the even code. A sign is kept, that of zero too where the
    /// format has one. E8M0 has neither: a negative number becomes NaN, zero the smallest power of two; and without a
    /// mantissa there is no even code, a tie (1.5 times a power of two) goes up.
    pub fn encode(&self, x: f32, overflow: Overflow) -> u32 {
        self.encode_by(x, Rounding::Even, 0, overflow)
    }

    /// The code of an f64, rounded once. A first rounding to f32 could turn a number beside the middle of two codes into
    /// that middle; so what f32 has to leave out is kept in its last bit, which no narrower format looks at but for this.
    pub fn encode_f64(&self, x: f64, overflow: Overflow) -> u32 {
        let near = x as f32;
        if f64::from(near) == x || x.is_nan() || self.n_mantissa == 23 {
            return self.encode(near, overflow);
        }
        let towards_zero = if f64::from(near).abs() > x.abs() { f32::from_bits(near.to_bits() - 1) } else { near };
        // A number beyond f32 is infinite only where it was.
        let held = if towards_zero.is_infinite() && x.is_finite() { f32::MAX.copysign(near) } else { towards_zero };
        self.encode(f32::from_bits(held.to_bits() | 1), overflow)
    }

    /// The code of an f32 with any rounding; `idx` is the place of the value in the whole array, for stochastic rounding.
    pub fn encode_by(&self, x: f32, rounding: Rounding, idx: u64, overflow: Overflow) -> u32 {
        let sign = if x.is_sign_negative() { self.sign_bit() } else { 0 };
        if x.is_nan() || (x < 0.0 && !self.is_signed) {
            return self.nan_code();
        }
        if x.is_infinite() {
            let becomes_nan = self.specials == Specials::NegativeZero;
            return if becomes_nan { self.nan_code() } else { self.beyond(sign, overflow) };
        }
        let magnitude = self.round_magnitude(x, rounding, idx);
        match magnitude {
            0 if self.specials == Specials::NegativeZero => 0,
            _ if magnitude > u64::from(self.max_code()) => self.beyond(sign, overflow),
            _ => sign | magnitude as u32,
        }
    }

    /// Codes of a slice; equally long. `first_idx` is the place of `src[0]` in the whole array. Formats of up to 16 bits.
    pub fn encode_slice(&self, src: &[f32], rounding: Rounding, first_idx: u64, overflow: Overflow, codes: &mut [u16]) {
        assert_eq!(src.len(), codes.len());
        assert!(self.n_bits() <= 16, "codes of {} do not fit in 16 bits", self.name);
        if rounding == Rounding::Even && self.is_signed {
            let nearest = Nearest::of(self, overflow);
            return src.iter().zip(codes).for_each(|(&x, code)| *code = nearest.code(x));
        }
        for (i, (&x, code)) in src.iter().zip(codes).enumerate() {
            *code = self.encode_by(x, rounding, first_idx + i as u64, overflow) as u16;
        }
    }

    /// Values of a slice of codes; equally long. Formats of up to 16 bits.
    pub fn decode_slice(&self, codes: &[u16], dst: &mut [f32]) {
        assert_eq!(codes.len(), dst.len());
        assert!(self.n_bits() <= 16, "codes of {} do not fit in 16 bits", self.name);
        if self.n_bits() > 8 {
            return codes.iter().zip(dst).for_each(|(&code, y)| *y = self.decode(code.into()));
        }
        let mut table = [0.0; 256];
        table.iter_mut().zip(0..).for_each(|(y, code)| *y = self.decode(code));
        codes.iter().zip(dst).for_each(|(&code, y)| *y = table[usize::from(code as u8)]);
    }

    /// The pattern of NaN; in a format without one the largest positive value.
    fn nan_code(&self) -> u32 {
        match self.specials {
            // The first mantissa bit: the quiet NaN.
            Specials::LastExponent => self.max_code() + 1 + (1 << (self.n_mantissa - 1)),
            Specials::AllOnes => self.max_code() + 1,
            Specials::NegativeZero => self.sign_bit(),
            Specials::None => self.max_code(),
        }
    }

    fn beyond(&self, sign: u32, overflow: Overflow) -> u32 {
        let special = || match self.specials {
            Specials::LastExponent => sign | (self.max_code() + 1),
            Specials::AllOnes => sign | self.nan_code(),
            Specials::NegativeZero => self.nan_code(),
            Specials::None => sign | self.max_code(),
        };
        if overflow == Overflow::Saturate { sign | self.max_code() } else { special() }
    }

    /// The code of `|x|`, rounded as `x` is, as if there were no largest value: codes count the values upwards from 0
    /// through all binades, so a mantissa that overflows lands on the next binade by itself.
    fn round_magnitude(&self, x: f32, rounding: Rounding, idx: u64) -> u64 {
        let min = self.min_exponent();
        let e = if x == 0.0 { min } else { exponent_of(x).max(min) };
        // In units of the last place. A power of two moves no bit, and nothing is lost on the way back to f32: small
        // numbers only grow.
        let units = (f64::from(x) * pow2(self.n_mantissa as i32 - e)) as f32;
        let whole = rounding.apply(units, idx).abs() as u64;
        let first_normal = 1 << self.n_mantissa;
        let in_first = if self.has_subnormals { whole } else { whole.max(first_normal) - first_normal };
        (((e - min) as u64) << self.n_mantissa) + in_first
    }
}

/// The nearest code by moving bits: what a loop over a million values needs.
struct Nearest {
    n_dropped: u32,
    /// From the exponent field of an f32 to that of the format.
    rebias: u32,
    min_normal: u32,
    /// A number whose last mantissa bit is worth the smallest subnormal: adding it rounds to that grid.
    magic: f32,
    max_code: u32,
    sign_bit: u32,
    beyond: u32,
    infinite: u32,
    nan: u32,
    /// What the code of a negative zero keeps of its sign.
    zero_sign: u32,
    /// Whether the special codes carry a sign.
    beyond_sign: u32,
    infinite_sign: u32,
}

impl Nearest {
    fn of(format: &FloatFormat, overflow: Overflow) -> Self {
        let code = |x: f32| format.encode(x, overflow);
        let signed = |plus: u32, minus: u32| plus ^ minus;
        let far = |sign: u32| format.beyond(sign, overflow);
        let is_fnuz = format.specials == Specials::NegativeZero;
        Self {
            n_dropped: 23 - format.n_mantissa,
            rebias: ((127 - format.bias) as u32) << format.n_mantissa,
            min_normal: format.min_normal().to_bits(),
            magic: pow2(format.min_exponent() - format.n_mantissa as i32 + 23) as f32,
            max_code: format.max_code(),
            sign_bit: format.sign_bit(),
            beyond: far(0),
            infinite: code(f32::INFINITY),
            nan: code(f32::NAN),
            zero_sign: if is_fnuz { 0 } else { format.sign_bit() },
            beyond_sign: signed(far(0), far(format.sign_bit())),
            infinite_sign: signed(code(f32::INFINITY), code(f32::NEG_INFINITY)),
        }
    }

    #[inline(always)]
    fn code(&self, x: f32) -> u16 {
        let bits = x.to_bits() & 0x7fff_ffff;
        let minus = (x.to_bits() >> 31).wrapping_neg();
        let odd = (bits >> self.n_dropped) & 1;
        let up = bits.wrapping_add((1 << (self.n_dropped - 1)) - 1 + odd);
        let normal = (up >> self.n_dropped).wrapping_sub(self.rebias);
        let subnormal = (f32::from_bits(bits) + self.magic).to_bits().wrapping_sub(self.magic.to_bits());
        let rounded = if bits < self.min_normal { subnormal } else { normal };
        let kept = if rounded == 0 { self.zero_sign } else { self.sign_bit };
        let held = if rounded > self.max_code { self.beyond ^ (minus & self.beyond_sign) } else { rounded | (minus & kept) };
        let finite = if bits == 0x7f80_0000 { self.infinite ^ (minus & self.infinite_sign) } else { held };
        (if bits > 0x7f80_0000 { self.nan } else { finite }) as u16
    }
}

impl Class {
    /// A word for tables: "subnormal".
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Subnormal => "subnormal",
            Self::Normal => "normal",
            Self::Infinite => "infinite",
            Self::Nan => "not a number",
        }
    }
}
