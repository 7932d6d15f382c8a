//! A block on its way into bytes and back.

use super::{
    Block, N,
    figures::{self, word},
};
use crate::{
    kernel::min_max,
    lab::{Bits, Cell, CellRow, Cells, Figure, SeriesRole, Trace, TraceStep, few::db, row::short},
    quant::ggml::{BlockType, signed_max},
};

pub(super) fn trace(block: &Block) -> Trace {
    let largest = block.largest();
    let values = |i: usize| (format!("{:.3}", block.values[i]), i == largest);
    let codes = |i: usize| (block.layout.code(&block.bytes, i).to_string(), i == block.place);
    let back = |i: usize| (format!("{:.3}", block.back[i] + 0.0), i == block.place);
    let steps = vec![
        TraceStep {
            caption: format!("Of the 32 values the one of largest magnitude is {}.", short(signed_max(&block.values).into())),
            figures: vec![Figure::Cells(cells(SeriesRole::A, values))],
        },
        TraceStep { caption: scale_caption(block), figures: vec![Figure::Bits(scale_bits(block))] },
        TraceStep { caption: code_caption(block), figures: vec![Figure::Cells(cells(SeriesRole::B, codes))] },
        TraceStep { caption: packing_caption(block), figures: vec![Figure::Cells(figures::hex(block))] },
        TraceStep {
            caption: format!("{} SQNR {} dB.", reading(block), db(block.errors().sqnr_db())),
            figures: vec![Figure::Cells(cells(SeriesRole::B, back))],
        },
    ];
    Trace { first: false, steps }
}

/// Four rows of eight.
fn cells(role: SeriesRole, text: impl Fn(usize) -> (String, bool)) -> Cells {
    let cell = |i: usize| {
        let (text, strong) = text(i);
        Cell { text, role, strong }
    };
    let row =
        |first: usize| CellRow { label: format!("{first}"), cells: (first..first + 8).map(cell).collect(), note: String::new() };
    Cells { view: "steps", heading: String::new(), rows: (0..N).step_by(8).map(row).collect(), legend: vec![] }
}

/// The scale before it is stored, and after.
fn scale_caption(block: &Block) -> String {
    let (lo, hi) = min_max(&block.values).unwrap_or((0.0, 0.0));
    let (max, stored) = (signed_max(&block.values), short(block.layout.scale(&block.bytes).into()));
    let with = |formula: String, wanted: f32| format!("{formula} = {}; stored as {stored}.", short(wanted.into()));
    let max_text = short(max.into());
    match block.spec.block {
        BlockType::Q4_0 => with(format!("d = {max_text} / -8"), max / -8.0),
        BlockType::Q5_0 => with(format!("d = {max_text} / -16"), max / -16.0),
        BlockType::Q8_0 => with(format!("d = |{max_text}| / 127"), max.abs() / 127.0),
        BlockType::IQ4_NL => with(format!("d = {max_text} / -127, the level of largest magnitude"), max / -127.0),
        BlockType::Q4_1 => with(format!("m = {}, d = ({} - m) / 15", short(lo.into()), short(hi.into())), (hi - lo) / 15.0),
        BlockType::Q5_1 => with(format!("m = {}, d = ({} - m) / 31", short(lo.into()), short(hi.into())), (hi - lo) / 31.0),
        _ => format!("The scale is 2^(floor(log2 |{max_text}|) - 2) = {stored}: a power of two in one byte."),
    }
}

fn scale_bits(block: &Block) -> Bits {
    let all = figures::bits(block);
    let is_scale = |label: &str| matches!(label, "d" | "m" | "scale");
    let rows = all
        .rows
        .into_iter()
        .filter(|row| is_scale(&row.label))
        .map(|row| word(&row.label, row.pattern, row.n, row.fields, row.note));
    Bits { view: "steps", heading: String::new(), rows: rows.collect() }
}

fn code_caption(block: &Block) -> String {
    match block.spec.block {
        BlockType::Q4_0 => "q = floor(x / d + 8.5), at most 15: ties go up, and d is not yet rounded to FP16.".into(),
        BlockType::Q5_0 => "q = floor(x / d + 16.5), at most 31: ties go up, and d is not yet rounded to FP16.".into(),
        BlockType::Q4_1 => "q = floor((x - m) / d + 0.5), at most 15: every code counts from the minimum.".into(),
        BlockType::Q5_1 => "q = floor((x - m) / d + 0.5), at most 31: every code counts from the minimum.".into(),
        BlockType::Q8_0 => "q = x / d to the nearest whole number, ties away from 0.".into(),
        BlockType::IQ4_NL => "q is the place of the nearest of sixteen uneven levels to x / d.".into(),
        _ => "q is the code of the nearest E2M1 value to x / scale: a sign, two bits of exponent, one of mantissa.".into(),
    }
}

fn packing_caption(block: &Block) -> String {
    match block.spec.block {
        BlockType::Q8_0 => "One byte for each code, in order, behind the scale.".into(),
        BlockType::Q5_0 | BlockType::Q5_1 => {
            "Low four bits: element j in the low half of byte j, element j + 16 in the high half; the fifth bits stand in a word before them.".into()
        }
        _ => "Two codes a byte: element j in the low half of byte j, element j + 16 in the high half.".into(),
    }
}

fn reading(block: &Block) -> &'static str {
    match block.spec.block {
        BlockType::Q4_0 => "Read back as (q - 8) d.",
        BlockType::Q5_0 => "Read back as (q - 16) d.",
        BlockType::Q4_1 | BlockType::Q5_1 => "Read back as q d + m.",
        BlockType::Q8_0 => "Read back as q d.",
        _ => "Read back as level times scale.",
    }
}
