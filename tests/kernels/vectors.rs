//! Matrix times vector: INT8 with the bits of the plain sums, the rest within the bound, nothing touched outside.

use quantlearn::kernel::{
    Each, Isa, Mat, Pool, Q4_BLOCK, Q4_BLOCK_BYTES, RowsI8, RowsQ4, VecI8, VecQ8, gemv_f32, gemv_i8, gemv_q4,
};

use crate::{
    count,
    fence::{Fenced, Side},
    twin::Dice,
};

fn extents(dice: &mut Dice) -> (usize, usize) {
    let n_cols = if dice.below(10) == 0 { 1000 + dice.below(1200) } else { dice.below(200) };
    (dice.below(21), n_cols)
}

fn each_case(default: usize, mut check: impl FnMut(Isa, Option<&Pool>, &mut Dice, &str)) {
    let pool = Pool::new(2);
    for isa in Isa::available() {
        for seed in 0..count(default, 10_000, 1_000_000) as u64 {
            let mut dice = Dice::new(seed);
            let pool = (dice.below(2) == 0).then_some(&pool);
            check(isa, pool, &mut dice, &format!("{} seed {seed}", isa.name()));
        }
    }
}

#[test]
fn f32_products_stay_within_the_bound() {
    each_case(400, |isa, pool, dice, what| {
        let (n_rows, n_cols) = extents(dice);
        let (side, stride) = (dice.side(), n_cols + dice.below(20));
        let w = Fenced::fill(n_rows, n_cols, stride, side, &mut |_| dice.unit());
        let x = Fenced::fill(1, n_cols, n_cols, side, &mut |_| dice.unit());
        let mut y = Fenced::<f32>::canaries(1, n_rows, n_rows, side);
        let xs = row(&x);
        gemv_f32(isa, pool, w.mat(), xs, y.data_mut());
        y.assert_canaries(what);
        for (i, &got) in row(&y).iter().enumerate() {
            let terms = || w.mat().row(i).iter().zip(xs).map(|(&w, &x)| f64::from(w) * f64::from(x));
            let (sum, magnitude) = (terms().sum::<f64>(), terms().map(f64::abs).sum::<f64>());
            let bound = (n_cols + 1) as f64 * 2f64.powi(-24) * magnitude * 1.01;
            assert!((f64::from(got) - sum).abs() <= bound, "{what}: y[{i}] = {got}, not {sum}");
        }
    });
}

fn row<T: crate::fence::Element>(of: &Fenced<T>) -> &[T] {
    let mat = of.mat();
    if mat.n_cols() == 0 { &[] } else { mat.row(0) }
}

#[test]
fn i8_products_have_the_bits_of_the_plain_sums() {
    each_case(400, |isa, pool, dice, what| {
        let (n_rows, n_cols) = extents(dice);
        let worst = dice.below(4) == 0;
        let codes: Vec<i8> = (0..n_rows * n_cols).map(|_| if worst { -128 } else { dice.below(256) as u8 as i8 }).collect();
        let bytes: Vec<u8> = (0..n_cols).map(|_| if worst { 255 } else { dice.below(256) as u8 }).collect();
        let scales: Vec<f32> = (0..n_rows).map(|_| 0.01 + dice.unit().abs()).collect();
        let w = RowsI8::new(Mat::new(&codes, n_rows, n_cols), Each::Each(&scales));
        let zero = dice.below(256) as i32;
        let signed: Vec<i8> = bytes.iter().map(|&q| q as i8).collect();
        let (x, at): (VecI8, fn(u8) -> i32) = match dice.below(2) {
            0 => (VecI8::unsigned(&bytes, 0.37, zero), i32::from),
            _ => (VecI8::signed(&signed, 0.37, zero), |q| i32::from(q as i8)),
        };
        let mut y = Fenced::<f32>::canaries(1, n_rows, n_rows, Side::End);
        gemv_i8(isa, pool, &w, &x, y.data_mut());
        y.assert_canaries(what);
        for (i, &got) in row(&y).iter().enumerate() {
            let of_row = &codes[i * n_cols..][..n_cols];
            let sum: i32 = of_row.iter().zip(&bytes).map(|(&w, &q)| i32::from(w) * (at(q) - zero)).sum();
            assert_eq!(got.to_bits(), (sum as f32 * (scales[i] * 0.37)).to_bits(), "{what}: y[{i}]");
        }
    });
}

#[test]
fn products_of_4_bit_blocks_stay_within_the_bound() {
    each_case(400, |isa, pool, dice, what| {
        let (n_rows, n_blocks) = (dice.below(13), dice.below(11));
        let n_cols = n_blocks * Q4_BLOCK;
        let blocks: Vec<u8> = (0..n_rows * n_blocks).flat_map(|_| block(dice)).collect();
        let x: Vec<f32> = (0..n_cols).map(|_| dice.unit() * 3.0).collect();
        let (w, packed) = (RowsQ4::new(&blocks, n_rows, n_cols), VecQ8::new(&x));
        let mut y = Fenced::<f32>::canaries(1, n_rows, n_rows, Side::Begin);
        gemv_q4(isa, pool, &w, &packed, y.data_mut());
        y.assert_canaries(what);
        for (i, &got) in row(&y).iter().enumerate() {
            let (mut sum, mut magnitude) = (0.0, 0.0);
            for (b, x) in x.chunks(Q4_BLOCK).enumerate() {
                let (of_weights, of_codes) = dot_of_block(&blocks[(i * n_blocks + b) * Q4_BLOCK_BYTES..], x);
                sum += of_weights;
                magnitude += of_codes;
            }
            // Beside the sums, each block rounds its two factors.
            let bound = (n_blocks + 12) as f64 * 2f64.powi(-24) * magnitude * 4.0;
            assert!((f64::from(got) - sum).abs() <= bound, "{what}: y[{i}] = {got}, not {sum}");
        }
    });
}

/// A scale of either sign and 32 codes.
fn block(dice: &mut Dice) -> [u8; Q4_BLOCK_BYTES] {
    let mut block = std::array::from_fn(|_| dice.below(256) as u8);
    // Exponents from 2^-9 to 2^-2.
    block[1] = (dice.below(2) << 7 | (6 + dice.below(8)) << 2 | dice.below(4)) as u8;
    block
}

/// The product of a block with the codes of `x`, and the sum of the magnitudes that it is made of.
fn dot_of_block(block: &[u8], x: &[f32]) -> (f64, f64) {
    let scale = f64::from(half::f16::from_le_bytes([block[0], block[1]]).to_f32());
    let step = x.iter().fold(0f32, |peak, x| peak.max(x.abs())) / 127.0;
    let (mut sum, mut magnitude) = (0.0, 0.0);
    for (i, &x) in x.iter().enumerate() {
        let byte = block[2 + i % 16];
        let code = if i < 16 { byte & 15 } else { byte >> 4 };
        let q = if step > 0.0 { f64::from((x / step).round_ties_even()) } else { 0.0 };
        sum += (f64::from(code) - 8.0) * q;
        magnitude += (f64::from(code) + 8.0) * q.abs();
    }
    (sum * scale * f64::from(step), magnitude * (scale * f64::from(step)).abs())
}
