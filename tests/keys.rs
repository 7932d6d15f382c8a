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
