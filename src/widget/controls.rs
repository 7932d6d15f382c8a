//! The controls of a lab: one row a parameter; a focused pattern, vector or image opens into its bits, elements or pixels.

mod open;
mod shown;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};
use unicode_width::UnicodeWidthStr;

pub use shown::shown_value;
use shown::{item_width, share_of, shown_item, shown_pixel, whole_items};

use super::{fit, print};
use crate::{
    lab::{ParamSpec, Params, Value},
    theme::{Role, Theme},
};

/// A slider is at least and at most this wide, ends included.
const SLIDER: std::ops::RangeInclusive<usize> = 8..=34;
const MARGIN: usize = 2;
/// A longer choice may end in an ellipsis when room is short.
const MAX_LEAST_CHOICE: usize = 18;

/// One row a visible parameter: label, value, and a slider for numbers; a choice stands between `‹ ›`.
///
/// ```text
///   range low   -0.10  ├●────────────────────────────┤
/// ▸ bits            8  ├────────────●────────────────┤
///   scheme    ‹ affine ›
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Controls<'a> {
    params: &'a Params,
    visible: &'a [usize],
    focused: Option<usize>,
    item: usize,
    entry: Option<&'a str>,
    steps: Option<Steps>,
    theme: &'a Theme,
}

/// Where a trace stands: the first row of the controls while its view is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// From 0.
    pub at: usize,
    pub of: usize,
    pub focused: bool,
}

/// One line of the widget.
#[derive(Clone, Copy, Debug)]
enum Line {
    Steps(Steps),
    Param(usize),
    /// Bits, elements or pixels of the focused parameter, from one to another.
    Open {
        idx: usize,
        from: usize,
        to: usize,
    },
}

impl<'a> Controls<'a> {
    /// `visible` and `focused` are indices of `params`; `entry` is what is being typed into the focused control.
    pub fn new(
        params: &'a Params,
        visible: &'a [usize],
        focused: Option<usize>,
        entry: Option<&'a str>,
        theme: &'a Theme,
    ) -> Self {
        Self { params, visible, focused, item: 0, entry, steps: None, theme }
    }

    /// The bit (from the most significant), the element or the pixel of the focused parameter that keys act on.
    pub fn item(self, item: usize) -> Self {
        Self { item, ..self }
    }

    pub fn steps(self, steps: Option<Steps>) -> Self {
        Self { steps, ..self }
    }

    /// The rows it takes at this width.
    pub fn height(&self, width: u16) -> u16 {
        self.lines(width).len().min(usize::from(u16::MAX)) as u16
    }

    /// The columns in which every label and value still shows whole; sliders come on top.
    pub fn min_width(&self) -> u16 {
        Places::of(self, u16::MAX).least as u16
    }

    /// Draws as many rows as fit, scrolled so that the focused one shows.
    pub fn render(&self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let places = Places::of(self, area.width);
        for (y, line) in self.lines_in(area).into_iter().enumerate() {
            match line {
                Line::Steps(steps) => self.draw_steps(steps, y, &places, area, buf),
                Line::Param(idx) => self.draw_row(idx, y, &places, area, buf),
                Line::Open { idx, from, to } => self.draw_open(idx, from..to, y, area, buf),
            }
        }
    }

    /// The cell for the terminal's cursor: behind what is typed, or on the focused control's value.
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        let places = Places::of(self, area.width);
        let lines = self.lines_in(area);
        let (row, column) = self.cursor_in_steps(&lines, &places).or_else(|| {
            let focused = self.focused?;
            if let Some(found) = self.cursor_in_open(&lines).filter(|_| self.entry.is_none()) {
                return Some(found);
            }
            let row = lines.iter().position(|line| matches!(line, Line::Param(idx) if *idx == focused))?;
            Some((row, self.cursor_column(self.knob(focused, &places), &places)))
        })?;
        let column = column.min(usize::from(area.width).checked_sub(1)?);
        Some(Position { x: area.x.saturating_add(column as u16), y: area.y.saturating_add(row as u16) })
    }

    fn cursor_column(&self, knob: Option<usize>, places: &Places) -> usize {
        match (self.entry, knob) {
            (Some(entry), _) => places.value + self.padded(entry, places).width(),
            (None, Some(knob)) => places.slider + knob,
            (None, None) => places.value,
        }
    }

    fn cursor_in_steps(&self, lines: &[Line], places: &Places) -> Option<(usize, usize)> {
        let row = lines.iter().position(|line| matches!(line, Line::Steps(Steps { focused: true, .. })))?;
        let steps = self.steps?;
        Some((row, self.cursor_column(places.knob_at(steps.share()), places)))
    }

    fn lines(&self, width: u16) -> Vec<Line> {
        let mut lines: Vec<Line> = self.steps.into_iter().map(Line::Steps).collect();
        for &idx in self.visible {
            lines.push(Line::Param(idx));
            if self.focused == Some(idx) {
                lines.extend(self.open_lines(idx, usize::from(width)));
            }
        }
        lines
    }

    fn lines_in(&self, area: Rect) -> Vec<Line> {
        let (lines, height) = (self.lines(area.width), usize::from(area.height));
        let is_focus = |line: &Line| match *line {
            Line::Steps(steps) => steps.focused,
            Line::Param(idx) => self.focused == Some(idx),
            Line::Open { from, to, .. } => (from..to).contains(&self.item),
        };
        // The last line that has the focus, so that an open control shows its item before its name.
        let focus = lines.iter().rposition(is_focus).unwrap_or(0);
        let first = (focus + 1).saturating_sub(height);
        lines.into_iter().skip(first).take(height).collect()
    }

    /// `step   3 of 9  ├──●─────┤`.
    fn draw_steps(&self, steps: Steps, y: usize, places: &Places, area: Rect, buf: &mut Buffer) {
        let (text, dim) = (self.theme.style(Role::Text), self.theme.style(Role::Dim));
        print(buf, area, MARGIN, y, "step", if steps.focused { text } else { dim });
        let entry = self.entry.filter(|_| steps.focused);
        let value = entry.map_or_else(|| steps.shown(), str::to_owned);
        let style = if entry.is_some() { text.add_modifier(Modifier::UNDERLINED) } else { text };
        print(buf, area, places.value, y, &self.padded(&value, places), style);
        self.draw_slider(places.knob_at(steps.share()), steps.focused, y, places, area, buf);
        if steps.focused {
            self.draw_focus(y, places, area, buf);
        }
    }

    fn draw_slider(&self, knob: Option<usize>, is_focused: bool, y: usize, places: &Places, area: Rect, buf: &mut Buffer) {
        let Some(knob) = knob else { return };
        let (glyphs, grid) = (self.theme.glyphs(), self.theme.style(Role::Grid));
        let line = glyphs.slider_line.repeat(places.slider_width - 2);
        let x = print(buf, area, places.slider, y, glyphs.slider_start, grid);
        print(buf, area, places.slider + x, y, &line, grid);
        print(buf, area, places.slider + places.slider_width - 1, y, glyphs.slider_end, grid);
        let style = self.theme.style(if is_focused { Role::Accent } else { Role::Text });
        print(buf, area, places.slider + knob, y, glyphs.knob, style);
    }

    fn draw_focus(&self, y: usize, places: &Places, area: Rect, buf: &mut Buffer) {
        print(buf, area, 0, y, self.theme.glyphs().pointer, self.theme.style(Role::Accent));
        let row = Rect { y: area.y + y as u16, height: 1, width: (places.end as u16).min(area.width), ..area };
        super::card::highlight(self.theme, row, buf);
    }

    fn draw_row(&self, idx: usize, y: usize, places: &Places, area: Rect, buf: &mut Buffer) {
        let Some(spec) = self.params.specs().get(idx) else { return };
        let is_focused = self.focused == Some(idx);
        let (text, dim) = (self.theme.style(Role::Text), self.theme.style(Role::Dim));
        print(buf, area, MARGIN, y, &self.theme.say(spec.label), if is_focused { text } else { dim });
        let value = match self.entry.filter(|_| is_focused) {
            Some(entry) => self.padded(entry, places),
            None => self.value_text(spec, self.params.at(idx), is_focused, places),
        };
        let value_style = if is_focused && self.entry.is_some() { text.add_modifier(Modifier::UNDERLINED) } else { text };
        print(buf, area, places.value, y, &value, value_style);
        self.draw_slider(self.knob(idx, places), is_focused, y, places, area, buf);
        if is_focused {
            self.draw_focus(y, places, area, buf);
        }
    }

    /// Numbers end at one column; choices and switches begin at one.
    fn value_text(&self, spec: &ParamSpec, value: Value, is_focused: bool, places: &Places) -> String {
        let glyphs = self.theme.glyphs();
        match value {
            Value::Choice(_) => {
                let label = shown_value(spec, value);
                let room = places.end.saturating_sub(places.value + 4);
                format!("{} {} {}", glyphs.choice_left, fit(&self.theme.say(&label), room, glyphs.ellipsis), glyphs.choice_right)
            }
            Value::Bool(_) => format!("{} {} {}", glyphs.choice_left, shown_value(spec, value), glyphs.choice_right),
            Value::Bits(_) if is_focused => format!("{}  bit {}", shown_value(spec, value), open::bit_number(spec, self.item)),
            Value::Vector(_) if is_focused => self.padded(&shown_item(spec, value, self.item).unwrap_or_default(), places),
            Value::Image(pixels) if is_focused => shown_pixel(pixels, self.item),
            Value::Bits(_) | Value::Image(_) => shown_value(spec, value),
            Value::Vector(_) => whole_items(&shown_value(spec, value), places.end.saturating_sub(places.value), glyphs.ellipsis),
            _ => self.padded(&shown_value(spec, value), places),
        }
    }

    fn padded(&self, number: &str, places: &Places) -> String {
        " ".repeat(places.value_width.saturating_sub(number.width())) + number
    }

    /// The knob's column inside of the slider; `None` where there is no slider.
    fn knob(&self, idx: usize, places: &Places) -> Option<usize> {
        let value = self.params.at(idx);
        if matches!(value, Value::Vector(_)) && self.focused != Some(idx) {
            return None;
        }
        places.knob_at(share_of(self.params.specs().get(idx)?, value, self.item)?)
    }
}

impl Steps {
    fn shown(&self) -> String {
        format!("{} of {}", self.at + 1, self.of)
    }

    fn share(&self) -> f64 {
        self.at as f64 / self.of.saturating_sub(1).max(1) as f64
    }
}

/// The columns at which the parts of all rows begin.
#[derive(Clone, Copy, Debug)]
struct Places {
    value: usize,
    value_width: usize,
    slider: usize,
    /// 0 where there is no room for one.
    slider_width: usize,
    end: usize,
    /// Where the longest value ends.
    least: usize,
}

impl Places {
    fn of(controls: &Controls<'_>, width: u16) -> Self {
        let width = usize::from(width);
        let rows = || {
            controls
                .visible
                .iter()
                .filter_map(|&idx| controls.params.specs().get(idx).map(|spec| (spec, controls.params.at(idx))))
        };
        let label = rows().map(|(spec, _)| spec.label.width()).chain(controls.steps.map(|_| 4)).max().unwrap_or(0);
        let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_));
        let numbers = rows()
            .filter(|(_, v)| is_number(v))
            .flat_map(|(spec, v)| [v, spec.limit(false), spec.limit(true)].map(|v| (spec, v)));
        let items = rows().map(|(spec, v)| item_width(spec, v));
        let steps = controls.steps.map(|steps| Steps { at: steps.of, ..steps }.shown().len());
        let value_width =
            numbers.map(|(spec, v)| shown_value(spec, v).width()).chain(items).chain(steps).max().unwrap_or(0).min(12);
        let value = MARGIN + label + 2;
        let slider = value + value_width + 2;
        let room = width.saturating_sub(slider + 1);
        let slider_width = if room < *SLIDER.start() { 0 } else { room.min(*SLIDER.end()) };
        let choices = rows().filter(|(_, v)| !is_number(v)).map(|(spec, v)| shown_value(spec, v).width() + 4).max().unwrap_or(0);
        let end = (slider + slider_width).max(value + choices).min(width);
        Self { value, value_width, slider, slider_width, end, least: value + value_width.max(choices.min(MAX_LEAST_CHOICE)) }
    }

    /// The knob's column inside of the slider at a share of it; `None` where there is no slider.
    fn knob_at(&self, share: f64) -> Option<usize> {
        let inside = self.slider_width.checked_sub(3)?;
        Some(1 + (share.clamp(0.0, 1.0) * inside as f64).round() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lab::{Choice, Numbers, ParamKind, Pixels},
        theme::{Background, Depth},
    };

    const SCHEMES: &[Choice] = &[Choice { name: "symmetric", label: "symmetric" }, Choice { name: "affine", label: "affine" }];

    const fn spec(name: &'static str, label: &'static str, kind: ParamKind, default: Value) -> ParamSpec {
        ParamSpec { name, label, kind, default, help: "", active: |_| true }
    }

    static SPECS: &[ParamSpec] = &[
        spec("lo", "range low", ParamKind::Float { min: -10.0, max: 10.0, step: 0.05, log: false }, Value::Float(-0.1)),
        spec("bits", "bits", ParamKind::Int { min: 2, max: 8, step: 1, log: false }, Value::Int(8)),
        spec("scheme", "scheme", ParamKind::Choice(SCHEMES), Value::Choice("affine")),
        spec("exact", "exact zero", ParamKind::Bool, Value::Bool(true)),
        spec("params", "params", ParamKind::Float { min: 1e6, max: 1e11, step: 0.05, log: true }, Value::Float(7e9)),
    ];

    fn drawn(controls: &Controls<'_>, width: u16, height: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        controls.render(buf.area, &mut buf);
        let rows = buf.content.chunks(usize::from(width));
        rows.map(|row| row.iter().map(|c| c.symbol()).collect::<String>().trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn each_kind_has_its_row() {
        let (params, theme) = (Params::defaults(SPECS), Theme::new(Background::Dark, Depth::None, false));
        let controls = Controls::new(&params, &[0, 1, 2, 3, 4], Some(1), None, &theme);
        insta::assert_snapshot!(drawn(&controls, 50, 5), @r"
          range low    -0.10  ├────────────●────────────┤
        ▸ bits             8  ├────────────────────────●┤
          scheme      ‹ affine ›
          exact zero  ‹ on ›
          params         7e9  ├──────────────────●──────┤
        ");
    }

    #[test]
    fn the_cursor_stands_on_the_focused_control_and_behind_an_entry() {
        let (params, theme) = (Params::defaults(SPECS), Theme::new(Background::Dark, Depth::None, false));
        let area = Rect::new(3, 2, 50, 5);
        let at = |focused, entry| Controls::new(&params, &[0, 1, 2, 3, 4], focused, entry, &theme).cursor(area);
        assert_eq!(at(Some(2), None), Some(Position::new(3 + 14, 4)));
        assert_eq!(at(Some(1), Some("4")), Some(Position::new(3 + 20, 3)));
        assert_eq!(at(None, None), None);
        let small = Controls::new(&params, &[0, 1, 2, 3, 4], Some(4), None, &theme);
        assert_eq!(small.cursor(Rect::ZERO), None);
        assert!(drawn(&small, 40, 2).contains("params"));
    }

    static OPEN: &[ParamSpec] = &[
        spec("pattern", "pattern", ParamKind::Bits { n: 16 }, Value::Bits(0x2e66)),
        spec(
            "x",
            "inputs",
            ParamKind::Vector { n: 8, min: -4.0, max: 4.0, step: 0.25 },
            Value::Vector(Numbers::new(&[0.5, 1.0, -2.25, 0.0, 3.0, 4.0, -4.0, 1.5])),
        ),
        spec("bits", "bits", ParamKind::Int { min: 2, max: 8, step: 1, log: false }, Value::Int(8)),
    ];

    #[test]
    fn a_focused_pattern_opens_into_bits_and_a_vector_into_elements() {
        let (params, theme) = (Params::defaults(OPEN), Theme::new(Background::Dark, Depth::None, false));
        let steps = Some(Steps { at: 2, of: 9, focused: false });
        let controls = |focused, item| Controls::new(&params, &[0, 1, 2], Some(focused), None, &theme).item(item).steps(steps);
        insta::assert_snapshot!(drawn(&controls(0, 2), 44, 5), @r"
          step      3 of 9  ├─────●───────────────┤
        ▸ pattern  0x2e66  bit 13
            0010 1110 0110 0110
          inputs   0.50, 1.00, -2.25, 0.00, 3.00, …
          bits           8  ├────────────────────●┤
        ");
        insta::assert_snapshot!(drawn(&controls(1, 2), 44, 6), @r"
          step      3 of 9  ├─────●───────────────┤
          pattern  0x2e66
        ▸ inputs     -2.25  ├────●────────────────┤
              0.50   1.00 [-2.25]  0.00   3.00
              4.00  -4.00   1.50
          bits           8  ├────────────────────●┤
        ");
        assert_eq!((controls(0, 2).height(44), controls(1, 2).height(44), controls(2, 0).height(44)), (5, 6, 4));
        assert_eq!(controls(0, 5).cursor(Rect::new(0, 0, 44, 5)), Some(Position::new(4 + 6, 2)));
        assert_eq!(controls(1, 2).cursor(Rect::new(0, 0, 44, 6)), Some(Position::new(4 + 2 * 7 + 1, 3)));
        assert!(drawn(&controls(0, 15), 30, 1).contains("0010 1110 0110 0110"), "the line of the bit stays in sight");
    }

    static IMAGE: &[ParamSpec] =
        &[spec("image", "image", ParamKind::Image { width: 4, height: 2, start: None }, Value::Image(Pixels::sheet(4, 2, 0)))];

    #[test]
    fn a_focused_image_opens_into_its_pixels() {
        let (mut params, theme) = (Params::defaults(IMAGE), Theme::new(Background::Dark, Depth::None, false));
        params.put(0, Value::Image(Pixels::new(4, &[0, 4, 8, 16, 0, 0, 12, 1])));
        let controls = |focused| Controls::new(&params, &[0], focused, None, &theme).item(6);
        insta::assert_snapshot!(drawn(&controls(Some(0)), 44, 3), @r"
        ▸ image  row 2, column 3: 12
            · ░░▒▒██
            · · ▓▓░░
        ");
        insta::assert_snapshot!(drawn(&controls(None), 44, 1), @"  image  4x2, 5 inked");
        assert_eq!(controls(Some(0)).cursor(Rect::new(0, 0, 44, 3)), Some(Position::new(4 + 2 * 2, 2)));
    }

    #[test]
    fn no_size_panics() {
        let theme = Theme::new(Background::Light, Depth::C256, true);
        for (width, height) in [(0, 0), (1, 1), (65_535, 1), (5, 3), (13, 3), (22, 9), (31, 9)] {
            for (entry, specs) in [(None, SPECS), (Some("123456789012345678"), SPECS), (None, OPEN), (Some("0x12"), OPEN)] {
                for (focused, item) in [(4, 0), (0, 15), (0, 99), (1, 7), (1, 99)] {
                    let params = Params::defaults(specs);
                    let steps = Some(Steps { at: 7, of: 3, focused: item == 99 });
                    let controls = Controls::new(&params, &[0, 1, 2], Some(focused), entry, &theme).item(item).steps(steps);
                    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
                    controls.render(buf.area, &mut buf);
                    controls.cursor(buf.area);
                }
            }
        }
    }
}
