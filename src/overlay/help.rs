//! The keys of a context, from the live keymap.

use ratatui::text::{Line, Span};

use crate::{
    input::{Action, Context, Keymap},
    screen::{View, page::Page},
    theme::Role,
};

pub(super) fn page(context: Context, keymap: &Keymap, view: &View) -> Page {
    let mut page = Page::default();
    page.line(Span::styled(context.title(), view.theme.style(Role::Accent)));
    if context == Context::Map {
        marks(&mut page, view);
    }
    for (keys, help) in rows(context, keymap) {
        let keys = Span::styled(format!("{:>16}  ", view.theme.say(&keys)), view.theme.style(Role::Text));
        page.line(Line::from(vec![keys, Span::styled(help, view.theme.style(Role::Dim))]));
    }
    if !context.typing() {
        page.blank();
        page.line(Span::styled(
            "Letters a to f are answers, h j k l move; esc closes the innermost thing.",
            view.theme.style(Role::Dim),
        ));
    }
    page
}

/// What the marks of the lessons mean.
fn marks(page: &mut Page, view: &View) {
    let glyphs = view.theme.glyphs();
    let rows = [
        vec![
            (glyphs.locked, "locked"),
            (glyphs.open, "open"),
            (glyphs.in_progress, "in progress"),
            (glyphs.complete, "complete"),
        ],
        vec![(glyphs.exercised, "its exercise solved too"), (glyphs.starred, "par met, every question unaided")],
    ];
    for row in rows {
        let pair = |(mark, word)| [Span::raw(format!("  {mark} ")), Span::styled(word, view.theme.style(Role::Dim))];
        page.line(Line::from(row.into_iter().flat_map(pair).collect::<Vec<_>>()));
    }
    page.blank();
}

/// Keys and words; rows of one action stand together, digits that open number entry are one row.
fn rows(context: Context, keymap: &Keymap) -> Vec<(String, &'static str)> {
    let mut rows: Vec<(Action, String, &'static str)> = Vec::new();
    // The key that goes on stands first; then what holds only here, and last what holds everywhere.
    let mut table: Vec<_> = keymap.rows_of(context).collect();
    table.sort_by_key(|row| (row.action != Action::Primary, row.contexts.len()));
    for row in table {
        let keys = row.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        match (row.action, rows.last_mut()) {
            (Action::Entry(_), Some((Action::Entry(_), shown, _))) => *shown = "0-9 . -".into(),
            (Action::Answer(_), Some((Action::Answer(_), shown, help))) => {
                *shown = "a-f 1-6".into();
                *help = "option or partner";
            }
            (action, _) => match rows.iter_mut().find(|(a, _, help)| *a == action && *help == row.help) {
                Some((_, shown, _)) => *shown = format!("{shown} {keys}"),
                None => rows.push((action, keys, row.help)),
            },
        }
    }
    rows.into_iter().map(|(_, keys, help)| (keys, help)).collect()
}
