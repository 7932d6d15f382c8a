//! A place in a file, shown as rustc shows it.

use std::{ops::Range, path::Path};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, Title};

use crate::text::Text;

/// With colours only where somebody looks, and has not asked for none.
pub(super) fn renderer(is_terminal: bool) -> Renderer {
    let colour = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if colour { Renderer::styled() } else { Renderer::plain() }
}

/// A path as text that cannot move a cursor.
pub(super) fn shown(path: &Path) -> Text {
    Text::clean_line(&path.to_string_lossy())
}

/// The title, the place with its line, then what to do. Without a place, or where the file is no text, the path alone.
pub(super) fn render(
    title: Title<'_>,
    path: &str,
    source: Option<(&str, Range<usize>)>,
    help: Option<&str>,
    renderer: &Renderer,
) -> String {
    let source = source.map(|(source, span)| (quotable(source), span));
    let body: Group<'_> = match &source {
        Some((source, span)) => {
            let span = first_line(source, span.clone());
            title.element(Snippet::source(source.as_str()).path(path).annotation(AnnotationKind::Primary.span(span)))
        }
        None => title.element(Origin::path(path)),
    };
    renderer.render(&[body.elements(help.map(|help| Level::HELP.message(help)))])
}

/// A text with everything replaced that a terminal could take for a command, byte for byte, so that spans stay.
fn quotable(text: &str) -> String {
    let is_plain = |c: char| matches!(c, '\n' | '\t' | ' '..='~') || !Text::clean(c.encode_utf8(&mut [0; 4])).is_empty();
    text.chars().map(|c| if is_plain(c) { c.to_string() } else { "?".repeat(c.len_utf8()) }).collect()
}

/// A span that is cut at the end of its first line: the head of a step stands for the whole step.
fn first_line(source: &str, span: Range<usize>) -> Range<usize> {
    let end = source.get(span.clone()).and_then(|text| text.find('\n')).map_or(span.end, |n| span.start + n);
    span.start..end.max(span.start)
}
