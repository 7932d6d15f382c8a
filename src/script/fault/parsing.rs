//! What is wrong with a script that cannot be read.

use rhai::{LexError, ParseErrorType, Position};

use super::{
    Words,
    brackets::{Bracket, open_before},
    first_line,
};

/// Where the engine stumbled, in the source.
struct Spot<'a> {
    source: &'a str,
    /// From 1.
    place: (usize, usize),
}

impl<'a> Spot<'a> {
    fn new(source: &'a str, place: Position) -> Self {
        Self { source, place: (place.line().unwrap_or(usize::MAX), place.position().unwrap_or(1)) }
    }

    fn line(&self, back: usize) -> &'a str {
        self.place.0.checked_sub(back + 1).and_then(|idx| self.source.lines().nth(idx)).unwrap_or("")
    }

    /// The line up to the place, and from there on.
    fn halves(&self) -> (&'a str, &'a str) {
        let line = self.line(0);
        line.split_at(line.char_indices().nth(self.place.1.saturating_sub(1)).map_or(line.len(), |(at, _)| at))
    }

    /// The character at the place; `None` at the end of the script.
    fn sign(&self) -> Option<char> {
        self.halves().1.chars().next()
    }

    /// The word before the place.
    fn word_before(&self) -> &'a str {
        last_word(self.halves().0)
    }

    /// Whether nothing but white space follows.
    fn is_end(&self) -> bool {
        let rest = self.source.lines().skip(self.place.0);
        self.halves().1.trim().is_empty() && rest.into_iter().all(|line| line.trim().is_empty())
    }

    /// The innermost bracket that is open here.
    fn open(&self) -> Option<Bracket> {
        open_before(self.source, self.place).pop()
    }
}

/// The sentence, what to do, and where that is another place than the engine's, the place.
pub(super) struct Told {
    pub(super) words: Words,
    pub(super) at: Option<(usize, usize)>,
}

impl From<Words> for Told {
    fn from(words: Words) -> Self {
        Self { words, at: None }
    }
}

pub(super) fn told(error: &ParseErrorType, place: Position, source: &str) -> Told {
    let spot = Spot::new(source, place);
    // An open bracket is the cause of whatever happens at the end of the script.
    let is_text = matches!(error, ParseErrorType::BadInput(LexError::UnterminatedString));
    if let Some(open) = spot.open().filter(|_| spot.is_end() && !is_text) {
        let (sign, closing) = (open.sign, open.closing());
        let help = format!("put the `{closing}` where it ends");
        return Told { words: (format!("this `{sign}` is never closed"), Some(help)), at: Some((open.line, open.column)) };
    }
    match error {
        ParseErrorType::UnexpectedEOF => {
            ("the script ends in the middle of something".into(), Some("a value is missing at its end".into())).into()
        }
        ParseErrorType::MissingToken(token, _) => missing(token, &spot).into(),
        ParseErrorType::BadInput(error) => lexing(error, &spot).into(),
        ParseErrorType::Reserved(word) => reserved(word).into(),
        other => plain(other).into(),
    }
}

/// Sentences that do not depend on what stands around.
fn plain(error: &ParseErrorType) -> Words {
    let said = |message: &str, help: &str| (message.to_owned(), Some(help.to_owned()));
    match error {
        ParseErrorType::ExprTooDeep => said("brackets and blocks are nested too deep here", "split it with `let`"),
        ParseErrorType::VariableExpected => said("a name is missing here", "a name begins with a letter: `let x = 2`"),
        ParseErrorType::PropertyExpected => said("a name is missing behind the point", "such as `t.shape`"),
        ParseErrorType::ExprExpected(_) => said("a value is missing here", "such as a number, a name or a call"),
        ParseErrorType::UnknownOperator(sign) => unknown_operator(sign),
        ParseErrorType::MismatchedType(wanted, got) => mismatched(wanted, got),
        ParseErrorType::AssignmentToConstant(name) => {
            (format!("`{name}` is a constant and cannot change"), Some("make it with `let` instead of `const`".into()))
        }
        ParseErrorType::AssignmentToInvalidLHS(_) => said("nothing can be assigned to this", "a name stands left of `=`"),
        ParseErrorType::LoopBreak => said("`break` and `continue` stand inside a loop", "a function ends with `return`"),
        ParseErrorType::WrongFnDefinition => {
            said("functions stand at the outer level, not inside a block", "move it out of the `{ }`")
        }
        ParseErrorType::FnDuplicatedDefinition(name, n) => {
            (format!("there are two functions `{name}` with {n} parameters"), Some("give one of them another name".into()))
        }
        ParseErrorType::FnDuplicatedParam(name, param) => {
            (format!("`{name}` has two parameters `{param}`"), Some("give one of them another name".into()))
        }
        ParseErrorType::FnMissingName => {
            said("the function has no name", "`fn name(x) { x * 2 }`, or without a name `|x| x * 2`")
        }
        ParseErrorType::FnMissingParams(name) => {
            (format!("the function `{name}` has no parameters"), Some(format!("write `fn {name}(x) {{ .. }}`, or `fn {name}()`")))
        }
        ParseErrorType::FnMissingBody(name) => {
            (format!("the function `{name}` needs a body"), Some(format!("write `fn {name}(..) {{ .. }}`")))
        }
        ParseErrorType::TooManyFunctions => said("there are too many functions", "a script has at most 200"),
        ParseErrorType::LiteralTooLarge(..) => said("this text or list is too long to be written out", "make it in a loop"),
        other => (first_line(&other.to_string()), None),
    }
}

fn mismatched(wanted: &str, got: &str) -> Words {
    if wanted.contains("iterable") {
        return ("`for` walks over a list, a tensor or a range, not over this".into(), Some("such as `for i in 0..5`".into()));
    }
    let wanted = if wanted.contains("boolean") { "true or false" } else { wanted };
    (format!("this needs {wanted}, not {got}"), Some("compare first: `x > 0`".into()))
}

fn missing(token: &str, spot: &Spot) -> Words {
    match token {
        ";" => missing_semicolon(spot),
        "{" => {
            let help =
                if spot.sign() == Some(':') { "a block stands in `{ }` here, not behind `:`" } else { "a block stands in `{ }`" };
            ("`{` is missing before this".into(), Some(help.into()))
        }
        "=" => ("`=` is missing before this".into(), Some("write `let x = 2`".into())),
        _ => match spot.open() {
            Some(open) if spot.place.0 == open.line => {
                let (closing, sign, column) = (open.closing(), open.sign, open.column);
                let also = if token == "," { "`,` or " } else { "" };
                let help = format!("it belongs to the `{sign}` in column {column}");
                (format!("{also}`{closing}` is missing before this"), Some(help))
            }
            Some(open) => {
                let (closing, sign, line) = (open.closing(), open.sign, open.line);
                (format!("`{closing}` is missing before this"), Some(format!("it belongs to the `{sign}` in line {line}")))
            }
            None => (format!("`{token}` is missing before this"), None),
        },
    }
}

fn missing_semicolon(spot: &Spot) -> Words {
    let (line, above) = (spot.line(0), spot.line(1));
    if let Some(closes_nothing) = closes_nothing(spot) {
        return closes_nothing;
    }
    // Words of other languages in front of what they introduce.
    let before = spot.word_before();
    if let Some(help) = elsewhere(before) {
        return (format!("`{before}` is no word of scripts"), Some(help.into()));
    }
    let is_division =
        |line: &str| line.split_once("//").is_some_and(|(before, _)| before.trim_end().ends_with(char::is_alphanumeric));
    let word = spot.halves().1.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    let help = match word {
        "and" => "write `&&` for \"and\"".into(),
        "or" => "write `||` for \"or\"".into(),
        "elif" => "write `else if`".into(),
        _ if is_division(line) || is_division(above) && !above.contains(';') => {
            "`//` begins a comment; whole division is `div(a, b)`".into()
        }
        _ if spot.halves().0.trim_start().starts_with("let ") && !line.contains('=') => "write `let x = 2`".into(),
        _ if spot.halves().0.contains('=') && spot.sign() == Some('=') => {
            "one assignment for each statement: `b = 1; a = b;`".into()
        }
        _ => match spot.open() {
            Some(open) if open.line < spot.place.0 => {
                format!("statements end with `;`, and the `{}` in line {} is still open here", open.sign, open.line)
            }
            _ => "statements end with `;`".into(),
        },
    };
    ("`;` is missing before this".into(), Some(help))
}

/// A closing bracket that no opening one belongs to.
fn closes_nothing(spot: &Spot) -> Option<Words> {
    let sign = spot.sign().filter(|sign| matches!(sign, ')' | ']' | '}'))?;
    let open = spot.open();
    if open.is_some_and(|open| open.closing() == sign) {
        return None;
    }
    let help = match open {
        Some(open) => format!("the `{}` in line {} is to be closed first", open.sign, open.line),
        None => "take it away, or open it before".into(),
    };
    Some((format!("this `{sign}` closes nothing"), Some(help)))
}

/// What other languages begin with.
fn elsewhere(word: &str) -> Option<&'static str> {
    Some(match word {
        "def" | "function" | "func" | "lambda" => "a function is `fn name(x) { .. }`, a short one `|x| x * 2`",
        "elif" | "elseif" => "write `else if`",
        "var" | "int" | "float" | "double" | "auto" => "a variable is `let x = ..`",
        "import" | "from" | "include" | "use" => "everything that there is is here already; scripts have no modules",
        "pass" => "an empty block is `{ }`",
        "not" => "write `!`",
        _ => return None,
    })
}

fn lexing(error: &LexError, spot: &Spot) -> Words {
    match error {
        LexError::UnterminatedString => {
            ("this text has no closing quotation mark".into(), Some("a text ends on its line".into()))
        }
        LexError::MalformedNumber(text) if text.is_empty() => ("digits are missing in this number".into(), None),
        LexError::MalformedNumber(text) => (format!("`{text}` is not a number"), None),
        LexError::MalformedChar(text) => {
            (format!("`'{text}'` is not a single character"), Some("texts stand in \"double quotation marks\"".into()))
        }
        LexError::MalformedIdentifier(name) => (format!("`{name}` is no name"), Some("a name begins with a letter".into())),
        LexError::MalformedEscapeSequence(text) => {
            (format!("`{text}` means nothing in a text"), Some("a backslash is written twice: `\\\\`".into()))
        }
        LexError::UnexpectedInput(text) => unexpected(text, spot),
        LexError::ImproperSymbol(sign, _) => unknown_operator(sign),
        other => (first_line(&other.to_string()), None),
    }
}

fn unexpected(text: &str, spot: &Spot) -> Words {
    if let Some(words) = closes_nothing(spot) {
        return words;
    }
    match text {
        ";" | ")" | "]" | "}" | "," => (format!("a value is missing before `{text}`"), None),
        _ if text.chars().all(char::is_alphabetic) => {
            (format!("`{text}` means nothing here"), Some("names are made of a to z, digits and `_`".into()))
        }
        _ => (format!("`{text}` means nothing here"), None),
    }
}

fn last_word(text: &str) -> &str {
    let text = text.trim_end();
    text.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or("")
}

fn unknown_operator(sign: &str) -> Words {
    if sign.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return (format!("there is no `{sign}` in scripts"), reserved(sign).1);
    }
    let help = match sign {
        "=" => Some("compare with `==`; an assignment is a statement of its own"),
        "@" => Some("the product of two matrices is `matmul(a, b)`"),
        "===" => Some("equality is `==`"),
        "++" | "--" => Some("write `i += 1` or `i -= 1`"),
        ":=" => Some("write `let x = ..`"),
        "<>" => Some("write `!=`"),
        "->" => Some("a function just names its parameters: `fn f(x) { x * 2 }`"),
        "<-" => Some("write `x < -y` with a space, or `=` to assign"),
        "?" => Some("write `if x { a } else { b }`, which gives a value"),
        _ => None,
    };
    (format!("there is no operator `{sign}`"), help.map(Into::into))
}

fn reserved(word: &str) -> Words {
    if word == "#" {
        return ("`#` means nothing here".into(), Some("a comment begins with `//`".into()));
    }
    if word == "$" {
        return ("`$` means nothing here".into(), Some("a name stands without a sign before it".into()));
    }
    if let Some(native) = super::prelude::find(word) {
        return (format!("`{word}` is a function"), Some(format!("call it: `{}`", native.signature)));
    }
    let help = elsewhere(word).or(match word {
        "export" | "module" => Some("everything that there is is here already; scripts have no modules"),
        "eval" => Some("scripts cannot run text as code"),
        "type_of" => Some("the type of a tensor is `t.dtype`"),
        "and" => Some("write `&&`"),
        "or" => Some("write `||`"),
        "null" | "nil" | "None" => Some("nothing is `()`"),
        _ => Some("take another name"),
    });
    (format!("the language keeps the word `{word}` for itself"), help.map(Into::into))
}
