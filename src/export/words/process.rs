//! Bits, cells, places, matrices and pipelines in words.

use super::{MAX_ROWS, range};
use crate::{
    export::number::{count, number},
    lab::{Bits, BitsRow, CellRow, Cells, Flow, Heatmap, Images, SeriesRole, Stage, TickRow, Ticks},
};

/// At most this many places of a set, or cells of a row, are read out.
const MAX_ITEMS: usize = 32;

fn unit(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" {unit}") }
}

/// `label: ` where there is a label.
fn lead(label: &str) -> String {
    if label.is_empty() { String::new() } else { format!("{label}: ") }
}

fn ended(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!(" {}.", note.trim_end_matches('.')) }
}

pub(super) fn bits(f: &Bits) -> Vec<String> {
    let one = |row: &BitsRow| {
        let n = row.n.clamp(1, 64) as usize;
        let digits = format!("{:0n$b}", row.pattern & (u64::MAX >> (64 - n)));
        let mut rest = digits.as_str();
        let field = |&(name, width, _): &(&str, u32, SeriesRole)| {
            let (field, behind) = rest.split_at((width as usize).min(rest.len()));
            rest = behind;
            format!("{name} {field}")
        };
        let fields: Vec<String> = row.fields.iter().map(field).collect();
        let said = if fields.is_empty() { digits.clone() } else { fields.join(", ") };
        format!("{}{said} ({:#x}).{}", lead(&row.label), row.pattern & (u64::MAX >> (64 - n)), ended(&row.note))
    };
    f.rows.iter().map(one).collect()
}

pub(super) fn cells(f: &Cells) -> Vec<String> {
    let legend: Vec<String> = f.legend.iter().map(|(role, name)| format!("{} are {name}", cells_of(f, *role))).collect();
    let one = |row: &CellRow| {
        let text: Vec<&str> = row.cells.iter().take(MAX_ITEMS).map(|cell| cell.text.as_str()).collect();
        let more = row.cells.len().saturating_sub(MAX_ITEMS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let strong: Vec<&str> = row.cells.iter().filter(|cell| cell.strong).map(|cell| cell.text.as_str()).collect();
        let strong = if strong.is_empty() { String::new() } else { format!(" In view: {}.", strong.join(" ")) };
        format!("{}{}{more}.{strong}{}", lead(&row.label), text.join(" "), ended(&row.note))
    };
    let legend = (!legend.is_empty()).then(|| format!("{}.", legend.join("; ")));
    f.rows.iter().take(MAX_ROWS).map(one).chain(legend).collect()
}

/// How many cells have a role: `18 cells`.
fn cells_of(f: &Cells, role: SeriesRole) -> String {
    let n = f.rows.iter().flat_map(|row| &row.cells).filter(|cell| cell.role == role).count();
    format!("{} cells", count(n as u64))
}

pub(super) fn ticks(f: &Ticks) -> Vec<String> {
    let x_unit = unit(f.x_unit);
    let one = |row: &TickRow| {
        let (Some(first), Some(last)) = (row.ticks.first(), row.ticks.last()) else {
            return format!("{}no places.{}", lead(&row.label), ended(&row.note));
        };
        let places = if row.ticks.len() <= MAX_ITEMS {
            row.ticks.iter().map(|&v| number(v)).collect::<Vec<_>>().join(", ")
        } else {
            format!("{} places from {} to {}", count(row.ticks.len() as u64), number(*first), number(*last))
        };
        let here = row.here.map(|v| format!(" Here: {}{x_unit}.", number(v))).unwrap_or_default();
        format!("{}{places}.{here}{}", lead(&row.label), ended(&row.note))
    };
    let scale = if f.x_log { ", log" } else { "" };
    let axis = format!("The axis ({}{x_unit}{scale}) runs from {}.", f.x_label, range((f.lo, f.hi)));
    std::iter::once(axis).chain(f.rows.iter().map(one)).collect()
}

pub(super) fn heatmap(f: &Heatmap) -> Vec<String> {
    let n_cols = f.n_cols.max(1);
    let of = unit(f.unit);
    let size = format!(
        "{} rows ({}) and {} columns ({}).",
        count((f.values.len() / n_cols) as u64),
        f.y_label,
        count(f.n_cols as u64),
        f.x_label
    );
    let finite = || f.values.iter().copied().enumerate().filter(|(_, v)| v.is_finite());
    let n = finite().count();
    let Some((at, most)) = finite().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))) else {
        return vec![size, "No value is finite.".into()];
    };
    let least = finite().map(|(_, v)| v).fold(f32::INFINITY, f32::min);
    let mean = finite().map(|(_, v)| f64::from(v)).sum::<f64>() / n as f64;
    let peak = format!(
        "{} runs from {} to {}{of}, on average {}; it is greatest at {} {}, {} {}.",
        f.value_label,
        number(least.into()),
        number(most.into()),
        number(mean),
        f.y_label,
        at / n_cols * f.per_value.0,
        f.x_label,
        at % n_cols * f.per_value.1
    );
    let pooled =
        (f.per_value != (1, 1)).then(|| format!("Each value stands for {} x {} of the matrix.", f.per_value.0, f.per_value.1));
    let gaps = (n < f.values.len()).then(|| format!("{} of the values are not finite.", count((f.values.len() - n) as u64)));
    [size, peak].into_iter().chain(pooled).chain(gaps).collect()
}

pub(super) fn flow(f: &Flow) -> Vec<String> {
    let one = |(i, stage): (usize, &Stage)| {
        let kind = match stage.role {
            SeriesRole::A => ", in float",
            SeriesRole::B => ", in integers",
            SeriesRole::Error | SeriesRole::Grid => "",
        };
        let part = |word: &str, text: &str| if text.is_empty() { String::new() } else { format!("; {word} {text}") };
        format!(
            "{}: {}{kind}{}{}{}",
            i + 1,
            stage.name,
            part("takes", &stage.side),
            part("gives", &stage.out),
            part("note:", &stage.note)
        ) + "."
    };
    f.stages.iter().enumerate().map(one).collect()
}

/// What stands below each picture; the pixels are in JSON.
pub(super) fn images(f: &Images) -> Vec<String> {
    let n_rows = f.pictures.first().map_or(0, |p| p.pixels.len() / f.width.max(1));
    let size = format!("{} of {} by {n_rows} pixels.", count(f.pictures.len() as u64) + " pictures", f.width);
    let captions: Vec<String> = f.pictures.iter().take(MAX_ITEMS).map(|p| p.caption.join(", ")).collect();
    let more = f.pictures.len().saturating_sub(MAX_ITEMS);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let captions = (!captions.is_empty()).then(|| format!("{}{more}.", captions.join("; ")));
    std::iter::once(size).chain(captions).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_bits_names_its_fields() {
        let row = BitsRow {
            label: "FP16".into(),
            pattern: 0x2e66,
            n: 16,
            fields: vec![("sign", 1, SeriesRole::Error), ("exponent", 5, SeriesRole::A), ("mantissa", 10, SeriesRole::B)],
            note: "about 0.1".into(),
        };
        let f = Bits { view: "bits", heading: String::new(), rows: vec![row] };
        assert_eq!(bits(&f), ["FP16: sign 0, exponent 01011, mantissa 1001100110 (0x2e66). about 0.1."]);
    }

    #[test]
    fn a_heatmap_names_its_peak_and_its_gaps() {
        let f = Heatmap {
            view: "map",
            heading: String::new(),
            x_label: "channel",
            y_label: "token",
            value_label: "|x|",
            unit: "",
            per_value: (1, 1),
            n_cols: 2,
            values: vec![1.0, 5.0, f32::NAN, 3.0],
            lo: 0.0,
            hi: 5.0,
        };
        let words = heatmap(&f).join(" ");
        assert!(words.contains("from 1 to 5, on average 3; it is greatest at token 0, channel 1."), "{words}");
        assert!(words.ends_with("1 of the values are not finite."), "{words}");
        let pooled = heatmap(&Heatmap { per_value: (3, 2), ..f.clone() }).join(" ");
        assert!(pooled.contains("token 0, channel 2. Each value stands for 3 x 2 of the matrix."), "{pooled}");
        assert!(heatmap(&Heatmap { values: vec![f32::NAN; 2], ..f }).join(" ").ends_with("No value is finite."));
    }
}
