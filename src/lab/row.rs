//! Short ways to write the row of a lab, and to read it.

use std::convert::identity;

use super::{Better, Choice, Ctx, LabError, Metric, MetricSpec, Numbers, ParamKind, ParamSpec, Params, Pixels, Start, Value};
use crate::{
    quant::{Granularity, ScaleFormat, Scheme},
    tensor::{Source, Tensor},
};

const fn param(name: &'static str, label: &'static str, kind: ParamKind, default: Value, help: &'static str) -> ParamSpec {
    ParamSpec { name, label, kind, default, help, active: |_| true }
}

impl ParamSpec {
    /// The same parameter, with an effect only where `active` says so.
    pub(super) const fn when(self, active: fn(&Params) -> bool) -> Self {
        Self { active, ..self }
    }
}

type Name = &'static str;

pub(super) const fn int(name: Name, label: Name, (min, max, step): (i64, i64, i64), default: i64, help: Name) -> ParamSpec {
    param(name, label, ParamKind::Int { min, max, step, log: false }, Value::Int(default), help)
}

pub(super) const fn doubling(name: Name, label: Name, (min, max): (i64, i64), default: i64, help: Name) -> ParamSpec {
    param(name, label, ParamKind::Int { min, max, step: 1, log: true }, Value::Int(default), help)
}

pub(super) const fn float(name: Name, label: Name, (min, max, step): (f64, f64, f64), default: f64, help: Name) -> ParamSpec {
    param(name, label, ParamKind::Float { min, max, step, log: false }, Value::Float(default), help)
}

pub(super) const fn decades(name: Name, label: Name, (min, max, step): (f64, f64, f64), default: f64, help: Name) -> ParamSpec {
    param(name, label, ParamKind::Float { min, max, step, log: true }, Value::Float(default), help)
}

pub(super) const fn flag(name: Name, label: Name, default: bool, help: Name) -> ParamSpec {
    param(name, label, ParamKind::Bool, Value::Bool(default), help)
}

pub(super) const fn choice(name: Name, label: Name, of: &'static [Choice], default: Name, help: Name) -> ParamSpec {
    param(name, label, ParamKind::Choice(of), Value::Choice(default), help)
}

pub(super) const fn bits(name: Name, label: Name, n: u32, default: u64, help: Name) -> ParamSpec {
    param(name, label, ParamKind::Bits { n }, Value::Bits(default), help)
}

/// As many numbers as the default has.
pub(super) const fn vector(
    name: Name,
    label: Name,
    (min, max, step): (f64, f64, f64),
    default: &'static [f64],
    help: Name,
) -> ParamSpec {
    param(name, label, ParamKind::Vector { n: default.len(), min, max, step }, Value::Vector(Numbers::new(default)), help)
}

/// A picture that begins with what an int parameter says.
pub(super) const fn image(name: Name, label: Name, (width, height): (usize, usize), start: Start, help: Name) -> ParamSpec {
    let kind = ParamKind::Image { width, height, start: Some(start) };
    param(name, label, kind, Value::Image(Pixels::sheet(width, height, 0)), help)
}

pub(super) const fn option(name: Name, label: Name) -> Choice {
    Choice { name, label }
}

/// The options of a source parameter, from the table of sources.
pub(super) const fn sources<const N: usize>(of: [Source; N]) -> [Choice; N] {
    let mut options = [option("", ""); N];
    let mut i = 0;
    while i < N {
        let spec = Source::ALL[of[i] as usize];
        options[i] = option(spec.name, spec.label);
        i += 1;
    }
    options
}

pub(super) const SCHEMES: &[Choice] =
    &[option("symmetric", "symmetric"), option("symmetric_full", "symmetric, full range"), option("affine", "affine")];

pub(super) const SEED: ParamSpec =
    int("seed", "seed", (0, 9999, 1), 1, "start of the random numbers; the same seed gives the same values");

/// How many values are drawn.
pub(super) const fn n_values(default: i64) -> ParamSpec {
    doubling("n", "values", (1024, 4_194_304), default, "how many values are drawn, in whole rows of 256")
}

pub(super) const fn metric(name: Name, label: Name, unit: Name, better: Better, decimals: u8, help: Name) -> MetricSpec {
    MetricSpec { name, label, unit, better, measured: false, decimals, help }
}

/// A metric that is measured on the machine in hand: a time or a rate, and what is reckoned from it.
pub(super) const fn measured(name: Name, label: Name, unit: Name, better: Better, decimals: u8, help: Name) -> MetricSpec {
    MetricSpec { measured: true, ..metric(name, label, unit, better, decimals, help) }
}

pub(super) fn value(name: &'static str, value: impl Into<Option<f64>>) -> Metric {
    Metric { name, value: value.into() }
}

pub(super) fn scheme(params: &Params) -> Scheme {
    match params.choice("scheme") {
        "affine" => Scheme::Affine,
        "symmetric_full" => Scheme::SymmetricFull,
        _ => Scheme::Symmetric,
    }
}

/// Which values share a scale; where they are groups, `group` says how large they are.
pub(super) fn granularity(params: &Params) -> Granularity {
    match params.choice("granularity") {
        "row" => Granularity::Row,
        "column" => Granularity::Column,
        "group" => Granularity::Group(params.int("group") as usize),
        _ => Granularity::Tensor,
    }
}

pub(super) fn scale_format(params: &Params) -> ScaleFormat {
    if params.choice("scale_format") == "f32" { ScaleFormat::F32 } else { ScaleFormat::F16 }
}

/// The source that a choice parameter stands on.
pub(super) fn source(params: &Params, name: &str) -> Source {
    Source::find(params.choice(name)).expect("the options come from the table of sources")
}

/// The tensor of a source, with the lab's `n` and `seed`.
pub(super) fn tensor(params: &Params, source: Source, ctx: &Ctx) -> Result<std::sync::Arc<Tensor>, LabError> {
    let (n, seed) = (params.int("n") as usize, params.int("seed") as u64);
    ctx.sources.get_with(source, n, seed, &mut |done, total| ctx.step(done, total))
}

/// The share of `part` in `whole` in percent; 0 of nothing.
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// `12345` as `12 345`.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let head = digits.len() % 3;
    let (first, rest) = digits.split_at(head);
    let groups = rest.as_bytes().chunks(3).map(|group| std::str::from_utf8(group).map_or("", identity));
    [first].into_iter().chain(groups).filter(|group| !group.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `-12345` as `-12 345`.
pub(super) fn signed(n: i64) -> String {
    format!("{}{}", if n < 0 { "-" } else { "" }, grouped(n.unsigned_abs()))
}

/// One word or its plural.
pub(super) fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// A number in a table or a sentence, exact to eleven significant digits: `0.10009765625`, `448`, `3.4028e38`.
pub(super) fn short(x: f64) -> String {
    let size = x.abs();
    if !x.is_finite() {
        return if x.is_nan() { "not a number".into() } else { format!("{}infinite", if x < 0.0 { "-" } else { "" }) };
    }
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        let text = format!("{x:.4e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    let decimals = if size == 0.0 { 0 } else { (10 - size.log10().floor() as i32).max(0) as usize };
    let text = format!("{x:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}
