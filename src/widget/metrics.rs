//! The metrics of a report: label, value at the decimal point, unit; with mark A also its value and the difference.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::print;
use crate::{
    export::{format_metric, format_value, shown_unit},
    lab::{Better, MetricSpec, Report},
    theme::{Role, Theme},
};

const GAP: usize = 2;

/// One row a metric, in the order of the specifications (or of [`Metrics::only`]).
///
/// ```text
/// scale          0.02392
/// zero point  -124
/// SQNR          43.20    dB   40.11  ✔ +3.09
/// ```
#[derive(Clone, Debug)]
pub struct Metrics<'a> {
    specs: Vec<&'a MetricSpec>,
    report: &'a Report,
    against: Option<&'a Report>,
    theme: &'a Theme,
}

impl<'a> Metrics<'a> {
    pub fn new(specs: &'a [MetricSpec], report: &'a Report, theme: &'a Theme) -> Self {
        Self { specs: specs.iter().collect(), report, against: None, theme }
    }

    /// Mark A: its values and the differences stand beside.
    pub fn against(mut self, a: Option<&'a Report>) -> Self {
        self.against = a;
        self
    }

    /// Shows these metrics only, in this order; a name that the lab does not have is left out.
    pub fn only(mut self, names: &[&str]) -> Self {
        self.specs = names.iter().filter_map(|name| self.specs.iter().find(|s| s.name == *name).copied()).collect();
        self
    }

    pub fn height(&self) -> u16 {
        self.specs.len().min(usize::from(u16::MAX)) as u16
    }

    /// The columns that all of it needs.
    pub fn width(&self) -> u16 {
        let rows = self.rows();
        let widths = Widths::of(&rows);
        (widths.difference + rows.iter().map(|r| r.difference.width() + GAP).max().unwrap_or(0)).min(usize::from(u16::MAX)) as u16
    }

    /// The columns that values and differences need, without those of A.
    pub fn compact_width(&self) -> u16 {
        let rows = self.rows();
        Widths::of(&rows).compact(&rows).min(usize::from(u16::MAX)) as u16
    }

    pub fn render(&self, area: Rect, buf: &mut Buffer) {
        let mut rows = self.rows();
        if self.against.is_none() {
            shorten(&mut rows, area.width.into());
        }
        let mut widths = Widths::of(&rows);
        widths.shows_a = self.width() <= area.width;
        widths.shows_difference = widths.shows_a || widths.compact(&rows) <= usize::from(area.width);
        for (y, row) in rows.iter().enumerate() {
            self.draw_row(row, &widths, y, area, buf);
        }
    }

    fn draw_row(&self, row: &Row, widths: &Widths, y: usize, area: Rect, buf: &mut Buffer) {
        let (text, dim, glyphs) = (self.theme.style(Role::Text), self.theme.style(Role::Dim), self.theme.glyphs());
        print(buf, area, 0, y, &self.theme.say(row.spec.label), dim);
        let now = self.theme.say(&row.now.text);
        // A number cut short is a wrong number: it rather leaves the column of decimal points.
        let x = (widths.value + widths.now.left - row.now.left()).min(usize::from(area.width).saturating_sub(now.width()));
        print(buf, area, x, y, &now, text);
        print(buf, area, widths.unit, y, &self.theme.say(row.spec.unit), dim);
        let Some(a) = &row.a else { return };
        // The difference says more than A's own value: where one must go, it is the value.
        if widths.shows_a {
            print(buf, area, widths.a + widths.was.left - a.left(), y, &self.theme.say(&a.text), dim);
        }
        // A number cut short is a wrong number.
        if !widths.shows_difference {
            return;
        }
        let difference = if widths.shows_a { widths.difference } else { widths.a };
        let (glyph, role) = match row.verdict {
            Some(true) => (glyphs.good, Role::Good),
            Some(false) => (glyphs.bad, Role::Bad),
            None => (" ", Role::Text),
        };
        print(buf, area, difference, y, glyph, self.theme.style(role));
        print(buf, area, difference + 2, y, &row.difference, text);
    }

    fn rows(&self) -> Vec<Row> {
        self.specs.iter().map(|spec| Row::new(spec, self.report, self.against)).collect()
    }
}

/// Where units would be cut off, numbers lose decimals, down to three significant digits: a number cut short is a wrong one.
fn shorten(rows: &mut [Row], width: usize) {
    let widths = Widths::of(rows);
    let too_wide = (widths.unit + widths.unit_width).saturating_sub(width);
    let room = widths.now.right.saturating_sub(too_wide);
    for row in rows.iter_mut().filter(|row| too_wide > 0 && row.now.right() > room) {
        if let Some(value) = row.value.filter(|v| v.is_finite() && *v != 0.0) {
            row.now.text = significant(value, room.saturating_sub(1));
        }
    }
}

/// A value with this many decimals, or with three significant digits where that takes more.
fn significant(value: f64, decimals: usize) -> String {
    let needed = (2 - value.abs().log10().floor() as i32).max(0) as usize;
    let fixed = format!("{value:.*}", decimals.max(needed));
    let power = format!("{value:.2e}");
    if needed > decimals && power.len() < fixed.len() { power } else { fixed }
}

/// A formatted number and how much of it stands before the decimal point.
#[derive(Clone, Debug)]
struct Number {
    text: String,
}

impl Number {
    fn left(&self) -> usize {
        self.text.find('.').unwrap_or_else(|| self.text.width())
    }

    fn right(&self) -> usize {
        self.text.width() - self.left()
    }
}

#[derive(Clone, Debug)]
struct Row {
    /// As it is shown: bytes from a billion on stand as GB.
    spec: MetricSpec,
    value: Option<f64>,
    now: Number,
    a: Option<Number>,
    difference: String,
    /// Whether the change is for the better; `None` where it is neither.
    verdict: Option<bool>,
}

impl Row {
    fn new(spec: &MetricSpec, report: &Report, against: Option<&Report>) -> Self {
        let value = report.metric(spec.name);
        let (spec, size) = value.map_or((*spec, 1.0), |v| shown_unit(v, spec));
        let value = value.map(|v| v / size);
        let now = Number { text: format_metric(value, &spec) };
        let Some(against) = against else { return Self { spec, value, now, a: None, difference: String::new(), verdict: None } };
        let was = against.metric(spec.name).map(|v| v / size);
        let a = Number { text: format_metric(was, &spec) };
        let (difference, verdict) = change(&spec, value, was);
        Self { spec, value, now, a: Some(a), difference, verdict }
    }
}

/// The signed difference in words, and whether it is for the better.
fn change(spec: &MetricSpec, now: Option<f64>, was: Option<f64>) -> (String, Option<bool>) {
    let (Some(now), Some(was)) = (now, was) else { return (String::new(), None) };
    if now == was {
        return ("=".into(), None);
    }
    let verdict = match spec.better {
        Better::Higher => Some(now > was),
        Better::Lower => Some(now < was),
        Better::Neither => None,
    };
    let difference = now - was;
    if !difference.is_finite() {
        return (String::new(), verdict);
    }
    let sign = if difference > 0.0 { "+" } else { "" };
    (format!("{sign}{}", format_value(difference, usize::from(spec.decimals))), verdict)
}

#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    left: usize,
    right: usize,
}

impl Sides {
    fn of<'n>(numbers: impl Iterator<Item = &'n Number>) -> Self {
        numbers.fold(Self::default(), |s, n| Self { left: s.left.max(n.left()), right: s.right.max(n.right()) })
    }
}

/// The columns at which the parts of all rows begin.
#[derive(Clone, Copy, Debug)]
struct Widths {
    value: usize,
    now: Sides,
    unit: usize,
    unit_width: usize,
    a: usize,
    was: Sides,
    difference: usize,
    shows_a: bool,
    shows_difference: bool,
}

impl Widths {
    fn compact(&self, rows: &[Row]) -> usize {
        rows.iter()
            .map(|r| r.difference.width())
            .max()
            .filter(|&w| w > 0)
            .map_or(self.unit + self.unit_width, |w| self.a + GAP + w)
    }

    fn of(rows: &[Row]) -> Self {
        let label = rows.iter().map(|r| r.spec.label.width()).max().unwrap_or(0);
        let unit_width = rows.iter().map(|r| r.spec.unit.width()).max().unwrap_or(0);
        let (now, was) = (Sides::of(rows.iter().map(|r| &r.now)), Sides::of(rows.iter().filter_map(|r| r.a.as_ref())));
        let value = label + GAP;
        let unit = value + now.left + now.right + 1;
        let a = unit + unit_width + GAP;
        let difference = a + was.left + was.right + GAP;
        Self { value, now, unit, unit_width, a, was, difference, shows_a: true, shows_difference: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lab::Metric,
        theme::{Background, Depth},
    };

    #[test]
    fn a_number_gives_decimals_away_before_it_is_cut() {
        assert_eq!(significant(0.000_129_04, 5), "1.29e-4");
        assert_eq!(significant(0.999_935, 5), "0.99994");
        assert_eq!(significant(0.018_629, 1), "0.0186");
        assert_eq!(significant(38.8919, 1), "38.9");
    }

    const fn spec(name: &'static str, label: &'static str, unit: &'static str, better: Better, decimals: u8) -> MetricSpec {
        MetricSpec { name, label, unit, better, measured: false, decimals, help: "" }
    }

    const SPECS: &[MetricSpec] = &[
        spec("scale", "scale", "", Better::Neither, 5),
        spec("zero_point", "zero point", "", Better::Neither, 0),
        spec("sqnr_db", "SQNR", "dB", Better::Higher, 2),
    ];

    fn report(values: [Option<f64>; 3]) -> Report {
        let metrics = SPECS.iter().zip(values).map(|(s, value)| Metric { name: s.name, value }).collect();
        Report { metrics, ..Report::default() }
    }

    fn drawn(metrics: &Metrics<'_>, width: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, metrics.height()));
        metrics.render(buf.area, &mut buf);
        let rows = buf.content.chunks(usize::from(width.max(1)));
        rows.map(|row| row.iter().map(|c| c.symbol()).collect::<String>().trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn numbers_line_up_at_the_decimal_point() {
        let theme = Theme::new(Background::Dark, Depth::None, false);
        let now = report([Some(0.02392), Some(-124.0), Some(43.2)]);
        insta::assert_snapshot!(drawn(&Metrics::new(SPECS, &now, &theme), 40), @r"
        scale          0.02392
        zero point  -124
        SQNR          43.20    dB
        ");
    }

    #[test]
    fn mark_a_shows_both_values_and_what_became_better() {
        let theme = Theme::new(Background::Dark, Depth::None, false);
        let (now, was) = (report([Some(0.02392), None, Some(43.2)]), report([Some(0.02392), Some(0.0), Some(40.11)]));
        insta::assert_snapshot!(drawn(&Metrics::new(SPECS, &now, &theme).against(Some(&was)), 60), @r"
        scale        0.02392      0.02392    =
        zero point   –            0
        SQNR        43.20    dB  40.11     ✔ +3.09
        ");
        let only = drawn(&Metrics::new(SPECS, &was, &theme).against(Some(&now)).only(&["sqnr_db", "nothing"]), 60);
        assert_eq!(only, "SQNR  40.11 dB  43.20  ✗ -3.09\n");
    }

    #[test]
    fn where_room_is_short_the_difference_stays() {
        let theme = Theme::new(Background::Dark, Depth::None, false);
        let (now, was) = (report([None, None, Some(43.2)]), report([None, None, Some(40.11)]));
        let metrics = Metrics::new(SPECS, &now, &theme).against(Some(&was)).only(&["sqnr_db"]);
        assert_eq!(drawn(&metrics, 30), "SQNR  43.20 dB  40.11  ✔ +3.09\n");
        assert_eq!(drawn(&metrics, 24), "SQNR  43.20 dB  ✔ +3.09\n");
    }

    #[test]
    fn infinity_is_a_value_and_no_size_panics() {
        let theme = Theme::new(Background::Dark, Depth::None, true);
        let (now, was) = (report([None, None, Some(f64::INFINITY)]), report([None, None, Some(40.0)]));
        let metrics = Metrics::new(SPECS, &now, &theme).against(Some(&was));
        assert!(drawn(&metrics, 40).contains("inf"));
        for (width, height) in [(0, 0), (1, 1), (65_535, 1), (7, 2)] {
            let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
            metrics.render(buf.area, &mut buf);
        }
    }
}
