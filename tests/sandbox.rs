//! The sandbox of scripts, held: whatever a script says, it ends inside its limits and without a panic; what the engine
//! underneath would get wrong or leave open stays right and shut.
//!
//! `QUANTLEARN_THOROUGH=ci` and `=release` raise the counts; `fuzz/` runs the same programs for as long as one likes.

#[path = "sandbox/program.rs"]
mod program;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use proptest::prelude::*;
use quantlearn::script::{End, Limits, PRELUDE, Run, World, check, run};

const LIMITS: Limits = Limits { n_ops: 1_000_000, tensor_bytes: 4_000_000, output_bytes: 4_000, depth: 12, seconds: 0.5 };
/// By so much the clock of these tests moves each time that it is asked.
const TICK: Duration = Duration::from_micros(20);
/// As often it may be asked beyond the end: once to see it, once more for the report.
const ASKED_AFTER: u64 = 4;

fn cases() -> ProptestConfig {
    let n = match std::env::var("QUANTLEARN_THOROUGH").as_deref() {
        Ok("release") => 5_000,
        Ok("ci") => 500,
        _ => 64,
    };
    ProptestConfig { cases: n, ..ProptestConfig::default() }
}

/// A world whose clock counts how often it is asked, so that no test depends on how fast anything is.
struct Watched {
    world: World,
    n_asked: Arc<AtomicU64>,
}

impl Watched {
    fn new(limits: Limits) -> Self {
        Self::cancelled_at(limits, u64::MAX)
    }

    /// Cancelled when the clock is asked for the `n`th time.
    fn cancelled_at(limits: Limits, n: u64) -> Self {
        let (n_asked, cancel) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (asked, flag) = (Arc::clone(&n_asked), Arc::clone(&cancel));
        let elapsed = Arc::new(move || {
            let n_before = asked.fetch_add(1, Ordering::Relaxed);
            if n_before + 1 >= n {
                flag.store(true, Ordering::Relaxed);
            }
            TICK * u32::try_from(n_before).unwrap_or(u32::MAX)
        });
        Self { world: World { sources: Arc::default(), seed: 1, cancel, elapsed, limits }, n_asked }
    }

    fn run(&self, source: &str) -> Run {
        run(source, &self.world)
    }

    fn n_asked(&self) -> u64 {
        self.n_asked.load(Ordering::Relaxed)
    }
}

fn printed(source: &str) -> String {
    let run = Watched::new(Limits { seconds: f64::INFINITY, ..Limits::LESSON }).run(source);
    assert_eq!(run.end, End::Finished, "{source}");
    run.text()
}

/// Runs a script and holds what is true of every run.
fn is_held(source: &str) -> Result<(), TestCaseError> {
    let watched = Watched::new(LIMITS);
    let run = watched.run(source);
    let n_in_time = (LIMITS.seconds / TICK.as_secs_f64()) as u64;
    prop_assert!(watched.n_asked() <= n_in_time + ASKED_AFTER, "it went on for {} looks at the clock", watched.n_asked());
    prop_assert!(run.text().len() <= LIMITS.output_bytes);
    match run.end {
        End::Finished => {}
        End::Stopped(stop) => prop_assert!(stop.why.ends_with('.') && !stop.is_cancel, "{}", stop.why),
        End::Failed(fault) => {
            prop_assert!(!fault.message.is_empty() && !fault.message.ends_with('.'), "{}", fault.message);
            let shown = (fault.line as usize).checked_sub(1).map(|idx| source.lines().nth(idx).unwrap_or(""));
            prop_assert_eq!(shown.unwrap_or(""), fault.source_line);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_program_ends_inside_its_limits(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        is_held(&program::program(&bytes))?;
    }

    #[test]
    fn any_text_ends_inside_its_limits(text in "\\PC{0,80}") {
        is_held(&text)?;
    }

    /// What is on the screen while somebody types: a program with a part left out and another put in.
    #[test]
    fn a_torn_program_ends_inside_its_limits(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        cut in any::<prop::sample::Index>(),
        n in 0usize..40,
        put in "[{}()\\[\\]\"'`;,.#|a-z0-9 =+*/-]{0,6}",
    ) {
        let chars: Vec<char> = program::program(&bytes).chars().collect();
        let at = cut.index(chars.len() + 1);
        let torn: String = chars[..at].iter().copied().chain(put.chars()).chain(chars.iter().copied().skip(at + n)).collect();
        is_held(&torn)?;
        if let Err(fault) = check(&torn) {
            prop_assert!(!fault.message.is_empty());
        }
    }

    #[test]
    fn a_cancelled_program_ends_at_the_next_look(bytes in prop::collection::vec(any::<u8>(), 0..300), n in 1u64..200) {
        let watched = Watched::cancelled_at(LIMITS, n);
        watched.run(&program::program(&bytes));
        prop_assert!(watched.n_asked() <= n + ASKED_AFTER, "{} looks at the clock, cancelled at {n}", watched.n_asked());
    }
}

#[test]
fn numbers_compare_as_ieee_754_says() {
    for (expression, expected) in [
        ("inf >= 30.0", "true"),
        ("-inf < 0", "true"),
        ("1e-17 > 0.0", "true"),
        ("1e-17 == 0", "false"),
        ("0.1 + 0.2 == 0.3", "false"),
        ("0.1 + 0.2 != 0.3", "true"),
        ("nan == nan", "false"),
        ("nan != nan", "true"),
        ("nan < 1 || nan >= 1", "false"),
        ("1 == 1.0", "true"),
        ("2.5 > 2", "true"),
        ("3 <= 2.9", "false"),
        ("-0.0 == 0", "true"),
        ("1 / 127 == 0.007874015748031496", "true"),
        ("7 / 2", "3.5"),
        ("-7 % 3", "2"),
        ("2 ** -1", "0.5"),
    ] {
        assert_eq!(printed(&format!("print({expression});")), expected, "{expression}");
        assert_eq!(printed(&format!("let x = {expression}; print(x);")), expected, "{expression}");
    }
}

#[test]
fn what_would_reach_outside_is_not_there() {
    for source in [
        "sleep(1);",
        "eval(\"1\");",
        "timestamp();",
        "import \"a\" as b;",
        "export let x = 1;",
        "Fn(\"print\").call(1);",
        "curry(1);",
        "debug(1);",
        "type_of(1);",
        "is_def_var(\"a\");",
        "is_def_fn(\"a\", 1);",
        "open(\"/etc/passwd\");",
        "exit();",
        "let x = 1; x.sleep();",
    ] {
        let end = Watched::new(Limits::LESSON).run(source).end;
        assert!(matches!(end, End::Failed(_)), "{source}: {end:?}");
    }
    for hole in ["sleep", "eval", "timestamp", "open", "exit"] {
        assert!(PRELUDE.iter().all(|native| native.name != hole), "{hole}");
    }
}

fn stop_of(source: &str, limits: Limits) -> String {
    match Watched::new(limits).run(source).end {
        End::Stopped(stop) => stop.why,
        end => panic!("{source}: {end:?}"),
    }
}

#[test]
fn no_script_catches_the_end_of_its_limits() {
    for body in ["loop { }", "zeros(2000, 2000);", "loop { print(\"a\"); }", "f(0);"] {
        let source = format!("fn f(n) {{ f(n + 1); }}\nloop {{ try {{ {body} }} catch {{ }} }}");
        let why = stop_of(&source, LIMITS);
        assert!(why.starts_with("Stopped in line "), "{why}");
    }
}

#[test]
fn memory_that_is_free_again_can_be_used_again() {
    // Three quarters of all of it, thirty times in a row but never twice at once.
    let limits = Limits { n_ops: u64::MAX, seconds: f64::INFINITY, ..LIMITS };
    let source = "for i in 0..30 { let t = zeros(750000); } let a = zeros(750000); print(a.nbytes); a = 0; a = zeros(750000);";
    let run = Watched::new(limits).run(source);
    assert_eq!((run.end, &*run.output.len().to_string()), (End::Finished, "1"));
    assert!(stop_of("let a = zeros(750000); let b = zeros(750000);", limits).contains("tensors would take"));
}

#[test]
fn a_long_native_function_looks_at_the_clock_all_along() {
    let limits = Limits { n_ops: u64::MAX, seconds: f64::INFINITY, ..Limits::LESSON };
    for (source, n_elements) in [
        ("matmul(zeros(256, 256), zeros(256, 256));", 256u64.pow(3)),
        ("let t = zeros(4000000); t + 1; sum(t);", 12_000_000),
        ("let t = rand(2000, 2000); transpose(t); sqrt(t); as_i8(t);", 16_000_000),
    ] {
        let watched = Watched::new(limits);
        assert_eq!(watched.run(source).end, End::Finished, "{source}");
        // A look at least every few blocks of 65 536 elements.
        assert!(watched.n_asked() > n_elements / (4 << 16), "{source}: {} looks", watched.n_asked());
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let source = "print(randn(4)); print(sum(rand(1000)));";
    assert_eq!(printed(source), printed(source));
}
