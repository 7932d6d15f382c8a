//! What the log says of one step.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

use super::{Event, EventId, What, xp};
use crate::id::StepKind;

/// One step's part of the fold; everything is empty for a step that the log never names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepState {
    /// Answered right, or the challenge passed.
    pub solved: bool,
    /// Solved at the first try of a day, without a hint or the solution on that day.
    pub unaided: bool,
    /// The challenge was passed at par.
    pub par: bool,
    /// The solution was shown, on any day.
    pub shown: bool,
    /// Gone on without solving, at least once.
    pub skipped: bool,
    /// The most that a solution of this step ever earned.
    pub paid: u32,
    pub(super) predicted_on: Option<Date>,
    pub(super) days: BTreeMap<Date, Tally>,
    pub(super) best: BTreeMap<String, Extremes>,
    pub(super) answer: Latest<GivenAnswer>,
    pub(super) guesses: Latest<BTreeMap<String, f64>>,
    pub(super) draft: Latest<Value>,
    pub(super) controls: Latest<BTreeMap<String, Value>>,
    /// When the learner last came here.
    pub(super) visited: Latest<()>,
}

impl StepState {
    /// Answered right, or the solution was shown.
    pub fn done(&self) -> bool {
        self.solved || self.shown
    }

    /// All XP that the step has paid, its prediction included.
    pub fn xp(&self) -> u32 {
        self.paid + if self.predicted() { xp::PREDICTION } else { 0 }
    }

    /// Graded answers and checked runs on this local day.
    pub fn attempts_on(&self, day: Date) -> u32 {
        self.days.get(&day).map_or(0, |tally| tally.attempts)
    }

    /// Different hints read on this local day.
    pub fn hints_on(&self, day: Date) -> u32 {
        self.days.get(&day).map_or(0, |tally| tally.hints.count_ones())
    }

    /// The number of the furthest hint that was ever read, 0 for none.
    pub fn hints(&self) -> u32 {
        u64::BITS - self.days.values().fold(0, |all, tally| all | tally.hints).leading_zeros()
    }

    pub fn shown_on(&self, day: Date) -> bool {
        self.days.get(&day).is_some_and(|tally| tally.shown)
    }

    /// The learner was here, on any day.
    pub fn seen(&self) -> bool {
        self.visited.key().is_some()
    }

    pub fn predicted(&self) -> bool {
        self.predicted_on.is_some()
    }

    /// The latest prediction: metric to value.
    pub fn prediction(&self) -> Option<&BTreeMap<String, f64>> {
        self.guesses.get()
    }

    /// The latest graded answer to a question, as it was given.
    pub fn last_answer(&self) -> Option<&GivenAnswer> {
        self.answer.get()
    }

    /// The unfinished answer, unless one was handed in after it.
    pub fn draft(&self) -> Option<&Value> {
        if self.draft.key() > self.answer.key() { self.draft.get() } else { None }
    }

    /// The controls of the lab as they were left.
    pub fn controls(&self) -> Option<&BTreeMap<String, Value>> {
        self.controls.get()
    }

    /// What a metric reached over all passed runs. Which end is the better one is the metric's own: the caller knows.
    pub fn best(&self, metric: &str) -> Option<Extremes> {
        self.best.get(metric).copied()
    }

    /// All metrics of passed runs, by name.
    pub fn bests(&self) -> impl Iterator<Item = (&str, Extremes)> {
        self.best.iter().map(|(name, extremes)| (name.as_str(), *extremes))
    }

    /// Folds an event of this step in and says what follows beyond the step.
    pub(super) fn fold(&mut self, event: &Event) -> Outcome {
        let key = (event.at, event.id);
        let mut outcome = Outcome::default();
        match &event.what {
            What::Answer { rev, step_kind, seed, answer, correct, attempt, hints, shown, completes, .. } => {
                let given = || GivenAnswer { rev: *rev, seed: *seed, answer: answer.clone(), correct: *correct };
                self.answer.offer(key, given);
                self.tally(event).attempts += 1;
                if *correct {
                    let full = xp::base(*step_kind);
                    let solve = Solve { full, attempt: *attempt, hints: *hints, shown: *shown, par: false };
                    outcome = Outcome { gain: self.solve(event, &solve), solved: true, completes: *completes };
                }
            }
            What::Challenge { metrics, passed, par, attempt, hints, shown, completes, .. } => {
                self.tally(event).attempts += 1;
                if *passed {
                    self.keep_best(metrics);
                    let full = xp::worth(StepKind::Lab, *par);
                    let solve = Solve { full, attempt: *attempt, hints: *hints, shown: *shown, par: *par };
                    outcome = Outcome { gain: self.solve(event, &solve), solved: true, completes: *completes };
                }
            }
            What::Prediction { guesses, .. } => {
                self.guesses.offer(key, || guesses.clone());
                outcome.gain = self.predict(event);
            }
            What::Hint { n, .. } => self.tally(event).hints |= 1 << n.saturating_sub(1).min(u64::BITS - 1),
            What::Solution { completes, .. } => {
                self.tally(event).shown = true;
                self.shown = true;
                outcome.completes = *completes;
            }
            What::Skip { .. } => self.skipped = true,
            What::Position { .. } => self.visited.offer(key, || ()),
            What::Draft { draft, .. } => self.draft.offer(key, || draft.clone()),
            What::Controls { params, .. } => self.controls.offer(key, || params.clone()),
            What::Drill { .. } | What::Setting { .. } => {}
        }
        outcome
    }

    /// The XP that this solution adds.
    fn solve(&mut self, event: &Event, solve: &Solve) -> u32 {
        let earned = solve.earned();
        let tally = self.tally(event);
        tally.solved = true;
        tally.earned = tally.earned.max(earned);
        self.solved = true;
        self.unaided |= solve.is_unaided();
        self.par |= solve.par;
        let gain = earned.saturating_sub(self.paid);
        self.paid += gain;
        gain
    }

    /// The XP that this prediction adds.
    fn predict(&mut self, event: &Event) -> u32 {
        self.tally(event);
        let gain = if self.predicted() { 0 } else { xp::PREDICTION };
        self.predicted_on = Some(self.predicted_on.map_or(event.day, |day| day.min(event.day)));
        gain
    }

    fn keep_best(&mut self, metrics: &BTreeMap<String, Option<f64>>) {
        for (name, value) in metrics {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            match self.best.get_mut(name) {
                Some(best) => *best = Extremes { low: best.low.min(value), high: best.high.max(value) },
                None => _ = self.best.insert(name.clone(), Extremes { low: value, high: value }),
            }
        }
    }

    fn tally(&mut self, event: &Event) -> &mut Tally {
        let tally = self.days.entry(event.day).or_insert_with(|| Tally { at: event.at, ..Tally::default() });
        tally.at = tally.at.max(event.at);
        tally
    }

    /// What the step's solutions added on this day to what earlier days had earned.
    pub(super) fn paid_on(&self, day: Date) -> u32 {
        let before = self.days.range(..day).map(|(_, tally)| tally.earned).max().unwrap_or(0);
        self.days.get(&day).map_or(0, |tally| tally.earned.saturating_sub(before))
    }
}

/// A graded answer as the learner gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenAnswer {
    pub rev: u32,
    /// The seed by which options were shuffled and variables drawn.
    pub seed: u64,
    pub answer: Value,
    pub correct: bool,
}

/// The lowest and the highest finite value of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    pub low: f64,
    pub high: f64,
}

/// What follows from an event beyond its step.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) gain: u32,
    pub(super) solved: bool,
    /// The lesson is complete with it.
    pub(super) completes: bool,
}

/// What decides the worth of a right answer; all of it stands in the event.
struct Solve {
    full: u32,
    attempt: u32,
    hints: u32,
    shown: bool,
    par: bool,
}

impl Solve {
    fn earned(&self) -> u32 {
        if self.shown { 0 } else { xp::pay(self.full, self.attempt, self.hints) }
    }

    fn is_unaided(&self) -> bool {
        self.attempt <= 1 && self.hints == 0 && !self.shown
    }
}

/// One local day of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) attempts: u32,
    /// Bit n - 1 for hint n.
    pub(super) hints: u64,
    pub(super) shown: bool,
    pub(super) solved: bool,
    /// The most that a solution of this day earned.
    pub(super) earned: u32,
    /// When the last thing of this day happened.
    pub(super) at: i64,
}

/// The latest of several values by `(at, id)`, in whichever order they come.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Latest<T>(Option<(Key, T)>);

/// Time and id of an event: the order in which the latest is found.
pub(super) type Key = (i64, EventId);

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Latest<T> {
    pub(super) fn offer(&mut self, key: Key, value: impl FnOnce() -> T) {
        if self.0.as_ref().is_none_or(|(held, _)| *held < key) {
            self.0 = Some((key, value()));
        }
    }

    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    pub(super) fn key(&self) -> Option<Key> {
        self.0.as_ref().map(|&(key, _)| key)
    }
}
