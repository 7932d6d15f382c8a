//! ACIQ: the clip in closed form, from a density and one number measured on the data.
//!
//! Banner, Nahshan, Hoffer, Soudry, "Post training 4-bit quantization of convolutional networks" (arXiv:1810.05723): the
//! clipped tail, plus a rounding error of `clip² / (3 * 4^bits)`, as if 2^bits cells were spread evenly over
//! `-clip..=clip` and the density were flat inside a cell. The exact optimum of an integer grid
//! ([`super::optimum::best_grid`]) lies a little below.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::{density::Density, minimum::golden};

/// The model's mean squared error for data of standard deviation 1 (Gaussian) or mean magnitude 1 (Laplace).
pub fn model_mse(density: Density, clip: f64, bits: u32) -> f64 {
    tail_mse(density, clip) + cell_mse(clip, bits)
}

/// The model's clipping error, in the unit of [`model_mse`].
pub fn tail_mse(density: Density, clip: f64) -> f64 {
    match density {
        Density::Gaussian => {
            let outside = (clip * clip + 1.0) * libm::erfc(clip * FRAC_1_SQRT_2);
            (outside - (2.0 / PI).sqrt() * clip * (-0.5 * clip * clip).exp()).max(0.0)
        }
        Density::Laplace => 2.0 * (-clip).exp(),
    }
}

/// The model's rounding error.
pub fn cell_mse(clip: f64, bits: u32) -> f64 {
    clip * clip / (3.0 * 4f64.powi(bits as i32))
}

/// The clip that makes the model's error smallest: in standard deviations (Gaussian) or mean magnitudes (Laplace).
pub fn clip(density: Density, bits: u32) -> f64 {
    golden(0.05, 30.0, 60, |clip| model_mse(density, clip, bits))
}

/// The clip of one-sided data, what a ReLU leaves of the density: all codes stand on one side, which is worth one bit.
pub fn one_sided_clip(density: Density, bits: u32) -> f64 {
    clip(density, bits + 1)
}

/// The clip for data: their standard deviation (about 0) or mean magnitude, times the model's clip. Values that are not
/// finite are left out; 0 of nothing.
pub fn clip_of(values: &[f32], density: Density, bits: u32) -> f64 {
    let finite = || values.iter().filter(|r| r.is_finite()).map(|&r| f64::from(r));
    let n = finite().count().max(1) as f64;
    let unit = match density {
        Density::Gaussian => (finite().map(|r| r * r).sum::<f64>() / n).sqrt(),
        Density::Laplace => finite().map(f64::abs).sum::<f64>() / n,
    };
    unit * clip(density, bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_scales_with_the_data() {
        let values: Vec<f32> = (-50..=50).map(|i| i as f32 * 0.1).chain([f32::NAN]).collect();
        let twice: Vec<f32> = values.iter().map(|r| 2.0 * r).collect();
        for density in [Density::Gaussian, Density::Laplace] {
            let (one, two) = (clip_of(&values, density, 4), clip_of(&twice, density, 4));
            assert!((two / one - 2.0).abs() < 1e-6, "{density:?}: {one} {two}");
            assert_eq!(clip_of(&[], density, 4), 0.0);
        }
    }
}
