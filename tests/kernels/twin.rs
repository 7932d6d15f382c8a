//! Products one multiplication at a time, and the dice that choose them.

use quantlearn::kernel::{Each, Mat};

use crate::fence::Side;

/// SplitMix64: a test's draws depend on its seed alone.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// From -1 to 1.
    pub fn unit(&mut self) -> f32 {
        self.next() as u32 as f32 / (1u32 << 31) as f32 - 1.0
    }

    pub fn side(&mut self) -> Side {
        if self.below(2) == 0 { Side::Begin } else { Side::End }
    }
}

/// The true value of an element of the product, and how far a sum in f32 in any order may lie from it.
pub fn dot_f32(a: Mat<f32>, b: Mat<f32>, row: usize, col: usize) -> (f64, f64) {
    let terms = || (0..a.n_cols()).map(|k| f64::from(a.row(row)[k]) * f64::from(b.row(k)[col]));
    let magnitude: f64 = terms().map(f64::abs).sum();
    (terms().sum(), (a.n_cols() + 1) as f64 * 2f64.powi(-24) * magnitude * 1.01)
}

/// An INT8 product.
pub struct Case {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub side: Side,
    /// Whether the codes of A are -128..=127, else 0..=255.
    pub signed: bool,
    pub a: Vec<i32>,
    pub b: Vec<i8>,
    a_zeros: Vec<i32>,
    b_zeros: Vec<i32>,
}

impl Case {
    /// Codes at random, at the ends, or all alike; zero points absent, one, or one each.
    pub fn roll(m: usize, n: usize, k: usize, dice: &mut Dice) -> Self {
        let signed = dice.below(2) == 0;
        let offset = if signed { -128 } else { 0 };
        let ends = dice.below(3) == 0;
        let mut code = |_| (if ends { dice.below(2) * 255 } else { dice.below(256) }) as i32;
        let a = (0..m * k).map(&mut code).map(|code| code + offset).collect();
        let b = (0..k * n).map(&mut code).map(|code| (code - 128) as i8).collect();
        let mut zeros = |n: usize| match dice.below(3) {
            0 => vec![],
            1 => vec![dice.below(256) as i32 - 128],
            _ => (0..n).map(|_| dice.below(256) as i32 - 128).collect(),
        };
        let (a_zeros, b_zeros) = (zeros(m), zeros(n));
        Self { m, n, k, side: dice.side(), signed, a, b, a_zeros, b_zeros }
    }

    pub fn a_zeros(&self) -> Each<'_, i32> {
        each(&self.a_zeros, self.m)
    }

    pub fn b_zeros(&self) -> Each<'_, i32> {
        each(&self.b_zeros, self.n)
    }

    /// The int32 sums, M x N, of pairs of products along K that stop at the ends of 16 bits: A as unsigned codes, the
    /// zero points taken from the sums afterwards.
    pub fn saturated_sums(&self) -> Vec<i32> {
        let shift = if self.signed { 128 } else { 0 };
        let a = |i: usize, k: usize| i64::from(self.a[i * self.k + k] + shift);
        let b = |k: usize, j: usize| i64::from(self.b[k * self.n + j]);
        let sum = |i: usize, j: usize| {
            let pairs = (0..self.k).step_by(2).map(|first| {
                let pair: i64 = (first..self.k.min(first + 2)).map(|k| a(i, k) * b(k, j)).sum();
                pair.clamp(-32_768, 32_767)
            });
            let (a_zero, b_zero) = (i64::from(self.a_zeros().at(i) + shift), i64::from(self.b_zeros().at(j)));
            let of_col: i64 = (0..self.k).map(|k| b(k, j)).sum();
            let of_row: i64 = (0..self.k).map(|k| a(i, k)).sum();
            pairs.sum::<i64>() - a_zero * of_col - b_zero * of_row + self.k as i64 * a_zero * b_zero
        };
        (0..self.m).flat_map(|i| (0..self.n).map(move |j| sum(i, j) as i32)).collect()
    }

    /// The int32 sums, M x N.
    pub fn sums(&self) -> Vec<i32> {
        let (a_zeros, b_zeros) = (self.a_zeros(), self.b_zeros());
        let sum = |i: usize, j: usize| {
            let term = |k: usize| {
                let a = self.a[i * self.k + k] - a_zeros.at(i);
                i64::from(a) * i64::from(i32::from(self.b[k * self.n + j]) - b_zeros.at(j))
            };
            (0..self.k).map(term).sum::<i64>() as i32
        };
        (0..self.m).flat_map(|i| (0..self.n).map(move |j| sum(i, j))).collect()
    }
}

fn each(zeros: &[i32], n: usize) -> Each<'_, i32> {
    match zeros {
        [] => Each::One(0),
        &[one] if n != 1 => Each::One(one),
        each if each.len() == n => Each::Each(each),
        each => Each::One(each[0]),
    }
}
