//! Weights in the order in which a kernel reads them.

use super::super::{Buffer, Isa, Mat};
use super::{f32, i8, pack};

/// B of an FP32 product, packed for one instruction set: panels of `n_lanes` columns, in each the rows one after the
/// other, the last panel filled up with zeros.
#[derive(Clone, Debug)]
pub struct PackedF32 {
    pub(super) data: Buffer<f32>,
    n_rows: usize,
    n_cols: usize,
    n_lanes: usize,
}

impl PackedF32 {
    /// Packs K x N weights.
    pub fn new(isa: Isa, b: Mat<f32>) -> Self {
        let kernel = f32::kernel_of(isa);
        let n_lanes = kernel.n_lanes;
        let n_panels = b.n_cols().div_ceil(n_lanes);
        let mut data = Buffer::zeroed(n_panels * n_lanes * b.n_rows());
        // SAFETY: who holds the token has the kernel's instructions.
        unsafe { (kernel.pack_b)(b, 0..b.n_rows(), 0..n_panels, &mut data) };
        Self { data, n_rows: b.n_rows(), n_cols: b.n_cols(), n_lanes }
    }

    /// K.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// N.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Columns of a panel.
    pub fn n_lanes(&self) -> usize {
        self.n_lanes
    }
}

/// B of an INT8 product, packed for one path, with the sums of its columns.
///
/// Panels of `n_lanes` columns; in each, groups of `group` rows one after the other; in each group, the `group` codes of
/// a column beside each other, each in `width` bytes. Rows are filled up to whole groups and columns to whole panels with
/// zeros.
#[derive(Clone, Debug)]
pub struct PackedI8 {
    pub(super) data: Buffer<i8>,
    pub(super) col_sums: Buffer<i32>,
    n_rows: usize,
    n_cols: usize,
    layout: LayoutI8,
    /// The name of what it was packed for.
    pub(super) path: &'static str,
}

/// How the bytes of B lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LayoutI8 {
    /// Columns of a panel.
    pub(super) n_lanes: usize,
    /// Rows whose codes lie beside each other.
    pub(super) group: usize,
    /// Bytes of a code: 2 where it is widened beforehand.
    pub(super) width: usize,
}

impl LayoutI8 {
    /// Bytes of a panel of `n_rows` rows.
    pub(super) fn panel(self, n_rows: usize) -> usize {
        n_rows.div_ceil(self.group) * self.group * self.n_lanes * self.width
    }

    pub(super) fn n_panels(self, n_cols: usize) -> usize {
        n_cols.div_ceil(self.n_lanes)
    }
}

impl PackedI8 {
    /// Packs K x N weights for the path that an instruction set takes.
    pub fn new(isa: Isa, b: Mat<i8>) -> Self {
        Self::for_path(i8::path_of(isa), b)
    }

    /// Packs K x N weights for [`Gemm::saturating`](super::Gemm::saturating); `None` where that is.
    pub fn saturating(isa: Isa, b: Mat<i8>) -> Option<Self> {
        Some(Self::for_path(i8::saturating_path_of(isa)?, b))
    }

    pub(super) fn for_path(path: &i8::Kernel, b: Mat<i8>) -> Self {
        let layout = path.layout;
        let n_panels = layout.n_panels(b.n_cols());
        let mut data = Buffer::zeroed(n_panels * layout.panel(b.n_rows()));
        let mut col_sums = Buffer::zeroed(n_panels * layout.n_lanes);
        i8::pack_panels(path, b, 0..n_panels, &mut data, &mut col_sums);
        Self { data, col_sums, n_rows: b.n_rows(), n_cols: b.n_cols(), layout, path: path.name }
    }

    /// Packs K x N weights into panels of `n_lanes` columns and groups of `group` rows, each code in `width` bytes (1 or
    /// 2), in plain Rust: the bytes as the path with this layout has them, also where the CPU has not that path. No
    /// product takes them.
    pub fn laid_out(b: Mat<i8>, n_lanes: usize, group: usize, width: usize) -> Self {
        let layout = LayoutI8 { n_lanes, group, width };
        let (len, n_panels) = (layout.panel(b.n_rows()), layout.n_panels(b.n_cols()));
        let mut data = Buffer::zeroed(n_panels * len);
        let mut col_sums = Buffer::zeroed(n_panels * n_lanes);
        let mut codes = vec![0; len / width];
        for panel in 0..n_panels {
            pack::columns_i8(b, panel * n_lanes, layout, &mut codes, &mut col_sums[panel * n_lanes..][..n_lanes]);
            for (bytes, &code) in data[panel * len..][..len].chunks_exact_mut(width).zip(&codes) {
                bytes.copy_from_slice(&i16::from(code).to_le_bytes().map(|byte| byte as i8)[..width]);
            }
        }
        Self { data, col_sums, n_rows: b.n_rows(), n_cols: b.n_cols(), layout, path: "none, to be looked at" }
    }

    /// K.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// N.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Columns of a panel.
    pub fn n_lanes(&self) -> usize {
        self.layout.n_lanes
    }

    /// Rows whose codes lie beside each other.
    pub fn group(&self) -> usize {
        self.layout.group
    }

    /// Bytes of a code: 1, or 2 where the path multiplies 16-bit numbers and the codes are widened beforehand.
    pub fn width(&self) -> usize {
        self.layout.width
    }

    /// The packed bytes.
    pub fn bytes(&self) -> &[i8] {
        &self.data
    }

    /// Where in [`bytes`](Self::bytes) the weight of this row and column lies; the lowest byte of a widened one.
    pub fn place(&self, row: usize, col: usize) -> usize {
        assert!(row < self.n_rows && col < self.n_cols, "({row}, {col}) of {} x {}", self.n_rows, self.n_cols);
        let LayoutI8 { n_lanes, group, width } = self.layout;
        let panel = col / n_lanes * self.layout.panel(self.n_rows);
        panel + (row / group * group * n_lanes + col % n_lanes * group + row % group) * width
    }

    /// Sums of the columns, N of them.
    pub fn col_sums(&self) -> &[i32] {
        &self.col_sums[..self.n_cols]
    }
}
