//! Why the description cannot be reached.

use crate::authority::IssueError;
use crate::description::Position;
use crate::hierarchy::AuthorityName;
use crate::key::KeyError;
use crate::leaf::LeafId;
use crate::store::StoreError;

/// Why the description could not be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvergeError {
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
    #[error("{0} is missing: run `etcdpki init` to make it")]
    Incomplete(String),
    /// A certificate could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
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
    /// A name that the etcd authority, which is there already, may not sign.
    #[error(
        "`{name}` lies outside the name constraints of `{authority}`, which is there already: keep within them, or make a new etcd authority"
    )]
    OutsideConstraints {
        /// Where the description asks for it.
        position: Option<Position>,
        /// The name.
        name: String,
        /// The authority.
        authority: String,
    },
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
