//! One accumulator on its way, in the bits that hold it.

use super::{Dial, rule::Rule};
use crate::{
    lab::{
        Bits, BitsRow, Figure, SeriesRole, Table, Trace, TraceStep,
        row::{short, signed},
    },
    quant::fixed_point::high_mul,
};

pub(super) fn trace(dial: &Dial) -> Trace {
    let by = dial.by;
    let left = by.shift.min(0).unsigned_abs();
    let right = by.shift.max(0) as u32;
    let wide = (i64::from(dial.acc) << left).clamp(i32::MIN.into(), i32::MAX.into()) as i32;
    let product = i64::from(wide) * i64::from(by.mantissa);
    let high = high_mul(wide, by.mantissa);
    let (twice, once) = (dial.apply(Rule::Twice, dial.acc), dial.apply(Rule::Once, dial.acc));
    let real = short(dial.real);
    let shifted = if left > 0 { format!(", shifted to the left by {left},") } else { String::new() };
    let steps = vec![
        step(
            format!(
                "M = {real} is M0 times 2^{}, with M0 = {:.9} between 1/2 and 1.",
                -by.shift,
                f64::from(by.mantissa) / 2f64.powi(31)
            ),
            vec![word("M0, Q31", 32, by.mantissa.into(), 31, ["sign", "31 bits after the point"], signed(by.mantissa.into()))],
        ),
        step(
            format!("The accumulator {}{shifted} times M0 is a product of 64 bits.", signed(dial.acc.into())),
            vec![word("product", 64, product, 31, ["33 bits", "31 bits after the point"], signed(product))],
        ),
        step(
            format!(
                "SRDHM drops 31 bits and rounds, ties up: {:.5} becomes {}.",
                product as f64 / 2f64.powi(31),
                signed(high.into())
            ),
            vec![word("high half", 32, high.into(), right, ["kept", "to be shifted out"], signed(high.into()))],
        ),
        step(
            format!(
                "RDBPOT shifts by {right} and rounds again, ties away from 0: {:.5} becomes {}.",
                f64::from(high) / 2f64.powi(right as i32),
                signed(twice.into())
            ),
            vec![word("twice", 32, twice.into(), 0, ["result", ""], signed(twice.into()))],
        ),
        step(
            format!(
                "Rounded once, all {} bits at a time, {:.5} becomes {}{}.",
                31 + by.shift,
                dial.exact(),
                signed(once.into()),
                if once == twice { ", the same" } else { ": not what two roundings gave" }
            ),
            vec![
                word("twice", 32, twice.into(), 0, ["result", ""], signed(twice.into())),
                word("once", 32, once.into(), 0, ["result", ""], signed(once.into())),
            ],
        ),
        output(dial),
    ];
    Trace { first: false, steps }
}

fn step(caption: String, rows: Vec<BitsRow>) -> TraceStep {
    TraceStep { caption, figures: vec![Figure::Bits(Bits { view: "steps", heading: String::new(), rows })] }
}

/// A word of `n` bits, cut before its last `n_low`.
fn word(label: &str, n: u32, holds: i64, n_low: u32, [high, low]: [&'static str; 2], note: String) -> BitsRow {
    let mut fields = vec![(high, n - n_low, SeriesRole::B)];
    if n_low > 0 {
        fields.push((low, n_low, SeriesRole::A));
    }
    BitsRow { label: label.into(), pattern: holds as u64 & (u64::MAX >> (64 - n)), n, fields, note }
}

/// Zero point and clamp.
fn output(dial: &Dial) -> TraceStep {
    let rounded = dial.apply(dial.rule, dial.acc);
    let free = i64::from(rounded) + i64::from(dial.output.zero_point);
    let code = dial.output.code(rounded.into());
    let range = dial.output.range;
    let row = |what: &str, value: String| vec![what.to_owned(), value];
    let table = Table {
        view: "steps",
        heading: "from the rounded product to the output".into(),
        columns: vec!["step", "value"],
        rows: vec![
            row(&format!("product, rounded {}", dial.rule.label()), signed(rounded.into())),
            row(&format!("plus the zero point {}", dial.output.zero_point), signed(free)),
            row(&format!("held inside {} to {}", range.qmin, range.qmax), code.to_string()),
        ],
    };
    TraceStep {
        caption: format!(
            "With the zero point it is {}; the clamp from {} to {} leaves code {code}.",
            signed(free),
            range.qmin,
            range.qmax
        ),
        figures: vec![Figure::Table(table)],
    }
}
