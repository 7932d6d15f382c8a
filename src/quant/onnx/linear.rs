//! QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear.

use super::{Array, ElementType, OnnxError};
use crate::{
    kernel::{Affine, CodeRange, Rounding, code_of, min_max},
    quant::float::Overflow,
};

/// Which elements share a scale beside the shape of the scale: the attributes `axis` and `block_size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Of a scale that is not scalar; negative axes count from the end.
    pub axis: i64,
    /// 0: one scale for each index of the axis. Otherwise one for so many neighbours along it; the last may be fewer.
    pub block_size: usize,
}

impl Default for Blocks {
    /// As ONNX has them: axis 1, no blocks.
    fn default() -> Self {
        Self { axis: 1, block_size: 0 }
    }
}

/// `y = saturate(round_even(x / scale) + zero_point)`; for float types `y = cast(x / scale)` with `overflow`.
///
/// `scale` is scalar (or of one element), of one dimension and as long as the axis, or with `block_size` B of the input's
/// shape with `ceil(D / B)` along the axis. `zero_point` has the scale's shape; without one it is 0. Codes come in the
/// order of `x`.
pub fn quantize_linear(
    x: Array<f32>,
    scale: Array<f32>,
    zero_point: Option<Array<i32>>,
    blocks: Blocks,
    to: ElementType,
    overflow: Overflow,
) -> Result<Vec<i32>, OnnxError> {
    x.check("x")?;
    let params = Shared::of(x.shape, scale, zero_point, blocks)?;
    params.check_zero_points(to)?;
    let one = |(i, &x): (usize, &f32)| {
        let by = params.at(i);
        match to {
            ElementType::Integer(range) => code_of(x, by, range),
            ElementType::Float(format) => format.encode(x / by.scale, overflow) as i32,
            ElementType::Int32 => 0,
        }
    };
    if to == ElementType::Int32 {
        return Err(OnnxError::Int32Output);
    }
    Ok(x.data.iter().enumerate().map(one).collect())
}

/// `y = (x - zero_point) * scale` in f32; shapes as in [`quantize_linear`]. An int32 input has no zero point.
pub fn dequantize_linear(
    x: Array<i32>,
    scale: Array<f32>,
    zero_point: Option<Array<i32>>,
    blocks: Blocks,
    from: ElementType,
) -> Result<Vec<f32>, OnnxError> {
    x.check("x")?;
    let params = Shared::of(x.shape, scale, zero_point, blocks)?;
    params.check_zero_points(from)?;
    if let Some(range) = codes_of(from)
        && let Some(&got) = x.data.iter().find(|&&code| !(range.qmin..=range.qmax).contains(&code))
    {
        return Err(OnnxError::Code { got, range });
    }
    let one = |(i, &x): (usize, &i32)| {
        let by = params.at(i);
        match from {
            ElementType::Float(format) => format.decode(x as u32) * by.scale,
            ElementType::Integer(_) | ElementType::Int32 => (x - by.zero_point) as f32 * by.scale,
        }
    };
    Ok(x.data.iter().enumerate().map(one).collect())
}

/// Codes, scale and zero point of a whole tensor in uint8, from its own range widened to 0:
/// `scale = (max - min) / 255`, `zero_point = saturate(round_even(-min / scale))`. Values that are not finite do not count
/// for the range.
pub fn dynamic_quantize_linear(x: &[f32]) -> (Vec<i32>, Affine) {
    const U8: CodeRange = CodeRange { qmin: 0, qmax: 255 };
    let (lo, hi) = min_max(x).map_or((0.0, 0.0), |(lo, hi)| (lo.min(0.0), hi.max(0.0)));
    // The range of two huge values may be beyond f32.
    let scale = ((f64::from(hi) - f64::from(lo)) as f32 / 255.0).min(f32::MAX);
    let scale = if scale > 0.0 { scale } else { 1.0 };
    let zero_point = Rounding::Even.apply(-lo / scale, 0).clamp(0.0, 255.0) as i32;
    let by = Affine { scale, zero_point };
    (x.iter().map(|&x| code_of(x, by, U8)).collect(), by)
}

/// The codes of a type; `None` of int32.
fn codes_of(kind: ElementType) -> Option<CodeRange> {
    match kind {
        ElementType::Integer(range) => Some(range),
        ElementType::Float(format) => Some(CodeRange { qmin: 0, qmax: format.n_codes() as i32 - 1 }),
        ElementType::Int32 => None,
    }
}

/// Scales and zero points, and which of them an element has.
struct Shared<'a> {
    scale: &'a [f32],
    zero_point: Option<&'a [i32]>,
    /// Of the element at place `i`: `i / outer * n + i % outer / inner / block * kept + i % kept`.
    outer: usize,
    inner: usize,
    block: usize,
    n_blocks: usize,
    /// How many scales stand for the dimensions behind the axis: those themselves in blocks, else one.
    kept: usize,
    repeats: bool,
}

impl<'a> Shared<'a> {
    fn of(shape: &[usize], scale: Array<'a, f32>, zero_point: Option<Array<'a, i32>>, blocks: Blocks) -> Result<Self, OnnxError> {
        scale.check("scale")?;
        if let Some(got) = scale.data.iter().copied().find(|s| !(*s > 0.0 && s.is_finite())) {
            return Err(OnnxError::Scale { got });
        }
        if let Some(zero_point) = zero_point {
            zero_point.check("zero_point")?;
            if zero_point.shape != scale.shape {
                let allowed = format!("the scale's, {:?}", scale.shape);
                return Err(OnnxError::Shape { name: "zero_point", got: zero_point.shape.to_vec(), allowed });
            }
        }
        let n: usize = shape.iter().product();
        let mut shared = Self {
            scale: scale.data,
            zero_point: zero_point.map(|z| z.data),
            outer: n.max(1),
            inner: n.max(1),
            block: 1,
            n_blocks: 1,
            kept: 1,
            repeats: true,
        };
        if scale.shape.is_empty() || scale.shape == [1] && blocks.block_size == 0 {
            return Ok(shared);
        }
        shared.along(shape, scale.shape, blocks)?;
        Ok(shared)
    }

    fn along(&mut self, shape: &[usize], scale: &[usize], blocks: Blocks) -> Result<(), OnnxError> {
        let rank = shape.len();
        let missing = OnnxError::Axis { axis: blocks.axis, rank };
        let axis = if blocks.axis < 0 { blocks.axis + rank as i64 } else { blocks.axis };
        let axis = usize::try_from(axis).ok().filter(|&axis| axis < rank).ok_or(missing)?;
        let size = shape[axis];
        let wrong = |allowed: String| {
            Err(OnnxError::Shape { name: "scale", got: scale.to_vec(), allowed: format!("{allowed} or scalar") })
        };
        self.inner = shape[axis + 1..].iter().product::<usize>().max(1);
        self.outer = (size * self.inner).max(1);
        self.repeats = blocks.block_size == 0;
        if blocks.block_size == 0 {
            self.n_blocks = size;
            return if scale == [size] { Ok(()) } else { wrong(format!("[{size}], one for each index of axis {axis},")) };
        }
        let mut expected = shape.to_vec();
        expected[axis] = size.div_ceil(blocks.block_size);
        (self.block, self.n_blocks, self.kept) = (blocks.block_size, expected[axis], self.inner);
        if scale == expected { Ok(()) } else { wrong(format!("{expected:?}, one for each block of {},", blocks.block_size)) }
    }

    fn at(&self, i: usize) -> Affine {
        let place = i % self.outer / self.inner / self.block;
        let first = if self.repeats { 0 } else { i / self.outer * self.n_blocks };
        let idx = if self.kept == 1 { first + place } else { (first + place) * self.kept + i % self.inner };
        Affine { scale: self.scale[idx], zero_point: self.zero_point.map_or(0, |z| z[idx]) }
    }

    fn check_zero_points(&self, kind: ElementType) -> Result<(), OnnxError> {
        let Some(points) = self.zero_point else { return Ok(()) };
        let refused = |why| points.iter().find(|&&z| z != 0).map(|&got| OnnxError::NoZeroPoint { got, why });
        let fault = match kind {
            ElementType::Integer(range) => {
                let outside = points.iter().find(|&&z| !(range.qmin..=range.qmax).contains(&z));
                outside.map(|&got| OnnxError::ZeroPoint { got, range })
            }
            ElementType::Float(_) => refused("float codes have a zero of their own"),
            ElementType::Int32 => refused("int32 values are accumulators"),
        };
        fault.map_or(Ok(()), Err)
    }
}
