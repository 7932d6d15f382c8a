//! Scripts out of random bytes: every statement of the language, every function of the prelude with arguments of every
//! kind. Most of them fail; none may do more than that. Shared by the property tests and the fuzzer.

use std::fmt::Write;

use quantlearn::script::PRELUDE;

/// Numbers at the edges, and one value of each kind.
const ATOMS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "8",
    "127",
    "-128",
    "255",
    "4096",
    "65536",
    "1048576",
    "9223372036854775807",
    "(-9223372036854775807 - 1)",
    "0.0",
    "-0.0",
    "0.5",
    "1.5",
    "-2.5",
    "1e-45",
    "3.4e38",
    "1e308",
    "nan",
    "inf",
    "(-inf)",
    "pi",
    "true",
    "false",
    "()",
    "\"\"",
    "\"a\"",
    "\"minilm.x\"",
    "\"ünï\\n\"",
    "`x${1}y`",
    "'c'",
    "[]",
    "[1, 2, 3]",
    "[[1, 2], [3, 4.5]]",
    "[\"a\", 1, ()]",
    "#{}",
    "#{bits: 4, group: 2, granularity: \"group\"}",
    "#{codes: 1}",
    "0..3",
    "0..=3",
    "5..2",
    "-3..70000",
    "|x| x * 2",
    "|x| x > 0",
    "|| 1",
    "|a, b| a",
    "zeros(0)",
    "zeros(2, 0)",
    "ones(2, 3)",
    "arange(5)",
    "randn(3, 1)",
    "rand(70000)",
    "tensor([1.5, nan, -inf])",
    "as_i8(arange(4))",
    "as_i4(arange(4))",
    "to_e4m3(randn(4, 4))",
    "weights(\"minilm.x\")",
    "quantize(randn(4, 8), 4)",
    "reshape(arange(24), 2, 3, 4)",
    "zeros(300, 300)",
    "this",
];

const BINARY: &[&str] =
    &["+", "-", "*", "/", "%", "**", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "&", "|", "^", "<<", ">>", "??", "in", "!in"];
const ASSIGN: &[&str] = &["=", "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", "&=", "|=", "^="];

/// Levels of an expression.
const DEPTH: u32 = 4;
const N_STATEMENTS: usize = 24;
const N_VARIABLES: u8 = 6;

/// A script that these bytes mean; the same bytes mean the same script.
pub fn program(bytes: &[u8]) -> String {
    let mut maker = Maker { bytes: bytes.iter(), out: String::new() };
    let n_functions = maker.below(3);
    for n in 0..n_functions {
        let _ = write!(maker.out, "fn f{n}(a, b) {{ ");
        maker.statement(2);
        maker.expr(DEPTH);
        maker.out.push_str(" }\n");
    }
    for n in 0..N_VARIABLES {
        let _ = write!(maker.out, "let v{n} = ");
        maker.atom();
        maker.out.push_str(";\n");
    }
    for _ in 0..N_STATEMENTS {
        if maker.bytes.len() == 0 {
            break;
        }
        maker.statement(3);
        maker.out.push('\n');
    }
    maker.out
}

struct Maker<'a> {
    bytes: std::slice::Iter<'a, u8>,
    out: String,
}

impl Maker<'_> {
    fn below(&mut self, n: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0)) % n.max(1)
    }

    fn pick(&mut self, from: &[&str]) {
        let at = self.below(from.len());
        self.out.push_str(from[at]);
    }

    fn variable(&mut self) {
        let n = self.below(usize::from(N_VARIABLES));
        let _ = write!(self.out, "v{n}");
    }

    /// Something, an expression, something.
    fn around(&mut self, before: &str, depth: u32, after: &str) {
        self.out.push_str(before);
        self.expr(depth);
        self.out.push_str(after);
    }

    fn block(&mut self, depth: u32) {
        self.out.push_str("{ ");
        for _ in 0..=self.below(2) {
            self.statement(depth.saturating_sub(1));
        }
        self.out.push_str(" }");
    }

    fn statement(&mut self, depth: u32) {
        let kind = if depth == 0 { self.below(6) } else { self.below(16) };
        match kind {
            0..=2 => {
                self.variable();
                self.out.push(' ');
                self.pick(ASSIGN);
                self.around(" ", DEPTH, "; ");
            }
            3 => {
                self.variable();
                self.around("[", 1, "] ");
                self.pick(ASSIGN);
                self.around(" ", DEPTH, "; ");
            }
            4 => self.around("print(", DEPTH, "); "),
            5 => self.around("", DEPTH, "; "),
            6 => {
                self.around("if ", 2, " ");
                self.block(depth);
                self.out.push_str(" else ");
                self.block(depth);
            }
            7 | 8 => {
                self.out.push_str("for ");
                self.variable();
                self.around(" in ", 2, " ");
                self.block(depth);
            }
            9 => {
                self.around("while ", 2, " ");
                self.block(depth);
            }
            10 => {
                self.out.push_str("loop ");
                self.block(depth);
            }
            11 => {
                self.out.push_str("try ");
                self.block(depth);
                self.out.push_str(" catch (v0) ");
                self.block(depth);
            }
            12 => self.around("switch ", 2, " { 1 => 2, \"a\" => 3, _ => () }; "),
            13 => {
                self.out.push_str("do ");
                self.block(depth);
                self.around(" while ", 1, "; ");
            }
            14 => self.pick(&["break; ", "continue; ", "return 1; ", "throw 1; ", "const C = 1; "]),
            _ => {
                self.variable();
                self.around(".push(", DEPTH, "); ");
            }
        }
    }

    fn atom(&mut self) {
        self.pick(ATOMS);
    }

    fn arguments(&mut self, n: usize, depth: u32) {
        self.out.push('(');
        for i in 0..n {
            self.around(if i > 0 { ", " } else { "" }, depth, "");
        }
        self.out.push(')');
    }

    fn expr(&mut self, depth: u32) {
        let kind = if depth == 0 { self.below(4) } else { self.below(18) };
        let inner = depth.saturating_sub(1);
        match kind {
            0 | 1 => self.variable(),
            2 | 3 => self.atom(),
            4..=9 => {
                let native = &PRELUDE[self.below(PRELUDE.len())];
                self.out.push_str(native.name);
                let n = self.below(4);
                self.arguments(n, inner);
            }
            10 | 11 => {
                self.around("(", inner, " ");
                self.pick(BINARY);
                self.around(" ", inner, ")");
            }
            12 => {
                self.pick(&["-", "!", "+"]);
                self.around("(", inner, ")");
            }
            13 => {
                self.variable();
                self.around("[", inner, "]");
            }
            14 => {
                self.variable();
                self.out.push('.');
                let name = PRELUDE[self.below(PRELUDE.len())].name;
                self.out.push_str(name);
                if self.below(3) > 0 {
                    let n = self.below(3);
                    self.arguments(n, inner);
                }
            }
            15 => {
                let n = self.below(3);
                let _ = write!(self.out, "f{n}");
                self.arguments(2, inner);
            }
            16 => {
                self.around("[", inner, ", ");
                self.around("", inner, "]");
            }
            _ => {
                self.around("if ", inner, " { ");
                self.around("", inner, " } else { ");
                self.around("", inner, " }");
            }
        }
    }
}
