use proptest::prelude::*;

use super::*;

fn constant(source: &str) -> f64 {
    parse(source).and_then(|e| e.eval_constant()).unwrap_or_else(|e| panic!("{source}: {e}"))
}

fn refused(source: &str) -> ExprError {
    parse(source).expect_err(source)
}

fn lab_names(name: &str) -> Option<Val<'static>> {
    match name {
        "bits" => Some(Val::Num(8.0)),
        "sqnr_db" => Some(Val::Num(f64::INFINITY)),
        "scheme" => Some(Val::Str("affine")),
        _ => None,
    }
}

#[test]
fn arithmetic_is_that_of_floats_and_of_school() {
    for (source, value) in [
        ("1/127", 1.0 / 127.0),
        ("2^-6", 0.015625),
        ("-2^2", -4.0),
        ("2^3^2", 512.0),
        ("7 / 2", 3.5),
        ("1 - 2 - 3", -4.0),
        ("2 + 3 * 4", 14.0),
        ("(2 + 3) * 4", 20.0),
        ("--3", 3.0),
        ("+3", 3.0),
        ("1_000 * 7.9e-3", 1_000.0 * 7.9e-3),
        ("0x7f + 0b11", 130.0),
        (".5 + 5.", 5.5),
        ("5 \u{2212} 3 \u{d7} 2", -1.0),
        ("round_even(2.5) + round(2.5)", 5.0),
        ("clamp(300, -128, 127)", 127.0),
        ("min(3, 1, 2) + max(3, 1, 2)", 4.0),
        ("undb(db(4))", 4.0),
        ("1/0", f64::INFINITY),
    ] {
        assert_eq!(constant(source), value, "{source}");
    }
}

#[test]
fn the_uniform_bound_is_the_papers() {
    assert!((constant("sqnr_uniform(8)") - 48.130_803_608_679_31).abs() < 1e-9);
}

#[test]
fn comparisons_are_ieee_and_logic_binds_looser() {
    for (source, met) in [
        ("inf >= 30.0", true),
        ("1e-17 > 0.0", true),
        ("0.1 + 0.2 == 0.3", false),
        ("0/0 == 0/0", false),
        ("0/0 != 0/0", true),
        ("1 < 2 && 2 < 1 || true", true),
        ("!(1 < 2)", false),
        ("!0 && 1", true),
        ("!(0/0)", true),
        ("0/0 || false", false),
        ("1 + 1 == 2", true),
    ] {
        assert_eq!(constant(source), f64::from(u8::from(met)), "{source}");
    }
}

#[test]
fn names_are_looked_up_and_a_choice_compares_with_a_quoted_name() {
    let eval = |source: &str| parse(source).expect(source).eval(&lab_names);
    assert_eq!(eval("sqnr_db >= 44.5 && bits <= 8 && scheme == \"affine\""), Ok(1.0));
    assert_eq!(eval("scheme != 'affine'"), Ok(0.0));
    assert_eq!(eval("bits == 8 || missing > 1"), Ok(1.0), "the right side is not needed");
    assert_eq!(eval("missing > 1").map_err(|e| (e.span, e.message)), Err((0..7, "`missing` has no value here".into())));
    assert!(eval("scheme + 1").is_err());
    assert!(eval("scheme == 1").is_err());
}

#[test]
fn a_check_names_what_is_unknown_and_what_was_meant() {
    let known = [("bits", Kind::Num), ("sqnr_db", Kind::Num), ("scheme", Kind::OneOf(vec!["affine", "symmetric"]))];
    let check = |source: &str| {
        parse(source).expect(source).check(&known).into_iter().map(|e| (e.span, e.help.unwrap_or_default())).collect::<Vec<_>>()
    };
    assert_eq!(check("sqnr_db > 40 && scheme == \"affine\""), []);
    assert_eq!(check("sqnr_bd > 40"), [(0..7, "did you mean `sqnr_db`?".into())]);
    assert_eq!(check("scheme == affine"), [(10..16, "write \"affine\"".into())]);
    assert_eq!(check("scheme == \"afine\""), [(10..17, "did you mean \"affine\"?".into())]);
    assert_eq!(check("scheme > 1"), [(0..6, "write `scheme == \"affine\"`".into())]);
    assert_eq!(check("shceme == \"affine\" && bit < 3").len(), 3, "each is named: the two names and the stray string");
}

#[test]
fn names_come_with_their_places() {
    let expr = parse("hi / (lo + pi) - hi").expect("it is one");
    assert_eq!(expr.names(), [("hi", 0..2), ("lo", 6..8), ("hi", 17..19)]);
    assert_eq!(expr.source(), "hi / (lo + pi) - hi");
    assert!(!expr.is_condition());
    assert!(parse("!(a) || b > 1").expect("it is one").is_condition());
}

#[test]
fn a_mistake_is_pointed_at_with_a_remedy() {
    for (source, span, help) in [
        ("2**6", 1..3, "powers are written `2^6`"),
        ("a = 1", 2..3, "compare with `==`"),
        ("a & b", 2..3, "\"and\" is written `&&`"),
        ("0 < x < 1", 6..7, "comparisons do not chain: write `0 < x && x < 1`"),
        ("2 x", 2..3, "an operator is missing before it; products are written `2 * x`"),
        ("1,5", 1..2, "decimals are written with a point: 0.5"),
        ("1)", 1..2, "it has no `(` that it closes"),
        ("sqroot(2)", 0..6, "did you mean `sqrt`?"),
        ("clamp(1, 2)", 0..11, "it is written `clamp(x, lo, hi)`"),
        ("scheme == \"affine", 10..17, "end the name with `\"`"),
        ("1 + €", 4..7, "numbers, names, + - * / ^, comparisons and ( ) are read"),
        ("0xzz", 0..4, "numbers look like 12, 0.5, 7.9e-3, 1_000 or 0x7f"),
    ] {
        let error = refused(source);
        assert_eq!((error.span, error.help.as_deref()), (span, Some(help)), "{source}");
    }
    for (source, span) in [("", 0..0), ("1 +", 3..3), ("(1", 0..1), ("* 2", 0..1), ("min()", 0..5)] {
        assert_eq!(refused(source).span, span, "{source}");
    }
}

#[test]
fn a_deep_or_a_long_expression_is_refused() {
    for source in ["(".repeat(900), "-".repeat(900) + "1", "2^".repeat(400) + "2", "abs(".repeat(200) + "1"] {
        assert!(refused(&source).message.contains("nested deeper"), "{source}");
    }
    assert!(refused(&"1+".repeat(100_000)).message.contains("longer than"));
    assert_eq!(constant(&("1+".repeat(499) + "1")), 500.0, "a long chain is not deep");
}

#[test]
fn a_typed_number_may_be_a_calculation_or_carry_the_unit() {
    for (typed, unit, value) in [
        ("1/127", "", 1.0 / 127.0),
        (" 7.9e-3 ", "", 7.9e-3),
        ("0x7f", "", 127.0),
        ("2^-6", "", 0.015625),
        ("1_000", "", 1_000.0),
        ("48.1 dB", "dB", 48.1),
        ("48.1db", "dB", 48.1),
        ("50 %", "%", 50.0),
        ("3.5 MB", "MB", 3.5),
        ("8 bit", "bits", 8.0),
        ("8 Bits", "bits", 8.0),
        ("4.5 bits/weight", "bits/weight", 4.5),
        ("2 * (3 + 4)", "MB", 14.0),
        ("max(1, 2)", "", 2.0),
        ("max(1,2)", "", 2.0),
    ] {
        assert_eq!(number(typed, unit), Ok(value), "{typed}");
    }
}

#[test]
fn a_number_that_cannot_be_read_is_explained() {
    for (typed, unit, part) in [
        ("0,5", "", "a comma is not read"),
        ("50 %", "", "plain number"),
        ("3.5 mb", "MB", "asked in MB"),
        ("3.5 Mb", "MB", "asked in MB"),
        ("3.5 GB", "MB", "asked in MB"),
        ("abc", "", "`abc` is not a number"),
        ("", "dB", "nothing to read"),
        ("1/0", "", "not a finite number"),
        ("-", "", "missing at the end"),
    ] {
        let error = number(typed, unit).expect_err(typed);
        assert!(error.message.contains(part), "{typed}: {error}");
    }
    assert_eq!(
        number("0,5", "").expect_err("refused").help.as_deref(),
        Some("write 0.5 for a fraction, or leave the comma out of thousands")
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(source in ".{0,60}", unit in "[a-zA-Z%]{0,3}") {
        if let Ok(expr) = parse(&source) {
            let _ = expr.check(&[("x", Kind::Num)]);
            let _ = expr.eval(&lab_names);
        }
        if let Err(error) = number(&source, &unit) {
            prop_assert!(error.span.end <= source.len().max(error.span.start));
        }
    }

    #[test]
    fn what_looks_like_an_expression_does_not_panic_either(source in r#"[-+*/^<>=!&|(), .0-9ex_a-c"']{0,40}"#) {
        if let Ok(expr) = parse(&source) {
            let _ = expr.eval(&lab_names);
        }
        let _ = number(&source, "dB");
    }

    #[test]
    fn a_printed_float_reads_back(x in proptest::num::f64::NORMAL) {
        prop_assert_eq!(number(&format!("{x:e}"), ""), Ok(x));
    }
}
