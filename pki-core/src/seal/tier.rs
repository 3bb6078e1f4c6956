//! The two tiers of private keys.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which data key seals a private key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Tier {
    /// The root's key alone: it can be taken offline.
    Root,
    /// Every other key.
    Issuing,
}

impl Tier {
    /// Both tiers.
    pub const ALL: [Self; 2] = [Self::Root, Self::Issuing];

    /// The tier's name in the keyring and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuing => "issuing",
        }
    }

    pub(super) fn code(self) -> u8 {
        match self {
            Self::Root => 0,
            Self::Issuing => 1,
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One tier or both: what a slot opens.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Tiers {
    /// Every key.
    Both,
    /// Every key but the root's.
    Issuing,
    /// The root's key alone.
    Root,
}

impl Tiers {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Both, Self::Issuing, Self::Root];

    /// The name of the choice: `both`, or that of the tier.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Issuing => Tier::Issuing.as_str(),
            Self::Root => Tier::Root.as_str(),
        }
    }

    /// Whether a tier is one of them.
    pub fn contains(self, tier: Tier) -> bool {
        match self {
            Self::Both => true,
            Self::Issuing => tier == Tier::Issuing,
            Self::Root => tier == Tier::Root,
        }
    }

    /// The tiers themselves.
    pub fn iter(self) -> impl Iterator<Item = Tier> {
        Tier::ALL
            .into_iter()
            .filter(move |tier| self.contains(*tier))
    }

    /// Those of the two tiers for which `holds` is true, if it is for any.
    pub fn where_true(holds: impl Fn(Tier) -> bool) -> Option<Self> {
        match (holds(Tier::Root), holds(Tier::Issuing)) {
            (true, true) => Some(Self::Both),
            (false, true) => Some(Self::Issuing),
            (true, false) => Some(Self::Root),
            (false, false) => None,
        }
    }
}

impl From<Tier> for Tiers {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Issuing => Self::Issuing,
            Tier::Root => Self::Root,
        }
    }
}

impl FromStr for Tiers {
    type Err = UnknownTiers;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|tiers| tiers.as_str() == text)
            .ok_or_else(|| UnknownTiers(text.to_owned()))
    }
}

impl fmt::Display for Tiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no [`Tiers`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no tier: choose both, issuing or root")]
pub struct UnknownTiers(String);

/// Something for one tier, or for both.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PerTier<T> {
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    root: Option<T>,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    issuing: Option<T>,
}

impl<T> PerTier<T> {
    pub(super) fn get(&self, tier: Tier) -> Option<&T> {
        match tier {
            Tier::Root => self.root.as_ref(),
            Tier::Issuing => self.issuing.as_ref(),
        }
    }

    pub(super) fn slot(&mut self, tier: Tier) -> &mut Option<T> {
        match tier {
            Tier::Root => &mut self.root,
            Tier::Issuing => &mut self.issuing,
        }
    }

    /// The tiers that there is something for.
    pub(super) fn tiers(&self) -> Option<Tiers> {
        Tiers::where_true(|tier| self.get(tier).is_some())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tiers().is_none()
    }
}

impl<T> Default for PerTier<T> {
    fn default() -> Self {
        Self {
            root: None,
            issuing: None,
        }
    }
}

fn none<T>() -> Option<T> {
    None
}
