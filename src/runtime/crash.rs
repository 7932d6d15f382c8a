//! What happens when the program itself is wrong: the terminal comes back, a report is written, its path is said.

use std::{
    backtrace::Backtrace,
    panic::{self, PanicHookInfo},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crate::runtime::{clock, disk::write_new, job, tty::Tty};

/// Keeps what the panic of the main thread said.
pub(super) struct Crash {
    report: Arc<Mutex<Option<String>>>,
}

/// Sets the panic hook. It acts for the calling thread only; a panic of a worker is that job's answer.
pub(super) fn watch(tty: Arc<Tty>) -> Crash {
    let (main, report) = (thread::current().id(), Arc::<Mutex<Option<String>>>::default());
    let theirs = Arc::clone(&report);
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == main {
            tty.leave();
            *theirs.lock().unwrap_or_else(PoisonError::into_inner) = Some(describe(info));
        } else {
            job::note_panic(said(info));
        }
    }));
    Crash { report }
}

impl Crash {
    /// Writes the report into `dir`, or into the folder for temporary files.
    pub(super) fn write(&self, dir: Option<&Path>) -> Result<PathBuf, String> {
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner).take();
        let report = report.unwrap_or_else(|| "The panic left no message.\n".into());
        let name = format!("crash-{}.txt", clock::now().unix_ms);
        let first = dir.map(|dir| write_new(dir, &name, report.as_bytes()));
        match first {
            Some(Ok(path)) => Ok(path),
            _ => write_new(&std::env::temp_dir(), &format!("quantlearn-{name}"), report.as_bytes()),
        }
    }
}

impl Drop for Crash {
    fn drop(&mut self) {
        // While a panic unwinds the hook may not be touched.
        if !thread::panicking() {
            drop(panic::take_hook());
        }
    }
}

/// Message and place in one line.
fn said(info: &PanicHookInfo) -> String {
    let place = info.location().map_or(String::new(), |at| format!(" ({at})"));
    format!("{}{place}", job::message(info.payload()))
}

fn describe(info: &PanicHookInfo) -> String {
    let term = std::env::var("TERM").unwrap_or_default();
    format!(
        "quantlearn {} on {} {}, TERM={term}\n{}\n\n{}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        said(info),
        Backtrace::force_capture()
    )
}
