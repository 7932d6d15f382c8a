//! ARM: tiles of 16 columns, four registers wide; bytes one at a time widened, four at a time by `sdot`, or two rows and
//! two columns at a time by `smmla`.
//!
//! The dot-product instructions stand as assembly: their intrinsics are not stable in Rust yet.

use std::{
    arch::{aarch64::*, asm},
    ops::Range,
};

use super::super::Mat;
use super::{
    f32, finish,
    i8::{self, Kernel},
    pack::{self, Form},
    packed::LayoutI8,
    scalar::{pack_a, pack_b},
};

/// Columns of a tile.
const LANES: usize = 16;
/// Registers beside each other in a row of a tile.
const WIDE: usize = LANES / 4;
/// Rows of a tile: 24 of the 32 registers hold sums.
const ROWS: usize = 6;
/// Rows of a tile whose bytes are widened first, which takes registers of its own.
const ROWS_WIDENED: usize = 4;

pub(super) static F32: f32::Kernel = f32::Kernel {
    name: "neon",
    n_rows: ROWS,
    n_lanes: LANES,
    small_b: 0,
    b_block: 128 << 10,
    tile: tile_f32,
    pack_a: pack::rows_f32,
    pack_b: pack_b_f32,
};

/// Products of 16-bit numbers, for CPUs without a dot-product instruction.
pub(super) static I8: Kernel = Kernel {
    name: "neon-widening",
    layout: LayoutI8 { n_lanes: LANES, group: 2, width: 1 },
    n_rows: ROWS_WIDENED,
    b_block: 512 << 10,
    form: Form::I16,
    tile: tile_widened,
    finish: finish::tile::<LANES>,
    pack_a,
    pack_b,
};

pub(super) static I8_DOT: Kernel = Kernel {
    name: "neon-dotprod",
    layout: LayoutI8 { n_lanes: LANES, group: 4, width: 1 },
    n_rows: ROWS,
    form: Form::I8,
    tile: tile_dot,
    ..I8
};

/// Packed as for `sdot`; two groups of four bytes are laid beside each other in registers.
pub(super) static I8_MATRIX: Kernel = Kernel { name: "neon-i8mm", tile: tile_matrix, ..I8_DOT };

/// Calls the instance of a function for a number of rows that is known only at run time: 1 to 6.
macro_rules! by_rows {
    ($n_rows:expr, $f:ident($t:expr)) => {
        match $n_rows {
            1 => $f::<1>($t),
            2 => $f::<2>($t),
            3 => $f::<3>($t),
            4 => $f::<4>($t),
            5 => $f::<5>($t),
            _ => $f::<6>($t),
        }
    };
}

fn pack_b_f32(b: Mat<f32>, ks: Range<usize>, panels: Range<usize>, dst: &mut [f32]) {
    pack::columns_f32::<LANES>(b, ks, panels, dst);
}

/// # Safety
/// As [`f32::Tile`] says.
#[target_feature(enable = "neon")]
unsafe fn tile_f32(t: &f32::Tile) {
    // SAFETY: the caller's promise.
    unsafe { by_rows!(t.n_rows, rows_f32(t)) }
}

/// # Safety
/// As [`f32::Tile`] says, for R rows; B is packed, so each of its rows is whole.
#[target_feature(enable = "neon")]
unsafe fn rows_f32<const R: usize>(t: &f32::Tile) {
    let mut sums = [[vdupq_n_f32(0.0); WIDE]; R];
    for k in 0..t.k {
        // SAFETY: the caller's promise.
        unsafe {
            let b: [float32x4_t; WIDE] = std::array::from_fn(|i| vld1q_f32(t.b.add(k * t.b_stride + 4 * i)));
            for (r, sums) in sums.iter_mut().enumerate() {
                let a = *t.a.add(r * t.a_row + k * t.a_k);
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = vfmaq_n_f32(*sum, b, a);
                }
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        let mut row = [0f32; LANES];
        // SAFETY: four registers are as long as the row; of C the caller's promise.
        unsafe {
            sums.iter().enumerate().for_each(|(i, &sum)| vst1q_f32(row.as_mut_ptr().add(4 * i), sum));
            let c = std::slice::from_raw_parts_mut(t.c.add(r * t.c_stride), t.n_cols);
            if t.adds {
                c.iter_mut().zip(row).for_each(|(c, sum)| *c += sum);
            } else {
                c.copy_from_slice(&row[..t.n_cols]);
            }
        }
    }
}

/// # Safety
/// As [`i8::Tile`] says, for the layout of [`I8`].
#[target_feature(enable = "neon")]
unsafe fn tile_widened(t: &i8::Tile) {
    // SAFETY: the caller's promise.
    unsafe {
        match t.n_rows {
            1 => rows_widened::<1>(t),
            2 => rows_widened::<2>(t),
            3 => rows_widened::<3>(t),
            _ => rows_widened::<4>(t),
        }
    }
}

/// # Safety
/// As [`i8::Tile`] says, for R rows.
#[target_feature(enable = "neon")]
unsafe fn rows_widened<const R: usize>(t: &i8::Tile) {
    let mut sums = [[vdupq_n_s32(0); WIDE]; R];
    for g in 0..t.n_groups {
        // SAFETY: the caller's promise: 16 columns of two bytes each.
        let pairs = unsafe { [vld2_s8(t.b.add(2 * LANES * g)), vld2_s8(t.b.add(2 * LANES * g + LANES))] };
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the caller's promise; two codes of 16 bits.
            let [a0, a1] = unsafe { t.a.add(r * t.a_row + g * t.a_group).cast::<[i16; 2]>().read_unaligned() };
            for (half, int8x8x2_t(b0, b1)) in pairs.into_iter().enumerate() {
                let (b0, b1) = (vmovl_s8(b0), vmovl_s8(b1));
                let (low, high) = (2 * half, 2 * half + 1);
                sums[low] = vmlal_n_s16(vmlal_n_s16(sums[low], vget_low_s16(b0), a0), vget_low_s16(b1), a1);
                sums[high] = vmlal_n_s16(vmlal_n_s16(sums[high], vget_high_s16(b0), a0), vget_high_s16(b1), a1);
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { store(t, &sums) };
}

/// # Safety
/// C is writable for these rows.
#[target_feature(enable = "neon")]
unsafe fn store(t: &i8::Tile, rows: &[[int32x4_t; WIDE]]) {
    for (r, sums) in rows.iter().enumerate() {
        for (i, &sum) in sums.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { vst1q_s32(t.c.add(r * t.c_stride + 4 * i), sum) };
        }
    }
}

/// # Safety
/// As [`i8::Tile`] says, for the layout of [`I8_DOT`].
#[target_feature(enable = "neon,dotprod")]
unsafe fn tile_dot(t: &i8::Tile) {
    // SAFETY: the caller's promise.
    unsafe { by_rows!(t.n_rows, rows_dot(t)) }
}

/// # Safety
/// As [`i8::Tile`] says, for R rows.
#[target_feature(enable = "neon,dotprod")]
unsafe fn rows_dot<const R: usize>(t: &i8::Tile) {
    let mut sums = [[vdupq_n_s32(0); WIDE]; R];
    for g in 0..t.n_groups {
        // SAFETY: the caller's promise: 16 columns of four bytes each.
        let b: [int8x16_t; WIDE] = unsafe { std::array::from_fn(|i| vld1q_s8(t.b.add(4 * LANES * g + 16 * i))) };
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the caller's promise; a load of one word asks for no alignment.
            let a = unsafe { vreinterpretq_s8_s32(vld1q_dup_s32(t.a.add(r * t.a_row + g * t.a_group).cast())) };
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum = dot(*sum, a, b);
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { store(t, &sums) };
}

/// To each of four sums the products of four bytes with four bytes, exact.
#[inline]
#[target_feature(enable = "neon,dotprod")]
pub(in super::super) fn dot(mut sum: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction works on these registers alone.
    unsafe {
        asm!("sdot {sum:v}.4s, {a:v}.16b, {b:v}.16b", sum = inout(vreg) sum, a = in(vreg) a, b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags));
    }
    sum
}

/// # Safety
/// As [`i8::Tile`] says, for the layout of [`I8_DOT`].
#[target_feature(enable = "neon,i8mm")]
unsafe fn tile_matrix(t: &i8::Tile) {
    // SAFETY: the caller's promise.
    unsafe {
        match t.n_rows.div_ceil(2) {
            1 => pairs_matrix::<1>(t),
            2 => pairs_matrix::<2>(t),
            _ => pairs_matrix::<3>(t),
        }
    }
}

/// # Safety
/// As [`i8::Tile`] says, for 2 P rows or one fewer.
#[target_feature(enable = "neon,i8mm")]
unsafe fn pairs_matrix<const P: usize>(t: &i8::Tile) {
    // Sums of two rows and two columns each.
    let mut sums = [[vdupq_n_s32(0); LANES / 2]; P];
    for g in (0..t.n_groups).step_by(2) {
        // What lies behind an odd number of groups is zero in both matrices.
        let has_second = g + 1 < t.n_groups;
        let a: [int8x16_t; P] = std::array::from_fn(|pair| {
            // A last row without a partner is its own.
            let rows = [2 * pair, (2 * pair + 1).min(t.n_rows - 1)];
            // SAFETY: the caller's promise.
            let word = |row: usize, g: usize| unsafe { t.a.add(row * t.a_row + g * t.a_group).cast::<i32>().read_unaligned() };
            let second = |row| if has_second { word(row, g + 1) } else { 0 };
            let words = [word(rows[0], g), second(rows[0]), word(rows[1], g), second(rows[1])];
            // SAFETY: four words are one register.
            vreinterpretq_s8_s32(unsafe { vld1q_s32(words.as_ptr()) })
        });
        for four in 0..WIDE {
            // SAFETY: the caller's promise: 16 columns of four bytes each in every group.
            let (first, second) = unsafe {
                let at = t.b.add(4 * LANES * g + 16 * four).cast::<i32>();
                (vld1q_s32(at), if has_second { vld1q_s32(at.add(LANES)) } else { vdupq_n_s32(0) })
            };
            let (left, right) = (vzip1q_s32(first, second), vzip2q_s32(first, second));
            for (sums, &a) in sums.iter_mut().zip(&a) {
                sums[2 * four] = matrix(sums[2 * four], a, vreinterpretq_s8_s32(left));
                sums[2 * four + 1] = matrix(sums[2 * four + 1], a, vreinterpretq_s8_s32(right));
            }
        }
    }
    for (pair, sums) in sums.iter().enumerate() {
        let row_of = |i: usize, second: bool| {
            let (left, right) = (vreinterpretq_s64_s32(sums[2 * i]), vreinterpretq_s64_s32(sums[2 * i + 1]));
            vreinterpretq_s32_s64(if second { vzip2q_s64(left, right) } else { vzip1q_s64(left, right) })
        };
        for (row, second) in [(2 * pair, false), (2 * pair + 1, true)] {
            if row < t.n_rows {
                // SAFETY: the caller's promise.
                (0..WIDE).for_each(|i| unsafe { vst1q_s32(t.c.add(row * t.c_stride + 4 * i), row_of(i, second)) });
            }
        }
    }
}

/// To the sums of 2 x 2 the product of two rows of eight bytes with two columns of eight, exact.
#[inline]
#[target_feature(enable = "neon,i8mm")]
pub(in super::super) fn matrix(mut sum: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction works on these registers alone.
    unsafe {
        asm!("smmla {sum:v}.4s, {a:v}.16b, {b:v}.16b", sum = inout(vreg) sum, a = in(vreg) a, b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags));
    }
    sum
}
