//! Inline math as plain text: `\hat r = s(q - z)` reads `r̂ = s(q − z)`.

use std::{iter::Peekable, str::Chars};

/// Inline math in Unicode. Superscripts and subscripts are used where every character has one (`2⁸`), otherwise `^` and
/// `_` stay (`2^b`). An unknown command shows its name.
pub fn plain(source: &str) -> String {
    let mut chars = source.chars().peekable();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        item(c, &mut chars, &mut out);
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    words.join(" ")
}

fn item(c: char, chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    match c {
        '\\' => command(chars, out),
        '^' => out.push_str(&script(&argument(chars), '^', superscript)),
        '_' => out.push_str(&script(&argument(chars), '_', subscript)),
        '{' | '}' => {}
        '-' => out.push('−'),
        '*' => out.push('·'),
        _ => out.push(c),
    }
}

/// What follows `^`, `_` or a command: a group in braces, a command, or one character, already plain.
fn argument(chars: &mut Peekable<Chars<'_>>) -> String {
    while chars.next_if_eq(&' ').is_some() {}
    let mut out = String::new();
    match chars.next() {
        Some('{') => out = plain(&group(chars)),
        Some(c) => item(c, chars, &mut out),
        None => {}
    }
    out
}

/// The source up to the brace that closes.
fn group(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut depth = 0;
    let mut out = String::new();
    for c in chars.by_ref() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
        out.push(c);
    }
    out
}

fn command(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    let mut name = String::new();
    while let Some(c) = chars.next_if(char::is_ascii_alphabetic) {
        name.push(c);
    }
    match name.as_str() {
        "" => match chars.next() {
            Some(c @ (',' | ';' | ':' | ' ' | '!')) => out.push_str(if c == '!' { "" } else { " " }),
            Some(c) => out.push(c),
            None => out.push('\\'),
        },
        "frac" => {
            let (above, below) = (argument(chars), argument(chars));
            out.push_str(&format!("{}/{}", grouped(&above), grouped(&below)));
        }
        "sqrt" => out.push_str(&format!("√{}", grouped(&argument(chars)))),
        "hat" => accent(&argument(chars), '\u{302}', out),
        "tilde" => accent(&argument(chars), '\u{303}', out),
        "bar" => accent(&argument(chars), '\u{304}', out),
        "text" | "mathrm" | "mathbf" | "mathit" | "operatorname" => {
            while chars.next_if_eq(&' ').is_some() {}
            if chars.next_if_eq(&'{').is_some() {
                out.push_str(&group(chars));
            }
        }
        "left" | "right" | "big" | "bigl" | "bigr" => {}
        _ => out.push_str(SYMBOLS.iter().find(|(n, _)| *n == name).map_or(&name, |(_, symbol)| symbol)),
    }
}

/// The accent goes on a single letter; on more, the name before them says it.
fn accent(letters: &str, mark: char, out: &mut String) {
    out.push_str(letters);
    if letters.chars().count() == 1 {
        out.push(mark);
    } else {
        out.push('\'');
    }
}

/// In parentheses unless it is one name or number.
fn grouped(text: &str) -> String {
    if text.chars().all(|c| c.is_alphanumeric() || c == '.') { text.into() } else { format!("({text})") }
}

fn script(text: &str, sign: char, raise: fn(char) -> Option<char>) -> String {
    match text.chars().map(raise).collect::<Option<String>>() {
        Some(raised) if !raised.is_empty() => raised,
        _ => format!("{sign}{}", grouped(text)),
    }
}

fn superscript(c: char) -> Option<char> {
    twin(c, "0123456789−+nT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿᵀ")
}

fn subscript(c: char) -> Option<char> {
    twin(c, "0123456789", "₀₁₂₃₄₅₆₇₈₉")
}

fn twin(c: char, from: &str, to: &str) -> Option<char> {
    from.chars().zip(to.chars()).find(|(f, _)| *f == c).map(|(_, t)| t)
}

#[rustfmt::skip]
const SYMBOLS: &[(&str, &str)] = &[
    ("alpha", "α"), ("beta", "β"), ("gamma", "γ"), ("delta", "δ"), ("Delta", "Δ"), ("epsilon", "ε"), ("varepsilon", "ε"), ("theta", "θ"),
    ("lambda", "λ"), ("mu", "μ"), ("pi", "π"), ("sigma", "σ"), ("Sigma", "Σ"), ("tau", "τ"), ("phi", "φ"), ("omega", "ω"), ("Omega", "Ω"),
    ("times", "×"), ("cdot", "·"), ("div", "÷"), ("pm", "±"), ("le", "≤"), ("leq", "≤"), ("ge", "≥"), ("geq", "≥"), ("ne", "≠"), ("neq", "≠"),
    ("approx", "≈"), ("infty", "∞"), ("to", "→"), ("rightarrow", "→"), ("leftarrow", "←"), ("mapsto", "→"), ("sum", "∑"), ("int", "∫"), ("in", "∈"),
    ("partial", "∂"), ("propto", "∝"), ("lfloor", "⌊"), ("rfloor", "⌋"), ("lceil", "⌈"), ("rceil", "⌉"), ("langle", "⟨"), ("rangle", "⟩"),
    ("dots", "…"), ("ldots", "…"), ("cdots", "…"), ("quad", "  "), ("lt", "<"), ("gt", ">"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_of_the_lessons_read_well() {
        for (source, expected) in [
            ("r = s(q - z)", "r = s(q − z)"),
            ("\\hat r", "r\u{302}"),
            ("\\hat{r}_1", "r\u{302}₁"),
            ("2^8", "2⁸"),
            ("2^b", "2^b"),
            ("2^{b-1}", "2^(b−1)"),
            ("2^{-6}", "2⁻⁶"),
            ("q_{min}", "q_min"),
            ("s = \\frac{\\max|x|}{127}", "s = (max|x|)/127"),
            ("\\sqrt{12}", "√12"),
            ("\\sqrt{a + b}", "√(a + b)"),
            ("s^2/12 \\le \\sigma^2", "s²/12 ≤ σ²"),
            ("\\text{round}(x / s)", "round(x / s)"),
            ("10\\log_{10} x", "10log₁₀ x"),
            ("\\lfloor x \\rfloor \\cdot 3", "⌊ x ⌋ · 3"),
            ("a_", "a_"),
            ("\\", "\\"),
            ("\\frac{a", "a/"),
        ] {
            assert_eq!(plain(source), expected, "{source}");
        }
    }
}
