//! A lab of the tests' own in a pane: its trace is walked, its pattern and its vector are edited, by keys alone.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use jiff::civil::date;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect, Size},
};

use super::*;
use crate::{
    course::Library,
    input::{Keymap, parse_script},
    lab::{
        Better, Bits, BitsRow, Cell, CellRow, Cells, Ctx, LabError, Metric, MetricSpec, Numbers, ParamKind, ParamSpec, Params,
        Report, SeriesRole, Trace, TraceStep, Value,
    },
    model::{Effect, Model, Now, Start},
    screen::View,
    script::{Limits, World},
    tensor::Sources,
    theme::{Background, Depth, Theme},
};

const fn spec(name: &'static str, kind: ParamKind, default: Value) -> ParamSpec {
    ParamSpec { name, label: name, kind, default, help: "", active: |_| true }
}

/// Adds the elements of a vector one by one, above the bits of a pattern.
static ADDER: Lab = Lab {
    id: "adder",
    title: "Adder",
    summary: "",
    params: &[
        spec("pattern", ParamKind::Bits { n: 16 }, Value::Bits(0x2e66)),
        spec("x", ParamKind::Vector { n: 4, min: -8.0, max: 8.0, step: 0.5 }, Value::Vector(Numbers::new(&[1.0, 2.0, 3.0, 4.0]))),
        spec("n", ParamKind::Int { min: 1, max: 4, step: 1, log: false }, Value::Int(4)),
    ],
    metrics: &[MetricSpec {
        name: "sum",
        label: "sum",
        unit: "",
        better: Better::Neither,
        measured: false,
        decimals: 2,
        help: "",
    }],
    run: add,
};

#[expect(clippy::unnecessary_wraps, reason = "the type of every lab")]
fn add(params: &Params, _ctx: &Ctx<'_>) -> Result<Report, LabError> {
    let (x, n) = (params.vector("x"), params.int("n") as usize);
    let pattern = params.bits("pattern");
    let bits = Figure::Bits(Bits {
        view: "bits",
        heading: "one word".into(),
        rows: vec![BitsRow {
            label: "FP16".into(),
            pattern,
            n: 16,
            fields: vec![("sign", 1, SeriesRole::Error), ("exponent", 5, SeriesRole::A), ("mantissa", 10, SeriesRole::B)],
            note: format!("{pattern}"),
        }],
    });
    let cell = |i: usize, at: usize| Cell { text: x[i].to_string(), role: SeriesRole::A, strong: i == at };
    let cells = |at| {
        Figure::Cells(Cells {
            view: "elements",
            heading: String::new(),
            rows: vec![CellRow { label: "x".into(), cells: (0..4).map(|i| cell(i, at)).collect(), note: String::new() }],
            legend: Vec::new(),
        })
    };
    let step = |at: usize| TraceStep {
        caption: format!("Element {at} is added: the sum so far is {}.", x[..=at].iter().sum::<f64>()),
        figures: vec![cells(at), bits.clone()],
    };
    Ok(Report {
        metrics: vec![Metric { name: "sum", value: Some(x.iter().take(n).sum()) }],
        trace: Some(Trace { first: false, steps: (0..n).map(step).collect() }),
        figures: vec![bits.clone()],
        ..Report::default()
    })
}

/// A pane with all that happens around it.
struct Bench {
    model: Model,
    pane: Pane,
    size: Size,
    theme: Theme,
    said: Vec<String>,
    shown: Vec<String>,
    exports: Vec<String>,
    copied: Vec<String>,
}

impl Bench {
    fn new(first_view: Option<&'static str>) -> Self {
        let now = Now { unix_ms: 0, day: date(2026, 1, 7) };
        let start = Start {
            library: Arc::new(Library::embedded()),
            events: Vec::new(),
            now,
            seed: 1,
            progress_path: String::new(),
            read_only: None,
            notices: Vec::new(),
        };
        let (mut model, size) = (Model::new(start), Size::new(80, 20));
        let theme = Theme::new(Background::Dark, Depth::None, false);
        let mut cx = Cx { model: &mut model, size, theme, effects: Vec::new(), asks: Vec::new() };
        let pane = Pane::open(&ADDER, ADDER.defaults(), ADDER.defaults(), &[], first_view, &mut cx);
        let effects = cx.effects;
        let mut bench =
            Self { model, pane, size, theme, said: Vec::new(), shown: Vec::new(), exports: Vec::new(), copied: Vec::new() };
        bench.follow(effects);
        bench
    }

    /// Does what the pane asked for.
    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Run { id, job, .. } => {
                    let (sources, cancel) = (Arc::new(Sources::default()), Arc::new(AtomicBool::new(false)));
                    let ctx = Ctx::new(&sources, &cancel, &|_, _| {});
                    let world = World {
                        sources: Arc::clone(&sources),
                        seed: 0,
                        cancel: Arc::clone(&cancel),
                        elapsed: Arc::new(|| Duration::ZERO),
                        limits: Limits::LESSON,
                    };
                    let done = job.run(&self.model.library, &ctx, &world).expect("the lab never fails");
                    self.input(&Input::Job(id, JobEvent::Done(done)));
                }
                Effect::Export { name, .. } => self.exports.push(name),
                Effect::Copy(text) => self.copied.push(text),
                _ => {}
            }
        }
    }

    fn input(&mut self, input: &Input) {
        let mut cx = Cx { model: &mut self.model, size: self.size, theme: self.theme, effects: Vec::new(), asks: Vec::new() };
        self.pane.update(input, &mut cx);
        let (effects, asks) = (cx.effects, cx.asks);
        for ask in asks {
            match ask {
                crate::screen::Ask::Say(line) => self.said.push(line),
                crate::screen::Ask::Show(Show::Page { title, body }) => self.shown.push(format!("{title}\n{body}")),
                _ => {}
            }
        }
        self.follow(effects);
    }

    fn keys(&mut self, script: &str) -> &mut Self {
        for key in parse_script(script).expect("a script") {
            let input = match Keymap::default().action(self.pane.context(), key) {
                Some(action) => Input::Action(action),
                None => Input::Type(key),
            };
            self.input(&input);
        }
        self
    }

    fn drawn(&self, width: u16, height: u16) -> (String, Option<Position>) {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        let view = View { model: &self.model, theme: &self.theme };
        let cursor = self.pane.render(buf.area, &mut buf, &view, Look::default());
        let rows = buf.content.chunks(usize::from(width.max(1)));
        (rows.map(|row| row.iter().map(|c| c.symbol()).collect::<String>().trim_end().to_owned() + "\n").collect(), cursor)
    }

    fn value(&self, name: &str) -> String {
        self.pane.params.get(name).expect("a parameter").to_string()
    }
}

#[test]
fn a_step_shows_its_number_its_caption_and_its_figures() {
    let mut bench = Bench::new(Some("steps"));
    bench.keys("<right>");
    insta::assert_snapshot!(bench.drawn(78, 16).0, @r"
    ▸ step     2 of 4  ├──────●─────────────┤   sum  10.00
      pattern  0x2e66
      x        1.0, 2.0, 3.0, 4.0
      n             4  ├───────────────────●┤

    Element 1 is added: the sum so far is 3.

    x  1 [2] 3  4

    one word
          sign  exponent  mantissa
    FP16  0     01011     1001100110  11878
    ");
}

#[test]
fn a_step_is_moved_like_a_control_and_typed() {
    let mut bench = Bench::new(Some("steps"));
    let step = |bench: &Bench| bench.pane.step();
    assert_eq!(step(&bench), Some((0, 4)));
    bench.keys("<right><right>");
    assert_eq!(step(&bench), Some((2, 4)));
    bench.keys("<end>");
    assert_eq!(step(&bench), Some((3, 4)));
    bench.keys("<home>2<enter>");
    assert_eq!(step(&bench), Some((1, 4)));
    bench.keys("9<enter>");
    assert!(bench.drawn(80, 20).0.contains("`9` does not fit: a step from 1 to 4."));
    bench.keys("<backspace>3<enter><tab>n");
    assert_eq!(step(&bench), Some((3, 4)), "in the figure n walks the steps");
    bench.keys("pp");
    assert_eq!(step(&bench), Some((1, 4)));
}

#[test]
fn the_step_stays_where_it_is_when_a_control_moves() {
    let mut bench = Bench::new(Some("steps"));
    bench.keys("4<enter>nnn<left>");
    assert_eq!((bench.value("n"), bench.pane.step()), ("3".into(), Some((2, 3))), "a shorter trace shows its last step");
    bench.keys("<right>");
    assert_eq!(bench.pane.step(), Some((3, 4)), "and the step that was meant comes back");
}

#[test]
fn steps_are_the_last_view_and_its_control_comes_with_it() {
    let mut bench = Bench::new(None);
    assert!(!bench.drawn(80, 20).0.contains("of 4"));
    bench.keys("v");
    assert!(bench.drawn(80, 20).0.contains("1 of 4"));
    assert!(bench.drawn(80, 20).0.contains("▸ pattern"), "the focus stays where it was");
    bench.keys("<up>");
    assert!(bench.drawn(80, 20).0.contains("▸ step"));
    bench.keys("v");
    assert!(bench.drawn(80, 20).0.contains("▸ pattern"));
}

#[test]
fn a_step_is_said_and_written_down() {
    let mut bench = Bench::new(Some("steps"));
    bench.keys("<right>w");
    assert!(
        bench.shown[0].starts_with("Adder: steps in words\nStep 2 of 4. Element 1 is added: the sum so far is 3."),
        "{:?}",
        bench.shown
    );
    assert!(bench.shown[0].contains("exponent 01011"));
    bench.keys("x");
    assert_eq!(
        bench.exports,
        ["quantlearn-adder.json", "quantlearn-adder-step-2-1-elements.svg", "quantlearn-adder-step-2-2-bits.svg"]
    );
}

#[test]
fn a_bit_is_chosen_and_toggled_and_taken_back() {
    let mut bench = Bench::new(None);
    bench.keys(" ");
    assert_eq!(bench.value("pattern"), "0xae66");
    bench.keys("<end> <left> ");
    assert_eq!(bench.value("pattern"), "0xae65");
    bench.keys("u");
    assert_eq!(bench.value("pattern"), "0xae67");
    bench.keys("0b101<enter>");
    assert_eq!(bench.value("pattern"), "0x5");
    bench.keys("0x12345<enter>");
    assert!(bench.drawn(80, 20).0.contains("`0x12345` does not fit: a pattern of 16 bits"));
    bench.keys("<backspace><enter>");
    assert_eq!(bench.value("pattern"), "0x1234");
    bench.keys("<backspace>");
    assert_eq!(bench.value("pattern"), "0x2e66", "backspace puts the start back");
}

#[test]
fn elements_are_walked_like_controls_and_changed_alone() {
    let mut bench = Bench::new(None);
    bench.keys("<down><right>");
    assert_eq!(bench.value("x"), "1.5,2,3,4");
    bench.keys("<down><down>-2.5<enter>");
    assert_eq!(bench.value("x"), "1.5,2,-2.5,4");
    bench.keys("<home>");
    assert_eq!(bench.value("x"), "1.5,2,-8,4");
    bench.keys("<backspace>");
    assert_eq!(bench.value("x"), "1.5,2,3,4");
    bench.keys("4,3,2,1<enter>");
    assert_eq!(bench.value("x"), "4,3,2,1");
    bench.keys("uz");
    assert_eq!(bench.value("x"), "1,2,3,4");
    bench.keys("n<left>");
    assert_eq!(bench.value("n"), "3", "n leaves the vector as a whole");
    bench.keys("<up><left>y");
    assert_eq!(bench.copied, ["quantlearn lab adder --set x=1,2,3,3.5 --set n=3"]);
}

#[test]
fn what_keys_wrote_is_what_the_log_gives_back() {
    let mut bench = Bench::new(None);
    bench.keys("<end> <down>-0.25<enter>");
    for (spec, value) in bench.pane.params.iter() {
        let json = serde_json::to_value(value).expect("a value");
        let line = serde_json::to_string(&json).expect("JSON prints");
        let back: serde_json::Value = serde_json::from_str(&line).expect("JSON reads");
        let text = back.as_str().map_or_else(|| back.to_string(), str::to_owned);
        assert_eq!(spec.parse(&text), Ok(value), "{}", spec.name);
    }
}

#[test]
fn no_size_panics_and_the_cursor_stays_inside() {
    for keys in ["", "v<up>", "v<up><right>", "<down><down>", "v<tab>"] {
        let mut bench = Bench::new(None);
        bench.keys(keys);
        for (width, height) in [(0, 0), (1, 1), (20, 5), (20, 24), (40, 3), (80, 20), (200, 60), (65_535, 1)] {
            let (_, cursor) = bench.drawn(width, height);
            assert!(cursor.is_none_or(|at| at.x < width && at.y < height), "{keys} at {width}x{height}: {cursor:?}");
        }
    }
}
