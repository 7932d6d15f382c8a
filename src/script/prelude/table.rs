//! The rows.

use rhai::{Dynamic, INT};

use super::{Kind, Native, digits, list, make, math, quant, show, summary, text};

macro_rules! natives {
    ($($name:literal $least:literal $most:literal $body:path, $signature:literal, $help:literal;)*) => {
        &[
            $(Native { name: $name, signature: $signature, help: $help, kind: Kind::Function($least, $most, $body) },)*
            property("shape", "t.shape", "lengths of the axes, as a list", |t| {
                Dynamic::from(t.shape().iter().map(|&n| Dynamic::from(n as INT)).collect::<rhai::Array>())
            }),
            property("dtype", "t.dtype", "type of the values: \"f32\", \"f16\", \"bf16\", \"e4m3\", \"e5m2\", \"e2m1\", \"i8\", \"u8\", \"i32\", \"i4\"", |t| {
                Dynamic::from(t.dtype().name())
            }),
            property("nbytes", "t.nbytes", "bytes that the values take; an i4 or e2m1 takes half a byte", |t| {
                Dynamic::from(t.n_bytes() as INT)
            }),
            constant("pi", "pi", "3.14159..", std::f64::consts::PI),
            constant("inf", "inf", "infinity", f64::INFINITY),
            constant("nan", "nan", "not a number; equal to nothing, not even itself", f64::NAN),
        ]
    };
}

const fn property(name: &'static str, signature: &'static str, help: &'static str, of: fn(&super::Tensor) -> Dynamic) -> Native {
    Native { name, signature, help, kind: Kind::Property(of) }
}

const fn constant(name: &'static str, signature: &'static str, help: &'static str, value: f64) -> Native {
    Native { name, signature, help, kind: Kind::Constant(value) }
}

/// Everything that scripts can call or name, grouped as the authors' reference shows it.
pub static PRELUDE: &[Native] = natives! {
    // Output.
    "print" 0 8 show::print, "print(a, b, ..)", "one line, with spaces between the values";
    "bar" 2 3 show::bar, "bar(labels, values, [heading])", "a bar chart in the output";
    "hist" 1 3 show::hist, "hist(t, [n_bins], [heading])", "a histogram of the values in the output";
    "fixed" 2 2 text::fixed, "fixed(x, decimals)", "a number as text with so many decimals";
    "hex" 1 1 text::hex, "hex(i)", "a whole number as text in base 16: 0x2e66";
    "bin" 1 1 text::bin, "bin(i)", "a whole number as text in base 2: 0b1010";

    // Making tensors.
    "tensor" 1 1 make::tensor, "tensor(list)", "from numbers or rows of numbers: i32 where all are whole, otherwise f32";
    "zeros" 1 6 make::zeros, "zeros(n, ..)", "f32 tensor of this shape, all 0; a shape may also be a list";
    "ones" 1 6 make::ones, "ones(n, ..)", "the same, all 1";
    "arange" 1 3 make::arange, "arange([first], end, [step])", "numbers from first (0) up to, not including, end";
    "linspace" 3 3 make::linspace, "linspace(first, last, n)", "n numbers, evenly spaced, both ends included";
    "rand" 1 6 make::rand, "rand(n, ..)", "random, evenly spread over [0, 1)";
    "randn" 1 6 make::randn, "randn(n, ..)", "random, the bell curve: mean 0, standard deviation 1";
    "laplace" 1 6 make::laplace, "laplace(n, ..)", "random, two-sided exponential, standard deviation 1";
    "weights" 1 1 make::weights, "weights(name)", "real values: \"minilm.intermediate.dense\", \"minilm.output.dense\", \"minilm.x\"";

    "digits" 0 1 digits::digits, "digits([split])", "handwritten digits, #{images, labels}: 500 of \"test\", 1197 of \"train\" or 100 of \"calibration\"; images are [n, 64], 0 to 1";
    "mlp" 0 1 digits::mlp, "mlp([seed])", "the trained net 64-32-32-10 that reads them: three layers #{w, b} with a ReLU between them; seeds 1 (default) to 5";

    // Types.
    "to_f32" 1 1 make::to_f32, "to_f32(x)", "as 32-bit floats; exact for every type here but large i32";
    "to_f16" 1 1 make::to_f16, "to_f16(x)", "to the nearest FP16 value, ties to even; beyond 65504 infinity";
    "to_bf16" 1 1 make::to_bf16, "to_bf16(x)", "to the nearest BF16 value, ties to even";
    "to_e4m3" 1 1 make::to_e4m3, "to_e4m3(x)", "to the nearest FP8 E4M3 value, ties to even, held at 448; arithmetic on it gives f32";
    "to_e5m2" 1 1 make::to_e5m2, "to_e5m2(x)", "to the nearest FP8 E5M2 value, held at 57344";
    "to_e2m1" 1 1 make::to_e2m1, "to_e2m1(x)", "to the nearest FP4 value: 0, 0.5, 1, 1.5, 2, 3, 4, 6, with either sign";
    "as_i8" 1 1 make::as_i8, "as_i8(x)", "cast as Rust does: toward zero, held at -128 and 127, NaN becomes 0";
    "as_u8" 1 1 make::as_u8, "as_u8(x)", "the same, held at 0 and 255";
    "as_i4" 1 1 make::as_i4, "as_i4(x)", "the same, held at -8 and 7";
    "as_i32" 1 1 make::as_i32, "as_i32(x)", "the same, held at the ends of 32-bit integers";
    "wrap_i8" 1 1 make::wrap_i8, "wrap_i8(x)", "cast as C and NumPy often do: toward zero, then modulo 256";
    "wrap_u8" 1 1 make::wrap_u8, "wrap_u8(x)", "the same for unsigned bytes";
    "int" 1 1 text::int, "int(x)", "a number toward zero to a whole number, or a text read as one";
    "float" 1 1 text::float, "float(x)", "a whole number as a float, or a text read as one";

    // Numbers and every element of a tensor.
    "abs" 1 1 math::abs, "abs(x)", "without its sign";
    "sqrt" 1 1 math::sqrt, "sqrt(x)", "square root";
    "exp" 1 1 math::exp, "exp(x)", "e to the power x";
    "ln" 1 1 math::ln, "ln(x)", "natural logarithm";
    "log2" 1 1 math::log2, "log2(x)", "logarithm to base 2";
    "log10" 1 1 math::log10, "log10(x)", "logarithm to base 10";
    "pow" 2 2 math::pow, "pow(x, y)", "the same as x ** y";
    "round_even" 1 1 math::round_even, "round_even(x)", "nearest whole number, ties to even (rint)";
    "round_away" 1 1 math::round_away, "round_away(x)", "nearest whole number, ties away from zero";
    "floor" 1 1 math::floor, "floor(x)", "down to a whole number";
    "ceil" 1 1 math::ceil, "ceil(x)", "up to a whole number";
    "trunc" 1 1 math::trunc, "trunc(x)", "toward zero to a whole number";
    "clamp" 3 3 math::clamp, "clamp(x, lo, hi)", "x, but not below lo or above hi";
    "minimum" 2 2 math::minimum, "minimum(a, b)", "the smaller one, element by element";
    "maximum" 2 2 math::maximum, "maximum(a, b)", "the larger one, element by element";
    "is_nan" 1 1 math::is_nan, "is_nan(x)", "whether a number is NaN; of a tensor 1 or 0 for each element";
    "near" 3 3 math::near, "near(a, b, tol)", "whether two numbers, or all elements, differ by at most tol";
    "div" 2 2 math::div, "div(a, b)", "whole division, rounded down; a / b keeps the fraction";
    "xor" 2 2 math::xor, "xor(a, b)", "exclusive or of the bits of two whole numbers";

    // Whole tensors.
    "min" 1 8 summary::min, "min(t, [axis])", "the smallest value; of numbers, min(a, b, ..). An axis stays, with length 1";
    "max" 1 8 summary::max, "max(t, [axis])", "the largest value; of numbers, max(a, b, ..)";
    "absmax" 1 2 summary::absmax, "absmax(t, [axis])", "the largest magnitude";
    "sum" 1 2 summary::sum, "sum(t, [axis])", "added up in 64-bit floats";
    "mean" 1 2 summary::mean, "mean(t, [axis])", "the average";
    "std" 1 2 summary::std, "std(t, [axis])", "standard deviation, divided by n";
    "percentile" 2 2 summary::percentile, "percentile(t, p)", "the value with p percent of the others at or below it (nearest rank)";
    "distinct" 1 1 summary::distinct, "distinct(t)", "how many different values occur";
    "all" 1 1 summary::all, "all(t)", "whether no value is 0: all(q == 3)";
    "any" 1 1 summary::any, "any(t)", "whether some value is not 0";
    "histogram" 2 4 summary::histogram, "histogram(t, n, [lo, hi])", "counts in n bins from lo to hi (else min to max), as a tensor";

    // Shapes and matrices.
    "reshape" 2 7 make::reshape, "reshape(t, n, ..)", "the same values in another shape; -1 is what the other axes leave";
    "transpose" 1 1 make::transpose, "transpose(t)", "rows become columns";
    "concat" 2 2 make::concat, "concat(a, b)", "end to end on the first axis";
    "matmul" 2 2 make::matmul, "matmul(a, b)", "matrix product; of whole numbers with exact sums in an i32";

    // Quantization, over the same functions as the labs.
    "quantize" 1 2 quant::quantize, "quantize(t, [options])", "#{codes, scale, zero_point, ..}; options: a width in bits, or #{bits: 8, scheme: \"symmetric\", granularity: \"tensor\", group: 32, clip: \"absmax\", rounding: \"even\", scale_format: \"f32\"}";
    "dequantize" 1 3 quant::dequantize, "dequantize(q)", "the values behind what quantize gave; or dequantize(codes, scale, zero_point)";
    "mse" 2 2 quant::mse, "mse(a, b)", "mean squared error of b against the original a";
    "sqnr_db" 2 2 quant::sqnr_db, "sqnr_db(a, b)", "signal over noise of b against the original a, in dB";
    "cosine" 2 2 quant::cosine, "cosine(a, b)", "cosine of the angle between two tensors; NaN where one is all 0";

    // Lists, maps and texts.
    "len" 1 1 list::len, "len(x)", "values of a list or tensor, keys of a map, characters of a text";
    "push" 2 2 list::push, "list.push(x)", "adds a value at the end";
    "pop" 1 1 list::pop, "list.pop()", "takes the last value away and gives it";
    "contains" 2 2 list::contains, "contains(x, y)", "whether a list holds a value, a map a key, a text another text";
    "map" 2 2 list::map, "list.map(f)", "f of every value: [1, 2].map(|x| x * 2)";
    "filter" 2 2 list::filter, "list.filter(f)", "the values of which f is true";
    "sort" 1 1 list::sort, "sort(x)", "a list of numbers, a list of texts or a tensor in ascending order, NaN last";
    "reverse" 1 1 list::reverse, "reverse(list)", "the last value first";
    "range" 1 3 list::range, "range([first], end, [step])", "whole numbers up to, not including, end, as a list; in `for`, 0..n does without the list";
    "to_list" 1 1 list::to_list, "to_list(t)", "a tensor as a list, or a list of rows";
    "keys" 1 1 list::keys, "keys(map)", "the keys of a map, in order";
    "join" 2 2 text::join, "join(list, between)", "one text of many";
    "split" 2 2 text::split, "split(text, at)", "a text in pieces, as a list";
    "upper" 1 1 text::upper, "upper(text)", "in capitals";
    "lower" 1 1 text::lower, "lower(text)", "in small letters";
    "trim" 1 1 text::trim, "trim(text)", "without white space at both ends";
};
