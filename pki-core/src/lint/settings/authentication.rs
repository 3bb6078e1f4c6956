//! Who gets in.

use super::super::{error, warning};
use super::side::on_each;
use super::{Member, OfSettings};
use crate::etcd::settings::Settings;

pub(super) const CHECKS: &[OfSettings] = &[
    OfSettings {
        lint: error(
            "port-open-to-all",
            "clients and peers have to show a certificate",
            "without --client-cert-auth and --trusted-ca-file, or those of peers, anybody may read and write",
            "set --client-cert-auth and --trusted-ca-file, and --peer-client-cert-auth and --peer-trusted-ca-file",
        ),
        find: open_to_all,
    },
    OfSettings {
        lint: error(
            "trust-of-system",
            "where a certificate is asked for, the authority to trust is given",
            "etcd takes the authorities of the system then: own clients are refused, and those of public authorities let in",
            "set --trusted-ca-file, or --peer-trusted-ca-file",
        ),
        find: trust_of_system,
    },
    OfSettings {
        lint: error(
            "automatic-certificate",
            "the certificates of a member are those of the PKI",
            "--auto-tls makes a certificate that nobody can verify, of one year, and asks callers for none",
            "set the certificate and its key, and remove --auto-tls or --peer-auto-tls",
        ),
        find: automatic,
    },
    OfSettings {
        lint: warning(
            "automatic-certificate-ignored",
            "--auto-tls does not stand beside a certificate",
            "etcd logs `ignoring client auto TLS since certs given`",
            "remove --auto-tls or --peer-auto-tls",
        ),
        find: automatic_ignored,
    },
    OfSettings {
        lint: error(
            "certificate-without-key",
            "a certificate and its key are given together",
            "etcd ends: `KeyFile and CertFile must both be present`",
            "set the other one too",
        ),
        find: without_key,
    },
];

fn open_to_all(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    on_each(|side| {
        let is_off = settings.lacks(side.authentication)
            || settings
                .get(side.authentication)
                .and_then(|one| one.truth())
                == Some(false);
        let makes_own = settings.is_on(side.automatic) && side.is_without_tls(settings);
        (is_off && settings.lacks(side.trust) && !makes_own).then(|| {
            format!(
                "neither --{} nor --{} is set: {} need no certificate",
                side.authentication, side.trust, side.callers
            )
        })
    })
}

fn trust_of_system(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    on_each(|side| {
        let asks = settings.is_on(side.authentication) && !side.is_without_tls(settings);
        (asks && settings.lacks(side.trust))
            .then(|| format!("--{} is on without --{}", side.authentication, side.trust))
    })
}

fn automatic(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    on_each(|side| {
        let counts = settings.is_on(side.automatic) && side.is_without_tls(settings);
        counts.then(|| {
            format!(
                "--{} is on and --{} is not set: {} need no certificate, whatever else is set",
                side.automatic, side.certificate, side.callers
            )
        })
    })
}

fn automatic_ignored(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    on_each(|side| {
        let given = settings.text(side.certificate)?;
        let is_on = settings.is_on(side.automatic);
        is_on.then(|| {
            format!(
                "--{} is on, and --{} is {given}",
                side.automatic, side.certificate
            )
        })
    })
}

fn without_key(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let sides = super::side::SIDES.iter();
    let pairs = sides.flat_map(|side| {
        [
            (side.certificate, side.key),
            (side.own_certificate, side.own_key),
        ]
    });
    pairs
        .flat_map(|(certificate, key)| [(certificate, key), (key, certificate)])
        .filter(|(given, other)| !settings.lacks(given) && settings.lacks(other))
        .filter(|(given, _)| settings.get(given).is_some())
        .map(|(given, other)| format!("--{given} is set without --{other}"))
        .collect()
}
