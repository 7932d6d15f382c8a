//! Whole arrays through a format: block by block, without an allocation for each.

use std::sync::Arc;

use super::{CODEBOOK_BLOCK, Format, Method};
use crate::{
    kernel::{Errors, Rounding, abs_max},
    quant::{
        Matrix, calibrate,
        codebook::DoubleScales,
        float::Overflow,
        ggml::{BlockSpec, BlockType},
        mx::{Element, Rounder},
        nvfp4::Nvfp4,
    },
};

/// An array after its way through a format.
#[derive(Clone, Debug)]
pub struct Applied {
    /// What the values come back as.
    pub values: Arc<[f32]>,
    /// What each block multiplies its levels with, in the order of the blocks; one for the tensor where it has one.
    pub units: Vec<Unit>,
    /// Bits that are stored, scales of the tensor included.
    pub bits: u64,
    /// Values in a run of blocks, and in a block.
    run: usize,
    block: usize,
}

/// `value = scale * level + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    pub scale: f32,
    pub offset: f32,
}

impl Unit {
    const fn scale(scale: f32) -> Self {
        Self { scale, offset: 0.0 }
    }

    /// The level that a value would need; 0 where the scale is 0.
    pub fn level(self, value: f32) -> f32 {
        if self.scale == 0.0 { 0.0 } else { (value - self.offset) / self.scale }
    }
}

impl Applied {
    /// Bits for each value; 0 of nothing.
    pub fn bpw(&self) -> f64 {
        if self.values.is_empty() { 0.0 } else { self.bits as f64 / self.values.len() as f64 }
    }

    /// The values of each block, in the order of `units`, from an array of the same length.
    pub fn blocks<'a>(&self, data: &'a [f32]) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        let (run, block) = (self.run, self.block);
        data.chunks(run).flat_map(move |run| run.chunks(block))
    }

    /// Errors of each row of the originals.
    pub fn rows(&self, matrix: Matrix) -> Vec<Errors> {
        matrix.data.chunks(matrix.cols()).zip(self.values.chunks(matrix.cols())).map(|(x, y)| Errors::between(x, y)).collect()
    }

    /// Errors of the whole array.
    pub fn errors(&self, original: &[f32]) -> Errors {
        Errors::between(original, &self.values)
    }
}

/// Values between two calls of `step`.
const STEP: usize = 1 << 15;

impl Format {
    /// What an array comes back as. `step(done, total)` is called every few milliseconds and ends the work with its
    /// error.
    pub fn apply<E>(&self, matrix: Matrix, step: &mut impl FnMut(u64, u64) -> Result<(), E>) -> Result<Applied, E> {
        let data = matrix.data;
        match self.method {
            Method::Int { .. } => self.apply_int(matrix, step),
            Method::Cast(format) => {
                let mut tiles = Tiles::new(self, matrix, step);
                tiles.whole(|src, dst| {
                    format.round_slice(src, Rounding::Even, 0, Overflow::Saturate, dst);
                    src.iter().zip(dst).filter(|(x, _)| x.is_nan()).for_each(|(_, y)| *y = 0.0);
                })?;
                Ok(tiles.done(vec![Unit::scale(1.0)], data.len() as u64 * u64::from(format.n_bits())))
            }
            Method::Scaled(format) => {
                let wanted = abs_max(data) / format.max();
                let scale = if wanted > 0.0 { wanted.max(f32::MIN_POSITIVE) } else { 1.0 };
                let rounder = Rounder::of(Element::Float(format));
                let mut tiles = Tiles::new(self, matrix, step);
                tiles.whole(|src, dst| rounder.scaled(scale, src, dst))?;
                Ok(tiles.done(vec![Unit::scale(scale)], data.len() as u64 * u64::from(format.n_bits()) + 32))
            }
            Method::Block(block) => {
                let spec = block.spec();
                let mut tiles = Tiles::new(self, matrix, step);
                let units = tiles.blocks(|src, dst| through_bytes(spec, src, dst))?;
                let bits = (units.len() * spec.n_bytes * 8) as u64;
                Ok(tiles.done(units, bits))
            }
            Method::Mx(mx) => {
                let rounder = Rounder::of(mx.element);
                let mut tiles = Tiles::new(self, matrix, step);
                let units = tiles.blocks(|src, dst| {
                    let scale = mx.scale(abs_max(src));
                    rounder.scaled(scale, src, dst);
                    Unit::scale(scale)
                })?;
                let bits = data.len() as u64 * u64::from(mx.element.n_bits()) + units.len() as u64 * 8;
                Ok(tiles.done(units, bits))
            }
            Method::Nvfp4 => {
                let (nvfp4, rounder) = (Nvfp4::of(abs_max(data)), Rounder::of(Element::E2M1));
                let mut tiles = Tiles::new(self, matrix, step);
                let units = tiles.blocks(|src, dst| {
                    let scale = nvfp4.scale(abs_max(src));
                    rounder.scaled(scale, src, dst);
                    Unit::scale(scale)
                })?;
                let bits = data.len() as u64 * 4 + units.len() as u64 * 8 + 32;
                Ok(tiles.done(units, bits))
            }
            Method::Codebook(book) => {
                let book = book();
                let mut tiles = Tiles::new(self, matrix, step);
                let units = tiles.blocks(|src, dst| {
                    let scale = abs_max(src);
                    book.round_block(scale, src, dst);
                    Unit::scale(scale)
                })?;
                let bits = data.len() as u64 * 4 + units.len() as u64 * 32;
                Ok(tiles.done(units, bits))
            }
            Method::Double(book) => {
                let book = book();
                let mut tiles = Tiles::new(self, matrix, step);
                let mut scales: Vec<f32> =
                    data.chunks(tiles.run).flat_map(|run| run.chunks(CODEBOOK_BLOCK)).map(abs_max).collect();
                let scale_bits = DoubleScales::default().round(&mut scales);
                let mut next = scales.into_iter();
                let units = tiles.blocks(|src, dst| {
                    let scale = next.next().expect("one scale for each block");
                    book.round_block(scale, src, dst);
                    Unit::scale(scale)
                })?;
                Ok(tiles.done(units, data.len() as u64 * 4 + scale_bits))
            }
        }
    }

    fn apply_int<E>(&self, matrix: Matrix, step: &mut impl FnMut(u64, u64) -> Result<(), E>) -> Result<Applied, E> {
        let config = self.config().expect("an integer format has one");
        let n = matrix.data.len();
        let run = self.run(matrix);
        let block = self.block().unwrap_or(run);
        let found = calibrate(Matrix::new(matrix.data, run), &config, step)?;
        let applied = found.apply(Matrix::new(matrix.data, run), None, step)?;
        let units: Vec<Unit> =
            found.affines.iter().map(|a| Unit { scale: a.scale, offset: -a.scale * a.zero_point as f32 }).collect();
        let bits = n as u64 * u64::from(config.bits) + units.len() as u64 * u64::from(config.meta_bits());
        Ok(Applied { values: applied.dequantized, units, bits, run, block })
    }

    /// Values that blocks are cut from: a row, or everything where a block is longer than a row or there is only one.
    fn run(&self, matrix: Matrix) -> usize {
        let whole = matrix.data.len().max(1);
        self.block().map_or(whole, |block| if block <= matrix.cols() { matrix.cols() } else { whole })
    }
}

/// An array on its way, with what it comes back as.
struct Tiles<'a, S> {
    src: &'a [f32],
    values: Arc<[f32]>,
    run: usize,
    block: usize,
    step: &'a mut S,
}

impl<'a, S> Tiles<'a, S> {
    fn new(format: &Format, matrix: Matrix<'a>, step: &'a mut S) -> Self {
        let run = format.run(matrix);
        let values = std::iter::repeat_n(0.0, matrix.data.len()).collect();
        Self { src: matrix.data, values, run, block: format.block().unwrap_or(run), step }
    }

    fn done(self, units: Vec<Unit>, bits: u64) -> Applied {
        Applied { values: self.values, units, bits, run: self.run, block: self.block }
    }

    /// Hands out each block with its place in the result.
    fn blocks<E>(&mut self, mut one: impl FnMut(&[f32], &mut [f32]) -> Unit) -> Result<Vec<Unit>, E>
    where
        S: FnMut(u64, u64) -> Result<(), E>,
    {
        let (run, block) = (self.run, self.block);
        let dst = Arc::get_mut(&mut self.values).expect("not yet shared");
        let total = self.src.len() as u64;
        let mut units = Vec::with_capacity(self.src.len().div_ceil(run) * run.div_ceil(block));
        let (mut done, mut next) = (0, 0);
        for (src, dst) in self.src.chunks(run).zip(dst.chunks_mut(run)) {
            for (src, dst) in src.chunks(block).zip(dst.chunks_mut(block)) {
                if done >= next {
                    (self.step)(done as u64, total)?;
                    next = done + STEP;
                }
                units.push(one(src, dst));
                done += src.len();
            }
        }
        Ok(units)
    }

    /// Hands out everything in large pieces, for formats without blocks.
    fn whole<E>(&mut self, one: impl Fn(&[f32], &mut [f32])) -> Result<(), E>
    where
        S: FnMut(u64, u64) -> Result<(), E>,
    {
        let dst = Arc::get_mut(&mut self.values).expect("not yet shared");
        let total = self.src.len() as u64;
        for (idx, (src, dst)) in self.src.chunks(STEP).zip(dst.chunks_mut(STEP)).enumerate() {
            (self.step)((idx * STEP) as u64, total)?;
            one(src, dst);
        }
        Ok(())
    }
}

/// The longest block and its most bytes.
const MAX_VALUES: usize = 256;
const MAX_BYTES: usize = 292;

/// Encodes and decodes a block of ggml. One that is short is filled up with its last value, which no range notices.
fn through_bytes(spec: &BlockSpec, src: &[f32], dst: &mut [f32]) -> Unit {
    let (encode, decode) = (spec.encode.expect("in the table"), spec.decode.expect("in the table"));
    let (mut bytes, mut padded) = ([0; MAX_BYTES], [0.0; MAX_VALUES]);
    let bytes = &mut bytes[..spec.n_bytes];
    if src.len() == spec.n_values {
        encode(src, bytes);
        decode(bytes, dst);
    } else {
        let padded = &mut padded[..spec.n_values];
        padded.fill(src[src.len() - 1]);
        padded[..src.len()].copy_from_slice(src);
        encode(padded, bytes);
        decode(bytes, padded);
        dst.copy_from_slice(&padded[..src.len()]);
    }
    unit_of(spec, bytes)
}

fn unit_of(spec: &BlockSpec, bytes: &[u8]) -> Unit {
    let half = |at: usize| half::f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32();
    match spec.block {
        BlockType::Q4_1 | BlockType::Q5_1 => Unit { scale: half(0), offset: half(2) },
        BlockType::TQ1_0 | BlockType::TQ2_0 => Unit::scale(half(spec.n_bytes - 2)),
        _ => Unit::scale(half(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::format::FORMATS;

    fn applied(format: &Format, data: &[f32], cols: usize) -> Applied {
        let Ok(applied) = format.apply(Matrix::new(data, cols), &mut |_, _| Ok::<(), std::convert::Infallible>(()));
        applied
    }

    fn wave(n: usize) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * 0.731).sin() * (1.0 + (i % 37) as f32 / 10.0)).collect()
    }

    /// The value must be its block's unit times a level of the ladder.
    #[test]
    fn every_value_is_a_level_times_its_unit() {
        let data = wave(3 * 400);
        for format in FORMATS {
            let (applied, ladder) = (applied(format, &data, 400), format.ladder());
            let blocks: Vec<&[f32]> = applied.blocks(&applied.values).collect();
            assert_eq!(blocks.len(), applied.units.len(), "{}", format.id);
            for (block, unit) in blocks.into_iter().zip(&applied.units) {
                for &y in block {
                    let level = ladder.levels()[(ladder.code(unit.level(y)) - ladder.first_code()) as usize];
                    let back = unit.scale * level + unit.offset;
                    let slack = 1e-5 * (unit.scale.abs() + unit.offset.abs() + y.abs());
                    assert!((back - y).abs() <= slack, "{}: {y} is not {level} in {unit:?}", format.id);
                }
            }
        }
    }

    #[test]
    fn bits_are_those_of_the_table_and_what_the_tensor_has_once() {
        let data = wave(1 << 16);
        for format in FORMATS {
            let beside = (applied(format, &data, 256).bpw() - format.bpw()) * data.len() as f64;
            assert!((-1e-6..=64.0).contains(&beside), "{}: {beside} bits more", format.id);
        }
    }

    #[test]
    fn odd_arrays_have_a_defined_result() {
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0e-41, -0.0, 1.0, f32::MAX, f32::MIN, -1.0e-30];
        for format in FORMATS {
            assert!(applied(format, &[], 5).values.is_empty());
            assert_eq!(applied(format, &[0.0; 300], 100).values[..], [0.0; 300], "{}", format.id);
            for data in [odd.to_vec(), odd.repeat(40), vec![f32::NAN; 40], vec![-2.5], vec![1.0e-43; 70]] {
                let applied = applied(format, &data, data.len());
                assert!(applied.values.iter().all(|y| y.is_finite()), "{} of {data:?}: {:?}", format.id, applied.values);
                assert_eq!(applied.values.len(), data.len());
            }
        }
    }

    #[test]
    fn a_stopped_pass_gives_its_error() {
        for format in FORMATS {
            let stopped = format.apply(Matrix::new(&[1.0; 64], 64), &mut |_, _| Err("stopped"));
            assert_eq!(stopped.err(), Some("stopped"), "{}", format.id);
        }
    }
}
