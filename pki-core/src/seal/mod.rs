//! Keys at rest.
//!
//! Every private key in the PKI directory is sealed with XChaCha20-Poly1305 under the data key
//! of its [`Tier`]. The data keys are random and are kept in the [`Keyring`], wrapped by each of
//! its slots, as in LUKS: to change a passphrase rewrites one file. What a key belongs to, its
//! [`Identity`], is authenticated with it, so a sealed key that was moved elsewhere, cut or
//! changed does not open.
//!
//! A sealed key is a PEM block `ETCDPKI SEALED KEY`. Its octets:
//!
//! | octets | content |
//! |---|---|
//! | 1 | version, 1 |
//! | 1 | tier: 0 root, 1 issuing |
//! | 24 | nonce, random |
//! | rest | the PKCS#8 DER, encrypted, and the 16 octets of its authentication tag |
//!
//! Associated data: `etcdpki sealed key v1`, the keyring's id, the tier, the length of the path
//! as 4 octets with the most significant first, the path, and the SHA-256 of the public key.

mod cipher;
mod keyring;
mod passphrase;

use std::fmt;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

pub use keyring::{InvalidKeyring, Keyring, Unlocked};
pub use passphrase::{KdfParameters, Passphrase};

use crate::key::Fingerprint;
use crate::pem;

/// Which data key seals a private key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Tier {
    /// The root's key alone: it can be taken offline.
    Root,
    /// Every other key.
    Issuing,
}

impl Tier {
    /// Both tiers.
    pub const ALL: [Self; 2] = [Self::Root, Self::Issuing];

    /// The tier's name in the keyring and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuing => "issuing",
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Root => 0,
            Self::Issuing => 1,
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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

/// A private key, sealed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealedKey {
    tier: Tier,
    nonce: [u8; cipher::NONCE],
    ciphertext: Vec<u8>,
}

impl SealedKey {
    /// Reads the PEM block.
    ///
    /// # Errors
    ///
    /// When the text is not one whole block of this kind, or of another version.
    pub fn from_pem(text: &[u8]) -> Result<Self, SealError> {
        let text = std::str::from_utf8(text).map_err(|_| SealError::Malformed)?;
        let body = text
            .trim_end()
            .strip_prefix(&format!("-----BEGIN {SEALED_KEY}-----\n"))
            .and_then(|rest| rest.strip_suffix(&format!("-----END {SEALED_KEY}-----")))
            .ok_or(SealError::Malformed)?;
        let body: String = body.split('\n').collect();
        let octets = Base64::decode_vec(&body).map_err(|_| SealError::Malformed)?;
        let (header, rest) = octets.split_at_checked(2).ok_or(SealError::Malformed)?;
        let tier = match header {
            [VERSION, 0] => Tier::Root,
            [VERSION, 1] => Tier::Issuing,
            [VERSION, _] => return Err(SealError::Malformed),
            [version, ..] => return Err(SealError::Version(*version)),
            [] => return Err(SealError::Malformed),
        };
        let (nonce, ciphertext) = rest
            .split_at_checked(cipher::NONCE)
            .ok_or(SealError::Malformed)?;
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

/// Why a key could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The keyring's parameters are not ones that argon2id takes, or would take too much.
    #[error("the key derivation parameters are out of bounds: {0}")]
    Kdf(String),
    /// The sealed octets are cut or changed, or belong to something else.
    #[error(
        "the sealed key does not open: it was changed, or it is another certificate's; restore the file from a copy, or, of a leaf, remove its directory and run `etcdpki init`"
    )]
    Damaged,
    /// Not a sealed key at all.
    #[error(
        "not a whole `{SEALED_KEY}` block: the file is cut or was overwritten; restore it from a copy, or, of a leaf, remove its directory and run `etcdpki init`"
    )]
    Malformed,
    /// No passphrase at all.
    #[error("the passphrase is empty: choose one, or let `--generate-secrets` do it")]
    NoPassphrase,
    /// The operating system has no random numbers to give.
    #[error("the operating system gave no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// Made by a later version of this program.
    #[error("sealed in format version {0}, which this program does not know: use a newer etcdpki")]
    Version(u8),
    /// The passphrase opens no slot of the keyring.
    #[error(
        "the passphrase does not open the keyring: it is another one, or keyring.yml was changed"
    )]
    WrongPassphrase,
}

impl Unlocked {
    /// Seals the PKCS#8 DER of a private key for an identity.
    ///
    /// # Errors
    ///
    /// When the operating system has no random numbers to give.
    pub fn seal(&self, identity: Identity<'_>, pkcs8: &[u8]) -> Result<SealedKey, SealError> {
        let mut nonce = [0; cipher::NONCE];
        getrandom::fill(&mut nonce)?;
        let data = self.associated_data(identity);
        let ciphertext = cipher::encrypt(self.data_key(identity.tier), &nonce, &data, pkcs8);
        Ok(SealedKey {
            tier: identity.tier,
            nonce,
            ciphertext,
        })
    }

    /// Opens a sealed key, if it is this identity's.
    ///
    /// # Errors
    ///
    /// When it was changed, or belongs to something else.
    pub fn open(
        &self,
        identity: Identity<'_>,
        sealed: &SealedKey,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if sealed.tier != identity.tier {
            return Err(SealError::Damaged);
        }
        let data = self.associated_data(identity);
        cipher::decrypt(
            self.data_key(identity.tier),
            &sealed.nonce,
            &data,
            &sealed.ciphertext,
        )
        .ok_or(SealError::Damaged)
    }

    fn associated_data(&self, identity: Identity<'_>) -> Vec<u8> {
        let length = u32::try_from(identity.path.len()).unwrap_or(u32::MAX);
        let mut data = b"etcdpki sealed key v1".to_vec();
        data.extend(self.keyring_id());
        data.push(identity.tier.code());
        data.extend(length.to_be_bytes());
        data.extend(identity.path.as_bytes());
        data.extend(identity.key.as_bytes());
        data
    }
}

/// The label of a sealed key's PEM block.
pub const SEALED_KEY: &str = "ETCDPKI SEALED KEY";
const VERSION: u8 = 1;

#[cfg(test)]
mod tests;
