//! What can be wrong with a description.

use std::fmt;

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
            message: message.to_string(),
        }
    }
}

impl From<serde_saphyr::Error> for DescriptionError {
    fn from(error: serde_saphyr::Error) -> Self {
        let error = error.without_snippet();
        let position = error
            .location()
            .map(Position::from)
            .filter(|position| position.line > 0);
        // The parser's own text ends in the place, which `position` carries already.
        let text = error.to_string();
        let message = match text.rfind(" at line ") {
            Some(end) if position.is_some() => text[..end].to_owned(),
            _ => text,
        };
        Self {
            position,
            message: without_api(message),
        }
    }
}

/// The parser's advice is for the program that calls it; ours is for who wrote the file.
fn without_api(message: String) -> String {
    if message.contains("from_str_multiple") {
        return "more than one YAML document: keep one".to_owned();
    }
    if message.starts_with("unexpected end of input") {
        return "the file is empty: write at least domain and nodes".to_owned();
    }
    match message.find(", set DuplicateKeyPolicy") {
        Some(end) => format!("{}: remove one", &message[..end]),
        None => message,
    }
}
