//! The keyring.

use super::Pki;
use crate::journal::{Entry, Event};
use crate::seal::Keyring;
use crate::store::{Batch, Store, StoreError, layout};

impl<S: Store> Pki<S> {
    /// The keyring, or `None` in an empty store.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn keyring(&self) -> Result<Option<Keyring>, StoreError> {
        let path = layout::KEYRING;
        let Some(text) = self.store.read(path)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&text);
        let keyring = Keyring::from_yaml(&text).map_err(|source| StoreError::Keyring {
            path: self.store.locate(path),
            source,
        })?;
        Ok(Some(keyring))
    }

    /// Writes the keyring.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn put_keyring(&mut self, keyring: &Keyring) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.add_keyring(&mut batch, keyring)?;
        self.commit(batch)
    }

    /// Writes the keyring with slots that were changed, and says in the journal what was done.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn change_slots(&mut self, keyring: &Keyring, done: &str) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.add_keyring(&mut batch, keyring)?;
        batch.record(Entry::new(Event::SlotChanged).with_detail(done));
        self.commit(batch)
    }

    /// Adds the keyring to `batch`.
    ///
    /// # Errors
    ///
    /// Never for a keyring made or read by its type.
    pub fn add_keyring(&self, batch: &mut Batch, keyring: &Keyring) -> Result<(), StoreError> {
        let path = layout::KEYRING;
        let text = keyring.to_yaml().map_err(|source| StoreError::Keyring {
            path: self.store.locate(path),
            source,
        })?;
        batch.put(path, text);
        Ok(())
    }
}
