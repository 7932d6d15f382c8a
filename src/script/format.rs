//! How values are printed.

use rhai::{Array, Dynamic, Map};

use super::tensor::Tensor;

/// Any value as text.
pub(super) fn text(value: &Dynamic) -> String {
    if let Some(list) = value.read_lock::<Array>() {
        return list_text(&list);
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map_text(&map);
    }
    if let Ok(x) = value.as_float() {
        return number(x);
    }
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return tensor.to_string();
    }
    value.to_string()
}

/// The shortest text that reads back as the same number; of one that an f32 holds, as the same f32. A whole one keeps
/// its point: `2.0` is not the whole number `2`.
pub(super) fn number(x: f64) -> String {
    let narrow = x as f32;
    let is_f32 = f64::from(narrow) == x;
    let size = x.abs();
    if x.is_nan() {
        "nan".into()
    } else if x.is_infinite() {
        if x > 0.0 { "inf".into() } else { "-inf".into() }
    } else if size != 0.0 && !(1e-5..1e16).contains(&size) {
        if is_f32 { format!("{narrow:e}") } else { format!("{x:e}") }
    } else {
        let plain = if is_f32 { narrow.to_string() } else { x.to_string() };
        if plain.contains('.') { plain } else { plain + ".0" }
    }
}

/// A value inside a list: texts keep their quotation marks.
fn inner(value: &Dynamic) -> String {
    if value.is_string() { format!("\"{value}\"") } else { text(value) }
}

fn list_text(list: &Array) -> String {
    format!("[{}]", list.iter().map(inner).collect::<Vec<_>>().join(", "))
}

fn map_text(map: &Map) -> String {
    let entries: Vec<String> = map.iter().map(|(key, value)| format!("{key}: {}", inner(value))).collect();
    format!("#{{{}}}", entries.join(", "))
}
