//! Listings: those that run, those that stand beside them, outputs to foretell, code to write.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::split;
use crate::{
    course::{
        diagnostic::Code,
        lesson::Reader,
        lint::{self, Pane},
        model::{CodeStep, ExerciseStep, Listing, OutputStep, StepBody},
        raw::{Pairs, RawCode, RawExercise, RawOutput, RawTest, Str},
        shape::{Shape, fields_of},
    },
    script::{Draw, Test},
    text::Text,
};

static TEST: Shape = Shape { header: "`[[step.test]]`", kind: "", fields: &[fields_of::<RawTest>], children: &[], open: false };

pub(super) static CHILDREN: &[(&str, &Shape)] = &[("test", &TEST)];

/// The distributions that a variable of a test may be drawn from.
const TENSORS: [(&str, &str); 3] = [("normal", "normal"), ("uniform", "uniform"), ("laplace", "laplace")];

/// A test that runs more often takes too long for what it finds.
const MAX_TIMES: u32 = 256;

pub(super) fn listings(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let span = value.span();
    let DeValue::Table(table) = value.into_inner() else { return None };
    let (own, others): (DeTable<'_>, DeTable<'_>) = split(table, fields_of::<RawCode>());
    let raw: RawCode = reader.read(Spanned::new(span.clone(), DeValue::Table(own)))?;
    if others.is_empty() && raw.run.is_none() {
        let finding = reader.sink.report(Code::MissingKey, span, "the step shows no listing");
        finding.remedy("add one, for example `run = '''..'''` or `numpy = '''..'''`");
    }
    if let Some(expect) = raw.expect.as_ref().filter(|_| raw.run.is_none()) {
        let finding = reader.sink.report(Code::MissingKey, expect.span(), "`expect` stands without a `run`");
        finding.remedy("add the listing that prints it, or leave `expect` out");
    }
    let listings = others.iter().filter_map(|(key, value)| listing(key.get_ref(), value, reader)).collect();
    let run = raw.run.as_ref().map(|run| code(run, Pane::Editor, reader));
    let expect = raw.expect.as_ref().map(|expect| reader.code(expect));
    Some(StepBody::Code(CodeStep { prompt: reader.maybe(&raw.prompt), run, expect, listings }))
}

pub(super) fn output(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let raw: RawOutput = reader.read(value)?;
    let run = code(&raw.run, Pane::Page, reader);
    let expect = raw.expect.as_ref().map(|expect| reader.code(expect));
    Some(StepBody::Output(OutputStep { prompt: reader.maybe(&raw.prompt), run, expect }))
}

pub(super) fn exercise(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let span = value.span();
    let raw: RawExercise = reader.read(value)?;
    if raw.test.is_empty() {
        let finding = reader.sink.report(Code::NoTests, span, "the exercise has no tests");
        finding.remedy("add `[[step.test]]` with `name` and `call`");
    }
    let names: Vec<&str> = raw.test.iter().map(|test| test.name.get_ref().as_str()).collect();
    if let Some(double) = super::choice::first_double(names.iter().copied()) {
        let at = raw.test.iter().rfind(|test| test.name.get_ref() == double).map_or(0..0, |test| test.name.span());
        let finding = reader.sink.report(Code::DuplicateId, at, format!("two tests are named `{double}`"));
        finding.remedy("say in each name what it is about");
    }
    let (starter, solution) = (code(&raw.starter, Pane::Editor, reader), code(&raw.solution_code, Pane::Editor, reader));
    let tests = raw.test.into_iter().map(|raw| test(raw, reader)).collect();
    Some(StepBody::Exercise(ExerciseStep { prompt: reader.maybe(&raw.prompt), starter, solution, tests }))
}

/// A listing that learners see in `pane`.
fn code(raw: &Str, pane: Pane, reader: &mut Reader<'_>) -> Text {
    lint::wide(raw, pane, reader);
    reader.code(raw)
}

fn test(raw: RawTest, reader: &mut Reader<'_>) -> Test {
    let call = reader.code(&raw.call);
    let times = raw.times.as_ref().map_or(1, |times| *times.get_ref());
    if let Some(times) = raw.times.filter(|times| !(1..=MAX_TIMES).contains(times.get_ref())) {
        let message = format!("a test runs 1 to {MAX_TIMES} times");
        reader.sink.report(Code::BadValue, times.span(), message).remedy("32 times finds what there is to find");
    }
    let expect = raw.expect.as_ref().map(|expect| reader.code(expect).to_string());
    Test { name: reader.line(&raw.name).to_string(), call: call.to_string(), expect, vars: vars(raw.vars, reader), times }
}

fn vars(raw: Pairs<toml::Value>, reader: &mut Reader<'_>) -> Vec<(String, Draw)> {
    raw.0.into_iter().filter_map(|(name, value)| Some((name.into_inner(), draw(value, reader)?))).collect()
}

/// `"normal"` or a list of finite numbers.
fn draw(value: Spanned<toml::Value>, reader: &mut Reader<'_>) -> Option<Draw> {
    let span = value.span();
    match value.into_inner() {
        toml::Value::String(name) => reader.one_of(&Spanned::new(span, name), &TENSORS, "distribution").map(Draw::Tensor),
        toml::Value::Array(items) => {
            let numbers: Option<Vec<f64>> = items.iter().map(number).collect();
            let numbers = numbers.filter(|numbers| !numbers.is_empty());
            if numbers.is_none() {
                bad_draw(span, reader);
            }
            numbers.map(Draw::Numbers)
        }
        _ => {
            bad_draw(span, reader);
            None
        }
    }
}

fn number(value: &toml::Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|i| i as f64)).filter(|x| x.is_finite())
}

fn bad_draw(span: Range<usize>, reader: &mut Reader<'_>) {
    let names = TENSORS.map(|(name, _)| format!("\"{name}\"")).join(", ");
    let message = "a variable of a test is a list of finite numbers or the name of a distribution";
    reader.sink.report(Code::BadValue, span, message).remedy(format!("for example `s = [0.1, 0.5]`, or one of {names}"));
}

fn listing(key: &str, value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Listing> {
    let Some(text) = value.get_ref().as_str() else {
        let message = format!("the listing `{key}` is not a text");
        reader.sink.report(Code::WrongType, value.span(), message).remedy("write the code between ''' and '''");
        return None;
    };
    let code = code(&Spanned::new(value.span(), text.to_owned()), Pane::Tab, reader);
    Some(Listing { language: Text::clean_line(key).to_string(), code })
}
