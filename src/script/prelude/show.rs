//! Output: lines and figures.

use rhai::Dynamic;

use crate::{
    lab::{Bar, Bars, Figure, Lines, Segment, Series, SeriesRole, Shape},
    script::{
        format,
        host::trouble,
        value::{Answer, Call},
    },
};

/// Bars of one chart at most; a screen has no more rows.
const MAX_BARS: usize = 64;
const MAX_BINS: usize = 512;
const BINS: usize = 60;

pub(super) fn print(call: &mut Call) -> Answer {
    let mut line = String::new();
    for idx in 0..call.n_args() {
        if idx > 0 {
            line.push(' ');
        }
        line.push_str(&format::text(call.dynamic(idx)));
    }
    call.host.print(&line)?;
    // The engine expects a text of `print` and drops it.
    Ok(Dynamic::from(rhai::ImmutableString::new()))
}

pub(super) fn bar(call: &mut Call) -> Answer {
    let labels: Vec<String> = call.list(0)?.iter().map(format::text).collect();
    let values = call.numbers(1)?;
    if labels.len() != values.len() || labels.len() > MAX_BARS || labels.is_empty() {
        let (n, m) = (labels.len(), values.len());
        return Err(trouble(format!("`bar` has {n} labels and {m} values; it takes as many of each, from 1 to {MAX_BARS}")));
    }
    if let Some(bad) = values.iter().find(|x| !x.is_finite() || **x < 0.0) {
        return Err(trouble(format!("`bar` cannot draw a bar of {}: lengths are finite and not negative", format::number(*bad))));
    }
    let heading = if call.has(2) { call.text(2)?.to_string() } else { String::new() };
    let one = |(label, value): (String, &f64)| Bar {
        label,
        segments: vec![Segment { name: "value", value: *value, role: SeriesRole::A }],
        note: String::new(),
    };
    let bars: Vec<Bar> = labels.into_iter().zip(&values).map(one).collect();
    let n = bars.len();
    call.host
        .show(Figure::Bars(Bars { view: "bars", heading: clean(&heading), unit: "", log: false, bars: cleaned(bars) }), n)?;
    Ok(Dynamic::UNIT)
}

fn cleaned(mut bars: Vec<Bar>) -> Vec<Bar> {
    bars.iter_mut().for_each(|bar| bar.label = clean(&bar.label));
    bars
}

/// Nothing of a script may move a cursor.
fn clean(text: &str) -> String {
    crate::text::Text::clean_line(text).to_string()
}

pub(super) fn hist(call: &mut Call) -> Answer {
    let t = call.tensor(0)?;
    let n_bins = if call.has(1) { call.count(1)? } else { BINS };
    if !(1..=MAX_BINS).contains(&n_bins) {
        return Err(trouble(format!("`hist` takes from 1 to {MAX_BINS} bins, not {n_bins}")));
    }
    let heading = if call.has(2) { clean(&call.text(2)?) } else { format!("{} values", t.len()) };
    let counts = super::summary::bins(call, &t, n_bins, None)?;
    let width = (counts.hi - counts.lo) / n_bins as f64;
    let at = |bin: usize| counts.lo + (bin as f64 + 0.5) * width;
    let points = counts.counts.iter().enumerate().map(|(bin, &n)| (at(bin), f64::from(n))).collect();
    let series = Series { name: "values".into(), role: SeriesRole::A, shape: Shape::Columns, points };
    let lines =
        Lines { view: "histogram", heading, x_label: "value", y_label: "count", series: vec![series], ..Lines::default() };
    call.host.show(Figure::Lines(lines), n_bins)?;
    Ok(Dynamic::UNIT)
}
