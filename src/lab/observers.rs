//! Lesson 9: five observers look at one stream.

mod search;
mod stream;

use super::{
    Bar, Bars, Better, Ctx, Figure, Lab, LabError, Lines, Mark, MetricSpec, ParamSpec, Params, Report, Segment, Series,
    SeriesRole, Shape, Table,
    row::{SEED, choice, count, decades, float, int, metric, n_values, option, percent, source, sources, value},
};
use crate::{
    quant::observer::{Method, Observer},
    tensor::Source,
};
use stream::{Judged, Stream};

pub(super) const LAB: Lab = Lab {
    id: "observers",
    title: "Observer race",
    summary: "Five ways to choose a range from a stream of batches with rare outliers and drift.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice(
        "source",
        "source",
        &sources([Source::Gaussian, Source::Activations]),
        "gaussian",
        "drawn values with outliers among them, or real ones as they are",
    ),
    choice(
        "observer",
        "observer",
        &[
            option("min_max", "min-max"),
            option("ema", "moving average"),
            option("percentile", "percentile"),
            option("mse", "least error"),
            option("entropy", "entropy (KL)"),
        ],
        "min_max",
        "whose range the metrics are about",
    ),
    float("percentile", "percentile", (90.0, 99.999, 0.001), 99.99, "magnitudes that the percentile observer covers, in percent"),
    decades(
        "weight",
        "new batch counts",
        (0.001, 1.0, 0.25),
        Observer::PYTORCH_WEIGHT,
        "weight of a batch in the moving average",
    ),
    int("bits", "bits", (2, 8, 1), 8, "width of a code"),
    int("batches", "batches", (1, 64, 1), 16, "into how many batches the stream is cut"),
    int("rate", "outliers", (0, 1000, 10), 10, "outliers among a million values; some, where it is not 0, in any stream")
        .when(is_drawn),
    float("size", "outlier size", (5.0, 200.0, 5.0), 60.0, "magnitude of an outlier, in standard deviations of the others")
        .when(is_drawn),
    float("drift", "drift", (0.25, 4.0, 0.25), 1.0, "how large the last batch is beside the first"),
    SEED.when(is_drawn),
    n_values(1 << 20).when(is_drawn),
];

fn is_drawn(params: &Params) -> bool {
    source(params, "source").is_sampled()
}

const METRICS: &[MetricSpec] = &[
    metric(
        "threshold",
        "range",
        "",
        Better::Neither,
        3,
        "the magnitude on which the last code stands; a first batch that is drawn has standard deviation 1",
    ),
    metric("inlier_db", "SQNR of inliers", "dB", Better::Higher, 2, "signal over noise of all values but the outliers"),
    metric("whole_db", "SQNR of all", "dB", Better::Higher, 2, "signal over noise with the outliers"),
    metric("whole_mse", "error of all", "", Better::Lower, 6, "mean squared error with the outliers"),
    metric("whole_rank", "place by error", "", Better::Lower, 0, "1 where no other observer has a smaller error of all values"),
    metric("inlier_rank", "place by inliers", "", Better::Lower, 0, "1 where no other observer serves the inliers better"),
    metric("clipped_share", "clipped", "%", Better::Lower, 4, "values beyond the range"),
    metric("bins", "bins", "", Better::Neither, 0, "bins of the histogram at the end of the stream; it begins with 2048"),
];

/// How many times the ranges are read along the stream.
const N_LOOKS: usize = 8;

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let stream = Stream::new(params, ctx)?;
    let bits = params.int("bits") as u32;
    let methods = methods(params);
    let mut observer = Observer::new(params.float("weight"));
    let mut by_batch: Vec<Vec<(f64, f64)>> = vec![Vec::new(); methods.len()];
    for idx in 0..stream.n_batches {
        ctx.step(idx as u64, stream.n_batches as u64)?;
        observer.observe(&stream.batch(idx));
        if is_look(idx, stream.n_batches) {
            for (points, (_, method)) in by_batch.iter_mut().zip(methods) {
                points.push(((idx + 1) as f64, observer.clip(method, bits)));
                ctx.step(idx as u64, stream.n_batches as u64)?;
            }
        }
    }
    let all = stream.all();
    let mut judged = Vec::new();
    for (points, (name, _)) in by_batch.iter().zip(methods) {
        ctx.step(stream.n_batches as u64, stream.n_batches as u64)?;
        judged.push(Judged::new(name, points.last().map_or(0.0, |p| p.1), &stream, &all, bits));
    }
    let names = ["min_max", "ema", "percentile", "mse", "entropy"];
    let idx = names.iter().position(|name| *name == params.choice("observer")).unwrap_or(0);
    let chosen = &judged[idx];
    let rank = |better: &dyn Fn(&Judged) -> bool| 1.0 + judged.iter().filter(|other| better(other)).count() as f64;
    Ok(Report {
        metrics: vec![
            value("threshold", chosen.clip),
            value("inlier_db", chosen.inliers.sqnr_db()),
            value("whole_db", chosen.whole.sqnr_db()),
            value("whole_mse", chosen.whole.mse()),
            value("whole_rank", rank(&|other| other.whole.noise < chosen.whole.noise)),
            value("inlier_rank", rank(&|other| other.inliers.noise < chosen.inliers.noise)),
            value("clipped_share", percent(chosen.n_beyond, all.len() as u64)),
            value("bins", observer.histogram().counts().len() as f64),
        ],
        figures: vec![
            Figure::Lines(histogram(&observer, &judged)),
            Figure::Bars(bars(&judged, idx)),
            Figure::Table(table(&judged)),
            Figure::Lines(thresholds(by_batch, methods, chosen)),
        ],
        trace: search::trace(&observer, bits),
        notes: notes(&judged, chosen, &stream),
        arrays: vec![],
    })
}

fn methods(params: &Params) -> [(&'static str, Method); 5] {
    [
        ("min-max", Method::MinMax),
        ("moving average", Method::Ema),
        ("percentile", Method::Percentile(params.float("percentile"))),
        ("least error", Method::Mse),
        ("entropy", Method::Entropy),
    ]
}

/// Some batches spread over the stream, the last one among them.
fn is_look(idx: usize, n_batches: usize) -> bool {
    let looks = N_LOOKS.min(n_batches);
    (idx + 1) * looks / n_batches > idx * looks / n_batches
}

/// Magnitudes so far, and where each observer ends its range.
fn histogram(observer: &Observer, judged: &[Judged]) -> Lines {
    let (counts, width) = (observer.histogram().counts(), observer.histogram().width());
    let tightest = judged.iter().map(|j| j.clip).fold(f64::INFINITY, f64::min);
    let widest = judged.iter().map(|j| j.clip).fold(0.0, f64::max);
    // Ranges far apart could not be told from each other on a linear axis.
    let begin = (widest > 8.0 * tightest).then_some(tightest / 30.0);
    let (points, n_below) = columns(counts, width, begin);
    let below = begin.map_or_else(String::new, |begin| format!("; {} below {begin:.2} not shown", count(n_below, "value")));
    Lines {
        view: "histogram",
        heading: format!("ranges from {tightest:.2} to {widest:.2}{below}"),
        x_label: "range",
        x_log: begin.is_some(),
        y_label: "values",
        y_log: true,
        series: vec![Series { name: "magnitudes".into(), role: SeriesRole::A, shape: Shape::Columns, points }],
        marks: judged.iter().map(|j| Mark { x: j.clip, label: j.name.into(), role: SeriesRole::B }).collect(),
        x_metric: "threshold",
        ..Lines::default()
    }
}

/// Bins laid over columns of equal width, or from `begin` on of equal ratio; and what lies below `begin`. A bin that is
/// wider than a column is shared out, so that none between two full ones stands empty.
fn columns(counts: &[u64], width: f64, begin: Option<f64>) -> (Vec<(f64, f64)>, u64) {
    const N_COLUMNS: usize = 192;
    let end = counts.len() as f64 * width;
    let place = |x: f64| N_COLUMNS as f64 * begin.map_or(x / end, |begin| (x / begin).ln() / (end / begin).ln());
    let centre = |column: usize| {
        let t = (column as f64 + 0.5) / N_COLUMNS as f64;
        begin.map_or(t * end, |begin| begin * (end / begin).powf(t))
    };
    let (mut columns, mut n_below) = ([0.0; N_COLUMNS], 0);
    for (idx, &n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
        if begin.is_some_and(|begin| (idx as f64 + 0.5) * width < begin) {
            n_below += n;
            continue;
        }
        let (from, to) = (place(idx as f64 * width).max(0.0), place((idx + 1) as f64 * width));
        for (column, count) in columns.iter_mut().enumerate().skip(from as usize).take(to.ceil() as usize - from as usize) {
            let overlap = to.min((column + 1) as f64) - from.max(column as f64);
            *count += n as f64 * overlap / (to - from);
        }
    }
    let points = columns.iter().enumerate().filter(|(_, n)| **n > 0.0).map(|(idx, &n)| (centre(idx), n));
    (points.collect(), n_below)
}

/// Ranges along the stream; all observers begin with the same first batch.
fn thresholds(by_batch: Vec<Vec<(f64, f64)>>, methods: [(&'static str, Method); 5], chosen: &Judged) -> Lines {
    let role = |name: &str| if name == chosen.name { SeriesRole::B } else { SeriesRole::A };
    let here = by_batch.first().and_then(|points| points.last()).map(|last| (last.0, chosen.clip));
    let curve = |(points, (name, _)): (_, (&'static str, Method))| Series::line(name, role(name), points);
    let mut series: Vec<Series> = by_batch.into_iter().zip(methods).map(curve).collect();
    // The chosen one stands first in a legend that may be cut.
    series.sort_by_key(|s| s.role != SeriesRole::B);
    Lines {
        view: "thresholds",
        heading: format!("{}: {:.3} after the last batch", chosen.name, chosen.clip),
        x_label: "batches",
        y_label: "range",
        y_log: true,
        series,
        here,
        y_metric: "threshold",
        ..Lines::default()
    }
}

fn bars(judged: &[Judged], chosen: usize) -> Bars {
    let bar = |(idx, j): (usize, &Judged)| {
        let role = if idx == chosen { SeriesRole::B } else { SeriesRole::A };
        // An SQNR may be infinite or below 0; a bar may not.
        let length = j.inliers.sqnr_db().clamp(0.0, 200.0);
        let note = format!("range {:.2}", j.clip);
        Bar { label: j.name.into(), segments: vec![Segment { name: "inliers", value: length, role }], note }
    };
    let best = judged.iter().reduce(|a, b| if b.inliers.noise < a.inliers.noise { b } else { a });
    Bars {
        view: "inliers",
        heading: best.map_or_else(String::new, |b| format!("{} serves the inliers best: {:.1} dB", b.name, b.inliers.sqnr_db())),
        unit: "dB",
        bars: judged.iter().enumerate().map(bar).collect(),
        ..Bars::default()
    }
}

fn table(judged: &[Judged]) -> Table {
    let best = judged.iter().reduce(|a, b| if b.whole.noise < a.whole.noise { b } else { a });
    let row = |j: &Judged| {
        let db = |db: f64| format!("{db:.2} dB");
        vec![j.name.into(), format!("{:.3}", j.clip), db(j.inliers.sqnr_db()), db(j.whole.sqnr_db()), j.n_beyond.to_string()]
    };
    Table {
        view: "race",
        heading: best.map_or_else(String::new, |b| format!("{} has the smallest error of all values", b.name)),
        columns: vec!["observer", "range", "inliers", "all values", "clipped"],
        rows: judged.iter().map(row).collect(),
    }
}

fn notes(judged: &[Judged], chosen: &Judged, stream: &Stream) -> Vec<String> {
    let mut notes = Vec::new();
    let best = judged.iter().map(|j| j.inliers.sqnr_db()).fold(f64::NEG_INFINITY, f64::max);
    if best - chosen.inliers.sqnr_db() > 3.0 {
        let lost = best - chosen.inliers.sqnr_db();
        notes.push(format!("The inliers lose {lost:.1} dB beside the observer that serves them best."));
    }
    match stream.n_outliers() {
        0 if !stream.drawn => notes.push("These values are counted as they are, none as an outlier.".into()),
        0 => notes.push("Without outliers the observers differ little.".into()),
        _ if chosen.whole.sqnr_db() + 3.0 < chosen.inliers.sqnr_db() => {
            notes.push("The range leaves the outliers out; if they carry the signal, that is the wrong choice.".into());
        }
        _ => {}
    }
    if stream.gain_of_last() > 1.0 && stream.n_batches > 1 {
        notes.push("The stream grows: a moving average lags behind by about one over its weight in batches.".into());
    }
    notes
}

#[cfg(test)]
mod tests {
    use crate::lab::tests::run_with;

    #[test]
    fn ten_outliers_at_sixty_sigma_divide_the_observers() {
        for (observer, threshold, inliers) in
            [("min_max", 60.0, 17.3), ("mse", 39.0, 21.0), ("percentile", 3.90, 40.5), ("entropy", 4.63, 39.6)]
        {
            let report = run_with(&super::LAB, &[("observer", observer)]);
            let got = |name| report.metric(name).expect("it is defined");
            assert!((got("threshold") / threshold - 1.0).abs() < 0.06, "{observer}: {}", got("threshold"));
            assert!((got("inlier_db") - inliers).abs() < 0.5, "{observer}: {}", got("inlier_db"));
            assert_eq!(got("whole_rank") == 1.0, observer == "mse", "{observer}");
        }
    }

    #[test]
    fn no_value_is_lost_between_the_columns() {
        let counts: Vec<u64> = (0..2000).map(|idx| idx % 7).collect();
        for begin in [None, Some(3.0)] {
            let (points, n_below) = super::columns(&counts, 0.01, begin);
            let shown: f64 = points.iter().map(|p| p.1).sum();
            assert!((shown + n_below as f64 - counts.iter().sum::<u64>() as f64).abs() < 1e-6, "{begin:?}: {shown}");
            assert!(points.iter().all(|p| p.0 > begin.unwrap_or(0.0) && p.0 < 20.0));
        }
    }

    #[test]
    fn real_activations_are_one_stream_in_which_nothing_is_set_apart() {
        for observer in ["min_max", "entropy"] {
            let report = run_with(&super::LAB, &[("source", "minilm.x"), ("observer", observer)]);
            assert_eq!(report.metric("inlier_db"), report.metric("whole_db"), "{observer}");
        }
        let widest = run_with(&super::LAB, &[("source", "minilm.x")]);
        assert_eq!(widest.metric("threshold"), Some(28.28125));
        // 20.35 dB in `assets/FIGURES.txt`.
        assert!(widest.metric("whole_db").is_some_and(|db| (db - 20.35).abs() < 0.006));
    }

    #[test]
    fn a_moving_average_lags_behind_a_drift() {
        let set = [("rate", "0"), ("drift", "4"), ("n", "65536")];
        let threshold = |observer| run_with(&super::LAB, &[&set[..], &[("observer", observer)]].concat()).metric("threshold");
        assert!(threshold("ema") < threshold("min_max").map(|t| 0.5 * t));
    }
}
