//! `etcdpki agent`: machines that fetch their certificates themselves.

mod access;
mod answer;
mod contents;
mod enrol;
mod error;
mod home;
mod install;
mod invite;
mod list;
mod member;
mod remove;
mod run;
mod standing;

use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::seal::Unlocked;
use pki_core::store::Pki;

use super::args::{Agent, KeyArguments};
use super::error::Error;
use super::place::Kept;
use super::{keys, opened};
pub(super) use answer::hand_out;
pub(super) use error::AgentError;
pub(super) use standing::behind;

/// Runs the command.
pub(super) fn run(agent: &Agent) -> Result<ExitCode, Error> {
    match agent {
        Agent::Access(access) => access::run(access),
        Agent::Admit(admit) => answer::run_admit(admit),
        Agent::Answer(answer) => answer::run(answer),
        Agent::Enrol(enrol) => enrol::run(enrol),
        Agent::Invite(invite) => invite::run(invite),
        Agent::List(list) => list::run(list),
        Agent::Remove(remove) => remove::run(remove),
        Agent::Run(run) => run::run(run),
    }
}

/// The PKI, to be changed by a command, with its keys opened: in a store that agents fetch from.
fn open(command: &str, arguments: &KeyArguments) -> Result<(Pki<Kept>, Unlocked), Error> {
    let (pki, keyring) = opened::existing(Some(command))?;
    pki.store().etcd()?;
    let keys = keys::open(arguments, &pki, &keyring)?;
    Ok((pki, keys))
}

/// Refuses whom the description does not know.
fn check_described(cluster: &Cluster, owner: &str) -> Result<(), AgentError> {
    let mut nodes = cluster.nodes.iter();
    let is_node = nodes.any(|node| node.name.as_str() == owner);
    let is_client = cluster.clients.iter().any(|name| name.as_str() == owner);
    match is_node || is_client {
        true => Ok(()),
        false => Err(AgentError::Undescribed(owner.to_owned())),
    }
}

/// The exit code that says that something waits or is not as it should be.
const DUE: u8 = 3;
