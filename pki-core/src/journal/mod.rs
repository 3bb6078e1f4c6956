//! The journal: what was issued, revoked, imported and exported, when and by which command.
//!
//! `journal.jsonl` records, and does not decide what is made: a command makes the same whether it
//! is there or not. But nothing is built on a certificate that is another than it tells of. It is written after what it records, so a command that is killed leaves at most lines
//! that are missing. The next command finds certificates and revocations without a line and adds
//! one with the event `found`. A key that leaves is the exception, since nothing else would tell
//! of it: its line, `exported`, is written before.
//!
//! A line is a JSON object. Its last member is `hash`: the SHA-256, in hexadecimal, of the line
//! as it is without that member, `{"time":…,"previous":[…]}`. `previous` holds the hashes of the
//! lines before it, so a line that was changed, removed or put elsewhere breaks the chain, and
//! [`Journal::faults`] says where. Who may write the file can still compute all of it anew, or
//! cut off its end: to be safe against that, keep the last hash elsewhere.
//!
//! It is made to be merged by git. Two clones that each add lines have two lines with the same
//! `previous`. `pki/.gitattributes` asks for `merge=union`, by which git keeps the lines of both
//! and there is no conflict; the line that is written next names the last line of either side in
//! its `previous`, as a merge commit does.
//!
//! | member | content |
//! |---|---|
//! | `time` | when it was written, RFC 3339, UTC |
//! | `command` | the command: `init`, `revoke` |
//! | `event` | an [`Event`] |
//! | `path` | where it is in the PKI directory |
//! | `serial`, `fingerprint`, `subject` | of the certificate |
//! | `detail` | more, in words |
//! | `previous` | the hashes of the lines before it: one; none in the first line; more after a merge |
//! | `hash` | of this line |

mod entry;
mod line;

use std::collections::HashSet;
use std::fmt;

use time::OffsetDateTime;

pub use entry::{Entry, Event};
pub use line::Line;

/// A journal, read leniently: what cannot be understood is kept as it is, and is a [`Fault`].
#[derive(Clone, Debug, Default)]
pub struct Journal {
    text: Vec<u8>,
    lines: Vec<Line>,
    faults: Vec<Fault>,
    heads: Vec<String>,
}

impl Journal {
    /// Reads a journal and checks its chain.
    pub fn read(text: &[u8]) -> Self {
        let mut journal = Self {
            text: text.to_vec(),
            ..Self::default()
        };
        let mut known = HashSet::new();
        let content = text.strip_suffix(b"\n").unwrap_or(text);
        let lines = content.split(|octet| *octet == b'\n');
        // An empty file has no line at all.
        for (index, line) in lines.enumerate().filter(|_| !text.is_empty()) {
            let number = index + 1;
            match Line::read(line) {
                Ok(line) => journal.take(line, number, &mut known),
                Err(kind) => journal.faults.push(Fault { line: number, kind }),
            }
        }
        journal
    }

    /// Adds a line.
    pub fn append(&mut self, entry: Entry, command: &str, now: OffsetDateTime) {
        if !self.text.is_empty() && !self.text.ends_with(b"\n") {
            self.text.push(b'\n');
        }
        let line = Line::new(entry, command, std::mem::take(&mut self.heads), now);
        self.text.extend(line.to_text().bytes());
        self.heads.push(line.hash().to_owned());
        self.lines.push(line);
    }

    /// The lines that can be read.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Where the chain is broken, by line.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The hashes of the lines that no other follows: one, or more after a merge in git.
    pub fn heads(&self) -> &[String] {
        &self.heads
    }

    /// The text of the file.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    fn take(&mut self, line: Line, number: usize, known: &mut HashSet<String>) {
        let previous = line.previous();
        let orphan = match previous.is_empty() {
            true => !known.is_empty() || number > 1,
            false => !previous.iter().all(|hash| known.contains(hash)),
        };
        let kind = match (line.is_intact(), orphan, known.contains(line.hash())) {
            (false, ..) => Some(FaultKind::Changed),
            (true, _, true) => Some(FaultKind::Repeated),
            (true, true, false) => Some(FaultKind::Orphan),
            (true, false, false) => None,
        };
        let faults = kind.map(|kind| Fault { line: number, kind });
        self.faults.extend(faults);
        self.heads.retain(|head| !previous.contains(head));
        if known.insert(line.hash().to_owned()) {
            self.heads.push(line.hash().to_owned());
        }
        self.lines.push(line);
    }
}

/// A place where the chain is broken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultKind {
    /// Its hash is not that of its text.
    Changed,
    /// It is not a line of a journal.
    Malformed,
    /// The line that it names as the one before it does not stand before it.
    Orphan,
    /// It stands there a second time.
    Repeated,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FaultKind::Changed => "it was changed: its hash is not that of its text",
            FaultKind::Malformed => "it is not a line of a journal",
            FaultKind::Orphan => "lines before it were removed, or it was moved",
            FaultKind::Repeated => "it stands there a second time",
        };
        write!(f, "line {}: {what}", self.line)
    }
}

#[cfg(test)]
mod tests;
