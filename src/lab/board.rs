//! The board of a lab: every run of a session by two of its metrics. Labs keep no state; the model keeps the runs.

use super::{Better, Lab, Lines, Series, SeriesRole, Shape};

/// The two metrics that a board compares, by their names in the lab's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Board {
    pub x: &'static str,
    pub y: &'static str,
}

impl Board {
    /// The runs as points, the last one marked: those that another run beats in one metric and does not lose to in the
    /// other are faint. Runs that are not finite are left out.
    pub fn figure(self, lab: &Lab, runs: &[(f64, f64)]) -> Option<Lines> {
        let (x, y) = (lab.metric(self.x)?, lab.metric(self.y)?);
        let runs: Vec<(f64, f64)> = runs.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        type Points = Vec<(f64, f64)>;
        let (mut best, beaten): (Points, Points) = runs.iter().partition(|&&run| {
            let beats = |other: &&(f64, f64)| dominates(**other, run, (x.better, y.better));
            !runs.iter().any(|other| beats(&other))
        });
        best.sort_by(|a, b| a.0.total_cmp(&b.0));
        best.dedup();
        let points = |name: &str, role, points| Series { name: name.into(), role, shape: Shape::Points, points };
        let n_best = best.len();
        Some(Lines {
            view: "board",
            heading: format!("{} of this session; {n_best} not beaten in both", super::row::count(runs.len() as u64, "run")),
            x_label: x.label,
            x_unit: x.unit,
            y_label: y.label,
            y_unit: y.unit,
            series: vec![points("not beaten", SeriesRole::B, best), points("beaten", SeriesRole::Grid, beaten)],
            here: runs.last().copied(),
            y_metric: y.name,
            x_metric: x.name,
            ..Lines::default()
        })
    }
}

/// At least as good in both and better in one; where neither end is better, equal is as good as it gets.
fn dominates(a: (f64, f64), b: (f64, f64), better: (Better, Better)) -> bool {
    let gain = |a: f64, b: f64, better| match better {
        Better::Lower => b - a,
        Better::Higher => a - b,
        Better::Neither => -(a - b).abs(),
    };
    let gains = [gain(a.0, b.0, better.0), gain(a.1, b.1, better.1)];
    gains.iter().all(|g| *g >= 0.0) && gains.iter().any(|g| *g > 0.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn beaten_runs_are_faint_and_the_last_one_is_marked() {
        let lab = crate::lab::find("mixed").expect("there is such a lab");
        let board = lab.board().expect("it has a board");
        let runs = [(2000.0, 96.0), (1500.0, 95.0), (1600.0, 95.0), (1500.0, 95.0), (3000.0, f64::NAN)];
        let figure = board.figure(lab, &runs).expect("its metrics exist");
        assert_eq!(figure.series[0].points, [(1500.0, 95.0), (2000.0, 96.0)]);
        assert_eq!(figure.series[1].points, [(1600.0, 95.0)]);
        assert_eq!(figure.here, Some((1500.0, 95.0)));
    }

    #[test]
    fn every_board_stands_on_metrics_of_its_lab() {
        for (id, board) in crate::lab::BOARDS {
            let lab = crate::lab::find(id).expect("a board belongs to a lab");
            assert!(lab.metric(board.x).is_some() && lab.metric(board.y).is_some(), "{id}");
        }
    }
}
