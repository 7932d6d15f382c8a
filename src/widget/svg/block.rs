//! Block elements, shades, box drawing and Braille as shapes.

use std::fmt::Write as _;

/// How a character fills its cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// Left, top, right, bottom as shares of the cell.
    Block(f64, f64, f64, f64),
    /// A cell of this opacity.
    Shade(f64),
    /// Arms to the left, right, up and down.
    Lines { left: bool, right: bool, up: bool, down: bool },
    /// A horizontal line of two dashes.
    Dashes,
    /// The dots of a Braille pattern.
    Braille(u8),
}

/// The shape of a character, or `None` where the font draws it.
pub(super) fn shape(symbol: &str) -> Option<Shape> {
    let mut chars = symbol.chars();
    let c = chars.next().filter(|_| chars.next().is_none())?;
    Some(match c {
        '█' => Shape::Block(0.0, 0.0, 1.0, 1.0),
        '▀' => Shape::Block(0.0, 0.0, 1.0, 0.5),
        '▁'..='▇' => Shape::Block(0.0, 1.0 - f64::from(c as u32 - 0x2580) / 8.0, 1.0, 1.0),
        '▉'..='▏' => Shape::Block(0.0, 0.0, f64::from(0x2590 - c as u32) / 8.0, 1.0),
        '▐' => Shape::Block(0.5, 0.0, 1.0, 1.0),
        '▕' => Shape::Block(0.875, 0.0, 1.0, 1.0),
        '░' => Shape::Shade(0.25),
        '▒' => Shape::Shade(0.5),
        '▓' => Shape::Shade(0.75),
        '╌' => Shape::Dashes,
        '─' | '│' | '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' => lines(c),
        '\u{2800}'..='\u{28ff}' => Shape::Braille((c as u32 - 0x2800) as u8),
        _ => return None,
    })
}

fn lines(c: char) -> Shape {
    Shape::Lines {
        left: "─┐┘┤┬┴┼".contains(c),
        right: "─┌└├┬┴┼".contains(c),
        up: "│└┘├┤┴┼".contains(c),
        down: "│┌┐├┤┬┼".contains(c),
    }
}

/// Draws `n` equal cells from `at` (pixels) on.
pub(super) fn draw(out: &mut String, shape: Shape, at: (usize, usize), n: usize, cell: (usize, usize), fill: &str) {
    let (x, y) = (at.0 as f64, at.1 as f64);
    let (w, h) = (cell.0 as f64, cell.1 as f64);
    let total = w * n as f64;
    match shape {
        Shape::Block(left, top, right, bottom) if left == 0.0 && right == 1.0 => {
            rect(out, [x, y + top * h, total, (bottom - top) * h], fill, 1.0);
        }
        Shape::Shade(opacity) => rect(out, [x, y, total, h], fill, opacity),
        Shape::Lines { left: true, right: true, up: false, down: false } => {
            rect(out, [x, y + h / 2.0 - 0.5, total, 1.0], fill, 1.0)
        }
        _ => (0..n).for_each(|i| one(out, shape, [x + w * i as f64, y, w, h], fill)),
    }
}

fn one(out: &mut String, shape: Shape, [x, y, w, h]: [f64; 4], fill: &str) {
    let (mid_x, mid_y) = (x + w / 2.0 - 0.5, y + h / 2.0 - 0.5);
    match shape {
        Shape::Block(left, top, right, bottom) => {
            rect(out, [x + left * w, y + top * h, (right - left) * w, (bottom - top) * h], fill, 1.0);
        }
        Shape::Lines { left, right, up, down } => {
            let arms = [
                (left, [x, mid_y, w / 2.0 + 0.5, 1.0]),
                (right, [mid_x, mid_y, w / 2.0 + 0.5, 1.0]),
                (up, [mid_x, y, 1.0, h / 2.0 + 0.5]),
                (down, [mid_x, mid_y, 1.0, h / 2.0 + 0.5]),
            ];
            arms.iter().filter(|(is_there, _)| *is_there).for_each(|(_, place)| rect(out, *place, fill, 1.0));
        }
        Shape::Dashes => {
            for start in [0.125, 0.625] {
                rect(out, [x + start * w, mid_y, w * 0.25, 1.0], fill, 1.0);
            }
        }
        Shape::Braille(dots) => braille(out, dots, [x, y, w, h], fill),
        Shape::Shade(_) => {}
    }
}

/// Bits 0 to 2 are the left column's upper dots, 3 to 5 the right one's, 6 and 7 the lowest row.
fn braille(out: &mut String, dots: u8, [x, y, w, h]: [f64; 4], fill: &str) {
    for bit in 0..8u8 {
        if dots >> bit & 1 == 1 {
            let (column, row) = match bit {
                6 => (0, 3),
                7 => (1, 3),
                _ => (bit / 3, bit % 3),
            };
            let (cx, cy) = (x + w * (f64::from(column) + 0.5) / 2.0, y + h * (f64::from(row) + 0.5) / 4.0);
            let _ = writeln!(out, "<circle cx=\"{cx}\" cy=\"{cy}\" r=\"1.5\" fill=\"{fill}\"/>");
        }
    }
}

fn rect(out: &mut String, [x, y, width, height]: [f64; 4], fill: &str, opacity: f64) {
    let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{opacity}\"") } else { String::new() };
    let _ = writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"{opacity}/>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighths_and_lines_have_their_size() {
        assert_eq!(shape("▁"), Some(Shape::Block(0.0, 0.875, 1.0, 1.0)));
        assert_eq!(shape("▏"), Some(Shape::Block(0.0, 0.0, 0.125, 1.0)));
        assert_eq!(shape("▄"), Some(Shape::Block(0.0, 0.5, 1.0, 1.0)));
        assert_eq!(shape("├"), Some(Shape::Lines { left: false, right: true, up: true, down: true }));
        assert_eq!(shape("a"), None);
        assert_eq!(shape("⣀"), Some(Shape::Braille(0xc0)));
    }
}
