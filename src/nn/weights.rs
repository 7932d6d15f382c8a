//! Trained nets as files: the ones that are part of the program, so that a lab opens at once.

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{Arch, layer::Layer, net::Net};

/// 72 kB and 46 kB: the nets of the seeds in [`Arch::SHIPPED`]; `assets/README.md` says how to make them again.
static MLP: &[u8] = include_bytes!("../../assets/digits/mlp.safetensors");
static CONV: &[u8] = include_bytes!("../../assets/digits/conv.safetensors");

impl Arch {
    /// A trained net that is part of the program, with its batch norms; `None` for a seed that is not in
    /// [`Arch::SHIPPED`].
    pub fn shipped(self, seed: u64) -> Option<Net> {
        Self::SHIPPED.contains(&seed).then(|| {
            let mut net = self.untrained(0);
            net.read(if self == Self::Mlp { MLP } else { CONV }, seed);
            net
        })
    }

    /// The bytes of a safetensors file with every array of trained nets and their seeds.
    pub fn file(nets: &[(u64, Net)]) -> Vec<u8> {
        let arrays: Vec<(String, Vec<u8>)> = nets
            .iter()
            .flat_map(|(seed, net)| {
                let bytes = |array: &[f32]| array.iter().flat_map(|x| x.to_le_bytes()).collect();
                net.clone()
                    .arrays()
                    .into_iter()
                    .map(move |(name, array)| (format!("{seed}.{name}"), bytes(array)))
                    .collect::<Vec<_>>()
            })
            .collect();
        let views = arrays.iter().map(|(name, bytes)| {
            let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).expect("four bytes were written for each value");
            (name, view)
        });
        safetensors::serialize(views, None).expect("names are different and arrays are whole")
    }
}

impl Net {
    /// The perceptron 64-32-32-10, trained from seed 1.
    pub fn trained_mlp() -> Self {
        Arch::Mlp.shipped(1).expect("seed 1 is part of the program")
    }

    /// The convolutional net, trained from seed 1, with its batch norms.
    pub fn trained_conv() -> Self {
        Arch::Conv.shipped(1).expect("seed 1 is part of the program")
    }

    /// Every array of the net by name: `0.weight`, `0.bias`, `1.gamma`, ...
    fn arrays(&mut self) -> Vec<(String, &mut Vec<f32>)> {
        let mut out = Vec::new();
        for (idx, layer) in self.layers.iter_mut().enumerate() {
            let named: Vec<(&str, &mut Vec<f32>)> = match layer {
                Layer::Linear(dense) | Layer::Conv(dense) => vec![("weight", &mut dense.weight), ("bias", &mut dense.bias)],
                Layer::Norm(norm) => {
                    vec![("gamma", &mut norm.gamma), ("beta", &mut norm.beta), ("mean", &mut norm.mean), ("var", &mut norm.var)]
                }
                Layer::Relu | Layer::MaxPool => vec![],
            };
            out.extend(named.into_iter().map(|(name, array)| (format!("{idx}.{name}"), array)));
        }
        out
    }

    /// Fills the arrays from a file of the program's own.
    fn read(&mut self, file: &[u8], seed: u64) {
        let file = SafeTensors::deserialize(file).expect("the embedded file is sound; a test reads all of it");
        for (name, array) in self.arrays() {
            let view =
                file.tensor(&format!("{seed}.{name}")).expect("the embedded file has every array of the net; a test reads them");
            assert_eq!((view.dtype(), view.data().len()), (Dtype::F32, 4 * array.len()), "{name}");
            array.iter_mut().zip(view.data().as_chunks().0).for_each(|(to, from)| *to = f32::from_le_bytes(*from));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::{kernel::Isa, nn::Digits};

    /// `UPDATE_WEIGHTS=1 cargo test --lib nn::weights` makes the files again. The first seed is trained anew each time,
    /// all of them with `QUANTLEARN_THOROUGH`.
    #[test]
    fn the_shipped_nets_are_what_training_gives() {
        let set = Digits::embedded().train;
        let trained = |arch: Arch, seed| {
            let Ok(net) = arch.trained(seed, &set, &mut |_| Ok::<(), Infallible>(()));
            (seed, net)
        };
        for (arch, name) in [(Arch::Mlp, "mlp"), (Arch::Conv, "conv")] {
            if std::env::var_os("UPDATE_WEIGHTS").is_some() {
                let nets: Vec<_> = Arch::SHIPPED.map(|seed| trained(arch, seed)).collect();
                let path = format!("{}/assets/digits/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
                std::fs::write(path, Arch::file(&nets)).expect("the assets can be written");
                continue;
            }
            let n_seeds = if std::env::var_os("QUANTLEARN_THOROUGH").is_some() { usize::MAX } else { 1 };
            for seed in Arch::SHIPPED.take(n_seeds) {
                assert_eq!(Some(trained(arch, seed).1), arch.shipped(seed), "{name}, seed {seed}");
            }
        }
    }

    #[test]
    fn the_shipped_nets_read_the_test_images() {
        let test = Digits::embedded().test;
        for (arch, least) in [(Arch::Mlp, 95.0), (Arch::Conv, 97.0)] {
            for seed in Arch::SHIPPED {
                let net = arch.shipped(seed).expect("the seed is part of the program");
                let accuracy = net.accuracy_on(Isa::SCALAR, &test);
                assert!(accuracy >= least, "{arch:?}, seed {seed}: {accuracy}");
                assert!((net.folded().accuracy_on(Isa::SCALAR, &test) - accuracy).abs() < 0.21, "folding changes no function");
            }
            assert_eq!(arch.shipped(0), None);
        }
    }
}
