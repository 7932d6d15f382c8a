//! Passes over slices: every instruction set gives the bits of the scalar one, at any length, alignment and value, and
//! touches nothing outside the slices.

use quantlearn::kernel::{
    Affine, Affines, Axis, CodeHistogram, CodeRange, Errors, Isa, MAGNITUDE_BINS, Rounding, abs_max_on, code_of,
    dequantize_i8_on, dequantize_on, fake_quantize_on, hist2048_on, min_max_on, quantize_i8_on, quantize_on, squared_error_on,
    sum_of_squares_on,
};

use crate::{
    count,
    fence::{Element, Fenced, Side},
    twin::Dice,
};

const ROUNDINGS: [Rounding; 6] =
    [Rounding::Even, Rounding::Away, Rounding::HalfUp, Rounding::Truncate, Rounding::Floor, Rounding::Stochastic { seed: 5 }];

/// A slice that begins a few values behind a guard page, or ends at one.
struct Slice<T> {
    fenced: Fenced<T>,
    skip: usize,
}

impl<T: Element> Slice<T> {
    fn fill(n: usize, skip: usize, side: Side, value: &mut dyn FnMut(usize) -> T) -> Self {
        Self { fenced: Fenced::fill(1, n + skip, n + skip, side, value), skip }
    }

    fn to_write(n: usize, skip: usize, side: Side) -> Self {
        Self { fenced: Fenced::canaries(1, n + skip, n + skip, side), skip }
    }

    fn get(&self) -> &[T] {
        let mat = self.fenced.mat();
        if mat.n_cols() == 0 { &[] } else { &mat.row(0)[self.skip..] }
    }

    fn get_mut(&mut self) -> &mut [T] {
        let skip = self.skip;
        &mut self.fenced.data_mut()[skip..]
    }
}

/// A case: lengths on both sides of every block, each alignment that f32s can have, every kind of value.
struct Case {
    src: Slice<f32>,
    by: Affine,
    each: Vec<Affine>,
    range: CodeRange,
    rounding: Rounding,
    size: usize,
    side: Side,
    skip: usize,
}

impl Case {
    fn roll(dice: &mut Dice) -> Self {
        const SCALES: [f32; 7] = [0.023, 1.0, 0.1, f32::MIN_POSITIVE, 1.0e38, 1.0e-21, 3.0e-3];
        let n = if dice.below(20) == 0 { 4096 + dice.below(600) } else { dice.below(300) };
        let (skip, side) = (dice.below(17), dice.side());
        let bits = 2 + dice.below(7);
        let range = CodeRange { qmin: -(1 << (bits - 1)) + dice.below(2) as i32, qmax: (1 << (bits - 1)) - 1 };
        let zero = if dice.below(2) == 0 { 0 } else { range.qmin + dice.below(range.n_codes()) as i32 };
        let by = Affine { scale: SCALES[dice.below(SCALES.len())], zero_point: zero };
        let plain = dice.below(3) == 0;
        let src = Slice::fill(n, skip, side, &mut |_| if plain { dice.unit() * 2.0 } else { value(by.scale, dice) });
        let each = (0..n).map(|_| Affine { scale: 0.01 + dice.unit().abs(), zero_point: zero }).collect();
        Self { src, by, each, range, rounding: ROUNDINGS[dice.below(6)], size: 1 + dice.below(70), side, skip }
    }

    fn n(&self) -> usize {
        self.src.get().len()
    }

    fn affines(&self) -> [Affines<'_>; 3] {
        [Affines::One(self.by), Affines::Each(&self.each), Affines::Groups { size: self.size, of: &self.each }]
    }
}

/// Often at a tie of two codes or beside it, now and then anything at all.
fn value(scale: f32, dice: &mut Dice) -> f32 {
    match dice.below(12) {
        0 => f32::NAN,
        1 => f32::INFINITY.copysign(dice.unit()),
        2 => f32::from_bits(dice.below(1 << 23) as u32),
        3 => f32::from_bits(dice.below(1 << 32) as u32),
        4 => 0f32.copysign(dice.unit()),
        5 => scale * (dice.unit() * 70_000.0),
        6..=8 => {
            let tie = (dice.below(600) as f32 - 299.5) * scale;
            f32::from_bits(tie.to_bits().wrapping_add(dice.below(5) as u32).wrapping_sub(2))
        }
        _ => scale * dice.unit() * 300.0,
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn each_case(default: usize, mut check: impl FnMut(Isa, &Case, &str)) {
    for isa in Isa::available() {
        for seed in 0..count(default, 10_000, 1_000_000) as u64 {
            let case = Case::roll(&mut Dice::new(seed));
            let what =
                format!("{} seed {seed}: {} values, {:?} {:?} {:?}", isa.name(), case.n(), case.by, case.range, case.rounding);
            check(isa, &case, &what);
        }
    }
}

#[test]
fn quantizing_gives_the_codes_of_the_scalar_pass() {
    each_case(1500, |isa, case, what| {
        for by in case.affines() {
            let mut expected = vec![0; case.n()];
            let src = case.src.get();
            let n_clipped = quantize_on(Isa::SCALAR, src, by, case.range, case.rounding, 7, &mut expected);
            let mut codes = Slice::<i32>::to_write(case.n(), 0, case.side);
            assert_eq!(quantize_on(isa, src, by, case.range, case.rounding, 7, codes.get_mut()), n_clipped, "{what} {by:?}");
            codes.fenced.assert_canaries(what);
            assert_eq!(codes.get(), expected, "{what} {by:?}");

            let mut reals = vec![0.0; case.n()];
            dequantize_on(Isa::SCALAR, &expected, by, &mut reals);
            for fake in [false, true] {
                let mut got = Slice::<f32>::to_write(case.n(), 0, case.side);
                if fake {
                    let n = fake_quantize_on(isa, src, by, case.range, case.rounding, 7, got.get_mut());
                    assert_eq!(n, n_clipped, "{what}");
                } else {
                    dequantize_on(isa, codes.get(), by, got.get_mut());
                }
                got.fenced.assert_canaries(what);
                assert_eq!(bits(got.get()), bits(&reals), "{what} {by:?} fake {fake}");
            }
        }
    });
}

#[test]
fn bytes_are_the_codes_of_the_definition() {
    each_case(1500, |isa, case, what| {
        let mut codes = Slice::<i8>::to_write(case.n(), case.skip, case.side);
        codes.get_mut().fill(0x55);
        quantize_i8_on(isa, case.src.get(), case.by, case.range, codes.get_mut());
        for (i, (&r, &q)) in case.src.get().iter().zip(codes.get()).enumerate() {
            assert_eq!(i32::from(q), code_of(r, case.by, case.range), "{what}: value {i}, {r:e}");
        }
        let wide: Vec<i32> = codes.get().iter().map(|&q| q.into()).collect();
        let mut expected = vec![0.0; case.n()];
        dequantize_on(Isa::SCALAR, &wide, Affines::One(case.by), &mut expected);
        let mut reals = Slice::<f32>::to_write(case.n(), 0, case.side);
        dequantize_i8_on(isa, codes.get(), case.by, reals.get_mut());
        reals.fenced.assert_canaries(what);
        assert_eq!(bits(reals.get()), bits(&expected), "{what}");
    });
}

#[test]
fn large_outputs_are_written_past_the_cache_with_the_same_bits() {
    // Just above the size from which that is done, from the worst alignment on.
    let n = (48 << 20) + 131;
    let src: Vec<f32> = (0..n + 1).map(|i| (i % 1023) as f32 * 0.017 - 8.0).collect();
    let (by, range) = (Affine { scale: 0.05, zero_point: 3 }, CodeRange { qmin: -128, qmax: 127 });
    let mut codes = vec![0i8; n + 1];
    quantize_i8_on(Isa::best(), &src[1..], by, range, &mut codes[1..]);
    for i in (1..2000).chain(n - 2000..n + 1) {
        assert_eq!(i32::from(codes[i]), code_of(src[i], by, range), "value {i}");
    }
    let mut reals = src;
    dequantize_i8_on(Isa::best(), &codes[1..], by, &mut reals[1..]);
    assert!((1..n + 1).all(|i| reals[i] == by.scale * f32::from(i16::from(codes[i]) - 3)));
}

#[test]
fn reductions_have_the_bits_of_the_scalar_pass() {
    each_case(1500, |isa, case, what| {
        let src = case.src.get();
        let found = |isa| {
            let extremes = min_max_on(isa, src).map(|(low, high)| (low.to_bits(), high.to_bits()));
            let sums = [sum_of_squares_on(isa, src), squared_error_on(isa, src, case.by, case.range)].map(f64::to_bits);
            (extremes, abs_max_on(isa, src).to_bits(), sums)
        };
        assert_eq!(found(isa), found(Isa::SCALAR), "{what}");
        let mut reals = vec![0.0; case.n()];
        fake_quantize_on(isa, src, Affines::One(case.by), case.range, Rounding::Even, 0, &mut reals);
        assert_eq!(Errors::between_on(isa, src, &reals), Errors::between_on(Isa::SCALAR, src, &reals), "{what}");
    });
}

#[test]
fn histograms_count_as_the_scalar_pass_does() {
    each_case(500, |isa, case, what| {
        let src = case.src.get();
        let mut codes = vec![0; case.n()];
        for by in case.affines() {
            quantize_on(isa, src, by, case.range, Rounding::Even, 0, &mut codes);
            let counted = |isa| {
                let axis = Axis { first_code: case.range.qmin - 3, n_codes: case.range.n_codes() + 7, sub: 3 };
                let mut counts = CodeHistogram::new(axis, 0.5);
                counts.add_on(isa, src, by, &codes);
                let squares: Vec<u32> = counts.sq_error().iter().map(|x| x.to_bits()).collect();
                let lists = [counts.original().to_vec(), counts.quantized().to_vec(), counts.errors().to_vec(), squares];
                (lists, counts.below(), counts.above(), counts.outside())
            };
            assert_eq!(counted(isa), counted(Isa::SCALAR), "{what} {by:?}");
        }
    });
}

#[test]
fn magnitudes_are_counted_where_the_definition_says() {
    each_case(300, |isa, case, what| {
        let src = case.src.get();
        let end = abs_max_on(isa, src) * 0.9;
        let mut expected = [0u32; MAGNITUDE_BINS];
        let per_unit = (MAGNITUDE_BINS as f32 / end).min(f32::MAX);
        for x in src.iter().filter(|x| x.is_finite() && end > 0.0) {
            expected[((x.abs() * per_unit) as usize).min(MAGNITUDE_BINS - 1)] += 1;
        }
        let mut counts = [0u32; MAGNITUDE_BINS];
        let n = hist2048_on(isa, src, end, &mut counts);
        assert_eq!(counts, expected, "{what}");
        assert_eq!(n, expected.iter().map(|&n| u64::from(n)).sum::<u64>(), "{what}");
    });
}

#[test]
fn a_histogram_without_an_end_counts_nothing_and_others_add_up() {
    let mut counts = [0; MAGNITUDE_BINS];
    for end in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert_eq!(hist2048_on(Isa::SCALAR, &[1.0, 2.0], end, &mut counts), 0);
    }
    for _ in 0..2 {
        assert_eq!(hist2048_on(Isa::best(), &[0.0, -2.0, 1.0, f32::NAN, 5.0], 2.0, &mut counts), 4);
    }
    assert_eq!((counts[0], counts[1024], counts[2047]), (2, 2, 4));
}
