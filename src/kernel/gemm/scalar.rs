//! The kernels in plain Rust, for any CPU.

use std::ops::Range;

use super::super::Mat;
use super::{
    Codes, f32, finish, i8,
    pack::{self, Form},
    packed::LayoutI8,
    saturating_pair,
};

const ROWS: usize = 4;
const LANES: usize = 16;

pub(super) static I8: i8::Kernel = i8::Kernel {
    name: "scalar",
    layout: LayoutI8 { n_lanes: LANES, group: 2, width: 1 },
    n_rows: ROWS,
    b_block: 512 << 10,
    form: Form::I16,
    tile,
    finish: finish::tile::<LANES>,
    pack_a,
    pack_b,
};

/// What `vpmaddubsw` does to its sums, in plain Rust.
pub(super) static SATURATING: i8::Kernel = i8::Kernel {
    name: "scalar-saturating",
    layout: LayoutI8 { n_lanes: LANES, group: 4, width: 1 },
    form: Form::U8,
    tile: tile_saturating,
    ..I8
};

pub(super) static F32: f32::Kernel = f32::Kernel {
    name: "scalar",
    n_rows: ROWS,
    n_lanes: LANES,
    small_b: 0,
    b_block: 128 << 10,
    tile: tile_f32,
    pack_a: pack::rows_f32,
    pack_b: pack_b_f32,
};

pub(super) fn pack_a(a: Codes, rows: Range<usize>, form: Form, dst: &mut [u8]) {
    pack::rows_i8(a, rows, form, dst);
}

pub(super) fn pack_b(b: Mat<i8>, col: usize, layout: LayoutI8, dst: &mut [i8], sums: &mut [i32]) {
    pack::columns_i8(b, col, layout, dst, sums);
}

fn pack_b_f32(b: Mat<f32>, ks: Range<usize>, panels: Range<usize>, dst: &mut [f32]) {
    pack::columns_f32::<LANES>(b, ks, panels, dst);
}

/// # Safety
/// As [`i8::Tile`] says.
unsafe fn tile(t: &i8::Tile) {
    // SAFETY: the caller's promise.
    unsafe {
        rows(t, |[a0, a1, a2, a3], b: [i8; 2]| {
            let [a0, a1] = [[a0, a1], [a2, a3]].map(i16::from_le_bytes).map(i32::from);
            a0 * i32::from(b[0]) + a1 * i32::from(b[1])
        });
    }
}

/// # Safety
/// As [`i8::Tile`] says.
unsafe fn tile_saturating(t: &i8::Tile) {
    // SAFETY: the caller's promise.
    unsafe {
        rows(t, |[a0, a1, a2, a3], [b0, b1, b2, b3]: [i8; 4]| {
            i32::from(saturating_pair([a0, a1], [b0, b1])) + i32::from(saturating_pair([a2, a3], [b2, b3]))
        });
    }
}

/// The sums of what `dot` makes of a group of A and one of B, G rows of a column.
///
/// # Safety
/// As [`i8::Tile`] says.
#[inline(always)]
unsafe fn rows<const G: usize>(t: &i8::Tile, dot: impl Fn([u8; 4], [i8; G]) -> i32) {
    // SAFETY: the caller's promise of a panel; arrays of bytes need no alignment.
    let b = unsafe { std::slice::from_raw_parts(t.b.cast::<[[i8; G]; LANES]>(), t.n_groups) };
    for r in 0..t.n_rows {
        let mut sums = [0i32; LANES];
        for (g, b) in b.iter().enumerate() {
            // SAFETY: the caller's promise; arrays of bytes need no alignment.
            let a = unsafe { *t.a.add(r * t.a_row + g * t.a_group).cast::<[u8; 4]>() };
            for (sum, &b) in sums.iter_mut().zip(b) {
                *sum = sum.wrapping_add(dot(a, b));
            }
        }
        // SAFETY: the caller's promise.
        unsafe { t.c.add(r * t.c_stride).cast::<[i32; LANES]>().write(sums) };
    }
}

/// # Safety
/// As [`f32::Tile`] says.
unsafe fn tile_f32(t: &f32::Tile) {
    let mut acc = [[0f32; LANES]; ROWS];
    for k in 0..t.k {
        // SAFETY: the caller's promise: B is packed, so each of its rows is whole.
        let b = unsafe { &*t.b.add(k * t.b_stride).cast::<[f32; LANES]>() };
        for (r, acc) in acc.iter_mut().enumerate().take(t.n_rows) {
            // SAFETY: the caller's promise.
            let a = unsafe { *t.a.add(r * t.a_row + k * t.a_k) };
            for (acc, b) in acc.iter_mut().zip(b) {
                *acc += a * b;
            }
        }
    }
    for (r, acc) in acc.iter().enumerate().take(t.n_rows) {
        // SAFETY: the caller's promise.
        let c = unsafe { std::slice::from_raw_parts_mut(t.c.add(r * t.c_stride), t.n_cols) };
        if t.adds {
            c.iter_mut().zip(acc).for_each(|(c, sum)| *c += sum);
        } else {
            c.copy_from_slice(&acc[..c.len()]);
        }
    }
}
