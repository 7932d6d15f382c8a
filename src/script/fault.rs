//! Errors of the engine in plain words, with the place and what was probably meant.

mod brackets;
mod names;
mod parsing;

use rhai::{EvalAltResult, ParseError, Position};

use super::{End, Fault, Limits, Stop, engine, host::Why, prelude};

/// What is wrong with a script that cannot be read.
pub(super) fn of_parsing(error: &ParseError, source: &str) -> Fault {
    let told = parsing::told(error.err_type(), error.position(), source);
    placed(told.words, told.at.unwrap_or(numbers(error.position())), source)
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
        other => End::Failed(placed(running(other, source), numbers(place), source)),
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

/// Line and column from 1; 0 is unknown.
fn numbers(place: Position) -> (usize, usize) {
    (place.line().unwrap_or(0), place.position().unwrap_or(0))
}

fn placed((message, help): Words, (line, column): (usize, usize), source: &str) -> Fault {
    let source_line = line.checked_sub(1).and_then(|idx| source.lines().nth(idx)).unwrap_or("").to_owned();
    Fault { message, line: line as u32, column: column as u32, source_line, help }
}

type Words = (String, Option<String>);

fn running(error: &EvalAltResult, source: &str) -> Words {
    match error {
        EvalAltResult::ErrorParsing(error, place) => parsing::told(error, *place, source).words,
        EvalAltResult::ErrorRuntime(value, _) if value.is_unit() => ("the script threw an error".into(), None),
        EvalAltResult::ErrorRuntime(value, _) => (super::format::text(value), None),
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            (format!("there is no variable `{name}` here"), names::meant_variable(name, error.position(), source))
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => names::unknown_call(signature, source),
        EvalAltResult::ErrorPropertyNotFound(name, _) => {
            (format!("the map has no `{name}`"), Some("`keys(m)` lists what is in a map".into()))
        }
        EvalAltResult::ErrorDotExpr(text, _) => names::unknown_property(text),
        EvalAltResult::ErrorArrayBounds(n, idx, _) => (names::outside("list", *n, *idx), None),
        EvalAltResult::ErrorStringBounds(n, idx, _) => (names::outside("text", *n, *idx), None),
        EvalAltResult::ErrorIndexingType(what, _) => (
            format!("{} cannot be indexed like this", names::type_name(what)),
            Some("an index is a whole number, or a range: `t[0]`, `t[1..3]`".into()),
        ),
        EvalAltResult::ErrorFor(_) => {
            ("`for` walks over a list, a tensor or a range, not over this".into(), Some("such as `for i in 0..5`".into()))
        }
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

/// Used by `names`: the rows that may have been meant.
fn known() -> impl Iterator<Item = &'static str> {
    prelude::PRELUDE.iter().map(|native| native.name)
}

#[cfg(test)]
mod tests;
