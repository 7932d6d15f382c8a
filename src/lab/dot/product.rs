//! A whole product of matrices: codes of both, summed in int32, beside the product in float.

use super::{Ctx, LabError, Params};
use crate::{
    kernel::{
        Affine, Affines, CodeRange, Each, Errors, Gemm, Isa, Mat, MatMut, Out, ProductI8, Rounding, abs_max, dequantize, quantize,
    },
    lab::{Bar, Bars, Lines, Segment, Series, SeriesRole, Shape, few::db, row::count},
    quant::{ScaleFormat, Scheme, affine_of, metric::add_noise_db},
    tensor::Source,
};

/// Two matrices in float: activations, and weights with a row for each output.
struct Matrices {
    /// `m` rows of `k`.
    a: Vec<f32>,
    /// `n` rows of `k`.
    b: Vec<f32>,
    m: usize,
    n: usize,
    k: usize,
}

impl Matrices {
    /// About as many outputs as asked for, in a near-square.
    fn of(params: &Params, n_outputs: usize, ctx: &Ctx) -> Result<Self, LabError> {
        ctx.step(0, 1)?;
        let m = 1 << (n_outputs.ilog2() / 2);
        let n = n_outputs / m;
        let take = |source, rows: usize, k: usize, seed| {
            let tensor = ctx.sources.get_with(source, rows * k, seed, &mut |done, total| ctx.step(done, total))?;
            Ok::<_, LabError>(tensor.data[..rows * k].to_vec())
        };
        let (seed, inner) = (params.int("seed") as u64, params.int("inner") as usize);
        if params.choice("source") == "minilm" {
            const CHANNELS: usize = 384;
            let (a, b) = (take(Source::Activations, m, CHANNELS, 0)?, take(Source::IntermediateDense, n, CHANNELS, 0)?);
            return Ok(Self { a, b, m, n, k: CHANNELS });
        }
        // A seed beside those that the control reaches, so that both matrices never agree.
        let (a, b) = (take(Source::Gaussian, m, inner, seed)?, take(Source::Gaussian, n, inner, seed + 1_000_000)?);
        Ok(Self { a, b, m, n, k: inner })
    }

    /// `a` times `b` transposed, in f32.
    fn times(&self, a: &[f32], b: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; self.m * self.n];
        let b = transposed(b, self.k);
        Gemm::new(Isa::chosen()).f32(
            Mat::new(a, self.m, self.k),
            Mat::new(&b, self.k, self.n),
            MatMut::new(&mut y, self.m, self.n),
        );
        y
    }

    /// The product of codes, summed in int32 and scaled at the end.
    fn in_integers(&self, a: &Coded, b: &Coded) -> Vec<f32> {
        let mut y = vec![0.0; self.m * self.n];
        let weights = transposed(&b.codes, self.k);
        let product = ProductI8::new(Mat::new(&a.codes[..], self.m, self.k), Mat::new(&weights[..], self.k, self.n));
        let out = Out::F32 { c: MatMut::new(&mut y, self.m, self.n), a_scales: a.each(), b_scales: b.each(), bias: None };
        Gemm::new(Isa::chosen()).i8(&product, out);
        y
    }
}

/// Rows of `k` as columns.
fn transposed<T: Copy>(rows: &[T], k: usize) -> Vec<T> {
    let n = rows.len() / k;
    (0..k).flat_map(|col| (0..n).map(move |row| rows[row * k + col])).collect()
}

/// A matrix in symmetric codes, one scale for each row or for all.
struct Coded {
    codes: Vec<i8>,
    scales: Vec<f32>,
    back: Vec<f32>,
    errors: Errors,
}

impl Coded {
    fn of(values: &[f32], bits: u32, group: usize) -> Self {
        let range = Scheme::Symmetric.range(bits);
        let mut codes = vec![0; values.len()];
        let (mut back, mut scales) = (vec![0.0; values.len()], Vec::new());
        for ((values, codes), back) in values.chunks(group).zip(codes.chunks_mut(group)).zip(back.chunks_mut(group)) {
            let by = scale_of(values, range);
            quantize(values, Affines::One(by), range, Rounding::Even, 0, codes);
            dequantize(codes, Affines::One(by), back);
            scales.push(by.scale);
        }
        // The range of at most 8 bits fits.
        let codes = codes.into_iter().map(|q| q as i8).collect();
        Self { codes, scales, errors: Errors::between(values, &back), back }
    }

    fn each(&self) -> Each<'_, f32> {
        if let [one] = self.scales[..] { Each::One(one) } else { Each::Each(&self.scales) }
    }
}

fn scale_of(values: &[f32], range: CodeRange) -> Affine {
    let reach = f64::from(abs_max(values));
    affine_of(-reach, reach, Scheme::Symmetric, range, ScaleFormat::F32)
}

/// What a product of codes loses, and which operand is to blame.
pub(super) struct Product {
    a: Errors,
    b: Errors,
    /// Of the outputs: with codes of a alone, of b alone, of both.
    only_a: Errors,
    only_b: Errors,
    both: Errors,
    inner: usize,
}

impl Product {
    pub(super) fn of(params: &Params, ctx: &Ctx) -> Result<Self, LabError> {
        let matrices = Matrices::of(params, params.int("n") as usize, ctx)?;
        let exact = matrices.times(&matrices.a, &matrices.b);
        ctx.step(1, 4)?;
        let (a, b) = (coded(params, &matrices.a, "a_bits", matrices.k), coded(params, &matrices.b, "b_bits", matrices.k));
        let against = |y: Vec<f32>| Errors::between(&exact, &y);
        let only_a = against(matrices.times(&a.back, &matrices.b));
        ctx.step(2, 4)?;
        let only_b = against(matrices.times(&matrices.a, &b.back));
        ctx.step(3, 4)?;
        let both = against(matrices.in_integers(&a, &b));
        Ok(Self { a: a.errors, b: b.errors, only_a, only_b, both, inner: matrices.k })
    }

    pub(super) fn a_db(&self) -> f64 {
        self.a.sqnr_db()
    }

    pub(super) fn b_db(&self) -> f64 {
        self.b.sqnr_db()
    }

    pub(super) fn predicted_db(&self) -> f64 {
        add_noise_db(self.a_db(), self.b_db())
    }

    pub(super) fn measured_db(&self) -> f64 {
        self.both.sqnr_db()
    }

    pub(super) fn note(&self) -> String {
        let off = self.predicted_db() - self.measured_db();
        format!("{} of {} products each; the prediction is {off:+.2} dB off.", count(self.both.n, "output"), self.inner)
    }

    /// Powers of noise beside the signal's: what the operands promise, and what the outputs show.
    pub(super) fn noise(&self) -> Bars {
        let millionths = |e: &Errors| 1e6 * e.noise / e.signal.max(f64::MIN_POSITIVE);
        let segment = |name, e: &Errors, role| Segment { name, value: millionths(e), role };
        let bar = |label: &str, segments, note: f64| Bar { label: label.into(), segments, note: format!("{} dB", db(note)) };
        let (of_a, of_b) = ("noise of a", "noise of b");
        Bars {
            view: "noise",
            heading: format!("predicted {} dB, measured {} dB", db(self.predicted_db()), db(self.measured_db())),
            unit: "millionths of the signal",
            log: false,
            bars: vec![
                bar(
                    "predicted",
                    vec![segment(of_a, &self.a, SeriesRole::A), segment(of_b, &self.b, SeriesRole::B)],
                    self.predicted_db(),
                ),
                bar("measured", vec![segment("noise of both", &self.both, SeriesRole::Error)], self.measured_db()),
                bar("only a in codes", vec![segment(of_a, &self.only_a, SeriesRole::A)], self.only_a.sqnr_db()),
                bar("only b in codes", vec![segment(of_b, &self.only_b, SeriesRole::B)], self.only_b.sqnr_db()),
            ],
        }
    }
}

fn coded(params: &Params, values: &[f32], bits: &str, k: usize) -> Coded {
    let group = if params.choice("scales") == "row" { k } else { values.len() };
    Coded::of(values, params.int(bits) as u32, group)
}

/// Outputs of each point of the curve.
const SWEPT: usize = 4096;

/// Predicted and measured, over the width of b.
pub(super) fn by_bits(params: &Params, ctx: &Ctx) -> Result<Lines, LabError> {
    let matrices = Matrices::of(params, SWEPT.min(params.int("n") as usize), ctx)?;
    let exact = matrices.times(&matrices.a, &matrices.b);
    let a = coded(params, &matrices.a, "a_bits", matrices.k);
    let group = if params.choice("scales") == "row" { matrices.k } else { matrices.b.len() };
    let (mut predicted, mut measured, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for bits in 2..=8u32 {
        ctx.step(u64::from(bits), 8)?;
        let b = Coded::of(&matrices.b, bits, group);
        let x = f64::from(bits);
        alone.push((x, b.errors.sqnr_db()));
        predicted.push((x, add_noise_db(a.errors.sqnr_db(), b.errors.sqnr_db())));
        measured.push((x, Errors::between(&exact, &matrices.in_integers(&a, &b)).sqnr_db()));
    }
    let chosen = params.int("b_bits") as f64;
    let here = measured.iter().copied().find(|p| p.0 == chosen);
    Ok(Lines {
        view: "by bits",
        heading: format!(
            "the product's SQNR by the bits of b; a has {} bits and {} dB",
            params.int("a_bits"),
            db(a.errors.sqnr_db())
        ),
        x_label: "bits of b",
        x_unit: "bit",
        y_label: "SQNR",
        y_unit: "dB",
        series: vec![
            Series::line("predicted", SeriesRole::A, predicted),
            Series { shape: Shape::Points, ..Series::line("measured", SeriesRole::B, measured) },
            Series::line("b alone", SeriesRole::Grid, alone),
        ],
        here,
        y_metric: "measured_db",
        ..Lines::default()
    })
}
