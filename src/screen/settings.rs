//! Settings, kept in the progress log: look of the terminal, and whether every lesson is open.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    text::{Line, Span},
};

use crate::{
    input::{Action, Context},
    learner::{OPEN_ALL, What},
    model::{Model, Route},
    screen::{Cx, Input, Offer, Screen, View},
    theme::Role,
    widget::{self, card},
};

/// One setting: its key in the log, its values, the first of which is the default.
#[derive(Debug)]
pub struct SettingRow {
    pub key: &'static str,
    pub label: &'static str,
    pub values: &'static [&'static str],
    pub help: &'static str,
}

pub const THEME: &str = "theme";
pub const ASCII: &str = "ascii";

/// Every setting.
pub static SETTINGS: &[SettingRow] = &[
    SettingRow {
        key: THEME,
        label: "Background",
        values: &["auto", "dark", "light"],
        help: "auto asks the terminal once, at the start",
    },
    SettingRow {
        key: ASCII,
        label: "ASCII only",
        values: &["off", "on"],
        help: "draws with plain characters, for fonts without blocks and lines",
    },
    SettingRow {
        key: OPEN_ALL,
        label: "Open every lesson",
        values: &["off", "on"],
        help: "for exploring; what is complete stays complete",
    },
];

impl SettingRow {
    pub fn value(&self, model: &Model) -> &'static str {
        let kept = model.learner.setting(self.key);
        self.values.iter().copied().find(|&v| Some(v) == kept).unwrap_or(self.values[0])
    }
}

#[derive(Debug, Default)]
pub struct SettingsScreen {
    cursor: usize,
}

impl SettingsScreen {
    fn turn(&self, by: usize, cx: &mut Cx) {
        let row = &SETTINGS[self.cursor];
        let at = row.values.iter().position(|&v| v == row.value(cx.model)).unwrap_or(0);
        let value = row.values[(at + by) % row.values.len()];
        cx.record(What::Setting { key: row.key.into(), value: value.into() });
    }
}

impl Screen for SettingsScreen {
    fn route(&self) -> Route {
        Route::Settings
    }

    fn context(&self) -> Context {
        Context::List
    }

    fn header(&self, view: &View) -> (Line<'static>, Line<'static>) {
        (Line::from(Span::styled("Settings", view.theme.style(Role::Accent))), Line::default())
    }

    fn footer(&self, _model: &Model) -> Vec<Offer> {
        vec![
            Offer::new(&[Action::Primary], "change"),
            Offer::new(&[Action::Up, Action::Down], "choose"),
            Offer::new(&[Action::Back], "close"),
        ]
    }

    fn update(&mut self, input: Input, cx: &mut Cx) {
        let Input::Action(action) = input else { return };
        match action {
            Action::Up | Action::Prev => self.cursor = self.cursor.saturating_sub(1),
            Action::Down | Action::Next => self.cursor = (self.cursor + 1).min(SETTINGS.len() - 1),
            Action::First => self.cursor = 0,
            Action::Last => self.cursor = SETTINGS.len() - 1,
            Action::Primary | Action::Right | Action::Space => self.turn(1, cx),
            Action::Left => self.turn(SETTINGS[self.cursor].values.len() - 1, cx),
            Action::Back => cx.back(),
            _ => {}
        }
    }

    fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
        let (theme, glyphs) = (view.theme, view.theme.glyphs());
        let mut cursor = None;
        for (idx, row) in SETTINGS.iter().enumerate() {
            let y = 1 + 3 * idx as u16;
            if y >= area.height {
                break;
            }
            let line = Rect { x: area.x + 2.min(area.width), y: area.y + y, width: area.width.saturating_sub(4), height: 1 };
            widget::print(buf, line, 0, 0, row.label, theme.style(Role::Text));
            let value = format!("{} {} {}", glyphs.choice_left, row.value(view.model), glyphs.choice_right);
            widget::print(buf, line, 24, 0, &value, theme.style(Role::Accent));
            if idx == self.cursor {
                card::highlight(theme, line, buf);
                cursor = Some(Position::new((line.x + 24).min(area.right().saturating_sub(1)), line.y));
            }
            if y + 1 < area.height {
                widget::print(buf, Rect { y: line.y + 1, ..line }, 2, 0, row.help, theme.style(Role::Dim));
            }
        }
        let y = 2 + 3 * SETTINGS.len();
        let area = Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(4), ..area };
        widget::print(buf, area, 0, y, "Progress and settings are kept in", theme.style(Role::Dim));
        widget::print(buf, area, 0, y + 1, &view.model.progress_path, theme.style(Role::Text));
        cursor
    }
}
