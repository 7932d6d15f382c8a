//! What happens to a question: opened, checked, solved, redone.

use serde_json::json;

use super::{Face, LessonScreen, Question, Settled, question::Did};
use crate::{
    course::{Answer, SCRIPT_SEED, Step, StepBody, Verdict, grade, grade_output, solution_answer},
    input::Action,
    learner::What,
    model::{Failure, Job, JobEvent, JobId, Outcome, Slot},
    screen::{Cx, Input},
    script::{End, Run},
};

/// Opens a question as it was left: solved, shown, drafted, or fresh.
pub(super) fn open(step: &Step, cx: &mut Cx) -> Face {
    let state = cx.model.learner.step(&step.id);
    let given = state.last_answer().filter(|given| given.rev == step.rev);
    let draft = state.draft().and_then(read_draft).filter(|(rev, ..)| *rev == step.rev);
    let solved = given.filter(|given| given.correct && draft.is_none()).cloned();
    let shown = state.shown && solved.is_none() && draft.is_none();
    let seed = draft.as_ref().map(|(_, seed, _)| *seed).or(given.map(|given| given.seed));
    let seed = seed.unwrap_or_else(|| cx.model.seed_of(&step.id));
    let Some(mut question) = Question::new(step, seed).map(Box::new) else { return Face::Reading };
    let mut settled = None;
    if let Some(given) = solved {
        settled = Some(Settled::Solved);
        if let Ok(answer) = serde_json::from_value(given.answer) {
            question.put(&answer);
            question.verdict = Some(grade(step, seed, &answer)).filter(|verdict| verdict.error.is_none());
        }
        print(step, &mut question, cx);
    } else if shown {
        settled = Some(Settled::Shown);
        put_solution(step, &mut question, cx);
    } else if let Some((_, _, answer)) = draft {
        question.put(&answer);
    }
    Face::Asking { question, settled, touched: false }
}

fn read_draft(draft: &serde_json::Value) -> Option<(u32, u64, Answer)> {
    let rev = draft.get("rev")?.as_u64()?.try_into().ok()?;
    Some((rev, draft.get("seed")?.as_u64()?, serde_json::from_value(draft.get("answer")?.clone()).ok()?))
}

/// The event that keeps an unfinished answer.
pub(super) fn draft(step: &Step, question: &Question) -> What {
    let draft = json!({ "rev": step.rev, "seed": question.seed, "answer": question.answer(step) });
    What::Draft { step: step.id.clone(), draft }
}

pub(super) fn put_solution(step: &Step, question: &mut Question, cx: &mut Cx) {
    if let Some(answer) = solution_answer(step, question.seed) {
        question.put(&answer);
        question.verdict = Some(grade(step, question.seed, &answer)).filter(|verdict| verdict.error.is_none());
    }
    question.release();
    print(step, question, cx);
}

/// Runs the listing of an output step, so that what it prints can be seen.
fn print(step: &Step, question: &mut Question, cx: &mut Cx) {
    if let StepBody::Output(output) = &step.body {
        let job = Job::Script { source: output.run.to_string(), seed: SCRIPT_SEED };
        question.running = Some(cx.run(Slot::Script, job));
    }
}

/// The listing has run: the answer in hand is right or not.
fn printed(screen: &mut LessonScreen, step: &Step, id: JobId, event: JobEvent, cx: &mut Cx) {
    let Face::Asking { question, settled, .. } = &mut screen.face else { return };
    if question.running != Some(id) {
        return;
    }
    let trouble = match event {
        JobEvent::Progress { .. } => return,
        JobEvent::Done(Outcome::Script(run)) => {
            let trouble = trouble(&run);
            question.printed = Some(run);
            trouble
        }
        JobEvent::Failed(Failure::Error(why) | Failure::Panic(why)) => Some(why),
        JobEvent::Failed(Failure::Cancelled) | JobEvent::Done(_) => Some("Stopped before it was done.".into()),
    };
    question.running = None;
    match (trouble, settled) {
        (Some(why), _) => cx.say(why),
        (None, Some(_)) => {}
        (None, None) => {
            let Answer::Output(said) = question.answer(step) else { return };
            let printed = question.printed.as_ref().map(|run| run.text()).unwrap_or_default();
            record(screen, step, &Answer::Output(said.clone()), grade_output(&said, &printed), cx);
        }
    }
}

/// Why a listing of the lesson did not come to its end.
fn trouble(run: &Run) -> Option<String> {
    match &run.end {
        End::Finished => None,
        End::Stopped(stop) => Some(stop.why.clone()),
        End::Failed(fault) => Some(format!("The listing fails in line {}: {}", fault.line, fault.message)),
    }
}

/// A key, while a question is in view.
pub(super) fn update(screen: &mut LessonScreen, input: Input, cx: &mut Cx) {
    let Some(lesson) = screen.lesson.clone() else { return };
    let Some(step) = lesson.steps.get(screen.idx) else { return };
    let Face::Asking { question, settled, touched } = &mut screen.face else { return };
    if let Input::Job(id, event) = input {
        printed(screen, step, id, event, cx);
        return;
    }
    if question.running.is_some() && settled.is_none() {
        cx.say_wait("It is still running; esc stops it.");
        return;
    }
    if settled.is_some() {
        match input {
            Input::Action(Action::Run) => redo(screen, step, cx),
            Input::Action(Action::Primary | Action::Space) => screen.on(cx),
            Input::Action(Action::Down) => drop(screen.scroll_by(true, cx)),
            Input::Action(Action::Up) => drop(screen.scroll_by(false, cx)),
            _ => {}
        }
        return;
    }
    match question.update(&input) {
        Did::Nothing | Did::Moved => {}
        Did::Changed => *touched = true,
        Did::Check => check(screen, step, cx),
    }
}

fn check(screen: &mut LessonScreen, step: &Step, cx: &mut Cx) {
    let Face::Asking { question, .. } = &mut screen.face else { return };
    if question.is_blank() {
        cx.say(question.first_word());
        return;
    }
    let answer = question.answer(step);
    if question.was_checked(&answer) {
        cx.say("This answer was just checked. Change it first.");
        return;
    }
    if matches!(step.body, StepBody::Output(_)) {
        print(step, question, cx);
        return;
    }
    let verdict = grade(step, question.seed, &answer);
    if verdict.error.is_some() {
        // Not readable is not wrong: nothing is recorded.
        question.judge(verdict);
        return;
    }
    record(screen, step, &answer, verdict, cx);
}

fn record(screen: &mut LessonScreen, step: &Step, answer: &Answer, verdict: Verdict, cx: &mut Cx) {
    let Face::Asking { question, settled, touched } = &mut screen.face else { return };
    let before = cx.model.learner.xp();
    let tries = cx.model.learner.tries(&step.id, cx.model.now.day);
    cx.record(What::Answer {
        step: step.id.clone(),
        rev: step.rev,
        step_kind: step.kind(),
        seed: question.seed,
        answer: serde_json::to_value(answer).expect("answers are plain lists"),
        correct: verdict.correct,
        attempt: tries.attempt,
        hints: tries.hints,
        shown: tries.shown,
        misconceptions: verdict.misconceptions.clone(),
        completes: verdict.correct && cx.model.learner.would_complete(&step.id, &cx.model.facts),
    });
    screen.gained += cx.model.learner.xp() - before;
    *touched = false;
    if verdict.correct {
        *settled = Some(Settled::Solved);
        question.release();
    } else if let Answer::Choice(chosen) = answer {
        question.tried.extend(chosen.iter().filter(|_| chosen.len() == 1));
    }
    question.judge(verdict);
}

/// The same question with new numbers and a new order.
fn redo(screen: &mut LessonScreen, step: &Step, cx: &mut Cx) {
    let seed = cx.model.draw_seed();
    if let Some(question) = Question::new(step, seed).map(Box::new) {
        screen.face = Face::Asking { question, settled: None, touched: false };
        screen.scroll = 0;
    }
}
