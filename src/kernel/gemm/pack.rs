//! Packing in plain Rust: what the instruction sets' own versions are compared with, and used where they have none.

use std::ops::Range;

use super::super::Mat;
use super::Codes;
use super::packed::LayoutI8;

/// What a path wants the codes of A to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Unsigned bytes: 128 is added to signed ones.
    U8,
    /// Signed bytes: 128 is taken from unsigned ones.
    #[cfg_attr(not(target_arch = "aarch64"), expect(dead_code, reason = "only ARM multiplies signed bytes"))]
    I8,
    /// 16-bit numbers, both kinds as they are.
    I16,
}

impl Form {
    /// What is added to the codes, and so to their zero points.
    pub(super) fn shift(self, codes: Codes) -> i32 {
        match (self, codes) {
            (Self::U8, Codes::I8(_)) => 128,
            (Self::I8, Codes::U8(_)) => -128,
            _ => 0,
        }
    }
}

/// Bytes of A for one row of a panel and one group of K, whatever the form.
pub(super) const GROUP_BYTES: usize = 4;

/// Rows that are packed for all panels before the next ones: long enough for whole stretches of each panel, few enough
/// that B is read row by row, as it lies.
pub(super) const STRETCH: usize = 8;

/// These panels of B over a range of K, each row after row, columns that there are not as zeros.
#[inline(always)]
pub(super) fn columns_f32<const LANES: usize>(b: Mat<f32>, ks: Range<usize>, panels: Range<usize>, dst: &mut [f32]) {
    let len = ks.len() * LANES;
    for first in ks.clone().step_by(STRETCH) {
        for (i, panel) in panels.clone().enumerate() {
            for k in first..ks.end.min(first + STRETCH) {
                let dst = dst[i * len + (k - ks.start) * LANES..].first_chunk_mut::<LANES>().expect("the panels fit");
                match b.row(k)[panel * LANES..].first_chunk() {
                    Some(whole) => *dst = *whole,
                    None => {
                        let (values, rest) = dst.split_at_mut(b.n_cols() - panel * LANES);
                        values.copy_from_slice(&b.row(k)[panel * LANES..]);
                        rest.fill(0.0);
                    }
                }
            }
        }
    }
}

/// Rows of A over a range of K: for each k the values of all rows beside each other.
#[inline(always)]
pub(super) fn rows_f32(a: Mat<f32>, rows: Range<usize>, ks: Range<usize>, dst: &mut [f32]) {
    let n = rows.len();
    for (r, row) in rows.enumerate() {
        for (k, &value) in a.row(row)[ks.clone()].iter().enumerate() {
            dst[k * n + r] = value;
        }
    }
}

/// A panel of B from column `col` on, each code in one byte, and the sums of its columns.
#[inline(always)]
pub(super) fn columns_i8(b: Mat<i8>, col: usize, layout: LayoutI8, dst: &mut [i8], sums: &mut [i32]) {
    let LayoutI8 { n_lanes, group, .. } = layout;
    let n = n_lanes.min(b.n_cols() - col);
    dst.fill(0);
    sums.fill(0);
    for k in 0..b.n_rows() {
        let dst = &mut dst[k / group * group * n_lanes..][..group * n_lanes];
        for (lane, &code) in b.row(k)[col..][..n].iter().enumerate() {
            dst[lane * group + k % group] = code;
            sums[lane] = sums[lane].wrapping_add(code.into());
        }
    }
}

/// A panel of A: for each group of K, [`GROUP_BYTES`] bytes of every row beside each other; what fills up the last group
/// meets zeros of B, so it is left at zero.
#[inline(always)]
pub(super) fn rows_i8(a: Codes, rows: Range<usize>, form: Form, dst: &mut [u8]) {
    match (form, a) {
        (Form::U8, Codes::U8(a)) => spread(a, rows, dst, |code| [code]),
        (Form::U8, Codes::I8(a)) => spread(a, rows, dst, |code| [code as u8 ^ 0x80]),
        (Form::I8, Codes::U8(a)) => spread(a, rows, dst, |code| [code ^ 0x80]),
        (Form::I8, Codes::I8(a)) => spread(a, rows, dst, |code| [code as u8]),
        (Form::I16, Codes::U8(a)) => spread(a, rows, dst, |code| i16::from(code).to_le_bytes()),
        (Form::I16, Codes::I8(a)) => spread(a, rows, dst, |code| i16::from(code).to_le_bytes()),
    }
}

#[inline(always)]
fn spread<T: Copy, const N: usize>(a: Mat<T>, rows: Range<usize>, dst: &mut [u8], bytes: impl Fn(T) -> [u8; N]) {
    let (n, group) = (rows.len(), GROUP_BYTES / N);
    dst.fill(0);
    for (r, row) in rows.enumerate() {
        for (g, codes) in a.row(row).chunks(group).enumerate() {
            let dst = &mut dst[(g * n + r) * GROUP_BYTES..][..GROUP_BYTES];
            for (dst, &code) in dst.chunks_exact_mut(N).zip(codes) {
                dst.copy_from_slice(&bytes(code));
            }
        }
    }
}
