//! The one type for foreign text: lesson files, progress files, names of files, model headers.
//!
//! Whatever was not written in this source passes [`Text::clean`] before it may reach a widget, a title,
//! an error or a log. Nothing in a `Text` can move the cursor, change colours or reorder a line.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// At most this many combining marks stay on one base character; more of them overflow the cell above.
const MAX_MARKS: usize = 4;

/// Words as a sentence: with a full stop, unless they end in a mark of their own, as the title of a lesson may.
pub fn sentence(words: String) -> String {
    if words.ends_with(['.', '?', '!']) { words } else { words + "." }
}

/// Cleaned text: no C0 (but newline), C1, DEL, bidi controls or zero-width characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(Box<str>);

impl Text {
    /// Drops what a terminal could take for a command and caps combining marks; a tab becomes four spaces.
    pub fn clean(foreign: &str) -> Self {
        if foreign.bytes().all(|b| b == b'\n' || (0x20..0x7f).contains(&b)) {
            return Self(foreign.into());
        }
        let mut kept = String::with_capacity(foreign.len());
        for cluster in foreign.graphemes(true) {
            let mut n_marks = 0;
            for (i, c) in cluster.chars().enumerate() {
                match c {
                    '\t' => kept.push_str("    "),
                    '\n' => kept.push('\n'),
                    _ if is_hostile(c) => {}
                    _ if i > 0 && unicode_width::UnicodeWidthChar::width(c) == Some(0) => {
                        n_marks += 1;
                        if n_marks <= MAX_MARKS {
                            kept.push(c);
                        }
                    }
                    _ => kept.push(c),
                }
            }
        }
        Self(kept.into())
    }

    /// The same on one line: line breaks become spaces.
    pub fn clean_line(foreign: &str) -> Self {
        Self(Self::clean(foreign).0.replace('\n', " ").into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for Text {
    fn from(foreign: &str) -> Self {
        Self::clean(foreign)
    }
}

impl From<String> for Text {
    fn from(foreign: String) -> Self {
        Self::clean(&foreign)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// The candidate that a misspelt name most likely meant: at most a third of its letters differ.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_one_mark_at_its_end() {
        assert_eq!(sentence("Enter goes on".into()), "Enter goes on.");
        assert_eq!(sentence("You were at step 4 of Why fewer bits?".into()), "You were at step 4 of Why fewer bits?");
    }

    #[test]
    fn escapes_bidi_and_zero_width_are_dropped() {
        let foreign = "a\x1b[31mb\u{202e}c\u{200b}d\u{85}e\x7ff\rg\0";
        assert_eq!(Text::clean(foreign).as_str(), "a[31mbcdefg");
    }

    #[test]
    fn a_tower_of_marks_is_capped_and_a_tab_becomes_spaces() {
        let tower = format!("e{}x\ty", "\u{301}".repeat(1_000));
        assert_eq!(Text::clean(&tower).as_str(), format!("e{}x    y", "\u{301}".repeat(MAX_MARKS)));
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        assert_eq!(did_you_mean("shceme", ["scale", "scheme", "bits"]), Some("scheme"));
        assert_eq!(did_you_mean("zebra", ["scale", "scheme", "bits"]), None);
    }

    #[test]
    fn a_line_has_no_breaks() {
        assert_eq!(Text::clean_line("a\nb").as_str(), "a b");
    }
}
