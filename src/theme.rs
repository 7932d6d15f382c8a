//! Styles by role. A widget names what a cell means ([`Role`]); the colour is private to this module.
//!
//! Four depths (truecolor, 256, 16 colours, none) and two backgrounds; apart from the selection the background is the
//! terminal's own. `Good`, `Warn` and `Bad` belong on their glyph, beside text in `Text`; `Grid` never carries text.

mod glyphs;
mod palette;

use std::borrow::Cow;

use ratatui::style::{Color, Modifier, Style};

pub use glyphs::Glyphs;

/// What a cell means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Text,
    Dim,
    Accent,
    /// On the glyph `✔` only.
    Good,
    /// On the glyph `!` only.
    Warn,
    /// On the glyph `✗` only.
    Bad,
    /// FP32, the original.
    SeriesA,
    /// INT8, the quantized side.
    SeriesB,
    /// A difference.
    Error,
    /// Lines and frames; never text.
    Grid,
    /// A background: patch it over the style of the text.
    Selection,
}

impl Role {
    pub const ALL: [Self; 11] = [
        Self::Text,
        Self::Dim,
        Self::Accent,
        Self::Good,
        Self::Warn,
        Self::Bad,
        Self::SeriesA,
        Self::SeriesB,
        Self::Error,
        Self::Grid,
        Self::Selection,
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Background {
    Dark,
    Light,
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    True,
    C256,
    C16,
    /// `NO_COLOR`: the selection is reversed, the accent bold, series are told by position and label.
    None,
}

/// The look of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    background: Background,
    depth: Depth,
    ascii: bool,
}

impl Theme {
    pub const fn new(background: Background, depth: Depth, ascii: bool) -> Self {
        Self { background, depth, ascii }
    }

    pub fn style(&self, role: Role) -> Style {
        match self.depth {
            Depth::None => plain_style(role),
            Depth::C16 => palette::row(role).sixteen(self.background, role),
            Depth::True | Depth::C256 => {
                let color = match (self.depth, palette::row(role).entry(self.background)) {
                    (Depth::C256, entry) => Color::Indexed(entry.indexed),
                    (_, entry) => Color::from_u32(entry.rgb),
                };
                if role == Role::Selection { Style::new().bg(color) } else { Style::new().fg(color) }
            }
        }
    }

    /// The characters that widgets draw with; all of them printable ASCII in ASCII mode.
    pub fn glyphs(&self) -> &'static Glyphs {
        if self.ascii { &glyphs::ASCII } else { &glyphs::UNICODE }
    }

    pub fn ascii(&self) -> bool {
        self.ascii
    }

    pub fn depth(&self) -> Depth {
        self.depth
    }

    pub fn background(&self) -> Background {
        self.background
    }

    /// Text as this theme can show it: in ASCII mode typographic and mathematical signs get their ASCII twins.
    pub fn say<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.ascii && !text.is_ascii() { Cow::Owned(glyphs::to_ascii(text)) } else { Cow::Borrowed(text) }
    }

    /// Red, green and blue of a role, also where the depth has no such colour: for pictures.
    pub fn rgb(&self, role: Role) -> (u8, u8, u8) {
        let [_, r, g, b] = palette::row(role).entry(self.background).rgb.to_be_bytes();
        (r, g, b)
    }

    /// The background that pictures are painted on.
    pub fn paper(&self) -> (u8, u8, u8) {
        match self.background {
            Background::Dark => (0x12, 0x16, 0x1b),
            Background::Light => (0xff, 0xff, 0xff),
        }
    }
}

fn plain_style(role: Role) -> Style {
    match role {
        Role::Selection => Style::new().add_modifier(Modifier::REVERSED),
        Role::Accent => Style::new().add_modifier(Modifier::BOLD),
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_the_selection_is_reversed_and_nothing_has_a_colour() {
        let theme = Theme::new(Background::Dark, Depth::None, false);
        for role in Role::ALL {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        assert!(theme.style(Role::Selection).add_modifier.contains(Modifier::REVERSED));
        assert!(theme.style(Role::Accent).add_modifier.contains(Modifier::BOLD));
    }

    #[test]
    fn no_style_is_dim() {
        for background in [Background::Dark, Background::Light] {
            for depth in [Depth::True, Depth::C256, Depth::C16, Depth::None] {
                let theme = Theme::new(background, depth, false);
                assert!(Role::ALL.iter().all(|&role| !theme.style(role).add_modifier.contains(Modifier::DIM)));
            }
        }
    }

    #[test]
    fn dark_gray_is_for_the_grid_alone() {
        for background in [Background::Dark, Background::Light] {
            let theme = Theme::new(background, Depth::C16, false);
            for role in Role::ALL.into_iter().filter(|&role| role != Role::Grid) {
                assert_ne!(theme.style(role).fg, Some(Color::DarkGray), "{role:?}");
            }
        }
    }

    #[test]
    fn ascii_text_has_twins_for_what_lessons_write() {
        let theme = Theme::new(Background::Dark, Depth::True, true);
        assert_eq!(theme.say("2 × 3 ≤ 7 – step²"), "2 x 3 <= 7 - step^2");
        assert_eq!(Theme::new(Background::Dark, Depth::True, false).say("é²"), "é²");
    }
}
