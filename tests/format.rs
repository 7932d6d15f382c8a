//! `lessons/FORMAT.md` is held to the program: its tables are generated (`UPDATE_DOCS=1` writes them anew), its example
//! is a course that loads, its key lists are those of the loader.

use std::{fmt::Write, fs, path::PathBuf, sync::LazyLock};

use quantlearn::{
    course::{self, Code, Severity},
    expr,
    lab::{self, Better, Lab, ParamKind},
    script,
};

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("lessons/FORMAT.md")
}

/// The reference; with `UPDATE_DOCS` its tables are written anew before any test reads it.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let written = fs::read_to_string(path()).expect("the reference is part of the sources");
    if std::env::var_os("UPDATE_DOCS").is_none() {
        return written;
    }
    let current = generated().into_iter().fold(written.clone(), |document, (name, table)| {
        let old = format!("<!-- {name} -->\n{}", part(&document, name));
        document.replacen(&old, &format!("<!-- {name} -->\n{table}"), 1)
    });
    if current != written {
        fs::write(path(), &current).expect("the sources are writable");
    }
    current
});

fn generated() -> [(&'static str, String); 4] {
    [("labs", labs()), ("functions", functions()), ("findings", findings()), ("prelude", prelude())]
}

/// What stands between `<!-- name -->` and `<!-- end -->`.
fn part<'d>(document: &'d str, name: &str) -> &'d str {
    let (_, rest) = document.split_once(&format!("<!-- {name} -->\n")).unwrap_or_else(|| panic!("no part `{name}`"));
    rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("part `{name}` has no end")).0
}

#[test]
fn the_generated_tables_are_those_of_the_program() {
    for (name, table) in generated() {
        let is_current = part(&DOCUMENT, name) == table;
        assert!(is_current, "the part `{name}` of lessons/FORMAT.md is out of date: UPDATE_DOCS=1 cargo test --test format");
    }
}

#[test]
fn the_worked_example_is_a_course_without_findings() {
    let block = |name: &str| {
        let text = part(&DOCUMENT, name).trim();
        text.strip_prefix("```toml\n").and_then(|text| text.strip_suffix("```")).expect("it is a listing").to_owned()
    };
    let loaded =
        course::load(&[("course.toml", block("example course")), ("foundations/bits-per-weight.toml", block("example lesson"))]);
    let found: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let lesson = &loaded.lessons[0];
    let kinds: std::collections::BTreeSet<_> = lesson.steps.iter().map(|step| step.kind()).collect();
    assert_eq!(kinds.len(), 10, "the example shows every kind");
    let (sources, cancel) = (quantlearn::tensor::Sources::default(), std::sync::atomic::AtomicBool::new(false));
    let ctx = lab::Ctx::new(&sources, &cancel, &|_, _| {});
    let found: Vec<String> = course::check_labs(lesson, &ctx).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(!lesson.drills.is_empty(), "the example shows a drill");
    let world = script::World {
        sources: Default::default(),
        seed: 0,
        cancel: Default::default(),
        elapsed: std::sync::Arc::new(|| std::time::Duration::ZERO),
        limits: script::Limits::LESSON,
    };
    let found: Vec<String> = course::check_scripts(lesson, &world).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_key_of_every_table_is_described() {
    for (header, keys) in course::tables() {
        for key in keys {
            assert!(DOCUMENT.contains(&format!("| `{key}` |")), "`{key}` of {header} has no row in lessons/FORMAT.md");
        }
    }
}

fn labs() -> String {
    lab::ALL.iter().map(lab_tables).collect()
}

fn lab_tables(lab: &Lab) -> String {
    let mut text = format!(
        "\n### `{}`: {}\n\n{}\n\n| parameter | allowed | default | |\n|---|---|---|---|\n",
        lab.id, lab.title, lab.summary
    );
    for (param, default) in lab.defaults().iter() {
        let default = match param.kind {
            ParamKind::Choice(_) | ParamKind::Image { .. } => format!("\"{default}\""),
            _ => default.to_string(),
        };
        writeln!(text, "| `{}` | {} | `{default}` | {} |", param.name, param.allowed(), param.help).expect("a string takes it");
    }
    text.push_str("\n| metric | unit | better | |\n|---|---|---|---|\n");
    for metric in lab.metrics {
        let better = match metric.better {
            Better::Lower => "lower",
            Better::Higher => "higher",
            Better::Neither => "",
        };
        writeln!(text, "| `{}` | {} | {better} | {} |", metric.name, metric.unit, metric.help).expect("a string takes it");
    }
    text.push('\n');
    text
}

fn functions() -> String {
    let mut text = String::from("\n| written | gives |\n|---|---|\n");
    for function in &expr::FUNCTIONS {
        writeln!(text, "| `{}` | {} |", function.usage, function.help).expect("a string takes it");
    }
    let constants: Vec<String> = expr::CONSTANTS.iter().map(|(name, _)| format!("`{name}`")).collect();
    writeln!(text, "\nConstants: {}.\n", constants.join(", ")).expect("a string takes it");
    text
}

fn prelude() -> String {
    let mut text = String::from("\n| written | gives |\n|---|---|\n");
    for native in script::PRELUDE {
        let (signature, help) = (native.signature.replace('|', "\\|"), native.help.replace('|', "\\|"));
        writeln!(text, "| `{signature}` | {help} |").expect("a string takes it");
    }
    text.push('\n');
    text
}

fn findings() -> String {
    let mut text = String::from("\n| code | | meaning |\n|---|---|---|\n");
    for code in Code::ALL {
        let severity = if code.severity() == Severity::Error { "error" } else { "warning" };
        writeln!(text, "| `{code}` | {severity} | {} |", code.help()).expect("a string takes it");
    }
    text.push('\n');
    text
}
