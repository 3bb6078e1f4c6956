//! Key pairs: made, read, written and used to sign.

mod public;
mod read;
mod traditional;

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::Zeroizing;

pub use public::{PublicKey, PublicKeyKind, WeakKey};
pub(crate) use read::has_header_of_encryption;

use crate::pem::{self, InvalidBlock};
use crate::secret_text::SecretText;
use crate::signer::{SignError, SignatureAlgorithm, Signer};

/// The kinds of keys that can be made.
///
/// etcd 3.4 to 3.7 takes all of them. Leaves default to P-256 and authorities to P-384, which
/// every TLS client reads; kubeadm loads RSA and ECDSA keys only.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum KeyAlgorithm {
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// ECDSA over NIST P-256, with SHA-256.
    P256,
    /// ECDSA over NIST P-384, with SHA-384.
    P384,
    /// ECDSA over NIST P-521, with SHA-512.
    P521,
    /// RSA of 2048 bits, PKCS#1 v1.5 signatures with SHA-256.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
}

impl KeyAlgorithm {
    /// Every algorithm, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::P256,
        Self::P384,
        Self::P521,
        Self::Ed25519,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
    ];

    /// The name in the description: `p256`, `ed25519`, `rsa3072`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
        }
    }

    /// The kind of a public key of a pair, where nothing of it is left to be checked: of RSA that
    /// is the exponent.
    fn checked_kind(self) -> Option<PublicKeyKind> {
        match self {
            Self::Ed25519 => Some(PublicKeyKind::Ed25519),
            Self::P256 => Some(PublicKeyKind::P256),
            Self::P384 => Some(PublicKeyKind::P384),
            Self::P521 => Some(PublicKeyKind::P521),
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => None,
        }
    }

    fn ecdsa(self) -> Option<&'static EcdsaSigningAlgorithm> {
        match self {
            Self::P256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
            Self::P384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
            Self::P521 => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
            _ => None,
        }
    }
}

impl FromStr for KeyAlgorithm {
    type Err = UnknownKeyAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.as_str() == text)
            .ok_or_else(|| UnknownKeyAlgorithm(text.to_owned()))
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "Ed25519",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Rsa2048 => "RSA 2048",
            Self::Rsa3072 => "RSA 3072",
            Self::Rsa4096 => "RSA 4096",
        })
    }
}

/// A text that names no [`KeyAlgorithm`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no key algorithm: choose p256, p384, p521, ed25519, rsa2048, rsa3072 or rsa4096")]
pub struct UnknownKeyAlgorithm(String);

/// A private key with its public half. Its octets are wiped from memory when it is dropped.
pub struct PrivateKey {
    algorithm: KeyAlgorithm,
    pair: Pair,
    pkcs8: Zeroizing<Vec<u8>>,
    public: PublicKey,
}

impl PrivateKey {
    /// Makes a new key.
    ///
    /// # Errors
    ///
    /// When the operating system has no random numbers to give.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            KeyAlgorithm::Ed25519 => Pair::Ed25519(Ed25519KeyPair::generate()?),
            KeyAlgorithm::Rsa2048 => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048)?),
            KeyAlgorithm::Rsa3072 => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa3072)?),
            KeyAlgorithm::Rsa4096 => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa4096)?),
            KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521 => {
                let curve = algorithm.ecdsa().ok_or(KeyError::Unsupported)?;
                Pair::Ecdsa(EcdsaKeyPair::generate(curve)?)
            }
        };
        Self::from_pair(algorithm, pair)
    }

    /// Reads a key from DER: PKCS#8 (RFC 5958), SEC1 (RFC 5915) or PKCS#1 (RFC 8017).
    ///
    /// Whatever it was, it is written as PKCS#8.
    ///
    /// # Errors
    ///
    /// When the octets are not such a key, or its algorithm is none of [`KeyAlgorithm`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::P521] {
            let Some(curve) = algorithm.ecdsa() else {
                continue;
            };
            if let Ok(pair) = EcdsaKeyPair::from_private_key_der(curve, der) {
                return Self::from_pair(algorithm, Pair::Ecdsa(pair));
            }
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8(der) {
            return Self::from_pair(KeyAlgorithm::Ed25519, Pair::Ed25519(pair));
        }
        let pair = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der))?;
        let algorithm = match pair.public_modulus_len() {
            256 => KeyAlgorithm::Rsa2048,
            384 => KeyAlgorithm::Rsa3072,
            512 => KeyAlgorithm::Rsa4096,
            _ => return Err(KeyError::Unsupported),
        };
        Self::from_pair(algorithm, Pair::Rsa(pair))
    }

    /// The algorithm.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key as PKCS#8 DER: a secret in clear.
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key as a PKCS#8 PEM block: a secret in clear.
    pub fn to_pem(&self) -> SecretText {
        pem::encode_secret(pem::PRIVATE_KEY, &self.pkcs8)
    }

    fn signature_algorithm(&self) -> SignatureAlgorithm {
        match self.algorithm {
            KeyAlgorithm::Ed25519 => SignatureAlgorithm::Ed25519,
            KeyAlgorithm::P256 => SignatureAlgorithm::EcdsaSha256,
            KeyAlgorithm::P384 => SignatureAlgorithm::EcdsaSha384,
            KeyAlgorithm::P521 => SignatureAlgorithm::EcdsaSha512,
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                SignatureAlgorithm::RsaSha256
            }
        }
    }

    fn from_pair(algorithm: KeyAlgorithm, pair: Pair) -> Result<Self, KeyError> {
        let (pkcs8, spki): (_, PublicKeyX509Der<'_>) = match &pair {
            Pair::Ecdsa(pair) => (
                pair.to_pkcs8v1()?.as_ref().to_vec(),
                pair.public_key().as_der()?,
            ),
            Pair::Ed25519(pair) => (
                pair.to_pkcs8v1()?.as_ref().to_vec(),
                pair.public_key().as_der()?,
            ),
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der()?;
                (der.as_ref().to_vec(), pair.public_key().as_der()?)
            }
        };
        let spki = spki.as_ref().to_vec();
        let public = PublicKey::of_pair(spki, pair.raw_public_key(), algorithm.checked_kind());
        Ok(Self {
            algorithm,
            pair,
            pkcs8: Zeroizing::new(pkcs8),
            public,
        })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, ****)", self.algorithm)
    }
}

impl rcgen::PublicKeyData for PrivateKey {
    fn der_bytes(&self) -> &[u8] {
        self.public.raw()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.signature_algorithm().rcgen()
    }
}

impl rcgen::SigningKey for PrivateKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Signer::sign(self, self.signature_algorithm(), message)
            .map_err(|_| rcgen::Error::RingUnspecified)
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs with the one algorithm that goes with the key.
    fn sign(&self, _: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).map(|s| s.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.try_sign(message).map(|s| s.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map(|()| signature)
            }
        };
        signature.map_err(|_| SignError::Provider)
    }
}

/// A SHA-256 digest that names a key or a certificate.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of these octets.
    pub fn of(octets: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&SHA256, octets).as_ref());
        Self(bytes)
    }

    /// A digest that was made elsewhere.
    pub fn from_bytes(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let octets = const_hex::decode_to_array(text);
        octets.map(Self).map_err(|_| InvalidFingerprint)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&const_hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A text that is no [`Fingerprint`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("write 64 hexadecimal digits")]
pub struct InvalidFingerprint;

/// Why a key could not be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Its encryption would take too much time or memory to undo.
    #[error(
        "the parameters of its encryption are out of bounds: at most 10,000,000 iterations of PBKDF2, or scrypt with 1 GiB"
    )]
    Cost,
    /// It is encrypted, and there is no passphrase for it.
    #[error("the key is encrypted: give its passphrase")]
    Encrypted,
    /// It is encrypted in a way that is not read.
    #[error(
        "the key is encrypted in an old way (PBES1 of PKCS#5, or header lines) that is not read here: rewrite it with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW`, with `-inform DER` where it is no PEM"
    )]
    LegacyEncryption,
    /// A PEM block is cut or holds characters that are not base64.
    #[error(transparent)]
    Block(#[from] InvalidBlock),
    /// The octets hold no key.
    #[error(
        "not a private key of an algorithm that etcdpki knows ({0}): P-256, P-384, P-521, Ed25519 and RSA from 2048 bits are"
    )]
    Malformed(String),
    /// No key at all.
    #[error("no private key in it: PKCS#8, SEC1 and PKCS#1 are known, as PEM or DER")]
    Missing,
    /// The cryptographic library failed.
    #[error("the cryptographic library could not make or encode a key")]
    Provider,
    /// More than one key.
    #[error("more than one private key in it: keep the one that is meant")]
    Several,
    /// A key of a kind or size that is not supported.
    #[error(
        "the key's algorithm or size is not supported: P-256, P-384, P-521, Ed25519, RSA 2048, 3072 and 4096 are"
    )]
    Unsupported,
    /// The passphrase does not open it.
    #[error(
        "the passphrase does not open the key: it is another one, or the file was changed: give the right one, or restore the file from a copy"
    )]
    WrongPassphrase,
}

impl From<KeyRejected> for KeyError {
    fn from(error: KeyRejected) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<Unspecified> for KeyError {
    fn from(_: Unspecified) -> Self {
        Self::Provider
    }
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Pair {
    fn raw_public_key(&self) -> Vec<u8> {
        match self {
            Self::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Self::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_reads_what_it_wrote() {
        for algorithm in KeyAlgorithm::ALL {
            let key = PrivateKey::generate(algorithm).unwrap();
            let again = PrivateKey::from_der(key.pkcs8_der()).unwrap();
            assert_eq!(again.algorithm(), algorithm);
            assert_eq!(again.public(), key.public());
            assert_eq!(again.pkcs8_der(), key.pkcs8_der());
            assert_eq!(
                algorithm.as_str().parse::<KeyAlgorithm>().unwrap(),
                algorithm
            );
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey(P-256, ****)");
        assert_eq!(format!("{:?}", key.to_pem()), "SecretText(****)");
    }

    #[test]
    fn rubbish_is_refused() {
        assert!(PrivateKey::from_der(b"").is_err());
        assert!(PrivateKey::from_der(&[0x30; 200]).is_err());
    }
}
