//! How series are told apart without their colour.

use crate::lab::{Lines, Series, SeriesRole, Shape};

/// The pattern of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stroke {
    Solid,
    Dashed,
    DashDot,
    Short,
    Thick,
    Dotted,
    Sparse,
    /// Mark A.
    Faint,
}

/// Of what is measured, in the order of the series.
const MEASURED: [Stroke; 5] = [Stroke::Solid, Stroke::Dashed, Stroke::DashDot, Stroke::Short, Stroke::Thick];
const REFERENCES: [Stroke; 2] = [Stroke::Dotted, Stroke::Sparse];

impl Stroke {
    pub(super) fn has_dot(self, i: usize) -> bool {
        match self {
            Self::Solid | Self::Thick => true,
            Self::Dashed => i % 6 < 4,
            Self::DashDot => matches!(i % 10, 0..=3 | 6),
            Self::Short => i % 4 < 2,
            Self::Dotted => i.is_multiple_of(3),
            Self::Sparse => i.is_multiple_of(6),
            Self::Faint => i.is_multiple_of(4),
        }
    }

    /// What the legend shows; in ASCII mode the first character is the series' own.
    pub(super) fn sample(self, is_ascii: bool) -> &'static str {
        let (unicode, ascii) = match self {
            Self::Solid => ("⠤⠤⠤", "***"),
            Self::Dashed => ("⠤⠤ ⠤", "+++"),
            Self::DashDot => ("⠤⠤ ⠄", "%%%"),
            Self::Short => ("⠤ ⠤", "~~~"),
            Self::Thick => ("⠶⠶⠶", "&&&"),
            Self::Dotted => ("⠄⠠⠄", "..."),
            Self::Sparse => ("⠄  ⠄", ":::"),
            Self::Faint => ("⠄ ⠄", ", ,"),
        };
        if is_ascii { ascii } else { unicode }
    }
}

/// The series with their patterns: the first is solid, the next are broken, references are dotted. More references than
/// two take what measured series leave.
pub(super) fn strokes(f: &Lines) -> Vec<(&Series, Stroke)> {
    let lines: Vec<&Series> = f.entries().into_iter().filter(|s| s.shape == Shape::Line).collect();
    let n_measured = lines.iter().filter(|s| s.role != SeriesRole::Grid).count();
    let spare = &MEASURED[n_measured.min(MEASURED.len())..];
    let stroke = |s: &Series| {
        let before = lines.iter().take_while(|line| !line.is_kin(s));
        if s.role == SeriesRole::Grid {
            let patterns: Vec<Stroke> = REFERENCES.iter().chain(spare).copied().collect();
            return patterns[before.filter(|line| line.role == SeriesRole::Grid).count() % patterns.len()];
        }
        MEASURED[before.filter(|line| line.role != SeriesRole::Grid).count() % MEASURED.len()]
    };
    f.series.iter().map(|s| (s, stroke(s))).collect()
}

/// The sign of a series of points: that of its role (A, B, error, grid), another one where it is taken already.
pub(super) fn point(f: &Lines, series: &Series, is_ascii: bool) -> &'static str {
    let signs = if is_ascii { ["o", "O", "x", "'", "v", "n"] } else { ["○", "●", "×", "·", "△", "□"] };
    let own = f.entries().into_iter().filter(|s| s.shape == Shape::Points && s.role == series.role);
    match own.take_while(|s| !s.is_kin(series)).count() {
        0 => signs[series.role as usize],
        n => signs[4 + (n - 1) % 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_series_differ_in_pattern_and_in_sample() {
        let line = |name: &str, role| Series::line(name, role, vec![(0.0, 0.0)]);
        let role = |name: &str| if name.len() > 1 { SeriesRole::Grid } else { SeriesRole::A };
        let strokes_of = |names: &[&str]| {
            let f = Lines { series: names.iter().map(|name| line(name, role(name))).collect(), ..Lines::default() };
            strokes(&f).into_iter().map(|(_, stroke)| stroke).collect::<Vec<_>>()
        };
        let strokes = strokes_of(&["a", "b", "c", "d", "e", "a", "level", "limit"]);
        assert_eq!(strokes[..5], MEASURED);
        assert_eq!(strokes[5..], [Stroke::Solid, Stroke::Dotted, Stroke::Sparse]);
        let few = [Stroke::Solid, Stroke::Dotted, Stroke::Sparse, Stroke::DashDot, Stroke::Dashed];
        assert_eq!(strokes_of(&["a", "level", "limit", "floor", "b"]), few);
        for is_ascii in [false, true] {
            let mut samples: Vec<_> = strokes.iter().map(|stroke| stroke.sample(is_ascii)).collect();
            samples.sort_unstable();
            samples.dedup();
            assert_eq!(samples.len(), 7);
        }
    }

    #[test]
    fn points_of_one_role_have_signs_of_their_own() {
        let points = |name: &str| Series { shape: Shape::Points, ..Series::line(name, SeriesRole::A, Vec::new()) };
        let f = Lines { series: vec![points("a"), points("b"), points("c")], ..Lines::default() };
        let signs: Vec<_> = f.series.iter().map(|s| point(&f, s, false)).collect();
        assert_eq!(signs, ["○", "△", "□"]);
    }
}
