//! The options of `etcdpki verify`.

use clap::Args;

use super::KeyArguments;

/// Check the whole PKI: paths, names, usages, validity, and that each key opens and fits
///
/// Exit code 3 says that something was found.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Verify {
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    /// Check all but the sealed keys, so that no passphrase is needed
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_command", "slot"])]
    #[cfg_attr(feature = "age", arg(conflicts_with = "age_identities"))]
    pub(in crate::etcdpki) without_keys: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  etcdpki verify
  etcdpki verify --without-keys --json";
