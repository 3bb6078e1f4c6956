//! Where a rotation stands, and what comes next.

use std::fmt;

use super::landscape::Landscape;
use super::make;
use super::procedure::Place;
use super::{Change, Procedure, RotationError};
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::seal::Unlocked;
use crate::store::{Pki, Store, StoredAuthority};
use time::OffsetDateTime;

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

    /// Whether it gives members of this cluster another CA file, in the rotation of `authority`.
    pub fn restarts(self, cluster: &Cluster, authority: AuthorityName) -> bool {
        match self {
            Self::Trust | Self::TrustBoth => true,
            Self::Renew | Self::Replace => Place::of(cluster, authority) == Place::Anchor,
            Self::Introduce | Self::Sign | Self::Strip => false,
        }
    }

    fn first(procedure: Procedure) -> Self {
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

/// Makes the next step of the rotation of `authority`, or the first one of a new rotation. Nothing
/// is written: [`plan_step`](crate::converge::plan_step) takes it.
///
/// # Errors
///
/// When another rotation is under way, the procedure is none for this authority, or a key does not
/// open.
pub fn next_step<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    authority: AuthorityName,
    procedure: Procedure,
    keys: &Unlocked,
    now: OffsetDateTime,
) -> Result<(Step, Change), RotationError> {
    let landscape = Landscape::read(cluster, pki)?;
    let step = step_to_make(&landscape, authority, procedure)?;
    let signers = make::FromStore { pki, keys };
    let change = make::step(&landscape, authority, step, &signers, now)?;
    Ok((step, change))
}

/// Stays where a rotation stands: what a step that was killed left undone is to be done.
///
/// # Errors
///
/// When an authority is missing or the store cannot be read.
pub fn stay<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<Change, RotationError> {
    let landscape = Landscape::read(cluster, pki)?;
    Ok(Change {
        new: Vec::new(),
        in_use: landscape.path()?,
        revocations: Vec::new(),
        bundles: landscape.bundles,
    })
}

/// Takes the rotation that is under way one step back.
///
/// # Errors
///
/// When none is under way, or members may trust the new authority alone.
pub fn abort<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<Change, RotationError> {
    let landscape = Landscape::read(cluster, pki)?;
    let underway = underway(&landscape)?.ok_or(RotationError::NothingUnderway)?;
    make::back(&landscape, underway)
}

/// What comes after a step, when that is made.
///
/// # Errors
///
/// When an authority is missing or the store cannot be read.
pub fn next_after<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    change: &Change,
) -> Result<Option<Underway>, RotationError> {
    underway(&Landscape::read(cluster, pki)?.after(change))
}

/// The step that comes next, be it the first one.
pub(super) fn step_to_make(
    landscape: &Landscape<'_>,
    authority: AuthorityName,
    procedure: Procedure,
) -> Result<Step, RotationError> {
    match underway(landscape)? {
        Some(underway) if (underway.authority, underway.procedure) != (authority, procedure) => {
            Err(RotationError::Underway {
                underway: underway.authority,
                procedure: underway.procedure,
            })
        }
        Some(underway) => Ok(underway.next),
        None => Ok(Step::first(procedure)),
    }
}

pub(super) fn underway(landscape: &Landscape<'_>) -> Result<Option<Underway>, RotationError> {
    if let Some(extra) = landscape.extra(&landscape.path()?) {
        return crossed(landscape, extra).map(Some);
    }
    let anchor = landscape.anchor();
    let members = &landscape.bundles.members;
    let current = &landscape.in_use(anchor)?.certificate;
    let at = |procedure, next| Underway {
        authority: anchor,
        procedure,
        next,
    };
    Ok(match members.as_slice() {
        [one] if !one.is_twin_of(current) => Some(at(Procedure::Compromise, Step::Trust)),
        [one] if one.validity.not_after < current.validity.not_after => {
            Some(at(Procedure::SameKey, Step::Trust))
        }
        [_] => None,
        _ => {
            let mut trusted = landscape.generations(anchor).into_iter();
            let newest = trusted.find(|one| members.contains(&one.certificate));
            let signs = newest.is_some_and(|newest| newest.certificate == *current);
            let next = match signs {
                true => Step::Trust,
                false => Step::Sign,
            };
            Some(at(Procedure::Bundle, next))
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
