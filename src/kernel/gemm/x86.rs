//! What the kernels of AVX2 and AVX-512 share: loops over the rows of a tile written out, rows to be packed.

/// Rows of one panel of A in memory.
pub(super) struct Rows {
    pub(super) ptr: *const u8,
    /// Bytes from one row to the next.
    pub(super) stride: usize,
    /// Bytes of a row.
    pub(super) len: usize,
}

/// Calls the instance of a function for a number of rows that is known only at run time.
macro_rules! by_rows {
    ([$($i:literal)*], $n_rows:expr, $f:ident $args:tt) => {
        match $n_rows {
            $($i => $f::<$i> $args,)*
            n_rows => unreachable!("a tile of {n_rows} rows"),
        }
    };
}

/// Writes a statement out for each of these rows that is below `$n`: left to itself the compiler does not unroll the
/// longest loops, and then keeps the sums in memory.
macro_rules! each_row {
    ([$($i:literal)*], $n:expr, |$r:ident| $body:block) => {
        $(if $i < $n {
            const $r: usize = $i;
            $body
        })*
    };
}

pub(super) use {by_rows, each_row};
