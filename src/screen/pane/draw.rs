//! How a lab at work looks: controls and metrics above, the figure below, one line of news.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Position, Rect},
};

use super::{Pane, Region, control::Stop};
use crate::{
    lab::TraceStep,
    screen::View,
    theme::{Role, Theme},
    widget::{
        self,
        controls::{Controls, Steps},
        dots,
        figure::{FigureView, Prediction},
        metrics::Metrics,
    },
};

/// The fewest rows that a figure is worth drawing in.
const MIN_FIGURE: u16 = 7;
/// The fewest rows that a figure of a step keeps beside another: a heading, a line, and what is left out.
const LEAST_FIGURE: u16 = 3;
/// Between controls and metrics.
const GAP: u16 = 2;
const STEP: u16 = 4;
/// The fewest columns that a label, a value and a slider are worth.
const MIN_CONTROLS: u16 = 30;
/// A line of prose is not longer than this.
const MAX_CAPTION: usize = 96;

/// What a step asks of the picture of its lab.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look<'a> {
    /// Figures and metrics are closed: a prediction comes first.
    pub closed: bool,
    /// Metrics that stand first; empty for the order of the lab's row.
    pub first: &'a [&'a str],
    /// Show only the metrics of `first`.
    pub only_first: bool,
    pub prediction: Option<Prediction<'a>>,
}

impl Pane {
    /// Draws the lab; gives the cell of the cursor.
    pub fn render(&self, area: Rect, buf: &mut Buffer, view: &View, look: Look) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let controls = self.controls();
        let n_metrics = if look.only_first { look.first.len() } else { self.lab.metrics.len() };
        let tallest = area.height.saturating_sub(MIN_FIGURE + 1).max(1);
        let n_controls = self.widget(view.theme, look, &controls).height(self.left_width(area, view.theme, look, &controls));
        let wanted = n_controls.max(if look.closed { 0 } else { n_metrics.min(8) as u16 }).max(1);
        let [top, news, below] =
            Layout::vertical([Constraint::Length(wanted.min(tallest)), Constraint::Length(1), Constraint::Min(0)]).areas(area);
        let cursor = self.render_top(top, buf, view, look, &controls);
        self.render_news(news, buf, view.theme);
        if !look.closed {
            self.render_figure(below, buf, view.theme, look);
        }
        cursor
    }

    /// The controls with their focus, and the step of a trace above them.
    fn widget<'w>(&'w self, theme: &'w Theme, look: Look, controls: &'w [usize]) -> Controls<'w> {
        let focus = if self.region == Region::Controls && !look.closed { self.focused() } else { None };
        let (focused, item) = match focus {
            Some(Stop::Control { idx, item }) => (Some(idx), item),
            _ => (None, 0),
        };
        let steps = self.step().filter(|_| !look.closed);
        let steps = steps.map(|(at, of)| Steps { at, of, focused: focus == Some(Stop::Steps) });
        let entry = self.entry.as_ref().map(|entry| entry.text());
        Controls::new(&self.params, controls, focused, entry, theme).item(item).steps(steps)
    }

    /// Metrics stand beside the controls where there is room for both.
    fn left_width(&self, area: Rect, theme: &Theme, look: Look, controls: &[usize]) -> u16 {
        if is_wide(area, look) { self.controls_width(area, theme, look, controls) } else { area.width }
    }

    fn render_top(&self, area: Rect, buf: &mut Buffer, view: &View, look: Look, controls: &[usize]) -> Option<Position> {
        let wide = is_wide(area, look);
        let left = self.left_width(area, view.theme, look, controls);
        let [left, _, right] =
            Layout::horizontal([Constraint::Length(left), Constraint::Length(if wide { GAP } else { 0 }), Constraint::Min(0)])
                .areas(area);
        let widget = self.widget(view.theme, look, controls);
        widget.render(left, buf);
        if wide {
            self.render_metrics(right, buf, view.theme, look);
        }
        widget.cursor(left).filter(|_| self.region == Region::Controls && !look.closed)
    }

    /// More than half, unless differences of mark A or units would be cut off and the sliders can give way.
    fn controls_width(&self, area: Rect, theme: &Theme, look: Look, controls: &[usize]) -> u16 {
        let width = (u32::from(area.width) * 11 / 20) as u16;
        let Some(run) = &self.run else { return width };
        let least = self.widget(theme, look, controls).min_width().max(MIN_CONTROLS).min(width);
        let names = self.metric_names(look);
        let shown = &names[..names.len().min(usize::from(area.height))];
        let left_beside = |a| {
            let wanted = Metrics::new(self.lab.metrics, &run.report, theme).only(shown).against(a).compact_width();
            // In steps, so that the split stays where it is while digits change.
            width.min(area.width.saturating_sub(wanted.next_multiple_of(STEP) + GAP))
        };
        let with_a = self.a.as_ref().map(|a| left_beside(Some(&*a.report)));
        with_a.into_iter().chain([left_beside(None)]).find(|&left| left >= least).unwrap_or(least)
    }

    fn metric_names<'n>(&self, look: Look<'n>) -> Vec<&'n str> {
        let rest = self.lab.metrics.iter().map(|m| m.name).filter(|name| !look.only_first && !look.first.contains(name));
        look.first.iter().copied().chain(rest).collect()
    }

    /// Metrics in as many columns as there is room for.
    fn render_metrics(&self, area: Rect, buf: &mut Buffer, theme: &Theme, look: Look) {
        let Some(run) = &self.run else { return };
        let names = self.metric_names(look);
        let mut x = area.x;
        for chunk in names.chunks(usize::from(area.height.max(1))) {
            let a = self.a.as_ref().map(|a| &*a.report);
            let column = Metrics::new(self.lab.metrics, &run.report, theme).only(chunk).against(a);
            let width = column.width().min(area.right().saturating_sub(x));
            if width < 12 || width < column.width() && x > area.x {
                break;
            }
            column.render(Rect { x, width, ..area }, buf);
            x = x.saturating_add(width + 3);
            if x >= area.right() {
                break;
            }
        }
    }

    /// One line: why a number was refused, why the lab failed, how far it is, or the read-out of the cursor.
    fn render_news(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let glyphs = theme.glyphs();
        if let Some(why) = self.refused.as_ref().or(self.failure.as_ref()) {
            widget::print(buf, area, 0, 0, glyphs.bad, theme.style(Role::Bad));
            widget::print(
                buf,
                area,
                2,
                0,
                &widget::fit(why, usize::from(area.width).saturating_sub(2), glyphs.ellipsis),
                theme.style(Role::Text),
            );
        } else if let Some((done, total)) = self.progress.filter(|_| self.job.is_some()) {
            let used = widget::print(buf, area, 0, 0, "running ", theme.style(Role::Dim));
            let bar = Rect { x: area.x + used as u16, width: area.width.saturating_sub(used as u16).min(24), ..area };
            dots::print_line(&dots::progress_bar(done, total, usize::from(bar.width), theme), bar, buf);
        } else if self.region == Region::Figure
            && let Some(figure) = self.figure()
            && let Some(words) = FigureView::new(figure, theme).state(&self.figure).readout(area.width)
        {
            widget::print(buf, area, 0, 0, &words, theme.style(Role::Text));
        }
    }

    fn render_figure(&self, area: Rect, buf: &mut Buffer, theme: &Theme, look: Look) {
        if let Some(step) = self.trace_step() {
            return render_step(step, area, buf, theme);
        }
        let Some(figure) = self.figure() else {
            if self.job.is_some() {
                widget::print(buf, area, 0, 0, "computing", theme.style(Role::Dim));
            }
            return;
        };
        FigureView::new(figure, theme)
            .state(&self.figure)
            .against(self.figure_of_a())
            .prediction(look.prediction)
            .render(area, buf);
    }
}

fn is_wide(area: Rect, look: Look) -> bool {
    area.width >= 72 && !look.closed
}

/// The caption, and below it the figures: each as high as it needs, what is left shared by those that take any height.
fn render_step(step: &TraceStep, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let lines = widget::wrap(&theme.say(&step.caption), usize::from(area.width).min(MAX_CAPTION));
    let n_lines = lines.len().min(usize::from(area.height / 2).max(1));
    for (y, line) in lines.iter().take(n_lines).enumerate() {
        widget::print(buf, area, 0, y, line, theme.style(Role::Text));
    }
    let below = area.height.saturating_sub(n_lines as u16 + 1);
    let (heights, gap) = heights(step, area.width, below, theme);
    let mut place = Rect { y: area.bottom() - below, height: 0, ..area };
    for (figure, height) in step.figures.iter().zip(heights) {
        place.height = height.min(area.bottom() - place.y);
        FigureView::new(figure, theme).render(place, buf);
        place.y = (place.y + place.height + gap).min(area.bottom());
    }
}

/// The rows of each figure, and those between two. Where all does not fit, the gap goes first, then the tallest figure
/// gives rows away: each says itself what it leaves out.
fn heights(step: &TraceStep, width: u16, rows: u16, theme: &Theme) -> (Vec<u16>, u16) {
    let own: Vec<Option<u16>> = step.figures.iter().map(|figure| FigureView::new(figure, theme).own_height(width)).collect();
    let n_gaps = step.figures.len().saturating_sub(1) as u16;
    let fixed: u16 = own.iter().flatten().fold(n_gaps, |sum, rows| sum.saturating_add(*rows));
    let n_free = own.iter().filter(|rows| rows.is_none()).count() as u16;
    let share = rows.saturating_sub(fixed).checked_div(n_free).unwrap_or(0).max(MIN_FIGURE);
    let mut heights: Vec<u16> = own.into_iter().map(|rows| rows.unwrap_or(share)).collect();
    let sum = |heights: &[u16]| heights.iter().fold(0u16, |sum, rows| sum.saturating_add(*rows));
    let gap = u16::from(sum(&heights).saturating_add(n_gaps) <= rows);
    while sum(&heights) > rows {
        match heights.iter_mut().max() {
            Some(tallest) if *tallest > LEAST_FIGURE => *tallest -= 1,
            _ => break,
        }
    }
    (heights, gap)
}

/// The width of the figure on a screen whose body is this wide.
pub(super) fn figure_width(body: u16) -> u16 {
    if body > 40 { body - 4 } else { body }
}
