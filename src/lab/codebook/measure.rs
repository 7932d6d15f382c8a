//! Blocks and what a codebook makes of them.

use crate::{
    kernel::{Errors, abs_max},
    quant::{
        Matrix,
        codebook::{Codebook, DoubleScales, N},
        ggml::signed_max,
        lloyd::Samples,
    },
};

/// The scales of an array's blocks, which lie inside rows.
pub(super) struct Blocks {
    scales: Vec<f32>,
    group: usize,
}

/// An array in a codebook.
pub(super) struct Measured {
    pub errors: Errors,
    counts: [u64; N],
}

impl Blocks {
    /// Blocks of `group` values and their largest magnitudes; `turned`, the scale has the sign that puts the largest value
    /// at -1.
    pub(super) fn of(matrix: Matrix, group: usize, turned: bool) -> Self {
        let scale = |block: &[f32]| if turned { -signed_max(block) } else { abs_max(block) };
        Self { scales: cut(matrix, group).map(scale).collect(), group }
    }

    /// Blocks in all.
    pub(super) fn n(&self) -> usize {
        self.scales.len()
    }

    /// Replaces the scales by what double quantization makes of them; the bits that they take.
    pub(super) fn store_double(&mut self) -> u64 {
        let mut magnitudes: Vec<f32> = self.scales.iter().map(|s| s.abs()).collect();
        let bits = DoubleScales::default().round(&mut magnitudes);
        self.scales.iter_mut().zip(magnitudes).for_each(|(s, m)| *s = m.copysign(*s));
        bits
    }

    /// The values divided by their scales, each weighted with the square of the scale: then the weighted error of the
    /// quotients is the error of the values.
    pub(super) fn samples(&self, matrix: Matrix) -> Samples {
        let mut samples = Vec::with_capacity(matrix.data.len());
        for (block, &scale) in cut(matrix, self.group).zip(&self.scales) {
            samples.extend(block.iter().map(|&x| (x / scale, scale * scale)));
        }
        Samples::new(samples)
    }

    /// Errors and codes of an array, the one that the blocks were cut from.
    pub(super) fn measure(&self, matrix: Matrix, book: &Codebook) -> Measured {
        let mut measured = Measured { errors: Errors::default(), counts: [0; N] };
        let mut back = vec![0.0; self.group];
        for (block, &scale) in cut(matrix, self.group).zip(&self.scales) {
            let back = &mut back[..block.len()];
            let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
            for (&x, y) in block.iter().zip(&mut *back) {
                let code = book.code(if x.is_nan() { 0.0 } else { x * inverse });
                *y = book.levels()[code] * scale;
                measured.counts[code] += 1;
            }
            measured.errors = measured.errors.plus(Errors::between(block, back));
        }
        measured
    }
}

fn cut(matrix: Matrix<'_>, group: usize) -> impl Iterator<Item = &'_ [f32]> {
    matrix.data.chunks(matrix.cols()).flat_map(move |row| row.chunks(group))
}

impl Measured {
    /// Share of each code in percent; 0 of nothing.
    pub(super) fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        let total = self.counts.iter().sum::<u64>().max(1) as f64;
        self.counts.iter().map(move |&n| 100.0 * n as f64 / total)
    }

    /// Codes that occur.
    pub(super) fn n_used(&self) -> usize {
        self.counts.iter().filter(|&&n| n > 0).count()
    }

    /// Of the codes, in bits.
    pub(super) fn entropy(&self) -> f64 {
        self.shares().filter(|&share| share > 0.0).map(|share| -share / 100.0 * (share / 100.0).log2()).sum()
    }

    /// The smallest share, in percent.
    pub(super) fn rarest_share(&self) -> f64 {
        self.shares().fold(f64::INFINITY, f64::min)
    }
}
