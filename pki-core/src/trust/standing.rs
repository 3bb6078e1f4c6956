//! Where the trust of a PKI stands, read from its files.

use super::Bundles;
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::lint::BundleUse;
use crate::store::{Pki, Store, StoreError, StoredAuthority};

/// The bundles as they stand.
///
/// Files that do not fit the authorities are not believed: where every authority has one
/// generation, what must stand in them is known without them.
///
/// # Errors
///
/// When an authority is missing; when a file is missing or does not fit, and the generations of
/// an authority leave open what must stand in it.
pub fn standing<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<Bundles, StandingError> {
    let mut in_use = Vec::new();
    for name in AuthorityName::chain(cluster) {
        let stored = pki.authority(*name)?;
        in_use.push(stored.ok_or(StandingError::Missing(*name))?);
    }
    let kept = pki.authorities()?;
    let settled = Bundles::settled(cluster, &in_use).map_err(StandingError::Missing)?;
    let several = |name: AuthorityName| kept.iter().filter(|one| one.name == name).count() > 1;
    let chain = match pki.chain()? {
        Some(chain) if fits_chain(cluster, &chain, &kept, &in_use) => chain,
        _ if AuthorityName::chain(cluster)
            .iter()
            .any(|name| several(*name)) =>
        {
            return Err(StandingError::Chain {
                path: pki.locate_chain(),
            });
        }
        _ => settled.chain,
    };
    let anchor = AuthorityName::from(cluster.trust_anchor);
    let members = match trusted(pki)? {
        Some(members) if fits_members(anchor, &members, &kept) => members,
        found => {
            // Another anchor is described than before: each generation of the old one that is
            // trusted stands below or above the new one, so that the new one alone will do.
            let other = found.is_some_and(|found| is_of_another(anchor, &found, &kept));
            let in_use = |one: &Certificate| in_use.iter().any(|stored| stored.certificate == *one);
            let crossed = chain.iter().any(|one| !in_use(one));
            if several(anchor) && (crossed || !other) {
                return Err(StandingError::Members {
                    path: pki.locate_trust(BundleUse::Members),
                    anchor,
                });
            }
            settled.members
        }
    };
    Ok(Bundles::new(cluster, chain, members, &kept))
}

fn trusted<S: Store>(pki: &Pki<S>) -> Result<Option<Vec<Certificate>>, StoreError> {
    let file = pki.trust_file(BundleUse::Members)?;
    Ok(file.and_then(|(_, text)| crate::certificate::bundle::read(&text).ok()))
}

/// The signing authority first, and each of the others kept here, or the twin of one: the same
/// name and key, signed by another authority. Those in use between it and the top are all in it.
fn fits_chain(
    cluster: &Cluster,
    chain: &[Certificate],
    kept: &[StoredAuthority],
    in_use: &[StoredAuthority],
) -> bool {
    let signing = AuthorityName::signing(cluster);
    let top = AuthorityName::top(cluster);
    let is_known = |one: &Certificate| kept.iter().any(|kept| kept.certificate.is_twin_of(one));
    let is_in_chain = |stored: &StoredAuthority| {
        (stored.name == top && top != signing) || chain.contains(&stored.certificate)
    };
    let first_signs = chain.first().is_some_and(|first| {
        let mut signers = kept.iter().filter(|kept| kept.name == signing);
        signers.any(|kept| kept.certificate.is_twin_of(first))
    });
    first_signs && chain.iter().all(is_known) && in_use.iter().all(is_in_chain)
}

/// Generations of the anchor.
fn fits_members(anchor: AuthorityName, members: &[Certificate], kept: &[StoredAuthority]) -> bool {
    members.iter().all(|one| {
        let mut generations = kept.iter().filter(|kept| kept.name == anchor);
        generations.any(|kept| kept.certificate == *one)
    })
}

fn is_of_another(anchor: AuthorityName, members: &[Certificate], kept: &[StoredAuthority]) -> bool {
    members.iter().all(|one| {
        kept.iter()
            .any(|kept| kept.name != anchor && kept.certificate == *one)
    })
}

/// Why it is not known where trust stands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StandingError {
    /// The file with the chain.
    #[error(
        "{path}: it is missing or does not fit the authorities, of which there is more than one generation, so that only it tells which of them signs: restore it from a copy"
    )]
    Chain {
        /// The file.
        path: String,
    },
    /// The CA file of members.
    #[error(
        "{path}: it is missing or does not fit the generations of the {anchor} authority, so that only a copy of it tells which of them members trust: restore it"
    )]
    Members {
        /// The file.
        path: String,
        /// What members trust.
        anchor: AuthorityName,
    },
    /// An authority is missing.
    #[error("authorities/{0} is missing")]
    Missing(AuthorityName),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
