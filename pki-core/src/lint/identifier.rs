//! Key identifiers.

use super::{OfCertificate, REISSUE, error, notice, warning, when};
use crate::certificate::Certificate;
use crate::certificate::encoding::oid;

pub(super) const CHECKS: &[OfCertificate] = &[
    OfCertificate {
        lint: error(
            "authority-without-subject-key-identifier",
            "an authority has a subject key identifier",
            "RFC 5280 section 4.2.1.2; openssl verify -x509_strict refuses it",
            REISSUE,
        ),
        find: authority_without_subject,
    },
    OfCertificate {
        lint: notice(
            "leaf-without-subject-key-identifier",
            "a leaf has a subject key identifier",
            "RFC 5280 section 4.2.1.2",
            REISSUE,
        ),
        find: leaf_without_subject,
    },
    OfCertificate {
        lint: error(
            "without-authority-key-identifier",
            "all but a root have an authority key identifier with the key's",
            "RFC 5280 section 4.2.1.1; openssl verify -x509_strict refuses it",
            REISSUE,
        ),
        find: without_authority,
    },
    OfCertificate {
        lint: error(
            "key-identifier-critical",
            "key identifiers are not critical",
            "RFC 5280 sections 4.2.1.1 and 4.2.1.2; webpki refuses them",
            REISSUE,
        ),
        find: critical,
    },
    OfCertificate {
        lint: warning(
            "authority-key-identifier-names-issuer",
            "the authority key identifier does not name its issuer's issuer and serial number",
            "RFC 4158 section 3.5.12; OpenSSL refuses it under a renewed or cross-signed authority",
            "issue it anew with the key's identifier alone",
        ),
        find: names_issuer,
    },
];

fn authority_without_subject(certificate: &Certificate) -> Option<String> {
    when(
        certificate.authority.is_some() && certificate.subject_key_identifier.is_none(),
        "it is an authority without a subject key identifier",
    )
}

fn leaf_without_subject(certificate: &Certificate) -> Option<String> {
    when(
        certificate.authority.is_none() && certificate.subject_key_identifier.is_none(),
        "it has no subject key identifier",
    )
}

fn without_authority(certificate: &Certificate) -> Option<String> {
    when(
        !certificate.is_self_issued() && certificate.authority_key_identifier.is_none(),
        "it has no authority key identifier",
    )
}

fn critical(certificate: &Certificate) -> Option<String> {
    let identifiers = [oid::AUTHORITY_KEY_IDENTIFIER, oid::SUBJECT_KEY_IDENTIFIER];
    let critical = identifiers.into_iter().any(|oid| {
        let extension = certificate.encoding.extension_with(oid);
        extension.is_some_and(|extension| extension.critical)
    });
    when(critical, "a key identifier of it is critical")
}

fn names_issuer(certificate: &Certificate) -> Option<String> {
    when(
        certificate.encoding.authority_key_identifier_names_issuer,
        "its authority key identifier names an issuer and a serial number",
    )
}
