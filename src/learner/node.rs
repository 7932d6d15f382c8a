//! Where a lesson stands on the map: the fold seen through the facts of the courses.

use super::{CourseFacts, GradedStep, NodeFacts, State, xp};
use crate::id::{NodeId, StepId, StepKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    Locked,
    Open,
    InProgress,
    Complete,
    /// Complete, and its code exercise solved.
    Exercised,
    /// Complete, with par met wherever there is one and every question solved unaided.
    Star,
}

impl Mark {
    /// The name in JSON and in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Open => "open",
            Self::InProgress => "in-progress",
            Self::Complete => "complete",
            Self::Exercised => "exercised",
            Self::Star => "star",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeState {
    pub mark: Mark,
    /// Graded steps that are done, of `total`.
    pub done: usize,
    pub total: usize,
    pub xp_earned: u32,
    pub xp_possible: u32,
    /// Prerequisites that are not complete, in the order of the lesson file.
    pub missing: Vec<NodeId>,
}

impl State {
    /// A node that the facts do not know is open and empty.
    ///
    /// What was begun is never locked again. A prerequisite counts as met once it was completed, also when its course
    /// has grown since; one that no course has locks nothing.
    pub fn node(&self, node: &NodeId, facts: &CourseFacts) -> NodeState {
        let empty = NodeFacts::default();
        let known = facts.nodes.get(node).unwrap_or(&empty);
        let missing: Vec<NodeId> = known.requires.iter().filter(|needed| !self.is_met(needed, facts)).cloned().collect();
        NodeState {
            mark: self.mark(node, known, missing.is_empty() || self.opens_all()),
            done: known.graded.iter().filter(|step| self.step(&step.id).done()).count(),
            total: known.graded.len(),
            xp_earned: self.xp_earned(node, known),
            xp_possible: known.xp_possible(),
            missing,
        }
    }

    /// Whether a solution of `step` now would complete its lesson, and so should carry `completes`.
    pub fn would_complete(&self, step: &StepId, facts: &CourseFacts) -> bool {
        let node = step.node();
        let Some(known) = facts.nodes.get(&node) else { return false };
        !self.has_completed(&node)
            && known.graded.iter().any(|graded| graded.id == *step)
            && known.graded.iter().all(|graded| graded.id == *step || self.step(&graded.id).done())
    }

    fn mark(&self, node: &NodeId, known: &NodeFacts, unlocked: bool) -> Mark {
        if self.is_complete(node, known) {
            let starred = !known.graded.is_empty() && known.graded.iter().all(|step| self.shines(step));
            let exercised = !known.further.is_empty() && known.further.iter().all(|step| self.step(&step.id).solved);
            return match (starred, exercised) {
                (true, _) => Mark::Star,
                (false, true) => Mark::Exercised,
                (false, false) => Mark::Complete,
            };
        }
        if self.has_begun(node) {
            Mark::InProgress
        } else if unlocked {
            Mark::Open
        } else {
            Mark::Locked
        }
    }

    /// All graded steps are done; a lesson without any is complete once it was opened.
    fn is_complete(&self, node: &NodeId, known: &NodeFacts) -> bool {
        self.has_begun(node) && known.graded.iter().all(|step| self.step(&step.id).done())
    }

    fn is_met(&self, needed: &NodeId, facts: &CourseFacts) -> bool {
        self.has_completed(needed) || facts.nodes.get(needed).is_none_or(|known| self.is_complete(needed, known))
    }

    fn shines(&self, graded: &GradedStep) -> bool {
        let step = self.step(&graded.id);
        match graded.kind {
            StepKind::Lab if graded.par => step.par,
            StepKind::Lab => step.solved,
            _ => step.unaided,
        }
    }

    /// What the steps that the lesson has today have paid, at most what they can pay.
    fn xp_earned(&self, node: &NodeId, known: &NodeFacts) -> u32 {
        let paid = |step: &GradedStep| self.step(&step.id).paid.min(xp::worth(step.kind, step.par));
        let steps: u32 = known.graded.iter().chain(&known.further).map(paid).sum();
        let n_predicted = known.predictions.iter().filter(|step| self.step(step).predicted()).count();
        let node = if self.has_completed(node) && !known.graded.is_empty() { xp::NODE } else { 0 };
        steps + xp::PREDICTION * n_predicted as u32 + node
    }
}
