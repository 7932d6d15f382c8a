//! Names that are not known: what was probably meant.

use rhai::Position;

use super::{Words, known, prelude};
use crate::text::did_you_mean;

/// Words of the language that are no names.
const KEYWORDS: &[&str] = &[
    "let", "const", "fn", "if", "else", "for", "in", "while", "loop", "do", "until", "return", "break", "continue", "switch",
    "true", "false", "throw", "try", "catch", "this", "private", "is", "call", "type_of",
];

/// What other languages call a function of the prelude.
const ELSEWHERE: &[(&str, &str)] = &[
    ("rint", "round_even"),
    ("round", "round_even` or `round_away"),
    ("clip", "clamp"),
    ("amax", "max"),
    ("amin", "min"),
    ("array", "tensor"),
    ("astype", "as_i8` or `wrap_i8"),
    ("log", "ln"),
    ("length", "len"),
    ("size", "len"),
    ("dot", "matmul"),
    ("append", "push"),
    ("normal", "randn"),
    ("uniform", "rand"),
    ("println", "print"),
    ("printf", "print"),
    ("str", "to_string"),
    ("isnan", "is_nan"),
    ("allclose", "near"),
    ("isclose", "near"),
    ("unique", "distinct"),
    ("power", "pow"),
    ("remainder", "%"),
    ("T", "transpose"),
    ("numel", "len"),
];

/// Every name that occurs in a script.
fn words(source: &str) -> Vec<&str> {
    let mut words: Vec<&str> = source
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_') && !KEYWORDS.contains(word))
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Names that the script makes: behind `let`, `const`, `for` and in parameters.
fn made(source: &str) -> Vec<&str> {
    let made = |word: &str| {
        ["let ", "const ", "for ", "fn "].iter().any(|before| source.contains(&format!("{before}{word}")))
            || source.contains(&format!("({word}")) && source.contains("fn ")
            || source.contains(&format!(", {word}")) && source.contains("fn ")
    };
    words(source).into_iter().filter(|word| made(word)).collect()
}

fn meant(name: &str, source: &str) -> Option<String> {
    if let Some((_, here)) = ELSEWHERE.iter().find(|(there, _)| *there == name) {
        return Some(format!("here it is `{here}`"));
    }
    let mut candidates = made(source);
    candidates.retain(|word| *word != name);
    known().for_each(|known| candidates.push(known));
    did_you_mean(name, candidates).map(|near| format!("did you mean `{near}`?"))
}

pub(super) fn meant_variable(name: &str, place: Position, source: &str) -> Option<String> {
    if let Some(native) = prelude::find(name) {
        return Some(format!("`{name}` is a function: call it as `{}`", native.signature));
    }
    match name {
        "True" | "False" => return Some(format!("write `{}`", name.to_lowercase())),
        "None" | "null" | "nil" => return Some("nothing is `()`".into()),
        "np" | "numpy" | "torch" | "math" | "tf" => return Some(format!("functions stand alone here: leave `{name}.` out")),
        _ => {}
    }
    if made(source).contains(&name) {
        return Some("a function sees only its parameters and its own variables; hand the value in".into());
    }
    if is_assigned(name, place, source) {
        return Some(format!("the first time it is `let {name} = ..`"));
    }
    meant(name, source)
}

/// Whether a single `=` follows the name.
fn is_assigned(name: &str, place: Position, source: &str) -> bool {
    let (Some(line), Some(column)) = (place.line(), place.position()) else { return false };
    let line = source.lines().nth(line - 1).unwrap_or("");
    let rest: String = line.chars().skip(column - 1 + name.chars().count()).collect();
    rest.trim_start().strip_prefix('=').is_some_and(|rest| !rest.starts_with('='))
}

/// A call that nobody answers: an unknown name, or another number of arguments.
pub(super) fn unknown_call(signature: &str, source: &str) -> Words {
    let (name, args) = signature.split_once('(').unwrap_or((signature, ""));
    let (name, args) = (name.trim(), args.trim_end_matches(')'));
    let types: Vec<&str> = args.split(", ").filter(|arg| !arg.is_empty()).map(type_name).collect();
    if name.chars().all(|c| !c.is_alphanumeric()) {
        return operator(name, &types);
    }
    let given = match types.len() {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        n => format!("{n} arguments"),
    };
    if name.starts_with("anon$") {
        return (
            format!("this function is called with {given}"),
            Some("its parameters stand between the bars: `|x| x * 2`".into()),
        );
    }
    if let Some(native) = prelude::find(name) {
        return (format!("`{name}` is called with {given}"), Some(format!("it is `{}`: {}", native.signature, native.help)));
    }
    let own = source.lines().map(str::trim).find(|line| line.starts_with(&format!("fn {name}(")));
    if let Some(own) = own {
        let head = own.split_once('{').map_or(own, |(head, _)| head).trim();
        return (format!("`{name}` is called with {given}"), Some(format!("it is `{head}`")));
    }
    if made(source).contains(&name) {
        return (
            format!("`{name}` is a variable, not a function"),
            Some(format!("a function in a variable is called as `{name}.call(..)`")),
        );
    }
    (format!("there is no function `{name}`"), meant(name, source))
}

fn operator(sign: &str, types: &[&str]) -> Words {
    let message = match types {
        [a, b] => format!("`{sign}` does not work between {a} and {b}"),
        [a] => format!("`{sign}` does not work on {a}"),
        _ => format!("`{sign}` does not work here"),
    };
    let help = match (sign, types) {
        ("+", ["a list", "a list"]) => Some("lists are joined by pushing values, tensors by `concat(a, b)`"),
        (_, [a, b]) if [a, b].contains(&&"a list") => Some("make a tensor of the list first: `tensor([1, 2, 3])`"),
        (_, [a, b]) if [a, b].contains(&&"a text") => {
            Some("texts are only joined, with `+`; `int(s)` and `float(s)` read a number")
        }
        ("!", _) => Some("compare first: `x == 0`"),
        _ => None,
    };
    (message, help.map(Into::into))
}

pub(super) fn unknown_property(text: &str) -> Words {
    // "Unknown property 'nbyte' - a getter is not registered for type 'tensor'".
    let mut quoted = text.split('\'').skip(1).step_by(2);
    let name = quoted.next().unwrap_or(text);
    let of = type_name(quoted.next().unwrap_or(""));
    if text.contains("setter") {
        return (format!("the `{name}` of {of} cannot be set"), Some("make a new tensor instead".into()));
    }
    if let Some(native) = prelude::find(name) {
        return (format!("{of} has no `.{name}`"), Some(format!("it is `{}`", native.signature)));
    }
    if let Some((_, here)) = ELSEWHERE.iter().find(|(there, _)| *there == name) {
        return (format!("{of} has no `.{name}`"), Some(format!("here it is the function `{here}`")));
    }
    let near = did_you_mean(name, known()).map(|near| match prelude::find(near) {
        Some(native) => format!("did you mean `{}`?", native.signature),
        None => format!("did you mean `{near}`?"),
    });
    (format!("{of} has no `.{name}`"), near)
}

/// "index 7 is outside of a list of 3 values: it goes from 0 to 2".
pub(super) fn outside(what: &str, n: usize, idx: i64) -> String {
    match n {
        0 => format!("index {idx} of an empty {what}: it has no values"),
        _ => format!("index {idx} is outside of a {what} of {n}: it goes from 0 to {}", n - 1),
    }
}

/// A type of the engine in words.
pub(super) fn type_name(name: &str) -> &'static str {
    match name.trim() {
        "i64" | "int" | "INT" => "a whole number",
        "f64" | "float" | "FLOAT" => "a number",
        "bool" => "true or false",
        "()" => "nothing",
        "array" | "Array" => "a list",
        "map" | "Map" | "object map" => "a map",
        other if other.to_lowercase().contains("tensor") => "a tensor",
        "char" | "string" => "a text",
        "Fn" | "FnPtr" => "a function",
        other if other.contains("String") || other.contains("str") => "a text",
        other if other.contains("ange") => "a range",
        _ => "this value",
    }
}
