//! Questions with options.

use toml::{Spanned, de::DeValue};

use crate::course::{
    diagnostic::Code,
    lesson::Reader,
    model::{ChoiceStep, Opt, StepBody},
    raw::{RawChoice, RawOption},
    shape::{Shape, fields_of},
};

static OPTION: Shape =
    Shape { header: "`[[step.option]]`", kind: "", fields: &[fields_of::<RawOption>], children: &[], open: false };

pub(super) static CHILDREN: &[(&str, &Shape)] = &[("option", &OPTION)];

pub(super) fn read(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let span = value.span();
    let raw: RawChoice = reader.read(value)?;
    let many = match &raw.select {
        Some(select) => reader.one_of(select, &[("one", false), ("many", true)], "way to select")?,
        None => false,
    };
    let prompt = reader.text(&raw.prompt);
    let options: Vec<Opt> = raw.option.into_iter().map(|raw| option(raw, reader)).collect();
    let mut wrong = |message: String, remedy: &str| reader.sink.report(Code::Options, span.clone(), message).remedy(remedy);
    let n_correct = options.iter().filter(|o| o.correct).count();
    if !(2..=6).contains(&options.len()) {
        wrong(format!("the choice has {} options", options.len()), "give 2 to 6");
    } else if many && n_correct == 0 {
        wrong("no option is right".into(), "mark at least one with `correct = true`");
    } else if !many && n_correct != 1 {
        wrong(format!("{n_correct} options are right"), "mark exactly one with `correct = true`, or set `select = \"many\"`");
    }
    if let Some(double) = first_double(options.iter().map(|o| &*o.text)) {
        wrong(format!("two options read `{double}`"), "make them differ");
    }
    Some(StepBody::Choice(ChoiceStep { prompt, many, shuffle: raw.shuffle.unwrap_or(true), options }))
}

fn option(raw: Spanned<RawOption>, reader: &mut Reader<'_>) -> Opt {
    let span = raw.span();
    let raw = raw.into_inner();
    let feedback = reader.maybe(&raw.feedback);
    if feedback.is_none() {
        let finding = reader.sink.report(Code::NoFeedback, span, "the option has no `feedback`");
        finding.remedy(if raw.correct { "say why it is right" } else { "say what is wrong with it" });
    }
    Opt {
        text: reader.text(&raw.text),
        correct: raw.correct,
        feedback: feedback.unwrap_or_default(),
        misconception: reader.misconception(raw.misconception),
    }
}

/// The first text that stands there twice, also with other spaces or capitals.
pub(super) fn first_double<'t>(texts: impl Iterator<Item = &'t str>) -> Option<&'t str> {
    let mut seen: Vec<String> = Vec::new();
    for text in texts {
        let key = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        if seen.contains(&key) {
            return Some(text);
        }
        seen.push(key);
    }
    None
}
