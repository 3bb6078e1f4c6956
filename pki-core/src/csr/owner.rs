//! Whose certificate a request may ask for.

use super::CertificateRequest;
use crate::description::Cluster;
use crate::leaf::leaves;
use crate::name::ClientName;

/// The common name that etcd gives every right, whatever roles say.
const ADMINISTRATOR: &str = "root";

impl CertificateRequest {
    /// The owner that a request names by its common name, where nobody else named one.
    ///
    /// etcd takes the common name of a client for its user, so whoever makes the request chooses
    /// whom they are. It may be anybody of whom nothing here knows that they are somebody: not
    /// root, etcd's administrator, not the common name of peers, and nobody who is described. The
    /// operator may name any of these.
    ///
    /// # Errors
    ///
    /// When it is one of them, or no name that can be an owner's.
    pub fn owner(&self, cluster: &Cluster) -> Result<ClientName, NoOwner> {
        let refuse = |reason| NoOwner {
            subject: self.subject.clone(),
            reason,
        };
        let name = self.common_name.as_deref().unwrap_or_default();
        let described = leaves(cluster).into_iter();
        match name.parse::<ClientName>() {
            Err(_) => Err(refuse("that is no name of an owner")),
            Ok(_) if name == ADMINISTRATOR => Err(refuse("that is etcd's administrator")),
            Ok(_) if name == cluster.peer_common_name() => {
                Err(refuse("that is the common name of peers"))
            }
            Ok(_)
                if described
                    .map(|leaf| leaf.id.owner)
                    .any(|owner| owner.to_string() == name) =>
            {
                Err(refuse("that is somebody who is described"))
            }
            Ok(name) => Ok(name),
        }
    }
}

/// A request whose common name does not make its maker the owner of a certificate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the request is of {subject}, and {reason}, whom a request alone does not make the owner of a certificate"
)]
pub struct NoOwner {
    /// The subject of the request.
    pub subject: String,
    /// Why it does not.
    pub reason: &'static str,
}
