//! The inset: a moving average over values with zeros around them. It shows at its border what real 0 comes back as.

use crate::lab::{Lines, Mark, Series, SeriesRole, row::short};

/// Outputs that are shown: the first values of the data.
const N_SHOWN: usize = 32;

/// A convolution whose `2 * width + 1` taps are all the same and whose ends read `width` zeros each: as many outputs as
/// values.
pub(super) struct Padded {
    width: usize,
    /// What real 0 comes back as.
    zero: f64,
    exact: Vec<f64>,
    decoded: Vec<f64>,
}

impl Padded {
    /// Of the original values and of what their codes stand for, as many of each.
    pub(super) fn of(originals: &[f32], decoded: &[f32], zero: f64, width: usize) -> Self {
        let n = originals.len().min(N_SHOWN);
        Self { width, zero, exact: average(&originals[..n], 0.0, width), decoded: average(&decoded[..n], zero, width) }
    }

    /// Whether the taps of an output reach into the padding.
    fn is_border(&self, idx: usize) -> bool {
        idx < self.width || idx + self.width >= self.exact.len()
    }

    fn error(&self, idx: usize) -> f64 {
        self.decoded[idx] - self.exact[idx]
    }

    fn largest(&self, border: bool) -> Option<f64> {
        let those = (0..self.exact.len()).filter(|&idx| self.is_border(idx) == border);
        those.map(|idx| self.error(idx).abs()).reduce(f64::max)
    }

    /// The largest error of an output that reads padding; `None` without padding.
    pub(super) fn border_error(&self) -> Option<f64> {
        self.largest(true)
    }

    /// The largest error of the outputs that read values alone; `None` where all read padding.
    pub(super) fn inner_error(&self) -> Option<f64> {
        self.largest(false)
    }

    /// By how much the padding alone moves the outermost output.
    pub(super) fn drift(&self) -> f64 {
        self.zero * self.width as f64 / (2 * self.width + 1) as f64
    }

    pub(super) fn figure(&self) -> Lines {
        let points = |of: &dyn Fn(usize) -> f64| (0..self.exact.len()).map(|idx| (idx as f64, of(idx))).collect::<Vec<_>>();
        let taps = 2 * self.width + 1;
        let heading = match (self.border_error(), self.inner_error()) {
            (Some(border), Some(inner)) => format!("a mean of {taps} errs by up to {border:.4} at the border, {inner:.4} inside"),
            (Some(border), None) => format!("every mean of {taps} reads padding; they err by up to {border:.4}"),
            (None, Some(inner)) => format!("no padding: each output is its value, which errs by up to {inner:.4}"),
            (None, None) => "no values".into(),
        };
        let ends = [self.width as f64 - 0.5, self.exact.len() as f64 - self.width as f64 - 0.5];
        let mark = |x| Mark { x, label: "border".into(), role: SeriesRole::Grid };
        let has_inside = self.border_error().is_some() && self.inner_error().is_some();
        Lines {
            view: "padding",
            heading,
            x_label: "output",
            y_label: "value",
            series: vec![
                Series::line("exact", SeriesRole::A, points(&|idx| self.exact[idx])),
                Series::line("from codes", SeriesRole::B, points(&|idx| self.decoded[idx])),
                Series::line("error", SeriesRole::Error, points(&|idx| self.error(idx))),
            ],
            marks: if has_inside { ends.map(mark).into() } else { Vec::new() },
            ..Lines::default()
        }
    }

    /// Why metrics are absent, and what moves the border.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.border_error().is_none() {
            notes.push("border_error is absent: without padding there is no border.".into());
        }
        if self.inner_error().is_none() {
            notes.push("inner_error is absent: every output reads padding.".into());
        }
        if self.zero != 0.0 && self.width > 0 {
            let (taps, drift) = (2 * self.width + 1, short((self.drift() * 1e5).round() / 1e5));
            notes.push(format!("The outermost mean reads {} of {taps} taps from the padding and drifts by {drift}.", self.width));
        }
        notes
    }
}

/// Means of the values around each place, `outside` standing for what lies beyond the ends.
fn average(values: &[f32], outside: f64, width: usize) -> Vec<f64> {
    let at = |idx: Option<usize>| idx.and_then(|idx| values.get(idx)).map_or(outside, |&x| f64::from(x));
    let taps = 2 * width + 1;
    (0..values.len()).map(|idx| (0..taps).map(|tap| at((idx + tap).checked_sub(width))).sum::<f64>() / taps as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_reads_zeros_beyond_the_ends() {
        assert_eq!(average(&[3.0, 6.0, 9.0], 0.0, 1), [3.0, 6.0, 5.0]);
        assert_eq!(average(&[3.0, 6.0, 9.0], 3.0, 1), [4.0, 6.0, 6.0]);
        assert_eq!(average(&[3.0], 0.0, 2), [0.6]);
        assert!(average(&[], 0.0, 1).is_empty());
    }

    #[test]
    fn what_zero_comes_back_as_shows_at_the_border_only() {
        let values = [1.0; 8];
        let padded = Padded::of(&values, &values, 0.5, 1);
        assert_eq!(padded.inner_error(), Some(0.0));
        for drift in [padded.border_error().expect("it has a border"), padded.drift()] {
            assert!((drift - 0.5 / 3.0).abs() < 1e-12, "{drift}");
        }
        let exact = Padded::of(&values, &values, 0.0, 1);
        assert_eq!(exact.border_error(), Some(0.0));
        assert!(exact.notes().is_empty());
    }

    #[test]
    fn a_border_that_is_not_there_has_no_error() {
        assert_eq!(Padded::of(&[1.0; 8], &[1.5; 8], 0.5, 0).border_error(), None);
        assert_eq!(Padded::of(&[1.0; 2], &[1.5; 2], 0.5, 1).inner_error(), None);
        assert_eq!(Padded::of(&[1.0; 8], &[1.5; 8], 0.5, 0).notes().len(), 1);
    }
}
