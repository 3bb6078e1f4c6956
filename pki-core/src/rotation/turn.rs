//! The turns that a rotation can take: a step on, a step back, or none.

use time::OffsetDateTime;

use super::back;
use super::landscape::Landscape;
use super::make::{self, Signers};
use super::plan::refuse_request;
use super::standing::underway;
use super::{Change, Procedure, RotationError, Step, Underway};
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::seal::Unlocked;
use crate::store::{Pki, Store};

/// A step that is made, and not written yet: [`plan_step`](crate::converge::plan_step) takes what
/// it changes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Made {
    /// Which one.
    pub step: Step,
    /// What it changes.
    pub change: Change,
    /// What comes after it.
    pub next: Option<Underway>,
    /// The rotation that it puts an end to.
    pub dropped: Option<Dropped>,
}

/// A step back, which is not written yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct TakenBack {
    /// What it changes.
    pub change: Change,
    /// Where the rotation stands then; none is left of it otherwise.
    pub left: Option<Underway>,
}

/// A rotation that was under way and that a stolen key had no time for: nothing is left of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Dropped {
    /// The authority that was being replaced.
    pub authority: AuthorityName,
    /// How.
    pub procedure: Procedure,
    /// Which of the two stays.
    pub kept: Kept,
}

/// What stays of a rotation that was dropped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept {
    /// None of the two: the key of this very authority is in wrong hands.
    Neither,
    /// The new authority: the rotation is done.
    New,
    /// The old authority: the rotation has to begin anew.
    Old,
}

/// Makes the next step of the rotation of `authority`, or the first one of a new rotation.
///
/// # Errors
///
/// When another rotation is under way, unless a key is in wrong hands; when the procedure is none
/// for this authority, or a key does not open.
pub fn next_step<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    authority: AuthorityName,
    procedure: Procedure,
    keys: &Unlocked,
    now: OffsetDateTime,
) -> Result<Made, RotationError> {
    if procedure != Procedure::Compromise {
        refuse_request(pki, authority)?;
    }
    let landscape = Landscape::read(cluster, pki)?;
    let signers = make::FromStore { pki, keys };
    step_from(&landscape, authority, procedure, &signers, now)
}

/// Stays where a rotation stands: what a step that was killed left undone is to be done.
///
/// # Errors
///
/// When an authority is missing or the store cannot be read.
pub fn stay<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<Change, RotationError> {
    let landscape = Landscape::read(cluster, pki)?;
    Ok(Change::to(landscape.path()?, landscape.bundles))
}

/// Takes the rotation that is under way one step back.
///
/// # Errors
///
/// When none is under way, or members may trust the new authority alone.
pub fn abort<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<TakenBack, RotationError> {
    let landscape = Landscape::read(cluster, pki)?;
    let begun = underway(&landscape)?.ok_or(RotationError::NothingUnderway)?;
    let change = back::one_step(&landscape, begun)?;
    Ok(TakenBack {
        left: underway(&landscape.after(&change))?,
        change,
    })
}

/// Makes the step that comes next, be it the first one.
pub(super) fn step_from(
    landscape: &Landscape<'_>,
    authority: AuthorityName,
    procedure: Procedure,
    signers: &dyn Signers,
    now: OffsetDateTime,
) -> Result<Made, RotationError> {
    let (step, change, dropped) = match underway(landscape)? {
        Some(begun) if (begun.authority, begun.procedure) == (authority, procedure) => {
            let change = make::step(landscape, authority, begun.next, signers, now)?;
            (begun.next, change, None)
        }
        // Whoever has the key does not wait.
        Some(begun) if procedure == Procedure::Compromise => {
            let (change, dropped) = back::instead_of(landscape, begun, authority, signers, now)?;
            (Step::Replace, change, Some(dropped))
        }
        Some(begun) => {
            return Err(RotationError::Underway {
                underway: begun.authority,
                procedure: begun.procedure,
            });
        }
        None => {
            let step = Step::first(procedure);
            let change = make::step(landscape, authority, step, signers, now)?;
            (step, change, None)
        }
    };
    Ok(Made {
        step,
        next: underway(&landscape.after(&change))?,
        change,
        dropped,
    })
}
