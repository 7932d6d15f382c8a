//! Values to 8-bit codes and back on 256 bits.

use std::arch::x86_64::*;

use super::{Affine, CodeRange, PAST_CACHE, real, x86::one_by_one};

/// Values that become two registers of codes.
const STEP: usize = 64;

/// As the one of AVX-512, by the same arithmetic: the quotient is a product with the reciprocal in two parts.
#[target_feature(enable = "avx2,fma")]
pub(super) fn quantize(src: &[f32], by: Affine, range: CodeRange, codes: &mut [i8]) {
    match (by.zero_point, range.qmax) {
        (0, 127) => quantize_with::<true>(src, by, range, codes),
        _ => quantize_with::<false>(src, by, range, codes),
    }
}

/// `SYMMETRIC`: the zero point is 0 and the last code 127, so nothing is added, and the narrowing saturates above.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn quantize_with<const SYMMETRIC: bool>(src: &[f32], by: Affine, range: CodeRange, codes: &mut [i8]) {
    // Whole registers can be written past the cache only where they are aligned.
    let past_cache = codes.len() >= PAST_CACHE;
    let n_head = if past_cache { codes.as_ptr().align_offset(STEP).min(codes.len()) } else { 0 };
    let (head, src) = src.split_at(n_head);
    let (head_codes, codes) = codes.split_at_mut(n_head);
    one_by_one(head, by, range, head_codes);
    let (blocks, tail) = src.as_chunks::<STEP>();
    let (code_blocks, tail_codes) = codes.as_chunks_mut::<STEP>();
    let scales = Scales::new(by, range);
    for (src, codes) in blocks.iter().zip(code_blocks) {
        let Some([first, second]) = block::<SYMMETRIC>(src, &scales) else {
            one_by_one(src, by, range, codes);
            continue;
        };
        let to: *mut __m256i = codes.as_mut_ptr().cast();
        // SAFETY: 64 bytes are written to a block of 64, which past the cache begins on a line.
        unsafe {
            if past_cache {
                _mm256_stream_si256(to, first);
                _mm256_stream_si256(to.add(1), second);
            } else {
                _mm256_storeu_si256(to, first);
                _mm256_storeu_si256(to.add(1), second);
            }
        }
    }
    if past_cache {
        _mm_sfence();
    }
    one_by_one(tail, by, range, tail_codes);
}

struct Scales {
    reciprocal: __m256,
    /// What the reciprocal in f32 lacks.
    rest: __m256,
    zero: __m256i,
    qmin: __m256i,
    qmax: __m256i,
}

impl Scales {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(by: Affine, range: CodeRange) -> Self {
        let reciprocal = 1.0 / by.scale;
        Self {
            reciprocal: _mm256_set1_ps(reciprocal),
            rest: _mm256_set1_ps((1.0 / f64::from(by.scale) - f64::from(reciprocal)) as f32),
            zero: _mm256_set1_epi16(by.zero_point as i16),
            qmin: _mm256_set1_epi8(range.qmin as i8),
            qmax: _mm256_set1_epi8(range.qmax as i8),
        }
    }
}

/// The codes of 64 values; `None` where one of them is not a number or more than 32767 steps away, which the conversions
/// below would not tell apart.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn block<const SYMMETRIC: bool>(src: &[f32; STEP], scales: &Scales) -> Option<[__m256i; 2]> {
    let whole = |part: usize| {
        // SAFETY: 8 values from a multiple of 8 below 64 on.
        let x = unsafe { _mm256_loadu_ps(src.as_ptr().add(part * 8)) };
        // Rounded to nearest even, as all of Rust's arithmetic.
        _mm256_cvtps_epi32(_mm256_fmadd_ps(x, scales.reciprocal, _mm256_mul_ps(x, scales.rest)))
    };
    // The narrowing saturates, lane by lane of 128 bits; what overflowed or is not a number has become i32::MIN.
    let first = _mm256_packs_epi32(whole(0), whole(1));
    let second = _mm256_packs_epi32(whole(2), whole(3));
    let third = _mm256_packs_epi32(whole(4), whole(5));
    let fourth = _mm256_packs_epi32(whole(6), whole(7));
    let lowest = _mm256_min_epi16(_mm256_min_epi16(first, second), _mm256_min_epi16(third, fourth));
    if _mm256_movemask_epi8(_mm256_cmpeq_epi16(lowest, _mm256_set1_epi16(i16::MIN))) != 0 {
        return None;
    }
    let shift = |codes: __m256i| if SYMMETRIC { codes } else { _mm256_adds_epi16(codes, scales.zero) };
    let held = |near: __m256i, far: __m256i| {
        let bytes = _mm256_max_epi8(_mm256_packs_epi16(shift(near), shift(far)), scales.qmin);
        let held = if SYMMETRIC { bytes } else { _mm256_min_epi8(bytes, scales.qmax) };
        _mm256_permutevar8x32_epi32(held, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
    };
    Some([held(first, second), held(third, fourth)])
}

/// For an output that no cache holds, written past it. No value may lie beyond the largest f32.
#[target_feature(enable = "avx2")]
pub(super) fn dequantize_past_cache(codes: &[i8], by: Affine, dst: &mut [f32]) {
    const LANES: usize = 8;
    let n_head = dst.as_ptr().align_offset(4 * LANES).min(dst.len());
    let (head, codes) = codes.split_at(n_head);
    let (head_dst, dst) = dst.split_at_mut(n_head);
    let one_by_one = |codes: &[i8], dst: &mut [f32]| codes.iter().zip(dst).for_each(|(&q, y)| *y = real(q.into(), by));
    one_by_one(head, head_dst);
    let (blocks, tail) = codes.as_chunks::<LANES>();
    let (dst_blocks, tail_dst) = dst.as_chunks_mut::<LANES>();
    let (scale, zero) = (_mm256_set1_ps(by.scale), _mm256_set1_epi32(by.zero_point));
    for (codes, dst) in blocks.iter().zip(dst_blocks) {
        // SAFETY: 8 bytes are read from a block of 8.
        let codes = unsafe { _mm256_cvtepi8_epi32(_mm_loadl_epi64(codes.as_ptr().cast())) };
        let reals = _mm256_mul_ps(scale, _mm256_cvtepi32_ps(_mm256_sub_epi32(codes, zero)));
        // SAFETY: 8 values are written to a block of 8, which is aligned.
        unsafe { _mm256_stream_ps(dst.as_mut_ptr(), reals) };
    }
    _mm_sfence();
    one_by_one(tail, tail_dst);
}
