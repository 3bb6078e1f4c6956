//! Settings of a member: what it is started with breaks one rule and no other.

use std::collections::BTreeSet;

use fixtures::forge::{
    CLIENT_AUTH, Extension, GeneralName, Key, KeyKind, Recipe, SERVER_AUTH, der,
};
use pki_core::Cluster;
use pki_core::certificate::Certificate;
use pki_core::etcd::settings::{Settings, Source};
use pki_core::lint::{self, Member, Violation};

use super::codes;

const DESCRIPTION: &str = "domain: etcd.test\nnodes:\n  - { name: a, addresses: [10.0.0.1] }\n  - { name: b, addresses: [10.0.0.2] }\n";

/// What breaks one rule.
pub(crate) struct Case {
    pub(crate) code: &'static str,
    start: Start,
}

/// How a member is started.
#[derive(Clone)]
struct Start {
    version: Option<&'static str>,
    arguments: Vec<(String, Option<String>)>,
    files: Vec<(&'static str, String)>,
    has_revoked: bool,
    crl: &'static [u8],
    server: Recipe,
    peer: Recipe,
    /// What it calls with, where that is another certificate.
    own: Recipe,
    key: KeyKind,
}

/// The flags of a member that breaks no rule.
const FLAGS: &[(&str, &str)] = &[
    ("name", "a"),
    ("data-dir", "/var/lib/etcd"),
    ("listen-peer-urls", "https://10.0.0.1:2380"),
    (
        "listen-client-urls",
        "https://10.0.0.1:2379,https://127.0.0.1:2379",
    ),
    ("initial-advertise-peer-urls", "https://a.etcd.test:2380"),
    ("advertise-client-urls", "https://10.0.0.1:2379"),
    (
        "initial-cluster",
        "a=https://a.etcd.test:2380,b=https://b.etcd.test:2380",
    ),
    ("client-cert-auth", "true"),
    ("trusted-ca-file", "/pki/ca.crt"),
    ("cert-file", "/pki/server.crt"),
    ("key-file", "/pki/server.key"),
    ("peer-client-cert-auth", "true"),
    ("peer-trusted-ca-file", "/pki/ca.crt"),
    ("peer-cert-file", "/pki/peer.crt"),
    ("peer-key-file", "/pki/peer.key"),
    ("peer-cert-allowed-cn", "etcd-peer"),
    ("client-crl-file", "/pki/etcd.crl"),
    ("peer-crl-file", "/pki/etcd.crl"),
];

impl Start {
    fn sound() -> Self {
        let names = [
            GeneralName::Dns("a.etcd.test"),
            GeneralName::Ip(&[10, 0, 0, 1]),
        ];
        let peer = Recipe::leaf("etcd-peer").with(Extension::names(&names));
        Self {
            version: Some("3.5.32"),
            arguments: FLAGS
                .iter()
                .map(|(flag, value)| ((*flag).to_owned(), Some((*value).to_owned())))
                .collect(),
            files: Vec::new(),
            has_revoked: true,
            crl: b"0",
            server: Recipe::leaf("a").with(Extension::names(&names)),
            own: peer.clone(),
            peer,
            key: KeyKind::P256,
        }
    }

    fn version(mut self, version: &'static str) -> Self {
        self.version = Some(version);
        self
    }

    fn set(self, flag: &str, value: &str) -> Self {
        let mut start = self.without(flag);
        start
            .arguments
            .push((flag.to_owned(), Some(value.to_owned())));
        start
    }

    fn with(mut self, argument: &str) -> Self {
        self.arguments.push((argument.to_owned(), None));
        self
    }

    fn without(mut self, flag: &str) -> Self {
        self.arguments.retain(|(own, _)| own != flag);
        self
    }

    fn file(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.files.push((name, text.into()));
        self
    }

    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The same with all flags in a configuration file, but for those that have no key.
    fn in_config_file(self) -> Self {
        let mut sections = [String::new(), String::new(), String::new()];
        for (flag, value) in &self.arguments {
            let value = value.as_deref().unwrap_or_default();
            let value = match flag.contains("allowed") {
                true => format!("[{value}]"),
                false => value.to_owned(),
            };
            let key = flag.strip_prefix("peer-").unwrap_or(flag);
            let is_nested = ["cert", "trusted-ca-file", "key-file"]
                .iter()
                .any(|part| key.contains(part));
            let key = key
                .strip_prefix("cert-allowed")
                .map_or(key.to_owned(), |rest| format!("allowed{rest}"));
            let (section, line) = match (is_nested, flag.starts_with("peer-")) {
                _ if flag.ends_with("crl-file") => continue,
                (false, _) => (0, format!("{flag}: {value:?}\n")),
                (true, false) => (1, format!("  {key}: {value}\n")),
                (true, true) => (2, format!("  {key}: {value}\n")),
            };
            sections[section].push_str(&line);
        }
        let [top, client, peer] = sections;
        let text =
            format!("{top}client-transport-security:\n{client}peer-transport-security:\n{peer}");
        let mut start = self.file("etcd.yml", text);
        start.arguments.clear();
        start.has_revoked = false;
        start
    }

    /// With a line at the end of the configuration file.
    fn with_key(mut self, line: &str) -> Self {
        self.files[0].1.push_str(line);
        self
    }

    fn violations(&self) -> Vec<Violation> {
        let cluster = Cluster::from_yaml(DESCRIPTION).unwrap();
        let key = Key::new(self.key);
        let read = |recipe: &Recipe| Certificate::from_der(&recipe.self_sign(&key).der).unwrap();
        let certificates = [&self.server, &self.peer, &self.own].map(read);
        let mut member = Member::new(&cluster, &cluster.nodes[0]);
        member.version = self.version.map(|version| version.parse().unwrap());
        member.server = Some(&certificates[0]);
        member.peer = Some(&certificates[1]);
        member.server_client = Some(&certificates[2]);
        member.peer_client = Some(&certificates[2]);
        member.crl = Some(self.crl);
        member.has_revoked = self.has_revoked;
        lint::settings(&self.settings(), &member)
    }

    fn settings(&self) -> Settings {
        let mut command = "/usr/bin/etcd".to_owned();
        for (flag, value) in &self.arguments {
            match value {
                Some(value) => command.push_str(&format!(" \\\n  --{flag}={value}")),
                None => command.push_str(&format!(" \\\n  {flag}")),
            }
        }
        let command = ("command", command);
        let has_command = !self.arguments.is_empty();
        let files = self.files.iter().chain(has_command.then_some(&command));
        let sources = files.map(|(name, text)| Source::read(name, text.as_bytes()).unwrap());
        Settings::of(sources.collect::<Vec<_>>())
    }
}

/// A case for each rule.
pub(crate) fn cases() -> Vec<Case> {
    let case = |code, change: fn(Start) -> Start| Case {
        code,
        start: change(Start::sound()),
    };
    let mut cases = of_form(&case);
    cases.extend(of_access(&case));
    cases.extend(of_tls(&case));
    cases.extend(of_addresses(&case));
    cases
}

type Make<'a> = &'a dyn Fn(&'static str, fn(Start) -> Start) -> Case;

/// How settings are written.
fn of_form(case: Make<'_>) -> Vec<Case> {
    vec![
        case("argument-stray", |start| start.with("--pre-vote true")),
        case("argument-stray", |start| start.with("pre-vote")),
        case("flag-without-value", |start| start.with("--log-level")),
        case("flag-repeated", |start| start.with("--name=a")),
        case("variable-shadowed", |start| {
            start.file("etcd.env", "ETCD_NAME=a\n")
        }),
        case("variable-not-read", |start| {
            start.file("etcd.env", "ETCD_NANE=a\n")
        }),
        case("variable-not-read", |start| {
            start.file("etcd.env", "ETCD_MEMORY_MLOCK=true\n")
        }),
        case("key-not-read", |start| {
            start
                .in_config_file()
                .but(|it| it.files[0].1.push_str("  crl-file: x\n"))
        }),
        case("key-not-read", |start| {
            start
                .in_config_file()
                .but(|it| it.files[0].1.push_str("client-crl-file: x\n"))
        }),
        case("key-not-read", |start| {
            start.in_config_file().version("3.5.13")
        }),
        case("line-not-read", |start| {
            start.file("etcd.env", "A=b\nexport ETCD_C=d\n")
        }),
        case("settings-beside-config-file", |start| {
            start.in_config_file().file("etcd.env", "ETCD_NAME=b\n")
        }),
        case("settings-not-given", |start| {
            start.with("--config-file=/etc/etcd.yml").but(|it| {
                it.arguments
                    .retain(|(flag, _)| flag.starts_with("--config"));
            })
        }),
        case("settings-not-given", |start| {
            start.file(
                "etcd.service",
                "[Service]\nEnvironmentFile=-/etc/default/etcd\n",
            )
        }),
        case("reload-kills", |start| {
            start.file(
                "etcd.service",
                "[Service]\nExecReload=/bin/kill -HUP $MAINPID\n",
            )
        }),
        case("flag-unknown", |start| {
            start.set("client-cert-auht", "true")
        }),
        case("flag-of-other-version", |start| start.with("--debug")),
        case("flag-of-other-version", |start| {
            start.set("tls-min-version", "TLS1.2").version("3.5.7")
        }),
        case("flag-renamed", |start| {
            start
                .with("--experimental-initial-corrupt-check")
                .version("3.6.13")
        }),
        case("flag-under-both-names", |start| {
            start
                .with("--experimental-memory-mlock")
                .with("--memory-mlock")
                .but(|it| it.version = Some("3.6.13"))
        }),
        case("value-of-wrong-kind", |start| {
            start.set("client-cert-auth", "yes")
        }),
        case("value-of-wrong-kind", |start| {
            start.set("snapshot-count", "many")
        }),
        case("value-of-wrong-kind", |start| {
            start.set("grpc-keepalive-timeout", "20")
        }),
        case("value-of-wrong-kind", |start| {
            start.file("etcd.env", "ETCD_PRE_VOTE=no\n")
        }),
        case("value-of-wrong-kind", |start| {
            start
                .in_config_file()
                .with_key("auto-compaction-retention: 1")
        }),
        case("value-of-wrong-kind", |start| {
            start.in_config_file().with_key("pre-vote: \"true\"")
        }),
        case("value-of-wrong-kind", |start| {
            start
                .in_config_file()
                .with_key("grpc-keepalive-timeout: 20s")
        }),
        case("value-of-wrong-kind", |start| {
            start
                .in_config_file()
                .but(|it| it.files[0].1 = it.files[0].1.replace("[etcd-peer]", "etcd-peer"))
        }),
    ]
}

/// Who gets in.
fn of_access(case: Make<'_>) -> Vec<Case> {
    vec![
        case("port-open-to-all", |start| {
            start.without("client-cert-auth").without("trusted-ca-file")
        }),
        case("port-open-to-all", |start| {
            start
                .set("peer-client-cert-auth", "false")
                .without("peer-trusted-ca-file")
        }),
        case("trust-of-system", |start| start.without("trusted-ca-file")),
        case("trust-of-system", |start| {
            start.without("peer-trusted-ca-file")
        }),
        case("automatic-certificate", |start| {
            start
                .with("--auto-tls")
                .without("cert-file")
                .without("key-file")
        }),
        case("automatic-certificate-ignored", |start| {
            start.with("--peer-auto-tls")
        }),
        case("certificate-without-key", |start| start.without("key-file")),
        case("certificate-without-key", |start| {
            start.without("peer-cert-file")
        }),
        case("certificate-without-key", |start| {
            start.set("client-cert-file", "x")
        }),
        case("server-without-client-auth", |start| {
            start.but(|it| {
                let usage = Extension::extended_key_usage(&[SERVER_AUTH]);
                it.server = it.server.clone().with(usage);
            })
        }),
        case("own-client-certificate-without-client-auth", |start| {
            start
                .set("client-cert-file", "x")
                .set("client-key-file", "y")
                .but(|it| {
                    let usage = Extension::extended_key_usage(&[SERVER_AUTH]);
                    it.own = it.own.clone().with(usage);
                })
        }),
        case("peer-port-open-to-clients", |start| {
            start.without("peer-cert-allowed-cn")
        }),
        case("allowed-name-with-hostname", |start| {
            start.set("peer-cert-allowed-hostname", "a.etcd.test")
        }),
        case("allowed-list-as-one-name", |start| {
            start
                .set("client-cert-allowed-hostname", "x,y")
                .with("--enable-grpc-gateway=false")
                .version("3.5.14")
        }),
        case("allowed-name-not-of-member", |start| {
            start.set("peer-cert-allowed-cn", "x,y")
        }),
        case("allowed-name-not-of-member", |start| {
            start.but(|it| {
                let name = der::name(&[("2.5.4.3", "etcd-client")]);
                it.own = it.own.clone().but(|it| it.subject = name);
            })
        }),
        case("allowed-hostname-not-of-member", |start| {
            start
                .without("peer-cert-allowed-cn")
                .set("peer-cert-allowed-hostname", "b.etcd.test,10.0.0.2")
        }),
        case("allowed-hostname-with-gateway", |start| {
            start.set("client-cert-allowed-hostname", "x")
        }),
        case("revoked-let-in", |start| start.without("client-crl-file")),
        case("revoked-let-in", |start| start.without("peer-crl-file")),
        case("crl-not-der", |start| {
            start
                .version("3.6.13")
                .but(|it| it.crl = b"-----BEGIN X509 CRL-----\n")
        }),
        case("crl-bypassed", |start| {
            start
                .set("listen-client-http-urls", "https://10.0.0.1:2377")
                .version("3.5.31")
        }),
        case("peer-addresses-not-verified", |start| {
            start.with("--experimental-peer-skip-client-san-verification")
        }),
        case("key-of-other-certificate", |start| {
            start.set("peer-key-file", "/pki/server.key")
        }),
        case("certificate-for-both-ports", |start| {
            start
                .set("peer-cert-file", "/pki/server.crt")
                .set("peer-key-file", "/pki/server.key")
        }),
        case("trust-is-certificate", |start| {
            start.set("trusted-ca-file", "/pki/server.crt")
        }),
    ]
}

/// What TLS is spoken.
fn of_tls(case: Make<'_>) -> Vec<Case> {
    vec![
        case("cipher-suite-unknown", |start| {
            start.set("cipher-suites", &format!("{ECDSA},ECDHE-RSA-AES128"))
        }),
        case("cipher-suites-without-http2", |start| {
            start.set("cipher-suites", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")
        }),
        case("cipher-suites-not-of-key", |start| {
            start.set("cipher-suites", RSA)
        }),
        case("cipher-suites-not-of-key", |start| {
            start
                .set("cipher-suites", RSA)
                .but(|it| it.key = KeyKind::Ed25519)
        }),
        case("cipher-suites-not-of-key", |start| {
            start
                .set("cipher-suites", ECDSA)
                .but(|it| it.key = KeyKind::Rsa2048)
        }),
        case("cipher-suite-of-tls13", |start| {
            start.set("cipher-suites", &format!("{ECDSA},TLS_AES_256_GCM_SHA384"))
        }),
        case("cipher-suites-with-tls13", |start| {
            start
                .set("cipher-suites", ECDSA)
                .set("tls-min-version", "TLS1.3")
        }),
        case("tls-version-unknown", |start| {
            start.set("tls-min-version", "1.2")
        }),
        case("tls-versions-reversed", |start| {
            start
                .set("tls-min-version", "TLS1.3")
                .set("tls-max-version", "TLS1.2")
        }),
    ]
}

const ECDSA: &str = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
const RSA: &str = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";

/// Where it listens, and whom it looks for.
fn of_addresses(case: Make<'_>) -> Vec<Case> {
    vec![
        case("url-malformed", |start| {
            start.set("listen-metrics-urls", "10.0.0.1:2381")
        }),
        case("url-malformed", |start| {
            start.set("listen-metrics-urls", "https://10.0.0.1:2381/metrics")
        }),
        case("url-malformed", |start| {
            start.set("listen-metrics-urls", "https://10.0.0.1")
        }),
        case("url-malformed", |start| {
            start.set("listen-metrics-urls", "https://fd00::1:2381")
        }),
        case("listen-on-name", |start| {
            start.set("listen-peer-urls", "https://a.etcd.test:2380")
        }),
        case("url-in-clear", |start| {
            start.set("listen-client-urls", "http://0.0.0.0:2379")
        }),
        case("url-in-clear", |start| {
            start.set("advertise-client-urls", "http://10.0.0.1:2379")
        }),
        case("url-in-clear-on-loopback", |start| {
            start.set(
                "listen-client-urls",
                "https://10.0.0.1:2379,http://[::1]:2379",
            )
        }),
        case("url-in-clear-on-loopback", |start| {
            start.without("listen-client-urls")
        }),
        case("metrics-in-clear", |start| {
            start.set("listen-metrics-urls", "http://10.0.0.1:2381")
        }),
        case("https-without-certificate", |start| {
            start.without("peer-cert-file").without("peer-key-file")
        }),
        case("advertised-urls-missing", |start| {
            start.without("advertise-client-urls")
        }),
        case("advertised-host-not-in-certificate", |start| {
            start.set("advertise-client-urls", "https://10.0.0.2:2379")
        }),
        case("advertised-host-not-in-certificate", |start| {
            start.but(|it| {
                let names = Extension::names(&[GeneralName::Dns("b.etcd.test")]);
                it.peer = it.peer.clone().with(names);
            })
        }),
        case("discovery-domain-not-in-certificate", |start| {
            start
                .without("initial-cluster")
                .set("discovery-srv", "etcd.test")
                .without("peer-trusted-ca-file")
                .set("peer-client-cert-auth", "{{ later }}")
        }),
        case("bootstrap-ambiguous", |start| {
            start.set("discovery-srv", "etcd.test")
        }),
        case("name-not-of-node", |start| {
            start.without("initial-cluster").set("name", "etcd-a")
        }),
        case("name-not-of-node", |start| {
            start.without("initial-cluster").without("name")
        }),
        case("member-not-in-cluster", |start| {
            start.set(
                "initial-cluster",
                "a=https://x:2380,b=https://b.etcd.test:2380",
            )
        }),
        case("cluster-not-as-described", |start| {
            start.set("initial-cluster", "a=https://a.etcd.test:2380")
        }),
        case("cluster-not-as-described", |start| {
            start.set(
                "initial-cluster",
                "a=https://a.etcd.test:2380,b=https://b.etcd.test:2380,c=https://c:2380",
            )
        }),
    ]
}

#[test]
fn each_rule_is_broken_by_its_case_alone() {
    let wrong: Vec<_> = cases()
        .into_iter()
        .filter_map(|case| {
            let found = case.start.violations();
            let is_right = codes(&found) == BTreeSet::from([case.code]);
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            (!is_right).then_some((case.code, found))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_sound_member_breaks_no_rule() {
    for start in [
        Start::sound(),
        Start::sound().in_config_file(),
        Start::sound().but(|it| it.version = None),
        Start::sound().version("3.4.23"),
        Start::sound().version("3.7.1"),
        // The gateway is off, or calls with a certificate of its own, or is not asked for one.
        Start::sound()
            .with("--enable-grpc-gateway=false")
            .but(|it| {
                let usage = Extension::extended_key_usage(&[SERVER_AUTH]);
                it.server = it.server.clone().with(usage);
            }),
        Start::sound()
            .set("client-cert-file", "x")
            .set("client-key-file", "y")
            .but(|it| {
                it.server = it
                    .server
                    .clone()
                    .with(Extension::extended_key_usage(&[SERVER_AUTH]));
                it.own = it
                    .own
                    .clone()
                    .with(Extension::extended_key_usage(&[CLIENT_AUTH]));
            }),
        // A list of several names, where the version takes one.
        Start::sound().set("peer-cert-allowed-cn", "x,etcd-peer"),
        // What is filled in on the host.
        Start::sound().set("advertise-client-urls", "https://{{ ip }}:2379"),
        Start::sound().set("listen-metrics-urls", "http://127.0.0.1:2381"),
    ] {
        assert_eq!(start.violations(), []);
    }
}

#[test]
fn messages_say_where_and_what_is_meant() {
    let message = |start: Start| {
        let found: Vec<_> = start.violations().iter().map(ToString::to_string).collect();
        found.join("\n")
    };
    let start = Start::sound().set("client-cert-auht", "true");
    assert_eq!(
        message(start),
        "command:20: --client-cert-auht is no flag of etcd: is --client-cert-auth meant? [flag-unknown]"
    );
    let start = Start::sound()
        .with("--experimental-memory-mlock")
        .version("3.7.1");
    assert_eq!(
        message(start),
        "command:20: --experimental-memory-mlock: etcd 3.7.1 has no such flag, only 3.5 and 3.6; write memory-mlock [flag-of-other-version]"
    );
    let start = Start::sound().with("--pre-vote true");
    assert_eq!(
        message(start),
        "command:20: `true` after the switch --pre-vote is an argument of its own, and no flag after it is read [argument-stray]"
    );
}
