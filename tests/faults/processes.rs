//! Real processes on a real disk: two at once, killed ones, full disks.

use std::{
    collections::HashSet,
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use quantlearn::{
    learner::EventId,
    runtime::store::{Problem, Store},
};

use super::{count, event, log_in, skip};

const DIR: &str = "QUANTLEARN_FAULTS_DIR";
const WRITER: &str = "QUANTLEARN_FAULTS_WRITER";
const N_EVENTS: &str = "QUANTLEARN_FAULTS_N";

/// Not a test of its own: the other tests start it in a process of its own. It appends event by event and tells of
/// each that was acknowledged, or why it was not.
#[test]
fn helper_that_appends() {
    let Ok(dir) = env::var(DIR) else { return };
    let number = |name| env::var(name).expect("set together with the folder").parse::<u32>().expect("a number");
    let (writer, n_events) = (number(WRITER), number(N_EVENTS));
    let mut out = std::io::stdout();
    let mut store = match Store::open(Path::new(&dir)) {
        Ok((store, _)) => store,
        Err(error) => return writeln!(out, "\nfail {error}").expect("the parent reads"),
    };
    for n in 0..n_events {
        let event = event(writer, n);
        match store.append(std::slice::from_ref(&event)) {
            Ok(_) => writeln!(out, "\nack {}", event.id).expect("the parent reads"),
            Err(error) => return writeln!(out, "\nfail {error}").expect("the parent reads"),
        }
        out.flush().expect("the parent reads");
    }
}

fn helper(dir: &Path, writer: u32, n_events: u32) -> Command {
    let mut command = Command::new(env::current_exe().expect("a test binary has a path"));
    with_role(&mut command, dir, writer, n_events);
    command
}

/// The helper behind a shell command that ends in `exec "$@"`.
fn helper_under_shell(shell: &[&str], dir: &Path, n_events: u32) -> Command {
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg("sh").arg(env::current_exe().expect("a test binary has a path"));
    with_role(&mut command, dir, 1, n_events);
    command
}

fn with_role(command: &mut Command, dir: &Path, writer: u32, n_events: u32) {
    command
        .args(["processes::helper_that_appends", "--exact", "--nocapture"])
        .env(DIR, dir)
        .env(WRITER, writer.to_string())
        .env(N_EVENTS, n_events.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
}

/// The ids that were acknowledged, and the error if one ended it.
fn told(child: &mut Child) -> (Vec<EventId>, Option<String>) {
    let mut text = Vec::new();
    child.stdout.take().expect("piped").read_to_end(&mut text).expect("a pipe reads");
    let text = String::from_utf8(text).expect("plain text");
    // A line without its end was not told.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let acks = whole.lines().filter_map(|line| line.strip_prefix("ack ")).map(|id| EventId::parse(id).expect("an id")).collect();
    (acks, whole.lines().find_map(|line| line.strip_prefix("fail ")).map(str::to_owned))
}

#[test]
fn two_processes_at_once_lose_nothing() {
    let n_events = count(300, 1_000, 10_000) as u32;
    let dir = tempfile::tempdir().expect("a folder");
    let mut children: Vec<Child> =
        (1..=2).map(|writer| helper(dir.path(), writer, n_events).spawn().expect("it starts")).collect();
    for child in &mut children {
        let (acks, error) = told(child);
        assert_eq!((acks.len(), error), (n_events as usize, None));
        assert!(child.wait().expect("it ends").success());
    }
    let (_, loaded) = Store::open(dir.path()).expect("it reads");
    let ids: HashSet<EventId> = loaded.events.iter().map(|event| event.id).collect();
    assert_eq!((ids.len(), loaded.events.len()), (2 * n_events as usize, 2 * n_events as usize));
    assert_eq!(loaded.problems, []);
}

#[test]
fn kill_9_at_any_time_loses_no_acknowledged_event() {
    let n_rounds = count(100, 1_000, 10_000) as u32;
    let root = tempfile::tempdir().expect("a folder");
    let mut n_acknowledged = 0;
    let mut random = 12_345_u32;
    // A new folder now and then: the first append makes folder and file.
    for writers in (0..n_rounds).collect::<Vec<_>>().chunks(10) {
        let dir = root.path().join(format!("{}/data", writers[0]));
        let mut acknowledged = HashSet::new();
        for &writer in writers {
            let mut child = helper(&dir, writer, u32::MAX).spawn().expect("it starts");
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            thread::sleep(Duration::from_micros(u64::from(random >> 17)));
            child.kill().expect("it runs");
            let (acks, error) = told(&mut child);
            child.wait().expect("it was killed");
            assert_eq!(error, None);
            acknowledged.extend(acks);

            let Ok((_, loaded)) = Store::open(&dir) else { panic!("round {writer}: the log does not read") };
            let there: HashSet<EventId> = loaded.events.iter().map(|event| event.id).collect();
            let lost = acknowledged.iter().find(|id| !there.contains(id));
            assert_eq!(lost, None, "round {writer}");
            for event in &loaded.events {
                let id = u128::from_str_radix(&event.id.to_string(), 16).expect("hexadecimal");
                assert_eq!(*event, super::event((id >> 64) as u32, id as u32), "a torn line was counted");
            }
        }
        n_acknowledged += acknowledged.len();
    }
    assert!(n_acknowledged > 0, "no round lived long enough to save anything");
}

#[test]
fn a_lock_that_is_held_for_ever_ends_in_a_message_and_the_event_waits() {
    let dir = tempfile::tempdir().expect("a folder");
    let patience = Duration::from_millis(50);
    let disk = quantlearn::runtime::store::disk::Os { patience };
    let (mut store, _) = Store::open_on(disk, dir.path()).expect("nothing there");
    store.append(&[event(1, 0)]).expect("saved");
    let holder = fs::File::open(log_in(dir.path())).expect("made");
    holder.lock().expect("free");
    let error = store.append(&[event(1, 1)]).expect_err("held").to_string();
    assert!(error.contains("another quantlearn"), "{error}");
    assert_eq!(store.n_pending(), 1);
    drop(holder);
    store.append(&[]).expect("saved");
    assert_eq!(Store::open(dir.path()).expect("it reads").1.events.len(), 2);
}

/// After the limit is reached: a sentence, and all that was acknowledged is there.
fn check_limited(test: &str, shell: &[&str], dir: &Path, sentence: &str) {
    let mut child = match helper_under_shell(shell, dir, 2_000).spawn() {
        Ok(child) => child,
        Err(error) => return skip(test, &error.to_string()),
    };
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    reader.read_line(&mut first).expect("a pipe reads");
    if first.starts_with("not permitted") || first.is_empty() {
        child.wait().expect("it ends");
        return skip(test, "not permitted here");
    }
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("plain text");
    child.wait().expect("it ends");
    let error = text.lines().find_map(|line| line.strip_prefix("fail ")).unwrap_or_else(|| panic!("no limit met:\n{text}"));
    assert!(error.contains(sentence), "{error}");
    let saved = text.lines().filter_map(|line| line.strip_prefix("saved ")).next_back();
    let n_acks = text.lines().filter(|line| line.starts_with("ack ")).count();
    // A folder on a mount of the helper's own is gone with it; then the shell counted the lines, one of them the header.
    let n_there = match saved {
        Some(n_lines) => n_lines.trim().parse::<usize>().expect("a number").saturating_sub(1),
        None => {
            let (_, loaded) = Store::open(dir).expect("it reads");
            let broken = loaded.problems.iter().any(|problem| matches!(problem, Problem::Broken { .. }));
            assert!(!broken, "what was half written was not taken back");
            loaded.events.len()
        }
    };
    assert_eq!(n_there, n_acks);
}

#[test]
fn a_file_size_limit_is_a_message_not_a_death() {
    let dir = tempfile::tempdir().expect("a folder");
    // The program itself ignores the signal; the helper inherits that from the shell.
    let shell = ["sh", "-c", "trap '' XFSZ; ulimit -f 8 || echo not permitted; exec \"$@\""];
    check_limited("ulimit", &shell, dir.path(), "may not grow");
}

#[test]
fn a_full_disk_is_a_message_and_keeps_what_was_saved() {
    let dir = tempfile::tempdir().expect("a folder");
    let script = "mount -t tmpfs -o size=64k none \"$QUANTLEARN_FAULTS_DIR\" 2>/dev/null || { echo not permitted; exit; }
        \"$@\"; echo; echo saved $(wc -l < \"$QUANTLEARN_FAULTS_DIR/progress.jsonl\")";
    check_limited("a full disk", &["unshare", "-m", "sh", "-c", script], dir.path(), "the disk is full");
}

#[test]
fn a_read_only_disk_is_a_message() {
    let dir = tempfile::tempdir().expect("a folder");
    let script = "mount -t tmpfs -o ro none \"$QUANTLEARN_FAULTS_DIR\" 2>/dev/null || { echo not permitted; exit; }
        \"$@\"; echo; echo saved 0";
    check_limited("a read-only disk", &["unshare", "-m", "sh", "-c", script], dir.path(), "read-only");
}

#[test]
fn a_folder_without_permission_is_a_message() {
    let dir = tempfile::tempdir().expect("a folder");
    // Root may write everywhere: the helper becomes somebody else, who may enter and read the folder and no more.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o555);
    fs::set_permissions(dir.path(), mode).expect("ours");
    let script = "if [ $(id -u) != 0 ]; then exec \"$@\"; fi
        exec setpriv --reuid=65534 --clear-groups \"$@\" 2>/dev/null || echo not permitted";
    check_limited("permissions", &["sh", "-c", script], dir.path(), "permission denied");
}
