//! What the largest value costs where it alone sets the step: the whole range against the best clip, for every width.

use super::{ALL_BITS, decibels};
use crate::{
    kernel::{min_max, squared_error, sum_of_squares},
    lab::{Ctx, LabError, Table},
    quant::{Config, RangeSearch},
};

/// Values that are looked at; a million decide the second decimal of a dB.
const MOST: usize = 1 << 20;

/// One width.
pub(super) struct Width {
    pub(super) bits: u32,
    pub(super) absmax_db: f64,
    pub(super) best_db: f64,
    /// The larger end of the best range.
    clip: f64,
}

impl Width {
    /// What the whole range loses against the best one, in dB; nothing where neither has an error.
    pub(super) fn lost(&self) -> f64 {
        if self.absmax_db.is_finite() { self.best_db - self.absmax_db } else { 0.0 }
    }
}

/// Both ranges of one array with the scheme of `config`, at every width.
pub(super) struct BestClip {
    pub(super) widths: Vec<Width>,
}

impl BestClip {
    pub(super) fn of(values: &[f32], config: &Config, ctx: &Ctx) -> Result<Self, LabError> {
        let whole = min_max(values).map_or((0.0, 0.0), |(lo, hi)| (f64::from(lo), f64::from(hi)));
        let part = &values[..values.len().min(MOST)];
        let signal = sum_of_squares(part);
        let search = RangeSearch::new(part, whole);
        let mut widths = Vec::new();
        for bits in ALL_BITS {
            ctx.step(bits.into(), (*ALL_BITS.end()).into())?;
            let config = Config { bits, ..*config };
            let of_whole = squared_error(part, config.affine(whole.0, whole.1), config.range());
            let (ends, least) = search.best_below(&config, of_whole);
            widths.push(Width {
                bits,
                absmax_db: decibels(signal, of_whole),
                best_db: decibels(signal, least),
                clip: ends.1.max(-ends.0),
            });
        }
        Ok(Self { widths })
    }

    pub(super) fn at(&self, bits: u32) -> &Width {
        self.widths.iter().find(|width| width.bits == bits).expect("the control has the same widths")
    }

    pub(super) fn table(&self, sigma: f64, here: u32) -> Table {
        let row = |width: &Width| {
            let clip = if sigma > 0.0 { format!("{:.2}", width.clip / sigma) } else { "0".into() };
            vec![
                width.bits.to_string(),
                format!("{:.2}", width.absmax_db),
                format!("{:.2}", width.best_db),
                format!("{:.2}", width.lost()),
                clip,
            ]
        };
        let width = self.at(here);
        Table {
            view: "best clip",
            heading: format!(
                "{:.2} dB lost without a clip at {here} bits: {:.2} of {:.2}",
                width.lost(),
                width.absmax_db,
                width.best_db
            ),
            columns: vec!["bits", "absmax, dB", "best clip, dB", "lost, dB", "best range, sigma"],
            rows: self.widths.iter().map(row).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::{
        lab::{noise, tests::run_with},
        tensor::{Source, Sources},
    };

    #[test]
    fn the_largest_of_a_million_gaussians_costs_more_with_fewer_bits() {
        let (sources, cancel) = (Sources::default(), AtomicBool::new(false));
        let data = sources.get(Source::Gaussian, 1 << 20, 1);
        let config = noise::config(&noise::LAB.defaults(), 1.0);
        let best = BestClip::of(&data.data, &config, &Ctx::new(&sources, &cancel, &|_, _| {})).expect("nothing stops it");
        let (eight, four) = (best.at(8).lost(), best.at(4).lost());
        assert!((eight - 1.7).abs() < 0.25 && (four - 5.2).abs() < 0.35, "8 bits: {eight} dB, 4 bits: {four} dB");
    }

    #[test]
    fn evenly_spread_values_need_no_clip_and_the_metrics_agree() {
        let uniform = run_with(&noise::LAB, &[("source", "uniform"), ("n", "65536")]);
        assert!(uniform.metric("absmax_loss_db").expect("defined") < 0.1);
        let best = run_with(&noise::LAB, &[("source", "laplace"), ("clip", "best"), ("n", "65536")]);
        let (found, best_db) = (best.metric("sqnr_db").expect("defined"), best.metric("best_db").expect("defined"));
        assert!((found - best_db).abs() < 0.01, "{found} {best_db}");
    }
}
