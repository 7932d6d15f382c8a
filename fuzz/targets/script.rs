//! The script engine: no panic, and nothing that outlives its limits.
//!
//! A first byte below 128 means text as a learner may paste it, the others mean a program of the grammar.

#![no_main]

#[path = "../../tests/sandbox/program.rs"]
mod program;

use std::{sync::Arc, time::Duration};

use libfuzzer_sys::fuzz_target;
use quantlearn::script::{self, Limits, World};
use rustix::time::{ClockId, clock_gettime};

/// Smaller than those of lessons, so that runs are many.
const LIMITS: Limits = Limits { n_ops: 20_000_000, tensor_bytes: 16_000_000, output_bytes: 16_000, depth: 24, seconds: 0.2 };
/// By so much a run may outlive its time.
const GRACE: f64 = 0.1;

/// What this thread has computed: other programs do not count.
fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = data.split_first() else { return };
    let source = if *kind < 128 { String::from_utf8_lossy(bytes).into_owned() } else { program::program(bytes) };
    let world =
        World { sources: Arc::default(), seed: 1, cancel: Arc::default(), elapsed: Arc::new(cpu_time), limits: LIMITS };
    let run = script::run(&source, &world);
    assert!(run.seconds < LIMITS.seconds + GRACE, "{} s, {:?}:\n{source}", run.seconds, run.end);
    assert!(run.text().len() <= LIMITS.output_bytes);
});
