//! Allow lists: whose certificates are taken of those that the trusted authority has signed.

use super::super::{error, warning};
use super::side::{CLIENTS, PEERS, listed};
use super::usage::runs_gateway;
use super::{Member, OfSettings, is};
use crate::certificate::{AlternativeName, Certificate};
use crate::etcd::settings::Settings;
use crate::verify::check_name;

pub(super) const CHECKS: &[OfSettings] = &[
    OfSettings {
        // No error: kubeadm sets etcd up so.
        lint: warning(
            "peer-port-open-to-clients",
            "clients cannot talk to the port of peers",
            "any certificate of the trusted authority with clientAuth may, and goes round the users and roles of etcd with it; where clients may do everything anyway (without `auth enable`, as under kubeadm), that opens little",
            "set --peer-cert-allowed-cn to the common name of peer certificates, or give peers an authority of their own",
        ),
        find: open_to_clients,
    },
    OfSettings {
        lint: error(
            "allowed-name-with-hostname",
            "peers are told by their common name or by their host name",
            "etcd ends: `AllowedCN and AllowedHostname are mutually exclusive`, or `AllowedCNs and AllowedHostnames …` where it takes lists",
            "remove --peer-cert-allowed-cn or --peer-cert-allowed-hostname",
        ),
        find: both,
    },
    OfSettings {
        lint: error(
            "allowed-list-as-one-name",
            "an allow list holds one name where the version takes one",
            "up to 3.5.14 the text is one name, commas and all: nobody has it",
            "give one name, or run 3.5.15 or later",
        ),
        find: as_one_name,
    },
    OfSettings {
        lint: error(
            "allowed-name-not-of-member",
            "--peer-cert-allowed-cn lists the common name of the member's own peer certificates",
            "members refuse each other; the one that is shown counts as well as the one to call with",
            "set it to the common name of peer certificates",
        ),
        find: name_of_member,
    },
    OfSettings {
        lint: error(
            "allowed-hostname-not-of-member",
            "--peer-cert-allowed-hostname lists a name in the member's own peer certificates",
            "members refuse each other; the one that is shown counts as well as the one to call with",
            "set it to a name in peer certificates",
        ),
        find: hostname_of_member,
    },
    OfSettings {
        lint: error(
            "allowed-hostname-with-gateway",
            "--client-cert-allowed-hostname is set where the gRPC gateway is off",
            "the gateway cannot connect with it (etcd issue 15755)",
            "set --enable-grpc-gateway=false, or do without the list",
        ),
        find: with_gateway,
    },
];

const ALLOWED_NAME: &str = "peer-cert-allowed-cn";
const ALLOWED_HOSTNAME: &str = "peer-cert-allowed-hostname";
const ALLOWED_CLIENT: &str = "client-cert-allowed-hostname";

fn open_to_clients(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let trust = settings.text(PEERS.trust);
    let shares = trust.is_some() && trust == settings.text(CLIENTS.trust);
    let takes_all = settings.lacks(ALLOWED_NAME) && settings.lacks(ALLOWED_HOSTNAME);
    let found = (shares && takes_all).then(|| {
        format!(
            "--{} and --{} are the same, and no --{ALLOWED_NAME} is set",
            PEERS.trust, CLIENTS.trust
        )
    });
    found.into_iter().collect()
}

fn both(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let set = |flag| settings.get(flag).is_some() && !settings.lacks(flag);
    let found = (set(ALLOWED_NAME) && set(ALLOWED_HOSTNAME))
        .then(|| format!("--{ALLOWED_NAME} and --{ALLOWED_HOSTNAME} are both set"));
    found.into_iter().collect()
}

fn as_one_name(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    if !is(member.version, |version| !version.takes_allow_lists()) {
        return Vec::new();
    }
    let lists = [ALLOWED_NAME, ALLOWED_HOSTNAME, ALLOWED_CLIENT].into_iter();
    let texts = lists.filter_map(|flag| Some((flag, settings.text(flag)?)));
    texts
        .filter(|(_, text)| text.contains(','))
        .map(|(flag, text)| format!("--{flag} is `{text}`"))
        .collect()
}

/// The names of a list, as the version reads it.
fn names<'a>(settings: &'a Settings, member: &Member<'_>, flag: &str) -> Option<Vec<&'a str>> {
    let text = settings.text(flag)?;
    match is(member.version, |version| !version.takes_allow_lists()) {
        true => Some(vec![text]),
        false => Some(listed(text)),
    }
}

/// The peer certificates of a member, and the flag of each.
fn of_peer<'a>(member: &Member<'a>) -> impl Iterator<Item = (&'static str, &'a Certificate)> {
    let both = [
        (PEERS.certificate, PEERS.shown(member)),
        (PEERS.own_certificate, PEERS.own(member)),
    ];
    both.into_iter()
        .filter_map(|(flag, certificate)| Some((flag, certificate?)))
}

fn name_of_member(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let Some(names) = names(settings, member, ALLOWED_NAME) else {
        return Vec::new();
    };
    let others = of_peer(member).filter_map(|(flag, certificate)| {
        let own = certificate.common_name.as_deref().unwrap_or_default();
        (!names.contains(&own)).then(|| {
            format!(
                "--{ALLOWED_NAME} is `{}`, and the common name in --{flag} is `{own}`",
                names.join(",")
            )
        })
    });
    others.collect()
}

fn hostname_of_member(settings: &Settings, member: &Member<'_>) -> Vec<String> {
    let Some(names) = names(settings, member, ALLOWED_HOSTNAME) else {
        return Vec::new();
    };
    let others = of_peer(member).filter(|(_, certificate)| {
        let has = |name: &&str| check_name(certificate, &host_name(name)).is_ok();
        !names.iter().any(has)
    });
    others
        .map(|(flag, _)| {
            format!(
                "--{ALLOWED_HOSTNAME} is `{}`, and none of it stands in --{flag}",
                names.join(",")
            )
        })
        .collect()
}

fn with_gateway(settings: &Settings, _: &Member<'_>) -> Vec<String> {
    let text = settings
        .text(ALLOWED_CLIENT)
        .filter(|_| runs_gateway(settings));
    let found = text.map(|text| format!("--{ALLOWED_CLIENT} is `{text}`, and the gateway is on"));
    found.into_iter().collect()
}

/// A host as a name that a certificate can carry.
pub(super) fn host_name(host: &str) -> AlternativeName {
    match host.parse() {
        Ok(address) => AlternativeName::Ip(address),
        Err(_) => AlternativeName::Dns(host.to_owned()),
    }
}
