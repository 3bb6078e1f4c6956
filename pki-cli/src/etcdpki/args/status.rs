//! The options of `etcdpki status`.

use clap::Args;

/// Show what there is, until when it holds, and what is due
///
/// No passphrase is needed: certificates alone are read. A certificate ends with the first of its
/// path, so the end of an authority above it counts too. Exit code 3 says that something is due.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Status {
    /// List every certificate, where there are many
    #[arg(long)]
    pub(in crate::etcdpki) all: bool,
    /// List every PKI below the prefix of --store, in a line each. The description of each is what
    /// the last `etcdpki init` kept there
    #[cfg(feature = "etcd")]
    #[arg(long, conflicts_with = "all")]
    pub(in crate::etcdpki) fleet: bool,
    /// Report in JSON
    #[arg(long, conflicts_with = "prometheus")]
    pub(in crate::etcdpki) json: bool,
    /// Report in Prometheus' text format, for the textfile collector of node_exporter
    #[arg(long)]
    pub(in crate::etcdpki) prometheus: bool,
}

#[cfg(not(feature = "etcd"))]
const EXAMPLES: &str = "\
Examples:
  etcdpki status
  etcdpki status --json | jq '.certificates[] | select(.state != \"ok\")'
  etcdpki status --prometheus >/var/lib/node_exporter/etcdpki.prom";
#[cfg(feature = "etcd")]
const EXAMPLES: &str = "\
Examples:
  etcdpki status
  etcdpki status --json | jq '.certificates[] | select(.state != \"ok\")'
  etcdpki status --prometheus >/var/lib/node_exporter/etcdpki.prom
  etcdpki status --fleet --store etcd://store-0.example:2379/pki
  etcdpki status --fleet --json | jq '.pkis[] | select(.due > 0) | .store'";
