//! The lock of a store on etcd: a key that is bound to a lease.
//!
//! The revision at which the key was made is the fence: every transaction of the holder asks that
//! the key is still that one. A holder that is cut off loses the lease, and with it the key; when
//! it comes back its transactions are refused, also those that were under way all the time.

use std::thread;
use std::time::{Duration, Instant};

use etcd_client::{Client, Compare, CompareOp, KeyValue, PutOptions, Txn, TxnOp, TxnOpResponse};
use tokio::task::JoinHandle;
use tokio::time;

use super::super::StoreError;
use super::connection::{Connection, Waiting};

/// A lock that is held, and kept alive.
#[derive(Debug)]
pub(super) struct Lock {
    key: String,
    lease: i64,
    fence: i64,
    keeper: Option<JoinHandle<()>>,
}

impl Lock {
    /// Takes the lock of this key, and waits so long for who has it. `holder` is what others are
    /// told.
    pub(super) fn take(
        connection: &Connection,
        key: String,
        holder: &str,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let grant = |mut client: Client| async move { client.lease_grant(LIFETIME, None).await };
        let lease = connection
            .call(grant)
            .map_err(|failure| connection.error(failure))?
            .id();
        let mut lock = Self {
            key,
            lease,
            fence: 0,
            keeper: connection.spawn(|client| keep_alive(client, lease)),
        };
        let begin = Instant::now();
        let mut told = false;
        let mut taken = lock.attempt(connection, holder);
        loop {
            let other = match taken {
                Ok(None) => return Ok(lock),
                Ok(Some(other)) => other,
                Err(error) => {
                    lock.release(connection);
                    return Err(error);
                }
            };
            if begin.elapsed() >= patience {
                lock.release(connection);
                return Err(StoreError::Held {
                    path: connection.place(),
                    holder: other,
                });
            }
            if begin.elapsed() > MOMENT && !told {
                connection.observer()(&Waiting::ForLock(other));
                told = true;
            }
            thread::sleep(POLL);
            // Each attempt, also in vain, is an entry in the log of etcd, made durable at the cost of
            // whoever has the lock; to look at it is none.
            taken = match connection.read(&lock.key) {
                Ok(Some(held)) => Ok(Some(holder_of(&held))),
                Ok(None) => lock.attempt(connection, holder),
                Err(error) => Err(error.into()),
            };
        }
    }

    /// That the lock is still the one that was taken.
    pub(super) fn guard(&self) -> Compare {
        Compare::create_revision(self.key.as_str(), CompareOp::Equal, self.fence)
    }

    #[cfg(test)]
    pub(super) fn lease(&self) -> i64 {
        self.lease
    }

    /// Whether the key is the one that was taken.
    pub(super) fn is(&self, key: Option<&KeyValue>) -> bool {
        key.is_some_and(|key| key.create_revision() == self.fence)
    }

    /// Gives the lock back. Without an answer it ends with its lease.
    pub(super) fn release(&mut self, connection: &Connection) {
        if let Some(keeper) = self.keeper.take() {
            keeper.abort();
        }
        let lease = self.lease;
        let revoke = connection.spawn(|mut client| async move {
            let _ = time::timeout(MOMENT, client.lease_revoke(lease)).await;
        });
        let begin = Instant::now();
        while revoke.as_ref().is_some_and(|task| !task.is_finished()) && begin.elapsed() < MOMENT {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Takes the lock if nobody has it, or returns who does.
    fn attempt(
        &mut self,
        connection: &Connection,
        holder: &str,
    ) -> Result<Option<String>, StoreError> {
        let key = self.key.clone();
        let options = PutOptions::new().with_lease(self.lease);
        let transaction = Txn::new()
            .when([Compare::create_revision(key.clone(), CompareOp::Equal, 0)])
            .and_then([TxnOp::put(key.clone(), holder, Some(options))])
            .or_else([TxnOp::get(key, None)]);
        let answer = connection.transact(&transaction)?;
        if answer.succeeded() {
            self.fence = answer.header().map_or(0, |header| header.revision());
            return Ok(None);
        }
        let Some(TxnOpResponse::Get(mut found)) = answer.op_responses().pop() else {
            return Ok(Some(String::new()));
        };
        let found = found.take_kvs().pop();
        match found {
            // An attempt whose answer was lost had taken it.
            Some(own) if own.lease() == self.lease => {
                self.fence = own.create_revision();
                Ok(None)
            }
            other => Ok(Some(other.as_ref().map_or_else(String::new, holder_of))),
        }
    }
}

fn holder_of(key: &KeyValue) -> String {
    String::from_utf8_lossy(key.value()).into_owned()
}

/// Renews the lease until it is gone.
async fn keep_alive(mut client: Client, lease: i64) {
    loop {
        if let Ok((mut keeper, mut answers)) = client.lease_keep_alive(lease).await {
            while keeper.keep_alive().await.is_ok() {
                match time::timeout(RENEWAL, answers.message()).await {
                    Ok(Ok(Some(answer))) if answer.ttl() > 0 => time::sleep(RENEWAL).await,
                    Ok(Ok(Some(_))) => return,
                    _ => break,
                }
            }
        }
        time::sleep(Duration::from_millis(300)).await;
    }
}

/// The key of the lock.
pub(super) const LOCK: &str = "lock";
/// How long a lock outlives its holder, in seconds.
const LIFETIME: i64 = 15;
const RENEWAL: Duration = Duration::from_secs(4);
const POLL: Duration = Duration::from_millis(25);
const MOMENT: Duration = Duration::from_secs(1);
