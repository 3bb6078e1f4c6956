//! What `etcdpki verify` found, by rule.

use pki_core::lint::{Lint, Severity};
use pki_core::verify::{Finding, Report};
use serde::Serialize;

use super::moment::Kind;

/// So many findings of a rule are listed.
const LISTED: usize = 200;
/// Where a rule has so many findings or fewer, they are shown at once.
const FEW: usize = 10;

/// Every finding, the worst rules first.
#[derive(Debug, Serialize)]
pub(super) struct Findings {
    rules: Vec<Rule>,
}

/// A rule and what breaks it.
#[derive(Debug, Serialize)]
struct Rule {
    code: &'static str,
    kind: Kind,
    severity: &'static str,
    rule: &'static str,
    source: &'static str,
    hint: &'static str,
    is_open: bool,
    count: usize,
    found: Vec<Found>,
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct Found {
    path: String,
    message: String,
}

impl Findings {
    pub(super) fn new(report: &Report) -> Self {
        let mut rules: Vec<(&'static Lint, Vec<&Finding>)> = Vec::new();
        for finding in &report.findings {
            let mut known = rules.iter_mut();
            match known.find(|(lint, _)| lint.code == finding.lint.code) {
                Some((_, found)) => found.push(finding),
                None => rules.push((finding.lint, vec![finding])),
            }
        }
        rules.sort_by_key(|(lint, _)| Severity::ALL.iter().position(|one| *one == lint.severity));
        Self {
            rules: rules
                .into_iter()
                .map(|(lint, found)| Rule::new(lint, &found))
                .collect(),
        }
    }
}

impl Rule {
    fn new(lint: &'static Lint, found: &[&Finding]) -> Self {
        Self {
            code: lint.code,
            kind: match lint.severity {
                Severity::Error => Kind::Bad,
                Severity::Warning => Kind::Warn,
                Severity::Notice => Kind::Ok,
            },
            severity: lint.severity.as_str(),
            rule: lint.rule,
            source: lint.source,
            hint: lint.hint,
            is_open: found.len() <= FEW,
            count: found.len(),
            left_out: found.len().saturating_sub(LISTED),
            found: found
                .iter()
                .take(LISTED)
                .map(|finding| Found {
                    path: finding.path.clone(),
                    message: finding.message.clone(),
                })
                .collect(),
        }
    }
}
