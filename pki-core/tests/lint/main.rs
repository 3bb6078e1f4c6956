//! Each lint against something that breaks it and it alone. What breaks nothing is the recipe
//! that each case starts from.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod certificates;
mod lists;
mod roles;
mod settings;

use std::collections::BTreeSet;

use pki_core::lint::{self, Violation};

/// The codes of violations, each once.
fn codes(violations: &[Violation]) -> BTreeSet<&'static str> {
    violations.iter().map(|one| one.lint.code).collect()
}

#[test]
fn every_lint_has_a_case() {
    let covered: BTreeSet<&str> = certificates::cases()
        .iter()
        .map(|case| case.code)
        .chain(certificates::ISSUED)
        .chain(roles::CASES.iter().map(|case| case.code))
        .chain(lists::COVERED)
        .chain(settings::cases().iter().map(|case| case.code))
        .chain(OF_A_WHOLE_PKI)
        .chain(OF_MEMBERS)
        .collect();
    let all: BTreeSet<&str> = lint::all().map(|lint| lint.code).collect();
    let missing: Vec<_> = all.difference(&covered).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    let unknown: Vec<_> = covered.difference(&all).collect();
    assert!(unknown.is_empty(), "no lint is called {unknown:?}");
}

/// The rules that take a whole PKI: their cases are in src/verify/pki/tests.rs,
/// src/converge/revoke/tests.rs and src/rotation/tests.rs, and those of slots and vault files in
/// the tests of the command.
const OF_A_WHOLE_PKI: [&str; 33] = [
    "authority-missing",
    "authority-not-valid",
    "authority-revoked",
    "certificate-changed",
    "crl-missing",
    "crl-stale",
    "crl-unreadable",
    "data-keys-retiring",
    "journal-broken",
    "journal-incomplete",
    "key-compromised",
    "key-missing",
    "keyring-unusable",
    "missing",
    "name-not-matched",
    "not-as-described",
    "path-not-valid",
    "renewal-due",
    "revocation-lost",
    "revoked",
    "setting-for-next-issue",
    "signature-not-of-issuer",
    "slot-forged",
    "trust-lost",
    "trust-stale",
    "undescribed",
    "unreadable",
    "usage-unwanted",
    "vault-damaged",
    "vault-in-clear",
    "vault-stale",
    "vault-unreadable",
    "waits-for-rotation",
];

/// The rules for members that run: their cases are in src/live/judge/tests.rs.
const OF_MEMBERS: [&str; 15] = [
    "member-certificate-refused",
    "member-certificate-stale",
    "member-chain-stale",
    "member-clock-wrong",
    "member-hangs-up",
    "member-no-handshake",
    "member-takes-strangers",
    "member-trust-stale",
    "member-trusts-replaced",
    "member-unhealthy",
    "member-unreachable",
    "member-version-other",
    "members-apart",
    "membership-not-as-described",
    "no-probe",
];
