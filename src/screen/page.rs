//! A scrolling column of lines: what every reading screen is made of.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr;

use crate::{
    theme::{Role, Theme},
    widget::{card, rich},
};

/// The shown name of a term that is linked without one.
pub type Terms<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Prose is at most this wide.
pub const MAX_PROSE: u16 = 88;

/// Lines with, maybe, a focused place among them.
#[derive(Debug, Default)]
pub struct Page {
    pub lines: Vec<Line<'static>>,
    /// Line and column of the terminal cursor.
    pub cursor: Option<(usize, u16)>,
    /// Lines that must be in view, if they fit.
    pub focus: Option<(usize, usize)>,
    /// Links to terms, in reading order, by their place on the page.
    pub links: Vec<rich::Link>,
    /// The link that enter opens.
    pub link: Option<usize>,
}

impl Page {
    pub fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    pub fn line(&mut self, line: impl Into<Line<'static>>) {
        self.lines.push(line.into());
    }

    /// Markdown, wrapped to `width` columns behind `indent` spaces.
    pub fn markdown(&mut self, text: &str, width: u16, indent: u16, theme: &Theme, terms: Terms) {
        let rich = rich::layout(text, width.saturating_sub(indent).max(8), theme, terms);
        let pad = " ".repeat(usize::from(indent));
        let (first_line, first_link, indent) =
            (self.lines.len(), self.links.last().map_or(0, |l| l.idx + 1), usize::from(indent));
        self.links.extend(rich.links.into_iter().map(|link| rich::Link {
            idx: link.idx + first_link,
            line: link.line + first_line,
            start_col: link.start_col + indent,
            end_col: link.end_col + indent,
            ..link
        }));
        for line in rich.lines {
            let mut spans = vec![Span::raw(pad.clone())];
            spans.extend(line.spans);
            self.lines.push(Line::from(spans).style(line.style));
        }
    }

    /// Markdown behind a lead of its own on the first line: a glyph, a letter. The rest hangs.
    pub fn hanging(&mut self, lead: Vec<Span<'static>>, text: &str, width: u16, theme: &Theme, style: Style, terms: Terms) {
        let indent: usize = lead.iter().map(Span::width).sum();
        let rich = rich::layout(text, width.saturating_sub(indent as u16).max(8), theme, terms);
        let mut lead = Some(lead);
        for line in rich.lines {
            let mut spans = lead.take().unwrap_or_else(|| vec![Span::raw(" ".repeat(indent))]);
            spans.extend(line.spans);
            self.lines.push(Line::from(spans).style(style));
        }
    }

    /// How far the page scrolls in `height` rows.
    pub fn max_scroll(&self, height: u16) -> u16 {
        self.lines.len().saturating_sub(usize::from(height)).min(usize::from(u16::MAX)) as u16
    }

    /// Draws from line `scroll` on, moved so that the focus is in view; a mark says that there is more.
    pub fn render(&self, area: Rect, buf: &mut Buffer, scroll: u16, theme: &Theme) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let height = usize::from(area.height);
        let mut top = usize::from(scroll.min(self.max_scroll(area.height)));
        if let Some((first, last)) = self.focus {
            top = top.max((last + 1).saturating_sub(height)).min(first.max((last + 1).saturating_sub(height)));
        }
        for (row, line) in self.lines.iter().skip(top).take(height).enumerate() {
            let row = Rect { y: area.y + row as u16, height: 1, ..area };
            buf.set_style(row, line.style);
            buf.set_line(row.x, row.y, line, row.width);
        }
        for link in self.links.iter().filter(|l| Some(l.idx) == self.link && (top..top + height).contains(&l.line)) {
            let width = (link.end_col - link.start_col) as u16;
            let place = Rect { x: area.x + link.start_col as u16, y: area.y + (link.line - top) as u16, width, height: 1 };
            card::highlight(theme, place.intersection(area), buf);
        }
        if top + height < self.lines.len() && area.width > 12 {
            let more = if theme.ascii() { " pgdn: more " } else { " ↓ pgdn " };
            let x = area.right().saturating_sub(more.width() as u16);
            buf.set_string(x, area.bottom() - 1, more, theme.style(Role::Dim));
        }
        let (line, col) = self.cursor?;
        let row = line.checked_sub(top).filter(|&row| row < height)?;
        Some(Position::new(area.x.saturating_add(col).min(area.right() - 1), area.y + row as u16))
    }
}

/// The column that prose stands in: two cells of margin, at most [`MAX_PROSE`] wide.
pub fn prose(area: Rect) -> Rect {
    let margin = if area.width > 40 { 2 } else { 0 };
    Rect { x: area.x + margin, width: (area.width - margin).saturating_sub(margin).min(MAX_PROSE), ..area }
}
