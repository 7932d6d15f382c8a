//! Where the magnitudes of values lie: the histogram that calibration by entropy, percentile or error starts from.

use super::isa::Isa;
use super::level::{self, Body, Target};

/// Bins of a magnitude histogram.
pub const MAGNITUDE_BINS: usize = 2048;

/// Adds `values` to a histogram of their magnitudes: bin `i` counts those with `|x| * (2048 / end)`, reckoned in f32,
/// from `i` to below `i + 1`; `end` itself and what lies beyond it is counted in the last bin, zeros in the first. What
/// is not finite is left out. Returns how many were counted. `end` is above 0 and finite, or nothing is counted.
pub fn hist2048(values: &[f32], end: f32, counts: &mut [u32; MAGNITUDE_BINS]) -> u64 {
    hist2048_on(Isa::chosen(), values, end, counts)
}

/// [`hist2048`] with the instructions of `isa`; every level counts the same.
pub fn hist2048_on(isa: Isa, values: &[f32], end: f32, counts: &mut [u32; MAGNITUDE_BINS]) -> u64 {
    if !(end > 0.0 && end <= f32::MAX) {
        return 0;
    }
    level::on(isa, Histogram { values, end, counts })
}

struct Histogram<'a> {
    values: &'a [f32],
    end: f32,
    counts: &'a mut [u32; MAGNITUDE_BINS],
}

const BLOCK: usize = 512;
/// Histograms beside each other: neighbouring values often share a bin, and an addition to memory would wait for the one
/// before it.
const PARTS: usize = 4;

impl Body for Histogram<'_> {
    type Out = u64;

    #[inline(always)]
    fn run<T: Target>(self) -> u64 {
        // A last bin for what is left out.
        let mut parts = [[0u32; MAGNITUDE_BINS + 1]; PARTS];
        let mut bins = [0u16; BLOCK];
        // Of a denormal end the quotient may be infinite; then every value but 0 belongs into the last bin.
        let per_unit = (MAGNITUDE_BINS as f32 / self.end).min(f32::MAX);
        for block in self.values.chunks(BLOCK) {
            for (&x, bin) in block.iter().zip(&mut bins) {
                *bin = bin_of(x, per_unit);
            }
            let (quads, tail) = bins[..block.len()].as_chunks::<PARTS>();
            for quad in quads {
                for (part, &bin) in parts.iter_mut().zip(quad) {
                    part[usize::from(bin)] += 1;
                }
            }
            for &bin in tail {
                parts[0][usize::from(bin)] += 1;
            }
        }
        let n_left_out: u64 = parts.iter().map(|part| u64::from(part[MAGNITUDE_BINS])).sum();
        for part in &parts {
            self.counts.iter_mut().zip(part).for_each(|(all, &n)| *all += n);
        }
        self.values.len() as u64 - n_left_out
    }
}

#[inline(always)]
fn bin_of(x: f32, per_unit: f32) -> u16 {
    let x = x.abs();
    let at = x * per_unit;
    let last = (MAGNITUDE_BINS - 1) as f32;
    let held = if at < last { at } else { last };
    let bin = if x <= f32::MAX { held } else { MAGNITUDE_BINS as f32 };
    // SAFETY: 0 <= bin <= 2048, and not a NaN: the comparisons above let none through. `as` says the same, but its checks
    // would cost more than the rest of the loop.
    unsafe { bin.to_int_unchecked::<i32>() as u16 }
}
