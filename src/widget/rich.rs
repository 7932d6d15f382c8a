//! Lesson prose: Markdown to wrapped, styled lines, with inline math and links to terms.
//!
//! Shown are paragraphs, lists, emphasis, code, tables, quotes, `$r = s(q - z)$` in plain Unicode, and `[[term]]` or
//! `[[term|shown]]`. Anything else of Markdown (HTML, images) appears as its text.

mod build;
mod math;
mod wrap;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::Line,
};

use super::{card::highlight, dots::print_line};
use crate::theme::Theme;

pub use math::plain as plain_math;

/// Prose laid out for one width.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rich {
    pub lines: Vec<Line<'static>>,
    /// In reading order. A link that is broken over two lines is in here twice, both with the same `idx`.
    pub links: Vec<Link>,
}

/// Where a term is linked from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The term's id, as it was written.
    pub term: String,
    /// The number of the link in the text, from 0.
    pub idx: usize,
    pub line: usize,
    pub start_col: usize,
    /// One past the last column.
    pub end_col: usize,
}

/// Lays out `markdown` in `width` columns. `names` gives what a link shows that names only its term.
///
/// No line is wider than `width` (a character wider than `width` alone excepted). Prose of more than 88 columns reads
/// badly: the caller caps the width.
pub fn layout(markdown: &str, width: u16, theme: &Theme, names: &dyn Fn(&str) -> Option<String>) -> Rich {
    build::build(markdown, usize::from(width.max(1)), theme, names)
}

impl Rich {
    pub fn height(&self) -> u16 {
        self.lines.len().min(usize::from(u16::MAX)) as u16
    }

    /// The term of the link with number `idx`.
    pub fn term(&self, idx: usize) -> Option<&str> {
        self.links.iter().find(|l| l.idx == idx).map(|l| l.term.as_str())
    }

    pub fn n_links(&self) -> usize {
        self.links.last().map_or(0, |l| l.idx + 1)
    }

    /// Draws the lines from `skip` on; the focused link gets the selection.
    pub fn render(&self, skip: usize, focused: Option<usize>, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        for (line, y) in self.lines.iter().skip(skip).zip(area.top()..area.bottom()) {
            print_line(line, Rect { y, height: 1, ..area }, buf);
        }
        for link in self.links.iter().filter(|l| Some(l.idx) == focused && l.line >= skip) {
            let (row, width) = (link.line - skip, usize::from(area.width));
            if row < usize::from(area.height) && link.start_col < width {
                let (start, end) = (link.start_col as u16, link.end_col.min(width) as u16);
                let place = Rect { x: area.x + start, y: area.y + row as u16, width: end - start, height: 1 };
                highlight(theme, place, buf);
                // On the darkest terminals the selection alone is faint.
                buf.set_style(place, Style::new().add_modifier(Modifier::BOLD));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Background, Depth};

    const PLAIN: Theme = Theme::new(Background::Dark, Depth::None, false);
    const COLOUR: Theme = Theme::new(Background::Dark, Depth::True, false);

    fn names(term: &str) -> Option<String> {
        (term == "zero-point").then(|| "zero point".into())
    }

    fn text(markdown: &str, width: u16) -> String {
        let rich = layout(markdown, width, &PLAIN, &names);
        rich.lines.iter().map(|l| l.to_string().trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn paragraphs_lists_quotes_and_code_are_laid_out() {
        let markdown = "After a ReLU nothing is **negative**.\nA symmetric grid spends half its codes.\n\n\
            - one item that is long enough to wrap\n- two\n  1. nested\n  2. again\n\n> a quote that wraps as well here\n\n\
            ```python\nq = np.clip(x, 0, 1)\n```\nand `code`.";
        insta::assert_snapshot!(text(markdown, 30), @r"
        After a ReLU nothing is
        negative. A symmetric grid
        spends half its codes.

        • one item that is long enough
          to wrap
        • two
          1. nested
          2. again

        ▎ a quote that wraps as well
        ▎ here

        │ q = np.clip(x, 0, 1)

        and `code`.
        ");
    }

    #[test]
    fn a_table_lines_up_and_shrinks_to_its_width() {
        let markdown = "| mode | SQNR |\n|:--|--:|\n| half to even | 43.2 |\n| truncate | 37.18 |\n";
        insta::assert_snapshot!(text(markdown, 40), @r"
        mode           SQNR
        ────────────  ─────
        half to even   43.2
        truncate      37.18
        ");
        let rich = layout(markdown, 14, &PLAIN, &names);
        assert!(rich.lines.iter().all(|l| l.width() <= 14), "{rich:?}");
    }

    #[test]
    fn links_know_their_place_and_their_name() {
        let rich = layout("The [[zero-point]] and the [[scale|step size]] of [[nothing]].", 24, &COLOUR, &names);
        let shown: Vec<String> = rich.lines.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["The zero point and the", "step size of nothing."]);
        let links: Vec<_> = rich.links.iter().map(|l| (l.term.as_str(), l.idx, l.line, l.start_col, l.end_col)).collect();
        assert_eq!(links, [("zero-point", 0, 0, 4, 14), ("scale", 1, 1, 0, 9), ("nothing", 2, 1, 13, 20)]);
        assert_eq!((rich.term(1), rich.n_links()), (Some("scale"), 3));
        let link = &rich.lines[0].spans[1];
        assert!(link.style.add_modifier.contains(Modifier::UNDERLINED) && link.content == "zero point");
    }

    #[test]
    fn a_link_over_two_lines_keeps_its_number() {
        let rich = layout("aaaa [[zero-point]]", 10, &COLOUR, &names);
        let links: Vec<_> = rich.links.iter().map(|l| (l.idx, l.line, l.start_col, l.end_col)).collect();
        assert_eq!(links, [(0, 0, 5, 9), (0, 1, 0, 5)]);
    }

    #[test]
    fn math_reads_as_text() {
        assert_eq!(
            text("So $\\hat r = s(q - z)$ with $2^{b-1} - 1$ codes.", 60),
            "So r\u{302} = s(q − z) with 2^(b−1) − 1 codes.\n"
        );
        let ascii = Theme::new(Background::Dark, Depth::None, true);
        let rich = layout("$\\sum x^2 \\le 1$ – “so” • ok", 60, &ascii, &names);
        assert_eq!(rich.lines[0].to_string(), "sum x^2 <= 1 - \"so\" * ok");
    }

    #[test]
    fn every_line_fits_at_every_width() {
        let markdown = "# Head\n\nSome *prose* with `inline code`, 日本語のテキスト, $a \\times b$ and averyveryverylongword.\n\n\
            - item\n  - nested item with words\n\n> quote\n\n| a | b |\n|--|--|\n| cell with words | other |\n\n```\ncode line that is long\n```\n\n---\n<b>html</b>";
        for width in (2..40).chain([65_535]) {
            let rich = layout(markdown, width, &PLAIN, &names);
            for line in &rich.lines {
                assert!(line.width() <= usize::from(width), "{width}: {line:?}");
            }
            let mut buf = Buffer::empty(Rect::new(0, 0, width.min(100), 5));
            rich.render(1, Some(0), &PLAIN, buf.area, &mut buf);
        }
        layout(markdown, 0, &PLAIN, &names);
    }
}
