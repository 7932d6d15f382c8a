//! Lines of text with styles: what figures of a height of their own are laid out as before they are drawn.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

use super::super::{print, wrap};
use crate::theme::{Role, Theme};

/// Text at a column of its line.
#[derive(Clone, Debug)]
pub(super) struct Span {
    x: usize,
    text: String,
    role: Role,
    is_strong: bool,
}

impl Span {
    pub(super) fn new(x: usize, text: impl Into<String>, role: Role) -> Self {
        Self { x, text: text.into(), role, is_strong: false }
    }

    pub(super) fn strong(self, is_strong: bool) -> Self {
        Self { is_strong, ..self }
    }

    fn style(&self, theme: &Theme) -> Style {
        let style = theme.style(self.role);
        if self.is_strong { style.add_modifier(Modifier::BOLD) } else { style }
    }
}

/// Lines from the top down.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Vec<Vec<Span>>);

impl Lines {
    pub(super) fn push(&mut self, line: Vec<Span>) {
        self.0.push(line);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts a name at the beginning of a line that is there.
    pub(super) fn lead(&mut self, line: usize, name: Span) {
        if let Some(line) = self.0.get_mut(line) {
            line.insert(0, name);
        }
    }

    /// Text in as many lines as it takes from column `x` on; none for an empty one.
    pub(super) fn wrapped(&mut self, text: &str, x: usize, width: usize, role: Role) {
        if !text.is_empty() {
            self.0.extend(wrap(text, width.saturating_sub(x)).into_iter().map(|line| vec![Span::new(x, line, role)]));
        }
    }

    /// Draws what fits; the last row then says how many lines are missing.
    pub(super) fn draw(&self, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let rows = usize::from(area.height);
        let n_shown = if self.len() > rows && rows > 1 { rows - 1 } else { rows };
        for (y, line) in self.0.iter().take(n_shown).enumerate() {
            for span in line {
                print(buf, area, span.x, y, &span.text, span.style(theme));
            }
        }
        if n_shown < rows && n_shown < self.len() {
            let text = format!("{} {} more lines; w says all", theme.glyphs().ellipsis, self.len() - n_shown);
            print(buf, area, 0, n_shown, &text, theme.style(Role::Dim));
        }
    }
}
