//! Horizontal stacked bars on one axis, their total and note behind them, the legend below.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{fit, print},
    FigureView,
    window::Window,
};
use crate::{
    export::{power_of_ten, quantity},
    lab::{Bar, Bars, Figure, Segment, SeriesRole},
    theme::{Role, Theme},
};

/// Bars are at least this long beside their notes; otherwise notes go into the rows below.
const MIN_LENGTH: usize = 12;
const LENGTH_STEP: usize = 4;
/// Columns between label, bar, total and note.
const GAP: usize = 2;

/// Columns that the name of a decade needs.
const DECADE_ROOM: usize = 8;

/// Rows without the heading: a bar and a blank each, the legend, and the axis of a log figure.
pub(super) fn height(f: &Bars) -> usize {
    2 * f.bars.len() + 1 + usize::from(f.log)
}

/// What is written around the bars, and how long they are.
struct Layout<'a> {
    f: &'a Bars,
    totals: Vec<String>,
    notes: Vec<String>,
    label_width: usize,
    length: usize,
    /// Rows from one bar to the next.
    stride: usize,
    /// Notes stand in the row below their bar.
    is_below: bool,
}

impl<'a> Layout<'a> {
    fn of(view: &FigureView<'_>, f: &'a Bars, area: Rect) -> Self {
        let (width, rows) = (usize::from(area.width), usize::from(area.height));
        let widest = |texts: &[String]| texts.iter().map(|text| text.width()).max().unwrap_or(0);
        let (totals, notes): (Vec<_>, Vec<_>) = f.bars.iter().map(|bar| total_and_note(bar, f, view)).unzip();
        let labels: Vec<String> = f.bars.iter().map(|bar| view.theme.say(&bar.label).into_owned()).collect();
        let room = |label: usize, note: usize| width.saturating_sub(label + widest(&totals) + note + 2 * GAP + 1);
        let behind = if widest(&notes) > 0 { GAP + widest(&notes) } else { 0 };
        let third = widest(&labels).min(width / 3);
        let is_short = room(third, behind) < MIN_LENGTH;
        // For notes the legend gives way, for air it does not.
        let least = if is_short { 2 * f.bars.len() } else { height(f) };
        let stride = if rows >= least { 2 } else { 1 };
        let is_below = is_short && stride == 2 && behind > 0;
        let label_width = if is_below { widest(&labels).min(room(0, MIN_LENGTH)).max(third) } else { third };
        let room = match (is_short, is_below) {
            (true, true) => room(label_width, 0),
            // No row below: the bars stay, and the notes are cut.
            (true, false) => room(label_width, 0).min(MIN_LENGTH),
            (false, _) => room(label_width, behind),
        };
        // In steps, so that bars keep their length while the digits of a note change.
        let length = if room < LENGTH_STEP { room } else { room / LENGTH_STEP * LENGTH_STEP };
        Self { f, totals, notes, label_width, length, stride, is_below }
    }

    fn left(&self) -> usize {
        self.label_width + GAP
    }
}

pub(super) fn draw(view: &FigureView<'_>, f: &Bars, area: Rect, buf: &mut Buffer) {
    let (theme, rows) = (view.theme, usize::from(area.height));
    let layout = Layout::of(view, f, area);
    let greatest = f.bars.iter().map(total).fold(0.0, f64::max);
    let decades = f.log.then(|| Decades::of(f)).flatten();
    // An axis that lengths stand on is worth a row as much as a bar is.
    let n_axis = usize::from(decades.is_some() && rows > 3);
    let window = Window::of(f.bars.len(), rows - n_axis, view.state.cursor);
    for (i, idx) in window.range().enumerate() {
        let bar = &f.bars[idx];
        let cells =
            decades.map_or_else(|| cells_of(bar, greatest, layout.length), |decades| decades.cells_of(bar, layout.length));
        let place = Rect { y: area.y + (i * layout.stride) as u16, height: layout.stride as u16, ..area }.intersection(area);
        draw_bar(view, &layout, idx, &cells, place, buf);
    }
    let mut row = window.n_shown * layout.stride;
    if let Some(decades) = decades.filter(|_| layout.length > 0) {
        let width = (layout.length + DECADE_ROOM).min(usize::from(area.width).saturating_sub(layout.left()));
        let place = Rect { x: area.x + layout.left() as u16, width: width as u16, ..area };
        decades.draw(theme, row, layout.length, place, buf);
        row += 1;
    }
    if row < rows {
        let note = window.note(theme.glyphs()).unwrap_or_default();
        let end = print(buf, area, 0, row, &note, theme.style(Role::Dim));
        draw_legend(f, theme, row, layout.left().max(if end > 0 { end + 2 * GAP } else { 0 }), area, buf);
    }
}

/// Label, bar and total in the first row; the note behind them or in the next row.
fn draw_bar(view: &FigureView<'_>, layout: &Layout, idx: usize, cells: &[usize], area: Rect, buf: &mut Buffer) {
    let (theme, bar) = (view.theme, &layout.f.bars[idx]);
    let (style, ellipsis) = (theme.style(Role::Text), theme.glyphs().ellipsis);
    print(buf, area, 0, 0, &fit(&theme.say(&bar.label), layout.label_width, ellipsis), style);
    let mut x = layout.left();
    for (segment, &n) in bar.segments.iter().zip(cells) {
        x += print(buf, area, x, 0, &texture(layout.f, segment, theme).repeat(n), theme.style(role(segment.role)));
    }
    let behind = layout.left() + layout.length + if layout.length > 0 { GAP } else { 0 };
    let end = behind + print(buf, area, behind, 0, &layout.totals[idx], style) + GAP;
    let (x, y) = if layout.is_below { (layout.left(), 1) } else { (end, 0) };
    print(buf, area, x, y, &fit(&layout.notes[idx], usize::from(area.width).saturating_sub(x), ellipsis), style);
    if view.state.cursor.is_some_and(|at| at == idx) {
        super::super::card::highlight(theme, Rect { height: area.height.min(1), ..area }, buf);
    }
}

fn total(bar: &Bar) -> f64 {
    bar.segments.iter().map(|s| s.value.max(0.0)).filter(|v| v.is_finite()).sum()
}

/// Where mark A differs, its total takes the place of the note, for both would leave no room for bars.
fn total_and_note(bar: &Bar, f: &Bars, view: &FigureView<'_>) -> (String, String) {
    let text = quantity(total(bar), f.unit);
    if let Some(Figure::Bars(a)) = view.against {
        let was = a.bars.iter().find(|b| b.label == bar.label).map(total);
        if let Some(was) = was.filter(|was| *was != total(bar)) {
            return (text, format!("A {}", quantity(was, f.unit)));
        }
    }
    (text, view.theme.say(&bar.note).into_owned())
}

/// The bar under the cursor, in words.
pub(super) fn readout(view: &FigureView<'_>, f: &Bars) -> Option<String> {
    let bar = f.bars.get(view.state.cursor?.min(f.bars.len().checked_sub(1)?))?;
    let (total, note) = total_and_note(bar, f, view);
    let words = [total, note].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ");
    Some(format!("{}: {words}", bar.label))
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

/// The segments that show, each name once.
fn kinds(f: &Bars) -> Vec<&Segment> {
    let mut kinds: Vec<&Segment> = Vec::new();
    for segment in f.bars.iter().flat_map(|b| &b.segments).filter(|s| s.value > 0.0) {
        if kinds.iter().all(|kind| kind.name != segment.name) {
            kinds.push(segment);
        }
    }
    kinds
}

/// That of the role; a second kind of the same role has its own.
fn texture(f: &Bars, segment: &Segment, theme: &Theme) -> &'static str {
    let first = kinds(f).into_iter().find(|kind| kind.role == segment.role);
    match first {
        Some(first) if first.name != segment.name => theme.glyphs().texture_twin,
        _ => theme.glyphs().textures[segment.role as usize],
    }
}

/// From column `left` on, or further to the left where it would be cut.
fn draw_legend(f: &Bars, theme: &Theme, y: usize, left: usize, area: Rect, buf: &mut Buffer) {
    let kinds = kinds(f);
    let wide: usize = kinds.iter().map(|kind| 5 + theme.say(kind.name).width()).sum();
    let mut x = left.min((usize::from(area.width) + 3).saturating_sub(wide));
    for segment in kinds {
        x += print(buf, area, x, y, texture(f, segment, theme), theme.style(role(segment.role)));
        x += print(buf, area, x + 1, y, &theme.say(segment.name), theme.style(Role::Dim)) + 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Background, Depth};

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
    fn bars_stay_beside_long_notes() {
        let noted = |note: &str| Bar { note: note.into(), ..bar(&[7.0]) };
        let f = Bars { unit: "GOP/s", bars: vec![noted("no less than a whole line of words"), noted("")], ..Bars::default() };
        let figure = Figure::Bars(f);
        let theme = Theme::new(Background::Dark, Depth::None, false);
        let rows = |height| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 50, height));
            FigureView::new(&figure, &theme).render(buf.area, &mut buf);
            let rows = buf.content.chunks(50).map(|row| row.iter().map(|c| c.symbol()).collect::<String>().trim_end().to_owned());
            rows.collect::<Vec<_>>()
        };
        let bar = "█".repeat(32);
        let below =
            [format!("bar  {bar}  7 GOP/s"), "     no less than a whole line of words".into(), format!("bar  {bar}  7 GOP/s")];
        assert_eq!(rows(5)[..3], below);
        assert_eq!(rows(2)[0], format!("bar  {}  7 GOP/s  no less than a whole …", "█".repeat(12)));
    }

    #[test]
    fn thin_segments_show_and_no_bar_is_too_long() {
        assert_eq!(cells_of(&bar(&[1e9, 1.0, 0.0, 1.0]), 1e9 + 2.0, 20), [18, 1, 0, 1]);
        assert_eq!(cells_of(&bar(&[50.0, 50.0]), 200.0, 20), [5, 5]);
        assert_eq!(cells_of(&bar(&[0.0]), 0.0, 20), [0]);
        assert_eq!(cells_of(&bar(&[f64::INFINITY, 1.0]), 1.0, 20), [0, 20]);
    }
}
