//! Rules that certificates, trust bundles, CRLs and the settings of members must keep, each with a stable code.
//!
//! The rules are those of RFC 5280 that a private PKI has use for, and what etcd does beyond it.
//! Each is a [`Lint`]; what breaks one is a [`Violation`]. A code never changes its meaning, so
//! that it can be searched for and listed in the configuration of a monitor.
//!
//! | function | looks at |
//! |---|---|
//! | [`certificate()`] | a certificate by itself |
//! | [`issued`] | a certificate and the authority that signed it |
//! | [`role()`] | a leaf, in the role that it plays for etcd |
//! | [`trust`] | the text of a CA file |
//! | [`crl()`] | a certificate revocation list |
//! | [`settings()`] | the settings with which a member is started, and its certificates |
//! | [`serials`] | all certificates of a PKI together |
//! | [`crate::verify::verify`] | a whole PKI, with all of these and the rules of [`pki`] |
//! | [`crate::live::judge`] | members that run, by the rules of [`member`] |
//!
//! An error is something that a verifier refuses or that breaks a MUST; a warning is something
//! that some verifier refuses, or that fails later; a notice is worth knowing.

mod algorithm;
mod basic_constraints;
mod bundle;
mod crl;
mod extension;
mod identifier;
mod issuer;
mod key_usage;
pub mod member;
mod name;
mod name_constraints;
pub mod pki;
mod role;
mod serial;
mod settings;
mod subject;
mod validity;

use std::fmt;

use crate::certificate::Certificate;
use crate::role::Role;

pub use bundle::{BundleUse, TRUST_OF_SIBLINGS, trust};
pub use crl::crl;
pub use serial::{SharedSerial, serials};
pub use settings::{Member, settings};

/// A rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Lint {
    /// Its code, in lower case with hyphens.
    pub code: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// What it asks for, as one sentence.
    pub rule: &'static str,
    /// Where it comes from: a section of RFC 5280, or what etcd does.
    pub source: &'static str,
    /// What to do about a violation.
    pub hint: &'static str,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Severity {
    /// Refused by a verifier, or against a MUST.
    Error,
    /// Worth knowing.
    Notice,
    /// Refused by some verifier, or by and by.
    Warning,
}

impl Severity {
    /// Each of them, the worst first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Notice => "notice",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that breaks a rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The rule.
    pub lint: &'static Lint,
    /// What is wrong, with the values concerned.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.lint.code)
    }
}

/// Checks a certificate by itself.
pub fn certificate(certificate: &Certificate) -> Vec<Violation> {
    BY_SUBJECT
        .iter()
        .flat_map(|checks| run(checks, |find| find(certificate)))
        .collect()
}

/// Checks a certificate against the authority that signed it. A signature is not looked at.
pub fn issued(certificate: &Certificate, issuer: &Certificate) -> Vec<Violation> {
    run(issuer::CHECKS, |find| find(certificate, issuer))
}

/// Checks that a leaf does for its role. With `grpc_gateway` the member dials itself with its
/// server certificate (`--enable-grpc-gateway`, on by default).
pub fn role(certificate: &Certificate, role: Role, grpc_gateway: bool) -> Vec<Violation> {
    run(role::CHECKS, |find| find(certificate, role, grpc_gateway))
}

/// Every rule, in the order of the subjects.
pub fn all() -> impl Iterator<Item = &'static Lint> {
    let by_subject = BY_SUBJECT
        .iter()
        .copied()
        .flatten()
        .map(|check| &check.lint);
    by_subject
        .chain(issuer::CHECKS.iter().map(|check| &check.lint))
        .chain(role::CHECKS.iter().map(|check| &check.lint))
        .chain(bundle::LINTS)
        .chain(crl::CHECKS.iter().map(|check| &check.lint))
        .chain(serial::OF_ALL)
        .chain(pki::LINTS)
        .chain(member::LINTS)
        .chain(settings::lints())
}

/// A rule and the function that finds what breaks it.
struct Check<F: 'static> {
    lint: Lint,
    find: F,
}

type OfCertificate = Check<fn(&Certificate) -> Option<String>>;
type OfIssued = Check<fn(&Certificate, &Certificate) -> Option<String>>;
type OfRole = Check<fn(&Certificate, Role, bool) -> Option<String>>;

/// The rules for a certificate by itself.
const BY_SUBJECT: &[&[OfCertificate]] = &[
    extension::CHECKS,
    serial::CHECKS,
    algorithm::CHECKS,
    validity::CHECKS,
    subject::CHECKS,
    name::CHECKS,
    basic_constraints::CHECKS,
    key_usage::CHECKS,
    identifier::CHECKS,
    name_constraints::CHECKS,
];

fn run<F>(checks: &'static [Check<F>], find: impl Fn(&F) -> Option<String>) -> Vec<Violation> {
    let violation = |check: &'static Check<F>| {
        find(&check.find).map(|message| Violation {
            lint: &check.lint,
            message,
        })
    };
    checks.iter().filter_map(violation).collect()
}

/// The sentence, if the condition holds.
fn when(condition: bool, message: impl Into<String>) -> Option<String> {
    condition.then(|| message.into())
}

const fn error(
    code: &'static str,
    rule: &'static str,
    source: &'static str,
    hint: &'static str,
) -> Lint {
    Lint {
        code,
        severity: Severity::Error,
        rule,
        source,
        hint,
    }
}

const fn warning(
    code: &'static str,
    rule: &'static str,
    source: &'static str,
    hint: &'static str,
) -> Lint {
    Lint {
        severity: Severity::Warning,
        ..error(code, rule, source, hint)
    }
}

const fn notice(
    code: &'static str,
    rule: &'static str,
    source: &'static str,
    hint: &'static str,
) -> Lint {
    Lint {
        severity: Severity::Notice,
        ..error(code, rule, source, hint)
    }
}

/// What helps against nearly all that is wrong in a certificate.
const REISSUE: &str = "issue it anew";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_can_be_searched_for() {
        let mut codes = BTreeSet::new();
        for lint in all() {
            assert!(codes.insert(lint.code), "{}", lint.code);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(lint.code.chars().all(plain), "{}", lint.code);
            for text in [lint.rule, lint.source, lint.hint] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
            }
        }
    }
}
