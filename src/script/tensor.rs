//! Tensors of scripts: a shape, a type, and values that are shared until somebody changes them.
//!
//! Values lie in memory as f32 or i32 whatever their type, because that is what the kernels take; the type says which
//! of them can occur (an f16 tensor holds only numbers that an f16 has) and what the tensor would take in a file.

mod elementwise;
mod make;
mod matmul;
mod place;
mod reduce;
mod show;

use std::sync::Arc;

use half::{bf16, f16};

pub(super) use elementwise::{Op, binary, map_floats, map_whole};
pub(super) use make::{Maker, of_list};
pub(super) use matmul::matmul;
pub(super) use place::{at, concat, reshape, rows, set, set_row, transpose};
pub(super) use reduce::{Reduction, reduce, reduce_axis};

use super::host::{Host, Lease, Trouble, trouble};
use crate::quant::{FloatFormat, Overflow, Rounding};

/// Axes of a tensor at most.
pub(super) const MAX_RANK: usize = 6;

/// The type of every value in a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DType {
    F32,
    F16,
    Bf16,
    I8,
    U8,
    I32,
    /// -8 to 7, two to a byte.
    I4,
    E4m3,
    E5m2,
    /// Two to a byte.
    E2m1,
}

impl DType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::I32 => "i32",
            Self::I4 => "i4",
            Self::E4m3 => "e4m3",
            Self::E5m2 => "e5m2",
            Self::E2m1 => "e2m1",
        }
    }

    pub(super) fn bits(self) -> u64 {
        match self {
            Self::F32 | Self::I32 => 32,
            Self::F16 | Self::Bf16 => 16,
            Self::I8 | Self::U8 | Self::E4m3 | Self::E5m2 => 8,
            Self::I4 | Self::E2m1 => 4,
        }
    }

    pub(super) fn is_float(self) -> bool {
        !matches!(self, Self::I8 | Self::U8 | Self::I32 | Self::I4)
    }

    /// Of formats that are only stored: arithmetic on them gives f32.
    fn stored(self) -> Option<FloatFormat> {
        match self {
            Self::E4m3 => Some(FloatFormat::E4M3),
            Self::E5m2 => Some(FloatFormat::E5M2),
            Self::E2m1 => Some(FloatFormat::E2M1),
            _ => None,
        }
    }

    /// What arithmetic on tensors of this type gives.
    fn computed(self) -> Self {
        if matches!(self, Self::F16 | Self::Bf16) { self } else { Self::F32 }
    }

    /// First and last value of a type of whole numbers.
    pub(super) fn range(self) -> (i32, i32) {
        match self {
            Self::I8 => (-128, 127),
            Self::U8 => (0, 255),
            Self::I4 => (-8, 7),
            _ => (i32::MIN, i32::MAX),
        }
    }

    /// The same for a double, rounded once.
    pub(super) fn round_wide(self, x: f64) -> f64 {
        match self {
            Self::F16 => f16::from_f64(x).to_f64(),
            Self::Bf16 => bf16::from_f64(x).to_f64(),
            Self::F32 => f64::from(x as f32),
            _ => f64::from(self.round(to_odd(x))),
        }
    }

    /// The nearest value that a float type holds, ties to even.
    pub(super) fn round(self, x: f32) -> f32 {
        match self {
            Self::F16 => f16::from_f32(x).to_f32(),
            Self::Bf16 => bf16::from_f32(x).to_f32(),
            Self::F32 => x,
            other => {
                let mut one = [x];
                other.round_all(&mut one);
                one[0]
            }
        }
    }

    fn round_all(self, items: &mut [f32]) {
        match self.stored() {
            Some(format) => {
                let mut before = [0.0; 1024];
                for block in items.chunks_mut(before.len()) {
                    let before = &mut before[..block.len()];
                    before.copy_from_slice(block);
                    format.round_slice(before, Rounding::Even, 0, Overflow::Saturate, block);
                }
            }
            None if self == Self::F32 => {}
            None => items.iter_mut().for_each(|x| *x = self.round(*x)),
        }
    }
}

/// A double as f32 so that a second rounding, to a narrower format, does not see a tie that was none: toward zero, and
/// odd where something was cut off.
fn to_odd(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) == x || !near.is_finite() {
        return near;
    }
    let bits = if f64::from(near).abs() > x.abs() { near.to_bits() - 1 } else { near.to_bits() };
    f32::from_bits(bits | 1)
}

/// Values and the memory that was taken for them.
#[derive(Debug)]
pub(super) struct Buffer<T> {
    items: Vec<T>,
    lease: Lease,
}

impl<T> std::ops::Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

#[derive(Clone, Debug)]
pub(super) enum Data {
    Floats(Arc<Buffer<f32>>),
    Whole(Arc<Buffer<i32>>),
}

/// Row-major. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    shape: Arc<[usize]>,
    dtype: DType,
    data: Data,
}

impl Tensor {
    /// A float tensor; `items` are as many as the shape says. They are rounded to the type.
    pub(super) fn floats(shape: &[usize], dtype: DType, fill: Filled<f32>) -> Self {
        let Filled { mut items, lease } = fill;
        dtype.round_all(&mut items);
        debug_assert_eq!(items.len(), shape.iter().product::<usize>());
        Self { shape: shape.into(), dtype, data: Data::Floats(Arc::new(Buffer { items, lease })) }
    }

    /// A tensor of whole numbers, which lie in the range of the type.
    pub(super) fn whole(shape: &[usize], dtype: DType, fill: Filled<i32>) -> Self {
        let Filled { items, lease } = fill;
        debug_assert_eq!(items.len(), shape.iter().product::<usize>());
        Self { shape: shape.into(), dtype, data: Data::Whole(Arc::new(Buffer { items, lease })) }
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(super) fn dtype(&self) -> DType {
        self.dtype
    }

    pub(super) fn data(&self) -> &Data {
        &self.data
    }

    /// How many values.
    pub(super) fn len(&self) -> usize {
        match &self.data {
            Data::Floats(items) => items.len(),
            Data::Whole(items) => items.len(),
        }
    }

    /// Bytes in a file: an i4 takes half a byte.
    pub(super) fn n_bytes(&self) -> u64 {
        (self.len() as u64 * self.dtype.bits()).div_ceil(8)
    }

    /// One value.
    pub(super) fn get(&self, idx: usize) -> f64 {
        match &self.data {
            Data::Floats(items) => items[idx].into(),
            Data::Whole(items) => items[idx].into(),
        }
    }

    /// The same values under another shape of as many.
    pub(super) fn with_shape(&self, shape: &[usize]) -> Self {
        debug_assert_eq!(self.len(), shape.iter().product::<usize>());
        Self { shape: shape.into(), ..self.clone() }
    }

    /// The values as f32, which costs memory where they are whole numbers.
    pub(super) fn to_floats(&self, host: &Host) -> Result<Arc<Buffer<f32>>, Trouble> {
        match &self.data {
            Data::Floats(items) => Ok(Arc::clone(items)),
            Data::Whole(items) => {
                let mut filled = Filled::with_capacity(host, items.len())?;
                filled.items.extend(items.iter().map(|&q| q as f32));
                Ok(Arc::new(Buffer { items: filled.items, lease: filled.lease }))
            }
        }
    }

    /// A cast that asks what becomes of values outside of the type of whole numbers.
    pub(super) fn cast_whole(&self, host: &Host, dtype: DType, cast: impl Fn(f64) -> i32) -> Result<Self, Trouble> {
        host.charge(self.len())?;
        let mut filled = Filled::with_capacity(host, self.len())?;
        match &self.data {
            Data::Floats(items) => filled.extend_from(host, items, |&x| cast(x.into()))?,
            Data::Whole(items) => filled.extend_from(host, items, |&q| cast(q.into()))?,
        }
        Ok(Self::whole(&self.shape, dtype, filled))
    }

    /// The nearest values of a float type.
    pub(super) fn cast_float(&self, host: &Host, dtype: DType) -> Result<Self, Trouble> {
        host.charge(self.len())?;
        let mut filled = Filled::with_capacity(host, self.len())?;
        match &self.data {
            Data::Floats(items) => filled.extend_from(host, items, |&x| x)?,
            Data::Whole(items) => filled.extend_from(host, items, |&q| q as f32)?,
        }
        Ok(Self::floats(&self.shape, dtype, filled))
    }
}

/// Values that are being made, in memory that was taken from the budget first.
pub(super) struct Filled<T> {
    pub(super) items: Vec<T>,
    lease: Lease,
}

impl<T> Filled<T> {
    pub(super) fn with_capacity(host: &Host, n: usize) -> Result<Self, Trouble> {
        let lease = host.lease(n as u64 * size_of::<T>() as u64)?;
        Ok(Self { items: Vec::with_capacity(n), lease })
    }

    /// Appends what `each` makes of `from`, and looks at the clock now and then.
    pub(super) fn extend_from<S>(&mut self, host: &Host, from: &[S], each: impl Fn(&S) -> T) -> Result<(), Trouble> {
        for block in from.chunks(super::host::BLOCK) {
            host.poll()?;
            self.items.extend(block.iter().map(&each));
        }
        Ok(())
    }
}

/// How many values a shape has; refused where that is beyond any budget.
pub(super) fn n_values(shape: &[usize]) -> Result<usize, Trouble> {
    if shape.len() > MAX_RANK {
        return Err(trouble(format!("a tensor has at most {MAX_RANK} axes, not {}", shape.len())));
    }
    let n = shape.iter().try_fold(1usize, |n, &axis| n.checked_mul(axis)).filter(|n| *n < 1 << 40);
    n.ok_or_else(|| trouble(format!("a tensor of shape {} has too many values", shape_text(shape))))
}

/// `[1536, 384]`.
pub(super) fn shape_text(shape: &[usize]) -> String {
    format!("{shape:?}")
}
