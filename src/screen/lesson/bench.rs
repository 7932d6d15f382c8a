//! A listing that runs, or an exercise: code in an editor, what it printed or which tests it passed, other languages in
//! tabs beside it.

use serde_json::json;

use super::Settled;
use crate::{
    course::{Answer, CodeStep, ExerciseStep, SCRIPT, SCRIPT_SEED, Step, StepBody, grade_tests},
    input::{Action, Context, KeyCode},
    learner::What,
    model::{Failure, Job, JobEvent, JobId, Outcome, Slot},
    screen::{Cx, Input},
    script::{self, Fault, Grade, Run},
    widget::editor::{Did, Editor},
};

#[derive(Debug)]
pub(super) struct Bench {
    pub(super) editor: Editor,
    /// The code as the lesson has it; absent where nothing here runs.
    start: Option<String>,
    /// Which listing is in view; the first one is the code that runs, where there is one.
    pub(super) tab: usize,
    n_tabs: usize,
    pub(super) region: Region,
    pub(super) running: Option<JobId>,
    pub(super) said: Option<Said>,
    /// The code of the last run.
    ran: Option<String>,
    pub(super) settled: Option<Settled>,
    /// The code differs from what the log has.
    touched: bool,
    /// How far the output is scrolled.
    pub(super) scroll: u16,
    seed: u64,
}

/// What the keys act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Region {
    Page,
    Editor,
    Output,
}

/// What the last run said.
#[derive(Debug)]
pub(super) enum Said {
    Ran(Box<Run>),
    Graded(Box<Grade>),
    /// The code cannot be read, so no test ran.
    Unreadable(Fault),
    Trouble(String),
}

/// What follows from a key for the lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Stay,
    On,
}

impl Bench {
    /// Opens a listing as it was left.
    pub(super) fn listing(step: &Step, code: &CodeStep, cx: &Cx) -> Self {
        let start = code.run.as_ref().map(ToString::to_string);
        Self::open(step, start, code.tabs().len(), cx)
    }

    /// Opens an exercise as it was left: solved, shown, or with the last text.
    pub(super) fn exercise(step: &Step, exercise: &ExerciseStep, cx: &Cx) -> Self {
        let state = cx.model.learner.step(&step.id);
        let settled = if state.solved { Some(Settled::Solved) } else { state.shown.then_some(Settled::Shown) };
        Self { settled, ..Self::open(step, Some(exercise.starter.to_string()), 1, cx) }
    }

    fn open(step: &Step, start: Option<String>, n_tabs: usize, cx: &Cx) -> Self {
        let state = cx.model.learner.step(&step.id);
        let answered = state.last_answer().filter(|given| given.rev == step.rev).map(|given| &given.answer);
        let kept = state.draft().filter(|draft| draft["rev"] == step.rev).map(|draft| &draft["answer"]).or(answered);
        let kept = kept.and_then(|kept| match serde_json::from_value(kept.clone()) {
            Ok(Answer::Code(code)) => Some(code),
            _ => None,
        });
        let text = kept.or_else(|| start.clone()).unwrap_or_default();
        Self {
            editor: Editor::new(&text),
            start,
            tab: 0,
            n_tabs,
            region: Region::Page,
            running: None,
            said: None,
            ran: None,
            settled: None,
            touched: false,
            scroll: 0,
            seed: SCRIPT_SEED,
        }
    }

    pub(super) fn context(&self) -> Context {
        if self.region == Region::Editor { Context::Editor } else { Context::Reading }
    }

    /// Whether something here runs.
    pub(super) fn has_code(&self) -> bool {
        self.start.is_some()
    }

    pub(super) fn n_tabs(&self) -> usize {
        self.n_tabs
    }

    /// Whether the tab in view is the code that runs.
    pub(super) fn shows_code(&self) -> bool {
        self.start.is_some() && self.tab == 0
    }

    /// Whether enter runs: the code in view was not run as it stands.
    pub(super) fn wants_run(&self) -> bool {
        self.shows_code() && self.running.is_none() && self.settled.is_none() && self.is_news()
    }

    fn is_news(&self) -> bool {
        self.ran.as_deref() != Some(&*self.editor.text())
    }

    /// Whether the code was changed since the output in view was made.
    pub(super) fn is_stale(&self) -> bool {
        self.ran.is_some() && self.is_news()
    }

    /// The line that the last run failed at, while the code is the one that failed.
    pub(super) fn faulty_line(&self) -> Option<u32> {
        let fault = match self.said.as_ref()? {
            Said::Ran(run) => match &run.end {
                script::End::Failed(fault) => Some(fault.line),
                script::End::Stopped(stop) => stop.line,
                script::End::Finished => None,
            },
            Said::Unreadable(fault) => Some(fault.line),
            // A fault in the call of a test has a line of the test, not of this code.
            Said::Graded(grade) => {
                let failure = grade.failure.as_ref().filter(|failure| failure.test.is_empty());
                failure.and_then(|failure| failure.fault.as_ref()).map(|fault| fault.line)
            }
            Said::Trouble(_) => None,
        };
        fault.filter(|_| !self.is_news())
    }

    /// Records the code where it was changed.
    pub(super) fn keep(&mut self, step: &Step, cx: &mut Cx) {
        if std::mem::take(&mut self.touched) {
            let draft = json!({ "rev": step.rev, "seed": 0, "answer": Answer::Code(self.editor.text()) });
            cx.record(What::Draft { step: step.id.clone(), draft });
        }
    }

    /// Esc: stops a run, else leaves the box in hand. False where there was neither.
    pub(super) fn release(&mut self, step: &Step, cx: &mut Cx) -> bool {
        if self.running.take().is_some() {
            cx.cancel(Slot::Script);
            self.said = Some(Said::Trouble("Stopped before it was done.".into()));
            return true;
        }
        if self.region == Region::Page {
            return false;
        }
        self.region = Region::Page;
        self.keep(step, cx);
        true
    }

    pub(super) fn update(&mut self, step: &Step, input: Input, cx: &mut Cx) -> Then {
        match input {
            Input::Job(id, event) if self.running == Some(id) => {
                self.running = None;
                self.answered(step, event, cx);
            }
            Input::Action(action) => return self.act(step, action, cx),
            Input::Type(key) if self.region == Region::Editor && key.code != KeyCode::Esc => {
                self.touched |= self.editor.key(key) == Did::Changed;
            }
            Input::Paste(text) if self.region == Region::Editor => self.touched |= self.editor.paste(&text),
            Input::Edited(text) => {
                self.editor.set(&text);
                self.touched = true;
            }
            _ => {}
        }
        Then::Stay
    }

    fn act(&mut self, step: &Step, action: Action, cx: &mut Cx) -> Then {
        match action {
            Action::Run => self.run(step, cx),
            Action::Primary if self.running.is_some() => cx.say_wait("It is still running; esc stops it."),
            Action::Primary if self.wants_run() => self.run(step, cx),
            Action::Primary if self.settled.is_none() && step.graded() => {
                cx.say("This code was just tested. Change it first: tab goes to the editor.");
            }
            Action::Primary | Action::Space => return Then::On,
            Action::NextRegion => self.go_region(1),
            Action::PrevRegion => self.go_region(2),
            Action::Undo if self.region == Region::Editor => self.touched |= self.editor.undo(),
            Action::Redo if self.region == Region::Editor => self.touched |= self.editor.redo(),
            Action::View | Action::Right => self.go_tab(1),
            Action::Left => self.go_tab(self.n_tabs.max(1) - 1),
            Action::Reset => self.reset(cx),
            Action::Copy => self.copy(step, cx),
            Action::External if self.shows_code() => cx.edit(self.editor.text()),
            Action::Up => self.scroll = self.scroll.saturating_sub(1),
            Action::Down => self.scroll = self.scroll.saturating_add(1),
            _ => {}
        }
        Then::Stay
    }

    /// Page, editor, output, and around. Only code that runs has the two boxes.
    fn go_region(&mut self, by: usize) {
        const ORDER: [Region; 3] = [Region::Page, Region::Editor, Region::Output];
        if self.start.is_none() {
            self.go_tab(by);
            return;
        }
        let at = ORDER.iter().position(|region| *region == self.region).unwrap_or(0);
        self.region = ORDER[(at + by) % ORDER.len()];
        if self.region == Region::Editor {
            self.tab = 0;
        }
    }

    fn go_tab(&mut self, by: usize) {
        let n_tabs = self.n_tabs.max(1);
        self.tab = (self.tab + by) % n_tabs;
    }

    /// The code as the lesson has it; an exercise that is done begins anew.
    fn reset(&mut self, cx: &mut Cx) {
        let Some(start) = self.start.clone() else { return };
        if self.running.take().is_some() {
            cx.cancel(Slot::Script);
        }
        self.touched |= self.editor.text() != start;
        self.editor.set(&start);
        (self.said, self.ran, self.settled, self.scroll) = (None, None, None, 0);
    }

    fn copy(&self, step: &Step, cx: &mut Cx) {
        let listing = match &step.body {
            StepBody::Code(code) if !self.shows_code() => code.tabs().get(self.tab).map(|(_, code)| code.to_string()),
            _ => Some(self.editor.text()),
        };
        if let Some(listing) = listing {
            cx.copy(listing);
        }
    }

    /// Runs the listing, or the tests on the code.
    fn run(&mut self, step: &Step, cx: &mut Cx) {
        if !self.shows_code() {
            self.tab = 0;
        }
        if self.start.is_none() {
            return;
        }
        let code = self.editor.text();
        (self.ran, self.scroll) = (Some(code.clone()), 0);
        let job = match &step.body {
            StepBody::Exercise(exercise) => {
                // What cannot be read is no attempt.
                if let Err(fault) = script::check(&code) {
                    self.editor.jump(fault.line, fault.column);
                    self.said = Some(Said::Unreadable(fault));
                    return;
                }
                self.seed = cx.model.draw_seed();
                Job::Grade { code, exercise: Box::new(exercise.clone()), seed: self.seed }
            }
            _ => Job::Script { source: code, seed: SCRIPT_SEED },
        };
        self.running = Some(cx.run(Slot::Script, job));
    }

    fn answered(&mut self, step: &Step, event: JobEvent, cx: &mut Cx) {
        self.said = Some(match event {
            JobEvent::Done(Outcome::Script(run)) => Said::Ran(run),
            JobEvent::Done(Outcome::Grade(grade)) => {
                if !was_cancelled(&grade) && self.settled.is_none() {
                    self.record(step, &grade, cx);
                }
                Said::Graded(grade)
            }
            JobEvent::Failed(Failure::Error(why) | Failure::Panic(why)) => Said::Trouble(why),
            JobEvent::Failed(Failure::Cancelled) => Said::Trouble("Stopped before it was done.".into()),
            JobEvent::Done(_) | JobEvent::Progress { .. } => return,
        });
    }

    fn record(&mut self, step: &Step, grade: &Grade, cx: &mut Cx) {
        let verdict = grade_tests(grade);
        let tries = cx.model.learner.tries(&step.id, cx.model.now.day);
        let code = self.ran.clone().unwrap_or_default();
        cx.record(What::Answer {
            step: step.id.clone(),
            rev: step.rev,
            step_kind: step.kind(),
            seed: self.seed,
            answer: serde_json::to_value(Answer::Code(code)).expect("an answer is plain text"),
            correct: verdict.correct,
            attempt: tries.attempt,
            hints: tries.hints,
            shown: tries.shown,
            misconceptions: Vec::new(),
            completes: verdict.correct && cx.model.learner.would_complete(&step.id, &cx.model.facts),
        });
        self.touched = self.is_news();
        if verdict.correct {
            (self.settled, self.region) = (Some(Settled::Solved), Region::Page);
        }
    }

    /// The solution stands in the output; the learner's own code stays in the editor.
    pub(super) fn put_solution(&mut self) {
        (self.settled, self.region, self.said, self.scroll) = (Some(Settled::Shown), Region::Page, None, 0);
    }
}

fn was_cancelled(grade: &Grade) -> bool {
    grade.failure.as_ref().is_some_and(|failure| failure.stop.as_ref().is_some_and(|stop| stop.is_cancel))
}

/// The language of the tab in view.
pub(super) fn language(step: &Step, tab: usize) -> &str {
    match &step.body {
        StepBody::Code(code) => code.tabs().get(tab).map_or(SCRIPT, |(language, _)| language),
        _ => SCRIPT,
    }
}
