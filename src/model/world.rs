//! The model: courses, learner, clock. Screens read it and change it only by recording events.

use std::{collections::BTreeMap, sync::Arc};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    course::{Head, Library, Status},
    id::{NodeId, StepId},
    lab::{Figure, Lab, Report},
    learner::{CourseFacts, Event, EventId, GradedStep, Mark, NodeFacts, State, What},
    model::{JobId, Now, Stored},
};

/// What the program hands over when it starts.
#[derive(Debug)]
pub struct Start {
    pub library: Arc<Library>,
    /// The log, as it was read.
    pub events: Vec<Event>,
    pub now: Now,
    /// Seeds event ids and the draws of questions.
    pub seed: u64,
    /// Where progress is kept, for the first-run line and messages.
    pub progress_path: String,
    /// Why nothing can be saved, where that is so.
    pub read_only: Option<String>,
    /// One line each: what was wrong with the log or a course.
    pub notices: Vec<String>,
}

/// Whether what was done is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saving {
    /// Everything is on disk.
    Kept,
    /// This many events are on their way.
    Pending(usize),
    /// Not saved: why and where. The events are kept in memory and tried again with the next one.
    Failed(String),
}

/// A board forgets its oldest runs beyond this many.
const MAX_RUNS: usize = 500;

#[derive(Debug)]
pub struct Model {
    pub library: Arc<Library>,
    pub facts: CourseFacts,
    pub learner: State,
    pub now: Now,
    pub saving: Saving,
    pub progress_path: String,
    /// No event had been recorded when the program started.
    pub first_run: bool,
    /// What each lab with a board reached in this session, by its id; not part of the progress.
    runs: BTreeMap<&'static str, Vec<(f64, f64)>>,
    /// Seeds of the questions that were seen in this session; not part of the progress.
    seeds: BTreeMap<StepId, u64>,
    rng: ChaCha8Rng,
    next_job: u64,
    n_pending: usize,
    outbox: Vec<Event>,
}

impl Model {
    pub fn new(start: Start) -> Self {
        let facts = facts(&start.library);
        let mut learner = State::default();
        let first_run = start.events.is_empty();
        for event in &start.events {
            learner.apply(event);
        }
        Self {
            library: start.library,
            facts,
            learner,
            now: start.now,
            saving: start.read_only.map_or(Saving::Kept, Saving::Failed),
            progress_path: start.progress_path,
            first_run,
            runs: BTreeMap::new(),
            seeds: BTreeMap::new(),
            rng: ChaCha8Rng::seed_from_u64(start.seed),
            next_job: 0,
            n_pending: 0,
            outbox: Vec::new(),
        }
    }

    /// Records what happened: folded at once, on its way to disk with the next [`Model::take_outbox`].
    pub fn record(&mut self, what: What) {
        let mut random = [0; 16];
        self.rng.fill_bytes(&mut random);
        let id = EventId::from_bytes(random);
        let event = Event { id, at: self.learner.stamp(self.now.unix_ms), day: self.now.day, what };
        self.learner.apply(&event);
        self.n_pending += 1;
        if !matches!(self.saving, Saving::Failed(_)) {
            self.saving = Saving::Pending(self.n_pending);
        }
        self.outbox.push(event);
    }

    /// The events recorded since the last call.
    pub fn take_outbox(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.outbox)
    }

    /// Takes the store's answer: what is kept, and what another instance appended.
    pub fn stored(&mut self, answer: Result<Stored, String>) {
        match answer {
            Ok(stored) => {
                self.n_pending = self.n_pending.saturating_sub(stored.kept.len());
                for event in &stored.others {
                    self.learner.apply(event);
                }
                self.saving = if self.n_pending == 0 { Saving::Kept } else { Saving::Pending(self.n_pending) };
            }
            Err(why) => self.saving = Saving::Failed(why),
        }
    }

    /// Notes a run of a lab; gives the board of all runs so far, where the lab has one. A run that is as another is one.
    pub fn ran(&mut self, lab: &'static Lab, report: &Report) -> Option<Figure> {
        let board = lab.board()?;
        let run = (report.metric(board.x)?, report.metric(board.y)?);
        let runs = self.runs.entry(lab.id).or_default();
        runs.retain(|other| *other != run);
        runs.push(run);
        if runs.len() > MAX_RUNS {
            runs.remove(0);
        }
        board.figure(lab, runs).map(Figure::Lines)
    }

    /// The seed of a question that was not answered yet: the same whenever it is seen in this session, so that its options
    /// stay where they were.
    pub fn seed_of(&mut self, step: &StepId) -> u64 {
        if let Some(&seed) = self.seeds.get(step) {
            return seed;
        }
        let seed = self.draw_seed();
        self.seeds.insert(step.clone(), seed);
        seed
    }

    /// A fresh seed for a question.
    pub fn draw_seed(&mut self) -> u64 {
        // Fewer than 2^53, so that every JSON reader keeps it.
        self.rng.next_u64() >> 11
    }

    pub fn next_job(&mut self) -> JobId {
        self.next_job += 1;
        JobId(self.next_job)
    }

    /// The node that "continue" leads to: where the learner stood, unless it is complete; else the next open one.
    pub fn resume(&self) -> Option<NodeId> {
        let stood = self.learner.last_position().map(|step| step.node()).filter(|node| self.library.head(node).is_some());
        let unfinished = |node: &NodeId| self.learner.node(node, &self.facts).mark < Mark::Complete;
        stood.clone().filter(unfinished).or_else(|| self.next_open(stood.as_ref())).or(stood)
    }

    /// What a locked lesson still needs: the titles of lessons; `None` where it is open.
    pub fn locked_by(&self, node: &NodeId) -> Option<String> {
        let state = self.learner.node(node, &self.facts);
        let titles = || state.missing.iter().map(|node| self.library.title(node)).collect::<Vec<_>>().join(", ");
        (state.mark == Mark::Locked).then(titles)
    }

    /// The active lessons of a track, in the order of the map.
    pub fn lessons_of_track<'m>(&'m self, course: &str, track: &'m str) -> impl Iterator<Item = &'m Head> {
        let heads = self.library.course(course).into_iter().flat_map(|course| &course.heads);
        heads.filter(move |head| head.track == track && head.status == Status::Active)
    }

    /// Whether a track has active lessons and all of them are complete.
    pub fn track_is_complete(&self, course: &str, track: &str) -> bool {
        let mut lessons = self.lessons_of_track(course, track).peekable();
        let complete = |head: &Head| self.learner.node(&head.node, &self.facts).mark >= Mark::Complete;
        lessons.peek().is_some() && lessons.all(complete)
    }

    /// The next node, in the order of the course, that is neither locked nor complete: the first one behind `after`, and
    /// where none is left there, the first one at all.
    pub fn next_open(&self, after: Option<&NodeId>) -> Option<NodeId> {
        let open = |node: &NodeId| matches!(self.learner.node(node, &self.facts).mark, Mark::Open | Mark::InProgress);
        let heads = self.library.heads();
        let start = heads.iter().position(|head| Some(&head.node) == after).map_or(0, |at| at + 1);
        let (before, behind) = heads.split_at(start);
        let mut nodes = behind.iter().chain(before).map(|head| &head.node);
        nodes.find(|&node| Some(node) != after && open(node)).cloned()
    }
}

fn facts(library: &Library) -> CourseFacts {
    let nodes = library.heads().into_iter().map(|head| {
        let graded = head.steps.iter().filter(|s| s.graded);
        let graded = graded.map(|s| GradedStep { id: s.id.clone(), kind: s.kind, par: s.par.is_some() });
        let (further, graded) = graded.partition(|step: &GradedStep| step.kind.is_further());
        let facts = NodeFacts {
            requires: head.requires.clone(),
            graded,
            further,
            predictions: head.steps.iter().filter(|s| s.predicts).map(|s| s.id.clone()).collect(),
        };
        (head.node.clone(), facts)
    });
    CourseFacts { nodes: nodes.collect() }
}
