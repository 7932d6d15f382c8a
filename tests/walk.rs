//! Every lesson of the built-in course, walked by keys alone as a learner would who knows the answers. Each step must
//! pay what the XP table says, each lesson must end complete, and each wrong turn must say something.

use std::sync::Arc;

use quantlearn::{
    app::Look,
    course::{Answer, Lesson, Library, Step, StepBody, draw, shuffled, solution_answer, solution_params},
    id::{NodeId, StepId},
    input::{Key, KeyCode},
    lab::{ParamKind, Params, Value},
    learner::{Mark, What},
    model::Route,
    runtime::headless::{Headless, fresh},
    tensor::Sources,
    theme::{Background, Depth, Theme},
};

const ENTER: Key = Key::new(KeyCode::Enter);
const LETTERS: [char; 6] = ['a', 'b', 'c', 'd', 'e', 'f'];

fn look() -> Look {
    Look { theme: Theme::new(Background::Dark, Depth::True, false), background_fixed: true }
}

fn nodes(library: &Library) -> Vec<NodeId> {
    library.heads().into_iter().map(|head| head.node.clone()).collect()
}

fn lesson(library: &Library, node: &NodeId) -> Lesson {
    library.lesson(node).0.expect("a test loads every built-in lesson")
}

/// The seed of the question in view: the app kept it with the draft that a first key made.
fn seed_of(app: &mut Headless, step: &StepId) -> u64 {
    app.keys("<f1><esc>");
    app.app().question_seed().unwrap_or_else(|| panic!("{step} is no question"))
}

fn keys_of(app: &mut Headless, step: &Step) -> Vec<Key> {
    let seed = seed_of(app, &step.id);
    let order = shuffled(step, seed);
    let answer = solution_answer(step, seed).expect("questions have solutions");
    let place = |idx: usize| order.iter().position(|&shown| shown == idx).expect("everything is shown");
    match (answer, &step.body) {
        (Answer::Choice(chosen), _) => chosen.iter().map(|&idx| Key::char(LETTERS[place(idx)])).collect(),
        (Answer::Numeric(texts) | Answer::Cloze(texts), _) => fields(&texts),
        (Answer::Match(partners), _) => partners.into_iter().map(|idx| Key::char(LETTERS[place(idx.expect("solved"))])).collect(),
        (Answer::Order(items), _) => sort_keys(order, &items),
        (Answer::Output(text), _) => fields(&text.lines().map(str::to_owned).collect::<Vec<_>>()),
        (Answer::Code(_), _) => panic!("{} is written, not answered", step.id),
    }
}

fn fields(texts: &[String]) -> Vec<Key> {
    let mut keys = Vec::new();
    for (idx, text) in texts.iter().enumerate() {
        if idx > 0 {
            keys.push(Key::new(KeyCode::Tab));
        }
        keys.extend(text.chars().map(Key::char));
    }
    keys
}

/// Carries item after item up to its place.
fn sort_keys(mut shown: Vec<usize>, wanted: &[usize]) -> Vec<Key> {
    let mut keys = vec![Key::new(KeyCode::Home)];
    let mut cursor = 0;
    for (target, item) in wanted.iter().enumerate() {
        let at = shown.iter().position(|i| i == item).expect("the same items");
        let (code, n) = if at >= cursor { (KeyCode::Down, at - cursor) } else { (KeyCode::Up, cursor - at) };
        keys.extend(std::iter::repeat_n(Key::new(code), n));
        keys.extend(std::iter::repeat_n(Key::char('K'), at - target));
        let item = shown.remove(at);
        shown.insert(target, item);
        cursor = target;
    }
    keys
}

/// Moves the controls of a lab from where they stand to where they shall be.
fn control_keys(from: &Params, to: &Params, vary: &[&str]) -> Vec<Key> {
    let mut now = from.clone();
    let mut keys = Vec::new();
    // A control may appear only when another one is set, so each is reached from the end of the list as it then is: at
    // the top the step of a process may stand.
    for (idx, spec) in from.specs().iter().enumerate() {
        if now.at(idx) == to.at(idx) {
            continue;
        }
        let shown: Vec<usize> =
            (0..from.specs().len()).filter(|&i| vary.contains(&from.specs()[i].name) && now.is_active(i)).collect();
        let place = shown.iter().position(|&i| i == idx).unwrap_or_else(|| panic!("{} cannot be moved", spec.name));
        keys.extend(std::iter::repeat_n(Key::new(KeyCode::Down), shown.len()));
        keys.extend(std::iter::repeat_n(Key::new(KeyCode::Up), shown.len() - 1 - place));
        match (spec.kind, to.at(idx)) {
            (ParamKind::Choice(options), Value::Choice(name)) => {
                let at = |name: &str| options.iter().position(|o| o.name == name).expect("an option");
                let Value::Choice(current) = now.at(idx) else { panic!("a choice") };
                let n = (at(name) + options.len() - at(current)) % options.len();
                keys.extend(std::iter::repeat_n(Key::new(KeyCode::Right), n));
            }
            (ParamKind::Bool, _) => keys.push(Key::new(KeyCode::Right)),
            (_, value) => {
                keys.extend(value.to_string().chars().map(Key::char));
                keys.push(ENTER);
            }
        }
        now.put(idx, to.at(idx));
    }
    keys
}

/// Everything in the editor, so that what is pasted takes its place.
fn select_all() -> [Key; 2] {
    let top = Key { ctrl: true, ..Key::new(KeyCode::Home) };
    let end = Key { ctrl: true, ..Key::shift(KeyCode::End) };
    [top, end]
}

/// Solves the step in view; gives what it should have paid.
fn solve(app: &mut Headless, step: &Step) -> u32 {
    match &step.body {
        StepBody::Text(_) => 0,
        StepBody::Code(code) => {
            // The first enter runs what runs, the next one goes on.
            if code.run.is_some() {
                app.press(&[ENTER]);
                assert!(app.text().contains("finished in"), "{} does not run:\n{}", step.id, app.text());
            }
            0
        }
        StepBody::Exercise(exercise) => {
            app.keys("<tab>").press(&select_all()).paste(&exercise.solution).keys("<c-r>");
            40
        }
        StepBody::Lab(lab) => {
            let mut xp = 0;
            if !lab.predict.is_empty() {
                app.press(&fields(&vec!["1".to_owned(); lab.predict.len()])).press(&[ENTER]);
                xp += 5;
            }
            if lab.goal.is_some() {
                let start = quantlearn::course::start_params(lab);
                app.press(&control_keys(&start, &solution_params(lab), &lab.vary)).press(&[ENTER]);
                xp += if lab.par.is_some() { 40 } else { 30 };
            }
            xp
        }
        body => {
            let keys = keys_of(app, step);
            app.press(&keys).press(&[ENTER]);
            if matches!(body, StepBody::Numeric(_) | StepBody::Output(_)) { 15 } else { 10 }
        }
    }
}

#[test]
fn every_lesson_is_walked_to_its_end_and_pays_every_point() {
    let library = Arc::new(Library::embedded());
    let sources = Arc::new(Sources::default());
    let mut app = Headless::with(fresh(Arc::clone(&library)), look(), (80, 24), sources);
    let mut total = 0;
    for node in nodes(&library) {
        app.open(Route::Lesson { node: node.clone(), step: None });
        let lesson = lesson(&library, &node);
        let last_main = lesson.steps[..lesson.n_main()].iter().rfind(|s| s.graded()).map(|s| s.id.clone());
        for (idx, step) in lesson.steps.iter().enumerate() {
            if idx == lesson.n_main() {
                // Behind the closing card.
                app.keys("n");
            }
            assert_eq!(app.app().route().to_string(), format!("lesson {}", step.id), "the walk went on to another step");
            let before = app.app().model().learner.xp();
            let mut due = solve(&mut app, step);
            let completed = app.app().model().learner.node(&node, &app.app().model().facts).mark >= Mark::Complete;
            let graded_last = last_main.as_ref() == Some(&step.id);
            assert_eq!(completed && graded_last, graded_last, "{node} should be complete behind its last graded step");
            due += if graded_last { 20 } else { 0 };
            assert_eq!(app.app().model().learner.xp() - before, due, "{} paid something else\n{}", step.id, app.text());
            total += due;
            app.press(&[ENTER]);
        }
        let state = app.app().model().learner.node(&node, &app.app().model().facts);
        assert_eq!((state.mark, state.xp_earned), (Mark::Star, state.xp_possible), "{node}");
        assert!(app.text().contains("complete"), "the closing card of {node}:\n{}", app.text());
    }
    assert_eq!(app.app().model().learner.xp(), total);
}

#[test]
fn each_wrong_option_tells_its_own_reason_and_the_next_try_pays_less() {
    let library = Arc::new(Library::embedded());
    for node in nodes(&library) {
        for step in lesson(&library, &node).steps {
            let StepBody::Choice(choice) = &step.body else { continue };
            if choice.many {
                continue;
            }
            for wrong in (0..choice.options.len()).filter(|&idx| !choice.options[idx].correct) {
                let mut app = Headless::new(fresh(Arc::clone(&library)), look().theme, (100, 60));
                app.open(Route::Lesson { node: node.clone(), step: Some(step.id.step().to_owned()) });
                let seed = seed_of(&mut app, &step.id);
                let order = shuffled(&step, seed);
                let letter = |idx: usize| Key::char(LETTERS[order.iter().position(|&s| s == idx).unwrap()]);
                app.press(&[letter(wrong), ENTER]);
                let words = choice.options[wrong].feedback.split_whitespace().next().unwrap().to_owned();
                assert!(app.text().contains(&words), "{} option {wrong} says nothing:\n{}", step.id, app.text());
                assert_eq!(app.app().model().learner.xp(), 0);
                let right = choice.options.iter().position(|o| o.correct).unwrap();
                app.press(&[letter(right), ENTER]);
                assert_eq!(app.app().model().learner.step(&step.id).paid, 6, "{}: 60 % of 10", step.id);
            }
        }
    }
}

#[test]
fn hints_cost_and_the_solution_ends_a_step_without_pay() {
    let library = Arc::new(Library::embedded());
    for node in nodes(&library) {
        for step in lesson(&library, &node).steps.iter().filter(|s| s.graded()) {
            let mut app = Headless::new(fresh(Arc::clone(&library)), look().theme, (80, 24));
            app.open(Route::Lesson { node: node.clone(), step: Some(step.id.step().to_owned()) });
            if step.predicts() {
                app.keys("1<enter>");
            }
            for n in 1..=step.hints.len() {
                app.keys("<c-t>t<c-t>t");
                let read = app.app().model().learner.step(&step.id).hints() as usize;
                assert!(read >= n.min(step.hints.len()), "{}: hint {n} was not read", step.id);
            }
            let ctrl_or_letter = if app.app().typing() { "<c-o><enter>" } else { "o<enter>" };
            app.keys(ctrl_or_letter);
            let state = app.app().model().learner.step(&step.id);
            assert!(state.done() && state.paid == 0, "{}", step.id);
        }
    }
}

#[test]
fn coming_back_resumes_the_step_with_its_draft_and_its_controls() {
    let library = Arc::new(Library::embedded());
    let numeric = nodes(&library)
        .into_iter()
        .flat_map(|node| lesson(&library, &node).steps)
        .find(|s| matches!(s.body, StepBody::Numeric(_)));
    let step = numeric.expect("the course has a numeric question");
    let mut app = Headless::new(fresh(Arc::clone(&library)), look().theme, (80, 24));
    app.open(Route::Lesson { node: step.id.node(), step: Some(step.id.step().to_owned()) });
    app.keys("3.14<esc><esc>");
    let prompt_vars = app.events().iter().find_map(|e| match &e.what {
        What::Draft { draft, .. } => Some(draft.clone()),
        _ => None,
    });
    let seed = prompt_vars.expect("a draft was kept")["seed"].as_u64().unwrap();
    let StepBody::Numeric(body) = &step.body else { unreachable!() };
    let shown = draw(body, seed);
    let mut later = Headless::new(app.again(), look().theme, (80, 24));
    assert!(later.text().contains("You were at step"), "{}", later.text());
    later.keys("<enter>");
    assert_eq!(later.app().route().to_string(), format!("lesson {}", step.id));
    assert!(later.text().contains("3.14"), "{}", later.text());
    assert_eq!(later.app().question_seed(), Some(seed), "the same numbers are asked: {shown:?}");
}
