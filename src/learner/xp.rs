//! What pays how much. One table; help texts and the fold read the same rows.

use crate::id::StepKind;

/// One row of the table, as help shows it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub what: &'static str,
    pub xp: u32,
    /// The steps whose solution pays this row.
    pub kinds: &'static [StepKind],
}

/// Paid once per step, for being made.
pub const PREDICTION: u32 = 5;
/// On top of a challenge that reached par.
pub const PAR: u32 = 10;
/// Paid once per lesson.
pub const NODE: u32 = 20;
/// Paid for a drill that was solved at the first try, without its solution.
pub const DRILL: u32 = 2;
/// The most that drills pay on one local day.
pub const DRILLS_A_DAY: u32 = 20;

pub const XP: &[Row] = &[
    Row { what: "reading and looking things up", xp: 0, kinds: &[StepKind::Text, StepKind::Code] },
    Row { what: "a prediction made, right or wrong", xp: PREDICTION, kinds: &[] },
    Row {
        what: "choice, cloze, order, match",
        xp: 10,
        kinds: &[StepKind::Choice, StepKind::Cloze, StepKind::Order, StepKind::Match],
    },
    Row { what: "a number worked out, an output foretold", xp: 15, kinds: &[StepKind::Numeric, StepKind::Output] },
    Row { what: "a lab challenge", xp: 30, kinds: &[StepKind::Lab] },
    Row { what: "a challenge at par, on top", xp: PAR, kinds: &[] },
    Row { what: "a code exercise", xp: 40, kinds: &[StepKind::Exercise] },
    Row { what: "a lesson complete", xp: NODE, kinds: &[] },
    Row { what: "a drill at the first try, 20 a day at most", xp: DRILL, kinds: &[] },
];

/// What a step of this kind pays when it is solved at the first try without help.
pub fn base(kind: StepKind) -> u32 {
    XP.iter().find(|row| row.kinds.contains(&kind)).map_or(0, |row| row.xp)
}

/// The same with par, where there is one and it was reached.
pub fn worth(kind: StepKind, par: bool) -> u32 {
    base(kind) + if par && kind == StepKind::Lab { PAR } else { 0 }
}

/// How much of it is paid, in percent: 100, 60 and 30 by the try, less 20 points a hint, not below 20.
pub fn percent(attempt: u32, hints: u32) -> u32 {
    let by_try: u32 = match attempt {
        0 | 1 => 100,
        2 => 60,
        _ => 30,
    };
    by_try.saturating_sub(hints.saturating_mul(20)).max(20)
}

/// The XP of a solved step, rounded to the nearest whole number, halves up.
pub fn pay(full: u32, attempt: u32, hints: u32) -> u32 {
    (full * percent(attempt, hints) + 50) / 100
}

/// What so many drills of one local day pay, each solved at the first try.
pub fn drills(n: u32) -> u32 {
    n.saturating_mul(DRILL).min(DRILLS_A_DAY)
}

/// The XP at which a level starts: 0, 50, 150, 300, ...
pub fn level_start(level: u32) -> u32 {
    level.saturating_mul(level.saturating_sub(1)).saturating_mul(25)
}

/// The level that so much XP has reached, from 1.
pub fn level(xp: u32) -> u32 {
    // The largest n with n (n - 1) <= xp / 25.
    u32::midpoint(1, (1 + 4 * (xp / 25)).isqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_step_stands_in_exactly_one_row() {
        for kind in StepKind::ALL {
            assert_eq!(XP.iter().filter(|row| row.kinds.contains(&kind)).count(), 1, "{kind:?}");
        }
        assert_eq!([StepKind::Text, StepKind::Choice, StepKind::Numeric, StepKind::Lab].map(base), [0, 10, 15, 30]);
        assert_eq!([StepKind::Code, StepKind::Output, StepKind::Exercise].map(base), [0, 15, 40]);
        assert!(XP.iter().any(|row| row.what.contains(&format!("{DRILLS_A_DAY} a day"))), "the table names the bound");
        assert_eq!((worth(StepKind::Lab, true), worth(StepKind::Choice, true)), (40, 10));
    }

    #[test]
    fn tries_and_hints_lower_the_percentage_to_twenty_at_least() {
        assert_eq!([1, 2, 3, 9].map(|attempt| percent(attempt, 0)), [100, 60, 30, 30]);
        assert_eq!([0, 1, 2, 3, 4, 5, u32::MAX].map(|hints| percent(1, hints)), [100, 80, 60, 40, 20, 20, 20]);
        assert_eq!((percent(2, 1), percent(2, 2), percent(3, 1)), (40, 20, 20));
    }

    #[test]
    fn a_half_point_is_rounded_up() {
        assert_eq!((pay(15, 3, 0), pay(10, 2, 0), pay(40, 1, 1)), (5, 6, 32));
    }

    #[test]
    fn a_level_starts_where_the_table_says() {
        assert_eq!([0, 49, 50, 149, 150, 299, 300].map(level), [1, 1, 2, 2, 3, 3, 4]);
        for n in 1..1_000 {
            assert_eq!((level(level_start(n)), level(level_start(n + 1) - 1)), (n, n));
        }
        assert!(level_start(level(u32::MAX)) > level_start(level(u32::MAX) - 1));
    }
}
