//! The options of `etcdpki provision`.

use clap::{Args, Subcommand};
use pki_core::name::Label;

use super::KeyArguments;

/// Write what brings the certificates onto machines: roles, modules, units, manifests
///
/// A file that was edited since it was written is kept, and the difference shown; exit code 3
/// says so. --force writes it anew. Files that were written before, as of a node that is not
/// described any more, are removed.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) enum Provision {
    /// Write etcd.yml, the roles that it calls, the inventory and the variables
    #[command(after_help = ANSIBLE_EXAMPLES)]
    Ansible(Write),
    Kubernetes(Kubernetes),
    /// Write a unit of systemd for each node, with its settings as flags, environment or YAML
    #[command(after_help = SYSTEMD_EXAMPLES)]
    Systemd(Write),
    /// Write modules for UpCloud and for any hosts, and the variables of the description
    #[command(after_help = TERRAFORM_EXAMPLES)]
    Terraform(Write),
}

/// How files are written
#[derive(Args, Clone, Copy, Debug)]
pub(in crate::etcdpki) struct Write {
    /// Write files anew that were edited
    #[arg(long)]
    pub(in crate::etcdpki) force: bool,
    /// Say what would be written, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// Write the stanza of kubeadm for this cluster, or print the Secret of a client
///
/// The Secret holds a private key: it is that of `etcdpki export --format kubernetes-tls`, with the
/// journal's line, printed and never written to a file.
#[derive(Args, Debug)]
#[command(after_help = KUBERNETES_EXAMPLES)]
pub(in crate::etcdpki) struct Kubernetes {
    /// The client [default: kube-apiserver if it is described, else the first]
    #[arg(long, value_name = "NAME")]
    pub(in crate::etcdpki) client: Option<String>,
    /// Print a Secret with the client's certificate and key, for kubectl apply -f -; to a terminal
    /// with --force alone
    #[arg(long, conflicts_with_all = ["dry_run", "json"])]
    pub(in crate::etcdpki) secret: bool,
    /// The namespace of the Secret
    #[arg(
        long,
        value_name = "NAME",
        default_value = "kube-system",
        requires = "secret"
    )]
    pub(in crate::etcdpki) namespace: Label,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    #[command(flatten)]
    pub(in crate::etcdpki) write: Write,
}

const EXAMPLES: &str = "\
Examples:
  etcdpki provision ansible && ansible-playbook etcd.yml --vault-password-file vault-password.txt
  etcdpki provision terraform && terraform -chdir=terraform/upcloud apply";

const KUBERNETES_EXAMPLES: &str = "\
Examples:
  etcdpki provision kubernetes
  etcdpki provision kubernetes --secret | kubectl apply -f -";

const ANSIBLE_EXAMPLES: &str = "\
Examples:
  etcdpki provision ansible
  etcdpki provision ansible --dry-run";

const SYSTEMD_EXAMPLES: &str = "\
Examples:
  etcdpki provision systemd
  etcdpki provision systemd --dry-run";

const TERRAFORM_EXAMPLES: &str = "\
Examples:
  etcdpki provision terraform
  etcdpki provision terraform --dry-run";
