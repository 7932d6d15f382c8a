//! Typed parameters of a lab: one specification, one syntax for `--set` and lesson files, one editor on screen.

mod pixels;

pub use pixels::Pixels;
use serde::{Serialize, Serializer};

use crate::text::did_you_mean;

/// One parameter of a lab, as its row declares it.
#[derive(Clone, Copy, Debug)]
pub struct ParamSpec {
    /// Stable name in snake_case: used by `--set`, lesson files and JSON.
    pub name: &'static str,
    /// What the control shows.
    pub label: &'static str,
    pub kind: ParamKind,
    pub default: Value,
    /// One line of help.
    pub help: &'static str,
    /// Whether the parameter has an effect with the others as they are; if not, its control is hidden.
    pub active: fn(&Params) -> bool,
}

/// One option of a choice parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Stable name, as in `--set scheme=affine`.
    pub name: &'static str,
    /// What the control shows.
    pub label: &'static str,
}

/// The type of a parameter with its bounds, which are inclusive.
#[derive(Clone, Copy, Debug)]
pub enum ParamKind {
    Bool,
    /// Moves by `step`; with `log` by doubling and halving (then `min > 0`).
    Int {
        min: i64,
        max: i64,
        step: i64,
        log: bool,
    },
    /// Moves by `step`; with `log` by a factor of `10^step` (then `min > 0`).
    Float {
        min: f64,
        max: f64,
        step: f64,
        log: bool,
    },
    Choice(&'static [Choice]),
    /// A pattern of `n` bits, 1 to 64: `0x2e66`, `0b0101` or a whole number.
    Bits {
        n: u32,
    },
    /// `n` numbers, each moving by `step` between the bounds: `1,2.5,-3`.
    Vector {
        n: usize,
        min: f64,
        max: f64,
        step: f64,
    },
    /// A picture of `width` times `height` pixels, see [`Pixels`].
    Image {
        width: usize,
        height: usize,
        /// Where a picture to begin with comes from.
        start: Option<Start>,
    },
}

/// An int parameter whose values stand for pictures: setting it puts its picture into the image.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    pub param: &'static str,
    pub picture: fn(i64) -> Pixels,
}

/// The value of one parameter; of a choice, its stable name.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "values are few, and a Copy value lets the rows of all labs be constants")]
pub enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    Choice(&'static str),
    Bits(u64),
    Vector(Numbers),
    Image(Pixels),
}

/// The elements of a vector parameter, at most [`Numbers::MAX`].
#[derive(Clone, Copy, PartialEq)]
pub struct Numbers {
    len: usize,
    items: [f64; Self::MAX],
}

impl Numbers {
    /// An 8x8 image, a block of any format: no lab needs more.
    pub const MAX: usize = 64;

    /// Panics above [`Numbers::MAX`] elements; in a constant row that is a compile error.
    pub const fn new(from: &[f64]) -> Self {
        assert!(from.len() <= Self::MAX, "a vector parameter has at most 64 elements");
        let mut items = [0.0; Self::MAX];
        let mut i = 0;
        while i < from.len() {
            items[i] = from[i];
            i += 1;
        }
        Self { len: from.len(), items }
    }
}

impl std::ops::Deref for Numbers {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.items[..self.len]
    }
}

impl std::ops::DerefMut for Numbers {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.items[..self.len]
    }
}

impl std::fmt::Debug for Numbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(to)
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(b) => b.fmt(f),
            Self::Int(i) => i.fmt(f),
            Self::Float(x) => x.fmt(f),
            Self::Choice(name) => name.fmt(f),
            Self::Bits(pattern) => write!(f, "{pattern:#x}"),
            Self::Vector(items) => {
                for (i, x) in items.iter().enumerate() {
                    write!(f, "{}{x}", if i == 0 { "" } else { "," })?;
                }
                Ok(())
            }
            Self::Image(pixels) => pixels.fmt(f),
        }
    }
}

/// Why a parameter could not be set: which one, what was wrong, what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    #[error("there is no parameter `{name}`{}; this lab has: {known}", hint(.meant))]
    Unknown { name: String, meant: Option<&'static str>, known: String },
    #[error("`{name}` cannot be `{got}`{}: allowed is {allowed}", hint(.meant))]
    Value { name: &'static str, got: String, meant: Option<&'static str>, allowed: String },
}

fn hint(meant: &Option<&'static str>) -> String {
    meant.map_or_else(String::new, |m| format!(" (did you mean `{m}`?)"))
}

impl ParamSpec {
    /// What the parameter takes, in words: `2 to 16`, `one of even, away`.
    pub fn allowed(&self) -> String {
        match self.kind {
            ParamKind::Bool => "true or false".into(),
            ParamKind::Int { min, max, .. } => format!("a whole number from {min} to {max}"),
            ParamKind::Float { min, max, .. } => format!("a number from {min} to {max}"),
            ParamKind::Choice(options) => {
                format!("one of {}", options.iter().map(|o| o.name).collect::<Vec<_>>().join(", "))
            }
            ParamKind::Bits { n } => format!("a pattern of {n} bits, as 0x.., 0b.. or a whole number"),
            ParamKind::Vector { n, min, max, .. } => format!("{n} numbers from {min} to {max}, with commas between them"),
            ParamKind::Image { width, height, .. } => {
                format!("{height} rows of {width} pixels with / between them, `.` for paper, 1 to 9 and a to g for more ink")
            }
        }
    }

    /// Reads the one syntax of this parameter, as in `--set name=text`.
    pub fn parse(&self, text: &str) -> Result<Value, SetError> {
        let text = text.trim();
        let refuse = |meant| SetError::Value { name: self.name, got: text.into(), meant, allowed: self.allowed() };
        match self.kind {
            ParamKind::Bool => match text {
                "true" | "on" | "yes" | "1" => Ok(Value::Bool(true)),
                "false" | "off" | "no" | "0" => Ok(Value::Bool(false)),
                _ => Err(refuse(None)),
            },
            ParamKind::Int { min, max, .. } => match text.replace('_', "").parse() {
                Ok(i) if (min..=max).contains(&i) => Ok(Value::Int(i)),
                _ => Err(refuse(None)),
            },
            ParamKind::Float { min, max, .. } => match text.replace('_', "").parse() {
                Ok(x) if (min..=max).contains(&x) => Ok(Value::Float(x)),
                _ => Err(refuse(None)),
            },
            ParamKind::Choice(options) => options
                .iter()
                .find(|o| o.name == text)
                .map(|o| Value::Choice(o.name))
                .ok_or_else(|| refuse(did_you_mean(text, options.iter().map(|o| o.name)))),
            ParamKind::Bits { n } => match pattern_of(text) {
                Some(bits) if n >= 64 || bits >> n == 0 => Ok(Value::Bits(bits)),
                _ => Err(refuse(None)),
            },
            ParamKind::Vector { n, min, max, .. } => {
                let items: Option<Vec<f64>> = text.trim_matches(['[', ']']).split(',').map(|x| x.trim().parse().ok()).collect();
                match items {
                    Some(items) if items.len() == n && items.iter().all(|x| (min..=max).contains(x)) => {
                        Ok(Value::Vector(Numbers::new(&items)))
                    }
                    _ => Err(refuse(None)),
                }
            }
            ParamKind::Image { width, height, .. } => {
                Pixels::parse(text, width, height).map(Value::Image).ok_or_else(|| refuse(None))
            }
        }
    }

    /// The value `n` steps away, inside the limits; a choice and a bool turn around at their ends. Of a vector or an image
    /// every element moves; a screen that edits one element at a time uses [`ParamSpec::step_item`].
    pub fn step(&self, value: Value, n: i64) -> Value {
        match (self.kind, value) {
            (ParamKind::Bool, Value::Bool(b)) => Value::Bool(b ^ (n % 2 != 0)),
            (ParamKind::Int { min, max, log: true, .. }, Value::Int(i)) => {
                let factor = 1i64 << n.unsigned_abs().min(62);
                Value::Int(if n < 0 { i / factor } else { i.saturating_mul(factor) }.clamp(min, max))
            }
            (ParamKind::Int { min, max, step, .. }, Value::Int(i)) => {
                Value::Int(i.saturating_add(n.saturating_mul(step)).clamp(min, max))
            }
            (ParamKind::Float { min, max, step, log }, Value::Float(x)) => {
                let n = n as f64;
                let moved =
                    if log { 10f64.powf(((x.log10() / step).round() + n) * step) } else { ((x / step).round() + n) * step };
                Value::Float(tidy(moved).clamp(min, max))
            }
            (ParamKind::Choice(options), Value::Choice(name)) => {
                let idx = options.iter().position(|o| o.name == name).unwrap_or(0) as i64;
                Value::Choice(options[(idx + n).rem_euclid(options.len() as i64) as usize].name)
            }
            (ParamKind::Bits { n: width }, Value::Bits(pattern)) => {
                Value::Bits(pattern.wrapping_add_signed(n) & (u64::MAX >> (64 - width.clamp(1, 64))))
            }
            (ParamKind::Image { width, height, .. }, value) => {
                (0..width * height).fold(value, |v, idx| self.step_item(v, idx, n))
            }
            (ParamKind::Vector { n: len, .. }, value) => (0..len).fold(value, |v, idx| self.step_item(v, idx, n)),
            (_, value) => value,
        }
    }

    /// One element of a vector, or one pixel, `n` steps away, inside the limits.
    pub fn step_item(&self, value: Value, idx: usize, n: i64) -> Value {
        match (self.kind, value) {
            (ParamKind::Vector { min, max, step, .. }, Value::Vector(mut items)) => {
                if let Some(x) = items.get_mut(idx) {
                    *x = tidy(((*x / step).round() + n as f64) * step).clamp(min, max);
                }
                Value::Vector(items)
            }
            (ParamKind::Image { .. }, Value::Image(mut pixels)) => {
                if let Some(level) = pixels.get_mut(idx) {
                    *level = i64::from(*level).saturating_add(n).clamp(0, Pixels::INK.into()) as u8;
                }
                Value::Image(pixels)
            }
            (_, value) => value,
        }
    }

    /// The lower or the upper end of the range.
    pub fn limit(&self, upper: bool) -> Value {
        match self.kind {
            ParamKind::Bool => Value::Bool(upper),
            ParamKind::Int { min, max, .. } => Value::Int(if upper { max } else { min }),
            ParamKind::Float { min, max, .. } => Value::Float(if upper { max } else { min }),
            ParamKind::Choice(options) => Value::Choice(if upper { options[options.len() - 1].name } else { options[0].name }),
            ParamKind::Bits { n } => Value::Bits(if upper { u64::MAX >> (64 - n.clamp(1, 64)) } else { 0 }),
            ParamKind::Vector { n, min, max, .. } => Value::Vector(Numbers::new(&vec![if upper { max } else { min }; n])),
            ParamKind::Image { width, height, .. } => {
                Value::Image(Pixels::sheet(width, height, if upper { Pixels::INK } else { 0 }))
            }
        }
    }
}

/// Twelve digits hide the representation error of a step, not the step.
fn tidy(moved: f64) -> f64 {
    format!("{moved:.12e}").parse().unwrap_or(moved)
}

/// A bit pattern as people write it.
fn pattern_of(text: &str) -> Option<u64> {
    let text = text.replace('_', "");
    if let Some(hex) = text.strip_prefix("0x") {
        u64::from_str_radix(hex, 16).ok()
    } else if let Some(binary) = text.strip_prefix("0b") {
        u64::from_str_radix(binary, 2).ok()
    } else {
        text.parse().ok()
    }
}

/// The values of all parameters of one lab, in the order of its row.
#[derive(Clone, Debug)]
pub struct Params {
    specs: &'static [ParamSpec],
    values: Vec<Value>,
}

impl PartialEq for Params {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.specs, other.specs) && self.values == other.values
    }
}

impl Params {
    /// Every parameter at its default.
    pub fn defaults(specs: &'static [ParamSpec]) -> Self {
        let mut params = Self { specs, values: specs.iter().map(|s| s.default).collect() };
        for idx in 0..specs.len() {
            params.values[idx] = params.origin(idx);
        }
        params
    }

    /// The rows of the parameters, in the order of the controls.
    pub fn specs(&self) -> &'static [ParamSpec] {
        self.specs
    }

    /// Specification and value of each parameter, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static ParamSpec, Value)> + '_ {
        self.specs.iter().zip(self.values.iter().copied())
    }

    /// The place of a parameter; `None` where the lab has none of this name.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.specs.iter().position(|s| s.name == name)
    }

    /// The value at a place of [`Params::specs`]; panics beyond its end.
    pub fn at(&self, idx: usize) -> Value {
        self.values[idx]
    }

    /// The value by name; `None` where the lab has none of this name.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.index(name).map(|idx| self.values[idx])
    }

    /// Sets one parameter from its text, as `--set` and lesson files do.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), SetError> {
        let idx = self.index(name).ok_or_else(|| SetError::Unknown {
            name: name.into(),
            meant: did_you_mean(name, self.specs.iter().map(|s| s.name)),
            known: self.specs.iter().map(|s| s.name).collect::<Vec<_>>().join(", "),
        })?;
        let value = self.specs[idx].parse(text)?;
        self.put(idx, value);
        Ok(())
    }

    /// Puts a value that came from [`ParamSpec::step`], [`ParamSpec::limit`] or [`ParamSpec::parse`]. An image that
    /// begins with what this parameter says begins anew.
    pub fn put(&mut self, idx: usize, value: Value) {
        self.values[idx] = value;
        for image in 0..self.specs.len() {
            if self.source_of(image).is_some_and(|(source, _)| source == idx) {
                self.values[image] = self.origin(image);
            }
        }
    }

    /// What differs from where it began, in order: set in a fresh lab it leads to these parameters.
    pub fn changed(&self) -> impl Iterator<Item = (&'static ParamSpec, Value)> + '_ {
        self.iter().enumerate().filter(|(idx, (_, value))| *value != self.origin(*idx)).map(|(_, changed)| changed)
    }

    /// The place of the parameter that an image begins with, and its pictures.
    fn source_of(&self, image: usize) -> Option<(usize, Start)> {
        let ParamKind::Image { start: Some(start), .. } = self.specs[image].kind else { return None };
        Some((self.index(start.param)?, start))
    }

    /// What an image began with; of another parameter, its default.
    pub fn origin(&self, idx: usize) -> Value {
        match self.source_of(idx).map(|(source, start)| (self.values[source], start)) {
            Some((Value::Int(i), start)) => Value::Image((start.picture)(i)),
            _ => self.specs[idx].default,
        }
    }

    /// Whether the parameter at this place has an effect with the others as they are.
    pub fn is_active(&self, idx: usize) -> bool {
        (self.specs[idx].active)(self)
    }

    /// The value of a bool parameter of this lab's own row.
    pub fn bool(&self, name: &str) -> bool {
        matches!(self.own(name), Value::Bool(true))
    }

    /// The value of an int parameter of this lab's own row.
    pub fn int(&self, name: &str) -> i64 {
        match self.own(name) {
            Value::Int(i) => i,
            other => panic!("`{name}` is read as an int, its row says {other:?}"),
        }
    }

    /// The value of a float parameter of this lab's own row.
    pub fn float(&self, name: &str) -> f64 {
        match self.own(name) {
            Value::Float(x) => x,
            other => panic!("`{name}` is read as a float, its row says {other:?}"),
        }
    }

    /// The stable name that a choice parameter of this lab's own row stands on.
    pub fn choice(&self, name: &str) -> &'static str {
        match self.own(name) {
            Value::Choice(name) => name,
            other => panic!("`{name}` is read as a choice, its row says {other:?}"),
        }
    }

    /// The pattern of a bits parameter of this lab's own row.
    pub fn bits(&self, name: &str) -> u64 {
        match self.own(name) {
            Value::Bits(pattern) => pattern,
            other => panic!("`{name}` is read as bits, its row says {other:?}"),
        }
    }

    /// The elements of a vector parameter of this lab's own row.
    pub fn vector(&self, name: &str) -> Numbers {
        match self.own(name) {
            Value::Vector(items) => items,
            other => panic!("`{name}` is read as a vector, its row says {other:?}"),
        }
    }

    /// The pixels of an image parameter of this lab's own row.
    pub fn image(&self, name: &str) -> Pixels {
        match self.own(name) {
            Value::Image(pixels) => pixels,
            other => panic!("`{name}` is read as an image, its row says {other:?}"),
        }
    }

    fn own(&self, name: &str) -> Value {
        self.get(name).expect("a lab reads only parameters of its own row; a test walks every row")
    }
}
