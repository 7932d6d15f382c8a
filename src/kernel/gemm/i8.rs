//! The INT8 product: packs what is not packed, walks the tiles, corrects for zero points at the end of each.

use std::ops::Range;

use super::super::{Isa, Level, Mat, Pool};
#[cfg(target_arch = "aarch64")]
use super::neon;
use super::{
    Codes, Each, Out, ProductI8, RhsI8, Scratch,
    blocks::{Panels, shares},
    finish::{Finish, To},
    pack::{Form, GROUP_BYTES},
    packed::LayoutI8,
    scalar,
};
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// One way to multiply bytes.
#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) name: &'static str,
    pub(super) layout: LayoutI8,
    /// Rows of a panel of A, at most.
    pub(super) n_rows: usize,
    /// Bytes of B that one thread works through before the next panels of A: half of a usual L2.
    pub(super) b_block: usize,
    pub(super) form: Form,
    pub(super) tile: unsafe fn(&Tile),
    pub(super) finish: FinishTile,
    pub(super) pack_a: PackA,
    pub(super) pack_b: PackB,
}

/// One tile: the sums of a panel of A with a panel of B.
///
/// The tile function's caller promises: the CPU has the kernel's instructions; `a` is readable for four bytes at
/// `r * a_row + g * a_group` for every row below `n_rows` (1 to the kernel's own) and every group below `n_groups`; `b`
/// for as many groups of a panel, which begins on a cache line; `c` is writable at `r * c_stride + j` for every lane,
/// nobody else using it.
pub(super) struct Tile {
    pub(super) n_groups: usize,
    pub(super) n_rows: usize,
    pub(super) a: *const u8,
    pub(super) a_row: usize,
    pub(super) a_group: usize,
    pub(super) b: *const i8,
    pub(super) c: *mut i32,
    pub(super) c_stride: usize,
}

/// As [`finish::tile`](super::finish::tile), on a CPU that has the kernel's instructions.
pub(super) type FinishTile = unsafe fn(&Finish, &mut [i32], Range<usize>, Range<usize>);

/// As [`pack::rows_i8`](super::pack::rows_i8), on a CPU that has the kernel's instructions.
pub(super) type PackA = unsafe fn(Codes, Range<usize>, Form, &mut [u8]);

/// As [`pack::columns_i8`](super::pack::columns_i8), on a CPU that has the kernel's instructions.
pub(super) type PackB = unsafe fn(Mat<i8>, usize, LayoutI8, &mut [i8], &mut [i32]);

/// Sums of the largest tile.
const MAX_TILE: usize = 14 * 32;

/// The sums of one tile on their way to C.
#[repr(align(64))]
struct Sums([std::mem::MaybeUninit<i32>; MAX_TILE]);

/// Below this many multiplications a second thread costs more than it brings.
const MIN_SHARED: usize = 128 * 128 * 128;

/// The path that an instruction set takes.
pub(super) fn path_of(isa: Isa) -> &'static Kernel {
    match isa.level() {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512Vnni => &avx512::I8,
        #[cfg(target_arch = "x86_64")]
        Level::AvxVnni => &avx2::VNNI,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 | Level::Avx512 => &avx2::WIDENING,
        #[cfg(target_arch = "aarch64")]
        Level::Neon => &neon::I8,
        #[cfg(target_arch = "aarch64")]
        Level::NeonDotprod => &neon::I8_DOT,
        #[cfg(target_arch = "aarch64")]
        Level::NeonI8mm => &neon::I8_MATRIX,
        _ => &scalar::I8,
    }
}

/// The path of pairs that saturate, where an instruction set has it.
pub(super) fn saturating_path_of(isa: Isa) -> Option<&'static Kernel> {
    match isa.level() {
        Level::Scalar => Some(&scalar::SATURATING),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 | Level::AvxVnni | Level::Avx512 | Level::Avx512Vnni => Some(&avx2::SATURATING),
        _ => None,
    }
}

/// Packs a range of panels of B, each with its column sums, into slices that begin with the first of them.
pub(super) fn pack_panels(path: &Kernel, b: Mat<i8>, panels: Range<usize>, data: &mut [i8], col_sums: &mut [i32]) {
    let (len, n_lanes) = (path.layout.panel(b.n_rows()), path.layout.n_lanes);
    for (i, panel) in panels.enumerate() {
        let (data, sums) = (&mut data[i * len..][..len], &mut col_sums[i * n_lanes..][..n_lanes]);
        // SAFETY: whoever has the path has its instructions.
        unsafe { (path.pack_b)(b, panel * n_lanes, path.layout, data, sums) };
    }
}

pub(super) fn multiply(path: &Kernel, pool: Option<&Pool>, scratch: &mut Scratch, product: &ProductI8, out: Out) {
    let (m, k, n) = (product.a.n_rows(), product.a.n_cols(), product.b.n_cols());
    assert_eq!(product.b.n_rows(), k, "A has {k} columns, B as many rows");
    assert_eq!(out.size(), (m, n), "C is {m} x {n}");
    product.a_zeros.check(m, "zero points of A");
    product.b_zeros.check(n, "zero points of B");
    let to = To::new(out);
    if m == 0 || n == 0 {
        return;
    }
    let pool = pool.filter(|_| m * n * k.max(1) >= MIN_SHARED);
    let Scratch { a, b, col_sums, rows, .. } = scratch;
    let (b_panels, col_sums) = match product.b {
        RhsI8::Packed(packed) => {
            assert_eq!(packed.path, path.name, "B was packed for another path");
            (&packed.data[..], &packed.col_sums[..])
        }
        RhsI8::Rows(mat) => pack_all(path, pool, mat, b, col_sums),
    };
    let shift = path.form.shift(product.a);
    let has_b_zeros = product.b_zeros != Each::One(0);
    let (a_zeros, terms) = row_terms(product, shift, has_b_zeros, rows);
    let b_side = has_b_zeros.then_some((product.b_zeros, terms));
    let panels = Panels::even(m, path.n_rows);
    let finish = Finish { a_zeros, col_sums, b_side, to };
    let a = Left::new(path, product.a, panels, a);
    Job { path, k, n, panels, a, b: b_panels, finish }.run(pool);
}

/// A as the tiles read it.
#[derive(Clone, Copy)]
struct Left<'a> {
    ptr: Shared<u8>,
    /// What is still to be packed, if anything.
    codes: Option<Codes<'a>>,
    /// Bytes from row to row where it is not packed.
    stride: usize,
    panels: Panels,
    /// Bytes of a packed row.
    row_len: usize,
}

impl<'a> Left<'a> {
    /// Unsigned codes in whole groups are read where they are.
    fn new(path: &Kernel, codes: Codes<'a>, panels: Panels, scratch: &mut super::Buffer<u8>) -> Self {
        let row_len = codes.n_cols().div_ceil(path.layout.group) * GROUP_BYTES;
        match codes {
            Codes::U8(a) if path.form == Form::U8 && a.n_cols().is_multiple_of(GROUP_BYTES) => {
                // Nobody writes through it, as `codes` is None.
                Self { ptr: Shared(a.as_ptr().cast_mut()), codes: None, stride: a.stride(), panels, row_len }
            }
            _ => {
                let ptr = Shared(scratch.at_least(codes.n_rows() * row_len).as_mut_ptr());
                Self { ptr, codes: Some(codes), stride: 0, panels, row_len }
            }
        }
    }

    fn pack(&self, path: &Kernel, panels: Range<usize>) {
        let Some(codes) = self.codes else { return };
        for panel in panels {
            let rows = self.panels.rows(panel);
            // SAFETY: panels do not overlap, each is packed by one thread, and all fit.
            let dst = unsafe { self.ptr.part(rows.start * self.row_len, rows.len() * self.row_len) };
            // SAFETY: whoever has the path has its instructions.
            unsafe { (path.pack_a)(codes, rows, path.form, dst) };
        }
    }

    /// Where a panel begins, and its distances from row to row and from group to group.
    fn panel(&self, rows: &Range<usize>) -> (*const u8, usize, usize) {
        if self.codes.is_none() {
            (self.ptr.0.wrapping_add(rows.start * self.stride), self.stride, GROUP_BYTES)
        } else {
            (self.ptr.0.wrapping_add(rows.start * self.row_len), GROUP_BYTES, GROUP_BYTES * rows.len())
        }
    }
}

fn pack_all<'s>(
    path: &Kernel,
    pool: Option<&Pool>,
    mat: Mat<i8>,
    data: &'s mut super::Buffer<u8>,
    col_sums: &'s mut super::Buffer<i32>,
) -> (&'s [i8], &'s [i32]) {
    let n_panels = path.layout.n_panels(mat.n_cols());
    let len = path.layout.panel(mat.n_rows());
    let data = as_signed(data.at_least(n_panels * len));
    let col_sums = col_sums.at_least(n_panels * path.layout.n_lanes);
    let (data_at, sums_at) = (Shared(data.as_mut_ptr()), Shared(col_sums.as_mut_ptr()));
    in_shares(pool, n_panels, &|panels| {
        // SAFETY: shares do not overlap, and end at `n_panels`.
        let (data, sums) = unsafe {
            (
                data_at.part(panels.start * len, panels.len() * len),
                sums_at.part(panels.start * path.layout.n_lanes, panels.len() * path.layout.n_lanes),
            )
        };
        pack_panels(path, mat, panels, data, sums);
    });
    (data, col_sums)
}

/// Zero points of A in its packed form, and what those of B are multiplied with.
fn row_terms<'s>(
    product: &ProductI8<'s>,
    shift: i32,
    has_b_zeros: bool,
    rows: &'s mut super::Buffer<i32>,
) -> (Each<'s, i32>, &'s [i32]) {
    let (m, k) = (product.a.n_rows(), product.a.n_cols());
    let (zeros, terms) = rows.at_least(2 * m).split_at_mut(m);
    if has_b_zeros {
        // The shift adds K times itself to the sum of a row, and takes as much away with the zero point.
        for (row, term) in terms.iter_mut().enumerate() {
            *term = row_sum(product.a, row).wrapping_sub((k as i32).wrapping_mul(product.a_zeros.at(row)));
        }
    }
    let a_zeros = match product.a_zeros {
        Each::One(zero) => Each::One(zero.wrapping_add(shift)),
        Each::Each(each) => {
            zeros.iter_mut().zip(each).for_each(|(shifted, zero)| *shifted = zero.wrapping_add(shift));
            Each::Each(zeros)
        }
    };
    (a_zeros, terms)
}

fn row_sum(a: Codes, row: usize) -> i32 {
    match a {
        Codes::U8(a) => a.row(row).iter().fold(0, |sum: i32, &code| sum.wrapping_add(code.into())),
        Codes::I8(a) => a.row(row).iter().fold(0, |sum: i32, &code| sum.wrapping_add(code.into())),
    }
}

struct Job<'a> {
    path: &'a Kernel,
    k: usize,
    n: usize,
    panels: Panels,
    a: Left<'a>,
    b: &'a [i8],
    finish: Finish<'a>,
}

impl Job<'_> {
    /// Shares the larger side among the threads.
    fn run(&self, pool: Option<&Pool>) {
        let (n_a, n_b) = (self.panels.count(), self.path.layout.n_panels(self.n));
        if self.panels.rows(n_a - 1).end >= self.n {
            in_shares(pool, n_a, &|mine| {
                self.a.pack(self.path, mine.clone());
                self.tiles(mine, 0..n_b);
            });
        } else {
            in_shares(pool, n_a, &|mine| self.a.pack(self.path, mine));
            in_shares(pool, n_b, &|mine| self.tiles(0..n_a, mine));
        }
    }

    /// The tiles of these panels of A and of B.
    fn tiles(&self, a_panels: Range<usize>, b_panels: Range<usize>) {
        let n_in_block = (self.path.b_block / self.path.layout.panel(self.k).max(1)).max(1);
        for first in b_panels.clone().step_by(n_in_block) {
            for a_panel in a_panels.clone() {
                let rows = self.panels.rows(a_panel);
                for b_panel in first..(first + n_in_block).min(b_panels.end) {
                    self.tile(rows.clone(), b_panel);
                }
            }
        }
    }

    #[inline(always)]
    fn tile(&self, rows: Range<usize>, b_panel: usize) {
        let LayoutI8 { n_lanes, group, .. } = self.path.layout;
        let cols = b_panel * n_lanes..self.n.min((b_panel + 1) * n_lanes);
        let (a, a_row, a_group) = self.a.panel(&rows);
        let b = self.b[b_panel * self.path.layout.panel(self.k)..].as_ptr();
        let (n_groups, n_rows) = (self.k.div_ceil(group), rows.len());
        let tile = |c, c_stride| Tile { n_groups, n_rows, a, a_row, a_group, b, c, c_stride };
        // SAFETY: whoever has the path has its instructions; A and B hold these panels, as they were packed; no tile of
        // the path is larger than `Sums`; the tile's part of C belongs to this thread.
        unsafe {
            match self.finish.in_place(&rows, &cols) {
                Some((c, stride)) if cols.len() == n_lanes => (self.path.tile)(&tile(c, stride)),
                _ => {
                    let mut sums = Sums([const { std::mem::MaybeUninit::uninit() }; MAX_TILE]);
                    let sums = sums.0.as_mut_ptr().cast::<i32>();
                    (self.path.tile)(&tile(sums, n_lanes));
                    let sums = std::slice::from_raw_parts_mut(sums, n_rows * n_lanes);
                    (self.path.finish)(&self.finish, sums, rows, cols);
                }
            }
        }
    }
}

/// Calls `visit` with [`shares`] of `0..n`.
pub(super) fn in_shares(pool: Option<&Pool>, n: usize, visit: &(dyn Fn(Range<usize>) + Sync)) {
    let Some(pool) = pool.filter(|pool| pool.n_threads() > 1) else { return visit(0..n) };
    let shares = || shares(n, pool.n_threads());
    pool.run(shares().count(), &|i| visit(shares().nth(i).expect("there are so many")));
}

/// Memory of which threads write disjoint parts.
pub(super) struct Shared<T>(pub(super) *mut T);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<T> {}

impl<T> Shared<T> {
    /// # Safety
    /// The part lies within the memory, and nobody else uses it while the slice lives.
    pub(super) unsafe fn part<'s>(self, begin: usize, len: usize) -> &'s mut [T] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(begin), len) }
    }
}

// SAFETY: it only carries the pointer to other threads; each use of it says why it is disjoint.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

fn as_signed(bytes: &mut [u8]) -> &mut [i8] {
    // SAFETY: both types are one byte, every bit pattern is a value of each.
    unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) }
}
