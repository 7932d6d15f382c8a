//! One frame: the top line, the screen's body, the news line, the footer, and a pop-up over them.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Position, Rect, Size},
    text::{Line, Span},
};

use super::{App, MIN_SIZE};
use crate::{
    input::{Action, Context, Key, KeyCode},
    model::Saving,
    overlay::Overlay,
    screen::Offer,
    theme::{Background, Depth, Role, Theme},
    widget::{self, card, dots, footer},
};

/// Rows around the body: top line, rule, news, rule with the state of saving, footer.
const CHROME: u16 = 4;

/// The body's size in a terminal of this size.
pub(super) fn body_size(size: Size) -> Size {
    Size::new(size.width, size.height.saturating_sub(CHROME))
}

pub(super) fn render(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return None;
    }
    if area.width < MIN_SIZE.0 || area.height < MIN_SIZE.1 {
        card::too_small(MIN_SIZE, &app.theme, area, buf);
        return None;
    }
    let news = news(app, area.width);
    let n_news = news.lines.len().max(1) as u16;
    let rows =
        [Constraint::Length(1), Constraint::Length(1), Constraint::Min(0), Constraint::Length(n_news), Constraint::Length(1)];
    let [top, rule, body, below, foot] = Layout::vertical(rows).areas(area);
    let view = app.view();
    header(app, top, buf);
    card::rule(&app.theme, rule, buf);
    let mut cursor = app.top().render(body, buf, &view);
    news_lines(app, &news, below, buf);
    if let Some(overlay) = &app.overlay {
        cursor = overlay.render(body, buf, &view);
    }
    foot_line(app, foot, buf);
    if app.theme.ascii() {
        plain(area, buf);
    }
    cursor
}

/// Whatever a lesson or a name of a file brought along: in ASCII mode it becomes its twin of the same width, or `?`.
fn plain(area: Rect, buf: &mut Buffer) {
    let twins = Theme::new(Background::Dark, Depth::None, true);
    for position in area.positions() {
        let cell = &mut buf[position];
        if !cell.symbol().is_ascii() {
            let twin = twins.say(cell.symbol()).into_owned();
            cell.set_symbol(if twin.len() == 1 { &twin } else { "?" });
        }
    }
}

fn header(app: &App, area: Rect, buf: &mut Buffer) {
    let (left, right) = app.top().header(&app.view());
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let right_width = (right.width() as u16).min(inner.width);
    let room = inner.width.saturating_sub(right_width + 2);
    dots::print_line(&left, Rect { width: room, ..inner }, buf);
    dots::print_line(&right, Rect { x: inner.right() - right_width, width: right_width, ..inner }, buf);
}

/// What stands above the footer: what was just said, or that something is not saved.
struct News {
    lines: Vec<String>,
    warns: bool,
}

fn news(app: &App, width: u16) -> News {
    let (text, warns) = match (&app.notice, &app.model.saving) {
        (Some(notice), _) => (notice.clone(), false),
        (None, Saving::Failed(why)) => (format!("Not saved: {why}"), true),
        (None, _) => return News { lines: Vec::new(), warns: false },
    };
    let room = usize::from(width).saturating_sub(8).max(1);
    let mut lines = widget::wrap(&app.theme.say(&text), room);
    // More than two lines would push the screen away.
    if lines.len() > 2 {
        let rest = lines.split_off(1).join(" ");
        lines.push(widget::fit(&rest, room, app.theme.glyphs().ellipsis));
    }
    News { lines, warns }
}

/// The rule above the footer; news interrupts it.
fn news_lines(app: &App, news: &News, area: Rect, buf: &mut Buffer) {
    for y in area.top()..area.bottom() {
        card::rule(&app.theme, Rect { y, height: 1, ..area }, buf);
    }
    for (row, text) in news.lines.iter().enumerate() {
        let mut spans = vec![Span::raw(" ")];
        if news.warns && row == 0 {
            spans.push(Span::styled(format!("{} ", app.theme.glyphs().warn), app.theme.style(Role::Warn)));
        }
        spans.push(Span::styled(text.clone(), app.theme.style(Role::Text)));
        spans.push(Span::raw(" "));
        let line = Line::from(spans);
        let width = (line.width() as u16).min(area.width.saturating_sub(2));
        dots::print_line(&line, Rect { x: area.x + 1, y: area.y + row as u16, width, height: 1 }, buf);
    }
}

fn foot_line(app: &App, area: Rect, buf: &mut Buffer) {
    let context = app.context();
    let mut offers = match &app.overlay {
        Some(overlay) => overlay.footer(),
        None => app.top().footer(&app.model),
    };
    if !matches!(app.overlay, Some(Overlay::Help { .. })) {
        offers.push(Offer::new(&[Action::Help], "keys"));
    }
    let pairs: Vec<(String, String)> = offers.iter().filter_map(|offer| pair(app, context, offer)).collect();
    dots::print_line(&footer::footer(&pairs, usize::from(area.width), &app.theme), area, buf);
}

/// The keys of an offer, from the live keymap; none where they do not hold here.
fn pair(app: &App, context: Context, offer: &Offer) -> Option<(String, String)> {
    let mut keys = String::new();
    for &action in &offer.actions {
        keys.push_str(&key_name(app.keymap.key(context, action)?));
    }
    let keys = match keys.as_str() {
        "←↑↓→" => "arrows".into(),
        "af" => "a-f".into(),
        _ => keys,
    };
    Some((keys, offer.word.clone()))
}

fn key_name(key: Key) -> String {
    match (key.code, key.ctrl) {
        (KeyCode::Enter, false) => "⏎".into(),
        (KeyCode::Up, false) => "↑".into(),
        (KeyCode::Down, false) => "↓".into(),
        (KeyCode::Left, false) => "←".into(),
        (KeyCode::Right, false) => "→".into(),
        _ => key.to_string(),
    }
}
