//! Hot loops on slices: reduce, quantize, dequantize, histogram, multiply.
//!
//! Every function has a plain version in safe Rust that any CPU runs, and it is the truth that the others are compared
//! with. A function without a token takes the instruction set that the program chose ([`Isa::chosen`]); the one that
//! ends in `_on` takes any that this CPU has. No allocation inside a loop, no knowledge of tensors, schemes or labs.
//!
//! Values that are not finite: reductions leave them out, a NaN gets the code of real 0, an infinity the last code of
//! its side, and neither counts as an error.

#[expect(unsafe_code, reason = "memory on huge pages")]
mod buffer;
#[expect(unsafe_code, reason = "instructions that only some CPUs have")]
mod bytes;
mod convert;
mod float_grid;
#[expect(unsafe_code, reason = "instructions that only some CPUs have, and threads that write parts of one matrix")]
mod gemm;
#[expect(unsafe_code, reason = "instructions that only some CPUs have")]
mod gemv;
mod histogram;
mod isa;
#[expect(unsafe_code, reason = "loops compiled for instructions that only some CPUs have")]
mod level;
#[expect(unsafe_code, reason = "a conversion of what is known to fit")]
mod magnitudes;
mod matrix;
#[expect(unsafe_code, reason = "instructions that only some CPUs have")]
mod peak;
#[expect(unsafe_code, reason = "work that lives on the caller's stack")]
mod pool;
mod reduce;
mod round;

pub use buffer::{Buffer, Plain};
pub use bytes::{dequantize_i8, dequantize_i8_on, quantize_i8, quantize_i8_on};
pub use convert::{
    Affine, Affines, CodeRange, code_of, dequantize, dequantize_on, fake_quantize, fake_quantize_on, quantize, quantize_on,
};
pub use float_grid::{FloatGrid, round_floats, round_floats_on, round_scaled_floats, round_scaled_floats_on};
pub use gemm::{Codes, Each, Gemm, Out, PackedF32, PackedI8, ProductI8, Requantize, RhsF32, RhsI8, saturating_pair};
pub use gemv::{Q4_BLOCK, Q4_BLOCK_BYTES, RowsI8, RowsQ4, VecI8, VecQ8, gemv_f32, gemv_i8, gemv_q4};
pub use histogram::{Axis, CodeHistogram, ERROR_BINS_PER_STEP};
pub use isa::{Isa, IsaError, Level};
pub use magnitudes::{MAGNITUDE_BINS, hist2048, hist2048_on};
pub use matrix::{Mat, MatMut};
pub use peak::{Arithmetic, burst, read};
pub use pool::Pool;
pub use reduce::{
    Errors, abs_max, abs_max_on, min_max, min_max_on, squared_error, squared_error_on, sum_of_squares, sum_of_squares_on,
};
pub use round::{Rounding, round_even};
