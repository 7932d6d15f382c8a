//! Characters to tokens.

use std::ops::Range;

use super::{ExprError, Op};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'s> {
    Num(f64),
    Name(&'s str),
    Str(&'s str),
    Op(Op),
    Not,
    Open,
    Close,
    Comma,
}

pub(super) struct Spanned<'s> {
    pub(super) token: Token<'s>,
    pub(super) span: Range<usize>,
}

/// The tokens of an expression.
pub(super) fn tokens(source: &str) -> Result<Vec<Spanned<'_>>, ExprError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (token, len) = token(source, at, c)?;
        tokens.push(Spanned { token, span: at..at + len });
        at += len;
    }
    Ok(tokens)
}

/// The token that starts at byte `at` with `c`, and its length in bytes.
fn token(source: &str, at: usize, c: char) -> Result<(Token<'_>, usize), ExprError> {
    let rest = &source[at..];
    if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) {
        return number(rest, at).map(|(x, len)| (Token::Num(x), len));
    }
    if is_name(c) {
        let len = rest.find(|c: char| !(is_name(c) || c.is_ascii_digit())).unwrap_or(rest.len());
        return Ok((Token::Name(&rest[..len]), len));
    }
    if c == '"' || c == '\'' {
        let len = rest[1..].find(c).ok_or_else(|| {
            ExprError::new(at..source.len(), "the quote is not closed").help(format!("end the name with `{c}`"))
        })?;
        return Ok((Token::Str(&rest[1..=len]), len + 2));
    }
    symbol(rest, c).ok_or_else(|| stray(rest, at, c))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn symbol(rest: &str, c: char) -> Option<(Token<'static>, usize)> {
    const TWO: [(&str, Op); 6] =
        [("||", Op::Or), ("&&", Op::And), ("==", Op::Eq), ("!=", Op::Ne), ("<=", Op::Le), (">=", Op::Ge)];
    if let Some(&(_, op)) = TWO.iter().find(|(text, _)| rest.starts_with(text)) {
        return Some((Token::Op(op), 2));
    }
    if rest.starts_with("**") {
        return None;
    }
    let token = match c {
        '<' => Token::Op(Op::Lt),
        '>' => Token::Op(Op::Gt),
        '+' => Token::Op(Op::Add),
        // A minus and a times sign as they come from a page that was copied.
        '-' | '\u{2212}' => Token::Op(Op::Sub),
        '*' | '\u{d7}' => Token::Op(Op::Mul),
        '/' => Token::Op(Op::Div),
        '^' => Token::Op(Op::Pow),
        '!' => Token::Not,
        '(' => Token::Open,
        ')' => Token::Close,
        ',' => Token::Comma,
        _ => return None,
    };
    Some((token, c.len_utf8()))
}

fn stray(rest: &str, at: usize, c: char) -> ExprError {
    let (len, help) = match c {
        '*' => (2, "powers are written `2^6`"),
        '=' => (1, "compare with `==`"),
        '&' => (1, "\"and\" is written `&&`"),
        '|' => (1, "\"or\" is written `||`"),
        '[' | '{' => (1, "group with `(` and `)`"),
        _ => (c.len_utf8(), "numbers, names, + - * / ^, comparisons and ( ) are read"),
    };
    ExprError::new(at..at + len, format!("`{}` is not part of an expression", rest[..len].escape_debug())).help(help)
}

/// Reads `1_000`, `7.9e-3`, `.5`, `0x7f`, `0b1010` at the start of `rest`.
fn number(rest: &str, at: usize) -> Result<(f64, usize), ExprError> {
    let radix = match rest.as_bytes() {
        [b'0', b'x' | b'X', ..] => Some(16),
        [b'0', b'b' | b'B', ..] => Some(2),
        _ => None,
    };
    let len = match radix {
        Some(_) => 2 + run(&rest[2..], |c| c.is_ascii_alphanumeric() || c == '_'),
        None => decimal_len(rest),
    };
    let text = rest[..len].replace('_', "");
    let value = match radix {
        Some(radix) => u64::from_str_radix(&text[2..], radix).ok().map(|i| i as f64),
        None => text.parse().ok(),
    };
    value.map(|x| (x, len)).ok_or_else(|| {
        ExprError::new(at..at + len, format!("`{}` is not a number", &rest[..len]))
            .help("numbers look like 12, 0.5, 7.9e-3, 1_000 or 0x7f")
    })
}

/// Length of a decimal number: digits, a point, digits, an exponent. An `e` without digits is not part of it.
fn decimal_len(rest: &str) -> usize {
    let digits = |from: usize| from + run(&rest[from..], |c| c.is_ascii_digit() || c == '_');
    let mut len = digits(0);
    if rest[len..].starts_with('.') {
        len = digits(len + 1);
    }
    if rest[len..].starts_with(['e', 'E']) {
        let sign = len + 1 + usize::from(rest[len + 1..].starts_with(['+', '-']));
        if rest[sign..].starts_with(|c: char| c.is_ascii_digit()) {
            len = digits(sign);
        }
    }
    len
}

fn run(text: &str, keep: impl Fn(char) -> bool) -> usize {
    text.find(|c| !keep(c)).unwrap_or(text.len())
}
