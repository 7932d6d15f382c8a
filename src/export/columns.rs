//! The columns of a mirror: whole codes a column, or an odd number of columns a code, so that bars never alias with
//! the grid. Screen, JSON and plot cut by this one rule.

use std::ops::Range;

use crate::lab::Mirror;

/// A window of a mirror in columns.
#[derive(Clone, Debug)]
pub struct Cut {
    /// Cells of one code that a column holds; fewer in the last one of the grid, and none of the grid beside clipped ones.
    pub codes_per_column: usize,
    /// Odd, and a divisor of the figure's `sub`; 1 where a column holds several codes.
    pub columns_per_code: usize,
    pub columns: Vec<Column>,
}

impl Cut {
    /// The finest cut of `window` (cells of the figure, clamped to it) into at most `width` columns.
    ///
    /// Sums are kept: nothing is lost or counted twice.
    pub fn new(f: &Mirror, window: Range<usize>, width: usize) -> Self {
        let window = window.start.min(f.n_codes)..window.end.min(f.n_codes);
        let (n, width) = (window.len(), width.max(1));
        if n <= width {
            let most = (width / n.max(1)).min(f.sub.max(1));
            let n_parts = (1..=most).rev().find(|k| k % 2 == 1 && f.sub.is_multiple_of(*k)).unwrap_or(1);
            let columns = window.flat_map(|cell| (0..n_parts).map(move |part| (cell..cell + 1, part)));
            let columns = columns.map(|(cells, part)| column(f, cells, part, n_parts)).collect();
            return Self { codes_per_column: 1, columns_per_code: n_parts, columns };
        }
        let regions = regions(f, &window);
        let n_columns = |k: usize| regions.iter().map(|r| r.len().div_ceil(k)).sum::<usize>();
        let fits = (n.div_ceil(width)..n).find(|&k| n_columns(k) <= width);
        let (codes_per_column, regions) = fits.map_or_else(|| (n.div_ceil(width), vec![window]), |k| (k, regions.to_vec()));
        let columns = regions.into_iter().flat_map(|region| {
            let end = region.end;
            region.step_by(codes_per_column).map(move |cell| cell..(cell + codes_per_column).min(end))
        });
        Self { codes_per_column, columns_per_code: 1, columns: columns.map(|cells| column(f, cells, 0, 1)).collect() }
    }

    /// The column that holds a sub-bin of the figure.
    pub fn column_of_bin(&self, bin: usize) -> Option<usize> {
        let idx = self.columns.partition_point(|c| c.bins.end <= bin);
        self.columns.get(idx).filter(|c| c.bins.contains(&bin)).map(|_| idx)
    }

    /// What a column would hold if it had as many codes as the others: the last one may have fewer.
    pub fn evened(&self, column: &Column, count: f64) -> f64 {
        if column.n_codes > 0 { count * self.codes_per_column as f64 / column.cells.len() as f64 } else { count }
    }
}

/// Cells below, on and above the grid: no column holds both codes and what lies beyond them.
fn regions(f: &Mirror, window: &Range<usize>) -> [Range<usize>; 3] {
    let cell = |code: i64| (code - i64::from(f.first_code)).clamp(window.start as i64, window.end as i64) as usize;
    let (low, high) = (cell(i64::from(f.grid.qmin)), cell(i64::from(f.grid.qmax) + 1));
    [window.start..low, low..high.max(low), high.max(low)..window.end]
}

/// What one column holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// The cells it touches, counted from the figure's first.
    pub cells: Range<usize>,
    /// The sub-bins it holds, counted from the figure's first.
    pub bins: Range<usize>,
    pub original: u64,
    /// Of the codes whose middle lies in this column.
    pub quantized: u64,
    /// Codes of the grid (`qmin..=qmax`) whose middle lies here, and how many of them are used.
    pub n_codes: usize,
    pub n_used: usize,
    /// Root of the mean squared error in steps; `None` where there is no original value.
    pub rms: Option<f64>,
}

impl Column {
    /// Whether every value here was clipped: no code of the grid lies under the column.
    pub fn is_outside(&self, mirror: &Mirror) -> bool {
        let first = i64::from(mirror.first_code);
        let on_grid = |cell: usize| {
            let code = first + cell as i64;
            (i64::from(mirror.grid.qmin)..=i64::from(mirror.grid.qmax)).contains(&code)
        };
        !self.cells.clone().any(on_grid)
    }
}

fn column(mirror: &Mirror, cells: Range<usize>, part: usize, n_parts: usize) -> Column {
    let sub = mirror.sub.max(1);
    let bins = cells.start * sub + part * sub / n_parts..(cells.end - 1) * sub + (part + 1) * sub / n_parts;
    let original = slice(&mirror.original, &bins).iter().map(|&n| u64::from(n)).sum::<u64>();
    let sq_error = slice(&mirror.sq_error, &bins).iter().map(|&e| f64::from(e)).sum::<f64>();
    let rms = (original > 0).then(|| (sq_error / original as f64).sqrt());
    let mut column = Column { cells: cells.clone(), bins, original, rms, ..Column::default() };
    if part == n_parts / 2 {
        let counts = slice(&mirror.quantized, &cells);
        column.quantized = counts.iter().map(|&n| u64::from(n)).sum();
        let grid = i64::from(mirror.grid.qmin)..=i64::from(mirror.grid.qmax);
        let on_grid = |cell: &usize| grid.contains(&(i64::from(mirror.first_code) + *cell as i64));
        column.n_codes = cells.clone().filter(on_grid).count();
        column.n_used = cells.filter(on_grid).filter(|&cell| mirror.quantized.get(cell).is_some_and(|&n| n > 0)).count();
    }
    column
}

/// A slice that a figure with too short arrays cuts shorter.
fn slice<'m, T>(values: &'m [T], range: &Range<usize>) -> &'m [T] {
    &values[range.start.min(values.len())..range.end.min(values.len())]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lab::Grid;

    fn mirror(first_code: i32, qmin: i32, qmax: i32, n_codes: usize, sub: usize, counts: impl Fn(usize) -> u32) -> Mirror {
        Mirror {
            view: "values",
            heading: String::new(),
            x_label: "value",
            x_is_code: false,
            grid: Grid { qmin, qmax, scale: Some(0.1), zero_point: 0 },
            first_code,
            n_codes,
            sub,
            original: (0..n_codes * sub).map(&counts).collect(),
            quantized: (0..n_codes).map(|cell| (cell * sub..(cell + 1) * sub).map(&counts).sum()).collect(),
            sq_error: vec![0.0; n_codes * sub],
            below: 0,
            above: 0,
            linear_first: false,
        }
    }

    fn cut_of(f: &Mirror, width: usize) -> (usize, usize, usize) {
        let cut = Cut::new(f, 0..f.n_codes, width);
        (cut.codes_per_column, cut.columns_per_code, cut.columns.len())
    }

    #[test]
    fn codes_are_cut_by_the_rule_of_the_figures() {
        let grid = |n: usize, sub| mirror(0, 0, n as i32 - 1, n, sub, |_| 1);
        assert_eq!(cut_of(&grid(255, 15), 52), (5, 1, 51));
        assert_eq!(cut_of(&grid(7, 15), 52), (1, 5, 35));
        assert_eq!(cut_of(&grid(7, 105), 52), (1, 7, 49));
        assert_eq!(cut_of(&grid(52, 15), 52), (1, 1, 52));
        assert_eq!(cut_of(&grid(0, 15), 0), (1, 1, 0));
        assert_eq!(cut_of(&grid(9, 15), 1), (9, 1, 1));
    }

    #[test]
    fn even_data_gives_even_columns() {
        for (n_codes, width) in [(255, 51), (256, 64), (256, 52), (7, 52), (15, 64), (255, 255)] {
            let flat = mirror(-3, -3, n_codes as i32 - 4, n_codes, 15, |_| 10);
            let cut = Cut::new(&flat, 0..n_codes, width);
            let heights: Vec<f64> = cut.columns.iter().map(|c| cut.evened(c, c.original as f64)).collect();
            assert!(heights.iter().all(|h| *h == heights[0]), "{n_codes} codes in {width} columns: {heights:?}");
        }
    }

    #[test]
    fn clipped_values_never_share_a_column_with_codes() {
        let wide = mirror(-5, -3, 3, 11, 5, |_| 1);
        let cut = Cut::new(&wide, 0..11, 11);
        let on_grid: Vec<usize> = cut.columns.iter().map(|c| c.n_codes).collect();
        assert_eq!(on_grid, [0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
        assert!(cut.columns[1].is_outside(&wide) && !cut.columns[2].is_outside(&wide));
        let coarse = Cut::new(&wide, 0..11, 6);
        let cells: Vec<_> = coarse.columns.iter().map(|c| (c.cells.clone(), c.n_codes)).collect();
        assert_eq!(cells, [(0..2, 0), (2..4, 2), (4..6, 2), (6..8, 2), (8..9, 1), (9..11, 0)]);
    }

    proptest! {
        #[test]
        fn totals_are_kept_at_every_width(n_codes in 1usize..600, half_sub in 0usize..8, width in 1usize..300, seed in any::<u32>()) {
            let sub = 2 * half_sub + 1;
            let figure = mirror(-100, -90, 300, n_codes, sub, |i| (i as u32).wrapping_mul(seed) % 1_000);
            let cut = Cut::new(&figure, 0..n_codes, width);
            prop_assert!(cut.columns.len() <= width);
            let (original, quantized) = cut.columns.iter().fold((0, 0), |(o, q), c| (o + c.original, q + c.quantized));
            prop_assert_eq!(original, figure.original.iter().map(|&n| u64::from(n)).sum::<u64>());
            prop_assert_eq!(quantized, figure.quantized.iter().map(|&n| u64::from(n)).sum::<u64>());
            prop_assert!(cut.codes_per_column == 1 || cut.columns_per_code == 1);
            prop_assert!(cut.columns_per_code % 2 == 1 && sub % cut.columns_per_code == 0);
            for (idx, column) in cut.columns.iter().enumerate() {
                prop_assert_eq!(cut.column_of_bin(column.bins.start), Some(idx));
            }
        }
    }
}
