//! `quantlearn bench`: how fast the kernels are on this CPU, and how fast they could be.
//!
//! To a pipe a line for each result, on a terminal a table with the share of the limit that was measured in the same
//! rounds. What is measured, and how, is `lab::measure`, as in the labs.

mod shown;

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

use super::{Failure, Outcome, complain};
use crate::{
    kernel::{Isa, Pool},
    lab::{
        LabError, Machine,
        measure::{
            Cache, Contestant, Packing, Size, Weights, gemm_f32, gemm_i8, gemm_i8_saturating, gemv, in_rounds, peaks, reads,
            streams,
        },
    },
    runtime::this_machine,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "To a pipe each result is a line: op peer n threads best_seconds median_seconds trials. \
                        The limits of the machine (peak_*, read_*) run in the same rounds; of them n is the operations or bytes of a run.")]
pub struct Options {
    /// What to measure.
    what: What,
    /// Threads that share the work.
    #[arg(long, value_name = "N", default_value = "1", allow_hyphen_values = true)]
    threads: String,
    /// Sizes with commas between them: the side of square matrices, or how many values to quantize.
    #[arg(long, value_name = "N,N,...", allow_hyphen_values = true)]
    sizes: Option<String>,
    /// Seconds that all rounds together may take; each is measured at least three times.
    #[arg(long, value_name = "SECONDS", default_value = "10", allow_hyphen_values = true)]
    budget: String,
    /// As one JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Matrix products in FP32 and INT8, square; weights packed before (-packed) or in the call (-packing).
    Gemm,
    /// Matrix times vector in FP32, INT8 and 4-bit blocks (q4_0), weights from memory (-cold) or as the run before left
    /// them (-hot).
    Gemv,
    /// FP32 to INT8 codes and back, extremes, histogram, calibration.
    Quantize,
    /// The limits alone: arithmetic, and reading by cache level.
    Peak,
}

impl What {
    fn sizes(self) -> &'static [usize] {
        match self {
            Self::Gemm => &[64, 128, 256, 512, 1024, 2048],
            Self::Gemv => &[4096],
            Self::Quantize => &[1 << 20, 1 << 24, 1 << 26],
            Self::Peak => &[],
        }
    }

    /// The largest size: all data together then take a few GB.
    fn largest(self) -> usize {
        match self {
            Self::Gemm => 4096,
            Self::Gemv => 8192,
            Self::Quantize | Self::Peak => 1 << 28,
        }
    }
}

const MAX_THREADS: usize = 256;
const MAX_BUDGET: f64 = 86_400.0;

pub(super) fn run(options: &Options, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let n_threads = whole("--threads", &options.threads, MAX_THREADS)?;
    let sizes = sizes(options)?;
    let budget = budget(&options.budget)?;
    let (machine, isa) = (this_machine(), Isa::chosen());
    let pool = (n_threads > 1).then(|| Pool::new(n_threads));
    if let Some(n) = pool.as_ref().map(Pool::n_threads).filter(|&n| n < n_threads) {
        complain(&format!("the system gives {n} threads of {n_threads}"));
    }
    let mut contestants = limits(options.what, &machine, isa, pool.as_ref());
    contestants.extend(sizes.iter().flat_map(|&n| of_size(options.what, isa, pool.as_ref(), n)));
    let mut progress = Progress::begin(options.what, &machine, contestants.len());
    let step = &mut |done, total| progress.step(done, total);
    let measured = in_rounds(&machine, isa, pool.as_ref(), contestants, budget, step).map_err(Failure::refused)?;
    progress.end();
    if options.json {
        shown::json(&measured, out)?;
    } else if io::stdout().is_terminal() {
        shown::table(&measured, &machine, out)?;
    } else {
        shown::lines(&measured, out)?;
    }
    Ok(Outcome::Done)
}

/// The limits that the results are judged by.
fn limits<'p>(what: What, machine: &Machine, isa: Isa, pool: Option<&'p Pool>) -> Vec<Contestant<'p>> {
    let mut limits = if matches!(what, What::Gemm | What::Peak) { peaks(machine, isa, pool) } else { Vec::new() };
    if what != What::Gemm {
        limits.extend(reads(machine, isa, pool));
    }
    limits
}

fn of_size<'p>(what: What, isa: Isa, pool: Option<&'p Pool>, n: usize) -> Vec<Contestant<'p>> {
    match what {
        What::Gemm => products(isa, pool, Size::square(n)),
        What::Gemv => vectors(isa, pool, n),
        What::Quantize => streams(isa, pool, n),
        What::Peak => Vec::new(),
    }
}

fn products<'p>(isa: Isa, pool: Option<&'p Pool>, size: Size) -> Vec<Contestant<'p>> {
    let mut all = Vec::new();
    for packing in Packing::ALL {
        all.push(gemm_f32(isa, pool, size, packing));
        all.push(gemm_i8(isa, pool, size, packing));
    }
    // Plain Rust only imitates the saturating instruction.
    if isa != Isa::SCALAR {
        all.extend(gemm_i8_saturating(isa, pool, size, Packing::Before));
    }
    all.sort_by_key(|contestant| contestant.op);
    all
}

fn vectors<'p>(isa: Isa, pool: Option<&'p Pool>, n: usize) -> Vec<Contestant<'p>> {
    let mut all = Vec::new();
    for weights in Weights::ALL {
        if weights == Weights::Q4 && !n.is_multiple_of(32) {
            complain(&format!("q4_0 is left out at {n}: its blocks hold 32 weights of a row"));
            continue;
        }
        all.extend([Cache::Cold, Cache::Warm].map(|cache| gemv(isa, pool, weights, (n, n), cache)));
    }
    all
}

fn sizes(options: &Options) -> Result<Vec<usize>, Failure> {
    match &options.sizes {
        None => Ok(options.what.sizes().to_vec()),
        Some(_) if options.what == What::Peak => Err(Failure::Refused(
            "`--sizes` says nothing to `bench peak`, which takes its sizes from the caches; leave it out".into(),
        )),
        Some(text) => text.split(',').map(|n| whole("--sizes", n, options.what.largest())).collect(),
    }
}

/// A whole number from 1 on.
fn whole(option: &str, text: &str, max: usize) -> Result<usize, Failure> {
    let refused = || format!("`{option}` cannot be `{text}`: allowed is a whole number from 1 to {max}");
    text.trim().parse().ok().filter(|n| (1..=max).contains(n)).ok_or_else(|| Failure::Refused(refused()))
}

fn budget(text: &str) -> Result<f64, Failure> {
    let refused = || format!("`--budget` cannot be `{text}`: allowed is a number of seconds from 0 to {MAX_BUDGET}");
    text.trim().parse().ok().filter(|s| (0.0..=MAX_BUDGET).contains(s)).ok_or_else(|| Failure::Refused(refused()))
}

/// What is told on standard error while the rounds go on: one line that changes on a terminal, else a line for every
/// quarter.
struct Progress {
    is_terminal: bool,
    told: Option<u64>,
}

impl Progress {
    fn begin(what: What, machine: &Machine, n: usize) -> Self {
        let name = what.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        complain(&format!("bench {name}: {n} measurements on {}, {}", machine.cpu, machine.path()));
        Self { is_terminal: io::stderr().is_terminal(), told: None }
    }

    fn step(&mut self, done: u64, total: u64) -> Result<(), LabError> {
        let percent = 100 * done / total;
        let mark = if self.is_terminal { percent } else { percent / 25 * 25 };
        if self.told != Some(mark) {
            self.told = Some(mark);
            // Where nobody reads it, the measurement goes on.
            let _ = match self.is_terminal {
                true => write!(io::stderr(), "\r{mark:3} %"),
                false => writeln!(io::stderr(), "{mark:3} %"),
            };
        }
        Ok(())
    }

    /// Takes the changing line away.
    fn end(&self) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r     \r");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(what: What, sizes: Option<&str>) -> Options {
        Options { what, threads: "1".into(), sizes: sizes.map(Into::into), budget: "1".into(), json: false }
    }

    #[test]
    fn sizes_are_whole_numbers_within_the_limits_of_what_is_measured() {
        assert_eq!(sizes(&options(What::Gemm, Some("64, 128"))).expect("two sizes"), [64, 128]);
        for text in ["0", "", "64,,128", "-1", "big", "4097", "1e3", "99999999999999999999999"] {
            let error = sizes(&options(What::Gemm, Some(text))).expect_err(text).to_string();
            assert!(error.contains("--sizes") && error.contains("from 1 to 4096"), "{error}");
        }
        assert!(sizes(&options(What::Peak, Some("64"))).is_err());
    }

    #[test]
    fn a_budget_is_a_number_of_seconds() {
        assert_eq!(budget("0.5").expect("half a second"), 0.5);
        for text in ["-1", "NaN", "inf", "", "soon"] {
            assert!(budget(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_op_of_a_kind_is_there_at_every_size() {
        let isa = Isa::best();
        let ops = |what, n| -> Vec<String> {
            let all = of_size(what, isa, None, n);
            all.iter().map(|c| format!("{} {}", c.op, c.peer.rsplit('-').next().unwrap_or(""))).collect()
        };
        assert!(
            ["f32 packed", "f32 packing", "i8 packed", "i8 packing"].iter().all(|op| ops(What::Gemm, 64).contains(&(*op).into()))
        );
        assert_eq!(ops(What::Gemv, 64).len(), 6);
        assert_eq!(ops(What::Gemv, 65).len(), 4);
        assert_eq!(ops(What::Quantize, 64).len(), 5);
    }
}
