//! The terminal guard: takes the terminal, gives it back, and writes to it from a thread of its own.
//!
//! A terminal that does not read blocks whoever writes to it. So only the writer thread writes; the loop asks whether
//! it is busy, and whoever leaves waits for it a little and then drops what is still on its way.

use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Sender, SyncSender},
    },
    thread,
    time::Duration,
};

use crossterm::{
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, EnableBracketedPaste},
    queue,
    style::ResetColor,
    terminal::{EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use rustix::{
    fs::OFlags,
    termios::{LocalModes, QueueSelector, tcflush, tcgetattr, tcgetwinsize, ttyname},
};

use crate::runtime::{NoTerminal, event_loop::Wake};

/// How long leaving waits for a frame that is on its way.
const PATIENCE: Duration = Duration::from_millis(400);

/// Nothing draws larger than this, whatever the terminal says; the buffer of a frame stays below 100 MB.
const LARGEST: (u16, u16) = (2000, 500);

/// Is there a terminal to work with?
pub(super) fn check() -> Result<(), NoTerminal> {
    if !io::stdin().is_terminal() {
        return Err(NoTerminal::NotATty("standard input"));
    }
    if !io::stdout().is_terminal() {
        return Err(NoTerminal::NotATty("standard output"));
    }
    match std::env::var("TERM") {
        Ok(term) if term == "dumb" => Err(NoTerminal::Dumb(term)),
        _ => Ok(()),
    }
}

pub(super) struct Tty {
    writer: Sender<Vec<u8>>,
    pending: Arc<Pending>,
    /// Whether the terminal is ours now.
    entered: AtomicBool,
    out: File,
}

/// How many pieces are on their way.
#[derive(Default)]
struct Pending {
    n: Mutex<usize>,
    none: Condvar,
    /// What is still waiting is dropped.
    drop_all: AtomicBool,
}

impl Tty {
    pub(super) fn open(queue: SyncSender<Wake>) -> Result<Self, NoTerminal> {
        own_stdin();
        let out = File::from(rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3).map_err(io::Error::from)?);
        let (writer, pieces) = mpsc::channel::<Vec<u8>>();
        let pending = Arc::<Pending>::default();
        let (mut file, theirs) = (out.try_clone()?, Arc::clone(&pending));
        thread::Builder::new().name("terminal".into()).spawn(move || {
            for piece in pieces {
                if !theirs.drop_all.load(Ordering::Acquire) {
                    // A terminal that is gone is noticed by the watcher; nothing else can be done about it here.
                    let _ = file.write_all(&piece);
                }
                theirs.less();
                // The loop may have ended: then nobody needs to know.
                let _ = queue.try_send(Wake::Drawn);
            }
        })?;
        Ok(Self { writer, pending, entered: AtomicBool::new(false), out })
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> (u16, u16) {
        match tcgetwinsize(&self.out) {
            Ok(size) => (size.ws_col.min(LARGEST.0), size.ws_row.min(LARGEST.1)),
            Err(_) => (0, 0),
        }
    }

    pub(super) fn busy(&self) -> bool {
        *self.pending.lock() > 0
    }

    /// Sends bytes on their way.
    pub(super) fn write(&self, bytes: Vec<u8>) {
        *self.pending.lock() += 1;
        if self.writer.send(bytes).is_err() {
            self.pending.less();
        }
    }

    /// Raw mode, alternate screen, bracketed paste. Does nothing where it was done already.
    pub(super) fn enter(&self) -> io::Result<()> {
        if self.entered.load(Ordering::Acquire) {
            return Ok(());
        }
        enable_raw_mode()?;
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        self.write(bytes);
        self.entered.store(true, Ordering::Release);
        Ok(())
    }

    /// Gives the terminal back as it was. Does nothing where it was done already; never waits long.
    pub(super) fn leave(&self) {
        if !self.entered.swap(false, Ordering::AcqRel) {
            return;
        }
        self.settle();
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let _ = queue!(bytes, EndSynchronizedUpdate, ResetColor, DisableBracketedPaste, LeaveAlternateScreen, Show);
        self.write(bytes);
        self.pending.wait(PATIENCE);
        // Without a terminal there is no mode to restore.
        let _ = disable_raw_mode();
    }

    /// Enters anew where somebody else, a shell, has set the terminal's modes meanwhile.
    pub(super) fn retake(&self) -> io::Result<()> {
        if tcgetattr(&self.out)?.local_modes.contains(LocalModes::ICANON) {
            self.leave();
        }
        self.enter()
    }

    /// Waits for what is on its way; drops it where the terminal does not read.
    fn settle(&self) {
        if !self.pending.wait(PATIENCE) {
            self.pending.drop_all.store(true, Ordering::Release);
            let _ = tcflush(&self.out, QueueSelector::OFlush);
            self.pending.wait(PATIENCE);
            self.pending.drop_all.store(false, Ordering::Release);
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.n.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn less(&self) {
        let mut n = self.lock();
        *n -= 1;
        if *n == 0 {
            self.none.notify_all();
        }
    }

    /// Waits until nothing is on its way; false where that took too long.
    fn wait(&self, longest: Duration) -> bool {
        let waited = self.none.wait_timeout_while(self.lock(), longest, |n| *n > 0);
        *waited.unwrap_or_else(PoisonError::into_inner).0 == 0
    }
}

/// Puts a non-blocking descriptor of our own in the place of standard input.
///
/// The flag belongs to the open file, which the shell shares; one that we opened ourselves is ours alone. Where the
/// terminal cannot be opened by name, standard input stays as it is: floods of input are then read more slowly.
fn own_stdin() {
    let name = ttyname(io::stdin(), Vec::new()).ok().and_then(|name| name.into_string().ok());
    let paths = name.map(PathBuf::from).into_iter().chain([PathBuf::from("/dev/tty")]);
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    for path in paths {
        let opened = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path);
        if opened.is_ok_and(|file| file.is_terminal() && rustix::stdio::dup2_stdin(&file).is_ok()) {
            return;
        }
    }
}
