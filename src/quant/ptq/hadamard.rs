//! Rotations that spread outliers: the Walsh-Hadamard transform in `n log n`, with random signs.
//!
//! `H_2n = [[H, H], [H, -H]] / sqrt(2)`, so `H Hᵀ = I` and H is its own inverse; `R = D H` with random signs D as in QuIP
//! (arXiv:2307.13304) and QuaRot (arXiv:2404.00456).

/// `x <- x H` in place. Panics unless the length is a power of two.
pub fn transform(x: &mut [f32]) {
    let n = x.len();
    assert!(n.is_power_of_two(), "{n} values are no power of two");
    let mut half = 1;
    while half < n {
        for block in x.chunks_exact_mut(2 * half) {
            let (left, right) = block.split_at_mut(half);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
    let norm = 1.0 / (n as f32).sqrt();
    x.iter_mut().for_each(|x| *x *= norm);
}

/// A randomised rotation `R = D H`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    signs: Vec<f32>,
}

impl Rotation {
    /// Of length `n`, a power of two; the signs depend on the seed alone. Without a seed all are plus.
    pub fn new(n: usize, seed: Option<u64>) -> Self {
        assert!(n.is_power_of_two(), "{n} values are no power of two");
        let sign = |idx: u64| match seed {
            Some(seed) if mixed(seed, idx) >> 63 == 1 => -1.0,
            _ => 1.0,
        };
        Self { signs: (0..n as u64).map(sign).collect() }
    }

    /// `x <- x R` of each row of the rotation's length.
    pub fn apply(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.signs.len()) {
            self.flip(row);
            transform(row);
        }
    }

    /// `x <- x Rᵀ`, the inverse.
    pub fn undo(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.signs.len()) {
            transform(row);
            self.flip(row);
        }
    }

    fn flip(&self, row: &mut [f32]) {
        row.iter_mut().zip(&self.signs).for_each(|(x, sign)| *x *= sign);
    }
}

/// SplitMix64's finaliser over seed and place: any bit is as good as any other.
fn mixed(seed: u64, idx: u64) -> u64 {
    let mut z = seed.wrapping_add(idx.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transform_is_the_matrix_of_its_definition() {
        let mut rows: Vec<f32> = (0..16).map(|i| if i % 5 == 0 { 1.0 } else { 0.0 }).collect();
        Rotation::new(4, None).apply(&mut rows);
        let h = [1.0, 1.0, 1.0, 1.0, 1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0, 1.0].map(|x: f32| x / 2.0);
        assert_eq!(rows, h);
        let mut one = [3.0];
        transform(&mut one);
        assert_eq!(one, [3.0]);
    }

    #[test]
    fn signs_come_from_the_seed() {
        assert_eq!(Rotation::new(64, Some(3)), Rotation::new(64, Some(3)));
        assert_ne!(Rotation::new(64, Some(3)), Rotation::new(64, Some(4)));
        let n_minus = Rotation::new(1024, Some(1)).signs.iter().filter(|s| **s < 0.0).count();
        assert!((412..612).contains(&n_minus), "{n_minus} of 1024");
    }
}
