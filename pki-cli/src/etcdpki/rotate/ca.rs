//! `etcdpki rotate ca`: replace an authority, a step at each call.

use std::path::Path;
use std::process::ExitCode;

use pki_core::rotation::{self, KeyNeed, Procedure};
use pki_core::signer::Custody;
use pki_core::store::StoredAuthority;
use time::{Duration, OffsetDateTime};

use super::barrier::Barrier;
use super::view::View;
use crate::etcdpki::args::RotateCa;
use crate::etcdpki::error::Error;
use crate::etcdpki::init::{self, Renewals, Turn, Work};
use crate::etcdpki::output::{self, date};
use crate::etcdpki::{description, opened};

/// For how long an authority that was replaced is not replaced again by the same call: who repeats
/// it until it is done must not begin anew.
const RECENT: Duration = Duration::days(30);

/// Runs the command.
pub(super) fn run(arguments: &RotateCa, directory: Option<&Path>) -> Result<ExitCode, Error> {
    let described = description::described()?;
    let cluster = &described.cluster;
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
        false => in_use.and_then(|stored| replaced_lately(&stored, now)),
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
            // What a step that was killed left undone is done now.
            work.renewals = Renewals::None;
            return init::work(&work, &described, directory);
        }
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
        barrier: (overlaps && !arguments.unchecked).then(|| Box::new(barrier)),
    });
    init::work(&work, &described, directory)
}

/// When an authority was replaced, if that was a short time ago.
fn replaced_lately(stored: &StoredAuthority, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let since = stored.certificate.validity.not_before;
    (stored.generation > 1 && now - since < RECENT).then_some(since)
}
