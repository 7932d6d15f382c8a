//! Lesson 15: which layer gets how many bits, when the bytes are counted.

use super::{
    Bar, Bars, Better, Ctx, Figure, Lab, LabError, Lines, MetricSpec, ParamSpec, Params, Report, Segment, Series, SeriesRole,
    Shape, Table,
    few::db,
    net::{self, CLIP, GRANULARITY, GROUP, Mix, NET, Outcome, Subject, TRAINING, WIDTHS, layer_name},
    row::{grouped, int, metric, value},
};
use crate::{nn::Arch, quant::Config};

pub(super) const LAB: Lab = Lab {
    id: "mixed",
    title: "Bit budget",
    summary: "Bits for each layer of a digits net under a budget of bytes, beside all 343 ways to share them.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    NET,
    TRAINING,
    GRANULARITY,
    GROUP.when(|p| p.choice("granularity") == "group"),
    CLIP,
    int("bits_1", "bits, layer 1", (2, 8, 1), 4, "width of the first layer's codes"),
    int("bits_2", "bits, layer 2", (2, 8, 1), 4, "width of the second layer's codes"),
    int("bits_3", "bits, layer 3", (2, 8, 1), 4, "width of the last layer's codes"),
    int("budget", "budget, bytes", (600, 4000, 50), 2000, "the most that codes, scales and biases may take"),
];

const METRICS: &[MetricSpec] = &[
    metric("accuracy", "accuracy", "%", Better::Higher, 1, "test images read right, weights in codes"),
    metric("drop_pp", "drop", "points", Better::Lower, 1, "FP32 accuracy less this one; one image is 0.2 points"),
    metric("bytes", "bytes", "B", Better::Lower, 0, "codes, scales, and biases of 4 bytes"),
    metric("left", "left of the budget", "B", Better::Neither, 0, "budget less bytes; below 0 it is exceeded"),
    metric("bpw", "bits per weight", "bit", Better::Lower, 3, "codes and scales, averaged over all weights"),
    metric(
        "best_accuracy",
        "best in budget",
        "%",
        Better::Neither,
        1,
        "the highest accuracy that any mix within the budget reaches",
    ),
    metric("gap_pp", "behind it", "points", Better::Lower, 1, "best accuracy within the budget less this one"),
    metric("n_better", "better mixes", "", Better::Lower, 0, "mixes within the budget with a higher accuracy"),
    metric(
        "on_front",
        "on the front",
        "",
        Better::Higher,
        0,
        "1 where no mix is smaller and as accurate, or as small and more accurate",
    ),
    metric("sqnr_db", "scores", "dB", Better::Higher, 2, "SQNR of the ten scores of every test image"),
    metric("worst_layer", "most sensitive", "", Better::Neither, 0, "the layer that, alone at its width, costs the scores most"),
];

/// A mix, what it takes, and what it gives.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    mix: Mix,
    bytes: u64,
    outcome: Outcome,
}

impl Candidate {
    /// At least as good in both and better in one.
    fn beats(&self, other: &Self) -> bool {
        let (a, b) = ((self.bytes, self.outcome.accuracy), (other.bytes, other.outcome.accuracy));
        a.0 <= b.0 && a.1 >= b.1 && a != b
    }
}

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let subject = Subject::new(params, ctx)?;
    let config = net::config(params, *WIDTHS.end());
    let all = candidates(&subject, &config, ctx)?;
    let mix = ["bits_1", "bits_2", "bits_3"].map(|name| params.int(name) as u32);
    let here = *all.iter().find(|c| c.mix == mix).expect("every mix of the controls is among all");
    let budget = params.int("budget") as u64;
    let front = front(&all);
    let scan = net::scan(&subject, &config, ctx)?;
    let alone = |layer: usize| scan.alone[layer][(mix[layer] - WIDTHS.start()) as usize];
    let worst = (0..mix.len()).reduce(|a, b| if alone(b).sqnr_db < alone(a).sqnr_db { b } else { a }).unwrap_or(0);
    let inside = || all.iter().filter(|c| c.bytes <= budget);
    let best = inside().map(|c| c.outcome.accuracy).reduce(f64::max);
    let n_weights: usize = (0..mix.len()).map(|layer| subject.dense(layer).weight.len()).sum();
    let n_bits: u64 = (0..mix.len()).map(|layer| net::stored_bits(&subject, layer, &Config { bits: mix[layer], ..config })).sum();
    let accuracy = here.outcome.accuracy;
    let points = |difference: f64| (difference * 1e6).round() / 1e6;
    Ok(Report {
        metrics: vec![
            value("accuracy", accuracy),
            value("drop_pp", points(subject.float.accuracy - accuracy)),
            value("bytes", here.bytes as f64),
            value("left", budget as f64 - here.bytes as f64),
            value("bpw", n_bits as f64 / n_weights as f64),
            value("best_accuracy", best),
            value("gap_pp", best.map(|best| points(best - accuracy))),
            value("n_better", inside().filter(|c| c.outcome.accuracy > accuracy).count() as f64),
            value("on_front", f64::from(u8::from(front.iter().any(|c| c.mix == mix)))),
            value("sqnr_db", here.outcome.sqnr_db),
            value("worst_layer", (worst + 1) as f64),
        ],
        figures: vec![
            Figure::Lines(cloud(&subject, &all, &front, here, budget)),
            Figure::Table(table(&subject, &all, here, budget)),
            Figure::Bars(by_layer(&subject, &config, here, budget)),
            Figure::Lines(sensitivity(&scan)),
        ],
        trace: None,
        notes: notes(here, budget, best, worst),
        arrays: vec![],
    })
}

/// Every mix of widths, the last layer's moving fastest.
fn candidates(subject: &Subject, config: &Config, ctx: &Ctx) -> Result<Vec<Candidate>, LabError> {
    let mixes: Vec<Mix> = WIDTHS.flat_map(|a| WIDTHS.flat_map(move |b| WIDTHS.map(move |c| [a, b, c]))).collect();
    let outcomes = net::outcomes(subject, config, &mixes, ctx)?;
    let bytes = |mix: &Mix| net::stored_bytes(subject, &mix.map(|bits| Config { bits, ..*config }));
    Ok(mixes.iter().zip(outcomes).map(|(mix, outcome)| Candidate { mix: *mix, bytes: bytes(mix), outcome }).collect())
}

/// Those that no other beats, the smallest first.
fn front(all: &[Candidate]) -> Vec<Candidate> {
    let mut front: Vec<Candidate> = all.iter().filter(|c| !all.iter().any(|other| other.beats(c))).copied().collect();
    front.sort_by_key(|c| c.bytes);
    front
}

fn name(mix: Mix) -> String {
    mix.map(|bits| bits.to_string()).join(", ")
}

/// All mixes by bytes and accuracy; those that lose most are off the axis.
fn cloud(subject: &Subject, all: &[Candidate], front: &[Candidate], here: Candidate, budget: u64) -> Lines {
    /// The front is told apart in the last points below FP32.
    const REACH: f64 = 12.0;
    let lowest = (subject.float.accuracy - REACH).min(here.outcome.accuracy);
    let points = |of: &[Candidate]| -> Vec<(f64, f64)> {
        let of = of.iter().filter(|c| c.outcome.accuracy >= lowest);
        of.map(|c| (c.bytes as f64, c.outcome.accuracy)).collect()
    };
    let n_off = all.len() - points(all).len();
    let best = front.iter().rfind(|c| c.bytes <= budget);
    let of_budget = best.map_or_else(
        || "no mix fits the budget".into(),
        |c| format!("the best within {} B reads {:.1} %", grouped(budget), c.outcome.accuracy),
    );
    Lines {
        view: "front",
        heading: format!("{of_budget}; {n_off} of {} mixes below the axis", all.len()),
        x_label: "bytes",
        x_unit: "B",
        y_label: "accuracy",
        y_unit: "%",
        series: vec![
            Series::line("front", SeriesRole::B, points(front)),
            Series { name: "all mixes".into(), role: SeriesRole::Grid, shape: Shape::Points, points: points(all) },
        ],
        marks: vec![super::Mark { x: budget as f64, label: "budget".into(), role: SeriesRole::Error }],
        here: Some((here.bytes as f64, here.outcome.accuracy)),
        y_metric: "accuracy",
        ..Lines::default()
    }
}

/// This mix, and the most accurate within the budget.
fn table(subject: &Subject, all: &[Candidate], here: Candidate, budget: u64) -> Table {
    const N_ROWS: usize = 10;
    let mut inside: Vec<&Candidate> = all.iter().filter(|c| c.bytes <= budget).collect();
    inside.sort_by(|a, b| b.outcome.accuracy.total_cmp(&a.outcome.accuracy).then(a.bytes.cmp(&b.bytes)));
    let row = |rank: String, c: &Candidate| {
        vec![
            rank,
            name(c.mix),
            grouped(c.bytes),
            format!("{:.1} %", c.outcome.accuracy),
            format!("{:.1}", subject.float.accuracy - c.outcome.accuracy),
            format!("{} dB", db(c.outcome.sqnr_db)),
        ]
    };
    let ranked = inside.iter().take(N_ROWS).enumerate().map(|(rank, c)| row((rank + 1).to_string(), c));
    Table {
        view: "mixes",
        heading: format!("{} of {} mixes within {} B, the most accurate first", inside.len(), all.len(), grouped(budget)),
        columns: vec!["rank", "bits", "bytes", "accuracy", "drop, points", "scores"],
        rows: std::iter::once(row("here".into(), &here)).chain(ranked).collect(),
    }
}

/// Where the bytes of this mix lie, beside the budget.
fn by_layer(subject: &Subject, config: &Config, here: Candidate, budget: u64) -> Bars {
    let segment = |name, value, role| Segment { name, value, role };
    let bar = |layer: usize| {
        let dense = subject.dense(layer);
        let bits = here.mix[layer];
        let codes = f64::from(bits) * dense.weight.len() as f64 / 8.0;
        let all = net::stored_bits(subject, layer, &Config { bits, ..*config }) as f64 / 8.0;
        Bar {
            label: layer_name(&subject.net, layer),
            segments: vec![
                segment("codes", codes, SeriesRole::B),
                segment("scales", all - codes, SeriesRole::Error),
                segment("biases", 4.0 * dense.bias.len() as f64, SeriesRole::Grid),
            ],
            note: format!("{bits} bits"),
        }
    };
    let left = budget as f64 - here.bytes as f64;
    let over = if left < 0.0 { "over" } else { "left" };
    Bars {
        view: "bytes",
        heading: format!("{} of {} B, {} {over}", grouped(here.bytes), grouped(budget), grouped(left.abs() as u64)),
        unit: "B",
        bars: (0..Arch::N_MATRICES).map(bar).collect(),
        ..Bars::default()
    }
}

/// What the scores keep where one layer alone is in codes: told apart at widths where accuracy says nothing.
fn sensitivity(scan: &net::Scan) -> Lines {
    let roles = [SeriesRole::B, SeriesRole::A, SeriesRole::Error];
    let series = (0..Arch::N_MATRICES).map(|layer| {
        let points = WIDTHS.map(f64::from).zip(scan.alone[layer].iter().map(|o| o.sqnr_db)).collect();
        Series::line(format!("layer {}", layer + 1), roles[layer], points)
    });
    Lines {
        view: "sensitivity",
        heading: "one layer in codes, the others FP32: what is left of the scores".into(),
        x_label: "bits",
        y_label: "SQNR of the scores",
        y_unit: "dB",
        series: series.collect(),
        ..Lines::default()
    }
}

fn notes(here: Candidate, budget: u64, best: Option<f64>, worst: usize) -> Vec<String> {
    let mut notes = vec![format!("Layer {} is the most sensitive at these widths.", worst + 1)];
    if here.bytes > budget {
        notes.push(format!("This mix is {} B over the budget.", grouped(here.bytes - budget)));
    }
    if best.is_none() {
        notes.push("best_accuracy and gap_pp are absent: the budget is too small for any mix.".into());
    }
    notes.push(
        "The front was found on the test images themselves, so it is a little too good: choose on other images than you report on.".into(),
    );
    notes
}

#[cfg(test)]
mod tests {
    use crate::lab::tests::run_with;

    #[test]
    fn the_smallest_and_the_largest_mix_bound_the_bytes() {
        let at = |bits: &str, name| {
            let set = [("bits_1", bits), ("bits_2", bits), ("bits_3", bits)];
            run_with(&super::LAB, &set).metric(name).expect("it is defined")
        };
        // 3392 weights, three scales of 16 bits, 74 biases.
        assert_eq!(at("2", "bytes"), 3392.0 / 4.0 + 6.0 + 296.0);
        assert_eq!(at("8", "bytes"), 3392.0 + 6.0 + 296.0);
        assert_eq!(at("2", "on_front"), 1.0, "nothing is smaller");
        assert!(at("8", "left") < 0.0);
    }

    #[test]
    fn a_mix_beats_equal_widths_of_its_size() {
        let metric = |set: &[(&str, &str)], name| run_with(&super::LAB, set).metric(name).expect("it is defined");
        let equal = [("bits_1", "4"), ("bits_2", "4"), ("bits_3", "4"), ("budget", "2000")];
        assert!(metric(&equal, "left") >= 0.0);
        assert!(metric(&equal, "gap_pp") > 0.0, "sharing the bits otherwise reads more digits");
        assert!(metric(&equal, "n_better") > 0.0);
    }

    #[test]
    fn a_budget_for_nothing_says_so() {
        let report = run_with(&super::LAB, &[("budget", "600")]);
        assert_eq!((report.metric("best_accuracy"), report.metric("n_better")), (None, Some(0.0)));
    }
}
