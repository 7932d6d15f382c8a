//! Identities that outlive edits: `course/lesson` and `course/lesson/step`. Progress is keyed by them; courses and
//! learners share nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A lesson as a node of the skill graph: `core/affine-map`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(Box<str>);

impl NodeId {
    pub fn new(course: &str, lesson: &str) -> Self {
        Self(format!("{course}/{lesson}").into())
    }

    /// Reads `course/lesson`; a bare `lesson` belongs to `home`.
    pub fn parse(text: &str, home: &str) -> Option<Self> {
        let (course, lesson) = text.split_once('/').unwrap_or((home, text));
        (is_kebab(course) && is_kebab(lesson)).then(|| Self::new(course, lesson))
    }

    pub fn course(&self) -> &str {
        self.0.split_once('/').map_or("", |(course, _)| course)
    }

    pub fn lesson(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(_, lesson)| lesson)
    }

    pub fn step(&self, step: &str) -> StepId {
        StepId(format!("{}/{step}", self.0).into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A step of a lesson: `core/affine-map/relu-scale`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(Box<str>);

impl StepId {
    pub fn node(&self) -> NodeId {
        NodeId(self.0.rsplit_once('/').map_or("", |(node, _)| node).into())
    }

    pub fn step(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(_, step)| step)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Ids are kebab-case: `[a-z][a-z0-9-]*`.
pub fn is_kebab(id: &str) -> bool {
    id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// What a step is. The names are those of lesson files and of the progress log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    Text,
    Code,
    Lab,
    Choice,
    Numeric,
    Cloze,
    Order,
    Match,
    Output,
    Exercise,
}

impl StepKind {
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::Code,
        Self::Lab,
        Self::Choice,
        Self::Numeric,
        Self::Cloze,
        Self::Order,
        Self::Match,
        Self::Output,
        Self::Exercise,
    ];

    /// Whether steps of this kind stand behind the closing card: the lesson is complete without them.
    pub fn is_further(self) -> bool {
        self == Self::Exercise
    }

    /// The name in lesson files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code => "code",
            Self::Lab => "lab",
            Self::Choice => "choice",
            Self::Numeric => "numeric",
            Self::Cloze => "cloze",
            Self::Order => "order",
            Self::Match => "match",
            Self::Output => "output",
            Self::Exercise => "exercise",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_lesson_belongs_to_the_course_at_hand() {
        let node = NodeId::parse("affine-map", "core").expect("kebab-case");
        assert_eq!((node.course(), node.lesson()), ("core", "affine-map"));
        assert_eq!(node.step("intro").node(), node);
        assert_eq!(NodeId::parse("other/affine-map", "core").expect("kebab-case").course(), "other");
        assert_eq!(NodeId::parse("Affine Map", "core"), None);
    }
}
