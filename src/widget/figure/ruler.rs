//! Two rulers on one axis: real numbers above, the codes that stand on them below.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{FigureView, axis::Frame};
use crate::{
    export::{axis_number, ticks},
    lab::{Figure, Ruler},
    theme::Role,
};

/// Rows without the heading: data, asked, covered, real ruler and labels, codes ruler and labels, one to breathe.
pub(super) const HEIGHT: usize = 8;
const LABEL_ROOM: usize = 10;

/// The axis: a little more than all the ranges.
#[derive(Clone, Copy, Debug)]
struct Axis {
    lo: f64,
    hi: f64,
    n_columns: usize,
}

impl Axis {
    fn of(f: &Ruler, n_columns: usize) -> Option<Self> {
        let ranges = [Some(f.asked), Some(f.covered), f.data];
        let ends = ranges.into_iter().flatten().flat_map(|(lo, hi)| [lo, hi]).chain([0.0]).filter(|v| v.is_finite());
        let (lo, hi) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        let pad = 0.04 * (hi - lo);
        (hi > lo && n_columns > 0).then_some(Self { lo: lo - pad, hi: hi + pad, n_columns })
    }

    fn column(&self, value: f64) -> usize {
        let share = ((value - self.lo) / (self.hi - self.lo)).clamp(0.0, 1.0);
        ((share * self.n_columns as f64) as usize).min(self.n_columns - 1)
    }
}

pub(super) fn draw(view: &FigureView<'_>, f: &Ruler, area: Rect, buf: &mut Buffer) {
    let n_columns = Frame::room(area.width);
    let Some(axis) = Axis::of(f, n_columns) else { return };
    let frame = Frame::new(area, n_columns);
    let mut y = 0;
    if let Some(data) = f.data {
        range_row(view, &frame, &axis, y, ("data", data), Role::SeriesA, buf);
        y += 1;
    }
    range_row(view, &frame, &axis, y, ("asked", f.asked), Role::Text, buf);
    range_row(view, &frame, &axis, y + 1, ("covered", f.covered), Role::SeriesB, buf);
    real_ruler(view, &frame, &axis, y + 2, buf);
    code_ruler(view, f, &frame, &axis, y + 4, buf);
    if let Some(Figure::Ruler(a)) = view.against {
        range_row(view, &frame, &axis, y + 6, ("A covered", a.covered), Role::Dim, buf);
    }
}

/// A range as a bar between its ends, with the numbers beside it or in it.
fn range_row(
    view: &FigureView<'_>,
    frame: &Frame,
    axis: &Axis,
    y: usize,
    (name, range): (&str, (f64, f64)),
    role: Role,
    buf: &mut Buffer,
) {
    let (glyphs, style) = (view.theme.glyphs(), view.theme.style(role));
    let (from, to) = (axis.column(range.0), axis.column(range.1));
    frame.label(buf, y, name, view.theme);
    for x in from..=to {
        frame.put(buf, x, y, glyphs.h, style);
    }
    frame.put(buf, from, y, glyphs.slider_start, style);
    frame.put(buf, to, y, glyphs.slider_end, style);
    let step = (axis.hi - axis.lo) / 100.0;
    let text = format!(" {} to {} ", axis_number(range.0, step), axis_number(range.1, step));
    let inside = to.saturating_sub(from + 1);
    let start = if text.width() <= inside { from + 1 + (inside - text.width()) / 2 } else { to + 1 };
    let start = if start + text.width() <= frame.n_columns { start } else { from.saturating_sub(text.width()) };
    for (i, c) in text.chars().enumerate() {
        frame.put(buf, start + i, y, c.encode_utf8(&mut [0; 4]), view.theme.style(Role::Text));
    }
}

fn real_ruler(view: &FigureView<'_>, frame: &Frame, axis: &Axis, y: usize, buf: &mut Buffer) {
    let (glyphs, grid) = (view.theme.glyphs(), view.theme.style(Role::Grid));
    frame.label(buf, y, "real", view.theme);
    for x in 0..axis.n_columns {
        frame.put(buf, x, y, glyphs.h, grid);
    }
    let values = ticks(axis.lo, axis.hi, (axis.n_columns / LABEL_ROOM).max(2));
    let step = values.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
    for &v in &values {
        frame.put(buf, axis.column(v), y, glyphs.tick_used, view.theme.style(Role::Text));
    }
    let labels: Vec<_> = values.iter().map(|&v| (axis.column(v), axis_number(v, step))).collect();
    frame.x_labels(buf, y + 1, &labels, None, view.theme);
}

/// One tick a code where each has a column of its own, otherwise a filled bar from the first code to the last.
fn code_ruler(view: &FigureView<'_>, f: &Ruler, frame: &Frame, axis: &Axis, y: usize, buf: &mut Buffer) {
    let glyphs = view.theme.glyphs();
    frame.label(buf, y, "codes", view.theme);
    let (from, to) = (axis.column(f.covered.0), axis.column(f.covered.1));
    let n_codes = (i64::from(f.grid.qmax) - i64::from(f.grid.qmin)).max(1) as usize;
    let position = |code: i64| {
        let share = (code - i64::from(f.grid.qmin)) as f64 / n_codes as f64;
        axis.column(f.covered.0 + share * (f.covered.1 - f.covered.0))
    };
    let is_sparse = n_codes < to.saturating_sub(from);
    for x in from..=to {
        let glyph = if is_sparse { glyphs.h } else { glyphs.shares[3] };
        frame.put(buf, x, y, glyph, view.theme.style(if is_sparse { Role::Grid } else { Role::SeriesB }));
    }
    if is_sparse {
        for code in i64::from(f.grid.qmin)..=i64::from(f.grid.qmax) {
            frame.put(buf, position(code), y, glyphs.tick_used, view.theme.style(Role::SeriesB));
        }
    }
    let z = f.grid.zero_point;
    let is_on_grid = (f.grid.qmin..=f.grid.qmax).contains(&z);
    let mut labels = vec![(from, f.grid.qmin.to_string()), (to, f.grid.qmax.to_string())];
    if is_on_grid {
        let at = position(i64::from(z));
        frame.put(buf, at, y, glyphs.zero, view.theme.style(Role::Text));
        let text = format!("z = {z}");
        // Near an end there is room for one label: it names both codes.
        match labels.iter_mut().find(|(x, t)| x.abs_diff(at) < (t.width() + text.width()) / 2 + 2) {
            Some(end) if end.1 == z.to_string() => end.1 = text,
            Some(end) => end.1 = format!("{}, {text}", end.1),
            None => labels.insert(1, (at, text)),
        }
    }
    frame.x_labels(buf, y + 1, &labels, None, view.theme);
}
