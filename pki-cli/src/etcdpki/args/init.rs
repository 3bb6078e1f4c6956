//! The options of `etcdpki init`.

use std::net::IpAddr;

use clap::Args;

use super::{KeyArguments, VaultArguments};

/// Describe a cluster, and make its authorities, certificates and vault files
///
/// Without an etcdpki.yml one is written, from the options or with example nodes. Then what it
/// asks for and is not there is made: authorities, certificates, the encrypted variables of the
/// Ansible roles. What fits stays as it is, so a second run changes nothing.
///
/// In a directory within one that has an etcdpki.yml a second PKI is made only if it is described: by
/// an etcdpki.yml, or with --domain or --node. To go on with the one around it, name that with -C.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Init {
    /// The domain of the nodes [default: your-internal.domain]
    #[arg(long, value_name = "DOMAIN")]
    pub(in crate::etcdpki) domain: Option<String>,
    /// A node with its addresses; repeat it for each [default: three examples]
    #[arg(long = "node", value_name = "NAME=ADDRESS[,ADDRESS...]", value_parser = node)]
    pub(in crate::etcdpki) nodes: Vec<NodeArgument>,
    /// A client, which is also its etcd user; repeat it [default: kube-apiserver, etcdctl]
    #[arg(long = "client", value_name = "NAME")]
    pub(in crate::etcdpki) clients: Vec<String>,
    /// A block of addresses where nodes may live; repeat it [default: the /24 or /64 of each
    /// address]
    #[arg(long = "network", value_name = "CIDR")]
    pub(in crate::etcdpki) networks: Vec<String>,
    /// The cluster's name [default: etcd]
    #[arg(long, value_name = "NAME")]
    pub(in crate::etcdpki) cluster: Option<String>,
    /// Make a strong vault password and a strong passphrase, in vault-password.txt and
    /// etcdpki-passphrase.txt, and list both in .gitignore
    #[arg(long)]
    pub(in crate::etcdpki) generate_secrets: bool,
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

impl Init {
    /// Whether the options describe a cluster of their own.
    pub(in crate::etcdpki) fn describes(&self) -> bool {
        self.domain.is_some() || !self.nodes.is_empty()
    }
}

/// A node as it is given on the command line.
#[derive(Clone, Debug)]
pub(in crate::etcdpki) struct NodeArgument {
    pub(in crate::etcdpki) name: String,
    pub(in crate::etcdpki) addresses: Vec<IpAddr>,
}

pub(super) fn node(text: &str) -> Result<NodeArgument, String> {
    let (name, addresses) = text.split_once('=').ok_or(
        "write the node's name, an equals sign and its addresses, such as etcd-0=10.0.0.10",
    )?;
    let addresses = addresses
        .split(',')
        .map(|address| {
            address
                .parse()
                .map_err(|_| format!("`{address}` is not an IPv4 or IPv6 address: write one such as 10.0.0.10 or fd00::10"))
        })
        .collect::<Result<_, _>>()?;
    Ok(NodeArgument {
        name: name.to_owned(),
        addresses,
    })
}

const EXAMPLES: &str = "\
Examples:
  etcdpki init --generate-secrets
  etcdpki init --domain internal.example --node etcd-0=10.0.0.10,fd00::10 \\
      --node etcd-1=10.0.0.11 --node etcd-2=10.0.0.12 --client kube-apiserver
  etcdpki init --passphrase-command 'pass show etcd/pki' --vault-password-file ~/.vault-pass";
