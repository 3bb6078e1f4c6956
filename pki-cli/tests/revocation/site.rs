//! A PKI of `etcdpki init`, its keys opened for a cluster on this machine.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use fixtures::etcd::{Cluster, Node, Options};
use fixtures::{Etcdctl, Outcome, loopback_addresses, run};
use pki_core::Cluster as Description;
use pki_core::converge::State;
use pki_core::seal::Passphrase;
use pki_core::store::{Directory, Pki};
use tempfile::TempDir;

const DOMAIN: &str = "your-internal.domain";

/// The PKI, and beside it a directory with the files of each owner and the list of the members.
pub(crate) struct Site {
    directory: TempDir,
    hosts: Vec<(String, Ipv4Addr)>,
}

impl Site {
    /// Makes a PKI for members of these names and the clients `alice` and `bob`.
    pub(crate) fn of(names: &[&str]) -> Self {
        let hosts = names
            .iter()
            .map(|name| (*name).to_owned())
            .zip(loopback_addresses(names.len()));
        let site = Self {
            directory: tempfile::tempdir().unwrap(),
            hosts: hosts.collect(),
        };
        let mut arguments: Vec<String> = ["init", "--generate-secrets", "--domain", DOMAIN]
            .map(str::to_owned)
            .into();
        for client in ["alice", "bob"] {
            arguments.extend(["--client".to_owned(), client.to_owned()]);
        }
        arguments.extend(["--network".to_owned(), "127.0.0.0/8".to_owned()]);
        for (name, address) in &site.hosts {
            arguments.extend(["--node".to_owned(), format!("{name}={address}")]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        site.etcdpki(&arguments).expect_success();
        site.open_keys();
        site.deliver("etcd.crl");
        site
    }

    /// Runs `etcdpki` where the PKI is.
    pub(crate) fn etcdpki(&self, arguments: &[&str]) -> Outcome {
        run(Command::new(env!("CARGO_BIN_EXE_etcdpki"))
            .arg("-C")
            .arg(self.path("site"))
            .args(arguments))
    }

    /// Gives the members a list from `pki/crl`, as a deployment should: whole, by a rename.
    pub(crate) fn deliver(&self, name: &str) {
        let new = self.path("new.crl");
        fs::copy(self.path("site/pki/crl").join(name), &new).unwrap();
        fs::rename(new, self.list()).unwrap();
    }

    /// Starts the members with that list.
    pub(crate) fn start(&self) -> Cluster {
        let nodes: Vec<Node> = self
            .hosts
            .iter()
            .map(|(name, address)| Node {
                name: name.clone(),
                hostname: format!("{name}.{DOMAIN}"),
                address: *address,
                certificates: self.path(name),
            })
            .collect();
        let options = Options {
            allowed_cn: Some("etcd-peer".into()),
            crl: Some(self.list()),
            ..Options::default()
        };
        Cluster::start_with(&nodes, options)
    }

    /// The members' list.
    pub(crate) fn list(&self) -> PathBuf {
        self.path("members.crl")
    }

    /// etcdctl with the certificate of a client.
    pub(crate) fn client(&self, cluster: &Cluster, name: &str) -> Etcdctl {
        let file = |kind: &str| self.path(name).join(kind);
        Etcdctl::new(cluster.endpoints())
            .trusting(file("ca.crt"))
            .presenting(file("client.crt"), file("client.key"))
    }

    /// Writes what each owner installs, with its keys in clear, into a directory of its own.
    pub(crate) fn open_keys(&self) {
        let site = self.path("site");
        let description = fs::read_to_string(site.join("etcdpki.yml")).unwrap();
        let description = Description::from_yaml(&description).unwrap();
        let pki = Pki::new(Directory::open_read_only(&site.join("pki")).unwrap());
        let passphrase = fs::read(site.join("etcdpki-passphrase.txt")).unwrap();
        let passphrase = Passphrase::new(passphrase.trim_ascii()).unwrap();
        let keys = pki.keyring().unwrap().unwrap().unlock(&passphrase).unwrap();
        for leaf in State::read(&description, &pki).unwrap().leaves {
            let directory = self.path(leaf.id.owner.to_string());
            fs::create_dir_all(&directory).unwrap();
            let write = |name: &str, content: &[u8]| {
                fs::write(directory.join(name), content).unwrap();
            };
            let role = leaf.id.role;
            let chain: String = leaf.chain.iter().map(|one| one.to_pem()).collect();
            let key = pki.leaf_key(&leaf, &keys).unwrap().to_pem();
            write(&format!("{role}.crt"), chain.as_bytes());
            write(&format!("{role}.key"), key.as_bytes());
            let trusted = match role {
                pki_core::role::Role::Client => "clients.crt",
                _ => "members.crt",
            };
            let trusted = fs::read(site.join("pki/trust").join(trusted)).unwrap();
            write("ca.crt", &trusted);
        }
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }
}
