//! The levels of a format as an axis of codes.

/// Ascending levels; a code is a place among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    levels: Vec<f32>,
    /// Where the levels are whole numbers one apart: the first. Then nothing needs to be searched.
    first: Option<i32>,
}

impl Ladder {
    /// Ascending levels; equal ones become one.
    pub fn new(mut levels: Vec<f32>) -> Self {
        levels.dedup();
        Self { levels, first: None }
    }

    /// `n` whole numbers from `first` on.
    pub fn even(first: i32, n: usize) -> Self {
        Self { levels: (0..n).map(|i| (first + i as i32) as f32).collect(), first: Some(first) }
    }

    /// The levels, ascending.
    pub fn levels(&self) -> &[f32] {
        &self.levels
    }

    /// The number of the first code: whole numbers are their own codes, other ladders count from 0.
    pub fn first_code(&self) -> i32 {
        self.first.unwrap_or(0)
    }

    /// The code of the level nearest to `u`; that of the level nearest to 0 for a NaN.
    pub fn code(&self, u: f32) -> i32 {
        let u = if u.is_nan() { 0.0 } else { u };
        if let Some(first) = self.first {
            let last = first + self.levels.len() as i32 - 1;
            return crate::kernel::round_even(u.clamp(first as f32, last as f32)) as i32;
        }
        self.place(u) as i32
    }

    /// Where `u` stands on the axis of codes: a level on its code, a threshold half way between two, and in between in
    /// proportion. Beyond the ends the first or last half cell goes on. Infinite for infinities, NaN for NaN.
    pub fn position(&self, u: f32) -> f32 {
        if self.first.is_some() || !u.is_finite() || self.levels.len() < 2 {
            return u;
        }
        let (place, last) = (self.place(u), self.levels.len() - 1);
        let level = self.levels[place];
        let (at, beside) =
            if u < level { (place.max(1) - 1, place.max(1)) } else { (place.min(last - 1), place.min(last - 1) + 1) };
        // In f64: the ends of BF16 lie further apart than an f32 holds.
        let gap = f64::from(self.levels[beside]) - f64::from(self.levels[at]);
        (place as f64 + (f64::from(u) - f64::from(level)) / gap) as f32
    }

    /// The place of the nearest level, the lower of two.
    fn place(&self, u: f32) -> usize {
        let above = self.levels.partition_point(|&l| l < u);
        let Some(below) = above.checked_sub(1) else { return 0 };
        let Some(&high) = self.levels.get(above) else { return below };
        if f64::from(u) - f64::from(self.levels[below]) <= f64::from(high) - f64::from(u) { below } else { above }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{codebook::NF4, float::FloatFormat};

    #[test]
    fn levels_stand_on_their_codes_and_thresholds_between_them() {
        for ladder in [Ladder::new(NF4.to_vec()), Ladder::new(FloatFormat::BF16.values()), Ladder::even(-8, 16)] {
            let levels = ladder.levels();
            for (idx, pair) in levels.windows(2).enumerate() {
                let code = ladder.first_code() + idx as i32;
                assert_eq!((ladder.code(pair[0]), ladder.position(pair[0])), (code, code as f32));
                let threshold = (0.5 * (f64::from(pair[0]) + f64::from(pair[1]))) as f32;
                assert!((ladder.position(threshold) - code as f32 - 0.5).abs() < 1e-3, "{threshold}");
            }
        }
    }

    #[test]
    fn beyond_the_ends_the_first_and_the_last_half_cell_go_on() {
        let ladder = Ladder::new(vec![0.0, 1.0, 3.0]);
        assert_eq!([-0.5, 2.0, 4.0].map(|u| ladder.position(u)), [-0.5, 1.5, 2.5]);
        assert_eq!([-9.0, 2.0, 2.1, 9.0, f32::NAN].map(|u| ladder.code(u)), [0, 1, 2, 2, 0]);
        assert_eq!(Ladder::even(-8, 16).code(1.0e30), 7);
        assert!(ladder.position(f32::NAN).is_nan() && ladder.position(f32::INFINITY) == f32::INFINITY);
    }
}
