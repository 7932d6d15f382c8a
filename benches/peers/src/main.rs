//! FP32 products of quantlearn beside faer, gemm and matrixmultiply, in shuffled rounds of one run.
//!
//! ```text
//! cd benches/peers
//! cargo run --release                          # one thread, then two; sizes 64 to 2048
//! cargo run --release -- 30 256,1024           # seconds for each number of threads, sizes
//! ```
//!
//! Each result is a line as `quantlearn bench` prints it; behind them stands a table of GFLOP/s with the share of the peak
//! that was measured in the same rounds, and the ratio to the best peer. A ratio above 1 says that quantlearn is faster.
//! Peers pack both sides in the call, so the fair twin is `-packing`; `-packed` has its weights packed beforehand.
//!
//! matrixmultiply reads its number of threads from the environment, once; so each number of threads is a process.

use std::{collections::BTreeMap, env, process::Command};

use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};
use gemm::Parallelism;
use quantlearn::{
    kernel::{Isa, Mat, Pool},
    lab::{
        Work,
        measure::{Cache, Contestant, Measured, Packing, Peak, Size, gemm_f32, in_rounds, peak, random_floats},
    },
    runtime::this_machine,
};

const SIZES: &str = "64,128,256,512,1024,2048";
const BUDGET: &str = "60";
/// Says how many threads a process is to measure.
const THREADS: &str = "PEERS_THREADS";

type Product = fn(usize, &[f32], &[f32], &mut [f32], usize);

/// The peers: `C = A B`, all square and row-major, on so many threads.
const PEERS: [(&str, Product); 3] = [("faer", by_faer), ("gemm", by_gemm), ("matrixmultiply", by_matrixmultiply)];

fn by_faer(n: usize, a: &[f32], b: &[f32], c: &mut [f32], n_threads: usize) {
    let par = if n_threads == 1 { Par::Seq } else { Par::rayon(n_threads) };
    let (a, b) = (MatRef::from_row_major_slice(a, n, n), MatRef::from_row_major_slice(b, n, n));
    matmul(MatMut::from_row_major_slice_mut(c, n, n), Accum::Replace, a, b, 1.0, par);
}

fn by_gemm(n: usize, a: &[f32], b: &[f32], c: &mut [f32], n_threads: usize) {
    assert!([a.len(), b.len(), c.len()] == [n * n; 3]);
    let parallelism = if n_threads == 1 { Parallelism::None } else { Parallelism::Rayon(n_threads) };
    let stride = n as isize;
    // SAFETY: all three are n x n, row-major without gaps, and C is ours alone.
    unsafe {
        gemm::gemm(
            n,
            n,
            n,
            c.as_mut_ptr(),
            1,
            stride,
            false,
            a.as_ptr(),
            1,
            stride,
            b.as_ptr(),
            1,
            stride,
            0.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

fn by_matrixmultiply(n: usize, a: &[f32], b: &[f32], c: &mut [f32], _: usize) {
    assert!([a.len(), b.len(), c.len()] == [n * n; 3]);
    let stride = n as isize;
    // SAFETY: as above.
    unsafe {
        matrixmultiply::sgemm(n, n, n, 1.0, a.as_ptr(), stride, 1, b.as_ptr(), stride, 1, 0.0, c.as_mut_ptr(), stride, 1);
    }
}

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    if let Some(n_threads) = env::var(THREADS).ok().and_then(|n| n.parse().ok()) {
        return measure(n_threads, &args);
    }
    for n_threads in ["1", "2"] {
        let exe = env::current_exe().expect("the program knows where it is");
        let mut child = Command::new(exe);
        for name in [THREADS, "MATMUL_NUM_THREADS", "RAYON_NUM_THREADS"] {
            child.env(name, n_threads);
        }
        let status = child.args(&args).status().expect("the program can start itself");
        assert!(status.success(), "{n_threads} threads: {status}");
    }
}

fn measure(n_threads: usize, args: &[String]) {
    let budget: f64 = args.first().map_or(BUDGET, |s| s).parse().expect("the first argument is a number of seconds");
    let sizes = args.get(1).map_or(SIZES, |s| s);
    let sizes: Vec<usize> = sizes.split(',').map(|n| n.parse().expect("sizes are whole numbers")).collect();
    PEERS.iter().for_each(|(name, product)| check(name, *product, n_threads));
    let (machine, isa) = (this_machine(), Isa::chosen());
    let pool = (n_threads > 1).then(|| Pool::new(n_threads));
    let mut contestants: Vec<Contestant> = peak(&machine, isa, pool.as_ref(), Peak::F32).into_iter().collect();
    for &n in &sizes {
        contestants.extend(Packing::ALL.map(|packing| gemm_f32(isa, pool.as_ref(), Size::square(n), packing)));
        contestants.extend(PEERS.map(|(name, product)| peer(name, product, n, n_threads)));
    }
    let step = &mut |_, _| Ok(());
    let measured = in_rounds(&machine, isa, pool.as_ref(), contestants, budget, step).expect("nothing stops it");
    for m in &measured {
        let t = &m.timing;
        println!("{} {} {} {} {:.6e} {:.6e} {}", m.op, m.peer, m.n, m.n_threads, t.best, t.median, t.n_trials);
    }
    println!("\n{}, {}, {n_threads} thread(s): GFLOP/s of the best run (% of the peak)", machine.cpu, machine.path());
    ratios(&measured, &sizes);
}

fn peer<'p>(name: &str, product: Product, n: usize, n_threads: usize) -> Contestant<'p> {
    Contestant {
        op: "f32",
        peer: name.into(),
        n: n as u64,
        n_threads,
        limits: (Work { kind: "gemm_f32", amount: Size::square(n).operations() }, None),
        cache: Cache::Warm,
        make: Box::new(move || {
            let (a, b) = (random_floats(n * n, 1), random_floats(n * n, 2));
            let mut c = random_floats(n * n, 3);
            Box::new(move || product(n, &a, &b, &mut c, n_threads))
        }),
    }
}

/// A peer that were called wrongly would be fast for nothing.
fn check(name: &str, product: Product, n_threads: usize) {
    let n = 67;
    let (a, b) = (random_floats(n * n, 1), random_floats(n * n, 2));
    let mut c = random_floats(n * n, 3);
    product(n, &a, &b, &mut c, n_threads);
    let (a, b) = (Mat::new(&a, n, n), Mat::new(&b, n, n));
    for row in 0..n {
        for col in 0..n {
            let exact: f64 = (0..n).map(|k| f64::from(a.row(row)[k]) * f64::from(b.row(k)[col])).sum();
            let got = f64::from(c[row * n + col]);
            assert!((got - exact).abs() < 1e-4, "{name} gives {got} at ({row}, {col}) instead of {exact}");
        }
    }
}

fn ratios(measured: &[Measured], sizes: &[usize]) {
    let limit = measured.iter().find(|m| m.op == Peak::F32.op()).map_or(f64::NAN, Measured::rate);
    let mut rows: BTreeMap<usize, Vec<&Measured>> = BTreeMap::new();
    for m in measured.iter().filter(|m| m.op == "f32") {
        rows.entry(m.n as usize).or_default().push(m);
    }
    let names: Vec<&str> = sizes.first().map_or_else(Vec::new, |n| rows[n].iter().map(|m| m.peer.as_str()).collect());
    println!("peak {:.1}", limit / 1e9);
    println!("{:>6}  {}  packing/best peer  packed/best peer", "n", names.iter().map(|n| format!("{n:>28}")).collect::<String>());
    for (n, row) in rows {
        let cell = |m: &&Measured| format!("{:>21.1} ({:3.0}%)", m.rate() / 1e9, 100.0 * m.rate() / limit);
        let (ours, peers): (Vec<&Measured>, Vec<&Measured>) = row.iter().partition(|m| m.peer.starts_with("quantlearn"));
        let best = peers.iter().map(|m| m.rate()).fold(0.0, f64::max);
        let ratio = |ending: &str| ours.iter().find(|m| m.peer.ends_with(ending)).map_or(f64::NAN, |m| m.rate() / best);
        let cells: String = row.iter().map(cell).collect();
        println!("{n:>6}  {cells}  {:>17.3}  {:>16.3}", ratio("-packing"), ratio("-packed"));
    }
}
