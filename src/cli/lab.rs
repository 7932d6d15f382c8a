//! `quantlearn lab`: runs one lab and prints its report.

use std::{io::Write, path::PathBuf, sync::atomic::AtomicBool};

use serde_json::{Value as Json, json};

use crate::{
    cli::{Failure, Outcome, write_file},
    export,
    lab::{self, Ctx, Lab, ParamKind, Params, Report},
    runtime::this_machine,
    tensor::Sources,
    text::did_you_mean,
};

/// Columns of the report as text.
const WIDTH: usize = 100;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The lab; without it, all labs are listed.
    pub name: Option<String>,
    /// Sets a parameter; may be given several times.
    #[arg(long, value_name = "NAME=VALUE", requires = "name", allow_hyphen_values = true)]
    pub set: Vec<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// Writes the figure as a picture.
    #[arg(long, value_name = "FILE", requires = "name")]
    pub svg: Option<PathBuf>,
    /// Which figure: the first one, or a view such as `error`.
    #[arg(long, value_name = "VIEW", requires = "svg")]
    pub view: Option<String>,
    /// Writes an array of the report as NumPy file; may be given several times.
    #[arg(long, value_name = "ARRAY=FILE.npy", requires = "name")]
    pub save: Vec<String>,
}

pub(super) fn run(options: &Options, out: &mut dyn Write) -> Result<Outcome, Failure> {
    match &options.name {
        None => list(options.json, out)?,
        Some(name) => {
            let lab = find(name)?;
            let params = params(lab, &options.set)?;
            let (sources, cancel) = (Sources::default(), AtomicBool::new(false));
            let machine = this_machine();
            let report = (lab.run)(&params, &Ctx::new(&sources, &cancel, &|_, _| {}).with_machine(&machine));
            let report = report.map_err(|error| Failure::Refused(format!("lab {name}: {error}")))?;
            save(options, &report)?;
            print(options.json, lab, &params, &report, out)?;
        }
    }
    Ok(Outcome::Done)
}

fn find(name: &str) -> Result<&'static Lab, Failure> {
    lab::find(name).ok_or_else(|| {
        let hint = lab::nearest(name).map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
        Failure::Refused(format!("there is no lab `{name}`{hint}; `quantlearn lab` lists all"))
    })
}

fn params(lab: &Lab, set: &[String]) -> Result<Params, Failure> {
    let mut params = lab.defaults();
    for pair in set {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::Refused(format!("`--set {pair}` has no value; write --set NAME=VALUE")))?;
        params.set(name, value).map_err(Failure::refused)?;
    }
    Ok(params)
}

fn print(json: bool, lab: &Lab, params: &Params, report: &Report, out: &mut dyn Write) -> Result<(), Failure> {
    if json {
        pretty(&export::json(lab, params, report), out)
    } else {
        Ok(out.write_all(export::text(report, lab, WIDTH).as_bytes())?)
    }
}

fn pretty(value: &Json, out: &mut dyn Write) -> Result<(), Failure> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(std::io::Error::from)?;
    Ok(writeln!(out)?)
}

/// Writes what `--svg` and `--save` ask for; all of it is checked before anything is written.
fn save(options: &Options, report: &Report) -> Result<(), Failure> {
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    if let Some(path) = &options.svg {
        files.push((path.clone(), figure(options.view.as_deref(), report)?.into_bytes()));
    }
    for pair in &options.save {
        let (name, path) = pair
            .split_once('=')
            .ok_or_else(|| Failure::Refused(format!("`--save {pair}` names no file; write --save ARRAY=FILE.npy")))?;
        files.push((path.into(), array(name, report)?));
    }
    files.iter().try_for_each(|(path, bytes)| write_file(path, bytes))
}

fn figure(view: Option<&str>, report: &Report) -> Result<String, Failure> {
    let views = || report.figures.iter().map(|figure| figure.view());
    let found = match view {
        None => report.figures.first(),
        Some(view) => report.figures.iter().find(|figure| figure.view() == view),
    };
    let found = found.ok_or_else(|| no_such("figure", view.unwrap_or("at all"), views()))?;
    Ok(export::svg(found))
}

fn array(name: &str, report: &Report) -> Result<Vec<u8>, Failure> {
    let found = report.arrays.iter().find(|array| array.name == name);
    let found = found.ok_or_else(|| no_such("array", name, report.arrays.iter().map(|array| array.name)))?;
    Ok(export::npy(&found.shape, &found.data))
}

fn no_such<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let known: Vec<&str> = known.collect();
    let hint = did_you_mean(name, known.iter().copied()).map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
    let known = if known.is_empty() { "none".into() } else { known.join(", ") };
    Failure::Refused(format!("with these settings the lab has no {what} `{name}`{hint}; it has: {known}"))
}

fn list(json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    if json {
        return pretty(&lab::ALL.iter().map(reference).collect::<Json>(), out);
    }
    for lab in lab::ALL {
        writeln!(out, "{:10} {}", lab.id, lab.summary)?;
        for (spec, default) in lab.defaults().iter() {
            writeln!(out, "    --set {}={default}  {}; {}", spec.name, spec.help, spec.allowed())?;
        }
    }
    Ok(())
}

/// The reference of one lab: what it takes and what it measures.
fn reference(lab: &Lab) -> Json {
    let params: Vec<Json> = lab
        .defaults()
        .iter()
        .map(|(spec, default)| {
            let mut row = json!({ "name": spec.name, "help": spec.help, "default": default, "allowed": spec.allowed() });
            if let ParamKind::Choice(options) = spec.kind {
                row["options"] = options.iter().map(|option| option.name).collect();
            }
            row
        })
        .collect();
    let metrics: Vec<Json> = lab
        .metrics
        .iter()
        .map(|m| json!({ "name": m.name, "unit": m.unit, "better": m.better, "measured": m.measured, "help": m.help }))
        .collect();
    json!({ "id": lab.id, "title": lab.title, "summary": lab.summary, "params": params, "metrics": metrics })
}
