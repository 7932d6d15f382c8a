//! What the figures share: the gutter of labels at the left, half-row bars, the count axis, the row of x labels.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_width::UnicodeWidthStr;

use super::super::{fit, print};
use crate::{
    export::{short_count, ticks},
    theme::{Glyphs, Role, Theme},
};

/// Columns of the labels at the left, the space behind them included.
const GUTTER: usize = 10;
const MARGIN: usize = 2;
/// Below this width the plot takes every column and the gutter is left out.
const NARROW: usize = 30;

/// Where the columns of a plot stand in an area.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) area: Rect,
    gutter: usize,
    /// The first column of the plot.
    pub(super) left: usize,
    pub(super) n_columns: usize,
}

impl Frame {
    /// The columns that a plot may have in an area of this width.
    pub(super) fn room(width: u16) -> usize {
        let width = usize::from(width);
        if width < NARROW { width } else { width - GUTTER - MARGIN }
    }

    /// Centres `n_columns` columns in what the gutter leaves.
    pub(super) fn new(area: Rect, n_columns: usize) -> Self {
        let room = Self::room(area.width);
        let gutter = if usize::from(area.width) < NARROW { 0 } else { GUTTER };
        let n_columns = n_columns.min(room);
        Self { area, gutter, left: gutter + (room - n_columns) / 2, n_columns }
    }

    /// Sets one cell of the plot.
    pub(super) fn put(&self, buf: &mut Buffer, column: usize, row: usize, glyph: &str, style: Style) {
        if column < self.n_columns {
            print(buf, self.area, self.left + column, row, glyph, style);
        }
    }

    /// Whether nothing has been drawn into a cell of the plot.
    pub(super) fn is_blank(&self, buf: &Buffer, column: usize, row: usize) -> bool {
        let (x, y) = (usize::from(self.area.x) + self.left + column, usize::from(self.area.y) + row);
        let cell = u16::try_from(x).ok().zip(u16::try_from(y).ok()).and_then(|at| buf.cell(at));
        cell.is_some_and(|cell| cell.symbol() == " ")
    }

    /// A label in the gutter, right-aligned.
    pub(super) fn label(&self, buf: &mut Buffer, row: usize, text: &str, theme: &Theme) {
        if self.gutter == 0 {
            return;
        }
        let text = theme.say(text);
        let start = (self.left - 1).saturating_sub(text.width()).max(self.left.saturating_sub(GUTTER));
        let place = Rect { width: self.area.width.min((self.left - 1) as u16), ..self.area };
        print(buf, place, start, row, &text, theme.style(Role::Dim));
    }

    /// The row of x labels, each centred under its column; one that would touch another or the cursor is left out.
    pub(super) fn x_labels(
        &self,
        buf: &mut Buffer,
        row: usize,
        labels: &[(usize, String)],
        cursor: Option<usize>,
        theme: &Theme,
    ) {
        let mut free_from = self.left;
        for (column, text) in labels {
            let start = self.start_of(*column, text);
            let end = start + text.width();
            let hits_cursor = cursor.is_some_and(|c| (start.saturating_sub(1)..=end).contains(&(self.left + c)));
            if start >= free_from && !hits_cursor && *column < self.n_columns {
                print(buf, self.area, start, row, text, theme.style(Role::Dim));
                free_from = end + 1;
            }
        }
        if let Some(c) = cursor {
            self.put(buf, c, row, theme.glyphs().cursor, theme.style(Role::Text));
        }
    }

    /// The first column of a label that is centred under its column, as far as the edges allow it.
    fn start_of(&self, column: usize, text: &str) -> usize {
        let most = usize::from(self.area.width).saturating_sub(text.width());
        (self.left + column).saturating_sub(text.width() / 2).max(self.left).min(most)
    }

    /// The row of x labels behind the name of the axis. A name too long for the gutter reaches into the plot, as far as the
    /// first label, or the second where enough are left; its unit gives way before it is cut.
    pub(super) fn x_axis(
        &self,
        buf: &mut Buffer,
        row: usize,
        (name, unit): (&str, &str),
        labels: &[(usize, String)],
        cursor: Option<usize>,
        theme: &Theme,
    ) {
        // "bits" needs no unit.
        let is_named = unit.is_empty() || name.split(' ').any(|word| word.starts_with(unit));
        let whole = if is_named { name.to_owned() } else { format!("{name} ({unit})") };
        let (whole, name) = (theme.say(&whole), theme.say(name));
        let room = |skipped: usize| {
            let next = labels.get(skipped).map_or(usize::from(self.area.width), |(column, text)| self.start_of(*column, text));
            next.min(cursor.map_or(usize::MAX, |c| self.left + c)).max(GUTTER) - 1
        };
        let skips = if labels.len() > 3 { 0..2 } else { 0..1 };
        let mut choices = [&whole, &name].into_iter().flat_map(|text| skips.clone().map(move |skipped| (text, skipped)));
        let fitting = choices.find(|(text, skipped)| text.width() <= room(*skipped));
        let (text, skipped) = fitting.map_or_else(
            || (fit(&name, room(skips.end - 1), theme.glyphs().ellipsis), skips.end - 1),
            |(text, skipped)| (text.to_string(), skipped),
        );
        self.x_labels(buf, row, &labels[skipped.min(labels.len())..], cursor, theme);
        if self.gutter > 0 {
            let start = (self.left - 1).saturating_sub(text.width());
            print(buf, self.area, start, row, &text, theme.style(Role::Dim));
        }
    }

    /// Puts the selection over one column.
    pub(super) fn highlight(&self, buf: &mut Buffer, column: usize, rows: std::ops::Range<usize>, theme: &Theme) {
        if column < self.n_columns {
            let (x, y) = ((self.left + column) as u16, rows.start.min(usize::from(self.area.height)) as u16);
            let height = rows.end.min(usize::from(self.area.height)) as u16 - y;
            let place = Rect { x: self.area.x + x, y: self.area.y + y, width: 1, height };
            super::super::card::highlight(theme, place, buf);
        }
    }
}

/// A count axis, log10 or linear, from 0 to the greatest count.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountScale {
    max: u64,
    log: bool,
}

impl CountScale {
    pub(super) fn new(max: u64, log: bool) -> Self {
        Self { max: max.max(1), log }
    }

    pub(super) fn max(&self) -> u64 {
        self.max
    }

    /// The half rows of a bar: none for zero, at least one for anything else.
    pub(super) fn halves(&self, count: f64, rows: usize) -> usize {
        let total = 2 * rows;
        // A reference height below one count is still a height.
        if count <= 0.0 || total == 0 {
            return 0;
        }
        let share =
            if self.log && self.max > 1 { count.max(1.0).log10() / (self.max as f64).log10() } else { count / self.max as f64 };
        ((share * total as f64).round() as usize).clamp(1, total)
    }

    /// Labels by row from the axis, outermost first.
    pub(super) fn labels(&self, rows: usize) -> Vec<(usize, String)> {
        if rows == 0 {
            return Vec::new();
        }
        let mut labels: Vec<(usize, String)> = Vec::new();
        for (count, name) in self.marks(rows) {
            let row = self.halves(count, rows).saturating_sub(1) / 2;
            // The ends come first; what lies between must keep clear of them.
            if labels.iter().all(|(other, _)| other.abs_diff(row) > usize::from(labels.len() > 1)) {
                labels.push((row, name));
            }
        }
        labels.sort_by_key(|(row, _)| std::cmp::Reverse(*row));
        labels
    }

    /// Round counts and their names: the greatest, the least, then those between.
    fn marks(&self, rows: usize) -> Vec<(f64, String)> {
        let mut marks: Vec<(f64, String)> = if self.log {
            let name = |k| match k {
                0 => "1".into(),
                1 => "10".into(),
                _ => format!("10^{k}"),
            };
            (0..=(self.max as f64).log10().floor() as i32).rev().map(|k| (10f64.powi(k), name(k))).collect()
        } else {
            let values = ticks(0.0, self.max as f64, (rows / 2 + 1).clamp(3, 6));
            values.into_iter().rev().filter(|&v| v > 0.0).map(|v| (v, short_count(v))).collect()
        };
        if let Some(least) = marks.pop() {
            marks.insert(1.min(marks.len()), least);
        }
        marks
    }
}

/// The glyph of a bar of `halves` half rows in the row `row` from the axis; `None` where it is blank.
pub(super) fn bar_glyph(glyphs: &Glyphs, halves: usize, row: usize, is_up: bool) -> Option<&'static str> {
    match halves.saturating_sub(2 * row) {
        0 => None,
        1 => Some(if is_up { glyphs.half_up } else { glyphs.half_down }),
        _ => Some(glyphs.full),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn log_labels_are_decades_and_linear_ones_are_round() {
        let names = |scale: CountScale, rows| scale.labels(rows).into_iter().map(|(r, n)| format!("{r}:{n}")).collect::<Vec<_>>();
        assert_eq!(names(CountScale::new(100_000, true), 4), ["3:10^5", "0:1"]);
        assert_eq!(names(CountScale::new(25_000, false), 4), ["2:20k", "1:10k"]);
        assert_eq!(names(CountScale::new(1, true), 4), ["3:1"]);
        assert_eq!(names(CountScale::new(5, true), 0), [""; 0]);
    }

    proptest! {
        #[test]
        fn a_count_above_zero_is_never_blank_and_zero_always_is(count in 1u64.., more in 0u64.., rows in 1usize..40, log in any::<bool>()) {
            let scale = CountScale::new(count.saturating_add(more), log);
            prop_assert_eq!(scale.halves(0.0, rows), 0);
            let halves = scale.halves(count as f64, rows);
            prop_assert!(halves >= 1 && halves <= 2 * rows);
            prop_assert!(scale.halves(count as f64 / 2.0, rows) <= halves);
        }
    }
}
