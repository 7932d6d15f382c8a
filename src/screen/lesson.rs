//! A lesson, one step at a time: text, listing, question, lab, and the closing card behind the last step.

mod asking;
mod bench;
mod card;
mod challenge;
mod closing;
pub(in crate::screen) mod draw;
pub(in crate::screen) mod question;

use std::sync::Arc;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    text::{Line, Span},
};

use self::{
    bench::{Bench, Then},
    challenge::Challenge,
    question::Question,
};
use crate::{
    course::{Lesson, Step, StepBody},
    id::NodeId,
    input::{Action, Context},
    learner::{Mark, What},
    model::{Failure, Job, JobEvent, JobId, Model, Outcome, Route, Slot},
    screen::{Confirmed, Cx, Input, Offer, Screen, Show, View},
    theme::Role,
};

#[derive(Debug)]
pub struct LessonScreen {
    node: NodeId,
    /// Absent while it is read.
    lesson: Option<Arc<Lesson>>,
    loading: Option<JobId>,
    /// What was wrong with the lesson file, or that it could not be read at all.
    trouble: Vec<String>,
    /// The step that was asked for, once the lesson is there; without one it opens where it stands.
    wanted: Option<String>,
    /// The step in view; behind the last one stands the closing card.
    idx: usize,
    face: Face,
    scroll: u16,
    /// A hint was asked for and its price is on screen.
    armed: bool,
    /// What the step in view paid since it was opened.
    gained: u32,
    /// The link to a term that tab has reached.
    link: Option<usize>,
    /// Its first step was opened.
    begun: bool,
    /// It was not complete when it was opened, and the end of its track was not shown yet: what is complete behind the
    /// last step was completed here.
    fresh: bool,
    /// Another screen stands over it.
    covered: bool,
}

/// What the step in view needs to remember.
#[derive(Debug)]
enum Face {
    /// Text; also a lesson that is still loading.
    Reading,
    /// A listing, or an exercise.
    Bench(Box<Bench>),
    Asking {
        question: Box<Question>,
        settled: Option<Settled>,
        /// The draft differs from what the log has.
        touched: bool,
    },
    Lab(Box<Challenge>),
    Closing,
    /// The reference card, which a finished lesson opens with. Like the closing card it stands behind the steps.
    Card,
}

/// How a graded step came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::screen) enum Settled {
    Solved,
    Shown,
}

impl LessonScreen {
    pub fn new(node: NodeId, step: Option<String>, cx: &mut Cx) -> Self {
        let loading = Some(cx.run(Slot::Lesson, Job::Lesson(node.clone())));
        Self {
            node,
            lesson: None,
            loading,
            trouble: Vec::new(),
            wanted: step,
            idx: 0,
            face: Face::Reading,
            scroll: 0,
            armed: false,
            gained: 0,
            link: None,
            begun: false,
            fresh: false,
            covered: false,
        }
    }

    fn step(&self) -> Option<&Step> {
        self.lesson.as_ref()?.steps.get(self.idx)
    }

    /// The graded step in view is solved or shown.
    fn settled(&self) -> Option<Settled> {
        match &self.face {
            Face::Asking { settled, .. } => *settled,
            Face::Lab(challenge) => challenge.settled(),
            Face::Bench(bench) => bench.settled,
            _ => None,
        }
    }

    fn loaded(&mut self, event: JobEvent, cx: &mut Cx) {
        self.loading = None;
        match event {
            JobEvent::Done(Outcome::Lesson { lesson, diagnostics }) => {
                self.trouble = diagnostics.iter().map(ToString::to_string).collect();
                self.lesson = lesson.map(|lesson| Arc::new(*lesson));
                // A lesson that something else covers would take the lab's slot from what is in view.
                if !self.covered {
                    self.begin_where_wanted(cx);
                }
            }
            JobEvent::Failed(Failure::Error(why) | Failure::Panic(why)) => self.trouble = vec![why],
            JobEvent::Failed(Failure::Cancelled) => self.trouble = vec!["Stopped before it was read.".into()],
            JobEvent::Done(_) | JobEvent::Progress { .. } => {}
        }
    }

    /// Begins a lesson that is there and has not begun.
    fn begin_where_wanted(&mut self, cx: &mut Cx) {
        let Some(lesson) = self.lesson.clone().filter(|_| !self.begun) else { return };
        self.begun = true;
        self.fresh = cx.model.learner.node(&self.node, &cx.model.facts).mark < Mark::Complete;
        let wanted = self.wanted.take();
        if wanted.is_none() && card::opens(&lesson, cx.model) {
            (self.idx, self.face) = (lesson.steps.len(), Face::Card);
            return;
        }
        let step = wanted.or_else(|| cx.model.learner.position_in(&self.node).map(|id| id.step().to_owned()));
        self.begin(step.and_then(|step| lesson.step_idx(&step)).unwrap_or(0), cx);
    }

    /// In the figure of sorted rows `n` and `p` walk the rows, not the steps.
    fn walks_rows(&self) -> bool {
        matches!(&self.face, Face::Lab(challenge) if challenge.pane.walks())
    }

    /// Leaves the step in view and opens another.
    fn open(&mut self, idx: usize, cx: &mut Cx) {
        self.keep(cx);
        self.begin(idx, cx);
    }

    fn begin(&mut self, idx: usize, cx: &mut Cx) {
        let Some(lesson) = self.lesson.clone() else { return };
        self.idx = idx.min(lesson.steps.len());
        (self.scroll, self.armed, self.gained, self.link) = (0, false, 0, None);
        let Some(step) = lesson.steps.get(self.idx) else {
            self.face = Face::Closing;
            return;
        };
        cx.record(What::Position { step: step.id.clone() });
        self.face = match &step.body {
            StepBody::Text(_) => Face::Reading,
            StepBody::Code(code) => Face::Bench(Box::new(Bench::listing(step, code, cx))),
            StepBody::Exercise(exercise) => Face::Bench(Box::new(Bench::exercise(step, exercise, cx))),
            StepBody::Lab(lab) => Face::Lab(Box::new(Challenge::open(step, lab, cx))),
            _ => asking::open(step, cx),
        };
    }

    /// Records what would be lost: the draft of an answer, the controls of a lab.
    fn keep(&mut self, cx: &mut Cx) {
        let Some(lesson) = self.lesson.clone() else { return };
        let Some(step) = lesson.steps.get(self.idx) else { return };
        match &mut self.face {
            Face::Asking { question, settled: None, touched } if *touched => {
                *touched = false;
                cx.record(asking::draft(step, question));
            }
            Face::Lab(challenge) => challenge.keep(step, cx),
            Face::Bench(bench) => bench.keep(step, cx),
            _ => {}
        }
    }

    /// On without solving is recorded; on past a solved step is just on.
    fn on(&mut self, cx: &mut Cx) {
        let skipped = self.step().filter(|step| step.graded() && !cx.model.learner.step(&step.id).done()).map(|s| s.id.clone());
        if let Some(step) = skipped {
            cx.record(What::Skip { step });
        }
        let Some(lesson) = &self.lesson else { return };
        let (n_main, n_steps) = (lesson.n_main(), lesson.steps.len());
        self.open(after(self.idx, n_main, n_steps), cx);
    }

    fn scroll_by(&mut self, down: bool, cx: &Cx) -> bool {
        let view_height = cx.size.height;
        let max = self.page_height(cx).saturating_sub(view_height);
        let page = view_height.saturating_sub(2).max(1);
        let before = self.scroll.min(max);
        self.scroll = if down { (before + page).min(max) } else { before.saturating_sub(page) };
        self.scroll != before
    }

    /// Home and end move the page; in a lab and among options they move what is focused.
    fn scrolls(&self) -> bool {
        self.context() == Context::Reading && !matches!(self.face, Face::Lab(_))
    }

    fn act(&mut self, action: Action, cx: &mut Cx) {
        self.armed &= action == Action::Hint;
        match action {
            Action::Back => self.escape(cx),
            Action::PageDown => drop(self.scroll_by(true, cx)),
            Action::PageUp => drop(self.scroll_by(false, cx)),
            Action::Next | Action::Prev if self.walks_rows() => self.act_on_face(action, cx),
            Action::Next => self.on(cx),
            Action::Prev => {
                let Some(lesson) = &self.lesson else { return };
                if let Some(before) = before(self.idx, lesson.n_main(), lesson.steps.len()) {
                    self.open(before, cx);
                }
            }
            Action::Hint => self.hint(cx),
            Action::Solution => self.ask_solution(cx),
            Action::First if self.scrolls() => self.scroll = 0,
            Action::Last if self.scrolls() => self.scroll = self.page_height(cx).saturating_sub(cx.size.height),
            _ => self.act_on_face(action, cx),
        }
    }

    fn act_on_face(&mut self, action: Action, cx: &mut Cx) {
        match &mut self.face {
            Face::Reading => match action {
                Action::Down | Action::Space if self.scroll_by(true, cx) => {}
                Action::Up => drop(self.scroll_by(false, cx)),
                Action::NextRegion => self.next_link(1, cx),
                Action::PrevRegion => self.next_link(-1, cx),
                Action::Primary if self.link.is_some() => self.show_term(cx),
                Action::Primary | Action::Space => self.on(cx),
                _ => {}
            },
            Face::Bench(_) => self.act_on_bench(Input::Action(action), cx),
            Face::Asking { .. } => asking::update(self, Input::Action(action), cx),
            Face::Lab(_) => self.act_on_lab(Input::Action(action), cx),
            Face::Closing => closing::act(self, action, cx),
            Face::Card => card::act(self, action, cx),
        }
    }

    /// Tab goes from link to link; behind the last one none is marked.
    fn next_link(&mut self, by: i32, cx: &Cx) {
        let n_places = self.links(cx).len() as i32 + 1;
        // Place 0 is "no link".
        let place = self.link.map_or(0, |link| link as i32 + 1);
        self.link = usize::try_from((place + by).rem_euclid(n_places) - 1).ok();
    }

    fn show_term(&mut self, cx: &mut Cx) {
        if let Some(term) = self.link.and_then(|link| self.links(cx).into_iter().nth(link)) {
            cx.show(Show::Term(term));
        }
    }

    /// What is no action goes to the step in view, if it takes such things.
    fn tell_face(&mut self, input: Input, cx: &mut Cx) {
        match &self.face {
            Face::Asking { .. } => asking::update(self, input, cx),
            Face::Lab(_) => self.act_on_lab(input, cx),
            Face::Bench(_) => self.act_on_bench(input, cx),
            Face::Reading | Face::Closing | Face::Card => {}
        }
    }

    fn act_on_bench(&mut self, input: Input, cx: &mut Cx) {
        let Some(lesson) = self.lesson.clone() else { return };
        let Some(step) = lesson.steps.get(self.idx) else { return };
        let Face::Bench(bench) = &mut self.face else { return };
        let before = cx.model.learner.xp();
        let then = bench.update(step, input, cx);
        self.gained += cx.model.learner.xp() - before;
        if then == Then::On {
            self.on(cx);
        }
    }

    fn act_on_lab(&mut self, input: Input, cx: &mut Cx) {
        let Some(lesson) = self.lesson.clone() else { return };
        let Some(step) = lesson.steps.get(self.idx) else { return };
        let Face::Lab(challenge) = &mut self.face else { return };
        let before = cx.model.learner.xp();
        let goes_on = challenge.update(step, input, cx);
        self.gained += cx.model.learner.xp() - before;
        if goes_on {
            self.on(cx);
        }
    }

    fn escape(&mut self, cx: &mut Cx) {
        let released = match &mut self.face {
            Face::Asking { question, settled: None, .. } if question.running.is_some() => {
                question.running = None;
                cx.cancel(Slot::Script);
                cx.say("Stopped before it was done.");
                true
            }
            Face::Asking { question, .. } => question.release(),
            Face::Lab(challenge) => challenge.release(cx),
            Face::Bench(bench) => match self.lesson.as_ref().and_then(|lesson| lesson.steps.get(self.idx)) {
                Some(step) => bench.release(step, cx),
                None => false,
            },
            _ => false,
        };
        if !released && self.link.take().is_none() {
            cx.back();
        }
    }

    /// The first press says the price, the second shows the hint.
    fn hint(&mut self, cx: &mut Cx) {
        let Some(step) = self.step().filter(|s| s.graded()) else { return };
        let (id, n_hints) = (step.id.clone(), step.hints.len());
        let n_read = cx.model.learner.step(&id).hints() as usize;
        if self.settled().is_some() {
            return;
        }
        if self.predicting() {
            cx.say("The hints are about the challenge; a rough guess will do here.");
        } else if n_read >= n_hints {
            cx.say(if n_hints == 0 { "This step has no hint." } else { "That was the last hint. The solution is on o." });
        } else if self.armed {
            self.armed = false;
            cx.record(What::Hint { step: id, n: n_read as u32 + 1 });
        } else {
            self.armed = true;
        }
    }

    /// A guess is asked for before the lab opens.
    fn predicting(&self) -> bool {
        matches!(&self.face, Face::Lab(challenge) if matches!(challenge.phase, challenge::Phase::Predicting { .. }))
    }

    fn ask_solution(&mut self, cx: &mut Cx) {
        if self.step().is_some_and(Step::graded) && self.settled().is_none() {
            let question = "Show the solution? This step then pays nothing today.".into();
            cx.show(Show::Confirm { question, yes: Confirmed::Solution });
        }
    }

    fn show_solution(&mut self, cx: &mut Cx) {
        let Some(lesson) = self.lesson.clone() else { return };
        let Some(step) = lesson.steps.get(self.idx) else { return };
        let before = cx.model.learner.xp();
        let completes = cx.model.learner.would_complete(&step.id, &cx.model.facts);
        cx.record(What::Solution { step: step.id.clone(), completes });
        self.gained += cx.model.learner.xp() - before;
        match &mut self.face {
            Face::Asking { question, settled, touched } => {
                asking::put_solution(step, question, cx);
                (*settled, *touched) = (Some(Settled::Shown), false);
            }
            Face::Bench(bench) => bench.put_solution(),
            Face::Lab(challenge) => challenge.put_solution(step, cx),
            _ => {}
        }
    }
}

impl Screen for LessonScreen {
    fn route(&self) -> Route {
        Route::Lesson { node: self.node.clone(), step: self.step().map(|s| s.id.step().to_owned()) }
    }

    fn context(&self) -> Context {
        match &self.face {
            Face::Asking { question, settled: None, .. } => question.context(),
            Face::Lab(challenge) => challenge.context(),
            Face::Bench(bench) => bench.context(),
            _ => Context::Reading,
        }
    }

    fn header(&self, view: &View) -> (Line<'static>, Line<'static>) {
        draw::header(self, view)
    }

    fn footer(&self, model: &Model) -> Vec<Offer> {
        draw::footer(self, model)
    }

    fn update(&mut self, input: Input, cx: &mut Cx) {
        match input {
            Input::Job(id, event) if self.loading == Some(id) => self.loaded(event, cx),
            Input::Job(..) | Input::Edited(_) | Input::Type(_) | Input::Paste(_) => self.tell_face(input, cx),
            Input::Confirmed(Confirmed::Solution) => self.show_solution(cx),
            Input::Action(action) => self.act(action, cx),
        }
    }

    fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
        draw::body(self, area, buf, view)
    }

    fn about(&self, _model: &Model) -> Option<(String, String)> {
        draw::about(self.lesson.as_deref()?)
    }

    fn question_seed(&self) -> Option<u64> {
        match &self.face {
            Face::Asking { question, .. } => Some(question.seed),
            _ => None,
        }
    }

    fn leave(&mut self, cx: &mut Cx) {
        self.covered = true;
        self.keep(cx);
    }

    fn enter(&mut self, cx: &mut Cx) {
        self.covered = false;
        self.begin_where_wanted(cx);
        if let Face::Lab(challenge) = &mut self.face {
            challenge.pane.wake(cx);
        }
    }
}

/// The place behind a step: behind the main line stands the closing card, behind that what is further.
fn after(idx: usize, n_main: usize, n_steps: usize) -> usize {
    match idx {
        idx if idx + 1 == n_main => n_steps,
        idx if idx >= n_steps && n_main < n_steps => n_main,
        idx => idx + 1,
    }
}

/// The place before a step, in the same order.
fn before(idx: usize, n_main: usize, n_steps: usize) -> Option<usize> {
    match idx {
        idx if idx >= n_steps => n_main.checked_sub(1),
        idx if idx == n_main => Some(n_steps),
        idx => idx.checked_sub(1),
    }
}

/// The line that names a thing and, dim, what belongs to it.
fn dim(text: impl Into<String>, view: &View) -> Span<'static> {
    Span::styled(text.into(), view.theme.style(Role::Dim))
}
