//! Days in a row. A missed day is bridged when no other day of the seven that end or begin with it is missed.

use std::collections::BTreeSet;

use jiff::civil::Date;

/// The solved days of the run that reaches up to `today`, 0 when there is none.
///
/// A clock that was set back leaves days in the future; then the run that ends there counts too, and the longer wins,
/// so that a wrong clock, now or once, takes nothing away.
pub(super) fn streak(solved: &BTreeSet<Date>, today: Date) -> u32 {
    let ahead = solved.last().filter(|&&last| last > today).map_or(0, |&last| run_up_to(solved, last));
    ahead.max(run_up_to(solved, today))
}

fn run_up_to(solved: &BTreeSet<Date>, today: Date) -> u32 {
    let mut n_days = 0;
    let mut missed: Option<Date> = None;
    let mut expected = today;
    // Today is not over: while it is open it is no missed day.
    if !solved.contains(&today) {
        let Ok(yesterday) = today.yesterday() else { return 0 };
        expected = yesterday;
    }
    for &day in solved.range(..=expected).rev() {
        match days_between(day, expected) {
            0 => {}
            1 if missed.is_none_or(|later| days_between(expected, later) >= 7) => missed = Some(expected),
            _ => break,
        }
        n_days += 1;
        match day.yesterday() {
            Ok(yesterday) => expected = yesterday,
            Err(_) => break,
        }
    }
    n_days
}

fn days_between(earlier: Date, later: Date) -> i32 {
    earlier.duration_until(later).as_hours() as i32 / 24
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    /// `x` is a solved day, `.` a missed one; the last is today, 2026-03-03, so that a month's end lies within.
    fn of(days: &str) -> u32 {
        let today = date(2026, 3, 3);
        let solved = days.bytes().rev().enumerate().filter(|&(_, b)| b == b'x');
        streak(&solved.map(|(ago, _)| today - (ago as i64).days()).collect(), today)
    }

    #[test]
    fn solved_days_count_and_today_may_still_be_open() {
        assert_eq!(["x", "xx", "xxx.", ""].map(of), [1, 2, 3, 0]);
    }

    #[test]
    fn one_missed_day_in_seven_is_bridged_and_not_counted() {
        assert_eq!(of("xx.xx"), 4);
        assert_eq!(of("xx.."), 2, "yesterday is bridged");
        assert_eq!(of("xx..x"), 1, "two in a row end it");
        assert_eq!(of("xx..."), 0);
        assert_eq!(of("xx.xxxxx.x"), 6, "six days apart");
        assert_eq!(of("xx.xxxxxx.x"), 9, "seven days apart");
    }

    #[test]
    fn a_wrong_clock_takes_nothing_away() {
        let week: BTreeSet<Date> = (1..=5).map(|day| date(2026, 3, day)).collect();
        assert_eq!(streak(&week, date(1970, 1, 1)), 5);
        assert_eq!(streak(&week, date(2026, 3, 4)), 5, "a flight westwards");
        let mut once_wrong = week.clone();
        once_wrong.insert(date(2106, 2, 7));
        assert_eq!(streak(&once_wrong, date(2026, 3, 5)), 5);
        assert_eq!(streak(&week, Date::MAX), 0);
        assert_eq!(streak(&BTreeSet::from([Date::MIN]), Date::MIN), 1);
        assert_eq!(streak(&BTreeSet::new(), Date::MIN), 0);
    }
}
