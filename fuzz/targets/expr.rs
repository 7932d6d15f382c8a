//! The expressions of answers and goals: what cannot be read is pointed at, what can be has a value or a reason.

#![no_main]

use libfuzzer_sys::fuzz_target;
use quantlearn::expr::{self, Val};

fuzz_target!(|source: &str| {
    match expr::parse(source) {
        Ok(expr) => {
            let _ = expr.eval(&|name| if name == "x" { Some(Val::Num(0.5)) } else { None });
            for (name, span) in expr.names() {
                assert_eq!(&source[span], name);
            }
        }
        Err(error) => assert!(source.get(error.span.clone()).is_some(), "{error:?} is no place of the text"),
    }
    let _ = expr::number(source, "dB");
});
