//! Embeds the built-in course: the text of every lesson, and one table of heads, so that the program starts without
//! parsing a lesson. The table reads only what the skill map and the XP table need; `tests/content.rs` compares it
//! with what the real loader makes of the same files.
//!
//! A lesson that cannot be read here is embedded without a head: the build goes on, so that `quantlearn author check
//! lessons` can say what is wrong, and the test fails.

use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

fn main() {
    println!("cargo::rerun-if-changed=lessons");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("lessons");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("embedded.rs");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let course = root.join("course.toml");
    let mut code = format!("static COURSE: &str = include_str!({course:?});\n\nstatic LESSONS: &[EmbeddedLesson] = &[\n");
    for file in files.iter().filter(|file| **file != course) {
        code.push_str(&lesson(&root, file));
    }
    code.push_str("];\n");
    fs::write(out, code).expect("OUT_DIR is writable");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("lessons/ is part of the sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ext| ext == "toml") {
            files.push(path);
        }
    }
}

/// One row of the table, as Rust source.
fn lesson(root: &Path, file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a lesson is readable text");
    let parts: Vec<_> = file.strip_prefix(root).expect("it was found there").iter().map(|part| part.to_string_lossy()).collect();
    let name = parts.join("/");
    let head = match text.parse::<Table>().ok().and_then(|table| head(&table)) {
        Some(head) => format!("Some({head})"),
        None => {
            println!("cargo::warning=lessons/{name} has no readable head; run `quantlearn author check lessons`");
            "None".into()
        }
    };
    format!("    EmbeddedLesson {{ file: {name:?}, source: include_str!({file:?}), head: {head} }},\n")
}

fn head(table: &Table) -> Option<String> {
    let lesson = table.get("lesson")?.as_table()?;
    let text = |key: &str| lesson.get(key).and_then(Value::as_str);
    let list =
        |key: &str| lesson.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    let steps: Vec<&Table> =
        table.get("step").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table).collect();
    let mut code = format!(
        "EmbeddedHead {{ id: {:?}, title: {:?}, track: {:?}, status: {:?}, summary: {:?}, goals: &{:?}, requires: &{:?}, minutes: {}, terms: &{:?}, steps: &[",
        text("id")?,
        text("title")?,
        text("track")?,
        text("status").unwrap_or("active"),
        text("summary")?,
        list("goals"),
        list("requires"),
        lesson.get("minutes").and_then(Value::as_integer)?,
        terms(table),
    );
    // What stands behind the closing card comes last, as in the loader.
    let is_further = |step: &&Table| step.get("kind").and_then(Value::as_str) == Some("exercise");
    let (further, main): (Vec<&Table>, Vec<&Table>) = steps.into_iter().partition(is_further);
    for step in main.into_iter().chain(further) {
        code.push_str(&self::step(step)?);
    }
    code.push_str("] }");
    Some(code)
}

/// Ids and names of the lesson's terms: links to them show the name in every lesson.
fn terms(table: &Table) -> Vec<(&str, &str)> {
    let terms = table.get("term").and_then(Value::as_array).into_iter().flatten();
    terms.filter_map(|term| Some((term.get("id")?.as_str()?, term.get("name")?.as_str()?))).collect()
}

/// The lab of the step and the metric of its par.
fn par(step: &Table) -> Option<(&str, &str)> {
    Some((step.get("lab")?.as_str()?, step.get("par")?.get("metric")?.as_str()?))
}

fn step(step: &Table) -> Option<String> {
    let text = |key: &str| step.get(key).and_then(Value::as_str);
    let is_lab = text("kind")? == "lab";
    let predicts = is_lab && step.get("predict").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let graded = match text("kind")? {
        "text" | "code" => false,
        "lab" => step.contains_key("goal"),
        _ => true,
    };
    let mut code = String::new();
    write!(
        code,
        "EmbeddedStep {{ id: {:?}, kind: {:?}, rev: {}, predicts: {predicts}, graded: {graded}, par: {:?} }}, ",
        text("id")?,
        text("kind")?,
        step.get("rev").and_then(Value::as_integer).unwrap_or(1),
        if is_lab { par(step) } else { None },
    )
    .expect("a string takes everything");
    Some(code)
}
