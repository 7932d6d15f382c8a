//! Rows of four-byte groups to groups of rows, 8 x 8 in registers.

use std::arch::x86_64::*;

use super::{
    super::x86::Rows,
    edge::{load_16, load_32, mask},
};

/// What becomes of bytes on their way into a panel.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// Each is xored with this one.
    Flip(u8),
    /// Unsigned codes become 16-bit numbers.
    WidenUnsigned,
    /// Signed codes become 16-bit numbers.
    WidenSigned,
}

impl Change {
    /// Bytes that become a group of four.
    fn n_bytes(self) -> usize {
        match self {
            Self::Flip(_) => 4,
            Self::WidenUnsigned | Self::WidenSigned => 2,
        }
    }
}

/// Packs R rows, 8 at most: for each group of four bytes, those of all rows beside each other. What fills up the last
/// group is as if it had been read as zeros.
///
/// # Safety
/// The rows are readable, and `dst` writable for as many groups as they fill, times R.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn pack<const R: usize>(from: &Rows, change: Change, dst: *mut u8) {
    let n_groups = from.len.div_ceil(change.n_bytes());
    for first in (0..n_groups).step_by(8) {
        let at = first * change.n_bytes();
        let mut block = [_mm256_setzero_si256(); 8];
        for (r, row) in block.iter_mut().enumerate().take(R) {
            // SAFETY: the caller's promise; no load goes beyond the row.
            *row = unsafe { load(from.ptr.add(r * from.stride + at), from.len - at, change) };
        }
        for (g, &group) in transposed(block).iter().enumerate().take(n_groups - first) {
            let at = (first + g) * R;
            // SAFETY: a whole store may run over the groups behind, which are written later, but not over the end.
            unsafe {
                let to = dst.add(4 * at).cast::<i32>();
                if at + 8 <= n_groups * R {
                    _mm256_storeu_si256(to.cast(), group);
                } else {
                    _mm256_maskstore_epi32(to, mask(R), group);
                }
            }
        }
    }
}

/// Eight groups of what is left of a row, `len` bytes.
///
/// # Safety
/// The bytes are readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load(from: *const u8, len: usize, change: Change) -> __m256i {
    // SAFETY: the caller's promise.
    unsafe {
        match change {
            Change::Flip(flip) => _mm256_xor_si256(load_32(from, len), _mm256_set1_epi8(flip as i8)),
            Change::WidenUnsigned => _mm256_cvtepu8_epi16(load_16(from, len)),
            Change::WidenSigned => _mm256_cvtepi8_epi16(load_16(from, len)),
        }
    }
}

/// `out[i]` holds the i-th number of each of the 8.
#[inline]
#[target_feature(enable = "avx2")]
fn transposed(rows: [__m256i; 8]) -> [__m256i; 8] {
    let mut pairs = rows;
    for i in 0..4 {
        pairs[2 * i] = _mm256_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm256_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    // Of the first and of the last four rows: numbers 0, 1, 2, 3 of either half register.
    let mut fours = pairs;
    for i in 0..2 {
        let p = &pairs[4 * i..4 * i + 4];
        fours[4 * i] = _mm256_unpacklo_epi64(p[0], p[2]);
        fours[4 * i + 1] = _mm256_unpackhi_epi64(p[0], p[2]);
        fours[4 * i + 2] = _mm256_unpacklo_epi64(p[1], p[3]);
        fours[4 * i + 3] = _mm256_unpackhi_epi64(p[1], p[3]);
    }
    let mut out = rows;
    for i in 0..4 {
        out[i] = _mm256_permute2x128_si256::<0x20>(fours[i], fours[4 + i]);
        out[4 + i] = _mm256_permute2x128_si256::<0x31>(fours[i], fours[4 + i]);
    }
    out
}
