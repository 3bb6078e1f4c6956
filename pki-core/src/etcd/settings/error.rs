//! What can be wrong with a file of settings.

use std::fmt;
use std::sync::Arc;

/// A line of a file, counted from 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The file, as it was called when it was read.
    pub file: Arc<str>,
    /// The line.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A file that holds no settings of etcd, or that cannot be understood.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{place}: {message}")]
pub struct InvalidSettings {
    /// Where the fault is.
    pub place: Place,
    message: String,
}

impl InvalidSettings {
    pub(super) fn at(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
        }
    }
}
