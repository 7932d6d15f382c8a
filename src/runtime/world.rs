//! What the program finds when it starts: the log, the courses, the clock, a seed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    course::Library,
    learner::{Event, EventId},
    model::{Start, Stored},
    runtime::{
        clock, courses,
        dirs::data_dir,
        disk::Log,
        store::{Loaded, Store},
    },
    tensor::Sources,
    text::Text,
};

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--course`, each.
    pub courses: Vec<PathBuf>,
}

/// What the runtime keeps of the world; the app has the rest in its [`Start`].
pub struct World {
    pub log: Box<dyn Log>,
    pub sources: Arc<Sources>,
    /// The data folder, where one can be named.
    pub dir: Option<PathBuf>,
    /// Everything worth saying of the log, a sentence each.
    pub remarks: Vec<Text>,
}

impl Sight {
    /// Reads log and courses. What is wrong with them stands in the start's notices; nothing of it keeps the program
    /// from starting but a `--course` that cannot be opened.
    ///
    /// # Errors
    /// A sentence that names the course folder.
    pub fn open(&self) -> Result<(Start, World), String> {
        let dir = data_dir(self.data_dir.as_deref());
        let opened = dir.as_ref().map_err(ToString::to_string).and_then(|dir| Store::open(dir).map_err(|e| e.to_string()));
        let (library, mut notices) = self.library(dir.as_deref().ok())?;
        let (log, loaded): (Box<dyn Log>, Result<Loaded, String>) = match opened {
            Ok((store, loaded)) => (Box::new(Kept { store, waiting: Vec::new() }), Ok(loaded)),
            Err(why) => (Box::new(NoLog(why.clone())), Err(why)),
        };
        let path = dir.as_ref().map_or_else(|_| String::new(), |dir| dir.join("progress.jsonl").display().to_string());
        let (events, remarks, read_only) = match loaded {
            Ok(loaded) => {
                notices.extend(loaded.notice().map(|notice| notice.to_string()));
                let remarks = loaded.remarks();
                (loaded.events, remarks, None)
            }
            Err(why) => (Vec::new(), Vec::new(), Some(why)),
        };
        let start = Start {
            library: Arc::new(library),
            events,
            now: clock::now(),
            seed: seed(),
            progress_path: Text::clean_line(&path).to_string(),
            read_only,
            notices,
        };
        Ok((start, World { log, sources: Arc::default(), dir: dir.ok(), remarks }))
    }

    /// The embedded course, those in the data folder `dir` where one is given, and those that were named; and what was
    /// refused of them.
    ///
    /// # Errors
    /// A sentence that names the course folder that cannot be opened.
    pub fn library(&self, dir: Option<&Path>) -> Result<(Library, Vec<String>), String> {
        let (mut library, mut notices) = (Library::embedded(), Vec::new());
        if let Some(dir) = dir {
            add_installed(&mut library, &dir.join("courses"), &mut notices);
        }
        for folder in &self.courses {
            add(&mut library, courses::read(folder)?, &mut notices);
        }
        Ok((library, notices))
    }
}

fn add_installed(library: &mut Library, dir: &Path, notices: &mut Vec<String>) {
    let (folders, refused) = courses::installed(dir);
    notices.extend(refused);
    for folder in folders {
        match courses::read(&folder) {
            Ok(read) => add(library, read, notices),
            Err(why) => notices.push(why),
        }
    }
}

fn add(library: &mut Library, folder: courses::Folder, notices: &mut Vec<String>) {
    notices.extend(folder.refused);
    notices.extend(library.add(&folder.files).iter().map(ToString::to_string));
}

/// Random bits for event ids and the draws of questions: two runs never share an id.
fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_i64(clock::now().unix_ms);
    hasher.write_u32(std::process::id());
    hasher.finish()
}

/// The log in the data folder.
struct Kept {
    store: Store,
    /// Events that the store has but has not saved yet.
    waiting: Vec<EventId>,
}

impl Log for Kept {
    fn append(&mut self, events: &[Event]) -> Result<Stored, String> {
        self.waiting.extend(events.iter().map(|event| event.id));
        let appended = self.store.append(events).map_err(|error| error.to_string())?;
        Ok(Stored { kept: std::mem::take(&mut self.waiting), others: appended.news })
    }
}

/// The log could not be opened; nothing is written over it.
struct NoLog(String);

impl Log for NoLog {
    fn append(&mut self, _: &[Event]) -> Result<Stored, String> {
        Err(self.0.clone())
    }
}
