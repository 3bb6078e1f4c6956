//! The pages, by subject: a file in `rules/` for each code.

use pki_core::lint::{self, Lint};

/// Pages of one subject.
pub(super) struct Subject {
    pub(super) title: &'static str,
    pub(super) pages: &'static [Page],
}

/// What there is to say about a code.
pub(super) struct Page {
    pub(super) code: &'static str,
    /// Markdown, of the few forms that [`super::render`] knows.
    pub(super) text: &'static str,
}

impl Page {
    /// The rule that the page is about.
    pub(super) fn lint(&self) -> Option<&'static Lint> {
        lint::all().find(|lint| lint.code == self.code)
    }
}

/// Every page.
pub(super) fn all() -> impl Iterator<Item = &'static Page> {
    SUBJECTS.iter().flat_map(|subject| subject.pages)
}

macro_rules! subjects {
    ($($title:literal: [$($code:literal),* $(,)?]),* $(,)?) => {
        &[$(Subject {
            title: $title,
            pages: &[$(Page {
                code: $code,
                text: include_str!(concat!("../../../rules/", $code, ".md")),
            }),*],
        }),*]
    };
}

/// In the order in which a certificate, a PKI, members and their settings are checked.
pub(super) const SUBJECTS: &[Subject] = subjects! {
    "Form, version and extensions": [
        "version-not-3",
        "extension-repeated",
        "extension-critical-unknown",
        "extension-malformed",
        "unique-identifier",
        "extended-key-usage-any",
    ],
    "Serial numbers": [
        "serial-negative",
        "serial-zero",
        "serial-too-long",
        "serial-short",
    ],
    "Signatures and keys": [
        "signature-algorithm-mismatch",
        "signature-weak",
        "signature-unknown",
        "key-rsa-small",
        "key-unknown",
    ],
    "Validity": [
        "validity-backwards",
        "validity-not-utc-time",
    ],
    "Subject and issuer": [
        "issuer-empty",
        "authority-subject-empty",
        "subject-empty-without-names",
        "common-name-too-long",
        "subject-attribute-repeated",
    ],
    "Subject alternative names": [
        "names-empty",
        "names-not-critical",
        "name-malformed",
        "dns-name-is-address",
        "dns-name-final-dot",
        "dns-name-syntax",
        "dns-name-wildcard",
        "name-repeated",
    ],
    "Basic constraints": [
        "basic-constraints-not-critical",
        "path-len-without-authority",
        "path-len-missing",
        "basic-constraints-missing",
    ],
    "Key usage": [
        "key-usage-missing",
        "key-usage-not-critical",
        "key-usage-empty",
        "authority-cannot-sign",
        "leaf-can-sign",
        "authority-cannot-revoke",
        "leaf-without-digital-signature",
        "encipherment-without-rsa",
    ],
    "Key identifiers": [
        "authority-without-subject-key-identifier",
        "leaf-without-subject-key-identifier",
        "without-authority-key-identifier",
        "key-identifier-critical",
        "authority-key-identifier-names-issuer",
    ],
    "Name constraints": [
        "name-constraints-in-leaf",
        "name-constraints-not-critical",
        "name-constraints-empty",
        "name-constraints-of-other-type",
        "name-constraints-leading-dot",
    ],
    "A certificate and its issuer": [
        "issuer-name-mismatch",
        "issuer-not-authority",
        "authority-key-identifier-mismatch",
        "outside-issuer-validity",
        "path-len-exceeded",
        "extended-key-usage-not-nested",
        "name-outside-constraints",
    ],
    "A certificate in its role": [
        "leaf-is-authority",
        "extended-key-usage-missing",
        "server-without-server-auth",
        "server-without-client-auth",
        "server-without-names",
        "peer-without-both-usages",
        "peer-without-names",
        "peer-without-address",
        "client-without-client-auth",
        "client-with-server-auth",
        "client-without-common-name",
    ],
    "CA files": [
        "trust-holds-key",
        "trust-holds-other",
        "trust-empty",
        "trust-malformed",
        "trust-holds-leaf",
        "trust-expired",
        "trust-repeated",
        "trust-without-root",
        "trust-of-siblings",
    ],
    "Revocation lists": [
        "crl-pem",
        "crl-version",
        "crl-without-number",
        "crl-without-next-update",
        "crl-outdated",
        "crl-from-the-future",
        "crl-without-authority-key-identifier",
        "crl-empty-list",
        "crl-signature-weak",
        "crl-serial-repeated",
    ],
    "The PKI as a whole": [
        "serial-repeated",
        "missing",
        "authority-missing",
        "unreadable",
        "key-missing",
        "certificate-changed",
        "keyring-unusable",
        "authority-not-valid",
        "signature-not-of-issuer",
        "path-not-valid",
        "usage-unwanted",
        "name-not-matched",
        "renewal-due",
        "not-as-described",
        "trust-stale",
        "trust-lost",
        "waits-for-rotation",
        "revoked",
        "authority-revoked",
        "key-compromised",
        "crl-unreadable",
        "crl-missing",
        "crl-stale",
        "revocation-lost",
        "journal-broken",
        "journal-incomplete",
        "vault-in-clear",
        "vault-damaged",
        "vault-stale",
        "vault-unreadable",
        "setting-for-next-issue",
        "undescribed",
        "data-keys-retiring",
        "slot-forged",
    ],
    "Members that run": [
        "member-unreachable",
        "member-no-handshake",
        "member-certificate-stale",
        "member-certificate-refused",
        "member-chain-stale",
        "member-trust-stale",
        "member-hangs-up",
        "member-trusts-replaced",
        "member-takes-strangers",
        "no-probe",
        "member-unhealthy",
        "member-version-other",
        "member-clock-wrong",
        "members-apart",
        "membership-not-as-described",
    ],
    "Settings: their form": [
        "argument-stray",
        "flag-without-value",
        "flag-repeated",
        "variable-shadowed",
        "variable-not-read",
        "key-not-read",
        "line-not-read",
        "settings-beside-config-file",
        "settings-not-given",
        "reload-kills",
    ],
    "Settings: flags": [
        "flag-unknown",
        "flag-of-other-version",
        "flag-renamed",
        "flag-under-both-names",
        "value-of-wrong-kind",
    ],
    "Settings: who gets in": [
        "port-open-to-all",
        "trust-of-system",
        "automatic-certificate",
        "automatic-certificate-ignored",
        "certificate-without-key",
        "own-client-certificate-without-client-auth",
    ],
    "Settings: allow lists": [
        "peer-port-open-to-clients",
        "allowed-name-with-hostname",
        "allowed-list-as-one-name",
        "allowed-name-not-of-member",
        "allowed-hostname-not-of-member",
        "allowed-hostname-with-gateway",
    ],
    "Settings: cipher suites and TLS versions": [
        "cipher-suite-unknown",
        "cipher-suites-without-http2",
        "cipher-suites-not-of-key",
        "cipher-suite-of-tls13",
        "cipher-suites-with-tls13",
        "tls-version-unknown",
        "tls-versions-reversed",
    ],
    "Settings: URLs": [
        "url-malformed",
        "listen-on-name",
        "url-in-clear",
        "url-in-clear-on-loopback",
        "metrics-in-clear",
        "https-without-certificate",
        "advertised-urls-missing",
        "advertised-host-not-in-certificate",
        "discovery-domain-not-in-certificate",
    ],
    "Settings: the cluster": [
        "bootstrap-ambiguous",
        "name-not-of-node",
        "member-not-in-cluster",
        "cluster-not-as-described",
    ],
    "Settings: revocation": [
        "revoked-let-in",
        "crl-not-der",
        "crl-bypassed",
        "peer-addresses-not-verified",
    ],
    "Settings: files": [
        "key-of-other-certificate",
        "certificate-for-both-ports",
        "trust-is-certificate",
    ],
};
