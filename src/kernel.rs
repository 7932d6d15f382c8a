//! Hot loops on slices: reduce, quantize, dequantize, histogram.
//!
//! Everything here is scalar and safe, written so that the compiler vectorises it on any target; it is the truth that
//! later instruction-set versions behind the same functions are compared with. No allocation inside a loop, no
//! knowledge of tensors, schemes or labs.
//!
//! Values that are not finite: reductions leave them out, a NaN gets the code of real 0, an infinity the last code of
//! its side, and neither counts as an error.

mod convert;
mod histogram;
mod reduce;
mod round;

pub use convert::{Affine, Affines, CodeRange, code_of, dequantize, quantize};
pub use histogram::{Axis, CodeHistogram, ERROR_BINS_PER_STEP};
pub use reduce::{Errors, abs_max, min_max, squared_error, sum_of_squares};
pub use round::{Rounding, round_even};
