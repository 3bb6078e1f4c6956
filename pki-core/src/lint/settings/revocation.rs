//! Whether revoked certificates are refused.

use super::super::{error, warning};
use super::side::{CLIENTS, SIDES, on_each};
use super::{Member, OfSettings, is};
use crate::etcd::settings::Settings;

pub(super) const CHECKS: &[OfSettings] = &[
    OfSettings {
        lint: error(
            "revoked-let-in",
            "where a certificate is revoked, the members have the revocation list",
            "without --client-crl-file and --peer-crl-file etcd takes a revoked certificate until it expires",
            "set both to the list, which has to be there before the member is started",
        ),
        find: let_in,
    },
    OfSettings {
        lint: error(
            "crl-not-der",
            "the revocation list is DER from etcd 3.6 on",
            "etcd cannot read PEM then, and refuses everybody while it cannot read the list",
            "give members etcd.crl, which is DER and does for every version",
        ),
        find: not_der,
    },
    OfSettings {
        lint: error(
            "crl-bypassed",
            "the version looks at the revocation list where --listen-client-http-urls is set",
            "GHSA-3wh4-j44w-pg92: gRPC takes revoked clients up to 3.5.31 and 3.6.12, and in 3.4 from 3.4.25 on",
            "run 3.5.32, 3.6.13 or later, or do without --listen-client-http-urls",
        ),
        find: bypassed,
    },
    OfSettings {
        lint: warning(
            "peer-addresses-not-verified",
            "members look at the addresses that other members call from",
            "with --peer-skip-client-san-verification a stolen peer certificate works from any host",
            "issue peer certificates with the addresses of their member, and remove the flag",
        ),
        find: not_verified,
    },
];

const HTTP: &str = "listen-client-http-urls";

fn let_in(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    if !member.has_revoked {
        return Vec::new();
    }
    on_each(|side| {
        let lets_in = settings.lacks(side.crl) && side.asks_for_certificates(settings);
        lets_in.then(|| format!("--{} is not set: revoked {} get in", side.crl, side.callers))
    })
}

fn not_der(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let is_pem = |octets: &[u8]| octets.trim_ascii_start().starts_with(b"-----BEGIN");
    let matters = is(member.version, |version| version.takes_der_alone());
    if !matters || !member.crl.is_some_and(is_pem) {
        return Vec::new();
    }
    let set = SIDES.iter().filter_map(|side| {
        let path = settings.text(side.crl)?;
        Some(format!("--{} is {path}, which is PEM", side.crl))
    });
    set.collect()
}

fn bypassed(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let Some(version) = member
        .version
        .filter(|version| version.lets_revoked_clients_in())
    else {
        return Vec::new();
    };
    let both = settings.text(HTTP).is_some() && settings.text(CLIENTS.crl).is_some();
    let found = both.then(|| {
        format!(
            "--{HTTP} is set, and etcd {version} does not look at --{} then",
            CLIENTS.crl
        )
    });
    found.into_iter().collect()
}

fn not_verified(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let flags = [
        "experimental-peer-skip-client-san-verification",
        "peer-skip-client-san-verification",
    ];
    let on = flags.into_iter().filter(|flag| settings.is_on(flag));
    on.map(|flag| format!("--{flag} is on")).collect()
}
