//! Grading: a step, a seed and an answer make a verdict. Pure functions; nothing is stored here.

mod draw;
mod number;
mod output;

use serde::{Deserialize, Serialize};

pub use draw::{draw, fill, filled, show, shuffled};
pub(super) use number::{compute, within};
pub use output::{OutputLine, compare_output, grade_output, grade_tests};

use super::model::{ChoiceStep, ClozePiece, ClozeStep, Step, StepBody};
use crate::text::Text;

/// An answer in the terms of the lesson file, so that it can be kept in the log: options, items and partners are numbered
/// as they stand there, whatever the order on screen was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The chosen options.
    Choice(Vec<usize>),
    /// What was typed, for each part.
    Numeric(Vec<String>),
    /// What was typed, for each blank.
    Cloze(Vec<String>),
    /// The items in the order in which they were put.
    Order(Vec<usize>),
    /// For each left side the partner that it was given; the extras are numbered after the pairs.
    Match(Vec<Option<usize>>),
    /// What a listing was said to print.
    Output(String),
    /// The code that was written.
    Code(String),
}

/// What an answer is worth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    pub correct: bool,
    /// Right or wrong for each part, blank, item, left side; for a choice, for each chosen option.
    pub parts: Vec<bool>,
    /// Markdown that tells why, with values filled in.
    pub feedback: Vec<Text>,
    /// Ids of the misconceptions that the answer shows.
    pub misconceptions: Vec<String>,
    /// The answer could not be read: shown at the field, and not an attempt.
    pub error: Option<FieldError>,
}

/// Why an entry could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// Which part.
    pub part: usize,
    pub message: String,
}

impl Verdict {
    fn of_parts(parts: Vec<bool>) -> Self {
        Self { correct: parts.iter().all(|&right| right), parts, ..Self::default() }
    }

    fn unreadable(part: usize, message: String) -> Self {
        Self { error: Some(FieldError { part, message }), ..Self::default() }
    }
}

/// Grades an answer to a question. The seed is that of [`draw`]; a lab step is graded by its goal instead, outputs and
/// exercises by what a run gives ([`grade_output`], [`grade_tests`]).
pub fn grade(step: &Step, seed: u64, answer: &Answer) -> Verdict {
    match (&step.body, answer) {
        (StepBody::Choice(choice), Answer::Choice(chosen)) => grade_choice(choice, chosen),
        (StepBody::Numeric(numeric), Answer::Numeric(typed)) => number::grade(numeric, &draw(numeric, seed), typed),
        (StepBody::Cloze(cloze), Answer::Cloze(typed)) => grade_cloze(cloze, typed),
        (StepBody::Order(order), Answer::Order(put)) => {
            Verdict::of_parts((0..order.items.len()).map(|idx| put.get(idx) == Some(&idx)).collect())
        }
        (StepBody::Match(pairs), Answer::Match(given)) => {
            Verdict::of_parts((0..pairs.pairs.len()).map(|idx| given.get(idx) == Some(&Some(idx))).collect())
        }
        _ => Verdict::unreadable(0, "this is not an answer to this kind of question".into()),
    }
}

fn grade_choice(step: &ChoiceStep, chosen: &[usize]) -> Verdict {
    let options: Vec<_> = chosen.iter().filter_map(|&idx| step.options.get(idx)).collect();
    if options.is_empty() {
        return Verdict::unreadable(0, "choose an option first".into());
    }
    let parts: Vec<bool> = options.iter().map(|option| option.correct).collect();
    let n_right = step.options.iter().enumerate().filter(|(idx, option)| option.correct && chosen.contains(idx)).count();
    let all_found = n_right == step.options.iter().filter(|option| option.correct).count();
    let correct = all_found && parts.iter().all(|&right| right);
    // A wrong answer shows only why its own wrong options are wrong; the others stay open.
    let told = options.iter().filter(|option| correct || !option.correct);
    let mut feedback: Vec<Text> = told.map(|option| option.feedback.clone()).collect();
    if feedback.is_empty() {
        feedback.push(Text::clean("Right so far, but another option is right as well."));
    }
    let misconceptions = options.iter().filter(|o| !o.correct).filter_map(|o| o.misconception.clone()).collect();
    Verdict { correct, parts, feedback, misconceptions, error: None }
}

fn grade_cloze(step: &ClozeStep, typed: &[String]) -> Verdict {
    let entry = |idx: usize| typed.get(idx).map_or("", |t| t.trim());
    if let Some(empty) = (0..blanks(step).count()).find(|&idx| entry(idx).is_empty()) {
        return Verdict::unreadable(empty, "this blank is still empty".into());
    }
    let parts = blanks(step).enumerate().map(|(idx, accepts)| accepts.iter().any(|a| same_words(a, entry(idx)))).collect();
    Verdict::of_parts(parts)
}

fn blanks(step: &ClozeStep) -> impl Iterator<Item = &[Text]> {
    step.pieces.iter().filter_map(|piece| match piece {
        ClozePiece::Blank(blank) => Some(&*blank.accepts),
        ClozePiece::Text(_) => None,
    })
}

/// Equal but for capitals, spaces, quoting ticks and the shape of the minus.
fn same_words(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let text = text.trim().trim_matches('`').replace('\u{2212}', "-").to_lowercase();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    plain(a) == plain(b)
}

/// The answer that is right, for the numbers of this seed. `None` for steps that are no questions, and for an output
/// without `expect`: only a run can tell.
pub fn solution_answer(step: &Step, seed: u64) -> Option<Answer> {
    Some(match &step.body {
        StepBody::Choice(choice) => {
            Answer::Choice((0..choice.options.len()).filter(|&idx| choice.options[idx].correct).collect())
        }
        StepBody::Numeric(numeric) => Answer::Numeric(number::solution(numeric, &draw(numeric, seed))),
        StepBody::Cloze(cloze) => Answer::Cloze(blanks(cloze).map(|accepts| accepts[0].to_string()).collect()),
        StepBody::Order(order) => Answer::Order((0..order.items.len()).collect()),
        StepBody::Match(pairs) => Answer::Match((0..pairs.pairs.len()).map(Some).collect()),
        StepBody::Output(output) => Answer::Output(output.expect.as_ref()?.to_string()),
        StepBody::Exercise(exercise) => Answer::Code(exercise.solution.to_string()),
        StepBody::Text(_) | StepBody::Code(_) | StepBody::Lab(_) => return None,
    })
}

/// The solution in lines, for the numbers of this seed: right options, values with how they are computed, blanks, items,
/// pairs; for a lab the settings. Empty where there is nothing to solve.
pub fn solution_text(step: &Step, seed: u64) -> Vec<Text> {
    match &step.body {
        StepBody::Choice(choice) => choice.options.iter().filter(|o| o.correct).map(|o| o.text.clone()).collect(),
        StepBody::Numeric(numeric) => number::solution_text(numeric, &draw(numeric, seed)),
        StepBody::Cloze(cloze) => blanks(cloze).map(|accepts| accepts[0].clone()).collect(),
        StepBody::Order(order) => order.items.clone(),
        StepBody::Match(pairs) => pairs.pairs.iter().map(|(a, b)| Text::clean(&format!("{a}: {b}"))).collect(),
        StepBody::Lab(lab) => lab.solution.iter().map(|(name, value)| Text::clean(&format!("{name} = {value}"))).collect(),
        StepBody::Output(output) => output.expect.iter().cloned().collect(),
        StepBody::Exercise(exercise) => vec![exercise.solution.clone()],
        StepBody::Text(_) | StepBody::Code(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
