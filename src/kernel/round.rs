//! Rounding one value, without a branch and without libm.

use super::level::{Baseline, Target};

/// How a position between two codes becomes a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, ties to the even neighbour (IEEE 754, ONNX, TensorRT).
    Even,
    /// To the nearest, ties away from zero (C's `round`, Rust's `round`).
    Away,
    /// To the nearest, ties towards plus infinity: `floor(x + 1/2)` without its rounding error.
    HalfUp,
    /// Towards zero: what a cast does.
    Truncate,
    Floor,
    /// Up with the probability of the fraction. The draw depends on the seed and the value's index alone, so the result
    /// does not depend on how an array is cut into blocks.
    Stochastic {
        seed: u64,
    },
}

impl Rounding {
    /// Whether the error stays within half a step.
    pub fn is_nearest(self) -> bool {
        matches!(self, Self::Even | Self::Away | Self::HalfUp)
    }

    /// Rounds one value; `idx` is its place in the whole array.
    pub fn apply(self, x: f32, idx: u64) -> f32 {
        match self {
            Self::Even => round_even(x),
            Self::Away => round_away::<Baseline>(x),
            Self::HalfUp => round_half_up::<Baseline>(x),
            Self::Truncate => truncate::<Baseline>(x),
            Self::Floor => floor::<Baseline>(x),
            Self::Stochastic { seed } => round_stochastic::<Baseline>(x, seed, idx),
        }
    }
}

/// From here on every f32 is a whole number.
const WHOLE: f32 = 8_388_608.0;

/// Nearest whole number, ties to even; exact for every f32, keeps the sign of zero, NaN and infinities.
///
/// Adding and taking away 2^23 with the sign of `x` leaves no room for a fraction, so the addition itself rounds, to
/// even. `f32::round_ties_even` says the same but is a libm call on plain x86-64, and a hundred times slower.
#[inline(always)]
pub fn round_even(x: f32) -> f32 {
    let magic = WHOLE.copysign(x);
    let rounded = ((x + magic) - magic).copysign(x);
    if x.abs() < WHOLE { rounded } else { x }
}

// The others start from `round_even` and mend it. `x - r` is exact: both lie within one step of each other.

#[inline(always)]
pub(super) fn round_away<T: Target>(x: f32) -> f32 {
    let r = T::round_even(x);
    if x.abs() - r.abs() == 0.5 { r + 1f32.copysign(x) } else { r }
}

#[inline(always)]
pub(super) fn round_half_up<T: Target>(x: f32) -> f32 {
    let r = T::round_even(x);
    if x - r == 0.5 { r + 1.0 } else { r }
}

#[inline(always)]
pub(super) fn truncate<T: Target>(x: f32) -> f32 {
    let r = T::round_even(x);
    if r.abs() > x.abs() { r - 1f32.copysign(x) } else { r }
}

#[inline(always)]
pub(super) fn floor<T: Target>(x: f32) -> f32 {
    let r = T::round_even(x);
    if r > x { r - 1.0 } else { r }
}

#[inline(always)]
pub(super) fn round_stochastic<T: Target>(x: f32, seed: u64, idx: u64) -> f32 {
    let below = floor::<T>(x);
    if uniform(seed, idx) < x - below { below + 1.0 } else { below }
}

/// A number in [0, 1) with 24 random bits, from a seed and an index: two multiply-and-shift rounds over their mixture
/// (the finaliser of SplitMix64, whose output passes the usual tests for every stride).
#[inline(always)]
fn uniform(seed: u64, idx: u64) -> f32 {
    let mut h = seed.wrapping_mul(0xd134_2543_de82_ef95) ^ idx.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    h ^= h >> 31;
    (h >> 40) as f32 / 16_777_216.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The slow, plain meaning of each mode.
    fn twin(rounding: Rounding, x: f32) -> f32 {
        match rounding {
            Rounding::Even => x.round_ties_even(),
            Rounding::Away => x.round(),
            Rounding::HalfUp => (f64::from(x) + 0.5).floor() as f32,
            Rounding::Truncate => x.trunc(),
            Rounding::Floor => x.floor(),
            Rounding::Stochastic { .. } => unreachable!("has no single answer"),
        }
    }

    const MODES: [Rounding; 5] = [Rounding::Even, Rounding::Away, Rounding::HalfUp, Rounding::Truncate, Rounding::Floor];

    fn agree(x: f32) {
        for rounding in MODES {
            let (fast, slow) = (rounding.apply(x, 0), twin(rounding, x));
            assert!(
                fast == slow || fast.is_nan() && slow.is_nan(),
                "{rounding:?} of {x:e} ({:#x}): {fast}, not {slow}",
                x.to_bits()
            );
        }
    }

    #[test]
    fn edges_round_as_the_standard_library_does() {
        for x in [0.0, 0.5, 1.5, 2.5, 0.499_999_97, 4_194_303.5, 4_194_304.5, 8_388_607.5, 8_388_608.0, 1.0e10, f32::MAX] {
            agree(x);
            agree(-x);
        }
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE, f32::from_bits(1), -f32::from_bits(1)] {
            agree(x);
        }
    }

    proptest! {
        #[test]
        fn any_bit_pattern_rounds_as_the_standard_library_does(bits: u32, half in -20_000_000i32..20_000_000) {
            agree(f32::from_bits(bits));
            agree(half as f32 * 0.5);
        }

        #[test]
        fn stochastic_rounding_gives_a_neighbour(x in -1.0e6f32..1.0e6, seed: u64, idx: u64) {
            let r = round_stochastic::<Baseline>(x, seed, idx);
            prop_assert!(r == x.floor() || r == x.ceil());
        }
    }

    #[test]
    fn stochastic_rounding_goes_up_as_often_as_the_fraction_says() {
        for fraction in [0.1f32, 0.5, 0.9] {
            let n_up: f32 = (0..100_000).map(|idx| round_stochastic::<Baseline>(fraction, 7, idx)).sum();
            assert!((n_up / 100_000.0 - fraction).abs() < 0.01, "{fraction}: {n_up}");
        }
    }
}
