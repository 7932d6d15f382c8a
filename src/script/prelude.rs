//! The prelude: one table of everything that scripts can call beyond the language itself.
//!
//! A row registers the function, documents it in `lessons/FORMAT.md`, completes it in editors and explains it in error
//! messages. Script functions of the same name and number of arguments come first.

mod digits;
mod list;
mod make;
mod math;
mod quant;
mod show;
mod summary;
mod table;
mod text;

use std::{any::TypeId, sync::Arc};

use rhai::{Dynamic, Engine, EvalContext, INT, Map, Position};

use super::{
    host::{Host, Trouble, trouble},
    tensor::{Op, Tensor, binary},
    value::{Answer, Call, Operand, type_in_words},
};
pub use table::PRELUDE;

/// A row of the prelude.
#[derive(Debug)]
pub struct Native {
    pub name: &'static str,
    /// `clamp(x, lo, hi)`; parts in brackets may be left out.
    pub signature: &'static str,
    /// One line.
    pub help: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Takes at least and at most so many arguments.
    Function(usize, usize, Body),
    /// `t.nbytes`, of a tensor.
    Property(fn(&Tensor) -> Dynamic),
    Constant(f64),
}

type Body = fn(&mut Call) -> Answer;

/// The row of a function.
pub(super) fn find(name: &str) -> Option<&'static Native> {
    PRELUDE.iter().find(|native| native.name == name)
}

/// Registers the rows, the operators of tensors and what loops need.
pub(super) fn register(engine: &mut Engine, host: &Arc<Host>) {
    engine.register_type_with_name::<Tensor>("tensor");
    for native in PRELUDE {
        match native.kind {
            Kind::Function(least, most, body) => (least..=most).for_each(|n| function(engine, host, native.name, n, body)),
            Kind::Property(of) => {
                engine.register_get(native.name, move |t: &mut Tensor| of(t));
            }
            Kind::Constant(_) => {}
        }
    }
    constants(engine);
    operators(engine, host);
    indices(engine, host);
    loops(engine);
}

fn function(engine: &mut Engine, host: &Arc<Host>, name: &'static str, n_args: usize, body: Body) {
    let host = Arc::clone(host);
    engine.register_raw_fn(name, vec![TypeId::of::<Dynamic>(); n_args], move |ctx, args| -> Answer {
        body(&mut Call::new(name, &host, &ctx, args))
    });
}

/// Functions of a script do not see its variables, so constants are no variables.
#[expect(deprecated, reason = "rhai marks the resolver of variables as volatile; nothing else reaches into functions")]
fn constants(engine: &mut Engine) {
    engine.on_var(|name, _, context: EvalContext| {
        let constant = PRELUDE.iter().find_map(|native| match native.kind {
            Kind::Constant(value) if native.name == name => Some(value),
            _ => None,
        });
        Ok(constant.filter(|_| !context.scope().contains(name)).map(Dynamic::from))
    });
}

/// Every sign between two tensors, and between a tensor and a number on either side.
fn operators(engine: &mut Engine, host: &Arc<Host>) {
    for (sign, op) in Op::SIGNS {
        let (tensor, any) = (TypeId::of::<Tensor>(), TypeId::of::<Dynamic>());
        for types in [[tensor, tensor], [tensor, any], [any, tensor]] {
            let host = Arc::clone(host);
            engine.register_raw_fn(sign, types, move |_, args| -> Result<Dynamic, Trouble> {
                let side = |value: &Dynamic| Operand::of(value).ok_or_else(|| no_operator(sign, value));
                let (a, b) = (side(args[0])?, side(args[1])?);
                binary(&host, op, &a, &b).map(Dynamic::from)
            });
        }
    }
    let host = Arc::clone(host);
    engine.register_fn("-", move |t: Tensor| binary(&host, Op::Mul, &Operand::Tensor(t), &Operand::Int(-1)));
}

fn no_operator(sign: &str, value: &Dynamic) -> Trouble {
    trouble(format!("`{sign}` between a tensor and {}: it takes tensors and numbers", type_in_words(value)))
}

/// `t[i]`, `t[a..b]`, `t[i] = x`.
fn indices(engine: &mut Engine, host: &Arc<Host>) {
    use super::tensor;
    let home = Arc::clone(host);
    engine.register_indexer_get(move |t: &mut Tensor, idx: INT| element(&home, t, idx));
    let home = Arc::clone(host);
    engine.register_indexer_get(move |t: &mut Tensor, range: std::ops::Range<INT>| {
        let place = |i: INT| usize::try_from(i).map_err(|_| trouble("a range of a tensor starts at 0 or above"));
        tensor::rows(&home, t, place(range.start)?..place(range.end)?)
    });
    let home = Arc::clone(host);
    engine.register_indexer_get(move |t: &mut Tensor, range: std::ops::RangeInclusive<INT>| {
        let place = |i: INT| usize::try_from(i).map_err(|_| trouble("a range of a tensor starts at 0 or above"));
        tensor::rows(&home, t, place(*range.start())?..place(*range.end())?.saturating_add(1))
    });
    let home = Arc::clone(host);
    engine.register_indexer_set(move |t: &mut Tensor, idx: INT, value: Dynamic| -> Result<(), Trouble> {
        let at = tensor::at(t, idx)?;
        match Operand::of(&value) {
            Some(Operand::Tensor(row)) => tensor::set_row(&home, t, at, &row),
            Some(Operand::Int(i)) if t.shape().len() == 1 => tensor::set(&home, t, at, i as f64),
            Some(Operand::Float(x)) if t.shape().len() == 1 => tensor::set(&home, t, at, x),
            Some(_) => Err(trouble(format!("one number cannot stand for a row of shape {:?}; assign a tensor", &t.shape()[1..]))),
            None => Err(trouble(format!("{} cannot be put into a tensor; it holds numbers", type_in_words(&value)))),
        }
    });
}

/// A value of a tensor of one axis, otherwise a row.
pub(super) fn element(host: &Host, t: &Tensor, idx: INT) -> Answer {
    use super::tensor;
    let at = tensor::at(t, idx)?;
    if t.shape().len() == 1 {
        return Ok(scalar(t, t.get(at)));
    }
    let row = tensor::rows(host, t, at..at + 1)?;
    Ok(Dynamic::from(row.with_shape(&t.shape()[1..])))
}

/// One value of a tensor as a number: whole where its type is.
pub(super) fn scalar(t: &Tensor, x: f64) -> Dynamic {
    if t.dtype().is_float() || x.fract() != 0.0 || x.abs() > 9e15 { Dynamic::from(x) } else { Dynamic::from(x as INT) }
}

/// What `for` walks over.
fn loops(engine: &mut Engine) {
    engine.register_iterator::<std::ops::Range<INT>>();
    engine.register_iterator::<std::ops::RangeInclusive<INT>>();
    engine.register_iterator::<rhai::Array>();
    engine.register_iterator::<Tensor>();
}

/// A value of the map of options, with the keys that are known.
fn option<'m>(map: &'m Map, key: &str) -> Option<&'m Dynamic> {
    map.get(key)
}

/// Fills in the place of an error that has none.
fn placed(error: Trouble, place: Position) -> Trouble {
    let mut error = error;
    if error.position().is_none() {
        error.set_position(place);
    }
    error
}
