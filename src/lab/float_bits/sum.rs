//! The sum loop: adding the same number again and again until nothing changes.

use super::{FloatFormat, Overflow, bits_row};
use crate::lab::{Bits, Ctx, Figure, LabError, Lines, Series, SeriesRole, Trace, TraceStep, row::short};

/// Additions at most. FP32 would take 2^24 of them.
const MAX_TERMS: usize = 1 << 16;

/// One addition.
#[derive(Clone, Copy)]
struct Addition {
    term: usize,
    before: f32,
    /// Before it is rounded to the format.
    exact: f32,
    after: f32,
}

pub(super) struct Sum {
    /// As the format stores it.
    pub(super) addend: f32,
    /// Where it stuck, and after how many additions that changed something.
    pub(super) end: Option<(f32, usize)>,
    /// Additions worth a look: the first ones, those that enter another binade, the first that err, the last.
    kept: Vec<Addition>,
}

impl Sum {
    pub(super) fn of(format: FloatFormat, addend: f32, ctx: &Ctx) -> Result<Self, LabError> {
        let (mut kept, mut end, mut n_inexact) = (Vec::new(), None, 0);
        let addend = stored(format, addend);
        let mut before = stored(format, 0.0);
        for term in 1..=MAX_TERMS {
            if term % 4096 == 1 {
                ctx.step(term as u64, MAX_TERMS as u64)?;
            }
            // The f32 sum of two short numbers has enough digits that rounding it again is as rounding once.
            let exact = before + addend;
            let addition = Addition { term, before, exact, after: stored(format, exact) };
            let is_stuck = addition.after == before;
            n_inexact += usize::from(addition.after != exact);
            let enters = format.spacing(addition.after) > format.spacing(before);
            if term <= 2 || enters || addition.after != exact && n_inexact <= 2 || is_stuck {
                kept.push(addition);
            }
            if is_stuck {
                end = Some((before, term - 1));
                break;
            }
            before = addition.after;
        }
        Ok(Self { addend, end, kept })
    }

    pub(super) fn trace(&self, format: FloatFormat) -> Trace {
        let steps = self.kept.iter().map(|addition| self.step(format, addition)).collect();
        Trace { first: false, steps }
    }

    fn step(&self, format: FloatFormat, of: &Addition) -> TraceStep {
        let number = |x: f32| short(x.into());
        let row = |label: &str, x: f32| bits_row(format, label, format.encode(x, Overflow::Saturate), number(x));
        let sum = format!("Addition {}: {} + {} is {}", of.term, number(of.before), number(self.addend), number(of.exact));
        let spacing = short(format.spacing(of.before));
        let caption = if of.after == of.before {
            format!(
                "{sum}; neighbours are {spacing} apart, so it goes back to {}. Every further addition is lost.",
                number(of.after)
            )
        } else if of.after != of.exact {
            format!("{sum}, which {} does not hold: it becomes {}.", format.name, number(of.after))
        } else {
            format!("{sum}, which {} holds; neighbours are {} apart there.", format.name, short(format.spacing(of.after)))
        };
        let rows = vec![row("sum before", of.before), row("addend", self.addend), row("sum after", of.after)];
        let heading = format!("{} after addition {}", number(of.after), of.term);
        TraceStep { caption, figures: vec![Figure::Bits(Bits { view: "bits", heading, rows })] }
    }
}

fn stored(format: FloatFormat, x: f32) -> f32 {
    format.decode(format.encode(x, Overflow::Saturate))
}

/// The sum over the number of additions, in some formats and as it should be.
pub(super) fn lines(format: FloatFormat, addend: f32, ctx: &Ctx) -> Result<Lines, LabError> {
    const MOST: usize = 4096;
    let others = [FloatFormat::FP16, FloatFormat::BF16, FloatFormat::E4M3].into_iter().filter(|other| *other != format);
    let mut series =
        vec![Series::line("exact", SeriesRole::Grid, vec![(1.0, addend.into()), (MOST as f64, f64::from(addend) * MOST as f64)])];
    for (format, role) in std::iter::once((format, SeriesRole::B)).chain(others.map(|other| (other, SeriesRole::A))) {
        ctx.step(0, 1)?;
        let (step, mut sum, mut points) = (stored(format, addend), stored(format, 0.0), Vec::new());
        for term in 1..=MOST {
            sum = stored(format, sum + step);
            if term < 16 || term.is_power_of_two() || term % (term.ilog2() as usize * 32) == 0 {
                points.push((term as f64, f64::from(sum)));
            }
        }
        series.push(Series::line(format.name, role, points));
    }
    let heading = format!("{MOST} times {} is {}", short(addend.into()), short(f64::from(addend) * MOST as f64));
    Ok(Lines { view: "sum", heading, x_label: "additions", y_label: "sum", x_log: true, y_log: true, series, ..Lines::default() })
}
