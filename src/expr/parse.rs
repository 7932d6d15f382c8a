//! Tokens to a tree. From loose to tight: `||`, `&&`, comparisons (which do not chain), `+ -`, `* /`, unary `- !`, `^`.

use std::ops::Range;

use super::{
    ExprError, Node, NodeKind, Op,
    function::{self, FUNCTIONS},
    lex::{self, Spanned, Token},
};
use crate::text::did_you_mean;

/// Longer expressions are refused before they are read.
const MAX_LEN: usize = 1_000;

/// Nested parentheses, calls, signs and powers; each costs some stack.
const MAX_DEPTH: usize = 48;

pub(super) fn root(source: &str) -> Result<Node, ExprError> {
    if source.len() > MAX_LEN {
        return Err(ExprError::new(0..source.len(), format!("the expression is longer than {MAX_LEN} characters")));
    }
    let tokens = lex::tokens(source)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, end: source.len() };
    let node = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(node),
        Some(rest) => Err(unexpected(rest, source)),
    }
}

fn unexpected(rest: &Spanned<'_>, source: &str) -> ExprError {
    let error = ExprError::new(rest.span.clone(), format!("`{}` was not expected here", &source[rest.span.clone()]));
    match rest.token {
        Token::Comma => error.help("decimals are written with a point: 0.5"),
        Token::Close => error.help("it has no `(` that it closes"),
        Token::Op(op) if op.is_comparison() => error.help("comparisons do not chain: write `0 < x && x < 1`"),
        Token::Num(_) | Token::Name(_) | Token::Open => {
            error.help("an operator is missing before it; products are written `2 * x`")
        }
        _ => error,
    }
}

struct Parser<'t, 's> {
    tokens: &'t [Spanned<'s>],
    at: usize,
    depth: usize,
    end: usize,
}

impl<'s> Parser<'_, 's> {
    fn peek(&self) -> Option<Token<'s>> {
        self.tokens.get(self.at).map(|t| t.token)
    }

    fn here(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |t| t.span.clone())
    }

    fn eat(&mut self, token: Token<'_>) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn op(&mut self, among: &[Op]) -> Option<Op> {
        let op = among.iter().copied().find(|&op| self.peek() == Some(Token::Op(op)))?;
        self.at += 1;
        Some(op)
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, ExprError>) -> Result<T, ExprError> {
        if self.depth == MAX_DEPTH {
            return Err(ExprError::new(self.here(), format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Operators of one strength, which group from the left.
    fn left(&mut self, ops: &[Op], tighter: fn(&mut Self) -> Result<Node, ExprError>) -> Result<Node, ExprError> {
        let mut left = tighter(self)?;
        while let Some(op) = self.op(ops) {
            let right = tighter(self)?;
            left = binary(op, left, right);
        }
        Ok(left)
    }

    fn or(&mut self) -> Result<Node, ExprError> {
        self.left(&[Op::Or], Self::and)
    }

    fn and(&mut self) -> Result<Node, ExprError> {
        self.left(&[Op::And], Self::comparison)
    }

    fn comparison(&mut self) -> Result<Node, ExprError> {
        let left = self.sum()?;
        match self.op(&[Op::Eq, Op::Ne, Op::Le, Op::Ge, Op::Lt, Op::Gt]) {
            Some(op) => Ok(binary(op, left, self.sum()?)),
            None => Ok(left),
        }
    }

    fn sum(&mut self) -> Result<Node, ExprError> {
        self.left(&[Op::Add, Op::Sub], Self::product)
    }

    fn product(&mut self) -> Result<Node, ExprError> {
        self.left(&[Op::Mul, Op::Div], Self::unary)
    }

    fn unary(&mut self) -> Result<Node, ExprError> {
        let start = self.here().start;
        if self.op(&[Op::Add]).is_some() {
            return self.deeper(Self::unary);
        }
        let wrap = if self.op(&[Op::Sub]).is_some() {
            NodeKind::Neg
        } else if self.eat(Token::Not) {
            NodeKind::Not
        } else {
            return self.power();
        };
        let inner = self.deeper(Self::unary)?;
        Ok(Node { span: start..inner.span.end, kind: wrap(Box::new(inner)) })
    }

    fn power(&mut self) -> Result<Node, ExprError> {
        let base = self.atom()?;
        match self.op(&[Op::Pow]) {
            // The exponent may carry a sign and groups from the right: 2^-6, 2^3^2 = 2^9.
            Some(op) => Ok(binary(op, base, self.deeper(Self::unary)?)),
            None => Ok(base),
        }
    }

    fn atom(&mut self) -> Result<Node, ExprError> {
        let span = self.here();
        let Some(token) = self.peek() else {
            let missing = if self.tokens.is_empty() { "there is nothing to read" } else { "something is missing at the end" };
            return Err(ExprError::new(span, missing));
        };
        let kind = match token {
            Token::Num(x) => NodeKind::Num(x),
            Token::Str(text) => NodeKind::Str(text.into()),
            Token::Name(name) => {
                self.at += 1;
                return self.name(name, span);
            }
            Token::Open => {
                self.at += 1;
                return self.group(span);
            }
            _ => return Err(ExprError::new(span, "a number or a name is missing before this")),
        };
        self.at += 1;
        Ok(Node { span, kind })
    }

    fn group(&mut self, open: Range<usize>) -> Result<Node, ExprError> {
        let inner = self.deeper(Self::or)?;
        self.close(&open)?;
        Ok(inner)
    }

    fn close(&mut self, open: &Range<usize>) -> Result<usize, ExprError> {
        let end = self.here().end;
        if self.eat(Token::Close) {
            return Ok(end);
        }
        Err(match self.peek() {
            None => ExprError::new(open.clone(), "this `(` is not closed"),
            Some(Token::Comma) => {
                ExprError::new(self.here(), "a comma has no place here").help("decimals are written with a point: 0.5")
            }
            Some(_) => ExprError::new(self.here(), "a `)` is missing before this"),
        })
    }

    fn name(&mut self, name: &'s str, span: Range<usize>) -> Result<Node, ExprError> {
        let open = self.here();
        if !self.eat(Token::Open) {
            let kind = function::constant(name).map_or_else(|| NodeKind::Name(name.into()), NodeKind::Num);
            return Ok(Node { span, kind });
        }
        let function = function::find(name).ok_or_else(|| unknown_function(name, span.clone()))?;
        let mut args = Vec::new();
        if self.peek() != Some(Token::Close) {
            args.push(self.deeper(Self::or)?);
            while self.eat(Token::Comma) {
                args.push(self.deeper(Self::or)?);
            }
        }
        let end = self.close(&open)?;
        if !function.takes(args.len()) {
            let message = format!("`{name}` got {} values", args.len());
            return Err(ExprError::new(span.start..end, message).help(format!("it is written `{}`", function.usage)));
        }
        Ok(Node { span: span.start..end, kind: NodeKind::Call(function, args) })
    }
}

fn binary(op: Op, left: Node, right: Node) -> Node {
    Node { span: left.span.start..right.span.end, kind: NodeKind::Binary(op, Box::new(left), Box::new(right)) }
}

fn unknown_function(name: &str, span: Range<usize>) -> ExprError {
    let error = ExprError::new(span, format!("there is no function `{name}`"));
    match did_you_mean(name, FUNCTIONS.iter().map(|f| f.name)) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error.help(format!("there are: {}", FUNCTIONS.iter().map(|f| f.name).collect::<Vec<_>>().join(", "))),
    }
}
