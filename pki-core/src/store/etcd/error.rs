//! What may go wrong with a store on etcd.

use etcd_client::Error as ClientError;

/// Why a store on etcd could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EtcdError {
    /// What is kept there does not fit together.
    #[error("{place}: the key {key} {fault}; restore the store from a copy")]
    Damaged {
        /// The store.
        place: String,
        /// The key.
        key: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// No role of the user lets it do this.
    #[error(
        "{place}: etcd does not let the user of this client certificate read and write here ({answer}): \
         grant it with `etcdctl role grant-permission ROLE --prefix=true readwrite {prefix}`, \
         and give the role to the user that the certificate's common name tells"
    )]
    Denied {
        /// The store.
        place: String,
        /// What its keys begin with.
        prefix: String,
        /// etcd's answer.
        answer: String,
    },
    /// Under the prefix are keys of somebody else.
    #[error(
        "{place}: under this prefix are keys that etcdpki did not make, such as {key}: use another prefix"
    )]
    Foreign {
        /// The store.
        place: String,
        /// One of them.
        key: String,
    },
    /// No role of the user lets it be the agent of this owner.
    #[error(
        "{place}: etcd does not let the user of this client certificate be the agent of {owner} ({answer}): \
         `etcdpki agent access {owner} USER` prints how to permit it"
    )]
    MailDenied {
        /// The store.
        place: String,
        /// Whose letters it asked for.
        owner: String,
        /// etcd's answer.
        answer: String,
    },
    /// The store was made by another version.
    #[error(
        "{place}: this store is of format {found}, and this etcdpki knows format {known}: \
         use the etcdpki that made it, or copy it with that one into a directory"
    )]
    OtherFormat {
        /// The store.
        place: String,
        /// What it says.
        found: String,
        /// What is known.
        known: u32,
    },
    /// The store was opened to be read.
    #[error("{place}: the store was opened to be read, and nothing can be written to it")]
    ReadOnly {
        /// The store.
        place: String,
    },
    /// etcd refused a request.
    #[error("{place}: etcd refused this: {answer}")]
    Refused {
        /// The store.
        place: String,
        /// etcd's answer.
        answer: String,
    },
    /// No member answers, or they have no quorum.
    #[error(
        "{place}: etcd does not answer ({answer}): check the addresses, that its members run and \
         have a quorum, that certificate, key and CA file are the right ones and have not expired, and \
         the clock here"
    )]
    Unreachable {
        /// The store.
        place: String,
        /// What happened last.
        answer: String,
    },
}

/// What the failure of a request means.
#[derive(Debug)]
pub(super) enum Failure {
    /// Asking again may help.
    Transient(String),
    /// The revision is no longer there.
    Compacted,
    /// No role permits it.
    Denied(String),
    /// It will not be otherwise.
    Refused(String),
}

impl Failure {
    pub(super) fn of(error: &ClientError) -> Self {
        let ClientError::GRpcStatus(status) = error else {
            return match error {
                ClientError::InvalidArgs(_) | ClientError::InvalidUri(_) => {
                    Self::Refused(chain(error))
                }
                _ => Self::Transient(chain(error)),
            };
        };
        let message = status.message().to_owned();
        let says = |text| message.contains(text);
        if says("required revision has been compacted") {
            return Self::Compacted;
        }
        if DENIALS.iter().any(|denial| says(denial)) {
            return Self::Denied(message);
        }
        if REFUSALS.iter().any(|refusal| says(refusal)) {
            return Self::Refused(message);
        }
        Self::Transient(match std::error::Error::source(status) {
            Some(source) => format!("{message}: {}", chain(source)),
            None => message,
        })
    }
}

impl Failure {
    /// As an error of the store at `place`, whose keys begin with `prefix`.
    pub(super) fn at(self, place: String, prefix: &str) -> EtcdError {
        match self {
            Self::Transient(answer) => EtcdError::Unreachable { place, answer },
            Self::Denied(answer) => EtcdError::Denied {
                place,
                prefix: prefix.to_owned(),
                answer,
            },
            Self::Refused(answer) => EtcdError::Refused { place, answer },
            Self::Compacted => EtcdError::Refused {
                place,
                answer: "the revision has been compacted".to_owned(),
            },
        }
    }
}

/// What it says and what its causes say, each once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

/// Answers of etcd to a user without the right role, or to no user.
const DENIALS: [&str; 4] = [
    "permission denied",
    "user name is empty",
    "user name not found",
    "invalid auth token",
];
/// Answers that stay the same however often one asks.
const REFUSALS: [&str; 5] = [
    "database space exceeded",
    "request is too large",
    "too many operations in txn request",
    "duplicate key given in txn request",
    "invalid argument",
];
