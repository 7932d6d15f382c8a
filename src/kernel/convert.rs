//! Real values to codes and back.

use super::isa::Isa;
use super::level::{self, Baseline, Body, Target};
use super::round::{Rounding, floor, round_away, round_half_up, round_stochastic, truncate};

/// The two numbers of an affine code: `real = scale * (code - zero_point)`, `scale` finite and not 0; negative only where
/// a convention turns the codes around (ggml Q4_0).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    pub scale: f32,
    pub zero_point: i32,
}

/// Which of them hold for a slice.
#[derive(Clone, Copy, Debug)]
pub enum Affines<'a> {
    /// The same for every value.
    One(Affine),
    /// One for each value; as long as the slice.
    Each(&'a [Affine]),
    /// One for each `size` neighbours, `size > 0`; the last group may be shorter.
    Groups { size: usize, of: &'a [Affine] },
}

/// First and last code; `-2^21 < qmin <= qmax < 2^21`, so that f32 arithmetic on codes is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRange {
    pub qmin: i32,
    pub qmax: i32,
}

impl CodeRange {
    /// Codes from `qmin` to `qmax`, both counted.
    pub fn n_codes(self) -> usize {
        (self.qmax - self.qmin) as usize + 1
    }
}

/// `codes[i] = clamp(round(src[i] / scale) + zero_point, qmin, qmax)`, as ONNX QuantizeLinear defines it; `src` and
/// `codes` are equally long. Returns how many rounded codes lay outside the range. `first_idx` is the place of `src[0]`
/// in the whole array; only stochastic rounding looks at it.
pub fn quantize(src: &[f32], by: Affines, range: CodeRange, rounding: Rounding, first_idx: u64, codes: &mut [i32]) -> u64 {
    quantize_on(Isa::chosen(), src, by, range, rounding, first_idx, codes)
}

/// [`quantize`] with the instructions of `isa`; every level gives the same codes.
pub fn quantize_on(
    isa: Isa,
    src: &[f32],
    by: Affines,
    range: CodeRange,
    rounding: Rounding,
    first_idx: u64,
    codes: &mut [i32],
) -> u64 {
    level::on(isa, Convert { src, by, range, rounding, first_idx, dst: codes })
}

/// `dst[i]` = the value that the code of `src[i]` stands for: [`quantize`] and [`dequantize`] in one pass, with their
/// definitions and the same count.
pub fn fake_quantize(src: &[f32], by: Affines, range: CodeRange, rounding: Rounding, first_idx: u64, dst: &mut [f32]) -> u64 {
    fake_quantize_on(Isa::chosen(), src, by, range, rounding, first_idx, dst)
}

/// [`fake_quantize`] with the instructions of `isa`; every level gives the same bits.
pub fn fake_quantize_on(
    isa: Isa,
    src: &[f32],
    by: Affines,
    range: CodeRange,
    rounding: Rounding,
    first_idx: u64,
    dst: &mut [f32],
) -> u64 {
    level::on(isa, Convert { src, by, range, rounding, first_idx, dst })
}

/// The code of one value, rounded to the nearest even.
pub fn code_of(value: f32, by: Affine, range: CodeRange) -> i32 {
    code_with::<Baseline>(value, by, range)
}

/// [`code_of`] inside a loop that is compiled for a level.
#[inline(always)]
pub(super) fn code_with<T: Target>(value: f32, by: Affine, range: CodeRange) -> i32 {
    place(T::round_even(position(value, by)), by, range).0
}

/// `dst[i] = scale * (codes[i] - zero_point)`, held inside the finite f32s; equally long.
pub fn dequantize(codes: &[i32], by: Affines, dst: &mut [f32]) {
    dequantize_on(Isa::chosen(), codes, by, dst);
}

/// [`dequantize`] with the instructions of `isa`; every level gives the same bits.
pub fn dequantize_on(isa: Isa, codes: &[i32], by: Affines, dst: &mut [f32]) {
    assert_eq!(codes.len(), dst.len());
    level::on(isa, Dequantize { codes, by, dst });
}

/// The value that a code stands for.
#[inline(always)]
pub(super) fn real(code: i32, by: Affine) -> f32 {
    // A scale that was rounded up can carry the last code of a huge range past the largest f32.
    (by.scale * (code - by.zero_point) as f32).clamp(f32::MIN, f32::MAX)
}

/// Distance from real 0 in steps; 0 for a NaN.
#[inline(always)]
pub(super) fn position(value: f32, by: Affine) -> f32 {
    let x = value / by.scale;
    if x.is_nan() { 0.0 } else { x }
}

/// The code of a rounded position, and 1 if it had to be clamped.
#[inline(always)]
fn place(rounded: f32, by: Affine, range: CodeRange) -> (i32, u32) {
    let (qmin, qmax) = (range.qmin as f32, range.qmax as f32);
    let wide = rounded + by.zero_point as f32;
    let above = if wide > qmin { wide } else { qmin };
    let held = if above < qmax { above } else { qmax };
    // Below 2^22 the sum holds the whole number in its low mantissa bits. `held as i32` says the same, but its
    // saturation and its NaN case, which cannot happen here, would cost more than the rest of the loop.
    const MAGIC: f32 = 12_582_912.0;
    let code = ((held + MAGIC).to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32);
    (code, u32::from(held != wide))
}

/// What a pass over values writes for each of them.
trait Kept: Sized {
    fn of(code: i32, by: Affine) -> Self;
}

impl Kept for i32 {
    #[inline(always)]
    fn of(code: i32, _: Affine) -> Self {
        code
    }
}

impl Kept for f32 {
    #[inline(always)]
    fn of(code: i32, by: Affine) -> Self {
        real(code, by)
    }
}

struct Convert<'a, K> {
    src: &'a [f32],
    by: Affines<'a>,
    range: CodeRange,
    rounding: Rounding,
    first_idx: u64,
    dst: &'a mut [K],
}

impl<K: Kept> Body for Convert<'_, K> {
    type Out = u64;

    #[inline(always)]
    fn run<T: Target>(self) -> u64 {
        let first_idx = self.first_idx;
        match self.rounding {
            Rounding::Even => self.rounded(|x, _| T::round_even(x)),
            Rounding::Away => self.rounded(|x, _| round_away::<T>(x)),
            Rounding::HalfUp => self.rounded(|x, _| round_half_up::<T>(x)),
            Rounding::Truncate => self.rounded(|x, _| truncate::<T>(x)),
            Rounding::Floor => self.rounded(|x, _| floor::<T>(x)),
            Rounding::Stochastic { seed } => self.rounded(|x, i| round_stochastic::<T>(x, seed, first_idx + i as u64)),
        }
    }
}

impl<K: Kept> Convert<'_, K> {
    #[inline(always)]
    fn rounded(self, round: impl Fn(f32, usize) -> f32) -> u64 {
        let Self { src, by, range, dst, .. } = self;
        assert_eq!(src.len(), dst.len());
        match by {
            Affines::One(a) => convert(src, |_| a, range, dst, &round),
            Affines::Each(each) => {
                let each = &each[..src.len()];
                convert(src, |i| each[i], range, dst, &round)
            }
            Affines::Groups { size, of } => {
                let groups = src.chunks(size).zip(dst.chunks_mut(size)).zip(&of[..src.len().div_ceil(size)]).enumerate();
                groups.map(|(g, ((src, dst), &a))| convert(src, |_| a, range, dst, &|x, i| round(x, g * size + i))).sum()
            }
        }
    }
}

#[inline(always)]
fn convert<K: Kept>(
    src: &[f32],
    by: impl Fn(usize) -> Affine,
    range: CodeRange,
    dst: &mut [K],
    round: &impl Fn(f32, usize) -> f32,
) -> u64 {
    let mut n_clipped = 0;
    // Blocks keep the counter narrow, so that it stays in the lanes of the loop.
    for (block, (src, dst)) in src.chunks(BLOCK).zip(dst.chunks_mut(BLOCK)).enumerate() {
        let mut n = 0u32;
        let first = block * BLOCK;
        for (i, (&r, y)) in src.iter().zip(dst).enumerate() {
            let a = by(first + i);
            let (code, clipped) = place(round(position(r, a), first + i), a, range);
            *y = K::of(code, a);
            n += clipped;
        }
        n_clipped += u64::from(n);
    }
    n_clipped
}

const BLOCK: usize = 4096;

struct Dequantize<'a> {
    codes: &'a [i32],
    by: Affines<'a>,
    dst: &'a mut [f32],
}

impl Body for Dequantize<'_> {
    type Out = ();

    #[inline(always)]
    fn run<T: Target>(self) {
        let Self { codes, by, dst } = self;
        let one = |codes: &[i32], a: Affine, dst: &mut [f32]| codes.iter().zip(dst).for_each(|(&q, y)| *y = real(q, a));
        match by {
            Affines::One(a) => one(codes, a, dst),
            Affines::Each(each) => codes.iter().zip(&each[..codes.len()]).zip(dst).for_each(|((&q, &a), y)| *y = real(q, a)),
            Affines::Groups { size, of } => {
                let groups = codes.chunks(size).zip(dst.chunks_mut(size)).zip(&of[..codes.len().div_ceil(size)]);
                groups.for_each(|((codes, dst), &a)| one(codes, a, dst));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, one value at a time, in f64.
    fn twin(r: f32, a: Affine, range: CodeRange) -> i32 {
        let x = r / a.scale;
        if x.is_nan() {
            return a.zero_point.clamp(range.qmin, range.qmax);
        }
        (f64::from(x).round_ties_even() + f64::from(a.zero_point)).clamp(range.qmin.into(), range.qmax.into()) as i32
    }

    fn any_value() -> impl Strategy<Value = f32> {
        prop_oneof![
            8 => -10.0f32..10.0,
            2 => any::<u32>().prop_map(f32::from_bits),
            1 => Just(0.0),
            1 => Just(f32::NAN),
            1 => Just(f32::NEG_INFINITY),
            1 => Just(1.0e-41),
        ]
    }

    proptest! {
        #[test]
        fn slices_of_any_length_get_the_codes_of_the_definition(
            values in prop::collection::vec(any_value(), 0..67),
            scale in prop_oneof![1.0e-3f32..2.0, Just(f32::MIN_POSITIVE), Just(1.0e38)],
            zero_point in -128i32..=127,
            bits in 2u32..=16,
        ) {
            let range = CodeRange { qmin: -(1 << (bits - 1)), qmax: (1 << (bits - 1)) - 1 };
            let a = Affine { scale, zero_point: zero_point.clamp(range.qmin, range.qmax) };
            let expected: Vec<i32> = values.iter().map(|&r| twin(r, a, range)).collect();
            let mut codes = vec![i32::MIN; values.len()];
            quantize(&values, Affines::One(a), range, Rounding::Even, 0, &mut codes);
            prop_assert_eq!(&codes, &expected);
            codes.fill(i32::MIN);
            quantize(&values, Affines::Each(&vec![a; values.len()]), range, Rounding::Even, 0, &mut codes);
            prop_assert_eq!(&codes, &expected);
            prop_assert!(values.iter().zip(&codes).all(|(&r, &q)| code_of(r, a, range) == q));

            let mut reals = vec![f32::NAN; codes.len()];
            dequantize(&codes, Affines::One(a), &mut reals);
            prop_assert!(reals.iter().all(|y| y.is_finite()));
        }
    }

    #[test]
    fn clipped_values_are_counted() {
        let (a, range) = (Affine { scale: 1.0, zero_point: 0 }, CodeRange { qmin: -8, qmax: 7 });
        let mut codes = [0; 5];
        let n = quantize(&[7.4, 7.6, -8.6, f32::INFINITY, 0.0], Affines::One(a), range, Rounding::Even, 0, &mut codes);
        assert_eq!((n, codes), (3, [7, 7, -8, 7, 0]));
    }

    #[test]
    fn stochastic_codes_do_not_depend_on_the_cut() {
        let values: Vec<f32> = (0..10_000).map(|i| i as f32 * 0.001).collect();
        let (a, range) = (Affine { scale: 1.0, zero_point: 0 }, CodeRange { qmin: -128, qmax: 127 });
        let rounding = Rounding::Stochastic { seed: 3 };
        let mut whole = vec![0; values.len()];
        quantize(&values, Affines::One(a), range, rounding, 0, &mut whole);
        let mut cut = vec![0; values.len()];
        let (left, right) = cut.split_at_mut(4_321);
        quantize(&values[..4_321], Affines::One(a), range, rounding, 0, left);
        quantize(&values[4_321..], Affines::One(a), range, rounding, 4_321, right);
        assert_eq!(whole, cut);
    }
}
