//! What is in a file: certificates, keys, whatever order they stand in.

use rustls_pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroize;

use crate::certificate::bundle::InvalidPem;
use crate::certificate::{Certificate, InvalidCertificate};
use crate::crl::{Crl, InvalidCrl};
use crate::key::{Fingerprint, KeyAlgorithm, KeyError, PrivateKey};
use crate::seal::{SEALED_KEY, SealError, SealedKey, Tier};

/// Something found in a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// A certificate.
    Certificate(Box<Certificate>),
    /// A certificate revocation list.
    Crl(Box<Crl>),
    /// A private key, in clear.
    PrivateKey {
        /// Its algorithm.
        algorithm: KeyAlgorithm,
        /// The SHA-256 of its public half, as of a certificate's.
        public_key: Fingerprint,
    },
    /// A private key, sealed.
    SealedKey {
        /// The tier that opens it.
        tier: Tier,
    },
}

/// Lists what a file holds: PEM blocks, or one certificate, CRL or private key as DER.
///
/// # Errors
///
/// When it holds none of these, or one that cannot be read.
pub fn inspect(content: &[u8]) -> Result<Vec<Item>, InspectError> {
    if content.first() == Some(&DER_SEQUENCE) {
        return Ok(vec![inspect_der(content)?]);
    }
    if content.starts_with(format!("-----BEGIN {SEALED_KEY}-----").as_bytes()) {
        return Ok(vec![Item::SealedKey {
            tier: SealedKey::from_pem(content)?.tier(),
        }]);
    }
    if is_encrypted_key(content) {
        return Err(InspectError::Encrypted);
    }
    let mut items = Vec::new();
    for block in <(SectionKind, Vec<u8>)>::pem_slice_iter(content) {
        let (kind, mut der) = block.map_err(|_| InvalidPem::Malformed)?;
        let item = match kind {
            SectionKind::Certificate => {
                Some(Item::Certificate(Box::new(Certificate::from_der(&der)?)))
            }
            SectionKind::Crl => Some(Item::Crl(Box::new(Crl::from_der(&der)?))),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                Some(private_key(&der)?)
            }
            _ => None,
        };
        der.zeroize();
        items.extend(item);
    }
    match items.is_empty() {
        true => Err(label(content).map_or(InspectError::Nothing, InspectError::Other)),
        false => Ok(items),
    }
}

/// PKCS#8 (RFC 5958 section 3), or the older way with header lines inside of the block.
fn is_encrypted_key(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// The label of the first PEM block.
fn label(content: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, _) = rest.split_once("-----")?;
    let plain = label.len() <= 40 && label.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    plain.then(|| label.to_owned())
}

fn inspect_der(der: &[u8]) -> Result<Item, InspectError> {
    match Certificate::from_der(der) {
        Ok(certificate) => Ok(Item::Certificate(Box::new(certificate))),
        Err(error) => match Crl::from_der(der) {
            Ok(crl) => Ok(Item::Crl(Box::new(crl))),
            Err(_) => private_key(der).map_err(|_| error.into()),
        },
    }
}

fn private_key(der: &[u8]) -> Result<Item, KeyError> {
    let key = PrivateKey::from_der(der)?;
    Ok(Item::PrivateKey {
        algorithm: key.algorithm(),
        public_key: key.public().fingerprint(),
    })
}

/// Why a file could not be inspected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// A certificate that cannot be read.
    #[error(transparent)]
    Certificate(#[from] InvalidCertificate),
    /// A CRL that cannot be read.
    #[error(transparent)]
    Crl(#[from] InvalidCrl),
    /// A private key under a passphrase.
    #[error(
        "a private key that is encrypted under a passphrase: etcd takes none, so decrypt it first (openssl pkey)"
    )]
    Encrypted,
    /// A private key that cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nothing that is known.
    #[error(
        "neither a certificate nor a CRL nor a key in it: PEM, DER, sealed keys and vault files are known"
    )]
    Nothing,
    /// A PEM block of another kind.
    #[error("a PEM block `{0}`, which is neither a certificate nor a CRL nor a private key")]
    Other(String),
    /// A PEM block that cannot be read.
    #[error(transparent)]
    Pem(#[from] InvalidPem),
    /// A sealed key that is cut.
    #[error(transparent)]
    Sealed(#[from] SealError),
}

/// The first octet of every certificate and key as DER.
const DER_SEQUENCE: u8 = 0x30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_encoding_are_read() {
        let key = PrivateKey::generate(KeyAlgorithm::P384).unwrap();
        for content in [key.to_pem().as_bytes(), key.pkcs8_der()] {
            let items = inspect(content).unwrap();
            assert!(matches!(
                items.as_slice(),
                [Item::PrivateKey {
                    algorithm: KeyAlgorithm::P384,
                    ..
                }]
            ));
        }
    }

    #[test]
    fn rubbish_is_an_error() {
        for content in [
            &b""[..],
            b"text",
            b"\x30\x01",
            b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
        ] {
            assert!(inspect(content).is_err());
        }
    }
}
