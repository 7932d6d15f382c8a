//! What a course is once it is loaded. Plain data; text is already clean, answers are already checked by the loader.

use std::collections::BTreeMap;

use super::diagnostic::Place;
use crate::{
    expr::Expr,
    id::{NodeId, StepId, StepKind},
    lab::{Lab, MetricSpec, Value},
    script::Test,
    text::Text,
};

/// A course as known at the start: everything but the bodies of its lessons.
#[derive(Clone, Debug)]
pub struct Course {
    pub id: String,
    pub title: Text,
    pub version: Text,
    pub authors: Vec<Text>,
    pub licence: Text,
    pub language: Text,
    pub tracks: Vec<Track>,
    pub paths: Vec<Path>,
    pub misconceptions: Vec<Misconception>,
    /// In the order of the paths, then of the tracks; each lesson's prerequisites stand before it.
    pub heads: Vec<Head>,
}

impl Course {
    /// The head of a lesson of this course.
    pub fn head(&self, node: &NodeId) -> Option<&Head> {
        self.heads.iter().find(|h| h.node == *node)
    }
}

/// A subject that lessons belong to.
#[derive(Clone, Debug)]
pub struct Track {
    pub id: String,
    pub title: Text,
}

/// A way through the course, chapter by chapter.
#[derive(Clone, Debug)]
pub struct Path {
    pub id: String,
    pub title: Text,
    pub chapters: Vec<PathChapter>,
}

/// Lessons of a path under one heading, in order.
#[derive(Clone, Debug)]
pub struct PathChapter {
    pub title: Text,
    pub lessons: Vec<NodeId>,
}

/// A wrong belief that options and wrong values of questions point at.
#[derive(Clone, Debug)]
pub struct Misconception {
    pub id: String,
    pub text: Text,
}

/// How finished a lesson is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Hidden from learners.
    Wip,
    Beta,
    Active,
    Deprecated,
}

/// A lesson as the map knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub node: NodeId,
    pub title: Text,
    /// The id of its track.
    pub track: String,
    pub status: Status,
    pub summary: Text,
    pub goals: Vec<Text>,
    pub requires: Vec<NodeId>,
    pub minutes: u32,
    pub steps: Vec<StepHead>,
}

impl Head {
    /// How many of the steps are the main line.
    pub fn n_main(&self) -> usize {
        self.steps.iter().filter(|step| !step.kind.is_further()).count()
    }

    /// How people speak of a step: `step 4`, and behind the closing card `the exercise`.
    pub fn step_name(&self, step: &StepId) -> Option<String> {
        let at = self.steps.iter().position(|head| head.id == *step)?;
        Some(if at < self.n_main() { format!("step {}", at + 1) } else { "the exercise".into() })
    }
}

/// A step as the XP table knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct StepHead {
    pub id: StepId,
    pub kind: StepKind,
    pub rev: u32,
    /// The step asks for a prediction before its first run.
    pub predicts: bool,
    /// The step has a goal (lab steps without one are free play).
    pub graded: bool,
    /// The metric whose personal best is kept, where the step has a par.
    pub par: Option<&'static MetricSpec>,
}

/// A lesson with its steps.
#[derive(Clone, Debug)]
pub struct Lesson {
    pub node: NodeId,
    /// The file that it was read from.
    pub file: Text,
    pub title: Text,
    pub goals: Vec<Text>,
    pub minutes: u32,
    pub sources: Vec<Text>,
    /// Markdown: what an engineer looks up later. A finished lesson opens with it.
    pub card: Option<Text>,
    /// The one line that does it in the library of the trade.
    pub for_real: Option<Text>,
    /// The main line, then what stands behind the closing card.
    pub steps: Vec<Step>,
    /// Numeric questions for practice, once the lesson is complete.
    pub drills: Vec<Step>,
    pub terms: Vec<Term>,
    /// What links to the course's terms show, by the term's id; a lesson that stands alone knows none.
    pub term_names: BTreeMap<String, Text>,
    pub faqs: Vec<Faq>,
}

impl Lesson {
    /// The steps as the XP table knows them.
    pub fn step_heads(&self) -> Vec<StepHead> {
        self.steps.iter().map(Step::head).collect()
    }

    /// How many of the steps are the main line; the closing card stands behind them.
    pub fn n_main(&self) -> usize {
        self.steps.iter().filter(|step| !step.kind().is_further()).count()
    }

    /// The place of a step by its own id, without course and lesson.
    pub fn step_idx(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|s| s.id.step() == id)
    }
}

/// One step of a lesson.
#[derive(Clone, Debug)]
pub struct Step {
    pub id: StepId,
    /// Where it begins in the lesson's file.
    pub place: Place,
    /// Raised when the answer or the meaning changes.
    pub rev: u32,
    pub hints: Vec<Text>,
    /// Markdown, shown once solved or when the solution was shown.
    pub explain: Option<Text>,
    pub body: StepBody,
}

/// What a step is, by its kind.
#[derive(Clone, Debug)]
pub enum StepBody {
    /// Markdown.
    Text(Text),
    Code(CodeStep),
    Lab(LabStep),
    Choice(ChoiceStep),
    Numeric(NumericStep),
    Cloze(ClozeStep),
    Order(OrderStep),
    Match(MatchStep),
    Output(OutputStep),
    Exercise(ExerciseStep),
}

impl Status {
    /// Every status, from hidden to retired.
    pub const ALL: [Self; 4] = [Self::Wip, Self::Beta, Self::Active, Self::Deprecated];

    /// The name in lesson files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wip => "wip",
            Self::Beta => "beta",
            Self::Active => "active",
            Self::Deprecated => "deprecated",
        }
    }
}

impl StepBody {
    pub fn kind(&self) -> StepKind {
        match self {
            Self::Text(_) => StepKind::Text,
            Self::Code(_) => StepKind::Code,
            Self::Lab(_) => StepKind::Lab,
            Self::Choice(_) => StepKind::Choice,
            Self::Numeric(_) => StepKind::Numeric,
            Self::Cloze(_) => StepKind::Cloze,
            Self::Order(_) => StepKind::Order,
            Self::Match(_) => StepKind::Match,
            Self::Output(_) => StepKind::Output,
            Self::Exercise(_) => StepKind::Exercise,
        }
    }
}

impl Step {
    pub fn kind(&self) -> StepKind {
        self.body.kind()
    }

    /// Whether the step is answered and pays XP for the answer.
    pub fn graded(&self) -> bool {
        match &self.body {
            StepBody::Text(_) | StepBody::Code(_) => false,
            StepBody::Lab(lab) => lab.goal.is_some(),
            _ => true,
        }
    }

    /// The step as the XP table knows it.
    pub fn head(&self) -> StepHead {
        let par = match &self.body {
            StepBody::Lab(lab) => lab.par.and_then(|par| lab.lab.metric(par.metric)),
            _ => None,
        };
        let (predicts, graded) = (self.predicts(), self.graded());
        StepHead { id: self.id.clone(), kind: self.kind(), rev: self.rev, predicts, graded, par }
    }

    /// Whether a prediction is asked for before the first run.
    pub fn predicts(&self) -> bool {
        matches!(&self.body, StepBody::Lab(lab) if !lab.predict.is_empty())
    }
}

/// Listings shown in tabs: the same thing in several languages.
#[derive(Clone, Debug)]
pub struct CodeStep {
    /// Markdown above the listing.
    pub prompt: Option<Text>,
    /// The listing that runs here.
    pub run: Option<Text>,
    /// What it prints.
    pub expect: Option<Text>,
    /// The same in other languages, shown beside it.
    pub listings: Vec<Listing>,
}

impl CodeStep {
    /// Every tab: the listing that runs first, then the others.
    pub fn tabs(&self) -> Vec<(&str, &Text)> {
        let others = self.listings.iter().map(|listing| (listing.language.as_str(), &listing.code));
        self.run.iter().map(|code| (SCRIPT, code)).chain(others).collect()
    }
}

/// The language of listings that run.
pub const SCRIPT: &str = "rhai";

/// A listing whose output the learner foretells.
#[derive(Clone, Debug)]
pub struct OutputStep {
    /// Markdown above the listing.
    pub prompt: Option<Text>,
    pub run: Text,
    pub expect: Option<Text>,
}

/// Code that the learner writes, graded by tests.
#[derive(Clone, Debug)]
pub struct ExerciseStep {
    /// Markdown above the editor.
    pub prompt: Option<Text>,
    pub starter: Text,
    pub solution: Text,
    pub tests: Vec<Test>,
}

/// One tab of a [`CodeStep`].
#[derive(Clone, Debug)]
pub struct Listing {
    /// `numpy`, `pytorch`, `c`, `rust`, ...: the key in the lesson file.
    pub language: String,
    pub code: Text,
}

/// A lab in a lesson: free play, or a challenge where there is a goal.
#[derive(Clone, Debug)]
pub struct LabStep {
    pub lab: &'static Lab,
    /// Markdown above the controls.
    pub prompt: Option<Text>,
    /// Parameters that differ from the lab's defaults.
    pub set: Vec<(&'static str, Value)>,
    /// The controls that the learner may move; the others are hidden.
    pub vary: Vec<&'static str>,
    /// The view that the step opens on (`view = "error"`).
    pub view: Option<&'static str>,
    pub predict: Vec<PredictSpec>,
    /// The challenge in words, shown under the figure; without it the goal is shown as it is written.
    pub challenge: Option<Text>,
    /// The graded challenge, over metrics and parameters of the lab.
    pub goal: Option<Expr>,
    pub par: Option<Par>,
    pub solution: Vec<(&'static str, Value)>,
    pub alt: Option<Text>,
}

/// Asked before the first run. Paid for being made, never for being right.
#[derive(Clone, Debug)]
pub struct PredictSpec {
    /// A metric of the lab.
    pub metric: &'static str,
    /// The question; by default made from the metric's label.
    pub prompt: Option<Text>,
    pub tolerance: Tolerance,
}

/// The value of a metric at which a solved challenge reaches par; which side is better is the metric's own.
#[derive(Clone, Copy, Debug)]
pub struct Par {
    pub metric: &'static str,
    pub value: f64,
}

/// Options to choose one or many of.
#[derive(Clone, Debug)]
pub struct ChoiceStep {
    /// Markdown.
    pub prompt: Text,
    pub many: bool,
    pub shuffle: bool,
    pub options: Vec<Opt>,
}

/// One option of a choice; every one has feedback.
#[derive(Clone, Debug)]
pub struct Opt {
    pub text: Text,
    pub correct: bool,
    pub feedback: Text,
    pub misconception: Option<String>,
}

/// Numbers to type in, computed from variables that a seed draws.
#[derive(Clone, Debug)]
pub struct NumericStep {
    /// Markdown with `{=name}` places.
    pub prompt: Text,
    pub vars: Vec<VarSpec>,
    /// One for `answer = { compute = .. }`, several for `parts`.
    pub parts: Vec<NumericPart>,
    pub wrong: Vec<WrongValue>,
    /// Shown behind the field and accepted behind the number.
    pub unit: Text,
}

/// A variable and the values that a seed draws one of.
#[derive(Clone, Debug)]
pub struct VarSpec {
    pub name: String,
    pub values: Vec<f64>,
}

/// One field of a numeric question; the label is empty where it is the only one.
#[derive(Clone, Debug)]
pub struct NumericPart {
    pub label: Text,
    pub answer: AnswerKey,
}

/// The right number: an expression over the variables, and how far off is still right.
#[derive(Clone, Debug)]
pub struct AnswerKey {
    pub compute: Expr,
    pub tolerance: Tolerance,
}

/// Inclusive, with a few ulp of slack; an answer inside either bound is right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance {
    pub abs: f64,
    pub rel: f64,
}

/// A wrong value that has a name: what the learner thought.
#[derive(Clone, Debug)]
pub struct WrongValue {
    /// Which part it stands for; 0 where there is one.
    pub part: usize,
    pub compute: Expr,
    pub feedback: Text,
    pub misconception: Option<String>,
}

/// A text with blanks to fill in.
#[derive(Clone, Debug)]
pub struct ClozeStep {
    pub prompt: Option<Text>,
    pub pieces: Vec<ClozePiece>,
}

impl ClozeStep {
    /// Blanks among the pieces.
    pub fn n_blanks(&self) -> usize {
        self.pieces.iter().filter(|piece| matches!(piece, ClozePiece::Blank(_))).count()
    }
}

/// Text as it stands, or a blank.
#[derive(Clone, Debug)]
pub enum ClozePiece {
    Text(Text),
    Blank(Blank),
}

/// A blank with the answers it accepts; the first is shown as the solution.
#[derive(Clone, Debug)]
pub struct Blank {
    pub accepts: Vec<Text>,
}

/// Items to put in order.
#[derive(Clone, Debug)]
pub struct OrderStep {
    pub prompt: Text,
    /// In the right order.
    pub items: Vec<Text>,
}

/// Items on the left, each with one partner on the right.
#[derive(Clone, Debug)]
pub struct MatchStep {
    pub prompt: Text,
    pub pairs: Vec<(Text, Text)>,
    /// Partners that belong to nothing.
    pub extra: Vec<Text>,
}

impl MatchStep {
    /// A partner by its number: the right sides of the pairs, then the extras.
    pub fn partner(&self, idx: usize) -> &str {
        let partner = self.pairs.get(idx).map(|(_, right)| right).or_else(|| self.extra.get(idx.checked_sub(self.pairs.len())?));
        partner.map_or("", |text| text.as_str())
    }
}

/// A term of the glossary; `preview` is the formula it stands for.
#[derive(Clone, Debug)]
pub struct Term {
    pub id: String,
    pub name: Text,
    pub text: Text,
    pub preview: Option<Text>,
}

/// A question that people ask, and its answer in Markdown.
#[derive(Clone, Debug)]
pub struct Faq {
    pub q: Text,
    pub a: Text,
}
