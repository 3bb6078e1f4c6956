//! The two ports of a member, and the flags of each.

use crate::certificate::Certificate;
use crate::etcd::settings::Settings;

use super::Member;

/// One of the ports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Side {
    /// Who connects to it.
    pub(super) callers: &'static str,
    pub(super) certificate: &'static str,
    pub(super) key: &'static str,
    /// The certificate with which the member itself calls it, if that is another.
    pub(super) own_certificate: &'static str,
    pub(super) own_key: &'static str,
    pub(super) authentication: &'static str,
    pub(super) trust: &'static str,
    pub(super) automatic: &'static str,
    pub(super) crl: &'static str,
    pub(super) listen: &'static str,
    pub(super) advertise: &'static str,
}

pub(super) const CLIENTS: Side = Side {
    callers: "clients",
    certificate: "cert-file",
    key: "key-file",
    own_certificate: "client-cert-file",
    own_key: "client-key-file",
    authentication: "client-cert-auth",
    trust: "trusted-ca-file",
    automatic: "auto-tls",
    crl: "client-crl-file",
    listen: "listen-client-urls",
    advertise: "advertise-client-urls",
};

pub(super) const PEERS: Side = Side {
    callers: "peers",
    certificate: "peer-cert-file",
    key: "peer-key-file",
    own_certificate: "peer-client-cert-file",
    own_key: "peer-client-key-file",
    authentication: "peer-client-cert-auth",
    trust: "peer-trusted-ca-file",
    automatic: "peer-auto-tls",
    crl: "peer-crl-file",
    listen: "listen-peer-urls",
    advertise: "initial-advertise-peer-urls",
};

pub(super) const SIDES: [Side; 2] = [CLIENTS, PEERS];

impl Side {
    /// Whether neither a certificate nor a key is given.
    pub(super) fn is_without_tls(&self, settings: &Settings) -> bool {
        settings.lacks(self.certificate) && settings.lacks(self.key)
    }

    /// Whether callers have to show a certificate: `--trusted-ca-file` alone asks for one too.
    pub(super) fn asks_for_certificates(&self, settings: &Settings) -> bool {
        settings.is_on(self.authentication) || !settings.lacks(self.trust)
    }

    /// The certificate of the member that callers see.
    pub(super) fn shown<'a>(&self, member: &Member<'a>) -> Option<&'a Certificate> {
        match *self == CLIENTS {
            true => member.server,
            false => member.peer,
        }
    }

    /// The certificate with which the member calls, if that is another one.
    pub(super) fn own<'a>(&self, member: &Member<'a>) -> Option<&'a Certificate> {
        match *self == CLIENTS {
            true => member.server_client,
            false => member.peer_client,
        }
    }
}

/// What is found on each side.
pub(super) fn on_each(find: impl Fn(&Side) -> Option<String>) -> Vec<String> {
    SIDES.iter().filter_map(find).collect()
}

/// The names of a list with commas between them.
pub(super) fn listed(text: &str) -> Vec<&str> {
    let names = text.split(',').map(str::trim);
    names.filter(|name| !name.is_empty()).collect()
}
