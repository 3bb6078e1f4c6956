//! The chain of authorities: root, intermediate, etcd, and at wish an issuing one under it.

use std::fmt;
use std::str::FromStr;

use crate::description::{AuthoritySetting, Cluster, Levels, TrustAnchor};
use crate::profile::{Profile, Subject};
use crate::publication::Publication;
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
    /// Every authority there can be, from the top.
    pub const ALL: [Self; 4] = [Self::Root, Self::Intermediate, Self::Etcd, Self::Issuing];

    /// The chain that a description asks for, from the top.
    pub fn chain(cluster: &Cluster) -> &'static [Self] {
        let authorities = &cluster.authorities;
        let from_root: &[Self] = match authorities.issuing {
            true => &Self::ALL,
            false => &[Self::Root, Self::Intermediate, Self::Etcd],
        };
        match (authorities.levels, authorities.issuing) {
            (Levels::Three, _) => from_root,
            (Levels::Two, true) => &[Self::Root, Self::Etcd, Self::Issuing],
            (Levels::Two, false) => &[Self::Root, Self::Etcd],
            (Levels::One, true) => &[Self::Etcd, Self::Issuing],
            (Levels::One, false) => &[Self::Etcd],
        }
    }

    /// The authority at the top of the chain, which signs itself.
    pub fn top(cluster: &Cluster) -> Self {
        match cluster.authorities.levels {
            Levels::One => Self::Etcd,
            Levels::Two | Levels::Three => Self::Root,
        }
    }

    /// The authority that signs leaves.
    pub fn signing(cluster: &Cluster) -> Self {
        match cluster.authorities.issuing {
            true => Self::Issuing,
            false => Self::Etcd,
        }
    }

    /// The authority that signs this one; none signs the top but itself.
    pub fn issuer(self, cluster: &Cluster) -> Option<Self> {
        let chain = Self::chain(cluster);
        let own = chain.iter().position(|name| *name == self)?;
        chain.get(own.checked_sub(1)?).copied()
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

    /// What it writes about itself into what it signs.
    pub fn publication(self, cluster: &Cluster) -> &Publication {
        let publications = &cluster.authorities.publications;
        match self {
            Self::Root => &publications.root,
            Self::Intermediate => &publications.intermediate,
            Self::Etcd | Self::Issuing => &publications.etcd,
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
        let profile = Profile::authority(subject, self.path_len(cluster), constraints);
        match self.issuer(cluster) {
            Some(issuer) => profile.with_publication(issuer.publication(cluster).clone()),
            None => profile,
        }
    }

    /// How many authorities may follow in a path: those below, and one more, so that a
    /// successor of any of them can be cross-signed. Go and OpenSSL hold an anchor to its own
    /// path length too, so an anchor without the spare place rules out the rotations that need
    /// one restart only.
    fn path_len(self, cluster: &Cluster) -> u8 {
        let chain = Self::chain(cluster).iter();
        let below = chain.skip_while(|name| **name != self).skip(1).count();
        match self {
            Self::Issuing => 0,
            _ => u8::try_from(below + 1).unwrap_or(u8::MAX),
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

impl FromStr for AuthorityName {
    type Err = UnknownAuthority;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|name| name.as_str() == text)
            .ok_or_else(|| UnknownAuthority(text.to_owned()))
    }
}

/// A text that names no authority.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{0}` is no authority: write root, intermediate, etcd or issuing")]
pub struct UnknownAuthority(String);
