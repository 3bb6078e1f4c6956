//! Lengths of time as people write them, and validity periods.

use std::fmt;
use std::str::FromStr;

use time::{Duration, OffsetDateTime};

use crate::text::instant;

/// A positive length of time: a whole number and a unit.
///
/// Units: `s`, `m` (minutes), `h`, `d`, `w`, `y` (365 days). There is no unit for months.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Lifetime(Duration);

impl Lifetime {
    /// A lifetime of whole days.
    pub const fn days(days: i64) -> Self {
        Self(Duration::days(days))
    }

    /// A lifetime of whole minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self(Duration::minutes(minutes))
    }

    /// The length as a [`Duration`].
    pub fn as_duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Lifetime {
    type Err = InvalidLifetime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidLifetime(text.to_owned());
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let seconds: i64 = match &text[digits.len()..] {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            "y" => 365 * 86_400,
            _ => return Err(invalid()),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        let count: i64 = digits.parse().map_err(|_| invalid())?;
        let seconds = count.checked_mul(seconds).ok_or_else(invalid)?;
        if seconds == 0 || seconds > MAX_SECONDS {
            return Err(invalid());
        }
        Ok(Self(Duration::seconds(seconds)))
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.whole_seconds();
        let (unit, name) = [
            (365 * 86_400, "y"),
            (86_400, "d"),
            (3_600, "h"),
            (60, "m"),
            (1, "s"),
        ]
        .into_iter()
        .find(|(unit, _)| seconds % unit == 0)
        .unwrap_or((1, "s"));
        write!(f, "{}{name}", seconds / unit)
    }
}

/// A text that is not a [`Lifetime`].
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not a lifetime: write a whole number and one of s, m, h, d, w, y, such as 365d; \
     at most 100y"
)]
pub struct InvalidLifetime(String);

/// When a certificate is to be renewed, counted back from its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RenewBefore {
    /// This part of its whole validity before the end.
    Fraction {
        /// The numerator, less than the denominator.
        part: u32,
        /// The denominator.
        of: u32,
    },
    /// This long before the end.
    Length(Lifetime),
}

impl RenewBefore {
    /// The instant from which a certificate of this validity is due.
    pub fn due_from(self, validity: &Validity) -> OffsetDateTime {
        let before = match self {
            Self::Fraction { part, of } => {
                (validity.not_after - validity.not_before) * f64::from(part) / f64::from(of)
            }
            Self::Length(length) => length.as_duration(),
        };
        validity.not_after - before
    }

    /// The instant from which one may be renewed: up to a tenth of its validity before it is due.
    pub(crate) fn earliest_from(self, validity: &Validity) -> OffsetDateTime {
        self.due_from(validity) - spread(validity)
    }
}

/// A renewal is spread over this part of a certificate's validity before it is due, so that
/// certificates which were issued together do not end together for ever.
pub(crate) fn spread(validity: &Validity) -> Duration {
    (validity.not_after - validity.not_before) / SPREAD
}

impl FromStr for RenewBefore {
    type Err = InvalidRenewBefore;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRenewBefore(text.to_owned());
        let Some((part, of)) = text.split_once('/') else {
            return text.parse().map(Self::Length).map_err(|_| invalid());
        };
        let part: u32 = part.parse().map_err(|_| invalid())?;
        let of: u32 = of.parse().map_err(|_| invalid())?;
        if part == 0 || part >= of {
            return Err(invalid());
        }
        Ok(Self::Fraction { part, of })
    }
}

/// A text that is not a [`RenewBefore`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is neither a fraction of the validity such as 1/3 nor a lifetime such as 30d")]
pub struct InvalidRenewBefore(String);

/// The period in which a certificate holds, both ends included (RFC 5280 section 4.1.2.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    /// The first second.
    pub not_before: OffsetDateTime,
    /// The last second.
    pub not_after: OffsetDateTime,
}

impl Validity {
    /// From `backdate` before `now` until `lifetime` after it, in whole seconds.
    pub fn starting(now: OffsetDateTime, lifetime: Lifetime, backdate: Duration) -> Self {
        let now = now.replace_nanosecond(0).unwrap_or(now);
        Self {
            not_before: now - backdate,
            not_after: now + lifetime.as_duration(),
        }
    }

    /// The part of this period that lies inside `outer`.
    ///
    /// No certificate should outlive its issuer: validators check every certificate of a path.
    pub(crate) fn clamped_to(self, outer: &Self) -> Self {
        Self {
            not_before: self.not_before.max(outer.not_before),
            not_after: self.not_after.min(outer.not_after),
        }
    }

    /// Whether `instant` lies in the period.
    pub fn contains(&self, instant: OffsetDateTime) -> bool {
        self.not_before <= instant && instant <= self.not_after
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (instant(self.not_before), instant(self.not_after));
        write!(f, "from {from} to {to}")
    }
}

const SPREAD: i32 = 10;
const MAX_SECONDS: i64 = 100 * 365 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_read_and_print() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("365d", 31_536_000),
            ("20y", 630_720_000),
            ("2w", 1_209_600),
        ] {
            let lifetime: Lifetime = text.parse().unwrap();
            assert_eq!(lifetime.as_duration().whole_seconds(), seconds);
            assert_eq!(lifetime.to_string().parse::<Lifetime>().unwrap(), lifetime);
        }
        for text in [
            "",
            "d",
            "0d",
            "1",
            "-1d",
            "1.5y",
            "1 d",
            "1mo",
            "101y",
            "99999999999999999999y",
            "+5d",
        ] {
            assert!(text.parse::<Lifetime>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_validity_is_shown_in_whole_seconds() {
        let start = OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(250);
        let validity = Validity::starting(start, Lifetime::days(1), Duration::ZERO);
        let shown = "from 1970-01-01T00:00:00Z to 1970-01-02T00:00:00Z";
        assert_eq!(validity.to_string(), shown);
    }

    #[test]
    fn due_after_two_thirds() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let validity = Validity::starting(start, Lifetime::days(90), Duration::ZERO);
        let third: RenewBefore = "1/3".parse().unwrap();
        assert_eq!(third.due_from(&validity), start + Duration::days(60));
        let month: RenewBefore = "30d".parse().unwrap();
        assert_eq!(month.due_from(&validity), start + Duration::days(60));
        for text in ["3/1", "0/2", "1/0", "1/1", "x", "/"] {
            assert!(text.parse::<RenewBefore>().is_err(), "{text}");
        }
    }
}
