//! Requests to etcd, asked again until a member answers.

use std::fmt;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use etcd_client::{
    Certificate, Client, ConnectOptions, Error as ClientError, Identity, KeyValue, KvClient,
    TlsOptions, Txn, TxnResponse,
};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::super::Address;
use super::error::{Denied, EtcdError, Failure};
use super::shown::{self, Shown};

/// What the client proves itself with and whom it trusts: PEM.
pub struct Credentials {
    /// The authorities that it trusts.
    pub authorities: Vec<u8>,
    /// Its certificate, and the authorities after it.
    pub certificate: Vec<u8>,
    /// The key of that.
    pub key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// What is waited for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Waiting {
    /// For members that answer; this is what they or the network said last.
    ForAnswer(String),
    /// For whoever has the lock.
    ForLock(String),
}

/// Is told when something takes longer than a moment.
pub type Observer = Arc<dyn Fn(&Waiting) + Send + Sync>;

/// A client of etcd that may be used from any thread.
///
/// The requests run on a thread of their own, which also keeps the lease of a lock alive while the
/// caller computes.
pub(super) struct Connection {
    runtime: Option<Runtime>,
    client: Client,
    address: Address,
    observer: Observer,
    patience: Option<Duration>,
    shown: Shown,
    writes: bool,
    /// How often it waited for an answer.
    #[cfg(test)]
    pub(super) asked: std::sync::atomic::AtomicUsize,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Connection");
        text.field("address", &self.address).finish_non_exhaustive()
    }
}

impl Connection {
    /// Connects; a member that does not answer shows in the first request.
    pub(super) fn open(
        address: &Address,
        credentials: &Credentials,
        observer: Observer,
    ) -> Result<Self, EtcdError> {
        let refused = |answer: String| EtcdError::Refused {
            place: address.to_string(),
            answer,
        };
        if shown::is_mismatched(credentials) {
            let place = address.to_string();
            return Err(EtcdError::OtherKey { place });
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("etcd")
            .enable_all()
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let urls = address.urls();
        let options = options(credentials);
        let connect = async move { Client::connect(urls, Some(options)).await };
        let client = match run(&runtime, connect) {
            Some(client) => client.map_err(|error| refused(error.to_string()))?,
            None => return Err(refused(ENDED.to_owned())),
        };
        Ok(Self {
            runtime: Some(runtime),
            client,
            address: address.clone(),
            observer,
            patience: Some(PATIENCE),
            shown: Shown::of(credentials),
            writes: false,
            #[cfg(test)]
            asked: 0.into(),
        })
    }

    /// From now on whoever is denied something is told that it has to be permitted to write, too.
    pub(super) fn is_to_write(&mut self) {
        self.writes = true;
    }

    /// The user that etcd takes the client for.
    pub(super) fn user(&self) -> Option<&str> {
        self.shown.user.as_deref()
    }

    /// From now on members are waited for until they answer: what is half done is worth it.
    pub(super) fn wait_for_ever(&mut self) {
        self.patience = None;
    }

    pub(super) fn place(&self) -> String {
        self.address.to_string()
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    pub(super) fn observer(&self) -> &Observer {
        &self.observer
    }

    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.address.prefix())
    }

    /// Runs something beside all else.
    pub(super) fn spawn<F>(&self, task: impl FnOnce(Client) -> F) -> Option<JoinHandle<()>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = self.runtime.as_ref()?;
        Some(runtime.spawn(task(self.client.clone())))
    }

    /// Asks until there is an answer.
    pub(super) fn call<T, F>(&self, request: impl Fn(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, ClientError>> + Send + 'static,
        T: Send + 'static,
    {
        let begin = Instant::now();
        let mut pause = SHORTEST_PAUSE;
        let mut told = false;
        loop {
            let answer = match self.once(request(self.client.clone())) {
                Ok(answer) => return Ok(answer),
                Err(Failure::Transient(answer)) => answer,
                Err(failure) => return Err(failure),
            };
            let waited = begin.elapsed();
            let is_unaccepted = self.shown.is_unaccepted(&answer);
            let patience = match is_unaccepted {
                true => self.patience.map(|patience| patience.min(ALL_ASKED)),
                false => self.patience,
            };
            if patience.is_some_and(|patience| waited > patience) {
                return Err(match is_unaccepted {
                    true => Failure::Certificates(answer),
                    false => Failure::Transient(answer),
                });
            }
            if (waited > MOMENT || is_unaccepted) && !told {
                (self.observer)(&Waiting::ForAnswer(answer));
                told = true;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Asks once.
    pub(super) fn once<T, F>(&self, request: F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, ClientError>> + Send + 'static,
        T: Send + 'static,
    {
        #[cfg(test)]
        self.asked
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let answer = self.runtime.as_ref().and_then(|own| run(own, request));
        match answer {
            Some(answer) => answer.map_err(|error| Failure::of(&error)),
            None => Err(Failure::Refused(ENDED.to_owned())),
        }
    }

    pub(super) fn transact(&self, transaction: &Txn) -> Result<TxnResponse, EtcdError> {
        let ask = |mut client: Client| {
            let transaction = transaction.clone();
            async move { client.txn(transaction).await }
        };
        self.call(ask).map_err(|failure| self.error(failure))
    }

    /// Reads one key.
    pub(super) fn read(&self, key: &str) -> Result<Option<KeyValue>, EtcdError> {
        self.find(key).map_err(|failure| self.error(failure))
    }

    /// The same where the key may be none of the store's.
    pub(super) fn find(&self, key: &str) -> Result<Option<KeyValue>, Failure> {
        let ask = |client: Client| {
            let (mut reader, key) = (reader(&client), key.to_owned());
            async move { reader.get(key, None).await }
        };
        Ok(self.call(ask)?.take_kvs().pop())
    }

    /// Makes transactions all at once, in any order. One that is not answered is made again with all
    /// others.
    pub(super) fn transact_all(
        &self,
        transactions: Vec<Txn>,
    ) -> Result<Vec<TxnResponse>, EtcdError> {
        let ask = |client: Client| {
            let under_way = transactions.iter().cloned().map(|transaction| {
                let mut client = client.clone();
                async move { client.txn(transaction).await }
            });
            let under_way: Vec<_> = under_way.collect();
            async move {
                let under_way: Vec<_> = under_way.into_iter().map(tokio::spawn).collect();
                let mut answers = Vec::new();
                for one in under_way {
                    let ended = |error: tokio::task::JoinError| {
                        ClientError::IoError(std::io::Error::other(error))
                    };
                    answers.push(one.await.map_err(ended)??);
                }
                Ok(answers)
            }
        };
        self.call(ask).map_err(|failure| self.error(failure))
    }

    pub(super) fn error(&self, failure: Failure) -> EtcdError {
        self.error_below(failure, self.place(), self.address.prefix())
    }

    /// The same of a place whose keys begin with `prefix`.
    pub(super) fn error_below(&self, failure: Failure, place: String, prefix: &str) -> EtcdError {
        match failure {
            Failure::Transient(answer) => EtcdError::Unreachable { place, answer },
            Failure::Certificates(answer) => EtcdError::Certificates {
                place,
                answer,
                shown: self.shown.to_string(),
            },
            Failure::Denied(answer) => EtcdError::Denied(Box::new(Denied {
                place,
                prefix: prefix.to_owned(),
                user: self.shown.name().to_owned(),
                permission: match self.writes {
                    true => "readwrite",
                    false => "read",
                },
                answer,
            })),
            Failure::Refused(answer) => EtcdError::Refused { place, answer },
            Failure::Compacted => EtcdError::Refused {
                place,
                answer: "the revision has been compacted, run this again".to_owned(),
            },
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Waiting for the threads here would panic inside of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The key behind all that begin with a prefix. That ends in a slash, behind which there is a
/// character.
pub(super) fn end_of(prefix: &str) -> String {
    format!("{}0", prefix.trim_end_matches('/'))
}

/// Takes answers of any length that our pages may have.
pub(super) fn reader(client: &Client) -> KvClient {
    let reader = client.kv_client();
    reader.max_decoding_message_size(LONGEST_ANSWER)
}

/// Not `block_on`, which panics when the caller is inside of another runtime.
fn run<T: Send + 'static>(
    runtime: &Runtime,
    task: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        // Nobody takes the answer when the caller is gone.
        let _ = sender.send(task.await);
    });
    receiver.recv().ok()
}

fn options(credentials: &Credentials) -> ConnectOptions {
    let tls = TlsOptions::new()
        .ca_certificate(Certificate::from_pem(&credentials.authorities))
        .identity(Identity::from_pem(
            &credentials.certificate,
            credentials.key.as_slice(),
        ));
    ConnectOptions::new()
        .with_tls(tls)
        // A member without a leader says so at once, and another is asked.
        .with_require_leader(true)
        .with_connect_timeout(Duration::from_secs(2))
        .with_timeout(Duration::from_secs(5))
        // etcd takes more frequent ones than every five seconds for an attack.
        .with_keep_alive(Duration::from_secs(10), Duration::from_secs(5))
}

const ENDED: &str = "the thread for requests has ended";
/// How long members are asked that have not answered yet: longer than they take to find a new leader.
const PATIENCE: Duration = Duration::from_secs(15);
/// In that time each of several members has been asked, whichever of them does not accept certificates.
const ALL_ASKED: Duration = Duration::from_secs(2);
/// Whoever waits longer than this is told so.
const MOMENT: Duration = Duration::from_secs(1);
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_ANSWER: usize = 64 << 20;
