//! What `check`, `status` and `verify` list: a line each, or JSON.

use std::io;
use std::path::Path;

use pki_core::text::printable;
use serde::Serialize;
use vault_format::inline::Value;

use super::error::Error;
use super::talk;

/// A file, or a value or line in it, and what there is to say of it.
#[derive(Default, Serialize)]
pub(super) struct Entry {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl Entry {
    /// A file, with its label or why it has none.
    pub(super) fn new(path: &Path, found: Result<Option<String>, Error>) -> Self {
        let file = path.display().to_string();
        match found {
            Ok(label) => Self {
                file,
                label,
                ..Self::default()
            },
            Err(error) => {
                let (line, problem) = error.listed();
                Self {
                    file,
                    line,
                    problem: Some(problem),
                    ..Self::default()
                }
            }
        }
    }

    /// What is wrong with a file.
    pub(super) fn problem(path: &Path, problem: impl Into<String>) -> Self {
        Self {
            file: path.display().to_string(),
            problem: Some(problem.into()),
            ..Self::default()
        }
    }

    /// The same of a line in it.
    pub(super) fn at(self, line: usize) -> Self {
        let line = Some(line);
        Self { line, ..self }
    }

    /// The same of a value in it.
    pub(super) fn of_key(self, key: &str) -> Self {
        let key = Some(key.to_owned());
        Self { key, ..self }
    }

    /// The same of an encrypted value in it.
    pub(super) fn of_value(self, value: &Value) -> Self {
        self.at(value.line()).of_key(value.path())
    }

    pub(super) fn is_problem(&self) -> bool {
        self.problem.is_some()
    }

    /// `what` stands before a label.
    fn to_line(&self, what: &str) -> String {
        let file = printable(&self.file);
        let place = match (&self.key, self.line) {
            (Some(key), Some(line)) => format!("{file}:{line} {}", printable(key)),
            (None, Some(line)) => format!("{file}:{line}"),
            _ => file,
        };
        match (&self.problem, &self.label) {
            (Some(problem), _) => format!("{place}: {problem}"),
            (None, Some(label)) => format!("{place}: {what} {label}"),
            (None, None) => format!("{place}: no label"),
        }
    }
}

/// Lists them on standard output; `what` stands before a label.
pub(super) fn list(entries: &[Entry], json: bool, what: &str) -> Result<(), Error> {
    if json {
        let text = serde_json::to_string_pretty(entries).map_err(io::Error::from)?;
        return talk::data(format!("{text}\n").as_bytes());
    }
    for entry in entries {
        talk::data(format!("{}\n", entry.to_line(what)).as_bytes())?;
    }
    Ok(())
}
