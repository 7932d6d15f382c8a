//! Listings, outputs and exercises of a lesson, run: what they print and whether tests tell right from wrong.

use super::{
    diagnostic::{Code, Diagnostic},
    grade::{grade_output, grade_tests},
    model::{ExerciseStep, Lesson, Step, StepBody},
};
use crate::script::{self, End, Fault, Grade, Run, World};

/// The seed of every listing: what it draws at random is the same for everybody, so `expect` can say what it prints.
pub const SCRIPT_SEED: u64 = 1;

/// Runs every listing of a lesson against its `expect`, and every exercise: the starter must fail, the solution pass.
pub fn check_scripts(lesson: &Lesson, world: &World) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for step in &lesson.steps {
        let mut report = |code: Code, message: String, remedy: &str| {
            let mut finding = Diagnostic::new(&lesson.file, Some(step.place.clone()), code, &message);
            finding.remedy(remedy);
            findings.push(finding);
        };
        match &step.body {
            StepBody::Code(code) => {
                if let Some(run) = &code.run {
                    check_listing(step, run, code.expect.as_deref(), world, &mut report);
                }
            }
            StepBody::Output(output) => check_listing(step, &output.run, output.expect.as_deref(), world, &mut report),
            StepBody::Exercise(exercise) => check_exercise(step, exercise, world, &mut report),
            _ => {}
        }
    }
    findings
}

fn check_listing(step: &Step, source: &str, expect: Option<&str>, world: &World, report: &mut impl FnMut(Code, String, &str)) {
    let id = step.id.step();
    let run = script::run(source, &World { seed: SCRIPT_SEED, ..world.clone() });
    if let Some(why) = failure(&run) {
        return report(Code::ScriptFails, format!("the listing of `{id}` does not run: {why}"), "mend the listing");
    }
    let printed = run.text();
    if expect.is_some_and(|expect| !grade_output(expect, &printed).correct) {
        let message = format!("the listing of `{id}` prints `{}`, which is not what `expect` says", in_a_line(&printed));
        report(Code::OutputDiffers, message, "change `expect`, or the listing");
    }
    if expect.is_none() && matches!(step.body, StepBody::Output(_)) && printed.trim().is_empty() {
        let message = format!("the listing of `{id}` prints nothing to foretell");
        report(Code::OutputDiffers, message, "let it print something");
    }
}

/// Why a run came to no good end.
fn failure(run: &Run) -> Option<String> {
    match &run.end {
        End::Finished => None,
        End::Stopped(stop) => Some(stop.why.clone()),
        End::Failed(fault) => Some(fault_line(fault)),
    }
}

/// `line 2, column 5: ...`.
fn fault_line(fault: &Fault) -> String {
    match (fault.line, fault.column) {
        (0, _) => fault.message.clone(),
        (line, 0) => format!("line {line}: {}", fault.message),
        (line, column) => format!("line {line}, column {column}: {}", fault.message),
    }
}

fn in_a_line(printed: &str) -> String {
    let short: String = printed.lines().collect::<Vec<_>>().join(" / ").chars().take(160).collect();
    short
}

/// Graded with as many seeds as decide whether tests depend on luck.
const N_SEEDS: u64 = 3;

fn check_exercise(step: &Step, exercise: &ExerciseStep, world: &World, report: &mut impl FnMut(Code, String, &str)) {
    let id = step.id.step();
    let graded = |code: &str, seed| script::grade(code, &exercise.solution, &exercise.tests, &World { seed, ..world.clone() });
    for seed in 0..N_SEEDS {
        let solved = graded(&exercise.solution, seed);
        if !grade_tests(&solved).correct {
            let message = format!("the solution of `{id}` fails {}", first_failure(&solved));
            return report(Code::SolutionFails, message, "change `solution_code` or the test");
        }
        if grade_tests(&graded(&exercise.starter, seed)).correct {
            let message = format!("the starter of `{id}` passes every test");
            return report(Code::StarterPasses, message, "leave something to write, or add a test that needs it");
        }
    }
}

/// The failing test with what it got, in a line.
fn first_failure(grade: &Grade) -> String {
    let Some(failure) = &grade.failure else { return "a test".into() };
    let why = match (&failure.fault, &failure.stop) {
        (Some(fault), _) => fault_line(fault),
        (_, Some(stop)) => stop.why.clone(),
        _ => format!("`{}` gives {}, not {}", failure.call, failure.got, failure.expected),
    };
    format!("the test `{}`: {why}", failure.test)
}
