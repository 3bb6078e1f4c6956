//! The options of the commands of `etcdpki ca` that concern authorities.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use pki_core::hierarchy::AuthorityName;
use pki_core::lifetime::Lifetime;

use super::PassphraseArguments;

/// List the authorities: where their keys are, until when they hold, and what is asked for
#[derive(Args, Debug)]
pub(in crate::etcdpki) struct CaList {
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// Take in an authority that was made elsewhere; init goes on below it
///
/// The file with the certificate holds the authorities above it too, up to the root, unless they
/// are here. Nothing is kept if anything would break: see the manual for what is checked.
#[derive(Args, Debug)]
#[command(after_help = IMPORT_EXAMPLES, group = ArgGroup::new("custody").required(true).args(["key", "signer_command", "offline"]))]
pub(in crate::etcdpki) struct CaImport {
    /// Which one it is to be: root, intermediate, etcd or issuing
    #[arg(value_name = "AUTHORITY")]
    pub(in crate::etcdpki) name: AuthorityName,
    /// Its certificate, and those above it, as PEM
    #[arg(long, value_name = "FILE")]
    pub(in crate::etcdpki) cert: PathBuf,
    /// Its private key: PKCS#8 (encrypted too), SEC1 or PKCS#1, as PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(in crate::etcdpki) key: Option<PathBuf>,
    /// Read the passphrase of an encrypted key from this file [default: a prompt]
    #[arg(
        long,
        value_name = "FILE",
        requires = "key",
        conflicts_with = "key_passphrase_command"
    )]
    pub(in crate::etcdpki) key_passphrase_file: Option<PathBuf>,
    /// Take the passphrase of an encrypted key from what this command prints; no shell runs
    #[arg(long, value_name = "COMMAND", requires = "key")]
    pub(in crate::etcdpki) key_passphrase_command: Option<String>,
    /// Its key is elsewhere, and this command signs with it: it gets what is to be signed on
    /// standard input and prints the signature; it is split into words, no shell runs
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::etcdpki) signer_command: Option<String>,
    /// How long the command may take [default: 60s]
    #[arg(long, value_name = "LIFETIME", requires = "signer_command")]
    pub(in crate::etcdpki) signer_timeout: Option<Lifetime>,
    /// Its key is elsewhere and signs by hand: see ca request and ca accept
    #[arg(long)]
    pub(in crate::etcdpki) offline: bool,
    #[command(flatten)]
    pub(in crate::etcdpki) passphrase: PassphraseArguments,
    /// Check, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// Make a key for an authority, and a request (PKCS#10) that the one above it signs elsewhere
///
/// Run again, it writes out the same request, until its answer is accepted.
#[derive(Args, Debug)]
#[command(after_help = REQUEST_EXAMPLES)]
pub(in crate::etcdpki) struct CaRequest {
    /// Which one: intermediate, etcd or issuing
    #[arg(value_name = "AUTHORITY")]
    pub(in crate::etcdpki) name: AuthorityName,
    /// Write the request to this file; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::etcdpki) out: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::etcdpki) passphrase: PassphraseArguments,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// Take in the answer to a request: the certificate of an authority
///
/// The authorities above it that are not here yet belong to the files too, up to the root.
#[derive(Args, Debug)]
#[command(after_help = REQUEST_EXAMPLES)]
pub(in crate::etcdpki) struct CaAccept {
    /// The certificate, and those above it, as PEM
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::etcdpki) files: Vec<PathBuf>,
    /// Check, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  etcdpki ca import root --cert root.crt --key root.key
  etcdpki ca import etcd --cert chain.pem --key etcd-ca.p8 --key-passphrase-file secret.txt
  etcdpki ca import intermediate --cert chain.pem \\
      --signer-command 'pkcs11-tool --sign --mechanism ECDSA-SHA384 --signature-format openssl'
  etcdpki ca import root --cert root.crt --offline";
const REQUEST_EXAMPLES: &str = "\
Examples, an intermediate authority under a root that is kept offline:
  etcdpki ca request intermediate --out intermediate.csr
  # where the root is:
  etcdpki issue --csr intermediate.csr --authority intermediate --out intermediate.crt
  # and here again:
  etcdpki ca accept intermediate.crt root.crt
  etcdpki init";
