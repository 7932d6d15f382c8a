//! How a lab at work looks: controls and metrics above, the figure below, one line of news.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Position, Rect},
};

use super::{Pane, Region};
use crate::{
    screen::View,
    theme::{Role, Theme},
    widget::{
        self,
        controls::Controls,
        dots,
        figure::{FigureView, Prediction},
        metrics::Metrics,
    },
};

/// The fewest rows that a figure is worth drawing in.
const MIN_FIGURE: u16 = 7;
/// Between controls and metrics.
const GAP: u16 = 2;
const STEP: u16 = 4;
/// The fewest columns that a label, a value and a slider are worth.
const MIN_CONTROLS: u16 = 30;

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
        let wanted = (controls.len().max(if look.closed { 0 } else { n_metrics.min(8) }) as u16).max(1);
        let [top, news, below] =
            Layout::vertical([Constraint::Length(wanted.min(tallest)), Constraint::Length(1), Constraint::Min(0)]).areas(area);
        let cursor = self.render_top(top, buf, view, look, &controls);
        self.render_news(news, buf, view.theme);
        if !look.closed {
            self.render_figure(below, buf, view.theme, look);
        }
        cursor
    }

    fn render_top(&self, area: Rect, buf: &mut Buffer, view: &View, look: Look, controls: &[usize]) -> Option<Position> {
        let wide = area.width >= 72 && !look.closed;
        let left = if wide { self.controls_width(area, view.theme, look, controls) } else { area.width };
        let [left, _, right] =
            Layout::horizontal([Constraint::Length(left), Constraint::Length(if wide { GAP } else { 0 }), Constraint::Min(0)])
                .areas(area);
        let focused = (self.region == Region::Controls && !look.closed).then_some(self.focus);
        let entry = self.entry.as_ref().map(|entry| entry.text());
        let widget = Controls::new(&self.params, controls, focused, entry, view.theme);
        widget.render(left, buf);
        if wide {
            self.render_metrics(right, buf, view.theme, look);
        }
        focused.and_then(|_| widget.cursor(left))
    }

    /// More than half, unless differences of mark A or units would be cut off and the sliders can give way.
    fn controls_width(&self, area: Rect, theme: &Theme, look: Look, controls: &[usize]) -> u16 {
        let width = area.width * 11 / 20;
        let Some(run) = &self.run else { return width };
        let least = Controls::new(&self.params, controls, None, None, theme).min_width().max(MIN_CONTROLS).min(width);
        let names = self.metric_names(look);
        let shown = &names[..names.len().min(usize::from(area.height))];
        let left_beside = |a| {
            let wanted = Metrics::new(self.lab.metrics, &run.report, theme).only(shown).against(a).compact_width();
            // In steps, so that the split stays where it is while digits change.
            width.min(area.width.saturating_sub(wanted.next_multiple_of(STEP) + GAP))
        };
        let with_a = self.a.as_ref().map(|a| left_beside(Some(&*a.report)));
        with_a.into_iter().chain([left_beside(None)]).find(|&left| left >= least).unwrap_or(width.max(least))
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

/// The width of the figure on a screen whose body is this wide.
pub(super) fn figure_width(body: u16) -> u16 {
    if body > 40 { body - 4 } else { body }
}
