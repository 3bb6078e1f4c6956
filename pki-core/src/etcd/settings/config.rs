//! etcd's configuration file: which keys it has, and which flags these are.

use super::Shape;
use super::source::{Content, Key, Read};
use super::words::Word;
use super::yaml::{self, Node, Value};
use crate::etcd::flags::{self, Flag, Releases};

/// What etcd does with a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// It sets a flag, in releases that have both.
    Flag(&'static Flag, Releases),
    /// It sets what no flag sets.
    Other(Releases),
    /// Nothing.
    Unknown,
}

pub(super) const CLIENT: &str = "client-transport-security";
pub(super) const PEER: &str = "peer-transport-security";

pub(super) fn read(document: &Node) -> Read<Content> {
    if !matches!(document.value, Value::Map(_)) {
        return Err((
            yaml::line(document),
            "neither a unit, an environment file, a command line nor a map of keys to values: give a file that starts etcd, or one that it reads"
                .to_owned(),
        ));
    }
    let mut content = Content::default();
    for (name, value) in document.value.entries() {
        let section = [CLIENT, PEER]
            .into_iter()
            .find(|section| section.eq_ignore_ascii_case(name));
        match section {
            Some(section) => {
                let below = value.value.entries().iter();
                let keys = below.map(|(name, value)| key(Some(section), name, value));
                content.keys.extend(keys);
            }
            None => content.keys.push(key(None, name, value)),
        }
    }
    let mut keys = content.keys.iter();
    let is_other = |key: &Key| matches!(meaning(key.section, &key.name), Meaning::Unknown);
    if !content.keys.is_empty() && keys.all(is_other) {
        return Err((
            yaml::line(document),
            "no key in it is one of etcd's: give etcd's configuration file, or the command that starts etcd"
                .to_owned(),
        ));
    }
    Ok(content)
}

fn key(section: Option<&'static str>, name: &str, value: &Node) -> Key {
    let (text, shape) = match &value.value {
        Value::Scalar(text, shape) => (text.clone(), *shape),
        Value::List(items) => {
            let items: Vec<_> = items.iter().filter_map(|one| one.value.scalar()).collect();
            (items.join(","), Shape::List)
        }
        Value::Map(_) => (String::new(), Shape::Map),
        Value::Null => (String::new(), Shape::Null),
    };
    Key {
        section,
        // Go finds a key whatever its case.
        name: name.to_ascii_lowercase(),
        value: Word::new(text, yaml::line(value)),
        shape,
    }
}

pub(super) fn meaning(section: Option<&str>, name: &str) -> Meaning {
    let Some(section) = section else {
        return match flags::flag(name) {
            Some(flag) if is_read(flag.name) => Meaning::Flag(flag, flag.releases()),
            None if WITHOUT_FLAG.contains(&name) => Meaning::Other(Releases::EVERY),
            Some(_) | None => Meaning::Unknown,
        };
    };
    let Some(nested) = NESTED.iter().find(|nested| nested.key == name) else {
        return Meaning::Unknown;
    };
    let flag = match section {
        CLIENT => nested.client,
        _ => nested.peer,
    };
    match flag.and_then(flags::flag) {
        Some(flag) => Meaning::Flag(flag, nested.releases),
        None => Meaning::Other(nested.releases),
    }
}

/// Whether the key of a flag's name is read.
fn is_read(flag: &str) -> bool {
    let nested = |one: &Nested| one.client == Some(flag) || one.peer == Some(flag);
    !NESTED.iter().any(nested) && !NOT_READ.contains(&flag)
}

/// A key under `client-transport-security` and `peer-transport-security`.
struct Nested {
    key: &'static str,
    client: Option<&'static str>,
    peer: Option<&'static str>,
    releases: Releases,
}

const fn nested(
    key: &'static str,
    client: Option<&'static str>,
    peer: Option<&'static str>,
    first: [Option<u16>; 4],
) -> Nested {
    Nested {
        key,
        client,
        peer,
        releases: Releases::new(first),
    }
}

const EVERY: [Option<u16>; 4] = [Some(0); 4];
const FROM_3_5: [Option<u16>; 4] = [None, Some(0), Some(0), Some(0)];
const FROM_3_5_14: [Option<u16>; 4] = [None, Some(14), Some(0), Some(0)];
const FROM_3_6: [Option<u16>; 4] = [None, None, Some(0), Some(0)];

/// `securityConfig` of server/embed/config.go. No key of it is a revocation list's.
const NESTED: [Nested; 10] = [
    nested(
        "allowed-cn",
        None,
        Some("peer-cert-allowed-cn"),
        FROM_3_5_14,
    ),
    nested(
        "allowed-hostname",
        Some("client-cert-allowed-hostname"),
        Some("peer-cert-allowed-hostname"),
        FROM_3_5_14,
    ),
    nested("auto-tls", Some("auto-tls"), Some("peer-auto-tls"), EVERY),
    nested(
        "cert-file",
        Some("cert-file"),
        Some("peer-cert-file"),
        EVERY,
    ),
    nested(
        "client-cert-auth",
        Some("client-cert-auth"),
        Some("peer-client-cert-auth"),
        EVERY,
    ),
    nested(
        "client-cert-file",
        Some("client-cert-file"),
        Some("peer-client-cert-file"),
        FROM_3_5,
    ),
    nested(
        "client-key-file",
        Some("client-key-file"),
        Some("peer-client-key-file"),
        FROM_3_5,
    ),
    nested("key-file", Some("key-file"), Some("peer-key-file"), EVERY),
    nested(
        "skip-client-san-verification",
        None,
        Some("peer-skip-client-san-verification"),
        FROM_3_6,
    ),
    nested(
        "trusted-ca-file",
        Some("trusted-ca-file"),
        Some("peer-trusted-ca-file"),
        EVERY,
    ),
];

/// Flags without a key of their name.
const NOT_READ: [&str; 23] = [
    "client-crl-file",
    "config-file",
    "discovery-cacert",
    "discovery-cert",
    "discovery-dial-timeout",
    "discovery-insecure-skip-tls-verify",
    "discovery-insecure-transport",
    "discovery-keepalive-time",
    "discovery-keepalive-timeout",
    "discovery-key",
    "discovery-password",
    "discovery-request-timeout",
    "discovery-token",
    "discovery-user",
    "experimental-peer-skip-client-san-verification",
    "experimental-snapshot-catchup-entries",
    "peer-crl-file",
    "peer-skip-client-san-verification",
    "raft-read-timeout",
    "raft-write-timeout",
    "socket-reuse-address",
    "socket-reuse-port",
    "version",
];

/// Keys that are no flag's.
const WITHOUT_FLAG: [&str; 3] = [
    "discovery-config",
    "experimental-snapshot-catch-up-entries",
    "socket-options",
];
