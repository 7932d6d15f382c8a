//! Lesson 15: a real network on real images, in fewer bits.

mod answers;
mod curves;
mod layer;

use super::{
    Better, Ctx, Figure, Lab, LabError, MetricSpec, ParamSpec, Params, Report,
    net::{self, CLIP, GRANULARITY, GROUP, NET, SCHEME, Scan, Subject, TRAINING, Verdict, WIDTHS},
    row::{choice, count, doubling, int, metric, option, value},
};
use crate::{
    nn::{Arch, Mode, Plan, QuantNet, Range},
    quant::Scheme,
};

pub(super) const LAB: Lab = Lab {
    id: "ptq",
    title: "PTQ bench",
    summary: "A trained digits net in FP32 and in three modes of few bits: accuracy, size, the layer that hurts, the digits it misreads.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    NET,
    TRAINING,
    choice(
        "widths",
        "widths",
        &[option("same", "one for all layers"), option("by_layer", "one for each layer")],
        "same",
        "whether every layer's weights have the same width",
    ),
    int("bits", "bits", (2, 8, 1), 4, "width of a weight's code").when(|p| !is_by_layer(p)),
    int("bits_1", "bits, layer 1", (2, 8, 1), 4, "width of the first layer's codes").when(is_by_layer),
    int("bits_2", "bits, layer 2", (2, 8, 1), 4, "width of the second layer's codes").when(is_by_layer),
    int("bits_3", "bits, layer 3", (2, 8, 1), 4, "width of the last layer's codes").when(is_by_layer),
    GRANULARITY,
    GROUP.when(|p| p.choice("granularity") == "group"),
    SCHEME,
    CLIP,
    choice(
        "mode",
        "mode",
        &[option("weight_only", "weight-only"), option("dynamic", "dynamic"), option("static", "static")],
        "static",
        "the mode that the metrics and the single figures speak of; the table has all",
    )
    .when(multiplies_codes),
    int("activation_bits", "activation bits", (2, 8, 1), 8, "width of an activation's code").when(multiplies_codes),
    choice(
        "observer",
        "observer",
        &[option("min_max", "min-max"), option("percentile", "99.9 percentile"), option("mse", "least error")],
        "min_max",
        "how a static range is read from the calibration images",
    )
    .when(multiplies_codes),
    doubling("calibration", "calibration", (1, 100), 100, "images that static ranges are found on").when(multiplies_codes),
    int("layer", "layer in view", (1, 3, 1), 1, "the layer whose weights and activations are drawn"),
];

fn is_by_layer(params: &Params) -> bool {
    params.choice("widths") == "by_layer"
}

/// Zero points of weights and scales along the sum leave nothing but storage.
fn multiplies_codes(params: &Params) -> bool {
    params.choice("granularity") != "group" && params.choice("scheme") != "affine"
}

const METRICS: &[MetricSpec] = &[
    metric("accuracy", "accuracy", "%", Better::Higher, 1, "test images read right in the chosen mode"),
    metric("accuracy_fp32", "accuracy, FP32", "%", Better::Neither, 1, "test images that the FP32 net reads right"),
    metric("drop_pp", "drop", "points", Better::Lower, 1, "FP32 accuracy less that of the chosen mode; one image is 0.2 points"),
    metric("bpw", "bits per weight", "bit", Better::Lower, 3, "codes, scales and zero points, averaged over all weights"),
    metric("bytes", "bytes", "B", Better::Lower, 0, "codes, scales, zero points, and biases of 4 bytes"),
    metric("ratio", "smaller than FP32", "x", Better::Higher, 2, "bytes of the FP32 net divided by bytes"),
    metric("sqnr_db", "scores", "dB", Better::Higher, 2, "SQNR of the ten scores of every test image"),
    metric("agreement", "same answer", "%", Better::Higher, 1, "test images with the answer of the FP32 net, right or wrong"),
    metric(
        "mean_drop_pp",
        "drop, five seeds",
        "points",
        Better::Lower,
        2,
        "mean drop of the five nets that come with the program, under this plan",
    ),
    metric("drop_sd_pp", "its spread", "points", Better::Neither, 2, "standard deviation of the drop over those five"),
    metric("worst_drop_pp", "worst of five", "points", Better::Lower, 1, "the largest drop of those five"),
    metric("weight_only_accuracy", "weight-only", "%", Better::Higher, 1, "accuracy with the weights alone as codes"),
    metric("dynamic_accuracy", "dynamic", "%", Better::Higher, 1, "accuracy with ranges of activations found in each batch"),
    metric("static_accuracy", "static", "%", Better::Higher, 1, "accuracy with ranges fixed before, in integers throughout"),
    metric(
        "worst_layer",
        "most sensitive",
        "",
        Better::Neither,
        0,
        "the layer whose weights, alone at their width, cost the scores most",
    ),
    metric("weight_db", "weights in view", "dB", Better::Higher, 2, "SQNR of the weights of the layer in view"),
    metric("activation_db", "activations in view", "dB", Better::Higher, 2, "SQNR of the activations in front of that layer"),
];

/// The three modes in the order of the table.
const MODES: [(Mode, &str); 3] = [(Mode::WeightOnly, "weight-only"), (Mode::Dynamic, "dynamic"), (Mode::Static, "static")];

/// What a run found.
struct Bench {
    subject: Subject,
    plan: Plan,
    /// `None` where the plan cannot run in this mode.
    modes: [Option<(QuantNet, Verdict)>; 3],
    seeds: Vec<Seed>,
    scan: Scan,
    /// The scan of one scale for a tensor without clipping, where the plan differs from it.
    plain: Option<Scan>,
}

/// One of the nets that come with the program.
struct Seed {
    seed: u64,
    float: f64,
    quantized: f64,
}

impl Bench {
    /// Net and verdict of the chosen mode.
    fn chosen(&self) -> &(QuantNet, Verdict) {
        let idx = MODES.iter().position(|m| m.0 == self.plan.mode).unwrap_or(0);
        self.modes[idx].as_ref().expect("the chosen mode is one that the plan can run in")
    }

    fn bits(&self, layer: usize) -> u32 {
        self.plan.weights[layer].map_or(32, |config| config.bits)
    }

    /// What a layer's weights cost alone, at their width.
    fn alone(&self, layer: usize) -> net::Outcome {
        self.scan.alone[layer][(self.bits(layer) - WIDTHS.start()) as usize]
    }

    /// The layer that costs the scores most.
    fn most_sensitive(&self) -> usize {
        (0..Arch::N_MATRICES).reduce(|a, b| if self.alone(b).sqnr_db < self.alone(a).sqnr_db { b } else { a }).unwrap_or(0)
    }

    /// Mean and standard deviation of the drops over the seeds, and the largest.
    fn drops(&self) -> (f64, f64, f64) {
        let drops: Vec<f64> = self.seeds.iter().map(|s| s.float - s.quantized).collect();
        let n = drops.len() as f64;
        let mean = drops.iter().sum::<f64>() / n;
        let variance = drops.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance.sqrt(), drops.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }
}

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let subject = Subject::new(params, ctx)?;
    let plan = plan(params);
    let judged = |mode| -> Result<Option<(QuantNet, Verdict)>, LabError> {
        ctx.step(0, 1)?;
        if mode != Mode::WeightOnly && !multiplies_codes(params) {
            return Ok(None);
        }
        let net = quantized(&subject.net, &Plan { mode, ..plan.clone() }, params, ctx)?;
        let verdict = subject.judge(&net.scores(&subject.test().images));
        Ok(Some((net, verdict)))
    };
    let modes = [judged(Mode::WeightOnly)?, judged(Mode::Dynamic)?, judged(Mode::Static)?];
    let config = net::config(params, *WIDTHS.end());
    let scan = net::scan(&subject, &config, ctx)?;
    let plain = crate::nn::symmetric(config.bits, crate::quant::Granularity::Tensor, crate::quant::Clip::AbsMax);
    let plain = if plain == config { None } else { Some(net::scan(&subject, &plain, ctx)?) };
    let seeds = seeds(&subject, &plan, params, ctx)?;
    let bench = Bench { subject, plan, modes, seeds, scan, plain };
    let layer = params.int("layer") as usize - 1;
    let view = layer::View::of(&bench, layer, ctx)?;
    Ok(Report {
        metrics: metrics(&bench, &view),
        figures: figures(&bench, view),
        trace: None,
        notes: notes(&bench),
        arrays: vec![],
    })
}

fn plan(params: &Params) -> Plan {
    let bits = |name: &'static str| params.int(if is_by_layer(params) { name } else { "bits" }) as u32;
    let mode = if !multiplies_codes(params) { "weight_only" } else { params.choice("mode") };
    Plan {
        mode: match mode {
            "dynamic" => Mode::Dynamic,
            "static" => Mode::Static,
            _ => Mode::WeightOnly,
        },
        weights: ["bits_1", "bits_2", "bits_3"].map(|name| Some(net::config(params, bits(name)))).to_vec(),
        activation_bits: params.int("activation_bits") as u32,
        range: match params.choice("observer") {
            "percentile" => Range::Percentile(99.9),
            "mse" => Range::Mse,
            _ => Range::MinMax,
        },
    }
}

fn quantized(net: &crate::nn::Net, plan: &Plan, params: &Params, ctx: &Ctx) -> Result<QuantNet, LabError> {
    let calibration = ctx.sources.digits().calibration.first(params.int("calibration") as usize);
    QuantNet::of(ctx.machine.isa, net, plan, &calibration)
        .map_err(|why| LabError::Other(format!("This plan cannot run: {why}. Choose another mode, scheme or granularity.")))
}

/// The plan on each of the nets that come with the program.
fn seeds(subject: &Subject, plan: &Plan, params: &Params, ctx: &Ctx) -> Result<Vec<Seed>, LabError> {
    Arch::SHIPPED
        .map(|seed| {
            ctx.step(seed, Arch::SHIPPED.count() as u64)?;
            let other = Subject::of(subject.arch, seed, ctx)?;
            let quantized = quantized(&other.net, plan, params, ctx)?.accuracy(other.test());
            Ok(Seed { seed, float: other.float.accuracy, quantized })
        })
        .collect()
}

fn metrics(bench: &Bench, view: &layer::View) -> Vec<super::Metric> {
    let (net, verdict) = bench.chosen();
    let (float, bytes) = (bench.subject.float.accuracy, net.bytes() as f64);
    let (mean, sd, worst) = bench.drops();
    let of = |idx: usize| bench.modes[idx].as_ref().map(|m| m.1.accuracy);
    vec![
        value("accuracy", verdict.accuracy),
        value("accuracy_fp32", float),
        value("drop_pp", points(float - verdict.accuracy)),
        value("bpw", net.bits_per_weight()),
        value("bytes", bytes),
        value("ratio", bench.subject.float_bytes() as f64 / bytes),
        value("sqnr_db", verdict.sqnr_db),
        value("agreement", verdict.agreement),
        value("mean_drop_pp", points(mean)),
        value("drop_sd_pp", sd),
        value("worst_drop_pp", points(worst)),
        value("weight_only_accuracy", of(0)),
        value("dynamic_accuracy", of(1)),
        value("static_accuracy", of(2)),
        value("worst_layer", (bench.most_sensitive() + 1) as f64),
        value("weight_db", view.weight_db),
        value("activation_db", view.activation_db),
    ]
}

/// A difference of two percentages, freed of the last bits that the subtraction leaves: 0.2, not 0.19999.
fn points(difference: f64) -> f64 {
    (difference * 1e6).round() / 1e6
}

fn figures(bench: &Bench, view: layer::View) -> Vec<Figure> {
    let mut figures = vec![
        Figure::Table(answers::modes(bench)),
        Figure::Lines(curves::cliff(bench)),
        Figure::Lines(curves::sensitivity(bench)),
        Figure::Bars(curves::by_layer(bench)),
        Figure::Images(answers::misread(bench)),
        Figure::Heatmap(answers::confusion(bench)),
        Figure::Mirror(view.weights),
    ];
    figures.extend(view.activations.map(Figure::Mirror));
    figures.extend([Figure::Lines(curves::by_seed(bench)), Figure::Bars(curves::bytes(bench))]);
    figures
}

fn notes(bench: &Bench) -> Vec<String> {
    let (net, verdict) = bench.chosen();
    let n = bench.subject.test().len() as f64;
    let share = bench.subject.float.accuracy / 100.0;
    let error = 100.0 * (share * (1.0 - share) / n).sqrt();
    let mut notes = vec![format!(
        "One of {n} test images is {:.1} points, and another {n} images would move an accuracy by about {error:.1}.",
        100.0 / n
    )];
    let drop = bench.subject.float.accuracy - verdict.accuracy;
    if drop < 0.0 {
        notes.push(format!("A gain of {:.1} points over FP32 is luck of these images, not a better net.", -drop));
    }
    if bench.modes[1].is_none() {
        let why = match bench.plan.weights[0] {
            Some(config) if config.scheme == Scheme::Affine => "weights with a zero point",
            _ => "scales along the sum",
        };
        notes.push(format!("dynamic_accuracy and static_accuracy are absent: {why} are only stored as codes here."));
    }
    if net.mode() == Mode::WeightOnly {
        notes.push("activation_db is absent: in this mode activations stay FP32.".into());
    }
    let layer = bench.most_sensitive();
    notes.push(format!(
        "Layer {} is the most sensitive: alone at {} it leaves {:.1} dB in the scores.",
        layer + 1,
        count(bench.bits(layer).into(), "bit"),
        bench.alone(layer).sqnr_db
    ));
    notes
}

#[cfg(test)]
mod tests {
    use crate::lab::tests::run_with;

    fn got(set: &[(&str, &str)], names: &[&str]) -> Vec<f64> {
        let report = run_with(&super::LAB, set);
        names.iter().map(|name| report.metric(name).expect("it is defined")).collect()
    }

    #[test]
    fn the_bit_budget_can_be_met() {
        let solved = [("granularity", "row"), ("bits", "4"), ("mode", "weight_only")];
        let [drop, bpw] = got(&solved, &["drop_pp", "bpw"])[..] else { panic!("two were asked for") };
        assert!(drop <= 1.0 && bpw <= 4.4, "{drop} {bpw}");
    }

    #[test]
    fn eight_bits_lose_nearly_nothing_and_two_fall_off_the_cliff() {
        for net in ["mlp", "conv"] {
            let at = |bits| got(&[("net", net), ("bits", bits)], &["drop_pp", "mean_drop_pp"]);
            assert!(at("8").iter().all(|drop| drop.abs() <= 0.6), "{net} {:?}", at("8"));
            assert!(at("2").iter().all(|drop| *drop > 10.0), "{net} {:?}", at("2"));
        }
    }

    #[test]
    fn sizes_are_those_of_the_net() {
        // 3392 weights of 4 bits, 74 scales of 16 bits, 74 biases of 32 bits.
        let [bytes, bpw, ratio] = got(&[("granularity", "row")], &["bytes", "bpw", "ratio"])[..] else { panic!("three") };
        assert_eq!(bytes, (3392.0 * 4.0 + 74.0 * 16.0) / 8.0 + 74.0 * 4.0);
        assert!((bpw - (4.0 + 74.0 * 16.0 / 3392.0)).abs() < 1e-9 && (ratio - 4.0 * (3392.0 + 74.0) / bytes).abs() < 1e-9);
    }

    #[test]
    fn what_is_only_stored_has_no_integer_mode() {
        let report = run_with(&super::LAB, &[("scheme", "affine")]);
        assert_eq!(report.metric("static_accuracy"), None);
        assert_eq!(report.metric("accuracy"), report.metric("weight_only_accuracy"));
        assert!(report.figures.iter().all(|f| f.view() != "activations"));
    }

    #[test]
    fn a_seed_of_ones_own_is_trained_and_repeatable() {
        let set = [("seed", "8")];
        let [once, again] = [(); 2].map(|()| got(&set, &["accuracy_fp32", "sqnr_db"]));
        assert_eq!(once, again);
        assert!(once[0] > 95.0 && once != got(&[], &["accuracy_fp32", "sqnr_db"]));
    }
}
