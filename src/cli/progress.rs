//! `quantlearn progress show|path|export|import`.

use std::{
    io::{self, Write},
    path::Path,
};

use jiff::civil::Date;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::{
    id::NodeId,
    learner::{CourseFacts, Mark, NodeState, State},
    runtime::store::Store,
    text::Text,
};

/// What `show` tells of.
pub struct Overview<'a> {
    pub state: &'a State,
    pub facts: &'a CourseFacts,
    /// The lessons that a learner may see, in the order of the course.
    pub lessons: &'a [(NodeId, Text)],
    pub today: Date,
    /// What loading the log had to say.
    pub remarks: &'a [Text],
    pub ascii: bool,
}

/// XP, level, streak, and a line for each lesson.
///
/// # Errors
/// Only those of `out`.
pub fn show(overview: &Overview, out: &mut dyn Write) -> io::Result<()> {
    let Overview { state, today, .. } = *overview;
    let (into, span) = state.level_progress();
    write!(out, "{} XP   level {} ({into} of {span})", grouped(state.xp()), state.level())?;
    match state.streak(today) {
        0 => {}
        1 => write!(out, "   1 day")?,
        n => write!(out, "   {n} days")?,
    }
    match state.xp_on(today) {
        0 => writeln!(out)?,
        xp => writeln!(out, "   {xp} XP today")?,
    }
    let width = overview.lessons.iter().map(|(_, title)| title.width()).max().unwrap_or(0);
    for (idx, (node, title)) in overview.lessons.iter().enumerate() {
        if idx == 0 {
            writeln!(out)?;
        }
        let lesson = state.node(node, overview.facts);
        let pad = " ".repeat(width - title.width());
        let xp = format!("{} of {} XP", lesson.xp_earned, lesson.xp_possible);
        writeln!(out, "  {} {title}{pad}   {xp:>13}   {}", glyph(lesson.mark, overview.ascii), stand(&lesson, overview))?;
    }
    for remark in overview.remarks {
        writeln!(out, "\n{remark}")?;
    }
    Ok(())
}

/// The same as one JSON object.
///
/// # Errors
/// Only those of `out`.
pub fn show_json(overview: &Overview, out: &mut dyn Write) -> io::Result<()> {
    let Overview { state, today, .. } = *overview;
    let (into, span) = state.level_progress();
    let lessons: Vec<Value> = overview.lessons.iter().map(|(node, title)| lesson_json(node, title, overview)).collect();
    let shown = json!({
        "xp": state.xp(),
        "level": state.level(),
        "level_xp": into,
        "level_span": span,
        "streak_days": state.streak(today),
        "xp_today": state.xp_on(today),
        "lessons": lessons,
        "remarks": overview.remarks,
    });
    writeln!(out, "{shown:#}")
}

/// The file that progress is kept in, whether it exists yet or not.
///
/// # Errors
/// Only those of `out`.
pub fn path(store: &Store, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", store.path().display())
}

/// Writes the log to a file, or to `out` where the file is `-`.
///
/// # Errors
/// When the log does not read or the file cannot be written.
pub fn export(store: &Store, to: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    if to == Path::new("-") {
        out.write_all(&store.export_bytes()?)?;
        return Ok(());
    }
    let n_bytes = store.export(to)?;
    writeln!(out, "Wrote {n_bytes} bytes to {}.", Text::clean_line(&to.to_string_lossy()))?;
    Ok(())
}

/// Adds the events of an exported log and says what came in.
///
/// # Errors
/// When one of the files does not read or the log cannot be written. Then nothing was added.
pub fn import(store: &mut Store, from: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let imported = store.import(from)?;
    writeln!(out, "{} added, {} were there already.", events(imported.added), imported.known)?;
    if imported.unknown > 0 {
        writeln!(
            out,
            "{} of the added are of a kind that this version does not know. They are kept; a newer quantlearn reads them.",
            imported.unknown
        )?;
    }
    if imported.broken > 0 {
        let lines = if imported.broken == 1 { "1 line does" } else { &*format!("{} lines do", imported.broken) };
        writeln!(out, "{lines} not read and stayed behind in {}.", Text::clean_line(&from.to_string_lossy()))?;
    }
    Ok(())
}

fn stand(lesson: &NodeState, overview: &Overview) -> String {
    match lesson.mark {
        Mark::Locked => {
            let title = |node: &NodeId| {
                let known = overview.lessons.iter().find(|(id, _)| id == node);
                known.map_or_else(|| node.to_string(), |(_, title)| title.to_string())
            };
            format!("needs {}", lesson.missing.iter().map(title).collect::<Vec<_>>().join(", "))
        }
        Mark::Open => "open".to_owned(),
        Mark::InProgress => format!("{} of {} steps", lesson.done, lesson.total),
        Mark::Complete => "complete".to_owned(),
        Mark::Exercised => "complete, exercise solved".to_owned(),
        Mark::Star => "complete, all unaided and at par".to_owned(),
    }
}

fn lesson_json(node: &NodeId, title: &Text, overview: &Overview) -> Value {
    let lesson = overview.state.node(node, overview.facts);
    json!({
        "id": node,
        "title": title,
        "state": lesson.mark.name(),
        "done": lesson.done,
        "total": lesson.total,
        "xp": lesson.xp_earned,
        "xp_possible": lesson.xp_possible,
        "missing": lesson.missing,
    })
}

fn glyph(mark: Mark, ascii: bool) -> char {
    let (plain, drawn) = match mark {
        Mark::Locked => ('-', '·'),
        Mark::Open => ('o', '○'),
        Mark::InProgress => ('~', '◐'),
        Mark::Complete => ('x', '●'),
        Mark::Exercised => ('X', '◉'),
        Mark::Star => ('*', '★'),
    };
    if ascii { plain } else { drawn }
}

fn events(n: usize) -> String {
    if n == 1 { "1 event".to_owned() } else { format!("{n} events") }
}

/// A number in groups of three: `1 240`.
fn grouped(n: u32) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (idx, digit) in digits.char_indices() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use jiff::civil::date;

    use super::*;
    use crate::{
        id::StepKind,
        learner::{Event, EventId, GradedStep, NodeFacts, What},
    };

    /// Two lessons, the second needs the first; of the first, one question of two is solved.
    fn shown(json: bool) -> String {
        let (first, second) = (NodeId::new("core", "bits"), NodeId::new("core", "noise"));
        let graded = |node: &NodeId, step: &str| GradedStep { id: node.step(step), kind: StepKind::Choice, par: false };
        let one = NodeFacts { graded: vec![graded(&first, "a"), graded(&first, "b")], ..NodeFacts::default() };
        let two = NodeFacts { requires: vec![first.clone()], graded: vec![graded(&second, "a")], ..NodeFacts::default() };
        let facts = CourseFacts { nodes: BTreeMap::from([(first.clone(), one), (second.clone(), two)]) };
        let mut state = State::default();
        state.apply(&solved(&first, "a", 1));
        let lessons = [(first, Text::from("Why fewer bits?")), (second, Text::from("Noise"))];
        let overview = Overview {
            state: &state,
            facts: &facts,
            lessons: &lessons,
            today: date(2026, 3, 2),
            remarks: &["A remark.".into()],
            ascii: false,
        };
        let mut out = Vec::new();
        let show = if json { show_json } else { show };
        show(&overview, &mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    fn solved(node: &NodeId, step: &str, n: u8) -> Event {
        let what = What::Answer {
            step: node.step(step),
            rev: 1,
            step_kind: StepKind::Choice,
            seed: 0,
            answer: json!([0]),
            correct: true,
            attempt: 1,
            hints: 0,
            shown: false,
            misconceptions: Vec::new(),
            completes: false,
        };
        Event { id: EventId::from_bytes([n; 16]), at: 0, day: date(2026, 3, 2), what }
    }

    #[test]
    fn the_summary_lines_up() {
        let expected = "\
10 XP   level 1 (10 of 50)   1 day   10 XP today

  ◐ Why fewer bits?     10 of 40 XP   1 of 2 steps
  · Noise                0 of 30 XP   needs Why fewer bits?

A remark.
";
        assert_eq!(shown(false), expected);
    }

    #[test]
    fn json_has_stable_names() {
        let value: Value = serde_json::from_str(&shown(true)).expect("JSON");
        assert_eq!((&value["xp"], &value["streak_days"], &value["level_span"]), (&json!(10), &json!(1), &json!(50)));
        assert_eq!(value["lessons"][1]["state"], "locked");
        assert_eq!(value["lessons"][1]["missing"], json!(["core/bits"]));
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1_240, 1_000_000].map(grouped), ["0", "999", "1 240", "1 000 000"]);
    }

    #[test]
    fn an_export_comes_back_by_import() {
        let root = tempfile::tempdir().expect("a folder");
        let store_in = |name: &str| Store::open(&root.path().join(name)).expect("nothing there").0;
        let (mut one, mut other) = (store_in("one"), store_in("other"));
        let event = solved(&NodeId::new("core", "bits"), "a", 1);
        one.append(std::slice::from_ref(&event)).expect("saved");
        let (file, mut out) = (root.path().join("mine.jsonl"), Vec::new());
        export(&one, &file, &mut out).expect("exported");
        import(&mut other, &file, &mut out).expect("imported");
        import(&mut other, &file, &mut out).expect("imported");
        path(&other, &mut out).expect("memory");
        let said = String::from_utf8(out).expect("text");
        assert!(said.contains("1 event added, 0 were there already.\n0 events added, 1 were there already.\n"), "{said}");
        assert!(said.ends_with("other/progress.jsonl\n"), "{said}");
        let mut out = Vec::new();
        export(&other, Path::new("-"), &mut out).expect("exported");
        assert_eq!(out, fs::read(file).expect("made"));
    }
}
