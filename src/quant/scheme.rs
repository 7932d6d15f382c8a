//! From a real range to scale and zero point.

use half::f16;

use crate::kernel::{Affine, CodeRange};

/// Which codes are used and where real 0 stands. Libraries differ: each convention has its users here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Codes `-qmax..=qmax`, zero point 0, `scale = absmax / qmax` (TensorRT, TFLite weights, ggml Q8_0).
    Symmetric,
    /// One code more at the low end, `-qmax-1..=qmax`, zero point 0, `scale = 2 absmax / (qmax - qmin)` (ONNX Runtime,
    /// torchao, GPTQ). The largest positive value lies half a step beyond the last code.
    SymmetricFull,
    /// The same codes, zero point 0, `scale = m / qmin` with m the value of the largest magnitude and its sign (ggml Q4_0):
    /// m stands on the first code exactly, and where it is positive the scale is negative. Of two values of equal magnitude
    /// the negative one counts.
    SignedMax,
    /// The same codes, zero point 0, `scale = max(lo / qmin, hi / qmax)`: as fine as possible without clipping either end
    /// (torchao's SYMMETRIC_NO_CLIPPING_ERR).
    NoClipping,
    /// All codes over a range that is widened to hold 0; real 0 has a code of its own, the zero point. Signed codes.
    Affine,
    /// The same with codes from 0 on (uint8 activations of ONNX and TFLite's first scheme).
    AffineUnsigned,
    /// Codes from 0 on, zero point 0, `scale = hi / qmax`: for data without negative values, which would be clipped.
    Unsigned,
}

impl Scheme {
    pub const ALL: [Self; 7] = [
        Self::Symmetric,
        Self::SymmetricFull,
        Self::SignedMax,
        Self::NoClipping,
        Self::Affine,
        Self::AffineUnsigned,
        Self::Unsigned,
    ];

    /// The codes of `bits`-bit integers, 1 to 16; 2 to 16 for [`Scheme::Symmetric`], which has nothing but 0 in one bit.
    pub fn range(self, bits: u32) -> CodeRange {
        assert!((self.min_bits()..=16).contains(&bits), "{bits} bits");
        let half = 1 << (bits - 1);
        match self {
            Self::Symmetric => CodeRange { qmin: 1 - half, qmax: half - 1 },
            Self::AffineUnsigned | Self::Unsigned => CodeRange { qmin: 0, qmax: 2 * half - 1 },
            _ => CodeRange { qmin: -half, qmax: half - 1 },
        }
    }

    /// The fewest bits with more than one code.
    pub fn min_bits(self) -> u32 {
        if self == Self::Symmetric { 2 } else { 1 }
    }

    /// Whether real 0 stands where the data want it, so that a zero point has to be stored.
    pub fn is_affine(self) -> bool {
        matches!(self, Self::Affine | Self::AffineUnsigned)
    }

    /// Whether both ends of a range have a say, and not only the larger magnitude.
    pub(super) fn keeps_ends(self) -> bool {
        !matches!(self, Self::Symmetric | Self::SymmetricFull)
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

    /// The nearest scale that the format holds, with its sign. A magnitude below its smallest positive number becomes that number (2^-24
    /// in FP16, 2^-126 in FP32: a grid that is too coarse, but never a division by 0), one above its largest becomes
    /// the largest (65504 in FP16: values are clipped).
    pub fn store(self, scale: f64) -> f32 {
        let magnitude = match self {
            Self::F16 => {
                let smallest = f16::from_bits(1).to_f32();
                f16::from_f64(scale.abs()).to_f32().clamp(smallest, f16::MAX.to_f32())
            }
            Self::F32 => (scale.abs() as f32).clamp(f32::MIN_POSITIVE, f32::MAX),
        };
        magnitude.copysign(scale as f32)
    }
}

/// Scale and zero point for the real range `lo..=hi`, which is first widened to hold 0. A range of nothing but 0 gets
/// scale 1. The scale is positive, but that of [`Scheme::SignedMax`] may be negative. The zero point is a code, so real 0 is exact: `round(qmin - lo / scale)` with the stored scale in FP16, which
/// may be whole codes off at the far end, and with the scale before it was rounded in FP32, so that ties fall as they
/// do on paper (-1..=1 in 8 bits: round(-128 + 127.5) = 0).
///
/// Formulas: Jacob et al. 2018, section 2; gemmlowp's quantization document.
pub fn affine_of(lo: f64, hi: f64, scheme: Scheme, range: CodeRange, format: ScaleFormat) -> Affine {
    let (lo, hi) = (lo.min(0.0), hi.max(0.0));
    let (qmin, qmax) = (f64::from(range.qmin), f64::from(range.qmax));
    let store = |scale: f64| if scale != 0.0 { format.store(scale) } else { 1.0 };
    let around_zero = |scale: f64| Affine { scale: store(scale), zero_point: 0 };
    // An end without codes of its sign has no say; its values are clipped to 0.
    let per_code = |end: f64, q: f64| if q == 0.0 { 0.0 } else { end / q };
    match scheme {
        Scheme::Symmetric => around_zero(hi.max(-lo) / qmax),
        Scheme::SymmetricFull => around_zero(2.0 * hi.max(-lo) / (qmax - qmin)),
        Scheme::SignedMax => around_zero(per_code(if hi > -lo { hi } else { lo }, qmin)),
        Scheme::NoClipping => around_zero(per_code(lo, qmin).max(per_code(hi, qmax))),
        Scheme::Unsigned => around_zero(per_code(hi, qmax)),
        Scheme::Affine | Scheme::AffineUnsigned => {
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

/// The real range that the codes cover: `scale (qmin - zero_point)` to `scale (qmax - zero_point)`, its ends in order.
pub fn covered(by: Affine, range: CodeRange) -> (f64, f64) {
    let real = |q: i32| f64::from(by.scale) * f64::from(q - by.zero_point);
    let (first, last) = (real(range.qmin), real(range.qmax));
    (first.min(last), first.max(last))
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
        assert_eq!(range(Scheme::AffineUnsigned, 8), (0, 255));
        assert_eq!(range(Scheme::Unsigned, 1), (0, 1));
        assert_eq!(range(Scheme::SignedMax, 4), (-8, 7));
        for scheme in Scheme::ALL {
            assert!((scheme.min_bits()..=16).all(|bits| scheme.range(bits).n_codes() > 1), "{scheme:?}");
        }
    }

    #[test]
    fn conventions_differ_in_their_scale() {
        let of = |lo, hi, scheme: Scheme| affine_of(lo, hi, scheme, scheme.range(4), ScaleFormat::F32).scale;
        assert_eq!(of(-4.0, 7.0, Scheme::Symmetric), 1.0);
        assert_eq!(of(-4.0, 7.5, Scheme::SymmetricFull), 1.0);
        assert_eq!(of(-4.0, 8.0, Scheme::SignedMax), -1.0);
        assert_eq!(of(-8.0, 4.0, Scheme::SignedMax), 1.0);
        assert_eq!(of(-8.0, 8.0, Scheme::SignedMax), 1.0);
        assert_eq!(of(-16.0, 7.0, Scheme::NoClipping), 2.0);
        assert_eq!(of(-8.0, 14.0, Scheme::NoClipping), 2.0);
        assert_eq!(of(-8.0, 30.0, Scheme::Unsigned), 2.0);
        assert_eq!(of(-2.0, 13.0, Scheme::AffineUnsigned), 1.0);
    }

    #[test]
    fn the_largest_magnitude_stands_on_the_first_code() {
        let range = Scheme::SignedMax.range(4);
        for m in [3.7f64, -3.7] {
            let by = affine_of(m.min(-1.0), m.max(1.0), Scheme::SignedMax, range, ScaleFormat::F32);
            assert_eq!(crate::kernel::code_of(m as f32, by, range), -8, "{m}");
            let (lo, hi) = covered(by, range);
            assert!(lo < hi && (lo..=hi).contains(&(m * 0.999)), "{m}: {lo} to {hi}");
        }
    }

    #[test]
    fn one_bit_has_two_codes() {
        for scheme in Scheme::ALL.into_iter().filter(|scheme| scheme.min_bits() == 1) {
            for (lo, hi) in [(-1.0, 2.0), (-2.0, 1.0), (0.0, 0.0), (-1.0, 0.0), (0.0, 1.0)] {
                let by = affine_of(lo, hi, scheme, scheme.range(1), ScaleFormat::F32);
                assert!(by.scale.is_finite() && by.scale != 0.0, "{scheme:?} {lo} {hi}: {by:?}");
            }
        }
    }

    #[test]
    fn the_scale_is_one_that_its_format_holds() {
        assert_eq!(ScaleFormat::F16.store(0.1), 0.099_975_586);
        assert_eq!(ScaleFormat::F16.store(1.0e-12), 2f32.powi(-24));
        assert_eq!(ScaleFormat::F16.store(1.0e9), 65504.0);
        assert_eq!(ScaleFormat::F32.store(1.0e-60), f32::MIN_POSITIVE);
        assert_eq!(ScaleFormat::F32.store(1.0e60), f32::MAX);
        assert_eq!(ScaleFormat::F16.store(-0.1), -0.099_975_586);
    }

    #[test]
    fn a_range_of_zero_has_scale_one() {
        for scheme in Scheme::ALL {
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
