//! INT8 rows with a scale each.

use crate::kernel::level::{self, Body, Target};
use crate::kernel::{Buffer, Each, Isa, Mat};

/// INT8 weights, row after row, with a scale for each row.
#[derive(Clone, Debug)]
pub struct RowsI8 {
    codes: Buffer<i8>,
    n_rows: usize,
    n_cols: usize,
    scales: Vec<f32>,
    /// Of each row's codes: what the zero point of the vector is multiplied with.
    sums: Vec<i32>,
}

impl RowsI8 {
    /// Copies the codes into memory that is read fast. Panics where there is not one scale, or one for each row.
    pub fn new(codes: Mat<i8>, scales: Each<f32>) -> Self {
        let (n_rows, n_cols) = (codes.n_rows(), codes.n_cols());
        let mut copy = Buffer::zeroed(n_rows * n_cols);
        let mut sums = Vec::with_capacity(n_rows);
        for row in 0..n_rows {
            copy[row * n_cols..][..n_cols].copy_from_slice(codes.row(row));
            sums.push(codes.row(row).iter().map(|&q| i32::from(q)).sum());
        }
        let scales = match scales {
            Each::One(scale) => vec![scale; n_rows],
            Each::Each(scales) => scales.to_vec(),
        };
        assert_eq!(scales.len(), n_rows, "a scale for each row");
        Self { codes: copy, n_rows, n_cols, scales, sums }
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Bytes of the codes.
    pub fn n_bytes(&self) -> usize {
        self.codes.len()
    }

    pub(super) fn row(&self, row: usize) -> &[i8] {
        &self.codes[row * self.n_cols..][..self.n_cols]
    }
}

/// A vector in 8-bit codes: `real = scale * (code - zero)`. Kept unsigned, as the dot-product instruction wants one side.
#[derive(Clone, Debug)]
pub struct VecI8 {
    codes: Vec<u8>,
    scale: f32,
    zero: i32,
}

impl VecI8 {
    /// Codes from 0 to 255.
    pub fn unsigned(codes: &[u8], scale: f32, zero: i32) -> Self {
        Self { codes: codes.to_vec(), scale, zero }
    }

    /// Codes from -128 to 127: 128 is added to code and zero point alike.
    pub fn signed(codes: &[i8], scale: f32, zero: i32) -> Self {
        Self { codes: codes.iter().map(|&q| q as u8 ^ 0x80).collect(), scale, zero: zero + 128 }
    }

    pub fn len(&self) -> usize {
        self.codes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }
}

/// The products of `y.len()` rows from `first` on.
pub(super) fn dots(isa: Isa, w: &RowsI8, first: usize, x: &VecI8, y: &mut [f32]) {
    let finish = |row: usize, dot: i32| {
        let sum = dot.wrapping_sub(x.zero.wrapping_mul(w.sums[row]));
        sum as f32 * (w.scales[row] * x.scale)
    };
    super::by_streams(y, |rows| {
        let rows = rows.map(|row| first + row);
        let dots = dots_of(isa, rows.map(|row| w.row(row)), &x.codes);
        std::array::from_fn(|i| finish(rows[i], dots[i]))
    });
}

fn dots_of(isa: Isa, rows: [&[i8]; 4], x: &[u8]) -> [i32; 4] {
    #[cfg(target_arch = "x86_64")]
    if let Some(dots) = super::x86::dots_i8(isa, rows, x) {
        return dots;
    }
    #[cfg(target_arch = "aarch64")]
    if let Some(dots) = super::neon::dots_i8(isa, rows, x) {
        return dots;
    }
    level::on(isa, Dots { rows, x })
}

struct Dots<'a> {
    rows: [&'a [i8]; 4],
    x: &'a [u8],
}

impl Body for Dots<'_> {
    type Out = [i32; 4];

    #[inline(always)]
    fn run<T: Target>(self) -> [i32; 4] {
        let mut dots = [0i32; 4];
        for (dot, row) in dots.iter_mut().zip(self.rows) {
            for (&w, &x) in row.iter().zip(self.x) {
                *dot = dot.wrapping_add(i32::from(w) * i32::from(x));
            }
        }
        dots
    }
}
