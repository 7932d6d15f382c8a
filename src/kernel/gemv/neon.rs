//! Rows on ARM with the dot-product instruction.

use std::arch::aarch64::*;

use half::f16;

use super::q4::{GROUP, Q4_BLOCK_BYTES, RowsQ4, VecQ8, dot_from};
use crate::kernel::{Isa, Level, gemm::neon::dot};

fn has_dot(isa: Isa) -> bool {
    matches!(isa.level(), Level::NeonDotprod | Level::NeonI8mm)
}

/// `Σ_k w_k x_k` of four rows, wrapping; `None` where the level has no kernel here. All slices are equally long.
pub(super) fn dots_i8(isa: Isa, rows: [&[i8]; 4], x: &[u8]) -> Option<[i32; 4]> {
    assert!(rows.iter().all(|row| row.len() == x.len()));
    // SAFETY: the token says that this processor has the instruction; the rows are as long as the vector.
    has_dot(isa).then(|| unsafe { dots(rows, x) })
}

/// Both sides must be signed: 128 is taken from the codes of the vector, and 128 times the sum of the row added.
///
/// # Safety
/// Each row has as many values as `x`.
#[target_feature(enable = "neon,dotprod")]
unsafe fn dots(rows: [&[i8]; 4], x: &[u8]) -> [i32; 4] {
    const STEP: usize = 16;
    let n_blocked = x.len() / STEP * STEP;
    let (flip, ones) = (vdupq_n_u8(0x80), vdupq_n_s8(1));
    let (mut sums, mut of_rows) = ([vdupq_n_s32(0); 4], [vdupq_n_s32(0); 4]);
    for at in (0..n_blocked).step_by(STEP) {
        // SAFETY: 16 bytes from `at` on lie inside.
        unsafe {
            let codes = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(x.as_ptr().add(at)), flip));
            for i in 0..4 {
                let w = vld1q_s8(rows[i].as_ptr().add(at));
                sums[i] = dot(sums[i], w, codes);
                of_rows[i] = dot(of_rows[i], w, ones);
            }
        }
    }
    std::array::from_fn(|i| {
        let blocked = vaddvq_s32(sums[i]).wrapping_add(vaddvq_s32(of_rows[i]).wrapping_mul(128));
        let rest = rows[i][n_blocked..].iter().zip(&x[n_blocked..]);
        rest.fold(blocked, |sum, (&w, &q)| sum.wrapping_add(i32::from(w) * i32::from(q)))
    })
}

/// Fills `y` with the products of the rows from `first` on; false where the level has no kernel here.
pub(super) fn dots_q4(isa: Isa, w: &RowsQ4, first: usize, x: &VecQ8, y: &mut [f32]) -> bool {
    if has_dot(isa) {
        // SAFETY: the token says that this processor has the instruction.
        super::by_streams(y, |rows| rows.map(|row| unsafe { dot_q4(w.row(first + row), x) }));
    }
    has_dot(isa)
}

/// One block at a time: 16 low codes, then 16 high ones, each 0 to 15, which is a signed byte too.
#[target_feature(enable = "neon,dotprod")]
fn dot_q4(row: &[u8], x: &VecQ8) -> f32 {
    let n_groups = row.len() / (GROUP * Q4_BLOCK_BYTES);
    let low_half = vdupq_n_u8(15);
    let mut sum = 0.0;
    for (idx, block) in row.as_chunks::<Q4_BLOCK_BYTES>().0.iter().enumerate().take(n_groups * GROUP) {
        let (group, part) = (idx / GROUP, idx % GROUP);
        let codes = &x.codes[group];
        // SAFETY: 16 bytes behind the two of the scale; 16 of each half of the vector's codes.
        let (pairs, first, second) = unsafe {
            let codes = codes.as_ptr().add(part * 16);
            (vld1q_u8(block.as_ptr().add(2)), vld1q_s8(codes), vld1q_s8(codes.add(64)))
        };
        let low = vreinterpretq_s8_u8(vandq_u8(pairs, low_half));
        let high = vreinterpretq_s8_u8(vshrq_n_u8::<4>(pairs));
        let dots = dot(dot(vdupq_n_s32(0), low, first), high, second);
        let dots = vaddvq_s32(dots) + x.offsets[group][part * 4];
        sum += f16::from_le_bytes([block[0], block[1]]).to_f32() * x.scales[group][part * 4] * dots as f32;
    }
    sum + dot_from(row, x, n_groups * GROUP)
}
