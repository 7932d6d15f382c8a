//! Pop-ups. While one is open it alone hears the keys.

mod help;
mod palette;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    text::{Line, Span},
};

use self::palette::Palette;
use crate::{
    course::Term,
    id::NodeId,
    input::{Action, Context, Key, KeyCode, Keymap},
    lab,
    model::{Job, JobEvent, JobId, Outcome, Route, Slot},
    screen::{Ask, Confirmed, Cx, Input, Offer, Show, View, page::Page, terms::term_page},
    theme::Role,
    widget::card,
};

/// Prose in a pop-up is at most this wide.
const PAGE_WIDTH: u16 = 76;

pub enum Overlay {
    /// Keys of the context beneath.
    Help {
        context: Context,
        keymap: Keymap,
        scroll: u16,
    },
    Palette(Box<Palette>),
    Term {
        id: String,
        term: Option<Box<Term>>,
        loading: Option<JobId>,
    },
    Page {
        title: String,
        body: String,
        scroll: u16,
    },
    /// Over a screen in this context.
    GoTo(Context),
    Confirm {
        question: String,
        yes: Confirmed,
    },
}

/// What a key did to the pop-up.
pub enum Answer {
    Stay,
    Close,
    /// Close, and let the screen beneath hear this.
    Tell(Input),
    /// Close, and do this.
    Ask(Ask),
}

/// The places of the go-to menu.
const PLACES: [(char, &str); 7] = [
    ('m', "map"),
    ('l', "labs"),
    ('t', "terms"),
    ('r', "practice"),
    ('p', "progress"),
    ('s', "settings"),
    ('g', "top of this screen"),
];

impl Overlay {
    /// Opens what was asked for over a screen in `context`.
    pub fn open(show: Show, context: Context, keymap: &Keymap, cx: &mut Cx) -> Self {
        match show {
            Show::Help => Self::Help { context, keymap: keymap.clone(), scroll: 0 },
            Show::Palette(text) => Self::Palette(Box::new(Palette::new(&text, context, keymap, cx))),
            Show::Term(id) => Self::Term { id, term: None, loading: Some(cx.run(Slot::Glossary, Job::Glossary)) },
            Show::Page { title, body } => Self::Page { title, body, scroll: 0 },
            Show::GoTo => Self::GoTo(context),
            Show::Confirm { question, yes } => Self::Confirm { question, yes },
        }
    }

    pub fn context(&self) -> Context {
        if matches!(self, Self::Palette(_)) { Context::Finder } else { Context::Popup }
    }

    pub fn footer(&self) -> Vec<Offer> {
        match self {
            Self::Palette(_) => vec![
                Offer::new(&[Action::Primary], "open"),
                Offer::new(&[Action::Up, Action::Down], "choose"),
                Offer::new(&[Action::Back], "close"),
            ],
            Self::Confirm { .. } => vec![Offer::new(&[Action::Primary], "yes"), Offer::new(&[Action::Back], "no")],
            Self::GoTo(_) => vec![Offer::new(&[Action::Back], "close")],
            Self::Term { .. } => vec![Offer::new(&[Action::Back], "close"), Offer::new(&[Action::Primary], "open the glossary")],
            _ => vec![Offer::new(&[Action::Back], "close"), Offer::new(&[Action::Up, Action::Down], "scroll")],
        }
    }

    /// A key that the pop-up takes before the keymap: the letters of the go-to menu.
    pub fn chord(&self, key: Key) -> Option<Answer> {
        let (Self::GoTo(context), KeyCode::Char(c), true) = (self, key.code, key.is_printable()) else { return None };
        let route = match c {
            'm' => Route::Map,
            'l' => return Some(Answer::Ask(Ask::Show(Show::Palette("lab ".into())))),
            't' => Route::Terms { term: None },
            'r' => Route::Practice,
            'p' => Route::Progress,
            's' => Route::Settings,
            // On a control home is its least value; there the page above goes up instead.
            'g' if *context == Context::Controls => return Some(Answer::Tell(Input::Action(Action::PageUp))),
            'g' => return Some(Answer::Tell(Input::Action(Action::First))),
            _ => return None,
        };
        Some(Answer::Ask(Ask::Go(route)))
    }

    pub fn update(&mut self, input: Input, cx: &mut Cx) -> Answer {
        if let Self::Palette(palette) = self {
            return palette.update(input);
        }
        match (self, input) {
            (Self::Term { id, term, loading }, Input::Job(job, event)) if *loading == Some(job) => {
                *loading = None;
                *term = find_term(id, event).map(Box::new);
                Answer::Stay
            }
            (Self::Confirm { yes, .. }, Input::Action(Action::Primary)) => Answer::Tell(Input::Confirmed(*yes)),
            (Self::Term { id, .. }, Input::Action(Action::Primary)) => {
                Answer::Ask(Ask::Go(Route::Terms { term: Some(id.clone()) }))
            }
            (_, Input::Action(Action::Back | Action::Primary | Action::Help)) => Answer::Close,
            (_, Input::Action(Action::Palette)) => Answer::Tell(Input::Action(Action::Palette)),
            (overlay, Input::Action(action)) => {
                overlay.scroll(action, cx);
                Answer::Stay
            }
            _ => Answer::Stay,
        }
    }

    /// Scrolls a page that is longer than its box, no further than its last line.
    fn scroll(&mut self, action: Action, cx: &Cx) {
        let view = View { model: cx.model, theme: &cx.theme };
        let inner = cx.size.height.saturating_sub(4);
        let max = match self {
            Self::Help { context, keymap, .. } => help::page(*context, keymap, &view).max_scroll(inner),
            Self::Page { body, .. } => prose(body, cx.size.width, &view).max_scroll(inner),
            _ => return,
        };
        let (Self::Help { scroll, .. } | Self::Page { scroll, .. }) = self else { return };
        let page = inner.saturating_sub(2).max(1);
        *scroll = match action {
            Action::Up => scroll.saturating_sub(1),
            Action::Down => scroll.saturating_add(1),
            Action::PageUp => scroll.saturating_sub(page),
            Action::PageDown | Action::Space => scroll.saturating_add(page),
            Action::First => 0,
            Action::Last => max,
            _ => *scroll,
        }
        .min(max);
    }

    pub fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
        match self {
            Self::Palette(palette) => palette.render(area, buf, view),
            Self::Help { context, keymap, scroll } => {
                boxed("Keys", &help::page(*context, keymap, view), *scroll, area, buf, view)
            }
            Self::Term { id, term, loading } => {
                let width = PAGE_WIDTH.min(area.width.saturating_sub(8));
                let plain = |words: String| Page { lines: vec![Line::from(words)], ..Page::default() };
                let page = match term {
                    Some(term) => term_page(term, width, view),
                    None if loading.is_some() => {
                        plain(format!("looking up {}", view.term_name(id).unwrap_or_else(|| id.clone())))
                    }
                    None => plain(format!("no lesson explains {id}")),
                };
                boxed("Term", &page, 0, area, buf, view)
            }
            Self::Page { title, body, scroll } => boxed(title, &prose(body, area.width, view), *scroll, area, buf, view),
            Self::GoTo(_) => {
                let line = |(key, place): &(char, &str)| {
                    let key = Span::styled(format!("{key}  "), view.theme.style(Role::Accent));
                    Line::from(vec![key, Span::raw((*place).to_owned())])
                };
                let page = Page { lines: PLACES.iter().map(line).collect(), ..Page::default() };
                boxed("Go to", &page, 0, area, buf, view)
            }
            Self::Confirm { question, .. } => {
                let mut page = prose(question, area.width, view);
                page.blank();
                page.line(Span::styled(view.theme.say("⏎ yes   esc no").into_owned(), view.theme.style(Role::Dim)));
                boxed("Sure?", &page, 0, area, buf, view)
            }
        }
    }
}

/// Markdown, as wide as a pop-up in a body of this width may be.
fn prose(markdown: &str, width: u16, view: &View) -> Page {
    let mut page = Page::default();
    page.markdown(markdown, PAGE_WIDTH.min(width.saturating_sub(8)), 0, view.theme, &|id| view.term_name(id));
    page
}

fn find_term(id: &str, event: JobEvent) -> Option<Term> {
    let JobEvent::Done(Outcome::Glossary(terms)) = event else { return None };
    let found: Option<(NodeId, Term)> = terms.into_iter().find(|(_, term)| term.id == id);
    found.map(|(_, term)| term)
}

/// A centred card that is as large as its page, where there is room.
fn boxed(title: &str, page: &Page, scroll: u16, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
    let widest = page.lines.iter().map(Line::width).max().unwrap_or(0).max(title.chars().count() + 4) as u16;
    let height = (page.lines.len() as u16).saturating_add(2);
    let place = card::centred(area, widest.saturating_add(4), height.min(area.height.saturating_sub(2)), buf);
    let inner = card::card(title, view.theme, place, buf);
    page.render(inner, buf, scroll, view.theme)
}

/// The labs, as routes with their titles.
fn lab_routes() -> impl Iterator<Item = (String, Route)> {
    lab::ALL.iter().map(|lab| (format!("{}: {}", lab.id, lab.title), Route::Lab { id: lab.id.into(), set: Vec::new() }))
}
