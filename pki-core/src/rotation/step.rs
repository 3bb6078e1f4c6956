//! The steps that rotations are made of.

use std::fmt;

use super::Procedure;

/// A step of a rotation: what it changes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Step {
    /// The new authority signs; leaves carry what leads to the old one, too, where somebody needs
    /// that.
    Introduce,
    /// A newer certificate of the same authority is carried and trusted.
    Renew,
    /// Everything is replaced at once.
    Replace,
    /// The new authority, which members trust already, signs.
    Sign,
    /// Leaves do not carry any more what leads to the old authority.
    Strip,
    /// Members trust the new authority alone.
    Trust,
    /// Members trust the new authority beside the old one.
    TrustBoth,
}

impl Step {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Introduce => "introduce",
            Self::Renew => "renew",
            Self::Replace => "replace",
            Self::Sign => "sign",
            Self::Strip => "strip",
            Self::Trust => "trust",
            Self::TrustBoth => "trust-both",
        }
    }

    pub(super) fn first(procedure: Procedure) -> Self {
        match procedure {
            Procedure::Bundle => Self::TrustBoth,
            Procedure::Compromise => Self::Replace,
            Procedure::CrossSign | Procedure::Reissue => Self::Introduce,
            Procedure::SameKey => Self::Renew,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
