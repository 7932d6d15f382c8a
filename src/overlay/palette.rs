//! The palette: fuzzy search over lessons, labs, terms, places and the actions of the screen beneath.

use std::cmp::Reverse;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Answer, lab_routes};
use crate::{
    input::{Action, Context, KeyCode, Keymap},
    learner::Mark,
    model::{Job, JobEvent, JobId, Outcome, Route, Slot},
    screen::{Ask, Cx, Input, View, locked, typing::type_into},
    theme::Role,
    widget::{self, card, field::Field},
};

const WIDTH: u16 = 72;
const ROWS: u16 = 14;

pub struct Palette {
    field: Field,
    entries: Vec<Entry>,
    /// Positions of `entries`, best first.
    found: Vec<usize>,
    cursor: usize,
    loading: Option<JobId>,
}

struct Entry {
    /// What is searched and shown: "lesson  Scale and zero point".
    label: String,
    /// Key or state, dim at the right.
    aside: String,
    what: What,
}

#[derive(Clone)]
enum What {
    Go(Route),
    /// A lesson that is locked, and what it needs.
    Locked(String),
    Do(Action),
}

impl Palette {
    pub(super) fn new(text: &str, context: Context, keymap: &Keymap, cx: &mut Cx) -> Self {
        let loading = Some(cx.run(Slot::Glossary, Job::Glossary));
        let field = Field::new(60).placeholder("lesson, lab, term, place or action").with_text(text);
        let mut entries: Vec<Entry> = lessons(cx);
        entries.extend(tracks(cx));
        entries.extend(lab_routes().map(|(label, route)| Entry {
            label: format!("lab  {label}"),
            aside: String::new(),
            what: What::Go(route),
        }));
        for (name, route) in [
            ("map", Route::Map),
            ("terms", Route::Terms { term: None }),
            ("practice", Route::Practice),
            ("progress", Route::Progress),
            ("settings", Route::Settings),
        ] {
            entries.push(Entry { label: format!("go to  {name}"), aside: String::new(), what: What::Go(route) });
        }
        entries.extend(actions(context, keymap));
        let mut palette = Self { field, entries, found: Vec::new(), cursor: 0, loading };
        palette.search();
        palette
    }

    pub(super) fn update(&mut self, input: Input) -> Answer {
        let last = self.found.len().saturating_sub(1);
        match input {
            Input::Action(Action::Back | Action::Palette) => return Answer::Close,
            Input::Action(Action::Help) => return Answer::Tell(Input::Action(Action::Help)),
            Input::Action(Action::Up | Action::PrevRegion) => self.cursor = self.cursor.saturating_sub(1),
            Input::Action(Action::Down | Action::NextRegion) => self.cursor = (self.cursor + 1).min(last),
            Input::Action(Action::Primary) => return self.choose(),
            Input::Type(key) if !matches!(key.code, KeyCode::Enter | KeyCode::Esc) && type_into(&mut self.field, key) => {
                self.search();
            }
            Input::Paste(text) => {
                self.field.paste(&text);
                self.search();
            }
            Input::Job(id, JobEvent::Done(Outcome::Glossary(terms))) if self.loading == Some(id) => {
                self.loading = None;
                self.entries.extend(terms.into_iter().map(|(_, term)| Entry {
                    label: format!("term  {}", term.name),
                    aside: String::new(),
                    what: What::Go(Route::Terms { term: Some(term.id) }),
                }));
                self.search();
            }
            _ => {}
        }
        Answer::Stay
    }

    fn choose(&self) -> Answer {
        match self.found.get(self.cursor).map(|&idx| self.entries[idx].what.clone()) {
            Some(What::Go(route)) => Answer::Ask(Ask::Go(route)),
            Some(What::Locked(needs)) => Answer::Ask(Ask::Say(locked(&needs))),
            Some(What::Do(action)) => Answer::Tell(Input::Action(action)),
            None => Answer::Stay,
        }
    }

    fn search(&mut self) {
        let needle = self.field.text().trim();
        self.cursor = 0;
        if needle.is_empty() {
            self.found = (0..self.entries.len()).collect();
            return;
        }
        let mut matcher = code_fuzzy_match::FuzzyMatcher::new();
        let score = |(idx, entry): (usize, &Entry)| Some((Reverse(matcher.fuzzy_match(&entry.label, needle)?), idx));
        let mut found: Vec<_> = self.entries.iter().enumerate().filter_map(score).collect();
        found.sort_unstable();
        self.found = found.into_iter().map(|(_, idx)| idx).collect();
    }

    pub(super) fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
        let theme = view.theme;
        let place = card::centred(area, WIDTH, ROWS + 4, buf);
        let inner = card::card("Find", theme, place, buf);
        if inner.is_empty() {
            return None;
        }
        let field = Rect { height: 1, ..inner };
        self.field.render(true, theme, field, buf);
        let list = Rect { y: inner.y + 2.min(inner.height), height: inner.height.saturating_sub(2), ..inner };
        let height = usize::from(list.height);
        let top = (self.cursor + 1).saturating_sub(height.max(1));
        for (row, (place, &idx)) in self.found.iter().enumerate().skip(top).take(height).enumerate() {
            let line = Rect { y: list.y + row as u16, height: 1, ..list };
            let entry = &self.entries[idx];
            let aside_width = entry.aside.chars().count();
            let room = usize::from(line.width).saturating_sub(aside_width + 3);
            let pointer = if place == self.cursor { theme.glyphs().pointer } else { " " };
            widget::print(buf, line, 0, 0, pointer, theme.style(Role::Accent));
            widget::print(buf, line, 2, 0, &widget::fit(&entry.label, room, theme.glyphs().ellipsis), theme.style(Role::Text));
            widget::print(
                buf,
                line,
                usize::from(line.width).saturating_sub(aside_width),
                0,
                &entry.aside,
                theme.style(Role::Dim),
            );
            if place == self.cursor {
                card::highlight(theme, line, buf);
            }
        }
        if self.found.is_empty() {
            widget::print(buf, list, 2, 0, "nothing found", theme.style(Role::Dim));
        }
        self.field.cursor(field)
    }
}

fn lessons(cx: &Cx) -> Vec<Entry> {
    let entry = |head: &crate::course::Head| {
        let mark = cx.model.learner.node(&head.node, &cx.model.facts).mark;
        let aside = match mark {
            Mark::Locked => "locked",
            Mark::Open => "open",
            Mark::InProgress => "in progress",
            Mark::Complete | Mark::Exercised | Mark::Star => "complete",
        };
        let what = match cx.model.locked_by(&head.node) {
            Some(needs) => What::Locked(needs),
            None => What::Go(Route::Lesson { node: head.node.clone(), step: None }),
        };
        Entry { label: format!("lesson  {}", head.title), aside: aside.into(), what }
    };
    cx.model.library.heads().into_iter().map(entry).collect()
}

/// The tracks that are complete: what they taught can be looked at again.
fn tracks(cx: &Cx) -> Vec<Entry> {
    let model = &*cx.model;
    let tracks = model.library.courses().flat_map(|course| course.tracks.iter().map(|track| (course.id.clone(), track)));
    let complete = tracks.filter(|(course, track)| model.track_is_complete(course, &track.id));
    complete
        .map(|(course, track)| Entry {
            label: format!("track  {}", track.title),
            aside: "complete".into(),
            what: What::Go(Route::Track { course, id: track.id.clone() }),
        })
        .collect()
}

/// The actions of the screen beneath that are worth finding by name.
fn actions(context: Context, keymap: &Keymap) -> Vec<Entry> {
    let quiet = |action: Action| {
        matches!(
            action,
            Action::Palette
                | Action::Up
                | Action::Down
                | Action::Left
                | Action::Right
                | Action::Primary
                | Action::Space
                | Action::Entry(_)
                | Action::Answer(_)
                | Action::PageUp
                | Action::PageDown
                | Action::First
                | Action::Last
                | Action::FastLeft
                | Action::FastRight
                | Action::Clear
        )
    };
    let mut entries: Vec<Entry> = Vec::new();
    for row in keymap.rows_of(context).filter(|row| !quiet(row.action)) {
        if entries.iter().any(|entry| matches!(entry.what, What::Do(action) if action == row.action)) {
            continue;
        }
        let aside = row.keys.first().map(ToString::to_string).unwrap_or_default();
        entries.push(Entry { label: format!("do  {}: {}", row.name, row.help), aside, what: What::Do(row.action) });
    }
    entries
}
