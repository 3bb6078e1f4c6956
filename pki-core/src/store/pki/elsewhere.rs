//! What is not made here as a whole: authorities whose keys or certificates come from elsewhere,
//! leaves that others made or hold the key of.

use super::super::layout::{
    self, ADOPTED, AUTHORITY_CERTIFICATE, AUTHORITY_KEY, AUTHORITY_REQUEST, AUTHORITY_SIGNER,
    LEAF_CERTIFICATE, LEAF_KEY,
};
use super::generations::{put_generation, seal};
use super::{Batch, Pki, Store, StoreError, StoredAuthority, StoredLeaf};
use crate::certificate::{Certificate, bundle};
use crate::csr::CertificateRequest;
use crate::hierarchy::AuthorityName;
use crate::journal::{Entry, Event};
use crate::key::PrivateKey;
use crate::leaf::LeafId;
use crate::seal::Unlocked;
use crate::signer::Custody;

/// A generation of an authority that has a key and a request, and whose certificate is still to
/// come from elsewhere.
#[derive(Clone, Debug)]
pub struct StoredRequest {
    /// Which authority it is.
    pub name: AuthorityName,
    /// Its generation, counted from 1.
    pub generation: u32,
    /// What was asked for.
    pub request: CertificateRequest,
}

impl<S: Store> Pki<S> {
    /// Where the key of an authority is.
    ///
    /// # Errors
    ///
    /// When the file that says so cannot be read.
    pub fn custody(&self, authority: &StoredAuthority) -> Result<Custody, StoreError> {
        let directory = layout::authority(authority.name);
        let path = format!("{directory}/{}/{AUTHORITY_SIGNER}", authority.generation);
        let Some(text) = self.store.read(&path)? else {
            return Ok(Custody::Sealed);
        };
        Custody::from_yaml(&String::from_utf8_lossy(&text)).map_err(|source| StoreError::Custody {
            path: self.store.locate(&path),
            source,
        })
    }

    /// Whether another tool made a leaf, so that it need not be as we would have made it.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) fn is_adopted(&self, leaf: &StoredLeaf) -> Result<bool, StoreError> {
        let directory = format!("{}/{}", layout::leaf(&leaf.id), leaf.generation);
        Ok(self
            .store
            .list(&directory)?
            .iter()
            .any(|name| name == ADOPTED))
    }

    /// Whether the key of a leaf is here: that of one made from a request is its owner's alone.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn has_leaf_key(&self, leaf: &StoredLeaf) -> Result<bool, StoreError> {
        let directory = format!("{}/{}", layout::leaf(&leaf.id), leaf.generation);
        Ok(self
            .store
            .list(&directory)?
            .iter()
            .any(|name| name == LEAF_KEY))
    }

    /// Whether the sealed key of an authority is here.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) fn has_authority_key(
        &self,
        authority: &StoredAuthority,
    ) -> Result<bool, StoreError> {
        let directory = layout::authority(authority.name);
        let directory = format!("{directory}/{}", authority.generation);
        let names = self.store.list(&directory)?;
        Ok(names.iter().any(|name| name == AUTHORITY_KEY))
    }

    /// Where a person finds an authority's sealed key.
    pub(crate) fn locate_authority_key(&self, authority: &StoredAuthority) -> String {
        let directory = layout::authority(authority.name);
        let generation = authority.generation;
        self.store
            .locate(&format!("{directory}/{generation}/{AUTHORITY_KEY}"))
    }

    /// The request of an authority that waits for its answer, if one does.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn request(&self, name: AuthorityName) -> Result<Option<StoredRequest>, StoreError> {
        let directory = layout::authority(name);
        let Some(generation) = self.newest(&directory)? else {
            return Ok(None);
        };
        if !self.is_waiting(&directory, generation)? {
            return Ok(None);
        }
        let path = format!("{directory}/{generation}/{AUTHORITY_REQUEST}");
        let request = self.read_request(&path)?;
        Ok(Some(StoredRequest {
            name,
            generation,
            request,
        }))
    }

    /// The generation that comes next in an authority's directory.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn next_authority(&self, name: AuthorityName) -> Result<u32, StoreError> {
        Ok(self.newest(&layout::authority(name))?.unwrap_or(0) + 1)
    }

    /// The generation that comes next in a leaf's directory.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) fn next_leaf(&self, id: &LeafId) -> Result<u32, StoreError> {
        Ok(self.newest(&layout::leaf(id))?.unwrap_or(0) + 1)
    }

    /// Adds a new generation of an authority whose key is not here, and what came about to the
    /// journal.
    pub(crate) fn add_authority_elsewhere(
        batch: &mut Batch,
        event: Event,
        authority: &StoredAuthority,
        custody: &Custody,
    ) {
        let certificate = authority.certificate.to_pem().into_bytes();
        let mut files = vec![(AUTHORITY_CERTIFICATE, certificate)];
        files.extend(
            custody
                .to_yaml()
                .map(|text| (AUTHORITY_SIGNER, text.into_bytes())),
        );
        let directory = layout::authority(authority.name);
        let path = format!("{directory}/{}", authority.generation);
        put_generation(batch, event, &authority.certificate, path, files);
    }

    /// Adds a request and its key.
    ///
    /// # Errors
    ///
    /// When the key cannot be sealed.
    pub fn add_request(
        batch: &mut Batch,
        stored: &StoredRequest,
        key: &PrivateKey,
        keys: &Unlocked,
    ) -> Result<(), StoreError> {
        let owner = layout::authority(stored.name);
        let sealed = seal(&owner, stored.name.tier(), key, keys)?;
        let files = vec![
            (AUTHORITY_REQUEST, stored.request.to_pem().into_bytes()),
            (AUTHORITY_KEY, sealed),
        ];
        batch.put_directory(format!("{owner}/{}", stored.generation), files);
        Ok(())
    }

    /// Adds the answer to a request: with its certificate the generation is whole.
    pub fn add_answer(batch: &mut Batch, stored: &StoredRequest, certificate: &Certificate) {
        let directory = layout::authority(stored.name);
        let generation = format!("{directory}/{}", stored.generation);
        batch.record(Entry::of(Event::Imported, certificate).at(generation.as_str()));
        batch.put(
            format!("{generation}/{AUTHORITY_CERTIFICATE}"),
            certificate.to_pem(),
        );
    }

    /// Adds a new generation of a leaf whose key is its owner's alone.
    pub(crate) fn add_certificate(batch: &mut Batch, leaf: &StoredLeaf) {
        let files = vec![(LEAF_CERTIFICATE, bundle::write(&leaf.chain).into_bytes())];
        let directory = layout::leaf(&leaf.id);
        let path = format!("{directory}/{}", leaf.generation);
        put_generation(batch, Event::Issued, leaf.certificate(), path, files);
    }

    /// Adds a leaf that another tool made.
    ///
    /// # Errors
    ///
    /// When its key cannot be sealed.
    pub(crate) fn add_adopted(
        batch: &mut Batch,
        leaf: &StoredLeaf,
        key: &PrivateKey,
        keys: &Unlocked,
    ) -> Result<(), StoreError> {
        let mut files = Self::leaf_files(leaf, key, keys)?;
        files.push((ADOPTED, ADOPTED_TEXT.as_bytes().to_vec()));
        let directory = layout::leaf(&leaf.id);
        let path = format!("{directory}/{}", leaf.generation);
        put_generation(batch, Event::Imported, leaf.certificate(), path, files);
        Ok(())
    }

    /// Where a person finds a request.
    pub fn locate_request(&self, stored: &StoredRequest) -> String {
        let directory = layout::authority(stored.name);
        let generation = stored.generation;
        self.store
            .locate(&format!("{directory}/{generation}/{AUTHORITY_REQUEST}"))
    }

    pub(super) fn read_request(&self, path: &str) -> Result<CertificateRequest, StoreError> {
        CertificateRequest::read(&self.required(path)?).map_err(|source| StoreError::Request {
            path: self.store.locate(path),
            source,
        })
    }

    /// Whether a generation has a request and no certificate yet.
    pub(in crate::store) fn is_waiting(
        &self,
        directory: &str,
        generation: u32,
    ) -> Result<bool, StoreError> {
        let names = self.store.list(&format!("{directory}/{generation}"))?;
        let has = |file: &str| names.iter().any(|name| name == file);
        Ok(has(AUTHORITY_REQUEST) && !has(AUTHORITY_CERTIFICATE))
    }
}

const ADOPTED_TEXT: &str = "\
Another tool made this certificate. It stays as it is as long as it carries every name and usage
that the description asks for.
";
