//! PEM text (RFC 7468): what is written, and the one reader of it.

mod read;

use std::fmt;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

pub use read::{Block, InvalidBlock, read};

use crate::secret_text::SecretText;

/// The label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// The label of a certification request (RFC 2986).
pub const CERTIFICATE_REQUEST: &str = "CERTIFICATE REQUEST";
/// The label of a certificate revocation list (RFC 7468 section 6).
pub const CRL: &str = "X509 CRL";
/// The label of a SEC1 private key (RFC 5915).
pub const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";
/// The label of a PKCS#8 private key under a passphrase (RFC 7468 section 11).
pub const ENCRYPTED_PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
/// The older label of a certification request (RFC 7468 section 7): certtool and Windows write it.
pub const NEW_CERTIFICATE_REQUEST: &str = "NEW CERTIFICATE REQUEST";
/// The label of a PKCS#8 private key (RFC 5208, RFC 5958).
pub const PRIVATE_KEY: &str = "PRIVATE KEY";
/// The label of a public key: SubjectPublicKeyInfo (RFC 7468 section 13).
pub const PUBLIC_KEY: &str = "PUBLIC KEY";
/// The label of a PKCS#1 private key (RFC 8017).
pub const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";

/// Why something is no DER: it is a PEM text, which `reader` reads, or else what is wrong with it.
pub(crate) fn instead_of_der(content: &[u8], reader: &str, error: impl fmt::Display) -> String {
    // Not by its first octet: text that begins with a 0 begins as a sequence does.
    match std::str::from_utf8(content).is_ok_and(|text| text.contains("-----BEGIN ")) {
        true => format!("it is PEM, not DER: read it with {reader}"),
        false => error.to_string(),
    }
}

/// Whether a block of this label is a private key, in clear or under a passphrase.
pub(crate) fn is_private_key(label: &str) -> bool {
    [
        EC_PRIVATE_KEY,
        ENCRYPTED_PRIVATE_KEY,
        PRIVATE_KEY,
        RSA_PRIVATE_KEY,
    ]
    .contains(&label)
}

/// Encodes DER as a PEM block of 64 columns that ends in a newline.
pub fn encode(label: &str, der: &[u8]) -> String {
    encode_secret(label, der).as_str().to_owned()
}

/// Like [`encode`], for secrets: no copy of the text stays behind in memory.
pub(crate) fn encode_secret(label: &str, der: &[u8]) -> SecretText {
    let body = Zeroizing::new(Base64::encode_string(der));
    let mut text = SecretText::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 40);
    for part in ["-----BEGIN ", label, "-----\n"] {
        text.push_str(part);
    }
    let mut rest = body.as_str();
    while !rest.is_empty() {
        // Base64 is ASCII: any index is a character boundary.
        let (line, tail) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push_str("\n");
        rest = tail;
    }
    for part in ["-----END ", label, "-----\n"] {
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_in_place_of_der_is_named() {
        let text = format!("text\n{}", encode("X", b"x"));
        assert_eq!(
            instead_of_der(text.as_bytes(), "this", "cut"),
            "it is PEM, not DER: read it with this"
        );
        assert_eq!(instead_of_der(b"0\x82", "this", "cut"), "cut");
        let text = text.as_bytes();
        for error in [
            crate::crl::Crl::from_der(text).unwrap_err().to_string(),
            crate::csr::CertificateRequest::from_der(text)
                .unwrap_err()
                .to_string(),
            crate::key::PrivateKey::from_der(text)
                .unwrap_err()
                .to_string(),
        ] {
            assert!(
                error.contains("it is PEM, not DER: read it with "),
                "{error}"
            );
        }
    }

    #[test]
    fn a_block_has_64_columns() {
        let text = encode("X", &[0xff; 100]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.first(), Some(&"-----BEGIN X-----"));
        assert_eq!(lines.last(), Some(&"-----END X-----"));
        assert_eq!(lines[1].len(), 64);
        assert!(text.ends_with('\n'));
    }
}
