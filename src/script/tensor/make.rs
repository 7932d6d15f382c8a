//! New tensors: filled, drawn, from lists and from sources.

use rand_distr::{Distribution, Exp1, StandardNormal};
use rhai::{Array, Dynamic};

use super::{DType, Filled, Tensor, n_values};
use crate::script::{
    host::{BLOCK, Host, Trouble, trouble},
    value::type_in_words,
};

/// Makes float tensors of one shape.
pub(in crate::script) struct Maker<'a> {
    host: &'a Host,
    shape: Vec<usize>,
    n: usize,
}

impl<'a> Maker<'a> {
    pub(in crate::script) fn new(host: &'a Host, shape: Vec<usize>) -> Result<Self, Trouble> {
        let n = n_values(&shape)?;
        // Memory first: what is far too large is told in bytes.
        drop(host.lease(4 * n as u64)?);
        host.charge(n)?;
        Ok(Self { host, shape, n })
    }

    /// Every value from its place.
    pub(in crate::script) fn by_place(&self, mut each: impl FnMut(usize) -> f32) -> Result<Tensor, Trouble> {
        let mut out = Filled::with_capacity(self.host, self.n)?;
        for first in (0..self.n).step_by(BLOCK) {
            self.host.poll()?;
            out.items.extend((first..self.n.min(first + BLOCK)).map(&mut each));
        }
        Ok(Tensor::floats(&self.shape, DType::F32, out))
    }

    /// Evenly spread over `lo..hi`: 24 random bits each.
    pub(in crate::script) fn uniform(&self, lo: f64, hi: f64) -> Result<Tensor, Trouble> {
        use rand::Rng;
        let mut rng = self.host.rng();
        self.by_place(|_| {
            let unit = (rng.next_u32() >> 8) as f32 / 16_777_216.0;
            lo as f32 + (hi - lo) as f32 * unit
        })
    }

    /// The bell curve, mean 0, standard deviation 1.
    pub(in crate::script) fn normal(&self) -> Result<Tensor, Trouble> {
        let mut rng = self.host.rng();
        self.by_place(|_| StandardNormal.sample(&mut *rng))
    }

    /// Two-sided exponential, standard deviation 1.
    pub(in crate::script) fn laplace(&self) -> Result<Tensor, Trouble> {
        use rand::RngExt;
        let mut rng = self.host.rng();
        self.by_place(|_| {
            let magnitude: f32 = Exp1.sample(&mut *rng);
            magnitude * if rng.random() { std::f32::consts::FRAC_1_SQRT_2 } else { -std::f32::consts::FRAC_1_SQRT_2 }
        })
    }
}

/// A tensor from a list of numbers, or of lists of equal shape. Only whole numbers give i32, otherwise f32.
pub(in crate::script) fn of_list(host: &Host, list: &Array) -> Result<Tensor, Trouble> {
    let shape = shape_of(list);
    n_values(&shape)?;
    let mut numbers = Vec::new();
    collect(list, &shape, &mut numbers)?;
    host.charge(numbers.len())?;
    if numbers.iter().all(|value| value.is_int()) && !numbers.is_empty() {
        let mut out = Filled::with_capacity(host, numbers.len())?;
        for value in &numbers {
            let i = value.as_int().expect("all of them are whole");
            out.items.push(i32::try_from(i).map_err(|_| trouble(format!("{i} does not fit an i32")))?);
        }
        return Ok(Tensor::whole(&shape, DType::I32, out));
    }
    let mut out = Filled::with_capacity(host, numbers.len())?;
    out.items.extend(numbers.iter().map(|value| match value.as_float() {
        Ok(x) => x as f32,
        Err(_) => value.as_int().map_or(f32::NAN, |i| i as f32),
    }));
    Ok(Tensor::floats(&shape, DType::F32, out))
}

/// The shape that the first row of each level says.
fn shape_of(list: &Array) -> Vec<usize> {
    let mut shape = vec![list.len()];
    if let Some(row) = list.first().and_then(|value| value.read_lock::<Array>()) {
        shape.extend(shape_of(&row));
    }
    shape
}

fn collect(list: &Array, shape: &[usize], numbers: &mut Vec<Dynamic>) -> Result<(), Trouble> {
    let (wanted, inside) = shape.split_first().expect("a list has an axis");
    if list.len() != *wanted {
        return Err(trouble(format!("the rows of a tensor are equally long, and these have {wanted} and {} values", list.len())));
    }
    for value in list {
        match value.read_lock::<Array>() {
            Some(row) if !inside.is_empty() => collect(&row, inside, numbers)?,
            None if inside.is_empty() && (value.is_int() || value.is_float()) => numbers.push(value.clone()),
            _ => {
                let wanted = if inside.is_empty() { "numbers" } else { "rows of numbers" };
                return Err(trouble(format!("a tensor is made of {wanted}, and one of them is {}", type_in_words(value))));
            }
        }
    }
    Ok(())
}
