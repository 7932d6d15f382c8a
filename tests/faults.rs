//! What may go wrong with the progress log, and what must then hold: every event that was acknowledged is there,
//! nothing torn counts, nothing is rewritten. The catalogue is A1 to A12 of the design's reliability notes.
//!
//! `QUANTLEARN_THOROUGH=ci` and `=release` raise the counts.
#![cfg(feature = "native")]

#[path = "faults/corrupt.rs"]
mod corrupt;
#[path = "faults/histories.rs"]
mod histories;
#[path = "faults/processes.rs"]
mod processes;
#[path = "faults/sim.rs"]
mod sim;

use std::{collections::BTreeMap, path::PathBuf};

use jiff::civil::date;
use quantlearn::{
    id::{NodeId, StepKind},
    learner::{Event, EventId, What},
};
use serde_json::json;

/// How often a test repeats: by default, in CI, before a release.
fn count(default: usize, ci: usize, release: usize) -> usize {
    match std::env::var("QUANTLEARN_THOROUGH").as_deref() {
        Ok("ci") => ci,
        Ok("release") => release,
        _ => default,
    }
}

/// Nobody shall take a skipped test for a passed one.
fn skip(test: &str, why: &str) {
    eprintln!("SKIPPED {test}: {why}");
}

/// The n-th event of a writer; their kinds take turns.
fn event(writer: u32, n: u32) -> Event {
    let step = NodeId::new("core", "affine-map").step(&format!("step-{}", n % 7));
    let what = match n % 4 {
        0 => What::Answer {
            step,
            rev: 1,
            step_kind: StepKind::Numeric,
            seed: u64::from(n),
            answer: json!(["1/127", "ä\u{1f980}"]),
            correct: n.is_multiple_of(3),
            attempt: 1,
            hints: 0,
            shown: false,
            misconceptions: vec!["bits-are-bytes".to_owned()],
            completes: false,
        },
        1 => What::Challenge {
            step,
            rev: 2,
            params: BTreeMap::from([("bits".to_owned(), json!(8))]),
            metrics: BTreeMap::from([("sqnr_db".to_owned(), Some(43.2)), ("mse".to_owned(), None)]),
            passed: true,
            par: false,
            attempt: 1,
            hints: 0,
            shown: false,
            completes: true,
        },
        2 => What::Draft { step, draft: json!({ "text": "line\nbreak and \"quotes\"" }) },
        _ => What::Position { step },
    };
    let id = (u128::from(writer) << 64) | u128::from(n);
    Event { id: EventId::from_bytes(id.to_be_bytes()), at: 1_772_000_000_000 + i64::from(n), day: date(2026, 3, 2), what }
}

fn log_in(dir: &std::path::Path) -> PathBuf {
    dir.join("progress.jsonl")
}
