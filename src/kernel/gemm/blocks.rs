//! How rows are cut into panels and panels into shares.

use std::ops::Range;

/// `n` rows cut into the fewest panels of at most `largest`, as even as can be: those with a row more come first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panels {
    n: usize,
    n_panels: usize,
}

impl Panels {
    pub(super) fn even(n: usize, largest: usize) -> Self {
        Self { n, n_panels: n.div_ceil(largest) }
    }

    pub(super) fn count(self) -> usize {
        self.n_panels
    }

    /// The rows of a panel.
    #[inline(always)]
    pub(super) fn rows(self, panel: usize) -> Range<usize> {
        let (base, more) = (self.n / self.n_panels, self.n % self.n_panels);
        let begin = panel * base + panel.min(more);
        begin..begin + base + usize::from(panel < more)
    }
}

/// The `share`-th of `n_shares` even shares of `0..n`.
pub(super) fn share(n: usize, n_shares: usize, share: usize) -> Range<usize> {
    n * share / n_shares..n * (share + 1) / n_shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_follow_each_other_and_differ_by_one_row_at_most() {
        for n in 0..100 {
            for largest in 1..15 {
                let panels = Panels::even(n, largest);
                let mut end = 0;
                for panel in 0..panels.count() {
                    let rows = panels.rows(panel);
                    assert_eq!(rows.start, end);
                    assert!(rows.len() <= largest && rows.len() >= n / panels.count());
                    end = rows.end;
                }
                assert_eq!(end, n);
            }
        }
    }

    #[test]
    fn shares_follow_each_other() {
        for n in 0..20 {
            let ends: Vec<usize> = (0..3).map(|i| share(n, 3, i).end).collect();
            assert_eq!((share(n, 3, 0).start, share(n, 3, 1).start, share(n, 3, 2).start), (0, ends[0], ends[1]));
            assert_eq!(ends[2], n);
        }
    }
}
