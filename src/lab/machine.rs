//! The computer that a lab measures on: what it has, and a stopwatch.
//!
//! Time comes in from outside, as all of the world does: the edge hands in a machine that it has looked at, with a clock.
//! Without one a lab gets [`RECORDED`], whose stopwatch runs nothing and looks up what the same work took when the record
//! was made. So lessons over measured figures can be checked anywhere and give the same figures every time.

use std::{borrow::Cow, sync::OnceLock, time::Duration};

use crate::kernel::{Isa, Pool};

/// A computer and its clock.
#[derive(Debug)]
pub struct Machine {
    /// The name that the processor gives itself; cleaned.
    pub cpu: Cow<'static, str>,
    /// The instruction sets it has for the kernels, by [`Isa::name`], weakest first.
    pub sets: Cow<'static, [&'static str]>,
    /// What the kernels run with by default. On a recorded machine only plain Rust is certain to be here.
    pub isa: Isa,
    pub caches: Caches,
    /// Processors that this program may run on.
    pub n_cores: usize,
    clock: Clock,
    pool: OnceLock<Pool>,
}

/// Bytes in the data caches that one core reads through; `None` where the system does not say or there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caches {
    pub l1: Option<u64>,
    pub l2: Option<u64>,
    pub l3: Option<u64>,
}

impl Caches {
    /// The largest one; `None` where nothing is known.
    pub fn last(self) -> Option<u64> {
        self.l3.or(self.l2).or(self.l1)
    }
}

/// Runs what it is given and tells how long that took.
pub type Stopwatch = fn(&mut dyn FnMut()) -> Duration;

#[derive(Clone, Copy, Debug)]
enum Clock {
    Real(Stopwatch),
    /// Rates by kind of work: operations or bytes in a second.
    Recorded(&'static [(&'static str, f64)]),
}

/// What is timed: its kind, and how many operations or bytes it is. A record knows rates by kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    pub kind: &'static str,
    pub amount: f64,
}

/// Several runs of the same work, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    pub best: f64,
    pub median: f64,
    pub worst: f64,
    pub n_trials: usize,
}

impl Timing {
    /// Of at least one run.
    pub fn of(seconds: &[f64]) -> Self {
        let mut sorted = seconds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        Self { best: sorted[0], median: (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0, worst: sorted[n - 1], n_trials: n }
    }

    /// How far the median lies above the best, as a share of the best: how quiet the machine was.
    pub fn spread(self) -> f64 {
        self.median / self.best - 1.0
    }
}

impl Machine {
    /// A machine that was looked at, with its clock.
    pub fn new(cpu: String, isa: Isa, caches: Caches, n_cores: usize, stopwatch: Stopwatch) -> Self {
        let sets: Vec<&'static str> = Isa::available().into_iter().map(Isa::name).collect();
        let clock = Clock::Real(stopwatch);
        Self { cpu: cpu.into(), sets: sets.into(), isa, caches, n_cores: n_cores.max(1), clock, pool: OnceLock::new() }
    }

    /// Whether times come from a record, so that nothing is run.
    pub fn is_recorded(&self) -> bool {
        matches!(self.clock, Clock::Recorded(_))
    }

    /// Whether a record has a rate for this kind of work; a machine with a clock finds any.
    pub fn knows(&self, kind: &str) -> bool {
        match self.clock {
            Clock::Real(_) => true,
            Clock::Recorded(rates) => rate(rates, kind).is_some(),
        }
    }

    /// The name of the instruction set that times are of: on a record the strongest of the machine that it was made on.
    pub fn path(&self) -> &str {
        let recorded = self.sets.last().copied().filter(|_| self.is_recorded());
        recorded.unwrap_or(self.isa.name())
    }

    /// Threads for the kernels, one a core; started when first asked for.
    pub fn pool(&self) -> &Pool {
        self.pool.get_or_init(|| Pool::new(self.n_cores))
    }

    /// Seconds that a run takes which several things hold back at once, such as reading and arithmetic. A record does not
    /// call `run`, so results that are shown are computed outside; there it takes as long as the slowest of `limits`, and
    /// work of a kind that the record does not know goes at [`UNKNOWN_RATE`].
    pub fn time_within(&self, limits: &[Work], run: &mut dyn FnMut()) -> f64 {
        let recorded = |rates, work: &Work| work.amount / rate(rates, work.kind).unwrap_or(UNKNOWN_RATE);
        match self.clock {
            Clock::Real(stopwatch) => stopwatch(run).as_secs_f64(),
            Clock::Recorded(rates) => limits.iter().map(|work| recorded(rates, work)).fold(0.0, f64::max),
        }
    }
}

/// Operations or bytes in a second of work that a record has no rate for.
pub const UNKNOWN_RATE: f64 = 1.0e9;

fn rate(rates: &[(&str, f64)], kind: &str) -> Option<f64> {
    rates.iter().find(|(name, _)| *name == kind).map(|&(_, rate)| rate)
}

/// A two-core virtual machine on an AMD EPYC 9004 (Zen 4), as measured: the machine of tests, lesson checks and frames.
/// Peaks and products in operations, reads and matrix-vector products in bytes of weights, in a second on one thread.
/// `q4_0_hot`, operations with 4-bit blocks that lie in a cache, is a lower bound: what the product from memory comes to.
/// Of the AVX2 paths of bytes only loops in registers were measured there: 166 to 189 GOP/s with widening, 226 to 236
/// saturating.
/// `quant` is a short AVX-512 kernel in cache: 19.4 billion values in a second, four bytes read and one written for each.
pub static RECORDED: Machine = Machine {
    cpu: Cow::Borrowed("AMD EPYC (Zen 4), recorded"),
    sets: Cow::Borrowed(&["scalar", "avx2", "avx512", "avx512-vnni"]),
    isa: Isa::SCALAR,
    caches: Caches { l1: Some(32 << 10), l2: Some(1 << 20), l3: Some(32 << 20) },
    n_cores: 2,
    clock: Clock::Recorded(RATES),
    pool: OnceLock::new(),
};

const RATES: &[(&str, f64)] = &[
    ("peak_f32", 118.0e9),
    ("peak_i8", 473.0e9),
    ("peak_maddubs", 236.0e9),
    ("read_l1", 216.0e9),
    ("read_l2", 117.0e9),
    ("read_l3", 96.0e9),
    ("read_dram", 24.0e9),
    ("gemv_f32", 23.0e9),
    ("gemv_int8", 23.5e9),
    ("gemv_q4_0", 21.0e9),
    ("q4_0_hot", 21.0e9 * 16.0 / 4.5),
    ("gemm_f32", 112.0e9),
    ("gemm_i8", 445.0e9),
    ("peak_widened", 189.0e9),
    ("gemm_widened", 166.0e9),
    ("gemm_maddubs", 228.0e9),
    ("quant", 97.0e9),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_the_same_times_and_runs_nothing() {
        let mut n = 0;
        let mut time = |kind, amount| RECORDED.time_within(&[Work { kind, amount }], &mut || n += 1);
        assert_eq!((time("peak_f32", 118.0e6), time("peak_f32", 118.0e6), time("unheard of", 2.0e9)), (1.0e-3, 1.0e-3, 2.0));
        assert_eq!(n, 0);
        assert!(RECORDED.knows("peak_f32") && !RECORDED.knows("unheard of"));
        assert_eq!(RECORDED.path(), "avx512-vnni");
    }

    #[test]
    fn every_rate_of_a_record_is_above_zero() {
        assert!(RATES.iter().all(|&(_, rate)| rate > 0.0 && rate.is_finite()));
    }

    #[test]
    fn a_clock_times_what_is_run() {
        // This clock ticks a second a run.
        let machine = Machine::new("test".into(), Isa::SCALAR, Caches::default(), 0, |run| {
            run();
            Duration::from_secs(1)
        });
        let mut n = 0;
        assert_eq!(machine.time_within(&[], &mut || n += 1), 1.0);
        assert_eq!((n, machine.n_cores, machine.pool().n_threads()), (1, 1, 1));
        assert_eq!((machine.sets.first(), machine.path()), (Some(&"scalar"), "scalar"));
        assert!(machine.knows("unheard of"));
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(Timing::of(&[3.0, 1.0, 2.0, 5.0]), Timing { best: 1.0, median: 2.5, worst: 5.0, n_trials: 4 });
    }
}
