//! The chain of authorities: root, intermediate, etcd, and at wish an issuing one under it.

use std::fmt;

use crate::description::{AuthoritySetting, Cluster, TrustAnchor};
use crate::profile::{Profile, Subject};
use crate::seal::Tier;

/// An authority of the chain, from the top.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AuthorityName {
    /// The root: signs itself and the intermediate, and can be kept offline.
    Root,
    /// The intermediate: signs the etcd authority.
    Intermediate,
    /// The etcd authority: what members trust by default.
    Etcd,
    /// Signs leaves under the etcd authority, where the description asks for it.
    Issuing,
}

impl AuthorityName {
    /// Every authority that there can be, from the top.
    pub const ALL: [Self; 4] = [Self::Root, Self::Intermediate, Self::Etcd, Self::Issuing];

    /// The chain that a description asks for, from the top.
    pub fn chain(cluster: &Cluster) -> &'static [Self] {
        match cluster.authorities.issuing {
            true => &[Self::Root, Self::Intermediate, Self::Etcd, Self::Issuing],
            false => &[Self::Root, Self::Intermediate, Self::Etcd],
        }
    }

    /// The authority that signs leaves.
    pub fn signing(cluster: &Cluster) -> Self {
        match cluster.authorities.issuing {
            true => Self::Issuing,
            false => Self::Etcd,
        }
    }

    /// The authority that signs this one; none signs the root but itself.
    pub fn issuer(self) -> Option<Self> {
        match self {
            Self::Root => None,
            Self::Intermediate => Some(Self::Root),
            Self::Etcd => Some(Self::Intermediate),
            Self::Issuing => Some(Self::Etcd),
        }
    }

    /// The tier whose data key seals this authority's key.
    ///
    /// With the root tier out of reach everything works but the making of a new intermediate.
    pub fn tier(self) -> Tier {
        match self {
            Self::Root => Tier::Root,
            Self::Etcd | Self::Intermediate | Self::Issuing => Tier::Issuing,
        }
    }

    /// The name in paths and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Intermediate => "intermediate",
            Self::Etcd => "etcd",
            Self::Issuing => "issuing",
        }
    }

    /// How the description wants it made.
    pub fn setting(self, cluster: &Cluster) -> AuthoritySetting {
        let authorities = &cluster.authorities;
        match self {
            Self::Root => authorities.root,
            Self::Intermediate => authorities.intermediate,
            Self::Etcd | Self::Issuing => authorities.etcd,
        }
    }

    /// The profile of its certificate of this generation, counted from 1.
    pub fn profile(self, cluster: &Cluster, generation: u32) -> Profile {
        let name = &cluster.name;
        let common_name = match self {
            Self::Root => format!("{name} root CA G{generation}"),
            Self::Intermediate => format!("{name} intermediate CA G{generation}"),
            Self::Etcd => format!("{name} CA G{generation}"),
            Self::Issuing => format!("{name} issuing CA G{generation}"),
        };
        let subject = Subject {
            organization: Some(cluster.domain.to_string()),
            common_name,
        };
        let constraints = match self {
            Self::Etcd => cluster.name_constraints(),
            _ => None,
        };
        Profile::authority(subject, self.path_len(cluster), constraints)
    }

    /// How many authorities may follow in a path: those below, and one more, so that a
    /// successor of any of them can be cross-signed. Go and OpenSSL hold an anchor to its own
    /// path length too, so an anchor without the spare place rules out the rotations that need
    /// one restart only.
    fn path_len(self, cluster: &Cluster) -> u8 {
        let issuing = u8::from(cluster.authorities.issuing);
        match self {
            Self::Root => 3 + issuing,
            Self::Intermediate => 2 + issuing,
            Self::Etcd => 1 + issuing,
            Self::Issuing => 0,
        }
    }
}

impl From<TrustAnchor> for AuthorityName {
    fn from(anchor: TrustAnchor) -> Self {
        match anchor {
            TrustAnchor::Etcd => Self::Etcd,
            TrustAnchor::Intermediate => Self::Intermediate,
            TrustAnchor::Root => Self::Root,
        }
    }
}

impl fmt::Display for AuthorityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
