//! PEM text (RFC 7468): certificates and private keys.

use base64ct::{Base64, Encoding};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::certificate::{Certificate, InvalidCertificate};
use crate::secret_text::SecretText;

/// The label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// The label of a PKCS#8 private key (RFC 5208, RFC 5958).
pub const PRIVATE_KEY: &str = "PRIVATE KEY";

/// Encodes DER as a PEM block of 64 columns that ends in a newline.
pub fn encode(label: &str, der: &[u8]) -> String {
    encode_secret(label, der).as_str().to_owned()
}

/// Like [`encode`], for secrets: no copy of the text stays behind in memory.
pub fn encode_secret(label: &str, der: &[u8]) -> SecretText {
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

/// Encodes certificates one after another, as `--cert-file` and `--trusted-ca-file` take them.
pub fn encode_certificates<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> String {
    certificates.into_iter().map(Certificate::to_pem).collect()
}

/// Reads every certificate of a PEM text; other blocks and text around them are passed over.
///
/// # Errors
///
/// When there is none, or one cannot be read.
pub fn decode_certificates(text: &[u8]) -> Result<Vec<Certificate>, InvalidPem> {
    let certificates: Vec<Certificate> = CertificateDer::pem_slice_iter(text)
        .map(|der| {
            Ok(Certificate::from_der(
                der.map_err(|_| InvalidPem::Malformed)?.as_ref(),
            )?)
        })
        .collect::<Result<_, InvalidPem>>()?;
    match certificates.is_empty() {
        true => Err(InvalidPem::Missing(CERTIFICATE)),
        false => Ok(certificates),
    }
}

/// Reads the first private key of a PEM text, as DER: PKCS#8, SEC1 or PKCS#1.
///
/// # Errors
///
/// When there is none, or its block cannot be read.
pub fn decode_private_key(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, InvalidPem> {
    match PrivateKeyDer::from_pem_slice(text) {
        Ok(key) => Ok(Zeroizing::new(key.secret_der().to_vec())),
        Err(rustls_pki_types::pem::Error::NoItemsFound) => Err(InvalidPem::Missing(PRIVATE_KEY)),
        Err(_) => Err(InvalidPem::Malformed),
    }
}

/// A text that does not hold the PEM block asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InvalidPem {
    /// A certificate inside is not one.
    #[error(transparent)]
    Certificate(#[from] InvalidCertificate),
    /// A block is cut or holds characters that are not base64.
    #[error("a PEM block is cut or damaged: look for a missing END line or a changed character")]
    Malformed,
    /// No block of this label.
    #[error("no `-----BEGIN {0}-----` block in it")]
    Missing(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_64_columns() {
        let text = encode("X", &[0xff; 100]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.first(), Some(&"-----BEGIN X-----"));
        assert_eq!(lines.last(), Some(&"-----END X-----"));
        assert_eq!(lines[1].len(), 64);
        assert!(text.ends_with('\n'));
    }

    #[test]
    fn what_is_not_there_is_named() {
        assert!(matches!(
            decode_certificates(b""),
            Err(InvalidPem::Missing(CERTIFICATE))
        ));
        assert!(matches!(
            decode_private_key(b"x"),
            Err(InvalidPem::Missing(PRIVATE_KEY))
        ));
        let cut = b"-----BEGIN CERTIFICATE-----\nAAAA\n";
        assert!(decode_certificates(cut).is_err());
    }
}
