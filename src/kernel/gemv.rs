//! Matrix times vector: what a language model does for every token, bound by the reading of the weights.
//!
//! Rows are contiguous, four of them are read side by side, and nothing is packed. Integer sums are exact, so INT8
//! results have the same bits on every instruction set. Sums of f32 are added in an order that depends on it: with N
//! columns each lies within `N * 2^-24 * sum |w_k x_k|` of the true one, to first order.

#[cfg(target_arch = "aarch64")]
mod neon;
mod q4;
mod rows;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::Mutex;

pub use q4::{Q4_BLOCK, Q4_BLOCK_BYTES, RowsQ4, VecQ8};
pub use rows::{RowsI8, VecI8};

use super::level::{self, Body, Target};
use super::{Isa, Mat, Pool};

/// Rows that are read side by side.
const STREAMS: usize = 4;

/// `y = W x` in f32; `w` is `y.len()` x `x.len()`. On the calling thread, or on those of a pool.
pub fn gemv_f32(isa: Isa, pool: Option<&Pool>, w: Mat<f32>, x: &[f32], y: &mut [f32]) {
    assert_eq!((w.n_rows(), w.n_cols()), (y.len(), x.len()));
    shared(pool, y, &|first, y| level::on(isa, DotsF32 { w, first, x, y }));
}

/// `y_r = (Σ_k w_rk (x_k - zero)) * (row_scale_r * x_scale)`: the sum in int32, the three factors multiplied in f32.
/// `w` is `y.len()` x `x.len()`.
pub fn gemv_i8(isa: Isa, pool: Option<&Pool>, w: &RowsI8, x: &VecI8, y: &mut [f32]) {
    assert_eq!((w.n_rows(), w.n_cols()), (y.len(), x.len()));
    shared(pool, y, &|first, y| rows::dots(isa, w, first, x, y));
}

/// `y_r = Σ_blocks d_w d_x Σ_k (q_k - 8) p_k`: weights in blocks of Q4_0, the vector in blocks of 8-bit codes.
/// `w` is `y.len()` x `x.len()`.
pub fn gemv_q4(isa: Isa, pool: Option<&Pool>, w: &RowsQ4, x: &VecQ8, y: &mut [f32]) {
    assert_eq!((w.n_rows(), w.n_cols()), (y.len(), x.len()));
    shared(pool, y, &|first, y| q4::dots(isa, w, first, x, y));
}

/// Calls `part` with the first row and the outputs of every thread's share, whole groups of rows each.
fn shared(pool: Option<&Pool>, y: &mut [f32], part: &(dyn Fn(usize, &mut [f32]) + Sync)) {
    let n_threads = pool.map_or(1, Pool::n_threads);
    let size = y.len().div_ceil(n_threads).next_multiple_of(STREAMS).max(STREAMS);
    match pool {
        Some(pool) if y.len() > size => {
            let parts: Vec<Mutex<&mut [f32]>> = y.chunks_mut(size).map(Mutex::new).collect();
            pool.run(parts.len(), &|idx| {
                let mut y = parts[idx].lock().expect("each part is visited once");
                part(idx * size, &mut y);
            });
        }
        _ => part(0, y),
    }
}

struct DotsF32<'a> {
    w: Mat<'a, f32>,
    first: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

/// Sums beside each other in a row.
const LANES: usize = 16;

impl Body for DotsF32<'_> {
    type Out = ();

    #[inline(always)]
    fn run<T: Target>(self) {
        let Self { w, first, x, y } = self;
        // As in `by_streams`: a closure would not be compiled for the level.
        let quarter = y.len() / STREAMS;
        for row in 0..quarter {
            let rows = [row, quarter + row, 2 * quarter + row, 3 * quarter + row];
            let dots = dots_f32::<T>(rows.map(|row| w.row(first + row)), x);
            rows.into_iter().zip(dots).for_each(|(row, dot)| y[row] = dot);
        }
        for (row, y) in y.iter_mut().enumerate().skip(STREAMS * quarter) {
            [*y, ..] = dots_f32::<T>([w.row(first + row); STREAMS], x);
        }
    }
}

/// Fills `y` with the products of four rows at a time. Each of the four walks through a quarter of the rows of its own:
/// long streams are what the memory reads fastest.
#[inline(always)]
fn by_streams(y: &mut [f32], mut dots: impl FnMut([usize; STREAMS]) -> [f32; STREAMS]) {
    let quarter = y.len() / STREAMS;
    for row in 0..quarter {
        let rows = [row, quarter + row, 2 * quarter + row, 3 * quarter + row];
        for (row, dot) in rows.into_iter().zip(dots(rows)) {
            y[row] = dot;
        }
    }
    for (row, y) in y.iter_mut().enumerate().skip(STREAMS * quarter) {
        // The same row four times: the last rows need no loop of their own.
        [*y, ..] = dots([row; STREAMS]);
    }
}

/// The products of four rows, each as long as `x`. Four arrays by name, not one of four: the compiler keeps them in
/// registers only so.
#[inline(always)]
fn dots_f32<T: Target>([a, b, c, d]: [&[f32]; STREAMS], x: &[f32]) -> [f32; STREAMS] {
    let (blocks, tail) = x.as_chunks::<LANES>();
    let (mut sum_a, mut sum_b, mut sum_c, mut sum_d) = ([0f32; LANES], [0f32; LANES], [0f32; LANES], [0f32; LANES]);
    let rows = a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0);
    let rows = rows.zip(c.as_chunks::<LANES>().0.iter().zip(d.as_chunks::<LANES>().0));
    for (x, ((a, b), (c, d))) in blocks.iter().zip(rows) {
        for lane in 0..LANES {
            sum_a[lane] = T::mul_add(a[lane], x[lane], sum_a[lane]);
        }
        for lane in 0..LANES {
            sum_b[lane] = T::mul_add(b[lane], x[lane], sum_b[lane]);
        }
        for lane in 0..LANES {
            sum_c[lane] = T::mul_add(c[lane], x[lane], sum_c[lane]);
        }
        for lane in 0..LANES {
            sum_d[lane] = T::mul_add(d[lane], x[lane], sum_d[lane]);
        }
    }
    let n_blocked = blocks.len() * LANES;
    let rest = |sums: [f32; LANES], row: &[f32]| {
        let sum = sums.into_iter().sum::<f32>();
        row[n_blocked..].iter().zip(tail).fold(sum, |sum, (&w, &x)| sum + w * x)
    };
    [rest(sum_a, a), rest(sum_b, b), rest(sum_c, c), rest(sum_d, d)]
}
