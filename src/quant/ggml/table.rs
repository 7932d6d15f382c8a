//! Blocks whose nibbles are indices into a table: IQ4_NL, IQ4_XS, and the two that hold E2M1.

use super::{half_at, number, put_half, reciprocal, signed_max};

/// The sixteen levels of IQ4_NL and IQ4_XS.
pub const IQ4_NL_LEVELS: [i8; 16] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/// The magnitudes of E2M1, doubled so that they are whole; a scale beside them is halved.
const DOUBLED_E2M1: [f32; 8] = [0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0];

/// The plain encoder: the value of largest magnitude gets level -127, the others the nearest. (llama.cpp then tries
/// scales around this one; its result is a little better.)
pub(super) fn encode_iq4_nl(values: &[f32], bytes: &mut [u8]) {
    let d = signed_max(values) / f32::from(IQ4_NL_LEVELS[0]);
    let inverse = reciprocal(d);
    put_half(bytes, 0, d);
    let code = |x: f32| nearest_iq4_nl(number(x) * inverse);
    for (j, byte) in bytes[2..].iter_mut().enumerate() {
        *byte = code(values[j]) | code(values[j + 16]) << 4;
    }
}

/// The level nearest to `x`, the lower of two.
fn nearest_iq4_nl(x: f32) -> u8 {
    // Twice the midpoints are whole numbers, so no threshold is rounded.
    IQ4_NL_LEVELS.windows(2).filter(|pair| 2.0 * x > f32::from(pair[0]) + f32::from(pair[1])).count() as u8
}

pub(super) fn decode_iq4_nl(bytes: &[u8], values: &mut [f32]) {
    let d = half_at(bytes, 0);
    look_up(&bytes[2..], values, d);
}

/// `d, 16 bits of high scale bits, 4 bytes of low scale nibbles, 128 bytes of nibbles`: `d (s - 32) level`.
pub(super) fn decode_iq4_xs(bytes: &[u8], values: &mut [f32]) {
    let d = half_at(bytes, 0);
    let high = u16::from_le_bytes([bytes[2], bytes[3]]);
    for (sub, (nibbles, values)) in bytes[8..].chunks(16).zip(values.chunks_mut(32)).enumerate() {
        let low = bytes[4 + sub / 2] >> (4 * (sub % 2)) & 15;
        let scale = u16::from(low) | (high >> (2 * sub) & 3) << 4;
        look_up(nibbles, values, d * (f32::from(scale) - 32.0));
    }
}

fn look_up(nibbles: &[u8], values: &mut [f32], d: f32) {
    let level = |q: u8| d * f32::from(IQ4_NL_LEVELS[usize::from(q)]);
    for (j, &byte) in nibbles.iter().enumerate() {
        values[j] = level(byte & 15);
        values[j + 16] = level(byte >> 4);
    }
}

/// `E8M0 scale, nibbles`. The exponent is that of the largest magnitude less 2; of two levels equally far the smaller
/// magnitude is taken (the OCP rule is ties to even), and no value gets the code of minus 0.
pub(super) fn encode_mxfp4(values: &[f32], bytes: &mut [u8]) {
    let max = signed_max(values).abs();
    bytes[0] = e8m0_of(max);
    let d = half_e8m0(bytes[0]);
    let code = |x: f32| e2m1_code(number(x).clamp(-max, max), d);
    for (j, byte) in bytes[1..].iter_mut().enumerate() {
        *byte = code(values[j]) | code(values[j + 16]) << 4;
    }
}

/// The code of `2^(floor(log2(max)) - 2)`; 0 for 0.
fn e8m0_of(max: f32) -> u8 {
    if max == 0.0 {
        return 0;
    }
    // The logarithm in single precision, as the reference takes it: a hair below a power of two counts as that power.
    let exponent = (libm::log2(f64::from(max)) as f32).floor() as i32;
    (exponent - 2 + 127).clamp(0, 254) as u8
}

fn e2m1_code(x: f32, d: f32) -> u8 {
    let (mut best, mut least) = (0, f32::INFINITY);
    for (q, level) in DOUBLED_E2M1.into_iter().enumerate() {
        let error = (d * level - x.abs()).abs();
        if error < least {
            (best, least) = (q as u8, error);
        }
    }
    if x < 0.0 && best > 0 { best | 8 } else { best }
}

pub(super) fn decode_mxfp4(bytes: &[u8], values: &mut [f32]) {
    let d = half_e8m0(bytes[0]);
    for (j, &byte) in bytes[1..].iter().enumerate() {
        values[j] = d * doubled_e2m1(byte & 15);
        values[j + 16] = d * doubled_e2m1(byte >> 4);
    }
}

/// `four unsigned E4M3 scales, then 8 bytes of nibbles for each`.
pub(super) fn decode_nvfp4(bytes: &[u8], values: &mut [f32]) {
    let (scales, nibbles) = bytes.split_at(4);
    for ((&scale, nibbles), values) in scales.iter().zip(nibbles.chunks(8)).zip(values.chunks_mut(16)) {
        let d = half_e4m3(scale);
        for (j, &byte) in nibbles.iter().enumerate() {
            values[j] = d * doubled_e2m1(byte & 15);
            values[j + 8] = d * doubled_e2m1(byte >> 4);
        }
    }
}

/// Minus 0 is 0, as in the reference's table of integers.
fn doubled_e2m1(code: u8) -> f32 {
    let magnitude = DOUBLED_E2M1[usize::from(code & 7)];
    if code > 8 { -magnitude } else { magnitude }
}

/// Half of an E8M0 scale, `2^(code - 128)`, the two smallest of them below the normal numbers. (255 would be a NaN; it
/// is read as one more power of two, as the reference does.)
fn half_e8m0(code: u8) -> f32 {
    f32::from_bits(if code < 2 { 0x0020_0000 << code } else { u32::from(code - 1) << 23 })
}

/// Half of an unsigned E4M3 scale; its NaN code is read as 0, as the reference does.
fn half_e4m3(code: u8) -> f32 {
    let (exponent, mantissa) = (i32::from(code >> 3 & 15), f32::from(code & 7));
    match code {
        0x7f => 0.0,
        _ if exponent == 0 => mantissa * 2f32.powi(-10),
        _ => (1.0 + mantissa / 8.0) * 2f32.powi(exponent - 8),
    }
}
