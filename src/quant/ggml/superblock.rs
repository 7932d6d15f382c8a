//! Blocks of 256 whose scales (and minima) are quantized themselves: the K-quants.
//!
//! Codes of two bits lie four to a byte: byte `j` of a group of 32 holds elements `j`, `j + 32`, `j + 64`, `j + 96`.

use super::half_at;

/// Elements that share a scale in Q2_K, Q3_K and Q6_K; 32 in Q4_K and Q5_K.
const SUB: usize = 16;

/// `16 scale and minimum bytes, 64 bytes of codes, d, dmin`: `d (s & 15) q - dmin (s >> 4)`.
pub(super) fn decode_q2_k(bytes: &[u8], values: &mut [f32]) {
    let (scales, rest) = bytes.split_at(16);
    let (crumbs, rest) = rest.split_at(64);
    let (d, dmin) = (half_at(rest, 0), half_at(rest, 2));
    for (i, x) in values.iter_mut().enumerate() {
        let s = scales[i / SUB];
        *x = d * f32::from(s & 15) * f32::from(crumb(crumbs, i)) - dmin * f32::from(s >> 4);
    }
}

/// `32 bytes of high bits, 64 bytes of codes, 12 bytes of scales, d`: `d (s - 32) (q - 4 if the high bit is 0)`.
pub(super) fn decode_q3_k(bytes: &[u8], values: &mut [f32]) {
    let (high, rest) = bytes.split_at(32);
    let (crumbs, rest) = rest.split_at(64);
    let (scales, rest) = rest.split_at(12);
    let d = half_at(rest, 0);
    for (i, x) in values.iter_mut().enumerate() {
        let sub = i / SUB;
        let low = scales[sub % 8] >> (4 * (sub / 8)) & 15;
        let scale = low | (scales[8 + sub % 4] >> (2 * (sub / 4)) & 3) << 4;
        let missing = if high[i % 32] >> (i / 32) & 1 == 1 { 0.0 } else { 4.0 };
        *x = d * (f32::from(scale) - 32.0) * (f32::from(crumb(crumbs, i)) - missing);
    }
}

/// `d, dmin, 12 bytes of scales and minima, 128 bytes of nibbles`: `d s q - dmin m`.
pub(super) fn decode_q4_k(bytes: &[u8], values: &mut [f32]) {
    let (scales, nibbles) = bytes[4..].split_at(12);
    let (d, dmin) = (half_at(bytes, 0), half_at(bytes, 2));
    for (i, x) in values.iter_mut().enumerate() {
        let (s, m) = scale_and_min(scales, i / 32);
        *x = d * s * f32::from(nibble(nibbles, i)) - dmin * m;
    }
}

/// As Q4_K, with 32 bytes of high bits before the nibbles.
pub(super) fn decode_q5_k(bytes: &[u8], values: &mut [f32]) {
    let (scales, rest) = bytes[4..].split_at(12);
    let (high, nibbles) = rest.split_at(32);
    let (d, dmin) = (half_at(bytes, 0), half_at(bytes, 2));
    for (i, x) in values.iter_mut().enumerate() {
        let (s, m) = scale_and_min(scales, i / 32);
        let q = nibble(nibbles, i) | (high[i % 32] >> (i / 32) & 1) << 4;
        *x = d * s * f32::from(q) - dmin * m;
    }
}

/// `128 bytes of nibbles, 64 bytes of high bits, 16 int8 scales, d`: `d s (q - 32)`.
pub(super) fn decode_q6_k(bytes: &[u8], values: &mut [f32]) {
    let (nibbles, rest) = bytes.split_at(128);
    let (crumbs, rest) = rest.split_at(64);
    let (scales, rest) = rest.split_at(16);
    let d = half_at(rest, 0);
    for (i, x) in values.iter_mut().enumerate() {
        let low = nibbles[i / 128 * 64 + i % 64] >> (4 * (i / 64 % 2)) & 15;
        let q = low | crumb(crumbs, i) << 4;
        *x = d * f32::from(scales[i / SUB].cast_signed()) * (f32::from(q) - 32.0);
    }
}

/// Two bits: bytes in groups of 32, four elements each.
pub(super) fn crumb(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 128 * 32 + i % 32] >> (2 * (i / 32 % 4)) & 3
}

/// Four bits: bytes in groups of 32, two elements each.
fn nibble(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 64 * 32 + i % 32] >> (4 * (i / 32 % 2)) & 15
}

/// Eight scales and eight minima of six bits in twelve bytes: the first four of each lie whole in bytes 0..4 and 4..8,
/// whose top bits are those of the last four; their low nibbles share bytes 8..12.
fn scale_and_min(bytes: &[u8], sub: usize) -> (f32, f32) {
    let j = sub % 4;
    let (scale, min) = if sub < 4 {
        (bytes[j] & 63, bytes[4 + j] & 63)
    } else {
        (bytes[8 + j] & 15 | bytes[j] >> 2 & 48, bytes[8 + j] >> 4 | bytes[4 + j] >> 2 & 48)
    };
    (f32::from(scale), f32::from(min))
}
