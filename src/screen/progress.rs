//! Progress: XP by track, best results, what happened lately.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr;

use crate::{
    course::Head,
    export::metric_words,
    input::{Action, Context},
    learner::{Entry, Happened, Mark},
    model::{Model, Route},
    screen::{
        Cx, Input, Offer, Screen, View,
        page::{self, Page},
    },
    theme::{Glyphs, Role},
    widget::{self, dots},
};

/// Lines of history that are shown.
const N_HISTORY: usize = 40;

#[derive(Debug, Default)]
pub struct ProgressScreen {
    scroll: u16,
}

/// The glyph of a node's state on the map.
fn mark_glyph(mark: Mark, glyphs: &Glyphs) -> &'static str {
    match mark {
        Mark::Locked => glyphs.locked,
        Mark::Open => glyphs.open,
        Mark::InProgress => glyphs.in_progress,
        Mark::Complete => glyphs.complete,
        Mark::Exercised => glyphs.exercised,
        Mark::Star => glyphs.starred,
    }
}

fn build(width: u16, view: &View) -> Page {
    let mut page = Page::default();
    let model = view.model;
    let (into, span) = model.learner.level_progress();
    page.blank();
    let mut level = vec![
        Span::styled(format!("{} XP", model.learner.xp()), view.theme.style(Role::Accent)),
        Span::raw(format!("   level {}  ", model.learner.level())),
    ];
    level.extend(dots::progress_bar(u64::from(into), u64::from(span), 12, view.theme).spans);
    level.push(dim(format!("  {into} of {span} XP to the next"), view));
    page.line(Line::from(level));
    let streak = model.learner.streak(model.now.day);
    if streak > 0 {
        page.line(format!("{streak} {} in a row with a solved step", if streak == 1 { "day" } else { "days" }));
    }
    tracks(&mut page, width, view);
    bests(&mut page, width, view);
    history(&mut page, width, view);
    page
}

/// Columns of a bar, and of ` 120 of 240 XP` behind it; with the longest title they leave room for the mark that there
/// is more below.
const BAR: usize = 10;
const EARNED: usize = 14;

/// As many columns as the widest of these needs, where `room` has them.
fn column<'t>(texts: impl Iterator<Item = &'t str>, room: usize) -> usize {
    texts.map(UnicodeWidthStr::width).max().unwrap_or(0).min(room)
}

/// Words in a column of this width, cut or filled up with blanks.
fn cell(words: &str, width: usize, view: &View) -> String {
    let words = widget::fit(words, width, view.theme.glyphs().ellipsis);
    let gap = width.saturating_sub(words.width());
    words + " ".repeat(gap).as_str()
}

fn tracks(page: &mut Page, width: u16, view: &View) {
    let model = view.model;
    let titles = model.library.courses().flat_map(|course| course.heads.iter().map(|head| head.title.as_str()));
    let title_width = column(titles, usize::from(width).saturating_sub(4 + 1 + BAR + EARNED));
    let glyphs = view.theme.glyphs();
    for course in model.library.courses() {
        for track in &course.tracks {
            let heads: Vec<&Head> = course.heads.iter().filter(|head| head.track == track.id).collect();
            if heads.is_empty() {
                continue;
            }
            page.blank();
            let states = heads.iter().map(|head| model.learner.node(&head.node, &model.facts));
            let (earned, possible) = states.fold((0, 0), |sum, state| (sum.0 + state.xp_earned, sum.1 + state.xp_possible));
            page.line(Line::from(vec![
                Span::styled(cell(&track.title, 4 + title_width + 1 + BAR, view), view.theme.style(Role::Accent)),
                dim(format!(" {earned:>3} of {possible:>3} XP"), view),
            ]));
            for head in heads {
                let state = model.learner.node(&head.node, &model.facts);
                let mark = mark_glyph(state.mark, glyphs);
                let mut line = vec![Span::raw(format!("  {mark} {} ", cell(&head.title, title_width, view)))];
                line.extend(dots::progress_bar(u64::from(state.xp_earned), u64::from(state.xp_possible), BAR, view.theme).spans);
                line.push(Span::raw(format!(" {:>3} of {:>3} XP", state.xp_earned, state.xp_possible)));
                page.line(Line::from(line));
            }
        }
    }
}

fn bests(page: &mut Page, width: u16, view: &View) {
    let lines = best_lines(view.model.library.heads(), width, view);
    if lines.is_empty() {
        return;
    }
    page.blank();
    page.line(Span::styled("Best results", view.theme.style(Role::Accent)));
    lines.into_iter().for_each(|line| page.line(line));
}

/// The personal bests of the lab challenges of some lessons, over the metric of their par. Where the columns are too few,
/// the name of the step is cut, never the number.
pub(in crate::screen) fn best_lines<'h>(
    heads: impl IntoIterator<Item = &'h Head>,
    width: u16,
    view: &View,
) -> Vec<Line<'static>> {
    let model = view.model;
    let mut rows = Vec::new();
    for step in heads.into_iter().flat_map(|head| &head.steps) {
        let state = model.learner.step(&step.id);
        let Some((metric, extremes)) = step.par.and_then(|metric| Some((metric, state.best(metric.name)?))) else { continue };
        let best = metric.better_of(extremes.low, extremes.high);
        let met = if state.par { view.theme.glyphs().good } else { " " };
        rows.push((met, model.library.step_name(&step.id), format!("{} {}", metric.label, metric_words(best, metric))));
    }
    let value_width = column(rows.iter().map(|(.., value)| value.as_str()), usize::from(width));
    let name_width =
        column(rows.iter().map(|(_, name, _)| name.as_str()), usize::from(width).saturating_sub(4 + 2 + value_width));
    let line = |(met, name, value): (&str, String, String)| {
        let name = cell(&name, name_width, view);
        Line::from(vec![Span::styled(format!("  {met} "), view.theme.style(Role::Good)), Span::raw(format!("{name}  {value}"))])
    };
    rows.into_iter().map(line).collect()
}

fn history(page: &mut Page, width: u16, view: &View) {
    let entries = view.model.learner.history(N_HISTORY);
    page.blank();
    page.line(Span::styled("History", view.theme.style(Role::Accent)));
    if entries.is_empty() {
        page.line(dim("  Nothing yet. The first solved step appears here.", view));
    }
    for entry in entries {
        page.line(history_line(&entry, width, view));
    }
}

fn history_line(entry: &Entry, width: u16, view: &View) -> Line<'static> {
    let model = view.model;
    let tries = |attempts: u32| if attempts == 1 { "first try".to_owned() } else { format!("{attempts} tries") };
    let (step_name, title) = (|step| model.library.step_name(step), |node| model.library.title(node));
    let (what, place) = match &entry.what {
        Happened::Solved { step, attempts } => (format!("solved, {}", tries(*attempts)), step_name(step)),
        Happened::Shown { step } => ("solution shown".into(), step_name(step)),
        Happened::Tried { step, attempts } => (format!("open, {}", tries(*attempts)), step_name(step)),
        Happened::Predicted { step } => ("predicted".into(), step_name(step)),
        Happened::Completed { node } => ("complete".into(), title(node)),
        Happened::Practised { n_solved: 1 } => ("1 drill solved".into(), "Practice".into()),
        Happened::Practised { n_solved } => (format!("{n_solved} drills solved"), "Practice".into()),
    };
    let xp = if entry.xp > 0 { format!("+{}", entry.xp) } else { String::new() };
    let lead = [dim(format!("  {}  ", entry.day), view), Span::raw(format!("{xp:>4}  {what:<18} "))];
    let room = usize::from(width).saturating_sub(lead.iter().map(Span::width).sum());
    let place = widget::fit(&place, room, view.theme.glyphs().ellipsis);
    Line::from_iter(lead.into_iter().chain([Span::raw(place)]))
}

fn dim(text: impl Into<String>, view: &View) -> Span<'static> {
    Span::styled(text.into(), view.theme.style(Role::Dim))
}

impl Screen for ProgressScreen {
    fn route(&self) -> Route {
        Route::Progress
    }

    fn context(&self) -> Context {
        Context::List
    }

    fn header(&self, view: &View) -> (Line<'static>, Line<'static>) {
        (Line::from(Span::styled("Progress", view.theme.style(Role::Accent))), Line::default())
    }

    fn footer(&self, _model: &Model) -> Vec<Offer> {
        vec![
            Offer::new(&[Action::Back], "close"),
            Offer::new(&[Action::Up, Action::Down], "scroll"),
            Offer::new(&[Action::GoTo], "go to"),
        ]
    }

    fn update(&mut self, input: Input, cx: &mut Cx) {
        let Input::Action(action) = input else { return };
        let page = cx.size.height.saturating_sub(2).max(1);
        self.scroll = match action {
            Action::Up => self.scroll.saturating_sub(1),
            Action::Down => self.scroll.saturating_add(1),
            Action::PageUp => self.scroll.saturating_sub(page),
            Action::PageDown | Action::Space => self.scroll.saturating_add(page),
            Action::First => 0,
            Action::Last => u16::MAX,
            _ => self.scroll,
        };
        let view = View { model: cx.model, theme: &cx.theme };
        self.scroll = self
            .scroll
            .min(build(page::prose(Rect::new(0, 0, cx.size.width, cx.size.height)).width, &view).max_scroll(cx.size.height));
        if matches!(action, Action::Back | Action::Primary) {
            cx.back();
        }
    }

    fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
        let column = page::prose(area);
        build(column.width, view).render(column, buf, self.scroll, view.theme)
    }
}
