//! A lab at work: controls, the running job, the report, mark A, undo. Lessons and the lab screen share it.

mod control;
mod draw;
mod steps;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{
    export,
    input::{Action, Context, KeyCode},
    lab::{Figure, Lab, Params, Report, ReportView},
    model::{Failure, Job, JobEvent, JobId, Outcome, Slot},
    screen::{Cx, Input, Show, typing::type_into},
    widget::{
        field::Field,
        figure::{FigureState, FigureView},
    },
};

const MAX_UNDO: usize = 100;

use control::Stop;
pub use draw::Look;

#[derive(Debug)]
pub struct Pane {
    pub lab: &'static Lab,
    pub params: Params,
    /// Where reset leads.
    start: Params,
    /// The controls that may be moved, as indices of the lab's row.
    visible: Vec<usize>,
    /// Where keys act among the controls.
    focus: Stop,
    region: Region,
    entry: Option<Field>,
    /// Why the typed number was refused.
    refused: Option<String>,
    run: Option<Run>,
    job: Option<(JobId, Params)>,
    progress: Option<(u64, u64)>,
    failure: Option<String>,
    a: Option<Run>,
    undo: Vec<Params>,
    /// The view to open on, by name.
    first_view: Option<&'static str>,
    view: usize,
    figure: FigureState,
    /// The step of the trace that shows, from 0; it may lie beyond the end of a shorter trace.
    step: usize,
}

/// A report and the parameters it was made with.
#[derive(Clone, Debug)]
pub struct Run {
    pub params: Params,
    pub report: Arc<Report>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    Controls,
    Figure,
}

impl Pane {
    /// Opens a lab at `params` and runs it. `vary` names the controls that may be moved; none means all.
    pub fn open(
        lab: &'static Lab,
        start: Params,
        params: Params,
        vary: &[&'static str],
        first_view: Option<&'static str>,
        cx: &mut Cx,
    ) -> Self {
        let visible: Vec<usize> =
            (0..lab.params.len()).filter(|&idx| vary.is_empty() || vary.contains(&lab.params[idx].name)).collect();
        let mut pane = Self {
            lab,
            params,
            start,
            focus: Stop::Control { idx: visible.first().copied().unwrap_or(0), item: 0 },
            visible,
            region: Region::Controls,
            entry: None,
            refused: None,
            run: None,
            job: None,
            progress: None,
            failure: None,
            a: None,
            undo: Vec::new(),
            first_view,
            view: 0,
            figure: FigureState::default(),
            step: 0,
        };
        pane.rerun(cx);
        pane
    }

    /// The report of the controls as they stand; `None` while it is computed or where it failed.
    pub fn current(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| run.params == self.params)
    }

    /// Runs again where another lab took the slot of the run that was under way.
    pub fn wake(&mut self, cx: &mut Cx) {
        if self.current().is_none() && self.failure.is_none() {
            self.rerun(cx);
        }
    }

    /// The parameters that the lab was opened with.
    pub fn start(&self) -> &Params {
        &self.start
    }

    pub fn is_running(&self) -> bool {
        self.job.is_some()
    }

    pub fn context(&self) -> Context {
        match (&self.entry, self.region) {
            (Some(_), _) => Context::Field,
            (None, Region::Controls) => Context::Controls,
            (None, Region::Figure) => Context::Figure,
        }
    }

    pub fn region(&self) -> Region {
        self.region
    }

    /// The controls in view: those that may be moved and have an effect now.
    fn controls(&self) -> Vec<usize> {
        self.visible.iter().copied().filter(|&idx| self.params.is_active(idx)).collect()
    }

    fn view(&self) -> Option<ReportView<'_>> {
        let views = self.run.as_ref()?.report.views();
        views.get(self.view.min(views.len().saturating_sub(1))).copied()
    }

    fn figure(&self) -> Option<&Figure> {
        match self.view()? {
            ReportView::Figure(figure) => Some(figure),
            ReportView::Steps(_) => None,
        }
    }

    /// The same view of run A.
    fn figure_of_a(&self) -> Option<&Figure> {
        let view = self.figure()?.view();
        self.a.as_ref()?.report.figures.iter().find(|f| f.view() == view)
    }

    /// The focus is in a figure whose rows or steps `n` and `p` walk.
    pub fn walks(&self) -> bool {
        self.region == Region::Figure && (matches!(self.figure(), Some(Figure::Rows(_))) || self.trace().is_some())
    }

    /// Puts parameters in at once: the solution, the start.
    pub fn put(&mut self, params: Params, cx: &mut Cx) {
        self.change(params, cx);
    }

    /// Closes number entry, or stops a running job. False where there was neither.
    pub fn release(&mut self, cx: &mut Cx) -> bool {
        if self.entry.take().is_some() {
            self.refused = None;
            return true;
        }
        if self.job.take().is_some() {
            self.progress = None;
            self.failure = Some("Stopped. Move a control or press r to run again.".into());
            cx.cancel(Slot::Lab);
            return true;
        }
        if self.region == Region::Figure {
            self.region = Region::Controls;
            return true;
        }
        false
    }

    /// A key or the news of a job; true where it was the pane's.
    pub fn update(&mut self, input: &Input, cx: &mut Cx) -> bool {
        match input {
            Input::Job(id, event) => self.news(*id, event, cx),
            Input::Type(key) if !matches!(key.code, KeyCode::Enter | KeyCode::Esc) => {
                self.refused = None;
                self.entry.as_mut().is_some_and(|entry| type_into(entry, *key))
            }
            Input::Paste(text) => self.entry.as_mut().is_some_and(|entry| entry.paste(text)),
            Input::Action(action) if self.entry.is_some() => self.act_on_entry(*action, cx),
            Input::Action(action) => {
                self.act(*action, cx)
                    || if self.region == Region::Controls {
                        self.act_on_control(*action, cx)
                    } else {
                        self.act_on_figure(*action, cx)
                    }
            }
            _ => false,
        }
    }

    fn act(&mut self, action: Action, cx: &mut Cx) -> bool {
        match action {
            Action::NextRegion | Action::PrevRegion => {
                self.region = if self.region == Region::Controls { Region::Figure } else { Region::Controls };
            }
            Action::Run => self.rerun(cx),
            Action::Undo => match self.undo.pop() {
                Some(params) => {
                    self.params = params;
                    self.rerun(cx);
                }
                None => cx.say("Nothing to take back."),
            },
            Action::Reset => self.change(self.start.clone(), cx),
            Action::Mark => self.toggle_mark(cx),
            Action::View => self.next_view(),
            Action::Scale => self.steer(cx, |view| view.other_axis()),
            Action::Words => self.words(cx),
            Action::Export => self.export(cx),
            Action::Copy => cx.copy(self.command()),
            _ => return false,
        }
        true
    }

    fn act_on_figure(&mut self, action: Action, cx: &Cx) -> bool {
        let width = draw::figure_width(cx.size.width);
        if self.trace().is_some() {
            return self.act_on_steps(action);
        }
        let rows = self.walks();
        match action {
            Action::Left => self.steer(cx, |view| view.moved(width, -1)),
            Action::Right => self.steer(cx, |view| view.moved(width, 1)),
            Action::Up => self.steer(cx, |view| view.loupe(width, true)),
            Action::Down => self.steer(cx, |view| view.loupe(width, false)),
            Action::Next if rows => self.steer(cx, |view| view.moved(width, 1)),
            Action::Prev if rows => self.steer(cx, |view| view.moved(width, -1)),
            Action::First => self.steer(cx, |view| view.moved(width, i64::MIN / 2)),
            Action::Last => self.steer(cx, |view| view.moved(width, i64::MAX / 2)),
            _ => return false,
        }
        true
    }

    /// Moves the cursor, the loupe or the axis of the figure in view.
    fn steer(&mut self, cx: &Cx, change: impl Fn(&FigureView) -> FigureState) {
        if let Some(figure) = self.figure() {
            self.figure = change(&FigureView::new(figure, &cx.theme).state(&self.figure));
        }
    }

    fn change(&mut self, params: Params, cx: &mut Cx) {
        if params == self.params {
            return;
        }
        self.undo.push(std::mem::replace(&mut self.params, params));
        if self.undo.len() > MAX_UNDO {
            self.undo.remove(0);
        }
        self.rerun(cx);
    }

    fn rerun(&mut self, cx: &mut Cx) {
        let job = Job::Lab { lab: self.lab, params: self.params.clone() };
        self.job = Some((cx.run(Slot::Lab, job), self.params.clone()));
        (self.progress, self.failure) = (None, None);
    }

    fn news(&mut self, id: JobId, event: &JobEvent, cx: &mut Cx) -> bool {
        let Some((job, params)) = self.job.take() else { return false };
        if job != id {
            self.job = Some((job, params));
            return false;
        }
        match event {
            JobEvent::Progress { done, total } => {
                self.progress = Some((*done, *total));
                self.job = Some((job, params));
                return true;
            }
            JobEvent::Done(Outcome::Report(report)) => {
                let mut report = (**report).clone();
                report.figures.extend(cx.model.ran(self.lab, &report));
                let report = Arc::new(report);
                let is_first = self.run.is_none();
                if is_first {
                    let place = |name| report.views().iter().position(|view| view.name() == name);
                    self.view = self.first_view.and_then(place).unwrap_or(0);
                }
                self.run = Some(Run { params, report });
                // Where a process opens the lab, its step is what there is to move first.
                if is_first && self.trace().is_some() {
                    self.focus = Stop::Steps;
                }
            }
            JobEvent::Failed(Failure::Error(why)) => self.failure = Some(why.clone()),
            JobEvent::Failed(Failure::Panic(why)) => {
                self.failure = Some(format!(
                    "This lab failed: {why}. The rest of the program is not affected; please report these settings."
                ));
            }
            JobEvent::Failed(Failure::Cancelled) | JobEvent::Done(_) => {}
        }
        self.progress = None;
        true
    }

    fn toggle_mark(&mut self, cx: &mut Cx) {
        if self.a.take().is_some() {
            cx.say("Run A unmarked.");
        } else if let Some(run) = self.current() {
            self.a = Some(run.clone());
            cx.say("This run is A. Move a control: everything shows now, A and the difference.");
        }
    }

    fn next_view(&mut self) {
        let n = self.run.as_ref().map_or(1, |run| run.report.views().len().max(1));
        self.view = (self.view + 1) % n;
        self.figure = FigureState::default();
    }

    fn words(&self, cx: &mut Cx) {
        let Some(view) = self.view() else { return };
        let mut body = match view {
            ReportView::Figure(figure) => export::words(figure, self.figure_of_a()),
            ReportView::Steps(_) => self.step_in_words(),
        };
        for note in self.run.iter().flat_map(|run| &run.report.notes) {
            body.push_str("\n\n");
            body.push_str(note);
        }
        cx.show(Show::Page { title: format!("{}: {} in words", self.lab.title, view.name()), body });
    }

    fn export(&self, cx: &mut Cx) {
        let Some(run) = self.current() else {
            cx.say("Nothing to write while the lab is running.");
            return;
        };
        let json = export::json(self.lab, &run.params, &run.report);
        let json = serde_json::to_vec_pretty(&json).expect("a JSON value always prints");
        cx.export(format!("quantlearn-{}.json", self.lab.id), json);
        for (name, figure) in self.figures_in_view() {
            cx.export(format!("quantlearn-{}-{}.svg", self.lab.id, name.replace(' ', "-")), export::svg(figure).into_bytes());
        }
    }

    /// The command that computes this run again.
    pub fn command(&self) -> String {
        let mut command = format!("quantlearn lab {}", self.lab.id);
        for (spec, value) in self.params.changed() {
            command.push_str(&format!(" --set {}={value}", spec.name));
        }
        command
    }
}
