//! The footer: which keys do what, most important first.

use ratatui::{
    style::Modifier,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr;

use crate::theme::{Role, Theme};

const GAP: usize = 3;

/// Key and word pairs that fit `width` columns: `⏎ check   ↑↓ control   ? keys`.
///
/// The pairs come most important first and stay in that order; a pair that does not fit is left out, a later, shorter
/// one may still be shown. The last pair is the way to all others (`? keys`): it keeps its place.
pub fn footer(pairs: &[(String, String)], width: usize, theme: &Theme) -> Line<'static> {
    let pairs: Vec<(String, String)> =
        pairs.iter().map(|(key, word)| (key_name(key, theme), theme.say(word).into_owned())).collect();
    let size = |(key, word): &(String, String)| GAP + key.width() + 1 + word.width();
    let Some((last, first)) = pairs.split_last() else { return Line::default() };
    let mut room = (width + GAP).saturating_sub(1 + size(last));
    let mut shown: Vec<&(String, String)> = Vec::new();
    for pair in first {
        if size(pair) <= room {
            room -= size(pair);
            shown.push(pair);
        }
    }
    shown.push(last);
    let mut spans = vec![Span::raw(" ")];
    for (i, (key, word)) in shown.into_iter().enumerate() {
        if i > 0 {
            spans.push(Span::raw(" ".repeat(GAP)));
        }
        spans.push(Span::styled(key.clone(), theme.style(Role::Text).add_modifier(Modifier::BOLD)));
        spans.push(Span::styled(format!(" {word}"), theme.style(Role::Dim)));
    }
    spans.into()
}

/// The name of a key; arrows get words in ASCII mode.
fn key_name(key: &str, theme: &Theme) -> String {
    if !theme.ascii() {
        return key.into();
    }
    match key {
        "↑↓" => "up/down".into(),
        "←→" => "left/right".into(),
        _ => theme.say(key).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Background, Depth};

    fn pairs() -> Vec<(String, String)> {
        [("⏎", "check"), ("↑↓", "control"), ("t", "hint -20 %"), ("?", "keys")].map(|(k, w)| (k.into(), w.into())).to_vec()
    }

    #[test]
    fn the_most_important_pairs_stay_and_help_is_never_lost() {
        let theme = Theme::new(Background::Dark, Depth::None, false);
        assert_eq!(footer(&pairs(), 80, &theme).to_string(), " ⏎ check   ↑↓ control   t hint -20 %   ? keys");
        assert_eq!(footer(&pairs(), 32, &theme).to_string(), " ⏎ check   ↑↓ control   ? keys");
        assert_eq!(footer(&pairs(), 20, &theme).to_string(), " ⏎ check   ? keys");
        assert_eq!(footer(&[], 20, &theme).to_string(), "");
        for width in 8..60 {
            assert!(footer(&pairs(), width, &theme).width() <= width, "{width}");
        }
    }

    #[test]
    fn ascii_keys_have_names() {
        let theme = Theme::new(Background::Dark, Depth::None, true);
        assert_eq!(footer(&pairs(), 80, &theme).to_string(), " enter check   up/down control   t hint -20 %   ? keys");
    }
}
