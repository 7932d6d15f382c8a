//! What the lines, points and columns of a plot stand for, on one line or, where names would be cut, on more.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::stroke::{Stroke, point, strokes};
use crate::{
    lab::{Lines, Shape},
    theme::Role,
    widget::{
        figure::{FigureView, bars::role},
        fit, print,
    },
};

const GAP: usize = 2;
/// A plot that is lower than this gives no row to a second line.
const LEAST_ROWS: usize = 5;

#[derive(Clone, Debug)]
struct Entry {
    sample: &'static str,
    ink: Role,
    name: String,
}

impl Entry {
    fn width(&self) -> usize {
        let between = usize::from(!self.sample.is_empty() && !self.name.is_empty());
        self.sample.width() + between + self.name.width()
    }
}

/// Entries by line, and where they begin.
#[derive(Clone, Debug)]
pub(super) struct Legend {
    lines: Vec<Vec<Entry>>,
    start: usize,
    gap: usize,
}

impl Legend {
    /// `left` is the first column of the plot, `rows` what plot and legend share.
    pub(super) fn of(view: &FigureView<'_>, f: &Lines, left: usize, width: usize, rows: usize) -> Self {
        let all = all(view, f);
        let line = |gap: usize| all.iter().map(Entry::width).sum::<usize>() + gap * all.len().saturating_sub(1);
        // Before a row is taken from the plot, the line moves left and gaps become narrow.
        for gap in [GAP, 1] {
            if line(gap) <= width {
                return Self { start: left.min(width - line(gap)), lines: vec![all], gap };
            }
        }
        let room = width.saturating_sub(left);
        let lines = if rows > LEAST_ROWS { wrapped(all, room) } else { vec![all] };
        Self { lines, start: left, gap: GAP }
    }

    pub(super) fn height(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn draw(&self, view: &FigureView<'_>, row: usize, area: Rect, buf: &mut Buffer) {
        let (theme, width) = (view.theme, usize::from(area.width));
        for (i, line) in self.lines.iter().enumerate() {
            let mut x = self.start;
            for entry in line {
                let end = x + print(buf, area, x, row + i, entry.sample, theme.style(entry.ink));
                let start = if end > x { end + 1 } else { x };
                let name = fit(&entry.name, width.saturating_sub(start), theme.glyphs().ellipsis);
                let ink = if entry.sample.is_empty() { Role::Text } else { Role::Dim };
                x = start + print(buf, area, start, row + i, &name, theme.style(ink)) + self.gap;
            }
        }
    }
}

/// The y axis, unless a series says its name; then every series, mark A and the place of the controls.
fn all(view: &FigureView<'_>, f: &Lines) -> Vec<Entry> {
    let (theme, is_ascii) = (view.theme, view.theme.ascii());
    let entry = |sample, ink, name: &str| Entry { sample, ink, name: theme.say(name).into_owned() };
    let mut all = Vec::new();
    if !f.y_label.is_empty() && f.series.iter().all(|s| s.name != f.y_label) {
        all.push(entry("", Role::Text, f.y_label));
    }
    let strokes = strokes(f);
    for series in f.entries() {
        let stroke = strokes.iter().find(|(s, _)| std::ptr::eq(*s, series)).map_or(Stroke::Solid, |(_, stroke)| *stroke);
        let sample = match series.shape {
            Shape::Line => stroke.sample(is_ascii),
            Shape::Points => point(f, series, is_ascii),
            Shape::Columns => theme.glyphs().textures[series.role as usize],
        };
        all.push(entry(sample, role(series.role), &series.name));
    }
    if view.against.is_some() {
        all.push(entry(Stroke::Faint.sample(is_ascii), Role::Dim, "A"));
    }
    if f.here.is_some() {
        all.push(entry(theme.glyphs().here, Role::Text, "here"));
    }
    all
}

/// As many lines as it takes; none is broken inside of an entry.
fn wrapped(entries: Vec<Entry>, room: usize) -> Vec<Vec<Entry>> {
    let mut lines: Vec<Vec<Entry>> = vec![Vec::new()];
    let mut used = 0;
    for entry in entries {
        if used > 0 && used + GAP + entry.width() > room {
            lines.push(Vec::new());
            used = 0;
        }
        used += entry.width() + if used > 0 { GAP } else { 0 };
        lines.last_mut().expect("there is a line from the start").push(entry);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lab::{Figure, Series, SeriesRole},
        theme::{Background, Depth, Theme},
    };

    #[test]
    fn a_legend_wraps_before_it_cuts_a_name() {
        let names = ["moving average", "percentile", "least error", "min-max", "entropy"];
        let series = names.map(|name| Series::line(name, SeriesRole::A, vec![(0.0, 0.0), (1.0, 1.0)])).to_vec();
        let figure = Figure::Lines(Lines { y_label: "range", series, ..Lines::default() });
        let theme = Theme::new(Background::Dark, Depth::None, false);
        for width in [60, 76, 100, 120] {
            let mut buf = Buffer::empty(Rect::new(0, 0, width, 12));
            FigureView::new(&figure, &theme).render(buf.area, &mut buf);
            let text: String = buf.content.iter().map(|cell| cell.symbol()).collect();
            assert!(names.iter().all(|name| text.contains(name)), "{width}: {text}");
        }
    }
}
