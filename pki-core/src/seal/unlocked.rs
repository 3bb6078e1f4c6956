//! The data keys in clear, for the length of a command.

use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::cipher::{self, SecretKey};
use super::keyring::ID;
use super::tier::PerTier;
use super::{Identity, SealError, SealedKey, SlotName, Tier, Tiers};

/// The data keys of one tier or both, in clear. They are wiped from memory when it is dropped,
/// and never printed.
pub struct Unlocked {
    id: [u8; ID],
    keys: PerTier<DataKey>,
    /// For each tier, the slots that open it: to name them where it is closed.
    slots: PerTier<Vec<SlotName>>,
    /// What opened the slots with a passphrase: to wrap new data keys without asking again.
    wrapping: Vec<(SlotName, SecretKey)>,
}

/// The data key of a tier, and the one that it replaces, as long as some key is sealed with that.
pub(super) struct DataKey {
    pub(super) current: SecretKey,
    pub(super) retiring: Option<SecretKey>,
}

impl Unlocked {
    /// Makes new data keys of both tiers, for a new keyring.
    ///
    /// # Errors
    ///
    /// When the operating system has no random numbers to give.
    pub fn generate() -> Result<Self, SealError> {
        let mut id = [0; ID];
        getrandom::fill(&mut id)?;
        let mut unlocked = Self::closed(id, PerTier::default());
        for tier in Tier::ALL {
            unlocked.set(tier, DataKey::generate()?);
        }
        Ok(unlocked)
    }

    /// No data key at all.
    pub(super) fn closed(id: [u8; ID], slots: PerTier<Vec<SlotName>>) -> Self {
        Self {
            id,
            keys: PerTier::default(),
            slots,
            wrapping: Vec::new(),
        }
    }

    /// The tiers that are open, if any is.
    pub fn tiers(&self) -> Option<Tiers> {
        self.keys.tiers()
    }

    /// Whether a tier is open.
    pub fn is_open(&self, tier: Tier) -> bool {
        self.keys.get(tier).is_some()
    }

    /// Makes sure that tiers are open.
    ///
    /// # Errors
    ///
    /// When one is not; the error names the slots that open it.
    pub fn check_open(&self, tiers: Tiers) -> Result<(), SealError> {
        tiers
            .iter()
            .try_for_each(|tier| self.data_key(tier).map(drop))
    }

    /// Adds what `other`, of the same keyring, opens besides.
    ///
    /// # Errors
    ///
    /// When they are of two keyrings; then nothing was added.
    pub fn join(mut self, mut other: Self) -> Result<Self, SealError> {
        if self.id != other.id {
            return Err(SealError::OtherKeyring);
        }
        for tier in Tier::ALL {
            let found = other.keys.slot(tier).take();
            let own = self.keys.slot(tier);
            if own.is_none() {
                *own = found;
            }
        }
        self.wrapping.append(&mut other.wrapping);
        Ok(self)
    }

    /// Seals the PKCS#8 DER of a private key for an identity.
    ///
    /// # Errors
    ///
    /// When its tier is closed, or the operating system has no random numbers to give.
    pub fn seal(&self, identity: Identity<'_>, pkcs8: &[u8]) -> Result<SealedKey, SealError> {
        let key = self.data_key(identity.tier)?;
        let mut nonce = [0; cipher::NONCE];
        getrandom::fill(&mut nonce)?;
        let data = identity.associated_data(&self.id);
        Ok(SealedKey {
            tier: identity.tier,
            nonce,
            ciphertext: cipher::encrypt(key, &nonce, &data, pkcs8),
        })
    }

    /// Opens a sealed key, if it is this identity's.
    ///
    /// # Errors
    ///
    /// When its tier is closed; when it was changed, or belongs to something else.
    pub fn open(
        &self,
        identity: Identity<'_>,
        sealed: &SealedKey,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if sealed.tier != identity.tier {
            return Err(SealError::Damaged);
        }
        let key = self.data_key(identity.tier)?;
        self.open_with(key, identity, sealed)
            .or_else(|| self.open_with(self.retiring(identity.tier)?, identity, sealed))
            .ok_or(SealError::Damaged)
    }

    /// Seals a key that is still sealed with the data key that is being replaced with the one
    /// that replaces it; nothing if it is already.
    pub(crate) fn reseal(
        &self,
        identity: Identity<'_>,
        sealed: &SealedKey,
    ) -> Result<Option<SealedKey>, SealError> {
        let key = self.data_key(identity.tier)?;
        if sealed.tier == identity.tier && self.open_with(key, identity, sealed).is_some() {
            return Ok(None);
        }
        let pkcs8 = self.open(identity, sealed)?;
        self.seal(identity, &pkcs8).map(Some)
    }

    pub(super) fn data_key(&self, tier: Tier) -> Result<&SecretKey, SealError> {
        match self.keys.get(tier) {
            Some(key) => Ok(&key.current),
            None => Err(SealError::Closed {
                tier,
                slots: self.slots.get(tier).cloned().unwrap_or_default(),
            }),
        }
    }

    pub(super) fn retiring(&self, tier: Tier) -> Option<&SecretKey> {
        self.keys.get(tier)?.retiring.as_ref()
    }

    pub(crate) fn keyring_id(&self) -> &[u8; ID] {
        &self.id
    }

    pub(super) fn set(&mut self, tier: Tier, key: DataKey) {
        *self.keys.slot(tier) = Some(key);
    }

    /// Remembers what opened a slot.
    pub(super) fn remember(&mut self, slot: SlotName, wrapping: SecretKey) {
        self.wrapping.push((slot, wrapping));
    }

    pub(super) fn wrapping_key(&self, slot: &SlotName) -> Option<&SecretKey> {
        self.wrapping
            .iter()
            .find(|(name, _)| name == slot)
            .map(|(_, key)| key)
    }

    /// The same with new data keys for `tiers`, and the old ones as those that are replaced.
    pub(super) fn with_new_keys(&self, tiers: Tiers) -> Result<Self, SealError> {
        let mut new = Self::closed(self.id, self.slots.clone());
        new.wrapping.clone_from(&self.wrapping);
        for tier in Tier::ALL {
            if tiers.contains(tier) {
                let retiring = Some(self.data_key(tier)?.clone());
                new.set(
                    tier,
                    DataKey {
                        retiring,
                        ..DataKey::generate()?
                    },
                );
            } else if let Some(key) = self.keys.get(tier) {
                let (current, retiring) = (key.current.clone(), key.retiring.clone());
                new.set(tier, DataKey { current, retiring });
            }
        }
        Ok(new)
    }

    fn open_with(
        &self,
        key: &SecretKey,
        identity: Identity<'_>,
        sealed: &SealedKey,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let data = identity.associated_data(&self.id);
        cipher::decrypt(key, &sealed.nonce, &data, &sealed.ciphertext)
    }
}

impl DataKey {
    fn generate() -> Result<Self, SealError> {
        let mut current = SecretKey::default();
        getrandom::fill(&mut *current)?;
        Ok(Self {
            current,
            retiring: None,
        })
    }
}

/// All that is secret in it is [`Zeroizing`].
impl ZeroizeOnDrop for Unlocked {}

impl fmt::Debug for Unlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unlocked(****)")
    }
}
