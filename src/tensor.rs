//! Where arrays come from: seeded distributions, embedded assets, trained nets.

mod embedded;
mod nets;
mod sample;
mod source;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::{
    nn::{Arch, Digits, Net},
    quant::Matrix,
};
pub use source::{Source, SourceSpec};

/// Columns of a sampled tensor.
pub const SAMPLED_COLS: usize = 256;

/// Rows of equal length.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Shared, so that a report can carry the original along.
    pub data: Arc<[f32]>,
    pub cols: usize,
}

impl Tensor {
    pub fn n_rows(&self) -> usize {
        self.data.len() / self.cols
    }

    pub fn matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.data, self.cols)
    }
}

/// Opened tensors and nets, shared by the jobs of one program. Keeps the last used, so that a moved control does not draw
/// a million random numbers or train a net again.
#[derive(Debug, Default)]
pub struct Sources {
    /// The most recently used last.
    kept: Mutex<Vec<(Key, Arc<Tensor>)>>,
    digits: OnceLock<Arc<Digits>>,
    /// The oldest first.
    nets: Mutex<Vec<((Arch, u64), Arc<Net>)>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Source {
        source: Source,
        n: usize,
        seed: u64,
    },
    /// An array by the name of all that it depends on.
    Made(String),
}

/// At most so many values are kept (32 MiB), but always the last tensor.
const KEPT_VALUES: usize = 8 << 20;

impl Sources {
    /// The tensor of a source. A sampled one has `n` values, rounded down to whole rows of [`SAMPLED_COLS`] (fewer than
    /// one row: one short row), and depends on `source`, `n` and `seed` alone; an embedded one ignores `n` and `seed`.
    pub fn get(&self, source: Source, n: usize, seed: u64) -> Arc<Tensor> {
        let Ok(tensor) = self.get_with(source, n, seed, &mut |_, _| Ok::<(), std::convert::Infallible>(()));
        tensor
    }

    /// The same; `step(done, total)` is called every few milliseconds of sampling and ends it with its error.
    pub fn get_with<E>(
        &self,
        source: Source,
        n: usize,
        seed: u64,
        step: &mut impl FnMut(u64, u64) -> Result<(), E>,
    ) -> Result<Arc<Tensor>, E> {
        let (n, seed) = if source.is_sampled() { (n, seed) } else { (0, 0) };
        let key = Key::Source { source, n, seed };
        if let Some(tensor) = self.recall(&key) {
            return Ok(tensor);
        }
        // Made outside the lock: another job may want another tensor. Two that want the same one make it twice.
        let tensor = Arc::new(if source.is_sampled() {
            let cols = SAMPLED_COLS.min(n.max(1));
            Tensor { data: sample::sample(source, n / cols * cols, seed, step)?, cols }
        } else {
            embedded::load(source)
        });
        self.keep(key, &tensor);
        Ok(tensor)
    }

    fn recall(&self, key: &Key) -> Option<Arc<Tensor>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let idx = kept.iter().position(|(k, _)| k == key)?;
        let entry = kept.remove(idx);
        let tensor = Arc::clone(&entry.1);
        kept.push(entry);
        Some(tensor)
    }

    fn keep(&self, key: Key, tensor: &Arc<Tensor>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(k, _)| *k != key);
        kept.push((key, Arc::clone(tensor)));
        while kept.len() > 1 && kept.iter().map(|(_, t)| t.data.len()).sum::<usize>() > KEPT_VALUES {
            kept.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_can_be_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Sources>();
    }

    #[test]
    fn the_last_tensors_are_kept_within_bounds() {
        let sources = Sources::default();
        let first = sources.get(Source::Gaussian, 1024, 1);
        assert!(Arc::ptr_eq(&first, &sources.get(Source::Gaussian, 1024, 1)));
        assert!(!Arc::ptr_eq(&first, &sources.get(Source::Gaussian, 1024, 2)));
        for seed in 0..3 {
            sources.get(Source::UnitUniform, 4 << 20, seed);
        }
        let kept = sources.kept.lock().expect("no test panics with it");
        assert!(kept.iter().map(|(_, t)| t.data.len()).sum::<usize>() <= KEPT_VALUES);
    }

    #[test]
    fn a_sampled_tensor_has_whole_rows() {
        let sources = Sources::default();
        for (n, rows, cols) in [(1024, 4, 256), (1000, 3, 256), (7, 1, 7), (0, 0, 1)] {
            let tensor = sources.get(Source::Uniform, n, 1);
            assert_eq!((tensor.n_rows(), tensor.cols), (rows, cols), "{n}");
        }
    }

    #[test]
    fn a_stopped_sampling_is_not_kept() {
        let sources = Sources::default();
        assert_eq!(sources.get_with(Source::Laplace, 1 << 16, 1, &mut |_, _| Err("stopped")).err(), Some("stopped"));
        assert_eq!(sources.kept.lock().expect("no test panics with it").len(), 0);
    }
}
