//! Parts of a register at the edges of a matrix, where whole ones would touch what lies behind.

use std::arch::x86_64::*;

/// Sets the first `n` of eight lanes of 32 bits, all of them from 8 on.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn mask(n: usize) -> __m256i {
    const EDGE: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    // SAFETY: eight numbers from one of the first nine on.
    unsafe { _mm256_loadu_si256(EDGE.as_ptr().add(8 - n.min(8)).cast()) }
}

/// The first `n` of 16 bytes, all of them from 16 on, then zeros.
///
/// # Safety
/// They are readable.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn load_16(from: *const u8, n: usize) -> __m128i {
    let mut bytes = [0u8; 16];
    // SAFETY: the caller's promise.
    unsafe {
        if n >= 16 {
            return _mm_loadu_si128(from.cast());
        }
        bytes.as_mut_ptr().copy_from_nonoverlapping(from, n);
        _mm_loadu_si128(bytes.as_ptr().cast())
    }
}

/// The first `n` of 32 bytes, all of them from 32 on, then zeros.
///
/// # Safety
/// They are readable.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn load_32(from: *const u8, n: usize) -> __m256i {
    // SAFETY: the caller's promise.
    unsafe {
        if n >= 32 {
            return _mm256_loadu_si256(from.cast());
        }
        let high = if n > 16 { load_16(from.add(16), n - 16) } else { _mm_setzero_si128() };
        _mm256_set_m128i(high, load_16(from, n))
    }
}
