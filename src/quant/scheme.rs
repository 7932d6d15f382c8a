//! From a real range to scale and zero point.

use half::f16;

use crate::kernel::{Affine, CodeRange};

/// Which codes are used and where real 0 stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Codes `-qmax..=qmax`, zero point 0, `scale = absmax / qmax` (TensorRT, TFLite weights).
    Symmetric,
    /// One code more at the low end, `-qmax-1..=qmax`, zero point 0, `scale = 2 absmax / (qmax - qmin)` (ONNX Runtime,
    /// torchao). The largest positive value lies half a step beyond the last code.
    SymmetricFull,
    /// All codes over a range that is widened to hold 0; real 0 has a code of its own, the zero point.
    Affine,
}

impl Scheme {
    /// The codes of `bits`-bit integers, 2 to 16; always signed.
    pub fn range(self, bits: u32) -> CodeRange {
        assert!((2..=16).contains(&bits), "{bits} bits");
        let half = 1 << (bits - 1);
        CodeRange { qmin: if self == Self::Symmetric { 1 - half } else { -half }, qmax: half - 1 }
    }
}

/// How a scale is stored. The rounded scale is the one that is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleFormat {
    F16,
    F32,
}

impl ScaleFormat {
    /// Bits that one scale takes.
    pub fn bits(self) -> u32 {
        match self {
            Self::F16 => 16,
            Self::F32 => 32,
        }
    }

    /// The nearest scale that the format holds. A scale below its smallest positive number becomes that number (2^-24
    /// in FP16, 2^-126 in FP32: a grid that is too coarse, but never a division by 0), one above its largest becomes
    /// the largest (65504 in FP16: values are clipped).
    pub fn store(self, scale: f64) -> f32 {
        match self {
            Self::F16 => {
                let smallest = f16::from_bits(1).to_f32();
                f16::from_f64(scale).to_f32().clamp(smallest, f16::MAX.to_f32())
            }
            Self::F32 => (scale as f32).clamp(f32::MIN_POSITIVE, f32::MAX),
        }
    }
}

/// Scale and zero point for the real range `lo..=hi`, which is first widened to hold 0. A range of nothing but 0 gets
/// scale 1. The zero point is a code, so real 0 is exact: `round(qmin - lo / scale)` with the stored scale in FP16, which
/// may be whole codes off at the far end, and with the scale before it was rounded in FP32, so that ties fall as they
/// do on paper (-1..=1 in 8 bits: round(-128 + 127.5) = 0).
///
/// Formulas: Jacob et al. 2018, section 2; gemmlowp's quantization document.
pub fn affine_of(lo: f64, hi: f64, scheme: Scheme, range: CodeRange, format: ScaleFormat) -> Affine {
    let (lo, hi) = (lo.min(0.0), hi.max(0.0));
    let (qmin, qmax) = (f64::from(range.qmin), f64::from(range.qmax));
    let store = |scale: f64| if scale > 0.0 { format.store(scale) } else { 1.0 };
    match scheme {
        Scheme::Symmetric => Affine { scale: store(hi.max(-lo) / qmax), zero_point: 0 },
        Scheme::SymmetricFull => Affine { scale: store(2.0 * hi.max(-lo) / (qmax - qmin)), zero_point: 0 },
        Scheme::Affine => {
            let exact = (hi - lo) / (qmax - qmin);
            let scale = store(exact);
            let steps_to_lo = match format {
                ScaleFormat::F32 if exact > 0.0 => lo * (qmax - qmin) / (hi - lo),
                _ => lo / f64::from(scale),
            };
            let zero_point = (qmin - steps_to_lo).round_ties_even().clamp(qmin, qmax);
            Affine { scale, zero_point: zero_point as i32 }
        }
    }
}

/// The real range that the codes cover: `scale (qmin - zero_point)` to `scale (qmax - zero_point)`.
pub fn covered(by: Affine, range: CodeRange) -> (f64, f64) {
    let real = |q: i32| f64::from(by.scale) * f64::from(q - by.zero_point);
    (real(range.qmin), real(range.qmax))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_use_the_codes_they_say() {
        let range = |scheme: Scheme, bits| (scheme.range(bits).qmin, scheme.range(bits).qmax);
        assert_eq!(range(Scheme::Symmetric, 8), (-127, 127));
        assert_eq!(range(Scheme::SymmetricFull, 8), (-128, 127));
        assert_eq!(range(Scheme::Affine, 2), (-2, 1));
        assert_eq!(range(Scheme::Affine, 16), (-32768, 32767));
    }

    #[test]
    fn the_scale_is_one_that_its_format_holds() {
        assert_eq!(ScaleFormat::F16.store(0.1), 0.099_975_586);
        assert_eq!(ScaleFormat::F16.store(1.0e-12), 2f32.powi(-24));
        assert_eq!(ScaleFormat::F16.store(1.0e9), 65504.0);
        assert_eq!(ScaleFormat::F32.store(1.0e-60), f32::MIN_POSITIVE);
        assert_eq!(ScaleFormat::F32.store(1.0e60), f32::MAX);
    }

    #[test]
    fn a_range_of_zero_has_scale_one() {
        for scheme in [Scheme::Symmetric, Scheme::SymmetricFull, Scheme::Affine] {
            for format in [ScaleFormat::F16, ScaleFormat::F32] {
                assert_eq!(affine_of(0.0, 0.0, scheme, scheme.range(8), format).scale, 1.0);
            }
        }
    }

    #[test]
    fn a_tie_of_the_zero_point_falls_as_on_paper() {
        assert_eq!(affine_of(-1.0, 1.0, Scheme::Affine, Scheme::Affine.range(8), ScaleFormat::F32).zero_point, 0);
    }

    #[test]
    fn a_positive_range_is_widened_to_zero() {
        let range = Scheme::Affine.range(8);
        let by = affine_of(0.5, 3.0, Scheme::Affine, range, ScaleFormat::F32);
        assert_eq!(by.zero_point, -128);
        let (lo, hi) = covered(by, range);
        assert_eq!(lo, 0.0);
        assert!((hi - 3.0).abs() < 1e-6);
    }
}
