//! The two nets by name: how each is made, trained, and read from the program.

use std::ops::RangeInclusive;

use super::{Net, Progress, Recipe, Set, train};

/// A net of the lessons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arch {
    /// The perceptron 64-32-32-10.
    Mlp,
    /// Two convolutions with batch norm and a linear layer.
    Conv,
}

impl Arch {
    pub const ALL: [Self; 2] = [Self::Mlp, Self::Conv];
    /// Matrices of either net.
    pub const N_MATRICES: usize = 3;
    /// Seeds of the trained nets that are part of the program.
    pub const SHIPPED: RangeInclusive<u64> = 1..=5;

    /// Weights drawn from a seed.
    pub fn untrained(self, seed: u64) -> Net {
        match self {
            Self::Mlp => Net::mlp(seed),
            Self::Conv => Net::conv(seed),
        }
    }

    pub fn recipe(self, seed: u64) -> Recipe {
        match self {
            Self::Mlp => Recipe::mlp(seed),
            Self::Conv => Recipe::conv(seed),
        }
    }

    /// Draws and trains a net; `step` as in [`train`].
    pub fn trained<E>(self, seed: u64, set: &Set, step: &mut dyn FnMut(Progress) -> Result<(), E>) -> Result<Net, E> {
        let mut net = self.untrained(seed);
        train(&mut net, set, &self.recipe(seed), step)?;
        Ok(net)
    }
}
