//! The PKI in a store: its keyring, its authorities and its leaves, each in generations.

mod elsewhere;
mod sealed;

use std::collections::HashSet;

use super::atomic::Group;
use super::layout::{self, AUTHORITY_CERTIFICATE, AUTHORITY_KEY, LEAF_CERTIFICATE, LEAF_KEY};
use super::{Batch, Directory, Store, StoreError};
use crate::certificate::{Certificate, bundle};
use crate::hierarchy::AuthorityName;
use crate::journal::{Entry, Event};
use crate::key::{PrivateKey, PublicKey};
use crate::leaf::LeafId;
use crate::lint::BundleUse;
use crate::seal::{Identity, Keyring, SealedKey, Tier, Unlocked};
use crate::trust::Bundles;

pub use elsewhere::StoredRequest;
pub(crate) use sealed::SealedFile;

/// A PKI in a store.
#[derive(Debug)]
pub struct Pki<S> {
    store: S,
    command: String,
}

/// An authority's newest generation.
#[derive(Clone, Debug)]
pub struct StoredAuthority {
    /// Which one it is.
    pub name: AuthorityName,
    /// Its generation, counted from 1.
    pub generation: u32,
    /// Its certificate.
    pub certificate: Certificate,
}

impl StoredAuthority {
    /// Whether it signed `certificate` for another service than etcd: no member takes that, and no
    /// description asks for it.
    pub fn signed_for_another_service(&self, certificate: &Certificate) -> bool {
        self.name.is_other() && certificate.is_issued_by(&self.certificate)
    }
}

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

impl Pki<Directory> {
    /// Writes a batch beside its place, and what it has for the journal: the group puts both
    /// there. Nothing else may be written meanwhile.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    pub fn stage(&self, mut batch: Batch, group: &mut Group) -> Result<(), StoreError> {
        self.add_journal(&mut batch)?;
        Ok(self.store.stage(&batch, group)?)
    }
}

impl<S: Store> Pki<S> {
    /// The PKI in `store`.
    pub fn new(store: S) -> Self {
        Self {
            store,
            command: env!("CARGO_PKG_NAME").to_owned(),
        }
    }

    /// Names the command that the journal gives for what is written.
    #[must_use]
    pub fn on_behalf_of(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    pub(super) fn command(&self) -> &str {
        &self.command
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

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

    /// The newest generation of an authority.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn authority(&self, name: AuthorityName) -> Result<Option<StoredAuthority>, StoreError> {
        let Some(generation) = self.newest_authority(name)? else {
            return Ok(None);
        };
        let directory = format!("{}/{generation}", layout::authority(name));
        let mut certificates =
            self.certificates(&format!("{directory}/{AUTHORITY_CERTIFICATE}"))?;
        Ok(Some(StoredAuthority {
            name,
            generation,
            certificate: certificates.remove(0),
        }))
    }

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
    pub fn previous(&self, leaf: &StoredLeaf) -> Result<Option<Certificate>, StoreError> {
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
        let described: HashSet<String> = described.into_iter().map(layout::leaf).collect();
        let mut found = Vec::new();
        for directory in self.leaf_directories()? {
            if described.contains(&directory) {
                continue;
            }
            if let Some(generation) = self.newest(&directory)? {
                let path = format!("{directory}/{generation}/{LEAF_CERTIFICATE}");
                let certificates = self.certificates(&path).unwrap_or_default();
                let leaf = certificates.into_iter().next();
                found.extend(leaf.map(|leaf| (self.store.locate(&path), leaf)));
            }
        }
        Ok(found)
    }

    /// Every generation of authorities and leaves but the newest, by where a person finds it.
    /// What cannot be read is left out: it is of no use any more.
    ///
    /// # Errors
    ///
    /// When a directory cannot be read.
    pub fn superseded(&self) -> Result<Vec<(String, Certificate)>, StoreError> {
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
            let mut generations: Vec<u32> = self.generations(&directory)?;
            generations.pop();
            for generation in generations {
                let path = format!("{directory}/{generation}/{file}");
                if let Ok(certificates) = self.certificates(&path) {
                    let path = self.store.locate(&path);
                    found.extend(
                        certificates
                            .into_iter()
                            .take(1)
                            .map(|one| (path.clone(), one)),
                    );
                }
            }
        }
        Ok(found)
    }

    /// The text of the CA file for members or clients, and where a person finds it.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn trust_file(&self, used_by: BundleUse) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        self.located(match used_by {
            BundleUse::Clients => layout::TRUST_OF_CLIENTS,
            BundleUse::Members => layout::TRUST_OF_MEMBERS,
        })
    }

    /// The revocation list for etcd, unread, and where a person finds it; there need not be one.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn revocation_list_file(&self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        self.located(layout::REVOCATION_LIST)
    }

    /// Opens the key of an authority.
    ///
    /// # Errors
    ///
    /// When it does not open or is another one's.
    pub fn authority_key(
        &self,
        authority: &StoredAuthority,
        keys: &Unlocked,
    ) -> Result<PrivateKey, StoreError> {
        let owner = layout::authority(authority.name);
        let path = format!("{owner}/{}/{AUTHORITY_KEY}", authority.generation);
        self.open(
            &path,
            &owner,
            authority.name.tier(),
            &authority.certificate.public_key,
            keys,
        )
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

    /// Adds a new generation of an authority to `batch`, and what came about to the journal.
    ///
    /// # Errors
    ///
    /// When its key cannot be sealed.
    pub fn add_authority(
        batch: &mut Batch,
        event: Event,
        authority: &StoredAuthority,
        key: &PrivateKey,
        keys: &Unlocked,
    ) -> Result<(), StoreError> {
        let owner = layout::authority(authority.name);
        let sealed = seal(&owner, authority.name.tier(), key, keys)?;
        let files = vec![
            (
                AUTHORITY_CERTIFICATE,
                authority.certificate.to_pem().into_bytes(),
            ),
            (AUTHORITY_KEY, sealed),
        ];
        let path = format!("{owner}/{}", authority.generation);
        put_generation(batch, event, &authority.certificate, path, files);
        Ok(())
    }

    /// Adds a new generation of a leaf to `batch`.
    ///
    /// # Errors
    ///
    /// When its key cannot be sealed.
    pub fn add_leaf(
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

    /// Adds the bundles to `batch` that differ from those in the store, and returns where a
    /// person finds them.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn add_bundles(
        &self,
        batch: &mut Batch,
        bundles: &Bundles,
    ) -> Result<Vec<String>, StoreError> {
        let mut added = Vec::new();
        for (path, text) in self.differing(bundles)? {
            added.push(self.store.locate(path));
            batch.put(path, text);
        }
        Ok(added)
    }

    /// Where a person finds the bundles that are not as they should be.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn stale_bundles(&self, bundles: &Bundles) -> Result<Vec<String>, StoreError> {
        let differing = self.differing(bundles)?;
        Ok(differing
            .into_iter()
            .map(|(path, _)| self.store.locate(path))
            .collect())
    }

    /// Where a person finds the bundles.
    pub(crate) fn bundle_paths(&self) -> Vec<String> {
        let paths = [layout::TRUST_OF_MEMBERS, layout::TRUST_OF_CLIENTS];
        paths.map(|path| self.store.locate(path)).into()
    }

    /// Writes a batch, and then what it has for the journal.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    pub fn commit(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        self.add_journal(&mut batch)?;
        self.store.commit(batch)
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
    pub fn locate_leaf_key(&self, leaf: &StoredLeaf) -> String {
        self.store.locate(&format!(
            "{}/{}/{LEAF_KEY}",
            layout::leaf(&leaf.id),
            leaf.generation
        ))
    }

    /// Where a person finds an authority's certificate.
    pub fn locate_authority(&self, authority: &StoredAuthority) -> String {
        let directory = layout::authority(authority.name);
        self.store.locate(&format!(
            "{directory}/{}/{AUTHORITY_CERTIFICATE}",
            authority.generation
        ))
    }

    fn leaf_files(
        leaf: &StoredLeaf,
        key: &PrivateKey,
        keys: &Unlocked,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, StoreError> {
        let sealed = seal(&layout::leaf(&leaf.id), Tier::Issuing, key, keys)?;
        let chain = bundle::write(&leaf.chain).into_bytes();
        Ok(vec![(LEAF_CERTIFICATE, chain), (LEAF_KEY, sealed)])
    }

    fn differing(&self, bundles: &Bundles) -> Result<Vec<(&'static str, String)>, StoreError> {
        let mut differing = Vec::new();
        for (path, certificates) in [
            (layout::TRUST_OF_MEMBERS, &bundles.members),
            (layout::TRUST_OF_CLIENTS, &bundles.clients),
        ] {
            let text = bundle::write(certificates);
            if self.store.read(path)?.as_deref() != Some(text.as_bytes()) {
                differing.push((path, text));
            }
        }
        Ok(differing)
    }

    /// A generation that waits for its certificate is none yet.
    fn newest_authority(&self, name: AuthorityName) -> Result<Option<u32>, StoreError> {
        let directory = layout::authority(name);
        match self.newest(&directory)? {
            Some(newest) if self.is_waiting(&directory, newest)? => {
                Ok(newest.checked_sub(1).filter(|before| *before > 0))
            }
            newest => Ok(newest),
        }
    }

    fn located(&self, path: &str) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let content = self.store.read(path)?;
        Ok(content.map(|content| (self.store.locate(path), content)))
    }

    pub(super) fn leaf_directories(&self) -> Result<Vec<String>, StoreError> {
        let mut directories = Vec::new();
        for owner in self.store.list(layout::LEAVES)? {
            let owner = format!("{}/{owner}", layout::LEAVES);
            let roles = self.store.list(&owner)?;
            directories.extend(roles.iter().map(|role| format!("{owner}/{role}")));
        }
        Ok(directories)
    }

    fn newest(&self, directory: &str) -> Result<Option<u32>, StoreError> {
        Ok(self.generations(directory)?.pop())
    }

    /// The generations in a directory, in their order.
    pub(super) fn generations(&self, directory: &str) -> Result<Vec<u32>, StoreError> {
        let names = self.store.list(directory)?;
        let mut generations: Vec<u32> = names.iter().filter_map(|name| name.parse().ok()).collect();
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

    fn open(
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

    pub(super) fn required(&self, path: &str) -> Result<Vec<u8>, StoreError> {
        self.store.read(path)?.ok_or_else(|| StoreError::Missing {
            path: self.store.locate(path),
        })
    }
}

/// Adds a generation to `batch`, and what came about to the journal.
fn put_generation(
    batch: &mut Batch,
    event: Event,
    certificate: &Certificate,
    path: String,
    files: Vec<(&'static str, Vec<u8>)>,
) {
    batch.record(Entry::of(event, certificate).at(path.as_str()));
    batch.put_directory(path, files);
}

fn seal(owner: &str, tier: Tier, key: &PrivateKey, keys: &Unlocked) -> Result<Vec<u8>, StoreError> {
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
