//! Horizontal bars, linear or on a log10 axis.

use super::{
    ROW, TOP,
    canvas::{Canvas, INK, colour},
};
use crate::{
    export::number::{log_ticks, quantity},
    lab::{Bar, Bars},
};

const LEFT: f64 = 170.0;
const ROOM: f64 = 500.0;

fn finite(v: f64) -> f64 {
    if v.is_finite() { v.max(0.0) } else { 0.0 }
}

fn total(bar: &Bar) -> f64 {
    bar.segments.iter().map(|s| finite(s.value)).sum()
}

pub(super) fn bars(f: &Bars, canvas: &mut Canvas) {
    let ends = f.log.then(|| decades(f)).flatten();
    let greatest = f.bars.iter().map(total).fold(0.0, f64::max);
    let length = |bar: &Bar, value: f64| match ends {
        // Shares of a sum have no length on a log axis: the first segment stands for the whole.
        Some((lo, hi)) => ROOM * (total(bar).log10() - lo) / (hi - lo),
        None => ROOM * value / greatest,
    };
    let mut names: Vec<(String, &str)> = Vec::new();
    for (i, bar) in f.bars.iter().enumerate() {
        let (mut x, y) = (LEFT, TOP + ROW * i as f64);
        canvas.text(LEFT - 10.0, y + 15.0, "end", &bar.label);
        let segments = bar.segments.iter().filter(|s| finite(s.value) > 0.0);
        for segment in segments.take(if ends.is_some() { 1 } else { usize::MAX }) {
            let width = length(bar, finite(segment.value));
            canvas.rect(x, y, width, ROW * 0.6, colour(segment.role), 1.0);
            x += width;
            if names.iter().all(|(name, _)| name != segment.name) {
                names.push((segment.name.into(), colour(segment.role)));
            }
        }
        canvas.text(x + 10.0, y + 15.0, "start", format!("{}  {}", quantity(total(bar), f.unit), bar.note).trim_end());
    }
    if let Some((lo, hi)) = ends {
        let y = TOP + ROW * f.bars.len() as f64;
        canvas.rect(LEFT, y - 4.0, ROOM, 1.0, INK, 1.0);
        for (v, name) in log_ticks(10f64.powf(lo), 10f64.powf(hi), 9) {
            canvas.text(LEFT + ROOM * (v.log10() - lo) / (hi - lo), y + 14.0, "middle", &name);
        }
    }
    canvas.legend(names.into_iter());
}

/// The powers of ten around all totals above zero, the lower one below the least of them.
fn decades(f: &Bars) -> Option<(f64, f64)> {
    let logs = || f.bars.iter().map(total).filter(|v| *v > 0.0).map(f64::log10);
    let (least, most) = (logs().reduce(f64::min)?, logs().reduce(f64::max)?);
    let lo = least.ceil() - 1.0;
    Some((lo, most.ceil().max(lo + 1.0)))
}
