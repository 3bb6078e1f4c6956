//! What differs between versions of etcd, as far as certificates are concerned.

use std::fmt;
use std::str::FromStr;

/// A version of etcd 3: `3.5`, or `3.5.30` where it is known to the last number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EtcdVersion {
    minor: u16,
    patch: Option<u16>,
}

impl EtcdVersion {
    /// Whether `--client-crl-file` takes DER alone. Up to 3.5 it takes PEM too.
    pub(crate) fn takes_der_alone(self) -> bool {
        self.minor >= 6
    }

    /// Whether a revoked client gets in by gRPC where `--listen-client-http-urls` is set
    /// (GHSA-3wh4-j44w-pg92), as far as the version is known.
    pub fn lets_revoked_clients_in(self) -> bool {
        let (first, fixed) = match self.minor {
            // Never fixed: 3.4 is at the end of its life.
            4 => (25, u16::MAX),
            5 => (8, 32),
            6 => (0, 13),
            _ => return false,
        };
        self.patch
            .is_none_or(|patch| (first..fixed).contains(&patch))
    }

    /// The same with its last number: where that is not known, that of the oldest package that
    /// is still in use.
    #[must_use]
    pub fn packaged(self) -> Self {
        let packaged = match self.minor {
            // Debian 12.
            4 => 23,
            // Debian 13.
            5 => 16,
            _ => 0,
        };
        Self {
            patch: self.patch.or(Some(packaged)),
            ..self
        }
    }

    /// Whether a release, such as `3.5.16`, is of this version: of this series, where no last
    /// number is described.
    pub(crate) fn includes(self, release: &str) -> bool {
        let Ok(release) = release.parse::<Self>() else {
            return false;
        };
        self.minor == release.minor && self.patch.is_none_or(|_| self.patch == release.patch)
    }

    /// Whether its release is `patch` of its series, or a later one, as far as it is known:
    /// [`Self::packaged`] where it is not.
    pub(super) fn has_reached(self, patch: u16) -> bool {
        self.packaged().patch.is_some_and(|own| own >= patch)
    }

    /// Whether an allow list such as `--peer-cert-allowed-cn` takes several names, with commas
    /// between them. Before, the whole text is one name.
    pub(crate) fn takes_allow_lists(self) -> bool {
        match self.minor {
            ..5 => false,
            5 => self.has_reached(15),
            6.. => true,
        }
    }

    /// Its release series, or `None` where that is not known here.
    pub fn series(self) -> Option<EtcdSeries> {
        EtcdSeries::ALL
            .into_iter()
            .find(|series| series.minor == self.minor)
    }
}

/// No release of it in particular.
impl From<EtcdSeries> for EtcdVersion {
    fn from(series: EtcdSeries) -> Self {
        Self {
            minor: series.minor,
            patch: None,
        }
    }
}

impl FromStr for EtcdVersion {
    type Err = InvalidEtcdVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidEtcdVersion(text.to_owned());
        let numbers = text.strip_prefix('v').unwrap_or(text);
        let rest = numbers.strip_prefix("3.").ok_or_else(invalid)?;
        let number = |text: &str| -> Result<u16, InvalidEtcdVersion> {
            match text.bytes().all(|byte| byte.is_ascii_digit()) {
                true => text.parse().map_err(|_| invalid()),
                false => Err(invalid()),
            }
        };
        let (minor, patch) = match rest.split_once('.') {
            Some((minor, patch)) => (number(minor)?, Some(number(patch)?)),
            None => (number(rest)?, None),
        };
        match minor {
            4.. => Ok(Self { minor, patch }),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for EtcdVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}", self.minor)?;
        match self.patch {
            Some(patch) => write!(f, ".{patch}"),
            None => Ok(()),
        }
    }
}

/// A text that is not an [`EtcdVersion`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a version of etcd from 3.4 on: write one such as \"3.5\" or \"3.5.30\"")]
pub struct InvalidEtcdVersion(String);

/// A release series of etcd, such as 3.5: releases in it have the same flags, by and large.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct EtcdSeries {
    minor: u16,
}

impl EtcdSeries {
    /// 3.4, the oldest that is known here.
    pub const V3_4: Self = Self { minor: 4 };
    /// 3.5.
    pub const V3_5: Self = Self { minor: 5 };
    /// 3.6.
    pub const V3_6: Self = Self { minor: 6 };
    /// 3.7, the newest that is known here.
    pub const V3_7: Self = Self { minor: 7 };

    /// Every series that is known here.
    pub const ALL: [Self; 4] = [Self::V3_4, Self::V3_5, Self::V3_6, Self::V3_7];

    /// Its place in [`Self::ALL`].
    pub(super) fn index(self) -> usize {
        let of = |series: &Self| *series == self;
        Self::ALL.iter().position(of).unwrap_or_default()
    }
}

impl fmt::Display for EtcdSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}", self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> EtcdVersion {
        text.parse().unwrap()
    }

    #[test]
    fn versions_read_and_print() {
        for text in ["3.4", "3.5.30", "3.7.1"] {
            assert_eq!(version(text).to_string(), text);
        }
        assert_eq!(version("v3.6.13"), version("3.6.13"));
        for text in [
            "", "3", "3.", "3.3", "2.3", "3.5.", "3.5.x", "3.5.1.2", "3.+5", "3.99999",
        ] {
            assert!(text.parse::<EtcdVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_series_includes_its_releases() {
        for (text, release, included) in [
            ("3.5", "3.5.16", true),
            ("3.5.16", "3.5.16", true),
            ("3.5.16", "3.5.17", false),
            ("3.5", "3.4.23", false),
            ("3.5", "3.5.0-rc.1", false),
        ] {
            assert_eq!(
                version(text).includes(release),
                included,
                "{text} {release}"
            );
        }
    }

    #[test]
    fn a_series_stands_for_what_is_packaged() {
        for (text, packaged) in [
            ("3.4", "3.4.23"),
            ("3.5", "3.5.16"),
            ("3.5.1", "3.5.1"),
            ("3.7", "3.7.0"),
        ] {
            assert_eq!(version(text).packaged().to_string(), packaged);
        }
        assert_eq!(EtcdVersion::from(EtcdSeries::V3_6), version("3.6"));
    }

    #[test]
    fn the_bypass_is_known_by_version() {
        for (text, affected) in [
            ("3.4.24", false),
            ("3.4.25", true),
            ("3.4.45", true),
            ("3.4", true),
            ("3.5.7", false),
            ("3.5.31", true),
            ("3.5.32", false),
            ("3.5", true),
            ("3.6.12", true),
            ("3.6.13", false),
            ("3.7.0", false),
            ("3.7", false),
        ] {
            assert_eq!(version(text).lets_revoked_clients_in(), affected, "{text}");
        }
        assert!(version("3.6").takes_der_alone() && !version("3.5.30").takes_der_alone());
    }
}
