//! How values are spread, as columns over real values.

use super::{Series, SeriesRole, Shape};

/// Columns of a histogram; odd, so that 0 stands in the middle of one.
const N_COLUMNS: usize = 121;

/// Counts of the finite values in equal columns over `-reach..=reach`, or over `0..=reach` of the magnitudes; what lies
/// beyond stands on the outermost column. Columns that hold nothing are left out, as a log axis wants it. `unit` is what
/// one on the x axis stands for.
pub(super) fn columns(name: &str, values: &[f32], reach: f64, unit: f64, one_sided: bool) -> Series {
    let mut counts = [0u32; N_COLUMNS];
    let first = if one_sided { 0.0 } else { -reach };
    let width = (reach - first) / N_COLUMNS as f64;
    for &r in values.iter().filter(|r| r.is_finite()) {
        let r = f64::from(if one_sided { r.abs() } else { r });
        // A cast holds what lies left of the axis at 0.
        counts[(((r - first) / width) as usize).min(N_COLUMNS - 1)] += 1;
    }
    let centre = |idx: usize| (first + (idx as f64 + 0.5) * width) / unit;
    let points = counts.iter().enumerate().filter(|&(_, &n)| n > 0).map(|(idx, &n)| (centre(idx), f64::from(n)));
    Series { name: name.into(), role: SeriesRole::A, shape: Shape::Columns, points: points.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_value_stands_on_one_column() {
        let values = [0.0, -1.0, 1.0, 50.0, -50.0, f32::NAN, f32::INFINITY];
        for one_sided in [false, true] {
            let series = columns("values", &values, 2.0, 1.0, one_sided);
            assert_eq!(series.points.iter().map(|p| p.1).sum::<f64>(), 5.0);
            assert!(series.points.iter().all(|p| p.0.abs() <= 2.0));
        }
        assert!(columns("values", &values, 2.0, 1.0, false).points.iter().any(|&(x, n)| x.abs() < 1e-9 && n == 1.0));
    }
}
