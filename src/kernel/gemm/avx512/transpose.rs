//! Rows of four-byte groups to groups of rows, 16 x 16 in registers.

use std::arch::x86_64::*;

use super::super::x86::Rows;

/// Packs R rows: for each group of four bytes, those of all rows beside each other, each byte xor `flip`. What fills up
/// the last group is `flip`.
///
/// # Safety
/// The rows are readable, and `dst` writable for `len` rounded up to whole groups, times R.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
pub(super) unsafe fn pack<const R: usize>(from: &Rows, flip: u8, dst: *mut u8) {
    let n_groups = from.len.div_ceil(4);
    let flip = _mm512_set1_epi8(flip as i8);
    for first in (0..n_groups).step_by(16) {
        let mut block = [_mm512_setzero_si512(); 16];
        for (r, row) in block.iter_mut().enumerate().take(R) {
            // SAFETY: the caller's promise; the mask ends with the row.
            *row = unsafe { load(from.ptr.add(r * from.stride + 4 * first), from.len - 4 * first) };
            *row = _mm512_xor_si512(*row, flip);
        }
        for (g, &group) in transposed(block).iter().enumerate().take(n_groups - first) {
            let at = (first + g) * R;
            // SAFETY: a whole store may run over the groups behind, which are written later, but not over the end.
            unsafe {
                let to = dst.add(4 * at).cast::<i32>();
                if at + 16 <= n_groups * R {
                    _mm512_storeu_si512(to.cast(), group);
                } else {
                    _mm512_mask_storeu_epi32(to, (1u16 << R) - 1, group);
                }
            }
        }
    }
}

/// Up to 64 of the `len` bytes, then zeros.
///
/// # Safety
/// They are readable.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn load(from: *const u8, len: usize) -> __m512i {
    // SAFETY: the caller's promise; what the mask leaves out is not touched.
    unsafe { if len >= 64 { _mm512_loadu_si512(from.cast()) } else { _mm512_maskz_loadu_epi8((1u64 << len) - 1, from.cast()) } }
}

/// `out[i]` holds the i-th number of each of the 16.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn transposed(rows: [__m512i; 16]) -> [__m512i; 16] {
    let mut pairs = rows;
    for i in 0..8 {
        pairs[2 * i] = _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    // Of each four rows: numbers 0, 1, 2, 3 of every quarter register.
    let mut fours = pairs;
    for i in 0..4 {
        let p = &pairs[4 * i..4 * i + 4];
        fours[4 * i] = _mm512_unpacklo_epi64(p[0], p[2]);
        fours[4 * i + 1] = _mm512_unpackhi_epi64(p[0], p[2]);
        fours[4 * i + 2] = _mm512_unpacklo_epi64(p[1], p[3]);
        fours[4 * i + 3] = _mm512_unpackhi_epi64(p[1], p[3]);
    }
    let mut out = rows;
    for i in 0..4 {
        let (a, b, c, d) = (fours[i], fours[4 + i], fours[8 + i], fours[12 + i]);
        let (low, high) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
        let (low_2, high_2) = (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xdd>(c, d));
        out[i] = _mm512_shuffle_i32x4::<0x88>(low, low_2);
        out[4 + i] = _mm512_shuffle_i32x4::<0x88>(high, high_2);
        out[8 + i] = _mm512_shuffle_i32x4::<0xdd>(low, low_2);
        out[12 + i] = _mm512_shuffle_i32x4::<0xdd>(high, high_2);
    }
    out
}
