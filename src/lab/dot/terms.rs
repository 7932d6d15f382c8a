//! The dot product step by step, in a live register, and its terms in a table.

use super::operands::{Dot, MATMUL_INTEGER, Operand};
use crate::lab::{
    Bits, BitsRow, Cell, CellRow, Cells, Figure, SeriesRole, Table, Trace, TraceStep,
    row::{short, signed},
};

pub(super) fn figures(dot: &Dot, precompute: bool) -> Vec<Figure> {
    let mut figures = vec![Figure::Table(table(dot, precompute))];
    figures.extend(dot.whole.as_ref().map(|whole| Figure::Table(whole_table(whole))));
    figures
}

/// The products one after the other, then what the zero points take away; with `precompute` the register starts at what
/// the weights decide, as kernels have it.
pub(super) fn trace(dot: &Dot, precompute: bool) -> Trace {
    let terms = dot.terms();
    let mut walk = Walk { dot, register: 0, steps: Vec::new() };
    walk.step(start_caption(dot), None);
    if precompute {
        walk.add(
            terms.known(),
            |sum| {
                format!(
                    "Before any input the register holds -za sum(qb) + K za zb{} = {sum}, once for all inputs.",
                    plus_bias(dot)
                )
            },
            None,
        );
    }
    for (k, (a, b)) in dot.pairs().enumerate() {
        walk.add(
            a * b,
            |sum| format!("k = {k}: {a} times {b} is {}; the register holds {sum}.", signed((a * b).into())),
            Some(k),
        );
    }
    let sum = |of: &Operand| signed(of.codes.iter().map(|&q| i64::from(q)).sum());
    let (a_sum, b_sum, za, zb) = (sum(&dot.a), sum(&dot.b), dot.a.zero, dot.b.zero);
    let correct = |walk: &mut Walk, term: i32, words: String| {
        walk.add(term, |now| format!("{words} {}; the register holds {now}.", signed(term.into())), None);
    };
    correct(&mut walk, terms.b_zero, format!("This input decides -zb sum(qa) = -({zb}) ({a_sum}) ="));
    if !precompute {
        correct(&mut walk, terms.a_zero, format!("The weights decide -za sum(qb) = -({za}) ({b_sum}) ="));
        correct(&mut walk, terms.constant, format!("No input changes K za zb = {} ({za}) ({zb}) =", dot.k()));
        if dot.bias.0 != 0.0 {
            let unit = short(dot.unit().unwrap_or(1.0));
            correct(&mut walk, terms.bias, format!("The bias {}, in steps of sa sb = {unit}, is", dot.bias.0));
        }
    }
    walk.check();
    Trace { first: true, steps: walk.steps }
}

fn plus_bias(dot: &Dot) -> &'static str {
    if dot.bias.0 == 0.0 { "" } else { " + bias" }
}

fn start_caption(dot: &Dot) -> String {
    format!("Code {} of a stands for real 0, code {} of b too; the register is empty.", dot.a.zero, dot.b.zero)
}

/// The register on its way.
struct Walk<'a> {
    dot: &'a Dot,
    register: i32,
    steps: Vec<TraceStep>,
}

impl Walk<'_> {
    fn add(&mut self, term: i32, caption: impl FnOnce(String) -> String, at: Option<usize>) {
        self.register = self.register.wrapping_add(term);
        self.step(caption(signed(self.register.into())), at);
    }

    fn step(&mut self, caption: String, at: Option<usize>) {
        let rows = vec![self.row(&self.dot.a, SeriesRole::A, at), self.row(&self.dot.b, SeriesRole::B, at)];
        let cells = Cells { view: "steps", heading: String::new(), rows, legend: vec![] };
        self.steps.push(TraceStep { caption, figures: vec![Figure::Cells(cells), Figure::Bits(register(self.register))] });
    }

    fn row(&self, of: &Operand, role: SeriesRole, at: Option<usize>) -> CellRow {
        let cell = |(k, q): (usize, &i32)| Cell { text: q.to_string(), role, strong: Some(k) == at };
        CellRow {
            label: format!("{} {} z = {}", of.name, of.kind.short(), of.zero),
            cells: of.codes.iter().enumerate().map(cell).collect(),
            note: String::new(),
        }
    }

    /// The same result with the zero points taken off first, and what it stands for.
    fn check(&mut self) {
        let dot = self.dot;
        let less = |of: &Operand, role, name: &str| CellRow {
            label: name.into(),
            cells: of.codes.iter().map(|q| Cell { text: (q - of.zero).to_string(), role, strong: false }).collect(),
            note: String::new(),
        };
        let products = dot.pairs().map(|(a, b)| (a - dot.a.zero) * (b - dot.b.zero));
        let rows = vec![
            less(&dot.a, SeriesRole::A, "qa - za"),
            less(&dot.b, SeriesRole::B, "qb - zb"),
            CellRow {
                label: "product".into(),
                cells: products.map(|p| Cell { text: p.to_string(), role: SeriesRole::Grid, strong: false }).collect(),
                note: String::new(),
            },
        ];
        let result = signed(self.register.into());
        let caption = match (dot.real_result(), dot.float_result()) {
            (Some(real), Some(float)) => {
                format!(
                    "{result} again with the zero points off first{}; times sa sb it is {real:.4}, in float {float:.4}.",
                    plus_bias(dot)
                )
            }
            _ => format!("The same {result} comes of taking the zero points off first."),
        };
        let cells = Cells { view: "steps", heading: String::new(), rows, legend: vec![] };
        self.steps.push(TraceStep { caption, figures: vec![Figure::Cells(cells), Figure::Bits(register(self.register))] });
    }
}

/// An int32 register, two's complement, cut at its bytes.
fn register(holds: i32) -> Bits {
    let fields = vec![
        ("sign", 1, SeriesRole::Error),
        ("30 to 24", 7, SeriesRole::B),
        ("23 to 16", 8, SeriesRole::B),
        ("15 to 8", 8, SeriesRole::B),
        ("7 to 0", 8, SeriesRole::B),
    ];
    let row = BitsRow { label: "int32".into(), pattern: u64::from(holds as u32), n: 32, fields, note: signed(holds.into()) };
    Bits { view: "steps", heading: String::new(), rows: vec![row] }
}

fn table(dot: &Dot, precompute: bool) -> Table {
    let terms = dot.terms();
    let k = dot.k();
    let known = if precompute { "once, with the weights" } else { "here again for every input" };
    let row = |term: String, value: i32, when: &str| vec![term, signed(value.into()), when.to_owned()];
    let mut rows = vec![
        row("sum of qa qb".into(), terms.products, "for every input"),
        row(
            format!("-zb sum qa, zb = {}", dot.b.zero),
            terms.b_zero,
            if dot.b.zero == 0 { "never: it is 0" } else { "for every input" },
        ),
        row(format!("-za sum qb, za = {}", dot.a.zero), terms.a_zero, known),
        row(format!("K za zb, K = {k}"), terms.constant, known),
    ];
    if dot.bias.0 != 0.0 {
        rows.push(row(format!("bias {}", dot.bias.0), terms.bias, "once, with the weights"));
    }
    rows.push(row("int32 result".into(), terms.result(), "the sum of these"));
    Table {
        view: "terms",
        heading: format!("the sum of (qa - za)(qb - zb) is {}", signed(terms.result().into())),
        columns: vec!["term", "value", "when it is computed"],
        rows,
    }
}

fn whole_table(whole: &[i32]) -> Table {
    let row = |(i, y): (usize, &[i32])| {
        let a = &MATMUL_INTEGER.a[3 * i..3 * i + 3];
        vec![i.to_string(), a.iter().map(i32::to_string).collect::<Vec<_>>().join(" "), y[0].to_string(), y[1].to_string()]
    };
    Table {
        view: "product",
        heading: "MatMulInteger of ONNX: all 4 x 2 results, a with zero point 12".into(),
        columns: vec!["row", "codes of a", "column 0: 1 2 3", "column 1: 4 5 6"],
        rows: whole.chunks(2).enumerate().map(row).collect(),
    }
}

/// Additions and multiplications at run time beside the K products and their sum.
pub(super) fn extra_ops(dot: &Dot, precompute: bool) -> usize {
    // A term with a sum of its own: K - 1 additions, a multiplication, and one addition to the register.
    let with_sum = dot.k() + 1;
    let input = if dot.b.zero == 0 { 0 } else { with_sum };
    let weights = match (dot.a.zero == 0, precompute) {
        (true, false) => 0,
        (false, false) => with_sum,
        (_, true) => usize::from(dot.terms().known() != 0),
    };
    let both = if precompute || dot.a.zero == 0 || dot.b.zero == 0 { 0 } else { 1 };
    let bias = usize::from(!precompute && dot.bias.1 != 0);
    input + weights + both + bias
}
