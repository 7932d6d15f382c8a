use std::{sync::Arc, time::Duration};

use crate::script::{End, Limits, World, run};

fn world(limits: Limits) -> World {
    World { sources: Arc::default(), seed: 1, cancel: Arc::default(), elapsed: Arc::new(|| Duration::ZERO), limits }
}

/// What a script ends with: line, column, message and help, or the sentence of a limit.
fn said_within(source: &str, limits: Limits) -> String {
    match run(source, &world(limits)).end {
        End::Finished => "finished".into(),
        End::Stopped(stop) => stop.why,
        End::Failed(fault) => {
            let shown = source.lines().nth((fault.line as usize).wrapping_sub(1)).unwrap_or("");
            assert_eq!(fault.source_line, shown, "the line is shown: {source}");
            let help = fault.help.map_or(String::new(), |help| format!(" ({help})"));
            format!("{}:{} {}{help}", fault.line, fault.column, fault.message)
        }
    }
}

fn said(source: &str) -> String {
    said_within(source, Limits::LESSON)
}

/// Collects all that differ: a table of texts is mended in one go.
fn all_as_written(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(source, expected)| (source, expected, said(source)))
        .filter(|(_, expected, got)| got != *expected)
        .map(|(source, _, got)| format!("        ({source:?}, {got:?}),"))
        .collect();
    assert!(wrong.is_empty(), "said otherwise:\n{}", wrong.join("\n"));
}

#[test]
fn names_that_are_not_there() {
    all_as_written(&[
        ("let w = 1;\nprint(v + 1);", "2:7 there is no variable `v` here (did you mean `w`?)"),
        ("absmx(2)", "1:1 there is no function `absmx` (did you mean `absmax`?)"),
        ("let t = ones(3);\nt.absmx()", "2:3 there is no function `absmx` (did you mean `absmax`?)"),
        ("ones(3).nbyte", "1:9 a tensor has no `.nbyte` (did you mean `t.nbytes`?)"),
        ("let t = ones(3); t.size", "1:20 a tensor has no `.size` (here it is the function `len`)"),
        ("ones(3).mean", "1:9 a tensor has no `.mean` (it is `mean(t, [axis])`)"),
        ("let m = #{a: 1};\nm.b", "2:3 the map has no `b` (`keys(m)` lists what is in a map)"),
        ("let x = 5; x.foo", "1:14 a whole number has no `.foo`"),
        ("x = 3;", "1:1 there is no variable `x` here (the first time it is `let x = ..`)"),
        ("let x = 3; x(1);", "1:12 `x` is a variable, not a function (a function in a variable is called as `x.call(..)`)"),
        (
            "let f = |x| x + 1; f(2)",
            "1:20 `f` is a variable, not a function (a function in a variable is called as `f.call(..)`)",
        ),
        (
            "let y = 5;\nfn f(x) { x + y }\nf(1)",
            "2:15 there is no variable `y` here (a function sees only its parameters and its own variables; hand the value in)",
        ),
        ("print(rnd(3))", "1:7 there is no function `rnd` (did you mean `rand`?)"),
        ("[1].append(2)", "1:5 there is no function `append` (here it is `push`)"),
        ("let t = ones(2); t.dtype = 1;", "1:20 the `dtype` of a tensor cannot be set (make a new tensor instead)"),
        ("eval(\"1\")", "1:1 there is no `eval` in scripts (scripts cannot run text as code)"),
        ("sleep(1)", "1:1 there is no function `sleep`"),
    ]);
}

#[test]
fn arguments_and_types_that_do_not_fit() {
    all_as_written(&[
        ("sqrt(\"a\")", "1:1 `sqrt` needs a number or a tensor as its first argument, not a text"),
        ("sqrt()", "1:1 `sqrt` is called with no arguments (it is `sqrt(x)`: square root)"),
        ("clamp(1, 2)", "1:1 `clamp` is called with 2 arguments (it is `clamp(x, lo, hi)`: x, but not below lo or above hi)"),
        ("matmul([1], [2])", "1:1 `matmul` needs a tensor as its first argument, not a list"),
        ("zeros(1.5)", "1:1 `zeros` needs a whole number as its first argument, not 1.5"),
        ("5.push(1)", "1:3 `push` needs a list as its first argument, not a whole number"),
        ("mse(ones(2), 3)", "1:1 `mse` needs a tensor as its second argument, not a whole number"),
        ("fn f(a) { a }\nf(1, 2)", "2:1 `f` is called with 2 arguments (it is `fn f(a)`)"),
        ("[1].map(|a, b| a)", "1:5 this function is called with 1 argument (its parameters stand between the bars: `|x| x * 2`)"),
        ("[1].map(2)", "1:5 `map` needs a function such as |x| x * 2 as its second argument, not a whole number"),
        ("[1].filter(|x| x)", "1:5 the function of `filter` gives true or false, not a whole number"),
        (
            "\"a\" * 3",
            "1:5 `*` does not work between a text and a whole number (texts are only joined, with `+`; `int(s)` and `float(s)` read a number)",
        ),
        (
            "[1] + [2]",
            "1:5 `+` does not work between a list and a list (lists are joined by pushing values, tensors by `concat(a, b)`)",
        ),
        (
            "[1, 2] * 2",
            "1:8 `*` does not work between a list and a whole number (make a tensor of the list first: `tensor([1, 2, 3])`)",
        ),
        ("-\"a\"", "1:1 `-` does not work on a text"),
        ("!1", "1:1 `!` does not work on a whole number (compare first: `x == 0`)"),
        ("if 1 { }", "1:4 this needs true or false, not a number (compare first: `x > 0`)"),
        (
            "let x = 1;\nif x { }",
            "2:4 this needs true or false, not a whole number (compare first: `x > 0`, or `any(t)` and `all(t)` for a tensor)",
        ),
        (
            "if ones(2) > 0 { }",
            "1:12 this needs true or false, not a tensor (compare first: `x > 0`, or `any(t)` and `all(t)` for a tensor)",
        ),
        ("for i in 5 { }", "1:10 `for` walks over a list, a tensor or a range, not over this (such as `for i in 0..5`)"),
        (
            "let n = 5; for i in n { }",
            "1:21 `for` walks over a list, a tensor or a range, not over this (such as `for i in 0..5`)",
        ),
        ("const A = 1;\nA = 2;", "2:1 `A` is a constant and cannot change (make it with `let` instead of `const`)"),
        (
            "quantize(ones(4), #{bit: 4})",
            "1:1 `quantize` has no option `bit` (did you mean `bits`?); it has: bits, scheme, granularity, group, clip, percentile, clip_value, rounding, scale_format",
        ),
        (
            "quantize(ones(4), #{scheme: \"afine\"})",
            "1:1 `scheme` cannot be afine (did you mean \"affine\"?): allowed is one of symmetric, symmetric_full, affine",
        ),
        ("quantize(ones(4), 99)", "1:1 `bits` cannot be 99: allowed is a number from 2 to 16"),
        (
            "weights(\"minilm\")",
            "1:1 there are no weights \"minilm\" (did you mean \"minilm.x\"?); there are: minilm.intermediate.dense, minilm.output.dense, minilm.x",
        ),
        ("int(\"a\")", "1:1 \"a\" is not a whole number"),
        ("let t = ones(2); t[0] = \"a\";", "1:19 a text cannot be put into a tensor; it holds numbers"),
        ("let t = as_i8(ones(2)); t[0] = 300;", "1:26 300 does not fit i8; it holds whole numbers from -128 to 127"),
    ]);
}

#[test]
fn shapes_and_places_that_do_not_fit() {
    all_as_written(&[
        (
            "ones(2, 3) + ones(4)",
            "1:12 `+` does not fit shapes [2, 3] and [4]: from the right, each axis must be equal, or 1 on one side",
        ),
        (
            "matmul(ones(2, 3), ones(2, 3))",
            "1:1 `matmul` does not fit shapes [2, 3] and [2, 3]: the inner axes, 3 and 2, must be equal",
        ),
        ("matmul(ones(3), ones(3))", "1:1 `matmul` needs two axes on both sides, and the shapes are [3] and [3]"),
        ("reshape(ones(6), 4)", "1:1 6 values of shape [6] do not fit the shape [4]"),
        ("transpose(ones(6))", "1:1 a transpose needs two axes, and this shape is [6]"),
        ("tensor([[1, 2], [3]])", "1:1 the rows of a tensor are equally long, and these have 2 and 1 values"),
        ("let l = [1, 2, 3];\nprint(l[3]);", "2:9 index 3 is outside of a list of 3: it goes from 0 to 2"),
        ("let t = ones(3);\nt[3]", "2:2 index 3 is outside of a tensor of shape [3]: its first axis goes from 0 to 2"),
        ("let s = \"abc\"; s[9]", "1:18 index 9 is outside of a text of 3: it goes from 0 to 2"),
        (
            "let t = ones(3);\nt[1.5]",
            "2:2 a tensor cannot be indexed like this (an index is a whole number, or a range: `t[0]`, `t[1..3]`)",
        ),
        ("mean(ones(2), 3)", "1:1 axis 3: a tensor of shape [2] has axes 0 to 0"),
        ("sqnr_db(ones(2), ones(3))", "1:1 `sqnr_db` compares tensors of one shape, and these have [2] and [3]"),
        ("max(zeros(0))", "1:1 there are no values in shape [0], so they have no max"),
        ("[].pop()", "1:4 `pop` of an empty list: there is no value to take"),
        ("let t = ones(2, 2); t[0] = 1;", "1:22 one number cannot stand for a row of shape [2]; assign a tensor"),
        ("zeros(-1)", "1:1 `zeros` cannot make an axis of length -1"),
    ]);
}

#[test]
fn numbers_without_an_answer() {
    all_as_written(&[
        (
            "9223372036854775807 + 1",
            "1:21 9223372036854775807 + 1 is beyond 64-bit whole numbers; write one of them with a point, such as 2.0",
        ),
        ("2 ** 64", "1:3 2 ** 64 is beyond 64-bit whole numbers; write one of them with a point, such as 2.0"),
        ("1 % 0", "1:3 `1 % 0` has no answer: nothing is divided by 0; only `1 / 0` is defined, as floats are"),
        ("div(1, 0)", "1:1 `div(1, 0)` has no answer: nothing is divided by 0; only `1 / 0` is defined, as floats are"),
        ("1 << 64", "1:3 `<< 64`: a 64-bit number shifts by 0 to 63 places"),
        ("2 ^ 8", "1:3 `^` is no power here: write `2 ** 8`, or `xor(a, b)` for bits"),
        ("let x = 0x;", "1:9 digits are missing in this number"),
        ("let x = 1.2.3;", "1:13 a name is missing behind the point (such as `t.shape`)"),
        ("1 / 0", "finished"),
    ]);
}

#[test]
fn what_is_missing_or_too_much() {
    all_as_written(&[
        ("let a = 1\nlet b = 2;", "2:1 `;` is missing before this (statements end with `;`)"),
        (
            "fn f(x) { x + 1\nprint(f(1));",
            "2:1 `;` is missing before this (statements end with `;`, and the `{` in line 1 is still open here)",
        ),
        ("if 1 < 2 { print(1)", "1:10 this `{` is never closed (put the `}` where it ends)"),
        ("print((1 + 2;", "1:13 `)` is missing before this (it belongs to the `(` in column 7)"),
        ("print(1));", "1:9 this `)` closes nothing (take it away, or open it before)"),
        ("let l = [1, 2;", "1:14 `,` or `]` is missing before this (it belongs to the `[` in column 9)"),
        ("let a = [1, 2, 3", "1:9 this `[` is never closed (put the `]` where it ends)"),
        ("}", "1:1 this `}` closes nothing (take it away, or open it before)"),
        ("print(1); }", "1:11 this `}` closes nothing (take it away, or open it before)"),
        ("print(\"abc);", "1:7 this text has no closing quotation mark (a text ends on its line)"),
        ("print(1 +);", "1:10 a value is missing before `)`"),
        ("let x = ;", "1:9 a value is missing before `;`"),
        ("let x 2;", "1:7 `;` is missing before this (write `let x = 2`)"),
        ("let = 2;", "1:5 a name is missing here (a name begins with a letter: `let x = 2`)"),
        ("let 1x = 2;", "1:5 a name is missing here (a name begins with a letter: `let x = 2`)"),
        ("1 +", "1:4 the script ends in the middle of something (a value is missing at its end)"),
        ("print(1, 2", "1:6 this `(` is never closed (put the `)` where it ends)"),
        ("a = b = 1;", "1:7 `;` is missing before this (one assignment for each statement: `b = 1; a = b;`)"),
        ("break;", "1:1 `break` and `continue` stand inside a loop (a function ends with `return`)"),
        ("{ fn f() { 1 } }", "1:3 functions stand at the outer level, not inside a block (move it out of the `{ }`)"),
        ("fn f() { 1 }\nfn f() { 2 }", "2:1 there are two functions `f` with 0 parameters (give one of them another name)"),
        ("let a = [1, 2\nlet b = 3;", "2:1 `]` is missing before this (it belongs to the `[` in line 1)"),
    ]);
}

#[test]
fn habits_of_other_languages() {
    all_as_written(&[
        ("def f(x): return x", "1:5 `def` is no word of scripts (a function is `fn name(x) { .. }`, a short one `|x| x * 2`)"),
        (
            "function f(x) { x }",
            "1:10 `function` is no word of scripts (a function is `fn name(x) { .. }`, a short one `|x| x * 2`)",
        ),
        ("int x = 1;", "1:5 `int` is no word of scripts (a variable is `let x = ..`)"),
        ("var x = 1;", "1:1 the language keeps the word `var` for itself (a variable is `let x = ..`)"),
        ("True", "1:1 there is no variable `True` here (write `true`)"),
        ("true and false", "1:6 `;` is missing before this (write `&&` for \"and\")"),
        ("let a = None;", "1:9 there is no variable `None` here (nothing is `()`)"),
        ("print \"a\"", "1:1 `print` is a function (call it: `print(a, b, ..)`)"),
        ("# comment", "1:1 `#` means nothing here (a comment begins with `//`)"),
        ("$x", "1:1 `$` means nothing here (a name stands without a sign before it)"),
        (
            "import numpy",
            "1:1 the language keeps the word `import` for itself (everything that there is is here already; scripts have no modules)",
        ),
        ("np.array([1])", "1:1 there is no variable `np` here (functions stand alone here: leave `np.` out)"),
        ("math.sqrt(2)", "1:1 there is no variable `math` here (functions stand alone here: leave `math.` out)"),
        ("ones(2, 2) @ ones(2, 2)", "1:12 there is no operator `@` (the product of two matrices is `matmul(a, b)`)"),
        ("let i = 0; i++;", "1:13 there is no operator `++` (write `i += 1` or `i -= 1`)"),
        ("'text'", "1:1 `'text'` is not a single character (texts stand in \"double quotation marks\")"),
        ("lambda x: x", "1:8 `lambda` is no word of scripts (a function is `fn name(x) { .. }`, a short one `|x| x * 2`)"),
        ("if 1 < 2 { } elif 2 < 3 { }", "1:19 `elif` is no word of scripts (write `else if`)"),
        ("if 1 < 2: print(1)", "1:9 `{` is missing before this (a block stands in `{ }` here, not behind `:`)"),
        ("if x = 1 { }", "1:6 there is no operator `=` (compare with `==`; an assignment is a statement of its own)"),
        ("a?b:c", "1:2 there is no operator `?` (write `if x { a } else { b }`, which gives a value)"),
        ("let é = 1;", "1:5 `é` means nothing here (names are made of a to z, digits and `_`)"),
        ("let default = 1;", "1:5 the language keeps the word `default` for itself (take another name)"),
    ]);
}

#[test]
fn every_limit_is_one_sentence_that_says_which_and_where() {
    let small = Limits { n_ops: 1000, tensor_bytes: 1000, output_bytes: 100, depth: 8, seconds: 1.0 };
    for (source, expected) in [
        ("loop { }", "Stopped in line 1: the script used up its 1000 operations."),
        ("let t = 1;\nt = ones(2000);", "Stopped in line 2: its tensors would take 8.00 kB together, and 1.00 kB is the limit."),
        ("loop { print(\"0123456789\"); }", "Stopped in line 1: it printed more than 100 bytes."),
        ("fn f(n) { f(n + 1) }\nf(0)", "Stopped in line 2: functions called each other more than 8 deep."),
        ("let s = \"a\";\nloop { s += s; }", "Stopped in line 2: a text would have more than 64000 characters."),
        (
            "let l = [0];\nloop { l.push(l); }",
            "Stopped in line 2: a list would hold more than 4096 values, with those in lists inside it.",
        ),
    ] {
        assert_eq!(said_within(source, small), expected, "{source}");
    }
    // A clock that moves a second each time it is asked.
    let asked = std::sync::atomic::AtomicU64::new(0);
    let elapsed = Arc::new(move || Duration::from_secs(asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));
    let end = run("let x = 1;\nloop { x = 2; }", &World { elapsed, ..world(Limits::LESSON) }).end;
    let End::Stopped(stop) = end else { panic!("{end:?}") };
    assert_eq!(stop.why, "Stopped in line 2 after 2 s, which is as long as a script may run.");
    let cancelled = World { cancel: Arc::new(true.into()), ..world(Limits::LESSON) };
    let End::Stopped(stop) = run("let x = 1;", &cancelled).end else { panic!("it was cancelled before it began") };
    assert_eq!((stop.why.as_str(), stop.is_cancel), ("Stopped in line 1, as you asked.", true));
}

#[test]
fn nesting_and_length_have_an_end() {
    let deep = format!("{}1{}", "(".repeat(60), ")".repeat(60));
    assert!(said(&deep).ends_with("brackets and blocks are nested too deep here (split it with `let`)"), "{}", said(&deep));
    assert_eq!(said(&" ".repeat(300 << 10)), "0:0 the script has 307200 bytes; at most 262144 are read");
}
