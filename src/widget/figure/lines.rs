//! Curves over one x axis, in Braille dots; in ASCII mode one character a series.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{super::print, FigureView, axis::Frame, bars::role};
use crate::{
    export::{axis_number, format_value, ticks},
    lab::{Figure, Lines, Series, SeriesRole},
    theme::Role,
};

const LABEL_ROOM: usize = 10;
/// Dots of a cell across and down.
const DOTS: (usize, usize) = (2, 4);

/// The axes' ranges.
#[derive(Clone, Copy, Debug)]
struct Range {
    x: (f64, f64),
    y: (f64, f64),
}

impl Range {
    /// All finite points, `here`, the prediction and the target; `None` without any.
    fn of(view: &FigureView<'_>, f: &Lines) -> Option<Self> {
        let a = match view.against {
            Some(Figure::Lines(a)) => a.series.as_slice(),
            _ => &[],
        };
        let points = f.series.iter().chain(a).flat_map(|s| s.points.iter().copied()).chain(f.here);
        let points: Vec<(f64, f64)> = points.filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let extra =
            view.target.into_iter().chain(view.prediction.filter(|_| f.here.is_some()).map(|p| p.said)).filter(|y| y.is_finite());
        let x = bounds(points.iter().map(|p| p.0))?;
        let y = bounds(points.iter().map(|p| p.1).chain(extra))?;
        // A quantity that is never negative and comes near zero starts there.
        let y = if y.0 > 0.0 && y.0 < 0.5 * y.1 { (0.0, y.1) } else { y };
        Some(Self { x: widen(x), y: widen(y) })
    }

    /// Shares of the axes, 0 to 1 from the lower left.
    fn share(&self, (x, y): (f64, f64)) -> (f64, f64) {
        ((x - self.x.0) / (self.x.1 - self.x.0), (y - self.y.0) / (self.y.1 - self.y.0))
    }
}

fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, v| Some(range.map_or((v, v), |(lo, hi): (f64, f64)| (lo.min(v), hi.max(v)))))
}

fn widen((lo, hi): (f64, f64)) -> (f64, f64) {
    if hi > lo { (lo, hi) } else { (lo - 0.5 * lo.abs().max(1.0), hi + 0.5 * hi.abs().max(1.0)) }
}

pub(super) fn draw(view: &FigureView<'_>, f: &Lines, area: Rect, buf: &mut Buffer) {
    let Some(range) = Range::of(view, f) else { return };
    let rows = usize::from(area.height).saturating_sub(2);
    if rows == 0 {
        return;
    }
    let plot = Plot { view, range, frame: Frame::new(area, Frame::room(area.width)), rows };
    if let Some(target) = view.target {
        plot.level(target, buf);
    }
    let mut canvas = vec![(0u8, Stroke::Solid, Role::Grid); plot.frame.n_columns * rows];
    if let Some(Figure::Lines(a)) = view.against {
        a.series.iter().for_each(|s| plot.series(s, Stroke::Faint, &mut canvas));
    }
    let is_grid = |s: &&(&Series, Stroke)| s.0.role == SeriesRole::Grid;
    let strokes = strokes(f);
    // References lie below what is measured.
    for (series, stroke) in strokes.iter().filter(is_grid).chain(strokes.iter().filter(|s| !is_grid(s)).rev()) {
        plot.series(series, *stroke, &mut canvas);
    }
    plot.paint(&canvas, buf);
    plot.marks(f, buf);
    plot.axes(f, buf);
    plot.legend(f, buf);
}

/// How a line is told from others without its colour.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stroke {
    Solid,
    Dashed,
    Dotted,
    /// Mark A.
    Faint,
}

impl Stroke {
    fn has_dot(self, i: usize) -> bool {
        match self {
            Self::Solid => true,
            Self::Dashed => i % 6 < 4,
            Self::Dotted => i.is_multiple_of(3),
            Self::Faint => i.is_multiple_of(4),
        }
    }

    /// What the legend shows; in ASCII mode the first character is the series' own.
    fn sample(self, is_ascii: bool) -> &'static str {
        match (self, is_ascii) {
            (Self::Solid, false) => "⠤⠤⠤",
            (Self::Dashed, false) => "⠤⠠⠤",
            (Self::Dotted, false) => "⠄⠠⠄",
            (Self::Faint, false) => "⠄ ⠄",
            (Self::Solid, true) => "***",
            (Self::Dashed, true) => "+++",
            (Self::Dotted, true) => "...",
            (Self::Faint, true) => ", ,",
        }
    }
}

/// The first series is solid, others are broken; references are dotted.
fn strokes(f: &Lines) -> Vec<(&Series, Stroke)> {
    let mut n_measured = 0;
    let mut stroke = |s: &Series| {
        if s.role == SeriesRole::Grid {
            return Stroke::Dotted;
        }
        n_measured += 1;
        if n_measured == 1 { Stroke::Solid } else { Stroke::Dashed }
    };
    f.series.iter().map(|s| (s, stroke(s))).collect()
}

/// Dots of a cell, and whose the cell is.
type Canvas = [(u8, Stroke, Role)];

struct Plot<'a> {
    view: &'a FigureView<'a>,
    range: Range,
    frame: Frame,
    rows: usize,
}

impl Plot<'_> {
    /// The dot of a point, from the upper left; `None` where it is not finite or outside.
    fn dot(&self, point: (f64, f64)) -> Option<(i64, i64)> {
        let (x, y) = self.range.share(point);
        let (w, h) = ((self.frame.n_columns * DOTS.0).saturating_sub(1) as f64, (self.rows * DOTS.1 - 1) as f64);
        let is_inside = (-1e-9..=1.0 + 1e-9).contains(&x) && (-1e-9..=1.0 + 1e-9).contains(&y);
        is_inside.then(|| ((x * w).round() as i64, ((1.0 - y) * h).round() as i64))
    }

    /// The cell of a point.
    fn cell(&self, point: (f64, f64)) -> Option<(usize, usize)> {
        self.dot(point).map(|(x, y)| (x as usize / DOTS.0, y as usize / DOTS.1))
    }

    /// The line through the points; it breaks where one is not finite.
    fn series(&self, series: &Series, stroke: Stroke, canvas: &mut Canvas) {
        let ink = if stroke == Stroke::Faint { Role::Dim } else { role(series.role) };
        let mut n_dots = 0;
        let dots: Vec<Option<(i64, i64)>> = series.points.iter().map(|&p| self.dot(p)).collect();
        for pair in dots.windows(2) {
            let [Some(from), Some(to)] = *pair else { continue };
            let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).max(1);
            for i in 0..=steps {
                let along = |a: i64, b: i64| a + ((b - a) as f64 * i as f64 / steps as f64).round() as i64;
                n_dots += 1;
                if stroke.has_dot(n_dots) {
                    self.set((along(from.0, to.0), along(from.1, to.1)), (stroke, ink), canvas);
                }
            }
        }
        if let [Some(only)] = dots[..] {
            self.set(only, (stroke, ink), canvas);
        }
    }

    fn set(&self, (x, y): (i64, i64), (stroke, ink): (Stroke, Role), canvas: &mut Canvas) {
        const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let (x, y) = (x as usize, y as usize);
        if let Some(cell) = canvas.get_mut(y / DOTS.1 * self.frame.n_columns + x / DOTS.0) {
            *cell = (cell.0 | BITS[x % DOTS.0][y % DOTS.1], stroke, ink);
        }
    }

    fn paint(&self, canvas: &Canvas, buf: &mut Buffer) {
        let theme = self.view.theme;
        for (i, &(dots, stroke, ink)) in canvas.iter().enumerate().filter(|(_, cell)| cell.0 != 0) {
            let (x, y) = (i % self.frame.n_columns, i / self.frame.n_columns);
            let braille = char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ');
            let glyph = if theme.ascii() { stroke.sample(true).chars().next().unwrap_or(' ') } else { braille };
            self.frame.put(buf, x, y, glyph.encode_utf8(&mut [0; 4]), theme.style(ink));
        }
    }

    /// A dashed level, named at the left.
    fn level(&self, y: f64, buf: &mut Buffer) {
        let Some((_, row)) = self.cell((self.range.x.0, y)) else { return };
        for x in (0..self.frame.n_columns).step_by(2) {
            self.frame.put(buf, x, row, self.view.theme.glyphs().dash, self.view.theme.style(Role::Dim));
        }
    }

    fn marks(&self, f: &Lines, buf: &mut Buffer) {
        let (theme, glyphs) = (self.view.theme, self.view.theme.glyphs());
        if let Some((x, y)) = f.here.and_then(|here| self.cell(here)) {
            self.frame.put(buf, x, y, glyphs.here, theme.style(Role::Text));
        }
        let said = self.view.prediction.zip(f.here).and_then(|(p, here)| self.cell((here.0, p.said)));
        if let Some((x, y)) = said {
            self.frame.put(buf, x, y, glyphs.prediction, theme.style(Role::Text));
        }
    }

    fn axes(&self, f: &Lines, buf: &mut Buffer) {
        let theme = self.view.theme;
        let ys = ticks(self.range.y.0, self.range.y.1, (self.rows / 3).clamp(2, 6));
        let step = ys.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
        for (i, &y) in ys.iter().enumerate() {
            let unit = if i + 1 == ys.len() && !f.y_unit.is_empty() { format!(" {}", f.y_unit) } else { String::new() };
            if let Some((_, row)) = self.cell((self.range.x.0, y)) {
                self.frame.label(buf, row, &format!("{}{unit}", axis_number(y, step)), theme);
            }
        }
        let xs = ticks(self.range.x.0, self.range.x.1, (self.frame.n_columns / LABEL_ROOM).max(2));
        let step = xs.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
        let labels: Vec<_> = xs.iter().filter_map(|&x| Some((self.cell((x, self.range.y.0))?.0, axis_number(x, step)))).collect();
        let cursor = self.cursor_point(f).and_then(|p| self.cell(p));
        self.frame.x_labels(buf, self.rows, &labels, cursor.map(|c| c.0), theme);
        let unit = if f.x_unit.is_empty() { f.x_label.to_owned() } else { format!("{} ({})", f.x_label, f.x_unit) };
        self.frame.label(buf, self.rows, if unit.width() < 10 { &unit } else { f.x_label }, theme);
        if let Some((x, _)) = cursor {
            self.frame.highlight(buf, x, 0..self.rows, theme);
        }
    }

    fn cursor_point(&self, f: &Lines) -> Option<(f64, f64)> {
        let points = &f.series.first()?.points;
        points.get(self.view.state.cursor?.min(points.len().checked_sub(1)?)).copied()
    }

    fn legend(&self, f: &Lines, buf: &mut Buffer) {
        let (theme, area) = (self.view.theme, self.frame.area);
        let mut x = self.frame.left;
        let y = self.rows + 1;
        x += print(buf, area, x, y, &theme.say(f.y_label), theme.style(Role::Text)) + 2;
        for (series, style) in strokes(f) {
            x += print(buf, area, x, y, style.sample(theme.ascii()), theme.style(role(series.role))) + 1;
            x += print(buf, area, x, y, &theme.say(&series.name), theme.style(Role::Dim)) + 2;
        }
        if self.view.against.is_some() {
            x += print(buf, area, x, y, Stroke::Faint.sample(theme.ascii()), theme.style(Role::Dim)) + 1;
            x += print(buf, area, x, y, "A", theme.style(Role::Dim)) + 2;
        }
        if f.here.is_some() {
            x += print(buf, area, x, y, theme.glyphs().here, theme.style(Role::Text)) + 1;
            print(buf, area, x, y, "here", theme.style(Role::Dim));
        }
    }
}

pub(super) fn readout(view: &FigureView<'_>, f: &Lines) -> Option<String> {
    let first = f.series.first()?;
    let at = first.points.get(view.state.cursor?.min(first.points.len().checked_sub(1)?))?.0;
    let values = f.series.iter().filter_map(|s| {
        let (_, y) = s.points.iter().find(|(x, _)| *x == at)?;
        Some(format!("{} {} {}", s.name, format_value(*y, 2), f.y_unit).trim_end().to_owned())
    });
    let unit = if f.x_unit.is_empty() { String::new() } else { format!(" {}", f.x_unit) };
    Some(format!("{} {}{unit}: {}", f.x_label, axis_number(at, 0.01 * at.abs().max(1e-9)), values.collect::<Vec<_>>().join(", ")))
}
