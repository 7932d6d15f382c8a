//! What a finished lesson shows: its closing card, and its reference card when it is opened again.

use std::{fs, path::Path, sync::Arc};

use quantlearn::{
    course::Library,
    model::Route,
    runtime::headless::{Headless, fresh},
    theme::{Background, Depth, Theme},
};

/// A course of two tracks: `bits` has a card, `steps` builds on it and has none.
fn library() -> Arc<Library> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/two-tracks");
    let files: Vec<(String, String)> = ["course.toml", "bits.toml", "steps.toml"]
        .iter()
        .map(|name| ((*name).to_owned(), fs::read_to_string(folder.join(name)).expect("the fixture is part of the sources")))
        .collect();
    let mut library = Library::default();
    let found = library.add(files);
    assert!(found.is_empty(), "{found:?}");
    Arc::new(library)
}

fn app() -> Headless {
    Headless::new(fresh(library()), Theme::new(Background::Dark, Depth::None, false), (80, 24))
}

fn open(app: &mut Headless, route: &str) {
    app.open(Route::parse(route, "fixture").expect("a place"));
}

/// Walks `bits`: wrong first where `missed`.
fn walk_bits(app: &mut Headless, missed: bool) {
    open(app, "lesson bits");
    app.keys(if missed { "<enter>a<enter>b<enter><enter><enter>" } else { "<enter>b<enter><enter><enter>" });
}

#[test]
fn the_closing_card_names_the_line_that_does_it_for_real() {
    let mut app = app();
    walk_bits(&mut app, false);
    let text = app.text();
    assert!(text.contains("You can now   ✔ Count the bits of a byte"), "{text}");
    assert!(text.contains("For real      np.iinfo(np.uint8).bits"), "{text}");
}

#[test]
fn a_finished_lesson_opens_with_its_card_and_the_results() {
    let mut app = app();
    open(&mut app, "lesson bits");
    assert!(app.text().contains("is eight bits."), "an unfinished lesson opens where it stands:\n{}", app.text());
    walk_bits(&mut app, true);
    open(&mut app, "map");
    open(&mut app, "lesson bits");
    let text = app.text();
    for part in ["A byte has 8 bits and 256 codes.", "For real      np.iinfo", "26 of 30", "step through again", "redo 1 missed"]
    {
        assert!(text.contains(part), "{part:?} is not on the card:\n{text}");
    }
}

#[test]
fn the_card_leads_on_and_back_into_the_lesson() {
    let mut app = app();
    walk_bits(&mut app, true);
    let card = |app: &mut Headless, keys: &str| {
        open(app, "map");
        open(app, "lesson bits");
        app.keys(keys);
        app.app().route().to_string()
    };
    assert_eq!(card(&mut app, ""), "lesson fixture/bits");
    assert_eq!(card(&mut app, "<enter>"), "lesson fixture/steps/pick", "enter goes to what it opened");
    assert_eq!(card(&mut app, "<space>"), "lesson fixture/bits/intro", "space steps through again");
    assert_eq!(card(&mut app, "r"), "lesson fixture/bits/pick", "r asks what was missed again");
    assert_eq!(card(&mut app, "<tab><enter>"), "lesson fixture/bits");
    assert!(app.text().contains("addressed together"), "tab and enter show a term:\n{}", app.text());
}

#[test]
fn a_step_that_is_asked_for_opens_as_asked_and_a_lesson_without_a_card_where_it_stands() {
    let mut app = app();
    walk_bits(&mut app, false);
    open(&mut app, "lesson fixture/bits/end");
    assert!(app.text().contains("That was all."), "{}", app.text());
    open(&mut app, "lesson steps");
    app.keys("a<enter>");
    open(&mut app, "map");
    open(&mut app, "lesson steps");
    assert_eq!(app.app().route().to_string(), "lesson fixture/steps/pick");
    // Nothing is left to go on to, so enter on the card steps through the lesson again.
    open(&mut app, "map");
    open(&mut app, "lesson bits");
    app.keys("<enter>");
    assert_eq!(app.app().route().to_string(), "lesson fixture/bits/intro");
}

#[test]
fn the_last_lesson_of_a_track_leads_to_its_end_once() {
    let mut app = app();
    walk_bits(&mut app, false);
    assert!(app.text().contains("Bytes: complete"), "the closing card leads to the end of the track:\n{}", app.text());
    app.keys("<enter>");
    assert_eq!(app.app().route().to_string(), "track fixture/bytes");
    let text = app.text();
    for part in
        ["Bytes   ● complete", "You can now, from  Bits of a byte", "✔ Count the bits", "30 of 30", "Leads to  Steps of a byte"]
    {
        assert!(text.contains(part), "{part:?} is not at the end of the track:\n{text}");
    }
    app.keys("<esc>");
    assert!(app.text().contains("⏎ Steps of a byte"), "back on the closing card it was shown:\n{}", app.text());
    open(&mut app, "track bytes");
    app.keys("<enter>");
    assert_eq!(app.app().route().to_string(), "lesson fixture/steps/pick");
}

#[test]
fn the_end_of_a_complete_track_is_found_in_the_palette_and_that_of_an_open_one_is_not() {
    let mut app = app();
    walk_bits(&mut app, false);
    open(&mut app, "map");
    app.keys("<c-p>track");
    let text = app.text();
    assert!(text.contains("track  Bytes") && !text.contains("track  Steps"), "{text}");
    app.keys("<enter>");
    assert_eq!(app.app().route().to_string(), "track fixture/bytes");
}

#[test]
fn an_open_track_shows_what_is_still_to_come_and_an_unknown_one_is_said_to_be() {
    let mut app = app();
    open(&mut app, "track steps");
    assert!(app.text().contains("◐ 0 of 1 lessons") && app.text().contains("Still to come"), "{}", app.text());
    open(&mut app, "track nowhere");
    assert!(app.text().contains("There is no track `fixture/nowhere`"), "{}", app.text());
}

#[test]
fn a_finished_lesson_leads_to_the_next_one_of_the_path_not_to_a_later_one_that_it_opened() {
    let mut app = Headless::new(fresh(Arc::new(Library::embedded())), Theme::new(Background::Dark, Depth::None, false), (80, 24));
    let lesson = app.app().model().library.heads()[0].clone();
    // Every graded step by its solution; energy-roofline needs this lesson alone and stands two chapters further.
    for step in lesson.steps.iter().filter(|step| step.graded) {
        app.open(Route::Lesson { node: lesson.node.clone(), step: Some(step.id.step().into()) });
        let keys = if app.app().typing() { "<c-o><enter>" } else { "o<enter>" };
        app.keys(keys);
    }
    assert!(app.app().model().learner.node(&lesson.node, &app.app().model().facts).mark >= quantlearn::learner::Mark::Complete);
    app.open(Route::Map);
    assert!(app.text().contains("Rounding and saturation"), "the map goes on there too:\n{}", app.text());
    app.open(Route::Lesson { node: lesson.node, step: None });
    assert!(app.text().contains("⏎ Rounding and saturation"), "{}", app.text());
    app.keys("<enter>");
    assert!(app.app().route().to_string().starts_with("lesson core/rounding-saturation"), "{}", app.app().route());
}

/// Everything of a lesson is done, its challenges at par.
fn done(lesson: &str) -> Headless {
    use quantlearn::learner::{Event, EventId, What};
    let library = Arc::new(Library::embedded());
    let head = library.heads().into_iter().find(|head| head.node.lesson() == lesson).expect("a lesson").clone();
    let graded: Vec<_> = head.steps.iter().filter(|step| step.graded && !step.kind.is_further()).collect();
    let what = |(idx, step): (usize, &&quantlearn::course::StepHead)| What::Challenge {
        step: step.id.clone(),
        rev: step.rev,
        params: Default::default(),
        metrics: step.par.iter().map(|metric| (metric.name.to_owned(), Some(31.25))).collect(),
        passed: true,
        par: true,
        attempt: 1,
        hints: 0,
        shown: false,
        completes: idx + 1 == graded.len(),
    };
    let mut start = fresh(library);
    let now = start.now;
    let event = |(idx, what)| Event { id: EventId::from_bytes([idx as u8 + 1; 16]), at: now.unix_ms, day: now.day, what };
    start.events = graded.iter().enumerate().map(what).enumerate().map(event).collect();
    Headless::new(start, Theme::new(Background::Dark, Depth::None, false), (80, 24))
}

#[test]
fn best_results_name_their_steps_and_keep_their_units() {
    let mut app = done("dynamic-static-weightonly");
    app.open(Route::parse("lesson core/dynamic-static-weightonly", "core").expect("a place"));
    app.keys("<end>");
    let text = app.text();
    for part in ["step 7   worst batch 31.25 dB (par 40.10 dB)", "step 9   worst batch 31.25 dB (par 31.00 dB)"] {
        assert!(text.contains(part), "{part:?} is not on the card:\n{text}");
    }
    let mut app = done("clipping");
    app.open(Route::Progress);
    let text = app.text();
    assert!(text.contains("Rounding noise against clipping noise  █"), "{text}");
    app.keys("<end>");
    let text = app.text();
    let best = text.lines().find(|line| line.contains("step 12 of Rounding noise against"));
    assert!(best.is_some_and(|line| line.ends_with("SQNR 31.25 dB")), "{text}");
}
