//! Signals, and the terminal that goes away.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, TrySendError},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{getpgrp, getsid, kill_current_process_group},
};
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGXFSZ},
    iterator::Signals,
    low_level::emulate_default_handler,
};

use crate::runtime::event_loop::{Signal, Wake};

/// How long the loop may take to save and restore before the signal is carried out all the same.
const GRACE: Duration = Duration::from_millis(6_500);
/// The same for a terminal that is gone: it is to be over within two seconds.
const GRACE_GONE: Duration = Duration::from_millis(1_500);

/// Signals that the program itself has caused, and so need no answer: set before, taken when they arrive.
static OWN_STOP: AtomicBool = AtomicBool::new(false);
static OWN_CONTINUE: AtomicBool = AtomicBool::new(false);
/// The terminal belongs to the learner's editor: its signals are about the editor.
static EDITING: AtomicBool = AtomicBool::new(false);

/// Lets a full disk or a size limit be an error of the write, not the death of the program.
pub fn ignore_file_size_limit() -> io::Result<()> {
    // A handler that only sets a flag: the write then fails with a reason. SIGPIPE is ignored by Rust itself.
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map(drop)
}

/// A flag that ctrl-c raises, for work that looks at it now and then; the next ctrl-c after that ends the program.
pub fn cancel_by_interrupt() -> io::Result<Arc<AtomicBool>> {
    let cancel = Arc::<AtomicBool>::default();
    // In this order: the first looks at what the second has set the time before.
    signal_hook::flag::register_conditional_default(SIGINT, Arc::clone(&cancel))?;
    signal_hook::flag::register(SIGINT, Arc::clone(&cancel))?;
    Ok(cancel)
}

/// Dies by the signal, so that the shell sees 128 + n.
pub fn die_by(signal: i32) {
    // It fails only for signals that end nothing, and those do not come here.
    let _ = emulate_default_handler(signal);
}

/// Turns signals into messages.
pub(super) fn listen(queue: SyncSender<Wake>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let said = match signal {
                SIGTSTP if OWN_STOP.swap(false, Ordering::AcqRel) => continue,
                SIGCONT if OWN_CONTINUE.swap(false, Ordering::AcqRel) => continue,
                // The editor stops with the whole job, and the loop, which waits for the editor, could not.
                SIGTSTP if EDITING.load(Ordering::Acquire) => {
                    die_by(SIGTSTP);
                    continue;
                }
                SIGCONT | SIGINT if EDITING.load(Ordering::Acquire) => continue,
                SIGTSTP => queue.send(Wake::Signal(Signal::Stop)),
                SIGCONT => queue.send(Wake::Signal(Signal::Continue)),
                signal => return end(&queue, signal, GRACE),
            };
            if said.is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// Lets another program have the terminal and its signals while `work` waits for it.
pub(super) fn while_editing<T>(work: impl FnOnce() -> T) -> T {
    EDITING.store(true, Ordering::Release);
    let done = work();
    EDITING.store(false, Ordering::Release);
    done
}

/// Wakes a thread that waits for input: a change of the window's size is an event that costs nothing.
pub(super) fn wake_input() {
    // A process can always signal itself.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::WINCH);
}

/// Ends the program when the terminal is gone; costs nothing until then.
pub(super) fn watch_hang_up(queue: SyncSender<Wake>) -> io::Result<()> {
    let terminal = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3)?;
    thread::Builder::new().name("hang-up".into()).spawn(move || {
        // Asking for nothing, poll tells only of a hang-up or an error.
        let mut asked = [PollFd::new(&terminal, PollFlags::empty())];
        loop {
            match poll(&mut asked, None) {
                Ok(_) if !asked[0].revents().is_empty() => return end(&queue, SIGHUP, GRACE_GONE),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                // Without poll there is no watch; SIGHUP still comes.
                Err(_) => return,
            }
        }
    })?;
    Ok(())
}

/// Asks the loop to end, and ends the program where the loop does not get to it.
fn end(queue: &SyncSender<Wake>, signal: i32, grace: Duration) {
    let start = Instant::now();
    // A full queue is a flood of input; room comes as soon as the loop takes from it.
    while let Err(TrySendError::Full(_)) = queue.try_send(Wake::Signal(Signal::End(signal))) {
        if start.elapsed() > grace {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(grace.saturating_sub(start.elapsed()));
    die_by(signal);
}

/// Whether a shell is there to start the program again: the leader of a session has none above it.
pub(super) fn can_stop() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}

/// Stops here until `SIGCONT`. With `whole_job` the others of the job stop too (`cargo run`, a pipe), as by ctrl-z.
pub(super) fn stop(whole_job: bool) {
    OWN_CONTINUE.store(true, Ordering::Release);
    if whole_job {
        OWN_STOP.store(true, Ordering::Release);
        let _ = kill_current_process_group(rustix::process::Signal::TSTP);
    }
    die_by(SIGTSTP);
}
