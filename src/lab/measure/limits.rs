//! What the machine can do at most.

use std::hint::black_box;

use super::{Cache, Contestant, n_threads, on_all, parts_of};
use crate::{
    kernel::{Arithmetic, Buffer, Isa, Pool, burst, read as read_memory},
    lab::{Caches, Machine, Work},
};

/// Operations of one run, roughly: about a millisecond.
const BURST: u64 = 100_000_000;

/// A kind of arithmetic whose peak limits something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peak {
    /// Fused multiply-add in f32.
    F32,
    /// What exact INT8 products are made of: the dot-product instruction, or without one `vpmaddwd` on widened codes.
    I8,
    /// What saturating INT8 products are made of.
    Maddubs,
}

impl Peak {
    pub const ALL: [Self; 3] = [Self::F32, Self::I8, Self::Maddubs];

    /// `peak_f32`, `peak_i8`, `peak_maddubs`.
    pub fn op(self) -> &'static str {
        match self {
            Self::F32 => "peak_f32",
            Self::I8 => "peak_i8",
            Self::Maddubs => "peak_maddubs",
        }
    }

    fn arithmetic(self, isa: Isa) -> Option<Arithmetic> {
        match self {
            Self::F32 => Some(Arithmetic::F32),
            Self::I8 => Arithmetic::of_i8(isa),
            Self::Maddubs => Some(Arithmetic::Saturating),
        }
    }
}

/// The peak of one kind of arithmetic; `None` where the instruction set has no such instruction, or a record no such
/// rate. One thread of work for each thread of the pool.
pub fn peak<'p>(machine: &Machine, isa: Isa, pool: Option<&'p Pool>, what: Peak) -> Option<Contestant<'p>> {
    let op = what.op();
    let arithmetic = what.arithmetic(isa);
    let of_round =
        if machine.is_recorded() { machine.knows(op).then_some(1) } else { arithmetic.and_then(|what| burst(isa, what, 1)) }?;
    let n_rounds = BURST / of_round;
    let n_threads = n_threads(pool);
    let n = of_round * n_rounds * n_threads as u64;
    Some(Contestant {
        op,
        peer: peer_of(machine, isa),
        n,
        n_threads,
        limits: (Work { kind: op, amount: n as f64 }, None),
        cache: Cache::Warm,
        make: Box::new(move || {
            Box::new(move || {
                on_all(pool, n_threads, &|_| {
                    black_box(arithmetic.and_then(|what| burst(isa, what, n_rounds)));
                })
            })
        }),
    })
}

/// All peaks that the instruction set has.
pub fn peaks<'p>(machine: &Machine, isa: Isa, pool: Option<&'p Pool>) -> Vec<Contestant<'p>> {
    Peak::ALL.into_iter().filter_map(|what| peak(machine, isa, pool, what)).collect()
}

fn peer_of(machine: &Machine, isa: Isa) -> String {
    format!("quantlearn-{}", if machine.is_recorded() { machine.path() } else { isa.name() })
}

/// Where data are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadLevel {
    L1,
    L2,
    L3,
    Dram,
}

impl ReadLevel {
    pub const ALL: [Self; 4] = [Self::L1, Self::L2, Self::L3, Self::Dram];

    /// `read_l1`, `read_dram`.
    pub fn op(self) -> &'static str {
        match self {
            Self::L1 => "read_l1",
            Self::L2 => "read_l2",
            Self::L3 => "read_l3",
            Self::Dram => "read_dram",
        }
    }

    /// The nearest level that holds so many bytes.
    pub fn holding(n_bytes: u64, caches: Caches) -> Self {
        let holds = |size: Option<u64>| size.is_some_and(|size| n_bytes <= size);
        match () {
            () if holds(caches.l1) => Self::L1,
            () if holds(caches.l2) => Self::L2,
            () if holds(caches.l3) => Self::L3,
            () => Self::Dram,
        }
    }

    /// Bytes that one thread reads in a run: half of a cache, so that they stay in it; for memory four times the last
    /// cache, 128 to 512 MiB. `None` where there is no such cache.
    fn n_bytes(self, caches: Caches) -> Option<u64> {
        match self {
            Self::L1 => caches.l1.map(|size| size / 2),
            Self::L2 => caches.l2.map(|size| size / 2),
            Self::L3 => caches.l3.map(|size| (size / 2).min(64 << 20)),
            Self::Dram => Some(caches.last().map_or(0, |size| 4 * size).clamp(128 << 20, 512 << 20)),
        }
    }
}

/// Reading of one level; `None` where there is no such cache. Each thread of the pool reads its own part of what it
/// shares with the others (L3, memory) and a whole part of what is its own (L1, L2).
pub fn read<'p>(machine: &Machine, isa: Isa, pool: Option<&'p Pool>, level: ReadLevel) -> Option<Contestant<'p>> {
    let n_threads = n_threads(pool);
    let own = if level <= ReadLevel::L2 { n_threads as u64 } else { 1 };
    // Whole blocks of the reading loop on every thread.
    let block = 512 * n_threads as u64;
    let n = (level.n_bytes(machine.caches)? * own / block).max(1) * block;
    Some(Contestant {
        op: level.op(),
        peer: peer_of(machine, isa),
        n,
        n_threads,
        limits: (Work { kind: level.op(), amount: n as f64 }, None),
        cache: Cache::Warm,
        make: Box::new(move || {
            let data = Buffer::<u32>::zeroed(n as usize / 4);
            Box::new(move || {
                let parts: Vec<&[u32]> = parts_of(pool, &data).collect();
                on_all(pool, parts.len(), &|idx| {
                    black_box(read_memory(isa, parts[idx]));
                });
            })
        }),
    })
}

/// Reading of every level that there is.
pub fn reads<'p>(machine: &Machine, isa: Isa, pool: Option<&'p Pool>) -> Vec<Contestant<'p>> {
    ReadLevel::ALL.into_iter().filter_map(|level| read(machine, isa, pool, level)).collect()
}
