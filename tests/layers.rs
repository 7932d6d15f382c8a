//! The order of the rooms in ARCHITECTURE.md, held: who may use whom, and what stands only at the edge.
//!
//! The sources are read as text. Comments, strings and the tests inside a file do not count.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The modules in the order of their layers: each may use only those above it.
const LAYERS: &[&str] = &[
    "text", "id", "kernel", "quant", "nn", "tensor", "lab", "export", "expr", "script", "course", "learner", "input", "model",
    "theme", "widget", "screen", "overlay", "app", "runtime", "cli", "main", "widget", "screen", "overlay", "app", "runtime",
    "cli", "main",
];

/// Pairs that speak only in ids although one stands above the other.
const STRANGERS: &[(&str, &str)] = &[("learner", "course"), ("learner", "lab"), ("learner", "expr")];

/// The rooms at the edge, where the world comes in.
const EDGE: &[&str] = &["runtime", "cli", "main"];

/// What stands only at the edge, and what to do instead.
const EDGE_ONLY: &[(&str, &str)] = &[
    ("crossterm", "the terminal belongs to runtime; use input::Key and ratatui's buffers"),
    ("std::fs", "the disk belongs to runtime; take bytes or a reader"),
    ("std::thread", "threads belong to runtime; be a Job"),
    ("std::net", "the program never calls out"),
    ("std::process", "processes belong to runtime"),
    ("std::env", "the environment belongs to runtime; take what it says as an argument"),
    ("Instant::now", "time comes in as Msg::Tick"),
    ("SystemTime", "time comes in as Msg::Tick"),
    ("Timestamp::now", "time comes in as Msg::Tick"),
    ("ZonedDateTime::now", "time comes in as Msg::Tick"),
    ("println!", "return text; the edge writes it"),
    ("print!", "return text; the edge writes it"),
];

/// The kernel's pool of threads, where there is one, is one file.
const EXCEPTIONS: &[(&str, &str)] = &[("src/kernel/pool.rs", "std::thread")];

const MAX_LINES: usize = 600;

/// One source file without comments, strings and its tests.
struct Source {
    path: String,
    module: String,
    code: String,
    /// Lines before the tests.
    n_lines: usize,
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    walk(Path::new("src"), &mut paths);
    paths.sort();
    assert!(paths.len() > 20, "the sources are found: {paths:?}");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("sources are text");
        let path = path.to_str().expect("sources have plain names").replace('\\', "/");
        let body = without_tests(&path, &text);
        let inside = path.trim_start_matches("src/");
        let module = inside.split(['/', '.']).next().expect("a path has a first part").to_owned();
        Source { module, code: without_comments_and_strings(body), n_lines: body.lines().count(), path }
    };
    paths.into_iter().map(read).collect()
}

fn walk(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            paths.push(path);
        }
    }
}

/// The text up to `#[cfg(test)]`; nothing of a file that holds only tests.
fn without_tests<'a>(path: &str, text: &'a str) -> &'a str {
    if path.ends_with("/tests.rs") || path.contains("/tests/") {
        return "";
    }
    let inline = text.match_indices("#[cfg(test)]").find(|(at, _)| text[*at..].lines().nth(1).is_some_and(|l| l.ends_with('{')));
    inline.map_or(text, |(at, _)| &text[..at])
}

/// Replaces what stands in comments and string literals by blanks; line breaks stay.
fn without_comments_and_strings(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (String::new(), 0);
    while i < chars.len() {
        let end = match (chars[i], chars.get(i + 1)) {
            ('/', Some('/')) => (i..chars.len()).find(|&j| chars[j] == '\n').unwrap_or(chars.len()),
            ('/', Some('*')) => {
                (i + 2..chars.len()).find(|&j| chars[j - 1] == '*' && chars[j] == '/').map_or(chars.len(), |j| j + 1)
            }
            ('r', Some('"' | '#')) if i == 0 || !(chars[i - 1].is_alphanumeric() || chars[i - 1] == '_') => raw_end(&chars, i),
            ('"', _) => string_end(&chars, i),
            // A character literal may hold a quotation mark.
            ('\'', Some('"')) if chars.get(i + 2) == Some(&'\'') => i + 3,
            ('\'', Some('\\')) => (i + 3..chars.len()).find(|&j| chars[j] == '\'').map_or(chars.len(), |j| j + 1),
            _ => i,
        };
        if end == i {
            out.push(chars[i]);
            i += 1;
        } else {
            out.extend(chars[i..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            i = end;
        }
    }
    out
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

fn raw_end(chars: &[char], start: usize) -> usize {
    let n_hashes = chars[start + 1..].iter().take_while(|&&c| c == '#').count();
    if chars.get(start + 1 + n_hashes) != Some(&'"') {
        return start;
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', n_hashes)).collect();
    let from = start + 2 + n_hashes;
    (from..chars.len()).find(|&j| chars[j..].starts_with(&close)).map_or(chars.len(), |j| j + close.len())
}

/// The top modules that a file names by `crate::`, also in `use crate::{a, b::c}`; those of the binary by `quantlearn::`.
fn uses(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, root) in code.match_indices("crate::").chain(code.match_indices("quantlearn::")) {
        let rest = &code[at + root.len()..];
        if rest.starts_with('{') {
            used.extend(heads(rest));
        } else {
            used.insert(word(rest));
        }
    }
    used.retain(|name| LAYERS.contains(&&**name));
    used
}

/// The first words of the entries of `{a, b::{c, d}, e::f}`.
fn heads(braced: &str) -> Vec<String> {
    let (mut depth, mut names, mut begins) = (0, Vec::new(), true);
    for (at, c) in braced.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => begins = true,
            c if c.is_alphanumeric() && depth == 1 && begins => {
                names.push(word(&braced[at..]));
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|name| *name == module)
}

/// Whether the code names something, as a whole path: `std::env` in `std::env::var` and in `use std::{env, fs}`.
fn names(code: &str, what: &str) -> bool {
    let whole = |at: usize| {
        let before = code[..at].chars().next_back();
        let after = code[at + what.len()..].chars().next();
        let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !part(before) && (what.ends_with('!') || !part(after))
    };
    if code.match_indices(what).any(|(at, _)| whole(at)) {
        return true;
    }
    let Some(name) = what.strip_prefix("std::") else { return false };
    code.match_indices("std::{").any(|(at, _)| heads(&code[at + 5..]).iter().any(|head| head == name))
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.module != "lib") {
        let Some(own) = layer(&source.module) else {
            faults.push(format!("{}: the module `{}` has no place in the order of layers", source.path, source.module));
            continue;
        };
        for used in uses(&source.code) {
            if layer(&used).is_some_and(|theirs| theirs > own) {
                faults.push(format!("{}: `{}` may not use `{used}`, which stands below it", source.path, source.module));
            }
            if STRANGERS.contains(&(&*source.module, &*used)) {
                faults.push(format!("{}: `{}` and `{used}` speak only in ids", source.path, source.module));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn the_library_lists_its_modules_in_the_order_of_layers() {
    let lib = fs::read_to_string("src/lib.rs").expect("it is there");
    let listed: Vec<&str> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut ordered = listed.clone();
    ordered.sort_by_key(|module| layer(module));
    assert_eq!(listed, ordered);
}

#[test]
fn the_world_comes_in_only_at_the_edge() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !EDGE.contains(&&*source.module)) {
        for (what, instead) in EDGE_ONLY {
            if names(&source.code, what) && !EXCEPTIONS.contains(&(&*source.path, what)) {
                faults.push(format!("{}: `{}` may not use `{what}`: {instead}", source.path, source.module));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn unsafe_code_stands_only_in_the_kernel() {
    let faults: Vec<String> = sources()
        .iter()
        .filter(|source| source.module != "kernel" && names(&source.code, "unsafe"))
        .map(|source| format!("{}: `unsafe` belongs to `kernel`, not to `{}`", source.path, source.module))
        .collect();
    assert_none(&faults);
}

#[test]
fn files_are_named_after_their_module_and_stay_small() {
    let mut faults = Vec::new();
    for source in sources() {
        if source.path.ends_with("/mod.rs") {
            faults.push(format!("{}: name it after its folder, beside it", source.path));
        }
        if source.n_lines > MAX_LINES {
            faults.push(format!("{}: {} lines without tests; split it before {MAX_LINES}", source.path, source.n_lines));
        }
    }
    let main = fs::read_to_string("src/main.rs").expect("it is there").lines().count();
    if main > 60 {
        faults.push(format!("src/main.rs: {main} lines; it only hands over, in at most 60"));
    }
    assert_none(&faults);
}

#[test]
fn the_reader_of_sources_sees_uses_and_overlooks_comments_and_strings() {
    let code = "use crate::{\n    text::{Text, did},\n    lab,\n};\nlet x = crate::model::Msg;";
    assert_eq!(uses(code), BTreeSet::from(["lab", "model", "text"].map(String::from)));
    let text = "a(); // crate::cli\nlet s = \"std::fs \\\" \"; let c = '\"'; /* std::env */ let r = r#\"std::thread\"#; b();";
    let code = without_comments_and_strings(text);
    assert!(code.contains("a();") && code.contains("b();") && !code.contains("std"), "{code}");
    assert!(names("use std::{fs, io};", "std::fs") && !names("use std::{fmt, io};", "std::fs"));
    assert!(names("std::env::var(x)", "std::env") && !names("eprintln!(x)", "println!") && !names("std::environs", "std::env"));
}

/// Licences that the program may be built with; those by name are weak copyleft or public domain, checked by hand.
const LICENCES: &[&str] =
    &["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "Unlicense", "Unicode-3.0", "0BSD", "BSL-1.0", "MIT-0"];
const LICENCES_BY_NAME: &[(&str, &str)] =
    &[("option-ext", "MPL-2.0"), ("notify", "CC0-1.0"), ("smartstring", "MPL-2.0+"), ("tiny-keccak", "CC0-1.0")];

/// Crates of all platforms: a build fetched those of this one, the rest may still have to be.
fn metadata(args: &[&str]) -> serde_json::Value {
    let run = |offline: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["metadata", "--format-version", "1", "--locked"]).args(offline).args(args);
        cargo.output().expect("cargo runs the tests, so it is there")
    };
    let mut output = run(&["--offline"]);
    if !output.status.success() {
        output = run(&[]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

/// One of the alternatives of `MIT OR (Apache-2.0 AND ISC)` is allowed as a whole.
fn is_allowed(licence: &str) -> bool {
    let plain = licence.replace(['(', ')'], "").replace('/', " OR ").replace(" WITH LLVM-exception", "");
    plain.split(" OR ").any(|choice| choice.split(" AND ").all(|one| LICENCES.contains(&one.trim())))
}

#[test]
fn every_dependency_has_a_licence_that_fits() {
    let metadata = metadata(&[]);
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().expect("packages are a list") {
        let (name, licence) = (package["name"].as_str().unwrap_or("?"), package["license"].as_str().unwrap_or("none"));
        if !is_allowed(licence) && !LICENCES_BY_NAME.contains(&(name, licence)) {
            faults.push(format!("{name}: {licence}"));
        }
    }
    assert_none(&faults);
    assert!(
        is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0") && !is_allowed("AGPL-3.0-only") && !is_allowed("MIT AND GPL-3.0-only")
    );
}

/// The packages that a normal build of the library reaches, by name.
fn reached(metadata: &serde_json::Value) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().expect("the graph is a list");
    let by_id: BTreeMap<&str, &serde_json::Value> = nodes.iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let mut open: Vec<&str> = metadata["resolve"]["root"].as_str().into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            for dep in by_id[id]["deps"].as_array().into_iter().flatten() {
                let kinds = dep["dep_kinds"].as_array();
                if kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null())) {
                    open.extend(dep["pkg"].as_str());
                }
            }
        }
    }
    let packages = metadata["packages"].as_array().expect("packages are a list");
    let name = |package: &serde_json::Value| Some((package["id"].as_str()?.to_owned(), package["name"].as_str()?.to_owned()));
    packages.iter().filter_map(name).filter(|(id, _)| seen.contains(&**id)).map(|(_, name)| name).collect()
}

#[test]
fn without_the_native_feature_there_is_no_terminal_in_the_tree() {
    let bare = reached(&metadata(&["--no-default-features"]));
    for banned in ["crossterm", "signal-hook", "clap", "anyhow", "directories", "terminal-colorsaurus"] {
        assert!(!bare.contains(banned), "{banned} is in the tree of the bare library");
    }
    assert!(bare.contains("ratatui-core") && reached(&metadata(&[])).contains("crossterm"), "the graph is read");
}
