//! How series are told apart without their colour.

use crate::lab::{Lines, Series, SeriesRole, Shape};

/// The pattern of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stroke {
    Solid,
    Dashed,
    Dotted,
    /// Mark A.
    Faint,
}

impl Stroke {
    pub(super) fn has_dot(self, i: usize) -> bool {
        match self {
            Self::Solid => true,
            Self::Dashed => i % 6 < 4,
            Self::Dotted => i.is_multiple_of(3),
            Self::Faint => i.is_multiple_of(4),
        }
    }

    /// What the legend shows; in ASCII mode the first character is the series' own.
    pub(super) fn sample(self, is_ascii: bool) -> &'static str {
        match (self, is_ascii) {
            (Self::Solid, false) => "⠤⠤⠤",
            (Self::Dashed, false) => "⠤⠠⠤",
            (Self::Dotted, false) => "⠄⠠⠄",
            (Self::Faint, false) => "⠄ ⠄",
            (Self::Solid, true) => "***",
            (Self::Dashed, true) => "+++",
            (Self::Dotted, true) => "...",
            (Self::Faint, true) => ", ,",
        }
    }
}

/// The first series is solid, others are broken; references are dotted.
pub(super) fn strokes(f: &Lines) -> Vec<(&Series, Stroke)> {
    let mut n_measured = 0;
    let mut stroke = |s: &Series| {
        if s.role == SeriesRole::Grid {
            return Stroke::Dotted;
        }
        n_measured += usize::from(s.shape == Shape::Line);
        if n_measured <= 1 { Stroke::Solid } else { Stroke::Dashed }
    };
    f.series.iter().map(|s| (s, stroke(s))).collect()
}

/// The sign of the points of a role: A, B, error, grid.
pub(super) fn point(role: SeriesRole, is_ascii: bool) -> &'static str {
    let signs = if is_ascii { ["o", "*", "x", "."] } else { ["○", "●", "×", "·"] };
    signs[role as usize]
}
