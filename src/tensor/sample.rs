//! Seeded distributions. ChaCha8 promises its stream, so a seed gives the same values on every machine.

use std::sync::Arc;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal, StudentT};

use super::Source;

/// Values between two calls of `step`.
const STEP: usize = 1 << 16;

/// `n` values of a sampled source. Panics for an embedded one.
pub(super) fn sample<E>(
    source: Source,
    n: usize,
    seed: u64,
    step: &mut impl FnMut(u64, u64) -> Result<(), E>,
) -> Result<Arc<[f32]>, E> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut data: Arc<[f32]> = std::iter::repeat_n(0.0, n).collect();
    let values = Arc::get_mut(&mut data).expect("not yet shared");
    for (idx, block) in values.chunks_mut(STEP).enumerate() {
        step((idx * STEP) as u64, n as u64)?;
        fill(block, source, &mut rng);
    }
    Ok(data)
}

fn fill(block: &mut [f32], source: Source, rng: &mut ChaCha8Rng) {
    let student_t = StudentT::new(4.0f32).expect("4 is positive");
    let mut each = |draw: fn(&mut ChaCha8Rng) -> f32| block.iter_mut().for_each(|r| *r = draw(rng));
    match source {
        Source::Uniform => each(|rng| 2.0 * unit(rng) - 1.0),
        Source::UnitUniform => each(unit),
        Source::WideUniform => each(|rng| 2.0 * unit(rng) - 0.5),
        Source::Shifted => each(|rng| 2.5 * unit(rng) + 0.5),
        Source::Gaussian => each(normal),
        Source::UnitNormal => each(|rng| 0.15 * normal(rng) + 0.5),
        Source::Relu => each(|rng| normal(rng).max(0.0)),
        Source::Laplace => each(laplace),
        Source::Bimodal => each(|rng| if rng.random() { 1.0 } else { -1.0 } + 0.25 * normal(rng)),
        Source::Outliers => each(|rng| if unit(rng) < 0.001 { 20.0 } else { 1.0 } * normal(rng)),
        Source::StudentT => block.iter_mut().for_each(|r| *r = student_t.sample(rng)),
        Source::IntermediateDense | Source::OutputDense | Source::Activations => panic!("{source:?} is not sampled"),
    }
}

/// 24 bits in [0, 1).
fn unit(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / 16_777_216.0
}

fn normal(rng: &mut ChaCha8Rng) -> f32 {
    StandardNormal.sample(rng)
}

/// Unit variance: an exponential of mean 1/sqrt(2) with a random sign.
fn laplace(rng: &mut ChaCha8Rng) -> f32 {
    let magnitude: f32 = Exp1.sample(rng);
    magnitude * if rng.random() { std::f32::consts::FRAC_1_SQRT_2 } else { -std::f32::consts::FRAC_1_SQRT_2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(source: Source, n: usize, seed: u64) -> Arc<[f32]> {
        let Ok(data) = sample(source, n, seed, &mut |_, _| Ok::<(), std::convert::Infallible>(()));
        data
    }

    #[test]
    fn each_distribution_has_its_mean_and_variance() {
        let expected = [
            (Source::Uniform, 0.0, 1.0 / 3.0),
            (Source::UnitUniform, 0.5, 1.0 / 12.0),
            (Source::WideUniform, 0.5, 1.0 / 3.0),
            (Source::Shifted, 1.75, 6.25 / 12.0),
            (Source::Gaussian, 0.0, 1.0),
            (Source::UnitNormal, 0.5, 0.0225),
            (Source::Relu, 0.398_942, 0.340_845),
            (Source::Laplace, 0.0, 1.0),
            (Source::Bimodal, 0.0, 1.0625),
            (Source::Outliers, 0.0, 1.399),
            (Source::StudentT, 0.0, 2.0),
        ];
        for (source, mean, variance) in expected {
            let data = values(source, 1 << 18, 5);
            let n = data.len() as f64;
            let m = data.iter().map(|&r| f64::from(r)).sum::<f64>() / n;
            let v = data.iter().map(|&r| (f64::from(r) - m).powi(2)).sum::<f64>() / n;
            assert!((m - mean).abs() < 0.01, "{source:?}: mean {m}");
            // The fourth moments of the heavy ones are large (that of Student t does not exist).
            let slack = if matches!(source, Source::StudentT | Source::Outliers) { 0.1 } else { 0.02 };
            assert!((v / variance - 1.0).abs() < slack, "{source:?}: variance {v}");
        }
    }

    #[test]
    fn a_seed_is_a_stream_of_its_own_and_a_longer_one_begins_alike() {
        let short = values(Source::Gaussian, 1000, 1);
        assert_eq!(short[..], values(Source::Gaussian, 100_000, 1)[..1000]);
        assert_ne!(short[..], values(Source::Gaussian, 1000, 2)[..]);
    }

    /// Numbers in lessons rest on these streams.
    #[test]
    fn the_streams_stay_as_they_are() {
        for (source, first) in [(Source::Uniform, 0.098_756_43), (Source::Gaussian, -0.234_847_05), (Source::Laplace, 0.3160083)]
        {
            assert_eq!(values(source, 1, 1)[0], first, "{source:?}");
        }
    }
}
