//! The options of `etcdpki doctor`.

use clap::Args;
use pki_core::name::Label;

use super::{KeyArguments, VaultArguments};
use crate::etcdpki::doctor::SettingsFile;
use crate::etcdpki::live::Endpoint;

/// Hold description, PKI, vault files, the settings of members and the members that run against
/// each other
///
/// Everything that `etcdpki verify` checks and `etcdpki status` calls due, the flags with which
/// members are started, by the rules of the etcd version at hand, and what members present and
/// answer. Nothing is changed, on this machine or on a member. Findings carry a code;
/// `etcdpki verify --rules` explains each.
///
/// Each member is asked at its first address on ports 2379 and 2380 which certificates it presents
/// there, and whether it answers who shows none. With a client's certificate that is made for this
/// and holds for five minutes it is asked whether it has loaded what members trust now, for its
/// health, its version, its clock, and the members that it knows.
///
/// Exit code 3 says that an error was found or that something is due; other warnings and notices
/// leave it 0.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Doctor {
    /// Judge the settings in this file: a systemd unit, an environment file, etcd's configuration
    /// file, a static pod's manifest, a command line or /proc/PID/cmdline; of the member NODE, or the
    /// one that it names; one that names none is of those that other files name, or of all; repeat it
    /// for more [default: what `etcdpki provision` wrote, else none]
    #[arg(long, value_name = "[NODE=]FILE")]
    pub(in crate::etcdpki) settings: Vec<SettingsFile>,
    /// Ask no member
    #[arg(long)]
    pub(in crate::etcdpki) offline: bool,
    /// Do not ask this member; repeat it for more
    #[arg(long, value_name = "NODE", conflicts_with = "offline")]
    pub(in crate::etcdpki) without: Vec<Label>,
    /// Where a member is reached from here, if not at its first address on ports 2379 and 2380;
    /// repeat it for more
    #[arg(
        long = "endpoint",
        value_name = "NODE=CLIENT,PEER",
        conflicts_with = "offline"
    )]
    pub(in crate::etcdpki) endpoints: Vec<Endpoint>,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    #[command(flatten)]
    pub(in crate::etcdpki) vault: VaultArguments,
    /// Open no key, so that no secret is needed: keys and vault files are not compared, and
    /// members are asked only for the certificates that they present
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_command", "slot"])]
    #[cfg_attr(feature = "age", arg(conflicts_with = "age_identities"))]
    pub(in crate::etcdpki) without_keys: bool,
    /// Report in JSON
    #[arg(long, conflicts_with = "prometheus")]
    pub(in crate::etcdpki) json: bool,
    /// Report in Prometheus' text format, for the textfile collector of node_exporter
    #[arg(long)]
    pub(in crate::etcdpki) prometheus: bool,
}

const EXAMPLES: &str = "\
Examples:
  etcdpki doctor
  etcdpki doctor --offline --without-keys        in a pipeline, without a secret
  etcdpki doctor --endpoint etcd-0=127.0.0.1:12379,127.0.0.1:12380 --without etcd-2
  ansible etcd -b -m fetch -a 'src=/etc/systemd/system/etcd.service dest=units'
  etcdpki doctor --settings units/etcd-0/etc/systemd/system/etcd.service
  etcdpki doctor --prometheus >/var/lib/node_exporter/etcdpki-doctor.prom";
