//! The options of `etcdpki export`.

use std::fmt;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use pki_core::name::{ClientName, Label};

use super::KeyArguments;

/// Write certificates and keys in the form that another program reads
///
/// Without an owner and without --for-host, everything that is described is written. Private keys
/// are written in clear, in files of mode 0600 (in PKCS#12, under a password), and the journal
/// tells which. Below this directory .gitignore lists them before they are there. Files that are there already are left alone unless --force is given.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Export {
    /// Whose certificates: OWNER for all of its roles, or OWNER/ROLE
    #[arg(value_name = "OWNER[/ROLE]")]
    pub(in crate::etcdpki) owners: Vec<String>,
    /// In which form
    #[arg(short, long, value_name = "FORMAT")]
    pub(in crate::etcdpki) format: Format,
    /// Write into this directory; where one file is made, a name that ends in .p12, .pfx, .yaml or
    /// .yml is that file, and - is standard output, with the report on standard error
    #[arg(short, long, value_name = "DIR|FILE|-")]
    pub(in crate::etcdpki) out: PathBuf,
    /// All that one member needs, and nothing of another's
    #[arg(long, value_name = "NODE", conflicts_with = "owners")]
    pub(in crate::etcdpki) for_host: Option<Label>,
    /// Leave the private keys where they are; no passphrase is asked for
    #[arg(long)]
    pub(in crate::etcdpki) without_keys: bool,
    /// The client whose certificate kube-apiserver takes [default: kube-apiserver-etcd-client, then
    /// kube-apiserver]
    #[arg(long, value_name = "CLIENT")]
    pub(in crate::etcdpki) apiserver_client: Option<ClientName>,
    /// The client whose certificate the probes of kubeadm's etcd take [default:
    /// kube-etcd-healthcheck-client, then etcdctl]
    #[arg(long, value_name = "CLIENT")]
    pub(in crate::etcdpki) healthcheck_client: Option<ClientName>,
    /// The namespace of the Kubernetes Secrets [default: the one that kubectl chooses]
    #[arg(long, value_name = "NAME")]
    pub(in crate::etcdpki) namespace: Option<Label>,
    /// Read the password of the PKCS#12 files from this file [default: the file that the
    /// environment variable ETCDPKI_PKCS12_PASSWORD_FILE names, then a prompt]
    #[arg(long, value_name = "FILE", conflicts_with = "pkcs12_password_command")]
    pub(in crate::etcdpki) pkcs12_password_file: Option<PathBuf>,
    /// Take the password of the PKCS#12 files from what this command prints; it is split into
    /// words, no shell runs
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::etcdpki) pkcs12_password_command: Option<String>,
    /// Overwrite files, and print private keys to a terminal
    #[arg(long)]
    pub(in crate::etcdpki) force: bool,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    /// Say what would be written, and write nothing; the keys are opened all the same
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

impl Export {
    /// The Secret of a client, on standard output.
    pub(in crate::etcdpki) fn secret_of(
        client: &ClientName,
        namespace: Label,
        keys: KeyArguments,
        force: bool,
    ) -> Self {
        Self {
            owners: vec![format!("{client}/client")],
            format: Format::KubernetesTls,
            out: "-".into(),
            for_host: None,
            without_keys: false,
            apiserver_client: None,
            healthcheck_client: None,
            namespace: Some(namespace),
            pkcs12_password_file: None,
            pkcs12_password_command: None,
            force,
            keys,
            dry_run: false,
            json: false,
        }
    }

    /// Whether private keys are to leave.
    pub(in crate::etcdpki) fn takes_keys(&self) -> bool {
        !self.without_keys && self.format != Format::Truststore
    }

    /// What is wrong with the options, where it hangs on the format.
    pub(in crate::etcdpki) fn misuse(&self) -> Option<String> {
        let format = self.format;
        let of_kubeadm = matches!(format, Format::ExternalEtcd | Format::Kubeadm);
        let chosen = !self.owners.is_empty() || self.for_host.is_some();
        let password =
            self.pkcs12_password_file.is_some() || self.pkcs12_password_command.is_some();
        let reason = match () {
            () if format == Format::Truststore && chosen => {
                "holds authorities alone: name no owner and no host"
            }
            () if format == Format::ExternalEtcd && chosen => {
                "takes one client: name it with --apiserver-client"
            }
            () if format == Format::Kubeadm && self.for_host.is_none() => {
                "is for one machine: name it with --for-host"
            }
            () if self.without_keys && format == Format::KubernetesTls => {
                "is refused by Kubernetes without its key: leave --without-keys out, or take kubernetes-opaque"
            }
            () if self.without_keys && format == Format::Pkcs12 => {
                "is for a key and its certificate: leave --without-keys out, or take truststore for the authorities"
            }
            () if self.namespace.is_some() && !format.is_secret() => "has no --namespace",
            () if password && !format.is_key_store() => "has no password",
            () if self.apiserver_client.is_some() && !of_kubeadm => "has no --apiserver-client",
            () if self.healthcheck_client.is_some() && format != Format::Kubeadm => {
                "has no --healthcheck-client"
            }
            () => return None,
        };
        Some(format!("--format {format} {reason}"))
    }
}

/// The form of an export.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(in crate::etcdpki) enum Format {
    /// NAME.pem with the certificate alone, NAME-key.pem, and ca.pem with all authorities
    Cfssl,
    /// NAME.pem with the key and the chain, ca.crt and members-ca.crt
    Combined,
    /// NAME.der, NAME-chain-N.der, NAME.key.der, ca.der
    Der,
    /// pki/issued/NAME.crt, pki/private/NAME.key, pki/ca.crt and pki/index.txt
    EasyRsa,
    /// etcd/ca.crt, apiserver-etcd-client.{crt,key} and the part of kubeadm's configuration
    ExternalEtcd,
    /// etcd/ca.crt, etcd/{server,peer,healthcheck-client}.{crt,key} and
    /// apiserver-etcd-client.{crt,key}
    Kubeadm,
    /// Secrets of type Opaque: ca.crt, tls.crt and tls.key
    KubernetesOpaque,
    /// Secrets of type kubernetes.io/tls: ca.crt, tls.crt and tls.key
    KubernetesTls,
    /// OWNER/ROLE.crt, OWNER/ROLE.key, ca.crt and members-ca.crt
    Pem,
    /// NAME.p12 with the key and the whole chain, under a password
    Pkcs12,
    /// truststore.p12 with the authorities, for Java
    Truststore,
}

impl Format {
    fn is_key_store(self) -> bool {
        matches!(self, Self::Pkcs12 | Self::Truststore)
    }

    fn is_secret(self) -> bool {
        matches!(self, Self::KubernetesOpaque | Self::KubernetesTls)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", PossibleValue::get_name))
    }
}

const EXAMPLES: &str = "\
Examples:
  etcdpki export --format pem -o out
  etcdpki export --format pem --for-host etcd-0 -o /run/etcd-0
  etcdpki export --format combined etcdctl -o out
  etcdpki export --format pkcs12 backup/client --pkcs12-password-file p12.txt -o backup.p12
  etcdpki export --format kubernetes-tls kube-apiserver --namespace kube-system -o - \\
    | kubectl apply -f -
  etcdpki export --format kubeadm --for-host etcd-0 -o etcd-0/etc/kubernetes/pki
  etcdpki export --format external-etcd --apiserver-client kube-apiserver -o kubernetes/pki
  etcdpki export --format truststore --pkcs12-password-file p12.txt -o truststore.p12";
