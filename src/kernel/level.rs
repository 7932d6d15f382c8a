//! One loop, compiled once for each instruction set.
//!
//! A loop over independent values needs no intrinsics: the compiler vectorises it for whatever registers it may use.
//! [`on`] runs the same body as plain code, with AVX2 or with AVX-512, so every level gives the same bits by
//! construction: floating-point additions keep the order that the body writes down, and nothing is fused unless the body
//! says so.

use super::isa::Isa;
#[cfg(target_arch = "x86_64")]
use super::isa::Level;

/// What a body may take from the level that it is compiled for.
pub(super) trait Target {
    /// Nearest whole number, ties to even, as [`super::round_even`].
    fn round_even(x: f32) -> f32;
    /// `a * b + c`, rounded once where the processor can do that and twice where it cannot.
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// For any processor of the target; on aarch64 that has NEON already.
pub(super) struct Baseline;

/// For processors that round in one instruction.
#[cfg(target_arch = "x86_64")]
pub(super) struct Modern;

impl Target for Baseline {
    #[inline(always)]
    fn round_even(x: f32) -> f32 {
        super::round_even(x)
    }

    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        if cfg!(target_arch = "aarch64") { a.mul_add(b, c) } else { a * b + c }
    }
}

#[cfg(target_arch = "x86_64")]
impl Target for Modern {
    #[inline(always)]
    fn round_even(x: f32) -> f32 {
        x.round_ties_even()
    }

    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

/// A loop with its arguments. `run` and all it calls must be `#[inline(always)]`: what is not inlined is compiled for
/// the plainest processor.
pub(super) trait Body {
    type Out;
    fn run<T: Target>(self) -> Self::Out;
}

/// Runs the body with the instructions of `isa`.
#[cfg(target_arch = "x86_64")]
pub(super) fn on<B: Body>(isa: Isa, body: B) -> B::Out {
    match isa.level() {
        // SAFETY: the token says that this processor has them.
        Level::Avx512 | Level::Avx512Vnni => unsafe { with_avx512(body) },
        // SAFETY: as above.
        Level::Avx2 | Level::AvxVnni => unsafe { with_avx2(body) },
        _ => body.run::<Baseline>(),
    }
}

/// Runs the body as it is: the target's own instructions are all that it needs.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn on<B: Body>(_: Isa, body: B) -> B::Out {
    body.run::<Baseline>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<B: Body>(body: B) -> B::Out {
    body.run::<Modern>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
fn with_avx512<B: Body>(body: B) -> B::Out {
    body.run::<Modern>()
}
