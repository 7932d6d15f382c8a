//! What goes over many values once: to codes and back, extremes, histograms, calibration.

use std::{cell::OnceCell, hint::black_box, rc::Rc, sync::Mutex};

use super::{Cache, Contestant, Runner, n_threads, on_all, part_len, parts_of, random_codes, random_floats};
use crate::{
    kernel::{
        Affine, Buffer, CodeRange, Isa, MAGNITUDE_BINS, Pool, abs_max_on, dequantize_i8_on, hist2048_on, min_max_on,
        quantize_i8_on,
    },
    lab::Work,
    quant::{
        entropy::{EntropySearch, n_levels},
        histogram::MagnitudeHistogram,
    },
};

const RANGE: CodeRange = CodeRange { qmin: -128, qmax: 127 };
const BY: Affine = Affine { scale: 1.0 / 120.0, zero_point: 3 };
const WHOLE: &str = "the pieces of a slice are each visited once, and no visit panics";

/// `n` values that several contestants read; made when the first of them is prepared.
#[derive(Clone, Default)]
struct Values {
    n: usize,
    made: Rc<OnceCell<Buffer<f32>>>,
}

impl Values {
    fn get(&self) -> &[f32] {
        self.made.get_or_init(|| random_floats(self.n, 1))
    }
}

/// Everything that goes over `n` values: `quant`, `dequant`, `minmax`, `hist2048` and `calib`.
pub fn streams<'p>(isa: Isa, pool: Option<&'p Pool>, n: usize) -> Vec<Contestant<'p>> {
    let values = Values { n, ..Values::default() };
    vec![
        quantize(isa, pool, values.clone()),
        dequantize(isa, pool, n),
        min_max(isa, pool, values.clone()),
        histogram(isa, pool, values.clone()),
        calibrate(isa, pool, values),
    ]
}

/// FP32 to INT8 codes with one scale and zero point. The amount is bytes read and written.
fn quantize(isa: Isa, pool: Option<&Pool>, values: Values) -> Contestant<'_> {
    let n = values.n;
    contestant("quant", "", isa, pool, (n, 5), move || {
        let mut codes = Buffer::<i8>::zeroed(n);
        Box::new(move || {
            each(pool, values.get(), &mut codes, &|values, codes| quantize_i8_on(isa, values, BY, RANGE, codes));
        })
    })
}

/// INT8 codes to FP32. The amount is bytes read and written.
fn dequantize(isa: Isa, pool: Option<&Pool>, n: usize) -> Contestant<'_> {
    contestant("dequant", "", isa, pool, (n, 5), move || {
        let (codes, mut values) = (random_codes(n, 1), Buffer::<f32>::zeroed(n));
        Box::new(move || {
            each(pool, &codes, &mut values, &|codes, values| dequantize_i8_on(isa, codes, BY, values));
        })
    })
}

/// The smallest and the largest value. The amount is bytes.
fn min_max(isa: Isa, pool: Option<&Pool>, values: Values) -> Contestant<'_> {
    contestant("minmax", "", isa, pool, (values.n, 4), move || {
        Box::new(move || {
            let parts: Vec<&[f32]> = parts_of(pool, values.get()).collect();
            on_all(pool, parts.len(), &|idx| {
                black_box(min_max_on(isa, parts[idx]));
            });
        })
    })
}

/// A histogram of magnitudes with 2048 bins. The amount is bytes.
fn histogram(isa: Isa, pool: Option<&Pool>, values: Values) -> Contestant<'_> {
    contestant("hist2048", "", isa, pool, (values.n, 4), move || {
        Box::new(move || {
            black_box(counts(isa, pool, values.get(), 1.0));
        })
    })
}

/// From values to a clip: the largest magnitude, a histogram up to it, and the search of least divergence (KL) for 8
/// bits. The amount is bytes of one pass.
fn calibrate(isa: Isa, pool: Option<&Pool>, values: Values) -> Contestant<'_> {
    contestant("calib", "-kl", isa, pool, (values.n, 4), move || {
        Box::new(move || {
            let values = values.get();
            let end = largest(isa, pool, values);
            let bins = counts(isa, pool, values, end).iter().map(|&n| u64::from(n)).collect();
            let histogram = MagnitudeHistogram::from_counts(bins, f64::from(end) / MAGNITUDE_BINS as f64);
            black_box(EntropySearch::new(&histogram, n_levels(8)).best());
        })
    })
}

fn contestant<'p>(
    op: &'static str,
    ending: &str,
    isa: Isa,
    pool: Option<&'p Pool>,
    (n, n_bytes): (usize, usize),
    make: impl FnOnce() -> Runner<'p> + 'p,
) -> Contestant<'p> {
    Contestant {
        op,
        peer: format!("quantlearn-{}{ending}", isa.name()),
        n: n as u64,
        n_threads: n_threads(pool),
        limits: (Work { kind: op, amount: (n * n_bytes) as f64 }, None),
        cache: Cache::Warm,
        make: Box::new(make),
    }
}

/// Calls `convert` with the part of every thread.
fn each<A: Sync, B: Send>(pool: Option<&Pool>, from: &[A], to: &mut [B], convert: &(dyn Fn(&[A], &mut [B]) + Sync)) {
    let len = part_len(pool, from.len());
    let parts: Vec<(&[A], Mutex<&mut [B]>)> = from.chunks(len).zip(to.chunks_mut(len).map(Mutex::new)).collect();
    on_all(pool, parts.len(), &|idx| convert(parts[idx].0, &mut parts[idx].1.lock().expect(WHOLE)));
}

fn largest(isa: Isa, pool: Option<&Pool>, values: &[f32]) -> f32 {
    let parts: Vec<&[f32]> = parts_of(pool, values).collect();
    let found = Mutex::new(0.0f32);
    on_all(pool, parts.len(), &|idx| {
        let part = abs_max_on(isa, parts[idx]);
        let mut found = found.lock().expect(WHOLE);
        *found = found.max(part);
    });
    found.into_inner().expect(WHOLE)
}

fn counts(isa: Isa, pool: Option<&Pool>, values: &[f32], end: f32) -> [u32; MAGNITUDE_BINS] {
    let parts: Vec<&[f32]> = parts_of(pool, values).collect();
    let all = Mutex::new([0; MAGNITUDE_BINS]);
    on_all(pool, parts.len(), &|idx| {
        let mut part = [0; MAGNITUDE_BINS];
        hist2048_on(isa, parts[idx], end, &mut part);
        all.lock().expect(WHOLE).iter_mut().zip(part).for_each(|(all, n)| *all += n);
    });
    all.into_inner().expect(WHOLE)
}
