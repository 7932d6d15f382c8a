//! The sandboxed script engine: listings, exercises and `quantlearn run`, over the same kernels as the labs.
//!
//! A script is rhai with a prelude of tensors ([`PRELUDE`]). It has no files, no network, no clock, no `eval` and no
//! `sleep`; it ends by itself, at a [`Fault`], or at one of the [`Limits`]. Numbers differ from rhai's own where those
//! would surprise: comparisons follow IEEE 754, `/` never drops a fraction (`1 / 127` is 0.00787..), `**` is power with
//! any exponent, and `^`, which is no power, is refused.
//!
//! Time, cancellation and data come in through [`World`]; nothing here starts a thread or opens a file. The engine is
//! built for each run (well below a millisecond), so start-up pays nothing for it.

mod engine;
mod fault;
mod format;
mod grade;
mod host;
mod number;
mod prelude;
mod tensor;
mod value;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

pub use engine::MAX_SOURCE;
pub use prelude::{Native, PRELUDE};

use crate::{lab, tensor::Sources};

/// What a script may use up. [`Limits::LESSON`] is the one everybody uses; tests use smaller ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Steps of the script and elements that native functions touch, together.
    pub n_ops: u64,
    /// Memory of all tensors that are alive at the same time.
    pub tensor_bytes: u64,
    /// Printed text and figures.
    pub output_bytes: usize,
    /// Calls of the script's own functions inside each other.
    pub depth: usize,
    pub seconds: f64,
}

impl Limits {
    pub const LESSON: Self =
        Self { n_ops: 4_000_000_000, tensor_bytes: 256_000_000, output_bytes: 64_000, depth: 24, seconds: 2.0 };
}

/// Time since a moment of the caller's choice, best of the thread's own work; it must not run backwards.
pub type Elapsed = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The world of a run. `cancel` and `elapsed` are asked at least every few milliseconds, also inside native functions.
///
/// The parts are shared, not borrowed: the engine's functions own what they use.
#[derive(Clone)]
pub struct World {
    pub sources: Arc<Sources>,
    /// Start of the random numbers: the same seed gives the same run.
    pub seed: u64,
    pub cancel: Arc<AtomicBool>,
    pub elapsed: Elapsed,
    pub limits: Limits,
}

/// What a script did.
#[derive(Clone, Debug)]
pub struct Run {
    /// In the order in which it was printed, also where the run ended early.
    pub output: Vec<Piece>,
    pub end: End,
    /// By [`World::elapsed`].
    pub seconds: f64,
}

impl Run {
    /// The printed lines: what `expect` is compared with, white space at the end ignored.
    pub fn text(&self) -> String {
        let lines = self.output.iter().filter_map(|piece| match piece {
            Piece::Line(line) => Some(line.as_str()),
            Piece::Figure(_) => None,
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// A part of the output. Lines are clean (no control characters) and may hold line breaks where a tensor was printed.
#[derive(Clone, Debug)]
pub enum Piece {
    Line(String),
    Figure(Box<lab::Figure>),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Finished,
    Stopped(Stop),
    Failed(Fault),
}

/// A limit was reached, or the run was cancelled.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// One sentence: which limit and where.
    pub why: String,
    pub line: Option<u32>,
    pub is_cancel: bool,
}

/// What is wrong with a script.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fault {
    /// A sentence without a full stop, as compilers write it.
    pub message: String,
    /// From 1; 0 is unknown.
    pub line: u32,
    /// In characters, from 1; 0 is unknown.
    pub column: u32,
    /// The line as it stands in the source.
    pub source_line: String,
    /// "did you mean `absmax`?"
    pub help: Option<String>,
}

/// Runs a script. Never panics, and ends within its limits.
pub fn run(source: &str, world: &World) -> Run {
    let session = engine::Session::new(world);
    let end = match session.compile(source) {
        Ok(ast) => session.run(&ast, source),
        Err(fault) => End::Failed(fault),
    };
    Run { output: session.host.take_output(), end, seconds: session.host.seconds() }
}

/// Reads a script without running it. Unknown names show only when it runs.
pub fn check(source: &str) -> Result<(), Fault> {
    let world = World {
        sources: Arc::default(),
        seed: 0,
        cancel: Arc::default(),
        elapsed: Arc::new(|| Duration::ZERO),
        limits: Limits::LESSON,
    };
    engine::Session::new(&world).compile(source).map(drop)
}

/// One hidden test of an exercise.
#[derive(Clone, Debug)]
pub struct Test {
    pub name: String,
    /// An expression over the learner's functions and the variables.
    pub call: String,
    /// What it gives; without it the same call on the solution is the truth.
    pub expect: Option<String>,
    pub vars: Vec<(String, Draw)>,
    /// How often, each time with other draws; 0 counts as 1.
    pub times: u32,
}

/// What a variable of a test is drawn from.
#[derive(Clone, Debug)]
pub enum Draw {
    /// One of these.
    Numbers(Vec<f64>),
    /// A tensor of 16 values: "normal", "uniform" in [-1, 1) or "laplace".
    Tensor(&'static str),
}

/// How an exercise went.
#[derive(Clone, Debug)]
pub struct Grade {
    /// One for each test; those behind the first failure were not run and count as failed. All passed: right.
    pub passed: Vec<bool>,
    pub failure: Option<Failure>,
    pub seconds: f64,
}

impl Grade {
    /// Whether every test passed.
    pub fn is_right(&self) -> bool {
        self.failure.is_none()
    }
}

/// The first case that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Empty where the code does not run at all.
    pub test: String,
    /// Names and printed values.
    pub inputs: Vec<(String, String)>,
    pub call: String,
    /// Empty where there is a fault or a stop.
    pub got: String,
    pub expected: String,
    pub fault: Option<Fault>,
    pub stop: Option<Stop>,
}

/// Runs the tests of an exercise on the learner's code; all of them together stay inside one set of limits.
pub fn grade(code: &str, solution: &str, tests: &[Test], world: &World) -> Grade {
    grade::grade(code, solution, tests, world)
}

#[cfg(test)]
mod tests;
