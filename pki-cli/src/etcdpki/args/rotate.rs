//! The options of `etcdpki rotate`.

use clap::Args;

use super::{KeyArguments, VaultArguments};

/// Renew the certificates that are due
///
/// A certificate is renewed when a third of its validity is left (`certificates.renew_before` in
/// the description), or up to a tenth of it earlier: by its serial number, so that members whose
/// certificates were made together do not expire together for ever. It keeps its key, so that one
/// file alone changes and no handshake sees a key that does not match; every second time it gets a
/// new one. Vault files follow, and revocation lists that are due are signed.
///
/// Run it every day: `etcdpki status` says that something is due only where this was not done.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Rotate {
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

const EXAMPLES: &str = "\
Examples:
  etcdpki rotate                            renew what is due
  etcdpki rotate --dry-run                  say what is due
  etcdpki issue etcd-0 --renew              renew certificates that are not due yet
  etcdpki issue etcd-0 --rekey              the same, with new keys

Members read a new certificate at their next handshake: bring it to the hosts with
ansible-playbook etcd.yml; nothing has to be restarted.";
