//! Instants and states, as the page shows them.

use pki_core::status::Standing;
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::etcdpki::output::{date, timestamp};

/// An instant.
#[derive(Debug, Serialize)]
pub(super) struct Moment {
    iso: String,
    pub(super) day: String,
    /// How far it is off, such as `in 90 days`.
    pub(super) relative: String,
}

impl Moment {
    pub(super) fn new(instant: OffsetDateTime, at: OffsetDateTime) -> Self {
        Self {
            iso: timestamp(instant),
            day: date(instant),
            relative: relative(instant - at),
        }
    }
}

fn relative(off: Duration) -> String {
    let (is_past, length) = (off.is_negative(), off.unsigned_abs());
    let nearest = |unit: u64| (length.as_secs() + unit / 2) / unit;
    let (number, unit) = match (nearest(MINUTE), nearest(HOUR)) {
        (minutes @ ..60, _) => (minutes, "minute"),
        (_, hours @ ..48) => (hours, "hour"),
        _ => (nearest(DAY), "day"),
    };
    let length = count(usize::try_from(number).unwrap_or(0), unit);
    match is_past {
        true => format!("{length} ago"),
        false => format!("in {length}"),
    }
}

/// Lengths of time in seconds.
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Such as `1 node` and `2 nodes`, with a comma between thousands.
pub(super) fn count(number: usize, what: &str) -> String {
    let plural = match number {
        1 => "",
        _ => "s",
    };
    format!("{} {what}{plural}", grouped(number))
}

/// A number with a comma between thousands.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How something stands, in a word, and how bad that is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct State {
    pub(super) kind: Kind,
    pub(super) word: &'static str,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Bad,
    Warn,
    Ok,
}

impl State {
    pub(super) fn of(standing: &Standing) -> Self {
        let kind = match standing {
            Standing::Ok => Kind::Ok,
            Standing::Changed | Standing::Due | Standing::NotYetValid => Kind::Warn,
            _ => Kind::Bad,
        };
        Self {
            kind,
            word: standing.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_a_unit_that_says_something() {
        for (off, text) in [
            (Duration::days(364), "in 364 days"),
            (Duration::days(365) - Duration::SECOND, "in 365 days"),
            (Duration::hours(47), "in 47 hours"),
            (Duration::hours(24) - Duration::SECOND, "in 24 hours"),
            (Duration::minutes(59), "in 59 minutes"),
            (Duration::hours(-1), "1 hour ago"),
            (Duration::minutes(-10), "10 minutes ago"),
            (Duration::days(-3650), "3,650 days ago"),
        ] {
            assert_eq!(relative(off), text);
        }
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
