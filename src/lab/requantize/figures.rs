//! The dial's views.

use super::{
    Dial,
    rule::{Rule, Tally, is_nearest},
};
use crate::lab::{
    Bar, Bars, Lines, Mark, Segment, Series, SeriesRole, Shape, Table,
    row::{grouped, signed},
};

/// Rows of each kind: accumulators on which the rules differ, and others.
const DIFFERING: usize = 9;
const AGREEING: usize = 4;

/// The chosen accumulator, then random ones: first those on which the two fixed-point rules differ.
pub(super) fn accumulators(dial: &Dial) -> Table {
    let differs = |&acc: &i32| dial.apply(Rule::Twice, acc) != dial.apply(Rule::Once, acc);
    let all = || dial.accs.iter().copied();
    let shown = std::iter::once(dial.acc)
        .chain(all().filter(differs).take(DIFFERING))
        .chain(all().filter(|acc| !differs(acc)).take(AGREEING));
    let row = |acc: i32| {
        let [twice, once, float] = [Rule::Twice, Rule::Once, Rule::Float].map(|rule| dial.apply(rule, acc));
        let mark =
            |result: i32| format!("{}{}", signed(result.into()), if is_nearest(acc, dial.real, result) { "" } else { " !" });
        vec![
            signed(acc.into()),
            format!("{:.4}", f64::from(acc) * dial.real),
            mark(float),
            mark(twice),
            mark(once),
            dial.output.code(dial.apply(dial.rule, acc).into()).to_string(),
        ]
    };
    let n_differing = all().filter(differs).count();
    Table {
        view: "accumulators",
        heading: format!(
            "twice and once differ on {} of {} random ones; ! is not the nearest",
            grouped(n_differing as u64),
            grouped(dial.accs.len() as u64)
        ),
        columns: vec!["accumulator", "times M", "float32", "twice", "once", "code of y"],
        rows: shown.map(row).collect(),
    }
}

/// Whole numbers over the accumulators around the chosen one.
pub(super) fn stairs(dial: &Dial) -> Lines {
    const STAIRS: f64 = 2.5;
    const POINTS: i64 = 400;
    let half = ((STAIRS / dial.real).ceil() as i64).clamp(4, 1 << 20);
    let step = (2 * half / POINTS).max(1);
    let at = |offset: i64| dial.acc.saturating_add(offset as i32);
    let accs: Vec<i32> = (-half..=half).step_by(step as usize).map(at).collect();
    let curve = |rule: Rule| accs.iter().map(|&acc| (f64::from(acc), f64::from(dial.apply(rule, acc)))).collect::<Vec<_>>();
    let exact = |acc: i32| (f64::from(acc), f64::from(acc) * dial.real);
    let other = if dial.rule == Rule::Once { Rule::Twice } else { Rule::Once };
    Lines {
        view: "stairs",
        heading: format!(
            "whole numbers around accumulator {}: rounded {} and {}",
            signed(dial.acc.into()),
            dial.rule.label(),
            other.label()
        ),
        x_label: "acc",
        y_label: "result",
        series: vec![
            Series::line("exact", SeriesRole::Grid, vec![exact(at(-half)), exact(at(half))]),
            Series::line(other.label(), SeriesRole::A, curve(other)),
            Series { shape: Shape::Points, ..Series::line(dial.rule.label(), SeriesRole::B, curve(dial.rule)) },
        ],
        here: Some((f64::from(dial.acc), f64::from(dial.apply(dial.rule, dial.acc)))),
        ..Lines::default()
    }
}

/// How often each rule misses the nearest whole number.
pub(super) fn mismatches(dial: &Dial, tallies: &[Tally]) -> Bars {
    let bar = |tally: &Tally| Bar {
        label: tally.rule.label().into(),
        segments: vec![Segment {
            name: "not the nearest",
            value: tally.mismatches as f64,
            role: if tally.rule == dial.rule { SeriesRole::B } else { SeriesRole::A },
        }],
        note: format!("mean error {:+.4}, largest {:.3}", tally.mean_error, tally.worst_error),
    };
    Bars {
        view: "mismatches",
        heading: format!("of {} random accumulators, not the nearest whole number", grouped(dial.accs.len() as u64)),
        unit: "accumulators",
        log: false,
        bars: tallies.iter().map(bar).collect(),
    }
}

/// The output's code over the accumulator, with its clamp.
pub(super) fn output(dial: &Dial) -> Lines {
    const POINTS: i64 = 320;
    let reach = dial.accs.iter().map(|acc| acc.unsigned_abs()).max().unwrap_or(1).max(1);
    let at = |i: i64| (f64::from(reach) * (2.0 * i as f64 / POINTS as f64 - 1.0)).round() as i32;
    let point = |i: i64| (f64::from(at(i)), f64::from(dial.output.code(dial.apply(dial.rule, at(i)).into())));
    let range = dial.output.range;
    Lines {
        view: "output",
        heading: format!("codes of y from {} to {}; code {} is real 0", range.qmin, range.qmax, dial.output.zero_point),
        x_label: "acc",
        y_label: "code of y",
        series: vec![Series::line("code of y", SeriesRole::B, (0..=POINTS).map(point).collect())],
        marks: vec![Mark { x: 0.0, label: "real 0".into(), role: SeriesRole::Grid }],
        here: (dial.acc.unsigned_abs() <= reach)
            .then(|| (f64::from(dial.acc), f64::from(dial.output.code(dial.apply(dial.rule, dial.acc).into())))),
        y_metric: "code",
        ..Lines::default()
    }
}
