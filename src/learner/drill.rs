//! Practice: what the log says of drills. A drill is dealt again and again, so it is counted, not kept.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Event, What, xp};
use crate::id::StepId;

/// All of practice: each drill, and what each local day solved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Practice {
    drills: BTreeMap<StepId, DrillState>,
    days: BTreeMap<Date, Day>,
}

/// One drill's part of the fold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrillState {
    /// Answers that were graded.
    pub tried: u32,
    /// Right answers.
    pub solved: u32,
    /// Right answers at the first try, without the solution.
    pub unaided: u32,
}

/// One local day of practice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) solved: u32,
    unaided: u32,
    /// When the last answer came.
    pub(super) at: i64,
}

impl Practice {
    /// A drill that the log never names is empty.
    pub fn drill(&self, drill: &StepId) -> DrillState {
        self.drills.get(drill).copied().unwrap_or_default()
    }

    /// Drills solved on this local day, with or without help.
    pub fn solved_on(&self, day: Date) -> u32 {
        self.days.get(&day).map_or(0, |day| day.solved)
    }

    /// What drills paid on this local day, at most [`xp::DRILLS_A_DAY`].
    pub fn xp_on(&self, day: Date) -> u32 {
        self.days.get(&day).map_or(0, |day| xp::drills(day.unaided))
    }

    pub(super) fn days(&self) -> impl Iterator<Item = (Date, &Day)> {
        self.days.iter().map(|(&date, day)| (date, day))
    }

    /// Folds the answer to a drill in; gives the XP that it adds. Only the number of solved drills of a day counts, so
    /// the order of events does not.
    pub(super) fn fold(&mut self, event: &Event) -> u32 {
        let What::Drill { step, correct, attempt, shown, .. } = &event.what else { return 0 };
        let before = self.xp_on(event.day);
        let drill = self.drills.entry(step.clone()).or_default();
        drill.tried += 1;
        let day = self.days.entry(event.day).or_insert(Day { at: event.at, ..Day::default() });
        day.at = day.at.max(event.at);
        if *correct {
            let unaided = u32::from(*attempt <= 1 && !shown);
            (drill.solved, drill.unaided) = (drill.solved + 1, drill.unaided + unaided);
            (day.solved, day.unaided) = (day.solved + 1, day.unaided + unaided);
        }
        self.xp_on(event.day) - before
    }
}
