//! A step of the rotation of an authority: what it makes, and that it holds.

use pki_core::Cluster;
use pki_core::converge::{self, Plan, State};
use pki_core::rotation::{self, Broken, Moment, Restarts, RotationError, Standing};
use pki_core::seal::Unlocked;
use pki_core::store::Pki;
use time::OffsetDateTime;

use super::Turn;
use super::report::Report;
use crate::etcdpki::error::Error;
use crate::etcdpki::output;
use crate::etcdpki::place::{Kept, Place};
use crate::etcdpki::rotate::report::Rotation;

/// The plan of the step, and what is told of it; where the vault files are behind, what they lack
/// comes first.
pub(super) fn plan(
    turn: &Turn,
    is_behind: bool,
    cluster: &Cluster,
    pki: &Pki<Kept>,
    keys: &Unlocked,
    now: OffsetDateTime,
) -> Result<(Plan, Option<Rotation>), Error> {
    let Standing { underway, .. } = rotation::standing(cluster, pki)?;
    let (change, told) = match turn {
        Turn::Back => {
            let underway = underway.ok_or(RotationError::NothingUnderway)?;
            let back = rotation::abort(cluster, pki)?;
            let told = Rotation::back(underway.authority, underway.procedure, back.left);
            (back.change, told)
        }
        Turn::Next {
            authority,
            procedure,
            planned_at,
            generation,
            clients_lack,
            clients_need_next,
            breaks,
            barrier,
        } => {
            let (authority, procedure) = (*authority, *procedure);
            // It was planned before the PKI was locked.
            let in_use = pki.authority(authority)?.map(|stored| stored.generation);
            if (underway, in_use) != (*planned_at, *generation) {
                return Err(RotationError::Overtaken.into());
            }
            if is_behind && !underway.is_some_and(|underway| underway.is_half_a_step()) {
                output::note(&format!(
                    "note: vault files hold something else than {}/, as a command that was killed leaves them: they are written now; bring them to the hosts, and run this again for the next step",
                    Place::own()
                ));
                let change = rotation::stay(cluster, pki)?;
                return Ok((converge::plan_step(cluster, pki, change, now)?, None));
            }
            if !clients_lack.is_empty() {
                let what = clients_lack.join(" and ");
                return Err(Error::ClientsNotReady { what });
            }
            if let Some(barrier) = barrier {
                barrier.pass(cluster, pki, keys)?;
            }
            let made = rotation::next_step(cluster, pki, authority, procedure, keys, now)?;
            let mut told = Rotation::next(authority, procedure, &made, breaks);
            told.clients_need_next.clone_from(clients_need_next);
            (made.change, told)
        }
    };
    let plan = converge::plan_step(cluster, pki, change, now)?;
    Ok((plan, Some(told)))
}

/// Validates what was made, before it is written, as the plan was.
pub(super) fn prove(
    cluster: &Cluster,
    pki: &Pki<Kept>,
    before: &State,
    after: &State,
    report: &mut Report,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let Some(told) = &mut report.rotation else {
        return Ok(());
    };
    let (before, after) = (Moment::of(cluster, before), Moment::of(cluster, after));
    let proof = rotation::prove(&before, &after, pki.watcher(), now);
    told.proved(&proof, Restarts::of(&before, &after, &proof));
    let refused = proof.refused(told.procedure);
    match refused.split_first() {
        Some((broken, more)) => Err(RotationError::Broken {
            procedure: told.procedure,
            authority: told.authority,
            broken: Box::new(Broken::clone(broken)),
            more: more.len(),
        }
        .into()),
        None => Ok(()),
    }
}
