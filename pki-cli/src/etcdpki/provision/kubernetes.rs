//! What an API server of Kubernetes needs to use the cluster.

use std::process::ExitCode;

use minijinja::context;
use pki_core::Cluster;
use pki_core::export::kubeadm::{self, Places};
use pki_core::name::ClientName;

use super::{File, variables};
use crate::etcdpki::args::{Export, Kubernetes};
use crate::etcdpki::error::Error;
use crate::etcdpki::export;

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
        context! { client => client.as_str(), stanza => kubeadm::stanza(cluster, &OF_ROLE) },
    )?;
    Ok(vec![File::new("kubernetes/kubeadm.yml", text)])
}

/// Prints a Secret, key and all: the export of it, for the client and the namespace of an API server.
pub(super) fn print_secret(cluster: &Cluster, arguments: Kubernetes) -> Result<ExitCode, Error> {
    let client = client(cluster, &arguments)?;
    let force = arguments.write.force;
    let export = Export::secret_of(&client, arguments.namespace, arguments.keys, force);
    export::run(&export)
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

/// Where the role etcd-client puts them.
const OF_ROLE: Places<'_> = Places {
    authorities: "/etc/etcd-client/ca.crt",
    certificate: "/etc/etcd-client/current/client.crt",
    key: "/etc/etcd-client/current/client.key",
};
