//! Rows on AVX2 and AVX-512.

use std::arch::x86_64::*;

use super::q4::{GROUP, Q4_BLOCK_BYTES, RowsQ4, VecQ8, dot_from};
use crate::kernel::{Isa, Level};

/// Bytes of a group of blocks.
const GROUP_BYTES: usize = GROUP * Q4_BLOCK_BYTES;

/// How far in front of the reading weights are fetched, in bytes: further than a row is long, because the next row of a
/// stream follows it.
const AHEAD: usize = 512;

/// `Σ_k w_k x_k` of four rows, wrapping; `None` where the level has no kernel here. All slices are equally long.
pub(super) fn dots_i8(isa: Isa, rows: [&[i8]; 4], x: &[u8]) -> Option<[i32; 4]> {
    assert!(rows.iter().all(|row| row.len() == x.len()));
    match isa.level() {
        // SAFETY: the token says that this processor has them; the rows are as long as the vector.
        Level::Avx512Vnni => Some(unsafe { vnni(rows.map(<[i8]>::as_ptr), x) }),
        // SAFETY: as above.
        Level::Avx2 | Level::AvxVnni | Level::Avx512 => Some(unsafe { widened(rows.map(<[i8]>::as_ptr), x) }),
        _ => None,
    }
}

/// # Safety
/// Each row has as many values as `x`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn vnni(rows: [*const i8; 4], x: &[u8]) -> [i32; 4] {
    const STEP: usize = 64;
    let n = x.len();
    let mut sums = [_mm512_setzero_si512(); 4];
    for at in (0..n).step_by(STEP) {
        let mask = if n - at >= STEP { u64::MAX } else { (1 << (n - at)) - 1 };
        // SAFETY: the mask keeps the reads inside the slices.
        unsafe {
            let codes = _mm512_maskz_loadu_epi8(mask, x.as_ptr().add(at).cast());
            for (sum, row) in sums.iter_mut().zip(rows) {
                _mm_prefetch::<_MM_HINT_T0>(row.wrapping_add(at + AHEAD));
                *sum = _mm512_dpbusd_epi32(*sum, codes, _mm512_maskz_loadu_epi8(mask, row.add(at)));
            }
        }
    }
    sums.map(|sum| _mm512_reduce_add_epi32(sum))
}

/// Both sides widened to 16 bits, so that no sum saturates.
///
/// # Safety
/// Each row has as many values as `x`.
#[target_feature(enable = "avx2")]
unsafe fn widened(rows: [*const i8; 4], x: &[u8]) -> [i32; 4] {
    const STEP: usize = 16;
    let n_blocked = x.len() / STEP * STEP;
    let mut sums = [_mm256_setzero_si256(); 4];
    for at in (0..n_blocked).step_by(STEP) {
        // SAFETY: 16 bytes from `at` on lie inside.
        unsafe {
            let codes = _mm256_cvtepu8_epi16(_mm_loadu_si128(x.as_ptr().add(at).cast()));
            for (sum, row) in sums.iter_mut().zip(rows) {
                let w = _mm256_cvtepi8_epi16(_mm_loadu_si128(row.add(at).cast()));
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(codes, w));
            }
        }
    }
    let mut dots = [0i32; 4];
    for ((dot, sum), row) in dots.iter_mut().zip(sums).zip(rows) {
        let mut lanes = [0i32; 8];
        // SAFETY: 32 bytes are written to as many.
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), sum) };
        *dot = lanes.into_iter().fold(0, i32::wrapping_add);
        for (at, &q) in x.iter().enumerate().skip(n_blocked) {
            // SAFETY: inside the row.
            *dot = dot.wrapping_add(i32::from(unsafe { *row.add(at) }) * i32::from(q));
        }
    }
    dots
}

/// Fills `y` with the products of the rows from `first` on; false where the level has no kernel here.
pub(super) fn dots_q4(isa: Isa, w: &RowsQ4, first: usize, x: &VecQ8, y: &mut [f32]) -> bool {
    match isa.level() {
        Level::Avx512Vnni if is_x86_feature_detected!("avx512vbmi") => {
            // SAFETY: the token and the question above say that this processor has them.
            super::by_streams(y, |rows| unsafe { q4_vbmi(rows.map(|row| w.row(first + row)), x) });
        }
        Level::Avx2 | Level::AvxVnni | Level::Avx512 | Level::Avx512Vnni => {
            // SAFETY: the token says that this processor has them; those with AVX2 have F16C.
            super::by_streams(y, |rows| unsafe { q4_avx2(rows.map(|row| w.row(first + row)), x) });
        }
        _ => return false,
    }
    true
}

/// Four blocks at once: their 64 bytes of codes in one register, low halves first, and the dot-product instruction.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,f16c")]
fn q4_vbmi(rows: [&[u8]; 4], x: &VecQ8) -> [f32; 4] {
    let n_groups = rows[0].len() / GROUP_BYTES;
    // Byte `at` of a group is byte `at` of the first load, or `at - 8` of the second, whose indices begin at 64.
    let place = |i: usize| {
        let at = i / 16 * Q4_BLOCK_BYTES + 2 + i % 16;
        (if at < 64 { at } else { at - 8 + 64 }) as i8
    };
    let places: [i8; 64] = std::array::from_fn(place);
    let of_scales: [i16; 16] = std::array::from_fn(|i| (i / 4 * (Q4_BLOCK_BYTES / 2)) as i16);
    // SAFETY: as long as the registers.
    let (places, of_scales) = unsafe {
        (_mm512_loadu_si512(places.as_ptr().cast()), _mm512_castsi256_si512(_mm256_loadu_si256(of_scales.as_ptr().cast())))
    };
    let low_half = _mm512_set1_epi8(15);
    let mut sums = [_mm512_setzero_ps(); 4];
    for group in 0..n_groups {
        let (codes, scales, offsets) = (&x.codes[group], &x.scales[group], &x.offsets[group]);
        // SAFETY: 128, 64 and 64 bytes of as many.
        let (first, second, scales, offsets) = unsafe {
            (
                _mm512_loadu_si512(codes.as_ptr().cast()),
                _mm512_loadu_si512(codes.as_ptr().add(64).cast()),
                _mm512_loadu_ps(scales.as_ptr()),
                _mm512_loadu_si512(offsets.as_ptr().cast()),
            )
        };
        for (sum, row) in sums.iter_mut().zip(rows) {
            let blocks = &row[group * GROUP_BYTES..][..GROUP_BYTES];
            _mm_prefetch::<_MM_HINT_T0>(blocks.as_ptr().wrapping_add(AHEAD).cast());
            // SAFETY: bytes 0 to 63 and 8 to 71 of 72.
            let (begin, end) =
                unsafe { (_mm512_loadu_si512(blocks.as_ptr().cast()), _mm512_loadu_si512(blocks.as_ptr().add(8).cast())) };
            let pairs = _mm512_permutex2var_epi8(begin, places, end);
            let low = _mm512_and_si512(pairs, low_half);
            let high = _mm512_and_si512(_mm512_srli_epi16::<4>(pairs), low_half);
            let dots = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(offsets, low, first), high, second);
            let halves = _mm512_castsi512_si256(_mm512_permutexvar_epi16(of_scales, begin));
            let both = _mm512_mul_ps(_mm512_cvtph_ps(halves), scales);
            *sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), both, *sum);
        }
    }
    let mut dots = [0f32; 4];
    for ((dot, sum), row) in dots.iter_mut().zip(sums).zip(rows) {
        *dot = _mm512_reduce_add_ps(sum) + dot_from(row, x, n_groups * GROUP);
    }
    dots
}

/// Two blocks at once, one in each half of a register; a product of a 4-bit and an 8-bit code is far from saturating the
/// 16-bit sums of `vpmaddubsw`, and so are two of them.
#[target_feature(enable = "avx2,fma,f16c")]
fn q4_avx2(rows: [&[u8]; 4], x: &VecQ8) -> [f32; 4] {
    const PAIR_BYTES: usize = 2 * Q4_BLOCK_BYTES;
    let n_groups = rows[0].len() / GROUP_BYTES;
    assert!(rows.iter().all(|row| row.len() == rows[0].len()) && x.codes.len() >= n_groups);
    let (low_half, ones) = (_mm256_set1_epi8(15), _mm256_set1_epi16(1));
    // The scales stand at byte 0 of the first half of a pair's first 32 bytes, and at byte 2 of the second.
    let of_scales = _mm256_set_m128i(_mm_set1_epi16(0x0302), _mm_set1_epi16(0x0100));
    let mut sums = [_mm256_setzero_ps(); 4];
    for group in 0..n_groups {
        for row in rows {
            _mm_prefetch::<_MM_HINT_T0>(row.as_ptr().wrapping_add(group * GROUP_BYTES + AHEAD).cast());
        }
        for pair in 0..GROUP / 2 {
            let codes = &x.codes[group];
            // SAFETY: 32 bytes of each half of 128, and half of 64 bytes of scales and of offsets.
            let (first, second, scales, offsets) = unsafe {
                (
                    _mm256_loadu_si256(codes.as_ptr().add(32 * pair).cast()),
                    _mm256_loadu_si256(codes.as_ptr().add(64 + 32 * pair).cast()),
                    _mm256_loadu_ps(x.scales[group].as_ptr().add(8 * pair)),
                    _mm256_loadu_si256(x.offsets[group].as_ptr().add(8 * pair).cast()),
                )
            };
            for (sum, row) in sums.iter_mut().zip(rows) {
                // SAFETY: bytes 0 to 31, 2 to 17 and 20 to 35 of the 36 of a pair, all of whose groups lie in the row.
                let (begin, pairs) = unsafe {
                    let at = row.as_ptr().add(group * GROUP_BYTES + pair * PAIR_BYTES);
                    let codes = _mm256_castsi128_si256(_mm_loadu_si128(at.add(2).cast()));
                    let codes = _mm256_inserti128_si256::<1>(codes, _mm_loadu_si128(at.add(2 + Q4_BLOCK_BYTES).cast()));
                    (_mm256_loadu_si256(at.cast()), codes)
                };
                let low = _mm256_and_si256(pairs, low_half);
                let high = _mm256_and_si256(_mm256_srli_epi16::<4>(pairs), low_half);
                let of_pairs = _mm256_add_epi16(_mm256_maddubs_epi16(low, first), _mm256_maddubs_epi16(high, second));
                let dots = _mm256_add_epi32(offsets, _mm256_madd_epi16(of_pairs, ones));
                // Quarters 0 and 2: each scale four times.
                let halves = _mm256_permute4x64_epi64::<0b1000>(_mm256_shuffle_epi8(begin, of_scales));
                let both = _mm256_mul_ps(_mm256_cvtph_ps(_mm256_castsi256_si128(halves)), scales);
                *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots), both, *sum);
            }
        }
    }
    let mut dots = [0f32; 4];
    for (i, row) in rows.into_iter().enumerate() {
        let mut lanes = [0f32; 8];
        // SAFETY: 32 bytes are written to as many.
        unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), sums[i]) };
        dots[i] = lanes.iter().sum::<f32>() + dot_from(row, x, n_groups * GROUP);
    }
    dots
}
