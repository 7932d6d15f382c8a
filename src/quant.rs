//! Quantization without I/O: schemes, ranges, whole arrays, error metrics.
//!
//! [`Config`] says how, [`calibrate`] finds scale and zero point of every tensor, row, column or group, and
//! [`Calibration::apply`] turns values into codes and back and adds up the errors. Formats that are more than integers
//! with a scale (small floats, blocks, microscaling, codebooks) stand as rows in [`mod@format`].
//!
//! Defined for every input: an array of zeros, or an empty one, gets scale 1 and is reconstructed exactly; a constant
//! or a single value gets its own range; ranges look at finite values only, so a NaN becomes real 0 and an infinity
//! the last code of its side, and both stay out of the error metrics.
//!
//! # What is held to what
//!
//! | part | reference | test |
//! |---|---|---|
//! | FP16, BF16 | the `half` crate, bit for bit | `quant::float::tests`, all codes |
//! | E5M2, E4M3 (FN, IEEE, FNUZ), E5M2FNUZ, E3M2, E2M3, E2M1, E8M0 | ml_dtypes' tables, bit for bit | O-05 to O-11; nearest by definition |
//! | affine and symmetric scales, all conventions | closed forms | O-12, O-18, `quant::scheme::tests` |
//! | QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear | ONNX's vectors: codes exact, scale to 1 ulp | O-13 to O-15, `quant::onnx::tests` |
//! | MatMulInteger, QLinearMatMul, ConvInteger | ONNX's vectors, exact | O-16, O-17, O-19 |
//! | TFLite's int8 contract | its specification, as data | `quant::tflite::tests` |
//! | Q31 multipliers, SRDHM, RDBPOT | gemmlowp's definitions, exact; i128 rationals | O-20, `quant::fixed_point::tests` |

pub mod aciq;
mod apply;
mod clip;
pub mod codebook;
pub mod density;
pub mod entropy;
pub mod fixed_point;
pub mod float;
pub mod format;
pub mod ggml;
pub mod histogram;
pub mod lloyd;
pub mod metric;
mod minimum;
pub mod mx;
pub mod nvfp4;
pub mod observer;
pub mod onnx;
pub mod optimum;
pub mod ptq;
mod scheme;
pub mod tflite;

pub use crate::kernel::{Affine, CodeRange, Errors, Rounding};
pub use apply::{Quantized, Sink};
pub use clip::{Calibration, Clip, Config, Granularity, Matrix, RangeSearch, calibrate, percentile_range};
pub use float::{FloatFormat, Overflow};
pub use scheme::{ScaleFormat, Scheme, affine_of, covered};
