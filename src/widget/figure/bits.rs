//! Words of bits: fields in columns with their names above, what each word says behind it.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::fit,
    FigureView,
    bars::role,
    stack::{Lines, Span},
};
use crate::{
    lab::{Bits, BitsRow, SeriesRole},
    theme::Role,
};

const GAP: usize = 2;

pub(super) fn draw(view: &FigureView<'_>, f: &Bits, area: Rect, buf: &mut Buffer) {
    lines(view, f, usize::from(area.width)).draw(view.theme, area, buf);
}

/// Rows without the heading in an area of this width.
pub(super) fn height(view: &FigureView<'_>, f: &Bits, width: u16) -> usize {
    lines(view, f, usize::from(width)).len()
}

fn lines(view: &FigureView<'_>, f: &Bits, width: usize) -> Lines {
    let label = f.rows.iter().map(|r| view.theme.say(&r.label).width()).max().unwrap_or(0).min(width / 4);
    let start = if label > 0 { label + GAP } else { 0 };
    let mut out = Lines::default();
    // Rows with the same fields, such as the formats of one number, share one head.
    for group in f.rows.chunk_by(|a, b| names(a).eq(names(b))) {
        let Some(columns) = Columns::of(group, width.saturating_sub(start)) else {
            group.iter().for_each(|row| listed(view, row, width, &mut out));
            continue;
        };
        out.push(columns.head(&group[0], start, view));
        // Notes stand behind the words if all of them fit there.
        let beside = start + columns.width() + GAP;
        let is_beside = group.iter().all(|row| beside + view.theme.say(&row.note).width() <= width);
        for row in group {
            let text = fit(&view.theme.say(&row.label), label, view.theme.glyphs().ellipsis);
            let mut line = vec![Span::new(0, text, Role::Text)];
            line.extend(columns.word(row, start));
            if is_beside {
                line.push(Span::new(beside, view.theme.say(&row.note).into_owned(), Role::Text));
            }
            out.push(line);
            if !is_beside {
                out.wrapped(&view.theme.say(&row.note), start, width, Role::Text);
            }
        }
    }
    out
}

/// Where there is no room for a word in one line: its fields one below the other, then its note.
fn listed(view: &FigureView<'_>, row: &BitsRow, width: usize, out: &mut Lines) {
    out.wrapped(&view.theme.say(&row.label), 0, width, Role::Text);
    let widest = row.fields.iter().map(|field| field.0.width()).max().unwrap_or(0);
    let start = if widest > 0 { (GAP + widest + 1).min(width / 2) } else { GAP };
    for (i, bits) in fields(row).into_iter().enumerate() {
        let from = out.len();
        out.wrapped(&bits, start, width, row.fields.get(i).map_or(Role::Text, ink));
        if let Some(field) = row.fields.get(i) {
            out.lead(from, Span::new(GAP, fit(&view.theme.say(field.0), start.saturating_sub(GAP + 1), ""), Role::Dim));
        }
    }
    out.wrapped(&view.theme.say(&row.note), GAP, width, Role::Text);
}

/// The grid's colour is for lines; a bit is text.
fn ink(&(_, _, series): &(&'static str, u32, SeriesRole)) -> Role {
    if series == SeriesRole::Grid { Role::Dim } else { role(series) }
}

fn names(row: &BitsRow) -> impl Iterator<Item = &'static str> + '_ {
    row.fields.iter().map(|field| field.0)
}

/// How wide each field's column is, and what is between them.
struct Columns {
    widths: Vec<usize>,
    gap: usize,
}

impl Columns {
    /// As wide as the names, if there is room; else as wide as the bits; `None` where not even those fit.
    fn of(group: &[BitsRow], room: usize) -> Option<Self> {
        let n_fields = group[0].fields.len().max(1);
        let bits = |i: usize| group.iter().map(|row| fields(row)[i].len()).max().unwrap_or(0);
        let name = |i: usize| group[0].fields.get(i).map_or(0, |field| field.0.width());
        let named = Self { widths: (0..n_fields).map(|i| bits(i).max(name(i))).collect(), gap: GAP };
        let bare = Self { widths: (0..n_fields).map(bits).collect(), gap: 1 };
        [named, bare].into_iter().find(|columns| columns.width() <= room)
    }

    fn width(&self) -> usize {
        self.widths.iter().sum::<usize>() + self.gap * (self.widths.len() - 1)
    }

    /// A name that its column has no room for is cut short.
    fn head(&self, row: &BitsRow, start: usize, view: &FigureView<'_>) -> Vec<Span> {
        let mut x = start;
        let span = |(field, width): (&(&'static str, u32, _), &usize)| {
            let span = Span::new(x, fit(&view.theme.say(field.0), *width, ""), Role::Dim);
            x += width + self.gap;
            span
        };
        row.fields.iter().zip(&self.widths).map(span).collect()
    }

    fn word(&self, row: &BitsRow, start: usize) -> Vec<Span> {
        let mut x = start;
        let mut out = Vec::new();
        for (i, (bits, width)) in fields(row).into_iter().zip(&self.widths).enumerate() {
            out.push(Span::new(x, bits, row.fields.get(i).map_or(Role::Text, ink)));
            x += width + self.gap;
        }
        out
    }
}

/// The digits of each field, from the most significant bit down; a word without fields is one.
fn fields(row: &BitsRow) -> Vec<String> {
    let n = row.n.clamp(1, 64) as usize;
    let digits = format!("{:0n$b}", row.pattern & (u64::MAX >> (64 - n)));
    if row.fields.is_empty() {
        return vec![digits];
    }
    let mut rest = digits.as_str();
    let take = |&(_, width, _): &(&str, u32, _)| {
        let (field, behind) = rest.split_at((width as usize).min(rest.len()));
        rest = behind;
        field.to_owned()
    };
    row.fields.iter().map(take).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_cut_from_the_most_significant_bit_down() {
        let row = |pattern, n, fields: &[(&'static str, u32, SeriesRole)]| BitsRow {
            label: String::new(),
            pattern,
            n,
            fields: fields.to_vec(),
            note: String::new(),
        };
        let parts = [("sign", 1, SeriesRole::Error), ("exponent", 5, SeriesRole::A), ("mantissa", 10, SeriesRole::B)];
        assert_eq!(fields(&row(0x2e66, 16, &parts)), ["0", "01011", "1001100110"]);
        assert_eq!(fields(&row(0xff05, 4, &[])), ["0101"]);
        assert_eq!(fields(&row(u64::MAX, 64, &[("all", 80, SeriesRole::A)])), ["1".repeat(64)]);
        assert_eq!(fields(&row(1, 0, &[])), ["1"]);
    }
}
