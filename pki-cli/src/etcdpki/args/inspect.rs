//! The options of `etcdpki inspect`.

use std::path::PathBuf;

use clap::Args;

use super::VaultArguments;

/// Show what is in a file: certificates, CRLs, requests, keys, vault files, what etcdpki keeps
///
/// What breaks a rule of RFC 5280 is told with its code; `etcdpki verify --rules` explains them.
/// Private keys and passwords are never shown. A vault file is opened with the vault password, which
/// is asked for on a terminal; without one its header is shown.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Inspect {
    /// The files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::etcdpki) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::etcdpki) vault: VaultArguments,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  etcdpki inspect pki/certificates/etcd-0/server/1/tls.crt
  etcdpki inspect pki/crl/etcd.crl
  etcdpki inspect --json roles/etcd-server/vars/certificates.vault.yml
  openssl s_client -connect etcd-0:2379 -showcerts </dev/null | etcdpki inspect -";
