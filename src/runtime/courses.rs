//! Reads the files of a course folder that somebody else has made.
//!
//! Nothing outside the folder is opened: every folder and file is opened by its name from its parent's descriptor,
//! links are not followed, and only plain files with one name are read. What is refused is named.

use std::{
    fs::File,
    io::{self, Read},
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::Path,
};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, statat};

use crate::text::Text;

/// Largest lesson file, in bytes.
pub const MAX_LESSON: u64 = 1 << 20;
/// Largest course, in bytes.
pub const MAX_COURSE: u64 = 64 << 20;
/// Most lesson files in a course.
pub const MAX_FILES: usize = 2_000;
/// Most entries that are looked at, lesson files or not: `--course /` ends soon.
const MAX_ENTRIES: usize = 50_000;
const MAX_DEPTH: usize = 8;
const MAX_NAME: usize = 200;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const NO_LINK: OFlags = OFlags::NOFOLLOW;

/// The lesson files of one folder.
#[derive(Debug, Default)]
pub struct Folder {
    /// Path inside the folder, with `/`, and content; sorted by path.
    pub files: Vec<(String, Vec<u8>)>,
    /// One sentence for each entry that was not read.
    pub refused: Vec<String>,
}

/// Reads all `*.toml` of a course folder and its sub-folders. Hidden entries (`.git`) and other files are passed over.
///
/// # Errors
/// When the folder itself cannot be opened; a sentence with its path.
pub fn read(folder: &Path) -> Result<Folder, String> {
    let shown = clean(folder.as_os_str().as_bytes());
    let root = openat(CWD, folder, FOLDER, Mode::empty()).map_err(|e| {
        format!("the course {shown} cannot be opened: {}; name a folder that holds a course.toml", io::Error::from(e))
    })?;
    let mut walk = Walk { folder: Folder::default(), shown, n_entries: 0, n_bytes: 0 };
    walk.enter(root, "", 0);
    walk.folder.files.sort();
    Ok(walk.folder)
}

/// The course folders below `dir` (the data folder's `courses`), sorted by name; links are refused and named.
pub fn installed(dir: &Path) -> (Vec<std::path::PathBuf>, Vec<String>) {
    let (mut folders, mut refused) = (Vec::new(), Vec::new());
    let Ok(entries) = std::fs::read_dir(dir) else { return (folders, refused) };
    for entry in entries.flatten().take(MAX_ENTRIES) {
        let hidden = entry.file_name().as_bytes().starts_with(b".");
        match entry.file_type() {
            _ if hidden => {}
            Ok(kind) if kind.is_dir() => folders.push(entry.path()),
            Ok(kind) if kind.is_symlink() => {
                let shown = clean(entry.path().as_os_str().as_bytes());
                refused.push(format!("{shown} is a link and is not followed; move the course there, or name it with --course"));
            }
            _ => {}
        }
    }
    folders.sort();
    (folders, refused)
}

struct Walk {
    folder: Folder,
    /// The root, as messages name it.
    shown: Text,
    n_entries: usize,
    n_bytes: u64,
}

impl Walk {
    fn enter(&mut self, at: OwnedFd, inside: &str, depth: usize) {
        let entries = match Dir::read_from(&at) {
            Ok(entries) => entries,
            Err(e) => return self.refuse(inside.as_bytes(), &io::Error::from(e).to_string()),
        };
        for entry in entries {
            self.n_entries += 1;
            if self.n_entries > MAX_ENTRIES || self.folder.files.len() > MAX_FILES {
                return;
            }
            let Ok(entry) = entry else { return self.refuse(inside.as_bytes(), "its entries cannot be listed") };
            let name = entry.file_name().to_bytes();
            if !name.starts_with(b".") {
                self.entry(&at, inside, name, depth);
            }
        }
    }

    fn entry(&mut self, parent: &OwnedFd, inside: &str, name: &[u8], depth: usize) {
        let raw = [inside.as_bytes(), name].concat();
        // The kind is asked for by name; what is then opened is looked at again.
        let kind = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| FileType::from_raw_mode(stat.st_mode));
        let lesson = name.ends_with(b".toml");
        match kind {
            Ok(FileType::Directory) => match self.good_name(inside, name) {
                Ok(_) if depth == MAX_DEPTH => self.refuse(&raw, &format!("folders are nested deeper than {MAX_DEPTH}")),
                Ok(path) => match openat(parent, name, FOLDER | NO_LINK, Mode::empty()) {
                    Ok(child) => self.enter(child, &format!("{path}/"), depth + 1),
                    Err(e) => self.refuse(&raw, &io::Error::from(e).to_string()),
                },
                Err(why) => self.refuse(&raw, why),
            },
            Ok(FileType::Symlink) => self.refuse(&raw, "it is a link; put the file itself into the course"),
            Ok(FileType::RegularFile) if lesson => match self.good_name(inside, name).map_err(str::to_owned) {
                Ok(path) => match self.file(parent, name) {
                    Ok(bytes) => self.take(path, bytes),
                    Err(why) => self.refuse(&raw, &why),
                },
                Err(why) => self.refuse(&raw, &why),
            },
            Ok(_) if lesson => self.refuse(&raw, "it is not a plain file"),
            Ok(_) => {}
            Err(e) => self.refuse(&raw, &io::Error::from(e).to_string()),
        }
    }

    fn good_name(&self, inside: &str, name: &[u8]) -> Result<String, &'static str> {
        let name = std::str::from_utf8(name).map_err(|_| "its name is not UTF-8")?;
        if Text::clean_line(name).as_str() != name || name.contains(['\\', ':']) {
            return Err("its name has control characters, invisible characters, `\\` or `:`");
        }
        let path = format!("{inside}{name}");
        if path.len() > MAX_NAME { Err("its path is longer than 200 bytes") } else { Ok(path) }
    }

    fn file(&self, parent: &OwnedFd, name: &[u8]) -> Result<Vec<u8>, String> {
        let said = |e: rustix::io::Errno| io::Error::from(e).to_string();
        // Non-blocking: where a FIFO was put in its place meanwhile, opening it must not wait for a writer.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | NO_LINK;
        let file = openat(parent, name, flags, Mode::empty()).map_err(said)?;
        let stat = fstat(&file).map_err(said)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err("it is not a plain file".into());
        }
        if stat.st_nlink > 1 {
            return Err("it is a hard link: the same file has another name; copy it into the course".into());
        }
        let mut bytes = Vec::new();
        File::from(file).take(MAX_LESSON + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        if bytes.len() as u64 > MAX_LESSON {
            return Err(format!("it is larger than {MAX_LESSON} bytes"));
        }
        Ok(bytes)
    }

    fn take(&mut self, path: String, bytes: Vec<u8>) {
        self.n_bytes += bytes.len() as u64;
        if self.folder.files.len() >= MAX_FILES {
            self.refuse(path.as_bytes(), &format!("a course has at most {MAX_FILES} files; this one and the rest are not read"));
            self.n_entries = MAX_ENTRIES;
        } else if self.n_bytes > MAX_COURSE {
            self.refuse(
                path.as_bytes(),
                &format!("a course has at most {MAX_COURSE} bytes; this file and the rest are not read"),
            );
            self.n_entries = MAX_ENTRIES;
        } else {
            self.folder.files.push((path, bytes));
        }
    }

    fn refuse(&mut self, inside: &[u8], why: &str) {
        self.folder.refused.push(format!("{}/{} is not read: {why}", self.shown, clean(inside)));
    }
}

fn clean(raw: &[u8]) -> Text {
    Text::clean_line(&String::from_utf8_lossy(raw))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("lessons")).expect("it is new");
        fs::write(dir.path().join("course.toml"), "id = 1").expect("it is ours");
        fs::write(dir.path().join("lessons/a.toml"), "a").expect("it is ours");
        dir
    }

    fn names(folder: &Folder) -> Vec<&str> {
        folder.files.iter().map(|(name, _)| &**name).collect()
    }

    #[test]
    fn lesson_files_are_found_in_sub_folders_and_nothing_else_is() {
        let dir = folder();
        fs::write(dir.path().join("README.md"), "").expect("it is ours");
        fs::create_dir(dir.path().join(".git")).expect("it is new");
        fs::write(dir.path().join(".git/x.toml"), "").expect("it is ours");
        let read = read(dir.path()).expect("a folder");
        assert_eq!(names(&read), ["course.toml", "lessons/a.toml"]);
        assert_eq!(read.refused, [""; 0]);
    }

    #[test]
    fn links_and_special_files_are_refused_by_name() {
        let (dir, secret) = (folder(), tempfile::NamedTempFile::new().expect("a file"));
        let inside = |name: &str| dir.path().join(name);
        symlink(secret.path(), inside("link.toml")).expect("links work");
        symlink("/etc", inside("etc")).expect("links work");
        fs::hard_link(inside("lessons/a.toml"), inside("twin.toml")).expect("hard links work");
        rustix::fs::mknodat(CWD, inside("fifo.toml"), FileType::Fifo, Mode::RUSR, 0).expect("FIFOs work");
        fs::write(inside("esc\x1b[31m.toml"), "").expect("it is ours");
        let read = read(dir.path()).expect("a folder");
        assert_eq!(names(&read), ["course.toml"]);
        for name in ["link.toml", "etc", "twin.toml", "a.toml", "fifo.toml", "esc[31m.toml"] {
            assert!(read.refused.iter().any(|line| line.contains(name)), "{name}: {:#?}", read.refused);
        }
        assert!(!read.refused.concat().contains('\x1b'));
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_parsed() {
        let dir = folder();
        fs::write(dir.path().join("big.toml"), vec![b'#'; MAX_LESSON as usize + 1]).expect("it is ours");
        fs::write(dir.path().join("just.toml"), vec![b'#'; MAX_LESSON as usize]).expect("it is ours");
        let read = read(dir.path()).expect("a folder");
        assert_eq!(names(&read), ["course.toml", "just.toml", "lessons/a.toml"]);
        assert!(read.refused[0].contains("big.toml"));
    }

    #[test]
    fn too_many_files_and_too_deep_folders_end() {
        let dir = folder();
        for n in 0..MAX_FILES + 5 {
            fs::write(dir.path().join(format!("lessons/n{n}.toml")), "").expect("it is ours");
        }
        let deep = dir.path().join("d/d/d/d/d/d/d/d/d/d");
        fs::create_dir_all(&deep).expect("it is new");
        let read = read(dir.path()).expect("a folder");
        assert_eq!(read.files.len(), MAX_FILES);
        assert!(read.refused.iter().any(|line| line.contains("at most 2000 files")));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let why = read(Path::new("/no/such/course")).expect_err("it is not there");
        assert!(why.contains("/no/such/course") && why.contains("course.toml"), "{why}");
    }

    #[test]
    fn installed_courses_are_folders_and_no_links() {
        let dir = folder();
        symlink("/etc", dir.path().join("etc")).expect("links work");
        let (folders, refused) = installed(dir.path());
        assert_eq!(folders, [dir.path().join("lessons")]);
        assert!(refused.len() == 1 && refused[0].contains("--course"));
    }
}
