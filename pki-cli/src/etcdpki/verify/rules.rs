//! `etcdpki verify --rules`: every rule.

use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::lint::{self, Lint};
use serde::Serialize;

use crate::etcdpki::error::Error;
use crate::etcdpki::output::{self, DIM, HEADING};

/// Lists them.
pub(super) fn run(json: bool) -> Result<ExitCode, Error> {
    match json {
        true => output::print_json(&lint::all().map(Rule::from).collect::<Vec<_>>())?,
        false => {
            let mut text = String::new();
            for lint in lint::all() {
                let Lint { code, severity, .. } = lint;
                let _ = writeln!(text, "{HEADING}{code}{HEADING:#} ({severity})");
                let _ = writeln!(text, "  {}", lint.rule);
                let _ = writeln!(text, "  {DIM}source: {}{DIM:#}", lint.source);
                let _ = writeln!(text, "  {DIM}hint: {}{DIM:#}", lint.hint);
            }
            output::print(&text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Rule {
    code: &'static str,
    severity: &'static str,
    rule: &'static str,
    source: &'static str,
    hint: &'static str,
}

impl From<&Lint> for Rule {
    fn from(lint: &Lint) -> Self {
        Self {
            code: lint.code,
            severity: lint.severity.as_str(),
            rule: lint.rule,
            source: lint.source,
            hint: lint.hint,
        }
    }
}
