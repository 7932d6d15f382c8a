//! Listings, foretold outputs, exercises and drills, played by keys in the course that `lessons/FORMAT.md` shows.

use std::sync::Arc;

use quantlearn::{
    app::Look,
    course::{Answer, Library, StepBody, solution_answer},
    id::NodeId,
    input::Key,
    learner::{Mark, What},
    model::{JobEvent, JobId, Msg, Outcome, Route},
    runtime::headless::{Headless, NOON, fresh},
    script::{End, Piece, Run},
    theme::{Background, Depth, Theme},
};

const DOCUMENT: &str = include_str!("../lessons/FORMAT.md");

/// A listing of the reference.
fn block(name: &str) -> String {
    let (_, rest) = DOCUMENT.split_once(&format!("<!-- {name} -->\n```toml\n")).expect("the reference has it");
    rest.split_once("```\n<!-- end -->").expect("it ends").0.to_owned()
}

fn library() -> Arc<Library> {
    let mut library = Library::embedded();
    let files = [("course.toml", block("example course")), ("a.toml", block("example lesson"))];
    assert!(library.add(files).is_empty());
    Arc::new(library)
}

fn node() -> NodeId {
    NodeId::new("my-course", "bits-per-weight")
}

fn app(start: quantlearn::model::Start) -> Headless {
    let theme = Theme::new(Background::Dark, Depth::True, false);
    Headless::with(start, Look { theme, background_fixed: true }, (80, 24), Arc::default())
}

/// A fresh app that stands at a step of the example.
fn at(step: &str) -> Headless {
    let mut app = app(fresh(library()));
    app.open(Route::Lesson { node: node(), step: Some(step.to_owned()) });
    app
}

fn sees(app: &Headless, words: &str) {
    assert!(app.text().contains(words), "`{words}` is not on the screen:\n{}", app.text());
}

fn xp(app: &Headless) -> u32 {
    app.app().model().learner.xp()
}

/// The whole text of the editor in hand, replaced.
fn write(app: &mut Headless, code: &str) {
    use quantlearn::input::KeyCode::{End, Home};
    let top = Key { ctrl: true, ..Key::new(Home) };
    let end = Key { ctrl: true, ..Key::shift(End) };
    app.press(&[top, end]).paste(code);
}

#[test]
fn a_listing_runs_is_changed_run_again_and_put_back() {
    let mut app = at("count");
    sees(&app, "not run yet");
    app.keys("<enter>");
    sees(&app, "finished in");
    sees(&app, "294912");
    app.keys("<tab>");
    assert!(app.app().typing());
    write(&mut app, "print(\"hello\");\nlet a = absmx(2);");
    sees(&app, "before your change");
    app.keys("<c-r>");
    sees(&app, "hello");
    sees(&app, "line 2");
    sees(&app, "did you mean `absmax`?");
    app.keys("<esc>z");
    sees(&app, "not run yet");
    assert_eq!(xp(&app), 0, "a listing pays nothing");
    app.keys("<enter><enter>");
    assert!(!app.app().route().to_string().ends_with("/count"), "the second enter goes on");
}

#[test]
fn a_wide_screen_shows_the_lines_of_a_listing_to_their_ends() {
    let library = Arc::new(Library::embedded());
    let theme = Theme::new(Background::Dark, Depth::True, false);
    let mut n_seen = 0;
    for (lesson, step) in [("why-fewer-bits", "array-sizes"), ("quantization-noise", "one-twelfth"), ("affine-map", "keep-both")]
    {
        let node = NodeId::new("core", lesson);
        let body = library.lesson(&node).0.expect("it is sound").steps;
        let code = body.iter().find(|s| s.id.step() == step).expect("the lesson has it");
        let StepBody::Code(code) = &code.body else { panic!("{step} is a listing") };
        let listing = code.run.as_ref().expect("it runs");
        for size in [(120, 40), (160, 50), (200, 60)] {
            let look = Look { theme, background_fixed: true };
            let mut app = Headless::with(fresh(Arc::clone(&library)), look, size, Arc::default());
            app.open(Route::Lesson { node: node.clone(), step: Some(step.to_owned()) });
            let shows_all = |app: &Headless| listing.lines().all(|line| app.text().contains(line.trim_end()));
            assert!(shows_all(&app), "{step} at {size:?}:\n{}", app.text());
            app.keys("<enter>");
            assert!(shows_all(&app), "{step} at {size:?} after its run:\n{}", app.text());
            n_seen += listing.lines().filter(|line| line.len() > 60).count();
        }
    }
    assert!(n_seen > 9, "some of them are long");
}

#[test]
fn other_languages_stand_in_tabs_and_can_be_copied() {
    let mut app = at("count");
    app.keys("vy");
    assert!(app.copied().is_some_and(|text| text.contains("codes.size * 4")), "{:?}", app.copied());
    sees(&app, "codes.size * 4");
    app.keys("vvy");
    assert!(app.copied().is_some_and(|text| text.contains("quantize(randn")), "{:?}", app.copied());
}

#[test]
fn a_run_is_stopped_by_esc_and_its_late_answer_is_dropped() {
    let mut app = at("count");
    app.hold_jobs();
    app.keys("<enter>");
    let id = app.held().expect("it runs");
    sees(&app, "running");
    app.keys("<esc>");
    sees(&app, "Stopped before it was done");
    let run = Run { output: vec![Piece::Line("late".into())], end: End::Finished, seconds: 0.0 };
    app.tell(Msg::Job(JobId(id.0), JobEvent::Done(Outcome::Script(Box::new(run)))));
    assert!(!app.text().contains("late"), "{}", app.text());
    assert!(app.app().route().to_string().ends_with("/count"), "esc closed the run, not the lesson");
}

#[test]
fn a_foretold_output_is_compared_line_by_line_and_paid() {
    let mut app = at("foretell");
    app.keys("4<enter>");
    sees(&app, "you said 4");
    sees(&app, "printed  4.5");
    assert_eq!(xp(&app), 0);
    app.keys("<backspace>4.50<enter>");
    sees(&app, "Right.");
    assert_eq!(xp(&app), 9, "60 % of 15, and a number compares by value");
    let mut unaided = at("foretell");
    unaided.keys("4.5<enter>");
    assert_eq!(xp(&unaided), 15);
    let mut shown = at("foretell");
    shown.keys("<c-o><enter>");
    sees(&shown, "printed  4.5");
    assert_eq!((xp(&shown), shown.app().model().learner.steps().any(|(_, step)| step.shown)), (0, true));
}

#[test]
fn an_exercise_shows_the_first_failing_case_and_pays_when_every_test_passes() {
    let mut app = at("write");
    sees(&app, "groups of 32");
    app.keys("<enter>");
    sees(&app, "got");
    sees(&app, "expected");
    app.keys("<enter>");
    sees(&app, "Change it first");
    app.keys("<tab>");
    write(&mut app, "fn bpw(b, g) { b + 16 / g");
    app.keys("<c-r>");
    sees(&app, "cannot be read");
    let step = node().step("write");
    assert_eq!(app.app().model().learner.tries(&step, NOON.day).attempt, 2, "what cannot be read is no attempt");
    write(&mut app, "fn bpw(b, g) { b + 16 / g }");
    app.keys("<c-r>");
    sees(&app, "Right.");
    assert_eq!(xp(&app), 24, "60 % of 40");
    assert_eq!(app.app().model().learner.node(&node(), &app.app().model().facts).done, 0, "it is not of the main line");
}

#[test]
fn the_last_text_comes_back_and_the_own_editor_can_have_it() {
    let mut app = at("write");
    app.keys("<tab>");
    write(&mut app, "// mine");
    app.keys("<c-e>");
    sees(&app, "// mine");
    app.keys("<esc><esc>");
    let drafts = app.events().iter().filter(|event| matches!(event.what, What::Draft { .. })).count();
    assert_eq!(drafts, 1);
    let mut later = self::app(app.again());
    later.open(Route::Lesson { node: node(), step: Some("write".into()) });
    sees(&later, "// mine");
    later.keys("o<enter>");
    sees(&later, "b + 16 / g");
    sees(&later, "// mine");
}

/// The example lesson with every step done by its solution.
fn complete() -> Headless {
    let mut app = at("count");
    let lesson = library().lesson(&node()).0.expect("it is sound");
    for step in lesson.steps[..lesson.n_main()].iter().filter(|step| step.graded()) {
        app.open(Route::Lesson { node: node(), step: Some(step.id.step().to_owned()) });
        if step.predicts() {
            app.keys("1<enter>");
        }
        let typing = app.app().typing();
        app.keys(if typing { "<c-o><enter>" } else { "o<enter>" });
    }
    app
}

#[test]
fn a_lesson_is_complete_without_its_exercise_and_has_another_mark_with_it() {
    let mut app = complete();
    let mark = |app: &Headless| app.app().model().learner.node(&node(), &app.app().model().facts).mark;
    assert_eq!(mark(&app), Mark::Complete);
    app.open(Route::Lesson { node: node(), step: Some("foretell".into()) });
    app.keys("<enter>");
    sees(&app, "Go further");
    sees(&app, "a code exercise, 40 XP");
    app.keys("n");
    assert!(app.app().route().to_string().ends_with("/write"), "{}", app.app().route());
    app.keys("<tab>");
    write(&mut app, "fn bpw(b, g) { b + 16 / g }");
    app.keys("<c-r><enter>");
    assert_eq!(mark(&app), Mark::Exercised);
    sees(&app, "exercise solved");
    app.keys("p");
    assert!(app.app().route().to_string().ends_with("/foretell"), "{}", app.app().route());
}

#[test]
fn practice_deals_only_what_is_complete_and_says_what_to_do_otherwise() {
    let mut app = at("count");
    app.keys("gr");
    assert_eq!(app.app().route(), Route::Practice);
    sees(&app, "none is complete yet");
    app.keys("<enter>");
    assert!(app.app().route().to_string().starts_with("lesson "), "{}", app.app().route());
}

#[test]
fn a_drill_pays_two_names_the_wrong_thought_and_comes_with_new_numbers() {
    let mut app = complete();
    let before = xp(&app);
    app.open(Route::Practice);
    let drill = library().lesson(&node()).0.expect("it is sound").drills.remove(0);
    let typed = |app: &Headless| {
        let seed = app.app().question_seed().expect("a drill is dealt");
        let Some(Answer::Numeric(texts)) = solution_answer(&drill, seed) else { panic!("it is numeric") };
        texts[0].chars().map(Key::char).collect::<Vec<_>>()
    };
    let keys = typed(&app);
    app.press(&keys).keys("<enter>");
    sees(&app, "Right.");
    sees(&app, "2 of 20 XP");
    let first = app.app().question_seed();
    app.keys("<enter>");
    assert_ne!(app.app().question_seed(), first, "new numbers");
    let b = app.text().lines().find_map(|line| line.trim().split_once("-bit").map(|(b, _)| b.to_owned())).expect("it asks");
    app.keys(&format!("{b}<enter>"));
    sees(&app, "The scales are stored too.");
    let keys = typed(&app);
    app.keys("<backspace*9>").press(&keys).keys("<enter>");
    assert_eq!(xp(&app) - before, 2, "the second try at the same numbers pays nothing");
    app.keys("<enter><c-o><enter>");
    sees(&app, "The solution.");
    assert_eq!(xp(&app) - before, 2);
}
