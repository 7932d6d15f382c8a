//! One bit and log2(3) bits: scale times sign, and scale times -1, 0 or 1.

/// Codes and the one level they are multiplied by.
#[derive(Clone, Debug, PartialEq)]
pub struct Leveled {
    pub level: f64,
    /// -1, 0 or 1.
    pub codes: Vec<i8>,
}

/// XNOR-Net's binary weights (arXiv:1603.05279): `mean|w| * sign(w)`, the level with the smallest error; 0 counts as
/// positive.
pub fn binary(values: &[f32]) -> Leveled {
    Leveled { level: mean_magnitude(values), codes: values.iter().map(|&w| if w < 0.0 { -1 } else { 1 }).collect() }
}

/// BitNet b1.58's ternary weights (arXiv:2402.17764): `g = mean|w|`, `g * clip(round(w / g), -1, 1)`.
pub fn absmean(values: &[f32]) -> Leveled {
    let level = mean_magnitude(values);
    threshold(values, 0.5 * level, level)
}

/// Magnitudes above `threshold` become `level`, the others 0 (TWN, arXiv:1605.04711). A NaN becomes 0.
pub fn threshold(values: &[f32], threshold: f64, level: f64) -> Leveled {
    let code = |&w: &f32| i8::from(f64::from(w) > threshold) - i8::from(f64::from(w) < -threshold);
    Leveled { level, codes: values.iter().map(code).collect() }
}

/// Mean of the finite magnitudes; 0 of nothing.
fn mean_magnitude(values: &[f32]) -> f64 {
    let finite = || values.iter().filter(|w| w.is_finite());
    finite().map(|w| f64::from(w.abs())).sum::<f64>() / finite().count().max(1) as f64
}

impl Leveled {
    /// Mean squared error against the values it came from; those that are not finite are left out.
    pub fn mse(&self, values: &[f32]) -> f64 {
        let pairs = || values.iter().zip(&self.codes).filter(|(w, _)| w.is_finite());
        let error = |(&w, &q): (&f32, &i8)| (f64::from(w) - self.level * f64::from(q)).powi(2);
        pairs().map(error).sum::<f64>() / pairs().count().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_signs_and_zeros() {
        let values = [3.0, -3.0, 0.5, -0.1, f32::NAN];
        let signs = binary(&values[..4]);
        assert!((signs.level - 1.65).abs() < 1e-6);
        assert_eq!(signs.codes, [1, -1, 1, -1]);
        assert_eq!(absmean(&values).codes, [1, -1, 0, 0, 0]);
        assert_eq!(absmean(&[]), Leveled { level: 0.0, codes: vec![] });
        assert_eq!(absmean(&[]).mse(&[]), 0.0);
    }
}
