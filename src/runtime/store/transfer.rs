//! Progress out to a file, and in from one.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write},
    ops::Range,
    path::Path,
};

use super::{
    Act, Store, StoreError,
    disk::{Disk, Kind, Os},
    line::{self, Lines},
};
use crate::learner::EventId;

/// What an import did, in events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub added: usize,
    /// Were there already.
    pub known: usize,
    /// Of the added, those of a kind that this version does not know.
    pub unknown: usize,
    /// Lines of the imported file that do not read; they were left out.
    pub broken: usize,
}

impl<D: Disk> Store<D> {
    /// Writes the whole log, byte by byte, to a file that then holds all of it or, after a fault, what it held before.
    /// Returns its length.
    ///
    /// # Errors
    /// When the log does not read or the file cannot be written.
    pub fn export(&self, to: &Path) -> Result<usize, StoreError> {
        let io = |error| StoreError::io(Act::Export, to, error);
        let bytes = self.export_bytes()?;
        if fs::canonicalize(to).is_ok_and(|to| fs::canonicalize(&self.path).is_ok_and(|log| log == to)) {
            return Err(StoreError::SameFile { act: Act::Export, path: to.to_path_buf() });
        }
        if let Some(meta) = Os::default().look(to).map_err(io)?
            && meta.kind != Kind::File
        {
            return Err(StoreError::NotAFile { act: Act::Export, path: to.to_path_buf(), kind: meta.kind });
        }
        replace(to, &bytes).map_err(io)?;
        Ok(bytes.len())
    }

    /// The whole log as an export holds it; only the header when there is none yet.
    ///
    /// # Errors
    /// When the log does not read.
    pub fn export_bytes(&self) -> Result<Vec<u8>, StoreError> {
        let whole = self.read_whole(Act::Export, &self.path)?.map(|(bytes, _)| bytes);
        Ok(whole.filter(|bytes| !bytes.is_empty()).unwrap_or_else(|| line::HEADER.into()))
    }

    /// Adds the events of an exported log (or of any other) that are not in this one: the union by id. Lines go over
    /// as they are, so nothing that a newer version wrote is lost. What came in is no news to a later append: load
    /// again after an import.
    ///
    /// # Errors
    /// When either file does not read, or this one cannot be written. Then nothing was added.
    pub fn import(&mut self, from: &Path) -> Result<Imported, StoreError> {
        let Some((theirs, _)) = self.read_whole(Act::Import, from)? else {
            return Err(StoreError::io(Act::Import, from, io::ErrorKind::NotFound.into()));
        };
        let found = line::parse(&theirs, 0);
        if found.events.is_empty() && found.unknown.is_empty() && found.format.is_none() {
            return Err(StoreError::NoProgress { act: Act::Import, path: from.to_path_buf() });
        }
        // The whole file must be read again for its ids.
        let before = std::mem::take(&mut self.known);
        let done = self.unite(&theirs, &found);
        if done.is_err() {
            self.known = before;
        }
        done
    }

    fn unite(&mut self, theirs: &[u8], found: &Lines) -> Result<Imported, StoreError> {
        let tail = self.open_tail(Act::Import)?;
        let ours = line::parse(&tail.bytes, 0);
        let mut ids: HashSet<Id> = identified(&ours).map(|(id, _)| id).collect();
        let mut imported = Imported { broken: found.broken.len(), ..Imported::default() };
        let mut new_lines = Vec::new();
        for (id, span) in identified(found) {
            if ids.insert(id) {
                imported.added += 1;
                imported.unknown += usize::from(matches!(id, Id::Unknown(_)));
                new_lines.extend_from_slice(theirs[span.clone()].trim_ascii());
                new_lines.push(b'\n');
            } else {
                imported.known += 1;
            }
        }
        self.extend(Act::Import, tail, &new_lines)?;
        Ok(imported)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Id<'a> {
    Event(EventId),
    Unknown(&'a str),
}

/// Every line that has an id, and where it stands.
fn identified(lines: &Lines) -> impl Iterator<Item = (Id<'_>, &Range<usize>)> {
    let events = lines.events.iter().zip(&lines.spans).map(|(event, span)| (Id::Event(event.id), span));
    events.chain(lines.unknown.iter().map(|unknown| (Id::Unknown(&unknown.id), &unknown.bytes)))
}

/// Writes a file beside the target, syncs it and renames it over the target. A link stays: the file behind it is the target.
fn replace(to: &Path, bytes: &[u8]) -> io::Result<()> {
    let to = fs::canonicalize(to).unwrap_or_else(|_| to.to_path_buf());
    let dir = to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&to)?;
    File::open(dir)?.sync_all()
}
