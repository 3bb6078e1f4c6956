//! The options of the commands of `etcdpki ca` that concern authorities.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use pki_core::hierarchy::AuthorityName;
use pki_core::lifetime::Lifetime;
use pki_core::name::{DnsName, Label};

use super::{NewKeyArguments, NodeArgument, VaultArguments};

/// List the authorities: where their keys are, until when they hold, and what is asked for
#[derive(Args, Debug)]
#[command(after_help = LIST_EXAMPLES)]
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
    /// Which one it is to be: root, intermediate, etcd, issuing, or one of `others`
    #[arg(value_name = "AUTHORITY")]
    pub(in crate::etcdpki) name: AuthorityName,
    /// Its certificate, and those above it, as PEM
    #[arg(long, value_name = "FILE")]
    pub(in crate::etcdpki) cert: PathBuf,
    /// Its private key: PKCS#8 (encrypted too), SEC1 or PKCS#1, as PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(in crate::etcdpki) key: Option<PathBuf>,
    /// Read the passphrase of an encrypted key from this file [default: the file that the environment
    /// variable ETCDPKI_KEY_PASSPHRASE_FILE names, then a prompt]
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
    pub(in crate::etcdpki) keys: NewKeyArguments,
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
    /// Which one: intermediate, etcd, issuing, or one of `others`
    #[arg(value_name = "AUTHORITY")]
    pub(in crate::etcdpki) name: AuthorityName,
    /// For the generation after the one that is here: `etcdpki rotate ca` takes it as the new
    /// authority where the one above it signs elsewhere
    #[arg(long)]
    pub(in crate::etcdpki) next: bool,
    /// Write the request to this file; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::etcdpki) out: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: NewKeyArguments,
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

/// Take over the PKI of another tool as it is, without issuing anything
///
/// Reads directories of kubeadm, kubespray, cfssl or easy-rsa, and variables of Ansible, finds the
/// authority of etcd and the certificates that it signed, tells what is wrong with them, and keeps
/// them. An etcdpki.yml that fits them is written unless there is one. What was taken over stays
/// until it expires or no longer carries a described address.
#[derive(Args, Debug)]
#[command(after_help = ADOPT_EXAMPLES)]
pub(in crate::etcdpki) struct CaAdopt {
    /// Directories, which are searched whole, and files
    #[arg(required = true, value_name = "PATH")]
    pub(in crate::etcdpki) paths: Vec<PathBuf>,
    /// A node with its addresses, where certificates do not tell; repeat it for each
    #[arg(long = "node", value_name = "NAME=ADDRESS[,ADDRESS...]", value_parser = super::init::node)]
    pub(in crate::etcdpki) nodes: Vec<NodeArgument>,
    /// The domain of the nodes [default: that of their names in the certificates]
    #[arg(long, value_name = "DOMAIN")]
    pub(in crate::etcdpki) domain: Option<DnsName>,
    /// The cluster's name [default: etcd]
    #[arg(long, value_name = "NAME")]
    pub(in crate::etcdpki) cluster: Option<Label>,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: NewKeyArguments,
    #[command(flatten)]
    pub(in crate::etcdpki) vault: VaultArguments,
    /// Say what is found and what is wrong with it, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

impl CaAdopt {
    /// Whether the options describe a cluster of their own.
    pub(in crate::etcdpki) fn describes(&self) -> bool {
        self.domain.is_some() || !self.nodes.is_empty()
    }
}

const ADOPT_EXAMPLES: &str = "\
Examples:
  etcdpki ca adopt /etc/kubernetes/pki --dry-run
  etcdpki ca adopt /etc/ssl/etcd/ssl --domain internal.example
  etcdpki ca adopt easy-rsa/pki --node etcd-0=10.0.0.10 --node etcd-1=10.0.0.11
  etcdpki ca adopt roles/etcd-server/vars/certificates.vault.yml";
const IMPORT_EXAMPLES: &str = "\
Examples:
  etcdpki ca import root --cert root.crt --key root.key
  etcdpki ca import etcd --cert chain.pem --key etcd-ca.p8 --key-passphrase-file secret.txt
  etcdpki ca import intermediate --cert chain.pem \\
      --signer-command 'pkcs11-tool --sign --mechanism ECDSA-SHA384 --signature-format openssl'
  etcdpki ca import root --cert root.crt --offline";
const REQUEST_EXAMPLES: &str = "\
Examples:
  # an intermediate authority under a root that is kept offline
  etcdpki ca request intermediate --out intermediate.csr
  # where the root is:
  etcdpki issue --csr intermediate.csr --authority intermediate --out intermediate.crt
  # and here again:
  etcdpki ca accept intermediate.crt root.crt
  etcdpki init";

const LIST_EXAMPLES: &str = "\
Examples:
  etcdpki ca list
  etcdpki ca list --json";
