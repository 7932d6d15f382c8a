//! What happened lately, for the progress screen: one entry per step and day, derived from the fold.

use jiff::civil::Date;

use super::{State, xp};
use crate::id::{NodeId, StepId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub day: Date,
    pub what: Happened,
    /// What it added to the total.
    pub xp: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    Solved {
        step: StepId,
        attempts: u32,
    },
    /// The solution was shown and the step not solved on that day.
    Shown {
        step: StepId,
    },
    /// Tried, not solved yet.
    Tried {
        step: StepId,
        attempts: u32,
    },
    Predicted {
        step: StepId,
    },
    Completed {
        node: NodeId,
    },
    /// Drills solved on that day.
    Practised {
        n_solved: u32,
    },
}

impl State {
    /// The last `n` entries, the latest first. A local day counts, not the clock.
    pub fn history(&self, n: usize) -> Vec<Entry> {
        let mut entries: Vec<((Date, i64, u8), Entry)> = self.steps().flat_map(|(id, step)| step_entries(id, step)).collect();
        entries.extend(self.completions().map(|(node, day, at)| {
            ((day, at, 2), Entry { day, what: Happened::Completed { node: node.clone() }, xp: xp::NODE })
        }));
        entries.extend(self.practice().days().filter(|(_, of)| of.solved > 0).map(|(day, of)| {
            let what = Happened::Practised { n_solved: of.solved };
            ((day, of.at, 3), Entry { day, what, xp: self.practice().xp_on(day) })
        }));
        entries.sort_by(|(a, _), (b, _)| b.cmp(a));
        entries.into_iter().take(n).map(|(_, entry)| entry).collect()
    }

    /// What this local day added to the total.
    pub fn xp_on(&self, day: Date) -> u32 {
        let steps: u32 = self
            .steps()
            .map(|(_, step)| step.paid_on(day) + if step.predicted_on == Some(day) { xp::PREDICTION } else { 0 })
            .sum();
        let n_completed = self.completions().filter(|&(_, on, _)| on == day).count();
        steps + xp::NODE * n_completed as u32 + self.practice().xp_on(day)
    }
}

fn step_entries<'a>(id: &'a StepId, step: &'a super::StepState) -> impl Iterator<Item = ((Date, i64, u8), Entry)> + use<'a> {
    let predicted = step.predicted_on.map(|day| {
        let at = step.days.get(&day).map_or(0, |tally| tally.at);
        ((day, at, 0), Entry { day, what: Happened::Predicted { step: id.clone() }, xp: xp::PREDICTION })
    });
    let graded = step.days.iter().filter_map(move |(&day, tally)| {
        let (step_id, attempts) = (id.clone(), tally.attempts);
        let what = match (tally.solved, tally.shown, attempts) {
            (true, ..) => Happened::Solved { step: step_id, attempts },
            (_, true, _) => Happened::Shown { step: step_id },
            (.., 0) => return None,
            _ => Happened::Tried { step: step_id, attempts },
        };
        Some(((day, tally.at, 1), Entry { day, what, xp: step.paid_on(day) }))
    });
    predicted.into_iter().chain(graded)
}
