//! What may go wrong with agents.

use std::path::PathBuf;

use pki_core::agent::{ContentError, DeliveryError, InvalidLetter, InvalidToken};
use pki_core::key::KeyError;
use pki_core::signer::SignError;

/// Why an agent was not served, or did not do its work.
#[derive(Debug, thiserror::Error)]
pub(in crate::etcdpki) enum AgentError {
    #[error(
        "by what agents report, not every member has loaded all there is:\n  {}\nagents fetch it by themselves: see `etcdpki agent list`, then run this again, or with --wait 10m; where there is no agent, `etcdpki agent invite NODE`; a member that is down is left out by --without NODE",
        .0.join("\n  ")
    )]
    Behind(Vec<String>),
    #[error(transparent)]
    Content(#[from] ContentError),
    #[error("the delivery for {owner}: {source}")]
    Delivery {
        owner: String,
        source: DeliveryError,
    },
    #[error(
        "the group `{0}` is not known on this machine: name the one that may read the keys with --group"
    )]
    Group(String),
    #[error("{}: {source}", .path.display())]
    Letter {
        path: PathBuf,
        source: InvalidLetter,
    },
    #[error(
        "{}: this is the agent of another PKI, whose publisher is {known}: to give it to this one, remove the directory that it is in", .path.display()
    )]
    OtherPublisher { path: PathBuf, known: String },
    #[error(
        "the delivery for {owner} has number {found}, and number {known} is in place: somebody put an old one back; hand out a new one with `etcdpki agent answer`"
    )]
    Older {
        owner: String,
        found: u64,
        known: u64,
    },
    #[error("{}: {owner} has no agent here yet: begin with `etcdpki agent enrol {owner}`", .path.display())]
    NotEnrolled { path: PathBuf, owner: String },
    #[error("{0} has no agent, and never had one: `etcdpki agent list` shows who has")]
    NoAgent(String),
    #[error(
        "agents fetch from a store on etcd: name it with --store, or in the environment with ETCDPKI_STORE"
    )]
    NoStore,
    #[error(
        "{0} is not to be restarted: of {1} members, others than this one are healthy: {2}; bring the rest to health first"
    )]
    NoQuorum(String, usize, String),
    #[error(
        "another agent was admitted for {owner}, as {admitted}: if this machine is to be it, enrol it again with another token, `etcdpki agent invite {owner}`"
    )]
    Replaced { owner: String, admitted: String },
    #[error("no token can be made: {0}")]
    NoToken(#[from] KeyError),
    #[error("{owner} was not admitted: {reason}")]
    Refused { owner: String, reason: String },
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(
        "{}: this file is missing, which the unit of the role etcd-server makes when it starts: nobody knows what the member has loaded; restart it with `systemctl restart {unit}`, and let its unit have ExecStartPre=/usr/bin/touch {}", .path.display(), .path.display()
    )]
    StartUnknown { path: PathBuf, unit: String },
    #[error("{}: {source}", .path.display())]
    Token { path: PathBuf, source: InvalidToken },
    #[error("{}: the token is for {invited}, and not for {asked}: enrol this machine as {invited}, or make another token with `etcdpki agent invite {asked}`", .path.display())]
    TokenOfOther {
        path: PathBuf,
        asked: String,
        invited: String,
    },
    #[error(
        "`{0}` is no node and no client of the description: edit etcdpki.yml and run `etcdpki init`, or give another name"
    )]
    Undescribed(String),
    #[error("`{command}` failed: {answer}; run it by itself to see why")]
    Unit { command: String, answer: String },
    #[error("{owner} was restarted and is not healthy: {why}; see its log: journalctl -u {unit}")]
    Unhealthy {
        owner: String,
        why: String,
        unit: String,
    },
}
