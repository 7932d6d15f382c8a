//! Errors of the engine in plain words, with the place and what was probably meant.

mod names;

use rhai::{EvalAltResult, LexError, ParseError, ParseErrorType, Position};

use super::{End, Fault, Limits, Stop, engine, host::Why, prelude};

/// What is wrong with a script that cannot be read.
pub(super) fn of_parsing(error: &ParseError, source: &str) -> Fault {
    let (message, help) = parsing(error.err_type(), error.position(), source);
    placed(message, help, error.position(), source)
}

/// How a script that was under way ended.
pub(super) fn end_of(error: &EvalAltResult, source: &str, limits: &Limits) -> End {
    let (error, place) = innermost(error);
    let line = place.line().map(|line| line as u32);
    let stop = |why: String, is_cancel| End::Stopped(Stop { why, line, is_cancel });
    let at = line.map_or(String::new(), |line| format!(" in line {line}"));
    match error {
        EvalAltResult::Exit(..) | EvalAltResult::Return(..) => End::Finished,
        EvalAltResult::ErrorTerminated(why, _) => match why.clone().try_cast::<Why>().unwrap_or(Why::Cancelled) {
            Why::Cancelled => stop(format!("Stopped{at}, as you asked."), true),
            Why::Time => stop(format!("Stopped{at} after {} s, which is as long as a script may run.", limits.seconds), false),
            why => stop(reason(why, &at, limits), false),
        },
        EvalAltResult::ErrorTooManyOperations(_) => stop(reason(Why::Operations, &at, limits), false),
        EvalAltResult::ErrorStackOverflow(_) => {
            stop(format!("Stopped{at}: functions called each other more than {} deep.", limits.depth), false)
        }
        EvalAltResult::ErrorTooManyVariables(_) => stop(format!("Stopped{at}: there are too many variables."), false),
        EvalAltResult::ErrorDataTooLarge(what, _) => stop(format!("Stopped{at}: {}.", too_large(what)), false),
        other => {
            let (message, help) = running(other, source);
            End::Failed(placed(message, help, place, source))
        }
    }
}

fn reason(why: Why, at: &str, limits: &Limits) -> String {
    match why {
        Why::Operations => format!("Stopped{at}: the script used up its {} operations.", crate::export::count(limits.n_ops)),
        Why::Memory(bytes) => format!(
            "Stopped{at}: its tensors would take {} together, and {} is the limit.",
            crate::export::quantity(bytes as f64, "B"),
            crate::export::quantity(limits.tensor_bytes as f64, "B")
        ),
        Why::Output => format!("Stopped{at}: it printed more than {} bytes.", crate::export::count(limits.output_bytes as u64)),
        Why::Cancelled | Why::Time => format!("Stopped{at}."),
    }
}

fn too_large(what: &str) -> String {
    if what.contains("string") {
        return format!("a text would have more than {} characters", engine::MAX_STRING);
    }
    let kind = if what.contains("map") { "map" } else { "list" };
    format!("a {kind} would hold more than {} values, with those in lists inside it", engine::MAX_LIST)
}

/// The error inside of calls, and its place.
fn innermost(error: &EvalAltResult) -> (&EvalAltResult, Position) {
    let mut error = error;
    let mut place = error.position();
    while let EvalAltResult::ErrorInFunctionCall(_, _, inner, outer) = error {
        error = inner;
        place = if inner.position().is_none() { *outer } else { inner.position() };
    }
    (error, place)
}

fn placed(message: String, help: Option<String>, place: Position, source: &str) -> Fault {
    let line = place.line().unwrap_or(0);
    let source_line = line.checked_sub(1).and_then(|idx| source.lines().nth(idx)).unwrap_or("").to_owned();
    Fault { message, line: line as u32, column: place.position().unwrap_or(0) as u32, source_line, help }
}

type Words = (String, Option<String>);

fn running(error: &EvalAltResult, source: &str) -> Words {
    match error {
        EvalAltResult::ErrorParsing(error, place) => parsing(error, *place, source),
        EvalAltResult::ErrorRuntime(value, _) if value.is_unit() => ("the script threw an error".into(), None),
        EvalAltResult::ErrorRuntime(value, _) => (super::format::text(value), None),
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            (format!("there is no variable `{name}` here"), names::meant_variable(name, source))
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => names::unknown_call(signature, source),
        EvalAltResult::ErrorPropertyNotFound(name, _) => names::unknown_property(name),
        EvalAltResult::ErrorDotExpr(text, _) => names::unknown_property(text),
        EvalAltResult::ErrorArrayBounds(n, idx, _) => (names::outside("list", *n, *idx), None),
        EvalAltResult::ErrorStringBounds(n, idx, _) => (names::outside("text", *n, *idx), None),
        EvalAltResult::ErrorIndexingType(what, _) => (format!("{} cannot be indexed like this", names::type_name(what)), None),
        EvalAltResult::ErrorFor(_) => ("`for` walks over a list, a tensor or a range such as 0..10, not over this".into(), None),
        EvalAltResult::ErrorMismatchDataType(wanted, got, _) | EvalAltResult::ErrorMismatchOutputType(wanted, got, _) => {
            let (wanted, got) = (names::type_name(wanted), names::type_name(got));
            let help =
                (wanted == "true or false").then(|| "compare first: `x > 0`, or `any(t)` and `all(t)` for a tensor".into());
            (format!("this needs {wanted}, not {got}"), help)
        }
        EvalAltResult::ErrorAssignmentToConstant(name, _) => {
            (format!("`{name}` is a constant and cannot change"), Some("make it with `let` instead of `const`".into()))
        }
        EvalAltResult::ErrorIndexNotFound(key, _) => (format!("there is nothing at `{key}`"), None),
        EvalAltResult::ErrorForbiddenVariable(name, _) => (format!("`{name}` cannot be a variable"), None),
        EvalAltResult::ErrorUnboundThis(_) => ("`this` means nothing here".into(), None),
        other => (first_line(&other.to_string()), None),
    }
}

/// A message of the engine without its place.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    line.rsplit_once(" (line ").map_or(line, |(message, _)| message).to_lowercase()
}

fn parsing(error: &ParseErrorType, place: Position, source: &str) -> Words {
    match error {
        ParseErrorType::UnexpectedEOF => {
            ("the script ends too early".into(), Some("a bracket or a text may not be closed".into()))
        }
        ParseErrorType::MissingToken(token, _) if token == ";" => missing_semicolon(place, source),
        ParseErrorType::MissingToken(token, what) => (format!("`{token}` is missing {}", plain(what)), None),
        ParseErrorType::BadInput(error) => lexing(error),
        ParseErrorType::Reserved(word) => reserved(word),
        ParseErrorType::ExprTooDeep => ("brackets and blocks are nested too deep here".into(), None),
        ParseErrorType::VariableExpected => ("a name is missing here".into(), None),
        ParseErrorType::ExprExpected(what) => (format!("{} is missing here", plain_article(what)), None),
        ParseErrorType::UnknownOperator(sign) => unknown_operator(sign),
        ParseErrorType::AssignmentToConstant(name) => {
            (format!("`{name}` is a constant and cannot change"), Some("make it with `let` instead of `const`".into()))
        }
        ParseErrorType::LoopBreak => ("`break` and `continue` stand inside a loop".into(), None),
        ParseErrorType::WrongFnDefinition => ("functions stand at the outer level, not inside a block".into(), None),
        ParseErrorType::FnDuplicatedDefinition(name, n) => {
            (format!("there are two functions `{name}` with {n} parameters"), None)
        }
        ParseErrorType::FnMissingBody(name) => (format!("the function `{name}` needs a body in `{{ }}`"), None),
        ParseErrorType::TooManyFunctions => ("there are too many functions".into(), None),
        ParseErrorType::LiteralTooLarge(..) => ("this text or list is too long to be written out".into(), None),
        other => (first_line(&other.to_string()), None),
    }
}

fn lexing(error: &LexError) -> Words {
    match error {
        LexError::UnterminatedString => ("this text has no closing quotation mark".into(), None),
        LexError::MalformedNumber(text) => (format!("`{text}` is not a number"), None),
        LexError::MalformedChar(text) => {
            (format!("`'{text}'` is not a single character"), Some("texts stand in \"double quotation marks\"".into()))
        }
        LexError::UnexpectedInput(text) => (format!("`{text}` means nothing here"), None),
        LexError::ImproperSymbol(sign, _) => unknown_operator(sign),
        other => (first_line(&other.to_string()), None),
    }
}

fn unknown_operator(sign: &str) -> Words {
    if sign.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return (format!("there is no `{sign}` in scripts"), reserved(sign).1);
    }
    let help = match sign {
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
    let help = match word {
        "def" | "function" | "lambda" => Some("a function is `fn name(x) { .. }`, a short one `|x| x * 2`"),
        "var" => Some("a variable is `let x = ..`"),
        "import" | "use" | "export" | "module" => Some("everything that there is is here already; scripts have no modules"),
        "eval" => Some("scripts cannot run text as code"),
        "type_of" => Some("the type of a tensor is `t.dtype`"),
        "and" => Some("write `&&`"),
        "or" => Some("write `||`"),
        "not" => Some("write `!`"),
        "null" | "nil" | "None" => Some("nothing is `()`"),
        _ => None,
    };
    let what = if word.chars().all(|c| c.is_alphanumeric() || c == '_') { "word" } else { "sign" };
    (format!("`{word}` is a {what} that the language keeps for itself"), help.map(Into::into))
}

fn missing_semicolon(place: Position, source: &str) -> Words {
    let line = place.line().and_then(|line| source.lines().nth(line - 1)).unwrap_or("");
    let above = place.line().and_then(|line| source.lines().nth(line.checked_sub(2)?)).unwrap_or("");
    let is_division =
        |line: &str| line.split_once("//").is_some_and(|(before, _)| before.trim_end().ends_with(char::is_alphanumeric));
    let help = if line.trim_start().starts_with("and ") || line.contains(" and ") {
        "write `&&` for \"and\""
    } else if line.contains(" or ") {
        "write `||` for \"or\""
    } else if is_division(line) || is_division(above) && !above.contains(';') {
        "`//` begins a comment; whole division is `div(a, b)`"
    } else {
        "statements end with `;`"
    };
    ("`;` is missing before this".into(), Some(help.into()))
}

/// What the engine says about a token that is missing.
fn plain(what: &str) -> String {
    what.trim_start_matches("to ").to_lowercase()
}

fn plain_article(what: &str) -> String {
    let what = what.to_lowercase();
    if what.is_empty() { "a value".into() } else { format!("an expression for {}", what.trim_start_matches("the ")) }
}

/// Used by `names`: the rows that may have been meant.
fn known() -> impl Iterator<Item = &'static str> {
    prelude::PRELUDE.iter().map(|native| native.name)
}
