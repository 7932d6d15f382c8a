//! Where a format has values: near a number, over its whole range, and how far apart.

use super::Subject;
use crate::{
    lab::{Lines, Mark, Series, SeriesRole, TickRow, Ticks, row::short},
    quant::float::FloatFormat,
};

/// Formats of the rulers; FP32 has too many values to draw, and its range is that of BF16.
const SHOWN: [FloatFormat; 8] = [
    FloatFormat::FP16,
    FloatFormat::BF16,
    FloatFormat::E5M2,
    FloatFormat::E4M3,
    FloatFormat::E3M2,
    FloatFormat::E2M3,
    FloatFormat::E2M1,
    FloatFormat::E8M0,
];

fn role(subject: &Subject, format: FloatFormat) -> SeriesRole {
    if format == subject.format { SeriesRole::B } else { SeriesRole::A }
}

/// Every value from half to twice the number, in magnitude.
pub(super) fn near(subject: &Subject) -> Ticks {
    let magnitude = subject.magnitude();
    let (lo, hi) = (magnitude / 2.0, magnitude * 2.0);
    let row = |format: FloatFormat| {
        let ticks = between(format, lo, hi);
        let note = format!("{} value{}", ticks.len(), if ticks.len() == 1 { "" } else { "s" });
        let stored = f64::from(subject.seen_by(format).stored).abs();
        let here = Some(stored).filter(|y| (lo..=hi).contains(y));
        TickRow { label: format.name.into(), role: role(subject, format), ticks, here, note }
    };
    let n = between(subject.format, lo, hi).len();
    let count = if subject.format == FloatFormat::FP32 { String::new() } else { format!(": {n} in {}", subject.format.name) };
    Ticks {
        view: "ruler",
        heading: format!("values from {} to {}{count}", short(lo), short(hi)),
        x_label: "magnitude",
        x_unit: "",
        x_log: true,
        lo,
        hi,
        rows: SHOWN.map(row).into(),
    }
}

/// The positive values of a format inside a range, ascending; none of FP32.
fn between(format: FloatFormat, lo: f64, hi: f64) -> Vec<f64> {
    if format == FloatFormat::FP32 {
        return Vec::new();
    }
    let last = format.max_code();
    let at = |code: u32| f64::from(format.decode(code));
    // Codes count magnitudes upwards.
    let all: Vec<u32> = (0..=last).collect();
    let first = all.partition_point(|&code| at(code) < lo);
    all[first..].iter().map(|&code| at(code)).take_while(|&y| y <= hi).filter(|&y| y > 0.0).collect()
}

/// The binades of every format: what its exponent reaches.
pub(super) fn range(subject: &Subject) -> Ticks {
    let row = |format: FloatFormat| {
        let (first, last) = (f64::from(format.min_positive()), f64::from(format.max()));
        let powers = std::iter::successors(Some(first), |y| Some(y * 2.0)).take_while(|&y| y < last);
        let stored = f64::from(subject.seen_by(format).stored).abs();
        TickRow {
            label: format.name.into(),
            role: role(subject, format),
            ticks: powers.chain([last]).collect(),
            here: Some(stored).filter(|y| (first..=last).contains(y)),
            note: format!("{} to {}", short(first), short(last)),
        }
    };
    let format = subject.format;
    let decades = f64::from(format.max()).log10() - f64::from(format.min_positive()).log10();
    Ticks {
        view: "range",
        heading: format!("powers of two that each format reaches: {} spans {decades:.1} decades", format.name),
        x_label: "magnitude",
        x_unit: "",
        x_log: true,
        lo: 1e-46,
        hi: 1e39,
        rows: FloatFormat::ALL.map(row).into(),
    }
}

/// Distance of neighbours over the magnitude, beside the constant one of integers.
pub(super) fn spacing(subject: &Subject) -> Lines {
    let format = subject.format;
    let formats = [FloatFormat::FP16, FloatFormat::BF16, FloatFormat::E4M3];
    let others = formats.into_iter().filter(|other| *other != format);
    let floats = std::iter::once((format, SeriesRole::B)).chain(others.map(|other| (other, SeriesRole::A)));
    let steps = floats.map(|(format, role)| Series::line(format.name, role, staircase(format))).collect::<Vec<_>>();
    let int8 = Series::line("INT8, scale 1/64", SeriesRole::Grid, vec![(1.0 / 64.0, 1.0 / 64.0), (127.0 / 64.0, 1.0 / 64.0)]);
    let magnitude = subject.magnitude().clamp(LOW, HIGH);
    Lines {
        view: "spacing",
        heading: format!(
            "{} neighbours of {} lie {} apart",
            format.name,
            short(magnitude),
            short(format.spacing(magnitude as f32))
        ),
        x_label: "magnitude",
        y_label: "spacing",
        x_log: true,
        y_log: true,
        series: steps.into_iter().chain([int8]).collect(),
        marks: vec![Mark { x: magnitude, label: "here".into(), role: SeriesRole::Grid }],
        here: Some((magnitude, format.spacing(magnitude as f32))),
        y_metric: "spacing",
        ..Lines::default()
    }
}

/// The part of the axis where the formats differ; whole binades.
const LOW: f64 = 1.0 / (1u64 << 26) as f64;
const HIGH: f64 = (1u64 << 20) as f64;

/// Both ends of every binade.
fn staircase(format: FloatFormat) -> Vec<(f64, f64)> {
    let last = f64::from(format.max()).min(HIGH);
    let powers = std::iter::successors(Some(f64::from(format.min_positive()).max(LOW)), |y| Some(y * 2.0));
    powers.take_while(|&y| y < last).flat_map(|y| [y, (y * 2.0).min(last)].map(|end| (end, format.spacing(y as f32)))).collect()
}
