//! Reductions, of all values or along one axis.

use super::{DType, Data, Filled, Tensor, shape_text};
use crate::script::host::{BLOCK, Host, Trouble, trouble};

/// What a reduction asks for. A NaN among the values makes every answer NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::script) enum Reduction {
    Min,
    Max,
    AbsMax,
    Sum,
    Mean,
    /// Of the population: divided by n.
    Std,
}

impl Reduction {
    fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::AbsMax => "absmax",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Std => "std",
        }
    }

    /// Whether whole numbers have a whole answer.
    fn is_whole(self) -> bool {
        !matches!(self, Self::Mean | Self::Std)
    }
}

/// Over all values; in f64.
pub(in crate::script) fn reduce(host: &Host, t: &Tensor, how: Reduction) -> Result<f64, Trouble> {
    host.charge(t.len())?;
    require(how, t.len(), t)?;
    match &t.data {
        Data::Floats(items) => along(host, items, how, |&x| x.into()),
        Data::Whole(items) => along(host, items, how, |&q| q.into()),
    }
}

/// Along one axis, which stays with length 1: the answer broadcasts against the tensor.
pub(in crate::script) fn reduce_axis(host: &Host, t: &Tensor, how: Reduction, axis: i64) -> Result<Tensor, Trouble> {
    let rank = t.shape.len();
    let from_start = if axis < 0 { axis + rank as i64 } else { axis };
    let Some(axis) = usize::try_from(from_start).ok().filter(|i| *i < rank) else {
        let last = rank as i64 - 1;
        return Err(trouble(format!("axis {axis}: a tensor of shape {} has axes 0 to {last}", shape_text(&t.shape))));
    };
    let (n_outer, n, n_inner) =
        (t.shape[..axis].iter().product::<usize>(), t.shape[axis], t.shape[axis + 1..].iter().product::<usize>());
    host.charge(t.len() + n_outer * n_inner)?;
    require(how, n, t)?;
    let mut shape = t.shape.to_vec();
    shape[axis] = 1;
    let mut line = vec![0.0; n];
    let mut answers = Filled::with_capacity(host, n_outer * n_inner)?;
    for outer in 0..n_outer {
        for inner in 0..n_inner {
            let place = |i: usize| (outer * n + i) * n_inner + inner;
            match &t.data {
                Data::Floats(items) => line.iter_mut().enumerate().for_each(|(i, x)| *x = f64::from(items[place(i)])),
                Data::Whole(items) => line.iter_mut().enumerate().for_each(|(i, x)| *x = f64::from(items[place(i)])),
            }
            answers.items.push(along(host, &line, how, |&x| x)?);
        }
    }
    finish(host, t, how, &shape, &answers)
}

fn finish(host: &Host, t: &Tensor, how: Reduction, shape: &[usize], answers: &Filled<f64>) -> Result<Tensor, Trouble> {
    if t.dtype.is_float() || !how.is_whole() {
        let mut out = Filled::with_capacity(host, answers.items.len())?;
        out.items.extend(answers.items.iter().map(|&x| x as f32));
        return Ok(Tensor::floats(shape, DType::F32, out));
    }
    let mut out = Filled::with_capacity(host, answers.items.len())?;
    for &x in &answers.items {
        if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&x) {
            return Err(trouble(format!("the {} {x} does not fit an i32; use to_f32 first", how.name())));
        }
        out.items.push(x as i32);
    }
    Ok(Tensor::whole(shape, DType::I32, out))
}

fn require(how: Reduction, n: usize, t: &Tensor) -> Result<(), Trouble> {
    if n > 0 || how == Reduction::Sum {
        return Ok(());
    }
    Err(trouble(format!("there are no values in shape {}, so they have no {}", shape_text(&t.shape), how.name())))
}

/// Independent accumulators, so that a sum does not wait for itself.
const LANES: usize = 8;

fn along<T>(host: &Host, items: &[T], how: Reduction, of: impl Fn(&T) -> f64 + Copy) -> Result<f64, Trouble> {
    let n = items.len() as f64;
    Ok(match how {
        Reduction::Min => fold(host, items, f64::INFINITY, of, |a, x| if x < a || x.is_nan() { x } else { a })?,
        Reduction::Max => fold(host, items, f64::NEG_INFINITY, of, |a, x| if x > a || x.is_nan() { x } else { a })?,
        Reduction::AbsMax => fold(host, items, 0.0, |x| of(x).abs(), |a, x| if x > a || x.is_nan() { x } else { a })?,
        Reduction::Sum => fold(host, items, 0.0, of, |a, x| a + x)?,
        Reduction::Mean => fold(host, items, 0.0, of, |a, x| a + x)? / n,
        Reduction::Std => {
            let mean = fold(host, items, 0.0, of, |a, x| a + x)? / n;
            (fold(host, items, 0.0, |x| (of(x) - mean).powi(2), |a, x| a + x)? / n).sqrt()
        }
    })
}

fn fold<T>(host: &Host, items: &[T], start: f64, of: impl Fn(&T) -> f64, join: impl Fn(f64, f64) -> f64) -> Result<f64, Trouble> {
    let mut lanes = [start; LANES];
    for block in items.chunks(BLOCK) {
        if items.len() > BLOCK {
            host.poll()?;
        }
        let (chunks, tail) = block.as_chunks::<LANES>();
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane = join(*lane, of(x));
            }
        }
        for x in tail {
            lanes[0] = join(lanes[0], of(x));
        }
    }
    let start = lanes[0];
    Ok(lanes[1..].iter().fold(start, |a, &x| if a.is_nan() { a } else { join(a, x) }))
}
