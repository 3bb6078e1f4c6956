//! Opening the data keys.

use super::Keyring;
use crate::seal::cipher::SecretKey;
use crate::seal::slot::{Content, PassphraseSlot, Slot};
use crate::seal::tier::PerTier;
use crate::seal::unlocked::{DataKey, Unlocked};
use crate::seal::{Passphrase, SealError, SlotName, Tier};

impl Keyring {
    /// Opens the data keys with a passphrase: one derivation for each slot that is tried, in
    /// their order, until one opens.
    ///
    /// # Errors
    ///
    /// When the passphrase opens no slot, or the slot that it opens was changed.
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<Unlocked, SealError> {
        let mut error = SealError::NoPassphraseSlot {
            slots: self.names(|_| true),
        };
        for slot in &self.slots {
            let Content::Passphrase(content) = slot.content() else {
                continue;
            };
            match self.unlock_content(slot, content, passphrase) {
                Err(SealError::WrongPassphrase) => error = SealError::WrongPassphrase,
                result => return result,
            }
        }
        Err(error)
    }

    /// Opens the data keys with the passphrase of one slot: one derivation.
    ///
    /// # Errors
    ///
    /// When there is no such slot, or it does not open with this passphrase.
    pub fn unlock_slot(
        &self,
        name: &SlotName,
        passphrase: &Passphrase,
    ) -> Result<Unlocked, SealError> {
        let slot = self.slot(name)?;
        match slot.content() {
            Content::Passphrase(content) => self.unlock_content(slot, content, passphrase),
            Content::Age(_) => Err(SealError::NoPassphraseSlot {
                slots: vec![name.clone()],
            }),
        }
    }

    /// Opens the data keys of every slot that is for one of these identities.
    ///
    /// Hold them against a key that is there before they are used to seal:
    /// [`Pki::check_keys`](crate::store::Pki::check_keys).
    ///
    /// # Errors
    ///
    /// When they open no slot, or one that is for them was changed.
    #[cfg(feature = "age")]
    pub fn unlock_age(
        &self,
        identities: &crate::seal::AgeIdentities,
    ) -> Result<Unlocked, SealError> {
        let mut unlocked = self.closed();
        for tier in Tier::ALL {
            if let Some((slot, key)) = self.open_tier_with_age(tier, identities)? {
                self.admit(&mut unlocked, tier, key, slot)?;
            }
        }
        if unlocked.tiers().is_some() {
            return Ok(unlocked);
        }
        let slots = self.names(|slot| matches!(slot.content(), Content::Age(_)));
        Err(match slots.is_empty() {
            true => SealError::NoAgeSlot {
                slots: self.names(|_| true),
            },
            false => SealError::WrongIdentity { slots },
        })
    }

    /// The first slot that opens the tier, with the tier's data key.
    #[cfg(feature = "age")]
    fn open_tier_with_age(
        &self,
        tier: Tier,
        identities: &crate::seal::AgeIdentities,
    ) -> Result<Option<(&SlotName, SecretKey)>, SealError> {
        use crate::seal::slot::Opened;

        let mut damaged = None;
        for slot in &self.slots {
            let Content::Age(content) = slot.content() else {
                continue;
            };
            match content.open(tier, identities, self.place(slot.name())) {
                Opened::Key(key) => return Ok(Some((slot.name(), key))),
                Opened::Damaged => damaged = damaged.or(Some(slot.name().clone())),
                Opened::NotForThese => {}
            }
        }
        match damaged {
            Some(slot) => Err(SealError::SlotDamaged { slot, tier }),
            None => Ok(None),
        }
    }

    fn unlock_content(
        &self,
        slot: &Slot,
        content: &PassphraseSlot,
        passphrase: &Passphrase,
    ) -> Result<Unlocked, SealError> {
        let wrapping = content.wrapping_key(passphrase)?;
        let mut unlocked = self.closed();
        let mut damaged = None;
        for tier in slot.tiers().iter() {
            match content.open(tier, &wrapping, self.place(slot.name())) {
                Some(key) => self.admit(&mut unlocked, tier, key, slot.name())?,
                None => damaged = Some(tier),
            }
        }
        match (unlocked.tiers(), damaged) {
            (None, _) => Err(SealError::WrongPassphrase),
            (Some(_), Some(tier)) => Err(SealError::SlotDamaged {
                slot: slot.name().clone(),
                tier,
            }),
            (Some(_), None) => {
                unlocked.remember(slot.name().clone(), wrapping);
                Ok(unlocked)
            }
        }
    }

    /// Takes a data key that a slot held, with the one that it replaces.
    fn admit(
        &self,
        unlocked: &mut Unlocked,
        tier: Tier,
        current: SecretKey,
        slot: &SlotName,
    ) -> Result<(), SealError> {
        let retiring = match self.retiring.get(tier) {
            None => None,
            Some(wrapped) => match wrapped.open(&current, &self.retiring_data(tier)) {
                Some(key) => Some(key),
                None => {
                    return Err(SealError::SlotDamaged {
                        slot: slot.clone(),
                        tier,
                    });
                }
            },
        };
        unlocked.set(tier, DataKey { current, retiring });
        Ok(())
    }

    fn closed(&self) -> Unlocked {
        let mut slots = PerTier::default();
        for tier in Tier::ALL {
            *slots.slot(tier) = Some(self.names(|slot| slot.tiers().contains(tier)));
        }
        Unlocked::closed(self.id, slots)
    }
}
