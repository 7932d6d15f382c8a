//! MatMulInteger, QLinearMatMul, ConvInteger: products of codes in int32.

use super::{Array, ElementType, OnnxError};
use crate::kernel::{CodeRange, Rounding};

/// One factor of a product: codes of a matrix, row-major, and its zero points.
#[derive(Clone, Copy, Debug)]
pub struct Factor<'a> {
    pub n_rows: usize,
    pub n_cols: usize,
    pub codes: &'a [i32],
    /// One for the matrix; or of A one for each row, of B one for each column.
    pub zero_points: &'a [i32],
}

impl Factor<'_> {
    fn check(&self, name: &'static str, n_points: usize) -> Result<(), OnnxError> {
        let shape = [self.n_rows, self.n_cols];
        Array::new(&shape, self.codes).check(name)?;
        if self.zero_points.len() == 1 || self.zero_points.len() == n_points {
            return Ok(());
        }
        let which = if name == "A" { "row of A" } else { "column of B" };
        let allowed = format!("[1], or [{n_points}] with one for each {which}");
        Err(OnnxError::Shape { name: "zero_point", got: vec![self.zero_points.len()], allowed })
    }
}

/// The one of all, or the one of its own.
fn pick<T: Copy>(of: &[T], idx: usize) -> T {
    of[if of.len() == 1 { 0 } else { idx }]
}

/// `Y[i, j] = sum over k of (A[i, k] - za[i]) (B[k, j] - zb[j])` in int32, whose sums wrap around where they overflow;
/// `A.n_rows` by `B.n_cols`, row-major.
pub fn matmul_integer(a: Factor, b: Factor) -> Result<Vec<i32>, OnnxError> {
    a.check("A", a.n_rows)?;
    b.check("B", b.n_cols)?;
    if a.n_cols != b.n_rows {
        return Err(OnnxError::Inner { a: a.n_cols, b: b.n_rows });
    }
    let mut y = vec![0i32; a.n_rows * b.n_cols];
    for i in 0..a.n_rows {
        let row = &mut y[i * b.n_cols..][..b.n_cols];
        for k in 0..a.n_cols {
            let left = a.codes[i * a.n_cols + k] - pick(a.zero_points, i);
            for (j, y) in row.iter_mut().enumerate() {
                let right = b.codes[k * b.n_cols + j] - pick(b.zero_points, j);
                *y = y.wrapping_add(left * right);
            }
        }
    }
    Ok(y)
}

/// The scales of a product and the output's codes.
#[derive(Clone, Copy, Debug)]
pub struct QLinear<'a> {
    /// One, or one for each row of A.
    pub a_scales: &'a [f32],
    /// One, or one for each column of B.
    pub b_scales: &'a [f32],
    pub y_scale: f32,
    pub y_zero_point: i32,
    pub range: CodeRange,
}

/// `y = saturate(round_even(acc * a_scale * b_scale / y_scale) + y_zero_point)` of [`matmul_integer`], in f32.
pub fn qlinear_matmul(a: Factor, b: Factor, by: QLinear) -> Result<Vec<i32>, OnnxError> {
    let scales = [("a_scale", by.a_scales, a.n_rows), ("b_scale", by.b_scales, b.n_cols)];
    for (name, scales, n) in scales {
        if scales.len() != 1 && scales.len() != n {
            let allowed = format!("[1] or [{n}]");
            return Err(OnnxError::Shape { name, got: vec![scales.len()], allowed });
        }
    }
    let all = by.a_scales.iter().chain(by.b_scales).copied().chain([by.y_scale]);
    if let Some(got) = all.into_iter().find(|s| !(*s > 0.0 && s.is_finite())) {
        return Err(OnnxError::Scale { got });
    }
    if !(by.range.qmin..=by.range.qmax).contains(&by.y_zero_point) {
        return Err(OnnxError::ZeroPoint { got: by.y_zero_point, range: by.range });
    }
    let acc = matmul_integer(a, b)?;
    let code = |(idx, &acc): (usize, &i32)| {
        let (row, col) = (idx / b.n_cols, idx % b.n_cols);
        let real = pick(by.a_scales, row) * pick(by.b_scales, col) / by.y_scale;
        let y = Rounding::Even.apply(acc as f32 * real, 0) + by.y_zero_point as f32;
        y.clamp(by.range.qmin as f32, by.range.qmax as f32) as i32
    };
    Ok(acc.iter().enumerate().map(code).collect())
}

/// ConvInteger over one channel and one dimension, stride 1: `sum over k of (x[i + k - pad] - zx) (w[k] - zw)` in int32.
/// Outside the input stands its zero point, so a padded place adds nothing. `x.len() + 2 pad + 1 - w.len()` outputs, none
/// where the kernel is longer than the padded input.
pub fn conv_integer(x: &[i32], x_zero_point: i32, w: &[i32], w_zero_point: i32, pad: usize) -> Vec<i32> {
    let n_outputs = (x.len() + 2 * pad + 1).saturating_sub(w.len());
    let at = |place: usize| place.checked_sub(pad).and_then(|i| x.get(i)).map_or(0, |&code| code - x_zero_point);
    let one = |i: usize| {
        let products = w.iter().enumerate().map(|(k, &code)| at(i + k) * (code - w_zero_point));
        products.fold(0i32, i32::wrapping_add)
    };
    (0..n_outputs).map(one).collect()
}

/// The smallest K at which a sum of K products of codes *can* leave int32: the largest product in magnitude, on the side
/// where it stands. Both types are integers with their zero points; `None` where every product is 0.
pub fn first_overflow(a: ElementType, a_zero_point: i32, b: ElementType, b_zero_point: i32) -> Option<u64> {
    let ends = |kind, zero: i32| match kind {
        ElementType::Integer(range) => Some([i64::from(range.qmin - zero), i64::from(range.qmax - zero)]),
        _ => None,
    };
    let (a, b) = (ends(a, a_zero_point)?, ends(b, b_zero_point)?);
    let products = a.iter().flat_map(|x| b.iter().map(move |y| x * y));
    let (low, high) = products.fold((0, 0), |(low, high), p| (p.min(low), p.max(high)));
    let beyond = |limit: i64, product: i64| if product == 0 { u64::MAX } else { (limit / product) as u64 + 1 };
    let first = beyond(i32::MAX.into(), high).min(beyond(i32::MIN.into(), low));
    (first < u64::MAX).then_some(first)
}
