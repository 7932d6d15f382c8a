//! Curves over one x axis, in Braille dots (in ASCII mode one character a series); points as signs, columns as bars.

mod columns;
mod legend;
mod plot;
mod range;
mod stroke;

use legend::Legend;
use plot::Plot;
use range::Range;
use ratatui::{buffer::Buffer, layout::Rect};
use stroke::{Stroke, strokes};

use super::{FigureView, axis::Frame};
use crate::{
    export::{axis_number, format_value},
    lab::{Figure, Lines, Series, SeriesRole, Shape},
    theme::Role,
};

pub(super) fn draw(view: &FigureView<'_>, f: &Lines, area: Rect, buf: &mut Buffer) {
    let Some(range) = Range::of(view, f) else { return };
    let frame = Frame::new(area, Frame::room(area.width));
    let height = usize::from(area.height);
    let legend = Legend::of(view, f, frame.left, usize::from(area.width), height);
    let rows = height.saturating_sub(1 + legend.height());
    if rows == 0 {
        return;
    }
    let plot = Plot { view, range, frame, rows };
    if let Some(target) = view.target {
        plot.level(target, buf);
    }
    let mut canvas = vec![(0u8, Stroke::Solid, Role::Grid); plot.frame.n_columns * rows];
    if let Some(Figure::Lines(a)) = view.against {
        a.series.iter().for_each(|s| plot.series(s, Stroke::Faint, &mut canvas));
    }
    plot.mark_lines(f, buf);
    columns::draw(&plot, f, buf);
    let is_grid = |s: &&(&Series, Stroke)| s.0.role == SeriesRole::Grid;
    let lines: Vec<_> = strokes(f).into_iter().filter(|(series, _)| series.shape == Shape::Line).collect();
    // References lie below what is measured.
    for (series, stroke) in lines.iter().filter(is_grid).chain(lines.iter().filter(|s| !is_grid(s)).rev()) {
        plot.series(series, *stroke, &mut canvas);
    }
    plot.paint(&canvas, buf);
    plot.guess(f, buf);
    f.series.iter().filter(|series| series.shape == Shape::Points).for_each(|series| plot.points(f, series, buf));
    plot.here(f, buf);
    plot.mark_labels(f, buf);
    plot.axes(f, buf);
    legend.draw(view, rows + 1, area, buf);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        theme::{Background, Depth, Theme},
        widget::figure::Prediction,
    };

    fn drawn(f: Lines, metric: &str, said: f64) -> Vec<String> {
        let (figure, theme) = (Figure::Lines(f), Theme::new(Background::Dark, Depth::None, false));
        let guess = Prediction { metric, label: "guess", unit: "dB", said, measured: 6.0, decimals: 1 };
        let mut buf = Buffer::empty(Rect::new(0, 0, 60, 14));
        FigureView::new(&figure, &theme).prediction(Some(guess)).render(buf.area, &mut buf);
        // The first row says the guess in words.
        buf.content.chunks(60).skip(2).map(|row| row.iter().map(|cell| cell.symbol()).collect()).collect()
    }

    #[test]
    fn a_guess_stands_on_the_axis_of_its_metric_alone() {
        let series = vec![Series::line("measured", SeriesRole::B, vec![(0.0, 0.0), (10.0, 10.0)])];
        let f = Lines { series, here: Some((6.0, 6.0)), y_metric: "sqnr_db", x_metric: "best", ..Lines::default() };
        let row_of = |rows: &[String]| rows.iter().position(|row| row.contains('◇'));
        assert!(row_of(&drawn(f.clone(), "sqnr_db", 2.0)).is_some());
        let last = drawn(f.clone(), "best", 2.0);
        assert_eq!(row_of(&last), row_of(&last).filter(|row| *row == last.len() - 3));
        assert!(row_of(&last).is_some());
        // Another metric, one far off the axis, and one where the controls stand.
        for (metric, said) in [("int_macs", 8.0), ("", 8.0), ("sqnr_db", 900.0), ("sqnr_db", 6.0)] {
            let rows = drawn(f.clone(), metric, said);
            assert_eq!(row_of(&rows), None, "{metric} {said}");
            assert!(rows.iter().any(|row| row.contains('◆')), "{metric} {said}");
        }
    }
}
