//! The figures of a report, drawn by the rules of `screens.md`: axes have units, bars are snapped to the grid, a count
//! above zero is never blank and zero always is.
//!
//! A [`FigureView`] borrows a figure and what the learner did with it ([`FigureState`]: cursor, loupe, count axis).
//! Keys become states: `state = view.moved(width, 1)`. The width is that of the area the figure is drawn in.

mod axis;
mod bars;
mod bits;
mod cells;
mod error;
mod flow;
mod heatmap;
mod images;
mod lines;
mod mirror;
mod rows;
mod ruler;
mod stack;
mod table;
mod ticks;
mod window;

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{fit, print};
use crate::{
    export::format_measure,
    lab::Figure,
    theme::{Role, Theme},
};

/// Where the learner stands in a figure. `Default` is the whole figure without a cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FigureState {
    /// Mirror: a sub-bin; error: a bin; rows: the rank of a row; lines: a point of the first series; ticks: a
    /// place; heatmap: an element; bars and table: a row.
    pub cursor: Option<usize>,
    /// Each step of the loupe halves what a mirror shows, until each code has three columns.
    pub zoom: u32,
    /// The first cell that a zoomed mirror shows.
    pub pan: usize,
    /// Whether counts are on a log10 axis; `None` is the figure's own choice.
    pub log: Option<bool>,
}

/// What the learner said before the figure was shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction<'a> {
    /// The stable name of the metric: only an axis that stands for it shows the guess.
    pub metric: &'a str,
    pub label: &'a str,
    pub unit: &'a str,
    pub said: f64,
    pub measured: f64,
    pub decimals: u8,
}

/// One figure, ready to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct FigureView<'a> {
    figure: &'a Figure,
    theme: &'a Theme,
    state: FigureState,
    against: Option<&'a Figure>,
    prediction: Option<Prediction<'a>>,
    target: Option<f64>,
}

impl<'a> FigureView<'a> {
    pub fn new(figure: &'a Figure, theme: &'a Theme) -> Self {
        Self { figure, theme, state: FigureState::default(), against: None, prediction: None, target: None }
    }

    pub fn state(mut self, state: &FigureState) -> Self {
        self.state = *state;
        self
    }

    /// The same figure of mark A, drawn as a thin line; another kind or view is ignored.
    pub fn against(mut self, a: Option<&'a Figure>) -> Self {
        self.against =
            a.filter(|a| std::mem::discriminant(*a) == std::mem::discriminant(self.figure) && a.view() == self.figure.view());
        self
    }

    /// "you said 30.0, measured 37.3", on a row of its own and as `◇` where the figure has such an axis.
    pub fn prediction(mut self, prediction: Option<Prediction<'a>>) -> Self {
        self.prediction = prediction;
        self
    }

    /// A goal on the y axis of rows and lines, dashed.
    pub fn target(mut self, y: Option<f64>) -> Self {
        self.target = y;
        self
    }

    /// Draws the figure with its heading. Useful from 60x14 on; below that parts are left out, last of all the bars.
    pub fn render(&self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let body = self.draw_heading(area, buf);
        if body.is_empty() {
            return;
        }
        match self.figure {
            Figure::Mirror(f) => mirror::draw(self, f, body, buf),
            Figure::ErrorHistogram(f) => error::draw(self, f, body, buf),
            Figure::Rows(f) => rows::draw(self, f, body, buf),
            Figure::Lines(f) => lines::draw(self, f, body, buf),
            Figure::Bars(f) => bars::draw(self, f, body, buf),
            Figure::Ruler(f) => ruler::draw(self, f, body, buf),
            Figure::Table(f) => table::draw(self, f, body, buf),
            Figure::Bits(f) => bits::draw(self, f, body, buf),
            Figure::Cells(f) => cells::draw(self, f, body, buf),
            Figure::Ticks(f) => ticks::draw(self, f, body, buf),
            Figure::Heatmap(f) => heatmap::draw(self, f, body, buf),
            Figure::Flow(f) => flow::draw(self, f, body, buf),
            Figure::Images(f) => images::draw(self, f, body, buf),
        }
    }

    /// What stands under the cursor, in words: value range, count, codes, error. `None` without a cursor.
    pub fn readout(&self, width: u16) -> Option<String> {
        let text = match self.figure {
            Figure::Mirror(f) => mirror::readout(self, f, width),
            Figure::ErrorHistogram(f) => error::readout(self, f, width),
            Figure::Rows(f) => rows::readout(self, f),
            Figure::Lines(f) => lines::readout(self, f),
            Figure::Bars(f) => bars::readout(self, f),
            Figure::Table(f) => table::readout(self, f),
            Figure::Ticks(f) => ticks::readout(self, f),
            Figure::Heatmap(f) => heatmap::readout(self, f),
            _ => None,
        }?;
        Some(self.theme.say(&text).into_owned())
    }

    /// The state after the cursor went `by` columns (rows: `by` ranks). The first step puts it into the middle; a leap
    /// goes from there at once.
    pub fn moved(&self, width: u16, by: i64) -> FigureState {
        if self.state.cursor.is_none() && by.unsigned_abs() > 1 {
            let placed = self.stepped(width, by.signum());
            return self.state(&placed).stepped(width, by);
        }
        self.stepped(width, by)
    }

    fn stepped(&self, width: u16, by: i64) -> FigureState {
        match self.figure {
            Figure::Mirror(f) => mirror::moved(self, f, width, by),
            Figure::ErrorHistogram(f) => error::moved(self, f, width, by),
            Figure::Rows(f) => self.to(f.sorted.len(), by, 0),
            Figure::Lines(f) => {
                let n_points = f.series.first().map_or(0, |s| s.points.len());
                self.to(n_points, by, n_points / 2)
            }
            Figure::Bars(f) => self.to(f.bars.len(), by, 0),
            Figure::Table(f) => self.to(f.rows.len(), by, 0),
            Figure::Ticks(f) => ticks::moved(self, f, by),
            Figure::Heatmap(f) => heatmap::moved(self, f, width, 0, by),
            _ => self.state,
        }
    }

    /// The state after one step of the loupe, around the cursor: a mirror has one. In a heatmap, and in a list of bars or
    /// rows of a table, the cursor goes up or down.
    pub fn loupe(&self, width: u16, closer: bool) -> FigureState {
        match self.figure {
            Figure::Mirror(f) => mirror::loupe(self, f, width, closer),
            Figure::Heatmap(f) => heatmap::moved(self, f, width, if closer { -1 } else { 1 }, 0),
            Figure::Bars(_) | Figure::Table(_) => self.moved(width, if closer { -1 } else { 1 }),
            _ => self.state,
        }
    }

    /// The state with the other count axis (log10 or linear).
    pub fn other_axis(&self) -> FigureState {
        FigureState { log: Some(!self.is_log()), ..self.state }
    }

    /// Whether counts stand on a log10 axis now.
    pub fn is_log(&self) -> bool {
        self.state.log.unwrap_or(match self.figure {
            Figure::Mirror(f) => !f.linear_first,
            _ => false,
        })
    }

    /// The rows that a figure with a height of its own takes, its heading included; `None` for one that fills any area.
    pub fn own_height(&self, width: u16) -> Option<u16> {
        let has_own = matches!(
            self.figure,
            Figure::Bits(_)
                | Figure::Cells(_)
                | Figure::Flow(_)
                | Figure::Table(_)
                | Figure::Bars(_)
                | Figure::Ruler(_)
                | Figure::Ticks(_)
                | Figure::Images(_)
        );
        has_own.then(|| self.height(width, u16::MAX))
    }

    /// How many rows the figure can use well at this width, at most `at_most`.
    pub fn height(&self, width: u16, at_most: u16) -> u16 {
        let rows = match self.figure {
            Figure::Bars(f) => bars::height(f),
            Figure::Ruler(_) => ruler::HEIGHT,
            Figure::Table(f) => f.rows.len() + 1,
            Figure::Bits(f) => bits::height(self, f, width),
            Figure::Cells(f) => cells::height(self, f, width),
            Figure::Flow(f) => flow::height(self, f, width),
            Figure::Images(f) => images::height(self, f, width),
            Figure::Ticks(f) => ticks::height(f),
            Figure::Heatmap(f) => heatmap::height(f),
            _ => usize::from(u16::MAX),
        };
        let rows = rows.saturating_add(usize::from(!self.figure.heading().is_empty()) + usize::from(self.prediction.is_some()));
        u16::try_from(rows).unwrap_or(u16::MAX).min(at_most)
    }

    /// Moves a cursor over `n` places.
    fn to(&self, n: usize, by: i64, start: usize) -> FigureState {
        let Some(last) = n.checked_sub(1) else { return self.state };
        let cursor = self.state.cursor.map_or(start, |c| (c.min(last) as i64).saturating_add(by).clamp(0, last as i64) as usize);
        FigureState { cursor: Some(cursor), ..self.state }
    }

    /// Heading, and the prediction below it. Gives the rest of the area.
    fn draw_heading(&self, area: Rect, buf: &mut Buffer) -> Rect {
        let glyphs = self.theme.glyphs();
        let width = usize::from(area.width);
        let extra = match self.figure {
            Figure::Mirror(f) => mirror::heading_extra(self, f, area.width),
            Figure::Heatmap(f) => heatmap::heading_extra(f, area),
            _ => String::new(),
        };
        if extra.is_empty() && self.figure.heading().is_empty() && self.prediction.is_none() {
            return area;
        }
        let extra = if extra.is_empty() { extra } else { format!(" {} {extra}", glyphs.separator) };
        let room = if extra.width() + 16 > width { width } else { width - extra.width() };
        let heading = fit(&self.theme.say(self.figure.heading()), room, glyphs.ellipsis);
        let x = print(buf, area, 0, 0, &heading, self.theme.style(Role::Text));
        print(buf, area, x, 0, &fit(&extra, width - x.min(width), glyphs.ellipsis), self.theme.style(Role::Dim));
        let mut used = 1;
        if let Some(p) = self.prediction.filter(|_| area.height > 2) {
            let number = |v| format_measure(v, usize::from(p.decimals));
            let text = format!(
                "{} {}: you said {}, measured {} {}",
                glyphs.prediction,
                p.label,
                number(p.said),
                number(p.measured),
                p.unit
            );
            print(buf, area, 0, 1, &fit(&self.theme.say(&text), width, glyphs.ellipsis), self.theme.style(Role::Text));
            used = 2;
        }
        Rect { y: area.y + used, height: area.height - used, ..area }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lab::Table,
        theme::{Background, Depth},
    };

    #[test]
    fn a_leap_needs_no_cursor_and_a_step_shows_it() {
        let rows = (0..9).map(|i| vec![i.to_string(), "x".into()]).collect();
        let table = Table { view: "table", heading: String::new(), columns: vec!["a", "b"], rows };
        let (figure, theme) = (Figure::Table(table), Theme::new(Background::Dark, Depth::None, false));
        let view = FigureView::new(&figure, &theme);
        assert_eq!(view.moved(60, i64::MAX / 2).cursor, Some(8));
        assert_eq!(view.moved(60, 1).cursor, Some(0));
        let moved = view.moved(60, i64::MAX / 2);
        assert_eq!(view.state(&moved).readout(60).as_deref(), Some("8: b x"));
    }
}
