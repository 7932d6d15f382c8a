//! A folder of files to a [`Course`]. Each file is read on its own; then the names that they share are resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    diagnostic::{Code, Diagnostic, Place},
    graph, lesson,
    lesson::{Refs, Unit},
    manifest::{self, Manifest},
    model::{Course, Head, Lesson, Status},
    source::MAX_FINDINGS,
};
use crate::{
    id::NodeId,
    lab::{self, Lab},
    text::{Text, did_you_mean},
};

const MAX_COURSE: usize = 64 << 20;
const MAX_FILES: usize = 2_000;
const MAX_NAME: usize = 1_024;

/// A course as far as it could be read, and what is wrong with the rest.
#[derive(Debug, Default)]
pub struct Loaded {
    /// `None` where there is no readable course.toml.
    pub course: Option<Course>,
    /// Every lesson that could be read, also hidden ones.
    pub lessons: Vec<Lesson>,
    /// In the order of the files and of the places in them.
    pub diagnostics: Vec<Diagnostic>,
    /// Prerequisites in other courses, and the file and place of each.
    pub(super) foreign: Vec<(NodeId, NodeId, Text, Place)>,
}

/// Loads a course from the files of its folder: names relative to it, with `/`. One of them is `course.toml`; other
/// files than `*.toml` are not read.
pub fn load<N: AsRef<str>, B: AsRef<[u8]>>(files: &[(N, B)]) -> Loaded {
    load_with(files, lab::ALL)
}

/// The same with the labs that its lessons may use.
pub fn load_with<N: AsRef<str>, B: AsRef<[u8]>>(files: &[(N, B)], labs: &'static [Lab]) -> Loaded {
    let mut files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_ref(), bytes.as_ref())).collect();
    files.sort_by_key(|(name, _)| *name);
    if let Some(finding) = too_large(&files) {
        return Loaded { diagnostics: vec![finding], ..Loaded::default() };
    }
    let mut diagnostics = refuse_names(&mut files);
    files.retain(|(name, _)| name.ends_with(".toml"));
    let Some(at) = files.iter().position(|(name, _)| *name == COURSE_FILE) else {
        diagnostics.push(no_course());
        return Loaded { diagnostics, ..Loaded::default() };
    };
    let (name, bytes) = files.remove(at);
    let (manifest, found) = manifest::read(name, bytes);
    diagnostics.extend(found);
    // Lessons of a course without a readable course.toml are checked all the same.
    let id = manifest.as_ref().map_or("unknown", |m| m.course.id.as_str());
    let mut units = Vec::new();
    for (name, bytes) in files {
        let (unit, found) = lesson::read(id, name, bytes, labs);
        diagnostics.extend(found);
        units.push(unit);
    }
    match manifest {
        Some(manifest) => assemble(manifest, units, diagnostics),
        None => Loaded { lessons: units.into_iter().filter_map(|u| u.lesson).collect(), diagnostics, ..Loaded::default() },
    }
}

/// The file that makes a folder a course.
pub const COURSE_FILE: &str = "course.toml";

/// Loads one lesson of the course `course` on its own: names that only the whole course can resolve are not checked.
pub fn load_lesson(course: &str, name: &str, bytes: &[u8]) -> (Option<Lesson>, Vec<Diagnostic>) {
    load_lesson_with(course, name, bytes, lab::ALL)
}

/// The same with the labs that it may use.
pub fn load_lesson_with(course: &str, name: &str, bytes: &[u8], labs: &'static [Lab]) -> (Option<Lesson>, Vec<Diagnostic>) {
    let (unit, diagnostics) = lesson::read(course, name, bytes, labs);
    (unit.lesson, diagnostics)
}

fn too_large(files: &[(&str, &[u8])]) -> Option<Diagnostic> {
    let size: usize = files.iter().map(|(_, bytes)| bytes.len()).fold(0, usize::saturating_add);
    let message = if files.len() > MAX_FILES {
        format!("the course has {} files; at most {MAX_FILES} are read", files.len())
    } else if size > MAX_COURSE {
        format!("the course has {} MiB; at most {} are read", size >> 20, MAX_COURSE >> 20)
    } else {
        return None;
    };
    let mut finding = Diagnostic::new(&Text::clean(COURSE_FILE), None, Code::TooLarge, &message);
    finding.remedy("split it into several courses");
    Some(finding)
}

/// Takes files away whose names leave the folder or cannot be shown.
fn refuse_names(files: &mut Vec<(&str, &[u8])>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    files.retain(|(name, _)| {
        let parts = || name.split(['/', '\\']);
        let good = name.len() <= MAX_NAME
            && parts().all(|part| !matches!(part, "" | "." | ".."))
            && Text::clean_line(name).as_str() == *name;
        if !good {
            let shown: String = name.chars().take(80).collect();
            let mut finding = Diagnostic::new(&Text::clean_line(&shown), None, Code::BadFileName, "this name is not read");
            finding.remedy("use a plain relative path inside the course's folder");
            findings.push(finding);
        }
        good
    });
    findings
}

fn no_course() -> Diagnostic {
    let mut finding = Diagnostic::new(&Text::clean(COURSE_FILE), None, Code::NoCourse, "the folder has no course.toml");
    finding.remedy("add one with `format = 1`, `id` and `title`; lessons/FORMAT.md shows it");
    finding
}

/// Names across files: lessons, tracks, terms, misconceptions, prerequisites, paths.
fn assemble(manifest: Manifest, units: Vec<Unit>, mut diagnostics: Vec<Diagnostic>) -> Loaded {
    let mut course = manifest.course;
    let all_read = units.iter().all(|unit| unit.head.is_some());
    let units = drop_doubles(units, &mut diagnostics);
    let mut heads: Vec<Head> = units.iter().filter_map(|unit| unit.head.clone()).collect();
    let terms = terms(&units, &mut diagnostics);
    let mut foreign = Vec::new();
    for unit in &units {
        registered(unit, &course, &terms, &mut diagnostics);
        requires(unit, &course.id, &mut heads, &mut foreign, &mut diagnostics);
    }
    paths(&mut course, &manifest.file, &manifest.named, &heads, &mut diagnostics);
    if !all_read {
        blame_unread(&mut diagnostics);
    }
    cut_cycles(&mut heads, &units, &mut diagnostics);
    heads.retain(|head| head.status != Status::Wip);
    order(&course, &mut heads);
    course.heads = heads;
    diagnostics.sort_by(|a, b| key(a).cmp(&key(b)));
    let lessons = units.into_iter().filter_map(|unit| unit.lesson).collect();
    Loaded { course: Some(course), lessons, diagnostics, foreign }
}

fn key(finding: &Diagnostic) -> (bool, &Text, usize) {
    let start = finding.place.as_ref().map_or(usize::MAX, |place| place.span.start);
    (&*finding.file != COURSE_FILE, &finding.file, start)
}

/// By the paths, then by the tracks, prerequisites first.
pub(super) fn order(course: &Course, heads: &mut Vec<Head>) {
    let mut on_paths: BTreeMap<&NodeId, usize> = BTreeMap::new();
    for (idx, node) in course.paths.iter().flat_map(|p| &p.chapters).flat_map(|c| &c.lessons).enumerate() {
        on_paths.entry(node).or_insert(idx);
    }
    graph::sort(heads, |head| {
        let path = on_paths.get(&head.node).copied().unwrap_or(usize::MAX);
        let track = course.tracks.iter().position(|track| track.id == head.track).unwrap_or(usize::MAX);
        (path, track)
    });
}

fn drop_doubles(units: Vec<Unit>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Unit> {
    let mut seen: BTreeMap<NodeId, Text> = BTreeMap::new();
    let mut kept = Vec::new();
    for unit in units {
        let Some(node) = unit.head.as_ref().map(|head| head.node.clone()) else { continue };
        match seen.get(&node) {
            Some(first) => {
                let message = format!("the lesson `{}` stands in {first} already", node.lesson());
                report(&unit.file, &unit.refs.id, Code::DuplicateId, &message, "give one of them another id", diagnostics);
            }
            None => {
                seen.insert(node, unit.file.clone());
                kept.push(unit);
            }
        }
    }
    kept
}

fn report(file: &Text, place: &Place, code: Code, message: &str, remedy: &str, diagnostics: &mut Vec<Diagnostic>) {
    let mut finding = Diagnostic::new(file, Some(place.clone()), code, message);
    finding.remedy(remedy);
    diagnostics.push(finding);
}

/// Every term of the course.
fn terms(units: &[Unit], diagnostics: &mut Vec<Diagnostic>) -> BTreeSet<String> {
    let mut terms = BTreeMap::new();
    for unit in units {
        for (id, place) in &unit.refs.defines {
            if let Some(first) = terms.insert(id.clone(), &unit.file) {
                let message = format!("the term `{id}` is defined in {first} already");
                report(
                    &unit.file,
                    place,
                    Code::DuplicateId,
                    &message,
                    "define a term once, where it is first needed",
                    diagnostics,
                );
            }
        }
    }
    terms.into_keys().collect()
}

/// Tracks, misconceptions and terms that the course does not know.
fn registered(unit: &Unit, course: &Course, terms: &BTreeSet<String>, diagnostics: &mut Vec<Diagnostic>) {
    let Refs { track, misconceptions, terms: links, .. } = &unit.refs;
    let tracks: BTreeSet<&str> = course.tracks.iter().map(|t| t.id.as_str()).collect();
    let beliefs: BTreeSet<&str> = course.misconceptions.iter().map(|m| m.id.as_str()).collect();
    let terms: BTreeSet<&str> = terms.iter().map(String::as_str).collect();
    let add_track = "register it in course.toml: `[[track]]` with `id` and `title`";
    let add_belief = "register it in course.toml: `[[misconception]]` with `id` and `text`";
    let add_term = "define it with `[[term]]` in a lesson of the course";
    let rows = (track.iter().map(|(id, place)| ((id, place), &tracks, Code::UnknownTrack, "track", add_track)))
        .chain(
            misconceptions
                .iter()
                .map(|(id, place)| ((id, place), &beliefs, Code::UnknownMisconception, "misconception", add_belief)),
        )
        .chain(links.iter().map(|(id, place)| ((id, place), &terms, Code::UnknownTerm, "term", add_term)));
    for ((id, place), known, code, what, add) in
        rows.filter(|((id, _), known, ..)| !known.contains(id.as_str())).take(MAX_FINDINGS)
    {
        let remedy = match did_you_mean(id, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => add.to_owned(),
        };
        report(&unit.file, place, code, &format!("there is no {what} `{id}`"), &remedy, diagnostics);
    }
}

/// Takes prerequisites away that are not there; those of other courses are resolved where the courses meet.
fn requires(
    unit: &Unit,
    course: &str,
    heads: &mut [Head],
    foreign: &mut Vec<(NodeId, NodeId, Text, Place)>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(own) = unit.head.as_ref().map(|head| &head.node) else { return };
    let mut gone = Vec::new();
    for (need, place) in &unit.refs.requires {
        if need.course() != course {
            foreign.push((own.clone(), need.clone(), unit.file.clone(), place.clone()));
            continue;
        }
        let found = heads.iter().find(|head| head.node == *need);
        let hidden = found.is_some_and(|head| head.status == Status::Wip);
        if found.is_some() && (!hidden || unit.head.as_ref().is_some_and(|head| head.status == Status::Wip)) {
            continue;
        }
        gone.push(need);
        let (message, remedy) = if hidden {
            (
                format!("the lesson `{}` is hidden, so nobody can complete it", need.lesson()),
                "change its status from `wip`, or hide this one too".into(),
            )
        } else {
            (
                format!("there is no lesson `{}`", need.lesson()),
                meant(need, heads, "write its id as in its file; one of another course is `course/lesson`"),
            )
        };
        report(&unit.file, place, Code::UnknownLesson, &message, &remedy, diagnostics);
    }
    for head in heads.iter_mut().filter(|head| head.node == *own) {
        head.requires.retain(|need| !gone.contains(&need));
    }
}

/// A lesson that nobody finds may stand in a file that was not read: then that file is what wants mending.
fn blame_unread(diagnostics: &mut [Diagnostic]) {
    for finding in diagnostics.iter_mut().filter(|finding| finding.code == Code::UnknownLesson) {
        finding.remedy("mend the files that could not be read first; it may stand in one of them");
    }
}

fn meant(node: &NodeId, heads: &[Head], otherwise: &str) -> String {
    did_you_mean(node.lesson(), heads.iter().map(|head| head.node.lesson()))
        .map_or_else(|| otherwise.to_owned(), |meant| format!("did you mean `{meant}`?"))
}

fn paths(course: &mut Course, file: &Text, named: &[(NodeId, Place)], heads: &[Head], diagnostics: &mut Vec<Diagnostic>) {
    let own = |node: &NodeId| node.course() == course.id;
    let there: BTreeSet<&NodeId> = heads.iter().map(|head| &head.node).collect();
    for (node, place) in named.iter().filter(|(node, _)| own(node) && !there.contains(node)).take(MAX_FINDINGS) {
        let message = format!("the path names the lesson `{}`, which is not there", node.lesson());
        let remedy = meant(node, heads, "leave it out until it is written");
        report(file, place, Code::UnknownLesson, &message, &remedy, diagnostics);
    }
    let visible: BTreeSet<&NodeId> = heads.iter().filter(|head| head.status != Status::Wip).map(|head| &head.node).collect();
    let shown = |node: &NodeId| !own(node) || visible.contains(node);
    let mut paths = course.paths.clone();
    paths.iter_mut().flat_map(|path| &mut path.chapters).for_each(|chapter| chapter.lessons.retain(shown));
    course.paths = paths;
}

/// Reports each circle once and takes one prerequisite of it away.
fn cut_cycles(heads: &mut [Head], units: &[Unit], diagnostics: &mut Vec<Diagnostic>) {
    let mut needs = graph::needs(&heads.iter().collect::<Vec<_>>());
    for idx in 0..heads.len() {
        while let Some(way) = graph::cycle(&needs, idx) {
            let (node, need) = (heads[idx].node.clone(), heads[way[1]].node.clone());
            let unit = units.iter().find(|unit| unit.head.as_ref().is_some_and(|head| head.node == node));
            let place =
                unit.and_then(|unit| unit.refs.requires.iter().find(|(named, _)| *named == need).map(|(_, place)| (unit, place)));
            if let Some((unit, place)) = place {
                let spelt = way.iter().map(|&idx| format!("`{}`", heads[idx].node.lesson())).collect::<Vec<_>>().join(" needs ");
                let message = format!("the lessons require each other in a circle: {spelt}");
                report(&unit.file, place, Code::Cycle, &message, "take one of these prerequisites away", diagnostics);
            }
            heads[idx].requires.retain(|named| *named != need);
            needs[idx].retain(|&other| other != way[1]);
        }
    }
}
