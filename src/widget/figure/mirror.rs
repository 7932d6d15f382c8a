//! The mirror: original values stand on the axis, codes hang from it, both cut by the same columns.

mod draw;

use std::ops::Range;

use super::{FigureState, FigureView, axis::Frame};
use crate::{
    export::{Column, Cut, axis_number, count, format_value},
    lab::{Figure, Mirror},
};

pub(super) use draw::draw;

/// The loupe stops where each code has this many columns.
const COLUMNS_AT_MOST_ZOOM: usize = 3;

/// The columns in sight.
#[derive(Debug)]
struct Sight {
    window: Range<usize>,
    cut: Cut,
}

impl Sight {
    fn of(view: &FigureView<'_>, f: &Mirror, width: u16) -> Self {
        let room = Frame::room(width).max(1);
        let window = window(&view.state, f, room);
        Self { cut: Cut::new(f, window.clone(), room), window }
    }

    fn cursor(&self, view: &FigureView<'_>) -> Option<usize> {
        self.cut.column_of_bin(view.state.cursor?)
    }

    /// The column that shows `code`, of several the middle one.
    fn column_of_code(&self, f: &Mirror, code: i32) -> Option<usize> {
        let cell = usize::try_from(i64::from(code) - i64::from(f.first_code)).ok()?;
        let sub = f.sub.max(1);
        self.cut.column_of_bin(cell.checked_mul(sub)? + sub / 2)
    }

    /// The column that holds a real value (or, on a code axis, a code).
    fn column_of_value(&self, f: &Mirror, value: f64) -> Option<usize> {
        let bin = (cell_of(f, value)? * f.sub.max(1) as f64).floor();
        (0.0..1e15).contains(&bin).then(|| self.cut.column_of_bin(bin as usize)).flatten()
    }
}

/// The cells in sight: all of them, or what the loupe leaves.
fn window(state: &FigureState, f: &Mirror, room: usize) -> Range<usize> {
    let n = (f.n_codes >> state.zoom.min(31)).max(least_window(f, room));
    let start = state.pan.min(f.n_codes - n);
    start..start + n
}

fn least_window(f: &Mirror, room: usize) -> usize {
    (room / COLUMNS_AT_MOST_ZOOM).max(1).min(f.n_codes)
}

/// Cells from the figure's first to a value on its axis; a code's cell begins half a step before it.
fn cell_of(f: &Mirror, value: f64) -> Option<f64> {
    let code = if f.x_is_code { value } else { value / scale_of(f)? + f64::from(f.grid.zero_point) };
    Some(code - f64::from(f.first_code) + 0.5)
}

fn scale_of(f: &Mirror) -> Option<f64> {
    f.grid.scale.filter(|s| s.is_finite() && *s > 0.0)
}

/// The value on the axis at a bound between cells.
fn value_at(f: &Mirror, cell: f64) -> f64 {
    let code = cell - 0.5 + f64::from(f.first_code);
    match scale_of(f) {
        Some(scale) if !f.x_is_code => (code - f64::from(f.grid.zero_point)) * scale,
        _ => code,
    }
}

pub(super) fn heading_extra(view: &FigureView<'_>, f: &Mirror, width: u16) -> String {
    let sight = Sight::of(view, f, width);
    let mut parts = Vec::new();
    if sight.cut.codes_per_column > 1 {
        parts.push(format!("{} codes a column", sight.cut.codes_per_column));
    }
    if sight.window.len() < f.n_codes {
        parts.push(format!("{} of {} codes in sight", sight.window.len(), f.n_codes));
    }
    if f.below + f.above > 0 {
        parts.push(format!("{} + {} off the axis", count(f.below), count(f.above)));
    }
    parts.join(", ")
}

pub(super) fn readout(view: &FigureView<'_>, f: &Mirror, width: u16) -> Option<String> {
    let sight = Sight::of(view, f, width);
    let column = &sight.cut.columns[sight.cursor(view)?];
    let sub = f.sub.max(1) as f64;
    let (lo, hi) = (value_at(f, column.bins.start as f64 / sub), value_at(f, column.bins.end as f64 / sub));
    let number = |v| axis_number(v, (hi - lo) / 10.0);
    let mut parts = vec![format!("{} {} to {}: {} values", f.x_label, number(lo), number(hi), count(column.original))];
    parts.push(codes_text(f, &sight, column));
    parts.push(match column.rms {
        None => "no error".into(),
        Some(rms) => format!("RMS error {} steps", format_value(rms, 2)),
    });
    Some(parts.join(" · "))
}

/// The codes of a column and how many values they hold.
fn codes_text(f: &Mirror, sight: &Sight, column: &Column) -> String {
    // Between the middles of codes there is no bar: the code's whole cell is meant.
    let values: u64 = column.cells.clone().filter_map(|cell| f.quantized.get(cell)).map(|&n| u64::from(n)).sum();
    let first = i64::from(f.first_code) + column.cells.start as i64;
    if column.is_outside(f) {
        return "clipped: no code here".into();
    }
    if sight.cut.codes_per_column == 1 {
        return format!("code {first}: {} values", count(values));
    }
    let last = first + column.cells.len() as i64 - 1;
    format!("codes {first} to {last}: {} values, {} of {} used", count(values), column.n_used, column.n_codes)
}

pub(super) fn moved(view: &FigureView<'_>, f: &Mirror, width: u16, by: i64) -> FigureState {
    let sight = Sight::of(view, f, width);
    let n_columns = sight.cut.columns.len();
    let Some(last) = n_columns.checked_sub(1) else { return view.state };
    let Some(at) = sight.cursor(view) else {
        let start = sight.column_of_code(f, f.grid.zero_point).unwrap_or(n_columns / 2);
        return FigureState { cursor: Some(middle(&sight.cut.columns[start])), ..view.state };
    };
    let wanted = (at as i64).saturating_add(by);
    let inside = wanted.clamp(0, last as i64);
    // Past the edge the window follows by whole columns.
    let over = wanted - inside;
    let cells = over.saturating_mul(sight.cut.codes_per_column as i64) / sight.cut.columns_per_code as i64;
    let cells = if cells == 0 { over.signum() } else { cells };
    let most = (f.n_codes - sight.window.len()) as i64;
    let pan = (sight.window.start as i64).saturating_add(cells).clamp(0, most) as usize;
    let shifted = FigureState { pan, ..view.state };
    let sight = Sight::of(&FigureView { state: shifted, ..*view }, f, width);
    FigureState { cursor: sight.cut.columns.get(inside as usize).map(middle), ..shifted }
}

fn middle(column: &Column) -> usize {
    (column.bins.start + column.bins.end) / 2
}

pub(super) fn loupe(view: &FigureView<'_>, f: &Mirror, width: u16, closer: bool) -> FigureState {
    let room = Frame::room(width).max(1);
    let before = window(&view.state, f, room);
    let zoom = match closer {
        true if before.len() > least_window(f, room) => view.state.zoom + 1,
        true => view.state.zoom,
        false => view.state.zoom.saturating_sub(1),
    };
    let around = view.state.cursor.map_or(before.start + before.len() / 2, |bin| bin / f.sub.max(1));
    let mut state = FigureState { zoom, ..view.state };
    let n = window(&state, f, room).len();
    state.pan = around.saturating_sub(n / 2).min(f.n_codes - n);
    state
}

/// What mark A would hold in the columns in sight: originals (`None` where its bins are others) and codes.
///
/// The counts of its bins and codes are spread evenly over their width: grids that do not match would alias.
fn outline(sight: &Sight, f: &Mirror, a: &Mirror) -> Vec<(Option<f64>, f64)> {
    let same_bins = (a.grid.scale, a.grid.zero_point, a.sub) == (f.grid.scale, f.grid.zero_point, f.sub);
    let codes = spread(sight, f, a, &a.quantized, 1);
    let originals = same_bins.then(|| spread(sight, f, a, &a.original, a.sub.max(1)));
    codes.into_iter().enumerate().map(|(x, n)| (originals.as_ref().map(|o| o[x]), n)).collect()
}

/// Counts of bins of `a`, `per_cell` to a code, in the columns in sight.
fn spread(sight: &Sight, f: &Mirror, a: &Mirror, counts: &[u32], per_cell: usize) -> Vec<f64> {
    let columns = &sight.cut.columns;
    let mut sums = vec![0.0; columns.len()];
    let sub = f.sub.max(1) as f64;
    let bin_at = |bin_of_a: usize| cell_of(f, value_at(a, bin_of_a as f64 / per_cell as f64)).map(|cell| cell * sub);
    for (i, &n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
        let (Some(from), Some(to)) = (bin_at(i), bin_at(i + 1)) else { continue };
        let first = columns.partition_point(|c| c.bins.end as f64 <= from);
        for (column, sum) in columns.iter().zip(&mut sums).skip(first).take_while(|(c, _)| (c.bins.start as f64) < to) {
            let overlap = to.min(column.bins.end as f64) - from.max(column.bins.start as f64);
            *sum += f64::from(n) * (overlap / (to - from)).max(0.0);
        }
    }
    sums
}

/// The mirror of mark A, where there is one on an axis of the same kind.
fn mark_a<'a>(view: &FigureView<'a>, f: &Mirror) -> Option<&'a Mirror> {
    match view.against {
        Some(Figure::Mirror(a)) if a.x_is_code == f.x_is_code => Some(a),
        _ => None,
    }
}
