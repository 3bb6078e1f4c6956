//! What can be typed.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};

/// Certificates for a mutual-TLS etcd cluster, from one description.
#[derive(Debug, Parser)]
#[command(name = "etcdpki", version, styles = STYLES, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    /// Work in this directory, as if etcdpki had been started there
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(super) directory: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(Init),
    Inspect(Inspect),
    Verify(Verify),
}

/// Describe a cluster, and make its authorities, certificates and vault files
///
/// Without an etcdpki.yml one is written, from the options or with example nodes. Then what it
/// asks for and is not there is made: authorities, certificates, the encrypted variables of the
/// Ansible roles. What fits stays as it is, so a second run changes nothing.
#[derive(Args, Debug)]
#[command(after_help = INIT_EXAMPLES)]
pub(super) struct Init {
    /// The domain of the nodes [default: your-internal.domain]
    #[arg(long, value_name = "DOMAIN")]
    pub(super) domain: Option<String>,
    /// A node with its addresses; repeat it for each [default: three examples]
    #[arg(long = "node", value_name = "NAME=ADDRESS[,ADDRESS...]", value_parser = node)]
    pub(super) nodes: Vec<NodeArgument>,
    /// A client, which is also its etcd user; repeat it [default: kube-apiserver, etcdctl]
    #[arg(long = "client", value_name = "NAME")]
    pub(super) clients: Vec<String>,
    /// A block of addresses where nodes may live; repeat it [default: the /24 or /64 of each
    /// address]
    #[arg(long = "network", value_name = "CIDR")]
    pub(super) networks: Vec<String>,
    /// The cluster's name [default: etcd]
    #[arg(long, value_name = "NAME")]
    pub(super) cluster: Option<String>,
    /// Make a strong vault password and a strong passphrase, in vault-password.txt and
    /// etcdpki-passphrase.txt, and list both in .gitignore
    #[arg(long)]
    pub(super) generate_secrets: bool,
    #[command(flatten)]
    pub(super) passphrase: PassphraseArguments,
    #[command(flatten)]
    pub(super) vault: VaultArguments,
    /// Say what would be made, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Show what is in a file: certificates, keys, sealed keys, vault files
///
/// Private keys and passwords are never shown. A vault file is opened if a vault password is at
/// hand; without one its header is shown.
#[derive(Args, Debug)]
#[command(after_help = INSPECT_EXAMPLES)]
pub(super) struct Inspect {
    /// The files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) vault: VaultArguments,
    /// Report in JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Check the whole PKI: paths, names, usages, validity, and that each key opens and fits
///
/// Exit code 3 says that something was found.
#[derive(Args, Debug)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(super) struct Verify {
    #[command(flatten)]
    pub(super) passphrase: PassphraseArguments,
    /// Check all but the sealed keys, so that no passphrase is needed
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_command"])]
    pub(super) without_keys: bool,
    /// Report in JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Where the passphrase of the sealed keys comes from
#[derive(Args, Debug)]
pub(super) struct PassphraseArguments {
    /// Read the passphrase from this file [default: the file that the environment variable
    /// ETCDPKI_PASSPHRASE_FILE names, then etcdpki-passphrase.txt, then a prompt]
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_command")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// Take the passphrase from what this command prints; it is split into words, no shell runs
    #[arg(long, value_name = "COMMAND")]
    pub(super) passphrase_command: Option<String>,
}

/// Where the password of the vault files comes from
#[derive(Args, Debug)]
pub(super) struct VaultArguments {
    /// Read the vault password from this file, or run it if it is executable [default: the file
    /// that ANSIBLE_VAULT_PASSWORD_FILE names, then vault-password.txt, then a prompt]
    #[arg(
        long,
        visible_alias = "vault-pass-file",
        value_name = "FILE",
        conflicts_with = "vault_password_command"
    )]
    pub(super) vault_password_file: Option<PathBuf>,
    /// Take the vault password from what this command prints; it is split into words, no shell
    /// runs
    #[arg(long, value_name = "COMMAND")]
    pub(super) vault_password_command: Option<String>,
}

/// A node as it is given on the command line.
#[derive(Clone, Debug)]
pub(super) struct NodeArgument {
    pub(super) name: String,
    pub(super) addresses: Vec<IpAddr>,
}

fn node(text: &str) -> Result<NodeArgument, String> {
    let (name, addresses) = text.split_once('=').ok_or(
        "write the node's name, an equals sign and its addresses, such as etcd-0=10.0.0.10",
    )?;
    let addresses = addresses
        .split(',')
        .map(|address| {
            address
                .parse()
                .map_err(|_| format!("`{address}` is not an IPv4 or IPv6 address"))
        })
        .collect::<Result<_, _>>()?;
    Ok(NodeArgument {
        name: name.to_owned(),
        addresses,
    })
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something was found (verify).";

const INIT_EXAMPLES: &str = "\
Examples:
  etcdpki init --generate-secrets
  etcdpki init --domain internal.example --node etcd-0=10.0.0.10,fd00::10 \\
      --node etcd-1=10.0.0.11 --node etcd-2=10.0.0.12 --client kube-apiserver
  etcdpki init --passphrase-command 'pass show etcd/pki' --vault-password-file ~/.vault-pass";

const INSPECT_EXAMPLES: &str = "\
Examples:
  etcdpki inspect pki/certificates/etcd-0/server/1/tls.crt
  etcdpki inspect --json roles/etcd-server/vars/certificates.vault.yml
  openssl s_client -connect etcd-0:2379 -showcerts </dev/null | etcdpki inspect -";

const VERIFY_EXAMPLES: &str = "\
Examples:
  etcdpki verify
  etcdpki verify --without-keys --json";
