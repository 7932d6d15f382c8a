//! The end of a track: what the learner can now do, the best results, where it leads.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    text::{Line, Span},
};

use crate::{
    course::Head,
    id::NodeId,
    input::{Action, Context},
    learner::Mark,
    model::{Model, Route},
    screen::{
        Cx, Input, Offer, Screen, View,
        page::{self, Page},
        progress::best_lines,
    },
    theme::Role,
};

#[derive(Debug)]
pub struct TrackScreen {
    course: String,
    id: String,
    scroll: u16,
}

impl TrackScreen {
    pub fn new(course: String, id: String) -> Self {
        Self { course, id, scroll: 0 }
    }

    fn lessons<'m>(&'m self, model: &'m Model) -> impl Iterator<Item = &'m Head> {
        model.lessons_of_track(&self.course, &self.id)
    }

    fn title(&self, model: &Model) -> String {
        let course = model.library.course(&self.course);
        let track = course.and_then(|course| course.tracks.iter().find(|track| track.id == self.id));
        track.map_or_else(|| self.id.clone(), |track| track.title.to_string())
    }

    /// Lessons of other tracks that build on one of this track, and are not complete.
    fn leads_to<'m>(&self, model: &'m Model) -> Vec<&'m Head> {
        let own: Vec<&NodeId> = model.lessons_of_track(&self.course, &self.id).map(|head| &head.node).collect();
        let builds_on = |head: &&Head| !own.contains(&&head.node) && head.requires.iter().any(|need| own.contains(&need));
        let heads = model.library.heads().into_iter().filter(builds_on);
        heads.filter(|head| mark(head, model) < Mark::Complete).collect()
    }

    /// The lesson that enter leads to: the one that "continue" leads to on the map.
    fn next(&self, model: &Model) -> Option<NodeId> {
        model.resume().filter(|node| model.learner.node(node, &model.facts).mark < Mark::Complete)
    }

    fn build(&self, width: u16, view: &View) -> Page {
        let mut page = Page::default();
        let model = view.model;
        let states: Vec<_> = self.lessons(model).map(|head| model.learner.node(&head.node, &model.facts)).collect();
        let n_complete = states.iter().filter(|state| state.mark >= Mark::Complete).count();
        let word =
            if n_complete == states.len() { "complete".into() } else { format!("{n_complete} of {} lessons", states.len()) };
        let glyphs = view.theme.glyphs();
        let glyph = if n_complete == states.len() { glyphs.complete } else { glyphs.in_progress };
        page.line(Line::from(vec![
            Span::styled(self.title(model), view.theme.style(Role::Accent)),
            Span::raw(format!("   {glyph} {word}")),
        ]));
        self.goals(&mut page, width, view);
        let bests = best_lines(self.lessons(model), width, view);
        if !bests.is_empty() {
            page.blank();
            page.line(dim("Best results", view));
            bests.into_iter().for_each(|line| page.line(line));
        }
        page.blank();
        let (earned, possible) = states.iter().fold((0, 0), |sum, state| (sum.0 + state.xp_earned, sum.1 + state.xp_possible));
        page.line(Line::from(vec![dim("XP        ", view), Span::raw(format!("{earned} of {possible}"))]));
        let leads: Vec<String> = self.leads_to(model).iter().map(|head| head.title.to_string()).collect();
        if !leads.is_empty() {
            let style = view.theme.style(Role::Text);
            page.hanging(vec![dim("Leads to  ", view)], &leads.join(", "), width, view.theme, style, &|_| None);
        }
        page
    }

    /// The goals of each lesson under its title, ticked where it is complete.
    fn goals(&self, page: &mut Page, width: u16, view: &View) {
        let (theme, glyphs) = (view.theme, view.theme.glyphs());
        for (idx, head) in self.lessons(view.model).enumerate() {
            let complete = mark(head, view.model) >= Mark::Complete;
            page.blank();
            let label = match (idx, complete) {
                (0, true) => "You can now, from  ",
                (_, true) => "and from  ",
                (_, false) => "Still to come, from  ",
            };
            page.line(Line::from(vec![dim(label, view), Span::raw(view.theme.say(&head.title).to_string())]));
            for goal in &head.goals {
                let tick = if complete { glyphs.good } else { glyphs.bullet };
                let role = if complete { Role::Good } else { Role::Dim };
                let lead = vec![Span::styled(format!("  {tick} "), theme.style(role))];
                page.hanging(lead, goal, width, theme, theme.style(Role::Text), &|id| view.term_name(id));
            }
        }
    }
}

fn mark(head: &Head, model: &Model) -> Mark {
    model.learner.node(&head.node, &model.facts).mark
}

fn dim(text: &'static str, view: &View) -> Span<'static> {
    Span::styled(text, view.theme.style(Role::Dim))
}

impl Screen for TrackScreen {
    fn route(&self) -> Route {
        Route::Track { course: self.course.clone(), id: self.id.clone() }
    }

    fn context(&self) -> Context {
        Context::List
    }

    fn header(&self, view: &View) -> (Line<'static>, Line<'static>) {
        (
            Line::from(vec![dim("Track  ", view), Span::styled(self.title(view.model), view.theme.style(Role::Accent))]),
            Line::default(),
        )
    }

    fn footer(&self, model: &Model) -> Vec<Offer> {
        let word = self.next(model).map_or_else(|| "map".into(), |node| model.library.title(&node));
        vec![
            Offer::new(&[Action::Primary], word),
            Offer::new(&[Action::Up, Action::Down], "scroll"),
            Offer::new(&[Action::GoTo], "go to"),
            Offer::new(&[Action::Back], "close"),
        ]
    }

    fn update(&mut self, input: Input, cx: &mut Cx) {
        let Input::Action(action) = input else { return };
        let rows = cx.size.height.saturating_sub(2).max(1);
        self.scroll = match action {
            Action::Up => self.scroll.saturating_sub(1),
            Action::Down => self.scroll.saturating_add(1),
            Action::PageUp => self.scroll.saturating_sub(rows),
            Action::PageDown | Action::Space => self.scroll.saturating_add(rows),
            Action::First => 0,
            Action::Last => u16::MAX,
            _ => self.scroll,
        };
        let area = Rect::new(0, 0, cx.size.width, cx.size.height);
        let view = View { model: cx.model, theme: &cx.theme };
        self.scroll = self.scroll.min(self.build(page::prose(area).width, &view).max_scroll(cx.size.height));
        match action {
            Action::Primary => {
                let next = self.next(cx.model).map_or(Route::Map, |node| Route::Lesson { node, step: None });
                cx.go(next);
            }
            Action::Back => cx.back(),
            _ => {}
        }
    }

    fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
        let column = page::prose(area);
        self.build(column.width, view).render(column, buf, self.scroll, view.theme)
    }
}
