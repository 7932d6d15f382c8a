//! Leaf widgets: data in, cells out.
//!
//! A widget borrows what it draws, `render(&self, area, buf)` writes cells and nothing else, an empty area is a plain
//! return, and no size panics. None knows a learner or a course. Every glyph comes from the theme, so ASCII mode and
//! `NO_COLOR` hold everywhere.

pub mod card;
pub mod controls;
pub mod dots;
pub mod editor;
pub mod field;
pub mod figure;
pub mod footer;
pub mod metrics;
pub mod rich;
pub mod skill_map;
pub mod svg;
pub mod syntax;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Writes one line of text at column `x` and row `y` of `area`, cut at its right edge. Gives the columns used.
///
/// A character that would stick out is left away; outside of the area or the buffer nothing happens.
pub fn print(buf: &mut Buffer, area: Rect, x: usize, y: usize, text: &str, style: Style) -> usize {
    let area = area.intersection(buf.area);
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    if x >= width || y >= height {
        return 0;
    }
    let room = width - x;
    let (column, row) = (area.x + x as u16, area.y + y as u16);
    let (end, _) = buf.set_stringn(column, row, text, room, style);
    usize::from(end - column)
}

/// The text if it fits `width` columns, otherwise its beginning with an ellipsis at the end.
pub fn fit(text: &str, width: usize, ellipsis: &str) -> String {
    if text.width() <= width {
        return text.into();
    }
    let room = width.saturating_sub(ellipsis.width());
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > room {
            break;
        }
        out.push_str(grapheme);
    }
    if width >= ellipsis.width() { out + ellipsis } else { out }
}

/// Breaks plain text into lines of at most `width` columns, at spaces where it can.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in words(text) {
        let line = lines.last_mut().expect("there is always a line in hand");
        if line.is_empty() {
            line.push_str(&word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word);
        }
        break_word(&mut lines, width);
    }
    lines
}

/// The words of a text; the thousands of a number, "12 345", stay together.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if is_thousands(last, word) => *last = format!("{last} {word}"),
            _ => words.push(word.into()),
        }
    }
    words
}

fn is_thousands(before: &str, after: &str) -> bool {
    let n_leading = after.bytes().take_while(u8::is_ascii_digit).count();
    let n_trailing = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    n_leading == 3 && (1..=3).contains(&n_trailing)
}

/// Splits the last line while it is wider than `width`.
fn break_word(lines: &mut Vec<String>, width: usize) {
    while let Some(last) = lines.last().filter(|line| line.width() > width) {
        let mut used = 0;
        let cut = last.grapheme_indices(true).find(|(i, g)| {
            used += g.width();
            used > width && *i > 0
        });
        let Some((at, _)) = cut else { return };
        let rest = last[at..].to_owned();
        if let Some(last) = lines.last_mut() {
            last.truncate(at);
        }
        lines.push(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_the_edge_and_outside_nothing_happens() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        let area = Rect::new(1, 0, 9, 9);
        assert_eq!(print(&mut buf, area, 1, 0, "abc", Style::new()), 2);
        assert_eq!(print(&mut buf, area, 3, 0, "abc", Style::new()), 0);
        assert_eq!(print(&mut buf, area, 0, 1, "abc", Style::new()), 0);
        assert_eq!(buf, Buffer::with_lines(["  ab"]));
    }

    #[test]
    fn a_wide_character_is_never_halved() {
        assert_eq!(fit("日本語", 5, "…"), "日本…");
        assert_eq!(fit("日本語", 6, "…"), "日本語");
        assert_eq!(fit("abc", 0, "…"), "");
    }

    #[test]
    fn words_wrap_at_spaces_and_long_ones_break() {
        assert_eq!(wrap("Rounding and saturation", 12), ["Rounding and", "saturation"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("holds -3 982.", 10), ["holds", "-3 982."]);
        assert_eq!(wrap("9 680 bytes", 6), ["9 680", "bytes"]);
    }
}
