use half::{bf16, f16};
use proptest::prelude::*;

use super::*;
use crate::kernel::Rounding;

/// The small formats, whose codes can all be walked.
fn narrow() -> impl Iterator<Item = FloatFormat> {
    FloatFormat::ALL.into_iter().filter(|format| format.n_bits() <= 16)
}

fn alike(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// f32 patterns everywhere: a stride that is prime to 2^32 visits all exponents, signs and many mantissas.
fn patterns(n: u32) -> impl Iterator<Item = f32> {
    (0..n).map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b1)))
}

/// Values on, between and just beside the values of a format: where rounding is decided.
fn critical(format: FloatFormat) -> Vec<f32> {
    let values = format.values();
    let between = values.windows(2).map(|pair| ((f64::from(pair[0]) + f64::from(pair[1])) / 2.0) as f32);
    let beyond = format.max() + (format.spacing(format.max()) / 2.0) as f32;
    values.iter().copied().chain(between).chain([beyond]).flat_map(|x| [x, x.next_up(), x.next_down(), -x]).collect()
}

/// The definition: the nearest of all finite values, ties to the even code. Beyond the largest value the next binade
/// counts as if it were there.
fn nearest_code(format: FloatFormat, x: f32) -> u32 {
    let magnitude = f64::from(x.abs());
    let codes = (0..=format.max_code()).map(|code| (code, f64::from(format.decode(code))));
    let imagined = f64::from(format.max()) + format.spacing(format.max());
    let distance = |y: f64| (y - magnitude).abs();
    let best = codes.chain([(format.max_code() + 1, imagined)]).reduce(|a, b| {
        let is_closer = distance(b.1) < distance(a.1) || distance(b.1) == distance(a.1) && b.0 % 2 == 0;
        if is_closer { b } else { a }
    });
    best.expect("a format has codes").0
}

#[test]
fn sixteen_bit_floats_decode_as_the_half_crate_has_them() {
    for code in 0..=u16::MAX {
        assert!(alike(FloatFormat::FP16.decode(code.into()), f16::from_bits(code).to_f32()), "FP16 {code:#06x}");
        assert!(alike(FloatFormat::BF16.decode(code.into()), bf16::from_bits(code).to_f32()), "BF16 {code:#06x}");
    }
}

#[test]
fn sixteen_bit_floats_encode_as_the_half_crate_does() {
    let hard = critical(FloatFormat::FP16).into_iter().chain(critical(FloatFormat::BF16));
    for x in patterns(1 << 18).chain(hard).filter(|x| !x.is_nan()) {
        let (fp16, bf16) = (u32::from(f16::from_f32(x).to_bits()), u32::from(bf16::from_f32(x).to_bits()));
        assert_eq!(FloatFormat::FP16.encode(x, Overflow::Special), fp16, "FP16 of {x:e}");
        assert_eq!(FloatFormat::BF16.encode(x, Overflow::Special), bf16, "BF16 of {x:e}");
    }
}

#[test]
fn fp32_is_the_f32_itself() {
    for x in patterns(100_000).filter(|x| !x.is_nan()) {
        assert_eq!(FloatFormat::FP32.encode(x, Overflow::Special), x.to_bits());
        assert!(alike(FloatFormat::FP32.decode(x.to_bits()), x));
    }
}

#[test]
fn every_code_survives_a_round_trip() {
    for format in narrow() {
        for code in 0..format.n_codes() as u32 {
            let value = format.decode(code);
            if !value.is_nan() {
                assert_eq!(format.encode(value, Overflow::Special), code, "{} {code:#x}: {value}", format.name);
            }
        }
        assert!(format.decode(format.encode(f32::NAN, Overflow::Special)).is_nan() || format.specials == Specials::None);
    }
}

#[test]
fn formulas_count_what_walking_counts() {
    for format in narrow() {
        let classes: Vec<Class> = (0..format.n_codes() as u32).map(|code| format.class(code)).collect();
        let n = |class| classes.iter().filter(|&&c| c == class).count() as u64;
        let counts = format.counts();
        assert_eq!((n(Class::Infinite), n(Class::Nan)), (counts.infinite, counts.nan), "{}", format.name);
        let values = format.values();
        assert_eq!(values.len() as u64, counts.distinct, "{}", format.name);
        assert!(values.is_sorted_by(|a, b| a < b), "{}", format.name);
        assert_eq!(values.last(), Some(&format.max()));
    }
}

#[test]
fn eight_bits_and_fewer_round_to_the_nearest_value() {
    for format in narrow().filter(|format| format.n_bits() <= 8 && format.is_signed) {
        for x in critical(format).into_iter().chain(patterns(2_000)).filter(|x| x.is_finite()) {
            let expected = nearest_code(format, x);
            let code = format.encode(x, Overflow::Saturate);
            let magnitude = code & !(1 << (format.n_bits() - 1));
            assert_eq!(magnitude, expected.min(format.max_code()), "{} of {x:e}", format.name);
        }
    }
}

#[test]
fn slices_are_encoded_and_rounded_as_single_values_are() {
    for format in narrow() {
        let mut src: Vec<f32> = critical(format).into_iter().chain(patterns(20_000)).collect();
        src.extend([0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, f32::MIN, f32::from_bits(1)]);
        for overflow in [Overflow::Saturate, Overflow::Special] {
            for rounding in [Rounding::Even, Rounding::Truncate, Rounding::Stochastic { seed: 3 }] {
                let mut codes = vec![0; src.len()];
                format.encode_slice(&src, rounding, 7, overflow, &mut codes);
                let (mut decoded, mut rounded) = (vec![0.0; src.len()], vec![0.0; src.len()]);
                format.decode_slice(&codes, &mut decoded);
                format.round_slice(&src, rounding, 7, overflow, &mut rounded);
                for (i, &x) in src.iter().enumerate() {
                    let code = format.encode_by(x, rounding, 7 + i as u64, overflow);
                    let at = || format!("{} of {x:e}, {rounding:?}, {overflow:?}", format.name);
                    assert_eq!(u32::from(codes[i]), code, "{}", at());
                    assert!(alike(decoded[i], format.decode(code)) && alike(rounded[i], decoded[i]), "{}", at());
                }
            }
        }
    }
}

#[test]
fn a_double_is_rounded_once() {
    let (wide, fp16) = (FloatFormat::BF16, FloatFormat::FP16);
    // Beside the middle of 1 and the next value, by less than f32 can hold.
    for (format, m) in [(fp16, 11), (wide, 8)] {
        let middle = 1.0 + 2f64.powi(-m);
        let one = format.encode(1.0, Overflow::Special);
        for (x, code) in [(middle, one), (middle + 1e-12, one + 1), (middle - 1e-12, one)] {
            assert_eq!(format.encode_f64(x, Overflow::Special), code, "{} {x}", format.name);
            assert_eq!(format.encode_f64(-x, Overflow::Special), code | format.sign_bit(), "{} -{x}", format.name);
        }
    }
    for i in 0..50_000u64 {
        let x = f64::from_bits(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        if !x.is_nan() {
            let expected = (f16::from_f64(x).to_bits().into(), bf16::from_f64(x).to_bits().into());
            assert_eq!((fp16.encode_f64(x, Overflow::Special), wide.encode_f64(x, Overflow::Special)), expected, "{x:e}");
        }
    }
    for x in [0.0, -0.0, 1e-60, -1e-60, 1e60, -1e60, f64::INFINITY, 3.402_823_5e38, 65520.0] {
        assert_eq!(fp16.encode_f64(x, Overflow::Special), u32::from(f16::from_f64(x).to_bits()), "{x:e}");
    }
    assert_eq!(fp16.decode(fp16.encode_f64(65_519.999_999_9, Overflow::Special)), 65504.0, "not by way of 65520 in f32");
    assert_eq!(FloatFormat::FP32.encode_f64(0.1, Overflow::Special), 0.1f32.to_bits());
}

#[test]
fn overflow_goes_where_its_policy_says() {
    let through = |format: FloatFormat, x, overflow| format.decode(format.encode(x, overflow));
    let (inf, far) = (f32::INFINITY, 1.0e6);
    for x in [far, inf] {
        assert_eq!(through(FloatFormat::E4M3, x, Overflow::Saturate), 448.0);
        assert_eq!(through(FloatFormat::E4M3, -x, Overflow::Saturate), -448.0);
        assert!(through(FloatFormat::E4M3, x, Overflow::Special).is_nan());
        assert_eq!(through(FloatFormat::E5M2, x, Overflow::Saturate), 57344.0);
        assert_eq!(through(FloatFormat::E5M2, -x, Overflow::Special), -inf);
        assert_eq!(through(FloatFormat::E2M1, x, Overflow::Special), 6.0);
        assert!(through(FloatFormat::E4M3_FNUZ, x, Overflow::Special).is_nan());
    }
    assert_eq!(through(FloatFormat::E4M3_FNUZ, far, Overflow::Saturate), 240.0);
    assert!(through(FloatFormat::E5M2_FNUZ, -inf, Overflow::Saturate).is_nan());
    assert_eq!(FloatFormat::E2M1.encode(f32::NAN, Overflow::Saturate), 7);
    assert_eq!(FloatFormat::E4M3_FNUZ.encode(-1.0e-9, Overflow::Saturate), 0, "there is no negative zero");
    assert_eq!(FloatFormat::E4M3.encode(-1.0e-9, Overflow::Saturate), 0x80);
}

#[test]
fn a_shared_exponent_has_neither_sign_nor_zero() {
    let scale = FloatFormat::E8M0;
    assert_eq!([0.0, -0.0, 1.0e-45, 1.0, 3.0].map(|x| scale.encode(x, Overflow::Saturate)), [0, 0, 0, 127, 129], "a tie goes up");
    assert_eq!(scale.encode(-1.0, Overflow::Saturate), 0xff);
    assert_eq!((scale.decode(0), scale.max()), (2f32.powi(-127), 2f32.powi(127)));
    assert_eq!(scale.encode(f32::INFINITY, Overflow::Saturate), 254);
}

#[test]
fn neighbours_are_the_values_next_to_a_number() {
    let e4m3 = FloatFormat::E4M3;
    assert_eq!(e4m3.neighbours(16.0), (Some(15.0), Some(18.0)));
    assert_eq!(e4m3.around(16.0), (Some(16.0), Some(16.0)));
    assert_eq!(e4m3.around(17.0), (Some(16.0), Some(18.0)));
    assert_eq!(e4m3.around(-17.0), (Some(-18.0), Some(-16.0)));
    assert_eq!(e4m3.neighbours(1.0e9), (Some(448.0), None));
    assert_eq!(e4m3.neighbours(448.0), (Some(416.0), None));
    assert_eq!(e4m3.neighbours(0.0), (Some(-0.001_953_125), Some(0.001_953_125)));
    assert_eq!(e4m3.neighbours(f32::NAN), (None, None));
    assert_eq!(e4m3.neighbours(f32::NEG_INFINITY), (None, Some(-448.0)));
    assert_eq!(FloatFormat::E8M0.neighbours(1.0), (Some(0.5), Some(2.0)));
    assert_eq!(FloatFormat::E8M0.neighbours(0.0), (None, Some(2f32.powi(-127))));
    assert_eq!(FloatFormat::FP32.neighbours(1.0), (Some(1f32.next_down()), Some(1f32.next_up())));
}

#[test]
fn spacing_is_the_distance_of_neighbours() {
    for format in narrow().filter(|format| format.is_signed) {
        for x in format.values().windows(2).map(|pair| (pair[0], pair[1])).filter(|pair| pair.0 >= 0.0) {
            assert_eq!(format.spacing(x.0), f64::from(x.1) - f64::from(x.0), "{} at {}", format.name, x.0);
        }
    }
}

proptest! {
    #[test]
    fn stochastic_rounding_gives_a_neighbour_of_the_format(x in -400.0f32..400.0, seed: u64, idx: u64) {
        let code = FloatFormat::E4M3.encode_by(x, Rounding::Stochastic { seed }, idx, Overflow::Saturate);
        let (below, above) = FloatFormat::E4M3.around(x);
        let y = FloatFormat::E4M3.decode(code);
        prop_assert!(Some(y) == below || Some(y) == above, "{x}: {y}, not {below:?} or {above:?}");
    }

    #[test]
    fn truncation_never_grows_and_floor_never_rises(x in -1.0e5f32..1.0e5) {
        for format in narrow().filter(|format| format.is_signed) {
            let through = |rounding| format.decode(format.encode_by(x, rounding, 0, Overflow::Saturate));
            prop_assert!(through(Rounding::Truncate).abs() <= x.abs());
            prop_assert!(through(Rounding::Floor) <= x.max(-format.max()));
        }
    }
}
