//! Figures with known content: a small quantizer over a seeded stream of numbers.

#[path = "process.rs"]
pub mod process;

use quantlearn::{
    lab::{Bar, Bars, ErrorHistogram, Figure, Grid, Lines, Mirror, RowStat, Rows, Ruler, Segment, Series, SeriesRole, Table},
    widget::skill_map::{MapData, MapNode, Mark},
};

const LESSONS: [(&str, &str, &[usize]); 30] = [
    ("Why fewer bits?", "Foundations", &[]),
    ("What is inside a float", "Foundations", &[]),
    ("Rounding and saturation", "Foundations", &[]),
    ("Quantization noise", "Foundations", &[3]),
    ("Scale and zero point", "Integer quantization", &[1, 3]),
    ("Integer matmul", "Integer quantization", &[5]),
    ("Requantization", "Integer quantization", &[6]),
    ("Clipping", "Calibration", &[4, 5]),
    ("Observers", "Calibration", &[8]),
    ("Dynamic, static, weight-only", "Calibration", &[6, 9]),
    ("Granularity", "Granularity & codebooks", &[4, 5]),
    ("Codebooks and NF4", "Granularity & codebooks", &[8, 11]),
    ("Energy and roofline", "Hardware & speed", &[1]),
    ("INT8 on real instructions", "Hardware & speed", &[6, 13]),
    ("The PTQ pipeline", "PTQ algorithms", &[9, 11]),
    ("Equalize and correct", "PTQ algorithms", &[15]),
    ("AdaRound", "PTQ algorithms", &[15]),
    ("GPTQ", "PTQ algorithms", &[17]),
    ("Straight-through estimator and QAT", "QAT", &[15]),
    ("Learned scales", "QAT", &[19]),
    ("Extreme low bit", "QAT", &[12, 19]),
    ("FP8", "Formats", &[2, 4]),
    ("Microscaling", "Formats", &[11, 22]),
    ("GGUF blocks", "Formats", &[11]),
    ("Weight-only LLM", "LLM quantization", &[11, 13]),
    ("LLM activations", "LLM quantization", &[10, 25]),
    ("Rotations", "LLM quantization", &[23, 26]),
    ("KV cache", "LLM quantization", &[11, 25]),
    ("Deployment graphs", "Deployment", &[7, 10]),
    ("Capstone", "Deployment", &[14, 16, 18, 20, 21, 24, 27, 28, 29]),
];

/// These lessons of the course.
pub fn map(numbers: &[usize], chapter_of: impl Fn(usize) -> &'static str) -> MapData {
    let mut data = MapData::default();
    let position = |names: &mut Vec<String>, name: &str| {
        names.iter().position(|n| n == name).unwrap_or_else(|| {
            names.push(name.into());
            names.len() - 1
        })
    };
    let marks = [Mark::Complete, Mark::Starred, Mark::Exercised, Mark::InProgress, Mark::Open];
    for (i, &number) in numbers.iter().enumerate() {
        let (title, track, requires) = LESSONS[number - 1];
        let requires = requires.iter().filter_map(|r| numbers.iter().position(|n| n == r)).collect();
        let chapter = position(&mut data.chapters, chapter_of(number));
        let track = position(&mut data.tracks, track);
        let mark = marks.get(i).copied().unwrap_or(Mark::Locked);
        data.nodes.push(MapNode { title: title.into(), mark, track, chapter, requires });
    }
    data
}

pub fn track(number: usize) -> &'static str {
    LESSONS[number - 1].1
}

/// About Gaussian: the sum of twelve uniform numbers of a linear congruential generator.
pub fn gaussian(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
}

/// A mirror of `values` on a symmetric grid of `bits` bits that ends at `clip`; two cells of margin for what is clipped.
pub fn mirror(values: &[f64], bits: u32, clip: f64, sub: usize) -> Mirror {
    let qmax = (1 << (bits - 1)) - 1;
    let scale = clip / f64::from(qmax);
    let margin = 2;
    let first_code = -qmax - margin;
    let n_codes = (2 * (qmax + margin) + 1) as usize;
    let mut f = Mirror {
        view: "values",
        heading: String::new(),
        x_label: "weight",
        x_is_code: false,
        grid: Grid { qmin: -qmax, qmax, scale: Some(scale), zero_point: 0 },
        first_code,
        n_codes,
        sub,
        original: vec![0; n_codes * sub],
        quantized: vec![0; n_codes],
        sq_error: vec![0.0; n_codes * sub],
        below: 0,
        above: 0,
        linear_first: false,
    };
    for v in values.iter().map(|v| v / scale) {
        let code = v.round_ties_even().clamp(f64::from(-qmax), f64::from(qmax));
        f.quantized[(code as i32 - first_code) as usize] += 1;
        let bin = ((v - f64::from(first_code) + 0.5) * sub as f64).floor();
        match bin {
            b if b < 0.0 => f.below += 1,
            b if b >= (n_codes * sub) as f64 => f.above += 1,
            b => {
                f.original[b as usize] += 1;
                f.sq_error[b as usize] += ((v - code) * (v - code)) as f32;
            }
        }
    }
    let used = f.quantized.iter().filter(|n| **n > 0).count();
    f.heading = format!("{used} of {} codes used", 2 * qmax + 1);
    f
}

pub fn error_histogram(values: &[f64], scale: f64, n_bins: usize) -> ErrorHistogram {
    let mut counts = vec![0; n_bins];
    for v in values.iter().map(|v| v / scale) {
        let e = v - v.round_ties_even();
        counts[(((e + 0.6) / 1.2 * n_bins as f64) as usize).min(n_bins - 1)] += 1;
    }
    let uniform = values.len() as f64 * 1.2 / n_bins as f64;
    ErrorHistogram { heading: "RMS 0.2887 steps, uniform 0.2887".into(), lo: -0.6, hi: 0.6, counts, outside: 12, uniform }
}

pub fn rows(n: u32, base: f32) -> Rows {
    let sorted = (0..n)
        .map(|i| RowStat { idx: i * 7 % n, sqnr_db: base + 30.0 * (i as f32 / n as f32).sqrt(), absmax: 0.8 - 0.0004 * i as f32 })
        .collect();
    Rows { heading: "worst row 8.2 dB, median 33.1 dB".into(), unit: "row", sorted }
}

pub fn lines() -> Lines {
    let theory = |b: f64| 6.02 * b + 1.76 - 7.3;
    let measured =
        (2..=12).map(|b| (f64::from(b), theory(f64::from(b)) - 0.02 * f64::from(12 - b) * f64::from(12 - b))).collect();
    Lines {
        view: "by bits",
        heading: "6.02 dB a bit".into(),
        x_label: "bits",
        x_unit: "",
        y_label: "SQNR",
        y_unit: "dB",
        series: vec![
            Series::line("measured", SeriesRole::B, measured),
            Series::line("theory", SeriesRole::Grid, (2..=12).map(|b| (f64::from(b), theory(f64::from(b)))).collect()),
        ],
        ..Lines::default()
    }
}

pub fn lines_here() -> Lines {
    Lines { here: Some((8.0, lines().series[0].points[6].1)), ..lines() }
}

pub fn bars() -> Bars {
    let bar = |label: &str, parts: &[(&'static str, f64, SeriesRole)], note: &str| Bar {
        label: label.into(),
        segments: parts.iter().map(|&(name, value, role)| Segment { name, value, role }).collect(),
        note: note.into(),
    };
    Bars {
        view: "budget",
        heading: "7e9 parameters at 4.5 bits each".into(),
        unit: "B",
        log: false,
        bars: vec![
            bar("FP32", &[("values", 28e9, SeriesRole::A)], ""),
            bar("BF16", &[("values", 14e9, SeriesRole::A)], "2.00x from FP32"),
            bar(
                "this",
                &[
                    ("codes", 3.5e9, SeriesRole::B),
                    ("scales", 0.4375e9, SeriesRole::Error),
                    ("zero points", 0.0, SeriesRole::Grid),
                ],
                "7.11x from FP32",
            ),
        ],
    }
}

pub fn ruler(bits: u32) -> Ruler {
    let n = f64::from((1 << bits) - 1);
    let (lo, hi) = (-0.1, 6.0);
    let scale = (hi - lo) / n;
    let qmin = -(1 << (bits - 1));
    let zero_point = (f64::from(qmin) - lo / scale).round_ties_even() as i32;
    let covered = (scale * f64::from(qmin - zero_point), scale * f64::from(qmin + (1 << bits) - 1 - zero_point));
    let grid = Grid { qmin, qmax: qmin + (1 << bits) - 1, scale: Some(scale), zero_point };
    Ruler { heading: "zero point -124, 4 codes below zero".into(), grid, asked: (lo, hi), covered, data: Some((0.0, 5.2)) }
}

pub fn table() -> Table {
    Table {
        view: "modes",
        heading: "six rounding modes".into(),
        columns: vec!["mode", "MSE (step²)", "bias"],
        rows: vec![
            vec!["half to even".into(), "0.0833".into(), "0.0000".into()],
            vec!["truncate".into(), "0.3333".into(), "-0.4998".into()],
        ],
    }
}

/// Every kind, with its mark A.
pub fn pairs() -> Vec<(&'static str, Figure, Option<Figure>)> {
    let values = gaussian(100_000, 7);
    let max = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let codes = |bits, clip| Mirror { view: "codes", x_is_code: true, x_label: "code", ..mirror(&values, bits, clip, 15) };
    vec![
        ("mirror-8-absmax", Figure::Mirror(mirror(&values, 8, max, 15)), None),
        ("mirror-8-clip", Figure::Mirror(mirror(&values, 8, 2.0, 15)), Some(Figure::Mirror(mirror(&values, 8, max, 15)))),
        ("mirror-3", Figure::Mirror(mirror(&values, 3, max, 15)), None),
        ("mirror-3-linear", Figure::Mirror(Mirror { linear_first: true, ..mirror(&values, 3, 3.0, 15) }), None),
        ("mirror-4-against-8", Figure::Mirror(mirror(&values, 4, max, 15)), Some(Figure::Mirror(mirror(&values, 8, max, 15)))),
        ("codes-8", Figure::Mirror(codes(8, 2.5)), Some(Figure::Mirror(codes(8, max)))),
        ("error", Figure::ErrorHistogram(error_histogram(&values, 0.037, 120)), None),
        ("rows", Figure::Rows(rows(1536, 8.2)), Some(Figure::Rows(rows(1536, 20.0)))),
        ("rows-few", Figure::Rows(rows(24, 8.2)), None),
        ("lines", Figure::Lines(lines_here()), None),
        ("bars", Figure::Bars(bars()), None),
        ("ruler-8", Figure::Ruler(ruler(8)), None),
        ("ruler-3", Figure::Ruler(ruler(3)), Some(Figure::Ruler(ruler(4)))),
        ("table", Figure::Table(table()), None),
    ]
    .into_iter()
    .chain(process::figures().into_iter().map(|(name, figure)| (name, figure, None)))
    .collect()
}
