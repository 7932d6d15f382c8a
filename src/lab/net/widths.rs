//! A net at every width, so that any mix of widths is a walk over its parts.

use std::{
    ops::{Range, RangeInclusive},
    sync::Arc,
};

use super::{Ctx, LabError, Subject};
use crate::{
    kernel::Isa,
    nn::{Arch, Mode, Net, Plan, QuantNet, Range as Observed},
    quant::Config,
    tensor::Tensor,
};

/// The width of each matrix's weights in bits; 0 is FP32.
pub(in crate::lab) type Mix = [u32; Arch::N_MATRICES];

/// Widths that are tried.
pub(in crate::lab) const WIDTHS: RangeInclusive<u32> = 2..=8;
pub(in crate::lab) const N_WIDTHS: usize = 7;
pub(in crate::lab) const FLOAT: u32 = 0;

/// What came of a mix of widths, weights alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::lab) struct Outcome {
    /// Percent of the test images.
    pub accuracy: f64,
    /// Of the scores against those of the FP32 net.
    pub sqnr_db: f64,
}

/// The parts of a net at every width. A part reaches from one matrix to the next.
struct Parts<'a> {
    subject: &'a Subject,
    isa: Isa,
    /// FP32, then [`WIDTHS`].
    nets: Vec<Net>,
    spans: [Range<usize>; Arch::N_MATRICES],
    /// What was computed last, part by part: mixes with the same beginning share it.
    last: Vec<(u32, Vec<f32>)>,
}

impl<'a> Parts<'a> {
    fn new(subject: &'a Subject, config: &Config, ctx: &Ctx) -> Result<Self, LabError> {
        let quantized = WIDTHS.map(|bits| at_width(subject, &Config { bits, ..*config }, ctx));
        let nets = std::iter::once(Ok(subject.net.clone())).chain(quantized).collect::<Result<Vec<_>, _>>()?;
        let starts: Vec<usize> = subject.net.dense_layers().map(|(idx, _)| idx).collect();
        let end = |part: usize| starts.get(part + 1).copied().unwrap_or(subject.net.layers.len());
        let spans = [0, 1, 2].map(|part| if part == 0 { 0..end(0) } else { starts[part]..end(part) });
        Ok(Self { subject, isa: ctx.machine.isa, nets, spans, last: Vec::new() })
    }

    fn outcome(&mut self, mix: Mix) -> Outcome {
        let same = self.last.iter().zip(mix).take_while(|((width, _), wanted)| width == wanted).count();
        self.last.truncate(same);
        for part in same..mix.len() {
            let net = &self.nets[if mix[part] == FLOAT { 0 } else { (mix[part] - WIDTHS.start() + 1) as usize }];
            let x = self.last.last().map_or(&self.subject.test().images, |(_, x)| x);
            let y = net.part_on(self.isa, self.spans[part].clone(), x);
            self.last.push((mix[part], y));
        }
        let judged = self.subject.judge(&self.last[mix.len() - 1].1);
        Outcome { accuracy: judged.accuracy, sqnr_db: judged.sqnr_db }
    }
}

/// The net with the weights that codes of one width stand for.
fn at_width(subject: &Subject, config: &Config, ctx: &Ctx) -> Result<Net, LabError> {
    let plan = Plan {
        mode: Mode::WeightOnly,
        weights: vec![Some(*config); Arch::N_MATRICES],
        activation_bits: 8,
        range: Observed::MinMax,
    };
    let net = QuantNet::of(ctx.machine.isa, &subject.net, &plan, &subject.digits.calibration);
    net.map(|net| net.rebuilt().clone()).map_err(|why| LabError::Other(format!("The widths cannot be compared: {why}.")))
}

/// Judges many mixes, in an order that shares beginnings; kept under a name, for that takes a while.
pub(in crate::lab) fn outcomes(subject: &Subject, config: &Config, mixes: &[Mix], ctx: &Ctx) -> Result<Vec<Outcome>, LabError> {
    let rest = Config { bits: *WIDTHS.end(), ..*config };
    let isa = ctx.machine.isa.name();
    let name = format!("outcomes {:?} {} {isa} {rest:?} {mixes:?}", subject.arch, subject.seed);
    let found = ctx.sources.made(name, || {
        let mut parts = Parts::new(subject, config, ctx)?;
        let mut data = Vec::with_capacity(2 * mixes.len());
        for (done, &mix) in mixes.iter().enumerate() {
            ctx.step(done as u64, mixes.len() as u64)?;
            let outcome = parts.outcome(mix);
            data.extend([outcome.accuracy as f32, outcome.sqnr_db as f32]);
        }
        Ok::<_, LabError>(Tensor { data: Arc::from(data), cols: 2 })
    })?;
    let outcome = |row: &[f32]| Outcome { accuracy: percent(row[0]), sqnr_db: f64::from(row[1]) };
    Ok(found.data.chunks_exact(2).map(outcome).collect())
}

/// A share of at most 500 images, as it was before it was stored in an f32.
fn percent(stored: f32) -> f64 {
    (f64::from(stored) * 1000.0).round() / 1000.0
}

/// The scan of a net: each layer alone at each width, then all layers alike.
pub(in crate::lab) struct Scan {
    /// Each layer alone, [`WIDTHS`].
    pub alone: [[Outcome; N_WIDTHS]; Arch::N_MATRICES],
    pub all: [Outcome; N_WIDTHS],
}

pub(in crate::lab) fn scan(subject: &Subject, config: &Config, ctx: &Ctx) -> Result<Scan, LabError> {
    let alone = |layer: usize, bits| {
        let mut mix = [FLOAT; Arch::N_MATRICES];
        mix[layer] = bits;
        mix
    };
    // The first layer's mixes beside those of all layers, which begin alike.
    let first = WIDTHS.flat_map(|bits| [alone(0, bits), [bits; Arch::N_MATRICES]]);
    let mixes: Vec<Mix> =
        first.chain((1..Arch::N_MATRICES).flat_map(|layer| WIDTHS.map(move |bits| alone(layer, bits)))).collect();
    let found = outcomes(subject, config, &mixes, ctx)?;
    let of = |mix: Mix| found[mixes.iter().position(|m| *m == mix).expect("every mix that is asked for is in the list")];
    let by_width = |mix: &dyn Fn(u32) -> Mix| std::array::from_fn(|i| of(mix(WIDTHS.start() + i as u32)));
    Ok(Scan {
        alone: std::array::from_fn(|layer| by_width(&|bits| alone(layer, bits))),
        all: by_width(&|bits| [bits; Arch::N_MATRICES]),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::{
        nn::symmetric,
        quant::{Clip, Granularity},
        tensor::Sources,
    };

    /// Against whole nets, quantized by their own plans.
    #[test]
    fn a_mix_is_what_its_plan_gives() {
        let (sources, cancel) = (Sources::default(), AtomicBool::new(false));
        let ctx = Ctx::new(&sources, &cancel, &|_, _| {});
        let config = symmetric(4, Granularity::Row, Clip::AbsMax);
        for arch in Arch::ALL {
            let subject = Subject::of(arch, 1, &ctx).expect("nothing stops it");
            let mixes = [[2, 8, 3], [2, 8, FLOAT], [2, 3, 3], [FLOAT, FLOAT, FLOAT], [4, 4, 4]];
            let found = outcomes(&subject, &config, &mixes, &ctx).expect("nothing stops it");
            for (mix, outcome) in mixes.into_iter().zip(&found) {
                let weights = mix.map(|bits| (bits != FLOAT).then_some(Config { bits, ..config })).to_vec();
                let plan = Plan { weights, ..Plan::uniform(Mode::WeightOnly, 3, 8, Granularity::Row) };
                let net = QuantNet::of(ctx.machine.isa, &subject.net, &plan, &subject.digits.calibration).expect("it is sound");
                let judged = subject.judge(&net.scores(&subject.test().images));
                assert_eq!(outcome.accuracy, judged.accuracy, "{arch:?} {mix:?}");
                assert_eq!(outcome.sqnr_db, f64::from(judged.sqnr_db as f32), "{arch:?} {mix:?}");
            }
            assert_eq!(found[3], Outcome { accuracy: subject.float.accuracy, sqnr_db: f64::INFINITY });
        }
    }
}
