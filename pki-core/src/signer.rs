//! Keys that sign, wherever they are: here, behind a function, or behind a command.
//!
//! An [`Authority`](crate::authority::Authority) signs through a [`Signer`]. A [`PrivateKey`] is
//! one; [`Callback`] asks a function of the program that embeds this library; [`ExternalCommand`]
//! asks a program, so that an HSM or a key management service can hold the key. A signature that
//! comes from elsewhere is verified before it is used.
//!
//! [`PrivateKey`]: crate::key::PrivateKey

mod command;
mod custody;

use std::fmt;

pub use command::{ExternalCommand, SignerConfig};
pub use custody::{Custody, InvalidCustody};

use crate::key::{PublicKey, PublicKeyKind, WeakKey};
use crate::verify;

/// A key that signs.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs the octets of `message`, which are not hashed yet.
    ///
    /// The signature as X.509 has it: ECDSA as the DER of `Ecdsa-Sig-Value` (RFC 3279 section
    /// 2.2.3), RSA as the octets of PKCS#1 v1.5 (RFC 8017 section 8.2), Ed25519 as its 64 octets
    /// (RFC 8032).
    ///
    /// # Errors
    ///
    /// When the key cannot be reached or does not sign.
    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// The algorithm with which a key signs certificates; each kind of key has one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureAlgorithm {
    /// ECDSA with SHA-256, for P-256 (RFC 5758 section 3.2).
    EcdsaSha256,
    /// ECDSA with SHA-384, for P-384.
    EcdsaSha384,
    /// ECDSA with SHA-512, for P-521.
    EcdsaSha512,
    /// Ed25519 (RFC 8410 section 3).
    Ed25519,
    /// RSA PKCS#1 v1.5 with SHA-256 (RFC 8017 section 8.2).
    RsaSha256,
}

impl SignatureAlgorithm {
    /// The algorithm that goes with a kind of key.
    pub fn of(kind: PublicKeyKind) -> Self {
        match kind {
            PublicKeyKind::Ed25519 => Self::Ed25519,
            PublicKeyKind::P256 => Self::EcdsaSha256,
            PublicKeyKind::P384 => Self::EcdsaSha384,
            PublicKeyKind::P521 => Self::EcdsaSha512,
            PublicKeyKind::Rsa { .. } => Self::RsaSha256,
        }
    }

    /// Its name in the RFC that defines its object identifier.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EcdsaSha256 => "ecdsa-with-SHA256",
            Self::EcdsaSha384 => "ecdsa-with-SHA384",
            Self::EcdsaSha512 => "ecdsa-with-SHA512",
            Self::Ed25519 => "id-Ed25519",
            Self::RsaSha256 => "sha256WithRSAEncryption",
        }
    }

    pub(crate) fn rcgen(self) -> &'static rcgen::SignatureAlgorithm {
        match self {
            Self::EcdsaSha256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::EcdsaSha384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::EcdsaSha512 => &rcgen::PKCS_ECDSA_P521_SHA512,
            Self::Ed25519 => &rcgen::PKCS_ED25519,
            Self::RsaSha256 => &rcgen::PKCS_RSA_SHA256,
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key behind a function.
pub struct Callback<F> {
    key: PublicKey,
    function: F,
}

impl<F> Callback<F>
where
    F: Fn(SignatureAlgorithm, &[u8]) -> Result<Vec<u8>, SignError> + Send + Sync,
{
    /// The key whose public half is `key`; `function` signs as [`Signer::sign`] says.
    pub fn new(key: PublicKey, function: F) -> Self {
        Self { key, function }
    }
}

impl<F> Signer for Callback<F>
where
    F: Fn(SignatureAlgorithm, &[u8]) -> Result<Vec<u8>, SignError> + Send + Sync,
{
    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        (self.function)(algorithm, message)
    }
}

impl<F> fmt::Debug for Callback<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("key", &self.key.fingerprint())
            .finish_non_exhaustive()
    }
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The command could not be run, failed, or answered too much.
    #[error("the signing command `{command}` {reason}")]
    Command {
        /// The program.
        command: String,
        /// What became of it.
        reason: String,
    },
    /// A signer's own reason.
    #[error("{0}")]
    Other(String),
    /// The cryptographic library failed.
    #[error("the cryptographic library could not sign")]
    Provider,
    /// The key is not of a kind that signs certificates.
    #[error(transparent)]
    Weak(#[from] WeakKey),
    /// The signature is not the key's.
    #[error(
        "what the signer answered is no {algorithm} signature of the authority's key: is it another key, or another digest?"
    )]
    WrongSignature {
        /// The algorithm that was asked for.
        algorithm: SignatureAlgorithm,
    },
}

/// A [`Signer`] as `rcgen` wants it, which keeps the reason of a failure.
pub(crate) struct Adapter<S> {
    signer: S,
    algorithm: SignatureAlgorithm,
    trusted: bool,
    failure: std::sync::Mutex<Option<SignError>>,
}

impl<S: Signer> Adapter<S> {
    /// With `trusted`, signatures are taken without a look: the key is one of our own.
    pub(crate) fn new(signer: S, trusted: bool) -> Result<Self, WeakKey> {
        Ok(Self {
            algorithm: SignatureAlgorithm::of(signer.public_key().kind()?),
            signer,
            trusted,
            failure: std::sync::Mutex::new(None),
        })
    }

    /// The signer.
    pub(crate) fn signer(&self) -> &S {
        &self.signer
    }

    /// The reason of the last failure, once.
    pub(crate) fn take_failure(&self) -> Option<SignError> {
        self.lock().take()
    }

    fn checked(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = self.signer.sign(self.algorithm, message)?;
        let key = self.signer.public_key();
        match self.trusted || verify::is_signature(key, self.algorithm, message, &signature) {
            true => Ok(signature),
            false => Err(SignError::WrongSignature {
                algorithm: self.algorithm,
            }),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SignError>> {
        self.failure
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<S: Signer> rcgen::PublicKeyData for Adapter<S> {
    fn der_bytes(&self) -> &[u8] {
        self.signer.public_key().raw()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm.rcgen()
    }
}

impl<S: Signer> rcgen::SigningKey for Adapter<S> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.checked(message).map_err(|error| {
            *self.lock() = Some(error);
            rcgen::Error::RemoteKeyError
        })
    }
}

/// A public key as `rcgen` writes it: `rcgen`'s own reader tries one algorithm after another.
pub(crate) struct Certified<'a> {
    key: &'a PublicKey,
    algorithm: SignatureAlgorithm,
}

impl<'a> Certified<'a> {
    pub(crate) fn new(key: &'a PublicKey) -> Result<Self, WeakKey> {
        let algorithm = SignatureAlgorithm::of(key.kind()?);
        Ok(Self { key, algorithm })
    }

    /// Whether it is written octet by octet as it was read: one with other parameters is not.
    pub(crate) fn is_written_back(&self) -> bool {
        use rcgen::PublicKeyData as _;
        self.subject_public_key_info() == self.key.spki_der()
    }
}

impl rcgen::PublicKeyData for Certified<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.key.raw()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm.rcgen()
    }
}

/// A key that signs nothing, to see what a certificate would look like.
pub(crate) struct Nothing;

impl rcgen::PublicKeyData for Nothing {
    fn der_bytes(&self) -> &[u8] {
        &[0; 32]
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl rcgen::SigningKey for Nothing {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(vec![0; 64])
    }
}

impl<S: Signer + ?Sized> Signer for &S {
    fn public_key(&self) -> &PublicKey {
        (**self).public_key()
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        (**self).sign(algorithm, message)
    }
}

impl<S: Signer + ?Sized> Signer for Box<S> {
    fn public_key(&self) -> &PublicKey {
        (**self).public_key()
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        (**self).sign(algorithm, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyAlgorithm, PrivateKey};

    /// RFC 3279 section 2.3.1 asks for NULL parameters of RSA, and some leave them out.
    #[test]
    fn a_key_with_other_parameters_is_not_written_back() {
        let key = PrivateKey::generate(KeyAlgorithm::Rsa2048).unwrap();
        let certified = Certified::new(key.public()).unwrap();
        assert!(certified.is_written_back());
        let der = key.public().spki_der();
        // SEQUENCE (4), SEQUENCE (2), rsaEncryption (11), NULL (2), the bit string.
        let mut without = der.to_vec();
        without.drain(17..19);
        without[5] -= 2;
        let length = u16::from_be_bytes([der[2], der[3]]) - 2;
        without[2..4].copy_from_slice(&length.to_be_bytes());
        let without = PublicKey::from_spki_der(&without).unwrap();
        assert!(!Certified::new(&without).unwrap().is_written_back());
    }
}
