//! One block, encoded step by step.

use super::{BLOCK, Block, TENSOR_MAX, element, figures, rule};
use crate::{
    lab::{Cell, CellRow, Cells, Figure, Params, SeriesRole, Table, TickRow, Ticks, Trace, TraceStep, few::db},
    quant::{mx::ScaleRule, nvfp4::Nvfp4},
};

pub(super) fn trace(params: &Params, block: &Block) -> Trace {
    let largest = block.largest();
    let value = |i: usize| format!("{:.2}", block.values[i]);
    let level = |i: usize| format!("{:.2}", block.unit(i).level(block.values[i]));
    let steps = vec![
        TraceStep {
            caption: format!("The largest magnitude of the block is {:.4}.", block.values[largest].abs()),
            figures: vec![Figure::Cells(cells("32 values", SeriesRole::A, |i| (value(i), i == largest)))],
        },
        TraceStep { caption: scale_caption(params, block), figures: vec![Figure::Table(scales(params, block))] },
        TraceStep {
            caption: format!("Every value is divided by its scale; the largest becomes {}.", level(largest)),
            figures: vec![
                Figure::Cells(cells("value over scale", SeriesRole::A, |i| (level(i), i == largest))),
                Figure::Ticks(on_ladder(block)),
            ],
        },
        TraceStep {
            caption: format!(
                "Each quotient goes to the nearest level; {} of 32 lie beyond the last level and saturate.",
                n_saturated(block)
            ),
            figures: vec![Figure::Cells(cells("nearest level", SeriesRole::B, |i| {
                (format!("{}", block.level(i)), is_saturated(block, i))
            }))],
        },
        TraceStep {
            caption: format!("The codes are stored: {} bits a value with the scales.", block.format.bpw()),
            figures: vec![Figure::Cells(figures::codes(block))],
        },
        TraceStep {
            caption: format!("Read back, a value is its level times the scale: SQNR {} dB.", db(block.errors().sqnr_db())),
            figures: vec![Figure::Cells(cells("comes back", SeriesRole::B, |i| (format!("{:.2}", block.back[i]), i == largest)))],
        },
    ];
    Trace { first: false, steps }
}

/// Two rows of sixteen.
fn cells(heading: &str, role: SeriesRole, text: impl Fn(usize) -> (String, bool)) -> Cells {
    let cell = |i: usize| {
        let (text, strong) = text(i);
        Cell { text, role, strong }
    };
    let row =
        |first: usize| CellRow { label: format!("{first}"), cells: (first..first + 8).map(cell).collect(), note: String::new() };
    Cells { view: "steps", heading: heading.into(), rows: (0..BLOCK).step_by(8).map(row).collect(), legend: vec![] }
}

fn scale_caption(params: &Params, block: &Block) -> String {
    let largest = block.largest();
    let (absmax, scale) = (f64::from(block.values[largest].abs()), block.scale_of(largest));
    match element(params) {
        Some(element) => {
            let (log, emax, max) = (absmax.log2(), element.emax(), element.max());
            let how = match rule(params) {
                ScaleRule::Floor => format!("floor(log2 {absmax:.4}) - {emax} = floor({log:.4}) - {emax}"),
                ScaleRule::Ceil => format!("ceil(log2 {absmax:.4}) - {emax} = ceil({log:.4}) - {emax}"),
                ScaleRule::Even => format!("floor(log2 of {absmax:.4} rounded to the element's mantissa) - {emax}"),
                ScaleRule::Rceil => format!("ceil(log2({absmax:.4} / {max})) = ceil({:.4})", (absmax / f64::from(max)).log2()),
            };
            format!("{}: the exponent is {how} = {}, the scale {scale}.", rule(params).name(), scale.log2())
        }
        None if params.choice("format") == "nvfp4" => {
            let nvfp4 = Nvfp4::of(TENSOR_MAX);
            let wanted = absmax / 6.0 / f64::from(nvfp4.tensor_scale);
            format!(
                "The tensor's scale is {TENSOR_MAX} / 2688 = {:.7}; the block wants {absmax:.4} / 6 / that = {wanted:.2}, and E4M3 has {}.",
                nvfp4.tensor_scale,
                nvfp4.block_scale(absmax as f32)
            )
        }
        None => format!("{} takes the scale {scale:.6}.", block.format.name),
    }
}

/// What each rule would take, or the scales of the block's parts.
fn scales(params: &Params, block: &Block) -> Table {
    let largest = block.largest();
    let absmax = block.values[largest].abs();
    let Some(element) = element(params) else {
        let width = block.width();
        let row = |part: usize| {
            vec![format!("{} to {}", part * width, (part + 1) * width - 1), format!("{:.6}", block.unit(part * width).scale)]
        };
        return Table {
            view: "steps",
            heading: "the scales of the block".into(),
            columns: vec!["values", "scale"],
            rows: (0..BLOCK / width).map(row).collect(),
        };
    };
    let row = |rule: ScaleRule| {
        let scale = crate::quant::mx::Mx { element, rule }.scale(absmax);
        vec![rule.name().into(), format!("{scale}"), format!("{}", element.max() * scale), format!("{:.4}", absmax / scale)]
    };
    Table {
        view: "steps",
        heading: format!("what each rule makes of {absmax:.4}"),
        columns: vec!["rule", "scale", "reaches to", "largest over scale"],
        rows: ScaleRule::ALL.map(row).to_vec(),
    }
}

fn on_ladder(block: &Block) -> Ticks {
    let levels: Vec<f64> = block.ladder.levels().iter().map(|&l| f64::from(l)).collect();
    let mut quotients: Vec<f64> = (0..BLOCK).map(|i| f64::from(block.unit(i).level(block.values[i]))).collect();
    let here = quotients[block.largest()];
    quotients.sort_by(f64::total_cmp);
    let reach = levels.iter().chain(&quotients).fold(0.0f64, |max, l| max.max(l.abs()));
    let row = |label: &str, role, ticks, here| TickRow { label: label.into(), role, ticks, here, note: String::new() };
    Ticks {
        view: "steps",
        heading: "the quotients over the levels of the element".into(),
        x_label: "value over scale",
        x_unit: "",
        x_log: false,
        lo: -1.05 * reach,
        hi: 1.05 * reach,
        rows: vec![row("quotients", SeriesRole::A, quotients, Some(here)), row("levels", SeriesRole::Grid, levels, None)],
    }
}

/// Whether a value lies beyond the first or the last level.
fn is_saturated(block: &Block, i: usize) -> bool {
    let levels = block.ladder.levels();
    let u = block.unit(i).level(block.values[i]);
    u < levels[0] || u > levels[levels.len() - 1]
}

fn n_saturated(block: &Block) -> usize {
    (0..BLOCK).filter(|&i| is_saturated(block, i)).count()
}
