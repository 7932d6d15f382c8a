//! The command line from outside: what is printed, and the exit codes 0 (done), 1 (a finding), 2 (wrong use).

use std::{
    io::{Read, Write},
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

fn command(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("quantlearn").expect("cargo builds it before the tests");
    command.args(args).stdin(Stdio::null());
    // What the machine has set must not matter.
    for name in ["QUANTLEARN_HOME", "XDG_DATA_HOME", "NO_COLOR", "COLORTERM"] {
        command.env_remove(name);
    }
    command.env("HOME", "/nonexistent");
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().expect("it starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("it died: {output:?}"))
}

/// The output of a command that must do well.
fn text(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(code(&output), 0, "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&text(args)).expect("it prints JSON")
}

/// What it says on standard error when it refuses; one line, exit code 2.
fn refusal(args: &[&str]) -> String {
    let output = run(args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((code(&output), &*output.stdout), (2, &b""[..]), "{args:?}: {said}");
    said
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn path(dir: &Path) -> &str {
    dir.to_str().expect("temporary folders have plain names")
}

#[test]
fn without_a_terminal_one_sentence_names_the_way_out() {
    for args in [&[][..], &["open", "map"]] {
        let said = refusal(args);
        assert!(said.contains("standard input is not a terminal") && said.contains("quantlearn list"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn wrong_use_is_exit_code_2() {
    for args in [&["nonsense"][..], &["list", "--nonsense"], &["open"], &["frame", "--size", "big"], &["--theme", "pink", "list"]]
    {
        assert_eq!(code(&run(args)), 2, "{args:?}");
    }
    assert!(refusal(&["frame", "--keys", "<entre>"]).contains("did you mean <enter>?"));
    assert!(refusal(&["frame", "--route", "lab quantze"]).contains("did you mean `quantize`?"));
    assert!(refusal(&["--course", "/no/such/course", "list"]).contains("/no/such/course"));
}

#[test]
fn help_and_version_are_no_failures() {
    assert!(text(&["--help"]).contains("author"));
    assert!(text(&["--version"]).starts_with("quantlearn "));
    assert!(text(&["lab", "--help"]).contains("--set"));
}

#[test]
fn lessons_are_listed_with_state_and_xp() {
    let lessons = json(&["list", "--json"]);
    let first = &lessons[0];
    assert_eq!((&first["id"], &first["state"], &first["xp"]), (&"core/why-fewer-bits".into(), &"open".into(), &0.into()));
    let names: Vec<&str> = first.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["id", "title", "track", "minutes", "requires", "state", "xp", "xp_possible"]);
    assert!(first["xp_possible"].as_u64().is_some_and(|xp| xp > 0));
    let table = text(&["list"]);
    assert_eq!(table.lines().count(), lessons.as_array().expect("a list").len());
    assert!(table.contains("core/why-fewer-bits") && table.contains("open"), "{table}");
}

#[test]
fn a_lab_prints_what_it_measures() {
    let report = json(&["lab", "quantize", "--set", "source=minilm.output.dense", "--set", "bits=8", "--json"]);
    let names: Vec<&str> = report.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["lab", "params", "metrics", "figures", "notes"]);
    assert_eq!((&report["lab"], &report["params"]["bits"]), (&"quantize".into(), &8.into()));
    let row = json(&["lab", "quantize", "--set", "source=minilm.output.dense", "--set", "granularity=row", "--json"]);
    let sqnr = |report: &Value| report["metrics"]["sqnr_db"].as_f64().expect("a number");
    assert!(sqnr(&row) > sqnr(&report) + 10.0, "per-row {} dB, per-tensor {} dB", sqnr(&row), sqnr(&report));
    assert!(text(&["lab", "bytes"]).lines().count() > 5);
}

#[test]
fn labs_are_listed_with_their_parameters() {
    let labs = json(&["lab", "--json"]);
    let quantize = labs.as_array().expect("a list").iter().find(|lab| lab["id"] == "quantize").expect("it is a lab");
    assert!(quantize["params"].as_array().is_some_and(|params| params.iter().any(|p| p["name"] == "scheme")));
    assert!(quantize["metrics"].as_array().is_some_and(|metrics| metrics.iter().any(|m| m["name"] == "sqnr_db")));
    assert!(text(&["lab"]).contains("--set scheme="));
}

#[test]
fn a_misspelt_lab_parameter_or_array_names_its_neighbour() {
    assert!(refusal(&["lab", "quantise"]).contains("did you mean `quantize`?"));
    assert!(refusal(&["lab", "quantize", "--set", "shceme=affine"]).contains("did you mean `scheme`?"));
    assert!(refusal(&["lab", "quantize", "--set", "scheme=afine"]).contains("did you mean `affine`?"));
    assert!(refusal(&["lab", "quantize", "--set", "bits"]).contains("--set NAME=VALUE"));
    assert!(refusal(&["lab", "quantize", "--save", "codez=x.npy"]).contains("it has:"));
    assert!(refusal(&["lab", "quantize", "--svg", "x.svg", "--view", "nothing"]).contains("it has:"));
}

/// What `bench` measures differs from run to run; its form does not.
#[test]
fn a_benchmark_prints_seven_fields_a_line_that_are_sound() {
    for (what, ops) in
        [("gemm", &["peak_f32", "f32", "i8"][..]), ("gemv", &["read_dram", "gemv"]), ("quantize", &["quant", "calib"])]
    {
        let lines = text(&["bench", what, "--sizes", "32,64", "--budget", "0"]);
        let rows: Vec<Vec<&str>> = lines.lines().map(|line| line.split(' ').collect()).collect();
        for row in &rows {
            let [op, peer, n, threads, best, median, trials] = row[..] else { panic!("{row:?}") };
            let (best, median): (f64, f64) = (best.parse().expect("seconds"), median.parse().expect("seconds"));
            assert!(best > 0.0 && best <= median && median.is_finite(), "{row:?}");
            assert!(n.parse::<u64>().is_ok_and(|n| n > 0) && trials.parse::<u32>().is_ok_and(|n| n >= 3), "{row:?}");
            assert!(threads == "1" && peer.starts_with("quantlearn-"), "{row:?}");
            assert!(op != "gemv" || peer.ends_with("-cold") || peer.ends_with("-hot"), "{row:?}");
        }
        for op in ops {
            assert!(rows.iter().any(|row| row[0] == *op), "{op} is not in:\n{lines}");
        }
    }
    let all = json(&["bench", "gemm", "--threads", "2", "--sizes", "16", "--budget", "0", "--json"]);
    let all = all.as_array().expect("an array");
    assert!(all.iter().any(|row| row["op"] == "i8") && all.iter().all(|row| row["threads"] == 2), "{all:?}");
}

#[test]
fn a_benchmark_refuses_what_cannot_be_measured() {
    for (args, part) in [
        (&["bench", "gemm", "--sizes", "0"][..], "from 1 to 4096"),
        (&["bench", "gemm", "--sizes", "64,big"], "`big`"),
        (&["bench", "gemm", "--sizes", "-64"], "`-64`"),
        (&["bench", "gemv", "--threads", "0"], "`--threads` cannot be `0`"),
        (&["bench", "quantize", "--budget", "never"], "--budget"),
        (&["bench", "peak", "--sizes", "64"], "leave it out"),
    ] {
        let said = refusal(args);
        assert!(said.contains(part) && said.lines().count() == 1, "{said}");
    }
    let missing = if cfg!(target_arch = "x86_64") { "neon" } else { "avx2" };
    let output = command(&["bench", "peak"]).env("QUANTLEARN_ISA", missing).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(code(&output) == 2 && output.stdout.is_empty() && said.contains(missing) && said.lines().count() == 1, "{said}");
}

#[test]
fn a_figure_and_an_array_are_written_as_files() {
    let dir = dir();
    let (svg, npy) = (dir.path().join("f.svg"), dir.path().join("codes.npy"));
    let save = format!("codes={}", path(&npy));
    text(&["lab", "quantize", "--set", "n=4096", "--svg", path(&svg), "--save", &save]);
    assert!(std::fs::read_to_string(&svg).expect("it is written").starts_with("<svg"));
    assert!(std::fs::read(&npy).expect("it is written").starts_with(b"\x93NUMPY"));
    let gone = refusal(&["lab", "bytes", "--svg", path(&dir.path().join("gone/f.svg"))]);
    assert!(gone.contains("gone/f.svg"), "{gone}");
}

#[test]
fn a_frame_is_the_same_on_every_machine() {
    let frame = text(&["frame", "--size", "80x24", "--route", "map"]);
    assert_eq!(frame.lines().count(), 24);
    assert_eq!(frame, text(&["frame", "--size", "80x24", "--route", "map"]));
    assert_ne!(frame, text(&["frame", "--size", "80x24", "--route", "map", "--keys", "?"]));
    assert!(text(&["--ascii", "frame", "--route", "map"]).is_ascii());
    assert_eq!(text(&["frame", "--size", "0x0"]), "");
}

#[test]
fn a_frame_is_also_a_picture() {
    let dir = dir();
    let svg = dir.path().join("frame.svg");
    assert_eq!(text(&["frame", "--route", "map", "--svg", path(&svg)]), "");
    assert!(std::fs::read_to_string(svg).expect("it is written").starts_with("<svg"));
}

#[test]
fn a_frame_with_a_data_folder_reads_the_log_and_leaves_it_alone() {
    let dir = dir();
    text(&["--data-dir", path(dir.path()), "frame", "--keys", "jjj<enter>"]);
    assert_eq!(std::fs::read_dir(dir.path()).expect("it is there").count(), 0);
}

#[test]
fn progress_is_shown_exported_and_imported() {
    let (from, to) = (dir(), dir());
    let event = concat!(
        r#"{"id":"0123456789abcdef0123456789abcdef","at":"2026-01-07T12:00:00.000Z","day":"2026-01-07","#,
        r#""kind":"setting","key":"theme","value":"light"}"#
    );
    let log = from.path().join("progress.jsonl");
    std::fs::write(&log, format!("{}\n{event}\n", r#"{"format":1,"app":"quantlearn"}"#)).expect("it is ours");
    assert_eq!(text(&["--data-dir", path(from.path()), "progress", "path"]).trim(), path(&log));
    let exported = to.path().join("all.jsonl");
    text(&["--data-dir", path(from.path()), "progress", "export", path(&exported)]);
    let said = text(&["--data-dir", path(to.path()), "progress", "import", path(&exported)]);
    assert!(said.contains("1 event added"), "{said}");
    assert!(text(&["--data-dir", path(to.path()), "progress", "show"]).contains("0 XP"));
    assert_eq!(json(&["--data-dir", path(to.path()), "progress", "show", "--json"])["xp"], 0);
    let missing = refusal(&["--data-dir", path(to.path()), "progress", "import", "/no/such/file"]);
    assert!(missing.contains("/no/such/file"), "{missing}");
}

#[test]
fn a_log_that_does_not_read_is_named_and_left_alone() {
    let dir = dir();
    std::fs::create_dir(dir.path().join("progress.jsonl")).expect("it is ours");
    let said = refusal(&["--data-dir", path(dir.path()), "progress", "show"]);
    assert!(said.contains("progress.jsonl"), "{said}");
    assert!(dir.path().join("progress.jsonl").is_dir());
}

#[test]
fn the_built_in_course_has_no_finding_and_a_broken_lesson_is_one() {
    assert_eq!(code(&run(&["author", "check", "lessons"])), 0);
    let dir = dir();
    let broken = dir.path().join("broken.toml");
    std::fs::write(&broken, "format = 1\n[lesson]\nid = \"broken\"\ntitel = \"T\"\n").expect("it is ours");
    let output = run(&["author", "check", path(&broken)]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(code(&output), 1, "{said}");
    assert!(said.contains("broken.toml:4:1") && said.contains("did you mean `title`?"), "{said}");
    assert_eq!(code(&run(&["author", "check", "/no/such/folder"])), 2);
}

/// The output of a script that stands in a file, and the file's name.
fn script(source: &str, args: &[&str]) -> (Output, String) {
    let dir = dir();
    let file = dir.path().join("try.rhai");
    std::fs::write(&file, source).expect("it is ours");
    let args: Vec<&str> = ["run", path(&file)].iter().chain(args).copied().collect();
    (run(&args), path(&file).to_owned())
}

#[test]
fn a_script_runs_and_prints() {
    let (output, _) = script("let w = rand(1536, 384);\nprint(w.nbytes, as_i8(w).nbytes);", &[]);
    assert_eq!((code(&output), &*output.stdout, &*output.stderr), (0, &b"2359296 589824\n"[..], &b""[..]));
    let mut child = command(&["run", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("it is piped").write_all(b"print(1 + 1)").expect("it reads");
    assert_eq!(child.wait_with_output().expect("it ends").stdout, b"2\n");
}

#[test]
fn a_script_draws_its_figures_in_characters() {
    let source = "print(\"before\"); bar([\"FP32\", \"INT8\"], [4, 1], \"bytes of a weight\"); print(\"after\");";
    let said = String::from_utf8(script(source, &["--ascii"]).0.stdout).expect("it prints text");
    let at = |words: &str| said.find(words).unwrap_or_else(|| panic!("`{words}` is not in\n{said}"));
    assert!(said.is_ascii() && at("before") < at("bytes of a weight") && at("FP32") < at("INT8") && at("INT8") < at("after"));
}

#[test]
fn a_broken_script_is_shown_with_its_line_and_what_was_meant() {
    let (output, file) = script("print(\"first\");\nlet a = absmx(2);\n", &[]);
    let said = String::from_utf8(output.stderr.clone()).expect("it is text");
    assert_eq!((code(&output), &*output.stdout), (1, &b"first\n"[..]));
    let expected = format!(
        "error: there is no function `absmx`\n --> {file}:2:9\n  |\n2 | let a = absmx(2);\n  |         ^^^^^\n  |\n  = help: did you mean `absmax`?\n"
    );
    assert_eq!(said, expected);
}

#[test]
fn a_script_at_a_limit_ends_with_one_sentence() {
    let (output, _) = script("print(1);\nlet t = zeros(1000000000);", &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((code(&output), &*output.stdout), (1, &b"1\n"[..]));
    assert_eq!(said, "quantlearn: Stopped in line 2: its tensors would take 4.00 GB together, and 256.00 MB is the limit.\n");
}

#[test]
fn a_script_is_reported_as_json() {
    let report = |source: &str| -> (i32, Value) {
        let (output, _) = script(source, &["--json"]);
        (code(&output), serde_json::from_slice(&output.stdout).expect("it prints JSON"))
    };
    let (code, done) = report("print(\"a\"); bar([\"x\"], [1]); print(2);");
    let names: Vec<&str> = done.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["file", "status", "elapsed_s", "output", "diagnostics", "figures"]);
    assert_eq!((code, &done["status"], &done["output"]), (0, &"finished".into(), &"a\n2".into()));
    assert_eq!((&done["figures"][0]["kind"], &done["diagnostics"]), (&"bars".into(), &Value::Array(Vec::new())));
    let (code, failed) = report("let x = 1;\nprint(x + y);");
    let found = &failed["diagnostics"][0];
    assert_eq!((code, &failed["status"]), (1, &"failed".into()));
    assert_eq!((&found["line"], &found["column"], &found["source_line"]), (&2.into(), &11.into(), &"print(x + y);".into()));
    let (code, stopped) = report("loop { }");
    assert_eq!((code, &stopped["status"], &stopped["diagnostics"][0]["line"]), (1, &"stopped".into(), &1.into()));
}

#[test]
fn a_script_that_cannot_be_read_is_a_refusal_of_one_sentence() {
    let dir = dir();
    let bytes = dir.path().join("bytes.rhai");
    std::fs::write(&bytes, b"print(\xff)").expect("it is ours");
    for (file, words) in [("/no/such.rhai", "/no/such.rhai"), (path(dir.path()), "cannot be read"), (path(&bytes), "byte 7")] {
        let said = refusal(&["run", file]);
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
    }
    assert!(refusal(&["run", "/dev/zero"]).contains("262 144 bytes"));
}

#[test]
fn ctrl_c_stops_a_script_and_what_it_printed_stays() {
    use std::os::unix::process::ExitStatusExt;
    let dir = dir();
    let file = dir.path().join("long.rhai");
    std::fs::write(&file, "print(\"begun\");\nloop { }").expect("it is ours");
    // From outside nothing tells that the loop runs: on a busy machine the signal may come before it, or after its end.
    let mut ends = (4..12).map(|exp| interrupted_after(Duration::from_millis(1 << exp), &file));
    let in_the_loop = |output: &Output| String::from_utf8_lossy(&output.stderr).contains("line 2, as you asked");
    let output = ends.find(in_the_loop).expect("one of the signals comes in the loop");
    assert_eq!((output.status.signal(), &*output.stdout), (Some(2), &b"begun\n"[..]), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "quantlearn: Stopped in line 2, as you asked.\n");
}

/// Runs the script and sends SIGINT so long after the program has begun to catch it.
fn interrupted_after(wait: Duration, file: &Path) -> Output {
    let mut child = command(&["run", path(file)]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let catches = || {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim).unwrap_or("0");
        u64::from_str_radix(mask, 16).is_ok_and(|mask| mask & 2 != 0)
    };
    while !catches() && child.try_wait().expect("it is our child").is_none() {
        std::thread::yield_now();
    }
    std::thread::sleep(wait);
    // Until it is waited for, the child's number is its own, also when it has ended.
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it is our child");
    child.wait_with_output().expect("it ends")
}

#[test]
fn completions_and_the_manual_page_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&["completions", shell]).contains("quantlearn"));
    }
    assert!(text(&["man"]).contains(".TH quantlearn"));
}

#[test]
fn a_broken_pipe_is_success() {
    for args in [&["completions", "zsh"][..], &["man"], &["list", "--json"], &["lab"], &["frame", "--size", "900x900"]] {
        let mut child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let status = child.wait().expect("it is our child");
        let mut said = String::new();
        child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("it is text");
        assert_eq!((status.code(), &*said), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn a_full_disk_behind_the_output_is_a_sentence() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        return say("skipped: there is no /dev/full");
    };
    let output = command(&["list"]).stdout(full).stderr(Stdio::piped()).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((code(&output), said.lines().count()), (2, 1), "{said}");
    assert!(said.contains("the output could not be written"), "{said}");
}

fn say(sentence: &str) {
    // Nobody reads it where standard error is closed.
    let _ = writeln!(std::io::stderr(), "{sentence}");
}

#[test]
fn a_closed_standard_error_changes_nothing() {
    let mut shell = Command::new("sh");
    let bin = assert_cmd::cargo::cargo_bin("quantlearn");
    shell.arg("-c").arg(format!("exec {} nonsense 2>&-", bin.display())).stdin(Stdio::null());
    assert_eq!(shell.status().expect("it starts").code(), Some(2));
}
