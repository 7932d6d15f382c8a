//! SmoothQuant: from channels that are hard to quantize in the activations to the weights, which bear it.
//!
//! Xiao et al., "SmoothQuant" (arXiv:2211.10438): `s_j = max|X_j|^alpha / max|W_j|^(1 - alpha)`, `X' = X / s`, `W' = s W`.

/// The factor of each channel from the largest magnitudes of its activations and of its weights (row j of an
/// inputs-by-outputs matrix); `alpha` 0 leaves all difficulty in the activations, 1 moves all of it. A channel whose
/// activations or weights are all 0 keeps the factor 1.
pub fn scales(max_x: &[f64], max_w: &[f64], alpha: f64) -> Vec<f64> {
    assert_eq!(max_x.len(), max_w.len());
    let sound = |r: f64| r > 0.0 && r.is_finite();
    let one = |(&x, &w): (&f64, &f64)| if sound(x) && sound(w) { x.powf(alpha) / w.powf(1.0 - alpha) } else { 1.0 };
    max_x.iter().zip(max_w).map(one).collect()
}

/// Largest magnitude of each column of rows of `n`.
pub fn column_max(values: &[f64], n: usize) -> Vec<f64> {
    let mut largest = vec![0.0; n];
    for row in values.chunks_exact(n) {
        for (max, x) in largest.iter_mut().zip(row) {
            *max = x.abs().max(*max);
        }
    }
    largest
}

/// Largest magnitude of each row of `n`.
pub fn row_max(values: &[f64], n: usize) -> Vec<f64> {
    values.chunks_exact(n).map(|row| row.iter().fold(0.0, |max: f64, x| x.abs().max(max))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_channel_keeps_its_scale() {
        assert_eq!(scales(&[0.0, 9.0], &[2.0, 0.0], 0.5), [1.0, 1.0]);
        assert_eq!(scales(&[4.0], &[9.0], 1.0), [4.0]);
    }
}
