//! Quantization without I/O: schemes, ranges, whole arrays, error metrics.
//!
//! [`Config`] says how, [`calibrate`] finds scale and zero point of every tensor, row, column or group, and
//! [`Calibration::apply`] turns values into codes and back and adds up the errors.
//!
//! Defined for every input: an array of zeros, or an empty one, gets scale 1 and is reconstructed exactly; a constant
//! or a single value gets its own range; ranges look at finite values only, so a NaN becomes real 0 and an infinity
//! the last code of its side, and both stay out of the error metrics.

mod apply;
mod clip;
pub mod float;
mod scheme;

pub use crate::kernel::{Affine, CodeRange, Errors, Rounding};
pub use apply::{Quantized, Sink};
pub use clip::{Calibration, Clip, Config, Granularity, Matrix, RangeSearch, calibrate, percentile_range};
pub use float::{FloatFormat, Overflow};
pub use scheme::{ScaleFormat, Scheme, affine_of, covered};
