//! Matrix products: FP32, and INT8 with zero points on both sides and what follows the sums in the same pass.
//!
//! All matrices are row-major, with any leading dimension and any size, zero included. Integer sums are int32 and wrap
//! (a product of K up to 65,793 codes cannot), so that every exact path gives the same bits. Sums of f32 are added in an
//! order that depends on the path: each lies within `K * 2^-24 * sum |a_k b_k|` of the true one, to first order.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod blocks;
mod f32;
mod finish;
mod i8;
#[cfg(target_arch = "aarch64")]
pub(in crate::kernel) mod neon;
mod pack;
mod packed;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use packed::{PackedF32, PackedI8};

use super::{Buffer, Isa, Mat, MatMut, Pool};

/// Multiplies matrices with one instruction set, on one thread or on those of a pool.
///
/// Keeps the memory that it packs into, so that the second product of a size allocates nothing.
#[derive(Debug)]
pub struct Gemm<'p> {
    isa: Isa,
    i8_path: &'static i8::Kernel,
    pool: Option<&'p Pool>,
    scratch: Scratch,
}

/// Memory kept between products.
#[derive(Debug, Default)]
struct Scratch {
    a: Buffer<u8>,
    b: Buffer<u8>,
    a_f32: Buffer<f32>,
    b_f32: Buffer<f32>,
    /// Sums of the columns of B.
    col_sums: Buffer<i32>,
    /// What each row of A adds to the correction.
    rows: Buffer<i32>,
}

/// The right side of an FP32 product, K x N.
#[derive(Clone, Copy, Debug)]
pub enum RhsF32<'a> {
    /// Packed in the call, as far as that pays.
    Rows(Mat<'a, f32>),
    Packed(&'a PackedF32),
}

/// The left side of an INT8 product, M x K: activations.
#[derive(Clone, Copy, Debug)]
pub enum Codes<'a> {
    U8(Mat<'a, u8>),
    I8(Mat<'a, i8>),
}

/// The right side of an INT8 product, K x N: weights.
#[derive(Clone, Copy, Debug)]
pub enum RhsI8<'a> {
    /// Packed in the call.
    Rows(Mat<'a, i8>),
    Packed(&'a PackedI8),
}

/// One number for a whole matrix, or one for each row (of A) or column (of B).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Each<'a, T> {
    One(T),
    Each(&'a [T]),
}

/// `sum_ij = Σ_k (a_ik - za_i) (b_kj - zb_j)`.
#[derive(Clone, Copy, Debug)]
pub struct ProductI8<'a> {
    pub a: Codes<'a>,
    /// One, or one for each row of A.
    pub a_zeros: Each<'a, i32>,
    pub b: RhsI8<'a>,
    /// One, or one for each column of B.
    pub b_zeros: Each<'a, i32>,
}

impl<'a> ProductI8<'a> {
    /// With zero points of 0.
    pub fn new(a: impl Into<Codes<'a>>, b: impl Into<RhsI8<'a>>) -> Self {
        Self { a: a.into(), a_zeros: Each::One(0), b: b.into(), b_zeros: Each::One(0) }
    }
}

/// What becomes of the int32 sums, M x N.
#[derive(Debug)]
pub enum Out<'a> {
    /// Nothing more.
    I32(MatMut<'a, i32>),
    /// `f32(sum) * (a_scale_i * b_scale_j) + bias_j`, each of the three operations rounded by itself.
    F32 {
        c: MatMut<'a, f32>,
        a_scales: Each<'a, f32>,
        b_scales: Each<'a, f32>,
        bias: Option<&'a [f32]>,
    },
    I8(MatMut<'a, i8>, Requantize<'a>),
    U8(MatMut<'a, u8>, Requantize<'a>),
}

/// `clamp(round_even(f32(sum + bias_j) * multiplier_j) + zero_point)` into the range of the output's type: the addition
/// of the bias wraps, the conversion and the product are rounded by themselves.
#[derive(Clone, Copy, Debug)]
pub struct Requantize<'a> {
    /// `a_scale * b_scale / out_scale`: one, or one for each column; finite.
    pub multipliers: Each<'a, f32>,
    /// In steps of `a_scale * b_scale`.
    pub bias: Option<&'a [i32]>,
    /// Of the output; within the range of its type.
    pub zero_point: i32,
}

impl Gemm<'static> {
    /// On the calling thread.
    pub fn new(isa: Isa) -> Self {
        Self { isa, i8_path: i8::path_of(isa), pool: None, scratch: Scratch::default() }
    }
}

impl<'p> Gemm<'p> {
    /// On the threads of a pool; small products stay on the calling thread.
    pub fn with_pool(isa: Isa, pool: &'p Pool) -> Self {
        Self { isa, i8_path: i8::path_of(isa), pool: Some(pool), scratch: Scratch::default() }
    }

    /// The same, but its INT8 products are made of pairs that saturate in 16 bits, as AVX2 adds them without a
    /// dot-product instruction (`vpmaddubsw`), and so are wrong wherever one does: see [`saturating_pair`]. Signed codes
    /// of A are shifted to unsigned ones by 128 first, zero points and all that follows the sums are as ever. Plain Rust
    /// imitates it on [`Isa::SCALAR`], bit for bit; `None` where an instruction set has nothing like it.
    ///
    /// For teaching what INT8 cost before there was such an instruction; nothing takes this path by itself.
    pub fn saturating(self) -> Option<Self> {
        Some(Self { i8_path: i8::saturating_path_of(self.isa)?, ..self })
    }

    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// How FP32 products are done: `scalar`, `avx2-fma`, `avx512`.
    pub fn f32_path(&self) -> &'static str {
        f32::kernel_of(self.isa).name
    }

    /// How INT8 products are done: `scalar`, `scalar-saturating`, `avx2-widening`, `avx2-saturating`, `avx-vnni`,
    /// `avx512-vnni`.
    pub fn i8_path(&self) -> &'static str {
        self.i8_path.name
    }

    /// `C = A B` in f32. Panics if the sizes do not fit, or B was packed for another instruction set.
    pub fn f32<'a>(&mut self, a: Mat<f32>, b: impl Into<RhsF32<'a>>, c: MatMut<f32>) {
        f32::multiply(self.isa, self.pool, &mut self.scratch, a, b.into(), c);
    }

    /// The sums of an INT8 product and what follows them. Panics if the sizes do not fit, B was packed for another
    /// path, a multiplier is not finite, or a zero point of the output is no code of its type.
    pub fn i8(&mut self, product: &ProductI8, out: Out) {
        i8::multiply(self.i8_path, self.pool, &mut self.scratch, product, out);
    }
}

/// The sum of two products, limited to 16 bits: what `vpmaddubsw` makes of two unsigned and two signed bytes, and what
/// [`Gemm::saturating`] adds for rows 0 and 1 of B, 2 and 3, and so on.
#[inline(always)]
pub fn saturating_pair(a: [u8; 2], b: [i8; 2]) -> i16 {
    let sum = i32::from(a[0]) * i32::from(b[0]) + i32::from(a[1]) * i32::from(b[1]);
    sum.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

impl<'a> From<Mat<'a, f32>> for RhsF32<'a> {
    fn from(rows: Mat<'a, f32>) -> Self {
        Self::Rows(rows)
    }
}

impl<'a> From<&'a PackedF32> for RhsF32<'a> {
    fn from(packed: &'a PackedF32) -> Self {
        Self::Packed(packed)
    }
}

impl<'a> From<Mat<'a, u8>> for Codes<'a> {
    fn from(codes: Mat<'a, u8>) -> Self {
        Self::U8(codes)
    }
}

impl<'a> From<Mat<'a, i8>> for Codes<'a> {
    fn from(codes: Mat<'a, i8>) -> Self {
        Self::I8(codes)
    }
}

impl<'a> From<Mat<'a, i8>> for RhsI8<'a> {
    fn from(rows: Mat<'a, i8>) -> Self {
        Self::Rows(rows)
    }
}

impl<'a> From<&'a PackedI8> for RhsI8<'a> {
    fn from(packed: &'a PackedI8) -> Self {
        Self::Packed(packed)
    }
}

impl Codes<'_> {
    pub fn n_rows(&self) -> usize {
        match self {
            Self::U8(codes) => codes.n_rows(),
            Self::I8(codes) => codes.n_rows(),
        }
    }

    pub fn n_cols(&self) -> usize {
        match self {
            Self::U8(codes) => codes.n_cols(),
            Self::I8(codes) => codes.n_cols(),
        }
    }
}

impl RhsF32<'_> {
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.n_rows(),
            Self::Packed(packed) => packed.n_rows(),
        }
    }

    pub fn n_cols(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.n_cols(),
            Self::Packed(packed) => packed.n_cols(),
        }
    }
}

impl RhsI8<'_> {
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.n_rows(),
            Self::Packed(packed) => packed.n_rows(),
        }
    }

    pub fn n_cols(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.n_cols(),
            Self::Packed(packed) => packed.n_cols(),
        }
    }
}

impl<T: Copy> Each<'_, T> {
    /// The number of row or column `idx`.
    #[inline(always)]
    pub fn at(&self, idx: usize) -> T {
        match self {
            Self::One(one) => *one,
            Self::Each(each) => each[idx],
        }
    }

    /// For `n` rows or columns from `first` on.
    #[inline(always)]
    fn part(&self, first: usize, n: usize) -> Self {
        match *self {
            Self::One(one) => Self::One(one),
            Self::Each(each) => Self::Each(&each[first..][..n]),
        }
    }

    fn check(&self, n: usize, what: &str) {
        if let Self::Each(each) = self {
            assert_eq!(each.len(), n, "there must be one of the {what} for each row or column");
        }
    }
}

impl Out<'_> {
    fn size(&self) -> (usize, usize) {
        match self {
            Self::I32(c) => (c.n_rows(), c.n_cols()),
            Self::F32 { c, .. } => (c.n_rows(), c.n_cols()),
            Self::I8(c, _) => (c.n_rows(), c.n_cols()),
            Self::U8(c, _) => (c.n_rows(), c.n_cols()),
        }
    }
}
