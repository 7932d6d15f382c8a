//! A figure as a vector plot: axes with units, title, legend, and its words for those who do not see it.
//!
//! Not a picture of cells: every column of a mirror (up to 512), every point of a line is drawn. The colours are those of
//! the light theme on white paper, so that a plot prints well.

mod bars;
mod canvas;
mod counts;
mod lines;
mod process;

use canvas::{Axis, Canvas, HEIGHT, INK, Plot, WIDTH, colour};

use super::words::words;
use crate::lab::{Figure, Rows, Ruler, SeriesRole, Table};

/// An SVG document of 900 by 480 units (a table or many bars may be higher) with `<title>` and `<desc>`.
pub fn svg(figure: &Figure) -> String {
    let mut canvas = Canvas::new(figure.heading(), &words(figure, None), height(figure));
    match figure {
        Figure::Mirror(f) => counts::mirror(f, &mut canvas),
        Figure::ErrorHistogram(f) => counts::error(f, &mut canvas),
        Figure::Rows(f) => rows(f, &mut canvas),
        Figure::Lines(f) => lines::lines(f, &mut canvas),
        Figure::Bars(f) => bars::bars(f, &mut canvas),
        Figure::Ruler(f) => ruler(f, &mut canvas),
        Figure::Table(f) => table(f, &mut canvas),
        Figure::Bits(f) => process::bits(f, &mut canvas),
        Figure::Cells(f) => process::cells(f, &mut canvas),
        Figure::Ticks(f) => process::ticks(f, &mut canvas),
        Figure::Heatmap(f) => process::heatmap(f, &mut canvas),
        Figure::Flow(f) => process::flow(f, &mut canvas),
        Figure::Images(f) => process::images(f, &mut canvas),
    }
    canvas.finish()
}

const ROW: f64 = 34.0;
const TOP: f64 = 60.0;

fn height(figure: &Figure) -> f64 {
    let rows = match figure {
        Figure::Bars(f) => f.bars.len() + usize::from(f.log),
        Figure::Table(f) => f.rows.len() + 1,
        Figure::Ruler(_) => 7,
        Figure::Bits(f) => 2 * f.rows.len(),
        Figure::Cells(f) => process::n_lines(f) + 1,
        Figure::Ticks(f) => f.rows.len() + 2,
        Figure::Flow(f) => 2 * f.stages.len(),
        Figure::Images(f) => process::n_image_rows(f),
        _ => return HEIGHT,
    };
    TOP + ROW * (rows as f64 + 1.5)
}

fn rows(f: &Rows, canvas: &mut Canvas) {
    let best = f.sorted.last().map_or(60.0, |r| f64::from(r.sqnr_db)).clamp(60.0, 200.0);
    let x = Axis { lo: 0.0, hi: f.sorted.len().max(1) as f64, name: format!("{}s, worst first", f.unit), ..Axis::default() };
    let plot = Plot::new(x, Axis { lo: 0.0, hi: best, name: "SQNR (dB)".into(), ..Axis::default() });
    plot.axes(canvas);
    let points: Vec<(f64, f64)> = f
        .sorted
        .iter()
        .enumerate()
        .flat_map(|(rank, r)| [(rank as f64, f64::from(r.sqnr_db).max(0.0)), (rank as f64 + 1.0, f64::from(r.sqnr_db).max(0.0))])
        .collect();
    plot.line(&points, colour(SeriesRole::B), "", canvas);
}

/// Least and greatest, apart from each other.
fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (lo, hi) =
        values.fold(None, |range: Option<(f64, f64)>, v| Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v)))))?;
    Some(if hi > lo { (lo, hi) } else { (lo - 0.5 * lo.abs().max(1.0), hi + 0.5 * hi.abs().max(1.0)) })
}

fn ruler(f: &Ruler, canvas: &mut Canvas) {
    let data = f.data.unwrap_or(f.covered);
    let ends = [f.asked.0, f.asked.1, f.covered.0, f.covered.1, data.0, data.1, 0.0];
    let Some((lo, hi)) = extent(ends.into_iter().filter(|v| v.is_finite())) else { return };
    let plot = Plot::new(
        Axis { lo, hi, name: "real value".into(), ..Axis::default() },
        Axis { lo: 0.0, hi: 1.0, name: String::new(), ..Axis::default() },
    );
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
