//! Operators and functions on every element, with broadcasting on both sides.

use super::{DType, Data, Filled, MAX_RANK, Tensor, shape_text};
use crate::script::{
    host::{BLOCK, Host, Trouble, trouble},
    number::remainder_float,
    value::Operand,
};

/// An operator on two tensors, or on a tensor and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::script) enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    Min,
    Max,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

impl Op {
    /// The operators with the signs that scripts write; minimum and maximum are functions.
    pub(in crate::script) const SIGNS: [(&'static str, Self); 12] = [
        ("+", Self::Add),
        ("-", Self::Sub),
        ("*", Self::Mul),
        ("/", Self::Div),
        ("%", Self::Rem),
        ("**", Self::Pow),
        ("<", Self::Less),
        ("<=", Self::LessEqual),
        (">", Self::Greater),
        (">=", Self::GreaterEqual),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
    ];

    fn is_comparison(self) -> bool {
        matches!(self, Self::Less | Self::LessEqual | Self::Greater | Self::GreaterEqual | Self::Equal | Self::NotEqual)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Min => "minimum",
            Self::Max => "maximum",
            op => Self::SIGNS.iter().find(|(_, other)| *other == op).map_or("?", |(sign, _)| sign),
        }
    }
}

/// `a op b`. Whole numbers stay whole (as i32; beyond it is an error) but for `/`, `**` with a negative exponent and a
/// fraction on the other side; two float types that differ give f32, a number beside a float tensor takes its type.
/// Comparisons give 0 and 1 as u8.
pub(in crate::script) fn binary(host: &Host, op: Op, a: &Operand, b: &Operand) -> Result<Tensor, Trouble> {
    let plan = Plan::new(op, shape_of(a), shape_of(b))?;
    host.charge(plan.n)?;
    let is_whole = |x: &Operand| match x {
        Operand::Int(i) => i32::try_from(*i).is_ok(),
        Operand::Float(_) => false,
        Operand::Tensor(t) => !t.dtype.is_float(),
    };
    if is_whole(a) && is_whole(b) && op != Op::Div && !(op == Op::Pow && has_negative(b)) {
        return whole(host, op, &plan, &wholes(a), &wholes(b));
    }
    let (x, y) = (floats(host, a)?, floats(host, b)?);
    if op.is_comparison() {
        let mut out = Filled::with_capacity(host, plan.n)?;
        compare(host, op, &plan, &x, &y, &mut out)?;
        return Ok(Tensor::whole(&plan.shape, DType::U8, out));
    }
    let mut out = Filled::with_capacity(host, plan.n)?;
    calculate(host, op, &plan, &x, &y, &mut out)?;
    Ok(Tensor::floats(&plan.shape, float_type(a, b), out))
}

fn calculate(host: &Host, op: Op, plan: &Plan, x: &[f32], y: &[f32], out: &mut Filled<f32>) -> Result<(), Trouble> {
    match op {
        Op::Add => plan.run(host, x, y, out, |a, b| a + b),
        Op::Sub => plan.run(host, x, y, out, |a, b| a - b),
        Op::Mul => plan.run(host, x, y, out, |a, b| a * b),
        Op::Div => plan.run(host, x, y, out, |a, b| a / b),
        Op::Rem => plan.run(host, x, y, out, |a, b| remainder_float(a.into(), b.into()) as f32),
        Op::Pow => plan.run(host, x, y, out, |a, b| if b == 2.0 { a * a } else { a.powf(b) }),
        // A NaN stays: `f32::min` would drop it.
        Op::Min => plan.run(host, x, y, out, |a, b| if a < b || a.is_nan() { a } else { b }),
        _ => plan.run(host, x, y, out, |a, b| if a > b || a.is_nan() { a } else { b }),
    }
}

fn compare(host: &Host, op: Op, plan: &Plan, x: &[f32], y: &[f32], out: &mut Filled<i32>) -> Result<(), Trouble> {
    match op {
        Op::Less => plan.run(host, x, y, out, |a, b| i32::from(a < b)),
        Op::LessEqual => plan.run(host, x, y, out, |a, b| i32::from(a <= b)),
        Op::Greater => plan.run(host, x, y, out, |a, b| i32::from(a > b)),
        Op::GreaterEqual => plan.run(host, x, y, out, |a, b| i32::from(a >= b)),
        Op::Equal => plan.run(host, x, y, out, |a, b| i32::from(a == b)),
        _ => plan.run(host, x, y, out, |a, b| i32::from(a != b)),
    }
}

fn whole(host: &Host, op: Op, plan: &Plan, x: &[i32], y: &[i32]) -> Result<Tensor, Trouble> {
    let mut out = Filled::with_capacity(host, plan.n)?;
    let mut beyond = None;
    let mut held = |wide: Option<i64>| match wide.map(i32::try_from) {
        Some(Ok(q)) => q,
        _ => {
            beyond.get_or_insert(wide);
            0
        }
    };
    let (wide, flag) = (i64::from, |b: bool| i32::from(b));
    match op {
        Op::Add => plan.run(host, x, y, &mut out, |a, b| held(Some(wide(a) + wide(b))))?,
        Op::Sub => plan.run(host, x, y, &mut out, |a, b| held(Some(wide(a) - wide(b))))?,
        Op::Mul => plan.run(host, x, y, &mut out, |a, b| held(Some(wide(a) * wide(b))))?,
        Op::Rem => plan.run(host, x, y, &mut out, |a, b| held(wide(a).checked_rem_euclid(wide(b)).map(|r| signed(r, b))))?,
        Op::Pow => plan.run(host, x, y, &mut out, |a, b| held(wide(a).checked_pow(b.unsigned_abs())))?,
        Op::Min => plan.run(host, x, y, &mut out, i32::min)?,
        Op::Max => plan.run(host, x, y, &mut out, i32::max)?,
        Op::Less => plan.run(host, x, y, &mut out, |a, b| flag(a < b))?,
        Op::LessEqual => plan.run(host, x, y, &mut out, |a, b| flag(a <= b))?,
        Op::Greater => plan.run(host, x, y, &mut out, |a, b| flag(a > b))?,
        Op::GreaterEqual => plan.run(host, x, y, &mut out, |a, b| flag(a >= b))?,
        Op::Equal => plan.run(host, x, y, &mut out, |a, b| flag(a == b))?,
        Op::NotEqual | Op::Div => plan.run(host, x, y, &mut out, |a, b| flag(a != b))?,
    }
    match beyond {
        None => Ok(Tensor::whole(&plan.shape, if op.is_comparison() { DType::U8 } else { DType::I32 }, out)),
        Some(Some(wide)) => Err(trouble(format!("{wide} does not fit an i32; use to_f32 on one side first"))),
        Some(None) if op == Op::Rem => Err(trouble("a whole number has no remainder by 0")),
        Some(None) => Err(trouble("a power does not fit an i32; use to_f32 first")),
    }
}

/// A remainder that is not negative, moved to the sign of `b`.
fn signed(r: i64, b: i32) -> i64 {
    if b < 0 && r != 0 { r + i64::from(b) } else { r }
}

fn has_negative(x: &Operand) -> bool {
    match x {
        Operand::Int(i) => *i < 0,
        Operand::Tensor(Tensor { data: Data::Whole(items), .. }) => items.iter().any(|q| *q < 0),
        _ => false,
    }
}

fn shape_of(x: &Operand) -> &[usize] {
    if let Operand::Tensor(t) = x { &t.shape } else { &[] }
}

fn float_type(a: &Operand, b: &Operand) -> DType {
    let of = |x: &Operand| if let Operand::Tensor(t) = x { Some(t.dtype) } else { None };
    match (of(a), of(b)) {
        (Some(t), None) | (None, Some(t)) => t.computed(),
        (Some(t), Some(u)) if t == u => t.computed(),
        _ => DType::F32,
    }
}

/// Values of one side: shared where they are f32 already.
enum Side<T> {
    One([T; 1]),
    Many(std::sync::Arc<super::Buffer<T>>),
}

impl<T> std::ops::Deref for Side<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::One(one) => one,
            Self::Many(many) => many,
        }
    }
}

fn floats(host: &Host, x: &Operand) -> Result<Side<f32>, Trouble> {
    Ok(match x {
        Operand::Int(i) => Side::One([*i as f32]),
        Operand::Float(x) => Side::One([*x as f32]),
        Operand::Tensor(t) => Side::Many(t.to_floats(host)?),
    })
}

fn wholes(x: &Operand) -> Side<i32> {
    match x {
        Operand::Int(i) => Side::One([i32::try_from(*i).unwrap_or(i32::MAX)]),
        Operand::Float(x) => Side::One([*x as i32]),
        Operand::Tensor(t) => match &t.data {
            Data::Whole(items) => Side::Many(std::sync::Arc::clone(items)),
            Data::Floats(_) => Side::One([0]),
        },
    }
}

/// How two shapes meet: axes from the right, each equal or 1 on one side.
struct Plan {
    shape: Vec<usize>,
    n: usize,
    /// Elements to step in `a` and `b` for one place on each axis; 0 where the side is stretched.
    steps: Vec<(usize, usize)>,
}

impl Plan {
    fn new(op: Op, a: &[usize], b: &[usize]) -> Result<Self, Trouble> {
        let rank = a.len().max(b.len());
        let axis = |shape: &[usize], i: usize| (i + shape.len()).checked_sub(rank).map_or(1, |i| shape[i]);
        let mut shape = Vec::with_capacity(rank);
        for i in 0..rank {
            shape.push(match (axis(a, i), axis(b, i)) {
                (x, y) if x == y => x,
                (1, y) => y,
                (x, 1) => x,
                _ => {
                    let (a, b, name) = (shape_text(a), shape_text(b), op.name());
                    return Err(trouble(format!(
                        "`{name}` does not fit shapes {a} and {b}: from the right, each axis must be equal, or 1 on one side"
                    )));
                }
            });
        }
        let n = super::n_values(&shape)?;
        let steps = steps(rank, &shape, a, b);
        let mut plan = Self { shape, n, steps };
        plan.steps.truncate(MAX_RANK);
        Ok(plan)
    }

    /// Fills `out` with `each(a, b)` of every place.
    fn run<T: Copy, O>(
        &self,
        host: &Host,
        a: &[T],
        b: &[T],
        out: &mut Filled<O>,
        mut each: impl FnMut(T, T) -> O,
    ) -> Result<(), Trouble> {
        if self.n == 0 {
            return Ok(());
        }
        // Both sides lie as the result does, or one of them is a single value: one long row.
        if a.len() == self.n && b.len() == self.n {
            return self.row(host, (a, 1), (b, 1), out, &mut each, self.n);
        }
        if b.len() == 1 && a.len() == self.n || a.len() == 1 && b.len() == self.n {
            return self.row(host, (a, usize::from(a.len() > 1)), (b, usize::from(b.len() > 1)), out, &mut each, self.n);
        }
        let last = self.shape.len() - 1;
        let (width, (step_a, step_b)) = (self.shape[last], self.steps[last]);
        let mut place = [0usize; MAX_RANK];
        let mut polled = 0;
        for row in 0..self.n / width {
            let of = |which: fn(&(usize, usize)) -> usize| -> usize {
                place[..last].iter().zip(&self.steps).map(|(at, steps)| at * which(steps)).sum()
            };
            let (from_a, from_b) = (of(|s| s.0), of(|s| s.1));
            if row * width >= polled {
                host.poll()?;
                polled = row * width + BLOCK;
            }
            self.row(host, (&a[from_a..], step_a), (&b[from_b..], step_b), out, &mut each, width)?;
            for axis in (0..last).rev() {
                place[axis] += 1;
                if place[axis] < self.shape[axis] {
                    break;
                }
                place[axis] = 0;
            }
        }
        Ok(())
    }

    /// `n` neighbours of the result.
    #[inline(always)]
    fn row<T: Copy, O>(
        &self,
        host: &Host,
        (a, step_a): (&[T], usize),
        (b, step_b): (&[T], usize),
        out: &mut Filled<O>,
        each: &mut impl FnMut(T, T) -> O,
        n: usize,
    ) -> Result<(), Trouble> {
        for first in (0..n).step_by(BLOCK) {
            let len = BLOCK.min(n - first);
            if n > BLOCK {
                host.poll()?;
            }
            match (step_a, step_b) {
                (1, 1) => out.items.extend(a[first..first + len].iter().zip(&b[first..first + len]).map(|(&a, &b)| each(a, b))),
                (1, 0) => out.items.extend(a[first..first + len].iter().map(|&a| each(a, b[0]))),
                (0, 1) => out.items.extend(b[first..first + len].iter().map(|&b| each(a[0], b))),
                _ => out.items.extend((first..first + len).map(|i| each(a[i * step_a], b[i * step_b]))),
            }
        }
        Ok(())
    }
}

fn steps(rank: usize, shape: &[usize], a: &[usize], b: &[usize]) -> Vec<(usize, usize)> {
    let mut steps = vec![(0, 0); rank];
    let (mut in_a, mut in_b) = (1, 1);
    for i in (0..rank).rev() {
        let axis = |side: &[usize]| (i + side.len()).checked_sub(rank).map_or(1, |i| side[i]);
        let (x, y) = (axis(a), axis(b));
        steps[i] = (if x == shape[i] && x > 1 { in_a } else { 0 }, if y == shape[i] && y > 1 { in_b } else { 0 });
        (in_a, in_b) = (in_a * x, in_b * y);
    }
    steps
}

/// `each` of every value, as floats; whole numbers become f32.
pub(in crate::script) fn map_floats(host: &Host, t: &Tensor, each: impl Fn(f32) -> f32) -> Result<Tensor, Trouble> {
    host.charge(t.len())?;
    let mut out = Filled::with_capacity(host, t.len())?;
    match &t.data {
        Data::Floats(items) => out.extend_from(host, items, |&x| each(x))?,
        Data::Whole(items) => out.extend_from(host, items, |&q| each(q as f32))?,
    }
    Ok(Tensor::floats(&t.shape, t.dtype.computed(), out))
}

/// `each` of every whole number, which stays in its type; `None` of a float tensor.
pub(in crate::script) fn map_whole(host: &Host, t: &Tensor, each: impl Fn(i32) -> i32) -> Option<Result<Tensor, Trouble>> {
    let Data::Whole(items) = &t.data else { return None };
    let made = || {
        host.charge(t.len())?;
        let mut out = Filled::with_capacity(host, t.len())?;
        out.extend_from(host, items, |&q| each(q))?;
        Ok(Tensor::whole(&t.shape, t.dtype, out))
    };
    Some(made())
}
