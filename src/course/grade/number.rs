//! Numeric answers: computed keys, tolerances, named wrong values.

use super::{
    Verdict,
    draw::{fill, show},
};
use crate::{
    course::model::{NumericPart, NumericStep, Tolerance},
    expr::{self, Expr, Val},
    text::Text,
};

/// Slack for the last bits of a learner's own calculation, in units of the last place of the key.
const SLACK_ULPS: f64 = 4.0;

/// The value of an expression of the lesson; NaN where it has none, which the loader has ruled out.
pub(in crate::course) fn compute(expr: &Expr, vars: &[(String, f64)]) -> f64 {
    expr.eval(&|name| vars.iter().find(|(var, _)| var == name).map(|&(_, x)| Val::Num(x))).unwrap_or(f64::NAN)
}

/// Whether a value is inside either bound around the key. Both are inclusive, with a few ulp of slack.
pub(in crate::course) fn within(value: f64, key: f64, tolerance: Tolerance) -> bool {
    let slack = SLACK_ULPS * f64::EPSILON * key.abs();
    (value - key).abs() <= tolerance.abs.max(tolerance.rel * key.abs()) + slack
}

pub(super) fn grade(step: &NumericStep, vars: &[(String, f64)], typed: &[String]) -> Verdict {
    let mut values = Vec::new();
    for idx in 0..step.parts.len() {
        match expr::number(typed.get(idx).map_or("", String::as_str), &step.unit) {
            Ok(value) => values.push(value),
            Err(error) => {
                let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
                return Verdict::unreadable(idx, format!("{}{help}", error.message));
            }
        }
    }
    let right =
        |idx: usize| within(values[idx], compute(&step.parts[idx].answer.compute, vars), step.parts[idx].answer.tolerance);
    let mut verdict = Verdict::of_parts((0..values.len()).map(right).collect());
    for idx in (0..values.len()).filter(|&idx| !verdict.parts[idx]).collect::<Vec<_>>() {
        name_the_mistake(step, vars, idx, values[idx], &mut verdict);
    }
    verdict
}

/// Adds the feedback of the first named wrong value of this part that the learner's value agrees with.
fn name_the_mistake(step: &NumericStep, vars: &[(String, f64)], part: usize, value: f64, verdict: &mut Verdict) {
    let tolerance = step.parts[part].answer.tolerance;
    let named = step.wrong.iter().find(|w| w.part == part && within(value, compute(&w.compute, vars), tolerance));
    if let Some(wrong) = named {
        verdict.feedback.push(Text::clean(&fill(&wrong.feedback, vars)));
        verdict.misconceptions.extend(wrong.misconception.clone());
    }
}

/// What to type, for each part: as a person writes it, where that is inside the tolerance.
pub(super) fn solution(step: &NumericStep, vars: &[(String, f64)]) -> Vec<String> {
    let typed = |part: &NumericPart| {
        let key = compute(&part.answer.compute, vars);
        let short = show(key);
        let is_right = short.parse().is_ok_and(|value| within(value, key, part.answer.tolerance));
        if is_right { short } else { key.to_string() }
    };
    step.parts.iter().map(typed).collect()
}

/// For each part the value with its unit, and how it is computed from the numbers of the question.
pub(super) fn solution_text(step: &NumericStep, vars: &[(String, f64)]) -> Vec<Text> {
    let line = |part: &NumericPart| {
        let label = if part.label.is_empty() { String::new() } else { format!("{}: ", part.label) };
        let unit = if step.unit.is_empty() { String::new() } else { format!(" {}", step.unit) };
        let value = show(compute(&part.answer.compute, vars));
        let how = with_numbers(&part.answer.compute, vars);
        // A constant is its own explanation.
        let how = if how == value { String::new() } else { format!(" = {how}") };
        Text::clean(&format!("{label}{value}{unit}{how}"))
    };
    step.parts.iter().map(line).collect()
}

/// The expression with numbers in place of its names.
fn with_numbers(expr: &Expr, vars: &[(String, f64)]) -> String {
    expr.with_words(|name| {
        let (_, value) = vars.iter().find(|(var, _)| var == name)?;
        Some(if *value < 0.0 { format!("({})", show(*value)) } else { show(*value) })
    })
}
