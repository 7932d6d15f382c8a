//! What the processor can do at most: the limits that every other figure is a percentage of.
//!
//! Sums stand in registers of their own, enough of them to hide the latency of an instruction; nothing is read or written
//! in a burst of arithmetic.

use std::hint::black_box;

use super::level::{self, Body, Target};
use super::{Isa, Level};

/// A kind of arithmetic whose peak is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// Fused multiply-add in f32.
    F32,
    /// Four 8-bit products a sum in one instruction (`vpdpbusd`, `sdot`), or eight (`smmla`).
    Dot,
    /// Pairs of products of codes widened to 16 bits (`vpmaddwd`, `smlal`), added in int32: exact without such an instruction.
    Widened,
    /// Pairs of 8-bit products that saturate in 16 bits (`vpmaddubsw`), widened and added.
    Saturating,
}

impl Arithmetic {
    /// What the INT8 products of an instruction set are made of, where it is a single instruction or two: the limit that
    /// they are judged by. `None` for plain Rust, which says no instruction.
    pub fn of_i8(isa: Isa) -> Option<Self> {
        [Self::Dot, Self::Widened].into_iter().find(|&what| burst(isa, what, 0).is_some())
    }
}

/// Does `n_rounds` rounds of it and returns how many multiplications and additions those are; `None` where the
/// instruction set has no such instruction.
pub fn burst(isa: Isa, what: Arithmetic, n_rounds: u64) -> Option<u64> {
    match what {
        // More registers than an FMA takes cycles in two units, and no more than there are.
        Arithmetic::F32 => Some(match isa.level() {
            Level::Avx512 | Level::Avx512Vnni => level::on(isa, Fma::<{ 12 * 16 }> { n_rounds }),
            Level::Scalar if cfg!(target_arch = "x86_64") => level::on(isa, Fma::<{ 12 * 4 }> { n_rounds }),
            // Of 256 bits, or twice as many of 128.
            _ => level::on(isa, Fma::<{ 12 * 8 }> { n_rounds }),
        }),
        #[cfg(target_arch = "x86_64")]
        Arithmetic::Dot if isa.level() == Level::Avx512Vnni => {
            // SAFETY: the token says that this processor has them.
            Some(unsafe { x86::dot(n_rounds) })
        }
        #[cfg(target_arch = "x86_64")]
        Arithmetic::Dot if isa.level() == Level::AvxVnni => {
            // SAFETY: as above.
            Some(unsafe { x86::dot_256(n_rounds) })
        }
        #[cfg(target_arch = "x86_64")]
        Arithmetic::Widened if !matches!(isa.level(), Level::Scalar) => {
            // SAFETY: every level of x86 but the plain one has AVX2.
            Some(unsafe { x86::widened(n_rounds) })
        }
        #[cfg(target_arch = "x86_64")]
        Arithmetic::Saturating if !matches!(isa.level(), Level::Scalar) => {
            // SAFETY: as above.
            Some(unsafe { x86::saturating(n_rounds) })
        }
        #[cfg(target_arch = "aarch64")]
        Arithmetic::Dot if matches!(isa.level(), Level::NeonDotprod | Level::NeonI8mm) => Some(arm::dot(isa, n_rounds)),
        #[cfg(target_arch = "aarch64")]
        // SAFETY: the token says that this processor has it.
        Arithmetic::Widened if isa.level() != Level::Scalar => Some(unsafe { arm::widened(n_rounds) }),
        _ => None,
    }
}

/// Reads all of it once, in four streams, and returns the parity of its bits so that no reading is left out.
pub fn read(isa: Isa, data: &[u32]) -> u32 {
    level::on(isa, Read(data))
}

struct Fma<const VALUES: usize> {
    n_rounds: u64,
}

impl<const VALUES: usize> Body for Fma<VALUES> {
    type Out = u64;

    #[inline(always)]
    fn run<T: Target>(self) -> u64 {
        let (factor, term) = (black_box(0.999_f32), black_box(1.0e-3_f32));
        let mut sums = [1.0f32; VALUES];
        for _ in 0..self.n_rounds {
            for sum in &mut sums {
                *sum = T::mul_add(*sum, factor, term);
            }
        }
        black_box(sums);
        self.n_rounds * VALUES as u64 * 2
    }
}

struct Read<'a>(&'a [u32]);

impl Body for Read<'_> {
    type Out = u32;

    #[inline(always)]
    fn run<T: Target>(self) -> u32 {
        const LANES: usize = 32;
        let (blocks, tail) = self.0.as_chunks::<LANES>();
        let n = blocks.len() / 4;
        let (ab, cd) = blocks[..4 * n].split_at(2 * n);
        let ((a, b), (c, d)) = (ab.split_at(n), cd.split_at(n));
        let (mut even, mut odd) = ([0u32; LANES], [0u32; LANES]);
        for ((a, b), (c, d)) in a.iter().zip(b).zip(c.iter().zip(d)) {
            for lane in 0..LANES {
                even[lane] ^= a[lane] ^ b[lane];
            }
            for lane in 0..LANES {
                odd[lane] ^= c[lane] ^ d[lane];
            }
        }
        let rest = blocks[4 * n..].as_flattened().iter().chain(tail);
        let rest = rest.fold(0, |all, &one| all ^ one);
        // In halves: 64 words one after the other would take a third as long as a small cache.
        for lane in 0..LANES {
            even[lane] ^= odd[lane];
        }
        for half in [16, 8, 4, 2, 1] {
            for lane in 0..half {
                even[lane] ^= even[lane + half];
            }
        }
        even[0] ^ rest
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::{arch::x86_64::*, hint::black_box};

    const SUMS: usize = 12;

    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) fn dot(n_rounds: u64) -> u64 {
        let (a, b) = (black_box(_mm512_set1_epi8(3)), black_box(_mm512_set1_epi8(-5)));
        let mut sums = [_mm512_setzero_si512(); SUMS];
        for _ in 0..n_rounds {
            for sum in &mut sums {
                *sum = _mm512_dpbusd_epi32(*sum, a, b);
            }
        }
        black_box(sums);
        n_rounds * SUMS as u64 * 64 * 2
    }

    #[target_feature(enable = "avx2,avxvnni")]
    pub(super) fn dot_256(n_rounds: u64) -> u64 {
        let (a, b) = (black_box(_mm256_set1_epi8(3)), black_box(_mm256_set1_epi8(-5)));
        let mut sums = [_mm256_setzero_si256(); SUMS];
        for _ in 0..n_rounds {
            for sum in &mut sums {
                *sum = _mm256_dpbusd_avx_epi32(*sum, a, b);
            }
        }
        black_box(sums);
        n_rounds * SUMS as u64 * 32 * 2
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn widened(n_rounds: u64) -> u64 {
        let a = black_box(_mm256_set1_epi16(3));
        // As below.
        let mut sums = [black_box(_mm256_set1_epi16(1)); SUMS];
        for _ in 0..n_rounds {
            for sum in &mut sums {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(a, *sum));
            }
        }
        black_box(sums);
        n_rounds * SUMS as u64 * 16 * 2
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn saturating(n_rounds: u64) -> u64 {
        let (a, ones) = (black_box(_mm256_set1_epi8(3)), black_box(_mm256_set1_epi16(1)));
        // Each sum is a factor of its own next product: nothing can be taken out of the loop.
        let mut sums = [black_box(_mm256_set1_epi8(1)); SUMS];
        for _ in 0..n_rounds {
            for sum in &mut sums {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, *sum), ones));
            }
        }
        black_box(sums);
        n_rounds * SUMS as u64 * 32 * 2
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::{arch::aarch64::*, hint::black_box};

    use crate::kernel::{
        Isa, Level,
        gemm::neon::{dot as sdot, matrix as smmla},
    };

    const SUMS: usize = 16;

    pub(super) fn dot(isa: Isa, n_rounds: u64) -> u64 {
        // SAFETY: the token says that this processor has the one or the other.
        unsafe { if isa.level() == Level::NeonI8mm { matrix(n_rounds) } else { four(n_rounds) } }
    }

    #[target_feature(enable = "neon,dotprod")]
    fn four(n_rounds: u64) -> u64 {
        let (a, b) = (black_box(vdupq_n_s8(3)), black_box(vdupq_n_s8(-5)));
        let mut sums = [vdupq_n_s32(0); SUMS];
        for _ in 0..n_rounds {
            for sum in &mut sums {
                *sum = sdot(*sum, a, b);
            }
        }
        black_box(sums);
        n_rounds * SUMS as u64 * 16 * 2
    }

    #[target_feature(enable = "neon,i8mm")]
    fn matrix(n_rounds: u64) -> u64 {
        let (a, b) = (black_box(vdupq_n_s8(3)), black_box(vdupq_n_s8(-5)));
        let mut sums = [vdupq_n_s32(0); SUMS];
        for _ in 0..n_rounds {
            for sum in &mut sums {
                *sum = smmla(*sum, a, b);
            }
        }
        black_box(sums);
        n_rounds * SUMS as u64 * 32 * 2
    }

    #[target_feature(enable = "neon")]
    pub(super) fn widened(n_rounds: u64) -> u64 {
        let a = black_box(vdup_n_s16(3));
        // Each sum gives a factor of its own next product: nothing can be taken out of the loop.
        let mut sums = [black_box(vdupq_n_s32(1)); SUMS];
        for _ in 0..n_rounds {
            for sum in &mut sums {
                *sum = vmlal_s16(*sum, a, vget_low_s16(vreinterpretq_s16_s32(*sum)));
            }
        }
        black_box(sums);
        n_rounds * SUMS as u64 * 4 * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_says_how_much_it_did() {
        for isa in Isa::available() {
            let floats = burst(isa, Arithmetic::F32, 2).expect("every CPU multiplies f32");
            assert!(floats > 0 && burst(isa, Arithmetic::F32, 4) == Some(2 * floats), "{}", isa.name());
            let dot = burst(isa, Arithmetic::Dot, 2);
            use Level::{Avx512Vnni, AvxVnni, NeonDotprod, NeonI8mm};
            assert_eq!(dot.is_some(), matches!(isa.level(), AvxVnni | Avx512Vnni | NeonDotprod | NeonI8mm), "{}", isa.name());
            assert_eq!(burst(isa, Arithmetic::Dot, 4), dot.map(|n| 2 * n));
        }
        assert_eq!(burst(Isa::SCALAR, Arithmetic::Saturating, 1), None);
        assert_eq!(Arithmetic::of_i8(Isa::SCALAR), None);
    }

    #[test]
    fn every_word_is_read() {
        let data: Vec<u32> = (0..1000u32).map(|i| i.wrapping_mul(0x9e37_79b9)).collect();
        for isa in Isa::available() {
            for n in [0, 1, 31, 127, 128, 129, 300, 1000] {
                assert_eq!(read(isa, &data[..n]), data[..n].iter().fold(0, |all, &one| all ^ one), "{n} words");
            }
        }
    }
}
