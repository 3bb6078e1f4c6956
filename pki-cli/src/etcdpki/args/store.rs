//! Where the PKI is kept.

use std::path::PathBuf;

use clap::Args;
#[cfg(feature = "etcd")]
use clap::Subcommand;
use pki_core::store::Address;

/// Where the PKI is kept
#[derive(Args, Debug)]
#[command(next_help_heading = "Store")]
pub(in crate::etcdpki) struct StoreArguments {
    /// Keep the PKI in an etcd cluster, etcd://HOST:PORT[,HOST:PORT…]/PREFIX, for many operators and
    /// machines [default: what `store:` of etcdpki.yml says, or else the directory pki]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "ETCDPKI_STORE",
        hide_env_values = true,
        hide = HIDDEN
    )]
    pub(in crate::etcdpki) store: Option<Address>,
    /// The authorities that the members of the store are trusted by
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "ETCDPKI_STORE_CA",
        hide = HIDDEN
    )]
    pub(in crate::etcdpki) store_ca: Option<PathBuf>,
    /// The certificate shown to the store; its common name is the etcd user
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "ETCDPKI_STORE_CERT",
        hide = HIDDEN
    )]
    pub(in crate::etcdpki) store_cert: Option<PathBuf>,
    /// The key of that certificate
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "ETCDPKI_STORE_KEY",
        hide = HIDDEN
    )]
    pub(in crate::etcdpki) store_key: Option<PathBuf>,
}

/// A build without it takes these options and variables all the same, to refuse them: to work in the
/// directory pki instead would split a PKI in two.
const HIDDEN: bool = !cfg!(feature = "etcd");

/// Move the PKI between a directory and an etcd cluster, and look at where it is kept
#[cfg(feature = "etcd")]
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) enum Store {
    Check(StoreCheck),
    Copy(StoreCopy),
}

/// Check that the store can be read as a whole: its format, every file, every certificate, the
/// chain of the journal
///
/// `etcdpki verify` checks besides what the certificates say, and their keys.
#[cfg(feature = "etcd")]
#[derive(Args, Debug)]
#[command(after_help = CHECK_EXAMPLES)]
pub(in crate::etcdpki) struct StoreCheck {
    /// Print JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// Copy the PKI as it is, and read it back
///
/// The target must be empty, or hold a part of the same PKI: a copy that was interrupted goes on
/// where it stopped. The source stays as it is.
#[cfg(feature = "etcd")]
#[derive(Args, Debug)]
#[command(after_help = COPY_EXAMPLES)]
pub(in crate::etcdpki) struct StoreCopy {
    /// The directory or the etcd://HOST:PORT[,HOST:PORT…]/PREFIX to copy from
    pub(in crate::etcdpki) from: String,
    /// The directory or the etcd://HOST:PORT[,HOST:PORT…]/PREFIX to copy to
    pub(in crate::etcdpki) to: String,
}

#[cfg(feature = "etcd")]
const EXAMPLES: &str = "\
Examples:
  etcdpki store copy pki etcd://store-0.example:2379/pki/prod
  etcdpki store check";

#[cfg(feature = "etcd")]
const CHECK_EXAMPLES: &str = "\
Examples:
  etcdpki store check
  etcdpki store check --json";

#[cfg(feature = "etcd")]
const COPY_EXAMPLES: &str = "\
Examples:
  etcdpki store copy pki etcd://store-0.example:2379,store-1.example:2379/pki/prod
  etcdpki store copy etcd://store-0.example:2379/pki/prod backup";
