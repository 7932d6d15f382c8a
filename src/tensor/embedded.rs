//! The feed-forward block of MiniLM's first layer, as it lies in the program.

use std::sync::Arc;

use half::{f16, slice::HalfFloatSliceExt};
use safetensors::{Dtype, SafeTensors};

use super::{Source, Tensor};

/// 2.5 MB; `assets/README.md` says where it comes from.
static MINILM: &[u8] = include_bytes!("../../assets/minilm-ffn.safetensors");

/// An embedded source as f32. Panics for a sampled one.
pub(super) fn load(source: Source) -> Tensor {
    let name = match source {
        Source::IntermediateDense => "intermediate.dense.weight",
        Source::OutputDense => "output.dense.weight",
        Source::Activations => "x",
        sampled => panic!("{sampled:?} is not embedded"),
    };
    let file = SafeTensors::deserialize(MINILM).expect("the embedded file is sound; a test reads all of it");
    let view = file.tensor(name).expect("the embedded file has this tensor; a test reads all of them");
    assert_eq!(view.dtype(), Dtype::F16, "the asset is stored in FP16");
    // The bytes need not be aligned for f16.
    let halves: Vec<f16> = view.data().as_chunks().0.iter().map(|&pair| f16::from_le_bytes(pair)).collect();
    let mut data: Arc<[f32]> = std::iter::repeat_n(0.0, halves.len()).collect();
    halves.convert_to_f32_slice(Arc::get_mut(&mut data).expect("not yet shared"));
    Tensor { data, cols: view.shape()[1] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shape and extremes as `assets/FIGURES.txt` has them, found by a reader that is not this one.
    #[test]
    fn the_embedded_tensors_are_what_their_notes_say() {
        let expected = [
            (Source::IntermediateDense, 1536, 384, -1.099_609_4, 1.489_257_8),
            (Source::OutputDense, 384, 1536, -0.620_117_2, 7.914_062_5),
            (Source::Activations, 256, 384, -6.261_718_8, 28.281_25),
        ];
        for (source, rows, cols, min, max) in expected {
            let tensor = load(source);
            assert_eq!((tensor.n_rows(), tensor.cols), (rows, cols), "{source:?}");
            assert_eq!(crate::kernel::min_max(&tensor.data), Some((min, max)), "{source:?}");
        }
        assert_eq!(load(Source::OutputDense).data[99 * 1536 + 856], 7.914_062_5);
    }
}
