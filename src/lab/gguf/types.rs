//! All types side by side: their size, and what they keep of four sources.

use super::{Ctx, LabError, SOURCES};
use crate::{
    kernel::Errors,
    lab::{
        Lines, Series, SeriesRole, Shape, Table,
        few::{Few, db},
        row::short,
    },
    quant::ggml::{BLOCKS, BlockSpec, Decode, Encode},
};

/// Values of each source.
const MEASURED: usize = 1 << 13;

/// SQNR in dB of every type that can be encoded here, in the order of [`SOURCES`].
pub(super) struct Measured(Vec<(&'static BlockSpec, Option<[f64; 4]>)>);

impl Measured {
    pub(super) fn of(seed: u64, ctx: &Ctx) -> Result<Self, LabError> {
        let mut data = Vec::with_capacity(SOURCES.len());
        for source in SOURCES {
            data.push(Few::of(source, MEASURED, seed, ctx)?);
        }
        let mut rows = Vec::with_capacity(BLOCKS.len());
        for (done, spec) in BLOCKS.iter().enumerate() {
            ctx.step(done as u64, BLOCKS.len() as u64)?;
            let both = spec.encode.zip(spec.decode);
            let all = both.map(|by| [0, 1, 2, 3].map(|i| through(spec, by, data[i].data()).sqnr_db()));
            rows.push((spec, all));
        }
        Ok(Self(rows))
    }

    /// Of a type that is encoded here.
    pub(super) fn of_type(&self, spec: &BlockSpec) -> [f64; 4] {
        let row = self.0.iter().find(|row| row.0.block == spec.block);
        row.and_then(|row| row.1).expect("the options are types that are encoded here")
    }
}

/// Whole blocks to bytes and back; what is left of the last one is not counted.
fn through(spec: &BlockSpec, (encode, decode): (Encode, Decode), values: &[f32]) -> Errors {
    let (mut bytes, mut back) = (vec![0; spec.n_bytes], vec![0.0; spec.n_values]);
    let one = |values: &[f32]| {
        encode(values, &mut bytes);
        decode(&bytes, &mut back);
        Errors::between(values, &back)
    };
    values.chunks_exact(spec.n_values).map(one).fold(Errors::default(), Errors::plus)
}

/// Those that are encoded here first, the widest first.
pub(super) fn table(measured: &Measured) -> Table {
    let mut rows: Vec<_> = measured.0.iter().collect();
    rows.sort_by(|a, b| (a.1.is_none(), -a.0.bpw()).partial_cmp(&(b.1.is_none(), -b.0.bpw())).expect("sizes are numbers"));
    let row = |&&(spec, all): &&(&'static BlockSpec, Option<[f64; 4]>)| {
        let start = [spec.name.to_owned(), spec.n_values.to_string(), spec.n_bytes.to_string(), short(spec.bpw())];
        let why = if spec.decode.is_some() { "read only" } else { "size only" };
        let measures = all.map_or_else(|| [why, "", "", ""].map(str::to_owned), |all| all.map(db));
        start.into_iter().chain(measures).collect()
    };
    Table {
        view: "types",
        heading: "every type of ggml; SQNR in dB, codes found without a search".into(),
        columns: vec!["type", "values", "bytes", "bits", "Gaussian", "Laplace", "intermediate", "output"],
        rows: rows.iter().map(row).collect(),
    }
}

/// SQNR over bits.
pub(super) fn trade_off(measured: &Measured, chosen: &BlockSpec) -> Lines {
    let points = |i: usize| {
        let mut points: Vec<(f64, f64)> =
            measured.0.iter().filter_map(|(spec, all)| Some((spec.bpw(), all.as_ref()?[i]))).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    };
    let series = |name: &str, role, i| Series { shape: Shape::Points, ..Series::line(name, role, points(i)) };
    Lines {
        view: "trade-off",
        heading: format!("bits and SQNR of the types that are encoded here; {} is marked", chosen.name),
        x_label: "bits",
        y_label: "SQNR",
        y_unit: "dB",
        series: vec![series("Gaussian", SeriesRole::A, 0), series("MiniLM output", SeriesRole::B, 3)],
        here: Some((chosen.bpw(), measured.of_type(chosen)[0])),
        y_metric: "gaussian_db",
        ..Lines::default()
    }
}
