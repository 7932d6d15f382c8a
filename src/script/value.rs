//! Values between rhai and native functions: arguments in, answers out, types in words.

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, NativeCallContext, Position};

use super::host::{Host, Trouble, trouble};
use super::tensor::Tensor;

/// One call of a native function.
pub(super) struct Call<'a, 'b, 'c> {
    pub(super) name: &'static str,
    pub(super) host: &'a Host,
    pub(super) ctx: &'a NativeCallContext<'a>,
    args: &'b mut [&'c mut Dynamic],
}

/// What a native function gives.
pub(super) type Answer = Result<Dynamic, Trouble>;

/// A number or a tensor: what most functions of the prelude take.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Int(i64),
    Float(f64),
    Tensor(Tensor),
}

impl<'a, 'b, 'c> Call<'a, 'b, 'c> {
    pub(super) fn new(
        name: &'static str,
        host: &'a Host,
        ctx: &'a NativeCallContext<'a>,
        args: &'b mut [&'c mut Dynamic],
    ) -> Self {
        Self { name, host, ctx, args }
    }

    pub(super) fn n_args(&self) -> usize {
        self.args.len()
    }

    pub(super) fn has(&self, idx: usize) -> bool {
        idx < self.args.len()
    }

    pub(super) fn dynamic(&self, idx: usize) -> &Dynamic {
        &*self.args[idx]
    }

    /// Takes an argument by value.
    pub(super) fn take(&mut self, idx: usize) -> Dynamic {
        self.args[idx].clone()
    }

    /// The complaint that an argument has another type.
    pub(super) fn mismatch(&self, idx: usize, wanted: &str) -> Trouble {
        let place = ["first", "second", "third", "fourth", "fifth", "sixth"].get(idx).copied().unwrap_or("last");
        let got = match self.args[idx].as_float() {
            // "not a number" would be no reason where a whole number is wanted.
            Ok(x) if wanted.contains("number") => super::format::number(x),
            _ => type_in_words(&*self.args[idx]).to_owned(),
        };
        trouble(format!("`{}` needs {wanted} as its {place} argument, not {got}", self.name))
    }

    pub(super) fn operand(&self, idx: usize) -> Result<Operand, Trouble> {
        Operand::of(&*self.args[idx]).ok_or_else(|| self.mismatch(idx, "a number or a tensor"))
    }

    pub(super) fn tensor(&self, idx: usize) -> Result<Tensor, Trouble> {
        self.args[idx].read_lock::<Tensor>().map(|t| t.clone()).ok_or_else(|| self.mismatch(idx, "a tensor"))
    }

    pub(super) fn int(&self, idx: usize) -> Result<i64, Trouble> {
        match Operand::of(&*self.args[idx]) {
            Some(Operand::Int(i)) => Ok(i),
            Some(Operand::Float(x)) if x.fract() == 0.0 && x.abs() < 9e15 => Ok(x as i64),
            _ => Err(self.mismatch(idx, "a whole number")),
        }
    }

    pub(super) fn number(&self, idx: usize) -> Result<f64, Trouble> {
        match Operand::of(&*self.args[idx]) {
            Some(Operand::Int(i)) => Ok(i as f64),
            Some(Operand::Float(x)) => Ok(x),
            _ => Err(self.mismatch(idx, "a number")),
        }
    }

    /// A whole number that counts something.
    pub(super) fn count(&self, idx: usize) -> Result<usize, Trouble> {
        let n = self.int(idx)?;
        usize::try_from(n).map_err(|_| trouble(format!("`{}` cannot take {n} here: a count is not negative", self.name)))
    }

    pub(super) fn text(&self, idx: usize) -> Result<ImmutableString, Trouble> {
        self.args[idx].clone().into_immutable_string().map_err(|_| self.mismatch(idx, "a text"))
    }

    pub(super) fn list(&self, idx: usize) -> Result<Array, Trouble> {
        self.args[idx].read_lock::<Array>().map(|list| list.clone()).ok_or_else(|| self.mismatch(idx, "a list"))
    }

    pub(super) fn map(&self, idx: usize) -> Result<Map, Trouble> {
        self.args[idx].read_lock::<Map>().map(|map| map.clone()).ok_or_else(|| self.mismatch(idx, "a map"))
    }

    pub(super) fn function(&self, idx: usize) -> Result<FnPtr, Trouble> {
        self.args[idx].read_lock::<FnPtr>().map(|f| f.clone()).ok_or_else(|| self.mismatch(idx, "a function such as |x| x * 2"))
    }

    /// A list that the function changes in place.
    pub(super) fn list_mut<T>(&mut self, change: impl FnOnce(&mut Array) -> T) -> Result<T, Trouble> {
        if self.args[0].is_read_only() {
            return Err(trouble(format!("`{}` changes its list, and this one is a constant; make it with `let`", self.name)));
        }
        if !self.args[0].is_array() {
            return Err(self.mismatch(0, "a list"));
        }
        let mut list = self.args[0].write_lock::<Array>().expect("it is a list, and nothing else holds it");
        Ok(change(&mut list))
    }
}

impl Operand {
    pub(super) fn of(value: &Dynamic) -> Option<Self> {
        if let Ok(i) = value.as_int() {
            return Some(Self::Int(i));
        }
        if let Ok(x) = value.as_float() {
            return Some(Self::Float(x));
        }
        value.read_lock::<Tensor>().map(|t| Self::Tensor(t.clone()))
    }
}

/// "a whole number", "a text", "a tensor".
pub(super) fn type_in_words(value: &Dynamic) -> &'static str {
    if value.is_int() {
        "a whole number"
    } else if value.is_float() {
        "a number"
    } else if value.is_string() || value.is_char() {
        "a text"
    } else if value.is_bool() {
        "true or false"
    } else if value.is_array() {
        "a list"
    } else if value.is_map() {
        "a map"
    } else if value.is_unit() {
        "nothing"
    } else if value.is_fnptr() {
        "a function"
    } else if value.is::<Tensor>() {
        "a tensor"
    } else {
        "a range"
    }
}

/// The place of a call, for errors of other functions that it calls.
pub(super) fn place(ctx: &NativeCallContext) -> Position {
    ctx.call_position()
}

impl Call<'_, '_, '_> {
    /// Numbers in a list or a tensor.
    pub(super) fn numbers(&self, idx: usize) -> Result<Vec<f64>, Trouble> {
        let t = match Operand::of(&*self.args[idx]) {
            Some(Operand::Tensor(t)) => t,
            _ => super::tensor::of_list(self.host, &self.list(idx)?)?,
        };
        self.host.charge(t.len())?;
        Ok((0..t.len()).map(|i| t.get(i)).collect())
    }
}
