//! The reference card: what an engineer looks up later. A finished lesson opens with it, the learner's results below.

use super::{LessonScreen, closing};
use crate::{
    course::Lesson,
    input::Action,
    learner::Mark,
    model::{Model, Route},
    screen::{
        Cx, Offer, View,
        page::{Page, Terms},
    },
};

/// Whether the lesson opens with its card: it has one, and nothing is left to do.
pub(super) fn opens(lesson: &Lesson, model: &Model) -> bool {
    lesson.card.is_some() && model.learner.node(&lesson.node, &model.facts).mark >= Mark::Complete
}

pub(super) fn act(screen: &mut LessonScreen, action: Action, cx: &mut Cx) {
    let Some(lesson) = screen.lesson.clone() else { return };
    match action {
        Action::NextRegion => screen.next_link(1, cx),
        Action::PrevRegion => screen.next_link(-1, cx),
        Action::Primary if screen.link.is_some() => screen.show_term(cx),
        // Where no lesson is left, enter steps through this one again.
        Action::Primary => match closing::next_node(screen, cx.model) {
            Some(node) => cx.go(Route::Lesson { node, step: None }),
            None => screen.open(0, cx),
        },
        Action::Space => screen.open(0, cx),
        Action::Run => closing::redo(screen, &lesson, cx),
        Action::Up => drop(screen.scroll_by(false, cx)),
        Action::Down => drop(screen.scroll_by(true, cx)),
        _ => {}
    }
}

pub(super) fn footer(screen: &LessonScreen, lesson: &Lesson, model: &Model) -> Vec<Offer> {
    const AGAIN: &str = "step through again";
    if screen.link.is_some() {
        return vec![Offer::new(&[Action::Primary], "show the term"), Offer::new(&[Action::NextRegion], "next term")];
    }
    let mut offers = match closing::next_node(screen, model) {
        Some(node) => vec![Offer::new(&[Action::Primary], model.library.title(&node)), Offer::new(&[Action::Space], AGAIN)],
        None => vec![Offer::new(&[Action::Primary], AGAIN)],
    };
    offers.extend(closing::further_offers(lesson, model));
    offers
}

pub(super) fn page(screen: &LessonScreen, lesson: &Lesson, width: u16, view: &View, terms: Terms) -> Page {
    let mut page = Page { link: screen.link, ..Page::default() };
    let state = view.model.learner.node(&screen.node, &view.model.facts);
    closing::title(&mut page, lesson, state.mark, view);
    page.blank();
    if let Some(card) = &lesson.card {
        page.markdown(card, width, 0, view.theme, terms);
        page.blank();
    }
    closing::for_real(&mut page, lesson, width, view);
    page.blank();
    closing::results(&mut page, lesson, &state, view);
    closing::further(&mut page, lesson, view);
    page
}
