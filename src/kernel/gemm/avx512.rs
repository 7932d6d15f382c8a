//! AVX-512: tiles of 32 columns, two registers wide; bytes four at a time by `vpdpbusd`.

mod bytes;
mod floats;
mod transpose;

pub(super) use bytes::I8;
pub(super) use floats::F32;

/// Columns of a tile.
const LANES: usize = 32;

/// Calls the instance of a function for a number of rows that is known only at run time: 1 to 14.
macro_rules! by_rows {
    ($n_rows:expr, $f:ident $args:tt) => {
        crate::kernel::gemm::x86::by_rows!([1 2 3 4 5 6 7 8 9 10 11 12 13 14], $n_rows, $f $args)
    };
}

/// Writes a statement out for each row below `$n`, which is 14 at most.
macro_rules! each_row {
    ($n:expr, |$r:ident| $body:block) => {
        crate::kernel::gemm::x86::each_row!([0 1 2 3 4 5 6 7 8 9 10 11 12 13], $n, |$r| $body)
    };
}

use {by_rows, each_row};
