//! INT8 on 256 bits: exact by widening to 16 bits, exact by `vpdpbusd`, and by pairs that saturate.
//!
//! All three add what one instruction or three make of four bytes of A and four of each column of B, so they share the
//! loop: two 16-bit codes each, or four bytes.

use std::{arch::x86_64::*, ops::Range};

use super::super::super::Mat;
use super::super::{
    Codes,
    finish::{self, Finish},
    i8::{Kernel, Tile},
    pack::{Form, GROUP_BYTES},
    packed::LayoutI8,
    x86::Rows,
};
use super::{
    LANES, ROWS, by_rows, each_row,
    edge::load_16,
    transpose::{self, Change},
};

/// Bytes of B in a block: half of the L2 of a CPU without AVX-512.
const B_BLOCK: usize = 256 << 10;

/// Exact: codes of both sides as 16-bit numbers, whose products `vpmaddwd` adds in pairs of 32 bits. B is widened when it
/// is packed, so the loop does nothing but multiply and add.
pub(in super::super) static WIDENING: Kernel = Kernel {
    name: "avx2-widening",
    layout: LayoutI8 { n_lanes: LANES, group: 2, width: 2 },
    n_rows: ROWS,
    b_block: B_BLOCK,
    form: Form::I16,
    tile: widening::tile,
    finish: finish_tile,
    pack_a,
    pack_b: pack_b_widened,
};

/// Exact: four products in one instruction.
pub(in super::super) static VNNI: Kernel = Kernel { name: "avx-vnni", tile: vnni::tile, ..SATURATING };

/// Wrong wherever a pair of products leaves 16 bits.
pub(in super::super) static SATURATING: Kernel = Kernel {
    name: "avx2-saturating",
    layout: LayoutI8 { n_lanes: LANES, group: 4, width: 1 },
    n_rows: ROWS,
    b_block: B_BLOCK,
    form: Form::U8,
    tile: saturating::tile,
    finish: finish_tile,
    pack_a,
    pack_b,
};

/// A module with the tile function of a path: `$add` adds what it makes of four bytes of A, in every lane, and of two
/// registers of B to two sums.
macro_rules! path {
    ($name:ident, $features:literal, $add:ident) => {
        mod $name {
            use super::*;

            /// # Safety
            /// As [`Tile`] says.
            #[target_feature(enable = $features)]
            pub(super) unsafe fn tile(t: &Tile) {
                let is_packed = t.a_row == GROUP_BYTES && t.a_group == GROUP_BYTES * t.n_rows;
                // SAFETY: the caller's promise.
                unsafe { if is_packed { by_rows!(t.n_rows, packed(t)) } else { by_rows!(t.n_rows, in_rows(t)) } }
            }

            /// # Safety
            /// As [`Tile`] says, for R rows of A packed.
            #[target_feature(enable = $features)]
            unsafe fn packed<const R: usize>(t: &Tile) {
                // SAFETY: the caller's promise.
                unsafe { rows::<R, true>(t) };
            }

            /// # Safety
            /// As [`Tile`] says, for R rows.
            #[target_feature(enable = $features)]
            unsafe fn in_rows<const R: usize>(t: &Tile) {
                // SAFETY: the caller's promise.
                unsafe { rows::<R, false>(t) };
            }

            /// The sums stay in 2 R registers; two loads of B and one broadcast a row feed 2 R of them.
            ///
            /// # Safety
            /// As [`Tile`] says, for R rows, packed where it says so.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn rows<const R: usize, const PACKED: bool>(t: &Tile) {
                let (a_row, a_group) = if PACKED { (GROUP_BYTES, GROUP_BYTES * R) } else { (t.a_row, GROUP_BYTES) };
                let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
                let mut b = t.b;
                // Three rows share a pointer: x86 addresses p, p + s and p + 2 s.
                let mut a: [*const u8; 2] = std::array::from_fn(|i| t.a.wrapping_add(3 * i * a_row));
                let mut n_left = t.n_groups;
                'groups: loop {
                    // Two groups a round, so that the loop itself costs less.
                    for _ in 0..2 {
                        if n_left == 0 {
                            break 'groups;
                        }
                        n_left -= 1;
                        // SAFETY: the caller's promise; B's groups are cache lines.
                        unsafe {
                            let columns = [_mm256_load_si256(b.cast()), _mm256_load_si256(b.add(32).cast())];
                            each_row!(R, |ROW| {
                                let four = a[ROW / 3].add(ROW % 3 * a_row).cast::<i32>().read_unaligned();
                                sums[ROW] = $add(sums[ROW], _mm256_set1_epi32(four), columns);
                            });
                        }
                        a = a.map(|a| a.wrapping_add(a_group));
                        b = b.wrapping_add(GROUP_BYTES * LANES);
                    }
                }
                each_row!(R, |ROW| {
                    // SAFETY: the caller's promise.
                    unsafe {
                        _mm256_storeu_si256(t.c.add(ROW * t.c_stride).cast(), sums[ROW][0]);
                        _mm256_storeu_si256(t.c.add(ROW * t.c_stride + 8).cast(), sums[ROW][1]);
                    }
                });
            }
        }
    };
}

path!(widening, "avx2", add_widened);
path!(vnni, "avx2,avxvnni", add_dots);
path!(saturating, "avx2", add_saturated);

/// The sums, and two products of 16-bit numbers added to each.
#[inline]
#[target_feature(enable = "avx2")]
fn add_widened([s_0, s_1]: [__m256i; 2], a: __m256i, [b_0, b_1]: [__m256i; 2]) -> [__m256i; 2] {
    let [p_0, p_1] = together([_mm256_madd_epi16(a, b_0), _mm256_madd_epi16(a, b_1)]);
    [_mm256_add_epi32(s_0, p_0), _mm256_add_epi32(s_1, p_1)]
}

/// The sums, and four products of bytes added to each.
#[inline]
#[target_feature(enable = "avx2,avxvnni")]
fn add_dots([s_0, s_1]: [__m256i; 2], a: __m256i, [b_0, b_1]: [__m256i; 2]) -> [__m256i; 2] {
    [_mm256_dpbusd_avx_epi32(s_0, a, b_0), _mm256_dpbusd_avx_epi32(s_1, a, b_1)]
}

/// The sums, and two pairs of products of bytes added to each.
#[inline]
#[target_feature(enable = "avx2")]
fn add_saturated([s_0, s_1]: [__m256i; 2], a: __m256i, [b_0, b_1]: [__m256i; 2]) -> [__m256i; 2] {
    let [p_0, p_1] = together([_mm256_maddubs_epi16(a, b_0), _mm256_maddubs_epi16(a, b_1)]);
    let ones = _mm256_set1_epi16(1);
    [_mm256_add_epi32(s_0, _mm256_madd_epi16(p_0, ones)), _mm256_add_epi32(s_1, _mm256_madd_epi16(p_1, ones))]
}

/// Has both made before either is used: multiplications and additions that alternate one by one get into each other's
/// way, and cost a twentieth of the speed on Zen 3.
#[inline]
#[target_feature(enable = "avx2")]
fn together([mut x, mut y]: [__m256i; 2]) -> [__m256i; 2] {
    // SAFETY: there is no instruction.
    unsafe { std::arch::asm!("/* {x} {y} */", x = inout(ymm_reg) x, y = inout(ymm_reg) y, options(nostack, preserves_flags)) };
    [x, y]
}

/// # Safety
/// As [`finish::tile`] says.
#[target_feature(enable = "avx2,fma")]
unsafe fn finish_tile(f: &Finish, sums: &mut [i32], rows: Range<usize>, cols: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe { finish::tile::<LANES>(f, sums, rows, cols) };
}

/// # Safety
/// The CPU has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn pack_a(a: Codes, rows: Range<usize>, form: Form, dst: &mut [u8]) {
    let (ptr, stride, len) = match a {
        Codes::U8(a) => (a.as_ptr(), a.stride(), a.n_cols()),
        Codes::I8(a) => (a.as_ptr().cast(), a.stride(), a.n_cols()),
    };
    let (change, group) = match (form, a) {
        (Form::I16, Codes::U8(_)) => (Change::WidenUnsigned, WIDENING.layout.group),
        (Form::I16, Codes::I8(_)) => (Change::WidenSigned, WIDENING.layout.group),
        (_, Codes::U8(_)) => (Change::Flip(0), SATURATING.layout.group),
        (_, Codes::I8(_)) => (Change::Flip(0x80), SATURATING.layout.group),
    };
    assert!(rows.end <= a.n_rows() && dst.len() >= len.div_ceil(group) * GROUP_BYTES * rows.len(), "the panel fits");
    let from = Rows { ptr: ptr.wrapping_add(rows.start * stride), stride, len };
    // SAFETY: the rows are those of a matrix, and the panel fits.
    unsafe { by_rows!(rows.len(), pack_rows(&from, change, dst.as_mut_ptr())) }
}

use transpose::pack as pack_rows;

/// # Safety
/// The CPU has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn pack_b(b: Mat<i8>, col: usize, _: LayoutI8, dst: &mut [i8], sums: &mut [i32]) {
    let ones = (_mm256_set1_epi8(1), _mm256_set1_epi16(1));
    let mut of_cols = [_mm256_setzero_si256(); 2];
    for (g, dst) in dst.as_chunks_mut::<{ GROUP_BYTES * LANES }>().0.iter_mut().enumerate() {
        let group = by_fours(std::array::from_fn(|i| row_of(b, 4 * g + i, col)));
        for (sum, group) in of_cols.iter_mut().zip(group) {
            // 1 is far from saturating.
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(_mm256_maddubs_epi16(ones.0, group), ones.1));
        }
        // SAFETY: `dst` is two registers long.
        unsafe { store(dst.as_mut_ptr().cast(), group) };
    }
    let sums = sums.first_chunk_mut::<LANES>().expect("a panel has so many columns");
    // SAFETY: `sums` is two registers long.
    unsafe { store(sums.as_mut_ptr().cast(), of_cols) };
}

/// # Safety
/// The CPU has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn pack_b_widened(b: Mat<i8>, col: usize, _: LayoutI8, dst: &mut [i8], sums: &mut [i32]) {
    let ones = _mm256_set1_epi16(1);
    let mut of_cols = [_mm256_setzero_si256(); 2];
    for (g, dst) in dst.as_chunks_mut::<{ GROUP_BYTES * LANES }>().0.iter_mut().enumerate() {
        let (first, second) = (row_of(b, 2 * g, col), row_of(b, 2 * g + 1, col));
        let pairs = [_mm_unpacklo_epi8(first, second), _mm_unpackhi_epi8(first, second)];
        let group = [_mm256_cvtepi8_epi16(pairs[0]), _mm256_cvtepi8_epi16(pairs[1])];
        for (sum, group) in of_cols.iter_mut().zip(group) {
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(ones, group));
        }
        // SAFETY: `dst` is two registers long.
        unsafe { store(dst.as_mut_ptr().cast(), group) };
    }
    let sums = sums.first_chunk_mut::<LANES>().expect("a panel has so many columns");
    // SAFETY: `sums` is two registers long.
    unsafe { store(sums.as_mut_ptr().cast(), of_cols) };
}

/// # Safety
/// Two registers fit there.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn store(to: *mut u8, registers: [__m256i; 2]) {
    // SAFETY: the caller's promise.
    unsafe {
        _mm256_storeu_si256(to.cast(), registers[0]);
        _mm256_storeu_si256(to.add(32).cast(), registers[1]);
    }
}

/// The codes of a row of B from column `col` on: zeros where it ends, and where there is no such row.
#[inline]
#[target_feature(enable = "avx2")]
fn row_of(b: Mat<i8>, row: usize, col: usize) -> __m128i {
    if row >= b.n_rows() {
        return _mm_setzero_si128();
    }
    let codes = &b.row(row)[col..];
    // SAFETY: these codes are readable.
    unsafe { load_16(codes.as_ptr().cast(), codes.len()) }
}

/// The four bytes of each column beside each other: columns 0 to 7, and 8 to 15.
#[inline]
#[target_feature(enable = "avx2")]
fn by_fours([a, b, c, d]: [__m128i; 4]) -> [__m256i; 2] {
    let (ab_low, ab_high) = (_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b));
    let (cd_low, cd_high) = (_mm_unpacklo_epi8(c, d), _mm_unpackhi_epi8(c, d));
    [
        _mm256_set_m128i(_mm_unpackhi_epi16(ab_low, cd_low), _mm_unpacklo_epi16(ab_low, cd_low)),
        _mm256_set_m128i(_mm_unpackhi_epi16(ab_high, cd_high), _mm_unpacklo_epi16(ab_high, cd_high)),
    ]
}
