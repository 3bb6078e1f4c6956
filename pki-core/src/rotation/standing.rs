//! Where a rotation stands: what is under way, and which step comes next.

use super::landscape::Landscape;
use super::procedure::Place;
use super::{Procedure, RotationError, Step};
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::store::{Pki, Store, StoredAuthority};

/// Where the rotation of authorities stands.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Standing {
    /// The rotation that is under way.
    pub underway: Option<Underway>,
}

/// A rotation that is under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Underway {
    /// The authority that is replaced.
    pub authority: AuthorityName,
    /// How.
    pub procedure: Procedure,
    /// The step that comes next.
    pub next: Step,
}

impl Underway {
    /// Whether the step that is left is a part of one that was killed. What was written of it holds
    /// together with that part alone: leaves that the new authority signed are no good to who
    /// trusts the old one.
    pub fn is_half_a_step(&self) -> bool {
        // Each of the two is one step, after which nothing is under way.
        matches!(self.procedure, Procedure::Compromise | Procedure::SameKey)
    }
}

/// Reads where a rotation stands.
///
/// # Errors
///
/// When an authority is missing or the store cannot be read.
pub fn standing<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<Standing, RotationError> {
    Ok(Standing {
        underway: underway(&Landscape::read(cluster, pki)?)?,
    })
}

/// Reads what is under way from what leaves carry and what members trust.
pub(super) fn underway(landscape: &Landscape<'_>) -> Result<Option<Underway>, RotationError> {
    match landscape.extra(&landscape.path()?) {
        Some(extra) => crossed(landscape, extra).map(Some),
        None => told_by_trust(landscape),
    }
}

/// A rotation in which leaves carry nothing besides, so that what members trust tells of it.
fn told_by_trust(landscape: &Landscape<'_>) -> Result<Option<Underway>, RotationError> {
    let anchor = landscape.anchor();
    let current = landscape.in_use(anchor)?;
    let at = |procedure, next| {
        Some(Underway {
            authority: anchor,
            procedure,
            next,
        })
    };
    let signing = &current.certificate;
    Ok(match landscape.bundles.members.as_slice() {
        // Two that were killed between what leaves carry and what members trust.
        [one] if !one.is_twin_of(signing) => at(Procedure::Compromise, Step::Trust),
        [one] if one.validity.not_after < signing.validity.not_after => {
            at(Procedure::SameKey, Step::Trust)
        }
        [_] => None,
        members => {
            let mut generations = landscape.generations(anchor).into_iter();
            let newest = generations.find(|one| members.contains(&one.certificate));
            let new_one_signs = newest.is_some_and(|newest| newest.certificate == *signing);
            match new_one_signs {
                true => at(Procedure::Bundle, Step::Trust),
                false => at(Procedure::Bundle, Step::Sign),
            }
        }
    })
}

/// A rotation in which leaves carry `extra` besides what is in use.
fn crossed(landscape: &Landscape<'_>, extra: &Certificate) -> Result<Underway, RotationError> {
    let cluster = landscape.cluster;
    let (authority, _) = replaced(landscape, extra)?;
    let place = Place::of(cluster, authority);
    let current = &landscape.in_use(authority)?.certificate;
    let mut members = landscape.bundles.members.iter();
    let trusted = members.any(|one| one.is_twin_of(current));
    Ok(Underway {
        authority,
        procedure: match place {
            Place::Anchor => Procedure::CrossSign,
            Place::Above | Place::Below => Procedure::Reissue,
        },
        next: match place == Place::Anchor && !trusted {
            true => Step::Trust,
            false => Step::Strip,
        },
    })
}

/// The authority that is replaced where leaves carry `extra`, and its old generation: who signed
/// that.
pub(super) fn replaced<'a>(
    landscape: &'a Landscape<'_>,
    extra: &Certificate,
) -> Result<(AuthorityName, &'a StoredAuthority), RotationError> {
    let signing = AuthorityName::signing(landscape.cluster);
    let kept = landscape.kept.iter().find(|one| one.certificate == *extra);
    let authority = match kept {
        // The old certificate of an authority below it.
        Some(twin) => twin.name.issuer(landscape.cluster).unwrap_or(twin.name),
        // The new authority, signed by the old one.
        None => signing,
    };
    let mut generations = landscape.generations(authority).into_iter();
    let old = generations.find(|one| extra.is_issued_by(&one.certificate));
    let missing = || RotationError::from(crate::trust::StandingError::Missing(authority));
    Ok((authority, old.ok_or_else(missing)?))
}
