//! A listing or an exercise on the screen: the words above, the code in a box, what it printed or passed below it, or
//! beside it where there is room.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr;

use super::{bad, dim, good, hints, names, outcome};
use crate::{
    course::{ExerciseStep, Step, StepBody},
    input::Action,
    lab::Figure,
    screen::{
        Offer, View,
        lesson::{
            LessonScreen, Settled,
            bench::{self, Bench, Region, Said},
        },
        page::{self, Page},
    },
    script::{End, Failure, Fault, Grade, Piece, Run},
    theme::Role,
    widget::{self, card, figure::FigureView, syntax},
};

/// From this width on the output stands beside the code.
const WIDE: u16 = 104;
/// Columns between them, and those that the output keeps.
const GAP: u16 = 2;
const LEAST_OUTPUT: u16 = 30;
/// A figure in the output takes this many rows.
const FIGURE_ROWS: u16 = 12;
/// Rows that the code keeps while the output is in hand, its frame included.
const LEAST_CODE: u16 = 5;
/// More is not laid out; the output of a run is bounded anyway.
const MAX_ROWS: u16 = 4_000;

pub(super) fn footer(bench: &Bench, step: Option<&Step>) -> Vec<Offer> {
    if bench.running.is_some() {
        return vec![Offer::new(&[Action::Back], "stop")];
    }
    let graded = step.is_some_and(Step::graded);
    let run = if graded { "run the tests" } else { "run" };
    if bench.region == Region::Editor {
        return vec![
            Offer::new(&[Action::Run], run),
            Offer::new(&[Action::NextRegion], "output"),
            Offer::new(&[Action::Back], "leave"),
            Offer::new(&[Action::Undo], "undo"),
            Offer::new(&[Action::External], "$EDITOR"),
        ];
    }
    let has_code = bench.has_code();
    let mut offers = vec![Offer::new(&[Action::Primary], if bench.wants_run() { run } else { "on" })];
    if has_code {
        if !bench.wants_run() {
            offers.push(Offer::new(&[Action::Run], if graded { "test again" } else { "run again" }));
        }
        offers.push(Offer::new(&[Action::NextRegion], if bench.region == Region::Page { "edit" } else { "back to the page" }));
    }
    if bench.n_tabs() > 1 {
        offers.push(Offer::new(&[Action::View], "next listing"));
    }
    if has_code {
        offers.push(Offer::new(&[Action::Reset], "reset"));
    }
    offers.push(Offer::new(&[Action::Copy], "copy"));
    offers
}

pub(super) fn body(
    screen: &LessonScreen,
    bench: &Bench,
    step: &Step,
    area: Rect,
    buf: &mut Buffer,
    view: &View,
) -> Option<Position> {
    let margin = if area.width > 40 { 2 } else { 0 };
    let area = Rect { x: area.x + margin, width: area.width.saturating_sub(2 * margin), ..area };
    let words = words(screen, step, area.width.min(page::MAX_PROSE), view);
    let output = Output::of(screen, bench, step, view);
    let places = places(bench, step, words.lines.len() as u16, &output, area);
    words.render(places.words, buf, screen.scroll, view.theme);
    let cursor = code(bench, step, places.code, buf, view);
    if let Some(place) = places.output {
        output.render(bench, place, buf, view);
    }
    cursor
}

/// What stands above the code.
fn words(screen: &LessonScreen, step: &Step, width: u16, view: &View) -> Page {
    let mut page = Page::default();
    let Some(lesson) = &screen.lesson else { return page };
    let terms = names(lesson);
    let prompt = match &step.body {
        StepBody::Code(code) => code.prompt.as_ref(),
        StepBody::Exercise(exercise) => exercise.prompt.as_ref(),
        _ => None,
    };
    if let Some(prompt) = prompt {
        page.markdown(prompt, width, 0, view.theme, &terms);
    }
    hints(&mut page, screen, step, width, view, &terms);
    page
}

struct Places {
    words: Rect,
    code: Rect,
    output: Option<Rect>,
}

/// Who gets how many rows. The region in hand is served first, and nobody goes without.
fn places(bench: &Bench, step: &Step, n_words: u16, output: &Output, area: Rect) -> Places {
    let n_lines = match &step.body {
        StepBody::Code(code) if !bench.shows_code() => code.tabs().get(bench.tab).map_or(0, |(_, code)| code.lines().count()),
        _ => bench.editor.n_lines(),
    };
    let n_code = u16::try_from(n_lines).unwrap_or(u16::MAX).saturating_add(2);
    let most_words = if bench.region == Region::Page { area.height.saturating_sub(10) } else { area.height / 4 };
    let n_words = n_words.min(most_words.max(2)).min(area.height);
    let words = Rect { height: n_words, ..area };
    let gap = u16::from(n_words > 0 && area.height > n_words);
    let rest = Rect { y: area.y + n_words + gap, height: area.height.saturating_sub(n_words + gap), ..area };
    if !bench.has_code() {
        return Places { words, code: Rect { height: n_code.min(rest.height), ..rest }, output: None };
    }
    if let Some(width) = width_beside(bench, step, n_code, output, rest) {
        let code = Rect { width, height: rest.height.min(n_code.max(output.n_rows().saturating_add(2))), ..rest };
        let output = Rect { x: rest.x + width + GAP, width: rest.width - width - GAP, ..rest };
        return Places { words, code, output: Some(output) };
    }
    let wanted = output.n_rows().saturating_add(1);
    let n_output = if bench.region == Region::Output {
        wanted.min(rest.height.saturating_sub(LEAST_CODE))
    } else {
        // A third of the room for the output, two thirds for a solution, more where the code leaves it.
        let share = if bench.settled.is_some() { 2 * rest.height / 3 } else { rest.height / 3 };
        wanted.min(share.max(rest.height.saturating_sub(n_code)))
    };
    let n_code = n_code.min(rest.height.saturating_sub(n_output));
    let below = Rect { y: rest.y + n_code, height: rest.height.saturating_sub(n_code), ..rest };
    Places { words, code: Rect { height: n_code, ..rest }, output: Some(below) }
}

/// The width of the code where the output stands beside it: half of the room, more where its lines are longer and the
/// output can do with less. `None` where the output stands below, because there is no room for both, or because only the
/// whole width holds the longest line and both fit one above the other.
fn width_beside(bench: &Bench, step: &Step, n_code: u16, output: &Output, rest: Rect) -> Option<u16> {
    if rest.width < WIDE {
        return None;
    }
    let (promised_width, promised_rows) = promised(step);
    let wanted = code_width(bench, step);
    let half = rest.width / 2;
    let least = output.width().max(promised_width).max(LEAST_OUTPUT).min(half - GAP);
    let room = rest.width - GAP - least;
    let n_output = output.n_rows().max(promised_rows).saturating_add(1);
    let fits_below = wanted <= rest.width && n_code.saturating_add(n_output) <= rest.height;
    (wanted <= room || !fits_below).then(|| half.max(wanted.min(room)))
}

/// Columns of the widest listing of all tabs, so that the box stays when another one is shown, with the frame and
/// a blank inside of it on either side.
fn code_width(bench: &Bench, step: &Step) -> u16 {
    let others = match &step.body {
        StepBody::Code(code) => code.tabs().iter().map(|(_, listing)| widest(listing)).max(),
        _ => None,
    };
    let edited = bench.editor.gutter() + widest(&bench.editor.text());
    columns(edited.max(others.unwrap_or(0))).saturating_add(4)
}

/// Columns and rows of what a listing is known to print, so that its first run moves nothing.
fn promised(step: &Step) -> (u16, u16) {
    match &step.body {
        StepBody::Code(code) => {
            code.expect.as_ref().map_or((0, 0), |text| (columns(widest(text)), columns(text.lines().count())))
        }
        _ => (0, 0),
    }
}

fn widest(text: &str) -> usize {
    text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

fn columns(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// The box of the code, its tabs in the upper edge.
fn code(bench: &Bench, step: &Step, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
    if area.height < 3 {
        return None;
    }
    let theme = view.theme;
    let inner = card::card("", theme, area, buf);
    let mut x = 2;
    let tabs: Vec<&str> = match &step.body {
        StepBody::Code(code) => code.tabs().into_iter().map(|(language, _)| language).collect(),
        _ => vec!["your code"],
    };
    for (idx, name) in tabs.into_iter().enumerate() {
        let role = if idx == bench.tab { Role::Accent } else { Role::Dim };
        x += widget::print(buf, area, x, 0, &format!(" {name} "), theme.style(role));
    }
    let language = syntax::language(bench::language(step, bench.tab));
    if bench.shows_code() {
        let focused = bench.region == Region::Editor;
        return bench.editor.render(language, bench.faulty_line(), focused, theme, inner, buf);
    }
    let StepBody::Code(code) = &step.body else { return None };
    let (_, listing) = code.tabs().get(bench.tab).copied()?;
    let lines = syntax::lines(listing, language, theme);
    let top = usize::from(bench.scroll).min(lines.len().saturating_sub(usize::from(inner.height)));
    for (y, line) in lines.iter().skip(top).take(usize::from(inner.height)).enumerate() {
        buf.set_line(inner.x, inner.y + y as u16, line, inner.width);
    }
    None
}

/// What the pane below the code shows: lines with figures between them.
struct Output<'a> {
    heading: String,
    rows: Vec<Row<'a>>,
}

enum Row<'a> {
    Line(Line<'static>),
    Figure(&'a Figure),
}

impl<'a> Output<'a> {
    fn of(screen: &LessonScreen, bench: &'a Bench, step: &'a Step, view: &View) -> Self {
        let mut output = Self { heading: heading(bench, step), rows: Vec::new() };
        match (&bench.said, &step.body) {
            (Some(Said::Ran(run)), _) => output.run(run, view),
            (Some(Said::Unreadable(fault)), _) => output.fault(fault, view),
            (Some(Said::Trouble(why)), _) => output.marked(bad(view), why, view),
            (Some(Said::Graded(grade)), StepBody::Exercise(exercise)) => output.grade(exercise, grade, view),
            (_, StepBody::Exercise(exercise)) => output.tests(exercise, &[], view),
            _ => {}
        }
        if let (Some(settled), StepBody::Exercise(exercise)) = (bench.settled, &step.body) {
            output.settled(screen, settled, exercise, step, view);
        }
        output
    }

    fn line(&mut self, line: impl Into<Line<'static>>) {
        self.rows.push(Row::Line(line.into()));
    }

    fn marked(&mut self, mark: Span<'static>, words: &str, view: &View) {
        self.line(Line::from(vec![mark, Span::styled(view.theme.say(words).into_owned(), view.theme.style(Role::Text))]));
    }

    fn run(&mut self, run: &'a Run, view: &View) {
        for piece in &run.output {
            match piece {
                // A printed tensor goes over several lines.
                Piece::Line(lines) => lines.split('\n').for_each(|line| {
                    self.line(Span::styled(view.theme.say(line).into_owned(), view.theme.style(Role::Text)));
                }),
                Piece::Figure(figure) => self.rows.push(Row::Figure(figure)),
            }
        }
        match &run.end {
            End::Finished if run.output.is_empty() => self.line(dim("It printed nothing.", view)),
            End::Finished => {}
            End::Stopped(stop) => self.marked(warn(view), &stop.why, view),
            End::Failed(fault) => self.fault(fault, view),
        }
    }

    /// Where, why, the line itself and what may have been meant.
    fn fault(&mut self, fault: &Fault, view: &View) {
        let place = match (fault.line, fault.column) {
            (0, _) => String::new(),
            (line, 0) => format!("line {line}: "),
            (line, column) => format!("line {line}, column {column}: "),
        };
        self.marked(bad(view), &format!("{place}{}", fault.message), view);
        if !fault.source_line.trim().is_empty() {
            self.line(Span::raw(format!("    {}", view.theme.say(&fault.source_line))));
            if let Some(before) = (fault.column as usize).checked_sub(1) {
                self.line(Span::styled(format!("    {}^", " ".repeat(before)), view.theme.style(Role::Bad)));
            }
        }
        if let Some(help) = &fault.help {
            self.line(dim(format!("  {help}"), view));
        }
    }

    /// The tests by name; those behind the first failure were not run.
    fn tests(&mut self, exercise: &ExerciseStep, passed: &[bool], view: &View) {
        let failed = passed.iter().position(|passed| !passed);
        for (idx, test) in exercise.tests.iter().enumerate() {
            let mark = match passed.get(idx) {
                Some(true) => good(view),
                Some(false) if failed == Some(idx) => bad(view),
                _ => dim(format!("{} ", view.theme.glyphs().bullet), view),
            };
            self.marked(mark, &test.name, view);
        }
    }

    fn grade(&mut self, exercise: &ExerciseStep, grade: &Grade, view: &View) {
        // The first failing case comes first: it is what to look at.
        if let Some(failure) = &grade.failure {
            self.failure(failure, view);
            self.line("");
        }
        self.tests(exercise, &grade.passed, view);
    }

    fn failure(&mut self, failure: &Failure, view: &View) {
        let name = if failure.test.is_empty() { "the code does not run" } else { &failure.test };
        self.marked(bad(view), name, view);
        let mut row = |label: &str, value: &str| {
            for (n, line) in value.lines().enumerate() {
                let label = if n == 0 { label } else { "" };
                let value = Span::raw(view.theme.say(line).into_owned());
                self.rows.push(Row::Line(Line::from(vec![dim(format!("    {label:10}"), view), value])));
            }
        };
        for (idx, (name, value)) in failure.inputs.iter().enumerate() {
            row(if idx == 0 { "inputs" } else { "" }, &format!("{name} = {value}"));
        }
        if !failure.call.is_empty() {
            row("call", &failure.call);
        }
        if let Some(fault) = &failure.fault {
            self.fault(fault, view);
        } else if let Some(stop) = &failure.stop {
            self.marked(warn(view), &stop.why, view);
        } else {
            row("got", &failure.got);
            row("expected", &failure.expected);
        }
    }

    fn settled(&mut self, screen: &LessonScreen, settled: Settled, exercise: &ExerciseStep, step: &Step, view: &View) {
        let mut page = Page::default();
        let width = page::MAX_PROSE.min(60);
        page.line(outcome(settled, screen.gained, width, view));
        if settled == Settled::Shown {
            page.lines.extend(syntax::lines(&exercise.solution, syntax::language("rhai"), view.theme));
        }
        if let Some(explain) = &step.explain {
            let terms = screen.lesson.as_deref().map(names);
            let named = |id: &str| terms.as_ref().and_then(|names| names(id));
            page.markdown(explain, width, 2, view.theme, &named);
        }
        let settled = page.lines.into_iter().map(Row::Line);
        // The news comes first: the list of tests may be long.
        self.rows = settled.chain([Row::Line(Line::default())]).chain(std::mem::take(&mut self.rows)).collect();
    }

    /// Columns of its longest line; a figure is content with what there is.
    fn width(&self) -> u16 {
        let widths = self.rows.iter().map(|row| if let Row::Line(line) = row { line.width() } else { 0 });
        columns(widths.max().unwrap_or(0))
    }

    fn n_rows(&self) -> u16 {
        let rows = self.rows.iter().map(|row| if matches!(row, Row::Figure(_)) { FIGURE_ROWS } else { 1 });
        rows.fold(0, u16::saturating_add).min(MAX_ROWS)
    }

    /// The heading with the status, then as much as there is room for from where the pane is scrolled to.
    fn render(&self, bench: &Bench, area: Rect, buf: &mut Buffer, view: &View) {
        if area.height == 0 || area.width < 8 {
            return;
        }
        let theme = view.theme;
        let glyphs = theme.glyphs();
        let rule = theme.style(Role::Grid);
        widget::print(buf, area, 0, 0, &glyphs.h.repeat(usize::from(area.width)), rule);
        let role = if bench.region == Region::Output { Role::Accent } else { Role::Dim };
        widget::print(buf, area, 1, 0, &format!(" {} ", theme.say(&self.heading)), theme.style(role));
        let inner = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let n_rows = self.n_rows();
        if n_rows == 0 || inner.height == 0 {
            return;
        }
        let sheet_area = Rect::new(0, 0, inner.width, n_rows);
        let mut sheet = Buffer::empty(sheet_area);
        self.lay_out(sheet_area, &mut sheet, view);
        let top = bench.scroll.min(n_rows.saturating_sub(inner.height));
        for y in 0..inner.height.min(n_rows - top) {
            for x in 0..inner.width {
                buf[(inner.x + x, inner.y + y)] = sheet[(x, top + y)].clone();
            }
        }
        if top + inner.height < n_rows {
            let more = if theme.ascii() { " more below " } else { " ↓ more " };
            let x = usize::from(area.width).saturating_sub(more.chars().count() + 1);
            widget::print(buf, area, x, 0, more, theme.style(Role::Dim));
        }
    }

    fn lay_out(&self, area: Rect, sheet: &mut Buffer, view: &View) {
        let mut y = 0;
        for row in &self.rows {
            if y >= area.height {
                return;
            }
            match row {
                Row::Line(line) => {
                    sheet.set_line(0, y, line, area.width);
                    y += 1;
                }
                Row::Figure(figure) => {
                    let place = Rect { y, height: FIGURE_ROWS.min(area.height - y), ..area };
                    FigureView::new(figure, view.theme).render(place, sheet);
                    y += FIGURE_ROWS;
                }
            }
        }
    }
}

fn warn(view: &View) -> Span<'static> {
    Span::styled(format!("{} ", view.theme.glyphs().warn), view.theme.style(Role::Warn))
}

/// What the pane is, and how the last run went.
fn heading(bench: &Bench, step: &Step) -> String {
    let what = if step.graded() { "tests" } else { "output" };
    let status = match &bench.said {
        _ if bench.running.is_some() => "running, esc stops it".into(),
        Some(Said::Ran(run)) => match &run.end {
            End::Finished => format!("finished in {}", millis(run.seconds)),
            End::Stopped(_) => format!("stopped after {}", millis(run.seconds)),
            End::Failed(_) => "failed".into(),
        },
        Some(Said::Graded(grade)) => {
            let n_passed = grade.passed.iter().filter(|passed| **passed).count();
            format!("{n_passed} of {} passed in {}", grade.passed.len(), millis(grade.seconds))
        }
        Some(Said::Unreadable(_)) => "not run: the code cannot be read".into(),
        Some(Said::Trouble(_)) => "stopped".into(),
        None if bench.settled.is_some() => String::new(),
        None => "not run yet".into(),
    };
    let stale = if bench.is_stale() && bench.running.is_none() { ", before your change" } else { "" };
    if status.is_empty() { what.into() } else { format!("{what}: {status}{stale}") }
}

fn millis(seconds: f64) -> String {
    if seconds < 0.001 { "under 1 ms".into() } else { format!("{:.0} ms", seconds * 1e3) }
}
