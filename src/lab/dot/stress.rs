//! The longest sums: K times the largest product that two types allow, in a register that cannot grow.

use super::operands::Kind;
use crate::{
    lab::{
        Bits, BitsRow, Lines, Mark, Series, SeriesRole, Table,
        row::{grouped, signed},
    },
    quant::onnx::first_overflow,
};

/// Codes of two types, as large as they come, multiplied and added K times.
pub(super) struct Worst {
    a: Kind,
    b: Kind,
    k: i64,
    codes: (i32, i32),
}

impl Worst {
    pub(super) fn of(a: Kind, b: Kind, k: i64) -> Self {
        let ends = |kind: Kind| [kind.range().qmin, kind.range().qmax];
        let all = ends(a).into_iter().flat_map(|x| ends(b).into_iter().map(move |y| (x, y)));
        let codes = all.max_by_key(|&(x, y)| (x * y).abs()).expect("two ends by two ends");
        Self { a, b, k, codes }
    }

    fn product(&self) -> i64 {
        i64::from(self.codes.0) * i64::from(self.codes.1)
    }

    /// Exactly.
    pub(super) fn sum(&self) -> i64 {
        self.k * self.product()
    }

    /// In int32, which wraps around.
    pub(super) fn register(&self) -> i32 {
        self.sum() as i32
    }

    pub(super) fn overflows(&self) -> bool {
        i64::from(self.register()) != self.sum()
    }

    pub(super) fn first_overflow(&self) -> u64 {
        first_overflow(self.a.element(), 0, self.b.element(), 0).expect("both types are integers with a product other than 0")
    }

    fn heading(&self) -> String {
        let (x, y) = self.codes;
        let sum = format!("{} times {x} * {y} = {}", grouped(self.k as u64), signed(self.sum()));
        if self.overflows() {
            format!("{sum}: int32 holds {}", signed(self.register().into()))
        } else {
            format!("{sum} fits in int32")
        }
    }

    /// The sum in 40 bits, and what registers of 32 and 16 hold of it.
    pub(super) fn bits(&self) -> Bits {
        const WIDE: u32 = 40;
        let sum = self.sum();
        let row = |label: &str, n: u32, holds: i64, fields: Vec<_>| BitsRow {
            label: label.into(),
            pattern: holds as u64 & (u64::MAX >> (64 - n)),
            n,
            fields,
            note: if holds == sum { signed(holds) } else { format!("{}: wrapped", signed(holds)) },
        };
        let int32 = [("sign", 1, SeriesRole::A), ("31 bits", 31, SeriesRole::B)];
        let wide = [("above int32", WIDE - 32, SeriesRole::Error)].into_iter().chain(int32).collect();
        let rows = vec![
            row("exact", WIDE, sum, wide),
            row("int32", 32, self.register().into(), int32.to_vec()),
            row("int16", 16, (sum as i16).into(), vec![("sign", 1, SeriesRole::A), ("15 bits", 15, SeriesRole::B)]),
        ];
        Bits { view: "register", heading: self.heading(), rows }
    }

    /// The sum and what the register says, over K.
    pub(super) fn growth(&self) -> Lines {
        const POINTS: i64 = 240;
        let first = self.first_overflow();
        let last = (self.k as f64).max(2.2 * first as f64);
        let at = |i: i64| (last * i as f64 / POINTS as f64).round();
        let exact = vec![(0.0, 0.0), (last, last * self.product() as f64)];
        let held = |k: f64| f64::from((k as i64 * self.product()) as i32);
        // Points: a line would be joined across the fall of the saw.
        let points = (0..=POINTS).map(|i| (at(i), held(at(i)))).collect();
        Lines {
            view: "growth",
            heading: format!(
                "with {} and {} a sum can leave int32 from K = {} on",
                self.a.label(),
                self.b.label(),
                grouped(first)
            ),
            x_label: "K",
            y_label: "sum",
            series: vec![
                Series::line("exact", SeriesRole::A, exact),
                Series { shape: crate::lab::Shape::Points, ..Series::line("int32", SeriesRole::B, points) },
            ],
            marks: vec![Mark { x: first as f64, label: "overflow".into(), role: SeriesRole::Error }],
            here: Some((self.k as f64, f64::from(self.register()))),
            ..Lines::default()
        }
    }

    pub(super) fn note(&self) -> String {
        let spare = self.first_overflow() as f64 / 4096.0;
        format!("A layer of 4096 inputs is {spare:.0} times shorter than the first sum that can overflow.")
    }
}

/// Every pair of types: the largest product, and how many of it a register holds.
pub(super) fn types() -> Table {
    let mut rows = Vec::new();
    for (i, a) in Kind::ALL.into_iter().enumerate() {
        for b in Kind::ALL.into_iter().skip(i) {
            let worst = Worst::of(a, b, 1);
            let product = worst.product();
            let in_int16 = if product < 0 { i64::from(i16::MIN) / product } else { i64::from(i16::MAX) / product };
            rows.push(vec![
                format!("{} by {}", a.label(), b.label()),
                signed(product),
                in_int16.to_string(),
                grouped(worst.first_overflow() - 1),
                grouped(worst.first_overflow()),
            ]);
        }
    }
    Table {
        view: "types",
        heading: "the largest product of two types, and how many a register surely holds".into(),
        columns: vec!["types", "product", "in int16", "in int32", "can overflow"],
        rows,
    }
}
