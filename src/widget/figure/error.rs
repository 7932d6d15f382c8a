//! The rounding error as a histogram in steps; the height of a uniform error is dashed.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    FigureState, FigureView,
    axis::{CountScale, Frame, bar_glyph},
};
use crate::{
    export::{axis_number, count, ticks},
    lab::{ErrorHistogram, Figure},
    theme::Role,
};

/// Bins to columns: whole bins a column or whole columns a bin, so that no column holds more bins than another.
#[derive(Clone, Copy, Debug)]
struct Cut {
    bins_per_column: usize,
    columns_per_bin: usize,
    n_columns: usize,
}

impl Cut {
    fn of(f: &ErrorHistogram, width: u16) -> Self {
        let (n, room) = (f.counts.len(), Frame::room(width).max(1));
        let bins_per_column = n.div_ceil(room).max(1);
        let columns_per_bin = if bins_per_column > 1 { 1 } else { (room / n.max(1)).max(1) };
        Self { bins_per_column, columns_per_bin, n_columns: n.div_ceil(bins_per_column) * columns_per_bin }
    }

    fn count(&self, f: &ErrorHistogram, column: usize) -> u64 {
        let bin = column / self.columns_per_bin * self.bins_per_column;
        f.counts.iter().skip(bin).take(self.bins_per_column).map(|&n| u64::from(n)).sum()
    }

    fn column(&self, bin: usize) -> usize {
        bin / self.bins_per_column * self.columns_per_bin
    }
}

fn bin_width(f: &ErrorHistogram) -> f64 {
    (f.hi - f.lo) / f.counts.len().max(1) as f64
}

pub(super) fn draw(view: &FigureView<'_>, f: &ErrorHistogram, area: Rect, buf: &mut Buffer) {
    let (theme, glyphs) = (view.theme, view.theme.glyphs());
    let cut = Cut::of(f, area.width);
    let frame = Frame::new(area, cut.n_columns);
    let rows = usize::from(area.height).saturating_sub(1);
    let a = match view.against {
        Some(Figure::ErrorHistogram(a)) if (a.counts.len(), a.lo, a.hi) == (f.counts.len(), f.lo, f.hi) => Some(a),
        _ => None,
    };
    let uniform = f.uniform * cut.bins_per_column as f64;
    let counts: Vec<u64> = (0..cut.n_columns).map(|c| cut.count(f, c)).collect();
    let most_of_a = a.map_or(0, |a| (0..cut.n_columns).map(|c| cut.count(a, c)).max().unwrap_or(0));
    let most = counts.iter().copied().max().unwrap_or(0).max(uniform.ceil() as u64).max(most_of_a);
    let scale = CountScale::new(most, view.is_log());
    for (x, &n) in counts.iter().enumerate() {
        let halves = scale.halves(n as f64, rows);
        for row in 0..rows {
            if let Some(glyph) = bar_glyph(glyphs, halves, row, true) {
                frame.put(buf, x, rows - 1 - row, glyph, theme.style(Role::Error));
            }
        }
        let was = a.map_or(0, |a| scale.halves(cut.count(a, x) as f64, rows));
        if was > 0 && was != halves {
            frame.put(buf, x, rows - 1 - (was - 1) / 2, glyphs.h, theme.style(Role::Text));
        }
    }
    draw_uniform(view, f, &cut, &frame, scale.halves(uniform, rows), rows, buf);
    for (row, text) in scale.labels(rows) {
        frame.label(buf, rows - 1 - row, &text, theme);
    }
    draw_axis(view, f, &cut, &frame, rows, buf);
}

/// The dashes run over the columns from -1/2 to 1/2 step, before and behind the bars.
fn draw_uniform(
    view: &FigureView<'_>,
    f: &ErrorHistogram,
    cut: &Cut,
    frame: &Frame,
    halves: usize,
    rows: usize,
    buf: &mut Buffer,
) {
    if halves == 0 {
        return;
    }
    let width = bin_width(f) * cut.bins_per_column as f64;
    let row = rows - 1 - (halves - 1) / 2;
    for x in (0..cut.n_columns).step_by(3) {
        let middle = f.lo + ((x / cut.columns_per_bin) as f64 + 0.5) * width;
        if middle.abs() <= 0.5 {
            frame.put(buf, x, row, view.theme.glyphs().dash, view.theme.style(Role::Text));
        }
    }
}

fn draw_axis(view: &FigureView<'_>, f: &ErrorHistogram, cut: &Cut, frame: &Frame, row: usize, buf: &mut Buffer) {
    let values = ticks(f.lo, f.hi, 5);
    let step = values.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
    let last = cut.n_columns.saturating_sub(1);
    let column = |v: f64| (((v - f.lo) / (f.hi - f.lo) * cut.n_columns as f64).floor() as usize).min(last);
    let labels: Vec<_> = values.iter().map(|&v| (column(v), axis_number(v, step))).collect();
    frame.label(buf, row, "steps", view.theme);
    let cursor = view.state.cursor.map(|bin| cut.column(bin.min(f.counts.len().saturating_sub(1))));
    frame.x_labels(buf, row, &labels, cursor, view.theme);
    if let Some(x) = cursor {
        frame.highlight(buf, x, 0..row, view.theme);
    }
}

pub(super) fn readout(view: &FigureView<'_>, f: &ErrorHistogram, width: u16) -> Option<String> {
    let last = f.counts.len().checked_sub(1)?;
    let cut = Cut::of(f, width);
    let column = cut.column(view.state.cursor?.min(last));
    let first = column / cut.columns_per_bin * cut.bins_per_column;
    let bin = bin_width(f);
    let (lo, hi) = (f.lo + first as f64 * bin, f.lo + (first + cut.bins_per_column).min(last + 1) as f64 * bin);
    let number = |v| axis_number(v, bin / 2.0);
    let outside = if f.outside > 0 { format!(" · {} outside of the axis", count(f.outside)) } else { String::new() };
    let uniform = count((f.uniform * cut.bins_per_column as f64).round() as u64);
    Some(format!(
        "error {} to {} steps: {} values, uniform {uniform}{outside}",
        number(lo),
        number(hi),
        count(cut.count(f, column))
    ))
}

pub(super) fn moved(view: &FigureView<'_>, f: &ErrorHistogram, width: u16, by: i64) -> FigureState {
    let cut = Cut::of(f, width);
    let n = f.counts.len();
    view.to(n, by.saturating_mul(cut.bins_per_column as i64), n / 2)
}
