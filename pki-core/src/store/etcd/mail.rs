//! What goes back and forth between who holds the PKI and the agents, beside the store.
//!
//! It lies below a prefix of its own, that of the store with `.agents` behind it, so that it costs
//! nothing to whoever reads the store, and so that a machine needs no permission for that:
//!
//! ```text
//! deliveries/OWNER    written by who holds the PKI, read by the agent of OWNER
//! refusals/OWNER      the same
//! enrolments/OWNER    written by the agent of OWNER
//! reports/OWNER       the same
//! turn                the lock of whichever member restarts
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use etcd_client::{Txn, TxnOp};

use super::super::{Address, StoreError};
use super::connection::Connection;
use super::error::{Failure, MailDenied};
use super::lock::Lock;
use super::{Credentials, Etcd, EtcdError, Observer, snapshot};

/// What is in a letter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Letter {
    /// What an agent is handed.
    Delivery,
    /// How an agent asks to be admitted.
    Enrolment,
    /// Why an agent was not admitted.
    Refusal,
    /// What an agent has.
    Report,
}

impl Letter {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Delivery, Self::Refusal, Self::Enrolment, Self::Report];

    /// Whether agents write it; the others they read.
    pub fn is_of_agents(self) -> bool {
        matches!(self, Self::Enrolment | Self::Report)
    }

    fn directory(self) -> &'static str {
        match self {
            Self::Delivery => "deliveries",
            Self::Enrolment => "enrolments",
            Self::Refusal => "refusals",
            Self::Report => "reports",
        }
    }
}

impl Address {
    /// The key of a letter.
    pub fn letter(&self, letter: Letter, owner: &str) -> String {
        format!("{}{}/{owner}", self.mail(), letter.directory())
    }

    /// The key of the lock of whichever member restarts.
    pub fn turn(&self) -> String {
        format!("{}turn", self.mail())
    }

    /// The role in etcd that permits to be the agent of `owner`.
    pub fn agent_role(&self, owner: &str) -> String {
        let prefix = self.prefix().trim_matches('/').replace('/', ".");
        format!("etcdpki.{prefix}.{owner}")
    }

    fn mail(&self) -> String {
        format!("{}.agents/", self.prefix().trim_end_matches('/'))
    }
}

impl Etcd {
    /// The kinds of which there is a letter of this owner.
    ///
    /// # Errors
    ///
    /// When no member answers, or the user may not read them.
    pub fn letters_of(&self, owner: &str) -> Result<Vec<Letter>, StoreError> {
        let mut found = Vec::new();
        for letter in Letter::ALL {
            let key = self.connection.address().letter(letter, owner);
            let one = self.connection.find(&key);
            let one = one.map_err(|failure| self.error_of_mail(failure))?;
            found.extend(one.map(|_| letter));
        }
        Ok(found)
    }

    /// Every letter of a kind, by its owner.
    ///
    /// # Errors
    ///
    /// When no member answers, or the user may not read them.
    pub fn letters(&self, letter: Letter) -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
        let connection = &self.connection;
        let prefix = connection.address().letter(letter, "");
        let found = snapshot::below(connection, &prefix);
        let found = found.map_err(|failure| self.error_of_mail(failure))?;
        let letters = found.into_iter().map(|found| {
            let (key, value) = found.into_key_value();
            let key = String::from_utf8_lossy(&key);
            (
                key.strip_prefix(&prefix).unwrap_or_default().to_owned(),
                value,
            )
        });
        Ok(letters.collect())
    }

    /// Writes letters, or removes those without content, as long as the lock is held and nobody else
    /// has committed.
    ///
    /// # Errors
    ///
    /// As [`Store::commit`](super::super::Store::commit).
    pub fn post(&self, letters: &[(Letter, &str, Option<Vec<u8>>)]) -> Result<(), StoreError> {
        let groups = letters.chunks(GROUP).map(|few| {
            let operations = few.iter().map(|(letter, owner, content)| {
                let key = self.connection.address().letter(*letter, owner);
                match content {
                    Some(content) => TxnOp::put(key, content.as_slice(), None),
                    None => TxnOp::delete(key, None),
                }
            });
            operations.collect()
        });
        self.write_operations(groups.collect())
    }

    fn error_of_mail(&self, failure: Failure) -> EtcdError {
        let connection = &self.connection;
        connection.error_below(failure, connection.place(), &connection.address().mail())
    }
}

/// The letters of one owner, as its agent has them.
#[derive(Debug)]
pub struct Mailbox {
    connection: Connection,
    owner: String,
}

impl Mailbox {
    /// Connects; that no member answers shows when something is read.
    ///
    /// # Errors
    ///
    /// When the credentials cannot be read.
    pub fn open(
        address: &Address,
        credentials: &Credentials,
        owner: &str,
        observer: Observer,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            connection: Connection::open(address, credentials, observer)?,
            owner: owner.to_owned(),
        })
    }

    /// The content of a letter, or nothing where there is none.
    ///
    /// # Errors
    ///
    /// When no member answers, or the user may not read it.
    pub fn read(&self, letter: Letter) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.connection.read(&self.key(letter));
        let found = found.map_err(|error| self.denied(error))?;
        Ok(found.map(|found| found.into_key_value().1))
    }

    /// Writes a letter.
    ///
    /// # Errors
    ///
    /// When no member answers, or the user may not write it.
    pub fn write(&self, letter: Letter, content: &[u8]) -> Result<(), StoreError> {
        let put = TxnOp::put(self.key(letter), content, None);
        let answer = self.connection.transact(&Txn::new().and_then([put]));
        answer.map_err(|error| self.denied(error))?;
        Ok(())
    }

    /// Waits so long until no other member of the cluster is being restarted by its agent, and keeps
    /// others from it until the turn is dropped.
    ///
    /// # Errors
    ///
    /// When another takes longer, no member of the store answers, or the user has no permission.
    pub fn turn(&self, patience: Duration) -> Result<Turn<'_>, StoreError> {
        let key = self.connection.address().turn();
        let lock = Lock::take(&self.connection, key, &self.owner, patience);
        let lock = lock.map_err(|error| match error {
            StoreError::Etcd(error) => self.denied(error).into(),
            other => other,
        })?;
        Ok(Turn {
            mailbox: self,
            lock,
        })
    }

    fn key(&self, letter: Letter) -> String {
        self.connection.address().letter(letter, &self.owner)
    }

    /// An agent needs other permissions than who holds the PKI.
    fn denied(&self, error: EtcdError) -> EtcdError {
        match error {
            EtcdError::Denied(denied) => EtcdError::MailDenied(Box::new(MailDenied {
                place: denied.place,
                owner: self.owner.clone(),
                user: denied.user,
                role: self.connection.address().agent_role(&self.owner),
                answer: denied.answer,
            })),
            other => other,
        }
    }
}

/// The turn of a member to restart.
#[derive(Debug)]
pub struct Turn<'a> {
    mailbox: &'a Mailbox,
    lock: Lock,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.lock.release(&self.mailbox.connection);
    }
}

/// How many letters are written in one transaction: a request has 1.5 MiB at most, and a delivery
/// with a long list of what is revoked may have a good part of that.
const GROUP: usize = 8;
