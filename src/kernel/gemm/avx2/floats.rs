//! FP32 on `vfmadd231ps`.

use std::{arch::x86_64::*, ops::Range};

use super::super::super::Mat;
use super::super::{
    f32::{Kernel, Tile},
    pack,
    x86::Rows,
};
use super::{
    LANES, ROWS, by_rows, each_row,
    edge::mask,
    transpose::{self, Change},
};

/// Rows of B that lie apart by many powers of two fall into a few places of L1: from 256 x 256 on packing pays.
pub(in super::super) static F32: Kernel =
    Kernel { name: "avx2-fma", n_rows: ROWS, n_lanes: LANES, small_b: 160 * 160, b_block: 64 << 10, tile, pack_a, pack_b };

/// # Safety
/// As [`Tile`] says.
#[target_feature(enable = "avx2,fma")]
unsafe fn tile(t: &Tile) {
    // SAFETY: the caller's promise; the two parts of a wide edge are tiles of their own.
    unsafe {
        match (t.a_row == 1 && t.a_k == t.n_rows, t.n_cols) {
            (true, LANES) => by_rows!(t.n_rows, packed_whole(t)),
            (false, LANES) => by_rows!(t.n_rows, rows_whole(t)),
            (true, ..=HALF) => by_rows!(t.n_rows, packed_edge(t)),
            (false, ..=HALF) => by_rows!(t.n_rows, rows_edge(t)),
            (_, n_cols) => {
                // No register is left for the mask of the second half beside the sums of the first.
                tile(&Tile { n_cols: HALF, ..*t });
                tile(&Tile { n_cols: n_cols - HALF, b: t.b.wrapping_add(HALF), c: t.c.wrapping_add(HALF), ..*t });
            }
        }
    }
}

/// Columns of a register.
const HALF: usize = LANES / 2;

macro_rules! instance {
    ($name:ident, $n:literal, |$t:ident| $a_row:expr, $a_k:expr) => {
        /// # Safety
        /// As [`Tile`] says, for R rows.
        #[target_feature(enable = "avx2,fma")]
        unsafe fn $name<const R: usize>($t: &Tile) {
            // SAFETY: the caller's promise.
            unsafe { rows::<R, $n>($t, $a_row, $a_k) };
        }
    };
}

instance!(packed_whole, 2, |t| 1, R);
instance!(packed_edge, 1, |t| 1, R);
instance!(rows_whole, 2, |t| t.a_row, 1);
instance!(rows_edge, 1, |t| t.a_row, 1);

/// The sums stay in N R registers; N loads of B and one broadcast a row feed N R instructions.
///
/// # Safety
/// As [`Tile`] says, for R rows and all columns of two registers, or for the first of one.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn rows<const R: usize, const N: usize>(t: &Tile, a_row: usize, a_k: usize) {
    let mask = mask(t.n_cols);
    let mut sums = [[_mm256_setzero_ps(); N]; ROWS];
    let mut b = t.b;
    // Three rows share a pointer: x86 addresses p, p + s and p + 2 s.
    let mut a: [*const f32; 2] = std::array::from_fn(|i| t.a.wrapping_add(3 * i * a_row));
    for _ in 0..t.k {
        // SAFETY: the caller's promise; masked loads touch nothing beyond the mask.
        unsafe {
            let columns = load_all::<N>(b, mask);
            each_row!(R, |ROW| {
                let one = _mm256_broadcast_ss(&*a[ROW / 3].add(ROW % 3 * a_row));
                for (sum, b) in sums[ROW].iter_mut().zip(columns) {
                    *sum = _mm256_fmadd_ps(one, b, *sum);
                }
            });
        }
        a = a.map(|a| a.wrapping_add(a_k));
        b = b.wrapping_add(t.b_stride);
    }
    each_row!(R, |ROW| {
        // SAFETY: the caller's promise of these rows and columns of C.
        unsafe {
            let c = t.c.add(ROW * t.c_stride);
            if t.adds {
                for (sum, c) in sums[ROW].iter_mut().zip(load_all::<N>(c, mask)) {
                    *sum = _mm256_add_ps(c, *sum);
                }
            }
            for (i, sum) in sums[ROW].into_iter().enumerate() {
                store::<N>(c.wrapping_add(HALF * i), mask, sum);
            }
        }
    });
}

/// Two whole registers, or what is in the mask of one.
///
/// # Safety
/// These values are readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load_all<const N: usize>(from: *const f32, mask: __m256i) -> [__m256; N] {
    let mut all = [_mm256_setzero_ps(); N];
    for (i, one) in all.iter_mut().enumerate() {
        let from = from.wrapping_add(HALF * i);
        // SAFETY: the caller's promise.
        *one = unsafe { if N == 2 { _mm256_loadu_ps(from) } else { _mm256_maskload_ps(from, mask) } };
    }
    all
}

/// One of two whole registers, or what is in the mask of one.
///
/// # Safety
/// These values are writable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn store<const N: usize>(to: *mut f32, mask: __m256i, values: __m256) {
    // SAFETY: the caller's promise.
    unsafe { if N == 2 { _mm256_storeu_ps(to, values) } else { _mm256_maskstore_ps(to, mask, values) } }
}

/// # Safety
/// The CPU has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn pack_a(a: Mat<f32>, rows: Range<usize>, ks: Range<usize>, dst: &mut [f32]) {
    assert!(rows.end <= a.n_rows() && ks.end <= a.n_cols() && dst.len() >= ks.len() * rows.len(), "the panel fits");
    let ptr = a.as_ptr().wrapping_add(rows.start * a.stride() + ks.start);
    let from = Rows { ptr: ptr.cast(), stride: 4 * a.stride(), len: 4 * ks.len() };
    // SAFETY: the rows are those of a matrix, and the panel fits.
    unsafe { by_rows!(rows.len(), pack_rows(&from, Change::Flip(0), dst.as_mut_ptr().cast())) }
}

use transpose::pack as pack_rows;

/// # Safety
/// The CPU has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn pack_b(b: Mat<f32>, ks: Range<usize>, panels: Range<usize>, dst: &mut [f32]) {
    let len = ks.len() * LANES;
    assert!(ks.end <= b.n_rows() && dst.len() >= panels.len() * len, "the panels fit");
    for first in ks.clone().step_by(pack::STRETCH) {
        for (i, panel) in panels.clone().enumerate() {
            let col = panel * LANES;
            let n_cols = LANES.min(b.n_cols() - col);
            let n = ks.end.min(first + pack::STRETCH) - first;
            // SAFETY: these rows and columns are those of B, and the panels fit.
            unsafe {
                let from = b.as_ptr().add(first * b.stride() + col);
                let to = dst.as_mut_ptr().add(i * len + (first - ks.start) * LANES);
                if n_cols == LANES {
                    copy::<true>(from, b.stride(), to, n, n_cols);
                } else {
                    copy::<false>(from, b.stride(), to, n, n_cols);
                }
            }
        }
    }
}

/// Copies `n` rows of a panel.
///
/// # Safety
/// The columns are readable in each row, all of them where `WHOLE`, and as many panel rows writable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn copy<const WHOLE: bool>(from: *const f32, stride: usize, to: *mut f32, n: usize, n_cols: usize) {
    let masks = [mask(n_cols), mask(n_cols.saturating_sub(HALF))];
    for k in 0..n {
        for (i, mask) in masks.into_iter().enumerate() {
            let (from, to) = (from.wrapping_add(k * stride + HALF * i), to.wrapping_add(k * LANES + HALF * i));
            // SAFETY: the caller's promise; masked loads touch nothing beyond the mask.
            unsafe { _mm256_storeu_ps(to, if WHOLE { _mm256_loadu_ps(from) } else { _mm256_maskload_ps(from, mask) }) };
        }
    }
}
