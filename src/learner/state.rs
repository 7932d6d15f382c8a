//! The fold of the log.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::civil::Date;

use super::{Event, EventId, Practice, StepState, What, step::Latest, streak, xp};
use crate::id::{NodeId, StepId};

/// The setting that unlocks every lesson; its value is `on`.
pub const OPEN_ALL: &str = "open-all";

/// Everything that follows from the log. Answers are not kept but for the last of each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    seen: HashSet<EventId>,
    steps: BTreeMap<StepId, StepState>,
    /// The first completion of a lesson: local day and time.
    completed: BTreeMap<NodeId, (Date, i64)>,
    settings: BTreeMap<String, Latest<String>>,
    position: Latest<StepId>,
    solved_days: BTreeSet<Date>,
    latest: Option<i64>,
    xp: u32,
    practice: Practice,
    unseen: StepState,
}

/// What the next graded answer to a step must carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// 1 for the first try of the day.
    pub attempt: u32,
    pub hints: u32,
    pub shown: bool,
}

impl State {
    /// Folds one event in and says how much XP it added. An event that was folded before changes nothing.
    pub fn apply(&mut self, event: &Event) -> u32 {
        if !self.seen.insert(event.id) {
            return 0;
        }
        self.latest = self.latest.max(Some(event.at));
        let before = self.xp;
        self.fold(event);
        self.xp - before
    }

    pub fn apply_all<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) {
        for event in events {
            self.apply(event);
        }
    }

    /// The time to write into a new event: `now`, but always after every event of this log, so that a clock which was
    /// set back cannot make a new draft or setting older than the one it replaces.
    pub fn stamp(&self, now: i64) -> i64 {
        self.latest.map_or(now, |latest| now.max(latest.saturating_add(1))).min(jiff::Timestamp::MAX.as_millisecond())
    }

    /// The numbers that an answer to this step on this local day must carry.
    pub fn tries(&self, step: &StepId, day: Date) -> Tries {
        let step = self.step(step);
        Tries { attempt: step.attempts_on(day) + 1, hints: step.hints_on(day), shown: step.shown_on(day) }
    }

    pub fn step(&self, step: &StepId) -> &StepState {
        self.steps.get(step).unwrap_or(&self.unseen)
    }

    /// Every step that the log speaks of.
    pub fn steps(&self) -> impl Iterator<Item = (&StepId, &StepState)> {
        self.steps.iter()
    }

    /// What practice came to.
    pub fn practice(&self) -> &Practice {
        &self.practice
    }

    fn steps_of(&self, node: &NodeId) -> impl Iterator<Item = (&StepId, &StepState)> {
        // Ids sort as text, so the steps of a node stand together behind `course/lesson/`.
        let prefix = node.step("");
        self.steps.range(prefix.clone()..).take_while(move |(id, _)| id.as_str().starts_with(prefix.as_str()))
    }

    pub fn xp(&self) -> u32 {
        self.xp
    }

    pub fn level(&self) -> u32 {
        xp::level(self.xp)
    }

    /// XP since this level began, and how much the level takes.
    pub fn level_progress(&self) -> (u32, u32) {
        let (start, next) = (xp::level_start(self.level()), xp::level_start(self.level() + 1));
        (self.xp - start, next - start)
    }

    /// Days in a row up to today, 0 when none or ended.
    pub fn streak(&self, today: Date) -> u32 {
        streak::streak(&self.solved_days, today)
    }

    /// Where the learner stood last.
    pub fn last_position(&self) -> Option<&StepId> {
        self.position.get()
    }

    /// Where the learner stood last in this lesson.
    pub fn position_in(&self, node: &NodeId) -> Option<&StepId> {
        let latest =
            self.steps_of(node).filter(|(_, step)| step.visited.key().is_some()).max_by_key(|(_, step)| step.visited.key());
        latest.map(|(id, _)| id)
    }

    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key)?.get().map(String::as_str)
    }

    pub fn opens_all(&self) -> bool {
        self.setting(OPEN_ALL) == Some("on")
    }

    /// Nothing happened yet: the first run.
    pub fn is_new(&self) -> bool {
        self.seen.is_empty()
    }

    /// The lesson paid its completion once.
    pub fn has_completed(&self, node: &NodeId) -> bool {
        self.completed.contains_key(node)
    }

    /// The log speaks of a step of this lesson.
    pub(super) fn has_begun(&self, node: &NodeId) -> bool {
        self.steps_of(node).next().is_some()
    }

    pub(super) fn completions(&self) -> impl Iterator<Item = (&NodeId, Date, i64)> {
        self.completed.iter().map(|(node, &(day, at))| (node, day, at))
    }

    fn fold(&mut self, event: &Event) {
        let key = (event.at, event.id);
        let Some(id) = event.what.step() else {
            if let What::Setting { key: name, value } = &event.what {
                self.settings.entry(name.clone()).or_default().offer(key, || value.clone());
            }
            return;
        };
        if let What::Drill { correct, .. } = event.what {
            let gain = self.practice.fold(event);
            self.award(gain);
            if correct {
                self.solved_days.insert(event.day);
            }
            return;
        }
        if matches!(event.what, What::Position { .. }) {
            self.position.offer(key, || id.clone());
        }
        let outcome = if let Some(step) = self.steps.get_mut(id) {
            step.fold(event)
        } else {
            let mut step = StepState::default();
            let outcome = step.fold(event);
            self.steps.insert(id.clone(), step);
            outcome
        };
        self.award(outcome.gain);
        if outcome.solved {
            self.solved_days.insert(event.day);
        }
        if outcome.completes {
            self.complete(id.node(), event);
        }
    }

    fn complete(&mut self, node: NodeId, event: &Event) {
        let now = (event.day, event.at);
        let first = self.completed.insert(node.clone(), now);
        match first {
            None => self.award(xp::NODE),
            Some(first) => _ = self.completed.insert(node, first.min(now)),
        }
    }

    fn award(&mut self, xp: u32) {
        self.xp = self.xp.saturating_add(xp);
    }
}
