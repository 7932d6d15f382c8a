//! One contestant: what it is, how it is prepared, and its turns.

use super::Measured;
use crate::lab::{Machine, Timing, Work};

/// What the caches hold when a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// What the run before left of the same data, as far as it fits.
    Warm,
    /// Something else.
    Cold,
}

/// Does the work once.
pub type Runner<'p> = Box<dyn FnMut() + 'p>;

/// Something to be timed among others.
pub struct Contestant<'p> {
    pub op: &'static str,
    pub peer: String,
    pub n: u64,
    pub n_threads: usize,
    /// One run: what rates are reckoned by, and where there is one the other thing that may hold it back.
    pub limits: (Work, Option<Work>),
    pub cache: Cache,
    /// Makes the data; not called on a recorded machine.
    pub make: Box<dyn FnOnce() -> Runner<'p> + 'p>,
}

/// A sample is at least so long, in seconds, or it holds several runs: a clock has steps, and asking it takes time.
const SAMPLE: f64 = 200e-6;
/// Samples of one turn go on for so long.
const TURN: f64 = 5e-3;
const MAX_RUNS: f64 = 1e6;

impl<'p> Contestant<'p> {
    /// Readies it: runs it once, for the first touch of all memory, and a short one once more to see how long it takes.
    pub(super) fn prepare(self, machine: &Machine) -> Turns<'p> {
        let limits: Vec<Work> = [Some(self.limits.0), self.limits.1].into_iter().flatten().collect();
        let mut run: Runner<'p> = if machine.is_recorded() { Box::new(|| ()) } else { (self.make)() };
        let first = machine.time_within(&limits, &mut run);
        let once = if first < TURN { machine.time_within(&limits, &mut run) } else { first };
        let n_runs = if self.cache == Cache::Cold || machine.is_recorded() { 1.0 } else { (SAMPLE / once).ceil() };
        let result = Measured {
            op: self.op,
            peer: self.peer,
            n: self.n,
            n_threads: self.n_threads,
            amount: self.limits.0.amount,
            timing: Timing::of(&[once]),
        };
        Turns { result, limits, cache: self.cache, run, n_runs: n_runs.clamp(1.0, MAX_RUNS) as u32, once, samples: Vec::new() }
    }
}

/// A contestant that is ready, and its samples so far.
pub(super) struct Turns<'p> {
    result: Measured,
    limits: Vec<Work>,
    cache: Cache,
    run: Runner<'p>,
    /// Runs of one sample.
    n_runs: u32,
    /// Seconds of one run, roughly.
    once: f64,
    /// Seconds of one run, by sample.
    samples: Vec<f64>,
}

impl Turns<'_> {
    /// One turn. Returns the seconds that it took, with what is not counted.
    pub(super) fn take(&mut self, machine: &Machine, empty: &mut dyn FnMut()) -> f64 {
        if machine.is_recorded() {
            let seconds = machine.time_within(&self.limits, &mut || ());
            self.samples.push(seconds);
            return seconds;
        }
        // The outer clock sees the budget; on a real machine the kind of work does not matter.
        let whole = self.limits.clone();
        machine.time_within(&whole, &mut || match self.cache {
            Cache::Cold => {
                empty();
                self.sample(machine);
            }
            Cache::Warm => {
                if self.once < TURN {
                    (self.run)();
                }
                let mut spent = 0.0;
                while spent < TURN {
                    spent += self.sample(machine).max(SAMPLE / 2.0);
                }
            }
        })
    }

    fn sample(&mut self, machine: &Machine) -> f64 {
        let (run, n_runs) = (&mut self.run, self.n_runs);
        let seconds = machine.time_within(&self.limits, &mut || (0..n_runs).for_each(|_| run()));
        self.samples.push(seconds / f64::from(n_runs));
        seconds
    }

    pub(super) fn finish(self) -> Measured {
        Measured { timing: Timing::of(&self.samples), ..self.result }
    }
}
