//! A report as JSON: stable names in snake_case, every number finite or null with a note.

use serde_json::{Map, Value, json as value};

use super::{columns::Cut, words::words};
use crate::lab::{Figure, Lab, Mirror, Params, Report, Trace, TraceStep, Value as ParamValue};

/// A mirror has at most this many columns in JSON.
const MAX_COLUMNS: usize = 512;

/// `{"lab", "params": {..}, "metrics": {..}, "figures": [..], "notes": [..]}`, and where the lab has a trace
/// `"trace": {"first", "steps": [{"caption", "figures": [..]}]}`.
///
/// Infinity and NaN have no JSON: they are null, and a note names the metric. A figure carries `kind`, `view`, `heading`,
/// its numbers, and `words`.
pub fn json(lab: &Lab, params: &Params, report: &Report) -> Value {
    let mut notes = report.notes.clone();
    let metrics: Map<String, Value> =
        report.metrics.iter().map(|m| (m.name.to_owned(), m.value.map_or(Value::Null, finite))).collect();
    notes.extend(report.metrics.iter().filter_map(|m| {
        let v = m.value.filter(|v| !v.is_finite())?;
        Some(format!(
            "{} is {}; JSON has no number for it, so it is null",
            m.name,
            if v.is_nan() {
                "not a number"
            } else if v > 0.0 {
                "infinite"
            } else {
                "minus infinity"
            }
        ))
    }));
    let figures: Vec<Value> = report.figures.iter().map(figure_json).collect();
    let mut out = value!({
        "lab": lab.id,
        "params": params.iter().map(|(spec, v)| (spec.name.to_owned(), param(v))).collect::<Map<_, _>>(),
        "metrics": metrics,
        "figures": figures,
        "notes": notes,
    });
    if let Some(trace) = &report.trace {
        out["trace"] = self::trace(trace);
    }
    out
}

/// The steps in their order, each with its figures.
fn trace(trace: &Trace) -> Value {
    let step = |step: &TraceStep| value!({ "caption": step.caption, "figures": step.figures.iter().map(figure_json).collect::<Vec<_>>() });
    value!({ "first": trace.first, "steps": trace.steps.iter().map(step).collect::<Vec<_>>() })
}

fn finite(v: f64) -> Value {
    serde_json::Number::from_f64(v).map_or(Value::Null, Value::Number)
}

fn param(v: ParamValue) -> Value {
    match v {
        ParamValue::Bool(b) => b.into(),
        ParamValue::Int(i) => i.into(),
        ParamValue::Float(x) => finite(x),
        ParamValue::Choice(name) => name.into(),
        ParamValue::Bits(_) | ParamValue::Image(_) => v.to_string().into(),
        ParamValue::Vector(items) => items.iter().map(|x| finite(*x)).collect(),
    }
}

/// `{"kind", "view", "heading", .., "words"}` of one figure.
pub fn figure_json(figure: &Figure) -> Value {
    let (kind, data) = match figure {
        Figure::Mirror(f) => ("mirror", mirror(f)),
        Figure::ErrorHistogram(f) => (
            "error_histogram",
            value!({ "lo": finite(f.lo), "hi": finite(f.hi), "counts": f.counts, "outside": f.outside, "uniform": finite(f.uniform) }),
        ),
        Figure::Rows(f) => {
            let rows: Vec<Value> = f
                .sorted
                .iter()
                .map(|r| value!({ "idx": r.idx, "sqnr_db": finite(r.sqnr_db.into()), "absmax": finite(r.absmax.into()) }))
                .collect();
            ("rows", value!({ "unit": f.unit, "sorted": rows }))
        }
        Figure::Lines(f) => ("lines", serialized(f)),
        Figure::Bars(f) => ("bars", serialized(f)),
        Figure::Ruler(f) => ("ruler", serialized(f)),
        Figure::Table(f) => ("table", serialized(f)),
        Figure::Bits(f) => ("bits", serialized(f)),
        Figure::Cells(f) => ("cells", serialized(f)),
        Figure::Ticks(f) => ("ticks", serialized(f)),
        Figure::Heatmap(f) => ("heatmap", serialized(f)),
        Figure::Flow(f) => ("flow", serialized(f)),
        Figure::Images(f) => ("images", serialized(f)),
    };
    let mut out = Map::new();
    out.insert("kind".into(), kind.into());
    out.insert("view".into(), figure.view().into());
    out.insert("heading".into(), figure.heading().into());
    if let Value::Object(fields) = data {
        out.extend(fields.into_iter().filter(|(name, _)| !matches!(name.as_str(), "view" | "heading")));
    }
    out.insert("words".into(), words(figure, None).into());
    Value::Object(out)
}

/// serde_json writes what is not finite as null.
fn serialized(data: &impl serde::Serialize) -> Value {
    serde_json::to_value(data).unwrap_or(Value::Null)
}

fn mirror(f: &Mirror) -> Value {
    let cut = Cut::new(f, 0..f.n_codes, MAX_COLUMNS);
    let columns = |number: fn(&super::Column) -> Value| cut.columns.iter().map(number).collect::<Vec<_>>();
    let first: Vec<i64> = cut.columns.iter().map(|c| i64::from(f.first_code) + c.cells.start as i64).collect();
    value!({
        "x_label": f.x_label,
        "x_is_code": f.x_is_code,
        "grid": serialized(&f.grid),
        "codes_per_column": cut.codes_per_column,
        "columns_per_code": cut.columns_per_code,
        "first_code_of_column": first,
        "original": columns(|c| c.original.into()),
        "quantized": columns(|c| c.quantized.into()),
        "codes_used": columns(|c| c.n_used.into()),
        "rms_error_steps": columns(|c| c.rms.map_or(Value::Null, finite)),
        "below": f.below,
        "above": f.above,
    })
}
