//! Syntax colour by a small scanner: comments, strings, numbers, keywords. A line in hand is scanned in microseconds, so an
//! editor colours what is typed while it draws and nothing has to be loaded, kept or dropped.
//!
//! A grammar library (syntect with two-face) was measured beside it: about 28 s more to build on two cores, 3.1 MB more
//! to ship, 20 ms of patterns to compile before the first line. Four roles do not need that.

use ratatui::text::{Line, Span};

use crate::theme::{Role, Theme};

/// What the scanner knows of a language.
#[derive(Debug)]
pub struct Language {
    names: &'static [&'static str],
    comment: &'static str,
    /// What opens and closes a comment that may go over lines.
    block: Option<(&'static str, &'static str)>,
    quotes: &'static [char],
    /// Three quotes open a string that goes over lines.
    triple: bool,
    keywords: &'static [&'static str],
}

/// A language without colours: everything is text.
static PLAIN: Language = Language { names: &[], comment: "", block: None, quotes: &[], triple: false, keywords: &[] };

const C_BLOCK: Option<(&str, &str)> = Some(("/*", "*/"));

#[rustfmt::skip]
static LANGUAGES: [Language; 5] = [
    Language {
        names: &["rhai", "rust", "rs"], comment: "//", block: C_BLOCK, quotes: &['"', '`'], triple: false,
        keywords: &[
            "as", "break", "const", "continue", "do", "else", "enum", "false", "fn", "for", "if", "impl", "in", "let", "loop",
            "match", "mod", "mut", "pub", "ref", "return", "self", "static", "struct", "switch", "throw", "trait", "true", "try",
            "type", "unsafe", "until", "use", "where", "while", "bool", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32",
            "u64", "usize", "isize", "str",
        ],
    },
    Language {
        names: &["python", "py", "numpy", "pytorch", "torch", "onnx", "onnxruntime", "tensorflow", "jax"], comment: "#",
        block: None, quotes: &['"', '\''], triple: true,
        keywords: &[
            "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
            "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or",
            "pass", "raise", "return", "try", "while", "with", "yield",
        ],
    },
    Language {
        names: &["c", "cpp", "c++", "cuda"], comment: "//", block: C_BLOCK, quotes: &['"', '\''], triple: false,
        keywords: &[
            "auto", "bool", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
            "float", "for", "goto", "if", "inline", "int", "int8_t", "int16_t", "int32_t", "int64_t", "long", "register", "return",
            "short", "signed", "size_t", "sizeof", "static", "struct", "switch", "typedef", "uint8_t", "uint16_t", "uint32_t",
            "uint64_t", "union", "unsigned", "void", "volatile", "while", "#include", "#define",
        ],
    },
    Language {
        names: &["toml"], comment: "#", block: None, quotes: &['"', '\''], triple: true, keywords: &["true", "false"],
    },
    Language {
        names: &["shell", "sh", "bash", "console"], comment: "#", block: None, quotes: &['"', '\''], triple: false,
        keywords: &[
            "case", "do", "done", "echo", "elif", "else", "esac", "export", "fi", "for", "function", "if", "in", "local",
            "return", "then", "while",
        ],
    },
];

/// The language of this name; one that is not known has no colours.
pub fn language(name: &str) -> &'static Language {
    LANGUAGES.iter().find(|language| language.names.contains(&name)).unwrap_or(&PLAIN)
}

/// What a line left open for the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Open {
    #[default]
    Nothing,
    Comment,
    /// A string of three of these.
    Triple(char),
}

/// A whole listing, line by line.
pub fn lines(code: &str, language: &Language, theme: &Theme) -> Vec<Line<'static>> {
    let mut open = Open::Nothing;
    code.lines()
        .map(|line| {
            let (parts, next) = scan(line, language, open);
            open = next;
            let span = |(role, text): (Role, &str)| Span::styled(theme.say(text).into_owned(), theme.style(role));
            Line::from(parts.into_iter().map(span).collect::<Vec<_>>())
        })
        .collect()
}

/// One line in pieces that together are the line, each with its role.
pub fn scan<'l>(line: &'l str, language: &Language, open: Open) -> (Vec<(Role, &'l str)>, Open) {
    let mut scanner = Scanner { rest: line, parts: Vec::new() };
    let mut open = open;
    loop {
        match open {
            Open::Comment => {
                let close = language.block.map_or("", |(_, close)| close);
                if !scanner.until(close, Role::Dim) {
                    return (scanner.parts, open);
                }
            }
            Open::Triple(quote) => {
                if !scanner.until(&quote.to_string().repeat(3), Role::SeriesB) {
                    return (scanner.parts, open);
                }
            }
            Open::Nothing => {}
        }
        open = Open::Nothing;
        let Some(first) = scanner.rest.chars().next() else { return (scanner.parts, open) };
        open = scanner.piece(first, language);
    }
}

struct Scanner<'l> {
    rest: &'l str,
    parts: Vec<(Role, &'l str)>,
}

impl<'l> Scanner<'l> {
    /// Takes the next piece of the line, which begins with `first`.
    fn piece(&mut self, first: char, language: &Language) -> Open {
        if !language.comment.is_empty() && self.rest.starts_with(language.comment) {
            self.take(self.rest.len(), Role::Dim);
        } else if let Some((start, _)) = language.block.filter(|(start, _)| self.rest.starts_with(start)) {
            self.take(start.len(), Role::Dim);
            return Open::Comment;
        } else if language.quotes.contains(&first) {
            if language.triple && self.rest.starts_with(&first.to_string().repeat(3)) {
                self.take(3 * first.len_utf8(), Role::SeriesB);
                return Open::Triple(first);
            }
            self.take(string_len(self.rest, first), Role::SeriesB);
        } else if first.is_ascii_digit() {
            self.take(number_len(self.rest), Role::SeriesB);
        } else if first.is_alphabetic() || matches!(first, '_' | '#') {
            let len =
                1.max(self.rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '#'))).unwrap_or(self.rest.len()));
            let role = if language.keywords.contains(&&self.rest[..len]) { Role::Accent } else { Role::Text };
            self.take(len, role);
        } else {
            self.take(first.len_utf8(), Role::Text);
        }
        Open::Nothing
    }

    /// Takes everything up to and with `close`; false where the line ends before it.
    fn until(&mut self, close: &str, role: Role) -> bool {
        let found = if close.is_empty() { None } else { self.rest.find(close) };
        self.take(found.map_or(self.rest.len(), |at| at + close.len()), role);
        found.is_some()
    }

    fn take(&mut self, len: usize, role: Role) {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        if !taken.is_empty() {
            self.parts.push((role, taken));
        }
    }
}

/// A string with its quotes; one that is not closed ends with the line.
fn string_len(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// `127`, `0x7f`, `1_000`, `2.5e-3`: a sign belongs to a number behind its exponent only.
fn number_len(text: &str) -> usize {
    let hex = text.starts_with("0x");
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E') && !hex;
        // Two points are a range.
        let point = c == '.' && !text[at + 1..].starts_with('.') && text[at + 1..].starts_with(|c: char| !c.is_alphabetic());
        let ends = !(c.is_ascii_alphanumeric() || c == '_' || sign || point || c == '.' && at + 1 == text.len());
        if ends {
            return at;
        }
        before = c;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Background, Depth};

    /// The pieces that are not plain text.
    fn coloured(line: &str, name: &str) -> Vec<(Role, String)> {
        let (parts, _) = scan(line, language(name), Open::Nothing);
        assert_eq!(parts.iter().map(|(_, text)| *text).collect::<String>(), line, "nothing is lost");
        parts.into_iter().filter(|(role, _)| *role != Role::Text).map(|(role, text)| (role, text.to_owned())).collect()
    }

    fn is(role: Role, text: &str) -> (Role, String) {
        (role, text.to_owned())
    }

    #[test]
    fn keywords_numbers_strings_and_comments_have_their_roles() {
        assert_eq!(
            coloured(r#"let s = absmax(w) / 127.0; // "scale""#, "rhai"),
            [is(Role::Accent, "let"), is(Role::SeriesB, "127.0"), is(Role::Dim, "// \"scale\"")]
        );
        assert_eq!(
            coloured("from x import y  # 'a'", "numpy"),
            [is(Role::Accent, "from"), is(Role::Accent, "import"), is(Role::Dim, "# 'a'")]
        );
        assert_eq!(coloured("a = \"b # c\"", "toml"), [is(Role::SeriesB, "\"b # c\"")]);
        assert_eq!(coloured("echo '1'", "shell"), [is(Role::Accent, "echo"), is(Role::SeriesB, "'1'")]);
        assert_eq!(coloured("const char *s = \"\\\"x\";", "c").last(), Some(&is(Role::SeriesB, "\"\\\"x\"")));
        assert_eq!(coloured("let for if", "no such language"), []);
    }

    #[test]
    fn a_number_ends_where_it_ends() {
        for (line, number) in [("2.5e-3;", "2.5e-3"), ("0..10", "0"), ("0x7f+1", "0x7f"), ("1_000)", "1_000"), ("3.abs()", "3")] {
            assert_eq!(coloured(line, "rhai")[0], is(Role::SeriesB, number), "{line}");
        }
        assert_eq!(coloured("w8 + x", "rhai"), [], "a digit in a name is no number");
    }

    #[test]
    fn comments_and_strings_go_over_lines() {
        let rhai = language("rhai");
        let (first, open) = scan("a /* b", rhai, Open::Nothing);
        assert_eq!((open, first.last()), (Open::Comment, Some(&(Role::Dim, " b"))));
        let (second, open) = scan("c */ let", rhai, open);
        assert_eq!((second[0], open), ((Role::Dim, "c */"), Open::Nothing));
        let python = language("py");
        let (_, open) = scan("'''doc", python, Open::Nothing);
        assert_eq!(scan("end''' + 1", python, open).0[0], (Role::SeriesB, "end'''"));
    }

    #[test]
    fn hostile_text_is_kept_whole() {
        for line in ["\"\\", "/*", "日本語 \"é", "''''''", "0x", "1.", "e+", "`", "#", "_", "\u{1f600}1e+"] {
            for name in ["rhai", "py", "c", "toml", "sh"] {
                coloured(line, name);
            }
        }
        let theme = Theme::new(Background::Dark, Depth::None, true);
        assert_eq!(lines("a\n\nb", language("rhai"), &theme).len(), 3);
    }
}
