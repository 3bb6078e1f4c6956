//! What there is.

use super::{ConvergeError, Signed};
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::leaf::{LeafId, leaves};
use crate::store::{Pki, Store, StoredAuthority, StoredLeaf};
use crate::trust::{Bundles, standing};

/// The generation in use of everything that a description asks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct State {
    /// The authorities, the root first and those of other services last.
    pub authorities: Vec<StoredAuthority>,
    /// The leaves, in the order of the description.
    pub leaves: Vec<StoredLeaf>,
    /// What leaves carry, and what members and clients must trust.
    pub bundles: Bundles,
    /// The revocation lists that were signed to come to this state.
    pub lists: Signed,
}

impl State {
    /// Reads the state of a PKI that is complete.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or something that the description asks for is missing.
    pub fn read<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<Self, ConvergeError> {
        let mut authorities = AuthorityName::chain(cluster)
            .iter()
            .map(|name| {
                pki.authority(*name)?
                    .ok_or_else(|| ConvergeError::Incomplete(format!("authorities/{name}")))
            })
            .collect::<Result<Vec<_>, ConvergeError>>()?;
        // etcd does not wait for those of other services.
        for name in AuthorityName::others(cluster) {
            authorities.extend(pki.authority(name)?);
        }
        let leaves = leaves(cluster)
            .into_iter()
            .map(|leaf| {
                pki.leaf(&leaf.id)?
                    .ok_or_else(|| ConvergeError::Incomplete(format!("certificates/{}", leaf.id)))
            })
            .collect::<Result<_, ConvergeError>>()?;
        Ok(Self {
            authorities,
            leaves,
            bundles: standing(cluster, pki)?,
            lists: Signed::default(),
        })
    }

    /// The certificate of an authority.
    pub fn authority(&self, name: AuthorityName) -> Option<&Certificate> {
        self.authorities
            .iter()
            .find(|stored| stored.name == name)
            .map(|stored| &stored.certificate)
    }

    /// A leaf.
    pub fn leaf(&self, id: &LeafId) -> Option<&StoredLeaf> {
        self.leaves.iter().find(|stored| stored.id == *id)
    }
}
