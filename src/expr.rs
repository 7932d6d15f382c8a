//! The small expression language of numeric answers, `compute`, `goal` and `predict`.
//!
//! Every number is a 64-bit float: `/` never truncates, `^` is power (`2^-6` is 1/64, `-2^2` is -4), comparisons follow
//! IEEE 754 and give 1 or 0. There is no state, no loop and no text beyond a quoted name of a choice parameter, which
//! compares with `==` and `!=` only. Length and depth are limited, so a hostile expression costs microseconds.

mod check;
mod eval;
mod function;
mod lex;
mod number;
mod parse;

use std::{fmt, ops::Range};

pub use function::{CONSTANTS, FUNCTIONS, Function};
pub use number::number;

/// A parsed expression. It knows its own text, for feedback and messages.
#[derive(Clone, Debug)]
pub struct Expr {
    source: Box<str>,
    root: Node,
}

/// What is wrong with an expression, and where (bytes of the source).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    pub span: Range<usize>,
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl ExprError {
    fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Val<'a> {
    Num(f64),
    /// A choice parameter; compares with a quoted name.
    Str(&'a str),
}

/// What a name will stand for, as far as is known before a value is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    Num,
    /// A choice parameter with the names it may stand on.
    OneOf(Vec<&'a str>),
}

/// Reads an expression; its names are not looked up yet (see [`Expr::check`]).
pub fn parse(source: &str) -> Result<Expr, ExprError> {
    let root = parse::root(source)?;
    Ok(Expr { source: source.into(), root })
}

impl Expr {
    /// The text that was parsed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names it uses, each as often as it stands there, with their place in the source.
    pub fn names(&self) -> Vec<(&str, Range<usize>)> {
        let mut names = Vec::new();
        self.root.walk(&mut |node| {
            if let NodeKind::Name(name) = &node.kind {
                names.push((&**name, node.span.clone()));
            }
        });
        names
    }

    /// The source with words in place of its names; a name without one stays.
    pub fn with_words(&self, word: impl Fn(&str) -> Option<String>) -> String {
        let mut text = self.source.to_string();
        let mut names = self.names();
        // From the end, so that the spans before stay true.
        names.sort_by_key(|(_, span)| std::cmp::Reverse(span.start));
        for (name, span) in names {
            if let Some(word) = word(name) {
                text.replace_range(span, &word);
            }
        }
        text
    }

    /// Whether it is a comparison or combines some, so that "met" has a meaning.
    pub fn is_condition(&self) -> bool {
        match &self.root.kind {
            NodeKind::Not(_) => true,
            NodeKind::Binary(op, ..) => op.is_comparison() || matches!(op, Op::And | Op::Or),
            _ => false,
        }
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.source)
    }
}

#[derive(Clone, Debug)]
struct Node {
    span: Range<usize>,
    kind: NodeKind,
}

#[derive(Clone, Debug)]
enum NodeKind {
    Num(f64),
    Str(Box<str>),
    Name(Box<str>),
    Neg(Box<Node>),
    Not(Box<Node>),
    Binary(Op, Box<Node>, Box<Node>),
    Call(&'static Function, Vec<Node>),
}

impl Node {
    /// Visits each node once, parents first and operands from left to right.
    fn walk<'n>(&'n self, visit: &mut impl FnMut(&'n Node)) {
        visit(self);
        match &self.kind {
            NodeKind::Num(_) | NodeKind::Str(_) | NodeKind::Name(_) => {}
            NodeKind::Neg(x) | NodeKind::Not(x) => x.walk(visit),
            NodeKind::Binary(_, a, b) => {
                a.walk(visit);
                b.walk(visit);
            }
            NodeKind::Call(_, args) => args.iter().for_each(|arg| arg.walk(visit)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Pow,
}

impl Op {
    fn is_comparison(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge)
    }
}

#[cfg(test)]
mod tests;
