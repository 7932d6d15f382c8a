//! Places on one real axis, a row for each set; where several fall into one column, their count stands there.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{fit, print},
    FigureState, FigureView,
    axis::Frame,
    bars::role,
};
use crate::{
    export::{axis_number, log_ticks, number, ticks},
    lab::{SeriesRole, TickRow, Ticks},
    theme::Role,
};

const LABEL_ROOM: usize = 10;
/// With more places than this the cursor leaps, so that no walk takes minutes.
const MOST_STOPS: usize = 300;

/// Rows without the heading: each set and its note, the labels of the axis, the legend.
pub(super) fn height(f: &Ticks) -> usize {
    f.rows.len() + f.rows.iter().filter(|row| !row.note.is_empty()).count() + 2
}

/// The axis in columns.
#[derive(Clone, Copy, Debug)]
struct Axis {
    lo: f64,
    hi: f64,
    log: bool,
    n_columns: usize,
}

impl Axis {
    fn of(f: &Ticks, n_columns: usize) -> Option<Self> {
        let scaled = |v: f64| if f.x_log { v.log10() } else { v };
        let (lo, hi) = (scaled(f.lo), scaled(f.hi));
        (lo.is_finite() && hi.is_finite() && hi > lo && n_columns > 0).then_some(Self { lo, hi, log: f.x_log, n_columns })
    }

    /// `None` for a place off the axis.
    fn column(&self, v: f64) -> Option<usize> {
        let v = if self.log { v.log10() } else { v };
        let share = (v - self.lo) / (self.hi - self.lo);
        (-1e-9..=1.0 + 1e-9).contains(&share).then(|| (share * (self.n_columns - 1) as f64).round() as usize)
    }

    fn labels(&self) -> Vec<(usize, String)> {
        let most = (self.n_columns / LABEL_ROOM).max(2);
        let values = if self.log {
            log_ticks(10f64.powf(self.lo), 10f64.powf(self.hi), most)
        } else {
            let values = ticks(self.lo, self.hi, most);
            let step = values.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
            values.into_iter().map(|v| (v, axis_number(v, step))).collect()
        };
        values.into_iter().filter_map(|(v, name)| Some((self.column(v)?, name))).collect()
    }
}

pub(super) fn draw(view: &FigureView<'_>, f: &Ticks, area: Rect, buf: &mut Buffer) {
    let n_columns = Frame::room(area.width);
    let Some(axis) = Axis::of(f, n_columns) else { return };
    let frame = Frame::new(area, n_columns);
    let rows = usize::from(area.height);
    // Sets matter before the labels of the axis, and those before notes.
    let n_sets = f.rows.len().min(rows);
    let n_notes = f.rows.iter().filter(|row| !row.note.is_empty()).count();
    let has_notes = n_sets + n_notes + 2 <= rows;
    let cursor = cursor_value(view, f);
    let mut y = 0;
    for row in f.rows.iter().take(n_sets) {
        draw_row(view, row, &axis, &frame, y, buf);
        y += 1;
        if has_notes && !row.note.is_empty() {
            let text = fit(&view.theme.say(&row.note), n_columns, view.theme.glyphs().ellipsis);
            print(buf, area, frame.left, y, &text, view.theme.style(Role::Dim));
            y += 1;
        }
    }
    let column = cursor.and_then(|v| axis.column(v));
    if let Some(x) = column {
        frame.highlight(buf, x, 0..y, view.theme);
    }
    frame.x_axis(buf, y, (f.x_label, f.x_unit), &axis.labels(), column, view.theme);
    draw_legend(view, f, &axis, &frame, y + 1, buf);
}

fn draw_row(view: &FigureView<'_>, row: &TickRow, axis: &Axis, frame: &Frame, y: usize, buf: &mut Buffer) {
    let (theme, glyphs) = (view.theme, view.theme.glyphs());
    frame.label(buf, y, &fit(&theme.say(&row.label), LABEL_ROOM - 1, glyphs.ellipsis), theme);
    let ink = theme.style(if row.role == SeriesRole::Grid { Role::Dim } else { role(row.role) });
    for (x, n) in counts(row, axis).into_iter().enumerate() {
        match n {
            0 => frame.put(buf, x, y, glyphs.h, theme.style(Role::Grid)),
            1 => frame.put(buf, x, y, glyphs.v, ink),
            2..=9 => frame.put(buf, x, y, &n.to_string(), ink),
            _ => frame.put(buf, x, y, glyphs.full, ink),
        }
    }
    if let Some(x) = row.here.and_then(|v| axis.column(v)) {
        frame.put(buf, x, y, glyphs.here, theme.style(Role::Text));
    }
}

/// How many places fall into each column.
fn counts(row: &TickRow, axis: &Axis) -> Vec<usize> {
    let mut counts = vec![0; axis.n_columns];
    row.ticks.iter().filter_map(|&v| axis.column(v)).for_each(|x| counts[x] += 1);
    counts
}

/// What a digit and a block stand for, where the figure has any; and the place that is pointed at.
fn draw_legend(view: &FigureView<'_>, f: &Ticks, axis: &Axis, frame: &Frame, y: usize, buf: &mut Buffer) {
    let glyphs = view.theme.glyphs();
    let most = f.rows.iter().flat_map(|row| counts(row, axis)).max().unwrap_or(0);
    let mut parts = Vec::new();
    if f.rows.iter().any(|row| row.here.is_some_and(|v| axis.column(v).is_some())) {
        parts.push(format!("{} here", glyphs.here));
    }
    if most > 1 {
        parts.push(format!("{} one value", glyphs.v));
        parts.push("2 to 9: so many in a column".into());
    }
    if most > 9 {
        parts.push(format!("{} more", glyphs.full));
    }
    print(buf, frame.area, frame.left, y, &parts.join("   "), view.theme.style(Role::Dim));
}

/// All places on the axis, ascending, each once.
fn stops(f: &Ticks) -> Vec<f64> {
    let is_on_axis = |v: &f64| v.is_finite() && (f.lo..=f.hi).contains(v) && (!f.x_log || *v > 0.0);
    let mut stops: Vec<f64> = f.rows.iter().flat_map(|row| row.ticks.iter().copied()).filter(is_on_axis).collect();
    stops.sort_by(f64::total_cmp);
    stops.dedup();
    stops
}

fn cursor_value(view: &FigureView<'_>, f: &Ticks) -> Option<f64> {
    let at = view.state.cursor?;
    let stops = stops(f);
    stops.get(at.min(stops.len().checked_sub(1)?)).copied()
}

/// The place under the cursor, and of every set the one that is nearest to it.
pub(super) fn readout(view: &FigureView<'_>, f: &Ticks) -> Option<String> {
    let at = cursor_value(view, f)?;
    let nearest = |row: &TickRow| {
        let tick =
            row.ticks.iter().copied().filter(|t| t.is_finite()).min_by(|a, b| (a - at).abs().total_cmp(&(b - at).abs()))?;
        Some(format!("{} {}", row.label, number(tick)))
    };
    let unit = if f.x_unit.is_empty() { String::new() } else { format!(" {}", f.x_unit) };
    let sets: Vec<String> = f.rows.iter().filter_map(nearest).collect();
    Some(format!("{} {}{unit} · nearest: {}", f.x_label, number(at), sets.join(", ")))
}

pub(super) fn moved(view: &FigureView<'_>, f: &Ticks, by: i64) -> FigureState {
    let stops = stops(f);
    let stride = stops.len().div_ceil(MOST_STOPS).max(1) as i64;
    let here = f.rows.iter().find_map(|row| row.here).unwrap_or(0.5 * (f.lo + f.hi));
    let start = stops.partition_point(|v| *v < here).min(stops.len().saturating_sub(1));
    view.to(stops.len(), by.saturating_mul(stride), start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ticks: &[f64]) -> TickRow {
        TickRow { label: "set".into(), role: SeriesRole::B, ticks: ticks.to_vec(), here: None, note: String::new() }
    }

    #[test]
    fn every_place_on_the_axis_is_counted_once() {
        let axis = Axis { lo: -1.0, hi: 1.0, log: false, n_columns: 5 };
        assert_eq!(counts(&row(&[-1.0, -0.9, 0.0, 0.3, 1.0, 1.2, f64::NAN]), &axis), [2, 0, 1, 1, 1]);
        let log = Axis { lo: -2.0, hi: 2.0, log: true, n_columns: 5 };
        assert_eq!(counts(&row(&[-1.0, 0.0, 0.01, 1.0, 100.0]), &log), [1, 0, 1, 0, 1]);
    }
}
