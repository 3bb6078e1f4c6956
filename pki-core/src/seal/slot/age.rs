//! Slots that open with an age identity.

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Place, append, cipher};
use crate::base64;
use crate::seal::cipher::{NONCE, SecretKey, TAG};
use crate::seal::error::MAX_RECIPIENTS;
use crate::seal::tier::PerTier;
use crate::seal::unlocked::Unlocked;
use crate::seal::{AgeRecipient, SlotError, SlotName, Tier, Tiers};

/// The data keys, each in an age file for the recipients.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::seal) struct AgeSlot {
    #[serde(deserialize_with = "recipients")]
    recipients: Vec<AgeRecipient>,
    keys: PerTier<AgeKey>,
}

/// A data key in an age file, and the proof that who made it knew that key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct AgeKey {
    #[serde(deserialize_with = "file", serialize_with = "base64::serialize")]
    file: Vec<u8>,
    #[serde(with = "base64")]
    nonce: [u8; NONCE],
    #[serde(with = "base64")]
    tag: [u8; TAG],
}

impl AgeSlot {
    pub(in crate::seal) fn recipients(&self) -> &[AgeRecipient] {
        &self.recipients
    }

    pub(super) fn tiers(&self) -> Option<Tiers> {
        self.keys.tiers()
    }

    pub(super) fn remove(&mut self, tier: Tier) {
        self.keys.slot(tier).take();
    }

    /// Whether the recipients and the file of a tier are as they were made by who knew `key`.
    pub(in crate::seal) fn is_proved_by(
        &self,
        tier: Tier,
        key: &SecretKey,
        place: Place<'_>,
    ) -> bool {
        self.keys.get(tier).is_some_and(|wrapped| {
            let data = proved(&self.recipients, &wrapped.file, tier, place);
            cipher::decrypt(key, &wrapped.nonce, &data, &wrapped.tag).is_some()
        })
    }
}

#[cfg(feature = "age")]
impl AgeSlot {
    pub(super) fn new(
        recipients: &[AgeRecipient],
        tiers: Tiers,
        keys: &Unlocked,
        place: Place<'_>,
        name: &SlotName,
    ) -> Result<Self, SlotError> {
        if !(1..=MAX_RECIPIENTS).contains(&recipients.len()) {
            return Err(SlotError::NoRecipient { slot: name.clone() });
        }
        let mut slot = Self {
            recipients: recipients.to_vec(),
            keys: PerTier::default(),
        };
        for tier in tiers.iter() {
            slot.wrap(tier, keys, place)?;
        }
        Ok(slot)
    }

    /// Puts the data key that `new` has for a tier into the slot, if the recipients are still
    /// those that somebody chose who knew the old one.
    pub(super) fn rewrap(
        &mut self,
        tier: Tier,
        keys: &Unlocked,
        new: &Unlocked,
        place: Place<'_>,
        name: &SlotName,
    ) -> Result<(), SlotError> {
        match self.is_proved_by(tier, keys.data_key(tier)?, place) {
            true => self.wrap(tier, new, place),
            false => Err(SlotError::Recipients { slot: name.clone() }),
        }
    }

    /// The data key of a tier, if one of the identities opens it here.
    pub(in crate::seal) fn open(
        &self,
        tier: Tier,
        identities: &crate::seal::AgeIdentities,
        place: Place<'_>,
    ) -> Opened {
        let Some(wrapped) = self.keys.get(tier) else {
            return Opened::NotForThese;
        };
        let Some(plaintext) = identities.decrypt(&wrapped.file) else {
            return match identities.are_among(&self.recipients) {
                true => Opened::Damaged,
                false => Opened::NotForThese,
            };
        };
        let key = plaintext
            .strip_prefix(place.data(PURPOSE, tier).as_slice())
            .and_then(super::secret_key);
        match key {
            Some(key) if self.is_proved_by(tier, &key, place) => Opened::Key(key),
            _ => Opened::Damaged,
        }
    }

    fn wrap(&mut self, tier: Tier, keys: &Unlocked, place: Place<'_>) -> Result<(), SlotError> {
        let key = keys.data_key(tier)?;
        let context = place.data(PURPOSE, tier);
        let mut plaintext = zeroize::Zeroizing::new(Vec::with_capacity(context.len() + key.len()));
        plaintext.extend(context);
        plaintext.extend_from_slice(&**key);
        let file = crate::seal::age::encrypt(&self.recipients, &plaintext)?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(crate::seal::SealError::from)?;
        let data = proved(&self.recipients, &file, tier, place);
        let tag = cipher::encrypt(key, &nonce, &data, &[])
            .try_into()
            // Nothing was encrypted, so the tag is all there is.
            .expect("a tag has 16 octets");
        *self.keys.slot(tier) = Some(AgeKey { file, nonce, tag });
        Ok(())
    }
}

#[cfg(not(feature = "age"))]
impl AgeSlot {
    pub(super) fn rewrap(
        &mut self,
        tier: Tier,
        keys: &Unlocked,
        _: &Unlocked,
        place: Place<'_>,
        name: &SlotName,
    ) -> Result<(), SlotError> {
        match self.is_proved_by(tier, keys.data_key(tier)?, place) {
            true => Err(crate::seal::SealError::Age(
                "this program was built without age: use one that was built with it".to_owned(),
            )
            .into()),
            false => Err(SlotError::Recipients { slot: name.clone() }),
        }
    }
}

/// What became of the data key of a tier.
#[cfg(feature = "age")]
pub(in crate::seal) enum Opened {
    Damaged,
    Key(SecretKey),
    NotForThese,
}

/// What the tag is over.
fn proved(recipients: &[AgeRecipient], file: &[u8], tier: Tier, place: Place<'_>) -> Vec<u8> {
    let mut data = place.data(PROOF, tier);
    for recipient in recipients {
        append(&mut data, recipient.as_str().as_bytes());
    }
    append(&mut data, file);
    data
}

fn recipients<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AgeRecipient>, D::Error> {
    let recipients = Vec::<AgeRecipient>::deserialize(deserializer)?;
    match (1..=MAX_RECIPIENTS).contains(&recipients.len()) {
        true => Ok(recipients),
        false => Err(de::Error::custom(format!(
            "a slot has 1 to {MAX_RECIPIENTS} recipients"
        ))),
    }
}

fn file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let file: Vec<u8> = base64::deserialize(deserializer)?;
    match file.len() <= MAX_FILE {
        true => Ok(file),
        false => Err(de::Error::custom(format!(
            "an age file of a slot has at most {MAX_FILE} octets"
        ))),
    }
}

/// Sixteen recipients take less than 2 KiB.
const MAX_FILE: usize = 8 * 1024;
#[cfg(feature = "age")]
const PURPOSE: &[u8] = b"etcdpki key slot v1";
const PROOF: &[u8] = b"etcdpki age slot v1";
