//! The options of `etcdpki rotate`.

use clap::{Args, Subcommand};
use pki_core::hierarchy::AuthorityName;
use pki_core::lifetime::Lifetime;
use pki_core::name::Label;
use pki_core::rotation::Procedure;

use crate::etcdpki::live::Endpoint;

use super::{KeyArguments, VaultArguments};

/// Renew the certificates that are due, or replace an authority
///
/// A certificate is renewed when a third of its validity is left (`certificates.renew_before` in
/// the description), or up to a tenth of it earlier: by its serial number, so that members whose
/// certificates were made together do not expire together for ever. It keeps its key, so that one
/// file alone changes and no handshake sees a key that does not match; every second time it gets a
/// new one. Vault files follow, and revocation lists that are due are signed.
///
/// Run it every day: `etcdpki status` says that something is due only where this was not done.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(in crate::etcdpki) struct Rotate {
    #[command(subcommand)]
    pub(in crate::etcdpki) what: Option<RotateWhat>,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    #[command(flatten)]
    pub(in crate::etcdpki) vault: VaultArguments,
    /// Say what would be renewed, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// What is rotated besides what is due.
#[derive(Debug, Subcommand)]
pub(in crate::etcdpki) enum RotateWhat {
    Ca(RotateCa),
}

/// Replace an authority, a step at each call
///
/// Without --procedure the one with the fewest restarts is taken that holds:
///
///   reissue     a new authority under the same anchor; no restart
///   cross-sign  the old authority signs the new one, or the new one what the old one signed:
///               one restart of each member
///   bundle      members trust both for a while: two restarts
///   same-key    a newer certificate of the same key: one restart if members trust it
///   compromise  no overlap, everything at once: an outage, and the old authority is revoked
///
/// --plan shows the steps. Before anything is written, every certificate that may be presented
/// while some have what is new and some do not is validated against every CA file that may be in
/// force meanwhile; a pair that does not hold is named, and nothing is done.
///
/// Where a rotation stands is read from the certificates. Before each step every member is asked
/// which certificates it presents, and, by a client's certificate that holds for five minutes,
/// whether it has loaded what members trust now. One that has not is named, and nothing is done.
/// After each step bring the files to the hosts, and call this again.
#[derive(Args, Debug)]
#[command(after_help = CA_EXAMPLES, verbatim_doc_comment)]
pub(in crate::etcdpki) struct RotateCa {
    /// root, intermediate, etcd or issuing
    pub(in crate::etcdpki) authority: AuthorityName,
    /// How: reissue, cross-sign, bundle, same-key or compromise
    #[arg(long, value_name = "PROCEDURE", conflicts_with = "abort")]
    pub(in crate::etcdpki) procedure: Option<Procedure>,
    /// Show and prove the steps that are left, and write nothing; no passphrase is needed
    #[arg(long, visible_alias = "dry-run", conflicts_with = "abort")]
    pub(in crate::etcdpki) plan: bool,
    /// Go one step back; that is refused where it would shut somebody out
    #[arg(long)]
    pub(in crate::etcdpki) abort: bool,
    /// Clients have been brought what the steps before have made for them: nobody can ask them
    #[arg(long)]
    pub(in crate::etcdpki) clients_ready: bool,
    /// Wait so long for members that have not loaded what there is, instead of naming them and
    /// ending
    #[arg(
        long,
        value_name = "TIME",
        value_parser = patience,
        conflicts_with_all = ["abort", "unchecked"]
    )]
    pub(in crate::etcdpki) wait: Option<Lifetime>,
    /// Go on without this member, which is down, and is brought every file before it starts again;
    /// repeat it for more
    #[arg(long, value_name = "NODE", conflicts_with = "unchecked")]
    pub(in crate::etcdpki) without: Vec<Label>,
    /// Where a member is reached from here, if not at its first address on ports 2379 and 2380;
    /// repeat it for more
    #[arg(
        long = "endpoint",
        value_name = "NODE=CLIENT,PEER",
        conflicts_with = "unchecked"
    )]
    pub(in crate::etcdpki) endpoints: Vec<Endpoint>,
    /// Go by what agents report of the members, in place of asking these: no member need be
    /// reached from here
    #[cfg(feature = "etcd")]
    #[arg(long, conflicts_with_all = ["abort", "unchecked", "endpoints"])]
    pub(in crate::etcdpki) by_agents: bool,
    /// Do not ask the members, which cannot be reached from here or were never started: each was
    /// seen to have loaded what there is
    #[arg(long, conflicts_with = "abort")]
    pub(in crate::etcdpki) unchecked: bool,
    /// Replace an authority again that was replaced less than 30 days ago
    #[arg(long)]
    pub(in crate::etcdpki) again: bool,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    #[command(flatten)]
    pub(in crate::etcdpki) vault: VaultArguments,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// For how long members are waited for.
fn patience(text: &str) -> Result<Lifetime, String> {
    text.parse().map_err(|_| {
        format!(
            "`{text}`: write a whole number above 0 and one of s, m, h, such as 10m; without --wait members are asked once"
        )
    })
}

const CA_EXAMPLES: &str = "\
Examples:
  etcdpki rotate ca etcd --plan               what would be done, and the proof of it
  etcdpki rotate ca etcd                      the next step; asks members first
  ansible-playbook etcd.yml                   brings it to the hosts
  etcdpki rotate ca etcd --clients-ready      and so on, until it says that it is done
  etcdpki rotate ca etcd --abort              one step back
  etcdpki rotate ca root --procedure same-key";

const EXAMPLES: &str = "\
Examples:
  etcdpki rotate                            renew what is due
  etcdpki rotate --dry-run                  say what is due
  etcdpki issue etcd-0 --renew              renew certificates that are not due yet
  etcdpki issue etcd-0 --rekey              the same, with new keys
  etcdpki rotate ca etcd --plan             how the etcd CA would be replaced

Members read a new certificate at their next handshake: bring it to the hosts with
ansible-playbook etcd.yml; nothing has to be restarted.";
