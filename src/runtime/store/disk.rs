//! The few operations on a disk that the log needs, as a trait: tests put one behind it that fails, tears or loses
//! power at any of them.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt},
    path::Path,
    thread,
    time::{Duration, Instant},
};

pub trait Disk {
    type File: LogFile;

    /// What stands at a path; `None` for nothing. Links are followed.
    fn look(&self, path: &Path) -> io::Result<Option<Meta>>;
    /// Makes one folder, whose parent exists, for this user alone.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder survive a power cut.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Self::File>;
}

pub trait LogFile {
    fn meta(&self) -> io::Result<Meta>;
    /// Held until the file is dropped. `WouldBlock` when another instance holds it for too long.
    fn lock(&self, mode: Mode) -> io::Result<()>;
    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<usize>;
    /// Writes at the end, possibly less than all.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    fn sync(&self) -> io::Result<()>;
    fn truncate(&self, len: u64) -> io::Result<()>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Read under a shared lock.
    Read,
    /// Read and append under an exclusive lock; the file is made where there is none.
    Append,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    pub kind: Kind,
    pub len: u64,
    /// The same for as long as it is the same file (device and inode).
    pub identity: (u64, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Dir,
    Fifo,
    Socket,
    Device,
}

/// The disk of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct Os {
    /// How long to wait for the lock of another instance.
    pub patience: Duration,
}

impl Default for Os {
    fn default() -> Self {
        // Less than the end of the program waits for the disk, so that the reason is still told.
        Self { patience: Duration::from_secs(2) }
    }
}

impl Disk for Os {
    type File = OsFile;

    fn look(&self, path: &Path) -> io::Result<Option<Meta>> {
        match path.metadata() {
            Ok(metadata) => Ok(Some(meta(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done,
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        match File::open(path)?.sync_all() {
            // Some network and user-space file systems cannot sync a folder and need not.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
            done => done,
        }
    }

    fn open(&self, path: &Path, mode: Mode) -> io::Result<OsFile> {
        let mut options = OpenOptions::new();
        options.read(true).append(mode == Mode::Append).create(mode == Mode::Append).mode(0o600);
        // A FIFO that took the file's place since it was looked at must not block the session.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
        Ok(OsFile { file: options.open(path)?, patience: self.patience })
    }
}

#[derive(Debug)]
pub struct OsFile {
    file: File,
    patience: Duration,
}

impl LogFile for OsFile {
    fn meta(&self) -> io::Result<Meta> {
        self.file.metadata().map(|metadata| meta(&metadata))
    }

    fn lock(&self, mode: Mode) -> io::Result<()> {
        let start = Instant::now();
        loop {
            let tried = match mode {
                Mode::Read => self.file.try_lock_shared(),
                Mode::Append => self.file.try_lock(),
            };
            match tried {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(error)) => return Err(error),
                // A blocking lock would wait for ever for an instance that was stopped while it held the lock.
                Err(TryLockError::WouldBlock) if start.elapsed() < self.patience => {
                    thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
            }
        }
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
}

fn meta(metadata: &std::fs::Metadata) -> Meta {
    let file_type = metadata.file_type();
    let kind = if file_type.is_file() {
        Kind::File
    } else if file_type.is_dir() {
        Kind::Dir
    } else if file_type.is_fifo() {
        Kind::Fifo
    } else if file_type.is_socket() {
        Kind::Socket
    } else {
        Kind::Device
    };
    Meta { kind, len: metadata.len(), identity: (metadata.dev(), metadata.ino()) }
}
