//! Release series of etcd.

use std::fmt;
use std::str::FromStr;

/// A release series of etcd, such as 3.5: releases in it have the same flags, by and large.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct EtcdSeries {
    minor: u8,
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
}

impl FromStr for EtcdSeries {
    type Err = InvalidSeries;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::V3_4, Self::V3_5, Self::V3_6, Self::V3_7]
            .into_iter()
            .find(|series| series.to_string() == text)
            .ok_or_else(|| InvalidSeries(text.to_owned()))
    }
}

impl fmt::Display for EtcdSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}", self.minor)
    }
}

/// A text that is no release series of etcd that is known here.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "`{0}` is not a release series of etcd that is known here: write 3.4, 3.5, 3.6 or 3.7, in quotes"
)]
pub struct InvalidSeries(String);
