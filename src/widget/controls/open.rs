//! The lines below a focused pattern, vector or image: its bits by fours, its elements in a row, its rows of pixels.

use std::ops::Range;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Controls, Line, item_width, shown_item};
use crate::{
    lab::{ParamKind, ParamSpec, Value},
    theme::Role,
    widget::{card, print},
};

/// Where the lines begin.
const INDENT: usize = 4;
/// Bits that stand together.
const NIBBLE: usize = 4;
/// Columns of a pixel: two make it about as wide as high.
const PIXEL: usize = 2;

/// The weight of a bit by its place from the left: the last one is bit 0.
pub(super) fn bit_number(spec: &ParamSpec, item: usize) -> usize {
    match spec.kind {
        ParamKind::Bits { n } => (n as usize).saturating_sub(item + 1),
        _ => item,
    }
}

impl Controls<'_> {
    /// As many bits or elements a line as fit; none for other kinds.
    pub(super) fn open_lines(&self, idx: usize, width: usize) -> Vec<Line> {
        let Some(spec) = self.params.specs().get(idx) else { return Vec::new() };
        let room = width.saturating_sub(INDENT);
        let (n, per_line) = match spec.kind {
            ParamKind::Bits { n } => (n as usize, bits_in(room)),
            ParamKind::Vector { n, .. } => (n, (room / self.pitch(idx)).max(1)),
            ParamKind::Image { width, height, .. } => (width * height, width.max(1)),
            _ => return Vec::new(),
        };
        (0..n).step_by(per_line).map(|from| Line::Open { idx, from, to: (from + per_line).min(n) }).collect()
    }

    /// Columns from one item to the next: an element stands between brackets or blanks.
    fn pitch(&self, idx: usize) -> usize {
        self.params.specs().get(idx).map_or(1, |spec| item_width(spec, self.params.at(idx)) + 2).max(1)
    }

    /// The column of an item in its line.
    fn item_column(&self, idx: usize, item: usize, from: usize) -> usize {
        match self.params.at(idx) {
            Value::Bits(_) => INDENT + item - from + (item - from) / NIBBLE,
            Value::Image(_) => INDENT + (item - from) * PIXEL,
            _ => INDENT + (item - from) * self.pitch(idx),
        }
    }

    pub(super) fn draw_open(&self, idx: usize, items: Range<usize>, y: usize, area: Rect, buf: &mut Buffer) {
        let Some(spec) = self.params.specs().get(idx) else { return };
        let text = self.theme.style(Role::Text);
        for item in items.clone() {
            let x = self.item_column(idx, item, items.start);
            let is_here = item == self.item;
            let used = match self.params.at(idx) {
                Value::Bits(pattern) => {
                    let bit = pattern >> bit_number(spec, item).min(63) & 1;
                    print(buf, area, x, y, if bit == 1 { "1" } else { "0" }, text)
                }
                Value::Image(pixels) => self.draw_pixel(pixels.get(item).copied().unwrap_or(0), (x, y), area, buf),
                value => {
                    let shown = shown_item(spec, value, item).unwrap_or_default();
                    let width = self.pitch(idx) - 2;
                    let (open, close) = if is_here { ("[", "]") } else { (" ", " ") };
                    print(buf, area, x, y, &format!("{open}{shown:>width$}{close}"), text)
                }
            };
            if is_here && used > 0 {
                let place = Rect { x: area.x + x as u16, y: area.y + y as u16, width: used as u16, height: 1 };
                card::highlight(self.theme, place, buf);
            }
        }
    }

    /// Paper is a dot, ink a shade of two columns; gives the columns.
    fn draw_pixel(&self, level: u8, (x, y): (usize, usize), area: Rect, buf: &mut Buffer) -> usize {
        let shades = self.theme.glyphs().errors;
        if level == 0 {
            return print(buf, area, x, y, &format!("{} ", shades[0]), self.theme.style(Role::Dim));
        }
        let shade = shades[usize::from(level).div_ceil(4).min(shades.len() - 1)];
        print(buf, area, x, y, &shade.repeat(PIXEL), self.theme.style(Role::Text))
    }

    /// Row and column of the item that keys act on.
    pub(super) fn cursor_in_open(&self, lines: &[Line]) -> Option<(usize, usize)> {
        lines.iter().enumerate().find_map(|(row, line)| match *line {
            Line::Open { idx, from, to } if (from..to).contains(&self.item) => {
                let bracket = usize::from(matches!(self.params.at(idx), Value::Vector(_)));
                Some((row, self.item_column(idx, self.item, from) + bracket))
            }
            _ => None,
        })
    }
}

/// Whole nibbles, with a blank between them; from 16 on whole bytes.
fn bits_in(room: usize) -> usize {
    let nibbles = ((room + 1) / (NIBBLE + 1)).max(1);
    NIBBLE * if nibbles > 4 { nibbles / 2 * 2 } else { nibbles }
}
