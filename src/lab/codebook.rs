//! Lesson 12: sixteen pegs over the values of normalised blocks.

mod measure;

use super::{
    Better, Choice, Ctx, Figure, Lab, LabError, Lines, Mark, MetricSpec, ParamSpec, Params, Report, Series, SeriesRole, Shape,
    Table, TickRow, Ticks, Trace, TraceStep,
    few::{Few, db},
    row::{SEED, choice, doubling, flag, int, metric, option, source, sources, value, vector},
};
use crate::{
    quant::{
        codebook::{Codebook, N},
        lloyd::{Samples, Turn},
    },
    tensor::Source,
};
use measure::{Blocks, Measured};

pub(super) const LAB: Lab = Lab {
    id: "codebook",
    title: "Sixteen pegs",
    summary: "Place the sixteen levels of a 4-bit codebook over normalised blocks, by hand or by Lloyd's method.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice("source", "source", &SOURCES, "gaussian", "where the values come from"),
    doubling("group", "group", (16, 256), 64, "neighbours of a row that are divided by their largest magnitude"),
    choice("book", "codebook", BOOKS, "uniform", "where the pegs stand at the start"),
    vector("levels", "pegs", (-1.2, 1.2, 0.01), PEGS, "sixteen levels, in any order, as parts of the largest magnitude")
        .when(|p| p.choice("book") == "own"),
    int("turns", "turns of Lloyd", (0, 100, 1), 0, "how often every peg then moves to the mean of the values nearest to it")
        .when(|p| p.choice("book") != "lloyd"),
    flag("double", "double quantization", false, "store the scales in 8 bits, with one FP32 number for 256 of them"),
    SEED.when(|p| source(p, "source").is_sampled()),
    doubling("n", "values", (1024, 1_048_576), 1 << 17, "how many values are used, in whole rows"),
];

const SOURCES: [Choice; 7] = sources([
    Source::Gaussian,
    Source::Laplace,
    Source::Uniform,
    Source::Outliers,
    Source::IntermediateDense,
    Source::OutputDense,
    Source::Activations,
]);

const BOOKS: &[Choice] = &[
    option("uniform", "uniform (INT4)"),
    option("nf4", "NF4"),
    option("iq4_nl", "IQ4_NL"),
    option("fp4", "fp4 (bitsandbytes)"),
    option("own", "own"),
    option("lloyd", "best (Lloyd)"),
];

/// Evenly spread, the start of the learner's own.
const PEGS: &[f64] = &[-1.0, -0.87, -0.73, -0.6, -0.47, -0.33, -0.2, -0.07, 0.07, 0.2, 0.33, 0.47, 0.6, 0.73, 0.87, 1.0];

const METRICS: &[MetricSpec] = &[
    metric("sqnr_db", "SQNR", "dB", Better::Higher, 2, "signal over quantization noise with the scales as they are stored"),
    metric("sqnr_g32", "SQNR, g = 32", "dB", Better::Higher, 2, "the same levels with blocks of 32"),
    metric("sqnr_g64", "SQNR, g = 64", "dB", Better::Higher, 2, "the same levels with blocks of 64"),
    metric("sqnr_g128", "SQNR, g = 128", "dB", Better::Higher, 2, "the same levels with blocks of 128"),
    metric(
        "best_db",
        "best SQNR",
        "dB",
        Better::Higher,
        2,
        "with the levels that Lloyd's method ends on, trained on at most 65 536 of these values",
    ),
    metric("codes_used", "codes used", "", Better::Higher, 0, "levels that some value takes"),
    metric("entropy", "entropy", "bit", Better::Neither, 3, "of the codes: 4 where all are used equally"),
    metric("rarest_share", "rarest code", "%", Better::Neither, 3, "share of the values on the level that has fewest"),
    metric("zero_level", "real 0 becomes", "", Better::Neither, 4, "the level nearest to 0, as a part of the largest magnitude"),
    metric("bpw", "bits per weight", "bit", Better::Lower, 4, "codes and scales"),
];

/// Values that Lloyd's method is trained on at most: sorting them is most of the lab's time.
const TRAINED: usize = 1 << 16;

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let data = Few::at_most(source(params, "source"), 1 << 20, params, ctx)?;
    let trained = Few::at_most(source(params, "source"), TRAINED, params, ctx)?;
    let turned = params.choice("book") == "iq4_nl";
    let group = params.int("group") as usize;
    let blocks = |group| Blocks::of(data.matrix(), group, turned);
    ctx.step(0, 4)?;
    let samples = Blocks::of(trained.matrix(), group, turned).samples(trained.matrix());
    ctx.step(1, 4)?;
    let best = best(&samples);
    ctx.step(2, 4)?;
    let start = start(params, &best);
    let turns = samples.lloyd(&start, MOST_TURNS, STILL);
    let chosen = &turns[(params.int("turns") as usize).min(turns.len() - 1)];
    let chosen = if params.choice("book") == "lloyd" { &turns[0] } else { chosen };
    let book = book_of(&chosen.levels);
    let mut stored = blocks(group);
    let scale_bits = if params.bool("double") { stored.store_double() } else { 32 * stored.n() as u64 };
    let measured = stored.measure(data.matrix(), &book);
    ctx.step(3, 4)?;
    let with_group = |group| blocks(group).measure(data.matrix(), &book).errors.sqnr_db();
    let n = data.data().len();
    let best_db = blocks(group).measure(data.matrix(), &book_of(&best)).errors.sqnr_db();
    Ok(Report {
        metrics: vec![
            value("sqnr_db", measured.errors.sqnr_db()),
            value("sqnr_g32", with_group(32)),
            value("sqnr_g64", with_group(64)),
            value("sqnr_g128", with_group(128)),
            value("best_db", best_db),
            value("codes_used", measured.n_used() as f64),
            value("entropy", measured.entropy()),
            value("rarest_share", measured.rarest_share()),
            value("zero_level", f64::from(book.nearest(0.0))),
            value("bpw", 4.0 + scale_bits as f64 / n.max(1) as f64),
        ],
        figures: vec![
            Figure::Lines(pegs(&samples, &book)),
            Figure::Ticks(ladder(&book, &best)),
            Figure::Lines(usage(&measured)),
            Figure::Table(by_group(&data, &book, turned, params, ctx)?),
            Figure::Table(by_source(&book, turned, params, ctx)?),
        ],
        trace: Some(trace(&samples, &turns)),
        notes: notes(params, &measured, turned, &turns),
        arrays: vec![],
    })
}

/// Turns after which Lloyd's method is stopped, and the move that counts as none.
const MOST_TURNS: usize = 100;
const STILL: f64 = 1e-5;

/// Where Lloyd's method ends on these samples.
fn best(samples: &Samples) -> Vec<f64> {
    samples.settled(&levels_of(&Codebook::nf4()), 40)
}

fn start(params: &Params, best: &[f64]) -> Vec<f64> {
    match params.choice("book") {
        "nf4" => levels_of(&Codebook::nf4()),
        "iq4_nl" => levels_of(&Codebook::iq4_nl()),
        "fp4" => levels_of(&Codebook::fp4()),
        "lloyd" => best.to_vec(),
        "own" => {
            let mut levels = params.vector("levels").to_vec();
            levels.sort_by(f64::total_cmp);
            levels
        }
        _ => levels_of(&Codebook::int4()),
    }
}

fn levels_of(book: &Codebook) -> Vec<f64> {
    book.levels().iter().map(|&l| f64::from(l)).collect()
}

fn book_of(levels: &[f64]) -> Codebook {
    Codebook::new(std::array::from_fn(|i| levels[i] as f32))
}

/// The codebooks that tables compare, these pegs last, and whether blocks are turned for them.
fn books(book: &Codebook, turned: bool) -> [(&'static str, Codebook, bool); 5] {
    [
        ("uniform (INT4)", Codebook::int4(), false),
        ("NF4", Codebook::nf4(), false),
        ("IQ4_NL, turned", Codebook::iq4_nl(), true),
        ("fp4 (bitsandbytes)", Codebook::fp4(), false),
        ("these pegs", book.clone(), turned),
    ]
}

fn pegs(samples: &Samples, book: &Codebook) -> Lines {
    const BINS: usize = 81;
    let (lo, width) = (-1.0125, 2.025 / BINS as f64);
    let mut counts = [0u32; BINS];
    for &u in samples.values() {
        counts[(((f64::from(u) - lo) / width) as usize).min(BINS - 1)] += 1;
    }
    let n = samples.n().max(1) as f64;
    let bar = |(i, &c): (usize, &u32)| (lo + (i as f64 + 0.5) * width, 100.0 * f64::from(c) / n);
    let mark = |(i, &l): (usize, &f32)| Mark { x: l.into(), label: i.to_string(), role: SeriesRole::B };
    Lines {
        view: "pegs",
        heading: "sixteen levels over the values, each divided by the largest of its block".into(),
        x_label: "of peak",
        y_label: "values",
        y_unit: "%",
        series: vec![Series {
            name: "values".into(),
            role: SeriesRole::A,
            shape: Shape::Columns,
            points: counts.iter().enumerate().map(bar).collect(),
        }],
        marks: book.levels().iter().enumerate().map(mark).collect(),
        ..Lines::default()
    }
}

fn ladder(book: &Codebook, best: &[f64]) -> Ticks {
    let row = |label: &str, role, ticks: Vec<f64>, note: &str| TickRow {
        label: label.into(),
        role,
        ticks,
        here: None,
        note: note.into(),
    };
    let thresholds = book.thresholds().iter().map(|&t| f64::from(t)).collect();
    Ticks {
        view: "ladder",
        heading: format!("the pegs with their thresholds; the level next to 0 is {:.4}", book.nearest(0.0)),
        x_label: "of peak",
        x_unit: "",
        x_log: false,
        lo: -1.2,
        hi: 1.2,
        rows: vec![
            row("pegs", SeriesRole::B, levels_of(book), "these levels"),
            row("thresholds", SeriesRole::Grid, thresholds, "half way between"),
            row("best", SeriesRole::A, best.to_vec(), "where Lloyd's method ends"),
            row("NF4", SeriesRole::Grid, levels_of(&Codebook::nf4()), "normal quantiles"),
            row("uniform", SeriesRole::Grid, levels_of(&Codebook::int4()), "4-bit integers / 7"),
        ],
    }
}

fn usage(measured: &Measured) -> Lines {
    let share = |(code, share): (usize, f64)| (code as f64, share);
    let last = (N - 1) as f64;
    Lines {
        view: "usage",
        heading: format!("{} of {N} codes used; entropy {:.3} of 4 bits", measured.n_used(), measured.entropy()),
        x_label: "code",
        y_label: "values",
        y_unit: "%",
        series: vec![
            Series {
                name: "share".into(),
                role: SeriesRole::B,
                shape: Shape::Columns,
                points: measured.shares().enumerate().map(share).collect(),
            },
            Series::line("all alike", SeriesRole::Grid, vec![(0.0, 100.0 / N as f64), (last, 100.0 / N as f64)]),
        ],
        ..Lines::default()
    }
}

/// SQNR of the codebooks for three block sizes, the best of each size in the last row.
fn by_group(data: &Few, book: &Codebook, turned: bool, params: &Params, ctx: &Ctx) -> Result<Table, LabError> {
    let few = Few::at_most(source(params, "source"), COMPARED, params, ctx)?;
    let groups = [32, 64, 128];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (name, book, turned) in books(book, turned) {
        ctx.step(0, 1)?;
        let cells = groups.map(|g| db(Blocks::of(few.matrix(), g, turned).measure(few.matrix(), &book).errors.sqnr_db()));
        rows.push(std::iter::once(name.to_owned()).chain(cells).collect());
    }
    let mut best = vec!["best for its g".to_owned()];
    for group in groups {
        ctx.step(0, 1)?;
        let blocks = Blocks::of(few.matrix(), group, false);
        let levels = self::best(&blocks.samples(few.matrix()));
        best.push(db(blocks.measure(few.matrix(), &book_of(&levels)).errors.sqnr_db()));
    }
    rows.push(best);
    let used = few.data().len();
    let all = if used < data.data().len() { "the first " } else { "" };
    Ok(Table {
        view: "by group",
        heading: format!("SQNR in dB by block size, on {all}{used} values"),
        columns: vec!["codebook", "g = 32", "g = 64", "g = 128"],
        rows,
    })
}

/// Values that tables compare codebooks on.
const COMPARED: usize = 1 << 14;

fn by_source(book: &Codebook, turned: bool, params: &Params, ctx: &Ctx) -> Result<Table, LabError> {
    let group = params.int("group") as usize;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let columns = [Source::Gaussian, Source::Laplace, Source::IntermediateDense, Source::OutputDense];
    let mut data = Vec::new();
    for source in columns {
        data.push(Few::at_most(source, COMPARED, params, ctx)?);
    }
    for (name, book, turned) in books(book, turned) {
        ctx.step(0, 1)?;
        let cell = |few: &Few| db(Blocks::of(few.matrix(), group, turned).measure(few.matrix(), &book).errors.sqnr_db());
        rows.push(std::iter::once(name.to_owned()).chain(data.iter().map(cell)).collect());
    }
    Ok(Table {
        view: "by source",
        heading: format!("SQNR in dB by source with blocks of {group}, on at most {COMPARED} values of each"),
        columns: vec!["codebook", "Gaussian", "Laplace", "MiniLM intermediate", "MiniLM output"],
        rows,
    })
}

/// The turns that the trace stops at: all at first, then further and further apart, and the last.
fn shown(n_turns: usize) -> Vec<usize> {
    let early = [0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 75];
    early.into_iter().filter(|&t| t < n_turns).chain([n_turns]).collect()
}

fn trace(samples: &Samples, turns: &[Turn]) -> Trace {
    let power = samples.mse(&[0.0]);
    let sqnr = |turn: &Turn| 10.0 * (power / turn.mse).log10();
    let curve: Vec<(f64, f64)> =
        turns.iter().enumerate().map(|(i, t)| (i as f64, sqnr(t))).filter(|(_, y)| y.is_finite()).collect();
    let step = |idx: usize| {
        let (turn, here) = (&turns[idx], sqnr(&turns[idx]));
        let before = &turns[idx.saturating_sub(1)];
        let moved = turn.levels.iter().zip(&before.levels).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let caption = match idx {
            0 => format!("The start: thresholds stand half way between the pegs, {} dB.", db(here)),
            _ => format!(
                "Turn {idx}: every peg moved to the mean of its values, by {moved:.4} at most; {} dB, {:+.3} dB since the turn before.",
                db(here),
                if here.is_finite() { here - sqnr(before) } else { 0.0 }
            ),
        };
        let ticks = Ticks {
            view: "steps",
            heading: format!("after turn {idx}"),
            x_label: "of peak",
            x_unit: "",
            x_log: false,
            lo: -1.2,
            hi: 1.2,
            rows: vec![
                TickRow {
                    label: "before".into(),
                    role: SeriesRole::Grid,
                    ticks: before.levels.clone(),
                    here: None,
                    note: String::new(),
                },
                TickRow {
                    label: "pegs".into(),
                    role: SeriesRole::B,
                    ticks: turn.levels.clone(),
                    here: None,
                    note: String::new(),
                },
            ],
        };
        let lines = Lines {
            view: "steps",
            heading: "SQNR by turn".into(),
            x_label: "turn",
            y_label: "SQNR",
            y_unit: "dB",
            series: vec![Series::line("SQNR", SeriesRole::B, curve.clone())],
            here: here.is_finite().then_some((idx as f64, here)),
            ..Lines::default()
        };
        TraceStep { caption, figures: vec![Figure::Ticks(ticks), Figure::Lines(lines)] }
    };
    Trace { first: false, steps: shown(turns.len() - 1).into_iter().map(step).collect() }
}

fn notes(params: &Params, measured: &Measured, turned: bool, turns: &[Turn]) -> Vec<String> {
    let mut notes = Vec::new();
    if turned {
        notes.push(
            "IQ4_NL turns each block so that its largest value stands at -1, by a negative scale; so do these blocks.".into(),
        );
    }
    if measured.n_used() < N {
        notes.push(format!("Levels that no value takes: {}.", N - measured.n_used()));
    }
    if params.choice("book") == "uniform" && params.int("turns") == 0 {
        notes.push("Divided by absmax / 7, a block never reaches the code -8.".into());
    }
    let last = params.int("turns") as usize;
    if params.choice("book") != "lloyd" && last >= turns.len() {
        notes.push(format!("After {} turns no peg moves any more.", turns.len() - 1));
    }
    if measured.errors.noise == 0.0 {
        notes.push("Nothing was lost, so the SQNR is infinite.".into());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    #[test]
    fn known_codebooks_have_their_known_errors() {
        let db = |set: &[(&str, &str)], name| run_with(&LAB, set).metric(name).expect("always defined");
        assert!((db(&[], "sqnr_db") - 19.37).abs() < 0.1);
        assert!((db(&[("book", "nf4")], "sqnr_db") - 20.73).abs() < 0.1);
        assert!((db(&[("book", "nf4"), ("source", "laplace")], "sqnr_db") - 19.69).abs() < 0.1);
        assert!((db(&[("book", "lloyd")], "sqnr_db") - 21.17).abs() < 0.1);
        assert_eq!(db(&[("book", "nf4")], "bpw"), 4.5);
        assert!((db(&[("book", "nf4"), ("double", "true")], "bpw") - 4.127).abs() < 1e-3);
    }

    /// The published optimum for blocks of 64 of a Gaussian; the noise of this many samples moves levels a little.
    #[test]
    fn lloyd_ends_on_the_levels_of_the_literature() {
        let levels = "-0.9547,-0.7432,-0.5864,-0.4570,-0.3437,-0.2406,-0.1432,-0.0492,0.0438,0.1379,0.2353,0.3381,0.4513,0.5809,0.7386,0.9520";
        let report = run_with(&LAB, &[("book", "own"), ("levels", levels)]);
        let metric = |name| report.metric(name).expect("always defined");
        assert!(metric("sqnr_db") >= 21.0 && (metric("sqnr_db") - metric("best_db")).abs() < 0.02, "{:?}", report.metrics);
    }
}
