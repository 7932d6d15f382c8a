//! Names and types, before any value is there.

use std::ops::Range;

use super::{Expr, ExprError, Kind, Node, NodeKind, Op};
use crate::text::did_you_mean;

/// The names that an expression may use.
type Known<'a> = [(&'a str, Kind<'a>)];

impl Expr {
    /// Everything that would fail whatever the values: unknown names, unknown options, names where numbers are needed.
    pub fn check(&self, known: &Known<'_>) -> Vec<ExprError> {
        let mut errors = Vec::new();
        number(&self.root, known, &mut errors);
        errors
    }
}

fn number(node: &Node, known: &Known<'_>, errors: &mut Vec<ExprError>) {
    match &node.kind {
        NodeKind::Num(_) => {}
        NodeKind::Str(_) => errors.push(names_only_compare(node.span.clone())),
        NodeKind::Name(name) => match find(name, known) {
            Some(Kind::Num) => {}
            Some(Kind::OneOf(options)) => {
                let example = options.first().copied().unwrap_or_default();
                errors.push(names_only_compare(node.span.clone()).help(format!("write `{name} == \"{example}\"`")));
            }
            None => errors.push(unknown(name, node.span.clone(), known)),
        },
        NodeKind::Neg(x) | NodeKind::Not(x) => number(x, known, errors),
        NodeKind::Call(_, args) => args.iter().for_each(|arg| number(arg, known, errors)),
        NodeKind::Binary(Op::Eq | Op::Ne, a, b) => equality(a, b, known, errors),
        NodeKind::Binary(_, a, b) => {
            number(a, known, errors);
            number(b, known, errors);
        }
    }
}

fn equality(a: &Node, b: &Node, known: &Known<'_>, errors: &mut Vec<ExprError>) {
    match (choice(a, known), choice(b, known)) {
        (Some(options), _) => option(b, options, known, errors),
        (_, Some(options)) => option(a, options, known, errors),
        (None, None) => {
            number(a, known, errors);
            number(b, known, errors);
        }
    }
}

/// The options of a node that names a choice.
fn choice<'k>(node: &Node, known: &'k Known<'_>) -> Option<&'k [&'k str]> {
    match &node.kind {
        NodeKind::Name(name) => match find(name, known) {
            Some(Kind::OneOf(options)) => Some(options),
            _ => None,
        },
        _ => None,
    }
}

/// The other side of a comparison with a choice.
fn option(node: &Node, options: &[&str], known: &Known<'_>, errors: &mut Vec<ExprError>) {
    let list = || options.join(", ");
    match &node.kind {
        NodeKind::Str(text) if options.contains(&&**text) => {}
        NodeKind::Str(text) => {
            let error = ExprError::new(node.span.clone(), format!("`{text}` is none of the options"));
            errors.push(match did_you_mean(text, options.iter().copied()) {
                Some(meant) => error.help(format!("did you mean \"{meant}\"?")),
                None => error.help(format!("there are: {}", list())),
            });
        }
        NodeKind::Name(name) if options.contains(&&**name) => {
            let error = ExprError::new(node.span.clone(), format!("`{name}` needs quotes"));
            errors.push(error.help(format!("write \"{name}\"")));
        }
        NodeKind::Name(_) if choice(node, known).is_some() => {}
        _ => errors.push(ExprError::new(node.span.clone(), "a quoted name is needed here").help(format!("one of {}", list()))),
    }
}

fn find<'k>(name: &str, known: &'k Known<'_>) -> Option<&'k Kind<'k>> {
    known.iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
}

fn unknown(name: &str, span: Range<usize>, known: &Known<'_>) -> ExprError {
    let error = ExprError::new(span, format!("there is no `{name}` here"));
    match did_you_mean(name, known.iter().map(|(name, _)| *name)) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None if known.is_empty() => error.help("no names are known here, only numbers"),
        None => error.help(format!("known are: {}", known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))),
    }
}

fn names_only_compare(span: Range<usize>) -> ExprError {
    ExprError::new(span, "a name stands where a number is needed").help("names compare with `==` and `!=` only")
}
