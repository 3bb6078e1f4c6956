//! Going back: to before the last step of a rotation, or to where none is under way.

use time::OffsetDateTime;

use super::landscape::Landscape;
use super::make::{self, Signers, settled};
use super::procedure::Place;
use super::standing::replaced;
use super::{Change, Dropped, Kept, Procedure, RotationError, Step, Underway};
use crate::certificate::Certificate;
use crate::hierarchy::AuthorityName;
use crate::store::StoredAuthority;
use crate::trust::Bundles;

/// Goes back from where a rotation stands, while that shuts nobody out.
pub(super) fn one_step(
    landscape: &Landscape<'_>,
    underway: Underway,
) -> Result<Change, RotationError> {
    let Underway {
        authority, next, ..
    } = underway;
    let place = Place::of(landscape.cluster, authority);
    match next == Step::Strip && place == Place::Anchor {
        true => Err(RotationError::TooLate(authority)),
        false => before(landscape, underway),
    }
}

/// How it was before the last step of a rotation.
pub(super) fn before(
    landscape: &Landscape<'_>,
    underway: Underway,
) -> Result<Change, RotationError> {
    let Underway {
        authority, next, ..
    } = underway;
    let too_late = || RotationError::TooLate(authority);
    let mut path = landscape.path()?;
    let mut chain = None;
    let mut members = landscape.bundles.members.clone();
    let current = &landscape.in_use(authority)?.certificate;
    match next {
        // Members trust both, and the old one signs.
        Step::Sign => members.retain(|one| one.is_twin_of(current)),
        // Members trust both, and the new one signs.
        Step::Trust if members.len() > 1 => {
            let is_old = |one: &Certificate| !one.is_twin_of(current);
            let trusted = |one: &Certificate| members.iter().any(|other| other.is_twin_of(one));
            let mut old = landscape.generations(authority).into_iter();
            let old = old.find(|one| is_old(&one.certificate) && trusted(&one.certificate));
            put_back(landscape, &mut path, old.ok_or_else(too_late)?);
        }
        Step::Trust | Step::Strip => {
            let extra = landscape.extra(&path).ok_or_else(too_late)?;
            let (_, old) = replaced(landscape, extra)?;
            match next == Step::Strip && Place::of(landscape.cluster, authority) == Place::Anchor {
                true => {
                    members = vec![old.certificate.clone()];
                    chain = Some(landscape.bundles.chain.clone());
                }
                false => put_back(landscape, &mut path, old),
            }
        }
        Step::Introduce | Step::Renew | Step::Replace | Step::TrustBoth => {
            return Err(too_late());
        }
    }
    let chain = match chain {
        Some(chain) => chain,
        None => settled(landscape, &path)?.chain,
    };
    let bundles = Bundles::new(landscape.cluster, chain, members, &landscape.kept);
    Ok(Change::to(path, bundles))
}

/// Replaces everything at once from where the rotation stands that is under way. If it is one of
/// another authority, that is dropped first.
pub(super) fn instead_of(
    landscape: &Landscape<'_>,
    underway: Underway,
    authority: AuthorityName,
    signers: &dyn Signers,
    now: OffsetDateTime,
) -> Result<(Change, Dropped), RotationError> {
    let dropped = |kept| Dropped {
        authority: underway.authority,
        procedure: underway.procedure,
        kept,
    };
    if underway.authority == authority {
        let change = make::step(landscape, authority, Step::Replace, signers, now)?;
        return Ok((change, dropped(Kept::Neither)));
    }
    let (without, kept) = without(landscape, underway)?;
    let change = make::step(&without, authority, Step::Replace, signers, now)?;
    Ok((change, dropped(kept)))
}

/// The landscape without the rotation that is under way: a stolen key does not wait for it. Of the
/// two generations that one is kept which nobody has to load anything for: the one that members
/// trust alone; if they trust both the one that signs; above what they trust the old one, which
/// every client has.
fn without<'a>(
    landscape: &Landscape<'a>,
    underway: Underway,
) -> Result<(Landscape<'a>, Kept), RotationError> {
    let mut path = landscape.path()?;
    let kept = match (underway.procedure, underway.next) {
        (Procedure::CrossSign, Step::Trust) | (Procedure::Reissue, _) => {
            if let Some(extra) = landscape.extra(&path) {
                let (_, old) = replaced(landscape, extra)?;
                put_back(landscape, &mut path, old);
            }
            Kept::Old
        }
        (Procedure::Bundle, Step::Sign) => Kept::Old,
        _ => Kept::New,
    };
    let settled = settled(landscape, &path)?;
    // What members trust may be an older certificate of the same key.
    let is_kept = |one: &&Certificate| {
        let mut kept = settled.members.iter();
        kept.any(|kept| kept.is_twin_of(one) && kept.validity.not_after <= one.validity.not_after)
    };
    let trusted: Vec<_> = landscape
        .bundles
        .members
        .iter()
        .filter(is_kept)
        .cloned()
        .collect();
    let members = match trusted.is_empty() {
        true => settled.members,
        false => trusted,
    };
    let bundles = Bundles::new(landscape.cluster, settled.chain, members, &landscape.kept);
    let landscape = landscape.with(landscape.kept.clone(), bundles);
    Ok((landscape, kept))
}

/// Puts an old generation in the place of the one in use, and of what that signed what the old one
/// has signed.
fn put_back(landscape: &Landscape<'_>, path: &mut [StoredAuthority], old: &StoredAuthority) {
    for place in path.iter_mut() {
        if place.name == old.name {
            *place = old.clone();
        } else if place.name.issuer(landscape.cluster) == Some(old.name) {
            let mut generations = landscape.generations(place.name).into_iter();
            let twin = generations.find(|one| one.certificate.is_issued_by(&old.certificate));
            if let Some(twin) = twin {
                *place = twin.clone();
            }
        }
    }
}
