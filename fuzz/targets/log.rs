//! The reader of the log of progress: a file that opens once opens again, with as many events.
//!
//! It needs the disk: `cargo +nightly fuzz run log --fuzz-dir fuzz --features log`.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use quantlearn::{learner::State, runtime::store::Store};

fuzz_target!(|data: &[u8]| {
    let dir = tempfile::tempdir().expect("there is a temporary folder");
    let path = dir.path().join("progress.jsonl");
    fs::write(&path, data).expect("it is ours");
    let Ok((store, loaded)) = Store::open(dir.path()) else { return };
    let mut state = State::default();
    state.apply_all(&loaded.events);
    let n = loaded.events.len();
    drop(store);
    let (_, again) = Store::open(dir.path()).expect("it opened before");
    assert_eq!(again.events.len(), n, "reading twice gives as many events");
});
