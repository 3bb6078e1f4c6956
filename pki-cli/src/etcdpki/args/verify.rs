//! The options of `etcdpki verify`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pki_core::name::San;
use time::OffsetDateTime;

use super::{KeyArguments, VaultArguments, instant};

/// Check the whole PKI, or the certificates in files: paths, names, usages, validity, and the
/// rules of RFC 5280 and etcd
///
/// Without FILE everything that etcdpki.yml describes is checked: that each key opens and fits,
/// and that vault files hold the newest certificates, too. With FILE each is a certificate that is
/// followed by its intermediates, or a CA file. Findings carry a code: see `etcdpki explain`.
///
/// One file that is damaged, or one key that does not open, is one finding: the rest is checked all
/// the same. On a terminal the vault password is asked for where there are vault files; an empty
/// answer leaves them closed.
///
/// Exit code 3 says that an error was found; warnings and notices alone leave it 0.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Verify {
    /// Certificates, each with its intermediates after it [default: the whole PKI]
    #[arg(value_name = "FILE")]
    pub(in crate::etcdpki) files: Vec<PathBuf>,
    /// The authorities that are trusted, for FILE; repeat it for more [default: rules alone are
    /// checked, and no path]
    #[arg(long, value_name = "FILE", requires = "files")]
    pub(in crate::etcdpki) trust: Vec<PathBuf>,
    /// What FILE is for [default: what it says it is for]
    #[arg(long, value_enum, requires = "files")]
    pub(in crate::etcdpki) role: Option<RoleArgument>,
    /// A name or address that FILE must be good for; repeat it
    #[arg(long = "name", value_name = "NAME", requires = "files")]
    pub(in crate::etcdpki) names: Vec<San>,
    /// A revocation list, DER or PEM, for FILE; repeat it
    #[arg(long, value_name = "FILE", requires = "trust")]
    pub(in crate::etcdpki) crl: Vec<PathBuf>,
    /// Of which certificates the revocation status must be known
    #[arg(long, value_enum, default_value_t, requires = "crl")]
    pub(in crate::etcdpki) crl_depth: CrlDepth,
    /// Check as of this instant, such as 2027-01-31 or 2027-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(in crate::etcdpki) at: Option<OffsetDateTime>,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    #[command(flatten)]
    pub(in crate::etcdpki) vault: VaultArguments,
    /// Check all but the sealed keys and vault files, so that no secret is needed
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_command", "slot"])]
    #[cfg_attr(feature = "age", arg(conflicts_with = "age_identities"))]
    pub(in crate::etcdpki) without_keys: bool,
    /// List every rule with its code, and check nothing
    #[arg(long, conflicts_with_all = CHECKS)]
    #[cfg_attr(feature = "age", arg(conflicts_with = "age_identities"))]
    pub(in crate::etcdpki) rules: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// A role on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::etcdpki) enum RoleArgument {
    /// Talks to members
    Client,
    /// One member to another
    Peer,
    /// A member to its clients, with the gRPC gateway
    Server,
    /// A member to its clients, without the gRPC gateway
    ServerWithoutGateway,
}

/// Of which certificates of a path a revocation list must speak.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(in crate::etcdpki) enum CrlDepth {
    /// All but the trusted one
    Chain,
    /// The first one
    #[default]
    Leaf,
}

/// The options that only a check takes; the others need FILE.
const CHECKS: [&str; 8] = [
    "files",
    "at",
    "without_keys",
    "passphrase_file",
    "passphrase_command",
    "slot",
    "vault_password_file",
    "vault_password_command",
];
const EXAMPLES: &str = "\
Examples:
  etcdpki verify
  etcdpki verify --without-keys --json
  etcdpki verify server.crt --trust ca.crt --role server --name etcd-0.example.com
  etcdpki verify client.crt --trust ca.crt --role client --crl etcd.crl --at 2027-06-01
  etcdpki verify --rules";
