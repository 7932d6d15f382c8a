//! A tree to a number.

use super::{Expr, ExprError, Node, NodeKind, Op, Val};

impl Expr {
    /// The value; a comparison gives 1 or 0. `lookup` says what a name stands for, `None` where it has no value now.
    ///
    /// Infinity and NaN are values, not errors. A NaN counts as not met in `&&`, `||` and `!`.
    pub fn eval<'v>(&self, lookup: &dyn Fn(&str) -> Option<Val<'v>>) -> Result<f64, ExprError> {
        number(&self.root, lookup)
    }

    /// The value of an expression without names.
    pub fn eval_constant(&self) -> Result<f64, ExprError> {
        self.eval(&|_| None)
    }
}

/// Whether a value counts as met.
fn truth(x: f64) -> bool {
    x != 0.0 && !x.is_nan()
}

fn flag(met: bool) -> f64 {
    f64::from(u8::from(met))
}

fn number<'v>(node: &Node, lookup: &dyn Fn(&str) -> Option<Val<'v>>) -> Result<f64, ExprError> {
    match &node.kind {
        NodeKind::Neg(x) => Ok(-number(x, lookup)?),
        NodeKind::Not(x) => Ok(flag(!truth(number(x, lookup)?))),
        NodeKind::Call(function, args) => {
            let args = args.iter().map(|arg| number(arg, lookup)).collect::<Result<Vec<_>, _>>()?;
            Ok((function.call)(&args))
        }
        NodeKind::Binary(op, a, b) => binary(*op, a, b, lookup),
        NodeKind::Num(_) | NodeKind::Str(_) | NodeKind::Name(_) => match value(node, lookup)? {
            Val::Num(x) => Ok(x),
            Val::Str(_) => Err(not_a_number(node)),
        },
    }
}

fn binary<'v>(op: Op, a: &Node, b: &Node, lookup: &dyn Fn(&str) -> Option<Val<'v>>) -> Result<f64, ExprError> {
    match op {
        Op::And => return Ok(flag(truth(number(a, lookup)?) && truth(number(b, lookup)?))),
        Op::Or => return Ok(flag(truth(number(a, lookup)?) || truth(number(b, lookup)?))),
        Op::Eq | Op::Ne => return Ok(flag(equal(a, b, lookup)? == (op == Op::Eq))),
        _ => {}
    }
    let (x, y) = (number(a, lookup)?, number(b, lookup)?);
    Ok(match op {
        Op::Lt => flag(x < y),
        Op::Le => flag(x <= y),
        Op::Gt => flag(x > y),
        Op::Ge => flag(x >= y),
        Op::Add => x + y,
        Op::Sub => x - y,
        Op::Mul => x * y,
        Op::Div => x / y,
        _ => libm::pow(x, y),
    })
}

fn equal<'v>(a: &Node, b: &Node, lookup: &dyn Fn(&str) -> Option<Val<'v>>) -> Result<bool, ExprError> {
    match (value(a, lookup)?, value(b, lookup)?) {
        (Val::Num(x), Val::Num(y)) => Ok(x == y),
        (Val::Str(x), Val::Str(y)) => Ok(x == y),
        _ => Err(ExprError::new(a.span.start..b.span.end, "a number and a name are never equal")),
    }
}

/// The value of a node, which may be a name of a choice.
fn value<'e, 'v: 'e>(node: &'e Node, lookup: &dyn Fn(&str) -> Option<Val<'v>>) -> Result<Val<'e>, ExprError> {
    match &node.kind {
        NodeKind::Num(x) => Ok(Val::Num(*x)),
        NodeKind::Str(text) => Ok(Val::Str(text)),
        NodeKind::Name(name) => {
            lookup(name).ok_or_else(|| ExprError::new(node.span.clone(), format!("`{name}` has no value here")))
        }
        _ => number(node, lookup).map(Val::Num),
    }
}

fn not_a_number(node: &Node) -> ExprError {
    ExprError::new(node.span.clone(), "a name stands where a number is needed").help("names compare with `==` and `!=` only")
}
