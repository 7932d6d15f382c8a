//! Every format on the same values, side by side.

use crate::{
    lab::{Ctx, LabError, Table, few::db, row::grouped},
    quant::{Matrix, format::FORMATS},
    tensor::{Source, Tensor},
};

/// Values that every format gets at most: all formats together then take a few milliseconds.
const MOST: usize = 1 << 14;

/// The table, computed now on the first values of the tensor.
pub(super) fn table(data: &Tensor, source: Source, ctx: &Ctx) -> Result<Table, LabError> {
    let n = (MOST / data.cols * data.cols).min(data.data.len());
    let values = &data.data[..n];
    let mut rows = Vec::with_capacity(FORMATS.len());
    for format in FORMATS {
        let applied = format.apply(Matrix::new(values, data.cols), &mut |done, total| ctx.step(done, total))?;
        let sqnr = db(applied.errors(values).sqnr_db());
        rows.push(vec![format.name.to_owned(), bits(format.bpw()), sqnr, format.summary.to_owned()]);
    }
    let all = if n < data.data.len() { "the first " } else { "" };
    Ok(Table {
        view: "formats",
        heading: format!("every format on {all}{} values of {}", grouped(n as u64), source.spec().label),
        columns: vec!["format", "bits per weight", "SQNR, dB", "what is stored"],
        rows,
    })
}

/// Up to five decimals: "4.5", "4.15625".
fn bits(bpw: f64) -> String {
    let text = format!("{bpw:.5}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
