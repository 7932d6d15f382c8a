//! 4-bit blocks in the layout of Q4_0: 18 bytes for 32 weights, a scale in f16 and 16 bytes of two codes each.

use half::f16;

use crate::kernel::level::{self, Body, Target};
use crate::kernel::{Buffer, Isa, abs_max, round_even};

/// Weights in a block.
pub const Q4_BLOCK: usize = 32;
/// Bytes of a block: the scale, then codes `i` (low half) and `i + 16` (high half) in byte `i`.
pub const Q4_BLOCK_BYTES: usize = 18;
/// Blocks that are worked on at once.
pub(super) const GROUP: usize = 4;

/// Rows of Q4_0 blocks: `weight = d * (code - 8)`.
#[derive(Clone, Debug)]
pub struct RowsQ4 {
    blocks: Buffer<u8>,
    n_rows: usize,
    n_cols: usize,
}

impl RowsQ4 {
    /// Copies whole blocks, row after row, into memory that is read fast. Panics where `n_cols` is no multiple of 32 or
    /// `blocks` is not `n_rows * n_cols / 32 * 18` bytes.
    pub fn new(blocks: &[u8], n_rows: usize, n_cols: usize) -> Self {
        assert!(n_cols.is_multiple_of(Q4_BLOCK), "{n_cols} columns in blocks of {Q4_BLOCK}");
        assert_eq!(blocks.len(), n_rows * (n_cols / Q4_BLOCK) * Q4_BLOCK_BYTES, "{n_rows} x {n_cols} in blocks");
        let mut copy = Buffer::zeroed(blocks.len());
        copy.copy_from_slice(blocks);
        Self { blocks: copy, n_rows, n_cols }
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Bytes of all blocks.
    pub fn n_bytes(&self) -> usize {
        self.blocks.len()
    }

    pub(super) fn row(&self, row: usize) -> &[u8] {
        let n_bytes = self.n_cols / Q4_BLOCK * Q4_BLOCK_BYTES;
        &self.blocks[row * n_bytes..][..n_bytes]
    }
}

/// A vector in blocks of 32 codes from -127 to 127 with a scale each, laid out for groups of four blocks.
#[derive(Clone, Debug)]
pub struct VecQ8 {
    len: usize,
    /// For each group the first halves of its four blocks, then the second halves; the last group is filled with zeros.
    pub(super) codes: Vec<[i8; GROUP * Q4_BLOCK]>,
    /// Scale of each block, four times.
    pub(super) scales: Vec<[f32; 4 * GROUP]>,
    /// -8 times the sum of each block's codes, and three zeros: what the offset of the weights comes to.
    pub(super) offsets: Vec<[i32; 4 * GROUP]>,
}

impl VecQ8 {
    /// Each block with `scale = absmax / 127`, rounded to nearest even; not finite values as in [`crate::kernel`].
    /// Panics where the length is no multiple of 32.
    pub fn new(x: &[f32]) -> Self {
        assert!(x.len().is_multiple_of(Q4_BLOCK), "{} values in blocks of {Q4_BLOCK}", x.len());
        let n_groups = x.len().div_ceil(GROUP * Q4_BLOCK);
        let mut packed = Self {
            len: x.len(),
            codes: vec![[0; GROUP * Q4_BLOCK]; n_groups],
            scales: vec![[0.0; 4 * GROUP]; n_groups],
            offsets: vec![[0; 4 * GROUP]; n_groups],
        };
        for (idx, block) in x.chunks(Q4_BLOCK).enumerate() {
            packed.set(idx / GROUP, idx % GROUP, block);
        }
        packed
    }

    fn set(&mut self, group: usize, part: usize, block: &[f32]) {
        let scale = abs_max(block) / 127.0;
        let code = |r: f32| {
            let steps = if scale > 0.0 && !r.is_nan() { r / scale } else { 0.0 };
            round_even(steps).clamp(-127.0, 127.0) as i8
        };
        let half = Q4_BLOCK / 2;
        let mut sum = 0;
        for (i, &r) in block.iter().enumerate() {
            let at = i / half * (GROUP * half) + part * half + i % half;
            self.codes[group][at] = code(r);
            sum += i32::from(code(r));
        }
        self.scales[group][part * 4..][..4].fill(scale);
        self.offsets[group][part * 4] = -8 * sum;
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The codes of one block in their order.
    fn block(&self, idx: usize) -> ([i8; Q4_BLOCK], f32) {
        let (group, part, half) = (idx / GROUP, idx % GROUP, Q4_BLOCK / 2);
        let codes = &self.codes[group];
        (std::array::from_fn(|i| codes[i / half * (GROUP * half) + part * half + i % half]), self.scales[group][part * 4])
    }
}

/// The products of `y.len()` rows from `first` on.
pub(super) fn dots(isa: Isa, w: &RowsQ4, first: usize, x: &VecQ8, y: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if super::x86::dots_q4(isa, w, first, x, y) {
        return;
    }
    #[cfg(target_arch = "aarch64")]
    if super::neon::dots_q4(isa, w, first, x, y) {
        return;
    }
    level::on(isa, Dots { w, first, x, y });
}

struct Dots<'a> {
    w: &'a RowsQ4,
    first: usize,
    x: &'a VecQ8,
    y: &'a mut [f32],
}

impl Body for Dots<'_> {
    type Out = ();

    #[inline(always)]
    fn run<T: Target>(self) {
        for (i, y) in self.y.iter_mut().enumerate() {
            *y = dot_from(self.w.row(self.first + i), self.x, 0);
        }
    }
}

/// The product of the blocks from `first` on, in plain Rust.
#[inline(always)]
pub(super) fn dot_from(row: &[u8], x: &VecQ8, first: usize) -> f32 {
    let blocks = row.as_chunks::<Q4_BLOCK_BYTES>().0.iter().enumerate().skip(first);
    blocks.map(|(idx, block)| dot_of_block(block, x.block(idx))).sum()
}

#[inline(always)]
fn dot_of_block(block: &[u8; Q4_BLOCK_BYTES], (codes, scale): ([i8; Q4_BLOCK], f32)) -> f32 {
    let half = Q4_BLOCK / 2;
    let mut dot = 0i32;
    for i in 0..half {
        let byte = block[2 + i];
        dot += (i32::from(byte & 15) - 8) * i32::from(codes[i]) + (i32::from(byte >> 4) - 8) * i32::from(codes[i + half]);
    }
    f16::from_le_bytes([block[0], block[1]]).to_f32() * scale * dot as f32
}
