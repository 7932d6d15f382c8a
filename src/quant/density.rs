//! Two densities of mean 0 and variance 1 with their exact moments, and the normal quantile.

use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2, TAU};

/// A density that is symmetric about 0, with unit variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    Gaussian,
    /// `exp(-sqrt(2) |x|) / sqrt(2)`.
    Laplace,
}

/// Integrals of a density, and of the density times `x`, over an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    pub mass: f64,
    pub first: f64,
}

impl Density {
    /// The density at `x`.
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Gaussian => (-0.5 * x * x).exp() / TAU.sqrt(),
            Self::Laplace => (-SQRT_2 * x.abs()).exp() * FRAC_1_SQRT_2,
        }
    }

    /// The mass above `x`.
    pub fn above(self, x: f64) -> f64 {
        match self {
            Self::Gaussian => 0.5 * libm::erfc(x * FRAC_1_SQRT_2),
            Self::Laplace if x < 0.0 => 1.0 - self.above(-x),
            Self::Laplace => 0.5 * (-SQRT_2 * x).exp(),
        }
    }

    /// Over `lo..hi`; the ends may be infinite.
    pub fn moments(self, lo: f64, hi: f64) -> Moments {
        // Both ends on one side: a difference of upper tails would lose its digits far out on the other side.
        let mass = if lo < 0.0 { self.above(-hi) - self.above(-lo) } else { self.above(lo) - self.above(hi) };
        Moments { mass, first: self.first_above(lo) - self.first_above(hi) }
    }

    /// The integral of `x` times the density above `x`; even in `x`, because the mean is 0.
    fn first_above(self, x: f64) -> f64 {
        let x = x.abs();
        match self {
            _ if x.is_infinite() => 0.0,
            Self::Gaussian => self.at(x),
            Self::Laplace => 0.5 * (x + FRAC_1_SQRT_2) * (-SQRT_2 * x).exp(),
        }
    }

    /// The value with the share `p` below it; infinite at 0 and 1, NaN outside.
    pub fn quantile(self, p: f64) -> f64 {
        match self {
            Self::Gaussian => normal_quantile(p),
            Self::Laplace if p < 0.5 => (2.0 * p).ln() * FRAC_1_SQRT_2,
            Self::Laplace => -(2.0 * (1.0 - p)).ln() * FRAC_1_SQRT_2,
        }
    }
}

/// The inverse of the normal distribution function, good to about 1e-14: a rational first guess (Abramowitz and Stegun,
/// 26.2.23, off by 4.5e-4 at most) and three steps of Halley's method on the exact tail.
pub fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    let t = (-2.0 * p.ln()).sqrt();
    let guess = (2.515_517 + t * (0.802_853 + t * 0.010_328)) / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308))) - t;
    (0..3).fold(guess, |x, _| {
        let step = (Density::Gaussian.above(-x) - p) / Density::Gaussian.at(x);
        x - step / (1.0 + 0.5 * x * step)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Density; 2] = [Density::Gaussian, Density::Laplace];

    #[test]
    fn moments_are_the_integrals_they_stand_for() {
        for density in BOTH {
            for (lo, hi) in [(-0.3, 1.1), (0.5, 0.6), (-4.0, -3.0), (2.0, 6.0)] {
                let width = (hi - lo) / 20_000.0;
                let (mass, first) = (0..20_000)
                    .map(|i| lo + (f64::from(i) + 0.5) * width)
                    .fold((0.0, 0.0), |(m, f), x| (m + density.at(x) * width, f + x * density.at(x) * width));
                let exact = density.moments(lo, hi);
                assert!((exact.mass - mass).abs() < 1e-8 && (exact.first - first).abs() < 1e-8, "{density:?} {lo} {hi}");
            }
            assert_eq!(density.moments(f64::NEG_INFINITY, f64::INFINITY), Moments { mass: 1.0, first: 0.0 });
        }
    }

    #[test]
    fn a_quantile_has_its_share_below_it() {
        for density in BOTH {
            for p in [1e-12, 1e-6, 0.01, 0.3, 0.499_999, 0.5, 0.7, 0.99, 1.0 - 1e-9] {
                let x = density.quantile(p);
                let below = density.above(-x);
                assert!((below - p).abs() <= 1e-13 * p.max(1e-3) + 1e-15, "{density:?} {p}: {x} has {below}");
            }
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(1.5).is_nan() && normal_quantile(-0.1).is_nan());
    }

    /// As the statistics module of Python has them.
    #[test]
    fn the_normal_quantile_has_its_known_values() {
        for (p, x) in
            [(0.975, 1.959_963_984_540_054), (0.9677083333333334, 1.848_131_420_707_974_4), (0.9, 1.281_551_565_544_600_4)]
        {
            assert!((normal_quantile(p) - x).abs() < 1e-9, "{p}: {} not {x}", normal_quantile(p));
        }
    }
}
