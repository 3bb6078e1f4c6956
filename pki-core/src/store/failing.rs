//! A store that fails after some writes, as a kill at that point leaves it.

use std::io;

use super::{Batch, Entry, Store, StoreError};

/// A store whose entries are written until a number of them is reached.
#[derive(Clone, Debug)]
pub(crate) struct Failing<S> {
    inner: S,
    left: usize,
    written: usize,
}

impl<S: Store> Failing<S> {
    /// Fails when `left` entries are written.
    pub(crate) fn after(inner: S, left: usize) -> Self {
        Self {
            inner,
            left,
            written: 0,
        }
    }

    /// Never fails, and counts.
    pub(crate) fn never(inner: S) -> Self {
        Self::after(inner, usize::MAX)
    }

    pub(crate) fn written(&self) -> usize {
        self.written
    }

    pub(crate) fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S: Store> Store for Failing<S> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.read(path)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StoreError> {
        self.inner.list(directory)
    }

    fn locate(&self, path: &str) -> String {
        self.inner.locate(path)
    }

    fn revision(&self) -> Option<i64> {
        self.inner.revision()
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        for entry in batch.entries {
            if matches!(entry, Entry::Barrier) {
                continue;
            }
            if self.written == self.left {
                let error = io::Error::from(io::ErrorKind::StorageFull);
                return Err(StoreError::io("the failing store", error));
            }
            self.inner.commit(Batch {
                entries: vec![entry],
                ..Batch::default()
            })?;
            self.written += 1;
        }
        Ok(())
    }
}
