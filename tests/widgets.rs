//! The widgets on sample data: no size panics, totals and zeros are drawn truly, and pictures for the eye.
//!
//! `QUANTLEARN_FRAMES=1 cargo test --test widgets` writes every figure at three sizes and in each look to
//! `target/frames/*.svg`.

#[path = "widgets/samples.rs"]
mod samples;

use proptest::prelude::*;
use quantlearn::{
    export,
    lab::{
        Better, Choice, Ctx, Figure, Grid, Lab, LabError, Metric, MetricSpec, Mirror, ParamKind, ParamSpec, Params, Report, Value,
    },
    text::Text,
    theme::{Background, Depth, Theme},
    widget::{
        controls::Controls,
        dots::print_line,
        figure::{FigureState, FigureView, Prediction},
        footer::footer,
        metrics::Metrics,
        rich,
        skill_map::{Direction, MapData, SkillMap},
        svg::svg,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

const DARK: Theme = Theme::new(Background::Dark, Depth::True, false);
const PLAIN: Theme = Theme::new(Background::Dark, Depth::None, false);
const ASCII: Theme = Theme::new(Background::Dark, Depth::None, true);
const LOOKS: [(&str, Theme); 6] = [
    ("dark", DARK),
    ("light", Theme::new(Background::Light, Depth::True, false)),
    ("c256", Theme::new(Background::Dark, Depth::C256, false)),
    ("c16", Theme::new(Background::Dark, Depth::C16, false)),
    ("plain", PLAIN),
    ("ascii", ASCII),
];

fn text(buf: &Buffer) -> String {
    let rows = buf.content.chunks(usize::from(buf.area.width.max(1)));
    rows.map(|row| row.iter().map(|c| c.symbol()).collect::<String>().trim_end().to_owned() + "\n").collect()
}

fn drawn(view: &FigureView<'_>, width: u16, height: u16) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    view.render(buf.area, &mut buf);
    buf
}

#[test]
fn no_size_panics() {
    for (_, figure, a) in samples::pairs() {
        let view = FigureView::new(&figure, &PLAIN).against(a.as_ref()).target(Some(30.0));
        for (width, height) in
            [(0, 0), (1, 1), (2, 2), (7, 3), (29, 4), (30, 5), (31, 6), (60, 14), (65_535, 1), (300, 2), (1, 300)]
        {
            for state in [
                FigureState::default(),
                FigureState { cursor: Some(usize::MAX / 4), zoom: 40, pan: usize::MAX / 2, log: Some(true) },
            ] {
                let view = view.state(&state);
                drawn(&view, width, height);
                view.readout(width);
                for by in [i64::MIN, -1, 0, 1, i64::MAX] {
                    let moved = view.moved(width, by);
                    view.state(&moved).loupe(width, true);
                    view.state(&moved).loupe(width, false);
                }
            }
        }
    }
}

#[test]
fn ascii_mode_draws_ascii() {
    for (name, figure, a) in samples::pairs() {
        let view = FigureView::new(&figure, &ASCII).against(a.as_ref());
        let text = text(&drawn(&view, 100, 24));
        assert!(text.is_ascii(), "{name}:\n{text}");
    }
}

/// Counts of codes `first..`, all of the originals in the middle of their code's cell.
fn by_hand(counts: &[u32], sub: usize, qmin: i32, qmax: i32) -> Figure {
    let mut original = vec![0; counts.len() * sub];
    counts.iter().enumerate().for_each(|(cell, &n)| original[cell * sub + sub / 2] = n);
    Figure::Mirror(Mirror {
        view: "values",
        heading: "by hand".into(),
        x_label: "weight",
        x_is_code: false,
        grid: Grid { qmin, qmax, scale: Some(0.5), zero_point: 0 },
        first_code: qmin,
        n_codes: counts.len(),
        sub,
        sq_error: original.iter().map(|&n| n as f32 * 0.04).collect(),
        original,
        quantized: counts.to_vec(),
        below: 0,
        above: 0,
        linear_first: false,
    })
}

/// 52 columns for 7 codes: five a code (the greatest odd divisor of 15 that fits), so 35. With 10^4 as the greatest count
/// and four rows a side a decade is two half rows; a single value still shows half a row.
#[test]
fn three_bits_are_drawn_as_computed_by_hand() {
    let figure = by_hand(&[1, 10, 100, 10_000, 1_000, 10, 0], 15, -3, 3);
    insta::assert_snapshot!(text(&drawn(&FigureView::new(&figure, &PLAIN), 64, 12)), @r"
    by hand
                 10^4                  █
             original                  █    █
                                  █    █    █
                    1   ▄    █    █    █    █    █
                codes ──┼────┼────┼────z────┼────┼────┬──
                        ▀    █    █    █    █    █
                                  █    █    █
            quantized                  █    █
                 10^4                  █
                error   ░    ░    ░    ░    ░    ░
               weight       -1         0         1
    ");
}

/// 52 columns for 255 codes: five codes a column, so 51, and no column differs where no code differs.
#[test]
fn eight_bits_are_drawn_as_computed_by_hand() {
    let mut counts = [100; 255];
    counts[127] = 10_000 - 400;
    counts[0..5].fill(0);
    counts[5..10].copy_from_slice(&[500, 0, 0, 0, 0]);
    counts[250..255].copy_from_slice(&[100, 100, 0, 0, 0]);
    let figure = by_hand(&counts, 15, -127, 127);
    insta::assert_snapshot!(text(&drawn(&FigureView::new(&figure, &PLAIN), 64, 12)), @r"
    by hand · 5 codes a column
         10^4                          █
     original  ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄█▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
               ██████████████████████████████████████████████████
            1  ██████████████████████████████████████████████████
        codes ·░███████████████████████z████████████████████████░
               ██████████████████████████████████████████████████
               ██████████████████████████████████████████████████
    quantized  ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀█▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀
         10^4                          █
        error  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
       weight     -50                  0                  50
    ");
}

/// Looked at in dark, light and without colour: `pictures_for_the_eye` paints them.
#[test]
fn figures_of_processes_look_as_they_were_looked_at() {
    for (name, figure) in samples::process::figures() {
        for (look, theme) in [("plain", PLAIN), ("ascii", ASCII)] {
            for (width, height) in [(78, 16), (38, 12)] {
                let view = FigureView::new(&figure, &theme);
                let height = view.height(width, height);
                insta::assert_snapshot!(format!("{name}-{look}-{width}"), text(&drawn(&view, width, height)));
            }
        }
    }
}

#[test]
fn a_figure_with_a_height_of_its_own_needs_no_more() {
    for (name, figure) in samples::process::figures() {
        let view = FigureView::new(&figure, &PLAIN);
        for width in [20, 41, 80, 120, 200] {
            let Some(own) = view.own_height(width) else { continue };
            let (exact, more) = (text(&drawn(&view, width, own)), text(&drawn(&view, width, own + 3)));
            assert!(!exact.contains("more lines"), "{name} at {width}:\n{exact}");
            if !name.starts_with("bars") {
                assert_eq!(exact.trim_end(), more.trim_end(), "{name} at {width}");
            }
        }
    }
}

#[test]
fn the_cursor_walks_the_whole_figure_and_says_what_it_sees() {
    for (name, figure, _) in samples::pairs() {
        let mut state = FigureState::default();
        for step in 0..400 {
            state = FigureView::new(&figure, &PLAIN).state(&state).moved(80, if step < 200 { 1 } else { -1 });
            let readout = FigureView::new(&figure, &PLAIN).state(&state).readout(80);
            let has_none = matches!(figure, Figure::Ruler(_) | Figure::Bits(_) | Figure::Cells(_) | Figure::Flow(_));
            assert_eq!(readout.is_none(), has_none, "{name}");
        }
    }
}

#[test]
fn the_loupe_ends_at_three_columns_a_code() {
    let figure = Figure::Mirror(samples::mirror(&samples::gaussian(10_000, 1), 8, 4.0, 15));
    let mut state = FigureView::new(&figure, &PLAIN).moved(80, 1);
    for _ in 0..20 {
        state = FigureView::new(&figure, &PLAIN).state(&state).loupe(80, true);
    }
    let shown = text(&drawn(&FigureView::new(&figure, &PLAIN).state(&state), 80, 15));
    assert!(shown.contains("22 of 259 codes in sight"), "{shown}");
    assert!(shown.contains("┼──┼──"), "{shown}");
    for _ in 0..20 {
        state = FigureView::new(&figure, &PLAIN).state(&state).loupe(80, false);
    }
    assert_eq!((state.zoom, state.pan), (0, 0));
}

#[test]
fn pictures_for_the_eye() {
    if std::env::var_os("QUANTLEARN_FRAMES").is_none() {
        return;
    }
    std::fs::create_dir_all("target/frames").expect("the target folder is writable");
    let prediction = Prediction { metric: "sqnr_db", label: "SQNR", unit: "dB", said: 30.0, measured: 42.3, decimals: 1 };
    for (name, figure, a) in samples::pairs() {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            for (look, theme) in LOOKS {
                let state = FigureView::new(&figure, &theme).moved(width, 0);
                let view = FigureView::new(&figure, &theme).against(a.as_ref());
                let view = if look == "c16" { view.state(&state) } else { view };
                let view = view.prediction((name == "lines").then_some(prediction)).target((name == "rows").then_some(30.0));
                let height = view.height(width, height.min(height * 5 / 8));
                save(&format!("{name}-{width}-{look}"), &drawn(&view, width, height), &theme);
            }
        }
    }
}

#[test]
fn plots_and_words_say_what_the_figures_hold() {
    for (name, figure, a) in samples::pairs() {
        let plot = export::svg(&figure);
        assert!(plot.contains("<title") && plot.contains("<desc") && plot.ends_with("</svg>\n"), "{name}");
        assert!(!plot.contains("NaN") && !plot.contains("inf\""), "{name}");
        let words = export::words(&figure, a.as_ref());
        assert_eq!(words.contains("Against A"), a.is_some(), "{name}: {words}");
        if std::env::var_os("QUANTLEARN_FRAMES").is_some() {
            std::fs::create_dir_all("target/frames").expect("the target folder is writable");
            std::fs::write(format!("target/frames/plot-{name}.svg"), plot).expect("the target folder is writable");
            std::fs::write(format!("target/frames/{name}.txt"), words).expect("the target folder is writable");
        }
    }
}

#[test]
fn a_report_is_finite_json_and_aligned_text() {
    let specs: &'static [MetricSpec] = Box::leak(Box::new([
        MetricSpec { name: "sqnr_db", label: "SQNR", unit: "dB", better: Better::Higher, measured: false, decimals: 2, help: "" },
        MetricSpec { name: "bytes", label: "bytes", unit: "B", better: Better::Lower, measured: false, decimals: 0, help: "" },
    ]));
    let run: fn(&Params, &Ctx<'_>) -> Result<Report, LabError> = |_, _| Err(LabError::Cancelled);
    let lab = Lab { id: "sample", title: "Sample", summary: "", params: &[], metrics: specs, run };
    let metrics = vec![Metric { name: "sqnr_db", value: Some(f64::INFINITY) }, Metric { name: "bytes", value: Some(589_824.0) }];
    let figures = samples::pairs().into_iter().map(|p| p.1).collect();
    let report = Report { metrics, figures, notes: vec!["A note.".into()], ..Report::default() };
    let json = export::json(&lab, &lab.defaults(), &report);
    let keys: Vec<&String> = json.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["lab", "params", "metrics", "figures", "notes"]);
    assert!(
        json["metrics"]["sqnr_db"].is_null() && json["notes"][1].as_str().is_some_and(|n| n.starts_with("sqnr_db is infinite"))
    );
    for figure in json["figures"].as_array().expect("an array") {
        assert!(figure["kind"].is_string() && figure["words"].is_string() && figure["heading"].is_string());
        assert!(figure["original"].as_array().is_none_or(|columns| columns.len() <= 512));
    }
    let text = export::text(&report, &lab, 80);
    assert!(text.starts_with("Sample\n\n  SQNR       inf dB\n  bytes  589 824 B\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

/// A page as a lesson shows it: prose, controls beside metrics, a footer.
#[test]
fn a_page_for_the_eye() {
    const SCHEMES: &[Choice] = &[Choice { name: "affine", label: "affine" }];
    const fn spec(name: &'static str, label: &'static str, kind: ParamKind, default: Value) -> ParamSpec {
        ParamSpec { name, label, kind, default, help: "", active: |_| true }
    }
    static SPECS: [ParamSpec; 3] = [
        spec("lo", "range low", ParamKind::Float { min: -10.0, max: 10.0, step: 0.05, log: false }, Value::Float(-0.1)),
        spec("hi", "range high", ParamKind::Float { min: -10.0, max: 10.0, step: 0.05, log: false }, Value::Float(6.0)),
        spec("scheme", "scheme", ParamKind::Choice(SCHEMES), Value::Choice("affine")),
    ];
    const METRICS: [MetricSpec; 2] = [
        MetricSpec { name: "scale", label: "scale", unit: "", better: Better::Neither, measured: false, decimals: 5, help: "" },
        MetricSpec { name: "sqnr_db", label: "SQNR", unit: "dB", better: Better::Higher, measured: false, decimals: 2, help: "" },
    ];
    let of = |scale, db| Report {
        metrics: vec![Metric { name: "scale", value: Some(scale) }, Metric { name: "sqnr_db", value: Some(db) }],
        ..Report::default()
    };
    let markdown = "After a ReLU nothing is **negative**: a symmetric grid still spends *half* its codes there. \
        The code of $r$ is $q = \\text{round}(r / s) + z$, the [[zero-point]] moves with `lo`.\n\n\
        - $s = (hi - lo) / (2^8 - 1)$\n- a wider range means coarser steps: $s^2/12$\n\n> What is lost is at most half a step.\n\n\
        | scheme | SQNR |\n|---|--:|\n| symmetric | 39.0 dB |\n| affine | 45.05 dB |\n\n```python\nq = np.rint(x / s) + z\n```";
    let params = Params::defaults(&SPECS);
    for (look, theme) in LOOKS {
        let mut buf = Buffer::empty(Rect::new(0, 0, 80, 26));
        let rich = rich::layout(markdown, 76, &theme, &|_| Some("zero point".into()));
        rich.render(0, Some(0), &theme, Rect::new(2, 1, 76, 17), &mut buf);
        Controls::new(&params, &[0, 1, 2], Some(1), None, &theme).render(Rect::new(0, 19, 46, 3), &mut buf);
        let (now, was) = (of(0.02392, 43.2), of(0.04, 39.0));
        Metrics::new(&METRICS, &now, &theme).against(Some(&was)).render(Rect::new(48, 19, 32, 3), &mut buf);
        let pairs = [("⏎", "check"), ("↑↓", "control"), ("←→", "change"), ("t", "hint -20 %"), ("?", "keys")];
        let pairs = pairs.map(|(key, word)| (key.to_owned(), word.to_owned()));
        print_line(&footer(&pairs, 80, &theme), Rect::new(0, 25, 80, 1), &mut buf);
        assert!(look != "ascii" || text(&buf).is_ascii(), "{}", text(&buf));
        if std::env::var_os("QUANTLEARN_FRAMES").is_some() {
            std::fs::create_dir_all("target/frames").expect("the target folder is writable");
            save(&format!("page-{look}"), &buf, &theme);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_laid_out_within_its_width(foreign in "\\PC{0,200}", width in 4u16..60) {
        let clean = Text::clean(&foreign);
        let rich = rich::layout(&clean, width, &PLAIN, &|_| None);
        for line in &rich.lines {
            prop_assert!(line.width() <= usize::from(width), "{line:?}");
        }
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 4));
        rich.render(0, Some(0), &PLAIN, buf.area, &mut buf);
        export::escape(&foreign);
    }
}

fn maps() -> Vec<(&'static str, MapData, usize)> {
    let first: Vec<usize> = vec![1, 3, 4, 5];
    let thirteen: Vec<usize> = (1..=13).collect();
    let all: Vec<usize> = (1..=30).collect();
    let chapters = |n: usize| {
        if n <= 5 {
            "FP32 vs INT8 precision"
        } else if n <= 12 {
            "Dynamic range"
        } else {
            "Hardware and speed"
        }
    };
    vec![
        ("map-4", samples::map(&first, chapters), 3),
        ("map-13", samples::map(&thirteen, chapters), 8),
        ("map-30", samples::map(&all, samples::track), 17),
        ("map-30-end", samples::map(&all, samples::track), 29),
    ]
}

#[test]
fn maps_for_the_eye_and_every_size() {
    for (name, data, selected) in maps() {
        for (width, height) in [(0, 0), (1, 1), (40, 12), (78, 22), (120, 36), (65_535, 1)] {
            for (look, theme) in LOOKS {
                let map = SkillMap::new(&data, selected, &theme);
                let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
                map.render(buf.area, &mut buf);
                assert!(look != "ascii" || text(&buf).is_ascii());
                if std::env::var_os("QUANTLEARN_FRAMES").is_some() && (10..300).contains(&width) {
                    std::fs::create_dir_all("target/frames").expect("the target folder is writable");
                    save(&format!("{name}-{width}-{look}"), &buf, &theme);
                }
            }
        }
    }
}

#[test]
fn every_lesson_can_be_reached_by_arrows() {
    for (name, data, _) in maps() {
        for width in [40, 78, 120, 200] {
            let mut reached = std::collections::BTreeSet::from([0]);
            let mut open = vec![0];
            while let Some(node) = open.pop() {
                for direction in [Direction::Up, Direction::Down, Direction::Left, Direction::Right] {
                    let next = SkillMap::new(&data, node, &PLAIN).neighbour(width, direction);
                    if reached.insert(next) {
                        open.push(next);
                    }
                }
            }
            assert_eq!(reached.len(), data.nodes.len(), "{name} at {width}");
        }
    }
}

fn save(name: &str, buf: &Buffer, theme: &Theme) {
    std::fs::write(format!("target/frames/{name}.svg"), svg(buf, theme, name)).expect("the target folder is writable");
}
