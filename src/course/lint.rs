//! Habits of a good lesson, as warnings: short texts, few steps, few new controls.

use super::{
    diagnostic::Code,
    lesson::Reader,
    markup::n_words,
    model::{Lesson, Step, StepBody},
};

const MAX_WORDS: usize = 120;
const MAX_STEPS: usize = 12;
const MAX_MINUTES: u32 = 12;
const MAX_NEW_CONTROLS: usize = 2;

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
