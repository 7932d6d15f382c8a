//! Lesson 1: from a number of weights and a format to bytes, scales and zero points counted.

use super::{
    Bar, Bars, Better, Ctx, Figure, Lab, LabError, MetricSpec, ParamSpec, Params, Report, Segment, SeriesRole,
    row::{decades, doubling, float, int, metric, value},
};

pub(super) const LAB: Lab = Lab {
    id: "bytes",
    title: "Byte budget",
    summary: "Turn a number of weights and a format into bytes, with the scales and zero points that belong to it.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    decades("params", "parameters", (1e6, 1e11, 0.05), 7e9, "how many weights the model has"),
    int("bits", "bits", (2, 16, 1), 8, "width of a code"),
    doubling("group", "group", (8, 1_048_576), 32, "weights that share one scale"),
    int("scale_bits", "bits of a scale", (8, 32, 8), 16, "stored once for each group"),
    int("zero_bits", "bits of a zero point", (0, 16, 4), 0, "stored once for each group; 0 for a symmetric format"),
    float("float_share", "left in 16 bit", (0.0, 20.0, 1.0), 0.0, "percent of the weights that are not quantized"),
];

const METRICS: &[MetricSpec] = &[
    metric("bytes", "size", "B", Better::Lower, 0, "everything together"),
    metric("bpw", "bits per weight", "bit", Better::Lower, 4, "average over all weights, scales and zero points included"),
    metric("ratio_fp32", "smaller than FP32", "x", Better::Higher, 2, "32 / bits per weight"),
    metric("ratio_bf16", "smaller than BF16", "x", Better::Higher, 2, "16 / bits per weight"),
    metric("code_bytes", "codes", "B", Better::Lower, 0, "the codes alone"),
    metric("scale_bytes", "scales", "B", Better::Lower, 0, "one for each group"),
    metric("zero_bytes", "zero points", "B", Better::Lower, 0, "one for each group"),
    metric("float_bytes", "16-bit weights", "B", Better::Lower, 0, "the weights that are not quantized"),
];

/// Bytes of each part.
struct Budget {
    codes: f64,
    scales: f64,
    zeros: f64,
    floats: f64,
}

impl Budget {
    /// `bytes = P * bpw / 8` with `bpw = f * 16 + (1 - f) * (b + (scale bits + zero bits) / g)`, part by part. Groups
    /// are not rounded up to whole ones.
    fn of(params: &Params) -> Self {
        let n = params.float("params");
        let share = params.float("float_share") / 100.0;
        let quantized = (1.0 - share) * n;
        let n_groups = quantized / params.int("group") as f64;
        let bits = |name| params.int(name) as f64;
        Self {
            codes: quantized * bits("bits") / 8.0,
            scales: n_groups * bits("scale_bits") / 8.0,
            zeros: n_groups * bits("zero_bits") / 8.0,
            floats: share * n * 2.0,
        }
    }

    fn total(&self) -> f64 {
        self.codes + self.scales + self.zeros + self.floats
    }
}

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    ctx.step(0, 1)?;
    let n = params.float("params");
    let budget = Budget::of(params);
    let bpw = budget.total() * 8.0 / n;
    Ok(Report {
        metrics: vec![
            value("bytes", budget.total()),
            value("bpw", bpw),
            value("ratio_fp32", 32.0 / bpw),
            value("ratio_bf16", 16.0 / bpw),
            value("code_bytes", budget.codes),
            value("scale_bytes", budget.scales),
            value("zero_bytes", budget.zeros),
            value("float_bytes", budget.floats),
        ],
        figures: vec![Figure::Bars(bars(n, &budget, bpw))],
        trace: None,
        notes: notes(params, &budget),
        arrays: vec![],
    })
}

fn bars(n: f64, budget: &Budget, bpw: f64) -> Bars {
    let whole = |label: &str, bytes: f64, note: String| Bar {
        label: label.into(),
        segments: vec![Segment { name: "floats", value: bytes, role: SeriesRole::A }],
        note,
    };
    let segment = |name, value, role| Segment { name, value, role };
    let parts = [
        segment("codes", budget.codes, SeriesRole::B),
        segment("scales", budget.scales, SeriesRole::Error),
        segment("zero points", budget.zeros, SeriesRole::Grid),
        segment("16-bit weights", budget.floats, SeriesRole::A),
    ];
    Bars {
        view: "budget",
        heading: format!("{bpw:.3} bits per weight: {:.2}x from FP32, {:.2}x from BF16", 32.0 / bpw, 16.0 / bpw),
        unit: "B",
        log: false,
        bars: vec![
            whole("FP32", 4.0 * n, "32 bits per weight".into()),
            whole("BF16", 2.0 * n, "16 bits per weight".into()),
            Bar {
                label: "this format".into(),
                segments: parts.into_iter().filter(|part| part.value > 0.0).collect(),
                note: format!("{:.2}x from FP32, {:.2}x from BF16", 32.0 / bpw, 16.0 / bpw),
            },
        ],
    }
}

fn notes(params: &Params, budget: &Budget) -> Vec<String> {
    let beside = 100.0 * (budget.scales + budget.zeros) / budget.total();
    let mut notes = vec![format!("Scales and zero points are {beside:.2} % of the bytes.")];
    if budget.floats > 0.0 {
        let share = params.float("float_share");
        let bytes = 100.0 * budget.floats / budget.total();
        notes.push(format!("The {share} % of the weights that stay in 16 bit are {bytes:.1} % of the bytes."));
    }
    notes.push("Only stored weights are counted: activations, the KV cache and buffers come on top.".into());
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    #[test]
    fn the_usual_formats_have_their_known_bits_per_weight() {
        let bpw = |set: &[(&str, &str)]| run_with(&LAB, set).metric("bpw").expect("always defined");
        assert_eq!(bpw(&[]), 8.5);
        assert_eq!(bpw(&[("bits", "4")]), 4.5);
        assert_eq!(bpw(&[("bits", "4"), ("group", "128")]), 4.125);
        assert_eq!(bpw(&[("bits", "4"), ("group", "128"), ("zero_bits", "4")]), 4.15625);
    }

    /// Seven billion parameters, 5 % of them in 16 bit, groups of 64, four gigabytes: three bits fit, four do not.
    #[test]
    fn the_challenge_of_lesson_1_has_its_answer() {
        let bytes = |bits| run_with(&LAB, &[("bits", bits), ("group", "64"), ("float_share", "5")]).metric("bytes");
        assert!(bytes("3") <= Some(4.0e9) && bytes("4") > Some(4.0e9));
    }
}
