//! Values with a chosen tail, and what INT8 and a small float make of them.

use std::sync::Arc;

use super::{Ctx, Errors, FloatFormat, LabError, Overflow, Params, Rounding, Source, abs_max, tensor};
use crate::{
    kernel::{Affine, Affines, CodeRange, dequantize, quantize},
    tensor::Tensor,
};

/// Uniform and Gaussian values to mix from.
pub(super) struct Mixture {
    even: Arc<Tensor>,
    bell: Arc<Tensor>,
    seed: u64,
}

impl Mixture {
    pub(super) fn open(params: &Params, ctx: &Ctx) -> Result<Self, LabError> {
        let (even, bell) = (tensor(params, Source::Uniform, ctx)?, tensor(params, Source::Gaussian, ctx)?);
        Ok(Self { even, bell, seed: params.int("seed") as u64 })
    }

    /// The first `n` values. A tail of 0 to 1 is the share of Gaussian values among uniform ones; from there on one value
    /// in a thousand is `20^(tail - 1)` times as large.
    pub(super) fn values(&self, tail: f64, n: usize) -> Arc<[f32]> {
        let (even, bell) = (&self.even.data, &self.bell.data);
        let n = n.min(bell.len());
        if n == bell.len() && (tail == 0.0 || tail == 1.0) {
            return Arc::clone(if tail == 0.0 { even } else { bell });
        }
        let draw = Rounding::Stochastic { seed: self.seed };
        // Rounding a share to a whole number by chance gives 1 as often as the share says.
        let chance = |share: f32, i: usize| draw.apply(share, i as u64) == 1.0;
        if tail <= 1.0 {
            return (0..n).map(|i| if chance(tail as f32, i) { bell[i] } else { even[i] }).collect();
        }
        let times = 20f64.powf(tail - 1.0) as f32;
        (0..n).map(|i| if chance(0.001, i) { bell[i] * times } else { bell[i] }).collect()
    }
}

/// What a format made of the values.
pub(super) struct Entry {
    pub scale: f32,
    pub errors: Errors,
    /// Values beyond the largest of the format, and those among them that became infinite or NaN.
    pub n_overflow: u64,
    pub n_lost: u64,
    /// Values that became 0 and were not.
    pub n_zero: u64,
    /// Magnitude and RMS error of the values of each binade.
    pub by_size: Vec<(f64, f64)>,
}

impl Entry {
    /// The SQNR; `None` where a value was lost.
    pub(super) fn db(&self) -> Option<f64> {
        (self.n_lost == 0).then(|| self.errors.sqnr_db())
    }
}

const BLOCK: usize = 1 << 14;

pub(super) fn int8(data: &[f32], ctx: &Ctx) -> Result<Entry, LabError> {
    const RANGE: CodeRange = CodeRange { qmin: -127, qmax: 127 };
    let peak = abs_max(data);
    let scale = if peak > 0.0 { (peak / 127.0).max(f32::MIN_POSITIVE) } else { 1.0 };
    let by = Affines::One(Affine { scale, zero_point: 0 });
    let mut codes = vec![0; BLOCK];
    compare(data, scale, f32::INFINITY, ctx, |src, dst| {
        let codes = &mut codes[..src.len()];
        quantize(src, by, RANGE, Rounding::Even, 0, codes);
        dequantize(codes, by, dst);
    })
}

pub(super) fn float(data: &[f32], format: FloatFormat, scale: f32, overflow: Overflow, ctx: &Ctx) -> Result<Entry, LabError> {
    let mut scaled = vec![0.0; BLOCK];
    compare(data, scale, format.max() + (format.spacing(format.max()) / 2.0) as f32, ctx, |src, dst| {
        let scaled = &mut scaled[..src.len()];
        scaled.iter_mut().zip(src).for_each(|(x, r)| *x = r / scale);
        format.round_slice(scaled, Rounding::Even, 0, overflow, dst);
        dst.iter_mut().for_each(|y| *y *= scale);
    })
}

/// Binades of the error by size: f32 exponents from -126 up.
const N_BINADES: usize = 256;

/// Runs the values through a format and compares; a magnitude beyond `reach` times the scale overflows.
fn compare(
    data: &[f32],
    scale: f32,
    reach: f32,
    ctx: &Ctx,
    mut through: impl FnMut(&[f32], &mut [f32]),
) -> Result<Entry, LabError> {
    let mut entry = Entry { scale, errors: Errors::default(), n_overflow: 0, n_lost: 0, n_zero: 0, by_size: Vec::new() };
    let mut sums = [(0u32, 0.0f64); N_BINADES];
    let beyond = reach * scale;
    let mut dst = vec![0.0; BLOCK];
    for (idx, src) in data.chunks(BLOCK).enumerate() {
        ctx.step((idx * BLOCK) as u64, data.len() as u64)?;
        let dst = &mut dst[..src.len()];
        through(src, dst);
        // Narrow sums of comparisons stay in the lanes of the loop.
        let n_overflow: u32 = src.iter().map(|r| u32::from(r.abs() > beyond)).sum();
        let n_lost: u32 = dst.iter().map(|y| u32::from(!y.is_finite())).sum();
        let n_zero: u32 = src.iter().zip(&*dst).map(|(r, y)| u32::from((*y == 0.0) & (*r != 0.0))).sum();
        entry.n_overflow += u64::from(n_overflow);
        entry.n_lost += u64::from(n_lost);
        entry.n_zero += u64::from(n_zero);
        if n_lost > 0 {
            dst.iter_mut().for_each(|y| *y = if y.is_finite() { *y } else { 0.0 });
        }
        entry.errors = entry.errors.plus(Errors::between(src, dst));
        // A sample of each block is enough for the curve.
        for (r, y) in src.iter().zip(&*dst).step_by(8) {
            let sum = &mut sums[(r.to_bits() >> 23 & 0xff) as usize];
            sum.0 += 1;
            sum.1 += f64::from(y - r).powi(2);
        }
    }
    let binades = sums.iter().enumerate().skip(1).filter(|(_, sum)| sum.0 >= 8);
    // The middle of a binade, by its logarithm.
    entry.by_size = binades.map(|(field, sum)| ((field as f64 - 126.5).exp2(), (sum.1 / f64::from(sum.0)).sqrt())).collect();
    Ok(entry)
}
