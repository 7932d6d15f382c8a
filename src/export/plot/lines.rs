//! Curves, points and columns over one axis.

use super::{
    canvas::{Axis, Canvas, INK, Plot, colour},
    extent,
};
use crate::lab::{Lines, Mark, Series, SeriesRole, Shape};

pub(super) fn lines(f: &Lines, canvas: &mut Canvas) {
    let Some(plot) = plot(f) else { return };
    plot.axes(canvas);
    let (lo, hi) = plot.y_ends();
    for mark in &f.marks {
        plot.line(&[(mark.x, lo), (mark.x, hi)], colour(mark.role), "3 3", canvas);
    }
    columns(f, &plot, canvas);
    for series in &f.series {
        match series.shape {
            Shape::Line => plot.line(&series.points, colour(series.role), dashes(f, series), canvas),
            Shape::Points => points(series, &plot, canvas),
            Shape::Columns => {}
        }
    }
    mark_labels(&f.marks, &plot, canvas);
    if let Some((x, y)) = f.here.and_then(|here| plot.point(here)) {
        canvas.circle(x, y, INK);
    }
    let sample = |s: &Series| (s.shape == Shape::Line).then(|| dashes(f, s));
    canvas.legend_of_lines(f.entries().into_iter().map(|s| (s.name.as_str(), colour(s.role), sample(s))));
}

/// The axes around all that can stand on them.
fn plot(f: &Lines) -> Option<Plot> {
    let named = |label: &str, unit: &str| if unit.is_empty() { label.to_owned() } else { format!("{label} ({unit})") };
    let fits = |v: f64, log: bool| v.is_finite() && (!log || v > 0.0);
    let points = f.series.iter().flat_map(|s| s.points.iter().copied()).chain(f.here);
    let points: Vec<(f64, f64)> = points.filter(|&(x, y)| fits(x, f.x_log) && fits(y, f.y_log)).collect();
    let marks = f.marks.iter().map(|mark| mark.x).filter(|&x| fits(x, f.x_log));
    let x = scaled(points.iter().map(|p| p.0).chain(marks), f.x_log)?;
    let mut y = scaled(points.iter().map(|p| p.1), f.y_log)?;
    let has_columns = f.series.iter().any(|s| s.shape == Shape::Columns);
    if !f.y_log && y.0 > 0.0 && (y.0 < 0.5 * y.1 || has_columns) {
        y.0 = 0.0;
    }
    Some(Plot::new(
        Axis { lo: x.0, hi: x.1, name: named(f.x_label, f.x_unit), log: f.x_log },
        Axis { lo: y.0, hi: y.1, name: named(f.y_label, f.y_unit), log: f.y_log },
    ))
}

/// The extent; of a log axis that of the logarithms, so that one value alone still has room around it.
fn scaled(values: impl Iterator<Item = f64>, log: bool) -> Option<(f64, f64)> {
    if !log {
        return extent(values);
    }
    extent(values.map(f64::log10)).map(|(lo, hi)| (10f64.powf(lo), 10f64.powf(hi)))
}

/// Lines are told apart without their colour too: in their order, and references on their own.
fn dashes(f: &Lines, series: &Series) -> &'static str {
    const MEASURED: [&str; 5] = ["", "9 4", "6 3 2 3", "4 4", "14 3 2 3 2 3"];
    const REFERENCES: [&str; 3] = ["2 4", "2 8", "2 2"];
    let is_reference = |s: &Series| s.role == SeriesRole::Grid;
    let kin = f.entries().into_iter().filter(|s| s.shape == Shape::Line && is_reference(s) == is_reference(series));
    let at = kin.take_while(|s| !s.is_kin(series)).count();
    if is_reference(series) { REFERENCES[at % REFERENCES.len()] } else { MEASURED[at % MEASURED.len()] }
}

fn points(series: &Series, plot: &Plot, canvas: &mut Canvas) {
    for (x, y) in series.points.iter().filter_map(|&p| plot.point(p)) {
        canvas.circle(x, y, colour(series.role));
    }
}

/// From the base up to each point, several series side by side.
fn columns(f: &Lines, plot: &Plot, canvas: &mut Canvas) {
    let series: Vec<&Series> = f.series.iter().filter(|s| s.shape == Shape::Columns).collect();
    let mut xs: Vec<f64> = series.iter().flat_map(|s| &s.points).filter_map(|&p| plot.point(p).map(|p| p.0)).collect();
    xs.sort_by(f64::total_cmp);
    let gap = xs.windows(2).map(|w| w[1] - w[0]).filter(|gap| *gap > 1e-6).fold(60.0, f64::min);
    let width = (0.8 * gap / series.len().max(1) as f64).max(0.5);
    let base = plot.y_base();
    for (i, s) in series.iter().enumerate() {
        for (x, y) in s.points.iter().filter_map(|&p| plot.point(p)) {
            let left = x + (i as f64 - 0.5 * series.len() as f64) * width;
            canvas.rect(left, y.min(base), width, (base - y).abs(), colour(s.role), 1.0);
        }
    }
}

/// Each label beside its line, one row lower where it would touch the one before.
fn mark_labels(marks: &[Mark], plot: &Plot, canvas: &mut Canvas) {
    let mut ends: Vec<f64> = Vec::new();
    let mut places: Vec<(f64, &str)> = marks.iter().map(|mark| (plot.x(mark.x) + 4.0, mark.label.as_str())).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (x, label) in places.into_iter().filter(|(x, _)| x.is_finite()) {
        let width = 8.0 * label.chars().count() as f64;
        // A label that would leave the picture stands left of its line.
        let start = if x + width > 890.0 { x - 8.0 - width } else { x };
        let row = ends.iter().position(|end| *end < start).unwrap_or(ends.len());
        ends.resize(ends.len().max(row + 1), 0.0);
        ends[row] = start + width + 6.0;
        canvas.text(start, 74.0 + 17.0 * row as f64, "start", label);
    }
}
