//! `etcdpki agent remove`: a machine that is to fetch no more.

use std::process::ExitCode;

use pki_core::store::{Batch, Pki};
use time::OffsetDateTime;

use super::{AgentError, access};
use crate::etcdpki::args::AgentRemove;
use crate::etcdpki::error::Error;
use crate::etcdpki::place::{Kept, Place};
use crate::etcdpki::{opened, output};

/// Runs the command.
pub(super) fn run(arguments: &AgentRemove) -> Result<ExitCode, Error> {
    let owner = arguments.owner.as_str();
    let place = Place::own();
    let address = place.address().ok_or(AgentError::NoStore)?;
    let (mut pki, _) = opened::existing(Some("agent remove"))?;
    let letters = pki.store().etcd()?.letters_of(owner)?;
    let mut admissions = pki.admissions()?;
    admissions.retain(|agent| agent.owner == owner);
    let mut invitations = pki.invitations()?;
    invitations.retain(|invitation| invitation.owner == owner);
    if letters.is_empty() && admissions.is_empty() && invitations.is_empty() {
        return Err(AgentError::NoAgent(owner.to_owned()).into());
    }
    let now = OffsetDateTime::now_utc();
    let mut batch = Batch::default();
    let (mut agents, mut tokens) = (0, 0);
    for agent in admissions.iter().filter(|agent| agent.withdrawn.is_none()) {
        Pki::<Kept>::withdraw_agent(&mut batch, agent, now);
        agents += 1;
    }
    for invitation in invitations.iter().filter(|one| one.is_good(now)) {
        Pki::<Kept>::withdraw_invitation(&mut batch, invitation, now);
        tokens += 1;
    }
    // Nobody is handed anything between the two.
    if agents + tokens > 0 {
        pki.commit(batch)?;
    }
    let post: Vec<_> = letters
        .iter()
        .map(|letter| (*letter, owner, None))
        .collect();
    pki.store().etcd()?.post(&post)?;
    output::note(&match (agents, tokens) {
        (0, 0) => format!("{owner} has no agent any more, and no token that is good"),
        (0, _) => format!("withdrew the tokens for an agent of {owner} ({tokens})"),
        (_, 0) => format!("withdrew the agent of {owner}"),
        _ => format!("withdrew the agent of {owner}, and the tokens for another ({tokens})"),
    });
    output::note(&format!(
        "what it was handed is good until it expires: `etcdpki revoke {owner}` takes that from it; \
         and whoever is root of etcd takes its permissions with these commands:"
    ));
    output::print_verbatim(&access::withdrawal(
        address,
        owner,
        arguments.user.as_deref(),
    ))?;
    Ok(ExitCode::SUCCESS)
}
