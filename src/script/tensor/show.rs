//! Tensors as text: type and shape, all values of a small one, the first and last of a large one.

use std::fmt;

use super::{DType, Tensor, shape_text};
use crate::script::format::number;

/// Values of an axis that are shown at each end of a long one.
const EDGE: usize = 3;
/// An axis up to this long is shown whole.
const WHOLE: usize = 8;
/// Decimals at most.
const DECIMALS: usize = 4;

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown();
        let style = Style::of(&shown.iter().map(|&at| self.get(at)).collect::<Vec<_>>(), self.dtype());
        let cells: Vec<String> = shown.iter().map(|&at| style.write(self.get(at))).collect();
        let width = if self.shape().len() > 1 { cells.iter().map(String::len).max().unwrap_or(0) } else { 0 };
        let mut cells = cells.into_iter();
        let gap = if self.shape().len() > 1 { "\n" } else { " " };
        write!(f, "{} {}{gap}", self.dtype().name(), shape_text(self.shape()))?;
        write_axis(f, self.shape(), 0, width, &mut cells)
    }
}

impl Tensor {
    /// Places of the values that are shown, in order.
    fn shown(&self) -> Vec<usize> {
        self.shape().iter().fold(vec![0], |places, &axis| {
            let inner = indices(axis);
            places.iter().flat_map(|&place| inner.iter().flatten().map(move |i| place * axis + i)).collect()
        })
    }
}

/// The places of an axis that are shown; `None` stands for those that are left out.
fn indices(axis: usize) -> Vec<Option<usize>> {
    if axis <= WHOLE {
        return (0..axis).map(Some).collect();
    }
    (0..EDGE).map(Some).chain([None]).chain((axis - EDGE..axis).map(Some)).collect()
}

fn write_axis(
    f: &mut fmt::Formatter<'_>,
    shape: &[usize],
    depth: usize,
    width: usize,
    cells: &mut impl Iterator<Item = String>,
) -> fmt::Result {
    let Some((&axis, inside)) = shape.split_first() else {
        let cell = cells.next().unwrap_or_default();
        return write!(f, "{cell:>width$}");
    };
    let is_row = inside.is_empty();
    f.write_str("[")?;
    for (i, place) in indices(axis).into_iter().enumerate() {
        if i > 0 {
            f.write_str(if is_row { ", " } else { ",\n" })?;
            if !is_row {
                write!(f, "{:1$}", "", depth + 1)?;
            }
        }
        match place {
            Some(_) => write_axis(f, inside, depth + 1, width, cells)?,
            None => f.write_str("..")?,
        }
    }
    f.write_str("]")
}

/// How the values of one tensor are written, so that they can be compared by eye.
enum Style {
    Whole,
    Fixed(usize),
    Scientific,
}

impl Style {
    fn of(values: &[f64], dtype: DType) -> Self {
        if !dtype.is_float() {
            return Self::Whole;
        }
        let sizes = || values.iter().map(|x| x.abs()).filter(|x| x.is_finite() && *x > 0.0);
        let largest = sizes().fold(0.0, f64::max);
        if largest >= 1e6 || largest > 0.0 && largest < 1e-3 {
            return Self::Scientific;
        }
        let decimals = |x: f64| number(x).split_once('.').map_or(0, |(_, tail)| tail.len());
        let needed = sizes().map(|x| if x < 1e-5 { DECIMALS } else { decimals(x) }).max().unwrap_or(1);
        Self::Fixed(needed.clamp(1, DECIMALS))
    }

    fn write(&self, x: f64) -> String {
        match self {
            _ if !x.is_finite() => number(x),
            Self::Whole => format!("{x}"),
            Self::Fixed(decimals) => {
                let text = format!("{x:.decimals$}");
                // A tiny negative number must not show as "-0".
                if text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.')) { text.trim_start_matches('-').into() } else { text }
            }
            Self::Scientific => format!("{x:.3e}"),
        }
    }
}
