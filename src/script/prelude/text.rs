//! Texts, and numbers as texts.

use rhai::{Array, Dynamic, ImmutableString};

use crate::script::{
    format,
    host::trouble,
    value::{Answer, Call, Operand},
};

/// Decimals at most; an f64 has no more to say.
const MAX_DECIMALS: usize = 20;

fn answer(text: impl Into<ImmutableString>) -> Answer {
    Ok(Dynamic::from(text.into()))
}

pub(super) fn fixed(call: &mut Call) -> Answer {
    let (x, decimals) = (call.number(0)?, call.count(1)?.min(MAX_DECIMALS));
    if !x.is_finite() {
        return answer(format::number(x));
    }
    answer(format!("{x:.decimals$}"))
}

pub(super) fn hex(call: &mut Call) -> Answer {
    let i = call.int(0)?;
    answer(format!("{}{:#x}", if i < 0 { "-" } else { "" }, i.unsigned_abs()))
}

pub(super) fn bin(call: &mut Call) -> Answer {
    let i = call.int(0)?;
    answer(format!("{}{:#b}", if i < 0 { "-" } else { "" }, i.unsigned_abs()))
}

pub(super) fn int(call: &mut Call) -> Answer {
    if let Ok(text) = call.text(0) {
        let read = text.trim().parse::<i64>();
        return read.map(Dynamic::from).map_err(|_| trouble(format!("\"{text}\" is not a whole number")));
    }
    let x = call.number(0)?;
    if let Some(Operand::Int(i)) = Operand::of(call.dynamic(0)) {
        return Ok(Dynamic::from(i));
    }
    if !x.is_finite() || x.abs() >= 9.2e18 {
        return Err(trouble(format!("{} has no whole number of 64 bits", format::number(x))));
    }
    Ok(Dynamic::from(x as i64))
}

pub(super) fn float(call: &mut Call) -> Answer {
    if let Ok(text) = call.text(0) {
        let read = text.trim().parse::<f64>();
        return read.map(Dynamic::from).map_err(|_| trouble(format!("\"{text}\" is not a number")));
    }
    call.number(0).map(Dynamic::from)
}

pub(super) fn join(call: &mut Call) -> Answer {
    let between = call.text(1)?;
    let parts: Vec<String> = call.list(0)?.iter().map(format::text).collect();
    answer(parts.join(&between))
}

pub(super) fn split(call: &mut Call) -> Answer {
    let (text, at) = (call.text(0)?, call.text(1)?);
    if at.is_empty() {
        return Err(trouble("`split` needs something to split at, and this text is empty"));
    }
    Ok(Dynamic::from(text.split(&*at).map(|part| Dynamic::from(ImmutableString::from(part))).collect::<Array>()))
}

pub(super) fn upper(call: &mut Call) -> Answer {
    answer(call.text(0)?.to_uppercase())
}

pub(super) fn lower(call: &mut Call) -> Answer {
    answer(call.text(0)?.to_lowercase())
}

pub(super) fn trim(call: &mut Call) -> Answer {
    answer(call.text(0)?.trim())
}
