//! The controls of a lab: one row a parameter.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};
use unicode_width::UnicodeWidthStr;

use super::{fit, print};
use crate::{
    export::format_value,
    lab::{ParamKind, ParamSpec, Params, Value},
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
    entry: Option<&'a str>,
    theme: &'a Theme,
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
        Self { params, visible, focused, entry, theme }
    }

    pub fn height(&self) -> u16 {
        self.visible.len().min(usize::from(u16::MAX)) as u16
    }

    /// The columns in which every label and value still shows whole; sliders come on top.
    pub fn min_width(&self) -> u16 {
        Places::of(self, u16::MAX).least as u16
    }

    /// Draws as many rows as fit, scrolled so that the focused one shows.
    pub fn render(&self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let places = Places::of(self, area.width);
        for (y, &idx) in self.rows_in(area.height).iter().enumerate() {
            self.draw_row(idx, y, &places, area, buf);
        }
    }

    /// The cell for the terminal's cursor: behind what is typed, or on the focused control's value.
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        let focused = self.focused?;
        let row = self.rows_in(area.height).iter().position(|&idx| idx == focused)?;
        let places = Places::of(self, area.width);
        let column = match (self.entry, self.knob(focused, &places)) {
            (Some(entry), _) => places.value + self.padded(entry, &places).width(),
            (None, Some(knob)) => places.slider + knob,
            (None, None) => places.value,
        };
        let column = column.min(usize::from(area.width).checked_sub(1)?);
        Some(Position { x: area.x.saturating_add(column as u16), y: area.y.saturating_add(row as u16) })
    }

    fn rows_in(&self, height: u16) -> &'a [usize] {
        let height = usize::from(height);
        let focus = self.focused.and_then(|f| self.visible.iter().position(|&idx| idx == f)).unwrap_or(0);
        let first = (focus + 1).saturating_sub(height);
        &self.visible[first..(first + height).min(self.visible.len())]
    }

    fn draw_row(&self, idx: usize, y: usize, places: &Places, area: Rect, buf: &mut Buffer) {
        let Some(spec) = self.params.specs().get(idx) else { return };
        let (glyphs, is_focused) = (self.theme.glyphs(), self.focused == Some(idx));
        let (text, dim, accent) = (self.theme.style(Role::Text), self.theme.style(Role::Dim), self.theme.style(Role::Accent));
        print(buf, area, MARGIN, y, &self.theme.say(spec.label), if is_focused { text } else { dim });
        let value = match self.entry.filter(|_| is_focused) {
            Some(entry) => self.padded(entry, places),
            None => self.value_text(spec, self.params.at(idx), places),
        };
        let value_style = if is_focused && self.entry.is_some() { text.add_modifier(Modifier::UNDERLINED) } else { text };
        print(buf, area, places.value, y, &value, value_style);
        if let Some(knob) = self.knob(idx, places) {
            let line = glyphs.slider_line.repeat(places.slider_width - 2);
            let x = print(buf, area, places.slider, y, glyphs.slider_start, self.theme.style(Role::Grid));
            print(buf, area, places.slider + x, y, &line, self.theme.style(Role::Grid));
            print(buf, area, places.slider + places.slider_width - 1, y, glyphs.slider_end, self.theme.style(Role::Grid));
            print(buf, area, places.slider + knob, y, glyphs.knob, if is_focused { accent } else { text });
        }
        if is_focused {
            print(buf, area, 0, y, glyphs.pointer, accent);
            let row = Rect { y: area.y + y as u16, height: 1, width: (places.end as u16).min(area.width), ..area };
            super::card::highlight(self.theme, row, buf);
        }
    }

    /// Numbers end at one column; choices and switches begin at one.
    fn value_text(&self, spec: &ParamSpec, value: Value, places: &Places) -> String {
        let glyphs = self.theme.glyphs();
        match value {
            Value::Choice(_) => {
                let label = shown_value(spec, value);
                let room = places.end.saturating_sub(places.value + 4);
                format!("{} {} {}", glyphs.choice_left, fit(&self.theme.say(&label), room, glyphs.ellipsis), glyphs.choice_right)
            }
            Value::Bool(_) => format!("{} {} {}", glyphs.choice_left, shown_value(spec, value), glyphs.choice_right),
            _ => self.padded(&shown_value(spec, value), places),
        }
    }

    fn padded(&self, number: &str, places: &Places) -> String {
        " ".repeat(places.value_width.saturating_sub(number.width())) + number
    }

    /// The knob's column inside of the slider; `None` where there is no slider.
    fn knob(&self, idx: usize, places: &Places) -> Option<usize> {
        let share = share_of(self.params.specs().get(idx)?, self.params.at(idx))?;
        let inside = places.slider_width.checked_sub(3)?;
        Some(1 + (share * inside as f64).round() as usize)
    }
}

/// A value as its control shows it: the label of a choice, on or off, a number with the decimals of its step.
pub fn shown_value(spec: &ParamSpec, value: Value) -> String {
    match (spec.kind, value) {
        (ParamKind::Choice(options), Value::Choice(name)) => {
            options.iter().find(|o| o.name == name).map_or(name, |o| o.label).to_owned()
        }
        (_, Value::Bool(on)) => if on { "on" } else { "off" }.into(),
        (_, Value::Int(i)) => format_value(i as f64, 0),
        (ParamKind::Float { step, log: false, .. }, Value::Float(x)) => plain_float(x, step),
        (_, Value::Float(x)) => log_float(x),
        (_, Value::Choice(name)) => name.into(),
        (_, Value::Bits(_) | Value::Vector(_)) => value.to_string(),
    }
}

/// The decimals of the step, or all that a typed number needs.
fn plain_float(x: f64, step: f64) -> String {
    let of_step = if step > 0.0 && step < 1.0 { (-step.log10() - 1e-9).ceil() as usize } else { 0 };
    let decimals = (of_step..=6).find(|&d| format!("{x:.d$}").parse() == Ok(x)).unwrap_or(6);
    format!("{x:.decimals$}")
}

/// Three digits: `0.0126`, `251`, `7e9`, `7.08e9`.
fn log_float(x: f64) -> String {
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) {
        let decimals = (2 - x.abs().max(1e-3).log10().floor() as i32).max(0) as usize;
        let text = format!("{x:.decimals$}");
        return if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text };
    }
    let text = format!("{x:.2e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
}

/// Where a number stands between its limits, 0 to 1, by the scale of its steps.
fn share_of(spec: &ParamSpec, value: Value) -> Option<f64> {
    let (min, max, x, log) = match (spec.kind, value) {
        (ParamKind::Int { min, max, log, .. }, Value::Int(x)) => (min as f64, max as f64, x as f64, log),
        (ParamKind::Float { min, max, log, .. }, Value::Float(x)) => (min, max, x, log),
        _ => return None,
    };
    let (min, max, x) = if log && min > 0.0 { (min.ln(), max.ln(), x.ln()) } else { (min, max, x) };
    Some(if max > min { ((x - min) / (max - min)).clamp(0.0, 1.0) } else { 0.0 })
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
        let label = rows().map(|(spec, _)| spec.label.width()).max().unwrap_or(0);
        let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_));
        let numbers = rows()
            .filter(|(_, v)| is_number(v))
            .flat_map(|(spec, v)| [v, spec.limit(false), spec.limit(true)].map(|v| (spec, v)));
        let value_width = numbers.map(|(spec, v)| shown_value(spec, v).width()).max().unwrap_or(0).min(12);
        let value = MARGIN + label + 2;
        let slider = value + value_width + 2;
        let room = width.saturating_sub(slider + 1);
        let slider_width = if room < *SLIDER.start() { 0 } else { room.min(*SLIDER.end()) };
        let choices = rows().filter(|(_, v)| !is_number(v)).map(|(spec, v)| shown_value(spec, v).width() + 4).max().unwrap_or(0);
        let end = (slider + slider_width).max(value + choices).min(width);
        Self { value, value_width, slider, slider_width, end, least: value + value_width.max(choices.min(MAX_LEAST_CHOICE)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lab::Choice,
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

    #[test]
    fn numbers_show_the_digits_that_matter() {
        assert_eq!(plain_float(-0.1, 0.05), "-0.10");
        assert_eq!(plain_float(0.123, 0.05), "0.123");
        assert_eq!(plain_float(5.0, 1.0), "5");
        assert_eq!(log_float(0.012_589), "0.0126");
        assert_eq!(log_float(251.19), "251");
        assert_eq!(log_float(7e9), "7e9");
        assert_eq!(log_float(7.079e9), "7.08e9");
        assert_eq!(log_float(1.0), "1");
    }

    #[test]
    fn no_size_panics() {
        let (params, theme) = (Params::defaults(SPECS), Theme::new(Background::Light, Depth::C256, true));
        for (width, height) in [(0, 0), (1, 1), (65_535, 1), (13, 3), (22, 9), (31, 9)] {
            for entry in [None, Some("123456789012345678")] {
                let controls = Controls::new(&params, &[0, 1, 2, 3, 4, 99], Some(4), entry, &theme);
                let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
                controls.render(buf.area, &mut buf);
                controls.cursor(buf.area);
            }
        }
    }
}
