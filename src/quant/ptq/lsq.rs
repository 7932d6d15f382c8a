//! LSQ: the step as a trained parameter. Esser et al., "Learned step size quantization" (arXiv:1902.08153), section 2.

use crate::kernel::CodeRange;

/// A quantized value and its slope in the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learned {
    /// `s * clamp(round(v / s), qmin, qmax)`, ties to even.
    pub value: f64,
    /// `d value / d s`: `round(v / s) - v / s` inside the range, `qmin` below it and `qmax` above.
    pub slope: f64,
}

/// Quantizes one value; `step > 0`. A NaN gives a NaN.
pub fn quantize(value: f64, step: f64, range: CodeRange) -> Learned {
    let (qmin, qmax) = (f64::from(range.qmin), f64::from(range.qmax));
    let x = value / step;
    if x <= qmin {
        Learned { value: step * qmin, slope: qmin }
    } else if x >= qmax {
        Learned { value: step * qmax, slope: qmax }
    } else {
        let whole = x.round_ties_even();
        Learned { value: step * whole, slope: whole - x }
    }
}

/// The factor on the step's gradient, `1 / sqrt(n qmax)`, that keeps its updates in proportion to those of `n` weights.
pub fn gradient_scale(n: usize, range: CodeRange) -> f64 {
    1.0 / (n as f64 * f64::from(range.qmax)).sqrt()
}

/// The step to begin with, `2 mean|v| / sqrt(qmax)`; 1 for nothing and for zeros.
pub fn first_step(values: &[f64], range: CodeRange) -> f64 {
    let mean = values.iter().map(|v| v.abs()).sum::<f64>() / values.len().max(1) as f64;
    if mean > 0.0 { 2.0 * mean / f64::from(range.qmax).sqrt() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_that_of_the_straight_through_estimate() {
        let range = CodeRange { qmin: -4, qmax: 3 };
        // With the code held, the value is s q, and the part that goes straight through falls by v / s.
        assert_eq!(quantize(0.26, 0.5, range), Learned { value: 0.5, slope: 1.0 - 0.52 });
        assert_eq!(quantize(f64::INFINITY, 0.5, range).slope, 3.0);
        assert_eq!((first_step(&[], range), first_step(&[0.0], range)), (1.0, 1.0));
    }
}
