//! Rounding up or down for the output's sake: the objective of AdaRound, by coordinate descent.
//!
//! Nagel et al., "Up or down? Adaptive rounding for post-training quantization" (arXiv:2004.10568): of the floor and the
//! ceiling of each weight, those that make `‖(Ŵ - W) Xᵀ‖²` small. The paper relaxes the choice and trains it; for small
//! layers flipping one weight at a time while that helps does the same.

use crate::kernel::CodeRange;

/// One weight on its grid.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Choice {
    low: f64,
    high: f64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Flipped {
    /// Quantized weights, as many as there were.
    pub weights: Vec<f64>,
    /// Flips that were made from rounding to the nearest.
    pub n_flips: usize,
}

/// Each weight of `weights` (rows of `n` channels) to `step` times a code of `range`, its floor or its ceiling. `gram` is
/// `Xᵀ X` of the inputs, `n * n` (any multiple of it will do). Begins at the nearest, takes the flip of a row that gains
/// most, and ends when none gains: the loss never rises.
pub fn flip(weights: &[f64], gram: &[f64], n: usize, step: f64, range: CodeRange) -> Flipped {
    assert!(n > 0 && weights.len().is_multiple_of(n) && gram.len() == n * n && step > 0.0, "a layer of {n} channels");
    let mut out = Flipped { weights: Vec::with_capacity(weights.len()), n_flips: 0 };
    for row in weights.chunks_exact(n) {
        let (rounded, n_flips) = flip_row(row, gram, step, range);
        out.weights.extend(rounded);
        out.n_flips += n_flips;
    }
    out
}

fn flip_row(row: &[f64], gram: &[f64], step: f64, range: CodeRange) -> (Vec<f64>, usize) {
    let n = row.len();
    let held = |q: f64| q.clamp(range.qmin.into(), range.qmax.into());
    let choices: Vec<Choice> =
        row.iter().map(|w| w / step).map(|x| Choice { low: step * held(x.floor()), high: step * held(x.ceil()) }).collect();
    let mut rounded: Vec<f64> = row.iter().map(|w| step * held((w / step).round_ties_even())).collect();
    // The slope of half the loss in each weight: `gram * (ŵ - w)`.
    let errors: Vec<f64> = rounded.iter().zip(row).map(|(q, w)| q - w).collect();
    let slope_of = |i: usize| gram[i * n..(i + 1) * n].iter().zip(&errors).map(|(g, e)| g * e).sum::<f64>();
    let mut slopes: Vec<f64> = (0..n).map(slope_of).collect();
    let other = |choice: &Choice, now: f64| if now == choice.low { choice.high } else { choice.low };
    let mut n_flips = 0;
    loop {
        let change = |i: usize| other(&choices[i], rounded[i]) - rounded[i];
        let gain = |i: usize| -change(i) * (2.0 * slopes[i] + change(i) * gram[i * n + i]);
        let best = (0..n).map(|i| (i, gain(i))).reduce(|a, b| if b.1 > a.1 { b } else { a });
        // A gain within rounding would flip to and fro for ever.
        let Some((i, _)) = best.filter(|&(i, gain)| gain > 1e-12 * step * step * gram[i * n + i].abs()) else { break };
        let by = change(i);
        rounded[i] += by;
        rounded[i] = if (rounded[i] - choices[i].low).abs() <= (rounded[i] - choices[i].high).abs() {
            choices[i].low
        } else {
            choices[i].high
        };
        slopes.iter_mut().enumerate().for_each(|(j, slope)| *slope += by * gram[j * n + i]);
        n_flips += 1;
    }
    (rounded, n_flips)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::quant::ptq::gptq::{hessian, output_loss};

    const RANGE: CodeRange = CodeRange { qmin: -8, qmax: 7 };

    proptest! {
        #[test]
        fn flips_never_raise_the_loss_and_move_a_weight_by_less_than_a_step(
            weights in prop::collection::vec(-3.0f64..3.0, 6),
            x in prop::collection::vec(-1.0f64..1.0, 30),
        ) {
            let found = flip(&weights, &hessian(&x, 6), 6, 0.5, RANGE);
            let nearest: Vec<f64> = weights.iter().map(|w| 0.5 * (w / 0.5).round_ties_even().clamp(-8.0, 7.0)).collect();
            let loss = |q: &[f64]| output_loss(&weights, q, &x, 6);
            prop_assert!(loss(&found.weights) <= loss(&nearest) + 1e-9);
            prop_assert!(found.weights.iter().zip(&weights).all(|(q, w)| (q - w).abs() < 0.5));
        }
    }

    #[test]
    fn inputs_without_correlation_leave_the_nearest() {
        let gram = [2.0, 0.0, 0.0, 3.0];
        assert_eq!(flip(&[0.4, 0.6], &gram, 2, 1.0, RANGE), Flipped { weights: vec![0.0, 1.0], n_flips: 0 });
        assert_eq!(flip(&[90.0, -90.0], &gram, 2, 1.0, RANGE).weights, [7.0, -8.0], "codes stay in their range");
    }
}
