//! What the course reads in its texts: term links, `{=name}` places, words. Rendering is elsewhere.

use std::ops::Range;

use crate::id::is_kebab;

/// The terms that a Markdown text links as `[[id]]`, with their places. Code is left alone.
pub fn term_links(text: &str) -> Vec<(&str, Range<usize>)> {
    let code = code_spans(text);
    text.match_indices("[[")
        .filter(|(at, _)| !code.iter().any(|span| span.contains(at)))
        .filter_map(|(at, _)| {
            let id = &text[at + 2..][..text[at + 2..].find("]]")?];
            is_kebab(id).then(|| (id, at..at + id.len() + 4))
        })
        .collect()
}

/// Fenced blocks and inline code.
fn code_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('`').map(|n| at + n) {
        let ticks = text[start..].bytes().take_while(|&b| b == b'`').count();
        let inner = start + ticks;
        let end = closing_ticks(text, inner, ticks).unwrap_or(inner);
        spans.push(start..end);
        at = end;
    }
    spans
}

/// The byte behind the next run of exactly `n` ticks.
fn closing_ticks(text: &str, from: usize, n: usize) -> Option<usize> {
    let mut at = from;
    while let Some(start) = text[at..].find('`').map(|n| at + n) {
        let ticks = text[start..].bytes().take_while(|&b| b == b'`').count();
        if ticks == n {
            return Some(start + n);
        }
        at = start + ticks;
    }
    None
}

/// A `{=name}` or `{=name:.3}` in a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placeholder<'t> {
    pub(super) span: Range<usize>,
    pub(super) name: &'t str,
    /// `Err` holds what stands behind the colon and is not `.digits`.
    pub(super) decimals: Result<Option<usize>, &'t str>,
}

/// Every place for a value; all other braces are literal.
pub(super) fn placeholders(text: &str) -> Vec<Placeholder<'_>> {
    text.match_indices("{=")
        .filter_map(|(at, _)| {
            let inner = &text[at + 2..][..text[at + 2..].find('}')?];
            let (name, format) = inner.split_once(':').map_or((inner, None), |(name, format)| (name, Some(format)));
            let decimals = format.map(|f| f.strip_prefix('.').and_then(|n| n.parse().ok()).filter(|&n| n <= 12).ok_or(f));
            Some(Placeholder { span: at..at + inner.len() + 3, name: name.trim(), decimals: decimals.transpose() })
        })
        .collect()
}

/// Words that a learner reads; fenced listings do not count.
pub(super) fn n_words(text: &str) -> usize {
    let mut fenced = false;
    text.lines()
        .map(|line| {
            let fence = line.trim_start().starts_with("```");
            fenced ^= fence;
            if fence || fenced { 0 } else { line.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).count() }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_kebab_case_and_not_in_code() {
        let text =
            "A [[scale]] and [[zero-point]], not [[1, 2]], [[Scale]], `[[code]]`, ``a ` [[b]]`` or\n```\n[[x]]\n```\n[[bit]]";
        let ids: Vec<_> = term_links(text).into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["scale", "zero-point", "bit"]);
        let (_, span) = term_links(text)[0].clone();
        assert_eq!(&text[span], "[[scale]]");
    }

    #[test]
    fn only_an_equals_sign_makes_a_placeholder() {
        let found = placeholders(r"{=hi}, {=lo:.3}, {x}, $\frac{1}{2}$, {=a:b}");
        assert_eq!(
            found.iter().map(|p| (p.name, p.decimals)).collect::<Vec<_>>(),
            [("hi", Ok(None)), ("lo", Ok(Some(3))), ("a", Err("b"))]
        );
    }

    #[test]
    fn words_are_counted_without_listings() {
        assert_eq!(n_words("Two words -\n```\nlet x = 1;\n```\nand more"), 4);
    }
}
