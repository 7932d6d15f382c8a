//! Figures that several labs show.

use super::{ErrorHistogram, Grid, Mirror, RowStat, Rows, row::count};
use crate::{
    kernel::{Axis, CodeHistogram, ERROR_BINS_PER_STEP},
    quant::{Affine, CodeRange, Errors, Rounding},
};

/// The axis of a mirror: the whole grid, and the data as far as one width of the grid beyond it on each side. `reach`
/// is the smallest and largest code position of the data.
pub(super) fn axis(range: CodeRange, reach: Option<(f32, f32)>) -> Axis {
    let width = range.n_codes() as f32;
    let (qmin, qmax) = (range.qmin as f32, range.qmax as f32);
    let (lo, hi) = reach.unwrap_or((qmin, qmax));
    let first = (lo + 0.5).floor().clamp(qmin - width, qmin) as i32;
    let last = (hi + 0.5).floor().clamp(qmax, qmax + width) as i32;
    Axis { first_code: first, n_codes: (last - first) as usize + 1, sub: sub_bins(range.n_codes()) }
}

/// Bins of one code: odd, with many odd divisors, and few where there are many codes.
fn sub_bins(n_codes: usize) -> usize {
    match n_codes {
        0..=16 => 315,
        17..=64 => 45,
        65..=256 => 15,
        _ => 3,
    }
}

/// An empty histogram for values of this reach, rounded like this.
pub(super) fn histogram(range: CodeRange, reach: Option<(f32, f32)>, rounding: Rounding) -> CodeHistogram {
    CodeHistogram::new(axis(range, reach), if rounding.is_nearest() { 0.5 } else { 1.0 })
}

pub(super) fn grid(range: CodeRange, by: Option<Affine>) -> Grid {
    Grid { qmin: range.qmin, qmax: range.qmax, scale: by.map(|a| f64::from(a.scale)), zero_point: by.map_or(0, |a| a.zero_point) }
}

/// How a mirror is labelled.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub view: &'static str,
    pub x_is_code: bool,
    /// "weight", "value".
    pub noun: &'static str,
    pub linear_first: bool,
}

pub(super) fn mirror(histogram: &CodeHistogram, grid: Grid, look: Look) -> Mirror {
    let range = CodeRange { qmin: grid.qmin, qmax: grid.qmax };
    Mirror {
        view: look.view,
        heading: codes_heading(histogram, range, look.noun),
        x_label: if look.x_is_code { "code" } else { look.noun },
        x_is_code: look.x_is_code,
        grid,
        first_code: histogram.axis().first_code,
        n_codes: histogram.axis().n_codes,
        sub: histogram.axis().sub,
        original: histogram.original().to_vec(),
        quantized: histogram.quantized().to_vec(),
        sq_error: histogram.sq_error().to_vec(),
        below: histogram.below(),
        above: histogram.above(),
        linear_first: look.linear_first,
    }
}

/// "111 of 255 codes used; half of all weights on 6".
fn codes_heading(histogram: &CodeHistogram, range: CodeRange, noun: &str) -> String {
    let used = format!("{} of {} used", histogram.n_distinct(range), count(range.n_codes() as u64, "code"));
    match n_codes_of_half(histogram.counts_of(range)) {
        0 => used,
        n => format!("{used}; half of all {noun}s on {n}"),
    }
}

/// How many codes, the fullest first, hold at least half of the values.
fn n_codes_of_half(counts: &[u32]) -> usize {
    let total: u64 = counts.iter().map(|&n| u64::from(n)).sum();
    let mut fullest: Vec<u32> = counts.iter().copied().filter(|&n| n > 0).collect();
    fullest.sort_unstable_by(|a, b| b.cmp(a));
    let (mut held, mut n_codes) = (0, 0);
    for n in fullest {
        if 2 * held >= total {
            break;
        }
        held += u64::from(n);
        n_codes += 1;
    }
    n_codes
}

pub(super) fn error_histogram(histogram: &CodeHistogram) -> ErrorHistogram {
    let reach = f64::from(histogram.error_reach());
    let n_inside: u64 = histogram.errors().iter().map(|&n| u64::from(n)).sum();
    ErrorHistogram {
        heading: error_heading(histogram, n_inside),
        lo: -reach,
        hi: reach,
        counts: histogram.errors().to_vec(),
        outside: histogram.outside(),
        uniform: (n_inside + histogram.outside()) as f64 / ERROR_BINS_PER_STEP as f64,
    }
}

/// "RMS error 0.289 steps (uniform: 0.289)", without what lies beyond the axis.
fn error_heading(histogram: &CodeHistogram, n_inside: u64) -> String {
    if n_inside == 0 {
        return "no error on the axis".into();
    }
    let width = 1.0 / ERROR_BINS_PER_STEP as f64;
    let centre = |bin: usize| (bin as f64 + 0.5) * width - f64::from(histogram.error_reach());
    let squares: f64 = histogram.errors().iter().enumerate().map(|(bin, &n)| f64::from(n) * centre(bin).powi(2)).sum();
    let rms = (squares / n_inside as f64).sqrt();
    match histogram.outside() {
        0 => format!("RMS error {rms:.3} steps (evenly spread: 0.289)"),
        n => format!("RMS error {rms:.3} steps (evenly spread: 0.289); {} beyond the axis", count(n, "value")),
    }
}

/// SQNR of every row, worst first.
pub(super) fn rows(errors: &[Errors]) -> Rows {
    let stat = |(idx, e): (usize, &Errors)| RowStat { idx: idx as u32, sqnr_db: e.sqnr_db() as f32, absmax: e.abs_max as f32 };
    let mut sorted: Vec<RowStat> = errors.iter().enumerate().map(stat).collect();
    sorted.sort_by(|a, b| a.sqnr_db.total_cmp(&b.sqnr_db));
    let heading = match (sorted.first(), sorted.get(sorted.len() / 2)) {
        (Some(worst), Some(median)) => {
            format!("worst row {}: {:.2} dB; median {:.2} dB", worst.idx, worst.sqnr_db, median.sqnr_db)
        }
        _ => "no rows".into(),
    };
    Rows { heading, unit: "row", sorted }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: CodeRange = CodeRange { qmin: -8, qmax: 7 };

    #[test]
    fn the_axis_holds_the_grid_and_at_most_three_widths() {
        let codes = |reach| {
            let axis = axis(RANGE, reach);
            (axis.first_code, axis.first_code + axis.n_codes as i32 - 1)
        };
        assert_eq!(codes(None), (-8, 7));
        assert_eq!(codes(Some((-1.0, 1.0))), (-8, 7));
        assert_eq!(codes(Some((-9.4, 8.6))), (-9, 9));
        assert_eq!(codes(Some((-1.0e30, f32::INFINITY))), (-24, 23));
    }

    #[test]
    fn half_of_the_values_lie_on_the_fullest_codes() {
        assert_eq!(n_codes_of_half(&[]), 0);
        assert_eq!(n_codes_of_half(&[0, 5, 0]), 1);
        assert_eq!(n_codes_of_half(&[3, 4, 3, 2]), 2);
        assert_eq!(n_codes_of_half(&[1, 1, 1, 1]), 2);
    }
}
