//! Version and extensions as such.

use super::{OfCertificate, REISSUE, error, warning, when};
use crate::certificate::Certificate;
use crate::certificate::encoding::{Form, oid};

pub(super) const CHECKS: &[OfCertificate] = &[
    OfCertificate {
        lint: error(
            "version-not-3",
            "a certificate is of version 3, without which it has no extensions",
            "RFC 5280 section 4.1.2.1; a version 1 certificate is no authority to Go or webpki",
            REISSUE,
        ),
        find: version,
    },
    OfCertificate {
        lint: error(
            "extension-repeated",
            "no extension stands in a certificate twice",
            "RFC 5280 section 4.2; Go refuses to read it",
            REISSUE,
        ),
        find: repeated,
    },
    OfCertificate {
        lint: error(
            "extension-critical-unknown",
            "every critical extension is one that verifiers process",
            "RFC 5280 section 4.2: what is critical and not processed is refused",
            "issue it anew without that extension, or not critical",
        ),
        find: unknown_critical,
    },
    OfCertificate {
        lint: error(
            "extension-malformed",
            "every extension of RFC 5280 is encoded as it says",
            "RFC 5280 section 4.2.1",
            REISSUE,
        ),
        find: malformed,
    },
    OfCertificate {
        lint: error(
            "unique-identifier",
            "there is no issuerUniqueID and no subjectUniqueID",
            "RFC 5280 section 4.1.2.8",
            REISSUE,
        ),
        find: unique_identifier,
    },
    OfCertificate {
        lint: warning(
            "extended-key-usage-any",
            "anyExtendedKeyUsage is not listed",
            "RFC 5280 section 4.2.1.12: an application may ask for its own usage to be there",
            "list serverAuth and clientAuth as the role needs them",
        ),
        find: any_usage,
    },
];

fn version(certificate: &Certificate) -> Option<String> {
    let version = certificate.encoding.version;
    when(version != 3, format!("it is of version {version}, not 3"))
}

fn repeated(certificate: &Certificate) -> Option<String> {
    let extensions = &certificate.encoding.extensions;
    let (_, twice) = extensions.iter().enumerate().find(|(index, one)| {
        extensions[..*index]
            .iter()
            .any(|before| before.oid == one.oid)
    })?;
    Some(format!("the extension {} stands in it twice", twice.oid))
}

fn unknown_critical(certificate: &Certificate) -> Option<String> {
    let mut extensions = certificate.encoding.extensions.iter();
    let unknown = extensions.find(|one| one.critical && !PROCESSED.contains(&one.oid.as_str()))?;
    Some(format!(
        "its extension {} is critical, and verifiers do not process it",
        unknown.oid
    ))
}

fn malformed(certificate: &Certificate) -> Option<String> {
    let mut extensions = certificate.encoding.extensions.iter();
    let malformed = extensions.find(|one| one.form == Form::Malformed)?;
    Some(format!("its extension {} cannot be read", malformed.oid))
}

fn unique_identifier(certificate: &Certificate) -> Option<String> {
    when(
        certificate.encoding.unique_identifiers,
        "it has a unique identifier of its issuer or subject",
    )
}

fn any_usage(certificate: &Certificate) -> Option<String> {
    let mut usages = certificate.extended_key_usages.iter();
    when(
        usages.any(|usage| usage.to_string() == "anyExtendedKeyUsage"),
        "it may be used for anything: anyExtendedKeyUsage",
    )
}

/// What both etcd's verifier and ours process, so that it may be critical. Key identifiers may
/// not be for another reason and have lints of their own.
const PROCESSED: [&str; 8] = [
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::BASIC_CONSTRAINTS,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::EXTENDED_KEY_USAGE,
    oid::KEY_USAGE,
    oid::NAME_CONSTRAINTS,
    oid::SUBJECT_ALTERNATIVE_NAME,
    oid::SUBJECT_KEY_IDENTIFIER,
];
