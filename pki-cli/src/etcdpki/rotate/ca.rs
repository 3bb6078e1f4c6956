//! `etcdpki rotate ca`: replace an authority, a step at each call.

use std::path::Path;
use std::process::ExitCode;

use pki_core::converge;
use pki_core::crl::Reason;
use pki_core::rotation::{self, KeyNeed, Procedure};
use pki_core::signer::Custody;
use pki_core::store::{Pki, StoredAuthority};
use time::{Duration, OffsetDateTime};

use super::barrier::Barrier;
use super::view::View;
use crate::etcdpki::args::RotateCa;
use crate::etcdpki::error::Error;
use crate::etcdpki::init::{self, Renewals, Turn, Work};
use crate::etcdpki::output::{self, date};
use crate::etcdpki::place::Kept;
use crate::etcdpki::{description, live, opened};

/// For how long an authority that was replaced is not replaced again by the same call: who repeats
/// it until it is done must not begin anew.
const RECENT: Duration = Duration::days(30);

/// Runs the command.
pub(super) fn run(arguments: &RotateCa, directory: Option<&Path>) -> Result<ExitCode, Error> {
    let described = description::described()?;
    let cluster = &described.cluster;
    // Whether members are asked or not: who is named is meant to be there.
    live::places(cluster, &arguments.endpoints, &arguments.without)?;
    let now = OffsetDateTime::now_utc();
    let mut work = Work {
        command: "rotate",
        keys: &arguments.keys,
        vault: &arguments.vault,
        generate_secrets: false,
        renewals: Renewals::Step(Turn::Back),
        dry_run: false,
        json: arguments.json,
    };
    if arguments.abort {
        return init::work(&work, &described, directory);
    }
    let pki = opened::read_only()?;
    let planned_at = rotation::standing(cluster, &pki)?.underway;
    let in_use = pki.authority(arguments.authority)?;
    let generation = in_use.as_ref().map(|stored| stored.generation);
    let done = match arguments.again || planned_at.is_some() {
        true => None,
        false => match &in_use {
            Some(stored) => replaced_lately(stored, arguments.procedure, &pki, now)?,
            None => None,
        },
    };
    let told = done.map(|since| {
        format!(
            "note: the {} CA was replaced on {}: no step is left; to replace it again, add --again",
            arguments.authority,
            date(since)
        )
    });
    if let Some(told) = &told {
        output::note(told);
        if !arguments.plan {
            work.renewals = Renewals::Left;
            return init::work(&work, &described, directory);
        }
    }
    // The rest of half a step takes the certificates along, and a stolen key waits for nothing.
    let is_half_a_step = planned_at.is_some_and(|underway| underway.is_half_a_step());
    let goes_on = is_half_a_step || arguments.procedure == Some(Procedure::Compromise);
    if !goes_on && converge::plan(cluster, &pki, now).is_ok_and(|plan| plan.lags()) {
        if arguments.plan {
            return Err(Error::StepCutShort {
                authority: arguments.authority,
            });
        }
        output::note(
            "note: a step was cut short, and certificates have not followed the authorities yet: they are made now; bring what is written to the hosts, and run this again for the next step",
        );
        work.renewals = Renewals::Left;
        return init::work(&work, &described, directory);
    }
    let plan = rotation::plan(cluster, &pki, arguments.authority, arguments.procedure, now)?;
    if arguments.plan {
        let view = View::of(&plan);
        match arguments.json {
            true => output::print_json(&view)?,
            false => output::print(&view.to_text())?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    for (number, step) in plan.steps.iter().enumerate().skip(1) {
        let is_offline = |key: &&KeyNeed| key.custody == Custody::Offline;
        for key in step.keys.iter().filter(is_offline) {
            output::note(&format!(
                "note: step {}, {}, will need the key of the {} CA, which is not here (its ca.signer.yml says offline)",
                number + 1,
                step.step,
                key.authority
            ));
        }
    }
    // A stolen key waits for nobody.
    let overlaps = plan.procedure != Procedure::Compromise;
    let need = plan.steps.first().map(|step| step.clients_need);
    let need = need.filter(|_| overlaps && !arguments.clients_ready);
    drop(pki);
    let barrier = Barrier {
        endpoints: arguments.endpoints.clone(),
        without: arguments.without.clone(),
        #[cfg(feature = "etcd")]
        by_agents: arguments.by_agents,
        wait: arguments.wait,
        is_first: planned_at.is_none(),
    };
    work.renewals = Renewals::Step(Turn::Next {
        authority: arguments.authority,
        procedure: plan.procedure,
        planned_at,
        generation,
        breaks: plan
            .steps
            .first()
            .map(|step| step.breaks.clone())
            .unwrap_or_default(),
        clients_lack: need.map(super::needs).unwrap_or_default(),
        clients_need_next: plan
            .steps
            .get(1)
            .map(|step| super::needs(step.clients_need))
            .unwrap_or_default(),
        barrier: (overlaps && !arguments.unchecked).then(|| Box::new(barrier)),
    });
    init::work(&work, &described, directory)
}

/// When an authority was replaced, if that was a short time ago. One that was signed again below
/// another, with its key until the same day, was not. A key that was stolen since is replaced all
/// the same: only the theft that it was replaced for is over.
fn replaced_lately(
    in_use: &StoredAuthority,
    procedure: Option<Procedure>,
    pki: &Pki<Kept>,
    now: OffsetDateTime,
) -> Result<Option<OffsetDateTime>, Error> {
    let mut generations = pki.authorities()?;
    generations.retain(|one| one.name == in_use.name);
    generations.sort_by_key(|one| one.generation);
    let end = |one: &StoredAuthority| one.certificate.validity.not_after;
    let made = generations
        .iter()
        .position(|one| one.certificate.is_twin_of(&in_use.certificate) && end(one) == end(in_use));
    let before = made.and_then(|at| at.checked_sub(1));
    let Some([older, made, ..]) = before.and_then(|at| generations.get(at..)) else {
        return Ok(None);
    };
    let since = made.certificate.validity.not_before;
    let is_over = match procedure {
        Some(Procedure::Compromise) => pki.revocations()?.iter().any(|revocation| {
            revocation.serial == older.certificate.serial
                && revocation.reason == Reason::CaCompromise
        }),
        _ => true,
    };
    Ok((is_over && now - since < RECENT).then_some(since))
}
