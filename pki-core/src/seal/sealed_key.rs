//! Sealed keys, in memory and as PEM.

use super::cipher::NONCE;
use super::slot::append;
use super::{SealError, Tier};
use crate::key::Fingerprint;
use crate::pem;

/// What a sealed key belongs to. It opens for this identity and for no other.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The tier that seals it.
    pub tier: Tier,
    /// Whose it is and for what: `authorities/etcd`, `certificates/etcd-0/server`.
    pub path: &'a str,
    /// The public half.
    pub key: Fingerprint,
}

impl Identity<'_> {
    pub(super) fn associated_data(&self, keyring_id: &[u8]) -> Vec<u8> {
        let mut data = b"etcdpki sealed key v1".to_vec();
        data.extend(keyring_id);
        data.push(self.tier.code());
        append(&mut data, self.path.as_bytes());
        data.extend(self.key.as_bytes());
        data
    }
}

/// A private key, sealed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealedKey {
    pub(super) tier: Tier,
    pub(super) nonce: [u8; NONCE],
    pub(super) ciphertext: Vec<u8>,
}

impl SealedKey {
    /// Reads the PEM block.
    ///
    /// # Errors
    ///
    /// When the text is not one whole block of this kind, or of another version.
    pub fn from_pem(text: &[u8]) -> Result<Self, SealError> {
        let blocks = pem::read(text).map_err(|_| SealError::Malformed)?;
        let [block] = blocks.as_slice() else {
            return Err(SealError::Malformed);
        };
        if block.label != SEALED_KEY {
            return Err(SealError::Malformed);
        }
        Self::from_octets(&block.content)
    }

    /// Reads what the PEM block encodes.
    pub(crate) fn from_octets(octets: &[u8]) -> Result<Self, SealError> {
        let (header, rest) = octets.split_at_checked(2).ok_or(SealError::Malformed)?;
        let tier = match header {
            [VERSION, 0] => Tier::Root,
            [VERSION, 1] => Tier::Issuing,
            [VERSION, _] => return Err(SealError::Malformed),
            [version, ..] => return Err(SealError::Version(*version)),
            [] => return Err(SealError::Malformed),
        };
        let (nonce, ciphertext) = rest.split_at_checked(NONCE).ok_or(SealError::Malformed)?;
        let nonce = nonce.try_into().map_err(|_| SealError::Malformed)?;
        Ok(Self {
            tier,
            nonce,
            ciphertext: ciphertext.to_vec(),
        })
    }

    /// The PEM block.
    pub fn to_pem(&self) -> String {
        let mut octets = vec![VERSION, self.tier.code()];
        octets.extend(self.nonce);
        octets.extend(&self.ciphertext);
        pem::encode(SEALED_KEY, &octets)
    }

    /// The tier whose data key opens it.
    pub fn tier(&self) -> Tier {
        self.tier
    }
}

/// The label of a sealed key's PEM block.
pub const SEALED_KEY: &str = "ETCDPKI SEALED KEY";
const VERSION: u8 = 1;
