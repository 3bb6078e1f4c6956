//! Why the description cannot be reached.

use crate::authority::IssueError;
use crate::description::Position;
use crate::hierarchy::AuthorityName;
use crate::key::KeyError;
use crate::leaf::LeafId;
use crate::store::StoreError;
use crate::trust::StandingError;

/// Why the description could not be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvergeError {
    /// The description asks for a leaf itself.
    #[error("`{0}` is described, and issued as the description says")]
    Described(String),
    /// An authority is missing above one that is there.
    #[error(
        "the {missing} authority is missing, though {below}, which it signed, is there: restore it from a copy"
    )]
    Gap {
        /// The one that is missing.
        missing: AuthorityName,
        /// The one below it.
        below: AuthorityName,
    },
    /// An authority is missing that signed a certificate that is there.
    #[error(
        "the {missing} authority is missing, though {leaf}, which it signed, is there: restore it from a copy; a new one would cut off every member and client that trusts it"
    )]
    Lost {
        /// The one that is missing.
        missing: AuthorityName,
        /// The certificate.
        leaf: LeafId,
    },
    /// The PKI is not complete.
    #[error("{0} is missing")]
    Incomplete(String),
    /// The store has no keyring.
    #[error(
        "the store has no keyring, and no key that is sealed into it would ever open: put the keyring there first"
    )]
    NoKeyring,
    /// The store's keyring has other data keys.
    #[error(
        "the keys were sealed under another keyring than the store's, and would never open: use the data keys that its own opens"
    )]
    OtherKeyring,
    /// A certificate could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A certificate that nothing would be known by.
    #[error(
        "`{0}` would carry no name: a server and a peer are known by their names, so give at least one; so must a client without a common name"
    )]
    Nameless(String),
    /// An authority that signs no leaves.
    #[error(
        "the {name} authority signs no certificates of clients and servers: name one of {known}"
    )]
    NoIssuer {
        /// The authority.
        name: AuthorityName,
        /// Those that do.
        known: String,
    },
    /// A key that somebody else may have.
    #[error(
        "the key of certificates/{0} was revoked for keyCompromise, and is not certified again"
    )]
    CompromisedKey(String),
    /// A leaf whose key is to stay was revoked.
    #[error("certificates/{0} was revoked, and its key is not certified again")]
    RevokedKey(String),
    /// The common name of peers, for another role.
    #[error(
        "the common name `{0}` is that of peers, by which members let each other in: no certificate of another role may have it"
    )]
    NameOfPeers(String),
    /// A leaf whose key is to stay has none.
    #[error("certificates/{0} is not there yet, so there is no key to keep")]
    NoKeyYet(String),
    /// An authority signs itself.
    #[error(
        "no authority stands above the {0} authority in the description, or it is not described: nobody signs it"
    )]
    NoneAbove(AuthorityName),
    /// A peer of another service.
    #[error(
        "the {0} authority signs no peers, for these are etcd's members: write client or server"
    )]
    NoPeers(AuthorityName),
    /// The key of an authority that is to sign another one is not here.
    #[error(
        "the key of the {issuer} authority is not here (its ca.signer.yml says offline), and it has to sign the {wanted} authority"
    )]
    Offline {
        /// The authority.
        issuer: AuthorityName,
        /// What it is to sign.
        wanted: AuthorityName,
    },
    /// The key of the authority that signs leaves is not here.
    #[error(
        "the key of the {0} authority, which signs certificates, is not here (its ca.signer.yml says offline)"
    )]
    OfflineSigner(AuthorityName),
    /// The PKI is another cluster's.
    #[error(
        "the PKI here is that of cluster `{found}`, and the description says `{described}`: work in another directory, or set `cluster` back"
    )]
    OtherCluster {
        /// The cluster of the PKI.
        found: String,
        /// The cluster of the description.
        described: String,
    },
    /// The description puts another authority above one that is there.
    #[error(
        "the {authority} authority, which is there already, was signed by the {issuer} authority, which the description does not put above it: set `authorities: levels` back, or begin a new PKI in another directory"
    )]
    OtherIssuer {
        /// The one that is there.
        authority: AuthorityName,
        /// The one that signed it.
        issuer: AuthorityName,
    },
    /// A request is of another subject than the description's.
    #[error(
        "the request is of `{asked}`, and the description here says `{described}`: is it another authority's, or another cluster's?"
    )]
    OtherSubject {
        /// The subject asked for.
        asked: String,
        /// The described one.
        described: String,
    },
    /// A name that the etcd authority, which is there already, may not sign.
    #[error(
        "`{name}` lies outside the name constraints of `{authority}`, which is there already: keep within them, or replace the authority"
    )]
    OutsideConstraints {
        /// Where the description asks for it.
        position: Option<Position>,
        /// The name.
        name: String,
        /// The authority.
        authority: String,
    },
    /// A certificate was asked for elsewhere and is not here yet.
    #[error(
        "the certificate of the {name} authority is not here yet: {path} is to be signed by the authority above it"
    )]
    Requested {
        /// The authority.
        name: AuthorityName,
        /// The request.
        path: String,
    },
    /// It is not known where trust stands.
    #[error(transparent)]
    Standing(StandingError),
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The description does not ask for a leaf.
    #[error("`{0}` is not described")]
    Undescribed(String),
    /// An authority that is to sign a leaf and that the description does not know.
    #[error("no authority `{name}` is described: there are {known}")]
    UndescribedIssuer {
        /// What was named.
        name: AuthorityName,
        /// Those that can be.
        known: String,
    },
}

impl From<StandingError> for ConvergeError {
    fn from(error: StandingError) -> Self {
        match error {
            StandingError::Missing(name) => Self::Incomplete(format!("authorities/{name}")),
            StandingError::Store(error) => Self::Store(error),
            other => Self::Standing(other),
        }
    }
}
