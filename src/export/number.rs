//! Numbers as people read them: enough digits, thousands apart, round ticks.

use crate::lab::MetricSpec;

/// A metric for reading: `43.20`, `4 230 000`, `3.91e-5`, `inf`, `–` where it is not defined. Without its unit.
///
/// The decimals are those of the specification, of more than six only as many as four significant digits need; a value
/// too small for them shows three significant digits.
pub fn format_metric(value: Option<f64>, spec: &MetricSpec) -> String {
    value.map_or_else(|| "–".into(), |v| format_measure(v, usize::from(spec.decimals)))
}

/// A value of a metric with so many decimals, which of more than six are a limit: `0.0001290`, and without idle zeros
/// where that is all of it: `256`, `0.1`.
pub fn format_measure(value: f64, decimals: usize) -> String {
    if decimals <= 6 || !value.is_finite() {
        return format_value(value, decimals);
    }
    if value == 0.0 {
        return "0".into();
    }
    let few = format_value(value, (3 - value.abs().log10().floor() as i32).clamp(2, decimals as i32) as usize);
    if few.replace(' ', "").parse() != Ok(value) || !few.contains('.') {
        return few;
    }
    few.trim_end_matches('0').trim_end_matches('.').into()
}

/// How a screen shows this value of a metric: bytes from a billion on as GB. Gives the specification with the unit that is
/// shown, and how much of the metric's own unit one of them is.
pub fn shown_unit(value: f64, spec: &MetricSpec) -> (MetricSpec, f64) {
    if spec.unit == "B" && value.abs() >= 1e9 { (MetricSpec { unit: "GB", decimals: 3, ..*spec }, 1e9) } else { (*spec, 1.0) }
}

/// A metric in a sentence, with its unit, as it stands beside the controls of its lab: `43.20 dB`, `4.441 GB`. Nothing is
/// just `0`: in a sentence no other number's decimals stand below it.
pub fn metric_words(value: f64, spec: &MetricSpec) -> String {
    let (shown, size) = shown_unit(value, spec);
    let number = if value == 0.0 { "0".into() } else { format_metric(Some(value / size), &shown) };
    format!("{number} {}", shown.unit).trim_end().into()
}

/// A number with `decimals` decimals, or with three significant digits where those would leave none.
pub fn format_value(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "–".into() } else { format!("{}inf", if value < 0.0 { "-" } else { "" }) };
    }
    let size = value.abs();
    let is_too_small = size > 0.0 && decimals > 0 && size < 10f64.powi(-(decimals as i32));
    if is_too_small || size >= 1e15 {
        return format!("{value:.2e}");
    }
    let fixed = format!("{value:.decimals$}");
    // A tiny negative number must not show as "-0".
    let fixed = if fixed.bytes().all(|b| matches!(b, b'-' | b'0' | b'.')) { fixed.trim_start_matches('-').into() } else { fixed };
    group(&fixed)
}

/// A count with its thousands apart: `589 824`.
pub fn count(n: u64) -> String {
    group(&n.to_string())
}

/// A number with three digits at most, for prose: `0.0239`, `12`, `2.8e10`.
pub fn number(v: f64) -> String {
    if v == 0.0 || !v.is_finite() {
        return format_value(v, 0);
    }
    let text = axis_number(v, 10f64.powf(v.abs().log10().floor() - 2.0));
    let is_plain = text.contains('.') && !text.contains('e');
    if is_plain { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// `4.23 GB` for bytes, otherwise the number and its unit.
pub fn quantity(value: f64, unit: &str) -> String {
    if !value.is_finite() {
        return format_value(value, 0);
    }
    if !matches!(unit, "B" | "bytes" | "byte") {
        return format!("{} {unit}", format_value(value, if value.abs() < 100.0 && value.fract() != 0.0 { 2 } else { 0 }))
            .trim_end()
            .into();
    }
    for (size, name) in [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")] {
        if value >= size {
            return format!("{:.2} {name}", value / size);
        }
    }
    format!("{value:.0} B")
}

/// Spaces between groups of three digits, from five digits on.
fn group(fixed: &str) -> String {
    let (sign, rest) = fixed.strip_prefix('-').map_or(("", fixed), |rest| ("-", rest));
    let (whole, fraction) = rest.find('.').map_or((rest, ""), |dot| rest.split_at(dot));
    if whole.len() < 5 {
        return fixed.into();
    }
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(' ');
        }
        out.push(digit);
    }
    out + fraction
}

/// A count for a narrow axis: `950`, `12k`, `1.5M`.
pub fn short_count(n: f64) -> String {
    let (scaled, suffix) = match n.abs() {
        a if a >= 1e9 => (n / 1e9, "G"),
        a if a >= 1e6 => (n / 1e6, "M"),
        a if a >= 1e4 => (n / 1e3, "k"),
        _ => (n, ""),
    };
    let text = format!("{scaled:.1}");
    format!("{}{suffix}", text.strip_suffix(".0").unwrap_or(&text))
}

/// Round numbers (1, 2 or 5 times a power of ten apart) inside `lo..=hi`, at most `max` of them.
///
/// Empty where the range is empty or not finite.
pub fn ticks(lo: f64, hi: f64, max: usize) -> Vec<f64> {
    let span = hi - lo;
    if !(span.is_finite() && span > 0.0) || max == 0 {
        return Vec::new();
    }
    let mut step = step_above(span / max as f64);
    loop {
        let (first, last) = ((lo / step - 1e-9).ceil(), (hi / step + 1e-9).floor());
        if last - first < max as f64 {
            return (0..=(last - first).max(-1.0) as i64).map(|i| (first + i as f64) * step).take(max).collect();
        }
        step = step_above(step * 1.5);
    }
}

/// Powers of ten inside `lo..=hi` with their names, at most `max`; where fewer than two lie inside, also 2 and 5 times them.
///
/// Empty where the range is empty, not finite or not above 0.
pub fn log_ticks(lo: f64, hi: f64, max: usize) -> Vec<(f64, String)> {
    if !(lo > 0.0 && lo < hi && hi.is_finite()) || max == 0 {
        return Vec::new();
    }
    let is_inside = |v: &f64| (lo * (1.0 - 1e-9)..=hi * (1.0 + 1e-9)).contains(v);
    let (first, last) = (lo.log10().floor() as i32, hi.log10().ceil() as i32);
    let decades: Vec<i32> = (first..=last).filter(|&k| is_inside(&10f64.powi(k))).collect();
    if decades.len() >= 2 {
        let stride = decades.len().div_ceil(max);
        return decades
            .into_iter()
            .filter(|k| k.rem_euclid(stride as i32) == 0)
            .map(|k| (10f64.powi(k), power_of_ten(k)))
            .collect();
    }
    let values = (first..=last).flat_map(|k| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(k)));
    values.filter(is_inside).take(max).map(|v| (v, axis_number(v, 10f64.powf(v.log10().floor())))).collect()
}

/// `0.01`, `1`, `1000`, `10^4`.
pub fn power_of_ten(k: i32) -> String {
    match k {
        -3..=-1 => format!("{:.*}", k.unsigned_abs() as usize, 10f64.powi(k)),
        0..=3 => format!("{:.0}", 10f64.powi(k)),
        _ => format!("10^{k}"),
    }
}

/// The least of 1, 2, 5 times a power of ten that is not below `least`.
fn step_above(least: f64) -> f64 {
    let decade = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].iter().map(|m| m * decade).find(|s| *s >= least * (1.0 - 1e-9)).unwrap_or(10.0 * decade)
}

/// A tick's number, with the decimals that a step of the axis needs and no more.
pub fn axis_number(value: f64, step: f64) -> String {
    let step = step.abs();
    if value.abs() < step * 1e-6 {
        return "0".into();
    }
    if value.abs() >= 1e6 || (step > 0.0 && step < 1e-4) {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    let decimals =
        if step > 0.0 && step < 1.0 { (-step.log10() - 1e-9).ceil() as usize } else { usize::from(step.fract() > 1e-9) };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab;

    #[test]
    fn small_and_large_values_keep_their_digits() {
        assert_eq!(format_value(43.2, 2), "43.20");
        assert_eq!(format_value(0.02392, 5), "0.02392");
        assert_eq!(format_value(0.000_039_1, 4), "3.91e-5");
        assert_eq!(format_value(4_230_000_000.0, 0), "4 230 000 000");
        assert_eq!(format_value(-12_345.678, 1), "-12 345.7");
        assert_eq!(format_value(1234.0, 0), "1234");
        assert_eq!(format_value(0.0, 2), "0.00");
        assert_eq!(format_value(-0.2, 0), "0");
        assert_eq!(format_value(f64::INFINITY, 2), "inf");
        assert_eq!(format_value(f64::NEG_INFINITY, 2), "-inf");
        assert_eq!(format_value(f64::NAN, 2), "–");
    }

    #[test]
    fn a_metric_in_a_sentence_reads_as_beside_its_lab() {
        let spec = |name: &str| lab::ALL.iter().find_map(|lab| lab.metric(name)).expect("a lab has it");
        assert_eq!(metric_words(43.2, spec("sqnr_db")), "43.20 dB");
        assert_eq!(metric_words(4_441_000_000.0, spec("bytes")), "4.441 GB");
        assert_eq!(metric_words(600_000.0, spec("bytes")), "600 000 B");
        assert_eq!(metric_words(0.0, spec("fp16_rel_error")), "0 %");
    }

    #[test]
    fn a_measure_of_many_decimals_shows_those_it_has() {
        assert_eq!(
            [256.0, 0.1, 0.0, 0.000_129_04, 0.0, 15_821.0].map(|v| format_measure(v, 8)),
            ["256", "0.1", "0", "0.0001290", "0", "15 821"]
        );
        assert_eq!(format_measure(43.2, 2), "43.20");
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(-1.03, 1.03, 5), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(ticks(0.0, 60.0, 4), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(ticks(1.0, 1.0, 4), [0.0; 0]);
        for (lo, hi) in [(-3.7, 12.1), (1e-9, 2e-9), (-1e30, 1e30), (0.0, 7.0)] {
            for max in 1..12 {
                let ticks = ticks(lo, hi, max);
                assert!(ticks.len() <= max, "{lo} {hi} {max}: {ticks:?}");
            }
        }
    }

    #[test]
    fn log_ticks_are_decades_or_a_few_between_them() {
        let names = |lo, hi, max| log_ticks(lo, hi, max).into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(names(0.05, 2e4, 9), ["0.1", "1", "10", "100", "1000", "10^4"]);
        assert_eq!(names(1e-6, 1e6, 5), ["10^-6", "0.001", "1", "1000", "10^6"]);
        assert_eq!(names(3.0, 30.0, 9), ["5", "10", "20"]);
        assert_eq!(names(0.0, 1.0, 9), [""; 0]);
        assert_eq!(names(1.0, f64::INFINITY, 9), [""; 0]);
    }

    #[test]
    fn axis_numbers_have_the_decimals_of_the_step() {
        assert_eq!(axis_number(0.5, 0.5), "0.5");
        assert_eq!(axis_number(-1.0, 0.5), "-1.0");
        assert_eq!(axis_number(1e-17, 0.5), "0");
        assert_eq!(axis_number(20.0, 20.0), "20");
        assert_eq!(axis_number(0.05, 0.05), "0.05");
        assert_eq!(axis_number(2e9, 1e9), "2e9");
    }

    #[test]
    fn counts_fit_a_narrow_axis() {
        assert_eq!(short_count(950.0), "950");
        assert_eq!(short_count(12_000.0), "12k");
        assert_eq!(short_count(1_500_000.0), "1.5M");
    }

    #[test]
    fn bytes_have_their_prefix() {
        assert_eq!(quantity(4.23e9, "B"), "4.23 GB");
        assert_eq!(quantity(589_824.0, "bytes"), "589.82 kB");
        assert_eq!(quantity(12.5, "%"), "12.50 %");
        assert_eq!(quantity(227.998, "GOP/s"), "228 GOP/s");
        assert_eq!(quantity(3.0, ""), "3");
    }

    #[test]
    fn numbers_in_prose_have_no_idle_zeros() {
        assert_eq!([2.0, 66.69, 0.02392, 2.8e10, 0.0, -1234.0].map(number), ["2", "66.7", "0.0239", "2.8e10", "0", "-1234"]);
    }
}
