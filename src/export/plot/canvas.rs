//! SVG elements and axes.

use std::fmt::Write as _;

use crate::{
    export::{
        number::{axis_number, log_ticks, ticks},
        xml::escape,
    },
    lab::SeriesRole,
};

pub(super) const WIDTH: f64 = 900.0;
pub(super) const HEIGHT: f64 = 480.0;
/// Text, and lines of axes.
pub(super) const INK: &str = "#1b2026";
const FAINT: &str = "#8a939d";
/// Left, right, top and bottom of the plotting area.
const AREA: (f64, f64, f64, f64) = (80.0, 870.0, 60.0, 410.0);

pub(super) fn colour(role: SeriesRole) -> &'static str {
    match role {
        SeriesRole::A => "#0062d6",
        SeriesRole::B => "#6a3300",
        SeriesRole::Error => "#c8185f",
        SeriesRole::Grid => FAINT,
    }
}

#[derive(Debug)]
pub(super) struct Canvas {
    out: String,
    height: f64,
}

impl Canvas {
    pub(super) fn new(title: &str, words: &str, height: f64) -> Self {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
             aria-labelledby=\"title desc\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" font-size=\"14\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n",
            escape(title),
            escape(words)
        );
        let _ = writeln!(out, "<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>");
        let mut canvas = Self { out, height };
        canvas.bold(30.0, 30.0, title);
        canvas
    }

    pub(super) fn finish(self) -> String {
        self.out + "</svg>\n"
    }

    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str, opacity: f64) {
        let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{opacity}\"") } else { String::new() };
        let _ = writeln!(
            self.out,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{fill}\"{opacity} shape-rendering=\"crispEdges\"/>",
            width.max(0.0),
            height.max(0.0)
        );
    }

    /// Text of one width a character.
    pub(super) fn mono(&mut self, x: f64, y: f64, fill: &str, weight: &str, text: &str) {
        let _ = writeln!(
            self.out,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-family=\"DejaVu Sans Mono, monospace\" font-weight=\"{weight}\" fill=\"{fill}\">{}</text>",
            escape(text)
        );
    }

    /// `anchor` is SVG's: start, middle, end.
    pub(super) fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let _ =
            writeln!(self.out, "<text x=\"{x:.2}\" y=\"{y:.2}\" text-anchor=\"{anchor}\" fill=\"{INK}\">{}</text>", escape(text));
    }

    pub(super) fn bold(&mut self, x: f64, y: f64, text: &str) {
        let _ = writeln!(self.out, "<text x=\"{x:.2}\" y=\"{y:.2}\" font-weight=\"bold\" fill=\"{INK}\">{}</text>", escape(text));
    }

    pub(super) fn circle(&mut self, x: f64, y: f64, fill: &str) {
        let _ = writeln!(self.out, "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"5\" fill=\"{fill}\"/>");
    }

    pub(super) fn polyline(&mut self, points: &[(f64, f64)], stroke: &str, dashes: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.2},{y:.2}")).collect();
        let dashes = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
        let _ = writeln!(
            self.out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"2\"{dashes}/>",
            points.join(" ")
        );
    }

    /// Names along the lower edge: lines are shown with their dashes, other series as a block.
    pub(super) fn legend_of_lines<'n>(&mut self, entries: impl Iterator<Item = (&'n str, &'static str, Option<&'static str>)>) {
        let (mut x, y) = (AREA.0, self.height - 16.0);
        for (name, ink, dashes) in entries {
            match dashes {
                Some(dashes) => self.polyline(&[(x, y - 4.0), (x + 36.0, y - 4.0)], ink, dashes),
                None => self.rect(x, y - 10.0, 12.0, 12.0, ink, 1.0),
            }
            let start = x + if dashes.is_some() { 42.0 } else { 18.0 };
            self.text(start, y, "start", name);
            x = start + 22.0 + 8.5 * name.chars().count() as f64;
        }
    }

    /// Names with their colour, along the lower edge.
    pub(super) fn legend(&mut self, names: impl Iterator<Item = (String, &'static str)>) {
        let (mut x, y) = (AREA.0, self.height - 16.0);
        for (name, fill) in names {
            self.rect(x, y - 10.0, 12.0, 12.0, fill, 1.0);
            self.text(x + 18.0, y, "start", &name);
            x += 40.0 + 8.5 * name.chars().count() as f64;
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Axis {
    pub(super) lo: f64,
    pub(super) hi: f64,
    /// With its unit.
    pub(super) name: String,
    /// Scaled by log10; both ends are then above 0.
    pub(super) log: bool,
}

impl Axis {
    /// Not finite for a value that cannot stand on the axis.
    fn share(&self, v: f64) -> f64 {
        if self.log {
            let (lo, hi) = (self.lo.log10(), self.hi.log10());
            return if hi > lo { (v.log10() - lo) / (hi - lo) } else { 0.0 };
        }
        if self.hi > self.lo { (v - self.lo) / (self.hi - self.lo) } else { 0.0 }
    }

    /// Round values and their names.
    fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        if self.log {
            return log_ticks(self.lo, self.hi, most);
        }
        let values = ticks(self.lo, self.hi, most);
        let step = values.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(self.hi - self.lo);
        values.into_iter().map(|v| (v, axis_number(v, step))).collect()
    }
}

/// Two axes over the plotting area.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    x: Axis,
    y: Axis,
}

impl Plot {
    pub(super) fn new(x: Axis, y: Axis) -> Self {
        Self { x, y }
    }

    pub(super) fn x(&self, v: f64) -> f64 {
        AREA.0 + self.x.share(v) * (AREA.1 - AREA.0)
    }

    pub(super) fn y(&self, v: f64) -> f64 {
        AREA.3 - self.y.share(v) * (AREA.3 - AREA.2)
    }

    /// A point of the picture; `None` for one that cannot stand on the axes.
    pub(super) fn point(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let (x, y) = (self.x(x), self.y(y));
        (x.is_finite() && y.is_finite()).then_some((x, y))
    }

    /// The values at the lower and the upper end.
    pub(super) fn y_ends(&self) -> (f64, f64) {
        (self.y.lo, self.y.hi)
    }

    /// Where columns stand: zero, on a log axis the lower end.
    pub(super) fn y_base(&self) -> f64 {
        self.y(if self.y.log { self.y.lo } else { 0.0f64.clamp(self.y.lo, self.y.hi) })
    }

    pub(super) fn axes(&self, canvas: &mut Canvas) {
        self.y_ticks(&self.y.ticks(7), canvas);
        self.x_axis(AREA.3, canvas);
    }

    /// Grid lines with their names; the axis' own name stands above them.
    pub(super) fn y_ticks(&self, ticks: &[(f64, String)], canvas: &mut Canvas) {
        for (v, name) in ticks {
            let y = self.y(*v);
            canvas.rect(AREA.0, y - 0.25, AREA.1 - AREA.0, 0.5, FAINT, 1.0);
            canvas.text(AREA.0 - 8.0, y + 5.0, "end", name);
        }
        canvas.text(AREA.0 - 8.0, AREA.2 - 10.0, "start", &self.y.name);
    }

    pub(super) fn x_axis(&self, y: f64, canvas: &mut Canvas) {
        canvas.rect(AREA.0, y - 0.5, AREA.1 - AREA.0, 1.0, INK, 1.0);
        for (v, name) in self.x.ticks(9) {
            canvas.rect(self.x(v) - 0.5, y, 1.0, 6.0, INK, 1.0);
            canvas.text(self.x(v), y + 20.0, "middle", &name);
        }
        canvas.text((AREA.0 + AREA.1) / 2.0, y + 38.0, "middle", &self.x.name);
    }

    /// A line through the finite points; it breaks at the others.
    pub(super) fn line(&self, points: &[(f64, f64)], stroke: &str, dashes: &str, canvas: &mut Canvas) {
        let points: Vec<(f64, f64)> = points.iter().map(|&(x, y)| (self.x(x), self.y(y))).collect();
        for run in points.split(|(x, y)| !(x.is_finite() && y.is_finite())).filter(|run| !run.is_empty()) {
            canvas.polyline(run, stroke, dashes);
        }
    }
}
