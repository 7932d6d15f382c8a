//! Questions with a number as the answer. The number is computed, for every combination of the variables.

use std::ops::Range;

use toml::{Spanned, de::DeValue};

use crate::{
    course::{
        diagnostic::Code,
        grade,
        lesson::Reader,
        markup,
        model::{AnswerKey, NumericPart, NumericStep, StepBody, Tolerance, VarSpec, WrongValue},
        raw::{Pairs, RawAnswer, RawNumeric, RawPart, RawWrong, Str},
        shape::{Shape, fields_of},
    },
    expr::{self, CONSTANTS, Expr, FUNCTIONS, Kind},
    text::Text,
};

/// More combinations than this are not a question but a table.
const MAX_COMBINATIONS: usize = 10_000;

static ANSWER: Shape = Shape { header: "`answer`", kind: "", fields: &[fields_of::<RawAnswer>], children: &[], open: false };
static PART: Shape = Shape { header: "`parts`", kind: "", fields: &[fields_of::<RawPart>], children: &[], open: false };
static WRONG: Shape =
    Shape { header: "`[[step.wrong]]`", kind: "", fields: &[fields_of::<RawWrong>], children: &[], open: false };

static DRILL_WRONG: Shape =
    Shape { header: "`[[drill.wrong]]`", kind: "", fields: &[fields_of::<RawWrong>], children: &[], open: false };

pub(super) static DRILL_CHILDREN: &[(&str, &Shape)] = &[("answer", &ANSWER), ("parts", &PART), ("wrong", &DRILL_WRONG)];
pub(super) static CHILDREN: &[(&str, &Shape)] = &[("answer", &ANSWER), ("parts", &PART), ("wrong", &WRONG)];

pub(super) fn read(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let span = value.span();
    let raw: RawNumeric = reader.read(value)?;
    let n_errors = reader.sink.n_errors();
    let vars = vars(raw.vars, reader);
    let prompt = reader.text(&raw.prompt);
    let (parts, spans) = parts(raw.answer, raw.parts, &vars, span, reader);
    let wrong_spans: Vec<Range<usize>> = raw.wrong.iter().map(|w| w.compute.span()).collect();
    let feedback: Vec<Str> = raw.wrong.iter().map(|w| w.feedback.clone()).chain([raw.prompt]).collect();
    let wrong: Vec<WrongValue> = raw.wrong.into_iter().filter_map(|w| wrong_value(w, &parts, &vars, reader)).collect();
    let unit = raw.unit.filter(|unit| !unit.get_ref().is_empty()).map_or_else(Text::default, |unit| reader.line(&unit));
    let step = NumericStep { prompt, vars, parts, wrong, unit };
    check_places(&feedback, &step.vars, reader);
    // Values are computed only where every expression was read.
    if reader.sink.n_errors() == n_errors {
        check_values(&step, &spans, &wrong_spans, reader);
    }
    Some(StepBody::Numeric(step))
}

fn vars(raw: Pairs<Vec<Spanned<f64>>>, reader: &mut Reader<'_>) -> Vec<VarSpec> {
    let mut n_combinations = 1_usize;
    let mut vars = Vec::new();
    for (name, values) in raw.0 {
        let text = name.get_ref();
        let taken = CONSTANTS.iter().any(|(c, _)| c == text) || FUNCTIONS.iter().any(|f| f.name == text);
        let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if taken || !is_name {
            let why = if taken { "is a name of the language itself" } else { "cannot be used in an expression" };
            reader.sink.report(Code::BadValue, name.span(), format!("`{text}` {why}")).remedy("use another name, such as `n`");
        }
        if values.get_ref().is_empty() || values.get_ref().iter().any(|x| !x.get_ref().is_finite()) {
            let message = format!("`{text}` needs a list of finite numbers to draw from");
            reader.sink.report(Code::BadValue, values.span(), message).remedy(format!("for example `{text} = [4, 6, 8]`"));
        }
        n_combinations = n_combinations.saturating_mul(values.get_ref().len().max(1));
        if n_combinations > MAX_COMBINATIONS {
            let message = format!("the variables have more than {MAX_COMBINATIONS} combinations");
            reader.sink.report(Code::BadValue, values.span(), message).remedy("shorten the lists");
        }
        let values = values.into_inner().into_iter().map(Spanned::into_inner).collect();
        vars.push(VarSpec { name: name.into_inner(), values });
    }
    vars
}

/// The parts, and where the expression of each stands.
fn parts(
    answer: Option<RawAnswer>,
    parts: Vec<RawPart>,
    vars: &[VarSpec],
    span: Range<usize>,
    reader: &mut Reader<'_>,
) -> (Vec<NumericPart>, Vec<Range<usize>>) {
    let raw: Vec<(Text, Str, Tolerance)> = match answer {
        Some(_) if !parts.is_empty() => {
            reader.sink.report(Code::BadValue, span, "the step has both `answer` and `parts`").remedy("keep one of them");
            return Default::default();
        }
        None if parts.is_empty() => {
            reader
                .sink
                .report(Code::MissingKey, span, "`answer` is missing")
                .remedy("add `answer = { compute = \"..\", rel_tol = .. }`");
            return Default::default();
        }
        Some(raw) => vec![(Text::default(), raw.compute, tolerance(&raw.abs_tol, &raw.rel_tol, reader))],
        None => parts
            .into_iter()
            .map(|raw| (reader.line(&raw.label), raw.compute, tolerance(&raw.abs_tol, &raw.rel_tol, reader)))
            .collect(),
    };
    let labels: Vec<Text> = raw.iter().map(|(label, ..)| label.clone()).collect();
    if let Some(double) = super::choice::first_double(labels.iter().map(|l| &**l)) {
        reader
            .sink
            .report(Code::DuplicateId, span, format!("two parts are labelled `{double}`"))
            .remedy("make the labels differ");
    }
    raw.into_iter()
        .filter_map(|(label, compute, tolerance)| {
            let answer = AnswerKey { compute: expression(&compute, vars, reader)?, tolerance };
            Some((NumericPart { label, answer }, compute.span()))
        })
        .unzip()
}

/// Reads the two tolerances; also those of predictions.
pub(super) fn tolerance(abs: &Option<Spanned<f64>>, rel: &Option<Spanned<f64>>, reader: &mut Reader<'_>) -> Tolerance {
    let mut one = |raw: &Option<Spanned<f64>>| {
        let Some(raw) = raw else { return 0.0 };
        if !(raw.get_ref().is_finite() && *raw.get_ref() >= 0.0) {
            reader
                .sink
                .report(Code::BadValue, raw.span(), "a tolerance is a finite number, 0 or more")
                .remedy("for example 0.001");
        }
        *raw.get_ref()
    };
    Tolerance { abs: one(abs), rel: one(rel) }
}

fn wrong_value(raw: RawWrong, parts: &[NumericPart], vars: &[VarSpec], reader: &mut Reader<'_>) -> Option<WrongValue> {
    let part = match &raw.part {
        None => 0,
        Some(label) => match parts.iter().position(|p| &*p.label == label.get_ref().as_str()) {
            Some(idx) => idx,
            None => {
                let message = format!("there is no part labelled `{}`", label.get_ref());
                reader.sink.report(Code::BadValue, label.span(), message).remedy("repeat the label of the part that is meant");
                return None;
            }
        },
    };
    Some(WrongValue {
        part,
        compute: expression(&raw.compute, vars, reader)?,
        feedback: reader.text(&raw.feedback),
        misconception: reader.misconception(raw.misconception),
    })
}

fn expression(raw: &Str, vars: &[VarSpec], reader: &mut Reader<'_>) -> Option<Expr> {
    let known: Vec<(&str, Kind<'_>)> = vars.iter().map(|var| (var.name.as_str(), Kind::Num)).collect();
    parse_checked(raw, &known, reader)
}

/// Reads an expression and checks its names; every finding is reported at its place.
pub(super) fn parse_checked(raw: &Str, known: &[(&str, Kind<'_>)], reader: &mut Reader<'_>) -> Option<Expr> {
    let parsed = expr::parse(raw.get_ref());
    let errors = parsed.as_ref().map_or_else(|error| vec![error.clone()], |expr| expr.check(known));
    for error in &errors {
        reader.sink.expression(&raw.span(), raw.get_ref(), error);
    }
    parsed.ok().filter(|_| errors.is_empty())
}

/// Every combination: answers finite, named wrong values refused; tolerances where answers are fractions.
fn check_values(step: &NumericStep, spans: &[Range<usize>], wrong_spans: &[Range<usize>], reader: &mut Reader<'_>) {
    let (mut infinite, mut right, mut inexact) =
        (vec![false; spans.len()], vec![false; wrong_spans.len()], vec![false; spans.len()]);
    for values in combinations(&step.vars) {
        let keys: Vec<f64> = step.parts.iter().map(|part| grade::compute(&part.answer.compute, &values)).collect();
        for (idx, (&key, part)) in keys.iter().zip(&step.parts).enumerate() {
            let named = || in_words(&values);
            if !key.is_finite() && !std::mem::replace(&mut infinite[idx], true) {
                let message = format!("the answer is {key}{}", named());
                reader.sink.report(Code::BadAnswer, spans[idx].clone(), message).remedy("change the variables or the expression");
            }
            let exact_only = part.answer.tolerance == Tolerance::default() && key.fract() != 0.0;
            if key.is_finite() && exact_only && !std::mem::replace(&mut inexact[idx], true) {
                let message = format!("the answer is {key}{}, and only that exact value is right", named());
                reader.sink.report(Code::NoTolerance, spans[idx].clone(), message).remedy("add `rel_tol` or `abs_tol`");
            }
        }
        for (idx, wrong) in step.wrong.iter().enumerate() {
            let value = grade::compute(&wrong.compute, &values);
            let accepted = grade::within(value, keys[wrong.part], step.parts[wrong.part].answer.tolerance);
            if accepted && !std::mem::replace(&mut right[idx], true) {
                let message = format!("this named wrong value is {value}{}, which is accepted as right", in_words(&values));
                reader
                    .sink
                    .report(Code::WrongIsRight, wrong_spans[idx].clone(), message)
                    .remedy("change the variables, the tolerance or the wrong value");
            }
        }
    }
}

/// ` for a = 1, b = 2`, or nothing where there are no variables.
fn in_words(values: &[(String, f64)]) -> String {
    match values {
        [] => String::new(),
        _ => format!(" for {}", values.iter().map(|(name, x)| format!("{name} = {x}")).collect::<Vec<_>>().join(", ")),
    }
}

/// All combinations of the variables; one empty one where there are none.
pub(in crate::course) fn combinations(vars: &[VarSpec]) -> impl Iterator<Item = Vec<(String, f64)>> + '_ {
    let n: usize = vars.iter().map(|var| var.values.len()).product();
    (0..n.min(MAX_COMBINATIONS)).map(|mut idx| {
        vars.iter()
            .map(|var| {
                let value = var.values[idx % var.values.len()];
                idx /= var.values.len();
                (var.name.clone(), value)
            })
            .collect()
    })
}

/// Checks the `{=name}` places of a step's hints and explanation.
pub(super) fn placeholders(hints: &[Str], explain: &Option<Str>, body: &StepBody, reader: &mut Reader<'_>) {
    if let StepBody::Numeric(step) = body {
        let texts: Vec<Str> = hints.iter().chain(explain).cloned().collect();
        check_places(&texts, &step.vars, reader);
    }
}

fn check_places(texts: &[Str], vars: &[VarSpec], reader: &mut Reader<'_>) {
    for text in texts {
        for place in markup::placeholders(text.get_ref()) {
            let known = vars.iter().any(|var| var.name == place.name);
            if known && place.decimals.is_ok() {
                continue;
            }
            let span = reader.file.inside(&text.span(), text.get_ref(), place.span.clone());
            match place.decimals {
                Err(format) if known => {
                    let message = format!("`:{format}` is not a way to write a number");
                    reader.sink.report(Code::UnknownPlaceholder, span, message).remedy("`{=name:.3}` gives three decimals");
                }
                _ => {
                    let names = vars.iter().map(|var| var.name.as_str());
                    let finding =
                        reader.sink.report(Code::UnknownPlaceholder, span, format!("there is no variable `{}`", place.name));
                    match crate::text::did_you_mean(place.name, names) {
                        Some(meant) => finding.remedy(format!("did you mean `{{={meant}}}`?")),
                        None => finding.remedy("name one of `vars`"),
                    }
                }
            }
        }
    }
}
