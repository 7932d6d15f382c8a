//! Plots of counts: the mirror and the error histogram.

use super::canvas::{Axis, Canvas, INK, Plot, colour};
use crate::{
    export::{
        columns::{Column, Cut},
        number::{short_count, ticks},
    },
    lab::{ErrorHistogram, Mirror, SeriesRole},
};

const MAX_COLUMNS: usize = 512;

/// The height of a count: itself, or on a log axis one more than its decade, so that a single value shows.
fn height(count: f64, log: bool) -> f64 {
    match (count > 0.0, log) {
        (false, _) => 0.0,
        (true, true) => 1.0 + count.max(1.0).log10(),
        (true, false) => count,
    }
}

/// Heights and names of round counts.
fn count_ticks(most: f64, log: bool) -> Vec<(f64, String)> {
    if log {
        let name = |k| match k {
            0 => "1".into(),
            1 => "10".into(),
            _ => format!("10^{k}"),
        };
        return (0..=most.max(1.0).log10().floor() as i32).map(|k| (height(10f64.powi(k), true), name(k))).collect();
    }
    ticks(0.0, most, 4).into_iter().filter(|&v| v > 0.0).map(|v| (v, short_count(v))).collect()
}

pub(super) fn mirror(f: &Mirror, canvas: &mut Canvas) {
    let cut = Cut::new(f, 0..f.n_codes, MAX_COLUMNS);
    let log = !f.linear_first;
    // On a linear axis a code that stands for several columns is spread over them.
    let share = if log { 1.0 } else { cut.columns_per_code as f64 };
    let up = |c: &Column| height(cut.evened(c, c.original as f64), log);
    let down = |c: &Column| height(cut.evened(c, c.quantized as f64 / share), log);
    let most_count =
        cut.columns.iter().map(|c| cut.evened(c, (c.original as f64).max(c.quantized as f64 / share))).fold(1.0, f64::max);
    let most = height(most_count, log);
    let sub = f.sub.max(1) as f64;
    let value = |bin: usize| {
        let code = bin as f64 / sub - 0.5 + f64::from(f.first_code);
        match f.grid.scale {
            Some(scale) if !f.x_is_code => (code - f64::from(f.grid.zero_point)) * scale,
            _ => code,
        }
    };
    let x = Axis { lo: value(0), hi: value(f.n_codes * f.sub.max(1)), name: f.x_label.into(), ..Axis::default() };
    let plot =
        Plot::new(x, Axis { lo: -most * 1.12, hi: most, name: "values: original above, codes below".into(), ..Axis::default() });
    let names = count_ticks(most_count, log);
    let both: Vec<(f64, String)> = names.iter().cloned().chain(names.iter().map(|(h, name)| (-h, name.clone()))).collect();
    plot.y_ticks(&both, canvas);
    let strip = (plot.y(-most * 1.12) - plot.y(-most * 1.06)).abs();
    for column in &cut.columns {
        let (left, right) = (plot.x(value(column.bins.start)), plot.x(value(column.bins.end)));
        let width = right - left;
        canvas.rect(left, plot.y(up(column)), width, plot.y(0.0) - plot.y(up(column)), colour(SeriesRole::A), 1.0);
        canvas.rect(left, plot.y(0.0), width, plot.y(-down(column)) - plot.y(0.0), colour(SeriesRole::B), 1.0);
        if let Some(rms) = column.rms {
            let opacity = if column.is_outside(f) { 1.0 } else { (rms / 4.0).sqrt().clamp(0.05, 0.99) };
            canvas.rect(left, plot.y(-most * 1.06), width, strip, colour(SeriesRole::Error), opacity);
        }
    }
    limits(f, &plot, canvas, most);
    plot.x_axis(plot.y(-most * 1.12), canvas);
    let legend = [("original", SeriesRole::A), ("quantized", SeriesRole::B), ("RMS error by column", SeriesRole::Error)];
    canvas.legend(legend.into_iter().map(|(name, role)| (name.to_owned(), colour(role))));
}

/// Dashed lines at the outer codes, where the axis goes on beyond them.
fn limits(f: &Mirror, plot: &Plot, canvas: &mut Canvas, most: f64) {
    let last = i64::from(f.first_code) + f.n_codes as i64 - 1;
    let at = |code: f64| match f.grid.scale {
        Some(scale) if !f.x_is_code => (code - f64::from(f.grid.zero_point)) * scale,
        _ => code,
    };
    let low = (f.first_code < f.grid.qmin).then(|| f64::from(f.grid.qmin) - 0.5);
    let high = (last > i64::from(f.grid.qmax)).then(|| f64::from(f.grid.qmax) + 0.5);
    for code in low.into_iter().chain(high) {
        plot.line(&[(at(code), 0.0), (at(code), most)], INK, "4 4", canvas);
    }
}

pub(super) fn error(f: &ErrorHistogram, canvas: &mut Canvas) {
    let most = f.counts.iter().map(|&n| f64::from(n)).fold(f.uniform.max(1.0), f64::max);
    let plot = Plot::new(
        Axis { lo: f.lo, hi: f.hi, name: "error (steps)".into(), ..Axis::default() },
        Axis { lo: 0.0, hi: most, name: "values".into(), ..Axis::default() },
    );
    plot.y_ticks(&count_ticks(most, false), canvas);
    let bin = (f.hi - f.lo) / f.counts.len().max(1) as f64;
    for (i, &n) in f.counts.iter().enumerate() {
        let (left, right) = (plot.x(f.lo + i as f64 * bin), plot.x(f.lo + (i + 1) as f64 * bin));
        canvas.rect(left, plot.y(n.into()), right - left, plot.y(0.0) - plot.y(n.into()), colour(SeriesRole::Error), 1.0);
    }
    plot.line(&[(-0.5, 0.0), (-0.5, f.uniform), (0.5, f.uniform), (0.5, 0.0)], INK, "6 4", canvas);
    plot.x_axis(plot.y(0.0), canvas);
    let names = [("measured".to_owned(), colour(SeriesRole::Error)), ("uniform error (dashed)".to_owned(), INK)];
    canvas.legend(names.into_iter());
}
