//! How a lesson looks: header, footer, and the body of each kind of step.

mod bench;
mod lab;
pub(in crate::screen) mod question;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    text::{Line, Span},
};

use super::{Face, LessonScreen, Settled, card, closing, dim};
use crate::{
    course::{Lesson, Step, StepBody, filled},
    input::Action,
    model::Model,
    screen::{
        Cx, Offer, Screen, View,
        page::{self, Page, Terms},
    },
    theme::Role,
    widget::dots,
};

pub(super) fn header(screen: &LessonScreen, view: &View) -> (Line<'static>, Line<'static>) {
    let chapter = view.model.library.chapter(&screen.node).map(|title| title.to_string());
    let title = view.model.library.title(&screen.node);
    let mut left = vec![];
    if let Some(chapter) = chapter {
        left.push(dim(view.theme.say(&format!("{chapter} › ")), view));
    }
    left.push(Span::styled(title, view.theme.style(Role::Accent)));
    let mut right = Vec::new();
    if let Some(lesson) = &screen.lesson {
        let done: Vec<bool> = (0..lesson.n_main()).map(|idx| is_behind(&lesson.steps[idx], view.model)).collect();
        right.extend(dots::dots(&done, screen.idx, 40, view.theme).spans);
    }
    let earned = view.model.learner.node(&screen.node, &view.model.facts).xp_earned;
    right.push(dim(format!("  {earned:>3} XP"), view));
    (Line::from(left), Line::from(right))
}

/// A dot is full when its step is done, or was read.
fn is_behind(step: &Step, model: &Model) -> bool {
    let state = model.learner.step(&step.id);
    if step.graded() { state.done() } else { state.seen() }
}

pub(super) fn footer(screen: &LessonScreen, model: &Model) -> Vec<Offer> {
    let mut offers = match (&screen.face, &screen.lesson) {
        (_, None) => vec![],
        (Face::Closing, Some(lesson)) => closing::footer(screen, lesson, model),
        (Face::Card, Some(lesson)) => card::footer(screen, lesson, model),
        (Face::Reading, _) if screen.link.is_some() => {
            vec![
                Offer::new(&[Action::Primary], "show the term"),
                Offer::new(&[Action::NextRegion], "next term"),
                Offer::new(&[Action::Space], "on"),
            ]
        }
        (Face::Reading, _) => {
            let mut offers = vec![Offer::new(&[Action::Primary], "on"), Offer::new(&[Action::Prev], "back")];
            if screen.step().is_some_and(|step| matches!(&step.body, StepBody::Text(text) if text.contains("[["))) {
                offers.push(Offer::new(&[Action::NextRegion], "terms"));
            }
            offers
        }
        (Face::Bench(bench), _) => bench::footer(bench, screen.step()),
        (Face::Asking { question, settled, .. }, _) => question::footer(question, *settled),
        (Face::Lab(challenge), _) => lab::footer(challenge, screen.step()),
    };
    if let Some(step) = screen.step().filter(|step| step.graded() && screen.settled().is_none()) {
        let n_read = model.learner.step(&step.id).hints() as usize;
        if n_read < step.hints.len() && !screen.predicting() {
            offers.push(Offer::new(&[Action::Hint], if screen.armed { "show the hint, -20 %" } else { "hint -20 %" }));
        }
        offers.push(Offer::new(&[Action::Solution], "solution"));
        offers.push(Offer::new(&[Action::Next], "skip"));
    }
    if !screen.context().typing() {
        offers.push(Offer::new(&[Action::About], "about"));
        offers.push(Offer::new(&[Action::Back], "map"));
    }
    offers
}

pub(super) fn body(screen: &LessonScreen, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
    if let (Face::Lab(challenge), Some(step)) = (&screen.face, screen.step()) {
        return lab::body(screen, challenge, step, area, buf, view);
    }
    if let (Face::Bench(bench), Some(step)) = (&screen.face, screen.step()) {
        return bench::body(screen, bench, step, area, buf, view);
    }
    let column = page::prose(area);
    build(screen, column.width, view).render(column, buf, screen.scroll, view.theme)
}

/// The page of every face but the lab's.
fn build(screen: &LessonScreen, width: u16, view: &View) -> Page {
    let mut page = Page::default();
    let Some(lesson) = &screen.lesson else {
        let text = if screen.trouble.is_empty() { "Reading the lesson." } else { "This lesson could not be read:" };
        page.line(text);
        for line in &screen.trouble {
            page.hanging(vec![bad(view)], line, width, view.theme, view.theme.style(Role::Text), &|_| None);
        }
        return page;
    };
    let terms = names(lesson);
    let Some(step) = screen.step() else {
        return match &screen.face {
            Face::Card => card::page(screen, lesson, width, view, &terms),
            _ => closing::page(screen, lesson, width, view),
        };
    };
    page.blank();
    page.link = screen.link;
    match (&screen.face, &step.body) {
        (Face::Reading, StepBody::Text(text)) => page.markdown(text, width, 0, view.theme, &terms),
        (Face::Asking { question, settled, .. }, _) => {
            let gained = screen.gained;
            question::Asking { step, question, settled: *settled, gained, width, view, terms: &terms }.page(&mut page);
            hints(&mut page, screen, step, width, view, &terms);
        }
        _ => {}
    }
    page
}

/// The names that `[[links]]` of this lesson show, also to terms of other lessons.
fn names(lesson: &Lesson) -> impl Fn(&str) -> Option<String> + '_ {
    |id| lesson.term_names.get(id).map(ToString::to_string)
}

fn bad(view: &View) -> Span<'static> {
    Span::styled(format!("{} ", view.theme.glyphs().bad), view.theme.style(Role::Bad))
}

fn good(view: &View) -> Span<'static> {
    Span::styled(format!("{} ", view.theme.glyphs().good), view.theme.style(Role::Good))
}

/// Hints that were read, and the price of the next one where it was asked for.
fn hints(page: &mut Page, screen: &LessonScreen, step: &Step, width: u16, view: &View, terms: Terms) {
    let n_read = view.model.learner.step(&step.id).hints() as usize;
    for hint in step.hints.iter().take(n_read) {
        let hint = filled(step, screen.question_seed().unwrap_or(0), hint);
        page.hanging(vec![dim("hint  ", view)], &hint, width, view.theme, view.theme.style(Role::Text), terms);
    }
    if screen.armed {
        page.hanging(vec![dim("hint  ", view)], PRICE, width, view.theme, view.theme.style(Role::Dim), terms);
    }
}

const PRICE: &str = "A hint takes 20 points of percent off what this step pays today. Ask again to read it.";

/// "Right." and, dim at the right edge, what it paid.
fn outcome(settled: Settled, gained: u32, width: u16, view: &View) -> Line<'static> {
    let (mark, word) = match settled {
        Settled::Solved => (good(view), "Right."),
        Settled::Shown => (dim("  ", view), "The solution."),
    };
    let paid = if gained > 0 { format!("+{gained} XP") } else { String::new() };
    let gap = usize::from(width).saturating_sub(2 + word.len() + paid.len());
    Line::from(vec![mark, Span::raw(word), Span::raw(" ".repeat(gap)), dim(paid, view)])
}

/// Questions people ask, terms and sources of the lesson.
pub(super) fn about(lesson: &Lesson) -> Option<(String, String)> {
    let mut body = String::new();
    for faq in &lesson.faqs {
        body.push_str(&format!("**{}**\n\n{}\n\n", faq.q, faq.a));
    }
    if !lesson.terms.is_empty() {
        body.push_str("## Terms\n\n");
    }
    for term in &lesson.terms {
        body.push_str(&format!("- **{}**: {}\n", term.name, term.text));
    }
    if !lesson.sources.is_empty() {
        body.push_str("\n## Sources\n\n");
    }
    for source in &lesson.sources {
        body.push_str(&format!("- {source}\n"));
    }
    (!body.is_empty()).then(|| (format!("About: {}", lesson.title), body))
}

impl LessonScreen {
    /// The terms that the page in view links to, in reading order.
    pub(super) fn links(&self, cx: &Cx) -> Vec<String> {
        let page = self.measured(cx);
        let n_links = page.links.last().map_or(0, |link| link.idx + 1);
        (0..n_links).filter_map(|idx| page.links.iter().find(|link| link.idx == idx)).map(|link| link.term.clone()).collect()
    }

    /// The height of the page in view, for scrolling.
    pub(super) fn page_height(&self, cx: &Cx) -> u16 {
        self.measured(cx).lines.len().min(usize::from(u16::MAX)) as u16
    }

    fn measured(&self, cx: &Cx) -> Page {
        let area = Rect::new(0, 0, cx.size.width, cx.size.height);
        let view = View { model: cx.model, theme: &cx.theme };
        build(self, page::prose(area).width, &view)
    }
}
