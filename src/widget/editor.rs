//! A text box of several lines for code. The editing (undo, selection, cut and paste) is ratatui-textarea's; keys come in
//! as what they mean here, and drawing is ours: line numbers, syntax colour, the selection, a cursor of the terminal.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};
use ratatui_textarea::{CursorMove, TextArea};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{
    print,
    syntax::{self, Language, Open},
};
use crate::{
    input::{Key, KeyCode},
    text::Text,
    theme::{Role, Theme},
};

/// More than people write in an exercise, and little enough to be kept in the log.
const MAX_CHARS: usize = 20_000;

const INDENT: &str = "    ";

/// Code in hand.
#[derive(Clone, Debug)]
pub struct Editor {
    area: TextArea<'static>,
}

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    Nothing,
    Moved,
    Changed,
}

impl Editor {
    /// The cursor stands at the beginning.
    pub fn new(text: &str) -> Self {
        let lines: Vec<String> = Text::clean(text).lines().map(str::to_owned).collect();
        Self { area: TextArea::new(lines) }
    }

    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    pub fn n_lines(&self) -> usize {
        self.area.lines().len()
    }

    /// Columns before the text: the numbers of the lines and a mark.
    pub fn gutter(&self) -> usize {
        self.n_lines().to_string().len() + 2
    }

    /// Replaces the text; undo brings the old one back.
    pub fn set(&mut self, text: &str) {
        self.area.select_all();
        if !self.area.insert_str(Text::clean(text).as_str()) {
            self.area.cut();
        }
        self.area.move_cursor(CursorMove::Top);
        self.area.move_cursor(CursorMove::Head);
    }

    /// Puts the cursor at a line and column, both from 1; a column of 0 is the beginning.
    pub fn jump(&mut self, line: u32, column: u32) {
        let at = |n: u32| u16::try_from(n.saturating_sub(1)).unwrap_or(u16::MAX);
        self.area.cancel_selection();
        self.area.move_cursor(CursorMove::Jump(at(line), at(column)));
    }

    pub fn undo(&mut self) -> bool {
        self.area.undo()
    }

    pub fn redo(&mut self) -> bool {
        self.area.redo()
    }

    pub fn key(&mut self, key: Key) -> Did {
        let changed = match (key.code, key.ctrl) {
            (KeyCode::Char('x'), true) => self.area.cut(),
            (KeyCode::Char('v'), true) => self.area.paste(),
            (KeyCode::Char('w'), true) | (KeyCode::Backspace, true) => self.area.delete_word(),
            (KeyCode::Delete, true) => self.area.delete_next_word(),
            (KeyCode::Char(c), false) if !key.alt => self.paste(c.encode_utf8(&mut [0; 4])),
            (KeyCode::Enter, _) => self.line_break(),
            (KeyCode::Backspace, false) => self.backspace(),
            (KeyCode::Delete, false) => self.area.delete_next_char(),
            _ => return self.moved(key),
        };
        if changed { Did::Changed } else { Did::Nothing }
    }

    /// Inserts text at the cursor, in place of the selection; what would be too long is cut off.
    pub fn paste(&mut self, foreign: &str) -> bool {
        let room = MAX_CHARS.saturating_sub(self.n_chars());
        let clean: String = Text::clean(foreign).chars().take(room).collect();
        !clean.is_empty() && self.area.insert_str(clean)
    }

    fn n_chars(&self) -> usize {
        self.area.lines().iter().map(|line| line.chars().count() + 1).sum()
    }

    /// A new line begins below the first letter of the line before, one step further behind an opening bracket.
    fn line_break(&mut self) -> bool {
        let cursor = self.area.cursor();
        let line: String = self.area.lines()[cursor.0].chars().take(cursor.1).collect();
        let blanks: String = line.chars().take_while(|c| *c == ' ').collect();
        let deeper = if line.trim_end().ends_with(['{', '(', '[', ':']) { INDENT } else { "" };
        self.paste(&format!("\n{blanks}{deeper}"))
    }

    /// In the blanks at the beginning of a line one step of indentation goes at once.
    fn backspace(&mut self) -> bool {
        let cursor = self.area.cursor();
        let before: String = self.area.lines()[cursor.0].chars().take(cursor.1).collect();
        let step = !before.is_empty() && before.chars().all(|c| c == ' ') && before.len().is_multiple_of(INDENT.len());
        if self.area.selection_range().is_some() || !step {
            return self.area.delete_char();
        }
        (0..INDENT.len()).fold(false, |changed, _| self.area.delete_char() || changed)
    }

    fn moved(&mut self, key: Key) -> Did {
        let to: &[CursorMove] = match (key.code, key.ctrl) {
            (KeyCode::Left, false) => &[CursorMove::Back],
            (KeyCode::Right, false) => &[CursorMove::Forward],
            (KeyCode::Left, true) => &[CursorMove::WordBack],
            (KeyCode::Right, true) => &[CursorMove::WordForward],
            (KeyCode::Up, _) => &[CursorMove::Up],
            (KeyCode::Down, _) => &[CursorMove::Down],
            (KeyCode::Home, false) => &[CursorMove::Head],
            (KeyCode::End, false) => &[CursorMove::End],
            (KeyCode::Home, true) | (KeyCode::PageUp, _) => &[CursorMove::Top, CursorMove::Head],
            (KeyCode::End, true) | (KeyCode::PageDown, _) => &[CursorMove::Bottom, CursorMove::End],
            _ => return Did::Nothing,
        };
        match (key.shift, self.area.is_selecting()) {
            (true, false) => self.area.start_selection(),
            (false, true) => self.area.cancel_selection(),
            _ => {}
        }
        to.iter().for_each(|step| self.area.move_cursor(*step));
        Did::Moved
    }

    /// Draws the text with line numbers, the line of the cursor in view; gives the cursor's cell where `focused`. The line
    /// `fault` (from 1) is marked.
    pub fn render(
        &self,
        language: &Language,
        fault: Option<u32>,
        focused: bool,
        theme: &Theme,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let area = area.intersection(buf.area);
        let gutter = self.gutter();
        if area.is_empty() || usize::from(area.width) <= gutter {
            return None;
        }
        let (row, column) = (self.area.cursor().0, self.area.cursor().1);
        let (height, room) = (usize::from(area.height), usize::from(area.width) - gutter);
        let top = row.saturating_sub(height / 2).min(self.n_lines().saturating_sub(height));
        // Only the focused box follows its cursor sideways; the others show how their lines begin.
        let left = if focused { first_column(&self.area.lines()[row], column, room) } else { 0 };
        let mut open = Open::Nothing;
        for (idx, line) in self.area.lines().iter().enumerate().take(top + height) {
            let (parts, next) = syntax::scan(line, language, open);
            open = next;
            let Some(y) = idx.checked_sub(top) else { continue };
            let faulty = fault == u32::try_from(idx + 1).ok();
            let mark = if faulty { theme.glyphs().bad } else { " " };
            print(buf, area, 0, y, &format!("{:>1$}", idx + 1, gutter - 2), theme.style(Role::Dim));
            print(buf, area, gutter - 2, y, mark, theme.style(Role::Bad));
            let cells = Rect { x: area.x + gutter as u16, width: room as u16, ..area };
            draw_line(&parts, left, self.selected(idx), theme, cells, y, buf);
        }
        focused.then(|| {
            let before: String = self.area.lines()[row].chars().skip(left).take(column.saturating_sub(left)).collect();
            let x = (gutter + before.width()).min(usize::from(area.width) - 1);
            Position::new(area.x + x as u16, area.y + (row - top) as u16)
        })
    }

    /// The selected characters of a line; the line break behind it is one of them.
    fn selected(&self, line: usize) -> std::ops::Range<usize> {
        let Some(((first, from), (last, to))) = self.area.selection_range() else { return 0..0 };
        let start = if line == first { from } else { 0 };
        let end = if line == last { to } else { usize::MAX };
        if (first..=last).contains(&line) { start..end } else { 0..0 }
    }
}

/// The first character that is shown, so that the cursor is in sight.
fn first_column(line: &str, column: usize, room: usize) -> usize {
    let chars: Vec<char> = line.chars().collect();
    let mut used = 1;
    for first in (0..column.min(chars.len())).rev() {
        used += chars[first].width().unwrap_or(0);
        if used > room {
            return first + 1;
        }
    }
    0
}

fn draw_line(
    parts: &[(Role, &str)],
    left: usize,
    selected: std::ops::Range<usize>,
    theme: &Theme,
    area: Rect,
    y: usize,
    buf: &mut Buffer,
) {
    let (mut idx, mut x) = (0, 0);
    for (role, text) in parts {
        for c in text.chars() {
            if idx >= left {
                let style: Style = theme.style(*role);
                let style = if selected.contains(&idx) { style.patch(theme.style(Role::Selection)) } else { style };
                x += print(buf, area, x, y, &theme.say(c.encode_utf8(&mut [0; 4])), style);
            }
            idx += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Background, Depth};

    const THEME: Theme = Theme::new(Background::Dark, Depth::None, false);

    fn typed(editor: &mut Editor, text: &str) {
        for c in text.chars() {
            editor.key(if c == '\n' { Key::new(KeyCode::Enter) } else { Key::char(c) });
        }
    }

    fn drawn(editor: &Editor, width: u16, height: u16) -> (Vec<String>, Option<Position>) {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        let cursor = editor.render(syntax::language("rhai"), None, true, &THEME, area, &mut buf);
        let row = |y| (0..width).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>().trim_end().to_owned();
        ((0..height).map(row).collect(), cursor)
    }

    #[test]
    fn a_new_line_keeps_the_indentation_and_a_bracket_deepens_it() {
        let mut editor = Editor::new("");
        typed(&mut editor, "fn f() {\nlet a = 1;\na");
        assert_eq!(editor.text(), "fn f() {\n    let a = 1;\n    a");
        typed(&mut editor, "\n");
        editor.key(Key::new(KeyCode::Backspace));
        typed(&mut editor, "}");
        assert!(editor.text().ends_with("\n    a\n}"), "{}", editor.text());
    }

    #[test]
    fn undo_and_redo_go_over_what_was_pasted_and_set() {
        let mut editor = Editor::new("one");
        editor.set("two\nlines");
        assert_eq!((editor.text().as_str(), editor.n_lines()), ("two\nlines", 2));
        while editor.undo() {}
        assert_eq!(editor.text(), "one");
        while editor.redo() {}
        assert_eq!(editor.text(), "two\nlines");
        editor.set("");
        assert_eq!(editor.text(), "");
    }

    #[test]
    fn a_selection_is_replaced_and_can_be_cut_and_pasted() {
        let mut editor = Editor::new("abc def");
        for _ in 0..3 {
            editor.key(Key::shift(KeyCode::Right));
        }
        assert_eq!(editor.selected(0), 0..3);
        assert_eq!(editor.key(Key::ctrl('x')), Did::Changed);
        assert_eq!(editor.text(), " def");
        editor.key(Key::new(KeyCode::End));
        editor.key(Key::ctrl('v'));
        assert_eq!(editor.text(), " defabc");
    }

    #[test]
    fn from_end_to_end_everything_is_selected() {
        let mut editor = Editor::new("one\ntwo");
        editor.key(Key::new(KeyCode::End));
        editor.key(Key { ctrl: true, ..Key::new(KeyCode::Home) });
        editor.key(Key { ctrl: true, ..Key::shift(KeyCode::End) });
        editor.paste("x");
        assert_eq!(editor.text(), "x");
    }

    #[test]
    fn what_comes_in_is_clean_and_bounded() {
        let mut editor = Editor::new("");
        assert!(editor.paste("a\tb\x1b[31m\u{202e}\r\nc"));
        assert_eq!(editor.text(), "a    b[31m\nc");
        editor.paste(&"x".repeat(2 * MAX_CHARS));
        assert!(editor.n_chars() <= MAX_CHARS + 1, "{}", editor.n_chars());
        assert!(!editor.paste("y"));
    }

    #[test]
    fn the_cursor_stays_in_sight_in_a_small_box() {
        let code: String = (1..=30).map(|n| format!("line {n}\n")).collect();
        let mut editor = Editor::new(&code);
        assert_eq!(drawn(&editor, 20, 4).0[0], " 1  line 1");
        for _ in 0..29 {
            editor.key(Key::new(KeyCode::Down));
        }
        let (rows, cursor) = drawn(&editor, 20, 4);
        assert_eq!((rows[3].as_str(), cursor), ("30  line 30", Some(Position::new(4, 3))));
        typed(&mut editor, &"w".repeat(40));
        let (rows, cursor) = drawn(&editor, 12, 4);
        // The cursor stands on the first character of the line, behind what was typed.
        assert!(rows[3].ends_with("wwwwwwwl") && cursor.is_some_and(|at| at.x == 11), "{rows:?} {cursor:?}");
        for (width, height) in [(0, 0), (3, 1), (5, 1), (200, 1)] {
            drawn(&editor, width, height);
        }
    }

    #[test]
    fn a_jump_goes_to_a_line_and_column_counted_from_one() {
        let mut editor = Editor::new("ab\ncd");
        editor.jump(2, 2);
        typed(&mut editor, "X");
        assert_eq!(editor.text(), "ab\ncXd");
        editor.jump(99, 0);
        typed(&mut editor, "Y");
        assert_eq!(editor.n_lines(), 2);
    }
}
