//! Brackets of a script that are open or that close nothing. Texts and comments do not count.

/// An opening bracket, in lines and characters from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bracket {
    pub(super) sign: char,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Bracket {
    /// The bracket that closes it.
    pub(super) fn closing(self) -> char {
        match self.sign {
            '(' => ')',
            '[' => ']',
            _ => '}',
        }
    }
}

/// What is open before a place (line and column from 1); the innermost bracket is the last.
pub(super) fn open_before(source: &str, (line, column): (usize, usize)) -> Vec<Bracket> {
    let mut open: Vec<Bracket> = Vec::new();
    let mut inside = Inside::Code;
    for (number, text) in source.split('\n').enumerate().take(line) {
        let chars: Vec<char> = text.chars().collect();
        let end = if number + 1 == line { column.saturating_sub(1).min(chars.len()) } else { chars.len() };
        let mut at = 0;
        while at < end {
            let (next, step) = inside.after(chars[at], chars.get(at + 1).copied());
            if inside == Inside::Code && next == Inside::Code {
                note(&mut open, chars[at], number + 1, at + 1);
            }
            inside = next;
            at += step;
        }
        // Comments of one line and texts in double quotation marks end with their line.
        if matches!(inside, Inside::LineComment | Inside::Text('"') | Inside::Text('\'')) {
            inside = Inside::Code;
        }
    }
    open
}

fn note(open: &mut Vec<Bracket>, sign: char, line: usize, column: usize) {
    match sign {
        '(' | '[' | '{' => open.push(Bracket { sign, line, column }),
        ')' | ']' | '}' if open.last().is_some_and(|bracket| bracket.closing() == sign) => {
            open.pop();
        }
        _ => {}
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Inside {
    Code,
    LineComment,
    Comment,
    /// With the mark that ends it.
    Text(char),
}

impl Inside {
    /// Where the next character stands, and how many of them are used up.
    fn after(self, c: char, next: Option<char>) -> (Self, usize) {
        match (self, c, next) {
            (Self::Code, '/', Some('/')) => (Self::LineComment, 2),
            (Self::Code, '/', Some('*')) => (Self::Comment, 2),
            (Self::Comment, '*', Some('/')) => (Self::Code, 2),
            (Self::Code, '"' | '\'' | '`', _) => (Self::Text(c), 1),
            (Self::Text(_), '\\', _) => (self, 2),
            (Self::Text(mark), c, _) if c == mark => (Self::Code, 1),
            _ => (self, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(source: &str) -> String {
        open_before(source, (usize::MAX, 1)).iter().map(|bracket| bracket.sign).collect()
    }

    #[test]
    fn what_is_open_is_found_outside_of_texts_and_comments() {
        for (source, expected) in [
            ("f(1, [2, 3", "(["),
            ("f(1) { [2] ", "{"),
            ("// (\nlet s = \"[\"; /* { \n { */ '(' `{`", ""),
            ("\"a\\\"(\" (", "("),
            ("(]", "("),
            ("", ""),
        ] {
            assert_eq!(open(source), expected, "{source}");
        }
        let found = open_before("fn f() {\n  g(1;", (2, 6));
        assert_eq!(found.iter().map(|b| (b.sign, b.line, b.column)).collect::<Vec<_>>(), [('{', 1, 8), ('(', 2, 4)]);
        assert!(open_before("g(1)", (1, 2)).is_empty(), "the place itself does not count");
    }
}
