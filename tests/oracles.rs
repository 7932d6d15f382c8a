//! Numbers found elsewhere: constants of the literature, vectors of specifications, bytes of other programs, and figures
//! of the real weights. `oracles.json` has the tables; the ids are those of the course's list of oracles.

#[path = "oracles/blocks.rs"]
mod blocks;
#[path = "oracles/calibration.rs"]
mod calibration;
#[path = "oracles/constants.rs"]
mod constants;
#[path = "oracles/formats.rs"]
mod formats;

use std::sync::atomic::AtomicBool;

use quantlearn::{
    lab::{self, Ctx, Report},
    tensor::Sources,
};
use serde_json::Value;

fn oracles() -> Value {
    serde_json::from_str(include_str!("oracles.json")).expect("the table is JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is a number"))
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn run(sources: &Sources, lab: &str, set: &[(&str, &str)]) -> Report {
    let lab = lab::find(lab).expect("the test names a lab");
    let mut params = lab.defaults();
    for (name, text) in set {
        params.set(name, text).expect("the test sets what the lab has");
    }
    let cancel = AtomicBool::new(false);
    (lab.run)(&params, &Ctx::new(sources, &cancel, &|_, _| {})).expect("nothing stops it")
}

fn metric(report: &Report, name: &str) -> f64 {
    report.metric(name).unwrap_or_else(|| panic!("{name} is defined"))
}

#[track_caller]
fn near(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((got - expected).abs() <= tolerance, "{what}: {got}, expected {expected} within {tolerance}");
}
