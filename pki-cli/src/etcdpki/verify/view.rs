//! What `etcdpki verify` shows.

use std::fmt::Write as _;

use pki_core::lint::{Lint, Severity};
use pki_core::verify::{Finding, Report};
use serde::Serialize;

use super::files;
use super::vault::Vault;
use crate::etcdpki::output::{BAD, DIM, GOOD, WARN};

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
    pub(super) fn whole(report: Report, with_keys: bool, vault: Vault) -> Self {
        let scope = Scope::Whole { with_keys, vault };
        Self { report, scope }
    }

    /// Of so many files; `paths` says whether their paths were validated.
    pub(super) fn files(report: Report, files: usize, paths: bool) -> Self {
        let scope = Scope::Files { files, paths };
        Self { report, scope }
    }

    /// For a person: the worst first.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut explained = Vec::new();
        for severity in [Severity::Error, Severity::Warning, Severity::Notice] {
            let style = match severity {
                Severity::Error => BAD,
                Severity::Warning => WARN,
                Severity::Notice => DIM,
            };
            let of = |finding: &&Finding| finding.lint.severity == severity;
            for Finding {
                path,
                lint,
                message,
            } in self.report.findings.iter().filter(of)
            {
                let code = lint.code;
                let _ = writeln!(
                    text,
                    "{style}{severity}{style:#} {path}: {message} {DIM}[{code}]{DIM:#}"
                );
                if !explained.contains(&code) {
                    explained.push(code);
                    let _ = writeln!(text, "  {DIM}{}{DIM:#}", self.hint(lint));
                }
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let counts = self.counts();
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
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notices: report.count(Severity::Notice),
            findings: report
                .findings
                .iter()
                .map(|finding| JsonFinding::new(finding, self.hint(finding.lint)))
                .collect(),
        }
    }

    /// What to do: loose files are not ours to issue anew.
    fn hint(&self, lint: &'static Lint) -> &'static str {
        match self.scope {
            Scope::Files { .. } => files::hint(lint),
            Scope::Whole { .. } => lint.hint,
        }
    }

    fn counts(&self) -> String {
        let kinds = [Severity::Error, Severity::Warning, Severity::Notice];
        let counts = kinds
            .into_iter()
            .filter_map(|severity| match self.report.count(severity) {
                0 => None,
                1 => Some(format!("1 {severity}")),
                many => Some(format!("{many} {severity}s")),
            });
        counts.collect::<Vec<_>>().join(", ")
    }

    fn checked(&self) -> String {
        let report = &self.report;
        let authorities = match report.authorities {
            1 => "1 authority".to_owned(),
            many => format!("{many} authorities"),
        };
        let mut checked = match report.leaves {
            1 => format!("{authorities}, 1 certificate"),
            many => format!("{authorities}, {many} certificates"),
        };
        match &self.scope {
            Scope::Files { files: 1, .. } => return format!("{checked} in 1 file"),
            Scope::Files { files, .. } => return format!("{checked} in {files} files"),
            Scope::Whole {
                with_keys: false, ..
            } => checked.push_str(", keys not checked"),
            Scope::Whole { .. } => {
                let _ = match report.keys {
                    1 => write!(checked, ", 1 key opened"),
                    keys => write!(checked, ", {keys} keys opened"),
                };
                if report.closed > 0 {
                    let closed = report.closed;
                    let _ = write!(checked, ", {closed} not checked since its tier is closed");
                }
            }
        }
        if let Some(revoked) = report.revoked {
            let _ = write!(checked, ", {revoked} revoked");
        }
        if let Scope::Whole {
            vault: Vault::Compared(count),
            ..
        } = &self.scope
        {
            let _ = write!(checked, ", {count} files of roles compared");
        }
        checked
    }

    fn skipped(&self) -> Option<String> {
        match &self.scope {
            Scope::Files { paths: false, .. } => {
                Some("no path was validated: see --trust".to_owned())
            }
            Scope::Whole {
                with_keys: true,
                vault: Vault::Skipped(why),
            } => Some(format!(
                "the contents of vault files were not compared: {why}"
            )),
            _ => None,
        }
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
    errors: usize,
    warnings: usize,
    notices: usize,
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    path: &'a str,
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    source: &'a str,
    hint: &'a str,
}

impl<'a> JsonFinding<'a> {
    fn new(finding: &'a Finding, hint: &'a str) -> Self {
        Self {
            path: &finding.path,
            code: finding.lint.code,
            severity: finding.lint.severity.as_str(),
            message: &finding.message,
            source: finding.lint.source,
            hint,
        }
    }
}
