//! Whole arrays: values to codes and back, errors by row.

use std::sync::Arc;

use super::clip::{Calibration, Granularity, Matrix};
use crate::kernel::{Affine, Affines, CodeHistogram, Errors, dequantize, quantize};

/// An array in codes.
#[derive(Clone, Debug)]
pub struct Quantized {
    pub codes: Arc<[i32]>,
    pub dequantized: Arc<[f32]>,
    /// Errors of each row of the matrix, whatever shared a scale.
    pub rows: Vec<Errors>,
    /// Values whose rounded code lay outside the range.
    pub n_clipped: u64,
}

impl Quantized {
    /// Errors of the whole array.
    pub fn errors(&self) -> Errors {
        self.rows.iter().copied().fold(Errors::default(), Errors::plus)
    }
}

/// What a pass fills on its way, beside the arrays.
pub type Sink<'a> = Option<&'a mut CodeHistogram>;

/// Values between two calls of `step`.
const STEP: usize = 1 << 16;

impl Calibration {
    /// Quantizes the matrix that was calibrated and compares. One pass, row by row; `step` as in [`super::calibrate`].
    pub fn apply<E>(
        &self,
        matrix: Matrix,
        mut sink: Sink,
        step: &mut impl FnMut(u64, u64) -> Result<(), E>,
    ) -> Result<Quantized, E> {
        let n = matrix.data.len();
        let mut codes: Arc<[i32]> = std::iter::repeat_n(0, n).collect();
        let mut reals: Arc<[f32]> = std::iter::repeat_n(0.0, n).collect();
        let all_codes = Arc::get_mut(&mut codes).expect("not yet shared");
        let all_reals = Arc::get_mut(&mut reals).expect("not yet shared");
        let mut rows = Vec::with_capacity(matrix.n_rows());
        let mut n_clipped = 0;
        let mut next = 0;
        let mut spread = Vec::new();
        let cols = matrix.cols();
        let arrays = matrix.data.chunks(cols).zip(all_codes.chunks_mut(cols)).zip(all_reals.chunks_mut(cols));
        for (row, ((src, codes), reals)) in arrays.enumerate() {
            let first = row * cols;
            if first >= next {
                step(first as u64, n as u64)?;
                next = first + STEP;
            }
            let by = self.row(row, cols, &mut spread);
            n_clipped += quantize(src, by, self.config.range(), self.config.rounding, first as u64, codes);
            dequantize(codes, by, reals);
            if let Some(histogram) = sink.as_deref_mut() {
                histogram.add(src, by, codes);
            }
            rows.push(Errors::between(src, reals));
        }
        Ok(Quantized { codes, dequantized: reals, rows, n_clipped })
    }

    /// The pairs of a row. Those of groups are written out into `spread`, one for each value: a group may be eight
    /// values, too few for a loop of its own.
    fn row<'a>(&'a self, row: usize, cols: usize, spread: &'a mut Vec<Affine>) -> Affines<'a> {
        match self.config.granularity {
            Granularity::Tensor => Affines::One(self.affines[0]),
            Granularity::Row => Affines::One(self.affines[row]),
            Granularity::Column => Affines::Each(&self.affines),
            Granularity::Group(size) => self.spread(row, size, cols, spread),
            Granularity::Block { rows, cols: width } => self.spread(row / rows.max(1), width, cols, spread),
        }
    }

    /// The pairs of one row of groups or blocks, `size` columns wide.
    fn spread<'a>(&self, row: usize, size: usize, cols: usize, spread: &'a mut Vec<Affine>) -> Affines<'a> {
        let size = size.clamp(1, cols);
        let n_groups = cols.div_ceil(size);
        let of_row = &self.affines[row * n_groups..(row + 1) * n_groups];
        spread.clear();
        spread.extend(of_row.iter().flat_map(|&by| std::iter::repeat_n(by, size)).take(cols));
        Affines::Each(spread)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::Rounding;
    use crate::quant::{Clip, Config, ScaleFormat, Scheme, calibrate};

    fn no_step(_: u64, _: u64) -> Result<(), std::convert::Infallible> {
        Ok(())
    }

    fn any_config() -> impl Strategy<Value = Config> {
        (
            2u32..=16,
            proptest::sample::select(&Scheme::ALL[..]),
            prop_oneof![
                Just(Granularity::Tensor),
                Just(Granularity::Row),
                Just(Granularity::Column),
                (1usize..9).prop_map(Granularity::Group),
                (1usize..5, 1usize..9).prop_map(|(rows, cols)| Granularity::Block { rows, cols })
            ],
            prop_oneof![Just(Clip::AbsMax), Just(Clip::Percentile(95.0)), Just(Clip::Mse), Just(Clip::Manual(0.7))],
            prop_oneof![Just(ScaleFormat::F16), Just(ScaleFormat::F32)],
        )
            .prop_map(|(bits, scheme, granularity, clip, scale_format)| Config {
                bits,
                scheme,
                granularity,
                clip,
                rounding: Rounding::Even,
                scale_format,
            })
    }

    proptest! {
        #[test]
        fn a_matrix_is_quantized_as_its_values_one_by_one(
            data in prop::collection::vec(-4.0f32..4.0, 0..12 * 7),
            config in any_config(),
        ) {
            let cols = 7;
            let data = &data[..data.len() / cols * cols];
            let matrix = Matrix::new(data, cols);
            let Ok(found) = calibrate(matrix, &config, &mut no_step);
            let Ok(quantized) = found.apply(matrix, None, &mut no_step);
            for (i, (&r, &q)) in data.iter().zip(&*quantized.codes).enumerate() {
                let (row, col) = (i / cols, i % cols);
                let by = found.affines[match config.granularity {
                    Granularity::Tensor => 0,
                    Granularity::Row => row,
                    Granularity::Column => col,
                    Granularity::Group(size) => row * cols.div_ceil(size.min(cols)) + col / size,
                    Granularity::Block { rows, cols: width } => row / rows * cols.div_ceil(width.min(cols)) + col / width,
                }];
                prop_assert_eq!(q, crate::kernel::code_of(r, by, config.range()));
                prop_assert_eq!(quantized.dequantized[i], by.scale * (q - by.zero_point) as f32);
            }
            let errors = Errors::between(data, &quantized.dequantized);
            prop_assert!((quantized.errors().noise - errors.noise).abs() <= 1e-9 * (1.0 + errors.noise));
        }
    }
}
