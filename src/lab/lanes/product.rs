//! The product under the microscope: floats, codes, packed bytes, sums.

use std::{ops::Range, sync::Arc};

use super::dot;
use crate::{
    kernel::{Affine, CodeRange, Errors, Mat, PackedI8, abs_max, code_of, min_max},
    lab::{Ctx, LabError, Params},
    quant::{ScaleFormat, Scheme, affine_of},
    tensor::{Source, Tensor},
};

/// K and N of the product. The layer has 1536 outputs; the first of them show all there is.
pub(super) const N_INPUTS: usize = 384;
pub(super) const N_OUTPUTS: usize = 128;

/// How bytes are multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    Vpdpbusd,
    Vpmaddubsw,
    Vpmaddwd,
    Sdot,
}

impl Instruction {
    fn of(params: &Params) -> Self {
        match params.choice("instruction") {
            "vpmaddubsw" => Self::Vpmaddubsw,
            "vpmaddwd" => Self::Vpmaddwd,
            "sdot" => Self::Sdot,
            _ => Self::Vpdpbusd,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Vpdpbusd => "vpdpbusd",
            Self::Vpmaddubsw => "vpmaddubsw",
            Self::Vpmaddwd => "vpmaddwd",
            Self::Sdot => "sdot",
        }
    }

    /// Rows of B whose bytes lie beside each other: what one lane multiplies at once.
    pub(super) fn group(self) -> usize {
        if self == Self::Vpmaddwd { 2 } else { 4 }
    }

    /// Bytes of a code in the packed weights: `vpmaddwd` multiplies 16-bit numbers, so they are widened beforehand.
    pub(super) fn width(self) -> usize {
        if self == Self::Vpmaddwd { 2 } else { 1 }
    }

    /// 32-bit lanes of a register.
    pub(super) fn n_lanes(self) -> usize {
        match self {
            Self::Vpdpbusd => 16,
            Self::Vpmaddubsw | Self::Vpmaddwd => 8,
            Self::Sdot => 4,
        }
    }

    /// Columns of a panel of packed weights: those of the kernels of this program.
    pub(super) fn panel(self) -> usize {
        if self == Self::Vpdpbusd { 32 } else { 16 }
    }

    /// What is added to activations, because the instruction takes them unsigned, or signed.
    fn shift(self, is_signed: bool) -> i32 {
        match self {
            Self::Vpdpbusd | Self::Vpmaddubsw if is_signed => 128,
            Self::Sdot if !is_signed => -128,
            _ => 0,
        }
    }
}

/// `y = W x` of one token, in floats and in codes.
pub(super) struct Product {
    pub(super) instruction: Instruction,
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) is_worst: bool,
    weights: Vec<f32>,
    activations: Vec<f32>,
    /// By output, as the floats.
    codes: Vec<i8>,
    pub(super) scales: Vec<f32>,
    /// As the instruction reads them: with the shift.
    pub(super) bytes: Vec<i16>,
    /// Of the activations, before the shift.
    pub(super) by: Affine,
    pub(super) shift: i32,
    ranges: [CodeRange; 2],
    pub(super) packed: PackedI8,
}

impl Product {
    pub(super) fn new(params: &Params, ctx: &Ctx) -> Result<Self, LabError> {
        let instruction = Instruction::of(params);
        let is_worst = params.choice("data") == "worst";
        let floats = |source, first: usize, n: usize| -> Result<Vec<f32>, LabError> {
            if is_worst {
                return Ok(vec![1.0; n]);
            }
            let tensor: Arc<Tensor> = ctx.sources.get_with(source, 0, 0, &mut |done, total| ctx.step(done, total))?;
            Ok(tensor.data[first * N_INPUTS..][..n].to_vec())
        };
        let weights = floats(Source::IntermediateDense, 0, N_OUTPUTS * N_INPUTS)?;
        let activations = floats(Source::Activations, params.int("token") as usize, N_INPUTS)?;
        let weight_range = Scheme::Symmetric.range(params.int("weight_bits") as u32);
        let (codes, scales) = by_output(&weights, weight_range);
        let is_signed = params.choice("activations") == "s8";
        let scheme = if is_signed { Scheme::Symmetric } else { Scheme::AffineUnsigned };
        let range = scheme.range(params.int("activation_bits") as u32);
        let (lo, hi) = min_max(&activations).unwrap_or((0.0, 0.0));
        let by = affine_of(lo.into(), hi.into(), scheme, range, ScaleFormat::F32);
        let shift = instruction.shift(is_signed);
        let bytes = activations.iter().map(|&x| (code_of(x, by, range) + shift) as i16).collect();
        let rows: Vec<i8> =
            (0..N_INPUTS).flat_map(|k| (0..N_OUTPUTS).map(move |j| (k, j))).map(|(k, j)| codes[j * N_INPUTS + k]).collect();
        let matrix = Mat::new(&rows, N_INPUTS, N_OUTPUTS);
        let packed = PackedI8::laid_out(matrix, instruction.panel(), instruction.group(), instruction.width());
        Ok(Self {
            instruction,
            input: params.int("input") as usize,
            output: params.int("output") as usize,
            is_worst,
            weights,
            activations,
            codes,
            scales,
            bytes,
            by,
            shift,
            ranges: [range, weight_range],
            packed,
        })
    }

    /// The weight under the microscope.
    pub(super) fn weight(&self) -> f32 {
        self.weights[self.output * N_INPUTS + self.input]
    }

    pub(super) fn code(&self) -> i8 {
        self.codes_of(self.output)[self.input]
    }

    pub(super) fn activation(&self, k: usize) -> f32 {
        self.activations[k]
    }

    /// The codes of an output's weights.
    pub(super) fn codes_of(&self, j: usize) -> &[i8] {
        &self.codes[j * N_INPUTS..][..N_INPUTS]
    }

    /// Of its byte in the packed weights.
    pub(super) fn place(&self) -> usize {
        self.packed.place(self.input, self.output)
    }

    /// Of the register that its byte is loaded into.
    pub(super) fn lane(&self) -> usize {
        self.output % self.instruction.n_lanes()
    }

    /// The inputs that its lane multiplies together with it.
    pub(super) fn group(&self) -> Range<usize> {
        let size = self.instruction.group();
        let first = self.input / size * size;
        first..first + size
    }

    /// Products of these inputs, added up exactly.
    pub(super) fn exact(&self, j: usize, ks: Range<usize>) -> i32 {
        self.bytes[ks.clone()].iter().zip(&self.codes_of(j)[ks]).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
    }

    /// The same as the instruction adds them.
    pub(super) fn added(&self, j: usize, ks: Range<usize>) -> i32 {
        match self.instruction {
            Instruction::Vpmaddubsw => dot::saturating(&self.unsigned(ks.clone()), &self.codes_of(j)[ks]),
            _ => self.exact(j, ks),
        }
    }

    /// As `vpmaddubsw` reads them: its shift makes all of them positive.
    fn unsigned(&self, ks: Range<usize>) -> Vec<u8> {
        self.bytes[ks].iter().map(|&byte| byte as u8).collect()
    }

    /// Pairs of an output that do not fit into int16.
    pub(super) fn n_held(&self, j: usize) -> usize {
        dot::n_held(&self.unsigned(0..N_INPUTS), self.codes_of(j))
    }

    /// Every output as the instruction adds it.
    pub(super) fn sums(&self) -> Vec<i32> {
        (0..N_OUTPUTS).map(|j| self.added(j, 0..N_INPUTS)).collect()
    }

    pub(super) fn mismatches(&self, sums: &[i32]) -> usize {
        sums.iter().enumerate().filter(|&(j, &sum)| sum != self.exact(j, 0..N_INPUTS)).count()
    }

    /// What is taken off a sum: the zero point, moved by the shift, times the sum of the weights' codes.
    pub(super) fn correction(&self, j: usize) -> i32 {
        (self.by.zero_point + self.shift) * self.packed.col_sums()[j]
    }

    /// A sum as a real number.
    pub(super) fn result(&self, j: usize, sum: i32) -> f32 {
        (sum - self.correction(j)) as f32 * (self.by.scale * self.scales[j])
    }

    pub(super) fn float_result(&self, j: usize) -> f32 {
        let row = &self.weights[j * N_INPUTS..][..N_INPUTS];
        row.iter().zip(&self.activations).map(|(&w, &x)| f64::from(w) * f64::from(x)).sum::<f64>() as f32
    }

    pub(super) fn errors(&self, sums: &[i32]) -> Errors {
        let floats: Vec<f32> = (0..N_OUTPUTS).map(|j| self.float_result(j)).collect();
        let results: Vec<f32> = sums.iter().enumerate().map(|(j, &sum)| self.result(j, sum)).collect();
        Errors::between(&floats, &results)
    }

    /// The largest byte of an activation and the largest code of a weight that there can be.
    pub(super) fn largest_codes(&self) -> (i32, i32) {
        (self.ranges[0].qmax + self.shift, self.ranges[1].qmax)
    }
}

/// Symmetric codes with one scale an output.
fn by_output(weights: &[f32], range: CodeRange) -> (Vec<i8>, Vec<f32>) {
    let mut codes = Vec::with_capacity(weights.len());
    let mut scales = Vec::with_capacity(N_OUTPUTS);
    for row in weights.chunks(N_INPUTS) {
        let reach = f64::from(abs_max(row));
        let by = affine_of(-reach, reach, Scheme::Symmetric, range, ScaleFormat::F32);
        codes.extend(row.iter().map(|&w| code_of(w, by, range) as i8));
        scales.push(by.scale);
    }
    (codes, scales)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Isa;

    /// The layouts here are those that the kernels of this CPU pack into.
    #[test]
    fn the_bytes_under_the_microscope_are_those_of_the_kernels() {
        let codes: Vec<i8> = (0..70 * 40).map(|i: i32| (i * 37 % 251 - 125) as i8).collect();
        let matrix = Mat::new(&codes, 70, 40);
        let laid_out =
            |instruction: Instruction| PackedI8::laid_out(matrix, instruction.panel(), instruction.group(), instruction.width());
        for isa in Isa::available() {
            let exact = match isa.name() {
                "avx512-vnni" => Instruction::Vpdpbusd,
                "avx2" | "avx512" => Instruction::Vpmaddwd,
                "neon-dotprod" => Instruction::Sdot,
                _ => continue,
            };
            assert_eq!(laid_out(exact).bytes(), PackedI8::new(isa, matrix).bytes(), "{}", isa.name());
            if let Some(packed) = PackedI8::saturating(isa, matrix) {
                assert_eq!(laid_out(Instruction::Vpmaddubsw).bytes(), packed.bytes(), "{}", isa.name());
            }
        }
    }
}
