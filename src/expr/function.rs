//! The fixed list of functions and constants. Transcendental ones come from `libm`: the same bits on every platform.

/// One function of the language.
#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    /// How it is written: `clamp(x, lo, hi)`.
    pub usage: &'static str,
    pub help: &'static str,
    /// Number of arguments; `None` takes any number from one on.
    arity: Option<usize>,
    pub(super) call: fn(&[f64]) -> f64,
}

impl Function {
    pub(super) fn takes(&self, n: usize) -> bool {
        self.arity.map_or(n > 0, |arity| n == arity)
    }
}

/// Names with a fixed value; a variable may not be called so.
pub static CONSTANTS: [(&str, f64); 4] = [("pi", std::f64::consts::PI), ("inf", f64::INFINITY), ("true", 1.0), ("false", 0.0)];

/// Every function.
#[rustfmt::skip] // One row per function reads as the table that it is.
pub static FUNCTIONS: [Function; 18] = [
    row("min", "min(a, b, ..)", "the smallest", None, |x| x.iter().copied().fold(f64::INFINITY, f64::min)),
    row("max", "max(a, b, ..)", "the largest", None, |x| x.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
    row("abs", "abs(x)", "without its sign", Some(1), |x| x[0].abs()),
    row("sqrt", "sqrt(x)", "square root", Some(1), |x| x[0].sqrt()),
    row("log2", "log2(x)", "logarithm to base 2", Some(1), |x| libm::log2(x[0])),
    row("log10", "log10(x)", "logarithm to base 10", Some(1), |x| libm::log10(x[0])),
    row("ln", "ln(x)", "natural logarithm", Some(1), |x| libm::log(x[0])),
    row("exp", "exp(x)", "e to the power x", Some(1), |x| libm::exp(x[0])),
    row("pow", "pow(x, y)", "the same as x^y", Some(2), |x| libm::pow(x[0], x[1])),
    row("round_even", "round_even(x)", "nearest whole number, ties to even (rint)", Some(1), |x| x[0].round_ties_even()),
    row("round", "round(x)", "nearest whole number, ties away from zero", Some(1), |x| x[0].round()),
    row("floor", "floor(x)", "down to a whole number", Some(1), |x| x[0].floor()),
    row("ceil", "ceil(x)", "up to a whole number", Some(1), |x| x[0].ceil()),
    row("trunc", "trunc(x)", "toward zero to a whole number", Some(1), |x| x[0].trunc()),
    row("clamp", "clamp(x, lo, hi)", "x, but not below lo or above hi", Some(3), |x| x[0].max(x[1]).min(x[2])),
    row("sqnr_uniform", "sqnr_uniform(bits)", "SQNR in dB of uniform data on a full-range grid: 20 log10(2^bits - 1)", Some(1), |x| 20.0 * libm::log10(libm::exp2(x[0]) - 1.0)),
    row("db", "db(ratio)", "a ratio of powers in dB: 10 log10(ratio)", Some(1), |x| 10.0 * libm::log10(x[0])),
    row("undb", "undb(d)", "dB as a ratio of powers: 10^(d / 10)", Some(1), |x| libm::pow(10.0, x[0] / 10.0)),
];

const fn row(
    name: &'static str,
    usage: &'static str,
    help: &'static str,
    arity: Option<usize>,
    call: fn(&[f64]) -> f64,
) -> Function {
    Function { name, usage, help, arity, call }
}

pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|f| f.name == name)
}

pub(super) fn constant(name: &str) -> Option<f64> {
    CONSTANTS.iter().find(|(constant, _)| *constant == name).map(|&(_, value)| value)
}
