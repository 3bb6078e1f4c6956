//! The options of `etcdpki hook`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// Be called by Ansible and Terraform
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) enum Hook {
    Check(CheckHook),
    Inventory(InventoryHook),
    /// Print the members as NAME=URL,…, what etcd calls its initial cluster
    #[command(after_help = JOIN_EXAMPLES)]
    JoinString,
    /// Answer as an external data source of Terraform: JSON in, JSON out
    ///
    /// The query is empty, or has the name of a `node`.
    #[command(after_help = TERRAFORM_EXAMPLES)]
    Terraform,
    VaultPassword(VaultPasswordHook),
}

/// Fail early when a certificate is missing, out of date, or would not fit its host
///
/// Needs no passphrase. Exit code 3 says that something was found.
#[derive(Args, Debug)]
#[command(after_help = CHECK_EXAMPLES)]
pub(in crate::etcdpki) struct CheckHook {
    /// A host with the addresses that it has; repeat it for each
    #[arg(long = "host", value_name = "NAME=ADDRESS[,ADDRESS...]", value_parser = host)]
    pub(in crate::etcdpki) hosts: Vec<HostArgument>,
    /// Find certificates that are due for renewal, too
    #[arg(long)]
    pub(in crate::etcdpki) due: bool,
}

/// A host as it is given on the command line.
#[derive(Clone, Debug)]
pub(in crate::etcdpki) struct HostArgument {
    pub(in crate::etcdpki) name: String,
    pub(in crate::etcdpki) addresses: Vec<IpAddr>,
}

/// Print the nodes as a dynamic inventory of Ansible
#[derive(Args, Debug)]
#[command(after_help = INVENTORY_EXAMPLES, group = ArgGroup::new("what").required(true))]
pub(in crate::etcdpki) struct InventoryHook {
    /// All groups, hosts and variables
    #[arg(long, group = "what")]
    pub(in crate::etcdpki) list: bool,
    /// The variables of one host
    #[arg(long, value_name = "NAME", group = "what")]
    pub(in crate::etcdpki) host: Option<String>,
}

/// Print the vault password, as a password client of Ansible
///
/// ansible-vault asks a program whose name ends in `-client` for a vault id.
#[derive(Args, Debug)]
#[command(after_help = PASSWORD_EXAMPLES)]
pub(in crate::etcdpki) struct VaultPasswordHook {
    /// The vault id that is asked for [default: that of the description]
    #[arg(long, value_name = "ID")]
    pub(in crate::etcdpki) vault_id: Option<String>,
    /// Read the password from this file
    #[arg(
        long,
        value_name = "FILE",
        default_value = "vault-password.txt",
        conflicts_with = "vault_password_command"
    )]
    pub(in crate::etcdpki) vault_password_file: PathBuf,
    /// Take the password from what this command prints; it is split into words, no shell runs
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::etcdpki) vault_password_command: Option<String>,
}

fn host(text: &str) -> Result<HostArgument, String> {
    let (name, addresses) = text.split_once('=').ok_or(
        "write the host's name, an equals sign and its addresses, such as etcd-0=10.0.0.10",
    )?;
    let addresses = addresses.split(',').map(|address| {
        address
            .parse()
            .map_err(|_| format!("`{address}` is not an address: write one such as 10.0.0.10"))
    });
    Ok(HostArgument {
        name: name.to_owned(),
        addresses: addresses.collect::<Result<_, String>>()?,
    })
}

const CHECK_EXAMPLES: &str = "\
Examples:
  etcdpki hook check
  etcdpki hook check --due --host etcd-0=10.0.0.10,fd00::10";

const EXAMPLES: &str = "\
Examples:
  etcdpki hook join-string
  etcdpki hook inventory --list";

const JOIN_EXAMPLES: &str = "\
Examples:
  etcdpki hook join-string >cluster.txt";

const TERRAFORM_EXAMPLES: &str = "\
Examples:
  echo '{}' | etcdpki hook terraform";

const INVENTORY_EXAMPLES: &str = "\
Examples:
  etcdpki hook inventory --list
  etcdpki hook inventory --host etcd-0";

const PASSWORD_EXAMPLES: &str = "\
Examples:
  etcdpki hook vault-password --vault-id prod";
