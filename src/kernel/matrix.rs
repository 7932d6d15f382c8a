//! Row-major matrices inside slices, with a leading dimension.

/// `n_rows x n_cols` values; row `r` begins at `r * stride` of `data`.
#[derive(Clone, Copy, Debug)]
pub struct Mat<'a, T> {
    data: &'a [T],
    n_rows: usize,
    n_cols: usize,
    stride: usize,
}

impl<'a, T> Mat<'a, T> {
    /// Rows without gaps. Panics unless `data` holds at least `n_rows * n_cols` values.
    pub fn new(data: &'a [T], n_rows: usize, n_cols: usize) -> Self {
        Self::strided(data, n_rows, n_cols, n_cols)
    }

    /// Rows that begin `stride` values apart. Panics if rows would overlap or the last one would not fit.
    pub fn strided(data: &'a [T], n_rows: usize, n_cols: usize, stride: usize) -> Self {
        check(data.len(), n_rows, n_cols, stride);
        Self { data, n_rows, n_cols, stride }
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Distance between the beginnings of two rows.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// One row; panics where there is none.
    pub fn row(&self, row: usize) -> &'a [T] {
        assert!(row < self.n_rows, "row {row} of {}", self.n_rows);
        // Rows without columns lie nowhere.
        if self.n_cols == 0 { &[] } else { &self.data[row * self.stride..][..self.n_cols] }
    }

    pub(super) fn as_ptr(&self) -> *const T {
        self.data.as_ptr()
    }
}

/// As [`Mat`], to be written.
#[derive(Debug)]
pub struct MatMut<'a, T> {
    data: &'a mut [T],
    n_rows: usize,
    n_cols: usize,
    stride: usize,
}

impl<'a, T> MatMut<'a, T> {
    /// Rows without gaps. Panics unless `data` holds at least `n_rows * n_cols` values.
    pub fn new(data: &'a mut [T], n_rows: usize, n_cols: usize) -> Self {
        Self::strided(data, n_rows, n_cols, n_cols)
    }

    /// Rows that begin `stride` values apart; what lies between them is left as it is. Panics as [`Mat::strided`] does.
    pub fn strided(data: &'a mut [T], n_rows: usize, n_cols: usize, stride: usize) -> Self {
        check(data.len(), n_rows, n_cols, stride);
        Self { data, n_rows, n_cols, stride }
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    pub fn stride(&self) -> usize {
        self.stride
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut T {
        self.data.as_mut_ptr()
    }
}

fn check(len: usize, n_rows: usize, n_cols: usize, stride: usize) {
    assert!(n_rows <= 1 || stride >= n_cols, "rows of {n_cols} values overlap when they begin {stride} apart");
    let needed = if n_rows == 0 || n_cols == 0 {
        Some(0)
    } else {
        (n_rows - 1).checked_mul(stride).and_then(|begin| begin.checked_add(n_cols))
    };
    assert!(
        needed.is_some_and(|needed| needed <= len),
        "{n_rows} x {n_cols} with rows {stride} apart do not fit in {len} values"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_needs_no_gap_behind_it() {
        let data: Vec<i32> = (0..8).collect();
        let mat = Mat::strided(&data, 2, 3, 5);
        assert_eq!((mat.row(0), mat.row(1)), (&[0, 1, 2][..], &[5, 6, 7][..]));
    }

    #[test]
    fn a_matrix_without_rows_or_columns_needs_no_data() {
        assert_eq!(Mat::<f32>::new(&[], 0, 5).n_cols(), 5);
        assert_eq!(Mat::<f32>::new(&[], 5, 0).n_rows(), 5);
    }

    #[test]
    #[should_panic(expected = "do not fit")]
    fn a_slice_that_is_too_short_is_refused() {
        Mat::strided(&[0u8; 7], 2, 3, 5);
    }

    #[test]
    #[should_panic(expected = "do not fit")]
    fn a_size_beyond_the_address_space_is_refused() {
        Mat::strided(&[0u8; 7], usize::MAX, 3, usize::MAX / 2);
    }
}
