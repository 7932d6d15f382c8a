//! Lists, maps, and what has a length.

use rhai::{Array, Dynamic, FnPtr, ImmutableString};

use super::{element, placed};
use crate::script::{
    engine::MAX_LIST,
    format,
    host::{Trouble, trouble},
    tensor::{Data, Filled, Tensor},
    value::{Answer, Call, Operand, place, type_in_words},
};

pub(super) fn len(call: &mut Call) -> Answer {
    let value = call.dynamic(0);
    let n = if let Some(list) = value.read_lock::<Array>() {
        list.len()
    } else if let Some(map) = value.read_lock::<rhai::Map>() {
        map.len()
    } else if let Some(t) = value.read_lock::<Tensor>() {
        t.len()
    } else {
        call.text(0).map_err(|_| call.mismatch(0, "a list, a map, a text or a tensor"))?.chars().count()
    };
    Ok(Dynamic::from(n as i64))
}

pub(super) fn push(call: &mut Call) -> Answer {
    let value = call.take(1);
    call.list_mut(|list| list.push(value))?;
    Ok(Dynamic::UNIT)
}

pub(super) fn pop(call: &mut Call) -> Answer {
    call.list_mut(Array::pop)?.ok_or_else(|| trouble("`pop` of an empty list: there is no value to take"))
}

pub(super) fn contains(call: &mut Call) -> Answer {
    let wanted = format::text(call.dynamic(1));
    let value = call.dynamic(0);
    let is_there = if let Some(list) = value.read_lock::<Array>() {
        list.iter().any(|item| is_same(item, call.dynamic(1)))
    } else if let Some(map) = value.read_lock::<rhai::Map>() {
        map.contains_key(wanted.as_str())
    } else {
        call.text(0).map_err(|_| call.mismatch(0, "a list, a map or a text"))?.contains(&wanted)
    };
    Ok(Dynamic::from(is_there))
}

/// Equal numbers, or equal texts of one type.
fn is_same(a: &Dynamic, b: &Dynamic) -> bool {
    match (Operand::of(a).and_then(|a| a.number()), Operand::of(b).and_then(|b| b.number())) {
        (Some(a), Some(b)) => a == b,
        (None, None) => type_in_words(a) == type_in_words(b) && format::text(a) == format::text(b),
        _ => false,
    }
}

/// Calls a function of the script.
fn call_with(call: &Call, f: &FnPtr, value: Dynamic) -> Answer {
    f.call_within_context::<Dynamic>(call.ctx, (value,)).map_err(|error| placed(error, place(call.ctx)))
}

pub(super) fn map(call: &mut Call) -> Answer {
    let (list, f) = (call.list(0)?, call.function(1)?);
    let made: Result<Array, Trouble> = list.into_iter().map(|value| call_with(call, &f, value)).collect();
    made.map(Dynamic::from)
}

pub(super) fn filter(call: &mut Call) -> Answer {
    let (list, f) = (call.list(0)?, call.function(1)?);
    let mut kept = Array::new();
    for value in list {
        let answer = call_with(call, &f, value.clone())?;
        let is_kept = answer.as_bool();
        if is_kept
            .map_err(|_| trouble(format!("the function of `filter` gives true or false, not {}", type_in_words(&answer))))?
        {
            kept.push(value);
        }
    }
    Ok(Dynamic::from(kept))
}

pub(super) fn sort(call: &mut Call) -> Answer {
    if let Some(Operand::Tensor(t)) = Operand::of(call.dynamic(0)) {
        return sorted(call, &t);
    }
    let mut list = call.list(0)?;
    if list.iter().all(|value| value.is_string()) {
        list.sort_by_cached_key(ToString::to_string);
        return Ok(Dynamic::from(list));
    }
    if let Some(odd) = list.iter().find(|value| !value.is_int() && !value.is_float()) {
        return Err(trouble(format!("`sort` takes numbers or texts, and one value is {}", type_in_words(odd))));
    }
    let key = |value: &Dynamic| value.as_float().unwrap_or_else(|_| value.as_int().unwrap_or(0) as f64);
    list.sort_by(|a, b| ascending(key(a), key(b)));
    Ok(Dynamic::from(list))
}

/// Any NaN behind all numbers, whatever its sign.
fn ascending(a: f64, b: f64) -> std::cmp::Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

fn sorted(call: &Call, t: &Tensor) -> Answer {
    // A sort is about twenty passes.
    call.host.charge(t.len().saturating_mul(20))?;
    Ok(Dynamic::from(match t.data() {
        Data::Floats(items) => {
            let mut out = Filled::with_capacity(call.host, items.len())?;
            out.extend_from(call.host, items, |&x| x)?;
            out.items.sort_unstable_by(|a, b| ascending((*a).into(), (*b).into()));
            Tensor::floats(t.shape(), t.dtype(), out)
        }
        Data::Whole(items) => {
            let mut out = Filled::with_capacity(call.host, items.len())?;
            out.extend_from(call.host, items, |&q| q)?;
            out.items.sort_unstable();
            Tensor::whole(t.shape(), t.dtype(), out)
        }
    }))
}

pub(super) fn reverse(call: &mut Call) -> Answer {
    let mut list = call.list(0)?;
    list.reverse();
    Ok(Dynamic::from(list))
}

pub(super) fn range(call: &mut Call) -> Answer {
    let (first, end) = if call.has(1) { (call.int(0)?, call.int(1)?) } else { (0, call.int(0)?) };
    let step = if call.has(2) { call.int(2)? } else { 1 };
    let (first, end, step) = (i128::from(first), i128::from(end), i128::from(step));
    if step == 0 {
        return Err(trouble("`range` goes nowhere in steps of 0"));
    }
    let n = ((end - first) + step - step.signum()).div_euclid(step).max(0);
    if n > MAX_LIST as i128 {
        return Err(trouble(format!(
            "a list holds at most {MAX_LIST} values, and this range has {n}; use `arange` or `for i in 0..n`"
        )));
    }
    let list: Array = (0..n).map(|i| Dynamic::from((first + i * step) as i64)).collect();
    Ok(Dynamic::from(list))
}

pub(super) fn to_list(call: &mut Call) -> Answer {
    let t = call.tensor(0)?;
    if t.len() > MAX_LIST {
        return Err(trouble(format!("a list holds at most {MAX_LIST} values, and this tensor has {}", t.len())));
    }
    listed(call, &t).map(Dynamic::from)
}

fn listed(call: &Call, t: &Tensor) -> Result<Array, Trouble> {
    let n = t.shape().first().copied().unwrap_or(0);
    let mut list = Array::new();
    for i in 0..n {
        let value = element(call.host, t, i as i64)?;
        let rows = value.read_lock::<Tensor>().map(|row| listed(call, &row)).transpose()?;
        list.push(rows.map_or(value, Dynamic::from));
    }
    Ok(list)
}

pub(super) fn keys(call: &mut Call) -> Answer {
    let keys: Array = call.map(0)?.keys().map(|key| Dynamic::from(ImmutableString::from(key.as_str()))).collect();
    Ok(Dynamic::from(keys))
}
