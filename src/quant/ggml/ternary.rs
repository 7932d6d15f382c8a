//! Ternary blocks of 256: TQ1_0 with five digits a byte, TQ2_0 with four. `d` is the largest magnitude.

use super::{half_at, number, put_half, reciprocal, signed_max, superblock::crumb};
use crate::kernel::Rounding;

/// Where the digits of TQ1_0 lie: bytes from the first on, elements from the first on, bytes in the group, digits a byte.
const GROUPS: [(usize, usize, usize, usize); 3] = [(0, 0, 32, 5), (32, 160, 16, 5), (48, 240, 4, 4)];

pub(super) fn encode_tq1_0(values: &[f32], bytes: &mut [u8]) {
    let digit = digits(values, bytes, 52);
    for (byte, first, width, n_digits) in GROUPS {
        for j in 0..width {
            // Five digits in base 3, the first the highest; four leave the lowest at 0.
            let whole = (0..5)
                .fold(0u16, |sum, n| 3 * sum + if n < n_digits { u16::from(digit(values[first + n * width + j])) } else { 0 });
            // As a fraction of 243 in 256ths, rounded up: multiplying by 3 then shifts the digits out one by one.
            bytes[byte + j] = (whole * 256).div_ceil(243) as u8;
        }
    }
}

pub(super) fn decode_tq1_0(bytes: &[u8], values: &mut [f32]) {
    let d = half_at(bytes, 52);
    for (byte, first, width, n_digits) in GROUPS {
        for j in 0..width {
            let mut rest = bytes[byte + j];
            for n in 0..n_digits {
                let digit = (u16::from(rest) * 3) >> 8;
                values[first + n * width + j] = d * (f32::from(digit) - 1.0);
                rest = rest.wrapping_mul(3);
            }
        }
    }
}

pub(super) fn encode_tq2_0(values: &[f32], bytes: &mut [u8]) {
    let digit = digits(values, bytes, 64);
    for (idx, byte) in bytes[..64].iter_mut().enumerate() {
        let first = idx / 32 * 128 + idx % 32;
        *byte = (0..4).fold(0, |crumbs, n| crumbs | digit(values[first + 32 * n]) << (2 * n));
    }
}

pub(super) fn decode_tq2_0(bytes: &[u8], values: &mut [f32]) {
    let d = half_at(bytes, 64);
    for (i, x) in values.iter_mut().enumerate() {
        *x = d * (f32::from(crumb(bytes, i)) - 1.0);
    }
}

/// Stores the scale at a byte; gives what turns a value into 0, 1 or 2.
fn digits(values: &[f32], bytes: &mut [u8], at: usize) -> impl Fn(f32) -> u8 + use<> {
    let d = signed_max(values).abs();
    let inverse = reciprocal(d);
    put_half(bytes, at, d);
    move |x| (Rounding::Away.apply((number(x) * inverse).clamp(-1.0, 1.0), 0) + 1.0) as u8
}
