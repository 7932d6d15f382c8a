//! The paths and their times.

use crate::{
    kernel::{Gemm, Isa, Level},
    lab::{
        LabError, Machine, Timing,
        measure::{
            Cache, Contestant, Packing, Peak, ReadLevel, Size, Weights, gemm_f32, gemm_i8, gemm_i8_saturating, gemv, in_rounds,
            peak, read,
        },
    },
};

/// A way to compute the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    F32,
    Scalar,
    /// Exact: bytes are widened to 16 bits, then multiplied by pairs.
    Wide,
    /// `vpmaddubsw`.
    Saturating,
    /// `vpdpbusd`, `sdot`, `smmla`.
    Dot,
}

impl Path {
    pub(super) const ALL: [Self; 5] = [Self::F32, Self::Scalar, Self::Wide, Self::Saturating, Self::Dot];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::F32 => "FP32",
            Self::Scalar => "INT8 plain Rust",
            Self::Wide => "INT8 widened",
            Self::Saturating => "INT8 saturating",
            Self::Dot => "INT8 dot product",
        }
    }

    pub(super) fn kind_of_number(self) -> &'static str {
        if self == Self::F32 { "FP32" } else { "INT8" }
    }

    /// What the sums of a machine in hand are computed with; `None` where it has no such path, or it was not chosen.
    pub(super) fn isa(self, machine: &Machine) -> Option<Isa> {
        let strongest = |levels: &[Level]| {
            let chosen = Isa::available().into_iter().filter(|isa| *isa <= machine.isa);
            chosen.filter(|isa| levels.contains(&isa.level())).last()
        };
        match self {
            Self::F32 => Some(machine.isa),
            Self::Scalar => Some(Isa::SCALAR),
            Self::Wide => strongest(&[Level::Avx2, Level::Avx512, Level::Neon]),
            Self::Dot => strongest(&[Level::AvxVnni, Level::Avx512Vnni, Level::NeonDotprod, Level::NeonI8mm]),
            // Plain Rust can imitate it, but that is no path to be timed.
            Self::Saturating => Some(machine.isa).filter(|&isa| isa != Isa::SCALAR && Gemm::new(isa).saturating().is_some()),
        }
    }

    /// How a record knows the product, and its limit.
    fn kinds(self) -> (&'static str, &'static str) {
        match self {
            Self::F32 => ("gemm_f32", "peak_f32"),
            Self::Scalar => ("gemm_scalar", "peak_scalar"),
            Self::Wide => ("gemm_widened", "peak_widened"),
            Self::Saturating => ("gemm_maddubs", "peak_maddubs"),
            Self::Dot => ("gemm_i8", "peak_i8"),
        }
    }

    /// The instruction set that is timed; of a record nothing is run, so any will do.
    fn timed(self, machine: &Machine) -> Option<Isa> {
        if machine.is_recorded() {
            return (self == Self::Scalar || machine.knows(self.kinds().0)).then_some(Isa::SCALAR);
        }
        self.isa(machine)
    }

    pub(super) fn contestant<'p>(self, machine: &Machine, size: Size) -> Option<Contestant<'p>> {
        let isa = self.timed(machine)?;
        if is_cold(size) {
            let weights = match self {
                Self::Saturating => return None,
                Self::F32 => Weights::F32,
                _ => Weights::Int8,
            };
            return Some(gemv(isa, None, weights, (size.n, size.k), Cache::Cold));
        }
        let mut contestant = match self {
            Self::F32 => gemm_f32(isa, None, size, Packing::Before),
            Self::Scalar => gemm_i8(isa, None, fewer_rows(size), Packing::Before),
            Self::Saturating => gemm_i8_saturating(isa, None, size, Packing::Before)?,
            Self::Wide | Self::Dot => gemm_i8(isa, None, size, Packing::Before),
        };
        contestant.limits.0.kind = self.kinds().0;
        Some(contestant)
    }

    /// What the path is judged by: its arithmetic, or with cold weights the reading of memory.
    fn limit<'p>(self, machine: &Machine, size: Size) -> Option<Contestant<'p>> {
        let isa = self.timed(machine)?;
        if is_cold(size) {
            return read(machine, isa, None, ReadLevel::Dram).filter(|_| self == Self::F32);
        }
        let what = match self {
            Self::F32 => Peak::F32,
            Self::Saturating => Peak::Maddubs,
            Self::Wide | Self::Dot => Peak::I8,
            Self::Scalar => return None,
        };
        let mut contestant = peak(machine, isa, None, what)?;
        contestant.limits.0.kind = self.kinds().1;
        Some(contestant)
    }

    /// Bytes of weights read for one of them.
    fn weight_bytes(self) -> f64 {
        if self == Self::F32 { 4.0 } else { 1.0 }
    }
}

/// One row of activations: weights come from memory, each time.
pub(super) fn is_cold(size: Size) -> bool {
    size.m == 1
}

/// Plain Rust is slow, and its speed does not depend on the number of rows: a few are enough.
fn fewer_rows(size: Size) -> Size {
    const MOST: usize = 1 << 22;
    Size { m: (MOST / (size.k * size.n)).clamp(1, size.m), ..size }
}

/// One path and how fast it was.
pub(super) struct Run {
    pub(super) path: Path,
    /// The name of the kernel.
    pub(super) how: String,
    pub(super) timing: Timing,
    /// Multiplications and additions of one timed run.
    operations: f64,
    /// Operations of the whole product.
    whole: f64,
    /// Operations in a second at most, as measured in the same rounds.
    pub(super) limit: Option<f64>,
}

impl Run {
    pub(super) fn gops(&self) -> f64 {
        self.operations / self.timing.best / 1e9
    }

    /// As a part of the limit.
    pub(super) fn share(&self) -> Option<f64> {
        self.limit.map(|limit| 1e9 * self.gops() / limit)
    }

    /// Of the whole product, in the best run.
    pub(super) fn seconds(&self) -> f64 {
        self.timing.best * self.whole / self.operations
    }

    pub(super) fn median_seconds(&self) -> f64 {
        self.timing.median * self.whole / self.operations
    }
}

pub(super) struct Arena {
    pub(super) cpu: String,
    pub(super) size: Size,
    /// In the order of [`Path::ALL`]; FP32 and plain Rust are always there.
    pub(super) runs: Vec<Run>,
}

/// Seconds of measurement, if runs are short.
const BUDGET: f64 = 0.6;

impl Arena {
    pub(super) fn race(
        machine: &Machine,
        size: Size,
        step: &mut dyn FnMut(u64, u64) -> Result<(), LabError>,
    ) -> Result<Self, LabError> {
        let (mut paths, mut contestants, mut limits, mut limited) = (vec![], vec![], vec![], vec![]);
        for path in Path::ALL {
            let Some(contestant) = path.contestant(machine, size) else { continue };
            paths.push(path);
            contestants.push(contestant);
            if let Some(limit) = path.limit(machine, size) {
                limited.push(path);
                limits.push(limit);
            }
        }
        contestants.extend(limits);
        let mut measured = in_rounds(machine, machine.isa, None, contestants, BUDGET, step)?;
        let limits: Vec<f64> = measured.split_off(paths.len()).iter().map(|limit| limit.rate()).collect();
        let run = |(path, measured): (Path, crate::lab::measure::Measured)| Run {
            path,
            how: match machine.is_recorded() {
                true => "recorded".into(),
                false => measured.peer.trim_start_matches("quantlearn-").trim_end_matches("-packed").into(),
            },
            timing: measured.timing,
            operations: if path == Path::Scalar && !is_cold(size) { fewer_rows(size) } else { size }.operations(),
            whole: size.operations(),
            limit: limit_of(path, size, &limited, &limits),
        };
        let runs = paths.into_iter().zip(measured).map(run).collect();
        Ok(Self { cpu: machine.cpu.clone().into_owned(), size, runs })
    }

    pub(super) fn run(&self, path: Path) -> Option<&Run> {
        self.runs.iter().find(|run| run.path == path)
    }

    /// The strongest INT8 path without wrong sums.
    pub(super) fn best_exact(&self) -> Path {
        [Path::Dot, Path::Wide].into_iter().find(|&path| self.run(path).is_some()).unwrap_or(Path::Scalar)
    }

    /// Over FP32; `None` where the path did not run.
    pub(super) fn speedup(&self, path: Path) -> Option<f64> {
        Some(self.run(path)?.gops() / self.run(Path::F32)?.gops())
    }

    /// The largest of the runs.
    pub(super) fn spread(&self) -> f64 {
        self.runs.iter().map(|run| run.timing.spread()).fold(0.0, f64::max)
    }

    /// The fewest of any path.
    pub(super) fn n_trials(&self) -> usize {
        self.runs.iter().map(|run| run.timing.n_trials).min().unwrap_or(0)
    }
}

/// In operations a second: with cold weights one reading of memory limits all, two operations for each weight that is read.
fn limit_of(path: Path, size: Size, limited: &[Path], limits: &[f64]) -> Option<f64> {
    if is_cold(size) {
        return limits.first().map(|bytes| 2.0 * bytes / path.weight_bytes());
    }
    limited.iter().zip(limits).find(|(of, _)| **of == path).map(|(_, limit)| *limit)
}
