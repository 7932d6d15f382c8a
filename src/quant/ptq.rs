//! Post-training algorithms in their smallest form, on slices: each file names its source.

pub mod adaround;
pub mod equalize;
pub mod gptq;
pub mod hadamard;
pub mod lsq;
pub mod smooth;
pub mod ternary;
