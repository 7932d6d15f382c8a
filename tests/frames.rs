//! Frames: a key script in, a text frame out. Fixed clock, seed and size.
//!
//! A frame that changed on purpose is accepted with `INSTA_UPDATE=always cargo test --test frames`; look at the difference first.

use std::sync::Arc;

use quantlearn::{
    app::Look,
    course::Library,
    input::parse_script,
    model::Route,
    runtime::headless::{Headless, fresh},
    tensor::Sources,
    theme::{Background, Depth, Theme},
};

/// Name, place, keys: every screen and every kind of step, in its states.
const FRAMES: &[(&str, &str, &str)] = &[
    ("map", "map", ""),
    ("map-locked", "map", "<down><down>"),
    ("first-prediction", "lesson core/why-fewer-bits/real-weights", ""),
    ("first-lab", "lesson core/why-fewer-bits/real-weights", "8<enter>"),
    ("first-lab-not-met", "lesson core/why-fewer-bits/real-weights", "8<enter><left><enter>"),
    ("first-lab-solved", "lesson core/why-fewer-bits/real-weights", "8<enter><left*8><enter>"),
    ("text", "lesson core/why-fewer-bits/what-happened", ""),
    ("text-term", "lesson core/why-fewer-bits/what-happened", "<tab><enter>"),
    ("listing", "lesson core/why-fewer-bits/array-sizes", ""),
    ("choice", "lesson core/why-fewer-bits/million-weights", ""),
    ("choice-checked", "lesson core/why-fewer-bits/million-weights", "a<enter>"),
    ("choice-hint-price", "lesson core/why-fewer-bits/million-weights", "t"),
    ("choice-hint", "lesson core/why-fewer-bits/million-weights", "tt"),
    ("choice-solution", "lesson core/why-fewer-bits/million-weights", "o<enter>"),
    ("choice-many", "lesson core/why-fewer-bits/what-shrinks", "ab<enter>"),
    ("numeric-unreadable", "lesson core/why-fewer-bits/bpw-of-groups", "4,5<enter>"),
    ("numeric-wrong", "lesson core/why-fewer-bits/bpw-of-groups", "4<enter>"),
    ("match", "lesson core/why-fewer-bits/three-prizes", "ab"),
    ("order", "lesson core/quantization-noise/best-first", " j"),
    ("cloze", "lesson core/affine-map/both-ways", "round<tab>x<enter>"),
    ("bytes-lab", "lesson core/why-fewer-bits/four-gigabytes", ""),
    ("rulers-lab", "lesson core/affine-map/fit-the-range", ""),
    ("lab-quantize", "lab quantize source=minilm.output.dense", ""),
    ("lab-rows", "lab quantize source=minilm.output.dense granularity=row", "vv<tab><right>"),
    ("lab-error", "lab quantize bits=4", "v"),
    ("lab-compare", "lab quantize source=minilm.output.dense", "m<down><left*2>"),
    ("lab-number-entry", "lab quantize", "<down>12"),
    ("lab-number-refused", "lab quantize", "<down>99<enter>"),
    ("lab-words", "lab quantize bits=3", "w"),
    ("lab-noise", "lab noise", "v"),
    ("lab-rounding", "lab rounding", ""),
    ("lab-roofline", "lab roofline", ""),
    ("lab-roofline-by-batch", "lab roofline format=q4_0 sweep=true", "v"),
    ("lab-energy", "lab energy", ""),
    ("lab-energies", "lab energy", "v"),
    ("lab-energies-end", "lab energy", "v<tab><end>"),
    ("lab-observers-five", "lab observers rate=0 drift=4", "vvv"),
    ("lab-clipping-guess", "lesson core/clipping/find-the-valley", "3<enter>"),
    ("lab-bars-beside-notes", "lesson core/simd-int8/four-times", "3<enter>"),
    ("lab-dot", "lab dot data=minilm b_type=s8", "<up*20><right*4>"),
    ("lab-dot-overflow", "lab dot part=stress b_type=s8 k=65794", ""),
    ("lab-dot-product", "lab dot part=gemm b_bits=6", ""),
    ("lab-requantize", "lab requantize multiplier=0.3333333333333333", ""),
    ("lab-requantize-stairs", "lab requantize multiplier=0.3333333333333333", "v"),
    ("lab-gguf", "lab gguf format=q5_1 place=20 nudge=0.5", ""),
    ("lab-gguf-types", "lab gguf", "vvv"),
    ("lab-ptq", "lab ptq", "v"),
    ("lab-ptq-misread", "lab ptq", "vvvv"),
    ("lab-ptq-confusion", "lab ptq", "vvvvv<tab><right>"),
    ("lab-mixed", "lab mixed", ""),
    ("lab-mixed-board", "lab mixed", "<down*3><left><left>vvvv"),
    ("lab-digit", "lab digit", "<down><right*3> <down>"),
    ("lab-lanes", "lab lanes instruction=vpmaddubsw data=worst", "<right*4>"),
    ("lab-matmul", "lab matmul", ""),
    ("lab-matmul-sweep", "lab matmul sweep=true", "vv"),
    ("terms", "terms", ""),
    ("terms-search", "terms", "/bit"),
    ("progress", "progress", ""),
    ("settings", "settings", "<down>"),
    ("help", "lab quantize", "?"),
    ("palette", "map", "<c-p>scale"),
    ("go-to", "map", "g"),
    ("about", "lesson core/why-fewer-bits/what-happened", "i"),
    ("reference-card", "lesson core/float-anatomy/sum-of-ones", FLOAT_ANATOMY_AND_BACK),
    ("track", "track core/foundations", ""),
    ("skip-to-closing-card", "lesson core/why-fewer-bits/another-matrix", "1<enter>n"),
];

/// Through the lesson by its solutions, to the map, and into it again.
const FLOAT_ANATOMY_AND_BACK: &str = "1<enter><enter><enter>\
    o<enter><enter>o<enter><enter>o<enter><enter>o<enter><enter>o<enter><enter>o<enter><enter>o<enter><enter>\
    <enter><enter>o<enter><enter>o<enter><enter><esc><c-p>inside a float<enter>";

fn theme(ascii: bool) -> Theme {
    Theme::new(Background::Dark, Depth::True, ascii)
}

fn app(place: &str, keys: &str, size: (u16, u16), ascii: bool, sources: &Arc<Sources>) -> Headless {
    let look = Look { theme: theme(ascii), background_fixed: true };
    let mut app = Headless::with(fresh(Arc::new(Library::embedded())), look, size, Arc::clone(sources));
    app.open(Route::parse(place, "core").unwrap_or_else(|why| panic!("{why}")));
    app.press(&parse_script(keys).unwrap_or_else(|why| panic!("{why}")));
    app
}

#[test]
fn every_screen_looks_as_it_was_looked_at() {
    let sources = Arc::new(Sources::default());
    for &(name, place, keys) in FRAMES {
        for size in [(80, 24), (120, 40)] {
            let text = app(place, keys, size, false, &sources).text();
            insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), text);
        }
    }
}

#[test]
fn every_screen_bears_every_size() {
    let sources = Arc::new(Sources::default());
    for &(name, place, keys) in FRAMES {
        let mut app = app(place, keys, (80, 24), false, &sources);
        for size in [(0, 0), (1, 1), (59, 16), (60, 15), (300, 5), (3, 200), (60, 16), (61, 17), (200, 60), (400, 120)] {
            app.resize(size.0, size.1);
            let text = app.text();
            if size.0 >= 60 && size.1 >= 16 {
                assert!(
                    text.lines().last().is_some_and(|foot| foot.contains("keys") || foot.contains("close")),
                    "{name} at {size:?}:\n{text}"
                );
            } else if size.0 >= 59 && size.1 >= 5 {
                assert!(text.contains("60x16"), "{name} at {size:?} says what it needs:\n{text}");
            }
        }
    }
}

#[test]
fn in_ascii_mode_every_cell_is_ascii() {
    let sources = Arc::new(Sources::default());
    for &(name, place, keys) in FRAMES {
        let text = app(place, keys, (100, 30), true, &sources).text();
        let foreign: String = text.chars().filter(|c| !c.is_ascii()).collect();
        assert!(foreign.is_empty(), "{name} shows {foreign:?}:\n{text}");
    }
}

#[test]
fn the_cursor_stands_on_the_focused_control() {
    let sources = Arc::new(Sources::default());
    let lab = app("lab quantize", "<down>", (80, 24), false, &sources);
    let on_control = lab.cursor().expect("a control is focused");
    let row = lab.text().lines().nth(usize::from(on_control.y)).unwrap_or_default().to_owned();
    assert!(row.contains("bits"), "{row}");
    let field = app("lesson core/why-fewer-bits/bpw-of-groups", "4.", (80, 24), false, &sources);
    let in_field = field.cursor().expect("a field is focused");
    let text = field.text();
    let before: String =
        text.lines().nth(usize::from(in_field.y)).unwrap_or_default().chars().take(usize::from(in_field.x)).collect();
    assert!(before.ends_with("4."), "{before:?}");
}

#[test]
fn a_panic_in_a_lab_is_shown_in_the_lab_and_ends_nothing() {
    use quantlearn::model::{Failure, JobEvent, JobId, Msg};
    let sources = Arc::new(Sources::default());
    let mut app = app("lab quantize", "", (100, 30), false, &sources);
    // The run of the screen is done; the next one is number 2 of this app, and it fails.
    app.hold_jobs();
    app.keys("<down><right>");
    let id = app.held().expect("the moved control started a run");
    app.tell(Msg::Job(JobId(id.0 - 1), JobEvent::Failed(Failure::Panic("late".into()))));
    assert!(!app.text().contains("late"), "a late answer is dropped");
    app.tell(Msg::Job(id, JobEvent::Failed(Failure::Panic("index out of bounds".into()))));
    assert!(app.text().contains("index out of bounds"), "{}", app.text());
    app.release_jobs();
    app.keys("<right>");
    assert!(!app.text().contains("index out of bounds"), "{}", app.text());
}
