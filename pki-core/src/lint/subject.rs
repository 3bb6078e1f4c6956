//! Subject and issuer.

use super::{OfCertificate, REISSUE, error, warning, when};
use crate::certificate::Certificate;
use crate::name::MAX_COMMON_NAME;

pub(super) const CHECKS: &[OfCertificate] = &[
    OfCertificate {
        lint: error(
            "issuer-empty",
            "the issuer is not empty",
            "RFC 5280 section 4.1.2.4",
            "give the authority a subject, and issue this anew",
        ),
        find: issuer_empty,
    },
    OfCertificate {
        lint: error(
            "authority-subject-empty",
            "the subject of an authority is not empty",
            "RFC 5280 section 4.1.2.6",
            "give the authority a subject",
        ),
        find: authority_subject_empty,
    },
    OfCertificate {
        lint: error(
            "subject-empty-without-names",
            "a certificate without a subject has a subject alternative name",
            "RFC 5280 section 4.1.2.6",
            REISSUE,
        ),
        find: nameless,
    },
    OfCertificate {
        lint: error(
            "common-name-too-long",
            "a common name has at most 64 characters",
            "RFC 5280 appendix A.1, ub-common-name; OpenSSL makes none that is longer",
            "shorten it: names of hosts belong into the subject alternative names",
        ),
        find: long_common_name,
    },
    OfCertificate {
        lint: warning(
            "subject-attribute-repeated",
            "only organizational units and domain components stand in a subject more than once",
            "etcd takes the last common name for the user, other programs the first",
            REISSUE,
        ),
        find: repeated_attribute,
    },
];

fn issuer_empty(certificate: &Certificate) -> Option<String> {
    when(certificate.encoding.issuer_empty, "its issuer is empty")
}

fn authority_subject_empty(certificate: &Certificate) -> Option<String> {
    when(
        certificate.authority.is_some() && certificate.encoding.subject.is_empty(),
        "it is an authority without a subject",
    )
}

fn nameless(certificate: &Certificate) -> Option<String> {
    let nameless = certificate.encoding.subject.is_empty()
        && certificate.alternative_names.is_empty()
        && certificate.authority.is_none();
    when(nameless, "it has neither a subject nor an alternative name")
}

fn long_common_name(certificate: &Certificate) -> Option<String> {
    let mut attributes = certificate.encoding.subject.iter();
    let long = attributes.find(|one| one.oid == COMMON_NAME && one.characters > MAX_COMMON_NAME)?;
    Some(format!(
        "its common name has {} characters, more than {MAX_COMMON_NAME}",
        long.characters
    ))
}

fn repeated_attribute(certificate: &Certificate) -> Option<String> {
    let attributes = &certificate.encoding.subject;
    let (_, twice) = attributes.iter().enumerate().find(|(index, one)| {
        !MANY.contains(&one.oid.as_str())
            && attributes[..*index]
                .iter()
                .any(|before| before.oid == one.oid)
    })?;
    Some(format!(
        "its subject `{}` has more than one attribute {}",
        certificate.subject, twice.oid
    ))
}

/// commonName, RFC 5280 appendix A.1.
pub(super) const COMMON_NAME: &str = "2.5.4.3";
/// organizationalUnitName and domainComponent.
const MANY: [&str; 2] = ["2.5.4.11", "0.9.2342.19200300.100.1.25"];
