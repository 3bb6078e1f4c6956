//! Where the PKI is kept.
//!
//! A [`Store`] holds files by path and changes them in [`Batch`]es. The certificates in it are
//! the state: what exists is read from them, and nothing else decides. [`Directory`] keeps them
//! in a directory that may be committed to git, [`Memory`] in memory.

pub mod atomic;
mod directory;
mod layout;
mod memory;
mod pki;
mod sync;

use std::io;

pub use directory::Directory;
pub use memory::Memory;
pub use pki::{Pki, StoredAuthority, StoredLeaf};

use crate::certificate::bundle::InvalidPem;
use crate::seal::{InvalidKeyring, SealError};

/// Files by path. Paths are relative, parts divided by `/`.
pub trait Store {
    /// The content of a file, or `None` where there is none.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// The names in a directory, sorted; none where there is no such directory.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    fn list(&self, directory: &str) -> Result<Vec<String>, StoreError>;

    /// The path as a person finds it, for messages.
    fn locate(&self, path: &str) -> String;

    /// Writes a batch durably, its entries one after another: when it is interrupted, the
    /// entries up to some point are there whole, and the others are not there at all.
    ///
    /// # Errors
    ///
    /// When an entry cannot be written. Nothing that was there before is lost.
    fn commit(&mut self, batch: Batch) -> Result<(), StoreError>;
}

/// Changes to a store, in the order in which they become visible.
#[derive(Debug, Default)]
pub struct Batch {
    entries: Vec<Entry>,
}

impl Batch {
    /// Adds a file, in place of the one that may be there.
    pub fn put(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.entries.push(Entry::File {
            path: path.into(),
            content: content.into(),
        });
    }

    /// Adds a new directory whose files appear together.
    pub fn put_directory(&mut self, path: impl Into<String>, files: Vec<(&'static str, Vec<u8>)>) {
        self.entries.push(Entry::Directory {
            path: path.into(),
            files,
        });
    }

    /// Adds all of `other` behind what is here.
    pub fn append(&mut self, mut other: Self) {
        self.entries.append(&mut other.entries);
    }

    /// Makes what was added so far durable before what follows becomes visible, so that not even
    /// a power cut can leave the second without the first.
    pub fn barrier(&mut self) {
        self.entries.push(Entry::Barrier);
    }
}

#[derive(Debug)]
enum Entry {
    Barrier,
    File {
        path: String,
        content: Vec<u8>,
    },
    Directory {
        path: String,
        files: Vec<(&'static str, Vec<u8>)>,
    },
}

/// Why the store could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process is at work in it.
    #[error("{path}: another etcdpki is at work here: wait until it ends, then run this again")]
    Busy {
        /// The store.
        path: String,
    },
    /// A certificate cannot be read.
    #[error("{path}: {source}")]
    Certificate {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: InvalidPem,
    },
    /// The directory holds something else.
    #[error(
        "{path}: this directory has files in it but no keyring.yml, so etcdpki did not make it: \
         move it away, or work in another directory"
    )]
    Foreign {
        /// The directory.
        path: String,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A private key does not open or cannot be read.
    #[error("{path}: {source}")]
    Key {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: SealError,
    },
    /// The keyring cannot be read.
    #[error("{path}: {source}")]
    Keyring {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: InvalidKeyring,
    },
    /// A file that must be there is not.
    #[error("{path}: the file is missing: restore it from a copy")]
    Missing {
        /// The file.
        path: String,
    },
    /// A private key that was opened is not the certificate's.
    #[error(
        "{path}: the key is not the one of the certificate beside it: restore both from a copy"
    )]
    OtherKey {
        /// The file.
        path: String,
    },
}

impl From<atomic::WriteError> for StoreError {
    fn from(error: atomic::WriteError) -> Self {
        Self::io(error.path.display().to_string(), error.source)
    }
}

impl StoreError {
    fn io(path: impl Into<String>, source: io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }
}
