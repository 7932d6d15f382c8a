//! The runs that are placed under the roof: the weights of a layer times a batch of vectors.

use crate::{
    kernel::{Isa, Pool, RowsQ4, VecQ8, gemv_q4},
    lab::{
        Machine, Work,
        measure::{
            Cache, Contestant, Packing, Peak, Size, Weights, gemm_f32, gemm_i8, gemv, on_all, random_blocks, random_floats,
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
/// matrix product with weights packed beforehand. 4-bit blocks have no kernel for that: a few rows at a time, which stay
/// in a cache, are multiplied with one vector after the other.
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
    let product = match weights {
        Weights::F32 => gemm_f32(isa, pool, size, Packing::Before),
        Weights::Int8 => gemm_i8(isa, pool, size, Packing::Before),
        Weights::Q4 => Contestant {
            limits: (Work { kind: "q4_0_hot", amount: size.operations() }, None),
            make: Box::new(move || {
                let blocks = RowBlocks::new(size);
                let mut y = vec![0.0; n_rows * batch];
                Box::new(move || blocks.multiply(isa, pool, &mut y))
            }),
            ..vector
        },
    };
    Contestant { limits: (product.limits.0, reading), cache: Cache::Cold, ..product }
}

/// Rows of a block: 4-bit weights of 8192 columns then take 144 KiB.
const BLOCK_ROWS: usize = 32;

/// 4-bit weights in blocks of rows, and the vectors of a batch.
struct RowBlocks {
    blocks: Vec<RowsQ4>,
    vectors: Vec<VecQ8>,
}

impl RowBlocks {
    fn new(size: Size) -> Self {
        let blocks = (0..size.n / BLOCK_ROWS).map(|_| random_blocks(BLOCK_ROWS, size.k)).collect();
        let vectors = (0..size.m).map(|idx| VecQ8::new(&random_floats(size.k, idx as u64))).collect();
        Self { blocks, vectors }
    }

    /// All products, by block, then by vector, then by row.
    fn multiply(&self, isa: Isa, pool: Option<&Pool>, y: &mut [f32]) {
        let parts: Vec<_> = y.chunks_mut(BLOCK_ROWS * self.vectors.len()).map(std::sync::Mutex::new).collect();
        on_all(pool, self.blocks.len(), &|idx| {
            let mut y = parts[idx].lock().expect("each block is visited once");
            for (vector, y) in self.vectors.iter().zip(y.chunks_mut(BLOCK_ROWS)) {
                gemv_q4(isa, None, &self.blocks[idx], vector, y);
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
        let rows = RowBlocks::new(size);
        let (one, two) = (&mut vec![0.0; 3 * 64], &mut vec![0.0; 3 * 64]);
        rows.multiply(isa, None, one);
        rows.multiply(isa, Some(&Pool::new(2)), two);
        assert_eq!(one, two);
        let mut y = vec![0.0; BLOCK_ROWS];
        gemv_q4(isa, None, &rows.blocks[1], &rows.vectors[2], &mut y);
        assert_eq!(one[(3 + 2) * BLOCK_ROWS..], y);
    }

    #[test]
    fn intensity_is_two_operations_for_each_weight_and_vector() {
        assert_eq!(Weights::ALL.map(|weights| intensity(weights, 1)), [0.5, 2.0, 16.0 / 4.5]);
        assert_eq!(intensity(Weights::Int8, 64), 128.0);
    }
}
