//! Where the PKI is kept.
//!
//! A [`Store`] holds files by path and changes them in [`Batch`]es. The certificates in it, and
//! the records of what is revoked, are the state: what exists is read from them, and nothing else
//! decides. [`Directory`] keeps them in a directory that may be committed to git, [`Memory`] in
//! memory, and with the feature `etcd` `etcd::Etcd` in an etcd cluster.

mod address;
pub mod atomic;
mod chronicle;
#[cfg(test)]
mod conformance;
pub mod copy;
mod directory;
#[cfg(feature = "etcd")]
pub mod etcd;
#[cfg(test)]
mod failing;
mod layout;
mod memory;
mod pki;
mod revocations;
mod sync;
mod tree;

use std::io;
use std::sync::Arc;

pub use address::{Address, InvalidAddress};
use atomic::Group;
pub use directory::Directory;
#[cfg(test)]
pub(crate) use failing::Failing;
pub use memory::Memory;
pub use pki::{Pki, Staged, StoredAuthority, StoredLeaf, StoredRequest};
pub(crate) use pki::{Recorded, SealedFile};

use crate::certificate::bundle::InvalidPem;
use crate::crl::InvalidCrl;
use crate::csr::InvalidRequest;
use crate::journal;
use crate::progress::{Watched, Watcher, Work};
use crate::revocation::InvalidRevocation;
use crate::role::Role;
use crate::seal::{InvalidKeyring, SealError};
use crate::signer::InvalidCustody;

/// Files by path. Paths are relative, parts divided by `/`.
///
/// One process changes a store at a time: whoever has it open to change it holds its lock. Others
/// may read meanwhile. They see every file and every new directory whole, but of a batch that is
/// being written perhaps only the first entries.
///
/// The lock of a store for many machines can be lost while its holder does not know. Such a store
/// has a revision, that at which it was read, and refuses a batch when another has changed it since
/// (compare-and-swap); whoever wrote the batch then begins anew. So all that a batch depends on is
/// to be read from the store that it is committed to.
///
/// A store of one's own, which here keeps everything in a map:
///
/// ```
/// use std::collections::BTreeMap;
///
/// use pki_core::store::{Batch, Entry, Store, StoreError};
///
/// #[derive(Default)]
/// struct Map(BTreeMap<String, Vec<u8>>);
///
/// impl Store for Map {
///     fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
///         Ok(self.0.get(path).cloned())
///     }
///
///     fn list(&self, directory: &str) -> Result<Vec<String>, StoreError> {
///         let below = self.0.keys().filter_map(|path| match directory {
///             "" => Some(path.as_str()),
///             _ => path.strip_prefix(directory)?.strip_prefix('/'),
///         });
///         let mut names: Vec<_> = below
///             .filter_map(|path| path.split('/').next())
///             .map(str::to_owned)
///             .collect();
///         names.dedup();
///         Ok(names)
///     }
///
///     fn locate(&self, path: &str) -> String {
///         format!("map:{path}")
///     }
///
///     fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
///         for entry in batch.entries() {
///             match entry {
///                 Entry::Barrier => {}
///                 Entry::File { path, content } => {
///                     self.0.insert(path.clone(), content.clone());
///                 }
///                 Entry::Directory { path, files } => {
///                     for (name, content) in files {
///                         self.0.insert(format!("{path}/{name}"), content.clone());
///                     }
///                 }
///             }
///         }
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use pki_core::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
/// # use pki_core::{Cluster, converge, store::Pki, verify};
/// # let cluster = Cluster::from_yaml(
/// #     "{ domain: a.example, nodes: [{ name: etcd-0, addresses: [10.0.0.10] }] }",
/// # )?;
/// # let keys = Unlocked::generate()?;
/// # let cheap = KdfParameters { memory_kib: 64, passes: 1, lanes: 1 };
/// let mut pki = Pki::new(Map::default());
/// # let now = time::OffsetDateTime::now_utc();
/// # pki.put_keyring(&Keyring::new("etcd", &keys, &Passphrase::new("x")?, cheap)?)?;
/// # converge::plan(&cluster, &pki, now)?.apply(&cluster, &mut pki, &keys, now)?;
/// # assert!(verify::verify(&cluster, &pki, Some(&keys), now)?.findings.is_empty());
/// # Ok(())
/// # }
/// ```
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

    /// The revision at which it was read, of a store that has them: a later one has a higher number.
    fn revision(&self) -> Option<i64> {
        None
    }

    /// Writes a batch durably, its entries one after another: when it is interrupted, the
    /// entries up to some point are there whole, and the others are not there at all.
    ///
    /// # Errors
    ///
    /// When an entry cannot be written, and [`StoreError::Overtaken`] or [`StoreError::LockLost`],
    /// without anything written, when another has changed the store since it was read, or might.
    /// Nothing that was there before is lost.
    fn commit(&mut self, batch: Batch) -> Result<(), StoreError>;

    /// Writes a batch beside its place, if this is a store of files that a group can put there, and
    /// otherwise gives it back, to be committed.
    ///
    /// # Errors
    ///
    /// When an entry cannot be written.
    fn stage(&self, batch: Batch, _group: &mut Group) -> Result<Option<Batch>, StoreError> {
        Ok(Some(batch))
    }
}

/// Changes to a store, in the order in which they become visible.
#[derive(Debug, Default)]
pub struct Batch {
    entries: Vec<Entry>,
    records: Vec<journal::Entry>,
    watcher: Option<Arc<dyn Watcher>>,
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

    /// Has somebody told how far it is written.
    #[must_use]
    pub fn watched_by(mut self, watcher: Option<Arc<dyn Watcher>>) -> Self {
        self.watcher = watcher;
        self
    }

    /// Adds all of `other` behind what is here.
    pub fn append(&mut self, mut other: Self) {
        self.entries.append(&mut other.entries);
        self.records.append(&mut other.records);
    }

    /// Makes what was added so far durable before what follows becomes visible, so that not even
    /// a power cut can leave the second without the first.
    pub fn barrier(&mut self) {
        self.entries.push(Entry::Barrier);
    }

    /// Notes what [`Pki::commit`] adds to the journal when the rest is durable.
    pub fn record(&mut self, entry: journal::Entry) {
        self.records.push(entry);
    }

    /// Its changes, in the order in which a [`Store`] makes them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The path of every file in it, in order.
    fn paths(&self) -> Vec<String> {
        let paths = self.entries.iter().flat_map(|entry| match entry {
            Entry::Barrier => Vec::new(),
            Entry::File { path, .. } => vec![path.clone()],
            Entry::Directory { path, files } => {
                let names = files.iter().map(|(name, _)| format!("{path}/{name}"));
                names.collect()
            }
        });
        paths.collect()
    }

    /// Tells that its files are written now.
    fn begin(&self) -> Watched<'_> {
        let files = self.entries.iter().map(|entry| match entry {
            Entry::Barrier => 0,
            Entry::Directory { files, .. } => files.len(),
            Entry::File { .. } => 1,
        });
        Watched::begin(self.watcher.as_deref(), Work::Write, files.sum())
    }

    fn take_records(&mut self) -> Vec<journal::Entry> {
        std::mem::take(&mut self.records)
    }
}

/// One change of a [`Batch`].
#[derive(Debug)]
pub enum Entry {
    /// What came before is to be durable before what follows becomes visible.
    Barrier,
    /// A file, in place of the one that may be there.
    File {
        /// Where it is.
        path: String,
        /// What is in it.
        content: Vec<u8>,
    },
    /// A new directory whose files appear together.
    Directory {
        /// Where it is.
        path: String,
        /// Its files: their names, and what is in them.
        files: Vec<(&'static str, Vec<u8>)>,
    },
}

/// Why the store could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process is at work in it.
    #[error(
        "{path}: another etcdpki is at work here: wait until it ends (`lslocks` shows which), then run this again"
    )]
    Busy {
        /// The store.
        path: String,
    },
    /// A certificate cannot be read.
    #[error(
        "{path}: {source}; restore it from a copy, or, of a leaf, remove the directory that it is in and run `etcdpki init`"
    )]
    Certificate {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: InvalidPem,
    },
    /// A certificate is another one than was put there.
    #[error(
        "{path}: {fault}; restore it from a copy, or, of a leaf, remove the directory that it is in and run `etcdpki init`"
    )]
    Changed {
        /// The file.
        path: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A revocation list cannot be read.
    #[error(
        "{path}: {source}; restore it from a copy, or remove it to have it signed anew after the records in revocations/"
    )]
    Crl {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: InvalidCrl,
    },
    /// The file that says where an authority's key is cannot be read.
    #[error("{path}: {source}; restore it from a copy")]
    Custody {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: InvalidCustody,
    },
    /// The store on etcd cannot be read or written.
    #[cfg(feature = "etcd")]
    #[error(transparent)]
    Etcd(#[from] etcd::EtcdError),
    /// The directory holds something else.
    #[error(
        "{path}: this directory has files in it but no keyring.yml, so etcdpki did not make it: \
         move it away, work in another directory, or take the PKI over with `etcdpki ca adopt`"
    )]
    Foreign {
        /// The directory.
        path: String,
    },
    /// A revocation list that no authority here has signed.
    #[error(
        "{path}: no authority here has signed this CRL, or it was changed: restore it from a copy, or remove it to have it signed anew after the records in revocations/"
    )]
    ForeignCrl {
        /// The file.
        path: String,
    },
    /// Somebody else has the lock of a store for many machines.
    #[error(
        "{path}: another etcdpki is at work here ({holder}): wait until it ends, then run this again"
    )]
    Held {
        /// The store.
        path: String,
        /// Who that is, in its own words.
        holder: String,
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
    /// The record of an agent or of an invitation cannot be read.
    #[cfg(feature = "age")]
    #[error("{path}: {source}; restore it from a copy")]
    Letter {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: crate::agent::InvalidLetter,
    },
    /// The lock ended while its holder was at work.
    #[error(
        "{path}: this command was cut off from the store for so long that it lost its lock, and what it was about to write was not written: run this again"
    )]
    LockLost {
        /// The store.
        path: String,
    },
    /// A file that must be there is not.
    #[error(
        "{path}: the file is missing: restore it from a copy, or, of a leaf, remove the directory that it was in and run `etcdpki init`"
    )]
    Missing {
        /// The file.
        path: String,
    },
    /// The sealed key of a leaf is not there.
    #[error(
        "{path}: the file is missing: restore it from a copy, or make a new key and certificate: etcdpki issue {owner} --role {role} --rekey"
    )]
    MissingLeafKey {
        /// The file.
        path: String,
        /// Whose it is.
        owner: String,
        /// And for what.
        role: Role,
    },
    /// A PKI without its keyring.
    #[error(
        "{path}: the keyring is missing, and no key here opens without it: restore it from a copy"
    )]
    NoKeyring {
        /// The file.
        path: String,
    },
    /// A private key that was opened is not the certificate's.
    #[error(
        "{path}: the key is not the one of the certificate beside it: restore both from a copy, or, of a leaf, make both anew: etcdpki issue OWNER --rekey"
    )]
    OtherKey {
        /// The file.
        path: String,
    },
    /// Somebody else changed the store after it was read.
    #[error(
        "{path}: another etcdpki has changed the store since this command read it, and what it was about to write was not written: run this again"
    )]
    Overtaken {
        /// The store.
        path: String,
    },
    /// A public key cannot be read.
    #[error("{path}: this is no public key as PEM; restore it from a copy")]
    PublicKey {
        /// The file.
        path: String,
    },
    /// A request cannot be read.
    #[error(
        "{path}: {source}; restore it from a copy, or remove it and request the certificate again (`etcdpki ca request`)"
    )]
    Request {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: InvalidRequest,
    },
    /// The record of a revocation cannot be read.
    #[error("{path}: {source}; restore it from a copy")]
    Revocation {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: InvalidRevocation,
    },
}

impl From<atomic::WriteError> for StoreError {
    fn from(error: atomic::WriteError) -> Self {
        Self::io(error.path.display().to_string(), error.source)
    }
}

impl StoreError {
    /// Whether it is about this file.
    pub(crate) fn is_of(&self, file: Option<&str>) -> bool {
        match self {
            Self::Crl { path, .. } | Self::ForeignCrl { path } => Some(path.as_str()) == file,
            _ => false,
        }
    }

    fn io(path: impl Into<String>, source: io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }
}
