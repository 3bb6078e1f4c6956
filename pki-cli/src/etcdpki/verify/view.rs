//! What `etcdpki verify` shows.

use std::fmt::Write as _;

use pki_core::lint::{Lint, Severity};
use pki_core::verify::Report;
use serde::Serialize;

use super::files;
use super::vault::Vault;
use super::whole::Whole;
use crate::etcdpki::findings;
use crate::etcdpki::output::{BAD, DIM, GOOD};

/// A report, and what it is of.
pub(super) struct View {
    pub(super) report: Report,
    scope: Scope,
}

enum Scope {
    Files { files: usize, paths: bool },
    Whole { with_keys: bool, vault: Vault },
}

impl View {
    /// Of a whole PKI.
    pub(super) fn whole(whole: Whole) -> Self {
        let scope = Scope::Whole {
            with_keys: whole.keys.is_some(),
            vault: whole.vault,
        };
        let report = whole.report;
        Self { report, scope }
    }

    /// Of so many files; `paths` says whether their paths were validated.
    pub(super) fn files(report: Report, files: usize, paths: bool) -> Self {
        let scope = Scope::Files { files, paths };
        Self { report, scope }
    }

    /// For a person.
    pub(super) fn text(&self) -> String {
        let mut text = findings::text(&self.report, |lint| self.hint(lint));
        if !text.is_empty() {
            text.push('\n');
        }
        let counts = findings::counts(&self.report);
        let checked = self.checked();
        let _ = match (self.report.count(Severity::Error), counts.is_empty()) {
            (0, true) => writeln!(text, "{GOOD}ok{GOOD:#}: {checked}"),
            (0, false) => writeln!(text, "{GOOD}ok{GOOD:#}, with {counts}: {checked}"),
            _ => writeln!(text, "{BAD}{counts}{BAD:#} in {checked}"),
        };
        if let Some(skipped) = self.skipped() {
            let _ = writeln!(text, "{DIM}{skipped}{DIM:#}");
        }
        text
    }

    /// For a program.
    pub(super) fn json(&self) -> Json<'_> {
        let report = &self.report;
        Json {
            authorities: report.authorities,
            certificates: report.leaves,
            keys: report.keys,
            closed_keys: report.closed,
            revoked: report.revoked,
            vault_files: match &self.scope {
                Scope::Whole {
                    vault: Vault::Compared(count),
                    ..
                } => Some(*count),
                _ => None,
            },
            skipped: self.skipped(),
            found: findings::Json::new(report, |lint| self.hint(lint)),
        }
    }

    /// What to do: loose files are not ours to issue anew.
    fn hint(&self, lint: &'static Lint) -> &'static str {
        match self.scope {
            Scope::Files { .. } => files::hint(lint),
            Scope::Whole { .. } => lint.hint,
        }
    }

    fn checked(&self) -> String {
        match &self.scope {
            Scope::Whole { with_keys, vault } => of_whole(&self.report, *with_keys, vault),
            Scope::Files { files, .. } => {
                let mut checked = certificates(&self.report);
                let _ = match files {
                    1 => write!(checked, " in 1 file"),
                    files => write!(checked, " in {files} files"),
                };
                checked
            }
        }
    }

    fn skipped(&self) -> Option<String> {
        match &self.scope {
            Scope::Files { paths: false, .. } => {
                Some("no path was validated: see --trust".to_owned())
            }
            Scope::Whole {
                with_keys: true,
                vault,
            } => vault.skipped(),
            _ => None,
        }
    }
}

/// What of a whole PKI was checked.
pub(super) fn of_whole(report: &Report, with_keys: bool, vault: &Vault) -> String {
    let mut checked = certificates(report);
    if with_keys {
        let _ = match report.keys {
            1 => write!(checked, ", 1 key opened"),
            keys => write!(checked, ", {keys} keys opened"),
        };
        if report.closed > 0 {
            let closed = report.closed;
            let _ = write!(checked, ", {closed} not checked since its tier is closed");
        }
    } else {
        checked.push_str(", keys not checked");
    }
    if let Some(revoked) = report.revoked {
        let _ = write!(checked, ", {revoked} revoked");
    }
    if let Vault::Compared(count) = vault {
        let _ = write!(checked, ", {count} files of roles compared");
    }
    checked
}

fn certificates(report: &Report) -> String {
    let authorities = match report.authorities {
        1 => "1 authority".to_owned(),
        many => format!("{many} authorities"),
    };
    match report.leaves {
        1 => format!("{authorities}, 1 certificate"),
        many => format!("{authorities}, {many} certificates"),
    }
}

/// The report for a program.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    authorities: usize,
    certificates: usize,
    keys: usize,
    closed_keys: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vault_files: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    #[serde(flatten)]
    found: findings::Json<'a>,
}
