//! What a client shows to etcd.

use std::fmt;

use time::OffsetDateTime;

use super::Credentials;
use crate::certificate::bundle;
use crate::key::PrivateKey;
use crate::lifetime::Validity;
use crate::text::instant;

/// What the client's certificate tells of it. One that cannot be read tells nothing, and etcd says
/// the rest.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// The user that etcd takes the client for.
    pub(super) user: Option<String>,
    validity: Option<Validity>,
}

impl Shown {
    pub(super) fn of(credentials: &Credentials) -> Self {
        let chain = bundle::read(&credentials.certificate).ok();
        let own = chain.and_then(|chain| chain.into_iter().next());
        own.map_or_else(Self::default, |own| Self {
            user: own.common_name,
            validity: Some(own.validity),
        })
    }

    /// The user, in a sentence.
    pub(super) fn name(&self) -> &str {
        self.user.as_deref().unwrap_or(NOBODY)
    }

    /// Whether the reason for this answer is that one side does not accept the other's certificate.
    pub(super) fn is_unaccepted(&self, answer: &str) -> bool {
        if UNACCEPTED.iter().any(|says| answer.contains(says)) {
            return true;
        }
        // A member may hang up before its reason has arrived.
        HUNG_UP.iter().any(|says| answer.contains(says))
            && !self.is_valid(OffsetDateTime::now_utc())
    }

    fn is_valid(&self, now: OffsetDateTime) -> bool {
        let validity = self.validity.as_ref();
        validity.is_none_or(|own| own.not_before <= now && now <= own.not_after)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = instant(OffsetDateTime::now_utc());
        write!(f, "the clock here says {now}")?;
        match &self.validity {
            Some(own) => {
                let name = self.name();
                write!(f, ", and the certificate of {name} is valid {own}")
            }
            None => Ok(()),
        }
    }
}

/// Whether the key is another one than the certificate's, as far as both can be read: rustls says no more
/// of them than that they do not work.
pub(super) fn is_mismatched(credentials: &Credentials) -> bool {
    let chain = bundle::read(&credentials.certificate).ok();
    let own = chain.and_then(|chain| chain.into_iter().next());
    let key = PrivateKey::read(&credentials.key, None).ok();
    own.zip(key)
        .is_some_and(|(own, key)| own.public_key != *key.public())
}

/// A user without a name.
const NOBODY: &str = "a client whose certificate has no common name";
/// What is said of certificates here, and by members.
const UNACCEPTED: [&str; 2] = ["invalid peer certificate", "received fatal alert"];
/// What is said of connections that a member closes.
const HUNG_UP: [&str; 3] = ["Broken pipe", "Connection reset", "connection closed"];
