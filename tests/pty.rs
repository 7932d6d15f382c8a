//! The app in a real pseudo-terminal: what it does to the terminal, and that it always gives it back.
//!
//! Nothing here waits for a time: each step waits for what the screen shows, or for the process, with a generous limit.

use std::{
    io::{Read, Write},
    path::Path,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtyPair, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

const BIN: &str = env!("CARGO_BIN_EXE_quantlearn");

/// Long enough for a busy machine; nothing is asserted about it.
const LIMIT: Duration = Duration::from_secs(60);

struct Session {
    child: Box<dyn Child + Send + Sync>,
    pair: PtyPair,
    writer: Box<dyn Write + Send>,
    shown: Arc<Shown>,
    before: String,
}

struct Shown {
    terminal: Mutex<vt100::Parser>,
    changed: Condvar,
}

/// How a session begins.
struct Begin<'a> {
    program: &'a str,
    args: Vec<&'a str>,
    envs: Vec<(&'a str, &'a str)>,
    size: (u16, u16),
    /// Nobody reads what the program draws.
    deaf: bool,
}

/// The app on a data folder.
fn app<'a>(data: &'a Path, args: &[&'a str]) -> Begin<'a> {
    let data = data.to_str().expect("temporary folders have plain names");
    let args = [&["--data-dir", data, "--theme", "dark"], args].concat();
    Begin { program: BIN, args, envs: Vec::new(), size: (100, 30), deaf: false }
}

impl Begin<'_> {
    fn start(self) -> Session {
        let pair = native_pty_system().openpty(pty_size(self.size)).expect("pseudo-terminals are to be had");
        let before = modes(&*pair.master);
        let mut command = CommandBuilder::new(self.program);
        command.args(&self.args);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("PATH", std::env::var("PATH").unwrap_or_default());
        command.cwd(std::env::temp_dir());
        self.envs.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let writer = pair.master.take_writer().expect("it is taken once");
        let parser = vt100::Parser::new(self.size.1, self.size.0, 0);
        let shown = Arc::new(Shown { terminal: Mutex::new(parser), changed: Condvar::new() });
        if !self.deaf {
            let (theirs, reader) = (Arc::clone(&shown), pair.master.try_clone_reader().expect("it can be read"));
            thread::spawn(move || theirs.follow(reader));
        }
        Session { child, pair, writer, shown, before }
    }
}

impl Shown {
    fn follow(&self, mut reader: Box<dyn Read + Send>) {
        let mut bytes = [0; 4096];
        while let Ok(n @ 1..) = reader.read(&mut bytes) {
            self.terminal.lock().expect("no panic").process(&bytes[..n]);
            self.changed.notify_all();
        }
    }
}

impl Session {
    /// Waits until the screen is as asked; fails with what it shows instead.
    fn wait(&self, what: &str, mut asked: impl FnMut(&vt100::Screen) -> bool) {
        let terminal = self.shown.terminal.lock().expect("no panic");
        let (terminal, late) = self.shown.changed.wait_timeout_while(terminal, LIMIT, |t| !asked(t.screen())).expect("no panic");
        assert!(!late.timed_out(), "{what} does not come; the screen shows:\n{}", terminal.screen().contents());
    }

    fn wait_text(&self, text: &str) {
        self.wait(&format!("the text `{text}`"), |screen| screen.contents().contains(text));
    }

    /// The app has drawn a frame.
    fn wait_frame(&self) {
        self.wait("a frame", |screen| screen.alternate_screen() && !screen.contents().trim().is_empty());
    }

    fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the terminal takes input");
        self.writer.flush().expect("the terminal takes input");
    }

    fn resize(&self, width: u16, height: u16) {
        // Locked before: what the app draws for the new size must not be shown at the old one.
        let mut terminal = self.shown.terminal.lock().expect("no panic");
        self.pair.master.resize(pty_size((width, height))).expect("it can be resized");
        // A new one: the emulator itself panics on some ways to shrink.
        let alternate = terminal.screen().alternate_screen();
        *terminal = vt100::Parser::new(height, width, 0);
        if alternate {
            terminal.process(b"\x1b[?1049h");
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.process_id().and_then(|pid| Pid::from_raw(pid as i32)).expect("it runs");
        kill_process(pid, signal).expect("it runs");
    }

    fn wait_exit(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            assert!(start.elapsed() < LIMIT, "the program does not end; the screen shows:\n{}", self.contents());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn contents(&self) -> String {
        self.shown.terminal.lock().expect("no panic").screen().contents()
    }

    /// Everything that the app does to a terminal is undone.
    fn assert_restored(&self) {
        self.wait("the main screen", |screen| !screen.alternate_screen());
        self.wait("the cursor", |screen| !screen.hide_cursor());
        self.wait("unbracketed paste", |screen| !screen.bracketed_paste());
        assert_eq!(modes(&*self.pair.master), self.before, "echo and line editing are as they were");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// The modes of the terminal, comparable.
fn modes(master: &dyn MasterPty) -> String {
    let modes = master.get_termios().expect("a terminal has modes");
    format!("{:?} {:?} {:?}", modes.input_flags, modes.output_flags, modes.local_flags)
}

fn data() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_signal_restores_the_terminal_and_is_the_exit() {
    let ends = [(Signal::TERM, "Terminated"), (Signal::HUP, "Hangup"), (Signal::INT, "Interrupt"), (Signal::QUIT, "Quit")];
    for (signal, name) in ends {
        let data = data();
        let mut session = app(data.path(), &["open", "map"]).start();
        session.wait_frame();
        assert_ne!(modes(&*session.pair.master), session.before, "raw while it runs");
        session.signal(signal);
        let status = session.wait_exit();
        assert!(status.signal().is_some_and(|said| said.contains(name)), "{name}: {status:?}");
        session.assert_restored();
    }
}

#[test]
fn ctrl_c_quits_and_restores() {
    let data = data();
    let mut session = app(data.path(), &[]).start();
    session.wait_frame();
    session.send("\x03");
    assert!(session.wait_exit().success());
    session.assert_restored();
}

#[test]
fn ctrl_z_gives_the_shell_its_terminal_and_fg_comes_back_to_a_new_size() {
    let data = data();
    let command = format!("{BIN} --data-dir {} --theme dark open map\n", data.path().display());
    let shell = Begin { program: "dash", args: vec!["-i"], envs: vec![("PS1", "ready> ")], size: (100, 30), deaf: false };
    let mut session = shell.start();
    // What is typed before the shell asks for it would still be read by the app.
    let prompt = |screen: &vt100::Screen| !screen.alternate_screen() && screen.contents().trim_end().ends_with("ready>");
    session.wait("the prompt", prompt);
    session.send(&command);
    session.wait_frame();
    session.send("\x1a");
    session.wait("the prompt", |screen| prompt(screen) && screen.contents().contains("Stopped"));
    assert_eq!(modes(&*session.pair.master), session.before);
    session.resize(70, 20);
    session.send("fg\n");
    session.wait_frame();
    session.send("\x03");
    session.wait("the prompt", prompt);
    session.send("echo a''live\n");
    session.wait_text("alive");
    assert_eq!(modes(&*session.pair.master), session.before);
    session.send("exit\n");
    session.wait_exit();
}

#[test]
fn without_a_shell_above_it_the_app_does_not_stop() {
    let data = data();
    let mut session = app(data.path(), &[]).start();
    session.wait_frame();
    session.send("\x1a");
    session.signal(Signal::TSTP);
    session.send("\x03");
    assert!(session.wait_exit().success());
    session.assert_restored();
}

#[test]
fn a_stop_from_outside_is_survived() {
    let data = data();
    let mut session = app(data.path(), &[]).start();
    session.wait_frame();
    session.signal(Signal::STOP);
    session.signal(Signal::CONT);
    session.wait_frame();
    session.send("\x03");
    assert!(session.wait_exit().success());
    session.assert_restored();
}

/// Is there still a process with this argument?
fn runs(argument: &str) -> bool {
    let processes = std::fs::read_dir("/proc").expect("this test needs /proc");
    processes.flatten().any(|entry| {
        let Ok(line) = std::fs::read(entry.path().join("cmdline")) else { return false };
        let line = String::from_utf8_lossy(&line).into_owned();
        line.starts_with(BIN) && line.contains(argument)
    })
}

#[test]
fn a_terminal_that_closes_ends_the_app_also_without_a_hang_up_signal() {
    if !Path::new("/proc/self/cmdline").exists() {
        return say_skipped("there is no /proc");
    }
    // `script` holds the terminal; `setsid` takes away the signal, `nohup`'s way of ignoring it is the third.
    for wrap in ["exec", "exec setsid -w", "trap '' HUP; exec"] {
        let data = data();
        let name = data.path().display().to_string();
        let command = format!("{wrap} {BIN} --data-dir {name} --theme dark");
        let begin =
            Begin { program: "script", args: vec!["-qc", &command, "/dev/null"], envs: vec![], size: (80, 24), deaf: false };
        let session = begin.start();
        session.wait_frame();
        assert!(runs(&name), "it is found while it runs");
        session.signal(Signal::KILL);
        let start = Instant::now();
        while runs(&name) {
            assert!(start.elapsed() < LIMIT, "`{wrap}`: the app outlives its terminal");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Says that a test was skipped, and why.
fn say_skipped(why: &str) {
    eprintln!("skipped: {why}");
}

#[test]
fn a_terminal_that_does_not_read_does_not_hold_the_app() {
    let data = data();
    let mut session = Begin { deaf: true, ..app(data.path(), &[]) }.start();
    // Nothing can be seen, so wait for raw mode.
    let start = Instant::now();
    while modes(&*session.pair.master) == session.before {
        assert!(start.elapsed() < LIMIT, "it does not begin");
        thread::sleep(Duration::from_millis(10));
    }
    session.send("jkjkjk");
    session.send("\x03");
    assert!(session.wait_exit().success());
    assert_eq!(modes(&*session.pair.master), session.before);
}

#[test]
fn no_size_and_no_storm_of_resizes_ends_the_app() {
    let data = data();
    let mut session = Begin { size: (20, 5), ..app(data.path(), &[]) }.start();
    session.wait_frame();
    session.resize(500, 200);
    for n in 0..60u16 {
        let (width, height) = [(0, 0), (1, 1), (500, 200), (20, 5), (1, 200), (200, 1), (80, 24)][usize::from(n % 7)];
        // Only the app sees these; the emulator keeps a size at which it takes everything.
        session.pair.master.resize(pty_size((width, height))).expect("it can be resized");
        if n % 9 == 0 {
            session.send("j\x1b[B");
        }
    }
    session.resize(100, 30);
    session.send("k");
    session.wait("a frame of the last size", |screen| screen.contents().lines().count() == 30);
    session.send("\x03");
    assert!(session.wait_exit().success());
    session.assert_restored();
}

#[test]
fn no_color_keeps_the_selection_visible() {
    let data = data();
    let mut session = Begin { envs: vec![("NO_COLOR", "1")], ..app(data.path(), &["open", "settings"]) }.start();
    session.wait_frame();
    let cells = |screen: &vt100::Screen| -> Vec<vt100::Cell> {
        let (rows, cols) = screen.size();
        (0..rows).flat_map(|y| (0..cols).filter_map(move |x| screen.cell(y, x).cloned())).collect()
    };
    session.wait("a reversed cell", |screen| cells(screen).iter().any(vt100::Cell::inverse));
    session.wait("no colour", |screen| {
        cells(screen).iter().all(|c| c.fgcolor() == vt100::Color::Default && c.bgcolor() == vt100::Color::Default)
    });
    session.send("\x03");
    assert!(session.wait_exit().success());
}

#[test]
fn what_was_earned_is_still_there_after_a_new_start() {
    let data = data();
    let course = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/one-question");
    let mut session = app(data.path(), &["--course", course, "open", "lesson", "fixture/one"]).start();
    session.wait_text("Eight bits");
    session.send("1\r");
    session.wait_text("+30 XP");
    session.send("\x03");
    assert!(session.wait_exit().success());
    session.assert_restored();
    let mut again = app(data.path(), &["--course", course, "open", "map"]).start();
    again.wait_text("30 XP");
    again.send("\x03");
    assert!(again.wait_exit().success());
}

#[test]
fn a_signal_right_after_an_answer_loses_nothing() {
    let data = data();
    let course = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/one-question");
    let mut session = app(data.path(), &["--course", course, "open", "lesson", "fixture/one"]).start();
    session.wait_text("Eight bits");
    session.send("1\r");
    session.wait_text("+30 XP");
    session.signal(Signal::TERM);
    session.wait_exit();
    let log = std::fs::read_to_string(data.path().join("progress.jsonl")).expect("it was written");
    assert!(log.lines().any(|line| line.contains("fixture/one/pick") && line.contains("\"correct\":true")), "{log}");
}
