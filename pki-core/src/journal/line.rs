//! A line of the journal, and its hash.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Entry, FaultKind};
use crate::key::Fingerprint;

/// A line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    content: Content,
    /// The line without its hash, as it is hashed.
    text: String,
    hash: String,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Content {
    time: String,
    command: String,
    #[serde(flatten)]
    entry: Entry,
    previous: Vec<String>,
}

impl Line {
    pub(super) fn new(
        entry: Entry,
        command: &str,
        previous: Vec<String>,
        now: OffsetDateTime,
    ) -> Self {
        let now = now.to_offset(time::UtcOffset::UTC);
        let now = now.replace_nanosecond(0).unwrap_or(now);
        let content = Content {
            // A year of more than four digits has no place in RFC 3339.
            time: now.format(&Rfc3339).unwrap_or_default(),
            command: command.to_owned(),
            entry,
            previous,
        };
        // Strings and a list of strings: there is nothing that JSON could not hold.
        let text = serde_json::to_string(&content).unwrap_or_default();
        let hash = hash(&text);
        Self {
            content,
            text,
            hash,
        }
    }

    /// Reads a line; whether its hash is right is another question.
    pub(super) fn read(line: &[u8]) -> Result<Self, FaultKind> {
        let malformed = |_| FaultKind::Malformed;
        let line = std::str::from_utf8(line).map_err(|_| FaultKind::Malformed)?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (text, rest) = line.rsplit_once(HASH).ok_or(FaultKind::Malformed)?;
        let text = format!("{text}}}");
        let hash = rest.strip_suffix("\"}").ok_or(FaultKind::Malformed)?;
        Ok(Self {
            content: serde_json::from_str(&text).map_err(malformed)?,
            text,
            hash: hash.to_owned(),
        })
    }

    /// When it was written, as in RFC 3339.
    pub fn time(&self) -> &str {
        &self.content.time
    }

    /// The command that wrote it.
    pub fn command(&self) -> &str {
        &self.content.command
    }

    /// What it tells.
    pub fn entry(&self) -> &Entry {
        &self.content.entry
    }

    /// The hash that it bears.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    pub(super) fn previous(&self) -> &[String] {
        &self.content.previous
    }

    pub(crate) fn is_intact(&self) -> bool {
        self.hash == hash(&self.text)
    }

    /// The line as it stands in the file, with its end.
    pub(super) fn to_text(&self) -> String {
        let open = self.text.strip_suffix('}').unwrap_or(&self.text);
        format!("{open}{HASH}{}\"}}\n", self.hash)
    }
}

fn hash(text: &str) -> String {
    Fingerprint::of(text.as_bytes()).to_string()
}

/// What stands between the rest of a line and its hash.
const HASH: &str = ",\"hash\":\"";
