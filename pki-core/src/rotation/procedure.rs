//! The ways to replace an authority.

use std::fmt;
use std::str::FromStr;

use crate::description::Cluster;
use crate::hierarchy::AuthorityName;

/// A way to replace an authority.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Procedure {
    /// A new authority under the same anchor, and everything below it signed again.
    Reissue,
    /// The new authority is cross-signed by the old one, or signs what that has signed.
    CrossSign,
    /// Members trust both for a while.
    Bundle,
    /// The same name and key in a newer certificate.
    SameKey,
    /// Without overlap: whoever has the old key is shut out at once, and so is for a while whoever
    /// has not loaded what is new.
    Compromise,
}

impl Procedure {
    /// Every procedure.
    pub const ALL: [Self; 5] = [
        Self::Reissue,
        Self::CrossSign,
        Self::Bundle,
        Self::SameKey,
        Self::Compromise,
    ];

    /// Those that replace the key of an authority while the cluster serves, the one with the
    /// fewest restarts first.
    pub fn candidates(cluster: &Cluster, authority: AuthorityName) -> &'static [Self] {
        match Place::of(cluster, authority) {
            Place::Above | Place::Below => &[Self::Reissue],
            Place::Anchor => &[Self::CrossSign, Self::Bundle],
        }
    }

    /// Whether it can replace this authority.
    pub(crate) fn is_for(self, cluster: &Cluster, authority: AuthorityName) -> bool {
        match self {
            Self::Compromise | Self::SameKey => true,
            other => Self::candidates(cluster, authority).contains(&other),
        }
    }

    /// The name that is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reissue => "reissue",
            Self::CrossSign => "cross-sign",
            Self::Bundle => "bundle",
            Self::SameKey => "same-key",
            Self::Compromise => "compromise",
        }
    }
}

impl fmt::Display for Procedure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Procedure {
    type Err = UnknownProcedure;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.as_str() == text)
            .ok_or_else(|| UnknownProcedure(text.to_owned()))
    }
}

/// A text that names no procedure.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{0}` is no procedure: write reissue, cross-sign, bundle, same-key or compromise")]
pub struct UnknownProcedure(String);

/// Where an authority stands, seen from the one that members trust.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// Members trust something below it.
    Above,
    /// Members trust it.
    Anchor,
    /// Members trust something above it.
    Below,
}

impl Place {
    pub(super) fn of(cluster: &Cluster, authority: AuthorityName) -> Self {
        let chain = AuthorityName::chain(cluster);
        let depth = |name: AuthorityName| chain.iter().position(|one| *one == name);
        match depth(authority).cmp(&depth(cluster.trust_anchor.into())) {
            std::cmp::Ordering::Less => Self::Above,
            std::cmp::Ordering::Equal => Self::Anchor,
            std::cmp::Ordering::Greater => Self::Below,
        }
    }
}
