//! Goals of lab steps: what counts as solved, and whether a lesson's own challenges can be solved at all.

use super::{
    diagnostic::{Code, Diagnostic},
    model::{LabStep, Lesson, Step, StepBody},
};
use crate::{
    expr::{ExprError, Val},
    lab::{Better, Ctx, LabError, Params, Report, Value},
};

/// The settings that the step opens with.
pub fn start_params(step: &LabStep) -> Params {
    with(step.lab.defaults(), &step.set)
}

/// The settings that solve the step.
pub fn solution_params(step: &LabStep) -> Params {
    with(start_params(step), &step.solution)
}

fn with(mut params: Params, settings: &[(&'static str, Value)]) -> Params {
    for (name, value) in settings {
        if let Some(idx) = params.index(name) {
            params.put(idx, *value);
        }
    }
    params
}

/// Whether a run meets the goal; `false` where the step has none. Goals see infinity; a metric that is not defined for
/// these settings is an error that names it.
pub fn goal_met(step: &LabStep, params: &Params, report: &Report) -> Result<bool, ExprError> {
    let Some(goal) = &step.goal else { return Ok(false) };
    let lookup = |name: &str| match params.get(name) {
        Some(Value::Choice(option)) => Some(Val::Str(option)),
        Some(Value::Bool(on)) => Some(Val::Num(f64::from(u8::from(on)))),
        Some(Value::Int(i)) => Some(Val::Num(i as f64)),
        Some(Value::Float(x)) => Some(Val::Num(x)),
        // The dialect has numbers and names alone; a lab has a metric for what a goal asks of a pattern or a vector.
        Some(Value::Bits(_) | Value::Vector(_) | Value::Image(_)) => None,
        None => report.metric(name).map(Val::Num),
    };
    Ok(goal.eval(&lookup)? == 1.0)
}

/// Whether a run reaches par: at least as good as the value, by the metric's own better side. `false` without a par.
pub fn par_met(step: &LabStep, report: &Report) -> bool {
    let Some(par) = step.par else { return false };
    let Some(value) = report.metric(par.metric) else { return false };
    match step.lab.metric(par.metric).map(|spec| spec.better) {
        Some(Better::Lower) => value <= par.value,
        Some(Better::Higher) => value >= par.value,
        Some(Better::Neither) | None => false,
    }
}

/// Runs every lab step of a lesson: it starts, what is predicted has a value, its view exists; the start fails the goal and
/// the solution passes it. Takes as long as the labs take.
pub fn check_labs(lesson: &Lesson, ctx: &Ctx<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for step in &lesson.steps {
        if let StepBody::Lab(lab) = &step.body {
            let report = |code: Code, message: String, remedy: &str| {
                let mut finding = Diagnostic::new(&lesson.file, Some(step.place.clone()), code, &message);
                finding.remedy(remedy);
                findings.push(finding);
            };
            check_lab(step, lab, ctx, report);
        }
    }
    findings
}

fn check_lab(step: &Step, lab: &LabStep, ctx: &Ctx<'_>, mut finding: impl FnMut(Code, String, &str)) {
    let id = step.id.step();
    let start = start_params(lab);
    let begun = match (lab.lab.run)(&start, ctx) {
        Ok(report) => report,
        Err(LabError::Cancelled) => return,
        Err(error) => return finding(Code::LabFails, format!("`{id}` does not run: {error}"), "change `set`"),
    };
    for predict in lab.predict.iter().filter(|predict| begun.metric(predict.metric).is_none()) {
        let message = format!("`{id}` asks to predict `{}`, which has no value with these settings", predict.metric);
        finding(Code::LabFails, message, "predict another metric, or change `set`");
    }
    if let Some(view) = lab.view.filter(|view| begun.views().iter().all(|known| known.name() != *view)) {
        let views: Vec<&str> = begun.views().iter().map(|view| view.name()).collect();
        finding(
            Code::LabFails,
            format!("`{id}` opens on the view `{view}`, which is not there"),
            &format!("there are: {}", views.join(", ")),
        );
    }
    if lab.goal.is_none() {
        return;
    }
    if goal_met(lab, &start, &begun) == Ok(true) {
        finding(
            Code::StartMeetsGoal,
            format!("`{id}` is solved before anything was moved"),
            "make the goal harder, or start elsewhere",
        );
    }
    let solution = solution_params(lab);
    let solved = match (lab.lab.run)(&solution, ctx) {
        Ok(report) => report,
        Err(LabError::Cancelled) => return,
        Err(error) => {
            return finding(Code::LabFails, format!("the solution of `{id}` does not run: {error}"), "change `solution`");
        }
    };
    match goal_met(lab, &solution, &solved) {
        Ok(true) if lab.par.is_some() && !par_met(lab, &solved) => {
            let message = format!("the solution of `{id}` meets the goal but not par{}", metrics(lab, &solved));
            finding(Code::SolutionBelowPar, message, "show a solution that reaches par, or lower par");
        }
        Ok(true) => {}
        Ok(false) => {
            let message = format!("the solution of `{id}` does not meet the goal{}", metrics(lab, &solved));
            finding(Code::SolutionFails, message, "change `solution` or `goal`");
        }
        Err(error) => {
            let message = format!("the goal of `{id}` cannot be computed: {error}");
            finding(Code::SolutionFails, message, "use metrics that have a value with these settings");
        }
    }
}

/// The values that goal and par speak of: ` (sqnr_db = 43.2)`.
fn metrics(lab: &LabStep, report: &Report) -> String {
    let goal = lab.goal.as_ref().map(|goal| goal.names()).unwrap_or_default();
    let mut names: Vec<&str> = goal.into_iter().map(|(name, _)| name).chain(lab.par.map(|par| par.metric)).collect();
    names.sort_unstable();
    names.dedup();
    let shown: Vec<String> =
        names.iter().filter_map(|name| report.metric(name).map(|x| format!("{name} = {}", super::show(x)))).collect();
    if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) }
}
