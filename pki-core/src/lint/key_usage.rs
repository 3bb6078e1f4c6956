//! What the key may be used for.

use super::{OfCertificate, REISSUE, error, warning, when};
use crate::certificate::Certificate;
use crate::certificate::encoding::oid;

pub(super) const CHECKS: &[OfCertificate] = &[
    OfCertificate {
        lint: error(
            "key-usage-missing",
            "an authority has keyUsage",
            "RFC 5280 section 4.2.1.3; openssl verify -x509_strict refuses it",
            REISSUE,
        ),
        find: missing,
    },
    OfCertificate {
        lint: warning(
            "key-usage-not-critical",
            "keyUsage is critical",
            "RFC 5280 section 4.2.1.3",
            REISSUE,
        ),
        find: not_critical,
    },
    OfCertificate {
        lint: error(
            "key-usage-empty",
            "keyUsage has at least one usage",
            "RFC 5280 section 4.2.1.3",
            REISSUE,
        ),
        find: empty,
    },
    OfCertificate {
        lint: error(
            "authority-cannot-sign",
            "an authority has keyCertSign",
            "RFC 5280 section 4.2.1.3; Go, OpenSSL and GnuTLS refuse what it signed",
            REISSUE,
        ),
        find: authority_cannot_sign,
    },
    OfCertificate {
        lint: error(
            "leaf-can-sign",
            "only an authority has keyCertSign",
            "RFC 5280 section 4.2.1.9; openssl verify -x509_strict refuses it",
            REISSUE,
        ),
        find: leaf_can_sign,
    },
    OfCertificate {
        lint: warning(
            "authority-cannot-revoke",
            "an authority has cRLSign",
            "RFC 5280 section 4.2.1.3; verifiers other than etcd refuse a CRL that it signs",
            REISSUE,
        ),
        find: authority_cannot_revoke,
    },
    OfCertificate {
        lint: error(
            "leaf-without-digital-signature",
            "keyUsage of a leaf has digitalSignature",
            "RFC 8446 section 4.4.2.2: TLS 1.3 signs, and so does every ECDHE suite of TLS 1.2",
            REISSUE,
        ),
        find: leaf_cannot_sign_handshakes,
    },
    OfCertificate {
        lint: warning(
            "encipherment-without-rsa",
            "only a leaf with an RSA key has keyEncipherment or dataEncipherment",
            "RFC 8813 section 3 for ECDSA, RFC 8410 section 5 for Ed25519",
            REISSUE,
        ),
        find: encipherment,
    },
];

fn missing(certificate: &Certificate) -> Option<String> {
    let present = certificate.encoding.extension_with(oid::KEY_USAGE);
    when(
        certificate.authority.is_some() && present.is_none(),
        "it is an authority without keyUsage",
    )
}

fn not_critical(certificate: &Certificate) -> Option<String> {
    let extension = certificate.encoding.extension_with(oid::KEY_USAGE)?;
    when(!extension.critical, "its keyUsage is not critical")
}

fn empty(certificate: &Certificate) -> Option<String> {
    when(
        has_key_usage(certificate) && certificate.key_usages.is_empty(),
        "its keyUsage allows nothing",
    )
}

fn authority_cannot_sign(certificate: &Certificate) -> Option<String> {
    let cannot = certificate.authority.is_some()
        && allows_something(certificate)
        && !certificate.key_usages.contains(&"keyCertSign");
    when(
        cannot,
        "it is an authority, and its key may not sign certificates",
    )
}

fn leaf_can_sign(certificate: &Certificate) -> Option<String> {
    let can = certificate.authority.is_none() && certificate.key_usages.contains(&"keyCertSign");
    when(can, "it is no authority, and its key may sign certificates")
}

fn authority_cannot_revoke(certificate: &Certificate) -> Option<String> {
    let cannot = certificate.authority.is_some()
        && allows_something(certificate)
        && !certificate.key_usages.contains(&"cRLSign");
    when(cannot, "it is an authority, and its key may not sign a CRL")
}

fn leaf_cannot_sign_handshakes(certificate: &Certificate) -> Option<String> {
    let cannot = certificate.authority.is_none()
        && allows_something(certificate)
        && !certificate.key_usages.contains(&"digitalSignature");
    when(cannot, "its key may not sign a TLS handshake")
}

fn encipherment(certificate: &Certificate) -> Option<String> {
    let mut usages = certificate.key_usages.iter();
    let wrong = usages.find(|usage| usage.ends_with("Encipherment"))?;
    when(
        !certificate.key_algorithm.starts_with("RSA"),
        format!(
            "its key is {}, and it has {wrong}",
            certificate.key_algorithm
        ),
    )
}

fn has_key_usage(certificate: &Certificate) -> bool {
    certificate
        .encoding
        .extension_with(oid::KEY_USAGE)
        .is_some()
}

/// An extension that allows nothing breaks a rule of its own.
fn allows_something(certificate: &Certificate) -> bool {
    has_key_usage(certificate) && !certificate.key_usages.is_empty()
}
