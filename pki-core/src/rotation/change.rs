//! What a step makes.

use crate::authority::Authority;
use crate::hierarchy::AuthorityName;
use crate::revocation::Revocation;
use crate::signer::Custody;
use crate::store::StoredAuthority;
use crate::trust::Bundles;

/// What a step makes: authorities, and what leaves carry and everybody trusts from then on. The
/// leaves follow from it.
#[derive(Debug)]
pub struct Change {
    /// Authorities that are not kept yet.
    pub(crate) new: Vec<NewAuthority>,
    /// The chain from the top, as it is in use from then on.
    pub(crate) in_use: Vec<StoredAuthority>,
    /// Authorities that are revoked with it.
    pub(crate) revocations: Vec<Revocation>,
    /// What leaves carry, and what members and clients trust.
    pub(crate) bundles: Bundles,
}

impl Change {
    /// To what is kept already.
    pub(super) fn to(in_use: Vec<StoredAuthority>, bundles: Bundles) -> Self {
        Self {
            new: Vec::new(),
            in_use,
            revocations: Vec::new(),
            bundles,
        }
    }

    /// What leaves carry, and what members and clients trust from then on.
    pub fn bundles(&self) -> &Bundles {
        &self.bundles
    }

    /// Authorities that are not kept yet.
    pub(crate) fn new_authorities(&self) -> impl Iterator<Item = &StoredAuthority> {
        self.new.iter().map(|made| &made.stored)
    }

    /// The chain as a plan of what is missing takes it.
    pub(crate) fn planned(&self) -> Vec<(AuthorityName, Option<StoredAuthority>)> {
        let in_use = self.in_use.iter();
        in_use
            .map(|stored| (stored.name, Some(stored.clone())))
            .collect()
    }
}

/// An authority that is not kept yet, and what signs for it.
#[derive(Debug)]
pub struct NewAuthority {
    pub(crate) stored: StoredAuthority,
    pub(crate) authority: Authority,
    /// Where its key is.
    pub(crate) custody: Custody,
}
