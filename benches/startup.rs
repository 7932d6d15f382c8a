//! Time to the first frame of the release binary in a pseudo-terminal (goal G9: 20 ms, median), on a fresh data folder
//! and on one with 10,000 events; and what is resident then.
//!
//! Not with criterion: what is timed is another process, and its first frame is found in what it writes.

use std::{
    io::{self, Read, Write},
    path::Path,
    time::{Duration, Instant},
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use quantlearn::{
    id::{NodeId, StepKind},
    learner::{Event, EventId, What},
    runtime::store::Store,
};

const N_RUNS: usize = 40;
const N_EVENTS: u32 = 10_000;

fn main() -> io::Result<()> {
    let (fresh, full) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (mut store, _) = Store::open(full.path()).map_err(io::Error::other)?;
    store.append(&(0..N_EVENTS).map(event).collect::<Vec<_>>()).map_err(io::Error::other)?;
    let mut out = io::stdout().lock();
    for (what, dir) in [("fresh", fresh.path()), ("10,000 events", full.path())] {
        let mut runs: Vec<(Duration, u64)> = (0..N_RUNS).map(|_| first_frame(dir)).collect::<io::Result<_>>()?;
        runs.sort();
        let ms = |share: usize| runs[(N_RUNS - 1) * share / 100].0.as_secs_f64() * 1e3;
        let resident = runs.iter().map(|run| run.1).max().unwrap_or(0) as f64 / 1024.0;
        writeln!(out, "first frame, {what}: median {:.1} ms, p95 {:.1} ms; resident at most {resident:.1} MiB", ms(50), ms(95))?;
    }
    Ok(())
}

/// From the start of the process to the end of its first frame; kilobytes resident then (0 where there is no /proc).
fn first_frame(dir: &Path) -> io::Result<(Duration, u64)> {
    let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).map_err(io::Error::other)?;
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_quantlearn"));
    command.args(["--theme", "dark", "open", "map", "--data-dir"]);
    command.arg(dir);
    command.env("TERM", "xterm-256color");
    let mut reader = pair.master.try_clone_reader().map_err(io::Error::other)?;
    let mut writer = pair.master.take_writer().map_err(io::Error::other)?;
    let start = Instant::now();
    let mut child = pair.slave.spawn_command(command).map_err(io::Error::other)?;
    let (mut seen, mut piece) = (Vec::new(), [0; 65536]);
    // A frame ends where the synchronized update does.
    while !seen.windows(8).any(|bytes| bytes == b"\x1b[?2026l") {
        let n = reader.read(&mut piece)?;
        seen.extend_from_slice(&piece[..n]);
    }
    let took = start.elapsed();
    let resident = child.process_id().map_or(0, resident_kb);
    writer.write_all(b"\x03")?;
    child.wait()?;
    Ok((took, resident))
}

fn resident_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn event(n: u32) -> Event {
    let node = NodeId::new("core", &format!("lesson-{}", n % 20));
    let what = What::Answer {
        step: node.step(&format!("step-{}", n % 200)),
        rev: 1,
        step_kind: StepKind::Choice,
        seed: u64::from(n),
        answer: serde_json::json!([0]),
        correct: !n.is_multiple_of(3),
        attempt: 1,
        hints: 0,
        shown: false,
        misconceptions: Vec::new(),
        completes: false,
    };
    let day = jiff::civil::date(2026, 1, 1 + (n / 400) as i8);
    Event { id: EventId::from_bytes(u128::from(n).to_be_bytes()), at: 1_767_225_600_000 + i64::from(n) * 1000, day, what }
}
