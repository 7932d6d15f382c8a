//! What a log held, and what there is to say of it.

use std::path::PathBuf;

use super::{
    StoreError,
    error::name,
    line::{FORMAT, Lines},
};
use crate::{learner::Event, text::Text};

/// A log as it was read.
#[derive(Debug)]
pub struct Loaded {
    /// In the order of the file.
    pub events: Vec<Event>,
    pub problems: Vec<Problem>,
    path: PathBuf,
    aside: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A line that does not read. It stays where it is.
    Broken { line: usize, reason: Text },
    /// An event of a kind that this version does not know. It is kept and not counted.
    Unknown { line: usize, kind: Text },
    /// The file says that a newer version wrote it.
    Newer { format: u64 },
    /// So many broken lines were copied to the file beside the log, at this start.
    SetAside { n_lines: usize },
    /// They could not be.
    NotSetAside { why: Text },
}

impl Loaded {
    pub(super) fn empty(path: PathBuf, aside: PathBuf) -> Self {
        Self { events: Vec::new(), problems: Vec::new(), path, aside }
    }

    pub(super) fn report(&mut self, lines: &Lines, set_aside: Result<usize, StoreError>) {
        let broken = lines.broken.iter().map(|b| Problem::Broken { line: b.line, reason: b.reason.clone() });
        let unknown = lines.unknown.iter().map(|u| Problem::Unknown { line: u.line, kind: u.kind.clone() });
        let newer = lines.format.filter(|&format| format > FORMAT).map(|format| Problem::Newer { format });
        let aside = match set_aside {
            Ok(0) => None,
            Ok(n_lines) => Some(Problem::SetAside { n_lines }),
            Err(error) => Some(Problem::NotSetAside { why: Text::clean_line(&error.to_string()) }),
        };
        self.problems.extend(broken.chain(unknown).chain(newer).chain(aside));
    }

    /// The one line that the learner sees at the start: only when something is new, since what is broken stays so.
    pub fn notice(&self) -> Option<Text> {
        let newly_broken =
            self.problems.iter().any(|problem| matches!(problem, Problem::SetAside { .. } | Problem::NotSetAside { .. }));
        newly_broken.then(|| self.broken_sentence()).flatten()
    }

    /// Everything worth saying, a sentence each: for `progress path` and the progress screen.
    pub fn remarks(&self) -> Vec<Text> {
        let n_unknown = self.problems.iter().filter(|problem| matches!(problem, Problem::Unknown { .. })).count();
        let unknown = (n_unknown > 0).then(|| {
            let lines = if n_unknown == 1 { "1 line is" } else { &*format!("{n_unknown} lines are") };
            Text::from(format!(
                "{lines} of a kind that this version does not know. They are kept; a newer quantlearn reads them."
            ))
        });
        let newer = self.problems.iter().find_map(|problem| match problem {
            Problem::Newer { format } => Some(Text::from(format!(
                "A newer quantlearn (format {format}) wrote in this file. What this one knows is used, the rest is kept."
            ))),
            _ => None,
        });
        let why = self.problems.iter().find_map(|problem| match problem {
            Problem::NotSetAside { why } => Some(why.clone()),
            _ => None,
        });
        self.broken_sentence().into_iter().chain(why).chain(unknown).chain(newer).collect()
    }

    fn broken_sentence(&self) -> Option<Text> {
        let lines: Vec<usize> = self
            .problems
            .iter()
            .filter_map(|problem| match problem {
                Problem::Broken { line, .. } => Some(*line),
                _ => None,
            })
            .collect();
        let numbers = match lines.as_slice() {
            [] => return None,
            [line] => format!("Line {line}"),
            [one, other] => format!("Lines {one} and {other}"),
            [first, .., last] => format!("{} lines between {first} and {last}", lines.len()),
        };
        let is_aside = !self.problems.iter().any(|problem| matches!(problem, Problem::NotSetAside { .. }));
        let copied = if is_aside { format!(", with a copy in {}", name(&self.aside)) } else { String::new() };
        let verbs = if lines.len() == 1 { "does not read and stays" } else { "do not read and stay" };
        Some(Text::clean_line(&format!(
            "{numbers} of {} {verbs} untouched{copied}. Everything else counts; new answers are saved.",
            name(&self.path)
        )))
    }
}
