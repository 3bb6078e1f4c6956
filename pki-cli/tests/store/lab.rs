//! A store on three members, which may be killed and started again.

use std::fs;
use std::path::Path;

use fixtures::etcd::{Cluster, Node};
use fixtures::{Etcdctl, OpensslCa, loopback_addresses};
use tempfile::TempDir;

use crate::site::Site;

/// A store of three members.
pub(crate) struct Lab {
    pub(crate) cluster: Cluster,
    client: Etcdctl,
    pub(crate) site: Site,
    _directory: TempDir,
}

impl Lab {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = OpensslCa::create(directory.path().join("ca"));
        let nodes: Vec<Node> = (0..3)
            .zip(loopback_addresses(3))
            .map(|(number, address)| {
                let name = format!("store-{number}");
                let hostname = format!("{name}.example");
                let names = format!("DNS:{hostname},IP:{address}");
                let certificates = directory.path().join(&name);
                fs::create_dir(&certificates).unwrap();
                let (certificate, key) =
                    authority.issue(&hostname, "serverAuth,clientAuth", &names);
                place(&authority.certificate(), &certificates.join("ca.crt"));
                for role in ["server", "peer"] {
                    place(&certificate, &certificates.join(format!("{role}.crt")));
                    place(&key, &certificates.join(format!("{role}.key")));
                }
                Node {
                    name,
                    hostname,
                    address,
                    certificates,
                }
            })
            .collect();
        let mut cluster = Cluster::start(&nodes, None);
        let (certificate, key) = authority.issue("operator", "clientAuth", "");
        let client = Etcdctl::new(cluster.endpoints())
            .trusting(authority.certificate())
            .presenting(&certificate, &key);
        cluster.wait_until_healthy(&client);
        let members: Vec<_> = cluster
            .endpoints()
            .iter()
            .map(|url| url.replace("https://", ""))
            .collect();
        let site = Site {
            members: members.join(","),
            prefix: "/pki".to_owned(),
            authority: authority.certificate(),
            certificate,
            key,
            control: client.clone(),
        };
        Self {
            cluster,
            client,
            site,
            _directory: directory,
        }
    }

    pub(crate) fn kill_leader(&mut self) -> String {
        let client = self.client.at(self.cluster.endpoints());
        let leader = self.cluster.leader(&client);
        self.cluster.kill(&leader);
        leader
    }

    /// Starts a member again, and waits for all of them.
    pub(crate) fn start_again(&mut self, names: &[String]) {
        for name in names {
            self.cluster.start_again(name);
        }
        let client = self.client.clone();
        self.cluster.wait_until_healthy(&client);
    }
}

fn place(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}
