//! Styled graphemes and where their lines break.

use ratatui::{
    style::Style,
    text::{Line, Span},
};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// One grapheme of inline text.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) width: usize,
    pub(super) style: Style,
    pub(super) link: Option<usize>,
    /// A space at which a line may not break.
    pub(super) is_glued: bool,
}

/// Appends text; `is_glued` keeps its spaces from breaking.
pub(super) fn push(cells: &mut Vec<Cell>, text: &str, style: Style, link: Option<usize>, is_glued: bool) {
    cells.extend(text.graphemes(true).map(|g| Cell { text: g.into(), width: g.width(), style, link, is_glued }));
}

pub(super) fn width(cells: &[Cell]) -> usize {
    cells.iter().map(|c| c.width).sum()
}

/// Greedy lines of at most `width` columns; a forced break (`"\n"`) ends a line, the space at a break is dropped.
pub(super) fn wrap(cells: &[Cell], width: usize) -> Vec<&[Cell]> {
    cells.split(|c| c.text == "\n").flat_map(|part| wrap_part(part, width.max(1))).collect()
}

fn wrap_part(mut rest: &[Cell], width: usize) -> Vec<&[Cell]> {
    let mut lines = Vec::new();
    loop {
        let fits = fitting(rest, width);
        if fits == rest.len() {
            lines.push(rest);
            return lines;
        }
        // The character that no longer fits may itself be the space to break at.
        let (end, next) = match (1..=fits).rev().find(|&at| is_break(rest, at)) {
            Some(space) => (space, space + 1),
            None => (fits.max(1), fits.max(1)),
        };
        lines.push(&rest[..end]);
        rest = &rest[next..];
        if rest.is_empty() {
            return lines;
        }
    }
}

/// A space, but not one that groups the digits of a number: `16 777 216` stays whole.
fn is_break(cells: &[Cell], at: usize) -> bool {
    let is_digit = |idx: usize| cells.get(idx).is_some_and(|c| c.text.bytes().all(|b| b.is_ascii_digit()));
    let groups = is_digit(at - 1) && (1..=3).all(|n| is_digit(at + n)) && !is_digit(at + 4);
    cells[at].text == " " && !cells[at].is_glued && !groups
}

/// How many leading cells fit.
fn fitting(cells: &[Cell], width: usize) -> usize {
    let mut used = 0;
    cells
        .iter()
        .take_while(|c| {
            used += c.width;
            used <= width
        })
        .count()
}

/// The leading cells that fit.
pub(super) fn cut(cells: &[Cell], width: usize) -> &[Cell] {
    &cells[..fitting(cells, width)]
}

/// Neighbours of one style become one span.
pub(super) fn spans(cells: &[Cell]) -> impl Iterator<Item = Span<'static>> + '_ {
    cells
        .chunk_by(|a, b| a.style == b.style && a.link == b.link)
        .map(|run| Span::styled(run.iter().map(|c| c.text.as_str()).collect::<String>(), run[0].style))
}

/// A line that begins with a prefix.
pub(super) fn line(prefix: Vec<Span<'static>>, cells: &[Cell]) -> Line<'static> {
    prefix.into_iter().chain(spans(cells)).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_does_not_break_inside_of_a_number() {
        let lines = |text: &str, width| {
            let mut cells = Vec::new();
            push(&mut cells, text, Style::default(), None, false);
            wrap(&cells, width).into_iter().map(|line| line.iter().map(|c| c.text.as_str()).collect()).collect::<Vec<String>>()
        };
        assert_eq!(lines("operations 16 777 216.", 19), ["operations", "16 777 216."]);
        assert_eq!(lines("of 8 16 32 64", 7), ["of 8 16", "32 64"], "these are four numbers");
        assert_eq!(lines("in 2000 1024 or 1 2345", 9), ["in 2000", "1024 or 1", "2345"]);
        assert_eq!(lines("1 000 000", 5), ["1 000", " 000"], "wider than the line");
    }
}
