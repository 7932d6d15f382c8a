//! Rows of short cells in one grid; those that matter in this step stand in brackets.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::fit,
    FigureView,
    bars::role,
    stack::{Lines, Span},
};
use crate::{
    lab::{Cell, CellRow, Cells, SeriesRole},
    theme::Role,
};

const GAP: usize = 2;
/// What stands before a cell, and in the legend, so that a role is told without its colour: A, B, error, grid.
const MARKS: [&str; 4] = ["", ":", "!", "."];

pub(super) fn draw(view: &FigureView<'_>, f: &Cells, area: Rect, buf: &mut Buffer) {
    lines(view, f, usize::from(area.width)).draw(view.theme, area, buf);
}

/// Rows without the heading in an area of this width.
pub(super) fn height(view: &FigureView<'_>, f: &Cells, width: u16) -> usize {
    lines(view, f, usize::from(width)).len()
}

/// The sizes that all rows share.
struct Grid {
    start: usize,
    text_width: usize,
    /// Columns from one cell to the next: bracket, mark, text, bracket.
    pitch: usize,
    has_marks: bool,
    per_line: usize,
}

impl Grid {
    fn of(view: &FigureView<'_>, f: &Cells, width: usize) -> Self {
        let cells = || f.rows.iter().flat_map(|row| &row.cells);
        let label = f.rows.iter().map(|r| view.theme.say(&r.label).width()).max().unwrap_or(0).min(width / 3);
        let start = if label > 0 { label + 1 } else { 0 };
        // A row of one role is told by its label.
        let is_mixed = |row: &CellRow| row.cells.iter().any(|cell| cell.role != row.cells[0].role);
        let has_marks = f.legend.len() > 1 || f.rows.iter().any(is_mixed);
        let room = width.saturating_sub(start).max(1);
        let widest = cells().map(|cell| view.theme.say(&cell.text).width()).max().unwrap_or(0);
        let text_width = widest.min(room.saturating_sub(2 + usize::from(has_marks))).max(1);
        let pitch = text_width + 2 + usize::from(has_marks);
        let longest = f.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0).max(1);
        Self { start, text_width, pitch, has_marks, per_line: per_line(longest, room / pitch) }
    }

    fn cell(&self, cell: &Cell, x: usize, view: &FigureView<'_>) -> [Span; 2] {
        let mark = if self.has_marks { MARKS[cell.role as usize] } else { "" };
        let text = fit(&view.theme.say(&cell.text), self.text_width, view.theme.glyphs().ellipsis);
        let pad = self.text_width - text.width().min(self.text_width) + usize::from(self.has_marks) - mark.len();
        let ink = if cell.role == SeriesRole::Grid { Role::Dim } else { role(cell.role) };
        let body = format!("{}{mark}{text}", " ".repeat(pad));
        let brackets =
            if cell.strong { format!("[{}]", " ".repeat(self.text_width + usize::from(self.has_marks))) } else { String::new() };
        [Span::new(x, brackets, Role::Text).strong(true), Span::new(x + 1, body, ink).strong(cell.strong)]
    }
}

/// All cells of the longest row in one line, or a round number of them.
fn per_line(longest: usize, room: usize) -> usize {
    match room {
        0 | 1 => 1,
        room if longest <= room => longest,
        room if room >= 8 => room / 8 * 8,
        room => 1 << room.ilog2(),
    }
}

fn lines(view: &FigureView<'_>, f: &Cells, width: usize) -> Lines {
    let grid = Grid::of(view, f, width);
    let longest = f.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0).min(grid.per_line);
    let beside = grid.start + grid.pitch * longest + 1;
    let is_beside = |note: &str| beside + note.width() <= width;
    let mut out = Lines::default();
    for row in &f.rows {
        let label = fit(&view.theme.say(&row.label), grid.start.saturating_sub(1), view.theme.glyphs().ellipsis);
        let note = view.theme.say(&row.note);
        let chunks: Vec<&[Cell]> = row.cells.chunks(grid.per_line).collect();
        for i in 0..chunks.len().max(1) {
            let cells = chunks.get(i).copied().unwrap_or_default();
            let spans = cells.iter().enumerate().flat_map(|(c, cell)| grid.cell(cell, grid.start + c * grid.pitch, view));
            let mut line: Vec<Span> = spans.collect();
            if i == 0 {
                line.push(Span::new(0, label.clone(), Role::Text));
            }
            if i + 1 == chunks.len().max(1) && is_beside(&note) {
                line.push(Span::new(beside, note.as_ref(), Role::Text));
            }
            out.push(line);
        }
        if !is_beside(&note) {
            out.wrapped(&note, grid.start, width, Role::Text);
        }
    }
    legend(view, f, &grid, &mut out);
    out
}

/// Every role with its mark: `x before, :x after`.
fn legend(view: &FigureView<'_>, f: &Cells, grid: &Grid, out: &mut Lines) {
    let mut x = grid.start;
    let mut line = Vec::new();
    for &(series, name) in &f.legend {
        let ink = if series == SeriesRole::Grid { Role::Dim } else { role(series) };
        let sample =
            format!("{}{}", if grid.has_marks { MARKS[series as usize] } else { "" }, "x".repeat(grid.text_width.min(2)));
        let name = view.theme.say(name);
        let end = x + sample.len() + 1;
        line.push(Span::new(x, sample, ink));
        line.push(Span::new(end, name.as_ref(), Role::Dim));
        x = end + name.width() + GAP;
    }
    if !line.is_empty() {
        out.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_round_numbers_of_cells() {
        assert_eq!([per_line(16, 20), per_line(32, 20), per_line(32, 7), per_line(9, 1), per_line(9, 0)], [16, 16, 4, 1, 1]);
    }
}
