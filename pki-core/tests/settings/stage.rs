//! A member that could be: its certificates, its addresses, and flags that are all right.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use fixtures::etcd::{Release, Trial, free_ports};
use fixtures::forge::{
    CLIENT_AUTH, Extension, Forged, GeneralName, Key, KeyKind, Recipe, SERVER_AUTH,
};
use fixtures::loopback_addresses;
use pki_core::Cluster;
use pki_core::certificate::Certificate;
use pki_core::etcd::EtcdVersion;
use pki_core::etcd::settings::{Settings, Source};
use pki_core::lint::{self, Member};

/// The certificates of all members that are tried.
pub(crate) struct Pki {
    directory: tempfile::TempDir,
    server: Certificate,
    server_alone: Certificate,
    peer: Certificate,
}

impl Pki {
    /// Makes certificates for `address`.
    pub(crate) fn new(address: Ipv4Addr) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [authority_key, key, other_key] = [KeyKind::P256; 3].map(Key::new);
        let authority = Recipe::authority("authority", None).self_sign(&authority_key);
        let octets = address.octets();
        let names = Extension::names(&[GeneralName::Ip(&octets)]);
        let both = Extension::extended_key_usage(&[SERVER_AUTH, CLIENT_AUTH]);
        let leaf = |name: &str, key: &Key, usage: &Extension| {
            let recipe = Recipe::leaf(name).with(names.clone()).with(usage.clone());
            recipe.sign(key, &authority, &authority_key)
        };
        let client = Extension::extended_key_usage(&[CLIENT_AUTH]);
        let server_alone = Extension::extended_key_usage(&[SERVER_AUTH]);
        let made = [
            ("server", leaf("etcd-server", &key, &both), &key),
            ("peer", leaf("etcd-peer", &other_key, &both), &other_key),
            ("client", leaf("etcdctl", &key, &client), &key),
            (
                "server-alone",
                leaf("etcd-server", &key, &server_alone),
                &key,
            ),
        ];
        let write =
            |name: &str, text: String| fs::write(directory.path().join(name), text).unwrap();
        for (name, forged, key) in &made {
            write(&format!("{name}.crt"), forged.pem());
            write(
                &format!("{name}.key"),
                fs::read_to_string(key.file()).unwrap(),
            );
        }
        write("ca.crt", authority.pem());
        let with_key = fs::read_to_string(key.file()).unwrap() + &made[0].1.pem();
        write("both.pem", with_key);
        let read = |forged: &Forged| Certificate::from_der(&forged.der).unwrap();
        Self {
            server: read(&made[0].1),
            peer: read(&made[1].1),
            server_alone: read(&made[3].1),
            directory,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// How a member is started.
#[derive(Clone)]
pub(crate) struct Start<'a> {
    pki: &'a Pki,
    pub(crate) client: SocketAddr,
    pub(crate) peer: SocketAddr,
    pub(crate) arguments: Vec<String>,
    pub(crate) variables: Vec<(String, String)>,
    config_file: Option<PathBuf>,
}

impl<'a> Start<'a> {
    pub(crate) fn sound(pki: &'a Pki, address: Ipv4Addr) -> Self {
        let [client, peer] = free_ports(address).map(|port| SocketAddr::new(address.into(), port));
        let start = Self {
            pki,
            client,
            peer,
            arguments: Vec::new(),
            variables: Vec::new(),
            config_file: None,
        };
        start
            .set("name", "a")
            .set("listen-peer-urls", &format!("https://{peer}"))
            .set("initial-advertise-peer-urls", &format!("https://{peer}"))
            .set("initial-cluster", &format!("a=https://{peer}"))
            .set("listen-client-urls", &format!("https://{client}"))
            .set("advertise-client-urls", &format!("https://{client}"))
            .with("--client-cert-auth")
            .file("trusted-ca-file", "ca.crt")
            .file("cert-file", "server.crt")
            .file("key-file", "server.key")
            .with("--peer-client-cert-auth")
            .file("peer-trusted-ca-file", "ca.crt")
            .file("peer-cert-file", "peer.crt")
            .file("peer-key-file", "peer.key")
            .set("peer-cert-allowed-cn", "etcd-peer")
    }

    pub(crate) fn set(self, flag: &str, value: &str) -> Self {
        let start = self.without(flag);
        start.with(&format!("--{flag}={value}"))
    }

    /// Sets a flag to a file of the PKI.
    pub(crate) fn file(self, flag: &str, name: &str) -> Self {
        let path = self.pki.path(name);
        self.set(flag, &path.display().to_string())
    }

    pub(crate) fn with(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    pub(crate) fn without(mut self, flag: &str) -> Self {
        let is_it =
            |argument: &str| argument.trim_start_matches('-').split('=').next() == Some(flag);
        self.arguments.retain(|argument| !is_it(argument));
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same in a configuration file, with `more` lines.
    pub(crate) fn in_config_file(mut self, more: &str) -> Self {
        let mut sections = [const { String::new() }; 3];
        for argument in &self.arguments {
            let (flag, value) = argument
                .trim_start_matches('-')
                .split_once('=')
                .unwrap_or((argument.trim_start_matches('-'), "true"));
            let (at, key) = match flag.strip_prefix("peer-") {
                Some("cert-allowed-cn") => continue,
                Some(key) => (2, key),
                None if flag.contains("cert-") || flag.ends_with("-file") => (1, flag),
                None => (0, flag),
            };
            let indent = if at == 0 { "" } else { "  " };
            sections[at].push_str(&format!("{indent}{key}: {value}\n"));
        }
        let [top, client, peer] = sections;
        let text = format!(
            "{top}client-transport-security:\n{client}peer-transport-security:\n{peer}{more}"
        );
        // Of this start alone: others of the same case run at the same time.
        let file = self.pki.path(&format!("{}.yml", self.client.port()));
        fs::write(&file, text).unwrap();
        self.arguments = vec![format!("--config-file={}", file.display())];
        self.config_file = Some(file);
        self
    }

    /// Starts it.
    pub(crate) fn trial(&self, release: Release) -> Trial {
        Trial::start(release, &self.arguments, &self.variables)
    }

    /// The codes of what is found in its settings.
    pub(crate) fn codes(&self, version: EtcdVersion) -> Vec<&'static str> {
        let address = self.client.ip();
        let description =
            format!("domain: etcd.test\nnodes:\n  - {{ name: a, addresses: [{address}] }}\n");
        let cluster = Cluster::from_yaml(&description).unwrap();
        let mut member = Member::new(&cluster, &cluster.nodes[0]);
        member.version = Some(version);
        let is_alone = |argument: &String| {
            argument.starts_with("--cert-file=") && argument.ends_with("server-alone.crt")
        };
        member.server = Some(match self.arguments.iter().any(is_alone) {
            true => &self.pki.server_alone,
            false => &self.pki.server,
        });
        member.server_client = Some(&self.pki.server_alone);
        member.peer = Some(&self.pki.peer);
        let mut command = "etcd".to_owned();
        for argument in &self.arguments {
            command.push_str(&format!(" \\\n{argument}"));
        }
        let mut environment = String::new();
        for (name, value) in &self.variables {
            environment.push_str(&format!("{name}={value}\n"));
        }
        let read = |name: &str, text: &str| Source::read(name, text.as_bytes()).unwrap();
        let mut sources = vec![read("command", &command)];
        if !environment.is_empty() {
            sources.push(read("etcd.env", &environment));
        }
        if let Some(file) = &self.config_file {
            sources.push(read("etcd.yml", &fs::read_to_string(file).unwrap()));
        }
        let found = lint::settings(&Settings::of(sources), &member);
        found.iter().map(|violation| violation.lint.code).collect()
    }

    /// The files of an identity.
    pub(crate) fn identity(&self, name: &str) -> [PathBuf; 2] {
        [
            self.pki.path(&format!("{name}.crt")),
            self.pki.path(&format!("{name}.key")),
        ]
    }
}

/// An address for all members that are tried: their ports differ.
pub(crate) fn address() -> Ipv4Addr {
    loopback_addresses(1)[0]
}

/// Whether somebody with this identity is taken at an address.
pub(crate) fn is_taken(address: SocketAddr, identity: Option<[PathBuf; 2]>) -> bool {
    let identity = identity.as_ref();
    let identity = identity.map(|[certificate, key]| (Path::new(certificate), Path::new(key)));
    fixtures::etcd::shakes_hands(address, identity)
}
