//! The runs that are placed under the roof: the weights of a layer times a batch of vectors.

use crate::{
    kernel::{Each, Isa, Mat, PackedI8, Pool, RowsI8, RowsQ4, VecI8, VecQ8, gemv_i8, gemv_q4},
    lab::{
        Machine, Work,
        measure::{
            Cache, Contestant, Packing, Peak, Size, Weights, gemm_f32, gemm_i8, gemv, on_all, random_blocks, random_codes,
            random_floats,
        },
    },
};

/// The arithmetic that limits products with such weights. 4-bit codes are small enough for the saturating instruction,
/// which then is exact; where there is a dot product of bytes they take that.
pub(super) fn peak_of(weights: Weights, machine: &Machine) -> Peak {
    match weights {
        Weights::F32 => Peak::F32,
        Weights::Int8 => Peak::I8,
        Weights::Q4 if machine.path() == "avx512-vnni" => Peak::I8,
        Weights::Q4 => Peak::Maddubs,
    }
}

/// Operations for each byte of weights, which alone are counted: 2 a weight and vector.
pub(super) fn intensity(weights: Weights, batch: usize) -> f64 {
    16.0 * batch as f64 / weights.bits()
}

/// Weights times the vectors of a batch, the weights read from memory. One vector is a matrix-vector product; more are a
/// matrix product with weights packed beforehand, or one vector after the other where that reads less: see [`RowBlocks`].
pub(super) fn layer<'p>(
    isa: Isa,
    pool: Option<&'p Pool>,
    weights: Weights,
    (n_rows, n_cols): (usize, usize),
    batch: usize,
) -> Contestant<'p> {
    let vector = gemv(isa, pool, weights, (n_rows, n_cols), Cache::Cold);
    if batch == 1 {
        return vector;
    }
    let reading = Some(vector.limits.0);
    let size = Size { m: batch, k: n_cols, n: n_rows };
    let operations = |kind| (Work { kind, amount: size.operations() }, None);
    let product = match weights {
        Weights::F32 => gemm_f32(isa, pool, size, Packing::Before),
        Weights::Int8 => {
            let product = gemm_i8(isa, pool, size, Packing::Before);
            if batch <= FEW && is_widened(isa) { blocks(isa, pool, size, RowBlocks::int8, product) } else { product }
        }
        Weights::Q4 => blocks(isa, pool, size, RowBlocks::q4, Contestant { limits: operations("q4_0_hot"), ..vector }),
    };
    Contestant { limits: (product.limits.0, reading), cache: Cache::Cold, ..product }
}

/// Vectors that are multiplied one by one where the matrix product would read twice as much.
const FEW: usize = 4;

/// Whether packing makes two bytes of each code.
fn is_widened(isa: Isa) -> bool {
    PackedI8::new(isa, Mat::new(&[0], 1, 1)).width() == 2
}

/// The same contestant, run by blocks of rows.
fn blocks<'p>(
    isa: Isa,
    pool: Option<&'p Pool>,
    size: Size,
    make: fn(Isa, Size) -> RowBlocks,
    contestant: Contestant<'p>,
) -> Contestant<'p> {
    let make = Box::new(move || -> Box<dyn FnMut() + 'p> {
        let blocks = make(isa, size);
        let mut y = vec![0.0; size.n * size.m];
        Box::new(move || blocks.multiply(pool, &mut y))
    });
    Contestant { make, ..contestant }
}

/// Rows of a block: 8-bit weights of 8192 columns then take 256 KiB.
const BLOCK_ROWS: usize = 32;

/// Multiplies a block with a vector, both by their place.
type Product = Box<dyn Fn(usize, usize, &mut [f32]) + Sync>;

/// Weights in blocks of a few rows, which stay in a cache while they are multiplied with one vector after the other: for
/// formats without a matrix product, and for a few vectors.
struct RowBlocks {
    n_blocks: usize,
    n_vectors: usize,
    one: Product,
}

impl RowBlocks {
    fn q4(isa: Isa, size: Size) -> Self {
        let blocks: Vec<RowsQ4> = (0..size.n / BLOCK_ROWS).map(|_| random_blocks(BLOCK_ROWS, size.k)).collect();
        let vectors: Vec<VecQ8> = (0..size.m).map(|idx| VecQ8::new(&random_floats(size.k, idx as u64))).collect();
        let one = move |block: usize, vector: usize, y: &mut [f32]| gemv_q4(isa, None, &blocks[block], &vectors[vector], y);
        Self { n_blocks: size.n / BLOCK_ROWS, n_vectors: size.m, one: Box::new(one) }
    }

    fn int8(isa: Isa, size: Size) -> Self {
        let codes = |len, seed: usize| random_codes(len, seed as u64);
        let block = |idx| RowsI8::new(Mat::new(&codes(BLOCK_ROWS * size.k, idx), BLOCK_ROWS, size.k), Each::One(0.01));
        let blocks: Vec<RowsI8> = (0..size.n / BLOCK_ROWS).map(block).collect();
        let vectors: Vec<VecI8> = (0..size.m).map(|idx| VecI8::signed(&codes(size.k, idx), 0.01, 3)).collect();
        let one = move |block: usize, vector: usize, y: &mut [f32]| gemv_i8(isa, None, &blocks[block], &vectors[vector], y);
        Self { n_blocks: size.n / BLOCK_ROWS, n_vectors: size.m, one: Box::new(one) }
    }

    /// All products, by block, then by vector, then by row.
    fn multiply(&self, pool: Option<&Pool>, y: &mut [f32]) {
        let parts: Vec<_> = y.chunks_mut(BLOCK_ROWS * self.n_vectors).map(std::sync::Mutex::new).collect();
        on_all(pool, self.n_blocks, &|idx| {
            let mut y = parts[idx].lock().expect("each block is visited once");
            for (vector, y) in y.chunks_mut(BLOCK_ROWS).enumerate() {
                (self.one)(idx, vector, y);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_blocks_has_the_products_of_each_vector() {
        let isa = Isa::best();
        let size = Size { m: 3, k: 128, n: 64 };
        for make in [RowBlocks::q4, RowBlocks::int8] {
            let rows = make(isa, size);
            let (one, two) = (&mut vec![0.0; 3 * 64], &mut vec![0.0; 3 * 64]);
            rows.multiply(None, one);
            rows.multiply(Some(&Pool::new(2)), two);
            assert_eq!(one, two);
            let mut y = vec![0.0; BLOCK_ROWS];
            (rows.one)(1, 2, &mut y);
            assert_eq!(one[(3 + 2) * BLOCK_ROWS..], y);
        }
    }

    #[test]
    fn intensity_is_two_operations_for_each_weight_and_vector() {
        assert_eq!(Weights::ALL.map(|weights| intensity(weights, 1)), [0.5, 2.0, 16.0 / 4.5]);
        assert_eq!(intensity(Weights::Int8, 64), 128.0);
    }
}
