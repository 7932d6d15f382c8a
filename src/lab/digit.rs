//! A digit drawn by hand, read in FP32 and in codes.

use super::{
    Better, Ctx, Figure, Images, Lab, LabError, Lines, MetricSpec, ParamSpec, Params, Picture, Pixels, Report, Series,
    SeriesRole, Shape, Start,
    net::{self, CLIP, N_CLASSES, NET, Subject, TRAINING},
    row::{choice, count, image, int, metric, option, value},
};
use crate::{
    kernel::Errors,
    nn::{Digits, Mode, Plan, QuantNet, Range},
};

pub(super) const LAB: Lab = Lab {
    id: "digit",
    title: "Draw a digit",
    summary: "An 8 x 8 digit under your hands: what the FP32 net and the net in codes read in it, and how sure they are.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    int("digit", "test digit", (0, 500, 1), 1, "the test image to begin with, 1 to 500; 0 is an empty sheet"),
    image(
        "image",
        "image",
        (8, 8),
        Start { param: "digit", picture: test_digit },
        "what the nets are shown; setting the test digit puts its pixels here",
    ),
    NET,
    TRAINING,
    int("bits", "bits", (2, 8, 1), 4, "width of the codes of the weights"),
    choice(
        "granularity",
        "one scale for",
        &[option("tensor", "a tensor"), option("row", "an output channel")],
        "tensor",
        "which weights share a scale",
    ),
    CLIP,
    choice(
        "mode",
        "mode",
        &[option("weight_only", "weight-only"), option("dynamic", "dynamic"), option("static", "static")],
        "static",
        "what is quantized, and when its range is found; activations have 8 bits",
    ),
];

/// The picture of a test image, counted from 1; an empty sheet for 0.
fn test_digit(number: i64) -> Pixels {
    let found = usize::try_from(number - 1).ok().and_then(Digits::test_image);
    found.map_or(Pixels::sheet(8, 8, 0), |(levels, _)| Pixels::new(8, &levels))
}

const METRICS: &[MetricSpec] = &[
    metric("answer_fp32", "FP32 reads", "", Better::Neither, 0, "the class with the highest score in FP32"),
    metric("answer", "codes read", "", Better::Neither, 0, "the class with the highest score of the quantized net"),
    metric("truth", "it was a", "", Better::Neither, 0, "the label of the test digit that the drawing began with"),
    metric("same", "same answer", "", Better::Neither, 0, "1 where both nets give one answer, otherwise 0"),
    metric("chance_fp32", "sure, FP32", "%", Better::Neither, 1, "softmax of the FP32 scores at its own answer"),
    metric("chance", "sure, codes", "%", Better::Neither, 1, "softmax of the quantized scores at their own answer"),
    metric("margin_fp32", "margin, FP32", "", Better::Neither, 2, "FP32 score of its answer less the next highest score"),
    metric("sqnr_db", "scores", "dB", Better::Higher, 2, "SQNR of the ten scores of this image"),
    metric("changed", "pixels changed", "", Better::Neither, 0, "pixels that differ from the test digit"),
];

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let subject = Subject::new(params, ctx)?;
    let pixels = params.image("image");
    let x: Vec<f32> = pixels.iter().map(|&level| f32::from(level) / f32::from(Pixels::INK)).collect();
    let net = quantized(&subject, params)?;
    let (float, codes) = (subject.net.scores_on(subject.isa, &x), net.scores(&x));
    let [answer_float, answer] = [&float, &codes].map(|scores| net::classes(scores)[0]);
    let [chances_float, chances] = [&float, &codes].map(|scores| softmax(scores));
    let number = params.int("digit");
    let truth = usize::try_from(number - 1).ok().and_then(Digits::test_image).map(|(_, label)| label);
    let began = test_digit(number);
    let changed = pixels.iter().zip(began.iter()).filter(|(a, b)| a != b).count();
    Ok(Report {
        metrics: vec![
            value("answer_fp32", f64::from(answer_float)),
            value("answer", f64::from(answer)),
            value("truth", truth.map(f64::from)),
            value("same", f64::from(u8::from(answer_float == answer))),
            value("chance_fp32", chances_float[usize::from(answer_float)]),
            value("chance", chances[usize::from(answer)]),
            value("margin_fp32", margin(&float)),
            value("sqnr_db", Errors::between(&float, &codes).sqnr_db()),
            value("changed", changed as f64),
        ],
        figures: vec![
            Figure::Lines(columns("chances", "chance", "%", &chances_float, &chances, (answer_float, answer))),
            Figure::Lines(columns("scores", "score", "", &wide(&float), &wide(&codes), (answer_float, answer))),
            Figure::Images(picture(x, truth, (answer_float, answer))),
        ],
        trace: None,
        notes: notes(truth, (answer_float, answer), changed),
        arrays: vec![],
    })
}

fn quantized(subject: &Subject, params: &Params) -> Result<QuantNet, LabError> {
    let mode = match params.choice("mode") {
        "weight_only" => Mode::WeightOnly,
        "dynamic" => Mode::Dynamic,
        _ => Mode::Static,
    };
    let config = net::config(params, params.int("bits") as u32);
    let plan = Plan { mode, weights: vec![Some(config); 3], activation_bits: 8, range: Range::MinMax };
    QuantNet::of(subject.isa, &subject.net, &plan, &subject.digits.calibration)
        .map_err(|why| LabError::Other(format!("This plan cannot run: {why}.")))
}

fn wide(scores: &[f32]) -> Vec<f64> {
    scores.iter().map(|&s| f64::from(s)).collect()
}

/// Percent for each class.
fn softmax(scores: &[f32]) -> Vec<f64> {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = scores.iter().map(|&s| f64::from(s - top).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|p| 100.0 * p / sum).collect()
}

/// The highest score less the next.
fn margin(scores: &[f32]) -> f64 {
    let mut sorted = wide(scores);
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted[0] - sorted[1]
}

/// A column for each class and net.
fn columns(
    view: &'static str,
    y_label: &'static str,
    y_unit: &'static str,
    float: &[f64],
    codes: &[f64],
    answers: (u8, u8),
) -> Lines {
    let series = |name: &str, role, values: &[f64]| Series {
        name: name.into(),
        role,
        shape: Shape::Columns,
        points: (0..N_CLASSES).map(|class| class as f64).zip(values.iter().copied()).collect(),
    };
    Lines {
        view,
        heading: if answers.0 == answers.1 {
            format!("both nets read a {}", answers.0)
        } else {
            format!("FP32 reads a {}, the codes a {}", answers.0, answers.1)
        },
        x_label: "digit",
        y_label,
        y_unit,
        series: vec![series("FP32", SeriesRole::A, float), series("in codes", SeriesRole::B, codes)],
        ..Lines::default()
    }
}

fn picture(pixels: Vec<f32>, truth: Option<u8>, answers: (u8, u8)) -> Images {
    let truth = truth.map_or_else(|| "drawn by hand".to_owned(), |label| format!("a {label}"));
    let caption = vec![truth, format!("FP {} Q {}", answers.0, answers.1)];
    Images {
        view: "image",
        heading: "what the nets are shown: FP32's answer (FP), that of the codes (Q)".into(),
        width: 8,
        pictures: vec![Picture { pixels, caption }],
    }
}

fn notes(truth: Option<u8>, answers: (u8, u8), changed: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(label) = truth else {
        notes.push("truth is absent: an empty sheet was no digit.".into());
        return notes;
    };
    let pixels = count(changed as u64, "pixel");
    notes.push(match (answers.0 == label, answers.1 == label) {
        (true, true) => format!("Both nets read the {label}, {pixels} changed."),
        (true, false) => format!("FP32 reads the {label}, the codes do not, {pixels} changed."),
        (false, true) => format!("The codes read the {label}, FP32 does not, {pixels} changed: luck, not skill."),
        (false, false) => format!("Neither net reads the {label}, {pixels} changed."),
    });
    notes
}

#[cfg(test)]
mod tests {
    use crate::{
        lab::{Value, tests::run_with},
        nn::Digits,
    };

    fn got(set: &[(&str, &str)], name: &str) -> f64 {
        run_with(&super::LAB, set).metric(name).expect("it is defined")
    }

    #[test]
    fn a_digit_is_loaded_and_what_is_drawn_stays() {
        let mut params = super::LAB.defaults();
        let picture = |number| Value::Image(super::test_digit(number));
        assert_eq!(params.get("image"), Some(picture(1)));
        params.set("digit", "7").expect("there are 500");
        assert_eq!((params.get("image"), params.changed().count()), (Some(picture(7)), 1));
        let blank = super::test_digit(0).to_string();
        params.set("image", &blank).expect("it is a picture");
        assert_eq!(params.changed().map(|(spec, _)| spec.name).collect::<Vec<_>>(), ["digit", "image"]);
    }

    #[test]
    fn answers_are_those_of_the_test_split() {
        let test = Digits::embedded().test;
        for number in [1, 250, 500] {
            let set = [("digit", number.to_string())];
            let set = [("digit", set[0].1.as_str()), ("bits", "8")];
            assert_eq!(got(&set, "truth"), f64::from(test.labels[number - 1]));
            assert_eq!(got(&set, "changed"), 0.0);
        }
    }

    #[test]
    fn an_empty_sheet_has_no_truth_and_drawing_counts() {
        let report = run_with(&super::LAB, &[("digit", "0")]);
        assert_eq!((report.metric("truth"), report.metric("changed")), (None, Some(0.0)));
        let stroke = "...gg.../...gg.../...gg.../...gg.../...gg.../...gg.../...gg.../...gg...";
        let report = run_with(&super::LAB, &[("digit", "0"), ("image", stroke), ("bits", "8")]);
        assert_eq!(report.metric("changed"), Some(16.0));
        assert_eq!(report.metric("same"), Some(1.0));
    }
}
