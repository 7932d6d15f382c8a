//! Quantization operators with the semantics of ONNX (opset 25): the contract that other runtimes are compared with.
//!
//! Codes of every type are held as i32; those of float types are bit patterns. What ONNX leaves open is defined here: a
//! NaN becomes the zero point of an integer type, and the all-zero input of [`dynamic_quantize_linear`] gets scale 1.

mod linear;
mod matmul;

pub use linear::{Blocks, dequantize_linear, dynamic_quantize_linear, quantize_linear};
pub use matmul::{Factor, QLinear, conv_integer, first_overflow, matmul_integer, qlinear_matmul};

use super::float::FloatFormat;
use crate::kernel::CodeRange;

/// The element type of codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ElementType {
    /// An integer with these codes: `uint4` is 0..=15.
    Integer(CodeRange),
    /// Float8 or float4; the zero point is 0.
    Float(FloatFormat),
    /// Accumulators and biases: input of DequantizeLinear alone, without a zero point.
    Int32,
}

impl ElementType {
    pub const U2: Self = unsigned(2);
    pub const S2: Self = signed(2);
    pub const U4: Self = unsigned(4);
    pub const S4: Self = signed(4);
    pub const U8: Self = unsigned(8);
    pub const S8: Self = signed(8);
    pub const U16: Self = unsigned(16);
    pub const S16: Self = signed(16);
}

const fn unsigned(bits: u32) -> ElementType {
    ElementType::Integer(CodeRange { qmin: 0, qmax: (1 << bits) - 1 })
}

const fn signed(bits: u32) -> ElementType {
    ElementType::Integer(CodeRange { qmin: -(1 << (bits - 1)), qmax: (1 << (bits - 1)) - 1 })
}

/// An array in row-major order; of shape `[]` a single element.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a, T> {
    pub shape: &'a [usize],
    pub data: &'a [T],
}

impl<'a, T> Array<'a, T> {
    pub fn new(shape: &'a [usize], data: &'a [T]) -> Self {
        Self { shape, data }
    }

    /// One element.
    pub fn scalar(of: &'a T) -> Self {
        Self { shape: &[], data: std::slice::from_ref(of) }
    }

    fn check(&self, name: &'static str) -> Result<(), OnnxError> {
        let expected = self.shape.iter().product();
        if self.data.len() == expected {
            return Ok(());
        }
        Err(OnnxError::Length { name, shape: self.shape.to_vec(), expected, got: self.data.len() })
    }
}

/// Why an operator refuses its inputs.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OnnxError {
    #[error("`{name}` has {got} elements, but its shape {shape:?} holds {expected}")]
    Length { name: &'static str, shape: Vec<usize>, expected: usize, got: usize },
    #[error("`{name}` has shape {got:?}; allowed is {allowed}")]
    Shape { name: &'static str, got: Vec<usize>, allowed: String },
    #[error("axis {axis} does not exist: the input has {rank} dimensions")]
    Axis { axis: i64, rank: usize },
    #[error("the zero point {got} is not a code of the type, which has {} to {}", range.qmin, range.qmax)]
    ZeroPoint { got: i32, range: CodeRange },
    #[error("a zero point of {got} stands where only 0 is allowed: {why}")]
    NoZeroPoint { got: i32, why: &'static str },
    #[error("the scale {got} is not allowed: it has to be positive and finite")]
    Scale { got: f32 },
    #[error("the code {got} is not one of the type, which has {} to {}", range.qmin, range.qmax)]
    Code { got: i32, range: CodeRange },
    #[error("int32 is what products add up to; QuantizeLinear cannot produce it")]
    Int32Output,
    #[error("the inner dimensions differ: A has {a} columns, B has {b} rows")]
    Inner { a: usize, b: usize },
}

#[cfg(test)]
mod tests;
