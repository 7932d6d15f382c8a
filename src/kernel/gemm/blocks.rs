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

/// Cuts `0..n` into shares for several threads, each a part of what is left: the last ones are small, so nobody waits
/// long for another at the end, even for one who was held up.
pub(super) fn shares(n: usize, n_threads: usize) -> impl Iterator<Item = Range<usize>> {
    let mut begin = 0;
    std::iter::from_fn(move || {
        let share = begin..begin + (n - begin).div_ceil(2 * n_threads);
        begin = share.end;
        (!share.is_empty()).then_some(share)
    })
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
    fn shares_follow_each_other_and_shrink() {
        for n in 0..200 {
            for n_threads in 1..5 {
                let (mut end, mut len) = (0, n);
                for share in shares(n, n_threads) {
                    assert_eq!(share.start, end);
                    assert!(!share.is_empty() && share.len() <= len);
                    (end, len) = (share.end, share.len());
                }
                assert!(end == n && len <= 1, "{n} for {n_threads} ends with {len}");
            }
        }
    }
}
