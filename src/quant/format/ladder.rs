//! The levels of a format as an axis of codes.

use std::sync::Arc;

/// Ascending levels; a code is a place among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    levels: Vec<f32>,
    /// Where the levels are whole numbers one apart: the first. Then nothing needs to be searched.
    first: Option<i32>,
    /// Between neighbours: one over their distance.
    per_gap: Vec<f64>,
    search: Option<Arc<Search>>,
}

/// Finds the nearest level without a branch that depends on the value: a table by the upper bits of a float says how many
/// thresholds lie in smaller buckets, and a few comparisons how many in its own.
#[derive(Debug, PartialEq)]
struct Search {
    /// Low bits of a float that a bucket leaves open.
    open_bits: u32,
    before: Vec<u32>,
    /// The largest f32 that belongs to the lower one of two neighbours; infinity at the end, which nothing is above.
    thresholds: Vec<f32>,
    /// The first step of a binary search in the fullest bucket, a power of two.
    first_step: usize,
}

/// Coarse buckets for formats of up to 7 mantissa bits, fine ones for FP16: a bucket then holds few thresholds.
const OPEN_BITS: [u32; 2] = [16, 13];

impl Ladder {
    /// Ascending levels; equal ones become one.
    pub fn new(mut levels: Vec<f32>) -> Self {
        levels.dedup();
        // In f64: the ends of BF16 lie further apart than an f32 holds.
        let pairs = || levels.windows(2).map(|pair| (f64::from(pair[0]), f64::from(pair[1])));
        let per_gap = pairs().map(|(low, high)| 1.0 / (high - low)).collect();
        let search = Search::new(pairs().map(|(low, high)| rounded_down(0.5 * (low + high))).collect());
        Self { levels, first: None, per_gap, search: Some(Arc::new(search)) }
    }

    /// `n` whole numbers from `first` on.
    pub fn even(first: i32, n: usize) -> Self {
        let levels = (0..n).map(|i| (first + i as i32) as f32).collect();
        Self { levels, first: Some(first), per_gap: Vec::new(), search: None }
    }

    /// The levels, ascending.
    pub fn levels(&self) -> &[f32] {
        &self.levels
    }

    /// The number of the first code: whole numbers are their own codes, other ladders count from 0.
    pub fn first_code(&self) -> i32 {
        self.first.unwrap_or(0)
    }

    /// The code of the level nearest to `u`, the lower of two; that of the level nearest to 0 for a NaN.
    #[inline]
    pub fn code(&self, u: f32) -> i32 {
        let u = number(u);
        let Some(search) = &self.search else { return self.even_code(u) };
        search.place(u) as i32
    }

    /// Where `u` stands on the axis of codes: a level on its code, a threshold half way between two, and in between in
    /// proportion. Beyond the ends the first or last half cell goes on. Infinite for infinities, NaN for NaN.
    #[inline]
    pub fn position(&self, u: f32) -> f32 {
        match &self.search {
            Some(search) if self.levels.len() > 1 => self.between(u, search.place(number(u))),
            _ => u,
        }
    }

    /// Appends the [`code`](Self::code) of each value.
    pub fn codes(&self, values: &[f32], out: &mut Vec<i32>) {
        match &self.search {
            Some(search) => out.extend(values.iter().map(|&u| search.place(number(u)) as i32)),
            None => out.extend(values.iter().map(|&u| self.even_code(number(u)))),
        }
    }

    /// Appends the [`position`](Self::position) of each value.
    pub fn positions(&self, values: &[f32], out: &mut Vec<f32>) {
        match &self.search {
            Some(search) if self.levels.len() > 1 => {
                out.extend(values.iter().map(|&u| self.between(u, search.place(number(u)))));
            }
            _ => out.extend_from_slice(values),
        }
    }

    fn even_code(&self, u: f32) -> i32 {
        let (first, last) = (self.first_code(), self.first_code() + self.levels.len() as i32 - 1);
        crate::kernel::round_even(u.clamp(first as f32, last as f32)) as i32
    }

    /// The position of a value whose nearest level is known; what is not finite stays what it is.
    #[inline(always)]
    fn between(&self, u: f32, place: usize) -> f32 {
        let level = self.levels[place];
        let gap = place.saturating_sub(usize::from(u < level)).min(self.per_gap.len() - 1);
        (place as f64 + (f64::from(u) - f64::from(level)) * self.per_gap[gap]) as f32
    }
}

impl Search {
    fn new(mut thresholds: Vec<f32>) -> Self {
        let [coarse, fine] = OPEN_BITS;
        let (mut open_bits, mut before) = (coarse, counts(&thresholds, coarse));
        if fullest(&before) > 2 {
            (open_bits, before) = (fine, counts(&thresholds, fine));
        }
        let first_step = (fullest(&before) + 1).next_power_of_two() / 2;
        let mut sum = 0;
        for count in &mut before {
            (*count, sum) = (sum, sum + *count);
        }
        // A step looks at most twice its length ahead.
        thresholds.extend(std::iter::repeat_n(f32::INFINITY, 2 * first_step + 1));
        Self { open_bits, before, thresholds, first_step }
    }

    /// How many thresholds lie below a number.
    #[inline(always)]
    fn place(&self, u: f32) -> usize {
        let mut place = self.before[bucket(u, self.open_bits)] as usize;
        let mut step = self.first_step;
        while step > 0 {
            place += step * usize::from(u > self.thresholds[place + step - 1]);
            step /= 2;
        }
        place
    }
}

#[inline(always)]
fn number(u: f32) -> f32 {
    if u.is_nan() { 0.0 } else { u }
}

/// The largest f32 that is not above `x`.
fn rounded_down(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) > x { near.next_down() } else { near }
}

/// Floats in ascending order by their upper bits.
#[inline(always)]
fn bucket(u: f32, open_bits: u32) -> usize {
    let bits = u.to_bits();
    // Negative numbers count downwards, and below the positive ones.
    let flip = ((bits as i32 >> 31) as u32) | 0x8000_0000;
    ((bits ^ flip) >> open_bits) as usize
}

/// Thresholds in each bucket.
fn counts(thresholds: &[f32], open_bits: u32) -> Vec<u32> {
    let mut counts = vec![0; 1 << (32 - open_bits)];
    thresholds.iter().for_each(|&t| counts[bucket(t, open_bits)] += 1);
    counts
}

fn fullest(counts: &[u32]) -> usize {
    counts.iter().copied().max().unwrap_or(0) as usize
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

    /// The definition: the nearest of all levels, the lower of two.
    fn nearest(ladder: &Ladder, u: f32) -> usize {
        // Far beyond the ends all levels would be equally far away in an f64.
        let u = u.clamp(ladder.levels()[0], ladder.levels()[ladder.levels().len() - 1]);
        let distance = |level: f32| (f64::from(u) - f64::from(level)).abs();
        let levels = ladder.levels().iter().enumerate();
        levels.min_by(|a, b| distance(*a.1).total_cmp(&distance(*b.1))).map_or(0, |(place, _)| place)
    }

    #[test]
    fn the_quick_ways_find_the_nearest_level() {
        let formats = [FloatFormat::E2M1, FloatFormat::E2M3, FloatFormat::E4M3, FloatFormat::E5M2_FNUZ];
        let ladders = formats.map(|format| Ladder::new(format.values()));
        for ladder in ladders.iter().chain([&Ladder::new(NF4.to_vec()), &Ladder::new(vec![2.0])]) {
            let levels = ladder.levels();
            let beside = |x: f32| [x.next_down(), x, x.next_up()];
            let mut values: Vec<f32> = levels
                .iter()
                .chain(&ladder.search.as_ref().expect("it is uneven").thresholds)
                .copied()
                .flat_map(beside)
                .collect();
            values.retain(|u| u.is_finite());
            values.extend([-0.0, 1.0e-45, -1.0e-45, 1.0e30, -1.0e30, f32::MAX, f32::MIN]);
            for &u in &values {
                assert_eq!(ladder.code(u) as usize, nearest(ladder, u), "{u:e} of {} levels", levels.len());
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn slices_have_the_codes_and_positions_of_their_values(bits in proptest::collection::vec(proptest::num::u32::ANY, 0..600)) {
            let values: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
            let ladders = [Ladder::new(NF4.to_vec()), Ladder::new(FloatFormat::E4M3.values()), Ladder::new(FloatFormat::FP16.values())];
            for ladder in ladders.iter().chain([&Ladder::even(-8, 16), &Ladder::new(vec![0.5])]) {
                let (mut codes, mut positions) = (Vec::new(), Vec::new());
                ladder.codes(&values, &mut codes);
                ladder.positions(&values, &mut positions);
                let expected: Vec<i32> = values.iter().map(|&u| ladder.code(u)).collect();
                proptest::prop_assert_eq!(codes, expected);
                let expected: Vec<u32> = values.iter().map(|&u| ladder.position(u).to_bits()).collect();
                proptest::prop_assert_eq!(positions.iter().map(|p| p.to_bits()).collect::<Vec<_>>(), expected);
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
