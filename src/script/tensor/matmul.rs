//! Products of matrices.

use super::{DType, Data, Filled, Tensor, shape_text};
use crate::script::host::{BLOCK, Host, Trouble, trouble};

/// `[m, k]` times `[k, n]`: floats in f32 accumulators; whole numbers exactly, refused where a sum is beyond an i32.
pub(in crate::script) fn matmul(host: &Host, a: &Tensor, b: &Tensor) -> Result<Tensor, Trouble> {
    let (&[m, k], &[k_b, n]) = (a.shape(), b.shape()) else {
        let (a, b) = (shape_text(a.shape()), shape_text(b.shape()));
        return Err(trouble(format!("`matmul` needs two axes on both sides, and the shapes are {a} and {b}")));
    };
    if k != k_b {
        let (a, b) = (shape_text(a.shape()), shape_text(b.shape()));
        return Err(trouble(format!("`matmul` does not fit shapes {a} and {b}: the inner axes, {k} and {k_b}, must be equal")));
    }
    host.charge(m.saturating_mul(k).saturating_mul(n).max(m.saturating_mul(n)))?;
    if let (Data::Whole(x), Data::Whole(y)) = (a.data(), b.data()) {
        let mut sums = Filled::with_capacity(host, m * n)?;
        product(host, (m, k, n), x, y, &mut sums.items, |sum: &mut i64, a, b| *sum += i64::from(a) * i64::from(b))?;
        let mut out = Filled::with_capacity(host, m * n)?;
        for &sum in &sums.items {
            let fit = i32::try_from(sum);
            out.items.push(fit.map_err(|_| trouble(format!("a sum of products is {sum}, beyond an int32 accumulator")))?);
        }
        return Ok(Tensor::whole(&[m, n], DType::I32, out));
    }
    let (x, y) = (a.to_floats(host)?, b.to_floats(host)?);
    let mut out = Filled::with_capacity(host, m * n)?;
    product(host, (m, k, n), &x, &y, &mut out.items, |sum: &mut f32, a, b| *sum += a * b)?;
    let dtype = if a.dtype() == b.dtype() { a.dtype().computed() } else { DType::F32 };
    Ok(Tensor::floats(&[m, n], dtype, out))
}

/// Row by row, so that the inner loop runs along rows of `b` and of the result.
fn product<T: Copy, S: Copy + Default>(
    host: &Host,
    (m, k, n): (usize, usize, usize),
    a: &[T],
    b: &[T],
    out: &mut Vec<S>,
    add: impl Fn(&mut S, T, T),
) -> Result<(), Trouble> {
    out.resize(m * n, S::default());
    let mut n_done = 0;
    for row in 0..m {
        let sums = &mut out[row * n..(row + 1) * n];
        for inner in 0..k {
            let factor = a[row * k + inner];
            for (sums, row_of_b) in sums.chunks_mut(BLOCK).zip(b[inner * n..(inner + 1) * n].chunks(BLOCK)) {
                sums.iter_mut().zip(row_of_b).for_each(|(sum, &x)| add(sum, factor, x));
                n_done += sums.len();
                if n_done >= BLOCK {
                    host.poll()?;
                    n_done = 0;
                }
            }
        }
    }
    Ok(())
}
