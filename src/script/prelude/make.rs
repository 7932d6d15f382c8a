//! Tensors: new ones, other types, other shapes.

use rhai::Dynamic;

use crate::{
    script::{
        format::number,
        host::{Trouble, trouble},
        tensor::{self, DType, Maker, Tensor},
        value::{Answer, Call, Operand},
    },
    tensor::Source,
    text::did_you_mean,
};

/// The shape that the arguments from `first` on name: numbers, or one list of them.
fn shape(call: &Call, first: usize) -> Result<Vec<usize>, Trouble> {
    let axes: Vec<i64> = axes(call, first)?;
    let refuse = |axis: &i64| trouble(format!("`{}` cannot make an axis of length {axis}", call.name));
    axes.iter().map(|axis| usize::try_from(*axis).map_err(|_| refuse(axis))).collect()
}

fn axes(call: &Call, first: usize) -> Result<Vec<i64>, Trouble> {
    if call.dynamic(first).is_array() {
        let list = call.list(first)?;
        let whole = |value: &Dynamic| value.as_int().map_err(|_| trouble("a shape is a list of whole numbers"));
        return list.iter().map(whole).collect();
    }
    (first..call.n_args()).map(|idx| call.int(idx)).collect()
}

pub(super) fn tensor(call: &mut Call) -> Answer {
    if let Some(Operand::Tensor(t)) = Operand::of(call.dynamic(0)) {
        return Ok(Dynamic::from(t));
    }
    tensor::of_list(call.host, &call.list(0)?).map(Dynamic::from)
}

fn made(call: &Call, make: impl FnOnce(&Maker) -> Result<Tensor, Trouble>) -> Answer {
    make(&Maker::new(call.host, shape(call, 0)?)?).map(Dynamic::from)
}

pub(super) fn zeros(call: &mut Call) -> Answer {
    made(call, |maker| maker.by_place(|_| 0.0))
}

pub(super) fn ones(call: &mut Call) -> Answer {
    made(call, |maker| maker.by_place(|_| 1.0))
}

pub(super) fn rand(call: &mut Call) -> Answer {
    made(call, |maker| maker.uniform(0.0, 1.0))
}

pub(super) fn randn(call: &mut Call) -> Answer {
    made(call, |maker| maker.normal())
}

pub(super) fn laplace(call: &mut Call) -> Answer {
    made(call, |maker| maker.laplace())
}

/// Whole numbers give i32, as in `tensor`.
pub(super) fn arange(call: &mut Call) -> Answer {
    let (first, end) = if call.has(1) { (call.number(0)?, call.number(1)?) } else { (0.0, call.number(0)?) };
    let step = if call.has(2) { call.number(2)? } else { 1.0 };
    let n = ((end - first) / step).ceil();
    if step == 0.0 || !n.is_finite() {
        let (first, end, step) = (number(first), number(end), number(step));
        return Err(trouble(format!("`arange` does not get from {first} to {end} in steps of {step}")));
    }
    let maker = Maker::new(call.host, vec![n.max(0.0) as usize])?;
    let t = maker.by_place(|i| (first + i as f64 * step) as f32)?;
    let is_whole = (0..call.n_args()).all(|idx| call.dynamic(idx).is_int());
    if is_whole && n * step.abs() < f64::from(1 << 24) && first.abs() < f64::from(1 << 24) {
        return t.cast_whole(call.host, DType::I32, |x| x as i32).map(Dynamic::from);
    }
    Ok(Dynamic::from(t))
}

pub(super) fn linspace(call: &mut Call) -> Answer {
    let (first, last, n) = (call.number(0)?, call.number(1)?, call.count(2)?);
    let step = if n > 1 { (last - first) / (n - 1) as f64 } else { 0.0 };
    let at = |i: usize| if i + 1 == n && n > 1 { last } else { first + i as f64 * step };
    Maker::new(call.host, vec![n])?.by_place(|i| at(i) as f32).map(Dynamic::from)
}

/// The embedded sources.
pub(super) fn weights(call: &mut Call) -> Answer {
    let name = call.text(0)?;
    let known = || Source::ALL.iter().filter(|spec| !spec.source.is_sampled()).map(|spec| spec.name);
    let Some(source) = Source::find(&name).filter(|source| !source.is_sampled()) else {
        let meant = did_you_mean(&name, known()).map_or(String::new(), |near| format!(" (did you mean \"{near}\"?)"));
        let known: Vec<&str> = known().collect();
        return Err(trouble(format!("there are no weights \"{name}\"{meant}; there are: {}", known.join(", "))));
    };
    let stored = call.host.sources.get(source, 0, 0);
    let maker = Maker::new(call.host, vec![stored.n_rows(), stored.cols])?;
    maker.by_place(|i| stored.data[i]).map(Dynamic::from)
}

/// To a float type.
fn floats(call: &Call, dtype: DType) -> Answer {
    Ok(match call.operand(0)? {
        Operand::Int(i) => Dynamic::from(dtype.round_wide(i as f64)),
        Operand::Float(x) => Dynamic::from(dtype.round_wide(x)),
        Operand::Tensor(t) => Dynamic::from(t.cast_float(call.host, dtype)?),
    })
}

pub(super) fn to_f32(call: &mut Call) -> Answer {
    floats(call, DType::F32)
}

pub(super) fn to_f16(call: &mut Call) -> Answer {
    floats(call, DType::F16)
}

pub(super) fn to_bf16(call: &mut Call) -> Answer {
    floats(call, DType::Bf16)
}

pub(super) fn to_e4m3(call: &mut Call) -> Answer {
    floats(call, DType::E4m3)
}

pub(super) fn to_e5m2(call: &mut Call) -> Answer {
    floats(call, DType::E5m2)
}

pub(super) fn to_e2m1(call: &mut Call) -> Answer {
    floats(call, DType::E2m1)
}

/// To a type of whole numbers by `cast`.
fn whole(call: &Call, dtype: DType, cast: impl Fn(f64) -> i32) -> Answer {
    Ok(match call.operand(0)? {
        Operand::Int(i) => Dynamic::from(i64::from(cast(i as f64))),
        Operand::Float(x) => Dynamic::from(i64::from(cast(x))),
        Operand::Tensor(t) => Dynamic::from(t.cast_whole(call.host, dtype, cast)?),
    })
}

pub(super) fn as_i8(call: &mut Call) -> Answer {
    whole(call, DType::I8, |x| i32::from(x as i8))
}

pub(super) fn as_u8(call: &mut Call) -> Answer {
    whole(call, DType::U8, |x| i32::from(x as u8))
}

pub(super) fn as_i4(call: &mut Call) -> Answer {
    whole(call, DType::I4, |x| (x as i32).clamp(-8, 7))
}

pub(super) fn as_i32(call: &mut Call) -> Answer {
    whole(call, DType::I32, |x| x as i32)
}

// Beyond 64 bits the low bits of a float are 0, and so is what wraps.

pub(super) fn wrap_i8(call: &mut Call) -> Answer {
    whole(call, DType::I8, |x| i32::from((x % 256.0) as i64 as i8))
}

pub(super) fn wrap_u8(call: &mut Call) -> Answer {
    whole(call, DType::U8, |x| i32::from((x % 256.0) as i64 as u8))
}

pub(super) fn reshape(call: &mut Call) -> Answer {
    let t = call.tensor(0)?;
    tensor::reshape(&t, &axes(call, 1)?).map(Dynamic::from)
}

pub(super) fn transpose(call: &mut Call) -> Answer {
    tensor::transpose(call.host, &call.tensor(0)?).map(Dynamic::from)
}

pub(super) fn concat(call: &mut Call) -> Answer {
    tensor::concat(call.host, &call.tensor(0)?, &call.tensor(1)?).map(Dynamic::from)
}

pub(super) fn matmul(call: &mut Call) -> Answer {
    tensor::matmul(call.host, &call.tensor(0)?, &call.tensor(1)?).map(Dynamic::from)
}
