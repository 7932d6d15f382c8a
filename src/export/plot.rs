//! A figure as a vector plot: axes with units, title, legend, and its words for those who do not see it.
//!
//! Not a picture of cells: every column of a mirror (up to 512), every point of a line is drawn. The colours are those of
//! the light theme on white paper, so that a plot prints well.

mod canvas;
mod counts;

use canvas::{Axis, Canvas, HEIGHT, INK, Plot, WIDTH, colour};

use super::{number::quantity, words::words};
use crate::lab::{Bars, Figure, Lines, Rows, Ruler, SeriesRole, Table};

/// An SVG document of 900 by 480 units (a table or many bars may be higher) with `<title>` and `<desc>`.
pub fn svg(figure: &Figure) -> String {
    let mut canvas = Canvas::new(figure.heading(), &words(figure, None), height(figure));
    match figure {
        Figure::Mirror(f) => counts::mirror(f, &mut canvas),
        Figure::ErrorHistogram(f) => counts::error(f, &mut canvas),
        Figure::Rows(f) => rows(f, &mut canvas),
        Figure::Lines(f) => lines(f, &mut canvas),
        Figure::Bars(f) => bars(f, &mut canvas),
        Figure::Ruler(f) => ruler(f, &mut canvas),
        Figure::Table(f) => table(f, &mut canvas),
        Figure::Bits(_) | Figure::Cells(_) | Figure::Ticks(_) | Figure::Heatmap(_) | Figure::Flow(_) => {}
    }
    canvas.finish()
}

const ROW: f64 = 34.0;
const TOP: f64 = 60.0;

fn height(figure: &Figure) -> f64 {
    let rows = match figure {
        Figure::Bars(f) => f.bars.len(),
        Figure::Table(f) => f.rows.len() + 1,
        Figure::Ruler(_) => 7,
        _ => return HEIGHT,
    };
    TOP + ROW * (rows as f64 + 1.5)
}

fn rows(f: &Rows, canvas: &mut Canvas) {
    let best = f.sorted.last().map_or(60.0, |r| f64::from(r.sqnr_db)).clamp(60.0, 200.0);
    let x = Axis { lo: 0.0, hi: f.sorted.len().max(1) as f64, name: format!("{}s, worst first", f.unit) };
    let plot = Plot::new(x, Axis { lo: 0.0, hi: best, name: "SQNR (dB)".into() });
    plot.axes(canvas);
    let points: Vec<(f64, f64)> = f
        .sorted
        .iter()
        .enumerate()
        .flat_map(|(rank, r)| [(rank as f64, f64::from(r.sqnr_db).max(0.0)), (rank as f64 + 1.0, f64::from(r.sqnr_db).max(0.0))])
        .collect();
    plot.line(&points, colour(SeriesRole::B), "", canvas);
}

fn lines(f: &Lines, canvas: &mut Canvas) {
    let named = |label: &str, unit: &str| if unit.is_empty() { label.to_owned() } else { format!("{label} ({unit})") };
    let points =
        || f.series.iter().flat_map(|s| s.points.iter().copied()).chain(f.here).filter(|(x, y)| x.is_finite() && y.is_finite());
    let (Some(x), Some(mut y)) = (extent(points().map(|p| p.0)), extent(points().map(|p| p.1))) else { return };
    if y.0 > 0.0 && y.0 < 0.5 * y.1 {
        y.0 = 0.0;
    }
    let plot = Plot::new(
        Axis { lo: x.0, hi: x.1, name: named(f.x_label, f.x_unit) },
        Axis { lo: y.0, hi: y.1, name: named(f.y_label, f.y_unit) },
    );
    plot.axes(canvas);
    for series in &f.series {
        plot.line(&series.points, colour(series.role), dashes(series.role), canvas);
    }
    if let Some((x, y)) = f.here.map(|(x, y)| (plot.x(x), plot.y(y))) {
        canvas.circle(x, y, INK);
    }
    canvas.legend(f.series.iter().map(|s| (s.name.clone(), colour(s.role))));
}

/// Lines are told apart without their colour too.
fn dashes(role: SeriesRole) -> &'static str {
    match role {
        SeriesRole::A => "",
        SeriesRole::B => "9 4",
        SeriesRole::Error => "6 3 2 3",
        SeriesRole::Grid => "2 4",
    }
}

/// Least and greatest, apart from each other.
fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (lo, hi) =
        values.fold(None, |range: Option<(f64, f64)>, v| Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v)))))?;
    Some(if hi > lo { (lo, hi) } else { (lo - 0.5 * lo.abs().max(1.0), hi + 0.5 * hi.abs().max(1.0)) })
}

fn bars(f: &Bars, canvas: &mut Canvas) {
    const LEFT: f64 = 170.0;
    const ROOM: f64 = 500.0;
    let finite = |v: f64| if v.is_finite() { v.max(0.0) } else { 0.0 };
    let total = |i: usize| f.bars[i].segments.iter().map(|s| finite(s.value)).sum::<f64>();
    let greatest = (0..f.bars.len()).map(total).fold(0.0, f64::max);
    let mut names: Vec<(String, &str)> = Vec::new();
    for (i, bar) in f.bars.iter().enumerate() {
        let (mut x, y) = (LEFT, TOP + ROW * i as f64);
        canvas.text(LEFT - 10.0, y + 15.0, "end", &bar.label);
        for segment in bar.segments.iter().filter(|s| finite(s.value) > 0.0) {
            let width = ROOM * finite(segment.value) / greatest;
            canvas.rect(x, y, width, ROW * 0.6, colour(segment.role), 1.0);
            x += width;
            if names.iter().all(|(name, _)| name != segment.name) {
                names.push((segment.name.into(), colour(segment.role)));
            }
        }
        canvas.text(x + 10.0, y + 15.0, "start", format!("{}  {}", quantity(total(i), f.unit), bar.note).trim_end());
    }
    canvas.legend(names.into_iter());
}

fn ruler(f: &Ruler, canvas: &mut Canvas) {
    let data = f.data.unwrap_or(f.covered);
    let ends = [f.asked.0, f.asked.1, f.covered.0, f.covered.1, data.0, data.1, 0.0];
    let Some((lo, hi)) = extent(ends.into_iter().filter(|v| v.is_finite())) else { return };
    let plot = Plot::new(Axis { lo, hi, name: "real value".into() }, Axis { lo: 0.0, hi: 1.0, name: String::new() });
    let ranges = [
        ("data", f.data, SeriesRole::A),
        ("asked for", Some(f.asked), SeriesRole::Grid),
        ("covered", Some(f.covered), SeriesRole::B),
    ];
    let mut y = TOP + 20.0;
    for (name, range, role) in ranges.into_iter().filter_map(|(name, range, role)| Some((name, range?, role))) {
        canvas.text(70.0, y + 5.0, "end", name);
        canvas.rect(plot.x(range.0), y - 5.0, plot.x(range.1) - plot.x(range.0), 10.0, colour(role), 1.0);
        y += ROW;
    }
    plot.x_axis(y, canvas);
    y += 2.0 * ROW;
    canvas.text(70.0, y + 5.0, "end", "codes");
    let n_steps = (i64::from(f.grid.qmax) - i64::from(f.grid.qmin)).max(1);
    let at =
        |code: i64| plot.x(f.covered.0 + (code - i64::from(f.grid.qmin)) as f64 / n_steps as f64 * (f.covered.1 - f.covered.0));
    // Ticks closer than two units would be one block.
    let stride = (n_steps / 350 + 1) as usize;
    for code in (i64::from(f.grid.qmin)..=i64::from(f.grid.qmax)).step_by(stride) {
        canvas.rect(at(code) - 0.5, y - 8.0, 1.0, 16.0, colour(SeriesRole::B), 1.0);
    }
    let zero_point = i64::from(f.grid.zero_point);
    canvas.text(at(i64::from(f.grid.qmin)), y + 26.0, "middle", &f.grid.qmin.to_string());
    canvas.text(at(i64::from(f.grid.qmax)), y + 26.0, "middle", &f.grid.qmax.to_string());
    if (i64::from(f.grid.qmin)..=i64::from(f.grid.qmax)).contains(&zero_point) {
        canvas.rect(at(zero_point) - 1.5, y - 14.0, 3.0, 28.0, INK, 1.0);
        canvas.text(at(zero_point), y - 18.0, "middle", &format!("zero point {zero_point}"));
    }
}

fn table(f: &Table, canvas: &mut Canvas) {
    let column = (WIDTH - 60.0) / f.columns.len().max(1) as f64;
    for (c, name) in f.columns.iter().enumerate() {
        canvas.bold(30.0 + column * c as f64, TOP, name);
    }
    for (r, row) in f.rows.iter().enumerate() {
        for (c, cell) in row.iter().enumerate().take(f.columns.len()) {
            canvas.text(30.0 + column * c as f64, TOP + ROW * (r as f64 + 1.0), "start", cell);
        }
    }
}
