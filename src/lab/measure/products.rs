//! Matrix products and matrix-vector products with data of their own.

use super::{Cache, Contestant, n_threads};
use crate::{
    kernel::{
        Buffer, Each, Gemm, Isa, Mat, MatMut, Out, PackedF32, PackedI8, Pool, ProductI8, Q4_BLOCK, Q4_BLOCK_BYTES, RhsF32, RhsI8,
        RowsI8, RowsQ4, VecI8, VecQ8, gemv_f32, gemv_i8, gemv_q4,
    },
    lab::Work,
};

/// `C = A B`: A is M x K, B is K x N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub m: usize,
    pub k: usize,
    pub n: usize,
}

impl Size {
    /// M = N = K.
    pub fn square(n: usize) -> Self {
        Self { m: n, k: n, n }
    }

    /// Multiplications and additions.
    pub fn operations(self) -> f64 {
        2.0 * self.m as f64 * self.k as f64 * self.n as f64
    }
}

/// When the right side of a product is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Beforehand, as the weights of a layer are; not in the time.
    Before,
    /// In every call, as far as the kernel wants it.
    InCall,
}

impl Packing {
    pub const ALL: [Self; 2] = [Self::Before, Self::InCall];

    fn name(self) -> &'static str {
        match self {
            Self::Before => "packed",
            Self::InCall => "packing",
        }
    }
}

/// How the weights of a matrix-vector product are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    F32,
    /// A byte each, a scale for each row.
    Int8,
    /// Blocks of 32 in 18 bytes.
    Q4,
}

impl Weights {
    pub const ALL: [Self; 3] = [Self::F32, Self::Int8, Self::Q4];

    /// `f32`, `int8`, `q4_0`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Int8 => "int8",
            Self::Q4 => "q4_0",
        }
    }

    /// Bits of a weight, the scale of a block among them. The scales of rows are not: of 4096 columns they are a
    /// hundredth of a bit.
    pub fn bits(self) -> f64 {
        match self {
            Self::F32 => 32.0,
            Self::Int8 => 8.0,
            Self::Q4 => 4.5,
        }
    }

    /// The kind that a record knows their reading by, in bytes of weights.
    pub fn kind(self) -> &'static str {
        match self {
            Self::F32 => "gemv_f32",
            Self::Int8 => "gemv_int8",
            Self::Q4 => "gemv_q4_0",
        }
    }
}

/// An FP32 product on one thread, or on those of a pool. Its amount is operations.
pub fn gemm_f32<'p>(isa: Isa, pool: Option<&'p Pool>, size: Size, packing: Packing) -> Contestant<'p> {
    let Size { m, k, n } = size;
    let mut gemm = gemm(isa, pool);
    Contestant {
        op: "f32",
        peer: format!("quantlearn-{}-{}", gemm.f32_path(), packing.name()),
        n: n as u64,
        n_threads: n_threads(pool),
        limits: (Work { kind: "gemm_f32", amount: size.operations() }, None),
        cache: Cache::Warm,
        make: Box::new(move || {
            let (a, b) = (random_floats(m * k, 1), random_floats(k * n, 2));
            let mut c = Buffer::zeroed(m * n);
            let packed = (packing == Packing::Before).then(|| PackedF32::new(isa, Mat::new(&b, k, n)));
            Box::new(move || {
                let b = packed.as_ref().map_or_else(|| Mat::new(&b, k, n).into(), RhsF32::Packed);
                gemm.f32(Mat::new(&a, m, k), b, MatMut::new(&mut c, m, n));
            })
        }),
    }
}

/// An INT8 product, u8 x s8 to int32, on one thread, or on those of a pool. Its amount is operations.
pub fn gemm_i8<'p>(isa: Isa, pool: Option<&'p Pool>, size: Size, packing: Packing) -> Contestant<'p> {
    int8("gemm_i8", gemm(isa, pool), pool, (size, packing), PackedI8::new)
}

/// The same with the path that saturates in 16 bits; `None` where the instruction set has nothing like it.
pub fn gemm_i8_saturating<'p>(isa: Isa, pool: Option<&'p Pool>, size: Size, packing: Packing) -> Option<Contestant<'p>> {
    let gemm = gemm(isa, pool).saturating()?;
    let pack = |isa, b: Mat<i8>| PackedI8::saturating(isa, b).expect("the same instruction set has the path");
    Some(int8("gemm_maddubs", gemm, pool, (size, packing), pack))
}

fn int8<'p>(
    kind: &'static str,
    mut gemm: Gemm<'p>,
    pool: Option<&Pool>,
    (size, packing): (Size, Packing),
    pack: impl FnOnce(Isa, Mat<i8>) -> PackedI8 + 'p,
) -> Contestant<'p> {
    let Size { m, k, n } = size;
    Contestant {
        op: "i8",
        peer: format!("quantlearn-{}-{}", gemm.i8_path(), packing.name()),
        n: n as u64,
        n_threads: n_threads(pool),
        limits: (Work { kind, amount: size.operations() }, None),
        cache: Cache::Warm,
        make: Box::new(move || {
            let a: Vec<u8> = random_codes(m * k, 1).iter().map(|&q| q as u8).collect();
            let b = random_codes(k * n, 2);
            let mut c = Buffer::zeroed(m * n);
            let packed = (packing == Packing::Before).then(|| pack(gemm.isa(), Mat::new(&b, k, n)));
            Box::new(move || {
                let b = packed.as_ref().map_or_else(|| Mat::new(&b, k, n).into(), RhsI8::Packed);
                gemm.i8(&ProductI8::new(Mat::new(&a, m, k), b), Out::I32(MatMut::new(&mut c, m, n)));
            })
        }),
    }
}

fn gemm(isa: Isa, pool: Option<&Pool>) -> Gemm<'_> {
    pool.map_or_else(|| Gemm::new(isa), |pool| Gemm::with_pool(isa, pool))
}

/// A matrix-vector product with `n_rows` x `n_cols` weights; with 4-bit blocks `n_cols` is a multiple of 32. Its amount
/// is bytes of weights.
pub fn gemv<'p>(
    isa: Isa,
    pool: Option<&'p Pool>,
    weights: Weights,
    (n_rows, n_cols): (usize, usize),
    cache: Cache,
) -> Contestant<'p> {
    let n_weights = n_rows * n_cols;
    let ending = if cache == Cache::Cold { "cold" } else { "hot" };
    Contestant {
        op: "gemv",
        peer: format!("quantlearn-{}-{}-{ending}", isa.name(), weights.name()),
        n: n_cols as u64,
        n_threads: n_threads(pool),
        limits: (Work { kind: weights.kind(), amount: n_weights as f64 * weights.bits() / 8.0 }, None),
        cache,
        make: Box::new(move || {
            let mut y = vec![0.0; n_rows];
            let x = random_floats(n_cols, 3);
            match weights {
                Weights::F32 => {
                    let w = random_floats(n_weights, 1);
                    Box::new(move || gemv_f32(isa, pool, Mat::new(&w, n_rows, n_cols), &x, &mut y))
                }
                Weights::Int8 => {
                    let w = RowsI8::new(Mat::new(&random_codes(n_weights, 1), n_rows, n_cols), Each::One(0.01));
                    let x = VecI8::signed(&random_codes(n_cols, 3), 0.01, 3);
                    Box::new(move || gemv_i8(isa, pool, &w, &x, &mut y))
                }
                Weights::Q4 => {
                    let (w, x) = (random_blocks(n_rows, n_cols), VecQ8::new(&x));
                    Box::new(move || gemv_q4(isa, pool, &w, &x, &mut y))
                }
            }
        }),
    }
}

/// Rows of 4-bit blocks with random codes.
pub(crate) fn random_blocks(n_rows: usize, n_cols: usize) -> RowsQ4 {
    let codes = random_codes(n_rows * n_cols / Q4_BLOCK * Q4_BLOCK_BYTES, 1);
    let mut bytes: Vec<u8> = codes.iter().map(|&q| q as u8).collect();
    for block in bytes.chunks_mut(Q4_BLOCK_BYTES) {
        // The scale is 0.01 in FP16: random bits may be a NaN.
        block[..2].copy_from_slice(&[0x1f, 0x21]);
    }
    RowsQ4::new(&bytes, n_rows, n_cols)
}

/// Values from -1 to 1; the same seed gives the same.
pub fn random_floats(len: usize, seed: u64) -> Buffer<f32> {
    let mut values = Buffer::zeroed(len);
    values.iter_mut().zip(hashes(seed)).for_each(|(x, hash)| *x = (hash as i32) as f32 / (1u32 << 31) as f32);
    values
}

/// All 256 codes alike; the same seed gives the same.
pub fn random_codes(len: usize, seed: u64) -> Buffer<i8> {
    let mut codes = Buffer::zeroed(len);
    codes.iter_mut().zip(hashes(seed)).for_each(|(q, hash)| *q = hash as i8);
    codes
}

/// Numbers without an order that a processor could use. ChaCha would take longer than what is to be measured.
fn hashes(seed: u64) -> impl Iterator<Item = u32> {
    (0u64..).map(move |i| {
        let mixed = (i ^ seed << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32
    })
}
