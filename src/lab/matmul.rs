//! Lesson 14: the same product by every way that this CPU has, timed side by side, and what each gets wrong.

mod arena;
mod probe;
mod sweep;

use super::{
    Bar, Bars, Better, Choice, Ctx, Figure, Lab, LabError, Lines, MetricSpec, ParamSpec, Params, Report, Segment, Series,
    SeriesRole, Table,
    few::db,
    measure::Size,
    row::{SEED, choice, doubling, flag, int, measured, metric, option, value},
    spread::columns,
};
use arena::{Arena, Path};
use probe::Probe;
use sweep::Sweep;

pub(super) const LAB: Lab = Lab {
    id: "matmul",
    title: "Instruction arena",
    summary: "The same matrix product in FP32 and INT8 by every instruction set of this CPU: speed, limits, wrong sums.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    doubling("size", "size", (16, 2048), 512, "rows and columns of the weights: K and N"),
    choice(
        "batch",
        "batch",
        BATCHES,
        "square",
        "rows of activations, M: as many as the size, or few; 1 with weights from memory",
    ),
    choice("data", "data", DATA, "random", "what is multiplied where results are compared; times do not depend on it"),
    int("weight_bits", "weight bits", (7, 8, 1), 8, "width of a weight's code: 8 gives -127 to 127, 7 gives -63 to 63"),
    int("activation_bits", "activation bits", (7, 8, 1), 8, "width of an activation's code: 8 gives 0 to 255, 7 gives 0 to 127"),
    flag("sweep", "sweep", false, "time all sizes from 16 to 2048 and find where INT8 begins to win; takes some seconds"),
    SEED.when(|p| p.choice("data") != "adversarial"),
];

const BATCHES: &[Choice] =
    &[option("square", "as the size"), option("64", "64"), option("16", "16"), option("1", "1, weights cold")];

const DATA: &[Choice] =
    &[option("random", "all codes alike"), option("layer", "Gaussian after ReLU"), option("adversarial", "largest codes")];

const METRICS: &[MetricSpec] = &[
    measured("speedup", "INT8 over FP32", "x", Better::Higher, 2, "best exact INT8 path over FP32, both at their best run"),
    measured("f32_gops", "FP32", "GOP/s", Better::Higher, 1, "multiplications and additions in a second, in billions"),
    measured("scalar_gops", "INT8, plain Rust", "GOP/s", Better::Higher, 1, "without instructions of its own"),
    measured("wide_gops", "INT8, widened", "GOP/s", Better::Higher, 1, "exact: bytes become 16 bits before they are multiplied"),
    measured("saturating_gops", "INT8, saturating", "GOP/s", Better::Higher, 1, "vpmaddubsw: pairs are held in int16"),
    measured("dot_gops", "INT8, dot product", "GOP/s", Better::Higher, 1, "exact: four bytes a lane in one instruction"),
    measured("saturating_speedup", "saturating over FP32", "x", Better::Higher, 2, "what the path with wrong sums would gain"),
    measured("f32_share", "FP32 of its limit", "%", Better::Higher, 0, "of the limit measured in the same run"),
    measured("i8_share", "INT8 of its limit", "%", Better::Higher, 0, "best exact path, of the limit measured in the same run"),
    measured("spread", "spread", "%", Better::Lower, 1, "how far the worst median lies above its best: how busy the machine was"),
    measured("crossover", "crossover", "", Better::Lower, 0, "size from which on INT8 with its conversions is faster than FP32"),
    metric("mismatches", "wrong sums", "", Better::Lower, 0, "sums of the saturating path that are not the exact ones"),
    metric("exact_mismatches", "wrong, other paths", "", Better::Lower, 0, "the same over all other INT8 paths"),
    metric("compared", "compared", "", Better::Neither, 0, "sums that were compared"),
    metric("sqnr_db", "SQNR", "dB", Better::Higher, 2, "of the exact INT8 result against that of FP32"),
    metric("saturating_db", "SQNR, saturating", "dB", Better::Higher, 2, "of the saturating result against that of FP32"),
];

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    ctx.step(0, 1)?;
    let size = size_of(params, params.int("size") as usize);
    let probe = Probe::of(params, size, ctx)?;
    let n_parts = if params.bool("sweep") { 2 } else { 1 };
    let part = |nth: u64| move |done: u64, total: u64| ctx.step(nth * total + done, n_parts * total);
    let arena = Arena::race(ctx.machine, size, &mut part(0))?;
    let sweep = match params.bool("sweep") {
        true => Some(Sweep::of(ctx.machine, |n| size_of(params, n), &mut part(1))?),
        false => None,
    };
    let gops = |path| arena.run(path).map(|run| run.gops());
    let share = |path: Option<Path>| path.and_then(|path| arena.run(path)).and_then(arena::Run::share).map(|x| 100.0 * x);
    let mut figures = vec![Figure::Bars(bars(&arena, &probe)), Figure::Table(table(&arena, &probe))];
    figures.extend(sweep.as_ref().map(|sweep| Figure::Lines(sweep.lines(ctx.machine))));
    figures.push(Figure::Lines(errors(&probe)));
    Ok(Report {
        metrics: vec![
            value("speedup", arena.speedup(arena.best_exact())),
            value("f32_gops", gops(Path::F32)),
            value("scalar_gops", gops(Path::Scalar)),
            value("wide_gops", gops(Path::Wide)),
            value("saturating_gops", gops(Path::Saturating)),
            value("dot_gops", gops(Path::Dot)),
            value("saturating_speedup", arena.run(Path::Saturating).and_then(|_| arena.speedup(Path::Saturating))),
            value("f32_share", share(Some(Path::F32))),
            value("i8_share", share(Some(arena.best_exact()))),
            value("spread", 100.0 * arena.spread()),
            value("crossover", sweep.as_ref().and_then(Sweep::crossover).map(|n| n as f64)),
            value("mismatches", probe.wrong(Path::Saturating) as f64),
            value("exact_mismatches", probe.wrong_elsewhere() as f64),
            value("compared", probe.n() as f64),
            value("sqnr_db", probe.exact.sqnr_db()),
            value("saturating_db", probe.saturating.sqnr_db()),
        ],
        figures,
        trace: None,
        notes: notes(&arena, &probe, sweep.as_ref(), ctx),
        arrays: vec![],
    })
}

/// The product of a size with the batch that was chosen.
fn size_of(params: &Params, n: usize) -> Size {
    Size { m: params.choice("batch").parse().unwrap_or(n), k: n, n }
}

/// "512 x 512 x 512", "1 x 512 x 512 with cold weights".
fn shape(size: Size) -> String {
    let cold = if arena::is_cold(size) { ", weights from memory" } else { "" };
    format!("{} x {} x {}{cold}", size.m, size.k, size.n)
}

fn bars(arena: &Arena, probe: &Probe) -> Bars {
    let bar = |run: &arena::Run| {
        let mut note = Vec::new();
        note.extend(run.share().map(|share| format!("{:.0} % of limit", 100.0 * share)));
        if run.path != Path::F32 {
            note.extend(arena.speedup(run.path).map(|x| format!("{x:.2}x FP32")));
            note.push(format!("{} wrong", probe.wrong(run.path)));
        }
        let role = if run.path == Path::F32 { SeriesRole::A } else { SeriesRole::B };
        Bar {
            label: run.path.label().into(),
            segments: vec![Segment { name: run.path.kind_of_number(), value: run.gops(), role }],
            note: note.join(", "),
        }
    };
    Bars {
        view: "speed",
        heading: format!("{}: {}, one thread, best of {} runs", arena.cpu, shape(arena.size), arena.n_trials()),
        unit: "GOP/s",
        log: false,
        bars: arena.runs.iter().map(bar).collect(),
    }
}

fn table(arena: &Arena, probe: &Probe) -> Table {
    // Four significant digits.
    let ms = |seconds: f64| {
        let ms = (1e3 * seconds).max(1e-9);
        format!("{ms:.*}", (3 - ms.log10().floor() as i32).clamp(0, 6) as usize)
    };
    let row = |run: &arena::Run| {
        vec![
            run.path.label().to_owned(),
            format!("{:.1}", run.gops()),
            run.share().map_or_else(|| "-".into(), |share| format!("{:.0} %", 100.0 * share)),
            arena.speedup(run.path).map_or_else(|| "-".into(), |x| format!("{x:.2}")),
            if run.path == Path::F32 { "-".into() } else { probe.wrong(run.path).to_string() },
            ms(run.seconds()),
            ms(run.median_seconds()),
            format!("{:.1} %", 100.0 * run.timing.spread()),
            run.how.clone(),
        ]
    };
    Table {
        view: "paths",
        heading: format!("{} paths, {} sums compared", arena.runs.len(), probe.n()),
        columns: vec!["path", "GOP/s", "of limit", "x FP32", "wrong", "best ms", "median ms", "spread", "kernel"],
        rows: arena.runs.iter().map(row).collect(),
    }
}

/// How far the INT8 results lie from those of FP32, in percent of their RMS.
fn errors(probe: &Probe) -> Lines {
    let has_wrong = probe.wrong(Path::Saturating) > 0;
    let reach = [&probe.differences, &probe.saturating_differences]
        .into_iter()
        .take(if has_wrong { 2 } else { 1 })
        .flatten()
        .fold(1e-3f32, |reach, d| reach.max(d.abs()));
    let of = |name: &str, differences: &[f32], role| Series { role, ..columns(name, differences, reach.into(), 1.0, false) };
    let mut series = vec![of("exact INT8", &probe.differences, SeriesRole::B)];
    if has_wrong {
        series.push(of("saturating INT8", &probe.saturating_differences, SeriesRole::Error));
    }
    let heading = match has_wrong {
        false => format!("exact INT8 against FP32: {} dB", db(probe.exact.sqnr_db())),
        true => format!("exact INT8 {} dB, saturating {} dB", db(probe.exact.sqnr_db()), db(probe.saturating.sqnr_db())),
    };
    Lines {
        view: "errors",
        heading,
        x_label: "difference from FP32",
        x_unit: "% of RMS",
        y_label: "results",
        y_log: true,
        series,
        ..Lines::default()
    }
}

fn notes(arena: &Arena, probe: &Probe, sweep: Option<&Sweep>, ctx: &Ctx) -> Vec<String> {
    let mut notes = Vec::new();
    if ctx.machine.is_recorded() {
        notes.push("These times come from a record of another machine; here nothing was run.".into());
    }
    notes.extend(why(arena));
    for (path, metric) in
        [(Path::Wide, "wide_gops"), (Path::Saturating, "saturating_gops and saturating_speedup"), (Path::Dot, "dot_gops")]
    {
        if arena.run(path).is_none() {
            let reason = match path {
                Path::Saturating if arena::is_cold(arena.size) => "the kernel for one vector has no saturating path",
                _ => "the instructions are not there, or were not chosen",
            };
            notes.push(format!("{metric}: absent, {reason}."));
        }
    }
    for (path, metric) in [(Path::F32, "f32_share"), (arena.best_exact(), "i8_share")] {
        if arena.run(path).and_then(arena::Run::share).is_none() {
            notes.push(format!("{metric} is absent: no limit can be named for this path."));
        }
    }
    notes.push(match probe.wrong(Path::Saturating) {
        0 => format!("All {} sums are exact on every path, also where pairs can saturate.", probe.n()),
        wrong => format!("{} of {} sums of the saturating path are wrong; every other path is exact.", wrong, probe.n()),
    });
    if arena.run(Path::Saturating).is_none() {
        notes.push("The saturating path is not timed here; its sums were computed in plain Rust to be compared.".into());
    }
    if probe.exact.sqnr_db().is_infinite() {
        notes.push("These values stand on the grid, so INT8 gives the FP32 result and sqnr_db is infinite.".into());
    }
    match sweep {
        Some(sweep) => notes.extend(sweep.notes(ctx.machine)),
        None => notes.push("crossover is absent without the sweep.".into()),
    }
    if arena.spread() > 0.2 {
        let spread = 100.0 * arena.spread();
        notes.push(format!(
            "Medians lie up to {spread:.0} % above the best: something else was running, so trust the best runs only."
        ));
    }
    notes
}

/// What the ratio says, as far as it was measured here.
fn why(arena: &Arena) -> Option<String> {
    let best = arena.best_exact();
    let (f32, i8) = (arena.run(Path::F32)?, arena.run(best)?);
    let ratio = arena.speedup(best)?;
    if arena::is_cold(arena.size) {
        return Some(format!(
            "With one row of activations each weight is read once and used once: a byte instead of four, and {ratio:.2}x the speed."
        ));
    }
    let limits = f32.limit.zip(i8.limit).map(|(f32, i8)| i8 / f32);
    Some(match (best, limits) {
        (Path::Scalar, _) => {
            "INT8 runs in plain Rust here, FP32 in the instructions named: nothing follows from their ratio.".into()
        }
        (Path::Wide, Some(limits)) => format!(
            "No dot-product instruction for bytes is in use here. Exact INT8 widens bytes to 16 bits first and multiplies pairs; its limit is {limits:.2}x that of FP32 on this CPU, so 4x is out of reach. Measured: {ratio:.2}x."
        ),
        (Path::Dot, Some(limits)) => {
            let (f32, i8) = (100.0 * f32.share()?, 100.0 * i8.share()?);
            format!(
                "The dot-product instruction has {limits:.2}x the limit of FP32; the products reach {i8:.0} % and {f32:.0} % of theirs, which makes {ratio:.2}x."
            )
        }
        _ => format!("Exact INT8 is {ratio:.2}x as fast as FP32 here; the limits are not known."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    fn get(set: &[(&str, &str)], name: &str) -> Option<f64> {
        run_with(&LAB, set).metric(name)
    }

    #[test]
    fn one_bit_less_on_either_side_makes_the_worst_case_exact() {
        let wrong = |weights, activations| {
            let set = [("size", "64"), ("data", "adversarial"), ("weight_bits", weights), ("activation_bits", activations)];
            get(&set, "mismatches")
        };
        assert_eq!(wrong("8", "8"), get(&[("size", "64")], "compared"));
        assert_eq!((wrong("7", "8"), wrong("8", "7")), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn only_the_saturating_path_is_ever_wrong() {
        for data in ["random", "layer", "adversarial"] {
            let set = [("size", "128"), ("batch", "16"), ("data", data)];
            assert_eq!(get(&set, "exact_mismatches"), Some(0.0), "{data}");
        }
        assert!(get(&[("size", "128")], "mismatches") > Some(0.0));
    }

    /// The recorded machine has VNNI.
    #[test]
    fn the_record_shows_the_ratio_of_a_machine_with_a_dot_product() {
        let ratio = get(&[], "speedup").expect("always measured");
        assert!((3.8..=4.1).contains(&ratio), "{ratio}");
        assert!(get(&[("sweep", "true")], "crossover").is_some());
        assert_eq!(get(&[("batch", "1")], "saturating_gops"), None);
    }

    #[test]
    fn int8_costs_what_two_roundings_cost() {
        let sqnr = get(&[("data", "layer"), ("size", "256")], "sqnr_db").expect("always defined");
        assert!((30.0..45.0).contains(&sqnr), "{sqnr}");
    }
}
