//! The PKI in a store: its keyring, its authorities and its leaves, each in generations.

#[cfg(feature = "age")]
mod agents;
mod authorities;
mod bundles;
mod elsewhere;
mod generations;
mod keyring;
mod leaves;
mod recorded;
mod sealed;

use std::sync::Arc;

use super::atomic::Group;
use super::{Batch, Store, StoreError, layout};
use crate::progress::{Watched, Watcher, Work};

pub use authorities::StoredAuthority;
pub use elsewhere::StoredRequest;
pub use leaves::StoredLeaf;
pub(crate) use recorded::Recorded;
pub(crate) use sealed::SealedFile;

/// A PKI in a store.
#[derive(Debug)]
pub struct Pki<S> {
    store: S,
    command: String,
    watcher: Option<Arc<dyn Watcher>>,
}

/// A batch that was staged.
#[derive(Debug)]
#[must_use = "of some stores nothing is written until it is finished"]
pub struct Staged(Option<Batch>);

impl<S: Store> Pki<S> {
    /// The PKI in `store`.
    pub fn new(store: S) -> Self {
        Self {
            store,
            command: env!("CARGO_PKG_NAME").to_owned(),
            watcher: None,
        }
    }

    /// Names the command that the journal gives for what is written.
    #[must_use]
    pub fn on_behalf_of(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    /// Has somebody told how far long work is.
    #[must_use]
    pub fn watched_by(mut self, watcher: Arc<dyn Watcher>) -> Self {
        self.watcher = Some(watcher);
        self
    }

    /// Who is told.
    pub fn watcher(&self) -> Option<&dyn Watcher> {
        self.watcher.as_deref()
    }

    /// Tells that work begins, of so many pieces.
    pub(crate) fn begin(&self, work: Work, pieces: usize) -> Watched<'_> {
        Watched::begin(self.watcher(), work, pieces)
    }

    pub(super) fn command(&self) -> &str {
        &self.command
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The revocation list for etcd, unread, and where a person finds it; there need not be one.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn revocation_list_file(&self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        self.located(layout::REVOCATION_LIST)
    }

    /// Writes a batch, and then what it has for the journal.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    pub fn commit(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        self.add_journal(&mut batch)?;
        self.store.commit(batch.watched_by(self.watcher.clone()))
    }

    /// Writes a batch, and what it has for the journal, beside its place, as far as the store has
    /// such: the group puts that there, and after it [`Pki::finish`] what is left. Nothing else may
    /// be written meanwhile.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    pub fn stage(&self, mut batch: Batch, group: &mut Group) -> Result<Staged, StoreError> {
        self.add_journal(&mut batch)?;
        let batch = batch.watched_by(self.watcher.clone());
        self.store.stage(batch, group).map(Staged)
    }

    /// Writes what was staged and no group puts into its place.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn finish(&mut self, staged: Staged) -> Result<(), StoreError> {
        match staged.0 {
            Some(batch) => self.store.commit(batch),
            None => Ok(()),
        }
    }

    /// Where a person will find what is left of a batch that was staged.
    pub fn locate_left(&self, staged: &Staged) -> Vec<String> {
        let paths = staged.0.iter().flat_map(Batch::paths);
        paths.map(|path| self.store.locate(&path)).collect()
    }

    fn located(&self, path: &str) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let content = self.store.read(path)?;
        Ok(content.map(|content| (self.store.locate(path), content)))
    }

    pub(super) fn required(&self, path: &str) -> Result<Vec<u8>, StoreError> {
        self.store.read(path)?.ok_or_else(|| StoreError::Missing {
            path: self.store.locate(path),
        })
    }
}
