//! The card of the selected lesson: what it is about, how far it is, what it still needs.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use crate::{
    course::Head,
    id::NodeId,
    learner::{Mark, NodeState},
    screen::{View, page::Page},
    theme::Role,
    widget::{card, dots},
};

/// `full` where there is room for the goals.
pub(super) fn render(node: &NodeId, greeting: Option<&str>, full: bool, area: Rect, buf: &mut Buffer, view: &View) {
    let Some(head) = view.model.library.head(node) else { return };
    let state = view.model.learner.node(node, &view.model.facts);
    let width = area.width.saturating_sub(4);
    let mut page = Page::default();
    if let Some(greeting) = greeting {
        text(&mut page, greeting, width, Role::Text, view);
    }
    page.line(about_line(head, view));
    if full {
        page.blank();
    }
    text(&mut page, &head.summary, width, Role::Text, view);
    if full {
        page.blank();
        for goal in &head.goals {
            let lead = vec![Span::styled(format!("{} ", view.theme.glyphs().bullet), view.theme.style(Role::Dim))];
            page.hanging(lead, goal, width, view.theme, view.theme.style(Role::Dim), &|id| view.term_name(id));
        }
        page.blank();
    }
    page.line(state_line(head, &state, view));
    needs(&mut page, &state, width, view);
    let height = if full { (page.lines.len() as u16).saturating_add(2).min(area.height) } else { area.height };
    let inner = card::card(&head.title, view.theme, Rect { height, ..area }, buf);
    page.render(inner, buf, 0, view.theme);
}

fn about_line(head: &Head, view: &View) -> Line<'static> {
    let track = view.model.library.track(head).map_or_else(String::new, |track| track.title.to_string());
    let beta = if head.status == crate::course::Status::Beta { "   beta" } else { "" };
    Line::styled(format!("{track}   {} min{beta}", head.minutes), view.theme.style(Role::Dim))
}

fn state_line(head: &Head, state: &NodeState, view: &View) -> Line<'static> {
    let mut spans = dots::progress_bar(state.done as u64, state.total as u64, 12, view.theme).spans;
    let at = view.model.learner.position_in(&head.node).and_then(|at| head.step_name(at));
    let word = match state.mark {
        Mark::Star => "  complete, par met, unaided".into(),
        Mark::Exercised => "  complete, exercise solved".into(),
        Mark::Complete => "  complete".into(),
        Mark::Locked => "  locked".into(),
        _ => at.map_or_else(String::new, |at| format!("  {at} of {}", head.n_main())),
    };
    spans.push(Span::raw(word));
    spans.push(Span::styled(format!("   {} of {} XP", state.xp_earned, state.xp_possible), view.theme.style(Role::Dim)));
    Line::from(spans)
}

/// Why it is locked: the lessons that are not complete yet.
fn needs(page: &mut Page, state: &NodeState, width: u16, view: &View) {
    if state.missing.is_empty() {
        return;
    }
    let titles = state.missing.iter().map(|node| view.model.library.title(node));
    let names = titles.collect::<Vec<_>>().join(", ");
    text(page, &format!("needs {names}"), width, Role::Text, view);
}

fn text(page: &mut Page, words: &str, width: u16, role: Role, view: &View) {
    let style: Style = view.theme.style(role);
    page.hanging(Vec::new(), words, width, view.theme, style, &|id| view.term_name(id));
}
