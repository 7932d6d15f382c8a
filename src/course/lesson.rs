//! A lesson file to a [`Lesson`]. A broken step is reported and left out; the others stay.

use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::{
    diagnostic::{Code, Diagnostic, Place},
    document, lint, markup,
    model::{Faq, Head, Lesson, Status, Step, Term},
    raw::{RawFaq, RawLesson, RawTerm, Str},
    shape::{self, Shape, fields_of},
    source::{File, Sink},
    step,
};
use crate::{
    id::{NodeId, is_kebab},
    lab::Lab,
    text::{Text, did_you_mean},
};

/// Steps, terms, tracks and the like in one file. Far more than people write, and few enough to compare each with each.
const MAX_TABLES: usize = 500;
const MAX_REQUIRES: usize = 32;
/// Different terms that the links of one file are resolved for.
const MAX_LINKS: usize = 500;

/// A lesson file as far as it could be read.
pub(super) struct Unit {
    pub(super) file: Text,
    pub(super) head: Option<Head>,
    pub(super) lesson: Option<Lesson>,
    /// What it names that the course must know.
    pub(super) refs: Refs,
}

/// Names that only the whole course can resolve, with the place of each.
#[derive(Default)]
pub(super) struct Refs {
    pub(super) id: Place,
    pub(super) track: Option<(String, Place)>,
    pub(super) requires: Vec<(NodeId, Place)>,
    /// Linked terms, each where it is linked first.
    pub(super) terms: BTreeMap<String, Place>,
    pub(super) misconceptions: Vec<(String, Place)>,
    pub(super) defines: Vec<(String, Place)>,
}

/// What the readers of a file share: the findings so far, the labs, the names to resolve later.
pub(super) struct Reader<'f> {
    pub(super) file: &'f File<'f>,
    pub(super) sink: Sink<'f>,
    pub(super) labs: &'static [Lab],
    pub(super) refs: Refs,
}

impl<'f> Reader<'f> {
    pub(super) fn new(file: &'f File<'f>, labs: &'static [Lab]) -> Self {
        Self { file, sink: Sink::new(file), labs, refs: Refs::default() }
    }

    /// Reads one table into its struct; an error is reported at the value.
    pub(super) fn read<'de, T: Deserialize<'de>>(&mut self, value: Spanned<DeValue<'de>>) -> Option<T> {
        let whole = value.span();
        T::deserialize(ValueDeserializer::from(value)).map_err(|error| report_serde(&error, whole, &mut self.sink)).ok()
    }

    /// A text that learners read: not empty, its term links noted.
    pub(super) fn text(&mut self, raw: &Str) -> Text {
        let decoded = raw.get_ref();
        if decoded.trim().is_empty() {
            self.sink
                .report(Code::EmptyText, raw.span(), "this text is empty")
                .remedy("write it, or leave the key out if it may be absent");
        }
        for (id, part) in markup::term_links(decoded) {
            if self.refs.terms.len() < MAX_LINKS && !self.refs.terms.contains_key(id) {
                let place = self.file.place(self.file.inside(&raw.span(), decoded, part));
                self.refs.terms.insert(id.to_owned(), place);
            }
        }
        Text::clean(decoded.trim_matches('\n').trim_end())
    }

    /// A text of one line.
    pub(super) fn line(&mut self, raw: &Str) -> Text {
        Text::clean_line(&self.text(raw))
    }

    pub(super) fn lines(&mut self, raw: &[Str]) -> Vec<Text> {
        raw.iter().map(|text| self.text(text)).collect()
    }

    pub(super) fn maybe(&mut self, raw: &Option<Str>) -> Option<Text> {
        raw.as_ref().map(|text| self.text(text))
    }

    /// A listing: not empty, its indentation and its brackets left alone.
    pub(super) fn code(&mut self, raw: &Str) -> Text {
        let code = raw.get_ref().trim_matches('\n').trim_end();
        if code.trim().is_empty() {
            self.sink.report(Code::EmptyText, raw.span(), "this listing is empty").remedy("write it, or leave the key out");
        }
        Text::clean(code)
    }

    /// A misconception that course.toml must know.
    pub(super) fn misconception(&mut self, raw: Option<Str>) -> Option<String> {
        let raw = raw?;
        let place = self.file.place(raw.span());
        self.refs.misconceptions.push((raw.get_ref().clone(), place));
        Some(raw.into_inner())
    }

    /// Reports an id that is not kebab-case.
    pub(super) fn is_id(&mut self, raw: &Str) -> bool {
        let good = is_kebab(raw.get_ref());
        if !good {
            let message = format!("`{}` is not an id", raw.get_ref());
            self.sink
                .report(Code::BadId, raw.span(), message)
                .remedy("ids are kebab-case: a-z, 0-9 and `-`, starting with a letter");
        }
        good
    }

    /// Finds what a name means among some that are allowed.
    pub(super) fn one_of<T: Copy>(&mut self, raw: &Str, allowed: &[(&'static str, T)], what: &str) -> Option<T> {
        let found = allowed.iter().find(|(name, _)| name == raw.get_ref()).map(|&(_, value)| value);
        if found.is_none() {
            let names = || allowed.iter().map(|&(name, _)| name);
            let finding = self.sink.report(Code::BadValue, raw.span(), format!("there is no {what} `{}`", raw.get_ref()));
            match did_you_mean(raw.get_ref(), names()) {
                Some(meant) => finding.remedy(format!("did you mean `{meant}`?")),
                None => finding.remedy(format!("there are: {}", names().collect::<Vec<_>>().join(", "))),
            }
        }
        found
    }
}

/// serde's message in the words of the format.
fn report_serde(error: &toml::de::Error, whole: Range<usize>, sink: &mut Sink<'_>) {
    let message = error.message();
    if let Some(field) = message.strip_prefix("missing field ") {
        let header = whole.start..whole.end.min(whole.start + 80);
        sink.report(Code::MissingKey, error.span().unwrap_or(header), format!("{field} is missing"))
            .remedy(format!("add {}", field));
        return;
    }
    let span = error.span().unwrap_or(whole);
    let message = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: ")).unwrap_or(message);
    match message.split_once(", expected ") {
        Some((found, expected)) => {
            let expected = in_words(expected);
            sink.report(Code::WrongType, span, format!("{found} stands where {expected} is needed"))
                .remedy(format!("write {expected}"));
        }
        None => sink.report(Code::WrongType, span, message).remedy("see lessons/FORMAT.md for the type of this key"),
    }
}

fn in_words(expected: &str) -> String {
    match expected {
        "u32" => "a whole number, 0 or more".into(),
        "f64" => "a number".into(),
        "a boolean" => "true or false".into(),
        "a sequence" => "a list in [ ]".into(),
        "a tuple of size 2" => "a pair [\"left\", \"right\"]".into(),
        _ if expected.starts_with("struct ") => "a table".into(),
        other => other.into(),
    }
}

static TOP: Shape = Shape {
    header: "the top of the file",
    kind: "",
    fields: &[|| &["format", "lesson", "step", "drill", "term", "faq"]],
    children: &[("lesson", &LESSON), ("term", &TERM), ("faq", &FAQ)],
    open: false,
};
static LESSON: Shape = Shape { header: "`[lesson]`", kind: "", fields: &[fields_of::<RawLesson>], children: &[], open: false };
static TERM: Shape = Shape { header: "`[[term]]`", kind: "", fields: &[fields_of::<RawTerm>], children: &[], open: false };
static FAQ: Shape = Shape { header: "`[[faq]]`", kind: "", fields: &[fields_of::<RawFaq>], children: &[], open: false };

/// The tables of a lesson file, each with its header and its keys.
pub(super) fn shapes() -> impl Iterator<Item = &'static Shape> {
    [&TOP, &LESSON, &TERM, &FAQ].into_iter().chain(step::shapes())
}

/// Reads a lesson of the course `course`.
pub(super) fn read(course: &str, name: &str, bytes: &[u8], labs: &'static [Lab]) -> (Unit, Vec<Diagnostic>) {
    let clean_name = Text::clean_line(name);
    let nothing = |file| Unit { file, head: None, lesson: None, refs: Refs::default() };
    let source = match document::text(&clean_name, bytes) {
        Ok(source) => source,
        Err(finding) => return (nothing(clean_name), vec![finding]),
    };
    let file = File::new(name, source);
    let mut reader = Reader::new(&file, labs);
    let Some(table) = document::parse(source, &mut reader.sink) else {
        return (nothing(clean_name), reader.sink.finish());
    };
    let (head, lesson) = whole(course, table, &mut reader);
    (Unit { file: clean_name, head, lesson, refs: reader.refs }, reader.sink.finish())
}

fn whole(course: &str, mut table: DeTable<'_>, reader: &mut Reader<'_>) -> (Option<Head>, Option<Lesson>) {
    let elsewhere: Vec<&'static Shape> = step::shapes().chain([&LESSON, &TERM, &FAQ]).collect();
    shape::prune(&mut table, &TOP, &[], &elsewhere, &mut reader.sink);
    let raw = match table.remove("lesson") {
        Some(raw) => reader.read::<RawLesson>(raw),
        None => {
            reader
                .sink
                .report(Code::MissingKey, 0..0, "`[lesson]` is missing")
                .remedy("begin with `format = 1` and a `[lesson]` table");
            None
        }
    };
    // Without a readable head the steps are still read: their mistakes are shown in the same run.
    let head = raw.and_then(|raw| self::head(course, raw, reader));
    let node = head.as_ref().map_or_else(|| NodeId::new(course, "unknown"), |(head, _)| head.node.clone());
    let mut ids: Vec<String> = Vec::new();
    let steps = steps(&node, table.remove("step"), &elsewhere, &mut ids, reader);
    let drills = tables(table.remove("drill"), "drill", reader);
    let drills = drills.into_iter().filter_map(|raw| step::drill(&node, raw, &elsewhere, &mut ids, reader)).collect();
    let terms = tables(table.remove("term"), "term", reader).into_iter().filter_map(|raw| term(raw, reader)).collect();
    let faqs = tables(table.remove("faq"), "faq", reader).into_iter().filter_map(|raw| faq(raw, reader)).collect();
    let Some((mut head, Beside { sources, card, for_real })) = head else { return (None, None) };
    let lesson = Lesson {
        node,
        file: reader.file.name.clone(),
        title: head.title.clone(),
        goals: head.goals.clone(),
        minutes: head.minutes,
        sources,
        card,
        for_real,
        steps,
        drills,
        terms,
        term_names: BTreeMap::new(),
        faqs,
    };
    head.steps = lesson.step_heads();
    lint::lesson(&lesson, reader);
    (Some(head), Some(lesson))
}

/// What `[lesson]` holds that only the open lesson shows.
struct Beside {
    sources: Vec<Text>,
    card: Option<Text>,
    for_real: Option<Text>,
}

fn head(course: &str, raw: RawLesson, reader: &mut Reader<'_>) -> Option<(Head, Beside)> {
    reader.refs.id = reader.file.place(raw.id.span());
    if !reader.is_id(&raw.id) {
        return None;
    }
    let names = Status::ALL.map(|status| (status.name(), status));
    let status = raw.status.as_ref().and_then(|raw| reader.one_of(raw, &names, "status")).unwrap_or(Status::Active);
    let minutes = *raw.minutes.get_ref();
    if !(1..=240).contains(&minutes) {
        reader
            .sink
            .report(Code::BadValue, raw.minutes.span(), "`minutes` is from 1 to 240")
            .remedy("give the time of the main line");
    }
    if let Some(first) = raw.requires.get(MAX_REQUIRES) {
        let message = format!("there are {} prerequisites; at most {MAX_REQUIRES} are read", raw.requires.len());
        reader.sink.report(Code::TooLarge, first.span(), message).remedy("name the nearest ones; theirs come with them");
    }
    let requires: Vec<NodeId> = raw.requires.iter().take(MAX_REQUIRES).filter_map(|name| require(course, name, reader)).collect();
    let head = Head {
        node: NodeId::new(course, raw.id.get_ref()),
        title: reader.line(&raw.title),
        track: raw.track.get_ref().clone(),
        status,
        summary: reader.line(&raw.summary),
        goals: reader.lines(&raw.goals),
        requires,
        minutes,
        steps: Vec::new(),
    };
    let place = reader.file.place(raw.track.span());
    reader.refs.track = Some((raw.track.into_inner(), place));
    let card = raw.card.as_ref().map(|raw| {
        let card = reader.text(raw);
        lint::card(&card, raw.span(), reader);
        card
    });
    let for_real = raw.for_real.as_ref().map(|raw| {
        lint::for_real(raw, reader);
        Text::clean_line(&reader.code(raw))
    });
    Some((head, Beside { sources: reader.lines(&raw.sources), card, for_real }))
}

fn require(course: &str, name: &Str, reader: &mut Reader<'_>) -> Option<NodeId> {
    let node = NodeId::parse(name.get_ref(), course);
    match &node {
        Some(node) => reader.refs.requires.push((node.clone(), reader.file.place(name.span()))),
        None => {
            let message = format!("`{}` is not the id of a lesson", name.get_ref());
            reader.sink.report(Code::BadId, name.span(), message).remedy("write `lesson`, or `course/lesson` for another course");
        }
    }
    node
}

/// The items of an array of tables.
pub(super) fn tables<'s>(value: Option<Spanned<DeValue<'s>>>, key: &str, reader: &mut Reader<'_>) -> Vec<Spanned<DeValue<'s>>> {
    let Some(value) = value else { return Vec::new() };
    let span = value.span();
    match value.into_inner() {
        DeValue::Array(items) => {
            if let Some(first) = items.get(MAX_TABLES) {
                let message = format!("there are {} `[[{key}]]`; at most {MAX_TABLES} are read", items.len());
                reader.sink.report(Code::TooLarge, first.span(), message).remedy("split the file");
            }
            items.into_iter().take(MAX_TABLES).collect()
        }
        _ => {
            let message = format!("`{key}` is a list of tables");
            reader.sink.report(Code::WrongType, span, message).remedy(format!("write `[[{key}]]` with two brackets"));
            Vec::new()
        }
    }
}

/// The steps of the main line, then those that stand behind the closing card.
fn steps(
    node: &NodeId,
    value: Option<Spanned<DeValue<'_>>>,
    elsewhere: &[&'static Shape],
    ids: &mut Vec<String>,
    reader: &mut Reader<'_>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for raw in tables(value, "step", reader) {
        steps.extend(step::read(node, raw, elsewhere, ids, reader));
    }
    steps.sort_by_key(|step| step.kind().is_further());
    if steps.is_empty() && reader.sink.n_errors() == 0 {
        reader.sink.report(Code::MissingKey, 0..0, "the lesson has no steps").remedy("add a `[[step]]`");
    }
    steps
}

fn term(raw: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Term> {
    let raw: RawTerm = reader.read(raw)?;
    if !reader.is_id(&raw.id) {
        return None;
    }
    reader.refs.defines.push((raw.id.get_ref().clone(), reader.file.place(raw.id.span())));
    Some(Term {
        id: raw.id.get_ref().clone(),
        name: reader.line(&raw.name),
        text: reader.text(&raw.text),
        preview: reader.maybe(&raw.preview),
    })
}

fn faq(raw: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Faq> {
    let raw: RawFaq = reader.read(raw)?;
    Some(Faq { q: reader.line(&raw.q), a: reader.text(&raw.a) })
}
