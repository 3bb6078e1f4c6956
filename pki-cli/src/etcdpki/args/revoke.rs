//! The options of `etcdpki revoke`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use pki_core::crl::Reason;
use pki_core::serial::{InvalidSerial, parse_serial};
use time::OffsetDateTime;

use super::{KeyArguments, instant};

/// Revoke certificates, and sign the list that members refuse them by
///
/// Of an owner, every certificate of every generation that has not expired is revoked: members
/// take each of them. A certificate that is not here is given by its file or its serial number.
/// pki/crl/etcd.crl is signed anew, and with it roles/etcd-server/files/etcd.crl for the play;
/// members read it at each new connection, from --client-crl-file and --peer-crl-file.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("what").required(true).multiple(true))]
pub(in crate::etcdpki) struct Revoke {
    /// Whose certificates: all of an owner, those of one role, or one generation
    #[arg(value_name = "OWNER[/ROLE[/GENERATION]]", group = "what")]
    pub(in crate::etcdpki) owners: Vec<String>,
    /// A certificate by its serial number; repeat it for more
    #[arg(long = "serial", value_name = "HEX", group = "what", value_parser = serial)]
    pub(in crate::etcdpki) serials: Vec<Serial>,
    /// A certificate by its file, PEM or DER; of a chain, the first; repeat it for more
    #[arg(long = "cert", value_name = "FILE", group = "what")]
    pub(in crate::etcdpki) files: Vec<PathBuf>,
    /// Show what is revoked, and revoke nothing
    #[arg(long, group = "what", conflicts_with_all = CHANGES)]
    pub(in crate::etcdpki) list: bool,
    /// Why: keyCompromise, superseded, cessationOfOperation, privilegeWithdrawn,
    /// affiliationChanged, cACompromise (of an authority), certificateHold (can be taken back)
    /// or unspecified [default: unspecified]
    #[arg(long, value_name = "REASON")]
    pub(in crate::etcdpki) reason: Option<Reason>,
    /// Since when the key is not to be trusted: a date, or a time as in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = past_instant)]
    pub(in crate::etcdpki) invalid_since: Option<OffsetDateTime>,
    /// Revoke an authority that certificates in use are sent along with, though members then
    /// refuse all of these, each other's too, and the cluster stops
    #[arg(long, conflicts_with = "undo")]
    pub(in crate::etcdpki) stop_cluster: bool,
    /// Take back what was revoked for certificateHold
    #[arg(long, conflicts_with_all = ["reason", "invalid_since"])]
    pub(in crate::etcdpki) undo: bool,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    /// Say what would be revoked, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// A serial number, most significant octet first.
#[derive(Clone, Debug)]
pub(in crate::etcdpki) struct Serial(pub(in crate::etcdpki) Vec<u8>);

fn serial(text: &str) -> Result<Serial, InvalidSerial> {
    parse_serial(text).map(Serial)
}

fn past_instant(text: &str) -> Result<OffsetDateTime, String> {
    match instant(text)? {
        future if future > OffsetDateTime::now_utc() => {
            Err("it lies in the future: give a time that has passed".to_owned())
        }
        past => Ok(past),
    }
}

/// The options that only a change takes.
const CHANGES: [&str; 8] = [
    "owners",
    "serials",
    "files",
    "reason",
    "invalid_since",
    "stop_cluster",
    "undo",
    "dry_run",
];

const EXAMPLES: &str = "\
Examples:
  etcdpki revoke etcdctl --reason keyCompromise
  etcdpki revoke etcd-1/peer/2 --reason superseded
  etcdpki revoke --cert old-backup.crt --reason cessationOfOperation
  etcdpki revoke kube-apiserver --reason certificateHold
  etcdpki revoke kube-apiserver --undo
  etcdpki revoke --list";
