//! The wall clock, the local day, and the clock of a thread's own work.

use std::time::Duration;

use jiff::{ToSpan, ZonedDateTime};
use rustix::time::{ClockId, clock_gettime};

use crate::model::Now;

/// The loop looks at the clock at least this often: a machine that slept through midnight has a late timer.
const LONGEST: Duration = Duration::from_secs(3600);

/// What time it is, and which local day.
#[expect(clippy::disallowed_methods, reason = "the one place that asks what time it is")]
pub fn now() -> Now {
    at(&ZonedDateTime::now())
}

/// How long this thread has computed so far. Scripts are limited by it: what else the machine does must not end them.
pub fn computed() -> Duration {
    // The kernel counts from the thread's start, so it is never negative.
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

/// How long until the local day ends, at most an hour.
#[expect(clippy::disallowed_methods, reason = "the one place that asks what time it is")]
pub(super) fn until_midnight() -> Duration {
    before_midnight(&ZonedDateTime::now())
}

fn at(zoned: &ZonedDateTime) -> Now {
    Now { unix_ms: zoned.timestamp().as_millisecond(), day: zoned.date() }
}

fn before_midnight(zoned: &ZonedDateTime) -> Duration {
    let midnight = zoned.date().checked_add(1.day()).and_then(|next| next.to_zoned_datetime(zoned.time_zone().clone()));
    match midnight.map(|midnight| Duration::try_from(zoned.duration_until(&midnight))) {
        // One millisecond more: a timer that fires early would see the old day.
        Ok(Ok(left)) => (left + Duration::from_millis(1)).min(LONGEST),
        _ => LONGEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_ends_at_local_midnight() {
        let zoned: ZonedDateTime = "2026-11-23T23:59:58+05:30[+05:30]".parse().expect("a date");
        assert_eq!(before_midnight(&zoned), Duration::from_millis(2_001));
        assert_eq!(at(&zoned).day, jiff::civil::date(2026, 11, 23), "18:29 UTC is still the 23rd there");
        let noon: ZonedDateTime = "2026-11-23T12:00:00+00:00[UTC]".parse().expect("a date");
        assert_eq!(before_midnight(&noon), LONGEST);
    }
}
