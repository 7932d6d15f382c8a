//! A lab step: a prediction first, where one is asked for; then free play, or a goal to reach and a par to beat.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Settled;
use crate::{
    course::{LabStep, Step, StepBody, goal_met, par_met},
    expr,
    input::{Action, Context, KeyCode},
    lab::{MetricSpec, Params, Value},
    learner::What,
    screen::{Cx, Input, pane::Pane, typing::type_into},
    widget::field::Field,
};

#[derive(Debug)]
pub(super) struct Challenge {
    pub(super) pane: Pane,
    pub(super) phase: Phase,
    pub(super) settled: Option<Settled>,
    /// The last check and the controls it was made with.
    pub(super) checked: Option<Checked>,
    /// What was predicted, by metric.
    pub(super) said: BTreeMap<String, f64>,
    /// The controls as the log has them.
    kept: Params,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Figures and metrics are closed until the prediction is made.
    Predicting {
        fields: Vec<Field>,
        focus: usize,
        typing: bool,
        error: Option<String>,
    },
    Open,
}

#[derive(Debug)]
pub(super) struct Checked {
    pub(super) params: Params,
    pub(super) passed: bool,
    pub(super) par: bool,
    /// The goal could not be decided, and why.
    pub(super) error: Option<String>,
}

impl Challenge {
    pub(super) fn open(step: &Step, lab: &LabStep, cx: &mut Cx) -> Self {
        let start = with(lab.lab.defaults(), &lab.set);
        let state = cx.model.learner.step(&step.id);
        let mut params = start.clone();
        for (name, value) in state.controls().into_iter().flatten().filter(|(name, _)| lab.vary.contains(&name.as_str())) {
            // A control that this version does not know, or a value it refuses, stays at its start.
            drop(params.set(name, &as_text(value)));
        }
        let settled = if state.solved { Some(Settled::Solved) } else { state.shown.then_some(Settled::Shown) };
        let said = state.prediction().cloned().unwrap_or_default();
        let phase = if lab.predict.is_empty() || state.predicted() { Phase::Open } else { Phase::predicting(lab.predict.len()) };
        if matches!(phase, Phase::Predicting { .. }) {
            params = start.clone();
        }
        let kept = params.clone();
        Self { pane: Pane::open(lab.lab, start, params, &lab.vary, lab.view, cx), phase, settled, checked: None, said, kept }
    }

    pub(super) fn settled(&self) -> Option<Settled> {
        self.settled
    }

    pub(super) fn context(&self) -> Context {
        match &self.phase {
            Phase::Predicting { typing: true, .. } => Context::Field,
            Phase::Predicting { .. } => Context::Reading,
            Phase::Open => self.pane.context(),
        }
    }

    pub(super) fn release(&mut self, cx: &mut Cx) -> bool {
        match &mut self.phase {
            Phase::Predicting { typing, .. } => std::mem::take(typing),
            Phase::Open => self.pane.release(cx),
        }
    }

    /// Records the controls where they were moved.
    pub(super) fn keep(&mut self, step: &Step, cx: &mut Cx) {
        if self.pane.params == self.kept {
            return;
        }
        self.kept = self.pane.params.clone();
        let params = self.kept.iter().map(|(spec, value)| (spec.name.to_owned(), as_json(value))).collect();
        cx.record(What::Controls { step: step.id.clone(), params });
    }

    /// A key or the news of a job; true where the lesson goes on.
    pub(super) fn update(&mut self, step: &Step, input: Input, cx: &mut Cx) -> bool {
        let StepBody::Lab(lab) = &step.body else { return false };
        if let Phase::Predicting { .. } = self.phase {
            if matches!(input, Input::Job(..)) {
                self.pane.update(&input, cx);
            } else {
                self.predict(step, lab, &input, cx);
            }
            return false;
        }
        if self.pane.update(&input, cx) {
            return false;
        }
        match input {
            Input::Action(Action::Primary) if self.wants_check(lab) => {
                self.check(step, lab, cx);
                false
            }
            Input::Action(Action::Primary) => true,
            _ => false,
        }
    }

    /// Enter checks where there is a goal and these controls were not checked yet.
    pub(super) fn wants_check(&self, lab: &LabStep) -> bool {
        let same = self.checked.as_ref().is_some_and(|checked| checked.params == self.pane.params);
        match self.settled {
            None => lab.goal.is_some(),
            Some(_) => lab.goal.is_some() && !same && self.pane.params != self.kept,
        }
    }

    fn predict(&mut self, step: &Step, lab: &LabStep, input: &Input, cx: &mut Cx) {
        let Phase::Predicting { fields, focus, typing, error } = &mut self.phase else { return };
        match input {
            Input::Type(key) if *typing && !matches!(key.code, KeyCode::Enter | KeyCode::Esc) => {
                *error = None;
                type_into(&mut fields[*focus], *key);
            }
            Input::Paste(text) if *typing => {
                *error = None;
                fields[*focus].paste(text);
            }
            Input::Action(Action::NextRegion | Action::Down) if *typing => *focus = (*focus + 1) % fields.len(),
            Input::Action(Action::PrevRegion | Action::Up) if *typing => *focus = (*focus + fields.len() - 1) % fields.len(),
            Input::Action(Action::NextRegion | Action::Down) => *typing = true,
            Input::Action(Action::Primary) => {
                *typing = true;
                let mut guesses = BTreeMap::new();
                for (idx, (field, spec)) in fields.iter().zip(&lab.predict).enumerate() {
                    match expr::number(field.text(), metric_unit(lab, spec.metric)) {
                        Ok(value) => drop(guesses.insert(spec.metric.to_owned(), value)),
                        Err(why) => {
                            *focus = idx;
                            *error = Some(if field.text().trim().is_empty() {
                                "Type a number; a rough one will do.".into()
                            } else {
                                why.to_string()
                            });
                            return;
                        }
                    }
                }
                cx.record(What::Prediction { step: step.id.clone(), rev: step.rev, guesses: guesses.clone() });
                (self.said, self.phase) = (guesses, Phase::Open);
            }
            _ => {}
        }
    }

    fn check(&mut self, step: &Step, lab: &LabStep, cx: &mut Cx) {
        let Some(run) = self.pane.current().cloned() else {
            cx.say_wait("The lab is still running; check when its figure is there.");
            return;
        };
        if self.settled.is_none() && run.params == *self.pane.start() {
            cx.say("These are the settings it starts with. Move a control first.");
            return;
        }
        if self.checked.as_ref().is_some_and(|checked| checked.params == run.params && !checked.passed) {
            cx.say("These settings were just checked. Move a control first.");
            return;
        }
        let (passed, par, error) = match goal_met(lab, &run.params, &run.report) {
            Ok(passed) => (passed, passed && par_met(lab, &run.report), None),
            Err(why) => (false, false, Some(why.to_string())),
        };
        self.checked = Some(Checked { params: run.params.clone(), passed, par, error });
        let tries = cx.model.learner.tries(&step.id, cx.model.now.day);
        cx.record(What::Challenge {
            step: step.id.clone(),
            rev: step.rev,
            params: run.params.iter().map(|(spec, value)| (spec.name.to_owned(), as_json(value))).collect(),
            metrics: run.report.metrics.iter().map(|m| (m.name.to_owned(), m.value.filter(|v| v.is_finite()))).collect(),
            passed,
            par,
            attempt: tries.attempt,
            hints: tries.hints,
            shown: tries.shown,
            completes: passed && cx.model.learner.would_complete(&step.id, &cx.model.facts),
        });
        if passed {
            self.settled = Some(Settled::Solved);
        }
        self.keep(step, cx);
    }

    pub(super) fn put_solution(&mut self, step: &Step, cx: &mut Cx) {
        let StepBody::Lab(lab) = &step.body else { return };
        self.phase = Phase::Open;
        self.settled = Some(Settled::Shown);
        let params = with(with(lab.lab.defaults(), &lab.set), &lab.solution);
        self.checked = None;
        self.pane.put(params.clone(), cx);
        self.kept = params;
    }
}

impl Phase {
    fn predicting(n: usize) -> Self {
        Self::Predicting { fields: (0..n).map(|_| Field::new(32)).collect(), focus: 0, typing: true, error: None }
    }
}

fn with(mut params: Params, set: &[(&'static str, Value)]) -> Params {
    for &(name, value) in set {
        let idx = params.index(name).expect("the loader checked the names against the lab's row");
        params.put(idx, value);
    }
    params
}

fn as_json(value: Value) -> Json {
    serde_json::to_value(value).expect("a bool, a number or a name")
}

fn as_text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn metric_unit(lab: &LabStep, metric: &str) -> &'static str {
    lab.lab.metric(metric).map_or("", |spec| spec.unit)
}

/// The better end of what a metric reached so far.
pub(super) fn best(spec: &MetricSpec, extremes: crate::learner::Extremes) -> f64 {
    spec.better_of(extremes.low, extremes.high)
}
