//! The learner: what happened (events) and what follows from it (their fold). No disk here.
//!
//! XP is awarded in one place, [`State::apply`]. Completion and unlocking fold over [`CourseFacts`], which the model
//! fills from the heads of the courses; they are never logged.
//!
//! The fold is a join: every event is worth what it says by itself, a step keeps the most that one of its events was
//! worth, and of drafts, positions and settings the latest by `(at, id)` stays. So neither the order in which events
//! come nor their repetition matters, and two logs merge by uniting their events.

mod drill;
mod event;
mod history;
mod node;
mod state;
mod step;
mod streak;
pub mod xp;

use std::collections::BTreeMap;

pub use drill::{DrillState, Practice};
pub use event::{Event, EventId, What};
pub use history::{Entry, Happened};
pub use node::{Mark, NodeState};
pub use state::{OPEN_ALL, State, Tries};
pub use step::{Extremes, GivenAnswer, StepState};

use crate::id::{NodeId, StepId, StepKind};

/// What the learner's state needs to know of the courses.
#[derive(Clone, Debug, Default)]
pub struct CourseFacts {
    pub nodes: BTreeMap<NodeId, NodeFacts>,
}

#[derive(Clone, Debug, Default)]
pub struct NodeFacts {
    pub requires: Vec<NodeId>,
    /// The steps that must be done for the node to be complete, in order.
    pub graded: Vec<GradedStep>,
    /// Graded steps behind the closing card: they pay, and the node is complete without them.
    pub further: Vec<GradedStep>,
    /// Steps that ask for a prediction.
    pub predictions: Vec<StepId>,
}

impl NodeFacts {
    /// All XP that the node can pay.
    pub fn xp_possible(&self) -> u32 {
        let steps: u32 = self.graded.iter().chain(&self.further).map(|step| xp::worth(step.kind, step.par)).sum();
        let predictions = xp::PREDICTION * self.predictions.len() as u32;
        let node = if self.graded.is_empty() { 0 } else { xp::NODE };
        steps + predictions + node
    }
}

#[derive(Clone, Debug)]
pub struct GradedStep {
    pub id: StepId,
    pub kind: StepKind,
    pub par: bool,
}

#[cfg(test)]
mod tests;
