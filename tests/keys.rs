//! Keys that once did something else than their help line says.

use std::sync::Arc;

use quantlearn::{
    course::Library,
    learner::What,
    model::Route,
    runtime::headless::{Headless, fresh},
    theme::{Background, Depth, Theme},
};

fn at(route: &str) -> Headless {
    let library = Arc::new(Library::embedded());
    let theme = Theme::new(Background::Dark, Depth::None, false);
    let route = Route::parse(route, library.home()).expect("a place");
    let mut app = Headless::new(fresh(library), theme, (80, 24));
    app.open(route);
    app
}

#[test]
fn the_go_to_menu_leaves_keys_with_ctrl_alone() {
    let mut app = at("map");
    app.keys("g<c-p>");
    assert_eq!(app.app().route(), Route::Map);
    assert!(app.app().typing(), "the palette is open");
}

#[test]
fn the_top_of_the_screen_moves_no_control() {
    let mut app = at("lab quantize bits=5");
    let before = app.app().route();
    app.keys("<down>gg");
    assert_eq!(app.app().route(), before);
}

#[test]
fn a_wrong_number_is_charged_once() {
    let mut app = at("lesson core/why-fewer-bits/bpw-of-groups");
    app.keys("4<enter><enter><enter>");
    let answers = app.events().iter().filter(|event| matches!(event.what, What::Answer { .. })).count();
    assert_eq!(answers, 1);
    app.keys("1<enter>");
    let answers = app.events().iter().filter(|event| matches!(event.what, What::Answer { .. })).count();
    assert_eq!(answers, 2);
}

#[test]
fn a_pop_up_scrolls_no_further_than_its_last_line() {
    let mut app = at("lab quantize");
    app.keys("?<end>");
    let end = app.text();
    app.keys("<down*50>");
    assert_eq!(app.text(), end);
    app.keys("<up>");
    assert_ne!(app.text(), end);
}

#[test]
fn a_lesson_that_arrives_under_a_lab_leaves_the_lab_its_run() {
    use quantlearn::model::{JobEvent, Msg, Outcome};
    let library = Arc::new(Library::embedded());
    let mut app = Headless::new(fresh(Arc::clone(&library)), Theme::new(Background::Dark, Depth::None, false), (100, 30));
    app.open(Route::Map).hold_jobs();
    let place = |text: &str| Route::parse(text, "core").unwrap();
    let Route::Lesson { node, .. } = place("lesson core/why-fewer-bits") else { panic!("a lesson") };
    app.open(Route::Lesson { node: node.clone(), step: None });
    let lesson = app.held().expect("the lesson is being read");
    app.open(place("lab quantize"));
    let (body, diagnostics) = library.lesson(&node);
    app.tell(Msg::Job(lesson, JobEvent::Done(Outcome::Lesson { lesson: body.map(Box::new), diagnostics })));
    app.release_jobs();
    assert!(app.text().contains("codes used"), "the lab has its figure:\n{}", app.text());
    app.keys("<esc>");
    assert!(app.text().contains("A guess, before anything is drawn"), "the lesson begins when it is uncovered:\n{}", app.text());
}

#[test]
fn one_esc_too_many_does_not_leave_the_program_and_q_on_the_map_does() {
    let mut app = at("map");
    app.keys("gt<esc><esc><esc>");
    assert!(!app.ended());
    assert_eq!(app.app().route(), Route::Map);
    let text = app.text();
    assert!(text.lines().last().is_some_and(|footer| footer.contains("q quit")), "{text}");
    app.keys("q");
    assert!(app.ended());
}

#[test]
fn the_note_of_the_first_run_names_keys_that_hold_while_typing() {
    let library = Arc::new(Library::embedded());
    let mut app = Headless::new(fresh(library), Theme::new(Background::Dark, Depth::None, false), (120, 40));
    assert!(app.app().typing(), "the first step asks for a number");
    assert!(app.text().contains("F1 shows keys"), "{}", app.text());
    app.keys("<f1>");
    assert!(app.text().contains("Typing an answer"), "{}", app.text());
    app.keys("<esc><esc><esc>");
    assert_eq!(app.app().route(), Route::Map, "esc leaves the pop-up, the field, the lesson");
}

#[test]
fn a_search_finds_a_term_by_its_name_before_one_that_only_speaks_of_it() {
    let mut app = at("terms");
    app.keys("/zero<enter>");
    assert_eq!(app.app().route(), Route::Terms { term: Some("zero-point".into()) }, "{}", app.text());
}

#[test]
fn a_locked_lesson_says_what_it_needs_wherever_it_is_chosen() {
    let mut app = at("map");
    app.keys("<c-p>lesson quantization noise<enter>");
    assert_eq!(app.app().route(), Route::Map);
    assert!(app.text().contains("Locked: it needs Rounding and saturation."), "{}", app.text());
    // The glossary opens the lesson of a term.
    app.keys("gt/zero point<enter><enter>");
    assert!(app.text().contains("Locked: it needs Why fewer bits?, Rounding and saturation."), "{}", app.text());
    // Whoever asks for it by its name looks ahead.
    app.open(Route::parse("lesson quantization-noise", "core").expect("a place"));
    assert!(app.text().contains("You are ahead of the map: this lesson needs Rounding and saturation."), "{}", app.text());
}

#[test]
fn that_a_lab_runs_is_said_no_longer_than_it_does() {
    let mut app = at("lesson core/why-fewer-bits/real-weights");
    app.keys("8<enter>").hold_jobs();
    app.keys("<left><enter>");
    assert!(app.text().contains("still running"), "{}", app.text());
    app.release_jobs();
    assert!(!app.text().contains("still running"), "{}", app.text());
}

#[test]
fn ctrl_u_clears_a_text_field_and_ctrl_y_brings_back() {
    let mut app = at("lesson core/why-fewer-bits/bpw-of-groups");
    let answer = |app: &Headless| app.text().contains("4.625");
    app.keys("4.625");
    assert!(answer(&app));
    app.keys("<c-u>");
    assert!(!answer(&app), "{}", app.text());
    app.keys("<c-y>");
    assert!(answer(&app), "{}", app.text());
}

#[test]
fn a_text_that_was_read_keeps_its_dot_when_the_learner_goes_back() {
    let mut app = at("lesson core/why-fewer-bits/what-happened");
    let dots = |app: &Headless| app.text().lines().next().map(|line| line.matches('●').count());
    let before = dots(&app);
    app.keys("<enter>");
    let behind = dots(&app);
    assert!(behind > before, "{}", app.text());
    app.open(Route::parse("lesson core/why-fewer-bits/real-weights", "core").expect("a place"));
    assert_eq!(dots(&app), behind, "{}", app.text());
}

#[test]
fn options_stay_in_their_order_until_the_question_is_answered() {
    let mut app = at("lesson core/why-fewer-bits/million-weights");
    let first = app.app().question_seed();
    assert!(first.is_some());
    app.keys("<esc>");
    app.open(Route::parse("lesson core/why-fewer-bits/million-weights", "core").expect("a place"));
    assert_eq!(app.app().question_seed(), first);
    app.keys("o<enter>r");
    assert_ne!(app.app().question_seed(), first, "asked again, it is dealt anew");
}
