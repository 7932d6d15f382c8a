//! A table: columns as wide as they need, numbers at the right.

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{fit, print},
    FigureView,
};
use crate::{lab::Table, theme::Role};

const GAP: usize = 2;

pub(super) fn draw(view: &FigureView<'_>, f: &Table, area: Rect, buf: &mut Buffer) {
    let (theme, width) = (view.theme, usize::from(area.width));
    let cells = |c: usize| f.rows.iter().filter_map(move |row| row.get(c));
    let mut x = 0;
    for (c, name) in f.columns.iter().enumerate() {
        let size = cells(c).map(|cell| theme.say(cell).width()).chain([name.width()]).max().unwrap_or(0);
        let size = size.min(width.saturating_sub(x));
        let is_number = cells(c).all(|cell| cell.starts_with(|ch: char| ch.is_ascii_digit() || "-+–.".contains(ch)));
        let lines = std::iter::once(*name).chain((0..f.rows.len()).map(|r| f.rows[r].get(c).map_or("", String::as_str)));
        for (y, text) in lines.enumerate().take(usize::from(area.height)) {
            let text = fit(&theme.say(text), size, theme.glyphs().ellipsis);
            let indent = if is_number { size.saturating_sub(text.width()) } else { 0 };
            let style = if y == 0 { theme.style(Role::Dim).add_modifier(Modifier::BOLD) } else { theme.style(Role::Text) };
            print(buf, area, x + indent, y, &text, style);
        }
        x += size + GAP;
    }
}
