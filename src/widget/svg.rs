//! A buffer as a picture: SVG with one fixed cell size. Block elements are drawn as rectangles, so they meet exactly;
//! other characters are set in a monospace font, each run stretched to its columns.

mod block;

use std::fmt::Write as _;

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use unicode_width::UnicodeWidthStr;

use crate::{
    export::escape,
    theme::{Role, Theme},
};

/// Size of a cell in pixels.
const CELL: (usize, usize) = (9, 18);
const BASELINE: usize = 14;
const FONT_SIZE: usize = 15;

type Rgb = (u8, u8, u8);

/// The SVG document of a buffer. `title` names the picture for those who do not see it.
pub fn svg(buf: &Buffer, theme: &Theme, title: &str) -> String {
    let (columns, rows) = (usize::from(buf.area.width), usize::from(buf.area.height));
    let (width, height) = (columns * CELL.0, rows * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">\n<title>{}</title>\n",
        escape(title)
    );
    rect(&mut out, 0.0, 0.0, width as f64, height as f64, theme.paper());
    for (y, row) in buf.content.chunks(columns.max(1)).enumerate() {
        backgrounds(&mut out, row, y, theme);
        foregrounds(&mut out, row, y, theme);
    }
    out + "</svg>\n"
}

fn rect(out: &mut String, x: f64, y: f64, width: f64, height: f64, fill: Rgb) {
    let _ = writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{}\"/>", hex(fill));
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Foreground and background as they appear: defaults resolved, reversed ones swapped.
fn colours(cell: &Cell, theme: &Theme) -> (Rgb, Rgb) {
    let fg = resolve(cell.fg).unwrap_or_else(|| theme.rgb(Role::Text));
    let bg = resolve(cell.bg).unwrap_or_else(|| theme.paper());
    if cell.modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) }
}

fn backgrounds(out: &mut String, row: &[Cell], y: usize, theme: &Theme) {
    let mut x = 0;
    for run in row.chunk_by(|a, b| colours(a, theme).1 == colours(b, theme).1) {
        let bg = colours(&run[0], theme).1;
        if bg != theme.paper() {
            rect(out, (x * CELL.0) as f64, (y * CELL.1) as f64, (run.len() * CELL.0) as f64, CELL.1 as f64, bg);
        }
        x += run.len();
    }
}

fn foregrounds(out: &mut String, row: &[Cell], y: usize, theme: &Theme) {
    let mut x = 0;
    while x < row.len() {
        let cell = &row[x];
        let (fg, _) = colours(cell, theme);
        if let Some(shape) = block::shape(cell.symbol()) {
            let n = row[x..].iter().take_while(|c| c.symbol() == cell.symbol() && colours(c, theme).0 == fg).count();
            block::draw(out, shape, (x * CELL.0, y * CELL.1), n, CELL, &hex(fg));
            x += n;
        } else {
            x += text_run(out, row, x, y, theme);
        }
    }
}

/// Sets the run of like-styled characters that begins at `x`. Gives its columns.
fn text_run(out: &mut String, row: &[Cell], x: usize, y: usize, theme: &Theme) -> usize {
    let look = |c: &Cell| (colours(c, theme).0, c.modifier);
    let first = look(&row[x]);
    let (mut text, mut end) = (String::new(), x);
    while end < row.len() && look(&row[end]) == first && block::shape(row[end].symbol()).is_none() {
        text.push_str(row[end].symbol());
        // The columns behind a wide character hold a blank of their own.
        end += row[end].symbol().width().max(1);
        // One character a run where the font's advance is not the cell: nothing after it may shift.
        if !text.is_ascii() {
            break;
        }
        if end < row.len() && !row[end].symbol().is_ascii() {
            break;
        }
    }
    let end = end.min(row.len());
    let (fg, modifier) = first;
    let trimmed = text.trim_end();
    if !trimmed.is_empty() || modifier.contains(Modifier::UNDERLINED) {
        let kept = if modifier.contains(Modifier::UNDERLINED) { text.as_str() } else { trimmed };
        let columns = if kept == text { end - x } else { kept.len() };
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" fill=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"{}>{}</text>",
            x * CELL.0,
            y * CELL.1 + BASELINE,
            hex(fg),
            columns * CELL.0,
            attributes(modifier),
            escape(kept)
        );
    }
    end - x
}

fn attributes(modifier: Modifier) -> String {
    let mut out = String::new();
    for (flag, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if modifier.contains(flag) {
            out.push_str(attribute);
        }
    }
    out
}

/// Red, green and blue of a colour; `None` for the terminal's own.
fn resolve(color: Color) -> Option<Rgb> {
    let idx = match color {
        Color::Reset => return None,
        Color::Rgb(r, g, b) => return Some((r, g, b)),
        Color::Indexed(idx) => idx,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    Some(indexed(idx))
}

fn indexed(idx: u8) -> Rgb {
    const SIXTEEN: [u32; 16] = [
        0x000000, 0xcd3131, 0x0dbc79, 0xa5a510, 0x2472c8, 0xbc3fbc, 0x11a8cd, 0xc5c5c5, 0x666666, 0xf14c4c, 0x23d18b, 0xf5f543,
        0x3b8eea, 0xd670d6, 0x29b8db, 0xffffff,
    ];
    match idx {
        0..16 => {
            let [_, r, g, b] = SIXTEEN[usize::from(idx)].to_be_bytes();
            (r, g, b)
        }
        16..232 => {
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            let cube = idx - 16;
            (level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        232.. => {
            let grey = 8 + 10 * (idx - 232);
            (grey, grey, grey)
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{layout::Rect, style::Style};

    use super::*;
    use crate::theme::{Background, Depth};

    const DARK: Theme = Theme::new(Background::Dark, Depth::True, false);

    #[test]
    fn foreign_text_cannot_leave_its_element() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 1));
        buf.set_string(0, 0, "</text><script>&\"", Style::new());
        let svg = svg(&buf, &DARK, "<b>");
        assert!(
            !svg.contains("<script") && svg.contains("&lt;script&gt;&amp;&quot;") && svg.contains("<title>&lt;b&gt;</title>")
        );
    }

    #[test]
    fn a_half_block_is_half_a_cell() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 3, 1));
        buf.set_string(0, 0, "▄▄", DARK.style(Role::SeriesA));
        assert!(svg(&buf, &DARK, "").contains("<rect x=\"0\" y=\"9\" width=\"18\" height=\"9\" fill=\"#2eb9ff\"/>"));
    }

    #[test]
    fn reversed_cells_swap_their_colours_and_no_size_panics() {
        let plain = Theme::new(Background::Light, Depth::None, false);
        let mut buf = Buffer::empty(Rect::new(0, 0, 2, 1));
        buf.set_string(0, 0, "ab", plain.style(Role::Selection));
        let picture = svg(&buf, &plain, "");
        assert!(
            picture.contains("width=\"18\" height=\"18\" fill=\"#1b2026\"") && picture.contains("fill=\"#ffffff\" textLength")
        );
        svg(&Buffer::empty(Rect::ZERO), &DARK, "");
    }

    #[test]
    fn the_256_colours_have_their_values() {
        assert_eq!(
            (indexed(16), indexed(231), indexed(232), indexed(255)),
            ((0, 0, 0), (255, 255, 255), (8, 8, 8), (238, 238, 238))
        );
        assert_eq!(indexed(39), (0, 175, 255));
    }
}
