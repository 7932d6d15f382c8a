//! course.toml: what a course is, its tracks, paths and misconceptions.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    diagnostic::{Code, Diagnostic, Place},
    document,
    lesson::{Reader, tables},
    model::{Course, Misconception, Path, PathChapter, Track},
    raw::{RawChapter, RawCourse, RawMisconception, RawPath, RawTrack, Str},
    shape::{self, Shape, fields_of},
    source::File,
};
use crate::{id::NodeId, text::Text};

/// A course without its lessons yet, and the lessons that its paths name.
pub(super) struct Manifest {
    pub(super) file: Text,
    pub(super) course: Course,
    pub(super) named: Vec<(NodeId, Place)>,
}

const ABOUT: fn() -> &'static [&'static str] = fields_of::<RawCourse>;

static TOP: Shape = Shape {
    header: "the top of course.toml",
    kind: "",
    fields: &[|| &["format", "track", "path", "misconception"], ABOUT],
    children: &[("track", &TRACK), ("path", &PATH), ("misconception", &MISCONCEPTION)],
    open: false,
};
static TRACK: Shape = Shape { header: "`[[track]]`", kind: "", fields: &[fields_of::<RawTrack>], children: &[], open: false };
static PATH: Shape =
    Shape { header: "`[[path]]`", kind: "", fields: &[fields_of::<RawPath>], children: &[("chapter", &CHAPTER)], open: false };
static CHAPTER: Shape =
    Shape { header: "`[[path.chapter]]`", kind: "", fields: &[fields_of::<RawChapter>], children: &[], open: false };
static MISCONCEPTION: Shape =
    Shape { header: "`[[misconception]]`", kind: "", fields: &[fields_of::<RawMisconception>], children: &[], open: false };

/// The tables of course.toml.
pub(super) fn shapes() -> impl Iterator<Item = &'static Shape> {
    [&TOP, &TRACK, &PATH, &CHAPTER, &MISCONCEPTION].into_iter()
}

pub(super) fn read(name: &str, bytes: &[u8]) -> (Option<Manifest>, Vec<Diagnostic>) {
    let source = match document::text(&Text::clean_line(name), bytes) {
        Ok(source) => source,
        Err(finding) => return (None, vec![finding]),
    };
    let file = File::new(name, source);
    let mut reader = Reader::new(&file, &[]);
    let table = document::parse(source, &mut reader.sink);
    let manifest = table.and_then(|table| whole(table, &mut reader));
    (manifest, reader.sink.finish())
}

fn whole(mut table: DeTable<'_>, reader: &mut Reader<'_>) -> Option<Manifest> {
    shape::prune(&mut table, &TOP, &[], &[&TRACK, &PATH, &CHAPTER, &MISCONCEPTION], &mut reader.sink);
    let (about, mut lists): (DeTable<'_>, DeTable<'_>) =
        table.into_iter().partition(|(key, _)| ABOUT().contains(&key.get_ref().as_ref()));
    let raw: Option<RawCourse> = reader.read(Spanned::new(0..0, DeValue::Table(about)));
    let mut ids = Vec::new();
    let tracks = tables(lists.remove("track"), "track", reader)
        .into_iter()
        .filter_map(|raw| {
            let raw: RawTrack = reader.read(raw)?;
            registered("track", &raw.id, &mut ids, reader)
                .then(|| Track { title: reader.line(&raw.title), id: raw.id.into_inner() })
        })
        .collect();
    let misconceptions = misconceptions(lists.remove("misconception"), reader);
    let raw = raw?;
    if !reader.is_id(&raw.id) {
        return None;
    }
    needs_newer_app(&raw.min_app, reader);
    let mut named = Vec::new();
    let paths = paths(raw.id.get_ref(), lists.remove("path"), &mut named, reader);
    let mut line = |raw: &Option<Str>| raw.as_ref().map(|raw| reader.line(raw)).unwrap_or_default();
    let (version, licence, language) = (line(&raw.version), line(&raw.licence), line(&raw.language));
    let course = Course {
        title: reader.line(&raw.title),
        version,
        authors: reader.lines(&raw.authors),
        licence,
        language,
        tracks,
        paths,
        misconceptions,
        heads: Vec::new(),
        id: raw.id.into_inner(),
    };
    Some(Manifest { file: reader.file.name.clone(), course, named })
}

/// Whether an id is well formed and new.
fn registered(what: &str, id: &Str, seen: &mut Vec<String>, reader: &mut Reader<'_>) -> bool {
    let new = !seen.contains(id.get_ref());
    if !new {
        let message = format!("two {what}s have the id `{}`", id.get_ref());
        reader.sink.report(Code::DuplicateId, id.span(), message).remedy("ids are unique within a course");
    }
    seen.push(id.get_ref().clone());
    reader.is_id(id) && new
}

fn misconceptions(value: Option<Spanned<DeValue<'_>>>, reader: &mut Reader<'_>) -> Vec<Misconception> {
    let mut ids = Vec::new();
    tables(value, "misconception", reader)
        .into_iter()
        .filter_map(|raw| {
            let raw: RawMisconception = reader.read(raw)?;
            registered("misconception", &raw.id, &mut ids, reader)
                .then(|| Misconception { text: reader.line(&raw.text), id: raw.id.into_inner() })
        })
        .collect()
}

fn paths(
    course: &str,
    value: Option<Spanned<DeValue<'_>>>,
    named: &mut Vec<(NodeId, Place)>,
    reader: &mut Reader<'_>,
) -> Vec<Path> {
    let mut ids = Vec::new();
    let mut paths = Vec::new();
    for raw in tables(value, "path", reader) {
        let Some(raw) = reader.read::<RawPath>(raw) else { continue };
        if !registered("path", &raw.id, &mut ids, reader) {
            continue;
        }
        let chapters = raw.chapter.into_iter().map(|raw| chapter(course, raw, named, reader)).collect();
        paths.push(Path { title: reader.line(&raw.title), id: raw.id.into_inner(), chapters });
    }
    paths
}

fn chapter(course: &str, raw: RawChapter, named: &mut Vec<(NodeId, Place)>, reader: &mut Reader<'_>) -> PathChapter {
    let mut lessons = Vec::new();
    for name in &raw.lessons {
        match NodeId::parse(name.get_ref(), course) {
            Some(node) => {
                named.push((node.clone(), reader.file.place(name.span())));
                lessons.push(node);
            }
            None => {
                let message = format!("`{}` is not the id of a lesson", name.get_ref());
                reader
                    .sink
                    .report(Code::BadId, name.span(), message)
                    .remedy("write `lesson`, or `course/lesson` for another course");
            }
        }
    }
    PathChapter { title: reader.line(&raw.title), lessons }
}

/// Reports a course that asks for a newer program; what can be read of it is shown all the same.
fn needs_newer_app(min_app: &Option<Str>, reader: &mut Reader<'_>) {
    let Some(raw) = min_app else { return };
    let numbers = |text: &str| text.split('.').map(|n| n.parse::<u64>().ok()).collect::<Option<Vec<_>>>();
    match (numbers(raw.get_ref()), numbers(env!("CARGO_PKG_VERSION"))) {
        (Some(asked), Some(own)) if asked > own => {
            let message = format!("the course needs quantlearn {}; this is {}", raw.get_ref(), env!("CARGO_PKG_VERSION"));
            reader.sink.report(Code::NewerFormat, raw.span(), message).remedy("update quantlearn");
        }
        (Some(_), _) => {}
        (None, _) => {
            reader.sink.report(Code::BadValue, raw.span(), "`min_app` is a version").remedy("for example `min_app = \"0.1.0\"`");
        }
    }
}
