//! Rules that claim that etcd does not start, refuses, or lets in: etcd is started with what
//! breaks each, and does so.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use fixtures::etcd::{Release, Trial};
use pki_core::etcd::EtcdVersion;

use super::stage::{Pki, Start, address, is_taken};

/// What etcd makes of settings.
enum Effect {
    /// It ends, and its log says so.
    Ends(&'static str),
    /// It serves, and this can be seen.
    Serves(fn(&Start<'_>, &mut Trial) -> bool),
}

/// Settings that break a rule.
struct Case {
    code: &'static str,
    /// The releases that are tried: not all have all flags.
    releases: &'static [(Release, &'static str)],
    change: for<'a> fn(Start<'a>) -> Start<'a>,
    effect: Effect,
}

const V3_4: (Release, &str) = (Release::Installed, "3.4.23");
const V3_5: (Release, &str) = (Release::Newer, "3.5.16");
const BOTH: &[(Release, &str)] = &[V3_4, V3_5];
const NEWER: &[(Release, &str)] = &[V3_5];
const OLDER: &[(Release, &str)] = &[V3_4];

const ECDSA: &str = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";

const WITHOUT_HTTP2: &str = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";

const fn ends(
    code: &'static str,
    says: &'static str,
    change: for<'a> fn(Start<'a>) -> Start<'a>,
) -> Case {
    Case {
        code,
        releases: BOTH,
        change,
        effect: Effect::Ends(says),
    }
}

const fn serves(
    code: &'static str,
    change: for<'a> fn(Start<'a>) -> Start<'a>,
    seen: fn(&Start<'_>, &mut Trial) -> bool,
) -> Case {
    Case {
        code,
        releases: BOTH,
        change,
        effect: Effect::Serves(seen),
    }
}

const fn of(releases: &'static [(Release, &'static str)], case: Case) -> Case {
    Case { releases, ..case }
}

const CASES: &[Case] = &[
    ends("argument-stray", "is not a valid flag", |start| {
        start.with("--pre-vote").with("true")
    }),
    ends("flag-without-value", "flag needs an argument", |start| {
        start.with("--log-level")
    }),
    ends(
        "variable-shadowed",
        "is shadowed by corresponding command-line flag",
        |start| start.variable("ETCD_NAME", "a"),
    ),
    ends("flag-unknown", "flag provided but not defined", |start| {
        start.with("--client-cert-auht")
    }),
    of(
        OLDER,
        ends(
            "flag-of-other-version",
            "flag provided but not defined",
            |start| start.set("tls-min-version", "TLS1.2"),
        ),
    ),
    ends("value-of-wrong-kind", "invalid boolean value", |start| {
        start.set("client-cert-auth", "yes")
    }),
    ends(
        "certificate-without-key",
        "KeyFile and CertFile must both be present",
        |start| start.without("key-file"),
    ),
    ends(
        "key-of-other-certificate",
        "private key does not match public key",
        |start| start.file("peer-key-file", "server.key"),
    ),
    ends("trust-is-certificate", "malformed", |start| {
        start
            .file("cert-file", "both.pem")
            .file("key-file", "both.pem")
            .file("trusted-ca-file", "both.pem")
    }),
    ends(
        "allowed-name-with-hostname",
        "are mutually exclusive",
        |start| start.set("peer-cert-allowed-hostname", "a.etcd.test"),
    ),
    ends(
        "cipher-suite-unknown",
        "unexpected TLS cipher suite",
        |start| start.set("cipher-suites", &format!("{ECDSA},ECDHE-ECDSA-AES128")),
    ),
    of(
        NEWER,
        ends(
            "cipher-suites-without-http2",
            "missing an HTTP/2-required",
            |start| start.set("cipher-suites", WITHOUT_HTTP2),
        ),
    ),
    // It stumbles over the message.
    of(
        OLDER,
        ends(
            "cipher-suites-without-http2",
            "panic: runtime error",
            |start| start.set("cipher-suites", WITHOUT_HTTP2),
        ),
    ),
    of(
        NEWER,
        ends(
            "cipher-suites-with-tls13",
            "cipher suites cannot be configured",
            |start| {
                start
                    .set("cipher-suites", ECDSA)
                    .set("tls-min-version", "TLS1.3")
            },
        ),
    ),
    of(
        NEWER,
        ends("tls-version-unknown", "unexpected TLS version", |start| {
            start.set("tls-min-version", "1.2")
        }),
    ),
    of(
        NEWER,
        ends(
            "tls-versions-reversed",
            "is greater than max version",
            |start| {
                start
                    .set("tls-min-version", "TLS1.3")
                    .set("tls-max-version", "TLS1.2")
            },
        ),
    ),
    ends("url-malformed", "URL scheme must be http, https", |start| {
        start.set("listen-metrics-urls", "tcp://127.0.0.1:2381")
    }),
    ends("url-malformed", "URL must not contain a path", |start| {
        start.set("listen-metrics-urls", "https://127.0.0.1:2381/metrics")
    }),
    ends(
        "listen-on-name",
        "expected IP in URL for binding",
        |start| start.set("listen-peer-urls", "https://a.etcd.test:2380"),
    ),
    ends(
        "https-without-certificate",
        "must be provided for client url",
        |start| start.without("cert-file").without("key-file"),
    ),
    ends(
        "advertised-urls-missing",
        "advertise-client-urls is required",
        |start| start.without("advertise-client-urls"),
    ),
    ends(
        "bootstrap-ambiguous",
        "discovery or bootstrap flags are set",
        |start| start.set("discovery-srv", "etcd.test"),
    ),
    ends(
        "member-not-in-cluster",
        "couldn't find local name",
        |start| {
            let peer = start.peer;
            start.set("initial-cluster", &format!("b=https://{peer}"))
        },
    ),
    ends(
        "member-not-in-cluster",
        "initial-advertise-peer-urls",
        |start| start.set("initial-cluster", "a=https://127.0.0.1:1"),
    ),
    ends("value-of-wrong-kind", "cannot unmarshal", |start| {
        start.in_config_file("grpc-keepalive-timeout: 20s\n")
    }),
    ends("value-of-wrong-kind", "cannot unmarshal", |start| {
        start.in_config_file("auto-compaction-retention: 1\n")
    }),
    ends("value-of-wrong-kind", "cannot unmarshal", |start| {
        start.in_config_file("pre-vote: \"true\"\n")
    }),
    ends("value-of-wrong-kind", "parse error", |start| {
        start.set("grpc-keepalive-timeout", "20")
    }),
    of(
        NEWER,
        ends("value-of-wrong-kind", "cannot unmarshal", |start| {
            start.in_config_file("  allowed-cn: etcd-peer\n")
        }),
    ),
    // The gateway dials the member as soon as it serves.
    serves(
        "server-without-client-auth",
        |start| {
            start
                .file("cert-file", "server-alone.crt")
                .file("key-file", "server-alone.key")
        },
        |_, trial| trial.logs("incompatible key usage"),
    ),
    of(
        NEWER,
        serves(
            "own-client-certificate-without-client-auth",
            |start| {
                start
                    .file("client-cert-file", "server-alone.crt")
                    .file("client-key-file", "server-alone.key")
            },
            |_, trial| trial.logs("incompatible key usage"),
        ),
    ),
    serves(
        "allowed-hostname-with-gateway",
        |start| start.set("client-cert-allowed-hostname", "127.0.0.1"),
        |_, trial| trial.logs("client certificate authentication failed"),
    ),
    serves(
        "reload-kills",
        |start| start,
        |_, trial| !trial.outlives_hangup(),
    ),
    serves(
        "port-open-to-all",
        |start| start.without("client-cert-auth").without("trusted-ca-file"),
        |start, _| is_taken(start.client, None),
    ),
    serves(
        "trust-of-system",
        |start| start.without("trusted-ca-file"),
        |start, _| !is_taken(start.client, Some(start.identity("client"))),
    ),
    serves(
        "automatic-certificate",
        |start| {
            start
                .with("--auto-tls")
                .without("cert-file")
                .without("key-file")
        },
        |start, _| is_taken(start.client, None),
    ),
    serves(
        "automatic-certificate-ignored",
        |start| start.with("--auto-tls"),
        |_, trial| {
            trial
                .log()
                .contains("ignoring client auto TLS since certs given")
        },
    ),
    serves(
        "cipher-suites-not-of-key",
        |start| start.set("cipher-suites", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        |start, _| !is_taken(start.client, Some(start.identity("client"))),
    ),
    serves(
        "peer-port-open-to-clients",
        |start| start.without("peer-cert-allowed-cn"),
        |start, _| is_taken(start.peer, Some(start.identity("client"))),
    ),
    serves(
        "allowed-name-not-of-member",
        |start| start.set("peer-cert-allowed-cn", "peer"),
        |start, _| !is_taken(start.peer, Some(start.identity("peer"))),
    ),
    serves(
        "allowed-hostname-not-of-member",
        |start| {
            start
                .without("peer-cert-allowed-cn")
                .set("peer-cert-allowed-hostname", "b.etcd.test")
        },
        |start, _| !is_taken(start.peer, Some(start.identity("peer"))),
    ),
    of(
        OLDER,
        serves(
            "allowed-list-as-one-name",
            |start| start.set("peer-cert-allowed-cn", "x,etcd-peer"),
            |start, _| !is_taken(start.peer, Some(start.identity("peer"))),
        ),
    ),
    serves(
        "url-in-clear-on-loopback",
        |start| {
            let client = start.client;
            start.set("listen-client-urls", &format!("http://{client}"))
        },
        |start, _| answers_in_clear(start),
    ),
    serves(
        "key-not-read",
        // As a flag this refuses everybody: there is no such file.
        |start| start.in_config_file("client-crl-file: /nonexistent\n"),
        |start, _| is_taken(start.client, Some(start.identity("client"))),
    ),
    serves(
        "settings-beside-config-file",
        |start| {
            start
                .in_config_file("")
                .set("client-crl-file", "/nonexistent")
        },
        |start, _| is_taken(start.client, Some(start.identity("client"))),
    ),
    serves(
        "variable-not-read",
        |start| start.variable("ETCD_CLIENT_CRL", "/nonexistent"),
        |start, trial| {
            trial.log().contains("unrecognized environment variable")
                && is_taken(start.client, Some(start.identity("client")))
        },
    ),
    serves(
        "flag-repeated",
        |start| {
            start
                .with("--client-crl-file=/nonexistent")
                .with("--client-crl-file=")
        },
        |start, _| is_taken(start.client, Some(start.identity("client"))),
    ),
];

fn answers_in_clear(start: &Start<'_>) -> bool {
    let mut stream = TcpStream::connect(start.client).unwrap();
    stream.write_all(b"GET /version HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.contains("200 OK")
}

#[test]
fn etcd_does_what_the_rules_say() {
    let address = address();
    let pki = Pki::new(address);
    let trials: Vec<_> = CASES
        .iter()
        .flat_map(|case| case.releases.iter().map(move |release| (case, *release)))
        .collect();
    // What takes most of the time is waiting.
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (trials, pki) = (&trials, &pki);
                scope.spawn(move || {
                    let own = trials.iter().skip(worker).step_by(4);
                    own.filter_map(|(case, (release, version))| {
                        let attempt = || {
                            let start = (case.change)(Start::sound(pki, address));
                            tried(case, &start, *release, version.parse().unwrap())
                        };
                        // Another may have taken the free ports meanwhile.
                        let are_taken = |problem: &String| problem.contains("already in use");
                        let problem = match attempt() {
                            Some(problem) if are_taken(&problem) => attempt()?,
                            problem => problem?,
                        };
                        Some(format!("{} in {version}: {problem}", case.code))
                    })
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        let found = workers.into_iter().map(|worker| worker.join().unwrap());
        found.flatten().collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What is not as the rule says.
fn tried(case: &Case, start: &Start<'_>, release: Release, version: EtcdVersion) -> Option<String> {
    let codes = start.codes(version);
    // SIGHUP stands in a unit.
    if case.code != "reload-kills" && !codes.contains(&case.code) {
        return Some(format!("the rules find {codes:?}"));
    }
    let mut trial = start.trial(release);
    let serves = trial.serves();
    match case.effect {
        Effect::Ends(says) => {
            let log = trial.log();
            let is_right = !serves && log.contains(says);
            (!is_right).then(|| format!("etcd serves: {serves}\n{log}"))
        }
        Effect::Serves(_) if !serves => Some(format!("etcd ends\n{}", trial.log())),
        Effect::Serves(seen) => {
            let is_right = seen(start, &mut trial);
            (!is_right).then(|| format!("it is not seen\n{}", trial.log()))
        }
    }
}

#[test]
fn what_breaks_no_rule_serves() {
    let address = address();
    let pki = Pki::new(address);
    for (release, version) in BOTH {
        let start = Start::sound(&pki, address);
        assert_eq!(start.codes(version.parse().unwrap()), [""; 0]);
        let mut trial = start.trial(*release);
        assert!(trial.serves(), "{}", trial.log());
        let taken = |at, name: &str| is_taken(at, Some(start.identity(name)));
        assert!(taken(start.client, "client") && !is_taken(start.client, None));
        assert!(taken(start.peer, "peer") && !taken(start.peer, "client"));
    }
}
