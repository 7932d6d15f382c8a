//! Values as controls show them.

use unicode_width::UnicodeWidthStr;

use crate::{
    export::format_value,
    lab::{ParamKind, ParamSpec, Pixels, Value},
};

/// A value as its control shows it: the label of a choice, on or off, a number with the decimals of its step.
pub fn shown_value(spec: &ParamSpec, value: Value) -> String {
    match (spec.kind, value) {
        (ParamKind::Choice(options), Value::Choice(name)) => {
            options.iter().find(|o| o.name == name).map_or(name, |o| o.label).to_owned()
        }
        (_, Value::Bool(on)) => if on { "on" } else { "off" }.into(),
        (_, Value::Int(i)) => format_value(i as f64, 0),
        (ParamKind::Float { step, log: false, .. }, Value::Float(x)) => plain_float(x, step),
        (_, Value::Float(x)) => log_float(x),
        (_, Value::Choice(name)) => name.into(),
        (ParamKind::Vector { step, .. }, Value::Vector(items)) => {
            items.iter().map(|&x| plain_float(x, step)).collect::<Vec<_>>().join(", ")
        }
        (_, Value::Image(pixels)) => {
            let width = pixels.width().max(1);
            format!("{width}x{}, {} inked", pixels.len() / width, pixels.iter().filter(|level| **level > 0).count())
        }
        (_, Value::Bits(_) | Value::Vector(_)) => value.to_string(),
    }
}

/// The decimals of the step, or all that a typed number needs.
fn plain_float(x: f64, step: f64) -> String {
    let of_step = (0..=6).find(|&d| format!("{step:.d$}").parse() == Ok(step)).unwrap_or(6);
    let decimals = (of_step..=6).find(|&d| format!("{x:.d$}").parse() == Ok(x)).unwrap_or(6);
    format!("{x:.decimals$}")
}

/// Three digits: `0.0126`, `251`, `7e9`, `7.08e9`.
fn log_float(x: f64) -> String {
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) {
        let decimals = (2 - x.abs().max(1e-3).log10().floor() as i32).max(0) as usize;
        let text = format!("{x:.decimals$}");
        return if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text };
    }
    let text = format!("{x:.2e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
}

/// One element of a vector with the decimals of its step; `None` where there is none.
pub(super) fn shown_item(spec: &ParamSpec, value: Value, item: usize) -> Option<String> {
    match (spec.kind, value) {
        (ParamKind::Vector { step, .. }, Value::Vector(items)) => items.get(item).map(|&x| plain_float(x, step)),
        _ => None,
    }
}

/// "row 3, column 4: 16" of the pixel that keys act on, counted from 1.
pub(super) fn shown_pixel(pixels: Pixels, item: usize) -> String {
    let width = pixels.width().max(1);
    let level = pixels.get(item).copied().unwrap_or(0);
    format!("row {}, column {}: {level}", item / width + 1, item % width + 1)
}

/// As many whole elements as fit: a number that is cut short is another number.
pub(super) fn whole_items(text: &str, room: usize, ellipsis: &str) -> String {
    if text.width() <= room {
        return text.into();
    }
    let ends = text.match_indices(", ").map(|(at, sep)| at + sep.len());
    let end = ends.take_while(|end| end + ellipsis.width() <= room).last().unwrap_or(0);
    format!("{}{ellipsis}", &text[..end])
}

/// The widest that an element can be between the bounds, and as it is.
pub(super) fn item_width(spec: &ParamSpec, value: Value) -> usize {
    let ParamKind::Vector { min, max, step, .. } = spec.kind else { return 0 };
    let Value::Vector(items) = value else { return 0 };
    items.iter().chain(&[min, max]).map(|&x| plain_float(x, step).len()).max().unwrap_or(0)
}

/// Where a number stands between its limits, 0 to 1, by the scale of its steps.
pub(super) fn share_of(spec: &ParamSpec, value: Value, item: usize) -> Option<f64> {
    let (min, max, x, log) = match (spec.kind, value) {
        (ParamKind::Int { min, max, log, .. }, Value::Int(x)) => (min as f64, max as f64, x as f64, log),
        (ParamKind::Float { min, max, log, .. }, Value::Float(x)) => (min, max, x, log),
        (ParamKind::Vector { min, max, .. }, Value::Vector(items)) => (min, max, *items.get(item)?, false),
        _ => return None,
    };
    let (min, max, x) = if log && min > 0.0 { (min.ln(), max.ln(), x.ln()) } else { (min, max, x) };
    Some(if max > min { ((x - min) / (max - min)).clamp(0.0, 1.0) } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_the_digits_that_matter() {
        assert_eq!(plain_float(-0.1, 0.05), "-0.10");
        assert_eq!(plain_float(0.123, 0.05), "0.123");
        assert_eq!(plain_float(5.0, 1.0), "5");
        assert_eq!(plain_float(1.5, 0.25), "1.50");
        assert_eq!(log_float(0.012_589), "0.0126");
        assert_eq!(log_float(251.19), "251");
        assert_eq!(log_float(7e9), "7e9");
        assert_eq!(log_float(7.079e9), "7.08e9");
        assert_eq!(log_float(1.0), "1");
    }
}
