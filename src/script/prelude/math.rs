//! Functions of one number, or of every element of a tensor.

use rhai::Dynamic;

use crate::{
    kernel::Rounding,
    script::{
        host::{Trouble, trouble},
        number,
        tensor::{self, Op, binary, map_floats, map_whole},
        value::{Answer, Call, Operand},
    },
};

/// `wide` of a number, `narrow` of the elements of a tensor.
fn each(call: &Call, wide: impl Fn(f64) -> f64, narrow: impl Fn(f32) -> f32) -> Answer {
    Ok(match call.operand(0)? {
        Operand::Int(i) => Dynamic::from(wide(i as f64)),
        Operand::Float(x) => Dynamic::from(wide(x)),
        Operand::Tensor(t) => Dynamic::from(map_floats(call.host, &t, narrow)?),
    })
}

/// The same for functions that leave whole numbers as they are.
fn rounded(call: &Call, wide: impl Fn(f64) -> f64, narrow: impl Fn(f32) -> f32) -> Answer {
    match call.operand(0)? {
        Operand::Int(i) => Ok(Dynamic::from(i)),
        Operand::Tensor(t) if !t.dtype().is_float() => Ok(Dynamic::from(t)),
        _ => each(call, wide, narrow),
    }
}

pub(super) fn abs(call: &mut Call) -> Answer {
    match call.operand(0)? {
        Operand::Int(i) => Ok(Dynamic::from(i.checked_abs().ok_or_else(|| trouble("this number has no magnitude in 64 bits"))?)),
        Operand::Tensor(t) if !t.dtype().is_float() => {
            // |-128| is no i8, so magnitudes are i32.
            let t = t.cast_whole(call.host, tensor::DType::I32, |q| q as i32)?;
            let made = map_whole(call.host, &t, i32::saturating_abs);
            made.unwrap_or_else(|| Err(trouble("it is whole"))).map(Dynamic::from)
        }
        _ => each(call, f64::abs, f32::abs),
    }
}

pub(super) fn sqrt(call: &mut Call) -> Answer {
    each(call, f64::sqrt, f32::sqrt)
}

pub(super) fn exp(call: &mut Call) -> Answer {
    each(call, f64::exp, f32::exp)
}

pub(super) fn ln(call: &mut Call) -> Answer {
    each(call, f64::ln, f32::ln)
}

pub(super) fn log2(call: &mut Call) -> Answer {
    each(call, f64::log2, f32::log2)
}

pub(super) fn log10(call: &mut Call) -> Answer {
    each(call, f64::log10, f32::log10)
}

pub(super) fn round_even(call: &mut Call) -> Answer {
    rounded(call, f64::round_ties_even, crate::kernel::round_even)
}

pub(super) fn round_away(call: &mut Call) -> Answer {
    rounded(call, f64::round, |x| Rounding::Away.apply(x, 0))
}

pub(super) fn floor(call: &mut Call) -> Answer {
    rounded(call, f64::floor, |x| Rounding::Floor.apply(x, 0))
}

pub(super) fn ceil(call: &mut Call) -> Answer {
    rounded(call, f64::ceil, |x| -Rounding::Floor.apply(-x, 0))
}

pub(super) fn trunc(call: &mut Call) -> Answer {
    rounded(call, f64::trunc, |x| Rounding::Truncate.apply(x, 0))
}

pub(super) fn pow(call: &mut Call) -> Answer {
    match (call.operand(0)?, call.operand(1)?) {
        (Operand::Int(a), Operand::Int(b)) => number::power(a, b),
        (a, b) => either(call, Op::Pow, &a, &b, f64::powf),
    }
}

pub(super) fn minimum(call: &mut Call) -> Answer {
    extreme(call, Op::Min)
}

pub(super) fn maximum(call: &mut Call) -> Answer {
    extreme(call, Op::Max)
}

fn extreme(call: &Call, op: Op) -> Answer {
    let (a, b) = (call.operand(0)?, call.operand(1)?);
    held(call, op, a, b).map(Operand::into_dynamic)
}

/// The smaller or larger one; a NaN stays.
fn held(call: &Call, op: Op, a: Operand, b: Operand) -> Result<Operand, Trouble> {
    let is_first = |a: f64, b: f64| a.is_nan() || if op == Op::Min { a < b } else { a > b };
    Ok(match (&a, &b) {
        (Operand::Int(x), Operand::Int(y)) => Operand::Int(if op == Op::Min { *x.min(y) } else { *x.max(y) }),
        _ => match (a.number(), b.number()) {
            (Some(x), Some(y)) => Operand::Float(if is_first(x, y) { x } else { y }),
            _ => Operand::Tensor(binary(call.host, op, &a, &b)?),
        },
    })
}

pub(super) fn clamp(call: &mut Call) -> Answer {
    let (x, lo, hi) = (call.operand(0)?, call.operand(1)?, call.operand(2)?);
    if let (Some(lo), Some(hi)) = (lo.number(), hi.number())
        && (lo > hi || lo.is_nan() || hi.is_nan())
    {
        return Err(trouble(format!(
            "`clamp` cannot hold a value between {lo} and {hi}: the first bound is not below the second"
        )));
    }
    let above = held(call, Op::Max, x, lo)?;
    held(call, Op::Min, above, hi).map(Operand::into_dynamic)
}

/// An operator on two numbers or tensors.
fn either(call: &Call, op: Op, a: &Operand, b: &Operand, wide: impl Fn(f64, f64) -> f64) -> Answer {
    match (a.number(), b.number()) {
        (Some(a), Some(b)) => Ok(Dynamic::from(wide(a, b))),
        _ => binary(call.host, op, a, b).map(Dynamic::from),
    }
}

pub(super) fn is_nan(call: &mut Call) -> Answer {
    match call.operand(0)? {
        Operand::Int(_) => Ok(Dynamic::FALSE),
        Operand::Float(x) => Ok(Dynamic::from(x.is_nan())),
        // A NaN is the only value that differs from itself.
        Operand::Tensor(t) => {
            let t = Operand::Tensor(t);
            binary(call.host, Op::NotEqual, &t, &t).map(Dynamic::from)
        }
    }
}

/// Equal infinities are near; a NaN is near nothing.
pub(super) fn near(call: &mut Call) -> Answer {
    let (a, b, tol) = (call.operand(0)?, call.operand(1)?, call.number(2)?);
    let close = |a: f64, b: f64| a == b || (a - b).abs() <= tol;
    if let (Some(a), Some(b)) = (a.number(), b.number()) {
        return Ok(Dynamic::from(close(a, b)));
    }
    let (equal, apart) = (binary(call.host, Op::Equal, &a, &b)?, binary(call.host, Op::Sub, &a, &b)?);
    let is_near = (0..equal.len()).all(|i| equal.get(i) != 0.0 || apart.get(i).abs() <= tol);
    Ok(Dynamic::from(is_near))
}

pub(super) fn div(call: &mut Call) -> Answer {
    number::whole_division(call.int(0)?, call.int(1)?).map(Dynamic::from)
}

pub(super) fn xor(call: &mut Call) -> Answer {
    Ok(Dynamic::from(call.int(0)? ^ call.int(1)?))
}
