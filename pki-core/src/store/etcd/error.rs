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
    /// Certificates are not accepted, on one side or the other.
    #[error(
        "{place}: this client and etcd do not accept each other's certificates ({answer}): {shown}; \
         set the clock where it is wrong, renew what has expired, and give certificate, key and the \
         authority of the members with --store-cert, --store-key and --store-ca"
    )]
    Certificates {
        /// The store.
        place: String,
        /// What either side said.
        answer: String,
        /// The clock here, and what is shown to etcd.
        shown: String,
    },
    /// No role of the user lets it do this.
    #[error(transparent)]
    Denied(Box<Denied>),
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
    #[error(transparent)]
    MailDenied(Box<MailDenied>),
    /// The key of the client is not the one of its certificate.
    #[error(
        "{place}: the key of this client is not that of its certificate: \
         --store-cert and --store-key have to be a pair"
    )]
    OtherKey {
        /// The store.
        place: String,
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
    #[error(
        "{place}: the store was opened to be read, and nothing can be written to it: open it to be changed"
    )]
    ReadOnly {
        /// The store.
        place: String,
    },
    /// etcd refused a request.
    #[error("{place}: etcd refused this: {answer}; {}", after(.answer))]
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

/// No role of the user lets it do this.
#[derive(Debug, thiserror::Error)]
#[error(
    "{place}: etcd does not let {user} {permission} here ({answer}): permit it with \
     `etcdctl role grant-permission ROLE --prefix=true {permission} {prefix}` for a role of that user, \
     which is the common name of the client certificate"
)]
pub struct Denied {
    /// The store.
    pub place: String,
    /// What its keys begin with.
    pub prefix: String,
    /// Who asked.
    pub user: String,
    /// What it needs: etcd's name of it.
    pub permission: &'static str,
    /// etcd's answer.
    pub answer: String,
}

/// No role of the user lets it be the agent of this owner.
#[derive(Debug, thiserror::Error)]
#[error(
    "{place}: etcd does not let {user} be the agent of {owner} ({answer}): it has to have the role {role}, \
     which the commands give it that `etcdpki agent access {owner} USER` prints"
)]
pub struct MailDenied {
    /// The store.
    pub place: String,
    /// Whose letters it asked for.
    pub owner: String,
    /// Who asked.
    pub user: String,
    /// The role of the owner's agent.
    pub role: String,
    /// etcd's answer.
    pub answer: String,
}

/// What the failure of a request means.
#[derive(Debug)]
pub(super) enum Failure {
    /// Asking again may help.
    Transient(String),
    /// A certificate is not accepted, and will hardly be soon.
    Certificates(String),
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
        let cause = std::error::Error::source(status).map(chain);
        Self::Transient(match cause {
            Some(cause) if cause.contains(&message) => cause,
            Some(cause) => format!("{message}: {cause}"),
            None => message,
        })
    }
}

/// What to do after a refusal.
fn after(answer: &str) -> &'static str {
    match answer.contains(SPACE) {
        true => {
            "raise its --quota-backend-bytes, or make room: `etcdctl compact REVISION`, \
             `etcdctl defrag --cluster`, then `etcdctl alarm disarm`; then run this again"
        }
        false => "its log tells more",
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
/// The answer of an etcd whose quota is used up.
const SPACE: &str = "database space exceeded";
/// Answers that stay the same however often one asks.
const REFUSALS: [&str; 5] = [
    SPACE,
    "request is too large",
    "too many operations in txn request",
    "duplicate key given in txn request",
    "invalid argument",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_etcd_is_told_how_room_is_made() {
        let refused = |answer: &str| {
            let (place, answer) = ("etcd://a:1/p".to_owned(), answer.to_owned());
            EtcdError::Refused { place, answer }.to_string()
        };
        let full = refused("etcdserver: mvcc: database space exceeded");
        assert!(full.contains("etcdctl alarm disarm"), "{full}");
        let other = refused("etcdserver: request is too large");
        assert!(other.ends_with("its log tells more"), "{other}");
    }
}
