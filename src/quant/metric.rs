//! Measures of a quantized array beside those of [`crate::kernel::Errors`] (mean squared error, SQNR, cosine, maximum).

use crate::kernel::Errors;

/// Mean of reconstructed minus original over the finite originals; equally long. 0 of nothing.
pub fn bias(originals: &[f32], reconstructed: &[f32]) -> f64 {
    assert_eq!(originals.len(), reconstructed.len());
    let pairs = originals.iter().zip(reconstructed).filter(|(x, _)| x.is_finite());
    let (n, sum) = pairs.fold((0u64, 0.0), |(n, sum), (&x, &y)| (n + 1, sum + (f64::from(y) - f64::from(x))));
    if n == 0 { 0.0 } else { sum / n as f64 }
}

/// The row with the smallest SQNR, and that in dB; the first of equals, `None` where there are no rows.
pub fn worst_row(rows: &[Errors]) -> Option<(usize, f64)> {
    let each = rows.iter().map(Errors::sqnr_db).enumerate();
    each.reduce(|a, b| if b.1 < a.1 { b } else { a })
}

/// Bits that a code takes on average with an ideal entropy code: `-sum p log2 p` of the counts. 0 of nothing.
pub fn entropy_bits(counts: &[u32]) -> f64 {
    let total: f64 = counts.iter().map(|&n| f64::from(n)).sum();
    let share = |&n: &u32| f64::from(n) / total;
    counts.iter().filter(|&&n| n > 0).map(share).map(|p| -p * p.log2()).sum()
}

/// Bits a weight with everything that is stored beside the codes: `bits + meta_bits * n_groups / n_values`. `meta_bits`
/// are those of one group, scale and zero point. `bits` of nothing.
pub fn bits_per_weight(bits: u32, meta_bits: u32, n_groups: u64, n_values: u64) -> f64 {
    let meta = f64::from(meta_bits) * n_groups as f64;
    f64::from(bits) + if n_values == 0 { 0.0 } else { meta / n_values as f64 }
}

/// `sum P ln(P / Q)` in nats of two histograms, each divided by its sum; equally long. Infinite where Q is 0 and P is
/// not; 0 of nothing.
pub fn kl_divergence(p: &[f64], q: &[f64]) -> f64 {
    assert_eq!(p.len(), q.len());
    let (sum_p, sum_q) = (p.iter().sum::<f64>(), q.iter().sum::<f64>());
    let one = |(&p, &q): (&f64, &f64)| if p > 0.0 { p / sum_p * ((p / sum_p) / (q / sum_q)).ln() } else { 0.0 };
    p.iter().zip(q).map(one).sum::<f64>().max(0.0)
}

/// The same of two rows of logits: how far the quantized network's answer is from that of the float one.
pub fn kl_of_logits(float: &[f32], quantized: &[f32]) -> f64 {
    assert_eq!(float.len(), quantized.len());
    let (log_p, log_q) = (log_softmax(float), log_softmax(quantized));
    log_p.iter().zip(&log_q).map(|(p, q)| p.exp() * (p - q)).sum::<f64>().max(0.0)
}

fn log_softmax(logits: &[f32]) -> Vec<f64> {
    let top = logits.iter().fold(f32::NEG_INFINITY, |top, &x| top.max(x));
    let shifted = || logits.iter().map(|&x| f64::from(x) - f64::from(top));
    let ln_sum = shifted().map(f64::exp).sum::<f64>().ln();
    shifted().map(|x| x - ln_sum).collect()
}

/// SQNR in dB of a product of two operands with independent errors, from theirs: the noises add,
/// `10^(-S/10) = 10^(-a/10) + 10^(-b/10)`.
pub fn add_noise_db(a: f64, b: f64) -> f64 {
    -10.0 * (10f64.powf(-a / 10.0) + 10f64.powf(-b / 10.0)).log10()
}

/// `E[(x - mean)^4] / sigma^4`: 3 for a Gaussian, 1.8 for uniform values, large with outliers. `None` where all finite
/// values are equal.
pub fn kurtosis(values: &[f32]) -> Option<f64> {
    let finite = || values.iter().filter(|r| r.is_finite()).map(|&r| f64::from(r));
    let n = finite().count() as f64;
    let mean = finite().sum::<f64>() / n;
    let moment = |power: i32| finite().map(|r| (r - mean).powi(power)).sum::<f64>() / n;
    let variance = moment(2);
    (variance > 0.0).then(|| moment(4) / (variance * variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_of_nothing_are_defined() {
        assert_eq!((bias(&[], &[]), worst_row(&[]), entropy_bits(&[]), kl_divergence(&[], &[])), (0.0, None, 0.0, 0.0));
        assert_eq!((bits_per_weight(4, 16, 0, 0), kl_of_logits(&[], &[]), kurtosis(&[])), (4.0, 0.0, None));
        assert_eq!((kurtosis(&[2.0; 4]), bias(&[f32::NAN], &[1.0])), (None, 0.0));
    }

    #[test]
    fn measures_have_their_known_values() {
        assert_eq!(bias(&[1.0, 2.0], &[1.5, 2.5]), 0.5);
        assert_eq!(entropy_bits(&[5, 5, 0, 5, 5]), 2.0);
        assert_eq!(bits_per_weight(4, 16, 2, 256), 4.125);
        assert!((kl_divergence(&[1.0, 1.0], &[3.0, 1.0]) - 0.5 * (4.0f64 / 3.0).ln()).abs() < 1e-12);
        assert_eq!(kl_divergence(&[1.0, 1.0], &[1.0, 0.0]), f64::INFINITY);
        assert!((add_noise_db(42.14, 42.08) - 39.10).abs() < 0.005);
        assert_eq!(add_noise_db(f64::INFINITY, f64::INFINITY), f64::INFINITY);
        assert_eq!(kurtosis(&[-1.0, 1.0]), Some(1.0));
        assert_eq!(kl_of_logits(&[3.0, 1.0, 0.5], &[4.0, 2.0, 1.5]), 0.0, "a constant on all logits changes nothing");
        assert!(kl_of_logits(&[1000.0, 0.0], &[0.0, 0.0]) > 0.69);
    }

    #[test]
    fn the_worst_row_is_the_first_of_equals() {
        let row = |noise| Errors { n: 1, signal: 1.0, noise, ..Errors::default() };
        assert_eq!(worst_row(&[row(0.1), row(0.01), row(0.1)]), Some((0, 10.0)));
    }
}
