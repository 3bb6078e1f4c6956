//! What authorities and leaves have in common: generations of a certificate and its sealed key.

use super::Pki;
use crate::certificate::{Certificate, bundle};
use crate::hierarchy::AuthorityName;
use crate::journal::{Entry, Event};
use crate::key::{PrivateKey, PublicKey};
use crate::leaf::LeafId;
use crate::seal::{Identity, SealedKey, Tier, Unlocked};
use crate::store::layout::{
    self, AUTHORITY_CERTIFICATE, AUTHORITY_KEY, LEAF_CERTIFICATE, LEAF_KEY,
};
use crate::store::{Batch, Store, StoreError};

impl<S: Store> Pki<S> {
    /// Every generation of authorities and leaves but the newest, by where a person finds it.
    /// What cannot be read is left out: it is of no use any more.
    ///
    /// # Errors
    ///
    /// When a directory cannot be read.
    pub fn superseded(&self) -> Result<Vec<(String, Certificate)>, StoreError> {
        self.all_of(|generations| generations.split_last().map_or(&[], |(_, old)| old))
    }

    /// Where a person finds a certificate, whichever generation it is.
    ///
    /// # Errors
    ///
    /// When the store cannot be listed.
    pub fn find(&self, certificate: &Certificate) -> Result<Option<String>, StoreError> {
        let mut all = self.all_of(|generations| generations)?.into_iter();
        Ok(all.find_map(|(place, known)| (known == *certificate).then_some(place)))
    }

    /// The certificates of those generations that are wanted, in every directory.
    fn all_of(
        &self,
        which: impl Fn(&[u32]) -> &[u32],
    ) -> Result<Vec<(String, Certificate)>, StoreError> {
        let mut directories = self.leaf_directories()?;
        let authorities = self.store.list(layout::AUTHORITIES)?;
        directories.extend(
            authorities
                .iter()
                .map(|name| format!("{}/{name}", layout::AUTHORITIES)),
        );
        let mut found = Vec::new();
        for directory in directories {
            let file = match directory.starts_with(layout::AUTHORITIES) {
                true => AUTHORITY_CERTIFICATE,
                false => LEAF_CERTIFICATE,
            };
            let generations: Vec<u32> = self.generations(&directory)?;
            for generation in which(&generations) {
                let path = format!("{directory}/{generation}/{file}");
                let certificate = self.readable(&path);
                found.extend(certificate.map(|one| (self.store.locate(&path), one)));
            }
        }
        Ok(found)
    }

    /// Where a person finds the files of a generation of an authority whose key is here.
    pub(crate) fn files_of_authority(&self, name: AuthorityName, generation: u32) -> [String; 2] {
        let directory = layout::authority(name);
        [AUTHORITY_CERTIFICATE, AUTHORITY_KEY].map(|file| {
            self.store
                .locate(&format!("{directory}/{generation}/{file}"))
        })
    }

    /// Where a person finds the files of a generation of a leaf.
    pub(crate) fn files_of_leaf(&self, id: &LeafId, generation: u32) -> [String; 2] {
        let directory = layout::leaf(id);
        [LEAF_CERTIFICATE, LEAF_KEY].map(|file| {
            self.store
                .locate(&format!("{directory}/{generation}/{file}"))
        })
    }

    pub(super) fn newest(&self, directory: &str) -> Result<Option<u32>, StoreError> {
        Ok(self.generations(directory)?.pop())
    }

    /// The generations in a directory, in their order.
    pub(in crate::store) fn generations(&self, directory: &str) -> Result<Vec<u32>, StoreError> {
        let names = self.store.list(directory)?;
        let generations = names.iter().filter_map(|name| layout::generation(name));
        let mut generations: Vec<u32> = generations.collect();
        generations.sort_unstable();
        Ok(generations)
    }

    pub(crate) fn certificates(&self, path: &str) -> Result<Vec<Certificate>, StoreError> {
        let text = self.required(path)?;
        bundle::read(&text).map_err(|source| StoreError::Certificate {
            path: self.store.locate(path),
            source,
        })
    }

    /// The first certificate of a file, if it can be read.
    pub(super) fn readable(&self, path: &str) -> Option<Certificate> {
        self.certificates(path).ok()?.into_iter().next()
    }

    pub(super) fn open(
        &self,
        path: &str,
        owner: &str,
        tier: Tier,
        public_key: &PublicKey,
        keys: &Unlocked,
    ) -> Result<PrivateKey, StoreError> {
        let failed = |source| StoreError::Key {
            path: self.store.locate(path),
            source,
        };
        let sealed = SealedKey::from_pem(&self.required(path)?).map_err(failed)?;
        let identity = Identity {
            tier,
            path: owner,
            key: public_key.fingerprint(),
        };
        let der = keys.open(identity, &sealed).map_err(failed)?;
        match PrivateKey::from_der(&der) {
            Ok(key) if key.public() == public_key => Ok(key),
            _ => Err(StoreError::OtherKey {
                path: self.store.locate(path),
            }),
        }
    }
}

/// Adds a generation to `batch`, and what came about to the journal.
pub(super) fn put_generation(
    batch: &mut Batch,
    event: Event,
    certificate: &Certificate,
    path: String,
    files: Vec<(&'static str, Vec<u8>)>,
) {
    batch.record(Entry::of(event, certificate).at(path.as_str()));
    batch.put_directory(path, files);
}

pub(super) fn seal(
    owner: &str,
    tier: Tier,
    key: &PrivateKey,
    keys: &Unlocked,
) -> Result<Vec<u8>, StoreError> {
    let identity = Identity {
        tier,
        path: owner,
        key: key.public().fingerprint(),
    };
    keys.seal(identity, key.pkcs8_der())
        .map(|sealed| sealed.to_pem().into_bytes())
        .map_err(|source| StoreError::Key {
            path: owner.to_owned(),
            source,
        })
}
