//! Key scripts: `"jj<enter>1/127<enter>"`. Characters stand for themselves, named keys stand in angle brackets.

use crate::{
    input::{Key, KeyCode},
    text::did_you_mean,
};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key script, character {at}: {message}")]
pub struct ScriptError {
    /// 1-based position of the character.
    pub at: usize,
    pub message: String,
}

const NAMES: [(&str, KeyCode); 18] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("bs", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
    ("lt", KeyCode::Char('<')),
    ("gt", KeyCode::Char('>')),
    ("f1", KeyCode::F(1)),
];

/// Reads a key script. `<c-p>` is ctrl-p, `<s-tab>` shift-tab, `<enter*3>` three times enter, `<lt>` a `<`.
pub fn parse_script(script: &str) -> Result<Vec<Key>, ScriptError> {
    let mut keys = Vec::new();
    let mut chars = script.chars().enumerate();
    while let Some((at, c)) = chars.next() {
        if c != '<' {
            keys.push(if c == '\n' { Key::new(KeyCode::Enter) } else { Key::char(c) });
            continue;
        }
        let mut name = String::new();
        loop {
            match chars.next() {
                Some((_, '>')) => break,
                Some((_, c)) => name.push(c),
                None => {
                    return Err(ScriptError { at: at + 1, message: "`<` is not closed; write `<lt>` for the character".into() });
                }
            }
        }
        let (name, n) = match name.split_once('*') {
            Some((name, n)) => (name, n.parse().ok().filter(|n| (1..=10_000).contains(n))),
            None => (&*name, Some(1usize)),
        };
        let n = n.ok_or_else(|| ScriptError { at: at + 1, message: "the number behind `*` must be 1 to 10000".into() })?;
        let key = named(name).map_err(|message| ScriptError { at: at + 1, message })?;
        keys.extend(std::iter::repeat_n(key, n));
    }
    Ok(keys)
}

fn named(name: &str) -> Result<Key, String> {
    let lower = name.to_ascii_lowercase();
    let (mut ctrl, mut shift, mut rest) = (false, false, &*lower);
    loop {
        if let Some(r) = rest.strip_prefix("c-").filter(|r| !r.is_empty()) {
            (ctrl, rest) = (true, r);
        } else if let Some(r) = rest.strip_prefix("s-").filter(|r| !r.is_empty()) {
            (shift, rest) = (true, r);
        } else {
            break;
        }
    }
    let code = match NAMES.iter().find(|(n, _)| *n == rest) {
        Some(&(_, code)) => code,
        None => {
            let mut chars = rest.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => KeyCode::Char(c),
                _ => {
                    let hint =
                        did_you_mean(rest, NAMES.iter().map(|n| n.0)).map_or(String::new(), |n| format!("; did you mean <{n}>?"));
                    return Err(format!("there is no key <{name}>{hint}"));
                }
            }
        }
    };
    Ok(Key { code, ctrl, shift, alt: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_names_modifiers_and_counts_are_read() {
        let keys = parse_script("a<enter><c-p><s-tab><down*2><lt>").expect("well formed");
        assert_eq!(
            keys,
            [
                Key::char('a'),
                Key::new(KeyCode::Enter),
                Key::ctrl('p'),
                Key::shift(KeyCode::Tab),
                Key::new(KeyCode::Down),
                Key::new(KeyCode::Down),
                Key::char('<')
            ]
        );
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_place() {
        let error = parse_script("ab<entre>").expect_err("no such key");
        assert_eq!(error.to_string(), "key script, character 3: there is no key <entre>; did you mean <enter>?");
    }
}
