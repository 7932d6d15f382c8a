//! Habits of a good lesson, as warnings: short texts, few steps, few new controls, a card that fits a screen.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::{
    diagnostic::Code,
    lesson::Reader,
    markup::n_words,
    model::{Lesson, Step, StepBody},
    raw::Str,
};

const MAX_WORDS: usize = 120;
const MAX_STEPS: usize = 12;
const MAX_MINUTES: u32 = 12;
const MAX_NEW_CONTROLS: usize = 2;
/// What stands on one screen of 80 by 24 beside the learner's results.
const MAX_CARD_WORDS: usize = 150;
/// Behind a margin of two columns the line fits the prose of an 80-column screen.
const MAX_REAL_COLUMNS: usize = 72;

pub(super) fn lesson(lesson: &Lesson, reader: &mut Reader<'_>) {
    length(lesson, reader);
    words(&lesson.steps, reader);
    controls(&lesson.steps, reader);
}

fn length(lesson: &Lesson, reader: &mut Reader<'_>) {
    let id = reader.refs.id.span.clone();
    let n_main = lesson.n_main();
    if let Some(step) = lesson.steps[..n_main].get(MAX_STEPS) {
        let message = format!("the lesson has {n_main} steps; a learner expects at most {MAX_STEPS}");
        reader.sink.report(Code::LongLesson, step.place.span.clone(), message).remedy("split the lesson");
    }
    if lesson.minutes > MAX_MINUTES {
        let message = format!("the lesson takes {} minutes; a learner expects at most {MAX_MINUTES}", lesson.minutes);
        reader.sink.report(Code::LongLesson, id, message).remedy("split the lesson");
    }
}

/// Words between two things that the learner does; reading on is not one of them.
fn words(steps: &[Step], reader: &mut Reader<'_>) {
    let mut n = 0;
    for step in steps {
        let (read, acts) = match &step.body {
            StepBody::Text(body) => (n_words(body), false),
            StepBody::Code(code) => (code.prompt.as_deref().map_or(0, n_words), false),
            StepBody::Lab(lab) => (lab.prompt.as_deref().map_or(0, n_words), true),
            StepBody::Choice(choice) => (n_words(&choice.prompt), true),
            StepBody::Numeric(numeric) => (n_words(&numeric.prompt), true),
            StepBody::Cloze(cloze) => (cloze.prompt.as_deref().map_or(0, n_words), true),
            StepBody::Order(order) => (n_words(&order.prompt), true),
            StepBody::Match(pairs) => (n_words(&pairs.prompt), true),
            StepBody::Output(output) => (output.prompt.as_deref().map_or(0, n_words), true),
            StepBody::Exercise(exercise) => (exercise.prompt.as_deref().map_or(0, n_words), true),
        };
        let before = n;
        n += read;
        if before <= MAX_WORDS && n > MAX_WORDS {
            let message = format!("{n} words stand here before the learner does something; at most {MAX_WORDS} are read");
            reader
                .sink
                .report(Code::LongText, step.place.span.clone(), message)
                .remedy("shorten the text, or put a question or a lab between");
        }
        if acts {
            n = 0;
        }
    }
}

/// Controls that no step before has freed.
fn controls(steps: &[Step], reader: &mut Reader<'_>) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for step in steps {
        let StepBody::Lab(lab) = &step.body else { continue };
        let new: Vec<&str> = lab.vary.iter().copied().filter(|name| !seen.contains(&(lab.lab.id, name))).collect();
        if new.len() > MAX_NEW_CONTROLS {
            let message = format!("the step frees {} new controls at once: {}", new.len(), new.join(", "));
            let remedy = format!("free at most {MAX_NEW_CONTROLS} new ones in a step");
            reader.sink.report(Code::ManyControls, step.place.span.clone(), message).remedy(remedy);
        }
        seen.extend(new.into_iter().map(|name| (lab.lab.id, name)));
    }
}

/// The reference card, `span` being its place.
pub(super) fn card(card: &str, span: Range<usize>, reader: &mut Reader<'_>) {
    let n = n_words(card);
    if n > MAX_CARD_WORDS {
        let message = format!("the card has {n} words; at most {MAX_CARD_WORDS} are looked up at a glance");
        reader
            .sink
            .report(Code::LongCard, span, message)
            .remedy("keep the formulas and the numbers, leave the reasons to the steps");
    }
}

/// The line that does it for real.
pub(super) fn for_real(raw: &Str, reader: &mut Reader<'_>) {
    let line = raw.get_ref().trim_matches('\n').trim_end();
    let message = match (line.lines().count(), line.width()) {
        (n @ 2.., _) => format!("`for_real` has {n} lines; it is one"),
        (_, n) if n > MAX_REAL_COLUMNS => format!("`for_real` is {n} columns wide; at most {MAX_REAL_COLUMNS} fit a line"),
        _ => return,
    };
    reader
        .sink
        .report(Code::LongCard, raw.span(), message)
        .remedy("name the one call that does it, leave imports and set-up out");
}

/// Where a listing stands.
#[derive(Clone, Copy)]
pub(super) enum Pane {
    /// In the box where it can be edited, behind the numbers of its lines.
    Editor,
    /// In a tab of the same box.
    Tab,
    /// On the page, behind an edge.
    Page,
}

impl Pane {
    /// The columns of a listing of so many lines in a terminal of 80.
    fn columns(self, n_lines: usize) -> usize {
        match self {
            // A number is as wide as the last one, and two columns stand behind it.
            Self::Editor => 72 - (n_lines.to_string().len() + 2),
            Self::Tab => 72,
            Self::Page => 74,
        }
    }
}

/// Lines of a listing that a terminal of 80 columns cuts.
pub(super) fn wide(raw: &Str, pane: Pane, reader: &mut Reader<'_>) {
    let decoded = raw.get_ref();
    let room = pane.columns(decoded.trim_matches('\n').trim_end().lines().count());
    let mut start = 0;
    for line in decoded.split_inclusive('\n') {
        let (code, at) = (line.trim_end(), start);
        start += line.len();
        if code.width() > room {
            let span = reader.file.inside(&raw.span(), decoded, at..at + code.len());
            let message = format!("this line has {} columns; {room} of them show in a terminal of 80", code.width());
            reader.sink.report(Code::WideListing, span, message).remedy("break it, or shorten its comment");
        }
    }
}

/// Hints and an explanation of a step that asks nothing.
pub(super) fn never_shown(hint: Option<&Str>, explain: Option<&Str>, reader: &mut Reader<'_>) {
    for (raw, key) in hint.map(|raw| (raw, "hints")).into_iter().chain(explain.map(|raw| (raw, "explain"))) {
        let message = format!("the step asks nothing, so nobody gets to see its `{key}`");
        let remedy = "say it in the text above the listing or lab, or in a step behind it";
        reader.sink.report(Code::NeverShown, raw.span(), message).remedy(remedy);
    }
}
