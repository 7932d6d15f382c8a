//! A table: columns as wide as they need, numbers at the right.

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{fit, print},
    FigureView,
    window::Window,
};
use crate::{lab::Table, theme::Role};

const GAPS: [usize; 2] = [2, 1];

pub(super) fn draw(view: &FigureView<'_>, f: &Table, area: Rect, buf: &mut Buffer) {
    let (theme, width) = (view.theme, usize::from(area.width));
    let window = Window::of(f.rows.len(), usize::from(area.height).saturating_sub(1), view.state.cursor);
    let cells = |c: usize| f.rows.iter().filter_map(move |row| row.get(c));
    let wanted = |c: usize, name: &str| cells(c).map(|cell| theme.say(cell).width()).chain([name.width()]).max().unwrap_or(0);
    let sizes: Vec<usize> = f.columns.iter().enumerate().map(|(c, name)| wanted(c, name)).collect();
    // Before a column is cut, the gaps become narrow.
    let is_fitting = |gap: &usize| sizes.iter().map(|size| size + gap).sum::<usize>() <= width + gap;
    let gap = GAPS.into_iter().find(is_fitting).unwrap_or(GAPS[0]);
    let mut x = 0;
    for (c, name) in f.columns.iter().enumerate() {
        let size = sizes[c].min(width.saturating_sub(x));
        let is_number = cells(c).all(|cell| cell.starts_with(|ch: char| ch.is_ascii_digit() || "-+–.".contains(ch)));
        let lines = std::iter::once(*name).chain(window.range().map(|r| f.rows[r].get(c).map_or("", String::as_str)));
        for (y, text) in lines.enumerate() {
            let text = fit(&theme.say(text), size, theme.glyphs().ellipsis);
            let indent = if is_number { size.saturating_sub(text.width()) } else { 0 };
            let style = if y == 0 { theme.style(Role::Dim).add_modifier(Modifier::BOLD) } else { theme.style(Role::Text) };
            print(buf, area, x + indent, y, &text, style);
        }
        x += size + gap;
    }
    if let Some(at) = view.state.cursor.map(|at| at.min(f.rows.len().saturating_sub(1))).filter(|at| window.range().contains(at))
    {
        let row = Rect { y: area.y + (1 + at - window.first) as u16, height: 1, ..area };
        super::super::card::highlight(theme, row.intersection(area), buf);
    }
    if let Some(note) = window.note(theme.glyphs()) {
        print(buf, area, 0, 1 + window.n_shown, &note, theme.style(Role::Dim));
    }
}

/// The row under the cursor with the names of its columns: nothing of it is cut.
pub(super) fn readout(view: &FigureView<'_>, f: &Table) -> Option<String> {
    let row = f.rows.get(view.state.cursor?.min(f.rows.len().checked_sub(1)?))?;
    let named = f.columns.iter().zip(row).skip(1).map(|(name, cell)| format!("{name} {cell}"));
    Some(format!("{}: {}", row.first()?, named.collect::<Vec<_>>().join(", ")))
}
