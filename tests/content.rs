//! The built-in course, walked: it loads clean, every question is right where it says so and wrong where it says so, every
//! challenge can be solved and is not solved at its start.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use quantlearn::{
    course::{self, Answer, Lesson, Step, StepBody},
    lab::Ctx,
    script::{Limits, World},
    tensor::Sources,
};

const N_SEEDS: u64 = 20;

fn lessons() -> Vec<Lesson> {
    course::load(&course::embedded_files()).lessons
}

/// Questions and drills; labs, outputs and exercises are graded by what a run gives.
fn questions(lessons: &[Lesson]) -> impl Iterator<Item = (&Step, u64)> {
    let steps = lessons.iter().flat_map(|lesson| lesson.steps.iter().chain(&lesson.drills));
    let is_run = |step: &Step| matches!(step.body, StepBody::Lab(_) | StepBody::Output(_) | StepBody::Exercise(_));
    let asked = steps.filter(move |step| step.graded() && !is_run(step));
    asked.flat_map(|step| (0..N_SEEDS).map(move |seed| (step, seed)))
}

#[test]
fn the_built_in_course_loads_without_a_finding() {
    let loaded = course::load(&course::embedded_files());
    let findings: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(loaded.course.is_some_and(|course| !course.heads.is_empty()));
}

#[test]
fn the_table_of_heads_is_what_the_loader_reads() {
    let loaded = course::load(&course::embedded_files()).course.expect("a test above");
    assert_eq!(course::embedded().heads, loaded.heads);
}

#[test]
fn every_lesson_opens_from_the_library() {
    let library = course::Library::embedded();
    for head in library.heads() {
        let (lesson, findings) = library.lesson(&head.node);
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(lesson.expect("its head is there").step_heads(), head.steps);
        assert!(library.track(head).is_some());
    }
    let glossary = library.glossary();
    assert!(!glossary.is_empty());
    for (_, term) in &glossary {
        assert_eq!(library.term_name(&term.id).as_ref(), Some(&term.name), "what links to {} show", term.id);
    }
    let lesson = library.lesson(&library.heads()[0].node).0.expect("it opened above");
    assert_eq!(lesson.term_names.len(), glossary.len(), "every lesson links to the terms of every other");
}

#[test]
fn every_solution_is_right() {
    let lessons = lessons();
    for (step, seed) in questions(&lessons) {
        let answer = course::solution_answer(step, seed).expect("it is a question");
        let verdict = course::grade(step, seed, &answer);
        assert!(verdict.correct && verdict.error.is_none(), "{} with seed {seed}: {answer:?} gives {verdict:?}", step.id);
        assert!(!course::solution_text(step, seed).is_empty(), "{} shows no solution", step.id);
    }
}

#[test]
fn every_wrong_branch_is_wrong_and_says_why() {
    let lessons = lessons();
    for (step, seed) in questions(&lessons) {
        for (answer, told) in wrong_answers(step, seed) {
            let verdict = course::grade(step, seed, &answer);
            assert!(!verdict.correct && verdict.error.is_none(), "{} with seed {seed}: {answer:?} gives {verdict:?}", step.id);
            assert!(!told || !verdict.feedback.is_empty(), "{}: {answer:?} gets no feedback", step.id);
        }
    }
}

/// Answers that must be wrong, and whether each has feedback of its own.
fn wrong_answers(step: &Step, seed: u64) -> Vec<(Answer, bool)> {
    match &step.body {
        StepBody::Choice(choice) => {
            let wrong = (0..choice.options.len()).filter(|&idx| !choice.options[idx].correct);
            wrong.map(|idx| (Answer::Choice(vec![idx]), true)).collect()
        }
        StepBody::Numeric(numeric) => {
            let Some(Answer::Numeric(right)) = course::solution_answer(step, seed) else { panic!("it is numeric") };
            let vars = course::draw(numeric, seed);
            let lookup = |name: &str| vars.iter().find(|(var, _)| var == name).map(|&(_, x)| quantlearn::expr::Val::Num(x));
            let with = |part: usize, text: String| {
                let mut typed = right.clone();
                typed[part] = text;
                Answer::Numeric(typed)
            };
            let named = numeric
                .wrong
                .iter()
                .map(|wrong| (with(wrong.part, wrong.compute.eval(&lookup).expect("the loader checked it").to_string()), true));
            named.chain([(with(0, "-123456.789".into()), false)]).collect()
        }
        StepBody::Cloze(_) => {
            let Some(Answer::Cloze(right)) = course::solution_answer(step, seed) else { panic!("it is a cloze") };
            let spoilt = |idx: usize| {
                let mut typed = right.clone();
                typed[idx] = "no such word".into();
                (Answer::Cloze(typed), false)
            };
            (0..right.len()).map(spoilt).collect()
        }
        StepBody::Order(_) => vec![(Answer::Order(course::shuffled(step, seed)), false)],
        StepBody::Match(pairs) => {
            let n = pairs.pairs.len();
            vec![(Answer::Match((0..n).map(|idx| Some((idx + 1) % n)).collect()), false), (Answer::Match(vec![None; n]), false)]
        }
        StepBody::Text(_) | StepBody::Code(_) | StepBody::Lab(_) | StepBody::Output(_) | StepBody::Exercise(_) => Vec::new(),
    }
}

#[test]
fn every_lab_runs_and_every_challenge_can_be_solved_but_is_not_at_its_start() {
    let (sources, cancel) = (Sources::default(), AtomicBool::new(false));
    let ctx = Ctx::new(&sources, &cancel, &|_, _| {});
    let findings: Vec<String> =
        lessons().iter().flat_map(|lesson| course::check_labs(lesson, &ctx)).map(|finding| finding.to_string()).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn every_listing_prints_what_it_says_and_every_exercise_tells_right_from_wrong() {
    let world = World {
        sources: Arc::default(),
        seed: 0,
        cancel: Arc::default(),
        elapsed: Arc::new(|| Duration::ZERO),
        limits: Limits::LESSON,
    };
    let findings: Vec<String> =
        lessons().iter().flat_map(|lesson| course::check_scripts(lesson, &world)).map(|finding| finding.to_string()).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}
