//! From moved control to report on the real matrix of 590,000 weights: goal G10 asks for 16 ms, an MSE search for 150.
//!
//! Prints times, asserts nothing.

use std::sync::atomic::AtomicBool;

use criterion::{Criterion, criterion_group, criterion_main};
use quantlearn::{
    lab::{self, Ctx},
    tensor::Sources,
};

const SETTINGS: &[(&str, &[(&str, &str)])] = &[
    ("absmax", &[]),
    ("absmax 4 bits", &[("bits", "4")]),
    ("absmax 16 bits", &[("bits", "16")]),
    ("affine", &[("scheme", "affine")]),
    ("percentile", &[("clip", "percentile")]),
    ("percentile affine", &[("clip", "percentile"), ("scheme", "affine")]),
    ("manual", &[("clip", "manual"), ("clip_value", "0.2")]),
    ("stochastic", &[("rounding", "stochastic")]),
    ("row", &[("granularity", "row")]),
    ("column", &[("granularity", "column")]),
    ("group 8", &[("granularity", "group"), ("group", "8")]),
    ("group 128 percentile", &[("granularity", "group"), ("clip", "percentile")]),
    ("mse tensor", &[("clip", "mse")]),
    ("mse tensor affine", &[("clip", "mse"), ("scheme", "affine")]),
    ("mse row", &[("clip", "mse"), ("granularity", "row")]),
    ("mse row affine", &[("clip", "mse"), ("granularity", "row"), ("scheme", "affine")]),
    ("mse group 8", &[("clip", "mse"), ("granularity", "group"), ("group", "8")]),
    ("mse group 8 affine", &[("clip", "mse"), ("granularity", "group"), ("group", "8"), ("scheme", "affine")]),
];

fn quantize(c: &mut Criterion) {
    let sources = Sources::default();
    bench(c, &sources, "quantize", "minilm.output.dense", SETTINGS);
    bench(c, &sources, "noise", "minilm.intermediate.dense", &[("absmax", &[]), ("best", &[("clip", "best")])]);
    bench(c, &sources, "noise", "gaussian", &[("a million, absmax", &[]), ("a million, best", &[("clip", "best")])]);
}

fn bench(c: &mut Criterion, sources: &Sources, lab: &str, source: &str, settings: &[(&str, &[(&str, &str)])]) {
    let lab = lab::find(lab).expect("a lab of this name");
    let mut group = c.benchmark_group(format!("{} {source}", lab.id));
    group.sample_size(20);
    for (name, set) in settings {
        let mut params = lab.defaults();
        for (param, text) in [("source", source)].iter().chain(*set) {
            params.set(param, text).expect("the lab has this parameter");
        }
        let cancel = AtomicBool::new(false);
        let ctx = Ctx::new(sources, &cancel, &|_, _| {});
        group.bench_function(*name, |b| b.iter(|| (lab.run)(&params, &ctx).expect("nothing stops it")));
    }
}

criterion_group!(benches, quantize);
criterion_main!(benches);
