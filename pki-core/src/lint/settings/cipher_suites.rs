//! `--cipher-suites`: the suites of TLS 1.2 and older.

use super::super::{error, warning};
use super::side::{CLIENTS, SIDES, listed};
use super::tls_version::is_tls13_alone;
use super::{Member, OfSettings};
use crate::etcd::settings::Settings;

pub(super) const CHECKS: &[OfSettings] = &[
    OfSettings {
        lint: error(
            "cipher-suite-unknown",
            "every suite is one that Go knows",
            "etcd ends: `unexpected TLS cipher suite`",
            "correct its name: they are those of IANA",
        ),
        find: unknown,
    },
    OfSettings {
        lint: error(
            "cipher-suites-without-http2",
            "the suites hold one that HTTP/2 requires",
            "RFC 7540 section 9.2.2; etcd ends: `missing an HTTP/2-required AES_128_GCM_SHA256 cipher`",
            "add TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, or the one with RSA for an RSA key",
        ),
        find: without_http2,
    },
    OfSettings {
        lint: error(
            "cipher-suites-not-of-key",
            "a suite fits the key of every certificate that the member shows",
            "etcd starts, and no handshake of TLS 1.2 succeeds; Ed25519 keys take the suites with ECDSA",
            "add suites TLS_ECDHE_ECDSA_… for a P-256, P-384, P-521 or Ed25519 key, TLS_ECDHE_RSA_… for an RSA key",
        ),
        find: not_of_key,
    },
    OfSettings {
        lint: warning(
            "cipher-suite-of-tls13",
            "no suite of TLS 1.3 is listed",
            "Go does not let them be chosen: they are on in any case",
            "remove it",
        ),
        find: of_tls13,
    },
    OfSettings {
        lint: error(
            "cipher-suites-with-tls13",
            "no suites are listed where TLS 1.3 is the lowest version",
            "etcd ends: `cipher suites cannot be configured when only TLS1.3 is enabled`",
            "remove --cipher-suites",
        ),
        find: with_tls13,
    },
];

const FLAG: &str = "cipher-suites";

fn suites(settings: &Settings) -> Vec<&str> {
    settings.text(FLAG).map(listed).unwrap_or_default()
}

fn unknown(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let suites = suites(settings).into_iter();
    let others = suites.filter(|suite| !SUITES.contains(suite) && !OF_TLS13.contains(suite));
    others
        .map(|suite| format!("--{FLAG} lists `{suite}`"))
        .collect()
}

fn without_http2(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let suites = suites(settings);
    let is_required = |suite: &&str| REQUIRED.contains(suite);
    let is_wrong = !suites.is_empty()
        && !suites.iter().any(is_required)
        && !is_tls13_alone(settings)
        && !CLIENTS.is_without_tls(settings);
    let found = is_wrong.then(|| {
        format!(
            "--{FLAG} is `{}`, without {} and {}",
            suites.join(","),
            REQUIRED[0],
            REQUIRED[1]
        )
    });
    found.into_iter().collect()
}

fn not_of_key(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let suites = suites(settings);
    if suites.is_empty() || is_tls13_alone(settings) {
        return Vec::new();
    }
    let found = SIDES.iter().filter_map(|side| {
        let algorithm = &side.shown(member)?.key_algorithm;
        let kind = match algorithm.starts_with("RSA") {
            true => "_RSA_WITH_",
            false => "_ECDSA_WITH_",
        };
        let fits = suites.iter().any(|suite| suite.contains(kind));
        (!fits).then(|| {
            format!(
                "--{FLAG} has no suite for the {algorithm} key of --{}",
                side.certificate
            )
        })
    });
    found.collect()
}

fn of_tls13(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let suites = suites(settings).into_iter();
    let found = suites.filter(|suite| OF_TLS13.contains(suite));
    found
        .map(|suite| format!("--{FLAG} lists {suite}"))
        .collect()
}

fn with_tls13(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let is_wrong = !suites(settings).is_empty() && is_tls13_alone(settings);
    let found = is_wrong.then(|| format!("--{FLAG} is set, and --tls-min-version is TLS1.3"));
    found.into_iter().collect()
}

/// One of these has to be there, whatever the key is.
const REQUIRED: [&str; 2] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
];

const OF_TLS13: [&str; 3] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
];

/// Those of Go's crypto/tls, and two names of etcd's own.
const SUITES: [&str; 24] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_RC4_128_SHA",
];
