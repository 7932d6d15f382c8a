//! Bits, cells, places, matrices and pipelines.

use super::{
    ROW, TOP,
    canvas::{Axis, Canvas, INK, Plot, colour},
};
use crate::{
    export::number::number,
    lab::{Bits, Cells, Flow, Heatmap, Images, SeriesRole, Ticks},
};

/// The width of a character of one-width text.
const CHAR: f64 = 8.43;
const LEFT: f64 = 150.0;
/// Elements of a heatmap drawn down and across at most; more are drawn in blocks as dark as their greatest value.
const MAX_CELLS: (usize, usize) = (192, 384);

/// Digits in the colour of their field, its name below.
pub(super) fn bits(f: &Bits, canvas: &mut Canvas) {
    for (i, row) in f.rows.iter().enumerate() {
        let y = TOP + 2.0 * ROW * i as f64;
        canvas.text(LEFT - 12.0, y, "end", &row.label);
        let n = row.n.clamp(1, 64);
        let digits = format!("{:0n$b}", row.pattern & (u64::MAX >> (64 - n)), n = n as usize);
        let (mut x, mut at) = (LEFT, 0);
        let whole = [("", n, SeriesRole::Grid)];
        for &(name, width, role) in if row.fields.is_empty() { &whole[..] } else { &row.fields } {
            let end = (at + width as usize).min(digits.len());
            let ink = if role == SeriesRole::Grid { INK } else { colour(role) };
            canvas.mono(x, y, ink, "bold", &digits[at..end]);
            canvas.text(x, y + 17.0, "start", name);
            x += (CHAR * (end - at) as f64).max(7.6 * name.chars().count() as f64) + 12.0;
            at = end;
        }
        canvas.text(x + 8.0, y, "start", &row.note);
    }
}

/// Cells of one line of the picture.
fn per_line(f: &Cells) -> usize {
    let widest = f.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.text.chars().count()).max().unwrap_or(1);
    ((860.0 - LEFT) / (CHAR * (widest + 1) as f64)).max(1.0) as usize
}

/// Lines that the rows take: cells, and the note where there is one.
pub(super) fn n_lines(f: &Cells) -> usize {
    f.rows.iter().map(|row| row.cells.len().div_ceil(per_line(f)).max(1) + usize::from(!row.note.is_empty())).sum()
}

/// Cells in the colour of their role; the strong ones bold and underlined.
pub(super) fn cells(f: &Cells, canvas: &mut Canvas) {
    let widest = f.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.text.chars().count()).max().unwrap_or(1);
    let pitch = CHAR * (widest + 1) as f64;
    let mut y = TOP;
    for row in &f.rows {
        canvas.text(LEFT - 12.0, y, "end", &row.label);
        for (i, line) in row.cells.chunks(per_line(f)).enumerate() {
            y += if i > 0 { ROW } else { 0.0 };
            for (c, cell) in line.iter().enumerate() {
                let x = LEFT + pitch * c as f64;
                let ink = if cell.role == SeriesRole::Grid { INK } else { colour(cell.role) };
                canvas.mono(x, y, ink, if cell.strong { "bold" } else { "normal" }, &format!("{:>widest$}", cell.text));
                if cell.strong {
                    canvas.rect(x, y + 4.0, CHAR * widest as f64, 1.5, ink, 1.0);
                }
            }
        }
        y += ROW;
        if !row.note.is_empty() {
            canvas.text(LEFT, y - 12.0, "start", &row.note);
            y += ROW;
        }
    }
    canvas.legend(f.legend.iter().map(|&(role, name)| (name.to_owned(), colour(role))));
}

pub(super) fn ticks(f: &Ticks, canvas: &mut Canvas) {
    let unit = if f.x_unit.is_empty() { String::new() } else { format!(" ({})", f.x_unit) };
    if f.hi - f.lo <= 0.0 || f.x_log && f.lo <= 0.0 {
        return;
    }
    let x = Axis { lo: f.lo, hi: f.hi, name: format!("{}{unit}", f.x_label), log: f.x_log };
    let plot = Plot::new(x, Axis { lo: 0.0, hi: 1.0, ..Axis::default() });
    let mut y = TOP;
    for row in &f.rows {
        canvas.text(74.0, y + 5.0, "end", &row.label);
        for x in row.ticks.iter().filter(|t| (f.lo..=f.hi).contains(*t)).map(|&t| plot.x(t)).filter(|x| x.is_finite()) {
            canvas.rect(x - 0.75, y - 8.0, 1.5, 16.0, colour(row.role), 1.0);
        }
        if let Some(x) = row.here.map(|v| plot.x(v)).filter(|x| x.is_finite()) {
            canvas.circle(x, y, INK);
        }
        canvas.text(80.0, y + 22.0, "start", &row.note);
        y += ROW;
    }
    plot.x_axis(y, canvas);
}

pub(super) fn heatmap(f: &Heatmap, canvas: &mut Canvas) {
    let (n_cols, n_rows) = (f.n_cols.max(1), f.values.len() / f.n_cols.max(1));
    if n_rows == 0 {
        return;
    }
    let block = (n_rows.div_ceil(MAX_CELLS.0), n_cols.div_ceil(MAX_CELLS.1));
    let n = (n_rows.div_ceil(block.0), n_cols.div_ceil(block.1));
    let plot = Plot::new(
        Axis { lo: 0.0, hi: n_cols as f64, name: f.x_label.into(), ..Axis::default() },
        Axis { lo: -(n_rows as f64), hi: 0.0, name: f.y_label.into(), ..Axis::default() },
    );
    for row in 0..n.0 {
        for column in 0..n.1 {
            let places = (row * block.0..((row + 1) * block.0).min(n_rows))
                .flat_map(|r| (column * block.1..((column + 1) * block.1).min(n_cols)).map(move |c| r * n_cols + c));
            let Some(most) = places.map(|i| f.values[i]).filter(|v| v.is_finite()).reduce(f32::max) else { continue };
            let share = f64::from((most - f.lo) / (f.hi - f.lo));
            let opacity = if share.is_nan() { 0.05 } else { share.clamp(0.05, 0.99) };
            let (left, top) = (plot.x((column * block.1) as f64), plot.y(-((row * block.0) as f64)));
            let right = plot.x(((column + 1) * block.1).min(n_cols) as f64);
            let bottom = plot.y(-(((row + 1) * block.0).min(n_rows) as f64));
            canvas.rect(left, top, right - left, bottom - top, colour(SeriesRole::A), opacity);
        }
    }
    plot.y_ticks(&[(0.0, "0".into()), (-(n_rows as f64), n_rows.to_string())], canvas);
    plot.x_axis(plot.y(-(n_rows as f64)), canvas);
    let unit = if f.unit.is_empty() { String::new() } else { format!(" {}", f.unit) };
    let darkest = format!("{} from {} (light) to {}{unit} (dark)", f.value_label, number(f.lo.into()), number(f.hi.into()));
    canvas.legend(std::iter::once((darkest, colour(SeriesRole::A))));
}

pub(super) fn flow(f: &Flow, canvas: &mut Canvas) {
    const BOX: (f64, f64) = (200.0, 26.0);
    for (i, stage) in f.stages.iter().enumerate() {
        let y = TOP + 2.0 * ROW * i as f64;
        canvas.rect(LEFT, y - 18.0, BOX.0, BOX.1, colour(stage.role), 0.15);
        canvas.rect(LEFT, y - 18.0, 4.0, BOX.1, colour(stage.role), 1.0);
        canvas.bold(LEFT + 14.0, y, &stage.name);
        let side = if stage.side.is_empty() { String::new() } else { format!("← {}", stage.side) };
        canvas.text(
            LEFT + BOX.0 + 12.0,
            y,
            "start",
            &[side.as_str(), stage.note.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · "),
        );
        if !stage.out.is_empty() {
            canvas.rect(LEFT + 20.0, y - 18.0 + BOX.1, 1.5, 2.0 * ROW - BOX.1, INK, 1.0);
            canvas.text(LEFT + 32.0, y + ROW - 2.0, "start", &stage.out);
        }
    }
    let names = [("computed in float", SeriesRole::A), ("computed in integers", SeriesRole::B)];
    let used = names.into_iter().filter(|(_, role)| f.stages.iter().any(|stage| stage.role == *role));
    canvas.legend(used.map(|(name, role)| (name.to_owned(), colour(role))));
}

/// Where the first picture of a line begins, units from one to the next, and pictures of a line.
const FIRST_PICTURE: f64 = 40.0;
const PICTURE: f64 = 104.0;
const PER_LINE: usize = 8;

/// Rows of the plot that the pictures take.
pub(super) fn n_image_rows(f: &Images) -> usize {
    let n_lines = f.pictures.len().div_ceil(PER_LINE).max(1);
    let captions = f.pictures.iter().map(|p| p.caption.len()).max().unwrap_or(0);
    n_lines * (3 + captions)
}

pub(super) fn images(f: &Images, canvas: &mut Canvas) {
    let n_lines = f.pictures.len().div_ceil(PER_LINE).max(1);
    let line = ROW * (n_image_rows(f) / n_lines) as f64;
    let size = (PICTURE - 24.0) / f.width.max(1) as f64;
    for (i, picture) in f.pictures.iter().enumerate() {
        let (left, top) = (FIRST_PICTURE + PICTURE * (i % PER_LINE) as f64, TOP - 24.0 + line * (i / PER_LINE) as f64);
        for (at, &ink) in picture.pixels.iter().enumerate().filter(|(_, ink)| **ink > 0.0) {
            let (x, y) = (left + size * (at % f.width) as f64, top + size * (at / f.width) as f64);
            canvas.rect(x, y, size, size, INK, f64::from(ink).clamp(0.05, 1.0));
        }
        for (k, words) in picture.caption.iter().enumerate() {
            canvas.text(left, top + PICTURE - 8.0 + 20.0 * k as f64, "start", words);
        }
    }
}
