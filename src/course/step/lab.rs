//! Lab steps: everything that they name must exist in the lab's row.

use toml::{Spanned, de::DeValue};

use super::numeric::{parse_checked, tolerance};
use crate::{
    course::{
        diagnostic::Code,
        lesson::Reader,
        model::{LabStep, Par, PredictSpec, StepBody},
        raw::{Pairs, RawLab, RawPar, RawPredict, Str},
        shape::{Shape, fields_of},
    },
    expr::{Expr, Kind},
    lab::{Better, Lab, MetricSpec, ParamKind, ParamSpec, Value},
    text::did_you_mean,
};

static PREDICT: Shape = Shape { header: "`predict`", kind: "", fields: &[fields_of::<RawPredict>], children: &[], open: false };
static PAR: Shape = Shape { header: "`par`", kind: "", fields: &[fields_of::<RawPar>], children: &[], open: false };

pub(super) static CHILDREN: &[(&str, &Shape)] = &[("predict", &PREDICT), ("par", &PAR)];

/// The views that figures have; `v` on a lab screen walks through those of its lab.
const VIEWS: &[(&str, &str)] = &[
    ("values", "values"),
    ("codes", "codes"),
    ("error", "error"),
    ("rows", "rows"),
    ("rulers", "rulers"),
    ("budget", "budget"),
    ("by bits", "by bits"),
    ("steps", "steps"),
    ("bits", "bits"),
    ("errors", "errors"),
    ("ruler", "ruler"),
    ("range", "range"),
    ("spacing", "spacing"),
    ("sum", "sum"),
    ("grids", "grids"),
    ("by tail", "by tail"),
    ("by size", "by size"),
    ("formats", "formats"),
    ("pegs", "pegs"),
    ("ladder", "ladder"),
    ("usage", "usage"),
    ("by group", "by group"),
    ("by source", "by source"),
    ("valley", "valley"),
    ("histogram", "histogram"),
    ("inliers", "inliers"),
    ("race", "race"),
    ("thresholds", "thresholds"),
    ("sweep", "sweep"),
    ("block", "block"),
    ("pipeline", "pipeline"),
    ("by batch", "by batch"),
    ("bytes", "bytes"),
    ("operations", "operations"),
    ("error map", "error map"),
    ("trade-off", "trade-off"),
    ("modes", "modes"),
    ("cliff", "cliff"),
    ("sensitivity", "sensitivity"),
    ("by layer", "by layer"),
    ("misread", "misread"),
    ("confusion", "confusion"),
    ("weights", "weights"),
    ("activations", "activations"),
    ("by seed", "by seed"),
    ("terms", "terms"),
    ("product", "product"),
    ("register", "register"),
    ("growth", "growth"),
    ("types", "types"),
    ("noise", "noise"),
    ("accumulators", "accumulators"),
    ("stairs", "stairs"),
    ("mismatches", "mismatches"),
    ("output", "output"),
    ("board", "board"),
    ("front", "front"),
    ("mixes", "mixes"),
    ("chances", "chances"),
    ("scores", "scores"),
    ("image", "image"),
    ("padding", "padding"),
    ("sources", "sources"),
    ("best clip", "best clip"),
    ("roof", "roof"),
    ("runs", "runs"),
    ("energies", "energies"),
    ("layer", "layer"),
    ("ratios", "ratios"),
    ("sums", "sums"),
    ("outputs", "outputs"),
    ("speed", "speed"),
    ("paths", "paths"),
];

pub(super) fn read(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let span = value.span();
    let raw: RawLab = reader.read(value)?;
    let lab = lab(&raw.lab, reader)?;
    let prompt = reader.maybe(&raw.prompt);
    let set = settings(lab, raw.set, reader);
    let vary = vary(lab, &raw.vary, reader);
    let view = raw.view.as_ref().and_then(|view| reader.one_of(view, VIEWS, "view"));
    let predict = raw.predict.into_iter().filter_map(|raw| predict(lab, raw, reader)).collect();
    let par = raw.par.and_then(|par| self::par(lab, par, &raw.goal, reader));
    let goal = raw.goal.as_ref().and_then(|goal| self::goal(lab, goal, reader));
    let solution = solution(lab, raw.solution, &vary, reader);
    if let Some(goal) = raw.goal.as_ref().filter(|_| solution.is_empty()) {
        let finding = reader.sink.report(Code::NoSolution, goal.span(), "the goal has no `solution`");
        finding.remedy("add `solution = { .. }` with values of the controls in `vary`");
    }
    let challenge = reader.maybe(&raw.challenge);
    if let Some(words) = raw.challenge.filter(|_| raw.goal.is_none()) {
        let finding = reader.sink.report(Code::NoSolution, words.span(), "`challenge` stands without a `goal`");
        finding.remedy("add a `goal`, or say it in `prompt`");
    }
    let alt = reader.maybe(&raw.alt);
    if alt.is_none() {
        reader.sink.report(Code::NoAlt, span, "the lab step has no `alt`").remedy("say in words what its figure shows");
    }
    Some(StepBody::Lab(LabStep { lab, prompt, set, vary, view, predict, challenge, goal, par, solution, alt }))
}

fn lab(name: &Str, reader: &mut Reader<'_>) -> Option<&'static Lab> {
    let labs = reader.labs;
    let found = labs.iter().find(|lab| lab.id == name.get_ref());
    if found.is_none() {
        let ids = || labs.iter().map(|lab| lab.id);
        let finding = reader.sink.report(Code::UnknownLab, name.span(), format!("there is no lab `{}`", name.get_ref()));
        match did_you_mean(name.get_ref(), ids()) {
            Some(meant) => finding.remedy(format!("did you mean `{meant}`?")),
            None => finding.remedy(format!("there are: {}", ids().collect::<Vec<_>>().join(", "))),
        }
    }
    found
}

fn param(lab: &'static Lab, name: &Str, reader: &mut Reader<'_>) -> Option<&'static ParamSpec> {
    let found = lab.params.iter().find(|spec| spec.name == name.get_ref());
    if found.is_none() {
        let names = || lab.params.iter().map(|spec| spec.name);
        let message = format!("the lab `{}` has no parameter `{}`", lab.id, name.get_ref());
        let finding = reader.sink.report(Code::UnknownParam, name.span(), message);
        match did_you_mean(name.get_ref(), names()) {
            Some(meant) => finding.remedy(format!("did you mean `{meant}`?")),
            None => finding.remedy(format!("it has: {}", names().collect::<Vec<_>>().join(", "))),
        }
    }
    found
}

fn metric(lab: &'static Lab, name: &Str, reader: &mut Reader<'_>) -> Option<&'static MetricSpec> {
    let found = lab.metric(name.get_ref());
    if found.is_none() {
        let names = || lab.metrics.iter().map(|spec| spec.name);
        let message = format!("the lab `{}` has no metric `{}`", lab.id, name.get_ref());
        let finding = reader.sink.report(Code::UnknownMetric, name.span(), message);
        match did_you_mean(name.get_ref(), names()) {
            Some(meant) => finding.remedy(format!("did you mean `{meant}`?")),
            None => finding.remedy(format!("it has: {}", names().collect::<Vec<_>>().join(", "))),
        }
    }
    found
}

fn settings(lab: &'static Lab, raw: Pairs<toml::Value>, reader: &mut Reader<'_>) -> Vec<(&'static str, Value)> {
    raw.0
        .into_iter()
        .filter_map(|(name, value)| {
            let spec = param(lab, &name, reader)?;
            Some((spec.name, setting(spec, &value, reader)?))
        })
        .collect()
}

/// A TOML value as the value of a parameter: the same range and names as `--set`, but a number is no string here.
fn setting(spec: &'static ParamSpec, value: &Spanned<toml::Value>, reader: &mut Reader<'_>) -> Option<Value> {
    let text = match (spec.kind, value.get_ref()) {
        (ParamKind::Bool, toml::Value::Boolean(b)) => b.to_string(),
        (ParamKind::Int { .. } | ParamKind::Float { .. }, toml::Value::Integer(i)) => i.to_string(),
        (ParamKind::Int { .. } | ParamKind::Float { .. }, toml::Value::Float(x)) => x.to_string(),
        (ParamKind::Choice(_), toml::Value::String(name)) => name.clone(),
        (ParamKind::Bits { .. }, toml::Value::Integer(pattern)) => pattern.to_string(),
        (ParamKind::Bits { .. }, toml::Value::String(pattern)) => pattern.clone(),
        (ParamKind::Vector { .. }, toml::Value::Array(items)) => items.iter().map(element).collect::<Vec<_>>().join(","),
        (ParamKind::Image { .. }, toml::Value::String(rows)) => rows.clone(),
        (ParamKind::Image { .. }, toml::Value::Array(rows)) => rows.iter().map(row).collect::<Vec<_>>().join("/"),
        (_, other) => {
            let message = format!("`{}` cannot be a {}", spec.name, other.type_str());
            reader.sink.report(Code::WrongType, value.span(), message).remedy(format!("allowed is {}", spec.allowed()));
            return None;
        }
    };
    spec.parse(&text)
        .map_err(|_| {
            let finding = reader.sink.report(Code::BadValue, value.span(), format!("`{}` cannot be `{text}`", spec.name));
            let meant = match spec.kind {
                ParamKind::Choice(options) => did_you_mean(&text, options.iter().map(|o| o.name)),
                _ => None,
            };
            match meant {
                Some(meant) => finding.remedy(format!("did you mean `{meant}`?")),
                None => finding.remedy(format!("allowed is {}", spec.allowed())),
            }
        })
        .ok()
}

/// An element of a vector as text; what is no number is refused with the rest of its array.
fn element(item: &toml::Value) -> String {
    match item {
        toml::Value::Integer(i) => i.to_string(),
        toml::Value::Float(x) => x.to_string(),
        other => format!("a {}", other.type_str()),
    }
}

/// A row of an image; what is no text is refused with the rest.
fn row(item: &toml::Value) -> String {
    item.as_str().map_or_else(|| format!("a {}", item.type_str()), str::to_owned)
}

fn vary(lab: &'static Lab, raw: &[Str], reader: &mut Reader<'_>) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for name in raw {
        let Some(spec) = param(lab, name, reader) else { continue };
        if names.contains(&spec.name) {
            let message = format!("`{}` stands twice in `vary`", spec.name);
            reader.sink.report(Code::DuplicateId, name.span(), message).remedy("leave one out");
        }
        names.push(spec.name);
    }
    names
}

fn predict(lab: &'static Lab, raw: RawPredict, reader: &mut Reader<'_>) -> Option<PredictSpec> {
    let metric = metric(lab, &raw.metric, reader)?;
    let tolerance = tolerance(&raw.abs_tol, &raw.rel_tol, reader);
    Some(PredictSpec { metric: metric.name, prompt: reader.maybe(&raw.prompt), tolerance })
}

fn goal(lab: &'static Lab, raw: &Str, reader: &mut Reader<'_>) -> Option<Expr> {
    let expr = parse_checked(raw, &names(lab), reader)?;
    if !expr.is_condition() {
        let finding = reader.sink.report(Code::BadExpression, raw.span(), "the goal is a number, not a condition");
        finding.remedy("compare it, for example `sqnr_db >= 40`");
        return None;
    }
    Some(expr)
}

/// What a goal may name: the parameters and the metrics of the lab.
fn names(lab: &'static Lab) -> Vec<(&'static str, Kind<'static>)> {
    let params = lab.params.iter().map(|spec| match spec.kind {
        ParamKind::Choice(options) => (spec.name, Kind::OneOf(options.iter().map(|o| o.name).collect())),
        _ => (spec.name, Kind::Num),
    });
    params.chain(lab.metrics.iter().map(|metric| (metric.name, Kind::Num))).collect()
}

fn par(lab: &'static Lab, raw: RawPar, goal: &Option<Str>, reader: &mut Reader<'_>) -> Option<Par> {
    let span = raw.metric.span();
    let metric = metric(lab, &raw.metric, reader)?;
    if goal.is_none() {
        reader
            .sink
            .report(Code::ParWithoutGoal, span.clone(), "`par` stands without a `goal`")
            .remedy("add a `goal`, or leave `par` out");
    }
    if metric.better == Better::Neither {
        let message = format!("neither more nor less of `{}` is better", metric.name);
        reader.sink.report(Code::ParWithoutGoal, span, message).remedy("choose another metric");
    }
    Some(Par { metric: metric.name, value: raw.value.into_inner() })
}

fn solution(
    lab: &'static Lab,
    raw: Pairs<toml::Value>,
    vary: &[&'static str],
    reader: &mut Reader<'_>,
) -> Vec<(&'static str, Value)> {
    for (name, _) in &raw.0 {
        let exists = lab.params.iter().any(|spec| spec.name == name.get_ref());
        if exists && !vary.contains(&name.get_ref().as_str()) {
            let message = format!("`{}` is in the solution, but the learner cannot move it", name.get_ref());
            reader.sink.report(Code::NoSolution, name.span(), message).remedy("add it to `vary`, or leave it out");
        }
    }
    settings(lab, raw, reader)
}
