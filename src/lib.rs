//! quantlearn: learn neural-network quantization in a terminal, on real weights.
//!
//! The modules stand in the order of their layers: a module may use only modules above it
//! (`tests/layers.rs` holds this). Threads, disk and the terminal live only in `runtime` and `cli`.

// Lints of the product alone; those that also hold for tests stand in Cargo.toml. println! panics on a broken pipe and
// eprintln! writes into a raw terminal: the edge uses writeln! and looks at the answer.
#![warn(unreachable_pub, clippy::print_stdout, clippy::print_stderr)]

pub mod text;

pub mod id;

pub mod kernel;

pub mod quant;

pub mod nn;

pub mod tensor;

pub mod lab;

pub mod export;

pub mod expr;

pub mod script;

pub mod course;

pub mod learner;

pub mod input;

pub mod model;

pub mod theme;

pub mod widget;

pub mod screen;

pub mod overlay;

pub mod app;

#[cfg(feature = "native")]
pub mod runtime;

#[cfg(feature = "native")]
pub mod cli;
