//! The two vectors of codes: types, zero points, scales, and the four terms that their product falls into.

use super::{Ctx, Params};
use crate::{
    kernel::{Affine, CodeRange, code_of, min_max},
    quant::{
        ScaleFormat, Scheme, affine_of,
        onnx::{ElementType, Factor, matmul_integer},
    },
    tensor::{Source, Tensor},
};

/// The type of an operand's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    S8,
    /// As weights mostly are: without -128.
    S8Restricted,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::U8, Self::S8, Self::S8Restricted];

    pub(super) fn of(params: &Params, name: &str) -> Self {
        match params.choice(name) {
            "u8" => Self::U8,
            "s8" => Self::S8,
            _ => Self::S8Restricted,
        }
    }

    pub(super) fn range(self) -> CodeRange {
        match self {
            Self::U8 => CodeRange { qmin: 0, qmax: 255 },
            Self::S8 => CodeRange { qmin: -128, qmax: 127 },
            Self::S8Restricted => CodeRange { qmin: -127, qmax: 127 },
        }
    }

    pub(super) fn element(self) -> ElementType {
        ElementType::Integer(self.range())
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::S8 => "int8",
            Self::S8Restricted => "int8 (+-127)",
        }
    }

    /// What holds a code.
    pub(super) fn short(self) -> &'static str {
        if self == Self::U8 { "uint8" } else { "int8" }
    }

    /// The restricted codes are symmetric, the others take a zero point.
    fn affine(self, values: &[f32]) -> Affine {
        let (lo, hi) = min_max(values).map_or((0.0, 0.0), |(lo, hi)| (lo.into(), hi.into()));
        let scheme = if self == Self::S8Restricted { Scheme::Symmetric } else { Scheme::Affine };
        affine_of(lo, hi, scheme, self.range(), ScaleFormat::F32)
    }
}

/// One vector of codes.
pub(super) struct Operand {
    pub name: &'static str,
    pub kind: Kind,
    pub codes: Vec<i32>,
    pub zero: i32,
    /// The values behind the codes, and the scale between them.
    pub real: Option<(Vec<f32>, f64)>,
}

/// A dot product of codes.
pub(super) struct Dot {
    pub a: Operand,
    pub b: Operand,
    /// The real bias and its code; 0 where the codes have no scales.
    pub bias: (f64, i32),
    /// The whole result of the matrices that the vectors are a row and a column of.
    pub whole: Option<Vec<i32>>,
    /// Sentences on codes that had to be held inside their type.
    pub clamped: Vec<String>,
}

/// The example of ONNX's MatMulInteger: 4 x 3 by 3 x 2, both uint8, row-major.
pub(super) struct MatMulInteger {
    pub a: [i32; 12],
    pub a_zero: i32,
    pub b: [i32; 6],
    pub b_zero: i32,
}

pub(super) const MATMUL_INTEGER: MatMulInteger =
    MatMulInteger { a: [11, 7, 3, 10, 6, 2, 9, 5, 1, 8, 4, 0], a_zero: 12, b: [1, 4, 2, 5, 3, 6], b_zero: 0 };

impl Dot {
    pub(super) fn of(params: &Params, ctx: &Ctx) -> Self {
        match params.choice("data") {
            "minilm" => Self::real(params, ctx),
            "onnx" => Self::example(params),
            _ => Self::own(params),
        }
    }

    fn own(params: &Params) -> Self {
        let mut clamped = Vec::new();
        let mut operand = |name: &'static str| {
            let kind = Kind::of(params, if name == "a" { "a_type" } else { "b_type" });
            let range = kind.range();
            let mut held = |what: &str, code: i32| {
                let inside = code.clamp(range.qmin, range.qmax);
                if inside != code {
                    clamped.push(format!("{what} {code} of {name} is no code of {}: {inside} is taken.", kind.label()));
                }
                inside
            };
            let zero = held("The zero point", params.int(if name == "a" { "a_zero" } else { "b_zero" }) as i32);
            let codes = params.vector(name).iter().map(|x| held("The code", x.round() as i32)).collect();
            Operand { name, kind, codes, zero, real: None }
        };
        let (a, b) = (operand("a"), operand("b"));
        Self { a, b, bias: (0.0, 0), whole: None, clamped }
    }

    fn example(params: &Params) -> Self {
        let MatMulInteger { a, a_zero, b, b_zero } = MATMUL_INTEGER;
        let (row, column) = (params.int("row") as usize, params.int("column") as usize);
        let factor = |n_rows, n_cols, codes, zero_points| Factor { n_rows, n_cols, codes, zero_points };
        let whole = matmul_integer(factor(4, 3, &a, &[a_zero]), factor(3, 2, &b, &[b_zero]))
            .expect("the shapes are those of the example");
        let operand = |name, codes, zero| Operand { name, kind: Kind::U8, codes, zero, real: None };
        Self {
            a: operand("a", a[3 * row..3 * row + 3].to_vec(), a_zero),
            b: operand("b", (0..3).map(|k| b[2 * k + column]).collect(), b_zero),
            bias: (0.0, 0),
            whole: Some(whole),
            clamped: vec![],
        }
    }

    /// Eight channels of a real token and a real output, each with the scale of its whole row.
    fn real(params: &Params, ctx: &Ctx) -> Self {
        let first = params.int("channels") as usize;
        let operand = |name, tensor: &Tensor, row: usize, kind: Kind| {
            let row = &tensor.data[row * tensor.cols..][..tensor.cols];
            let by = kind.affine(row);
            let values = row[first..first + 8].to_vec();
            let codes = values.iter().map(|&x| code_of(x, by, kind.range())).collect();
            Operand { name, kind, codes, zero: by.zero_point, real: Some((values, by.scale.into())) }
        };
        let row = |name: &str| params.int(name) as usize;
        let a = operand("a", &ctx.sources.get(Source::Activations, 0, 0), row("token"), Kind::of(params, "a_type"));
        let b = operand("b", &ctx.sources.get(Source::IntermediateDense, 0, 0), row("output"), Kind::of(params, "b_type"));
        let bias = params.float("bias");
        let mut dot = Self { a, b, bias: (bias, 0), whole: None, clamped: vec![] };
        // A cast holds what int32 cannot.
        dot.bias.1 = dot.unit().map_or(0, |unit| (bias / unit).round_ties_even() as i32);
        dot
    }

    /// How many products are summed.
    pub(super) fn k(&self) -> usize {
        self.a.codes.len()
    }

    /// What one step of the int32 result stands for: the product of both scales.
    pub(super) fn unit(&self) -> Option<f64> {
        Some(self.a.real.as_ref()?.1 * self.b.real.as_ref()?.1)
    }

    pub(super) fn terms(&self) -> Terms {
        let sum = |codes: &[i32]| codes.iter().sum::<i32>();
        Terms {
            products: self.pairs().map(|(a, b)| a * b).sum(),
            b_zero: -self.b.zero * sum(&self.a.codes),
            a_zero: -self.a.zero * sum(&self.b.codes),
            constant: self.k() as i32 * self.a.zero * self.b.zero,
            bias: self.bias.1,
        }
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (i32, i32)> + '_ {
        self.a.codes.iter().copied().zip(self.b.codes.iter().copied())
    }

    pub(super) fn real_result(&self) -> Option<f64> {
        Some(self.unit()? * f64::from(self.terms().result()))
    }

    pub(super) fn float_result(&self) -> Option<f64> {
        let (a, b) = (&self.a.real.as_ref()?.0, &self.b.real.as_ref()?.0);
        Some(a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>() + self.bias.0)
    }
}

/// What a dot product of codes falls into. Eight products of 16 bits cannot leave int32; the bias wraps as hardware does.
pub(super) struct Terms {
    pub products: i32,
    pub b_zero: i32,
    pub a_zero: i32,
    pub constant: i32,
    pub bias: i32,
}

impl Terms {
    pub(super) fn result(&self) -> i32 {
        (self.products + self.b_zero + self.a_zero + self.constant).wrapping_add(self.bias)
    }

    /// What is known before the input comes.
    pub(super) fn known(&self) -> i32 {
        (self.a_zero + self.constant).wrapping_add(self.bias)
    }
}
