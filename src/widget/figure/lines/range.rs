//! The ranges of the axes, linear or log10.

use crate::{
    export::{axis_number, log_ticks, ticks},
    lab::{Figure, Lines, Shape},
    widget::figure::FigureView,
};

/// One axis: its ends as they are scaled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    lo: f64,
    hi: f64,
    log: bool,
}

impl Axis {
    /// `None` where no value can stand on the axis.
    fn of(values: impl Iterator<Item = f64>, log: bool) -> Option<Self> {
        let scaled = values.map(|v| if log { v.log10() } else { v }).filter(|v| v.is_finite());
        let (lo, hi) =
            scaled.fold(None, |range: Option<(f64, f64)>, v| Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v)))))?;
        let pad = if hi > lo { 0.0 } else { 0.5 * lo.abs().max(1.0) };
        Some(Self { lo: lo - pad, hi: hi + pad, log })
    }

    /// 0 to 1 along the axis; not finite for what cannot stand on it.
    pub(super) fn share(&self, v: f64) -> f64 {
        let v = if self.log { v.log10() } else { v };
        (v - self.lo) / (self.hi - self.lo)
    }

    /// Widens the axis to a value, unless that would press the figure to less than half of it.
    fn reach(&mut self, v: Option<f64>) {
        let share = v.map_or(0.5, |v| self.share(v));
        let length = self.hi - self.lo;
        if (-1.0..0.0).contains(&share) {
            self.lo += share * length;
        } else if (1.0..=2.0).contains(&share) {
            self.hi += (share - 1.0) * length;
        }
    }

    /// The value at the lower end.
    pub(super) fn start(&self) -> f64 {
        if self.log { 10f64.powf(self.lo) } else { self.lo }
    }

    /// Where columns stand: at zero, on a log axis at its lower end.
    pub(super) fn base(&self) -> f64 {
        if self.log { self.start() } else { 0.0f64.clamp(self.lo, self.hi) }
    }

    /// Round values and their names, at most `max`.
    pub(super) fn ticks(&self, max: usize) -> Vec<(f64, String)> {
        if self.log {
            return log_ticks(10f64.powf(self.lo), 10f64.powf(self.hi), max);
        }
        // One number alone does not make an axis.
        let values = (max..max + 3).map(|max| ticks(self.lo, self.hi, max)).find(|values| values.len() > 1);
        let values = values.unwrap_or_else(|| ticks(self.lo, self.hi, max));
        let step = values.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
        values.into_iter().map(|v| (v, axis_number(v, step))).collect()
    }
}

/// The least distance between neighbouring columns of a figure, where it has some.
fn least_gap(f: &Lines) -> Option<f64> {
    let columns = f.series.iter().filter(|s| s.shape == Shape::Columns);
    let mut xs: Vec<f64> = columns.flat_map(|s| s.points.iter().map(|p| p.0)).filter(|x| x.is_finite()).collect();
    xs.sort_by(f64::total_cmp);
    xs.windows(2).map(|w| w[1] - w[0]).filter(|gap| *gap > 0.0).reduce(f64::min)
}

/// What was said before, on the axis that stands for its metric: x, or the height of `here`.
pub(super) fn guess(view: &FigureView<'_>, f: &Lines) -> Option<(Option<f64>, Option<f64>)> {
    let guess = view.prediction.filter(|p| !p.metric.is_empty())?;
    match guess.metric {
        metric if metric == f.y_metric => f.here.map(|_| (None, Some(guess.said))),
        metric if metric == f.x_metric => Some((Some(guess.said), None)),
        _ => None,
    }
}

/// Both axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Range {
    /// All points that can stand on the axes, `here`, marks, the target and a guess that is near; `None` without any.
    pub(super) fn of(view: &FigureView<'_>, f: &Lines) -> Option<Self> {
        let a = match view.against {
            Some(Figure::Lines(a)) => a.series.as_slice(),
            _ => &[],
        };
        let fits = |v: f64, log: bool| v.is_finite() && (!log || v > 0.0);
        let points = f.series.iter().chain(a).flat_map(|s| s.points.iter().copied()).chain(f.here);
        let points: Vec<(f64, f64)> = points.filter(|&(x, y)| fits(x, f.x_log) && fits(y, f.y_log)).collect();
        let marks = f.marks.iter().map(|mark| mark.x);
        let mut x = Axis::of(points.iter().map(|p| p.0).chain(marks), f.x_log)?;
        if let Some(gap) = least_gap(f).filter(|_| !f.x_log) {
            // The outermost columns stand whole.
            (x.lo, x.hi) = (x.lo - gap / 2.0, x.hi + gap / 2.0);
        }
        let mut y = Axis::of(points.iter().map(|p| p.1).chain(view.target), f.y_log)?;
        if !f.y_log {
            // A quantity that is never negative and comes near zero starts there, and columns do.
            let has_columns = f.series.iter().any(|s| s.shape == Shape::Columns);
            if y.lo > 0.0 && (y.lo < 0.5 * y.hi || has_columns) {
                y.lo = 0.0;
            } else if y.hi < 0.0 && has_columns {
                y.hi = 0.0;
            }
        }
        if let Some((on_x, on_y)) = guess(view, f) {
            x.reach(on_x);
            y.reach(on_y);
        }
        Some(Self { x, y })
    }

    /// Shares of the axes, 0 to 1 from the lower left.
    pub(super) fn share(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.share(x), self.y.share(y))
    }
}
