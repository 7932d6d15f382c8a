//! Work off the UI thread. What to do is data; [`Job::run`] does it, on whichever thread the runtime chose.

use crate::{
    course::{Diagnostic, ExerciseStep, Lesson, Library, Step, Term},
    id::NodeId,
    lab::{Ctx, Lab, LabError, Params, Report},
    script::{self, Grade, Run, World},
};

/// Numbers jobs; an answer to an old one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// One job at a time runs in a slot; the last one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    Lab,
    Lesson,
    Glossary,
    Script,
    Practice,
}

#[derive(Clone, Debug)]
pub enum Job {
    Lab {
        lab: &'static Lab,
        params: Params,
    },
    Lesson(NodeId),
    /// The terms of all lessons.
    Glossary,
    /// Runs a listing. What goes wrong in it is part of the outcome.
    Script {
        source: String,
        seed: u64,
    },
    /// Runs the tests of an exercise on written code.
    Grade {
        code: String,
        exercise: Box<ExerciseStep>,
        seed: u64,
    },
    /// The drills of these lessons.
    Drills(Vec<NodeId>),
}

#[derive(Clone, Debug)]
pub enum Outcome {
    Report(Box<Report>),
    Lesson { lesson: Option<Box<Lesson>>, diagnostics: Vec<Diagnostic> },
    Glossary(Vec<(NodeId, Term)>),
    Script(Box<Run>),
    Grade(Box<Grade>),
    Drills(Vec<Step>),
}

#[derive(Clone, Debug)]
pub enum JobEvent {
    Progress { done: u64, total: u64 },
    Done(Outcome),
    Failed(Failure),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Cancelled,
    /// A sentence for the learner.
    Error(String),
    /// A panic that was caught; its message.
    Panic(String),
}

impl Job {
    /// Does the work; scripts run in `world`, with a seed of their own. Panics are the caller's to catch.
    pub fn run(&self, library: &Library, ctx: &Ctx, world: &World) -> Result<Outcome, Failure> {
        match self {
            Self::Lab { lab, params } => match (lab.run)(params, ctx) {
                Ok(report) => Ok(Outcome::Report(Box::new(report))),
                Err(LabError::Cancelled) => Err(Failure::Cancelled),
                Err(error) => Err(Failure::Error(error.to_string())),
            },
            Self::Lesson(node) => {
                let (lesson, diagnostics) = library.lesson(node);
                Ok(Outcome::Lesson { lesson: lesson.map(Box::new), diagnostics })
            }
            Self::Glossary => Ok(Outcome::Glossary(library.glossary())),
            Self::Script { source, seed } => {
                Ok(Outcome::Script(Box::new(script::run(source, &World { seed: *seed, ..world.clone() }))))
            }
            Self::Grade { code, exercise, seed } => {
                let grade = script::grade(code, &exercise.solution, &exercise.tests, &World { seed: *seed, ..world.clone() });
                Ok(Outcome::Grade(Box::new(grade)))
            }
            Self::Drills(nodes) => {
                let lessons = nodes.iter().filter_map(|node| library.lesson(node).0);
                Ok(Outcome::Drills(lessons.flat_map(|lesson| lesson.drills).collect()))
            }
        }
    }
}
