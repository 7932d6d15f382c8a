//! Logs that somebody or something damaged, and things that are no log at all.

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use quantlearn::{
    learner::{Event, EventId, State},
    runtime::store::{Loaded, Problem, Store},
};

use super::{event, log_in, sim::Sim};

const DIR: &str = "/data";

/// A log of about 4 kB with the events in it.
fn sound_log() -> (Vec<u8>, Vec<Event>) {
    let events: Vec<Event> = (0..20).map(|n| event(1, n)).collect();
    let sim = Sim::default();
    let (mut store, _) = Store::open_on(sim.clone(), Path::new(DIR)).expect("nothing there");
    store.append(&events).expect("saved");
    let bytes = sim.bytes(&log_in(Path::new(DIR))).expect("it was made");
    assert!((4_000..6_000).contains(&bytes.len()), "{}", bytes.len());
    (bytes, events)
}

/// Opens the bytes as a log, saves one more event and checks that nothing before it was touched.
fn load_and_go_on(bytes: &[u8]) -> Loaded {
    let path = log_in(Path::new(DIR));
    let sim = Sim::with_file(&path, bytes);
    let (mut store, loaded) = Store::open_on(sim.clone(), Path::new(DIR)).expect("it reads");
    store.append(&[event(2, 0)]).expect("saved");
    let after = sim.bytes(&path).expect("it is there");
    assert!(after.starts_with(bytes), "a line was rewritten");
    let (_, again) = Store::open_on(sim, Path::new(DIR)).expect("it reads");
    assert_eq!(again.events.len(), loaded.events.len() + 1);
    assert_eq!(again.events.last(), Some(&event(2, 0)));
    loaded
}

fn n_broken(loaded: &Loaded) -> usize {
    loaded.problems.iter().filter(|problem| matches!(problem, Problem::Broken { .. })).count()
}

#[test]
fn a_log_cut_at_any_byte_keeps_its_whole_lines() {
    let (bytes, events) = sound_log();
    for len in 0..bytes.len() {
        let loaded = load_and_go_on(&bytes[..len]);
        // The header is no event. A line that lacks only its line break is whole.
        let n_whole = bytes[..len].iter().filter(|&&b| b == b'\n').count().saturating_sub(1);
        let ends_whole = len > 0 && bytes[len] == b'\n' && bytes[..len].contains(&b'\n');
        let expected = &events[..n_whole + usize::from(ends_whole)];
        assert_eq!(loaded.events, expected, "cut at {len}");
        let is_torn = len > 0 && bytes[len - 1] != b'\n' && bytes[len] != b'\n';
        assert_eq!(n_broken(&loaded), usize::from(is_torn), "cut at {len}");
    }
}

#[test]
fn a_flipped_bit_costs_at_most_its_own_line() {
    let (bytes, events) = sound_log();
    let mut line = 0;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            let loaded = load_and_go_on(&damaged);
            for (n, event) in events.iter().enumerate().filter(|(n, _)| n + 1 != line) {
                assert!(loaded.events.contains(event), "bit {bit} of byte {at} cost event {n}");
            }
        }
        line += usize::from(bytes[at] == b'\n');
    }
}

#[test]
fn nul_bytes_before_an_event_do_not_cost_it() {
    let (bytes, events) = sound_log();
    let mut damaged = bytes.clone();
    damaged.extend([0; 700]);
    let at = damaged.len();
    damaged.extend_from_slice(&bytes[bytes.iter().position(|&b| b == b'\n').expect("a header") + 1..]);
    assert_eq!(damaged[at], b'{');
    let loaded = load_and_go_on(&damaged);
    assert_eq!((loaded.events.len(), n_broken(&loaded)), (2 * events.len(), 1));
}

#[test]
fn broken_lines_are_reported_by_number_and_copied_aside_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut bytes, events) = sound_log();
    bytes.extend_from_slice(b"\xff\xfe\xff\n{\"id\":\"torn\",\"at\"");
    fs::write(log_in(dir.path()), &bytes).expect("written");
    let (mut store, loaded) = Store::open(dir.path()).expect("it reads");
    assert_eq!(loaded.events, events);
    let lines: Vec<usize> = loaded
        .problems
        .iter()
        .filter_map(|problem| match problem {
            Problem::Broken { line, .. } => Some(*line),
            _ => None,
        })
        .collect();
    assert_eq!(lines, [22, 23]);
    let notice = loaded.notice().expect("the first time it is said").to_string();
    let aside = dir.path().join("progress.broken.jsonl");
    assert!(notice.contains("Lines 22 and 23") && notice.contains(aside.to_str().expect("a plain name")), "{notice}");
    assert_eq!(fs::read(&aside).expect("made"), b"\xff\xfe\xff\n{\"id\":\"torn\",\"at\"\n");

    store.append(&[event(2, 1)]).expect("saved");
    let (_, again) = Store::open(dir.path()).expect("it reads");
    assert_eq!((again.events.len(), n_broken(&again), again.notice()), (events.len() + 1, 2, None));
    assert_eq!(again.remarks().len(), 1);
    assert_eq!(fs::read(&aside).expect("made").len(), 22);
}

#[test]
fn what_a_newer_version_wrote_is_kept_and_used_as_far_as_known() {
    let newer = r#"{"format":2,"app":"quantlearn"}
{"id":"00000000000000000000000000000001","at":"2027-01-01T00:00:00.000Z","day":"2027-01-01","kind":"review","step":"core/a/b","grade":3}
{"id":"00000000000000000000000000000002","at":"2027-01-01T00:00:01.000Z","day":"2027-01-01","kind":"setting","key":"theme","value":"dark","why":{"new":true}}
{"id":"00000000000000000000000000000003","at":"2027-01-01T00:00:01.000Z","day":"2027-01-01","kind":"skip","step":"\u001b[31m"}
"#;
    let loaded = load_and_go_on(newer.as_bytes());
    let mut state = State::default();
    state.apply_all(&loaded.events);
    assert_eq!((loaded.events.len(), state.setting("theme")), (1, Some("dark")));
    let problems = &loaded.problems;
    assert!(problems.contains(&Problem::Unknown { line: 2, kind: "review".into() }), "{problems:?}");
    assert!(problems.contains(&Problem::Newer { format: 2 }), "{problems:?}");
    assert_eq!(n_broken(&loaded), 1, "an id with an escape in it is no id");
    assert_eq!(loaded.remarks().len(), 3);
}

/// The file of each released version, with what it must still fold to.
#[test]
fn version_1_loads_for_ever() {
    let bytes = include_bytes!("../fixtures/progress/v1.jsonl");
    let loaded = load_and_go_on(bytes);
    assert_eq!(loaded.problems, []);
    let kinds: HashSet<std::mem::Discriminant<_>> =
        loaded.events.iter().map(|event| std::mem::discriminant(&event.what)).collect();
    assert_eq!(kinds.len(), 10, "every kind of the first release is in it");
    let mut state = State::default();
    state.apply_all(&loaded.events);
    assert_eq!((state.xp(), state.level(), state.streak(jiff::civil::date(2026, 11, 25))), (103, 2, 2));
    assert_eq!(state.last_position().map(|step| step.as_str()), Some("core/rounding-saturation/ties"));
    assert_eq!(state.setting("theme"), Some("dark"));
}

/// Kinds that came later, each in a file of its own.
#[test]
fn practice_loads_for_ever() {
    let loaded = load_and_go_on(include_bytes!("../fixtures/progress/v1-practice.jsonl"));
    assert_eq!((loaded.problems.len(), loaded.events.len()), (0, 4));
    let mut state = State::default();
    state.apply_all(&loaded.events);
    assert_eq!((state.xp(), state.streak(jiff::civil::date(2026, 11, 26))), (2 + 40 + 15, 1));
}

#[test]
fn what_is_written_today_is_still_version_1() {
    let files = [include_str!("../fixtures/progress/v1.jsonl"), include_str!("../fixtures/progress/v1-practice.jsonl")];
    for text in files {
        let loaded = load_and_go_on(text.as_bytes());
        for (line, event) in text.lines().skip(1).zip(&loaded.events) {
            assert_eq!(serde_json::to_string(event).expect("plain data"), line);
        }
    }
}

#[test]
fn what_is_no_file_is_refused_by_name_and_nothing_is_written() {
    let refused = |make: &dyn Fn(&Path)| {
        let dir = tempfile::tempdir().expect("a folder");
        make(&log_in(dir.path()));
        let error = Store::open(dir.path()).expect_err("no log").to_string();
        assert!(error.contains("progress.jsonl"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1, "{error}");
        error
    };
    let is = |error: String, part: &str| assert!(error.contains(part), "{error}");
    is(refused(&|path| fs::create_dir(path).expect("made")), "is a folder");
    is(refused(&|path| make_fifo(path)), "is a pipe");
    is(refused(&|path| symlink("/dev/zero", path).expect("made")), "is a device");
    is(refused(&|path| symlink("progress.jsonl", path).expect("made")), "circle");
    is(refused(&|path| fs::File::create(path).and_then(|f| f.set_len(1 << 30)).expect("made")), "1024 MiB");

    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("data"), "").expect("written");
    is(Store::open(&dir.path().join("data")).expect_err("no folder").to_string(), "not a folder");
}

fn make_fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().expect("a POSIX tool").success());
}

#[test]
fn an_empty_file_or_one_of_noise_is_no_obstacle() {
    let noise: Vec<u8> = (0..5_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for bytes in [&b""[..], b"\n\n\n", &[0; 4096], &noise, b"null", b"[[[[", "\u{feff}".as_bytes()] {
        assert_eq!(load_and_go_on(bytes).events, []);
    }
    let deep = b"[".repeat(1_000_000);
    assert_eq!(load_and_go_on(&deep).events, []);
}

#[test]
fn a_log_made_by_us_is_for_the_learner_alone_and_made_only_when_needed() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("share/quantlearn");
    let (mut store, loaded) = Store::open(&dir).expect("nothing there");
    assert!(loaded.events.is_empty() && loaded.problems.is_empty());
    store.append(&[]).expect("nothing to do");
    assert!(!dir.exists());
    store.append(&[event(1, 0)]).expect("saved");
    let mode = |path: &Path| fs::metadata(path).expect("made").permissions().mode() & 0o777;
    assert_eq!((mode(&log_in(&dir)), mode(&dir)), (0o600, 0o700));
    let text = fs::read_to_string(log_in(&dir)).expect("text");
    assert!(text.starts_with("{\"format\":1,\"app\":\"quantlearn\"}\n{\"id\":"), "{text}");
}

#[test]
fn a_log_that_was_replaced_or_deleted_is_read_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = log_in(dir.path());
    let (mut store, _) = Store::open(dir.path()).expect("nothing there");
    store.append(&[event(1, 0), event(1, 1)]).expect("saved");
    let (bytes, events) = sound_log();
    fs::write(dir.path().join("restored"), &bytes).expect("written");
    fs::rename(dir.path().join("restored"), &log).expect("moved");
    assert_eq!(store.append(&[event(2, 0)]).expect("saved").news, events);
    fs::remove_file(&log).expect("removed");
    assert_eq!(store.append(&[event(2, 1)]).expect("saved").news, []);
    assert_eq!(Store::open(dir.path()).expect("it reads").1.events, [event(2, 1)]);
}

#[test]
fn an_export_imports_whole_and_twice_adds_nothing() {
    let (one, other, out) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (mut store, _) = Store::open(one.path()).expect("nothing there");
    store.append(&(0..10).map(|n| event(1, n)).collect::<Vec<_>>()).expect("saved");
    let newer = "{\"id\":\"ff\",\"kind\":\"seminar\",\"grade\":3}\nnoise\n";
    let log = [fs::read(log_in(one.path())).expect("made"), newer.into()].concat();
    fs::write(log_in(one.path()), &log).expect("written");
    let file = out.path().join("mine.jsonl");
    assert_eq!(store.export(&file).expect("exported"), log.len());
    assert_eq!(fs::read(&file).expect("made"), log);

    let (mut store, _) = Store::open(other.path()).expect("nothing there");
    store.append(&[event(1, 3), event(2, 0)]).expect("saved");
    let first = store.import(&file).expect("imported");
    assert_eq!((first.added, first.known, first.unknown, first.broken), (10, 1, 1, 1));
    let second = store.import(&file).expect("imported");
    assert_eq!((second.added, second.known), (0, 11));
    store.append(&[event(2, 1)]).expect("saved");
    let (_, loaded) = Store::open(other.path()).expect("it reads");
    let ids: HashSet<EventId> = loaded.events.iter().map(|event| event.id).collect();
    assert_eq!((loaded.events.len(), ids.len(), loaded.problems.len()), (12, 12, 1));
}

#[test]
fn an_export_or_import_that_cannot_be_says_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut store, _) = Store::open(dir.path()).expect("nothing there");
    store.append(&[event(1, 0)]).expect("saved");
    let before = fs::read(log_in(dir.path())).expect("made");
    let lesson = dir.path().join("lesson.toml");
    fs::write(&lesson, "title = \"x\"\n").expect("written");
    let messages = [
        store.export(&log_in(dir.path())).expect_err("itself").to_string(),
        store.export(dir.path()).expect_err("a folder").to_string(),
        store.export(&dir.path().join("none/x")).expect_err("no folder").to_string(),
        store.import(&lesson).expect_err("no log").to_string(),
        store.import(&dir.path().join("none")).expect_err("no file").to_string(),
    ];
    for (message, part) in messages.iter().zip(["itself", "is a folder", "no such", "holds no progress", "no such"]) {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(fs::read(log_in(dir.path())).expect("made"), before);
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 2, "nothing is left behind");
}
