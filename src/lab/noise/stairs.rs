//! SQNR for every number of bits, measured, with the theory beside it: of the chosen source, and of four side by side.

use super::{ALL_BITS, config, decibels, standard_deviation, theory};
use crate::{
    kernel::{min_max, squared_error, sum_of_squares},
    lab::{Ctx, LabError, Lines, Params, Series, SeriesRole, Shape},
    quant::{Clip, Config, RangeSearch},
    tensor::Source,
};

/// Values of a sampled source that stands beside the chosen one.
pub(super) const FEW: usize = 1 << 16;

/// The sources side by side, and what tells them apart.
const BESIDE: [(Source, &str, SeriesRole); 4] = [
    (Source::Uniform, "uniform", SeriesRole::A),
    (Source::Gaussian, "Gaussian", SeriesRole::B),
    (Source::Laplace, "Laplace", SeriesRole::Error),
    (Source::IntermediateDense, "real layer", SeriesRole::Grid),
];

/// (bits, dB) for every number of bits, with the other settings as they are.
pub(super) struct Stairs {
    measured: Vec<(f64, f64)>,
    predicted: Vec<(f64, f64)>,
}

impl Stairs {
    pub(super) fn of(source: Source, values: &[f32], config: &Config, ctx: &Ctx) -> Result<Self, LabError> {
        let signal = sum_of_squares(values);
        let whole = min_max(values).map_or((0.0, 0.0), |(lo, hi)| (f64::from(lo), f64::from(hi)));
        let search = (config.clip == Clip::Mse).then(|| RangeSearch::new(values, whole));
        let mut stairs = Self { measured: Vec::new(), predicted: Vec::new() };
        for bits in ALL_BITS {
            ctx.step(bits.into(), (*ALL_BITS.end()).into())?;
            let config = Config { bits, ..*config };
            let (lo, hi) = search.as_ref().map_or_else(|| config.clipped(values, whole), |search| search.best(&config));
            let by = config.affine(lo, hi);
            let db = decibels(signal, squared_error(values, by, config.range()));
            stairs.measured.extend(db.is_finite().then_some((f64::from(bits), db)));
            let predicted = theory::sqnr_db(source, by, config.range(), config.clip != Clip::AbsMax);
            stairs.predicted.extend(predicted.map(|db| (f64::from(bits), db)));
        }
        Ok(stairs)
    }

    /// The chosen source alone; `here` are its bits and its SQNR.
    pub(super) fn figure(&self, here: (u32, f64)) -> Lines {
        let heading = format!("{:.2} dB at {} bits{}", here.1, here.0, self.stair(here.0));
        let mut series = vec![Series::line("measured", SeriesRole::B, self.measured.clone())];
        if !self.predicted.is_empty() {
            series.push(Series::line("theory", SeriesRole::A, self.predicted.clone()));
        }
        let here = here.1.is_finite().then_some((f64::from(here.0), here.1));
        Lines { view: "by bits", heading, series, here, y_metric: "sqnr_db", ..axes() }
    }

    /// How high the stair to the next bit is; at the most bits the one before.
    fn stair(&self, bits: u32) -> String {
        let at = |bits: u32| self.measured.iter().find(|point| point.0 == f64::from(bits)).map(|point| point.1);
        let rise = |from: u32| Some(at(from + 1)? - at(from)?);
        match (rise(bits), rise(bits - 1)) {
            (Some(next), _) => format!("; the next bit adds {next:.2} dB"),
            (None, Some(last)) => format!("; the last bit added {last:.2} dB"),
            (None, None) => String::new(),
        }
    }
}

/// All four with the settings of the controls. `known` are the stairs of the chosen source.
pub(super) fn side_by_side(params: &Params, known: (Source, &Stairs), ctx: &Ctx) -> Result<Lines, LabError> {
    let (n, seed) = (params.int("n") as usize, params.int("seed") as u64);
    let mut series = Vec::new();
    let mut words = Vec::new();
    for (source, name, role) in BESIDE {
        let other;
        let stairs = if source == known.0 {
            known.1
        } else {
            let data = ctx.sources.get_with(source, n.min(FEW), seed, &mut |done, total| ctx.step(done, total))?;
            other = Stairs::of(source, &data.data, &config(params, standard_deviation(&data.data)), ctx)?;
            &other
        };
        let here = stairs.measured.iter().find(|(bits, _)| *bits == params.int("bits") as f64);
        words.extend(here.map(|(_, db)| format!("{name} {db:.1}")));
        series.push(Series { name: name.into(), role, shape: Shape::Points, points: stairs.measured.clone() });
        if !stairs.predicted.is_empty() {
            series.push(Series::line("theory", SeriesRole::Grid, stairs.predicted.clone()));
        }
    }
    Ok(Lines { view: "sources", heading: format!("{} bits: {} dB", params.int("bits"), words.join(", ")), series, ..axes() })
}

fn axes() -> Lines {
    Lines { x_label: "bits", x_unit: "bit", y_label: "SQNR", y_unit: "dB", ..Lines::default() }
}

#[cfg(test)]
mod tests {
    use crate::lab::{Figure, Lines, Shape, noise::LAB, tests::run_with};

    fn side_by_side(set: &[(&str, &str)]) -> Lines {
        let figures = run_with(&LAB, set).figures;
        let found = figures.into_iter().find(|figure| figure.view() == "sources");
        let Some(Figure::Lines(lines)) = found else { panic!("it is one of the figures") };
        lines
    }

    #[test]
    fn stairs_of_all_sources_are_parallel_and_three_have_a_theory() {
        let lines = side_by_side(&[("n", "65536")]);
        let measured: Vec<_> = lines.series.iter().filter(|series| series.shape == Shape::Points).collect();
        assert_eq!(
            measured.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
            ["uniform", "Gaussian", "Laplace", "real layer"]
        );
        assert_eq!(lines.series.iter().filter(|series| series.name == "theory").count(), 3);
        for series in measured {
            let at = |bits: f64| series.points.iter().find(|p| p.0 == bits).expect("every width is measured").1;
            let slope = (at(12.0) - at(8.0)) / 4.0;
            assert!((5.8..6.2).contains(&slope), "{}: {slope} dB a bit", series.name);
        }
    }

    #[test]
    fn the_heading_says_the_stair_at_hand() {
        let heading = |bits: &str| {
            let figures = run_with(&LAB, &[("n", "65536"), ("source", "uniform"), ("bits", bits)]).figures;
            figures.into_iter().find(|figure| figure.view() == "by bits").expect("it is one of the figures").heading().to_owned()
        };
        let adds = |heading: &str| heading.split(' ').rev().nth(1).and_then(|db| db.parse::<f64>().ok()).expect("a number of dB");
        assert!((adds(&heading("8")) - 6.02).abs() < 0.1, "{}", heading("8"));
        assert!(heading("12").contains("the last bit added"));
    }

    #[test]
    fn where_the_error_spreads_evenly_theory_is_measurement() {
        let lines = side_by_side(&[("n", "65536"), ("source", "uniform")]);
        for pair in lines.series.windows(2).filter(|pair| pair[1].name == "theory") {
            let apart = |bits: usize| (pair[0].points[bits - 2].1 - pair[1].points[bits - 2].1).abs();
            assert!(apart(8) < 0.5 && apart(12) < 0.5, "{}: {} {}", pair[0].name, apart(8), apart(12));
        }
    }
}
