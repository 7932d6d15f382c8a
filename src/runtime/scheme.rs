//! Which theme this terminal gets: the learner's word first, then the environment, then one question to the terminal.

use std::{env, time::Duration};

use terminal_colorsaurus::{Error, QueryOptions, ThemeMode, theme_mode};

use crate::{
    learner::{Event, What},
    screen::settings::THEME,
    theme::{Background, Depth, Theme},
};

/// How long the terminal may take to tell its background colour.
const PATIENCE: Duration = Duration::from_millis(30);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ThemeChoice {
    /// Asks the terminal.
    #[default]
    Auto,
    Dark,
    Light,
}

impl ThemeChoice {
    /// What the settings in the log say.
    pub fn kept(events: &[Event]) -> Self {
        // Only the last word counts; the whole fold would double the time of a start with a long log.
        let settings = events.iter().filter_map(|event| match &event.what {
            What::Setting { key, value } if key == THEME => Some((event.at, &**value)),
            _ => None,
        });
        match settings.max_by_key(|(at, _)| *at) {
            Some((_, "dark")) => Self::Dark,
            Some((_, "light")) => Self::Light,
            _ => Self::Auto,
        }
    }
}

/// The theme, and whether an answer of the terminal may still be on its way.
pub fn find_theme(choice: ThemeChoice, ascii: bool) -> (Theme, bool) {
    let depth = depth(|name| env::var(name).ok());
    let (background, late) = match choice {
        ThemeChoice::Dark => (Background::Dark, false),
        ThemeChoice::Light => (Background::Light, false),
        // Without colours the background makes no difference.
        ThemeChoice::Auto if depth == Depth::None => (Background::Dark, false),
        ThemeChoice::Auto => ask(),
    };
    (Theme::new(background, depth, ascii), late)
}

fn ask() -> (Background, bool) {
    let mut options = QueryOptions::default();
    options.timeout = PATIENCE;
    match theme_mode(options) {
        Ok(ThemeMode::Light) => (Background::Light, false),
        Ok(ThemeMode::Dark) => (Background::Dark, false),
        Err(error) => (Background::Dark, matches!(error, Error::Timeout(_))),
    }
}

/// How many colours the environment promises.
pub fn depth(var: impl Fn(&str) -> Option<String>) -> Depth {
    let term = var("TERM").unwrap_or_default();
    let color_term = var("COLORTERM").unwrap_or_default();
    if var("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        Depth::None
    } else if matches!(&*color_term, "truecolor" | "24bit") || term.ends_with("-direct") {
        Depth::True
    } else if term.contains("256") || ["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm"].contains(&&*term) {
        Depth::C256
    } else {
        Depth::C16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::EventId;

    fn of(vars: &[(&str, &str)]) -> Depth {
        depth(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn the_environment_tells_the_colours() {
        assert_eq!(of(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(of(&[("TERM", "xterm-256color")]), Depth::C256);
        assert_eq!(of(&[("TERM", "linux")]), Depth::C16);
        assert_eq!(of(&[]), Depth::C16);
    }

    #[test]
    fn the_last_setting_counts() {
        let set = |at: i64, value: &str| {
            let what = What::Setting { key: THEME.into(), value: value.into() };
            Event { id: EventId::from_bytes([at as u8; 16]), at, day: jiff::civil::date(2026, 1, 1), what }
        };
        assert_eq!(ThemeChoice::kept(&[]), ThemeChoice::Auto);
        assert_eq!(ThemeChoice::kept(&[set(1, "dark"), set(3, "light"), set(2, "auto")]), ThemeChoice::Light);
    }

    #[test]
    fn no_color_wins_but_an_empty_one_says_nothing() {
        assert_eq!(of(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Depth::None);
        assert_eq!(of(&[("NO_COLOR", ""), ("COLORTERM", "truecolor")]), Depth::True);
    }
}
