//! The options of `etcdpki agent`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use pki_core::key::Fingerprint;
use pki_core::lifetime::Lifetime;
use pki_core::seal::AgeRecipient;

use super::KeyArguments;

/// Let machines fetch their certificates themselves, from a store on etcd
///
/// For whoever holds the PKI: `invite`, `admit`, `answer`, `list`, `access`, `remove`.
/// On the machine: `enrol`
/// once, and `run` from a timer.
#[derive(Debug, Subcommand)]
#[command(after_help = AGENT)]
pub(in crate::etcdpki) enum Agent {
    Access(AgentAccess),
    Admit(AgentAdmit),
    Answer(AgentAnswer),
    Enrol(AgentEnrol),
    Invite(AgentInvite),
    List(AgentList),
    Remove(AgentRemove),
    Run(AgentRun),
}

/// Make a token with which the agent of a node or client is admitted, once
///
/// The token is a secret. It tells the agent, too, whose signature to trust.
#[derive(Args, Debug)]
#[command(after_help = INVITE)]
pub(in crate::etcdpki) struct AgentInvite {
    /// The node or the client
    pub(in crate::etcdpki) owner: String,
    /// How long it is good
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub(in crate::etcdpki) valid: Lifetime,
    /// Write the token into this file, for its owner alone, in place of printing it
    #[arg(long, value_name = "FILE")]
    pub(in crate::etcdpki) out: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
}

/// Admit the agent that asked without a token, if its age recipient is this one
///
/// `etcdpki agent enrol` prints the recipient on the machine: compare it with what
/// `etcdpki agent list` shows.
#[derive(Args, Debug)]
#[command(after_help = ADMIT)]
pub(in crate::etcdpki) struct AgentAdmit {
    /// The node or the client
    pub(in crate::etcdpki) owner: String,
    /// The recipient that the machine printed
    pub(in crate::etcdpki) recipient: AgeRecipient,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
}

/// Admit who came with a token, and hand out what is new
///
/// `init`, `issue`, `rotate` and `revoke` do so at their end; between them, run this from a timer.
#[derive(Args, Debug)]
#[command(after_help = ANSWER)]
pub(in crate::etcdpki) struct AgentAnswer {
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// Show the agents: what each was handed, what it has on its disk, and what is loaded there
///
/// The exit code is 3 if one waits, lags behind or failed, or was not heard of for an hour.
#[derive(Args, Debug)]
#[command(after_help = LIST)]
pub(in crate::etcdpki) struct AgentList {
    /// Print JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// Withdraw the agent of a machine that is to fetch no more
///
/// It is handed nothing any more, its letters in the store are removed, and tokens that are out for its
/// owner are good no longer. Printed are the commands that take its role away from it in etcd. What it
/// was handed stays good until it expires, or is revoked with `etcdpki revoke`.
#[derive(Args, Debug)]
#[command(after_help = REMOVE)]
pub(in crate::etcdpki) struct AgentRemove {
    /// The node or the client; it need not be described any more
    pub(in crate::etcdpki) owner: String,
    /// The etcd user of its agent, to be removed too
    pub(in crate::etcdpki) user: Option<String>,
}

/// Print the commands with which etcd lets a user be the agent of a node or client, and nothing else
///
/// They may be run again, for another user or to mend what is missing.
#[derive(Args, Debug)]
#[command(after_help = ACCESS)]
pub(in crate::etcdpki) struct AgentAccess {
    /// The node or the client
    pub(in crate::etcdpki) owner: String,
    /// The etcd user: the common name of the certificate that the agent shows to the store
    pub(in crate::etcdpki) user: String,
}

/// On the machine: make the identity of its agent, and ask to be admitted
///
/// It may be done again, with another token; the identity stays.
#[derive(Args, Debug)]
#[command(
    after_help = ENROL,
    group = ArgGroup::new("trust").required(true)
)]
pub(in crate::etcdpki) struct AgentEnrol {
    /// The node or the client
    pub(in crate::etcdpki) owner: String,
    /// The token of `etcdpki agent invite`; `-` reads standard input
    #[arg(long, value_name = "FILE", group = "trust")]
    pub(in crate::etcdpki) token_file: Option<PathBuf>,
    /// Without a token, whose signature to trust, as `etcdpki agent list` shows it: then a person
    /// admits the agent
    #[arg(long, value_name = "SHA256", group = "trust")]
    pub(in crate::etcdpki) publisher: Option<Fingerprint>,
    #[command(flatten)]
    pub(in crate::etcdpki) home: HomeArguments,
}

/// On the machine: fetch what is new, put it in place, restart the member if it must be, and report
///
/// Key and certificate are swapped together, as the role of the playbook does it. A member is restarted
/// only where it must trust other authorities than it has loaded: in turn with the others, and
/// only while they are a quorum without it.
///
/// The exit code is 3 while the agent waits to be admitted.
#[derive(Args, Debug)]
#[command(after_help = RUN)]
pub(in crate::etcdpki) struct AgentRun {
    /// The node or the client
    pub(in crate::etcdpki) owner: String,
    #[command(flatten)]
    pub(in crate::etcdpki) home: HomeArguments,
    /// Where ca.crt, releases and current lie [default: /etc/etcd/pki, of a client /etc/etcd-client]
    #[arg(long, value_name = "DIR")]
    pub(in crate::etcdpki) tls_directory: Option<PathBuf>,
    /// The group that may read the keys [default: etcd, of a client root]
    #[arg(long, value_name = "GROUP")]
    pub(in crate::etcdpki) group: Option<String>,
    /// Where the list of what is revoked lies
    #[arg(long, value_name = "FILE", default_value = "/etc/etcd/etcd.crl")]
    pub(in crate::etcdpki) crl: PathBuf,
    /// The systemd unit of the member
    #[arg(long, value_name = "NAME", default_value = "etcd")]
    pub(in crate::etcdpki) unit: String,
    /// Restart nothing: say in the report that it must be
    #[arg(long)]
    pub(in crate::etcdpki) no_restart: bool,
    /// How long a turn to restart is waited for, and then how long the member may take
    #[arg(long, value_name = "DURATION", default_value = "2m")]
    pub(in crate::etcdpki) timeout: Lifetime,
}

/// Where the agent keeps its identity
#[derive(Args, Debug)]
pub(in crate::etcdpki) struct HomeArguments {
    /// Where the agent keeps its identity, and what it was handed last
    #[arg(long, value_name = "DIR", default_value = "/var/lib/etcdpki")]
    pub(in crate::etcdpki) state_directory: PathBuf,
}

const INVITE: &str = "\
Examples:
  etcdpki agent invite etcd-0 --valid 30m --out etcd-0.token";

const ACCESS: &str = "\
Examples:
  etcdpki agent access etcd-0 agent-etcd-0 | sh";

const REMOVE: &str = "\
Examples:
  etcdpki agent remove etcd-2 agent-etcd-2 | sh
  etcdpki revoke etcd-2";

const ENROL: &str = "\
Examples:
  etcdpki agent enrol etcd-0 --token-file etcd-0.token";

const RUN: &str = "\
Examples:
  etcdpki agent run etcd-0
  etcdpki agent run backup --tls-directory /etc/backup/etcd --group backup";

const AGENT: &str = "\
Examples:
  etcdpki agent invite etcd-0 --out etcd-0.token
  etcdpki agent enrol etcd-0 --token-file etcd-0.token
  etcdpki agent answer && etcdpki agent list";

const ADMIT: &str = "\
Examples:
  etcdpki agent admit etcd-0 age1…";

const ANSWER: &str = "\
Examples:
  etcdpki agent answer
  etcdpki agent answer --age-identity /run/credentials/pipeline.key --json";

const LIST: &str = "\
Examples:
  etcdpki agent list
  etcdpki agent list --json | jq '.agents[]'";
