//! FP32 on `vfmadd231ps`.

use std::{arch::x86_64::*, ops::Range};

use super::super::super::Mat;
use super::super::{
    f32::{Kernel, Tile},
    pack::STRETCH,
    x86::Rows,
};
use super::{LANES, by_rows, each_row, transpose};

pub(in super::super) static F32: Kernel =
    Kernel { name: "avx512", n_rows: 14, n_lanes: LANES, small_b: 256 * 256, b_block: 128 << 10, tile, pack_a, pack_b };

/// # Safety
/// As [`Tile`] says.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
unsafe fn tile(t: &Tile) {
    // SAFETY: the caller's promise.
    unsafe {
        match (t.a_row == 1 && t.a_k == t.n_rows, t.n_cols == LANES) {
            (true, true) => by_rows!(t.n_rows, packed_whole(t)),
            (true, false) => by_rows!(t.n_rows, packed_edge(t)),
            (false, true) => by_rows!(t.n_rows, rows_whole(t)),
            (false, false) => by_rows!(t.n_rows, rows_edge(t)),
        }
    }
}

macro_rules! instance {
    ($name:ident, $whole:literal, |$t:ident| $a_row:expr, $a_k:expr) => {
        /// # Safety
        /// As [`Tile`] says, for R rows.
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
        unsafe fn $name<const R: usize>($t: &Tile) {
            // SAFETY: the caller's promise.
            unsafe { rows::<R, $whole>($t, $a_row, $a_k) };
        }
    };
}

instance!(packed_whole, true, |t| 1, R);
instance!(packed_edge, false, |t| 1, R);
instance!(rows_whole, true, |t| t.a_row, 1);
instance!(rows_edge, false, |t| t.a_row, 1);

/// The sums stay in 2 R registers; two loads of B and one broadcast a row feed 2 R instructions.
///
/// # Safety
/// As [`Tile`] says, for R rows and, where `WHOLE`, all columns.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
unsafe fn rows<const R: usize, const WHOLE: bool>(t: &Tile, a_row: usize, a_k: usize) {
    let mask = u32::MAX >> (LANES - t.n_cols);
    let masks = (mask as u16, (mask >> 16) as u16);
    let mut sums = [[_mm512_setzero_ps(); 2]; 14];
    let mut b = t.b;
    // Three rows share a pointer, so that all fit in registers: x86 addresses p, p + s and p + 2 s.
    let mut a: [*const f32; 5] = std::array::from_fn(|i| t.a.wrapping_add(3 * i * a_row));
    for _ in 0..t.k {
        // SAFETY: the caller's promise; masked loads touch nothing beyond the mask.
        unsafe {
            let (b0, b1) = (load::<WHOLE>(b, masks.0), load::<WHOLE>(b.wrapping_add(16), masks.1));
            each_row!(R, |ROW| {
                let one = _mm512_set1_ps(*a[ROW / 3].add(ROW % 3 * a_row));
                sums[ROW][0] = _mm512_fmadd_ps(one, b0, sums[ROW][0]);
                sums[ROW][1] = _mm512_fmadd_ps(one, b1, sums[ROW][1]);
            });
        }
        a = a.map(|a| a.wrapping_add(a_k));
        b = b.wrapping_add(t.b_stride);
    }
    each_row!(R, |ROW| {
        let [mut s0, mut s1] = sums[ROW];
        // SAFETY: the caller's promise of these rows and columns of C.
        unsafe {
            let c = t.c.add(ROW * t.c_stride);
            if t.adds {
                s0 = _mm512_add_ps(load::<WHOLE>(c, masks.0), s0);
                s1 = _mm512_add_ps(load::<WHOLE>(c.wrapping_add(16), masks.1), s1);
            }
            store::<WHOLE>(c, masks.0, s0);
            store::<WHOLE>(c.wrapping_add(16), masks.1, s1);
        }
    });
}

/// # Safety
/// The values in the mask are readable; all 16 where `WHOLE`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load<const WHOLE: bool>(from: *const f32, mask: u16) -> __m512 {
    // SAFETY: the caller's promise.
    unsafe { if WHOLE { _mm512_loadu_ps(from) } else { _mm512_maskz_loadu_ps(mask, from) } }
}

/// # Safety
/// The values in the mask are writable; all 16 where `WHOLE`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn store<const WHOLE: bool>(to: *mut f32, mask: u16, values: __m512) {
    // SAFETY: the caller's promise.
    unsafe { if WHOLE { _mm512_storeu_ps(to, values) } else { _mm512_mask_storeu_ps(to, mask, values) } }
}

/// # Safety
/// The CPU has the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
unsafe fn pack_a(a: Mat<f32>, rows: Range<usize>, ks: Range<usize>, dst: &mut [f32]) {
    assert!(rows.end <= a.n_rows() && ks.end <= a.n_cols() && dst.len() >= ks.len() * rows.len(), "the panel fits");
    let ptr = a.as_ptr().wrapping_add(rows.start * a.stride() + ks.start);
    let from = Rows { ptr: ptr.cast(), stride: 4 * a.stride(), len: 4 * ks.len() };
    // SAFETY: the rows are those of a matrix, and the panel fits.
    unsafe { by_rows!(rows.len(), pack_rows(&from, 0, dst.as_mut_ptr().cast())) }
}

use transpose::pack as pack_rows;

/// # Safety
/// The CPU has the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
unsafe fn pack_b(b: Mat<f32>, ks: Range<usize>, panels: Range<usize>, dst: &mut [f32]) {
    let len = ks.len() * LANES;
    assert!(ks.end <= b.n_rows() && dst.len() >= panels.len() * len, "the panels fit");
    for first in ks.clone().step_by(STRETCH) {
        for (i, panel) in panels.clone().enumerate() {
            let col = panel * LANES;
            let mask = u32::MAX >> (LANES - LANES.min(b.n_cols() - col));
            for k in first..ks.end.min(first + STRETCH) {
                // SAFETY: the mask ends with the row, and the panels fit.
                unsafe {
                    let from = b.as_ptr().add(k * b.stride() + col);
                    let to = dst.as_mut_ptr().add(i * len + (k - ks.start) * LANES);
                    _mm512_storeu_ps(to, load::<false>(from, mask as u16));
                    _mm512_storeu_ps(to.add(16), load::<false>(from.wrapping_add(16), (mask >> 16) as u16));
                }
            }
        }
    }
}
