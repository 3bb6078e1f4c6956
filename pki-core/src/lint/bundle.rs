//! CA files: what etcd and clients read at their start, and never again.

use time::OffsetDateTime;

use super::{Lint, Severity, Violation, error, warning};
use crate::certificate::Certificate;
use crate::certificate::bundle;
use crate::pem;

/// Who reads a CA file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BundleUse {
    /// Clients: etcdctl and kube-apiserver, but curl and Python too.
    Clients,
    /// Members: `--trusted-ca-file` and `--peer-trusted-ca-file`.
    Members,
}

/// Checks the text of a CA file, as PEM.
pub fn trust(text: &[u8], used_by: BundleUse, now: OffsetDateTime) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut found = |code, message: String| violations.extend(violation(code, message));
    let blocks = match pem::read(text) {
        Ok(blocks) => blocks,
        Err(error) => {
            found("trust-malformed", error.to_string());
            return violations;
        }
    };
    // etcd takes each block for a certificate, whatever its label.
    for block in &blocks {
        match block.label.as_str() {
            pem::CERTIFICATE => {}
            key if pem::is_private_key(key) => {
                found("trust-holds-key", "a private key stands in it".to_owned());
            }
            _ => found(
                "trust-holds-other",
                "a block in it is no certificate".to_owned(),
            ),
        }
    }
    let certificates = match bundle::of_blocks(&blocks) {
        Ok(certificates) => certificates,
        Err(bundle::InvalidPem::Missing) => {
            found("trust-empty", "no certificate stands in it".to_owned());
            return violations;
        }
        Err(error) => {
            found("trust-malformed", error.to_string());
            return violations;
        }
    };
    for (index, certificate) in certificates.iter().enumerate() {
        let subject = &certificate.subject;
        if certificate.authority.is_none() {
            found(
                "trust-holds-leaf",
                format!("`{subject}` in it is no authority"),
            );
        }
        if !certificate.validity.contains(now) {
            found(
                "trust-expired",
                format!("`{subject}` in it is not valid at this time"),
            );
        }
        if certificates[..index].contains(certificate) {
            found("trust-repeated", format!("`{subject}` stands in it twice"));
        }
    }
    let ends_in_root = certificates.iter().any(Certificate::is_self_issued);
    if used_by == BundleUse::Clients && !ends_in_root {
        found(
            "trust-without-root",
            "no self-signed certificate stands in it".to_owned(),
        );
    }
    violations
}

fn violation(code: &str, message: String) -> Option<Violation> {
    let lint = LINTS.iter().find(|lint| lint.code == code)?;
    Some(Violation { lint, message })
}

/// The rules for CA files.
pub(super) const LINTS: &[Lint] = &[
    error(
        "trust-holds-key",
        "no private key stands in a CA file",
        "etcd ends at its start with `malformed tbs certificate`, and everybody can read the file",
        "take the key out, and replace it: it was readable",
    ),
    error(
        "trust-holds-other",
        "nothing but certificates stands in a CA file",
        "etcd takes every PEM block for a certificate, and ends at its start",
        "take the block out",
    ),
    error(
        "trust-empty",
        "a CA file holds a certificate",
        "etcd starts without a word, and refuses everybody",
        "put the trusted authority's certificate into it",
    ),
    error(
        "trust-malformed",
        "every certificate in a CA file can be read",
        "etcd does not start with it",
        "restore the file from a copy, or write it anew",
    ),
    error(
        "trust-holds-leaf",
        "every certificate in a CA file is an authority's",
        "Go takes nothing that a leaf signed, but the leaf itself",
        "put the authority into its place that issued the leaf",
    ),
    error(
        "trust-expired",
        "every authority in a CA file is valid",
        "etcd holds a trusted authority to its validity: it refuses everybody below it",
        "renew the authority, write the file anew, and restart who has read it",
    ),
    warning(
        "trust-repeated",
        "no certificate stands in a CA file twice",
        "the second is of no use, and hides what was meant",
        "take the second out",
    ),
    warning(
        "trust-without-root",
        "the CA file of clients ends in a self-signed certificate",
        "curl, Python and openssl take no chain that ends below one (without -partial_chain)",
        "add the root",
    ),
    TRUST_OF_SIBLINGS,
];

/// Said of a whole PKI, which knows which authority is etcd's.
pub const TRUST_OF_SIBLINGS: Lint = Lint {
    code: "trust-of-siblings",
    severity: Severity::Notice,
    rule: "members trust the etcd authority, not one above it",
    source: "etcd takes a client of every authority below the one that it trusts",
    hint: "set trust_anchor: etcd, unless you rotate the etcd authority without restarts",
};
