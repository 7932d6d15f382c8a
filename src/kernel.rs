//! Hot loops on slices: reduce, quantize, dequantize, histogram.
//!
//! Everything here is scalar and safe, written so that the compiler vectorises it on any target; it is the truth that
//! later instruction-set versions behind the same functions are compared with. No allocation inside a loop, no
//! knowledge of tensors, schemes or labs.
//!
//! Values that are not finite: reductions leave them out, a NaN gets the code of real 0, an infinity the last code of
//! its side, and neither counts as an error.

#[expect(unsafe_code, reason = "memory on huge pages")]
mod buffer;
mod convert;
#[expect(unsafe_code, reason = "instructions that only some CPUs have, and threads that write parts of one matrix")]
mod gemm;
mod histogram;
mod isa;
mod matrix;
#[expect(unsafe_code, reason = "work that lives on the caller's stack")]
mod pool;
mod reduce;
mod round;

pub use buffer::{Buffer, Plain};
pub use convert::{Affine, Affines, CodeRange, code_of, dequantize, quantize};
pub use gemm::{Codes, Each, Gemm, Out, PackedF32, PackedI8, ProductI8, Requantize, RhsF32, RhsI8};
pub use histogram::{Axis, CodeHistogram, ERROR_BINS_PER_STEP};
pub use isa::{Isa, IsaError, Level};
pub use matrix::{Mat, MatMut};
pub use pool::Pool;
pub use reduce::{Errors, abs_max, min_max, squared_error, sum_of_squares};
pub use round::{Rounding, round_even};
