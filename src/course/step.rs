//! One step of a lesson file: its kind first, then what every step has, then the kind's own keys.

mod choice;
mod code;
mod lab;
mod lists;
mod numeric;

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    diagnostic::Code,
    lesson::Reader,
    lint,
    model::{Step, StepBody},
    raw::{
        RawChoice, RawCloze, RawCode, RawDrill, RawExercise, RawLab, RawMatch, RawNumeric, RawOrder, RawOutput, RawStep, RawText,
        Str,
    },
    shape::{self, Shape, fields_of},
};
use crate::{id::NodeId, text::did_you_mean};

/// One kind: its keys and how the table of its own keys is read.
struct Kind {
    shape: &'static Shape,
    read: fn(Spanned<DeValue<'_>>, &mut Reader<'_>) -> Option<StepBody>,
}

macro_rules! kind {
    ($name:literal, $raw:ty, $children:expr, $read:expr) => {{
        static SHAPE: Shape = Shape {
            header: "`[[step]]`",
            kind: $name,
            fields: &[fields_of::<RawStep>, fields_of::<$raw>],
            children: $children,
            open: false,
        };
        Kind { shape: &SHAPE, read: $read }
    }};
}

/// Every kind that this version shows.
static KINDS: [Kind; 10] = [
    kind!("text", RawText, &[], text),
    Kind { shape: &CODE, read: code::listings },
    kind!("lab", RawLab, lab::CHILDREN, lab::read),
    kind!("choice", RawChoice, choice::CHILDREN, choice::read),
    kind!("numeric", RawNumeric, numeric::CHILDREN, numeric::read),
    kind!("cloze", RawCloze, &[], lists::cloze),
    kind!("order", RawOrder, &[], lists::order),
    kind!("match", RawMatch, &[], lists::pairs),
    kind!("output", RawOutput, &[], code::output),
    kind!("exercise", RawExercise, code::CHILDREN, code::exercise),
];

static CODE: Shape = Shape {
    header: "`[[step]]`",
    kind: "code",
    fields: &[fields_of::<RawStep>, fields_of::<RawCode>],
    children: &[],
    open: true,
};

static DRILL: Shape = Shape {
    header: "`[[drill]]`",
    kind: "",
    fields: &[fields_of::<RawDrill>, fields_of::<RawNumeric>],
    children: numeric::DRILL_CHILDREN,
    open: false,
};

/// The shapes of all kinds, of drills, and of the tables below them.
pub(super) fn shapes() -> impl Iterator<Item = &'static Shape> {
    let tables = KINDS.iter().map(|kind| kind.shape).chain([&DRILL]);
    tables.flat_map(|shape| std::iter::once(shape).chain(shape.children.iter().map(|&(_, child)| child)))
}

/// Reads one step. `ids` holds the ids of the steps before it.
pub(super) fn read(
    node: &NodeId,
    value: Spanned<DeValue<'_>>,
    elsewhere: &[&'static Shape],
    ids: &mut Vec<String>,
    reader: &mut Reader<'_>,
) -> Option<Step> {
    let span = value.span();
    let DeValue::Table(mut table) = value.into_inner() else {
        reader.sink.report(Code::WrongType, span, "a step is a table").remedy("write `[[step]]` with two brackets");
        return None;
    };
    let kind = kind(&table, &span, reader)?;
    let n_errors = reader.sink.n_errors();
    shape::prune(&mut table, kind.shape, &[], elsewhere, &mut reader.sink);
    let (common, own) = split(table, fields_of::<RawStep>());
    let common = reader.read::<RawStep>(Spanned::new(span.clone(), DeValue::Table(common)));
    let body = (kind.read)(Spanned::new(span.clone(), DeValue::Table(own)), reader);
    let (common, body) = (common?, body?);
    let step = Step {
        id: node.step(common.id.get_ref()),
        place: reader.file.place(span),
        rev: common.rev.map_or(1, Spanned::into_inner),
        hints: reader.lines(&common.hints),
        explain: reader.maybe(&common.explain),
        body,
    };
    numeric::placeholders(&common.hints, &common.explain, &step.body, reader);
    if !step.graded() {
        lint::never_shown(common.hints.first(), common.explain.as_ref(), reader);
    }
    take_id(common.id, ids, reader);
    (reader.sink.n_errors() == n_errors).then_some(step)
}

/// Reads one drill: a numeric question that draws its numbers. `ids` holds the ids of the steps and drills before it.
pub(super) fn drill(
    node: &NodeId,
    value: Spanned<DeValue<'_>>,
    elsewhere: &[&'static Shape],
    ids: &mut Vec<String>,
    reader: &mut Reader<'_>,
) -> Option<Step> {
    let span = value.span();
    let DeValue::Table(mut table) = value.into_inner() else {
        reader.sink.report(Code::WrongType, span, "a drill is a table").remedy("write `[[drill]]` with two brackets");
        return None;
    };
    let n_errors = reader.sink.n_errors();
    shape::prune(&mut table, &DRILL, &[], elsewhere, &mut reader.sink);
    let (common, own) = split(table, fields_of::<RawDrill>());
    let common = reader.read::<RawDrill>(Spanned::new(span.clone(), DeValue::Table(common)));
    let body = numeric::read(Spanned::new(span.clone(), DeValue::Table(own)), reader);
    let (common, body) = (common?, body?);
    if matches!(&body, StepBody::Numeric(question) if question.vars.is_empty()) {
        let finding = reader.sink.report(Code::MissingKey, common.id.span(), "the drill has no `vars`: its numbers never change");
        finding.remedy("add `vars = { n = [..] }` and use `{=n}` in the prompt");
    }
    let step = Step {
        id: node.step(common.id.get_ref()),
        place: reader.file.place(span),
        rev: common.rev.map_or(1, Spanned::into_inner),
        hints: Vec::new(),
        explain: reader.maybe(&common.explain),
        body,
    };
    numeric::placeholders(&[], &common.explain, &step.body, reader);
    take_id(common.id, ids, reader);
    (reader.sink.n_errors() == n_errors).then_some(step)
}

/// Notes the id of a step or drill; one that was there before is reported.
fn take_id(id: Str, ids: &mut Vec<String>, reader: &mut Reader<'_>) {
    if reader.is_id(&id) && ids.contains(id.get_ref()) {
        let message = format!("two steps have the id `{}`", id.get_ref());
        reader.sink.report(Code::DuplicateId, id.span(), message).remedy("ids are unique within a lesson, drills included");
    }
    ids.push(id.into_inner());
}

fn kind(table: &DeTable<'_>, span: &Range<usize>, reader: &mut Reader<'_>) -> Option<&'static Kind> {
    let names = || KINDS.iter().map(|kind| kind.shape.kind);
    let Some(value) = table.get("kind") else {
        let finding = reader.sink.report(Code::MissingKey, span.clone(), "`kind` is missing");
        finding.remedy(format!("add `kind`: one of {}", names().collect::<Vec<_>>().join(", ")));
        return None;
    };
    let Some(name) = value.get_ref().as_str() else {
        reader.sink.report(Code::WrongType, value.span(), "`kind` is a quoted name").remedy("for example `kind = \"text\"`");
        return None;
    };
    if let Some(kind) = KINDS.iter().find(|kind| kind.shape.kind == name) {
        return Some(kind);
    }
    let finding = reader.sink.report(Code::UnknownKind, value.span(), format!("there is no kind `{name}`"));
    match did_you_mean(name, names()) {
        Some(meant) => finding.remedy(format!("did you mean `{meant}`?")),
        None => finding.remedy(format!("there are: {}", names().collect::<Vec<_>>().join(", "))),
    }
    None
}

/// The keys that are named, and the others.
fn split<'t>(table: DeTable<'t>, named: &[&str]) -> (DeTable<'t>, DeTable<'t>) {
    table.into_iter().partition(|(key, _)| named.contains(&key.get_ref().as_ref()))
}

fn text(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let raw: RawText = reader.read(value)?;
    Some(StepBody::Text(reader.text(&raw.body)))
}
