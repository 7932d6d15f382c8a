//! Questions on the page: options, fields, items to order, pairs to match, and what a check said.

use ratatui::text::{Line, Span};

use super::{Settled, bad, dim, good, outcome};
use crate::{
    course::{ClozePiece, OutputLine, SCRIPT, Step, StepBody, Tolerance, compare_output, filled, show, solution_text},
    input::Action,
    screen::{
        Offer, View,
        lesson::question::{Asked, Question},
        page::{Page, Terms},
    },
    text::Text,
    theme::Role,
    widget::{field::Field, syntax},
};

const LETTERS: [char; 6] = ['a', 'b', 'c', 'd', 'e', 'f'];
/// A field is at least this wide, and grows with what is typed.
const FIELD_WIDTH: usize = 12;
/// The same for a line of output.
const OUTPUT_WIDTH: usize = 36;
/// The same for a blank in a line of text.
const BLANK_WIDTH: usize = 7;

pub(in crate::screen) fn footer(question: &Question, settled: Option<Settled>) -> Vec<Offer> {
    if settled.is_some() {
        return vec![
            Offer::new(&[Action::Primary], "on"),
            Offer::new(&[Action::Run], "again"),
            Offer::new(&[Action::Prev], "back"),
        ];
    }
    let wrong = question.verdict.as_ref().is_some_and(|v| !v.correct && v.error.is_none());
    let mut offers = vec![Offer::new(&[Action::Primary], if wrong { "try again" } else { "check" })];
    offers.extend(match &question.asked {
        Asked::One { .. } => vec![Offer::new(&[Action::Up, Action::Down], "choose")],
        Asked::Many { .. } => vec![Offer::new(&[Action::Up, Action::Down], "move"), Offer::new(&[Action::Space], "mark")],
        Asked::Fields { fields, typing: true, .. } if fields.len() > 1 => {
            vec![Offer::new(&[Action::NextRegion], "next field"), Offer::new(&[Action::Back], "leave the field")]
        }
        Asked::Fields { typing: true, .. } => vec![Offer::new(&[Action::Back], "leave the field")],
        Asked::Fields { .. } => vec![Offer::new(&[Action::NextRegion], "type")],
        Asked::Order { held: true, .. } => {
            vec![Offer::new(&[Action::Up, Action::Down], "carry"), Offer::new(&[Action::Space], "drop")]
        }
        Asked::Order { .. } => vec![Offer::new(&[Action::Up, Action::Down], "move"), Offer::new(&[Action::Space], "grab")],
        Asked::Match { .. } => {
            vec![Offer::new(&[Action::Up, Action::Down], "item"), Offer::new(&[Action::Answer(0), Action::Answer(5)], "partner")]
        }
    });
    offers
}

/// A question as it is drawn.
pub(in crate::screen) struct Asking<'a> {
    pub(in crate::screen) step: &'a Step,
    pub(in crate::screen) question: &'a Question,
    pub(in crate::screen) settled: Option<Settled>,
    /// What it paid since it was opened.
    pub(in crate::screen) gained: u32,
    pub(in crate::screen) width: u16,
    pub(in crate::screen) view: &'a View<'a>,
    pub(in crate::screen) terms: Terms<'a>,
}

impl Asking<'_> {
    pub(in crate::screen) fn page(&self, page: &mut Page) {
        self.prompt(page);
        page.blank();
        match (&self.question.asked, &self.step.body) {
            (Asked::One { cursor, marked }, _) => self.options(page, marked.then_some(*cursor), None),
            (Asked::Many { cursor, marked }, _) => self.options(page, Some(*cursor), Some(marked)),
            (Asked::Fields { fields, focus, typing }, StepBody::Cloze(cloze)) => {
                self.cloze(page, &cloze.pieces, fields, *focus, *typing);
            }
            (Asked::Fields { fields, focus, typing }, StepBody::Output(_)) => self.outputs(page, fields, *focus, *typing),
            (Asked::Fields { fields, focus, typing }, _) => self.numbers(page, fields, *focus, *typing),
            (Asked::Order { items, cursor, held }, _) => self.order(page, items, *cursor, *held),
            (Asked::Match { cursor, partners }, _) => self.matching(page, *cursor, partners),
        }
        page.blank();
        self.said(page);
    }

    fn prompt(&self, page: &mut Page) {
        let prompt = match &self.step.body {
            StepBody::Choice(choice) => choice.prompt.to_string(),
            StepBody::Numeric(numeric) => filled(self.step, self.question.seed, &numeric.prompt),
            StepBody::Cloze(cloze) => cloze.prompt.as_ref().map_or_else(|| "Fill in the blanks.".into(), Text::to_string),
            StepBody::Order(order) => order.prompt.to_string(),
            StepBody::Match(matching) => matching.prompt.to_string(),
            StepBody::Output(output) => output.prompt.as_ref().map_or_else(|| "What does this print?".into(), Text::to_string),
            StepBody::Text(_) | StepBody::Code(_) | StepBody::Lab(_) | StepBody::Exercise(_) => return,
        };
        page.markdown(&prompt, self.width, 0, self.view.theme, self.terms);
    }

    /// Options of a choice. A wrong one shows its own feedback; all feedback shows at the end.
    fn options(&self, page: &mut Page, cursor: Option<usize>, marked: Option<&[bool]>) {
        let StepBody::Choice(choice) = &self.step.body else { return };
        let (theme, glyphs) = (self.view.theme, self.view.theme.glyphs());
        for (place, &idx) in self.question.shown.iter().enumerate() {
            let option = &choice.options[idx];
            let here = Some(place) == cursor && self.settled.is_none();
            let ended = self.settled.is_some();
            let tried = self.question.tried.contains(&idx);
            let pointer = if here { glyphs.pointer } else { " " };
            let mut lead = vec![Span::styled(format!("{pointer} {} ", LETTERS[place.min(5)]), theme.style(Role::Accent))];
            if let Some(marked) = marked {
                lead.push(Span::raw(format!("{} ", if marked[place] { glyphs.box_on } else { glyphs.box_off })));
            }
            lead.push(match (ended && option.correct, tried) {
                (true, _) => good(self.view),
                (false, true) => bad(self.view),
                _ => Span::raw("  "),
            });
            let first = page.lines.len();
            let style = if here { theme.style(Role::Text).patch(theme.style(Role::Selection)) } else { theme.style(Role::Text) };
            page.hanging(lead, &option.text, self.width, theme, style, self.terms);
            if ended || tried {
                let indent = if marked.is_some() { 8 } else { 6 };
                let feedback = Span::raw(" ".repeat(indent));
                page.hanging(vec![feedback], &option.feedback, self.width, theme, theme.style(Role::Dim), self.terms);
            }
            if here {
                page.focus = Some((first, page.lines.len() - 1));
                page.cursor = Some((first, 2));
            }
        }
    }

    /// One row a part: label, field, unit.
    fn numbers(&self, page: &mut Page, fields: &[Field], focus: usize, typing: bool) {
        let StepBody::Numeric(numeric) = &self.step.body else { return };
        let label_width = numeric.parts.iter().map(|p| p.label.chars().count()).max().unwrap_or(0);
        for (idx, (part, field)) in numeric.parts.iter().zip(fields).enumerate() {
            let mut spans = vec![self.part_mark(idx)];
            if label_width > 0 {
                spans.push(Span::raw(format!("{:label_width$}  ", part.label.as_str())));
            }
            let column: usize = spans.iter().map(Span::width).sum();
            self.field(page, &mut spans, field, FIELD_WIDTH, column, typing && idx == focus);
            spans.push(dim(format!(" {}", numeric.unit), self.view));
            page.line(Line::from(spans));
        }
    }

    /// The listing, and a field for each line that it prints; behind a check both sides line by line.
    fn outputs(&self, page: &mut Page, fields: &[Field], focus: usize, typing: bool) {
        let StepBody::Output(output) = &self.step.body else { return };
        let (theme, glyphs) = (self.view.theme, self.view.theme.glyphs());
        for line in syntax::lines(&output.run, syntax::language(SCRIPT), theme) {
            let edge = Span::styled(format!("{} ", glyphs.v), theme.style(Role::Grid));
            page.line(Line::from([vec![edge], line.spans].concat()));
        }
        page.blank();
        let checked = self.question.verdict.is_some() || self.settled.is_some();
        if let Some(run) = self.question.printed.as_ref().filter(|_| checked) {
            let said = fields.iter().map(Field::text).collect::<Vec<_>>().join("\n");
            self.difference(page, &compare_output(&said, &run.text()));
            if self.settled.is_some() {
                return;
            }
            page.blank();
        }
        for (idx, field) in fields.iter().enumerate() {
            let label = if idx == 0 { "It prints  " } else { "           " };
            let mut spans = vec![dim(label, self.view)];
            self.field(page, &mut spans, field, OUTPUT_WIDTH, label.len(), typing && idx == focus && self.settled.is_none());
            page.line(Line::from(spans));
        }
    }

    fn difference(&self, page: &mut Page, lines: &[OutputLine]) {
        let blank = || Span::raw("  ");
        for line in lines {
            let (mark, label, text) = match line {
                OutputLine::Same(text) => (good(self.view), "printed  ", text),
                OutputLine::Said(text) => (bad(self.view), "you said ", text),
                OutputLine::Printed(text) => (blank(), "printed  ", text),
            };
            // An empty line that was said is a field left open by the solution: nothing to compare.
            if matches!(line, OutputLine::Said(text) if text.trim().is_empty()) {
                continue;
            }
            let text = self.view.theme.say(text).into_owned();
            page.line(Line::from(vec![mark, dim(label, self.view), Span::raw(text)]));
        }
    }

    /// Text with fields in it, broken at the width between pieces and words.
    fn cloze(&self, page: &mut Page, pieces: &[ClozePiece], fields: &[Field], focus: usize, typing: bool) {
        let mut spans: Vec<Span<'static>> = Vec::new();
        let mut blank = 0;
        for piece in pieces {
            match piece {
                ClozePiece::Text(text) => {
                    for word in text.split_inclusive([' ', '\n']) {
                        let width: usize = spans.iter().map(Span::width).sum();
                        if width + word.trim_end().chars().count() > usize::from(self.width) && width > 0 {
                            page.line(Line::from(std::mem::take(&mut spans)));
                        }
                        spans.push(Span::raw(word.trim_end_matches('\n').to_owned()));
                        if word.ends_with('\n') {
                            page.line(Line::from(std::mem::take(&mut spans)));
                        }
                    }
                }
                ClozePiece::Blank(_) => {
                    let Some(field) = fields.get(blank) else { break };
                    let column: usize = spans.iter().map(Span::width).sum();
                    if column + BLANK_WIDTH > usize::from(self.width) && column > 0 {
                        page.line(Line::from(std::mem::take(&mut spans)));
                    }
                    let column: usize = spans.iter().map(Span::width).sum();
                    self.field(page, &mut spans, field, BLANK_WIDTH, column, typing && blank == focus);
                    spans.push(self.part_mark(blank));
                    blank += 1;
                }
            }
        }
        page.line(Line::from(spans));
    }

    /// A field as underlined text; the cursor stands in the focused one.
    fn field(&self, page: &mut Page, spans: &mut Vec<Span<'static>>, field: &Field, width: usize, column: usize, focused: bool) {
        use ratatui::style::Modifier;
        let role = if focused { Role::Accent } else { Role::Text };
        let text = format!("{:width$}", field.text());
        let style = self.view.theme.style(role).add_modifier(Modifier::UNDERLINED);
        spans.push(Span::styled(text, style));
        if focused {
            let line = page.lines.len();
            page.cursor = Some((line, (column + field.columns_before_cursor()) as u16));
            page.focus = Some((line, line));
        }
    }

    /// Right or wrong, part by part, once it was checked.
    fn part_mark(&self, idx: usize) -> Span<'static> {
        match self.question.verdict.as_ref().filter(|v| v.error.is_none()).and_then(|v| v.parts.get(idx)) {
            Some(true) => good(self.view),
            Some(false) => bad(self.view),
            None => Span::raw("  "),
        }
    }

    fn order(&self, page: &mut Page, items: &[usize], cursor: usize, held: bool) {
        let StepBody::Order(order) = &self.step.body else { return };
        let (theme, glyphs) = (self.view.theme, self.view.theme.glyphs());
        for (place, &idx) in items.iter().enumerate() {
            let here = place == cursor && self.settled.is_none();
            let pointer = match (here, held) {
                (true, true) => glyphs.choice_left,
                (true, false) => glyphs.pointer,
                _ => " ",
            };
            let lead = vec![Span::styled(format!("{pointer} {} ", place + 1), theme.style(Role::Accent)), self.part_mark(place)];
            let style = if here { theme.style(Role::Text).patch(theme.style(Role::Selection)) } else { theme.style(Role::Text) };
            let first = page.lines.len();
            page.hanging(lead, &order.items[idx], self.width, theme, style, self.terms);
            if here {
                page.focus = Some((first, page.lines.len() - 1));
                page.cursor = Some((first, 2));
            }
        }
    }

    fn matching(&self, page: &mut Page, cursor: usize, partners: &[Option<usize>]) {
        let StepBody::Match(matching) = &self.step.body else { return };
        let (theme, glyphs) = (self.view.theme, self.view.theme.glyphs());
        let partner = |idx: usize| matching.partner(idx);
        let widest =
            matching.pairs.iter().map(|(left, _)| left.chars().count()).max().unwrap_or(0).min(usize::from(self.width) / 2);
        for (place, (left, _)) in matching.pairs.iter().enumerate() {
            let here = place == cursor && self.settled.is_none();
            let pointer = if here { glyphs.pointer } else { " " };
            let chosen = partners[place].map_or_else(
                || glyphs.absent.to_owned(),
                |idx| {
                    let letter = self.question.shown.iter().position(|&s| s == idx).map_or(' ', |at| LETTERS[at.min(5)]);
                    format!("{letter} {}", partner(idx))
                },
            );
            let lead = vec![Span::styled(format!("{pointer} "), theme.style(Role::Accent)), self.part_mark(place)];
            let style = if here { theme.style(Role::Text).patch(theme.style(Role::Selection)) } else { theme.style(Role::Text) };
            let first = page.lines.len();
            page.hanging(lead, &format!("{:widest$}   {chosen}", left.as_str()), self.width, theme, style, self.terms);
            if here {
                page.focus = Some((first, page.lines.len() - 1));
                page.cursor = Some((first, 2));
            }
        }
        page.blank();
        for (place, &idx) in self.question.shown.iter().enumerate() {
            let lead = vec![Span::styled(format!("    {} ", LETTERS[place.min(5)]), theme.style(Role::Accent))];
            page.hanging(lead, partner(idx), self.width, theme, theme.style(Role::Text), self.terms);
        }
    }

    /// What the check said; at the end why it is right.
    fn said(&self, page: &mut Page) {
        let theme = self.view.theme;
        let verdict = self.question.verdict.as_ref();
        if let Some(error) = verdict.and_then(|v| v.error.as_ref()).map(|e| &e.message) {
            page.hanging(
                vec![Span::styled(format!("{} ", theme.glyphs().warn), theme.style(Role::Warn))],
                error,
                self.width,
                theme,
                theme.style(Role::Text),
                self.terms,
            );
            return;
        }
        if let Some(settled) = self.settled {
            page.line(outcome(settled, self.gained, self.width, self.view));
            // The solution stands in the question itself; of numbers it says how they are computed.
            if matches!(self.step.body, StepBody::Numeric(_)) && settled == Settled::Shown {
                for line in solution_text(self.step, self.question.seed) {
                    page.hanging(vec![Span::raw("  ")], &line, self.width, theme, theme.style(Role::Text), self.terms);
                }
            }
            if let Some(explain) = &self.step.explain {
                page.markdown(&filled(self.step, self.question.seed, explain), self.width, 2, theme, self.terms);
            }
            return;
        }
        let Some(verdict) = verdict.filter(|v| !v.correct) else { return };
        if matches!(self.question.asked, Asked::One { .. }) {
            return;
        }
        if verdict.feedback.is_empty() {
            page.line(Line::from(vec![bad(self.view), Span::raw(self.not_right(&verdict.parts))]));
        }
        for feedback in &verdict.feedback {
            page.hanging(vec![bad(self.view)], feedback, self.width, theme, theme.style(Role::Text), self.terms);
        }
    }

    /// How far a wrong answer is off that shows no mistake with a name.
    fn not_right(&self, parts: &[bool]) -> String {
        let n_right = parts.iter().filter(|right| **right).count();
        match (&self.step.body, parts) {
            (StepBody::Numeric(numeric), [_]) => {
                let Tolerance { abs, rel } = numeric.parts[0].answer.tolerance;
                match (abs > 0.0, rel > 0.0) {
                    (false, false) => "This is another number.".into(),
                    (true, false) => {
                        format!("This is further off than {} {}", show(abs), numeric.unit).trim_end().to_owned() + "."
                    }
                    _ => format!("This is further off than {} %.", show(100.0 * rel)),
                }
            }
            (_, [_]) => "This is not it.".into(),
            _ => format!("{n_right} of {} {} right.", parts.len(), if n_right == 1 { "is" } else { "are" }),
        }
    }
}
