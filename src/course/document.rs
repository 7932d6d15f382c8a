//! Bytes to a TOML table with spans. Hostile files are refused before the parser sees them.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    diagnostic::{Code, Diagnostic},
    source::Sink,
};
use crate::text::Text;

pub(super) const MAX_FILE: usize = 1 << 20;

/// A lesson nests four levels; brackets and dotted keys may go this deep.
const MAX_NESTING: usize = 32;

/// The parser's errors cascade; the first three say enough.
const MAX_SYNTAX_ERRORS: usize = 3;

/// The one format that this version reads.
const FORMAT: i64 = 1;

/// The text of a file, if it is small enough and is text.
pub(super) fn text<'b>(name: &Text, bytes: &'b [u8]) -> Result<&'b str, Diagnostic> {
    let refuse = |code, message: &str, remedy: &str| {
        let mut finding = Diagnostic::new(name, None, code, message);
        finding.remedy(remedy);
        finding
    };
    if bytes.len() > MAX_FILE {
        return Err(refuse(Code::TooLarge, "the file is larger than 1 MiB", "split it into several lessons"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let message = format!("byte {} is not UTF-8", error.valid_up_to());
        refuse(Code::NotUtf8, &message, "save the file as UTF-8")
    })
}

/// The top table of a file of a format that is read here.
pub(super) fn parse<'s>(source: &'s str, sink: &mut Sink<'_>) -> Option<DeTable<'s>> {
    if let Some(span) = too_deep(source) {
        let message = format!("brackets or dotted keys are nested deeper than {MAX_NESTING} levels");
        sink.report(Code::TooDeep, span, message).remedy("a lesson needs four levels at most");
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(source);
    for error in errors.iter().take(MAX_SYNTAX_ERRORS) {
        let span = error.span().unwrap_or(0..0);
        let span_start = span.start;
        sink.report(Code::Syntax, span, error.message()).remedy(syntax_remedy(source, span_start, error.message()));
    }
    if !errors.is_empty() {
        return None;
    }
    let mut table = table.into_inner();
    let format = table.remove("format");
    is_known_format(format, sink).then_some(table)
}

/// What to do about the usual mistakes; otherwise where the syntax is explained.
fn syntax_remedy(source: &str, at: usize, message: &str) -> &'static str {
    let here = source.get(at..).unwrap_or_default();
    if message.contains("escape") {
        "write the text between ' or ''', which leave backslashes alone"
    } else if here.starts_with(['“', '”', '„', '‘', '’', '«']) {
        "write straight quotes: \" or '"
    } else if here.starts_with("step") {
        "steps, options and terms are lists: write `[[step]]`, with two brackets"
    } else {
        "see toml.io for the syntax; quotes and brackets come in pairs, and those of an earlier line count"
    }
}

fn is_known_format(format: Option<Spanned<DeValue<'_>>>, sink: &mut Sink<'_>) -> bool {
    let Some(format) = format else {
        sink.report(Code::MissingKey, 0..0, "`format` is missing at the top of the file")
            .remedy("begin the file with `format = 1`");
        return true;
    };
    let number = match format.get_ref() {
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok(),
        _ => None,
    };
    match number {
        Some(FORMAT) => true,
        Some(newer) if newer > FORMAT => {
            let message = format!("the file is written in format {newer}; this version reads format {FORMAT}");
            sink.report(Code::NewerFormat, format.span(), message).remedy("update quantlearn, or ask the author for format 1");
            false
        }
        _ => {
            sink.report(Code::BadValue, format.span(), "`format` is the number of the file format").remedy("write `format = 1`");
            true
        }
    }
}

/// Where brackets or dotted keys first nest too deep. Reads strings and comments as TOML does, and nothing else.
fn too_deep(source: &str) -> Option<Range<usize>> {
    let bytes = source.as_bytes();
    let (mut at, mut depth, mut dots) = (0, 0_usize, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'#' => {
                at = line_end(bytes, at);
                continue;
            }
            b'"' | b'\'' => {
                at = string_end(bytes, at);
                continue;
            }
            b'[' | b'{' => (depth, dots) = (depth + 1, 0),
            b']' | b'}' => (depth, dots) = (depth.saturating_sub(1), 0),
            b'.' => dots += 1,
            b'=' | b',' | b'\n' => dots = 0,
            _ => {}
        }
        if depth > MAX_NESTING || dots > MAX_NESTING {
            return Some(at..at + 1);
        }
        at += 1;
    }
    None
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |n| at + n)
}

/// The byte behind the string that opens at `at`; an unclosed one-line string ends with its line.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let long = bytes[at..].starts_with(&[quote; 3]);
    let mut end = at + if long { 3 } else { 1 };
    while end < bytes.len() {
        match bytes[end] {
            b'\\' if quote == b'"' => end += 1,
            b'\n' if !long => return end,
            b if b == quote && !long => return end + 1,
            b if b == quote && bytes[end..].starts_with(&[quote; 3]) => return end + 3,
            _ => {}
        }
        end += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings_and_comments() {
        assert_eq!(too_deep("a = [[1, 2], [3.5, 4.5]]\n# [[[[\nb = '[[[' # {{{\n"), None);
        assert_eq!(too_deep(&format!("a = '''{}'''", "[".repeat(100))), None);
        assert_eq!(too_deep(&format!("a = \"\\\"{}\"", "[".repeat(100))), None);
        assert_eq!(too_deep(&format!("a = [{}]", "1.5, ".repeat(100))), None);
        assert_eq!(too_deep(&format!("a = {}", "[".repeat(33))), Some(36..37));
        assert_eq!(too_deep(&format!("a{} = 1", ".a".repeat(33))), Some(65..66));
        assert!(too_deep(&format!("a = \"open\nb = {}", "{c=".repeat(40))).is_some());
    }

    #[test]
    fn the_usual_mistakes_of_syntax_have_their_own_remedy() {
        let remedy = |source: &str| {
            let (_, errors) = DeTable::parse_recoverable(source);
            let error = errors.first().expect("it is broken");
            syntax_remedy(source, error.span().expect("it has a place").start, error.message())
        };
        assert!(remedy(r#"a = "x \sigma""#).contains("backslashes"));
        assert!(remedy("a = “x”").contains("straight quotes"));
        assert!(remedy("[[step]]\na = 1\n[step]\na = 2").contains("two brackets"));
        assert!(remedy("a = \"x").contains("toml.io"));
    }
}
