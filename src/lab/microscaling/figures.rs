//! The views of the block.

use super::{BLOCK, Block, element, in_tensor, shaped};
use crate::{
    kernel::Errors,
    lab::{
        Cell, CellRow, Cells, Ctx, LabError, Lines, Params, Series, SeriesRole, Table, TickRow, Ticks,
        few::{Few, db},
        row::source,
    },
    quant::{
        format::Format,
        mx::{Element, ScaleRule},
    },
};

/// The levels that the scale of the largest value gives, and the block before and after.
pub(super) fn ladder(block: &Block) -> Ticks {
    let largest = block.largest();
    let unit = block.unit(largest);
    let mut levels: Vec<f64> = block.ladder.levels().iter().map(|l| f64::from(l * unit.scale + unit.offset)).collect();
    levels.sort_by(f64::total_cmp);
    let reach = levels.iter().chain([&f64::from(block.values[largest])]).fold(0.0f64, |max, l| max.max(l.abs()));
    let sorted = |values: &[f32]| {
        let mut ticks: Vec<f64> = values.iter().map(|&x| f64::from(x)).collect();
        ticks.sort_by(f64::total_cmp);
        ticks
    };
    let row = |label: &str, role, ticks, here: Option<f32>, note: String| TickRow {
        label: label.into(),
        role,
        ticks,
        here: here.map(f64::from),
        note,
    };
    let (before, after) = (block.values[largest], block.back[largest]);
    let width = block.width();
    let note = if width < BLOCK { format!("of the {width} values around the largest") } else { format!("scale {}", unit.scale) };
    Ticks {
        view: "ladder",
        heading: format!("the largest value, {before:.3}, comes back as {after:.3}"),
        x_label: "value",
        x_unit: "",
        x_log: false,
        lo: -1.05 * reach,
        hi: 1.05 * reach,
        rows: vec![
            row("before", SeriesRole::A, sorted(&block.values), Some(before), "32 values".into()),
            row("levels", SeriesRole::Grid, levels, None, note),
            row("after", SeriesRole::B, sorted(&block.back), Some(after), format!("{} dB", db(block.errors().sqnr_db()))),
        ],
    }
}

/// Blocks that the sweep averages over.
const SWEPT: usize = 16;

/// SQNR by largest magnitude, from 4 to 8: one binade of a power of two.
pub(super) fn sweep(params: &Params, data: &Few, format: &Format, ctx: &Ctx) -> Result<Lines, LabError> {
    let first = params.int("block") as usize;
    let blocks: Vec<Vec<f32>> = (0..SWEPT).map(|i| shaped(data.data(), first + i, 1.0)).collect();
    let nvfp4 = *Format::find("nvfp4").expect("a row of the table");
    let mut curves: Vec<(String, Format, SeriesRole)> = match element(params) {
        Some(element) => ScaleRule::ALL
            .into_iter()
            .map(|rule| {
                let is_chosen = rule == super::rule(params);
                (
                    rule.name().to_owned(),
                    Format::microscaled(element, rule),
                    if is_chosen { SeriesRole::B } else { SeriesRole::Grid },
                )
            })
            .collect(),
        None if format.id == nvfp4.id => vec![],
        None => vec![(format.name.to_owned(), *format, SeriesRole::B)],
    };
    let own = if format.id == nvfp4.id { SeriesRole::B } else { SeriesRole::A };
    curves.push((nvfp4.name.to_owned(), nvfp4, own));
    let mut series = Vec::with_capacity(curves.len());
    for (name, format, role) in curves {
        let mut points = Vec::with_capacity(POINTS + 1);
        for k in 0..=POINTS {
            ctx.step(k as u64, POINTS as u64)?;
            let absmax = 4.0 + 4.0 * k as f64 / POINTS as f64;
            points.push((absmax, mean_sqnr(&format, &blocks, absmax)));
        }
        points.retain(|(_, y)| y.is_finite());
        series.push(Series::line(name, role, points));
    }
    let absmax = params.float("absmax");
    let here = mean_sqnr(format, &blocks, absmax);
    Ok(Lines {
        view: "sweep",
        heading: format!("SQNR of {SWEPT} blocks as their largest magnitude moves from 4 to 8"),
        x_label: "largest magnitude",
        y_label: "SQNR",
        y_unit: "dB",
        series,
        here: here.is_finite().then_some((absmax, here)),
        ..Lines::default()
    })
}

/// Steps of the sweep: those of the control.
const POINTS: usize = 80;

/// Of all blocks together, each scaled to this largest magnitude.
fn mean_sqnr(format: &Format, blocks: &[Vec<f32>], absmax: f64) -> f64 {
    let values: Vec<f32> = blocks.iter().flatten().map(|&x| (f64::from(x) * absmax) as f32).collect();
    let applied = in_tensor(format, &values);
    Errors::between(&values, &applied.values[..values.len()]).sqnr_db()
}

/// The codes of the block, sixteen in a row, in hex where they have bits of their own.
pub(super) fn codes(block: &Block) -> Cells {
    let largest = block.largest();
    let row = |first: usize| CellRow {
        label: format!("{first} to {}", first + 15),
        cells: (first..first + 16).map(|i| Cell { text: code(block, i), role: SeriesRole::B, strong: i == largest }).collect(),
        note: format!("scale {}", block.unit(first).scale),
    };
    Cells {
        view: "block",
        heading: format!("{:.2} bits a value; {} values share a scale", block.format.bpw(), block.width()),
        rows: vec![row(0), row(16)],
        legend: vec![(SeriesRole::B, "code of a value; the largest is marked")],
    }
}

/// The bits of a value in hex, or its place among the levels.
pub(super) fn code(block: &Block, i: usize) -> String {
    match block.format.element() {
        Some(element) => {
            // Minus 0 keeps its sign in a float.
            let level = if block.level(i) == 0.0 && block.values[i] < 0.0 { -0.0 } else { block.level(i) };
            let width = if element.n_bits() > 4 { 2 } else { 1 };
            format!("{:0width$x}", element.code(level))
        }
        None => block.place(i).to_string(),
    }
}

pub(super) fn values(block: &Block) -> Table {
    let row = |i: usize| {
        let (x, y) = (block.values[i], block.back[i]);
        vec![
            i.to_string(),
            format!("{x:.4}"),
            format!("{:.4}", block.unit(i).level(x)),
            format!("{}", block.level(i)),
            code(block, i),
            // Adding 0 takes the sign from minus 0.
            format!("{:.4}", y + 0.0),
            format!("{:+.4}", y - x),
        ]
    };
    Table {
        view: "values",
        heading: "each value, divided by its scale, as the nearest level, and back".into(),
        columns: vec!["place", "value", "over scale", "level", "code", "comes back", "error"],
        rows: (0..BLOCK).map(row).collect(),
    }
}

/// Formats and rules on the chosen source and on the two of the challenge.
pub(super) fn distributions(params: &Params, data: &Few, others: [&Few; 2], ctx: &Ctx) -> Result<Table, LabError> {
    const USED: usize = 1 << 14;
    let sources = [data, others[0], others[1]].map(|few| few.first(USED));
    let mut rows = Vec::new();
    let microscaled = ScaleRule::ALL.map(|rule| Format::microscaled(Element::E2M1, rule));
    let named = ["nvfp4", "mxfp6_e2m3", "mxfp6_e3m2", "mxfp8_e4m3", "mxfp8_e5m2", "mxint8", "q4_0", "nf4", "int4_g32"];
    let named = named.iter().filter_map(|id| Format::find(id)).copied();
    for format in microscaled.into_iter().chain(named) {
        let mut row = vec![format.name.to_owned(), format!("{}", format.bpw())];
        for matrix in &sources {
            let applied = format.apply(*matrix, &mut |done, total| ctx.step(done, total))?;
            row.push(db(applied.errors(matrix.data).sqnr_db()));
        }
        rows.push(row);
    }
    Ok(Table {
        view: "formats",
        heading: format!(
            "SQNR in dB, on at most {USED} values each; the third column is {}",
            source(params, "source").spec().label
        ),
        columns: vec!["format", "bits per weight", "source", "Gaussian", "Laplace"],
        rows,
    })
}
