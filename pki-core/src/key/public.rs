//! Public keys, and which of them are strong enough to certify.

use std::fmt;
use std::hash::{Hash, Hasher};

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ED25519,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use x509_parser::asn1_rs::Tag;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as ParsedKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::Fingerprint;

/// A public key as SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
#[derive(Clone, Debug)]
pub struct PublicKey {
    spki: Vec<u8>,
    /// A part of `spki`.
    raw: Vec<u8>,
    /// Of a key whose kind has been found out: that takes the check of a point on its curve.
    kind: Option<PublicKeyKind>,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.spki.hash(state);
    }
}

impl PublicKey {
    /// From the DER of a SubjectPublicKeyInfo and the content of its bit string.
    pub(crate) fn from_parts(spki: Vec<u8>, raw: Vec<u8>) -> Self {
        Self {
            spki,
            raw,
            kind: None,
        }
    }

    /// The same of a pair that the cryptographic library made or read, and so checked.
    pub(super) fn of_pair(spki: Vec<u8>, raw: Vec<u8>, kind: Option<PublicKeyKind>) -> Self {
        Self { spki, raw, kind }
    }

    /// Reads a SubjectPublicKeyInfo from DER.
    ///
    /// # Errors
    ///
    /// When the octets are no such key, or one that [`kind`](Self::kind) refuses.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, WeakKey> {
        let key = match SubjectPublicKeyInfo::from_der(der) {
            Ok(([], info)) => Self::from_parts(der.to_vec(), info.subject_public_key.data.to_vec()),
            _ => return Err(WeakKey("it cannot be read".to_owned())),
        };
        let kind = Some(key.kind()?);
        Ok(Self { kind, ..key })
    }

    /// The SubjectPublicKeyInfo as DER.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The content of the bit string.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// What kind of key it is, if it is one that is fit to be certified: on a curve of
    /// [`PublicKeyKind`], or RSA of 2048 to 8192 bits with a public exponent of 65537 or more
    /// (NIST SP 800-57 part 1 section 5.6.1, FIPS 186-5 appendix A.1.1).
    ///
    /// # Errors
    ///
    /// When its algorithm or curve is another, it is too short, or it is no point of its curve.
    pub fn kind(&self) -> Result<PublicKeyKind, WeakKey> {
        match self.kind {
            Some(kind) => Ok(kind),
            None => self.find_kind(),
        }
    }

    fn find_kind(&self) -> Result<PublicKeyKind, WeakKey> {
        let (_, info) = SubjectPublicKeyInfo::from_der(&self.spki)
            .map_err(|_| WeakKey("it cannot be read".to_owned()))?;
        let curve = info
            .algorithm
            .parameters
            .as_ref()
            .filter(|parameters| parameters.tag() == Tag::Oid)
            .and_then(|parameters| parameters.as_oid().ok())
            .map(|oid| oid.to_id_string());
        let algorithm = info.algorithm.algorithm.to_id_string();
        let kind = match (algorithm.as_str(), curve.as_deref()) {
            (ID_EC_PUBLIC_KEY, Some(SECP256R1)) => PublicKeyKind::P256,
            (ID_EC_PUBLIC_KEY, Some(SECP384R1)) => PublicKeyKind::P384,
            (ID_EC_PUBLIC_KEY, Some(SECP521R1)) => PublicKeyKind::P521,
            (ID_EC_PUBLIC_KEY, curve) => {
                let curve = curve.map_or("explicit parameters", curve_name);
                return Err(WeakKey(format!("its curve is {curve}")));
            }
            (ID_ED25519, _) => PublicKeyKind::Ed25519,
            (RSA_ENCRYPTION, _) => rsa(&info)?,
            (other, _) => return Err(WeakKey(format!("its algorithm is {other}"))),
        };
        match ParsedPublicKey::new(kind.verification(), &self.raw) {
            Ok(_) => Ok(kind),
            Err(_) => Err(WeakKey("its octets are no such key".to_owned())),
        }
    }

    /// Whether this is an RSA key.
    pub(crate) fn is_rsa(&self) -> bool {
        // The DER of rsaEncryption's object identifier, 1.2.840.113549.1.1.1.
        const RSA_ENCRYPTION: [u8; 11] = [
            0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
        ];
        self.spki
            .windows(RSA_ENCRYPTION.len())
            .take(8)
            .any(|window| window == RSA_ENCRYPTION)
    }

    /// The SHA-256 of the SubjectPublicKeyInfo, which names the key.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.spki)
    }

    /// The key identifier by method 1 of RFC 5280 section 4.2.1.2, as OpenSSL and Go write it.
    ///
    /// SHA-1 serves as a name here, not for security.
    pub fn key_identifier(&self) -> Vec<u8> {
        digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.raw)
            .as_ref()
            .to_vec()
    }
}

/// A kind of public key that may be certified and may sign.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PublicKeyKind {
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// ECDSA over NIST P-256.
    P256,
    /// ECDSA over NIST P-384.
    P384,
    /// ECDSA over NIST P-521.
    P521,
    /// RSA.
    Rsa {
        /// The length of the modulus in bits.
        bits: usize,
    },
}

impl PublicKeyKind {
    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Ed25519 => &ED25519,
            Self::P256 => &ECDSA_P256_SHA256_ASN1,
            Self::P384 => &ECDSA_P384_SHA384_ASN1,
            Self::P521 => &ECDSA_P521_SHA512_ASN1,
            Self::Rsa { .. } => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

impl fmt::Display for PublicKeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::P521 => f.write_str("P-521"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
        }
    }
}

/// A public key that no certificate should be made for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the public key is not accepted: {0}; P-256, P-384, P-521, Ed25519, and RSA of 2048 bits or more are"
)]
pub struct WeakKey(String);

fn rsa(info: &SubjectPublicKeyInfo<'_>) -> Result<PublicKeyKind, WeakKey> {
    let Ok(ParsedKey::RSA(key)) = info.parsed() else {
        return Err(WeakKey("its octets are no RSA key".to_owned()));
    };
    let modulus: Vec<u8> = key
        .modulus
        .iter()
        .copied()
        .skip_while(|b| *b == 0)
        .collect();
    let leading = modulus.first().map_or(0, |first| first.leading_zeros());
    let bits = modulus.len() * 8 - usize::try_from(leading).unwrap_or(0);
    let exponent = key.try_exponent().unwrap_or(u64::MAX);
    match (bits, exponent) {
        (..2048, _) => Err(WeakKey(format!("it is RSA of {bits} bits"))),
        (8193.., _) => Err(WeakKey(format!("it is RSA of {bits} bits, more than 8192"))),
        (_, ..65_537) => Err(WeakKey(format!("its public exponent is {exponent}"))),
        (_, exponent) if exponent % 2 == 0 => {
            Err(WeakKey(format!("its public exponent is {exponent}")))
        }
        _ => Ok(PublicKeyKind::Rsa { bits }),
    }
}

/// What people call a curve that they may meet.
fn curve_name(oid: &str) -> &str {
    match oid {
        "1.2.840.10045.3.1.1" => "P-192",
        "1.3.132.0.10" => "secp256k1",
        "1.3.132.0.33" => "P-224",
        other => other,
    }
}

const ID_EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
const ID_ED25519: &str = "1.3.101.112";
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
const SECP256R1: &str = "1.2.840.10045.3.1.7";
const SECP384R1: &str = "1.3.132.0.34";
const SECP521R1: &str = "1.3.132.0.35";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyAlgorithm, PrivateKey};

    #[test]
    fn every_key_that_is_made_may_be_certified() {
        for algorithm in KeyAlgorithm::ALL {
            let key = PrivateKey::generate(algorithm).unwrap();
            let kind = key.public().kind().unwrap();
            assert_eq!(kind.to_string(), algorithm.to_string());
        }
    }

    #[test]
    fn a_point_beside_the_curve_is_refused() {
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let mut spki = key.public().spki_der().to_vec();
        let last = spki.len() - 1;
        spki[last] ^= 1;
        let raw = spki[spki.len() - 65..].to_vec();
        assert!(PublicKey::from_parts(spki, raw).kind().is_err());
    }
}
