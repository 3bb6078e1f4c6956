//! `keyring.yml`: the data keys of both tiers, wrapped by key slots.

use std::fmt;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use super::cipher::{self, NONCE, SecretKey};
use super::passphrase::{KdfParameters, Passphrase};
use super::{SealError, Tier};

/// The wrapped data keys. Nothing in it is secret in clear.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Keyring {
    version: u8,
    /// Random, in base64: a sealed key opens under the keyring that sealed it alone.
    id: String,
    /// The cluster whose keys it guards.
    cluster: String,
    slots: Vec<Slot>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Slot {
    name: String,
    argon2id: KdfParameters,
    salt: String,
    root: WrappedKey,
    issuing: WrappedKey,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct WrappedKey {
    nonce: String,
    key: String,
}

impl Keyring {
    /// Makes a keyring for these data keys, with one slot for `passphrase`.
    ///
    /// # Errors
    ///
    /// When the operating system has no random numbers to give.
    pub fn new(
        cluster: &str,
        keys: &Unlocked,
        passphrase: &Passphrase,
        parameters: KdfParameters,
    ) -> Result<Self, SealError> {
        let slot = Slot::wrapping(keys, "passphrase", passphrase, parameters, cluster)?;
        Ok(Self {
            version: VERSION,
            id: Base64::encode_string(&keys.id),
            cluster: cluster.to_owned(),
            slots: vec![slot],
        })
    }

    /// Reads `keyring.yml`.
    ///
    /// # Errors
    ///
    /// When it is not one, or of a version that is not known.
    pub fn from_yaml(text: &str) -> Result<Self, InvalidKeyring> {
        let keyring: Self = serde_saphyr::from_str(text)
            .map_err(|error| InvalidKeyring::Malformed(error.without_snippet().to_string()))?;
        if keyring.version != VERSION {
            return Err(InvalidKeyring::Version(keyring.version));
        }
        keyring.id()?;
        Ok(keyring)
    }

    /// Writes `keyring.yml`.
    ///
    /// # Errors
    ///
    /// Never for a keyring made or read by this type.
    pub fn to_yaml(&self) -> Result<String, InvalidKeyring> {
        let body = serde_saphyr::to_string(self)
            .map_err(|error| InvalidKeyring::Malformed(error.to_string()))?;
        Ok(format!("{HEADER}{body}"))
    }

    /// The cluster whose keys it guards.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Opens the data keys: one derivation for each slot that is tried.
    ///
    /// # Errors
    ///
    /// When the passphrase opens no slot.
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<Unlocked, SealError> {
        let id = self.id().map_err(|_| SealError::WrongPassphrase)?;
        for slot in &self.slots {
            let salt = Base64::decode_vec(&slot.salt).map_err(|_| SealError::WrongPassphrase)?;
            let wrapping = passphrase.derive(&salt, slot.argon2id)?;
            let open = |tier| slot.open(&wrapping, &id, &self.cluster, tier);
            if let (Some(root), Some(issuing)) = (open(Tier::Root), open(Tier::Issuing)) {
                return Ok(Unlocked { id, root, issuing });
            }
        }
        Err(SealError::WrongPassphrase)
    }

    fn id(&self) -> Result<[u8; ID], InvalidKeyring> {
        Base64::decode_vec(&self.id)
            .ok()
            .and_then(|id| id.try_into().ok())
            .ok_or_else(|| {
                InvalidKeyring::Malformed("the id is not 16 octets in base64".to_owned())
            })
    }
}

impl Slot {
    fn wrapping(
        unlocked: &Unlocked,
        name: &str,
        passphrase: &Passphrase,
        parameters: KdfParameters,
        cluster: &str,
    ) -> Result<Self, SealError> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt)?;
        let wrapping = passphrase.derive(&salt, parameters)?;
        let wrap = |tier| -> Result<WrappedKey, SealError> {
            let mut nonce = [0; NONCE];
            getrandom::fill(&mut nonce)?;
            let data = associated_data(&unlocked.id, cluster, name, tier);
            let key = cipher::encrypt(&wrapping, &nonce, &data, &**unlocked.data_key(tier));
            Ok(WrappedKey {
                nonce: Base64::encode_string(&nonce),
                key: Base64::encode_string(&key),
            })
        };
        Ok(Self {
            name: name.to_owned(),
            argon2id: parameters,
            salt: Base64::encode_string(&salt),
            root: wrap(Tier::Root)?,
            issuing: wrap(Tier::Issuing)?,
        })
    }

    fn open(
        &self,
        wrapping: &SecretKey,
        id: &[u8; ID],
        cluster: &str,
        tier: Tier,
    ) -> Option<SecretKey> {
        let wrapped = match tier {
            Tier::Root => &self.root,
            Tier::Issuing => &self.issuing,
        };
        let nonce = Base64::decode_vec(&wrapped.nonce).ok()?.try_into().ok()?;
        let ciphertext = Base64::decode_vec(&wrapped.key).ok()?;
        let data = associated_data(id, cluster, &self.name, tier);
        let opened = cipher::decrypt(wrapping, &nonce, &data, &ciphertext)?;
        let mut key = SecretKey::default();
        if opened.len() != key.len() {
            return None;
        }
        key.copy_from_slice(&opened);
        Some(key)
    }
}

/// The data keys of both tiers, in clear: for the length of a command.
pub struct Unlocked {
    id: [u8; ID],
    root: SecretKey,
    issuing: SecretKey,
}

impl Unlocked {
    /// Draws new data keys. They seal at once; a [`Keyring`] of them can be made meanwhile.
    ///
    /// # Errors
    ///
    /// When the operating system has no random numbers to give.
    pub fn generate() -> Result<Self, SealError> {
        let mut keys = Self {
            id: [0; ID],
            root: SecretKey::default(),
            issuing: SecretKey::default(),
        };
        getrandom::fill(&mut keys.id)?;
        getrandom::fill(&mut *keys.root)?;
        getrandom::fill(&mut *keys.issuing)?;
        Ok(keys)
    }

    pub(super) fn data_key(&self, tier: Tier) -> &SecretKey {
        match tier {
            Tier::Root => &self.root,
            Tier::Issuing => &self.issuing,
        }
    }

    pub(super) fn keyring_id(&self) -> &[u8; ID] {
        &self.id
    }
}

impl fmt::Debug for Unlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unlocked(****)")
    }
}

/// A text that is not a keyring.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKeyring {
    /// It cannot be read.
    #[error("not a keyring of etcdpki: {0}")]
    Malformed(String),
    /// Made by a later version of this program.
    #[error("a keyring of version {0}, which this program does not know: use a newer etcdpki")]
    Version(u8),
}

fn associated_data(id: &[u8; ID], cluster: &str, slot: &str, tier: Tier) -> Vec<u8> {
    let mut data = b"etcdpki key slot v1".to_vec();
    data.extend(id);
    for text in [cluster, slot, tier.as_str()] {
        data.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        data.extend(text.as_bytes());
    }
    data
}

const VERSION: u8 = 1;
const ID: usize = 16;
const SALT: usize = 16;
const HEADER: &str = "\
# The data keys that seal the private keys of this directory, wrapped by key slots.
# Nothing here is secret in clear. Without it no key can be opened: keep it with the rest.
";
