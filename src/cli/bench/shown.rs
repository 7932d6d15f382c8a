//! Results as lines, as JSON, as a table.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::lab::{
    Caches, Machine,
    measure::{Measured, Peak, ReadLevel},
};

/// A line for each result: `op peer n threads best_seconds median_seconds trials`.
pub(super) fn lines(measured: &[Measured], out: &mut dyn Write) -> io::Result<()> {
    for m in measured {
        let t = &m.timing;
        writeln!(out, "{} {} {} {} {:.6e} {:.6e} {}", m.op, m.peer, m.n, m.n_threads, t.best, t.median, t.n_trials)?;
    }
    Ok(())
}

/// The same as one array of objects.
pub(super) fn json(measured: &[Measured], out: &mut dyn Write) -> io::Result<()> {
    let row = |m: &Measured| {
        json!({
            "op": m.op, "peer": m.peer, "n": m.n, "threads": m.n_threads,
            "best_seconds": m.timing.best, "median_seconds": m.timing.median, "trials": m.timing.n_trials,
        })
    };
    serde_json::to_writer_pretty(&mut *out, &measured.iter().map(row).collect::<Value>())?;
    writeln!(out)
}

/// For people: with units, the rate of the best run, and what share of its limit that is.
pub(super) fn table(measured: &[Measured], machine: &Machine, out: &mut dyn Write) -> io::Result<()> {
    let n_threads = measured.first().map_or(1, |m| m.n_threads);
    writeln!(out, "{}, {}, {n_threads} thread{}", machine.cpu, machine.path(), if n_threads == 1 { "" } else { "s" })?;
    let titles = ["op", "peer", "n", "best", "median", "trials", "rate", "of its limit"].map(String::from);
    let rows: Vec<[String; 8]> = [titles].into_iter().chain(measured.iter().map(|m| row(m, measured, machine.caches))).collect();
    let widths: [usize; 8] = std::array::from_fn(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0));
    for row in &rows {
        let cell = |i: usize| match i {
            0 | 1 | 7 => format!("{:<1$}", row[i], widths[i]),
            _ => format!("{:>1$}", row[i], widths[i]),
        };
        writeln!(out, "{}", (0..8).map(cell).collect::<Vec<_>>().join("  ").trim_end())?;
    }
    writeln!(out, "Rates are of the best run; the limits ran in the same rounds.")
}

fn row(m: &Measured, all: &[Measured], caches: Caches) -> [String; 8] {
    let limit = limit_of(m, caches).and_then(|op| all.iter().find(|limit| limit.op == op));
    let share = limit.map_or_else(String::new, |limit| format!("{:5.1} % of {}", 100.0 * m.rate() / limit.rate(), limit.op));
    let (best, median) = (seconds(m.timing.best), seconds(m.timing.median));
    [m.op.into(), m.peer.clone(), size(m), best, median, m.timing.n_trials.to_string(), rate(m), share]
}

/// Which limit a result is judged by; none for a limit itself.
fn limit_of(m: &Measured, caches: Caches) -> Option<&'static str> {
    match m.op {
        "f32" => Some(Peak::F32.op()),
        "i8" if m.peer.contains("saturating") => Some(Peak::Maddubs.op()),
        "i8" => Some(Peak::I8.op()),
        "gemv" if m.peer.ends_with("-cold") => Some(ReadLevel::Dram.op()),
        "gemv" | "quant" | "dequant" | "minmax" | "hist2048" | "calib" => Some(ReadLevel::holding(m.amount as u64, caches).op()),
        _ => None,
    }
}

fn is_reading(m: &Measured) -> bool {
    m.op.starts_with("read_") || m.op == "gemv"
}

fn rate(m: &Measured) -> String {
    let (rate, unit) = match m.op {
        _ if is_reading(m) => (m.rate(), "GB/s"),
        "f32" | "peak_f32" => (m.rate(), "GFLOP/s"),
        "i8" | "peak_i8" | "peak_maddubs" => (m.rate(), "GOP/s"),
        _ => (m.n as f64 / m.timing.best, "Gelem/s"),
    };
    format!("{:.2} {unit:7}", rate / 1e9)
}

/// Of a limit, the operations or bytes of a run in a unit that can be read.
fn size(m: &Measured) -> String {
    match m.op {
        op if op.starts_with("peak_") => format!("{:.1} Mop", m.n as f64 / 1e6),
        op if op.starts_with("read_") && m.n >= 1 << 20 => format!("{:.1} MiB", m.n as f64 / f64::from(1 << 20)),
        op if op.starts_with("read_") => format!("{:.1} KiB", m.n as f64 / 1024.0),
        _ => m.n.to_string(),
    }
}

/// Three significant digits with a unit, so that columns line up.
fn seconds(s: f64) -> String {
    let (value, unit) = match s {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s "),
    };
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{RECORDED, Timing};

    fn measured(op: &'static str, peer: &str, n: u64, amount: f64, seconds: f64) -> Measured {
        let timing = Timing { best: seconds, median: 1.1 * seconds, worst: 2.0 * seconds, n_trials: 7 };
        Measured { op, peer: peer.into(), n, n_threads: 1, amount, timing }
    }

    fn some() -> Vec<Measured> {
        vec![
            measured("peak_f32", "quantlearn-x", 100_000_000, 1e8, 1e-3),
            measured("read_l2", "quantlearn-x", 16_384, 16_384.0, 1e-6),
            measured("read_dram", "quantlearn-x", 1 << 27, 1.3e8, 1e-2),
            measured("f32", "quantlearn-x-packed", 64, 524_288.0, 5.825_422e-6),
            measured("gemv", "quantlearn-x-int8-cold", 4096, 16_777_216.0, 2e-3),
            measured("minmax", "quantlearn-x", 10_000, 40_000.0, 4.88e-6),
        ]
    }

    fn text(print: impl Fn(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        print(&mut out).expect("memory takes it");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_line_has_seven_fields() {
        let lines = text(|out| lines(&some(), out));
        assert_eq!(lines.lines().nth(3), Some("f32 quantlearn-x-packed 64 1 5.825422e-6 6.407964e-6 7"));
    }

    #[test]
    fn a_table_has_units_and_the_share_of_the_limit() {
        let table = text(|out| table(&some(), &RECORDED, out));
        for part in [
            "5.83 µs",
            "90.00 GFLOP/s",
            " 90.0 % of peak_f32",
            "64.5 % of read_dram",
            "50.0 % of read_l2",
            "2.05 Gelem/s",
            "16.0 KiB",
        ] {
            assert!(table.contains(part), "{part} is not in:\n{table}");
        }
        assert_eq!(table.lines().count(), 9);
    }

    #[test]
    fn json_has_the_same_fields() {
        let json: Value = serde_json::from_str(&text(|out| json(&some(), out))).expect("JSON");
        assert_eq!(json[4]["peer"], "quantlearn-x-int8-cold");
        let names: Vec<&str> = json[0].as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(names, ["op", "peer", "n", "threads", "best_seconds", "median_seconds", "trials"]);
    }
}
