//! Trained nets as files: the ones that are part of the program, so that a lab opens at once.

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{layer::Layer, net::Net};

/// 14 kB and 9 kB, seed 1 of [`super::Recipe::mlp`] and [`super::Recipe::conv`]; `assets/README.md` says how to make
/// them again.
static MLP: &[u8] = include_bytes!("../../assets/digits/mlp.safetensors");
static CONV: &[u8] = include_bytes!("../../assets/digits/conv.safetensors");

impl Net {
    /// The perceptron 64-32-32-10, trained.
    pub fn trained_mlp() -> Self {
        let mut net = Self::mlp(0);
        net.read(MLP);
        net
    }

    /// The convolutional net, trained, with its batch norms.
    pub fn trained_conv() -> Self {
        let mut net = Self::conv(0);
        net.read(CONV);
        net
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
    fn read(&mut self, file: &[u8]) {
        let file = SafeTensors::deserialize(file).expect("the embedded file is sound; a test reads all of it");
        for (name, array) in self.arrays() {
            let view = file.tensor(&name).expect("the embedded file has every array of the net; a test reads them");
            assert_eq!((view.dtype(), view.data().len()), (Dtype::F32, 4 * array.len()), "{name}");
            array.iter_mut().zip(view.data().as_chunks().0).for_each(|(to, from)| *to = f32::from_le_bytes(*from));
        }
    }

    /// The bytes of a safetensors file with every array.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut net = self.clone();
        let arrays: Vec<(String, Vec<u8>)> =
            net.arrays().into_iter().map(|(name, array)| (name, array.iter().flat_map(|x| x.to_le_bytes()).collect())).collect();
        let views = arrays.iter().map(|(name, bytes)| {
            let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).expect("four bytes were written for each value");
            (name, view)
        });
        safetensors::serialize(views, None).expect("names are different and arrays are whole")
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::{
        kernel::Isa,
        nn::{Digits, Recipe, train},
    };

    fn made(mut net: Net, recipe: Recipe) -> Net {
        let Ok(()) = train(&mut net, &Digits::embedded().train, &recipe, &mut |_| Ok::<(), Infallible>(()));
        net
    }

    /// `UPDATE_WEIGHTS=1 cargo test nn::weights` makes the files again.
    #[test]
    fn the_shipped_nets_are_what_training_gives() {
        let nets = [("mlp", made(Net::mlp(1), Recipe::mlp(1))), ("conv", made(Net::conv(1), Recipe::conv(1)))];
        if std::env::var_os("UPDATE_WEIGHTS").is_some() {
            for (name, net) in &nets {
                let path = format!("{}/assets/digits/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
                std::fs::write(path, net.to_bytes()).expect("the assets can be written");
            }
            return;
        }
        let [mlp, conv] = nets.map(|(_, net)| net);
        assert_eq!(mlp, Net::trained_mlp());
        assert_eq!(conv, Net::trained_conv());
    }

    #[test]
    fn the_shipped_nets_read_the_test_images() {
        let test = Digits::embedded().test;
        for (net, least) in [(Net::trained_mlp(), 96.0), (Net::trained_conv(), 97.0)] {
            let accuracy = net.accuracy_on(Isa::SCALAR, &test);
            assert!(accuracy >= least, "{accuracy}");
            assert!((net.folded().accuracy_on(Isa::SCALAR, &test) - accuracy).abs() < 0.21, "folding changes no function");
        }
    }
}
