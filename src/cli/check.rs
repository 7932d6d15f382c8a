//! `author check PATH..`: what is wrong in courses and lessons, as rustc shows it.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use annotate_snippets::{Level, Renderer};

use super::{
    Failure, Global, Outcome,
    quote::{self, shown},
};
use crate::{
    course::{self, COURSE_FILE, Code, Diagnostic, Library, Loaded, Severity, check_labs, check_scripts},
    lab::Ctx,
    runtime::{computed, courses, dirs::data_dir},
    script::{Limits, World},
    tensor::Sources,
};

/// How far up from a lesson its course.toml may stand.
const MAX_PARENTS: usize = 8;

/// Checks each path: a course folder, a folder inside a course, or a lesson file. A finding that is an error makes the
/// outcome [`Outcome::Finding`].
///
/// Prerequisites in other courses are looked up in the built-in one, those of the data folder and those of `--course`.
pub(super) fn run(global: &Global, paths: &[PathBuf], out: &mut dyn Write) -> Result<Outcome, Failure> {
    let renderer = quote::renderer(io::stdout().is_terminal());
    let mut total = Total::default();
    for path in paths {
        // Made anew for each path: what is checked is put among the others.
        let dir = data_dir(global.data_dir.as_deref()).ok();
        let (others, _) = global.sight().library(dir.as_deref()).map_err(Failure::Refused)?;
        let checked = check(path, others)?;
        for reason in &checked.refused {
            writeln!(out, "warning: {}: {reason}", shown(path))?;
            total.n_warnings += 1;
        }
        for finding in &checked.findings {
            writeln!(out, "{}\n", render(finding, &checked, &renderer))?;
            total.count(finding);
        }
        total.n_lessons += checked.n_lessons;
    }
    writeln!(out, "{}", total.summary())?;
    Ok(if total.n_errors > 0 { Outcome::Finding } else { Outcome::Done })
}

#[derive(Default)]
struct Total {
    n_lessons: usize,
    n_errors: usize,
    n_warnings: usize,
}

impl Total {
    fn count(&mut self, finding: &Diagnostic) {
        match finding.severity {
            Severity::Error => self.n_errors += 1,
            Severity::Warning => self.n_warnings += 1,
        }
    }

    fn summary(&self) -> String {
        let n = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let checked = n(self.n_lessons, "lesson");
        match (self.n_errors, self.n_warnings) {
            (0, 0) => format!("{checked} checked, nothing to mend"),
            (errors, warnings) => format!("{checked} checked: {}, {}", n(errors, "error"), n(warnings, "warning")),
        }
    }
}

/// The findings for one path, and the files that they quote.
struct Checked {
    root: PathBuf,
    files: Vec<(String, Vec<u8>)>,
    refused: Vec<String>,
    findings: Vec<Diagnostic>,
    n_lessons: usize,
}

fn check(path: &Path, mut others: Library) -> Result<Checked, Failure> {
    let meta = fs::metadata(path).map_err(|error| {
        Failure::Refused(format!("{} cannot be read: {error}; name a course folder or a lesson file", shown(path)))
    })?;
    let start = if meta.is_dir() { path } else { path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")) };
    let root = course_root(start).unwrap_or_else(|| start.to_owned());
    let folder = courses::read(&root).map_err(Failure::Refused)?;
    let wanted = inside(&root, path)?;
    let alone = !meta.is_dir() && !root.join(COURSE_FILE).is_file();
    let loaded = if alone { load_alone(&folder.files, &wanted) } else { course::load(&folder.files) };
    let is_wanted =
        |file: &str| wanted.is_empty() || file == wanted || file.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('/'));
    let abroad = if alone { Vec::new() } else { others.add(&folder.files) };
    let abroad = abroad.into_iter().filter(|finding| finding.code == Code::NotInstalled);
    let mut findings: Vec<Diagnostic> =
        loaded.diagnostics.into_iter().chain(abroad).filter(|finding| is_wanted(&finding.file)).collect();
    let (sources, cancel) = (Arc::<Sources>::default(), AtomicBool::new(false));
    let ctx = Ctx::new(&sources, &cancel, &|_, _| {});
    let lessons = || loaded.lessons.iter().filter(|lesson| is_wanted(&lesson.file));
    findings.extend(lessons().flat_map(|lesson| check_labs(lesson, &ctx)));
    let world = || World {
        sources: Arc::clone(&sources),
        seed: 0,
        cancel: Arc::default(),
        elapsed: Arc::new(computed),
        limits: Limits::LESSON,
    };
    findings.extend(lessons().flat_map(|lesson| check_scripts(lesson, &world())));
    let n_lessons = folder.files.iter().filter(|(name, _)| name != COURSE_FILE && is_wanted(name)).count();
    Ok(Checked { root, files: folder.files, refused: folder.refused, findings, n_lessons })
}

/// A lesson without a course: names that only a course can resolve are not checked.
fn load_alone(files: &[(String, Vec<u8>)], wanted: &str) -> Loaded {
    let mut loaded = Loaded::default();
    for (name, bytes) in files.iter().filter(|(name, _)| name == wanted) {
        let (lesson, findings) = course::load_lesson("lesson", name, bytes);
        loaded.lessons.extend(lesson);
        loaded.diagnostics.extend(findings);
    }
    loaded
}

/// The nearest folder from `start` upwards that holds a course.toml.
fn course_root(start: &Path) -> Option<PathBuf> {
    if start.join(COURSE_FILE).is_file() {
        return Some(start.to_owned());
    }
    let full = fs::canonicalize(start).ok()?;
    full.ancestors().skip(1).take(MAX_PARENTS).find(|folder| folder.join(COURSE_FILE).is_file()).map(Path::to_owned)
}

/// The path inside the course's folder, with `/`; empty for the folder itself.
fn inside(root: &Path, path: &Path) -> Result<String, Failure> {
    let full = |path: &Path| fs::canonicalize(path).map_err(|error| Failure::Refused(format!("{}: {error}", shown(path))));
    let (root, path) = (full(root)?, full(path)?);
    let parts = path.strip_prefix(&root).unwrap_or(Path::new("")).iter().map(|part| part.to_string_lossy());
    Ok(parts.collect::<Vec<_>>().join("/"))
}

fn render(finding: &Diagnostic, checked: &Checked, renderer: &Renderer) -> String {
    let path = shown(&checked.root.join(finding.file.as_str())).to_string();
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(finding.message.as_str()).id(finding.code.name());
    let bytes = checked.files.iter().find(|(name, _)| *name == *finding.file.as_str()).map(|(_, bytes)| bytes);
    let source = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
    let place = source.zip(finding.place.as_ref().map(|place| place.span.clone()));
    quote::render(title, &path, place, finding.remedy.as_deref(), renderer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("it is ours");
            fs::write(path, text).expect("it is ours");
        }
        folder
    }

    /// A data folder that is not there, whatever is installed for the user of the tests.
    fn nowhere() -> Global {
        Global { data_dir: Some("/no/such/data".into()), ..Global::default() }
    }

    fn output(paths: &[PathBuf]) -> (Outcome, String) {
        let mut out = Vec::new();
        let outcome = run(&nowhere(), paths, &mut out).expect("it can be read");
        (outcome, String::from_utf8(out).expect("it is text"))
    }

    const COURSE: &str = "format = 1\nid = 'c'\ntitle = 'C'\n[[track]]\nid = 't'\ntitle = 'T'\n";
    const GOOD: &str = "format = 1\n[lesson]\nid = 'good'\ntitle = 'T'\ntrack = 't'\nsummary = 'S'\nminutes = 3\n[[step]]\nkind = 'text'\nid = 'a'\nbody = 'Text.'\n";

    #[test]
    fn a_finding_shows_its_line_and_remedy_and_fails_the_check() {
        let bad = GOOD.replace("'good'", "'bad'").replace("body", "boby");
        let folder = write(&[("course.toml", COURSE), ("a/good.toml", GOOD), ("a/bad.toml", &bad)]);
        let (outcome, text) = output(&[folder.path().into()]);
        assert_eq!(outcome, Outcome::Finding);
        for part in [
            "error[unknown-key]: `boby` is not a key",
            "a/bad.toml:11:1",
            "boby = 'Text.'",
            "^^^^",
            "did you mean `body`?",
            "2 lessons checked: 2 errors, 0 warnings",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains('\x1b'), "plain where nobody looks");
        let (outcome, text) = output(&[folder.path().join("a/good.toml")]);
        assert_eq!(
            (outcome, text.as_str()),
            (Outcome::Done, "1 lesson checked, nothing to mend\n"),
            "a lesson is checked within its course"
        );
    }

    #[test]
    fn a_lesson_without_a_course_is_checked_alone() {
        let folder = write(&[("good.toml", GOOD), ("other.toml", "nonsense")]);
        assert_eq!(output(&[folder.path().join("good.toml")]).1, "1 lesson checked, nothing to mend\n");
        assert!(output(&[folder.path().into()]).1.contains("error[no-course]"));
    }

    #[test]
    fn a_prerequisite_in_the_built_in_course_is_looked_up() {
        let needs = |id: &str| GOOD.replace("minutes", &format!("requires = ['{id}']\nminutes"));
        let folder = |id| write(&[("course.toml", COURSE), ("good.toml", &needs(id))]);
        assert_eq!(output(&[folder("core/why-fewer-bits").path().into()]).1, "1 lesson checked, nothing to mend\n");
        let (outcome, text) = output(&[folder("core/why-fewer-bit").path().into()]);
        assert_eq!(outcome, Outcome::Done);
        for part in ["warning[not-installed]", "good.toml:7:13", "did you mean `core/why-fewer-bits`?"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_path_that_is_not_there_is_refused_by_name() {
        let refused = run(&nowhere(), &["/no/such/lesson.toml".into()], &mut Vec::new()).expect_err("it is not there");
        assert!(refused.to_string().contains("/no/such/lesson.toml"));
    }

    #[test]
    fn no_escape_of_a_lesson_reaches_the_terminal() {
        let bad = GOOD.replace("body = 'Text.'", "boby = '\u{85}\u{202e}\u{9b}31m'");
        let folder = write(&[("course.toml", COURSE), ("bad.toml", &bad)]);
        let text = output(&[folder.path().into()]).1;
        assert!(text.contains("boby") && text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text}");
    }
}
