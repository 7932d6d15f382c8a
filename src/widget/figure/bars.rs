//! Horizontal stacked bars on one axis, their total and note behind them, the legend below.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{fit, print},
    FigureView,
};
use crate::{
    export::{power_of_ten, quantity},
    lab::{Bar, Bars, Figure, SeriesRole},
    theme::{Role, Theme},
};

/// A bar is at least this long, or it is left out.
const MIN_LENGTH: usize = 8;
const LENGTH_STEP: usize = 4;

/// Columns that the name of a decade needs.
const DECADE_ROOM: usize = 8;

/// Rows without the heading: a bar and a blank each, the legend, and the axis of a log figure.
pub(super) fn height(f: &Bars) -> usize {
    2 * f.bars.len() + 1 + usize::from(f.log)
}

pub(super) fn draw(view: &FigureView<'_>, f: &Bars, area: Rect, buf: &mut Buffer) {
    let theme = view.theme;
    let (width, rows) = (usize::from(area.width), usize::from(area.height));
    let label_width = f.bars.iter().map(|b| theme.say(&b.label).width()).max().unwrap_or(0).min(width / 3);
    let notes: Vec<String> = f.bars.iter().map(|bar| note(bar, f, view)).collect();
    let note_width = notes.iter().map(|n| n.width()).max().unwrap_or(0);
    let room = width.saturating_sub(label_width + 2 + note_width + 3);
    // In steps, so that bars keep their length while the digits of a note change.
    let length = if room < MIN_LENGTH { 0 } else { room / LENGTH_STEP * LENGTH_STEP };
    let greatest = f.bars.iter().map(total).fold(0.0, f64::max);
    let decades = f.log.then(|| Decades::of(f)).flatten();
    let stride = if rows > height(f) - 1 { 2 } else { 1 };
    for (i, (bar, note)) in f.bars.iter().zip(&notes).enumerate().take(rows) {
        let y = i * stride;
        print(buf, area, 0, y, &fit(&theme.say(&bar.label), label_width, theme.glyphs().ellipsis), theme.style(Role::Text));
        let mut x = label_width + 2;
        let cells = decades.map_or_else(|| cells_of(bar, greatest, length), |decades| decades.cells_of(bar, length));
        for (segment, cells) in bar.segments.iter().zip(cells) {
            x += print(buf, area, x, y, &texture(segment.role, theme).repeat(cells), theme.style(role(segment.role)));
        }
        let note_x = if length > 0 { label_width + 2 + length + 2 } else { label_width + 2 };
        print(buf, area, note_x, y, note, theme.style(Role::Text));
    }
    let mut legend_row = f.bars.len() * stride;
    if let Some(decades) = decades.filter(|_| length > 0) {
        let place = Rect {
            x: area.x + (label_width + 2) as u16,
            width: (length + DECADE_ROOM).min(width - label_width - 2) as u16,
            ..area
        };
        decades.draw(theme, legend_row, length, place, buf);
        legend_row += 1;
    }
    if legend_row < rows {
        draw_legend(f, theme, legend_row, label_width + 2, area, buf);
    }
}

fn total(bar: &Bar) -> f64 {
    bar.segments.iter().map(|s| s.value.max(0.0)).filter(|v| v.is_finite()).sum()
}

/// Total and note; where mark A differs, its total takes the place of the note, for both would leave no room for bars.
fn note(bar: &Bar, f: &Bars, view: &FigureView<'_>) -> String {
    let text = quantity(total(bar), f.unit);
    if let Some(Figure::Bars(a)) = view.against {
        let was = a.bars.iter().find(|b| b.label == bar.label).map(total);
        if let Some(was) = was.filter(|was| *was != total(bar)) {
            return format!("{text}  A {}", quantity(was, f.unit));
        }
    }
    if bar.note.is_empty() { text } else { format!("{text}  {}", view.theme.say(&bar.note)) }
}

/// The cells of each segment: rounded at the running sum, so that equal totals end in one column; none above zero is blank.
fn cells_of(bar: &Bar, greatest: f64, length: usize) -> Vec<usize> {
    if greatest <= 0.0 || length == 0 {
        return vec![0; bar.segments.len()];
    }
    let (mut sum, mut drawn) = (0.0, 0);
    let mut cells: Vec<usize> = Vec::with_capacity(bar.segments.len());
    for segment in &bar.segments {
        let value = if segment.value.is_finite() { segment.value.max(0.0) } else { 0.0 };
        sum += value;
        let end = ((sum / greatest * length as f64).round() as usize).max(drawn);
        let n = if value > 0.0 { (end - drawn).max(1) } else { 0 };
        drawn += n;
        cells.push(n);
    }
    // What the thin segments took beyond the end comes from the widest.
    while cells.iter().sum::<usize>() > length {
        match cells.iter_mut().max() {
            Some(widest) if *widest > 1 => *widest -= 1,
            _ => break,
        }
    }
    cells
}

/// A log10 axis from one power of ten to another.
#[derive(Clone, Copy, Debug)]
struct Decades {
    first: i32,
    last: i32,
}

impl Decades {
    /// Around all totals above zero; a bar that ends on a power of ten still has a length. `None` without any.
    fn of(f: &Bars) -> Option<Self> {
        let logs = || f.bars.iter().map(total).filter(|v| *v > 0.0).map(f64::log10);
        let (least, most) = (logs().reduce(f64::min)?, logs().reduce(f64::max)?);
        let first = least.ceil() as i32 - 1;
        Some(Self { first, last: (most.ceil() as i32).max(first + 1) })
    }

    fn column(&self, log: f64, length: usize) -> usize {
        ((log - f64::from(self.first)) / f64::from(self.last - self.first) * length as f64).round().max(0.0) as usize
    }

    /// All of the length to the first segment with a value: shares of a sum have no length on a log axis.
    fn cells_of(&self, bar: &Bar, length: usize) -> Vec<usize> {
        let total = total(bar);
        let n = if total > 0.0 && length > 0 { self.column(total.log10(), length).clamp(1, length) } else { 0 };
        let own = bar.segments.iter().position(|s| s.value > 0.0);
        (0..bar.segments.len()).map(|i| if Some(i) == own { n } else { 0 }).collect()
    }

    /// The powers of ten under their columns.
    fn draw(&self, theme: &Theme, y: usize, length: usize, area: Rect, buf: &mut Buffer) {
        let stride = ((self.last - self.first + 1) as usize).div_ceil((length / DECADE_ROOM).max(1)).max(1);
        for k in (self.first..=self.last).step_by(stride) {
            let name = power_of_ten(k);
            let start = self.column(f64::from(k), length).saturating_sub(if k == self.first { 0 } else { name.width() / 2 });
            print(buf, area, start, y, &name, theme.style(Role::Dim));
        }
    }
}

pub(super) fn role(series: SeriesRole) -> Role {
    match series {
        SeriesRole::A => Role::SeriesA,
        SeriesRole::B => Role::SeriesB,
        SeriesRole::Error => Role::Error,
        SeriesRole::Grid => Role::Grid,
    }
}

fn texture(series: SeriesRole, theme: &Theme) -> &'static str {
    theme.glyphs().textures[series as usize]
}

fn draw_legend(f: &Bars, theme: &Theme, y: usize, mut x: usize, area: Rect, buf: &mut Buffer) {
    let mut named: Vec<&str> = Vec::new();
    for segment in f.bars.iter().flat_map(|b| &b.segments).filter(|s| s.value > 0.0) {
        if named.contains(&segment.name) {
            continue;
        }
        named.push(segment.name);
        x += print(buf, area, x, y, texture(segment.role, theme), theme.style(role(segment.role)));
        x += print(buf, area, x + 1, y, &theme.say(segment.name), theme.style(Role::Dim)) + 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Segment;

    fn bar(values: &[f64]) -> Bar {
        let segments = values.iter().map(|&value| Segment { name: "part", value, role: SeriesRole::A }).collect();
        Bar { label: "bar".into(), segments, note: String::new() }
    }

    #[test]
    fn on_a_log_axis_a_decade_is_a_length() {
        let f = Bars { log: true, bars: [1.0, 10.0, 1000.0, 0.0].map(|v| bar(&[v])).to_vec(), ..Bars::default() };
        let decades = Decades::of(&f).unwrap();
        assert_eq!((decades.first, decades.last), (-1, 3));
        let cells: Vec<_> = f.bars.iter().flat_map(|bar| decades.cells_of(bar, 20)).collect();
        assert_eq!(cells, [5, 10, 20, 0]);
        assert!(Decades::of(&Bars::default()).is_none());
    }

    #[test]
    fn thin_segments_show_and_no_bar_is_too_long() {
        assert_eq!(cells_of(&bar(&[1e9, 1.0, 0.0, 1.0]), 1e9 + 2.0, 20), [18, 1, 0, 1]);
        assert_eq!(cells_of(&bar(&[50.0, 50.0]), 200.0, 20), [5, 5]);
        assert_eq!(cells_of(&bar(&[0.0]), 0.0, 20), [0]);
        assert_eq!(cells_of(&bar(&[f64::INFINITY, 1.0]), 1.0, 20), [0, 20]);
    }
}
