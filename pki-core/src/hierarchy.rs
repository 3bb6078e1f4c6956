//! The authorities: root, intermediate, etcd, and at wish an issuing one under it; beside etcd's,
//! those of other services, which share the top of the chain with it and nothing else.

mod other;

use std::fmt;
use std::str::FromStr;

use crate::description::{AuthoritySetting, Cluster, Levels, OtherAuthority, TrustAnchor};
use crate::profile::{Profile, Subject};
use crate::publication::{NOTHING, Publication};
use crate::seal::Tier;

pub use other::OtherName;

/// The name of an authority, in the order from the top.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AuthorityName {
    /// The root: signs itself and the intermediate, and can be kept offline.
    Root,
    /// The intermediate: signs the etcd authority, and others beside it.
    Intermediate,
    /// The etcd authority: what members trust by default.
    Etcd,
    /// Signs leaves under the etcd authority, where the description asks for it.
    Issuing,
    /// Signs for another service. Members do not trust it, and it signs none of their leaves.
    Other(OtherName),
}

impl AuthorityName {
    /// Every authority that there can be over etcd's leaves, from the top.
    pub const CHAIN: [Self; 4] = [Self::Root, Self::Intermediate, Self::Etcd, Self::Issuing];

    /// The chain over etcd's leaves that a description asks for, from the top.
    pub fn chain(cluster: &Cluster) -> &'static [Self] {
        let authorities = &cluster.authorities;
        let from_root: &[Self] = match authorities.issuing {
            true => &Self::CHAIN,
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

    /// Every authority that a description asks for: the chain from the top, then the others.
    pub fn described(cluster: &Cluster) -> Vec<Self> {
        let chain = Self::chain(cluster).iter().copied();
        chain.chain(Self::others(cluster)).collect()
    }

    /// The authorities of other services that a description asks for.
    pub fn others(cluster: &Cluster) -> impl Iterator<Item = Self> {
        let others = cluster.authorities.others.iter();
        others.map(|other| Self::Other(other.name))
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
        if let Self::Other(name) = self {
            cluster.authorities.other(name)?;
            return match cluster.authorities.levels {
                Levels::One => None,
                Levels::Two => Some(Self::Root),
                Levels::Three => Some(Self::Intermediate),
            };
        }
        let chain = Self::chain(cluster);
        let own = chain.iter().position(|name| *name == self)?;
        chain.get(own.checked_sub(1)?).copied()
    }

    /// The authorities from the top down to this one.
    pub fn path(self, cluster: &Cluster) -> Vec<Self> {
        let above = |name: &Self| name.issuer(cluster);
        let mut path: Vec<_> = std::iter::successors(Some(self), above).collect();
        path.reverse();
        path
    }

    /// Whether the description asks for it.
    pub fn is_described(self, cluster: &Cluster) -> bool {
        match self {
            Self::Other(name) => cluster.authorities.other(name).is_some(),
            _ => Self::chain(cluster).contains(&self),
        }
    }

    /// Whether it signs for another service than etcd.
    pub fn is_other(self) -> bool {
        matches!(self, Self::Other(_))
    }

    /// The tier whose data key seals this authority's key.
    ///
    /// With the root tier out of reach everything works but the making of a new intermediate.
    pub fn tier(self) -> Tier {
        match self {
            Self::Root => Tier::Root,
            Self::Etcd | Self::Intermediate | Self::Issuing | Self::Other(_) => Tier::Issuing,
        }
    }

    /// The name in paths and messages.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Root => "root",
            Self::Intermediate => "intermediate",
            Self::Etcd => "etcd",
            Self::Issuing => "issuing",
            Self::Other(name) => name.as_str(),
        }
    }

    /// How the description wants it made; as the etcd authority if that does not know it.
    pub fn setting(self, cluster: &Cluster) -> AuthoritySetting {
        let authorities = &cluster.authorities;
        match self {
            Self::Root => authorities.root,
            Self::Intermediate => authorities.intermediate,
            Self::Etcd | Self::Issuing => authorities.etcd,
            Self::Other(name) => {
                let other = authorities.other(name);
                other.map_or(authorities.etcd, |other| other.setting)
            }
        }
    }

    /// What it writes about itself into what it signs.
    pub fn publication(self, cluster: &Cluster) -> &Publication {
        let authorities = &cluster.authorities;
        let publications = &authorities.publications;
        match self {
            Self::Root => &publications.root,
            Self::Intermediate => &publications.intermediate,
            Self::Etcd | Self::Issuing => &publications.etcd,
            Self::Other(name) => {
                let other = authorities.other(name);
                other.map_or(&NOTHING, |other| &other.publication)
            }
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
            Self::Other(other) => format!("{other} CA G{generation}"),
        };
        let subject = Subject {
            organization: Some(cluster.domain.to_string()),
            common_name,
        };
        let constraints = match self {
            Self::Etcd => cluster.name_constraints(),
            Self::Other(name) => {
                let other = cluster.authorities.other(name);
                other.and_then(|other| other.name_constraints.clone())
            }
            Self::Intermediate | Self::Issuing | Self::Root => None,
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
        match self {
            Self::Etcd => 1 + u8::from(cluster.authorities.issuing),
            Self::Intermediate | Self::Root => {
                let described = Self::described(cluster).into_iter();
                let below = described.filter(|name| name.issuer(cluster) == Some(self));
                let longest = below.map(|name| name.path_len(cluster)).max();
                longest.map_or(1, |longest| longest.saturating_add(1))
            }
            Self::Issuing => 0,
            Self::Other(name) => {
                let other = cluster.authorities.other(name);
                other.map_or(OtherAuthority::PATH_LENGTH, |other| other.path_length)
            }
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
    type Err = InvalidAuthorityName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Self::CHAIN.into_iter().find(|name| name.as_str() == text) {
            Some(name) => Ok(name),
            None => text.parse().map(Self::Other),
        }
    }
}

/// A text that names no authority.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{name}` cannot be the name of an authority: {reason}")]
pub struct InvalidAuthorityName {
    name: String,
    reason: &'static str,
}
