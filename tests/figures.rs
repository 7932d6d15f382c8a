//! Numbers that stand in the lessons' texts are those that the labs give: `tests/figures/LESSON.toml` names each with its
//! lab, so that a change of either shows.

use std::{cell::RefCell, collections::HashMap, fs, path::Path, sync::atomic::AtomicBool, thread};

use quantlearn::{
    expr::{self, Val},
    lab::{self, Ctx, Params, Report, Value},
    tensor::Sources,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    figure: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The lesson's id.
    lesson: String,
    /// Words of its file that hold the value, each run of white space as one space.
    quote: String,
    /// As printed: its decimals say how closely the lab must agree.
    value: String,
    lab: String,
    #[serde(default)]
    set: toml::Table,
    /// An expression over the lab's parameters and metrics.
    show: String,
}

#[test]
fn the_numbers_in_the_texts_are_those_of_the_labs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/figures");
    let files: Vec<_> =
        fs::read_dir(folder).expect("it is part of the sources").map(|file| file.expect("it is listed").path()).collect();
    let checked: Vec<(usize, Vec<String>)> = thread::scope(|scope| {
        let each: Vec<_> = files.iter().map(|file| scope.spawn(|| check_file(file))).collect();
        each.into_iter().map(|file| file.join().expect("a file that is no table was named above")).collect()
    });
    let n_rows: usize = checked.iter().map(|(n, _)| n).sum();
    let findings: Vec<String> = checked.into_iter().flat_map(|(_, findings)| findings).collect();
    assert!(findings.is_empty(), "{} of {n_rows} figures:\n{}", findings.len(), findings.join("\n"));
    assert!(n_rows > 0, "there are figures to check");
}

/// How many rows a file has, and what is wrong with them.
fn check_file(file: &Path) -> (usize, Vec<String>) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let table: Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let labs = Labs::default();
    let finding = |row: &Row| check(row, &labs).err().map(|what| format!("{}: {:?}: {what}", row.lesson, row.quote));
    (table.figure.len(), table.figure.iter().filter_map(finding).collect())
}

fn check(row: &Row, labs: &Labs) -> Result<(), String> {
    if !lesson(&row.lesson)?.contains(&row.quote) {
        return Err("the lesson has no such words".into());
    }
    if !row.quote.contains(&row.value) {
        return Err(format!("the words do not hold {}", row.value));
    }
    let (params, report) = labs.run(&row.lab, &row.set)?;
    let lookup = |name: &str| number(params.get(name)).or_else(|| report.metric(name)).map(Val::Num);
    let got = expr::parse(&row.show).and_then(|show| show.eval(&lookup)).map_err(|error| format!("{}: {error}", row.show))?;
    let digits: String = row.value.chars().filter(|c| !c.is_whitespace()).collect();
    let printed: f64 = digits.parse().map_err(|_| format!("{} is no number", row.value))?;
    let n_decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let unit = 0.1_f64.powi(n_decimals as i32);
    // Half a unit of the last place, whichever way a tie was rounded.
    if (got - printed).abs() <= 0.5 * unit * (1.0 + 1e-9) { Ok(()) } else { Err(format!("the lab gives {got}")) }
}

/// The text of a lesson's file, its runs of white space as single spaces.
fn lesson(id: &str) -> Result<String, String> {
    let lessons = quantlearn::course::embedded_files();
    let is_it = |name: &str| Path::new(name).file_stem().is_some_and(|stem| stem == id);
    let (_, text) = lessons.into_iter().find(|(name, _)| is_it(name)).ok_or("there is no such lesson")?;
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn number(value: Option<Value>) -> Option<f64> {
    match value? {
        Value::Int(int) => Some(int as f64),
        Value::Float(float) => Some(float),
        _ => None,
    }
}

/// Runs labs, each setting once.
#[derive(Default)]
struct Labs {
    sources: Sources,
    runs: RefCell<HashMap<String, (Params, Report)>>,
}

impl Labs {
    fn run(&self, name: &str, settings: &toml::Table) -> Result<(Params, Report), String> {
        let key = format!("{name} {settings}");
        if let Some(run) = self.runs.borrow().get(&key) {
            return Ok(run.clone());
        }
        let lab = lab::find(name).ok_or_else(|| format!("there is no lab {name}"))?;
        let mut params = lab.defaults();
        for (name, value) in settings {
            params.set(name, &text(value)).map_err(|error| error.to_string())?;
        }
        let cancel = AtomicBool::new(false);
        let ctx = Ctx::new(&self.sources, &cancel, &|_, _| {});
        let report = (lab.run)(&params, &ctx).map_err(|error| error.to_string())?;
        self.runs.borrow_mut().insert(key, (params.clone(), report.clone()));
        Ok((params, report))
    }
}

/// As `--set` takes it.
fn text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
