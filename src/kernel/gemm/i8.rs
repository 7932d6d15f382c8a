//! The INT8 product: packs what is not packed, walks the tiles, corrects for zero points at the end of each.

use std::ops::Range;

use super::super::{Isa, Mat, Pool};
use super::{
    Codes, Each, Out, ProductI8, RhsI8, Scratch,
    blocks::{Panels, share},
    finish::{Finish, To},
    pack::{Form, GROUP_BYTES},
    packed::LayoutI8,
    scalar,
};

/// One way to multiply bytes.
pub(super) struct Kernel {
    pub(super) layout: LayoutI8,
    /// Rows of a panel of A, at most.
    pub(super) n_rows: usize,
    pub(super) form: Form,
    pub(super) tile: Tile,
    pub(super) finish: FinishTile,
    pub(super) pack_a: PackA,
    pub(super) pack_b: PackB,
}

/// `(n_groups, n_rows, a, b, acc)`: the sums of a panel of A with a panel of B, into `n_rows` rows of `n_lanes`.
///
/// # Safety
/// The CPU has the kernel's instructions; `a` is readable for `n_groups * n_rows * 4` bytes, `b` for `n_groups` groups
/// of a panel and aligned to 64 bytes, `acc` writable for `n_rows` (1 to the kernel's own) rows and aligned to 64 bytes.
pub(super) type Tile = unsafe fn(usize, usize, *const u8, *const i8, *mut i32);

/// As [`finish::tile`](super::finish::tile), on a CPU that has the kernel's instructions.
pub(super) type FinishTile = unsafe fn(&Finish, &mut [i32], Range<usize>, Range<usize>);

/// As [`pack::rows_i8`](super::pack::rows_i8), on a CPU that has the kernel's instructions.
pub(super) type PackA = unsafe fn(Codes, Range<usize>, Form, &mut [u8]);

/// As [`pack::columns_i8`](super::pack::columns_i8), on a CPU that has the kernel's instructions.
pub(super) type PackB = unsafe fn(Mat<i8>, usize, LayoutI8, &mut [i8], &mut [i32]);

/// Sums of the largest tile.
const MAX_TILE: usize = 12 * 32;

#[repr(align(64))]
struct Acc([i32; MAX_TILE]);

/// Bytes of B that one thread works through before the next panels of A: half of a usual L2.
const B_BLOCK: usize = 512 << 10;

/// Below this many multiplications a second thread costs more than it brings.
const MIN_SHARED: usize = 128 * 128 * 128;

/// The path that an instruction set takes.
pub(super) fn path_of(_isa: Isa) -> &'static Kernel {
    &scalar::I8
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
            assert_eq!(packed.layout, path.layout, "B was packed for another instruction set");
            (&packed.data[..], &packed.col_sums[..])
        }
        RhsI8::Rows(mat) => pack_all(path, pool, mat, b, col_sums),
    };
    let shift = path.form.shift(product.a);
    let has_b_zeros = product.b_zeros != Each::One(0);
    let (a_zeros, terms) = row_terms(product, shift, has_b_zeros, rows);
    let b_side = has_b_zeros.then_some((product.b_zeros, terms));
    let panels = Panels::even(m, path.n_rows);
    let job = Job { path, k, n, panels, b: b_panels, finish: Finish { a_zeros, col_sums, b_side, to } };
    job.run(pool, product.a, a.at_least(m * k.div_ceil(path.layout.group) * GROUP_BYTES));
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
    b: &'a [i8],
    finish: Finish<'a>,
}

impl Job<'_> {
    /// Shares the larger side among the threads; `packed` takes A.
    fn run(&self, pool: Option<&Pool>, a: Codes, packed: &mut [u8]) {
        let n_panels = self.path.layout.n_panels(self.n);
        let at = Shared(packed.as_mut_ptr());
        if a.n_rows() >= self.n {
            in_shares(pool, self.panels.count(), &|mine| {
                self.pack(a, mine.clone(), at);
                self.tiles(mine, 0..n_panels, at);
            });
        } else {
            in_shares(pool, self.panels.count(), &|mine| self.pack(a, mine, at));
            in_shares(pool, n_panels, &|mine| self.tiles(0..self.panels.count(), mine, at));
        }
    }

    fn n_groups(&self) -> usize {
        self.k.div_ceil(self.path.layout.group)
    }

    fn pack(&self, a: Codes, panels: Range<usize>, at: Shared<u8>) {
        for panel in panels {
            let rows = self.panels.rows(panel);
            let row_len = self.n_groups() * GROUP_BYTES;
            // SAFETY: panels do not overlap, each is packed by one thread, and all fit.
            let dst = unsafe { at.part(rows.start * row_len, rows.len() * row_len) };
            // SAFETY: whoever has the path has its instructions.
            unsafe { (self.path.pack_a)(a, rows, self.path.form, dst) };
        }
    }

    /// The tiles of these panels of A and of B.
    fn tiles(&self, a_panels: Range<usize>, b_panels: Range<usize>, packed: Shared<u8>) {
        let LayoutI8 { n_lanes, .. } = self.path.layout;
        let (b_len, row_len) = (self.path.layout.panel(self.k), self.n_groups() * GROUP_BYTES);
        let n_in_block = (B_BLOCK / b_len.max(1)).max(1);
        let mut acc = Acc([0; MAX_TILE]);
        for first in b_panels.clone().step_by(n_in_block) {
            for a_panel in a_panels.clone() {
                let rows = self.panels.rows(a_panel);
                for b_panel in first..(first + n_in_block).min(b_panels.end) {
                    let cols = b_panel * n_lanes..self.n.min((b_panel + 1) * n_lanes);
                    // SAFETY: whoever has the path has its instructions; A and B hold these panels, as they were packed;
                    // no tile of the path is larger than `acc`; the tile's part of C belongs to this thread.
                    unsafe {
                        let a = packed.0.add(rows.start * row_len);
                        let b = self.b.as_ptr().add(b_panel * b_len);
                        (self.path.tile)(self.n_groups(), rows.len(), a, b, acc.0.as_mut_ptr());
                        (self.path.finish)(&self.finish, &mut acc.0, rows.clone(), cols);
                    }
                }
            }
        }
    }
}

/// Calls `visit` with shares of `0..n`, several a thread, so that one who is held up does not hold up all.
pub(super) fn in_shares(pool: Option<&Pool>, n: usize, visit: &(dyn Fn(Range<usize>) + Sync)) {
    let Some(pool) = pool else { return visit(0..n) };
    let n_shares = if pool.n_threads() == 1 { 1 } else { n.min(pool.n_threads() * 4) };
    pool.run(n_shares, &|i| visit(share(n, n_shares, i)));
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
