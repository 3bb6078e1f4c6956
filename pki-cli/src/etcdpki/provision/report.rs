//! What `etcdpki provision` tells at its end.

use std::fmt::Write as _;

use serde::Serialize;

use super::written::{Outcome, What};
use crate::etcdpki::args::Write;
use crate::etcdpki::output::{BAD, DIM, GOOD, HEADING};

/// What became of the files, and what comes next.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    dry_run: bool,
    written: Vec<String>,
    /// Files that were written once and are not any more.
    removed: Vec<String>,
    unchanged: usize,
    /// Files that a person edited.
    kept: Vec<Kept>,
    #[serde(skip)]
    next: &'a [&'a str],
}

#[derive(Serialize)]
struct Kept {
    path: String,
    /// From what is there to what would be written.
    diff: String,
}

impl<'a> Report<'a> {
    pub(super) fn new(outcomes: Vec<Outcome>, write: Write, next: &'a [&'a str]) -> Self {
        let mut report = Self {
            dry_run: write.dry_run,
            written: Vec::new(),
            removed: Vec::new(),
            unchanged: 0,
            kept: Vec::new(),
            next,
        };
        for Outcome { path, what } in outcomes {
            match what {
                What::Kept(diff) => report.kept.push(Kept { path, diff }),
                What::New | What::Updated => report.written.push(path),
                What::Removed => report.removed.push(path),
                What::Unchanged => report.unchanged += 1,
            }
        }
        report
    }

    /// Whether files stayed as a person left them.
    pub(super) fn has_kept(&self) -> bool {
        !self.kept.is_empty()
    }

    /// The report for a person.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for Kept { diff, .. } in &self.kept {
            let _ = writeln!(text, "{diff}");
        }
        self.write_files(&mut text);
        if self.has_kept() {
            let _ = writeln!(
                text,
                "\n{BAD}Kept{BAD:#} as edited: above is what would change. Take it over by hand, or write it all anew with --force"
            );
            for Kept { path, .. } in &self.kept {
                let _ = writeln!(text, "  {path}");
            }
        }
        let _ = writeln!(text, "\n{HEADING}Next{HEADING:#}");
        for line in self.next {
            let _ = writeln!(text, "  {line}");
        }
        text
    }

    fn write_files(&self, text: &mut String) {
        let unchanged = self.unchanged;
        if self.written.is_empty() && self.removed.is_empty() {
            let _ = writeln!(
                text,
                "{GOOD}Nothing changed{GOOD:#}: {unchanged} files are as they should be."
            );
            return;
        }
        let verbs = match self.dry_run {
            true => ["Would write", "Would remove"],
            false => ["Wrote", "Removed"],
        };
        for (verb, paths) in verbs.into_iter().zip([&self.written, &self.removed]) {
            if !paths.is_empty() {
                let _ = writeln!(text, "{HEADING}{verb}{HEADING:#}");
            }
            for path in paths {
                let _ = writeln!(text, "  {path}");
            }
        }
        if unchanged > 0 {
            let _ = writeln!(text, "{DIM}{unchanged} more are as they should be{DIM:#}");
        }
    }
}
