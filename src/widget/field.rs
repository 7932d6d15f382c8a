//! A text field of one line. The editing is ratatui-textarea's; no key goes in, only what a key means.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Modifier, Style},
};
use ratatui_textarea::{CursorMove, TextArea};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::print;
use crate::{
    text::Text,
    theme::{Role, Theme},
};

/// One line of text in hand. Whatever comes in is cleaned first and cut at the length cap.
#[derive(Clone, Debug)]
pub struct Field {
    area: TextArea<'static>,
    placeholder: String,
    max_chars: usize,
}

impl Field {
    /// An empty field that holds at most `max_chars` characters.
    pub fn new(max_chars: usize) -> Self {
        Self { area: TextArea::default(), placeholder: String::new(), max_chars }
    }

    /// What an empty field shows.
    pub fn placeholder(mut self, text: impl Into<String>) -> Self {
        self.placeholder = text.into();
        self
    }

    /// The field with this text in it, the cursor behind it.
    pub fn with_text(mut self, text: &str) -> Self {
        self.set(text);
        self
    }

    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// Replaces the text; the cursor stands behind it.
    pub fn set(&mut self, text: &str) {
        self.clear();
        self.paste(text);
    }

    /// Takes everything away; [`Field::undo`] brings it back. Gives whether there was anything.
    pub fn clear(&mut self) -> bool {
        self.area.select_all();
        self.area.cut()
    }

    /// Types one character. Gives whether it was taken.
    pub fn insert(&mut self, c: char) -> bool {
        self.paste(c.encode_utf8(&mut [0; 4]))
    }

    /// Inserts text at the cursor: cleaned, on one line, cut at the cap. Gives whether anything was taken.
    pub fn paste(&mut self, foreign: &str) -> bool {
        let room = self.max_chars.saturating_sub(self.text().chars().count());
        let clean: String = Text::clean_line(foreign).chars().take(room).collect();
        !clean.is_empty() && self.area.insert_str(clean)
    }

    pub fn backspace(&mut self) -> bool {
        self.area.delete_char()
    }

    pub fn delete(&mut self) -> bool {
        self.area.delete_next_char()
    }

    /// Deletes the word before the cursor.
    pub fn delete_word(&mut self) -> bool {
        self.area.delete_word()
    }

    pub fn left(&mut self) {
        self.area.move_cursor(CursorMove::Back);
    }

    pub fn right(&mut self) {
        self.area.move_cursor(CursorMove::Forward);
    }

    pub fn home(&mut self) {
        self.area.move_cursor(CursorMove::Head);
    }

    pub fn end(&mut self) {
        self.area.move_cursor(CursorMove::End);
    }

    pub fn word_left(&mut self) {
        self.area.move_cursor(CursorMove::WordBack);
    }

    pub fn word_right(&mut self) {
        self.area.move_cursor(CursorMove::WordForward);
    }

    pub fn undo(&mut self) -> bool {
        self.area.undo()
    }

    /// Draws the field over the first row of `area`, underlined to its full width where `focused`.
    pub fn render(&self, focused: bool, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let underline = if focused { Style::new().add_modifier(Modifier::UNDERLINED) } else { Style::new() };
        buf.set_style(Rect { height: 1, ..area }, underline);
        if self.is_empty() {
            print(buf, area, 0, 0, &theme.say(&self.placeholder), theme.style(Role::Dim).patch(underline));
            return;
        }
        let visible = self.visible(usize::from(area.width));
        print(buf, area, 0, 0, visible, theme.style(Role::Text).patch(underline));
    }

    /// The cell that the terminal's cursor stands on.
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let visible = self.visible(usize::from(area.width));
        let hidden = self.text().width() - visible.width();
        let column = self.before_cursor().width().saturating_sub(hidden).min(usize::from(area.width) - 1);
        Some(Position { x: area.x + column as u16, y: area.y })
    }

    /// How many columns stand before the cursor.
    pub fn columns_before_cursor(&self) -> usize {
        self.before_cursor().width()
    }

    fn before_cursor(&self) -> &str {
        let n_chars = self.area.cursor().1;
        let text = self.text();
        text.char_indices().nth(n_chars).map_or(text, |(at, _)| &text[..at])
    }

    /// The text from the first character that must show so that the cursor does: the start, if all fits before it.
    fn visible(&self, width: usize) -> &str {
        let before = self.before_cursor();
        let mut hide = (before.width() + 1).saturating_sub(width);
        let text = self.text();
        let start = text.char_indices().find(|(_, c)| {
            let show = hide == 0;
            hide = hide.saturating_sub(c.width().unwrap_or(0));
            show
        });
        start.map_or("", |(at, _)| &text[at..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Background, Depth};

    const PLAIN: Theme = Theme::new(Background::Dark, Depth::None, false);

    fn shown(field: &Field, width: u16) -> (String, Option<Position>) {
        let area = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(area);
        field.render(true, &PLAIN, area, &mut buf);
        (buf.content.iter().map(|c| c.symbol()).collect(), field.cursor(area))
    }

    #[test]
    fn typing_moves_and_deletes() {
        let mut field = Field::new(20);
        "1/128".chars().for_each(|c| assert!(field.insert(c)));
        field.backspace();
        field.insert('7');
        assert_eq!(field.text(), "1/127");
        field.home();
        field.delete();
        field.insert('2');
        field.end();
        assert_eq!(field.text(), "2/127");
        field.undo();
        field.set("two words");
        field.delete_word();
        assert_eq!(field.text(), "two ");
        assert!(field.clear() && field.is_empty());
        assert!(field.undo());
        assert_eq!(field.text(), "two ", "what was cleared comes back");
    }

    #[test]
    fn a_paste_is_cleaned_put_on_one_line_and_capped() {
        let mut field = Field::new(8);
        assert!(field.paste("a\x1b[31m\nb\u{202e}cdefgh"));
        assert_eq!(field.text(), "a[31m bc");
        assert!(!field.insert('x'));
        assert!(!Field::new(8).paste("\u{200b}\x07"));
    }

    #[test]
    fn the_cursor_stays_in_sight() {
        let mut field = Field::new(99).placeholder("a number");
        assert_eq!(shown(&field, 10), ("a number  ".into(), Some(Position::new(0, 0))));
        field.paste("0123456789");
        assert_eq!(shown(&field, 6), ("56789 ".into(), Some(Position::new(5, 0))));
        field.home();
        assert_eq!(shown(&field, 6), ("012345".into(), Some(Position::new(0, 0))));
        assert_eq!(field.cursor(Rect::ZERO), None);
        field.set("日本語");
        assert_eq!(shown(&field, 5).1, Some(Position::new(4, 0)));
    }
}
