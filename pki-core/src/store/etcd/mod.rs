//! A store in an etcd cluster, for many writers on many machines.
//!
//! It holds the files of the PKI directory under the paths that they have there, below a prefix:
//!
//! ```text
//! format         of which format the store is: `etcdpki 1`
//! lock           who is at work: bound to a lease, gone when that ends
//! head           names the last commit
//! description    the description that the last commit was made by, for those who look ([`Fleet`])
//! files/PATH     a file, octet for octet
//! split/PATH     in place of it for a large file: the parts that it is made of, one a line
//! parts/SHA256   such a part
//! ```
//!
//! # What readers see
//!
//! A store is read whole, every key at one revision of etcd. A file is there if its key was made
//! no later than `head` was last written. So a commit first writes the keys that are new, in as many
//! transactions as it takes (etcd's have 128 operations and 1.5 MiB at most), and nobody sees
//! them. What replaces a file that is there waits for the last transaction, which also writes
//! `head`: with it all of the commit is there at once. That transaction stays small, because a large
//! file is replaced by a new list of parts, which were staged before. A commit that fits goes into
//! that one transaction as a whole.
//!
//! Nothing here leans on old revisions, which etcd may compact at any time. Only a commit
//! that replaces more than a hundred files is seen in several steps, in the order of its batch,
//! which is what [`Store::commit`] asks of every store.
//!
//! # Who may write
//!
//! Whoever opens the store to change it takes the lock, and then reads the store. Each of its
//! transactions asks two things of etcd: that the key of the lock is still the one that was
//! made then, and that `head` is still the one that was read. A process that was stopped or cut
//! off, whose lease has ended, can write nothing any more, though it may not know; and whatever
//! else wrote in between, no update is lost. The journal is a file among the others and so
//! stays one chain.
//!
//! What a writer staged that did not come to its end is seen by nobody, and removed by the next.
//!
//! An answer may be lost, when a leader is killed, though etcd has done what it was asked. Asking
//! again is harmless for what is staged. `head` holds a random name for each commit: if it is ours,
//! that was the answer; if the lock was lost meanwhile and others have committed since, a key tells
//! that is new with ours. A request that arrives late, when it was asked again and answered long ago, is
//! refused from the next `head` on.

mod change;
mod connection;
mod error;
mod fleet;
mod guarded;
mod lock;
mod mail;
mod part;
mod shown;
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::iter;
use std::time::Duration;

pub use connection::{Credentials, Observer, Waiting};
pub use error::{Denied, EtcdError, MailDenied};
pub use fleet::{Excerpt, Fleet};
pub use mail::{Letter, Mailbox, Turn};
#[cfg(test)]
pub(super) use tests::fresh_stores;

use super::{Address, Batch, Store, StoreError, layout};
use change::{Change, Content, Write};
use connection::Connection;
use lock::{LOCK, Lock};
use snapshot::Snapshot;

use crate::progress::{Watched, Work};

/// The files of a PKI in etcd, read when it was opened.
///
/// Its methods wait for etcd. Within an asynchronous program they belong onto a thread that may
/// wait.
#[derive(Debug)]
pub struct Etcd {
    connection: Connection,
    /// Of who opened it to change it.
    lock: Option<Lock>,
    snapshot: Snapshot,
}

impl Etcd {
    /// Opens a store to change it, and makes it where there is none. It is locked as long as this
    /// value lives; who has it locked is waited for so long. `holder` is what others are told then.
    ///
    /// # Errors
    ///
    /// When no member answers, somebody else has it locked, the user has no role for it, or
    /// something else is under its prefix.
    pub fn open(
        address: &Address,
        credentials: &Credentials,
        holder: &str,
        patience: Duration,
        observer: Observer,
    ) -> Result<Self, StoreError> {
        let mut connection = Connection::open(address, credentials, observer)?;
        connection.is_to_write();
        if !snapshot::has_format(&connection)? {
            // Nothing is written beside the keys of somebody else.
            Snapshot::read(&connection)?;
        }
        Self::locked(connection, holder, patience)
    }

    /// The same of a store that exists. Where there is none nothing is made, and it is opened to be
    /// read.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn open_existing(
        address: &Address,
        credentials: &Credentials,
        holder: &str,
        patience: Duration,
        observer: Observer,
    ) -> Result<Self, StoreError> {
        let mut connection = Connection::open(address, credentials, observer)?;
        connection.is_to_write();
        match snapshot::has_format(&connection)? {
            true => Self::locked(connection, holder, patience),
            false => Self::unlocked(connection),
        }
    }

    /// Opens a store to read it; it need not exist.
    ///
    /// # Errors
    ///
    /// When no member answers, the user has no role for it, or something else is under its
    /// prefix.
    pub fn open_read_only(
        address: &Address,
        credentials: &Credentials,
        observer: Observer,
    ) -> Result<Self, StoreError> {
        let store = Self::open_without_keyring(address, credentials, observer)?;
        store.refuse_foreign()?;
        Ok(store)
    }

    /// Opens a store to read certificates, whose keyring may be kept elsewhere; it need not exist.
    ///
    /// # Errors
    ///
    /// As [`Etcd::open_read_only`].
    pub fn open_without_keyring(
        address: &Address,
        credentials: &Credentials,
        observer: Observer,
    ) -> Result<Self, StoreError> {
        Self::unlocked(Connection::open(address, credentials, observer)?)
    }

    /// Whether there is a PKI in it.
    pub fn holds_pki(&self) -> bool {
        self.snapshot.files.get(layout::KEYRING).is_some()
    }

    /// Every file with its path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.snapshot.files.files()
    }

    fn unlocked(connection: Connection) -> Result<Self, StoreError> {
        let snapshot = Snapshot::read(&connection)?;
        Ok(Self {
            connection,
            lock: None,
            snapshot,
        })
    }

    /// Takes the lock, and reads the store then: nobody changes it any more.
    fn locked(
        mut connection: Connection,
        holder: &str,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let lock = Lock::take(&connection, connection.key(LOCK), holder, patience)?;
        connection.wait_for_ever();
        let mut store = Self {
            connection,
            lock: Some(lock),
            snapshot: Snapshot::default(),
        };
        store.snapshot = Snapshot::read(&store.connection)?;
        if !store.snapshot.has_format {
            // With `head`, so that files without one are never those of a first commit that was killed.
            let format = snapshot::format().into_bytes();
            let mut made = Change::default();
            made.last.push(Write::Put(FORMAT.to_owned(), format));
            store.snapshot.revision = store.publish(&made)?;
            store.snapshot.has_format = true;
        }
        store.refuse_foreign()?;
        store.remove_leftovers()?;
        Ok(store)
    }

    /// Keeps the description that the PKI is made by, for those who look at many and have none. Nothing
    /// that is made follows from it. One that is too long for a request is not kept, nor an older one.
    ///
    /// # Errors
    ///
    /// As [`Store::commit`].
    pub fn describe(&self, description: &[u8]) -> Result<(), StoreError> {
        let name = DESCRIPTION.to_owned();
        let description = Some(description).filter(|it| it.len() <= LONGEST_DESCRIPTION);
        if self.snapshot.description.as_deref() == description {
            return Ok(());
        }
        self.write_guarded(&[vec![match description {
            Some(description) => Write::Put(name, description.to_vec()),
            None => Write::Delete(name),
        }]])
    }

    /// No key opens without the keyring, which is the first file that is written.
    fn refuse_foreign(&self) -> Result<(), StoreError> {
        let lost = !self.holds_pki() && self.snapshot.files.get(layout::JOURNAL).is_some();
        match lost {
            true => Err(StoreError::NoKeyring {
                path: self.locate(layout::KEYRING),
            }),
            false => Ok(()),
        }
    }

    /// Afterwards `head` is another one, so that a removal that was asked for twice, and arrives late,
    /// takes away nothing that is staged from now on under the same name.
    fn remove_leftovers(&mut self) -> Result<(), StoreError> {
        let leftovers = std::mem::take(&mut self.snapshot.leftovers);
        if leftovers.is_empty() {
            return Ok(());
        }
        let mut leftovers = leftovers.into_iter().map(Write::Delete);
        let groups = iter::from_fn(|| {
            let group: Vec<_> = leftovers.by_ref().take(DELETES).collect();
            (!group.is_empty()).then_some(group)
        });
        self.write_guarded(&groups.collect::<Vec<_>>())?;
        self.snapshot.revision = self.publish(&Change::default())?;
        Ok(())
    }
}

impl Store for Etcd {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.snapshot.files.read(path)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StoreError> {
        self.snapshot.files.list(directory)
    }

    fn locate(&self, path: &str) -> String {
        format!("{}/{path}", self.connection.place())
    }

    fn revision(&self) -> Option<i64> {
        Some(self.snapshot.revision)
    }

    /// All of it or, when anything in it is refused, nothing.
    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        let watcher = batch.watcher.clone();
        let mut rest = self.changed(batch)?;
        while !rest.is_empty() {
            let mut change = Change::next(&self.snapshot, &mut rest);
            if change.is_empty() {
                continue;
            }
            let watched = Watched::begin(watcher.as_deref(), Work::Write, change.len());
            self.write_watched(&change.take_staged(), &watched)?;
            self.snapshot.revision = self.publish(&change)?;
            change.last.iter().for_each(|_| watched.advance());
            change.apply(&mut self.snapshot);
        }
        Ok(())
    }
}

impl Etcd {
    /// The files that a batch changes, in its order, if every entry may be made.
    fn changed(&self, batch: Batch) -> Result<VecDeque<Content>, StoreError> {
        let paths = batch.paths();
        let mut after = self.snapshot.files.clone();
        after.commit(batch).map_err(|error| self.located(error))?;
        // A file that is written twice has the place of its last.
        let places: BTreeMap<&String, usize> = paths.iter().zip(0..).collect();
        let ordered = paths.iter().zip(0..);
        let ordered = ordered.filter(|(path, place)| places[path] == *place);
        let content = |path: &String| {
            after
                .get(path)
                .map(|content| (path.clone(), content.to_vec()))
        };
        Ok(ordered.filter_map(|(path, _)| content(path)).collect())
    }

    /// An error of the files in memory, with the place where a person finds them.
    fn located(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Io { path, source } => StoreError::io(self.locate(&path), source),
            other => other,
        }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        if let Some(mut lock) = self.lock.take() {
            lock.release(&self.connection);
        }
    }
}

const DESCRIPTION: &str = "description";
/// A request has 1.5 MiB at most. Ten thousand nodes take half of one.
const LONGEST_DESCRIPTION: usize = 1 << 20;
const FORMAT: &str = "format";
const HEAD: &str = "head";
const FILES: &str = "files/";
const SPLIT: &str = "split/";
const PARTS: &str = "parts/";
/// How many leftovers are removed in a transaction.
const DELETES: usize = 100;
