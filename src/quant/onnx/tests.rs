use super::*;
use crate::quant::float::{FloatFormat, Overflow};

fn quantize(
    x: &[f32],
    shape: &[usize],
    scale: Array<f32>,
    zero: Option<Array<i32>>,
    blocks: Blocks,
) -> Result<Vec<i32>, OnnxError> {
    quantize_linear(Array::new(shape, x), scale, zero, blocks, ElementType::S8, Overflow::Saturate)
}

fn all_blocks(axis: i64, block_size: usize) -> Blocks {
    Blocks { axis, block_size }
}

#[test]
fn each_index_of_an_axis_has_its_scale() {
    let x: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let shape = [2, 3, 2];
    let (one, two) = ([1.0, 2.0, 4.0], [1.0, 2.0]);
    let by_axis = |scale: &[f32], axis| quantize(&x, &shape, Array::new(&[scale.len()], scale), None, all_blocks(axis, 0));
    assert_eq!(by_axis(&one, 1), Ok(vec![0, 1, 1, 2, 1, 1, 6, 7, 4, 4, 2, 3]));
    assert_eq!(by_axis(&one, -2), by_axis(&one, 1), "axes count from the end too");
    assert_eq!(by_axis(&two, 0), Ok(vec![0, 1, 2, 3, 4, 5, 3, 4, 4, 4, 5, 6]));
    assert_eq!(by_axis(&two, 2), Ok(vec![0, 0, 2, 2, 4, 2, 6, 4, 8, 4, 10, 6]));
}

#[test]
fn blocks_run_along_their_axis() {
    let x = [8.0; 12];
    let shape = [2, 3, 2];
    // Blocks of two along the axis of three: two of them, the second shorter.
    let scale: Vec<f32> = (0..8).map(|i| 2f32.powi(i)).collect();
    let codes = quantize(&x, &shape, Array::new(&[2, 2, 2], &scale), None, all_blocks(1, 2));
    let expected = [1.0, 2.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 16.0, 32.0, 64.0, 128.0];
    assert_eq!(codes, Ok(expected.map(|s: f32| (8.0 / s).round_ties_even() as i32).to_vec()));
    let zero: Vec<i32> = (0..8).collect();
    let shifted = quantize(&x, &shape, Array::new(&[2, 2, 2], &scale), Some(Array::new(&[2, 2, 2], &zero)), all_blocks(1, 2));
    let back = dequantize_linear(
        Array::new(&shape, &shifted.expect("shapes fit")),
        Array::new(&[2, 2, 2], &scale),
        Some(Array::new(&[2, 2, 2], &zero)),
        all_blocks(1, 2),
        ElementType::S8,
    );
    assert_eq!(back, Ok(expected.map(|s| s * (8.0 / s).round_ties_even()).to_vec()));
}

#[test]
fn every_type_saturates_at_its_ends() {
    for (kind, ends) in [
        (ElementType::U2, [0, 3]),
        (ElementType::S2, [-2, 1]),
        (ElementType::U4, [0, 15]),
        (ElementType::S4, [-8, 7]),
        (ElementType::U8, [0, 255]),
        (ElementType::S8, [-128, 127]),
        (ElementType::U16, [0, 65535]),
        (ElementType::S16, [-32768, 32767]),
    ] {
        let x = Array::new(&[2], &[-1.0e9, f32::INFINITY]);
        let codes = quantize_linear(x, Array::scalar(&1.0), None, Blocks::default(), kind, Overflow::Saturate);
        assert_eq!(codes, Ok(ends.to_vec()));
    }
    for (format, last) in [(FloatFormat::E4M3, 448.0), (FloatFormat::E5M2_FNUZ, 57344.0), (FloatFormat::E2M1, 6.0)] {
        let x = Array::new(&[2], &[-1.0e9, 3.0]);
        let kind = ElementType::Float(format);
        let codes = quantize_linear(x, Array::scalar(&1.0), None, Blocks::default(), kind, Overflow::Saturate);
        let codes = codes.expect("a scalar fits");
        let back = dequantize_linear(Array::new(&[2], &codes), Array::scalar(&2.0), None, Blocks::default(), kind);
        assert_eq!(back, Ok(vec![-2.0 * last, 6.0]), "{}", format.name);
    }
}

#[test]
fn int32_is_dequantized_and_never_made() {
    let x = Array::new(&[2], &[1 << 20, -3]);
    assert_eq!(dequantize_linear(x, Array::scalar(&0.5), None, Blocks::default(), ElementType::Int32), Ok(vec![524_288.0, -1.5]));
    let real = Array::new(&[1], &[1.0]);
    let made = quantize_linear(real, Array::scalar(&1.0), None, Blocks::default(), ElementType::Int32, Overflow::Saturate);
    assert_eq!(made, Err(OnnxError::Int32Output));
}

#[test]
fn wrong_inputs_are_refused_by_name() {
    let x = [1.0; 6];
    let shape = [2, 3];
    let refused = |scale: Array<f32>, zero: Option<Array<i32>>, blocks| quantize(&x, &shape, scale, zero, blocks).unwrap_err();
    let message = |error: OnnxError| error.to_string();
    assert_eq!(
        message(refused(Array::new(&[2], &[1.0; 2]), None, all_blocks(1, 0))),
        "`scale` has shape [2]; allowed is [3], one for each index of axis 1, or scalar"
    );
    assert_eq!(
        message(refused(Array::new(&[2, 1], &[1.0; 2]), None, all_blocks(1, 2))),
        "`scale` has shape [2, 1]; allowed is [2, 2], one for each block of 2, or scalar"
    );
    assert_eq!(refused(Array::new(&[3], &[1.0; 3]), None, all_blocks(2, 0)), OnnxError::Axis { axis: 2, rank: 2 });
    assert_eq!(refused(Array::scalar(&0.0), None, Blocks::default()), OnnxError::Scale { got: 0.0 });
    assert!(matches!(refused(Array::scalar(&f32::NAN), None, Blocks::default()), OnnxError::Scale { .. }));
    let zero = Some(Array::scalar(&128));
    assert!(matches!(refused(Array::scalar(&1.0), zero, Blocks::default()), OnnxError::ZeroPoint { got: 128, .. }));
    assert!(matches!(
        refused(Array::new(&[3], &[1.0; 3]), Some(Array::scalar(&0)), all_blocks(1, 0)),
        OnnxError::Shape { name: "zero_point", .. }
    ));
    let short = quantize(&x[..5], &shape, Array::scalar(&1.0), None, Blocks::default());
    assert!(matches!(short, Err(OnnxError::Length { name: "x", expected: 6, got: 5, .. })));
    let kind = ElementType::Float(FloatFormat::E4M3);
    let points = Some(Array::scalar(&1));
    let float = quantize_linear(Array::new(&shape, &x), Array::scalar(&1.0), points, Blocks::default(), kind, Overflow::Saturate);
    assert!(matches!(float, Err(OnnxError::NoZeroPoint { got: 1, .. })));
    let codes = Array::new(&[1], &[16]);
    let outside = dequantize_linear(codes, Array::scalar(&1.0), None, Blocks::default(), ElementType::U4);
    assert!(matches!(outside, Err(OnnxError::Code { got: 16, .. })));
}

#[test]
fn odd_inputs_have_a_defined_dynamic_range() {
    assert_eq!(dynamic_quantize_linear(&[]).1.scale, 1.0);
    let (codes, by) = dynamic_quantize_linear(&[0.0, 0.0]);
    assert_eq!((codes, by.zero_point), (vec![0, 0], 0));
    let (codes, by) = dynamic_quantize_linear(&[f32::NAN, 255.0, f32::NEG_INFINITY]);
    assert_eq!((codes, by.scale, by.zero_point), (vec![0, 255, 0], 1.0, 0));
    let (codes, by) = dynamic_quantize_linear(&[f32::MIN, f32::MAX]);
    assert!(by.scale.is_finite() && codes[0] < codes[1], "{by:?}");
}

#[test]
fn products_have_zero_points_of_rows_and_columns() {
    let a = Factor { n_rows: 2, n_cols: 2, codes: &[1, 2, 3, 4], zero_points: &[1, 3] };
    let b = Factor { n_rows: 2, n_cols: 2, codes: &[5, 6, 7, 8], zero_points: &[5, 0] };
    assert_eq!(matmul_integer(a, b), Ok(vec![2, 8, 2, 8]));
    let narrow = Factor { n_rows: 1, n_cols: 2, codes: &[1, 2], zero_points: &[0] };
    assert_eq!(matmul_integer(a, narrow), Err(OnnxError::Inner { a: 2, b: 1 }));
    assert!(matches!(matmul_integer(Factor { zero_points: &[0; 3], ..a }, b), Err(OnnxError::Shape { .. })));
}

#[test]
fn sums_wrap_in_thirty_two_bits() {
    let n = 65_794;
    let a = Factor { n_rows: 1, n_cols: n, codes: &vec![255; n], zero_points: &[0] };
    let b = Factor { n_rows: n, n_cols: 1, codes: &vec![-128; n], zero_points: &[0] };
    let exact = -255i64 * 128 * n as i64;
    assert_eq!(matmul_integer(a, b), Ok(vec![exact as i32]));
    assert!(exact < i32::MIN.into());
}

#[test]
fn padding_is_the_zero_point() {
    assert_eq!(conv_integer(&[5, 6, 7], 5, &[1, 2, 1], 0, 1), [1, 4, 5]);
    assert_eq!(conv_integer(&[5, 6, 7], 5, &[1, 2, 1], 0, 0), [4]);
    assert!(conv_integer(&[1], 0, &[1, 2, 3], 0, 0).is_empty());
    assert!(conv_integer(&[], 0, &[1], 0, 0).is_empty());
}
