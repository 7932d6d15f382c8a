//! Series that stand as columns: histograms, levels with their share.

use ratatui::buffer::Buffer;

use super::plot::Plot;
use crate::{
    lab::{Lines, Series, Shape},
    widget::figure::bars::role,
};

/// A column is at most this wide.
const MAX_WIDTH: usize = 7;

/// All columns. Series share the room of a point side by side, or stand behind one another, the tallest at the back.
pub(super) fn draw(plot: &Plot<'_>, f: &Lines, buf: &mut Buffer) {
    let series: Vec<&Series> = f.series.iter().filter(|s| s.shape == Shape::Columns).collect();
    if series.is_empty() {
        return;
    }
    let slot = slot(plot, &series);
    let is_beside = slot >= series.len();
    let width = if is_beside { slot / series.len() } else { slot }.min(MAX_WIDTH);
    let mut bars = Vec::new();
    for (i, s) in series.iter().enumerate() {
        for &point in &s.points {
            let (Some(column), Some(halves)) = (plot.column(point.0), halves(plot, point.1)) else { continue };
            let total = if is_beside { width * series.len() } else { width };
            let left = column as i64 - total as i64 / 2 + if is_beside { (i * width) as i64 } else { 0 };
            bars.push((*s, left, halves));
        }
    }
    bars.sort_by_key(|(_, _, (from, to))| std::cmp::Reverse(to.abs_diff(*from)));
    for (series, left, halves) in bars {
        for x in (left..left + width as i64).filter_map(|x| usize::try_from(x).ok()) {
            draw_bar(plot, series, x, halves, buf);
        }
    }
}

/// The columns between neighbouring points, one of them left free where there are enough.
fn slot(plot: &Plot<'_>, series: &[&Series]) -> usize {
    let mut columns: Vec<usize> = series.iter().flat_map(|s| s.points.iter().filter_map(|p| plot.column(p.0))).collect();
    columns.sort_unstable();
    columns.dedup();
    let least = columns.windows(2).map(|w| w[1] - w[0]).min().unwrap_or(MAX_WIDTH);
    if least > 2 { least - 1 } else { least.max(1) }
}

/// Half rows from the lower edge between which a bar stands: at least one, unless the value is that of the base.
fn halves(plot: &Plot<'_>, y: f64) -> Option<(usize, usize)> {
    let total = 2 * plot.rows;
    let share = plot.range.y.share(y);
    if !share.is_finite() {
        return None;
    }
    let at = |share: f64| (share.clamp(0.0, 1.0) * total as f64).round() as usize;
    let (base, end) = (at(plot.range.y.share(plot.range.y.base())), at(share));
    if y == plot.range.y.base() {
        return None;
    }
    let is_up = y > plot.range.y.base();
    Some(match is_up {
        true => (base.min(total - 1), end.max(base + 1).min(total)),
        false => (end.min(base.saturating_sub(1)), base.max(1)),
    })
}

fn draw_bar(plot: &Plot<'_>, series: &Series, x: usize, (from, to): (usize, usize), buf: &mut Buffer) {
    let (theme, glyphs) = (plot.view.theme, plot.view.theme.glyphs());
    for row in from / 2..to.div_ceil(2) {
        let glyph = match (2 * row < from, 2 * row + 2 > to) {
            (false, true) => glyphs.half_up,
            (true, false) => glyphs.half_down,
            _ => glyphs.textures[series.role as usize],
        };
        plot.frame.put(buf, x, plot.rows - 1 - row, glyph, theme.style(role(series.role)));
    }
}
