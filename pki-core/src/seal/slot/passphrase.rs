//! Slots that open with a passphrase.

use serde::{Deserialize, Serialize};

use super::{Place, SecretKey, cipher, secret_key};
use crate::base64;
use crate::seal::cipher::{NONCE, TAG};
use crate::seal::tier::PerTier;
use crate::seal::unlocked::Unlocked;
use crate::seal::{KdfParameters, Passphrase, SealError, Tier, Tiers};

/// The data keys, encrypted under what argon2id makes of a passphrase.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::seal) struct PassphraseSlot {
    argon2id: KdfParameters,
    #[serde(with = "base64")]
    salt: [u8; SALT],
    keys: PerTier<WrappedKey>,
}

/// A data key, encrypted under another key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::seal) struct WrappedKey {
    #[serde(with = "base64")]
    nonce: [u8; NONCE],
    #[serde(with = "base64")]
    key: [u8; 32 + TAG],
}

impl PassphraseSlot {
    pub(super) fn new(
        passphrase: &Passphrase,
        parameters: KdfParameters,
        tiers: Tiers,
        keys: &Unlocked,
        place: Place<'_>,
    ) -> Result<Self, SealError> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt)?;
        let wrapping = passphrase.derive(&salt, parameters)?;
        let mut slot = Self {
            argon2id: parameters,
            salt,
            keys: PerTier::default(),
        };
        for tier in tiers.iter() {
            slot.wrap(tier, &wrapping, keys, place)?;
        }
        Ok(slot)
    }

    pub(in crate::seal) fn parameters(&self) -> KdfParameters {
        self.argon2id
    }

    pub(super) fn tiers(&self) -> Option<Tiers> {
        self.keys.tiers()
    }

    pub(super) fn remove(&mut self, tier: Tier) {
        self.keys.slot(tier).take();
    }

    /// Puts the data key that `keys` has for a tier into the slot.
    pub(super) fn wrap(
        &mut self,
        tier: Tier,
        wrapping: &SecretKey,
        keys: &Unlocked,
        place: Place<'_>,
    ) -> Result<(), SealError> {
        let data = place.data(PURPOSE, tier);
        let wrapped = WrappedKey::new(wrapping, &data, keys.data_key(tier)?)?;
        *self.keys.slot(tier) = Some(wrapped);
        Ok(())
    }

    /// The key that opens the slot, if the passphrase is right.
    pub(in crate::seal) fn wrapping_key(
        &self,
        passphrase: &Passphrase,
    ) -> Result<SecretKey, SealError> {
        passphrase.derive(&self.salt, self.argon2id)
    }

    /// The data key of a tier, if `wrapping` opens it here.
    pub(in crate::seal) fn open(
        &self,
        tier: Tier,
        wrapping: &SecretKey,
        place: Place<'_>,
    ) -> Option<SecretKey> {
        self.keys
            .get(tier)?
            .open(wrapping, &place.data(PURPOSE, tier))
    }
}

impl WrappedKey {
    pub(in crate::seal) fn new(
        wrapping: &SecretKey,
        data: &[u8],
        key: &SecretKey,
    ) -> Result<Self, SealError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let ciphertext = cipher::encrypt(wrapping, &nonce, data, &**key);
        let key = ciphertext
            .try_into()
            // 32 octets and a tag, whatever they are.
            .expect("a key has 32 octets");
        Ok(Self { nonce, key })
    }

    pub(in crate::seal) fn open(&self, wrapping: &SecretKey, data: &[u8]) -> Option<SecretKey> {
        secret_key(&cipher::decrypt(wrapping, &self.nonce, data, &self.key)?)
    }
}

const SALT: usize = 16;
const PURPOSE: &[u8] = b"etcdpki key slot v1";
