//! Where one can be. The palette, the log (resume here), `quantlearn open` and tests speak this.

use std::fmt;

use crate::{id::NodeId, lab};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Map,
    /// A lesson, at a step or where it was left.
    Lesson {
        node: NodeId,
        step: Option<String>,
    },
    /// A lab with some parameters set.
    Lab {
        id: String,
        set: Vec<(String, String)>,
    },
    /// The glossary, at a term.
    Terms {
        term: Option<String>,
    },
    /// What a track of a course leads to, and how far the learner is in it.
    Track {
        course: String,
        id: String,
    },
    /// Drills from the lessons that are complete.
    Practice,
    Progress,
    Settings,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{route}` is not a place: {why}")]
pub struct RouteError {
    pub route: String,
    pub why: String,
}

/// `map`, `lesson core/affine-map/relu-scale`, `lab quantize bits=4`, `track core/foundations`, `term scale`, `terms`, `practice`, `progress`, `settings`.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map => f.write_str("map"),
            Self::Lesson { node, step: None } => write!(f, "lesson {node}"),
            Self::Lesson { node, step: Some(step) } => write!(f, "lesson {node}/{step}"),
            Self::Lab { id, set } => {
                write!(f, "lab {id}")?;
                set.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
            }
            Self::Terms { term: None } => f.write_str("terms"),
            Self::Terms { term: Some(term) } => write!(f, "term {term}"),
            Self::Track { course, id } => write!(f, "track {course}/{id}"),
            Self::Practice => f.write_str("practice"),
            Self::Progress => f.write_str("progress"),
            Self::Settings => f.write_str("settings"),
        }
    }
}

impl Route {
    /// Reads a route; a bare word may also be a lesson of the course `home` or a lab.
    pub fn parse(text: &str, home: &str) -> Result<Self, RouteError> {
        let fail = |why: &str| RouteError { route: text.into(), why: why.into() };
        let mut words = text.split_whitespace();
        let head = words.next().unwrap_or("map");
        let rest: Vec<&str> = words.collect();
        match (head, &rest[..]) {
            ("map", []) => Ok(Self::Map),
            ("terms", []) => Ok(Self::Terms { term: None }),
            ("term", [term]) => Ok(Self::Terms { term: Some((*term).into()) }),
            ("practice", []) => Ok(Self::Practice),
            ("progress", []) => Ok(Self::Progress),
            ("settings", []) => Ok(Self::Settings),
            ("lesson", [path]) => Self::lesson(path, home)
                .ok_or_else(|| fail("a lesson is `lesson ID`, `lesson COURSE/ID` or `lesson COURSE/ID/STEP`")),
            ("track", [path]) => {
                // A track is named like a lesson: `ID`, or `COURSE/ID`.
                let node = NodeId::parse(path, home).ok_or_else(|| fail("a track is `track ID` or `track COURSE/ID`"))?;
                Ok(Self::Track { course: node.course().into(), id: node.lesson().into() })
            }
            ("lab", [id, set @ ..]) => Self::lab(id, set).map_err(|why| fail(&why)),
            (id, set) if lab::find(id).is_some() => Self::lab(id, set).map_err(|why| fail(&why)),
            (path, []) => Self::lesson(path, home).ok_or_else(|| {
                fail("places are map, terms, practice, progress, settings, `lesson ID`, `lab ID`, `track ID`, `term ID`")
            }),
            _ => Err(fail("places are map, terms, practice, progress, settings, `lesson ID`, `lab ID`, `track ID`, `term ID`")),
        }
    }

    fn lesson(path: &str, home: &str) -> Option<Self> {
        let (node, step) = match path.matches('/').count() {
            2 => path.rsplit_once('/').map(|(node, step)| (node, Some(step.to_owned())))?,
            _ => (path, None),
        };
        Some(Self::Lesson { node: NodeId::parse(node, home)?, step })
    }

    fn lab(id: &str, set: &[&str]) -> Result<Self, String> {
        if lab::find(id).is_none() {
            let hint = lab::nearest(id).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(format!("there is no lab `{id}`{hint}"));
        }
        let set = set
            .iter()
            .map(|pair| {
                pair.split_once('=')
                    .map(|(n, v)| (n.to_owned(), v.to_owned()))
                    .ok_or_else(|| format!("`{pair}` is not NAME=VALUE"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self::Lab { id: id.into(), set })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_reads_back_what_it_says() {
        for text in [
            "map",
            "lesson core/affine-map",
            "lesson core/affine-map/see-it",
            "track core/foundations",
            "terms",
            "term scale",
            "practice",
            "progress",
            "settings",
        ] {
            assert_eq!(Route::parse(text, "core").expect("a place").to_string(), text);
        }
        assert_eq!(Route::parse("affine-map", "core").expect("a lesson").to_string(), "lesson core/affine-map");
        assert!(Route::parse("lab nowhere", "core").is_err());
    }
}
