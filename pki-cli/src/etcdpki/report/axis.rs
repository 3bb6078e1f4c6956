//! The axis of a time line: where an instant is, and which instants are named.

use serde::Serialize;
use time::macros::format_description;
use time::{Duration, Month, OffsetDateTime, UtcOffset};

/// So many instants at most are named, so that their names fit on a phone.
const TICKS: i64 = 5;
/// What is left free at both ends, as a part of the whole.
const MARGIN: i32 = 40;

/// From an instant to another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    start: OffsetDateTime,
    end: OffsetDateTime,
}

/// An instant that is named.
#[derive(Debug, Serialize)]
pub(super) struct Tick {
    pub(super) x: String,
    pub(super) label: String,
}

impl Axis {
    /// The one on which all of these are.
    pub(super) fn around(instants: impl Iterator<Item = OffsetDateTime>) -> Option<Self> {
        let (start, end) = instants.fold(None, |range, instant| {
            let (start, end) = range.unwrap_or((instant, instant));
            Some((start.min(instant), end.max(instant)))
        })?;
        let margin = ((end - start) / MARGIN).max(Duration::minutes(1));
        Some(Self {
            start: start.checked_sub(margin)?.to_offset(UtcOffset::UTC),
            end: end.checked_add(margin)?.to_offset(UtcOffset::UTC),
        })
    }

    /// Where an instant is, in percent of the width.
    pub(super) fn position(&self, instant: OffsetDateTime) -> f64 {
        let part = (instant - self.start) / (self.end - self.start);
        (part * 100.0).clamp(0.0, 100.0)
    }

    pub(super) fn ticks(&self) -> Vec<Tick> {
        let step = Step::for_length(self.end - self.start);
        let mut ticks = Vec::new();
        let mut next = step.floor(self.start);
        while let Some(instant) = next.filter(|instant| *instant <= self.end) {
            let x = self.position(instant);
            // Closer to an end its name would be cut off.
            if instant > self.start && (4.0..=96.0).contains(&x) {
                ticks.push(Tick {
                    x: percent(x),
                    label: step.label(instant),
                });
            }
            next = step.after(instant);
        }
        ticks
    }
}

/// A position as SVG takes it.
pub(super) fn percent(position: f64) -> String {
    format!("{position:.2}%")
}

/// How far two ticks are apart.
#[derive(Clone, Copy, Debug)]
enum Step {
    Minutes(i64),
    Months(i32),
}

/// From the smallest to the largest, none much larger than the one before: so there is always a tick.
const STEPS: [Step; 19] = [
    Step::Minutes(5),
    Step::Minutes(15),
    Step::Minutes(30),
    Step::Minutes(HOUR),
    Step::Minutes(3 * HOUR),
    Step::Minutes(6 * HOUR),
    Step::Minutes(12 * HOUR),
    Step::Minutes(DAY),
    Step::Minutes(2 * DAY),
    Step::Minutes(7 * DAY),
    Step::Minutes(14 * DAY),
    Step::Months(1),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(24),
    Step::Months(60),
    Step::Months(120),
    Step::Months(240),
];
/// In minutes.
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;
const MONTH: i64 = 365 * DAY / 12;

impl Step {
    fn for_length(length: Duration) -> Self {
        let mut steps = STEPS.into_iter();
        let fits = |step: &Self| length.whole_minutes() / step.minutes() <= TICKS;
        steps.find(fits).unwrap_or(Self::Months(1_200))
    }

    fn minutes(self) -> i64 {
        match self {
            Self::Minutes(minutes) => minutes,
            Self::Months(months) => i64::from(months) * MONTH,
        }
    }

    /// The last tick before an instant.
    fn floor(self, instant: OffsetDateTime) -> Option<OffsetDateTime> {
        match self {
            Self::Minutes(minutes) => {
                let seconds = minutes * 60;
                let since = instant.unix_timestamp().div_euclid(seconds);
                OffsetDateTime::from_unix_timestamp(since * seconds).ok()
            }
            Self::Months(months) => {
                let since = instant.year() * 12 + i32::from(u8::from(instant.month())) - 1;
                month(since.div_euclid(months) * months)
            }
        }
    }

    fn after(self, tick: OffsetDateTime) -> Option<OffsetDateTime> {
        match self {
            Self::Minutes(minutes) => tick.checked_add(Duration::minutes(minutes)),
            Self::Months(months) => {
                month(tick.year() * 12 + i32::from(u8::from(tick.month())) - 1 + months)
            }
        }
    }

    fn label(self, tick: OffsetDateTime) -> String {
        let label = match self {
            Self::Minutes(..HOUR) => tick.format(format_description!("[hour]:[minute]")),
            Self::Minutes(..DAY) => tick.format(format_description!("[month]-[day] [hour]h")),
            Self::Minutes(_) => tick.format(format_description!("[month]-[day]")),
            Self::Months(..12) => tick.format(format_description!("[year]-[month]")),
            Self::Months(_) => tick.format(format_description!("[year]")),
        };
        label.unwrap_or_default()
    }
}

/// The beginning of a month, counted from that of the year 0.
fn month(since: i32) -> Option<OffsetDateTime> {
    let number = u8::try_from(since.rem_euclid(12) + 1).ok()?;
    let month = Month::try_from(number).ok()?;
    let date = time::Date::from_calendar_date(since.div_euclid(12), month, 1).ok()?;
    Some(date.midnight().assume_utc())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn labels(start: OffsetDateTime, length: Duration) -> Vec<String> {
        let axis = Axis::around([start, start + length].into_iter()).unwrap();
        axis.ticks().into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn few_round_instants_are_named() {
        let start = datetime!(2026-11-29 12:00 UTC);
        assert_eq!(
            labels(start, Duration::days(365)),
            ["2027-01", "2027-04", "2027-07", "2027-10"]
        );
        assert_eq!(
            labels(start, Duration::days(20 * 365)),
            ["2030", "2035", "2040", "2045"]
        );
        assert_eq!(
            labels(start, Duration::hours(24)),
            ["11-29 18h", "11-30 00h", "11-30 06h"]
        );
        assert_eq!(
            labels(start, Duration::hours(1)),
            ["12:15", "12:30", "12:45"]
        );
        let mut length = Duration::minutes(10);
        while length < Duration::days(100 * 365) {
            let number = labels(start, length).len();
            assert!((1..=6).contains(&number), "{length}: {number}");
            length += length / 7;
        }
    }

    #[test]
    fn one_instant_is_a_range_too() {
        let start = datetime!(9999-12-31 23:59 UTC);
        assert!(Axis::around([start].into_iter()).is_none());
        let axis = Axis::around([datetime!(2026-11-29 0:00 UTC)].into_iter()).unwrap();
        assert_eq!(axis.position(datetime!(2026-11-29 0:00 UTC)), 50.0);
        assert!(Axis::around(std::iter::empty()).is_none());
    }
}
