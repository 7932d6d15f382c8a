//! The handwritten digits and the nets that read them, and arrays that were dear to compute.

use std::sync::{Arc, PoisonError};

use super::{Key, Sources, Tensor};
use crate::nn::{Arch, Digits, Net};

/// At most so many trained nets are kept; each is a few thousand weights.
const KEPT_NETS: usize = 32;

impl Sources {
    pub fn digits(&self) -> Arc<Digits> {
        Arc::clone(self.digits.get_or_init(|| Arc::new(Digits::embedded())))
    }

    /// The net that training from this seed gives, with its batch norms: of a seed in [`Arch::SHIPPED`] at once, of
    /// another after some seconds, in which `step(done, total)` is called every epoch and ends the training with its error.
    pub fn net<E>(&self, arch: Arch, seed: u64, step: &mut dyn FnMut(u64, u64) -> Result<(), E>) -> Result<Arc<Net>, E> {
        let lock = || self.nets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, net)) = lock().iter().find(|(key, _)| *key == (arch, seed)) {
            return Ok(Arc::clone(net));
        }
        let net = Arc::new(match arch.shipped(seed) {
            Some(net) => net,
            None => {
                let n_epochs = arch.recipe(seed).n_epochs as u64;
                step(0, n_epochs)?;
                arch.trained(seed, &self.digits().train, &mut |at| step(at.epoch as u64, n_epochs))?
            }
        });
        let mut kept = lock();
        kept.push(((arch, seed), Arc::clone(&net)));
        if kept.len() > KEPT_NETS {
            kept.remove(0);
        }
        Ok(net)
    }

    /// An array that takes long to compute; `name` says all that it depends on, so that the same name is the same array.
    pub fn made<E>(&self, name: String, make: impl FnOnce() -> Result<Tensor, E>) -> Result<Arc<Tensor>, E> {
        let key = Key::Made(name);
        if let Some(tensor) = self.recall(&key) {
            return Ok(tensor);
        }
        let tensor = Arc::new(make()?);
        self.keep(key, &tensor);
        Ok(tensor)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn a_net_is_made_once() {
        let sources = Sources::default();
        let net = |arch, seed| {
            let Ok(net) = sources.net(arch, seed, &mut |_, _| Ok::<(), Infallible>(()));
            net
        };
        let shipped = net(Arch::Mlp, 2);
        assert_eq!(Some(&*shipped), Arch::Mlp.shipped(2).as_ref());
        let trained = net(Arch::Mlp, 6);
        assert!(Arc::ptr_eq(&trained, &net(Arch::Mlp, 6)));
        assert_ne!(*trained, *shipped);
        assert!(Arc::ptr_eq(&sources.digits(), &sources.digits()));
    }

    #[test]
    fn a_stopped_training_is_not_kept() {
        let sources = Sources::default();
        let stopped = sources.net(Arch::Mlp, 7, &mut |done, _| if done == 2 { Err("stopped") } else { Ok(()) });
        assert_eq!(stopped.err(), Some("stopped"));
        assert!(sources.nets.lock().expect("no test panics with it").is_empty());
    }

    #[test]
    fn what_was_made_is_kept_by_its_name() {
        let sources = Sources::default();
        let made = |name: &str, x| {
            sources
                .made(name.into(), || Ok::<_, Infallible>(Tensor { data: Arc::new([x]), cols: 1 }))
                .expect("it cannot fail")
                .data[0]
        };
        assert_eq!([made("a", 1.0), made("b", 2.0), made("a", 3.0)], [1.0, 2.0, 1.0]);
    }
}
