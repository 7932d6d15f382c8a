use std::time::Duration;

use super::*;
use crate::lab::{Caches, RECORDED, Work};

/// Its clock ticks ten milliseconds a run.
fn ticking() -> Machine {
    let caches = Caches { l1: Some(1 << 10), l2: Some(1 << 12), l3: None };
    Machine::new("test".into(), Isa::SCALAR, caches, 2, |run| {
        run();
        Duration::from_millis(10)
    })
}

fn all(machine: &Machine, pool: Option<&Pool>, contestants: Vec<Contestant<'_>>) -> Vec<Measured> {
    in_rounds(machine, Isa::SCALAR, pool, contestants, 0.0, &mut |_, _| Ok(())).expect("nothing stops it")
}

#[test]
fn every_contestant_runs_in_every_round_and_results_keep_their_order() {
    let machine = ticking();
    let runs = std::cell::RefCell::new(Vec::new());
    let contestant = |n: u64| Contestant {
        op: "f32",
        peer: "test".into(),
        n,
        n_threads: 1,
        limits: (Work { kind: "any", amount: 1e9 }, None),
        cache: Cache::Warm,
        make: Box::new({
            let runs = &runs;
            move || Box::new(move || runs.borrow_mut().push(n))
        }),
    };
    let measured = all(&machine, None, (0..4).map(contestant).collect());
    assert_eq!(measured.iter().map(|m| m.n).collect::<Vec<_>>(), [0, 1, 2, 3]);
    let n_rounds = *ROUNDS.start();
    for m in &measured {
        assert_eq!((m.timing.n_trials, m.timing.best, m.rate()), (n_rounds, 0.01, 1e11));
        // One run to prepare, one a round.
        assert_eq!(runs.borrow().iter().filter(|&&n| n == m.n).count(), n_rounds + 1);
    }
    let rounds: Vec<Vec<u64>> = runs.borrow()[4..].chunks(4).map(<[u64]>::to_vec).collect();
    assert!(rounds.iter().any(|round| *round != rounds[0]), "rounds have their own order: {rounds:?}");
}

#[test]
fn a_record_prepares_nothing_and_a_run_takes_as_long_as_its_slowest_part() {
    let make = || -> Box<dyn FnOnce() -> Runner<'static>> { Box::new(|| panic!("nothing is prepared")) };
    let contestant = |also| Contestant {
        op: "gemv",
        peer: "test".into(),
        n: 1,
        n_threads: 1,
        limits: (Work { kind: "read_dram", amount: 24.0e9 }, also),
        cache: Cache::Cold,
        make: make(),
    };
    let slower = Some(Work { kind: "peak_f32", amount: 236.0e9 });
    let measured = all(&RECORDED, None, vec![contestant(None), contestant(slower)]);
    assert_eq!(measured.iter().map(|m| m.timing.best).collect::<Vec<_>>(), [1.0, 2.0]);
}

#[test]
fn a_measurement_tells_its_progress_and_can_be_stopped() {
    let machine = ticking();
    let mut told = Vec::new();
    let mut step = |done, total| {
        told.push((done, total));
        if told.len() > 4 { Err(LabError::Cancelled) } else { Ok(()) }
    };
    let contestants = vec![gemm_f32(Isa::SCALAR, None, Size::square(4), Packing::Before)];
    assert_eq!(in_rounds(&machine, Isa::SCALAR, None, contestants, 0.0, &mut step), Err(LabError::Cancelled));
    assert!(told.is_sorted() && told.iter().all(|&(done, total)| done <= total), "{told:?}");
}

#[test]
fn everything_that_can_be_measured_runs_on_one_thread_and_on_two() {
    let (machine, two) = (ticking(), Pool::new(2));
    for isa in Isa::available() {
        for pool in [None, Some(&two)] {
            let is_last = (isa, pool.is_some()) == (Isa::best(), true);
            // A burst takes long without optimisation, and memory takes 128 MiB.
            let mut contestants = if is_last { peaks(&machine, isa, pool) } else { Vec::new() };
            let levels = [ReadLevel::L1, ReadLevel::L2, ReadLevel::L3];
            contestants.extend(levels.into_iter().filter_map(|level| read(&machine, isa, pool, level)));
            for packing in Packing::ALL {
                contestants.push(gemm_f32(isa, pool, Size { m: 3, k: 33, n: 70 }, packing));
                contestants.push(gemm_i8(isa, pool, Size { m: 3, k: 33, n: 70 }, packing));
                contestants.extend(gemm_i8_saturating(isa, pool, Size { m: 3, k: 33, n: 70 }, packing));
            }
            contestants.extend(Weights::ALL.map(|weights| gemv(isa, pool, weights, (7, 64), Cache::Warm)));
            contestants.extend(streams(isa, pool, 1001));
            let measured = all(&machine, pool, contestants);
            for m in &measured {
                assert!(m.amount > 0.0 && m.timing.n_trials >= 3 && m.n_threads == n_threads(pool), "{m:?}");
                assert!(m.peer.starts_with("quantlearn-"), "{m:?}");
            }
            let ops: Vec<&str> = measured.iter().map(|m| m.op).collect();
            assert_eq!(ops.contains(&"peak_f32"), is_last);
            for op in ["read_l1", "read_l2", "f32", "i8", "gemv", "quant", "dequant", "minmax", "hist2048", "calib"] {
                assert!(ops.contains(&op), "{op} is missing: {ops:?}");
            }
            assert!(!ops.contains(&"read_l3"), "this machine has none");
        }
    }
}

#[test]
fn a_cold_run_comes_after_a_reading_of_something_else() {
    let contestant = gemv(Isa::SCALAR, None, Weights::Int8, (8, 64), Cache::Cold);
    assert!(contestant.peer.ends_with("int8-cold"), "{}", contestant.peer);
    let emptier = Emptier::new(&ticking(), Isa::SCALAR, None, std::slice::from_ref(&contestant));
    assert_eq!(emptier.data.len() * 4, 64 << 20);
    assert_eq!(Emptier::new(&ticking(), Isa::SCALAR, None, &[]).data.len(), 0);
    assert_eq!(Emptier::new(&RECORDED, Isa::SCALAR, None, &[contestant]).data.len(), 0);
}

#[test]
fn a_size_lies_in_the_nearest_cache_that_holds_it() {
    let caches = Caches { l1: Some(10), l2: None, l3: Some(100) };
    let levels = [10, 11, 101].map(|n| ReadLevel::holding(n, caches).op());
    assert_eq!(levels, ["read_l1", "read_l3", "read_dram"]);
}
