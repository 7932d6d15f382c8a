//! All sizes: where INT8 begins to win, and which caches hold the weights there.

use std::hint::black_box;

use super::{Path, Size, arena::is_cold};
use crate::{
    kernel::{
        Affine, Buffer, CodeRange, Each, Gemm, Isa, Mat, MatMut, Out, PackedI8, ProductI8, RhsI8, min_max_on, quantize_i8_on,
    },
    lab::{
        LabError, Lines, Machine, Mark, Series, SeriesRole, Work,
        measure::{Cache, Contestant, in_rounds, random_codes, random_floats},
    },
    quant::{ScaleFormat, Scheme, affine_of},
};

/// Sides of the weights.
const SIZES: [usize; 8] = [16, 32, 64, 128, 256, 512, 1024, 2048];
/// Plain Rust would take minutes for the largest ones.
const LARGEST_PLAIN: usize = 256;

/// Seconds of measurement; the largest sizes take what they take.
const BUDGET: f64 = 1.5;

pub(super) struct Sweep {
    points: Vec<Point>,
    is_cold: bool,
}

/// Best seconds of one size.
struct Point {
    n: usize,
    f32: f64,
    i8: f64,
    /// With the activations quantized and the sums turned into floats; with one row the same as without.
    converted: f64,
}

impl Sweep {
    pub(super) fn of(
        machine: &Machine,
        size_of: impl Fn(usize) -> Size,
        step: &mut dyn FnMut(u64, u64) -> Result<(), LabError>,
    ) -> Result<Self, LabError> {
        let small = size_of(SIZES[0]);
        let best = [Path::Dot, Path::Wide].into_iter().find(|path| path.contestant(machine, small).is_some());
        let path = best.unwrap_or(Path::Scalar);
        let sizes = SIZES.into_iter().filter(|&n| best.is_some() || n <= LARGEST_PLAIN).map(size_of);
        let (mut contestants, mut kept) = (vec![], vec![]);
        for size in sizes {
            let (Some(f32), Some(i8)) = (Path::F32.contestant(machine, size), whole(path, machine, size)) else { continue };
            kept.push(size);
            let kind = i8.limits.0.kind;
            contestants.extend([f32, i8]);
            if !is_cold(size) {
                contestants.push(converting(path.isa(machine).unwrap_or(Isa::SCALAR), kind, size));
            }
        }
        let measured = in_rounds(machine, machine.isa, None, contestants, BUDGET, step)?;
        let per_size = measured.len() / kept.len().max(1);
        let point = |(size, of): (Size, &[crate::lab::measure::Measured])| Point {
            n: size.n,
            f32: of[0].timing.best,
            i8: of[1].timing.best,
            converted: of[per_size - 1].timing.best,
        };
        Ok(Self { points: kept.into_iter().zip(measured.chunks(per_size)).map(point).collect(), is_cold: is_cold(small) })
    }

    /// The smallest size from which on INT8 with its conversions is faster at every size.
    pub(super) fn crossover(&self) -> Option<usize> {
        let losing = self.points.iter().rposition(|p| p.converted >= p.f32);
        self.points.get(losing.map_or(0, |idx| idx + 1)).map(|p| p.n)
    }

    pub(super) fn lines(&self, machine: &Machine) -> Lines {
        let curve = |seconds: fn(&Point) -> f64| self.points.iter().map(|p| (p.n as f64, p.f32 / seconds(p))).collect::<Vec<_>>();
        let ends = self.points.first().zip(self.points.last());
        let even = ends.map_or(vec![], |(first, last)| vec![(first.n as f64, 1.0), (last.n as f64, 1.0)]);
        let mut series =
            vec![Series::line("FP32", SeriesRole::A, even), Series::line("INT8 product", SeriesRole::Grid, curve(|p| p.i8))];
        if !self.is_cold {
            series.push(Series::line("INT8 with its conversions", SeriesRole::B, curve(|p| p.converted)));
        }
        let largest = self.points.last().map_or(0.0, |p| p.n as f64);
        let mut marks: Vec<Mark> = fits(machine)
            .into_iter()
            .filter(|fit| fit.n <= largest && !self.is_cold)
            .map(|fit| Mark { x: fit.n, label: format!("{} leaves {}", fit.format, fit.cache), role: SeriesRole::Grid })
            .collect();
        marks.extend(self.crossover().map(|n| Mark { x: n as f64, label: "INT8 wins".into(), role: SeriesRole::B }));
        Lines {
            view: "by size",
            heading: match self.crossover() {
                Some(n) => format!("INT8 with its conversions wins from {n} on"),
                None => "INT8 with its conversions does not win for good at any size".into(),
            },
            x_label: "size",
            y_label: "speed over FP32",
            y_unit: "x",
            x_log: true,
            series,
            marks,
            ..Lines::default()
        }
    }

    pub(super) fn notes(&self, machine: &Machine) -> Vec<String> {
        let mut notes = vec![match (self.crossover(), self.points.first()) {
            (None, _) => {
                "crossover is absent: at the largest size INT8, with its activations quantized on the way, was not faster than FP32 here."
                    .into()
            }
            (Some(n), Some(first)) if n == first.n => format!("INT8 is ahead at every size from {n} on."),
            (Some(n), _) => format!(
                "From {n} on INT8 is ahead. Below, what comes once for each activation and each sum (finding the range, quantizing, scaling) weighs more than what the products save."
            ),
        }];
        if self.is_cold {
            notes.push("Weights come from memory at every size, so caches play no part.".into());
            return notes;
        }
        notes.extend(fits(machine).into_iter().filter_map(|fit| self.around(&fit)));
        notes
    }

    /// The ratio on both sides of the size at which FP32 weights outgrow a cache.
    fn around(&self, fit: &Fit) -> Option<String> {
        if fit.format != "FP32" {
            return None;
        }
        let before = self.points.iter().rev().find(|p| p.n as f64 <= fit.n)?;
        let after = self.points.iter().find(|p| p.n as f64 > fit.n)?;
        Some(format!(
            "FP32 weights outgrow {} at {:.0}, INT8 weights at twice that size: the product is {:.2}x as fast at {} and {:.2}x at {}.",
            fit.cache,
            fit.n,
            before.f32 / before.i8,
            before.n,
            after.f32 / after.i8,
            after.n
        ))
    }
}

/// The whole product also on the path that is otherwise timed on a few rows.
fn whole<'p>(path: Path, machine: &Machine, size: Size) -> Option<Contestant<'p>> {
    if path == Path::Scalar && !is_cold(size) {
        return Some(crate::lab::measure::gemm_i8(Isa::SCALAR, None, size, crate::lab::measure::Packing::Before));
    }
    path.contestant(machine, size)
}

/// The largest size whose weights a cache holds.
struct Fit {
    n: f64,
    format: &'static str,
    cache: &'static str,
}

fn fits(machine: &Machine) -> Vec<Fit> {
    let caches = [("L1", machine.caches.l1), ("L2", machine.caches.l2), ("L3", machine.caches.l3)];
    let known = caches.into_iter().filter_map(|(cache, bytes)| bytes.map(|bytes| (cache, bytes as f64)));
    known
        .flat_map(|(cache, bytes)| {
            [("FP32", 4.0), ("INT8", 1.0)].map(|(format, each)| Fit { n: (bytes / each).sqrt(), format, cache })
        })
        .collect()
}

/// A layer as a runtime has it: floats in, floats out, the product in INT8 with weights packed beforehand.
fn converting<'p>(isa: Isa, kind: &'static str, size: Size) -> Contestant<'p> {
    const RANGE: CodeRange = CodeRange { qmin: -128, qmax: 127 };
    let Size { m, k, n } = size;
    Contestant {
        op: "i8",
        peer: "quantlearn-converting".into(),
        n: n as u64,
        n_threads: 1,
        limits: (Work { kind, amount: size.operations() }, Some(Work { kind: "quant", amount: 5.0 * (m * k) as f64 })),
        cache: Cache::Warm,
        make: Box::new(move || {
            let a = random_floats(m * k, 1);
            let packed = PackedI8::new(isa, Mat::new(&random_codes(k * n, 2), k, n));
            let (mut codes, mut c) = (Buffer::<i8>::zeroed(m * k), Buffer::<f32>::zeroed(m * n));
            let scales = vec![0.01; n];
            let mut gemm = Gemm::new(isa);
            Box::new(move || {
                let (lo, hi) = min_max_on(isa, &a).unwrap_or((0.0, 0.0));
                let by: Affine = affine_of(lo.into(), hi.into(), Scheme::Affine, RANGE, ScaleFormat::F32);
                quantize_i8_on(isa, &a, by, RANGE, &mut codes);
                let product = ProductI8 {
                    a_zeros: Each::One(by.zero_point),
                    ..ProductI8::new(Mat::new(&codes[..], m, k), RhsI8::Packed(&packed))
                };
                let out = Out::F32 {
                    c: MatMut::new(&mut c, m, n),
                    a_scales: Each::One(by.scale),
                    b_scales: Each::Each(&scales),
                    bias: None,
                };
                gemm.i8(&product, out);
                black_box(&c);
            })
        }),
    }
}
