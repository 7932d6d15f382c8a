//! One file at hand: where a byte stands, and the list of what was found in it.

use std::ops::Range;

use super::diagnostic::{Code, Diagnostic, Place};
use crate::{expr::ExprError, text::Text};

/// A file hides nothing behind a flood: this many findings are listed, then their number.
pub(super) const MAX_FINDINGS: usize = 50;

pub(super) struct File<'s> {
    pub(super) name: Text,
    pub(super) source: &'s str,
    line_starts: Vec<usize>,
}

impl<'s> File<'s> {
    pub(super) fn new(name: &str, source: &'s str) -> Self {
        let line_starts = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: Text::clean_line(name), source, line_starts }
    }

    pub(super) fn place(&self, span: Range<usize>) -> Place {
        let start = self.source.floor_char_boundary(span.start);
        let end = self.source.ceil_char_boundary(span.end.max(start));
        let line = self.line_starts.partition_point(|&at| at <= start) - 1;
        let column = self.source[self.line_starts[line]..start].chars().count();
        Place { line: saturate(line + 1), column: saturate(column + 1), span: start..end }
    }

    /// The place of a part of a string value. Where the value holds escapes, that is the whole value.
    pub(super) fn inside(&self, value: &Range<usize>, decoded: &str, part: Range<usize>) -> Range<usize> {
        let Some(raw) = self.source.get(value.clone()) else { return value.clone() };
        let quote = if raw.starts_with("\"\"\"") || raw.starts_with("'''") { 3 } else { 1 };
        let opening = quote
            + raw.get(quote..).map_or(0, |rest| if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) });
        let opening = if quote == 3 { opening } else { 1 };
        match raw.get(opening..) {
            Some(rest) if rest.starts_with(decoded) => value.start + opening + part.start..value.start + opening + part.end,
            _ => value.clone(),
        }
    }
}

fn saturate(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The findings of one file.
pub(super) struct Sink<'f> {
    file: &'f File<'f>,
    list: Vec<Diagnostic>,
    n_errors: usize,
    /// Takes the findings that are counted only.
    spare: Option<Diagnostic>,
    n_more: usize,
}

impl<'f> Sink<'f> {
    pub(super) fn new(file: &'f File<'f>) -> Self {
        Self { file, list: Vec::new(), n_errors: 0, spare: None, n_more: 0 }
    }

    /// Adds a finding at a place; the caller may give it a remedy.
    pub(super) fn report(&mut self, code: Code, span: Range<usize>, message: impl AsRef<str>) -> &mut Diagnostic {
        let finding = Diagnostic::new(&self.file.name, Some(self.file.place(span)), code, message.as_ref());
        self.n_errors += usize::from(finding.is_error());
        if self.list.len() < MAX_FINDINGS {
            self.list.push(finding);
            return self.list.last_mut().expect("one was just pushed");
        }
        self.n_more += 1;
        self.spare.insert(finding)
    }

    /// What is wrong with the expression that the string at `value` holds.
    pub(super) fn expression(&mut self, value: &Range<usize>, decoded: &str, error: &ExprError) {
        let span = self.file.inside(value, decoded, error.span.clone());
        let finding = self.report(Code::BadExpression, span, &error.message);
        if let Some(help) = &error.help {
            finding.remedy(help);
        }
    }

    /// How many errors so far: a step that adds some is left out.
    pub(super) fn n_errors(&self) -> usize {
        self.n_errors
    }

    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        if self.n_more > 0 {
            let message = format!("{} more findings in this file are not listed", self.n_more);
            self.list.push(Diagnostic::new(&self.file.name, None, Code::More, &message));
        }
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let file = File::new("a.toml", "é = 1\nab = 'x'\n");
        assert_eq!(file.place(0..2), Place { line: 1, column: 1, span: 0..2 });
        assert_eq!(file.place(3..4), Place { line: 1, column: 3, span: 3..4 });
        assert_eq!(file.place(7..9), Place { line: 2, column: 1, span: 7..9 });
        assert_eq!(file.place(16..16).line, 3, "the end of the file");
    }

    #[test]
    fn a_part_of_a_string_is_found_behind_its_quotes() {
        let inside = |source: &str, decoded: &str| File::new("a", source).inside(&(0..source.len()), decoded, 1..2);
        assert_eq!(inside("'abc'", "abc"), 2..3);
        assert_eq!(inside("'''\nabc'''", "abc"), 5..6);
        assert_eq!(inside("'''\r\nabc'''", "abc"), 6..7);
        assert_eq!(inside(r#""a\u0062c""#, "abc"), 0..10, "escapes move the bytes: the whole value");
    }

    #[test]
    fn a_flood_of_findings_is_counted_not_listed() {
        let file = File::new("a", "");
        let mut sink = Sink::new(&file);
        for _ in 0..200 {
            sink.report(Code::UnknownKey, 0..0, "x").remedy("y");
        }
        assert_eq!(sink.n_errors(), 200);
        let list = sink.finish();
        assert_eq!((list.len(), list[50].message.as_str()), (51, "150 more findings in this file are not listed"));
    }
}
