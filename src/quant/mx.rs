//! Microscaling: blocks of 32 elements that share one power of two.
//!
//! A block with largest magnitude `absmax` gets the scale `X = 2^e` (E8M0: 2^-127 to 2^127, no zero, no sign), an element
//! becomes `cast(value / X)`, saturating, and stands for `X` times that. How `e` follows from `absmax` is not one rule but
//! four ([`ScaleRule`]).
//!
//! Defined for every input: a block of zeros gets the smallest scale; a NaN is taken as 0 (OCP would make the whole block
//! NaN), an infinity saturates, and `absmax` looks at finite values only.
//!
//! Sources: OCP Microscaling Formats 1.0; microxcaling (saturation, symmetric INT8); torchao `mx_formats` (the rules).

use super::float::{FloatFormat, Overflow, exponent_of, pow2};
use crate::kernel::{FloatGrid, abs_max, round_even, round_scaled_floats};

/// Elements of a block.
pub const BLOCK: usize = 32;

/// What a block holds beside its scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Element {
    Float(FloatFormat),
    /// Two's complement with an implied factor of 1/64, kept symmetric: -127/64 to 127/64.
    Int8,
}

/// How the exponent of the scale follows from the largest magnitude. `emax` is the exponent of the largest element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleRule {
    /// `floor(log2(absmax)) - emax`, the rule of OCP: up to a quarter of the largest magnitude is cut off.
    Floor,
    /// `ceil(log2(absmax)) - emax`: nothing is cut off, but up to half of the range may stay empty.
    Ceil,
    /// As `Floor`, after `absmax` was rounded to the mantissa of the element.
    Even,
    /// `ceil(log2(absmax / max))`, NVIDIA's: the smallest power of two that cuts nothing off.
    Rceil,
}

impl ScaleRule {
    pub const ALL: [Self; 4] = [Self::Floor, Self::Ceil, Self::Even, Self::Rceil];

    /// "FLOOR": what tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "FLOOR",
            Self::Ceil => "CEIL",
            Self::Even => "EVEN",
            Self::Rceil => "RCEIL",
        }
    }
}

impl Element {
    pub const E2M1: Self = Self::Float(FloatFormat::E2M1);
    pub const E2M3: Self = Self::Float(FloatFormat::E2M3);
    pub const E3M2: Self = Self::Float(FloatFormat::E3M2);
    pub const E4M3: Self = Self::Float(FloatFormat::E4M3);
    pub const E5M2: Self = Self::Float(FloatFormat::E5M2);

    /// Bits of one element.
    pub fn n_bits(self) -> u32 {
        match self {
            Self::Float(format) => format.n_bits(),
            Self::Int8 => 8,
        }
    }

    /// Largest magnitude.
    pub fn max(self) -> f32 {
        match self {
            Self::Float(format) => format.max(),
            Self::Int8 => 127.0 / 64.0,
        }
    }

    /// The exponent of the largest magnitude.
    pub fn emax(self) -> i32 {
        exponent_of(self.max())
    }

    /// Bits behind the leading one of the largest element.
    fn n_mantissa(self) -> u32 {
        match self {
            Self::Float(format) => format.n_mantissa,
            Self::Int8 => 6,
        }
    }

    /// Every value, ascending, zero once.
    pub fn values(self) -> Vec<f32> {
        match self {
            Self::Float(format) => format.values(),
            Self::Int8 => (-127..=127i16).map(|q| f32::from(q) / 64.0).collect(),
        }
    }

    /// The bits of a value that the element holds; two's complement for INT8.
    pub fn code(self, value: f32) -> u32 {
        match self {
            Self::Float(format) => format.encode(value, Overflow::Saturate),
            Self::Int8 => u32::from(((value * 64.0) as i8).cast_unsigned()),
        }
    }
}

/// An MX format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mx {
    pub element: Element,
    pub rule: ScaleRule,
}

impl Mx {
    /// Bits for each value, the scale included: 4.25 for MXFP4.
    pub fn bpw(&self) -> f64 {
        f64::from(self.element.n_bits()) + f64::from(FloatFormat::E8M0.n_bits()) / BLOCK as f64
    }

    /// The scale of a block with this largest magnitude, a power of two; the smallest one for 0.
    pub fn scale(&self, abs_max: f32) -> f32 {
        let exponent = if abs_max > 0.0 { self.exponent(abs_max) } else { i32::MIN };
        pow2(exponent.clamp(-127, 127)) as f32
    }

    fn exponent(&self, abs_max: f32) -> i32 {
        let emax = self.element.emax();
        match self.rule {
            ScaleRule::Floor => exponent_of(abs_max) - emax,
            ScaleRule::Ceil => ceil_log2(abs_max.into()) - emax,
            ScaleRule::Even => {
                // Half of the last mantissa bit that the element keeps; a carry runs on into the exponent.
                let up = f64::from(abs_max).to_bits() + (1 << (51 - self.element.n_mantissa()));
                ((up >> 52) as i32 - 1023) - emax
            }
            ScaleRule::Rceil => ceil_log2(f64::from(abs_max) / f64::from(self.element.max())),
        }
    }

    /// Writes what a block comes back as and returns its scale; equally long.
    pub fn round_block(&self, src: &[f32], dst: &mut [f32]) -> f32 {
        let scale = self.scale(abs_max(src));
        Rounder::of(self.element).scaled(scale, src, dst);
        scale
    }
}

/// An element, ready for many blocks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rounder {
    Float(FloatGrid),
    Int8,
}

impl Rounder {
    pub(super) fn of(element: Element) -> Self {
        match element {
            Element::Float(format) => Self::Float(format.grid(Overflow::Saturate)),
            Element::Int8 => Self::Int8,
        }
    }

    /// `dst = scale * round(src / scale)`, ties to even, beyond the largest the largest, held inside the finite f32s;
    /// equally long. A NaN is taken as 0.
    pub(super) fn scaled(&self, scale: f32, src: &[f32], dst: &mut [f32]) {
        match self {
            Self::Float(grid) => round_scaled_floats(grid, scale, src, dst),
            Self::Int8 => src.iter().zip(dst).for_each(|(&x, y)| {
                let number = if x.is_nan() { 0.0 } else { x / scale };
                let element = round_even(number * 64.0).clamp(-127.0, 127.0) / 64.0;
                *y = (element * scale).clamp(f32::MIN, f32::MAX);
            }),
        }
    }
}

/// The smallest `e` with `2^e >= x`, for `x` above 0.
fn ceil_log2(x: f64) -> i32 {
    let bits = x.to_bits();
    (bits >> 52) as i32 - 1023 + i32::from(bits & ((1 << 52) - 1) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mx(element: Element, rule: ScaleRule) -> Mx {
        Mx { element, rule }
    }

    #[test]
    fn the_exponents_of_the_largest_elements_are_those_of_the_specification() {
        let emax = [(Element::E2M1, 2), (Element::E2M3, 2), (Element::E3M2, 4), (Element::E4M3, 8), (Element::E5M2, 15)];
        for (element, expected) in emax.into_iter().chain([(Element::Int8, 0)]) {
            assert_eq!(element.emax(), expected, "{element:?}");
        }
    }

    /// The definitions, with logarithms, away from powers of two where those would be a hair off.
    #[test]
    fn scales_follow_their_rules() {
        for element in [Element::E2M1, Element::E2M3, Element::E3M2, Element::E4M3, Element::E5M2, Element::Int8] {
            let (emax, max) = (f64::from(element.emax()), f64::from(element.max()));
            for k in 1..2000 {
                let absmax = 0.001_37f32 * k as f32;
                let log = f64::from(absmax).log2();
                let expected =
                    [log.floor() - emax, log.ceil() - emax, (f64::from(absmax) / max).log2().ceil()].map(|e| e.exp2() as f32);
                let rules = [ScaleRule::Floor, ScaleRule::Ceil, ScaleRule::Rceil];
                assert_eq!(rules.map(|rule| mx(element, rule).scale(absmax)), expected, "{element:?} {absmax}");
                let even = mx(element, ScaleRule::Even).scale(absmax);
                assert!(even == expected[0] || even == expected[1], "{element:?} {absmax}");
            }
        }
        // 7 is the tie between 6 and 8 in E2M1, and counts as 8.
        assert_eq!([6.99, 7.0].map(|absmax| mx(Element::E2M1, ScaleRule::Even).scale(absmax)), [1.0, 2.0]);
    }

    #[test]
    fn a_rule_that_cuts_nothing_off_keeps_the_largest_value_in_range() {
        for rule in [ScaleRule::Ceil, ScaleRule::Rceil] {
            for k in 1..500 {
                let absmax = 0.0177 * k as f32;
                let mx = mx(Element::E2M1, rule);
                assert!(absmax <= mx.element.max() * mx.scale(absmax), "{rule:?} {absmax}");
            }
        }
    }

    #[test]
    fn odd_values_have_a_defined_result() {
        for element in [Element::E2M1, Element::E4M3, Element::Int8] {
            for rule in ScaleRule::ALL {
                let mx = mx(element, rule);
                let mut back = [f32::NAN; 4];
                assert_eq!(mx.round_block(&[0.0; 4], &mut back), 2f32.powi(-127));
                assert_eq!(back, [0.0; 4]);
                mx.round_block(&[f32::NAN, f32::INFINITY, -1.0, f32::NEG_INFINITY], &mut back);
                assert_eq!(back[0], 0.0);
                assert!(back[1] >= 1.0 && back[3] <= -1.0 && back.iter().all(|y| y.is_finite()), "{back:?}");
                mx.round_block(&[1.0e-44, -1.0e-45, f32::MAX, f32::MIN], &mut back);
                assert!(back.iter().all(|y| y.is_finite()), "{back:?}");
                assert_eq!(mx.round_block(&[], &mut []), 2f32.powi(-127));
            }
        }
    }
}
