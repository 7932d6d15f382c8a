//! Runs that are timed side by side: limits of the machine, matrix products, matrix-vector products, conversions.
//!
//! A computer does not keep its speed: its clock moves, and others use its memory. So contestants take turns in rounds,
//! each round in an order of its own, and what is told of each is its best and its median. A limit runs in the same
//! rounds as what is judged by it.

mod contestant;
mod limits;
mod products;
mod streams;

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

pub use contestant::{Cache, Contestant, Runner};
pub use limits::{Peak, ReadLevel, peak, peaks, read, reads};
pub(crate) use products::random_blocks;
pub use products::{Packing, Size, Weights, gemm_f32, gemm_i8, gemm_i8_saturating, gemv, random_codes, random_floats};
pub use streams::streams;

use super::{LabError, Machine, Timing};
use crate::kernel::{Buffer, Isa, Pool, read as read_memory};

/// What came of one contestant.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// What was done: `f32`, `gemv`, `read_dram`.
    pub op: &'static str,
    /// Who did it and how: `quantlearn-avx2-packed`.
    pub peer: String,
    /// How large: the side of a matrix, elements, or for a limit the operations or bytes of a run.
    pub n: u64,
    pub n_threads: usize,
    /// Operations or bytes of one run.
    pub amount: f64,
    pub timing: Timing,
}

impl Measured {
    /// Operations or bytes in a second, in the best run.
    pub fn rate(&self) -> f64 {
        self.amount / self.timing.best
    }
}

/// Rounds of a measurement: never fewer, never more.
const ROUNDS: std::ops::RangeInclusive<usize> = 3..=1000;
/// Progress is told in so many parts.
const PARTS: u64 = 1000;

/// Times all contestants on `isa` and the threads of `pool`, in rounds until `budget` seconds have gone, and gives their
/// results in the order in which they came. `step` hears of the progress before every turn and ends the measurement with
/// its error.
///
/// Short runs are repeated within one sample, and a turn has as many samples as fit in a few milliseconds. Before a cold
/// run something else is read, twice as large as the last cache (64 to 256 MiB); before a warm one the same is run
/// untimed. On a recorded machine nothing is prepared and nothing is run.
pub fn in_rounds(
    machine: &Machine,
    isa: Isa,
    pool: Option<&Pool>,
    contestants: Vec<Contestant<'_>>,
    budget: f64,
    step: &mut dyn FnMut(u64, u64) -> Result<(), LabError>,
) -> Result<Vec<Measured>, LabError> {
    let mut emptier = Emptier::new(machine, isa, pool, &contestants);
    let mut turns = Vec::with_capacity(contestants.len());
    for contestant in contestants {
        step(0, PARTS)?;
        turns.push(contestant.prepare(machine));
    }
    let mut order: Vec<usize> = (0..turns.len()).collect();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut spent, mut n_rounds) = (0.0, 0);
    while n_rounds < *ROUNDS.start() || (spent < budget && n_rounds < *ROUNDS.end()) {
        order.shuffle(&mut random);
        for &idx in &order {
            let by_rounds = n_rounds as f64 / *ROUNDS.start() as f64;
            let done = if budget > 0.0 { by_rounds.min(spent / budget) } else { by_rounds };
            step((done.clamp(0.0, 1.0) * PARTS as f64) as u64, PARTS)?;
            spent += turns[idx].take(machine, &mut || emptier.run());
        }
        n_rounds += 1;
    }
    step(PARTS, PARTS)?;
    Ok(turns.into_iter().map(contestant::Turns::finish).collect())
}

/// Fills the caches with something else.
struct Emptier<'a> {
    isa: Isa,
    pool: Option<&'a Pool>,
    data: Buffer<u32>,
}

const EMPTIER: std::ops::RangeInclusive<u64> = 64 << 20..=256 << 20;

impl<'a> Emptier<'a> {
    fn new(machine: &Machine, isa: Isa, pool: Option<&'a Pool>, contestants: &[Contestant<'_>]) -> Self {
        let is_needed = !machine.is_recorded() && contestants.iter().any(|c| c.cache == Cache::Cold);
        let n_bytes = machine.caches.last().map_or(0, |last| 2 * last).clamp(*EMPTIER.start(), *EMPTIER.end());
        Self { isa, pool, data: Buffer::zeroed(if is_needed { n_bytes as usize / 4 } else { 0 }) }
    }

    fn run(&mut self) {
        let parts: Vec<&[u32]> = parts_of(self.pool, &self.data).collect();
        on_all(self.pool, parts.len(), &|idx| {
            std::hint::black_box(read_memory(self.isa, parts[idx]));
        });
    }
}

/// Equal parts of a slice, one for each thread.
fn parts_of<'d, T>(pool: Option<&Pool>, data: &'d [T]) -> std::slice::Chunks<'d, T> {
    data.chunks(part_len(pool, data.len()))
}

fn part_len(pool: Option<&Pool>, len: usize) -> usize {
    len.div_ceil(n_threads(pool)).max(1)
}

fn n_threads(pool: Option<&Pool>) -> usize {
    pool.map_or(1, Pool::n_threads)
}

/// Calls `visit` with every index below `n`, on the threads of the pool or on the calling one.
pub(crate) fn on_all(pool: Option<&Pool>, n: usize, visit: &(dyn Fn(usize) + Sync)) {
    match pool {
        Some(pool) => pool.run(n, visit),
        None => (0..n).for_each(visit),
    }
}

#[cfg(test)]
mod tests;
