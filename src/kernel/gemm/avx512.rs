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
        match $n_rows {
            1 => $f::<1> $args,
            2 => $f::<2> $args,
            3 => $f::<3> $args,
            4 => $f::<4> $args,
            5 => $f::<5> $args,
            6 => $f::<6> $args,
            7 => $f::<7> $args,
            8 => $f::<8> $args,
            9 => $f::<9> $args,
            10 => $f::<10> $args,
            11 => $f::<11> $args,
            12 => $f::<12> $args,
            13 => $f::<13> $args,
            _ => $f::<14> $args,
        }
    };
}

/// Writes a statement out for each row below `$n`, 14 at most: left to itself the compiler does not unroll the longest
/// loops, and then keeps the sums in memory.
macro_rules! each_row {
    ($n:expr, |$r:ident| $body:block) => {
        each_row!(@ $n, $r, $body, 0 1 2 3 4 5 6 7 8 9 10 11 12 13)
    };
    (@ $n:expr, $r:ident, $body:block, $($i:literal)*) => {
        $(if $i < $n {
            const $r: usize = $i;
            $body
        })*
    };
}

use {by_rows, each_row};
