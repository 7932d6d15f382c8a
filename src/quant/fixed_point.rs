//! Requantization without floats: a real multiplier as a 31-bit fraction and a shift, and the two roundings of gemmlowp.
//!
//! Names and rounding follow gemmlowp's `fixedpoint.h`: the high multiplication rounds ties towards plus infinity, the
//! shift rounds them away from zero. The pair rounds twice; [`Multiplier::apply_once`] rounds the whole product once, as
//! TFLite does when it is built for single rounding.

use crate::kernel::CodeRange;

/// `M = mantissa / 2^31 * 2^-shift`, with `mantissa / 2^31` in 1/2..1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier {
    /// M0 in Q31: 2^30 to 2^31 - 1; 0 of a multiplier too small for any shift.
    pub mantissa: i32,
    /// To the right; negative (to the left) for multipliers of 1 and more. -30 to 31.
    pub shift: i32,
}

/// Why a real number is no multiplier.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{0} cannot be a requantization multiplier: it has to be positive and below 2^30")]
pub struct MultiplierError(pub f64);

impl Multiplier {
    /// The nearest multiplier to a real one, `0 < real < 2^30`. One below 2^-32 is 0: it rounds every accumulator to 0.
    pub fn of(real: f64) -> Result<Self, MultiplierError> {
        if !(real > 0.0 && real < f64::from(1 << 30)) {
            return Err(MultiplierError(real));
        }
        let (fraction, exponent) = libm::frexp(real);
        let wide = (fraction * TWO_31).round() as i64;
        // A fraction that rounds up to 1 is 1/2 of the next power of two.
        let (wide, exponent) = if wide == 1 << 31 { (1 << 30, exponent + 1) } else { (wide, exponent) };
        if exponent < -31 {
            return Ok(Self { mantissa: 0, shift: 0 });
        }
        Ok(Self { mantissa: wide as i32, shift: -exponent })
    }

    /// The real number that it stands for.
    pub fn real(self) -> f64 {
        f64::from(self.mantissa) / TWO_31 * 2f64.powi(-self.shift)
    }

    /// The accumulator times the multiplier, rounded twice: high multiplication, then shift. A multiplier of 1 and more
    /// shifts the accumulator to the left first, saturating.
    pub fn apply_twice(self, acc: i32) -> i32 {
        let left = self.shift.min(0).unsigned_abs();
        let wide = (i64::from(acc) << left).clamp(i32::MIN.into(), i32::MAX.into());
        rounding_shift(high_mul(wide as i32, self.mantissa), self.shift.max(0) as u32)
    }

    /// The accumulator times the multiplier, rounded once, ties towards plus infinity; saturates at 32 bits.
    pub fn apply_once(self, acc: i32) -> i32 {
        // Below 2^62 in magnitude, and the half at most 2^61: 64 bits hold the sum.
        let product = i64::from(acc) * i64::from(self.mantissa);
        let shift = 31 + self.shift;
        let half = (1i64 << shift) >> 1;
        ((product + half) >> shift).clamp(i32::MIN.into(), i32::MAX.into()) as i32
    }
}

const TWO_31: f64 = 2_147_483_648.0;

/// Saturating rounding doubling high multiplication (SRDHM): `a * b / 2^31`, ties towards plus infinity. Its one overflow,
/// `i32::MIN * i32::MIN`, saturates. ARM's VQRDMULH.
pub fn high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    // The division of integers truncates: with this nudge for negative products that rounds ties up.
    ((product + nudge) / (1 << 31)) as i32
}

/// Rounding division by a power of two (RDBPOT): `x / 2^exponent`, ties away from zero; `exponent` 0 to 31.
pub fn rounding_shift(x: i32, exponent: u32) -> i32 {
    assert!(exponent <= 31, "a shift of {exponent} bits");
    let mask = (1i64 << exponent) - 1;
    let rest = i64::from(x) & mask;
    let threshold = (mask >> 1) + i64::from(x < 0);
    (i64::from(x) >> exponent) as i32 + i32::from(rest > threshold)
}

/// An accumulator times a real multiplier as exact arithmetic has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    /// The nearest whole number, ties to even.
    pub nearest: i64,
    /// Whether the product stands in the middle between two whole numbers, where only the rule of a mode decides.
    pub is_tie: bool,
}

/// `acc * real`, rounded to the nearest, from the exact value of the f64. `real` has to be finite and not negative, and
/// the product to fit in 62 bits.
pub fn exact_product(acc: i32, real: f64) -> Exact {
    let (fraction, exponent) = libm::frexp(real);
    // A whole number of 53 bits times a power of two.
    let digits = (fraction * 2f64.powi(53)) as i128;
    let product = i128::from(acc) * digits;
    let shift = 53 - exponent;
    if shift <= 0 {
        return Exact { nearest: (product << -shift) as i64, is_tie: false };
    }
    if shift > 120 {
        return Exact { nearest: 0, is_tie: false };
    }
    let (below, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1i128 << (shift - 1));
    let is_up = rest > half || rest == half && below & 1 == 1;
    Exact { nearest: (below + i128::from(is_up)) as i64, is_tie: rest == half }
}

/// What follows the multiplication: the output's zero point, and the clamp into which an activation function folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    pub zero_point: i32,
    /// First and last code that may come out.
    pub range: CodeRange,
}

impl Output {
    /// All codes of `range`.
    pub fn plain(zero_point: i32, range: CodeRange) -> Self {
        Self { zero_point, range }
    }

    /// A ReLU in the clamp: nothing below real 0.
    pub fn relu(zero_point: i32, range: CodeRange) -> Self {
        Self { zero_point, range: CodeRange { qmin: range.qmin.max(zero_point), ..range } }
    }

    /// A ReLU that also stops at real 6; `scale` is the output's.
    pub fn relu6(zero_point: i32, scale: f64, range: CodeRange) -> Self {
        let six = (6.0 / scale).round_ties_even() + f64::from(zero_point);
        let relu = Self::relu(zero_point, range);
        let qmax = six.clamp(relu.range.qmin.into(), range.qmax.into()) as i32;
        Self { range: CodeRange { qmax, ..relu.range }, ..relu }
    }

    /// The code of a rounded product.
    pub fn code(self, rounded: i64) -> i32 {
        (rounded + i64::from(self.zero_point)).clamp(self.range.qmin.into(), self.range.qmax.into()) as i32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_multiplier_keeps_thirty_one_bits() {
        for real in [0.007_247_427_341_846, 0.5, 0.25, 1.0, 0.999_999_999_9, 1.0e-9, 12_345.678] {
            let m = Multiplier::of(real).expect("positive and small");
            assert!(m.mantissa >= 1 << 30, "{real}");
            assert!((m.real() / real - 1.0).abs() <= 2f64.powi(-31), "{real}: {}", m.real());
        }
        assert_eq!(Multiplier::of(0.999_999_999_9), Ok(Multiplier { mantissa: 1 << 30, shift: -1 }), "rounds up to 1");
        assert_eq!(Multiplier::of(1.0e-12), Ok(Multiplier { mantissa: 0, shift: 0 }));
        for real in [0.0, -1.0, f64::NAN, f64::INFINITY, 2f64.powi(30)] {
            assert!(Multiplier::of(real).is_err(), "{real}");
        }
    }

    #[test]
    fn the_exact_product_knows_its_ties() {
        assert_eq!(exact_product(3, 0.5), Exact { nearest: 2, is_tie: true });
        assert_eq!(exact_product(5, 0.5), Exact { nearest: 2, is_tie: true });
        assert_eq!(exact_product(-3, 0.5), Exact { nearest: -2, is_tie: true });
        assert_eq!(exact_product(1000, 1.0 / 3.0), Exact { nearest: 333, is_tie: false });
        assert_eq!(exact_product(i32::MIN, 4.0), Exact { nearest: -(1 << 33), is_tie: false });
        assert_eq!(exact_product(i32::MAX, 1.0e-300), Exact { nearest: 0, is_tie: false });
    }

    #[test]
    fn activations_fold_into_the_clamp() {
        let int8 = CodeRange { qmin: -128, qmax: 127 };
        assert_eq!(Output::plain(-10, int8).code(-500), -128);
        assert_eq!(Output::relu(-10, int8).code(-500), -10);
        assert_eq!(Output::relu6(-128, 6.0 / 200.0, int8).code(1000), 72);
        assert_eq!(Output::relu6(-128, 0.01, int8).code(1000), 127);
    }

    proptest! {
        #[test]
        fn a_shift_rounds_ties_away_from_zero(x: i32, exponent in 0u32..=31) {
            let exact = f64::from(x) / 2f64.powi(exponent as i32);
            prop_assert_eq!(f64::from(rounding_shift(x, exponent)), exact.round());
        }

        #[test]
        fn a_high_multiplication_rounds_ties_up(a: i32, b: i32) {
            let product = i128::from(a) * i128::from(b);
            let expected = ((product + (1 << 30)) >> 31).min(i32::MAX.into());
            prop_assert_eq!(i128::from(high_mul(a, b)), expected);
        }

        #[test]
        fn one_rounding_is_that_of_the_whole_product(acc: i32, mantissa in 1 << 30..=i32::MAX, shift in -30..=31) {
            let product = i128::from(acc) * i128::from(mantissa);
            let expected = (product + (1i128 << (30 + shift))) >> (31 + shift);
            let got = Multiplier { mantissa, shift }.apply_once(acc);
            prop_assert_eq!(i128::from(got), expected.clamp(i32::MIN.into(), i32::MAX.into()));
        }

        /// The mantissa is off by at most 2^-32 of itself: too little to move an accumulator of 24 bits by a code.
        #[test]
        fn one_rounding_is_that_of_exact_arithmetic(acc in -(1 << 20)..(1 << 20), real in 1.0e-6f64..1.0) {
            let m = Multiplier::of(real).expect("in range");
            let exact = f64::from(acc) * real;
            prop_assume!((exact - exact.floor() - 0.5).abs() > 1e-3);
            prop_assert_eq!(i64::from(m.apply_once(acc)), exact_product(acc, real).nearest);
            prop_assert!((i64::from(m.apply_twice(acc)) - exact_product(acc, real).nearest).abs() <= 1);
        }
    }
}
