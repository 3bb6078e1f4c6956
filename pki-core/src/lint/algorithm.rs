//! Signatures and keys.

use super::{OfCertificate, REISSUE, error, when};
use crate::certificate::Certificate;

pub(super) const CHECKS: &[OfCertificate] = &[
    OfCertificate {
        lint: error(
            "signature-algorithm-mismatch",
            "the signed part names the signature algorithm that stands beside it",
            "RFC 5280 section 4.1.1.2",
            REISSUE,
        ),
        find: mismatch,
    },
    OfCertificate {
        lint: error(
            "signature-weak",
            "no signature is made over MD5 or SHA-1",
            "Go 1.18 and later refuse them; a second certificate can be made for the signature",
            "issue it anew with SHA-256 or more",
        ),
        find: weak,
    },
    OfCertificate {
        lint: error(
            "signature-unknown",
            "the signature algorithm is ECDSA, RSA PKCS#1 or Ed25519",
            "what Go, OpenSSL, GnuTLS and webpki all verify",
            "issue it anew, signed by an authority with such a key",
        ),
        find: unknown,
    },
    OfCertificate {
        lint: error(
            "key-rsa-small",
            "an RSA key has at least 2048 bits",
            "NIST SP 800-131A revision 2; webpki refuses less, Go 1.24 less than 1024",
            "issue it anew for a larger key, or for P-256",
        ),
        find: small_rsa,
    },
    OfCertificate {
        lint: error(
            "key-unknown",
            "a key is P-256, P-384, P-521, Ed25519 or RSA",
            "what etcd takes in every version",
            "issue it anew for such a key",
        ),
        find: unknown_key,
    },
];

fn mismatch(certificate: &Certificate) -> Option<String> {
    when(
        !certificate.encoding.algorithms_agree,
        "its signed part names another signature algorithm than the part beside it",
    )
}

fn weak(certificate: &Certificate) -> Option<String> {
    let name = weak_name(&certificate.encoding.signature_algorithm)?;
    Some(format!("its signature is made over {name}"))
}

fn unknown(certificate: &Certificate) -> Option<String> {
    let algorithm = certificate.encoding.signature_algorithm.as_str();
    when(
        weak_name(algorithm).is_none() && !STRONG.contains(&algorithm),
        format!("its signature algorithm is {algorithm}"),
    )
}

fn small_rsa(certificate: &Certificate) -> Option<String> {
    let bits = certificate.encoding.rsa_bits?;
    when(bits < 2048, format!("its RSA key has {bits} bits only"))
}

fn unknown_key(certificate: &Certificate) -> Option<String> {
    let algorithm = &certificate.key_algorithm;
    let known = algorithm.starts_with("RSA") || CURVES.contains(&algorithm.as_str());
    when(!known, format!("its key is one of {algorithm}"))
}

/// The digest of a signature algorithm, if it is a broken one.
pub(super) fn weak_name(algorithm: &str) -> Option<&'static str> {
    let (_, name) = WEAK.iter().find(|(oid, _)| *oid == algorithm)?;
    Some(name)
}

/// Signature algorithms over broken digests.
const WEAK: [(&str, &str); 5] = [
    ("1.2.840.113549.1.1.2", "MD2"),
    ("1.2.840.113549.1.1.4", "MD5"),
    ("1.2.840.113549.1.1.5", "SHA-1"),
    ("1.2.840.10045.4.1", "SHA-1"),
    ("1.3.14.3.2.29", "SHA-1"),
];

/// RSA PKCS#1 v1.5 and ECDSA with SHA-256, SHA-384 and SHA-512, and Ed25519.
const STRONG: [&str; 7] = [
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.2.840.10045.4.3.4",
    "1.3.101.112",
];

const CURVES: [&str; 4] = ["P-256", "P-384", "P-521", "Ed25519"];
