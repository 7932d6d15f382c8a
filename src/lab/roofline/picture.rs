//! The figures: the roof with its runs, the gain by batch, all runs as a table.

use super::{Roof, Run, Setting, find};
use crate::lab::{Lines, Mark, Series, SeriesRole, Shape, Table, measure::Weights};

/// Left and right end of the roof, in operations a byte: below FP32 at batch 1, beyond 4 bits at batch 256.
const ENDS: (f64, f64) = (0.25, 1024.0);

fn name(weights: Weights) -> &'static str {
    match weights {
        Weights::F32 => "FP32",
        Weights::Int8 => "INT8",
        Weights::Q4 => "4-bit",
    }
}

/// The kind of weights that is drawn beside FP32.
fn other(setting: &Setting) -> Weights {
    if setting.weights == Weights::F32 { Weights::Int8 } else { setting.weights }
}

fn role(weights: Weights) -> SeriesRole {
    if weights == Weights::F32 { SeriesRole::A } else { SeriesRole::B }
}

/// GOP/s over operations a byte, both log: two roofs that share their slope, each named by its peak, and the runs under
/// them.
pub(super) fn roof(setting: &Setting, roof: &Roof, runs: &[Run]) -> Lines {
    let shown = [Weights::F32, other(setting)];
    let mut series: Vec<Series> = shown.iter().filter_map(|&weights| line(roof, weights)).collect();
    for weights in shown {
        let points: Vec<(f64, f64)> =
            runs.iter().filter(|run| run.weights == weights).map(|run| (run.intensity(), run.rate() / 1e9)).collect();
        if !points.is_empty() {
            series.push(Series { name: name(weights).into(), role: role(weights), shape: Shape::Points, points });
        }
    }
    let mark = |&weights: &Weights| {
        let ridge = roof.ridge(weights)?;
        Some(Mark { x: ridge, label: format!("ridge {} {ridge:.1}", name(weights)), role: role(weights) })
    };
    let own = find(runs, setting.weights, setting.batch);
    Lines {
        view: "roof",
        heading: heading(roof, own),
        x_label: "intensity",
        x_unit: "op/B",
        y_label: "speed",
        y_unit: "GOP/s",
        x_log: true,
        y_log: true,
        series,
        marks: shown.iter().filter_map(mark).collect(),
        here: Some((own.intensity(), own.rate() / 1e9)),
        y_metric: "measured_gops",
        x_metric: "",
    }
}

fn heading(roof: &Roof, own: &Run) -> String {
    let run = format!("{} at batch {}: {:.1} GOP/s", name(own.weights), own.batch, own.rate() / 1e9);
    match roof.attainable(own.weights, own.intensity()) {
        Some(rate) => format!("{run} under a roof of {:.1}", rate / 1e9),
        None => run,
    }
}

fn line(roof: &Roof, weights: Weights) -> Option<Series> {
    let (peak, ridge) = (roof.peak(weights)?, roof.ridge(weights)?);
    let at = |intensity: f64| (intensity, peak.min(roof.bandwidth * intensity) / 1e9);
    let points = [ENDS.0, ridge.clamp(ENDS.0, ENDS.1), ENDS.1].map(at).to_vec();
    Some(Series::line(format!("{} to {:.0}", name(weights), peak / 1e9), role(weights), points))
}

/// The speed-up over FP32 by batch, as it ran and as the roofs have it.
pub(super) fn by_batch(setting: &Setting, roof: &Roof, runs: &[Run]) -> Lines {
    let weights = setting.weights;
    let mut batches = setting.batches.clone();
    batches.sort_unstable();
    let gain = |batch: usize| find(runs, Weights::F32, batch).timing.best / find(runs, weights, batch).timing.best;
    let ran: Vec<(f64, f64)> = batches.iter().map(|&batch| (batch as f64, gain(batch))).collect();
    let by_roof = |&batch: &usize| {
        let at = |weights| roof.attainable(weights, super::intensity(weights, batch));
        Some((batch as f64, at(weights)? / at(Weights::F32)?))
    };
    let by_roofs: Vec<(f64, f64)> = batches.iter().filter_map(by_roof).collect();
    let (first, last) = (ran.first().map_or(1.0, |p| p.1), ran.last().map_or(1.0, |p| p.1));
    let mark = |weights: Weights| {
        let b_star = roof.ridge(weights)? * weights.bits() / 16.0;
        Some(Mark { x: b_star, label: format!("B* {} {b_star:.1}", name(weights)), role: role(weights) })
    };
    let mut marks: Vec<Mark> = [Weights::F32, other(setting)].into_iter().filter_map(mark).collect();
    marks.retain(|mark| (1.0..=256.0).contains(&mark.x));
    let mut series = vec![Series::line("measured", SeriesRole::B, ran)];
    if !by_roofs.is_empty() {
        series.push(Series::line("by the roofs", SeriesRole::A, by_roofs));
    }
    Lines {
        view: "by batch",
        heading: format!("{} over FP32: {first:.2}x at batch 1, {last:.2}x at batch 256", name(weights)),
        x_label: "batch",
        y_label: "speed-up",
        y_unit: "x",
        x_log: true,
        series,
        marks,
        here: Some((setting.batch as f64, gain(setting.batch))),
        y_metric: "speedup_vs_f32",
        x_metric: "b_star",
        ..Lines::default()
    }
}

/// Every run, with its roof.
pub(super) fn table(roof: &Roof, runs: &[Run]) -> Table {
    let row = |run: &Run| {
        let attainable = roof.attainable(run.weights, run.intensity());
        let share = |rate: f64| format!("{:.0} %", 100.0 * run.rate() / rate);
        vec![
            name(run.weights).into(),
            run.batch.to_string(),
            format!("{:.2}", run.intensity()),
            format!("{:.3} ms", 1e3 * run.timing.best),
            format!("+{:.0} %", 100.0 * run.timing.spread()),
            format!("{:.1}", run.rate() / 1e9),
            attainable.map_or_else(|| "unknown".into(), |rate| format!("{:.1}", rate / 1e9)),
            attainable.map_or_else(|| "unknown".into(), share),
        ]
    };
    let n_trials = runs.iter().map(|run| run.timing.n_trials);
    let (least, most) = (n_trials.clone().min().unwrap_or(0), n_trials.max().unwrap_or(0));
    let n_runs = if least == most { most.to_string() } else { format!("{least} to {most}") };
    Table {
        view: "runs",
        heading: format!("best of {n_runs} runs each; memory reads {:.1} GB/s", roof.bandwidth / 1e9),
        columns: vec!["weights", "batch", "op/B", "best", "median", "GOP/s", "roof", "share"],
        rows: runs.iter().map(row).collect(),
    }
}
