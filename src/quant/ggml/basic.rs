//! Blocks of 32 with one scale: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0.
//!
//! Element `j` lies in the low nibble of byte `j`, element `j + 16` in its high nibble. Codes are found with the scale
//! in FP32 and its reciprocal; only then is the scale rounded to FP16. `floor(x + 1/2)` rounds ties up, Q8_0 away from 0.

use super::{half_at, number, put_half, reciprocal, signed_max};
use crate::kernel::{Rounding, min_max};

const N: usize = 32;
const HALF: usize = N / 2;

pub(super) fn encode_q4_0(values: &[f32], bytes: &mut [u8]) {
    let d = signed_max(values) / -8.0;
    let inverse = reciprocal(d);
    put_half(bytes, 0, d);
    // The cast truncates, and what it is given is never below 0 but for infinities, which it holds at 0.
    let code = |x: f32| ((number(x) * inverse + 8.5) as u8).min(15);
    pack(values, &mut bytes[2..], code);
}

pub(super) fn decode_q4_0(bytes: &[u8], values: &mut [f32]) {
    let d = half_at(bytes, 0);
    unpack(&bytes[2..], values, |_, q| d * (f32::from(q) - 8.0));
}

pub(super) fn encode_q4_1(values: &[f32], bytes: &mut [u8]) {
    let (min, d) = min_and_step(values, 15.0);
    let inverse = reciprocal(d);
    put_half(bytes, 0, d);
    put_half(bytes, 2, min);
    let code = |x: f32| (((number(x) - min) * inverse + 0.5) as u8).min(15);
    pack(values, &mut bytes[4..], code);
}

pub(super) fn decode_q4_1(bytes: &[u8], values: &mut [f32]) {
    let (d, min) = (half_at(bytes, 0), half_at(bytes, 2));
    unpack(&bytes[4..], values, |_, q| d * f32::from(q) + min);
}

pub(super) fn encode_q5_0(values: &[f32], bytes: &mut [u8]) {
    let d = signed_max(values) / -16.0;
    let inverse = reciprocal(d);
    put_half(bytes, 0, d);
    let code = |x: f32| ((number(x) * inverse + 16.5) as u8).min(31);
    pack_high(values, &mut bytes[2..6], code);
    pack(values, &mut bytes[6..], |x| code(x) & 15);
}

pub(super) fn decode_q5_0(bytes: &[u8], values: &mut [f32]) {
    let (d, high) = (half_at(bytes, 0), high_bits(&bytes[2..6]));
    unpack(&bytes[6..], values, |j, q| d * (f32::from(q | high_bit(high, j)) - 16.0));
}

pub(super) fn encode_q5_1(values: &[f32], bytes: &mut [u8]) {
    let (min, d) = min_and_step(values, 31.0);
    let inverse = reciprocal(d);
    put_half(bytes, 0, d);
    put_half(bytes, 2, min);
    let code = |x: f32| (((number(x) - min) * inverse + 0.5) as u8).min(31);
    pack_high(values, &mut bytes[4..8], code);
    pack(values, &mut bytes[8..], |x| code(x) & 15);
}

pub(super) fn decode_q5_1(bytes: &[u8], values: &mut [f32]) {
    let (d, min, high) = (half_at(bytes, 0), half_at(bytes, 2), high_bits(&bytes[4..8]));
    unpack(&bytes[8..], values, |j, q| d * f32::from(q | high_bit(high, j)) + min);
}

pub(super) fn encode_q8_0(values: &[f32], bytes: &mut [u8]) {
    let d = signed_max(values).abs() / 127.0;
    let inverse = reciprocal(d);
    put_half(bytes, 0, d);
    for (q, &x) in bytes[2..].iter_mut().zip(values) {
        // Infinities are held at 127 and -127: the cast saturates, and -128 belongs to no value.
        let rounded = Rounding::Away.apply((number(x) * inverse).clamp(-127.0, 127.0), 0);
        *q = (rounded as i8).cast_unsigned();
    }
}

pub(super) fn decode_q8_0(bytes: &[u8], values: &mut [f32]) {
    let d = half_at(bytes, 0);
    for (x, &q) in values.iter_mut().zip(&bytes[2..]) {
        *x = f32::from(q.cast_signed()) * d;
    }
}

/// The smallest value and the step that takes `n_steps` of them to the largest.
fn min_and_step(values: &[f32], n_steps: f32) -> (f32, f32) {
    let (min, max) = min_max(values).unwrap_or((0.0, 0.0));
    (min, (max - min) / n_steps)
}

/// Two codes below 16 a byte.
fn pack(values: &[f32], nibbles: &mut [u8], code: impl Fn(f32) -> u8) {
    let (low, high) = values.split_at(HALF);
    for ((byte, &a), &b) in nibbles.iter_mut().zip(low).zip(high) {
        *byte = code(a) | code(b) << 4;
    }
}

fn unpack(nibbles: &[u8], values: &mut [f32], real: impl Fn(usize, u8) -> f32) {
    for (j, &byte) in nibbles[..HALF].iter().enumerate() {
        values[j] = real(j, byte & 15);
        values[j + HALF] = real(j + HALF, byte >> 4);
    }
}

/// The fifth bits, element `j` in bit `j` of a little-endian word.
fn pack_high(values: &[f32], bytes: &mut [u8], code: impl Fn(f32) -> u8) {
    let word = values.iter().enumerate().fold(0u32, |word, (j, &x)| word | u32::from(code(x) >> 4) << j);
    bytes.copy_from_slice(&word.to_le_bytes());
}

fn high_bits(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The fifth bit of element `j`, in its place.
fn high_bit(word: u32, j: usize) -> u8 {
    ((word >> j & 1) << 4) as u8
}
