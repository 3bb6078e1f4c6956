//! What an API server of Kubernetes needs to use the cluster.

use std::process::ExitCode;

use base64ct::{Base64, Encoding};
use minijinja::context;
use pki_core::Cluster;
use pki_core::certificate::bundle;
use pki_core::converge::{ConvergeError, State};
use pki_core::leaf::{LeafId, Owner};
use pki_core::name::ClientName;
use pki_core::role::Role;
use pki_core::secret_text::SecretText;
use zeroize::Zeroizing;

use super::{File, variables};
use crate::etcdpki::args::Kubernetes;
use crate::etcdpki::error::Error;
use crate::etcdpki::secrets::{self, Source};
use crate::etcdpki::{opened, output};

/// What comes after it.
pub(super) const NEXT: &[&str] = &[
    "kubeadm init --config kubernetes/kubeadm.yml",
    "or for a program in the cluster: etcdpki provision kubernetes --secret | kubectl apply -f -",
];

/// The configuration of kubeadm.
pub(super) fn files(cluster: &Cluster, arguments: &Kubernetes) -> Result<Vec<File>, Error> {
    let client = client(cluster, arguments)?;
    let text = variables::render(
        include_str!("../../../templates/rendered/kubeadm.yml.j2"),
        context! { client => client.as_str(), endpoints => cluster.endpoints() },
    )?;
    Ok(vec![File::new("kubernetes/kubeadm.yml", text)])
}

/// Prints a Secret, key and all.
pub(super) fn print_secret(cluster: &Cluster, arguments: &Kubernetes) -> Result<ExitCode, Error> {
    let client = client(cluster, arguments)?;
    let pki = opened::read_only()?;
    let incomplete = |what: String| Error::Converge(ConvergeError::Incomplete(what));
    let keyring = pki
        .keyring()?
        .ok_or_else(|| incomplete("keyring.yml".into()))?;
    let passphrase = Source::passphrase(&arguments.passphrase).read(false)?;
    let keys = keyring.unlock(&secrets::passphrase(&passphrase)?)?;
    let state = State::read(cluster, &pki)?;
    let id = LeafId {
        owner: Owner::Client(client.clone()),
        role: Role::Client,
    };
    let stored = state
        .leaf(&id)
        .ok_or_else(|| incomplete(format!("certificates/{id}")))?;
    let key = pki.leaf_key(stored, &keys)?.to_pem();
    let authorities = bundle::write(&state.bundles.clients);
    let mut text = SecretText::default();
    text.push_str(&format!(
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata:\n  name: {}-{client}\n  namespace: {}\ndata:\n",
        cluster.name, arguments.namespace
    ));
    push(&mut text, "ca.crt", authorities.as_bytes());
    push(
        &mut text,
        "tls.crt",
        bundle::write(&stored.chain).as_bytes(),
    );
    push(&mut text, "tls.key", key.as_bytes());
    output::print(text.as_str())?;
    Ok(ExitCode::SUCCESS)
}

fn push(text: &mut SecretText, name: &str, value: &[u8]) {
    let encoded = Zeroizing::new(Base64::encode_string(value));
    for part in ["  ", name, ": ", encoded.as_str(), "\n"] {
        text.push_str(part);
    }
}

fn client(cluster: &Cluster, arguments: &Kubernetes) -> Result<ClientName, Error> {
    let find = |name: &str| {
        cluster
            .clients
            .iter()
            .find(|client| client.as_str() == name)
    };
    let chosen = match &arguments.client {
        Some(name) => find(name).ok_or_else(|| Error::Undescribed {
            what: "the clients",
            name: name.clone(),
            known: join(&cluster.clients),
        })?,
        None => find("kube-apiserver").unwrap_or(&cluster.clients[0]),
    };
    Ok(chosen.clone())
}

fn join(names: &[ClientName]) -> String {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
}
