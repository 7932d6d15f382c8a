//! The disk thread: appends to the log in order, and writes exports. The UI thread never waits for it but at the end.

use std::{
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    thread,
    time::Duration,
};

use crate::{
    learner::{Event, EventId},
    model::{Msg, Stored},
    runtime::{event_loop::Wake, job::message},
    text::Text,
};

/// How long the end of the program waits for a slow disk.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Where events go; the real one is the log in the data folder.
pub trait Log: Send + 'static {
    /// Appends and syncs. What failed before is tried again first. The error names the path and the reason.
    fn append(&mut self, events: &[Event]) -> Result<Stored, String>;
}

enum Order {
    Append(Vec<Event>),
    /// Writes a file into the working folder; `instead` says what it stands in for.
    Write {
        name: String,
        bytes: Vec<u8>,
        instead: Option<&'static str>,
    },
    Close,
}

/// The line to the disk thread. Orders are done in the order they were given.
#[derive(Clone)]
pub(super) struct DiskLine(Sender<Order>);

impl DiskLine {
    pub(super) fn append(&self, events: Vec<Event>) {
        // The thread lives until `Disk::close`, after which nobody gives orders.
        let _ = self.0.send(Order::Append(events));
    }

    pub(super) fn write(&self, name: String, bytes: Vec<u8>, instead: Option<&'static str>) {
        let _ = self.0.send(Order::Write { name, bytes, instead });
    }
}

pub(super) struct Disk {
    line: DiskLine,
    closed: Receiver<Result<(), String>>,
}

impl Disk {
    pub(super) fn new(log: Box<dyn Log>, queue: SyncSender<Wake>) -> std::io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let (done, closed) = mpsc::channel();
        thread::Builder::new().name("disk".into()).spawn(move || {
            // Nobody waits any more after `LAST_WAIT`.
            let _ = done.send(work(log, &inbox, &queue));
        })?;
        Ok(Self { line: DiskLine(orders), closed })
    }

    pub(super) fn line(&self) -> DiskLine {
        self.line.clone()
    }

    /// Waits until all is written; says why where something was not.
    pub(super) fn close(self) -> Result<(), String> {
        let _ = self.line.0.send(Order::Close);
        match self.closed.recv_timeout(LAST_WAIT) {
            Ok(saved) => saved,
            Err(RecvTimeoutError::Timeout) => Err(format!("the disk has not answered for {} seconds", LAST_WAIT.as_secs())),
            Err(RecvTimeoutError::Disconnected) => Err("the thread that writes has ended early".into()),
        }
    }
}

fn work(mut log: Box<dyn Log>, inbox: &Receiver<Order>, queue: &SyncSender<Wake>) -> Result<(), String> {
    let mut unsaved = None;
    let mut next = inbox.recv().ok();
    while let Some(order) = next.take() {
        match order {
            Order::Append(mut events) => {
                // What has piled up meanwhile is one write and one sync.
                while let Ok(order) = inbox.try_recv() {
                    match order {
                        Order::Append(more) => events.extend(more),
                        other => {
                            next = Some(other);
                            break;
                        }
                    }
                }
                let answer = append(&mut *log, &events);
                unsaved = answer.as_ref().err().cloned();
                let _ = queue.send(Wake::Msg(Msg::Stored(answer)));
            }
            Order::Write { name, bytes, instead } => {
                let answer = std::env::current_dir().map_err(|e| format!("there is no working folder: {e}"));
                let answer = answer.and_then(|dir| write_new(&dir, &name, &bytes)).map(|path| said(&path, instead));
                let _ = queue.send(Wake::Msg(Msg::Told(answer)));
            }
            Order::Close => break,
        }
        next = next.or_else(|| inbox.recv().ok());
    }
    // One last try for what failed before.
    match unsaved {
        Some(_) => append(&mut *log, &[]).map(drop),
        None => Ok(()),
    }
}

fn append(log: &mut dyn Log, events: &[Event]) -> Result<Stored, String> {
    catch_unwind(AssertUnwindSafe(|| log.append(events))).unwrap_or_else(|panic| Err(message(&*panic)))
}

fn said(path: &Path, instead: Option<&str>) -> String {
    let path = Text::clean_line(&path.display().to_string());
    match instead {
        Some(what) => format!("{what}; the text is in {path}"),
        None => format!("Written to {path}"),
    }
}

/// Writes a whole file under `name`, or `name-2` and so on where that is taken: nothing is ever overwritten.
pub(super) fn write_new(dir: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, String> {
    let fail = |why: &dyn std::fmt::Display| format!("{name} could not be written into {}: {why}", dir.display());
    let mut file = tempfile::Builder::new().prefix(".quantlearn-").tempfile_in(dir).map_err(|e| fail(&e))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(|e| fail(&e))?;
    let (stem, extension) = name.rsplit_once('.').map_or((name, String::new()), |(stem, ext)| (stem, format!(".{ext}")));
    for n in 1..1000 {
        let path = dir.join(if n == 1 { name.to_owned() } else { format!("{stem}-{n}{extension}") });
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => file = e.file,
            Err(e) => return Err(fail(&e.error)),
        }
    }
    Err(fail(&"a thousand files of that name are there already"))
}

/// A log that keeps nothing and says that all is well: for frames of documents and tests.
pub(super) fn kept(events: &[Event]) -> Stored {
    let kept: Vec<EventId> = events.iter().map(|event| event.id).collect();
    Stored { kept, others: Vec::new() }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::learner::What;

    #[derive(Clone, Default)]
    struct Fake {
        seen: Arc<Mutex<Vec<EventId>>>,
        /// This many appends fail first.
        n_fail: usize,
        waiting: Vec<Event>,
    }

    impl Log for Fake {
        fn append(&mut self, events: &[Event]) -> Result<Stored, String> {
            self.waiting.extend_from_slice(events);
            if self.n_fail > 0 {
                self.n_fail -= 1;
                return Err("/data/progress.jsonl: no space left".into());
            }
            let stored = kept(&std::mem::take(&mut self.waiting));
            self.seen.lock().expect("no panic").extend(stored.kept.iter().cloned());
            Ok(stored)
        }
    }

    fn event(n: usize) -> Event {
        let what = What::Setting { key: "k".into(), value: n.to_string() };
        Event { id: EventId::from_bytes((n as u128).to_be_bytes()), at: 0, day: jiff::civil::date(2026, 1, 1), what }
    }

    #[test]
    fn appends_are_written_in_order_and_all_before_the_end() {
        let (log, (sender, queue)) = (Fake::default(), mpsc::sync_channel(1000));
        let disk = Disk::new(Box::new(log.clone()), sender).expect("a thread");
        for n in 0..100 {
            disk.line().append(vec![event(2 * n), event(2 * n + 1)]);
        }
        disk.close().expect("all is well");
        let expected: Vec<EventId> = (0..200).map(|n| event(n).id).collect();
        assert_eq!(*log.seen.lock().expect("no panic"), expected);
        let told: Vec<EventId> = queue
            .try_iter()
            .flat_map(|wake| match wake {
                Wake::Msg(Msg::Stored(Ok(stored))) => stored.kept,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, expected, "each event is acknowledged once");
    }

    #[test]
    fn what_failed_is_tried_once_more_at_the_end() {
        let (log, (sender, queue)) = (Fake { n_fail: 1, ..Fake::default() }, mpsc::sync_channel(10));
        let disk = Disk::new(Box::new(log.clone()), sender).expect("a thread");
        disk.line().append(vec![event(1)]);
        assert_eq!(disk.close(), Ok(()));
        assert!(matches!(queue.recv(), Ok(Wake::Msg(Msg::Stored(Err(why)))) if why.contains("/data")));
        assert_eq!(log.seen.lock().expect("no panic").len(), 1);
    }

    #[test]
    fn a_lost_log_is_said_at_the_end() {
        let (log, (sender, _queue)) = (Fake { n_fail: 9, ..Fake::default() }, mpsc::sync_channel(10));
        let disk = Disk::new(Box::new(log), sender).expect("a thread");
        disk.line().append(vec![event(1)]);
        assert_eq!(disk.close(), Err("/data/progress.jsonl: no space left".into()));
    }

    #[test]
    fn a_file_that_is_there_is_never_overwritten() {
        let dir = tempfile::tempdir().expect("a folder");
        let paths = [b"a", b"b", b"c"].map(|bytes| write_new(dir.path(), "figure.svg", bytes).expect("it is free"));
        assert_eq!(paths.map(|p| p.file_name().expect("a name").to_owned()), ["figure.svg", "figure-2.svg", "figure-3.svg"]);
        assert_eq!(std::fs::read(dir.path().join("figure.svg")).expect("it is there"), b"a");
        let gone = write_new(&dir.path().join("gone"), "x.json", b"").expect_err("no such folder");
        assert!(gone.contains("x.json") && gone.contains("gone"), "{gone}");
    }
}
