//! The cells of a mirror.

use std::ops::Range;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{Sight, mark_a, outline, value_at};
use crate::{
    export::{Column, axis_number, ticks},
    lab::Mirror,
    theme::{Role, Theme},
    widget::figure::{
        FigureView,
        axis::{CountScale, Frame, bar_glyph},
    },
};

/// Upper bounds of the RMS error, in steps, of the first four levels of the strip.
const ERROR_LEVELS: [f64; 4] = [0.1, 0.4, 1.0, 4.0];
/// Columns that an x label and its gap take at least.
const LABEL_ROOM: usize = 8;

/// The rows of each part; what there is no room for is `None` or empty.
#[derive(Clone, Debug)]
struct Layout {
    up: Range<usize>,
    ruler: usize,
    down: Range<usize>,
    error: Option<usize>,
    x_axis: Option<usize>,
}

impl Layout {
    fn new(height: usize) -> Self {
        let extras = match height {
            0..4 => 0,
            4 => 1,
            _ => 2,
        };
        let side = height.saturating_sub(1 + extras) / 2;
        let ruler = if height == 2 { 1 } else { side };
        let down = ruler + 1..(ruler + 1 + side).min(height.max(ruler + 1));
        let (error, x_axis) = match extras {
            0 => (None, None),
            1 => (None, Some(down.end)),
            _ => (Some(down.end), Some(down.end + 1)),
        };
        Self { up: 0..ruler, ruler, down, error, x_axis }
    }
}

/// All that the parts of one drawing share.
struct Drawing<'a> {
    f: &'a Mirror,
    theme: &'a Theme,
    sight: &'a Sight,
    frame: Frame,
    rows: Layout,
    /// Of the upper and the lower side.
    scales: (CountScale, CountScale),
}

/// One maximum for both sides. On a linear axis a code that stands for several columns is measured against as many:
/// its bar is then as high as the mean of the originals above it.
fn scales(sight: &Sight, a: &[(Option<f64>, f64)], log: bool) -> (CountScale, CountScale) {
    let cut = &sight.cut;
    let share = if log { 1 } else { cut.columns_per_code };
    let codes = |n: f64| n / share as f64;
    let now = cut.columns.iter().map(|c| cut.evened(c, (c.original as f64).max(codes(c.quantized as f64))));
    // A's codes are spread over the columns already.
    let of_a = a.iter().map(|(original, n)| original.unwrap_or(0.0).max(*n));
    let most = now.chain(of_a).fold(0.0, f64::max).ceil() as u64;
    (CountScale::new(most, log), CountScale::new(most.saturating_mul(share as u64), log))
}

pub(in crate::widget::figure) fn draw(view: &FigureView<'_>, f: &Mirror, area: Rect, buf: &mut Buffer) {
    let sight = Sight::of(view, f, area.width);
    let a = mark_a(view, f).map(|a| outline(&sight, f, a));
    let scales = scales(&sight, a.as_deref().unwrap_or_default(), view.is_log());
    let drawing = Drawing {
        f,
        theme: view.theme,
        sight: &sight,
        frame: Frame::new(area, sight.cut.columns.len()),
        rows: Layout::new(usize::from(area.height)),
        scales,
    };
    drawing.bars(buf);
    drawing.outline(a.as_deref().unwrap_or_default(), buf);
    drawing.clip_limits(buf);
    drawing.ruler(buf);
    drawing.error_strip(buf);
    drawing.labels(buf);
    let cursor = sight.cursor(view);
    drawing.x_axis(cursor, buf);
    if let Some(column) = cursor {
        let end = drawing.rows.error.map_or(drawing.rows.down.end, |row| row + 1);
        drawing.frame.highlight(buf, column, 0..end, view.theme);
    }
}

impl Drawing<'_> {
    fn bars(&self, buf: &mut Buffer) {
        let (a, b) = (self.theme.style(Role::SeriesA), self.theme.style(Role::SeriesB));
        for (x, column) in self.sight.cut.columns.iter().enumerate() {
            self.bar(x, self.halves(column, column.original, true), true, a, buf);
            self.bar(x, self.halves(column, column.quantized, false), false, b, buf);
        }
    }

    fn halves(&self, column: &Column, count: u64, is_up: bool) -> usize {
        self.scale(is_up).halves(self.sight.cut.evened(column, count as f64), self.side(is_up).len())
    }

    fn bar(&self, x: usize, halves: usize, is_up: bool, style: Style, buf: &mut Buffer) {
        for row in 0..self.side(is_up).len() {
            if let Some(glyph) = bar_glyph(self.theme.glyphs(), halves, row, is_up) {
                self.frame.put(buf, x, self.row(is_up, row), glyph, style);
            }
        }
    }

    fn scale(&self, is_up: bool) -> &CountScale {
        if is_up { &self.scales.0 } else { &self.scales.1 }
    }

    fn side(&self, is_up: bool) -> &Range<usize> {
        if is_up { &self.rows.up } else { &self.rows.down }
    }

    /// The row of the area for the row `row` from the axis.
    fn row(&self, is_up: bool, row: usize) -> usize {
        if is_up { self.rows.up.end - 1 - row } else { self.rows.down.start + row }
    }

    /// Mark A as a thin line, where its bar ends elsewhere than the one in hand.
    fn outline(&self, a: &[(Option<f64>, f64)], buf: &mut Buffer) {
        let share = self.scales.1.max() as f64 / self.scales.0.max() as f64;
        for (x, ((original, codes), column)) in a.iter().zip(&self.sight.cut.columns).enumerate() {
            for (was, now, is_up) in [(*original, column.original, true), (Some(*codes * share), column.quantized, false)] {
                let Some(was) = was.filter(|n| *n >= 0.5) else { continue };
                let was = self.scale(is_up).halves(self.sight.cut.evened(column, was), self.side(is_up).len());
                if was > 0 && was != self.halves(column, now, is_up) {
                    self.frame.put(buf, x, self.row(is_up, (was - 1) / 2), self.theme.glyphs().h, self.theme.style(Role::Text));
                }
            }
        }
    }

    /// The limits beyond which values are clipped, in the blank cells of the original's side.
    fn clip_limits(&self, buf: &mut Buffer) {
        let columns = &self.sight.cut.columns;
        for x in 1..columns.len() {
            if columns[x - 1].is_outside(self.f) != columns[x].is_outside(self.f) {
                for row in self.rows.up.clone().filter(|&row| self.frame.is_blank(buf, x, row)).collect::<Vec<_>>() {
                    self.frame.put(buf, x, row, self.theme.glyphs().clip, self.theme.style(Role::Dim));
                }
            }
        }
    }

    /// A drawn tick is a real code, always; with several codes a column the share of them in use.
    fn ruler(&self, buf: &mut Buffer) {
        let (glyphs, style) = (self.theme.glyphs(), |role| self.theme.style(role));
        for (x, column) in self.sight.cut.columns.iter().enumerate() {
            let (glyph, role) = match column {
                c if c.is_outside(self.f) => continue,
                c if self.sight.cut.codes_per_column > 1 => (glyphs.shares[share_level(c)], Role::Dim),
                c if c.n_codes == 0 => (glyphs.h, Role::Grid),
                c if c.n_used > 0 => (glyphs.tick_used, Role::Text),
                _ => (glyphs.tick_unused, Role::Dim),
            };
            self.frame.put(buf, x, self.rows.ruler, glyph, style(role));
        }
        let zero = self.sight.column_of_code(self.f, self.f.grid.zero_point);
        if let Some(x) = zero.filter(|&x| !self.sight.cut.columns[x].is_outside(self.f)) {
            self.frame.put(buf, x, self.rows.ruler, glyphs.zero, style(Role::Text));
        }
    }

    fn error_strip(&self, buf: &mut Buffer) {
        let Some(row) = self.rows.error else { return };
        for (x, column) in self.sight.cut.columns.iter().enumerate() {
            if let Some(level) = error_level(column, self.f) {
                self.frame.put(buf, x, row, self.theme.glyphs().errors[level], self.theme.style(Role::Error));
            }
        }
    }

    /// Counts of both sides, and what the rows are.
    fn labels(&self, buf: &mut Buffer) {
        for (is_up, name) in [(true, "original"), (false, "quantized")] {
            let n_rows = self.side(is_up).len();
            let mut taken = vec![false; n_rows];
            // The axis is one: the lower side repeats only its far end.
            let labels = self.scale(is_up).labels(n_rows).into_iter().take(if is_up { n_rows } else { 1 });
            for (row, text) in labels {
                taken[row] = true;
                self.frame.label(buf, self.row(is_up, row), &text, self.theme);
            }
            if let Some(row) = (0..n_rows).rev().find(|&row| !taken[row]) {
                self.frame.label(buf, self.row(is_up, row), name, self.theme);
            }
        }
        self.frame.label(buf, self.rows.ruler, "codes", self.theme);
        if let Some(row) = self.rows.error {
            self.frame.label(buf, row, "error", self.theme);
        }
    }

    fn x_axis(&self, cursor: Option<usize>, buf: &mut Buffer) {
        let Some(row) = self.rows.x_axis else { return };
        let window = &self.sight.window;
        let (lo, hi) = (value_at(self.f, window.start as f64), value_at(self.f, window.end as f64));
        let values = if self.f.x_is_code || self.f.grid.scale.is_none() {
            code_ticks(lo, hi, self.frame.n_columns / LABEL_ROOM)
        } else {
            ticks(lo, hi, (self.frame.n_columns / LABEL_ROOM).max(2))
        };
        let step = values.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(hi - lo);
        let labels: Vec<(usize, String)> =
            values.iter().filter_map(|&v| Some((self.sight.column_of_value(self.f, v)?, axis_number(v, step)))).collect();
        self.frame.label(buf, row, self.f.x_label, self.theme);
        self.frame.x_labels(buf, row, &labels, cursor, self.theme);
    }
}

/// None, at most half, more, all of a column's codes in use.
fn share_level(column: &Column) -> usize {
    match (column.n_used, column.n_codes) {
        (0, _) => 0,
        (used, n) if used >= n => 3,
        (used, n) if 2 * used <= n => 1,
        _ => 2,
    }
}

/// The level of a column in the error strip; `None` where there is no value.
fn error_level(column: &Column, f: &Mirror) -> Option<usize> {
    let rms = column.rms?;
    if column.is_outside(f) {
        return Some(ERROR_LEVELS.len());
    }
    Some(ERROR_LEVELS.iter().position(|&bound| rms < bound).unwrap_or(ERROR_LEVELS.len()))
}

/// Codes a power of two apart.
fn code_ticks(lo: f64, hi: f64, most: usize) -> Vec<f64> {
    let span = hi - lo;
    let mut step = 1.0;
    while span / step > most.max(2) as f64 && step < 1e9 {
        step *= 2.0;
    }
    let (first, last) = ((lo / step).ceil() as i64, (hi / step).floor() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}
