//! What a frame costs at 200x60 on each screen, and how long a moved control waits for its new histogram of the real
//! matrix (goals G9 and G10: 2 ms and 16 ms).

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use quantlearn::{
    course::Library,
    model::Route,
    runtime::headless::{Headless, fresh},
    theme::{Background, Depth, Theme},
};

const SIZE: (u16, u16) = (200, 60);

/// One of each screen, by its route.
const SCREENS: &[&str] = &[
    "map",
    "lesson core/why-fewer-bits/what-happened",
    "lab quantize source=minilm.output.dense",
    "terms",
    "progress",
    "settings",
];

fn at(route: &str) -> Headless {
    let theme = Theme::new(Background::Dark, Depth::True, false);
    let mut app = Headless::new(fresh(Arc::new(Library::embedded())), theme, SIZE);
    app.open(Route::parse(route, "core").expect("it is a place"));
    app
}

fn frames(c: &mut Criterion) {
    for route in SCREENS {
        let app = at(route);
        c.bench_function(&format!("frame 200x60: {route}"), |b| b.iter(|| black_box(&app).buffer()));
    }
}

fn key_to_frame(c: &mut Criterion) {
    let mut map = at("map");
    c.bench_function("key to frame: the map, down and up", |b| b.iter(|| (map.keys("j").buffer(), map.keys("k").buffer())));
    for clip in ["absmax", "percentile", "manual", "mse"] {
        let mut lab = at(&format!("lab quantize source=minilm.output.dense clip={clip}"));
        // Down from the source to the bits, which move to and fro.
        lab.keys("j");
        c.bench_function(&format!("key to new histogram, 589,824 weights: bits, {clip} (two keys)"), |b| {
            b.iter(|| (lab.keys("<left>").buffer(), lab.keys("<right>").buffer()));
        });
    }
}

criterion_group!(benches, frames, key_to_frame);
criterion_main!(benches);
