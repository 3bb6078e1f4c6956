//! What can be wrong with a description.

use std::fmt;

use crate::text::printable;

/// A place in the description, counted from 1.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

impl From<serde_saphyr::Location> for Position {
    fn from(location: serde_saphyr::Location) -> Self {
        Self {
            line: location.line(),
            column: location.column(),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A fault in a description: where it is, and what to write instead.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct DescriptionError {
    /// Where the fault is, when it is at one place.
    pub position: Option<Position>,
    message: String,
}

impl DescriptionError {
    /// A fault at `position`.
    pub(crate) fn at(position: impl Into<Position>, message: impl fmt::Display) -> Self {
        Self {
            position: Some(position.into()),
            message: printable(&message.to_string()),
        }
    }

    /// A fault that may be at no one place.
    pub(super) fn new(position: Option<Position>, message: &str) -> Self {
        Self {
            position,
            message: printable(message),
        }
    }
}
