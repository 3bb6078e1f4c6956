//! A PKI, and what its hosts and clients have of it.

use std::ffi::OsStr;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use fixtures::etcd::Node;
use fixtures::{Etcdctl, Outcome, decrypt, loopback_addresses, run};
use serde_json::Value;
use tempfile::TempDir;

const DOMAIN: &str = "your-internal.domain";
/// The client that the writers are.
pub(crate) const WRITER: &str = "etcdctl";
/// One that does nothing.
pub(crate) const GUEST: &str = "guest";
/// A chain before its key, and what is trusted at last.
const FILES: [&str; 7] = [
    "server.crt",
    "server.key",
    "peer.crt",
    "peer.key",
    "client.crt",
    "client.key",
    "ca.crt",
];

/// The PKI, a directory with the files of each owner as they are on its host, and the revocation
/// list of the members.
#[derive(Debug)]
pub(crate) struct Site {
    directory: TempDir,
    pub(crate) nodes: Vec<Node>,
}

impl Site {
    /// Makes a PKI for so many members, and brings it to them.
    pub(crate) fn of(nodes: usize, settings: &str) -> Self {
        let site = Self::undelivered(nodes, settings);
        site.deliver(&site.decrypted(), &site.owners());
        site.deliver_list();
        site
    }

    /// The same, and nobody has anything of it yet.
    pub(crate) fn undelivered(nodes: usize, settings: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let addresses = loopback_addresses(nodes).into_iter().enumerate();
        let node = |(number, address): (usize, Ipv4Addr)| {
            let name = format!("etcd-{number}");
            Node {
                hostname: format!("{name}.{DOMAIN}"),
                certificates: directory.path().join("hosts").join(&name),
                name,
                address,
            }
        };
        let site = Self {
            nodes: addresses.map(node).collect(),
            directory,
        };
        fs::create_dir(site.path("pki")).unwrap();
        site.write_description(settings);
        site.etcdpki(&["init", "--generate-secrets"])
            .expect_success();
        for owner in site.owners() {
            fs::create_dir_all(site.path("hosts").join(owner)).unwrap();
        }
        site
    }

    /// Describes the members and clients, with these settings besides.
    pub(crate) fn write_description(&self, settings: &str) {
        let described = self.nodes.iter().map(|node| {
            let Node { name, address, .. } = node;
            format!("  - {{ name: {name}, addresses: [{address}] }}\n")
        });
        let described: String = described.collect();
        let text = format!(
            "domain: {DOMAIN}\nnetworks: [127.0.0.0/8]\nclients: [{WRITER}, {GUEST}]\n\
             {settings}\nnodes:\n{described}"
        );
        fs::write(self.path("pki/etcdpki.yml"), text).unwrap();
    }

    /// Runs `etcdpki` where the PKI is.
    pub(crate) fn etcdpki(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        etcdpki(&self.path("pki"), arguments)
    }

    /// The same in a copy of the PKI, which lives as long as the directory does.
    pub(crate) fn command_in_copy(&self, arguments: &[&str]) -> (TempDir, Command) {
        let copy = tempfile::tempdir().unwrap();
        let mut copying = Command::new("cp");
        copying.arg("-a").arg(self.path("pki/."));
        run(copying.arg(copy.path())).expect_success();
        let command = etcdpki(copy.path(), arguments);
        (copy, command)
    }

    /// What `etcdpki` reports in JSON.
    pub(crate) fn told(&self, arguments: &[&str]) -> Value {
        let outcome = self.etcdpki(&[arguments, &["--json"]].concat());
        serde_json::from_str(&outcome.expect_success().stdout).unwrap()
    }

    /// Has members trust another authority of the chain, in the description and the files of the
    /// PKI.
    pub(crate) fn trust(&self, anchor: &str) {
        let path = self.path("pki/etcdpki.yml");
        let text = fs::read_to_string(&path).unwrap();
        let others = text
            .lines()
            .filter(|line| !line.starts_with("trust_anchor:"));
        let text: String = others.map(|line| format!("{line}\n")).collect();
        fs::write(path, format!("{text}trust_anchor: {anchor}\n")).unwrap();
        self.etcdpki(&["init"]).expect_success();
    }

    /// Every node and client.
    pub(crate) fn owners(&self) -> Vec<String> {
        let clients = [WRITER, GUEST].map(String::from);
        self.node_names().into_iter().chain(clients).collect()
    }

    pub(crate) fn node_names(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.name.clone()).collect()
    }

    /// What every owner is to have, by ansible-core from the vault files.
    pub(crate) fn decrypted(&self) -> TempDir {
        let target = tempfile::tempdir().unwrap();
        let names = self.node_names();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        decrypt(&self.path("pki"), target.path(), &names, &[WRITER, GUEST]);
        target
    }

    /// The same without the keys, from the PKI itself, at no cost.
    pub(crate) fn certificates(&self) -> TempDir {
        let target = tempfile::tempdir().unwrap();
        let pki = self.path("pki/pki");
        for owner in self.owners() {
            let own = target.path().join(&owner);
            fs::create_dir(&own).unwrap();
            let roles: Vec<_> = entries(&pki.join("certificates").join(&owner));
            for role in &roles {
                let newest = entries(role).into_iter().max_by_key(|path| number(path));
                let mut file = role.file_name().unwrap().to_owned();
                file.push(".crt");
                fs::copy(newest.unwrap().join("tls.crt"), own.join(file)).unwrap();
            }
            let trusted = match own.join("client.crt").exists() {
                true => "trust/clients.crt",
                false => "trust/members.crt",
            };
            fs::copy(pki.join(trusted), own.join("ca.crt")).unwrap();
        }
        target
    }

    /// The same with the keys, by `etcdpki export`, where there is no time for ansible-core.
    pub(crate) fn exported(&self) -> TempDir {
        let target = self.certificates();
        let mut export = self.command(&["export", "--format", "pem", "--force", "--out"]);
        run(export.arg(target.path())).expect_success();
        target
    }

    /// Puts files in place of those that these owners have and that differ: each is written beside
    /// first, and renamed. Whether there was any.
    pub(crate) fn deliver(&self, files: &TempDir, owners: &[String]) -> bool {
        let mut differed = false;
        for owner in owners {
            for file in FILES {
                differed |= self.deliver_one(files, owner, file);
            }
        }
        differed
    }

    /// The same with one file of one owner.
    pub(crate) fn deliver_one(&self, files: &TempDir, owner: &str, file: &str) -> bool {
        let new = files.path().join(owner).join(file);
        let old = self.path("hosts").join(owner).join(file);
        let differs = new.exists() && fs::read(&new).unwrap() != fs::read(&old).unwrap_or_default();
        if differs {
            put(&new, &old);
        }
        differs
    }

    /// Gives the members the revocation list.
    pub(crate) fn deliver_list(&self) {
        put(&self.path("pki/pki/crl/etcd.crl"), &self.list());
    }

    /// The members' list.
    pub(crate) fn list(&self) -> PathBuf {
        self.path("members.crl")
    }

    /// A client with what it has at each time.
    pub(crate) fn client(&self, name: &str) -> Etcdctl {
        self.client_presenting(name, &self.path("hosts").join(name))
    }

    /// The same with a certificate that it was to throw away.
    pub(crate) fn client_presenting(&self, name: &str, identity: &Path) -> Etcdctl {
        Etcdctl::new(Vec::<String>::new())
            .trusting(self.path("hosts").join(name).join("ca.crt"))
            .presenting(identity.join("client.crt"), identity.join("client.key"))
    }

    /// A copy of the certificate and key that a client has now.
    pub(crate) fn identity(&self, name: &str) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for file in ["client.crt", "client.key"] {
            let own = self.path("hosts").join(name).join(file);
            fs::copy(own, copy.path().join(file)).unwrap();
        }
        copy
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }
}

fn etcdpki(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcdpki"));
    command.arg("-C").arg(directory).args(arguments);
    command
}

fn put(new: &Path, place: &Path) {
    let beside = place.with_extension("new");
    fs::copy(new, &beside).unwrap();
    fs::rename(beside, place).unwrap();
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn number(generation: &Path) -> u32 {
    let name = generation.file_name().and_then(OsStr::to_str).unwrap();
    name.parse().unwrap()
}
