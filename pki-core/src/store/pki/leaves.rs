//! Leaves, in generations.

use std::collections::HashSet;

use super::Pki;
use super::generations::{put_generation, seal};
use crate::certificate::{Certificate, bundle};
use crate::journal::Event;
use crate::key::{PrivateKey, PublicKey};
use crate::leaf::{LeafId, Owner};
use crate::seal::{Tier, Unlocked};
use crate::store::layout::{self, LEAF_CERTIFICATE, LEAF_KEY};
use crate::store::{Batch, Store, StoreError};

/// A leaf's newest generation.
#[derive(Clone, Debug)]
pub struct StoredLeaf {
    /// What names it.
    pub id: LeafId,
    /// Its generation, counted from 1.
    pub generation: u32,
    /// The leaf, and every authority between it and the root.
    pub chain: Vec<Certificate>,
}

impl StoredLeaf {
    /// The leaf itself.
    pub fn certificate(&self) -> &Certificate {
        // A file without a certificate is refused when it is read.
        &self.chain[0]
    }
}

impl<S: Store> Pki<S> {
    /// The newest generation of a leaf.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn leaf(&self, id: &LeafId) -> Result<Option<StoredLeaf>, StoreError> {
        let Some(generation) = self.newest(&layout::leaf(id))? else {
            return Ok(None);
        };
        let chain = self.certificates(&format!(
            "{}/{generation}/{LEAF_CERTIFICATE}",
            layout::leaf(id)
        ))?;
        Ok(Some(StoredLeaf {
            id: id.clone(),
            generation,
            chain,
        }))
    }

    /// The certificate of the generation before, if it can be read: it is of no use any more.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) fn previous(&self, leaf: &StoredLeaf) -> Result<Option<Certificate>, StoreError> {
        let directory = layout::leaf(&leaf.id);
        let generations = self.generations(&directory)?;
        let before = generations
            .iter()
            .rfind(|generation| **generation < leaf.generation);
        let Some(before) = before else {
            return Ok(None);
        };
        let chain = self
            .store
            .read(&format!("{directory}/{before}/{LEAF_CERTIFICATE}"))?;
        let chain = chain.and_then(|text| bundle::read(&text).ok());
        Ok(chain.and_then(|chain| chain.into_iter().next()))
    }

    /// The newest generation of every leaf that is here and not among `described`, by where a
    /// person finds it: a node that was removed keeps its certificates until they expire. What
    /// cannot be read is left out: `verify` tells of it.
    ///
    /// # Errors
    ///
    /// When a directory cannot be read.
    pub fn undescribed<'a>(
        &self,
        described: impl IntoIterator<Item = &'a LeafId>,
    ) -> Result<Vec<(String, Certificate)>, StoreError> {
        let found = self.undescribed_chains(described)?.into_iter();
        let located = found.filter_map(|(directory, generation, chain)| {
            let path = format!("{directory}/{generation}/{LEAF_CERTIFICATE}");
            Some((self.store.locate(&path), chain.into_iter().next()?))
        });
        Ok(located.collect())
    }

    /// The same with what they carry, as far as owner and role are told by where they are.
    ///
    /// # Errors
    ///
    /// The same.
    pub(crate) fn undescribed_leaves<'a>(
        &self,
        described: impl IntoIterator<Item = &'a LeafId>,
    ) -> Result<Vec<StoredLeaf>, StoreError> {
        let found = self.undescribed_chains(described)?.into_iter();
        let leaves = found.filter_map(|(directory, generation, chain)| {
            let (_, place) = directory.split_once('/')?;
            let (owner, role) = place.split_once('/')?;
            Some(StoredLeaf {
                id: LeafId {
                    owner: Owner::Other(owner.parse().ok()?),
                    role: role.parse().ok()?,
                },
                generation,
                chain,
            })
        });
        Ok(leaves.collect())
    }

    fn undescribed_chains<'a>(
        &self,
        described: impl IntoIterator<Item = &'a LeafId>,
    ) -> Result<Vec<(String, u32, Vec<Certificate>)>, StoreError> {
        let described: HashSet<String> = described.into_iter().map(layout::leaf).collect();
        let mut found = Vec::new();
        for directory in self.leaf_directories()? {
            if described.contains(&directory) {
                continue;
            }
            if let Some(generation) = self.newest(&directory)? {
                let path = format!("{directory}/{generation}/{LEAF_CERTIFICATE}");
                let chain = self.certificates(&path).ok();
                found.extend(chain.map(|chain| (directory, generation, chain)));
            }
        }
        Ok(found)
    }

    /// Opens the key of a leaf.
    ///
    /// # Errors
    ///
    /// When it does not open or is another one's.
    pub fn leaf_key(&self, leaf: &StoredLeaf, keys: &Unlocked) -> Result<PrivateKey, StoreError> {
        let owner = layout::leaf(&leaf.id);
        let path = format!("{owner}/{}/{LEAF_KEY}", leaf.generation);
        let public_key = &leaf.certificate().public_key;
        self.open(&path, &owner, Tier::Issuing, public_key, keys)
            .map_err(|error| match error {
                StoreError::Missing { path } => StoreError::MissingLeafKey {
                    path,
                    owner: leaf.id.owner.to_string(),
                    role: leaf.id.role,
                },
                error => error,
            })
    }

    /// Whether a certificate of this key was revoked because somebody else may have the key.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) fn is_compromised(&self, key: &PublicKey) -> Result<bool, StoreError> {
        let revocations = self.revocations()?;
        let compromised: Vec<_> = revocations
            .iter()
            .filter(|revocation| revocation.is_active() && revocation.reason.is_compromise())
            .collect();
        if compromised.is_empty() {
            return Ok(false);
        }
        for (directory, file) in self.all_generations()? {
            let is_leaf = file == LEAF_CERTIFICATE;
            let leaf = is_leaf.then(|| self.readable(&format!("{directory}/{file}")));
            if leaf.flatten().is_some_and(|leaf| {
                leaf.public_key == *key && compromised.iter().any(|one| one.serial == leaf.serial)
            }) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds a new generation of a leaf to `batch`.
    ///
    /// # Errors
    ///
    /// When its key cannot be sealed.
    pub(crate) fn add_leaf(
        batch: &mut Batch,
        leaf: &StoredLeaf,
        key: &PrivateKey,
        keys: &Unlocked,
    ) -> Result<(), StoreError> {
        let files = Self::leaf_files(leaf, key, keys)?;
        let path = format!("{}/{}", layout::leaf(&leaf.id), leaf.generation);
        put_generation(batch, Event::Issued, leaf.certificate(), path, files);
        Ok(())
    }

    /// Where a person finds a leaf's certificate.
    pub fn locate_leaf(&self, leaf: &StoredLeaf) -> String {
        self.store.locate(&format!(
            "{}/{}/{LEAF_CERTIFICATE}",
            layout::leaf(&leaf.id),
            leaf.generation
        ))
    }

    /// Where a person finds a leaf's sealed key.
    pub(crate) fn locate_leaf_key(&self, leaf: &StoredLeaf) -> String {
        self.store.locate(&format!(
            "{}/{}/{LEAF_KEY}",
            layout::leaf(&leaf.id),
            leaf.generation
        ))
    }

    pub(super) fn leaf_files(
        leaf: &StoredLeaf,
        key: &PrivateKey,
        keys: &Unlocked,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, StoreError> {
        let sealed = seal(&layout::leaf(&leaf.id), Tier::Issuing, key, keys)?;
        let chain = bundle::write(&leaf.chain).into_bytes();
        Ok(vec![(LEAF_CERTIFICATE, chain), (LEAF_KEY, sealed)])
    }

    pub(in crate::store) fn leaf_directories(&self) -> Result<Vec<String>, StoreError> {
        let mut directories = Vec::new();
        for owner in self.store.list(layout::LEAVES)? {
            let owner = format!("{}/{owner}", layout::LEAVES);
            let roles = self.store.list(&owner)?;
            directories.extend(roles.iter().map(|role| format!("{owner}/{role}")));
        }
        Ok(directories)
    }
}
