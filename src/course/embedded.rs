//! The built-in course. Its heads come from the table that `build.rs` wrote; its lessons are parsed when they are opened.

use super::{
    diagnostic::Diagnostic,
    load, manifest,
    model::{Course, Head, Lesson, Status, StepHead},
};
use crate::{
    id::{NodeId, StepKind},
    lab,
    text::Text,
};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A lesson file as it was at build time.
pub(super) struct EmbeddedLesson {
    pub(super) file: &'static str,
    pub(super) source: &'static str,
    /// `None` where `build.rs` could not read it.
    head: Option<EmbeddedHead>,
}

struct EmbeddedHead {
    id: &'static str,
    title: &'static str,
    track: &'static str,
    status: &'static str,
    summary: &'static str,
    goals: &'static [&'static str],
    requires: &'static [&'static str],
    minutes: u32,
    /// Ids and names.
    terms: &'static [(&'static str, &'static str)],
    steps: &'static [EmbeddedStep],
}

struct EmbeddedStep {
    id: &'static str,
    kind: &'static str,
    rev: u32,
    predicts: bool,
    graded: bool,
    /// Lab and metric.
    par: Option<(&'static str, &'static str)>,
}

/// The built-in course with its heads, and no lesson parsed.
pub fn embedded() -> Course {
    let (manifest, _) = manifest::read(load::COURSE_FILE, COURSE.as_bytes());
    let mut course = manifest.expect("a test loads the built-in course.toml").course;
    let mut heads: Vec<Head> = LESSONS
        .iter()
        .filter_map(|lesson| lesson.head.as_ref().map(|head| head.load(&course.id)))
        .filter(|head| head.status != Status::Wip)
        .collect();
    load::order(&course, &mut heads);
    course.heads = heads;
    course
}

/// Parses the body of a built-in lesson. A hidden lesson is not found.
pub fn embedded_lesson(node: &NodeId) -> Option<(Option<Lesson>, Vec<Diagnostic>)> {
    let lesson = lesson(node)?;
    Some(load::load_lesson(node.course(), lesson.file, lesson.source.as_bytes()))
}

/// Ids and names of the terms of the built-in course. Parses no lesson.
pub(super) fn embedded_terms() -> impl Iterator<Item = (&'static str, &'static str)> {
    LESSONS.iter().filter_map(|lesson| lesson.head.as_ref()).flat_map(|head| head.terms).copied()
}

/// The files of the built-in course: names and texts.
pub fn embedded_files() -> Vec<(&'static str, &'static str)> {
    std::iter::once((load::COURSE_FILE, COURSE)).chain(LESSONS.iter().map(|lesson| (lesson.file, lesson.source))).collect()
}

fn lesson(node: &NodeId) -> Option<&'static EmbeddedLesson> {
    let is_it = |lesson: &&EmbeddedLesson| {
        lesson.head.as_ref().is_some_and(|head| head.id == node.lesson() && head.status != Status::Wip.name())
    };
    LESSONS.iter().find(is_it)
}

impl EmbeddedHead {
    fn load(&self, course: &str) -> Head {
        let node = NodeId::new(course, self.id);
        Head {
            title: line(self.title),
            track: self.track.into(),
            status: Status::ALL.into_iter().find(|status| status.name() == self.status).unwrap_or(Status::Active),
            summary: line(self.summary),
            goals: self.goals.iter().map(|goal| text(goal)).collect(),
            requires: self.requires.iter().filter_map(|name| NodeId::parse(name, course)).collect(),
            minutes: self.minutes,
            steps: self.steps.iter().filter_map(|step| step.load(&node)).collect(),
            node,
        }
    }
}

impl EmbeddedStep {
    /// `None` for a kind that is not there; a test compares the heads with the loader's.
    fn load(&self, node: &NodeId) -> Option<StepHead> {
        let kind = StepKind::ALL.into_iter().find(|kind| kind.name() == self.kind)?;
        let Self { rev, predicts, graded, par, .. } = *self;
        let par = par.and_then(|(lab, metric)| lab::find(lab)?.metric(metric));
        Some(StepHead { id: node.step(self.id), kind, rev, predicts, graded, par })
    }
}

fn text(foreign: &str) -> Text {
    Text::clean(foreign.trim_matches('\n').trim_end())
}

fn line(foreign: &str) -> Text {
    Text::clean_line(&text(foreign))
}
