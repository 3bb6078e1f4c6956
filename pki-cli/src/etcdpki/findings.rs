//! Findings, for a person and for a program.

use std::fmt::Write as _;

use pki_core::lint::{Lint, Severity};
use pki_core::verify::{Finding, Report};
use serde::Serialize;

use super::output::{self, DIM};

/// The worst first, each rule with its hint once; `hint` says what to do.
pub(super) fn text(report: &Report, hint: impl Fn(&'static Lint) -> &'static str) -> String {
    let mut text = String::new();
    let mut explained = Vec::new();
    for severity in Severity::ALL {
        let style = output::of_severity(severity);
        let of = |finding: &&Finding| finding.lint.severity == severity;
        for Finding {
            path,
            lint,
            message,
        } in report.findings.iter().filter(of)
        {
            let code = lint.code;
            let _ = writeln!(
                text,
                "{style}{severity}{style:#} {path}: {message} {DIM}[{code}]{DIM:#}"
            );
            if !explained.contains(&code) {
                explained.push(code);
                let _ = writeln!(text, "  {DIM}{}{DIM:#}", hint(lint));
            }
        }
    }
    if let Some(code) = explained.first() {
        let code = if explained.len() == 1 { code } else { "CODE" };
        let _ = writeln!(text, "\n{DIM}`etcdpki explain {code}` says more{DIM:#}");
    }
    text
}

/// How many there are of each severity, such as `1 error, 2 notices`; nothing where there are
/// none.
pub(super) fn counts(report: &Report) -> String {
    let counts = Severity::ALL
        .into_iter()
        .filter_map(|severity| match report.count(severity) {
            0 => None,
            number => Some(output::count(number, severity.as_str())),
        });
    counts.collect::<Vec<_>>().join(", ")
}

/// The findings of a report for a program, and how many there are of each severity.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    errors: usize,
    warnings: usize,
    notices: usize,
    findings: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    path: &'a str,
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    source: &'a str,
    hint: &'a str,
}

impl<'a> Json<'a> {
    pub(super) fn new(report: &'a Report, hint: impl Fn(&'static Lint) -> &'static str) -> Self {
        let one = |finding: &'a Finding| One {
            path: &finding.path,
            code: finding.lint.code,
            severity: finding.lint.severity.as_str(),
            message: &finding.message,
            source: finding.lint.source,
            hint: hint(finding.lint),
        };
        Self {
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notices: report.count(Severity::Notice),
            findings: report.findings.iter().map(one).collect(),
        }
    }
}
