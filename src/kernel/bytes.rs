//! Values to 8-bit codes and back: what a runtime does before and after an integer product.

#[cfg(target_arch = "x86_64")]
mod avx2;

use super::convert::{Affine, CodeRange, real};
use super::isa::Isa;
use super::level::{self, Body, Target};

/// Outputs of at least so many bytes do not stay in any cache, so they are written past it.
#[cfg(target_arch = "x86_64")]
const PAST_CACHE: usize = 48 << 20;

/// `codes[i] = clamp(round_even(src[i] / scale) + zero_point, qmin, qmax)`, the definition of [`super::quantize`] with
/// ties to even; equally long. Panics where the range or the zero point does not fit in 8 bits.
pub fn quantize_i8(src: &[f32], by: Affine, range: CodeRange, codes: &mut [i8]) {
    quantize_i8_on(Isa::chosen(), src, by, range, codes);
}

/// [`quantize_i8`] with the instructions of `isa`; every level gives the same codes.
pub fn quantize_i8_on(isa: Isa, src: &[f32], by: Affine, range: CodeRange, codes: &mut [i8]) {
    assert_eq!(src.len(), codes.len());
    let fits = |q: i32| i8::try_from(q).is_ok();
    assert!(fits(range.qmin) && fits(range.qmax) && fits(by.zero_point), "{range:?} with zero point {}", by.zero_point);
    #[cfg(target_arch = "x86_64")]
    if x86::is_avx512(isa) && x86::is_exact(by.scale) {
        // SAFETY: the token says that this processor has them.
        unsafe { x86::quantize(src, by, range, codes) };
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if x86::is_avx2(isa) && x86::is_exact(by.scale) {
        // SAFETY: as above.
        unsafe { avx2::quantize(src, by, range, codes) };
        return;
    }
    level::on(isa, Quantize { src, by, range, codes });
}

/// `dst[i] = scale * (codes[i] - zero_point)`, held inside the finite f32s; equally long.
pub fn dequantize_i8(codes: &[i8], by: Affine, dst: &mut [f32]) {
    dequantize_i8_on(Isa::chosen(), codes, by, dst);
}

/// [`dequantize_i8`] with the instructions of `isa`; every level gives the same bits.
pub fn dequantize_i8_on(isa: Isa, codes: &[i8], by: Affine, dst: &mut [f32]) {
    assert_eq!(codes.len(), dst.len());
    #[cfg(target_arch = "x86_64")]
    if x86::is_avx512(isa) && by.zero_point.unsigned_abs() < 1 << 21 {
        // SAFETY: the token says that this processor has them.
        unsafe { x86::dequantize(codes, by, dst) };
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if x86::is_avx2(isa) && size_of_val(dst) >= PAST_CACHE && by.zero_point.unsigned_abs() < 1 << 21 && x86::is_finite(by) {
        // SAFETY: as above.
        unsafe { avx2::dequantize_past_cache(codes, by, dst) };
        return;
    }
    level::on(isa, Dequantize { codes, by, dst });
}

struct Quantize<'a> {
    src: &'a [f32],
    by: Affine,
    range: CodeRange,
    codes: &'a mut [i8],
}

impl Body for Quantize<'_> {
    type Out = ();

    #[inline(always)]
    fn run<T: Target>(self) {
        for (&r, q) in self.src.iter().zip(self.codes) {
            *q = super::convert::code_with::<T>(r, self.by, self.range) as i8;
        }
    }
}

struct Dequantize<'a> {
    codes: &'a [i8],
    by: Affine,
    dst: &'a mut [f32],
}

impl Body for Dequantize<'_> {
    type Out = ();

    #[inline(always)]
    fn run<T: Target>(self) {
        for (&q, y) in self.codes.iter().zip(self.dst) {
            *y = real(q.into(), self.by);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::*;
    use crate::kernel::{code_of, isa::Level};

    /// Values that become one register of codes.
    const STEP: usize = 64;

    pub(super) fn is_avx512(isa: Isa) -> bool {
        matches!(isa.level(), Level::Avx512 | Level::Avx512Vnni)
    }

    pub(super) fn is_avx2(isa: Isa) -> bool {
        matches!(isa.level(), Level::Avx2 | Level::AvxVnni)
    }

    /// Whether no code stands for a value beyond the largest f32.
    pub(super) fn is_finite(by: Affine) -> bool {
        real(i32::from(i8::MIN), by).abs().max(real(i32::from(i8::MAX), by).abs()) < f32::MAX
    }

    /// Whether the quotient below is exact: far from the scales whose reciprocal or remainder would be denormal.
    pub(super) fn is_exact(scale: f32) -> bool {
        (1.0e-20..1.0e20).contains(&scale)
    }

    /// A division costs more than all the rest, so the quotient is a product with the reciprocal in two parts: `x y +
    /// x rest`, where `y + rest = 1 / scale` to 48 bits. That may miss the nearest f32, but a code changes only at ties
    /// between two codes, and there it has been compared with the division: for all 2^23 mantissas of a scale, every
    /// tie up to 512 steps and two neighbours on either side of each, the codes never differ.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn quantize(src: &[f32], by: Affine, range: CodeRange, codes: &mut [i8]) {
        match (by.zero_point, range.qmax) {
            (0, 127) => quantize_with::<true>(src, by, range, codes),
            _ => quantize_with::<false>(src, by, range, codes),
        }
    }

    /// `SYMMETRIC`: the zero point is 0 and the last code 127, so nothing is added, and the narrowing saturates above.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn quantize_with<const SYMMETRIC: bool>(src: &[f32], by: Affine, range: CodeRange, codes: &mut [i8]) {
        // Whole cache lines can be written past the cache only where they begin.
        let past_cache = codes.len() >= PAST_CACHE;
        let n_head = if past_cache { codes.as_ptr().align_offset(STEP).min(codes.len()) } else { 0 };
        let (head, src) = src.split_at(n_head);
        let (head_codes, codes) = codes.split_at_mut(n_head);
        one_by_one(head, by, range, head_codes);
        let (blocks, tail) = src.as_chunks::<STEP>();
        let (code_blocks, tail_codes) = codes.as_chunks_mut::<STEP>();
        let scales = Scales::new(by, range);
        for (src, codes) in blocks.iter().zip(code_blocks) {
            let Some(packed) = block::<SYMMETRIC>(src, &scales) else {
                one_by_one(src, by, range, codes);
                continue;
            };
            // SAFETY: 64 bytes are written to a block of 64, which past the cache begins on a line.
            unsafe {
                match past_cache {
                    true => _mm512_stream_si512(codes.as_mut_ptr().cast(), packed),
                    false => _mm512_storeu_si512(codes.as_mut_ptr().cast(), packed),
                }
            }
        }
        if past_cache {
            _mm_sfence();
        }
        one_by_one(tail, by, range, tail_codes);
    }

    /// Kept out of the loops of whole blocks, whose registers it would need.
    #[inline(never)]
    pub(super) fn one_by_one(src: &[f32], by: Affine, range: CodeRange, codes: &mut [i8]) {
        for (&r, q) in src.iter().zip(codes) {
            *q = code_of(r, by, range) as i8;
        }
    }

    struct Scales {
        reciprocal: __m512,
        /// What the reciprocal in f32 lacks.
        rest: __m512,
        zero: __m512i,
        qmin: __m512i,
        qmax: __m512i,
    }

    impl Scales {
        #[inline]
        #[target_feature(enable = "avx512f,avx512bw")]
        fn new(by: Affine, range: CodeRange) -> Self {
            let reciprocal = 1.0 / by.scale;
            Self {
                reciprocal: _mm512_set1_ps(reciprocal),
                rest: _mm512_set1_ps((1.0 / f64::from(by.scale) - f64::from(reciprocal)) as f32),
                zero: _mm512_set1_epi16(by.zero_point as i16),
                qmin: _mm512_set1_epi8(range.qmin as i8),
                qmax: _mm512_set1_epi8(range.qmax as i8),
            }
        }
    }

    /// The codes of 64 values; `None` where one of them is not a number or more than 32767 steps away, which the
    /// conversions below would not tell apart.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn block<const SYMMETRIC: bool>(src: &[f32; STEP], scales: &Scales) -> Option<__m512i> {
        let whole = |part: usize| {
            // SAFETY: 16 values from a multiple of 16 below 64 on.
            let x = unsafe { _mm512_loadu_ps(src.as_ptr().add(part * 16)) };
            let steps = _mm512_fmadd_ps(x, scales.reciprocal, _mm512_mul_ps(x, scales.rest));
            _mm512_cvt_roundps_epi32::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(steps)
        };
        // The narrowing saturates, lane by lane of 128 bits; what overflowed or is not a number has become i32::MIN.
        let near = _mm512_packs_epi32(whole(0), whole(1));
        let far = _mm512_packs_epi32(whole(2), whole(3));
        let lowest = _mm512_min_epi16(near, far);
        if _mm512_cmpeq_epi16_mask(lowest, _mm512_set1_epi16(i16::MIN)) != 0 {
            return None;
        }
        let shift = |codes: __m512i| if SYMMETRIC { codes } else { _mm512_adds_epi16(codes, scales.zero) };
        let bytes = _mm512_max_epi8(_mm512_packs_epi16(shift(near), shift(far)), scales.qmin);
        let held = if SYMMETRIC { bytes } else { _mm512_min_epi8(bytes, scales.qmax) };
        let in_order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        Some(_mm512_permutexvar_epi32(in_order, held))
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn dequantize(codes: &[i8], by: Affine, dst: &mut [f32]) {
        match is_finite(by) {
            true => dequantize_with::<false>(codes, by, dst),
            false => dequantize_with::<true>(codes, by, dst),
        }
    }

    /// `HELD`: a value may lie beyond the largest f32.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn dequantize_with<const HELD: bool>(codes: &[i8], by: Affine, dst: &mut [f32]) {
        const LANES: usize = 16;
        let past_cache = size_of_val(dst) >= PAST_CACHE;
        let n_head = if past_cache { dst.as_ptr().align_offset(64).min(dst.len()) } else { 0 };
        let (head, codes) = codes.split_at(n_head);
        let (head_dst, dst) = dst.split_at_mut(n_head);
        let one_by_one = |codes: &[i8], dst: &mut [f32]| codes.iter().zip(dst).for_each(|(&q, y)| *y = real(q.into(), by));
        one_by_one(head, head_dst);
        let (blocks, tail) = codes.as_chunks::<LANES>();
        let (dst_blocks, tail_dst) = dst.as_chunks_mut::<LANES>();
        let (scale, zero) = (_mm512_set1_ps(by.scale), _mm512_set1_epi32(by.zero_point));
        let (lowest, highest) = (_mm512_set1_ps(f32::MIN), _mm512_set1_ps(f32::MAX));
        for (codes, dst) in blocks.iter().zip(dst_blocks) {
            // SAFETY: 16 bytes are read from a block of 16.
            let codes = unsafe { _mm512_cvtepi8_epi32(_mm_loadu_si128(codes.as_ptr().cast())) };
            let reals = _mm512_mul_ps(scale, _mm512_cvtepi32_ps(_mm512_sub_epi32(codes, zero)));
            let held = if HELD { _mm512_min_ps(_mm512_max_ps(reals, lowest), highest) } else { reals };
            // SAFETY: 16 values are written to a block of 16, which past the cache begins on a line.
            unsafe {
                match past_cache {
                    true => _mm512_stream_ps(dst.as_mut_ptr(), held),
                    false => _mm512_storeu_ps(dst.as_mut_ptr(), held),
                }
            }
        }
        if past_cache {
            _mm_sfence();
        }
        one_by_one(tail, tail_dst);
    }
}
