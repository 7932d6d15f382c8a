//! The FP32 product: blocks of K, panels of A and B packed only where that pays.

use std::ops::Range;

use super::super::{Buffer, Isa, Level, Mat, MatMut, Pool};
#[cfg(target_arch = "aarch64")]
use super::neon;
use super::{
    RhsF32, Scratch,
    blocks::Panels,
    i8::{Shared, in_shares},
    scalar,
};
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// One way to multiply f32s.
pub(super) struct Kernel {
    pub(super) name: &'static str,
    /// Rows of a tile, at most.
    pub(super) n_rows: usize,
    /// Columns of a tile.
    pub(super) n_lanes: usize,
    /// Values of B up to which its rows are read where they are, because packing them would cost more than it saves; 0
    /// where a tile cannot read rows that end before its last column.
    pub(super) small_b: usize,
    /// Values of B in a block: half of a usual L2, or a whole small one.
    pub(super) b_block: usize,
    pub(super) tile: unsafe fn(&Tile),
    pub(super) pack_a: PackA,
    pub(super) pack_b: PackB,
}

/// As [`pack::columns_f32`](super::pack::columns_f32), on a CPU that has the kernel's instructions.
pub(super) type PackB = unsafe fn(Mat<f32>, Range<usize>, Range<usize>, &mut [f32]);

/// As [`pack::rows_f32`](super::pack::rows_f32), on a CPU that has the kernel's instructions.
pub(super) type PackA = unsafe fn(Mat<f32>, Range<usize>, Range<usize>, &mut [f32]);

/// One tile of C: `c = a b`, or `c += a b`.
///
/// The tile function's caller promises: the CPU has the kernel's instructions; `a` is readable at `r * a_row + k * a_k`
/// and `c` writable at `r * c_stride + j`, nobody else using it, for every row, k and column below `n_rows` (1 to the
/// kernel's own), `k` and `n_cols` (1 to its lanes); `b` is readable at `k * b_stride + j` for every column below
/// `n_cols`, or below the kernel's lanes where the kernel has no `small_b`.
pub(super) struct Tile {
    pub(super) k: usize,
    pub(super) n_rows: usize,
    pub(super) n_cols: usize,
    pub(super) a: *const f32,
    pub(super) a_row: usize,
    pub(super) a_k: usize,
    pub(super) b: *const f32,
    pub(super) b_stride: usize,
    pub(super) c: *mut f32,
    pub(super) c_stride: usize,
    pub(super) adds: bool,
}

/// Rows of B in a block. Both panels of a tile stream from L2, so that C is touched as rarely as can be.
const K_BLOCK: usize = 1024;

/// Columns of B from which on the panels of A are worth packing.
const MANY_COLS: usize = 640;

/// Values between two rows that fall into the same place of L1.
const PAGE: usize = 1024;

/// Below this many multiplications a second thread costs more than it brings.
const MIN_SHARED: usize = 128 * 128 * 128;

/// The kernel that an instruction set has.
pub(super) fn kernel_of(isa: Isa) -> &'static Kernel {
    match isa.level() {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx512Vnni => &avx512::F32,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 | Level::AvxVnni => &avx2::F32,
        #[cfg(target_arch = "aarch64")]
        Level::Neon | Level::NeonDotprod | Level::NeonI8mm => &neon::F32,
        _ => &scalar::F32,
    }
}

pub(super) fn multiply(isa: Isa, pool: Option<&Pool>, scratch: &mut Scratch, a: Mat<f32>, b: RhsF32, mut c: MatMut<f32>) {
    let kernel = kernel_of(isa);
    let (m, k, n) = (a.n_rows(), a.n_cols(), b.n_cols());
    assert_eq!(b.n_rows(), k, "A has {k} columns, B as many rows");
    assert_eq!((c.n_rows(), c.n_cols()), (m, n), "C is {m} x {n}");
    if m == 0 || n == 0 {
        return;
    }
    let pool = pool.filter(|_| m * n * k.max(1) >= MIN_SHARED);
    let Scratch { a_f32, b_f32, .. } = scratch;
    let b = match b {
        RhsF32::Packed(packed) => {
            assert_eq!(packed.n_lanes(), kernel.n_lanes, "B was packed for another instruction set");
            Right::packed(kernel, &packed.data, k)
        }
        RhsF32::Rows(mat) if k * n <= kernel.small_b => Right::Lies { ptr: mat.as_ptr(), row: mat.stride(), lane: 1 },
        RhsF32::Rows(mat) if pool.is_none() => {
            let len = K_BLOCK.min(k) * n_in_block(kernel, k).min(n.next_multiple_of(kernel.n_lanes));
            Right::Packs(mat, Shared(b_f32.at_least(len).as_mut_ptr()))
        }
        RhsF32::Rows(mat) => Right::packed(kernel, pack_all(kernel, pool, mat, b_f32), k),
    };
    let panels = Panels::even(m, kernel.n_rows);
    let packed = if kernel.small_b > 0 && reads_a_in_place(a.stride(), n) {
        None
    } else {
        Some(Shared(a_f32.at_least(m * K_BLOCK.min(k)).as_mut_ptr()))
    };
    let c = (Shared(c.as_mut_ptr()), c.stride());
    Job { kernel, k, n, a, packed, b, panels, c }.run(pool);
}

/// Whether packing A would cost more than it saves: it is read too few times, and its rows do not all fall into the same
/// few places of L1.
fn reads_a_in_place(stride: usize, n: usize) -> bool {
    n < MANY_COLS && !stride.is_multiple_of(PAGE)
}

fn pack_all<'s>(kernel: &Kernel, pool: Option<&Pool>, mat: Mat<f32>, data: &'s mut Buffer<f32>) -> &'s [f32] {
    let (n_panels, len) = (mat.n_cols().div_ceil(kernel.n_lanes), mat.n_rows() * kernel.n_lanes);
    let data = data.at_least(n_panels * len);
    let at = Shared(data.as_mut_ptr());
    in_shares(pool, n_panels, &|panels| {
        // SAFETY: shares do not overlap, and end with the last panel.
        let dst = unsafe { at.part(panels.start * len, panels.len() * len) };
        // SAFETY: whoever has the kernel has its instructions.
        unsafe { (kernel.pack_b)(mat, 0..mat.n_rows(), panels, dst) };
    });
    data
}

/// Columns of a block of B, whose K is `k` in all: whole panels.
fn n_in_block(kernel: &Kernel, k: usize) -> usize {
    (kernel.b_block / (K_BLOCK.min(k).max(1) * kernel.n_lanes)).max(1) * kernel.n_lanes
}

/// B as the tiles come to read it.
#[derive(Clone, Copy)]
enum Right<'a> {
    /// Where it lies: distances from row to row, and from a column that begins a panel to the next one that does, for
    /// each of the columns between.
    Lies { ptr: *const f32, row: usize, lane: usize },
    /// Packed block by block by the one thread that there is.
    Packs(Mat<'a, f32>, Shared<f32>),
}

impl Right<'_> {
    fn packed(kernel: &Kernel, data: &[f32], k: usize) -> Self {
        Self::Lies { ptr: data.as_ptr(), row: kernel.n_lanes, lane: k }
    }

    /// Makes a block ready, and says where its columns lie: the first one's beginning, and the two distances.
    fn block(&self, kernel: &Kernel, ks: &Range<usize>, cols: &Range<usize>) -> (*const f32, usize, usize) {
        match *self {
            Self::Lies { ptr, row, lane } => (ptr.wrapping_add(cols.start * lane + ks.start * row), row, lane),
            Self::Packs(mat, to) => {
                let panels = cols.start / kernel.n_lanes..cols.end.div_ceil(kernel.n_lanes);
                // SAFETY: the memory was made for a block, and one thread uses it.
                let dst = unsafe { to.part(0, panels.len() * kernel.n_lanes * ks.len()) };
                // SAFETY: whoever has the kernel has its instructions.
                unsafe { (kernel.pack_b)(mat, ks.clone(), panels, dst) };
                (to.0, kernel.n_lanes, ks.len())
            }
        }
    }
}

struct Job<'a> {
    kernel: &'a Kernel,
    k: usize,
    n: usize,
    a: Mat<'a, f32>,
    /// Where the panels of A are packed, if they are: rows of a block of K one after the other.
    packed: Option<Shared<f32>>,
    b: Right<'a>,
    panels: Panels,
    c: (Shared<f32>, usize),
}

// SAFETY: all it points to outlives the call that shares it; B is only read, each thread writes its own tiles of C and
// its own panels of A.
unsafe impl Sync for Job<'_> {}

impl Job<'_> {
    /// Shares the larger side among the threads.
    fn run(&self, pool: Option<&Pool>) {
        let (n_panels, n_lanes) = (self.panels.count(), self.kernel.n_lanes);
        if self.packed.is_some() || self.panels.rows(n_panels - 1).end >= self.n {
            in_shares(pool, n_panels, &|mine| self.tiles(mine, 0..self.n));
        } else {
            in_shares(pool, self.n.div_ceil(n_lanes), &|mine| {
                self.tiles(0..n_panels, mine.start * n_lanes..self.n.min(mine.end * n_lanes));
            });
        }
    }

    /// All tiles of these panels of A and these columns.
    fn tiles(&self, a_panels: Range<usize>, cols: Range<usize>) {
        for block in 0..self.k.div_ceil(K_BLOCK).max(1) {
            let ks = block * K_BLOCK..self.k.min((block + 1) * K_BLOCK);
            a_panels.clone().for_each(|panel| self.pack(self.panels.rows(panel), ks.clone()));
            let n_in_block = n_in_block(self.kernel, self.k);
            for first in cols.clone().step_by(n_in_block) {
                let cols = first..cols.end.min(first + n_in_block);
                let b = self.b.block(self.kernel, &ks, &cols);
                a_panels.clone().for_each(|panel| self.row_of_tiles(self.panels.rows(panel), &cols, &ks, b));
            }
        }
    }

    fn pack(&self, rows: Range<usize>, ks: Range<usize>) {
        let Some(packed) = self.packed else { return };
        // SAFETY: panels do not overlap, each belongs to one thread, and all fit.
        let dst = unsafe { packed.part(rows.start * K_BLOCK.min(self.k), rows.len() * ks.len()) };
        // SAFETY: whoever has the kernel has its instructions.
        unsafe { (self.kernel.pack_a)(self.a, rows, ks, dst) };
    }

    /// The tiles of a panel of A and of these columns, whose block of B begins at `b`, with its distances from row to row
    /// and from panel to panel as in [`Right::Lies`].
    fn row_of_tiles(&self, rows: Range<usize>, cols: &Range<usize>, ks: &Range<usize>, b: (*const f32, usize, usize)) {
        let n_lanes = self.kernel.n_lanes;
        let (a, a_row, a_k) = match self.packed {
            Some(packed) => (packed.0.cast_const().wrapping_add(rows.start * K_BLOCK.min(self.k)), 1, rows.len()),
            None => (self.a.as_ptr().wrapping_add(rows.start * self.a.stride() + ks.start), self.a.stride(), 1),
        };
        let (b, b_stride, lane) = b;
        let (c, c_stride) = (self.c.0.0.wrapping_add(rows.start * self.c.1 + cols.start), self.c.1);
        let (k, n_rows, adds) = (ks.len(), rows.len(), ks.start > 0);
        let mut tile = Tile { k, n_rows, n_cols: n_lanes, a, a_row, a_k, b, b_stride, c, c_stride, adds };
        for col in cols.clone().step_by(n_lanes) {
            tile.n_cols = n_lanes.min(self.n - col);
            // SAFETY: whoever has the kernel has its instructions; A and B hold these panels; the tile's part of C, which
            // was checked to have these rows and columns, belongs to this thread.
            unsafe { (self.kernel.tile)(&tile) };
            tile.b = tile.b.wrapping_add(n_lanes * lane);
            tile.c = tile.c.wrapping_add(n_lanes);
        }
    }
}
