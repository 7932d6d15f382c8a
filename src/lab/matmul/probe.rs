//! A part of the product, computed on every path: which sums are wrong, and what INT8 costs.

use super::{Path, Size};
use crate::{
    kernel::{Affine, Errors, Gemm, Isa, Mat, MatMut, Out, ProductI8, abs_max, code_of, min_max},
    lab::{Ctx, LabError, Params},
    quant::{ScaleFormat, Scheme, affine_of},
    tensor::Source,
};

/// Rows and columns of the part at most.
const ROWS: usize = 16;
const COLUMNS: usize = 128;

pub(super) struct Probe {
    /// Wrong sums by path; the saturating one is always among them, imitated where the CPU has it not.
    wrong: Vec<(Path, usize)>,
    n: usize,
    /// The exact INT8 result against FP32, and that of the saturating path.
    pub(super) exact: Errors,
    pub(super) saturating: Errors,
    /// In percent of the RMS of the FP32 result.
    pub(super) differences: Vec<f32>,
    pub(super) saturating_differences: Vec<f32>,
}

/// Codes of both sides with what they mean.
struct Coded {
    a: Vec<u8>,
    by: Affine,
    b: Vec<i8>,
    scales: Vec<f32>,
    size: Size,
}

impl Probe {
    pub(super) fn of(params: &Params, size: Size, ctx: &Ctx) -> Result<Self, LabError> {
        let size = Size { m: size.m.min(ROWS), n: size.n.min(COLUMNS), ..size };
        let (a, b) = floats(params, size, ctx)?;
        let coded = Coded::of(params, size, &a, &b);
        let truth = coded.sums(&mut Gemm::new(Isa::SCALAR));
        let held = coded.sums(&mut saturating(Path::Saturating.isa(ctx.machine)));
        let n_wrong = |sums: &[i32]| sums.iter().zip(&truth).filter(|(sum, exact)| sum != exact).count();
        let mut wrong = vec![(Path::Saturating, n_wrong(&held))];
        for path in [Path::Wide, Path::Dot] {
            ctx.step(0, 1)?;
            if let Some(isa) = path.isa(ctx.machine) {
                wrong.push((path, n_wrong(&coded.sums(&mut Gemm::new(isa)))));
            }
        }
        let mut y = vec![0.0; truth.len()];
        let (a, b) = (Mat::new(&a[..], size.m, size.k), Mat::new(&b[..], size.k, size.n));
        Gemm::new(ctx.machine.isa).f32(a, b, MatMut::new(&mut y, size.m, size.n));
        let (exact, held) = (coded.result(&truth), coded.result(&held));
        Ok(Self {
            wrong,
            n: truth.len(),
            exact: Errors::between(&y, &exact),
            saturating: Errors::between(&y, &held),
            differences: differences(&y, &exact),
            saturating_differences: differences(&y, &held),
        })
    }

    /// Wrong sums of a path; 0 where it was not run.
    pub(super) fn wrong(&self, path: Path) -> usize {
        self.wrong.iter().find(|(of, _)| *of == path).map_or(0, |(_, n)| *n)
    }

    pub(super) fn wrong_elsewhere(&self) -> usize {
        self.wrong.iter().filter(|(of, _)| *of != Path::Saturating).map(|(_, n)| n).sum()
    }

    /// Sums that were compared.
    pub(super) fn n(&self) -> usize {
        self.n
    }
}

/// The saturating path of the CPU, or plain Rust that imitates it bit for bit.
fn saturating(isa: Option<Isa>) -> Gemm<'static> {
    Gemm::new(isa.unwrap_or(Isa::SCALAR)).saturating().expect("a path was found, and plain Rust has one")
}

fn floats(params: &Params, size: Size, ctx: &Ctx) -> Result<(Vec<f32>, Vec<f32>), LabError> {
    let (n_a, n_b) = (size.m * size.k, size.k * size.n);
    let sources = match params.choice("data") {
        "adversarial" => return Ok((vec![1.0; n_a], vec![1.0; n_b])),
        "layer" => [Source::Relu, Source::Gaussian],
        _ => [Source::UnitUniform, Source::Uniform],
    };
    let seed = params.int("seed") as u64;
    let draw = |source, n| ctx.sources.get_with(source, n, seed, &mut |done, total| ctx.step(done, total));
    Ok((draw(sources[0], n_a)?.data.to_vec(), draw(sources[1], n_b)?.data.to_vec()))
}

impl Coded {
    /// Activations unsigned with a zero point, weights symmetric with a scale for each column.
    fn of(params: &Params, size: Size, a: &[f32], b: &[f32]) -> Self {
        let range = Scheme::AffineUnsigned.range(params.int("activation_bits") as u32);
        let (lo, hi) = min_max(a).unwrap_or((0.0, 0.0));
        let by = affine_of(lo.into(), hi.into(), Scheme::AffineUnsigned, range, ScaleFormat::F32);
        let weight_range = Scheme::Symmetric.range(params.int("weight_bits") as u32);
        let (mut codes, mut scales) = (vec![0; b.len()], Vec::with_capacity(size.n));
        let mut column = vec![0.0; size.k];
        for j in 0..size.n {
            column.iter_mut().enumerate().for_each(|(k, x)| *x = b[k * size.n + j]);
            let reach = f64::from(abs_max(&column));
            let by = affine_of(-reach, reach, Scheme::Symmetric, weight_range, ScaleFormat::F32);
            column.iter().enumerate().for_each(|(k, &x)| codes[k * size.n + j] = code_of(x, by, weight_range) as i8);
            scales.push(by.scale);
        }
        Self { a: a.iter().map(|&x| code_of(x, by, range) as u8).collect(), by, b: codes, scales, size }
    }

    /// The plain sums, without a zero point.
    fn sums(&self, gemm: &mut Gemm) -> Vec<i32> {
        let Size { m, k, n } = self.size;
        let mut sums = vec![0; m * n];
        let product = ProductI8::new(Mat::new(&self.a[..], m, k), Mat::new(&self.b[..], k, n));
        gemm.i8(&product, Out::I32(MatMut::new(&mut sums, m, n)));
        sums
    }

    /// Sums as real numbers: the zero point's part taken off, times both scales.
    fn result(&self, sums: &[i32]) -> Vec<f32> {
        let n = self.size.n;
        let mut col_sums = vec![0; n];
        for row in self.b.chunks(n) {
            col_sums.iter_mut().zip(row).for_each(|(sum, &code)| *sum += i32::from(code));
        }
        let real = |(i, sum): (usize, &i32)| {
            let j = i % n;
            (sum - self.by.zero_point * col_sums[j]) as f32 * (self.by.scale * self.scales[j])
        };
        sums.iter().enumerate().map(real).collect()
    }
}

fn differences(y: &[f32], got: &[f32]) -> Vec<f32> {
    let rms = (y.iter().map(|y| f64::from(*y).powi(2)).sum::<f64>() / y.len() as f64).sqrt().max(f64::MIN_POSITIVE);
    y.iter().zip(got).map(|(y, got)| (100.0 * f64::from(got - y) / rms) as f32).collect()
}
