//! Every row, walked.

use std::collections::HashSet;

use super::*;

/// Runs a lab with some parameters set, in a world of its own.
pub(super) fn run_with(lab: &Lab, set: &[(&str, &str)]) -> Report {
    let mut params = lab.defaults();
    for (name, text) in set {
        params.set(name, text).expect("the test sets what the lab has");
    }
    run(lab, &params, &Sources::default())
}

fn run(lab: &Lab, params: &Params, sources: &Sources) -> Report {
    let cancel = AtomicBool::new(false);
    (lab.run)(params, &Ctx::new(sources, &cancel, &|_, _| {})).expect("nothing stops it")
}

fn is_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The stable names of a lab, all in one space: a goal may use any of them.
fn names(lab: &Lab) -> Vec<&'static str> {
    lab.params.iter().map(|p| p.name).chain(lab.metrics.iter().map(|m| m.name)).collect()
}

#[test]
fn ids_and_names_are_unique_and_well_formed() {
    let ids: HashSet<_> = ALL.iter().map(|lab| lab.id).collect();
    assert_eq!(ids.len(), ALL.len());
    for lab in ALL {
        assert!(crate::id::is_kebab(lab.id) && !lab.title.is_empty() && lab.summary.ends_with('.'), "{}", lab.id);
        let names = names(lab);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{}: {names:?}", lab.id);
        assert!(names.iter().all(|name| is_snake(name)), "{}: {names:?}", lab.id);
    }
}

#[test]
fn every_parameter_and_metric_explains_itself() {
    for lab in ALL {
        for p in lab.params {
            assert!(!p.label.is_empty() && !p.help.is_empty(), "{} {}", lab.id, p.name);
        }
        for m in lab.metrics {
            assert!(!m.label.is_empty() && !m.help.is_empty(), "{} {}", lab.id, m.name);
        }
    }
}

#[test]
fn defaults_are_what_their_parameters_allow() {
    for lab in ALL {
        for p in lab.params {
            assert_eq!(p.parse(&p.default.to_string()), Ok(p.default), "{} {}", lab.id, p.name);
            for upper in [false, true] {
                let limit = p.limit(upper);
                assert_eq!(p.parse(&limit.to_string()), Ok(limit), "{} {}", lab.id, p.name);
            }
        }
    }
}

/// `active` may read only parameters of its own row.
#[test]
fn every_activity_can_be_asked() {
    for lab in ALL {
        let params = lab.defaults();
        (0..lab.params.len()).for_each(|idx| {
            params.is_active(idx);
        });
    }
}

#[test]
fn a_cancelled_lab_stops() {
    let (sources, cancel) = (Sources::default(), AtomicBool::new(true));
    for lab in ALL {
        let stopped = (lab.run)(&lab.defaults(), &Ctx::new(&sources, &cancel, &|_, _| {}));
        assert_eq!(stopped.err(), Some(LabError::Cancelled), "{}", lab.id);
    }
}

/// The extremes of a parameter; of a choice, every option.
fn extremes(spec: &ParamSpec) -> Vec<Value> {
    match spec.kind {
        ParamKind::Choice(options) => options.iter().map(|o| Value::Choice(o.name)).collect(),
        ParamKind::Bool => vec![Value::Bool(false), Value::Bool(true)],
        _ => vec![spec.limit(false), spec.limit(true)],
    }
}

/// How many of the pairs of extremes are walked: one in so many; `QUANTLEARN_THOROUGH=ci` and `=release` walk them all.
const PAIRS: usize = 13;

/// Each parameter at each extreme, the others at their defaults (but few values, to be quick); then pairs of them.
#[test]
fn a_report_is_well_formed_at_every_extreme() {
    let is_thorough = std::env::var("QUANTLEARN_THOROUGH").is_ok_and(|level| matches!(level.as_str(), "ci" | "release"));
    let sources = Sources::default();
    for lab in ALL {
        let mut base = lab.defaults();
        if let Some(n) = base.index("n") {
            base.put(n, Value::Int(2048));
        }
        let mut n_pairs = 0;
        for (i, first) in lab.params.iter().enumerate() {
            for a in extremes(first) {
                for (j, second) in lab.params.iter().enumerate().skip(i) {
                    for b in extremes(second) {
                        // A parameter beside itself is one extreme alone, and those are all walked, once.
                        n_pairs += 1;
                        let is_walked = if i == j { a == b } else { is_thorough || n_pairs % PAIRS == 0 };
                        let mut params = base.clone();
                        params.put(i, a);
                        params.put(j, b);
                        // Four million values once for each lab are enough; see the test below.
                        if is_walked && params.index("n").is_none_or(|n| params.at(n) == Value::Int(2048)) {
                            check(lab, &params, &run(lab, &params, &sources));
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_report_is_well_formed_with_the_fewest_and_the_most_values() {
    for lab in ALL {
        if let Some(n) = lab.defaults().index("n") {
            for upper in [false, true] {
                let mut params = lab.defaults();
                params.put(n, lab.params[n].limit(upper));
                check(lab, &params, &run(lab, &params, &Sources::default()));
            }
        }
    }
}

fn check(lab: &Lab, params: &Params, report: &Report) {
    let at = || format!("{} {:?}", lab.id, params.iter().map(|(p, v)| format!("{}={v}", p.name)).collect::<Vec<_>>());
    let expected: Vec<_> = lab.metrics.iter().map(|m| m.name).collect();
    assert_eq!(report.metrics.iter().map(|m| m.name).collect::<Vec<_>>(), expected, "{}", at());
    assert!(report.metrics.iter().all(|m| m.value.is_none_or(|v| !v.is_nan())), "{}: {:?}", at(), report.metrics);
    for note in &report.notes {
        assert!(note.ends_with('.') && !note.contains("NaN"), "{}: {note}", at());
    }
    for absent in report.metrics.iter().filter(|m| m.value.is_none()) {
        assert!(report.notes.iter().any(|note| note.contains(absent.name)), "{}: no note on {}", at(), absent.name);
    }
    for figure in &report.figures {
        assert!(!figure.heading().is_empty() && !figure.view().is_empty(), "{}", at());
        check_figure(figure, &at);
    }
    if let Some(trace) = &report.trace {
        assert!(!trace.steps.is_empty(), "{}", at());
        for step in &trace.steps {
            assert!(step.caption.ends_with('.') && !step.caption.contains("NaN"), "{}: {}", at(), step.caption);
            assert!((1..=3).contains(&step.figures.len()), "{}: {}", at(), step.caption);
            step.figures.iter().for_each(|figure| check_figure(figure, &at));
        }
    }
    for array in &report.arrays {
        let len = match &array.data {
            ArrayData::F32(data) => data.len(),
            ArrayData::I32(data) => data.len(),
        };
        assert_eq!(array.shape.iter().product::<usize>(), len, "{} {}", at(), array.name);
    }
}

fn check_figure(figure: &Figure, at: &dyn Fn() -> String) {
    match figure {
        Figure::Mirror(m) => {
            assert_eq!(m.sub % 2, 1, "{}", at());
            let lens = [m.original.len(), m.sq_error.len(), m.quantized.len() * m.sub];
            assert_eq!(lens, [m.n_codes * m.sub; 3], "{}", at());
            assert!(m.n_codes <= 3 << 16, "{}", at());
            let last = m.first_code + m.n_codes as i32 - 1;
            assert!(m.first_code <= m.grid.qmin && m.grid.qmax <= last, "{}", at());
            let n_up: u64 = m.original.iter().map(|&n| u64::from(n)).sum::<u64>() + m.below + m.above;
            let n_down: u64 = m.quantized.iter().map(|&n| u64::from(n)).sum();
            assert_eq!(n_up, n_down, "{}", at());
            assert!(m.sq_error.iter().all(|e| e.is_finite()), "{}", at());
            assert!(m.x_is_code || m.grid.scale.is_some(), "{}", at());
        }
        Figure::ErrorHistogram(e) => {
            assert!(e.lo < e.hi && !e.counts.is_empty() && e.uniform.is_finite(), "{}", at());
        }
        Figure::Rows(r) => assert!(r.sorted.is_sorted_by(|a, b| a.sqnr_db <= b.sqnr_db), "{}", at()),
        Figure::Lines(l) => {
            let points = || l.series.iter().flat_map(|s| &s.points).chain(&l.here);
            assert!(points().all(|(x, y)| x.is_finite() && y.is_finite()), "{}", at());
        }
        Figure::Bars(b) => {
            assert!(b.bars.iter().flat_map(|bar| &bar.segments).all(|s| s.value.is_finite() && s.value >= 0.0), "{}", at());
        }
        Figure::Ruler(r) => assert!(r.asked.0 <= r.asked.1 && r.covered.0 < r.covered.1, "{}", at()),
        Figure::Table(t) => assert!(t.rows.iter().all(|row| row.len() == t.columns.len()), "{}", at()),
        Figure::Bits(b) => {
            for row in &b.rows {
                assert_eq!(row.fields.iter().map(|f| f.1).sum::<u32>(), row.n, "{}: {}", at(), row.label);
                assert!((1..=64).contains(&row.n) && (row.n == 64 || row.pattern >> row.n == 0), "{}: {}", at(), row.label);
            }
        }
        Figure::Cells(c) => assert!(c.rows.iter().all(|row| !row.cells.is_empty()), "{}", at()),
        Figure::Ticks(t) => {
            assert!(t.lo < t.hi && t.rows.iter().all(|row| row.ticks.is_sorted()), "{}", at());
            assert!(t.rows.iter().flat_map(|row| row.ticks.iter().chain(&row.here)).all(|x| x.is_finite()), "{}", at());
        }
        Figure::Heatmap(h) => {
            assert!(h.n_cols > 0 && h.values.len().is_multiple_of(h.n_cols) && h.lo < h.hi, "{}", at());
        }
        Figure::Images(f) => {
            let is_whole = |p: &Picture| !p.pixels.is_empty() && p.pixels.len().is_multiple_of(f.width);
            assert!(f.width > 0 && f.pictures.iter().all(is_whole), "{}", at());
            assert!(f.pictures.iter().flat_map(|p| &p.pixels).all(|ink| (0.0..=1.0).contains(ink)), "{}", at());
        }
        Figure::Flow(f) => assert!(f.stages.last().is_some_and(|last| last.out.is_empty()), "{}", at()),
    }
}

/// A guess is drawn on an axis only where that axis is the metric's.
#[test]
fn an_axis_that_stands_for_a_metric_shows_its_value() {
    for lab in ALL {
        let report = run(lab, &lab.defaults(), &Sources::default());
        let lines = report.figures.iter().filter_map(|figure| if let Figure::Lines(l) = figure { Some(l) } else { None });
        for l in lines {
            // Curves may be of fewer values than the metric.
            let is = |name: &str, v: f64| report.metric(name).is_some_and(|m| (m - v).abs() <= 0.02 * m.abs());
            let is_y = l.y_metric.is_empty() || l.here.is_none_or(|here| is(l.y_metric, here.1));
            assert!(is_y, "{} {}: {} {:?}", lab.id, l.view, l.y_metric, l.here);
            let is_x = l.x_metric.is_empty() || l.marks.iter().any(|mark| is(l.x_metric, mark.x));
            assert!(is_x, "{} {}: {}", lab.id, l.view, l.x_metric);
            assert!([l.y_metric, l.x_metric].iter().all(|name| name.is_empty() || lab.metric(name).is_some()), "{}", lab.id);
        }
    }
}
