use std::convert::Infallible;

use super::*;
use crate::{
    nn::{Digits, Net, Range, Recipe, symmetric, train},
    quant::Clip,
};

fn quantized(net: &Net, plan: &Plan) -> QuantNet {
    QuantNet::of(Isa::SCALAR, net, plan, &Digits::embedded().calibration).expect("the plan is sound")
}

fn both() -> [Net; 2] {
    [Net::trained_mlp(), Net::trained_conv().folded()]
}

/// Against the simulation that training frameworks run: a code may be off by one where a float sum falls on the other
/// side of a tie.
#[test]
fn integer_codes_are_those_of_the_simulation_but_for_ties() {
    let test = Digits::embedded().test;
    for net in both() {
        for (bits, granularity, range) in [
            (8, Granularity::Tensor, Range::MinMax),
            (8, Granularity::Row, Range::Percentile(99.9)),
            (4, Granularity::Row, Range::Mse),
            (2, Granularity::Tensor, Range::MinMax),
        ] {
            let plan = Plan { range, ..Plan::uniform(Mode::Static, 3, bits, granularity) };
            let net = quantized(&net, &plan);
            for (codes, simulated) in net.codes(&test.images).iter().zip(net.simulated(&test.images)) {
                let off = codes.iter().zip(&simulated).filter(|(a, b)| a != b).count();
                assert!(codes.iter().zip(&simulated).all(|(a, b)| a.abs_diff(*b) <= 1), "{bits} bits");
                assert!(off * 100 <= codes.len(), "{off} of {} codes differ", codes.len());
            }
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_codes() {
    let digits = Digits::embedded();
    for net in both() {
        let plan = Plan::uniform(Mode::Static, 3, 5, Granularity::Row);
        let codes =
            |isa| QuantNet::of(isa, &net, &plan, &digits.calibration).expect("the plan is sound").codes(&digits.test.images);
        let truth = codes(Isa::SCALAR);
        for isa in Isa::available() {
            assert_eq!(codes(isa), truth, "{}", isa.name());
        }
    }
}

#[test]
fn eight_bits_lose_nearly_nothing_in_any_mode() {
    let test = Digits::embedded().test;
    for net in both() {
        let float = net.accuracy_on(Isa::SCALAR, &test);
        for mode in [Mode::WeightOnly, Mode::Dynamic, Mode::Static] {
            let accuracy = quantized(&net, &Plan::uniform(mode, 3, 8, Granularity::Row)).accuracy(&test);
            assert!((float - accuracy).abs() <= 0.6, "{mode:?}: {accuracy} of {float}");
        }
    }
}

/// Means over seeds, in percent: lesson 15's table has FP32 97.2; per tensor 8, 5, 4, 3, 2 bits 97.2, 97.2, 96.4, 88.9,
/// 25.6; per channel 3 and 2 bits 96.2 and 59.6; clipped by MSE 92.6 and 72.5. Another split of the same images and another
/// training gave those, and a single seed scatters, so the margins are wide where accuracy falls off the cliff.
#[test]
fn the_cliff_stands_where_the_literature_has_it() {
    let digits = Digits::embedded();
    let n_seeds = if std::env::var_os("QUANTLEARN_THOROUGH").is_some() { 5 } else { 1 };
    let scatter = if n_seeds == 1 { 2.0 } else { 1.0 };
    let nets: Vec<Net> = (1..=n_seeds)
        .map(|seed| {
            let mut net = Net::mlp(seed);
            let Ok(()) = train(&mut net, &digits.train, &Recipe::mlp(seed), &mut |_| Ok::<(), Infallible>(()));
            net
        })
        .collect();
    let mean = |of: &dyn Fn(&Net) -> f64| nets.iter().map(of).sum::<f64>() / nets.len() as f64;
    let accuracy = |bits, granularity, clip| {
        mean(&|net| {
            let mut plan = Plan::uniform(Mode::WeightOnly, 3, bits, granularity);
            plan.weights.fill(Some(symmetric(bits, granularity, clip)));
            quantized(net, &plan).accuracy(&digits.test)
        })
    };
    let float = mean(&|net| net.accuracy_on(Isa::SCALAR, &digits.test));
    assert!((float - 97.2).abs() < 1.5, "{float}");
    let rows = [
        (8, Granularity::Tensor, Clip::AbsMax, 97.2, 1.5),
        (5, Granularity::Tensor, Clip::AbsMax, 97.2, 2.5),
        (4, Granularity::Tensor, Clip::AbsMax, 96.4, 3.0),
        (3, Granularity::Tensor, Clip::AbsMax, 88.9, 8.0),
        (2, Granularity::Tensor, Clip::AbsMax, 25.6, 20.0),
        (3, Granularity::Row, Clip::AbsMax, 96.2, 5.0),
        (2, Granularity::Row, Clip::AbsMax, 59.6, 30.0),
        (3, Granularity::Tensor, Clip::Mse, 92.6, 4.0),
        (2, Granularity::Tensor, Clip::Mse, 72.5, 12.0),
    ];
    for (bits, granularity, clip, expected, margin) in rows {
        let got = accuracy(bits, granularity, clip);
        assert!(
            (got - expected).abs() <= scatter * margin,
            "{bits} bits, {granularity:?}, {clip:?}: {got}, the table has {expected}"
        );
    }
    // O-43, its clauses on training with quantization left out.
    assert!(float - accuracy(8, Granularity::Tensor, Clip::AbsMax) <= 0.5);
    assert!(float - accuracy(4, Granularity::Tensor, Clip::AbsMax) <= 2.5);
    assert!(accuracy(2, Granularity::Tensor, Clip::AbsMax) < 60.0);
}

#[test]
fn bits_and_bytes_count_the_scales() {
    let net = Net::trained_mlp();
    let rows = quantized(&net, &Plan::uniform(Mode::Static, 3, 3, Granularity::Row));
    let (n_weights, n_rows) = (64 * 32 + 32 * 32 + 32 * 10, 32 + 32 + 10);
    let n_bits = 3 * n_weights + 16 * n_rows;
    assert!((rows.bits_per_weight() - n_bits as f64 / n_weights as f64).abs() < 1e-12);
    assert_eq!(rows.bytes(), (n_bits / 8 + 4 * n_rows) as u64);
    let float = Plan { weights: vec![None; 3], ..Plan::uniform(Mode::WeightOnly, 3, 8, Granularity::Row) };
    assert_eq!(quantized(&net, &float).bits_per_weight(), 32.0);
}

#[test]
fn a_plan_that_cannot_run_says_why() {
    let (net, digits) = (Net::trained_mlp(), Digits::embedded());
    let refused =
        |net: &Net, plan: Plan, set: &Set| QuantNet::of(Isa::SCALAR, net, &plan, set).map(|_| ()).unwrap_err().to_string();
    let plan = |mode| Plan::uniform(mode, 3, 8, Granularity::Row);
    let set = &digits.calibration;
    assert!(refused(&net, Plan::uniform(Mode::Static, 2, 8, Granularity::Row), set).contains("2 rows for 3 layers"));
    assert!(refused(&net, Plan { activation_bits: 9, ..plan(Mode::Static) }, set).contains("2 to 8"));
    assert!(refused(&Net::trained_conv(), plan(Mode::Static), set).contains("fold"));
    assert!(refused(&net, plan(Mode::Static), &set.first(0)).contains("no calibration images"));
    assert!(refused(&net, Plan { weights: vec![None; 3], ..plan(Mode::Dynamic) }, set).contains("layer 0 stay in FP32"));
    assert!(refused(&net, Plan::uniform(Mode::Static, 3, 8, Granularity::Group(8)), set).contains("along the sum"));
}

/// A dead channel has scale 1 and codes of 0; an image of nothing is calibrated too.
#[test]
fn extremes_are_defined() {
    let mut net = Net::trained_mlp();
    if let Some(Layer::Linear(dense)) = net.layers.first_mut() {
        dense.weight.fill(0.0);
        dense.bias.fill(0.0);
    }
    let blank = Set { images: vec![0.0; 64], labels: vec![0] };
    for mode in [Mode::WeightOnly, Mode::Dynamic, Mode::Static] {
        let net =
            QuantNet::of(Isa::SCALAR, &net, &Plan::uniform(mode, 3, 2, Granularity::Row), &blank).expect("the plan is sound");
        assert!(net.scores(&blank.images).iter().all(|s| s.is_finite()), "{mode:?}");
    }
}
