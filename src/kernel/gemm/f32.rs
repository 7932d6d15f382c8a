//! The FP32 product: blocks of K, panels of A and B packed only where that pays.

use std::ops::Range;

use super::super::{Isa, Level, Mat, MatMut, Pool};
#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::{
    RhsF32, Scratch,
    blocks::Panels,
    i8::{Shared, in_shares},
    scalar,
};

/// One way to multiply f32s.
pub(super) struct Kernel {
    /// Rows of a tile, at most.
    pub(super) n_rows: usize,
    /// Columns of a tile.
    pub(super) n_lanes: usize,
    /// Whether a tile may read rows of B that end before its last column.
    pub(super) reads_rows: bool,
    pub(super) tile: unsafe fn(&Tile),
    pub(super) pack_a: PackA,
    pub(super) pack_b: PackB,
}

/// As [`pack::columns_f32`](super::pack::columns_f32), on a CPU that has the kernel's instructions.
pub(super) type PackB = unsafe fn(Mat<f32>, usize, &mut [f32]);

/// As [`pack::rows_f32`](super::pack::rows_f32), on a CPU that has the kernel's instructions.
pub(super) type PackA = unsafe fn(Mat<f32>, Range<usize>, Range<usize>, &mut [f32]);

/// One tile of C: `c = a b`, or `c += a b`.
///
/// The tile function's caller promises: the CPU has the kernel's instructions; `a` is readable at `r * a_row + k * a_k`
/// and `c` writable at `r * c_stride + j`, nobody else using it, for every row, k and column below `n_rows` (1 to the
/// kernel's own), `k` and `n_cols` (1 to its lanes); `b` is readable at `k * b_stride + j` for every column below
/// `n_cols`, or below the kernel's lanes unless it `reads_rows`.
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

/// Rows of B in a block: its panels stay in L1 or come from L2 in time.
const K_BLOCK: usize = 256;

/// Columns of a block: with `K_BLOCK` rows it fills half of a usual L2.
const N_BLOCK: usize = 512;

/// Below this many multiplications a second thread costs more than it brings.
const MIN_SHARED: usize = 128 * 128 * 128;

/// The kernel that an instruction set has.
pub(super) fn kernel_of(isa: Isa) -> &'static Kernel {
    match isa.level() {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx512Vnni => &avx512::F32,
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
    let panel_len = k * kernel.n_lanes;
    let b = match b {
        RhsF32::Packed(packed) => {
            assert_eq!(packed.n_lanes(), kernel.n_lanes, "B was packed for another instruction set");
            &packed.data[..]
        }
        RhsF32::Rows(mat) => {
            let data = scratch.b_f32.at_least(n.div_ceil(kernel.n_lanes) * panel_len);
            let at = Shared(data.as_mut_ptr());
            in_shares(pool, n.div_ceil(kernel.n_lanes), &|panels| {
                for panel in panels {
                    // SAFETY: panels do not overlap, each is packed by one thread, and all fit.
                    let dst = unsafe { at.part(panel * panel_len, panel_len) };
                    // SAFETY: whoever has the kernel has its instructions.
                    unsafe { (kernel.pack_b)(mat, panel * kernel.n_lanes, dst) };
                }
            });
            &*data
        }
    };
    let panels = Panels::even(m, kernel.n_rows);
    let at = Shared(scratch.a_f32.at_least(m * K_BLOCK.min(k)).as_mut_ptr());
    let c = (Shared(c.as_mut_ptr()), c.stride());
    let job = Job { kernel, k, n, a, b, panels, c };
    in_shares(pool, panels.count(), &|mine| job.tiles(mine, at));
}

struct Job<'a> {
    kernel: &'a Kernel,
    k: usize,
    n: usize,
    a: Mat<'a, f32>,
    b: &'a [f32],
    panels: Panels,
    c: (Shared<f32>, usize),
}

impl Job<'_> {
    /// All tiles of these panels of A, which are packed into their part of `packed`.
    fn tiles(&self, a_panels: Range<usize>, packed: Shared<f32>) {
        let n_blocks = self.k.div_ceil(K_BLOCK).max(1);
        for block in 0..n_blocks {
            let ks = block * K_BLOCK..self.k.min((block + 1) * K_BLOCK);
            for a_panel in a_panels.clone() {
                let rows = self.panels.rows(a_panel);
                // SAFETY: panels do not overlap, each belongs to one thread, and all fit.
                let dst = unsafe { packed.part(rows.start * K_BLOCK.min(self.k), rows.len() * ks.len()) };
                // SAFETY: whoever has the kernel has its instructions.
                unsafe { (self.kernel.pack_a)(self.a, rows, ks.clone(), dst) };
            }
            for first in (0..self.n).step_by(N_BLOCK) {
                for a_panel in a_panels.clone() {
                    for col in (first..self.n.min(first + N_BLOCK)).step_by(self.kernel.n_lanes) {
                        self.tile(self.panels.rows(a_panel), col, ks.clone(), packed);
                    }
                }
            }
        }
    }

    fn tile(&self, rows: Range<usize>, col: usize, ks: Range<usize>, packed: Shared<f32>) {
        let n_lanes = self.kernel.n_lanes;
        let (c, c_stride) = self.c;
        // SAFETY: whoever has the kernel has its instructions; A's panel and B's are packed; the tile's part of C, which
        // was checked to have these rows and columns, belongs to this thread.
        unsafe {
            (self.kernel.tile)(&Tile {
                k: ks.len(),
                n_rows: rows.len(),
                n_cols: n_lanes.min(self.n - col),
                a: packed.0.add(rows.start * K_BLOCK.min(self.k)),
                a_row: 1,
                a_k: rows.len(),
                b: self.b.as_ptr().add(col * self.k + ks.start * n_lanes),
                b_stride: n_lanes,
                c: c.0.add(rows.start * c_stride + col),
                c_stride,
                adds: ks.start > 0,
            });
        }
    }
}
