//! Transactions that ask whether the lock is still held and the store still what was read.

use std::io;

use etcd_client::{Compare, CompareOp, KeyValue, Txn, TxnOp, TxnOpResponse, TxnResponse};

use super::super::StoreError;
use super::change::{Change, Write};
use super::lock::LOCK;
use super::{Etcd, EtcdError, HEAD};
use crate::progress::Watched;

impl Etcd {
    /// Writes what nobody sees, as long as the lock is held and nobody else has committed: each group
    /// in a transaction, a few of them at once.
    pub(super) fn write_guarded(&self, groups: &[Vec<Write>]) -> Result<(), StoreError> {
        self.write_watched(groups, &Watched::none())
    }

    /// The same, and tells how far it is.
    pub(super) fn write_watched(
        &self,
        groups: &[Vec<Write>],
        watched: &Watched<'_>,
    ) -> Result<(), StoreError> {
        for few in groups.chunks(AT_ONCE) {
            let operations = few.iter().map(|group| self.operations(group));
            self.write_operations(operations.collect())?;
            few.iter().flatten().for_each(|_| watched.advance());
        }
        Ok(())
    }

    pub(super) fn write_operations(&self, mut groups: Vec<Vec<TxnOp>>) -> Result<(), StoreError> {
        while !groups.is_empty() {
            let few = groups.drain(..groups.len().min(AT_ONCE));
            for answer in self.transact(few.collect())? {
                if let Answer::Refused { lock, .. } = answer {
                    return Err(self.lost(lock.as_ref()));
                }
            }
        }
        Ok(())
    }

    /// Writes what makes a change visible, and returns its revision.
    pub(super) fn publish(&self, change: &Change) -> Result<i64, StoreError> {
        let mut name = [0; 16];
        getrandom::fill(&mut name)
            .map_err(|error| StoreError::io(self.connection.place(), io::Error::other(error)))?;
        self.publish_as(change, const_hex::encode(name).into_bytes())
    }

    pub(super) fn publish_as(&self, change: &Change, name: Vec<u8>) -> Result<i64, StoreError> {
        let head = Write::Put(HEAD.to_owned(), name.clone());
        let operations = self.operations(change.last.iter().chain([&head]));
        match self.transact(vec![operations])?.pop() {
            Some(Answer::Done(revision)) => Ok(revision),
            // The answer to an earlier attempt was lost.
            Some(Answer::Refused {
                head: Some(head), ..
            }) if head.value() == name => Ok(head.mod_revision()),
            Some(Answer::Refused { lock, .. }) => match self.lost(lock.as_ref()) {
                // So it was, and others have committed after it.
                StoreError::LockLost { .. } if self.is_there(change)? => Ok(self.snapshot.revision),
                lost => Err(lost),
            },
            None => Err(self.lost(None)),
        }
    }

    /// Whether a change was made whose writer has lost the lock: others have committed after it, who
    /// remove first what was only staged, and a key that is new with it is there.
    fn is_there(&self, change: &Change) -> Result<bool, StoreError> {
        let Some((name, content)) = &change.witness else {
            return Ok(false);
        };
        let keys = [self.connection.key(HEAD), self.connection.key(name)];
        let both = Txn::new().and_then(keys.map(|key| TxnOp::get(key, None)));
        let mut found = gotten(&self.connection.transact(&both)?);
        let (head, found) = (found.next().flatten(), found.next().flatten());
        let is_changed = head.is_some_and(|head| head.mod_revision() != self.snapshot.revision);
        Ok(is_changed && found.is_some_and(|found| found.value() == content))
    }

    fn lost(&self, found: Option<&KeyValue>) -> StoreError {
        let path = self.connection.place();
        match self.lock.as_ref().is_some_and(|lock| lock.is(found)) {
            true => StoreError::Overtaken { path },
            false => StoreError::LockLost { path },
        }
    }

    fn operations<'a>(&self, writes: impl IntoIterator<Item = &'a Write>) -> Vec<TxnOp> {
        let key = |name: &str| self.connection.key(name);
        let operations = writes.into_iter().map(|write| match write {
            Write::Delete(name) => TxnOp::delete(key(name), None),
            Write::Put(name, content) => TxnOp::put(key(name), content.as_slice(), None),
        });
        operations.collect()
    }

    /// Makes transactions all at once, each of them guarded.
    fn transact(&self, groups: Vec<Vec<TxnOp>>) -> Result<Vec<Answer>, StoreError> {
        let Some(lock) = &self.lock else {
            let place = self.connection.place();
            return Err(EtcdError::ReadOnly { place }.into());
        };
        let key = |name: &str| self.connection.key(name);
        let guarded = groups.into_iter().map(|operations| {
            let head = Compare::mod_revision(key(HEAD), CompareOp::Equal, self.snapshot.revision);
            Txn::new()
                .when([lock.guard(), head])
                .and_then(operations)
                .or_else([TxnOp::get(key(HEAD), None), TxnOp::get(key(LOCK), None)])
        });
        let answers = self.connection.transact_all(guarded.collect())?;
        Ok(answers.iter().map(Answer::of).collect())
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

impl Answer {
    fn of(answer: &TxnResponse) -> Self {
        if answer.succeeded() {
            return Self::Done(answer.header().map_or(0, |header| header.revision()));
        }
        let mut found = gotten(answer);
        Self::Refused {
            head: found.next().flatten(),
            lock: found.next().flatten(),
        }
    }
}

/// The keys that a transaction has read, each if it is there.
fn gotten(answer: &TxnResponse) -> impl Iterator<Item = Option<KeyValue>> + use<> {
    let found = answer.op_responses().into_iter();
    found.map(|found| match found {
        TxnOpResponse::Get(mut found) => found.take_kvs().pop(),
        _ => None,
    })
}

/// How many transactions are under way at once: etcd makes them durable together. More would take
/// slow networks too long for the time that a request has.
const AT_ONCE: usize = 4;
