//! Whether it is an authority, and how many may follow.

use super::{OfCertificate, REISSUE, error, notice, when};
use crate::certificate::Certificate;
use crate::certificate::encoding::oid;

pub(super) const CHECKS: &[OfCertificate] = &[
    OfCertificate {
        lint: error(
            "basic-constraints-not-critical",
            "basicConstraints of an authority is critical",
            "RFC 5280 section 4.2.1.9; openssl verify -x509_strict refuses it",
            REISSUE,
        ),
        find: not_critical,
    },
    OfCertificate {
        lint: error(
            "path-len-without-authority",
            "only an authority has a path length",
            "RFC 5280 section 4.2.1.9",
            REISSUE,
        ),
        find: path_len_of_leaf,
    },
    OfCertificate {
        lint: notice(
            "path-len-missing",
            "an authority limits how many authorities may follow it",
            "RFC 5280 section 4.2.1.9: without a limit whoever holds its key can make more",
            "give it the path length that its hierarchy needs, and one more to be cross-signed",
        ),
        find: unlimited,
    },
    OfCertificate {
        lint: notice(
            "basic-constraints-missing",
            "a leaf says that it is no authority",
            "RFC 5280 section 4.2.1.9 leaves it open; some old verifiers take silence for consent",
            REISSUE,
        ),
        find: missing,
    },
];

fn not_critical(certificate: &Certificate) -> Option<String> {
    let extension = certificate
        .encoding
        .extension_with(oid::BASIC_CONSTRAINTS)?;
    when(
        certificate.authority.is_some() && !extension.critical,
        "it is an authority, and its basicConstraints is not critical",
    )
}

fn path_len_of_leaf(certificate: &Certificate) -> Option<String> {
    when(
        certificate.encoding.path_len_without_authority,
        "it has a path length, and is no authority",
    )
}

fn unlimited(certificate: &Certificate) -> Option<String> {
    let authority = certificate.authority?;
    when(
        authority.path_len.is_none(),
        "it is an authority without a path length",
    )
}

fn missing(certificate: &Certificate) -> Option<String> {
    let present = certificate.encoding.extension_with(oid::BASIC_CONSTRAINTS);
    when(
        present.is_none() && !certificate.key_usages.contains(&"keyCertSign"),
        "it has no basicConstraints",
    )
}
