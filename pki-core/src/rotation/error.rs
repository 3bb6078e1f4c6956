//! Why an authority cannot be rotated.

use super::{Broken, Procedure};
use crate::authority::IssueError;
use crate::converge::ConvergeError;
use crate::hierarchy::AuthorityName;
use crate::key::KeyError;
use crate::store::StoreError;
use crate::trust::StandingError;

/// Why an authority cannot be rotated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotationError {
    /// A pair of a certificate and a CA file that would not work.
    #[error(
        "{procedure} of the {authority} authority would break the cluster: {broken}{}",
        match more { 0 => String::new(), more => format!(" (and {more} more)") }
    )]
    Broken {
        /// The procedure.
        procedure: Procedure,
        /// The authority.
        authority: AuthorityName,
        /// The first pair.
        broken: Box<Broken>,
        /// How many more there are.
        more: usize,
    },
    /// Something about certificates or the store.
    #[error(transparent)]
    Converge(#[from] ConvergeError),
    /// The authority is not in the chain over etcd's leaves.
    #[error(
        "the {0} authority is none of the chain over etcd's certificates: write etcd, intermediate, root or issuing, as far as the description has them"
    )]
    NotInChain(AuthorityName),
    /// The procedure is none for this authority.
    #[error(
        "{procedure} is no way to replace the {authority} authority: members trust the {anchor} authority; write {fitting}"
    )]
    NotFor {
        /// The procedure.
        procedure: Procedure,
        /// The authority.
        authority: AuthorityName,
        /// What members trust.
        anchor: AuthorityName,
        /// Those that are.
        fitting: String,
    },
    /// The CA file of members is not what the description asks for.
    #[error("{path}: it is not what members are to trust by the description (trust_anchor)")]
    OtherTrust {
        /// The file.
        path: String,
    },
    /// The key of an authority that has to sign is not here.
    #[error(
        "the key of the {0} authority has a part in this step, and is not here (its ca.signer.yml says offline); nothing was written"
    )]
    Offline(AuthorityName),
    /// The key of the authority that has to sign the new one is not here.
    #[error(
        "the key of the {issuer} authority, which has to sign the new {wanted} authority, is not here (its ca.signer.yml says offline); nothing was written"
    )]
    OfflineIssuer {
        /// Whose key it is.
        issuer: AuthorityName,
        /// What it has to sign.
        wanted: AuthorityName,
    },
    /// Going back would shut somebody out.
    #[error(
        "members were told to trust the new {0} authority alone, so that there is no way back that keeps them together: go on, and rotate again"
    )]
    TooLate(AuthorityName),
    /// No rotation is under way.
    #[error("no rotation of an authority is under way")]
    NothingUnderway,
    /// Somebody else made a step.
    #[error("somebody else made a step of a rotation meanwhile: do this again")]
    Overtaken,
    /// A certificate in an encoding that cannot be taken apart.
    #[error(
        "`{0}` cannot be taken apart, as if its certificate were not DER: restore it from a copy"
    )]
    Unmodelled(String),
    /// Members refuse everybody.
    #[error(
        "the {0} authority, which members trust, is not valid at this time: they refuse every client, and cannot be asked what they have loaded"
    )]
    Unaskable(AuthorityName),
    /// Another rotation is under way.
    #[error(
        "the {underway} authority is being rotated ({procedure}): go on until that is done, or take it back; only a stolen key does not wait"
    )]
    Underway {
        /// The other one.
        underway: AuthorityName,
        /// How.
        procedure: Procedure,
    },
    /// The new authority would not come out the same under the old one.
    #[error(
        "the old {0} authority cannot sign the new one: it was made elsewhere, and the certificate would not come out as that of the new one"
    )]
    NoCross(AuthorityName),
    /// An authority that would not come out the same.
    #[error(
        "the {0} authority cannot be signed again as it is: it was made elsewhere and carries a name, a key identifier or an extension that would come out changed: replace it first"
    )]
    NoTwin(AuthorityName),
}

impl From<StandingError> for RotationError {
    fn from(error: StandingError) -> Self {
        Self::Converge(error.into())
    }
}

impl From<StoreError> for RotationError {
    fn from(error: StoreError) -> Self {
        Self::Converge(error.into())
    }
}

impl From<IssueError> for RotationError {
    fn from(error: IssueError) -> Self {
        Self::Converge(error.into())
    }
}

impl From<KeyError> for RotationError {
    fn from(error: KeyError) -> Self {
        Self::Converge(error.into())
    }
}
