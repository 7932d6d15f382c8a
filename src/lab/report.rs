//! What a lab gives back: data only. Screens draw it, the command line prints it, exporters plot it, tests compare it.

use serde::Serialize;

/// Which way of a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    Lower,
    Higher,
    Neither,
}

/// One metric, as the row of its lab declares it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricSpec {
    /// Stable name in snake_case: used by `goal`, `predict` and JSON.
    pub name: &'static str,
    pub label: &'static str,
    /// Empty for pure numbers.
    pub unit: &'static str,
    pub better: Better,
    /// Measured on this machine (times, rates), so not reproducible; everything else is exact.
    pub measured: bool,
    /// How many decimals a screen shows.
    pub decimals: u8,
    pub help: &'static str,
}

impl MetricSpec {
    /// The better end of what the metric reached; the higher one where neither is better.
    pub fn better_of(&self, low: f64, high: f64) -> f64 {
        if self.better == Better::Lower { low } else { high }
    }
}

/// A computed metric. `None` where it is not defined for these parameters (a note says why); infinity is a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    pub name: &'static str,
    pub value: Option<f64>,
}

/// What a run of a lab gives: data for screens, files and tests.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of the row, one for each [`MetricSpec`].
    pub metrics: Vec<Metric>,
    /// The views that `v` walks through; the first is the main figure.
    pub figures: Vec<Figure>,
    /// The process behind the figures, step by step: one more view, "steps", that the learner scrubs.
    pub trace: Option<Trace>,
    /// Sentences: what to notice, why a metric is absent, what a figure leaves out.
    pub notes: Vec<String>,
    /// Arrays that `--save NAME=FILE.npy` writes.
    pub arrays: Vec<NamedArray>,
}

impl Report {
    /// The value of a metric; `None` where it is unknown or not defined.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|m| m.name == name).and_then(|m| m.value)
    }

    /// What `v` walks through: the figures, and the trace before or behind them.
    pub fn views(&self) -> Vec<ReportView<'_>> {
        let steps = |first| self.trace.iter().filter(move |trace| trace.first == first).map(ReportView::Steps);
        steps(true).chain(self.figures.iter().map(ReportView::Figure)).chain(steps(false)).collect()
    }
}

/// One view of a report.
#[derive(Clone, Copy, Debug)]
pub enum ReportView<'a> {
    Figure(&'a Figure),
    Steps(&'a Trace),
}

impl ReportView<'_> {
    /// The short name beside `v`; that of a trace is "steps".
    pub fn name(&self) -> &'static str {
        match self {
            Self::Figure(figure) => figure.view(),
            Self::Steps(_) => "steps",
        }
    }
}

/// A process as data: no state is kept in a lab, a screen walks these steps in any order.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Whether "steps" is the first view (the process is the matter of the lab) or the last.
    pub first: bool,
    /// At least one.
    pub steps: Vec<TraceStep>,
}

/// One step: what happens, and the figures after it, drawn one below the other.
#[derive(Clone, Debug)]
pub struct TraceStep {
    /// One or two sentences with the numbers of this step.
    pub caption: String,
    /// One to three; [`Bits`], [`Cells`], [`Flow`] and [`Table`] have a height of their own, another kind takes the rest.
    pub figures: Vec<Figure>,
}

/// An array in row-major order, and the name that `--save` knows it by.
#[derive(Clone, Debug)]
pub struct NamedArray {
    pub name: &'static str,
    pub shape: Vec<usize>,
    pub data: ArrayData,
}

/// Shared, so that a clone of a report (mark A, undo) costs nothing.
#[derive(Clone, Debug)]
pub enum ArrayData {
    F32(std::sync::Arc<[f32]>),
    I32(std::sync::Arc<[i32]>),
}

/// A figure. Every kind can say itself in words (`export::words`) and is drawn with axes and units.
#[derive(Clone, Debug)]
pub enum Figure {
    Mirror(Mirror),
    ErrorHistogram(ErrorHistogram),
    Rows(Rows),
    Lines(Lines),
    Bars(Bars),
    Ruler(Ruler),
    Table(Table),
    Bits(Bits),
    Cells(Cells),
    Ticks(Ticks),
    Heatmap(Heatmap),
    Flow(Flow),
    Images(Images),
}

impl Figure {
    /// The short name of the view, shown beside `v`: "values", "codes", "error", "rows".
    pub fn view(&self) -> &'static str {
        match self {
            Self::Mirror(f) => f.view,
            Self::ErrorHistogram(_) => "error",
            Self::Rows(_) => "rows",
            Self::Lines(f) => f.view,
            Self::Bars(f) => f.view,
            Self::Ruler(_) => "rulers",
            Self::Table(f) => f.view,
            Self::Bits(f) => f.view,
            Self::Cells(f) => f.view,
            Self::Ticks(f) => f.view,
            Self::Heatmap(f) => f.view,
            Self::Flow(f) => f.view,
            Self::Images(f) => f.view,
        }
    }

    /// The one line above the figure, with its one number.
    pub fn heading(&self) -> &str {
        match self {
            Self::Mirror(f) => &f.heading,
            Self::ErrorHistogram(f) => &f.heading,
            Self::Rows(f) => &f.heading,
            Self::Lines(f) => &f.heading,
            Self::Bars(f) => &f.heading,
            Self::Ruler(f) => &f.heading,
            Self::Table(f) => &f.heading,
            Self::Bits(f) => &f.heading,
            Self::Cells(f) => &f.heading,
            Self::Ticks(f) => &f.heading,
            Self::Heatmap(f) => &f.heading,
            Self::Flow(f) => &f.heading,
            Self::Images(f) => &f.heading,
        }
    }
}

/// The integer grid of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Grid {
    pub qmin: i32,
    pub qmax: i32,
    /// Real distance between neighbouring codes; `None` where every row or group has its own.
    pub scale: Option<f64>,
    /// The code of real 0; 0 where every row or group has its own: the axis is then `r / s + z` of each value's own group.
    pub zero_point: i32,
}

/// The main figure: original values above, codes below, on one axis that is snapped to the grid.
///
/// The axis runs over `n_codes` cells of one step each, from code `first_code` on; cells outside `qmin..=qmax` hold
/// values that were clipped. A renderer sums whole cells, or splits a cell into an odd number of columns that divides
/// `sub`; then bars never alias with the grid.
#[derive(Clone, Debug)]
pub struct Mirror {
    pub view: &'static str,
    pub heading: String,
    /// What the axis counts: "weight", "value", "code".
    pub x_label: &'static str,
    /// Whether the axis shows real values (needs `grid.scale`) or codes.
    pub x_is_code: bool,
    pub grid: Grid,
    pub first_code: i32,
    pub n_codes: usize,
    /// Sub-bins of one code cell in `original` and `sq_error`; odd.
    pub sub: usize,
    /// Counts of original values, `n_codes * sub`.
    pub original: Vec<u32>,
    /// Counts of codes, `n_codes`.
    pub quantized: Vec<u32>,
    /// Sum of squared errors in step², by position of the original, `n_codes * sub`.
    pub sq_error: Vec<f32>,
    /// Original values left and right of the axis.
    pub below: u64,
    pub above: u64,
    /// Start with a linear count axis (synthetic data in the first lessons) rather than log10.
    pub linear_first: bool,
}

/// Distribution of the rounding error in steps, with the uniform height as reference.
#[derive(Clone, Debug)]
pub struct ErrorHistogram {
    pub heading: String,
    /// Error in steps at the left and right end.
    pub lo: f64,
    pub hi: f64,
    pub counts: Vec<u32>,
    /// Values outside the axis (clipped ones).
    pub outside: u64,
    /// The count per bin that a uniform error in -1/2..1/2 would give.
    pub uniform: f64,
}

/// SQNR of every row (or group), worst first.
#[derive(Clone, Debug)]
pub struct Rows {
    pub heading: String,
    /// "row", "column", "group".
    pub unit: &'static str,
    /// Ascending in dB.
    pub sorted: Vec<RowStat>,
}

/// SQNR in dB and largest magnitude of one row, column or group, by its place in the array.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RowStat {
    pub idx: u32,
    pub sqnr_db: f32,
    pub absmax: f32,
}

/// Curves over one x axis.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Lines {
    pub view: &'static str,
    pub heading: String,
    pub x_label: &'static str,
    pub x_unit: &'static str,
    pub y_label: &'static str,
    pub y_unit: &'static str,
    /// Whether an axis is log10; values that are not above 0 are then left out.
    pub x_log: bool,
    pub y_log: bool,
    pub series: Vec<Series>,
    /// Upright lines at x: clip limits, thresholds, a crossover.
    pub marks: Vec<Mark>,
    /// The point that the controls stand on.
    pub here: Option<(f64, f64)>,
    /// The metric that the height of `here` is, and so what a guess on the y axis is about; empty where it is none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub y_metric: &'static str,
    /// The metric that is a place on the x axis, one of the marks; empty where none is.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub x_metric: &'static str,
}

impl Lines {
    /// Each series once: curves of one name share a pattern and an entry of a legend.
    pub fn entries(&self) -> Vec<&Series> {
        let series = self.series.iter().enumerate();
        series.filter(|(i, s)| !self.series[..*i].iter().any(|before| before.is_kin(s))).map(|(_, s)| s).collect()
    }
}

/// A labelled place on the x axis.
#[derive(Clone, Debug, Serialize)]
pub struct Mark {
    pub x: f64,
    pub label: String,
    pub role: SeriesRole,
}

/// How the points of a series are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Joined in their order.
    #[default]
    Line,
    /// Alone: measured runs, samples.
    Points,
    /// A column from the axis up to each point: histograms, levels with their share.
    Columns,
}

/// What a series stands for; the theme gives it its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeriesRole {
    A,
    B,
    Error,
    Grid,
}

/// One curve.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    pub name: String,
    pub role: SeriesRole,
    pub shape: Shape,
    /// (x, y) in the units of the [`Lines`], joined in this order; the curve breaks where one is not finite.
    pub points: Vec<(f64, f64)>,
}

impl Series {
    /// A curve.
    pub fn line(name: impl Into<String>, role: SeriesRole, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), role, shape: Shape::Line, points }
    }

    /// Whether two series are one to the eye.
    pub fn is_kin(&self, other: &Self) -> bool {
        self.name == other.name && self.role == other.role && self.shape == other.shape
    }
}

/// Horizontal stacked bars with labels: byte budgets, shares.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Bars {
    pub view: &'static str,
    pub heading: String,
    pub unit: &'static str,
    /// Whether lengths stand on a log10 axis; a bar then has one segment.
    pub log: bool,
    pub bars: Vec<Bar>,
}

/// One bar: its segments stand end to end.
#[derive(Clone, Debug, Serialize)]
pub struct Bar {
    pub label: String,
    pub segments: Vec<Segment>,
    /// Shown behind the bar: "3.76x from FP32".
    pub note: String,
}

/// A part of a bar, in the unit of its [`Bars`].
#[derive(Clone, Debug, Serialize)]
pub struct Segment {
    pub name: &'static str,
    pub value: f64,
    pub role: SeriesRole,
}

/// Two rulers, one above the other: the real axis and the codes that stand on it.
#[derive(Clone, Debug, Serialize)]
pub struct Ruler {
    pub heading: String,
    pub grid: Grid,
    /// The range that was asked for.
    pub asked: (f64, f64),
    /// The range that the grid covers: `s (qmin - z)` to `s (qmax - z)`.
    pub covered: (f64, f64),
    /// The range of the data, where there is some.
    pub data: Option<(f64, f64)>,
}

/// Rows of words; each has one cell a column.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    pub view: &'static str,
    pub heading: String,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// Words of bits, one below the other: formats of a number, a register, a packed byte.
#[derive(Clone, Debug, Serialize)]
pub struct Bits {
    pub view: &'static str,
    pub heading: String,
    pub rows: Vec<BitsRow>,
}

/// One word. Its fields are named from the most significant bit down and add up to `n`.
#[derive(Clone, Debug, Serialize)]
pub struct BitsRow {
    pub label: String,
    pub pattern: u64,
    /// 1 to 64.
    pub n: u32,
    /// Name, width in bits and role: ("sign", 1, Error), ("exponent", 8, A), ("mantissa", 23, B).
    pub fields: Vec<(&'static str, u32, SeriesRole)>,
    /// What the word says: a value, a sum, what went wrong.
    pub note: String,
}

/// Rows of short cells in one grid: a hex dump, bytes in a lane, codes of a block. All cells are as wide as the widest.
#[derive(Clone, Debug, Serialize)]
pub struct Cells {
    pub view: &'static str,
    pub heading: String,
    pub rows: Vec<CellRow>,
    /// What each role stands for.
    pub legend: Vec<(SeriesRole, &'static str)>,
}

#[derive(Clone, Debug, Serialize)]
pub struct CellRow {
    pub label: String,
    pub cells: Vec<Cell>,
    /// Shown behind the row.
    pub note: String,
}

/// One cell; `strong` ones are the matter of this step.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    pub text: String,
    pub role: SeriesRole,
    pub strong: bool,
}

/// Places on one real axis, a row for each set: the values of a format, pegs of a codebook, thresholds.
#[derive(Clone, Debug, Serialize)]
pub struct Ticks {
    pub view: &'static str,
    pub heading: String,
    pub x_label: &'static str,
    pub x_unit: &'static str,
    /// Whether the axis is log10 of the magnitude; places that are not above 0 are then left out.
    pub x_log: bool,
    pub lo: f64,
    pub hi: f64,
    pub rows: Vec<TickRow>,
}

#[derive(Clone, Debug, Serialize)]
pub struct TickRow {
    pub label: String,
    pub role: SeriesRole,
    /// Ascending. Where several fall into one column the renderer shows how many.
    pub ticks: Vec<f64>,
    /// The one that the controls or the step point at.
    pub here: Option<f64>,
    pub note: String,
}

/// A matrix of numbers as shades.
#[derive(Clone, Debug, Serialize)]
pub struct Heatmap {
    pub view: &'static str,
    pub heading: String,
    /// What a column and a row are: "input channel", "output channel".
    pub x_label: &'static str,
    pub y_label: &'static str,
    /// What a shade says, and its unit.
    pub value_label: &'static str,
    pub unit: &'static str,
    /// Rows and columns of the matrix behind one value; the axes count those.
    pub per_value: (usize, usize),
    pub n_cols: usize,
    /// Row-major, whole rows; one that is not finite is drawn as a gap.
    pub values: Vec<f32>,
    /// The values of the lightest and of the darkest shade.
    pub lo: f32,
    pub hi: f32,
}

/// A pipeline: stages in the order of execution, and what flows between them.
#[derive(Clone, Debug, Serialize)]
pub struct Flow {
    pub view: &'static str,
    pub heading: String,
    pub stages: Vec<Stage>,
}

/// One stage with the edge that leaves it.
#[derive(Clone, Debug, Serialize)]
pub struct Stage {
    /// "quantize", "matmul", "dequantize".
    pub name: String,
    /// What enters from the side, if anything: "weights int8, 64.0 kB".
    pub side: String,
    /// What leaves: dtype and size, "int32, 16.4 kB". Empty behind the last stage.
    pub out: String,
    /// A = computed in float, B = computed in integers.
    pub role: SeriesRole,
    /// What it costs or loses, in a few words.
    pub note: String,
}

/// Small pictures side by side, all of one size.
#[derive(Clone, Debug, Serialize)]
pub struct Images {
    pub view: &'static str,
    pub heading: String,
    /// Pixels of a row.
    pub width: usize,
    pub pictures: Vec<Picture>,
}

/// One picture with lines of words below it.
#[derive(Clone, Debug, Serialize)]
pub struct Picture {
    /// Row-major, whole rows; 0 is paper, 1 is ink.
    pub pixels: Vec<f32>,
    pub caption: Vec<String>,
}
