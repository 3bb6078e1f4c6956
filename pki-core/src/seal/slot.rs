//! Key slots: each holds the data keys of the tiers that it opens.

mod age;
mod name;
mod passphrase;

use serde::{Deserialize, Serialize};

pub use name::{InvalidSlotName, SlotName};

pub(super) use self::age::AgeSlot;
#[cfg(feature = "age")]
pub(super) use self::age::Opened;
pub(super) use self::passphrase::{PassphraseSlot, WrappedKey};

use super::cipher::{self, SecretKey};
use super::keyring::ID;
use super::unlocked::Unlocked;
use super::{AgeRecipient, KdfParameters, Passphrase, SealError, SlotError, Tier, Tiers};

/// What a new slot opens with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Lock<'a> {
    /// The identity of any of these recipients.
    #[cfg(feature = "age")]
    Age(&'a [AgeRecipient]),
    /// A passphrase, stretched at this cost.
    Passphrase(&'a Passphrase, KdfParameters),
}

/// What a slot opens with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LockKind<'a> {
    /// The identity of any of these recipients.
    Age(&'a [AgeRecipient]),
    /// A passphrase, stretched at this cost.
    Passphrase(KdfParameters),
}

/// A slot of a keyring. Nothing in it is secret in clear.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Slot {
    name: SlotName,
    content: Content,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Content {
    Age(AgeSlot),
    Passphrase(PassphraseSlot),
}

impl Content {
    fn tiers(&self) -> Option<Tiers> {
        match self {
            Self::Age(slot) => slot.tiers(),
            Self::Passphrase(slot) => slot.tiers(),
        }
    }
}

impl Slot {
    /// Whose it is.
    pub fn name(&self) -> &SlotName {
        &self.name
    }

    /// What it opens with.
    pub fn kind(&self) -> LockKind<'_> {
        match &self.content {
            Content::Age(slot) => LockKind::Age(slot.recipients()),
            Content::Passphrase(slot) => LockKind::Passphrase(slot.parameters()),
        }
    }

    /// What it opens.
    pub fn tiers(&self) -> Tiers {
        self.content
            .tiers()
            .expect("a slot that opens nothing is neither made nor read")
    }

    pub(super) fn content(&self) -> &Content {
        &self.content
    }

    /// Makes a slot.
    pub(super) fn new(
        name: SlotName,
        lock: Lock<'_>,
        tiers: Tiers,
        keys: &Unlocked,
        cluster: &str,
    ) -> Result<Self, SlotError> {
        match lock {
            #[cfg(feature = "age")]
            Lock::Age(recipients) => {
                let place = Place::new(keys.keyring_id(), cluster, &name);
                let content = AgeSlot::new(recipients, tiers, keys, place, &name)?;
                let content = Content::Age(content);
                Ok(Self { name, content })
            }
            Lock::Passphrase(passphrase, parameters) => Ok(Self::with_passphrase(
                name, passphrase, parameters, tiers, keys, cluster,
            )?),
        }
    }

    /// Makes a slot for a passphrase.
    pub(super) fn with_passphrase(
        name: SlotName,
        passphrase: &Passphrase,
        parameters: KdfParameters,
        tiers: Tiers,
        keys: &Unlocked,
        cluster: &str,
    ) -> Result<Self, SealError> {
        let place = Place::new(keys.keyring_id(), cluster, &name);
        let content = PassphraseSlot::new(passphrase, parameters, tiers, keys, place)?;
        let content = Content::Passphrase(content);
        Ok(Self { name, content })
    }

    /// The slot without a tier, or nothing if it opens no other.
    pub(super) fn without(mut self, tier: Tier) -> Option<Self> {
        match &mut self.content {
            Content::Age(slot) => slot.remove(tier),
            Content::Passphrase(slot) => slot.remove(tier),
        }
        self.content.tiers().map(|_| self)
    }

    /// Wraps the data key of one tier anew, if it can be done with what `keys` remembers.
    ///
    /// `new` has the new data keys, `keys` the ones that they replace.
    pub(super) fn rewrap(
        &mut self,
        tier: Tier,
        keys: &Unlocked,
        new: &Unlocked,
        cluster: &str,
    ) -> Result<Rewrapped, SlotError> {
        let place = Place::new(keys.keyring_id(), cluster, &self.name);
        match &mut self.content {
            Content::Age(slot) => {
                slot.rewrap(tier, keys, new, place, &self.name)?;
                Ok(Rewrapped::Done)
            }
            Content::Passphrase(slot) => match keys.wrapping_key(&self.name) {
                // Its passphrase may have been changed since it was opened.
                Some(wrapping) if slot.open(tier, wrapping, place).is_some() => {
                    slot.wrap(tier, wrapping, new, place)?;
                    Ok(Rewrapped::Done)
                }
                _ => Ok(Rewrapped::PassphraseNeeded),
            },
        }
    }
}

/// Whether a slot holds the new data key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rewrapped {
    Done,
    PassphraseNeeded,
}

/// Where a wrapped data key belongs. It opens there alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    id: &'a [u8; ID],
    cluster: &'a str,
    slot: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn new(id: &'a [u8; ID], cluster: &'a str, slot: &'a SlotName) -> Self {
        Self {
            id,
            cluster,
            slot: slot.as_str(),
        }
    }

    /// What is authenticated with the data key of a tier.
    fn data(self, purpose: &[u8], tier: Tier) -> Vec<u8> {
        let mut data = purpose.to_vec();
        data.extend(self.id);
        for text in [self.cluster, self.slot, tier.as_str()] {
            append(&mut data, text.as_bytes());
        }
        data
    }
}

/// Appends octets and their length, so that no other sequence of texts gives the same.
pub(super) fn append(data: &mut Vec<u8>, octets: &[u8]) {
    let length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
    data.extend(length.to_be_bytes());
    data.extend(octets);
}

/// A slot as it stands in the file.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: SlotName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    passphrase: Option<PassphraseSlot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age: Option<AgeSlot>,
}

impl TryFrom<Written> for Slot {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let name = written.name;
        let content = match (written.passphrase, written.age) {
            (Some(slot), None) => Content::Passphrase(slot),
            (None, Some(slot)) => Content::Age(slot),
            _ => return Err(format!("slot `{name}` must have either passphrase or age")),
        };
        match content.tiers() {
            Some(_) => Ok(Self { name, content }),
            None => Err(format!("slot `{name}` has the key of no tier")),
        }
    }
}

impl From<Slot> for Written {
    fn from(slot: Slot) -> Self {
        let (passphrase, age) = match slot.content {
            Content::Age(content) => (None, Some(content)),
            Content::Passphrase(content) => (Some(content), None),
        };
        Self {
            name: slot.name,
            passphrase,
            age,
        }
    }
}

/// The key that was wrapped, if the octets are as long as one.
pub(super) fn secret_key(octets: &[u8]) -> Option<SecretKey> {
    let mut key = SecretKey::default();
    if octets.len() != key.len() {
        return None;
    }
    key.copy_from_slice(octets);
    Some(key)
}
