//! The path of pairs that saturate in 16 bits: exactly as wrong as the instruction, and right where it is right.

use quantlearn::kernel::{Codes, Gemm, Isa, Mat, MatMut, Out, PackedI8, Pool, ProductI8, RhsI8, saturating_pair};

use crate::{
    count, extent,
    fence::Fenced,
    twin::{Case, Dice},
};

/// The instruction sets that have it.
fn saturating() -> impl Iterator<Item = Isa> {
    Isa::available().into_iter().filter(|&isa| Gemm::new(isa).saturating().is_some())
}

#[test]
fn products_saturate_pair_by_pair_as_their_twin() {
    let pool = Pool::new(2);
    for isa in saturating() {
        let mut alone = Gemm::new(isa).saturating().expect("it has the path");
        let mut shared = Gemm::with_pool(isa, &pool).saturating().expect("it has the path");
        for seed in 0..count(400, 10_000, 1_000_000) as u64 {
            let mut dice = Dice::new(seed);
            let case = Case::roll(extent(&mut dice), extent(&mut dice), extent(&mut dice), &mut dice);
            check(if dice.below(2) == 0 { &mut alone } else { &mut shared }, &case, &mut dice);
        }
    }
}

fn check(gemm: &mut Gemm, case: &Case, dice: &mut Dice) {
    let &Case { m, n, k, side, .. } = case;
    let strides = [k, n, n].map(|len| len + dice.below(3) * dice.below(20));
    let (mut i, mut u, mut w) = (0, 0, 0);
    let signed = Fenced::fill(m, k, strides[0], side, &mut |_| case.a[(i, i += 1).0] as i8);
    let unsigned = Fenced::fill(m, k, strides[0], side, &mut |_| case.a[(u, u += 1).0] as u8);
    let b = Fenced::fill(k, n, strides[1], side, &mut |_| case.b[(w, w += 1).0]);
    let packed = PackedI8::saturating(gemm.isa(), b.mat()).expect("it has the path");
    let product = ProductI8 {
        a: if case.signed { Codes::I8(signed.mat()) } else { Codes::U8(unsigned.mat()) },
        a_zeros: case.a_zeros(),
        b: if dice.below(2) == 0 { RhsI8::Rows(b.mat()) } else { RhsI8::Packed(&packed) },
        b_zeros: case.b_zeros(),
    };
    let mut c = Fenced::<i32>::canaries(m, n, strides[2], side);
    gemm.i8(&product, Out::I32(c.mat_mut()));
    let what = format!("{} {m}x{n}x{k} {strides:?} {side:?} signed {}", gemm.i8_path(), case.signed);
    c.assert_canaries(&what);
    let sums = case.saturated_sums();
    for i in 0..m {
        assert_eq!(c.mat().row(i), &sums[i * n..][..n], "{what}, row {i}");
    }
}

#[test]
fn a_pair_of_the_largest_codes_stops_at_the_largest_number_of_16_bits() {
    assert_eq!(saturating_pair([255, 255], [127, 127]), 32_767);
    assert_eq!(saturating_pair([255, 255], [-128, -128]), -32_768);
    assert_eq!(saturating_pair([255, 255], [-128, 127]), -255);
    for isa in saturating() {
        let mut gemm = Gemm::new(isa).saturating().expect("it has the path");
        assert_eq!(dot(&mut gemm, &[255, 255], &[127, 127]), 32_767, "{}", gemm.i8_path());
        assert_eq!(dot(&mut gemm, &[255; 3], &[127; 3]), 32_767 + 255 * 127, "{}", gemm.i8_path());
        assert_eq!(dot(&mut gemm, &[255; 8], &[-128; 8]), 4 * -32_768, "{}", gemm.i8_path());
        // Pairs of opposite signs meet inside a pair and do not saturate.
        assert_eq!(dot(&mut gemm, &[255; 4], &[127, -128, 127, -128]), -510, "{}", gemm.i8_path());
    }
    for isa in Isa::available() {
        assert_eq!(dot(&mut Gemm::new(isa), &[255, 255], &[127, 127]), 64_770, "{}", isa.name());
    }
}

/// One row times one column.
fn dot(gemm: &mut Gemm, a: &[u8], b: &[i8]) -> i32 {
    let mut c = [0];
    gemm.i8(&ProductI8::new(Mat::new(a, 1, a.len()), Mat::new(b, b.len(), 1)), Out::I32(MatMut::new(&mut c, 1, 1)));
    c[0]
}

#[test]
fn signed_codes_saturate_because_they_are_shifted() {
    // 127 becomes 255: what the path adds is 2 * 32_767 instead of 4 * 255 * 127, and 128 * 4 * 127 are taken away.
    let (a, b) = ([127i8; 4], [127i8; 4]);
    for isa in saturating() {
        let mut gemm = Gemm::new(isa).saturating().expect("it has the path");
        let mut c = [0];
        gemm.i8(&ProductI8::new(Mat::new(&a, 1, 4), Mat::new(&b, 4, 1)), Out::I32(MatMut::new(&mut c, 1, 1)));
        assert_eq!(c[0], 2 * 32_767 - 128 * 4 * 127, "{}", gemm.i8_path());
    }
}

#[test]
fn codes_of_7_bits_on_either_side_give_the_exact_sums() {
    for isa in saturating() {
        let (mut exact, mut pairs) = (Gemm::new(isa), Gemm::new(isa).saturating().expect("it has the path"));
        for seed in 0..count(100, 2_000, 100_000) as u64 {
            let mut dice = Dice::new(seed);
            let (m, n, k) = (1 + dice.below(20), 1 + dice.below(40), 1 + dice.below(600));
            // Seven bits of A with all of B, or all of A with seven bits of B; often the ends of both.
            let (a_range, b_range) = if seed % 2 == 0 { ((0, 127), (-128, 127)) } else { ((0, 255), (-64, 63)) };
            let mut code = |(low, high): (i32, i32)| match dice.below(3) {
                0 => low,
                1 => high,
                _ => low + dice.below((high - low + 1) as usize) as i32,
            };
            let a: Vec<u8> = (0..m * k).map(|_| code(a_range) as u8).collect();
            let b: Vec<i8> = (0..k * n).map(|_| code(b_range) as i8).collect();
            let product = ProductI8::new(Mat::new(&a, m, k), Mat::new(&b, k, n));
            let (mut true_sums, mut sums) = (vec![0; m * n], vec![0; m * n]);
            exact.i8(&product, Out::I32(MatMut::new(&mut true_sums, m, n)));
            pairs.i8(&product, Out::I32(MatMut::new(&mut sums, m, n)));
            assert!(true_sums == sums, "{} {m}x{n}x{k} seed {seed}", pairs.i8_path());
        }
    }
}

#[test]
fn the_worst_codes_saturate_in_every_pair_up_to_a_long_k() {
    for isa in saturating() {
        let mut gemm = Gemm::new(isa).saturating().expect("it has the path");
        for k in [256, 65_794, 131_072] {
            assert_eq!(dot(&mut gemm, &vec![255; k], &vec![-128; k]), (k as i32 / 2).wrapping_mul(-32_768), "K {k}");
            assert_eq!(dot(&mut gemm, &vec![255; k], &vec![127; k]), (k as i64 / 2 * 32_767) as i32, "K {k}");
        }
    }
}

#[test]
#[should_panic(expected = "packed for another path")]
fn weights_packed_for_exact_sums_are_refused() {
    let (a, b, mut c) = ([0u8; 4], [0i8; 4], [0; 4]);
    let packed = PackedI8::new(Isa::SCALAR, Mat::new(&b, 2, 2));
    let mut gemm = Gemm::new(Isa::SCALAR).saturating().expect("plain Rust imitates it");
    gemm.i8(&ProductI8::new(Mat::new(&a, 2, 2), &packed), Out::I32(MatMut::new(&mut c, 2, 2)));
}
