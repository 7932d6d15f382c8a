//! A matrix as shades. A matrix larger than the area is drawn in blocks, each as dark as its greatest value.

use std::ops::Range;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{fit, print},
    FigureState, FigureView,
    axis::Frame,
};
use crate::{
    export::number,
    lab::Heatmap,
    theme::{Role, Theme},
};

/// A small matrix has cells at most this wide.
const MAX_CELL: usize = 4;
/// Steps of the cursor from the upper end to the lower end of a large matrix.
const ROW_STOPS: usize = 24;

fn n_rows(f: &Heatmap) -> usize {
    f.values.len() / f.n_cols.max(1)
}

/// Elements to cells: blocks of one size; the last one may be smaller.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// Elements of a block down and across.
    block: (usize, usize),
    /// Columns of a cell.
    cell: usize,
    /// Cells down and across.
    n: (usize, usize),
}

impl Cut {
    fn new(f: &Heatmap, rows: usize, room: usize) -> Self {
        let block = (n_rows(f).div_ceil(rows.max(1)).max(1), f.n_cols.div_ceil(room.max(1)).max(1));
        let n = (n_rows(f).div_ceil(block.0), f.n_cols.div_ceil(block.1));
        Self { block, cell: (room / n.1.max(1)).clamp(1, MAX_CELL), n }
    }

    fn rows(&self, row: usize, f: &Heatmap) -> Range<usize> {
        row * self.block.0..((row + 1) * self.block.0).min(n_rows(f))
    }

    fn columns(&self, column: usize, f: &Heatmap) -> Range<usize> {
        column * self.block.1..((column + 1) * self.block.1).min(f.n_cols)
    }

    /// The place of the greatest finite value of a block.
    fn greatest(&self, row: usize, column: usize, f: &Heatmap) -> Option<usize> {
        let places = self.rows(row, f).flat_map(|r| self.columns(column, f).map(move |c| r * f.n_cols + c));
        places.filter(|&i| f.values[i].is_finite()).max_by(|&a, &b| f.values[a].total_cmp(&f.values[b]).then(b.cmp(&a)))
    }
}

/// "max of 4x12 a cell", rows first; empty where each element has its own.
pub(super) fn heading_extra(f: &Heatmap, area: Rect) -> String {
    let block = Cut::new(f, usize::from(area.height).saturating_sub(3), Frame::room(area.width)).block;
    if block == (1, 1) { String::new() } else { format!("max of {}x{} a cell", block.0, block.1) }
}

/// Rows without the heading: one a row of the matrix, labels, shades.
pub(super) fn height(f: &Heatmap) -> usize {
    n_rows(f) + 2
}

pub(super) fn draw(view: &FigureView<'_>, f: &Heatmap, area: Rect, buf: &mut Buffer) {
    let rows = usize::from(area.height).saturating_sub(2);
    if rows == 0 || f.n_cols == 0 || n_rows(f) == 0 {
        return;
    }
    let cut = Cut::new(f, rows, Frame::room(area.width));
    let frame = Frame::new(area, cut.n.1 * cut.cell);
    for row in 0..cut.n.0 {
        for column in 0..cut.n.1 {
            let Some(greatest) = cut.greatest(row, column, f) else { continue };
            let glyph = view.theme.glyphs().errors[shade(f.values[greatest], f)];
            for x in 0..cut.cell {
                frame.put(buf, column * cut.cell + x, row, glyph, view.theme.style(Role::SeriesA));
            }
        }
    }
    let cursor = view.state.cursor.map(|at| at.min(n_rows(f) * f.n_cols - 1));
    let cell = cursor.map(|at| (at / f.n_cols / cut.block.0, at % f.n_cols / cut.block.1));
    if let Some((row, column)) = cell {
        for x in 0..cut.cell {
            frame.highlight(buf, column * cut.cell + x, row..row + 1, view.theme);
        }
    }
    draw_axes(view, f, &cut, &frame, cell.map(|c| c.1 * cut.cell), buf);
}

/// 0 to 4: the shade of a value between the lightest and the darkest.
fn shade(value: f32, f: &Heatmap) -> usize {
    let share = (value - f.lo) / (f.hi - f.lo);
    if share.is_nan() { 0 } else { ((share * 5.0) as usize).min(4) }
}

fn draw_axes(view: &FigureView<'_>, f: &Heatmap, cut: &Cut, frame: &Frame, cursor: Option<usize>, buf: &mut Buffer) {
    let theme = view.theme;
    let room = frame.left.saturating_sub(1).min(9);
    frame.label(buf, 0, "0", theme);
    if cut.n.0 > 1 {
        frame.label(buf, cut.n.0 - 1, &((n_rows(f) - 1) * f.per_value.0).to_string(), theme);
    }
    if cut.n.0 > 2 {
        frame.label(buf, 1, &fit(&theme.say(f.y_label), room, theme.glyphs().ellipsis), theme);
    }
    let middle = frame.n_columns / 2;
    let last = (frame.n_columns.saturating_sub(1), ((f.n_cols - 1) * f.per_value.1).to_string());
    let labels = [(0, "0".to_owned()), (middle, theme.say(f.x_label).into_owned()), last];
    frame.x_labels(buf, cut.n.0, if f.n_cols > 1 { &labels } else { &labels[..1] }, cursor, theme);
    let legend = legend(f, theme);
    print(buf, frame.area, frame.left.min(10), cut.n.0 + 1, &legend, theme.style(Role::Dim));
}

/// The shades with the ends of what they stand for: `|x| 0 ·░▒▓█ 8.2`.
fn legend(f: &Heatmap, theme: &Theme) -> String {
    let unit = if f.unit.is_empty() { String::new() } else { format!(" {}", f.unit) };
    let shades = theme.glyphs().errors.concat();
    let gap = if f.values.iter().any(|v| !v.is_finite()) { "   blank: no finite value" } else { "" };
    theme.say(&format!("{} {} {shades} {}{unit}{gap}", f.value_label, number(f.lo.into()), number(f.hi.into()))).into_owned()
}

/// Row, column and value of the element under the cursor.
pub(super) fn readout(view: &FigureView<'_>, f: &Heatmap) -> Option<String> {
    let at = view.state.cursor?.min((n_rows(f) * f.n_cols).checked_sub(1)?);
    let unit = if f.unit.is_empty() { String::new() } else { format!(" {}", f.unit) };
    let (row, column) = (at / f.n_cols * f.per_value.0, at % f.n_cols * f.per_value.1);
    Some(format!("{} {row}, {} {column}: {} {}{unit}", f.y_label, f.x_label, f.value_label, number(f.values[at].into())))
}

/// One cell to the side, or one stop up or down; the cursor then stands on the greatest element there.
pub(super) fn moved(view: &FigureView<'_>, f: &Heatmap, width: u16, down: i64, right: i64) -> FigureState {
    let Some(last) = (n_rows(f) * f.n_cols).checked_sub(1) else { return view.state };
    let cut = Cut::new(f, ROW_STOPS, Frame::room(width));
    let stop =
        |at: usize, block: usize, by: i64, n: usize| ((at / block) as i64).saturating_add(by).clamp(0, n as i64 - 1) as usize;
    let (row, column) = match view.state.cursor.map(|at| at.min(last)) {
        Some(at) => (stop(at / f.n_cols, cut.block.0, down, cut.n.0), stop(at % f.n_cols, cut.block.1, right, cut.n.1)),
        None => (cut.n.0 / 2, cut.n.1 / 2),
    };
    let corner = cut.rows(row, f).start * f.n_cols + cut.columns(column, f).start;
    FigureState { cursor: Some(cut.greatest(row, column, f).unwrap_or(corner)), ..view.state }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(n_cols: usize, values: Vec<f32>) -> Heatmap {
        Heatmap {
            view: "map",
            heading: String::new(),
            x_label: "column",
            y_label: "row",
            value_label: "|x|",
            unit: "",
            per_value: (1, 1),
            n_cols,
            values,
            lo: 0.0,
            hi: 10.0,
        }
    }

    #[test]
    fn a_block_is_as_dark_as_its_greatest_finite_value() {
        let f = map(4, vec![0.0, 1.0, 2.0, 9.0, f32::NAN, 3.0, f32::INFINITY, 1.0]);
        let cut = Cut::new(&f, 1, 2);
        assert_eq!((cut.block, cut.n), ((2, 2), (1, 2)));
        assert_eq!([cut.greatest(0, 0, &f), cut.greatest(0, 1, &f)], [Some(5), Some(3)]);
        assert_eq!([-1.0, 0.0, 1.9, 2.0, 9.9, 10.0, 99.0].map(|v| shade(v, &f)), [0, 0, 0, 1, 4, 4, 4]);
        let flat = Heatmap { hi: 0.0, ..map(1, vec![0.0]) };
        assert_eq!(shade(0.0, &flat), 0);
    }
}
