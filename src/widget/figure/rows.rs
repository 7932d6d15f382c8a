//! SQNR of every row, worst left, on an axis from 0 to 60 dB; the five worst are listed.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::print,
    FigureView,
    axis::{Frame, bar_glyph},
};
use crate::{
    export::format_value,
    lab::{Figure, RowStat, Rows},
    theme::Role,
};

const TOP_DB: f64 = 60.0;
const N_WORST: usize = 5;
/// The list of the worst rows stands at the right from this width on.
const WIDE: u16 = 96;
const LIST_WIDTH: u16 = 30;

pub(super) fn draw(view: &FigureView<'_>, f: &Rows, area: Rect, buf: &mut Buffer) {
    if f.sorted.is_empty() {
        return;
    }
    let plot = if area.width >= WIDE {
        let list = Rect { x: area.right() - LIST_WIDTH, width: LIST_WIDTH, ..area };
        draw_list(view, f, list, buf);
        Rect { width: area.width - LIST_WIDTH, ..area }
    } else if area.height >= 8 {
        let line = Rect { y: area.bottom() - 1, height: 1, ..area };
        let text = worst_line(f, usize::from(area.width));
        print(buf, line, 0, 0, &text, view.theme.style(Role::Text));
        Rect { height: area.height - 1, ..area }
    } else {
        area
    };
    draw_plot(view, f, plot, buf);
}

/// As many of the worst rows as a line holds: `worst rows: 381 8.20 dB, 12 9.04 dB`.
fn worst_line(f: &Rows, width: usize) -> String {
    let mut line = format!("worst {}s:", f.unit);
    for (i, row) in f.sorted.iter().take(N_WORST).enumerate() {
        let next = format!("{} {} {} dB", if i > 0 { "," } else { "" }, row.idx, decibels(row));
        if line.width() + next.width() > width {
            break;
        }
        line += &next;
    }
    line
}

fn decibels(row: &RowStat) -> String {
    format_value(f64::from(row.sqnr_db), 2)
}

fn draw_list(view: &FigureView<'_>, f: &Rows, area: Rect, buf: &mut Buffer) {
    let (text, dim) = (view.theme.style(Role::Text), view.theme.style(Role::Dim));
    let row = |cells: [&str; 3]| format!("{:>9} {:>8} {:>9}", cells[0], cells[1], cells[2]);
    print(buf, area, 0, 0, &row([&format!("worst {}", f.unit), "dB", "absmax"]), dim);
    for (y, r) in f.sorted.iter().take(N_WORST).enumerate() {
        let line = row([&r.idx.to_string(), &decibels(r), &format_value(f64::from(r.absmax), 4)]);
        print(buf, area, 0, y + 1, &line, text);
    }
}

/// Ranks to columns: a column shows the worst of its ranks.
#[derive(Clone, Copy, Debug)]
struct Cut {
    ranks_per_column: usize,
    columns_per_rank: usize,
    n_columns: usize,
}

impl Cut {
    fn new(n: usize, room: usize) -> Self {
        let ranks_per_column = n.div_ceil(room.max(1)).max(1);
        let columns_per_rank = if ranks_per_column > 1 { 1 } else { (room / n.max(1)).max(1) };
        Self { ranks_per_column, columns_per_rank, n_columns: n.div_ceil(ranks_per_column) * columns_per_rank }
    }

    fn rank(&self, column: usize) -> usize {
        column / self.columns_per_rank * self.ranks_per_column
    }

    fn column(&self, rank: usize) -> usize {
        rank / self.ranks_per_column * self.columns_per_rank + self.columns_per_rank / 2
    }
}

/// Half rows of a height in dB: one for 0 dB and below, so that no row of the matrix is blank.
fn halves(db: f64, rows: usize) -> usize {
    let share = if db.is_nan() { 0.0 } else { (db / TOP_DB).clamp(0.0, 1.0) };
    ((share * 2.0 * rows as f64).round() as usize).max(1)
}

fn draw_plot(view: &FigureView<'_>, f: &Rows, area: Rect, buf: &mut Buffer) {
    let (theme, glyphs) = (view.theme, view.theme.glyphs());
    let rows = usize::from(area.height).saturating_sub(1);
    if rows == 0 {
        return;
    }
    let cut = Cut::new(f.sorted.len(), Frame::room(area.width));
    let frame = Frame::new(area, cut.n_columns);
    let line_row = |db: f64| rows - 1 - (halves(db, rows) - 1) / 2;
    for x in 0..cut.n_columns {
        let height = halves(f64::from(f.sorted[cut.rank(x)].sqnr_db), rows);
        for row in 0..rows {
            if let Some(glyph) = bar_glyph(glyphs, height, row, true) {
                frame.put(buf, x, rows - 1 - row, glyph, theme.style(Role::SeriesB));
            }
        }
    }
    if let Some(target) = view.target {
        (0..cut.n_columns).step_by(3).for_each(|x| frame.put(buf, x, line_row(target), glyphs.dash, theme.style(Role::Text)));
        frame.label(buf, line_row(target), "goal", theme);
    }
    if let Some(Figure::Rows(a)) = view.against {
        draw_a(view, a, &cut, &frame, line_row, buf);
    }
    draw_axes(view, f, &cut, &frame, rows, buf);
}

/// Mark A as a line over the same share of its own rows.
fn draw_a(view: &FigureView<'_>, a: &Rows, cut: &Cut, frame: &Frame, line_row: impl Fn(f64) -> usize, buf: &mut Buffer) {
    if a.sorted.is_empty() {
        return;
    }
    for x in 0..cut.n_columns {
        let rank = x * a.sorted.len() / cut.n_columns;
        let row = line_row(f64::from(a.sorted[rank].sqnr_db));
        frame.put(buf, x, row, view.theme.glyphs().h, view.theme.style(Role::Text));
    }
    let row = line_row(f64::from(a.sorted[0].sqnr_db));
    frame.label(buf, row, "A", view.theme);
}

fn draw_axes(view: &FigureView<'_>, f: &Rows, cut: &Cut, frame: &Frame, rows: usize, buf: &mut Buffer) {
    let step = if rows >= 6 { 20 } else { 60 };
    for db in (0..=60).step_by(step) {
        let row = rows - 1 - (halves(f64::from(db), rows) - 1) / 2;
        let text = if db == 60 { "60 dB".into() } else { db.to_string() };
        frame.label(buf, row, &text, view.theme);
    }
    let a_column = if cut.ranks_per_column > 1 { format!(", {} a column", cut.ranks_per_column) } else { String::new() };
    let middle = format!("{} {}s{a_column}", f.sorted.len(), f.unit);
    let last = cut.n_columns.saturating_sub(1);
    let labels = [(2, "worst".to_owned()), (cut.n_columns / 2, middle), (last.saturating_sub(1), "best".to_owned())];
    let fits = cut.n_columns > labels.iter().map(|(_, t)| t.width() + 2).sum();
    let labels = if fits { &labels[..] } else { &labels[..1] };
    let cursor = view.state.cursor.map(|rank| cut.column(rank.min(f.sorted.len() - 1)));
    frame.x_labels(buf, rows, labels, cursor, view.theme);
    if let Some(x) = cursor {
        frame.highlight(buf, x, 0..rows, view.theme);
    }
}

pub(super) fn readout(view: &FigureView<'_>, f: &Rows) -> Option<String> {
    let rank = view.state.cursor?.min(f.sorted.len().checked_sub(1)?);
    let row = f.sorted[rank];
    let absmax = format_value(f64::from(row.absmax), 4);
    Some(format!(
        "{} {}: {} dB, absmax {absmax} · number {} of {} from the worst",
        f.unit,
        row.idx,
        decibels(&row),
        rank + 1,
        f.sorted.len()
    ))
}
