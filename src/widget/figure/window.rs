//! What shows of a list that is longer than its room: the part around the cursor, and how many are left out.

use crate::theme::Glyphs;

/// The lines of a list that have a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) first: usize,
    pub(super) n_shown: usize,
    n: usize,
}

impl Window {
    /// The part of `n` lines that fits `rows`; where not all do, the last row is left for [`Self::note`].
    pub(super) fn of(n: usize, rows: usize, cursor: Option<usize>) -> Self {
        let n_shown = if n > rows && rows > 1 { rows - 1 } else { n.min(rows) };
        // The cursor stands in the middle as far as the ends allow it, so no scroll has to be remembered.
        let first = cursor.map_or(0, |at| at.min(n).saturating_sub(n_shown / 2).min(n - n_shown));
        Self { first, n_shown, n }
    }

    pub(super) fn range(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.n_shown
    }

    /// How many lines are left out; `None` where all show.
    pub(super) fn note(&self, glyphs: &Glyphs) -> Option<String> {
        let below = self.n - self.n_shown - self.first;
        match (self.first, below) {
            (0, 0) => None,
            (0, below) => Some(format!("{} {below} more; w says all", glyphs.ellipsis)),
            (above, 0) => Some(format!("{} {above} above; w says all", glyphs.ellipsis)),
            (above, below) => Some(format!("{} {above} above, {below} below; w says all", glyphs.ellipsis)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Background, Depth, Theme};

    #[test]
    fn a_window_keeps_the_cursor_in_view_and_counts_what_it_leaves_out() {
        let theme = Theme::new(Background::Dark, Depth::None, false);
        let seen = |n, rows, cursor| {
            let window = Window::of(n, rows, cursor);
            assert!(cursor.is_none_or(|at| window.n_shown == 0 || window.range().contains(&at)));
            (window.range(), window.note(theme.glyphs()).unwrap_or_default())
        };
        assert_eq!(seen(5, 5, Some(4)), (0..5, String::new()));
        assert_eq!(seen(13, 9, None), (0..8, "… 5 more; w says all".into()));
        assert_eq!(seen(13, 9, Some(6)), (2..10, "… 2 above, 3 below; w says all".into()));
        assert_eq!(seen(13, 9, Some(12)), (5..13, "… 5 above; w says all".into()));
        assert_eq!(seen(3, 1, None).0, 0..1);
        assert_eq!(seen(3, 0, None).0, 0..0);
    }
}
