//! Why something was not read or not saved: which file, why, what to do.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

use super::{MAX_LEN, disk::Kind};
use crate::text::Text;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{act}: {} ({}). {}", reason(source), name(path), remedy(source))]
    Io { act: Act, path: PathBuf, source: io::Error },
    #[error(
        "{act}: another quantlearn holds the file ({}). Go on with that one, or end it; saving is tried again with the next answer.",
        name(path)
    )]
    Busy { act: Act, path: PathBuf },
    #[error("{act}: {} is {}, not a file. Move it away, or name another folder with --data-dir.", name(path), noun(*kind))]
    NotAFile { act: Act, path: PathBuf, kind: Kind },
    #[error(
        "{act}: {} would be {} MiB long, the limit is {} MiB. Move it away; a new one is begun, and the old one can be split and imported.",
        name(path), len >> 20, MAX_LEN >> 20
    )]
    TooLarge { act: Act, path: PathBuf, len: u64 },
    #[error("{act}: {} holds no progress of quantlearn. Name a file that `quantlearn progress export` wrote.", name(path))]
    NoProgress { act: Act, path: PathBuf },
    #[error("{act}: {} is the progress file itself. Name another file.", name(path))]
    SameFile { act: Act, path: PathBuf },
}

/// What was being done; the first words of the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Load,
    Save,
    Export,
    Import,
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "Progress cannot be read",
            Self::Save => "Not saved",
            Self::Export => "Not exported",
            Self::Import => "Not imported",
        })
    }
}

impl StoreError {
    pub(super) fn io(act: Act, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::WouldBlock => Self::Busy { act, path },
            _ => Self::Io { act, path, source },
        }
    }

    pub(super) fn is_interruption(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::Interrupted)
    }
}

/// A path as it may be shown.
pub(super) fn name(path: &Path) -> Text {
    Text::clean_line(&path.to_string_lossy())
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "a file",
        Kind::Dir => "a folder",
        Kind::Fifo => "a pipe",
        Kind::Socket => "a socket",
        Kind::Device => "a device",
    }
}

/// The file system has no locks, or its lock server is away.
pub(super) fn cannot_lock(source: &io::Error) -> bool {
    source.kind() == io::ErrorKind::Unsupported || Errno::from_io_error(source) == Some(Errno::NOLCK)
}

fn reason(source: &io::Error) -> Text {
    let known = match (source.kind(), Errno::from_io_error(source)) {
        _ if cannot_lock(source) => "this file system cannot lock files",
        (io::ErrorKind::StorageFull, _) => "the disk is full",
        (io::ErrorKind::QuotaExceeded, _) => "your disk quota is used up",
        (io::ErrorKind::ReadOnlyFilesystem, _) => "the disk is mounted read-only",
        (io::ErrorKind::PermissionDenied, _) => "permission denied",
        (io::ErrorKind::NotFound, _) => "there is no such file or folder",
        (io::ErrorKind::FileTooLarge, _) => "the file may not grow any further (a limit of the shell or the file system)",
        (io::ErrorKind::NotADirectory, _) => "a part of the path is not a folder",
        (io::ErrorKind::OutOfMemory, _) => "not enough memory",
        (_, Some(Errno::LOOP)) => "its links lead in a circle",
        (_, Some(Errno::IO)) => "the disk reports an error",
        (_, Some(Errno::MFILE)) => "too many files are open",
        _ => return Text::clean_line(&source.to_string()),
    };
    known.into()
}

fn remedy(source: &io::Error) -> &'static str {
    match (source.kind(), Errno::from_io_error(source)) {
        _ if cannot_lock(source) => "Name another folder with --data-dir.",
        (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, _) => {
            "Free some space; saving is tried again with the next answer."
        }
        (io::ErrorKind::ReadOnlyFilesystem, _) => "Name another folder with --data-dir.",
        (io::ErrorKind::PermissionDenied, _) => {
            "Give yourself the right to read and write it, or name another folder with --data-dir."
        }
        (io::ErrorKind::FileTooLarge, _) => "Raise the limit (`ulimit -f`), or name another folder with --data-dir.",
        (io::ErrorKind::NotADirectory, _) | (_, Some(Errno::LOOP)) => "Repair the path, or name another folder with --data-dir.",
        (_, Some(Errno::IO)) => "Check the disk; --data-dir names a folder on another one.",
        (_, Some(Errno::MFILE)) => "Close other programs, or raise the limit (`ulimit -n`).",
        _ => "It is tried again with the next answer; --data-dir names another folder.",
    }
}
