//! What is in a file: certificates, keys, whatever order they stand in, and what etcdpki keeps.

mod own;

use crate::certificate::{Certificate, InvalidCertificate};
use crate::crl::{Crl, InvalidCrl};
use crate::csr::{CertificateRequest, InvalidRequest};
use crate::description::{Cluster, DescriptionError};
use crate::journal::Journal;
use crate::key::{Fingerprint, KeyAlgorithm, KeyError, PrivateKey, has_header_of_encryption};
use crate::pem::{self, InvalidBlock};
use crate::revocation::{InvalidRevocation, Revocation};
use crate::seal::{InvalidKeyring, Keyring, SEALED_KEY, SealError, SealedKey, Tier};
use crate::signer::{Custody, InvalidCustody};

/// Something found in a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// A certificate.
    Certificate(Box<Certificate>),
    /// A certificate revocation list.
    Crl(Box<Crl>),
    /// The description of a cluster.
    Description(Box<Cluster>),
    /// The journal of a PKI.
    Journal(Box<Journal>),
    /// A keyring.
    Keyring(Box<Keyring>),
    /// A private key, in clear.
    PrivateKey {
        /// Its algorithm.
        algorithm: KeyAlgorithm,
        /// The SHA-256 of its public half, as of a certificate's.
        public_key: Fingerprint,
    },
    /// A certification request.
    Request(Box<CertificateRequest>),
    /// The record of a revocation.
    Revocation(Box<Revocation>),
    /// A private key, sealed.
    SealedKey {
        /// The tier that opens it.
        tier: Tier,
    },
    /// Where the key of an authority is, if it is not sealed beside it.
    Signer(Box<Custody>),
}

/// Lists what a file holds: PEM blocks, or one certificate, CRL, request or private key as DER, or
/// what etcdpki itself keeps.
///
/// # Errors
///
/// When it holds none of these, or one that cannot be read.
pub fn inspect(content: &[u8]) -> Result<Vec<Item>, InspectError> {
    if content.first() == Some(&DER_SEQUENCE) {
        return Ok(vec![inspect_der(content)?]);
    }
    if has_header_of_encryption(content) {
        return Err(InspectError::Encrypted);
    }
    let blocks = pem::read(content)?;
    let mut items = Vec::new();
    for block in &blocks {
        let der = block.content.as_slice();
        items.extend(match block.label.as_str() {
            pem::CERTIFICATE => Some(Item::Certificate(Box::new(Certificate::from_der(der)?))),
            pem::CERTIFICATE_REQUEST | pem::NEW_CERTIFICATE_REQUEST => {
                Some(Item::Request(Box::new(CertificateRequest::from_der(der)?)))
            }
            pem::CRL => Some(Item::Crl(Box::new(Crl::from_der(der)?))),
            pem::ENCRYPTED_PRIVATE_KEY => return Err(InspectError::Encrypted),
            SEALED_KEY => Some(Item::SealedKey {
                tier: SealedKey::from_octets(der)?.tier(),
            }),
            key if pem::is_private_key(key) => Some(private_key(der)?),
            _ => None,
        });
    }
    match (items.is_empty(), blocks.first()) {
        (false, _) => Ok(items),
        (true, Some(block)) => Err(InspectError::Other(block.label.clone())),
        (true, None) => match own::read(content)? {
            Some(item) => Ok(vec![item]),
            None if content.is_empty() => Err(InspectError::Empty),
            None => Err(InspectError::Nothing),
        },
    }
}

fn inspect_der(der: &[u8]) -> Result<Item, InspectError> {
    match Certificate::from_der(der) {
        Ok(certificate) => Ok(Item::Certificate(Box::new(certificate))),
        Err(error) => match Crl::from_der(der) {
            Ok(crl) => Ok(Item::Crl(Box::new(crl))),
            Err(_) => match CertificateRequest::from_der(der) {
                Ok(request) => Ok(Item::Request(Box::new(request))),
                Err(_) => private_key(der).map_err(|_| error.into()),
            },
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
    /// A description with a fault.
    #[error("a description with a fault{}: {source}", .source.position.map(|at| format!(" at {at}")).unwrap_or_default())]
    Description {
        /// What is wrong with it.
        source: DescriptionError,
    },
    /// Nothing at all.
    #[error("it is empty: restore it from a copy")]
    Empty,
    /// A private key under a passphrase.
    #[error(
        "a private key that is encrypted under a passphrase: etcd takes none, so decrypt it first (openssl pkey)"
    )]
    Encrypted,
    /// A private key that cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A keyring that cannot be read.
    #[error(transparent)]
    Keyring(#[from] InvalidKeyring),
    /// Nothing that is known.
    #[error(
        "neither a certificate nor a CRL nor a request nor a key in it: PEM, DER, vault files and what etcdpki itself keeps are known"
    )]
    Nothing,
    /// A PEM block of another kind.
    #[error(
        "a PEM block `{0}`, which is neither a certificate nor a CRL nor a request nor a private key"
    )]
    Other(String),
    /// A PEM block that cannot be read.
    #[error(transparent)]
    Pem(#[from] InvalidBlock),
    /// A certification request that cannot be read.
    #[error(transparent)]
    Request(#[from] InvalidRequest),
    /// A record that cannot be read.
    #[error(transparent)]
    Revocation(#[from] InvalidRevocation),
    /// A sealed key that is cut.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// A `ca.signer.yml` that cannot be read.
    #[error(transparent)]
    Signer(#[from] InvalidCustody),
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
