//! The plotting area: lines as dots, points as signs, marks, axes, legend.

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

use super::{
    range::{Range, guess},
    stroke::{Stroke, point},
};
use crate::{
    lab::{Lines, Mark, Series, SeriesRole},
    theme::Role,
    widget::figure::{FigureView, axis::Frame, bars::role},
};

const LABEL_ROOM: usize = 10;
/// Dots of a cell across and down.
const DOTS: (usize, usize) = (2, 4);

/// Dots of a cell, and whose the cell is.
type Canvas = [(u8, Stroke, Role)];

pub(super) struct Plot<'a> {
    pub(super) view: &'a FigureView<'a>,
    pub(super) range: Range,
    pub(super) frame: Frame,
    pub(super) rows: usize,
}

impl Plot<'_> {
    /// The dot of a point, from the upper left; `None` where it is not finite or outside.
    fn dot(&self, point: (f64, f64)) -> Option<(i64, i64)> {
        let (x, y) = self.range.share(point);
        let (w, h) = ((self.frame.n_columns * DOTS.0).saturating_sub(1) as f64, (self.rows * DOTS.1 - 1) as f64);
        let is_inside = (-1e-9..=1.0 + 1e-9).contains(&x) && (-1e-9..=1.0 + 1e-9).contains(&y);
        is_inside.then(|| ((x * w).round() as i64, ((1.0 - y) * h).round() as i64))
    }

    /// The cell of a point.
    pub(super) fn cell(&self, point: (f64, f64)) -> Option<(usize, usize)> {
        self.dot(point).map(|(x, y)| (x as usize / DOTS.0, y as usize / DOTS.1))
    }

    /// The line through the points; it breaks where one is not finite.
    pub(super) fn series(&self, series: &Series, stroke: Stroke, canvas: &mut Canvas) {
        let ink = if stroke == Stroke::Faint { Role::Dim } else { role(series.role) };
        let mut n_dots = 0;
        let dots: Vec<Option<(i64, i64)>> = series.points.iter().map(|&p| self.dot(p)).collect();
        for pair in dots.windows(2) {
            let [Some(from), Some(to)] = *pair else { continue };
            let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).max(1);
            for i in 0..=steps {
                let along = |a: i64, b: i64| a + ((b - a) as f64 * i as f64 / steps as f64).round() as i64;
                n_dots += 1;
                if stroke.has_dot(n_dots) {
                    let (x, y) = (along(from.0, to.0), along(from.1, to.1));
                    self.set((x, y), (stroke, ink), canvas);
                    if stroke == Stroke::Thick {
                        let is_flat = (to.0 - from.0).abs() >= (to.1 - from.1).abs();
                        self.set(if is_flat { (x, y + 1) } else { (x + 1, y) }, (stroke, ink), canvas);
                    }
                }
            }
        }
        if let [Some(only)] = dots[..] {
            self.set(only, (stroke, ink), canvas);
        }
    }

    fn set(&self, (x, y): (i64, i64), (stroke, ink): (Stroke, Role), canvas: &mut Canvas) {
        const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let (x, y) = (x as usize, y as usize);
        if x >= self.frame.n_columns * DOTS.0 {
            return;
        }
        if let Some(cell) = canvas.get_mut(y / DOTS.1 * self.frame.n_columns + x / DOTS.0) {
            *cell = (cell.0 | BITS[x % DOTS.0][y % DOTS.1], stroke, ink);
        }
    }

    pub(super) fn paint(&self, canvas: &Canvas, buf: &mut Buffer) {
        let theme = self.view.theme;
        for (i, &(dots, stroke, ink)) in canvas.iter().enumerate().filter(|(_, cell)| cell.0 != 0) {
            let (x, y) = (i % self.frame.n_columns, i / self.frame.n_columns);
            let braille = char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ');
            let glyph = if theme.ascii() { stroke.sample(true).chars().next().unwrap_or(' ') } else { braille };
            self.frame.put(buf, x, y, glyph.encode_utf8(&mut [0; 4]), theme.style(ink));
        }
    }

    /// The column of a place on the x axis.
    pub(super) fn column(&self, x: f64) -> Option<usize> {
        self.cell((x, self.range.y.start())).map(|(column, _)| column)
    }

    /// Points alone, each as the sign of its series.
    pub(super) fn points(&self, f: &Lines, series: &Series, buf: &mut Buffer) {
        let sign = point(f, series, self.view.theme.ascii());
        for (x, y) in series.points.iter().filter_map(|&p| self.cell(p)) {
            self.frame.put(buf, x, y, sign, self.view.theme.style(role(series.role)));
        }
    }

    /// The upright lines of the marks, before anything else is drawn over them.
    pub(super) fn mark_lines(&self, f: &Lines, buf: &mut Buffer) {
        for mark in &f.marks {
            let Some(x) = self.column(mark.x) else { continue };
            for y in 0..self.rows {
                self.frame.put(buf, x, y, self.view.theme.glyphs().v, self.view.theme.style(role(mark.role)));
            }
        }
    }

    /// The labels of the marks, each on the first row where it covers least; one that has no room is left out.
    pub(super) fn mark_labels(&self, f: &Lines, buf: &mut Buffer) {
        let mut taken: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
        for mark in &f.marks {
            let Some(column) = self.column(mark.x) else { continue };
            let text = self.view.theme.say(&mark.label).into_owned();
            let Some((row, start)) = self.place_of(&text, column, f, &taken, buf) else { continue };
            for (i, c) in text.chars().enumerate() {
                self.frame.put(buf, start + i, row, c.encode_utf8(&mut [0; 4]), self.ink_of(mark));
            }
            taken.push((row, start..start + text.width()));
        }
    }

    /// A label in the grid's colour would be hard to read.
    fn ink_of(&self, mark: &Mark) -> ratatui::style::Style {
        self.view.theme.style(if mark.role == SeriesRole::Grid { Role::Dim } else { role(mark.role) })
    }

    /// Row and first column for a label beside its line: clear of other labels and lines, over as few curves as possible.
    fn place_of(
        &self,
        text: &str,
        column: usize,
        f: &Lines,
        taken: &[(usize, std::ops::Range<usize>)],
        buf: &Buffer,
    ) -> Option<(usize, usize)> {
        let width = text.width();
        let lines: Vec<usize> = f.marks.iter().filter_map(|mark| self.column(mark.x)).collect();
        let starts = [Some(column + 1), column.checked_sub(width)];
        let places = (0..self.rows).flat_map(|row| starts.into_iter().flatten().map(move |start| (row, start)));
        let is_free = |&(row, start): &(usize, usize)| {
            let cells = start..start + width;
            start + width <= self.frame.n_columns
                && lines.iter().all(|line| !cells.contains(line))
                && taken.iter().all(|(r, t)| *r != row || cells.end < t.start || t.end < cells.start)
        };
        let hidden = |row: usize, start: usize| (start..start + width).filter(|&x| !self.frame.is_blank(buf, x, row)).count();
        places.filter(is_free).min_by_key(|&(row, start)| (hidden(row, start), row))
    }

    /// A dashed level, named at the left.
    pub(super) fn level(&self, y: f64, buf: &mut Buffer) {
        let Some((_, row)) = self.cell((self.range.x.start(), y)) else { return };
        for x in (0..self.frame.n_columns).step_by(2) {
            self.frame.put(buf, x, row, self.view.theme.glyphs().dash, self.view.theme.style(Role::Dim));
        }
    }

    /// What was said before, on the axis of its metric: a place on x stands on the last row. Points and `here` cover it.
    pub(super) fn guess(&self, f: &Lines, buf: &mut Buffer) {
        let place = match guess(self.view, f) {
            Some((Some(x), _)) => self.column(x).map(|column| (column, self.rows - 1)),
            Some((_, Some(y))) => f.here.and_then(|here| self.cell((here.0, y))),
            _ => None,
        };
        if let Some((x, y)) = place {
            self.frame.put(buf, x, y, self.view.theme.glyphs().prediction, self.view.theme.style(Role::Text));
        }
    }

    /// Where the controls stand.
    pub(super) fn here(&self, f: &Lines, buf: &mut Buffer) {
        if let Some((x, y)) = f.here.and_then(|here| self.cell(here)) {
            self.frame.put(buf, x, y, self.view.theme.glyphs().here, self.view.theme.style(Role::Text));
        }
    }

    pub(super) fn axes(&self, f: &Lines, buf: &mut Buffer) {
        let theme = self.view.theme;
        let ys = self.range.y.ticks((self.rows / 3).clamp(2, 6));
        for (i, (y, name)) in ys.iter().enumerate() {
            let unit = if i + 1 == ys.len() && !f.y_unit.is_empty() { format!(" {}", f.y_unit) } else { String::new() };
            if let Some((_, row)) = self.cell((self.range.x.start(), *y)) {
                self.frame.label(buf, row, &format!("{name}{unit}"), theme);
            }
        }
        let xs = self.range.x.ticks((self.frame.n_columns / LABEL_ROOM).max(2));
        let labels: Vec<_> = xs.into_iter().filter_map(|(x, name)| Some((self.column(x)?, name))).collect();
        let cursor = self.cursor_point(f).and_then(|p| self.cell(p));
        self.frame.x_axis(buf, self.rows, (f.x_label, f.x_unit), &labels, cursor.map(|c| c.0), theme);
        if let Some((x, _)) = cursor {
            self.frame.highlight(buf, x, 0..self.rows, theme);
        }
    }

    fn cursor_point(&self, f: &Lines) -> Option<(f64, f64)> {
        let points = &f.series.first()?.points;
        points.get(self.view.state.cursor?.min(points.len().checked_sub(1)?)).copied()
    }
}
