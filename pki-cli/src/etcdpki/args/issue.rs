//! The options of `etcdpki issue`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use pki_core::hierarchy::AuthorityName;
use pki_core::key::KeyAlgorithm;
use pki_core::lifetime::Lifetime;
use pki_core::name::{ClientName, San};
use pki_core::role::Role;

use super::{KeyArguments, VaultArguments};

/// Issue what is described and missing, one certificate, or the answer to a request
///
/// Without an owner, what the description asks for and is not there is made, as init does, but the
/// description itself is never written. With an owner that is described, its certificates are
/// renewed, and the vault files follow. With another owner, one certificate is made that the
/// description does not know: it is kept like every other, and left alone by init.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("what").multiple(true).args(["owner", "csr"]))]
pub(in crate::etcdpki) struct Issue {
    /// Whose certificate: a node, a client, or another name [default with --csr: the common name
    /// of the request, unless that is root, that of peers, or somebody described]
    #[arg(value_name = "OWNER")]
    pub(in crate::etcdpki) owner: Option<ClientName>,
    /// What it is for: client, peer or server [default: every role that is described for OWNER]
    #[arg(long, value_name = "ROLE", requires = "what")]
    pub(in crate::etcdpki) role: Option<Role>,
    /// Which authority signs it, such as one of `others` in the description [default: the one that
    /// signs what is described; of what is there already, the one that signed it]
    #[arg(
        long,
        value_name = "AUTHORITY",
        requires = "what",
        conflicts_with = "authority"
    )]
    pub(in crate::etcdpki) issuer: Option<AuthorityName>,
    /// A name that it carries: DNS, *.DNS, an IPv4 or IPv6 address, a URI; repeat it
    #[arg(long = "san", value_name = "NAME", requires = "what")]
    pub(in crate::etcdpki) names: Vec<San>,
    /// The common name [default: OWNER; of a peer, that of all peers]; an empty one leaves it out,
    /// as the gRPC proxy of etcd needs it
    #[arg(long, value_name = "TEXT", requires = "owner", value_parser = common_name)]
    pub(in crate::etcdpki) common_name: Option<String>,
    /// How long it lives, such as 30d; it is cut to its issuer's end [default: as described]
    #[arg(long, value_name = "LIFETIME", requires = "what")]
    pub(in crate::etcdpki) lifetime: Option<Lifetime>,
    /// The algorithm of its new key [default: as described]
    #[arg(long, value_name = "ALGORITHM", requires = "owner", conflicts_with_all = ["csr", "renew"])]
    pub(in crate::etcdpki) key: Option<KeyAlgorithm>,
    /// Issue again what is there, with the same key
    #[arg(long, requires = "owner", conflicts_with_all = ["csr", "rekey"])]
    pub(in crate::etcdpki) renew: bool,
    /// Issue again what is there, with a new key
    #[arg(long, requires = "owner", conflicts_with = "csr")]
    pub(in crate::etcdpki) rekey: bool,
    /// Answer this certification request (PKCS#10, PEM or DER); - is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::etcdpki) csr: Option<PathBuf>,
    /// Leave out names of the request that may not be had, instead of refusing it
    #[arg(long, requires = "csr")]
    pub(in crate::etcdpki) drop_names: bool,
    /// The request is that of this authority (see `etcdpki ca request`): the one above it signs
    #[arg(
        long,
        value_name = "AUTHORITY",
        requires = "csr",
        conflicts_with_all = ["owner", "role", "names", "drop_names"]
    )]
    pub(in crate::etcdpki) authority: Option<AuthorityName>,
    /// Write the certificate and the authorities below the root to this file too; - is standard
    /// output
    #[arg(short, long, value_name = "FILE", requires = "what")]
    pub(in crate::etcdpki) out: Option<PathBuf>,
    /// Write the private key in clear to this file, for its owner alone (mode 0600)
    #[arg(long, value_name = "FILE", requires = "owner", conflicts_with = "csr")]
    pub(in crate::etcdpki) key_out: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    #[command(flatten)]
    pub(in crate::etcdpki) vault: VaultArguments,
    /// Say what would be made, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// RFC 5280 appendix A.1: at most 64 characters.
fn common_name(text: &str) -> Result<String, String> {
    match () {
        () if text.chars().count() > 64 => {
            Err("it is longer than 64 characters: shorten it".to_owned())
        }
        () if text.chars().any(char::is_control) => {
            Err("it holds a control character: leave it out".to_owned())
        }
        () => Ok(text.to_owned()),
    }
}

const EXAMPLES: &str = "\
Examples:
  etcdpki issue
  etcdpki issue etcd-0 --role server --renew
  etcdpki issue kube-apiserver --rekey --lifetime 90d
  etcdpki issue backup --role client --lifetime 30d --out backup.crt --key-out backup.key
  etcdpki issue gateway --role server --san gateway.internal.example --san 10.0.0.40
  etcdpki issue kubelet --issuer kubernetes --role client --out kubelet.crt
  etcdpki issue gateway --role server --csr gateway.csr --out gateway.crt
  etcdpki issue --csr intermediate.csr --authority intermediate --out intermediate.crt";
