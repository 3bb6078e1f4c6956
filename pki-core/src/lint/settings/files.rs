//! Which file is given for what.

use super::super::{error, warning};
use super::side::{CLIENTS, PEERS, SIDES};
use super::{Member, OfSettings};
use crate::etcd::settings::Settings;

pub(super) const CHECKS: &[OfSettings] = &[
    OfSettings {
        lint: error(
            "key-of-other-certificate",
            "certificates have a key of their own each",
            "etcd ends, and refuses every handshake: `private key does not match public key`",
            "set each key to the one that was made for the certificate",
        ),
        find: key_of_other,
    },
    OfSettings {
        lint: warning(
            "certificate-for-both-ports",
            "a member shows clients another certificate than peers",
            "a server certificate has other names and another common name than a peer's; who has the one key has both",
            "set --cert-file to the server certificate, and --peer-cert-file to the peer certificate",
        ),
        find: for_both,
    },
    OfSettings {
        lint: error(
            "trust-is-certificate",
            "a CA file holds authorities, and neither the member's certificate nor its key",
            "etcd takes every certificate in it for an authority, and ends where a key stands in it",
            "set it to the CA file",
        ),
        find: trust_is_certificate,
    },
];

fn key_of_other(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let pairs: Vec<_> = SIDES
        .iter()
        .flat_map(|side| {
            [
                (side.certificate, side.key),
                (side.own_certificate, side.own_key),
            ]
        })
        .filter_map(|(certificate, key)| {
            Some((
                certificate,
                settings.text(certificate)?,
                key,
                settings.text(key)?,
            ))
        })
        .collect();
    let mut found = Vec::new();
    for (index, (certificate, path, key, key_path)) in pairs.iter().enumerate() {
        for (other, other_path, other_key, other_key_path) in &pairs[index + 1..] {
            if key_path == other_key_path && path != other_path {
                found.push(format!(
                    "--{key} and --{other_key} are both {key_path}, and --{certificate} and --{other} are not the same"
                ));
            }
        }
    }
    found
}

fn for_both(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let path = settings.text(CLIENTS.certificate);
    let path = path.filter(|path| settings.text(PEERS.certificate) == Some(*path));
    // Where both were issued as one, they are one.
    let differ = match (member.server, member.peer) {
        (Some(server), Some(peer)) => server != peer,
        _ => true,
    };
    let found = path.filter(|_| differ).map(|path| {
        format!(
            "--{} and --{} are both {path}",
            CLIENTS.certificate, PEERS.certificate
        )
    });
    found.into_iter().collect()
}

fn trust_is_certificate(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for side in SIDES {
        let Some(trust) = settings.text(side.trust) else {
            continue;
        };
        let own = [
            side.certificate,
            side.key,
            side.own_certificate,
            side.own_key,
        ];
        let same = own
            .into_iter()
            .filter(|flag| settings.text(flag) == Some(trust));
        found.extend(same.map(|flag| format!("--{} and --{flag} are both {trust}", side.trust)));
    }
    found
}
