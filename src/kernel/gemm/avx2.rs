//! AVX2: tiles of 6 rows and 16 columns, two registers wide, whose 12 sums leave just enough registers for the rest.

mod bytes;
mod edge;
mod floats;
mod transpose;

pub(super) use bytes::{SATURATING, VNNI, WIDENING};
pub(super) use floats::F32;

/// Columns of a tile.
const LANES: usize = 16;

/// Rows of a tile, at most.
const ROWS: usize = 6;

/// Calls the instance of a function for a number of rows that is known only at run time: 1 to 6.
macro_rules! by_rows {
    ($n_rows:expr, $f:ident $args:tt) => {
        crate::kernel::gemm::x86::by_rows!([1 2 3 4 5 6], $n_rows, $f $args)
    };
}

/// Writes a statement out for each row below `$n`, which is 6 at most.
macro_rules! each_row {
    ($n:expr, |$r:ident| $body:block) => {
        crate::kernel::gemm::x86::each_row!([0 1 2 3 4 5], $n, |$r| $body)
    };
}

use {by_rows, each_row};
