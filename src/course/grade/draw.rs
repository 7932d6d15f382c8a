//! What a seed decides: the order of options and the values of variables. ChaCha8 keeps its stream, so a question looks the
//! same on every platform and after every update.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use crate::{
    course::{
        markup,
        model::{NumericStep, Step, StepBody},
    },
    text::Text,
};

/// Streams of one seed, so that adding a variable never moves an option.
const SHUFFLE: u64 = 1;
const VARS: u64 = 2;

/// The order in which options, items to order or partners to match stand on screen, as indices of the lesson file. Empty
/// for other kinds. Items never start in the right order.
pub fn shuffled(step: &Step, seed: u64) -> Vec<usize> {
    match &step.body {
        StepBody::Choice(choice) if !choice.shuffle => (0..choice.options.len()).collect(),
        StepBody::Choice(choice) => permutation(choice.options.len(), seed),
        StepBody::Order(order) => {
            let mut order = permutation(order.items.len(), seed);
            if order.is_sorted() {
                order.rotate_left(1);
            }
            order
        }
        StepBody::Match(pairs) => permutation(pairs.pairs.len() + pairs.extra.len(), seed),
        _ => Vec::new(),
    }
}

/// The values of the variables for a seed.
pub fn draw(step: &NumericStep, seed: u64) -> Vec<(String, f64)> {
    let mut rng = stream(seed, VARS);
    step.vars.iter().map(|var| (var.name.clone(), var.values[below(&mut rng, var.values.len())])).collect()
}

fn permutation(n: usize, seed: u64) -> Vec<usize> {
    let mut rng = stream(seed, SHUFFLE);
    let mut order: Vec<usize> = (0..n).collect();
    for idx in (1..n).rev() {
        order.swap(idx, below(&mut rng, idx + 1));
    }
    order
}

fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    // Not `seed_from_u64`: how a library widens a seed may change between its versions.
    let mut wide = [0; 32];
    wide[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(wide);
    rng.set_stream(stream);
    rng
}

/// A number in `0..n`, by multiplication rather than by a library's method, whose stream may change between versions.
fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

/// Puts the values in the `{=name}` and `{=name:.3}` places of a text; all other braces stay.
pub fn fill(text: &Text, vars: &[(String, f64)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut at = 0;
    for place in markup::placeholders(text) {
        let Some((_, value)) = vars.iter().find(|(name, _)| name == place.name) else { continue };
        filled.push_str(&text[at..place.span.start]);
        match place.decimals {
            Ok(Some(decimals)) => filled.push_str(&format!("{value:.decimals$}")),
            _ => filled.push_str(&show(*value)),
        }
        at = place.span.end;
    }
    filled.push_str(&text[at..]);
    filled
}

/// A text of a step, its hint or explanation say, with the numbers of this seed; only a numeric step has any.
pub fn filled(step: &Step, seed: u64, text: &Text) -> String {
    match &step.body {
        StepBody::Numeric(numeric) => fill(text, &draw(numeric, seed)),
        _ => text.to_string(),
    }
}

/// A number as a person writes it: at most six significant digits, no trailing zeros, powers of ten where it is very large
/// or very small. Whole numbers below 10^15 stay whole.
pub fn show(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return if x == 0.0 { "0".into() } else { x.to_string() };
    }
    if x.fract() == 0.0 && x.abs() < 1e15 {
        return format!("{x:.0}");
    }
    let magnitude = x.abs().log10().floor() as i32;
    if !(-4..15).contains(&magnitude) {
        let text = format!("{x:.5e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    let decimals = usize::try_from(5 - magnitude).unwrap_or(0);
    let text = format!("{x:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
