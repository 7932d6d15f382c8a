//! A framed box with a title, and the card of a terminal that is too small.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_width::UnicodeWidthStr;

use super::{fit, print, wrap};
use crate::theme::{Role, Theme};

/// A frame with its title in the upper edge. Gives the area inside, with one column of padding left and right.
///
/// ```text
/// ┌ Scale and zero point ──────┐
/// │                            │
/// └────────────────────────────┘
/// ```
pub fn card(title: &str, theme: &Theme, area: Rect, buf: &mut Buffer) -> Rect {
    let area = area.intersection(buf.area);
    if area.width < 2 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    let (glyphs, grid) = (theme.glyphs(), theme.style(Role::Grid));
    let (right, bottom) = (usize::from(area.width) - 1, usize::from(area.height) - 1);
    let line = glyphs.h.repeat(right - 1);
    for (y, left_corner, right_corner) in [(0, glyphs.corner_tl, glyphs.corner_tr), (bottom, glyphs.corner_bl, glyphs.corner_br)]
    {
        print(buf, area, 0, y, left_corner, grid);
        print(buf, area, 1, y, &line, grid);
        print(buf, area, right, y, right_corner, grid);
    }
    for y in 1..bottom {
        print(buf, area, 0, y, glyphs.v, grid);
        print(buf, area, right, y, glyphs.v, grid);
    }
    if !title.is_empty() && right > 5 {
        let title = format!(" {} ", fit(&theme.say(title), right - 4, glyphs.ellipsis));
        print(buf, area, 1, 0, &title, theme.style(Role::Text));
    }
    Rect {
        x: area.x.saturating_add(2).min(area.right()),
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height - 2,
    }
}

/// A centred box of at most the given size inside `area`, its background cleared: the place of a pop-up.
pub fn centred(area: Rect, width: u16, height: u16, buf: &mut Buffer) -> Rect {
    let area = area.intersection(buf.area);
    let (width, height) = (width.min(area.width), height.min(area.height));
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    for y in place.top()..place.bottom() {
        for x in place.left()..place.right() {
            buf[(x, y)].reset();
        }
    }
    place
}

/// Says that the terminal is too small, in as many words as there is room for.
pub fn too_small(min: (u16, u16), theme: &Theme, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let text = format!("needs at least {}x{}, this is {}x{}", min.0, min.1, area.width, area.height);
    let lines = wrap(&text, usize::from(area.width));
    let top = usize::from(area.height).saturating_sub(lines.len()) / 2;
    for (i, line) in lines.iter().enumerate() {
        let left = usize::from(area.width).saturating_sub(line.width()) / 2;
        print(buf, area, left, top + i, line, theme.style(Role::Text));
    }
}

/// A horizontal rule over the whole width.
pub fn rule(theme: &Theme, area: Rect, buf: &mut Buffer) {
    print(buf, area, 0, 0, &theme.glyphs().h.repeat(usize::from(area.width)), theme.style(Role::Grid));
}

/// Puts the selection over a row: the background changes, the text keeps its colours.
pub fn highlight(theme: &Theme, area: Rect, buf: &mut Buffer) {
    buf.set_style(area.intersection(buf.area), selection(theme));
}

fn selection(theme: &Theme) -> Style {
    theme.style(Role::Selection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Background, Depth};

    const PLAIN: Theme = Theme::new(Background::Dark, Depth::None, false);

    #[test]
    fn a_card_has_its_title_in_the_edge() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 3));
        let inner = card("Scale", &PLAIN, buf.area, &mut buf);
        assert_eq!(inner, Rect::new(2, 1, 8, 1));
        assert_eq!(buf, Buffer::with_lines(["┌ Scale ───┐", "│          │", "└──────────┘"]));
    }

    #[test]
    fn a_terminal_too_small_says_so_at_any_size() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 18, 3));
        too_small((60, 16), &PLAIN, buf.area, &mut buf);
        assert_eq!(buf, Buffer::with_lines(["  needs at least  ", "  60x16, this is  ", "       18x3       "]));
        for (width, height) in [(0, 0), (1, 1), (2, 1), (65_535, 1)] {
            let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
            too_small((60, 16), &PLAIN, buf.area, &mut buf);
            card("title", &PLAIN, buf.area, &mut buf);
            centred(buf.area, 40, 10, &mut buf);
        }
    }
}
