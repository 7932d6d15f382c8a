//! Small floats as data: how a pattern of bits is a number, and the number that a pattern stands for.
//!
//! With m mantissa bits, exponent field E and mantissa field M a code stands for `2^(E - bias) (1 + M / 2^m)`, or where
//! E is 0 for the subnormal `2^(1 - bias) M / 2^m`; the sign stands in front. The formats differ in their widths and in
//! which patterns are no numbers ([`Specials`]). Every value of every format here is an f32 exactly.
//!
//! Sources: IEEE 754 (FP16, FP32), ONNX's pages on float8 and float4, the OCP specifications of FP8 and of microscaling
//! formats; the table of `tests/oracles.json` was enumerated with ml_dtypes.

mod encode;
mod round;

pub use encode::Overflow;

/// Which patterns are not finite numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Specials {
    /// The last exponent: infinity where the mantissa is 0, else NaN (IEEE 754).
    LastExponent,
    /// Only the pattern of all ones, with either sign, is NaN; there is no infinity ("FN").
    AllOnes,
    /// The pattern that would be negative zero is the one NaN; there is no infinity ("FNUZ").
    NegativeZero,
    /// Every pattern is a number.
    None,
}

/// A binary float of at most 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatFormat {
    /// "E4M3": what screens and tables call it.
    pub name: &'static str,
    /// "e4m3": what parameters and metrics call it.
    pub id: &'static str,
    pub is_signed: bool,
    pub n_exponent: u32,
    pub n_mantissa: u32,
    pub bias: i32,
    /// Whether exponent field 0 holds zero and subnormal numbers. Without them it is one more binade and there is no zero.
    pub has_subnormals: bool,
    pub specials: Specials,
}

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Zero,
    Subnormal,
    Normal,
    Infinite,
    Nan,
}

/// How many codes of each kind a format has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub finite: u64,
    /// Finite values; one fewer than finite codes where zero has two signs.
    pub distinct: u64,
    pub infinite: u64,
    pub nan: u64,
}

const fn ieee(name: &'static str, id: &'static str, n_exponent: u32, n_mantissa: u32) -> FloatFormat {
    FloatFormat {
        name,
        id,
        is_signed: true,
        n_exponent,
        n_mantissa,
        bias: (1 << (n_exponent - 1)) - 1,
        has_subnormals: true,
        specials: Specials::LastExponent,
    }
}

impl FloatFormat {
    pub const FP32: Self = ieee("FP32", "fp32", 8, 23);
    pub const FP16: Self = ieee("FP16", "fp16", 5, 10);
    pub const BF16: Self = ieee("BF16", "bf16", 8, 7);
    pub const E5M2: Self = ieee("E5M2", "e5m2", 5, 2);
    /// The E4M3 of OCP, NVIDIA, Arm and Intel: no infinity, one NaN a sign, up to 448.
    pub const E4M3: Self = Self { specials: Specials::AllOnes, ..ieee("E4M3", "e4m3", 4, 3) };
    pub const E4M3_IEEE: Self = ieee("E4M3 IEEE", "e4m3_ieee", 4, 3);
    pub const E4M3_FNUZ: Self = Self { bias: 8, specials: Specials::NegativeZero, ..ieee("E4M3FNUZ", "e4m3_fnuz", 4, 3) };
    pub const E5M2_FNUZ: Self = Self { bias: 16, specials: Specials::NegativeZero, ..ieee("E5M2FNUZ", "e5m2_fnuz", 5, 2) };
    pub const E3M2: Self = Self { specials: Specials::None, ..ieee("E3M2", "e3m2", 3, 2) };
    pub const E2M3: Self = Self { specials: Specials::None, ..ieee("E2M3", "e2m3", 2, 3) };
    pub const E2M1: Self = Self { specials: Specials::None, ..ieee("E2M1", "e2m1", 2, 1) };
    /// Powers of two alone, from 2^-127 to 2^127: the shared scale of microscaling blocks. No sign and no zero.
    pub const E8M0: Self =
        Self { is_signed: false, has_subnormals: false, specials: Specials::AllOnes, ..ieee("E8M0", "e8m0", 8, 0) };

    /// Every format, the widest first; FP32 is the reference of the others.
    pub const ALL: [Self; 12] = [
        Self::FP32,
        Self::FP16,
        Self::BF16,
        Self::E5M2,
        Self::E4M3,
        Self::E4M3_IEEE,
        Self::E4M3_FNUZ,
        Self::E5M2_FNUZ,
        Self::E3M2,
        Self::E2M3,
        Self::E2M1,
        Self::E8M0,
    ];

    /// The format of this id.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.id == id)
    }

    /// Bits of a code.
    pub const fn n_bits(&self) -> u32 {
        self.is_signed as u32 + self.n_exponent + self.n_mantissa
    }

    /// Codes in all: 2 to the power of [`FloatFormat::n_bits`].
    pub const fn n_codes(&self) -> u64 {
        1 << self.n_bits()
    }

    /// The exponent of the smallest normal numbers, and of the subnormal ones.
    pub const fn min_exponent(&self) -> i32 {
        if self.has_subnormals { 1 - self.bias } else { -self.bias }
    }

    /// The code without its sign.
    const fn magnitude(&self, code: u32) -> u32 {
        code & ((1u64 << (self.n_exponent + self.n_mantissa)) - 1) as u32
    }

    /// The sign's place; 0 where there is none.
    const fn sign_bit(&self) -> u32 {
        (self.is_signed as u32) << (self.n_exponent + self.n_mantissa)
    }

    /// Sign, exponent field and mantissa field of a code.
    pub const fn fields(&self, code: u32) -> (u32, u32, u32) {
        let magnitude = self.magnitude(code);
        ((code & self.sign_bit() != 0) as u32, magnitude >> self.n_mantissa, magnitude & ((1 << self.n_mantissa) - 1))
    }

    /// The code of the largest finite value.
    pub const fn max_code(&self) -> u32 {
        let ones = self.magnitude(u32::MAX);
        match self.specials {
            Specials::LastExponent => ones - (1 << self.n_mantissa),
            Specials::AllOnes => ones - 1,
            Specials::NegativeZero | Specials::None => ones,
        }
    }

    /// What a code stands for. Bits beyond the format's width are not looked at.
    pub fn class(&self, code: u32) -> Class {
        let (sign, exponent, mantissa) = self.fields(code);
        let magnitude = self.magnitude(code);
        if self.specials == Specials::NegativeZero && sign == 1 && magnitude == 0 {
            Class::Nan
        } else if magnitude > self.max_code() {
            let is_infinite = self.specials == Specials::LastExponent && mantissa == 0;
            if is_infinite { Class::Infinite } else { Class::Nan }
        } else if exponent > 0 || !self.has_subnormals {
            Class::Normal
        } else if mantissa > 0 {
            Class::Subnormal
        } else {
            Class::Zero
        }
    }

    /// The number of a code; exact.
    pub fn decode(&self, code: u32) -> f32 {
        let (sign, exponent, mantissa) = self.fields(code);
        let magnitude = match self.class(code) {
            Class::Nan => return f32::NAN,
            Class::Infinite => f32::INFINITY,
            _ => {
                let is_subnormal = self.has_subnormals && exponent == 0;
                let whole = mantissa + if is_subnormal { 0 } else { 1 << self.n_mantissa };
                let field = exponent as i32 - if self.has_subnormals && !is_subnormal { 1 } else { 0 };
                // A power of two times a whole number of 24 bits at most: exact in f64, and then an f32.
                (f64::from(whole) * pow2(self.min_exponent() + field - self.n_mantissa as i32)) as f32
            }
        };
        if sign == 1 { -magnitude } else { magnitude }
    }

    /// Largest finite value.
    pub fn max(&self) -> f32 {
        self.decode(self.max_code())
    }

    /// Smallest positive normal number.
    pub fn min_normal(&self) -> f32 {
        pow2(self.min_exponent()) as f32
    }

    /// Largest subnormal number; `None` where the format has none.
    pub fn max_subnormal(&self) -> Option<f32> {
        (self.has_subnormals && self.n_mantissa > 0).then(|| self.decode((1 << self.n_mantissa) - 1))
    }

    /// Smallest positive subnormal number; `None` where the format has none.
    pub fn min_subnormal(&self) -> Option<f32> {
        (self.has_subnormals && self.n_mantissa > 0).then(|| self.decode(1))
    }

    /// Smallest positive number.
    pub fn min_positive(&self) -> f32 {
        self.min_subnormal().unwrap_or_else(|| self.min_normal())
    }

    /// Distance of neighbouring values in the binade of `x`: `2^(e - m)`; that of the subnormal numbers below it, that
    /// of the last binade above the largest value. NaN gives NaN.
    pub fn spacing(&self, x: f32) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        let held = x.abs().clamp(self.min_positive(), self.max());
        pow2(exponent_of(held).max(self.min_exponent()) - self.n_mantissa as i32)
    }

    /// How many codes are finite, infinite and NaN. By formula: FP32 has too many to count.
    pub fn counts(&self) -> Counts {
        let n_signs = 1 + u64::from(self.is_signed);
        let magnitudes = u64::from(self.max_code()) + 1;
        let is_fnuz = self.specials == Specials::NegativeZero;
        let finite = n_signs * magnitudes - u64::from(is_fnuz);
        let has_two_zeros = self.has_subnormals && self.is_signed && !is_fnuz;
        let infinite = if self.specials == Specials::LastExponent { n_signs } else { 0 };
        Counts { finite, distinct: finite - u64::from(has_two_zeros), infinite, nan: self.n_codes() - finite - infinite }
    }

    /// The finite values in ascending order, zero once. Not for FP32, which has four billion.
    pub fn values(&self) -> Vec<f32> {
        assert!(self.n_bits() <= 16, "{} has too many values to list", self.name);
        let magnitudes = (0..=self.max_code()).map(|code| self.decode(code));
        let negative = (1..=self.max_code()).rev().filter(|_| self.is_signed).map(|code| -self.decode(code));
        negative.chain(magnitudes).collect()
    }

    /// The nearest finite values strictly below and strictly above `x`; `None` beyond the ends, and of NaN.
    pub fn neighbours(&self, x: f32) -> (Option<f32>, Option<f32>) {
        if x.is_nan() {
            return (None, None);
        }
        let above = self.at_least(x, true);
        let below = if self.is_signed { self.at_least(-x, true).map(|y| -y) } else { self.below(x) };
        // Zero has one sign among neighbours.
        (below.map(|y| y + 0.0), above.map(|y| y + 0.0))
    }

    /// The nearest finite values at or below and at or above `x`: both are `x` where the format holds it.
    pub fn around(&self, x: f32) -> (Option<f32>, Option<f32>) {
        if x.is_nan() {
            return (None, None);
        }
        let above = self.at_least(x, false);
        match above {
            Some(y) if y == x => (above, above),
            _ => (self.neighbours(x).0, above),
        }
    }

    /// The smallest finite value above `x`, or at it unless `strictly`. By bisection of the codes.
    fn at_least(&self, x: f32, strictly: bool) -> Option<f32> {
        let is_past = |y: f32| if strictly { y > x } else { y >= x };
        self.bisect(is_past)
    }

    fn below(&self, x: f32) -> Option<f32> {
        let n_not_below = (0..=self.max_code()).rev().find(|&code| self.decode(code) < x)?;
        Some(self.decode(n_not_below))
    }

    /// The smallest finite value that `is_past`, which holds for all values from some point on.
    fn bisect(&self, is_past: impl Fn(f32) -> bool) -> Option<f32> {
        let last = i64::from(self.max_code());
        let value = |place: i64| {
            let magnitude = self.decode(place.unsigned_abs() as u32);
            if place < 0 { -magnitude } else { magnitude }
        };
        let (mut lo, mut hi) = (if self.is_signed { -last } else { 0 }, last + 1);
        while lo < hi {
            let middle = lo + (hi - lo).div_euclid(2);
            if is_past(value(middle)) { hi = middle } else { lo = middle + 1 }
        }
        (lo <= last).then(|| value(lo))
    }
}

/// 2 to the power of `e`, -1022 to 1023.
pub(super) fn pow2(e: i32) -> f64 {
    f64::from_bits(((e + 1023) as u64) << 52)
}

/// The exponent of a finite number that is not 0: `floor(log2 |x|)`.
pub(super) fn exponent_of(x: f32) -> i32 {
    // Subnormal f32 numbers are normal in f64.
    ((f64::from(x).to_bits() >> 52) & 0x7ff) as i32 - 1023
}

#[cfg(test)]
mod tests;
