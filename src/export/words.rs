//! A figure in words: ranges, peaks, counts, and what changed against mark A. For `w`, for JSON and for those who do not
//! see the picture.

mod process;

use super::number::{count, format_value, number, quantity};
use crate::lab::{Bar, Bars, ErrorHistogram, Figure, Lines, Mirror, Rows, Ruler, Series, Shape, Table, TraceStep};

/// At most this many rows of a table are read out.
const MAX_ROWS: usize = 20;

/// A step of a trace: its caption, then each of its figures.
pub fn step_words(step: &TraceStep) -> String {
    let figures = step.figures.iter().map(|figure| words(figure, None)).filter(|words| !words.is_empty());
    std::iter::once(step.caption.clone()).chain(figures).collect::<Vec<_>>().join(" ")
}

/// Points that stand alone are read out one by one, if there are not more.
const MAX_POINTS: usize = 12;

/// The text equivalent of a figure; `against` is the same figure of mark A, another kind of figure is ignored.
pub fn words(figure: &Figure, against: Option<&Figure>) -> String {
    let mut sentences = match figure {
        Figure::Mirror(f) => mirror(f),
        Figure::ErrorHistogram(f) => error(f),
        Figure::Rows(f) => rows(f),
        Figure::Lines(f) => lines(f),
        Figure::Bars(f) => bars(f),
        Figure::Ruler(f) => ruler(f),
        Figure::Table(f) => table(f),
        Figure::Bits(f) => process::bits(f),
        Figure::Cells(f) => process::cells(f),
        Figure::Ticks(f) => process::ticks(f),
        Figure::Heatmap(f) => process::heatmap(f),
        Figure::Flow(f) => process::flow(f),
        Figure::Images(f) => process::images(f),
    };
    let change = match (figure, against) {
        (Figure::Mirror(f), Some(Figure::Mirror(a))) => mirror_change(f, a),
        (Figure::ErrorHistogram(f), Some(Figure::ErrorHistogram(a))) => error_change(f, a),
        (Figure::Rows(f), Some(Figure::Rows(a))) => rows_change(f, a),
        (Figure::Lines(f), Some(Figure::Lines(a))) => lines_change(f, a),
        (Figure::Bars(f), Some(Figure::Bars(a))) => bars_change(f, a),
        (Figure::Ruler(f), Some(Figure::Ruler(a))) => ruler_change(f, a),
        _ => String::new(),
    };
    if !change.is_empty() {
        sentences.push(format!("Against A: {change}."));
    }
    let heading = Some(figure.heading()).filter(|h| !h.is_empty()).map(|h| format!("{}.", h.trim_end_matches('.')));
    heading.into_iter().chain(sentences).collect::<Vec<_>>().join(" ")
}

fn range((lo, hi): (f64, f64)) -> String {
    format!("{} to {}", number(lo), number(hi))
}

/// The value of a bound between cells on the figure's axis.
fn value_at(f: &Mirror, cell: f64) -> f64 {
    let code = f64::from(f.first_code) + cell - 0.5;
    match f.grid.scale {
        Some(scale) if !f.x_is_code => (code - f64::from(f.grid.zero_point)) * scale,
        _ => code,
    }
}

fn total(counts: &[u32]) -> u64 {
    counts.iter().map(|&n| u64::from(n)).sum()
}

fn peak(counts: &[u32]) -> Option<(usize, u32)> {
    counts.iter().copied().enumerate().max_by_key(|&(i, n)| (n, std::cmp::Reverse(i))).filter(|&(_, n)| n > 0)
}

fn n_used(f: &Mirror) -> usize {
    f.quantized.iter().filter(|n| **n > 0).count()
}

fn code_at(f: &Mirror, cell: usize) -> i64 {
    i64::from(f.first_code) + cell as i64
}

fn mirror(f: &Mirror) -> Vec<String> {
    let n_codes = i64::from(f.grid.qmax) - i64::from(f.grid.qmin) + 1;
    let axis = range((value_at(f, 0.0), value_at(f, f.n_codes as f64)));
    let mut out =
        vec![format!("{} values; the axis ({}) runs from {axis}.", count(total(&f.original) + f.below + f.above), f.x_label)];
    let steps: Vec<u32> =
        f.original.chunks(f.sub.max(1)).map(|bins| bins.iter().fold(0, |sum: u32, n| sum.saturating_add(*n))).collect();
    if let Some((cell, n)) = peak(&steps) {
        out.push(format!(
            "The originals peak near {} with {} values in one step.",
            number(value_at(f, cell as f64 + 0.5)),
            count(n.into())
        ));
    }
    if let Some((cell, n)) = peak(&f.quantized) {
        let used = format!("{} of {} codes ({} to {}) are used", n_used(f), n_codes, f.grid.qmin, f.grid.qmax);
        out.push(format!(
            "{used}; code {} holds the most, {} values; the zero point is {}.",
            code_at(f, cell),
            count(n.into()),
            f.grid.zero_point
        ));
    }
    let n_clipped = clipped(f);
    if n_clipped > 0 {
        out.push(format!("{} values lie beyond the codes and are clipped.", count(n_clipped)));
    }
    if let Some(rms) = rms(f) {
        let of = if f.below + f.above > 0 { " of the values on the axis" } else { "" };
        out.push(format!("The RMS error{of} is {} steps.", number(rms)));
    }
    out
}

/// Values in cells outside of the grid, and off the axis.
fn clipped(f: &Mirror) -> u64 {
    let sub = f.sub.max(1);
    let is_outside = |cell: usize| !(i64::from(f.grid.qmin)..=i64::from(f.grid.qmax)).contains(&code_at(f, cell));
    let inside_axis: u64 =
        f.original.iter().enumerate().filter(|(bin, _)| is_outside(bin / sub)).map(|(_, &n)| u64::from(n)).sum();
    inside_axis + f.below + f.above
}

/// Of the values on the axis.
fn rms(f: &Mirror) -> Option<f64> {
    let n = total(&f.original);
    let sum: f64 = f.sq_error.iter().map(|&e| f64::from(e)).sum();
    (n > 0).then(|| (sum / n as f64).sqrt())
}

fn mirror_change(f: &Mirror, a: &Mirror) -> String {
    let mut parts = Vec::new();
    if let (Some(now), Some(was)) = (f.grid.scale, a.grid.scale)
        && now != was
    {
        parts.push(format!("a step was {} and is {}", number(was), number(now)));
    }
    push_change(&mut parts, "codes used", n_used(a) as u64, n_used(f) as u64);
    push_change(&mut parts, "clipped values", clipped(a), clipped(f));
    if let (Some(now), Some(was)) = (rms(f).map(number), rms(a).map(number))
        && now != was
    {
        parts.push(format!("the RMS error on the axis, in steps, was {was} and is {now}"));
    }
    if parts.is_empty() { "nothing changed".into() } else { parts.join("; ") }
}

fn push_change(parts: &mut Vec<String>, name: &str, was: u64, now: u64) {
    if was != now {
        parts.push(format!("{name} were {} and are {}", count(was), count(now)));
    }
}

fn error(f: &ErrorHistogram) -> Vec<String> {
    let mut out = vec![format!("{} errors over {} steps.", count(total(&f.counts)), range((f.lo, f.hi)))];
    if let Some((least, most)) = extent(f) {
        out.push(format!(
            "They lie within {} steps; a bin holds at most {} and would hold {} if errors were uniform.",
            range((least, most)),
            count(peak(&f.counts).map_or(0, |p| u64::from(p.1))),
            count(f.uniform.round().max(0.0) as u64)
        ));
    }
    if f.outside > 0 {
        out.push(format!("{} lie outside of the axis.", count(f.outside)));
    }
    out
}

/// The bounds of the bins that hold anything.
fn extent(f: &ErrorHistogram) -> Option<(f64, f64)> {
    let bin = (f.hi - f.lo) / f.counts.len().max(1) as f64;
    let first = f.counts.iter().position(|n| *n > 0)?;
    let last = f.counts.iter().rposition(|n| *n > 0)?;
    Some((f.lo + first as f64 * bin, f.lo + (last + 1) as f64 * bin))
}

fn error_change(f: &ErrorHistogram, a: &ErrorHistogram) -> String {
    match (extent(f), extent(a)) {
        (Some(now), Some(was)) if now != was => format!("errors lay within {} steps and lie within {}", range(was), range(now)),
        (Some(_), Some(_)) => "errors lie within the same range".into(),
        _ => String::new(),
    }
}

fn median(f: &Rows) -> f64 {
    f.sorted.get(f.sorted.len() / 2).map_or(f64::NAN, |r| f64::from(r.sqnr_db))
}

fn rows(f: &Rows) -> Vec<String> {
    let (Some(worst), Some(best)) = (f.sorted.first(), f.sorted.last()) else { return Vec::new() };
    let db = |v: f32| format_value(v.into(), 2);
    let five: Vec<String> = f.sorted.iter().take(5).map(|r| format!("{} {} ({} dB)", f.unit, r.idx, db(r.sqnr_db))).collect();
    let span = format!(
        "SQNR of {} {}s runs from {} to {} dB",
        count(f.sorted.len() as u64),
        f.unit,
        db(worst.sqnr_db),
        db(best.sqnr_db)
    );
    vec![format!("{span}, half of them below {} dB.", format_value(median(f), 2)), format!("The worst: {}.", five.join(", "))]
}

fn rows_change(f: &Rows, a: &Rows) -> String {
    let worst = |f: &Rows| f.sorted.first().map_or(f64::NAN, |r| f64::from(r.sqnr_db));
    let text =
        |name: &str, was: f64, now: f64| format!("{name} was {} dB and is {} dB", format_value(was, 2), format_value(now, 2));
    format!("{}; {}", text(&format!("the worst {}", f.unit), worst(a), worst(f)), text("the median", median(a), median(f)))
}

fn lines(f: &Lines) -> Vec<String> {
    let unit = |u: &str| if u.is_empty() { String::new() } else { format!(" {u}") };
    let (x_unit, y_unit) = (unit(f.x_unit), unit(f.y_unit));
    let one = |s: &Series| {
        let mut points: Vec<_> = s.points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        // What stands in one place is said once.
        points.dedup();
        let (first, last) = (points.first()?, points.last()?);
        if points.len() == 1 || s.shape == Shape::Points && points.len() <= MAX_POINTS {
            let all: Vec<String> =
                points.iter().map(|(x, y)| format!("{}{y_unit} at {}{x_unit}", number(*y), number(*x))).collect();
            return Some(format!("{}: {}.", s.name, all.join(", ")));
        }
        let top = points.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(format!(
            "{}: {}{y_unit} at {}{x_unit}, {}{y_unit} at {}{x_unit}, greatest {}{y_unit} at {}{x_unit}.",
            s.name,
            number(first.1),
            number(first.0),
            number(last.1),
            number(last.0),
            number(top.1),
            number(top.0)
        ))
    };
    let here = f.here.map(|(x, y)| format!("The controls stand at {}{x_unit}: {}{y_unit}.", number(x), number(y)));
    let intro = format!("{} over {}.", scaled(f.y_label, f.y_log), scaled(f.x_label, f.x_log));
    let marks = f.marks.iter().map(|mark| format!("{} at {}{x_unit}.", mark.label, number(mark.x)));
    std::iter::once(intro).chain(f.series.iter().filter_map(one)).chain(marks).chain(here).collect()
}

fn scaled(label: &str, log: bool) -> String {
    if log { format!("{label} (log scale)") } else { label.into() }
}

fn lines_change(f: &Lines, a: &Lines) -> String {
    match (f.here, a.here) {
        (Some(now), Some(was)) if now != was => {
            format!("{} was {} at {} and is {} at {}", f.y_label, number(was.1), number(was.0), number(now.1), number(now.0))
        }
        _ => String::new(),
    }
}

fn sum(bar: &Bar) -> f64 {
    bar.segments.iter().map(|s| s.value).sum()
}

fn bars(f: &Bars) -> Vec<String> {
    let one = |bar: &Bar| {
        let parts: Vec<String> =
            bar.segments.iter().filter(|s| s.value != 0.0).map(|s| format!("{} {}", s.name, quantity(s.value, f.unit))).collect();
        let note = if bar.note.is_empty() { String::new() } else { format!(", {}", bar.note) };
        format!("{}: {} ({}){note}.", bar.label, quantity(sum(bar), f.unit), parts.join(", "))
    };
    let scale = f.log.then(|| "Lengths stand on a log scale.".to_owned());
    f.bars.iter().map(one).chain(scale).collect()
}

fn bars_change(f: &Bars, a: &Bars) -> String {
    let change = |bar: &Bar| {
        let was = sum(a.bars.iter().find(|b| b.label == bar.label)?);
        (was != sum(bar)).then(|| format!("{} was {} and is {}", bar.label, quantity(was, f.unit), quantity(sum(bar), f.unit)))
    };
    f.bars.iter().filter_map(change).collect::<Vec<_>>().join("; ")
}

fn ruler(f: &Ruler) -> Vec<String> {
    let data = f.data.map(|d| format!("The data run from {}.", range(d)));
    let asked =
        format!("Asked for was {}; the codes {} to {} cover {}.", range(f.asked), f.grid.qmin, f.grid.qmax, range(f.covered));
    let zero = match f.grid.scale {
        Some(scale) => format!("A step is {}, and real zero is code {}.", number(scale), f.grid.zero_point),
        None => format!("Real zero is code {}.", f.grid.zero_point),
    };
    data.into_iter().chain([asked, zero]).collect()
}

fn ruler_change(f: &Ruler, a: &Ruler) -> String {
    let mut parts = Vec::new();
    if f.covered != a.covered {
        parts.push(format!("covered was {} and is {}", range(a.covered), range(f.covered)));
    }
    if f.grid.zero_point != a.grid.zero_point {
        parts.push(format!("the zero point was {} and is {}", a.grid.zero_point, f.grid.zero_point));
    }
    if parts.is_empty() { "nothing changed".into() } else { parts.join("; ") }
}

fn table(f: &Table) -> Vec<String> {
    let row = |row: &Vec<String>| {
        let cells: Vec<String> = f.columns.iter().zip(row).map(|(name, cell)| format!("{name} {cell}")).collect();
        cells.join(", ") + "."
    };
    let rest = f.rows.len().saturating_sub(MAX_ROWS);
    let more = (rest > 0).then(|| format!("{rest} more rows."));
    f.rows.iter().take(MAX_ROWS).map(row).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Grid;

    #[test]
    fn a_curve_of_one_place_is_said_once() {
        let series = vec![Series::line("output", crate::lab::SeriesRole::B, vec![(1.0, 45.2); 4])];
        let f = Lines { x_label: "gain", y_label: "SQNR", y_unit: "dB", series, ..Lines::default() };
        assert_eq!(lines(&f), ["SQNR over gain.", "output: 45.2 dB at 1."]);
    }

    fn sample(scale: f64, above: u64) -> Figure {
        Figure::Mirror(Mirror {
            view: "values",
            heading: "3 of 3 codes used".into(),
            x_label: "weight",
            x_is_code: false,
            grid: Grid { qmin: -1, qmax: 1, scale: Some(scale), zero_point: 0 },
            first_code: -1,
            n_codes: 3,
            sub: 1,
            original: vec![1, 5, 2],
            quantized: vec![1, 5, 2],
            sq_error: vec![0.0, 2.0, 0.0],
            below: 0,
            above,
            linear_first: false,
        })
    }

    #[test]
    fn a_mirror_says_its_range_peak_codes_and_change() {
        assert_eq!(
            words(&sample(0.5, 4), Some(&sample(1.0, 0))),
            "3 of 3 codes used. 12 values; the axis (weight) runs from -0.75 to 0.75. The originals peak near 0 with 5 values in one step. \
             3 of 3 codes (-1 to 1) are used; code 0 holds the most, 5 values; the zero point is 0. \
             4 values lie beyond the codes and are clipped. The RMS error of the values on the axis is 0.5 steps. \
             Against A: a step was 1 and is 0.5; clipped values were 0 and are 4."
        );
        assert!(words(&sample(0.5, 4), Some(&sample(0.5, 4))).ends_with("Against A: nothing changed."));
    }
}
