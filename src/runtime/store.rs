//! The log of progress on disk: `progress.jsonl` in the data folder.
//!
//! **Format.** JSON lines. A new file begins with the header `{"format":1,"app":"quantlearn"}`; every other line is one
//! [`Event`], which begins with `{"id":`. Lines are only ever added at the end. What reads older files: everything, for
//! ever (`tests/fixtures/progress/`). What this version does not know (a kind, a field, a higher `format`) stays as it
//! is; fields are passed over, kinds and formats counted. A line that does not read stays too, is reported by number
//! and copied to `progress.broken.jsonl`; whole events inside it are used.
//!
//! **Saving.** [`Store::append`] opens the file anew, locks it, reads what other instances added, writes all lines at
//! once and syncs. `Ok` means: on the disk. After an error nothing counts as saved: what was written is cut off again
//! where that is possible, the events wait and go out with the next append, through a fresh descriptor, for a failed
//! sync cannot be repeated on the old one. An event may so stand in the file twice; its id makes that harmless. Every
//! write begins with a line break where the file does not end with one, so that nothing merges with a torn line.
//!
//! **Never**: a file that does not read is not treated as empty, no line is rewritten, nothing blocks for ever.

pub mod disk;
mod error;
mod line;
mod notice;
mod transfer;

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
};

pub use error::{Act, StoreError};
pub use notice::{Loaded, Problem};
pub use transfer::Imported;

use self::{
    disk::{Disk, Kind, LogFile, Meta, Mode, Os},
    line::Lines,
};
use crate::learner::Event;

/// Longer logs are neither read nor written: about 200,000 events.
pub const MAX_LEN: u64 = 64 << 20;

const LOG: &str = "progress.jsonl";
const ASIDE: &str = "progress.broken.jsonl";

/// The log of one data folder. It holds no open file between two appends.
#[derive(Debug)]
pub struct Store<D: Disk = Os> {
    disk: D,
    path: PathBuf,
    /// How far the file is known: all before this was loaded, returned as news or written here.
    known: Known,
    /// Events that are not saved yet.
    pending: Vec<Event>,
    /// The names in the data folder were synced in this session.
    named: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    identity: Option<(u64, u64)>,
    len: u64,
    n_lines: usize,
}

/// What came in with an append.
#[derive(Debug, Default, PartialEq)]
pub struct Appended {
    /// Events that other instances added since the last look. Some may be known already; the fold does not mind.
    pub news: Vec<Event>,
}

impl Store {
    /// Reads the log of the folder `dir`; neither needs to exist yet.
    ///
    /// # Errors
    /// When something stands there that cannot be read. Then there is no store, and nothing is written.
    pub fn open(dir: &Path) -> Result<(Self, Loaded), StoreError> {
        Self::open_on(Os::default(), dir)
    }
}

impl<D: Disk> Store<D> {
    /// The same on any disk.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on(disk: D, dir: &Path) -> Result<(Self, Loaded), StoreError> {
        let path = dir.join(LOG);
        let mut store = Self { disk, path, known: Known::default(), pending: Vec::new(), named: false };
        let mut loaded = Loaded::empty(store.path.clone(), store.aside());
        if let Some((bytes, meta)) = store.read_whole(Act::Load, &store.path)? {
            let mut lines = line::parse(&bytes, 0);
            store.known = Known { identity: Some(meta.identity), len: bytes.len() as u64, n_lines: lines.n_lines };
            loaded.events = std::mem::take(&mut lines.events);
            let set_aside = store.set_aside(&bytes, &lines);
            loaded.report(&lines, set_aside);
        }
        Ok((store, loaded))
    }

    /// The file that progress is kept in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many events wait to be saved.
    pub fn n_pending(&self) -> usize {
        self.pending.len()
    }

    /// Saves these events and all that wait. With `Ok` they are on the disk; without they wait for the next call.
    ///
    /// # Errors
    /// Whatever keeps them from being saved. The text is for the learner.
    pub fn append(&mut self, events: &[Event]) -> Result<Appended, StoreError> {
        self.pending.extend_from_slice(events);
        let appended = match self.save_pending() {
            Err(error) if error.is_interruption() => self.save_pending(),
            done => done,
        }?;
        self.pending.clear();
        Ok(appended)
    }

    fn save_pending(&mut self) -> Result<Appended, StoreError> {
        if self.pending.is_empty() && self.look(Act::Save, &self.path)?.is_none() {
            return Ok(Appended::default());
        }
        let tail = self.open_tail(Act::Save)?;
        let news = line::parse(&tail.bytes, tail.n_lines).events;
        let mut new_lines = Vec::new();
        for event in &self.pending {
            line::write(event, &mut new_lines);
        }
        self.extend(Act::Save, tail, &new_lines)?;
        Ok(Appended { news })
    }

    /// Opens and locks the log for appending and reads what was added since the last look; all of it when the file is
    /// another one or shorter than it was.
    fn open_tail(&self, act: Act) -> Result<Tail<D::File>, StoreError> {
        let io = |error| StoreError::io(act, &self.path, error);
        if self.look(act, &self.path)?.is_none() {
            self.create_dirs().map_err(io)?;
        }
        let mut file = retry(|| self.disk.open(&self.path, Mode::Append)).map_err(io)?;
        retry(|| file.lock(Mode::Append)).map_err(io)?;
        let meta = retry(|| file.meta()).map_err(io)?;
        self.check(act, &self.path, meta)?;
        let same = self.known.identity == Some(meta.identity) && self.known.len <= meta.len;
        let from = if same { self.known } else { Known::default() };
        let bytes = read_from(&mut file, from.len, meta.len).map_err(io)?;
        let len = from.len + bytes.len() as u64;
        let ends_open = match bytes.last() {
            Some(&last) => last != b'\n',
            None => len > 0 && read_from(&mut file, len - 1, len).map_err(io)? != b"\n",
        };
        Ok(Tail { file, identity: meta.identity, n_lines: from.n_lines, bytes, len, ends_open })
    }

    /// Writes whole lines behind the tail and syncs them; on an error it takes them back.
    fn extend(&mut self, act: Act, mut tail: Tail<D::File>, new_lines: &[u8]) -> Result<(), StoreError> {
        let mut known = Known { identity: Some(tail.identity), len: tail.len, n_lines: tail.n_lines + count_lines(&tail.bytes) };
        if !new_lines.is_empty() {
            let begin = if tail.len == 0 {
                line::HEADER
            } else if tail.ends_open {
                "\n"
            } else {
                ""
            };
            let bytes = [begin.as_bytes(), new_lines].concat();
            known.len += bytes.len() as u64;
            known.n_lines += count_lines(&bytes);
            if known.len > MAX_LEN {
                return Err(StoreError::TooLarge { act, path: self.path.clone(), len: known.len });
            }
            if let Err(error) = self.write_through(&mut tail.file, &bytes, tail.len == 0) {
                // Best effort: where it fails too, the next write begins with a line break and the ids tell doubles.
                let _ = retry(|| tail.file.truncate(tail.len));
                return Err(StoreError::io(act, &self.path, error));
            }
        }
        self.known = known;
        Ok(())
    }

    fn write_through(&mut self, file: &mut D::File, bytes: &[u8], is_new: bool) -> io::Result<()> {
        write_all(file, bytes)?;
        file.sync()?;
        if is_new || !self.named {
            retry(|| self.disk.sync_dir(self.dir()))?;
            self.named = true;
        }
        Ok(())
    }

    /// Makes the data folder and its missing ancestors, each with its name synced.
    fn create_dirs(&self) -> io::Result<()> {
        let mut missing = Vec::new();
        for dir in self.path.ancestors().skip(1) {
            if dir.as_os_str().is_empty() || retry(|| self.disk.look(dir))?.is_some() {
                break;
            }
            missing.push(dir);
        }
        for dir in missing.into_iter().rev() {
            retry(|| self.disk.create_dir(dir))?;
            if let Some(parent) = dir.parent() {
                retry(|| self.disk.sync_dir(parent))?;
            }
        }
        Ok(())
    }

    /// The bytes of a file under a shared lock; `None` where there is no file.
    fn read_whole(&self, act: Act, path: &Path) -> Result<Option<(Vec<u8>, Meta)>, StoreError> {
        let io = |error| StoreError::io(act, path, error);
        if self.look(act, path)?.is_none() {
            return Ok(None);
        }
        let mut file = retry(|| self.disk.open(path, Mode::Read)).map_err(io)?;
        match retry(|| file.lock(Mode::Read)) {
            // Reading without a lock shows at worst half of a line that another instance is writing.
            Err(error) if error::cannot_lock(&error) => {}
            locked => locked.map_err(io)?,
        }
        let meta = retry(|| file.meta()).map_err(io)?;
        self.check(act, path, meta)?;
        Ok(Some((read_from(&mut file, 0, meta.len).map_err(io)?, meta)))
    }

    fn look(&self, act: Act, path: &Path) -> Result<Option<Meta>, StoreError> {
        let meta = retry(|| self.disk.look(path)).map_err(|error| StoreError::io(act, path, error))?;
        meta.map(|meta| self.check(act, path, meta).map(|()| meta)).transpose()
    }

    fn check(&self, act: Act, path: &Path, meta: Meta) -> Result<(), StoreError> {
        let path = path.to_path_buf();
        match meta.kind {
            Kind::File if meta.len <= MAX_LEN => Ok(()),
            Kind::File => Err(StoreError::TooLarge { act, path, len: meta.len }),
            kind => Err(StoreError::NotAFile { act, path, kind }),
        }
    }

    /// Copies broken lines that are not there yet to the file beside the log; how many, or why not.
    fn set_aside(&self, bytes: &[u8], lines: &Lines) -> Result<usize, StoreError> {
        if lines.broken.is_empty() {
            return Ok(0);
        }
        let aside = self.aside();
        let io = |error| StoreError::io(Act::Save, &aside, error);
        let held = self.read_whole(Act::Save, &aside)?.map_or_else(Vec::new, |(bytes, _)| bytes);
        let mut held: HashSet<&[u8]> = held.split(|&b| b == b'\n').collect();
        let mut copy = Vec::new();
        let mut n_copied = 0;
        for broken in &lines.broken {
            let raw = &bytes[broken.bytes.clone()];
            if held.insert(raw) {
                n_copied += 1;
                copy.extend_from_slice(raw);
                copy.push(b'\n');
            }
        }
        if n_copied > 0 {
            let mut file = retry(|| self.disk.open(&aside, Mode::Append)).map_err(io)?;
            retry(|| file.lock(Mode::Append)).map_err(io)?;
            write_all(&mut file, &copy).and_then(|()| file.sync()).map_err(io)?;
        }
        Ok(n_copied)
    }

    fn aside(&self) -> PathBuf {
        self.path.with_file_name(ASIDE)
    }

    fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

/// The log, open and locked, and what was added to it since the last look.
struct Tail<F> {
    file: F,
    identity: (u64, u64),
    /// Lines before `bytes`.
    n_lines: usize,
    bytes: Vec<u8>,
    /// Length of the whole file.
    len: u64,
    /// The last line has no line break.
    ends_open: bool,
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&b| b == b'\n').count()
}

/// The bytes from `start` to `end`, less when the file ends before.
fn read_from(file: &mut impl LogFile, start: u64, end: u64) -> io::Result<Vec<u8>> {
    let len = usize::try_from(end.saturating_sub(start)).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| io::ErrorKind::OutOfMemory)?;
    bytes.resize(len, 0);
    let mut filled = 0;
    while filled < len {
        match retry(|| file.read_at(start + filled as u64, &mut bytes[filled..]))? {
            0 => break,
            n => filled += n,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn write_all(file: &mut impl LogFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match retry(|| file.write(bytes))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => bytes = bytes.get(n..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Repeats what a signal interrupted. Not for a sync: what that has reached is unknown.
fn retry<T>(mut operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
