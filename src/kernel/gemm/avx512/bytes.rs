//! INT8 on `vpdpbusd`: sums of four products of an unsigned with a signed byte, exact.

use std::{arch::x86_64::*, ops::Range};

use super::super::super::Mat;
use super::super::{
    Codes,
    finish::{self, Finish},
    i8::{Kernel, Tile},
    pack::Form,
    packed::LayoutI8,
    x86::Rows,
};
use super::{LANES, by_rows, each_row, transpose};

pub(in super::super) static I8: Kernel = Kernel {
    name: "avx512-vnni",
    layout: LayoutI8 { n_lanes: LANES, group: 4, width: 1 },
    n_rows: 12,
    b_block: 512 << 10,
    form: Form::U8,
    tile,
    finish: finish_tile,
    pack_a,
    pack_b,
};

/// # Safety
/// As [`Tile`] says.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn tile(t: &Tile) {
    // SAFETY: the caller's promise.
    unsafe {
        if t.a_row == 4 && t.a_group == 4 * t.n_rows { by_rows!(t.n_rows, packed(t)) } else { by_rows!(t.n_rows, in_rows(t)) }
    }
}

/// # Safety
/// As [`Tile`] says, for R rows of A packed.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn packed<const R: usize>(t: &Tile) {
    // SAFETY: the caller's promise.
    unsafe { rows::<R>(t, 4, 4 * R) };
}

/// # Safety
/// As [`Tile`] says, for R rows.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn in_rows<const R: usize>(t: &Tile) {
    // SAFETY: the caller's promise.
    unsafe { rows::<R>(t, t.a_row, 4) };
}

/// The sums stay in 2 R registers; two loads of B and one broadcast a row feed 2 R instructions.
///
/// # Safety
/// As [`Tile`] says, for R rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn rows<const R: usize>(t: &Tile, a_row: usize, a_group: usize) {
    let mut sums = [[_mm512_setzero_si512(); 2]; 14];
    let mut b = t.b;
    // Three rows share a pointer, so that all fit in registers: x86 addresses p, p + s and p + 2 s.
    let mut a: [*const u8; 5] = std::array::from_fn(|i| t.a.wrapping_add(3 * i * a_row));
    for _ in 0..t.n_groups {
        // SAFETY: the caller's promise; B's groups are two cache lines.
        unsafe {
            let (b0, b1) = (_mm512_load_si512(b.cast()), _mm512_load_si512(b.add(64).cast()));
            each_row!(R, |ROW| {
                let four = _mm512_set1_epi32(a[ROW / 3].add(ROW % 3 * a_row).cast::<i32>().read_unaligned());
                sums[ROW][0] = _mm512_dpbusd_epi32(sums[ROW][0], four, b0);
                sums[ROW][1] = _mm512_dpbusd_epi32(sums[ROW][1], four, b1);
            });
        }
        a = a.map(|a| a.wrapping_add(a_group));
        b = b.wrapping_add(4 * LANES);
    }
    each_row!(R, |ROW| {
        // SAFETY: the caller's promise.
        unsafe {
            _mm512_storeu_si512(t.c.add(ROW * t.c_stride).cast(), sums[ROW][0]);
            _mm512_storeu_si512(t.c.add(ROW * t.c_stride + 16).cast(), sums[ROW][1]);
        }
    });
}

/// # Safety
/// As [`finish::tile`] says.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn finish_tile(f: &Finish, sums: &mut [i32], rows: Range<usize>, cols: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe { finish::tile::<LANES>(f, sums, rows, cols) };
}

/// # Safety
/// The CPU has the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn pack_a(a: Codes, rows: Range<usize>, _: Form, dst: &mut [u8]) {
    let (ptr, stride, len, flip) = match a {
        Codes::U8(a) => (a.as_ptr(), a.stride(), a.n_cols(), 0),
        Codes::I8(a) => (a.as_ptr().cast(), a.stride(), a.n_cols(), 0x80),
    };
    assert!(rows.end <= a.n_rows() && dst.len() >= len.div_ceil(4) * 4 * rows.len(), "the panel fits");
    let from = Rows { ptr: ptr.wrapping_add(rows.start * stride), stride, len };
    // SAFETY: the rows are those of a matrix, and the panel fits.
    unsafe { by_rows!(rows.len(), pack_rows(&from, flip, dst.as_mut_ptr())) }
}

use transpose::pack as pack_rows;

/// # Safety
/// The CPU has the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn pack_b(b: Mat<i8>, col: usize, _: LayoutI8, dst: &mut [i8], sums: &mut [i32]) {
    let n = LANES.min(b.n_cols() - col);
    let mask = u32::MAX >> (LANES - n);
    let (mut s0, mut s1) = (_mm512_setzero_si512(), _mm512_setzero_si512());
    let ones = _mm512_set1_epi8(1);
    for (g, dst) in dst.as_chunks_mut::<{ 4 * LANES }>().0.iter_mut().enumerate() {
        let row = |k: usize| {
            if k >= b.n_rows() {
                return _mm256_setzero_si256();
            }
            // SAFETY: the mask ends with the row.
            unsafe { _mm256_maskz_loadu_epi8(mask, b.as_ptr().add(k * b.stride() + col)) }
        };
        let (g0, g1) = grouped([row(4 * g), row(4 * g + 1), row(4 * g + 2), row(4 * g + 3)]);
        s0 = _mm512_dpbusd_epi32(s0, ones, g0);
        s1 = _mm512_dpbusd_epi32(s1, ones, g1);
        // SAFETY: `dst` is two registers long.
        unsafe {
            _mm512_storeu_si512(dst.as_mut_ptr().cast(), g0);
            _mm512_storeu_si512(dst.as_mut_ptr().add(64).cast(), g1);
        }
    }
    let sums = sums.first_chunk_mut::<LANES>().expect("a panel has so many columns");
    // SAFETY: `sums` is two registers long.
    unsafe {
        _mm512_storeu_si512(sums.as_mut_ptr().cast(), s0);
        _mm512_storeu_si512(sums.as_mut_ptr().add(16).cast(), s1);
    }
}

/// The four bytes of each column beside each other: columns 0 to 15, and 16 to 31.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn grouped(rows: [__m256i; 4]) -> (__m512i, __m512i) {
    let [a, b, c, d] = rows;
    let (ab_low, ab_high) = (_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b));
    let (cd_low, cd_high) = (_mm256_unpacklo_epi8(c, d), _mm256_unpackhi_epi8(c, d));
    // Each holds four columns of the first half and the four that are 16 further.
    let (q0, q1) = (_mm256_unpacklo_epi16(ab_low, cd_low), _mm256_unpackhi_epi16(ab_low, cd_low));
    let (q2, q3) = (_mm256_unpacklo_epi16(ab_high, cd_high), _mm256_unpackhi_epi16(ab_high, cd_high));
    let (q01, q23) =
        (_mm512_inserti64x4::<1>(_mm512_castsi256_si512(q0), q1), _mm512_inserti64x4::<1>(_mm512_castsi256_si512(q2), q3));
    (_mm512_shuffle_i64x2::<0x88>(q01, q23), _mm512_shuffle_i64x2::<0xdd>(q01, q23))
}
