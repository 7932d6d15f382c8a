//! Finding ranges: which part of the data the codes cover.

mod search;

use super::scheme::{ScaleFormat, Scheme, affine_of};
use crate::kernel::{Affine, CodeRange, Rounding, min_max};
pub use search::RangeSearch;

/// Rows of equal length in one slice.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    pub data: &'a [f32],
    cols: usize,
}

impl<'a> Matrix<'a> {
    /// Panics where `data` is not whole rows of `cols` values.
    pub fn new(data: &'a [f32], cols: usize) -> Self {
        assert!(cols > 0 && data.len().is_multiple_of(cols), "{} values in rows of {cols}", data.len());
        Self { data, cols }
    }

    /// Values in a row.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Rows: `data.len() / cols`.
    pub fn n_rows(&self) -> usize {
        self.data.len() / self.cols
    }
}

/// Which values share one scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granularity {
    Tensor,
    Row,
    Column,
    /// So many neighbours of a row; the last group of a row may be shorter.
    Group(usize),
    /// So many rows by so many columns; at the ends of the matrix blocks may be smaller.
    Block {
        rows: usize,
        cols: usize,
    },
}

/// How much of the data the codes cover.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// All of it.
    AbsMax,
    /// This percentage of the values, by magnitude (symmetric) or leaving out half of the rest at each end (affine).
    Percentile(f64),
    /// What makes the mean squared error smallest, judged with rounding to the nearest.
    Mse,
    /// Magnitudes up to this value: `-c..=c`; an affine range keeps to the data inside it.
    Manual(f64),
}

/// How an array is quantized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// 1 to 16; at least [`Scheme::min_bits`].
    pub bits: u32,
    pub scheme: Scheme,
    pub granularity: Granularity,
    pub clip: Clip,
    pub rounding: Rounding,
    pub scale_format: ScaleFormat,
}

impl Config {
    /// The codes that scheme and bits give.
    pub fn range(&self) -> CodeRange {
        self.scheme.range(self.bits)
    }

    /// Scale and zero point for a range, stored as this configuration stores them.
    pub fn affine(&self, lo: f64, hi: f64) -> Affine {
        affine_of(lo, hi, self.scheme, self.range(), self.scale_format)
    }

    /// Bits beside the codes for each tensor, row, column or group: its scale, and with an affine scheme a zero point as
    /// wide as a code.
    pub fn meta_bits(&self) -> u32 {
        self.scale_format.bits() + if self.scheme.is_affine() { self.bits } else { 0 }
    }

    /// The part of one group of values that its codes are to cover; `lo` and `hi` are the extremes of its finite values.
    pub fn clipped(&self, values: &[f32], (lo, hi): (f64, f64)) -> (f64, f64) {
        match self.clip {
            Clip::AbsMax => (lo, hi),
            Clip::Percentile(percent) => {
                let (first, last) = percentile_range(values, percent, self.scheme);
                // Of a scheme that looks at both ends, each keeps to its data.
                if self.scheme.keeps_ends() { (first.max(lo), last.min(hi)) } else { (first, last) }
            }
            // Unsigned codes are the signed ones moved: the same steps, so the same range.
            Clip::Mse if self.scheme.is_affine() => {
                RangeSearch::new(values, (lo, hi)).best(&Self { scheme: Scheme::Affine, ..*self })
            }
            Clip::Mse if self.scheme == Scheme::SignedMax && hi > -lo => self.best_mirrored(values, (lo, hi)),
            Clip::Mse => RangeSearch::new(values, (lo, hi)).best(self),
            Clip::Manual(c) if self.scheme.keeps_ends() => (lo.max(-c), hi.min(c)),
            Clip::Manual(c) => (-c, c),
        }
    }
}

impl Config {
    /// The best range of [`Scheme::SignedMax`] where the largest magnitude is positive: that of the values turned around,
    /// whose scales are positive.
    fn best_mirrored(&self, values: &[f32], (lo, hi): (f64, f64)) -> (f64, f64) {
        let mirrored: Vec<f32> = values.iter().map(|r| -r).collect();
        let (low, high) = RangeSearch::new(&mirrored, (-hi, -lo)).best(self);
        // Of equal ends the low one would count, so it gives way by a hair.
        (-high * (1.0 - f64::EPSILON), -low)
    }
}

/// What [`calibrate`] found.
#[derive(Clone, Debug)]
pub struct Calibration {
    pub config: Config,
    /// One for the tensor, each row, each column, or each group or block (row by row).
    pub affines: Vec<Affine>,
    /// Smallest and largest code position (`r / scale + zero_point`) that any value reaches; `None` of nothing.
    pub reach: Option<(f32, f32)>,
}

impl Calibration {
    /// The one pair of the whole tensor, where there is one.
    pub fn per_tensor(&self) -> Option<Affine> {
        (self.config.granularity == Granularity::Tensor).then(|| self.affines[0])
    }

    fn push(&mut self, values: &[f32]) {
        let extremes = min_max(values);
        let (lo, hi) = extremes.map_or((0.0, 0.0), |(lo, hi)| (f64::from(lo), f64::from(hi)));
        let (clip_lo, clip_hi) = self.config.clipped(values, (lo, hi));
        let by = self.config.affine(clip_lo, clip_hi);
        self.affines.push(by);
        if extremes.is_some() {
            let at = |r: f64| (r / f64::from(by.scale) + f64::from(by.zero_point)) as f32;
            let (low, high) = self.reach.unwrap_or((f32::INFINITY, f32::NEG_INFINITY));
            // A negative scale turns the ends around.
            let ends = (at(lo).min(at(hi)), at(lo).max(at(hi)));
            self.reach = Some((low.min(ends.0), high.max(ends.1)));
        }
    }
}

/// Finds scale and zero point of each group of values. `step(done, total)` is called every few milliseconds and ends
/// the work with its error.
pub fn calibrate<E>(matrix: Matrix, config: &Config, step: &mut impl FnMut(u64, u64) -> Result<(), E>) -> Result<Calibration, E> {
    let total = matrix.data.len() as u64;
    let mut found = Calibration { config: *config, affines: Vec::new(), reach: None };
    let mut done = 0;
    // Calls `step` only now and then: a group may be eight values.
    let mut next = 0;
    let mut push = |found: &mut Calibration, values: &[f32]| {
        found.push(values);
        done += values.len() as u64;
        if done >= next {
            next = done + STEP;
            return step(done, total);
        }
        Ok(())
    };
    match config.granularity {
        Granularity::Tensor => push(&mut found, matrix.data)?,
        Granularity::Row => matrix.data.chunks(matrix.cols).try_for_each(|row| push(&mut found, row))?,
        Granularity::Group(size) => matrix
            .data
            .chunks(matrix.cols)
            .flat_map(|row| row.chunks(size.max(1)))
            .try_for_each(|group| push(&mut found, group))?,
        Granularity::Column => {
            for_columns(matrix, |column| push(&mut found, column))?;
        }
        Granularity::Block { rows, cols } => for_blocks(matrix, rows, cols, |block| push(&mut found, block))?,
    }
    Ok(found)
}

/// Values between two calls of `step`; a search costs about 50 passes over them.
const STEP: u64 = 1 << 15;

/// Hands out each column as a slice; a few are gathered at once, because a row's neighbours share a cache line.
fn for_columns<E>(matrix: Matrix, mut visit: impl FnMut(&[f32]) -> Result<(), E>) -> Result<(), E> {
    const WIDTH: usize = 16;
    let n_rows = matrix.n_rows();
    let mut gathered = vec![0.0; WIDTH * n_rows];
    for first in (0..matrix.cols).step_by(WIDTH) {
        let width = WIDTH.min(matrix.cols - first);
        for (row_idx, row) in matrix.data.chunks(matrix.cols).enumerate() {
            for (j, &r) in row[first..first + width].iter().enumerate() {
                gathered[j * n_rows + row_idx] = r;
            }
        }
        (0..width).try_for_each(|j| visit(&gathered[j * n_rows..(j + 1) * n_rows]))?;
    }
    Ok(())
}

/// Hands out each block of a matrix as a slice, row by row.
fn for_blocks<E>(matrix: Matrix, rows: usize, cols: usize, mut visit: impl FnMut(&[f32]) -> Result<(), E>) -> Result<(), E> {
    let mut gathered = Vec::new();
    for band in matrix.data.chunks(matrix.cols * rows.max(1)) {
        for first in (0..matrix.cols).step_by(cols.max(1)) {
            let width = cols.max(1).min(matrix.cols - first);
            gathered.clear();
            band.chunks(matrix.cols).for_each(|row| gathered.extend_from_slice(&row[first..first + width]));
            visit(&gathered)?;
        }
    }
    Ok(())
}

/// The range that holds `percent` of the finite values (nearest rank). Symmetric: the smallest `-c..=c`; affine: half
/// of the rest is left out at each end. 100 is the whole range.
pub fn percentile_range(values: &[f32], percent: f64, scheme: Scheme) -> (f64, f64) {
    let share = (percent / 100.0).clamp(0.0, 1.0);
    let finite = values.iter().filter(|r| r.is_finite());
    let left_out = (1.0 - share) * values.len() as f64;
    // Of a small group often nothing is left out: the extremes need no sorting.
    if left_out < 0.999 {
        let (lo, hi) = min_max(values).map_or((0.0, 0.0), |(lo, hi)| (f64::from(lo), f64::from(hi)));
        let c = hi.max(-lo);
        if scheme.is_affine() { (lo, hi) } else { (-c, c) }
    } else if scheme.is_affine() {
        // The order of these keys is the order of the floats.
        let mut keys: Vec<u32> = finite.map(|r| ordered(*r)).collect();
        let tail = (1.0 - share) / 2.0;
        let (lo, hi) = (rank(&mut keys, tail, false), rank(&mut keys, 1.0 - tail, true));
        (lo.map_or(0.0, unordered), hi.map_or(0.0, unordered))
    } else {
        let mut keys: Vec<u32> = finite.map(|r| r.abs().to_bits()).collect();
        let c = rank(&mut keys, share, true).map_or(0.0, |bits| f64::from(f32::from_bits(bits)));
        (-c, c)
    }
}

/// The value with `share` of all at or below it (`upper`) or strictly below it.
fn rank(keys: &mut [u32], share: f64, upper: bool) -> Option<u32> {
    let last = keys.len().checked_sub(1)?;
    // The sum of rounding errors in `share` must not lift an exact rank to the next.
    let place = share * keys.len() as f64;
    let idx = if upper { (place - 1e-6).ceil() as usize } else { (place + 1e-6).floor() as usize + 1 };
    Some(*keys.select_nth_unstable(idx.saturating_sub(1).min(last)).1)
}

fn ordered(r: f32) -> u32 {
    let bits = r.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn unordered(key: u32) -> f64 {
    f64::from(f32::from_bits(if key >> 31 == 1 { key & !(1 << 31) } else { !key }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn no_step(_: u64, _: u64) -> Result<(), std::convert::Infallible> {
        Ok(())
    }

    const CONFIG: Config = Config {
        bits: 8,
        scheme: Scheme::Symmetric,
        granularity: Granularity::Tensor,
        clip: Clip::AbsMax,
        rounding: Rounding::Even,
        scale_format: ScaleFormat::F32,
    };

    #[test]
    fn a_percentile_leaves_out_what_it_says() {
        let values: Vec<f32> = (1..=1000).map(|i| if i % 2 == 0 { i as f32 } else { -i as f32 }).collect();
        assert_eq!(percentile_range(&values, 99.0, Scheme::Symmetric), (-990.0, 990.0));
        assert_eq!(percentile_range(&values, 100.0, Scheme::Symmetric), (-1000.0, 1000.0));
        assert_eq!(percentile_range(&values, 99.0, Scheme::Affine), (-989.0, 990.0));
        assert_eq!(percentile_range(&values, 100.0, Scheme::Affine), (-999.0, 1000.0));
        assert_eq!(percentile_range(&[f32::NAN], 99.0, Scheme::Affine), (0.0, 0.0));
        assert_eq!(percentile_range(&values[..8], 99.0, Scheme::Symmetric), (-8.0, 8.0));
        assert_eq!(percentile_range(&values[..8], 99.0, Scheme::Affine), (-7.0, 8.0));
    }

    #[test]
    fn each_row_column_and_group_gets_its_own_scale() {
        let data = [127.0, 0.0, 0.0, -254.0, 0.0, 0.0, 12.7, 0.0];
        let scales = |granularity| {
            let config = Config { granularity, ..CONFIG };
            let Ok(found) = calibrate(Matrix::new(&data, 4), &config, &mut no_step);
            found.affines.iter().map(|a| a.scale).collect::<Vec<_>>()
        };
        assert_eq!(scales(Granularity::Tensor), [2.0]);
        assert_eq!(scales(Granularity::Row), [2.0, 0.1]);
        assert_eq!(scales(Granularity::Column), [1.0, 1.0, 0.1, 2.0]);
        assert_eq!(scales(Granularity::Group(3)), [1.0, 2.0, 0.1, 1.0]);
        assert_eq!(scales(Granularity::Block { rows: 2, cols: 3 }), [1.0, 2.0]);
        assert_eq!(scales(Granularity::Block { rows: 1, cols: 9 }), scales(Granularity::Row));
    }

    #[test]
    fn hostile_data_gets_a_defined_range() {
        let inf = f32::INFINITY;
        for data in [vec![], vec![f32::NAN; 4], vec![inf, -inf], vec![0.0; 4], vec![f32::MAX, f32::MIN], vec![1.0e-45; 2]] {
            for scheme in Scheme::ALL {
                for clip in [Clip::AbsMax, Clip::Percentile(90.0), Clip::Mse, Clip::Manual(0.5)] {
                    let block = Granularity::Block { rows: 2, cols: 3 };
                    for granularity in [Granularity::Tensor, Granularity::Row, Granularity::Column, Granularity::Group(3), block]
                    {
                        let config = Config { scheme, clip, granularity, ..CONFIG };
                        let Ok(found) = calibrate(Matrix::new(&data, data.len().max(1)), &config, &mut no_step);
                        let sound =
                            |a: &Affine| a.scale != 0.0 && a.scale.is_finite() && (a.scale > 0.0 || scheme == Scheme::SignedMax);
                        assert!(found.affines.iter().all(sound), "{data:?} {config:?}: {:?}", found.affines);
                    }
                }
            }
        }
    }

    #[test]
    fn the_best_range_of_a_signed_maximum_does_not_depend_on_the_sign() {
        let heavy = |sign: f32| -> Vec<f32> {
            (0..20_000).map(|i| sign * if i == 0 { 9.0 } else { ((i * 7919 % 20_011) as f32 / 20_011.0 - 0.4) * 2.0 }).collect()
        };
        let noise = |values: &[f32]| {
            let config = Config { bits: 3, scheme: Scheme::SignedMax, clip: Clip::Mse, ..CONFIG };
            let Ok(found) = calibrate(Matrix::new(values, 100), &config, &mut no_step);
            (found.affines[0].scale, crate::kernel::squared_error(values, found.affines[0], config.range()))
        };
        let ((plus, a), (minus, b)) = (noise(&heavy(1.0)), noise(&heavy(-1.0)));
        assert!(plus < 0.0 && minus > 0.0, "{plus} {minus}");
        assert!((a / b - 1.0).abs() < 1e-6, "{a} {b}");
    }

    #[test]
    fn a_refused_step_ends_the_work() {
        let result = calibrate(Matrix::new(&[1.0; 64], 8), &CONFIG, &mut |_, _| Err("stopped"));
        assert_eq!(result.err(), Some("stopped"));
    }

    proptest! {
        #[test]
        fn keys_order_as_floats_do(a: i16, b: i16, exponent in -30i32..30) {
            let (a, b) = (f32::from(a) * 2f32.powi(exponent), f32::from(b));
            prop_assert_eq!(ordered(a).cmp(&ordered(b)), a.total_cmp(&b));
            prop_assert_eq!(unordered(ordered(a)) as f32, a);
        }
    }
}
