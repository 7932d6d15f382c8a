//! The pipeline of a mode, and its costs beside those of the others.

use super::{Mode, SeriesRole, layer::Layer, layer::Run};
use crate::lab::{Bar, Bars, Flow, Segment, Stage};

/// Every edge with its dtype and size.
pub(super) fn flow(layer: &Layer, mode: Mode, out: &Run) -> Flow {
    let (tokens, inputs, outputs) = (layer.n_tokens(), layer.n_inputs, layer.n_outputs);
    let wide = bytes_of((tokens * inputs * 4) as f64);
    let narrow = bytes_of((tokens * inputs) as f64 * f64::from(layer.bits) / 8.0);
    let out_wide = bytes_of((tokens * outputs * 4) as f64);
    let out_narrow = bytes_of((tokens * outputs) as f64 * f64::from(layer.bits) / 8.0);
    let int = format!("int{}", layer.bits);
    let stored = bytes_of(layer.cost(mode).weight_bytes);
    let clip = out.clip_sigma.map_or_else(String::new, |clip| format!("range {clip:.2} sigma"));
    let weights = format!("weights {int}, {stored}");
    let float_weights = format!("weights float32, {}", bytes_of((inputs * outputs * 4) as f64));
    let input = stage("activations", "", &format!("float32, {wide}"), SeriesRole::A, "");
    let result = stage("output", "", "", SeriesRole::A, "");
    let stages = match mode {
        Mode::WeightOnly => vec![
            input,
            stage("dequantize", &weights, &format!("float32, {wide}"), SeriesRole::A, "stays rounded"),
            stage("matmul", &float_weights, &format!("float32, {out_wide}"), SeriesRole::A, "float products"),
            result,
        ],
        Mode::Dynamic => vec![
            input,
            stage("find range", "", &format!("float32, {wide}"), SeriesRole::A, "one pass over all"),
            stage("quantize", "", &format!("{int}, {narrow}"), SeriesRole::B, "the batch's scale"),
            stage("matmul", &weights, &format!("int32, {out_wide}"), SeriesRole::B, "integer products"),
            stage("dequantize", "scales, bias", &format!("float32, {out_wide}"), SeriesRole::A, "times both scales"),
            result,
        ],
        Mode::Static => vec![
            input,
            stage("quantize", "calibrated scale", &format!("{int}, {narrow}"), SeriesRole::B, &clip),
            stage("matmul", &weights, &format!("int32, {out_wide}"), SeriesRole::B, "integer products"),
            stage("requantize", "fixed multipliers", &format!("{int}, {out_narrow}"), SeriesRole::B, "SQNR before this"),
            stage("next layer", "", "", SeriesRole::B, "no float between"),
        ],
        Mode::FakeQuant => vec![
            input,
            stage("quantize and back", "calibrated scale", &format!("float32, {wide}"), SeriesRole::A, &clip),
            stage(
                "matmul",
                &format!("rounded {float_weights}"),
                &format!("float32, {out_wide}"),
                SeriesRole::A,
                "float products",
            ),
            result,
        ],
    };
    Flow { view: "pipeline", heading: format!("{}: {tokens} tokens, {inputs} inputs, {outputs} outputs", mode.label()), stages }
}

fn stage(name: &str, side: &str, out: &str, role: SeriesRole, note: &str) -> Stage {
    Stage { name: name.into(), side: side.into(), out: out.into(), role, note: note.into() }
}

fn bytes_of(n: f64) -> String {
    match n {
        n if n < 1e3 => format!("{n:.0} B"),
        n if n < 1e6 => format!("{:.1} kB", n / 1e3),
        n => format!("{:.2} MB", n / 1e6),
    }
}

/// What lies in memory, in every mode: weights, and the activations of a batch as they pass from layer to layer.
pub(super) fn bytes(layer: &Layer, chosen: Mode) -> Bars {
    let bar = |mode: Mode| {
        let cost = layer.cost(mode);
        let segments = vec![
            Segment { name: "weights", value: cost.weight_bytes, role: SeriesRole::B },
            Segment { name: "activations between layers", value: cost.between_bytes, role: SeriesRole::A },
        ];
        Bar { label: mode.label().into(), segments, note: String::new() }
    };
    let cost = layer.cost(chosen);
    Bars {
        view: "bytes",
        heading: format!(
            "{}: {} of weights, {} of activations between layers",
            chosen.label(),
            bytes_of(cost.weight_bytes),
            bytes_of(cost.between_bytes)
        ),
        unit: "B",
        bars: Mode::ALL.map(bar).into(),
        ..Bars::default()
    }
}

/// Operations of a batch, in every mode: multiply-adds, and looks at an activation for its range.
pub(super) fn operations(layer: &Layer, chosen: Mode) -> Bars {
    let n_activations = (layer.n_tokens() * layer.n_inputs) as f64;
    let bar = |mode: Mode| {
        let cost = layer.cost(mode);
        let segments = vec![
            Segment { name: "integer", value: cost.int_macs, role: SeriesRole::B },
            Segment { name: "float", value: cost.float_macs, role: SeriesRole::A },
            Segment { name: "range finding", value: cost.range_passes * n_activations, role: SeriesRole::Error },
        ];
        let note = if cost.range_passes > 0.0 { "and one pass for the range" } else { "" };
        Bar { label: mode.label().into(), segments, note: note.into() }
    };
    let kind = if chosen.in_integers() { "integers" } else { "float" };
    Bars {
        view: "operations",
        heading: format!("{}: the sums are computed in {kind}", chosen.label()),
        unit: "operations",
        bars: Mode::ALL.map(bar).into(),
        ..Bars::default()
    }
}
