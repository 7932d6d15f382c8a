//! One step of a lesson file: its kind first, then what every step has, then the kind's own keys.

mod choice;
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
    model::{CodeStep, Listing, Step, StepBody},
    raw::{RawChoice, RawCloze, RawCode, RawLab, RawMatch, RawNumeric, RawOrder, RawStep, RawText},
    shape::{self, Shape, fields_of},
};
use crate::{
    id::NodeId,
    text::{Text, did_you_mean},
};

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
static KINDS: [Kind; 8] = [
    kind!("text", RawText, &[], text),
    Kind { shape: &CODE, read: code },
    kind!("lab", RawLab, lab::CHILDREN, lab::read),
    kind!("choice", RawChoice, choice::CHILDREN, choice::read),
    kind!("numeric", RawNumeric, numeric::CHILDREN, numeric::read),
    kind!("cloze", RawCloze, &[], lists::cloze),
    kind!("order", RawOrder, &[], lists::order),
    kind!("match", RawMatch, &[], lists::pairs),
];

static CODE: Shape = Shape {
    header: "`[[step]]`",
    kind: "code",
    fields: &[fields_of::<RawStep>, fields_of::<RawCode>],
    children: &[],
    open: true,
};

/// Kinds of format 1 that this version leaves out.
const LATER: [&str; 2] = ["output", "exercise"];

/// The shapes of all kinds and of the tables below them.
pub(super) fn shapes() -> impl Iterator<Item = &'static Shape> {
    KINDS.iter().flat_map(|kind| std::iter::once(kind.shape).chain(kind.shape.children.iter().map(|&(_, child)| child)))
}

/// Says that a part of format 1 is not shown by this version.
pub(super) fn later(kind: &str, span: Range<usize>, reader: &mut Reader<'_>) {
    let message = format!("kind `{kind}` is not supported by this version");
    reader.sink.report(Code::LaterKind, span, message).remedy("it is left out; a newer version shows it");
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
    let (common, own) = split(table);
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
    if reader.is_id(&common.id) && ids.contains(common.id.get_ref()) {
        let message = format!("two steps have the id `{}`", common.id.get_ref());
        reader.sink.report(Code::DuplicateId, common.id.span(), message).remedy("ids are unique within a lesson");
    }
    ids.push(common.id.into_inner());
    (reader.sink.n_errors() == n_errors).then_some(step)
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
    if LATER.contains(&name) {
        later(name, value.span(), reader);
        return None;
    }
    let finding = reader.sink.report(Code::UnknownKind, value.span(), format!("there is no kind `{name}`"));
    match did_you_mean(name, names()) {
        Some(meant) => finding.remedy(format!("did you mean `{meant}`?")),
        None => finding.remedy(format!("there are: {}", names().collect::<Vec<_>>().join(", "))),
    }
    None
}

/// The keys that every step may have, and the others.
fn split(table: DeTable<'_>) -> (DeTable<'_>, DeTable<'_>) {
    table.into_iter().partition(|(key, _)| fields_of::<RawStep>().contains(&key.get_ref().as_ref()))
}

fn text(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let raw: RawText = reader.read(value)?;
    Some(StepBody::Text(reader.text(&raw.body)))
}

fn code(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let span = value.span();
    let DeValue::Table(table) = value.into_inner() else { return None };
    let (own, listings): (DeTable<'_>, DeTable<'_>) =
        table.into_iter().partition(|(key, _)| fields_of::<RawCode>().contains(&key.get_ref().as_ref()));
    let raw: RawCode = reader.read(Spanned::new(span.clone(), DeValue::Table(own)))?;
    if listings.is_empty() {
        reader.sink.report(Code::MissingKey, span, "the step shows no listing").remedy("add one, for example `numpy = '''..'''`");
    }
    let listings = listings.iter().filter_map(|(key, value)| listing(key.get_ref(), value, reader)).collect();
    Some(StepBody::Code(CodeStep { prompt: reader.maybe(&raw.prompt), listings }))
}

fn listing(key: &str, value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Listing> {
    let Some(code) = value.get_ref().as_str() else {
        let message = format!("the listing `{key}` is not a text");
        reader.sink.report(Code::WrongType, value.span(), message).remedy("write the code between ''' and '''");
        return None;
    };
    if code.trim().is_empty() {
        reader.sink.report(Code::EmptyText, value.span(), "this listing is empty").remedy("write it, or leave the key out");
    }
    // `run` is the listing that a later version runs; its language is rhai.
    let language = Text::clean_line(if key == "run" { "rhai" } else { key }).to_string();
    Some(Listing { language, code: Text::clean(code.trim_matches('\n').trim_end()) })
}
