//! Lesson 13: a roof that this machine has, and runs under it.

mod picture;
mod runs;

use super::{
    Better, Caches, Ctx, Figure, Lab, LabError, Metric, MetricSpec, ParamSpec, Params, Report, Timing,
    measure::{self, Measured, Peak, ReadLevel, Weights, in_rounds},
    row::{choice, doubling, flag, grouped, measured, metric, option, value},
};
use runs::{intensity, layer, peak_of};

pub(super) const LAB: Lab = Lab {
    id: "roofline",
    title: "Live roofline",
    summary: "What memory and arithmetic of this machine allow, and where products of a layer run under that roof.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice(
        "format",
        "weights",
        &[option("f32", "FP32"), option("int8", "INT8"), option("q4_0", "4-bit blocks (Q4_0)")],
        "int8",
        "how the weights are stored",
    ),
    doubling("batch", "batch", (1, 256), 1, "vectors that are multiplied with the same weights"),
    doubling("size", "matrix side", (1024, 8192), 8192, "columns of the weights; as many rows, or fewer for a large batch"),
    choice("threads", "threads", &[option("one", "one"), option("all", "one a core")], "one", "threads that share the work"),
    flag("sweep", "all batches", false, "also run every batch from 1 to 256; takes a few seconds more"),
];

const METRICS: &[MetricSpec] = &[
    measured(
        "speedup_vs_f32",
        "speed-up over FP32",
        "x",
        Better::Higher,
        2,
        "time of the same product with FP32 weights over this one's",
    ),
    metric("byte_ratio", "bytes saved", "x", Better::Higher, 2, "bytes of FP32 weights over bytes of these"),
    metric("intensity", "intensity", "op/B", Better::Neither, 2, "operations for each byte of weights: 16 batch / bits"),
    measured("ridge", "ridge point", "op/B", Better::Neither, 1, "intensity where the roof turns flat: peak over bandwidth"),
    measured(
        "b_star",
        "batch at the ridge",
        "",
        Better::Neither,
        1,
        "B*: the batch from which arithmetic is the limit, ridge bits / 16",
    ),
    measured("bandwidth_gbs", "bandwidth", "GB/s", Better::Higher, 1, "reading of memory, four times the last cache"),
    measured("peak_gops", "peak", "GOP/s", Better::Higher, 1, "the arithmetic that these weights use, from registers alone"),
    measured("attainable_gops", "roof here", "GOP/s", Better::Higher, 1, "the smaller of peak and bandwidth times intensity"),
    measured("measured_gops", "run", "GOP/s", Better::Higher, 1, "the best run"),
    measured("roof_share", "share of the roof", "%", Better::Higher, 1, "the best run over what is attainable"),
    measured("run_ms", "time", "ms", Better::Lower, 3, "of the best run"),
    measured("spread", "spread", "%", Better::Lower, 1, "how far the median run lies above the best: how quiet the machine was"),
];

/// Batches of a sweep.
const BATCHES: [usize; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/// Operations of one run, at most: a large batch takes fewer rows.
const MAX_OPERATIONS: usize = 1 << 32;
/// Seconds of measuring, and of each batch of a sweep.
const BUDGET: f64 = 1.0;
const BUDGET_OF_BATCH: f64 = 0.4;

/// What the controls say.
struct Setting {
    weights: Weights,
    batch: usize,
    n_cols: usize,
    n_rows: usize,
    batches: Vec<usize>,
}

impl Setting {
    fn new(params: &Params) -> Self {
        let weights = Weights::ALL.into_iter().find(|weights| weights.name() == params.choice("format"));
        let (batch, n_cols) = (params.int("batch") as usize, params.int("size") as usize);
        let mut batches = if params.bool("sweep") { BATCHES.to_vec() } else { Vec::new() };
        if !batches.contains(&batch) {
            batches.push(batch);
        }
        // One number of rows for all, so that only the batch moves the points.
        let largest = batches.iter().copied().max().unwrap_or(batch);
        let n_rows = (MAX_OPERATIONS / 2 / largest / n_cols).min(n_cols);
        Self { weights: weights.unwrap_or(Weights::Int8), batch, n_cols, n_rows, batches }
    }

    fn n_bytes(&self, weights: Weights) -> f64 {
        (self.n_rows * self.n_cols) as f64 * weights.bits() / 8.0
    }
}

/// One kind of weights with one batch, as it ran.
struct Run {
    weights: Weights,
    batch: usize,
    timing: Timing,
    operations: f64,
}

impl Run {
    fn rate(&self) -> f64 {
        self.operations / self.timing.best
    }

    fn intensity(&self) -> f64 {
        intensity(self.weights, self.batch)
    }
}

/// The limits of this run, in bytes and operations a second.
struct Roof {
    bandwidth: f64,
    /// FP32, exact INT8, saturating INT8; `None` where the instruction set has no such instruction.
    peaks: [Option<f64>; 3],
    /// Which of them each kind of weights uses.
    used: [Peak; 3],
}

impl Roof {
    fn peak(&self, weights: Weights) -> Option<f64> {
        self.peaks[self.used[weights as usize] as usize]
    }

    fn ridge(&self, weights: Weights) -> Option<f64> {
        Some(self.peak(weights)? / self.bandwidth)
    }

    fn attainable(&self, weights: Weights, intensity: f64) -> Option<f64> {
        Some(self.peak(weights)?.min(self.bandwidth * intensity))
    }
}

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    ctx.step(0, 1)?;
    let setting = Setting::new(params);
    let machine = ctx.machine;
    let is_shared = params.choice("threads") == "all" && !machine.is_recorded() && machine.n_cores > 1;
    let pool = is_shared.then(|| machine.pool());
    let mut contestants = measure::peaks(machine, machine.isa, pool);
    contestants.extend(measure::read(machine, machine.isa, pool, ReadLevel::Dram));
    let n_limits = contestants.len();
    let mut kinds = vec![Weights::F32];
    kinds.extend(Some(setting.weights).filter(|&weights| weights != Weights::F32));
    let of_batch = |&batch: &usize| kinds.iter().map(move |&weights| (weights, batch));
    let pairs: Vec<(Weights, usize)> = setting.batches.iter().flat_map(of_batch).collect();
    let size = (setting.n_rows, setting.n_cols);
    contestants.extend(pairs.iter().map(|&(weights, batch)| layer(machine.isa, pool, weights, size, batch)));
    let budget = BUDGET + if params.bool("sweep") { BUDGET_OF_BATCH * BATCHES.len() as f64 } else { 0.0 };
    let step = &mut |done, total| ctx.step(done, total);
    let timed = in_rounds(machine, machine.isa, pool, contestants, budget, step)?;
    let (limits, timed) = timed.split_at(n_limits);
    let roof = roof(limits, ctx)?;
    let operations = |batch: usize| 2.0 * (setting.n_rows * setting.n_cols * batch) as f64;
    let run_of = |(&(weights, batch), m): (&(Weights, usize), &Measured)| Run {
        weights,
        batch,
        timing: m.timing,
        operations: operations(batch),
    };
    let runs: Vec<Run> = pairs.iter().zip(timed).map(run_of).collect();
    Ok(report(&setting, &roof, &runs, pool.map_or(1, |pool| pool.n_threads()), ctx))
}

fn roof(limits: &[Measured], ctx: &Ctx) -> Result<Roof, LabError> {
    let rate = |op: &str| limits.iter().find(|m| m.op == op).map(Measured::rate);
    // Memory is read on every machine, and every record has a rate for it.
    let bandwidth =
        rate(ReadLevel::Dram.op()).ok_or_else(|| LabError::Other("the memory could not be measured; run again".into()))?;
    let used = Weights::ALL.map(|weights| peak_of(weights, ctx.machine));
    Ok(Roof { bandwidth, peaks: Peak::ALL.map(|peak| rate(peak.op())), used })
}

/// The run of these weights with this batch; each that is asked for was measured.
fn find(runs: &[Run], weights: Weights, batch: usize) -> &Run {
    runs.iter().find(|run| (run.weights, run.batch) == (weights, batch)).expect("every pair of the setting was run")
}

fn report(setting: &Setting, roof: &Roof, runs: &[Run], n_threads: usize, ctx: &Ctx) -> Report {
    let Setting { weights, batch, .. } = *setting;
    let (own, plain) = (find(runs, weights, batch), find(runs, Weights::F32, batch));
    let mut figures = vec![Figure::Lines(picture::roof(setting, roof, runs))];
    if setting.batches.len() > 1 {
        figures.push(Figure::Lines(picture::by_batch(setting, roof, runs)));
    }
    figures.push(Figure::Table(picture::table(roof, runs)));
    Report {
        metrics: metrics(roof, own, plain),
        figures,
        trace: None,
        notes: notes(setting, roof, (own, plain), n_threads, ctx),
        arrays: vec![],
    }
}

fn metrics(roof: &Roof, own: &Run, plain: &Run) -> Vec<Metric> {
    let (weights, intensity) = (own.weights, own.intensity());
    let attainable = roof.attainable(weights, intensity);
    let ridge = roof.ridge(weights);
    vec![
        value("speedup_vs_f32", plain.timing.best / own.timing.best),
        value("byte_ratio", Weights::F32.bits() / weights.bits()),
        value("intensity", intensity),
        value("ridge", ridge),
        value("b_star", ridge.map(|ridge| ridge * weights.bits() / 16.0)),
        value("bandwidth_gbs", roof.bandwidth / 1e9),
        value("peak_gops", roof.peak(weights).map(|peak| peak / 1e9)),
        value("attainable_gops", attainable.map(|rate| rate / 1e9)),
        value("measured_gops", own.rate() / 1e9),
        value("roof_share", attainable.map(|rate| 100.0 * own.rate() / rate)),
        value("run_ms", 1e3 * own.timing.best),
        value("spread", 100.0 * own.timing.spread()),
    ]
}

fn notes(setting: &Setting, roof: &Roof, (own, plain): (&Run, &Run), n_threads: usize, ctx: &Ctx) -> Vec<String> {
    let mut notes = vec![verdict(roof, own, plain), how(setting, own, n_threads, ctx), weights_note(setting, ctx.machine.caches)];
    if let Some(share) = roof.attainable(own.weights, own.intensity()).map(|rate| own.rate() / rate).filter(|&share| share > 1.05)
    {
        notes.push(format!(
            "The run reaches {:.0} % of the roof, so the roof was measured too low: the machine is busy; run again.",
            100.0 * share
        ));
    }
    if own.timing.spread() > 0.1 {
        notes.push("Best and median lie far apart: other programs were at work, so trust no digit but the first.".into());
    }
    if roof.peak(own.weights).is_none() {
        let absent = "peak_gops, ridge, b_star, attainable_gops and roof_share";
        notes.push(format!("{absent} are absent: without vector instructions INT8 products have no peak of their own."));
    }
    if setting.weights == Weights::Q4 && setting.batch > 1 {
        notes.push("4-bit weights are unpacked again for every vector, so a batch saves reading and no arithmetic.".into());
    }
    notes
}

/// Which limit holds, and what that says of the speed-up.
fn verdict(roof: &Roof, own: &Run, plain: &Run) -> String {
    let (speedup, ratio) = (plain.timing.best / own.timing.best, Weights::F32.bits() / own.weights.bits());
    let at = own.intensity();
    match roof.ridge(own.weights) {
        None => format!("{at:.2} operations a byte; the run is {speedup:.2} times as fast as FP32."),
        Some(ridge) if at < ridge && own.weights == Weights::F32 => {
            format!("Memory-bound: {at:.2} operations a byte lie left of the ridge at {ridge:.1}.")
        }
        Some(ridge) if at < ridge => format!(
            "Memory-bound: {at:.2} operations a byte lie left of the ridge at {ridge:.1}. The weights have {ratio:.2} times fewer bytes \
             than FP32, the run is {speedup:.2} times as fast."
        ),
        Some(ridge) => format!(
            "Compute-bound: {at:.1} operations a byte lie right of the ridge at {ridge:.1}, so fewer bytes gain nothing more; the run is \
             {speedup:.2} times as fast as FP32."
        ),
    }
}

fn how(setting: &Setting, own: &Run, n_threads: usize, ctx: &Ctx) -> String {
    let machine = ctx.machine;
    if machine.is_recorded() {
        return format!(
            "Nothing was run here: rates of one thread of {} ({}); a batch takes the longer of reading and arithmetic.",
            machine.cpu,
            machine.path()
        );
    }
    let threads = if n_threads == 1 { "one thread".into() } else { format!("{n_threads} threads") };
    format!(
        "{}, {}, {threads}: best of {} runs in turn with the limits, batch {}.",
        machine.cpu,
        machine.path(),
        own.timing.n_trials,
        setting.batch
    )
}

fn weights_note(setting: &Setting, caches: Caches) -> String {
    let mib = |bytes: f64| bytes / f64::from(1 << 20);
    let n_bytes = setting.n_bytes(setting.weights);
    let cache = caches.last().map_or_else(
        || "the size of the last cache is not known".into(),
        |last| format!("{:.1} times the last cache of {:.0} MiB", n_bytes / last as f64, mib(last as f64)),
    );
    format!(
        "{} x {} weights, {:.1} MiB: {cache}. Other data are read before each run, so that they come from memory. Intensity counts the \
         bytes of weights alone.",
        grouped(setting.n_rows as u64),
        grouped(setting.n_cols as u64),
        mib(n_bytes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    fn got(set: &[(&str, &str)], name: &str) -> f64 {
        run_with(&LAB, set).metric(name).expect("it is defined")
    }

    #[test]
    fn at_batch_one_the_speed_up_is_nearly_the_byte_ratio() {
        for (format, ratio) in [("int8", 4.0), ("q4_0", 64.0 / 9.0)] {
            let speedup = got(&[("format", format)], "speedup_vs_f32");
            assert!((speedup / ratio - 1.0).abs() < 0.25, "{format}: {speedup}");
            assert_eq!(got(&[("format", format)], "byte_ratio"), ratio);
        }
        assert_eq!(got(&[("format", "f32")], "speedup_vs_f32"), 1.0);
    }

    #[test]
    fn a_large_batch_is_bound_by_arithmetic_and_weights_alone_gain_nothing() {
        let at = |format, name| got(&[("format", format), ("batch", "256")], name);
        assert!((3.8..=4.1).contains(&at("int8", "speedup_vs_f32")), "{}", at("int8", "speedup_vs_f32"));
        assert!(at("q4_0", "speedup_vs_f32") < 1.0, "{}", at("q4_0", "speedup_vs_f32"));
        assert_eq!(at("int8", "attainable_gops"), at("int8", "peak_gops"));
    }

    #[test]
    fn ridge_and_b_star_follow_from_the_limits() {
        let report = run_with(&LAB, &[]);
        let got = |name| report.metric(name).expect("it is defined");
        assert_eq!((got("bandwidth_gbs"), got("peak_gops"), got("intensity")), (24.0, 473.0, 2.0));
        assert!((got("ridge") - 473.0 / 24.0).abs() < 1e-9 && (got("b_star") - got("ridge") / 2.0).abs() < 1e-9);
        assert!((got("attainable_gops") - 48.0).abs() < 1e-9);
    }

    #[test]
    fn a_sweep_places_every_batch_and_crosses_from_memory_to_arithmetic() {
        let report = run_with(&LAB, &[("sweep", "true"), ("format", "q4_0")]);
        let views: Vec<&str> = report.figures.iter().map(Figure::view).collect();
        assert_eq!(views, ["roof", "by batch", "runs"]);
        let Figure::Lines(lines) = &report.figures[1] else { panic!("lines") };
        let gains: Vec<f64> = lines.series[0].points.iter().map(|p| p.1).collect();
        assert_eq!(gains.len(), BATCHES.len());
        assert!(gains[0] > 5.0 && gains[8] < 1.0, "{gains:?}");
    }

    #[test]
    fn a_run_stays_short_and_a_batch_keeps_whole_blocks_of_rows() {
        for size in [1024, 2048, 4096, 8192] {
            for batch in BATCHES {
                let mut params = LAB.defaults();
                params.set("size", &size.to_string()).and_then(|()| params.set("batch", &batch.to_string())).expect("allowed");
                let setting = Setting::new(&params);
                assert!(2 * setting.n_rows * setting.n_cols * batch <= MAX_OPERATIONS && setting.n_rows.is_multiple_of(32));
                assert!(batch > 32 || setting.n_rows == size, "{size} {batch}");
            }
        }
    }
}
