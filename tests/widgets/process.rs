//! Figures of processes and formats: bits, cells, places, matrices, pipelines, curves on log axes.

use SeriesRole::{A, B, Error, Grid};
use quantlearn::lab::{
    Bar, Bars, Bits, BitsRow, Cell, CellRow, Cells, Figure, Flow, Heatmap, Lines, Mark, Segment, Series, SeriesRole, Shape,
    Stage, TickRow, Ticks,
};

/// One number in three formats, and a word without fields.
pub fn bits() -> Bits {
    let row = |label: &str, pattern, n, parts: [u32; 3], note: &str| BitsRow {
        label: label.into(),
        pattern,
        n,
        fields: vec![("sign", parts[0], Error), ("exponent", parts[1], A), ("mantissa", parts[2], B)],
        note: note.into(),
    };
    let packed = BitsRow {
        label: "packed".into(),
        pattern: 0x5a,
        n: 8,
        fields: vec![("high", 4, A), ("low", 4, B)],
        note: "codes 5 and 10".into(),
    };
    Bits {
        view: "bits",
        heading: "0.1 in three formats".into(),
        rows: vec![
            row("FP32", 0x3dcc_cccd, 32, [1, 8, 23], "0.100000001"),
            row("BF16", 0x3dcd, 16, [1, 8, 7], "0.1001"),
            row("FP16", 0x2e66, 16, [1, 5, 10], "0.09998"),
            packed,
        ],
    }
}

/// A dump of two blocks; the scale of each is the matter of the step.
pub fn cells() -> Cells {
    let row = |block: u8| CellRow {
        label: format!("block {block}"),
        cells: (0..18)
            .map(|i: u8| Cell {
                text: format!("{:02x}", i.wrapping_mul(37).wrapping_add(block)),
                role: if i < 2 { Error } else { B },
                strong: i < 2,
            })
            .collect(),
        note: "18 bytes for 32 values".into(),
    };
    Cells {
        view: "bytes",
        heading: "Q4_0 in memory".into(),
        rows: vec![row(0), row(1)],
        legend: vec![(Error, "scale"), (B, "codes, two a byte")],
    }
}

/// The values of a four-bit float and of a four-bit integer.
pub fn ticks() -> Ticks {
    let e2m1 = [-6.0, -4.0, -3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0].to_vec();
    let row = |label: &str, role, ticks: Vec<f64>, here, note: &str| TickRow {
        label: label.into(),
        role,
        ticks,
        here,
        note: note.into(),
    };
    Ticks {
        view: "values",
        heading: "15 values of E2M1 beside 15 of INT4".into(),
        x_label: "value",
        x_unit: "",
        x_log: false,
        lo: -6.5,
        hi: 6.5,
        rows: vec![
            row("E2M1", A, e2m1, Some(1.5), "steps of 0.5 near zero, of 2 at the ends"),
            row("INT4", B, (-7..=7).map(|i| f64::from(i) * 6.0 / 7.0).collect(), None, ""),
            row("many", Grid, (-600..=600).map(|i| f64::from(i).powi(3) / 3.6e7).collect(), None, ""),
        ],
    }
}

pub fn log_ticks() -> Ticks {
    let powers = |step: f64| (0..60).map(|i| 1e-3 * 10f64.powf(f64::from(i) * step)).collect();
    let row = |label: &str, role, ticks| TickRow { label: label.into(), role, ticks, here: None, note: String::new() };
    Ticks {
        x_log: true,
        lo: 1e-3,
        hi: 1e3,
        x_unit: "V",
        rows: vec![row("tenths", A, powers(0.1)), row("thirds", B, powers(1.0 / 3.0))],
        ..ticks()
    }
}

/// 48 tokens by 256 channels, one of them large, one without a value.
pub fn heatmap() -> Heatmap {
    let values = (0..48 * 256).map(|i| {
        let (row, column) = (i / 256, i % 256);
        match column {
            37 => 7.0 + (row % 5) as f32 / 4.0,
            200..=211 => f32::NAN,
            _ => ((row * 7 + column * 13) % 29) as f32 / 10.0,
        }
    });
    Heatmap {
        view: "channels",
        heading: "channel 37 is 3 times as large as any other".into(),
        x_label: "channel",
        y_label: "token",
        value_label: "|x|",
        unit: "",
        n_cols: 256,
        per_value: (1, 1),
        values: values.collect(),
        lo: 0.0,
        hi: 8.0,
    }
}

pub fn small_heatmap() -> Heatmap {
    Heatmap { n_cols: 8, values: (0..64).map(|i| i as f32 / 8.0).collect(), heading: "8 x 8".into(), ..heatmap() }
}

pub fn flow() -> Flow {
    let stage = |name: &str, side: &str, out: &str, role, note: &str| Stage {
        name: name.into(),
        side: side.into(),
        out: out.into(),
        role,
        note: note.into(),
    };
    Flow {
        view: "graph",
        heading: "one linear layer in INT8".into(),
        stages: vec![
            stage("quantize", "activations float32, 256 kB", "int8, 64.0 kB", A, "0.3 % error"),
            stage("matmul", "weights int8, 64.0 kB", "int32, 16.4 kB", B, ""),
            stage("requantize", "scale and shift", "int8, 4.10 kB", B, "exact to one code"),
            stage("dequantize", "", "float32, 16.4 kB", A, ""),
        ],
    }
}

/// A roofline: both axes log, points measured, two marks close to each other.
pub fn roofline() -> Lines {
    let roof = |peak: f64| (-2..=10).map(|k| 2f64.powi(k)).map(|x| (x, peak.min(20.0 * x))).collect();
    let points = vec![(0.5, 8.0), (2.0, 31.0), (12.0, 150.0), (60.0, 380.0), (0.0, 10.0)];
    Lines {
        view: "roofline",
        heading: "the memory is the limit below 20 operations a byte".into(),
        x_label: "intensity",
        x_unit: "ops/B",
        y_label: "rate",
        y_unit: "GOP/s",
        x_log: true,
        y_log: true,
        series: vec![
            Series::line("INT8 roof", B, roof(400.0)),
            Series::line("FP32 roof", A, roof(100.0)),
            Series { name: "measured".into(), role: Error, shape: Shape::Points, points },
        ],
        marks: vec![
            Mark { x: 5.0, label: "FP32 ridge".into(), role: A },
            Mark { x: 20.0, label: "INT8 ridge".into(), role: B },
            Mark { x: 24.0, label: "batch 12".into(), role: Grid },
        ],
        here: Some((12.0, 150.0)),
        ..Lines::default()
    }
}

/// Levels with their share, beside one another.
pub fn columns() -> Lines {
    let bell = |shift: f64| (-7..=7).map(|i| (f64::from(i), 30.0 * (-(f64::from(i) - shift).powi(2) / 9.0).exp())).collect();
    let series = |name: &str, role, points| Series { name: name.into(), role, shape: Shape::Columns, points };
    Lines {
        view: "levels",
        heading: "share of each level".into(),
        x_label: "level",
        y_label: "share",
        y_unit: "%",
        series: vec![series("before", A, bell(0.0)), series("after", B, bell(2.0))],
        marks: vec![Mark { x: -6.5, label: "clip".into(), role: Error }, Mark { x: 6.5, label: "clip".into(), role: Error }],
        ..Lines::default()
    }
}

pub fn energies() -> Bars {
    let bar = |label: &str, value, role, note: &str| Bar {
        label: label.into(),
        segments: vec![Segment { name: if role == A { "float" } else { "integer" }, value, role }],
        note: note.into(),
    };
    Bars {
        view: "energy",
        heading: "picojoules an operation".into(),
        unit: "pJ",
        log: true,
        bars: vec![
            bar("INT8 add", 0.03, B, ""),
            bar("FP32 add", 0.9, A, "30x"),
            bar("FP32 multiply", 3.7, A, "123x"),
            bar("DRAM read", 640.0, A, "21 333x"),
        ],
    }
}

/// Each of the figures.
pub fn figures() -> Vec<(&'static str, Figure)> {
    vec![
        ("bits", Figure::Bits(bits())),
        ("cells", Figure::Cells(cells())),
        ("ticks", Figure::Ticks(ticks())),
        ("ticks-log", Figure::Ticks(log_ticks())),
        ("heatmap", Figure::Heatmap(heatmap())),
        ("heatmap-small", Figure::Heatmap(small_heatmap())),
        ("flow", Figure::Flow(flow())),
        ("lines-log", Figure::Lines(roofline())),
        ("lines-columns", Figure::Lines(columns())),
        ("bars-log", Figure::Bars(energies())),
    ]
}
