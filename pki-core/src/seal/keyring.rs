//! `keyring.yml`: the data keys of both tiers, wrapped by key slots.

mod change;
mod unlock;

use serde::{Deserialize, Serialize};
use serde_saphyr::DuplicateKeyPolicy;

use super::error::MAX_SLOTS;
use super::passphrase::{KdfParameters, Passphrase};
use super::slot::{Content, Place, Slot, WrappedKey, append};
use super::tier::PerTier;
use super::unlocked::Unlocked;
use super::{InvalidKeyring, Lock, SealError, SlotError, SlotName, Tier, Tiers};
use crate::base64;

/// The wrapped data keys. Nothing in it is secret in clear.
///
/// Each tier opens with at least one slot, whatever is done to it here, and no change of it takes
/// place by half: what fails leaves it as it was.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Keyring {
    version: u64,
    /// Random: a sealed key opens under the keyring that sealed it alone.
    #[serde(with = "base64")]
    id: [u8; ID],
    /// The cluster whose keys it guards.
    cluster: String,
    slots: Vec<Slot>,
    /// The data keys that are being replaced, under those that replace them.
    #[serde(default, skip_serializing_if = "PerTier::is_empty")]
    retiring: PerTier<WrappedKey>,
}

impl Keyring {
    /// Makes a keyring for these data keys, with one slot for `passphrase`, called `passphrase`.
    ///
    /// # Errors
    ///
    /// When a tier is closed in `keys`, or the operating system has no random numbers to give.
    pub fn new(
        cluster: &str,
        keys: &Unlocked,
        passphrase: &Passphrase,
        parameters: KdfParameters,
    ) -> Result<Self, SealError> {
        let name = SlotName::passphrase();
        let slot = Slot::with_passphrase(name, passphrase, parameters, Tiers::Both, keys, cluster)?;
        Ok(Self::of(cluster, keys, slot))
    }

    /// Makes a keyring for these data keys, with one slot that opens both tiers.
    ///
    /// # Errors
    ///
    /// When a tier is closed in `keys`, or the operating system has no random numbers to give.
    pub fn with_slot(
        cluster: &str,
        keys: &Unlocked,
        name: SlotName,
        lock: Lock<'_>,
    ) -> Result<Self, SlotError> {
        let slot = Slot::new(name, lock, Tiers::Both, keys, cluster)?;
        Ok(Self::of(cluster, keys, slot))
    }

    /// Reads `keyring.yml`.
    ///
    /// # Errors
    ///
    /// When it is not one, is of a version that is not known, or asks for more than it may.
    pub fn from_yaml(text: &str) -> Result<Self, InvalidKeyring> {
        if text.len() > MAX_TEXT {
            return Err(InvalidKeyring::Malformed(format!(
                "it has more than {MAX_TEXT} octets"
            )));
        }
        let malformed = |error: serde_saphyr::Error| {
            InvalidKeyring::Malformed(error.without_snippet().to_string())
        };
        let VersionOnly { version } = serde_saphyr::from_str(text).map_err(malformed)?;
        if version != VERSION {
            return Err(InvalidKeyring::Version(version));
        }
        let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::Error };
        let keyring: Self =
            serde_saphyr::from_str_with_options(text, options).map_err(malformed)?;
        keyring.check()?;
        Ok(keyring)
    }

    /// Writes `keyring.yml`.
    ///
    /// # Errors
    ///
    /// Never for a keyring made or read by this type.
    pub fn to_yaml(&self) -> Result<String, InvalidKeyring> {
        // Base64 stays on one line.
        let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
        let mut text = HEADER.to_owned();
        serde_saphyr::to_fmt_writer_with_options(&mut text, self, options)
            .map_err(|error| InvalidKeyring::Malformed(error.to_string()))?;
        Ok(text)
    }

    pub(crate) fn id(&self) -> &KeyringId {
        &self.id
    }

    /// The cluster whose keys it guards.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The slots, in the order in which they are tried.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// A slot by its name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn slot(&self, name: &SlotName) -> Result<&Slot, SealError> {
        self.slots
            .iter()
            .find(|slot| slot.name() == name)
            .ok_or_else(|| SealError::UnknownSlot {
                slot: name.clone(),
                slots: self.names(|_| true),
            })
    }

    /// The tiers whose data key is being replaced, if any is: some keys may still be sealed with
    /// the old one.
    pub fn retiring(&self) -> Option<Tiers> {
        self.retiring.tiers()
    }

    /// Whether a tier is kept offline: no slot that opens the keys of everyday work opens it too.
    pub fn is_offline(&self, tier: Tier) -> bool {
        tier == Tier::Root && self.slots.iter().all(|slot| slot.tiers() != Tiers::Both)
    }

    fn of(cluster: &str, keys: &Unlocked, slot: Slot) -> Self {
        Self {
            version: VERSION,
            id: *keys.keyring_id(),
            cluster: cluster.to_owned(),
            slots: vec![slot],
            retiring: PerTier::default(),
        }
    }

    /// The keyring without the old data keys of `tiers`: no key is sealed with them any more.
    pub(crate) fn without_retired(&self, tiers: Tiers) -> Self {
        let mut finished = self.clone();
        for tier in tiers.iter() {
            finished.retiring.slot(tier).take();
        }
        finished
    }

    fn place<'a>(&'a self, slot: &'a SlotName) -> Place<'a> {
        Place::new(&self.id, &self.cluster, slot)
    }

    fn retiring_data(&self, tier: Tier) -> Vec<u8> {
        let mut data = b"etcdpki retiring key v1".to_vec();
        data.extend(self.id);
        for text in [self.cluster.as_str(), tier.as_str()] {
            append(&mut data, text.as_bytes());
        }
        data
    }

    fn names(&self, wanted: impl Fn(&Slot) -> bool) -> Vec<SlotName> {
        let slots = self.slots.iter().filter(|slot| wanted(slot));
        slots.map(|slot| slot.name().clone()).collect()
    }

    /// What the types of the fields do not say.
    fn check(&self) -> Result<(), InvalidKeyring> {
        if !(1..=MAX_SLOTS).contains(&self.slots.len()) {
            return Err(InvalidKeyring::Malformed(format!(
                "it has {} slots, and may have 1 to {MAX_SLOTS}",
                self.slots.len()
            )));
        }
        for (index, slot) in self.slots.iter().enumerate() {
            let name = slot.name();
            if self.slots[..index].iter().any(|other| other.name() == name) {
                return Err(InvalidKeyring::Malformed(format!(
                    "two slots are called `{name}`"
                )));
            }
            if let Content::Passphrase(content) = slot.content() {
                content.parameters().checked().map_err(|error| {
                    InvalidKeyring::Malformed(format!("slot `{name}`: {error}"))
                })?;
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u64,
}

/// What tells keyrings apart.
pub(crate) type KeyringId = [u8; ID];
pub(super) const ID: usize = 16;
const VERSION: u64 = 1;
/// 64 slots, each with two files for sixteen recipients.
const MAX_TEXT: usize = 2 << 20;
const HEADER: &str = "\
# The data keys that seal the private keys of this directory, wrapped by key slots.
# Nothing here is secret in clear. Without it no key can be opened: keep it with the rest.
";
