//! Authorities, in generations.

use super::Pki;
use super::generations::{put_generation, seal};
use crate::certificate::Certificate;
use crate::hierarchy::AuthorityName;
use crate::journal::Event;
use crate::key::PrivateKey;
use crate::seal::Unlocked;
use crate::store::layout::{self, AUTHORITY_CERTIFICATE, AUTHORITY_KEY};
use crate::store::{Batch, Store, StoreError};
use crate::trust;

/// A generation of an authority.
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

impl<S: Store> Pki<S> {
    /// The generation of an authority that is in use: the one in the chain that leaves carry, or
    /// that signed something in it; of those that are as good the newest.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn authority(&self, name: AuthorityName) -> Result<Option<StoredAuthority>, StoreError> {
        let generations = self.authority_generations(name)?;
        let read = |generation: &u32| self.authority_generation(name, *generation);
        match generations.as_slice() {
            [] => Ok(None),
            [only] => read(only).map(Some),
            several => {
                let stored: Vec<_> = several.iter().map(read).collect::<Result<_, _>>()?;
                let chain = self.chain()?.unwrap_or_default();
                Ok(trust::in_use(&stored, name, &chain).cloned())
            }
        }
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

    /// Adds a new generation of an authority to `batch`, and what came about to the journal.
    ///
    /// # Errors
    ///
    /// When its key cannot be sealed.
    pub(crate) fn add_authority(
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

    /// Where a person finds an authority's certificate.
    pub fn locate_authority(&self, authority: &StoredAuthority) -> String {
        let directory = layout::authority(authority.name);
        self.store.locate(&format!(
            "{directory}/{}/{AUTHORITY_CERTIFICATE}",
            authority.generation
        ))
    }

    fn authority_generation(
        &self,
        name: AuthorityName,
        generation: u32,
    ) -> Result<StoredAuthority, StoreError> {
        let directory = format!("{}/{generation}", layout::authority(name));
        let path = format!("{directory}/{AUTHORITY_CERTIFICATE}");
        Ok(StoredAuthority {
            name,
            generation,
            certificate: self.certificates(&path)?.remove(0),
        })
    }

    /// The generations of an authority, in their order. One that waits for its certificate is none
    /// yet.
    fn authority_generations(&self, name: AuthorityName) -> Result<Vec<u32>, StoreError> {
        let directory = layout::authority(name);
        let mut whole = Vec::new();
        for generation in self.generations(&directory)? {
            if !self.is_waiting(&directory, generation)? {
                whole.push(generation);
            }
        }
        Ok(whole)
    }
}
