//! The small real networks that lessons quantize: handwritten digits, a multi-layer perceptron and a convolutional net.
//!
//! [`Net`] computes in FP32, [`train()`] trains it from a seed, [`Arch`] names the two nets and reads the trained ones, [`Net::folded`] folds batch norm away. [`QuantNet`] runs a
//! folded net in one of the four [`Mode`]s, the static one in integers from the first layer to the last.
//!
//! Everything but the products of [`QuantNet`] and of FP32 inference is plain Rust in a fixed order of additions, with
//! `exp` from libm, so that training gives the same weights on every machine.

mod arch;
mod digits;
mod fold;
mod layer;
mod net;
mod ops;
mod plan;
mod quantized;
mod train;
mod weights;

pub use arch::Arch;
pub use digits::{Digits, Set, Split};
pub use layer::{Dense, Layer, Norm, Shape};
pub use net::{Net, best};
pub use plan::{Mode, Plan, PlanError, Range, symmetric};
pub use quantized::{Grid, QuantNet, Weights};
pub use train::{Progress, Recipe, train};
