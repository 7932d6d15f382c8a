//! The glossary: every term of every lesson, with the formula it stands for and the lesson that teaches it.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Position, Rect},
    text::{Line, Span},
};

use crate::{
    course::Term,
    id::NodeId,
    input::{Action, Context, KeyCode},
    model::{Job, JobEvent, JobId, Model, Outcome, Route, Slot},
    screen::{Cx, Input, Offer, Screen, View, locked, page::Page, typing::type_into},
    theme::Role,
    widget::{self, card, field::Field},
};

#[derive(Debug)]
pub struct TermsScreen {
    loading: Option<JobId>,
    /// Sorted by name.
    terms: Vec<(NodeId, Term)>,
    filter: Field,
    searching: bool,
    cursor: usize,
    wanted: Option<String>,
}

impl TermsScreen {
    pub fn new(term: Option<String>, cx: &mut Cx) -> Self {
        let loading = Some(cx.run(Slot::Glossary, Job::Glossary));
        let filter = Field::new(40).placeholder("search");
        Self { loading, terms: Vec::new(), filter, searching: false, cursor: 0, wanted: term }
    }

    /// The terms that the filter leaves, as indices: first those whose name begins with it, then those whose name holds
    /// it, then those whose text does.
    fn found(&self) -> Vec<usize> {
        let needle = self.filter.text().trim().to_lowercase();
        let rank = |term: &Term| match term.name.to_lowercase().find(&needle) {
            Some(0) => Some(0),
            Some(_) => Some(1),
            None => term.text.to_lowercase().contains(&needle).then_some(2),
        };
        let ranked = self.terms.iter().enumerate().filter_map(|(idx, (_, term))| Some((rank(term)?, idx)));
        let mut ranked: Vec<(u8, usize)> = ranked.collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, idx)| idx).collect()
    }

    fn selected(&self) -> Option<&(NodeId, Term)> {
        let found = self.found();
        self.terms.get(*found.get(self.cursor.min(found.len().saturating_sub(1)))?)
    }

    fn act(&mut self, action: Action, cx: &mut Cx) {
        let last = self.found().len().saturating_sub(1);
        let page = usize::from(cx.size.height.saturating_sub(4)).max(1);
        match action {
            Action::Up | Action::Prev => self.cursor = self.cursor.min(last).saturating_sub(1),
            Action::Down | Action::Next => self.cursor = (self.cursor + 1).min(last),
            Action::PageUp => self.cursor = self.cursor.saturating_sub(page),
            Action::PageDown | Action::Space => self.cursor = (self.cursor + page).min(last),
            Action::First => self.cursor = 0,
            Action::Last => self.cursor = last,
            Action::Search => self.searching = true,
            Action::Primary if self.searching => self.searching = false,
            Action::Primary => {
                let Some((node, _)) = self.selected() else { return };
                match cx.model.locked_by(node) {
                    Some(needs) => cx.say(locked(&needs)),
                    None => cx.go(Route::Lesson { node: node.clone(), step: None }),
                }
            }
            Action::Back if self.searching => {
                self.searching = false;
                self.filter.clear();
            }
            Action::Back => cx.back(),
            _ => {}
        }
    }

    fn loaded(&mut self, event: JobEvent) {
        self.loading = None;
        let JobEvent::Done(Outcome::Glossary(mut terms)) = event else { return };
        terms.sort_by_key(|(_, term)| term.name.to_lowercase());
        self.terms = terms;
        if let Some(wanted) = self.wanted.take() {
            self.cursor = self.terms.iter().position(|(_, term)| term.id == wanted).unwrap_or(0);
        }
    }

    fn list(&self, area: Rect, buf: &mut Buffer, view: &View) {
        let found = self.found();
        let cursor = self.cursor.min(found.len().saturating_sub(1));
        let height = usize::from(area.height);
        let top = (cursor + 1).saturating_sub(height.max(1));
        for (row, (place, &idx)) in found.iter().enumerate().skip(top).take(height).enumerate() {
            let line = Rect { y: area.y + row as u16, height: 1, ..area };
            let name =
                widget::fit(&self.terms[idx].1.name, usize::from(area.width).saturating_sub(2), view.theme.glyphs().ellipsis);
            let pointer = if place == cursor { view.theme.glyphs().pointer } else { " " };
            widget::print(buf, line, 0, 0, pointer, view.theme.style(Role::Accent));
            widget::print(buf, line, 2, 0, &name, view.theme.style(Role::Text));
            if place == cursor {
                card::highlight(view.theme, line, buf);
            }
        }
        if found.is_empty() && self.loading.is_none() {
            widget::print(buf, area, 2, 0, "nothing found", view.theme.style(Role::Dim));
        }
    }
}

/// A term as a page: name, text, formula.
pub fn term_page(term: &Term, width: u16, view: &View) -> Page {
    let mut page = Page::default();
    page.line(Span::styled(term.name.to_string(), view.theme.style(Role::Accent)));
    page.blank();
    page.markdown(&term.text, width, 0, view.theme, &|id| view.term_name(id));
    if let Some(preview) = &term.preview {
        page.blank();
        page.markdown(&format!("`{preview}`"), width, 2, view.theme, &|_| None);
    }
    page
}

impl Screen for TermsScreen {
    fn route(&self) -> Route {
        Route::Terms { term: self.selected().map(|(_, term)| term.id.clone()).or_else(|| self.wanted.clone()) }
    }

    fn context(&self) -> Context {
        if self.searching { Context::Finder } else { Context::List }
    }

    fn header(&self, view: &View) -> (Line<'static>, Line<'static>) {
        let title = Span::styled("Terms", view.theme.style(Role::Accent));
        let count = Span::styled(format!("{} terms", self.terms.len()), view.theme.style(Role::Dim));
        (Line::from(title), Line::from(count))
    }

    fn footer(&self, _model: &Model) -> Vec<Offer> {
        if self.searching {
            return vec![Offer::new(&[Action::Primary], "keep"), Offer::new(&[Action::Back], "clear")];
        }
        vec![
            Offer::new(&[Action::Primary], "open its lesson"),
            Offer::new(&[Action::Up, Action::Down], "choose"),
            Offer::new(&[Action::Search], "search"),
            Offer::new(&[Action::Back], "close"),
        ]
    }

    fn update(&mut self, input: Input, cx: &mut Cx) {
        match input {
            Input::Job(id, event) if self.loading == Some(id) => self.loaded(event),
            Input::Action(action) => self.act(action, cx),
            Input::Type(key) if self.searching && !matches!(key.code, KeyCode::Enter | KeyCode::Esc) => {
                type_into(&mut self.filter, key);
                self.cursor = 0;
            }
            Input::Paste(text) if self.searching => {
                self.filter.paste(&text);
                self.cursor = 0;
            }
            _ => {}
        }
    }

    fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let [head, body] = Layout::vertical([Constraint::Length(2), Constraint::Min(0)]).areas(area);
        let field = Rect { x: head.x + 2, width: head.width.saturating_sub(4).min(40), height: head.height.min(1), ..head };
        self.filter.render(self.searching, view.theme, field, buf);
        let [left, _, right] =
            Layout::horizontal([Constraint::Percentage(34), Constraint::Length(2), Constraint::Min(0)]).areas(body);
        self.list(left, buf, view);
        if let Some((node, term)) = self.selected() {
            let mut page = term_page(term, right.width.saturating_sub(2).min(78), view);
            page.blank();
            let lesson = view.model.library.title(node);
            page.line(Line::from(vec![Span::styled("taught in ", view.theme.style(Role::Dim)), Span::raw(lesson)]));
            page.render(right, buf, 0, view.theme);
        }
        if self.searching {
            return self.filter.cursor(field);
        }
        None
    }
}
