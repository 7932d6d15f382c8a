//! What follows the sums of a tile: zero points, scales, bias, rounding, and the way into C.

use std::ops::Range;

use super::super::round_even;
use super::{Each, Out};

/// All that the end of a product needs, the same for every tile.
pub(super) struct Finish<'a> {
    /// Zero points of A in its packed form, one or one a row.
    pub(super) a_zeros: Each<'a, i32>,
    /// Sums of the columns of B, filled up to whole panels.
    pub(super) col_sums: &'a [i32],
    /// Zero points of B, and for each row what they are multiplied with: `rowsum(A) - K za`. None where B has none.
    pub(super) b_side: Option<(Each<'a, i32>, &'a [i32])>,
    pub(super) to: To<'a>,
}

/// Where the results go. The pointers are those of [`Out`]'s matrices; tiles write disjoint parts.
#[derive(Clone, Copy)]
pub(super) enum To<'a> {
    I32(Place<i32>),
    F32 { place: Place<f32>, a_scales: Each<'a, f32>, b_scales: Each<'a, f32>, bias: Option<&'a [f32]> },
    I8(Place<i8>, Codes<'a>),
    U8(Place<u8>, Codes<'a>),
}

/// The beginning of C and the distance of its rows.
#[derive(Clone, Copy)]
pub(super) struct Place<T> {
    pub(super) ptr: *mut T,
    pub(super) stride: usize,
}

/// [`Requantize`](super::Requantize) with the range of the type.
#[derive(Clone, Copy)]
pub(super) struct Codes<'a> {
    multipliers: Each<'a, f32>,
    bias: Option<&'a [i32]>,
    zero_point: i32,
    /// First and last code, less the zero point.
    low: f32,
    high: f32,
}

// SAFETY: the pointers are those of a matrix that `multiply` holds mutably while tiles, each by one thread, write to
// disjoint parts of it; all else is shared slices.
unsafe impl Sync for Finish<'_> {}

impl<'a> To<'a> {
    /// Checks what belongs to the output, once.
    pub(super) fn new(out: Out<'a>) -> Self {
        let (m, n) = out.size();
        match out {
            Out::I32(mut c) => Self::I32(Place { stride: c.stride(), ptr: c.as_mut_ptr() }),
            Out::F32 { mut c, a_scales, b_scales, bias } => {
                a_scales.check(m, "scales of A");
                b_scales.check(n, "scales of B");
                assert!(bias.is_none_or(|bias| bias.len() == n), "there must be one bias for each of {n} columns");
                Self::F32 { place: Place { stride: c.stride(), ptr: c.as_mut_ptr() }, a_scales, b_scales, bias }
            }
            Out::I8(mut c, by) => Self::I8(Place { stride: c.stride(), ptr: c.as_mut_ptr() }, Codes::new(by, n, -128, 127)),
            Out::U8(mut c, by) => Self::U8(Place { stride: c.stride(), ptr: c.as_mut_ptr() }, Codes::new(by, n, 0, 255)),
        }
    }
}

impl<'a> Codes<'a> {
    fn new(by: super::Requantize<'a>, n: usize, qmin: i32, qmax: i32) -> Self {
        let super::Requantize { multipliers, bias, zero_point } = by;
        multipliers.check(n, "multipliers");
        let finite = match multipliers {
            Each::One(one) => one.is_finite(),
            Each::Each(each) => each.iter().all(|m| m.is_finite()),
        };
        assert!(finite, "multipliers must be finite");
        assert!((qmin..=qmax).contains(&zero_point), "the zero point {zero_point} is no code from {qmin} to {qmax}");
        assert!(bias.is_none_or(|bias| bias.len() == n), "there must be one bias for each of {n} columns");
        Self { multipliers, bias, zero_point, low: (qmin - zero_point) as f32, high: (qmax - zero_point) as f32 }
    }

    /// For `n` columns from `col` on.
    #[inline(always)]
    fn part(self, col: usize, n: usize) -> Self {
        Self { multipliers: self.multipliers.part(col, n), bias: self.bias.map(|bias| &bias[col..][..n]), ..self }
    }

    /// The code of a sum, in the lowest bits. Clamped before it is rounded: the ends are whole, so that is the same.
    #[inline(always)]
    fn code(&self, sum: i32, multiplier: f32) -> i32 {
        let x = sum as f32 * multiplier;
        let x = if x > self.low { x } else { self.low };
        let x = if x < self.high { x } else { self.high };
        // Below 2^22 the sum with this number holds a whole number, rounded to even, in its low bits.
        const MAGIC: f32 = 12_582_912.0;
        debug_assert_eq!(round_even(x), (x + MAGIC) - MAGIC);
        ((x + MAGIC).to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32).wrapping_add(self.zero_point)
    }
}

impl Finish<'_> {
    /// Where the sums of a tile are to stand, and the distance of rows, where they are the result themselves.
    #[inline(always)]
    pub(super) fn in_place(&self, rows: &Range<usize>, cols: &Range<usize>) -> Option<(*mut i32, usize)> {
        match (self.to, self.a_zeros, self.b_side) {
            (To::I32(c), Each::One(0), None) => Some((c.ptr.wrapping_add(rows.start * c.stride + cols.start), c.stride)),
            _ => None,
        }
    }
}

/// Finishes the sums, rows of `LANES`, of the tile at these rows and columns.
///
/// # Safety
/// Rows and columns lie within C, and no other thread writes there.
#[inline(always)]
pub(super) unsafe fn tile<const LANES: usize>(f: &Finish, sums: &mut [i32], rows: Range<usize>, cols: Range<usize>) {
    for (row, sums) in rows.zip(sums.as_chunks_mut::<LANES>().0) {
        correct(f, sums, row, &cols);
        // A whole row has a length that the compiler knows.
        // SAFETY: the caller's promise, row by row.
        unsafe { if cols.len() == LANES { store(f, sums, row, &cols) } else { store(f, &sums[..cols.len()], row, &cols) } };
    }
}

/// `sum_j - za_i colsum_j - zb_j (rowsum_i - K za_i)`.
#[inline(always)]
fn correct<const LANES: usize>(f: &Finish, sums: &mut [i32; LANES], row: usize, cols: &Range<usize>) {
    let a_zero = f.a_zeros.at(row);
    if a_zero != 0 {
        for (sum, &of_col) in sums.iter_mut().zip(&f.col_sums[cols.start..][..LANES]) {
            *sum = sum.wrapping_sub(a_zero.wrapping_mul(of_col));
        }
    }
    match f.b_side {
        None => {}
        Some((Each::One(b_zero), terms)) => {
            let term = b_zero.wrapping_mul(terms[row]);
            sums.iter_mut().for_each(|sum| *sum = sum.wrapping_sub(term));
        }
        Some((Each::Each(b_zeros), terms)) => {
            for (sum, &b_zero) in sums.iter_mut().zip(&b_zeros[cols.clone()]) {
                *sum = sum.wrapping_sub(b_zero.wrapping_mul(terms[row]));
            }
        }
    }
}

/// One row, as many sums as columns.
///
/// # Safety
/// Row and columns lie within C, and no other thread writes there.
#[inline(always)]
unsafe fn store(f: &Finish, sums: &[i32], row: usize, cols: &Range<usize>) {
    let n = sums.len();
    // SAFETY: the caller's promise.
    unsafe {
        match f.to {
            To::I32(place) => place.row(row, cols.start, n).copy_from_slice(sums),
            To::F32 { place, a_scales, b_scales, bias } => {
                let bias = bias.map(|bias| &bias[cols.start..][..n]);
                dequantize(sums, a_scales.at(row), b_scales.part(cols.start, n), bias, place.row(row, cols.start, n));
            }
            To::I8(place, by) => requantize(sums, &by.part(cols.start, n), place.row(row, cols.start, n), |code| code as i8),
            To::U8(place, by) => requantize(sums, &by.part(cols.start, n), place.row(row, cols.start, n), |code| code as u8),
        }
    }
}

impl<T> Place<T> {
    /// # Safety
    /// The row and these columns lie within C, and nobody else holds them.
    #[inline(always)]
    unsafe fn row<'r>(self, row: usize, col: usize, n: usize) -> &'r mut [T] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.add(row * self.stride + col), n) }
    }
}

#[inline(always)]
fn dequantize(sums: &[i32], a_scale: f32, b_scales: Each<f32>, bias: Option<&[f32]>, c: &mut [f32]) {
    match b_scales {
        Each::One(b_scale) => c.iter_mut().zip(sums).for_each(|(c, &sum)| *c = sum as f32 * (a_scale * b_scale)),
        Each::Each(scales) => {
            c.iter_mut().zip(sums).zip(scales).for_each(|((c, &sum), &b_scale)| *c = sum as f32 * (a_scale * b_scale));
        }
    }
    if let Some(bias) = bias {
        c.iter_mut().zip(bias).for_each(|(c, bias)| *c += bias);
    }
}

#[inline(always)]
fn requantize<T>(sums: &[i32], by: &Codes, c: &mut [T], narrow: impl Fn(i32) -> T) {
    let each = |c: &mut T, sum: i32, multiplier: f32| *c = narrow(by.code(sum, multiplier));
    let c = c.iter_mut().zip(sums);
    match (by.multipliers, by.bias) {
        (Each::One(m), None) => c.for_each(|(c, &sum)| each(c, sum, m)),
        (Each::One(m), Some(bias)) => c.zip(bias).for_each(|((c, sum), &bias)| each(c, sum.wrapping_add(bias), m)),
        (Each::Each(ms), None) => c.zip(ms).for_each(|((c, &sum), &m)| each(c, sum, m)),
        (Each::Each(ms), Some(bias)) => {
            c.zip(ms.iter().zip(bias)).for_each(|((c, sum), (&m, &bias))| each(c, sum.wrapping_add(bias), m));
        }
    }
}
