//! Signature checks, each made once.
//!
//! Nearly all of the time of a path validation is spent on signatures, and those of authorities
//! are the same in every path. So each that holds is remembered, by all that it depends on.

use std::fmt;

use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};
use webpki::ALL_VERIFICATION_ALGS;

use super::memory::Memory;
use crate::certificate::Certificate;
use crate::key::PublicKey;
use crate::signer::SignatureAlgorithm;

/// Every signature algorithm of the path validator, with a memory.
#[derive(Debug)]
pub(super) struct Algorithms(Vec<Remembering>);

impl Algorithms {
    /// All of them, remembering nothing.
    pub(super) fn new() -> Self {
        Self(
            ALL_VERIFICATION_ALGS
                .iter()
                .copied()
                .map(Remembering::new)
                .collect(),
        )
    }

    /// How many signatures were found to hold.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.0.iter().map(|one| one.good.len()).sum()
    }

    /// As the path validator takes them.
    pub(super) fn all(&self) -> Vec<&dyn SignatureVerificationAlgorithm> {
        self.0
            .iter()
            .map(|one| -> &dyn SignatureVerificationAlgorithm { one })
            .collect()
    }
}

/// Whether the signature of `certificate` is `issuer`'s.
pub fn is_signed_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    certificate
        .signed_parts()
        .is_some_and(|(message, algorithm, signature)| {
            verifies(&issuer.public_key, &algorithm, &message, &signature)
        })
}

/// Whether `signature` is the key's, of `message` with this algorithm.
pub(crate) fn is_signature(
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let oid: &[u8] = match algorithm {
        SignatureAlgorithm::EcdsaSha256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
        SignatureAlgorithm::EcdsaSha384 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
        SignatureAlgorithm::EcdsaSha512 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4],
        SignatureAlgorithm::Ed25519 => &[0x2b, 0x65, 0x70],
        SignatureAlgorithm::RsaSha256 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11],
    };
    verifies(key, &oid_der(oid), message, signature)
}

/// The same for an algorithm by the DER of its object identifier; one that is too weak for
/// certificates, such as those with SHA-1, never verifies.
pub(crate) fn verifies(
    key: &PublicKey,
    algorithm: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    ALL_VERIFICATION_ALGS
        .iter()
        .filter(|known| known.signature_alg_id().as_ref().starts_with(algorithm))
        .any(|known| {
            known
                .verify_signature(key.raw(), message, signature)
                .is_ok()
        })
}

/// An object identifier as DER, from its content.
pub(crate) fn oid_der(content: &[u8]) -> Vec<u8> {
    let mut der = vec![0x06, u8::try_from(content.len()).unwrap_or(u8::MAX)];
    der.extend(content);
    der
}

/// An algorithm that remembers which signatures held.
struct Remembering {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    good: Memory,
}

impl Remembering {
    fn new(algorithm: &'static dyn SignatureVerificationAlgorithm) -> Self {
        Self {
            algorithm,
            good: Memory::default(),
        }
    }
}

impl SignatureVerificationAlgorithm for Remembering {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.good.once([public_key, message, signature], || {
            self.algorithm
                .verify_signature(public_key, message, signature)
        })
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

impl fmt::Debug for Remembering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remembering({:?})", self.algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_hold_is_not_remembered() {
        let algorithms = Algorithms::new();
        for algorithm in algorithms.all() {
            for _ in 0..2 {
                assert!(
                    algorithm
                        .verify_signature(b"key", b"message", b"no")
                        .is_err()
                );
            }
        }
        assert_eq!(algorithms.remembered(), 0);
    }
}
