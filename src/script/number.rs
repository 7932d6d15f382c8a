//! Numbers of scripts: comparisons after IEEE 754, division that keeps its fraction, checked whole numbers.
//!
//! Python's rules, because most listings stand beside NumPy: `/` gives a fraction, `%` has the sign of its right side,
//! so that `a == div(a, b) * b + a % b` and `div(a, 2) == a >> 1`.

use rhai::{Dynamic, Engine, FLOAT, INT, ImmutableString};

use super::{
    format,
    host::{Trouble, trouble},
};

/// Registers every operator on numbers; rhai's own compare with a tolerance and drop fractions.
pub(super) fn register(engine: &mut Engine) {
    compare(engine);
    arithmetic(engine);
    assign(engine);
    bits(engine);
    texts(engine);
    engine.register_fn("!", |x: bool| !x);
}

/// The six comparisons for every pair of number types.
fn compare(engine: &mut Engine) {
    macro_rules! each {
        ($($op:tt)*) => {$(
            engine.register_fn(stringify!($op), |a: INT, b: INT| a $op b);
            engine.register_fn(stringify!($op), |a: FLOAT, b: FLOAT| a $op b);
            engine.register_fn(stringify!($op), |a: INT, b: FLOAT| (a as FLOAT) $op b);
            engine.register_fn(stringify!($op), |a: FLOAT, b: INT| a $op (b as FLOAT));
        )*};
    }
    each!(== != < <= > >=);
}

fn arithmetic(engine: &mut Engine) {
    macro_rules! each {
        ($($name:literal $whole:path, $float:path;)*) => {$(
            engine.register_fn($name, |a: INT, b: INT| $whole(a, b));
            engine.register_fn($name, |a: FLOAT, b: FLOAT| $float(a, b));
            engine.register_fn($name, |a: INT, b: FLOAT| $float(a as FLOAT, b));
            engine.register_fn($name, |a: FLOAT, b: INT| $float(a, b as FLOAT));
        )*};
    }
    each! {
        "+" add, std::ops::Add::add;
        "-" subtract, std::ops::Sub::sub;
        "*" multiply, std::ops::Mul::mul;
        "/" divide, std::ops::Div::div;
        "%" remainder, remainder_float;
        "**" power, FLOAT::powf;
    }
    engine.register_fn("-", |a: INT| a.checked_neg().ok_or_else(|| overflow("-", &[a])));
    engine.register_fn("-", |a: FLOAT| -a);
    engine.register_fn("+", |a: INT| a);
    engine.register_fn("+", |a: FLOAT| a);
}

/// `x op= y` where rhai's own would drop a fraction or wrap; the others follow from `x = x op y`.
fn assign(engine: &mut Engine) {
    use std::any::TypeId;
    macro_rules! each {
        ($($name:literal $whole:path;)*) => {$(
            engine.register_raw_fn($name, [TypeId::of::<INT>(), TypeId::of::<INT>()], |_, args| {
                let (a, b) = (args[0].as_int(), args[1].as_int());
                let (a, b) = (a.expect("its type was asked for"), b.expect("its type was asked for"));
                *args[0] = Dynamic::from($whole(a, b)?);
                Ok(())
            });
            engine.register_raw_fn($name, [TypeId::of::<INT>(), TypeId::of::<FLOAT>()], |_, args| {
                let (a, b) = (args[0].as_int(), args[1].as_float());
                let (a, b) = (a.expect("its type was asked for"), b.expect("its type was asked for"));
                *args[0] = Dynamic::from(float_of($name, a as FLOAT, b));
                Ok(())
            });
            engine.register_raw_fn($name, [TypeId::of::<FLOAT>(), TypeId::of::<INT>()], |_, args| {
                let (a, b) = (args[0].as_float(), args[1].as_int());
                let (a, b) = (a.expect("its type was asked for"), b.expect("its type was asked for"));
                *args[0] = Dynamic::from(float_of($name, a, b as FLOAT));
                Ok(())
            });
            engine.register_raw_fn($name, [TypeId::of::<FLOAT>(), TypeId::of::<FLOAT>()], |_, args| {
                let (a, b) = (args[0].as_float(), args[1].as_float());
                let (a, b) = (a.expect("its type was asked for"), b.expect("its type was asked for"));
                *args[0] = Dynamic::from(float_of($name, a, b));
                Ok(())
            });
        )*};
    }
    each! {
        "+=" add;
        "-=" subtract;
        "*=" multiply;
        "/=" divide;
        "%=" remainder;
        "**=" power;
    }
}

fn float_of(op: &str, a: FLOAT, b: FLOAT) -> FLOAT {
    match op {
        "+=" => a + b,
        "-=" => a - b,
        "*=" => a * b,
        "/=" => a / b,
        "%=" => remainder_float(a, b),
        _ => a.powf(b),
    }
}

/// Bits of whole numbers. `^` means power to so many readers that it is refused rather than taken for XOR.
fn bits(engine: &mut Engine) {
    engine.register_fn("&", |a: INT, b: INT| a & b);
    engine.register_fn("|", |a: INT, b: INT| a | b);
    engine.register_fn("<<", |a: INT, b: INT| shift(a, b, "<<"));
    engine.register_fn(">>", |a: INT, b: INT| shift(a, b, ">>"));
    macro_rules! refuse {
        ($($a:ty, $b:ty;)*) => {$(
            engine.register_fn("^", |_: $a, _: $b| -> Result<FLOAT, Trouble> { Err(no_power()) });
            engine.register_fn("^=", |_: &mut $a, _: $b| -> Result<(), Trouble> { Err(no_power()) });
        )*};
    }
    refuse!(INT, INT; INT, FLOAT; FLOAT, INT; FLOAT, FLOAT;);
}

fn no_power() -> Trouble {
    trouble("`^` is no power here: write `2 ** 8`, or `xor(a, b)` for bits")
}

/// Texts take any value on either side of `+`.
fn texts(engine: &mut Engine) {
    let joined = |a: &str, b: &str| ImmutableString::from(format!("{a}{b}"));
    engine.register_fn("+", move |a: &str, b: &str| joined(a, b));
    engine.register_fn("+", move |a: &str, b: Dynamic| joined(a, &format::text(&b)));
    engine.register_fn("+", move |a: Dynamic, b: &str| joined(&format::text(&a), b));
    engine.register_fn("to_string", |value: &mut Dynamic| ImmutableString::from(format::text(value)));
    engine.register_fn("to_debug", |value: &mut Dynamic| ImmutableString::from(format::text(value)));
}

fn overflow(op: &str, numbers: &[INT]) -> Trouble {
    let written = match numbers {
        [a] => format!("{op}{a}"),
        _ => numbers.iter().map(INT::to_string).collect::<Vec<_>>().join(&format!(" {op} ")),
    };
    trouble(format!("{written} is beyond 64-bit whole numbers; write one of them with a point, such as 2.0"))
}

pub(super) fn add(a: INT, b: INT) -> Result<INT, Trouble> {
    a.checked_add(b).ok_or_else(|| overflow("+", &[a, b]))
}

pub(super) fn subtract(a: INT, b: INT) -> Result<INT, Trouble> {
    a.checked_sub(b).ok_or_else(|| overflow("-", &[a, b]))
}

pub(super) fn multiply(a: INT, b: INT) -> Result<INT, Trouble> {
    a.checked_mul(b).ok_or_else(|| overflow("*", &[a, b]))
}

/// With its fraction; by 0 as IEEE 754 has it.
pub(super) fn divide(a: INT, b: INT) -> Result<FLOAT, Trouble> {
    Ok(a as FLOAT / b as FLOAT)
}

/// Whole division, rounded down.
pub(super) fn whole_division(a: INT, b: INT) -> Result<INT, Trouble> {
    let quotient = a.checked_div(b).ok_or_else(|| by_zero("div", a, b))?;
    let is_below = a % b != 0 && (a < 0) != (b < 0);
    Ok(if is_below { quotient - 1 } else { quotient })
}

/// With the sign of `b`.
pub(super) fn remainder(a: INT, b: INT) -> Result<INT, Trouble> {
    let r = a.checked_rem(b).ok_or_else(|| by_zero("%", a, b))?;
    Ok(if r != 0 && (r < 0) != (b < 0) { r + b } else { r })
}

fn by_zero(op: &str, a: INT, b: INT) -> Trouble {
    if b == 0 {
        let written = if op == "%" { format!("{a} % 0") } else { format!("{op}({a}, 0)") };
        return trouble(format!("`{written}` has no answer: nothing is divided by 0; only `{a} / 0` is defined, as floats are"));
    }
    overflow(op, &[a, b])
}

/// With the sign of `b`; NaN where `b` is 0.
pub(super) fn remainder_float(a: FLOAT, b: FLOAT) -> FLOAT {
    let r = a % b;
    if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
}

/// Whole while the exponent is not negative.
pub(super) fn power(a: INT, b: INT) -> Result<Dynamic, Trouble> {
    if b < 0 {
        return Ok((a as FLOAT).powf(b as FLOAT).into());
    }
    let exponent = u32::try_from(b).map_err(|_| overflow("**", &[a, b]))?;
    a.checked_pow(exponent).map(Dynamic::from).ok_or_else(|| overflow("**", &[a, b]))
}

fn shift(a: INT, b: INT, op: &str) -> Result<INT, Trouble> {
    let n = u32::try_from(b).ok().filter(|n| *n < 64);
    let n = n.ok_or_else(|| trouble(format!("`{op} {b}`: a 64-bit number shifts by 0 to 63 places")))?;
    if op == ">>" {
        return Ok(a >> n);
    }
    let shifted = i128::from(a) << n;
    INT::try_from(shifted).map_err(|_| overflow("<<", &[a, b]))
}
