//! Markdown events to lines.

use pulldown_cmark::{Alignment, Event, LinkType, Options, Parser, Tag, TagEnd};
use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::{
    Link, Rich, math,
    wrap::{self, Cell},
};
use crate::theme::{Role, Theme};

/// Math up to this width is kept on one line.
const GLUED: usize = 24;
const TABLE_GAP: usize = 2;

pub(super) fn build(markdown: &str, width: usize, theme: &Theme, names: &dyn Fn(&str) -> Option<String>) -> Rich {
    let options = Options::ENABLE_TABLES | Options::ENABLE_MATH | Options::ENABLE_WIKILINKS;
    let mut builder = Builder::new(width, theme, names);
    for event in Parser::new_ext(markdown, options) {
        builder.event(event);
    }
    builder.finish()
}

/// What stands before the lines of a block: a bullet or number once, then as many spaces; a bar on every line.
#[derive(Clone, Debug)]
struct Prefix {
    first: Option<String>,
    rest: String,
    style: Style,
}

#[derive(Debug, Default)]
struct Table {
    alignments: Vec<Alignment>,
    rows: Vec<Vec<Vec<Cell>>>,
}

struct Builder<'a> {
    width: usize,
    theme: &'a Theme,
    names: &'a dyn Fn(&str) -> Option<String>,
    rich: Rich,
    terms: Vec<String>,
    /// The inline text in hand.
    cells: Vec<Cell>,
    styles: Vec<Style>,
    prefixes: Vec<Prefix>,
    /// The next number of each list that is open; `None` for bullets.
    lists: Vec<Option<u64>>,
    link: Option<usize>,
    /// A link that names only its term shows this instead of its text.
    shown: Option<String>,
    code: Option<String>,
    table: Option<Table>,
    /// Whether a blank line must come before the next block.
    is_apart: bool,
}

impl<'a> Builder<'a> {
    fn new(width: usize, theme: &'a Theme, names: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            width,
            theme,
            names,
            rich: Rich::default(),
            terms: Vec::new(),
            cells: Vec::new(),
            styles: vec![theme.style(Role::Text)],
            prefixes: Vec::new(),
            lists: Vec::new(),
            link: None,
            shown: None,
            code: None,
            table: None,
            is_apart: false,
        }
    }

    fn finish(mut self) -> Rich {
        self.flush();
        self.rich
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.text(&text),
            },
            Event::Code(code) => self.inline_code(&code),
            Event::InlineMath(source) | Event::DisplayMath(source) => self.math(&source),
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => self.push("\n", self.style(), false),
            Event::Rule => self.rule(),
            Event::Html(html) | Event::InlineHtml(html) => self.text(html.trim_end_matches('\n')),
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => {}
            Tag::Heading { .. } => self.restyle(|s| s.add_modifier(Modifier::BOLD)),
            Tag::BlockQuote(_) => {
                self.flush();
                let bar = format!("{} ", self.theme.glyphs().quote);
                self.prefixes.push(Prefix { first: None, rest: bar, style: self.theme.style(Role::Grid) });
            }
            Tag::CodeBlock(_) => {
                self.flush();
                self.code = Some(String::new());
            }
            Tag::List(number) => {
                self.flush();
                self.is_apart &= self.lists.is_empty();
                self.lists.push(number);
            }
            Tag::Item => self.item(),
            Tag::Emphasis => self.restyle(|s| s.add_modifier(Modifier::ITALIC)),
            Tag::Strong => self.restyle(|s| s.add_modifier(Modifier::BOLD)),
            Tag::Link { link_type: LinkType::WikiLink { has_pothole }, dest_url, .. } => self.term(&dest_url, has_pothole),
            Tag::Table(alignments) => self.table = Some(Table { alignments, rows: Vec::new() }),
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.styles.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.prefixes.pop();
                self.is_apart = true;
            }
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::List(_) => {
                self.lists.pop();
                self.is_apart = self.lists.is_empty();
            }
            TagEnd::Item => {
                self.flush();
                self.prefixes.pop();
                self.is_apart = false;
            }
            TagEnd::Emphasis | TagEnd::Strong => {
                self.styles.pop();
            }
            TagEnd::Link if self.link.is_some() => {
                if let Some(name) = self.shown.take() {
                    self.push(&name, self.style(), false);
                }
                self.link = None;
                self.styles.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.cells);
                if let Some(row) = self.table.as_mut().and_then(|t| t.rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.draw_table(),
            _ => {}
        }
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    fn restyle(&mut self, change: impl Fn(Style) -> Style) {
        self.styles.push(change(self.style()));
    }

    fn push(&mut self, text: &str, style: Style, is_glued: bool) {
        let said = self.theme.say(text);
        wrap::push(&mut self.cells, &said, style, self.link, is_glued);
    }

    fn text(&mut self, text: &str) {
        if self.shown.is_none() {
            self.push(&text.replace('\n', " "), self.style(), false);
        }
    }

    /// On a background of its own where there are colours, otherwise in backticks.
    fn inline_code(&mut self, code: &str) {
        let chip = self.theme.style(Role::Selection);
        if chip.bg.is_some() {
            self.push(code, self.style().patch(chip), false);
        } else {
            self.push(&format!("`{code}`"), self.style(), false);
        }
    }

    fn math(&mut self, source: &str) {
        let text = math::plain(source);
        let is_short = text.chars().count() <= GLUED;
        self.push(&text, self.style().add_modifier(Modifier::ITALIC), is_short);
    }

    fn term(&mut self, id: &str, has_text: bool) {
        self.shown = (!has_text).then(|| (self.names)(id).unwrap_or_else(|| id.into()));
        self.link = Some(self.terms.len());
        self.terms.push(id.into());
        let accent = self.theme.style(Role::Accent).add_modifier(Modifier::UNDERLINED);
        self.restyle(|s| s.patch(accent));
    }

    fn item(&mut self) {
        self.flush();
        let bullet = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => format!("{} ", self.theme.glyphs().bullet),
        };
        let rest = " ".repeat(bullet.chars().count());
        self.prefixes.push(Prefix { first: Some(bullet), rest, style: self.theme.style(Role::Dim) });
    }

    /// Wraps the inline text in hand into lines.
    fn flush(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        if !cells.is_empty() {
            self.lines(&cells);
            self.is_apart = true;
        }
    }

    fn lines(&mut self, cells: &[Cell]) {
        self.blank_line();
        let room = self.room();
        for line in wrap::wrap(cells, room) {
            self.line(line);
        }
    }

    fn blank_line(&mut self) {
        if std::mem::take(&mut self.is_apart) && !self.rich.lines.is_empty() {
            self.rich.lines.push(Line::default());
        }
    }

    fn line(&mut self, cells: &[Cell]) {
        let prefix = self.prefix();
        let mut column: usize = prefix.iter().map(Span::width).sum();
        let line = self.rich.lines.len();
        for run in cells.chunk_by(|a, b| a.link == b.link) {
            let end = column + wrap::width(run);
            if let Some(idx) = run[0].link {
                self.rich.links.push(Link { term: self.terms[idx].clone(), idx, line, start_col: column, end_col: end });
            }
            column = end;
        }
        self.rich.lines.push(wrap::line(prefix, cells));
    }

    /// The prefix of the next line, left away where it would leave no room for text.
    fn prefix(&mut self) -> Vec<Span<'static>> {
        let is_shown = self.prefix_width() < self.width;
        let spans = self.prefixes.iter_mut().map(|p| Span::styled(p.first.take().unwrap_or_else(|| p.rest.clone()), p.style));
        let spans: Vec<_> = spans.collect();
        if is_shown { spans } else { Vec::new() }
    }

    fn prefix_width(&self) -> usize {
        self.prefixes.iter().map(|p| p.rest.chars().count()).sum()
    }

    fn room(&self) -> usize {
        let used = self.prefix_width();
        if used < self.width { self.width - used } else { self.width }
    }

    fn rule(&mut self) {
        self.flush();
        self.blank_line();
        let line = self.theme.glyphs().h.repeat(self.width.min(usize::from(u16::MAX)));
        self.rich.lines.push(Line::styled(line, self.theme.style(Role::Grid)));
        self.is_apart = true;
    }

    fn code_block(&mut self) {
        let Some(code) = self.code.take() else { return };
        self.blank_line();
        let bar = Prefix { first: None, rest: format!("{} ", self.theme.glyphs().v), style: self.theme.style(Role::Grid) };
        self.prefixes.push(bar);
        for source in code.trim_end_matches('\n').split('\n') {
            let mut cells = Vec::new();
            wrap::push(&mut cells, &self.theme.say(source), self.theme.style(Role::Text), None, true);
            for line in wrap::wrap(&cells, self.room()) {
                self.line(line);
            }
        }
        self.prefixes.pop();
        self.is_apart = true;
    }

    fn draw_table(&mut self) {
        let Some(table) = self.table.take() else { return };
        self.blank_line();
        let widths = column_widths(&table, self.room());
        for (i, row) in table.rows.iter().enumerate() {
            for line in table_row(row, &widths, &table.alignments, i == 0) {
                self.line(wrap::cut(&line, self.room()));
            }
            if i == 0 {
                let mut rule = Vec::new();
                let dashes: Vec<String> = widths.iter().map(|&w| self.theme.glyphs().h.repeat(w)).collect();
                wrap::push(&mut rule, &dashes.join(&" ".repeat(TABLE_GAP)), self.theme.style(Role::Grid), None, true);
                self.line(wrap::cut(&rule, self.room()));
            }
        }
        self.is_apart = true;
    }
}

/// The natural widths, the widest shrunk until all fit.
fn column_widths(table: &Table, room: usize) -> Vec<usize> {
    let n_columns = table.rows.iter().map(Vec::len).max().unwrap_or(0);
    let natural = |c: usize| table.rows.iter().filter_map(|r| r.get(c)).map(|cell| wrap::width(cell)).max().unwrap_or(0).max(1);
    let mut widths: Vec<usize> = (0..n_columns).map(natural).collect();
    let room = room.saturating_sub(TABLE_GAP * n_columns.saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > 1 => *widest -= 1,
            _ => break,
        }
    }
    widths
}

/// The lines of one row: each cell wrapped in its column.
fn table_row(row: &[Vec<Cell>], widths: &[usize], alignments: &[Alignment], is_head: bool) -> Vec<Vec<Cell>> {
    let wrapped: Vec<Vec<&[Cell]>> = row.iter().zip(widths).map(|(cell, &w)| wrap::wrap(cell, w)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let mut lines = vec![Vec::new(); height];
    for (y, line) in lines.iter_mut().enumerate() {
        for (column, (cell, &width)) in wrapped.iter().zip(widths).enumerate() {
            let content = cell.get(y).copied().unwrap_or_default();
            let pad = width.saturating_sub(wrap::width(content));
            let left = match alignments.get(column) {
                Some(Alignment::Right) => pad,
                Some(Alignment::Center) => pad / 2,
                _ => 0,
            };
            let gap = if column > 0 { TABLE_GAP } else { 0 };
            wrap::push(line, &" ".repeat(gap + left), Style::new(), None, true);
            let bold = |c: &Cell| Cell { style: c.style.add_modifier(Modifier::BOLD), ..c.clone() };
            line.extend(content.iter().map(|c| if is_head { bold(c) } else { c.clone() }));
            wrap::push(line, &" ".repeat(pad - left), Style::new(), None, true);
        }
    }
    lines
}
