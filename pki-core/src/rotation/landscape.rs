//! The authorities in all their generations, and what is in use of them.

use super::{Change, RotationError};
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::store::{Pki, Store, StoredAuthority};
use crate::trust::{self, Bundles};

/// The authorities in all their generations, and what leaves carry and everybody trusts.
#[derive(Clone, Debug)]
pub(super) struct Landscape<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) kept: Vec<StoredAuthority>,
    pub(super) bundles: Bundles,
    /// Generations whose certificates are waited for.
    requested: Vec<(AuthorityName, u32)>,
}

impl<'a> Landscape<'a> {
    pub(super) fn read<S: Store>(
        cluster: &'a Cluster,
        pki: &Pki<S>,
    ) -> Result<Self, RotationError> {
        let mut requested = Vec::new();
        for name in pki.authority_names()? {
            let request = pki.request(name)?;
            requested.extend(request.map(|request| (name, request.generation)));
        }
        Ok(Self {
            cluster,
            bundles: trust::standing(cluster, pki)?,
            kept: pki.authorities()?,
            requested,
        })
    }

    /// The same after a step.
    pub(super) fn after(&self, change: &Change) -> Self {
        let new = change.new_authorities().cloned();
        Self {
            cluster: self.cluster,
            kept: self.kept.iter().cloned().chain(new).collect(),
            bundles: change.bundles.clone(),
            requested: self.requested.clone(),
        }
    }

    /// The same with other certificates.
    pub(super) fn with(&self, kept: Vec<StoredAuthority>, bundles: Bundles) -> Self {
        Self {
            cluster: self.cluster,
            kept,
            bundles,
            requested: self.requested.clone(),
        }
    }

    /// The authority that members trust.
    pub(super) fn anchor(&self) -> AuthorityName {
        self.cluster.trust_anchor.into()
    }

    /// The generation of an authority that is in use.
    pub(super) fn in_use(&self, name: AuthorityName) -> Result<&StoredAuthority, RotationError> {
        trust::in_use(&self.kept, name, &self.bundles.chain)
            .ok_or(trust::StandingError::Missing(name).into())
    }

    /// The chain from the top, as it is in use.
    pub(super) fn path(&self) -> Result<Vec<StoredAuthority>, RotationError> {
        let chain = AuthorityName::chain(self.cluster).iter();
        chain.map(|name| self.in_use(*name).cloned()).collect()
    }

    /// A certificate that leaves carry besides what is in use: what leads to the old authority.
    pub(super) fn extra(&self, path: &[StoredAuthority]) -> Option<&Certificate> {
        let in_use = |one: &Certificate| path.iter().any(|stored| stored.certificate == *one);
        self.bundles.presented().find(|one| !in_use(one))
    }

    /// The generations of an authority, the newest first.
    pub(super) fn generations(&self, name: AuthorityName) -> Vec<&StoredAuthority> {
        let mut found: Vec<_> = self.kept.iter().filter(|one| one.name == name).collect();
        found.sort_by_key(|one| std::cmp::Reverse(one.generation));
        found
    }

    /// The number of the generation that comes next.
    pub(super) fn next_generation(&self, name: AuthorityName) -> u32 {
        let kept = self.generations(name).into_iter().map(|one| one.generation);
        let requested = self.requested.iter().filter(|(one, _)| *one == name);
        let all = kept.chain(requested.map(|(_, generation)| *generation));
        all.max().unwrap_or(0) + 1
    }

    /// The authorities that one signs, as far as they are there.
    pub(super) fn signed_by(&self, name: AuthorityName) -> Vec<AuthorityName> {
        let described = AuthorityName::described(self.cluster).into_iter();
        described
            .filter(|below| below.issuer(self.cluster) == Some(name))
            .filter(|below| self.kept.iter().any(|one| one.name == *below))
            .collect()
    }

    /// The authority of the chain that one signs; none where it signs leaves.
    pub(super) fn below(&self, name: AuthorityName) -> Option<AuthorityName> {
        let signed = self.signed_by(name).into_iter();
        signed.into_iter().find(|below| !below.is_other())
    }
}
