//! Lesson 11: one scale for how many numbers?

use std::sync::Arc;

use super::{
    Better, Ctx, Figure, Heatmap, Lab, LabError, Lines, MetricSpec, ParamSpec, Params, Report, Series, SeriesRole, Shape,
    figure::{Look, grid, histogram, mirror, rows},
    row::{SCHEMES, SEED, choice, count, decades, doubling, granularity, int, metric, option, scale_format, scheme, value},
};
use crate::{
    kernel::Rounding,
    quant::{Calibration, Clip, Config, Granularity, Matrix, Quantized, Scheme, calibrate, metric as measure, optimum},
    tensor::{SAMPLED_COLS, Source, Tensor},
};

pub(super) const LAB: Lab = Lab {
    id: "granularity",
    title: "Scale ladder",
    summary: "Rows from quiet to loud under one scale, one each, or one for a few neighbours; the worst row and the price in bits.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice(
        "weights",
        "matrix",
        &[
            option("ladder", "ladder, 64 x 256"),
            option("minilm.intermediate.dense", "MiniLM intermediate"),
            option("minilm.output.dense", "MiniLM output"),
            option("minilm.x", "MiniLM activations"),
        ],
        "ladder",
        "Gaussian rows whose sigma climbs from 0.02 to the top of the ladder, real weights, or real activations by token",
    ),
    decades("top", "loudest row", (0.02, 20.0, 0.25), 2.0, "standard deviation of the last row; the first has 0.02")
        .when(is_ladder),
    int("bits", "bits", (2, 8, 1), 8, "width of a code"),
    choice(
        "granularity",
        "one scale for",
        &[option("tensor", "the tensor"), option("row", "a row"), option("column", "a column"), option("group", "a group")],
        "tensor",
        "which values share a scale",
    ),
    doubling("group", "group size", (8, 256), 32, "neighbours of a row that share a scale")
        .when(|p| p.choice("granularity") == "group"),
    choice("scheme", "scheme", SCHEMES, "symmetric", "which codes are used, and where real 0 stands"),
    choice(
        "scale_format",
        "scales in",
        &[option("f16", "FP16"), option("f32", "FP32")],
        "f16",
        "how a scale is stored; the rounded scale is the one that is used",
    ),
    SEED.when(is_ladder),
];

fn is_ladder(params: &Params) -> bool {
    params.choice("weights") == "ladder"
}

const METRICS: &[MetricSpec] = &[
    metric("sqnr_db", "SQNR", "dB", Better::Higher, 2, "signal over noise of the whole matrix; loud rows dominate it"),
    metric("worst_row_db", "worst row", "dB", Better::Higher, 2, "the smallest SQNR of any row"),
    metric("worst_row", "its number", "", Better::Neither, 0, "which row that is, from 0"),
    metric("bpw", "bits per weight", "bit", Better::Lower, 4, "codes and all that is stored beside them"),
    metric("n_scales", "scales", "", Better::Neither, 0, "how many scales are stored"),
    metric("bytes", "bytes", "B", Better::Lower, 0, "codes, scales and zero points"),
    metric(
        "predicted_db",
        "predicted",
        "dB",
        Better::Neither,
        2,
        "10 log10(12 qmax² / E[max²]) of Gaussian groups of this size, symmetric",
    ),
    metric("zero_rows", "silent rows", "", Better::Lower, 0, "rows of which nothing but zeros is left"),
];

/// The ladder: rows of 256, the quietest first.
const N_ROWS: usize = 64;
const QUIETEST: f64 = 0.02;

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    ctx.step(0, 1)?;
    let data = weights(params, ctx);
    let matrix = data.matrix();
    let config = config(params);
    let step = &mut |done, total| ctx.step(done, total);
    let found = calibrate(matrix, &config, step)?;
    let mut counts = histogram(config.range(), found.reach, config.rounding);
    let quantized = found.apply(matrix, Some(&mut counts), step)?;
    let errors = quantized.errors();
    let worst = measure::worst_row(&quantized.rows);
    let predicted = predicted(params, &config);
    let bpw = bits_per_weight(&found, matrix);
    let zero_rows = quantized.rows.iter().filter(|row| row.energy == 0.0).count();
    let noun = source(params).map_or("weight", Source::noun);
    let look = Look { view: "codes", x_is_code: true, noun, linear_first: is_ladder(params) };
    Ok(Report {
        metrics: vec![
            value("sqnr_db", errors.sqnr_db()),
            value("worst_row_db", worst.map(|w| w.1)),
            value("worst_row", worst.map(|w| w.0 as f64)),
            value("bpw", bpw),
            value("n_scales", found.affines.len() as f64),
            value("bytes", (bpw * matrix.data.len() as f64 / 8.0).ceil()),
            value("predicted_db", predicted),
            value("zero_rows", zero_rows as f64),
        ],
        figures: vec![
            Figure::Rows(rows(&quantized.rows)),
            Figure::Lines(ladder(&found, matrix, &quantized)),
            Figure::Heatmap(error_map(matrix, &quantized, row_is(params))),
            Figure::Lines(trade_off(matrix, &config, (bpw, worst.map(|w| w.1)), ctx)?),
            Figure::Mirror(mirror(&counts, grid(config.range(), found.per_tensor()), look)),
        ],
        trace: None,
        notes: notes(params, &config, errors.sqnr_db(), worst, predicted, zero_rows),
        arrays: vec![],
    })
}

/// The embedded matrix that is chosen; the ladder is drawn.
fn source(params: &Params) -> Option<Source> {
    Source::find(params.choice("weights"))
}

/// What a row of the matrix belongs to.
fn row_is(params: &Params) -> &'static str {
    if source(params) == Some(Source::Activations) { "token" } else { "output" }
}

/// The real matrix, or the ladder.
fn weights(params: &Params, ctx: &Ctx) -> Arc<Tensor> {
    let (seed, top) = (params.int("seed") as u64, params.float("top"));
    if let Some(real) = source(params) {
        return ctx.sources.get(real, 0, 0);
    }
    let normal = ctx.sources.get(Source::Gaussian, N_ROWS * SAMPLED_COLS, seed);
    // The sigmas climb by the same factor from row to row.
    let sigma = |row: usize| (QUIETEST * (top / QUIETEST).powf(row as f64 / (N_ROWS - 1) as f64)) as f32;
    let data = normal.data.iter().enumerate().map(|(idx, r)| r * sigma(idx / normal.cols)).collect();
    Arc::new(Tensor { data, cols: normal.cols })
}

fn config(params: &Params) -> Config {
    Config {
        bits: params.int("bits") as u32,
        scheme: scheme(params),
        granularity: granularity(params),
        clip: Clip::AbsMax,
        rounding: Rounding::Even,
        scale_format: scale_format(params),
    }
}

fn bits_per_weight(found: &Calibration, matrix: Matrix) -> f64 {
    let config = &found.config;
    measure::bits_per_weight(config.bits, config.meta_bits(), found.affines.len() as u64, matrix.data.len() as u64)
}

/// Where the groups are Gaussian: rows of the ladder and parts of them.
fn predicted(params: &Params, config: &Config) -> Option<f64> {
    let size = match config.granularity {
        Granularity::Row => SAMPLED_COLS,
        Granularity::Group(size) => size.min(SAMPLED_COLS),
        _ => return None,
    };
    let holds = is_ladder(params) && config.scheme == Scheme::Symmetric;
    holds.then(|| optimum::absmax_sqnr_db(size as u64, config.range().qmax))
}

/// Scale and root mean square by row: where they lie far apart, a row uses few codes.
fn ladder(found: &Calibration, matrix: Matrix, quantized: &Quantized) -> Lines {
    let n_rows = matrix.n_rows();
    let cols = matrix.cols();
    let per_row = match found.config.granularity {
        Granularity::Group(size) => cols.div_ceil(size.clamp(1, cols)),
        _ => 1,
    };
    // The scales that a row meets, their mean where there are several.
    let scale = |row: usize| match found.config.granularity {
        Granularity::Tensor => f64::from(found.affines[0].scale),
        Granularity::Column => found.affines.iter().map(|a| f64::from(a.scale)).sum::<f64>() / found.affines.len() as f64,
        _ => found.affines[row * per_row..(row + 1) * per_row].iter().map(|a| f64::from(a.scale)).sum::<f64>() / per_row as f64,
    };
    let rms = |row: usize| (quantized.rows[row].signal / quantized.rows[row].n.max(1) as f64).sqrt();
    // Rows in the order of their size: of real weights the ladder is not built in.
    let mut order: Vec<usize> = (0..n_rows).collect();
    order.sort_by(|&a, &b| rms(a).total_cmp(&rms(b)));
    let curve = |of: &dyn Fn(usize) -> f64| order.iter().enumerate().map(|(place, &row)| (place as f64, of(row))).collect();
    let (quietest, loudest) = (rms(order[0]), rms(order[n_rows - 1]));
    Lines {
        view: "ladder",
        heading: format!(
            "{}; rows from {quietest:.4} to {loudest:.4} RMS, quietest first",
            count(found.affines.len() as u64, "scale")
        ),
        x_label: "rows",
        y_label: "size",
        y_log: true,
        series: vec![
            Series::line("RMS of the row", SeriesRole::A, curve(&rms)),
            Series::line("its scale", SeriesRole::B, curve(&scale)),
        ],
        ..Lines::default()
    }
}

/// Error beside the size of the row, in cells of a few weights where the matrix is large.
fn error_map(matrix: Matrix, quantized: &Quantized, row_is: &'static str) -> Heatmap {
    const MAX_ROWS: usize = 96;
    const MAX_COLS: usize = 256;
    let (n_rows, cols) = (matrix.n_rows(), matrix.cols());
    let (tall, wide) = (n_rows.div_ceil(MAX_ROWS), cols.div_ceil(MAX_COLS));
    let (map_rows, map_cols) = (n_rows.div_ceil(tall), cols.div_ceil(wide));
    let mut noise = vec![(0.0f64, 0u32); map_rows * map_cols];
    for (row, (xs, ys)) in matrix.data.chunks(cols).zip(quantized.dequantized.chunks(cols)).enumerate() {
        let power = quantized.rows[row].signal / cols as f64;
        for (col, (x, y)) in xs.iter().zip(ys).enumerate() {
            let cell = &mut noise[row / tall * map_cols + col / wide];
            let error = f64::from(y - x).powi(2);
            cell.0 += if power > 0.0 { error / power } else { 0.0 };
            cell.1 += 1;
        }
    }
    let values: Vec<f32> = noise.iter().map(|&(sum, n)| (100.0 * (sum / f64::from(n.max(1))).sqrt()) as f32).collect();
    let largest = values.iter().copied().fold(0.0, f32::max);
    Heatmap {
        view: "error map",
        heading: format!("RMS error up to {largest:.1} % of its row's RMS"),
        x_label: "input",
        y_label: row_is,
        value_label: "error beside the row's RMS",
        unit: "%",
        per_value: (tall, wide),
        n_cols: map_cols,
        values,
        lo: 0.0,
        hi: largest.max(1e-6),
    }
}

/// The worst row by bits a weight, for every granularity at every width.
fn trade_off(matrix: Matrix, config: &Config, here: (f64, Option<f64>), ctx: &Ctx) -> Result<Lines, LabError> {
    const WIDTHS: std::ops::RangeInclusive<u32> = 2..=8;
    // A few rows tell enough of a large matrix: this is seven widths times four granularities.
    let n_rows = matrix.n_rows().min(N_ROWS);
    let part = Matrix::new(&matrix.data[..n_rows * matrix.cols()], matrix.cols());
    let mut series = Vec::new();
    for (name, role, granularity) in [
        ("tensor", SeriesRole::Error, Granularity::Tensor),
        ("row", SeriesRole::B, Granularity::Row),
        ("group of 128", SeriesRole::Grid, Granularity::Group(128)),
        ("group of 32", SeriesRole::A, Granularity::Group(32)),
    ] {
        let mut points = Vec::new();
        for bits in WIDTHS {
            ctx.step(bits.into(), 8)?;
            let step = &mut |done, total| ctx.step(done, total);
            let found = calibrate(part, &Config { bits, granularity, ..*config }, step)?;
            let worst = measure::worst_row(&found.apply(part, None, step)?.rows);
            points.extend(worst.filter(|w| w.1.is_finite()).map(|w| (bits_per_weight(&found, part), w.1)));
        }
        series.push(Series { name: name.into(), role, shape: Shape::Line, points });
    }
    let whole = if n_rows == matrix.n_rows() { "" } else { " (curves: of the first 64 rows)" };
    Ok(Lines {
        view: "trade-off",
        heading: format!("{:.4} bits a weight, worst row {:.2} dB{whole}", here.0, here.1.unwrap_or(f64::INFINITY)),
        x_label: "bits",
        x_unit: "bit",
        y_label: "worst row",
        y_unit: "dB",
        series,
        here: here.1.filter(|db| db.is_finite()).map(|db| (here.0, db)),
        y_metric: "worst_row_db",
        ..Lines::default()
    })
}

fn notes(
    params: &Params,
    config: &Config,
    sqnr: f64,
    worst: Option<(usize, f64)>,
    predicted: Option<f64>,
    zero_rows: usize,
) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((row, db)) = worst.filter(|w| sqnr - w.1 > 6.0) {
        notes.push(format!("Row {row} has {db:.1} dB, {:.1} dB below the whole, which does not show it.", sqnr - db));
    }
    if zero_rows > 0 {
        notes.push(format!("Of {} nothing but zeros is left.", count(zero_rows as u64, "row")));
    }
    if predicted.is_none() {
        notes.push("predicted_db is absent: it holds for symmetric rows and groups of the ladder, which are Gaussian.".into());
    }
    match config.granularity {
        Granularity::Column => {
            notes.push("A column lies along the sum: its scale cannot be pulled out of an integer dot product.".into());
        }
        Granularity::Group(_) => notes.push("Partial sums are rescaled group by group.".into()),
        _ => notes.push("The scales lie outside the sum: each is applied once an output.".into()),
    }
    if source(params) == Some(Source::Activations) {
        notes.push("A row is a token: one scale for a row is per-token, one for a column per-channel.".into());
    }
    if is_ladder(params) && params.float("top") <= QUIETEST {
        notes.push("All rows are equally loud, so one scale serves them alike.".into());
    }
    notes
}

#[cfg(test)]
mod tests {
    use crate::lab::tests::run_with;

    fn got(set: &[(&str, &str)]) -> [f64; 3] {
        let report = run_with(&super::LAB, set);
        ["sqnr_db", "worst_row_db", "bpw"].map(|name| report.metric(name).expect("it is defined"))
    }

    #[test]
    fn one_scale_flatters_itself_and_six_bits_a_row_beat_it() {
        let [whole, worst, _] = got(&[]);
        assert!((whole - 33.3).abs() < 1.0 && (worst - 3.3).abs() < 1.2, "{whole} {worst}");
        let [whole, worst, bpw] = got(&[("granularity", "row"), ("bits", "6")]);
        assert!(whole >= 30.0 && worst >= 27.5 && bpw == 6.0625, "{whole} {worst} {bpw}");
        let [_, worst, bpw] = got(&[("granularity", "group"), ("bits", "6")]);
        assert!(worst >= 27.5 && bpw == 6.5, "{worst} {bpw}");
    }

    /// The figures of `assets/FIGURES.txt`, which another program computed.
    #[test]
    fn one_scale_a_token_serves_real_activations_and_one_a_channel_would_do_better_still() {
        for (granularity, db) in [("tensor", 20.35), ("row", 34.81), ("column", 41.65)] {
            let set = [("weights", "minilm.x"), ("granularity", granularity), ("scale_format", "f32")];
            let [whole, ..] = got(&set);
            assert!((whole - db).abs() < 0.006, "{granularity}: {whole}");
        }
    }

    #[test]
    fn gaussian_rows_reach_what_their_largest_value_predicts() {
        for set in [&[("granularity", "row")][..], &[("granularity", "group"), ("group", "64")]] {
            let report = run_with(&super::LAB, set);
            let (sqnr, predicted) = (report.metric("sqnr_db"), report.metric("predicted_db"));
            let gap = sqnr.zip(predicted).map(|(a, b)| (a - b).abs());
            assert!(gap.is_some_and(|gap| gap < 0.7), "{sqnr:?} {predicted:?}");
        }
    }
}
