//! Closed forms of the noise: `step² / 12` for values inside the range, the squared excess for those beyond.

use crate::{
    quant::{Affine, CodeRange, covered},
    tensor::Source,
};

/// SQNR in dB of a density, quantized over the range of `by`; `None` where the source has no closed form. Exact for
/// uniform data over the whole range; for the others as good as the error is spread evenly (4 bits and more). A range
/// that is the data's own (`clips` is false) cuts nothing off, however far the density reaches.
pub(super) fn sqnr_db(source: Source, by: Affine, range: CodeRange, clips: bool) -> Option<f64> {
    let density = Density::of(source)?;
    let (lo, hi) = covered(by, range);
    let tail = |c: f64| if clips { density.tail(c) } else { Tail { share: 0.0, excess: 0.0 } };
    let (left, right) = (tail(-lo), tail(hi));
    let inside = (1.0 - left.share - right.share).max(0.0);
    let step = f64::from(by.scale);
    let noise = step * step / 12.0 * inside + left.excess + right.excess;
    Some(10.0 * (density.power / noise).log10())
}

/// A density that is symmetric about 0.
struct Density {
    /// Mean square.
    power: f64,
    tail: fn(f64) -> Tail,
}

/// What lies above `c`: its share, and the mean over all values of `(x - c)²` there.
struct Tail {
    share: f64,
    excess: f64,
}

impl Density {
    fn of(source: Source) -> Option<Self> {
        match source {
            Source::Uniform => Some(Self { power: 1.0 / 3.0, tail: uniform }),
            Source::Gaussian => Some(Self { power: 1.0, tail: gaussian }),
            Source::Laplace => Some(Self { power: 1.0, tail: laplace }),
            _ => None,
        }
    }

    fn tail(&self, c: f64) -> Tail {
        (self.tail)(c)
    }
}

fn uniform(c: f64) -> Tail {
    let beyond = (1.0 - c).clamp(0.0, 2.0);
    Tail { share: beyond / 2.0, excess: beyond.powi(3) / 6.0 }
}

fn gaussian(c: f64) -> Tail {
    let share = 0.5 * libm::erfc(c * std::f64::consts::FRAC_1_SQRT_2);
    let density = (-0.5 * c * c).exp() / std::f64::consts::TAU.sqrt();
    // The difference of nearly equal terms far out may come out a hair below 0.
    Tail { share, excess: ((1.0 + c * c) * share - c * density).max(0.0) }
}

/// Unit variance: `1/b exp(-|x|/b) / 2` with `b = 1/sqrt(2)`. `c` is not negative: ranges hold 0.
fn laplace(c: f64) -> Tail {
    let b = std::f64::consts::FRAC_1_SQRT_2;
    let share = 0.5 * (-c / b).exp();
    Tail { share, excess: 2.0 * b * b * share }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The integrals, by the midpoint rule.
    #[test]
    fn tails_are_the_integrals_they_stand_for() {
        type Density = fn(f64) -> f64;
        let densities: [(Source, Density); 3] = [
            (Source::Uniform, |x| if x.abs() <= 1.0 { 0.5 } else { 0.0 }),
            (Source::Gaussian, |x| (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()),
            (Source::Laplace, |x| (-x.abs() * 2f64.sqrt()).exp() / 2f64.sqrt()),
        ];
        for (source, density) in densities {
            for c in [0.0, 0.4, 1.0, 2.5] {
                let width = 1e-4;
                let beyond = (0..200_000).map(|i| c + (f64::from(i) + 0.5) * width);
                let (share, excess) = beyond.fold((0.0, 0.0), |(share, excess), x| {
                    let mass = density(x) * width;
                    (share + mass, excess + mass * (x - c).powi(2))
                });
                let tail = super::Density::of(source).expect("has one").tail(c);
                assert!((tail.share - share).abs() < 1e-4, "{source:?} {c}: {} {share}", tail.share);
                assert!((tail.excess - excess).abs() < 1e-4, "{source:?} {c}: {} {excess}", tail.excess);
            }
        }
    }
}
