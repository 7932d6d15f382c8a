//! What a run shares with its native functions: budgets, output, random numbers.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rhai::{Dynamic, EvalAltResult, Position};

use super::{Elapsed, Limits, Piece, World};
use crate::{lab::Figure, tensor::Sources, text::Text};

/// Why a native function gives no value.
pub(super) type Trouble = Box<EvalAltResult>;

/// A fault of the script, in one sentence; the engine adds the place.
pub(super) fn trouble(message: impl Into<String>) -> Trouble {
    EvalAltResult::ErrorRuntime(message.into().into(), Position::NONE).into()
}

/// Which limit ended a run. Scripts cannot catch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Cancelled,
    Time,
    Operations,
    /// Bytes that the tensors would have taken together.
    Memory(u64),
    Output,
}

impl From<Why> for Trouble {
    fn from(why: Why) -> Self {
        EvalAltResult::ErrorTerminated(Dynamic::from(why), Position::NONE).into()
    }
}

/// Elements between two looks at the clock: well below a millisecond of any loop.
pub(super) const BLOCK: usize = 1 << 16;

/// Steps of the script between two looks at the clock.
const STEPS: u64 = 64;

pub(super) struct Host {
    pub(super) limits: Limits,
    pub(super) sources: Arc<Sources>,
    pub(super) seed: u64,
    cancel: Arc<AtomicBool>,
    elapsed: Elapsed,
    start: Duration,
    /// Elements that native functions touched.
    n_charged: AtomicU64,
    memory: Arc<Memory>,
    output: Mutex<Output>,
    rng: Mutex<ChaCha8Rng>,
}

#[derive(Default)]
struct Output {
    pieces: Vec<Piece>,
    n_bytes: usize,
}

impl Host {
    pub(super) fn new(world: &World) -> Self {
        Self {
            limits: world.limits,
            sources: Arc::clone(&world.sources),
            seed: world.seed,
            cancel: Arc::clone(&world.cancel),
            elapsed: Arc::clone(&world.elapsed),
            start: (world.elapsed)(),
            n_charged: AtomicU64::new(0),
            memory: Arc::new(Memory { used: AtomicU64::new(0) }),
            output: Mutex::default(),
            rng: Mutex::new(ChaCha8Rng::seed_from_u64(world.seed)),
        }
    }

    /// Since the run began.
    pub(super) fn seconds(&self) -> f64 {
        (self.elapsed)().saturating_sub(self.start).as_secs_f64()
    }

    /// One step of the script, the `n`th.
    pub(super) fn tick(&self, n: u64) -> Option<Why> {
        if self.cancel.load(Ordering::Relaxed) {
            return Some(Why::Cancelled);
        }
        if n.saturating_add(self.n_charged.load(Ordering::Relaxed)) > self.limits.n_ops {
            return Some(Why::Operations);
        }
        (n.is_multiple_of(STEPS) && self.seconds() > self.limits.seconds).then_some(Why::Time)
    }

    /// Asks whether to go on; every [`BLOCK`] elements of a loop.
    pub(super) fn poll(&self) -> Result<(), Why> {
        self.tick(0).map_or(Ok(()), Err)
    }

    /// Takes so many operations from the budget before they are done.
    pub(super) fn charge(&self, n: usize) -> Result<(), Why> {
        let n = n as u64;
        // Saturates, so that absurd requests cannot wrap around.
        let before = self.n_charged.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sum| Some(sum.saturating_add(n)));
        let sum = before.unwrap_or(u64::MAX).saturating_add(n);
        if sum > self.limits.n_ops { Err(Why::Operations) } else { self.poll() }
    }

    /// Memory for a tensor, given back when the lease is dropped.
    pub(super) fn lease(&self, bytes: u64) -> Result<Lease, Why> {
        let used = self.memory.used.load(Ordering::Relaxed).saturating_add(bytes);
        if used > self.limits.tensor_bytes {
            return Err(Why::Memory(used));
        }
        self.memory.used.fetch_add(bytes, Ordering::Relaxed);
        Ok(Lease { bytes, memory: Arc::clone(&self.memory) })
    }

    /// The stream of random numbers of this run.
    pub(super) fn rng(&self) -> MutexGuard<'_, ChaCha8Rng> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn print(&self, line: &str) -> Result<(), Why> {
        // Scripts come from courses too: nothing of theirs may move a cursor.
        let line = Text::clean(line).to_string();
        self.put(line.len() + 1, Piece::Line(line))
    }

    /// `n_points` is how many numbers the figure carries.
    pub(super) fn show(&self, figure: Figure, n_points: usize) -> Result<(), Why> {
        self.put(FIGURE_BYTES + n_points * POINT_BYTES, Piece::Figure(Box::new(figure)))
    }

    fn put(&self, n_bytes: usize, piece: Piece) -> Result<(), Why> {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        if output.n_bytes + n_bytes > self.limits.output_bytes {
            return Err(Why::Output);
        }
        output.n_bytes += n_bytes;
        output.pieces.push(piece);
        Ok(())
    }

    pub(super) fn take_output(&self) -> Vec<Piece> {
        std::mem::take(&mut self.output.lock().unwrap_or_else(PoisonError::into_inner).pieces)
    }
}

/// What a figure takes of the output, beside its points.
const FIGURE_BYTES: usize = 500;
const POINT_BYTES: usize = 16;

/// Bytes of the tensors that are alive.
#[derive(Debug)]
struct Memory {
    used: AtomicU64,
}

/// A share of the memory for tensors.
#[derive(Debug)]
pub(super) struct Lease {
    bytes: u64,
    memory: Arc<Memory>,
}

impl Lease {
    /// A smaller share beside this one, for a part of what it holds. Not checked against the limit: there is no way to
    /// refuse it where a loop walks over rows.
    pub(super) fn beside(&self, bytes: u64) -> Self {
        self.memory.used.fetch_add(bytes, Ordering::Relaxed);
        Self { bytes, memory: Arc::clone(&self.memory) }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
