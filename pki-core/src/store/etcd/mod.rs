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
//! that was the answer.

mod change;
mod connection;
mod error;
mod fleet;
mod lock;
mod mail;
mod part;
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Duration;

use etcd_client::{Compare, CompareOp, KeyValue, Txn, TxnOp, TxnOpResponse};

pub use connection::{Credentials, Observer, Waiting};
pub use error::EtcdError;
pub use fleet::{Excerpt, Fleet};
pub use mail::{Letter, Mailbox, Turn};
#[cfg(test)]
pub(super) use tests::fresh_stores;

use super::{Address, Batch, Store, StoreError, layout};
use change::{Change, Content, Write};
use connection::Connection;
use lock::{LOCK, Lock};
use snapshot::Snapshot;

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
        Self::open_read_only(address, credentials, observer)?.into_writable(holder, patience)
    }

    /// Opens a store that was opened to read it to change it, and reads it again; as [`Etcd::open`].
    ///
    /// # Errors
    ///
    /// The same.
    pub fn into_writable(mut self, holder: &str, patience: Duration) -> Result<Self, StoreError> {
        self.lock = Some(Lock::take(
            &self.connection,
            self.connection.key(LOCK),
            holder,
            patience,
        )?);
        self.connection.wait_for_ever();
        self.snapshot = Snapshot::read(&self.connection)?;
        if !self.snapshot.has_format {
            let format = snapshot::format().into_bytes();
            self.write_guarded(&[Write::Put(FORMAT.to_owned(), format)])?;
            self.snapshot.has_format = true;
        }
        self.refuse_foreign()?;
        self.remove_leftovers()?;
        Ok(self)
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
        let connection = Connection::open(address, credentials, observer)?;
        let snapshot = Snapshot::read(&connection)?;
        Ok(Self {
            connection,
            lock: None,
            snapshot,
        })
    }

    /// Whether there is a PKI in it.
    pub fn holds_pki(&self) -> bool {
        self.snapshot.files.get(layout::KEYRING).is_some()
    }

    /// Every file with its path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.snapshot.files.files()
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
        self.write_guarded(&[match description {
            Some(description) => Write::Put(name, description.to_vec()),
            None => Write::Delete(name),
        }])
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

    fn remove_leftovers(&mut self) -> Result<(), StoreError> {
        let leftovers = std::mem::take(&mut self.snapshot.leftovers);
        let deletes: Vec<_> = leftovers.into_iter().map(Write::Delete).collect();
        deletes
            .chunks(DELETES)
            .try_for_each(|deletes| self.write_guarded(deletes))
    }

    /// Writes what nobody sees, as long as the lock is held and nobody else has committed.
    fn write_guarded(&self, writes: &[Write]) -> Result<(), StoreError> {
        self.write_operations(self.operations(writes.iter()))
    }

    fn write_operations(&self, operations: Vec<TxnOp>) -> Result<(), StoreError> {
        let (answer, lock) = self.transact(operations)?;
        match answer {
            Answer::Done(_) => Ok(()),
            Answer::Refused { lock: found, .. } => Err(self.lost(lock, found.as_ref())),
        }
    }

    /// Writes what makes a change visible, and returns its revision.
    fn publish(&self, change: &Change) -> Result<i64, StoreError> {
        let mut name = [0; 16];
        getrandom::fill(&mut name)
            .map_err(|error| StoreError::io(self.connection.place(), io::Error::other(error)))?;
        let name = const_hex::encode(name).into_bytes();
        let head = Write::Put(HEAD.to_owned(), name.clone());
        let (answer, lock) = self.transact(self.operations(change.last.iter().chain([&head])))?;
        match answer {
            Answer::Done(revision) => Ok(revision),
            // The answer to an earlier attempt was lost.
            Answer::Refused {
                head: Some(head), ..
            } if head.value() == name => Ok(head.mod_revision()),
            Answer::Refused { lock: found, .. } => Err(self.lost(lock, found.as_ref())),
        }
    }

    fn lost(&self, lock: &Lock, found: Option<&KeyValue>) -> StoreError {
        let path = self.connection.place();
        match lock.is(found) {
            true => StoreError::Overtaken { path },
            false => StoreError::LockLost { path },
        }
    }

    fn operations<'a>(&self, writes: impl Iterator<Item = &'a Write>) -> Vec<TxnOp> {
        let key = |name: &str| self.connection.key(name);
        let operations = writes.map(|write| match write {
            Write::Delete(name) => TxnOp::delete(key(name), None),
            Write::Put(name, content) => TxnOp::put(key(name), content.as_slice(), None),
        });
        operations.collect()
    }

    fn transact(&self, operations: Vec<TxnOp>) -> Result<(Answer, &Lock), StoreError> {
        let Some(lock) = &self.lock else {
            let place = self.connection.place();
            return Err(EtcdError::ReadOnly { place }.into());
        };
        let key = |name: &str| self.connection.key(name);
        let head = Compare::mod_revision(key(HEAD), CompareOp::Equal, self.snapshot.revision);
        let transaction = Txn::new()
            .when([lock.guard(), head])
            .and_then(operations)
            .or_else([TxnOp::get(key(HEAD), None), TxnOp::get(key(LOCK), None)]);
        let answer = self.connection.transact(&transaction)?;
        if answer.succeeded() {
            let revision = answer.header().map_or(0, |header| header.revision());
            return Ok((Answer::Done(revision), lock));
        }
        let found = answer.op_responses().into_iter();
        let mut found = found.map(|found| match found {
            TxnOpResponse::Get(mut found) => found.take_kvs().pop(),
            _ => None,
        });
        let (head, found) = (found.next().flatten(), found.next().flatten());
        Ok((Answer::Refused { head, lock: found }, lock))
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
        let mut rest = self.changed(batch)?;
        while !rest.is_empty() {
            let mut change = Change::next(&self.snapshot, &mut rest);
            if change.is_empty() {
                continue;
            }
            for writes in change.take_staged() {
                self.write_guarded(&writes)?;
            }
            self.snapshot.revision = self.publish(&change)?;
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

/// etcd's answer to a guarded transaction.
enum Answer {
    /// It was made, at this revision.
    Done(i64),
    /// What it asks for is not so: this is.
    Refused {
        head: Option<KeyValue>,
        lock: Option<KeyValue>,
    },
}

const DESCRIPTION: &str = "description";
/// A request has 1.5 MiB at most. Ten thousand nodes take half of one.
const LONGEST_DESCRIPTION: usize = 1 << 20;
const FORMAT: &str = "format";
const HEAD: &str = "head";
const FILES: &str = "files/";
const SPLIT: &str = "split/";
const PARTS: &str = "parts/";
/// How many leftovers are removed at once.
const DELETES: usize = 100;
