//! A number as a learner types it.

use super::{ExprError, parse};

/// Reads a typed number: `1/127`, `7.9e-3`, `0x7f`, `2^-6`, `1_000`, `-0.5 dB`. The unit of the question may stand
/// behind it; another unit is named in the error. The result is finite.
pub fn number(typed: &str, unit: &str) -> Result<f64, ExprError> {
    if let Some(error) = decimal_comma(typed) {
        return Err(error);
    }
    let value = match value(typed) {
        Ok(value) => value,
        Err(error) => match split_unit(typed) {
            Some((head, _)) if value(head).is_err() => return Err(error),
            Some((head, found)) if same_unit(found, unit) => value(head)?,
            Some((head, found)) => return Err(other_unit(head, found, unit)),
            None => return Err(error),
        },
    };
    if value.is_finite() {
        return Ok(value);
    }
    Err(ExprError::new(0..typed.len(), "this is not a finite number").help("check for a division by zero"))
}

fn value(text: &str) -> Result<f64, ExprError> {
    let expr = parse(text)?;
    match expr.names().first() {
        Some((name, span)) => Err(ExprError::new(span.clone(), format!("`{name}` is not a number"))
            .help("type a number, or a calculation such as 1/127")),
        None => expr.eval_constant(),
    }
}

/// `0,5` outside of a call: refused with help, for it may mean a half or two numbers.
fn decimal_comma(typed: &str) -> Option<ExprError> {
    let bytes = typed.as_bytes();
    let is_digit = |idx: usize| bytes.get(idx).is_some_and(u8::is_ascii_digit);
    let comma = (1..bytes.len()).find(|&idx| bytes[idx] == b',' && is_digit(idx - 1) && is_digit(idx + 1))?;
    if typed[..comma].contains('(') {
        return None;
    }
    Some(
        ExprError::new(comma..comma + 1, "a comma is not read inside a number")
            .help(format!("write {} for a fraction, or leave the comma out of thousands", typed.trim().replace(',', "."))),
    )
}

/// The part before a trailing unit, and the unit.
fn split_unit(typed: &str) -> Option<(&str, &str)> {
    let typed = typed.trim_end();
    let is_unit = |c: char| c.is_alphabetic() || matches!(c, '%' | '/' | '²' | '°' | 'µ' | ' ');
    let last_value = typed.rfind(|c| !is_unit(c))?;
    let start = last_value + typed[last_value..].chars().next().map_or(0, char::len_utf8);
    let (head, unit) = typed.split_at(start);
    // The exponent of `7e` or the digits of `0xff` are no unit; then the head alone would not be what was typed.
    (!unit.trim().is_empty()).then_some((head, unit.trim()))
}

/// Units agree when they are equal. Whole words may differ in case and number (`Bits`, `bit`), and `db` is dB; but MB, Mb
/// and mb are three units.
fn same_unit(found: &str, unit: &str) -> bool {
    if found == unit {
        return true;
    }
    let word = |text: &str| {
        let lower = text.to_lowercase();
        lower.strip_suffix('s').map(str::to_owned).unwrap_or(lower)
    };
    let spelled_out = unit.chars().count() > 2 && unit.chars().skip(1).all(|c| !c.is_uppercase());
    (spelled_out && word(found) == word(unit)) || (unit == "dB" && found.eq_ignore_ascii_case("db"))
}

fn other_unit(head: &str, found: &str, unit: &str) -> ExprError {
    let span = head.len()..head.len() + found.len();
    if unit.is_empty() {
        let error = ExprError::new(span, format!("the answer is a plain number, without `{found}`"));
        return if found == "%" { error.help("50 % is written 0.5") } else { error };
    }
    ExprError::new(span, format!("the answer is asked in {unit}, not in `{found}`")).help("convert it, or leave the unit out")
}
