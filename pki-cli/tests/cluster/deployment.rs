//! A PKI made by `etcdpki init` and written to hosts by ansible-core.

use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use fixtures::etcd::{Cluster, Node};
use fixtures::{Etcdctl, ansible, loopback_addresses, run};
use tempfile::TempDir;

const DOMAIN: &str = "your-internal.domain";
const CLIENT_HOST: &str = "client";
const PLAYBOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/playbook.yml");

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
        deploy(&pki, directory.path(), names);

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
        self.directory.path().join(CLIENT_HOST).join(name)
    }
}

fn init(pki: &Path, hosts: &[(&str, Ipv4Addr)], etcd: Option<&str>) {
    let mut description =
        format!("domain: {DOMAIN}\nnetworks: [127.0.0.0/8]\nclients: [etcdctl]\nnodes:\n");
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

/// Runs the playbook against this machine under the names of the hosts.
fn deploy(pki: &Path, deployed: &Path, names: &[&str]) {
    let inventory = deployed.join("inventory.ini");
    fs::write(&inventory, inventory_of(names)).unwrap();
    run(ansible()
        .playbook()
        .current_dir(deployed)
        .env("ANSIBLE_PIPELINING", "1")
        .arg(PLAYBOOK)
        .arg("--inventory")
        .arg(&inventory)
        .arg("--vault-password-file")
        .arg(pki.join("vault-password.txt"))
        .arg("--extra-vars")
        .arg(format!(
            "pki={} deployed={}",
            pki.display(),
            deployed.display()
        )))
    .expect_success();
}

fn inventory_of(names: &[&str]) -> String {
    let mut inventory = String::from("[servers]\n");
    for name in names {
        // The name that gathered facts would give the host.
        writeln!(inventory, "{name} ansible_hostname={name}").unwrap();
    }
    write!(
        inventory,
        "[clients]\n{CLIENT_HOST} ansible_hostname={CLIENT_HOST}\n\
         [all:vars]\nansible_connection=local\n\
         ansible_python_interpreter=\"{{{{ ansible_playbook_python }}}}\"\n"
    )
    .unwrap();
    inventory
}
