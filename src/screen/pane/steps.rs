//! The view "steps": which step of the trace shows, and how keys scrub it.

use super::Pane;
use crate::{
    export,
    input::Action,
    lab::{Figure, ReportView, Trace, TraceStep},
};

impl Pane {
    /// The trace, where its view is on.
    pub(super) fn trace(&self) -> Option<&Trace> {
        match self.view()? {
            ReportView::Steps(trace) => Some(trace),
            ReportView::Figure(_) => None,
        }
    }

    /// The step that shows and how many there are. A run with fewer steps shows its last.
    pub(super) fn step(&self) -> Option<(usize, usize)> {
        let n = self.trace()?.steps.len();
        Some((self.step.min(n.checked_sub(1)?), n))
    }

    pub(super) fn trace_step(&self) -> Option<&TraceStep> {
        let (at, _) = self.step()?;
        self.trace()?.steps.get(at)
    }

    pub(super) fn act_on_steps(&mut self, action: Action) -> bool {
        let Some((at, n)) = self.step() else { return false };
        let by = |by: i64| (at as i64).saturating_add(by).clamp(0, n as i64 - 1) as usize;
        self.step = match action {
            Action::Left | Action::Prev => by(-1),
            Action::Right | Action::Next | Action::Space => by(1),
            Action::FastLeft => by(-10),
            Action::FastRight => by(10),
            Action::First | Action::Clear => 0,
            Action::Last => n - 1,
            _ => return false,
        };
        true
    }

    /// A typed number of a step, from 1.
    pub(super) fn enter_step(&mut self, text: &str) -> Result<(), String> {
        let Some((_, n)) = self.step() else { return Ok(()) };
        match text.trim().parse::<usize>() {
            Ok(step) if (1..=n).contains(&step) => {
                self.step = step - 1;
                Ok(())
            }
            _ => Err(format!("`{}` does not fit: a step from 1 to {n}.", text.trim())),
        }
    }

    pub(super) fn step_in_words(&self) -> String {
        let (Some((at, n)), Some(step)) = (self.step(), self.trace_step()) else { return String::new() };
        format!("Step {} of {n}. {}", at + 1, export::step_words(step))
    }

    /// What `x` plots, by the name of its file: the figure in view, or those of the step.
    pub(super) fn figures_in_view(&self) -> Vec<(String, &Figure)> {
        let Some((at, _)) = self.step() else {
            return self.figure().map(|figure| (figure.view().to_owned(), figure)).into_iter().collect();
        };
        let figures = self.trace_step().map_or(&[][..], |step| &step.figures);
        figures.iter().enumerate().map(|(i, figure)| (format!("step-{}-{}-{}", at + 1, i + 1, figure.view()), figure)).collect()
    }
}
