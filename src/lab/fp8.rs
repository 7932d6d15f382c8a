//! Lesson 22: a uniform grid against two logarithmic ones, from data without tails to data with outliers.

use std::sync::Arc;

use super::{
    Better, Choice, Ctx, Figure, Lab, LabError, Lines, MetricSpec, ParamSpec, Params, Report, Series, SeriesRole, Table, TickRow,
    Ticks,
    row::{SEED, choice, count, decades, flag, float, metric, n_values, option, percent, short, source, sources, tensor, value},
};
use crate::{
    kernel::abs_max,
    quant::{Errors, FloatFormat, Overflow, Rounding},
    tensor::Source,
};

mod contest;

use contest::{Entry, Mixture};

pub(super) const LAB: Lab = Lab {
    id: "fp8",
    title: "Uniform grid, log grid",
    summary: "INT8 against the 8-bit floats, on data from evenly spread to full of outliers.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const SOURCES: [Choice; 7] = {
    let drawn = sources([
        Source::Laplace,
        Source::StudentT,
        Source::Relu,
        Source::IntermediateDense,
        Source::OutputDense,
        Source::Activations,
    ]);
    [option("tail", "by tail weight"), drawn[0], drawn[1], drawn[2], drawn[3], drawn[4], drawn[5]]
};

const PARAMS: &[ParamSpec] = &[
    choice("source", "data", &SOURCES, "tail", "where the values come from"),
    float("tail", "tail weight", (0.0, 3.0, 0.05), 1.0, "0 evenly spread, 1 Gaussian, 2 one value in a thousand x20, 3 x400")
        .when(|p| p.choice("source") == "tail"),
    choice(
        "variant",
        "variant",
        &[option("fn", "FN (OCP)"), option("fnuz", "FNUZ"), option("ieee", "IEEE-style")],
        "fn",
        "which E4M3 and E5M2: they differ in their largest value and in what is NaN",
    ),
    choice(
        "scale",
        "scale",
        &[
            option("absmax", "largest to largest"),
            option("pow2", "the same, a power of two"),
            option("raw", "none (a cast)"),
            option("manual", "by hand"),
        ],
        "absmax",
        "what the floats are divided by; INT8 always takes absmax / 127",
    ),
    decades("scale_value", "scale value", (1.0e-6, 1000.0, 0.1), 0.01, "what the values are divided by before the cast")
        .when(|p| p.choice("scale") == "manual"),
    flag("saturate", "saturate", true, "whether a value beyond the largest becomes the largest one, not infinite or NaN")
        .when(|p| matches!(p.choice("scale"), "raw" | "manual")),
    SEED.when(is_sampled),
    n_values(1 << 20).when(is_sampled),
];

fn is_sampled(params: &Params) -> bool {
    params.choice("source") == "tail" || source(params, "source").is_sampled()
}

const METRICS: &[MetricSpec] = &[
    metric("int8_db", "INT8", "dB", Better::Higher, 2, "SQNR of symmetric INT8, one scale: absmax / 127"),
    metric("e4m3_db", "E4M3", "dB", Better::Higher, 2, "SQNR of E4M3, one scale"),
    metric("e5m2_db", "E5M2", "dB", Better::Higher, 2, "SQNR of E5M2, one scale"),
    metric("e4m3_gain_db", "E4M3 over INT8", "dB", Better::Neither, 2, "SQNR of E4M3 minus that of INT8"),
    metric("tail_ratio", "peak over RMS", "", Better::Neither, 2, "largest magnitude over the root of the mean square"),
    metric("e4m3_scale", "E4M3 scale", "", Better::Neither, 8, "what the values are divided by before the cast"),
    metric("e4m3_max", "E4M3 largest", "", Better::Neither, 0, "largest finite value of this variant"),
    metric("e4m3_overflow", "E4M3 overflow", "%", Better::Lower, 3, "values beyond the largest one of E4M3"),
    metric("e4m3_to_zero", "E4M3 to zero", "%", Better::Lower, 3, "values that E4M3 rounds to 0, those that are 0 not counted"),
    metric("e5m2_overflow", "E5M2 overflow", "%", Better::Lower, 3, "values beyond the largest one of E5M2"),
];

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let data = if params.choice("source") == "tail" {
        Mixture::open(params, ctx)?.values(params.float("tail"), usize::MAX)
    } else {
        Arc::clone(&tensor(params, source(params, "source"), ctx)?.data)
    };
    let (e4m3, e5m2) = formats(params);
    let int8 = contest::int8(&data, ctx)?;
    let scaling = Scaling::of(params);
    let small = |format| contest::float(&data, format, scaling.scale(format, &data), scaling.overflow, ctx);
    let (a, b) = (small(e4m3)?, small(e5m2)?);
    let rms = (int8.errors.signal / int8.errors.n.max(1) as f64).sqrt();
    let ratio = if rms > 0.0 { int8.errors.abs_max / rms } else { 0.0 };
    let n = int8.errors.n;
    Ok(Report {
        metrics: vec![
            value("int8_db", int8.db()),
            value("e4m3_db", a.db()),
            value("e5m2_db", b.db()),
            value("e4m3_gain_db", a.db().zip(int8.db()).map(|(a, b)| a - b).filter(|gain| !gain.is_nan())),
            value("tail_ratio", ratio),
            value("e4m3_scale", f64::from(a.scale)),
            value("e4m3_max", f64::from(e4m3.max())),
            value("e4m3_overflow", percent(a.n_overflow, n)),
            value("e4m3_to_zero", percent(a.n_zero, n)),
            value("e5m2_overflow", percent(b.n_overflow, n)),
        ],
        figures: figures(params, &data, &int8, &a, &b, ctx)?,
        trace: None,
        notes: notes(params, &int8, &[(e4m3, &a), (e5m2, &b)]),
        arrays: vec![],
    })
}

/// The two formats of the chosen variant. E5M2 has no variant without infinities but FNUZ.
fn formats(params: &Params) -> (FloatFormat, FloatFormat) {
    match params.choice("variant") {
        "fnuz" => (FloatFormat::E4M3_FNUZ, FloatFormat::E5M2_FNUZ),
        "ieee" => (FloatFormat::E4M3_IEEE, FloatFormat::E5M2),
        _ => (FloatFormat::E4M3, FloatFormat::E5M2),
    }
}

/// How the floats are scaled.
#[derive(Clone, Copy)]
struct Scaling {
    kind: &'static str,
    value: f32,
    overflow: Overflow,
}

impl Scaling {
    fn of(params: &Params) -> Self {
        let kind = params.choice("scale");
        let can_overflow = matches!(kind, "raw" | "manual");
        let overflow = if can_overflow && !params.bool("saturate") { Overflow::Special } else { Overflow::Saturate };
        Self { kind, value: params.float("scale_value") as f32, overflow }
    }

    fn scale(self, format: FloatFormat, data: &[f32]) -> f32 {
        let peak = abs_max(data);
        let fitting = if peak > 0.0 { (peak / format.max()).max(f32::MIN_POSITIVE) } else { 1.0 };
        match self.kind {
            "raw" => 1.0,
            "manual" => self.value,
            "pow2" => fitting.log2().ceil().exp2(),
            _ => fitting,
        }
    }
}

fn figures(params: &Params, data: &[f32], int8: &Entry, a: &Entry, b: &Entry, ctx: &Ctx) -> Result<Vec<Figure>, LabError> {
    let by_tail = match params.choice("source") {
        "tail" => Some(Figure::Lines(by_tail(params, ctx)?)),
        _ => None,
    };
    let rest = [
        Figure::Ticks(grids(params, int8, a, b)),
        Figure::Lines(by_size(params, int8, a, b)),
        Figure::Table(every_format(
            params,
            data,
            [("INT8", int8), (formats(params).0.name, a), (formats(params).1.name, b)],
            ctx,
        )?),
    ];
    Ok(by_tail.into_iter().chain(rest).collect())
}

/// Values of a curve's point; the curve shows a trend, the metrics look at all values.
const CURVE: usize = 1 << 14;

fn by_tail(params: &Params, ctx: &Ctx) -> Result<Lines, LabError> {
    let mixture = Mixture::open(params, ctx)?;
    let (e4m3, e5m2) = formats(params);
    let scaling = Scaling::of(params);
    let mut points = [Vec::new(), Vec::new(), Vec::new()];
    for k in 0..=12 {
        let tail = f64::from(k) / 4.0;
        let data = mixture.values(tail, CURVE);
        let small = |format| contest::float(&data, format, scaling.scale(format, &data), scaling.overflow, ctx);
        for (points, db) in points.iter_mut().zip([contest::int8(&data, ctx)?.db(), small(e4m3)?.db(), small(e5m2)?.db()]) {
            points.extend(db.filter(|db| db.is_finite()).map(|db| (tail, db)));
        }
    }
    let [int8, four, five] = points;
    let crossing = crossing(&int8, &four);
    let n = count(CURVE.min(params.int("n") as usize) as u64, "value");
    let heading = match crossing {
        Some(tail) => format!("E4M3 overtakes INT8 at tail weight {tail:.2} (of {n})"),
        None => format!("SQNR over the weight of the tail (of {n})"),
    };
    let mark = crossing.map(|x| super::Mark { x, label: "crossing".into(), role: SeriesRole::Grid });
    Ok(Lines {
        view: "by tail",
        heading,
        x_label: "tail",
        y_label: "SQNR",
        y_unit: "dB",
        series: vec![
            Series::line("INT8", SeriesRole::A, int8),
            Series::line(e4m3.name, SeriesRole::B, four),
            Series::line(e5m2.name, SeriesRole::Error, five),
        ],
        marks: mark.into_iter().collect(),
        ..Lines::default()
    })
}

/// Where the second curve first rises above the first; both over the same x.
fn crossing(first: &[(f64, f64)], second: &[(f64, f64)]) -> Option<f64> {
    let lead: Vec<(f64, f64)> = first.iter().zip(second).filter(|(a, b)| a.0 == b.0).map(|(a, b)| (a.0, b.1 - a.1)).collect();
    let pair = lead.windows(2).find(|pair| pair[0].1 < 0.0 && pair[1].1 >= 0.0)?;
    let share = pair[0].1 / (pair[0].1 - pair[1].1);
    Some(pair[0].0 + share * (pair[1].0 - pair[0].0))
}

/// The positive halves of the three grids, as they lie over the data.
fn grids(params: &Params, int8: &Entry, a: &Entry, b: &Entry) -> Ticks {
    let (e4m3, e5m2) = formats(params);
    let peak = int8.errors.abs_max.max(f64::MIN_POSITIVE);
    let lo = peak / 4096.0;
    let float = |format: FloatFormat, entry: &Entry| {
        let scaled = |code: u32| f64::from(format.decode(code)) * f64::from(entry.scale);
        (0..=format.max_code()).map(scaled).filter(|y| (lo..=peak * 2.0).contains(y)).collect::<Vec<f64>>()
    };
    let whole = (1..=127).map(|code| f64::from(code) * f64::from(int8.scale)).filter(|y| *y >= lo).collect::<Vec<f64>>();
    let row = |label: &str, role, ticks: Vec<f64>| {
        let small = ticks.iter().filter(|y| **y <= peak / 16.0).count();
        let note = format!("{small} of {} below a 16th of the largest value", ticks.len());
        TickRow { label: label.into(), role, ticks, here: None, note }
    };
    let rows = vec![
        row("INT8", SeriesRole::A, whole),
        row(e4m3.name, SeriesRole::B, float(e4m3, a)),
        row(e5m2.name, SeriesRole::Error, float(e5m2, b)),
    ];
    Ticks {
        view: "grids",
        heading: format!("positive values of each grid, up to the largest of the data, {}", short(peak)),
        x_label: "magnitude",
        x_unit: "",
        x_log: true,
        lo,
        hi: peak * 2.0,
        rows,
    }
}

/// RMS error of the values of each binade: flat for integers, growing with the value for floats.
fn by_size(params: &Params, int8: &Entry, a: &Entry, b: &Entry) -> Lines {
    let (e4m3, e5m2) = formats(params);
    let points = |entry: &Entry| entry.by_size.iter().copied().filter(|p| p.1 > 0.0).collect();
    Lines {
        view: "by size",
        heading: "error of a value over its size: a flat grid against a growing one".into(),
        x_label: "magnitude",
        y_label: "RMS error",
        x_log: true,
        y_log: true,
        series: vec![
            Series::line("INT8", SeriesRole::A, points(int8)),
            Series::line(e4m3.name, SeriesRole::B, points(a)),
            Series::line(e5m2.name, SeriesRole::Error, points(b)),
        ],
        ..Lines::default()
    }
}

/// Every variant beside INT8, each with the chosen kind of scale. Those that were not measured in full are measured on a
/// part of the values, with the scale of all.
fn every_format(params: &Params, data: &[f32], measured: [(&str, &Entry); 3], ctx: &Ctx) -> Result<Table, LabError> {
    const SAMPLE: usize = 1 << 16;
    let scaling = Scaling::of(params);
    let db = |entry: &Entry| entry.db().map_or_else(|| "none".into(), |db| format!("{db:.2} dB"));
    let int8 = measured[0].1;
    let mut rows = vec![vec!["INT8".into(), "127".into(), "1".into(), "0".into(), short(int8.scale.into()), db(int8)]];
    for format in [FloatFormat::E4M3, FloatFormat::E4M3_IEEE, FloatFormat::E4M3_FNUZ, FloatFormat::E5M2, FloatFormat::E5M2_FNUZ] {
        let scale = scaling.scale(format, data);
        let known = measured.iter().find(|row| row.0 == format.name).map(|row| db(row.1));
        let words = match known {
            Some(words) => words,
            None => db(&contest::float(&data[..data.len().min(SAMPLE)], format, scale, scaling.overflow, ctx)?),
        };
        let (counts, ends) = (format.counts(), [format.max(), format.min_positive()].map(|x| short(x.into())));
        let [largest, smallest] = ends;
        let n_special = (counts.nan + counts.infinite).to_string();
        rows.push(vec![format.name.into(), largest, smallest, n_special, short(scale.into()), words]);
    }
    let heading = match data.len() {
        n if n > SAMPLE => format!("every 8-bit format; variants that are not chosen on {SAMPLE} of the values"),
        _ => "every 8-bit format on these values".into(),
    };
    Ok(Table { view: "formats", heading, columns: vec!["format", "largest", "smallest", "no numbers", "scale", "SQNR"], rows })
}

fn notes(params: &Params, int8: &Entry, floats: &[(FloatFormat, &Entry); 2]) -> Vec<String> {
    let mut notes = Vec::new();
    for ((format, entry), name) in floats.iter().zip(["e4m3_db", "e5m2_db"]) {
        if entry.n_lost > 0 {
            let lost = count(entry.n_lost, "value");
            notes.push(format!("{name} is absent: {lost} became infinite or NaN in {}.", format.name));
        }
    }
    let gain = floats[0].1.db().zip(int8.db()).map(|(a, b)| a - b);
    match gain {
        Some(gain) if gain >= 1.0 => {
            notes.push(format!("E4M3 leads by {gain:.1} dB: few values are large, and INT8 has one step for all."))
        }
        Some(gain) if gain <= -1.0 => {
            notes.push(format!("INT8 leads by {:.1} dB: without a heavy tail even steps spend their codes better.", -gain));
        }
        Some(gain) if gain.is_finite() => notes.push("INT8 and E4M3 are about even here.".into()),
        _ => notes.push("e4m3_gain_db is absent: one of the two has no finite SQNR.".into()),
    }
    if params.choice("source") == "tail" && params.float("tail") < 1.0 && params.float("tail") > 0.0 {
        notes.push(format!("{:.0} % of the values are Gaussian, the others evenly spread.", 100.0 * params.float("tail")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    fn metric(set: &[(&str, &str)], name: &str) -> f64 {
        run_with(&LAB, set).metric(name).unwrap_or_else(|| panic!("{name} is defined for {set:?}"))
    }

    #[test]
    fn the_challenge_of_lesson_22_has_its_answers() {
        assert!(metric(&[("tail", "2")], "e4m3_gain_db") >= 5.0);
        assert!(metric(&[("tail", "1")], "e4m3_gain_db") <= -6.9, "{}", metric(&[("tail", "1")], "e4m3_gain_db"));
        assert!(metric(&[("tail", "0")], "e4m3_gain_db") <= -7.0);
    }

    #[test]
    fn variants_reach_their_largest_value() {
        let largest = |variant| metric(&[("variant", variant)], "e4m3_max");
        assert_eq!([largest("fn"), largest("ieee"), largest("fnuz")], [448.0, 240.0, 240.0]);
    }

    #[test]
    fn values_beyond_the_largest_are_lost_unless_they_saturate() {
        let set = [("scale", "manual"), ("scale_value", "0.001"), ("n", "4096")];
        assert!(metric(&set, "e4m3_overflow") > 10.0 && metric(&set, "e4m3_db") < 20.0);
        let lost = run_with(&LAB, &[("saturate", "false"), set[0], set[1], set[2]]);
        assert_eq!(lost.metric("e4m3_db"), None);
        assert!(lost.notes.iter().any(|note| note.contains("e4m3_db")), "{:?}", lost.notes);
    }

    #[test]
    fn curves_cross_between_gaussian_and_outliers() {
        let report = run_with(&LAB, &[("n", "65536")]);
        let Figure::Lines(lines) = &report.figures[0] else { panic!("the curve comes first") };
        assert!(lines.marks.iter().any(|mark| (1.0..2.0).contains(&mark.x)), "{:?}", lines.marks);
    }

    #[test]
    fn a_crossing_lies_between_its_points() {
        assert_eq!(crossing(&[(0.0, 4.0), (1.0, 0.0)], &[(0.0, 2.0), (1.0, 2.0)]), Some(0.5));
        assert_eq!(crossing(&[(0.0, 4.0), (1.0, 3.0)], &[(0.0, 2.0), (1.0, 2.0)]), None);
    }
}
