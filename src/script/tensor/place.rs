//! Rows, ranges, other shapes.

use std::{ops::Range, sync::Arc};

use rhai::Dynamic;

use super::{Buffer, DType, Data, Filled, Tensor, n_values, shape_text};
use crate::script::{
    host::{Host, Trouble, trouble},
    prelude::scalar,
};

/// The place on the first axis that an index means: from the end where it is negative.
pub(in crate::script) fn at(t: &Tensor, idx: i64) -> Result<usize, Trouble> {
    let n = t.shape.first().copied().unwrap_or(0);
    let from_start = if idx < 0 { idx + n as i64 } else { idx };
    let inside = usize::try_from(from_start).ok().filter(|i| *i < n);
    inside.ok_or_else(|| match n {
        0 => trouble(format!("index {idx} of an empty tensor: it has no values")),
        _ => trouble(format!(
            "index {idx} is outside of a tensor of shape {}: its first axis goes from 0 to {}",
            shape_text(&t.shape),
            n - 1
        )),
    })
}

/// Rows of the first axis, copied. A range that reaches beyond the end is cut there.
pub(in crate::script) fn rows(host: &Host, t: &Tensor, range: Range<usize>) -> Result<Tensor, Trouble> {
    let n = t.shape.first().copied().unwrap_or(0);
    let (from, to) = (range.start.min(n), range.end.min(n));
    let to = to.max(from);
    let width: usize = t.shape.iter().skip(1).product();
    let mut shape = t.shape.to_vec();
    if let Some(first) = shape.first_mut() {
        *first = to - from;
    }
    host.charge((to - from) * width)?;
    copy(host, t, &shape, from * width..to * width)
}

fn copy(host: &Host, t: &Tensor, shape: &[usize], range: Range<usize>) -> Result<Tensor, Trouble> {
    Ok(match &t.data {
        Data::Floats(items) => {
            let mut out = Filled::with_capacity(host, range.len())?;
            out.extend_from(host, &items[range], |&x| x)?;
            Tensor::floats(shape, t.dtype, out)
        }
        Data::Whole(items) => {
            let mut out = Filled::with_capacity(host, range.len())?;
            out.extend_from(host, &items[range], |&q| q)?;
            Tensor::whole(shape, t.dtype, out)
        }
    })
}

/// Puts `value` at a place in row-major order, rounded or refused as its type needs it.
pub(in crate::script) fn set(host: &Host, t: &mut Tensor, idx: usize, value: f64) -> Result<(), Trouble> {
    let dtype = t.dtype;
    if !dtype.is_float() {
        let (first, last) = dtype.range();
        if value.fract() != 0.0 || !(f64::from(first)..=f64::from(last)).contains(&value) {
            return Err(trouble(format!("{value} does not fit {}; it holds whole numbers from {first} to {last}", dtype.name())));
        }
    }
    own(host, t)?;
    match &mut t.data {
        Data::Floats(items) => Arc::get_mut(items).expect("it was made its own").items[idx] = dtype.round(value as f32),
        Data::Whole(items) => Arc::get_mut(items).expect("it was made its own").items[idx] = value as i32,
    }
    Ok(())
}

/// Puts a row of the same shape at a place of the first axis.
pub(in crate::script) fn set_row(host: &Host, t: &mut Tensor, idx: usize, row: &Tensor) -> Result<(), Trouble> {
    if row.shape[..] != t.shape[1..] {
        let (got, wanted) = (shape_text(&row.shape), shape_text(&t.shape[1..]));
        return Err(trouble(format!("a tensor of shape {got} cannot stand there; the place has shape {wanted}")));
    }
    host.charge(row.len())?;
    let width = row.len();
    for i in 0..width {
        set(host, t, idx * width + i, row.get(i))?;
    }
    Ok(())
}

/// Makes the values this tensor's alone.
fn own(host: &Host, t: &mut Tensor) -> Result<(), Trouble> {
    let is_shared = match &mut t.data {
        Data::Floats(items) => Arc::get_mut(items).is_none(),
        Data::Whole(items) => Arc::get_mut(items).is_none(),
    };
    if is_shared {
        host.charge(t.len())?;
        *t = copy(host, t, &t.shape, 0..t.len())?;
    }
    Ok(())
}

/// Another shape of as many values; one axis may be -1, which is what the others leave.
pub(in crate::script) fn reshape(t: &Tensor, wanted: &[i64]) -> Result<Tensor, Trouble> {
    let known: Vec<usize> = wanted.iter().filter_map(|axis| usize::try_from(*axis).ok()).collect();
    let n_known = n_values(&known)?;
    let n_open = wanted.len() - known.len();
    let open = if n_open == 1 && n_known > 0 { t.len() / n_known } else { 1 };
    let shape: Vec<usize> = wanted.iter().map(|axis| usize::try_from(*axis).unwrap_or(open)).collect();
    if n_open > 1 || n_values(&shape)? != t.len() || shape.is_empty() {
        return Err(trouble(format!("{} values of shape {} do not fit the shape {wanted:?}", t.len(), shape_text(&t.shape))));
    }
    Ok(t.with_shape(&shape))
}

/// Rows become columns, of a tensor of two axes.
pub(in crate::script) fn transpose(host: &Host, t: &Tensor) -> Result<Tensor, Trouble> {
    let [n_rows, n_cols] = t.shape[..] else {
        return Err(trouble(format!("a transpose needs two axes, and this shape is {}", shape_text(&t.shape))));
    };
    host.charge(t.len())?;
    let shape = [n_cols, n_rows];
    Ok(match &t.data {
        Data::Floats(items) => {
            let mut out = Filled::with_capacity(host, items.len())?;
            turn(host, items, n_rows, n_cols, &mut out)?;
            Tensor::floats(&shape, t.dtype, out)
        }
        Data::Whole(items) => {
            let mut out = Filled::with_capacity(host, items.len())?;
            turn(host, items, n_rows, n_cols, &mut out)?;
            Tensor::whole(&shape, t.dtype, out)
        }
    })
}

fn turn<T: Copy>(host: &Host, items: &[T], n_rows: usize, n_cols: usize, out: &mut Filled<T>) -> Result<(), Trouble> {
    for col in 0..n_cols {
        if col % 16 == 0 {
            host.poll()?;
        }
        out.items.extend((0..n_rows).map(|row| items[row * n_cols + col]));
    }
    Ok(())
}

/// Tensors end to end on the first axis.
pub(in crate::script) fn concat(host: &Host, a: &Tensor, b: &Tensor) -> Result<Tensor, Trouble> {
    if a.shape.get(1..) != b.shape.get(1..) || a.shape.is_empty() {
        let (a, b) = (shape_text(&a.shape), shape_text(&b.shape));
        return Err(trouble(format!("shapes {a} and {b} do not join: all axes but the first must be equal")));
    }
    host.charge(a.len() + b.len())?;
    let mut shape = a.shape.to_vec();
    shape[0] += b.shape[0];
    if let (Data::Whole(x), Data::Whole(y)) = (&a.data, &b.data) {
        let mut out = Filled::with_capacity(host, x.len() + y.len())?;
        out.extend_from(host, x, |&q| q)?;
        out.extend_from(host, y, |&q| q)?;
        let dtype = if a.dtype == b.dtype { a.dtype } else { DType::I32 };
        return Ok(Tensor::whole(&shape, dtype, out));
    }
    let (x, y) = (a.to_floats(host)?, b.to_floats(host)?);
    let mut out = Filled::with_capacity(host, x.len() + y.len())?;
    out.extend_from(host, &x, |&v| v)?;
    out.extend_from(host, &y, |&v| v)?;
    Ok(Tensor::floats(&shape, if a.dtype == b.dtype { a.dtype } else { DType::F32 }, out))
}

/// What `for` walks over: the values of one axis, or the rows of the first.
pub(in crate::script) struct Rows {
    t: Tensor,
    next: usize,
}

impl IntoIterator for Tensor {
    type Item = Dynamic;
    type IntoIter = Rows;

    fn into_iter(self) -> Rows {
        Rows { t: self, next: 0 }
    }
}

impl Iterator for Rows {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        let (n, inside) = self.t.shape.split_first()?;
        let (at, width) = (self.next, inside.iter().product::<usize>());
        if at >= *n {
            return None;
        }
        self.next += 1;
        if inside.is_empty() {
            return Some(scalar(&self.t, self.t.get(at)));
        }
        let range = at * width..(at + 1) * width;
        let data = match &self.t.data {
            Data::Floats(items) => Data::Floats(Arc::new(items.part(range))),
            Data::Whole(items) => Data::Whole(Arc::new(items.part(range))),
        };
        Some(Dynamic::from(Tensor { shape: inside.into(), dtype: self.t.dtype, data }))
    }
}

impl<T: Copy> Buffer<T> {
    fn part(&self, range: Range<usize>) -> Self {
        let items = self.items[range].to_vec();
        Self { lease: self.lease.beside((items.len() * size_of::<T>()) as u64), items }
    }
}
