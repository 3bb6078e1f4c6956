//! Adding, changing and removing slots, and new data keys.

use super::Keyring;
use crate::seal::error::MAX_SLOTS;
use crate::seal::slot::{Content, Rewrapped, Slot, WrappedKey};
use crate::seal::{Lock, SealError, SlotError, SlotName, Tier, Tiers, Unlocked};

impl Keyring {
    /// Adds a slot.
    ///
    /// # Errors
    ///
    /// When its name is taken, a tier that it is to open is closed in `keys`, or they are another
    /// keyring's.
    pub fn add_slot(
        &mut self,
        name: SlotName,
        lock: Lock<'_>,
        tiers: Tiers,
        keys: &Unlocked,
    ) -> Result<(), SlotError> {
        self.check_own(keys)?;
        if self.slot(&name).is_ok() {
            return Err(SlotError::Taken { slot: name });
        }
        if self.slots.len() >= MAX_SLOTS {
            return Err(SlotError::TooMany);
        }
        let slot = Slot::new(name, lock, tiers, keys, &self.cluster)?;
        self.slots.push(slot);
        Ok(())
    }

    /// Gives a slot another passphrase, other recipients, or other tiers.
    ///
    /// # Errors
    ///
    /// Those of [`Self::add_slot`]; when there is no such slot; when nothing else opens a tier
    /// that it is to open no more.
    pub fn change_slot(
        &mut self,
        name: &SlotName,
        lock: Lock<'_>,
        tiers: Tiers,
        keys: &Unlocked,
    ) -> Result<(), SlotError> {
        self.check_own(keys)?;
        let before = self.slot(name)?.tiers();
        for tier in before.iter().filter(|tier| !tiers.contains(*tier)) {
            self.check_not_last(name, tier)?;
        }
        let changed = Slot::new(name.clone(), lock, tiers, keys, &self.cluster)?;
        for slot in &mut self.slots {
            if slot.name() == name {
                slot.clone_from(&changed);
            }
        }
        Ok(())
    }

    /// Removes a slot. Nothing needs to be opened for that.
    ///
    /// # Errors
    ///
    /// When there is no such slot, or nothing else opens a tier.
    pub fn remove_slot(&mut self, name: &SlotName) -> Result<(), SlotError> {
        for tier in self.slot(name)?.tiers().iter() {
            self.check_not_last(name, tier)?;
        }
        self.slots.retain(|slot| slot.name() != name);
        Ok(())
    }

    /// Takes a tier out of a slot; one that opens no other is removed.
    ///
    /// # Errors
    ///
    /// When there is no such slot, or nothing else opens the tier.
    pub fn withdraw(&mut self, name: &SlotName, tier: Tier) -> Result<(), SlotError> {
        if !self.slot(name)?.tiers().contains(tier) {
            return Ok(());
        }
        self.check_not_last(name, tier)?;
        let slots = std::mem::take(&mut self.slots);
        self.slots = slots
            .into_iter()
            .filter_map(|slot| match slot.name() == name {
                true => slot.without(tier),
                false => Some(slot),
            })
            .collect();
        Ok(())
    }

    /// Makes new data keys for `tiers`, wraps them for every slot, and keeps the old ones, under
    /// the new, until every key is sealed anew.
    ///
    /// Write it with [`Pki::reseal`](crate::store::Pki::reseal), which does that. The old data keys
    /// are given away, so that nothing can be sealed with them any more.
    ///
    /// # Errors
    ///
    /// When a tier is closed, or a slot's passphrase would be needed that did not open `keys`;
    /// when the recipients of a slot were changed by somebody who cannot open it; when an earlier
    /// replacement is not finished.
    pub fn replace_data_keys(
        &mut self,
        tiers: Tiers,
        keys: Unlocked,
    ) -> Result<Unlocked, SlotError> {
        self.check_own(&keys)?;
        let new = keys.with_new_keys(tiers)?;
        let mut slots = self.slots.clone();
        let mut retiring = self.retiring.clone();
        let mut needed = Vec::new();
        for tier in tiers.iter() {
            if retiring.get(tier).is_some() {
                return Err(SlotError::Unfinished { tier });
            }
            for slot in slots.iter_mut().filter(|slot| slot.tiers().contains(tier)) {
                let rewrapped = slot.rewrap(tier, &keys, &new, &self.cluster)?;
                if rewrapped == Rewrapped::PassphraseNeeded && !needed.contains(slot.name()) {
                    needed.push(slot.name().clone());
                }
            }
            let data = self.retiring_data(tier);
            let wrapped = WrappedKey::new(new.data_key(tier)?, &data, keys.data_key(tier)?)?;
            *retiring.slot(tier) = Some(wrapped);
        }
        if !needed.is_empty() {
            return Err(SlotError::PassphrasesNeeded { slots: needed });
        }
        (self.slots, self.retiring) = (slots, retiring);
        Ok(new)
    }

    /// The slots whose recipients or age files were changed by somebody who cannot open them, as
    /// far as `keys` can tell: they get no new data keys, and their holders may be shut out.
    pub(crate) fn forged_slots(&self, keys: &Unlocked) -> Vec<SlotName> {
        let forged = self.slots.iter().filter(|slot| {
            let place = self.place(slot.name());
            match slot.content() {
                Content::Age(content) => slot.tiers().iter().any(|tier| {
                    let key = keys.data_key(tier);
                    key.is_ok_and(|key| !content.is_proved_by(tier, key, place))
                }),
                Content::Passphrase(_) => false,
            }
        });
        forged.map(|slot| slot.name().clone()).collect()
    }

    fn check_own(&self, keys: &Unlocked) -> Result<(), SealError> {
        match *keys.keyring_id() == self.id {
            true => Ok(()),
            false => Err(SealError::OtherKeyring),
        }
    }

    fn check_not_last(&self, name: &SlotName, tier: Tier) -> Result<(), SlotError> {
        let mut others = self.slots.iter().filter(|slot| slot.name() != name);
        match others.any(|slot| slot.tiers().contains(tier)) {
            true => Ok(()),
            false => Err(SlotError::LastSlot {
                slot: name.clone(),
                tier,
            }),
        }
    }
}
