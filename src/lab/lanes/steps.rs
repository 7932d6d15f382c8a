//! The way of one weight, step by step.

use std::ops::Range;

use super::product::{Instruction, N_INPUTS, N_OUTPUTS, Product};
use crate::lab::{Bits, BitsRow, Cell, CellRow, Cells, Figure, SeriesRole, Table, Trace, TraceStep};

pub(super) fn trace(product: &Product, sum: i32) -> Trace {
    let steps = vec![
        float(product),
        code(product),
        packed(product),
        register(product),
        multiplied(product),
        accumulated(product, sum),
        back(product, sum),
    ];
    Trace { first: true, steps }
}

fn step(caption: String, figures: Vec<Figure>) -> TraceStep {
    TraceStep { caption, figures }
}

fn float(product: &Product) -> TraceStep {
    let w = product.weight();
    let row = float_bits("FP32", w);
    let (k, j) = (product.input, product.output);
    step(
        format!("The weight from input {k} to output {j} is {w:.6}: four bytes."),
        vec![Figure::Bits(Bits { view: "steps", heading: format!("{:#010x}", w.to_bits()), rows: vec![row] })],
    )
}

fn float_bits(label: &str, x: f32) -> BitsRow {
    BitsRow {
        label: label.into(),
        pattern: x.to_bits().into(),
        n: 32,
        fields: vec![("sign", 1, SeriesRole::Error), ("exponent", 8, SeriesRole::A), ("mantissa", 23, SeriesRole::B)],
        note: format!("{x:.6}"),
    }
}

fn code(product: &Product) -> TraceStep {
    let (w, scale, code) = (product.weight(), product.scales[product.output], product.code());
    let row = BitsRow {
        label: "int8".into(),
        pattern: u64::from(code as u8),
        n: 8,
        fields: vec![("two's complement", 8, SeriesRole::B)],
        note: format!("code {code}"),
    };
    step(
        format!(
            "Output {} has the scale {scale:.6}: {w:.6} / {scale:.6} = {:.2}, rounded {code}. One byte is left.",
            product.output,
            w / scale
        ),
        vec![Figure::Bits(Bits {
            view: "steps",
            heading: format!("{:#04x}", code as u8),
            rows: vec![float_bits("FP32", w), row],
        })],
    )
}

/// Bytes of a lane.
const LANE: usize = 4;
/// Bytes in a row of the panel, and of a register.
const SHOWN: usize = 2 * LANE;
const IN_REGISTER: usize = 4 * LANE;

fn packed(product: &Product) -> TraceStep {
    let (k, j, place) = (product.input, product.output, product.place());
    let (panel, group) = (product.instruction.panel(), product.instruction.group());
    let widened = if product.instruction.width() == 2 { ", widened to 16 bits" } else { "" };
    let caption = format!(
        "The kernel wants the {group} codes that one lane multiplies beside each other{widened}, {panel} columns to a panel. Byte {} by rows becomes byte {place}.",
        k * N_OUTPUTS + j
    );
    step(caption, vec![Figure::Cells(by_rows(product)), Figure::Cells(by_panels(product))])
}

/// The bytes around the weight before packing: a row of B is an input.
fn by_rows(product: &Product) -> Cells {
    let first = product.output / SHOWN * SHOWN;
    let row = |k: usize| CellRow {
        label: format!("input {k}"),
        cells: (first..first + SHOWN)
            .map(|j| {
                cell(
                    product.codes_of(j)[k],
                    k == product.input && j == product.output,
                    product.group().contains(&k) && j == product.output,
                )
            })
            .collect(),
        note: String::new(),
    };
    Cells {
        view: "steps",
        heading: format!("by rows, outputs {first} to {}", first + SHOWN - 1),
        rows: product.group().map(row).collect(),
        legend: vec![(SeriesRole::B, "its group"), (SeriesRole::Grid, "other weights")],
    }
}

/// The same bytes in the panel: groups of a column side by side.
fn by_panels(product: &Product) -> Cells {
    let (size, bytes) = (product.instruction.group(), product.packed.bytes());
    let n_columns = SHOWN / LANE;
    let column = product.output / n_columns * n_columns;
    let own = product.place()..product.place() + product.instruction.width();
    let row = |k: usize| {
        let begin = product.packed.place(k, column);
        let cells = (begin..begin + SHOWN).map(|at| cell(bytes[at], own.contains(&at), at / LANE == own.start / LANE));
        CellRow { label: format!("byte {begin}"), cells: cells.collect(), note: format!("inputs {k} to {}", k + size - 1) }
    };
    Cells {
        view: "steps",
        heading: format!("packed, outputs {column} to {}", column + n_columns - 1),
        rows: neighbours(product.group().start, size).map(row).collect(),
        legend: vec![],
    }
}

/// The group of the weight with one before and behind it, as far as there are such.
fn neighbours(first: usize, size: usize) -> impl Iterator<Item = usize> {
    (first.saturating_sub(size)..=(first + size).min(N_INPUTS - size)).step_by(size)
}

/// The bytes of a code in a lane, the lowest first.
fn lane_bytes(code: i16, width: usize) -> Vec<i8> {
    code.to_le_bytes()[..width].iter().map(|&byte| byte as i8).collect()
}

fn cell(code: i8, strong: bool, is_group: bool) -> Cell {
    Cell { text: format!("{:02x}", code as u8), role: if is_group { SeriesRole::B } else { SeriesRole::Grid }, strong }
}

fn register(product: &Product) -> TraceStep {
    let instruction = product.instruction;
    let (lane, n_lanes) = (product.lane(), instruction.n_lanes());
    let (register, n_registers) = (product.output % instruction.panel() / n_lanes, instruction.panel() / n_lanes);
    let caption = format!(
        "One load fills a register of {} bits: {n_lanes} lanes, one for each output. The weight is in lane {lane} of register {} of the panel's {n_registers}.",
        32 * n_lanes,
        register + 1
    );
    step(caption, vec![Figure::Cells(weight_register(product)), Figure::Cells(activation_register(product))])
}

/// The register of weights, four lanes to a row.
fn weight_register(product: &Product) -> Cells {
    let (n_lanes, width) = (product.instruction.n_lanes(), product.instruction.width());
    let first = product.output / n_lanes * n_lanes;
    let per_row = IN_REGISTER / LANE;
    let of_lane = |lane: usize| {
        product.group().flat_map(move |k| {
            let is_own = lane == product.lane();
            let code = product.codes_of(first + lane)[k];
            lane_bytes(code.into(), width).into_iter().map(move |byte| cell(byte, is_own && k == product.input, is_own))
        })
    };
    let row = |lane: usize| CellRow {
        label: format!("lanes {lane} to {}", lane + per_row - 1),
        cells: (lane..lane + per_row).flat_map(of_lane).collect(),
        note: format!("outputs {} to {}", first + lane, first + lane + per_row - 1),
    };
    Cells {
        view: "steps",
        heading: format!("weights: {LANE} bytes a lane, inputs {} to {}", product.group().start, product.group().end - 1),
        rows: (0..n_lanes).step_by(per_row).map(row).collect(),
        legend: vec![],
    }
}

/// The register of activations: the same few bytes in every lane.
fn activation_register(product: &Product) -> Cells {
    let width = product.instruction.width();
    let of_lane = |lane: usize| {
        product.group().flat_map(move |k| {
            lane_bytes(product.bytes[k], width).into_iter().map(move |byte| Cell {
                text: format!("{:02x}", byte as u8),
                role: if lane == 0 { SeriesRole::A } else { SeriesRole::Grid },
                strong: lane == 0 && k == product.input,
            })
        })
    };
    let cells = (0..IN_REGISTER / LANE).flat_map(of_lane).collect();
    Cells {
        view: "steps",
        heading: "activations: the same bytes in every lane".into(),
        rows: vec![CellRow { label: "all lanes".into(), cells, note: "repeated".into() }],
        legend: vec![],
    }
}

fn multiplied(product: &Product) -> TraceStep {
    let (j, group) = (product.output, product.group());
    let (exact, added) = (product.exact(j, group.clone()), product.added(j, group));
    let caption = match product.instruction {
        Instruction::Vpdpbusd | Instruction::Sdot => {
            let name = product.instruction.name();
            format!("{name} multiplies four pairs of bytes and adds the products in int32: {added}.")
        }
        Instruction::Vpmaddwd => format!("vpmaddwd multiplies two pairs of 16-bit numbers and adds them in int32: {added}."),
        Instruction::Vpmaddubsw if added == exact => {
            format!("vpmaddubsw adds two products in int16, twice; both fit. vpmaddwd with ones adds the two: {added}.")
        }
        Instruction::Vpmaddubsw => {
            format!("vpmaddubsw adds two products in int16, which ends at 32767 and -32768: {added} instead of {exact}.")
        }
    };
    step(caption, vec![Figure::Table(products(product))])
}

/// The products of the group, and what becomes of each pair.
fn products(product: &Product) -> Table {
    let (j, codes) = (product.output, product.codes_of(product.output));
    let pair_of = |k: usize| k / 2 * 2..k / 2 * 2 + 2;
    let row = |k: usize| {
        let (a, b) = (i32::from(product.bytes[k]), i32::from(codes[k]));
        let mut row =
            vec![k.to_string(), format!("{:.4}", product.activation(k)), a.to_string(), b.to_string(), (a * b).to_string()];
        let ends_pair = k % 2 == 1;
        let of_pair = |sum: &dyn Fn(Range<usize>) -> i32| if ends_pair { sum(pair_of(k)).to_string() } else { String::new() };
        row.push(of_pair(&|ks| product.exact(j, ks)));
        row.push(of_pair(&|ks| product.added(j, ks)));
        row
    };
    Table {
        view: "steps",
        heading: format!("the {} products of the lane", product.instruction.group()),
        columns: vec!["input", "activation", "byte", "code", "product", "pair", "kept"],
        rows: product.group().map(row).collect(),
    }
}

fn accumulated(product: &Product, sum: i32) -> TraceStep {
    let (j, group) = (product.output, product.group());
    let before = product.added(j, 0..group.start);
    let after = before.wrapping_add(product.added(j, group));
    let n = N_INPUTS / product.instruction.group();
    let row = |label: &str, acc: i32| BitsRow {
        label: label.into(),
        pattern: u64::from(acc as u32),
        n: 32,
        fields: vec![("int32, two's complement", 32, SeriesRole::B)],
        note: acc.to_string(),
    };
    let exact = product.exact(j, 0..N_INPUTS);
    let off = if sum == exact { String::new() } else { format!(" Exact is {exact}.") };
    step(
        format!("The lane's int32 goes from {before} to {after}. After {n} such steps output {j} has its sum: {sum}.{off}"),
        vec![Figure::Bits(Bits {
            view: "steps",
            heading: "the accumulator".into(),
            rows: vec![row("before", before), row("after", after), row("at the end", sum)],
        })],
    )
}

fn back(product: &Product, sum: i32) -> TraceStep {
    let j = product.output;
    let (zero, shift) = (product.by.zero_point, product.shift);
    let col_sum = product.packed.col_sums()[j];
    let zero = match shift {
        0 => format!("{zero}"),
        shift => format!("({zero} {shift:+})"),
    };
    let fixed = sum - product.correction(j);
    let row = |what: &str, how: String, number: String| vec![what.to_owned(), how, number];
    let (result, float) = (product.result(j, sum), product.float_result(j));
    let rows = vec![
        row("sum of the lane", String::new(), sum.to_string()),
        row("zero point x sum of the codes", format!("{zero} x {col_sum}"), product.correction(j).to_string()),
        row("difference", String::new(), fixed.to_string()),
        row(
            "both scales",
            format!("{:.6} x {:.6}", product.by.scale, product.scales[j]),
            format!("{:.4e}", product.by.scale * product.scales[j]),
        ),
        row("result", String::new(), format!("{result:.4}")),
        row("FP32 result", String::new(), format!("{float:.4}")),
    ];
    step(
        format!(
            "Back to a real number: the zero point's part is taken off, the rest times both scales is {result:.4}; the floats give {float:.4}."
        ),
        vec![Figure::Table(Table {
            view: "steps",
            heading: format!("output {j}"),
            columns: vec!["what", "from", "number"],
            rows,
        })],
    )
}
