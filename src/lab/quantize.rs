//! The playground: any source, any integer scheme, any other format.

mod other;
mod shoot_out;

use std::sync::Arc;

use super::{
    ArrayData, Better, Choice, Ctx, Figure, Lab, LabError, MetricSpec, NamedArray, ParamSpec, Params, Report,
    figure::{Look, error_histogram, grid, histogram, mirror, rows},
    row::{
        SCHEMES, SEED, choice, count, decades, doubling, float, granularity, int, metric, n_values, option, percent,
        scale_format, scheme, source, sources, tensor, value,
    },
};
use crate::{
    kernel::CodeHistogram,
    quant::{
        Calibration, Clip, Config, Errors, Granularity, Quantized, Rounding, calibrate,
        format::{FORMATS, Format},
    },
    tensor::{Source, Tensor},
};

pub(super) const LAB: Lab = Lab {
    id: "quantize",
    title: "Quantize",
    summary: "Quantize any source with any integer scheme, or any other format, and see where the codes go.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice("source", "source", &SOURCES, "gaussian", "where the values come from"),
    int("bits", "bits", (2, 16, 1), 8, "width of a code").when(is_int),
    choice("scheme", "scheme", SCHEMES, "symmetric", "which codes are used and where real 0 stands").when(is_int),
    choice("granularity", "one scale per", GRANULARITIES, "tensor", "which values share a scale").when(is_int),
    doubling("group", "group", (8, 1024), 128, "neighbours of a row that share a scale")
        .when(|p| is_int(p) && p.choice("granularity") == "group"),
    choice("clip", "clip", CLIPS, "absmax", "how much of the data the codes cover").when(is_int),
    float("percentile", "percentile", (90.0, 100.0, 0.1), 99.9, "percent of the values inside the range")
        .when(|p| is_int(p) && p.choice("clip") == "percentile"),
    decades("clip_value", "clip value", (0.001, 100.0, 0.05), 1.0, "largest magnitude inside the range")
        .when(|p| is_int(p) && p.choice("clip") == "manual"),
    choice("rounding", "rounding", ROUNDINGS, "even", "how a value between two codes becomes one of them").when(is_int),
    choice(
        "scale_format",
        "scale format",
        &[option("f16", "FP16"), option("f32", "FP32")],
        "f16",
        "how scales are stored; the stored scale is the one used",
    )
    .when(is_int),
    SEED.when(|p| source(p, "source").is_sampled() || (is_int(p) && p.choice("rounding") == "stochastic")),
    n_values(1 << 20).when(|p| source(p, "source").is_sampled()),
    choice("format", "format", &FORMAT_OPTIONS, "int", "integers with the settings above, or a format that brings its own"),
];

/// The settings of integer schemes have no effect on the other formats.
fn is_int(params: &Params) -> bool {
    params.choice("format") == "int"
}

/// "int", and every row of the table of formats.
const FORMAT_OPTIONS: [Choice; FORMATS.len() + 1] = {
    let mut options = [option("int", "integers"); FORMATS.len() + 1];
    let mut i = 0;
    while i < FORMATS.len() {
        options[i + 1] = option(FORMATS[i].id, FORMATS[i].name);
        i += 1;
    }
    options
};

const SOURCES: [Choice; 10] = sources([
    Source::Uniform,
    Source::Gaussian,
    Source::Laplace,
    Source::StudentT,
    Source::Bimodal,
    Source::Outliers,
    Source::Relu,
    Source::IntermediateDense,
    Source::OutputDense,
    Source::Activations,
]);

const GRANULARITIES: &[Choice] =
    &[option("tensor", "tensor"), option("row", "row"), option("column", "column"), option("group", "group")];

const CLIPS: &[Choice] = &[
    option("absmax", "none (absmax)"),
    option("percentile", "percentile"),
    option("mse", "best for the error"),
    option("manual", "by hand"),
];

const ROUNDINGS: &[Choice] = &[
    option("even", "ties to even"),
    option("away", "ties away from 0"),
    option("truncate", "truncate (a cast)"),
    option("floor", "floor"),
    option("stochastic", "stochastic"),
];

const METRICS: &[MetricSpec] = &[
    metric("scale", "scale", "", Better::Neither, 8, "real distance of neighbouring codes, where the tensor has one"),
    metric("zero_point", "zero point", "code", Better::Neither, 0, "the code of real 0, where the tensor has one"),
    metric("mse", "mean squared error", "", Better::Lower, 10, "in the unit of the data, squared"),
    metric("sqnr_db", "SQNR", "dB", Better::Higher, 2, "signal over quantization noise, 10 log10 of the ratio of powers"),
    metric("worst_row_sqnr_db", "worst row", "dB", Better::Higher, 2, "SQNR of the row that suffers most"),
    metric("max_abs_error", "largest error", "", Better::Lower, 6, "over all values"),
    metric("cosine", "cosine", "", Better::Higher, 6, "of the angle between the data before and after"),
    metric("distinct_codes", "codes used", "", Better::Higher, 0, "different codes that occur"),
    metric("clipped_share", "clipped", "%", Better::Lower, 3, "values whose code lay beyond the first or last"),
    metric("bytes", "size", "B", Better::Lower, 0, "codes, scales and zero points"),
    metric("bpw", "bits per weight", "bit", Better::Lower, 4, "scales and zero points included"),
    metric("ratio_fp32", "smaller than FP32", "x", Better::Higher, 2, "32 / bits per weight"),
    metric("ratio_bf16", "smaller than BF16", "x", Better::Higher, 2, "16 / bits per weight"),
];

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    let source = source(params, "source");
    let data = tensor(params, source, ctx)?;
    if let Some(format) = Format::find(params.choice("format")) {
        return other::run(format, source, &data, ctx);
    }
    let config = config(params);
    let step = &mut |done, total| ctx.step(done, total);
    let found = calibrate(data.matrix(), &config, step)?;
    let mut counts = histogram(config.range(), found.reach, config.rounding);
    let quantized = found.apply(data.matrix(), Some(&mut counts), step)?;
    let errors = quantized.errors();
    let by = found.per_tensor();
    let size = Size::of(&data, &found);
    Ok(Report {
        metrics: vec![
            value("scale", by.map(|a| f64::from(a.scale))),
            value("zero_point", by.map(|a| f64::from(a.zero_point))),
            value("mse", errors.mse()),
            value("sqnr_db", errors.sqnr_db()),
            value("worst_row_sqnr_db", worst(&quantized.rows)),
            value("max_abs_error", errors.max_abs_error),
            value("cosine", errors.cosine()),
            value("distinct_codes", counts.n_distinct(config.range()) as f64),
            value("clipped_share", percent(quantized.n_clipped, errors.n)),
            value("bytes", size.bytes),
            value("bpw", size.bpw),
            value("ratio_fp32", 32.0 / size.bpw),
            value("ratio_bf16", 16.0 / size.bpw),
        ],
        figures: figures(source, &found, &counts, &quantized)
            .into_iter()
            .chain([Figure::Table(shoot_out::table(&data, source, ctx)?)])
            .collect(),
        trace: None,
        notes: notes(&config, &data, &errors, quantized.n_clipped),
        arrays: arrays(&data, quantized.codes, quantized.dequantized),
    })
}

fn config(params: &Params) -> Config {
    Config {
        bits: params.int("bits") as u32,
        scheme: scheme(params),
        granularity: granularity(params),
        clip: match params.choice("clip") {
            "percentile" => Clip::Percentile(params.float("percentile")),
            "mse" => Clip::Mse,
            "manual" => Clip::Manual(params.float("clip_value")),
            _ => Clip::AbsMax,
        },
        rounding: match params.choice("rounding") {
            "away" => Rounding::Away,
            "truncate" => Rounding::Truncate,
            "floor" => Rounding::Floor,
            "stochastic" => Rounding::Stochastic { seed: params.int("seed") as u64 },
            _ => Rounding::Even,
        },
        scale_format: scale_format(params),
    }
}

/// What is stored: the codes, and a scale (affine: and a zero point as wide as a code) for each group of values.
struct Size {
    bytes: f64,
    bpw: f64,
}

impl Size {
    fn of(data: &Tensor, found: &Calibration) -> Self {
        let n = data.data.len() as f64;
        let config = &found.config;
        let bits = n * f64::from(config.bits) + found.affines.len() as f64 * f64::from(config.meta_bits());
        Self { bytes: (bits / 8.0).ceil(), bpw: bits / n }
    }
}

fn worst(rows: &[Errors]) -> Option<f64> {
    rows.iter().map(Errors::sqnr_db).reduce(f64::min)
}

fn figures(source: Source, found: &Calibration, counts: &CodeHistogram, quantized: &Quantized) -> Vec<Figure> {
    let grid = grid(found.config.range(), found.per_tensor());
    let look = Look { view: "codes", x_is_code: true, noun: source.noun(), linear_first: false };
    let values = Look { view: "values", x_is_code: false, ..look };
    let per_tensor = found.per_tensor().map(|_| Figure::Mirror(mirror(counts, grid, values)));
    per_tensor
        .into_iter()
        .chain([
            Figure::Mirror(mirror(counts, grid, look)),
            Figure::ErrorHistogram(error_histogram(counts)),
            Figure::Rows(rows(&quantized.rows)),
        ])
        .collect()
}

fn notes(config: &Config, data: &Tensor, errors: &Errors, n_clipped: u64) -> Vec<String> {
    let mut notes = Vec::new();
    let shared = match config.granularity {
        Granularity::Tensor => None,
        Granularity::Row => Some("row"),
        Granularity::Column => Some("column"),
        Granularity::Group(_) => Some("group"),
        Granularity::Block { .. } => Some("block"),
    };
    if let Some(shared) = shared {
        notes.push(format!("scale and zero_point are absent: every {shared} has its own. Figures count in codes."));
    } else if config.clip == Clip::AbsMax && errors.n > 0 {
        let rms = (errors.signal / errors.n as f64).sqrt();
        if errors.abs_max > 20.0 * rms {
            let times = errors.abs_max / rms;
            notes.push(format!("The largest value, {:.2}, is {times:.0} times the RMS: it alone sets the step.", errors.abs_max));
        }
    }
    if let Granularity::Group(size) = config.granularity
        && size > data.cols
    {
        notes.push(format!("A row has {}, so a group is a row.", count(data.cols as u64, "value")));
    }
    if n_clipped > 0 {
        notes.push(format!("Clipped: {}, beyond the last code of their side.", count(n_clipped, "value")));
    }
    if errors.cosine().is_none() {
        notes.push("cosine is absent: everything was rounded to 0.".into());
    }
    if errors.noise == 0.0 {
        notes.push("Nothing was lost, so the SQNR is infinite.".into());
    }
    notes
}

fn arrays(data: &Tensor, codes: Arc<[i32]>, dequantized: Arc<[f32]>) -> Vec<NamedArray> {
    let named = |name, data_of| NamedArray { name, shape: vec![data.n_rows(), data.cols], data: data_of };
    vec![
        named("original", ArrayData::F32(Arc::clone(&data.data))),
        named("codes", ArrayData::I32(codes)),
        named("dequantized", ArrayData::F32(dequantized)),
    ]
}
