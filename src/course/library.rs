//! The courses side by side: the built-in one and those that were added.

use std::collections::BTreeMap;

use super::{
    diagnostic::{Code, Diagnostic, Place},
    embedded, graph, load,
    model::{Course, Head, Lesson, Misconception, Term, Track},
};
use crate::{
    id::{NodeId, StepId},
    text::{Text, did_you_mean},
};

/// Every course that is loaded. Plain data; share it in an `Arc`.
#[derive(Debug, Default)]
pub struct Library {
    shelves: Vec<Shelf>,
}

#[derive(Debug)]
struct Shelf {
    course: Course,
    /// Parsed lessons with what was found in their files; `None` for the built-in course, which parses on demand.
    lessons: Option<BTreeMap<NodeId, (Lesson, Vec<Diagnostic>)>>,
    /// Prerequisites in other courses: lesson, what it needs, where that stands.
    foreign: Vec<(NodeId, NodeId, Text, Place)>,
}

impl Shelf {
    /// Ids and names of its terms. Parses no lesson.
    fn terms(&self) -> Vec<(&str, &str)> {
        match &self.lessons {
            None => embedded::embedded_terms().collect(),
            Some(lessons) => {
                let terms = lessons.values().flat_map(|(lesson, _)| &lesson.terms);
                terms.map(|term| (term.id.as_str(), term.name.as_str())).collect()
            }
        }
    }

    /// A lesson with what was found in its file, as it was read.
    fn lesson(&self, node: &NodeId) -> (Option<Lesson>, Vec<Diagnostic>) {
        match &self.lessons {
            None => embedded::embedded_lesson(node).unwrap_or_default(),
            Some(lessons) => lessons
                .get(node)
                .filter(|_| self.course.head(node).is_some())
                .map_or_else(Default::default, |(lesson, findings)| (Some(lesson.clone()), findings.clone())),
        }
    }
}

impl Library {
    /// The built-in course alone. Parses no lesson.
    pub fn embedded() -> Self {
        Self { shelves: vec![Shelf { course: embedded::embedded(), lessons: None, foreign: Vec::new() }] }
    }

    /// Adds a course from the files of its folder (see [`load::load`]). A course with the id of one that is there takes its
    /// place, as when the built-in course is edited. What could not be read is in the diagnostics.
    pub fn add<N: AsRef<str>, B: AsRef<[u8]>>(&mut self, files: impl AsRef<[(N, B)]>) -> Vec<Diagnostic> {
        let loaded = load::load(files.as_ref());
        let mut diagnostics = loaded.diagnostics;
        let Some(course) = loaded.course else { return diagnostics };
        let lessons = loaded
            .lessons
            .into_iter()
            .map(|lesson| {
                let own = diagnostics.iter().filter(|finding| finding.file == lesson.file).cloned().collect();
                (lesson.node.clone(), (lesson, own))
            })
            .collect();
        let id = course.id.clone();
        let shelf = Shelf { course, lessons: Some(lessons), foreign: loaded.foreign };
        if let Some(old) = self.shelves.iter_mut().find(|shelf| shelf.course.id == id) {
            *old = shelf;
            let message = format!("this course takes the place of the one with the id `{id}` that was loaded before");
            let mut finding = Diagnostic::new(&Text::clean(load::COURSE_FILE), None, Code::Replaces, &message);
            finding.remedy("give it another `id` if both should stand side by side");
            diagnostics.push(finding);
        } else {
            self.shelves.push(shelf);
        }
        diagnostics.extend(self.link(&id));
        diagnostics
    }

    /// The course that a lesson without a course's name belongs to: the first one.
    pub fn home(&self) -> &str {
        self.shelves.first().map_or("", |shelf| shelf.course.id.as_str())
    }

    /// Every course; the first one is home.
    pub fn courses(&self) -> impl Iterator<Item = &Course> {
        self.shelves.iter().map(|shelf| &shelf.course)
    }

    /// A course by its id.
    pub fn course(&self, id: &str) -> Option<&Course> {
        self.courses().find(|course| course.id == id)
    }

    /// The heads of all courses, course by course.
    pub fn heads(&self) -> Vec<&Head> {
        self.courses().flat_map(|course| &course.heads).collect()
    }

    /// The head of a lesson, whichever course it belongs to.
    pub fn head(&self, node: &NodeId) -> Option<&Head> {
        self.course(node.course())?.head(node)
    }

    /// The track of a lesson; `None` where its course does not register it.
    pub fn track(&self, head: &Head) -> Option<&Track> {
        self.course(head.node.course())?.tracks.iter().find(|track| track.id == head.track)
    }

    /// The title of a lesson; its id where no course has it.
    pub fn title(&self, node: &NodeId) -> String {
        self.head(node).map_or_else(|| node.to_string(), |head| head.title.to_string())
    }

    /// A step as people speak of it: `step 4 of Rounding and saturation`; its id where no course has it.
    pub fn step_name(&self, step: &StepId) -> String {
        let head = self.head(&step.node());
        let name = head.and_then(|head| Some(format!("{} of {}", head.step_name(step)?, head.title)));
        name.unwrap_or_else(|| step.to_string())
    }

    /// The title of the chapter that a lesson stands in; `None` where no path names it.
    pub fn chapter(&self, node: &NodeId) -> Option<&Text> {
        let mut chapters = self.course(node.course())?.paths.iter().flat_map(|path| &path.chapters);
        chapters.find(|chapter| chapter.lessons.contains(node)).map(|chapter| &chapter.title)
    }

    /// A misconception of a course, by its id.
    pub fn misconception(&self, course: &str, id: &str) -> Option<&Misconception> {
        self.course(course)?.misconceptions.iter().find(|m| m.id == id)
    }

    /// A lesson with its body. Parses a built-in lesson, so it belongs on a job thread; an added course is parsed already.
    pub fn lesson(&self, node: &NodeId) -> (Option<Lesson>, Vec<Diagnostic>) {
        let Some(shelf) = self.shelves.iter().find(|shelf| shelf.course.id == node.course()) else { return Default::default() };
        let (mut lesson, findings) = shelf.lesson(node);
        if let Some(lesson) = &mut lesson {
            lesson.term_names = shelf.terms().into_iter().map(|(id, name)| (id.to_owned(), Text::clean_line(name))).collect();
        }
        (lesson, findings)
    }

    /// The name of a term; of several courses the first one's. Parses no lesson.
    pub fn term_name(&self, id: &str) -> Option<Text> {
        let mut terms = self.shelves.iter().flat_map(Shelf::terms);
        terms.find(|(known, _)| *known == id).map(|(_, name)| Text::clean_line(name))
    }

    /// Every term with the lesson that defines it, course by course. Parses all built-in lessons: for a job thread.
    pub fn glossary(&self) -> Vec<(NodeId, Term)> {
        let heads = self.shelves.iter().flat_map(|shelf| shelf.course.heads.iter().map(move |head| (shelf, head)));
        let lessons = heads.filter_map(|(shelf, head)| shelf.lesson(&head.node).0);
        lessons.flat_map(|lesson| lesson.terms.into_iter().map(move |term| (lesson.node.clone(), term))).collect()
    }

    /// Resolves prerequisites between courses. One that is not there, or that would close a circle, is not asked for.
    /// Gives the findings of the course `newest`.
    fn link(&mut self, newest: &str) -> Vec<Diagnostic> {
        let wanted: Vec<_> = self.shelves.iter().flat_map(|shelf| shelf.foreign.clone()).collect();
        for (own, need, ..) in &wanted {
            self.set_need(own, need, false);
        }
        let mut findings = Vec::new();
        for (own, need, file, place) in wanted {
            let (message, remedy) = if self.head(&need).is_none() {
                (format!("`{need}` is not there, so it is not asked for"), self.meant(&need))
            } else {
                self.set_need(&own, &need, true);
                if !self.needs_itself(&own) {
                    continue;
                }
                self.set_need(&own, &need, false);
                (
                    format!("`{need}` needs this lesson itself, so it is not asked for"),
                    "take one of the prerequisites away".into(),
                )
            };
            if own.course() == newest {
                let mut finding = Diagnostic::new(&file, Some(place), Code::NotInstalled, &message);
                finding.remedy(&remedy);
                findings.push(finding);
            }
        }
        findings
    }

    /// What to do about a lesson that is not there.
    fn meant(&self, gone: &NodeId) -> String {
        let known: Vec<String> = self.heads().iter().map(|head| head.node.to_string()).collect();
        did_you_mean(&gone.to_string(), known.iter().map(String::as_str))
            .map_or_else(|| "add the other course, or correct the name".into(), |meant| format!("did you mean `{meant}`?"))
    }

    fn needs_itself(&self, node: &NodeId) -> bool {
        let heads = self.heads();
        let from = heads.iter().position(|head| head.node == *node);
        from.is_some_and(|from| graph::cycle(&graph::needs(&heads), from).is_some())
    }

    fn set_need(&mut self, own: &NodeId, need: &NodeId, wanted: bool) {
        let heads = self.shelves.iter_mut().flat_map(|shelf| &mut shelf.course.heads);
        for head in heads.filter(|head| head.node == *own) {
            head.requires.retain(|known| known != need);
            if wanted {
                head.requires.push(need.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(id: &str, lessons: &[(&str, &str)]) -> Vec<(String, String)> {
        let manifest = format!("format = 1\nid = '{id}'\ntitle = 'T'\n[[track]]\nid = 't'\ntitle = 'T'\n");
        let lesson = |(id, requires): &(&str, &str)| {
            let head = format!("id = '{id}'\ntitle = 'T'\ntrack = 't'\nsummary = 'S'\nminutes = 3\nrequires = [{requires}]");
            let step = "kind = 'text'\nid = 'a'\nbody = 'x [[t-x]]'";
            (format!("{id}.toml"), format!("format = 1\n[lesson]\n{head}\n[[step]]\n{}\n", step.replace(" [[t-x]]", "")))
        };
        std::iter::once(("course.toml".to_owned(), manifest)).chain(lessons.iter().map(lesson)).collect()
    }

    fn codes(findings: &[Diagnostic]) -> Vec<&'static str> {
        findings.iter().map(|finding| finding.code.name()).collect()
    }

    #[test]
    fn a_library_is_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Library>();
    }

    #[test]
    fn a_prerequisite_in_another_course_counts_once_that_course_is_there() {
        let mut library = Library::default();
        assert_eq!(codes(&library.add(course("a", &[("one", "'b/two'")]))), ["not-installed"]);
        let one = NodeId::new("a", "one");
        assert!(library.head(&one).expect("it is there").requires.is_empty(), "nobody could complete it");
        assert_eq!(codes(&library.add(course("b", &[("two", "")]))), [""; 0]);
        assert_eq!(library.head(&one).expect("it is there").requires, [NodeId::new("b", "two")]);
    }

    #[test]
    fn courses_that_need_each_other_are_not_locked_for_ever() {
        let mut library = Library::default();
        library.add(course("a", &[("one", "'b/two'")]));
        assert_eq!(codes(&library.add(course("b", &[("two", "'a/one'")]))), ["not-installed"]);
        assert!(!library.needs_itself(&NodeId::new("a", "one")));
    }

    #[test]
    fn a_course_of_the_same_id_takes_the_place() {
        let mut library = Library::embedded();
        let findings = library.add(course("core", &[("mine", "")]));
        assert_eq!(codes(&findings), ["replaces"]);
        assert_eq!(library.courses().count(), 1);
        assert!(library.lesson(&NodeId::new("core", "mine")).0.is_some());
    }

    #[test]
    fn a_lesson_that_is_not_there_is_nothing() {
        let library = Library::embedded();
        assert!(library.lesson(&NodeId::new("core", "gone")).0.is_none());
        assert!(library.lesson(&NodeId::new("gone", "gone")).0.is_none());
    }
}
