//! A PKI made by `etcdpki init` and written to hosts by ansible-core.

use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use fixtures::etcd::{Cluster, Node};
use fixtures::{Etcdctl, deploy, loopback_addresses, run};
use tempfile::TempDir;

const DOMAIN: &str = "your-internal.domain";
const CLIENT: &str = "etcdctl";

/// The files of a cluster's hosts, with a directory for each.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) directory: TempDir,
    pub(crate) nodes: Vec<Node>,
}

impl Deployment {
    /// Makes a PKI for nodes of these names and deploys it.
    pub(crate) fn of(names: &[&str]) -> Self {
        Self::described(names, None)
    }

    /// The same with a setting of etcd in the description.
    pub(crate) fn described(names: &[&str], etcd: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let hosts: Vec<_> = names
            .iter()
            .copied()
            .zip(loopback_addresses(names.len()))
            .collect();
        let pki = directory.path().join("pki");
        init(&pki, &hosts, etcd);
        deploy(&pki, directory.path(), names, &[CLIENT]);

        let node = |(name, address): (&str, Ipv4Addr)| Node {
            name: name.into(),
            hostname: format!("{name}.{DOMAIN}"),
            address,
            certificates: directory.path().join(name),
        };
        let nodes = hosts.into_iter().map(node).collect();
        Self { directory, nodes }
    }

    /// etcdctl with the deployed certificate of the client.
    pub(crate) fn client(&self, cluster: &Cluster) -> Etcdctl {
        Etcdctl::new(cluster.endpoints())
            .trusting(self.client_file("ca.crt"))
            .presenting(
                self.client_file("client.crt"),
                self.client_file("client.key"),
            )
    }

    pub(crate) fn client_file(&self, name: &str) -> PathBuf {
        self.directory.path().join(CLIENT).join(name)
    }
}

fn init(pki: &Path, hosts: &[(&str, Ipv4Addr)], etcd: Option<&str>) {
    let mut description =
        format!("domain: {DOMAIN}\nnetworks: [127.0.0.0/8]\nclients: [{CLIENT}]\nnodes:\n");
    for (name, address) in hosts {
        writeln!(
            description,
            "  - {{ name: {name}, addresses: [{address}] }}"
        )
        .unwrap();
    }
    if let Some(setting) = etcd {
        writeln!(description, "etcd: {{ {setting} }}").unwrap();
    }
    fs::create_dir(pki).unwrap();
    fs::write(pki.join("etcdpki.yml"), description).unwrap();
    let mut etcdpki = Command::new(env!("CARGO_BIN_EXE_etcdpki"));
    run(etcdpki
        .arg("-C")
        .arg(pki)
        .args(["init", "--generate-secrets"]))
    .expect_success();
}
