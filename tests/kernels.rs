//! Every kernel beside its plain twin, on every instruction set that this CPU has: random shapes, leading dimensions
//! and alignments, the worst values, and memory that ends where the matrix ends.
//!
//! `QUANTLEARN_THOROUGH=ci` and `=release` raise the counts.

#![expect(unsafe_code, reason = "pages that must not be touched")]

#[path = "kernels/fence.rs"]
mod fence;
#[path = "kernels/saturating.rs"]
mod saturating;
#[path = "kernels/slices.rs"]
mod slices;
#[path = "kernels/twin.rs"]
mod twin;
#[path = "kernels/vectors.rs"]
mod vectors;

use fence::{Fenced, Side};
use quantlearn::kernel::{
    Codes, Each, Gemm, Isa, Mat, MatMut, Out, PackedF32, PackedI8, Pool, ProductI8, Requantize, RhsF32, RhsI8,
};
use twin::{Case, Dice};

/// How often a test repeats: by default, in CI, before a release.
fn count(default: usize, ci: usize, release: usize) -> usize {
    match std::env::var("QUANTLEARN_THOROUGH").as_deref() {
        Ok("ci") => ci,
        Ok("release") => release,
        _ => default,
    }
}

/// A number of rows, columns or products: often an edge of a tile, often 0 or 1.
fn extent(dice: &mut Dice) -> usize {
    const EDGES: &[usize] = &[0, 1, 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 14, 15, 16, 17, 31, 32, 33, 63, 64, 65];
    if dice.below(2) == 0 { EDGES[dice.below(EDGES.len())] } else { dice.below(80) }
}

#[test]
fn f32_products_stay_within_the_bound_and_touch_nothing_else() {
    for isa in Isa::available() {
        let pool = Pool::new(2);
        let (mut alone, mut shared) = (Gemm::new(isa), Gemm::with_pool(isa, &pool));
        for seed in 0..count(400, 10_000, 1_000_000) as u64 {
            let mut dice = Dice::new(seed);
            // Some products are long enough for more than one block of K.
            let k = if dice.below(8) == 0 { 200 + dice.below(700) } else { extent(&mut dice) };
            let (m, n) = (extent(&mut dice), extent(&mut dice));
            let gemm = if dice.below(2) == 0 { &mut alone } else { &mut shared };
            check_f32(gemm, m, n, k, &mut dice);
        }
    }
}

fn check_f32(gemm: &mut Gemm, m: usize, n: usize, k: usize, dice: &mut Dice) {
    let strides = [k + dice.below(3) * dice.below(20), n + dice.below(3) * dice.below(20), n + dice.below(3) * dice.below(20)];
    let side = dice.side();
    let mut value = |_| dice.unit();
    let a = Fenced::fill(m, k, strides[0], side, &mut value);
    let b = Fenced::fill(k, n, strides[1], side, &mut value);
    let mut c = Fenced::<f32>::canaries(m, n, strides[2], side);
    let (a, b) = (a.mat(), b.mat());
    let packed = PackedF32::new(gemm.isa(), b);
    let rhs = if dice.below(2) == 0 { RhsF32::Rows(b) } else { RhsF32::Packed(&packed) };
    gemm.f32(a, rhs, c.mat_mut());
    let what = format!("{} {m}x{n}x{k} {strides:?} {side:?} {}", gemm.isa().name(), matches!(rhs, RhsF32::Rows(_)));
    c.assert_canaries(&what);
    for i in 0..m {
        for j in 0..n {
            let (sum, bound) = twin::dot_f32(a, b, i, j);
            let got = f64::from(c.mat().row(i)[j]);
            assert!((got - sum).abs() <= bound, "{what}: c[{i}][{j}] = {got}, not {sum}");
        }
    }
}

#[test]
fn i8_products_have_the_bits_of_their_twin_and_touch_nothing_else() {
    for isa in Isa::available() {
        let pool = Pool::new(2);
        let (mut alone, mut shared) = (Gemm::new(isa), Gemm::with_pool(isa, &pool));
        for seed in 0..count(400, 10_000, 1_000_000) as u64 {
            let mut dice = Dice::new(seed);
            let case = Case::roll(extent(&mut dice), extent(&mut dice), extent(&mut dice), &mut dice);
            check_i8(if dice.below(2) == 0 { &mut alone } else { &mut shared }, &case, &mut dice);
        }
    }
}

fn check_i8(gemm: &mut Gemm, case: &Case, dice: &mut Dice) {
    let &Case { m, n, k, side, .. } = case;
    let strides = [k + dice.below(3) * dice.below(20), n + dice.below(3) * dice.below(20), n + dice.below(3) * dice.below(20)];
    let (mut i, mut u) = (0, 0);
    let signed = Fenced::fill(m, k, strides[0], side, &mut |_| (case.a[(i, i += 1).0] as u8) as i8);
    let unsigned = Fenced::fill(m, k, strides[0], side, &mut |_| case.a[(u, u += 1).0] as u8);
    let mut at = 0;
    let b = Fenced::fill(k, n, strides[1], side, &mut |_| case.b[(at, at += 1).0]);
    let a = if case.signed { Codes::I8(signed.mat()) } else { Codes::U8(unsigned.mat()) };
    let packed = PackedI8::new(gemm.isa(), b.mat());
    let rhs = if dice.below(2) == 0 { RhsI8::Rows(b.mat()) } else { RhsI8::Packed(&packed) };
    let product = ProductI8 { a, a_zeros: case.a_zeros(), b: rhs, b_zeros: case.b_zeros() };
    let what = format!("{} {m}x{n}x{k} {strides:?} {side:?} {:?} {:?}", gemm.isa().name(), product.a_zeros, product.b_zeros);
    let sums = case.sums();

    let mut c = Fenced::<i32>::canaries(m, n, strides[2], side);
    gemm.i8(&product, Out::I32(c.mat_mut()));
    c.assert_canaries(&what);
    for i in 0..m {
        assert_eq!(c.mat().row(i), &sums[i * n..][..n], "{what}, row {i}");
    }
    match dice.below(3) {
        0 => check_dequantize(gemm, &product, &sums, strides[2], dice, &what),
        1 => check_requantize::<i8>(gemm, &product, &sums, strides[2], dice, &what),
        _ => check_requantize::<u8>(gemm, &product, &sums, strides[2], dice, &what),
    }
}

fn check_dequantize(gemm: &mut Gemm, product: &ProductI8, sums: &[i32], stride: usize, dice: &mut Dice, what: &str) {
    let (m, n) = (product.a.n_rows(), product.b.n_cols());
    let a_scales: Vec<f32> = (0..m).map(|_| dice.unit() * 0.01).collect();
    let b_scales: Vec<f32> = (0..n).map(|_| dice.unit() * 0.01).collect();
    let bias: Vec<f32> = (0..n).map(|_| dice.unit()).collect();
    let a_scales = if dice.below(2) == 0 { Each::One(0.125) } else { Each::Each(&a_scales[..]) };
    let b_scales = if dice.below(2) == 0 { Each::One(0.03) } else { Each::Each(&b_scales[..]) };
    let bias = (dice.below(2) == 0).then_some(&bias[..]);
    let mut c = Fenced::<f32>::canaries(m, n, stride, dice.side());
    gemm.i8(product, Out::F32 { c: c.mat_mut(), a_scales, b_scales, bias });
    c.assert_canaries(what);
    for i in 0..m {
        for j in 0..n {
            let scaled = sums[i * n + j] as f32 * (a_scales.at(i) * b_scales.at(j));
            let real = bias.map_or(scaled, |bias| scaled + bias[j]);
            assert_eq!(c.mat().row(i)[j].to_bits(), real.to_bits(), "{what}: dequantized c[{i}][{j}]");
        }
    }
}

/// Codes of the output's type.
trait Code: fence::Element + Into<i32> + PartialEq + std::fmt::Debug {
    const RANGE: (i32, i32);
    fn out<'a>(c: MatMut<'a, Self>, by: Requantize<'a>) -> Out<'a>;
}

impl Code for i8 {
    const RANGE: (i32, i32) = (-128, 127);
    fn out<'a>(c: MatMut<'a, Self>, by: Requantize<'a>) -> Out<'a> {
        Out::I8(c, by)
    }
}

impl Code for u8 {
    const RANGE: (i32, i32) = (0, 255);
    fn out<'a>(c: MatMut<'a, Self>, by: Requantize<'a>) -> Out<'a> {
        Out::U8(c, by)
    }
}

fn check_requantize<T: Code>(gemm: &mut Gemm, product: &ProductI8, sums: &[i32], stride: usize, dice: &mut Dice, what: &str) {
    let (m, n) = (product.a.n_rows(), product.b.n_cols());
    let (qmin, qmax) = T::RANGE;
    // From all codes alike to nearly all clamped; powers of two make ties.
    let mut multiplier = || [dice.unit() * 1.0e-3, 0.5, 1.0 / 1024.0, 3.0e38, -0.01][dice.below(5)];
    let one = multiplier();
    let each: Vec<f32> = (0..n).map(|_| multiplier()).collect();
    let multipliers = if dice.below(2) == 0 { Each::One(one) } else { Each::Each(&each[..]) };
    let bias: Vec<i32> = (0..n).map(|_| dice.below(20_000) as i32 - 10_000).collect();
    let bias = (dice.below(2) == 0).then_some(&bias[..]);
    let zero_point = qmin + dice.below(256) as i32;
    let mut c = Fenced::<T>::canaries(m, n, stride, dice.side());
    gemm.i8(product, T::out(c.mat_mut(), Requantize { multipliers, bias, zero_point }));
    c.assert_canaries(what);
    for i in 0..m {
        for j in 0..n {
            let sum = sums[i * n + j].wrapping_add(bias.map_or(0, |bias| bias[j]));
            let rounded = (sum as f32 * multipliers.at(j)).round_ties_even();
            let code = (f64::from(rounded) + f64::from(zero_point)).clamp(qmin.into(), qmax.into()) as i32;
            assert_eq!(c.mat().row(i)[j].into(), code, "{what}: requantized c[{i}][{j}]");
        }
    }
}

#[test]
fn i8_products_read_matrices_at_every_alignment() {
    let bytes: Vec<u8> = (0..4096u32).map(|i| (i * 37 % 251) as u8).collect();
    let codes: Vec<i8> = bytes.iter().map(|&byte| byte as i8).collect();
    let (m, n, k) = (9, 37, 41);
    for isa in Isa::available() {
        let mut gemm = Gemm::new(isa);
        for offset in 0..64 {
            let a = Mat::new(&bytes[offset..], m, k);
            let b = Mat::strided(&codes[63 - offset..], k, n, n + offset % 3);
            let mut c = vec![0i32; offset + m * n];
            gemm.i8(&ProductI8::new(a, b), Out::I32(MatMut::new(&mut c[offset..], m, n)));
            for i in 0..m {
                for j in 0..n {
                    let sum: i32 = (0..k).map(|k| i32::from(a.row(i)[k]) * i32::from(b.row(k)[j])).sum();
                    assert_eq!(c[offset + i * n + j], sum, "{} at {offset}", isa.name());
                }
            }
        }
    }
}

#[test]
fn the_worst_codes_give_the_exact_sum_up_to_a_long_k_and_wrap_beyond() {
    for isa in Isa::available() {
        let mut gemm = Gemm::new(isa);
        // The smallest K at which each pair may leave int32 lies on either side of these.
        for k in [255, 256, 65_793, 65_794, 131_071, 131_072] {
            for (a, b) in [(255u8, -128i8), (255, 127), (0, -128)] {
                let (left, right) = (vec![a; 2 * k], vec![b; 3 * k]);
                let mut c = [0; 6];
                gemm.i8(&ProductI8::new(Mat::new(&left, 2, k), Mat::new(&right, k, 3)), Out::I32(MatMut::new(&mut c, 2, 3)));
                assert_eq!(c, [(k as i64 * i64::from(a) * i64::from(b)) as i32; 6], "{} K {k}: {a} x {b}", isa.name());
            }
            for (a, b) in [(-128i8, -128i8), (-128, 127), (127, -128), (127, 127)] {
                let (left, right) = (vec![a; 2 * k], vec![b; 3 * k]);
                let mut c = [0; 6];
                gemm.i8(&ProductI8::new(Mat::new(&left, 2, k), Mat::new(&right, k, 3)), Out::I32(MatMut::new(&mut c, 2, 3)));
                assert_eq!(c, [(k as i64 * i64::from(a) * i64::from(b)) as i32; 6], "{} K {k}: {a} x {b}", isa.name());
            }
        }
    }
}

#[test]
fn what_is_not_finite_spreads_as_in_plain_arithmetic() {
    for isa in Isa::available() {
        let mut gemm = Gemm::new(isa);
        let a = [0.0, 1.0, f32::INFINITY, 2.0];
        let b = [f32::NAN, f32::INFINITY, 1.0, 1.0];
        let mut c = [0.0; 4];
        gemm.f32(Mat::new(&a, 2, 2), Mat::new(&b, 2, 2), MatMut::new(&mut c, 2, 2));
        // 0 * NaN + 1, 0 * inf + 1, inf * NaN + 2, inf * inf + 2.
        assert!(c[0].is_nan() && c[1].is_nan() && c[2].is_nan() && c[3] == f32::INFINITY, "{} {c:?}", isa.name());
    }
}

#[test]
fn large_products_are_shared_among_threads_and_come_out_the_same() {
    let (m, n, k) = (150, 203, 309);
    let mut dice = Dice::new(1);
    let a: Vec<u8> = (0..m * k).map(|_| dice.below(256) as u8).collect();
    let b: Vec<i8> = (0..k * n).map(|_| dice.below(256) as u8 as i8).collect();
    for isa in Isa::available() {
        let mut alone = vec![0; m * n];
        let product = ProductI8::new(Mat::new(&a, m, k), Mat::new(&b, k, n));
        Gemm::new(isa).i8(&product, Out::I32(MatMut::new(&mut alone, m, n)));
        for n_threads in [1, 2, 3] {
            let pool = Pool::new(n_threads);
            let mut gemm = Gemm::with_pool(isa, &pool);
            for _ in 0..3 {
                let mut shared = vec![0; m * n];
                gemm.i8(&product, Out::I32(MatMut::new(&mut shared, m, n)));
                assert!(alone == shared, "{} on {n_threads} threads", isa.name());
            }
            // The wide product is shared by columns.
            let wide = ProductI8::new(Mat::new(&a[..100 * k], 100, k), Mat::new(&b, k, n));
            let mut shared = vec![0; 100 * n];
            gemm.i8(&wide, Out::I32(MatMut::new(&mut shared, 100, n)));
            assert!(alone[..100 * n] == shared, "{} on {n_threads} threads, wide", isa.name());
        }
    }
}

#[test]
fn packed_bytes_lie_where_they_are_said_to() {
    let (k, n) = (21, 45);
    let b: Vec<i8> = (0..k * n).map(|i| (i * 89 % 256) as u8 as i8).collect();
    for isa in Isa::available() {
        let packed = PackedI8::new(isa, Mat::new(&b, k, n));
        let mut places = std::collections::BTreeSet::new();
        for row in 0..k {
            for col in 0..n {
                let place = packed.place(row, col);
                let code = b[row * n + col];
                assert_eq!(packed.bytes()[place], code, "{} ({row}, {col})", isa.name());
                assert!(places.insert(place), "two weights at {place}");
                for above in place + 1..place + packed.width() {
                    assert_eq!(packed.bytes()[above], if code < 0 { -1 } else { 0 }, "{} ({row}, {col})", isa.name());
                    assert!(places.insert(above), "two weights at {above}");
                }
            }
        }
        let filled = packed.bytes().iter().enumerate().filter(|(place, _)| !places.contains(place));
        assert!(filled.into_iter().all(|(_, &byte)| byte == 0), "what fills up is zero");
        for col in 0..n {
            let sum: i32 = (0..k).map(|row| i32::from(b[row * n + col])).sum();
            assert_eq!(packed.col_sums()[col], sum, "{} column {col}", isa.name());
        }
    }
}

#[test]
#[should_panic(expected = "C is 2 x 2")]
fn an_output_of_another_size_is_refused() {
    let (a, b, mut c) = ([0.0; 4], [0.0; 4], [0.0; 6]);
    Gemm::new(Isa::SCALAR).f32(Mat::new(&a, 2, 2), Mat::new(&b, 2, 2), MatMut::new(&mut c, 2, 3));
}

#[test]
#[should_panic(expected = "multipliers must be finite")]
fn a_multiplier_that_is_no_number_is_refused() {
    let (a, b, mut c) = ([0i8; 4], [0i8; 4], [0i8; 4]);
    let by = Requantize { multipliers: Each::One(f32::NAN), bias: None, zero_point: 0 };
    Gemm::new(Isa::SCALAR).i8(&ProductI8::new(Mat::new(&a, 2, 2), Mat::new(&b, 2, 2)), Out::I8(MatMut::new(&mut c, 2, 2), by));
}

#[test]
fn a_touch_beyond_the_fence_would_be_noticed() {
    let fenced = Fenced::<u8>::fill(1, 10, 10, Side::End, &mut |_| 7);
    assert!(fenced.ends_at_the_guard());
    let mut c = Fenced::<i32>::canaries(3, 4, 6, Side::Begin);
    c.assert_canaries("untouched");
    c.data_mut()[4] = 1;
    assert!(std::panic::catch_unwind(|| c.assert_canaries("a gap")).is_err());
}
