//! The computer that a lab measures on: what it has, and a stopwatch.
//!
//! Time comes in from outside, as all of the world does: the edge hands in a machine that it has looked at, with a clock.
//! Without one a lab gets [`RECORDED`], whose stopwatch runs nothing and looks up what the same work took when the record
//! was made. So lessons over measured figures can be checked anywhere and give the same figures every time.

use std::{borrow::Cow, sync::OnceLock, time::Duration};

use super::LabError;
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

/// Runs of a measurement: never fewer, never more.
const TRIALS: std::ops::RangeInclusive<usize> = 3..=1000;

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

    /// Seconds that `work` takes. A record does not call `run`, so results that are shown are computed outside; work of
    /// a kind that it does not know goes at [`UNKNOWN_RATE`].
    pub fn time(&self, work: Work, run: &mut dyn FnMut()) -> f64 {
        self.time_within(&[work], run)
    }

    /// As [`time`](Self::time), of a run that several things hold back at once, such as reading and arithmetic: on a
    /// record it takes as long as the slowest of them.
    pub fn time_within(&self, limits: &[Work], run: &mut dyn FnMut()) -> f64 {
        let recorded = |rates, work: &Work| work.amount / rate(rates, work.kind).unwrap_or(UNKNOWN_RATE);
        match self.clock {
            Clock::Real(stopwatch) => stopwatch(run).as_secs_f64(),
            Clock::Recorded(rates) => limits.iter().map(|work| recorded(rates, work)).fold(0.0, f64::max),
        }
    }

    /// Runs `work` again and again until `budget` seconds have gone, 3 to 1000 times, once before that to warm up.
    /// `step` is called before every run and ends the measurement with its error.
    pub fn measure(
        &self,
        work: Work,
        budget: f64,
        step: &mut dyn FnMut() -> Result<(), LabError>,
        run: &mut dyn FnMut(),
    ) -> Result<Timing, LabError> {
        step()?;
        self.time(work, run);
        let (mut seconds, mut total) = (Vec::new(), 0.0);
        while seconds.len() < *TRIALS.start() || (total < budget && seconds.len() < *TRIALS.end()) {
            step()?;
            let one = self.time(work, run);
            seconds.push(one);
            total += one;
        }
        Ok(Timing::of(&seconds))
    }
}

/// Operations or bytes in a second of work that a record has no rate for.
pub const UNKNOWN_RATE: f64 = 1.0e9;

fn rate(rates: &[(&str, f64)], kind: &str) -> Option<f64> {
    rates.iter().find(|(name, _)| *name == kind).map(|&(_, rate)| rate)
}

/// A two-core virtual machine on an AMD EPYC 9004 (Zen 4), as measured: the machine of tests, lesson checks and frames.
/// Peaks and products in operations, reads and matrix-vector products in bytes of weights, in a second on one thread.
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
    ("gemm_f32", 112.0e9),
    ("gemm_i8", 445.0e9),
];

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Work = Work { kind: "peak_f32", amount: 118.0e6 };

    #[test]
    fn a_record_tells_the_same_times_and_runs_nothing() {
        let mut n = 0;
        let timing = RECORDED.measure(WORK, 0.02, &mut || Ok(()), &mut || n += 1).expect("nothing stops it");
        assert_eq!(n, 0);
        assert_eq!((timing.best, timing.median, timing.spread()), (1.0e-3, 1.0e-3, 0.0));
        assert!((20..=21).contains(&timing.n_trials), "{timing:?}");
        assert_eq!(RECORDED.time(Work { kind: "unheard of", amount: 2.0e9 }, &mut || ()), 2.0);
    }

    #[test]
    fn a_clock_times_what_is_run_at_least_three_times_after_a_warm_up() {
        // This clock ticks a second a run.
        let machine = Machine::new("test".into(), Isa::SCALAR, Caches::default(), 0, |run| {
            run();
            Duration::from_secs(1)
        });
        let mut n = 0;
        let timing = machine.measure(WORK, 0.0, &mut || Ok(()), &mut || n += 1).expect("nothing stops it");
        assert_eq!((n, timing), (4, Timing { best: 1.0, median: 1.0, worst: 1.0, n_trials: 3 }));
        assert_eq!((machine.n_cores, machine.pool().n_threads()), (1, 1));
        assert_eq!(machine.sets.first(), Some(&"scalar"));
    }

    #[test]
    fn a_measurement_can_be_stopped() {
        let mut n_steps = 0;
        let mut step = || {
            n_steps += 1;
            if n_steps > 5 { Err(LabError::Cancelled) } else { Ok(()) }
        };
        assert_eq!(RECORDED.measure(WORK, 1.0e9, &mut step, &mut || ()), Err(LabError::Cancelled));
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(Timing::of(&[3.0, 1.0, 2.0, 5.0]), Timing { best: 1.0, median: 2.5, worst: 5.0, n_trials: 4 });
    }
}
