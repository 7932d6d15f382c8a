//! Live demos. A lab is one row of [`ALL`]: typed parameters go in, a [`Report`] (plain data) comes out.
//!
//! From that row come the controls of the screen, `quantlearn lab NAME --set k=v`, the checks of `set`, `goal` and
//! `predict` in lesson files, and the reference in `lessons/FORMAT.md`. A lab keeps no state and touches neither
//! terminal nor disk: the world (progress, cancellation, sources of tensors) comes in through [`Ctx`].

mod affine;
mod board;
mod bytes;
mod clipping;
mod codebook;
mod digit;
mod dot;
mod energy;
mod few;
mod figure;
mod float_bits;
mod fp8;
mod gguf;
mod granularity;
mod lanes;
mod machine;
mod matmul;
pub mod measure;
mod microscaling;
mod mixed;
mod modes;
mod net;
mod noise;
mod observers;
mod param;
mod ptq;
mod quantize;
mod report;
mod requantize;
mod roofline;
mod rounding;
mod row;
mod spread;

use std::sync::atomic::{AtomicBool, Ordering};

pub use board::Board;
pub use machine::{Caches, Machine, RECORDED, Stopwatch, Timing, UNKNOWN_RATE, Work};
pub use param::{Choice, Numbers, ParamKind, ParamSpec, Params, Pixels, SetError, Start, Value};
pub use report::{
    ArrayData, Bar, Bars, Better, Bits, BitsRow, Cell, CellRow, Cells, ErrorHistogram, Figure, Flow, Grid, Heatmap, Images,
    Lines, Mark, Metric, MetricSpec, Mirror, NamedArray, Picture, Report, ReportView, RowStat, Rows, Ruler, Segment, Series,
    SeriesRole, Shape, Stage, Table, TickRow, Ticks, Trace, TraceStep,
};

use crate::{tensor::Sources, text::did_you_mean};

/// One lab.
#[derive(Clone, Copy, Debug)]
pub struct Lab {
    /// Kebab-case, stable: `quantlearn lab quantize`, `lab = "quantize"`.
    pub id: &'static str,
    pub title: &'static str,
    /// One sentence.
    pub summary: &'static str,
    pub params: &'static [ParamSpec],
    pub metrics: &'static [MetricSpec],
    pub run: fn(&Params, &Ctx) -> Result<Report, LabError>,
}

impl PartialEq for Lab {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Lab {
    /// The parameters as the row has them.
    pub fn defaults(&self) -> Params {
        Params::defaults(self.params)
    }

    /// What the board of all runs compares, where the lab has one.
    pub fn board(&self) -> Option<Board> {
        BOARDS.iter().find(|(id, _)| *id == self.id).map(|(_, board)| *board)
    }

    /// The row of a metric; `None` where the lab has none of this name.
    pub fn metric(&self, name: &str) -> Option<&'static MetricSpec> {
        self.metrics.iter().find(|m| m.name == name)
    }
}

/// Every lab, in the order of the menus.
pub static ALL: &[Lab] = &[
    // Everything at once.
    quantize::LAB,
    // Foundations.
    bytes::LAB,
    float_bits::LAB,
    rounding::LAB,
    noise::LAB,
    // Integers.
    affine::LAB,
    dot::LAB,
    requantize::LAB,
    // Calibration.
    clipping::LAB,
    observers::LAB,
    modes::LAB,
    // Granularity and codebooks.
    granularity::LAB,
    codebook::LAB,
    // Hardware and speed.
    energy::LAB,
    roofline::LAB,
    lanes::LAB,
    matmul::LAB,
    // Whole nets.
    ptq::LAB,
    mixed::LAB,
    digit::LAB,
    // Formats.
    fp8::LAB,
    microscaling::LAB,
    gguf::LAB,
];

/// Labs whose runs are worth comparing: each run of a session is a point on their board.
static BOARDS: &[(&str, Board)] = &[("ptq", Board { x: "bytes", y: "accuracy" }), ("mixed", Board { x: "bytes", y: "accuracy" })];

/// The lab of this id.
pub fn find(id: &str) -> Option<&'static Lab> {
    ALL.iter().find(|lab| lab.id == id)
}

/// The lab that a misspelt id most likely meant.
pub fn nearest(id: &str) -> Option<&'static str> {
    did_you_mean(id, ALL.iter().map(|lab| lab.id))
}

/// The world as a lab sees it.
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    pub sources: &'a Sources,
    /// Where the lab runs, and the clock for what it measures.
    pub machine: &'a Machine,
    cancel: &'a AtomicBool,
    progress: &'a (dyn Fn(u64, u64) + Sync),
}

impl<'a> Ctx<'a> {
    /// `cancel` is looked at, and `progress` told of (done, total), at each [`Ctx::step`]. Times come from a record.
    pub fn new(sources: &'a Sources, cancel: &'a AtomicBool, progress: &'a (dyn Fn(u64, u64) + Sync)) -> Self {
        Self { sources, machine: &RECORDED, cancel, progress }
    }

    /// The same on a machine that was looked at.
    pub fn with_machine(self, machine: &'a Machine) -> Self {
        Self { machine, ..self }
    }

    /// Reports progress and asks whether to go on; a lab calls it at least every few milliseconds of work.
    pub fn step(&self, done: u64, total: u64) -> Result<(), LabError> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(LabError::Cancelled);
        }
        (self.progress)(done, total);
        Ok(())
    }
}

/// Why a lab gave no report.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LabError {
    #[error("stopped")]
    Cancelled,
    #[error(transparent)]
    Param(#[from] SetError),
    /// A sentence for the learner: which, why, what to do.
    #[error("{0}")]
    Other(String),
}

#[cfg(test)]
mod tests;
