//! Accuracy by width, by layer and by seed, and the bytes.

use super::{Arch, Bench, WIDTHS};
use crate::{
    lab::{
        Bar, Bars, Lines, Segment, Series, SeriesRole, Shape,
        few::db,
        net::{Outcome, layer_name},
        row::grouped,
    },
    quant::{Clip, Granularity},
};

fn curve(outcomes: &[Outcome], of: fn(&Outcome) -> f64) -> Vec<(f64, f64)> {
    WIDTHS.map(f64::from).zip(outcomes.iter().map(of)).collect()
}

fn level(name: &str, y: f64) -> Series {
    let ends = [WIDTHS.start(), WIDTHS.end()].map(|&bits| (f64::from(bits), y));
    Series::line(name, SeriesRole::A, ends.to_vec())
}

/// Weights alone, all layers alike: this plan, and one scale for a tensor over all of its range.
pub(super) fn cliff(bench: &Bench) -> Lines {
    let mut series = vec![Series::line(plan_name(bench), SeriesRole::B, curve(&bench.scan.all, |o| o.accuracy))];
    if let Some(plain) = &bench.plain {
        series.push(Series::line("one scale, largest magnitude", SeriesRole::Error, curve(&plain.all, |o| o.accuracy)));
    }
    series.push(level("FP32", bench.subject.float.accuracy));
    let float = bench.subject.float.accuracy;
    let edge = WIDTHS.zip(&bench.scan.all).filter(|(_, o)| float - o.accuracy <= 1.0).map(|(bits, _)| bits).min();
    let bits: Vec<u32> = (0..Arch::N_MATRICES).map(|layer| bench.bits(layer)).collect();
    let is_same = bits.iter().all(|b| *b == bits[0]);
    Lines {
        view: "cliff",
        heading: match edge {
            Some(bits) => format!("weights alone: {bits} bits are the fewest within 1 point of FP32 ({float:.1} %)"),
            None => format!("weights alone: no width is within 1 point of FP32 ({float:.1} %)"),
        },
        x_label: "bits",
        y_label: "accuracy",
        y_unit: "%",
        series,
        here: is_same.then(|| (f64::from(bits[0]), bench.scan.all[(bits[0] - WIDTHS.start()) as usize].accuracy)),
        y_metric: "weight_only_accuracy",
        ..Lines::default()
    }
}

/// "per channel, least error".
fn plan_name(bench: &Bench) -> String {
    let Some(config) = bench.plan.weights[0] else { return "FP32".into() };
    let scales = match config.granularity {
        Granularity::Row => "a scale a channel",
        Granularity::Group(_) => "a scale a group",
        _ => "one scale",
    };
    let clip = match config.clip {
        Clip::Mse => ", least error",
        _ => "",
    };
    format!("{scales}{clip}")
}

/// Only one layer's weights as codes, the others in FP32.
pub(super) fn sensitivity(bench: &Bench) -> Lines {
    let roles = [SeriesRole::B, SeriesRole::A, SeriesRole::Error];
    let series = (0..Arch::N_MATRICES).map(|layer| {
        let points = curve(&bench.scan.alone[layer], |o| o.accuracy);
        Series::line(format!("layer {}", layer + 1), roles[layer], points)
    });
    let lowest = (0..Arch::N_MATRICES).map(|layer| (layer, bench.scan.alone[layer][0].accuracy));
    let worst = lowest.reduce(|a, b| if b.1 < a.1 { b } else { a });
    Lines {
        view: "sensitivity",
        heading: worst.map_or_else(String::new, |(layer, accuracy)| {
            format!("one layer alone in codes: layer {} falls furthest, to {accuracy:.1} % at 2 bits", layer + 1)
        }),
        x_label: "bits",
        y_label: "accuracy",
        y_unit: "%",
        series: series.collect(),
        ..Lines::default()
    }
}

/// What each layer costs alone, at the width that it has.
pub(super) fn by_layer(bench: &Bench) -> Bars {
    let bar = |layer: usize| {
        let alone = bench.alone(layer);
        let noise = 100.0 * 10f64.powf(-alone.sqnr_db / 20.0);
        Bar {
            label: layer_name(&bench.subject.net, layer),
            segments: vec![Segment { name: "RMS error of the scores", value: noise, role: SeriesRole::Error }],
            note: format!("{} bits, {} dB, {:.1} %", bench.bits(layer), db(alone.sqnr_db), alone.accuracy),
        }
    };
    Bars {
        view: "by layer",
        heading: format!("each layer's weights alone: layer {} costs the scores most", bench.most_sensitive() + 1),
        unit: "%",
        bars: (0..Arch::N_MATRICES).map(bar).collect(),
        ..Bars::default()
    }
}

/// The five nets that come with the program, under this plan.
pub(super) fn by_seed(bench: &Bench) -> Lines {
    let points = |of: fn(&super::Seed) -> f64| bench.seeds.iter().map(|s| (s.seed as f64, of(s))).collect();
    let (mean, sd, _) = bench.drops();
    Lines {
        view: "by seed",
        heading: format!("drop over five trainings: {mean:.2} points on average, standard deviation {sd:.2}"),
        x_label: "training seed",
        y_label: "accuracy",
        y_unit: "%",
        series: vec![
            Series { name: "FP32".into(), role: SeriesRole::A, shape: Shape::Points, points: points(|s| s.float) },
            Series { name: "in codes".into(), role: SeriesRole::B, shape: Shape::Points, points: points(|s| s.quantized) },
        ],
        ..Lines::default()
    }
}

/// Where the bytes lie.
pub(super) fn bytes(bench: &Bench) -> Bars {
    let net = &bench.chosen().0;
    let dense = || bench.subject.net.dense_layers().map(|(_, dense)| dense);
    let n_weights: usize = dense().map(|d| d.weight.len()).sum();
    let biases = 4.0 * dense().map(|d| d.bias.len()).sum::<usize>() as f64;
    let codes: f64 = (0..Arch::N_MATRICES)
        .map(|layer| (f64::from(bench.bits(layer)) * bench.subject.dense(layer).weight.len() as f64 / 8.0).ceil())
        .sum();
    let total = net.bytes() as f64;
    let segment = |name, value, role| Segment { name, value, role };
    let float = bench.subject.float_bytes();
    Bars {
        view: "bytes",
        heading: format!("{} of {} B; {:.3} bits per weight", grouped(net.bytes()), grouped(float), net.bits_per_weight()),
        unit: "B",
        bars: vec![
            Bar {
                label: "FP32".into(),
                segments: vec![
                    segment("weights", 4.0 * n_weights as f64, SeriesRole::A),
                    segment("biases", biases, SeriesRole::Grid),
                ],
                note: String::new(),
            },
            Bar {
                label: "in codes".into(),
                segments: vec![
                    segment("codes", codes, SeriesRole::B),
                    segment("scales and zero points", total - codes - biases, SeriesRole::Error),
                    segment("biases", biases, SeriesRole::Grid),
                ],
                note: format!("{:.2}x smaller", float as f64 / total),
            },
        ],
        ..Bars::default()
    }
}
