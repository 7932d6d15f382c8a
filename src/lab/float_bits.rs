//! Lesson 2: one number in every float format at once.

use super::{
    Better, Bits, BitsRow, Choice, Ctx, Figure, Lab, LabError, MetricSpec, ParamSpec, Params, Report, SeriesRole, Table,
    row::{bits, choice, decades, flag, float, metric, option, short, value},
};
use crate::quant::float::{Class, FloatFormat, Overflow, Specials};

mod ruler;
mod sum;

pub(super) const LAB: Lab = Lab {
    id: "float-bits",
    title: "Bit surgery",
    summary: "Type a number or toggle bits, and see what every float format makes of it.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const FORMATS: [Choice; FloatFormat::ALL.len()] = {
    let mut options = [option("", ""); FloatFormat::ALL.len()];
    let mut i = 0;
    while i < options.len() {
        options[i] = option(FloatFormat::ALL[i].id, FloatFormat::ALL[i].name);
        i += 1;
    }
    options
};

const PARAMS: &[ParamSpec] = &[
    choice("from", "from", &[option("number", "a number"), option("bits", "its bits")], "number", "what is set by hand"),
    float("x", "number", (-4.0e38, 4.0e38, 0.1), 0.1, "any decimal number; type it for an exact one")
        .when(|p| p.choice("from") == "number"),
    choice("format", "format", &FORMATS, "bf16", "whose bits are set, and whose neighbours and sums are shown"),
    bits("pattern", "bits", 32, 0x3dcd, "the code in this format; a narrow format takes the lowest bits")
        .when(|p| p.choice("from") == "bits"),
    flag("saturate", "saturate", false, "whether a number that is too large becomes the largest one, not infinite or NaN"),
    decades("addend", "add", (0.001, 1000.0, 0.1), 1.0, "what the sum loop adds again and again, starting from 0"),
];

const METRICS: &[MetricSpec] = &[
    metric("value", "number", "", Better::Neither, 10, "what was typed, or what the bits stand for"),
    metric("stored", "stored", "", Better::Neither, 10, "the number in the chosen format"),
    metric("code", "code", "", Better::Neither, 0, "its bits as a whole number"),
    metric("below", "next below", "", Better::Neither, 10, "the largest value of the format below the stored one"),
    metric("above", "next above", "", Better::Neither, 10, "the smallest value of the format above the stored one"),
    metric("spacing", "spacing", "", Better::Neither, 10, "distance of neighbouring values in this binade: 2^(e - m)"),
    metric("abs_error", "error", "", Better::Lower, 10, "stored minus number, in magnitude, in the chosen format"),
    metric("rel_error", "relative error", "%", Better::Lower, 6, "of the chosen format, in percent of the number"),
    metric("fp32_rel_error", "FP32 error", "%", Better::Lower, 9, "relative error in FP32"),
    metric("fp16_rel_error", "FP16 error", "%", Better::Lower, 6, "relative error in FP16"),
    metric("bf16_rel_error", "BF16 error", "%", Better::Lower, 6, "relative error in BF16"),
    metric("e5m2_rel_error", "E5M2 error", "%", Better::Lower, 4, "relative error in E5M2"),
    metric("e4m3_rel_error", "E4M3 error", "%", Better::Lower, 4, "relative error in E4M3"),
    metric("e2m1_rel_error", "E2M1 error", "%", Better::Lower, 4, "relative error in E2M1"),
    metric("fp16_overflows", "FP16 overflows", "", Better::Lower, 0, "1 where the number is beyond the largest of FP16"),
    metric("bf16_overflows", "BF16 overflows", "", Better::Lower, 0, "1 where the number is beyond the largest of BF16"),
    metric("e4m3_overflows", "E4M3 overflows", "", Better::Lower, 0, "1 where the number is beyond the largest of E4M3"),
    metric(
        "sum_sticks_at",
        "sum sticks at",
        "",
        Better::Higher,
        9,
        "where adding changes nothing any more, in the chosen format",
    ),
    metric("sum_terms", "terms", "", Better::Higher, 0, "how many additions it took to get there"),
];

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    ctx.step(0, 1)?;
    let subject = Subject::of(params);
    let chosen = subject.seen_by(subject.format);
    let sum = sum::Sum::of(subject.format, params.float("addend") as f32, ctx)?;
    let error = |format| value_of(subject.seen_by(format).rel_error);
    let overflows = |format| f64::from(u8::from(subject.seen_by(format).overflows));
    let (below, above) = subject.format.neighbours(chosen.stored);
    Ok(Report {
        metrics: vec![
            value("value", value_of(subject.x)),
            value("stored", value_of(chosen.stored.into())),
            value("code", f64::from(chosen.code)),
            value("below", below.map(f64::from)),
            value("above", above.map(f64::from)),
            value("spacing", value_of(subject.format.spacing(chosen.stored))),
            value("abs_error", value_of(chosen.abs_error)),
            value("rel_error", value_of(chosen.rel_error)),
            value("fp32_rel_error", error(FloatFormat::FP32)),
            value("fp16_rel_error", error(FloatFormat::FP16)),
            value("bf16_rel_error", error(FloatFormat::BF16)),
            value("e5m2_rel_error", error(FloatFormat::E5M2)),
            value("e4m3_rel_error", error(FloatFormat::E4M3)),
            value("e2m1_rel_error", error(FloatFormat::E2M1)),
            value("fp16_overflows", overflows(FloatFormat::FP16)),
            value("bf16_overflows", overflows(FloatFormat::BF16)),
            value("e4m3_overflows", overflows(FloatFormat::E4M3)),
            value("sum_sticks_at", sum.end.map(|end| f64::from(end.0))),
            value("sum_terms", sum.end.map(|end| end.1 as f64)),
        ],
        figures: vec![
            Figure::Bits(all_bits(&subject)),
            Figure::Table(errors(&subject)),
            Figure::Ticks(ruler::near(&subject)),
            Figure::Ticks(ruler::range(&subject)),
            Figure::Lines(ruler::spacing(&subject)),
            Figure::Lines(sum::lines(subject.format, params.float("addend") as f32, ctx)?),
        ],
        trace: Some(sum.trace(subject.format)),
        notes: notes(params, &subject, &sum),
        arrays: vec![],
    })
}

/// A metric that is not a number is absent.
fn value_of(x: f64) -> Option<f64> {
    (!x.is_nan()).then_some(x)
}

/// The number that all formats look at.
struct Subject {
    x: f64,
    /// The chosen format.
    format: FloatFormat,
    overflow: Overflow,
    /// The code of the chosen format, where its bits were set.
    code: Option<u32>,
}

/// What one format makes of it.
struct Seen {
    code: u32,
    stored: f32,
    abs_error: f64,
    /// In percent; infinite where the format has no number for it, NaN where there is nothing to compare.
    rel_error: f64,
    overflows: bool,
}

impl Subject {
    fn of(params: &Params) -> Self {
        let format = FloatFormat::find(params.choice("format")).expect("the options come from the table of formats");
        let overflow = if params.bool("saturate") { Overflow::Saturate } else { Overflow::Special };
        if params.choice("from") == "number" {
            return Self { x: params.float("x"), format, overflow, code: None };
        }
        let code = (params.bits("pattern") & (format.n_codes() - 1)) as u32;
        Self { x: format.decode(code).into(), format, overflow, code: Some(code) }
    }

    fn seen_by(&self, format: FloatFormat) -> Seen {
        let code = match self.code {
            Some(code) if format == self.format => code,
            _ => format.encode_f64(self.x, self.overflow),
        };
        let stored = format.decode(code);
        let abs_error = if f64::from(stored) == self.x { 0.0 } else { (f64::from(stored) - self.x).abs() };
        let rel_error = match abs_error {
            0.0 => 0.0,
            // NaN where the number was one: the format has no number for it.
            e if e.is_nan() && !self.x.is_nan() => f64::INFINITY,
            e => 100.0 * e / self.x.abs(),
        };
        let unbounded = f64::from(format.max()) + format.spacing(format.max()) / 2.0;
        Seen {
            code,
            stored,
            abs_error,
            rel_error,
            overflows: self.x.abs() > f64::from(format.max()) && self.is_beyond(format, unbounded),
        }
    }

    /// Whether rounding goes beyond the largest value: at the middle to the next value that is not there, the even one.
    fn is_beyond(&self, format: FloatFormat, middle: f64) -> bool {
        let is_even = format.max_code().is_multiple_of(2);
        self.x.abs() > middle || self.x.abs() == middle && !is_even
    }

    /// A finite magnitude to build axes around; 1 where there is none.
    fn magnitude(&self) -> f64 {
        if self.x.is_finite() && self.x != 0.0 { self.x.abs() } else { 1.0 }
    }
}

/// The word of a code, its fields named.
fn bits_row(format: FloatFormat, label: &str, code: u32, note: String) -> BitsRow {
    let fields = [
        ("sign", u32::from(format.is_signed), SeriesRole::Error),
        ("exponent", format.n_exponent, SeriesRole::A),
        ("mantissa", format.n_mantissa, SeriesRole::B),
    ];
    BitsRow {
        label: label.into(),
        pattern: code.into(),
        n: format.n_bits(),
        fields: fields.into_iter().filter(|field| field.1 > 0).collect(),
        note,
    }
}

fn all_bits(subject: &Subject) -> Bits {
    let row = |format: FloatFormat| {
        let seen = subject.seen_by(format);
        let note = match format.class(seen.code) {
            Class::Normal => short(seen.stored.into()),
            class @ (Class::Zero | Class::Nan) => class.name().into(),
            class => format!("{}, {}", short(seen.stored.into()), class.name()),
        };
        bits_row(format, format.name, seen.code, note)
    };
    let chosen = subject.seen_by(subject.format);
    let heading = format!("{} is {} in {}", short(subject.x), short(chosen.stored.into()), subject.format.name);
    Bits { view: "bits", heading, rows: FloatFormat::ALL.map(row).into() }
}

fn errors(subject: &Subject) -> Table {
    let row = |format: FloatFormat| {
        let seen = subject.seen_by(format);
        let (below, above) = format.neighbours(seen.stored);
        let end = |y: Option<f32>| y.map_or_else(|| "none".into(), |y| short(y.into()));
        let percent = match seen.rel_error {
            e if !e.is_finite() => short(e),
            e if e > 0.0 && e < 0.001 => format!("{e:.2e} %"),
            e => format!("{e:.3} %"),
        };
        vec![format.name.into(), short(seen.stored.into()), end(below), end(above), short(seen.abs_error), percent]
    };
    let exact = FloatFormat::ALL.into_iter().filter(|&format| subject.seen_by(format).abs_error == 0.0).count();
    Table {
        view: "errors",
        heading: format!("{} as every format stores it; {exact} of {} hold it exactly", short(subject.x), FloatFormat::ALL.len()),
        columns: vec!["format", "stored", "next below", "next above", "error", "relative"],
        rows: FloatFormat::ALL.map(row).into(),
    }
}

fn notes(params: &Params, subject: &Subject, sum: &sum::Sum) -> Vec<String> {
    let (format, mut notes) = (subject.format, Vec::new());
    let chosen = subject.seen_by(format);
    if subject.code.is_some() && params.bits("pattern") >= format.n_codes() {
        notes.push(format!("{} has {} bits; the others of the pattern are not looked at.", format.name, format.n_bits()));
    }
    if subject.x.is_nan() {
        notes.push(
            "value, abs_error, rel_error, fp32_rel_error, fp16_rel_error, bf16_rel_error, e5m2_rel_error, e4m3_rel_error and \
             e2m1_rel_error are absent: the bits are no number."
                .into(),
        );
    }
    if chosen.stored.is_nan() {
        notes.push(format!("stored, spacing, below and above are absent: {} has no number here.", format.name));
        if !subject.x.is_nan() {
            notes.push("abs_error is absent: there is nothing to compare.".into());
        }
    } else {
        let (below, above) = format.neighbours(chosen.stored);
        if below.is_none() {
            notes.push(format!("below is absent: {} has no smaller value.", format.name));
        }
        if above.is_none() {
            notes.push(format!("above is absent: {} has no larger finite value.", format.name));
        }
    }
    if format.specials == Specials::None && subject.x.is_nan() {
        notes.push(format!("{} has no NaN; ONNX stores its largest value instead.", format.name));
    }
    match sum.end {
        Some((stuck, _)) => {
            notes.push(format!("Adding {} in {} sticks at {}.", short(sum.addend.into()), format.name, short(stuck.into())))
        }
        None => notes.push(format!(
            "sum_sticks_at and sum_terms are absent: {} {}.",
            format.name,
            if sum.addend.is_nan() { "has no such addend" } else { "still grows after the last addition that was tried" }
        )),
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    fn metric(set: &[(&str, &str)], name: &str) -> f64 {
        run_with(&LAB, set).metric(name).unwrap_or_else(|| panic!("{name} is defined for {set:?}"))
    }

    #[test]
    fn the_challenge_of_lesson_2_has_its_answers() {
        let far = |name| metric(&[("x", "70000")], name);
        assert_eq!((far("fp16_overflows"), far("bf16_overflows")), (1.0, 0.0));
        assert!(far("bf16_rel_error") < 0.4 && far("fp16_rel_error").is_infinite());
        let fine = |name| metric(&[("x", "1.001953125")], name);
        assert!(fine("fp16_rel_error") * 4.0 <= fine("bf16_rel_error") && fine("bf16_rel_error") > 0.0);
    }

    #[test]
    fn sums_stick_where_the_spacing_is_twice_the_addend() {
        for (format, stuck) in [("bf16", 256.0), ("fp16", 2048.0), ("e4m3", 16.0), ("e5m2", 8.0), ("e2m1", 4.0)] {
            assert_eq!(metric(&[("format", format)], "sum_sticks_at"), stuck, "{format}");
            assert_eq!(metric(&[("format", format)], "sum_terms"), stuck, "{format}");
        }
        assert_eq!(run_with(&LAB, &[("format", "fp32")]).metric("sum_sticks_at"), None);
    }

    #[test]
    fn bits_say_the_number_that_they_are() {
        let set = [("from", "bits"), ("format", "fp16"), ("pattern", "0x2e66")];
        assert_eq!(metric(&set, "value"), 0.099_975_585_937_5);
        assert_eq!(metric(&set, "rel_error"), 0.0);
        assert_eq!(metric(&set, "spacing"), 2f64.powi(-14));
        assert_eq!(metric(&[("from", "bits"), ("format", "e4m3"), ("pattern", "0xff7e")], "value"), 448.0_f64);
    }

    #[test]
    fn the_largest_numbers_overflow_only_beyond_their_tie() {
        let fp16 = |x| metric(&[("x", x)], "fp16_overflows");
        assert_eq!([fp16("65504"), fp16("65519.9"), fp16("65520")], [0.0, 0.0, 1.0]);
        let e4m3 = |x| metric(&[("x", x)], "e4m3_overflows");
        assert_eq!([e4m3("464"), e4m3("464.0001"), e4m3("-500")], [0.0, 1.0, 1.0]);
        assert_eq!(metric(&[("x", "500"), ("saturate", "true"), ("format", "e4m3")], "stored"), 448.0);
    }
}
