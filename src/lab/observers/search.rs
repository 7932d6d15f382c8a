//! The entropy search, step by step.

use super::{Figure, Lines, Mark, Observer, Series, SeriesRole, Shape};
use crate::{
    lab::{Trace, TraceStep, row::count},
    quant::entropy::{Divergence, EntropySearch, n_levels},
};

/// Columns and points of a figure.
const N_POINTS: usize = 192;

/// The candidates that the learner looks at, and the curve over all; `None` where there are too few bins to search.
pub(super) fn trace(observer: &Observer, bits: u32) -> Option<Trace> {
    let search = EntropySearch::new(observer.histogram(), n_levels(bits));
    let curve = search.curve();
    let best = search.best()?;
    let (first, last) = (*search.candidates().start(), *search.candidates().end());
    let mut looks = vec![first, best.n_kept.midpoint(first), best.n_kept, best.n_kept.midpoint(last), last];
    looks.dedup();
    let mut steps = vec![opening(observer, first)];
    steps.extend(looks.into_iter().map(|n_kept| candidate(&search, n_kept, best)));
    steps.push(closing(&search, &curve, best));
    Some(Trace { first: false, steps })
}

fn opening(observer: &Observer, n_levels: usize) -> TraceStep {
    let (counts, width) = (observer.histogram().counts(), observer.histogram().width());
    let values: Vec<f64> = counts.iter().map(|&n| n as f64).collect();
    TraceStep {
        caption: format!(
            "The magnitudes stand in {} of width {width:.5}. Bin 0 takes the count of bin 1, so that exact zeros do not count; then \
             every number of bins from {n_levels} on is tried.",
            count(counts.len() as u64, "bin")
        ),
        figures: vec![Figure::Lines(Lines {
            view: "histogram",
            heading: count(counts.iter().sum(), "value"),
            x_label: "magnitude",
            y_label: "values",
            y_log: true,
            series: vec![columns("counts", &values, width)],
            ..Lines::default()
        })],
    }
}

fn candidate(search: &EntropySearch, n_kept: usize, best: Divergence) -> TraceStep {
    let here = search.divergence(n_kept);
    let (p, q) = (search.reference(n_kept), search.image(n_kept));
    let width = search.threshold(here) / n_kept as f64;
    let tail = p.iter().sum::<f64>() - q.iter().sum::<f64>();
    let verdict = if n_kept == best.n_kept {
        "This is the smallest of all.".into()
    } else if here.nats.is_finite() {
        format!("The best has {:.6}.", best.nats)
    } else {
        "The last bin is empty but for the tail, so Q has nothing there and the divergence is infinite.".into()
    };
    TraceStep {
        caption: format!(
            "Keep {}, up to {:.3}. P gets the tail of {} on its last bin; Q, without it, is merged into levels and spread back. \
             Divergence {} nats. {verdict}",
            count(n_kept as u64, "bin"),
            search.threshold(here),
            count(tail.round() as u64, "value"),
            nats(here)
        ),
        figures: vec![Figure::Lines(Lines {
            view: "histogram",
            heading: format!("P and Q on {n_kept} bins"),
            x_label: "magnitude",
            y_label: "values",
            y_log: true,
            series: vec![columns("P", &p, width), Series { role: SeriesRole::B, shape: Shape::Line, ..columns("Q", &q, width) }],
            ..Lines::default()
        })],
    }
}

fn closing(search: &EntropySearch, curve: &[Divergence], best: Divergence) -> TraceStep {
    let stride = curve.len().div_ceil(2 * N_POINTS).max(1);
    let points = |run: &[Divergence]| thinned(run, stride).map(|d| (search.threshold(d), d.nats)).collect();
    // One curve for each stretch without an infinite divergence: no line crosses one.
    let runs = curve.split(|d| !is_drawn(d)).filter(|run| !run.is_empty());
    let series = runs.map(|run| Series::line("divergence", SeriesRole::A, points(run))).collect();
    TraceStep {
        caption: format!(
            "Of {} the smallest divergence, {} nats, has the range {:.3}: the last of equals, at the upper edge of its last bin.",
            count(curve.len() as u64, "candidate"),
            nats(best),
            search.threshold(best)
        ),
        figures: vec![Figure::Lines(Lines {
            view: "thresholds",
            heading: format!("divergence {} at {:.3}", nats(best), search.threshold(best)),
            x_label: "range",
            y_label: "divergence",
            y_unit: "nats",
            y_log: true,
            series,
            marks: vec![Mark { x: search.threshold(best), label: "best".into(), role: SeriesRole::B }],
            ..Lines::default()
        })],
    }
}

/// Whether a divergence has a place on a log axis.
fn is_drawn(d: &Divergence) -> bool {
    d.nats.is_finite() && d.nats > 0.0
}

/// One candidate in `stride`, and both ends.
fn thinned(run: &[Divergence], stride: usize) -> impl Iterator<Item = Divergence> {
    let last = run.len().saturating_sub(1);
    run.iter().enumerate().filter(move |(i, _)| i.is_multiple_of(stride) || *i == last).map(|(_, d)| *d)
}

fn nats(of: Divergence) -> String {
    if of.nats.is_finite() { format!("{:.6}", of.nats) } else { "infinite".into() }
}

/// Bins put together to so many columns that a screen can show them; empty ones are left out.
fn columns(name: &str, bins: &[f64], width: f64) -> Series {
    let per_column = bins.len().div_ceil(N_POINTS).max(1);
    let column = |(idx, bins): (usize, &[f64])| ((idx as f64 + 0.5) * per_column as f64 * width, bins.iter().sum::<f64>());
    let points = bins.chunks(per_column).enumerate().map(column).filter(|p| p.1 > 0.0).collect();
    Series { name: name.into(), role: SeriesRole::A, shape: Shape::Columns, points }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends_of_a_run() {
        let run: Vec<Divergence> = (0..8).map(|n_kept| Divergence { n_kept, nats: 1.0 }).collect();
        let kept = |n: usize, stride| thinned(&run[..n], stride).map(|d| d.n_kept).collect::<Vec<_>>();
        assert_eq!(kept(8, 3), [0, 3, 6, 7]);
        assert_eq!(kept(7, 3), [0, 3, 6]);
        assert_eq!(kept(1, 3), [0]);
    }
}
