//! Every sealed key at once: to prove data keys by, and to seal anew.

use super::super::layout::{self, AUTHORITIES, LEAVES, PUBLISHER};
use super::super::{Batch, Store, StoreError};
use super::Pki;
use crate::hierarchy::AuthorityName;
use crate::journal::{Entry, Event};
use crate::key::{PrivateKey, PublicKey};
use crate::pem;
use crate::seal::{Identity, Keyring, SealError, SealedKey, Tier, Tiers, Unlocked};

impl<S: Store> Pki<S> {
    /// Holds the data keys against what they must have sealed: of each tier that is open, the
    /// key of some authority must open and be its certificate's. A tier that has sealed none yet
    /// passes.
    ///
    /// Data keys that came from an age slot are not proved by the slot itself, since anyone can
    /// encrypt to its recipients.
    ///
    /// # Errors
    ///
    /// When no authority's key opens, or the store cannot be read.
    pub fn check_keys(&self, keys: &Unlocked) -> Result<(), StoreError> {
        let sealed = self.sealed_files()?;
        for tier in Tier::ALL.into_iter().filter(|tier| keys.is_open(*tier)) {
            let of_tier = |file: &&SealedFile| file.tier == tier && file.is_authority();
            let mut first_error = None;
            for file in sealed.iter().filter(of_tier) {
                match self.open_file(file, keys) {
                    Ok(_) => {
                        first_error = None;
                        break;
                    }
                    Err(error) => first_error = first_error.or(Some(error)),
                }
            }
            if let Some(error) = first_error {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Writes a keyring whose data keys are being replaced, seals every key with the new ones,
    /// and writes the keyring without the old ones: in this order, so that each key opens at any
    /// point, whenever it is interrupted. It finishes what was interrupted, too. A tier that is
    /// closed in `keys` stays as it is.
    ///
    /// `done` says in the journal what was done. Returns how many keys were sealed anew.
    ///
    /// # Errors
    ///
    /// When a key does not open, before anything is written; when the store cannot be read or
    /// written.
    pub fn reseal(
        &mut self,
        keyring: &Keyring,
        keys: &Unlocked,
        done: &str,
    ) -> Result<usize, StoreError> {
        let mut batch = Batch::default();
        self.add_keyring(&mut batch, keyring)?;
        batch.barrier();
        let retiring = keyring.retiring();
        let tiers = Tiers::where_true(|tier| {
            keys.is_open(tier) && retiring.is_some_and(|tiers| tiers.contains(tier))
        });
        let mut count = 0;
        if let Some(tiers) = tiers {
            for file in self.sealed_files()? {
                if tiers.contains(file.tier)
                    && let Some(sealed) = self.resealed(&file, keys)?
                {
                    batch.put(file.path, sealed.to_pem());
                    count += 1;
                }
            }
            batch.barrier();
            self.add_keyring(&mut batch, &keyring.without_retired(tiers))?;
        }
        batch.record(Entry::new(Event::SlotChanged).with_detail(done));
        self.commit(batch)?;
        Ok(count)
    }

    /// Where a person finds the keyring.
    pub fn locate_keyring(&self) -> String {
        self.store.locate(layout::KEYRING)
    }

    fn resealed(
        &self,
        file: &SealedFile,
        keys: &Unlocked,
    ) -> Result<Option<SealedKey>, StoreError> {
        let identity = Identity {
            tier: file.tier,
            path: &file.owner,
            key: self.public_key_of(file)?.fingerprint(),
        };
        let failed = |source: SealError| StoreError::Key {
            path: self.store.locate(&file.path),
            source,
        };
        let sealed = SealedKey::from_pem(&self.required(&file.path)?).map_err(failed)?;
        keys.reseal(identity, &sealed).map_err(failed)
    }

    /// Opens a sealed key and holds it against its certificate.
    pub(crate) fn open_file(
        &self,
        file: &SealedFile,
        keys: &Unlocked,
    ) -> Result<PrivateKey, StoreError> {
        let public_key = self.public_key_of(file)?;
        self.open(&file.path, &file.owner, file.tier, &public_key, keys)
    }

    fn public_key_of(&self, file: &SealedFile) -> Result<PublicKey, StoreError> {
        match file.public {
            // A file without a certificate is refused when it is read.
            Public::Certificate => Ok(self.certificates(&file.beside)?.remove(0).public_key),
            Public::Key => self.read_public_key(&file.beside),
            Public::Request => Ok(self.read_request(&file.beside)?.public_key),
        }
    }

    pub(super) fn read_public_key(&self, path: &str) -> Result<PublicKey, StoreError> {
        let invalid = || StoreError::PublicKey {
            path: self.store.locate(path),
        };
        let blocks = pem::read(&self.required(path)?).map_err(|_| invalid())?;
        match blocks.as_slice() {
            [key] if key.label == pem::PUBLIC_KEY => {
                PublicKey::from_spki_der(&key.content).map_err(|_| invalid())
            }
            _ => Err(invalid()),
        }
    }

    /// Every sealed key of every generation, authorities first.
    pub(crate) fn sealed_files(&self) -> Result<Vec<SealedFile>, StoreError> {
        let mut files = Vec::new();
        for name in self.store.list(AUTHORITIES)? {
            self.add_sealed(format!("{AUTHORITIES}/{name}"), &mut files)?;
        }
        for owner in self.store.list(LEAVES)? {
            for role in self.store.list(&format!("{LEAVES}/{owner}"))? {
                self.add_sealed(format!("{LEAVES}/{owner}/{role}"), &mut files)?;
            }
        }
        self.add_sealed(PUBLISHER.to_owned(), &mut files)?;
        Ok(files)
    }

    fn add_sealed(&self, owner: String, files: &mut Vec<SealedFile>) -> Result<(), StoreError> {
        let tier = match owner == layout::authority(AuthorityName::Root) {
            true => Tier::Root,
            false => Tier::Issuing,
        };
        let generations = self.store.list(&owner)?;
        for generation in generations
            .iter()
            .filter(|name| layout::generation(name).is_some())
        {
            let directory = format!("{owner}/{generation}");
            let names = self.store.list(&directory)?;
            for name in &names {
                if let Some(stem) = name.strip_suffix(SEALED) {
                    let has = |suffix: &str| names.contains(&format!("{stem}.{suffix}"));
                    let (suffix, public) = match () {
                        () if has("crt") => ("crt", Public::Certificate),
                        () if has("csr") => ("csr", Public::Request),
                        () if has("pub") => ("pub", Public::Key),
                        // That it is missing is told by who reads it.
                        () => ("crt", Public::Certificate),
                    };
                    files.push(SealedFile {
                        path: format!("{directory}/{name}"),
                        beside: format!("{directory}/{stem}.{suffix}"),
                        public,
                        owner: owner.clone(),
                        tier,
                    });
                }
            }
        }
        Ok(())
    }
}

/// A sealed key of some generation.
#[derive(Debug)]
pub(crate) struct SealedFile {
    pub(crate) path: String,
    /// What is beside it and holds the public key that it is bound to.
    pub(crate) beside: String,
    public: Public,
    owner: String,
    pub(crate) tier: Tier,
}

/// Where the public key of a sealed one stands.
#[derive(Clone, Copy, Debug)]
enum Public {
    Certificate,
    Key,
    /// Of one whose certificate is still to come.
    Request,
}

impl SealedFile {
    fn is_authority(&self) -> bool {
        self.path.starts_with(AUTHORITIES)
    }
}

/// What the names of sealed keys end in.
const SEALED: &str = ".key.sealed";

#[cfg(test)]
mod tests;
